/* SPDX-License-Identifier: MIT */
/*
 * The kernel's page tables: what is mapped, with which rights, and that the
 * walk in software and the core's own agree.
 *
 * The window is the end of the fixmap, slots that nobody uses; their table
 * exists since boot, so mapping there allocates nothing.
 */
#include <asm/arch-pgtable.h>
#include <asm/cacheflush.h>
#include <asm/catch.h>
#include <asm/fixmap.h>
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <asm/tlbflush.h>
#include <kernel/panic.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>

#define WINDOW		(FIXMAP_END - 0x10000UL)

extern u8 __text_start[], __rodata_start[], __data_start[], __bss_start[];

static void
peek(void *arg)
{
	(void)*(volatile u32 *)arg;
}

static void
poke(void *arg)
{
	volatile u32 *p = arg;

	*p = *p;
}

static void
call(void *arg)
{
	((void (*)(void))arg)();
}

static void
a_mapped_page_shows_the_frame(struct test *t)
{
	u32 *page = get_zeroed_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	page[5] = 0x1234abcd;
	ASSERT_EQ(t, map_kernel_range(WINDOW, __pa(page), PAGE_SIZE,
				      PROT_KERNEL_RW, true), 0);
	EXPECT_EQ(t, ((volatile u32 *)WINDOW)[5], 0x1234abcd);
	((volatile u32 *)WINDOW)[6] = 77;
	EXPECT_EQ(t, page[6], 77);
	unmap_kernel_range(WINDOW, PAGE_SIZE);
	free_page(page);
}

static void
an_unmapped_page_faults(struct test *t)
{
	u32 *page = get_zeroed_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	ASSERT_EQ(t, map_kernel_range(WINDOW, __pa(page), PAGE_SIZE,
				      PROT_KERNEL_RW, true), 0);
	peek((void *)WINDOW);		/* now it is in the TLB */
	unmap_kernel_range(WINDOW, PAGE_SIZE);
	EXPECT_REPORT(t, peek, (void *)WINDOW, "translation, page");
	free_page(page);
}

/* map A, read, map B at the same place: B must be seen, not A. */
static void
a_new_frame_replaces_the_old_one_at_once(struct test *t)
{
	u32 *pages = get_free_pages(GFP_KERNEL, 1);

	ASSERT(t, pages != NULL);
	pages[0] = 1;
	pages[1024] = 2;
	for (unsigned i = 0; i < 2; i++) {
		ASSERT_EQ(t, map_kernel_range(WINDOW, __pa(pages + i * 1024),
					      PAGE_SIZE, PROT_KERNEL_RW, true),
			  0);
		EXPECT_EQ(t, *(volatile u32 *)WINDOW, i + 1);
		unmap_kernel_range(WINDOW, PAGE_SIZE);
	}
	free_pages(pages, 1);
}

struct window_check {
	u32 want;		/* 0: a fault is wanted */
	unsigned wrong;
};

static void
check_window(struct test *t, unsigned cpu, void *arg)
{
	struct window_check *check = arg;
	phys_addr_t pa;
	bool mapped = hardware_translate(WINDOW, false, &pa);

	if (check->want ? !mapped || *(volatile u32 *)WINDOW != check->want :
			  mapped)
		__atomic_fetch_add(&check->wrong, 1, __ATOMIC_RELAXED);
}

static void
every_core_sees_a_mapping_come_and_go(struct test *t)
{
	struct window_check check = { .want = 4711 };
	u32 *page = get_zeroed_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	*page = 4711;
	ASSERT_EQ(t, map_kernel_range(WINDOW, __pa(page), PAGE_SIZE,
				      PROT_KERNEL_RW, true), 0);
	test_on_all_cpus(t, check_window, &check);
	EXPECT_EQ(t, check.wrong, 0);
	unmap_kernel_range(WINDOW, PAGE_SIZE);
	check.want = 0;
	test_on_all_cpus(t, check_window, &check);
	EXPECT_EQ(t, check.wrong, 0);
	free_page(page);
}

static void
each_protection_allows_what_it_says(struct test *t)
{
	static const struct {
		enum pgprot prot;
		bool write, exec;
	} rows[] = {
		{ PROT_KERNEL_RW, true, false },
		{ PROT_KERNEL_RO, false, false },
		{ PROT_KERNEL_RX, false, true },
		{ PROT_KERNEL_RWX, true, true },
		{ PROT_UNCACHED, true, false },
	};
	u32 *page = get_zeroed_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	page[0] = 0xe12fff1e;		/* bx lr */
	dcache_clean_range(page, page + 1);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(t, map_kernel_range(WINDOW, __pa(page), PAGE_SIZE,
					      rows[i].prot, true), 0);
		icache_sync_range((void *)WINDOW, (void *)(WINDOW + 4));
		peek((void *)WINDOW);
		if (rows[i].write)
			poke((void *)WINDOW);
		else
			EXPECT_REPORT(t, poke, (void *)WINDOW,
				      "permission, page");
		if (rows[i].exec)
			call((void *)WINDOW);
		else
			EXPECT_REPORT(t, call, (void *)WINDOW,
				      "non-executable");
		unmap_kernel_range(WINDOW, PAGE_SIZE);
	}
	free_page(page);
}

static void
the_image_has_the_rights_of_its_parts(struct test *t)
{
	static const struct {
		u8 *at;
		bool write, exec;
	} rows[] = {
		{ __text_start, false, true },
		{ __rodata_start, false, false },
		{ __data_start, true, false },
		{ __bss_start, true, false },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pt_walk w;

		pt_walk(swapper_pg_dir, (unsigned long)rows[i].at, &w);
		EXPECT(t, w.read);
		EXPECT_EQ(t, w.write, rows[i].write);
		EXPECT_EQ(t, w.exec, rows[i].exec);
		EXPECT(t, w.global);
		EXPECT(t, !w.user);
	}
}

/* M3, over all 4096 first-level entries and what they lead to. */
static void
nothing_is_both_writable_and_executable(struct test *t)
{
	struct pt_walk w;
	u64 va = 0;

	for (; va < 0x100000000ull; va = (w.va & ~(w.size - 1ull)) + w.size) {
		pt_walk(swapper_pg_dir, (unsigned long)va, &w);
		if (w.write && w.exec)
			test_fail(t, __FILE__, __LINE__,
				  "0x%08lx is writable and executable", w.va);
	}
}

static void
page_zero_and_user_space_are_not_mapped(struct test *t)
{
	struct pt_walk w;

	for (unsigned long va = 0; va < TASK_SIZE; va += SECTION_SIZE) {
		pt_walk(swapper_pg_dir, va, &w);
		if (w.kind != PT_NONE) {
			EXPECT_EQ(t, w.va, ~0ul);	/* says which */
			return;
		}
	}
	EXPECT_REPORT(t, peek, NULL, "NULL pointer");
}

static bool
agrees(unsigned long va)
{
	phys_addr_t pa;
	struct pt_walk w;

	pt_walk(swapper_pg_dir, va, &w);
	if (hardware_translate(va, false, &pa))
		return w.read && w.pa == pa;
	return !w.read;
}

static void
the_walk_agrees_with_the_hardware(struct test *t)
{
	for (unsigned i = 0; i < 2000; i++) {
		unsigned long va = test_random(t);

		/* Half of them where something is mapped. */
		if (i & 1)
			va = PAGE_OFFSET + va % (FIXMAP_END - PAGE_OFFSET);
		if (!agrees(va))
			test_fail(t, __FILE__, __LINE__,
				  "walk and core disagree at 0x%08lx", va);
	}
	EXPECT(t, agrees(VECTORS_BASE));
	EXPECT(t, agrees((unsigned long)high_memory - 1));
	EXPECT(t, agrees((unsigned long)high_memory));
}

/* Tables made by hand in one page, for the forms that the kernel never uses. */
static void
large_pages_and_supersections_are_decoded(struct test *t)
{
	pgd_t *pgd = get_free_pages(GFP_KERNEL | __GFP_ZERO, 2);
	u32 *table = get_zeroed_page(GFP_KERNEL);
	struct pt_walk w;

	ASSERT(t, pgd && table);
	pgd[1].value = 0x45000000 | L1_SECTION | L1_SUPERSECTION | SECT_AF;
	pt_walk(pgd, 0x00123456, &w);
	EXPECT_EQ(t, w.kind, PT_SUPERSECTION);
	EXPECT_EQ(t, w.pa, 0x45123456);
	EXPECT_EQ(t, w.size, 16 << 20);

	pgd[2].value = __pa(table) | L1_TABLE | 3 << 5;
	table[0x12] = 0x34560000 | 1 | PTE_AF | 1 << 15;
	pt_walk(pgd, 0x00212345, &w);
	EXPECT_EQ(t, w.kind, PT_LARGE_PAGE);
	EXPECT_EQ(t, w.pa, 0x34562345);
	EXPECT_EQ(t, w.domain, 3);
	EXPECT(t, w.write && !w.exec);
	table[0x12] = 0x34560000 | 1 | PTE_AF;
	pt_walk(pgd, 0x00212345, &w);
	EXPECT(t, w.exec);

	table[0x15] = 0x12345000 | PTE_SMALL | PTE_AF | PTE_USER;
	pt_walk(pgd, 0x00215000, &w);
	EXPECT(t, w.user && w.user_write);
	table[0x15] |= PTE_RDONLY;
	pt_walk(pgd, 0x00215000, &w);
	EXPECT(t, w.user && !w.user_write && !w.write);

	table[0x13] = 0x00000140;	/* a software entry */
	pt_walk(pgd, 0x00213000, &w);
	EXPECT_EQ(t, w.kind, PT_SOFTWARE);
	EXPECT(t, !w.read);

	table[0x14] = 0x12345000 | PTE_SMALL | PTE_XN;	/* AF clear: not young */
	pt_walk(pgd, 0x00214abc, &w);
	EXPECT_EQ(t, w.kind, PT_SMALL_PAGE);
	EXPECT_EQ(t, w.pa, 0x12345abc);
	EXPECT(t, !w.young && !w.read);

	pgd[3].value = 3;		/* reserved on this core */
	pt_walk(pgd, 0x00300000, &w);
	EXPECT_EQ(t, w.kind, PT_NONE);
	EXPECT_EQ(t, w.level, 1);
	free_page(table);
	free_pages(pgd, 2);
}

static void
every_fault_status_has_a_name(struct test *t)
{
	EXPECT(t, !strcmp(fault_status_name(0x805), "translation, section"));
	EXPECT(t, !strcmp(fault_status_name(0x007), "translation, page"));
	EXPECT(t, !strcmp(fault_status_name(0x00f), "permission, page"));
	EXPECT(t, !strcmp(fault_status_name(0x406),
			  "asynchronous external abort"));
	for (u32 status = 0; status < 32; status++)
		EXPECT(t, *fault_status_name((status & 15) |
					     (status & 16) << 6));
	for (unsigned i = 0; i < 8; i++)
		EXPECT(t, *pt_memattr_name(i));
}

static void
the_core_says_why_it_cannot_translate(struct test *t)
{
	phys_addr_t par;

	EXPECT(t, !hardware_translate(WINDOW, false, &par));
	EXPECT_EQ(t, par >> 1 & 0x1f, 0x07);	/* translation, page */
	EXPECT(t, !hardware_translate((unsigned long)__text_start, true, &par));
	EXPECT_EQ(t, par >> 1 & 0x1f, 0x0f);	/* permission, page */
}

static void
a_fixmap_slot_appears_and_disappears(struct test *t)
{
	u32 *page = get_zeroed_page(GFP_KERNEL);
	volatile u32 *slot = (u32 *)fix_to_virt(FIX_DTB_FIRST);

	ASSERT(t, page != NULL);
	*page = 99;
	set_fixmap(FIX_DTB_FIRST, __pa(page), PROT_KERNEL_RO);
	EXPECT_EQ(t, *slot, 99);
	clear_fixmap(FIX_DTB_FIRST);
	EXPECT_REPORT(t, peek, (void *)slot, "translation, page");
	free_page(page);
}

static void
boot_data_is_found_at_its_offset(struct test *t)
{
	u8 *pages = get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
	const u8 *seen;

	ASSERT(t, pages != NULL);
	pages[4090] = 1;
	pages[4100] = 2;
	seen = boot_data_map(__pa(pages) + 4090, 16);
	EXPECT_EQ(t, seen[0], 1);
	EXPECT_EQ(t, seen[10], 2);
	boot_data_unmap();
	EXPECT_REPORT(t, peek, (void *)ALIGN_DOWN((unsigned long)seen, 4),
		      "translation, page");
	free_pages(pages, 1);
}

static void
a_wide_range_is_flushed_as_a_whole(struct test *t)
{
	u32 *pages = get_free_pages(GFP_KERNEL, 7);
	unsigned long va;

	if (!pages)
		SKIP(t, "no 512 KiB in one piece");
	ASSERT_EQ(t, map_kernel_range(WINDOW - 0x80000, __pa(pages), 0x80000,
				      PROT_KERNEL_RW, true), 0);
	for (va = WINDOW - 0x80000; va < WINDOW; va += PAGE_SIZE)
		peek((void *)va);
	unmap_kernel_range(WINDOW - 0x80000, 0x80000);
	for (va = WINDOW - 0x80000; va < WINDOW; va += 0x1f000)
		EXPECT_REPORT(t, peek, (void *)va, "translation, page");
	free_pages(pages, 7);
}

/* Three ranges of new code: it must run as written, after the maintenance. */
static void
new_code_runs_after_synchronisation(struct test *t)
{
	u32 *page = get_zeroed_page(GFP_KERNEL);
	unsigned (*fn)(void) = (unsigned (*)(void))WINDOW;

	ASSERT(t, page != NULL);
	ASSERT_EQ(t, map_kernel_range(WINDOW, __pa(page), PAGE_SIZE,
				      PROT_KERNEL_RWX, true), 0);
	for (unsigned i = 1; i < 4; i++) {
		((volatile u32 *)WINDOW)[0] = 0xe3a00000 | i;	/* mov r0, #i */
		((volatile u32 *)WINDOW)[1] = 0xe12fff1e;	/* bx lr */
		icache_sync_range((void *)WINDOW, (void *)(WINDOW + 8));
		EXPECT_EQ(t, fn(), i);
	}
	unmap_kernel_range(WINDOW, PAGE_SIZE);
	free_page(page);
}

/* Maintenance must not change a byte, in or around the range. */
static void
cache_maintenance_keeps_the_data(struct test *t)
{
	u8 *page = get_zeroed_page(GFP_KERNEL);

	ASSERT(t, page != NULL);
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		page[i] = (u8)(i * 7);
	dcache_clean_range(page + 3, page + 77);
	dcache_clean_invalidate_range(page + 30, page + 31);
	dcache_clean_invalidate_range(page, page + PAGE_SIZE);
	dcache_invalidate_range(page + 64, page + 128);
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		ASSERT_EQ(t, page[i], (u8)(i * 7));
	free_page(page);
}

TEST_SUITE("pagetable",
	   TEST_CASE(a_mapped_page_shows_the_frame),
	   TEST_CASE(an_unmapped_page_faults),
	   TEST_CASE(a_new_frame_replaces_the_old_one_at_once),
	   TEST_CASE(every_core_sees_a_mapping_come_and_go),
	   TEST_CASE(each_protection_allows_what_it_says),
	   TEST_CASE(the_image_has_the_rights_of_its_parts),
	   TEST_CASE(nothing_is_both_writable_and_executable),
	   TEST_CASE(page_zero_and_user_space_are_not_mapped),
	   TEST_CASE(the_walk_agrees_with_the_hardware),
	   TEST_CASE(large_pages_and_supersections_are_decoded),
	   TEST_CASE(every_fault_status_has_a_name),
	   TEST_CASE(the_core_says_why_it_cannot_translate),
	   TEST_CASE(a_fixmap_slot_appears_and_disappears),
	   TEST_CASE(boot_data_is_found_at_its_offset),
	   TEST_CASE(a_wide_range_is_flushed_as_a_whole),
	   TEST_CASE(new_code_runs_after_synchronisation),
	   TEST_CASE(cache_maintenance_keeps_the_data));
