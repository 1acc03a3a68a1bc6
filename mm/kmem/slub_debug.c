/* SPDX-License-Identifier: MIT */
/*
 * slub_debug: caches that look after their objects.
 *
 * Ideas
 *   By cache, chosen by slub_debug= or by flags of kmem_cache_create():
 *
 *	F  consistency	each free is checked: of this cache, the start of an
 *			object, not free already
 *	Z  red zones	bytes before and behind each object that nobody may
 *			write: 0xbb while it is free, 0xcc while in use
 *	P  poison	a free object is filled with 0x6b and ends in 0xa5; one
 *			that is new to its user with 0x5a
 *	U  users	who allocated and who freed it last, with their stacks
 *	T  trace	each call is told
 *
 *	slub_debug			all of FZPU, for every cache
 *	slub_debug=ZU,dentry,kmalloc-*	these for these; `-' is none
 *	slub_debug=F;P,vm_area		several wishes; the last that fits
 *
 *	| red zone | object | red zone | free pointer | users | padding |
 *	|  0xbb    |  0x6b  |   0xbb   |    if P      |  if U |  0x5a   |
 *	  red_left   object  to inuse
 *	  _pad	     _size
 *
 *   Such a cache never uses the lists of the cores: its slabs lie on the
 *   node's lists partial and full, all under node->lock. So the fast paths of
 *   all caches are the same, and pay nothing.
 *   What is found is told with the bytes and both stacks, then repaired, so
 *   that the machine goes on and the next mistake is seen too.
 *
 * Invariants (slub_debug_verify)
 *   U1-U3  as in slub.c, with U1 also: a slab on the full list is full.
 *   U4	    Red zones, poison and padding of every object are whole.
 * Locks    node->lock, not held while an object is looked at: who allocates
 *	    or frees it owns it.
 * Cost	    some 1000 instructions for each call, most of them for the stack.
 * Sources  Linux, mm/slub.c and Documentation/mm/slub.rst.
 */
#include <asm/unwind.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/trace.h>
#include "slub_debug.h"

#define DEFAULT_FLAGS	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | \
			 SLAB_POISON | SLAB_STORE_USER)

static char wishes[128];		/* slub_debug= as given */

/* --- which caches --------------------------------------------------------------- */

/* Does name fit the pattern of n characters, which may end in `*'? */
static bool
name_fits(const char *name, const char *pattern, size_t n)
{
	if (n && pattern[n - 1] == '*')
		return !strncmp(name, pattern, n - 1);
	return strlen(name) == n && !strncmp(name, pattern, n);
}

/* The letters up to a comma or the end; *text moves behind them. */
static slab_flags_t
parse_letters(const char **text)
{
	slab_flags_t flags = 0;
	const char *p = *text;

	if (*p == ',' || *p == ';' || !*p)
		flags = DEFAULT_FLAGS;
	for (; *p && *p != ',' && *p != ';'; p++) {
		switch (*p) {
		case 'F': case 'f': flags |= SLAB_CONSISTENCY_CHECKS; break;
		case 'Z': case 'z': flags |= SLAB_RED_ZONE; break;
		case 'P': case 'p': flags |= SLAB_POISON; break;
		case 'U': case 'u': flags |= SLAB_STORE_USER; break;
		case 'T': case 't': flags |= SLAB_TRACE; break;
		default: break;		/* `-': none */
		}
	}
	*text = p;
	return flags;
}

/*
 * One wish: letters, then names. Does it mean name? *text moves behind it.
 */
static bool
wish_fits(const char **text, const char *name, slab_flags_t *flags)
{
	const char *p = *text, *end;
	bool fits;

	*flags = parse_letters(&p);
	fits = *p != ',';
	while (*p == ',') {
		for (end = ++p; *end && *end != ',' && *end != ';'; end++)
			;
		fits |= name_fits(name, p, end - p);
		p = end;
	}
	*text = p;
	return fits;
}

/* What slub_debug= asks for a cache of this name. */
slab_flags_t
slab_debug_flags_for(const char *name)
{
	slab_flags_t found = 0, flags;
	const char *p = wishes;

	while (*p) {
		p += *p == ';';
		if (wish_fits(&p, name, &flags))
			found = flags;
	}
	return found;
}

static int
slub_debug_param(const char *value)
{
	for (const char *p = value; *p && *p != ','; p++) {
		if (!strchr("FfZzPpUuTt-;", *p))
			return -EINVAL;
	}
	if (strlen(value) >= sizeof(wishes) - 1)
		return -EINVAL;
	/* Nothing means the default, for all. */
	strscpy(wishes, *value ? value : "FZPU", sizeof(wishes));
	return 0;
}
BOOT_PARAM("slub_debug", slub_debug_param);

/* --- layout --------------------------------------------------------------------- */

/* Poison would destroy what a constructor or a late reader counts on. */
bool
slub_debug_poisons(const struct kmem_cache *cache)
{
	return cache->flags & SLAB_POISON && !cache->ctor &&
	       !(cache->flags & SLAB_TYPESAFE_BY_RCU);
}

/* Where the users of object are kept: [0] allocated it, [1] freed it. */
struct track *
slub_debug_tracks(const struct kmem_cache *cache, const void *object)
{
	unsigned at = max((unsigned)cache->inuse, cache->code.offset +
			  (unsigned)sizeof(void *));

	return (struct track *)((char *)object + at);
}

/* The end of what is kept behind the object: padding follows. */
unsigned
slub_debug_end(const struct kmem_cache *cache)
{
	char *end = (char *)slub_debug_tracks(cache, NULL);

	if (cache->flags & SLAB_STORE_USER)
		end += 2 * sizeof(struct track);
	return (unsigned long)end;
}

void
slub_debug_lay_out(struct kmem_cache *cache)
{
	unsigned size = ALIGN_UP(cache->object_size, sizeof(void *));

	if (cache->flags & SLAB_RED_ZONE && size == cache->object_size)
		size += sizeof(void *);
	cache->inuse = size;
	/* Always behind: whatever was written to a free object can be seen. */
	cache->code.offset = size;
	if (cache->flags & SLAB_RED_ZONE)
		cache->red_left_pad = ALIGN_UP((unsigned)sizeof(void *),
					       cache->align);
	cache->size = ALIGN_UP(slub_debug_end(cache) + cache->red_left_pad,
			       cache->align);
}

/* --- painting ------------------------------------------------------------------- */

/* Fill what surrounds object, and it itself, for its state. */
static void
paint(struct kmem_cache *cache, void *object, bool active)
{
	u8 *p = object, zone = active ? RED_ACTIVE : RED_INACTIVE;

	if (slub_debug_poisons(cache)) {
		memset(p, active ? POISON_INUSE : POISON_FREE,
		       cache->object_size);
		if (!active)
			p[cache->object_size - 1] = POISON_END;
	}
	if (cache->flags & SLAB_RED_ZONE) {
		memset(p - cache->red_left_pad, zone, cache->red_left_pad);
		memset(p + cache->object_size, zone,
		       cache->inuse - cache->object_size);
	}
}

/* A new slab: all objects free, painted, chained in order. */
static void
paint_slab(struct kmem_cache *cache, struct page *page)
{
	unsigned i = page->slab.objects;
	void *next = NULL, *object;

	memset(page_address(page), POISON_INUSE, PAGE_SIZE << page_order(page));
	while (i--) {
		object = slab_object(cache, page, i);
		if (cache->ctor)
			cache->ctor(object);
		if (cache->flags & SLAB_STORE_USER)
			memset(slub_debug_tracks(cache, object), 0,
			       2 * sizeof(struct track));
		paint(cache, object, false);
		set_free_pointer(cache, object, next);
		next = object;
	}
	page->slab.freelist = next;
	page->slab.inuse = 0;
	page->slab.frozen = 0;
}

/* --- checking ------------------------------------------------------------------- */

/* The first byte of [p, p + n) that is not value, or NULL. */
static u8 *
first_other(u8 *p, u8 value, unsigned n)
{
	for (u8 *end = p + n; p < end; p++) {
		if (*p != value)
			return p;
	}
	return NULL;
}

/*
 * Are the n bytes at p all value? If not: say so as what, and put them right.
 * quiet: neither. Returns whether they are.
 */
static bool
check_bytes(struct kmem_cache *cache, struct page *page, void *object,
	    const struct zone_check *z, bool quiet)
{
	u8 *bad = first_other(z->start, z->value, z->bytes), *end;

	if (!bad)
		return true;
	if (quiet)
		return false;
	for (end = z->start + z->bytes; end > bad && end[-1] == z->value;)
		end--;
	slub_report_bytes(cache, page, object, z, bad, end);
	memset(bad, z->value, end - bad);
	return false;
}

/* All that surrounds object, and its poison if it is free. */
bool
slub_debug_check(struct kmem_cache *cache, struct page *page, void *object,
		 bool active, bool quiet)
{
	u8 *p = object, zone = active ? RED_ACTIVE : RED_INACTIVE;
	unsigned end = slub_debug_end(cache);
	const struct zone_check checks[] = {
		{ "Left Redzone overwritten", "Redzone",
		  p - cache->red_left_pad, cache->red_left_pad, zone },
		{ "Right Redzone overwritten", "Redzone",
		  p + cache->object_size, cache->inuse - cache->object_size,
		  zone },
		{ "Poison overwritten (use after free)", "Poison", p,
		  cache->object_size - 1u, POISON_FREE },
		{ "End Poison overwritten (use after free)", "Poison",
		  p + cache->object_size - 1, 1, POISON_END },
		{ "Object padding overwritten", "Padding", p + end,
		  cache->size - cache->red_left_pad - end, POISON_INUSE },
	};
	bool whole = true;

	for (unsigned i = 0; i < ARRAY_SIZE(checks); i++) {
		bool wanted = i < 2 ? cache->flags & SLAB_RED_ZONE :
			      i < 4 ? !active && slub_debug_poisons(cache) :
				      true;

		if (wanted)
			whole &= check_bytes(cache, page, object, &checks[i],
					     quiet);
	}
	return whole;
}

/* Is object the start of one of page's objects? */
bool
slub_debug_is_start(const struct kmem_cache *cache, struct page *page,
		    const void *object)
{
	unsigned long at = (char *)object - (char *)page_address(page) -
			   cache->red_left_pad;

	return at % cache->size == 0 && at / cache->size < page->slab.objects;
}

/*
 * Walk the free list of page. Returns how many objects are on it, or -1 where
 * it leads astray; *found says whether object is on it. Context: node->lock.
 */
int
slub_debug_walk(struct kmem_cache *cache, struct page *page,
		const void *object, bool *found)
{
	void *p = page->slab.freelist;
	int n = 0;

	*found = false;
	for (; p; p = get_free_pointer(cache, p), n++) {
		if (n > page->slab.objects || !is_lowmem(p) ||
		    slab_page_of(p) != page ||
		    !slub_debug_is_start(cache, page, p))
			return -1;
		*found |= p == object;
	}
	return n;
}

/* --- users ---------------------------------------------------------------------- */

static void
note_user(struct kmem_cache *cache, void *object, bool freed,
	  unsigned long caller)
{
	struct track *t;

	if (!(cache->flags & SLAB_STORE_USER))
		return;
	t = slub_debug_tracks(cache, object) + freed;
	slub_fill_track(t, caller);
}

static void
tell(struct kmem_cache *cache, struct page *page, const void *object,
     const char *what)
{
	if (!(cache->flags & SLAB_TRACE))
		return;
	pr_info("TRACE %s %s %p inuse=%u\n", cache->name, what, object,
		page->slab.inuse);
	dump_stack();
}

/* --- alloc ---------------------------------------------------------------------- */

/* A new slab on the partial list. Context: nothing locked. */
static bool
add_slab(struct kmem_cache *cache, gfp_t gfp)
{
	struct page *page = slab_alloc_pages(cache, gfp);
	unsigned long flags;

	if (!page)
		return false;
	paint_slab(cache, page);
	flags = spin_lock_irqsave(&cache->node.lock);
	list_add(&page->slab.list, &cache->node.partial);
	cache->node.nr_partial++;
	node_count_slab(&cache->node, page, 1);
	spin_unlock_irqrestore(&cache->node.lock, flags);
	return true;
}

/* Nothing of page's free list can be trusted: count all as used. */
static void
give_up_freelist(struct kmem_cache *cache, struct page *page)
{
	page->slab.freelist = NULL;
	page->slab.inuse = page->slab.objects;
	list_move(&page->slab.list, &cache->node.full);
	cache->node.nr_partial--;
}

/*
 * The first free object of the first slab; NULL if there is none, or, with
 * *damaged, if its list is. Context: nothing locked.
 */
static void *
take_object(struct kmem_cache *cache, struct page **damaged)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long flags = spin_lock_irqsave(&node->lock);
	void *object = NULL;
	struct page *page;
	bool found;

	*damaged = NULL;
	if (!list_empty(&node->partial)) {
		page = list_first_entry(&node->partial, struct page,
					slab.list);
		if (slub_debug_walk(cache, page, NULL, &found) !=
		    page->slab.objects - page->slab.inuse) {
			give_up_freelist(cache, page);
			*damaged = page;
		} else {
			object = page->slab.freelist;
			page->slab.freelist = get_free_pointer(cache, object);
			page->slab.inuse++;
			if (!page->slab.freelist) {
				list_move(&page->slab.list, &node->full);
				node->nr_partial--;
			}
		}
	}
	spin_unlock_irqrestore(&node->lock, flags);
	return object;
}

void *
slub_debug_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
		 unsigned long caller)
{
	struct page *page, *damaged;
	void *object;

	while (!(object = take_object(cache, &damaged))) {
		if (damaged)
			slab_bug(cache, damaged, page_address(damaged),
				 "Freelist corrupt: the slab's free objects "
				 "are given up, slab");
		else if (!add_slab(cache, gfp))
			return NULL;
	}
	page = slab_page_of(object);
	slub_debug_check(cache, page, object, false, false);
	paint(cache, object, true);
	note_user(cache, object, false, caller);
	tell(cache, page, object, "alloc");
	return object;
}

/* --- free ----------------------------------------------------------------------- */

/* What is wrong with freeing object; NULL: nothing. */
static const char *
free_mistake(struct kmem_cache *cache, struct page *page, void *object)
{
	unsigned long flags;
	bool twice;

	if (!slub_debug_is_start(cache, page, object))
		return "free of a pointer into the middle of an object";
	flags = spin_lock_irqsave(&cache->node.lock);
	slub_debug_walk(cache, page, object, &twice);
	spin_unlock_irqrestore(&cache->node.lock, flags);
	return twice ? "double free" : NULL;
}

/* Back to its slab, and the slab to its list. */
static void
put_object(struct kmem_cache *cache, struct page *page, void *object)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long flags = spin_lock_irqsave(&node->lock);
	bool was_full = !page->slab.freelist, discard;

	set_free_pointer(cache, object, page->slab.freelist);
	page->slab.freelist = object;
	page->slab.inuse--;
	if (was_full) {
		list_move(&page->slab.list, &node->partial);
		node->nr_partial++;
	}
	discard = !page->slab.inuse && node->nr_partial > cache->min_partial;
	if (discard) {
		list_del(&page->slab.list);
		node->nr_partial--;
		node_count_slab(node, page, -1);
	}
	spin_unlock_irqrestore(&node->lock, flags);
	if (discard)
		slub_discard_slab(cache, page);
}

void
slub_debug_free(struct kmem_cache *cache, struct page *page, void *object,
		unsigned long caller)
{
	const char *mistake = free_mistake(cache, page, object);

	if (mistake) {
		slab_bug(cache, page, object, "%s", mistake);
		return;
	}
	slub_debug_check(cache, page, object, true, false);
	note_user(cache, object, true, caller);
	tell(cache, page, object, "free");
	paint(cache, object, false);
	put_object(cache, page, object);
}

/* --- the cache as a whole -------------------------------------------------------- */

/* Call fn for each object of the slabs of list; free says which kind it is. */
static void
for_each_object(struct kmem_cache *cache, struct list_head *list,
		void (*fn)(struct kmem_cache *cache, struct page *page,
			   void *object, bool free, void *arg), void *arg)
{
	struct page *page;
	bool free;

	list_for_each_entry(page, list, slab.list) {
		for (unsigned i = 0; i < page->slab.objects; i++) {
			void *object = slab_object(cache, page, i);

			slub_debug_walk(cache, page, object, &free);
			fn(cache, page, object, free, arg);
		}
	}
}

static void
count_leak(struct kmem_cache *cache, struct page *page, void *object,
	   bool free, void *arg)
{
	unsigned long *leaks = arg;

	if (!free && (*leaks)++ < LEAKS_TOLD)
		slub_print_leak(cache, object);
}

unsigned long
slub_debug_leaks(struct kmem_cache *cache)
{
	unsigned long leaks = 0;

	/* Whoever destroys a cache is its last user: nothing moves. */
	for_each_object(cache, &cache->node.partial, count_leak, &leaks);
	for_each_object(cache, &cache->node.full, count_leak, &leaks);
	return leaks;
}

static void
verify_object(struct kmem_cache *cache, struct page *page, void *object,
	      bool free, void *arg)
{
	struct verify *v = arg;

	VERIFY(v, slub_debug_check(cache, page, object, !free, true), "U4",
	       "slub: %s: the surroundings of object %p (%s) are damaged",
	       cache->name, object, free ? "free" : "in use");
}

/* One list; returns how many slabs are on it. */
static unsigned long
verify_list(struct kmem_cache *cache, struct list_head *list, bool full,
	    struct verify *v)
{
	struct page *page;
	unsigned long n = 0;
	bool found;
	int free;

	list_for_each_entry(page, list, slab.list) {
		free = slub_debug_walk(cache, page, NULL, &found);
		n++;
		VERIFY(v, full == !page->slab.freelist && !page->slab.frozen,
		       "U1", "slub: %s: slab %p is on the wrong list",
		       cache->name, page);
		VERIFY(v, free == page->slab.objects - page->slab.inuse, "U2",
		       "slub: %s: slab %p has %d free objects, %u in use of "
		       "%u", cache->name, page, free, page->slab.inuse,
		       page->slab.objects);
	}
	for_each_object(cache, list, verify_object, v);
	return n;
}

void
slub_debug_verify(struct kmem_cache *cache, struct verify *v)
{
	struct kmem_cache_node *node = &cache->node;
	unsigned long flags = spin_lock_irqsave(&node->lock);
	unsigned long partial = verify_list(cache, &node->partial, false, v);
	unsigned long full = verify_list(cache, &node->full, true, v);

	VERIFY(v, partial == node->nr_partial &&
		  partial + full == node->nr_slabs, "U3",
	       "slub: %s: %lu partial slabs and %lu full, counted as %lu of "
	       "%lu", cache->name, partial, full, node->nr_partial,
	       node->nr_slabs);
	spin_unlock_irqrestore(&node->lock, flags);
}
