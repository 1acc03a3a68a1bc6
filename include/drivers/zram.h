/* SPDX-License-Identifier: MIT */
/* zram0: a disk in memory that compresses what it is given. See drivers/zram.c. */
#ifndef DRIVERS_ZRAM_H
#define DRIVERS_ZRAM_H

#include <kernel/blk.h>
#include <lib/types.h>

struct seq_buf;

/* What it holds; pages and bytes. */
struct zram_stats {
	unsigned long stored;		/* pages that hold something */
	unsigned long same;		/* of them: one word again and again */
	unsigned long raw;		/* of them: kept as they came */
	unsigned long raw_ever;		/* the same since it got its size */
	unsigned long packed_bytes;	/* blocks of those that shrank */
	unsigned long frames;		/* memory used, in pages */
	unsigned long frames_max;	/* the most so far */
	unsigned long failed_reads, failed_writes;
	unsigned long freed;		/* slots given back by their owner */
	unsigned long compacted;	/* frames freed by moving blocks */
};

/*
 * Give the disk its size, in bytes, rounded up to pages. Context: may sleep.
 * Returns 0; -EBUSY: it has one (reset first); -EINVAL: 0, or above 64 GiB;
 * -ENOMEM.
 */
int zram_set_size(u64 bytes);
/*
 * Forget all content and the size. Context: may sleep.
 * Returns 0; -EBUSY: somebody holds the disk.
 */
int zram_reset(void);
/* Its size in bytes, 0: none. */
u64 zram_size(void);

/* At most so many bytes of memory, rounded up to pages; 0: no limit. */
void zram_set_limit(u64 bytes);
u64 zram_limit(void);

/*
 * Move compressed pages together until no frame can be freed by it. Context: may
 * sleep. 0; -EINVAL: it has no size.
 */
int zram_compact(void);

void zram_get_stats(struct zram_stats *stats);
/* The most memory used is measured from now on. */
void zram_forget_max(void);
/* The classes of its pool, one a line. */
void zram_show_classes(struct seq_buf *s);
/* NULL: sound, or the rule that is broken. Context: nobody uses it. */
const char *zram_verify(void);

#endif
