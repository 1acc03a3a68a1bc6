/* SPDX-License-Identifier: MIT */
/*
 * Pages whose owner can do without them: guests of CMA. See mm/phys/movable.c.
 *
 * An owner that allocates with __GFP_MOVABLE and wants its pages to be won
 * back marks each with its operations. It unmarks a page, under the lock that
 * its drop() takes, before it gives up its reference.
 */
#ifndef MM_MOVABLE_H
#define MM_MOVABLE_H

#include <mm/page.h>

struct movable_ops {
	const char *name;
	/*
	 * Let go of page: forget it, unmark it, give up the owner's
	 * reference. The caller holds one of its own. Context: may sleep.
	 * Returns 0; -ENOENT if the page is not the owner's (any more);
	 * -EBUSY if it is needed now.
	 */
	int (*drop)(struct page *page);
};

/* page: one frame, of state KERNEL, not compound, the caller's. */
void page_set_movable(struct page *page, const struct movable_ops *ops);
void page_clear_movable(struct page *page);
/* The operations of page, or NULL. The caller holds a reference. */
const struct movable_ops *page_movable_ops(struct page *page);

/*
 * Ask the owners of the frames [start, end) to let go of them.
 * Context: may sleep. Returns how many frames were let go.
 */
unsigned long movable_drop_range(pfn_t start, pfn_t end);

#endif
