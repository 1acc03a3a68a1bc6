/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks: what an operation costs, and how exactly that is known.
 *
 * Ideas
 *   Clock    under -icount shift=0 one instruction is one nanosecond of
 *            virtual time, and the clock that ktime_get_ns() reads ticks
 *            once in ten. So a difference of two readings is exact to ten
 *            instructions, and a batch of 1000 operations to a hundredth of
 *            one.
 *   Mean     (batch - empty batch) / iterations: exact.
 *   Samples  each operation timed alone: the median says what is usual, the
 *            worst what may happen. Reading the clock twice costs some
 *            instructions itself; the median of empty samples is taken off.
 *
 *		time --|read|  op  |read|  op  |read| ...
 *		         '----------'  sample = op + one reading
 *
 *   Masked   interrupts are masked from the first batch to the end of the
 *            case, so a sample holds the operation alone and runs repeat to
 *            the instruction. A case must not sleep inside its loop.
 *
 * Output    one line for a case, for people and for tools/bench; a case may
 *	     add figures that are no costs:
 *
 *	bench page_alloc "order 0 hot pair" mean 118.0 median 110 worst 240
 *	note slab "bursts" "pages at peak" 152
 *
 * State     samples[] is static: one benchmark runs at a time.
 */
#include <asm/irqflags.h>
#include <kernel/bench.h>
#include <kernel/init.h>
#include <kernel/monitor.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>

#define MAX_SAMPLES	1024

extern const struct bench_suite __benches_start[], __benches_end[];

static u32 samples[MAX_SAMPLES];
static char bench_list[128];

static struct {
	u64 batch_x10;		/* an empty iteration, in tenths */
	u32 sample;		/* an empty sample */
} empty;

/*
 * Begin a batch; interrupts are masked from here to the end of the case. Not
 * so in debug builds, whose checks would complain about GFP_KERNEL there,
 * and whose figures mean little anyway.
 */
void
bench_begin(struct bench *b)
{
#ifdef VELLUM_DEBUG
	const bool mask = false;
#else
	const bool mask = true;
#endif

	if (mask && !b->masked) {
		b->flags = local_irq_save();
		b->masked = true;
	}
	b->nr_samples = b->nr_seen = 0;
	b->worst = 0;
	b->start = ktime_get_ns();
}

void
bench_end(struct bench *b)
{
	b->total = ktime_get_ns() - b->start;
}

void
bench_rest(struct bench *b)
{
	if (b->masked)
		local_irq_restore(b->flags);
	b->masked = false;
}

void
bench_note(struct bench *b, const char *name, unsigned long value)
{
	assert(b->nr_notes < BENCH_NOTES);
	b->notes[b->nr_notes++] = (struct bench_note){ name, value };
}

void
bench_sample_begin(struct bench *b)
{
	b->start = ktime_get_ns();
}

void
bench_sample_end(struct bench *b)
{
	u32 ns = (u32)(ktime_get_ns() - b->start);

	if (b->nr_seen++ % b->stride == 0 && b->nr_samples < MAX_SAMPLES)
		samples[b->nr_samples++] = ns;
	b->worst = max(b->worst, ns);
}

/* Sort n samples: Shell's method with halved gaps; n is small. */
static void
bench_sort(u32 *v, unsigned n)
{
	unsigned gap, i, j;

	for (gap = n / 2; gap; gap /= 2) {
		for (i = gap; i < n; i++) {
			u32 x = v[i];

			for (j = i; j >= gap && v[j - gap] > x; j -= gap)
				v[j] = v[j - gap];
			v[j] = x;
		}
	}
}

static u32
bench_median(unsigned n)
{
	if (!n)
		return 0;
	bench_sort(samples, n);
	return samples[n / 2];
}

static u32
bench_less(u32 a, u32 b)
{
	return a > b ? a - b : 0;
}

/* Run fn as a case and compute its figures. */
static void
bench_case_run(struct bench *b, void (*fn)(struct bench *b))
{
	u64 mean_x10;

	b->iterations = BENCH_ITERATIONS;
	b->stride = 1;
	b->masked = false;
	b->total = 0;
	fn(b);
	bench_rest(b);
	mean_x10 = b->iterations ? b->total * 10 / b->iterations : 0;
	b->mean_x10 = (u32)mean_x10;
	b->median = bench_median(b->nr_samples);
}

static void
bench_nothing(struct bench *b)
{
	BENCH_LOOP(b, barrier());
}

/* Measure the loop and the clock, so that they can be taken off. */
static void
bench_calibrate(void)
{
	struct bench b = { .suite = "bench", .name = "empty" };

	bench_case_run(&b, bench_nothing);
	empty.batch_x10 = b.mean_x10;
	empty.sample = b.median;
}

static void
bench_report(const char *suite, const struct bench_case *c)
{
	struct bench b = { .suite = suite, .name = c->name };
	u64 empty_x10 = empty.batch_x10;

	bench_case_run(&b, c->fn);
	b.overhead = empty.sample;
	if (b.taken_off)
		empty_x10 = b.taken_off * 10 / b.iterations;
	b.mean_x10 = bench_less(b.mean_x10, (u32)empty_x10);
	b.median = bench_less(b.median, empty.sample);
	b.worst = bench_less(b.worst, empty.sample);
	console_printf("bench %s \"%s\" mean %u.%u median %u worst %u\n",
		       suite, c->name, b.mean_x10 / 10, b.mean_x10 % 10,
		       b.median, b.worst);
	for (unsigned i = 0; i < b.nr_notes; i++)
		console_printf("note %s \"%s\" \"%s\" %lu\n", suite, c->name,
			       b.notes[i].name, b.notes[i].value);
}

/* Is name one of the words of list? "all" is every name. */
static bool
bench_selected(const char *list, const char *name)
{
	size_t n = strlen(name), len;
	const char *end;

	for (;; list = end + 1) {
		end = strchr(list, ',');
		if (!end)
			end = list + strlen(list);
		len = (size_t)(end - list);
		if (len == 3 && strncmp(list, "all", 3) == 0)
			return true;
		if (len == n && strncmp(list, name, n) == 0)
			return true;
		if (!*end)
			return false;
	}
}

/*
 * The n-th suite in link order, or NULL behind the last.
 */
const struct bench_suite *
bench_suite_at(unsigned n)
{
	const struct bench_suite *suite = __benches_start + n;

	return suite < __benches_end ? suite : NULL;
}

/*
 * Run the suites of the list; one line each case on the console.
 * Context: a kernel thread, interrupts on.
 * Returns how many cases ran.
 */
unsigned
bench_run(const char *list)
{
	const struct bench_suite *suite;
	unsigned n, i, ran = 0;

	bench_calibrate();
	console_printf("# bench: taken off: loop %u.%u, clock %u ns\n",
		       (unsigned)empty.batch_x10 / 10,
		       (unsigned)empty.batch_x10 % 10, empty.sample);
	for (n = 0; (suite = bench_suite_at(n)); n++) {
		if (!bench_selected(list, suite->name))
			continue;
		for (i = 0; i < suite->nr_cases; i++) {
			if (monitor_interrupted())
				return ran;
			bench_report(suite->name, &suite->cases[i]);
			ran++;
		}
	}
	return ran;
}

static int __init
bench_param(const char *value)
{
	if (!*value)
		value = "all";
	return strscpy(bench_list, value, sizeof(bench_list)) < 0 ? -EINVAL : 0;
}
BOOT_PARAM("bench", bench_param);

/*
 * Run what bench= asked for and end the machine; return if it was not given.
 * The last line tells a reader of the output that it is complete.
 */
void
bench_at_boot(void)
{
	unsigned ran;

	if (!bench_list[0])
		return;
	ran = bench_run(bench_list);
	console_printf("# bench: %u cases\n", ran);
	machine_power_off(ran ? 0 : 1);
}
