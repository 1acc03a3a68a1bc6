/* SPDX-License-Identifier: MIT */
/*
 * Taking pages back: scanning the lists.
 *
 *	try_to_free_pages / kswapd		how long, and for which zones
 *	  shrink_zone		one zone, at one priority: how many of each list
 *	    shrink_active_list	  old end of active -> inactive
 *	    shrink_inactive_list  32 pages off the old end of inactive, then
 *	      shrink_page_list	    for each:
 *
 *	locked by somebody	keep	(never wait for a page lock here: who asked
 *					for memory may hold one)
 *	mlocked			cull	it is unevictable
 *	under write-back	keep, marked PG_reclaim: its end rotates it to the
 *				old end, where it is met next
 *	used since		active, or once more (policy.c)
 *	anonymous, no slot	give it one; none left: keep
 *	mapped			take the translations away (rmap.c)
 *	shared memory		a slot takes its place in the file (shmem_swap.c)
 *	dirty			write it; when that is done it is clean
 *	clean, nobody has it	FREE
 *
 * Priority  12 means: look at 1/4096 of each list; if that did not win enough,
 *   11: 1/2048 ... 0: all. So light pressure disturbs little, and despair
 *   looks at everything before it says that nothing is left.
 *
 * Anonymous or file  swappiness (0 to 200) is the share of anonymous pages in
 *   what is scanned, when both cost the same. Who is found in use after all,
 *   or was brought back (refault), raises the cost of its kind, and the other
 *   is scanned more:
 *	share of anon  =  swappiness / (all + anon_cost)
 *	share of file  =  (200 - swappiness) / (all + file_cost)
 *   Without free swap only files are scanned; at priority 0 all.
 *
 * Waiting  When a round won too little and met a page that is being written, it
 *   waits for that page. So who asks for memory goes no faster than the
 *   disk, and needs no timeout. (Linux sleeps for a part of a tenth of
 *   a second, until somebody wakes it.)
 * Writing  Whoever asks for memory may write to swap, which calls no file system;
 *   dirty pages of files are left to kswapd and the flusher, since the
 *   stack may be deep already and a file system may be on it.
 *   What is written of one list leaves together (plug): slots were given in
 *   order, so it is one request to the disk.
 * No recursion  task->memalloc: who reclaims gets frames below the watermarks, and
 *   does not reclaim again.
 *
 * Locks   page lock (tried) -> rmap's -> tree_lock, swap_lock; lruvec->lock alone.
 * Cost    about 400 instructions for a page that is dropped; 1 500 one that goes to
 *	   zram or a disk, without the compression.
 * Sources  Gorman, chapter 10; Linux's documentation of sysctl vm (swappiness);
 *	    Johannes Weiner, "mm: balance LRU lists based on relative thrashing"
 *	    (2020), for the costs.
 */
#include <kernel/init.h>
#include <kernel/plug.h>
#include <kernel/sched.h>
#include <mm/hooks.h>
#include <mm/lru.h>
#include <mm/mm.h>
#include <mm/pagecache.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <mm/swap.h>
#include <mm/trace.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>
#include <mm/zone.h>
#include "reclaim_private.h"

#define MAX_PASSES	16u
#define FREE_BATCH	8u	/* so few that they may wait for the disk */

int sysctl_swappiness = 60;

enum outcome {
	FREED,		/* its last reference is ours: to be freed */
	KEPT,		/* locked still; back to its list */
	ACTIVATED,	/* the same, to the active one */
	WRITTEN,	/* on its way, and unlocked */
};

static inline void
set_flags(struct page *page, u32 flags)
{
	__atomic_fetch_or(&page->flags, flags, __ATOMIC_RELAXED);
}

static bool
is_file(const struct page *page)
{
	return !(page->flags & PG_swapbacked);
}

/* --- one page: held: its lock, and the reference of the isolation ------------- */

/*
 * Nobody but us and its cache: out of that. True: it is nobody's.
 *
 * A page that was just written was unlocked meanwhile. Its owner may have ended:
 * then it is in no cache, and mapping is no file's. Who gave it up left our
 * reference, and it goes with that.
 */
static bool
take_from_cache(struct page *page)
{
	unsigned long index = page->user.index;
	u32 slot = 0;

	if (page_state(page) == PAGE_STATE_SWAPCACHE) {
		slot = (u32)page->user.private;
		if (!remove_from_swap_cache(page))
			return false;
		workingset_eviction(NULL, slot);
	} else if (page_state(page) != PAGE_STATE_CACHE ||
		   !page->user.mapping || !remove_mapping(page)) {
		return false;
	}
	trace_mm_vmscan_evict(page, index, slot);
	return true;
}

/* Start to write page, which is dirty and not mapped any more. */
static enum outcome
pageout(struct page *page, struct scan_control *sc)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = 1,
	};
	struct address_space *mapping = page->user.mapping;
	bool file = is_file(page);

	if (!(sc->gfp & __GFP_IO) ||
	    (file && (!sc->kswapd || !(sc->gfp & __GFP_FS) ||
		      !mapping->ops->write_page))) {
		set_flags(page, PG_reclaim);
		return KEPT;
	}
	if (!clear_page_dirty_for_io(page))
		return KEPT;
	set_flags(page, PG_reclaim);
	trace_mm_vmscan_write_folio(page);
	if (file)
		write_locked_page(mapping, page, &wbc);
	else
		swap_writepage(page);
	return WRITTEN;
}

static enum outcome
note_writeback(struct page *page, struct scan_control *sc)
{
	set_flags(page, PG_reclaim);
	if (!sc->writing) {
		get_page(page);
		sc->writing = page;
	}
	return KEPT;
}

/* A page of shared memory that is not in the swap cache. */
static bool
is_shmem(const struct page *page)
{
	return page_state(page) == PAGE_STATE_CACHE && !is_file(page);
}

/* Anonymous memory needs a slot before it can go; shared gets it when it is
 * not mapped any more. */
static bool
may_get_slot(struct page *page, const struct scan_control *sc)
{
	if (is_shmem(page))
		return sc->gfp & __GFP_IO && !page_maybe_pinned(page) &&
		       nr_free_swap_pages();
	if (page_state(page) != PAGE_STATE_ANON)
		return true;
	/* One without translations is just being made, or just gone. */
	return sc->gfp & __GFP_IO && page_mapcount(page) &&
	       !page_maybe_pinned(page) && add_to_swap(page);
}

static enum outcome
shrink_page(struct page *page, struct scan_control *sc)
{
	enum page_verdict verdict;
	unsigned used;
	bool exec;

	if (page->flags & PG_mlocked)
		return KEPT;
	if (page->flags & PG_writeback)
		return note_writeback(page, sc);
	used = page_referenced(page, &exec);
	verdict = reclaim_policy->judge(page, used, exec);
	if (verdict != PAGE_RECLAIM && !sc->even_used) {
		sc->nr_in_use++;
		return verdict == PAGE_ACTIVATE ? ACTIVATED : KEPT;
	}
	if (!may_get_slot(page, sc))
		return ACTIVATED;
	if (page_mapcount(page) && !try_to_unmap(page))
		return ACTIVATED;
	if (is_shmem(page) && !shmem_swap_out(page))
		return ACTIVATED;
	if (page->flags & PG_dirty) {
		enum outcome out = pageout(page, sc);

		if (out != WRITTEN)
			return out;
		/* A disk in memory has done it already. */
		if (page->flags & (PG_writeback | PG_dirty) ||
		    !trylock_page(page))
			return WRITTEN;
	}
	return take_from_cache(page) ? FREED : KEPT;
}

/* Pages that have been looked at: many leave under one hold of a lock. */
struct looked_at {
	struct list_head kept;
	struct page *gone[FREE_BATCH];	/* nobody's */
	unsigned nr_gone;
	unsigned nr_freed;
};

static void
free_gone(struct looked_at *done)
{
	lru_isolated_gone(done->gone, done->nr_gone);
	done->nr_freed += done->nr_gone;
	done->nr_gone = 0;
}

/* page has been judged: what is to become of it, and its lock. */
static void
settle(struct page *page, enum outcome out, struct looked_at *done)
{
	if (out == WRITTEN) {
		lru_putback(page);	/* at once: its end rotates it */
		return;
	}
	unlock_page(page);
	if (out == FREED) {
		done->gone[done->nr_gone++] = page;
		if (done->nr_gone == FREE_BATCH)
			free_gone(done);
		return;
	}
	if (out == ACTIVATED) {
		struct lruvec *lruvec = &page_zone(page)->lruvec;

		/* Looked at in vain: this kind is dear. */
		if (is_file(page))
			lruvec->file_cost++;
		else
			lruvec->anon_cost++;
		if (reclaim_policy->two_lists)
			set_flags(page, PG_active);
		count_vm_event(PGACTIVATE);
	}
	list_add_tail(&page->user.lru, &done->kept);
}

/* All pages of list. Returns how many were freed. */
static unsigned
shrink_page_list(struct list_head *list, struct scan_control *sc)
{
	struct looked_at done = { .nr_gone = 0 };
	struct blk_plug plug;
	struct page *page;

	INIT_LIST_HEAD(&done.kept);
	blk_start_plug(&plug);
	while (!list_empty(list)) {
		enum outcome out;

		page = list_first_entry(list, struct page, user.lru);
		list_del(&page->user.lru);
		cond_resched();
		if (!trylock_page(page)) {
			list_add_tail(&page->user.lru, &done.kept);
			continue;
		}
		/* What left its file meanwhile goes with our reference. */
		out = page_state(page) == PAGE_STATE_CACHE &&
		      !page->user.mapping ? KEPT : shrink_page(page, sc);
		settle(page, out, &done);
	}
	free_gone(&done);
	lru_putback_pages(&done.kept);
	blk_finish_plug(&plug);
	return done.nr_freed;
}

/* --- one list ------------------------------------------------------------------- */

static void
count_scan(const struct scan_control *sc, bool file, unsigned scanned,
	   unsigned freed)
{
	count_vm_events(sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, scanned);
	count_vm_events(sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, freed);
	count_vm_events(file ? PGSCAN_FILE : PGSCAN_ANON, scanned);
	count_vm_events(file ? PGSTEAL_FILE : PGSTEAL_ANON, freed);
}

/* Have others taken so much off that the lists say nothing? */
static bool
too_many_isolated(const struct lruvec *lruvec, bool file)
{
	return READ_ONCE(lruvec->nr_isolated[file]) >
	       READ_ONCE(lruvec->nr[LRU_INACTIVE_ANON + file * LRU_FILE]) / 2 +
	       SWAP_CLUSTER_MAX;
}

static void
shrink_inactive_list(struct zone *zone, enum lru_list lru, unsigned nr,
		     struct scan_control *sc)
{
	bool file = lru >= LRU_INACTIVE_FILE;
	unsigned scanned, freed;
	LIST_HEAD(list);

	if (!sc->kswapd && too_many_isolated(&zone->lruvec, file))
		usleep(1000);
	lru_isolate(&zone->lruvec, lru, nr, &list, &scanned);
	trace_mm_vmscan_lru_isolate(lru, nr, scanned);
	freed = shrink_page_list(&list, sc);
	trace_mm_vmscan_lru_shrink_inactive(lru, scanned, freed, sc->priority);
	count_scan(sc, file, scanned, freed);
	sc->nr_scanned += scanned;
	sc->nr_reclaimed += freed;
}

/*
 * Pages are not asked whether they were used: that is asked at the end of the
 * inactive list. Only text that runs stays, since every program waits for it.
 */
static void
shrink_active_list(struct zone *zone, enum lru_list lru, unsigned nr,
		   unsigned priority)
{
	unsigned scanned, deactivated = 0;
	struct page *page;
	LIST_HEAD(list);

	lru_isolate(&zone->lruvec, lru, nr, &list, &scanned);
	count_vm_events(PGREFILL, scanned);
	list_for_each_entry(page, &list, user.lru) {
		bool exec = false;

		if (lru == LRU_ACTIVE_FILE && page_mapcount(page) &&
		    trylock_page(page)) {
			page_referenced(page, &exec);
			unlock_page(page);
		}
		if (!exec) {
			__atomic_fetch_and(&page->flags, ~PG_active,
					   __ATOMIC_RELAXED);
			deactivated++;
		}
	}
	count_vm_events(PGDEACTIVATE, deactivated);
	lru_putback_pages(&list);
	trace_mm_vmscan_lru_shrink_active(lru, scanned, deactivated, priority);
}

/*
 * Is the inactive list too short to tell who is used?  The larger the memory,
 * the smaller a share will do: 1:1 up to 256 MiB, 1:3 at 1 GiB.
 */
static bool
inactive_is_low(const struct lruvec *lruvec, enum lru_list inactive)
{
	unsigned long in = lruvec->nr[inactive];
	unsigned long active = lruvec->nr[inactive + LRU_ACTIVE];
	unsigned long ratio = in + active > 512 * SZ_1M / PAGE_SIZE ? 3 : 1;

	return in * ratio < active;
}

static void
shrink_list(struct zone *zone, enum lru_list lru, unsigned long nr,
	    struct scan_control *sc)
{
	while (nr && sc->nr_reclaimed < sc->nr_to_reclaim) {
		unsigned n = (unsigned)min(nr, (unsigned long)sc->batch);

		if (inactive_is_low(&zone->lruvec, lru))
			shrink_active_list(zone, lru + LRU_ACTIVE, n,
					   sc->priority);
		shrink_inactive_list(zone, lru, n, sc);
		nr -= n;
	}
}

/* --- one zone -------------------------------------------------------------------- */

/*
 * Parts of 256 of the scan that go to anonymous pages. The costs count on top of
 * their sum, so that no kind is scanned less than a third of the other for it.
 */
static unsigned
anon_share(const struct zone *zone, struct lruvec *lruvec)
{
	unsigned long swappiness = (unsigned)READ_ONCE(sysctl_swappiness);
	unsigned long cost = lruvec->anon_cost + lruvec->file_cost;
	unsigned long anon, file;

	if (!nr_free_swap_pages() || !swappiness)
		return 0;
	/* So few pages of files that they could not help. */
	if (lruvec->nr[LRU_INACTIVE_FILE] + lruvec->nr[LRU_ACTIVE_FILE] <=
	    zone->watermark[WMARK_HIGH])
		return 256;
	if (cost > 4096) {		/* what was long ago counts half */
		lruvec->anon_cost /= 2;
		lruvec->file_cost /= 2;
	}
	anon = swappiness * (3 * cost + 1) / (cost + lruvec->anon_cost + 1);
	file = (200 - swappiness) * (3 * cost + 1) /
	       (cost + lruvec->file_cost + 1);
	return (unsigned)(256 * anon / (anon + file + 1));
}

/* How much of a list of nr pages, where only every 2^priority-th is wanted. A
 * short list is not passed over for ever. */
static unsigned long
scan_share(unsigned long nr, unsigned priority, unsigned share)
{
	unsigned long scan = nr >> priority;

	if (!scan && nr)
		scan = min(nr, (unsigned long)SWAP_CLUSTER_MAX);
	return priority ? (scan * share + 255) / 256 : scan;
}

void
shrink_zone(struct zone *zone, struct scan_control *sc)
{
	struct lruvec *lruvec = &zone->lruvec;
	unsigned share = anon_share(zone, lruvec);
	unsigned long anon, file;

	anon = lruvec->nr[LRU_INACTIVE_ANON] + lruvec->nr[LRU_ACTIVE_ANON];
	file = lruvec->nr[LRU_INACTIVE_FILE] + lruvec->nr[LRU_ACTIVE_FILE];
	shrink_list(zone, LRU_INACTIVE_FILE,
		    scan_share(file, sc->priority, 256 - share), sc);
	if (share)
		shrink_list(zone, LRU_INACTIVE_ANON,
			    scan_share(anon, sc->priority, share), sc);
}

void
reclaim_wait(struct scan_control *sc, bool wait)
{
	if (!sc->writing)
		return;
	if (wait && sc->gfp & __GFP_IO)
		wait_on_page_writeback(sc->writing);
	put_page(sc->writing);
	sc->writing = NULL;
}

/* --- whoever asks for memory ---------------------------------------------------- */

/* Is there enough, whoever won it? */
static bool
enough_free(const struct zonelist *zonelist, const struct scan_control *sc)
{
	for (unsigned i = 0; i < zonelist->nr; i++) {
		struct zone *zone = zonelist->zones[i];

		if (zone->watermark[WMARK_LOW] &&
		    zone_watermark_ok(zone, sc->order,
				      zone->watermark[WMARK_LOW],
				      sc->classzone, 0))
			return true;
	}
	return false;
}

/* From priority 12 down to 0, until enough is won. */
static void
try_all_priorities(struct scan_control *sc)
{
	const struct zonelist *zonelist = &NODE_DATA(cpu_to_node(
		smp_processor_id()))->node_zonelists[0][sc->classzone];
	int priority;

	for (priority = DEF_PRIORITY; priority >= 0; priority--) {
		sc->priority = (unsigned)priority;
		for (unsigned i = 0; i < zonelist->nr; i++)
			shrink_zone(zonelist->zones[i], sc);
		if (sc->gfp & __GFP_FS)
			sc->nr_reclaimed += shrink_slab(sc->priority);
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			break;
		/* The first rounds look at little: they say little. */
		reclaim_wait(sc, priority < DEF_PRIORITY - 2);
		if (enough_free(zonelist, sc)) {
			sc->nr_reclaimed++;
			break;
		}
	}
	reclaim_wait(sc, false);
}

/*
 * A pass over everything may find nothing but pages in use: all were touched
 * since they were made. It has made them old, so the next one will win some.
 */
static unsigned long
do_try_to_free_pages(struct scan_control *sc)
{
	unsigned pass = 0;

	do {
		sc->nr_in_use = 0;
		try_all_priorities(sc);
	} while (!sc->nr_reclaimed && sc->nr_in_use && ++pass < MAX_PASSES);
	return sc->nr_reclaimed;
}

unsigned long
try_to_free_pages(gfp_t gfp, unsigned order)
{
	struct scan_control sc = {
		.gfp = gfp, .order = order, .classzone = gfp_zone(gfp),
		.nr_to_reclaim = SWAP_CLUSTER_MAX, .batch = SWAP_CLUSTER_MAX,
	};
	unsigned long won;

	if (current->memalloc)
		return 0;
	trace_mm_vmscan_direct_reclaim_begin(order, gfp);
	current->memalloc = true;
	won = do_try_to_free_pages(&sc);
	current->memalloc = false;
	trace_mm_vmscan_direct_reclaim_end(sc.nr_reclaimed);
	return won;
}

unsigned
reclaim_pages(struct list_head *pages)
{
	struct scan_control sc = { .gfp = GFP_KERNEL, .even_used = true };
	bool before = current->memalloc;
	unsigned freed;

	current->memalloc = true;
	freed = shrink_page_list(pages, &sc);
	reclaim_wait(&sc, false);
	current->memalloc = before;
	return freed;
}

/* For the monitor and tests: one pass of one zone, step by step. Who wants less
 * than is handled at once gets no more. */
unsigned long
reclaim_step(struct zone *zone, unsigned priority, unsigned long nr)
{
	struct scan_control sc = {
		.gfp = GFP_KERNEL, .classzone = zone->type,
		.priority = priority, .kswapd = true, .nr_to_reclaim = nr,
		.batch = (unsigned)clamp(nr, 1ul, (unsigned long)
					 SWAP_CLUSTER_MAX),
	};
	bool before = current->memalloc;

	current->memalloc = true;
	shrink_zone(zone, &sc);
	reclaim_wait(&sc, true);
	current->memalloc = before;
	return sc.nr_reclaimed;
}

static int __init
vmscan_init(void)
{
	page_reclaim_fn = try_to_free_pages;
	return 0;
}
device_initcall(vmscan_init);
