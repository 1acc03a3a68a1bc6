/* SPDX-License-Identifier: MIT */
/*
 * vmalloc: memory in one piece of addresses, from frames that need not be.
 *
 * Ideas
 *   Area	a range of the vmalloc space that is in use, its frames, and an
 *		unmapped guard page behind them, so that a run off the end
 *		faults. The page before an area is a guard too: that of the
 *		area below it, or nobody's.
 *
 *	  | frame 9 | frame 2 | frame 7 | guard | next area ...
 *	  ^ addr			^ addr + size
 *
 *   Lazy purge	A freed area loses its translations at once, but a core may
 *		still remember them. Telling all cores each time is dear, so
 *		the area waits, with its frames and its addresses, until
 *		enough have gathered; then one flush cleans them all. A frame
 *		is therefore never somebody else's while a stale translation
 *		to it can exist. Clean areas are given up a few with each
 *		call, so that no call takes long.
 *
 *	alloc:	free ranges --> busy tree	vfree: busy --> waiting list
 *	flush:	waiting --> clean		later: clean --> free ranges,
 *						frames to the page allocator
 *
 *   Blocks	Frames are taken by blocks of up to 16 that lie together, where
 *		the page allocator has such: one call of it for 16 pages. The
 *		order stands in the struct page of a block's first frame.
 *
 * State	free: a vrange_space. busy: areas by address. waiting: areas
 *		that were freed, waiting_pages of addresses in all. clean:
 *		flushed ones, clean_pages; purging_pages: taken off it.
 * Invariants (vmalloc_verify)
 *   V1  Busy areas are sorted and disjoint; they, the waiting and clean ones
 *	 and the free ranges add up to the whole space.
 *   V2  Each page of a busy area is mapped to its frame, its guard to nothing;
 *	 nothing of a waiting or clean area is mapped.
 *   V3  waiting_pages and clean_pages are the sums over those areas, and
 *	 waiting_pages is below LAZY_MAX when no vfree() is under way.
 * Locks	vmalloc_lock guards State. Frames, tables and structs are
 *		allocated and freed outside it.
 * Cost		vmalloc: O(log areas) and some 30 instructions a page. vfree:
 *		half of it, and giving up at most GIVE_UP clean pages (or one
 *		area); every LAZY_MAX pages a flush.
 * Questions a reader asks
 *   Why not flush by address each time? With four cores each flush is a
 *     broadcast that all answer; a purge needs one for up to LAZY_MAX pages.
 *   Why is LAZY_MAX not larger? What waits and what is clean is memory that
 *     nobody can use: at most 1 MiB each.
 * Sources  Linux, mm/vmalloc.c (interface, lazy purge); Bonwick and Adams,
 *	    Magazines and Vmem, USENIX 2001.
 */
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/list.h>
#include <lib/string.h>
#include <mm/kasan.h>
#include <mm/kmemleak.h>
#include <mm/memblock.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include "vmalloc_private.h"
#include "vrange.h"

#define LAZY_MAX	256	/* pages of addresses, guards included */
#define GIVE_UP		64	/* clean pages given up with each call */
#define NR_NODES	128u	/* free ranges that need no area */
#define BLOCK_ORDER	4	/* frames are asked for by so many */
#define FIND_TRIES	1000000ul
#define MAP_BATCH	16	/* frames handed to the page tables at once */

/* Where ranges begin and end: no reason to think an area used. */
struct vmalloc_state vmalloc_state __noleak;

static DEFINE_SPINLOCK(vmalloc_lock, LOCK_VMALLOC);
static struct kmem_cache *area_cache;
static struct vrange node_pool[NR_NODES] __noleak;	/* vmalloc_lock */
static struct vrange *free_nodes;			/* vmalloc_lock */

#define state	vmalloc_state

bool
is_vmalloc_addr(const void *addr)
{
	return (unsigned long)addr >= state.start &&
	       (unsigned long)addr < VMALLOC_END;
}

static struct vm_area *
area_of(struct rb_node *node)
{
	return rb_entry(node, struct vm_area, range.node);
}

/* Context: vmalloc_lock. */
static void
busy_insert(struct vm_area *area)
{
	struct rb_node **link = &state.busy.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = area->range.start < area_of(parent)->range.start ?
			       &parent->left : &parent->right;
	}
	rb_link_node(&area->range.node, parent, link);
	rb_insert_color(&area->range.node, &state.busy);
}

/* The busy area that holds addr, or NULL. Context: vmalloc_lock. */
static struct vm_area *
busy_find(unsigned long addr)
{
	struct rb_node *n = state.busy.node;

	while (n) {
		struct vm_area *area = area_of(n);

		if (addr < area->range.start)
			n = n->left;
		else if (addr >= area->range.end)
			n = n->right;
		else
			return area;
	}
	return NULL;
}

/*
 * Nodes of free ranges: from a small pool, so that no area's memory is kept
 * for one. Only when the pool is empty the area's own node is used.
 * Context of the three: vmalloc_lock.
 */
static struct vrange *
node_get(void)
{
	struct vrange *node = free_nodes;

	if (node)
		free_nodes = (struct vrange *)node->node.left;
	return node;
}

static bool
node_of_pool(const struct vrange *node)
{
	return node >= node_pool && node < node_pool + NR_NODES;
}

/* node is no longer needed; returns it if it belongs to an area. */
static struct vrange *
node_put(struct vrange *node)
{
	if (!node || !node_of_pool(node))
		return node;
	node->node.left = (struct rb_node *)free_nodes;
	free_nodes = node;
	return NULL;
}

static void
node_free(struct vrange *node)
{
	if (node)
		kmem_cache_free(area_cache,
				container_of(node, struct vm_area, range));
}

/* Take addresses for area and enter it. False: no room as things stand. */
static bool
area_take(struct vm_area *area)
{
	unsigned long bytes = (area->nr_pages + 1) << PAGE_SHIFT, flags;
	struct vrange *unused, *spare = NULL;
	bool ok;

	/* At page alignment the low end of a range is taken: no spare. */
	flags = spin_lock_irqsave(&vmalloc_lock);
	ok = vrange_take(&state.free, bytes, PAGE_SIZE, &area->range.start,
			 &spare, &unused);
	if (ok) {
		area->range.end = area->range.start + bytes;
		busy_insert(area);
	}
	unused = node_put(unused);
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	if (unlikely(unused))
		node_free(unused);
	return ok;
}

static void area_wait(struct vm_area *area);
static struct vm_area *area_remove(unsigned long addr, unsigned kinds);

/*
 * A new busy area of nr pages (and its guard).
 * Context: may sleep. Returns NULL without memory or addresses.
 */
static struct vm_area *
area_alloc(unsigned long nr, enum vm_kind kind, unsigned long caller)
{
	struct vm_area *area = kmem_cache_alloc(area_cache, GFP_KERNEL);

	if (!area)
		return NULL;
	kmemleak_ignore(area);
	area->pages = NULL;
	area->nr_pages = nr;
	area->pa = 0;
	area->kind = kind;
	area->caller = caller;
	if (!area_take(area) && !(vmalloc_purge() && area_take(area))) {
		kmem_cache_free(area_cache, area);
		return NULL;
	}
	if (kasan_vmalloc((void *)area->range.start, nr << PAGE_SHIFT))
		return area;
	area_remove(area->range.start, 1u << kind);
	area_wait(area);
	return NULL;
}

/* Map area to its frames. 0 or -ENOMEM (tables); nothing is mapped then. */
static int
area_map(struct vm_area *area, enum pgprot prot)
{
	unsigned long at = area->range.start, left = area->nr_pages;
	struct page **pages = area->pages;
	phys_addr_t pa[MAP_BATCH];
	unsigned n;

	if (reserve_kernel_tables(at, left << PAGE_SHIFT))
		return -ENOMEM;
	for (; left; left -= n, at += n << PAGE_SHIFT) {
		n = min(left, (unsigned long)MAP_BATCH);
		for (unsigned i = 0; i < n; i++)
			pa[i] = page_to_phys(*pages++);
		set_kernel_pages(at, pa, n, prot);
	}
	return 0;
}

/* The array of an area's frames: in the area itself when they are few. */
static bool
area_alloc_array(struct vm_area *area)
{
	area->pages = area->nr_pages <= ARRAY_SIZE(area->few) ? area->few :
		kmalloc_array(area->nr_pages, sizeof(*area->pages),
			      GFP_KERNEL);
	if (area->pages != area->few)
		kmemleak_ignore(area->pages);
	return area->pages;
}

static void
area_free_array(struct vm_area *area)
{
	if (area->pages != area->few)
		kfree(area->pages);
	area->pages = NULL;
}

/* Give back the blocks that make up the first n pages. */
static void
free_blocks(struct page **pages, unsigned long n)
{
	unsigned order;

	for (unsigned long i = 0; i < n; i += 1ul << order) {
		order = page_order(pages[i]);
		free_frames(pages[i], order);
	}
}

static void
area_free_frames(struct vm_area *area)
{
	if (!area->pages)
		return;
	if (area->kind == VM_ALLOC)
		free_blocks(area->pages, area->nr_pages);
	area_free_array(area);
}

/* [start, end) becomes free, and area goes. */
static void
give_up_range(unsigned long start, unsigned long end, struct vm_area *area)
{
	unsigned long flags = spin_lock_irqsave(&vmalloc_lock);
	struct vrange *node = node_get(), *unused[2];
	bool kept = !node;

	vrange_put(&state.free, start, end, kept ? &area->range : node,
		   unused);
	unused[0] = node_put(unused[0]);
	unused[1] = node_put(unused[1]);
	state.purging_pages -= (end - start) >> PAGE_SHIFT;
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	if (likely(!kept))
		kmem_cache_free(area_cache, area);
	node_free(unused[0]);
	node_free(unused[1]);
}

/*
 * Free these areas, which nobody can remember. Neighbours in the list are
 * often neighbours in memory, and go back as one range.
 */
static void
areas_release(struct list_head *areas)
{
	struct vm_area *area, *next, *held = NULL;
	unsigned long start = 0, end = 0;

	list_for_each_entry_safe(area, next, areas, list) {
		area_free_frames(area);
		if (held && area->range.start == end) {
			end = area->range.end;
			kmem_cache_free(area_cache, area);
			continue;
		}
		if (held)
			give_up_range(start, end, held);
		held = area;
		start = area->range.start;
		end = area->range.end;
	}
	if (held)
		give_up_range(start, end, held);
}

/* What waits becomes clean. Context: as vmalloc_purge(). */
static void
flush_waiting(void)
{
	unsigned long flags, pages;
	LIST_HEAD(areas);

	flags = spin_lock_irqsave(&vmalloc_lock);
	list_splice_init(&state.waiting, &areas);
	pages = state.waiting_pages;
	state.waiting_pages = 0;
	state.purging_pages += pages;
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	if (!pages)
		return;
	flush_tlb_all();
	flags = spin_lock_irqsave(&vmalloc_lock);
	list_splice_init(&areas, &state.clean);
	state.purging_pages -= pages;
	state.clean_pages += pages;
	spin_unlock_irqrestore(&vmalloc_lock, flags);
}

/* Move the entries of from that stand before end to the empty list to. */
static void
list_cut(struct list_head *from, struct list_head *end, struct list_head *to)
{
	struct list_head *first = from->next, *last = end->prev;

	if (first == end)
		return;
	to->next = first;
	first->prev = to;
	to->prev = last;
	last->next = to;
	from->next = end;
	end->prev = from;
}

/*
 * Give up clean areas of max pages, or one larger one. Returns how many pages
 * of addresses became free.
 */
static unsigned long
give_up_clean(unsigned long max)
{
	unsigned long flags, pages = 0;
	struct vm_area *area;
	LIST_HEAD(areas);

	flags = spin_lock_irqsave(&vmalloc_lock);
	list_for_each_entry(area, &state.clean, list) {
		if (pages && pages + area->nr_pages + 1 > max)
			break;
		pages += area->nr_pages + 1;
	}
	list_cut(&state.clean, &area->list, &areas);
	state.clean_pages -= pages;
	state.purging_pages += pages;
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	areas_release(&areas);
	return pages;
}

/*
 * Flush, then free all that waits.
 * Context: any but interrupts and spinlocks.
 * Returns how many pages of addresses became free.
 */
unsigned long
vmalloc_purge(void)
{
	flush_waiting();
	return give_up_clean(~0ul);
}

/* Nothing is mapped in area any more: it waits for the next flush. */
static void
area_wait(struct vm_area *area)
{
	unsigned long flags = spin_lock_irqsave(&vmalloc_lock), waiting;

	list_add_tail(&area->list, &state.waiting);
	waiting = state.waiting_pages += area->nr_pages + 1;
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	if (waiting >= LAZY_MAX)
		flush_waiting();
	if (READ_ONCE(state.clean_pages))
		give_up_clean(GIVE_UP);
}

/* Take area out of use: it is out of the busy tree, and nobody else's. */
static void
area_retire(struct vm_area *area)
{
	kasan_vfree((void *)area->range.start, area->nr_pages << PAGE_SHIFT);
	unmap_kernel_range_lazily(area->range.start,
				  area->nr_pages << PAGE_SHIFT);
	/* Frames of another owner may be given up as soon as we return. */
	if (area->kind == VM_MAP)
		flush_tlb_kernel_range(area->range.start, area->range.end);
	area_wait(area);
}

/* The busy area that begins at addr, taken out of the tree; else NULL. */
static struct vm_area *
area_remove(unsigned long addr, unsigned kinds)
{
	unsigned long flags = spin_lock_irqsave(&vmalloc_lock);
	struct vm_area *area = busy_find(addr);

	if (area && (area->range.start != (addr & PAGE_MASK) ||
		     !(kinds & 1u << area->kind)))
		area = NULL;
	if (area)
		rb_erase(&area->range.node, &state.busy);
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	return area;
}

/* --- memory ----------------------------------------------------------------- */

/*
 * A block of frames, as large as fits n pages and max_order, or smaller where
 * there is no such: large ones are asked for without insisting.
 */
static struct page *
alloc_block(gfp_t gfp, unsigned long n, unsigned *max_order)
{
	gfp_t lightly = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN |
			__GFP_NORETRY;
	unsigned order = min((unsigned)fls_long(n), *max_order);
	struct page *page;

	for (; order; order--) {
		page = alloc_pages(lightly, order);
		if (page)
			return page;
		*max_order = order - 1;
	}
	return alloc_page(gfp);
}

static bool
area_fill(struct vm_area *area, gfp_t gfp)
{
	unsigned long got = 0, n = area->nr_pages;
	unsigned max_order = BLOCK_ORDER;
	struct page *page, *end;

	if (!area_alloc_array(area))
		return false;
	while (got < n) {
		page = alloc_block(gfp | __GFP_HIGHMEM, n - got, &max_order);
		if (!page)
			break;
		for (end = page + (1ul << page_order(page)); page < end;)
			area->pages[got++] = page++;
	}
	if (got == n)
		return true;
	free_blocks(area->pages, got);
	area_free_array(area);
	return false;
}

static void *
vmalloc_caller(unsigned long size, gfp_t gfp, unsigned long caller)
{
	struct vm_area *area;

	might_sleep();
	if (!size || size > state.size - PAGE_SIZE)
		return NULL;
	area = area_alloc(ALIGN_UP(size, PAGE_SIZE) >> PAGE_SHIFT, VM_ALLOC,
			  caller);
	if (!area)
		return NULL;
	if (area_fill(area, gfp) && !area_map(area, PROT_KERNEL_RW)) {
		/* What is left of the last page is nobody's. */
		(void)kasan_vmalloc((void *)area->range.start, size);
		kmemleak_alloc((void *)area->range.start,
			       area->nr_pages << PAGE_SHIFT, 1);
		return (void *)area->range.start;
	}
	area_remove(area->range.start, 1u << VM_ALLOC);
	area_retire(area);
	return NULL;
}

void *
vmalloc(unsigned long size)
{
	return vmalloc_caller(size, GFP_KERNEL,
			      (unsigned long)__builtin_return_address(0));
}

void *
vzalloc(unsigned long size)
{
	return vmalloc_caller(size, GFP_KERNEL | __GFP_ZERO,
			      (unsigned long)__builtin_return_address(0));
}

static void
bad_address(const char *what, const void *addr)
{
	char line[96];

	if (!vmalloc_describe((unsigned long)addr, line, sizeof(line)))
		snprintf(line, sizeof(line), "not in the vmalloc area");
	pr_err("BUG: %s of %p: %s\n", what, addr, line);
	WARN_ON(true);
}

void
vfree(const void *addr)
{
	struct vm_area *area;

	if (!addr)
		return;
	area = (unsigned long)addr & ~PAGE_MASK ? NULL :
		area_remove((unsigned long)addr, 1u << VM_ALLOC);
	if (!area) {
		bad_address("vfree", addr);
		return;
	}
	kmemleak_free(addr);
	area_retire(area);
}

/* --- mappings of what others own -------------------------------------------- */

void *
vmap(struct page **pages, unsigned n, enum pgprot prot)
{
	struct vm_area *area;

	might_sleep();
	if (!n || n > (state.size >> PAGE_SHIFT) - 1)
		return NULL;
	area = area_alloc(n, VM_MAP,
			  (unsigned long)__builtin_return_address(0));
	if (!area)
		return NULL;
	if (area_alloc_array(area)) {
		memcpy(area->pages, pages, n * sizeof(*pages));
		if (!area_map(area, prot))
			return (void *)area->range.start;
	}
	area_remove(area->range.start, 1u << VM_MAP);
	area_retire(area);
	return NULL;
}

void
vunmap(const void *addr)
{
	struct vm_area *area;

	if (!addr)
		return;
	area = (unsigned long)addr & ~PAGE_MASK ? NULL :
		area_remove((unsigned long)addr, 1u << VM_MAP);
	if (!area)
		bad_address("vunmap", addr);
	else
		area_retire(area);
}

static void *
ioremap_caller(phys_addr_t pa, unsigned long size, enum pgprot prot,
	       unsigned long caller)
{
	phys_addr_t start = pa & PAGE_MASK;
	unsigned long bytes = ALIGN_UP(pa - start + size, PAGE_SIZE);
	struct vm_area *area;

	might_sleep();
	if (!size || pa + (size - 1) < pa ||
	    memblock_overlaps_memory(pa, size))
		return NULL;
	area = area_alloc(bytes >> PAGE_SHIFT, VM_IOREMAP, caller);
	if (!area)
		return NULL;
	area->pa = start;
	if (!map_kernel_range(area->range.start, start, bytes, prot, false))
		return (void *)(area->range.start + (pa - start));
	area_remove(area->range.start, 1u << VM_IOREMAP);
	area_retire(area);
	return NULL;
}

void *
ioremap(phys_addr_t pa, unsigned long size)
{
	return ioremap_caller(pa, size, PROT_DEVICE,
			      (unsigned long)__builtin_return_address(0));
}

void *
ioremap_wc(phys_addr_t pa, unsigned long size)
{
	return ioremap_caller(pa, size, PROT_UNCACHED,
			      (unsigned long)__builtin_return_address(0));
}

void
iounmap(const void *addr)
{
	struct vm_area *area;

	if (!addr)
		return;
	area = area_remove((unsigned long)addr, 1u << VM_IOREMAP);
	if (!area)
		bad_address("iounmap", addr);
	else
		area_retire(area);
}

struct page *
vmalloc_to_page(const void *addr)
{
	unsigned long flags = spin_lock_irqsave(&vmalloc_lock), i;
	struct vm_area *area = busy_find((unsigned long)addr);
	struct page *page = NULL;

	if (area && area->pages) {
		i = ((unsigned long)addr - area->range.start) >> PAGE_SHIFT;
		if (i < area->nr_pages)
			page = area->pages[i];
	}
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	return page;
}

/* Call fn for each busy area, in order of address, under vmalloc_lock. */
void
vmalloc_for_each(void (*fn)(const struct vm_area *area, void *arg), void *arg)
{
	unsigned long flags = spin_lock_irqsave(&vmalloc_lock);

	for (struct rb_node *n = rb_first(&state.busy); n; n = rb_next(n))
		fn(area_of(n), arg);
	spin_unlock_irqrestore(&vmalloc_lock, flags);
}

/* Copy of the area that holds addr; false if there is none. */
bool
vmalloc_find(unsigned long addr, struct vm_area *copy)
{
	unsigned long flags = local_irq_save(), tries = FIND_TRIES;
	struct vm_area *area;

	/* Called by reports too: whoever holds the lock may not go on. */
	while (!spin_trylock(&vmalloc_lock)) {
		if (!--tries) {
			local_irq_restore(flags);
			return false;
		}
		cpu_relax();
	}
	area = busy_find(addr);
	if (area)
		*copy = *area;
	spin_unlock_irqrestore(&vmalloc_lock, flags);
	return area != NULL;
}

unsigned long
vmalloc_lock_state(void)
{
	return spin_lock_irqsave(&vmalloc_lock);
}

void
vmalloc_unlock_state(unsigned long flags)
{
	spin_unlock_irqrestore(&vmalloc_lock, flags);
}

void
vmalloc_init(void)
{
	struct vrange *unused[2];

	area_cache = kmem_cache_create("vm_area", sizeof(struct vm_area), 0,
				       SLAB_PANIC, NULL);
	INIT_LIST_HEAD(&state.waiting);
	INIT_LIST_HEAD(&state.clean);
	state.start = (unsigned long)high_memory + VMALLOC_GAP;
	state.size = VMALLOC_END - state.start;
	for (unsigned i = 0; i < NR_NODES; i++)
		node_put(&node_pool[i]);
	vrange_put(&state.free, state.start, VMALLOC_END, node_get(), unused);
}
