/* SPDX-License-Identifier: MIT */
/* cpio archives in the format "newc". See kernel/lib/cpio.c. */
#ifndef LIB_CPIO_H
#define LIB_CPIO_H

#include <lib/types.h>

struct cpio_entry {
	const char *name;	/* in the archive, NUL-terminated */
	const u8 *data;
	u32 size;		/* bytes of data */
	u32 ino, mode, uid, gid, nlink, mtime;
	u32 dev_major, dev_minor, rdev_major, rdev_minor;
};

struct cpio {
	const u8 *base;
	size_t size, at;	/* bytes; where the next header is looked for */
	const char *error;	/* what is wrong, or NULL */
};

void cpio_open(struct cpio *c, const void *archive, size_t size);
/*
 * The next entry. False at the end of the archive, and when it is damaged:
 * then c->error says how, and c->at where. Never looks outside of it.
 */
bool cpio_next(struct cpio *c, struct cpio_entry *entry);

#endif
