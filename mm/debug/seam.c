/* SPDX-License-Identifier: MIT */
/*
 * Where a test comes between two steps of others (include/mm/seam.h).
 *
 * Why not two threads and many rounds?  The lost write that the first seam was
 *   made for needs another core to write, mark and let go within four
 *   instructions: it was seen once in thousands of runs. A seam makes it happen
 *   in each. What is right whether or not another comes between costs nothing to
 *   try this way; what must not be interrupted has no seam.
 * Cost	   one load and one test in debug kernels; nothing in others.
 * Locks   a test sets seam_fn and clears it; a core that read it before may
 *	   still be on its way in, so the function looks whether page is the test's.
 */
#include <mm/seam.h>

#ifdef VELLUM_DEBUG
void (*seam_fn)(enum seam_place place, struct page *page);
#endif
