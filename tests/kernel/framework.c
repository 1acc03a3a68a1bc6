/* SPDX-License-Identifier: MIT */
/*
 * The test framework, tested: each way in which a case can fail is made to
 * happen in an inner case, whose result is looked at here.
 *
 *	outer case (counted)		inner case (not counted)
 *	test_prepare(&in, diag) ----->	fn(&in): EXPECT(false), leak, ...
 *	EXPECT_EQ(FAILED)      <-----	test_case_run(): checks, diagnostics
 *					go to a buffer
 */
#include <asm/irqflags.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <kernel/test_run.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/verify.h>

static char diagnostics[1024];
static struct test inner;
static struct page *kept;

/* Run fn as a case; its diagnostics are in the buffer afterwards. */
static enum test_result
run_inner(void (*fn)(struct test *t), bool may_keep_pages)
{
	struct test_case tc = { "inner", fn, may_keep_pages };
	static struct seq_buf s;

	seq_buf_init(&s, diagnostics, sizeof(diagnostics));
	test_prepare(&inner, "framework", "inner", 0, &s);
	return test_case_run(&inner, &tc);
}

static bool
said(const char *text)
{
	return strstr(diagnostics, text) != NULL;
}

static void
inner_nothing(struct test *t)
{
	(void)t;
}

static void
inner_two_failures(struct test *t)
{
	int four = 4;

	EXPECT(t, four == 5);
	EXPECT_EQ(t, four, 6);
	EXPECT_EQ(t, four, 4);
}

static void
inner_assert(struct test *t)
{
	ASSERT_EQ(t, 1, 2);
	EXPECT(t, false);
}

static void
inner_skip(struct test *t)
{
	SKIP(t, "no reason");
}

static void
inner_leak(struct test *t)
{
	kept = alloc_page(GFP_KERNEL);
	ASSERT(t, kept);
}

static void
inner_gain(struct test *t)
{
	(void)t;
	free_frame(kept);
}

static void
inner_masked(struct test *t)
{
	(void)t;
	local_irq_disable();
}

static DEFINE_SPINLOCK(left_lock, LOCK_TEST);

static void
inner_locked(struct test *t)
{
	(void)t;
	spin_lock(&left_lock);
}

static void
call_nothing(void *arg)
{
	(void)arg;
}

static void
call_panic(void *arg)
{
	panic("teapot %d", *(int *)arg);
}

static void
inner_no_report(struct test *t)
{
	EXPECT_REPORT(t, call_nothing, NULL, "teapot");
}

static void
inner_other_report(struct test *t)
{
	int n = 418;

	EXPECT_REPORT(t, call_panic, &n, "teapot 419");
}

static bool rule_broken;

static void
rule_verify(struct verify *v)
{
	VERIFY(v, !rule_broken, "F1", "the framework's own rule");
}

static struct verify_module rule_module = { "framework", rule_verify, NULL };

static void
inner_break_rule(struct test *t)
{
	(void)t;
	rule_broken = true;
}

static void
a_case_that_does_nothing_passes(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_nothing, false), TEST_PASSED);
	EXPECT_EQ(t, inner.nr_failed, 0);
	EXPECT_EQ(t, diagnostics[0], '\0');
}

static void
each_failed_expectation_is_counted_and_said(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_two_failures, false), TEST_FAILED);
	EXPECT_EQ(t, inner.nr_failed, 2);
	EXPECT(t, said("framework.c:"));
	EXPECT(t, said("four == 5"));
	EXPECT(t, said("four is 4 (0x4), want 6 = 6 (0x6)"));
}

static void
a_failed_assertion_ends_the_case(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_assert, false), TEST_FAILED);
	EXPECT_EQ(t, inner.nr_failed, 1);
}

static void
a_skipped_case_gives_its_reason(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_skip, false), TEST_SKIPPED);
	EXPECT_EQ(t, strcmp(inner.skip, "no reason"), 0);
}

static void
a_leaked_page_fails_the_case(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_leak, false), TEST_FAILED);
	EXPECT(t, said("leaked 1"));
	free_frame(kept);
}

static void
a_page_too_many_fails_the_case(struct test *t)
{
	kept = alloc_page(GFP_KERNEL);
	ASSERT(t, kept);
	EXPECT_EQ(t, run_inner(inner_gain, false), TEST_FAILED);
	EXPECT(t, said("gained 1"));
}

static void
a_case_that_may_keep_pages_passes(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_leak, true), TEST_PASSED);
	free_frame(kept);
}

static void
masked_interrupts_fail_the_case(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_masked, false), TEST_FAILED);
	EXPECT(t, said("interrupts masked"));
	EXPECT(t, !irqs_disabled());
}

static void
a_held_spinlock_fails_the_case(struct test *t)
{
#ifndef VELLUM_DEBUG
	SKIP(t, "release builds do not count held locks");
#endif
	EXPECT_EQ(t, run_inner(inner_locked, false), TEST_FAILED);
	EXPECT(t, said("1 spinlocks held"));
	spin_lock_init(&left_lock, LOCK_TEST);
}

static void
a_broken_rule_fails_the_case(struct test *t)
{
	static bool registered;

	if (!registered)
		verify_register(&rule_module);
	registered = true;
	EXPECT_EQ(t, run_inner(inner_break_rule, false), TEST_FAILED);
	rule_broken = false;
	EXPECT(t, said("mm_verify_all()"));
	EXPECT(t, said("the framework's own rule"));
}

static void
a_missing_report_is_seen(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_no_report, false), TEST_FAILED);
	EXPECT(t, said("no report; expected \"teapot\""));
}

static void
another_report_is_seen(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_other_report, false), TEST_FAILED);
	EXPECT(t, said("another report; expected \"teapot 419\""));
	EXPECT(t, said("teapot 418"));
}

static void
the_expected_report_is_caught(struct test *t)
{
	int n = 7;

	EXPECT_REPORT(t, call_panic, &n, "teapot 7");
	EXPECT(t, !irqs_disabled());
}

static void
a_case_has_its_own_repeatable_numbers(struct test *t)
{
	struct test a, b;

	test_prepare(&a, "suite", "case", 0, NULL);
	test_prepare(&b, "suite", "case", 0, NULL);
	EXPECT_EQ(t, a.seed, b.seed);
	EXPECT_EQ(t, test_random(&a), test_random(&b));
	test_prepare(&b, "suite", "case", 1, NULL);
	EXPECT(t, a.seed != b.seed);
	test_prepare(&b, "suite", "other", 0, NULL);
	EXPECT(t, a.seed != b.seed);
	test_prepare(&b, "suitec", "ase", 0, NULL);
	EXPECT(t, a.seed != b.seed);
}

static void
a_list_selects_suites_and_cases(struct test *t)
{
	EXPECT(t, test_selected("all", "buddy", "x"));
	EXPECT(t, test_selected("buddy", "buddy", "x"));
	EXPECT(t, test_selected("pcp,buddy", "buddy", "x"));
	EXPECT(t, test_selected("buddy:x", "buddy", "x"));
	EXPECT(t, test_selected("buddy:y,buddy:x", "buddy", "x"));
	EXPECT(t, !test_selected("buddy:xy", "buddy", "x"));
	EXPECT(t, !test_selected("buddy:", "buddy", "x"));
	EXPECT(t, !test_selected("budd", "buddy", "x"));
	EXPECT(t, !test_selected("buddyx", "buddy", "x"));
	EXPECT(t, !test_selected("", "buddy", "x"));
}

static void
note_cpu(struct test *t, unsigned cpu, void *arg)
{
	unsigned *seen = arg;

	EXPECT_EQ(t, cpu, smp_processor_id());
	__atomic_fetch_add(&seen[cpu], 1, __ATOMIC_RELAXED);
}

static void
every_core_runs_its_thread_once(struct test *t)
{
	unsigned seen[NR_CPUS] = { 0 }, cpu;

	test_on_all_cpus(t, note_cpu, seen);
	for (cpu = 0; cpu < NR_CPUS; cpu++)
		EXPECT_EQ(t, seen[cpu], cpu_online_mask >> cpu & 1);
}

static void
fail_on_cpu(struct test *t, unsigned cpu, void *arg)
{
	(void)arg;
	test_fail(t, "core", (int)cpu, "as asked");
}

static void
inner_fail_everywhere(struct test *t)
{
	test_on_all_cpus(t, fail_on_cpu, NULL);
}

static void
failures_of_other_cores_are_counted(struct test *t)
{
	EXPECT_EQ(t, run_inner(inner_fail_everywhere, false), TEST_FAILED);
	EXPECT_EQ(t, inner.nr_failed, num_online_cpus());
}

TEST_SUITE("framework",
	TEST_CASE(a_case_that_does_nothing_passes),
	TEST_CASE(each_failed_expectation_is_counted_and_said),
	TEST_CASE(a_failed_assertion_ends_the_case),
	TEST_CASE(a_skipped_case_gives_its_reason),
	TEST_CASE(a_leaked_page_fails_the_case),
	TEST_CASE(a_page_too_many_fails_the_case),
	TEST_CASE(a_case_that_may_keep_pages_passes),
	TEST_CASE(masked_interrupts_fail_the_case),
	TEST_CASE(a_held_spinlock_fails_the_case),
	TEST_CASE(a_broken_rule_fails_the_case),
	TEST_CASE(a_missing_report_is_seen),
	TEST_CASE(another_report_is_seen),
	TEST_CASE(the_expected_report_is_caught),
	TEST_CASE(a_case_has_its_own_repeatable_numbers),
	TEST_CASE(a_list_selects_suites_and_cases),
	TEST_CASE(every_core_runs_its_thread_once),
	TEST_CASE(failures_of_other_cores_are_counted));
