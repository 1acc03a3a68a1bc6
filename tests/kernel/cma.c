/* SPDX-License-Identifier: MIT */
/*
 * CMA: memory kept for devices and lent to pages that can leave.
 */
#include <lib/errno.h>
#include <kernel/mutex.h>
#include <mm/cma.h>
#include <mm/debug.h>
#include <mm/init.h>
#include <mm/movable.h>
#include "page_helpers.h"

/* An owner of movable pages: a list, and a lock that drop() takes. */
static DEFINE_MUTEX(guest_lock);
static LIST_HEAD(guests);
static unsigned long nr_guests;
static struct page *pinned;		/* guest that must not leave now */

static bool
guest_known(const struct page *page)
{
	struct page *guest;

	list_for_each_entry(guest, &guests, owner.list) {
		if (guest == page)
			return true;
	}
	return false;
}

static void
guest_forget(struct page *page)
{
	list_del(&page->owner.list);
	page_clear_movable(page);
	nr_guests--;
	put_page(page);
}

static int
guest_drop(struct page *page)
{
	int err = 0;

	mutex_lock(&guest_lock);
	if (!guest_known(page))
		err = -ENOENT;
	else if (page == pinned)
		err = -EBUSY;
	else
		guest_forget(page);
	mutex_unlock(&guest_lock);
	return err;
}

static const struct movable_ops guest_ops = { "test guests", guest_drop };

/* One more guest page in the area; false when all of it is lent. */
static bool
guest_add(struct cma *cma, struct page_chain *others)
{
	phys_addr_t base = cma_base(cma);
	struct page *page;

	while ((page = alloc_page(GFP_KERNEL | __GFP_MOVABLE |
				  __GFP_NOWARN))) {
		if (page_to_phys(page) >= base && page_to_phys(page) - base <
		    cma_nr_pages(cma) << PAGE_SHIFT) {
			list_add(&page->owner.list, &guests);
			page_set_movable(page, &guest_ops);
			nr_guests++;
			return true;
		}
		chain_add(others, page);
	}
	return false;
}

/* n guests in the area; what was found elsewhere is given back. */
static unsigned
guests_add(struct cma *cma, unsigned n)
{
	struct page_chain others;
	unsigned i;

	chain_init(&others);
	for (i = 0; i < n && guest_add(cma, &others); i++)
		;
	chain_free(&others);
	return i;
}

static void
guests_free(void)
{
	while (!list_empty(&guests))
		guest_forget(list_first_entry(&guests, struct page,
					      owner.list));
	pinned = NULL;
}

#define NEED_AREA(t) do { \
	if (!cma_default || cma_nr_used(cma_default)) \
		SKIP(t, "no area, or somebody uses it"); \
} while (0)

static void
pages_are_contiguous_and_in_the_area(struct test *t)
{
	struct cma *cma = cma_default;
	struct page *page;
	unsigned long free = nr_free_pages(), i;

	NEED_AREA(t);
	page = cma_alloc(cma, 100, 0);
	ASSERT(t, page != NULL);
	EXPECT(t, page_to_phys(page) >= cma_base(cma));
	EXPECT_EQ(t, cma_nr_used(cma), 100);
	EXPECT_EQ(t, nr_free_pages(), free - 100);
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(t, page_state(page + i), PAGE_STATE_CMA);
		EXPECT_EQ(t, page_count(page + i), 1);
		EXPECT_EQ(t, page_letter(page_to_pfn(page + i)), 'C');
	}
	EXPECT(t, cma_release(cma, page, 100));
	EXPECT_EQ(t, cma_nr_used(cma), 0);
	EXPECT_EQ(t, nr_free_pages(), free);
}

static void
alignment_is_that_of_the_frame_number(struct test *t)
{
	struct page *first, *page;
	unsigned align;

	NEED_AREA(t);
	first = cma_alloc(cma_default, 1, 0);
	ASSERT(t, first != NULL);
	for (align = 0; align < PAGEBLOCK_ORDER; align++) {
		page = cma_alloc(cma_default, 3, align);
		ASSERT(t, page != NULL);
		EXPECT_EQ(t, page_to_pfn(page) % (1UL << align), 0);
		EXPECT(t, cma_release(cma_default, page, 3));
	}
	EXPECT(t, cma_release(cma_default, first, 1));
}

static void
the_whole_area_can_be_had_and_no_more(struct test *t)
{
	struct cma *cma = cma_default;
	struct cma_stats before, after;
	struct page *page;

	NEED_AREA(t);
	cma_get_stats(cma, &before);
	page = cma_alloc(cma, cma_nr_pages(cma), 0);
	ASSERT(t, page != NULL);
	EXPECT_EQ(t, page_to_phys(page), cma_base(cma));
	EXPECT(t, cma_alloc(cma, 1, 0) == NULL);
	EXPECT(t, cma_alloc(cma, cma_nr_pages(cma) + 1, 0) == NULL);
	EXPECT(t, cma_release(cma, page, cma_nr_pages(cma)));
	cma_get_stats(cma, &after);
	EXPECT_EQ(t, after.allocs, before.allocs + 1);
	EXPECT_EQ(t, after.failures, before.failures + 1);
	EXPECT_EQ(t, after.releases, before.releases + 1);
}

static void
impossible_requests_are_refused(struct test *t)
{
	struct page *page, *other;

	NEED_AREA(t);
	EXPECT(t, cma_alloc(NULL, 1, 0) == NULL);
	EXPECT(t, cma_alloc(cma_default, 0, 0) == NULL);
	EXPECT(t, cma_alloc(cma_default, 1, MAX_ORDER + 1) == NULL);
	other = alloc_page(GFP_KERNEL);
	page = cma_alloc(cma_default, 2, 0);
	ASSERT(t, page != NULL && other != NULL);
	EXPECT(t, !cma_release(cma_default, other, 1));
	EXPECT(t, !cma_release(cma_default, NULL, 1));
	EXPECT(t, !cma_release(cma_default, page, 0));
	EXPECT(t, !cma_release(cma_default, page,
			       cma_nr_pages(cma_default) + 1));
	EXPECT_EQ(t, cma_nr_used(cma_default), 2);
	EXPECT(t, cma_release(cma_default, page, 2));
	free_frame(other);
}

static void
release_body(void *arg)
{
	cma_release(cma_default, arg, 2);
}

static void
releasing_what_is_not_out_is_reported(struct test *t)
{
	struct page *page;

	NEED_AREA(t);
	page = cma_alloc(cma_default, 1, 0);
	ASSERT(t, page != NULL);
	EXPECT_WARNING(t, release_body, page, "all_out");
	EXPECT_EQ(t, cma_nr_used(cma_default), 1);
	EXPECT(t, cma_release(cma_default, page, 1));
}

static void
unmovable_requests_never_get_a_frame_of_it(struct test *t)
{
	struct page_chain chain;
	struct page *page;
	unsigned in_area = 0;

	NEED_AREA(t);
	chain_init(&chain);
	chain_fill(&chain, GFP_NOWAIT | __GFP_HIGHMEM, 0);
	list_for_each_entry(page, &chain.pages, owner.list)
		in_area += page_pageblock_type(page) == MIGRATE_CMA;
	EXPECT(t, chain.nr > 100);
	EXPECT_EQ(t, in_area, 0);
	chain_free(&chain);
}

static void
guests_leave_when_a_device_needs_the_memory(struct test *t)
{
	struct cma *cma = cma_default;
	struct cma_stats before, after;
	struct page *page;
	unsigned added;

	NEED_AREA(t);
	added = guests_add(cma, 50);
	ASSERT(t, added > 0);
	EXPECT_EQ(t, nr_guests, added);
	cma_get_stats(cma, &before);
	page = cma_alloc(cma, cma_nr_pages(cma), 0);
	ASSERT(t, page != NULL);
	cma_get_stats(cma, &after);
	EXPECT_EQ(t, nr_guests, 0);
	EXPECT_EQ(t, after.dropped, before.dropped + added);
	EXPECT_EQ(t, after.busy, before.busy);
	EXPECT(t, cma_release(cma, page, cma_nr_pages(cma)));
}

static void
a_guest_that_stays_makes_it_try_the_next_place(struct test *t)
{
	struct cma *cma = cma_default;
	struct cma_stats before, after;
	struct page *page;

	NEED_AREA(t);
	ASSERT_EQ(t, guests_add(cma, 1), 1);
	pinned = list_first_entry(&guests, struct page, owner.list);
	cma_get_stats(cma, &before);
	EXPECT(t, cma_alloc(cma, cma_nr_pages(cma), 0) == NULL);
	cma_get_stats(cma, &after);
	EXPECT_EQ(t, after.failures, before.failures + 1);
	EXPECT_EQ(t, after.busy, before.busy + 1);
	EXPECT_EQ(t, nr_guests, 1);
	EXPECT_EQ(t, page_count(pinned), 1);
	page = cma_alloc(cma, cma_nr_pages(cma) / 2 - 1, 0);
	EXPECT(t, page != NULL);
	EXPECT_EQ(t, nr_guests, 1);
	EXPECT(t, cma_release(cma, page, cma_nr_pages(cma) / 2 - 1));
	guests_free();
	page = cma_alloc(cma, cma_nr_pages(cma), 0);
	EXPECT(t, page != NULL);
	EXPECT(t, cma_release(cma, page, cma_nr_pages(cma)));
}

/* All frames below the guest's are out: the next one asked for is behind it. */
static void
the_place_behind_a_guest_that_stays_is_taken(struct test *t)
{
	struct cma *cma = cma_default;
	struct cma_stats before, after;
	struct page *below = NULL, *page;
	unsigned long at;

	NEED_AREA(t);
	ASSERT_EQ(t, guests_add(cma, 1), 1);
	pinned = list_first_entry(&guests, struct page, owner.list);
	at = page_to_pfn(pinned) - (cma_base(cma) >> PAGE_SHIFT);
	if (at) {
		below = cma_alloc(cma, at, 0);
		EXPECT(t, below + at == pinned);
	}
	cma_get_stats(cma, &before);
	page = cma_alloc(cma, 1, 0);
	cma_get_stats(cma, &after);
	EXPECT(t, page == pinned + 1);
	EXPECT_EQ(t, after.busy, before.busy + 1);
	EXPECT(t, cma_release(cma, page, 1));
	if (below)
		EXPECT(t, cma_release(cma, below, at));
	guests_free();
}

static void
a_page_without_an_owner_that_drops_stays(struct test *t)
{
	struct page_chain others, kept;
	struct page *page;

	NEED_AREA(t);
	chain_init(&others);
	chain_init(&kept);
	while (!kept.nr) {
		page = alloc_page(GFP_KERNEL | __GFP_MOVABLE);
		ASSERT(t, page != NULL);
		chain_add(page_pageblock_type(page) == MIGRATE_CMA ?
			  &kept : &others, page);
	}
	page = list_first_entry(&kept.pages, struct page, owner.list);
	EXPECT(t, page_movable_ops(page) == NULL);
	EXPECT(t, cma_alloc(cma_default, cma_nr_pages(cma_default), 0) ==
		  NULL);
	EXPECT_EQ(t, page_count(page), 1);
	chain_free(&others);
	chain_free(&kept);
}

static void
an_owner_that_no_longer_has_the_page_says_so(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	page_set_movable(page, &guest_ops);
	EXPECT(t, page_movable_ops(page) == &guest_ops);
	EXPECT_EQ(t, movable_drop_range(page_to_pfn(page),
					page_to_pfn(page) + 1), 0);
	EXPECT_EQ(t, page_count(page), 1);
	page_clear_movable(page);
	EXPECT(t, page_movable_ops(page) == NULL);
	free_frame(page);
}

/* Pieces of random sizes come and go among random guests. */
static void
random_pieces_never_overlap(struct test *t)
{
	struct cma *cma = cma_default;
	struct { struct page *page; unsigned long nr; } piece[8] = { 0 };
	unsigned i, j, step;

	NEED_AREA(t);
	for (step = 0; step < 200; step++) {
		i = test_random(t) % ARRAY_SIZE(piece);
		if (step % 16 == 0)
			guests_add(cma, test_random(t) % 20);
		if (piece[i].page) {
			EXPECT(t, cma_release(cma, piece[i].page,
					      piece[i].nr));
			piece[i].page = NULL;
			continue;
		}
		piece[i].nr = 1 + test_random(t) % 60;
		piece[i].page = cma_alloc(cma, piece[i].nr,
					  test_random(t) % 5);
		for (j = 0; piece[i].page && j < ARRAY_SIZE(piece); j++) {
			EXPECT(t, j == i || !piece[j].page ||
			  piece[j].page + piece[j].nr <= piece[i].page ||
			  piece[i].page + piece[i].nr <= piece[j].page);
		}
	}
	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		if (piece[i].page)
			EXPECT(t, cma_release(cma, piece[i].page,
					      piece[i].nr));
	}
	guests_free();
}

static void
verify_catches_a_frame_in_the_wrong_state(struct test *t)
{
	struct page *page;

	NEED_AREA(t);
	page = cma_alloc(cma_default, 1, 0);
	ASSERT(t, page != NULL);
	page_set_state(page, PAGE_STATE_KERNEL);
	EXPECT(t, verify_catches("C1"));
	page_set_state(page, PAGE_STATE_CMA);
	get_page(page);
	EXPECT(t, verify_catches("C1"));
	put_page(page);
	EXPECT(t, cma_release(cma_default, page, 1));
	page = alloc_page(GFP_KERNEL);
	page_set_state(page, PAGE_STATE_CMA);
	EXPECT_VERIFIED(t);
	page_set_state(page, PAGE_STATE_KERNEL);
	free_frame(page);
	pageblock_set_type(phys_to_page(cma_base(cma_default)),
			   MIGRATE_MOVABLE);
	EXPECT(t, verify_catches("C3"));
	pageblock_set_type(phys_to_page(cma_base(cma_default)), MIGRATE_CMA);
}

/* Taking and giving back allocates nothing that could fail. */
static int
sweep_body(void *arg)
{
	struct page *page = cma_alloc(cma_default, 20, 0);

	if (!page)
		return -ENOMEM;
	return cma_release(cma_default, page, 20) ? 0 : -EINVAL;
}

static void
no_allocation_stands_in_its_way(struct test *t)
{
	char text[512];
	struct seq_buf s;

	NEED_AREA(t);
	seq_buf_init(&s, text, sizeof(text));
	EXPECT_EQ(t, fault_inject_sweep(sweep_body, NULL, &s), 0);
}

static void
areas_are_listed(struct test *t)
{
	unsigned n = 0;

	while (cma_area(n))
		n++;
	EXPECT_EQ(t, n > 0, cma_default != NULL);
	if (cma_default)
		EXPECT(t, strlen(cma_name(cma_default)) > 0);
}

TEST_SUITE("cma",
	   TEST_CASE(pages_are_contiguous_and_in_the_area),
	   TEST_CASE(alignment_is_that_of_the_frame_number),
	   TEST_CASE(the_whole_area_can_be_had_and_no_more),
	   TEST_CASE(impossible_requests_are_refused),
	   TEST_CASE(releasing_what_is_not_out_is_reported),
	   TEST_CASE(unmovable_requests_never_get_a_frame_of_it),
	   TEST_CASE(guests_leave_when_a_device_needs_the_memory),
	   TEST_CASE(a_guest_that_stays_makes_it_try_the_next_place),
	   TEST_CASE(the_place_behind_a_guest_that_stays_is_taken),
	   TEST_CASE(a_page_without_an_owner_that_drops_stays),
	   TEST_CASE(an_owner_that_no_longer_has_the_page_says_so),
	   TEST_CASE(random_pieces_never_overlap),
	   TEST_CASE(verify_catches_a_frame_in_the_wrong_state),
	   TEST_CASE(no_allocation_stands_in_its_way),
	   TEST_CASE(areas_are_listed));
