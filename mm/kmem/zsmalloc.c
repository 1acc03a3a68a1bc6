/* SPDX-License-Identifier: MIT */
/*
 * zsmalloc: compressed pages, packed with little waste.
 *
 * What it is for
 *   A compressed page is 20 to 3264 bytes long, is written once, read rarely, and
 *   there are tens of thousands. The slab caches round such sizes up generously
 *   and want memory that has an address. Here neither is needed.
 *
 * Ideas
 *   Class	objects of one size, a multiple of 32 bytes.
 *   zspage	one to four frames anywhere in memory, HighMem too, seen as one
 *		row of bytes in which the objects of a class lie one behind
 *		the other, over the borders between frames. Each class takes
 *		the number of frames that leaves the smallest rest:
 *
 *		size 1376, one frame:	 2 objects, 1344 bytes lost	33 %
 *		size 1376, four frames: 11 objects, 1248 bytes lost	8 %
 *		size 1632, two frames:	 5 objects,   32 bytes lost	0.4 %
 *
 *		[frame 0	|frame 1       |frame 2	     ]
 *		[obj 0][obj 1][ob|j 2][obj 3][o|bj 4][obj 5][ ]
 *
 *		Sizes that would share frames in the same way are one class, the
 *		largest of them: fewer zspages that are not full.
 *   Handle	frame number of the zspage's first frame and the object's number
 *		in it. It is the address: an object stays where it is, unless
 *		its owner has it moved.
 *   Free objects  form a list through their own first words. Those that were
 *		never used are not on it, they are counted: so a new zspage is
 *		not written at all.
 *   Groups	zspages that have room hang on one of four lists by how full they
 *		are. A new object goes where it is fullest, so that the emptier
 *		ones get a chance to empty.
 *
 *   Compaction  after most of a class was freed its zspages may hold one object
 *		each. The owner goes over its objects and offers each one (zs_move):
 *		out of a zspage of the emptiest group it goes to one that is at
 *		least as full, and has a new handle then. When the last has left,
 *		the frames are free.
 *
 *		[a....] [b....] [cd...]   ->   [cdba.]		 two zspages less
 *
 *		Does it end?  From a zspage of n objects to one of m >= n: the
 *		sum of squares grows with each move, and cannot for ever.
 *
 *   What is kept about a zspage lies in the struct page of its first frame:
 *
 *	owner.list	  group of its class; empty when full
 *	owner.private[0]  the next frame (struct page *) - in every frame
 *	owner.private[1]  objects in use << 16 | class
 *	owner.private[2]  first of the free list << 16 | how many were ever used
 *
 * Invariants (zs_verify)
 *   Z1  used + length of the free list == ever used <= objects of the class
 *   Z2  a zspage is on the list of its group, or full and on none
 *   Z3  the counts of a class and of the pool are the sums over zspages
 * Locks   pool->lock (rank ZSMALLOC): all of it but the bytes of objects, which
 *	   are their owner's.
 * Cost	   zs_malloc about 150 instructions, zs_free 120; a frame each time a
 *	   zspage comes or goes. 1 to 4 KiB of struct zs_pool.
 * Questions a reader asks
 *   Why must the owner ask?  A handle is an address. Linux's is a word of memory
 *     for each object, which names the address, so that the pool can move it
 *     alone, and a bit of it is a lock. Here that word is the owner's own (a
 *     slot of zram's table), and its lock keeps readers away. The price is a walk
 *     over all objects, also those that will not move.
 *   Why not larger than 3264?  Up to 4096 a class would have room for one in a
 *     frame or for five in four at most: nothing to gain.
 * Sources  Linux's documentation of zsmalloc (mm/zsmalloc.rst); Magenheimer,
 *	    In-kernel memory compression, LWN, 2013.
 */
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/slab.h>
#include <mm/zsmalloc.h>

#define STEP		32u		/* between two classes */
#define NR_CLASSES	(ZS_MAX_SIZE / STEP)
#define MAX_FRAMES	4u
#define NR_GROUPS	4u
#define INDEX_BITS	10u		/* at most 4 * 4096 / 32 objects */
#define LIST_END	0xffffu
#define MAX_LOOKS	8u		/* for a zspage to move to */

struct zs_class {
	struct list_head groups[NR_GROUPS];	/* zspages with room */
	u16 objects;			/* that a zspage has */
	u16 frames;			/* that it is made of */
	u32 zspages, used;		/* there are; objects given out */
};

struct zs_pool {
	spinlock_t lock;
	unsigned long frames;
	unsigned long compacted;	/* frames that moving has freed */
	u8 class_of[NR_CLASSES];	/* by (size - 1) / STEP; constant */
	struct zs_class classes[NR_CLASSES];
};

static unsigned
class_size(unsigned class)
{
	return (class + 1) * STEP;
}

/* --- The words of a zspage, whose first frame is page --- */

static inline struct page *
next_frame(const struct page *page)
{
	return (struct page *)page->owner.private[0];
}

static inline unsigned
zspage_class(const struct page *page)
{
	return page->owner.private[1] & 0xffff;
}

static inline unsigned
zspage_used(const struct page *page)
{
	return page->owner.private[1] >> 16;
}

static inline unsigned
zspage_first_free(const struct page *page)
{
	return page->owner.private[2] >> 16;
}

static inline unsigned
zspage_ever_used(const struct page *page)
{
	return page->owner.private[2] & 0xffff;
}

static inline void
zspage_set_free(struct page *page, unsigned first, unsigned ever)
{
	page->owner.private[2] = first << 16 | ever;
}

/* Where an object begins: its frame, and the offset in it. */
static inline struct page *
locate(struct page *page, unsigned index, unsigned *offset)
{
	unsigned at = index * class_size(zspage_class(page));

	for (; at >= PAGE_SIZE; at -= PAGE_SIZE)
		page = next_frame(page);
	*offset = at;
	return page;
}

/* The word through which a free object is linked; STEP keeps it in one frame. */
static unsigned
link_read(struct page *page, unsigned index)
{
	unsigned offset, next;
	u8 *addr;

	page = locate(page, index, &offset);
	addr = kmap_local_page(page);
	next = *(u32 *)(addr + offset);
	kunmap_local(addr);
	return next;
}

static void
link_write(struct page *page, unsigned index, unsigned next)
{
	unsigned offset;
	u8 *addr;

	page = locate(page, index, &offset);
	addr = kmap_local_page(page);
	*(u32 *)(addr + offset) = next;
	kunmap_local(addr);
}

/* --- zspages --- */

static void
free_frames_of(struct page *page)
{
	while (page) {
		struct page *next = next_frame(page);

		free_frame(page);
		page = next;
	}
}

/* A chain of n frames, in no list yet. */
static struct page *
zspage_alloc(unsigned class, unsigned n, gfp_t gfp)
{
	struct page *first = NULL, *page;

	while (n--) {
		page = alloc_page(gfp);
		if (!page) {
			free_frames_of(first);
			return NULL;
		}
		page->owner.private[0] = (unsigned long)first;
		first = page;
	}
	INIT_LIST_HEAD(&first->owner.list);
	first->owner.private[1] = class;
	zspage_set_free(first, LIST_END, 0);
	return first;
}

/* Put page on the list where its use belongs. Held: the pool's lock. */
static void
regroup(struct zs_class *c, struct page *page)
{
	unsigned used = zspage_used(page);

	list_del_init(&page->owner.list);
	if (used < c->objects)
		list_add(&page->owner.list,
			 &c->groups[used * NR_GROUPS / c->objects]);
}

/* The fullest zspage with room, or NULL. Held: the pool's lock. */
static struct page *
find_room(struct zs_class *c)
{
	for (unsigned g = NR_GROUPS; g--; ) {
		if (!list_empty(&c->groups[g]))
			return list_first_entry(&c->groups[g], struct page,
						owner.list);
	}
	return NULL;
}

/* Has its group changed, from so many in use to so many? */
static inline bool
group_changed(const struct zs_class *c, unsigned from, unsigned to)
{
	return from * NR_GROUPS / c->objects != to * NR_GROUPS / c->objects;
}

/* Held: the pool's lock; page has room. */
static unsigned
take_object(struct zs_class *c, struct page *page)
{
	unsigned index = zspage_first_free(page);
	unsigned ever = zspage_ever_used(page), used = zspage_used(page);

	if (index != LIST_END)
		zspage_set_free(page, link_read(page, index), ever);
	else
		zspage_set_free(page, LIST_END, (index = ever) + 1);
	page->owner.private[1] += 1u << 16;
	c->used++;
	if (group_changed(c, used, used + 1) || !used)
		regroup(c, page);
	return index;
}

static zs_handle_t
make_handle(const struct page *page, unsigned index)
{
	return (u32)(page_to_pfn(page) << INDEX_BITS) | index;
}

zs_handle_t
zs_malloc(struct zs_pool *pool, unsigned size, gfp_t gfp)
{
	unsigned class, index;
	struct zs_class *c;
	struct page *page, *fresh = NULL;

	assert(size && size <= ZS_MAX_SIZE);
	class = pool->class_of[(size - 1) / STEP];
	c = &pool->classes[class];
	spin_lock(&pool->lock);
	page = find_room(c);
	if (!page) {
		spin_unlock(&pool->lock);
		fresh = zspage_alloc(class, c->frames, gfp);
		if (!fresh)
			return 0;
		spin_lock(&pool->lock);
		page = fresh;
		pool->frames += c->frames;
		c->zspages++;
	}
	index = take_object(c, page);
	spin_unlock(&pool->lock);
	return make_handle(page, index);
}

static struct page *
handle_page(zs_handle_t handle)
{
	return pfn_to_page(handle >> INDEX_BITS);
}

static unsigned
handle_index(zs_handle_t handle)
{
	return handle & ((1u << INDEX_BITS) - 1);
}

/* The object is free. Its zspage, if it was the last: out of the pool, to be
 * freed; else NULL. Held: the pool's lock. */
static struct page *
give_object(struct zs_pool *pool, zs_handle_t handle)
{
	struct page *page = handle_page(handle), *empty = NULL;
	struct zs_class *c = &pool->classes[zspage_class(page)];
	unsigned index = handle_index(handle), used;

	used = zspage_used(page);
	assert(used && index < zspage_ever_used(page));
	page->owner.private[1] -= 1u << 16;
	c->used--;
	if (used == 1) {
		list_del_init(&page->owner.list);
		pool->frames -= c->frames;
		c->zspages--;
		empty = page;
	} else {
		link_write(page, index, zspage_first_free(page));
		zspage_set_free(page, index, zspage_ever_used(page));
		if (group_changed(c, used, used - 1))
			regroup(c, page);
	}
	return empty;
}

void
zs_free(struct zs_pool *pool, zs_handle_t handle)
{
	struct page *empty;

	spin_lock(&pool->lock);
	empty = give_object(pool, handle);
	spin_unlock(&pool->lock);
	free_frames_of(empty);
}

/* --- The bytes --- */

void
zs_write(struct zs_pool *pool, zs_handle_t handle, const void *src,
	 unsigned size)
{
	unsigned offset, n;
	struct page *page = locate(handle_page(handle), handle_index(handle),
				   &offset);
	u8 *addr = kmap_local_page(page);

	n = min(size, (unsigned)PAGE_SIZE - offset);
	memcpy(addr + offset, src, n);
	kunmap_local(addr);
	if (n == size)
		return;
	addr = kmap_local_page(next_frame(page));
	memcpy(addr, (const u8 *)src + n, size - n);
	kunmap_local(addr);
}

const void *
zs_read_begin(struct zs_pool *pool, zs_handle_t handle, unsigned size,
	      void *buf)
{
	unsigned offset, n;
	struct page *page = locate(handle_page(handle), handle_index(handle),
				   &offset);
	u8 *addr = kmap_local_page(page);

	if (offset + size <= PAGE_SIZE)
		return addr + offset;
	n = (unsigned)PAGE_SIZE - offset;
	memcpy(buf, addr + offset, n);
	kunmap_local(addr);
	addr = kmap_local_page(next_frame(page));
	memcpy((u8 *)buf + n, addr, size - n);
	kunmap_local(addr);
	return buf;
}

void
zs_read_end(const void *data, const void *buf)
{
	if (data != buf)
		kunmap_local(data);
}

/* --- Compaction --- */

/* zspages that would be empty if all objects of the class lay close together. */
static unsigned
spare_zspages(const struct zs_class *c)
{
	return (c->zspages * c->objects - c->used) / c->objects;
}

unsigned long
zs_can_compact(struct zs_pool *pool)
{
	unsigned long frames = 0;

	spin_lock(&pool->lock);
	for (unsigned i = 0; i < NR_CLASSES; i++)
		frames += spare_zspages(&pool->classes[i]) *
			  pool->classes[i].frames;
	spin_unlock(&pool->lock);
	return frames;
}

/*
 * Where an object of page should go: a zspage with room that is at least as full,
 * if page is one of the emptiest and a zspage of the class can be spared at all.
 * NULL: it should stay. Held: the pool's lock.
 */
static struct page *
find_fuller(struct zs_class *c, const struct page *page)
{
	unsigned used = zspage_used(page), looks = 0, g;
	struct page *to;

	if (used == c->objects || !spare_zspages(c))
		return NULL;
	for (g = 0; list_empty(&c->groups[g]); )
		g++;
	if (used * NR_GROUPS / c->objects != g)
		return NULL;
	for (g = NR_GROUPS; g--; ) {
		list_for_each_entry(to, &c->groups[g], owner.list) {
			if (to != page && zspage_used(to) >= used)
				return to;
			if (++looks == MAX_LOOKS)
				return NULL;
		}
	}
	return NULL;
}

zs_handle_t
zs_move(struct zs_pool *pool, zs_handle_t handle, unsigned size, void *buf)
{
	struct page *page = handle_page(handle), *to, *empty;
	struct zs_class *c = &pool->classes[zspage_class(page)];
	zs_handle_t moved = 0;
	const void *data;

	spin_lock(&pool->lock);
	to = find_fuller(c, page);
	if (to)
		moved = make_handle(to, take_object(c, to));
	spin_unlock(&pool->lock);
	if (!to)
		return handle;
	/* Both are the owner's meanwhile. */
	data = zs_read_begin(pool, handle, size, buf);
	zs_write(pool, moved, data, size);
	zs_read_end(data, buf);
	spin_lock(&pool->lock);
	empty = give_object(pool, handle);
	if (empty)
		pool->compacted += c->frames;
	spin_unlock(&pool->lock);
	free_frames_of(empty);
	return moved;
}

/* --- Pools --- */

/* How many frames leave the smallest part of them unused. */
static unsigned
best_frames(unsigned size)
{
	unsigned best = 1, n;

	for (n = 2; n <= MAX_FRAMES; n++) {
		/* rest of n over n, against rest of best over best */
		if (n * PAGE_SIZE % size * best < best * PAGE_SIZE % size * n)
			best = n;
	}
	return best;
}

struct zs_pool *
zs_create_pool(void)
{
	struct zs_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);

	if (!pool)
		return NULL;
	spin_lock_init(&pool->lock, LOCK_ZSMALLOC);
	for (unsigned i = NR_CLASSES; i--; ) {
		struct zs_class *c = &pool->classes[i];

		c->frames = (u16)best_frames(class_size(i));
		c->objects = (u16)(c->frames * PAGE_SIZE / class_size(i));
		for (unsigned g = 0; g < NR_GROUPS; g++)
			INIT_LIST_HEAD(&c->groups[g]);
		pool->class_of[i] = (u8)i;
		if (i + 1 < NR_CLASSES && c->frames == c[1].frames &&
		    c->objects == c[1].objects)
			pool->class_of[i] = pool->class_of[i + 1];
	}
	return pool;
}

void
zs_destroy_pool(struct zs_pool *pool)
{
	assert(!pool->frames);
	kfree(pool);
}

unsigned long
zs_get_total_pages(struct zs_pool *pool)
{
	return READ_ONCE(pool->frames);
}

void
zs_pool_stats(struct zs_pool *pool, struct zs_stats *stats)
{
	*stats = (struct zs_stats){ 0 };
	spin_lock(&pool->lock);
	stats->frames = pool->frames;
	stats->compacted = pool->compacted;
	for (unsigned i = 0; i < NR_CLASSES; i++) {
		stats->objects += pool->classes[i].used;
		stats->bytes += (u64)pool->classes[i].used * class_size(i);
	}
	spin_unlock(&pool->lock);
}

void
zs_pool_show(struct zs_pool *pool, struct seq_buf *s)
{
	struct zs_class c;

	seq_puts(s, " size  frames  objects    used   zspages  full %\n");
	for (unsigned i = 0; i < NR_CLASSES; i++) {
		spin_lock(&pool->lock);
		c = pool->classes[i];
		spin_unlock(&pool->lock);
		if (c.zspages)
			seq_printf(s, "%5u  %6u  %7u  %6u  %8u  %6u\n",
				   class_size(i), c.frames, c.objects, c.used,
				   c.zspages,
				   c.used * 100 / (c.zspages * c.objects));
	}
}

/* --- Checking --- */

static const char *
verify_zspage(const struct zs_class *c, unsigned class, unsigned group,
	      struct page *page)
{
	unsigned ever = zspage_ever_used(page), used = zspage_used(page);
	unsigned nr_free = 0, i;

	if (zspage_class(page) != class || ever > c->objects)
		return "Z1: a zspage of another class";
	for (i = zspage_first_free(page); i != LIST_END; i = link_read(page, i))
		if (i >= ever || ++nr_free > ever)
			return "Z1: a free list leads astray";
	if (used + nr_free != ever)
		return "Z1: used and free are not all that were ever used";
	if (!used || used >= c->objects ||
	    used * NR_GROUPS / c->objects != group)
		return "Z2: a zspage is on another group's list";
	return NULL;
}

const char *
zs_verify(struct zs_pool *pool)
{
	unsigned long frames = 0;

	for (unsigned i = 0; i < NR_CLASSES; i++) {
		struct zs_class *c = &pool->classes[i];
		unsigned zspages = 0, used = 0;
		struct page *page;
		const char *bad;

		for (unsigned g = 0; g < NR_GROUPS; g++) {
			list_for_each_entry(page, &c->groups[g], owner.list) {
				bad = verify_zspage(c, i, g, page);
				if (bad)
					return bad;
				zspages++;
				used += zspage_used(page);
			}
		}
		/* The others are full. */
		if (zspages > c->zspages ||
		    used + (c->zspages - zspages) * c->objects != c->used)
			return "Z3: the count of a class is wrong";
		frames += c->zspages * c->frames;
	}
	return frames == pool->frames ? NULL :
	       "Z3: the count of frames is wrong";
}
