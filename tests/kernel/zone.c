/* SPDX-License-Identifier: MIT */
/*
 * Zones: what they span, in which order they serve, and what they keep back.
 */
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <mm/init.h>
#include <mm/vmstat.h>
#include "page_helpers.h"

static void
zones_cover_all_memory_once(struct test *t)
{
	unsigned long present = 0, managed = 0;
	const struct zone *before = NULL;
	struct zone *zone;
	unsigned i;
	pfn_t pfn;

	for_each_zone(zone, i) {
		if (before)
			EXPECT_EQ(t, zone->start_pfn, zone_end_pfn(before));
		before = zone;
		present += zone->present_pages;
		managed += zone->managed_pages;
		pfn = zone->start_pfn;
		EXPECT(t, page_zone(pfn_to_page(pfn)) == zone ||
			  page_state(pfn_to_page(pfn)) == PAGE_STATE_OFFLINE);
		EXPECT(t, page_zone(pfn_to_page(zone_end_pfn(zone) - 1)) ==
			  zone);
	}
	EXPECT_EQ(t, managed, totalram_pages());
	EXPECT(t, managed < present);
	EXPECT(t, nr_free_pages() <= managed);
}

static void
highmem_begins_where_the_linear_map_ends(struct test *t)
{
	struct zone *zone = find_zone(ZONE_HIGHMEM);

	if (!zone)
		SKIP(t, "no memory above the linear map");
	EXPECT_EQ(t, zone->start_pfn, __pa(high_memory) >> PAGE_SHIFT);
	EXPECT(t, page_highmem(pfn_to_page(zone->start_pfn)));
	EXPECT(t, !page_highmem(pfn_to_page(zone->start_pfn - 1)));
}

/* Own node first; in a node never a zone above the wanted one. */
static void
zonelists_begin_at_home_and_go_down(struct test *t)
{
	const struct zonelist *zl;
	unsigned type, i;
	int nid;

	for_each_node(nid) {
		for (type = 0; type < MAX_NR_ZONES; type++) {
			zl = &NODE_DATA(nid)->node_zonelists[0][type];
			for (i = 0; i < zl->nr; i++) {
				EXPECT(t, zl->zones[i]->type <= type);
				if (i && zl->zones[i]->nid ==
					 zl->zones[i - 1]->nid)
					EXPECT(t, zl->zones[i]->type <
						  zl->zones[i - 1]->type);
			}
			zl = &NODE_DATA(nid)->node_zonelists[1][type];
			for (i = 0; i < zl->nr; i++) {
				EXPECT_EQ(t, zl->zones[i]->nid, nid);
				EXPECT(t, zl->zones[i] == NODE_DATA(nid)->
					  node_zonelists[0][type].zones[i]);
			}
		}
	}
}

static void
requests_are_served_from_the_zone_they_name(struct test *t)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_KERNEL | GFP_DMA, GFP_HIGHUSER,
		GFP_KERNEL | GFP_DMA | __GFP_HIGHMEM,
	};
	static const u8 types[] = {
		ZONE_NORMAL, ZONE_DMA, ZONE_HIGHMEM, ZONE_DMA,
	};
	struct page *page;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		EXPECT_EQ(t, gfp_zone(gfps[i]), types[i]);
		if (!find_zone(types[i]) || nr_node_ids > 1)
			continue;
		page = alloc_page(gfps[i]);
		ASSERT(t, page != NULL);
		EXPECT_EQ(t, page_zone(page)->type, types[i]);
		free_frame(page);
	}
}

static struct zone lab;		/* no frames: only figures */

static void
lab_init(unsigned long free)
{
	memset(&lab, 0, sizeof(lab));
	lab.nr_free = free;
	lab.watermark[WMARK_MIN] = 100;
	lab.order_mask[MIGRATE_MOVABLE] = 0x00f;	/* up to order 3 */
	lab.order_mask[MIGRATE_HIGHATOMIC] = 0x010;
	lab.order_mask[MIGRATE_CMA] = 0x020;
}

static bool
lab_ok(unsigned order, unsigned classzone, unsigned flags)
{
	return zone_watermark_ok(&lab, order, 100, classzone, flags);
}

/* With a mark of 100: who may go how far. */
static void
watermarks_let_through_who_may_pass(struct test *t)
{
	static const struct {
		unsigned flags;
		unsigned least;		/* free frames that are enough */
	} rows[] = {
		{ 0, 101 },
		{ ALLOC_HARDER, 76 },
		{ ALLOC_HIGH, 51 },
		{ ALLOC_HIGH | ALLOC_HARDER, 39 },
	};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		lab_init(rows[i].least);
		EXPECT(t, lab_ok(0, ZONE_NORMAL, rows[i].flags));
		lab_init(rows[i].least - 1);
		EXPECT(t, !lab_ok(0, ZONE_NORMAL, rows[i].flags));
	}
}

static void
lowmem_reserve_is_kept_from_higher_requests(struct test *t)
{
	lab_init(150);
	lab.lowmem_reserve[ZONE_HIGHMEM] = 50;
	EXPECT(t, lab_ok(0, ZONE_NORMAL, 0));
	EXPECT(t, !lab_ok(0, ZONE_HIGHMEM, 0));
	lab.nr_free = 151;
	EXPECT(t, lab_ok(0, ZONE_HIGHMEM, 0));
}

/* 40 free frames can fail an order-2 request: a block has to be there. */
static void
a_high_order_needs_a_block_and_not_only_frames(struct test *t)
{
	lab_init(10000);
	EXPECT(t, lab_ok(3, ZONE_NORMAL, 0));
	EXPECT(t, !lab_ok(4, ZONE_NORMAL, 0));
	EXPECT(t, lab_ok(4, ZONE_NORMAL, ALLOC_HARDER));
	EXPECT(t, !lab_ok(5, ZONE_NORMAL, ALLOC_HARDER));
	EXPECT(t, lab_ok(5, ZONE_NORMAL, ALLOC_CMA));
	EXPECT(t, !lab_ok(6, ZONE_NORMAL, ALLOC_CMA | ALLOC_HARDER));
	/* The rest of the block itself does not count as free. */
	lab.nr_free = 108;
	EXPECT(t, lab_ok(3, ZONE_NORMAL, 0));
	lab.nr_free = 107;
	EXPECT(t, !lab_ok(3, ZONE_NORMAL, 0));
}

static void
what_a_request_cannot_use_does_not_count(struct test *t)
{
	lab_init(150);
	lab.nr_highatomic = 60;
	EXPECT(t, !lab_ok(0, ZONE_NORMAL, 0));
	EXPECT(t, lab_ok(0, ZONE_NORMAL, ALLOC_HARDER));
	lab.nr_highatomic = 0;
	lab.nr_free_cma = 60;
	EXPECT(t, !lab_ok(0, ZONE_NORMAL, 0));
	EXPECT(t, lab_ok(0, ZONE_NORMAL, ALLOC_CMA));
}

static void
gfp_flags_become_alloc_flags(struct test *t)
{
	EXPECT_EQ(t, gfp_to_alloc_flags(GFP_KERNEL, 0), WMARK_MIN);
	EXPECT_EQ(t, gfp_to_alloc_flags(GFP_ATOMIC, 0),
		  WMARK_MIN | ALLOC_HIGH | ALLOC_HARDER);
	EXPECT_EQ(t, gfp_to_alloc_flags(GFP_KERNEL | __GFP_HIGH, 0),
		  WMARK_MIN | ALLOC_HIGH);
	EXPECT_EQ(t, gfp_to_alloc_flags(GFP_NOWAIT, 0), WMARK_MIN);
	EXPECT_EQ(t, gfp_to_alloc_flags(GFP_NOWAIT | __GFP_MEMALLOC, 0),
		  WMARK_MIN | ALLOC_NO_WATERMARKS);
	EXPECT_EQ(t, gfp_to_alloc_flags(GFP_NOWAIT | __GFP_MEMALLOC |
					__GFP_NOMEMALLOC, 0), WMARK_MIN);
	EXPECT_EQ(t, gfp_to_alloc_flags(GFP_HIGHUSER_MOVABLE, 0),
		  WMARK_MIN | ALLOC_CMA);
}

/* The DMA zone of a node, alone: so that nothing else runs short. */
static void
each_kind_of_request_stops_at_its_mark(struct test *t)
{
	const gfp_t here = GFP_DMA | __GFP_THISNODE;
	struct zone *zone = find_zone(ZONE_DMA);
	struct page_chain chain;
	unsigned long min;

	if (!zone || zone->nid != cpu_to_node(smp_processor_id()))
		SKIP(t, "no DMA zone here");
	min = zone->watermark[WMARK_MIN];
	chain_init(&chain);
	chain_fill(&chain, here | GFP_NOWAIT, 0);
	drain_local_pages();
	EXPECT(t, zone->nr_free <= min + PCP_BATCH_MAX);
	EXPECT(t, zone->nr_free + PCP_BATCH_MAX >= min);
	chain_fill(&chain, here | GFP_ATOMIC, 0);
	drain_local_pages();
	EXPECT(t, zone->nr_free <= min / 2 + PCP_BATCH_MAX);
	chain_fill(&chain, here | GFP_NOWAIT | __GFP_MEMALLOC, 0);
	EXPECT_EQ(t, zone->nr_free, 0);
	EXPECT(t, alloc_page(here | GFP_ATOMIC | __GFP_NOWARN) == NULL);
	chain_free(&chain);
}

/* Normal is used up from HighMem's side only down to the reserve. */
static void
dma_helps_out_normal_but_keeps_its_reserve(struct test *t)
{
	struct zone *dma = find_zone(ZONE_DMA), *normal;
	struct page_chain chain;
	unsigned long kept;

	if (!dma || nr_node_ids > 1 || find_zone(ZONE_HIGHMEM) ||
	    totalram_pages() > 70000)
		SKIP(t, "only with DMA and Normal, up to 256 MiB");
	normal = find_zone(ZONE_NORMAL);
	chain_init(&chain);
	chain_fill(&chain, GFP_NOWAIT, 0);
	drain_local_pages();
	kept = dma->watermark[WMARK_MIN] + dma->lowmem_reserve[ZONE_NORMAL];
	EXPECT(t, normal->nr_free - normal->nr_free_cma <=
		  normal->watermark[WMARK_MIN] + PCP_BATCH_MAX);
	EXPECT(t, dma->nr_free <= kept + PCP_BATCH_MAX ||
		  dma->managed_pages <= kept);
	EXPECT(t, dma->nr_free + PCP_BATCH_MAX >= min(kept,
						      dma->managed_pages));
	chain_free(&chain);
}

static void
watermarks_follow_min_free_kbytes(struct test *t)
{
	unsigned long before = min_free_kbytes, low;
	struct zone *zone = find_zone(ZONE_NORMAL);

	ASSERT(t, zone != NULL);
	/* Boot computed them before the last memory was given back. */
	EXPECT_EQ(t, set_min_free_kbytes(before), 0);
	low = zone->watermark[WMARK_LOW];
	EXPECT_EQ(t, set_min_free_kbytes(before * 2), 0);
	EXPECT(t, zone->watermark[WMARK_LOW] > low);
	EXPECT_EQ(t, set_min_free_kbytes(0), -EINVAL);
	EXPECT_EQ(t, set_min_free_kbytes(1UL << 30), -EINVAL);
	EXPECT_EQ(t, min_free_kbytes, before * 2);
	EXPECT_EQ(t, set_min_free_kbytes(before), 0);
	EXPECT_EQ(t, zone->watermark[WMARK_LOW], low);
}

/* low and high move, min does not. */
static void
the_scale_factor_spreads_the_marks(struct test *t)
{
	unsigned before = watermark_scale_factor;
	struct zone *zone = find_zone(ZONE_NORMAL);
	unsigned long least, gap;

	ASSERT(t, zone != NULL);
	EXPECT_EQ(t, set_watermark_scale_factor(3000), 0);
	least = zone->watermark[WMARK_MIN];
	gap = (unsigned long)((u64)zone->managed_pages * 3000 / 10000);
	EXPECT_EQ(t, zone->watermark[WMARK_LOW], least + gap);
	EXPECT_EQ(t, zone->watermark[WMARK_HIGH], least + 2 * gap);
	EXPECT_EQ(t, set_watermark_scale_factor(1), 0);
	EXPECT_EQ(t, zone->watermark[WMARK_MIN], least);
	EXPECT(t, zone->watermark[WMARK_LOW] < least + gap);
	EXPECT_EQ(t, set_watermark_scale_factor(0), -EINVAL);
	EXPECT_EQ(t, set_watermark_scale_factor(3001), -EINVAL);
	EXPECT_EQ(t, watermark_scale_factor, 1);
	EXPECT_EQ(t, set_watermark_scale_factor(before), 0);
}

/* A zone keeps back 1/ratio of all that lies above it, not of the next. */
static void
reserves_follow_all_zones_above(struct test *t)
{
	unsigned long frames;
	struct zone *zone;
	unsigned i, above;

	EXPECT_EQ(t, set_min_free_kbytes(min_free_kbytes), 0);
	for_each_zone(zone, i) {
		frames = 0;
		for (above = 0; above < MAX_NR_ZONES; above++) {
			if (above > zone->type)
				frames += NODE_DATA(zone->nid)->
					node_zones[above].managed_pages;
			EXPECT_EQ(t, zone->lowmem_reserve[above], frames /
				  max(lowmem_reserve_ratio[zone->type], 1u));
		}
	}
}

static void
a_node_can_be_named(struct test *t)
{
	struct page *page;
	int nid;

	for_each_node(nid) {
		page = alloc_pages_node(nid, GFP_HIGHUSER | __GFP_THISNODE, 0);
		ASSERT(t, page != NULL);
		EXPECT_EQ(t, page_to_nid(page), nid);
		free_frame(page);
	}
	page = alloc_pages_node(99, GFP_KERNEL, 0);
	EXPECT(t, page != NULL);
	free_frame(page);
}

/* numa_hit at home; miss there and foreign here when another node helps. */
static void
numa_counters_tell_who_helped(struct test *t)
{
	int here = cpu_to_node(smp_processor_id());
	struct zone *zone = find_zone(ZONE_NORMAL);
	unsigned long hit;
	struct page *page;

	page = alloc_page(GFP_KERNEL);
	ASSERT(t, page != NULL);
	zone = page_zone(page);
	hit = zone_numa_state(zone, NUMA_HIT);
	free_frame(page);
	page = alloc_page(GFP_KERNEL);
	EXPECT_EQ(t, zone_numa_state(zone, NUMA_HIT), hit + 1);
	free_frame(page);
	if (nr_node_ids == 1)
		return;
	page = alloc_pages_node(!here, GFP_HIGHUSER | __GFP_THISNODE,
				0);
	ASSERT(t, page != NULL);
	zone = page_zone(page);
	EXPECT(t, zone_numa_state(zone, NUMA_OTHER) > 0);
	free_frame(page);
}

/* Else a pageblock would belong to two zones, and its type to none. */
static void
zones_meet_between_pageblocks(struct test *t)
{
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		if (pfn_valid(zone->start_pfn - 1))
			EXPECT(t, IS_ALIGNED(zone->start_pfn,
					     PAGEBLOCK_NR_PAGES));
	}
}

/* Boot memory is given back once, and only in whole pages. */
static void
only_whole_reserved_pages_are_given_back(struct test *t)
{
	char *p = get_free_pages(GFP_KERNEL, 0);
	unsigned before = nr_warnings, whole, part;
	static char log[2048];

	ASSERT(t, p != NULL);
	log_capture_begin(log, sizeof(log));
	mm_free_init_range(p + 100, p + PAGE_SIZE, "a part");
	part = nr_warnings - before;
	mm_free_init_range(p, p + PAGE_SIZE, "a page in use");
	whole = nr_warnings - before;
	nr_warnings = before;
	log_capture_end();
	EXPECT_EQ(t, part, 0);
	EXPECT_EQ(t, whole, 1);
	EXPECT(t, strstr(log, "freed 0 KiB of a page in use"));
	EXPECT_EQ(t, page_state(virt_to_page(p)), PAGE_STATE_KERNEL);
	free_page(p);
}

TEST_SUITE("zone",
	   TEST_CASE(zones_meet_between_pageblocks),
	   TEST_CASE(only_whole_reserved_pages_are_given_back),
	   TEST_CASE(zones_cover_all_memory_once),
	   TEST_CASE(highmem_begins_where_the_linear_map_ends),
	   TEST_CASE(zonelists_begin_at_home_and_go_down),
	   TEST_CASE(requests_are_served_from_the_zone_they_name),
	   TEST_CASE(watermarks_let_through_who_may_pass),
	   TEST_CASE(lowmem_reserve_is_kept_from_higher_requests),
	   TEST_CASE(a_high_order_needs_a_block_and_not_only_frames),
	   TEST_CASE(what_a_request_cannot_use_does_not_count),
	   TEST_CASE(gfp_flags_become_alloc_flags),
	   TEST_CASE(each_kind_of_request_stops_at_its_mark),
	   TEST_CASE(dma_helps_out_normal_but_keeps_its_reserve),
	   TEST_CASE(watermarks_follow_min_free_kbytes),
	   TEST_CASE(the_scale_factor_spreads_the_marks),
	   TEST_CASE(reserves_follow_all_zones_above),
	   TEST_CASE(a_node_can_be_named),
	   TEST_CASE(numa_counters_tell_who_helped));
