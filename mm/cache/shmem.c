/* SPDX-License-Identifier: MIT */
/*
 * Shared memory: files whose only store is the page cache.
 *
 * Ideas
 *   Nothing lies behind these pages: one that was never written reads as zeros
 *	(a hole). So "read in" means clear, and a page must not be dropped while
 *	the file needs it: reclaim sends it to swap (shmem_swap.c).
 *   Space	each file system counts its pages and may have a limit; a page is
 *	charged when it enters the file and given back when it leaves, whoever
 *	asked for it: a write (ENOSPC) or a fault (SIGBUS). In swap it is still
 *	the file's.
 *   Hole	truncation and punching are the same: whole pages leave, and what
 *	is left of a page at either end is zeroed, so that growing the file
 *	again shows zeros. Such a rest may be in swap; it must come back
 *	first, and if it cannot, nothing is cut.
 *
 *	punch [start, end):   |..zz|    |    |zz..|
 *			       keep  gone gone keep
 *
 * Who else?  tmpfs, memfd, MAP_SHARED|MAP_ANONYMOUS and System V shared memory
 *   are all files of this kind; they differ in how one gets at them.
 *
 * Locks   the caller holds the inode lock where the size matters.
 *
 * Sources  Rohland, Linux tmpfs documentation; Gorman, chapter 12.
 */
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/shmem.h>
#include <mm/writeback.h>

/* Fill a hole. Held: the page lock. */
static int
shmem_read_page(struct address_space *mapping, struct page *page)
{
	(void)mapping;
	clear_highpage(page);
	page_mark_uptodate(page);
	return 0;
}

static int
shmem_charge(struct address_space *mapping, long n)
{
	struct shmem_space *space = mapping->private;

	if (!space)
		return 0;
	if (atomic_add_return(&space->nr_pages, n) <= space->max_pages ||
	    !space->max_pages || n < 0)
		return 0;
	atomic_sub(&space->nr_pages, n);
	return -ENOSPC;
}

const struct address_space_operations shmem_aops = {
	.read_page = shmem_read_page,
	.charge = shmem_charge,
	.swap_backed = true,
};

void
shmem_init_mapping(struct address_space *mapping, struct inode *host,
		   struct shmem_space *space)
{
	address_space_init(mapping, host, &shmem_aops, GFP_HIGHUSER_MOVABLE);
	mapping->private = space;
}

int
shmem_bring_in(struct address_space *mapping, u64 pos, struct page **page)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);

	*page = NULL;
	if (!(pos & (PAGE_SIZE - 1)) || !mapping_in_swap(mapping, index))
		return 0;
	return read_cache_page(mapping, index, page);
}

/* Both of its ends are in memory. */
static void
punch_hole(struct address_space *mapping, u64 start, u64 end)
{
	unsigned long first = (unsigned long)((start + PAGE_SIZE - 1) >>
					      PAGE_SHIFT);
	unsigned long last = (unsigned long)(end >> PAGE_SHIFT);
	unsigned from = start & (PAGE_SIZE - 1), to = end & (PAGE_SIZE - 1);

	if (first > last) {		/* all inside one page */
		zero_cached_part(mapping, last, from, to);
		return;
	}
	if (from)
		zero_cached_part(mapping, first - 1, from, PAGE_SIZE);
	if (to)
		zero_cached_part(mapping, last, 0, to);
	truncate_inode_pages_range(mapping, first, last);
}

int
shmem_punch_hole(struct address_space *mapping, u64 start, u64 end)
{
	struct page *low, *high = NULL;
	int err;

	if (start >= end)
		return 0;
	err = shmem_bring_in(mapping, start, &low);
	if (!err)
		err = shmem_bring_in(mapping, end, &high);
	if (!err)
		punch_hole(mapping, start, end);
	if (low)
		put_page(low);
	if (high)
		put_page(high);
	return err;
}

struct page *
shmem_new_page(struct address_space *mapping)
{
	struct page *page = alloc_page(mapping->gfp);

	if (page)
		trylock_page(page);
	return page;
}

int
shmem_add_page(struct address_space *mapping, unsigned long index,
	       struct page *page)
{
	int err;

	/* Nobody can see it yet: it is whole before it can be found. */
	page_mark_uptodate(page);
	err = add_to_page_cache(page, mapping, index);
	unlock_page(page);
	put_page(page);
	return err;
}
