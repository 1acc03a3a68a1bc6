/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU page lists: magazines on this core, seen from outside.
 *
 * The cases work on the zone of a first page with interrupts off, so that they
 * stay on one core and nothing else uses its magazines.
 */
#include <asm/irqflags.h>
#include <kernel/smp.h>
#include <mm/vmstat.h>
#include "page_helpers.h"

#define GFP	(GFP_NOWAIT | __GFP_NOWARN)

static struct zone *zone;
static struct zone_pcp *pcp;
static struct pcp_stack *stack;		/* order 0, unmovable */
static unsigned batch;

/* Interrupts off, magazines empty; returns flags for lab_close(). */
static unsigned long
lab_open(void)
{
	unsigned long flags = local_irq_save();
	struct page *page = alloc_page(GFP);

	zone = page_zone(page);
	pcp = zone->pcp[smp_processor_id()];
	stack = &pcp->stack[0][MIGRATE_UNMOVABLE];
	batch = pcp->batch[0];
	free_frame(page);
	drain_local_pages();
	return flags;
}

static void
lab_close(unsigned long flags)
{
	drain_local_pages();
	local_irq_restore(flags);
}

static void
the_frame_freed_last_comes_first(struct test *t)
{
	unsigned long flags = lab_open();
	struct page *a = alloc_page(GFP), *b = alloc_page(GFP);

	free_frame(a);
	free_frame(b);
	EXPECT(t, alloc_page(GFP) == b);
	EXPECT(t, alloc_page(GFP) == a);
	free_frame(a);
	free_frame(b);
	lab_close(flags);
}

static void
a_refill_brings_a_batch(struct test *t)
{
	unsigned long flags = lab_open(), free = zone->nr_free;
	/* Four frames or more at once, unless smaller blocks are to be had. */
	bool small = zone->order_mask[MIGRATE_UNMOVABLE] & 3;
	struct page *page = alloc_page(GFP);

	EXPECT_EQ(t, stack->nr_loaded, batch - 1);
	EXPECT_EQ(t, zone->nr_free, free - batch);
	if (batch == PCP_BATCH_MAX && !small && stack->loaded == page + 1)
		EXPECT(t, stack->loaded->pcp.next == page + 2);
	free_frame(page);
	EXPECT_EQ(t, stack->nr_loaded, batch);
	lab_close(flags);
	EXPECT_EQ(t, zone->nr_free, free);
}

static struct page *taken[3 * PCP_BATCH_MAX];

/* loaded full -> previous; both full -> previous goes to the zone. */
static void
a_full_magazine_moves_on_and_then_out(struct test *t)
{
	unsigned long flags = lab_open(), free;
	unsigned i;

	for (i = 0; i < 3 * batch; i++)
		taken[i] = alloc_page(GFP);
	drain_local_pages();
	free = zone->nr_free;
	for (i = 0; i < 2 * batch; i++)
		free_frame(taken[i]);
	EXPECT_EQ(t, stack->nr_loaded, batch);
	EXPECT_EQ(t, stack->nr_previous, batch);
	EXPECT_EQ(t, zone->nr_free, free);
	free_frame(taken[i++]);
	EXPECT_EQ(t, stack->nr_loaded, 1);
	EXPECT_EQ(t, stack->nr_previous, batch);
	EXPECT_EQ(t, zone->nr_free, free + batch);
	while (i < 3 * batch)
		free_frame(taken[i++]);
	lab_close(flags);
}

/* Whatever the fill, going to and fro by one does not visit the zone. */
static void
no_fill_level_makes_each_call_visit_the_zone(struct test *t)
{
	unsigned long flags = lab_open(), visits;
	unsigned i, level;

	for (level = 0; level < 3 * batch; level++) {
		taken[level] = alloc_page(GFP);
		free_frame(alloc_page(GFP));
		visits = vm_event(PCP_REFILL) + vm_event(PCP_DRAIN);
		for (i = 0; i < 10; i++)
			free_frame(alloc_page(GFP));
		EXPECT_EQ(t, vm_event(PCP_REFILL) + vm_event(PCP_DRAIN),
			  visits);
	}
	while (level--)
		free_frame(taken[level]);
	lab_close(flags);
}

static void
drain_gives_everything_back(struct test *t)
{
	unsigned long flags = lab_open(), free = zone->nr_free;
	unsigned order;

	for (order = 0; order < PCP_ORDERS; order++)
		free_frames(alloc_pages(GFP, order), order);
	EXPECT(t, pcp_count(pcp) > 0);
	drain_local_pages();
	EXPECT_EQ(t, pcp_count(pcp), 0);
	EXPECT_EQ(t, zone->nr_free, free);
	lab_close(flags);
}

/* The frames of a drained magazine are one block again. */
static void
neighbours_go_back_as_one_block(struct test *t)
{
	unsigned long flags = lab_open();
	struct page *head;
	unsigned i;

	for (i = 0; i < batch; i++)
		taken[i] = alloc_page(GFP);
	for (i = 0; i < batch; i++)
		free_frame(taken[i]);
	drain_local_pages();
	head = compound_head(taken[0]);
	EXPECT_EQ(t, page_state(head), PAGE_STATE_FREE);
	if (batch == 16 && IS_ALIGNED(taken[0] - mem_map, 16) &&
	    taken[15] == taken[0] + 15)
		EXPECT(t, page_order(head) >= 4);
	lab_close(flags);
}

static void
frames_of_a_reserved_pageblock_pass_by(struct test *t)
{
	unsigned long flags = lab_open(), free;
	struct page *page = alloc_page(GFP), *other = alloc_page(GFP);
	struct page *block = mem_map + ALIGN_DOWN(page - mem_map, 256);
	unsigned type = page_pageblock_type(page);

	drain_local_pages();
	/* The other one keeps the pageblock from becoming one free block. */
	if (other >= block && other < block + 256) {
		pageblock_move_free(zone, block, MIGRATE_HIGHATOMIC);
		free = zone->nr_free;
		free_frame(page);
		EXPECT_EQ(t, zone->nr_free, free + 1);
		EXPECT_EQ(t, stack->nr_loaded, 0);
		pageblock_move_free(zone, block, type);
	} else {
		free_frame(page);
		t->skip = "two frames in two pageblocks";
	}
	free_frame(other);
	lab_close(flags);
}

static void
hold_one(void *page)
{
	free_frame(*(struct page **)page);
}

/* Freed on another core: it lies in that core's magazine until it drains. */
static void
drain_all_reaches_the_other_cores(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned other = !smp_processor_id();

	if (num_online_cpus() < 2) {
		free_frame(page);
		SKIP(t, "one core");
	}
	drain_all_pages();
	smp_call_function_single(other, hold_one, &page);
	EXPECT_EQ(t, pcp_count(page_zone(page)->pcp[other]), 1);
	EXPECT_EQ(t, page_state(page), PAGE_STATE_ISOLATED);
	drain_all_pages();
	EXPECT_EQ(t, pcp_count(page_zone(page)->pcp[other]), 0);
	EXPECT(t, page_state(page) != PAGE_STATE_ISOLATED);
}

static void
blocks_are_counted_where_they_pass(struct test *t)
{
	unsigned long flags = lab_open();
	u32 allocs = pcp_nr_alloc(pcp, 0), frees = pcp_nr_free(pcp, 0);
	u32 big = pcp_nr_alloc(pcp, 6), big_frees = pcp_nr_free(pcp, 6);
	unsigned i;

	for (i = 0; i < 2 * batch + 1; i++)
		taken[i] = alloc_page(GFP);
	EXPECT_EQ(t, pcp_nr_alloc(pcp, 0), allocs + i);
	EXPECT_EQ(t, pcp_nr_free(pcp, 0), frees);
	while (i)
		free_frame(taken[--i]);
	EXPECT_EQ(t, pcp_nr_free(pcp, 0), frees + 2 * batch + 1);
	drain_local_pages();
	EXPECT_EQ(t, pcp_nr_free(pcp, 0), frees + 2 * batch + 1);
	free_frames(alloc_pages(GFP, 6), 6);
	EXPECT_EQ(t, pcp_nr_alloc(pcp, 6), big + 1);
	EXPECT_EQ(t, pcp_nr_free(pcp, 6), big_frees + 1);
	lab_close(flags);
}

TEST_SUITE("pcp",
	   TEST_CASE(the_frame_freed_last_comes_first),
	   TEST_CASE(a_refill_brings_a_batch),
	   TEST_CASE(a_full_magazine_moves_on_and_then_out),
	   TEST_CASE(no_fill_level_makes_each_call_visit_the_zone),
	   TEST_CASE(drain_gives_everything_back),
	   TEST_CASE(neighbours_go_back_as_one_block),
	   TEST_CASE(frames_of_a_reserved_pageblock_pass_by),
	   TEST_CASE(drain_all_reaches_the_other_cores),
	   TEST_CASE(blocks_are_counted_where_they_pass));
