/* SPDX-License-Identifier: MIT */
/*
 * Lists of pages that programs and files have, by how lately they were used.
 * See mm/reclaim/lru.c.
 */
#ifndef MM_LRU_H
#define MM_LRU_H

#include <kernel/lock.h>
#include <lib/list.h>
#include <lib/types.h>

struct page;
struct verify;
struct zone;

/* An active list stands behind its inactive one; file behind anonymous. */
enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_UNEVICTABLE,	/* counted, but on no list */
	NR_LRU_LISTS
};

#define LRU_ACTIVE	1	/* from an inactive list to its active one */
#define LRU_FILE	2	/* from an anonymous list to that of files */

/* The lists of one zone: lowmem and highmem are short on their own. */
struct lruvec {
	spinlock_t lock;	/* rank LRU; taken with irqs off */
	struct list_head lists[NR_LRU_LISTS];	/* newest first */
	unsigned long nr[NR_LRU_LISTS];		/* pages, exact */
	unsigned long nr_isolated[2];	/* taken off by reclaim: anon, file */
	/* What reclaim cost lately, for the balance of anon and file. */
	unsigned long anon_cost, file_cost;
};

void lruvec_init(struct lruvec *lruvec);

/*
 * page, in state ANON or CACHE and on no list, enters its zone's. The lists
 * hold no reference: who gives up the last one takes the page off. Context: any.
 */
void lru_add(struct page *page);
/* An anonymous page that nobody can see yet: cheaper. Its flags become those
 * of a page on the list. */
void lru_add_new_anon(struct page *page);
/*
 * The last reference of page, which has flags of the lists, is gone: off the
 * list, flags clear. Context: irqs off. mm/phys/page_alloc.c alone.
 */
void lru_page_freed(struct page *page);
/* The same of many at once; nr references are given up. Context: any. */
void release_pages(struct page **pages, unsigned nr);

/* It was used (by a call; a translation tells by itself). Context: any. */
void mark_page_accessed(struct page *page);
/* To the active list / to the old end of the inactive one. Context: any. */
void activate_page(struct page *page);
void lru_deactivate(struct page *page);
/* Written out: to the old end, so that reclaim meets it next. Context: any. */
void rotate_reclaimable_page(struct page *page);

/*
 * Reclaim takes up to nr pages of one list off, oldest first, each with a
 * reference, linked by user.lru. *scanned: how many were looked at.
 */
unsigned lru_isolate(struct lruvec *lruvec, enum lru_list lru, unsigned nr,
		     struct list_head *to, unsigned *scanned);
/* One page, if it is on a list. */
bool lru_isolate_page(struct page *page);
/* Back to where its flags say; the reference of the isolation goes. */
void lru_putback(struct page *page);
/* The same for all of a list, which is empty then. */
void lru_putback_pages(struct list_head *pages);
/*
 * nr pages that were taken off are nobody's (freeze_clean_page()): they are freed,
 * the references of the isolation with them. Context: any.
 */
void lru_isolated_gone(struct page **pages, unsigned nr);

/* One more / one less translation in a locked VMA. Context: any. */
void mlock_page(struct page *page);
void munlock_page(struct page *page);

/* Pages of one list, all zones. */
unsigned long lru_pages(enum lru_list lru);
const char *lru_name(enum lru_list lru);
/* Rules L4-L6 of lru.c. */
void lru_verify(struct verify *v);

#endif
