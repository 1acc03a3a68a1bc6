/* SPDX-License-Identifier: MIT */
/*
 * read() and write() of files that live in the page cache.
 *
 *	read	page by page: find it, copy from it; a hole of shared memory is
 *		not made for that, zeros are copied
 *	write	a whole page that is not there: a fresh frame is filled from the
 *		caller first and then put into the file, so that it is never
 *		cleared for nothing; any other: found or made, copied into
 *
 * No page is locked while the caller's memory is touched: that may fault, and the
 * fault may want the very same page (write() from a mapping of the file). The
 * inode lock keeps truncation away from writers; a reader that loses the race
 * copies what the file held a moment ago.
 *
 * Locks   i_lock over a write. The page is reached by kmap(): the copy may
 *   sleep.
 * Cost    a lowmem page: find, copy, put.
 */
#include <kernel/panic.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/mm.h>
#include <mm/shmem.h>

#include "fs_private.h"

/* Copy n bytes from page, or zeros for a hole. */
static size_t
copy_page_to_iter(struct page *page, size_t offset, size_t n,
		  struct iov_iter *to)
{
	const char *addr;
	size_t done;

	if (!page)
		return clear_iter(n, to);
	addr = kmap(page);
	if (!addr)
		return 0;
	done = copy_to_iter(addr + offset, n, to);
	kunmap(page);
	return done;
}

ssize_t
generic_file_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct address_space *mapping = file->f_inode->i_mapping;
	bool holes = mapping->ops->swap_backed;
	size_t total = 0, n, done;
	struct page *page;
	u64 size;
	int err;

	while (to->count) {
		unsigned long index = (unsigned long)(*pos >> PAGE_SHIFT);
		size_t offset = (size_t)*pos & (PAGE_SIZE - 1);

		size = i_size_read(file->f_inode);
		if (*pos >= size)
			break;
		n = min((u64)min(PAGE_SIZE - offset, to->count), size - *pos);
		err = 0;
		page = find_get_page(mapping, index);
		if (unlikely(!page || !page_uptodate(page))) {
			if (page)
				put_page(page);
			page = NULL;
			if (!holes)
				err = read_cache_page(mapping, index, &page);
		}
		if (err)
			return total ? (ssize_t)total : err;
		done = copy_page_to_iter(page, offset, n, to);
		if (page)
			put_page(page);
		*pos += done;
		total += done;
		if (done < n)
			return total ? (ssize_t)total : -EFAULT;
	}
	return (ssize_t)total;
}

/* A page that a write fills whole, not yet in the file. */
static ssize_t
write_new_page(struct address_space *mapping, unsigned long index,
	       struct iov_iter *from)
{
	struct page *page = shmem_new_page(mapping);
	char *addr = page ? kmap(page) : NULL;
	size_t done = 0;
	int err = -ENOMEM;

	if (addr) {
		done = copy_from_iter(addr, PAGE_SIZE, from);
		memset(addr + done, 0, PAGE_SIZE - done);
		kunmap(page);
		err = done ? shmem_add_page(mapping, index, page) : -EFAULT;
		if (done)
			return err ? err : (ssize_t)done;
	}
	if (page) {
		unlock_page(page);
		put_page(page);
	}
	return err;
}

static ssize_t
write_old_page(struct address_space *mapping, unsigned long index,
	       size_t offset, size_t n, struct iov_iter *from)
{
	struct page *page;
	size_t done = 0;
	char *addr;
	int err = read_cache_page(mapping, index, &page);

	if (err)
		return err;
	addr = kmap(page);
	if (addr) {
		done = copy_from_iter(addr + offset, n, from);
		kunmap(page);
		set_page_dirty(page);
	}
	put_page(page);
	return done ? (ssize_t)done : addr ? -EFAULT : -ENOMEM;
}

/* One page or part of it. Bytes, or -Exxx. */
static ssize_t
write_page(struct address_space *mapping, u64 pos, struct iov_iter *from)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);
	size_t offset = (size_t)pos & (PAGE_SIZE - 1);
	size_t n = min(PAGE_SIZE - offset, from->count);
	struct iov_iter saved = *from;
	struct page *page;
	ssize_t done;

	if (n < PAGE_SIZE || !mapping->ops->swap_backed)
		return write_old_page(mapping, index, offset, n, from);
	page = find_get_page(mapping, index);
	if (page) {
		put_page(page);
		return write_old_page(mapping, index, offset, n, from);
	}
	done = write_new_page(mapping, index, from);
	if (done != -EEXIST)
		return done;
	/* A fault made it meanwhile. */
	*from = saved;
	return write_old_page(mapping, index, offset, n, from);
}

/* How much may be written at pos: rights of the file and of the process. */
static ssize_t
write_limit(struct inode *inode, u64 pos, size_t count)
{
	unsigned long limit = rlimit(RLIMIT_FSIZE);
	u64 end = MAX_LFS_FILESIZE, size = i_size_read(inode);

	if (inode->i_seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (inode->i_seals & F_SEAL_GROW) {
		if (pos >= size)
			return -EPERM;
		end = size;
	}
	if (limit != RLIM_INFINITY) {
		if (pos >= limit) {
			send_sig_current(SIGXFSZ);
			return -EFBIG;
		}
		end = min(end, (u64)limit);
	}
	if (pos >= end)
		return -EFBIG;
	return (ssize_t)min((u64)count, end - pos);
}

ssize_t
generic_file_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct inode *inode = file->f_inode;
	size_t total = 0;
	ssize_t n;

	mutex_lock(&inode->i_lock);
	if (file->f_flags & O_APPEND)
		*pos = inode->i_size;
	n = write_limit(inode, *pos, from->count);
	if (n > 0)
		from->count = (size_t)n;
	while (n > 0 && from->count) {
		n = write_page(inode->i_mapping, *pos, from);
		if (n < 0)
			break;
		*pos += (u64)n;
		total += (size_t)n;
		if (*pos > inode->i_size)
			i_size_write(inode, *pos);
		cond_resched();
	}
	if (total)
		inode_touch(inode);
	mutex_unlock(&inode->i_lock);
	return total ? (ssize_t)total : n;
}

void
file_vm_open(struct vm_area_struct *vma)
{
	get_file(vma->vm_file);
}

void
file_vm_close(struct vm_area_struct *vma)
{
	fput(vma->vm_file);
}

static const struct vm_operations_struct generic_vm_ops = {
	.open = file_vm_open,
	.close = file_vm_close,
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
};

int
generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &generic_vm_ops;
	vma->vm_file = get_file(file);
	vma->vm_mapping = file->f_inode->i_mapping;
	return 0;
}
