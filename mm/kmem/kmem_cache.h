/* SPDX-License-Identifier: MIT */
/*
 * What the slab designs share: the cache, and the operations of a design.
 *
 * The fast path is the same for all: an object from this core's free list in
 * kmem_cache.cpu[]. Only SLUB fills those lists; for the other designs, and
 * for caches with debugging on, they stay empty, so every call takes the slow
 * path, which asks the design. So the choice costs the fast path nothing.
 */
#ifndef MM_KMEM_KMEM_CACHE_H
#define MM_KMEM_KMEM_CACHE_H

#include <asm/cacheflush.h>
#include <asm/irqflags.h>
#include <asm/processor.h>
#include <kernel/lock.h>
#include <lib/list.h>
#include <mm/slab.h>
#include <mm/verify.h>

#define CACHE_NAME_LEN	28

/* One core's part. This core only, interrupts off. */
struct kmem_cache_cpu {
	void *freelist;		/* free objects of slab, for this core */
	struct page *slab;	/* frozen: its list belongs to this core */
	struct page *partial;	/* more frozen slabs, linked by list.next */
	u16 nr_partial;
	u16 unused;
} __aligned(16);

/* Slabs with free objects that no core owns. */
struct kmem_cache_node {
	spinlock_t lock;
	struct list_head partial;	/* lock */
	struct list_head full;		/* lock; debugging caches only */
	unsigned long nr_partial;	/* lock */
	unsigned long nr_slabs;		/* lock */
};

struct kmem_cache {
	struct kmem_cache_cpu cpu[NR_CPUS];
	/* Constant once the cache is made. */
	slab_flags_t flags;
	u32 random;		/* free pointers are stored xored with it */
	u16 offset;		/* of the free pointer in a free object */
	u16 inuse;		/* bytes of an object that belong to its user
				   and its alignment: metadata lies behind */
	u16 size;		/* distance between objects */
	u16 object_size;	/* what was asked for */
	u16 red_left_pad;	/* bytes of guard before each object */
	u16 objects;		/* in a slab of order */
	u8 order, min_order;
	u16 min_objects;
	u16 align;
	u8 min_partial;		/* empty slabs beyond it are given back */
	u8 cpu_partial;		/* slabs a core keeps beside its own */
	gfp_t gfp;		/* added to each allocation of a slab */
	void (*ctor)(void *object);
	u16 *order_list;	/* random permutation, or NULL */
	void *design;		/* the design's own part */
	char name[CACHE_NAME_LEN];
	/* slab_mutex */
	struct list_head list;
	int refcount;		/* caches that were merged into this one */
	struct kmem_cache_node node;
};

/* What one of slub, slab and slob does. */
struct slab_design {
	const char *name;
	/* Work out order, objects, sizes; 0 or -ENOMEM. */
	int (*setup)(struct kmem_cache *cache);
	/* The cpu list is empty / does not fit. Interrupts as the caller's. */
	void *(*alloc)(struct kmem_cache *cache, gfp_t gfp,
		       unsigned long caller);
	void (*free)(struct kmem_cache *cache, struct page *page, void *object,
		     unsigned long caller);
	unsigned (*shrink)(struct kmem_cache *cache);
	/* Objects still out; frees what setup made when there are none. */
	unsigned long (*shutdown)(struct kmem_cache *cache);
	/* Call fn for each object in use of a slab, or count them. */
	void (*usage)(struct kmem_cache *cache, unsigned long *active,
		      unsigned long *total, unsigned long *slabs);
	void (*verify)(struct kmem_cache *cache, struct verify *v);
	bool pages_only;	/* kmalloc goes past caches (SLOB) */
};

extern const struct slab_design slub_design, slab_design, slob_design;
extern const struct slab_design *the_slab_design;
extern struct list_head slab_caches;		/* slab_mutex */
extern struct mutex slab_mutex;
extern slab_flags_t slab_debug_default;		/* slub_debug= */

/* Flags that slub_debug= gives to a cache of this name. */
slab_flags_t slab_debug_flags_for(const char *name);

/* The slab that object lies in, or NULL if it is in none. */
static inline struct page *
slab_page_of(const void *object)
{
	return compound_head(virt_to_page(object));
}

static inline bool
cache_debugs(const struct kmem_cache *cache)
{
	return unlikely(cache->flags & SLAB_DEBUG_FLAGS);
}

/* The n-th object of the slab at page. */
static inline void *
slab_object(const struct kmem_cache *cache, struct page *page, unsigned n)
{
	return (char *)page_address(page) + cache->red_left_pad +
	       n * cache->size;
}

/*
 * Free pointers: stored xored with the cache's random number and the place's
 * own address turned round, so that an overflow that writes a known value
 * does not make a known pointer.
 */
static inline void *
encode_pointer(const struct kmem_cache *cache, const void *p,
	       const void *place)
{
	return (void *)((unsigned long)p ^ cache->random ^
			__builtin_bswap32((u32)(unsigned long)place));
}

static inline void *
get_free_pointer(const struct kmem_cache *cache, const void *object)
{
	void **place = (void **)((char *)object + cache->offset);

	return encode_pointer(cache, *place, place);
}

static inline void
set_free_pointer(const struct kmem_cache *cache, void *object, void *next)
{
	void **place = (void **)((char *)object + cache->offset);

	*place = encode_pointer(cache, next, place);
}

/* Build cache for good; name etc. are set. 0 or -ENOMEM. */
int kmem_cache_setup(struct kmem_cache *cache, const char *name, unsigned size,
		     unsigned align, slab_flags_t flags,
		     void (*ctor)(void *));
/* Make the kmalloc caches. Context: boot, once. */
void kmalloc_init(void);
/* Frames for a slab: order, or min_order if that is not to be had. */
struct page *slab_alloc_pages(struct kmem_cache *cache, gfp_t gfp);
void slab_free_pages(struct kmem_cache *cache, struct page *page);
/* A report in the form of Linux's, then (unless caught) the machine goes on. */
void slab_bug(struct kmem_cache *cache, struct page *page, const void *object,
	      const char *fmt, ...) __printf(4, 5);

#endif
