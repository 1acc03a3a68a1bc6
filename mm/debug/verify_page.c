/* SPDX-License-Identifier: MIT */
/*
 * Verifying frames and zones: every frame has one place, and all add up.
 *
 * Rules
 *   S1-S3  see mm/phys/page.c
 *   S4	frames by state, counted in mem_map, are what the zone says: free on
 *	the lists, isolated in the magazines, the rest of the managed ones
 *	allocated; what is not offline is present
 *   B6	the free heads of each order are as many as are on the lists
 *   V1	frames allocated less frames freed, as the cores counted them, are the
 *	frames that are allocated
 *   M1	a frame is offline if and only if memblock knows no memory there
 *   W1	min <= low <= high <= managed
 *   P1	each pageblock has a type; isolated ones and those of the high-order
 *	reserve are as many as counted
 *   Z1	managed <= present <= spanned, and zones do not overlap
 */
#include <kernel/lock.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/memblock.h>
#include <mm/pcp.h>
#include <mm/verify.h>
#include <mm/zone.h>

struct frame_count {
	unsigned long state[NR_PAGE_STATES];	/* frames, tails by head */
	unsigned long free_heads[NR_PAGE_ORDERS];
	unsigned long allocated;
};

static bool
state_allocated(unsigned state)
{
	return state >= PAGE_STATE_KERNEL;
}

/* S2 and S3 of the block with this head. */
static void
verify_head(struct verify *v, const struct page *page, unsigned long pfn)
{
	unsigned state = page_state(page);
	int refs = atomic_read(&page->refcount);

	if (state_allocated(state)) {
		VERIFY(v, refs > 0, "S3", "pfn %#lx, %s, has %d references",
		       pfn, page_state_name(state), refs);
		return;
	}
	if (state != PAGE_STATE_FREE && state != PAGE_STATE_ISOLATED)
		return;
	VERIFY(v, refs == 0 && page_mapcount(page) == 0 &&
		  !(page->flags & PAGE_FLAGS_MASK), "S2",
	       "pfn %#lx is %s with %d references, mapcount %d, flags %#x",
	       pfn, page_state_name(state), refs, page_mapcount(page),
	       page->flags);
}

#define S1_MASK		(PAGE_ZONE_MASK | PAGE_STATE_MASK)

/*
 * Do the frames behind a head agree with want? nr is a power of two. Most of
 * the time of all checks together goes by here, so it looks at four at a time
 * and does not say which one disagrees.
 */
static bool
tails_agree(const struct page *head, unsigned long nr, u32 want)
{
	const struct page *page = head + 1, *four = head + min(nr, 4ul);
	u32 differs = 0;

	for (; page < four; page++)
		differs |= page->flags ^ want;
	for (; page < head + nr; page += 4)
		differs |= (page[0].flags ^ want) | (page[1].flags ^ want) |
			   (page[2].flags ^ want) | (page[3].flags ^ want);
	return !(differs & S1_MASK);
}

/* S1: the frames of a block but the first are tails of the same zone. */
static void
verify_tails(struct verify *v, const struct page *head, unsigned long nr,
	     unsigned long pfn)
{
	u32 want = (head->flags & PAGE_ZONE_MASK) | PAGE_STATE_TAIL;
	unsigned long i;

	if (tails_agree(head, nr, want))
		return;
	for (i = 1; i < nr; i++) {
		if ((head[i].flags & S1_MASK) == want)
			continue;
		verify_bad(v, "S1", "pfn %#lx is %s, inside a block of %lu at "
			   "%#lx", pfn + i, page_state_name(page_state(head +
			   i)), nr, pfn);
		return;
	}
}

/* Walk the zone block by block. zone->lock is held. */
static void
count_frames(struct verify *v, const struct zone *zone,
	     struct frame_count *count)
{
	unsigned long pfn = zone->start_pfn, end = zone_end_pfn(zone), nr;
	const struct page *page;
	unsigned state, order;

	while (pfn < end) {
		page = pfn_to_page(pfn);
		state = page_state(page);
		order = page_order(page);
		nr = 1UL << order;
		if (state == PAGE_STATE_TAIL || state >= NR_PAGE_STATES ||
		    order > MAX_ORDER || (pfn & (nr - 1)) || pfn + nr > end) {
			verify_bad(v, "S1", "pfn %#lx is no head: flags %#x",
				   pfn, page->flags);
			nr = 1;
			state = PAGE_STATE_TAIL;
		} else {
			verify_head(v, page, pfn);
			verify_tails(v, page, nr, pfn);
		}
		if (state == PAGE_STATE_FREE)
			count->free_heads[order]++;
		if (state_allocated(state))
			count->allocated += nr;
		count->state[state] += nr;
		pfn += nr;
	}
}

/* S4, B6 and V1 from the counts. */
static void
verify_counts(struct verify *v, const struct zone *zone,
	      const struct frame_count *count)
{
	unsigned long listed = 0, blocks, used, moved;
	unsigned order, type;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		blocks = 0;
		for (type = 0; type < MIGRATE_TYPES; type++)
			blocks += zone->free_area[order].nr_free[type];
		listed += blocks << order;
		VERIFY(v, blocks == count->free_heads[order], "B6",
		       "%s order %u: %lu free heads, %lu on the lists",
		       zone->name, order, count->free_heads[order], blocks);
	}
	VERIFY(v, count->state[PAGE_STATE_FREE] == listed, "S4",
	       "%s: %lu frames are free, %lu on the lists", zone->name,
	       count->state[PAGE_STATE_FREE], listed);
	VERIFY(v, count->state[PAGE_STATE_ISOLATED] == zone_pcp_count(zone),
	       "S4", "%s: %lu frames are isolated, %lu in magazines",
	       zone->name, count->state[PAGE_STATE_ISOLATED],
	       zone_pcp_count(zone));
	used = zone->managed_pages - listed - zone_pcp_count(zone);
	VERIFY(v, count->allocated == used, "S4",
	       "%s: %lu frames are allocated, %lu should be", zone->name,
	       count->allocated, used);
	VERIFY(v, zone->spanned_pages - count->state[PAGE_STATE_OFFLINE] ==
		  zone->present_pages, "S4",
	       "%s: %lu of %lu frames are offline, %lu present", zone->name,
	       count->state[PAGE_STATE_OFFLINE], zone->spanned_pages,
	       zone->present_pages);
	moved = zone_frames_moved(zone, false) - zone_frames_moved(zone, true);
	VERIFY(v, count->allocated == moved, "V1",
	       "%s: %lu frames are allocated, the counters say %lu",
	       zone->name, count->allocated, moved);
}

/* M1 */
static void
verify_memblock(struct verify *v, const struct zone *zone)
{
	unsigned long pfn = zone->start_pfn, end = zone_end_pfn(zone);
	unsigned long first, last, present = 0;
	struct memblock_region *r;

	for_each_mem_region(r) {
		first = max(((u64)r->base + PAGE_SIZE - 1) >> PAGE_SHIFT,
			    (u64)pfn);
		last = min(((u64)r->base + r->size) >> PAGE_SHIFT, (u64)end);
		if (first >= last)
			continue;
		present += last - first;
		VERIFY(v, page_state(pfn_to_page(first)) !=
			  PAGE_STATE_OFFLINE &&
			  page_state(pfn_to_page(last - 1)) !=
			  PAGE_STATE_OFFLINE, "M1",
		       "pfn %#lx or %#lx is memory, but offline", first,
		       last - 1);
	}
	VERIFY(v, present == zone->present_pages, "M1",
	       "%s: memblock knows %lu frames, the zone %lu", zone->name,
	       present, zone->present_pages);
}

void
page_verify(struct verify *v)
{
	struct frame_count count;
	unsigned long flags;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		memset(&count, 0, sizeof(count));
		flags = spin_lock_irqsave(&zone->lock);
		count_frames(v, zone, &count);
		verify_counts(v, zone, &count);
		spin_unlock_irqrestore(&zone->lock, flags);
		verify_memblock(v, zone);
	}
}

struct page *
verify_next_user(pfn_t pfn)
{
	struct page *page = mem_map + (pfn - mem_map_start);
	struct page *end = mem_map + (mem_map_end - mem_map_start);

	while (page < end) {
		unsigned state = page_state(page);

		if (state >= PAGE_STATE_ANON || page_mapcount(page))
			return page;
		page += state == PAGE_STATE_FREE ? 1UL << page_order(page) : 1;
	}
	return NULL;
}

/* P1 */
static void
verify_pageblocks(struct verify *v, const struct zone *zone)
{
	unsigned long nr[MIGRATE_TYPES] = { 0 }, pfn;
	unsigned type;

	for (pfn = ALIGN_DOWN(zone->start_pfn, PAGEBLOCK_NR_PAGES);
	     pfn < zone_end_pfn(zone); pfn += PAGEBLOCK_NR_PAGES) {
		type = pfn_pageblock_type(pfn);
		VERIFY(v, type < MIGRATE_TYPES, "P1",
		       "the pageblock at pfn %#lx has type %u", pfn, type);
		if (type < MIGRATE_TYPES)
			nr[type]++;
	}
	VERIFY(v, nr[MIGRATE_ISOLATE] == zone->nr_isolated_blocks, "P1",
	       "%s: %lu pageblocks are isolated, %lu counted", zone->name,
	       nr[MIGRATE_ISOLATE], zone->nr_isolated_blocks);
	VERIFY(v, nr[MIGRATE_HIGHATOMIC] * PAGEBLOCK_NR_PAGES ==
		  zone->nr_highatomic, "P1",
	       "%s: %lu pageblocks in the high-order reserve, %lu frames "
	       "counted", zone->name, nr[MIGRATE_HIGHATOMIC],
	       zone->nr_highatomic);
}

void
zone_verify(struct verify *v)
{
	const struct zone *before = NULL;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		VERIFY(v, zone->managed_pages <= zone->present_pages &&
			  zone->present_pages <= zone->spanned_pages, "Z1",
		       "%s: spanned %lu present %lu managed %lu", zone->name,
		       zone->spanned_pages, zone->present_pages,
		       zone->managed_pages);
		VERIFY(v, !before || zone_end_pfn(before) <= zone->start_pfn,
		       "Z1", "node %u %s overlaps node %u %s", before->nid,
		       before->name, zone->nid, zone->name);
		VERIFY(v, zone->watermark[WMARK_MIN] <=
			  zone->watermark[WMARK_LOW] &&
			  zone->watermark[WMARK_LOW] <=
			  zone->watermark[WMARK_HIGH] &&
			  zone->watermark[WMARK_HIGH] <=
			  zone->managed_pages, "W1",
		       "%s: watermarks %lu %lu %lu of %lu frames", zone->name,
		       zone->watermark[WMARK_MIN], zone->watermark[WMARK_LOW],
		       zone->watermark[WMARK_HIGH], zone->managed_pages);
		verify_pageblocks(v, zone);
		before = zone;
	}
}
