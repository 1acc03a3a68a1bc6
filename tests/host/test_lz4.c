/* SPDX-License-Identifier: MIT */
/*
 * LZ4 against itself and against the reference library (liblz4, where the host
 * has it), on pages of many kinds; every buffer exactly as large as it is said
 * to be, so that one byte too far is noticed.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <lib/errno.h>
#include <lib/lz4.h>
#include <lib/string.h>
#include "harness.h"

#define PAGE	4096

static struct lz4_work work;

/* --- Pages of many kinds --- */

static void
fill_zero(struct test *t, u8 *p, size_t n)
{
	memset(p, 0, n);
}

static void
fill_noise(struct test *t, u8 *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (u8)test_random(t);
}

/* Words that differ little: a table of pointers, or of counters. */
static void
fill_pointers(struct test *t, u8 *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = i % 4 == 0 ? (u8)test_random(t) & 0xf8 :
		       i % 4 == 1 ? (u8)test_below(t, 8) : 0xc0;
}

static void
fill_text(struct test *t, u8 *p, size_t n)
{
	static const char *const words[] = { "page ", "frame ", "of ", "the ",
		"memory ", "is ", "cold", "\n", "reclaimed ", "x" };
	size_t at = 0;

	while (at < n) {
		const char *w = words[test_below(t, ARRAY_SIZE(words))];

		while (*w && at < n)
			p[at++] = (u8)*w++;
	}
}

/* Runs of one, two, three bytes, and longer ones. */
static void
fill_runs(struct test *t, u8 *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		size_t period = 1 + test_below(t, 9), k;
		size_t len = 1 + test_below(t, test_below(t, 4) ? 40 : 700);

		for (k = 0; k < len && at < n; k++, at++)
			p[at] = k < period ? (u8)test_random(t) :
				p[at - period];
	}
}

/* Words as a compiler makes them: few instructions, few registers. */
static void
fill_code(struct test *t, u8 *p, size_t n)
{
	static const u32 words[] = {
		0xe5900000, 0xe5900000, 0xe5800000, 0xe3a00000, 0xe1a00000,
		0xe2800000, 0xe3500000, 0x0a000000, 0xeb000000, 0xe92d4070,
		0xe8bd8070, 0xe12fff1e,
	};

	for (size_t at = 0; at < n; at += 4) {
		u32 word = words[test_below(t, ARRAY_SIZE(words))];

		if ((word & 0xffff) == 0)
			word |= test_below(t, 4) << 16 | test_below(t, 4) << 12 |
				test_below(t, 8) * 4;
		memcpy(p + at, &word, min(n - at, sizeof(word)));
	}
}

/* What a program's memory is: its own. */
static void
fill_program(struct test *t, u8 *p, size_t n)
{
	FILE *self = fopen("/proc/self/exe", "rb");

	if (!self || fseek(self, (long)test_below(t, 100) * PAGE, SEEK_SET) ||
	    fread(p, 1, n, self) != n)
		fill_text(t, p, n);
	if (self)
		fclose(self);
}

static void (*const kinds[])(struct test *t, u8 *p, size_t n) = {
	fill_zero, fill_noise, fill_pointers, fill_text, fill_runs,
	fill_code, fill_program,
};

/* --- Itself --- */

/* Compress into exactly room bytes, and read it back; the size, or 0. */
static size_t
there_and_back(struct test *t, const u8 *src, size_t n, size_t room)
{
	u8 *in = malloc(n), *packed = malloc(room), *exact, *out = malloc(n);
	size_t size;

	memcpy(in, src, n);
	size = lz4_compress(&work, in, n, packed, room);
	EXPECT(t, size <= room);
	if (size) {
		exact = malloc(size);
		memcpy(exact, packed, size);
		EXPECT_EQ(t, lz4_decompress(exact, size, out, n), n);
		EXPECT(t, !memcmp(out, src, n));
		free(exact);
	}
	free(in);
	free(packed);
	free(out);
	return size;
}

static void
every_page_comes_back(struct test *t)
{
	u8 page[PAGE];
	size_t size;

	for (unsigned i = 0; i < 3000; i++) {
		size_t n = i % 3 ? PAGE : test_below(t, PAGE + 1);

		kinds[i % ARRAY_SIZE(kinds)](t, page, n);
		size = there_and_back(t, page, n, LZ4_BOUND(n));
		EXPECT(t, size > 0);
	}
}

/*
 * Zeros at their size, noise above it, the rest between: measured. Not the
 * program, which is another one with each compiler.
 */
static void
pages_shrink_as_they_should(struct test *t)
{
	static const unsigned most[] = { 26, 4114, 3000, 1900, 400, 3350 };
	u8 page[PAGE];

	for (unsigned k = 0; k < ARRAY_SIZE(most); k++) {
		size_t sum = 0;

		for (unsigned i = 0; i < 64; i++) {
			kinds[k](t, page, PAGE);
			sum += there_and_back(t, page, PAGE, LZ4_BOUND(PAGE));
		}
		test_info(t, "kind %u: 4096 become %zu", k, sum / 64);
		EXPECT(t, sum / 64 <= most[k]);
	}
}

static void
a_block_that_does_not_fit_is_refused(struct test *t)
{
	u8 page[PAGE];
	size_t size;

	for (unsigned i = 0; i < 600; i++) {
		kinds[i % ARRAY_SIZE(kinds)](t, page, PAGE);
		size = there_and_back(t, page, PAGE, LZ4_BOUND(PAGE));
		EXPECT_EQ(t, there_and_back(t, page, PAGE, size - 1), 0);
		there_and_back(t, page, PAGE, test_below(t, (u32)size));
	}
	EXPECT_EQ(t, lz4_compress(&work, page, 0, page, 0), 0);
}

static void
the_same_page_gives_the_same_block(struct test *t)
{
	u8 page[PAGE], a[LZ4_BOUND(PAGE)], b[LZ4_BOUND(PAGE)];
	size_t n;

	fill_text(t, page, PAGE);
	n = lz4_compress(&work, page, PAGE, a, sizeof(a));
	memset(&work, 0xa5, sizeof(work));
	ASSERT_EQ(t, lz4_compress(&work, page, PAGE, b, sizeof(b)), n);
	EXPECT(t, !memcmp(a, b, n));
}

/* Positions are 16 bits: the longest input, and one byte more. */
static void
the_longest_input_is_65535_bytes(struct test *t)
{
	u8 *big = malloc(LZ4_MAX_INPUT + 1), *out = malloc(70000);

	fill_text(t, big, LZ4_MAX_INPUT + 1);
	EXPECT(t, there_and_back(t, big, LZ4_MAX_INPUT, 70000) > 0);
	EXPECT_EQ(t, lz4_compress(&work, big, LZ4_MAX_INPUT + 1, out, 70000),
		  0);
	free(big);
	free(out);
}

/*
 * The rules for writers: five literals at the end, no match in the last
 * twelve bytes. So 16 equal bytes are a literal, a match of 10 and the five.
 */
static void
the_end_is_literals(struct test *t)
{
	static const u8 want[] = { 0x16, 'a', 1, 0, 0x50, 'a', 'a', 'a', 'a',
				   'a' };
	u8 src[16], out[40];

	memset(src, 'a', sizeof(src));
	ASSERT_EQ(t, lz4_compress(&work, src, 16, out, 40), sizeof(want));
	EXPECT(t, !memcmp(out, want, sizeof(want)));
	EXPECT_EQ(t, lz4_compress(&work, src, 13, out, 40), 10);
	EXPECT_EQ(t, lz4_compress(&work, src, 12, out, 40), 13);
	EXPECT_EQ(t, out[0], 0xc0);
	EXPECT_EQ(t, lz4_compress(&work, src, 0, out, 40), 1);
	EXPECT_EQ(t, out[0], 0);
}

/* --- Reading what is not right --- */

static int
expand(const void *block, size_t n, size_t room)
{
	u8 *in = malloc(n ? n : 1), *out = malloc(room ? room : 1);
	int got;

	memcpy(in, block, n);
	got = lz4_decompress(in, n, out, room);
	free(in);
	free(out);
	return got;
}

static void
each_damage_is_refused(struct test *t)
{
	static const struct {
		const char *bytes;
		unsigned n, room;
	} bad[] = {
		{ "", 0, 9 },			/* nothing */
		{ "\x20" "a", 2, 9 },		/* a literal is missing */
		{ "\x20" "ab", 3, 1 },		/* no room for them */
		{ "\xf0", 1, 99 },		/* no length */
		{ "\xf0\xff", 2, 999 },		/* its end is missing */
		{ "\x10" "a\x01", 3, 99 },	/* half an offset */
		{ "\x10" "a\x01\x00", 4, 99 },	/* ends with a match */
		{ "\x10" "a\x00\x00\x00", 5, 99 },	/* offset 0 */
		{ "\x10" "a\x02\x00\x00", 5, 99 },	/* before the start */
		{ "\x10" "a\x01\x01\x00", 5, 99 },	/* far before it */
		{ "\x1f" "a\x01\x00", 4, 99 },	/* no length of a match */
		{ "\x10" "a\x01\x00\x00", 5, 4 },	/* no room for it */
		{ "\x10" "a\x01\x00\x10" "bc", 7, 9 },	/* more than the end */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(t, expand(bad[i].bytes, bad[i].n, bad[i].room),
			  -EINVAL);
	EXPECT_EQ(t, expand("\x00", 1, 0), 0);
	EXPECT_EQ(t, expand("\x10" "a\x01\x00\x00", 5, 5), 5);
	EXPECT_EQ(t, expand("\x1f" "a\x01\x00\x00\x00", 6, 20), 20);
}

/* Cut off at every byte, every byte changed, room one byte short. */
static void
no_byte_outside_is_touched(struct test *t)
{
	u8 page[PAGE], block[LZ4_BOUND(PAGE)];
	size_t n, i;

	for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
		size_t len = 200 + test_below(t, 400);

		kinds[k](t, page, len);
		n = lz4_compress(&work, page, len, block, sizeof(block));
		for (i = 0; i < n; i++)
			EXPECT(t, expand(block, i, len) != (int)len);
		for (i = 0; i < len; i++)
			EXPECT_EQ(t, expand(block, n, i), -EINVAL);
		for (i = 0; i < n; i++) {
			u8 was = block[i];

			block[i] = (u8)test_random(t);
			expand(block, n, len);
			block[i] = was ^ (u8)(1u << test_below(t, 8));
			expand(block, n, test_below(t, 2 * (u32)len));
			block[i] = was;
		}
	}
}

/* --- The reference --- */

typedef int (*codec_fn)(const char *src, char *dst, int n, int room);

static bool
reference(codec_fn *compress, codec_fn *decompress)
{
	void *lib = dlopen("liblz4.so.1", RTLD_NOW);

	if (!lib)
		return false;
	*compress = (codec_fn)dlsym(lib, "LZ4_compress_default");
	*decompress = (codec_fn)dlsym(lib, "LZ4_decompress_safe");
	return *compress && *decompress;
}

static void
the_reference_reads_what_we_write(struct test *t)
{
	char page[PAGE], block[LZ4_BOUND(PAGE)], out[PAGE];
	codec_fn compress, decompress;
	size_t n;

	if (!reference(&compress, &decompress))
		SKIP(t, "no liblz4.so.1 on this host");
	for (unsigned i = 0; i < 3000; i++) {
		size_t len = i % 2 ? PAGE : 1 + test_below(t, PAGE);

		kinds[i % ARRAY_SIZE(kinds)](t, (u8 *)page, len);
		n = lz4_compress(&work, page, len, block, sizeof(block));
		ASSERT_EQ(t, decompress(block, out, (int)n, PAGE), len);
		EXPECT(t, !memcmp(page, out, len));
	}
}

static void
we_read_what_the_reference_writes(struct test *t)
{
	char page[PAGE], block[LZ4_BOUND(PAGE)];
	codec_fn compress, decompress;
	size_t ours = 0, theirs = 0;

	if (!reference(&compress, &decompress))
		SKIP(t, "no liblz4.so.1 on this host");
	for (unsigned i = 0; i < 3000; i++) {
		u8 *exact, *out = malloc(PAGE);
		int n;

		kinds[i % ARRAY_SIZE(kinds)](t, (u8 *)page, PAGE);
		ours += lz4_compress(&work, page, PAGE, block, sizeof(block));
		n = compress(page, block, PAGE, sizeof(block));
		theirs += (size_t)n;
		exact = malloc((size_t)n);
		memcpy(exact, block, (size_t)n);
		EXPECT_EQ(t, lz4_decompress(exact, (size_t)n, out, PAGE), PAGE);
		EXPECT(t, !memcmp(page, out, PAGE));
		free(exact);
		free(out);
	}
	test_info(t, "ours %zu bytes a page, the reference's %zu",
		  ours / 3000, theirs / 3000);
	EXPECT(t, ours <= theirs + theirs / 33);	/* 3 % */
}

TEST_SUITE("lz4",
	   TEST_CASE(every_page_comes_back),
	   TEST_CASE(pages_shrink_as_they_should),
	   TEST_CASE(a_block_that_does_not_fit_is_refused),
	   TEST_CASE(the_same_page_gives_the_same_block),
	   TEST_CASE(the_longest_input_is_65535_bytes),
	   TEST_CASE(the_end_is_literals),
	   TEST_CASE(each_damage_is_refused),
	   TEST_CASE(no_byte_outside_is_touched),
	   TEST_CASE(the_reference_reads_what_we_write),
	   TEST_CASE(we_read_what_the_reference_writes));
