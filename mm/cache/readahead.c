/* SPDX-License-Identifier: MIT */
/*
 * Read-ahead: pages of a file are read before they are asked for, as many as the
 * way in which the file is read makes likely.
 *
 * Ideas
 *   A disk that is asked for one page at a time is idle while the program works,
 *	and the program while the disk does. One that reads on finds the next
 *	page there already.
 *   Window	what was read ahead last: [start, start + size). Its last
 *	async_size pages are still ahead of the program when it comes to the
 *	first of them, which has a mark, PG_readahead: then the next window,
 *	twice as large up to ra_pages, is begun, and nobody waits.
 *
 *	  asked for 1 page at 0: initial window of 4	 |R  R* R  R |
 *	  at 1, the mark: the next one, 8		 |-----------|R* R R R R R R R|
 *	  at 4, the mark: 16, and then 32, 32 ...
 *
 *   Sequential	is: the file's first page; the page behind the window, or its
 *	mark; the page behind the one that was read last. The first and the last of
 *	these begin a window, the others move it on.
 *   Random	is all else: what is asked for is read, and no more. One read in
 *	order begins a new window.
 *   Context	is in the opening (struct file_ra_state): two programs that read one
 *	file in two places do not disturb each other.
 *   Mappings	say nothing about what they will want. A fault reads the pages
 *	around it (read-around): programs jump about, but not far. If that was
 *	wrong often (mmap_miss), it is left.
 *   Advice	POSIX_FADV_SEQUENTIAL doubles ra_pages, RANDOM makes it 0;
 *	MADV_SEQUENTIAL makes faults behave as reads, MADV_RANDOM reads one page.
 *
 * Invariants
 *   Pages enter the cache locked and are unlocked when they have come, by an
 *   interrupt. One that could not be read is not up to date; who wants it reads
 *   it again, and has the error.
 *
 * Locks   none of its own: struct file_ra_state is a hint, and two who share an
 *   opening may spoil each other's.
 * Cost	   for each page: what add_to_page_cache() and a bio cost; no wait.
 *
 * Questions a reader asks
 *   Does it take memory that is needed?  Its allocations do not reclaim hard
 *   and warn nobody: without memory it reads less.
 *
 * Sources  Wu, Xi, Xu, On the design of a new Linux readahead framework, ACM
 *   SIGOPS OSR 42(5), 2008; Smith, Sequentiality and prefetching in database
 *   systems, ACM TODS 3(3), 1978.
 */
#include <kernel/panic.h>
#include <kernel/plug.h>
#include <lib/errno.h>
#include <mm/mm.h>
#include <mm/readahead.h>
#include <mm/writeback.h>

#include "cache.h"

#define FORCE_CHUNK	512ul		/* pages of readahead(2) at a time */
#define MMAP_LOTSAMISS	100u

void
file_ra_init(struct file_ra_state *ra)
{
	*ra = (struct file_ra_state){ .ra_pages = RA_PAGES_DEFAULT,
				      .prev_index = ~0ul };
}

/* Can pages of mapping be read without waiting for each? */
static bool
can_read_ahead(const struct address_space *mapping)
{
	return mapping->ops && mapping->ops->start_read;
}

/*
 * One page that is not there enters and is begun. mark: it is the first of
 * async_size. False: no memory, stop.
 */
static bool
begin_page(struct address_space *mapping, unsigned long index, bool mark)
{
	struct page *page = find_get_page(mapping, index);
	int err;

	if (page) {
		put_page(page);
		return true;
	}
	page = alloc_page((mapping->gfp & ~__GFP_RECLAIM) |
			  __GFP_KSWAPD_RECLAIM | __GFP_NORETRY |
			  __GFP_NOWARN);
	if (!page)
		return false;
	trylock_page(page);
	err = add_to_page_cache(page, mapping, index);
	if (!err) {
		if (mark)
			page_set_flags(page, PG_readahead);
		count_vm_event(PGREADAHEAD);
		err = mapping->ops->start_read(mapping, page);
		if (err)
			page_end_read(page, err);
	} else {
		unlock_page(page);
	}
	put_page(page);
	return !err || err == -EEXIST;
}

unsigned long
do_page_cache_ra(struct address_space *mapping, unsigned long start,
		 unsigned long nr, unsigned long async)
{
	unsigned long end = READ_ONCE(mapping->size_pages), i;
	struct blk_plug plug;

	if (!can_read_ahead(mapping) || start >= end)
		return 0;
	nr = min(nr, end - start);
	blk_start_plug(&plug);
	for (i = 0; i < nr; i++) {
		if (!begin_page(mapping, start + i,
				async && i == nr - min(nr, async)))
			break;
	}
	blk_finish_plug(&plug);
	return i;
}

void
force_page_cache_readahead(struct address_space *mapping, unsigned long start,
			   unsigned long nr)
{
	while (nr && start < READ_ONCE(mapping->size_pages)) {
		unsigned long n = min(nr, FORCE_CHUNK);

		if (do_page_cache_ra(mapping, start, n, 0) < n)
			return;
		start += n;
		nr -= n;
	}
}

/* --- the window ------------------------------------------------------------- */

/* The first one for a read of req pages: more than was asked for. */
static unsigned long
initial_size(unsigned long req, unsigned long max)
{
	unsigned long size = 1;

	while (size < req)
		size *= 2;
	if (size <= max / 32)
		size *= 4;
	else if (size <= max / 4)
		size *= 2;
	return min(size, max);
}

static unsigned long
next_size(unsigned long size, unsigned long max)
{
	if (size < max / 16)
		return 4 * size;
	return size <= max / 2 ? 2 * size : max;
}

static void
begin_window(struct address_space *mapping, struct file_ra_state *ra,
	     unsigned long start, unsigned long size, unsigned long async)
{
	ra->start = start;
	ra->size = size;
	ra->async_size = async;
	do_page_cache_ra(mapping, start, size, async);
}

static void
initial_window(struct address_space *mapping, struct file_ra_state *ra,
	       unsigned long index, unsigned long req)
{
	unsigned long size = initial_size(req, ra->ra_pages);

	begin_window(mapping, ra, index, size, size > req ? size - req : size);
}

/* The window moves on; all of the next one is ahead of the program. */
static void
move_window(struct address_space *mapping, struct file_ra_state *ra)
{
	unsigned long size = next_size(ra->size, ra->ra_pages);

	begin_window(mapping, ra, ra->start + ra->size, size, size);
}

/* Is the page at index the one behind the window? */
static bool
behind_window(const struct file_ra_state *ra, unsigned long index)
{
	return ra->size && index == ra->start + ra->size;
}

void
page_cache_sync_readahead(struct address_space *mapping,
			  struct file_ra_state *ra, unsigned long index,
			  unsigned long req)
{
	unsigned long max = ra->ra_pages;

	if (!can_read_ahead(mapping))
		return;
	if (!max)
		do_page_cache_ra(mapping, index, min(req, FORCE_CHUNK), 0);
	else if (behind_window(ra, index))
		move_window(mapping, ra);
	else if (!index || req > max || index - ra->prev_index <= 1)
		initial_window(mapping, ra, index, min(req, max));
	else
		do_page_cache_ra(mapping, index, min(req, max), 0);
}

/*
 * The mark may be of another opening's window, or of one that was left: then a
 * window begins behind what is in the cache already.
 */
void
page_cache_async_readahead(struct address_space *mapping,
			   struct file_ra_state *ra, struct page *page,
			   unsigned long index, unsigned long req)
{
	unsigned long start = index, size;
	struct page *next;

	page_clear_flags(page, PG_readahead);
	if (!ra->ra_pages || !can_read_ahead(mapping))
		return;
	if (ra->size && index == ra->start + ra->size - ra->async_size) {
		move_window(mapping, ra);
		return;
	}
	while (start - index < ra->ra_pages &&
	       (next = find_get_page(mapping, start))) {
		put_page(next);
		start++;
	}
	size = next_size(start - index + min(req, ra->ra_pages), ra->ra_pages);
	begin_window(mapping, ra, start, size, size);
}

/* --- faults ----------------------------------------------------------------- */

static struct file_ra_state *
vma_ra(struct vm_area_struct *vma)
{
	return vma->vm_ops->readahead ? vma->vm_ops->readahead(vma) : NULL;
}

void
filemap_fault_miss(struct vm_fault *vmf)
{
	struct address_space *mapping = vmf->vma->vm_mapping;
	struct file_ra_state *ra = vma_ra(vmf->vma);
	unsigned long half;

	if (!ra || !ra->ra_pages || vmf->vma->vm_flags & VM_RAND_READ)
		return;
	if (vmf->vma->vm_flags & VM_SEQ_READ) {
		page_cache_sync_readahead(mapping, ra, vmf->pgoff,
					  ra->ra_pages);
		ra->prev_index = vmf->pgoff;
		return;
	}
	if (ra->mmap_miss < MMAP_LOTSAMISS * 10)
		ra->mmap_miss++;
	if (ra->mmap_miss > MMAP_LOTSAMISS)
		return;
	half = ra->ra_pages / 2;
	begin_window(mapping, ra, vmf->pgoff > half ? vmf->pgoff - half : 0,
		     ra->ra_pages, ra->ra_pages / 4);
}

void
filemap_fault_hit(struct vm_fault *vmf, struct page *page)
{
	struct file_ra_state *ra = vma_ra(vmf->vma);

	if (!ra || vmf->vma->vm_flags & VM_RAND_READ)
		return;
	if (ra->mmap_miss)
		ra->mmap_miss--;
	if (READ_ONCE(page->flags) & PG_readahead)
		page_cache_async_readahead(vmf->vma->vm_mapping, ra, page,
					   vmf->pgoff, ra->ra_pages);
}
