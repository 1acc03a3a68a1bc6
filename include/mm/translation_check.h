/* SPDX-License-Identifier: MIT */
/*
 * Frames that change hands while a core may still remember where they were
 * mapped (debug builds; mm/debug/translation_check.c). Empty otherwise.
 */
#ifndef MM_TRANSLATION_CHECK_H
#define MM_TRANSLATION_CHECK_H

#include <asm/tlbcheck.h>
#include <mm/page.h>

#if TLBCHECK
void translation_check_bad(struct page *page, const char *what,
			   const struct stale_translation *stale);

/* The page allocator takes the block back, or hands it out. */
static inline void
translation_check_frames(struct page *page, unsigned order, const char *what)
{
	struct stale_translation stale;

	if (unlikely(tlbcheck_nr_stale()) &&
	    tlbcheck_find(page_to_phys(page), 1ul << order, &stale))
		translation_check_bad(page, what, &stale);
}
#else
#define translation_check_frames(page, order, what)	((void)0)
#endif

#endif
