/* SPDX-License-Identifier: MIT */
/*
 * Pageblocks: 1 MiB pieces of memory, each kept for one kind of use.
 *
 * Ideas
 *   A frame that cannot be moved, in the middle of free memory, spoils the
 *   large block around it for ever. So each pageblock has a type, and
 *   requests of a type are served from its pageblocks:
 *
 *	type	 U	   M	     M	       U	 (256 frames each)
 *		[uu.u.uuu][m.mm....][........][.u......]
 *
 *   Fallback	a type whose lists are empty takes from another type's, the
 *		largest block first, so that few pageblocks get mixed. If the
 *		block is at least a pageblock, or if half of the pageblock is
 *		free, the whole pageblock changes sides; else one block is
 *		taken and the pageblock keeps its type.
 *   Highatomic	a few pageblocks that only those may use who cannot wait and
 *		need more than one frame. One joins when such a request was
 *		served; one leaves when a waiting request finds nothing else.
 *   Isolate	free blocks of such a pageblock are handed to nobody: the
 *		first step of taking a range of frames (alloc_contig_range).
 *
 * Invariants  B5 of buddy.c: whoever changes a type moves the free blocks.
 * Locks   zone->lock guards the types and is held on entry of each function.
 * Cost    moving a pageblock's free blocks steps over its blocks: at most 256
 *	   steps. pageblock_fallback does it at most once, and only for a
 *	   pageblock with 16 free frames in a row.
 * Questions a reader asks
 *   Why does the largest block go first, when the smallest would do?  Because
 *     this is not about the block but about the pageblock it spoils: the one
 *     with the most room serves the next requests of the type as well.
 * Sources  Gorman and Whitcroft, The What, The Why and the Where To of
 *	    Anti-Fragmentation, Ottawa Linux Symposium, 2006.
 */
#include <lib/bitops.h>
#include <lib/errno.h>
#include <mm/buddy.h>
#include <mm/trace.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

const char *const migratetype_names[MIGRATE_TYPES] = {
	"Unmovable", "Movable", "Reclaimable", "HighAtomic", "CMA", "Isolate",
};

u8 *pageblock_types;

/* Where a type looks when its own lists are empty, in this order. */
static const u8 pageblock_fallbacks[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE]   = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE]     = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

/* The type of the pageblock that page is in. Free blocks are not moved. */
void
pageblock_set_type(struct page *page, unsigned type)
{
	unsigned long index = (page - mem_map) >> PAGEBLOCK_ORDER;

	WRITE_ONCE(pageblock_types[index], type);
}

static struct page *
pageblock_first(struct page *page)
{
	return mem_map + ALIGN_DOWN((unsigned long)(page - mem_map),
				    PAGEBLOCK_NR_PAGES);
}

/* Frames from page, a head inside a pageblock, to the next head. */
static inline unsigned long
pageblock_step(const struct page *page)
{
	return 1UL << page_order(page);
}

static bool
pageblock_is_free_head(const struct zone *zone, const struct page *page)
{
	return page_state(page) == PAGE_STATE_FREE &&
	       page_zone_index(page) == zone->index;
}

/*
 * Free frames of the pageblock that begins at block, all of whose blocks are
 * smaller than it.
 */
static unsigned long
pageblock_count_free(const struct zone *zone, const struct page *block)
{
	const struct page *page = block, *end = block + PAGEBLOCK_NR_PAGES;
	unsigned long nr = 0;

	while (page < end) {
		if (pageblock_is_free_head(zone, page))
			nr += pageblock_step(page);
		page += pageblock_step(page);
	}
	return nr;
}

/*
 * Make type the pageblock's type, and move its free blocks to that type's
 * lists. No block may be larger than the pageblock. Returns frames moved.
 */
unsigned long
pageblock_move_free(struct zone *zone, struct page *block, unsigned type)
{
	struct page *page = block, *end = block + PAGEBLOCK_NR_PAGES;
	unsigned long nr = 0, step;
	unsigned order, old = page_pageblock_type(block);

	while (page < end) {
		order = page_order(page);
		step = 1UL << order;
		if (pageblock_is_free_head(zone, page)) {
			buddy_list_del(zone, page, order);
			buddy_list_add(zone, page, order, type);
			nr += step;
		}
		page += step;
	}
	buddy_account(zone, -(long)nr, old);
	buddy_account(zone, (long)nr, type);
	pageblock_set_type(block, type);
	return nr;
}

/* A free block of at least a pageblock changes sides as a whole. */
static void
pageblock_convert_large(struct zone *zone, unsigned order, unsigned from,
			unsigned to)
{
	struct page *page;
	unsigned i;

	page = list_first_entry(&zone->free_area[order].free_list[from],
				struct page, free.list);
	buddy_list_del(zone, page, order);
	for (i = 0; i < 1u << (order - PAGEBLOCK_ORDER); i++)
		pageblock_set_type(page + i * PAGEBLOCK_NR_PAGES, to);
	buddy_list_add(zone, page, order, to);
}

/*
 * Take a block of order for type from the lists of another, whose largest block
 * is of order high: with its whole pageblock, if that is free enough.
 */
static struct page *
pageblock_steal(struct zone *zone, unsigned order, unsigned type,
		unsigned from, unsigned high)
{
	struct page *block;

	if (high >= PAGEBLOCK_ORDER) {
		pageblock_convert_large(zone, high, from, type);
		count_vm_event(PAGEBLOCK_STEAL);
		return buddy_take_from(zone, high, order, type);
	}
	if (high >= PAGEBLOCK_ORDER / 2) {
		block = pageblock_first(list_first_entry(
			&zone->free_area[high].free_list[from],
			struct page, free.list));
		if (pageblock_count_free(zone, block) >=
		    PAGEBLOCK_NR_PAGES / 2) {
			pageblock_move_free(zone, block, type);
			count_vm_event(PAGEBLOCK_STEAL);
			return buddy_take(zone, order, type);
		}
	}
	/* Movable pages can leave again: they take what spoils least. */
	if (type == MIGRATE_MOVABLE)
		return buddy_take(zone, order, from);
	return buddy_take_from(zone, high, order, from);
}

/*
 * A block for a request of this type, whose own lists have none, out of
 * another type's pageblocks. ISOLATED; NULL when no type has one.
 */
struct page *
pageblock_fallback(struct zone *zone, unsigned order, unsigned type)
{
	const u8 *others = pageblock_fallbacks[type];
	unsigned from = others[0], high;
	struct page *page;

	/* A mask compares as its highest order does. */
	if (zone->order_mask[others[1]] > zone->order_mask[from])
		from = others[1];
	if (!(zone->order_mask[from] >> order))
		return NULL;
	high = fls_long(zone->order_mask[from]);
	page = pageblock_steal(zone, order, type, from, high);
	trace_mm_page_alloc_extfrag(page, (const u8 []) { order, type },
				    (const u8 []) { high, from },
				    page_pageblock_type(page) == type);
	return page;
}

/*
 * page, more than one frame, was given to a request that could not wait: keep
 * its pageblock for others of the kind, if less than 1 % of the zone is kept.
 */
void
pageblock_reserve_highatomic(struct zone *zone, struct page *page)
{
	unsigned long limit = ALIGN_DOWN(zone->managed_pages / 100,
					 PAGEBLOCK_NR_PAGES);

	if (zone->nr_highatomic >= limit)
		return;
	if (!migratetype_mixes(page_pageblock_type(page)) ||
	    page_order(page) >= PAGEBLOCK_ORDER)
		return;
	pageblock_move_free(zone, pageblock_first(page), MIGRATE_HIGHATOMIC);
	zone->nr_highatomic += PAGEBLOCK_NR_PAGES;
}

/*
 * If block lies in a larger free block, cut that until block stands alone:
 *	[	 10	      ]  ->  [ 8 ][block][     9     ]
 */
static void
pageblock_cut_block(struct zone *zone, struct page *block)
{
	struct page *head = compound_head(block), *half;
	unsigned order = page_order(head), type;

	if (!pageblock_is_free_head(zone, head) || order <= PAGEBLOCK_ORDER)
		return;
	type = page_pageblock_type(head);
	buddy_list_del(zone, head, order);
	while (order > PAGEBLOCK_ORDER) {
		order--;
		half = head + (1UL << order);
		if (block < half) {
			buddy_list_add(zone, half, order, type);
		} else {
			buddy_list_add(zone, head, order, type);
			head = half;
		}
	}
	buddy_list_add(zone, head, order, type);
}

/* The pageblock changed its type: if all of it is free, merge it. */
static void
pageblock_merge(struct zone *zone, struct page *block, unsigned type)
{
	if (!pageblock_is_free_head(zone, block) ||
	    page_order(block) != PAGEBLOCK_ORDER)
		return;
	buddy_list_del(zone, block, PAGEBLOCK_ORDER);
	buddy_account(zone, -(long)PAGEBLOCK_NR_PAGES, type);
	page_set_state(block, PAGE_STATE_ISOLATED);
	buddy_free(zone, block, PAGEBLOCK_ORDER, type);
}

/*
 * Give one pageblock of the reserve that has free frames to type.
 * Returns false if there is none.
 */
bool
pageblock_unreserve_highatomic(struct zone *zone, unsigned type)
{
	unsigned mask = zone->order_mask[MIGRATE_HIGHATOMIC], order;
	struct free_area *area;
	struct page *page;

	if (!mask)
		return false;
	order = fls_long(mask);
	area = &zone->free_area[order];
	page = list_first_entry(&area->free_list[MIGRATE_HIGHATOMIC],
				struct page, free.list);
	page = pageblock_first(page);
	pageblock_cut_block(zone, page);
	pageblock_move_free(zone, page, type);
	zone->nr_highatomic -= min(zone->nr_highatomic, PAGEBLOCK_NR_PAGES);
	pageblock_merge(zone, page, type);
	return true;
}

/*
 * Hand out no frame of this pageblock any more.
 * Returns 0, or -EBUSY if somebody has isolated it already.
 */
int
pageblock_isolate(struct zone *zone, struct page *block)
{
	unsigned type = page_pageblock_type(block);

	if (type == MIGRATE_ISOLATE)
		return -EBUSY;
	if (type == MIGRATE_HIGHATOMIC)
		zone->nr_highatomic -= min(zone->nr_highatomic,
					   PAGEBLOCK_NR_PAGES);
	pageblock_cut_block(zone, block);
	pageblock_move_free(zone, block, MIGRATE_ISOLATE);
	zone->nr_isolated_blocks++;
	return 0;
}

/* Undo it: the pageblock gets this type, and its free blocks serve again. */
void
pageblock_unisolate(struct zone *zone, struct page *block, unsigned type)
{
	pageblock_cut_block(zone, block);
	pageblock_move_free(zone, block, type);
	zone->nr_isolated_blocks--;
	if (type == MIGRATE_HIGHATOMIC)
		zone->nr_highatomic += PAGEBLOCK_NR_PAGES;
	pageblock_merge(zone, block, type);
}
