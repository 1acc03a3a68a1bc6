/* SPDX-License-Identifier: MIT */
/*
 * What a program says about how it will use a file: posix_fadvise, readahead.
 *
 *	NORMAL, SEQUENTIAL, RANDOM	how far this opening reads ahead
 *	WILLNEED, readahead()		begin to read the range
 *	DONTNEED	begin to write what is dirty, let clean pages go
 *	NOREUSE		nothing
 *
 * None of them changes what a program reads.
 */
#include <kernel/plug.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>

#include "fs_private.h"

#define POSIX_FADV_NORMAL	0
#define POSIX_FADV_RANDOM	1
#define POSIX_FADV_SEQUENTIAL	2
#define POSIX_FADV_WILLNEED	3
#define POSIX_FADV_DONTNEED	4
#define POSIX_FADV_NOREUSE	5

/* Of whole pages that lie inside [offset, end): those alone may go. */
static void
dont_need(struct address_space *mapping, s64 offset, s64 end)
{
	unsigned long first = (unsigned long)((offset + (s64)PAGE_SIZE - 1) >>
					      PAGE_SHIFT);
	unsigned long last = end >= MAX_LFS_FILESIZE ? ~0ul :
			     (unsigned long)(end >> PAGE_SHIFT);
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = 0x7fffffff,
		.range_start = first, .range_end = last,
	};
	struct blk_plug plug;

	if (mapping->ops->write_page && mapping_needs_writeback(mapping)) {
		blk_start_plug(&plug);
		write_mapping_pages(mapping, &wbc);
		blk_finish_plug(&plug);
	}
	invalidate_mapping_pages(mapping, first, last);
}

static long
advise(struct file *file, s64 offset, s64 end, int advice)
{
	struct address_space *mapping = file->f_inode->i_mapping;

	switch (advice) {
	case POSIX_FADV_NORMAL:
		file->f_ra.ra_pages = RA_PAGES_DEFAULT;
		return 0;
	case POSIX_FADV_RANDOM:
		file->f_ra.ra_pages = 0;
		return 0;
	case POSIX_FADV_SEQUENTIAL:
		file->f_ra.ra_pages = 2 * RA_PAGES_DEFAULT;
		return 0;
	case POSIX_FADV_WILLNEED:
		force_page_cache_readahead(mapping,
			(unsigned long)(offset >> PAGE_SHIFT),
			(unsigned long)((end - 1) >> PAGE_SHIFT) -
			(unsigned long)(offset >> PAGE_SHIFT) + 1);
		return 0;
	case POSIX_FADV_DONTNEED:
		dont_need(mapping, offset, end);
		return 0;
	case POSIX_FADV_NOREUSE:
		return 0;
	default:
		return -EINVAL;
	}
}

long
sys_fadvise64_64(int fd, int advice, s64 offset, s64 len)
{
	struct fd f = fdget((unsigned)fd);
	s64 end = MAX_LFS_FILESIZE;
	long result = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (len > 0 && offset <= MAX_LFS_FILESIZE - len)
		end = offset + len;
	if (S_ISFIFO(f.file->f_inode->i_mode))
		result = -ESPIPE;
	else if (advice < 0 || advice > POSIX_FADV_NOREUSE || len < 0)
		result = -EINVAL;
	else if (!f.file->f_inode->i_mapping->ops || offset < 0 ||
		 offset >= end)
		result = 0;		/* nothing that it could be about */
	else
		result = advise(f.file, offset, end, advice);
	fdput(f);
	return result;
}

/* Begins to read, and does not wait. */
long
sys_readahead(int fd, s64 offset, size_t count)
{
	struct fd f = fdget((unsigned)fd);
	umode_t mode;
	long result;

	if (!f.file)
		return -EBADF;
	mode = f.file->f_inode->i_mode;
	if (!(f.file->f_mode & FMODE_READ))
		result = -EBADF;
	else if ((!S_ISREG(mode) && !S_ISBLK(mode)) || offset < 0)
		result = -EINVAL;
	else
		result = !count ? 0 :
			 advise(f.file, offset, offset + (s64)count,
				POSIX_FADV_WILLNEED);
	fdput(f);
	return result;
}
