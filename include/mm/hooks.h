/* SPDX-License-Identifier: MIT */
/*
 * Where the page allocator calls upwards. Few places, all listed here.
 *
 * Debugging: one word, page_debug_flags, tells whether any feature is on. While
 * one is, the fast paths find their magazines empty and full (pcp_set_slow) and
 * every request goes the slow way, where the word is tested: they pay nothing.
 * A build with VELLUM_NO_PAGE_DEBUG has no features at all.
 *
 * Reclaim: the allocator does not know how memory is won back. mm/reclaim sets
 * page_reclaim_fn and page_wake_kswapd_fn at boot; a request before that finds
 * what is free, or fails. Where nothing is left to win, page_oom_fn
 * (kernel/process/oom.c) may end a process.
 */
#ifndef MM_HOOKS_H
#define MM_HOOKS_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/gfp.h>

struct page;
struct zone;

#define PAGE_DEBUG_FAULT	0x01u	/* fail_page_alloc */
#define PAGE_DEBUG_POISON	0x02u	/* page_poison=1 */
#define PAGE_DEBUG_INIT_ALLOC	0x04u	/* init_on_alloc=1 */
#define PAGE_DEBUG_INIT_FREE	0x08u	/* init_on_free=1 */
#define PAGE_DEBUG_OWNER	0x10u	/* page_owner=on */
#define PAGE_DEBUG_TRACE	0x20u	/* trace=mm_page_alloc, mm_page_free */

#define PAGE_DEBUG_LIFE		0x40u	/* page_life=N */

/* What befalls a frame; X(NAME, text, what its information is). */
enum page_life_info { LIFE_NOTHING, LIFE_BY, LIFE_AT, LIFE_SLOT };
#define PAGE_LIFE_EVENTS(X)						\
	X(ALLOC,	"allocated",		LIFE_BY)		\
	X(FREE,		"freed",		LIFE_NOTHING)		\
	X(MAP,		"mapped",		LIFE_AT)		\
	X(UNMAP,	"unmapped",		LIFE_AT)		\
	X(CACHE,	"enters a file",	LIFE_AT)		\
	X(UNCACHE,	"leaves its file",	LIFE_AT)		\
	X(DIRTY,	"dirtied",		LIFE_AT)		\
	X(WRITEBACK,	"written back",		LIFE_AT)		\
	X(WRITTEN,	"write ended",		LIFE_AT)		\
	X(ACTIVATE,	"used again",		LIFE_NOTHING)		\
	X(ISOLATE,	"taken off its list",	LIFE_NOTHING)		\
	X(PUTBACK,	"put back on a list",	LIFE_NOTHING)		\
	X(DEACTIVATE,	"aged",			LIFE_NOTHING)		\
	X(SWAP_OUT,	"swapped out",		LIFE_SLOT)		\
	X(SWAP_IN,	"swapped in",		LIFE_SLOT)
enum page_life {
#define LIFE_ENUM(name, text, info) PAGE_LIFE_##name,
	PAGE_LIFE_EVENTS(LIFE_ENUM)
#undef LIFE_ENUM
	NR_PAGE_LIFE
};

#ifdef VELLUM_NO_PAGE_DEBUG
#define page_debug_flags	0u
#define page_debug_set(flag, on)	((void)(flag), (void)(on))
static inline bool
page_debug_should_fail(gfp_t gfp, unsigned order)
{
	(void)gfp;
	(void)order;
	return false;
}
#define fault_inject_object(gfp)		((void)(gfp), false)
#define page_debug_alloc(page, order, gfp)	((void)0)
#define page_debug_free(page, order)		((void)0)
#define page_debug_split(page, order)		((void)0)
#define page_debug_describe(s, page)		((void)0)
#else
extern u32 page_debug_flags;

/* Switch features on or off. Context: nobody allocates meanwhile. */
void page_debug_set(u32 flags, bool on);

/* Should this allocation fail for the sake of a test? */
bool page_debug_should_fail(gfp_t gfp, unsigned order);
/* The same of an object, while SLAB_HOOK_FAULT is on. */
bool fault_inject_object(gfp_t gfp);
/* A block was allocated: not yet the caller's / is about to be freed. */
void page_debug_alloc(struct page *page, unsigned order, gfp_t gfp);
void page_debug_free(struct page *page, unsigned order);
/* A block is about to become single pages. */
void page_debug_split(struct page *page, unsigned order);
/* What the features know about page, for dump_page(). */
void page_debug_describe(struct seq_buf *s, struct page *page);
#endif

static inline bool
page_debug_on(void)
{
	return unlikely(page_debug_flags != 0);
}

/* Something befell page, which is in no list of the allocator. Context: any. */
#define page_life(page, name, info) do { \
	if (unlikely(page_debug_flags & PAGE_DEBUG_LIFE)) \
		page_life_note(page, PAGE_LIFE_##name, 0, \
			       (unsigned long)(info)); \
} while (0)

/* The same of each frame of a block. mm/debug/page_life.c */
void page_life_note(struct page *page, enum page_life what, unsigned order,
		    unsigned long info);

/*
 * Win back frames for a request of this order; called with nothing locked,
 * where the request may sleep. Returns how many were won; 0: give up.
 */
extern unsigned long (*page_reclaim_fn)(gfp_t gfp, unsigned order);
/*
 * Nothing can be won back: end a process for the sake of a request of this
 * order. Context: may sleep; the caller may hold an mmap_lock for reading.
 * True: it is worth trying again; current->oom_victim: with the reserves.
 */
extern bool (*page_oom_fn)(gfp_t gfp, unsigned order);
/* zone fell below its low watermark. Context: any, no lock held. */
extern void (*page_wake_kswapd_fn)(struct zone *zone, unsigned order);

/*
 * Single pages whose last references are gone, off all lists: freed. Sixteen
 * neighbours in a row are freed as the block that they are. Context: irqs off.
 * For mm/reclaim/lru.c, which gives up many at once.
 */
void free_unreferenced_pages(struct page **pages, unsigned nr);

/* More lines of meminfo, of the rooms above; each made by meminfo_line(). */
extern void (*meminfo_more_fn)(struct seq_buf *s);
void meminfo_line(struct seq_buf *s, const char *name, unsigned long kib);

#endif
