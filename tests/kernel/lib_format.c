/* SPDX-License-Identifier: MIT */
/*
 * Formatting and reading numbers: a table of formats with their texts. The
 * same file runs on the host, where random formats are compared with the C
 * library's besides (tests/host/test_format.c).
 */
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>

/* GCC checks formats; these are meant to be odd. */
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
#pragma GCC diagnostic ignored "-Wformat-overflow"

#define EXPECT_TEXT(t, want, ...) do { \
	char text_[128]; \
	int len_ = snprintf(text_, sizeof(text_), __VA_ARGS__); \
	if (strcmp(text_, want) != 0 || len_ != (int)strlen(want)) \
		test_fail(t, __FILE__, __LINE__, \
			  "got \"%s\" (%d), want \"%s\"", text_, len_, want); \
} while (0)

static void
integers_of_every_length(struct test *t)
{
	EXPECT_TEXT(t, "0 -1 42", "%d %i %u", 0, -1, 42u);
	EXPECT_TEXT(t, "-2147483648", "%d", (int)0x80000000);
	EXPECT_TEXT(t, "4294967295", "%u", ~0u);
	EXPECT_TEXT(t, "18446744073709551615", "%llu", ~0ull);
	EXPECT_TEXT(t, "-9223372036854775808", "%lld",
		    (long long)(1ull << 63));
	EXPECT_TEXT(t, "deadbeefcafe", "%llx", 0xdeadbeefcafeull);
	EXPECT_TEXT(t, "4294967296", "%llu", 1ull << 32);
	EXPECT_TEXT(t, "1777777777777777777777", "%llo", ~0ull);
	EXPECT_TEXT(t, "-5 5 5", "%ld %lu %lx", -5l, 5ul, 5ul);
	EXPECT_TEXT(t, "7 -7", "%zu %zd", (size_t)7, (ssize_t)-7);
	EXPECT_TEXT(t, "-128 255 -32768 65535", "%hhd %hhu %hd %hu", 128, -1,
		    32768, -1);
	EXPECT_TEXT(t, "ff FF 777", "%x %X %o", 255, 255, 0777);
}

static void
width_flags_and_precision(struct test *t)
{
	EXPECT_TEXT(t, "[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42,
		    42);
	EXPECT_TEXT(t, "[+7][ 7][-7][+0]", "[%+d][% d][%+d][%+d]", 7, 7, -7,
		    0);
	EXPECT_TEXT(t, "[-0042][-42  ]", "[%05d][%-05d]", -42, -42);
	EXPECT_TEXT(t, "[0x2a][0X2A][052][0]", "[%#x][%#X][%#o][%#x]", 42, 42,
		    42, 0);
	EXPECT_TEXT(t, "[0x0000002a][      0x2a]", "[%#010x][%#10x]", 42, 42);
	EXPECT_TEXT(t, "[  007][007  ][]", "[%5.3d][%-5.3d][%.0d]", 7, 7, 0);
	EXPECT_TEXT(t, "[  007]", "[%05.3d]", 7);
	EXPECT_TEXT(t, "[0][0]", "[%#o][%#.0o]", 0, 0);
	EXPECT_TEXT(t, "[   42][42   ][007]", "[%*d][%*d][%.*d]", 5, 42, -5,
		    42, 3, 7);
	EXPECT_TEXT(t, "[7]", "[%.*d]", -1, 7);
}

static void
strings_and_characters(struct test *t)
{
	EXPECT_TEXT(t, "[abc][  abc][abc  ]", "[%s][%5s][%-5s]", "abc", "abc",
		    "abc");
	EXPECT_TEXT(t, "[ab][   ab][]", "[%.2s][%5.2s][%.0s]", "abc", "abc",
		    "abc");
	EXPECT_TEXT(t, "[(null)]", "[%s]", (char *)NULL);
	EXPECT_TEXT(t, "[x][  x][x  ]", "[%c][%3c][%-3c]", 'x', 'x', 'x');
	EXPECT_TEXT(t, "100%", "%d%%", 100);
}

/* A string need not end where the precision ends it. */
static void
precision_bounds_what_is_read(struct test *t)
{
	static const char raw[3] = { 'a', 'b', 'c' };

	EXPECT_TEXT(t, "abc", "%.3s", raw);
}

static void
pointers_show_all_digits(struct test *t)
{
	if (sizeof(void *) == 4) {
		EXPECT_TEXT(t, "c0001234", "%p", (void *)0xc0001234ul);
		EXPECT_TEXT(t, "00000000", "%p", NULL);
	} else {
		EXPECT_TEXT(t, "00000000c0001234", "%p",
			    (void *)0xc0001234ul);
	}
}

static void
wrong_formats_print_themselves(struct test *t)
{
	EXPECT_TEXT(t, "%q 5", "%q %d", 5);
	EXPECT_TEXT(t, "%-08ly", "%-08ly");
	EXPECT_TEXT(t, "50%", "50%");
	EXPECT_TEXT(t, "%l", "%l");
}

static void
output_is_cut_and_counted(struct test *t)
{
	char text[8] = "zzzzzzz";

	EXPECT_EQ(t, snprintf(text, 4, "%s", "abcdef"), 6);
	EXPECT_EQ(t, strcmp(text, "abc"), 0);
	EXPECT_EQ(t, text[4], 'z');
	EXPECT_EQ(t, snprintf(text, 0, "%d", 12345), 5);
	EXPECT_EQ(t, text[0], 'a');
	EXPECT_EQ(t, snprintf(NULL, 0, "%s", "abc"), 3);
	EXPECT_EQ(t, snprintf(text, 1, "x"), 1);
	EXPECT_EQ(t, text[0], '\0');
	EXPECT_EQ(t, scnprintf(text, 4, "%s", "abcdef"), 3);
	EXPECT_EQ(t, scnprintf(text, 4, "%s", "ab"), 2);
	EXPECT_EQ(t, scnprintf(text, 0, "%s", "ab"), 0);
	EXPECT_EQ(t, snprintf(text, 8, "%900d", 1), 900);
}

static void
kstrtoul_reads_whole_numbers(struct test *t)
{
	unsigned long v = 99;

	EXPECT_EQ(t, kstrtoul("42", 10, &v), 0);
	EXPECT_EQ(t, v, 42);
	EXPECT_EQ(t, kstrtoul("0x1F\n", 0, &v), 0);
	EXPECT_EQ(t, v, 31);
	EXPECT_EQ(t, kstrtoul("0x1f", 16, &v), 0);
	EXPECT_EQ(t, v, 31);
	EXPECT_EQ(t, kstrtoul("c0de", 16, &v), 0);
	EXPECT_EQ(t, v, 0xc0de);
	EXPECT_EQ(t, kstrtoul("010", 0, &v), 0);
	EXPECT_EQ(t, v, 8);
	EXPECT_EQ(t, kstrtoul("0", 0, &v), 0);
	EXPECT_EQ(t, v, 0);
	EXPECT_EQ(t, kstrtoul("4294967295", 10, &v), 0);
	EXPECT_EQ(t, v, 4294967295ul);
	v = 99;
	EXPECT_EQ(t, kstrtoul("", 10, &v), -EINVAL);
	EXPECT_EQ(t, kstrtoul("x", 10, &v), -EINVAL);
	EXPECT_EQ(t, kstrtoul("12x", 10, &v), -EINVAL);
	EXPECT_EQ(t, kstrtoul("-1", 10, &v), -EINVAL);
	EXPECT_EQ(t, kstrtoul("0x", 0, &v), -EINVAL);
	EXPECT_EQ(t, kstrtoul("08", 0, &v), -EINVAL);
	EXPECT_EQ(t, kstrtoul("1\n2", 10, &v), -EINVAL);
	EXPECT_EQ(t, kstrtoul("99999999999999999999", 10, &v), -ERANGE);
	EXPECT_EQ(t, v, 99);
	if (sizeof(long) == 4)
		EXPECT_EQ(t, kstrtoul("4294967296", 10, &v), -ERANGE);
}

static void
memparse_knows_suffixes(struct test *t)
{
	char *end;
	const char *s = "64M@0x70000000";

	EXPECT_EQ(t, memparse(s, &end), 64ull << 20);
	EXPECT(t, end == s + 3);
	EXPECT_EQ(t, memparse("1k", NULL), 1024);
	EXPECT_EQ(t, memparse("2K", NULL), 2048);
	EXPECT_EQ(t, memparse("3m", NULL), 3 << 20);
	EXPECT_EQ(t, memparse("4G", NULL), 4ull << 30);
	EXPECT_EQ(t, memparse("1g", NULL), 1ull << 30);
	EXPECT_EQ(t, memparse("0x10", NULL), 16);
	EXPECT_EQ(t, memparse("12T", &end), 12);
	EXPECT_EQ(t, *end, 'T');
	s = "M";
	EXPECT_EQ(t, memparse(s, &end), 0);
	EXPECT(t, end == s);
	EXPECT_EQ(t, memparse("99999999999999999999", NULL), ~0ull);
	EXPECT_EQ(t, memparse("99999999999999G", NULL), ~0ull);
}

TEST_SUITE("lib_format",
	   TEST_CASE(integers_of_every_length),
	   TEST_CASE(width_flags_and_precision),
	   TEST_CASE(strings_and_characters),
	   TEST_CASE(precision_bounds_what_is_read),
	   TEST_CASE(pointers_show_all_digits),
	   TEST_CASE(wrong_formats_print_themselves),
	   TEST_CASE(output_is_cut_and_counted),
	   TEST_CASE(kstrtoul_reads_whole_numbers),
	   TEST_CASE(memparse_knows_suffixes));
