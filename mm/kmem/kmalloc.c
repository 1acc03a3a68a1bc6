/* SPDX-License-Identifier: MIT */
/*
 * kmalloc, and the fast paths of all object caches.
 *
 * Ideas
 *   Sizes	8 16 32 64 96 128 192 256 512 1024 ... 8192: powers of two,
 *		with two more where the step would waste most. Up to 1024 a
 *		table with an entry for every 8 bytes names the cache, beyond
 *		the highest bit does. The same row again from ZONE_DMA.
 *		Larger: whole pages, one compound block, marked PG_private.
 *   Fast path	the next object is the first of this core's list. Interrupts
 *		are off for a dozen instructions; no lock, no atomic.
 *   Free	whether an object lies in the core's own slab is told by its
 *		address alone. kfree() finds the cache from the address:
 *		frame, struct page (each of a slab, tails too), cache.
 *   Hooks	while somebody wants to see each request (tracing, a sample
 *		for KFENCE), every cache shows its fast path a core's part that
 *		is always empty, so that all come the slow way, where the hooks
 *		are. A sampled object lies in no slab, so it is given back
 *		the slow way too.
 *   Mistakes	an address that is no object is none of the own slab, so the
 *		fast path need not look for it; the slow path does. In debug
 *		builds every free is looked at.
 *
 * Source  Bonwick, The Slab Allocator, USENIX 1994.
 */
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <lib/string.h>
#include <mm/hooks.h>
#include <mm/dma_debug.h>
#include <mm/kmemleak.h>
#include <mm/trace.h>
#include <mm/vmalloc.h>
#include "kasan_slab.h"
#include "kfence.h"
#include "kmem_cache.h"

#define NR_KMALLOC_CACHES	13	/* 8 to 8192, and 96, 192 */
#define KMALLOC_DMA_ROW		1
#define NR_KMALLOC_ROWS		2

static const u16 kmalloc_sizes[NR_KMALLOC_CACHES] = {
	8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192,
};
/* For sizes of 1 to 192, in steps of 8: index into kmalloc_sizes. */
static const u8 small_index[24] = {
	0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5,
	6, 6, 6, 6, 6, 6, 6, 6,
};


static struct kmem_cache *kmalloc_caches[NR_KMALLOC_ROWS][NR_KMALLOC_CACHES];

bool
slab_is_available(void)
{
	return kmalloc_caches[NR_KMALLOC_ROWS - 1][NR_KMALLOC_CACHES - 1];
}

/* --- the fast paths ------------------------------------------------------------------ */

#define CALLER	((unsigned long)__builtin_return_address(0))

#ifdef VELLUM_DEBUG
/* Is object one that may be freed to cache? Marks it as free. */
static bool
check_free(struct kmem_cache *cache, void *object)
{
	struct page *page = slab_page_of(object);
	unsigned long at = (char *)object - (char *)page_address(page);

	if (!slab_has_canary(cache))
		return true;
	if (at % cache->size || at / cache->size >= page->slab.objects) {
		slab_bug(cache, page, object, "free of a pointer into the "
			 "middle (%lu) of an object", at % cache->size);
		return false;
	}
	if (*slab_canary(cache, object) == slab_canary_value(cache, object)) {
		slab_bug(cache, page, object, "double free");
		return false;
	}
	*slab_canary(cache, object) = slab_canary_value(cache, object);
	return true;
}

/*
 * An object is given up: is it lent to a device? Where slabs are shared its
 * size stands in front of it, but only if it is kmalloc's.
 */
static void
check_lent(struct kmem_cache *cache, const void *object, unsigned long caller,
	   bool kmalloced)
{
	size_t size = cache->object_size;

	if (the_slab_design->ksize && kmalloced)
		size = the_slab_design->ksize(slab_page_of(object), object);
	dma_debug_freed(__pa(object), size, caller);
	(void)size;
}

/* The mark of an object that is given out must be as it was left. */
static void
check_alloc(struct kmem_cache *cache, void *object)
{
	u32 *canary = slab_canary(cache, object);

	if (!slab_has_canary(cache))
		return;
	if (*canary != slab_canary_value(cache, object))
		slab_bug(cache, slab_page_of(object), object,
			 "use after free: a write to byte %u of a free object",
			 (unsigned)((char *)canary - (char *)object));
	*canary = ~slab_canary_value(cache, object);
}
#endif

/* The first object of this core's list, or NULL. */
static __always_inline void *
list_pop(struct kmem_cache *cache, struct kmem_cache_cpu *lists)
{
	unsigned long flags = local_irq_save();
	struct kmem_cache_cpu *c = this_cpu_ptr(lists);
	void *object = c->own.first;

	if (likely(object))
		c->own.first = get_free_pointer(cache, object);
	local_irq_restore(flags);
	return object;
}

/* Somebody wants to know of each request: it is told, sampled, or failed. */
static noinline void *
cache_alloc_hooked(struct kmem_cache *cache, size_t size, gfp_t gfp,
		   unsigned long caller)
{
	void *object = NULL;
	bool fail = slab_hooks & SLAB_HOOK_FAULT && fault_inject_object(gfp);

	if (slab_hooks & SLAB_HOOK_KFENCE && !fail)
		object = kfence_alloc(cache, size ? size : cache->object_size,
				      gfp, caller);
	if (!object && !fail)
		object = list_pop(cache, cache->lists);
	if (!object && !fail)
		object = the_slab_design->alloc(cache,
				size ? size : cache->object_size, gfp, caller);
	if (size)
		trace_kmalloc((void *)caller, object, size, cache->size, gfp);
	else
		trace_kmem_cache_alloc((void *)caller, object, cache->name,
				       cache->object_size, cache->size, gfp);
	/* All that ksize() allows is its user's, where it may hold pointers. */
	kmemleak_alloc(object, size && (the_slab_design->ksize ||
					is_kfence_address(object)) ? size :
		       cache->object_size, 1);
	return object;
}

/* The core's list is empty, or hooks are on. */
static noinline void *
cache_alloc_slow(struct kmem_cache *cache, size_t size, gfp_t gfp,
		 unsigned long caller)
{
	void *object;

#ifdef VELLUM_DEBUG
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
#endif
	if (unlikely(slab_hooks))
		object = cache_alloc_hooked(cache, size, gfp, caller);
	else
		object = the_slab_design->alloc(cache,
				size ? size : cache->object_size, gfp, caller);
	if (likely(!is_kfence_address(object))) {
#ifdef VELLUM_DEBUG
		if (object)
			check_alloc(cache, object);
#endif
		kasan_alloc_object(cache, object, size);
	}
	if (unlikely(gfp & __GFP_ZERO) && object)
		memset(object, 0, size ? size : cache->object_size);
	return object;
}

static noinline void *
zero_object(struct kmem_cache *cache, void *object, size_t size)
{
	return memset(object, 0, size ? size : cache->object_size);
}

/* size 0 stands for that of the cache. */
static __always_inline void *
cache_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
	    unsigned long caller)
{
	void *object = list_pop(cache, cache->cpu);

	if (unlikely(!object))
		return cache_alloc_slow(cache, size, gfp, caller);
#ifdef VELLUM_DEBUG
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
	check_alloc(cache, object);
#endif
	kasan_alloc_object(cache, object, size);
	if (unlikely(gfp & __GFP_ZERO))
		return zero_object(cache, object, size);
	return object;
}

/* What is wrong with an address that somebody wants to free. */
static void
bad_free(struct kmem_cache *cache, const void *object, const char *what)
{
	char line[96];

	if (vmalloc_describe((unsigned long)object, line, sizeof(line)))
		slab_bug(cache, NULL, object, "%s: %s", what, line);
	else
		slab_bug(cache, NULL, object, "%s", what);
}

/* Put object on the list if it is of its slab, and not just put there. */
static __always_inline bool
list_push(struct kmem_cache *cache, struct object_list *list, void *object)
{
	if (!list_holds(list, object) || unlikely(list->first == object))
		return false;
	set_free_pointer(cache, object, list->first);
	list->first = object;
	return true;
}

/* Free to a list of this core; false if it is of neither slab. */
static __always_inline bool
lists_push(struct kmem_cache *cache, struct kmem_cache_cpu *lists,
	   void *object)
{
	unsigned long flags = local_irq_save();
	struct kmem_cache_cpu *c = this_cpu_ptr(lists);

	if (likely(list_push(cache, &c->own, object))) {
		local_irq_restore(flags);
		return true;
	}
	if (list_push(cache, &c->away, object)) {
		c->nr_away++;
		local_irq_restore(flags);
		return true;
	}
	local_irq_restore(flags);
	return false;
}

/* Is object the first of a list of this core already? */
static bool
is_freed_last(struct kmem_cache *cache, const void *object)
{
	unsigned long flags = local_irq_save();
	struct kmem_cache_cpu *c = this_cpu_ptr(cache->lists);
	bool twice = c->own.first == object || c->away.first == object;

	local_irq_restore(flags);
	return twice;
}

static void
trace_free(struct kmem_cache *cache, void *object, unsigned long caller,
	   bool kmalloced)
{
	if (kmalloced)
		trace_kfree((void *)caller, object);
	else
		trace_kmem_cache_free((void *)caller, object, cache->name);
}

/*
 * Free what no list of this core takes: an object of another slab or of
 * KFENCE, NULL, or a mistake.
 */
static noinline void
cache_free_slow(struct kmem_cache *cache, void *object, unsigned long caller,
		bool kmalloced)
{
	struct page *page;

	if (!object)
		return;
	if (unlikely(!is_lowmem(object))) {
		bad_free(cache, object, "free of a pointer that is no object");
		return;
	}
	if (is_kfence_address(object)) {
		trace_free(cache, object, caller, kmalloced);
		kfence_free(cache, object, caller);
		return;
	}
	page = slab_page_of(object);
	if (unlikely(page_state(page) != PAGE_STATE_SLAB ||
		     (page->slab.cache != cache &&
		      !the_slab_design->shared_slabs))) {
		bad_free(cache, object, "free of an object of another cache");
		return;
	}
	if (unlikely(is_freed_last(cache, object))) {
		slab_bug(cache, page, object, "double free");
		return;
	}
	if (unlikely(slab_hooks)) {
		trace_free(cache, object, caller, kmalloced);
		kmemleak_free(object);
		if (lists_push(cache, cache->lists, object))
			return;
	}
	the_slab_design->free(cache, page, object, caller);
}

#ifdef VELLUM_KASAN
/* True: KASAN keeps the object for now. For everybody else it is freed. */
static bool
kasan_keeps(struct kmem_cache *cache, void *object, unsigned long caller,
	    bool kmalloced)
{
	kmemleak_free(object);
	if (!kasan_free_object(cache, object, caller))
		return false;
	if (slab_hooks)
		trace_free(cache, object, caller, kmalloced);
	return true;
}

void
slab_free_now(struct kmem_cache *cache, void *object)
{
	if (check_free(cache, object) &&
	    !lists_push(cache, cache->lists, object))
		the_slab_design->free(cache, slab_page_of(object), object, 0);
}
#else
#define kasan_keeps(cache, object, caller, kmalloced)	false
#endif

/* kmalloced: by kfree(), else by kmem_cache_free(). */
static __always_inline void
cache_free(struct kmem_cache *cache, void *object, unsigned long caller,
	   bool kmalloced)
{
	if (unlikely(!lists_push(cache, cache->cpu, object)))
		cache_free_slow(cache, object, caller, kmalloced);
}


void *
kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return cache_alloc(cache, 0, gfp, CALLER);
}

void *
kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return cache_alloc(cache, 0, gfp | __GFP_ZERO, CALLER);
}

void
kmem_cache_free(struct kmem_cache *cache, void *object)
{
#ifdef VELLUM_DEBUG
	if (object && is_lowmem(object) &&
	    page_state(slab_page_of(object)) == PAGE_STATE_SLAB &&
	    (slab_page_of(object)->slab.cache == cache ||
	     the_slab_design->shared_slabs)) {
		check_lent(cache, object, CALLER, false);
		if (kasan_keeps(cache, object, CALLER, false) ||
		    !check_free(cache, object))
			return;
	}
#endif
	cache_free(cache, object, CALLER, false);
}

bool
kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, unsigned n,
		      void **objects)
{
	for (unsigned i = 0; i < n; i++) {
		objects[i] = cache_alloc(cache, 0, gfp, CALLER);
		if (!objects[i]) {
			kmem_cache_free_bulk(cache, i, objects);
			return false;
		}
	}
	return true;
}

void
kmem_cache_free_bulk(struct kmem_cache *cache, unsigned n, void **objects)
{
	while (n)
		kmem_cache_free(cache, objects[--n]);
}

/* --- kmalloc --------------------------------------------------------------------------- */

static noinline void *
kmalloc_large(size_t size, gfp_t gfp, unsigned long caller)
{
	unsigned order;
	struct page *page;

	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	order = order_of(DIV_ROUND_UP(size, PAGE_SIZE));
	page = alloc_pages((gfp & ~__GFP_HIGHMEM) | __GFP_COMP, order);
	trace_kmalloc((void *)caller, page ? page_address(page) : NULL, size,
		      PAGE_SIZE << order, gfp);
	if (!page)
		return NULL;
	page->flags |= PG_private;
	kasan_alloc_large(page_address(page), size);
	kmemleak_alloc(page_address(page), PAGE_SIZE << order, 1);
	return page_address(page);
}

/* Index into kmalloc_sizes; 1 <= size <= KMALLOC_MAX_CACHE_SIZE. */
static unsigned
kmalloc_index(size_t size)
{
	if (size <= 192)
		return small_index[(size - 1) / 8];
	return fls_long(size - 1);	/* 256 is 2^8 and has index 7 */
}

/* Sizes beyond the table, DMA, and nothing. */
static noinline void *
kmalloc_slow(size_t size, gfp_t gfp, unsigned long caller)
{
	unsigned row = gfp & __GFP_DMA ? KMALLOC_DMA_ROW : 0;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size > KMALLOC_MAX_CACHE_SIZE)
		return kmalloc_large(size, gfp, caller);
	return cache_alloc(kmalloc_caches[row][kmalloc_index(size)], size,
			   gfp, caller);
}

static __always_inline void *
kmalloc_caller(size_t size, gfp_t gfp, unsigned long caller)
{
	/* One comparison for all: 0 and DMA become large numbers. */
	size_t key = (size - 1) | (size_t)(gfp & __GFP_DMA) << 31;

	struct kmem_cache *cache;

	if (likely(key < TABLE_MAX))
		cache = kmalloc_by_8[key / 8];
	else if (key < KMALLOC_MAX_CACHE_SIZE)
		cache = kmalloc_by_clz[__builtin_clz((u32)key)];
	else
		return kmalloc_slow(size, gfp, caller);
	return cache_alloc(cache, size, gfp, caller);
}

void *
kmalloc(size_t size, gfp_t gfp)
{
	return kmalloc_caller(size, gfp, CALLER);
}

void *
kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc_caller(size, gfp | __GFP_ZERO, CALLER);
}

void *
kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc_caller(bytes, gfp, CALLER);
}

void *
kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

static bool
is_large(struct page *page, const void *p)
{
	return page_state(page) == PAGE_STATE_KERNEL &&
	       page->flags & PG_private && page_address(page) == p;
}

/* No page of a slab: NULL, KFENCE's, a block of pages, or a mistake. */
static noinline void
kfree_slow(const void *p, unsigned long caller)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return;
	if (is_kfence_address(p)) {
		trace_kfree((void *)caller, p);
		kfence_free(NULL, (void *)p, caller);
		return;
	}
	page = is_lowmem(p) ? slab_page_of(p) : NULL;
	if (!page || !is_large(page, p)) {
		bad_free(NULL, p, "kfree of a pointer that is no object");
		return;
	}
	trace_kfree((void *)caller, p);
	kmemleak_free(p);
	page->flags &= ~PG_private;
	free_frames(page, page_order(page));
}

void
kfree(const void *p)
{
	u64 lowmem = READ_ONCE(slab_lowmem.range);
	u32 at = (u32)(unsigned long)p - (u32)lowmem;
	struct page *page = slab_lowmem.map + (at >> PAGE_SHIFT);
	struct kmem_cache *cache;

	if (unlikely(at >= (u32)(lowmem >> 32) ||
		     !(READ_ONCE(page->flags) & PG_slab))) {
		kfree_slow(p, CALLER);
		return;
	}
	cache = page->slab.cache;
#ifdef VELLUM_DEBUG
	if (cache) {
		check_lent(cache, p, CALLER, true);
		if (kasan_keeps(cache, (void *)p, CALLER, true) ||
		    !check_free(cache, (void *)p))
			return;
	}
#endif
	cache_free(cache, (void *)p, CALLER, true);
}

size_t
ksize(const void *p)
{
	struct page *page;
	size_t bytes;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	if (is_kfence_address(p))
		return kfence_ksize(p);
	page = slab_page_of(p);
	if (page_state(page) != PAGE_STATE_SLAB)
		bytes = PAGE_SIZE << page_order(page);
	else if (the_slab_design->ksize)
		bytes = the_slab_design->ksize(page, p);
	else
		bytes = ((struct kmem_cache *)page->slab.cache)->object_size;
	kasan_resize(p, bytes);		/* all of it may be used from now on */
	return bytes;
}

void *
krealloc(const void *p, size_t size, gfp_t gfp)
{
	size_t have = ksize(p);
	void *next;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (p && size <= have && !ZERO_OR_NULL_PTR(p)) {
		if (!is_kfence_address(p))
			kasan_resize(p, size);
		return (void *)p;
	}
	next = kmalloc_caller(size, gfp, CALLER);
	if (next && have) {
		memcpy(next, p, have);
		kfree(p);
	}
	return next;
}

char *
kstrdup(const char *s, gfp_t gfp)
{
	size_t n = strlen(s) + 1;
	char *copy = kmalloc_caller(n, gfp, CALLER);

	return copy ? memcpy(copy, s, n) : NULL;
}

void *
kvmalloc(size_t size, gfp_t gfp)
{
	void *p = kmalloc(size, size > PAGE_SIZE ?
			  gfp | __GFP_NOWARN | __GFP_NORETRY : gfp);

	if (p || size <= PAGE_SIZE)
		return p;
	return gfp & __GFP_ZERO ? vzalloc(size) : vmalloc(size);
}

void *
kvzalloc(size_t size, gfp_t gfp)
{
	return kvmalloc(size, gfp | __GFP_ZERO);
}

void
kvfree(const void *p)
{
	if (is_vmalloc_addr(p))
		vfree(p);
	else
		kfree(p);
}

/* Context: boot, once. */
void
kmalloc_init(void)
{
	char name[CACHE_NAME_LEN];

	for (unsigned row = 0; row < NR_KMALLOC_ROWS; row++) {
		for (unsigned i = 0; i < NR_KMALLOC_CACHES; i++) {
			unsigned size = kmalloc_sizes[i];

			snprintf(name, sizeof(name), "kmalloc-%s%u",
				 row == KMALLOC_DMA_ROW ? "dma-" : "", size);
			kmalloc_caches[row][i] = kmem_cache_create(
				name, size, is_power_of_2(size) ? size : 0,
				SLAB_PANIC | (row == KMALLOC_DMA_ROW ?
					      SLAB_CACHE_DMA : 0), NULL);
		}
	}
	for (unsigned i = 0; i < TABLE_MAX / 8; i++)
		kmalloc_by_8[i] =
			kmalloc_caches[0][kmalloc_index(8 * i + 1)];
	for (unsigned bit = 10; bit < 13; bit++)
		kmalloc_by_clz[31 - bit] =
			kmalloc_caches[0][kmalloc_index((1u << bit) + 1)];
}
