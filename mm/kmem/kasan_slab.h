/* SPDX-License-Identifier: MIT */
/*
 * KASAN's hooks in the object caches; empty unless SAN=kasan. The notes about
 * an object (struct kasan_object) lie behind it, in its red zone.
 */
#ifndef MM_KMEM_KASAN_SLAB_H
#define MM_KMEM_KASAN_SLAB_H

#include <mm/kasan.h>
#include <mm/slab.h>

#ifdef VELLUM_KASAN
/* Room behind an object of a cache, for notes and red zone. */
#define KASAN_OBJECT_ROOM	32

/* Close a new slab / open and close an object for its constructor. */
void kasan_new_slab(struct kmem_cache *cache, struct page *page);
void kasan_begin_ctor(struct kmem_cache *cache, void *object);
void kasan_end_ctor(struct kmem_cache *cache, void *object);
/* size bytes (0: all) of object are the caller's. NULL is ignored. */
void kasan_alloc_object(struct kmem_cache *cache, void *object, size_t size);
/* The same for whole pages from kmalloc(). */
void kasan_alloc_large(void *p, size_t size);
/* The size of p, as allocated, changes. */
void kasan_resize(const void *p, size_t size);
/*
 * object is given up. True: it stays in the quarantine, or was no object to be
 * freed (reported); false: free it now.
 */
bool kasan_free_object(struct kmem_cache *cache, void *object,
		       unsigned long caller);
/* Give every object in the quarantine back. Context: may sleep. */
void kasan_drain_quarantine(void);

/* In kmalloc.c: give object back to its slab, past the quarantine. */
void slab_free_now(struct kmem_cache *cache, void *object);
#else
#define KASAN_OBJECT_ROOM	0
#define kasan_new_slab(cache, page)			((void)0)
#define kasan_begin_ctor(cache, object)			((void)0)
#define kasan_end_ctor(cache, object)			((void)0)
#define kasan_alloc_object(cache, object, size)		((void)0)
#define kasan_alloc_large(p, size)			((void)0)
#define kasan_resize(p, size)				((void)0)
#define kasan_free_object(cache, object, caller)	false
#define kasan_drain_quarantine()			((void)0)
#endif

#endif
