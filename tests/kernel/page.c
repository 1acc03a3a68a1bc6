/* SPDX-License-Identifier: MIT */
/*
 * struct page: conversions, states and their moves, references, dump, letters.
 */
#include <asm/irqflags.h>
#include <kernel/smp.h>
#include "page_helpers.h"

static void
a_struct_page_is_32_bytes(struct test *t)
{
	EXPECT_EQ(t, sizeof(struct page), 32);
}

static void
frame_numbers_and_pages_convert_both_ways(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *addr;

	ASSERT(t, page != NULL);
	addr = page_address(page);
	EXPECT(t, pfn_to_page(page_to_pfn(page)) == page);
	EXPECT(t, virt_to_page(addr) == page);
	EXPECT(t, virt_to_page((char *)addr + PAGE_SIZE - 1) == page);
	EXPECT_EQ(t, page_to_phys(page), __pa(addr));
	EXPECT(t, phys_to_page(page_to_phys(page) + 5) == page);
	EXPECT(t, pfn_valid(page_to_pfn(page)));
	EXPECT(t, pfn_valid(mem_map_start));
	EXPECT(t, !pfn_valid(mem_map_start - 1));
	EXPECT(t, pfn_valid(mem_map_end - 1));
	EXPECT(t, !pfn_valid(mem_map_end));
	free_frame(page);
}

/* [H - - - - - - -] from each '-' to H */
static void
the_head_is_found_from_every_tail(struct test *t)
{
	unsigned order, i;
	struct page *page;

	for (order = 1; order <= 6; order++) {
		page = alloc_pages(GFP_KERNEL, order);
		ASSERT(t, page != NULL);
		for (i = 0; i < 1u << order; i++) {
			EXPECT(t, compound_head(page + i) == page);
			EXPECT_EQ(t, compound_order(page + i), order);
		}
		EXPECT(t, compound_head(page + (1u << order)) != page);
		free_frames(page, order);
	}
}

/* Every pair of states against the picture in mm/phys/page.c. */
static void
the_table_allows_what_the_picture_shows(struct test *t)
{
	static const struct {
		enum page_state from, to;
		bool allowed;
	} moves[] = {
		{ PAGE_STATE_FREE, PAGE_STATE_ISOLATED, true },
		{ PAGE_STATE_FREE, PAGE_STATE_TAIL, true },
		{ PAGE_STATE_FREE, PAGE_STATE_KERNEL, false },
		{ PAGE_STATE_FREE, PAGE_STATE_ANON, false },
		{ PAGE_STATE_ISOLATED, PAGE_STATE_KERNEL, true },
		{ PAGE_STATE_ISOLATED, PAGE_STATE_SLAB, false },
		{ PAGE_STATE_KERNEL, PAGE_STATE_SLAB, true },
		{ PAGE_STATE_KERNEL, PAGE_STATE_FREE, false },
		{ PAGE_STATE_ANON, PAGE_STATE_SWAPCACHE, true },
		{ PAGE_STATE_SWAPCACHE, PAGE_STATE_ANON, true },
		{ PAGE_STATE_ANON, PAGE_STATE_CACHE, false },
		{ PAGE_STATE_SLAB, PAGE_STATE_TABLE, false },
		{ PAGE_STATE_RESERVED, PAGE_STATE_FREE, false },
		{ PAGE_STATE_RESERVED, PAGE_STATE_TAIL, true },
		{ PAGE_STATE_OFFLINE, PAGE_STATE_KERNEL, false },
	};
	unsigned i, from;

	for (i = 0; i < ARRAY_SIZE(moves); i++)
		EXPECT_EQ(t, page_move_allowed(moves[i].from, moves[i].to),
			  moves[i].allowed);
	for (from = 0; from < NR_PAGE_STATES; from++) {
		EXPECT(t, !page_move_allowed(from, from));
		EXPECT_EQ(t, page_move_allowed(from, PAGE_STATE_ISOLATED),
			  from == PAGE_STATE_TAIL || from == PAGE_STATE_FREE ||
			  from >= PAGE_STATE_KERNEL);
		EXPECT(t, !page_move_allowed(from, NR_PAGE_STATES));
		EXPECT(t, !page_move_allowed(NR_PAGE_STATES, from));
	}
}

static void
make_illegal_move(void *page)
{
	page_set_state(page, PAGE_STATE_FREE);
}

static void
an_illegal_move_stops_the_kernel(struct test *t)
{
	struct page *page;

#ifndef VELLUM_DEBUG
	SKIP(t, "moves are checked in debug builds");
#endif
	page = alloc_page(GFP_KERNEL);
	ASSERT(t, page != NULL);
	EXPECT_REPORT(t, make_illegal_move, page,
		      "cannot go from kernel to free");
	EXPECT_EQ(t, page_state(page), PAGE_STATE_KERNEL);
	free_frame(page);
}

static void
the_last_put_frees(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	EXPECT_EQ(t, page_count(page), 1);
	EXPECT_EQ(t, page_mapcount(page), 0);
	get_page(page);
	EXPECT_EQ(t, page_count(page), 2);
	put_page(page);
	EXPECT_EQ(t, page_count(page), 1);
	EXPECT_EQ(t, page_state(page), PAGE_STATE_KERNEL);
	put_page(page);
	EXPECT(t, page_state(page) == PAGE_STATE_ISOLATED ||
		  page_state(page) == PAGE_STATE_FREE);
	EXPECT(t, !get_page_unless_zero(page));
	EXPECT_EQ(t, page_count(page), 0);
}

static void
tails_of_a_compound_page_share_its_count(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);

	ASSERT(t, page != NULL);
	EXPECT(t, page_compound(page + 5));
	get_page(page + 5);
	EXPECT_EQ(t, page_count(page), 2);
	EXPECT_EQ(t, page_count(page + 7), 2);
	put_page(page + 3);
	EXPECT_EQ(t, page_count(page), 1);
	put_page(page + 7);
	EXPECT_EQ(t, page_count(page), 0);
	EXPECT(t, !(page->flags & PG_compound));
}

static void
every_owner_may_free(struct test *t)
{
	static const enum page_state owners[] = {
		PAGE_STATE_SLAB, PAGE_STATE_TABLE, PAGE_STATE_ANON,
		PAGE_STATE_CACHE, PAGE_STATE_CMA,
	};
	struct page *page;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(owners); i++) {
		page = alloc_page(GFP_KERNEL);
		ASSERT(t, page != NULL);
		page_set_state(page, owners[i]);
		EXPECT_EQ(t, page_state(page), owners[i]);
		free_frame(page);
	}
	page = alloc_page(GFP_KERNEL);
	ASSERT(t, page != NULL);
	page_set_state(page, PAGE_STATE_ANON);
	page_set_state(page, PAGE_STATE_SWAPCACHE);
	free_frame(page);
}

static bool
dump_says(struct page *page, const char *text)
{
	char buf[512];
	struct seq_buf s;

	seq_buf_init(&s, buf, sizeof(buf));
	dump_page(&s, page);
	return strstr(buf, text) != NULL;
}

static void
dump_page_tells_what_a_page_is(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL, 2);
	char text[32];

	ASSERT(t, page != NULL);
	snprintf(text, sizeof(text), "pfn %#lx", page_to_pfn(page));
	EXPECT(t, dump_says(page, text));
	EXPECT(t, dump_says(page, "kernel order 2 refcount 1 mapcount 0"));
	EXPECT(t, dump_says(page, "no flags"));
	EXPECT(t, dump_says(page + 3, "tail of pfn"));
	page->flags |= PG_dirty | PG_lru;
	EXPECT(t, dump_says(page, "dirty|lru"));
	page->flags &= ~(PG_dirty | PG_lru);
	page_set_state(page, PAGE_STATE_ANON);
	page->user.index = 77;
	EXPECT(t, dump_says(page, "index 77"));
	page_set_state(page, PAGE_STATE_KERNEL);
	page_set_state(page, PAGE_STATE_SLAB);
	EXPECT(t, dump_says(page, "slab order 2"));
	free_frames(page, 2);
	EXPECT(t, dump_says(page, "isolated") || dump_says(page, "free"));
	EXPECT(t, dump_says(pfn_to_page(mem_map_end), "not in mem_map"));
	EXPECT(t, dump_says(mem_map - 1, "not in mem_map"));
}

static void
each_owner_has_its_letter(struct test *t)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	pfn_t pfn;

	ASSERT(t, page != NULL);
	EXPECT_EQ(t, page_letter(page_to_pfn(page)), 'K');
	EXPECT_EQ(t, page_letter(page_to_pfn(page) + 1), 'K');
	page_set_state(page, PAGE_STATE_TABLE);
	EXPECT_EQ(t, page_letter(page_to_pfn(page) + 1), 'T');
	free_frames(page, 1);
	EXPECT_EQ(t, page_letter(mem_map_end), '?');
	EXPECT_EQ(t, page_letter(page_to_pfn(virt_to_page(mem_map))), '#');
	/* Too large for a core's lists: free at once, head or tail. */
	page = alloc_pages(GFP_KERNEL, 6);
	ASSERT(t, page != NULL);
	pfn = page_to_pfn(page);
	free_frames(page, 6);
	EXPECT_EQ(t, page_letter(pfn), '.');
	EXPECT_EQ(t, page_letter(pfn + 9), '.');
}

TEST_SUITE("page",
	   TEST_CASE(a_struct_page_is_32_bytes),
	   TEST_CASE(frame_numbers_and_pages_convert_both_ways),
	   TEST_CASE(the_head_is_found_from_every_tail),
	   TEST_CASE(the_table_allows_what_the_picture_shows),
	   TEST_CASE(an_illegal_move_stops_the_kernel),
	   TEST_CASE(the_last_put_frees),
	   TEST_CASE(tails_of_a_compound_page_share_its_count),
	   TEST_CASE(every_owner_may_free),
	   TEST_CASE(dump_page_tells_what_a_page_is),
	   TEST_CASE(each_owner_has_its_letter));
