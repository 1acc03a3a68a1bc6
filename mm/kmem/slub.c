/* SPDX-License-Identifier: MIT */
/*
 * SLUB: slabs without queues.
 *
 * Ideas
 *   Slab	2^order frames cut into equal objects. All that is known about
 *		it fits into its struct page: the list of free objects, and
 *		how many are in use. A free object holds the pointer to the
 *		next one inside itself.
 *   Own slab	each core owns one slab at a time. Its free objects move to
 *		the core's own list, and the core takes and gives without a
 *		lock. Such a slab is frozen: it is on no list.
 *   Away list	objects of one other slab that this core has freed. They go
 *		back to their slab together, with one atomic operation, when
 *		the core frees into a third slab. So a thousand objects freed
 *		in the order they came cost one of them per slab.
 *
 *	core 0:	own	 -> o -> o -> o		(objects of its slab)
 *			 page, frozen, page.freelist -> o   (given back by
 *							     other cores)
 *		away	 -> x -> x		(of a slab that is not frozen,
 *						 or frozen by another core)
 *		partial	 -> page -> page	(frozen too, in reserve)
 *	node:	partial	 <-> page <-> page	(some free objects)
 *	full slabs are on no list: the next free finds them by address.
 *
 *   alloc	1 own list			pop, the fast path (kmalloc.c)
 *		2 page.freelist of the own slab: what other cores gave back
 *		3 cpu->partial	4 node.partial	5 a new slab
 *   free	1 object of the own slab or of the away slab: push, the fast
 *		  path
 *		2 else the away list goes back to its slab, by a
 *		  compare-and-swap of { freelist, counts }, and a new one is
 *		  begun. A full slab that gets its first free objects becomes
 *		  frozen by this core and joins its partial list; one that
 *		  becomes empty goes back to the page allocator unless few
 *		  are kept.
 *
 * Invariants (slub_verify)
 *   U1  A slab on node.partial is not frozen and has a free object.
 *   U2  The length of page.freelist is objects - inuse, where a core's own
 *	 and away lists count as in use.
 *   U3  nr_partial is the length of the list; nr_slabs counts all slabs.
 * Locks   node.lock guards the lists of the node. { freelist, inuse, frozen }
 *	   of a page change by one 64-bit compare-and-swap. A page on
 *	   node.partial is taken off, or put on, only under node.lock; whoever
 *	   makes it frozen owns it.
 * Cost    1: some 20 instructions. 2 some 100, 3 to 5 some 200: once in a slab.
 * Questions a reader asks
 *   Why no cache colouring, as SLAB has? It spreads objects over the sets of
 *     a small direct-mapped cache; associative ones do not need it.
 *   Why does a core not notice what others free into its slab? It looks when
 *     its own list is empty: soon enough, and without a shared variable.
 * Sources Lameter, SLUB: the unqueued slab allocator, 2007; Bonwick, The Slab
 *	   Allocator, USENIX 1994; Linux, Documentation/mm/slub.rst.
 */
#include <kernel/panic.h>
#include <kernel/rcu.h>
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <mm/vmstat.h>
#include "kasan_slab.h"
#include "kmem_cache.h"

#define SLUB_MAX_ORDER	3	/* 32 KiB: more is hard to get */
#define MIN_PARTIAL	5
#define CPU_PARTIAL	3	/* slabs in reserve on each core */

/* The part of struct page that changes at once. */
union slab_state {
	struct {
		void *freelist;
		u16 inuse;
		u16 objects : 15, frozen : 1;
	};
	u64 both;
};

#ifdef VELLUM_HOST
/* One thread, and pointers of 64 bits. */
static union slab_state
slab_state_of(struct page *page)
{
	return *(union slab_state *)&page->slab.freelist;
}

static bool
slab_state_cas(struct page *page, union slab_state old, union slab_state next)
{
	(void)old;
	*(union slab_state *)&page->slab.freelist = next;
	return true;
}
#else
static union slab_state
slab_state_of(struct page *page)
{
	union slab_state s;

	s.both = __atomic_load_n((u64 *)&page->slab.freelist,
				 __ATOMIC_RELAXED);
	return s;
}

static bool
slab_state_cas(struct page *page, union slab_state old, union slab_state next)
{
	return __atomic_compare_exchange_n((u64 *)&page->slab.freelist,
					   &old.both, next.both, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}
#endif

static struct kmem_cache_cpu *
this_cpu_of(struct kmem_cache *cache)
{
	return this_cpu_ptr(cache->lists);
}

/* --- slabs: made, given back -------------------------------------------------- */

/* Link the objects at offsets order[0..n) of the slab behind last. */
static void *
chain_run(struct kmem_cache *cache, char *slab, const u16 *order, unsigned n,
	  void *last)
{
	for (const u16 *end = order + n; order < end; order++) {
		void *object = slab + *order;

		set_free_pointer(cache, last, object);
		last = object;
	}
	return last;
}

/* The same in order of address, each object constructed. */
static void *
chain_plain(struct kmem_cache *cache, struct page *page, void **last_object)
{
	void *first = slab_object(cache, page, 0), *last = first;

	for (unsigned i = 0; i < page->slab.objects; i++) {
		void *object = slab_object(cache, page, i);

		kasan_begin_ctor(cache, object);
		if (cache->ctor)
			cache->ctor(object);
		kasan_end_ctor(cache, object);
		if (i)
			set_free_pointer(cache, last, object);
		last = object;
	}
	*last_object = last;
	return first;
}

/*
 * Chain the objects of a new slab, in random order where the cache has one:
 * an attacker then cannot tell which object follows which. Each slab starts
 * elsewhere in the one permutation of its cache.
 */
static void *
chain_objects(struct kmem_cache *cache, struct page *page, void **last_object)
{
	const u16 *order = cache->order_list;
	char *slab = page_address(page);
	unsigned n = page->slab.objects, at;
	void *first, *last;

	if (!order || cache->ctor || n != cache->objects) {
		first = chain_plain(cache, page, &last);
	} else {
		at = (u64)((u32)page_to_pfn(page) * 2654435761u) * n >> 32;
		first = slab + order[at];
		last = chain_run(cache, slab, order + at + 1, n - at - 1,
				 first);
		last = chain_run(cache, slab, order, at, last);
	}
	set_free_pointer(cache, last, NULL);
	slab_canary_slab(cache, page);
	*last_object = last;
	return first;
}

/* A new slab, frozen, its objects chained first to last. NULL: no memory. */
static struct page *
new_slab(struct kmem_cache *cache, gfp_t gfp, void **first, void **last)
{
	struct page *page = slab_alloc_pages(cache, gfp);
	unsigned long flags;

	if (!page)
		return NULL;
	*first = chain_objects(cache, page, last);
	page->slab.freelist = NULL;
	page->slab.inuse = page->slab.objects;
	page->slab.frozen = 1;
	flags = spin_lock_irqsave(&cache->node.lock);
	node_count_slab(&cache->node, page, 1);
	spin_unlock_irqrestore(&cache->node.lock, flags);
	return page;
}

static void
free_slab_rcu(struct rcu_head *head)
{
	struct page *page = container_of((struct list_head *)head, struct page,
					 slab.list);

	slab_free_pages(page->slab.cache, page);
}

/*
 * An empty slab, on no list and not counted any more, goes back to the page
 * allocator.
 */
void
slub_discard_slab(struct kmem_cache *cache, struct page *page)
{
	static_assert(sizeof(struct rcu_head) <= sizeof(struct list_head),
		      "the list is reused for the callback");

	if (cache->flags & SLAB_TYPESAFE_BY_RCU)
		call_rcu((struct rcu_head *)&page->slab.list, free_slab_rcu);
	else
		slab_free_pages(cache, page);
}

/* --- from and to the node ----------------------------------------------------- */

/* Context: node.lock. */
static void
node_add_partial(struct kmem_cache_node *node, struct page *page, bool tail)
{
	if (tail)
		list_add_tail(&page->slab.list, &node->partial);
	else
		list_add(&page->slab.list, &node->partial);
	node->nr_partial++;
}

static void
node_remove_partial(struct kmem_cache_node *node, struct page *page)
{
	list_del(&page->slab.list);
	node->nr_partial--;
}

/*
 * Freeze a slab that other cores may be freeing into, and take all its free
 * objects. Context: interrupts off; the page is this core's to freeze.
 */
static void *
freeze_and_take(struct page *page)
{
	union slab_state old, next;

	do {
		old = slab_state_of(page);
		next = old;
		next.freelist = NULL;
		next.inuse = old.objects;
		next.frozen = 1;
	} while (!slab_state_cas(page, old, next));
	return old.freelist;
}

/*
 * Give a frozen slab, whose unused objects are the n in [head, tail], out of
 * this core's hands: to the node, or back to the page allocator.
 */
static void
unfreeze(struct kmem_cache *cache, struct page *page, void *head, void *tail,
	 unsigned n)
{
	struct kmem_cache_node *node = &cache->node;
	union slab_state old, next;
	bool empty;

	spin_lock(&node->lock);
	do {
		old = slab_state_of(page);
		next = old;
		if (head) {
			set_free_pointer(cache, tail, old.freelist);
			next.freelist = head;
			next.inuse -= n;
		}
		next.frozen = 0;
		empty = !next.inuse && node->nr_partial >= cache->min_partial;
	} while (!slab_state_cas(page, old, next));
	/* Frees that saw it not frozen wait for node.lock to take it off. */
	if (empty)
		node_count_slab(node, page, -1);
	else if (next.freelist)
		node_add_partial(node, page, !head);
	spin_unlock(&node->lock);
	if (empty)
		slub_discard_slab(cache, page);
}

/* The slab at page, or none, is what the list is about from now on. */
static void
list_set(struct object_list *list, struct page *page, void *first)
{
	list->first = first;
	list->page = page;
	list->start = page ? (u32)(unsigned long)page_address(page) : 0;
	list->bytes = page ? PAGE_SIZE << page_order(page) : 0;
}

/* This core gives up its slab and list. Context: interrupts off. */
static void
deactivate_slab(struct kmem_cache *cache, struct kmem_cache_cpu *c)
{
	void *head = c->own.first, *tail = NULL, *object;
	struct page *page = c->own.page;
	unsigned n = 0;

	list_set(&c->own, NULL, NULL);
	for (object = head; object; n++) {
		tail = object;
		object = get_free_pointer(cache, object);
	}
	unfreeze(cache, page, head, tail, n);
}

/* All slabs in reserve go to the node. Context: interrupts off. */
static void
unfreeze_partials(struct kmem_cache *cache, struct kmem_cache_cpu *c)
{
	struct page *page;

	while ((page = c->partial)) {
		c->partial = (struct page *)page->slab.list.next;
		unfreeze(cache, page, NULL, NULL, 0);
	}
	c->nr_partial = 0;
}

/* Put a slab that this core froze into its reserve. */
static void
put_cpu_partial(struct kmem_cache *cache, struct page *page)
{
	struct kmem_cache_cpu *c = this_cpu_of(cache);

	if (c->nr_partial >= cache->cpu_partial)
		unfreeze_partials(cache, c);
	page->slab.list.next = (struct list_head *)c->partial;
	c->partial = page;
	c->nr_partial++;
}

/* --- the away list ---------------------------------------------------------------- */

/*
 * Give the n free objects first..last back to their slab.
 * Context: interrupts off.
 */
static void
give_back(struct kmem_cache *cache, struct page *page, void *first, void *last,
	  unsigned n)
{
	struct kmem_cache_node *node = &cache->node;
	union slab_state old, next;
	bool locked = false;

	do {
		if (unlikely(locked)) {
			spin_unlock(&node->lock);
			locked = false;
		}
		old = slab_state_of(page);
		if (unlikely(old.inuse < n)) {
			slab_bug(cache, page, first, "double free");
			return;
		}
		set_free_pointer(cache, last, old.freelist);
		next = old;
		next.freelist = first;
		next.inuse -= n;
		if (!old.frozen && !next.inuse) {
			spin_lock(&node->lock);	/* may leave the list */
			locked = true;
		} else if (!old.frozen && !old.freelist) {
			next.frozen = 1;	/* was full: ours now */
		}
	} while (!slab_state_cas(page, old, next));
	if (likely(!locked)) {
		if (next.frozen && !old.frozen)
			put_cpu_partial(cache, page);
		return;
	}
	/* Empty now. One that was full before was on no list. */
	if (old.freelist)
		node_remove_partial(node, page);
	if (node->nr_partial < cache->min_partial) {
		node_add_partial(node, page, true);
		page = NULL;
	} else {
		node_count_slab(node, page, -1);
	}
	spin_unlock(&node->lock);
	if (page)
		slub_discard_slab(cache, page);
}

/* What this core gathered goes back. Context: interrupts off. */
static void
flush_away(struct kmem_cache *cache, struct kmem_cache_cpu *c)
{
	struct object_list away = c->away;

	if (!away.page)
		return;
	list_set(&c->away, NULL, NULL);
	give_back(cache, away.page, away.first, c->away_last, c->nr_away);
}

/*
 * Free an object that is neither of the own nor of the away slab: begin a new
 * away list with it.
 */
static void
slub_free(struct kmem_cache *cache, struct page *page, void *object,
	  unsigned long caller)
{
	struct kmem_cache_cpu *c;
	unsigned long flags;

	if (cache_debugs(cache)) {
		slub_debug_free(cache, page, object, caller);
		return;
	}
	flags = local_irq_save();
	c = this_cpu_of(cache);
	flush_away(cache, c);
	set_free_pointer(cache, object, NULL);
	list_set(&c->away, page, object);
	c->away_last = object;
	c->nr_away = 1;
	local_irq_restore(flags);
}

/* --- the slow paths of allocation -------------------------------------------------- */

/* From node.partial: one slab to use, some for the reserve. */
static void *
take_from_node(struct kmem_cache *cache, struct kmem_cache_cpu *c)
{
	struct kmem_cache_node *node = &cache->node;
	union slab_state old, next;
	void *objects = NULL;
	struct page *page;

	if (list_empty(&node->partial))
		return NULL;
	spin_lock(&node->lock);
	while (!list_empty(&node->partial) &&
	       (!objects || c->nr_partial < cache->cpu_partial / 2)) {
		page = list_first_entry(&node->partial, struct page,
					slab.list);
		node_remove_partial(node, page);
		if (!objects) {
			objects = freeze_and_take(page);
			list_set(&c->own, page, NULL);
			continue;
		}
		do {
			old = slab_state_of(page);
			next = old;
			next.frozen = 1;
		} while (!slab_state_cas(page, old, next));
		page->slab.list.next = (struct list_head *)c->partial;
		c->partial = page;
		c->nr_partial++;
	}
	spin_unlock(&node->lock);
	return objects;
}

/*
 * Free objects for this core, from wherever; c->own.page is where they lie.
 * Context: interrupts off. Returns the first, or NULL.
 */
static void *
refill(struct kmem_cache *cache, struct kmem_cache_cpu *c, gfp_t gfp)
{
	void *objects, *last;
	struct page *page;

	flush_away(cache, c);
	if (c->own.page) {
		objects = freeze_and_take(c->own.page);
		if (objects)
			return objects;
		deactivate_slab(cache, c);
	}
	while ((page = c->partial)) {
		c->partial = (struct page *)page->slab.list.next;
		c->nr_partial--;
		objects = freeze_and_take(page);
		if (objects) {
			list_set(&c->own, page, NULL);
			return objects;
		}
		unfreeze(cache, page, NULL, NULL, 0);
	}
	objects = take_from_node(cache, c);
	if (objects)
		return objects;
	page = new_slab(cache, gfp, &objects, &last);
	if (page)
		list_set(&c->own, page, NULL);
	return page ? objects : NULL;
}

/*
 * A new slab, made with interrupts on since the page allocator may have to
 * wait. One object is the caller's, the others go where all find them.
 */
static void *
alloc_patiently(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *page;
	unsigned long flags;
	void *object, *rest, *last;

	page = new_slab(cache, gfp, &object, &last);
	if (!page)
		return NULL;
	rest = get_free_pointer(cache, object);
	flags = local_irq_save();
	unfreeze(cache, page, rest, last, page->slab.objects - 1);
	local_irq_restore(flags);
	return object;
}

static void *
slub_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
	   unsigned long caller)
{
	gfp_t quickly = gfp;
	struct kmem_cache_cpu *c;
	unsigned long flags;
	void *object;

	if (cache_debugs(cache))
		return slub_debug_alloc(cache, size, gfp, caller);
	/* Not the last try: if it fails, that is nothing to tell. */
	if (gfpflags_allow_blocking(gfp))
		quickly = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN;
	flags = local_irq_save();
	c = this_cpu_of(cache);
	object = c->own.first;
	/* An interrupt may have filled the list meanwhile. */
	if (!object)
		object = refill(cache, c, quickly);
	if (object)
		c->own.first = get_free_pointer(cache, object);
	local_irq_restore(flags);
	if (!object && gfpflags_allow_blocking(gfp))
		object = alloc_patiently(cache, gfp);
	return object;
}

/* --- for the cache as a whole --------------------------------------------------- */

/* Give up what this core holds. Context: interrupts off. */
static void
flush_this_cpu(void *arg)
{
	struct kmem_cache *cache = arg;
	struct kmem_cache_cpu *c = this_cpu_of(cache);

	flush_away(cache, c);
	if (c->own.page)
		deactivate_slab(cache, c);
	unfreeze_partials(cache, c);
}

/*
 * Does that core have something to give up? Without a lock: what it takes or
 * leaves meanwhile it could as well have taken after it was asked.
 */
static bool
holds_slabs(unsigned cpu, void *arg)
{
	struct kmem_cache *cache = arg;
	struct kmem_cache_cpu *c = per_cpu_ptr(cache->lists, cpu);

	return READ_ONCE(c->own.page) || READ_ONCE(c->away.page) ||
	       READ_ONCE(c->partial);
}

/* Take the empty slabs off the node. */
static void
discard_empty(struct kmem_cache *cache)
{
	struct kmem_cache_node *node = &cache->node;
	struct page *page, *next;
	unsigned long flags;
	LIST_HEAD(empty);

	flags = spin_lock_irqsave(&node->lock);
	list_for_each_entry_safe(page, next, &node->partial, slab.list) {
		if (slab_state_of(page).inuse)
			continue;
		node_remove_partial(node, page);
		node_count_slab(node, page, -1);
		list_add(&page->slab.list, &empty);
	}
	spin_unlock_irqrestore(&node->lock, flags);
	list_for_each_entry_safe(page, next, &empty, slab.list)
		slub_discard_slab(cache, page);
}

static void
slub_shrink(struct kmem_cache *cache)
{
	on_each_cpu_cond(holds_slabs, flush_this_cpu, cache);
	discard_empty(cache);
}

/*
 * Count the objects in use, as far as lists tell: what cores hold counts as
 * used.
 */
static void
slub_usage(struct kmem_cache *cache, struct slab_usage *u)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long flags = spin_lock_irqsave(&node->lock), unused = 0;
	union slab_state s;
	struct page *page;

	list_for_each_entry(page, &node->partial, slab.list) {
		s = slab_state_of(page);
		unused += s.objects - s.inuse;
	}
	u->slabs = node->nr_slabs;
	u->frames = node->nr_frames;
	u->partial = node->nr_partial;
	u->total = node->nr_objects;
	u->active = u->total - min(unused, u->total);
	spin_unlock_irqrestore(&node->lock, flags);
}

static unsigned long
slub_shutdown(struct kmem_cache *cache)
{
	struct slab_usage u;

	slub_shrink(cache);
	slub_usage(cache, &u);
	return cache_debugs(cache) ? slub_debug_leaks(cache) : u.active;
}

/* U1 and U2 for one slab of the partial list. */
static void
verify_slab(struct kmem_cache *cache, struct page *page, struct verify *v)
{
	union slab_state s = slab_state_of(page);
	unsigned n = 0;
	void *object;

	for (object = s.freelist; object && n <= s.objects; n++) {
		if (!is_lowmem(object) || slab_page_of(object) != page) {
			verify_bad(v, "U2", "slub: %s: free pointer %p leads "
				   "out of its slab", cache->name, object);
			return;
		}
		object = get_free_pointer(cache, object);
	}
	VERIFY(v, !s.frozen && s.freelist, "U1",
	       "slub: %s: slab %p on the partial list is %s", cache->name,
	       page, s.frozen ? "frozen" : "full");
	VERIFY(v, n == (unsigned)(s.objects - s.inuse), "U2",
	       "slub: %s: slab %p has %u free objects, %u in use of %u",
	       cache->name, page, n, s.inuse, s.objects);
}

/* Context: nobody allocates from the cache meanwhile. */
static void
slub_verify(struct kmem_cache *cache, struct verify *v)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long flags = spin_lock_irqsave(&node->lock), n = 0;
	struct page *page;

	if (cache_debugs(cache)) {
		spin_unlock_irqrestore(&node->lock, flags);
		slub_debug_verify(cache, v);
		return;
	}
	list_for_each_entry(page, &node->partial, slab.list) {
		verify_slab(cache, page, v);
		n++;
	}
	VERIFY(v, n == node->nr_partial && n <= node->nr_slabs, "U3",
	       "slub: %s: %lu partial slabs, counted as %lu of %lu",
	       cache->name, n, node->nr_partial, node->nr_slabs);
	spin_unlock_irqrestore(&node->lock, flags);
}

/* --- choosing the order ------------------------------------------------------------ */

/*
 * The smallest order that wastes at most 1/fraction of a slab and holds at
 * least min_objects; SLUB_MAX_ORDER + 1 if there is none.
 */
static unsigned
order_for(unsigned size, unsigned min_objects, unsigned fraction)
{
	unsigned order = order_of(DIV_ROUND_UP(min_objects * size, PAGE_SIZE));

	for (; order <= SLUB_MAX_ORDER; order++) {
		unsigned bytes = PAGE_SIZE << order;

		if (bytes / size && bytes % size <= bytes / fraction)
			break;
	}
	return order;
}

/*
 * Many objects in a slab spread the cost of making it; a small rest wastes
 * little. Ask for much of both, then for less.
 */
static unsigned
choose_order(unsigned size)
{
	unsigned wanted = 8, order;

	for (; wanted > 1; wanted /= 2) {
		for (unsigned fraction = 16; fraction >= 4; fraction /= 2) {
			order = order_for(size, wanted, fraction);
			if (order <= SLUB_MAX_ORDER)
				return order;
		}
	}
	return order_of(DIV_ROUND_UP(size, PAGE_SIZE));
}

static int
slub_setup(struct kmem_cache *cache)
{
	cache->order = choose_order(cache->size);
	cache->objects = (PAGE_SIZE << cache->order) / cache->size;
	cache->min_order = order_of(DIV_ROUND_UP(cache->size, PAGE_SIZE));
	cache->min_partial = MIN_PARTIAL;
	cache->cpu_partial = CPU_PARTIAL;
	return 0;
}

static void
slub_for_each_object(struct kmem_cache *cache, struct page *page,
		     void (*fn)(const void *object, size_t size))
{
	for (unsigned i = 0; i < page->slab.objects; i++) {
		void *object = slab_object(cache, page, i);

		if (!slab_marked_free(cache, object))
			fn(object, cache->object_size);
	}
}

const struct slab_design slub_design = {
	.name = "slub",
	.setup = slub_setup,
	.alloc = slub_alloc,
	.free = slub_free,
	.shrink = slub_shrink,
	.shutdown = slub_shutdown,
	.usage = slub_usage,
	.verify = slub_verify,
	.for_each_object = slub_for_each_object,
};
