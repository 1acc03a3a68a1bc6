/* SPDX-License-Identifier: MIT */
/*
 * kmap_local: addresses for pages above the linear map. What needs such a page
 * is skipped on a machine that has none (see mem and vmalloc=).
 */
#include <asm/fixmap.h>
#include <kernel/smp.h>
#include <mm/highmem.h>
#include "page_helpers.h"

/* A page of HighMem, or NULL. */
static struct page *
high_page(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	if (page && page_highmem(page))
		return page;
	if (page)
		free_frame(page);
	return NULL;
}

static void
lowmem_answers_with_its_own_address(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL);
	void *addr;

	ASSERT(t, page != NULL);
	addr = kmap_local_page(page);
	EXPECT(t, addr == page_address(page));
	EXPECT_EQ(t, kmap_local_depth(), 0);
	kunmap_local(addr);
	EXPECT_EQ(t, kmap_local_depth(), 0);
	free_frame(page);
}

static void
a_highmem_page_keeps_what_is_written(struct test *t)
{
	struct page *page = high_page();
	u32 *addr;

	if (!page)
		SKIP(t, "no HighMem");
	EXPECT(t, page_address(page) == NULL);
	addr = kmap_local_page(page);
	EXPECT(t, (unsigned long)addr >= FIXMAP_START);
	EXPECT_EQ(t, kmap_local_depth(), 1);
	addr[0] = 0x12345678;
	addr[1023] = 0x9abcdef0;
	kunmap_local(addr);
	EXPECT_EQ(t, kmap_local_depth(), 0);
	addr = kmap_local_page(page);
	EXPECT_EQ(t, addr[0], 0x12345678);
	EXPECT_EQ(t, addr[1023], 0x9abcdef0);
	kunmap_local(addr);
	free_frame(page);
}

/* Two pages in turn at the same slot: the translation is really changed. */
static void
a_slot_shows_the_page_mapped_last(struct test *t)
{
	struct page *a = high_page(), *b = high_page();
	u32 *addr;
	unsigned i;

	if (!a || !b)
		SKIP(t, "no HighMem");
	for (i = 0; i < 10; i++) {
		addr = kmap_local_page(i & 1 ? b : a);
		if (i < 2)
			addr[7] = i;
		EXPECT_EQ(t, addr[7], i & 1);
		kunmap_local(addr + 9);
	}
	free_frame(a);
	free_frame(b);
}

static void
eight_slots_nest(struct test *t)
{
	struct page *page[KMAP_LOCAL_DEPTH];
	u32 *addr[KMAP_LOCAL_DEPTH];
	unsigned i;

	for (i = 0; i < KMAP_LOCAL_DEPTH; i++) {
		page[i] = high_page();
		if (!page[i])
			SKIP(t, "no HighMem");
	}
	for (i = 0; i < KMAP_LOCAL_DEPTH; i++) {
		addr[i] = kmap_local_page(page[i]);
		*addr[i] = i;
	}
	EXPECT_EQ(t, kmap_local_depth(), KMAP_LOCAL_DEPTH);
	for (i = 0; i < KMAP_LOCAL_DEPTH; i++)
		EXPECT_EQ(t, *addr[i], i);
	while (i--)
		kunmap_local(addr[i]);
	EXPECT_EQ(t, kmap_local_depth(), 0);
	for (i = 0; i < KMAP_LOCAL_DEPTH; i++)
		free_frame(page[i]);
}

static void
highpages_are_cleared_and_copied(struct test *t)
{
	struct page *a = alloc_page(GFP_HIGHUSER);
	struct page *b = alloc_page(GFP_HIGHUSER | __GFP_ZERO);
	u32 *addr, sum = 0;
	unsigned i;

	ASSERT(t, a != NULL && b != NULL);
	addr = kmap_local_page(b);
	for (i = 0; i < 1024; i++)
		sum |= addr[i];
	kunmap_local(addr);
	EXPECT_EQ(t, sum, 0);
	addr = kmap_local_page(a);
	for (i = 0; i < 1024; i++)
		addr[i] = i * 2654435761u;
	kunmap_local(addr);
	copy_highpage(b, a);
	addr = kmap_local_page(b);
	for (i = 0; i < 1024; i++)
		sum |= addr[i] ^ i * 2654435761u;
	kunmap_local(addr);
	EXPECT_EQ(t, sum, 0);
	clear_highpage(a);
	addr = kmap_local_page(a);
	for (i = 0; i < 1024; i++)
		sum |= addr[i];
	kunmap_local(addr);
	EXPECT_EQ(t, sum, 0);
	free_frame(a);
	free_frame(b);
}

static void
map_on_this_core(struct test *t, unsigned cpu, void *arg)
{
	struct page **pages = arg;
	unsigned i, bad = 0;
	u32 *addr;

	for (i = 0; i < 200; i++) {
		addr = kmap_local_page(pages[cpu]);
		if (i == 0)
			*addr = cpu;
		bad += *addr != cpu;
		kunmap_local(addr);
	}
	EXPECT_EQ(t, bad, 0);
}

static void
cores_map_without_disturbing_each_other(struct test *t)
{
	struct page *pages[NR_CPUS];
	unsigned cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		pages[cpu] = alloc_page(GFP_HIGHUSER);
		ASSERT(t, pages[cpu] != NULL);
	}
	test_on_all_cpus(t, map_on_this_core, pages);
	for (cpu = 0; cpu < NR_CPUS; cpu++)
		free_frame(pages[cpu]);
}

static void
unmap_in_the_wrong_order(void *arg)
{
	void **addr = arg;

	kunmap_local(addr[0]);
}

static void
slots_are_given_back_last_first(struct test *t)
{
	struct page *a = high_page(), *b = high_page();
	void *addr[2];

	if (!a || !b)
		SKIP(t, "no HighMem");
	addr[0] = kmap_local_page(a);
	addr[1] = kmap_local_page(b);
	EXPECT_REPORT(t, unmap_in_the_wrong_order, addr, "kmap_slot");
	kunmap_local(addr[1]);
	kunmap_local(addr[0]);
	free_frame(a);
	free_frame(b);
}

TEST_SUITE("highmem",
	   TEST_CASE(lowmem_answers_with_its_own_address),
	   TEST_CASE(a_highmem_page_keeps_what_is_written),
	   TEST_CASE(a_slot_shows_the_page_mapped_last),
	   TEST_CASE(eight_slots_nest),
	   TEST_CASE(highpages_are_cleared_and_copied),
	   TEST_CASE(cores_map_without_disturbing_each_other),
	   TEST_CASE(slots_are_given_back_last_first));
