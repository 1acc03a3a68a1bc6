/* SPDX-License-Identifier: MIT */
/*
 * Seams: places between two steps where another core may come between, and where
 * in a debug kernel a test can: it does there itself what the other would do.
 * So a race of a few instructions happens each time, on one core, too.
 */
#ifndef MM_SEAM_H
#define MM_SEAM_H

struct page;

enum seam_place {
	/* freeze_clean_page(): between its two questions. Held: the lock under
	 * which the cache gives references out. */
	SEAM_FREEZE,
	/* access_remote_vm(): page is found, and not touched yet. Held:
	 * mmap_lock, reading, and a reference. Context: may sleep. */
	SEAM_REMOTE,
	/* do_userfault(): nothing is there, and nobody was asked yet. page: NULL.
	 * Held: mmap_lock, reading. */
	SEAM_USERFAULT,
	/* switch_task(): who runs next is chosen, and nobody knows yet. page:
	 * NULL. Held: this core's run queue. */
	SEAM_SWITCH,
};

#ifdef VELLUM_DEBUG
/* The test's, or NULL. Called for all pages: it looks for its own. */
extern void (*seam_fn)(enum seam_place place, struct page *page);

static inline void
seam(enum seam_place place, struct page *page)
{
	void (*fn)(enum seam_place, struct page *) =
		__atomic_load_n(&seam_fn, __ATOMIC_RELAXED);

	if (__builtin_expect(fn != 0, 0))
		fn(place, page);
}
#else
#define seam(place, page)	((void)0)
#endif

#endif
