/* SPDX-License-Identifier: MIT */
/*
 * SLOB: a simple list of blocks. Chosen by slab=slob.
 *
 * Ideas
 *   No caches behind the caches: blocks of all sizes are cut from the same
 *   pages, first fit. Little is wasted inside, nothing is kept in reserve, and
 *   everything takes longer: it is what malloc looked like in Kernighan and
 *   Ritchie, and what Linux offered to the smallest machines until 6.4.
 *
 *	page	| used | free, 5 units | used | used | free, 2 units |
 *			 |			       ^
 *			 '-- next free, by address ----'
 *
 *   Unit	8 bytes. A block in use begins with one unit of header: its
 *		length, what was asked for, and its cache. A free one holds
 *		its length and the next free one, in order of address, so
 *		that neighbours are merged when the second is freed.
 *   Lists	pages by the size of what is cut from them: below 256, below
 *		1024, larger. Else small blocks that live long would keep all
 *		pages from holding a large one. The search goes on where the
 *		last one ended (next fit among pages, first fit inside).
 *   Whole	what does not fit into a page gets frames of its own.
 *
 * Invariants (slob_verify)
 *   B1  Free blocks of a page are in order, inside it, and no two touch.
 *   B2  inuse of a page counts the units that are not free; pages without free
 *	 units are on no list, empty ones do not exist.
 * Locks    slob_lock for all.
 * Cost	    alloc: a walk over pages, O(free blocks). free: O(free blocks of
 *	    the page).
 * Sources  Knuth, The Art of Computer Programming, 2.5; Mackall, SLOB, 2005.
 */
#include <kernel/rcu.h>
#include <lib/bitops.h>
#include "kmem_cache.h"

#define NR_LISTS	3	/* by size; the same again for ZONE_DMA */

/* In front of a block in use, and in a free one. */
struct slob_block {
	u16 units;		/* header included */
	union {
		u16 size;	/* in use: bytes asked for */
		u16 next;	/* free: unit where the next free one begins;
				   0: none (no free block follows unit 0) */
	};
	struct kmem_cache *cache;	/* in use; NULL: free */
};

#define UNIT		sizeof(struct slob_block)
#define PAGE_UNITS	(PAGE_SIZE / UNIT)
#define LARGEST		(PAGE_SIZE - UNIT)	/* object that fits a page */

static DEFINE_SPINLOCK(slob_lock, LOCK_SLAB_NODE);
static struct list_head lists[2 * NR_LISTS];	/* of pages with free units */
static unsigned long nr_slob_pages, nr_whole_frames;

static struct slob_block *
block_at(struct page *page, unsigned unit)
{
	return (struct slob_block *)page_address(page) + unit;
}

static unsigned
unit_of(struct page *page, const void *p)
{
	return (unsigned)((const struct slob_block *)p -
			  (struct slob_block *)page_address(page));
}

/* The first free block of page, as a pointer, or NULL. */
static struct slob_block *
first_free(struct page *page)
{
	return page->slab.freelist;
}

static struct slob_block *
next_free(struct page *page, const struct slob_block *b)
{
	return b->next ? block_at(page, b->next) : NULL;
}

/* Make next what follows prev in page's list; prev NULL: the first. */
static void
link_free(struct page *page, struct slob_block *prev, struct slob_block *next)
{
	if (prev)
		prev->next = next ? unit_of(page, next) : 0;
	else
		page->slab.freelist = next;
}

static struct list_head *
list_for(size_t size, bool dma)
{
	unsigned n = size < 256 ? 0 : size < 1024 ? 1 : 2;

	return &lists[n + (dma ? NR_LISTS : 0)];
}

/* --- cutting ------------------------------------------------------------------ */

/*
 * The unit of free block b where a block of n units may begin, so that the
 * object behind its header is aligned; *fits says whether there is room.
 */
static unsigned
aligned_unit(struct page *page, const struct slob_block *b, unsigned n,
	     unsigned align, bool *fits)
{
	unsigned long object = ALIGN_UP((unsigned long)(b + 1),
					(unsigned long)align);
	unsigned at = unit_of(page, (struct slob_block *)object - 1);

	*fits = at + n <= unit_of(page, b) + b->units;
	return at;
}

/* Cut [at, at + n) out of free block b, which follows prev. */
static struct slob_block *
cut(struct page *page, struct slob_block *prev, struct slob_block *b,
    unsigned at, unsigned n)
{
	unsigned start = unit_of(page, b), end = start + b->units;
	struct slob_block *next = next_free(page, b), *rest;

	if (at + n < end) {
		rest = block_at(page, at + n);
		rest->units = end - (at + n);
		rest->cache = NULL;
		link_free(page, rest, next);
		next = rest;
	}
	if (at > start) {
		b->units = at - start;
		link_free(page, b, next);
	} else {
		link_free(page, prev, next);
	}
	page->slab.inuse += n;
	b = block_at(page, at);
	b->units = n;
	return b;
}

/* A block of n units from page, or NULL. Context: slob_lock. */
static struct slob_block *
take_from_page(struct page *page, unsigned n, unsigned align)
{
	struct slob_block *b, *prev = NULL;
	unsigned at;
	bool fits;

	if (PAGE_UNITS - page->slab.inuse < n)
		return NULL;
	for (b = first_free(page); b; prev = b, b = next_free(page, b)) {
		at = aligned_unit(page, b, n, align, &fits);
		if (fits)
			return cut(page, prev, b, at, n);
	}
	return NULL;
}

/* The same from the pages of list. Context: slob_lock. */
static struct slob_block *
take_from_list(struct list_head *list, unsigned n, unsigned align)
{
	struct slob_block *b;
	struct page *page;

	list_for_each_entry(page, list, slab.list) {
		b = take_from_page(page, n, align);
		if (!b)
			continue;
		if (page->slab.inuse == PAGE_UNITS) {
			list_del_init(&page->slab.list);
		} else if (list->next != &page->slab.list) {
			/* The next search begins here. */
			list_unlink(list);
			list_add_tail(list, &page->slab.list);
		}
		return b;
	}
	return NULL;
}

/* The cache that the pages are entered for; see slab_design.shared_slabs. */
static struct kmem_cache *
page_cache_of(struct kmem_cache *cache)
{
	return kmalloc_by_8[0] ? kmalloc_by_8[0] : cache;
}

/* Frames with the state of a slab. */
static struct page *
get_frames(struct kmem_cache *cache, gfp_t gfp, unsigned order)
{
	return slab_alloc_order(page_cache_of(cache), gfp | cache->gfp, order);
}

/* A new page of one free block, on no list. */
static struct page *
new_page(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *page = get_frames(cache, gfp, 0);
	struct slob_block *b;

	if (!page)
		return NULL;
	b = page_address(page);
	b->units = PAGE_UNITS;
	b->next = 0;
	b->cache = NULL;
	INIT_LIST_HEAD(&page->slab.list);
	page->slab.freelist = b;
	page->slab.inuse = 0;
	page->slab.objects = 0;
	page->slab.frozen = 0;
	return page;
}

/* --- alloc -------------------------------------------------------------------- */

static struct slob_block *
take_block(struct kmem_cache *cache, unsigned n, unsigned align,
	   struct list_head *list, gfp_t gfp)
{
	unsigned long flags = spin_lock_irqsave(&slob_lock);
	struct slob_block *b = take_from_list(list, n, align);
	struct page *page;

	spin_unlock_irqrestore(&slob_lock, flags);
	if (b)
		return b;
	page = new_page(cache, gfp);
	if (!page)
		return NULL;
	flags = spin_lock_irqsave(&slob_lock);
	nr_slob_pages++;
	b = take_from_page(page, n, align);
	if (page->slab.inuse < PAGE_UNITS)
		list_add(&page->slab.list, list);
	spin_unlock_irqrestore(&slob_lock, flags);
	return b;
}

/* Frames for one object alone: objects is 1 there, and 0 in a shared page. */
static void *
alloc_whole(struct kmem_cache *cache, size_t size, gfp_t gfp)
{
	unsigned order = order_of(DIV_ROUND_UP(size, PAGE_SIZE));
	struct page *page = get_frames(cache, gfp, order);
	unsigned long flags;

	if (!page)
		return NULL;
	page->slab.freelist = NULL;
	page->slab.inuse = 1;
	page->slab.objects = 1;
	page->slab.list.next = (struct list_head *)cache;
	flags = spin_lock_irqsave(&slob_lock);
	nr_whole_frames += 1ul << order;
	cache->node.nr_free++;
	spin_unlock_irqrestore(&slob_lock, flags);
	return page_address(page);
}

static void *
slob_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
	   unsigned long caller)
{
	/* kmalloc asks for less than its cache holds: any place will do. */
	unsigned align = size == cache->object_size ? cache->align :
						      ARCH_KMALLOC_MINALIGN;
	size_t bytes = size == cache->object_size ? cache->size : size;
	unsigned n = DIV_ROUND_UP(bytes, UNIT) + 1;
	bool dma = (gfp | cache->gfp) & __GFP_DMA;
	struct slob_block *b;
	unsigned long flags;
	void *object;

	align = max(align, (unsigned)UNIT);
	if (bytes > LARGEST || align >= PAGE_SIZE) {
		object = alloc_whole(cache, bytes, gfp);
	} else {
		b = take_block(cache, n, align, list_for(bytes, dma), gfp);
		if (!b)
			return NULL;
		b->size = size;
		b->cache = cache;
		flags = spin_lock_irqsave(&slob_lock);
		cache->node.nr_free++;
		spin_unlock_irqrestore(&slob_lock, flags);
		object = b + 1;
	}
	if (object && cache->ctor)
		cache->ctor(object);
	return object;
}

/* --- free --------------------------------------------------------------------- */

/*
 * Insert [at, at + n) into page's list, merged with its neighbours. False if
 * some of it is free already. Context: slob_lock.
 */
static bool
insert_free(struct page *page, unsigned at, unsigned n)
{
	struct slob_block *prev = NULL, *next = first_free(page), *b;

	while (next && unit_of(page, next) < at) {
		prev = next;
		next = next_free(page, next);
	}
	if ((prev && unit_of(page, prev) + prev->units > at) ||
	    (next && at + n > unit_of(page, next)) || at + n > PAGE_UNITS)
		return false;
	b = block_at(page, at);
	b->cache = NULL;
	b->units = n;
	if (next && at + n == unit_of(page, next)) {
		b->units += next->units;
		next = next_free(page, next);
	}
	link_free(page, b, next);
	if (prev && unit_of(page, prev) + prev->units == at) {
		prev->units += b->units;
		link_free(page, prev, next);
	} else {
		link_free(page, prev, b);
	}
	page->slab.inuse -= n;
	return true;
}

/* Free block b of page; true if the page is empty now and off its list. */
static bool
release(struct page *page, struct slob_block *b, bool *twice)
{
	bool was_full = page->slab.inuse == PAGE_UNITS;
	struct kmem_cache *cache = b->cache;
	size_t size = b->size;

	*twice = !cache || !insert_free(page, unit_of(page, b), b->units);
	if (*twice)
		return false;
	cache->node.nr_free--;
	if (!page->slab.inuse) {
		if (!was_full)
			list_del(&page->slab.list);
		nr_slob_pages--;
		return true;
	}
	if (was_full)
		list_add(&page->slab.list,
			 list_for(size, cache->gfp & __GFP_DMA));
	return false;
}

static void
free_whole(struct page *page)
{
	struct kmem_cache *cache = (void *)page->slab.list.next;
	unsigned long flags = spin_lock_irqsave(&slob_lock);

	cache->node.nr_free--;
	nr_whole_frames -= 1ul << page_order(page);
	spin_unlock_irqrestore(&slob_lock, flags);
	slab_free_pages(page->slab.cache, page);
}

static void
free_now(struct page *page, void *object)
{
	struct slob_block *b = (struct slob_block *)object - 1;
	unsigned long flags;
	bool empty, twice;

	if (page->slab.objects) {
		free_whole(page);
		return;
	}
	flags = spin_lock_irqsave(&slob_lock);
	empty = release(page, b, &twice);
	spin_unlock_irqrestore(&slob_lock, flags);
	if (twice)
		slab_bug(page->slab.cache, page, object, "double free");
	if (empty)
		slab_free_pages(page->slab.cache, page);
}

/*
 * At the end of an object that readers may still look at after its free: it is
 * given back when they are gone.
 */
struct slob_rcu {
	void *object;
	struct rcu_head head;
};

static void
free_rcu_object(struct rcu_head *head)
{
	struct slob_rcu *rcu = container_of(head, struct slob_rcu, head);

	free_now(slab_page_of(rcu->object), rcu->object);
}

static void
free_later(struct kmem_cache *cache, void *object)
{
	struct slob_rcu *rcu = (struct slob_rcu *)((char *)object +
						   cache->size) - 1;

	rcu->object = object;
	call_rcu(&rcu->head, free_rcu_object);
}

/* What is wrong with freeing object; NULL: nothing. */
static const char *
free_mistake(struct kmem_cache *cache, struct page *page, void *object)
{
	struct slob_block *b = (struct slob_block *)object - 1;

	if (page->slab.objects)
		return object == page_address(page) ? NULL :
			"free of a pointer into the middle of an object";
	if ((unsigned long)object % UNIT || object == page_address(page) ||
	    b->units < 2 || unit_of(page, b) + b->units > PAGE_UNITS)
		return "free of a pointer that is no object";
	if (!b->cache)
		return "double free";
	if (page->slab.cache != cache && b->cache != cache)
		return "free of an object of another cache";
	return NULL;
}

static void
slob_free(struct kmem_cache *cache, struct page *page, void *object,
	  unsigned long caller)
{
	const char *mistake = free_mistake(cache, page, object);

	if (mistake) {
		slab_bug(cache, page, object, "%s", mistake);
	} else if (cache->flags & SLAB_TYPESAFE_BY_RCU) {
		free_later(cache, object);
	} else {
		free_now(page, object);
	}
}

/* Bytes that were asked for. */
static size_t
slob_ksize(struct page *page, const void *object)
{
	if (page->slab.objects)
		return PAGE_SIZE << page_order(page);
	return ((const struct slob_block *)object - 1)->size;
}

static size_t
slob_footprint(struct page *page, const void *object)
{
	if (page->slab.objects)
		return PAGE_SIZE << page_order(page);
	return ((const struct slob_block *)object - 1)->units * UNIT;
}

/* --- the cache as a whole -------------------------------------------------------- */

/* Nothing is kept: empty pages go at once. */
static void
slob_shrink(struct kmem_cache *cache)
{
}

/* Pages are everybody's: they are shown with the one they are entered for. */
static void
slob_usage(struct kmem_cache *cache, struct slab_usage *u)
{
	unsigned long flags = spin_lock_irqsave(&slob_lock);
	bool owner = cache == page_cache_of(cache);

	u->active = u->total = cache->node.nr_free;
	u->slabs = owner ? nr_slob_pages : 0;
	u->frames = owner ? nr_slob_pages + nr_whole_frames : 0;
	u->partial = 0;
	spin_unlock_irqrestore(&slob_lock, flags);
}

static unsigned long
slob_shutdown(struct kmem_cache *cache)
{
	return cache->node.nr_free;
}

static int
slob_setup(struct kmem_cache *cache)
{
	if (!lists[0].next) {
		for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
			INIT_LIST_HEAD(&lists[i]);
	}
	cache->size = ALIGN_UP(cache->object_size, sizeof(void *));
	if (cache->flags & SLAB_TYPESAFE_BY_RCU)
		cache->size += sizeof(struct slob_rcu);
	return 0;
}

/* A page's objects are listed first: fn may want memory. */
static void
slob_for_each_object(struct kmem_cache *cache, struct page *page,
		     void (*fn)(const void *object, size_t size))
{
	DECLARE_BITMAP(used, PAGE_UNITS) = { 0 };
	unsigned long flags;
	unsigned at;

	(void)cache;
	if (page->slab.objects) {
		fn(page_address(page), PAGE_SIZE << page_order(page));
		return;
	}
	flags = spin_lock_irqsave(&slob_lock);
	for (at = 0; at < PAGE_UNITS && block_at(page, at)->units;
	     at += block_at(page, at)->units) {
		if (block_at(page, at)->cache)
			set_bit(at, used);
	}
	spin_unlock_irqrestore(&slob_lock, flags);
	for (at = 0; at < PAGE_UNITS; at++) {
		if (test_bit(at, used))
			fn(block_at(page, at) + 1, block_at(page, at)->size);
	}
}

/* B1 and B2 for one page. Context: slob_lock. */
static void
verify_page(struct page *page, struct verify *v)
{
	unsigned last = 0, free = 0, at;
	struct slob_block *b;

	for (b = first_free(page); b; b = next_free(page, b)) {
		at = unit_of(page, b);
		VERIFY(v, at + b->units <= PAGE_UNITS && (!free || at > last),
		       "B1", "slob: page %p: free block of %u at unit %u, "
		       "behind one that ends at %u", (void *)page, b->units,
		       at, last);
		last = at + b->units;
		free += b->units;
		if (free > PAGE_UNITS || last > PAGE_UNITS)
			break;
	}
	VERIFY(v, free == PAGE_UNITS - page->slab.inuse && free &&
		  page->slab.inuse, "B2",
	       "slob: page %p: %u free units, %u counted as used",
	       (void *)page, free, page->slab.inuse);
}

static void
slob_verify(struct kmem_cache *cache, struct verify *v)
{
	unsigned long flags;
	struct page *page;

	if (cache != page_cache_of(cache))
		return;
	flags = spin_lock_irqsave(&slob_lock);
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		list_for_each_entry(page, &lists[i], slab.list)
			verify_page(page, v);
	}
	spin_unlock_irqrestore(&slob_lock, flags);
}

const struct slab_design slob_design = {
	.name = "slob",
	.setup = slob_setup,
	.alloc = slob_alloc,
	.free = slob_free,
	.ksize = slob_ksize,
	.footprint = slob_footprint,
	.shrink = slob_shrink,
	.shutdown = slob_shutdown,
	.usage = slob_usage,
	.verify = slob_verify,
	.for_each_object = slob_for_each_object,
	.shared_slabs = true,
};
