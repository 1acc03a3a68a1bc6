/* SPDX-License-Identifier: MIT */
/*
 * Asking for page frames.
 *
 * A gfp_t ("get free pages") says three things: which zones will do, how the
 * frames will be used (so that frames which can be moved later are grouped),
 * and how hard the allocator may try. The names are Linux's.
 *
 *	GFP_KERNEL		may sleep and reclaim; the usual one
 *	GFP_ATOMIC		must not sleep; may dip into the reserves;
 *				legal in a hard interrupt
 *	GFP_NOWAIT		must not sleep, and gets no reserve
 *	GFP_HIGHUSER_MOVABLE	a user's page: any zone, can be migrated
 */
#ifndef MM_GFP_H
#define MM_GFP_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/page.h>

typedef u32 gfp_t;

/* Zones: neither bit is Normal. Bits 0-1 index the preferred zone. */
#define __GFP_DMA		0x000001u
#define __GFP_HIGHMEM		0x000002u
/* Mobility: bits 3-4 are the migrate type. Both at once is an error. */
#define __GFP_MOVABLE		0x000008u
#define __GFP_RECLAIMABLE	0x000010u
/* How hard. */
#define __GFP_HIGH		0x000020u	/* half of min may be used */
#define __GFP_IO		0x000040u
#define __GFP_FS		0x000080u
#define __GFP_ZERO		0x000100u
#define __GFP_COMP		0x000200u	/* one compound page */
#define __GFP_DIRECT_RECLAIM	0x000400u	/* may sleep */
#define __GFP_KSWAPD_RECLAIM	0x000800u
#define __GFP_NOWARN		0x002000u	/* no report when it fails */
#define __GFP_RETRY_MAYFAIL	0x004000u
#define __GFP_NOFAIL		0x008000u
#define __GFP_NORETRY		0x010000u
#define __GFP_MEMALLOC		0x020000u	/* no watermark: it frees more */
#define __GFP_NOMEMALLOC	0x080000u
#define __GFP_HARDWALL		0x100000u
#define __GFP_THISNODE		0x200000u	/* no other node */

#define __GFP_RECLAIM	(__GFP_DIRECT_RECLAIM | __GFP_KSWAPD_RECLAIM)

#define GFP_ATOMIC	(__GFP_HIGH | __GFP_KSWAPD_RECLAIM)
#define GFP_NOWAIT	(__GFP_KSWAPD_RECLAIM)
#define GFP_NOIO	(__GFP_RECLAIM)
#define GFP_NOFS	(__GFP_RECLAIM | __GFP_IO)
#define GFP_KERNEL	(__GFP_RECLAIM | __GFP_IO | __GFP_FS)
#define GFP_DMA		(__GFP_DMA)
#define GFP_USER	(GFP_KERNEL | __GFP_HARDWALL)
#define GFP_HIGHUSER	(GFP_USER | __GFP_HIGHMEM)
#define GFP_HIGHUSER_MOVABLE	(GFP_HIGHUSER | __GFP_MOVABLE)

/* May the caller sleep? */
static inline bool
gfpflags_allow_blocking(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

/*
 * 2^order frames, aligned to their size, from the nearest node that has them.
 * The first page's refcount is 1, its state PAGE_STATE_KERNEL; the content is
 * undefined unless __GFP_ZERO.
 * Context: any; sleeps only with __GFP_DIRECT_RECLAIM.
 * Returns the first page, or NULL when there is no memory.
 */
struct page *alloc_pages(gfp_t gfp, unsigned order);
/* The same, first from node nid (only from it with __GFP_THISNODE). */
struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned order);
#define alloc_page(gfp)		alloc_pages(gfp, 0)

/*
 * Give up one reference to the block of 2^order frames at page; the last one
 * frees it. order must be what it was allocated with. Context: any.
 */
void free_frames(struct page *page, unsigned order);
#define free_frame(page)	free_frames(page, 0)

/* The same by address, in the linear map: never highmem. NULL: no memory. */
void *get_free_pages(gfp_t gfp, unsigned order);
void *get_zeroed_page(gfp_t gfp);
void free_pages(void *addr, unsigned order);	/* NULL does nothing */
#define get_free_page(gfp)	get_free_pages(gfp, 0)
#define free_page(addr)		free_pages(addr, 0)

/*
 * Exactly size bytes rounded up to pages, contiguous, the rest of the block
 * given back. Freed with the same size.
 */
void *alloc_pages_exact(size_t size, gfp_t gfp);
void free_pages_exact(void *addr, size_t size);

/* Make 2^order single pages, each with its own reference, of a block that is
 * not compound. Cost: all struct pages are written. */
void split_page(struct page *page, unsigned order);

/*
 * Up to n single pages into pages[]; entries that are not NULL are kept.
 * Returns the index of the first entry that stayed empty: n when all is well.
 */
unsigned alloc_pages_bulk(gfp_t gfp, unsigned n, struct page **pages);

/*
 * The frames [start, end) by number: all must be free now, or their owners let
 * go of them (mm/movable.h; nothing is migrated yet). Each is a page of its own with one reference, as after
 * split_page(). Context: may sleep.
 * Returns 0; -EBUSY if a frame of the range is in use; -EINVAL if the range
 * is empty, over 64 MiB, or not in one zone.
 */
int alloc_contig_range(pfn_t start, pfn_t end);
/* The same; *dropped grows by the frames that were let go, even on failure. */
int alloc_contig_range_drop(pfn_t start, pfn_t end, unsigned long *dropped);
void free_contig_range(pfn_t start, unsigned long nr);

/* Give this core's / every core's cached frames back to the zones. */
void drain_local_pages(void);
void drain_all_pages(void);	/* Context: interrupts on, no spinlock */

/* Text of a gfp_t, such as "GFP_KERNEL|__GFP_ZERO". */
struct seq_buf;
void gfp_format(struct seq_buf *s, gfp_t gfp);

#endif
