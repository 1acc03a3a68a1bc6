/* SPDX-License-Identifier: MIT */
/* What swapfile.c and swap_cache.c share. */
#ifndef MM_CACHE_SWAP_H
#define MM_CACHE_SWAP_H

#include <kernel/lock.h>
#include <mm/swap.h>

#define SLOT_CACHED	0x8000u		/* the cache has its page */
#define SLOT_COUNT	0x7fffu
#define SLOT_BAD	0x7fffu		/* as the header says */
#define SLOT_MAX	0x7ffeu

extern spinlock_t swap_lock;

extern struct swap_area *swap_areas[MAX_SWAPFILES];	/* swap_lock */

/*
 * The area of entry, if there is such a slot. Held: swap_lock; or what keeps the
 * area: an entry that names it, or the lock of a page that has the slot.
 */
static inline struct swap_area *
swap_area_of(swp_entry_t entry)
{
	unsigned type = swp_type(entry);
	struct swap_area *area = type < MAX_SWAPFILES ? swap_areas[type] :
							NULL;

	return area && swp_offset(entry) &&
	       swp_offset(entry) < area->nr_slots ? area : NULL;
}
/* Its count or its page went: free it if it has neither. Held: swap_lock. */
void swap_slot_settle(struct swap_area *area, u32 slot);

/* --- swap_cache.c: pages of files (shmem_swap.c). Held: swap_lock --- */

/* page, locked, in state CACHE, of no file any more, with a reference that
 * becomes the cache's, goes to entry, which one tree names from now on. */
void swap_cache_take(struct page *page, swp_entry_t entry);
/* The other way round: page, locked, gives its slot up, and the reference. */
void swap_cache_give(struct page *page);

#endif
