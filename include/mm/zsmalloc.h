/* SPDX-License-Identifier: MIT */
/*
 * A pool for objects of odd sizes below a page, which need no address of their
 * own: compressed pages. See mm/kmem/zsmalloc.c.
 */
#ifndef MM_ZSMALLOC_H
#define MM_ZSMALLOC_H

#include <mm/gfp.h>

/* The largest object: what is larger is better kept in a frame of its own. */
#define ZS_MAX_SIZE	3264u

struct zs_pool;

/* Where an object is; 0: nowhere. 31 bits. */
typedef u32 zs_handle_t;

struct zs_stats {
	unsigned long frames;		/* held, in pages */
	unsigned long compacted;	/* of those that went: by zs_move() */
	unsigned long objects;
	u64 bytes;			/* their sizes, rounded to classes */
};

/* NULL: no memory. Context: may sleep. */
struct zs_pool *zs_create_pool(void);
/* All objects must be gone; frames go as the last object of them does. */
void zs_destroy_pool(struct zs_pool *pool);

/*
 * Room for size bytes, 1 to ZS_MAX_SIZE, in frames allocated with gfp.
 * Context: any but interrupts, or as gfp says. 0: no memory.
 */
zs_handle_t zs_malloc(struct zs_pool *pool, unsigned size, gfp_t gfp);
/* Context: any but interrupts; spinlocks above ZSMALLOC may be held. */
void zs_free(struct zs_pool *pool, zs_handle_t handle);

/* Fill the object, which nobody reads yet. size as it was allocated. */
void zs_write(struct zs_pool *pool, zs_handle_t handle, const void *src,
	      unsigned size);
/*
 * Its size bytes in one piece: where they lie, or in buf (size bytes) when they
 * lie in two frames. Until zs_read_end() do not sleep, and free no object that
 * is being read.
 */
const void *zs_read_begin(struct zs_pool *pool, zs_handle_t handle,
			  unsigned size, void *buf);
void zs_read_end(const void *data, const void *buf);

/* Frames that zs_move() of all objects could free, about. Context: as zs_free. */
unsigned long zs_can_compact(struct zs_pool *pool);
/*
 * Bring an object of size bytes together with others, if that helps to empty
 * frames: its new handle; the old one is void. Or the old one. Nobody reads it
 * meanwhile, nor until the owner has noted the handle. buf: as for
 * zs_read_begin(). Allocates nothing. Context: as zs_free.
 */
zs_handle_t zs_move(struct zs_pool *pool, zs_handle_t handle, unsigned size,
		    void *buf);

/* Frames that the pool holds. */
unsigned long zs_get_total_pages(struct zs_pool *pool);
void zs_pool_stats(struct zs_pool *pool, struct zs_stats *stats);
/* The classes in use, one a line. */
void zs_pool_show(struct zs_pool *pool, struct seq_buf *s);
/*
 * Check the whole pool; NULL: sound, or the rule that is broken.
 * Context: nobody uses the pool meanwhile.
 */
const char *zs_verify(struct zs_pool *pool);

#endif
