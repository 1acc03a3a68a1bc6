/* SPDX-License-Identifier: MIT */
/*
 * Allocations that are not one block: exact sizes, many pages, given ranges.
 *
 * Ideas
 *   split_page	   a block becomes single pages: every frame gets a head of
 *		   its own. After it the pages are freed one by one.
 *   exact	   a block is split and its end given back:
 *		   5 pages = order 3, [12345]678, 6-8 are freed.
 *   range	   the frames [start, end) by number:
 *		   1 isolate the pageblocks around it: nothing of them is
 *		     handed out from now on, and what is freed stays
 *		   2 all cores give back their magazines, and movable guests
 *		     of the range are asked to leave (movable.c)
 *		   3 if every frame of the range is in a free block: take
 *		     these off the lists, cut them at the range's ends
 *		   4 the pageblocks get their types back
 *
 *			pageblock	pageblock	pageblock
 *		   [.......sssss][sssssssssssss][sss..........]
 *			   start			end
 *
 * Locks   zone->lock for each pageblock in turn.
 * Cost    range: each block of the pageblocks around it is visited, and each
 *	   frame of the range is written.
 */
#include <asm/irqflags.h>
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <mm/buddy.h>
#include <mm/gfp.h>
#include <mm/hooks.h>
#include <mm/kasan.h>
#include <mm/movable.h>
#include <mm/pcp.h>
#include <mm/trace.h>
#include <mm/zone.h>

/* The largest range of alloc_contig_range(), in pageblocks: 64 MiB. */
#define CONTIG_MAX_BLOCKS	64

void
split_page(struct page *page, unsigned order)
{
	unsigned long i, nr = 1UL << order;

	assert(page_order(page) == order && !(page->flags & PG_compound));
	if (page_debug_on())
		page_debug_split(page, order);
	for (i = 1; i < nr; i++) {
		page_set_state(page + i, PAGE_STATE_KERNEL);
		page[i].flags = (page->flags & PAGE_ZONE_MASK) |
				PAGE_STATE_KERNEL;
		atomic_set(&page[i].refcount, 1);
	}
	page->flags &= ~PAGE_ORDER_MASK;
}

void *
get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page;

	/* An address is wanted: HighMem has none. */
	page = alloc_pages(gfp & ~__GFP_HIGHMEM, order);
	return page ? page_address(page) : NULL;
}

void *
get_zeroed_page(gfp_t gfp)
{
	return get_free_pages(gfp | __GFP_ZERO, 0);
}

void
free_pages(void *addr, unsigned order)
{
	if (addr)
		free_frames(virt_to_page(addr), order);
}

void *
alloc_pages_exact(size_t size, gfp_t gfp)
{
	unsigned long nr = DIV_ROUND_UP(size, PAGE_SIZE), i;
	unsigned order = order_of(nr);
	struct page *page;

	if (!size)
		return NULL;
	page = alloc_pages(gfp & ~(__GFP_HIGHMEM | __GFP_COMP), order);
	if (!page)
		return NULL;
	split_page(page, order);
	for (i = nr; i < 1UL << order; i++)
		free_frame(page + i);
	return page_address(page);
}

void
free_pages_exact(void *addr, size_t size)
{
	struct page *page;
	unsigned long i;

	if (!addr)
		return;
	page = virt_to_page(addr);
	for (i = 0; i < DIV_ROUND_UP(size, PAGE_SIZE); i++) {
		trace_mm_page_free_batched(page + i);
		free_frame(page + i);
	}
}

unsigned
alloc_pages_bulk(gfp_t gfp, unsigned n, struct page **pages)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (pages[i])
			continue;
		pages[i] = alloc_page(gfp);
		if (!pages[i])
			break;
	}
	return i;
}

/* One range at a time: they would isolate each other's pageblocks. */
static DEFINE_MUTEX(contig_lock);
static u8 contig_types[CONTIG_MAX_BLOCKS];	/* contig_lock */

/* Isolate the pageblocks of [start, end). Returns how many before a busy one. */
static unsigned
contig_isolate(struct zone *zone, pfn_t start, pfn_t end)
{
	unsigned nr = (end - start) >> PAGEBLOCK_ORDER, i;
	unsigned long flags;
	struct page *block = pfn_to_page(start);
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		flags = spin_lock_irqsave(&zone->lock);
		contig_types[i] = page_pageblock_type(block);
		err = pageblock_isolate(zone, block);
		spin_unlock_irqrestore(&zone->lock, flags);
		block += PAGEBLOCK_NR_PAGES;
	}
	return err ? i - 1 : nr;
}

/* Give the first nr pageblocks from start their types back. */
static void
contig_unisolate(struct zone *zone, pfn_t start, unsigned nr)
{
	unsigned long flags;
	unsigned i;

	for (i = 0; i < nr; i++) {
		flags = spin_lock_irqsave(&zone->lock);
		pageblock_unisolate(zone,
				    pfn_to_page(start + i * PAGEBLOCK_NR_PAGES),
				    contig_types[i]);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

/* Is every frame of [start, end) in a free block? zone->lock is held. */
static bool
contig_all_free(pfn_t start, pfn_t end)
{
	struct page *head;

	while (start < end) {
		head = compound_head(pfn_to_page(start));
		if (page_state(head) != PAGE_STATE_FREE)
			return false;
		start = page_to_pfn(head) + (1UL << page_order(head));
	}
	return true;
}

/*
 * Take the free block at pfn's head; give back what lies outside [start, end)
 * and make single pages of the rest. Returns the frame behind the block.
 */
static pfn_t
contig_take_block(struct zone *zone, pfn_t pfn, pfn_t start, pfn_t end)
{
	struct page *page = compound_head(pfn_to_page(pfn));
	unsigned order = page_order(page);
	pfn_t last = page_to_pfn(page) + (1UL << order);

	buddy_list_del(zone, page, order);
	page_set_state(page, PAGE_STATE_ISOLATED);
	for (pfn = page_to_pfn(page); pfn < last; pfn++, page++) {
		if (page_state(page) == PAGE_STATE_TAIL)
			page_set_state(page, PAGE_STATE_ISOLATED);
		page->flags &= ~PAGE_ORDER_MASK;
		if (pfn < start || pfn >= end) {
			buddy_free(zone, page, 0, MIGRATE_ISOLATE);
			continue;
		}
		page_set_state(page, PAGE_STATE_KERNEL);
		atomic_set(&page->refcount, 1);
		kasan_alloc_pages(page, 0);
		zone->pcp[smp_processor_id()]->nr_alloc[0]++;
		trace_mm_page_alloc(page, 0, MIGRATE_ISOLATE, 0, NULL);
	}
	return last;
}

/* All frames of [start, end), which are free and isolated, or none. */
static int
contig_take(struct zone *zone, pfn_t start, pfn_t end)
{
	unsigned long flags = spin_lock_irqsave(&zone->lock);
	bool ok = contig_all_free(start, end);
	pfn_t pfn = start;

	while (ok && pfn < end)
		pfn = contig_take_block(zone, pfn, start, end);
	spin_unlock_irqrestore(&zone->lock, flags);
	return ok ? 0 : -EBUSY;
}

int
alloc_contig_range_drop(pfn_t start, pfn_t end, unsigned long *dropped)
{
	pfn_t first = ALIGN_DOWN(start, PAGEBLOCK_NR_PAGES);
	pfn_t last = ALIGN_UP(end, PAGEBLOCK_NR_PAGES);
	struct zone *zone;
	unsigned nr = (last - first) >> PAGEBLOCK_ORDER, isolated;
	int err = -EBUSY;

	might_sleep();
	if (start >= end || !pfn_valid(start) || !pfn_valid(end - 1) ||
	    nr > CONTIG_MAX_BLOCKS)
		return -EINVAL;
	zone = page_zone(pfn_to_page(start));
	if (!zone->populated || start < zone->start_pfn ||
	    end > zone_end_pfn(zone))
		return -EINVAL;
	mutex_lock(&contig_lock);
	isolated = contig_isolate(zone, first, last);
	if (isolated == nr) {
		drain_all_pages();
		*dropped += movable_drop_range(start, end);
		err = contig_take(zone, start, end);
	}
	contig_unisolate(zone, first, isolated);
	mutex_unlock(&contig_lock);
	return err;
}

int
alloc_contig_range(pfn_t start, pfn_t end)
{
	unsigned long dropped = 0;

	return alloc_contig_range_drop(start, end, &dropped);
}

void
free_contig_range(pfn_t start, unsigned long nr)
{
	struct page *page = pfn_to_page(start);

	for (; nr; nr--, page++) {
		trace_mm_page_free_batched(page);
		free_frame(page);
	}
}
