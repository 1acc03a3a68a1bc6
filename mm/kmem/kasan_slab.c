/* SPDX-License-Identifier: MIT */
/*
 * KASAN for objects: red zones, who allocated and freed, and the quarantine.
 *
 * Ideas
 *   Layout	| object, n bytes asked for | rest | notes 16 | 16 more |
 *   shadow	  00 00 ... 04	 fc fc		fc	    fc	   in use
 *		  fb fb ...	 fc fc		fc	    fc	   freed
 *
 *   Notes	which stack allocated and which freed the object, and tasks.
 *   Quarantine	a freed object would be the first to be handed out again, and
 *		whoever still uses it would find open memory. So it waits in a
 *		queue of its core, closed, until QUARANTINE_SHARE of memory
 *		waits; then the oldest goes back to its slab. Draining the
 *		queues is part of shrinking: objects wait, memory is not lost.
 *
 *   Objects of SLAB_TYPESAFE_BY_RCU caches may be looked at after they were
 *   freed: they stay open and do not wait.
 *
 * Locks   a queue belongs to its core, interrupts off.
 * Source  Linux, mm/kasan/quarantine.c (the idea).
 */
#ifdef VELLUM_KASAN
#include <asm/percpu.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <kernel/task.h>
#include <lib/string.h>
#include <mm/init.h>
#include <mm/stack_depot.h>
#include <mm/zone.h>
#include "../debug/kasan.h"
#include "kasan_slab.h"
#include "kmem_cache.h"

#define QUARANTINE_SHARE	64	/* of memory, all cores together */

struct kasan_object {
	u32 alloc_stack, free_stack;
	s16 alloc_pid, free_pid;
	void *next;			/* in the quarantine */
};

static_assert(sizeof(struct kasan_object) <= KASAN_OBJECT_ROOM, "notes fit");

struct quarantine {
	void *first, *last;
	unsigned long bytes;
};

static DEFINE_PER_CPU(struct quarantine, quarantine);

/* Only SLUB lays objects out so, and not where it debugs on its own. */
static bool
covers(const struct kmem_cache *cache)
{
	return the_slab_design == &slub_design && !cache_debugs(cache);
}

static struct kasan_object *
notes_of(const struct kmem_cache *cache, const void *object)
{
	return (struct kasan_object *)((char *)object + cache->size -
				       cache->red_left_pad - KASAN_OBJECT_ROOM);
}

static s16
current_pid(void)
{
	return current ? (s16)current->pid : 0;
}

/* The object whose piece of the slab holds addr; NULL behind the last. */
static void *
object_around(const struct kmem_cache *cache, struct page *page,
	      unsigned long addr)
{
	unsigned long n = (addr - (unsigned long)page_address(page)) /
			  cache->size;

	return n < page->slab.objects ? slab_object(cache, page, (unsigned)n) :
					NULL;
}

void
kasan_new_slab(struct kmem_cache *cache, struct page *page)
{
	if (covers(cache))
		kasan_set_shadow((unsigned long)page_address(page),
				 PAGE_SIZE << page_order(page),
				 KASAN_SLAB_REDZONE);
}

void
kasan_begin_ctor(struct kmem_cache *cache, void *object)
{
	if (covers(cache))
		kasan_unpoison_range((unsigned long)object,
				     cache->object_size);
}

void
kasan_end_ctor(struct kmem_cache *cache, void *object)
{
	if (!covers(cache))
		return;
	kasan_set_shadow((unsigned long)object, cache->object_size,
			 KASAN_SLAB_REDZONE);
	memset(notes_of(cache, object), 0, sizeof(struct kasan_object));
}

/* Open the first size bytes of an object, close the rest of it. */
static void
open_object(struct kmem_cache *cache, const void *object, size_t size)
{
	kasan_set_shadow((unsigned long)object, cache->object_size,
			 KASAN_SLAB_REDZONE);
	kasan_unpoison_range((unsigned long)object, size);
}

void
kasan_alloc_object(struct kmem_cache *cache, void *object, size_t size)
{
	struct kasan_object *notes;

	if (!object || !covers(cache))
		return;
	notes = notes_of(cache, object);
	open_object(cache, object, size ? size : cache->object_size);
	notes->alloc_stack = stack_depot_here(1);
	notes->alloc_pid = current_pid();
	notes->free_stack = 0;
}

void
kasan_alloc_large(void *p, size_t size)
{
	unsigned long used = ALIGN_UP(size, KASAN_GRANULE);
	unsigned long bytes;

	if (!p)
		return;
	bytes = PAGE_SIZE << page_order(virt_to_page(p));
	kasan_unpoison_range((unsigned long)p, size);
	kasan_set_shadow((unsigned long)p + used, bytes - used,
			 KASAN_PAGE_REDZONE);
}

void
kasan_resize(const void *p, size_t size)
{
	struct page *page = slab_page_of(p);

	if (page_state(page) != PAGE_STATE_SLAB)
		kasan_alloc_large((void *)p, size);
	else if (page->slab.cache && covers(page->slab.cache))
		open_object(page->slab.cache, p, size);
}

/* --- the quarantine ---------------------------------------------------------------- */

static unsigned long
quarantine_limit(void)
{
	return (totalram_pages() << PAGE_SHIFT) / QUARANTINE_SHARE / NR_CPUS;
}

/* The oldest object of this core's queue, or NULL. Context: interrupts off. */
static void *
quarantine_pop(struct quarantine *q)
{
	struct kmem_cache *cache;
	void *object = q->first;

	if (!object)
		return NULL;
	cache = slab_page_of(object)->slab.cache;
	q->first = notes_of(cache, object)->next;
	if (!q->first)
		q->last = NULL;
	q->bytes -= cache->size;
	return object;
}

static void
quarantine_push(struct quarantine *q, struct kmem_cache *cache, void *object)
{
	notes_of(cache, object)->next = NULL;
	if (q->last)
		notes_of(slab_page_of(q->last)->slab.cache, q->last)->next =
			object;
	else
		q->first = object;
	q->last = object;
	q->bytes += cache->size;
}

static void
drain_this_cpu(void *arg)
{
	struct quarantine *q;
	unsigned long flags;
	void *object;

	(void)arg;
	flags = local_irq_save();
	q = this_cpu_ptr(&quarantine);
	while ((object = quarantine_pop(q)))
		slab_free_now(slab_page_of(object)->slab.cache, object);
	local_irq_restore(flags);
}

void
kasan_drain_quarantine(void)
{
	on_each_cpu(drain_this_cpu, NULL);
}

/* --- freeing, and its mistakes ------------------------------------------------------- */

static void
report_bad_free(struct kmem_cache *cache, struct page *page, void *object,
		const char *kind, unsigned long caller)
{
	unsigned long flags;
	char name[64];

	if (!soft_report_begin(&flags))
		return;
	symbol_format(caller - 4, name, sizeof(name));
	pr_err("BUG: KASAN: %s in %s\n", kind, name);
	/* In the words of the allocator, where there is no KASAN. */
	slab_bug(cache, page, object, "%s", !strcmp(kind, "double-free") ?
		 "double free" : "free of a pointer that is no object");
	report_where();
	dump_stack();
	kasan_describe_object((unsigned long)object, page);
	soft_report_end(flags);
}

bool
kasan_free_object(struct kmem_cache *cache, void *object, unsigned long caller)
{
	struct page *page = slab_page_of(object);
	struct kasan_object *notes;
	struct quarantine *q;
	unsigned long flags;
	void *oldest = NULL;

	if (!covers(cache))
		return false;
	if (object_around(cache, page, (unsigned long)object) != object) {
		report_bad_free(cache, page, object, "invalid-free", caller);
		return true;
	}
	if (*kasan_shadow((unsigned long)object) == KASAN_SLAB_FREE) {
		report_bad_free(cache, page, object, "double-free", caller);
		return true;
	}
	notes = notes_of(cache, object);
	notes->free_stack = stack_depot_here(1);
	notes->free_pid = current_pid();
	if (cache->flags & SLAB_TYPESAFE_BY_RCU)
		return false;
	kasan_set_shadow((unsigned long)object, cache->object_size,
			 KASAN_SLAB_FREE);
	flags = local_irq_save();
	q = this_cpu_ptr(&quarantine);
	quarantine_push(q, cache, object);
	if (q->bytes > quarantine_limit())
		oldest = quarantine_pop(q);
	local_irq_restore(flags);
	if (oldest)
		slab_free_now(slab_page_of(oldest)->slab.cache, oldest);
	return true;
}

/* --- the report --------------------------------------------------------------------------- */

/* How many bytes of object are open: what was asked for, while it is in use. */
static unsigned
open_bytes(const struct kmem_cache *cache, const void *object)
{
	const u8 *shadow = kasan_shadow((unsigned long)object);
	unsigned n = 0;

	for (; n < cache->object_size && (!*shadow ||
	       *shadow == KASAN_DMA_READS || *shadow == KASAN_DMA_WRITES);
	     shadow++)
		n += KASAN_GRANULE;
	if (n < cache->object_size && *shadow < KASAN_GRANULE)
		n += *shadow;
	return n ? n : cache->object_size;
}

void
kasan_describe_object(unsigned long addr, struct page *page)
{
	struct kmem_cache *cache = page->slab.cache;
	void *object = object_around(cache, page, addr);
	struct kasan_object *notes;
	unsigned long start = (unsigned long)object;
	unsigned size;
	char title[40];

	if (!object || !covers(cache))
		return;
	notes = notes_of(cache, object);
	size = open_bytes(cache, object);
	pr_err("the address is %lu bytes %s the object of %u bytes at %08lx, "
	       "cache %s\n", addr < start ? start - addr : addr < start + size ?
	       addr - start : addr - start - size,
	       addr < start ? "before" : addr < start + size ? "inside" :
	       "behind", size, start, cache->name);
	snprintf(title, sizeof(title), "allocated by task %d",
		 notes->alloc_pid);
	stack_depot_print(notes->alloc_stack, title);
	snprintf(title, sizeof(title), "freed by task %d", notes->free_pid);
	stack_depot_print(notes->free_stack, title);
}
#endif
