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

#define BENCH_ITERATIONS	1000	/* unless the case says otherwise */
#define BENCH_NOTES		12	/* further figures of one case */

/* A figure beside the costs: pages, bytes, objects. */
struct bench_note {
	const char *name;
	unsigned long value;
};

struct bench {
	const char *suite, *name;
	unsigned iterations;	/* of the loop; a case may set it first */
	unsigned stride;	/* of samples, one in so many counts for the
				   median; a case may set it first */
	u64 taken_off;		/* of the batch, instead of the empty loop;
				   0: that one */
	/* results, in nanoseconds of virtual time = instructions */
	u64 total, overhead;	/* of the batch; of a sample, taken off */
	u32 mean_x10, median, worst;
	struct bench_note notes[BENCH_NOTES];
	unsigned nr_notes;
	/* while it runs */
	u64 start;
	unsigned nr_samples, nr_seen;
	bool masked;		/* interrupts, by bench_begin() */
	unsigned long flags;
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

/*
 * Around a batch of b->iterations operations / around a single one. From
 * bench_begin() to the end of the case interrupts stay masked on this core.
 */
void bench_begin(struct bench *b);
void bench_end(struct bench *b);
void bench_sample_begin(struct bench *b);
void bench_sample_end(struct bench *b);
/* Let interrupts in until the next bench_begin(): for what may sleep. */
void bench_rest(struct bench *b);
/* Report a figure of the case beside its costs; name has to last. */
void bench_note(struct bench *b, const char *name, unsigned long value);

/* Run the suites of the list ("all", "SUITE,SUITE"); how many cases ran. */
unsigned bench_run(const char *list);
/* The n-th suite in link order, or NULL behind the last. */
const struct bench_suite *bench_suite_at(unsigned n);
/* What bench= asked for: run it and end the machine, else return. */
void bench_at_boot(void);

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
