/* SPDX-License-Identifier: MIT */
/*
 * In-kernel tests. A suite is a file of tests/kernel with one table at its
 * end; a case is a function whose name states the fact that it shows:
 *
 *	static void
 *	split_gives_the_low_half(struct test *t)
 *	{
 *		...
 *		EXPECT_EQ(t, page_to_pfn(page), base);
 *	}
 *
 *	TEST_SUITE("buddy", TEST_CASE(split_gives_the_low_half));
 *
 * A failed EXPECT is reported and the case goes on; a failed ASSERT ends the
 * case (it returns). After every case the runner calls mm_verify_all() and
 * compares the count of free pages: a leak fails the case that made it.
 */
#ifndef KERNEL_TEST_H
#define KERNEL_TEST_H

#include <lib/compiler.h>
#include <lib/seq_buf.h>
#include <lib/types.h>

struct test {
	const char *suite, *name;
	u64 seed;		/* of this case: the same for the same run */
	u64 rng;		/* state of test_random() */
	unsigned nr_failed;	/* failed expectations */
	const char *skip;	/* reason, or NULL */
	struct seq_buf *diag;	/* where diagnostics go; NULL: the console */
};

struct test_case {
	const char *name;
	void (*fn)(struct test *t);
	bool may_keep_pages;	/* allowed to change the free count */
};

struct test_suite {
	const char *name;
	const struct test_case *cases;
	unsigned nr_cases;
};

#define TEST_CASE(func)		{ #func, func, false }
/* For a case that legitimately leaves pages behind (say so why there). */
#define TEST_CASE_KEEPS(func)	{ #func, func, true }
#define TEST_SUITE(suite_name, ...) \
	static const struct test_case test_cases[] = { __VA_ARGS__ }; \
	static const struct test_suite test_suite \
	__used __section(".tests") __aligned(4) = \
		{ suite_name, test_cases, ARRAY_SIZE(test_cases) }

void test_fail(struct test *t, const char *file, int line, const char *fmt,
	       ...) __printf(4, 5);
bool test_verified(struct test *t, const char *file, int line);
u32 test_random(struct test *t);
/* A line of KTAP diagnostics ("# ..."). */
void test_info(struct test *t, const char *fmt, ...) __printf(2, 3);

#define EXPECT(t, cond) ({ \
	bool ok_ = (cond); \
	if (!ok_) \
		test_fail(t, __FILE__, __LINE__, "%s", #cond); \
	ok_; \
})
/* mm_verify_all() when RCU has freed what it had; what it finds is printed. */
#define EXPECT_VERIFIED(t)	test_verified(t, __FILE__, __LINE__)
#define EXPECT_EQ(t, a, b) ({ \
	long long a_ = (long long)(a), b_ = (long long)(b); \
	if (a_ != b_) \
		test_fail(t, __FILE__, __LINE__, \
			  "%s is %lld (0x%llx), want %s = %lld (0x%llx)", \
			  #a, a_, a_, #b, b_, b_); \
	a_ == b_; \
})
#define ASSERT(t, cond) do { \
	if (!EXPECT(t, cond)) \
		return; \
} while (0)
#define ASSERT_EQ(t, a, b) do { \
	if (!EXPECT_EQ(t, a, b)) \
		return; \
} while (0)
#define SKIP(t, why) do { \
	(t)->skip = (why); \
	return; \
} while (0)

/*
 * Run fn(arg), which is expected to end in an oops or a panic whose report
 * contains text. The report is kept from the console; true if it came.
 * fn must not sleep. Prints the report when it was another one.
 */
bool test_expect_report(struct test *t, void (*fn)(void *), void *arg,
			const char *text);
#define EXPECT_REPORT(t, fn, arg, text) \
	EXPECT(t, test_expect_report(t, fn, arg, text))

/*
 * The same for a report after which the machine goes on: WARN_ON or a
 * sanitizer. It is not counted against the case. test_last_report() is what
 * either of the two captured last.
 */
bool test_expect_warning(struct test *t, void (*fn)(void *), void *arg,
			 const char *text);
#define EXPECT_WARNING(t, fn, arg, text) \
	EXPECT(t, test_expect_warning(t, fn, arg, text))
const char *test_last_report(void);

/* Run fn(arg) in a kernel thread on each online core at once; wait for all. */
void test_on_all_cpus(struct test *t, void (*fn)(struct test *t, unsigned cpu,
						 void *arg), void *arg);

/*
 * Run the suites named in the comma separated list ("all": every one;
 * "SUITE:CASE": one case), print KTAP, and return how many cases failed; a
 * name that matches nothing counts as one.
 * Context: a kernel thread.
 */
unsigned test_run(const char *list);

/*
 * What the command line asked for with test=: run it and end the machine
 * with status 0, or 1 when a case failed. Returns if nothing was asked.
 */
#ifdef VELLUM_TESTS
void test_at_boot(void);
#else
static inline void
test_at_boot(void)
{
}
#endif

#endif
