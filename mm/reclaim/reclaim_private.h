/* SPDX-License-Identifier: MIT */
/* What the files of mm/reclaim share. */
#ifndef MM_RECLAIM_PRIVATE_H
#define MM_RECLAIM_PRIVATE_H

#include <mm/reclaim.h>

struct zone;

#define DEF_PRIORITY		12	/* begin with 1/4096 of each list */
#define SWAP_CLUSTER_MAX	32u	/* pages that are handled at once */

/* One reclaim on its way. */
struct scan_control {
	gfp_t gfp;
	unsigned order;
	unsigned classzone;		/* zones up to this type will do */
	unsigned priority;
	unsigned batch;			/* pages handled at once */
	bool kswapd;			/* it may write pages of files */
	bool even_used;			/* not asked whether they were used */
	unsigned long nr_to_reclaim;
	unsigned long nr_scanned, nr_reclaimed;
	unsigned long nr_in_use;	/* pages that stay, because they were
					 * used: the next time perhaps not */
	struct page *writing;		/* one under write-back, with a
					 * reference: to wait for; or NULL */
};

/* Scan zone's lists once, at sc->priority. Context: may sleep. */
void shrink_zone(struct zone *zone, struct scan_control *sc);
/* Wait for sc->writing, and let it go. wait: false: only let it go. */
void reclaim_wait(struct scan_control *sc, bool wait);

#endif
