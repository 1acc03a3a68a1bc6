/* SPDX-License-Identifier: MIT */
/*
 * Caches: created, merged, destroyed; the same for all three slab designs.
 *
 * Ideas
 *   Layout	an object is followed by what the allocator keeps with it:
 *
 *		| object, object_size | pad | free pointer? | pad to align |
 *		|<------------- inuse ----->|
 *		|<------------------------- size ------------------------->|
 *
 *		A free object's own bytes are nobody's, so the pointer to the
 *		next free one lies in the middle of them (an overflow of the
 *		object before does not reach it), unless a constructor or RCU
 *		readers still count on them.
 *   Merging	caches whose objects look alike share one: fewer half-empty
 *		slabs. Not for caches that ask for their own.
 *   First	the cache of caches is a variable of this file; every other
 *		struct kmem_cache is one of its objects.
 *
 * Locks   slab_mutex: the list of caches, creation and destruction.
 */
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/random.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/kmemleak.h>
#include <mm/percpu.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "kasan_slab.h"
#include "kfence.h"
#include "kmem_cache.h"

#define NEVER_MERGE	(SLAB_NO_MERGE | SLAB_DEBUG_FLAGS | \
			 SLAB_TYPESAFE_BY_RCU)
#define SAME_TO_MERGE	(SLAB_CACHE_DMA | SLAB_RECLAIM_ACCOUNT)

const struct slab_design *the_slab_design = &slub_design;
LIST_HEAD(slab_caches);
struct mutex slab_mutex = MUTEX_INIT(slab_mutex);

/* Here and not in kmalloc.c, where the compiler would reach them by detours. */
struct slab_lowmem slab_lowmem;
struct kmem_cache *kmalloc_by_8[TABLE_MAX / 8];
struct kmem_cache *kmalloc_by_clz[32];

u32 slab_hooks;

static struct kmem_cache cache_cache;
/* Guards changes of slab_caches together with slab_mutex. */
static DEFINE_SPINLOCK(slab_list_lock, LOCK_SLAB_LIST);
static DEFINE_PER_CPU(struct kmem_cache_cpu, no_lists);
static u64 slab_rng;

/* --- frames ---------------------------------------------------------------------- */

static enum node_stat_item
slab_counter(const struct kmem_cache *cache)
{
	return cache->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE :
						     NR_SLAB_UNRECLAIMABLE;
}

/* 2^order frames in the state of a slab of cache; NULL without memory. */
struct page *
slab_alloc_order(struct kmem_cache *cache, gfp_t gfp, unsigned order)
{
	struct page *page = alloc_pages((gfp & ~(__GFP_HIGHMEM | __GFP_ZERO |
						 __GFP_MOVABLE)) | __GFP_COMP,
					order);

	if (!page)
		return NULL;
	page_set_state(page, PAGE_STATE_SLAB);
	for (unsigned i = 0; i < 1u << order; i++) {
		page[i].flags |= PG_slab;
		page[i].slab.cache = cache;
	}
	mod_node_page_state(NODE_DATA(page_to_nid(page)), slab_counter(cache),
			    1l << order);
	kasan_new_slab(cache, page);
	return page;
}

/*
 * Frames for one slab; the usual order quietly, then the smallest that holds
 * an object. page->slab.objects says what fits.
 */
struct page *
slab_alloc_pages(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *page = NULL;

	gfp |= cache->gfp;
	if (cache->order > cache->min_order)
		page = slab_alloc_order(cache, (gfp | __GFP_NOWARN |
				__GFP_NORETRY) & ~(__GFP_DIRECT_RECLAIM |
						   __GFP_HIGH), cache->order);
	if (!page)
		page = slab_alloc_order(cache, gfp, cache->order >
					cache->min_order ? cache->min_order :
							   cache->order);
	if (!page)
		return NULL;
	page->slab.objects = page_order(page) == cache->order ?
		cache->objects : (PAGE_SIZE << page_order(page)) / cache->size;
	return page;
}

void
slab_free_pages(struct kmem_cache *cache, struct page *page)
{
	unsigned order = page_order(page);

	kmemleak_free_range(page_address(page), PAGE_SIZE << order);
	mod_node_page_state(NODE_DATA(page_to_nid(page)), slab_counter(cache),
			    -(1l << order));
	for (unsigned i = 0; i < 1u << order; i++)
		page[i].flags &= ~PG_slab;
	page_set_state(page, PAGE_STATE_KERNEL);
	free_frames(page, order);
}

/* --- making a cache ------------------------------------------------------------------ */

static unsigned
natural_align(unsigned size, unsigned align, slab_flags_t flags)
{
	unsigned line = CACHE_LINE;

	if (flags & SLAB_HWCACHE_ALIGN) {
		while (size <= line / 2)
			line /= 2;
		align = max(align, line);
	}
	return max(align, (unsigned)ARCH_KMALLOC_MINALIGN);
}

/* From one object to the next, size bytes of which are the user's and SLUB's. */
static unsigned
distance_for(unsigned size, unsigned align)
{
	size = ALIGN_UP(size, sizeof(void *));
	if (KASAN_OBJECT_ROOM)
		size = ALIGN_UP(size, 8u) + KASAN_OBJECT_ROOM;
	return ALIGN_UP(size, align);
}

/* Where things lie in an object; see the drawing. */
static void
lay_out(struct kmem_cache *cache)
{
	unsigned size = ALIGN_UP(cache->object_size, sizeof(void *));

	if (cache_debugs(cache)) {
		slub_debug_lay_out(cache);
		return;
	}
	cache->inuse = size;
	if (cache->ctor || cache->flags & SLAB_TYPESAFE_BY_RCU) {
		cache->code.offset = size;
		size += sizeof(void *);
	} else {
		cache->code.offset = ALIGN_DOWN(cache->object_size / 2u,
						sizeof(void *));
	}
	cache->size = distance_for(size, cache->align);
}

/* --- hooks -------------------------------------------------------------------------- */

/* What the fast path of the caches sees. Context: slab_list_lock. */
static void
set_fast_path(struct kmem_cache *cache)
{
	WRITE_ONCE(cache->cpu, slab_hooks ? &no_lists : cache->lists);
}

void
slab_set_hook(u32 hook, bool on)
{
	unsigned long flags = spin_lock_irqsave(&slab_list_lock);
	struct kmem_cache *cache;

	slab_hooks = on ? slab_hooks | hook : slab_hooks & ~hook;
	list_for_each_entry(cache, &slab_caches, list)
		set_fast_path(cache);
	spin_unlock_irqrestore(&slab_list_lock, flags);
}

static void
enter_cache(struct kmem_cache *cache)
{
	unsigned long flags = spin_lock_irqsave(&slab_list_lock);

	set_fast_path(cache);
	list_add_tail(&cache->list, &slab_caches);
	spin_unlock_irqrestore(&slab_list_lock, flags);
}

static void
remove_cache(struct kmem_cache *cache)
{
	unsigned long flags = spin_lock_irqsave(&slab_list_lock);

	list_del(&cache->list);
	spin_unlock_irqrestore(&slab_list_lock, flags);
}

/* A random permutation of the objects of a slab; none is no misfortune. */
static void
make_order_list(struct kmem_cache *cache)
{
	u16 *list;

	if (!slab_is_available() || cache->objects < 2)
		return;
	list = kmalloc_array(cache->objects, sizeof(*list),
			     GFP_KERNEL | __GFP_NOWARN);
	if (!list)
		return;
	for (unsigned i = 0, at = cache->red_left_pad; i < cache->objects;
	     i++, at += cache->size) {
		unsigned j = random_below(&slab_rng, i + 1);

		list[i] = list[j];
		list[j] = at;
	}
	cache->order_list = list;
}

/* Red zones and poison: of SLUB, and not where KASAN has its own. */
bool
slab_debug_possible(void)
{
	return the_slab_design == &slub_design && !KASAN_OBJECT_ROOM;
}

int
kmem_cache_setup(struct kmem_cache *cache, const char *name, unsigned size,
		 unsigned align, slab_flags_t flags, void (*ctor)(void *))
{
	int err;

	memset(cache, 0, sizeof(*cache));
	cache->cpu = cache->lists = percpu_alloc(sizeof(*cache->cpu), 16);
	if (!cache->cpu)
		return -ENOMEM;
	/* Where its slabs begin, and free objects: no reason to be in use. */
	kmemleak_ignore_percpu(cache->lists);
	strscpy(cache->name, name, sizeof(cache->name));
	cache->flags = flags | slab_debug_flags_for(name);
	if (!slab_debug_possible())
		cache->flags &= ~SLAB_DEBUG_FLAGS;
	cache->object_size = size;
	cache->align = natural_align(size, align, flags);
	cache->ctor = ctor;
	cache->code.random = (u32)random_next(&slab_rng);
	cache->gfp = (flags & SLAB_CACHE_DMA ? __GFP_DMA : 0) |
		     (flags & SLAB_RECLAIM_ACCOUNT ? __GFP_RECLAIMABLE : 0);
	cache->refcount = 1;
	spin_lock_init(&cache->node.lock, LOCK_SLAB_NODE);
	INIT_LIST_HEAD(&cache->node.partial);
	INIT_LIST_HEAD(&cache->node.full);
	INIT_LIST_HEAD(&cache->node.free);
	lay_out(cache);
	err = the_slab_design->setup(cache);
	if (err)
		free_percpu(cache->lists);
	else
		make_order_list(cache);
	return err;
}

/* A cache that can serve such objects too, or NULL. Context: slab_mutex. */
static struct kmem_cache *
find_mergeable(const char *name, unsigned size, unsigned align,
	       slab_flags_t flags, void (*ctor)(void *))
{
	struct kmem_cache *c;
	unsigned need;

	if (ctor || (flags | slab_debug_flags_for(name)) & NEVER_MERGE)
		return NULL;
	align = natural_align(size, align, flags);
	need = distance_for(size, align);
	list_for_each_entry(c, &slab_caches, list) {
		if (c->ctor || c->flags & NEVER_MERGE || c == &cache_cache ||
		    (c->flags ^ flags) & SAME_TO_MERGE)
			continue;
		/* What alignment leaves behind an object is KASAN's. */
		if (KASAN_OBJECT_ROOM &&
		    c->inuse != ALIGN_UP(size, sizeof(void *)))
			continue;
		if (c->size >= need && c->size - need < sizeof(void *) &&
		    c->align % align == 0)
			return c;
	}
	return NULL;
}

struct kmem_cache *
kmem_cache_create(const char *name, unsigned size, unsigned align,
		  slab_flags_t flags, void (*ctor)(void *object))
{
	struct kmem_cache *cache;

	might_sleep();
	if (!size || size > KMALLOC_MAX_CACHE_SIZE ||
	    (align && !is_power_of_2(align)))
		return NULL;
	mutex_lock(&slab_mutex);
	cache = find_mergeable(name, size, align, flags, ctor);
	if (cache) {
		cache->refcount++;
		cache->object_size = max(cache->object_size, (u16)size);
	} else {
		cache = kmem_cache_alloc(&cache_cache, GFP_KERNEL);
		if (cache && kmem_cache_setup(cache, name, size, align, flags,
					      ctor)) {
			kmem_cache_free(&cache_cache, cache);
			cache = NULL;
		}
		if (cache)
			enter_cache(cache);
	}
	mutex_unlock(&slab_mutex);
	if (!cache && flags & SLAB_PANIC)
		panic("no memory for the cache %s", name);
	return cache;
}

int
kmem_cache_destroy(struct kmem_cache *cache)
{
	unsigned long left = 0;

	if (!cache)
		return 0;
	might_sleep();
	if (cache->flags & SLAB_TYPESAFE_BY_RCU)
		rcu_barrier();
	kasan_drain_quarantine();
	mutex_lock(&slab_mutex);
	if (--cache->refcount) {
		mutex_unlock(&slab_mutex);
		return 0;
	}
	left = kfence_objects_of(cache);
	if (!left)
		left = the_slab_design->shutdown(cache);
	if (left)
		cache->refcount++;
	else
		remove_cache(cache);
	mutex_unlock(&slab_mutex);
	if (left) {
		slab_bug(cache, NULL, cache,
			 "destruction with %lu objects in use", left);
		return -EBUSY;
	}
	if (cache->flags & SLAB_TYPESAFE_BY_RCU)
		rcu_barrier();
	kfree(cache->order_list);
	free_percpu(cache->lists);
	kmem_cache_free(&cache_cache, cache);
	return 0;
}

unsigned
kmem_cache_shrink(struct kmem_cache *cache)
{
	unsigned long before = READ_ONCE(cache->node.nr_frames), after;

	kasan_drain_quarantine();
	the_slab_design->shrink(cache);
	/* Others may have allocated meanwhile. */
	after = READ_ONCE(cache->node.nr_frames);
	return before - min(before, after);
}

unsigned
kmem_cache_shrink_all(void)
{
	struct kmem_cache *cache;
	unsigned frames = 0;

	mutex_lock(&slab_mutex);
	list_for_each_entry(cache, &slab_caches, list)
		frames += kmem_cache_shrink(cache);
	mutex_unlock(&slab_mutex);
	return frames;
}

static void
slab_verify(struct verify *v)
{
	struct kmem_cache *cache;

	/* May be called where nothing may sleep; caches then stand still. */
	if (!mutex_trylock(&slab_mutex))
		return;
	list_for_each_entry(cache, &slab_caches, list)
		the_slab_design->verify(cache, v);
	mutex_unlock(&slab_mutex);
}

void
kmem_cache_usage(struct kmem_cache *cache, struct slab_usage *usage)
{
	the_slab_design->usage(cache, usage);
}

unsigned
kmem_cache_size(const struct kmem_cache *cache)
{
	return cache->object_size;
}

const char *
kmem_cache_name(const struct kmem_cache *cache)
{
	return cache->name;
}

static int __init
slab_param(const char *value)
{
	static const struct slab_design *const designs[] = {
		&slub_design, &slab_design, &slob_design,
	};

	/* KASAN's notes are laid out for SLUB's slabs. */
	for (unsigned i = 0; i < (KASAN_OBJECT_ROOM ? 1 : ARRAY_SIZE(designs));
	     i++) {
		if (!strcmp(value, designs[i]->name)) {
			the_slab_design = designs[i];
			return 0;
		}
	}
	return -EINVAL;
}
BOOT_PARAM("slab", slab_param);

static struct verify_module verify_module = { "slab", slab_verify, NULL };

void
kmem_cache_init(void)
{
	pfn_t first = max(mem_map_start, (pfn_t)(PHYS_OFFSET >> PAGE_SHIFT));

	void *start = __va((phys_addr_t)first << PAGE_SHIFT);
	struct kmem_cache *cache;

	slab_lowmem.start = (u32)(unsigned long)start;
	slab_lowmem.bytes = (char *)high_memory - (char *)start;
	slab_lowmem.map = pfn_to_page(first);
	slab_rng = 0x9e3779b97f4a7c15ull;
	if (kmem_cache_setup(&cache_cache, "kmem_cache",
			     sizeof(struct kmem_cache), CACHE_LINE,
			     SLAB_NO_MERGE, NULL))
		panic("no memory for the first cache");
	enter_cache(&cache_cache);
	kmalloc_init();
	/* These were made before there was memory for it. */
	list_for_each_entry(cache, &slab_caches, list)
		make_order_list(cache);
	verify_register(&verify_module);
}
