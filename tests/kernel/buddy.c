/* SPDX-License-Identifier: MIT */
/*
 * Buddy allocator and pageblocks, on a zone of the test's own.
 *
 * A block of 1024 frames is taken from the kernel and made the memory of a
 * private struct zone: so each case starts from one free block, knows every
 * frame, and disturbs nobody. At the end all of it must have become one block
 * again, which goes back.
 */
#include <lib/bitops.h>
#include <lib/errno.h>
#include <mm/vmstat.h>
#include "page_helpers.h"

static struct zone zone;		/* of the running case */
static struct page *base;		/* its 1024 frames */
static u8 saved_types[4];

/* One free block of order 10, all pageblocks movable. */
static bool
lab_open(struct test *t)
{
	unsigned order, type, i;

	base = alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER);
	if (!base) {
		t->skip = "no free block of 4 MiB";
		return false;
	}
	memset(&zone, 0, sizeof(zone));
	spin_lock_init(&zone.lock, LOCK_ZONE);
	zone.name = "Lab";
	zone.index = page_zone_index(base);
	zone.managed_pages = MAX_ORDER_NR_PAGES;
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		for (type = 0; type < MIGRATE_TYPES; type++)
			INIT_LIST_HEAD(&zone.free_area[order].free_list[type]);
	}
	for (i = 0; i < 4; i++) {
		saved_types[i] = page_pageblock_type(base +
						     i * PAGEBLOCK_NR_PAGES);
		pageblock_set_type(base + i * PAGEBLOCK_NR_PAGES,
				   MIGRATE_MOVABLE);
	}
	atomic_set(&base->refcount, 0);
	page_set_state(base, PAGE_STATE_ISOLATED);
	buddy_free(&zone, base, MAX_ORDER, MIGRATE_MOVABLE);
	return true;
}

/* Expects that all came back, and returns it to the kernel. */
static void
lab_close(struct test *t)
{
	struct page *page;
	unsigned i, type;

	EXPECT_EQ(t, zone.nr_free, MAX_ORDER_NR_PAGES);
	type = page_pageblock_type(base);
	page = buddy_take(&zone, MAX_ORDER, type);
	EXPECT(t, page == base);
	EXPECT_EQ(t, zone.nr_free, 0);
	for (i = 0; i < MIGRATE_TYPES; i++)
		EXPECT_EQ(t, zone.order_mask[i], 0);
	for (i = 0; i < 4; i++)
		pageblock_set_type(base + i * PAGEBLOCK_NR_PAGES,
				   saved_types[i]);
	page_set_state(base, PAGE_STATE_KERNEL);
	atomic_set(&base->refcount, 1);
	free_frames(base, MAX_ORDER);
}

static struct page *
take(unsigned order, unsigned type)
{
	return buddy_take(&zone, order, type);
}

static void
give(struct page *page, unsigned order)
{
	buddy_free(&zone, page, order, page_pageblock_type(page));
}

static unsigned
blocks(unsigned order, unsigned type)
{
	return zone.free_area[order].nr_free[type];
}

/* [free 10] -> [given 0][0][1][ 2  ]...[	  9	   ] */
static void
split_gives_the_low_half(struct test *t)
{
	struct page *page;
	unsigned order;

	if (!lab_open(t))
		return;
	page = take(0, MIGRATE_MOVABLE);
	EXPECT(t, page == base);
	EXPECT_EQ(t, page_state(page), PAGE_STATE_ISOLATED);
	EXPECT_EQ(t, page_order(page), 0);
	EXPECT_EQ(t, zone.nr_free, 1023);
	for (order = 0; order < MAX_ORDER; order++) {
		EXPECT_EQ(t, blocks(order, MIGRATE_MOVABLE), 1);
		EXPECT_EQ(t, page_state(base + (1 << order)),
			  PAGE_STATE_FREE);
		EXPECT_EQ(t, page_order(base + (1 << order)), order);
	}
	EXPECT_EQ(t, blocks(MAX_ORDER, MIGRATE_MOVABLE), 0);
	EXPECT_EQ(t, zone.order_mask[MIGRATE_MOVABLE], 0x3ff);
	give(page, 0);
	EXPECT_EQ(t, zone.order_mask[MIGRATE_MOVABLE], 0x400);
	EXPECT_EQ(t, blocks(MAX_ORDER, MIGRATE_MOVABLE), 1);
	EXPECT_EQ(t, page_state(base + 512), PAGE_STATE_TAIL);
	lab_close(t);
}

/* a and b are buddies, c is b's neighbour but not its buddy. */
static void
only_buddies_merge(struct test *t)
{
	struct page *a, *b, *c, *d;

	if (!lab_open(t))
		return;
	a = take(0, MIGRATE_MOVABLE);
	b = take(0, MIGRATE_MOVABLE);
	c = take(0, MIGRATE_MOVABLE);
	d = take(0, MIGRATE_MOVABLE);
	EXPECT(t, b == a + 1 && c == a + 2 && d == a + 3);
	give(b, 0);
	give(c, 0);
	EXPECT_EQ(t, page_order(b), 0);
	EXPECT_EQ(t, page_order(c), 0);
	EXPECT_EQ(t, blocks(0, MIGRATE_MOVABLE), 2);
	EXPECT_EQ(t, blocks(1, MIGRATE_MOVABLE), 0);
	give(a, 0);
	EXPECT_EQ(t, page_order(a), 1);
	EXPECT_EQ(t, page_state(b), PAGE_STATE_TAIL);
	give(d, 0);
	lab_close(t);
}

/* Freed from above: the lower buddy becomes the head. */
static void
merging_downwards_makes_the_lower_one_the_head(struct test *t)
{
	struct page *a, *b;

	if (!lab_open(t))
		return;
	a = take(3, MIGRATE_MOVABLE);
	b = take(3, MIGRATE_MOVABLE);
	give(a, 3);
	EXPECT_EQ(t, page_order(a), 3);
	give(b, 3);
	EXPECT_EQ(t, page_state(b), PAGE_STATE_TAIL);
	EXPECT(t, compound_head(b + 7) == a);
	lab_close(t);
}

static void
the_smallest_block_that_fits_is_taken(struct test *t)
{
	struct page *big, *keep, *small, *got;

	if (!lab_open(t))
		return;
	big = take(5, MIGRATE_MOVABLE);
	keep = take(5, MIGRATE_MOVABLE);
	small = take(2, MIGRATE_MOVABLE);
	give(big, 5);		/* free: one of 5, one of 2, ... */
	got = take(2, MIGRATE_MOVABLE);
	EXPECT(t, got == small + 4);
	give(got, 2);
	give(small, 2);
	give(keep, 5);
	lab_close(t);
}

static void
the_newest_block_comes_first(struct test *t)
{
	bool shuffled = page_alloc_shuffle;
	struct page *p[4];
	unsigned i;

	if (!lab_open(t))
		return;
	page_alloc_shuffle = false;
	for (i = 0; i < 4; i++)
		p[i] = take(0, MIGRATE_MOVABLE);
	give(p[0], 0);
	give(p[2], 0);
	EXPECT(t, take(0, MIGRATE_MOVABLE) == p[2]);
	EXPECT(t, take(0, MIGRATE_MOVABLE) == p[0]);
	page_alloc_shuffle = shuffled;
	for (i = 0; i < 4; i++)
		give(p[i], 0);
	lab_close(t);
}

/* A free frame whose flags word names another zone is nobody's buddy. */
static void
blocks_of_another_zone_do_not_merge(struct test *t)
{
	struct page *a, *b;

	if (!lab_open(t))
		return;
	a = take(0, MIGRATE_MOVABLE);
	b = take(0, MIGRATE_MOVABLE);
	give(b, 0);
	b->flags ^= 1u << PAGE_ZONE_SHIFT;
	give(a, 0);
	EXPECT_EQ(t, page_order(a), 0);
	EXPECT_EQ(t, page_state(a), PAGE_STATE_FREE);
	b->flags ^= 1u << PAGE_ZONE_SHIFT;
	buddy_list_del(&zone, a, 0);
	buddy_account(&zone, -1, MIGRATE_MOVABLE);
	page_set_state(a, PAGE_STATE_ISOLATED);
	give(a, 0);
	lab_close(t);
}

/* Two whole pageblocks, one unmovable: the merged one has one type. */
static void
merged_pageblocks_get_one_type(struct test *t)
{
	struct page *a, *b;

	if (!lab_open(t))
		return;
	a = take(8, MIGRATE_MOVABLE);
	b = take(8, MIGRATE_MOVABLE);
	pageblock_set_type(a, MIGRATE_UNMOVABLE);
	give(a, 8);
	EXPECT_EQ(t, blocks(8, MIGRATE_UNMOVABLE), 1);
	give(b, 8);
	EXPECT_EQ(t, page_pageblock_type(a), MIGRATE_MOVABLE);
	EXPECT_EQ(t, blocks(8, MIGRATE_UNMOVABLE), 0);
	EXPECT_EQ(t, blocks(10, MIGRATE_MOVABLE), 1);
	lab_close(t);
}

static void
special_pageblocks_do_not_merge_with_others(struct test *t)
{
	static const unsigned special[] = {
		MIGRATE_HIGHATOMIC, MIGRATE_CMA, MIGRATE_ISOLATE,
	};
	struct page *a, *b;
	unsigned i;

	if (!lab_open(t))
		return;
	for (i = 0; i < ARRAY_SIZE(special); i++) {
		a = take(8, MIGRATE_MOVABLE);
		b = take(8, MIGRATE_MOVABLE);
		pageblock_set_type(a, special[i]);
		give(a, 8);
		give(b, 8);
		EXPECT_EQ(t, blocks(8, special[i]), 1);
		EXPECT_EQ(t, blocks(8, MIGRATE_MOVABLE), 1);
		EXPECT_EQ(t, zone.nr_free_cma,
			  special[i] == MIGRATE_CMA ? 256 : 0);
		EXPECT_EQ(t, zone.nr_free,
			  special[i] == MIGRATE_ISOLATE ? 768 : 1024);
		a = take(8, special[i]);
		pageblock_set_type(a, MIGRATE_MOVABLE);
		give(a, 8);
		EXPECT_EQ(t, blocks(10, MIGRATE_MOVABLE), 1);
	}
	lab_close(t);
}

/* A type without memory converts the largest block, all its pageblocks. */
static void
fallback_converts_a_large_block(struct test *t)
{
	struct page *page;
	unsigned i;

	if (!lab_open(t))
		return;
	page = buddy_alloc(&zone, 0, MIGRATE_UNMOVABLE, 0);
	EXPECT(t, page == base);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(t, page_pageblock_type(base + i * 256),
			  MIGRATE_UNMOVABLE);
	EXPECT_EQ(t, zone.order_mask[MIGRATE_MOVABLE], 0);
	EXPECT_EQ(t, zone.nr_free, 1023);
	give(page, 0);
	lab_close(t);
}

/* Take the four pageblocks, and give two that are no buddies back typed. */
static void
lab_two_types(struct page *block[4], unsigned first, unsigned third)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		block[i] = take(8, MIGRATE_MOVABLE);
	pageblock_set_type(block[0], first);
	pageblock_set_type(block[2], third);
	give(block[0], 8);
	give(block[2], 8);
}

/* All of the two is free again, whatever its type is now. */
static void
lab_one_type(struct page *block[4])
{
	unsigned i;

	for (i = 0; i < 4; i += 2)
		block[i] = take(8, page_pageblock_type(block[i]));
	for (i = 0; i < 4; i++) {
		pageblock_set_type(block[i], MIGRATE_MOVABLE);
		give(block[i], 8);
	}
}

/* What cannot be moved goes to what can be freed, not among what moves. */
static void
unmovable_requests_spare_movable_pageblocks(struct test *t)
{
	struct page *block[4], *page;

	if (!lab_open(t))
		return;
	lab_two_types(block, MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE);
	page = buddy_alloc(&zone, 0, MIGRATE_UNMOVABLE, 0);
	EXPECT(t, page == block[0]);
	EXPECT_EQ(t, page_pageblock_type(block[0]), MIGRATE_UNMOVABLE);
	EXPECT_EQ(t, page_pageblock_type(block[2]), MIGRATE_MOVABLE);
	give(page, 0);
	lab_one_type(block);
	lab_close(t);
}

/* Half of what is free is CMA: no preference, but before any stealing. */
static void
cma_is_used_before_other_types_are_robbed(struct test *t)
{
	struct page *block[4], *page;

	if (!lab_open(t))
		return;
	lab_two_types(block, MIGRATE_CMA, MIGRATE_UNMOVABLE);
	EXPECT_EQ(t, zone.nr_free_cma, 256);
	page = buddy_alloc(&zone, 0, MIGRATE_MOVABLE, ALLOC_CMA);
	EXPECT(t, page == block[0]);
	EXPECT_EQ(t, page_pageblock_type(block[2]), MIGRATE_UNMOVABLE);
	give(page, 0);
	lab_one_type(block);
	lab_close(t);
}

/* Take all pageblocks but the first; of that, leave nr frames free. */
static void
lab_leave(struct page *others[3], struct page *block[256], unsigned nr)
{
	unsigned i;

	for (i = 0; i < 256; i++)
		block[i] = take(0, MIGRATE_MOVABLE);
	for (i = 0; i < 3; i++)
		others[i] = take(8, MIGRATE_MOVABLE);
	for (i = 0; i < nr; i++) {
		give(block[i], 0);
		block[i] = NULL;
	}
}

static void
lab_give_all(struct page *others[3], struct page *block[256])
{
	unsigned i;

	for (i = 0; i < 256; i++) {
		if (block[i])
			give(block[i], 0);
	}
	for (i = 0; i < 3; i++)
		give(others[i], 8);
}

static struct page *lab_block[256];

static void
a_half_free_pageblock_changes_sides(struct test *t)
{
	unsigned long steals = vm_event(PAGEBLOCK_STEAL);
	struct page *others[3], *page;

	if (!lab_open(t))
		return;
	lab_leave(others, lab_block, 128);
	page = buddy_alloc(&zone, 0, MIGRATE_UNMOVABLE, 0);
	EXPECT(t, page != NULL);
	EXPECT_EQ(t, vm_event(PAGEBLOCK_STEAL), steals + 1);
	EXPECT_EQ(t, page_pageblock_type(base), MIGRATE_UNMOVABLE);
	EXPECT_EQ(t, zone.order_mask[MIGRATE_MOVABLE], 0);
	EXPECT_EQ(t, zone.nr_free, 127);
	give(page, 0);
	EXPECT_EQ(t, blocks(7, MIGRATE_UNMOVABLE), 1);
	lab_give_all(others, lab_block);
	lab_close(t);
}

static void
a_pageblock_in_use_lends_one_block_only(struct test *t)
{
	struct page *others[3], *page;

	if (!lab_open(t))
		return;
	lab_leave(others, lab_block, 127);
	page = buddy_alloc(&zone, 0, MIGRATE_UNMOVABLE, 0);
	EXPECT(t, page != NULL);
	EXPECT_EQ(t, page_pageblock_type(base), MIGRATE_MOVABLE);
	EXPECT_EQ(t, zone.order_mask[MIGRATE_UNMOVABLE], 0);
	EXPECT_EQ(t, zone.nr_free, 126);
	/* From the largest block, 0-63: the single frame 126 is left. */
	EXPECT(t, page == base);
	EXPECT_EQ(t, page_state(base + 126), PAGE_STATE_FREE);
	give(page, 0);
	lab_give_all(others, lab_block);
	lab_close(t);
}

static void
a_movable_request_borrows_the_smallest_block(struct test *t)
{
	struct page *others[3], *page;

	if (!lab_open(t))
		return;
	lab_leave(others, lab_block, 127);
	pageblock_move_free(&zone, base, MIGRATE_UNMOVABLE);
	page = buddy_alloc(&zone, 0, MIGRATE_MOVABLE, 0);
	EXPECT(t, page == base + 126);
	EXPECT_EQ(t, page_pageblock_type(base), MIGRATE_UNMOVABLE);
	give(page, 0);
	pageblock_move_free(&zone, base, MIGRATE_MOVABLE);
	lab_give_all(others, lab_block);
	lab_close(t);
}

static void
cma_serves_only_who_may(struct test *t)
{
	struct page *others[3], *page;

	if (!lab_open(t))
		return;
	lab_leave(others, lab_block, 64);
	pageblock_move_free(&zone, base, MIGRATE_CMA);
	EXPECT_EQ(t, zone.nr_free_cma, 64);
	EXPECT(t, buddy_alloc(&zone, 0, MIGRATE_UNMOVABLE, 0) == NULL);
	EXPECT(t, buddy_alloc(&zone, 0, MIGRATE_MOVABLE, 0) == NULL);
	page = buddy_alloc(&zone, 0, MIGRATE_MOVABLE, ALLOC_CMA);
	EXPECT(t, page != NULL);
	EXPECT_EQ(t, zone.nr_free_cma, 63);
	give(page, 0);
	pageblock_move_free(&zone, base, MIGRATE_MOVABLE);
	EXPECT_EQ(t, zone.nr_free_cma, 0);
	lab_give_all(others, lab_block);
	lab_close(t);
}

/* While more than half of what is free is CMA, movable pages use it first. */
static void
cma_and_other_memory_are_used_level(struct test *t)
{
	struct page *page;

	if (!lab_open(t))
		return;
	page = take(8, MIGRATE_MOVABLE);
	give(page, 8);
	EXPECT(t, !buddy_prefers_cma(&zone, ALLOC_CMA));
	zone.nr_free_cma = 512;
	EXPECT(t, !buddy_prefers_cma(&zone, ALLOC_CMA));
	zone.nr_free_cma = 513;
	EXPECT(t, buddy_prefers_cma(&zone, ALLOC_CMA));
	EXPECT(t, !buddy_prefers_cma(&zone, 0));
	zone.nr_free_cma = 0;
	lab_close(t);
}

static void
the_high_order_reserve_grows_to_one_percent(struct test *t)
{
	struct page *a, *b;

	if (!lab_open(t))
		return;
	a = take(1, MIGRATE_MOVABLE);
	pageblock_reserve_highatomic(&zone, a);
	EXPECT_EQ(t, zone.nr_highatomic, 0);	/* 1 % is no pageblock */
	zone.managed_pages = 25600;
	pageblock_reserve_highatomic(&zone, a);
	EXPECT_EQ(t, zone.nr_highatomic, 256);
	EXPECT_EQ(t, page_pageblock_type(a), MIGRATE_HIGHATOMIC);
	EXPECT_EQ(t, blocks(7, MIGRATE_HIGHATOMIC), 1);
	b = take(1, MIGRATE_MOVABLE);
	EXPECT(t, b >= base + 256);
	pageblock_reserve_highatomic(&zone, b);
	EXPECT_EQ(t, zone.nr_highatomic, 256);	/* full */
	EXPECT(t, pageblock_unreserve_highatomic(&zone, MIGRATE_MOVABLE));
	EXPECT_EQ(t, zone.nr_highatomic, 0);
	EXPECT_EQ(t, page_pageblock_type(a), MIGRATE_MOVABLE);
	EXPECT(t, !pageblock_unreserve_highatomic(&zone, MIGRATE_MOVABLE));
	give(a, 1);
	give(b, 1);
	lab_close(t);
}

static void
an_isolated_pageblock_hands_out_nothing(struct test *t)
{
	struct page *a, *b;

	if (!lab_open(t))
		return;
	a = take(0, MIGRATE_MOVABLE);
	EXPECT_EQ(t, pageblock_isolate(&zone, base), 0);
	EXPECT_EQ(t, pageblock_isolate(&zone, base), -EBUSY);
	EXPECT_EQ(t, zone.nr_isolated_blocks, 1);
	EXPECT_EQ(t, zone.nr_free, 768);
	b = take(0, MIGRATE_MOVABLE);
	EXPECT(t, b >= base + 256);
	give(b, 0);
	give(a, 0);
	EXPECT_EQ(t, zone.nr_free, 768);
	EXPECT_EQ(t, blocks(8, MIGRATE_ISOLATE), 1);
	pageblock_unisolate(&zone, base, MIGRATE_MOVABLE);
	EXPECT_EQ(t, zone.nr_isolated_blocks, 0);
	EXPECT_EQ(t, zone.nr_free, 1024);
	EXPECT_EQ(t, blocks(10, MIGRATE_MOVABLE), 1);
	lab_close(t);
}

/* [10] -> [8][isolated 8][9] -> [8][isolated 8][8][isolated 8] -> [10] */
static void
isolation_cuts_larger_blocks(struct test *t)
{
	if (!lab_open(t))
		return;
	EXPECT_EQ(t, pageblock_isolate(&zone, base + 256), 0);
	EXPECT_EQ(t, blocks(8, MIGRATE_ISOLATE), 1);
	EXPECT_EQ(t, blocks(8, MIGRATE_MOVABLE), 1);
	EXPECT_EQ(t, blocks(9, MIGRATE_MOVABLE), 1);
	EXPECT_EQ(t, blocks(10, MIGRATE_MOVABLE), 0);
	EXPECT_EQ(t, zone.nr_free, 768);
	EXPECT_EQ(t, pageblock_isolate(&zone, base + 768), 0);
	EXPECT_EQ(t, blocks(8, MIGRATE_MOVABLE), 2);
	EXPECT_EQ(t, blocks(9, MIGRATE_MOVABLE), 0);
	pageblock_unisolate(&zone, base + 256, MIGRATE_MOVABLE);
	EXPECT_EQ(t, blocks(9, MIGRATE_MOVABLE), 1);
	pageblock_unisolate(&zone, base + 768, MIGRATE_MOVABLE);
	EXPECT_EQ(t, blocks(10, MIGRATE_MOVABLE), 1);
	lab_close(t);
}

TEST_SUITE("buddy",
	   TEST_CASE(split_gives_the_low_half),
	   TEST_CASE(only_buddies_merge),
	   TEST_CASE(merging_downwards_makes_the_lower_one_the_head),
	   TEST_CASE(the_smallest_block_that_fits_is_taken),
	   TEST_CASE(the_newest_block_comes_first),
	   TEST_CASE(blocks_of_another_zone_do_not_merge),
	   TEST_CASE(merged_pageblocks_get_one_type),
	   TEST_CASE(special_pageblocks_do_not_merge_with_others),
	   TEST_CASE(fallback_converts_a_large_block),
	   TEST_CASE(unmovable_requests_spare_movable_pageblocks),
	   TEST_CASE(cma_is_used_before_other_types_are_robbed),
	   TEST_CASE(a_half_free_pageblock_changes_sides),
	   TEST_CASE(a_pageblock_in_use_lends_one_block_only),
	   TEST_CASE(a_movable_request_borrows_the_smallest_block),
	   TEST_CASE(cma_serves_only_who_may),
	   TEST_CASE(cma_and_other_memory_are_used_level),
	   TEST_CASE(the_high_order_reserve_grows_to_one_percent),
	   TEST_CASE(an_isolated_pageblock_hands_out_nothing),
	   TEST_CASE(isolation_cuts_larger_blocks));
