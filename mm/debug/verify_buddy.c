/* SPDX-License-Identifier: MIT */
/*
 * Verifying the lists: free blocks (B1-B5) and cores' magazines (L1-L3).
 *
 * The rules are explained in mm/phys/buddy.c and mm/phys/pcp.c; B6, which
 * needs a walk of mem_map, is in verify_page.c. Every walk of a list is
 * bounded by the number of frames, so that a list that does not close is a
 * contradiction and not a hang.
 */
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <mm/buddy.h>
#include <mm/pcp.h>
#include <mm/verify.h>
#include <mm/zone.h>

#define PFN(page)	((unsigned long)page_to_pfn(page))

/* Is it the address of a struct page of mem_map? */
static bool
page_plausible(const struct page *page)
{
	unsigned long offset = (unsigned long)page - (unsigned long)mem_map;

	return offset % sizeof(*page) == 0 &&
	       offset / sizeof(*page) < mem_map_end - mem_map_start;
}

/* B1, B2, B5 of one free block. */
static void
verify_free_block(struct verify *v, const struct zone *zone,
		  const struct page *page, unsigned order, unsigned type)
{
	unsigned long index = page - mem_map, i;
	const struct page *buddy = mem_map + (index ^ 1UL << order);

	VERIFY(v, page->flags == ((u32)zone->index << PAGE_ZONE_SHIFT |
				  order << PAGE_ORDER_SHIFT | PAGE_STATE_FREE),
	       "B1", "pfn %#lx on %s's list of order %u has flags %#x",
	       PFN(page), zone->name, order, page->flags);
	VERIFY(v, page->free.migratetype == type, "B1",
	       "pfn %#lx on the %s list says %u", PFN(page),
	       migratetype_names[type], page->free.migratetype);
	VERIFY(v, IS_ALIGNED(index, 1UL << order), "B1",
	       "pfn %#lx is not aligned to order %u", PFN(page), order);
	VERIFY(v, page_to_pfn(page) >= zone->start_pfn &&
		  page_to_pfn(page) + (1UL << order) <= zone_end_pfn(zone),
	       "B1", "pfn %#lx of order %u is not inside %s", PFN(page),
	       order, zone->name);
	for (i = 0; i < 1UL << order; i += PAGEBLOCK_NR_PAGES)
		VERIFY(v, page_pageblock_type(page + i) == type, "B5",
		       "pfn %#lx on the %s list, its pageblock is of type %u",
		       PFN(page + i), migratetype_names[type],
		       page_pageblock_type(page + i));
	if (order == MAX_ORDER || buddy->flags != page->flags)
		return;
	VERIFY(v, page_pageblock_type(buddy) != type &&
		  !(migratetype_mixes(type) &&
		    migratetype_mixes(page_pageblock_type(buddy))),
	       "B2", "pfn %#lx and its buddy %#lx are both free, order %u",
	       PFN(page), PFN(buddy), order);
}

/* One list: each block, and B3. Returns frames on it. */
static unsigned long
verify_free_list(struct verify *v, struct zone *zone, unsigned order,
		 unsigned type)
{
	struct free_area *area = &zone->free_area[order];
	unsigned long nr = 0, bound = zone->spanned_pages + 1;
	struct list_head *p, *head = &area->free_list[type];
	struct page *page;

	for (p = head->next; p != head && nr < bound; p = p->next) {
		page = list_entry(p, struct page, free.list);
		if (!page_plausible(page) || p->prev->next != p) {
			verify_bad(v, "B1", "%s order %u %s: the list is "
				   "broken after %lu blocks", zone->name,
				   order, migratetype_names[type], nr);
			return nr << order;
		}
		verify_free_block(v, zone, page, order, type);
		nr++;
	}
	VERIFY(v, nr == area->nr_free[type], "B3",
	       "%s order %u %s: %lu blocks on the list, nr_free says %u",
	       zone->name, order, migratetype_names[type], nr,
	       area->nr_free[type]);
	VERIFY(v, !nr == !(zone->order_mask[type] >> order & 1), "B3",
	       "%s order %u %s: %lu blocks, but order_mask is %#x",
	       zone->name, order, migratetype_names[type], nr,
	       zone->order_mask[type]);
	return nr << order;
}

static void
verify_zone_lists(struct verify *v, struct zone *zone)
{
	unsigned long frames[MIGRATE_TYPES] = { 0 }, counted = 0;
	unsigned order, type;

	for (type = 0; type < MIGRATE_TYPES; type++) {
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			frames[type] += verify_free_list(v, zone, order, type);
		if (migratetype_counts(type))
			counted += frames[type];
	}
	VERIFY(v, counted == zone->nr_free, "B4",
	       "%s: %lu frames on the lists, nr_free says %lu", zone->name,
	       counted, zone->nr_free);
	VERIFY(v, frames[MIGRATE_CMA] == zone->nr_free_cma, "B4",
	       "%s: %lu CMA frames on the lists, nr_free_cma says %lu",
	       zone->name, frames[MIGRATE_CMA], zone->nr_free_cma);
}

void
buddy_verify(struct verify *v)
{
	struct zone *zone;
	unsigned long flags;
	unsigned i;

	for_each_zone(zone, i) {
		flags = spin_lock_irqsave(&zone->lock);
		verify_zone_lists(v, zone);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
}

/* One magazine: L1 and L2. */
static void
verify_magazine(struct verify *v, const struct zone_pcp *pcp,
		const struct page *page, unsigned nr, unsigned order,
		unsigned cpu)
{
	const char *name = pcp->zone->name;
	unsigned found = 0;

	for (; page && found <= nr; page = page->pcp.next, found++) {
		if (!page_plausible(page)) {
			verify_bad(v, "L1", "core %u %s order %u: the magazine "
				   "is broken after %u blocks", cpu, name,
				   order, found);
			return;
		}
		VERIFY(v, page->flags == ((u32)pcp->zone->index <<
					  PAGE_ZONE_SHIFT |
					  order << PAGE_ORDER_SHIFT |
					  PAGE_STATE_ISOLATED),
		       "L2", "core %u %s order %u: pfn %#lx has flags %#x",
		       cpu, name, order, PFN(page), page->flags);
		VERIFY(v, atomic_read(&page->refcount) == 0, "L2",
		       "core %u %s: pfn %#lx has %d references", cpu, name,
		       PFN(page), (int)atomic_read(&page->refcount));
	}
	VERIFY(v, found == nr, "L1",
	       "core %u %s order %u: %u blocks in a magazine, %u counted",
	       cpu, name, order, found, nr);
	VERIFY(v, nr <= max(pcp->batch[order], 1u), "L1",
	       "core %u %s order %u: %u blocks in a magazine of %u", cpu,
	       name, order, nr, pcp->batch[order]);
}

static void
verify_pcp(struct verify *v, const struct zone_pcp *pcp, unsigned cpu)
{
	const struct pcp_stack *s;
	unsigned order, type;

	for (order = 0; order < PCP_ORDERS; order++) {
		for (type = 0; type < MIGRATE_PCPTYPES; type++) {
			s = &pcp->stack[order][type];
			verify_magazine(v, pcp, s->loaded, s->nr_loaded,
					order, cpu);
			verify_magazine(v, pcp, s->previous, s->nr_previous,
					order, cpu);
		}
		s = &pcp->stack[order][MIGRATE_PCPTYPES];
		VERIFY(v, !s->loaded && !s->previous, "L3",
		       "core %u %s order %u: blocks of no type", cpu,
		       pcp->zone->name, order);
	}
}

void
pcp_verify(struct verify *v)
{
	unsigned long flags = local_irq_save();
	struct zone *zone;
	unsigned i, cpu;

	for_each_zone(zone, i) {
		for_each_possible_cpu(cpu)
			verify_pcp(v, zone->pcp[cpu], cpu);
	}
	local_irq_restore(flags);
}
