/* SPDX-License-Identifier: MIT */
/*
 * Memory pools: allocations that cannot fail, because some are kept back.
 * See mm/kmem/mempool.c.
 */
#ifndef MM_MEMPOOL_H
#define MM_MEMPOOL_H

#include <kernel/lock.h>
#include <kernel/wait.h>
#include <lib/types.h>
#include <mm/slab.h>

struct mempool {
	spinlock_t lock;
	unsigned min_nr;	/* elements that are kept back; lock */
	unsigned curr_nr;	/* of them there now; lock */
	void **elements;	/* lock */
	void *pool_data;	/* for alloc and free */
	void *(*alloc)(gfp_t gfp, void *pool_data);
	void (*free)(void *element, void *pool_data);
	struct wait_queue_head wait;
};

/*
 * A pool that keeps back min_nr elements, all allocated here. Context: may
 * sleep. Returns NULL without memory.
 */
struct mempool *mempool_create(unsigned min_nr,
			       void *(*alloc)(gfp_t gfp, void *pool_data),
			       void (*free)(void *element, void *pool_data),
			       void *pool_data);
/* The usual kinds: objects of a cache, kmalloc, pages of an order. */
struct mempool *mempool_create_slab_pool(unsigned min_nr,
					 struct kmem_cache *cache);
struct mempool *mempool_create_kmalloc_pool(unsigned min_nr, size_t size);
struct mempool *mempool_create_page_pool(unsigned min_nr, unsigned order);
/* All elements must be back, or a report says how many are not. NULL: none. */
void mempool_destroy(struct mempool *pool);
/*
 * Keep back min_nr (at least 1) elements from now on. 0 or -ENOMEM: the
 * reserve is then not smaller than before, or than it was to become.
 * Context: may sleep; not at once with another resize.
 */
int mempool_resize(struct mempool *pool, unsigned min_nr);

/*
 * An element. With a gfp that may sleep it never fails: it waits until another
 * one is freed. Else NULL when the reserve is used up, too.
 */
void *mempool_alloc(struct mempool *pool, gfp_t gfp);
/* The reserve is filled first. NULL is ignored. Context: as the free function. */
void mempool_free(void *element, struct mempool *pool);

#endif
