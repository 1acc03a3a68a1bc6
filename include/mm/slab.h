/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects: caches of one kind of object, and kmalloc.
 *
 * A cache hands out objects of one size, from slabs: pieces of one or more
 * page frames cut into equal parts. kmalloc() is a row of caches by size, and
 * whole pages beyond. Three designs stand behind this interface, chosen at
 * boot with slab=slub|slab|slob; see mm/kmem/slub.c, slab.c and slob.c.
 */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include <lib/compiler.h>
#include <lib/list.h>
#include <lib/types.h>
#include <mm/gfp.h>

struct kmem_cache;
struct seq_buf;

typedef u32 slab_flags_t;

/* For kmem_cache_create(). */
#define SLAB_HWCACHE_ALIGN	(1u << 0)	/* objects on cache lines */
#define SLAB_CACHE_DMA		(1u << 1)	/* slabs from ZONE_DMA */
#define SLAB_PANIC		(1u << 2)	/* no cache: panic */
#define SLAB_NO_MERGE		(1u << 3)	/* never share with another */
#define SLAB_RECLAIM_ACCOUNT	(1u << 4)	/* a shrinker can free them */
/*
 * A slab's frames outlive an RCU grace period after its last object was
 * freed: a reader may look at a freed object (not trust it), never at
 * something else.
 */
#define SLAB_TYPESAFE_BY_RCU	(1u << 5)
/* Debugging, also by slub_debug=. */
#define SLAB_CONSISTENCY_CHECKS	(1u << 8)	/* F: check at every call */
#define SLAB_RED_ZONE		(1u << 9)	/* Z: guard words around */
#define SLAB_POISON		(1u << 10)	/* P: fill what is free */
#define SLAB_STORE_USER		(1u << 11)	/* U: who allocated, freed */
#define SLAB_TRACE		(1u << 12)	/* T: tell each call */
#define SLAB_DEBUG_FLAGS	(0x1f00u)

/* Objects are aligned to this at least (and powers of two to their size). */
#define ARCH_KMALLOC_MINALIGN	8
/* Larger requests of kmalloc() are whole pages. */
#define KMALLOC_MAX_CACHE_SIZE	8192
#define KMALLOC_MAX_SIZE	(1ul << (MAX_ORDER + PAGE_SHIFT))

/*
 * What kmalloc(0) returns: neither NULL nor an object; kfree() takes it.
 */
#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((unsigned long)(p) <= 16)

/*
 * Who wants to see each request (mm/trace.h, mm/kmemleak.h), fail one
 * (mm/debug.h) or serve one (mm/kfence.h). While any bit is set no request takes
 * the fast path.
 * Context: any; requests under way may be missed.
 */
#define SLAB_HOOK_TRACE		0x01u
#define SLAB_HOOK_FAULT		0x02u
#define SLAB_HOOK_KFENCE	0x04u	/* a sample is due */
#define SLAB_HOOK_LEAK		0x08u
extern u32 slab_hooks;
void slab_set_hook(u32 hook, bool on);

/* Build the first caches. Context: boot, once, after mm_init_zones(). */
void kmem_cache_init(void);
/* Does kmalloc() work yet? */
bool slab_is_available(void);

/*
 * A cache called name (copied) of objects of size bytes at multiples of align
 * (0: no wish). ctor, if any, runs once for each object when its slab is made:
 * objects are given back in the state it leaves. Caches of like objects may
 * be one behind the scenes (unless SLAB_NO_MERGE, a ctor, or debugging).
 *
 * Context: may sleep. Returns NULL without memory, or for a size of 0 or
 * beyond KMALLOC_MAX_CACHE_SIZE.
 */
struct kmem_cache *kmem_cache_create(const char *name, unsigned size,
				     unsigned align, slab_flags_t flags,
				     void (*ctor)(void *object));
/*
 * The cache goes; every object must be back. If some are not, they are
 * listed, the cache stays, and -EBUSY is returned. Context: may sleep.
 */
int kmem_cache_destroy(struct kmem_cache *cache);

/* An object or NULL. Context: as gfp allows; any with GFP_ATOMIC. */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
/* The same, zeroed; not for caches with a constructor. */
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp);
/* Give object, of this cache, back. NULL is ignored. Context: any. */
void kmem_cache_free(struct kmem_cache *cache, void *object);
/* n objects at once: all (true) or none. */
bool kmem_cache_alloc_bulk(struct kmem_cache *cache, gfp_t gfp, unsigned n,
			   void **objects);
void kmem_cache_free_bulk(struct kmem_cache *cache, unsigned n,
			  void **objects);
/* Give empty slabs back to the page allocator; returns how many frames. */
unsigned kmem_cache_shrink(struct kmem_cache *cache);
/* The same for every cache. Context: may sleep. */
unsigned kmem_cache_shrink_all(void);
/* What a cache holds. Exact when nobody allocates. */
struct slab_usage {
	unsigned long active;	/* objects in use */
	unsigned long total;	/* objects there are */
	unsigned long slabs;
	unsigned long frames;
	unsigned long partial;	/* slabs partly used, on the node */
};
void kmem_cache_usage(struct kmem_cache *cache, struct slab_usage *usage);
/* A cache as seen from outside. */
struct slab_info {
	const char *name;
	unsigned object_size, size;	/* asked for; from one to the next */
	unsigned objects, order;	/* of a slab */
	unsigned aliases;		/* further caches that share it */
	slab_flags_t flags;
	struct slab_usage usage;
};
/* Call fn for each cache. Context: may sleep; fn may not create caches. */
void slab_for_each(void (*fn)(const struct slab_info *info, void *arg),
		   void *arg);
/*
 * Tell of the object that p points into: its cache, its slab, and which cores
 * hold free objects of that. False if p is in no slab. Context: any.
 */
bool slab_describe(struct seq_buf *s, const void *p);
/* "slub", "slab" or "slob". */
const char *slab_design_name(void);
unsigned kmem_cache_size(const struct kmem_cache *cache);
const char *kmem_cache_name(const struct kmem_cache *cache);

/*
 * Memory of at least size bytes, aligned to 8; a power of two to itself, up
 * to a page. NULL without memory; ZERO_SIZE_PTR for 0.
 */
void *kmalloc(size_t size, gfp_t gfp) __must_check;
void *kzalloc(size_t size, gfp_t gfp) __must_check;
/* n * size bytes, NULL also when the product overflows. kcalloc zeroes. */
void *kmalloc_array(size_t n, size_t size, gfp_t gfp) __must_check;
void *kcalloc(size_t n, size_t size, gfp_t gfp) __must_check;
/*
 * Change the size; contents are kept up to the smaller one. On failure NULL
 * is returned and p stays. NULL p: kmalloc; size 0: kfree.
 */
void *krealloc(const void *p, size_t size, gfp_t gfp) __must_check;
void kfree(const void *p);
/* Bytes that may be used behind p: the size class, not the size asked. */
size_t ksize(const void *p);
/*
 * Bytes of its slab that p takes up, by any name it was allocated: from one
 * object to the next, or the block with its header. Whole pages for others.
 */
size_t slab_footprint(const void *p);
char *kstrdup(const char *s, gfp_t gfp) __must_check;

/* kmalloc, or vmalloc where that finds no contiguous pages. May sleep. */
void *kvmalloc(size_t size, gfp_t gfp) __must_check;
void *kvzalloc(size_t size, gfp_t gfp) __must_check;
void kvfree(const void *p);

/*
 * Caches that can give memory back. count says how many objects could go,
 * scan frees up to nr of them and returns how many went, or SHRINK_STOP.
 */
#define SHRINK_STOP	(~0ul)

struct shrinker {
	const char *name;
	unsigned long (*count)(struct shrinker *shrinker);
	unsigned long (*scan)(struct shrinker *shrinker, unsigned long nr);
	unsigned seeks;			/* cost of making one anew; 0: 2 */
	struct list_head list;		/* shrinker_lock */
	unsigned long nr_deferred;	/* work left from earlier */
};

void shrinker_register(struct shrinker *shrinker);
void shrinker_unregister(struct shrinker *shrinker);
/* Ask every shrinker for its share at priority (0: everything); objects freed.
 * Context: may sleep. */
unsigned long shrink_slab(unsigned priority);

#endif
