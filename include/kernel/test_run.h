/* SPDX-License-Identifier: MIT */
/*
 * The inside of the test runner: for the runner itself, the monitor's `test`
 * command, and the suite that tests the framework.
 */
#ifndef KERNEL_TEST_RUN_H
#define KERNEL_TEST_RUN_H

#include <kernel/test.h>

enum test_result { TEST_PASSED, TEST_FAILED, TEST_SKIPPED };

struct test_totals {
	unsigned passed, failed, skipped;
};

/* The n-th suite in link order, or NULL behind the last. */
const struct test_suite *test_suite_at(unsigned n);
/* Does one word of the comma separated list select this case? */
bool test_selected(const char *list, const char *suite, const char *name);
/* Fill *t for one run of a case; the seed depends on all but diag. */
void test_prepare(struct test *t, const char *suite, const char *name,
		  unsigned repetition, struct seq_buf *diag);
/* Run the case and every check that follows it. */
enum test_result test_case_run(struct test *t, const struct test_case *tc);
/* Free pages with the per-CPU lists drained and deferred frees done. */
unsigned long test_free_pages(void);

/* A line of diagnostics without format: "    # text". */
void test_diag(struct test *t, const char *text);
/* The same for a text of several lines. */
void test_diag_lines(struct test *t, const char *text);

/* The limit of a case: a panic when it still runs after so many seconds. */
void test_limit_begin(const struct test *t);
void test_limit_end(void);

extern u64 test_seed;			/* test.seed= */
extern unsigned test_repeat;		/* test.repeat= */
extern unsigned test_timeout;		/* test.timeout=, seconds */

#endif
