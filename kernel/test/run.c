/* SPDX-License-Identifier: MIT */
/*
 * Test runner: every selected case, checked and reported as KTAP.
 *
 * Ideas
 *   Case     one function. It fails if an expectation failed, and also if it
 *            left something behind, whatever it says of itself:
 *
 *              fn(t) -> spinlocks held? -> interrupts masked? -> warnings?
 *                    -> free pages as before? -> mm_verify_all() clean?
 *                    -> objects that nobody can reach? (kmemleak=on)
 *
 *   Seed     one number for the run (test.seed=, printed first). A case's
 *            own seed is a hash of it with the names of suite and case and
 *            the repetition: a case sees the same numbers alone and in a
 *            full run, so a failure is repeated by running just that case.
 *   KTAP     version 1, one subtest for each suite:
 *
 *              KTAP version 1
 *              1..2
 *                  KTAP version 1
 *                  # Subtest: buddy
 *                  1..2
 *                  ok 1 split_gives_the_low_half
 *                  # tests/kernel/buddy.c:88: n is 3 (0x3), want ...
 *                  not ok 2 merge_goes_up
 *              not ok 1 buddy
 *              ...
 *              # totals: 1 passed, 1 failed, 0 skipped
 *
 * Locks    one thread runs the tests; threads that a case starts count
 *   failures by an atomic addition.
 *
 * Questions a reader asks
 *   Why drain the per-CPU lists before counting?  Because a page on such a
 *   list is free but not counted as free, and which core's list it is on
 *   depends on where the case ran.
 *
 * Sources  Linux, Documentation/dev-tools/ktap.rst.
 */
#ifdef VELLUM_TESTS
#include <asm/irqflags.h>
#include <kernel/lock.h>
#include <kernel/monitor.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/test_run.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/kmemleak.h>
#include <mm/verify.h>

extern const struct test_suite __tests_start[], __tests_end[];

u64 test_seed = 1;
unsigned test_repeat = 1;

/*
 * The n-th suite in link order, or NULL behind the last.
 */
const struct test_suite *
test_suite_at(unsigned n)
{
	const struct test_suite *suite = __tests_start + n;

	return suite < __tests_end ? suite : NULL;
}

/* Does the word [word, end) select this case: all, SUITE or SUITE:CASE? */
static bool
test_word_selects(const char *word, const char *end, const char *suite,
		  const char *name)
{
	size_t len = (size_t)(end - word), n = strlen(suite);

	if (len == 3 && strncmp(word, "all", 3) == 0)
		return true;
	if (len < n || strncmp(word, suite, n) != 0)
		return false;
	if (len == n)
		return true;
	return word[n] == ':' && len - n - 1 == strlen(name) &&
	       strncmp(word + n + 1, name, len - n - 1) == 0;
}

/*
 * Does one word of the comma separated list select this case?
 */
bool
test_selected(const char *list, const char *suite, const char *name)
{
	const char *end;

	for (;; list = end + 1) {
		end = strchr(list, ',');
		if (!end)
			end = list + strlen(list);
		if (test_word_selects(list, end, suite, name))
			return true;
		if (!*end)
			return false;
	}
}

static unsigned
test_count_selected(const char *list, const struct test_suite *suite)
{
	unsigned i, n = 0;

	for (i = 0; i < suite->nr_cases; i++)
		n += test_selected(list, suite->name, suite->cases[i].name);
	return n;
}

/* One step of the splitmix64 generator; its output has no visible pattern. */
static u64
test_mix(u64 x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

static u64
test_hash_text(u64 hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (u8)*text) * 0x100000001b3ull;	/* FNV-1a */
	return test_mix(hash);
}

/*
 * Fill *t for one run of a case.
 */
void
test_prepare(struct test *t, const char *suite, const char *name,
	     unsigned repetition, struct seq_buf *diag)
{
	memset(t, 0, sizeof(*t));
	t->suite = suite;
	t->name = name;
	t->seed = test_hash_text(test_mix(test_seed), suite);
	t->seed = test_mix(test_hash_text(t->seed, name) + repetition);
	t->rng = t->seed;
	t->diag = diag;
}

/*
 * The next number of this case's own sequence.
 */
u32
test_random(struct test *t)
{
	t->rng += 0x9e3779b97f4a7c15ull;
	return (u32)(test_mix(t->rng) >> 32);
}

/*
 * Free pages, with the per-CPU lists drained and what dying threads still
 * hold (stacks, waiting for RCU) given back.
 * Context: may sleep.
 */
unsigned long
test_free_pages(void)
{
	return nr_settled_free_pages();
}

/* Free pages now; patient while they are not as many as expected. */
static unsigned long
test_settled_pages(unsigned long expected)
{
	unsigned long n = test_free_pages();
	unsigned tries;

	for (tries = 0; n != expected && tries < 10; tries++) {
		msleep(10);
		n = test_free_pages();
	}
	return n;
}

/* What a case may not leave: masked interrupts, held locks. */
static void
test_check_context(struct test *t)
{
	if (irqs_disabled()) {
		test_fail(t, t->suite, 0, "returned with interrupts masked");
		local_irq_enable();
	}
	if (lockcheck_depth()) {
		test_fail(t, t->suite, 0, "returned with %u spinlocks held",
			  lockcheck_depth());
		lockcheck_reset();
	}
}

/* A warning that the case did not expect was printed already. */
static void
test_check_warnings(struct test *t, unsigned before)
{
	if (nr_warnings != before)
		test_fail(t, t->suite, 0, "printed %u warnings",
			  nr_warnings - before);
}

/* Does verify() find nothing? What it finds is printed under text. */
static bool
test_finds_nothing(struct test *t, const char *file, int line,
		   bool (*verify)(struct seq_buf *out), const char *text)
{
	static char report[1024];
	struct seq_buf s;

	seq_buf_init(&s, report, sizeof(report));
	if (verify(&s))
		return true;
	test_fail(t, file, line, "%s", text);
	test_diag_lines(t, report);
	return false;
}

static void
test_check_verify(struct test *t)
{
	if (test_finds_nothing(t, t->suite, 0, mm_verify_all,
			       "mm_verify_all() after the case:"))
		test_finds_nothing(t, t->suite, 0, sched_verify,
				   "sched_verify() after the case:");
}

/*
 * For EXPECT_VERIFIED(). What RCU still has to free would be freed while verify
 * looks. A case that has masked interrupts sees to that itself.
 */
bool
test_verified(struct test *t, const char *file, int line)
{
	if (!irqs_disabled())
		rcu_barrier();
	return test_finds_nothing(t, file, line, mm_verify_all,
				  "mm_verify_all():");
}

/*
 * With kmemleak=on: objects that the case left, though nobody knows them. The
 * second scan confirms what the first suspects.
 */
static void
test_check_leaks(struct test *t)
{
#ifdef VELLUM_KMEMLEAK
	static char report[2048];
	struct seq_buf s;
	int found;

	if (!kmemleak_since_boot())
		return;
	kmemleak_set_min_age(0);
	found = kmemleak_scan();
	if (!found && kmemleak_suspects())
		found = kmemleak_scan();
	if (found < 0)
		test_fail(t, t->suite, 0, "kmemleak has ended");
	if (found <= 0)
		return;
	test_fail(t, t->suite, 0, "kmemleak finds %d lost objects:", found);
	seq_buf_init(&s, report, sizeof(report));
	kmemleak_report(&s);
	test_diag_lines(t, report);
	kmemleak_clear();
#else
	(void)t;
#endif
}

/*
 * Run the case and every check that follows it.
 * Context: a kernel thread, interrupts on.
 */
enum test_result
test_case_run(struct test *t, const struct test_case *tc)
{
	unsigned long before = test_free_pages(), after;
	unsigned warnings = nr_warnings;

	test_limit_begin(t);
	tc->fn(t);
	test_check_context(t);
	test_check_warnings(t, warnings);
	if (!tc->may_keep_pages) {
		after = test_settled_pages(before);
		if (after != before)
			test_fail(t, t->suite, 0,
				  "%lu pages free before, %lu after: %s %lu",
				  before, after,
				  after < before ? "leaked" : "gained",
				  after < before ? before - after
						 : after - before);
	}
	test_check_verify(t);
	test_check_leaks(t);
	test_limit_end();
	if (t->nr_failed)
		return TEST_FAILED;
	return t->skip ? TEST_SKIPPED : TEST_PASSED;
}

/* Run one case as often as asked, until it fails; print its KTAP line. */
static enum test_result
test_report_case(const struct test_suite *suite, const struct test_case *tc,
		 unsigned number)
{
	enum test_result result = TEST_PASSED;
	struct test t;
	unsigned i;

	for (i = 0; i < test_repeat && result == TEST_PASSED; i++) {
		test_prepare(&t, suite->name, tc->name, i, NULL);
		result = test_case_run(&t, tc);
	}
	if (result == TEST_FAILED && test_repeat > 1)
		test_info(&t, "in repetition %u of %u", i, test_repeat);
	console_printf("    %sok %u %s%s%s\n",
		       result == TEST_FAILED ? "not " : "", number, tc->name,
		       result == TEST_SKIPPED ? " # SKIP " : "",
		       result == TEST_SKIPPED ? t.skip : "");
	return result;
}

/* Run the selected cases of a suite; false when the user broke it off. */
static bool
test_run_suite(const char *list, const struct test_suite *suite,
	       unsigned number, struct test_totals *sum)
{
	unsigned i, n = 0, failed = sum->failed;

	console_printf("    KTAP version 1\n    # Subtest: %s\n    1..%u\n",
		       suite->name, test_count_selected(list, suite));
	for (i = 0; i < suite->nr_cases; i++) {
		const struct test_case *tc = &suite->cases[i];

		if (!test_selected(list, suite->name, tc->name))
			continue;
		if (monitor_interrupted())
			return false;
		switch (test_report_case(suite, tc, ++n)) {
		case TEST_PASSED:
			sum->passed++;
			break;
		case TEST_FAILED:
			sum->failed++;
			break;
		case TEST_SKIPPED:
			sum->skipped++;
			break;
		}
	}
	console_printf("%sok %u %s\n", sum->failed > failed ? "not " : "",
		       number, suite->name);
	return true;
}

/* Is there a case for this word of the list? */
static bool
test_word_exists(const char *word, const char *end)
{
	const struct test_suite *suite;
	unsigned n, i;

	for (n = 0; (suite = test_suite_at(n)); n++) {
		for (i = 0; i < suite->nr_cases; i++) {
			if (test_word_selects(word, end, suite->name,
					      suite->cases[i].name))
				return true;
		}
	}
	return false;
}

/* Count, and complain about, the words of the list that select nothing. */
static unsigned
test_count_unknown(const char *list)
{
	const char *end;
	unsigned unknown = 0;

	for (;; list = end + 1) {
		end = strchr(list, ',');
		if (!end)
			end = list + strlen(list);
		if (!test_word_exists(list, end)) {
			console_printf("# no suite or case is called "
				       "\"%.*s\"\n",
				       (int)(end - list), list);
			unknown++;
		}
		if (!*end)
			return unknown;
	}
}

/*
 * Run what list selects, print KTAP.
 * Context: a kernel thread, interrupts on.
 * Returns how many cases failed; each unknown word of the list, and being
 * broken off by Ctrl-C, counts as one.
 */
unsigned
test_run(const char *list)
{
	struct test_totals sum = { 0, 0, 0 };
	const struct test_suite *suite;
	unsigned n, plan = 0, number = 0;

	for (n = 0; (suite = test_suite_at(n)); n++)
		plan += test_count_selected(list, suite) != 0;
	console_printf("KTAP version 1\n# test.seed=%llu\n1..%u\n",
		       (unsigned long long)test_seed, plan);
	sum.failed = test_count_unknown(list);
	for (n = 0; (suite = test_suite_at(n)); n++) {
		if (!test_count_selected(list, suite))
			continue;
		if (!test_run_suite(list, suite, ++number, &sum)) {
			console_puts("Bail out! Interrupted\n");
			sum.failed++;
			break;
		}
	}
	console_printf("# totals: %u passed, %u failed, %u skipped\n",
		       sum.passed, sum.failed, sum.skipped);
	return sum.failed;
}
#endif
