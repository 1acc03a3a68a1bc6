/* SPDX-License-Identifier: MIT */
/*
 * System calls that move bytes: read, write, their relatives, seeking, sendfile.
 *
 * Two threads that read from one opening must get different bytes: the position
 * is locked while a file is shared. Alone, there is nobody to lock out.
 */
#include <asm/uaccess.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

typedef ssize_t (*transfer_t)(struct file *file, struct iov_iter *iter,
			      u64 *pos);

/* At the file's own position, which moves. */
static ssize_t
transfer_here(struct file *file, struct iov_iter *iter, transfer_t fn)
{
	bool shared = atomic_read(&file->f_count) > 1;
	ssize_t n;
	u64 pos;

	if (!(file->f_mode & FMODE_LSEEK))
		return fn(file, iter, &file->f_pos);
	if (shared)
		mutex_lock(&file->f_pos_lock);
	pos = file->f_pos;
	n = fn(file, iter, &pos);
	if (n > 0)
		file->f_pos = pos;
	if (shared)
		mutex_unlock(&file->f_pos_lock);
	return n;
}

static long
transfer_one(unsigned fd, void *buf, size_t n, transfer_t fn)
{
	struct fd f = fdget(fd);
	struct iov_iter iter;
	struct iovec iov;
	long result = -EBADF;

	if (!f.file)
		return -EBADF;
	n = min(n, (size_t)MAX_RW_COUNT);
	if (unlikely(!access_ok(buf, n))) {
		result = -EFAULT;
	} else {
		iov.iov_base = buf;
		iov.iov_len = n;
		iov_iter_init(&iter, &iov, n, false);
		result = transfer_here(f.file, &iter, fn);
	}
	fdput(f);
	return result;
}

long
sys_read(unsigned fd, void *buf, size_t n)
{
	return transfer_one(fd, buf, n, vfs_read);
}

long
sys_write(unsigned fd, const void *buf, size_t n)
{
	return transfer_one(fd, (void *)buf, n, vfs_write);
}

static long
transfer_vector(unsigned fd, const struct iovec *user, unsigned long nr,
		transfer_t fn)
{
	struct iovec fast[UIO_FASTIOV], *iov;
	struct fd f = fdget(fd);
	struct iov_iter iter;
	ssize_t n;

	if (!f.file)
		return -EBADF;
	n = import_iovec(user, nr, fast, &iov);
	if (n >= 0) {
		iov_iter_init(&iter, iov, (size_t)n, false);
		n = transfer_here(f.file, &iter, fn);
		if (iov != fast)
			kfree(iov);
	}
	fdput(f);
	return n;
}

long
sys_readv(unsigned fd, const struct iovec *iov, unsigned long nr)
{
	return transfer_vector(fd, iov, nr, vfs_read);
}

long
sys_writev(unsigned fd, const struct iovec *iov, unsigned long nr)
{
	return transfer_vector(fd, iov, nr, vfs_write);
}

static long
transfer_at(unsigned fd, void *buf, size_t n, s64 at, transfer_t fn)
{
	struct fd f = fdget(fd);
	struct iov_iter iter;
	struct iovec iov;
	u64 pos = (u64)at;
	long result;

	if (!f.file)
		return -EBADF;
	n = min(n, (size_t)MAX_RW_COUNT);
	if (at < 0) {
		result = -EINVAL;
	} else if (!(f.file->f_mode & FMODE_LSEEK) ||
		   !f.file->f_op->llseek) {
		result = -ESPIPE;
	} else if (!access_ok(buf, n)) {
		result = -EFAULT;
	} else {
		iov.iov_base = buf;
		iov.iov_len = n;
		iov_iter_init(&iter, &iov, n, false);
		result = fn(f.file, &iter, &pos);
	}
	fdput(f);
	return result;
}

long
sys_pread64(unsigned fd, void *buf, size_t n, s64 pos)
{
	return transfer_at(fd, buf, n, pos, vfs_read);
}

long
sys_pwrite64(unsigned fd, const void *buf, size_t n, s64 pos)
{
	return transfer_at(fd, (void *)buf, n, pos, vfs_write);
}

/* --- seeking ---------------------------------------------------------------------- */

long
sys_lseek(unsigned fd, long offset, unsigned whence)
{
	struct fd f = fdget(fd);
	s64 result = -EBADF;

	if (!f.file)
		return -EBADF;
	result = vfs_llseek(f.file, offset, (int)whence);
	fdput(f);
	if (result > 0x7fffffff)
		return -EOVERFLOW;
	return (long)result;
}

long
sys__llseek(unsigned fd, unsigned long high, unsigned long low, s64 *result,
	    unsigned whence)
{
	struct fd f = fdget(fd);
	s64 at;

	if (!f.file)
		return -EBADF;
	at = vfs_llseek(f.file, (s64)((u64)high << 32 | low), (int)whence);
	fdput(f);
	if (at < 0)
		return (long)at;
	return put_user(at, result);
}

/* --- sendfile ------------------------------------------------------------------------- */

/* One page's worth: bytes, 0 at the end, or -Exxx. */
static ssize_t
send_piece(struct file *out, u64 *out_pos, struct file *in, char *page, size_t n,
	   u64 *pos)
{
	ssize_t got = kernel_read(in, page, n, pos), put, done = 0;

	while (got > done) {
		put = kernel_write(out, page + done, (size_t)(got - done),
				   out_pos);
		if (put <= 0) {
			/* What was not taken is not read either. */
			*pos -= (u64)(got - done);
			return done ? done : put;
		}
		done += put;
	}
	return got;
}

static long
send_all(struct file *out, u64 *out_pos, struct file *in, u64 *pos,
	 size_t count)
{
	char *page = get_free_page(GFP_KERNEL);
	size_t total = 0;
	ssize_t n = 0;

	if (!page)
		return -ENOMEM;
	while (total < count) {
		n = send_piece(out, out_pos, in, page,
			       min(count - total, PAGE_SIZE), pos);
		if (n <= 0)
			break;
		total += (size_t)n;
		if (signal_pending())
			break;
		cond_resched();
	}
	free_page(page);
	return total ? (long)total : n;
}

/* offset NULL: in's own position. *offset moves else. */
static long
do_sendfile(int out_fd, int in_fd, u64 *offset, size_t count)
{
	struct fd in = fdget((unsigned)in_fd), out = { NULL, false };
	long result = -EBADF;
	u64 pos;

	if (in.file)
		out = fdget((unsigned)out_fd);
	if (!in.file || !out.file || !(in.file->f_mode & FMODE_READ) ||
	    !(out.file->f_mode & FMODE_WRITE))
		goto out;
	result = -EINVAL;
	if (out.file->f_flags & O_APPEND)
		goto out;
	result = -ESPIPE;
	if (offset && !(in.file->f_mode & FMODE_LSEEK))
		goto out;
	pos = offset ? *offset : in.file->f_pos;
	result = send_all(out.file, &out.file->f_pos, in.file, &pos,
			  min(count, (size_t)MAX_RW_COUNT));
	if (offset)
		*offset = pos;
	else
		in.file->f_pos = pos;
out:
	fdput(out);
	fdput(in);
	return result;
}

long
sys_sendfile64(int out, int in, s64 *offset, size_t count)
{
	u64 pos = 0;
	long result;
	s64 at;

	if (!offset)
		return do_sendfile(out, in, NULL, count);
	if (get_user(at, offset))
		return -EFAULT;
	if (at < 0)
		return -EINVAL;
	pos = (u64)at;
	result = do_sendfile(out, in, &pos, count);
	return put_user((s64)pos, offset) ? -EFAULT : result;
}

long
sys_sendfile(int out, int in, s32 *offset, size_t count)
{
	u64 pos = 0;
	long result;
	s32 at;

	if (!offset)
		return do_sendfile(out, in, NULL, count);
	if (get_user(at, offset))
		return -EFAULT;
	if (at < 0)
		return -EINVAL;
	pos = (u64)at;
	result = do_sendfile(out, in, &pos, min(count, (size_t)(0x7fffffff -
								at)));
	return put_user((s32)pos, offset) ? -EFAULT : result;
}

/* --- copy_file_range ------------------------------------------------------- */

/* A file, where in it, and where the user keeps that; user NULL: f_pos. */
struct copy_end {
	struct fd fd;
	s64 *user;
	u64 pos;
};

/* 0, -EFAULT, -EINVAL (before the file), -EOVERFLOW (or from there into it). */
static long
end_begin(struct copy_end *end, size_t n)
{
	s64 pos;

	end->pos = end->fd.file->f_pos;
	if (!end->user)
		return 0;
	if (get_user(pos, end->user))
		return -EFAULT;
	end->pos = (u64)pos;
	if (end->pos + n < end->pos)
		return -EOVERFLOW;
	return pos < 0 ? -EINVAL : 0;
}

static long
end_moved(const struct copy_end *end)
{
	if (end->user)
		return put_user((s64)end->pos, end->user) ? -EFAULT : 0;
	end->fd.file->f_pos = end->pos;
	return 0;
}

static long
copy_allowed(const struct copy_end *in, const struct copy_end *out, size_t n)
{
	const struct inode *from = in->fd.file->f_inode;
	const struct inode *to = out->fd.file->f_inode;

	if (S_ISDIR(from->i_mode) || S_ISDIR(to->i_mode))
		return -EISDIR;
	if (!S_ISREG(from->i_mode) || !S_ISREG(to->i_mode))
		return -EINVAL;
	if (!(in->fd.file->f_mode & FMODE_READ) ||
	    !(out->fd.file->f_mode & FMODE_WRITE) ||
	    out->fd.file->f_flags & O_APPEND)
		return -EBADF;
	if (from->i_sb != to->i_sb)
		return -EXDEV;
	if (from == to && in->pos < out->pos + n && out->pos < in->pos + n)
		return -EINVAL;
	return 0;
}

/* Bytes, 0 at the end of in. Held: references on both. */
static long
copy_range(struct copy_end *in, struct copy_end *out, size_t n)
{
	long err = end_begin(in, n), result;

	if (!err)
		err = end_begin(out, n);
	if (!err)
		err = copy_allowed(in, out, n);
	if (err || !n)
		return err;
	result = send_all(out->fd.file, &out->pos, in->fd.file, &in->pos, n);
	if (result > 0) {
		err = end_moved(in);
		if (!err)
			err = end_moved(out);
	}
	return err ? err : result;
}

/* From one regular file into another, of the same file system. */
long
sys_copy_file_range(int in_fd, s64 *in_pos, int out_fd, s64 *out_pos,
		    size_t n, unsigned flags)
{
	struct copy_end in = { .user = in_pos }, out = { .user = out_pos };
	long result = -EBADF;

	in.fd = fdget((unsigned)in_fd);
	out.fd = (struct fd){ NULL, false };
	if (in.fd.file)
		out.fd = fdget((unsigned)out_fd);
	if (out.fd.file)
		result = flags ? -EINVAL :
			 copy_range(&in, &out, min(n, (size_t)MAX_RW_COUNT));
	fdput(out.fd);
	fdput(in.fd);
	return result;
}

/* --- to the store --------------------------------------------------------- */

static long
do_fsync(unsigned fd, bool datasync)
{
	struct fd f = fdget(fd);
	long result;

	if (!f.file)
		return -EBADF;
	result = vfs_fsync_range(f.file, 0, MAX_LFS_FILESIZE, datasync);
	fdput(f);
	return result;
}

long
sys_fsync(unsigned fd)
{
	return do_fsync(fd, false);
}

long
sys_fdatasync(unsigned fd)
{
	return do_fsync(fd, true);
}

long
sys_sync(void)
{
	sync_all();
	return 0;
}

long
sys_syncfs(int fd)
{
	struct fd f = fdget((unsigned)fd);
	long result;

	if (!f.file)
		return -EBADF;
	result = sync_filesystem(f.file->f_inode->i_sb);
	if (!result)
		result = file_check_and_advance_wb_err(f.file);
	fdput(f);
	return result;
}

#define SYNC_WAIT_BEFORE	1u
#define SYNC_WRITE		2u
#define SYNC_WAIT_AFTER		4u

/* Pages only: not what finds them, and not the disk's own cache. */
static long
sync_range(struct file *file, unsigned long first, unsigned long end,
	   unsigned flags)
{
	struct address_space *mapping = file->f_inode->i_mapping;
	long err = 0;

	if (!mapping->ops || !mapping->ops->write_page)
		return 0;
	if (flags & SYNC_WAIT_BEFORE)
		filemap_fdatawait_range(mapping, first, end);
	if (flags & SYNC_WRITE)
		err = filemap_fdatawrite_range(mapping, first, end);
	if (flags & SYNC_WAIT_AFTER)
		filemap_fdatawait_range(mapping, first, end);
	return err ? err : file_check_and_advance_wb_err(file);
}

/* ARM's order of the arguments, so that 64 bits lie in pairs of registers. */
long
sys_sync_file_range2(int fd, unsigned flags, s64 offset, s64 nbytes)
{
	s64 end = MAX_LFS_FILESIZE;
	struct fd f;
	long result = -ESPIPE;

	if (flags & ~(SYNC_WAIT_BEFORE | SYNC_WRITE | SYNC_WAIT_AFTER) ||
	    offset < 0 || nbytes < 0 || nbytes > INT64_MAX - offset)
		return -EINVAL;
	f = fdget((unsigned)fd);
	if (!f.file)
		return -EBADF;
	if (nbytes)
		end = min(offset + nbytes, end);
	offset = min(offset, (s64)MAX_LFS_FILESIZE);
	if (S_ISREG(f.file->f_inode->i_mode) ||
	    S_ISBLK(f.file->f_inode->i_mode) ||
	    S_ISDIR(f.file->f_inode->i_mode))
		result = sync_range(f.file,
				    (unsigned long)(offset >> PAGE_SHIFT),
				    (unsigned long)((end + PAGE_SIZE - 1) >>
						    PAGE_SHIFT), flags);
	fdput(f);
	return result;
}
