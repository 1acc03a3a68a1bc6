/* SPDX-License-Identifier: MIT */
/*
 * cpio "newc": files one after the other, each behind a header of text.
 *
 *	"070701"  13 numbers of 8 hexadecimal digits	110 bytes
 *	name, NUL, filled up to a multiple of 4 (from the header on)
 *	data, filled up to a multiple of 4
 *	... the last entry is called TRAILER!!!
 *
 * Archives may follow each other, with zero bytes between them: a boot loader
 * that was given two just puts one behind the other. So a trailer only ends one
 * archive, and the end of the memory ends all.
 *
 * Nothing in it is believed: each length is compared with what is left, and a
 * name must end where its length says.
 *
 * Sources  Linux's documentation of the initramfs buffer format.
 */
#include <lib/compiler.h>
#include <lib/cpio.h>
#include <lib/string.h>

#define HEADER_SIZE	110u
#define NR_FIELDS	13u
#define NAME_LIMIT	4096u

enum { F_INO, F_MODE, F_UID, F_GID, F_NLINK, F_MTIME, F_SIZE, F_DEV_MAJOR,
       F_DEV_MINOR, F_RDEV_MAJOR, F_RDEV_MINOR, F_NAMESIZE, F_CHECK };

void
cpio_open(struct cpio *c, const void *archive, size_t size)
{
	c->base = archive;
	c->size = size;
	c->at = 0;
	c->error = NULL;
}

static bool
cpio_fail(struct cpio *c, const char *why)
{
	c->error = why;
	return false;
}

/* Eight hexadecimal digits; false if they are not. */
static bool
parse_hex(const u8 *text, u32 *value)
{
	u32 v = 0, digit;
	unsigned i;

	for (i = 0; i < 8; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			digit = text[i] - '0';
		else if ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'f')
			digit = (text[i] | 0x20) - 'a' + 10u;
		else
			return false;
		v = v << 4 | digit;
	}
	*value = v;
	return true;
}

/* Zero bytes between archives, and behind the last one. */
static void
skip_zeros(struct cpio *c)
{
	while (c->at < c->size && !c->base[c->at])
		c->at++;
}

static bool
read_header(struct cpio *c, u32 field[NR_FIELDS])
{
	const u8 *h = c->base + c->at;
	unsigned i;

	if (c->size - c->at < HEADER_SIZE)
		return cpio_fail(c, "ends in the middle of a header");
	if (memcmp(h, "070701", 6) && memcmp(h, "070702", 6))
		return cpio_fail(c, "no cpio header of format newc");
	for (i = 0; i < NR_FIELDS; i++) {
		if (!parse_hex(h + 6 + 8 * i, &field[i]))
			return cpio_fail(c, "a header's number is not "
					 "hexadecimal");
	}
	return true;
}

static void
fill_entry(struct cpio_entry *e, const u32 field[NR_FIELDS])
{
	e->ino = field[F_INO];
	e->mode = field[F_MODE];
	e->uid = field[F_UID];
	e->gid = field[F_GID];
	e->nlink = field[F_NLINK];
	e->mtime = field[F_MTIME];
	e->size = field[F_SIZE];
	e->dev_major = field[F_DEV_MAJOR];
	e->dev_minor = field[F_DEV_MINOR];
	e->rdev_major = field[F_RDEV_MAJOR];
	e->rdev_minor = field[F_RDEV_MINOR];
}

/* One header with what belongs to it; c->at goes behind. */
static bool
read_entry(struct cpio *c, struct cpio_entry *e)
{
	u32 field[NR_FIELDS], namesize;
	size_t left, head;

	if (!read_header(c, field))
		return false;
	namesize = field[F_NAMESIZE];
	left = c->size - c->at;
	if (!namesize || namesize > NAME_LIMIT)
		return cpio_fail(c, "a name's length is impossible");
	head = ALIGN_UP(HEADER_SIZE + (size_t)namesize, 4);
	if (HEADER_SIZE + (size_t)namesize > left)
		return cpio_fail(c, "ends in the middle of a name");
	e->name = (const char *)c->base + c->at + HEADER_SIZE;
	if (strnlen(e->name, namesize) != namesize - 1)
		return cpio_fail(c, "a name does not end where it should");
	fill_entry(e, field);
	if (e->size && (head > left || e->size > left - head))
		return cpio_fail(c, "ends in the middle of a file");
	e->data = c->base + c->at + head;
	/* The filling of the last entry may be missing. */
	c->at += min(head, left);
	left = c->size - c->at;
	c->at += min((size_t)e->size, left);
	left = c->size - c->at;
	c->at += min((size_t)(-e->size & 3), left);
	return true;
}

bool
cpio_next(struct cpio *c, struct cpio_entry *entry)
{
	while (!c->error) {
		skip_zeros(c);
		if (c->at == c->size)
			return false;
		if (!read_entry(c, entry))
			return false;
		if (strcmp(entry->name, "TRAILER!!!"))
			return true;
	}
	return false;
}
