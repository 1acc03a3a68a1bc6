/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU page lists: magazines on this core, seen from outside.
 *
 * The cases work on the zone of a first page with interrupts off, so that they
 * stay on one core and nothing else uses its magazines.
 */
#include <asm/irqflags.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <mm/lru.h>
#include <mm/page_alloc.h>
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

/* Frames of the zone in blocks that are smaller than a whole magazine. */
static unsigned
odd_frames(void)
{
	unsigned order, sum = 0;

	for (order = 0; 1u << order < PCP_BATCH_MAX; order++)
		sum += zone->free_area[order].nr_free[MIGRATE_UNMOVABLE]
		       << order;
	return sum;
}

static void
a_refill_brings_a_batch(struct test *t)
{
	unsigned long flags = lab_open(), free = zone->nr_free;
	unsigned odd = odd_frames();
	struct page *page = alloc_page(GFP);

	EXPECT(t, stack->nr_loaded < batch);
	EXPECT_EQ(t, zone->nr_free, free - stack->nr_loaded - 1);
	if (batch == PCP_BATCH_MAX && !odd) {
		EXPECT_EQ(t, stack->nr_loaded, batch - 1);
		EXPECT(t, stack->loaded == page + 1);
		EXPECT(t, stack->loaded->pcp.next == page + 2);
	}
	free_frame(page);
	lab_close(flags);
	EXPECT_EQ(t, zone->nr_free, free);
}

static struct page *taken[3 * PCP_BATCH_MAX];

/* A block of 16 as single pages in taken[]. False: there is none. */
static bool
take_block(void)
{
	struct page *head = alloc_pages(GFP, 4);

	if (!head)
		return false;
	split_page(head, 4);
	for (unsigned i = 0; i < PCP_BATCH_MAX; i++)
		taken[i] = head + i;
	return true;
}

/*
 *	zone:  [odd] [held] ...	  [16 frames]	   the next refill: the odd ones
 *	the magazine starts with them, and the block is whole for the refill
 *	after that
 */
static void
a_refill_breaks_no_block_to_fill_up(struct test *t)
{
	unsigned long flags = lab_open();
	bool ready = batch == PCP_BATCH_MAX && take_block();
	struct page *page;
	unsigned i, odd;

	if (!ready) {
		lab_close(flags);
		SKIP(t, "the zone is too small for whole magazines");
	}
	free_frame(taken[0]);
	drain_local_pages();
	odd = odd_frames();
	EXPECT(t, odd > 0);
	page = alloc_page(GFP);
	if (odd < batch) {
		EXPECT_EQ(t, stack->nr_loaded + 1, odd);
		EXPECT_EQ(t, odd_frames(), 0);
	}
	free_frame(page);
	for (i = 1; i < PCP_BATCH_MAX; i++)
		free_frame(taken[i]);
	lab_close(flags);
}

/* release_pages() of a whole block: nothing of it goes into a magazine. */
static void
sixteen_in_a_row_are_freed_as_a_block(struct test *t)
{
	unsigned long flags = lab_open(), free;
	u32 frees = pcp_nr_free(pcp, 0);

	if (!take_block()) {
		lab_close(flags);
		SKIP(t, "no block of 16");
	}
	drain_local_pages();
	free = zone->nr_free;
	release_pages(taken, PCP_BATCH_MAX);
	EXPECT_EQ(t, stack->nr_loaded, 0);
	EXPECT_EQ(t, zone->nr_free, free + PCP_BATCH_MAX);
	EXPECT(t, page_state(compound_head(taken[1])) == PAGE_STATE_FREE &&
		  page_order(compound_head(taken[1])) >= 4);
	EXPECT_EQ(t, pcp_nr_free(pcp, 0), frees + PCP_BATCH_MAX);
	lab_close(flags);
}

/* A block with a page in it that cannot be right: the others go all the same. */
static void
a_mistake_in_a_block_is_reported(struct test *t)
{
	unsigned long flags = lab_open();
	unsigned bad = nr_bad_pages;
	static char log[4096];

	if (!take_block()) {
		lab_close(flags);
		SKIP(t, "no block of 16");
	}
	atomic_set(&taken[7]->mapcount, 1);
	log_capture_begin(log, sizeof(log));
	release_pages(taken, PCP_BATCH_MAX);
	log_capture_end();
	EXPECT_EQ(t, nr_bad_pages, bad + 1);
	EXPECT_EQ(t, page_state(taken[7]), PAGE_STATE_KERNEL);
	atomic_set(&taken[7]->mapcount, 0);
	free_frame(taken[7]);
	lab_close(flags);
}

/* Fifteen of them and a stranger are sixteen pages. */
static void
others_are_freed_one_by_one(struct test *t)
{
	unsigned long flags = lab_open();
	struct page *stranger = alloc_page(GFP), *kept;

	if (!take_block()) {
		free_frame(stranger);
		lab_close(flags);
		SKIP(t, "no block of 16");
	}
	kept = taken[7];
	taken[7] = stranger;
	drain_local_pages();
	release_pages(taken, PCP_BATCH_MAX);
	if (batch == PCP_BATCH_MAX)
		EXPECT_EQ(t, stack->nr_loaded, batch);
	EXPECT_EQ(t, page_state(kept), PAGE_STATE_KERNEL);
	free_frame(kept);
	lab_close(flags);
}

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
	   TEST_CASE(a_refill_breaks_no_block_to_fill_up),
	   TEST_CASE(sixteen_in_a_row_are_freed_as_a_block),
	   TEST_CASE(a_mistake_in_a_block_is_reported),
	   TEST_CASE(others_are_freed_one_by_one),
	   TEST_CASE(a_full_magazine_moves_on_and_then_out),
	   TEST_CASE(no_fill_level_makes_each_call_visit_the_zone),
	   TEST_CASE(drain_gives_everything_back),
	   TEST_CASE(neighbours_go_back_as_one_block),
	   TEST_CASE(frames_of_a_reserved_pageblock_pass_by),
	   TEST_CASE(drain_all_reaches_the_other_cores),
	   TEST_CASE(blocks_are_counted_where_they_pass));
