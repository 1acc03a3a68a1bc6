/* SPDX-License-Identifier: MIT */
/*
 * struct page: what the kernel knows about one page frame, in 32 bytes.
 *
 * Ideas
 *   mem_map	one struct page for each frame number from the lowest to the
 *		highest frame of memory, holes included; page - mem_map is the
 *		distance from the first frame.
 *   Block	2^order frames at a multiple of 2^order, handed about as one.
 *		Each frame is in exactly one block, and only the first one,
 *		the head, speaks for it: state, order, counts. The others are
 *		PAGE_STATE_TAIL. So a block of 1024 frames is allocated and
 *		freed by writing one struct page.
 *
 *	frame	  8	9      10     11     12     13     14     15
 *		[KERNEL][FREE ][FREE   TAIL][ANON ][KERNEL][FREE  TAIL]
 *	order	  0	 0	 1		0      0      1
 *
 *   Head of a tail   heads are aligned, so clearing the lowest set bits of
 *		the frame number one after the other meets only tails of the
 *		same block until it meets the head: at most ten steps and no
 *		pointer in each tail.
 *   State	who owns the frame. The allowed moves stand in one table,
 *		PAGE_STATES below; page_set_state() checks it in debug builds.
 *
 *   flags word	31..........12 | 11..8 | 7..6 | 5..4 | 3..0
 *		20 flags PG_*	 order	 node	zone   state
 *
 * Counts
 *   refcount	0 while free; who holds a pointer to the page holds one.
 *   mapcount	how many user translations point at it; starts at 0.
 *
 * Sources  Gorman, Understanding the Linux Virtual Memory Manager, 2004,
 *	    chapter 2; Linux's documentation of physical memory and folios.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include <asm/memory.h>
#include <lib/atomic.h>
#include <lib/compiler.h>
#include <lib/list.h>
#include <lib/types.h>

struct seq_buf;
struct zone;

#define MAX_ORDER		10	/* the largest block: 2^10 frames */
#define NR_PAGE_ORDERS		(MAX_ORDER + 1)
#define MAX_ORDER_NR_PAGES	(1UL << MAX_ORDER)

/*
 * X(NAME, letter, text, where it may go next)
 * The letter is the one that `map` draws; see page_letter().
 */
#define PG_TO(name)	(1u << PAGE_STATE_##name)
#define PAGE_STATES(X)							\
	/* no memory there, or taken away; boot and hotplug bring it */	\
	X(OFFLINE,  ' ', "offline",					\
	  PG_TO(RESERVED) | PG_TO(TAIL))				\
	/* memory that the allocator never had: image, mem_map, ... */	\
	X(RESERVED, '#', "reserved",					\
	  PG_TO(TAIL) | PG_TO(OFFLINE))					\
	/* not the head of its block: the head speaks */		\
	X(TAIL,	    '-', "tail",					\
	  PG_TO(FREE) | PG_TO(ISOLATED) | PG_TO(KERNEL) | PG_TO(OFFLINE)) \
	/* head of a free block on a zone's list */			\
	X(FREE,	    '.', "free",					\
	  PG_TO(ISOLATED) | PG_TO(TAIL))				\
	/* nobody's for a moment: on a core's list, or on its way */	\
	X(ISOLATED, ',', "isolated",					\
	  PG_TO(FREE) | PG_TO(TAIL) | PG_TO(KERNEL))			\
	/* allocated; the owner may name itself by moving on */		\
	X(KERNEL,   'K', "kernel",					\
	  PG_TO(ISOLATED) | PG_TO(SLAB) | PG_TO(TABLE) |		\
	  PG_TO(ANON) | PG_TO(CACHE) | PG_TO(CMA))			\
	X(SLAB,	    'S', "slab", PG_TO(ISOLATED) | PG_TO(KERNEL))	\
	X(TABLE,    'T', "page table", PG_TO(ISOLATED) | PG_TO(KERNEL))	\
	X(ANON,	    'A', "anon",					\
	  PG_TO(ISOLATED) | PG_TO(KERNEL) | PG_TO(SWAPCACHE))		\
	X(CACHE,    'F', "page cache",					\
	  PG_TO(ISOLATED) | PG_TO(KERNEL) | PG_TO(SWAPCACHE))		\
	X(SWAPCACHE,'W', "swap cache",					\
	  PG_TO(ISOLATED) | PG_TO(ANON) | PG_TO(CACHE))			\
	X(CMA,	    'C', "cma", PG_TO(ISOLATED) | PG_TO(KERNEL))

enum page_state {
#define PAGE_STATE_ENUM(name, letter, text, moves) PAGE_STATE_##name,
	PAGE_STATES(PAGE_STATE_ENUM)
#undef PAGE_STATE_ENUM
	NR_PAGE_STATES
};

#define PAGE_STATE_MASK		0x0000000fu
#define PAGE_ZONE_SHIFT		4		/* 2 bits zone, 2 bits node */
#define PAGE_ZONE_MASK		0x000000f0u
#define PAGE_ORDER_SHIFT	8
#define PAGE_ORDER_MASK		0x00000f00u

/* Flags. They say how a page is used; all are clear when it is freed. */
#define PAGE_FLAG(n)		(1u << (12 + (n)))
#define PG_locked		PAGE_FLAG(0)
#define PG_waiters		PAGE_FLAG(1)
#define PG_referenced		PAGE_FLAG(2)
#define PG_uptodate		PAGE_FLAG(3)
#define PG_dirty		PAGE_FLAG(4)
#define PG_lru			PAGE_FLAG(5)
#define PG_active		PAGE_FLAG(6)
#define PG_workingset		PAGE_FLAG(7)
#define PG_error		PAGE_FLAG(8)
#define PG_private		PAGE_FLAG(9)
#define PG_writeback		PAGE_FLAG(10)
#define PG_reclaim		PAGE_FLAG(11)
#define PG_swapbacked		PAGE_FLAG(12)
#define PG_unevictable		PAGE_FLAG(13)
#define PG_mlocked		PAGE_FLAG(14)
#define PG_readahead		PAGE_FLAG(15)
#define PG_slab			PG_readahead	/* SLAB: on the tails too, whose
				 * slab.cache is set as well */
#define PG_ksm			PAGE_FLAG(16)
#define PG_pinned		PAGE_FLAG(17)
#define PG_hwpoison		PAGE_FLAG(18)	/* never leaves the buddy */
#define PG_compound		PAGE_FLAG(19)	/* head; tails share its count */
#define PAGE_FLAGS_MASK		0xfffff000u

struct page {
	u32 flags;		/* owner; zone->lock while FREE */
	atomic_t refcount;
	atomic_t mapcount;
	union {			/* named by the state; 20 bytes */
		struct {	/* FREE: zone->lock */
			struct list_head list;
			u8 migratetype;		/* whose list */
		} free;
		struct {	/* ISOLATED: this core, interrupts off */
			struct page *next;
		} pcp;
		struct {	/* SLAB; freelist and the counts: one CAS */
			struct list_head list;
			void *cache;
			void *freelist;
			u16 inuse;
			u16 objects : 15, frozen : 1;
		} slab;
		struct {	/* ANON, CACHE, SWAPCACHE */
			struct list_head lru;
			void *mapping;
			unsigned long index;
			unsigned long private;
		} user;
		struct {	/* KERNEL, TABLE, CMA: the owner's */
			struct list_head list;
			unsigned long private[3];
		} owner;
	};
};

#ifndef VELLUM_HOST
static_assert(sizeof(struct page) == 32, "struct page is 32 bytes");
#endif

extern struct page *mem_map;	/* of frame mem_map_start */
extern pfn_t mem_map_start;	/* aligned to the largest block */
extern pfn_t mem_map_end;	/* the first frame behind; aligned too */

static inline bool
pfn_valid(pfn_t pfn)
{
	return pfn >= mem_map_start && pfn < mem_map_end;
}

/* pfn must be valid. */
static inline struct page *
pfn_to_page(pfn_t pfn)
{
	return mem_map + (pfn - mem_map_start);
}

static inline pfn_t
page_to_pfn(const struct page *page)
{
	return (pfn_t)(page - mem_map) + mem_map_start;
}

static inline phys_addr_t
page_to_phys(const struct page *page)
{
	return (phys_addr_t)(page_to_pfn(page) << PAGE_SHIFT);
}

static inline struct page *
phys_to_page(phys_addr_t pa)
{
	return pfn_to_page(pa >> PAGE_SHIFT);
}

/* Of a linear-map address. */
static inline struct page *
virt_to_page(const void *addr)
{
	return phys_to_page(__pa(addr));
}

static inline enum page_state
page_state(const struct page *page)
{
	return READ_ONCE(page->flags) & PAGE_STATE_MASK;
}

/* The order of the block whose head page is. */
static inline unsigned
page_order(const struct page *page)
{
	return (READ_ONCE(page->flags) & PAGE_ORDER_MASK) >> PAGE_ORDER_SHIFT;
}

/* Zone and node as one index, 0 to 15. */
static inline unsigned
page_zone_index(const struct page *page)
{
	return (READ_ONCE(page->flags) & PAGE_ZONE_MASK) >> PAGE_ZONE_SHIFT;
}

static inline unsigned
page_to_nid(const struct page *page)
{
	return READ_ONCE(page->flags) >> 6 & 3;
}

/* The head of the block that page is in; itself unless it is a tail. */
struct page *page_head_of_tail(struct page *page);

static inline struct page *
compound_head(struct page *page)
{
	if (unlikely(page_state(page) == PAGE_STATE_TAIL))
		return page_head_of_tail(page);
	return page;
}

static inline unsigned
compound_order(struct page *page)
{
	return page_order(compound_head(page));
}

static inline bool
page_compound(struct page *page)
{
	return compound_head(page)->flags & PG_compound;
}

/* Stop, naming the page and the move, unless the table allows it. */
void page_check_move(struct page *page, enum page_state next);
bool page_move_allowed(enum page_state from, enum page_state to);

/*
 * Move a block to another state; page is its head (or a tail becoming one).
 * Context: the caller owns the block (zone->lock when it is FREE).
 */
static inline void
page_set_state(struct page *page, enum page_state next)
{
#ifdef VELLUM_DEBUG
	page_check_move(page, next);
#endif
	page->flags = (page->flags & ~PAGE_STATE_MASK) | next;
}

/*
 * Memory of a program that no file backs: its own, in the swap cache or not.
 * A page of shared memory in the swap cache is of nobody (mapping NULL).
 */
static inline bool
page_is_anon(const struct page *page)
{
	enum page_state state = page_state(page);

	return state == PAGE_STATE_ANON ||
	       (state == PAGE_STATE_SWAPCACHE &&
		READ_ONCE(page->user.mapping) != NULL);
}

const char *page_state_name(enum page_state state);

/*
 * One letter for the frame's owner, as drawn by `map`: the letters of
 * PAGE_STATES, of the head for a tail of an allocated block; '.' for every
 * frame of a free block and '?' for a frame number outside mem_map.
 */
char page_letter(pfn_t pfn);

/* Everything known about the page, for people. Any page, even a bad one. */
void dump_page(struct seq_buf *s, struct page *page);
/* The same to the log, with the reason in front. */
void dump_page_log(struct page *page, const char *reason);

/*
 * References. The caller of get_page() holds one already, or knows that the
 * page cannot be freed; get_page_unless_zero() is for all others.
 */
static inline int
page_count(struct page *page)
{
	return atomic_read(&compound_head(page)->refcount);
}

static inline void
get_page(struct page *page)
{
	atomic_inc(&compound_head(page)->refcount);
}

static inline bool
get_page_unless_zero(struct page *page)
{
	return atomic_add_unless(&page->refcount, 1, 0);
}

/* Give a reference up; the last one frees the block. Context: any. */
void put_page(struct page *page);

/* True if the caller gave up the last reference: the page is now its own. */
static inline bool
put_page_testzero(struct page *page)
{
	return atomic_dec_and_test(&page->refcount);
}

static inline int
page_mapcount(const struct page *page)
{
	return atomic_read(&page->mapcount);
}

/*
 * Linear-map address of a lowmem page; NULL for one of HighMem, which has
 * none (see mm/highmem.h).
 */
static inline void *
page_address(const struct page *page)
{
	phys_addr_t pa = page_to_phys(page);

	if (unlikely((unsigned long)__va(pa) >= (unsigned long)high_memory))
		return NULL;
	return __va(pa);
}

static inline bool
page_highmem(const struct page *page)
{
	return page_address(page) == NULL;
}

#endif
