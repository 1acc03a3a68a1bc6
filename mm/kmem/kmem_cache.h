/* SPDX-License-Identifier: MIT */
/*
 * What the slab designs share: the cache, and the operations of a design.
 *
 * The fast path is the same for all: an object from this core's list in
 * cache->cpu. Only SLUB fills those lists; for the other designs, and for
 * caches with debugging on, they stay empty, so every call takes the slow
 * path, which asks the design. So the choice costs the fast path nothing.
 */
#ifndef MM_KMEM_KMEM_CACHE_H
#define MM_KMEM_KMEM_CACHE_H

#include <asm/cacheflush.h>
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <kernel/lock.h>
#include <kernel/mutex.h>
#include <lib/list.h>
#include <mm/slab.h>
#include <mm/verify.h>

#define CACHE_NAME_LEN	28

/*
 * Free objects of one slab in the hands of one core. start and bytes tell
 * without looking at the slab whether an address lies in it.
 */
struct object_list {
	void *first;			/* linked by their free pointers */
	struct page *page;		/* NULL: no slab */
	union {
		struct {
			u32 start, bytes;	/* its memory; 0: no slab */
		};
		u64 range;		/* both in one load */
	};
};

/* One core's part of a cache. This core only, interrupts off. See slub.c. */
struct kmem_cache_cpu {
	struct object_list own;		/* alloc takes here, free puts here */
	struct object_list away;	/* frees into one other slab, gathered */
	void *away_last;		/* the object that was gathered first */
	unsigned nr_away;
	struct page *partial;		/* slabs in reserve, by list.next */
	unsigned nr_partial;
};

/* Slabs with free objects that no core owns. */
struct kmem_cache_node {
	spinlock_t lock;
	struct list_head partial;	/* lock */
	struct list_head full;		/* lock; not of SLUB without debugging */
	struct list_head free;		/* lock; SLAB */
	unsigned long nr_partial;	/* lock; SLUB */
	unsigned long nr_slabs;		/* lock */
	unsigned long nr_frames;	/* lock; of these slabs, */
	unsigned long nr_objects;	/* and how many objects fit: some are
					   of the smaller order */
	unsigned long nr_free;		/* lock; SLAB: objects on slabs' lists.
					   slob_lock; SLOB: objects in use */
};

/* How free pointers are kept, in one load; see encode_pointer(). */
union free_pointer_code {
	struct {
		u32 random;
		u32 offset;	/* of the free pointer in a free object */
	};
	u64 both;
};

struct kmem_cache {
	struct kmem_cache_cpu *cpu;	/* per-CPU: lists, or an empty one */
	/* Constant once the cache is made. */
	slab_flags_t flags;
	union free_pointer_code code;
	u16 inuse;		/* bytes of an object that belong to its user
				   and its alignment: metadata lies behind */
	u16 size;		/* distance between objects */
	u16 object_size;	/* what was asked for */
	u16 red_left_pad;	/* bytes of guard before each object */
	u16 objects;		/* in a slab of order */
	u16 align;
	u8 order, min_order;
	u8 min_partial;		/* empty slabs beyond it are given back */
	u8 cpu_partial;		/* slabs a core keeps beside its own */
	gfp_t gfp;		/* added to each allocation of a slab */
	void (*ctor)(void *object);
	u16 *order_list;	/* offsets of a slab's objects in random order,
				   or NULL */
	struct kmem_cache_cpu *lists;	/* per-CPU */
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
	/*
	 * An object of size bytes (at most the cache's): the core's list is
	 * empty. Context: as gfp allows. Returns NULL without memory.
	 */
	void *(*alloc)(struct kmem_cache *cache, size_t size, gfp_t gfp,
		       unsigned long caller);
	/* An object that the core's lists do not take. Context: any. */
	void (*free)(struct kmem_cache *cache, struct page *page, void *object,
		     unsigned long caller);
	void (*shrink)(struct kmem_cache *cache);
	/* Objects still out; frees what setup made when there are none. */
	unsigned long (*shutdown)(struct kmem_cache *cache);
	void (*usage)(struct kmem_cache *cache, struct slab_usage *usage);
	void (*verify)(struct kmem_cache *cache, struct verify *v);
	/* Call fn for each object of the slab at page that may be in use. */
	void (*for_each_object)(struct kmem_cache *cache, struct page *page,
				void (*fn)(const void *object, size_t size));
	/* Of an object of the slab at page; NULL: as its cache says. */
	size_t (*ksize)(struct page *page, const void *object);
	/* Bytes that it takes up; NULL: cache->size. */
	size_t (*footprint)(struct page *page, const void *object);
	/* Slabs hold objects of many caches; slab.cache names one of them. */
	bool shared_slabs;
};

extern const struct slab_design slub_design, slab_design, slob_design;
extern const struct slab_design *the_slab_design;
extern struct list_head slab_caches;		/* slab_mutex */
extern struct mutex slab_mutex;

/* Can caches have SLAB_DEBUG_FLAGS here? */
bool slab_debug_possible(void);
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

/* page is one slab more of its cache (n is 1), or less (-1). Context: lock. */
static inline void
node_count_slab(struct kmem_cache_node *node, const struct page *page, long n)
{
	node->nr_slabs += n;
	node->nr_frames += n * (1l << page_order(page));
	node->nr_objects += n * page->slab.objects;
}

/*
 * Free pointers: stored xored with the cache's random number and with their
 * object's address, its halves exchanged, so that an overflow that writes a
 * known value does not make a known pointer.
 */
static __always_inline void *
encode_pointer(u32 random, const void *p, const void *object)
{
	unsigned long at = (unsigned long)object;

	return (void *)((unsigned long)p ^ random ^ (at >> 16 | at << 16));
}

static __always_inline void *
get_free_pointer(const struct kmem_cache *cache, const void *object)
{
	union free_pointer_code code = { .both = READ_ONCE(cache->code.both) };
	void *const *place = (void *const *)((char *)object + code.offset);

	return encode_pointer(code.random, *place, object);
}

static __always_inline void
set_free_pointer(const struct kmem_cache *cache, void *object, void *next)
{
	union free_pointer_code code = { .both = READ_ONCE(cache->code.both) };
	void **place = (void **)((char *)object + code.offset);

	*place = encode_pointer(code.random, next, object);
}

/* Does object lie in the slab of this list? */
static __always_inline bool
list_holds(const struct object_list *list, const void *object)
{
	u64 range = READ_ONCE(list->range);

	return (u32)(unsigned long)object - (u32)range < (u32)(range >> 32);
}

/*
 * A free object carries a mark in debug builds, so that freeing it again is
 * seen wherever it is on a list: the word beside its free pointer. Not where
 * readers or a constructor count on the contents.
 */
#ifdef VELLUM_DEBUG
static inline bool
slab_has_canary(const struct kmem_cache *cache)
{
	return !cache->ctor && !cache_debugs(cache) &&
	       cache->size >= 2 * sizeof(void *) &&
	       !(cache->flags & SLAB_TYPESAFE_BY_RCU) &&
	       the_slab_design == &slub_design;
}

static inline u32 *
slab_canary(const struct kmem_cache *cache, void *object)
{
	return (u32 *)((char *)object +
		       (cache->code.offset ? 0 : sizeof(void *)));
}

static inline u32
slab_canary_value(const struct kmem_cache *cache, const void *object)
{
	return ~(cache->code.random ^ (u32)(unsigned long)object);
}

static inline void
slab_canary_slab(struct kmem_cache *cache, struct page *page)
{
	for (unsigned i = 0; slab_has_canary(cache) &&
	     i < page->slab.objects; i++) {
		void *object = slab_object(cache, page, i);

		*slab_canary(cache, object) = slab_canary_value(cache, object);
	}
}

/* Is object certainly free? */
static inline bool
slab_marked_free(const struct kmem_cache *cache, void *object)
{
	return slab_has_canary(cache) &&
	       *slab_canary(cache, object) == slab_canary_value(cache, object);
}
#else
#define slab_canary_slab(cache, page)	((void)0)
#define slab_marked_free(cache, object)	false
#endif

/* slub.c: an empty slab, on no list and not counted, is given back. */
void slub_discard_slab(struct kmem_cache *cache, struct page *page);
/* slub_debug.c: caches with SLAB_DEBUG_FLAGS. */
void slub_debug_lay_out(struct kmem_cache *cache);
void *slub_debug_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
		       unsigned long caller);
void slub_debug_free(struct kmem_cache *cache, struct page *page, void *object,
		     unsigned long caller);
/* Tell each object that is out; returns how many. */
unsigned long slub_debug_leaks(struct kmem_cache *cache);
void slub_debug_verify(struct kmem_cache *cache, struct verify *v);

/* Build cache for good; name etc. are set. 0 or -ENOMEM. */
int kmem_cache_setup(struct kmem_cache *cache, const char *name, unsigned size,
		     unsigned align, slab_flags_t flags,
		     void (*ctor)(void *));
/* Lowmem addresses begin here and are so many; constant after boot. */
struct slab_lowmem {
	union {
		struct {
			u32 start, bytes;
		};
		u64 range;	/* both in one load */
	};
	struct page *map;	/* of the frame at start */
};
extern struct slab_lowmem slab_lowmem;

/* The kmalloc caches by size: by (size - 1) / 8, and by clz(size - 1). */
#define TABLE_MAX	1024u
extern struct kmem_cache *kmalloc_by_8[TABLE_MAX / 8];
extern struct kmem_cache *kmalloc_by_clz[32];

static __always_inline bool
is_lowmem(const void *p)
{
	return (unsigned long)p >= PAGE_OFFSET && p < high_memory;
}

/* Make the kmalloc caches. Context: boot, once. */
void kmalloc_init(void);
/* Frames for a slab: order, or min_order if that is not to be had. */
struct page *slab_alloc_order(struct kmem_cache *cache, gfp_t gfp,
			      unsigned order);
struct page *slab_alloc_pages(struct kmem_cache *cache, gfp_t gfp);
void slab_free_pages(struct kmem_cache *cache, struct page *page);
/* A report in the form of Linux's, then (unless caught) the machine goes on. */
void slab_bug(struct kmem_cache *cache, struct page *page, const void *object,
	      const char *fmt, ...) __printf(4, 5);

#endif
