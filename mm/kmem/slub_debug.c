/* SPDX-License-Identifier: MIT */
#include "kmem_cache.h"
void slub_debug_lay_out(struct kmem_cache *cache) {}
void *slub_debug_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp, unsigned long caller) { return NULL; }
void slub_debug_free(struct kmem_cache *cache, struct page *page, void *object, unsigned long caller) {}
unsigned long slub_debug_leaks(struct kmem_cache *cache) { return 0; }
void slub_debug_verify(struct kmem_cache *cache, struct verify *v) {}
