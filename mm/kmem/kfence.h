/* SPDX-License-Identifier: MIT */
/* What the files of KFENCE share, and its hooks in the caches. Private. */
#ifndef MM_KMEM_KFENCE_H
#define MM_KMEM_KFENCE_H

#include <mm/kfence.h>
#include "slub_debug.h"

#ifdef VELLUM_HOST
#define kfence_alloc(cache, size, gfp, caller)	NULL
#define kfence_free(cache, p, caller)		((void)0)
#define kfence_ksize(p)				((size_t)0)
#define kfence_objects_of(cache)		0ul
#else

enum kfence_object_state {
	KFENCE_OBJECT_UNUSED,		/* never given out */
	KFENCE_OBJECT_ALLOCATED,
	KFENCE_OBJECT_FREED,
};

/* One object of the pool. Guarded by kfence_lock while on the free list. */
struct kfence_metadata {
	struct list_head list;		/* kfence_lock; free ones, in order */
	enum kfence_object_state state;
	unsigned long addr;		/* of its first byte */
	size_t size;			/* as asked for */
	struct kmem_cache *cache;	/* only to be compared: may be gone */
	char name[CACHE_NAME_LEN];
	u32 site;			/* hash of who allocated it */
	struct track allocated, freed;
};

enum kfence_error_type {
	KFENCE_ERROR_OOB,		/* hit a guard page beside an object */
	KFENCE_ERROR_UAF,		/* hit the page of a freed one */
	KFENCE_ERROR_CORRUPTION,	/* bytes beside it were changed */
	KFENCE_ERROR_INVALID,		/* hit what belongs to nobody */
	KFENCE_ERROR_INVALID_FREE,	/* twice, or not its first byte */
};

struct kfence_error {
	enum kfence_error_type type;
	unsigned long addr;
	bool write;
	struct pt_regs *regs;		/* of the fault, or NULL */
	unsigned long caller;		/* who freed, without regs */
	const struct kfence_metadata *object;	/* or NULL */
	unsigned index;			/* of object */
};

/* The canary byte that belongs at an address beside an object. */
#define KFENCE_CANARY(addr)	((u8)(0xaa ^ ((addr) & 7)))

/* The pool. Changed by kfence_start() and kfence_stop() only. */
struct kfence_pool {
	struct kfence_metadata *objects;
	u8 *opened;			/* for each page: a report opened it */
	unsigned nr;			/* objects */
	bool stopping;			/* hand nothing out any more */
};
extern struct kfence_pool kfence_pool;
extern struct kfence_stats kfence_stats;

/* --- hooks, for the slow paths of kmalloc.c and slab_common.c --- */

/*
 * size bytes for cache from the pool; NULL: not this time. Context: any, as
 * any allocation. caller is who is written down.
 */
void *kfence_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
		   unsigned long caller);
/* p lies in the pool; cache: NULL for kfree(). Mistakes are reported. */
void kfence_free(struct kmem_cache *cache, void *p, unsigned long caller);
/* The size of the object at p, as asked for; 0: p is no object. */
size_t kfence_ksize(const void *p);
/* Objects of cache that are in use. */
unsigned long kfence_objects_of(const struct kmem_cache *cache);

/* --- kfence.c, for kfence_pool.c --- */

/*
 * All objects are free and unmapped from here on; none is handed out any more
 * (false: some are in use); all pages are mapped again.
 */
void kfence_close_pool(void);
bool kfence_retire_pool(void);
void kfence_open_pool(void);
/* The gate closes. */
void kfence_shut_gate(void);
/* The page of object i, and of the guard before it. */
unsigned long kfence_object_page(unsigned i);
unsigned long kfence_guard_page(unsigned i);
unsigned long kfence_distance(const struct kfence_metadata *m,
			      unsigned long addr);
void kfence_verify_pool(struct verify *v);
/* Call fn with each object that was ever in use. */
void kfence_for_each(void (*fn)(const struct kfence_metadata *m, unsigned i,
				void *arg), void *arg);

/* --- kfence_report.c --- */

void kfence_report_error(const struct kfence_error *error);
#endif

#endif
