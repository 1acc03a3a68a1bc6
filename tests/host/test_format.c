/* SPDX-License-Identifier: MIT */
/*
 * Formatting against the C library: random conversions with random values
 * must give the same text and the same length. (%p and %s of NULL differ by
 * design and are in tests/kernel/lib_format.c.)
 */
#include <string.h>

#include <lib/errno.h>
#include <lib/string.h>
#include "harness.h"

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static char ours[512], theirs[512];

static bool
same(struct test *t, size_t size, const char *fmt, ...)
{
	int a, b;
	va_list ap;

	memset(ours, 'z', sizeof(ours));
	memset(theirs, 'z', sizeof(theirs));
	va_start(ap, fmt);
	a = vsnprintf(ours, size, fmt, ap);
	va_end(ap);
	va_start(ap, fmt);
	b = libc_vsnprintf(theirs, size, fmt, ap);
	va_end(ap);
	if (a == b && memcmp(ours, theirs, sizeof(ours)) == 0)
		return true;
	test_fail(t, __FILE__, __LINE__, "\"%s\" size %zu: ours \"%.300s\" (%d), theirs \"%.300s\" (%d)",
		  fmt, size, ours, a, theirs, b);
	return false;
}

/* Values around what changes the number of digits or the sign. */
static u64
random_value(struct test *t)
{
	u64 v = random_next(&t->rng) >> test_below(t, 64);

	switch (test_below(t, 4)) {
	case 0:
		return 0;
	case 1:
		return ~v;
	case 2:
		return 1ULL << test_below(t, 64);
	default:
		return v;
	}
}

static char *
put_flags_and_width(struct test *t, char *f, bool number)
{
	unsigned i;

	for (i = test_below(t, 4); i; i--)
		*f++ = (number ? "-+ #0" : "----")[test_below(t, 4 + number)];
	if (test_below(t, 2))
		f += snprintf(f, 8, "%u", test_below(t, 40));
	if (test_below(t, 2))
		f += snprintf(f, 8, ".%u", test_below(t, 40));
	return f;
}

/* The C standard leaves + and space before unsigned letters undefined. */
static void
drop_useless_flags(char *fmt, char letter)
{
	char *from, *to = fmt;

	for (from = fmt; *from; from++) {
		if (letter != 'd' && letter != 'i' &&
		    (*from == '+' || *from == ' '))
			continue;
		if ((letter == 'd' || letter == 'i' || letter == 'u') &&
		    *from == '#')
			continue;
		*to++ = *from;
	}
	*to = '\0';
}

static void
random_numbers_print_as_in_libc(struct test *t)
{
	static const char *const lengths[] = { "", "hh", "h", "l", "ll", "z" };
	unsigned i;

	for (i = 0; i < 200000; i++) {
		char fmt[64] = "<%", *f = fmt + 2;
		u64 v = random_value(t);
		const char *length = lengths[test_below(t, 6)];
		char letter = "diuxXo"[test_below(t, 6)];
		size_t size = test_below(t, 4) ? sizeof(ours) :
						 test_below(t, 20);
		bool ok;

		f = put_flags_and_width(t, f, true);
		snprintf(f, 8, "%s%c>", length, letter);
		drop_useless_flags(fmt, letter);
		if (strcmp(length, "ll") == 0)
			ok = same(t, size, fmt, (long long)v);
		else if (*length == 'l' || *length == 'z')
			ok = same(t, size, fmt, (long)v);
		else
			ok = same(t, size, fmt, (int)v);
		if (!ok)
			return;
	}
}

static void
random_strings_print_as_in_libc(struct test *t)
{
	unsigned i;

	for (i = 0; i < 50000; i++) {
		char fmt[64] = "[%", text[64], *f = fmt + 2;
		size_t n = test_below(t, sizeof(text)), j;

		for (j = 0; j < n; j++)
			text[j] = (char)('a' + test_below(t, 26));
		text[n] = '\0';
		f = put_flags_and_width(t, f, false);
		snprintf(f, 8, "s]%%%%");
		if (!same(t, test_below(t, 80), fmt, text))
			return;
	}
}

static void
widths_from_arguments_are_as_in_libc(struct test *t)
{
	unsigned i;

	for (i = 0; i < 20000; i++) {
		int width = (int)test_below(t, 60) - 30;
		int precision = (int)test_below(t, 40) - 10;
		int v = (int)random_value(t);

		if (!same(t, sizeof(ours), "%*d|%.*d|%*.*x", width, v,
			  precision, v, width, precision, v) ||
		    !same(t, sizeof(ours), "%*s|%.*s|%*c", width, "text",
			  precision, "longer text", width, 'c'))
			return;
	}
}

static void
strscpy_never_writes_past_the_size(struct test *t)
{
	size_t size, n;

	for (size = 0; size < 20; size++) {
		for (n = 0; n < 20; n++) {
			char dst[24], src[24];

			memset(dst, 'z', sizeof(dst));
			memset(src, 'a', n);
			src[n] = '\0';
			EXPECT_EQ(t, strscpy(dst, src, size),
				  n < size ? (ssize_t)n : -E2BIG);
			EXPECT_EQ(t, dst[size], 'z');
			if (size)
				EXPECT_EQ(t, strlen(dst), min(n, size - 1));
		}
	}
}

TEST_SUITE("format",
	   TEST_CASE(strscpy_never_writes_past_the_size),
	   TEST_CASE(random_numbers_print_as_in_libc),
	   TEST_CASE(random_strings_print_as_in_libc),
	   TEST_CASE(widths_from_arguments_are_as_in_libc));
