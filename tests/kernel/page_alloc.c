/* SPDX-License-Identifier: MIT */
/*
 * The page allocator's face: what requests get, what wrong frees do, and
 * allocations that are not one block.
 */
#include <asm/irqflags.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <mm/hooks.h>
#include <mm/init.h>
#include <mm/page_alloc.h>
#include <mm/vmstat.h>
#include "page_helpers.h"

static bool
all_bytes(const void *addr, size_t n, u8 byte)
{
	const u8 *p = addr;

	while (n--) {
		if (*p++ != byte)
			return false;
	}
	return true;
}

static void
blocks_are_aligned_to_their_size(struct test *t)
{
	struct page *page;
	unsigned order;

	for (order = 0; order <= MAX_ORDER; order++) {
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, order);
		if (!page && order > 7)
			break;			/* a small machine */
		ASSERT(t, page != NULL);
		EXPECT(t, IS_ALIGNED(page_to_pfn(page), 1UL << order));
		EXPECT_EQ(t, page_order(page), order);
		EXPECT_EQ(t, page_state(page), PAGE_STATE_KERNEL);
		EXPECT_EQ(t, page_count(page), 1);
		free_frames(page, order);
	}
}

static void
zeroed_pages_are_zero_and_others_are_not_touched(struct test *t)
{
	void *addr = get_free_page(GFP_KERNEL), *again;

	ASSERT(t, addr != NULL);
	memset(addr, 0x5a, PAGE_SIZE);
	free_page(addr);
	again = get_zeroed_page(GFP_KERNEL);
	ASSERT(t, again != NULL);
	EXPECT(t, all_bytes(again, PAGE_SIZE, 0));
	free_page(again);
	addr = get_free_pages(GFP_KERNEL, 2);
	ASSERT(t, addr != NULL);
	memset(addr, 0x5a, 4 * PAGE_SIZE);
	free_pages(addr, 2);
	again = get_free_pages(GFP_KERNEL | __GFP_ZERO, 2);
	ASSERT(t, again != NULL);
	EXPECT(t, all_bytes(again, 4 * PAGE_SIZE, 0));
	free_pages(again, 2);
	free_pages(NULL, 3);
}

static void
every_frame_of_memory_can_be_had_and_given_back(struct test *t)
{
	unsigned long before, taken;
	struct page_chain chain;

	chain_init(&chain);
	drain_all_pages();
	before = nr_free_pages();
	/* Movable, for CMA's frames are lent to nothing else. */
	taken = chain_fill(&chain, GFP_KERNEL | __GFP_HIGHMEM | __GFP_MOVABLE |
			   __GFP_MEMALLOC, 0);
	EXPECT_EQ(t, nr_free_pages(), before - taken);
	/* Other cores' magazines were drained for it. */
	EXPECT(t, taken + 64 >= before);
	chain_free(&chain);
	EXPECT_EQ(t, nr_free_pages(), before);
}

static void
impossible_requests_fail(struct test *t)
{
	EXPECT(t, !alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER + 1));
	EXPECT(t, !alloc_page(GFP_KERNEL | __GFP_NOWARN | __GFP_MOVABLE |
			      __GFP_RECLAIMABLE));
	EXPECT(t, !alloc_pages_exact(0, GFP_KERNEL));
}

static void
atomic_body(void *arg)
{
	struct page **page = arg;

	*page = alloc_pages(GFP_ATOMIC, 2);
	free_frame(alloc_page(GFP_ATOMIC));
}

static void
atomic_requests_work_in_an_interrupt_handler(struct test *t)
{
	struct page *page = NULL;
	unsigned cpu;

	for_each_online_cpu(cpu) {
		page = NULL;
		smp_call_function_single(cpu, atomic_body, &page);
		ASSERT(t, page != NULL);
		free_frames(page, 2);
	}
}

#ifdef VELLUM_DEBUG
static void
wait_with_interrupts_off(void *arg)
{
	unsigned long flags = local_irq_save();

	(void)arg;
	free_frame(alloc_page(GFP_KERNEL));
	local_irq_restore(flags);
}
#endif

static void
a_waiting_request_with_interrupts_off_is_reported(struct test *t)
{
#ifdef VELLUM_DEBUG
	EXPECT_REPORT(t, wait_with_interrupts_off, NULL, "page_alloc.c");
#else
	SKIP(t, "might_sleep() checks in debug builds");
#endif
}

/* Runs bad(page), whose report is kept; true if it contained text. */
static bool
free_reported(struct test *t, struct page *page, unsigned order,
	      const char *text)
{
	static char log[4096];
	unsigned before = nr_bad_pages;

	log_capture_begin(log, sizeof(log));
	free_frames(page, order);
	log_capture_end();
	if (strstr(log, text) && nr_bad_pages == before + 1)
		return true;
	test_info(t, "reported: %s", log);
	return false;
}

static void
a_double_free_is_caught_and_changes_nothing(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long free;

	ASSERT(t, page != NULL);
	free_frame(page);
	free = nr_free_pages();
	EXPECT(t, free_reported(t, page, 0, "reference given up"));
	EXPECT_EQ(t, nr_free_pages(), free);
	EXPECT_EQ(t, page_count(page), 0);
	/* The same once it is back in the zone. */
	drain_all_pages();
	EXPECT(t, free_reported(t, page, 0, "reference given up"));
	EXPECT_EQ(t, nr_free_pages(), free);
}

static void
a_free_with_another_order_is_caught(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);

	ASSERT(t, page != NULL);
	EXPECT(t, free_reported(t, page, 0, "another order"));
	EXPECT(t, free_reported(t, page, 3, "another order"));
	EXPECT(t, free_reported(t, page, 9, "another order"));
	EXPECT_EQ(t, page_count(page), 1);
	free_frames(page, 2);
}

static void
a_tail_or_reserved_page_cannot_be_freed(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	struct page *reserved = virt_to_page(mem_map);

	ASSERT(t, page != NULL);
	EXPECT(t, free_reported(t, page + 1, 0, "reference given up"));
	EXPECT_EQ(t, page_state(reserved), PAGE_STATE_RESERVED);
	EXPECT(t, free_reported(t, reserved, 0, "nobody had it"));
	EXPECT_EQ(t, page_state(reserved), PAGE_STATE_RESERVED);
	free_frames(page, 2);
}

static void
a_free_of_a_mapped_or_flagged_page_is_caught(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	atomic_set(&page->mapcount, 1);
	EXPECT(t, free_reported(t, page, 0, "mapped"));
	atomic_set(&page->mapcount, 0);
	page->flags |= PG_locked;
	EXPECT(t, free_reported(t, page, 0, "flags set"));
	page->flags &= ~PG_locked;
	EXPECT_EQ(t, page_count(page), 1);
	free_frame(page);
}

static void
split_pages_are_freed_one_by_one(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	unsigned long free;
	unsigned i;

	ASSERT(t, page != NULL);
	free = nr_free_pages();
	split_page(page, 3);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(t, page_state(page + i), PAGE_STATE_KERNEL);
		EXPECT_EQ(t, page_order(page + i), 0);
		EXPECT_EQ(t, page_count(page + i), 1);
	}
	for (i = 0; i < 8; i++)
		free_frame(page + (i * 3 & 7));
	EXPECT_EQ(t, nr_free_pages(), free + 8);
}

static void
exact_sizes_keep_no_rest(struct test *t)
{
	static const unsigned sizes[] = { 1, 4096, 4097, 5 * 4096, 130000 };
	unsigned long free;
	unsigned i, pages;
	void *addr;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		free = nr_free_pages();
		pages = DIV_ROUND_UP(sizes[i], PAGE_SIZE);
		addr = alloc_pages_exact(sizes[i], GFP_KERNEL | __GFP_ZERO);
		ASSERT(t, addr != NULL);
		EXPECT_EQ(t, nr_free_pages(), free - pages);
		EXPECT(t, all_bytes(addr, sizes[i], 0));
		free_pages_exact(addr, sizes[i]);
		EXPECT_EQ(t, nr_free_pages(), free);
	}
	free_pages_exact(NULL, 4096);
}

static void
bulk_fills_the_empty_entries(struct test *t)
{
	struct page *pages[20] = { NULL }, *mine = alloc_page(GFP_KERNEL);
	unsigned i;

	ASSERT(t, mine != NULL);
	pages[7] = mine;
	EXPECT_EQ(t, alloc_pages_bulk(GFP_KERNEL, 20, pages), 20);
	EXPECT(t, pages[7] == mine);
	for (i = 0; i < 20; i++) {
		EXPECT(t, pages[i] != NULL);
		free_frame(pages[i]);
	}
}

/* A free block of this order in the zone, or 0. */
static pfn_t
find_free_block(struct zone *zone, unsigned order)
{
	unsigned type;
	struct list_head *list;

	for (type = 0; zone && type < MIGRATE_PCPTYPES; type++) {
		list = &zone->free_area[order].free_list[type];
		if (!list_empty(list))
			return page_to_pfn(list_first_entry(list, struct page,
							    free.list));
	}
	return 0;
}

/* 300 frames across two pageblocks, from the middle of a free block. */
static void
a_free_range_can_be_had_by_number(struct test *t)
{
	pfn_t start = find_free_block(find_zone(ZONE_NORMAL), 9);
	unsigned long free = nr_free_pages();
	unsigned i;

	if (!start)
		start = find_free_block(find_zone(ZONE_NORMAL), 10);
	if (!start)
		SKIP(t, "no free block of 2 MiB");
	start += 100;
	ASSERT_EQ(t, alloc_contig_range(start, start + 300), 0);
	EXPECT_EQ(t, nr_free_pages(), free - 300);
	for (i = 0; i < 300; i++) {
		EXPECT_EQ(t, page_state(pfn_to_page(start + i)),
			  PAGE_STATE_KERNEL);
		EXPECT_EQ(t, page_count(pfn_to_page(start + i)), 1);
	}
	EXPECT(t, page_state(compound_head(pfn_to_page(start - 1))) ==
		  PAGE_STATE_FREE);
	EXPECT_EQ(t, alloc_contig_range(start - 5, start + 1), -EBUSY);
	EXPECT_EQ(t, alloc_contig_range(start + 299, start + 302), -EBUSY);
	EXPECT_VERIFIED(t);
	free_contig_range(start, 300);
	EXPECT_EQ(t, nr_free_pages(), free);
}

/* A frame on a core's magazine is as free as any. */
static void
a_range_takes_pages_out_of_magazines(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	pfn_t pfn;

	ASSERT(t, page != NULL);
	pfn = page_to_pfn(page);
	free_frame(page);		/* to this core's magazine */
	EXPECT_EQ(t, alloc_contig_range(pfn, pfn + 1), 0);
	EXPECT_EQ(t, page_state(page), PAGE_STATE_KERNEL);
	free_contig_range(pfn, 1);
}

/* No range reaches from one zone into another. */
static void
a_range_ends_with_its_zone(struct test *t)
{
	struct zone *zone;
	unsigned i, seen = 0;
	pfn_t end;

	for_each_zone(zone, i) {
		end = zone_end_pfn(zone);
		if (!pfn_valid(end + 4))
			continue;
		EXPECT_EQ(t, alloc_contig_range(end - 4, end + 4), -EINVAL);
		seen++;
	}
	if (!seen)
		SKIP(t, "one zone");
}

static void
exact_sizes_have_an_address(struct test *t)
{
	void *p = alloc_pages_exact(3 * PAGE_SIZE, GFP_HIGHUSER);

	ASSERT(t, p != NULL);
	EXPECT(t, p >= (void *)PAGE_OFFSET && p < high_memory);
	free_pages_exact(p, 3 * PAGE_SIZE);
}

static void
impossible_ranges_are_refused(struct test *t)
{
	pfn_t pfn = mem_map_start;

	EXPECT_EQ(t, alloc_contig_range(pfn + 5, pfn + 5), -EINVAL);
	EXPECT_EQ(t, alloc_contig_range(pfn + 6, pfn + 5), -EINVAL);
	EXPECT_EQ(t, alloc_contig_range(pfn - 1, pfn + 5), -EINVAL);
	EXPECT_EQ(t, alloc_contig_range(mem_map_end - 1, mem_map_end + 1),
		  -EINVAL);
	/* The kernel's image is in use. */
	pfn = page_to_pfn(virt_to_page(mem_map));
	EXPECT_EQ(t, alloc_contig_range(pfn, pfn + 1), -EBUSY);
}

/* The reports that a failing request makes; its text is in log. */
static unsigned
reports_of(char *log, size_t size, gfp_t gfp, unsigned order)
{
	unsigned reports = nr_alloc_reports;
	struct page *page;

	log_capture_begin(log, size);
	page = alloc_pages(gfp, order);
	log_capture_end();
	if (page)
		free_frames(page, order);
	return nr_alloc_reports - reports;
}

/* One report, with order, flags and zones; none with __GFP_NOWARN. */
static void
a_failed_request_is_reported_once(struct test *t)
{
	const gfp_t gfp = GFP_NOWAIT | GFP_DMA | __GFP_THISNODE;
	static char log[4096];
	struct page_chain chain;
	unsigned i;

	if (!find_zone(ZONE_DMA) ||
	    find_zone(ZONE_DMA)->nid != cpu_to_node(smp_processor_id()))
		SKIP(t, "no DMA zone here");
	chain_init(&chain);
	chain_fill(&chain, gfp, 0);
	EXPECT_EQ(t, reports_of(log, sizeof(log), gfp | __GFP_NOWARN, 0), 0);
	/* After many failures (another run) reports become rare. */
	for (i = 0; i < 1025; i++) {
		if (reports_of(log, sizeof(log), gfp, 6))
			break;
	}
	EXPECT(t, strstr(log, "page allocation failure: order 6"));
	EXPECT(t, strstr(log, "GFP_NOWAIT|__GFP_DMA"));
	EXPECT(t, strstr(log, "DMA     free"));
	chain_free(&chain);
}

static unsigned long reclaim_calls;
static struct page_chain reclaimable;

/* A reclaim that wins one of the hoarded blocks back, once. */
static unsigned long
reclaim_one(gfp_t gfp, unsigned order)
{
	struct page *page;

	(void)gfp;
	(void)order;
	reclaim_calls++;
	if (reclaimable.nr == 0)
		return 0;
	page = list_first_entry(&reclaimable.pages, struct page, owner.list);
	list_del(&page->owner.list);
	reclaimable.nr--;
	put_page(page);
	drain_local_pages();
	return 1;
}

static void
a_waiting_request_calls_reclaim(struct test *t)
{
	struct zone *zone = find_zone(ZONE_DMA);
	gfp_t gfp = GFP_KERNEL | GFP_DMA | __GFP_THISNODE | __GFP_NOWARN;
	unsigned long stalls = vm_event(ALLOCSTALL_DMA);
	unsigned long (*real)(gfp_t gfp, unsigned order);
	struct page *page;

	if (!zone || zone->nid != cpu_to_node(smp_processor_id()))
		SKIP(t, "no DMA zone here");
	chain_init(&reclaimable);
	chain_fill(&reclaimable, gfp, 0);
	EXPECT(t, vm_event(ALLOCSTALL_DMA) > stalls);
	reclaim_calls = 0;
	real = page_reclaim_fn;
	page_reclaim_fn = reclaim_one;
	page = alloc_page(gfp);
	page_reclaim_fn = real;
	EXPECT(t, page != NULL);
	EXPECT(t, reclaim_calls > 0);
	if (page)
		free_frame(page);
	chain_free(&reclaimable);
}

#define LONG_RACE	40u	/* more than RECLAIM_ROUNDS of page_alloc.c */

/* Others are faster, for a while. */
static unsigned long
reclaim_for_others(gfp_t gfp, unsigned order)
{
	(void)gfp;
	(void)order;
	if (++reclaim_calls > LONG_RACE)
		chain_free(&reclaimable);
	drain_local_pages();
	return reclaim_calls < 2 * LONG_RACE;	/* or nothing ends it */
}

static void
a_small_block_outlasts_others_who_take_what_is_won(struct test *t)
{
	struct zone *zone = find_zone(ZONE_DMA);
	gfp_t gfp = GFP_KERNEL | GFP_DMA | __GFP_THISNODE | __GFP_NOWARN;
	unsigned long (*real)(gfp_t gfp, unsigned order);
	struct page_chain single;
	struct page *page;

	if (!zone || zone->nid != cpu_to_node(smp_processor_id()))
		SKIP(t, "no DMA zone here");
	chain_init(&reclaimable);
	chain_init(&single);
	if (chain_fill(&reclaimable, gfp, 2) < 8) {
		chain_free(&reclaimable);
		SKIP(t, "the kernel fills the DMA zone");
	}
	chain_fill(&single, gfp, 0);
	reclaim_calls = 0;
	real = page_reclaim_fn;
	page_reclaim_fn = reclaim_for_others;
	page = alloc_pages(gfp, 2);
	page_reclaim_fn = real;
	EXPECT(t, page != NULL);
	EXPECT_EQ(t, reclaim_calls, LONG_RACE + 1);
	if (page)
		put_page(page);
	chain_free(&reclaimable);
	chain_free(&single);
}

static unsigned kswapd_wakes;

static void
count_wake(struct zone *zone, unsigned order)
{
	(void)zone;
	(void)order;
	kswapd_wakes++;
}

static void
below_low_kswapd_is_woken(struct test *t)
{
	struct page_chain chain;
	struct zone *zone = find_zone(ZONE_DMA);
	gfp_t gfp = GFP_NOWAIT | GFP_DMA | __GFP_THISNODE;
	void (*real)(struct zone *zone, unsigned order);

	if (!zone || zone->nid != cpu_to_node(smp_processor_id()))
		SKIP(t, "no DMA zone here");
	chain_init(&chain);
	kswapd_wakes = 0;
	real = page_wake_kswapd_fn;
	page_wake_kswapd_fn = count_wake;
	chain_fill(&chain, gfp, 0);
	page_wake_kswapd_fn = real;
	EXPECT(t, kswapd_wakes > 0);
	chain_free(&chain);
}

static void
gfp_flags_have_names(struct test *t)
{
	char text[160];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	gfp_format(&s, GFP_KERNEL | __GFP_ZERO);
	EXPECT_EQ(t, strcmp(text, "GFP_KERNEL|__GFP_ZERO"), 0);
	seq_buf_init(&s, text, sizeof(text));
	gfp_format(&s, 0);
	EXPECT_EQ(t, strcmp(text, "0"), 0);
	seq_buf_init(&s, text, sizeof(text));
	gfp_format(&s, GFP_ATOMIC | 0x80000000u);
	EXPECT_EQ(t, strcmp(text, "GFP_ATOMIC|0x80000000"), 0);
}

TEST_SUITE("page_alloc",
	   TEST_CASE(blocks_are_aligned_to_their_size),
	   TEST_CASE(zeroed_pages_are_zero_and_others_are_not_touched),
	   TEST_CASE(every_frame_of_memory_can_be_had_and_given_back),
	   TEST_CASE(impossible_requests_fail),
	   TEST_CASE(atomic_requests_work_in_an_interrupt_handler),
	   TEST_CASE(a_waiting_request_with_interrupts_off_is_reported),
	   TEST_CASE(a_double_free_is_caught_and_changes_nothing),
	   TEST_CASE(a_free_with_another_order_is_caught),
	   TEST_CASE(a_tail_or_reserved_page_cannot_be_freed),
	   TEST_CASE(a_free_of_a_mapped_or_flagged_page_is_caught),
	   TEST_CASE(split_pages_are_freed_one_by_one),
	   TEST_CASE(exact_sizes_keep_no_rest),
	   TEST_CASE(bulk_fills_the_empty_entries),
	   TEST_CASE(a_free_range_can_be_had_by_number),
	   TEST_CASE(exact_sizes_have_an_address),
	   TEST_CASE(a_range_takes_pages_out_of_magazines),
	   TEST_CASE(a_range_ends_with_its_zone),
	   TEST_CASE(impossible_ranges_are_refused),
	   TEST_CASE(a_failed_request_is_reported_once),
	   TEST_CASE(a_waiting_request_calls_reclaim),
	   TEST_CASE(a_small_block_outlasts_others_who_take_what_is_won),
	   TEST_CASE(below_low_kswapd_is_woken),
	   TEST_CASE(gfp_flags_have_names));
