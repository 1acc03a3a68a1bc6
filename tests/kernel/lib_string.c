/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions. The copies are compared, byte by byte, with
 * loops that move one byte at a time, for each alignment of both ends and
 * each length up to beyond what one round of their block loops moves, and
 * the bytes around the destination must be left alone.
 */
#include <asm/cacheflush.h>
#include <asm/memory.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>

#define ROOM		512
#define MARGIN		48	/* bytes watched on either side */
#define MAX_LENGTH	300	/* two rounds of 128 and a rest */

static u8 buffer[ROOM] __aligned(64);
static u8 expected[ROOM] __aligned(64);
static u8 page_a[PAGE_SIZE * 3] __aligned(PAGE_SIZE);
static u8 page_b[PAGE_SIZE] __aligned(PAGE_SIZE);

/* Every byte another than its neighbours and than 32 bytes further. */
static void
fill(u8 *p, size_t n, unsigned salt)
{
	size_t i;

	for (i = 0; i < n; i++)
		*(volatile u8 *)(p + i) = (u8)(i * 7 + (i >> 5) * 3 + salt);
}

static void
move_bytes(u8 *dst, const u8 *src, size_t n)
{
	size_t i;

	for (i = 0; i < n && dst < src; i++)
		*(volatile u8 *)(dst + i) = src[i];
	for (i = n; i > 0 && dst > src; i--)
		*(volatile u8 *)(dst + i - 1) = src[i - 1];
}

/* Where two buffers differ, or -1. */
static int
first_difference(const u8 *a, const u8 *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (a[i] != b[i])
			return (int)i;
	}
	return -1;
}

/* One copy within buffer, by function and by bytes; false if they differ. */
static bool
copies_alike(struct test *t, void *(*copy)(void *, const void *, size_t),
	     size_t to, size_t from, size_t n)
{
	void *result;
	int at;

	fill(buffer, ROOM, (unsigned)n);
	fill(expected, ROOM, (unsigned)n);
	move_bytes(expected + to, expected + from, n);
	result = copy(buffer + to, buffer + from, n);
	at = first_difference(buffer, expected, ROOM);
	if (at < 0 && result == buffer + to)
		return true;
	test_fail(t, __FILE__, __LINE__,
		  "copy of %zu bytes from %zu to %zu: byte %d is wrong", n,
		  from, to, at);
	return false;
}

static void
memcpy_at_all_alignments_and_lengths(struct test *t)
{
	size_t to, from, n;

	for (to = 0; to < 8; to++) {
		for (from = 0; from < 8; from++) {
			for (n = 0; n <= 150; n++) {
				if (!copies_alike(t, memcpy, MARGIN + to,
						  MARGIN + 200 + from, n))
					return;
			}
		}
	}
}

static void
memcpy_of_long_blocks(struct test *t)
{
	size_t n;

	for (n = 0; n < 3000; n += 61) {
		fill(page_a, sizeof(page_a), 1);
		fill(page_a + PAGE_SIZE, n + 8, 2);
		memcpy(page_a + (n & 7), page_a + PAGE_SIZE + (n & 3), n);
		ASSERT_EQ(t, first_difference(page_a + (n & 7),
				page_a + PAGE_SIZE + (n & 3), n), -1);
	}
}

static void
memmove_at_all_overlaps(struct test *t)
{
	size_t n;
	int shift;

	for (shift = -40; shift <= 40; shift++) {
		for (n = 0; n <= 130; n++) {
			size_t from = 100 + (n & 3);

			if (!copies_alike(t, memmove, from + (size_t)shift,
					  from, n))
				return;
		}
	}
	for (n = 131; n <= MAX_LENGTH; n++) {
		if (!copies_alike(t, memmove, 104, 100, n) ||
		    !copies_alike(t, memmove, 100, 104, n) ||
		    !copies_alike(t, memmove, 103, 100, n))
			return;
	}
}

static void
memset_at_all_alignments_and_lengths(struct test *t)
{
	size_t to, n, i;

	for (to = MARGIN; to < MARGIN + 8; to++) {
		for (n = 0; n <= MAX_LENGTH; n++) {
			fill(buffer, ROOM, 5);
			fill(expected, ROOM, 5);
			for (i = 0; i < n; i++)
				*(volatile u8 *)(expected + to + i) = 0xc3;
			/* Only the low byte of the value counts. */
			EXPECT(t, memset(buffer + to, (int)0x12345cc3, n) ==
			       buffer + to);
			if (!EXPECT_EQ(t, first_difference(buffer, expected,
							   ROOM), -1)) {
				test_info(t, "at %zu, %zu bytes", to, n);
				return;
			}
		}
	}
}

static void
clear_page_clears_one_page_and_no_more(struct test *t)
{
	size_t i;

	fill(page_a, sizeof(page_a), 9);
	page_a[PAGE_SIZE - 1] = 1;
	page_a[2 * PAGE_SIZE] = 2;
	clear_page(page_a + PAGE_SIZE);
	for (i = 0; i < PAGE_SIZE; i++)
		ASSERT_EQ(t, page_a[PAGE_SIZE + i], 0);
	EXPECT_EQ(t, page_a[PAGE_SIZE - 1], 1);
	EXPECT_EQ(t, page_a[2 * PAGE_SIZE], 2);
}

static void
copy_page_copies_one_page_and_no_more(struct test *t)
{
	fill(page_a, sizeof(page_a), 3);
	fill(page_b, sizeof(page_b), 4);
	page_a[PAGE_SIZE - 1] = 1;
	page_a[2 * PAGE_SIZE] = 2;
	copy_page(page_a + PAGE_SIZE, page_b);
	EXPECT_EQ(t, first_difference(page_a + PAGE_SIZE, page_b, PAGE_SIZE),
		  -1);
	EXPECT_EQ(t, page_a[PAGE_SIZE - 1], 1);
	EXPECT_EQ(t, page_a[2 * PAGE_SIZE], 2);
}

static void
memcmp_orders_by_the_first_byte_that_differs(struct test *t)
{
	EXPECT_EQ(t, memcmp("abc", "abd", 2), 0);
	EXPECT(t, memcmp("abc", "abd", 3) < 0);
	EXPECT(t, memcmp("ab\x80", "ab\x01", 3) > 0);
	EXPECT_EQ(t, memcmp("x", "y", 0), 0);
}

static void
memchr_finds_within_the_length(struct test *t)
{
	const char *s = "hello";

	EXPECT(t, memchr(s, 'l', 5) == s + 2);
	EXPECT(t, memchr(s, 'o', 4) == NULL);
	EXPECT(t, memchr(s, 'h' + 256, 5) == s);
	EXPECT(t, memchr(s, '\0', 6) == s + 5);
}

static void
string_lengths(struct test *t)
{
	EXPECT_EQ(t, strlen(""), 0);
	EXPECT_EQ(t, strlen("four"), 4);
	EXPECT_EQ(t, strnlen("four", 2), 2);
	EXPECT_EQ(t, strnlen("four", 9), 4);
	EXPECT_EQ(t, strnlen("", 0), 0);
}

static void
strings_compare_as_unsigned_bytes(struct test *t)
{
	EXPECT_EQ(t, strcmp("same", "same"), 0);
	EXPECT(t, strcmp("abc", "abcd") < 0);
	EXPECT(t, strcmp("abd", "abc") > 0);
	EXPECT(t, strcmp("\x80", "\x7f") > 0);
	EXPECT_EQ(t, strncmp("abcX", "abcY", 3), 0);
	EXPECT(t, strncmp("abcX", "abcY", 4) < 0);
	EXPECT_EQ(t, strncmp("ab", "ab", 9), 0);
	EXPECT_EQ(t, strncmp("a", "b", 0), 0);
	EXPECT(t, strncmp("\xff", "a", 1) > 0);
}

static void
strings_are_searched(struct test *t)
{
	const char *s = "a/b/c";

	EXPECT(t, strchr(s, '/') == s + 1);
	EXPECT(t, strrchr(s, '/') == s + 3);
	EXPECT(t, strchr(s, 'x') == NULL);
	EXPECT(t, strrchr(s, 'x') == NULL);
	EXPECT(t, strchr(s, '\0') == s + 5);
	EXPECT(t, strrchr(s, '\0') == s + 5);
	EXPECT(t, strstr(s, "b/") == s + 2);
	EXPECT(t, strstr(s, "") == s);
	EXPECT(t, strstr(s, "b/x") == NULL);
	EXPECT(t, strstr("aaab", "aab") != NULL);
}

static void
strscpy_cuts_and_says_so(struct test *t)
{
	char small[4];

	EXPECT_EQ(t, strscpy(small, "abc", sizeof(small)), 3);
	EXPECT_EQ(t, strcmp(small, "abc"), 0);
	EXPECT_EQ(t, strscpy(small, "abcd", sizeof(small)), -E2BIG);
	EXPECT_EQ(t, strcmp(small, "abc"), 0);
	EXPECT_EQ(t, strscpy(small, "", sizeof(small)), 0);
	EXPECT_EQ(t, small[0], '\0');
	small[0] = 'z';
	EXPECT_EQ(t, strscpy(small, "x", 0), -E2BIG);
	EXPECT_EQ(t, small[0], 'z');
}

TEST_SUITE("lib_string",
	   TEST_CASE(memcpy_at_all_alignments_and_lengths),
	   TEST_CASE(memcpy_of_long_blocks),
	   TEST_CASE(memmove_at_all_overlaps),
	   TEST_CASE(memset_at_all_alignments_and_lengths),
	   TEST_CASE(clear_page_clears_one_page_and_no_more),
	   TEST_CASE(copy_page_copies_one_page_and_no_more),
	   TEST_CASE(memcmp_orders_by_the_first_byte_that_differs),
	   TEST_CASE(memchr_finds_within_the_length),
	   TEST_CASE(string_lengths),
	   TEST_CASE(strings_compare_as_unsigned_bytes),
	   TEST_CASE(strings_are_searched),
	   TEST_CASE(strscpy_cuts_and_says_so));
