/* SPDX-License-Identifier: MIT */
/*
 * Winning memory back: policy, scanning, kswapd. See mm/reclaim/.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include <lib/types.h>
#include <mm/gfp.h>

struct page;
struct zone;

/* What becomes of a page at the old end of an inactive list. */
enum page_verdict {
	PAGE_RECLAIM,		/* it goes, if it can */
	PAGE_KEEP,		/* once more through the same list */
	PAGE_ACTIVATE,		/* to the active list */
};

/*
 * Which page goes: the part of reclaim that can be exchanged. Boot:
 * reclaim_policy=NAME.
 */
struct reclaim_policy {
	const char *name;
	bool two_lists;		/* is there an active list? */
	/* nr_used: translations used since it was last asked; exec: text. */
	enum page_verdict (*judge)(struct page *page, unsigned nr_used,
				   bool exec);
};

extern const struct reclaim_policy *reclaim_policy;

/* Share of anonymous pages in what is scanned, 0 to 200. */
extern int sysctl_swappiness;

/*
 * Win frames for a request that may sleep: how many, or 0 when nothing is left
 * to win. Context: may sleep; nothing locked that a page lock's holder waits for.
 */
unsigned long try_to_free_pages(gfp_t gfp, unsigned order);
/* Scan one zone's lists once, at priority (12: 1/4096 of each, 0: all), until nr
 * pages are won; and wait for what is written. How many. For the monitor and
 * tests. Context: may sleep. */
unsigned long reclaim_step(struct zone *zone, unsigned priority,
			   unsigned long nr);
struct list_head;
/*
 * Take these pages back, whether they were used or not: isolated, linked by
 * user.lru. Those that cannot go are put back on their lists. Context: may sleep;
 * an mmap_lock may be held for reading. How many were freed.
 */
unsigned reclaim_pages(struct list_head *pages);
/* Somebody gave memory back: kswapd, if it had given up, may try again. */
void kswapd_progress(void);

/* --- workingset.c: owner and index name a page: its file (NULL: its slot) --- */

void workingset_eviction(const void *owner, unsigned long index);
/* It comes back; true: it was taken too early, and should be active. */
bool workingset_refault(const void *owner, unsigned long index, bool file);
/* How many pages were evicted; distances are known in steps of *step. */
u32 workingset_evictions(unsigned *step);

#endif
