/* SPDX-License-Identifier: MIT */
/*
 * kswapd: the thread that wins memory back before anybody has to wait for it.
 *
 *	free frames of a zone
 *	  high ----  kswapd sleeps again, when all zones are here
 *	  low  ----  an allocation that finds less wakes it
 *	  min  ----  who comes below must reclaim by himself
 *
 * One thread a node. It looks at the zones that are short, with a priority that
 * rises as long as they stay so, and may write dirty pages of files, which
 * those who ask for memory do not. When it has tried everything in vain
 * several times it gives up until somebody else wins something: then
 * allocations reclaim by themselves, and it is they who call for a
 * process to end.
 *
 * Locks   none of its own; wanted is a hint, set before the wake-up.
 * Sources  Gorman, chapter 10.
 */
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/wait.h>
#include <mm/hooks.h>
#include <mm/lru.h>
#include <mm/slab.h>
#include <mm/trace.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "reclaim_private.h"

#define MAX_FAILURES	16u	/* rounds of all priorities without a page */

struct kswapd {
	struct wait_queue_head queue;
	struct task *task;
	bool wanted;
	unsigned order;		/* of the request that woke it; a hint */
	unsigned failures;	/* in a row */
	int nid;
};

static struct kswapd kswapds[MAX_NODES];

/* Is zone as full of free frames as it should be? Order 0: blocks come from
 * compaction, not from here. */
static bool
zone_balanced(struct zone *zone)
{
	return zone_watermark_ok(zone, 0, zone->watermark[WMARK_HIGH],
				 zone->type, 0);
}

static bool
node_balanced(int nid)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(nid)->node_zones[i];

		if (zone->populated && !zone_balanced(zone))
			return false;
	}
	return true;
}

/* One round at one priority over the zones that are short. */
static void
balance_once(struct kswapd *k, struct scan_control *sc)
{
	for (unsigned i = 0; i < MAX_NR_ZONES; i++) {
		struct zone *zone = &NODE_DATA(k->nid)->node_zones[i];
		unsigned long before = sc->nr_reclaimed;

		if (!zone->populated || zone_balanced(zone))
			continue;
		/* The distance between the marks, at least. */
		sc->nr_to_reclaim = before + max(zone->watermark[WMARK_HIGH],
					(unsigned long)SWAP_CLUSTER_MAX);
		shrink_zone(zone, sc);
	}
	shrink_slab(sc->priority);
}

static void
balance_node(struct kswapd *k)
{
	struct scan_control sc = {
		.gfp = GFP_KERNEL, .kswapd = true, .batch = SWAP_CLUSTER_MAX,
	};
	int priority = DEF_PRIORITY;

	count_vm_event(PAGEOUTRUN);
	while (!node_balanced(k->nid) && priority >= 0) {
		unsigned long before = sc.nr_reclaimed;

		sc.priority = (unsigned)priority;
		balance_once(k, &sc);
		reclaim_wait(&sc, sc.nr_reclaimed - before < SWAP_CLUSTER_MAX);
		/* While it goes well there is no need to look at more. */
		if (sc.nr_reclaimed - before < SWAP_CLUSTER_MAX)
			priority--;
		cond_resched();
	}
	if (sc.nr_reclaimed)
		k->failures = 0;
	else if (!node_balanced(k->nid))
		k->failures++;
}

static void
kswapd_main(void *arg)
{
	struct kswapd *k = arg;

	current->memalloc = true;
	while (!kthread_should_stop()) {
		wait_event(&k->queue, READ_ONCE(k->wanted) ||
			   kthread_should_stop());
		WRITE_ONCE(k->wanted, false);
		trace_mm_vmscan_kswapd_wake(k->nid, READ_ONCE(k->order));
		balance_node(k);
		trace_mm_vmscan_kswapd_sleep(k->nid);
	}
}

static void
wake_kswapd(struct zone *zone, unsigned order)
{
	struct kswapd *k = &kswapds[zone->nid];

	if (READ_ONCE(k->wanted) || k->failures >= MAX_FAILURES ||
	    node_balanced(zone->nid))
		return;
	trace_mm_vmscan_wakeup_kswapd(zone->nid, zone->type, order);
	WRITE_ONCE(k->order, order);
	WRITE_ONCE(k->wanted, true);
	wake_up(&k->queue);
}

void
kswapd_progress(void)
{
	for (unsigned i = 0; i < nr_node_ids; i++)
		WRITE_ONCE(kswapds[i].failures, 0);
}

static int __init
kswapd_init(void)
{
	int nid;

	for_each_node(nid) {
		struct kswapd *k = &kswapds[nid];

		k->nid = nid;
		init_waitqueue_head(&k->queue);
		k->task = kthread_run(kswapd_main, k, "kswapd%d", nid);
		if (!k->task)
			panic("kswapd: no memory for its thread");
	}
	page_wake_kswapd_fn = wake_kswapd;
	return 0;
}
device_initcall(kswapd_init);
