/* SPDX-License-Identifier: MIT */
/* Inside zram: what drivers/zram.c, zram_slot.c and their tests share. */
#ifndef DRIVERS_ZRAM_SLOT_H
#define DRIVERS_ZRAM_SLOT_H

#include <kernel/lock.h>
#include <lib/atomic.h>
#include <lib/types.h>
#include <mm/zsmalloc.h>

#define ZRAM_LOCKS	16u	/* a slot's is that of its number, modulo */

enum zram_kind { ZRAM_EMPTY, ZRAM_SAME, ZRAM_PACKED, ZRAM_RAW };

/* What one page of the disk is kept as. */
struct zram_slot {
	u32 value;	/* SAME: the word; PACKED: handle; RAW: frame number */
	u16 size;	/* PACKED: bytes */
	u8 kind;
	u8 unused;
};

struct zram {
	struct zram_slot *table;	/* slot's lock; set with no user */
	u32 nr_pages;			/* 0: no size */
	spinlock_t locks[ZRAM_LOCKS];
	struct zs_pool *pool;
	atomic_t users;			/* requests on their way through */
	unsigned long limit;		/* pages; 0: none */
	u32 compact_at;			/* where the shrinker goes on; any value
					 * will do, so two may meet there */
	/* Counts: of slots, of bytes, of frames. */
	atomic_t stored, same, raw, raw_ever, packed_bytes, raw_frames;
	atomic_t frames_max, failed_reads, failed_writes, freed;
};

extern struct zram zram0;

/* Scratch memory for each core, as long as there is a size. */
int zram_scratch_alloc(void);
void zram_scratch_free(void);

/*
 * n bytes at offset of page index. Context: not in interrupts; does not sleep.
 * 0; -EIO: what is kept cannot be read; -ENOMEM: no memory, or at the limit.
 */
int zram_read_page(struct zram *z, u32 index, unsigned offset, void *dst,
		   unsigned n);
int zram_write_page(struct zram *z, u32 index, unsigned offset,
		    const void *src, unsigned n);
/* Page index is not needed any more. Context: likewise; locks may be held. */
void zram_free_page(struct zram *z, u32 index);
/* What it is compressed to is brought together with others: was it moved? */
bool zram_compact_page(struct zram *z, u32 index);
/* Frames that content takes. */
unsigned long zram_frames(struct zram *z);

#endif
