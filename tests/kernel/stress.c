/* SPDX-License-Identifier: MIT */
/*
 * A short run of the stress test on every core. Long ones are asked for on
 * the command line (stress=SECONDS); this one sees that it starts, ends, and
 * that it would notice a mistake.
 */
#include <kernel/stress.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/verify.h>

#define SHORT_MS	100

static char output[1024];
static bool rule_broken;

static void
stress_rule(struct verify *v)
{
	VERIFY(v, !rule_broken, "ST1", "broken by the stress suite");
}

static struct verify_module stress_module = { "stress", stress_rule, NULL };

static int
stress_quietly(u32 seed)
{
	struct seq_buf s;

	seq_buf_init(&s, output, sizeof(output));
	return stress_run(SHORT_MS, seed, &s);
}

static void
a_short_run_leaves_everything_in_order(struct test *t)
{
	if (!EXPECT_EQ(t, stress_quietly(test_random(t)), 0))
		test_info(t, "%.200s", output);
	EXPECT(t, strstr(output, " 0 wrong stamps\n") != NULL);
}

static void
a_broken_rule_is_noticed(struct test *t)
{
	static bool registered;

	if (!registered)
		verify_register(&stress_module);
	registered = true;
	rule_broken = true;
	EXPECT_EQ(t, stress_quietly(1), -EIO);
	rule_broken = false;
	EXPECT(t, strstr(output, "verify NOT clean") != NULL);
	EXPECT(t, strstr(output, "broken by the stress suite") != NULL);
}

TEST_SUITE("stress",
	TEST_CASE(a_short_run_leaves_everything_in_order),
	TEST_CASE(a_broken_rule_is_noticed));
