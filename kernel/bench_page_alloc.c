/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of the page allocator.
 *
 * Hot pair   allocate and free again at once: the block comes from where it
 *            was just put, a core's own list for small orders, the zone's
 *            free list for large ones.
 * Burst      1000 allocations, then 1000 frees: the core's list runs empty
 *            and full, so the mean holds the cost of refilling and draining
 *            it, and the worst sample shows that a batch is bounded.
 */
#include <kernel/bench.h>
#include <mm/gfp.h>

#define BURST	BENCH_ITERATIONS

static struct page *burst[BURST];

static void
order_0_pair(struct bench *b)
{
	BENCH_LOOP(b, free_frame(alloc_page(GFP_KERNEL)));
}

static void
order_0_zeroed_pair(struct bench *b)
{
	BENCH_LOOP(b, free_frame(alloc_page(GFP_KERNEL | __GFP_ZERO)));
}

static void
order_1_pair(struct bench *b)
{
	BENCH_LOOP(b, free_frames(alloc_pages(GFP_KERNEL, 1), 1));
}

static void
order_3_pair(struct bench *b)
{
	BENCH_LOOP(b, free_frames(alloc_pages(GFP_KERNEL, 3), 3));
}

static void
order_4_pair(struct bench *b)
{
	BENCH_LOOP(b, free_frames(alloc_pages(GFP_KERNEL, 4), 4));
}

static void
order_10_pair(struct bench *b)
{
	BENCH_LOOP(b, free_frames(alloc_pages(GFP_KERNEL, 10), 10));
}

static void
burst_fill(void)
{
	for (unsigned i = 0; i < BURST; i++)
		burst[i] = alloc_page(GFP_KERNEL);
}

static void
burst_empty(void)
{
	for (unsigned i = 0; i < BURST; i++) {
		if (burst[i])
			free_frame(burst[i]);
	}
}

static void
order_0_burst_alloc(struct bench *b)
{
	bench_begin(b);
	burst_fill();
	bench_end(b);
	burst_empty();
	for (unsigned i = 0; i < BURST; i++) {
		bench_sample_begin(b);
		burst[i] = alloc_page(GFP_KERNEL);
		bench_sample_end(b);
	}
	burst_empty();
}

static void
order_0_burst_free(struct bench *b)
{
	burst_fill();
	bench_begin(b);
	burst_empty();
	bench_end(b);
	burst_fill();
	for (unsigned i = 0; i < BURST; i++) {
		if (!burst[i])
			continue;
		bench_sample_begin(b);
		free_frame(burst[i]);
		bench_sample_end(b);
	}
}

BENCH_SUITE("page_alloc",
	BENCH_CASE("order 0 hot pair", order_0_pair),
	BENCH_CASE("order 0 zeroed hot pair", order_0_zeroed_pair),
	BENCH_CASE("order 1 hot pair", order_1_pair),
	BENCH_CASE("order 3 hot pair", order_3_pair),
	BENCH_CASE("order 4 hot pair", order_4_pair),
	BENCH_CASE("order 10 hot pair", order_10_pair),
	BENCH_CASE("order 0 burst alloc", order_0_burst_alloc),
	BENCH_CASE("order 0 burst free", order_0_burst_free));
