/* SPDX-License-Identifier: MIT */
/*
 * Inside the page allocator: blocks of one zone. For mm/phys, mm/debug and
 * their tests; everybody else calls mm/gfp.h. All need zone->lock unless said.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include <mm/zone.h>

/* mm/phys/buddy.c */
void buddy_account(struct zone *zone, long nr, unsigned type);
struct page *buddy_take_from(struct zone *zone, unsigned high,
			     unsigned order, unsigned type);
struct page *buddy_take(struct zone *zone, unsigned order, unsigned type);
bool buddy_prefers_cma(const struct zone *zone, unsigned alloc_flags);
struct page *buddy_alloc(struct zone *zone, unsigned order, unsigned type,
			 unsigned alloc_flags);
void buddy_free(struct zone *zone, struct page *page, unsigned order,
		unsigned type);
void buddy_list_add(struct zone *zone, struct page *page, unsigned order,
		    unsigned type);
void buddy_list_del(struct zone *zone, struct page *page, unsigned order);
void buddy_split(struct zone *zone, struct page *page, unsigned high,
		 unsigned low, unsigned type);

/* mm/phys/pageblock.c */
void pageblock_set_type(struct page *page, unsigned type);
struct page *pageblock_fallback(struct zone *zone, unsigned order,
				unsigned type);
unsigned long pageblock_move_free(struct zone *zone, struct page *block,
				  unsigned type);
void pageblock_reserve_highatomic(struct zone *zone, struct page *page);
bool pageblock_unreserve_highatomic(struct zone *zone, unsigned type);
int pageblock_isolate(struct zone *zone, struct page *block);
void pageblock_unisolate(struct zone *zone, struct page *block,
			 unsigned type);

/* Free frames of this type are no free memory for anybody. */
static inline bool
migratetype_counts(unsigned type)
{
	return type != MIGRATE_ISOLATE;
}

/*
 * Hand the reserved frames [start, end) to the allocator; mm/phys/zone.c.
 * Their pageblocks have their types. Returns how many. Takes zone->lock.
 */
unsigned long free_reserved_range(pfn_t start, pfn_t end);

/* Types whose pageblocks may be merged and may change sides. */
static inline bool
migratetype_mixes(unsigned type)
{
	return type < MIGRATE_PCPTYPES;
}

/* page_alloc.shuffle=1: random order of free blocks; mm/phys/shuffle.c */
extern bool page_alloc_shuffle;
bool shuffle_pick_tail(void);
void shuffle_zone(struct zone *zone);
#define SHUFFLE_ORDER	MAX_ORDER

#endif
