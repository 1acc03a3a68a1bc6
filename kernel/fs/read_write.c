/* SPDX-License-Identifier: MIT */
/*
 * Reading, writing and seeking of any open file, from inside the kernel. The
 * system calls are in rw_calls.c.
 */
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/shmem.h>

#include "fs_private.h"

ssize_t
vfs_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (!file->f_op->read)
		return S_ISDIR(file->f_inode->i_mode) ? -EISDIR : -EINVAL;
	return file->f_op->read(file, to, pos);
}

ssize_t
vfs_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!file->f_op->write)
		return -EINVAL;
	return file->f_op->write(file, from, pos);
}

ssize_t
kernel_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	struct iovec iov = { buf, n };
	struct iov_iter to;

	iov_iter_init(&to, &iov, n, true);
	return vfs_read(file, &to, pos);
}

ssize_t
kernel_write(struct file *file, const void *buf, size_t n, u64 *pos)
{
	struct iovec iov = { (void *)buf, n };
	struct iov_iter from;

	iov_iter_init(&from, &iov, n, true);
	return vfs_write(file, &from, pos);
}

/* Where data (a page that is there) or a hole begins, from offset on. */
static s64
seek_data(struct inode *inode, s64 offset, bool data)
{
	struct address_space *m = inode->i_mapping;
	u64 size = i_size_read(inode), at = (u64)offset;
	unsigned long end = m->size_pages, index, next;

	if (offset < 0 || at >= size)
		return -ENXIO;
	for (index = (unsigned long)(at >> PAGE_SHIFT); index < end; index++) {
		bool there = true;

		if (m->ops->swap_backed) {
			next = index;
			there = mapping_next_data(m, &next) && next < end;
			if (data && !there)
				return -ENXIO;
			if (data)
				index = next;
			else
				there = there && next == index;
		}
		if (there == data)
			return (s64)max(at, (u64)index << PAGE_SHIFT);
		cond_resched();
	}
	return (s64)size;
}

s64
generic_file_llseek(struct file *file, s64 offset, int whence)
{
	struct inode *inode = file->f_inode;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		offset += (s64)file->f_pos;
		break;
	case SEEK_END:
		offset += (s64)i_size_read(inode);
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (!S_ISREG(inode->i_mode))
			return -EINVAL;
		offset = seek_data(inode, offset, whence == SEEK_DATA);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0 || offset > MAX_LFS_FILESIZE)
		return -EINVAL;
	file->f_pos = (u64)offset;
	return offset;
}

/* Bytes from pos on that there are, at most n. */
static size_t
bytes_at(u64 size, u64 pos, size_t n)
{
	return pos >= size ? 0 : (size_t)min((u64)n, size - pos);
}

ssize_t
memory_read(const void *base, u64 size, struct iov_iter *to, u64 *pos)
{
	size_t n = bytes_at(size, *pos, to->count), done;

	done = copy_to_iter((const char *)base + *pos, n, to);
	*pos += done;
	return done || !n ? (ssize_t)done : -EFAULT;
}

ssize_t
memory_write(void *base, u64 size, struct iov_iter *from, u64 *pos)
{
	size_t wanted = from->count, n = bytes_at(size, *pos, wanted), done;

	if (!n)
		return wanted ? -ENOSPC : 0;
	done = copy_from_iter((char *)base + *pos, n, from);
	*pos += done;
	return done ? (ssize_t)done : -EFAULT;
}

/* For files without a position (null, zero): always at the start. */
s64
fixed_size_llseek(struct file *file, s64 offset, int whence, u64 size)
{
	if (whence == SEEK_CUR)
		offset += (s64)file->f_pos;
	else if (whence == SEEK_END)
		offset += (s64)size;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->f_pos = (u64)offset;
	return offset;
}

s64
noop_llseek(struct file *file, s64 offset, int whence)
{
	(void)offset;
	return whence < SEEK_SET || whence > SEEK_END ? -EINVAL :
	       (s64)file->f_pos;
}

s64
vfs_llseek(struct file *file, s64 offset, int whence)
{
	s64 result;

	if (!file->f_op || !file->f_op->llseek)
		return -ESPIPE;
	mutex_lock(&file->f_pos_lock);
	result = file->f_op->llseek(file, offset, whence);
	mutex_unlock(&file->f_pos_lock);
	return result;
}

int
iterate_dir(struct file *file, struct dir_context *ctx)
{
	struct inode *inode = file->f_inode;
	int err = -ENOENT;

	if (!file->f_op || !file->f_op->iterate)
		return -ENOTDIR;
	mutex_lock(&file->f_pos_lock);
	mutex_lock(&inode->i_lock);
	if (inode->i_nlink) {
		ctx->pos = file->f_pos;
		err = file->f_op->iterate(file, ctx);
		file->f_pos = ctx->pos;
	}
	mutex_unlock(&inode->i_lock);
	mutex_unlock(&file->f_pos_lock);
	return err;
}
