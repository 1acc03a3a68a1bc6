/* SPDX-License-Identifier: MIT */
/*
 * Where kmemleak is switched on late: the objects that the caches have given
 * out already.
 *
 * Every frame of lowmem is looked at; the head of a slab says whose objects
 * they are, and the slab design which may be in use. Blocks of kmalloc that
 * are no slab's bear a mark of their own.
 */
#include <mm/kmemleak.h>
#ifdef VELLUM_KMEMLEAK
#include <kernel/sched.h>
#include <mm/zone.h>
#include "kfence.h"
#include "kmem_cache.h"

static void
enter_frame(struct page *page)
{
	unsigned long bytes = PAGE_SIZE << page_order(page);
	struct kmem_cache *cache = page->slab.cache;

	if (page_state(page) == PAGE_STATE_KERNEL && page->flags & PG_private)
		kmemleak_enter_old(page_address(page), bytes);
	/* One that is just being made is nobody's yet. */
	if (page_state(page) == PAGE_STATE_SLAB && cache &&
	    page->slab.objects * cache->size <= bytes)
		the_slab_design->for_each_object(cache, page,
						 kmemleak_enter_old);
}

/* What the caches keep of free objects is no reason to think them used. */
static void
ignore_lists(void)
{
	struct kmem_cache *cache;

	mutex_lock(&slab_mutex);
	list_for_each_entry(cache, &slab_caches, list) {
		kmemleak_ignore_percpu(cache->lists);
		kmemleak_ignore_percpu(cache->design);
	}
	mutex_unlock(&slab_mutex);
}

void
kmemleak_enter_slabs(void)
{
	pfn_t end = min(mem_map_end, (pfn_t)(__pa(high_memory) >> PAGE_SHIFT));

	/* Fewer free objects that could be taken for used ones. */
	kmem_cache_shrink_all();
	for (pfn_t pfn = mem_map_start; pfn < end; pfn++) {
		enter_frame(pfn_to_page(pfn));
		if (pfn % 256 == 0)
			cond_resched();
	}
	ignore_lists();
	for (unsigned i = 0; i < kfence_pool.nr; i++) {
		const struct kfence_metadata *m = &kfence_pool.objects[i];

		if (m->state == KFENCE_OBJECT_ALLOCATED)
			kmemleak_enter_old((void *)m->addr, m->size);
	}
}
#endif
