/* SPDX-License-Identifier: MIT */
/* What the debugging of slabs and its reports share. See slub_debug.c. */
#ifndef MM_KMEM_SLUB_DEBUG_H
#define MM_KMEM_SLUB_DEBUG_H

#include "kmem_cache.h"

/* As in Linux, so that a hexadecimal dump can be read at sight. */
#define RED_INACTIVE	0xbb	/* around a free object */
#define RED_ACTIVE	0xcc	/* around one in use */
#define POISON_INUSE	0x5a	/* in use, not yet written; padding */
#define POISON_FREE	0x6b	/* free */
#define POISON_END	0xa5	/* the last byte of a free one */

#define TRACK_DEPTH	8
#define LEAKS_TOLD	16	/* one by one; more are only counted */

/* Who used an object, and when. */
struct track {
	unsigned long pc[TRACK_DEPTH];
	u32 when_ms;		/* since boot */
	u16 pid;
	u8 cpu;
	u8 nr;			/* of pc; 0: nobody */
};

/* Bytes that must all be value. */
struct zone_check {
	const char *what, *name;	/* the bug; the zone */
	u8 *start;
	unsigned bytes;
	u8 value;
};

struct track *slub_debug_tracks(const struct kmem_cache *cache,
				const void *object);
unsigned slub_debug_end(const struct kmem_cache *cache);
bool slub_debug_poisons(const struct kmem_cache *cache);
bool slub_debug_is_start(const struct kmem_cache *cache, struct page *page,
			 const void *object);
int slub_debug_walk(struct kmem_cache *cache, struct page *page,
		    const void *object, bool *found);
bool slub_debug_check(struct kmem_cache *cache, struct page *page,
		      void *object, bool active, bool quiet);

/* slub_report.c */
void slub_fill_track(struct track *t, unsigned long caller);
void slub_print_track(const struct track *t, const char *what);
void slub_report_bytes(struct kmem_cache *cache, struct page *page,
		       void *object, const struct zone_check *z, u8 *bad,
		       u8 *end);
void slub_print_leak(struct kmem_cache *cache, const void *object);

#endif
