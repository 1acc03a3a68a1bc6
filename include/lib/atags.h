/* SPDX-License-Identifier: MIT */
/*
 * ATAGs: the tagged list by which loaders of old described an ARM board.
 *
 * The list is a row of records, each a word with its length (in words, these
 * two included), a word that says what it is, and data. The first is CORE,
 * the last NONE with length 0. All words are little-endian.
 */
#ifndef LIB_ATAGS_H
#define LIB_ATAGS_H

#include <lib/compiler.h>
#include <lib/types.h>

#define ATAG_NONE	0x00000000u
#define ATAG_CORE	0x54410001u
#define ATAG_MEM	0x54410002u	/* size, start */
#define ATAG_INITRD2	0x54420005u	/* start, size */
#define ATAG_CMDLINE	0x54410009u	/* text with NUL */

struct atags {
	const u8 *blob;
	size_t off, max;	/* bytes */
};

struct atag {
	u32 id;
	u32 len;		/* bytes of data */
	const u8 *data;
};

/* Is there a list at blob, at most max bytes long? 0 or -EINVAL. */
int atags_open(struct atags *a, const void *blob, size_t max);
/*
 * The next record, CORE first. Returns 1, 0 at the end, -EILSEQ when a
 * length is impossible or no end comes within max bytes.
 */
int atags_next(struct atags *a, struct atag *tag);
/* Word i of a record's data; false when it is not that long. */
bool atag_word(const struct atag *tag, u32 i, u32 *value);

#endif
