/* SPDX-License-Identifier: MIT */
/*
 * The page allocator when memory is short: who is served from what is left,
 * who is called for help, and when.
 *
 *	free	|  low		kswapd is woken on the way below it
 *		|  min		who may sleep: reclaim, then all magazines,
 *		|		then the high-order reserve
 *		|  3/8 min	who cannot wait stops here
 */
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <lib/errno.h>
#include <mm/hooks.h>
#include <mm/vmstat.h>
#include "page_helpers.h"

#define HERE	(GFP_DMA | __GFP_THISNODE | __GFP_NOWARN)

/* The DMA zone of this node: small, and nobody else uses it up. */
static struct zone *
small_zone(void)
{
	struct zone *zone = find_zone(ZONE_DMA);

	if (zone && zone->nid != cpu_to_node(smp_processor_id()))
		return NULL;
	return zone;
}

/* --- Whose help is asked for --- */

static unsigned nr_wakes, nr_reclaims, reclaims_in_vain;
static unsigned long free_at_wake;
static struct page_chain hoard;

static void
note_wake(struct zone *zone, unsigned order)
{
	(void)order;
	if (!nr_wakes++)
		free_at_wake = zone->nr_free;
}

/* Gives a page back, but says so the first few times without doing it. */
static unsigned long
slow_reclaim(gfp_t gfp, unsigned order)
{
	struct page *page;

	(void)gfp;
	(void)order;
	if (++nr_reclaims <= reclaims_in_vain)
		return 1;
	if (!hoard.nr)
		return 0;
	page = list_first_entry(&hoard.pages, struct page, owner.list);
	list_del(&page->owner.list);
	hoard.nr--;
	put_page(page);
	drain_local_pages();
	return 1;
}

static void (*real_wake)(struct zone *zone, unsigned order);
static unsigned long (*real_reclaim)(gfp_t gfp, unsigned order);

static void
watch_begin(unsigned in_vain)
{
	nr_wakes = nr_reclaims = 0;
	free_at_wake = 0;
	reclaims_in_vain = in_vain;
	real_wake = page_wake_kswapd_fn;
	real_reclaim = page_reclaim_fn;
	page_wake_kswapd_fn = note_wake;
	page_reclaim_fn = slow_reclaim;
}

static void
watch_end(void)
{
	page_wake_kswapd_fn = real_wake;
	page_reclaim_fn = real_reclaim;
}

static void
kswapd_is_woken_between_low_and_min(struct test *t)
{
	struct zone *zone = small_zone();

	if (!zone || zone->watermark[WMARK_LOW] - zone->watermark[WMARK_MIN] <=
	    2 * zone->pcp_batch)
		SKIP(t, "no DMA zone here, or its marks are too close");
	chain_init(&hoard);
	watch_begin(0);
	chain_fill(&hoard, HERE | GFP_NOWAIT, 0);
	watch_end();
	EXPECT(t, nr_wakes > 0);
	EXPECT(t, free_at_wake <= zone->watermark[WMARK_LOW]);
	EXPECT(t, free_at_wake > zone->watermark[WMARK_MIN]);
	EXPECT_EQ(t, nr_reclaims, 0);	/* who cannot sleep does not reclaim */
	chain_free(&hoard);
}

static void
kswapd_sleeps_on_for_who_did_not_ask(struct test *t)
{
	if (!small_zone())
		SKIP(t, "no DMA zone here");
	chain_init(&hoard);
	watch_begin(0);
	chain_fill(&hoard, HERE, 0);	/* no __GFP_KSWAPD_RECLAIM */
	watch_end();
	EXPECT_EQ(t, nr_wakes, 0);
	chain_free(&hoard);
}

static void
reclaim_is_asked_again_while_it_wins_pages(struct test *t)
{
	struct page *page;

	if (!small_zone())
		SKIP(t, "no DMA zone here");
	chain_init(&hoard);
	if (chain_fill(&hoard, HERE | GFP_KERNEL, 0) < 64) {
		chain_free(&hoard);
		SKIP(t, "the DMA zone has next to nothing");
	}
	watch_begin(2);
	page = alloc_page(HERE | GFP_KERNEL);
	watch_end();
	EXPECT(t, page != NULL);
	EXPECT(t, nr_reclaims >= 3);	/* to be above the mark */
	if (page)
		free_frame(page);
	chain_free(&hoard);
}

static void
a_failed_request_is_counted(struct test *t)
{
	unsigned long failed = vm_event(PGALLOC_FAIL);
	unsigned long stalls = vm_event(ALLOCSTALL_DMA);

	if (!small_zone())
		SKIP(t, "no DMA zone here");
	chain_init(&hoard);
	chain_fill(&hoard, HERE | GFP_NOWAIT, 0);
	EXPECT_EQ(t, vm_event(PGALLOC_FAIL), failed + 1);
	EXPECT_EQ(t, vm_event(ALLOCSTALL_DMA), stalls);	/* nobody waited */
	chain_free(&hoard);
}

/* --- Pages in other cores' magazines --- */

static void
keep_one(struct test *t, unsigned cpu, void *arg)
{
	struct page *page = alloc_page(HERE | GFP_KERNEL);

	(void)cpu;
	(void)arg;
	if (EXPECT(t, page != NULL))
		free_frame(page);
}

/* Each core keeps a few; all of the zone is wanted as blocks of 8 pages. */
static void
magazines_are_called_in_before_a_request_fails(struct test *t)
{
	struct zone *zone = small_zone();
	unsigned long kept;

	if (!zone || num_online_cpus() == 1 || nr_node_ids > 1)
		SKIP(t, "needs a DMA zone that another core uses too");
	if (page_debug_on())
		SKIP(t, "debugging: nothing is kept");
	if (zone->managed_pages < 512)
		SKIP(t, "the DMA zone has too little for every core");
	test_on_all_cpus(t, keep_one, NULL);
	kept = zone_pcp_count(zone);
	EXPECT(t, kept >= num_online_cpus());
	chain_init(&hoard);
	chain_fill(&hoard, HERE | GFP_KERNEL | __GFP_COMP, 5);
	EXPECT_EQ(t, zone_pcp_count(zone), 0);
	chain_free(&hoard);
}

/* --- The reserve for requests of more than a page that cannot wait --- */

#define URGENT	5			/* no magazine has this order */

static struct page *urgent;		/* from the reserve */
static struct zone *urgent_zone;

/*
 * Use all memory up, give one block of 64 frames back (fewer than lie between
 * the marks min and low), and ask for 32 of them as an interrupt handler
 * would: the pageblock becomes the reserve.
 */
static bool
make_reserve(struct test *t)
{
	struct page *block = alloc_pages(GFP_KERNEL | __GFP_NOWARN, URGENT + 1);

	urgent = NULL;
	chain_init(&hoard);
	if (!EXPECT(t, block != NULL))
		return false;
	urgent_zone = page_zone(block);
	if (urgent_zone->managed_pages / 100 < PAGEBLOCK_NR_PAGES ||
	    nr_node_ids > 1 || urgent_zone->nr_highatomic) {
		free_frames(block, URGENT + 1);
		t->skip = "1 % of the zone is less than a pageblock";
		return false;
	}
	chain_fill(&hoard, GFP_KERNEL, 0);
	free_frames(block, URGENT + 1);
	urgent = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, URGENT);
	return EXPECT(t, urgent != NULL) &&
	       EXPECT_EQ(t, urgent_zone->nr_highatomic, PAGEBLOCK_NR_PAGES) &&
	       EXPECT_EQ(t, page_pageblock_type(urgent), MIGRATE_HIGHATOMIC);
}

static void
end_reserve(void)
{
	unsigned long flags;

	if (urgent)
		free_frames(urgent, URGENT);
	chain_free(&hoard);
	drain_all_pages();
	if (!urgent)
		return;
	flags = spin_lock_irqsave(&urgent_zone->lock);
	while (pageblock_unreserve_highatomic(urgent_zone, MIGRATE_MOVABLE))
		;
	spin_unlock_irqrestore(&urgent_zone->lock, flags);
}

/* Given back, the block is what the reserve has, whatever lies around it. */
static void
the_reserve_is_kept_from_others(struct test *t)
{
	if (make_reserve(t)) {
		free_frames(urgent, URGENT);
		EXPECT(t, !alloc_pages(GFP_NOWAIT | __GFP_NOWARN, URGENT));
		EXPECT(t, !alloc_page(GFP_NOWAIT | __GFP_NOWARN));
		/* Who cannot wait, and needs more than one: from the reserve. */
		urgent = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, URGENT);
		if (EXPECT(t, urgent != NULL))
			EXPECT_EQ(t, page_pageblock_type(urgent),
				  MIGRATE_HIGHATOMIC);
	}
	end_reserve();
}

static void
the_reserve_is_kept_when_memory_is_plenty(struct test *t)
{
	struct page *page;

	if (make_reserve(t)) {
		chain_free(&hoard);
		page = alloc_pages(GFP_KERNEL, URGENT);
		EXPECT(t, page != NULL);
		if (page) {
			EXPECT(t, page_pageblock_type(page) !=
				  MIGRATE_HIGHATOMIC);
			free_frames(page, URGENT);
		}
	}
	end_reserve();
}

static void
the_reserve_is_given_up_before_a_request_fails(struct test *t)
{
	struct page *page;

	if (make_reserve(t)) {
		free_frames(urgent, URGENT);
		page = alloc_page(GFP_KERNEL | __GFP_NOWARN);
		EXPECT(t, page != NULL);
		if (page)
			free_frame(page);
		EXPECT_EQ(t, urgent_zone->nr_highatomic, 0);
		EXPECT(t, page_pageblock_type(urgent) != MIGRATE_HIGHATOMIC);
		urgent = NULL;
	}
	end_reserve();
}

/* --- Requests that make no sense are told by name --- */

static void
each_impossible_request_has_its_message(struct test *t)
{
	static char log[1024];
	struct page *page;

	log_capture_begin(log, sizeof(log));
	page = alloc_pages(GFP_KERNEL, MAX_ORDER + 1);
	log_capture_end();
	EXPECT(t, !page);
	EXPECT(t, strstr(log, "order above MAX_ORDER"));
	log_capture_begin(log, sizeof(log));
	page = alloc_page(GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE);
	log_capture_end();
	EXPECT(t, !page);
	EXPECT(t, strstr(log, "both movable and reclaimable"));
}

static void
a_node_that_does_not_exist_is_this_one(struct test *t)
{
	static const int nodes[] = { -1, MAX_NODES, 99 };
	struct page *page;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(nodes) + 1; i++) {
		page = alloc_pages_node(i < ARRAY_SIZE(nodes) ? nodes[i] :
					(int)nr_node_ids, GFP_KERNEL, 0);
		ASSERT(t, page != NULL);
		EXPECT_EQ(t, page_to_nid(page),
			  cpu_to_node(smp_processor_id()));
		free_frame(page);
	}
}

TEST_SUITE("page_reserve",
	   TEST_CASE(kswapd_is_woken_between_low_and_min),
	   TEST_CASE(kswapd_sleeps_on_for_who_did_not_ask),
	   TEST_CASE(reclaim_is_asked_again_while_it_wins_pages),
	   TEST_CASE(a_failed_request_is_counted),
	   TEST_CASE(magazines_are_called_in_before_a_request_fails),
	   TEST_CASE(the_reserve_is_kept_from_others),
	   TEST_CASE(the_reserve_is_kept_when_memory_is_plenty),
	   TEST_CASE(the_reserve_is_given_up_before_a_request_fails),
	   TEST_CASE(each_impossible_request_has_its_message),
	   TEST_CASE(a_node_that_does_not_exist_is_this_one));
