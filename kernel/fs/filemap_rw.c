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
 * A file that has a store (write_page) differs in this: before the copy,
 * prepare_write() finds room for it there, so that a full disk is told to who
 * writes and not to nobody later; and after it the page is dirty, in this order:
 *
 *	copy, then the new size, then set_page_dirty
 *
 * so that whoever writes the page sees a size that has it. A file that is about
 * to grow beyond its last page has the rest of that page zeroed first.
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
#include <mm/lru.h>
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

/*
 * The page at pos for a reader who wants count bytes from there on; what it will
 * want next is begun. It need not be up to date. NULL: it is not there.
 */
static struct page *
find_ahead(struct file *file, struct address_space *mapping, u64 pos,
	   u64 count)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);
	unsigned long req = (unsigned long)((pos + count - 1) >> PAGE_SHIFT) -
			    index + 1;
	struct page *page = find_get_page(mapping, index);

	if (unlikely(!page)) {
		page_cache_sync_readahead(mapping, &file->f_ra, index, req);
		page = find_get_page(mapping, index);
	}
	if (unlikely(page && READ_ONCE(page->flags) & PG_readahead))
		page_cache_async_readahead(mapping, &file->f_ra, page, index,
					   req);
	return page;
}

/* The page to copy from, up to date; *found NULL: a hole. 0 or -Exxx. */
static int
page_to_read(struct file *file, struct address_space *mapping, u64 pos,
	     u64 count, struct page **found)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);
	bool holes = mapping->ops->swap_backed;
	struct page *page = holes ? find_get_page(mapping, index) :
			    find_ahead(file, mapping, pos, count);

	*found = page;
	if (likely(page && page_uptodate(page)))
		return 0;
	if (page)
		put_page(page);
	*found = NULL;
	return holes && !mapping_in_swap(mapping, index) ? 0 :
	       read_cache_page(mapping, index, found);
}

/* A page was read at offset. Who reads it in pieces has used it once. */
static void
note_read(struct file *file, struct page *page, u64 pos)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);

	if (page && (!(pos & (PAGE_SIZE - 1)) ||
		     file->f_ra.prev_index != index))
		mark_page_accessed(page);
	file->f_ra.prev_index = index;
}

/* The pages of count bytes at pos: [*first, *end). */
static void
pages_of(u64 pos, size_t count, unsigned long *first, unsigned long *end)
{
	*first = (unsigned long)(pos >> PAGE_SHIFT);
	*end = (unsigned long)((pos + count + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* O_DIRECT: bytes past the cache; the rest is the cache's. Or -Exxx. */
static ssize_t
direct_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct address_space *mapping = file->f_inode->i_mapping;
	unsigned long first, end;
	ssize_t n;

	pages_of(*pos, to->count, &first, &end);
	mutex_lock(&file->f_inode->i_lock);
	n = filemap_write_and_wait_range(mapping, first, end);
	if (!n)
		n = mapping->ops->direct_io(mapping, to, pos, false);
	mutex_unlock(&file->f_inode->i_lock);
	return n;
}

ssize_t
generic_file_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct address_space *mapping = file->f_inode->i_mapping;
	size_t total = 0, n, done;
	struct page *page;
	u64 size;
	int err;

	if (unlikely(file->f_flags & O_DIRECT)) {
		ssize_t direct = direct_read(file, to, pos);

		if (direct < 0)
			return direct;
		total = (size_t)direct;
	}
	while (to->count) {
		size_t offset = (size_t)*pos & (PAGE_SIZE - 1);

		size = i_size_read(file->f_inode);
		if (*pos >= size)
			break;
		n = min((u64)min(PAGE_SIZE - offset, to->count), size - *pos);
		err = page_to_read(file, mapping, *pos,
				   min((u64)to->count, size - *pos), &page);
		if (err)
			return total ? (ssize_t)total : err;
		done = copy_page_to_iter(page, offset, n, to);
		note_read(file, page, *pos);
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

/*
 * The page at index, up to date, with room for bytes [offset, offset + n).
 * *found: it, if the caller has looked it up, with a reference; or NULL.
 */
static int
get_page_to_write(struct address_space *mapping, unsigned long index,
		  size_t offset, size_t n, struct page **found)
{
	const struct address_space_operations *ops = mapping->ops;
	struct page *page;
	int err;

	if (*found && page_uptodate(*found) && !ops->prepare_write)
		return 0;
	if (*found)
		put_page(*found);
	if (!ops->prepare_write)
		return read_cache_page(mapping, index, found);
	err = find_or_create_page(mapping, index, &page);
	if (err)
		return err;
	/* It copies without the lock, so all of the page must be there. */
	if (!page_uptodate(page))
		err = ops->read_page(mapping, page);
	if (!err)
		err = ops->prepare_write(mapping, page, (unsigned)offset,
					 (unsigned)(offset + n));
	unlock_page(page);
	if (err)
		put_page(page);
	else
		*found = page;
	return err;
}

/* n bytes have been copied to page, at pos: the size, then the mark. */
static void
page_was_written(struct address_space *mapping, struct page *page, u64 pos,
		 size_t n)
{
	struct inode *inode = mapping->host;

	if (n && pos + n > inode->i_size)
		i_size_write(inode, pos + n);
	set_page_dirty(page);
}

/* page: the one at pos with a reference, if it was looked up; or NULL. */
static ssize_t
write_old_page(struct address_space *mapping, u64 pos, size_t n,
	       struct iov_iter *from, struct page *page)
{
	size_t offset = (size_t)pos & (PAGE_SIZE - 1), done = 0;
	char *addr;
	int err = get_page_to_write(mapping, (unsigned long)(pos >> PAGE_SHIFT),
				    offset, n, &page);

	if (err)
		return err;
	addr = kmap(page);
	if (addr) {
		done = copy_from_iter(addr + offset, n, from);
		kunmap(page);
		page_was_written(mapping, page, pos, done);
	}
	put_page(page);
	return done ? (ssize_t)done : addr ? -EFAULT : -ENOMEM;
}

/* page, full and locked, enters a file with a store. 0, -EEXIST, -Exxx. */
static int
add_stored_page(struct address_space *mapping, u64 pos, struct page *page)
{
	int err = add_to_page_cache(page, mapping,
				    (unsigned long)(pos >> PAGE_SHIFT));

	if (err)
		return err;
	if (mapping->ops->prepare_write)
		err = mapping->ops->prepare_write(mapping, page, 0, PAGE_SIZE);
	if (err) {
		delete_from_page_cache(page);
		return err;
	}
	page_mark_uptodate(page);
	page_was_written(mapping, page, pos, PAGE_SIZE);
	return 0;
}

/*
 * A whole page of a file with a store that is not in the cache: it need not be
 * read. -EEXIST: it cannot be done so.
 */
static ssize_t
write_new_stored(struct address_space *mapping, u64 pos,
		 struct iov_iter *from)
{
	struct page *page = alloc_page(mapping->gfp);
	char *addr = page ? kmap(page) : NULL;
	int err = -ENOMEM;

	if (addr) {
		/* What is not copied whole must be read first. */
		err = copy_from_iter(addr, PAGE_SIZE, from) < PAGE_SIZE ?
		      -EEXIST : 0;
		kunmap(page);
	}
	if (page) {
		lock_page(page);
		if (!err)
			err = add_stored_page(mapping, pos, page);
		unlock_page(page);
		put_page(page);
	}
	return err ? err : (ssize_t)PAGE_SIZE;
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

	page = find_get_page(mapping, index);
	if (page || n < PAGE_SIZE || mapping_in_swap(mapping, index))
		return write_old_page(mapping, pos, n, from, page);
	done = mapping->ops->swap_backed ?
	       write_new_page(mapping, index, from) :
	       write_new_stored(mapping, pos, from);
	if (done != -EEXIST)
		return done;
	/* A fault made it meanwhile. */
	*from = saved;
	return write_old_page(mapping, pos, n, from, NULL);
}

/* How much may be written at pos: rights of the file and of the process. */
static ssize_t
write_limit(struct inode *inode, u64 pos, size_t count)
{
	unsigned long limit = rlimit(RLIMIT_FSIZE);
	u64 end = MAX_LFS_FILESIZE, size = i_size_read(inode);

	if (is_swapfile(inode))
		return -ETXTBSY;
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

/* What lies behind the old end in its page becomes part of the file: zeros. */
static void
zero_behind_end(struct inode *inode)
{
	unsigned from = (unsigned)inode->i_size & (PAGE_SIZE - 1);

	if (from && inode->i_mapping->ops->write_page)
		zero_cached_part(inode->i_mapping,
				 (unsigned long)(inode->i_size >> PAGE_SHIFT),
				 from, PAGE_SIZE);
}

int
truncate_setsize(struct inode *inode, u64 size)
{
	struct address_space *mapping = inode->i_mapping;
	unsigned from = (unsigned)size & (PAGE_SIZE - 1);
	unsigned long first = (unsigned long)((size + PAGE_SIZE - 1) >>
					      PAGE_SHIFT);
	struct page *page;
	int err;

	if (size >= inode->i_size) {
		zero_behind_end(inode);
		i_size_write(inode, size);
		return 0;
	}
	if (from && mapping->ops->write_page) {
		/* The page in which it will end: read, so that it can be cut. */
		err = read_cache_page(mapping, first - 1, &page);
		if (err)
			return err;
		put_page(page);
	}
	i_size_write(inode, size);
	unmap_mapping_range(mapping, first, 0, true);
	truncate_inode_pages_range(mapping, first, ~0ul);
	if (from) {
		zero_cached_part(mapping, first - 1, from, PAGE_SIZE);
		page = find_get_page(mapping, first - 1);
		if (page) {
			set_page_dirty(page);
			put_page(page);
		}
	}
	return 0;
}

/* Held: i_lock. What could not be written is told when nothing was. */
static ssize_t
write_pages(struct inode *inode, struct iov_iter *from, u64 *pos)
{
	size_t total = 0;
	ssize_t n = 0;

	if (*pos > inode->i_size)
		zero_behind_end(inode);
	while (from->count) {
		n = write_page(inode->i_mapping, *pos, from);
		if (n < 0)
			break;
		*pos += (u64)n;
		total += (size_t)n;
		if (*pos > inode->i_size)
			i_size_write(inode, *pos);
		balance_dirty_pages_ratelimited(inode->i_mapping);
		cond_resched();
	}
	return total ? (ssize_t)total : n;
}

/* The cache has nothing of the pages any more. False: some cannot go. */
static bool
drop_range(struct address_space *mapping, unsigned long first,
	   unsigned long end)
{
	struct page *page;

	unmap_mapping_range(mapping, first, end - first, false);
	invalidate_mapping_pages(mapping, first, end);
	if (!find_get_pages(mapping, first, end, 1, &page))
		return true;
	put_page(page);
	return false;
}

/* Through the cache, but to the disk at once, and not kept. */
static ssize_t
write_through(struct inode *inode, struct iov_iter *from, u64 *pos)
{
	unsigned long first, end;
	u64 start = *pos;
	ssize_t n = write_pages(inode, from, pos);
	int err;

	if (n <= 0)
		return n;
	pages_of(start, (size_t)n, &first, &end);
	err = filemap_write_and_wait_range(inode->i_mapping, first, end);
	drop_range(inode->i_mapping, first, end);
	return err ? err : n;
}

/*
 * O_DIRECT. Held: i_lock. Before and after the cache is rid of what is written: a
 * reader or a mapping may have brought the old bytes in meanwhile.
 */
static ssize_t
direct_write(struct inode *inode, struct iov_iter *from, u64 *pos)
{
	struct address_space *mapping = inode->i_mapping;
	unsigned long first, end;
	ssize_t n, rest = 0;

	if (*pos > inode->i_size)
		zero_behind_end(inode);
	pages_of(min(*pos, inode->i_size), 0, &first, &end);
	pages_of(*pos, from->count, &end, &end);
	n = filemap_write_and_wait_range(mapping, first, end);
	if (n)
		return n;
	first = (unsigned long)(*pos >> PAGE_SHIFT);
	if (drop_range(mapping, first, end))
		n = mapping->ops->direct_io(mapping, from, pos, true);
	drop_range(mapping, first, end);
	if (n >= 0 && from->count)
		rest = write_through(inode, from, pos);
	return n > 0 ? n + max(rest, 0) : n ? n : rest;
}

ssize_t
generic_file_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct inode *inode = file->f_inode;
	u64 size, start;
	ssize_t n;
	int err;

	mutex_lock(&inode->i_lock);
	if (file->f_flags & O_APPEND)
		*pos = inode->i_size;
	n = write_limit(inode, *pos, from->count);
	if (n > 0)
		from->count = (size_t)n;
	size = inode->i_size;
	start = *pos;
	if (n > 0)
		n = file->f_flags & O_DIRECT ? direct_write(inode, from, pos) :
					       write_pages(inode, from, pos);
	if (n > 0) {
		inode_touch(inode);
		if (inode->i_size != size)
			mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	}
	mutex_unlock(&inode->i_lock);
	err = n > 0 ? generic_write_sync(file, start, (size_t)n) : 0;
	return err ? err : n;
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

/*
 * msync(MS_SYNC). mmap_lock is let go, as writers wait for it with i_lock held:
 * the file is kept open meanwhile.
 */
static int
file_vm_sync(struct vm_area_struct *vma, unsigned long first,
	     unsigned long end)
{
	struct file *file = get_file(vma->vm_file);
	int err;

	up_read(&vma->vm_mm->mmap_lock);
	err = vfs_fsync_range(file, (u64)first << PAGE_SHIFT,
			      (u64)end << PAGE_SHIFT, false);
	fput(file);
	return err;
}

static struct file_ra_state *
file_vm_readahead(struct vm_area_struct *vma)
{
	return &vma->vm_file->f_ra;
}

/* Of files with a store: stores to their pages must be seen. */
static const struct vm_operations_struct stored_vm_ops = {
	.open = file_vm_open,
	.close = file_vm_close,
	.fault = filemap_fault,
	.map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite,
	.readahead = file_vm_readahead,
	.sync = file_vm_sync,
};

int
generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_SHARED && vma->vm_flags & VM_WRITE &&
	    is_swapfile(file->f_inode))
		return -ETXTBSY;
	vma->vm_ops = file->f_inode->i_mapping->ops->write_page ?
		      &stored_vm_ops : &generic_vm_ops;
	vma->vm_file = get_file(file);
	vma->vm_mapping = file->f_inode->i_mapping;
	return 0;
}
