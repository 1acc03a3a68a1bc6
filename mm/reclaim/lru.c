/* SPDX-License-Identifier: MIT */
/*
 * The LRU lists: which page was used least recently, or nearly.
 *
 * Ideas
 *   To order pages by their last use one would have to see each use. What can
 *   be seen is one bit a translation, and calls like read(). So there are two
 *   lists, each a queue: new pages enter the inactive one, and at its old end
 *   it is asked once whether they were used meanwhile (a second chance):
 *
 *	new --> [ inactive  ........ ] --old, not used--> reclaimed
 *		     ^	       \ old, used
 *		     |		\--------> [ active ............ ]
 *		     \---------------------------- old end ----/
 *
 *   A page that is used once (a file that is read through) passes the inactive
 *   list and is gone; the active list does not notice.
 *   Anonymous pages and those of files have lists of their own, since one kind
 *   costs a write to swap and the other often nothing; how they are balanced
 *   says vmscan.c. Each zone has its four lists, so that what is short of lowmem
 *   looks at lowmem only.
 *   Unevictable  pages that a program has locked are on no list, so reclaim
 *   does not meet them. How many locked translations there are stands where
 *   the link would be (mlock_count).
 *
 * No reference, no batch
 *   A list holds no reference: a page's count is of those who use it, so that
 *   copy on write sees exactly whether it is alone. Linux gathers new pages in
 *   batches of 15 for each core before it takes the lists' lock; the batch
 *   holds a reference, and who must know the count drains all cores first.
 *   We take the lock for each new page: 20 instructions, of which one core
 *   in four waits seldom: a fault holds it for 15 of its 800. Pages that leave
 *   together, when a space ends, take it once for 128 (release_pages); those that
 *   reclaim has looked at, once for LRU_BATCH.
 *
 * The last reference
 *   Reclaim takes pages off with get_page_unless_zero(), under the lock. Whoever
 *   gives up the last reference comes here (lru_page_freed) and takes the lock
 *   too: a page whose count is 0 is left alone by all others.
 *
 * Invariants (lru_verify)
 *   L4  each list holds pages with PG_lru whose other flags name this list, and
 *	 nr of them.
 *   L5  a page in use by programs or files is on a list, or unevictable.
 *   L6  PG_unevictable goes with PG_mlocked and a mlock_count above 0; nr_mlock
 *	 is the number of pages with PG_mlocked.
 * Locks   lruvec->lock, irqs off; nothing is taken under it.
 * Cost    a constant each.
 * Questions a reader asks
 *   Is mlock_count right while reclaim has the page off its list?  No: the
 *	field is the link then. What is put back counts as locked once; if two
 *	had it locked, the first munlock makes it evictable until reclaim
 *	meets the other's VMA. Linux has lived with that since 5.18.
 * Sources  Corbato, "A paging experiment with the Multics system", 1968 (the
 *	    used bit, clock); Babaoglu and Joy, SOSP 1981; Gorman, chapter 10;
 *	    Hugh Dickins, "mm/munlock: rework of mlock+munlock page handling",
 *	    Linux 5.18.
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <mm/hooks.h>
#include <mm/lru.h>
#include <mm/page.h>
#include <mm/reclaim.h>
#include <mm/verify.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

/* What freeing clears without asking: how the page was used. */
#define LRU_FLAGS	(PG_lru | PG_active | PG_unevictable | PG_mlocked | \
			 PG_swapbacked | PG_referenced | PG_workingset | \
			 PG_dirty | PG_uptodate | PG_reclaim | PG_error | \
			 PG_readahead)

#define LRU_BATCH	16u	/* put back under one hold of the lock */

static const char *const lru_names[NR_LRU_LISTS] = {
	"inactive_anon", "active_anon", "inactive_file", "active_file",
	"unevictable",
};

static inline void
set_flags(struct page *page, u32 flags)
{
	__atomic_fetch_or(&page->flags, flags, __ATOMIC_RELAXED);
}

static inline void
clear_flags(struct page *page, u32 flags)
{
	__atomic_fetch_and(&page->flags, ~flags, __ATOMIC_RELAXED);
}

static inline struct lruvec *
page_lruvec(const struct page *page)
{
	return &zone_table[page_zone_index(page)]->lruvec;
}

void
lruvec_init(struct lruvec *lruvec)
{
	spin_lock_init(&lruvec->lock, LOCK_LRU);
	for (unsigned i = 0; i < NR_LRU_LISTS; i++) {
		INIT_LIST_HEAD(&lruvec->lists[i]);
		lruvec->nr[i] = 0;
	}
}

/* The list that the flags name. */
static inline enum lru_list
list_of(u32 flags)
{
	if (unlikely(flags & PG_unevictable))
		return LRU_UNEVICTABLE;
	return (flags & PG_swapbacked ? 0 : LRU_FILE) +
	       (flags & PG_active ? LRU_ACTIVE : 0);
}

static inline void
link_page(struct lruvec *lruvec, struct page *page, enum lru_list lru)
{
	list_add(&page->user.lru, &lruvec->lists[lru]);
	lruvec->nr[lru]++;
}

/* Off its list, whichever. Held: the lock. */
static inline void
unlink_page(struct lruvec *lruvec, struct page *page)
{
	enum lru_list lru = list_of(page->flags);

	if (likely(lru != LRU_UNEVICTABLE))
		list_del(&page->user.lru);
	lruvec->nr[lru]--;
}

/* --- coming ----------------------------------------------------------------- */

void
lru_add_new_anon(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags;

	page->flags |= PG_lru | PG_swapbacked;
	flags = spin_lock_irqsave(&lruvec->lock);
	link_page(lruvec, page, LRU_INACTIVE_ANON);
	spin_unlock_irqrestore(&lruvec->lock, flags);
}

void
lru_add(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);

	set_flags(page, PG_lru);
	link_page(lruvec, page, list_of(page->flags));
	spin_unlock_irqrestore(&lruvec->lock, flags);
}

/* --- going ------------------------------------------------------------------ */

/* Held: the lock. The page is nobody's. */
static inline void
forget_page(struct lruvec *lruvec, struct page *page)
{
	u32 flags = page->flags;
	enum lru_list lru = list_of(flags);

	if (likely(flags & PG_lru)) {
		if (likely(lru != LRU_UNEVICTABLE))
			list_unlink(&page->user.lru);
		lruvec->nr[lru]--;
	}
	if (unlikely(flags & PG_mlocked))
		mod_zone_page_state(page_zone(page), NR_MLOCK, -1);
	page->flags = flags & ~LRU_FLAGS;
}

void
lru_page_freed(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);

	forget_page(lruvec, page);
	spin_unlock_irqrestore(&lruvec->lock, flags);
}

/*
 * Two passes: who still has references is out of it after the first; the lock
 * is kept from page to page of one zone in the second.
 */
void
release_pages(struct page **pages, unsigned nr)
{
	unsigned long flags = local_irq_save();
	struct lruvec *held = NULL, *lruvec;
	unsigned i, last = 0;

	for (i = 0; i < nr; i++) {
		struct page *page = pages[i];

		if (unlikely(page_order(page) ||
			     page_state(page) == PAGE_STATE_TAIL)) {
			put_page(page);
			continue;
		}
		if (put_page_testzero(page))
			pages[last++] = page;
	}
	for (i = 0; i < last; i++) {
		if (!(pages[i]->flags & (PG_lru | PG_swapbacked)))
			continue;
		lruvec = page_lruvec(pages[i]);
		if (lruvec != held) {
			if (held)
				spin_unlock(&held->lock);
			spin_lock(&lruvec->lock);
			held = lruvec;
		}
		forget_page(lruvec, pages[i]);
	}
	if (held)
		spin_unlock(&held->lock);
	free_unreferenced_pages(pages, last);
	local_irq_restore(flags);
}

/* --- moving ----------------------------------------------------------------- */

/* To the list that flags name after the change; tail: its old end. */
static void
move_page(struct page *page, u32 set, u32 clear, bool tail)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);
	enum lru_list lru;

	if ((page->flags & (PG_lru | PG_unevictable)) == PG_lru) {
		unlink_page(lruvec, page);
		set_flags(page, set);
		clear_flags(page, clear);
		lru = list_of(page->flags);
		link_page(lruvec, page, lru);
		if (tail)
			list_move_tail(&page->user.lru, &lruvec->lists[lru]);
	}
	spin_unlock_irqrestore(&lruvec->lock, flags);
}

void
activate_page(struct page *page)
{
	if (page->flags & PG_active)
		return;
	page_life(page, ACTIVATE, 0);
	move_page(page, PG_active, PG_referenced, false);
	count_vm_event(PGACTIVATE);
}

void
lru_deactivate(struct page *page)
{
	page_life(page, DEACTIVATE, 0);
	if (page->flags & PG_lru)
		count_vm_event(PGDEACTIVATE);
	move_page(page, 0, PG_active | PG_referenced, true);
}

void
rotate_reclaimable_page(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags;

	if (page->flags & (PG_active | PG_dirty | PG_locked))
		return;
	flags = spin_lock_irqsave(&lruvec->lock);
	if ((page->flags & (PG_lru | PG_unevictable)) == PG_lru)
		list_move_tail(&page->user.lru,
			       &lruvec->lists[list_of(page->flags)]);
	spin_unlock_irqrestore(&lruvec->lock, flags);
	count_vm_event(PGROTATED);
}

/*
 *	inactive, not referenced -> inactive, referenced -> active
 */
void
mark_page_accessed(struct page *page)
{
	u32 flags = READ_ONCE(page->flags);

	if (!(flags & PG_referenced))
		set_flags(page, PG_referenced);
	else if (!(flags & (PG_active | PG_unevictable)) && flags & PG_lru &&
		 reclaim_policy->two_lists)
		activate_page(page);
}

/* --- reclaim ---------------------------------------------------------------- */

unsigned
lru_isolate(struct lruvec *lruvec, enum lru_list lru, unsigned nr,
	    struct list_head *to, unsigned *scanned)
{
	struct list_head *list = &lruvec->lists[lru];
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);
	unsigned taken = 0;

	for (*scanned = 0; *scanned < nr && !list_empty(list); ++*scanned) {
		struct page *page = list_last_entry(list, struct page,
						    user.lru);

		if (!get_page_unless_zero(page)) {
			/* Its last owner waits for our lock. */
			list_move(&page->user.lru, list);
			continue;
		}
		list_move(&page->user.lru, to);
		lruvec->nr[lru]--;
		clear_flags(page, PG_lru);
		page_life(page, ISOLATE, 0);
		taken++;
	}
	lruvec->nr_isolated[lru >= LRU_INACTIVE_FILE] += taken;
	spin_unlock_irqrestore(&lruvec->lock, flags);
	return taken;
}

bool
lru_isolate_page(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);
	bool taken = (page->flags & (PG_lru | PG_unevictable)) == PG_lru &&
		     get_page_unless_zero(page);

	if (taken) {
		page_life(page, ISOLATE, 0);
		unlink_page(lruvec, page);
		clear_flags(page, PG_lru);
		lruvec->nr_isolated[!(page->flags & PG_swapbacked)]++;
	}
	spin_unlock_irqrestore(&lruvec->lock, flags);
	return taken;
}

/* Held: the lock. */
static inline void
putback_locked(struct lruvec *lruvec, struct page *page)
{
	page_life(page, PUTBACK, 0);
	lruvec->nr_isolated[!(page->flags & PG_swapbacked)]--;
	set_flags(page, PG_lru);
	if (unlikely(page->flags & PG_mlocked)) {
		clear_flags(page, PG_active);
		set_flags(page, PG_unevictable);
		page->user.lru.prev = (struct list_head *)1;
		lruvec->nr[LRU_UNEVICTABLE]++;
	} else {
		link_page(lruvec, page, list_of(page->flags));
	}
}

void
lru_putback(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);

	putback_locked(lruvec, page);
	spin_unlock_irqrestore(&lruvec->lock, flags);
	put_page(page);
}

/* Those at the head of pages that are of one zone. Returns how many. */
static unsigned
putback_some(struct list_head *pages, struct page **done)
{
	struct page *page = list_first_entry(pages, struct page, user.lru);
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);
	unsigned n = 0;

	do {
		list_del(&page->user.lru);
		putback_locked(lruvec, page);
		done[n++] = page;
		page = list_first_entry(pages, struct page, user.lru);
	} while (n < LRU_BATCH && !list_empty(pages) &&
		 page_lruvec(page) == lruvec);
	spin_unlock_irqrestore(&lruvec->lock, flags);
	return n;
}

void
lru_putback_pages(struct list_head *pages)
{
	struct page *done[LRU_BATCH];

	while (!list_empty(pages))
		release_pages(done, putback_some(pages, done));
}

void
lru_isolated_gone(struct page **pages, unsigned nr)
{
	unsigned i = 0;

	while (i < nr) {
		struct lruvec *lruvec = page_lruvec(pages[i]);
		unsigned long flags = spin_lock_irqsave(&lruvec->lock);

		for (; i < nr && page_lruvec(pages[i]) == lruvec; i++) {
			lruvec->nr_isolated[!(pages[i]->flags &
					      PG_swapbacked)]--;
			atomic_set(&pages[i]->refcount, 1);
		}
		spin_unlock_irqrestore(&lruvec->lock, flags);
	}
	release_pages(pages, nr);
}

/* --- locked in memory ------------------------------------------------------- */

static unsigned long
mlock_count(const struct page *page)
{
	return (unsigned long)page->user.lru.prev;
}

static void
set_mlock_count(struct page *page, unsigned long count)
{
	page->user.lru.prev = (struct list_head *)count;
}

void
mlock_page(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags;

	if (page_state(page) < PAGE_STATE_ANON || page_order(page))
		return;			/* a driver's */
	flags = spin_lock_irqsave(&lruvec->lock);
	if (!(page->flags & PG_mlocked)) {
		set_flags(page, PG_mlocked);
		mod_zone_page_state(page_zone(page), NR_MLOCK, 1);
		count_vm_event(UNEVICTABLE_PGMLOCKED);
	}
	if (page->flags & PG_unevictable) {
		set_mlock_count(page, mlock_count(page) + 1);
	} else if (page->flags & PG_lru) {
		unlink_page(lruvec, page);
		clear_flags(page, PG_active);
		set_flags(page, PG_unevictable);
		set_mlock_count(page, 1);
		lruvec->nr[LRU_UNEVICTABLE]++;
	}
	spin_unlock_irqrestore(&lruvec->lock, flags);
}

void
munlock_page(struct page *page)
{
	struct lruvec *lruvec = page_lruvec(page);
	unsigned long flags = spin_lock_irqsave(&lruvec->lock);

	if (page->flags & PG_unevictable && mlock_count(page) > 1) {
		set_mlock_count(page, mlock_count(page) - 1);
	} else if (page->flags & PG_mlocked) {
		clear_flags(page, PG_mlocked);
		mod_zone_page_state(page_zone(page), NR_MLOCK, -1);
		count_vm_event(UNEVICTABLE_PGMUNLOCKED);
		if (page->flags & PG_unevictable) {
			clear_flags(page, PG_unevictable);
			lruvec->nr[LRU_UNEVICTABLE]--;
			link_page(lruvec, page, list_of(page->flags));
		}
	}
	spin_unlock_irqrestore(&lruvec->lock, flags);
}

/* --- looking ---------------------------------------------------------------- */

unsigned long
lru_pages(enum lru_list lru)
{
	unsigned long sum = 0;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i)
		sum += READ_ONCE(zone->lruvec.nr[lru]);
	return sum;
}

const char *
lru_name(enum lru_list lru)
{
	return lru_names[lru];
}

/* L4 of one list. */
static void
verify_list(struct verify *v, const struct zone *zone, enum lru_list lru)
{
	const struct lruvec *lruvec = &zone->lruvec;
	const struct list_head *list = &lruvec->lists[lru];
	unsigned long n = 0;
	struct page *page;

	list_for_each_entry(page, list, user.lru) {
		VERIFY(v, page->flags & PG_lru && list_of(page->flags) == lru,
		       "L4", "lru: pfn %#lx with flags %#x is on %s",
		       (unsigned long)page_to_pfn(page), page->flags,
		       lru_names[lru]);
		if (++n > lruvec->nr[lru])
			break;
	}
	VERIFY(v, n == lruvec->nr[lru], "L4",
	       "lru: %s of %s has %lu pages, counted %lu", lru_names[lru],
	       zone->name, n, lruvec->nr[lru]);
}

/* What all frames together say. */
struct frames_seen {
	unsigned long unevictable, mlocked;
};

static void
verify_frame(struct verify *v, struct page *page, struct frames_seen *seen)
{
	enum page_state state = page_state(page);
	bool in_use = state == PAGE_STATE_SWAPCACHE ||
		      (state == PAGE_STATE_ANON && !page_order(page)) ||
		      (state == PAGE_STATE_CACHE && page->user.mapping);

	if (state < PAGE_STATE_ANON || state == PAGE_STATE_CMA)
		return;
	VERIFY(v, !in_use || page->flags & PG_lru, "L5",
	       "lru: pfn %#lx is %s and on no list",
	       (unsigned long)page_to_pfn(page), page_state_name(state));
	seen->mlocked += !!(page->flags & PG_mlocked);
	if (!(page->flags & PG_unevictable))
		return;
	seen->unevictable++;
	VERIFY(v, page->flags & PG_mlocked && mlock_count(page), "L6",
	       "lru: pfn %#lx is unevictable, but locked by nobody",
	       (unsigned long)page_to_pfn(page));
}

void
lru_verify(struct verify *v)
{
	struct frames_seen seen = { 0, 0 };
	unsigned long unevictable = 0;
	struct zone *zone;
	struct page *page;
	unsigned i, lru;

	for_each_zone(zone, i) {
		for (lru = 0; lru < LRU_UNEVICTABLE; lru++)
			verify_list(v, zone, lru);
		unevictable += zone->lruvec.nr[LRU_UNEVICTABLE];
	}
	verify_for_each_user(page)
		verify_frame(v, page, &seen);
	VERIFY(v, seen.unevictable == unevictable, "L6",
	       "lru: %lu pages are unevictable, counted %lu",
	       seen.unevictable, unevictable);
	VERIFY(v, seen.mlocked == global_zone_page_state(NR_MLOCK), "L6",
	       "lru: %lu pages are locked, nr_mlock says %lu", seen.mlocked,
	       global_zone_page_state(NR_MLOCK));
}

static struct verify_module lru_module = { .name = "lru", .fn = lru_verify };

static int __init
lru_init(void)
{
	verify_register(&lru_module);
	return 0;
}
early_initcall(lru_init);
