/* SPDX-License-Identifier: MIT */
/* Calls to the emulator; without it, clean refusals. */
#include <asm/semihost.h>
#include <kernel/test.h>
#include <lib/string.h>

static void
files_of_the_host_are_read_and_written(struct test *t)
{
	char text[32];
	int in, out;

	if (!semihost_present())
		SKIP(t, "started without semihosting");
	memset(text, 'x', sizeof(text));
	in = semihost_open("/dev/zero", "rb");
	ASSERT(t, in > 0);
	EXPECT_EQ(t, semihost_read(in, text, sizeof(text) - 1), 0);
	EXPECT_EQ(t, text[0], 0);
	EXPECT_EQ(t, text[sizeof(text) - 2], 0);
	EXPECT_EQ(t, text[sizeof(text) - 1], 'x');
	EXPECT_EQ(t, semihost_close(in), 0);
	out = semihost_open("/dev/null", "wb");
	ASSERT(t, out > 0);
	EXPECT_EQ(t, semihost_write(out, text, sizeof(text)), 0);
	EXPECT_EQ(t, semihost_close(out), 0);
	/* The end of a file: all that was asked for is not read. */
	in = semihost_open("/dev/null", "r");
	ASSERT(t, in > 0);
	EXPECT_EQ(t, semihost_read(in, text, 8), 8);
	EXPECT_EQ(t, semihost_close(in), 0);
}

static void
what_cannot_be_opened_is_minus_one(struct test *t)
{
	EXPECT_EQ(t, semihost_open("/no/such/file", "r"), -1);
	EXPECT_EQ(t, semihost_open("/dev/null", "q"), -1);
	EXPECT_EQ(t, semihost_open("/dev/null", ""), -1);
}

static void
the_host_tells_the_time(struct test *t)
{
	u32 before = semihost_time(), clock = semihost_clock();

	if (!semihost_present())
		SKIP(t, "started without semihosting");
	EXPECT(t, before > 1577836800);		/* later than 2019 */
	EXPECT(t, semihost_time() >= before);
	/* Work goes on, so it advances. */
	while (semihost_clock() == clock)
		;
	EXPECT(t, semihost_clock() > clock);
}

static void
without_an_emulator_nothing_is_written(struct test *t)
{
	char text[4] = "abc";

	if (semihost_present())
		SKIP(t, "started with semihosting");
	EXPECT_EQ(t, semihost_open("/dev/null", "w"), -1);
	EXPECT_EQ(t, semihost_write(1, text, 3), 3);
	EXPECT_EQ(t, semihost_read(1, text, 3), 3);
	EXPECT_EQ(t, semihost_close(1), -1);
	EXPECT_EQ(t, semihost_time(), 0);
	EXPECT_EQ(t, semihost_clock(), 0);
	semihost_exit(1);		/* returns */
}

TEST_SUITE("semihost",
	TEST_CASE(files_of_the_host_are_read_and_written),
	TEST_CASE(what_cannot_be_opened_is_minus_one),
	TEST_CASE(the_host_tells_the_time),
	TEST_CASE(without_an_emulator_nothing_is_written));
