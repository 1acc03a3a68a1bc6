/* SPDX-License-Identifier: MIT */
/* ATAG lists: right ones, and lists wrong in each way there is. */
#include <stdlib.h>
#include <string.h>

#include <lib/atags.h>
#include <lib/errno.h>
#include "harness.h"

static u32 words[64];

/* Walk the list; returns the number of records, or the error. */
static int
walk(const void *blob, size_t max)
{
	struct atags list;
	struct atag tag;
	int n = 0, more;

	if (atags_open(&list, blob, max))
		return -EINVAL;
	while ((more = atags_next(&list, &tag)) > 0)
		n++;
	return more < 0 ? more : n;
}

/* CORE, MEM 256 MiB at 0x60000000, end: 11 words. */
static void
simple_list(void)
{
	static const u32 list[11] = { 5, ATAG_CORE, 1, 4096, 0,
				      4, ATAG_MEM, 0x10000000, 0x60000000,
				      0, ATAG_NONE };

	memcpy(words, list, sizeof(list));
}

static void
records_are_read_in_order(struct test *t)
{
	struct atags list;
	struct atag tag;
	u32 v = 0;

	simple_list();
	ASSERT_EQ(t, atags_open(&list, words, sizeof(words)), 0);
	ASSERT_EQ(t, atags_next(&list, &tag), 1);
	EXPECT_EQ(t, tag.id, ATAG_CORE);
	EXPECT_EQ(t, tag.len, 12);
	ASSERT_EQ(t, atags_next(&list, &tag), 1);
	EXPECT_EQ(t, tag.id, ATAG_MEM);
	EXPECT(t, atag_word(&tag, 0, &v));
	EXPECT_EQ(t, v, 0x10000000);
	EXPECT(t, atag_word(&tag, 1, &v));
	EXPECT_EQ(t, v, 0x60000000);
	EXPECT(t, !atag_word(&tag, 2, &v));
	EXPECT_EQ(t, v, 0x60000000);
	EXPECT_EQ(t, atags_next(&list, &tag), 0);
	EXPECT_EQ(t, atags_next(&list, &tag), 0);
}

static void
list_must_begin_with_core(struct test *t)
{
	simple_list();
	EXPECT_EQ(t, walk(words, 7), -EINVAL);
	words[1] = ATAG_MEM;
	EXPECT_EQ(t, walk(words, sizeof(words)), -EINVAL);
}

static void
core_may_be_empty(struct test *t)
{
	static const u32 list[] = { 2, ATAG_CORE, 0, ATAG_NONE };

	EXPECT_EQ(t, walk(list, sizeof(list)), 1);
}

static void
impossible_lengths_are_refused(struct test *t)
{
	static const u32 bad[] = { 0, 1, 7, 0x40000000, 0xffffffff };
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		simple_list();
		words[5] = bad[i];
		EXPECT_EQ(t, walk(words, 11 * 4), -EILSEQ);
		simple_list();
		words[0] = bad[i];
		EXPECT_EQ(t, walk(words, 11 * 4), -EILSEQ);
	}
}

/* In memory of exactly the length, so that a byte too far is seen. */
static void
list_cut_anywhere_is_refused(struct test *t)
{
	size_t n;

	simple_list();
	for (n = 8; n < 44; n++) {
		u8 *cut = malloc(n);

		memcpy(cut, words, n);
		EXPECT_EQ(t, walk(cut, n), -EILSEQ);
		free(cut);
	}
	EXPECT_EQ(t, walk(words, 44), 2);
}

static void
random_bytes_never_lead_outside(struct test *t)
{
	unsigned i, j;

	for (i = 0; i < 100000; i++) {
		size_t n = 8 + 4 * test_below(t, 30);
		u32 *list = malloc(n);

		for (j = 0; j < n / 4; j++)
			list[j] = test_below(t, 3) ? test_below(t, 8) :
						     (u32)test_random(t);
		list[1] = ATAG_CORE;
		walk(list, n);
		free(list);
	}
}

TEST_SUITE("atags",
	   TEST_CASE(records_are_read_in_order),
	   TEST_CASE(list_must_begin_with_core),
	   TEST_CASE(core_may_be_empty),
	   TEST_CASE(impossible_lengths_are_refused),
	   TEST_CASE(list_cut_anywhere_is_refused),
	   TEST_CASE(random_bytes_never_lead_outside));
