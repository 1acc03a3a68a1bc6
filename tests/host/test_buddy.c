/* SPDX-License-Identifier: MIT */
/*
 * The page allocator against a model: one byte for each frame, which says
 * whether it is free or whose it is.
 *
 * The allocator is the kernel's own, from mm_init_zones() on, on 96 MiB of
 * pretended memory with a hole, a reserved piece and some HighMem. After each
 * operation the number of free frames is compared; a request that fails is
 * held against the model: there must be no place for it. Now and then the
 * whole of it is verified.
 */
#include <string.h>

#include <asm/memory.h>
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <lib/seq_buf.h>
#include <mm/buddy.h>
#include <mm/debug.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/verify.h>
#include <mm/zone.h>
#include "harness.h"

#define MB		0x100000u
#define BASE		PHYS_OFFSET
#define NR_FRAMES	(96 * MB / PAGE_SIZE)
#define LOWMEM		(80 * MB)

/* --- the model -------------------------------------------------------------- */

enum { ABSENT, FREE, USED };
static u8 model[NR_FRAMES];		/* by frame - BASE */
static unsigned long model_free;

struct block {
	struct page *page;
	unsigned order;
};

#define NR_BLOCKS	4096
static struct block blocks[NR_BLOCKS];
static unsigned nr_blocks;

static unsigned
frame_of(const struct page *page)
{
	return (unsigned)(page_to_pfn(page) - (BASE >> PAGE_SHIFT));
}

/* Start the allocator once; the model learns what it got. */
static void
boot(void)
{
	unsigned i;

	if (mm_ready)
		return;
	nr_cpus = 4;
	high_memory = __va(BASE + LOWMEM);
	memblock_set_current_limit(BASE + LOWMEM);
	memblock_add(BASE, 41 * MB);
	memblock_add(BASE + 44 * MB, 52 * MB - 5 * PAGE_SIZE);
	memblock_reserve(BASE, 3 * MB + 7 * PAGE_SIZE);
	memblock_reserve(BASE + 50 * MB, PAGE_SIZE);
	mm_init_zones();
	for (i = 0; i < NR_FRAMES; i++) {
		struct page *head = compound_head(pfn_to_page(
			(BASE >> PAGE_SHIFT) + i));

		model[i] = page_state(head) == PAGE_STATE_FREE ? FREE : ABSENT;
		model_free += model[i] == FREE;
	}
}

static void
mark(struct test *t, struct page *page, unsigned order, u8 from, u8 to)
{
	unsigned first = frame_of(page), i, bad = 0;

	for (i = first; i < first + (1u << order); i++) {
		bad += model[i] != from;
		model[i] = to;
	}
	EXPECT_EQ(t, bad, 0);
	model_free += (to == FREE ? 1L : -1L) * (1L << order);
}

/* Is there a free aligned run of this order in [start, end) frames? */
static bool
model_has_room(unsigned order, unsigned start, unsigned end)
{
	unsigned i, j;

	for (i = start; i + (1u << order) <= end; i += 1u << order) {
		for (j = i; j < i + (1u << order) && model[j] == FREE; j++)
			;
		if (j == i + (1u << order))
			return true;
	}
	return false;
}

static bool
consistent(struct test *t)
{
	char text[1024];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (mm_verify_all(&s))
		return true;
	test_info(t, "%s", text);
	return false;
}

static void
take(struct test *t, gfp_t gfp, unsigned order, bool one_core)
{
	unsigned end = gfp & __GFP_HIGHMEM ? NR_FRAMES : LOWMEM / PAGE_SIZE;
	struct page *page = alloc_pages(gfp, order);

	if (!page) {
		/* What other cores' magazines hold is out of reach. */
		if ((gfp & __GFP_MEMALLOC) && one_core)
			EXPECT(t, !model_has_room(order, 0, end));
		return;
	}
	EXPECT(t, IS_ALIGNED(page_to_pfn(page), 1UL << order));
	EXPECT(t, frame_of(page) + (1u << order) <= end);
	EXPECT_EQ(t, page_count(page), 1);
	mark(t, page, order, FREE, USED);
	blocks[nr_blocks++] = (struct block){ page, order };
}

static void
give(struct test *t, unsigned n)
{
	struct block b = blocks[n];

	mark(t, b.page, b.order, USED, FREE);
	blocks[n] = blocks[--nr_blocks];
	free_frames(b.page, b.order);
}

static const gfp_t kinds[] = {
	GFP_NOWAIT | __GFP_MEMALLOC,
	GFP_NOWAIT | __GFP_MEMALLOC | __GFP_MOVABLE | __GFP_HIGHMEM,
	GFP_NOWAIT | __GFP_MEMALLOC | __GFP_RECLAIMABLE,
	GFP_ATOMIC, GFP_KERNEL, GFP_KERNEL | GFP_DMA,
	GFP_NOWAIT | __GFP_MEMALLOC | __GFP_HIGHMEM,
};

/* n operations; full decides between taking and giving. */
static void
churn(struct test *t, unsigned n, unsigned max_order, unsigned nr_cores)
{
	unsigned i, order, fill = test_below(t, 100);

	for (i = 0; i < n && !t->nr_failed; i++) {
		if (i % 1000 == 0)
			fill = test_below(t, 100);
		if (nr_cores > 1)
			host_set_cpu(test_below(t, nr_cores));
		if (nr_blocks < NR_BLOCKS &&
		    (nr_blocks == 0 || test_below(t, 100) < fill)) {
			order = test_below(t, 4) ? test_below(t, 4) :
				test_below(t, max_order + 1);
			take(t, kinds[test_below(t, ARRAY_SIZE(kinds))] |
				__GFP_NOWARN, order, nr_cores == 1);
		} else {
			give(t, test_below(t, nr_blocks));
		}
		EXPECT_EQ(t, nr_free_pages(), model_free);
		if (i % 5000 == 0)
			EXPECT(t, consistent(t));
	}
	host_set_cpu(0);
}

static void
give_all(struct test *t)
{
	unsigned cpu;

	while (nr_blocks)
		give(t, nr_blocks - 1);
	for (cpu = 0; cpu < 4; cpu++) {
		host_set_cpu(cpu);
		drain_local_pages();
	}
	host_set_cpu(0);
	EXPECT_EQ(t, nr_free_pages(), model_free);
	EXPECT(t, consistent(t));
}

static void
zones_follow_memblock(struct test *t)
{
	struct zone *zone = &NODE_DATA(0)->node_zones[ZONE_HIGHMEM];

	boot();
	EXPECT_EQ(t, model_free, nr_free_pages());
	EXPECT_EQ(t, model_free, totalram_pages());
	EXPECT_EQ(t, zone->start_pfn, (BASE + LOWMEM) >> PAGE_SHIFT);
	EXPECT_EQ(t, zone->present_pages, 16 * MB / PAGE_SIZE - 5);
	EXPECT_EQ(t, page_letter((BASE + 42 * MB) >> PAGE_SHIFT), ' ');
	EXPECT_EQ(t, page_letter((BASE + 50 * MB) >> PAGE_SHIFT), '#');
	EXPECT(t, consistent(t));
}

static void
one_core_agrees_with_the_model(struct test *t)
{
	boot();
	churn(t, 100000, 6, 1);
	give_all(t);
}

static void
large_orders_agree_with_the_model(struct test *t)
{
	boot();
	churn(t, 50000, MAX_ORDER, 1);
	give_all(t);
}

static void
four_cores_agree_with_the_model(struct test *t)
{
	boot();
	churn(t, 100000, MAX_ORDER, 4);
	give_all(t);
}

static void
shuffled_lists_agree_with_the_model(struct test *t)
{
	boot();
	page_alloc_shuffle = true;
	churn(t, 50000, 8, 4);
	page_alloc_shuffle = false;
	give_all(t);
}

static void
owners_are_known_through_it_all(struct test *t)
{
	boot();
	ASSERT_EQ(t, page_owner_start(), 0);
	model_free = nr_free_pages();
	churn(t, 5000, 4, 1);
	give_all(t);
	EXPECT_EQ(t, page_owner_frames_of(0, ~0UL), 0);
	page_owner_stop();
	model_free = nr_free_pages();
	EXPECT(t, consistent(t));
}

TEST_SUITE("host_buddy",
	   TEST_CASE(zones_follow_memblock),
	   TEST_CASE(one_core_agrees_with_the_model),
	   TEST_CASE(large_orders_agree_with_the_model),
	   TEST_CASE(four_cores_agree_with_the_model),
	   TEST_CASE(shuffled_lists_agree_with_the_model),
	   TEST_CASE(owners_are_known_through_it_all));
