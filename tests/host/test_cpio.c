/* SPDX-License-Identifier: MIT */
/*
 * The cpio reader: archives as tools make them, cut off at every byte, and with
 * every byte changed.
 */
#include <stdlib.h>

#include <lib/cpio.h>
#include <lib/string.h>
#include "harness.h"

static unsigned char archive[4096];
static size_t len;

static void
pad(void)
{
	while (len % 4)
		archive[len++] = 0;
}

static void
add(const char *name, unsigned mode, const char *data)
{
	size_t size = data ? strlen(data) : 0;
	char text[120];

	snprintf(text, sizeof(text), "070701%08x%08x%08x%08x%08x%08x%08x"
		 "%08x%08x%08x%08x%08x%08x", 7, mode, 1, 2, 1, 3,
		 (unsigned)size, 4, 5, 6, 7, (unsigned)strlen(name) + 1, 0);
	memcpy(archive + len, text, 110);
	len += 110;
	memcpy(archive + len, name, strlen(name) + 1);
	len += strlen(name) + 1;
	pad();
	memcpy(archive + len, data ? data : "", size);
	len += size;
	pad();
}

static void
make(void)
{
	memset(archive, 0, sizeof(archive));
	len = 0;
	add("bin", 040755, NULL);
	add("bin/sh", 0100755, "a program");
	add("TRAILER!!!", 0, NULL);
	len += 33;			/* filling between two archives */
	pad();
	add("etc", 040700, NULL);
	add("TRAILER!!!", 0, NULL);
}

static void
entries_come_in_order(struct test *t)
{
	struct cpio_entry e;
	struct cpio c;

	make();
	cpio_open(&c, archive, len);
	ASSERT(t, cpio_next(&c, &e));
	EXPECT(t, !strcmp(e.name, "bin") && e.size == 0);
	EXPECT_EQ(t, e.mode, 040755);
	ASSERT(t, cpio_next(&c, &e));
	EXPECT(t, !strcmp(e.name, "bin/sh"));
	EXPECT_EQ(t, e.size, 9);
	EXPECT(t, !memcmp(e.data, "a program", 9));
	EXPECT_EQ(t, e.ino, 7);
	EXPECT(t, e.uid == 1 && e.gid == 2 && e.nlink == 1 && e.mtime == 3);
	EXPECT(t, e.dev_major == 4 && e.dev_minor == 5);
	EXPECT(t, e.rdev_major == 6 && e.rdev_minor == 7);
	ASSERT(t, cpio_next(&c, &e));
	EXPECT(t, !strcmp(e.name, "etc"));
	EXPECT(t, !cpio_next(&c, &e));
	EXPECT(t, !c.error);
	EXPECT_EQ(t, c.at, len);
}

static const char *
error_of(const void *data, size_t size)
{
	struct cpio_entry e;
	struct cpio c;

	cpio_open(&c, data, size);
	while (cpio_next(&c, &e))
		;
	return c.error ? c.error : "";
}

static void
each_damage_has_its_word(struct test *t)
{
	EXPECT(t, !strcmp(error_of("", 0), ""));
	make();
	archive[0] = 'x';
	EXPECT(t, strstr(error_of(archive, len), "no cpio header"));
	make();
	archive[20] = 'g';
	EXPECT(t, strstr(error_of(archive, len), "hexadecimal"));
	make();
	memcpy(archive + 6 + 8 * 11, "00000000", 8);
	EXPECT(t, strstr(error_of(archive, len), "length is impossible"));
	make();
	memcpy(archive + 6 + 8 * 11, "00000003", 8);
	EXPECT(t, strstr(error_of(archive, len), "does not end"));
	make();
	memcpy(archive + 6 + 8 * 11, "00001001", 8);
	EXPECT(t, strstr(error_of(archive, len), "length is impossible"));
	make();
	memcpy(archive + 6 + 8 * 6, "fffffffe", 8);
	EXPECT(t, strstr(error_of(archive, len), "middle of a file"));
	make();
	EXPECT(t, strstr(error_of(archive, 100), "middle of a header"));
	EXPECT(t, strstr(error_of(archive, 112), "middle of a name"));
}

/* From memory of exactly this size, so that one byte too far is noticed. */
static void
no_byte_outside_is_touched(struct test *t)
{
	size_t n, i;
	unsigned char *copy;

	make();
	for (n = 0; n <= len; n++) {
		copy = malloc(n ? n : 1);
		memcpy(copy, archive, n);
		error_of(copy, n);
		free(copy);
	}
	copy = malloc(len);
	for (i = 0; i < len; i++) {
		memcpy(copy, archive, len);
		copy[i] ^= 1u << test_below(t, 8);
		error_of(copy, len);
		copy[i] = (unsigned char)test_random(t);
		error_of(copy, len);
	}
	free(copy);
}

TEST_SUITE("cpio",
	   TEST_CASE(entries_come_in_order),
	   TEST_CASE(each_damage_has_its_word),
	   TEST_CASE(no_byte_outside_is_touched));
