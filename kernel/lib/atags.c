/* SPDX-License-Identifier: MIT */
/*
 * Reader of ATAG lists: see lib/atags.h for the format.
 *
 * Nothing in the list is trusted: each length is checked against what may be
 * read before the record is used. Records of unknown kind are handed out
 * like others; the caller skips them.
 */
#include <lib/atags.h>
#include <lib/errno.h>

#define HEADER	8u		/* bytes: length and kind */

static u32
read_le32(const u8 *p)
{
	return (u32)p[3] << 24 | (u32)p[2] << 16 | (u32)p[1] << 8 | p[0];
}

int
atags_open(struct atags *a, const void *blob, size_t max)
{
	const u8 *p = blob;

	if (max < HEADER || read_le32(p + 4) != ATAG_CORE)
		return -EINVAL;
	a->blob = p;
	a->off = 0;
	a->max = max;
	return 0;
}

int
atags_next(struct atags *a, struct atag *tag)
{
	const u8 *p = a->blob + a->off;
	size_t left = a->max - a->off;
	u32 words;

	if (left < HEADER)
		return -EILSEQ;
	words = read_le32(p);
	tag->id = read_le32(p + 4);
	if (tag->id == ATAG_NONE)
		return 0;
	if (words < 2 || words > left / 4)
		return -EILSEQ;
	tag->data = p + HEADER;
	tag->len = 4 * words - HEADER;
	a->off += 4 * words;
	return 1;
}

bool
atag_word(const struct atag *tag, u32 i, u32 *value)
{
	if (i >= tag->len / 4)
		return false;
	*value = read_le32(tag->data + 4 * i);
	return true;
}
