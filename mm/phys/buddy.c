/* SPDX-License-Identifier: MIT */
/*
 * Buddy allocator: the free frames of a zone in blocks of a power of two.
 *
 * Ideas
 *   Block	2^order frames starting at a multiple of 2^order.
 *   Buddy	the other half one order up:  buddy = frame ^ (1 << order).
 *
 *		 8  9 10 11 12 13 14 15		one free block of order 3
 *		[       free 3	       ]
 *		[given][free 1][free 2 ]	after serving order 1: split into
 *						halves until one fits
 *		[       free 3	       ]	given back: 8 meets its buddy 10,
 *						the two meet 12, one block again
 *
 *   Lists	one for each order and migrate type. A block lies on the list
 *		of its pageblock's type, always. order_mask[type] has a bit for
 *		each list that is not empty, so that the smallest block that
 *		fits is found by counting trailing zeros and not by looking.
 *   Is my buddy free?  A free head's flags word is its zone, its order and
 *		its state and nothing else. So one comparison answers: in my
 *		zone, free, of my order.
 *
 * State	zone->free_area, order_mask, nr_free, nr_free_cma
 * Invariants (buddy_verify)
 *   B1  Each block on a list is free, of that list's order, zone and type, and
 *	 aligned to its size.
 *   B2  A block and its buddy are never both free at one order, unless the
 *	 types of their pageblocks must not be mixed.
 *   B3  The lists' lengths are nr_free[], and order_mask tells the empty ones.
 *   B4  nr_free is the sum of all blocks but isolated ones; nr_free_cma that of
 *	 CMA blocks.
 *   B5  The type of a block's list is the type of each of its pageblocks.
 *   B6  Every free head that mem_map knows is on a list.
 * Locks   zone->lock guards all of State and is held on entry of each function.
 * Cost    allocation: one split per order between the found block and the
 *	   wanted one, at most 10. Free: one merge per order, at most 10. No
 *	   struct page but the heads of blocks is touched.
 * Questions a reader asks
 *   Why can 40 free frames fail an order-2 request?  They may be 40 blocks of
 *     order 0, none beside its buddy: count is not contiguity. See the columns
 *     of buddyinfo.
 *   Why newest first?  The block freed last is the likeliest to be in cache.
 *   What stops a merge at a zone's end?  The zone is in the flags word, and
 *     mem_map goes on, offline, to the end of the largest block.
 * Sources  Knowlton, A Fast Storage Allocator, CACM 8(10), 1965; Knuth, The Art
 *	    of Computer Programming 1, section 2.5.
 */
#include <lib/bitops.h>
#include <mm/buddy.h>
#include <mm/zone.h>

/* All of the flags word of a free block of order 0 in page's zone. */
static inline u32
buddy_free_flags(const struct page *page)
{
	return (page->flags & PAGE_ZONE_MASK) | PAGE_STATE_FREE;
}

/*
 * Put a block on the list of its order and type, and write its head. The
 * caller accounts it in nr_free if it was not free before.
 */
static inline void
list_add_block(struct zone *zone, struct page *page, unsigned order,
	       unsigned type)
{
	struct free_area *area = &zone->free_area[order];

#ifdef VELLUM_DEBUG
	if (page_state(page) != PAGE_STATE_FREE)
		page_check_move(page, PAGE_STATE_FREE);
#endif
	page->flags = buddy_free_flags(page) | order << PAGE_ORDER_SHIFT;
	page->free.migratetype = type;
	list_add(&page->free.list, &area->free_list[type]);
	area->nr_free[type]++;
	zone->order_mask[type] |= 1u << order;
}

void
buddy_list_add(struct zone *zone, struct page *page, unsigned order,
	       unsigned type)
{
	list_add_block(zone, page, order, type);
}

/* Take a block off its list; its flags word stays as it is. */
void
buddy_list_del(struct zone *zone, struct page *page, unsigned order)
{
	struct free_area *area = &zone->free_area[order];
	unsigned type = page->free.migratetype;

	list_unlink(&page->free.list);
	if (--area->nr_free[type] == 0)
		zone->order_mask[type] &= ~(1u << order);
}

/*
 * Keep the low half of page, of order high, until it has order low; the upper
 * halves go on the lists of type.
 */
void
buddy_split(struct zone *zone, struct page *page, unsigned high, unsigned low,
	    unsigned type)
{
	while (high > low) {
		high--;
		buddy_list_add(zone, page + (1UL << high), high, type);
	}
}

/* nr frames of pageblocks of this type became free, or (negative) used. */
void
buddy_account(struct zone *zone, long nr, unsigned type)
{
	if (likely(migratetype_counts(type)))
		zone->nr_free += nr;
	if (unlikely(type == MIGRATE_CMA))
		zone->nr_free_cma += nr;
}

/*
 * The first block of order high on the list of type, which is not empty, cut
 * down to order. Its head is left ISOLATED.
 */
struct page *
buddy_take_from(struct zone *zone, unsigned high, unsigned order,
		unsigned type)
{
	struct page *page;

	page = list_first_entry(&zone->free_area[high].free_list[type],
				struct page, free.list);
	buddy_list_del(zone, page, high);
	page_set_state(page, PAGE_STATE_ISOLATED);
	page->flags = (page->flags & ~PAGE_ORDER_MASK) |
		      order << PAGE_ORDER_SHIFT;
	buddy_split(zone, page, high, order, type);
	buddy_account(zone, -(long)(1UL << order), type);
	return page;
}

/* From the smallest block of this type that fits. NULL: the type has none. */
struct page *
buddy_take(struct zone *zone, unsigned order, unsigned type)
{
	unsigned fits = zone->order_mask[type] >> order;

	if (!fits)
		return NULL;
	return buddy_take_from(zone, order + ffs_long(fits), order, type);
}

/*
 * Should a movable request take CMA memory first? Yes, while more than half
 * of what is free is CMA: so the two kinds are used up level.
 */
bool
buddy_prefers_cma(const struct zone *zone, unsigned alloc_flags)
{
	return unlikely(zone->nr_free_cma) && (alloc_flags & ALLOC_CMA) &&
	       zone->nr_free_cma > zone->nr_free / 2;
}

/*
 * A block for a request of this type: from its own lists, from CMA if that is
 * allowed, or from another type's. ISOLATED; NULL when there is none.
 */
struct page *
buddy_alloc(struct zone *zone, unsigned order, unsigned type,
	    unsigned alloc_flags)
{
	struct page *page = NULL;

	if (buddy_prefers_cma(zone, alloc_flags))
		page = buddy_take(zone, order, MIGRATE_CMA);
	if (!page)
		page = buddy_take(zone, order, type);
	if (unlikely(!page) && (alloc_flags & ALLOC_CMA))
		page = buddy_take(zone, order, MIGRATE_CMA);
	if (unlikely(!page))
		page = pageblock_fallback(zone, order, type);
	return page;
}

/*
 * May page absorb its buddy of the same order, at least a pageblock? Then the
 * buddy's pageblocks take over page's type, so that B5 holds.
 */
static bool
buddy_merge_types(struct page *buddy, unsigned order, unsigned type)
{
	unsigned other = page_pageblock_type(buddy), i;

	if (other == type)
		return true;
	if (!migratetype_mixes(type) || !migratetype_mixes(other))
		return false;
	for (i = 0; i < 1u << (order - PAGEBLOCK_ORDER); i++)
		pageblock_set_type(buddy + i * PAGEBLOCK_NR_PAGES, type);
	return true;
}

/* The head of an upper half becomes a tail; want as in buddy_free(). */
static inline void
buddy_make_tail(struct page *page, u32 want)
{
#ifdef VELLUM_DEBUG
	page_check_move(page, PAGE_STATE_TAIL);
#endif
	page->flags = want + PAGE_STATE_TAIL - PAGE_STATE_FREE;
}

/*
 * Give an ISOLATED block back and merge it as far as it goes. type is that of
 * its pageblock now.
 */
void
buddy_free(struct zone *zone, struct page *page, unsigned order, unsigned type)
{
	u32 want = buddy_free_flags(page);
	struct page *map = mem_map, *buddy;
	unsigned long index = page - map;

	buddy_account(zone, 1L << order, type);
	while (order < MAX_ORDER) {
		buddy = map + (index ^ 1UL << order);
		if (buddy->flags != (want | order << PAGE_ORDER_SHIFT))
			break;
		if (unlikely(order >= PAGEBLOCK_ORDER) &&
		    !buddy_merge_types(buddy, order, type))
			break;
		buddy_list_del(zone, buddy, order);
		index &= ~(1UL << order);
		if (buddy < page)
			swap(buddy, page);
		buddy_make_tail(buddy, want);
		order++;
	}
	list_add_block(zone, page, order, type);
	if (unlikely(page_alloc_shuffle) && shuffle_pick_tail())
		list_move_tail(&page->free.list,
			       &zone->free_area[order].free_list[type]);
}
