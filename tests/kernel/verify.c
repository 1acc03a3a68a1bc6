/* SPDX-License-Identifier: MIT */
/*
 * mm_verify_all() sees what it says it sees: each rule is broken by hand, the
 * complaint is awaited, and the damage is repaired.
 *
 * All of it with interrupts off on one core, and with what the other cores
 * would touch left alone: nothing runs that could meet the damage.
 */
#include <asm/irqflags.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include "page_helpers.h"

/* Nothing runs meanwhile that could meet the damage. */
#define CAUGHT_ALONE(t, rule, break_it, repair_it) do {			\
	unsigned long flags_ = local_irq_save();			\
									\
	EXPECT_CAUGHT(t, rule, break_it, repair_it);			\
	local_irq_restore(flags_);					\
} while (0)

/* A free block below the largest order, in no special pageblock. */
static struct page *
some_free_block(struct zone **zone, unsigned *order)
{
	unsigned i, o, type;
	struct list_head *list;

	for_each_zone(*zone, i) {
		for (o = 1; o < PAGEBLOCK_ORDER; o++) {
			for (type = 0; type < MIGRATE_PCPTYPES; type++) {
				list = &(*zone)->free_area[o].free_list[type];
				*order = o;
				if (!list_empty(list))
					return list_first_entry(list,
						struct page, free.list);
			}
		}
	}
	return NULL;
}

static void
b1_flags_of_a_free_block(struct test *t)
{
	struct zone *zone;
	unsigned order;
	struct page *page = some_free_block(&zone, &order);
	u32 flags;

	ASSERT(t, page != NULL);
	flags = page->flags;
	CAUGHT_ALONE(t, "B1", page->flags |= PG_dirty, page->flags = flags);
	CAUGHT_ALONE(t, "B1", page->flags += 1u << PAGE_ORDER_SHIFT,
		      page->flags = flags);
	CAUGHT_ALONE(t, "B1", page->flags ^= 1u << PAGE_ZONE_SHIFT,
		      page->flags = flags);
	CAUGHT_ALONE(t, "B1", page->free.migratetype ^= 1,
		      page->free.migratetype ^= 1);
}

static void
b1_a_list_that_is_broken(struct test *t)
{
	struct zone *zone;
	unsigned order;
	struct page *page = some_free_block(&zone, &order);
	struct list_head *next;

	ASSERT(t, page != NULL);
	next = page->free.list.next;
	CAUGHT_ALONE(t, "B1", page->free.list.next = (void *)0xc0000004,
		      page->free.list.next = next);
	/* A list that leads to itself ends, and is not endless. */
	CAUGHT_ALONE(t, "B3", page->free.list.next = &page->free.list;
		      page->free.list.prev->next = &page->free.list,
		      page->free.list.next = next);
}

/* Two halves of a block on the list: they should have been merged. */
static void
b2_buddies_side_by_side(struct test *t)
{
	struct zone *zone;
	unsigned order, type;
	struct page *page = some_free_block(&zone, &order), *half;

	ASSERT(t, page != NULL);
	type = page->free.migratetype;
	half = page + (1UL << (order - 1));
	CAUGHT_ALONE(t, "B2",
		      buddy_list_del(zone, page, order);
		      page_set_state(page, PAGE_STATE_TAIL);
		      buddy_list_add(zone, page, order - 1, type);
		      buddy_list_add(zone, half, order - 1, type),
		      buddy_list_del(zone, page, order - 1);
		      buddy_list_del(zone, half, order - 1);
		      page_set_state(half, PAGE_STATE_TAIL);
		      buddy_list_add(zone, page, order, type));
}

static void
b3_lengths_of_lists(struct test *t)
{
	struct zone *zone;
	unsigned order;
	struct page *page = some_free_block(&zone, &order);
	unsigned type;

	ASSERT(t, page != NULL);
	type = page->free.migratetype;
	CAUGHT_ALONE(t, "B3", zone->free_area[order].nr_free[type]++,
		      zone->free_area[order].nr_free[type]--);
	CAUGHT_ALONE(t, "B3", zone->order_mask[type] ^= 1u << order,
		      zone->order_mask[type] ^= 1u << order);
	CAUGHT_ALONE(t, "B3", zone->order_mask[MIGRATE_CMA] |= 1,
		      zone->order_mask[MIGRATE_CMA] &= ~1u);
}

static void
b4_frames_counted_free(struct test *t)
{
	struct zone *zone = find_zone(ZONE_NORMAL);

	CAUGHT_ALONE(t, "B4", zone->nr_free++, zone->nr_free--);
	CAUGHT_ALONE(t, "B4", zone->nr_free--, zone->nr_free++);
	CAUGHT_ALONE(t, "B4", zone->nr_free_cma++, zone->nr_free_cma--);
}

static void
b5_a_block_on_another_types_list(struct test *t)
{
	struct zone *zone;
	unsigned order, type;
	struct page *page = some_free_block(&zone, &order);

	ASSERT(t, page != NULL);
	type = page_pageblock_type(page);
	CAUGHT_ALONE(t, "B5", pageblock_set_type(page, type ^ 1),
		      pageblock_set_type(page, type));
}

static void
b6_a_free_head_that_is_on_no_list(struct test *t)
{
	struct zone *zone;
	unsigned order, type;
	struct page *page = some_free_block(&zone, &order);

	ASSERT(t, page != NULL);
	type = page->free.migratetype;
	CAUGHT_ALONE(t, "B6", buddy_list_del(zone, page, order),
		      buddy_list_add(zone, page, order, type));
}

static void
l_rules_of_magazines(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct page *under = alloc_page(GFP_KERNEL);
	unsigned long flags;
	struct zone_pcp *pcp;
	struct pcp_stack *s;
	unsigned batch;

	ASSERT(t, page != NULL && under != NULL);
	flags = local_irq_save();
	pcp = page_zone(page)->pcp[smp_processor_id()];
	s = &pcp->stack[0][page_pageblock_type(page)];
	batch = pcp->batch[0];
	free_frame(under);
	free_frame(page);
	if (s->loaded != page || s->nr_loaded < 2) {
		local_irq_restore(flags);
		SKIP(t, "the frames' pageblocks are special");
	}
	CAUGHT_ALONE(t, "L1", s->nr_loaded++, s->nr_loaded--);
	CAUGHT_ALONE(t, "L1", s->nr_previous++, s->nr_previous--);
	CAUGHT_ALONE(t, "L1", s->loaded = (void *)0xc0000004,
		      s->loaded = page);
	CAUGHT_ALONE(t, "L1", pcp->batch[0] = s->nr_loaded - 1,
		      pcp->batch[0] = batch);
	CAUGHT_ALONE(t, "L2", page->flags |= PG_lru, page->flags &= ~PG_lru);
	CAUGHT_ALONE(t, "L2", atomic_inc(&page->refcount),
		      atomic_dec(&page->refcount));
	CAUGHT_ALONE(t, "L3", pcp->stack[0][3].previous = page,
		      pcp->stack[0][3].previous = NULL);
	local_irq_restore(flags);
}

static void
s_rules_of_frames(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3), *free;
	u32 flags, tail;
	struct zone *zone;
	unsigned order, i;

	ASSERT(t, page != NULL);
	flags = page->flags;
	tail = page[1].flags;
	for (i = 1; i < 8; i++)
		CAUGHT_ALONE(t, "S1", page[i].flags += PAGE_STATE_KERNEL -
			      PAGE_STATE_TAIL, page[i].flags = tail);
	CAUGHT_ALONE(t, "S1", page->flags -= 1u << PAGE_ORDER_SHIFT,
		      page->flags = flags);
	CAUGHT_ALONE(t, "S1", page->flags |= PAGE_STATE_MASK,
		      page->flags = flags);
	CAUGHT_ALONE(t, "S3", atomic_set(&page->refcount, 0),
		      atomic_set(&page->refcount, 1));
	CAUGHT_ALONE(t, "S4", page->flags -= PAGE_STATE_KERNEL -
		      PAGE_STATE_RESERVED, page->flags = flags);
	free = some_free_block(&zone, &order);
	ASSERT(t, free != NULL);
	CAUGHT_ALONE(t, "S2", atomic_set(&free->mapcount, 1),
		      atomic_set(&free->mapcount, 0));
	CAUGHT_ALONE(t, "S2", atomic_set(&free->refcount, 1),
		      atomic_set(&free->refcount, 0));
	free_frames(page, 3);
}

static void
s4_frames_by_state_add_up(struct test *t)
{
	struct zone *zone = find_zone(ZONE_NORMAL);

	CAUGHT_ALONE(t, "S4", zone->managed_pages--, zone->managed_pages++);
	CAUGHT_ALONE(t, "S4", zone->present_pages--, zone->present_pages++);
	CAUGHT_ALONE(t, "M1", zone->present_pages--, zone->present_pages++);
}

static void
v1_counters_of_the_cores(struct test *t)
{
	struct zone_pcp *pcp = find_zone(ZONE_NORMAL)->pcp[0];

	CAUGHT_ALONE(t, "V1", pcp->nr_alloc[3]++, pcp->nr_alloc[3]--);
	CAUGHT_ALONE(t, "V1", pcp->nr_free[10]++, pcp->nr_free[10]--);
	CAUGHT_ALONE(t, "V1", pcp->nr_in[0]++, pcp->nr_in[0]--);
	CAUGHT_ALONE(t, "V1", pcp->nr_out[1]++, pcp->nr_out[1]--);
}

static void
w1_order_of_watermarks(struct test *t)
{
	struct zone *zone = find_zone(ZONE_NORMAL);
	unsigned long high = zone->watermark[WMARK_HIGH];

	CAUGHT_ALONE(t, "W1", swap(zone->watermark[WMARK_MIN],
				    zone->watermark[WMARK_LOW]),
		      swap(zone->watermark[WMARK_MIN],
			   zone->watermark[WMARK_LOW]));
	CAUGHT_ALONE(t, "W1", zone->watermark[WMARK_HIGH] = 0x40000000,
		      zone->watermark[WMARK_HIGH] = high);
	CAUGHT_ALONE(t, "W1", zone->watermark[WMARK_HIGH] = 1,
		      zone->watermark[WMARK_HIGH] = high);
}

static void
p1_types_of_pageblocks(struct test *t)
{
	struct zone *zone = find_zone(ZONE_NORMAL);
	struct page *page = pfn_to_page(zone->start_pfn);
	unsigned type = page_pageblock_type(page);

	CAUGHT_ALONE(t, "P1", pageblock_set_type(page, MIGRATE_TYPES),
		      pageblock_set_type(page, type));
	CAUGHT_ALONE(t, "P1", zone->nr_isolated_blocks++,
		      zone->nr_isolated_blocks--);
	CAUGHT_ALONE(t, "P1", zone->nr_highatomic += 256,
		      zone->nr_highatomic -= 256);
}

static void
z1_sizes_of_zones(struct test *t)
{
	struct zone *zone = find_zone(ZONE_NORMAL);
	struct zone *dma = find_zone(ZONE_DMA);
	unsigned long managed = zone->managed_pages;

	CAUGHT_ALONE(t, "Z1", zone->managed_pages = zone->present_pages + 1,
		      zone->managed_pages = managed);
	if (dma && dma->spanned_pages)
		CAUGHT_ALONE(t, "Z1", dma->spanned_pages++,
			      dma->spanned_pages--);
}

static void
bad_module(struct verify *v)
{
	verify_bad(v, "X9", "a module of the test says no");
}

static void
registered_modules_are_asked(struct test *t)
{
	static struct verify_module module = { .name = "test" };
	static bool registered;

	module.fn = bad_module;
	if (!registered)
		verify_register(&module);
	registered = true;
	EXPECT(t, verify_catches("X9"));
	module.fn = zone_verify;	/* it stays registered, and content */
	EXPECT_VERIFIED(t);
}

TEST_SUITE("verify",
	   TEST_CASE(b1_flags_of_a_free_block),
	   TEST_CASE(b1_a_list_that_is_broken),
	   TEST_CASE(b2_buddies_side_by_side),
	   TEST_CASE(b3_lengths_of_lists),
	   TEST_CASE(b4_frames_counted_free),
	   TEST_CASE(b5_a_block_on_another_types_list),
	   TEST_CASE(b6_a_free_head_that_is_on_no_list),
	   TEST_CASE(l_rules_of_magazines),
	   TEST_CASE(s_rules_of_frames),
	   TEST_CASE(s4_frames_by_state_add_up),
	   TEST_CASE(v1_counters_of_the_cores),
	   TEST_CASE(w1_order_of_watermarks),
	   TEST_CASE(p1_types_of_pageblocks),
	   TEST_CASE(z1_sizes_of_zones),
	   TEST_CASE(registered_modules_are_asked));
