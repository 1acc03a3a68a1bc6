/* SPDX-License-Identifier: MIT */
/*
 * What page allocation costs: hot pairs by order, bursts, and the extremes.
 *
 * A pair allocates a block and frees it at once: its best case, since the
 * block is on top of this core's magazine. A burst takes 1000 blocks before
 * it frees the first: the magazines are refilled and emptied on the way.
 * Interrupts are masked while it measures, so requests do not wait.
 */
#include <kernel/bench.h>
#include <mm/buddy.h>
#include <mm/gfp.h>
#include <mm/pcp.h>
#include <mm/zone.h>

#define BURST	1000

static struct page *burst[BURST];

static void
pair(struct bench *b, gfp_t gfp, unsigned order)
{
	BENCH_LOOP(b, free_frames(alloc_pages(gfp, order), order));
}

static void
pair_order_0(struct bench *b)
{
	pair(b, GFP_NOWAIT, 0);
}

static void
pair_order_1(struct bench *b)
{
	pair(b, GFP_NOWAIT, 1);
}

static void
pair_order_3(struct bench *b)
{
	pair(b, GFP_NOWAIT, 3);
}

static void
pair_order_4(struct bench *b)
{
	pair(b, GFP_NOWAIT, 4);
}

static void
pair_order_10(struct bench *b)
{
	pair(b, GFP_NOWAIT, 10);
}

static void
pair_zeroed(struct bench *b)
{
	pair(b, GFP_NOWAIT | __GFP_ZERO, 0);
}

static void
pair_movable(struct bench *b)
{
	pair(b, GFP_NOWAIT | __GFP_HIGHMEM | __GFP_MOVABLE, 0);
}

static void
burst_free(unsigned order)
{
	unsigned i;

	for (i = 0; i < BURST; i++)
		free_frames(burst[i], order);
}

static void
burst_take(unsigned order)
{
	unsigned i;

	for (i = 0; i < BURST; i++)
		burst[i] = alloc_pages(GFP_NOWAIT, order);
}

/* Mean of a burst; then each call of a second burst by itself. */
static void
burst_alloc(struct bench *b)
{
	unsigned i;

	b->iterations = BURST;
	bench_begin(b);
	for (i = 0; i < BURST; i++)
		burst[i] = alloc_pages(GFP_NOWAIT, 0);
	bench_end(b);
	burst_free(0);
	for (i = 0; i < BURST; i++) {
		bench_sample_begin(b);
		burst[i] = alloc_pages(GFP_NOWAIT, 0);
		bench_sample_end(b);
	}
	burst_free(0);
}

static void
burst_release(struct bench *b)
{
	unsigned i;

	b->iterations = BURST;
	burst_take(0);
	bench_begin(b);
	for (i = 0; i < BURST; i++)
		free_frames(burst[i], 0);
	bench_end(b);
	burst_take(0);
	for (i = 0; i < BURST; i++) {
		bench_sample_begin(b);
		free_frames(burst[i], 0);
		bench_sample_end(b);
	}
}

/* In an order that merges late: every second one, then the others. */
static void
burst_release_scattered(struct bench *b)
{
	unsigned i;

	b->iterations = BURST;
	burst_take(0);
	bench_begin(b);
	for (i = 0; i < BURST; i++)
		free_frames(burst[i * 2 % BURST + (i >= BURST / 2)], 0);
	bench_end(b);
	burst_take(0);
	for (i = 0; i < BURST; i++) {
		bench_sample_begin(b);
		free_frames(burst[i * 2 % BURST + (i >= BURST / 2)], 0);
		bench_sample_end(b);
	}
}

/* Reading one counter: what a page fault pays for its statistics. */
static void
count_event(struct bench *b)
{
	BENCH_LOOP(b, count_vm_event(PAGEBLOCK_STEAL));
}

/* Everything that this core keeps goes back. */
static void
drain_full(struct bench *b)
{
	b->iterations = 20;
	bench_begin(b);
	for (unsigned i = 0; i < b->iterations; i++)
		drain_local_pages();
	bench_end(b);
	for (unsigned i = 0; i < b->iterations; i++) {
		burst_take(0);
		burst_free(0);
		bench_sample_begin(b);
		drain_local_pages();
		bench_sample_end(b);
	}
}

BENCH_SUITE("page_alloc",
	    BENCH_CASE("order 0 hot pair", pair_order_0),
	    BENCH_CASE("order 0 movable hot pair", pair_movable),
	    BENCH_CASE("order 0 burst of 1000 alloc", burst_alloc),
	    BENCH_CASE("order 0 burst of 1000 free", burst_release),
	    BENCH_CASE("order 0 burst of 1000 free scattered",
		       burst_release_scattered),
	    BENCH_CASE("order 1 hot pair", pair_order_1),
	    BENCH_CASE("order 3 hot pair", pair_order_3),
	    BENCH_CASE("order 4 hot pair", pair_order_4),
	    BENCH_CASE("order 10 hot pair", pair_order_10),
	    BENCH_CASE("order 0 zeroed hot pair", pair_zeroed),
	    BENCH_CASE("count_vm_event", count_event),
	    BENCH_CASE("drain_local_pages", drain_full));
