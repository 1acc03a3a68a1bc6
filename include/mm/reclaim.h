/* SPDX-License-Identifier: MIT */
/*
 * Winning memory back: policy, scanning, kswapd. See mm/reclaim/.
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include <lib/types.h>
#include <mm/gfp.h>

struct page;

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

#endif
