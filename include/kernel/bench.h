/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks: cost per operation in instructions.
 *
 * Under -icount shift=0 one instruction is one virtual nanosecond, and the
 * clock ticks once in ten; a benchmark times batches and single calls and
 * reports mean, median and worst. Interrupts are masked while it measures.
 *
 *	static void
 *	page_pair(struct bench *b)
 *	{
 *		BENCH_LOOP(b, free_page(alloc_page(GFP_KERNEL)));
 *	}
 *
 *	BENCH_SUITE("page_alloc", BENCH_CASE("order 0 hot pair", page_pair));
 */
#ifndef KERNEL_BENCH_H
#define KERNEL_BENCH_H

#include <lib/compiler.h>
#include <lib/types.h>

struct bench {
	const char *suite, *name;
	unsigned iterations;	/* of the loop */
	/* results, in nanoseconds of virtual time = instructions */
	u64 total, overhead;
	u32 mean_x10, median, worst;
};

struct bench_case {
	const char *name;
	void (*fn)(struct bench *b);
};

struct bench_suite {
	const char *name;
	const struct bench_case *cases;
	unsigned nr_cases;
};

#define BENCH_CASE(text, func)	{ text, func }
#define BENCH_SUITE(suite_name, ...) \
	static const struct bench_case bench_cases[] = { __VA_ARGS__ }; \
	static const struct bench_suite bench_suite \
	__used __section(".benches") __aligned(4) = \
		{ suite_name, bench_cases, ARRAY_SIZE(bench_cases) }

void bench_begin(struct bench *b);	/* masks interrupts */
void bench_end(struct bench *b);
void bench_sample_begin(struct bench *b);
void bench_sample_end(struct bench *b);

/*
 * Measure op: first as one batch (the mean), then call by call (median and
 * worst). The empty loop is measured the same way and taken off.
 */
#define BENCH_LOOP(b, op) do { \
	bench_begin(b); \
	for (unsigned i_ = 0; i_ < (b)->iterations; i_++) { \
		op; \
	} \
	bench_end(b); \
	for (unsigned i_ = 0; i_ < (b)->iterations; i_++) { \
		bench_sample_begin(b); \
		op; \
		bench_sample_end(b); \
	} \
} while (0)

#endif
