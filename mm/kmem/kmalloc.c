/* SPDX-License-Identifier: MIT */
/*
 * kmalloc, and the fast paths of all object caches.
 *
 * Ideas
 *   Sizes	8 16 32 64 96 128 192 256 512 1024 ... 8192: powers of two,
 *		with two more where the step would waste most. Up to 192 a
 *		table of 24 bytes names the cache, beyond the highest bit does.
 *		The same row again from ZONE_DMA. Larger: whole pages, one
 *		compound block, marked PG_private.
 *   Fast path	the next object is the first of this core's list. Interrupts
 *		are off for a dozen instructions; no lock, no atomic.
 *   kfree	finds the cache from the address: frame, struct page, cache.
 *
 * Source  Bonwick, The Slab Allocator, USENIX 1994.
 */
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <lib/string.h>
#include <mm/trace.h>
#include <mm/vmalloc.h>
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
	return kmalloc_caches[0][NR_KMALLOC_CACHES - 1] != NULL;
}

/* --- the fast paths ------------------------------------------------------------------ */

static __always_inline void *
cache_alloc(struct kmem_cache *cache, gfp_t gfp, unsigned long caller)
{
	unsigned long flags;
	struct kmem_cache_cpu *c;
	void *object;

#ifdef VELLUM_DEBUG
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
#endif
	flags = local_irq_save();
	c = &cache->cpu[smp_processor_id()];
	object = c->freelist;
	if (likely(object)) {
		c->freelist = get_free_pointer(cache, object);
		local_irq_restore(flags);
	} else {
		local_irq_restore(flags);
		object = the_slab_design->alloc(cache, gfp, caller);
	}
	if (unlikely(gfp & __GFP_ZERO) && object)
		memset(object, 0, cache->object_size);
	return object;
}

static __always_inline void
cache_free(struct kmem_cache *cache, struct page *page, void *object,
	   unsigned long caller)
{
	unsigned long flags = local_irq_save();
	struct kmem_cache_cpu *c = &cache->cpu[smp_processor_id()];

	if (likely(c->slab == page && c->freelist != object)) {
		set_free_pointer(cache, object, c->freelist);
		c->freelist = object;
		local_irq_restore(flags);
	} else {
		local_irq_restore(flags);
		if (unlikely(c->slab == page))
			slab_bug(cache, page, object, "double free");
		else
			the_slab_design->free(cache, page, object, caller);
	}
}

#define CALLER	((unsigned long)__builtin_return_address(0))

/* What an object of a cache, or a large one, takes of memory. */
static size_t
bytes_of(const void *p)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	page = slab_page_of(p);
	if (page_state(page) == PAGE_STATE_SLAB)
		return ((struct kmem_cache *)page->slab.cache)->size;
	return PAGE_SIZE << page_order(page);
}

/*
 * The ways of traced requests, whole: so that the fast paths carry one test at
 * their entry, and no register is kept for what comes behind.
 */
static noinline void *
cache_alloc_traced(struct kmem_cache *cache, gfp_t gfp, unsigned long caller)
{
	void *object = cache_alloc(cache, gfp, caller);

	trace_kmem_cache_alloc((void *)caller, object, cache->name,
			       cache->object_size, bytes_of(object), gfp);
	return object;
}

static __always_inline void *
cache_alloc_caller(struct kmem_cache *cache, gfp_t gfp, unsigned long caller)
{
	if (trace_on(kmem_cache_alloc))
		return cache_alloc_traced(cache, gfp, caller);
	return cache_alloc(cache, gfp, caller);
}

void *
kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	return cache_alloc_caller(cache, gfp, CALLER);
}

void *
kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	return cache_alloc_caller(cache, gfp | __GFP_ZERO, CALLER);
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

static bool
is_lowmem(const void *p)
{
	return (unsigned long)p >= PAGE_OFFSET && p < high_memory;
}

void
kmem_cache_free(struct kmem_cache *cache, void *object)
{
	struct page *page;

	if (unlikely(!object))
		return;
	if (unlikely(!is_lowmem(object))) {
		bad_free(cache, object, "free of a pointer that is no object");
		return;
	}
	page = slab_page_of(object);
	if (unlikely(page_state(page) != PAGE_STATE_SLAB ||
		     page->slab.cache != cache)) {
		bad_free(cache, object, "free of an object of another cache");
		return;
	}
	trace_kmem_cache_free(TRACE_CALLER, object, cache->name);
	cache_free(cache, page, object, CALLER);
}

bool
kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, unsigned n,
		      void **objects)
{
	for (unsigned i = 0; i < n; i++) {
		objects[i] = cache_alloc_caller(cache, gfp, CALLER);
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

static __always_inline struct kmem_cache *
kmalloc_cache(size_t size, gfp_t gfp)
{
	struct kmem_cache **row = kmalloc_caches[0];

	if (unlikely(gfp & __GFP_DMA))
		row = kmalloc_caches[KMALLOC_DMA_ROW];
	if (size <= 192)
		return row[small_index[(size - 1) / 8]];
	/* 256 is 2^8 and has index 7. */
	return row[fls_long(size - 1)];
}

static noinline void *
kmalloc_large(size_t size, gfp_t gfp)
{
	unsigned order;
	struct page *page;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	order = order_of(DIV_ROUND_UP(size, PAGE_SIZE));
	page = alloc_pages((gfp & ~__GFP_HIGHMEM) | __GFP_COMP, order);
	if (!page)
		return NULL;
	page->flags |= PG_private;
	return page_address(page);
}

static __always_inline void *
kmalloc_untraced(size_t size, gfp_t gfp, unsigned long caller)
{
	if (unlikely(size - 1 >= KMALLOC_MAX_CACHE_SIZE))
		return kmalloc_large(size, gfp);
	return cache_alloc(kmalloc_cache(size, gfp), gfp, caller);
}

static noinline void *
kmalloc_traced(size_t size, gfp_t gfp, unsigned long caller)
{
	void *p = kmalloc_untraced(size, gfp, caller);

	trace_kmalloc((void *)caller, p, size, bytes_of(p), gfp);
	return p;
}

static __always_inline void *
kmalloc_caller(size_t size, gfp_t gfp, unsigned long caller)
{
	if (trace_on(kmalloc))
		return kmalloc_traced(size, gfp, caller);
	return kmalloc_untraced(size, gfp, caller);
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

void
kfree(const void *p)
{
	struct page *page;

	if (unlikely(ZERO_OR_NULL_PTR(p)))
		return;
	if (unlikely(!is_lowmem(p))) {
		bad_free(NULL, p, "kfree of a pointer that is no object");
		return;
	}
	trace_kfree(TRACE_CALLER, p);
	page = slab_page_of(p);
	if (likely(page_state(page) == PAGE_STATE_SLAB)) {
		cache_free(page->slab.cache, page, (void *)p, CALLER);
		return;
	}
	if (!is_large(page, p)) {
		bad_free(NULL, p, "kfree of a pointer that is no object");
		return;
	}
	page->flags &= ~PG_private;
	free_frames(page, page_order(page));
}

size_t
ksize(const void *p)
{
	struct page *page;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	page = slab_page_of(p);
	if (page_state(page) == PAGE_STATE_SLAB)
		return ((struct kmem_cache *)page->slab.cache)->object_size;
	return PAGE_SIZE << page_order(page);
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
	if (p && size <= have && !ZERO_OR_NULL_PTR(p))
		return (void *)p;
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
}
