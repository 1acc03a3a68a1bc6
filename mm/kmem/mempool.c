/* SPDX-License-Identifier: MIT */
/*
 * Memory pools.
 *
 * Ideas
 *   To free memory one sometimes needs memory: a request to write a page out
 *   must itself be allocated. If that fails for want of memory, nothing gets
 *   written and nothing is freed. So whoever stands in that way keeps a few
 *   elements back:
 *
 *	alloc	1 from the allocator, without trying hard
 *		2 from the reserve
 *		3 wait until somebody frees one, then again
 *	free	1 to the reserve, if it is not full; wake one who waits
 *		2 to the allocator
 *
 *   This cannot fail, if each element is freed some time after it was taken,
 *   without a further element of the pool being needed for it.
 *
 * Invariants
 *   MP1  0 <= curr_nr <= min_nr; the first curr_nr of elements[] are the
 *	  reserve.
 *   MP2  While somebody waits curr_nr is 0, or he has been woken.
 * Locks    pool->lock: reserve and its size. The allocator is called outside.
 * Questions a reader asks
 *   Why is the allocator asked first, and not the reserve used? So that the
 *     reserve is full when it is needed.
 * Source   Linux, mm/mempool.c (Molnar).
 */
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mempool.h>

static void
pool_add(struct mempool *pool, void *element)
{
	pool->elements[pool->curr_nr++] = element;
}

/* An element of the reserve, or NULL. */
static void *
pool_take(struct mempool *pool)
{
	unsigned long flags = spin_lock_irqsave(&pool->lock);
	void *element = NULL;

	if (pool->curr_nr)
		element = pool->elements[--pool->curr_nr];
	spin_unlock_irqrestore(&pool->lock, flags);
	return element;
}

/* Give back the reserve and the pool itself. */
static void
pool_dissolve(struct mempool *pool)
{
	void *element;

	while ((element = pool_take(pool)))
		pool->free(element, pool->pool_data);
	kfree(pool->elements);
	kfree(pool);
}

struct mempool *
mempool_create(unsigned min_nr, void *(*alloc)(gfp_t gfp, void *pool_data),
	       void (*free)(void *element, void *pool_data), void *pool_data)
{
	struct mempool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	void *element;

	if (!pool || !min_nr)
		goto fail;
	pool->elements = kmalloc_array(min_nr, sizeof(void *), GFP_KERNEL);
	if (!pool->elements)
		goto fail;
	spin_lock_init(&pool->lock, LOCK_MEMPOOL);
	init_waitqueue_head(&pool->wait);
	pool->min_nr = min_nr;
	pool->pool_data = pool_data;
	pool->alloc = alloc;
	pool->free = free;
	while (pool->curr_nr < min_nr) {
		element = alloc(GFP_KERNEL, pool_data);
		if (!element) {
			pool_dissolve(pool);
			return NULL;
		}
		pool_add(pool, element);
	}
	return pool;
fail:
	kfree(pool);
	return NULL;
}

void
mempool_destroy(struct mempool *pool)
{
	if (!pool)
		return;
	if (pool->curr_nr != pool->min_nr) {
		pr_err("BUG: a mempool is destroyed while %u of %u elements "
		       "are out\n", pool->min_nr - pool->curr_nr,
		       pool->min_nr);
		WARN_ON(true);
	}
	pool_dissolve(pool);
}

/* Allocate for the reserve until it is full; -ENOMEM if that fails. */
static int
pool_fill(struct mempool *pool)
{
	unsigned long flags;
	void *element;
	bool full = false;

	while (!full) {
		element = NULL;
		if (READ_ONCE(pool->curr_nr) < pool->min_nr) {
			element = pool->alloc(GFP_KERNEL, pool->pool_data);
			if (!element)
				return -ENOMEM;
		}
		flags = spin_lock_irqsave(&pool->lock);
		full = pool->curr_nr >= pool->min_nr;
		if (element && !full) {
			pool_add(pool, element);
			element = NULL;
		}
		spin_unlock_irqrestore(&pool->lock, flags);
		if (element)
			pool->free(element, pool->pool_data);
	}
	return 0;
}

int
mempool_resize(struct mempool *pool, unsigned min_nr)
{
	void **next, **old, *element;
	unsigned long flags;
	unsigned least;

	if (!min_nr)
		return -EINVAL;
	next = kmalloc_array(min_nr, sizeof(void *), GFP_KERNEL);
	if (!next)
		return -ENOMEM;
	/* What does not fit any more goes first. */
	while (READ_ONCE(pool->curr_nr) > min_nr &&
	       (element = pool_take(pool)))
		pool->free(element, pool->pool_data);
	flags = spin_lock_irqsave(&pool->lock);
	if (pool->curr_nr > min_nr) {
		spin_unlock_irqrestore(&pool->lock, flags);
		kfree(next);
		return -EAGAIN;		/* frees came in between */
	}
	memcpy(next, pool->elements, pool->curr_nr * sizeof(void *));
	old = pool->elements;
	least = min(pool->min_nr, min_nr);
	pool->elements = next;
	pool->min_nr = min_nr;
	spin_unlock_irqrestore(&pool->lock, flags);
	kfree(old);
	if (!pool_fill(pool))
		return 0;
	/* What could not be had is not missed when the pool goes. */
	flags = spin_lock_irqsave(&pool->lock);
	pool->min_nr = max(least, pool->curr_nr);
	spin_unlock_irqrestore(&pool->lock, flags);
	return -ENOMEM;
}

void *
mempool_alloc(struct mempool *pool, gfp_t gfp)
{
	gfp_t lightly = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOMEMALLOC |
			__GFP_NORETRY | __GFP_NOWARN;
	void *element = NULL;

	if (gfpflags_allow_blocking(gfp))
		might_sleep();
	for (;;) {
		element = pool->alloc(lightly, pool->pool_data);
		if (!element)
			element = pool_take(pool);
		if (element || !gfpflags_allow_blocking(gfp))
			return element;
		/* Each free wakes one: the condition is looked at again. */
		wait_event_exclusive(&pool->wait, READ_ONCE(pool->curr_nr));
	}
}

void
mempool_free(void *element, struct mempool *pool)
{
	unsigned long flags;

	if (!element)
		return;
	if (READ_ONCE(pool->curr_nr) < pool->min_nr) {
		flags = spin_lock_irqsave(&pool->lock);
		if (pool->curr_nr < pool->min_nr) {
			pool_add(pool, element);
			element = NULL;
		}
		spin_unlock_irqrestore(&pool->lock, flags);
	}
	if (!element)
		wake_up(&pool->wait);
	else
		pool->free(element, pool->pool_data);
}

/* --- the usual kinds -------------------------------------------------------------- */

static void *
slab_element(gfp_t gfp, void *cache)
{
	return kmem_cache_alloc(cache, gfp);
}

static void
free_slab_element(void *element, void *cache)
{
	kmem_cache_free(cache, element);
}

struct mempool *
mempool_create_slab_pool(unsigned min_nr, struct kmem_cache *cache)
{
	return mempool_create(min_nr, slab_element, free_slab_element, cache);
}

static void *
kmalloc_element(gfp_t gfp, void *size)
{
	return kmalloc((unsigned long)size, gfp);
}

static void
free_kmalloc_element(void *element, void *size)
{
	kfree(element);
}

struct mempool *
mempool_create_kmalloc_pool(unsigned min_nr, size_t size)
{
	return mempool_create(min_nr, kmalloc_element, free_kmalloc_element,
			      (void *)(unsigned long)size);
}

static void *
page_element(gfp_t gfp, void *order)
{
	return alloc_pages(gfp, (unsigned long)order);
}

static void
free_page_element(void *element, void *order)
{
	free_frames(element, (unsigned long)order);
}

struct mempool *
mempool_create_page_pool(unsigned min_nr, unsigned order)
{
	return mempool_create(min_nr, page_element, free_page_element,
			      (void *)(unsigned long)order);
}
