/* SPDX-License-Identifier: MIT */
/*
 * SLAB: the classic design, with queues. Chosen by slab=slab.
 *
 * Ideas
 *   Array cache	a stack of free objects for each core, of any slabs. Most
 *		calls push or pop there. When it is empty a batch is fetched
 *		from the slabs, when it is full the oldest batch goes back.
 *   Three lists	slabs of which all, some or none of the objects are in use:
 *		full, partial, free. A batch comes from partial slabs first,
 *		then from free ones, so that slabs become empty and can be
 *		given back.
 *   Colour	what is left over at the end of a slab is used at its start,
 *		by so many cache lines that equal objects of different slabs
 *		do not all fall on the same lines of a cache. The colour
 *		follows from the frame number, so it need not be stored.
 *
 *	core 0: [o o o o . . . .]  core 1: [o o . . . . . .]	objects[]
 *			  \ batch /
 *	full	slab <-> slab		every object out, or on an array
 *	partial	slab <-> slab
 *	free	slab <-> slab		at most free_limit objects on these
 *
 *	a slab of colour 2	|..|..| object | object | object |
 *
 *   What SLUB does away with: the queues. With n cores and m caches they hold
 *   n * m batches of free objects that nobody else can use, and whoever frees
 *   takes no notice of which slab the object came from.
 *
 * State    cache->design: the array caches. node: the lists.
 * Invariants (slab_verify)
 *   A1  full slabs have no free object, free ones no used one, partial ones
 *	 both.
 *   A2  The length of a slab's free list is objects - inuse, where objects on
 *	 arrays count as in use.
 *   A3  nr_slabs and nr_free are what the lists hold.
 * Locks    array: its core, interrupts off. Lists and slabs: node->lock.
 * Cost	    pop and push some 40 instructions; batches of half an array.
 * Sources  Bonwick, The Slab Allocator, USENIX 1994; Bonwick and Adams,
 *	    Magazines and Vmem, USENIX 2001; Gorman, Understanding the Linux
 *	    Virtual Memory Manager, chapter 8.
 */
#include <kernel/rcu.h>
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <mm/kmemleak.h>
#include <mm/percpu.h>
#include "kmem_cache.h"

#define MAX_ORDER_SLAB	3
#define MOST_OBJECTS	((PAGE_SIZE << MAX_ORDER_SLAB) / 8)	/* in a slab */
#define FREE_SLABS	4	/* slabs' worth of free objects kept */

struct array_cache {
	u16 avail, limit, batch, unused;
	void *objects[];
};

/* --- colour ------------------------------------------------------------------- */

/* Where the first object of page's slab begins, from the start of the slab. */
static unsigned
colour_of(const struct kmem_cache *cache, const struct page *page)
{
	unsigned step = max((unsigned)cache->align, (unsigned)CACHE_LINE);
	unsigned rest = (PAGE_SIZE << page_order(page)) -
			page->slab.objects * cache->size;
	unsigned colours = rest / step + 1;

	return (page_to_pfn(page) >> page_order(page)) % colours * step;
}

static char *
first_object(const struct kmem_cache *cache, struct page *page)
{
	return (char *)page_address(page) + colour_of(cache, page);
}

/*
 * Is object the start of one of the slab's objects? Asked in debug builds:
 * the core has no division, so four of them would be most of a free.
 */
static bool
is_start(const struct kmem_cache *cache, struct page *page, const void *object)
{
#ifdef VELLUM_DEBUG
	unsigned long at = (char *)object - first_object(cache, page);

	return at % cache->size == 0 && at / cache->size < page->slab.objects;
#else
	return true;
#endif
}

/* --- slabs -------------------------------------------------------------------- */

/* A new slab of free objects on the free list; false without memory. */
static bool
grow(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *page = slab_alloc_pages(cache, gfp);
	void *object, *next = NULL;
	unsigned long flags;
	char *first;

	if (!page)
		return false;
	first = first_object(cache, page);
	for (unsigned i = page->slab.objects; i--;) {
		object = first + i * cache->size;
		if (cache->ctor)
			cache->ctor(object);
		set_free_pointer(cache, object, next);
		next = object;
	}
	page->slab.freelist = next;
	page->slab.inuse = 0;
	page->slab.frozen = 0;
	flags = spin_lock_irqsave(&cache->node.lock);
	list_add(&page->slab.list, &cache->node.free);
	node_count_slab(&cache->node, page, 1);
	cache->node.nr_free += page->slab.objects;
	spin_unlock_irqrestore(&cache->node.lock, flags);
	return true;
}

/* Put page on the list where its counts say it belongs. Context: node.lock. */
static void
place(struct kmem_cache *cache, struct page *page)
{
	struct kmem_cache_node *node = &cache->node;
	struct list_head *list = &node->partial;

	if (!page->slab.inuse)
		list = &node->free;
	else if (!page->slab.freelist)
		list = &node->full;
	list_move(&page->slab.list, list);
}

/* The slab to take from: partly used ones first. Context: node.lock. */
static struct page *
best_slab(struct kmem_cache_node *node)
{
	struct list_head *list = list_empty(&node->partial) ? &node->free :
							      &node->partial;

	return list_empty(list) ? NULL :
		list_first_entry(list, struct page, slab.list);
}

/* Fetch up to a batch. Context: interrupts off. */
static void
refill(struct kmem_cache *cache, struct array_cache *ac)
{
	struct kmem_cache_node *node = &cache->node;
	struct page *page;

	spin_lock(&node->lock);
	while (ac->avail < ac->batch && (page = best_slab(node))) {
		while (ac->avail < ac->batch && page->slab.freelist) {
			void *object = page->slab.freelist;

			page->slab.freelist = get_free_pointer(cache, object);
			page->slab.inuse++;
			node->nr_free--;
			ac->objects[ac->avail++] = object;
		}
		place(cache, page);
	}
	spin_unlock(&node->lock);
}

/*
 * Give the n oldest objects of ac back to their slabs; slabs that are empty
 * then, and too many, go to the list empty. Context: interrupts off.
 */
static void
give_back(struct kmem_cache *cache, struct array_cache *ac, unsigned n,
	  struct list_head *empty)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long keep = FREE_SLABS * cache->objects;

	spin_lock(&node->lock);
	for (unsigned i = 0; i < n; i++) {
		void *object = ac->objects[i];
		struct page *page = slab_page_of(object);

		set_free_pointer(cache, object, page->slab.freelist);
		page->slab.freelist = object;
		page->slab.inuse--;
		node->nr_free++;
		place(cache, page);
		if (!page->slab.inuse && node->nr_free > keep) {
			list_move(&page->slab.list, empty);
			node_count_slab(node, page, -1);
			node->nr_free -= page->slab.objects;
		}
	}
	spin_unlock(&node->lock);
	ac->avail -= n;
	for (unsigned i = 0; i < ac->avail; i++)
		ac->objects[i] = ac->objects[i + n];
}

/* Give these slabs back to the page allocator. */
static void
discard_list(struct kmem_cache *cache, struct list_head *slabs)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, slabs, slab.list)
		slub_discard_slab(cache, page);
}

/* --- alloc and free ------------------------------------------------------------ */

static void *
slab_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
	   unsigned long caller)
{
	struct array_cache *ac;
	unsigned long flags;
	void *object = NULL;

	do {
		flags = local_irq_save();
		ac = this_cpu_ptr((struct array_cache *)cache->design);
		if (unlikely(!ac->avail))
			refill(cache, ac);
		if (likely(ac->avail))
			object = ac->objects[--ac->avail];
		local_irq_restore(flags);
	} while (unlikely(!object) && grow(cache, gfp));
	return object;
}

/* Is object on this core's array? Only the top without debugging. */
static bool
on_array(const struct array_cache *ac, const void *object)
{
#ifdef VELLUM_DEBUG
	unsigned depth = ac->avail;
#else
	unsigned depth = min((unsigned)ac->avail, 1u);
#endif

	for (unsigned i = 1; i <= depth; i++) {
		if (ac->objects[ac->avail - i] == object)
			return true;
	}
	return false;
}

static void
slab_free(struct kmem_cache *cache, struct page *page, void *object,
	  unsigned long caller)
{
	const char *mistake = NULL;
	struct array_cache *ac;
	unsigned long flags;
	LIST_HEAD(empty);

	flags = local_irq_save();
	ac = this_cpu_ptr((struct array_cache *)cache->design);
	if (unlikely(on_array(ac, object) || !page->slab.inuse))
		mistake = "double free";
	else if (!is_start(cache, page, object))
		mistake = "free of a pointer into the middle of an object";
	if (likely(!mistake)) {
		if (ac->avail == ac->limit)
			give_back(cache, ac, ac->batch, &empty);
		ac->objects[ac->avail++] = object;
	}
	local_irq_restore(flags);
	if (unlikely(mistake))
		slab_bug(cache, page, object, "%s", mistake);
	discard_list(cache, &empty);
}

/* --- the cache as a whole -------------------------------------------------------- */

/* Empty this core's array. Context: interrupts off. */
static void
flush_array(void *arg)
{
	struct kmem_cache *cache = arg;
	struct array_cache *ac =
		this_cpu_ptr((struct array_cache *)cache->design);
	LIST_HEAD(empty);

	give_back(cache, ac, ac->avail, &empty);
	discard_list(cache, &empty);
}

/* Is there something in that core's array? Without a lock, as a hint. */
static bool
holds_objects(unsigned cpu, void *arg)
{
	struct kmem_cache *cache = arg;
	struct array_cache *ac =
		per_cpu_ptr((struct array_cache *)cache->design, cpu);

	return READ_ONCE(ac->avail) != 0;
}

static void
slab_shrink(struct kmem_cache *cache)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long flags;
	struct page *page;
	LIST_HEAD(empty);

	on_each_cpu_cond(holds_objects, flush_array, cache);
	flags = spin_lock_irqsave(&node->lock);
	list_splice_init(&node->free, &empty);
	list_for_each_entry(page, &empty, slab.list) {
		node_count_slab(node, page, -1);
		node->nr_free -= page->slab.objects;
	}
	spin_unlock_irqrestore(&node->lock, flags);
	discard_list(cache, &empty);
}

static void
slab_usage(struct kmem_cache *cache, struct slab_usage *u)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long flags = spin_lock_irqsave(&node->lock);
	struct array_cache *ac;
	unsigned cpu;

	u->slabs = node->nr_slabs;
	u->frames = node->nr_frames;
	u->total = node->nr_objects;
	u->active = u->total - min(node->nr_free, u->total);
	for_each_possible_cpu(cpu) {
		ac = per_cpu_ptr((struct array_cache *)cache->design, cpu);
		u->active -= min((unsigned long)ac->avail, u->active);
	}
	u->partial = 0;
	for (struct list_head *p = node->partial.next; p != &node->partial;
	     p = p->next)
		u->partial++;
	spin_unlock_irqrestore(&node->lock, flags);
}

static unsigned long
slab_shutdown(struct kmem_cache *cache)
{
	struct slab_usage u;

	slab_shrink(cache);
	slab_usage(cache, &u);
	if (!u.active)
		free_percpu(cache->design);
	return u.active;
}

/* Those on arrays count as in use; the others are marked first, under the lock. */
static void
slab_for_each_object(struct kmem_cache *cache, struct page *page,
		     void (*fn)(const void *object, size_t size))
{
	DECLARE_BITMAP(free, MOST_OBJECTS) = { 0 };
	char *first = first_object(cache, page);
	unsigned long flags;

	flags = spin_lock_irqsave(&cache->node.lock);
	for (char *o = page->slab.freelist; o; o = get_free_pointer(cache, o))
		set_bit((o - first) / cache->size, free);
	spin_unlock_irqrestore(&cache->node.lock, flags);
	for (unsigned i = 0; i < page->slab.objects; i++) {
		if (!test_bit(i, free))
			fn(first + i * cache->size, cache->object_size);
	}
}

/* Larger objects are fewer on an array: it holds some 8 KiB. */
static unsigned
array_limit(unsigned size)
{
	return size <= 256 ? 60 : size <= 1024 ? 24 : size <= 4096 ? 8 : 4;
}

static int
slab_setup(struct kmem_cache *cache)
{
	unsigned limit = array_limit(cache->size), order, cpu;
	struct array_cache *ac;

	ac = percpu_alloc(sizeof(*ac) + limit * sizeof(void *), 16);
	if (!ac)
		return -ENOMEM;
	kmemleak_ignore_percpu(ac);	/* it keeps pointers that it gave out */
	for_each_possible_cpu(cpu) {
		per_cpu_ptr(ac, cpu)->limit = limit;
		per_cpu_ptr(ac, cpu)->batch = limit / 2;
	}
	cache->design = ac;
	cache->min_order = order_of(DIV_ROUND_UP(cache->size, PAGE_SIZE));
	/* The smallest slab that wastes at most an eighth, as in Linux. */
	for (order = cache->min_order; order < MAX_ORDER_SLAB; order++) {
		if ((PAGE_SIZE << order) % cache->size * 8 <=
		    PAGE_SIZE << order)
			break;
	}
	cache->order = order;
	cache->objects = (PAGE_SIZE << order) / cache->size;
	return 0;
}

/* --- verify ---------------------------------------------------------------------- */

static void
verify_slab(struct kmem_cache *cache, struct page *page, int kind,
	    struct verify *v)
{
	unsigned inuse = page->slab.inuse, n = 0;
	void *object;

	for (object = page->slab.freelist; object && n <= page->slab.objects;
	     n++) {
		if (!is_lowmem(object) || slab_page_of(object) != page) {
			verify_bad(v, "A2", "slab: %s: free pointer %p leads "
				   "out of its slab", cache->name, object);
			return;
		}
		object = get_free_pointer(cache, object);
	}
	VERIFY(v, n == page->slab.objects - inuse, "A2",
	       "slab: %s: slab %p has %u free objects, %u in use of %u",
	       cache->name, page, n, inuse, page->slab.objects);
	VERIFY(v, kind == (!inuse ? 2 : !page->slab.freelist ? 0 : 1), "A1",
	       "slab: %s: slab %p with %u in use of %u is on list %d",
	       cache->name, page, inuse, page->slab.objects, kind);
}

static void
slab_verify(struct kmem_cache *cache, struct verify *v)
{
	struct kmem_cache_node *node = &cache->node;
	struct list_head *lists[] = { &node->full, &node->partial,
				      &node->free };
	unsigned long flags = spin_lock_irqsave(&node->lock);
	unsigned long slabs = 0, free = 0;
	struct page *page;

	for (int kind = 0; kind < 3; kind++) {
		list_for_each_entry(page, lists[kind], slab.list) {
			verify_slab(cache, page, kind, v);
			slabs++;
			free += page->slab.objects - page->slab.inuse;
		}
	}
	VERIFY(v, slabs == node->nr_slabs && free == node->nr_free, "A3",
	       "slab: %s: %lu slabs with %lu free objects, counted as %lu "
	       "with %lu", cache->name, slabs, free, node->nr_slabs,
	       node->nr_free);
	spin_unlock_irqrestore(&node->lock, flags);
}

const struct slab_design slab_design = {
	.name = "slab",
	.setup = slab_setup,
	.alloc = slab_alloc,
	.free = slab_free,
	.shrink = slab_shrink,
	.shutdown = slab_shutdown,
	.usage = slab_usage,
	.verify = slab_verify,
	.for_each_object = slab_for_each_object,
};
