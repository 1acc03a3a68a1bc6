/* SPDX-License-Identifier: MIT */
/*
 * Page tables of user spaces, made by hand (user_space.h): the kernel's half
 * in every table, groups, sections, used tables, and what the translation
 * checker says of mistakes.
 */
#include <asm/arch-pgtable.h>
#include <asm/catch.h>
#include <asm/tlbflush.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/init.h>
#include <mm/slab.h>
#include <mm/translation_check.h>
#include <mm/vmstat.h>
#include "page_helpers.h"
#include "user_space.h"

#define GROUP_BYTES	(4 * SECTION_SIZE)
#define KERNEL_AREA	(ALIGN_DOWN(VMALLOC_END, GROUP_BYTES) - 24 * GROUP_BYTES)
#define NR_USER_L1	(TASK_SIZE >> SECTION_SHIFT)

static struct space one, two;

static void
a_table_has_the_kernels_entries_and_no_user_ones(struct test *t)
{
	unsigned i, user = 0, differ = 0;
	struct mm_context ctx;

	for (unsigned round = 0; round < 2; round++) {	/* new, then used */
		ASSERT_EQ(t, mm_context_init(&ctx), 0);
		EXPECT_EQ(t, (unsigned long)ctx.pgd % 16384, 0);
		for (i = 0; i < PTRS_PER_PGD; i++) {
			if (i < NR_USER_L1)
				user += ctx.pgd[i].value != 0;
			else
				differ += ctx.pgd[i].value !=
					  swapper_pg_dir[i].value;
		}
		EXPECT_EQ(t, user, 0);
		EXPECT_EQ(t, differ, 0);
		/* Rubbish that a new owner must not see in fresh memory. */
		mm_context_destroy(&ctx);
	}
}

static void
fresh_memory_is_cleared(struct test *t)
{
	struct page *dirt = alloc_pages(GFP_KERNEL, 2);
	struct mm_context ctx;
	unsigned i, user = 0;

	ASSERT(t, dirt);
	mm_context_trim(0);
	memset(page_address(dirt), 0xff, 4 * PAGE_SIZE);
	free_frames(dirt, 2);
	ASSERT_EQ(t, mm_context_init(&ctx), 0);
	for (i = 0; i < NR_USER_L1; i++)
		user += ctx.pgd[i].value != 0;
	EXPECT_EQ(t, user, 0);
	mm_context_destroy(&ctx);
}

static void
used_tables_are_kept_and_given_back(struct test *t)
{
	struct mm_context ctx[10];
	unsigned long tables = global_node_page_state(NR_PAGETABLE);
	unsigned i;

	mm_context_trim(0);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(t, mm_context_init(&ctx[i]), 0);
	EXPECT_EQ(t, global_node_page_state(NR_PAGETABLE), tables + 40);
	for (i = 0; i < 10; i++)
		mm_context_destroy(&ctx[i]);
	EXPECT_EQ(t, mm_context_nr_spare(), 8);
	EXPECT_EQ(t, global_node_page_state(NR_PAGETABLE), tables + 32);
	EXPECT_EQ(t, mm_context_init(&ctx[0]), 0);
	EXPECT_EQ(t, mm_context_nr_spare(), 7);
	mm_context_destroy(&ctx[0]);
	EXPECT_EQ(t, mm_context_trim(3), 5);
	EXPECT_EQ(t, mm_context_nr_spare(), 3);
	EXPECT_EQ(t, mm_context_trim(0), 3);
	EXPECT_EQ(t, global_node_page_state(NR_PAGETABLE), tables);
}

static void
spare_tables_go_when_memory_is_short(struct test *t)
{
	unsigned long tables = global_node_page_state(NR_PAGETABLE);
	struct mm_context ctx;
	static char text[1024];
	struct seq_buf s;

	mm_context_trim(0);
	ASSERT_EQ(t, mm_context_init(&ctx), 0);
	mm_context_destroy(&ctx);
	ASSERT_EQ(t, mm_context_nr_spare(), 1);
	seq_buf_init(&s, text, sizeof(text));
	node_find("shrinkers")->show(&s);
	EXPECT(t, strstr(text, "        1         0     2 spare-tables"));
	EXPECT(t, shrink_slab(0) >= 1);
	EXPECT_EQ(t, mm_context_nr_spare(), 0);
	EXPECT_EQ(t, global_node_page_state(NR_PAGETABLE), tables);
}

static void
no_memory_is_an_error(struct test *t)
{
	struct mm_context ctx;
	int err;

	mm_context_trim(0);
	fault_inject_nth(1);
	err = mm_context_init(&ctx);
	fault_inject_nth_done();
	EXPECT_EQ(t, err, -ENOMEM);
	EXPECT(t, mm_context_verify() == NULL);
}

/* A group of the kernel's half that came while a space was there. */
static void
drop_kernel_group(struct mm_context *ctx)
{
	unsigned first = KERNEL_AREA >> SECTION_SHIFT;
	u32 table = swapper_pg_dir[first].value & PAGE_MASK;

	for (unsigned i = first; i < first + 4; i++)
		swapper_pg_dir[i].value = ctx->pgd[i].value = 0;
	flush_tlb_all();
	pgtable_free_page(__va(table));
	nr_kernel_tables--;
}

static void
a_kernel_table_made_later_is_in_every_table(struct test *t)
{
	unsigned first = KERNEL_AREA >> SECTION_SHIFT, i;
	struct mm_context ctx, spare;

	ASSERT_EQ(t, mm_context_init(&ctx), 0);
	ASSERT_EQ(t, mm_context_init(&spare), 0);
	mm_context_destroy(&spare);
	ASSERT_EQ(t, map_kernel_range(KERNEL_AREA, PHYS_OFFSET, PAGE_SIZE,
				      PROT_KERNEL_RO, false), 0);
	ASSERT_EQ(t, map_kernel_range(KERNEL_AREA + GROUP_BYTES, PHYS_OFFSET,
				      SECTION_SIZE, PROT_KERNEL_RO, true), 0);
	for (i = first; i < first + 5; i++) {
		EXPECT(t, swapper_pg_dir[i].value != 0);
		EXPECT_EQ(t, ctx.pgd[i].value, swapper_pg_dir[i].value);
	}
	EXPECT(t, mm_context_verify() == NULL);	/* the spare one too */
	EXPECT_EQ(t, mm_context_trim(0), 1);
	swapper_pg_dir[first + 4].value = ctx.pgd[first + 4].value = 0;
	unmap_kernel_range(KERNEL_AREA, PAGE_SIZE);
	drop_kernel_group(&ctx);
	mm_context_destroy(&ctx);
}

static void
verify_names_a_kernel_entry_that_differs(struct test *t)
{
	struct mm_context ctx;

	ASSERT_EQ(t, mm_context_init(&ctx), 0);
	ctx.pgd[PTRS_PER_PGD - 1].value ^= 0x100000;
	EXPECT(t, verify_catches("U1"));
	ctx.pgd[PTRS_PER_PGD - 1].value ^= 0x100000;
	EXPECT(t, mm_context_verify() == NULL);
	mm_context_destroy(&ctx);
}

static void
verify_names_a_user_entry_in_a_spare_table(struct test *t)
{
	struct mm_context ctx;
	pgd_t *pgd;

	ASSERT_EQ(t, mm_context_init(&ctx), 0);
	pgd = ctx.pgd;
	mm_context_destroy(&ctx);
	pgd[NR_USER_L1 - 1].value = 0x60000000;
	EXPECT(t, verify_catches("U2"));
	pgd[NR_USER_L1 - 1].value = 0;
	EXPECT(t, mm_context_verify() == NULL);
}

static void
verify_names_a_group_with_two_pages(struct test *t)
{
	ASSERT(t, space_open(&one, 1, 100));
	one.mm.context.pgd[(SPACE_BASE >> SECTION_SHIFT) + 2].value += PAGE_SIZE;
	EXPECT(t, verify_catches("U3"));
	one.mm.context.pgd[(SPACE_BASE >> SECTION_SHIFT) + 2].value -= PAGE_SIZE;
	EXPECT(t, mm_context_verify() == NULL);
	space_close(&one);
}

static void
a_page_serves_a_group_of_four(struct test *t)
{
	char *page = pgtable_alloc_page();
	struct mm_context ctx;
	unsigned long va = SPACE_BASE + 2 * SECTION_SIZE;

	ASSERT(t, page);
	ASSERT_EQ(t, mm_context_init(&ctx), 0);
	EXPECT(t, pte_offset(&ctx, va) == NULL);
	EXPECT(t, user_table_install(&ctx, va, page));
	for (unsigned i = 0; i < 4; i++)
		EXPECT(t, (char *)pte_offset(&ctx, SPACE_BASE +
					     i * SECTION_SIZE + PAGE_SIZE) ==
			  page + i * 1024 + 4);
	EXPECT(t, pte_offset(&ctx, SPACE_BASE - 1) == NULL);
	EXPECT(t, pte_offset(&ctx, SPACE_BASE + GROUP_BYTES) == NULL);
	/* Another page for the same group is not wanted. */
	EXPECT(t, !user_table_install(&ctx, va, page + PAGE_SIZE));
	EXPECT(t, (char *)pte_offset(&ctx, SPACE_BASE) == page);
	EXPECT(t, user_table_remove(&ctx, SPACE_BASE) == page);
	EXPECT(t, user_table_remove(&ctx, SPACE_BASE) == NULL);
	pgtable_free_page(page);
	mm_context_destroy(&ctx);
}

static void
the_same_address_is_another_page_in_another_space(struct test *t)
{
	unsigned long flags;

	ASSERT(t, space_open(&one, 2, 100));
	ASSERT(t, space_open(&two, 2, 200));
	flags = space_enter(&one);
	EXPECT_EQ(t, space_load(SPACE_BASE), 100);
	EXPECT(t, current_pgd() == one.mm.context.pgd);
	EXPECT(t, mm_context_current() == &one.mm.context);
	switch_mm(&two.mm.context);
	EXPECT_EQ(t, space_load(SPACE_BASE), 200);
	EXPECT_EQ(t, space_load(SPACE_BASE + PAGE_SIZE), 201);
	space_store(SPACE_BASE, 7);
	switch_mm(&one.mm.context);
	EXPECT_EQ(t, space_load(SPACE_BASE), 100);
	space_leave(flags);
	EXPECT_EQ(t, *(u32 *)page_address(two.pages[0]), 7);
	EXPECT(t, mm_context_current() == NULL);
	space_close(&one);
	space_close(&two);
}

static void
load_it(void *arg)
{
	space_load((unsigned long)arg);
}

static void
store_it(void *arg)
{
	space_store((unsigned long)arg, 1);
}

static void
rights_are_what_the_entry_says(struct test *t)
{
	void *first = (void *)SPACE_BASE;
	unsigned long flags;

	ASSERT(t, space_open(&one, 1, 100));
	flags = space_enter(&one);
	space_set(&one, 0, USER_READ | USER_WRITE, false);	/* clean */
	flush_tlb_user_page(&one.mm.context, SPACE_BASE);
	EXPECT_REPORT(t, store_it, first, "read-only");
	space_set(&one, 0, USER_READ | USER_WRITE, true);
	local_flush_tlb_user_page(&one.mm.context, SPACE_BASE);
	space_store(SPACE_BASE, 5);
	space_set(&one, 0, USER_READ, true);
	flush_tlb_user_page(&one.mm.context, SPACE_BASE);
	EXPECT_EQ(t, space_load(SPACE_BASE), 5);
	EXPECT_REPORT(t, store_it, first, "read-only");
	space_set(&one, 0, 0, true);				/* protnone */
	flush_tlb_user_page(&one.mm.context, SPACE_BASE);
	EXPECT_REPORT(t, load_it, first, "user address");
	space_leave(flags);
	EXPECT_REPORT(t, load_it, first, "user address");
	space_close(&one);
}

static void
values_of_an_entry_are_kept_by_its_changes(struct test *t)
{
	pte_t pte = mk_pte(0x60123, USER_READ | USER_WRITE, USER_CACHED);

	EXPECT(t, pte_present(pte) && pte_young(pte) && pte_write(pte));
	EXPECT(t, !pte_dirty(pte) && !pte_exec(pte) && !pte_protnone(pte));
	EXPECT(t, pte.value & PTE_RDONLY);
	EXPECT(t, !(pte_mkdirty(pte).value & PTE_RDONLY));
	EXPECT(t, pte_wrprotect(pte_mkdirty(pte)).value & PTE_RDONLY);
	EXPECT(t, pte_dirty(pte_wrprotect(pte_mkdirty(pte))));
	EXPECT(t, !pte_young(pte_mkold(pte)));
	pte = pte_modify(pte_mkdirty(pte), 0, USER_CACHED, false);
	EXPECT(t, pte_protnone(pte) && !pte_present(pte) && pte_mapped(pte));
	EXPECT_EQ(t, pte_pfn(pte), 0x60123);
	pte = pte_modify(pte, USER_READ | USER_EXEC, USER_CACHED, false);
	EXPECT(t, pte_present(pte) && pte_exec(pte) && pte_dirty(pte));
	EXPECT(t, !pte_write(pte) && pte_young(pte));
}

/* --- Sections --- */

static void
a_section_is_a_mebibyte_at_once(struct test *t)
{
	unsigned long va = SPACE_BASE + SECTION_SIZE, flags;
	struct page *block = alloc_pages(GFP_KERNEL, 8);
	phys_addr_t pa;
	bool dirty;

	if (!block)
		SKIP(t, "no free block of 1 MiB");
	ASSERT(t, space_open(&one, 1, 100));
	*(u32 *)((char *)page_address(block) + SECTION_SIZE - 4) = 77;
	EXPECT(t, !user_section_get(&one.mm.context, va, &pa, &dirty));
	EXPECT_EQ(t, user_section_clear(&one.mm.context, va), ~0u);
	EXPECT(t, !user_section_set(&one.mm.context, va, page_to_phys(block),
				    USER_READ | USER_WRITE));
	EXPECT(t, pte_offset(&one.mm.context, va) == NULL);
	EXPECT(t, user_section_get(&one.mm.context, va, &pa, &dirty));
	EXPECT_EQ(t, pa, page_to_phys(block));
	EXPECT(t, dirty);
	flags = space_enter(&one);
	EXPECT_EQ(t, space_load(va + SECTION_SIZE - 4), 77);
	space_store(va, 5);
	user_section_protect(&one.mm.context, va, USER_READ);
	flush_tlb_user_range(&one.mm.context, va, va + SECTION_SIZE);
	EXPECT_EQ(t, space_load(va), 5);
	EXPECT_REPORT(t, store_it, (void *)va, "read-only");
	user_section_protect(&one.mm.context, va, 0);
	flush_tlb_user_range(&one.mm.context, va, va + SECTION_SIZE);
	EXPECT_REPORT(t, load_it, (void *)va, "user address");
	EXPECT(t, user_section_get(&one.mm.context, va, &pa, &dirty));
	EXPECT_EQ(t, pa, page_to_phys(block));
	space_leave(flags);
	EXPECT_EQ(t, user_section_clear(&one.mm.context, va),
		  page_to_phys(block) | 1);
	flush_tlb_user_range(&one.mm.context, va, va + SECTION_SIZE);
	/* The hole is filled from the group's page again. */
	EXPECT(t, !user_table_install(&one.mm.context, va, NULL));
	EXPECT(t, (char *)pte_offset(&one.mm.context, va) ==
		  (char *)pte_offset(&one.mm.context, SPACE_BASE) + 1024);
	space_close(&one);
	free_frames(block, 8);
}

static void
the_last_table_of_a_group_is_handed_over(struct test *t)
{
	void *table = pgtable_alloc_page();
	struct mm_context ctx;
	unsigned i;

	ASSERT(t, table);
	ASSERT_EQ(t, mm_context_init(&ctx), 0);
	EXPECT(t, user_table_install(&ctx, SPACE_BASE, table));
	for (i = 0; i < 4; i++)
		EXPECT(t, user_section_set(&ctx, SPACE_BASE + i * SECTION_SIZE,
					   PHYS_OFFSET, USER_READ) ==
			  (i == 3 ? table : NULL));
	EXPECT(t, !user_table_install(&ctx, SPACE_BASE, table));
	EXPECT(t, user_table_remove(&ctx, SPACE_BASE) == NULL);
	for (i = 0; i < 4; i++)		/* and the sections are still there */
		EXPECT_EQ(t, user_section_clear(&ctx, SPACE_BASE +
						i * SECTION_SIZE),
			  PHYS_OFFSET | 1);
	flush_tlb_user_all(&ctx);
	pgtable_free_page(table);
	mm_context_destroy(&ctx);
}

/* --- What the translation checker sees --- */

#if TLBCHECK
#define IF_BUILT(fn)	TEST_CASE(fn)

static void
free_page_zero(void *arg)
{
	free_frame(one.pages[0]);
	one.pages[0] = NULL;
}

/* Use page 0 of the space, and take it out without a flush. */
static bool
lab_open(struct test *t)
{
	unsigned long flags;

	flush_tlb_all();
	if (!EXPECT(t, space_open(&one, 2, 100)))
		return false;
	flags = space_enter(&one);
	space_load(SPACE_BASE);
	space_leave(flags);
	return true;
}

static void
a_frame_freed_while_a_space_remembers_it_is_told(struct test *t)
{
	if (!lab_open(t))
		return;
	space_clear(&one, 0);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	EXPECT_WARNING(t, free_page_zero, NULL, "a frame is freed, but may "
		       "still be remembered");
	EXPECT(t, strstr(test_last_report(), "address 00400000") != NULL);
	EXPECT(t, strstr(test_last_report(), "of user space") != NULL);
	space_close(&one);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
}

static void
a_flush_of_the_page_ends_it(struct test *t)
{
	if (!lab_open(t))
		return;
	space_clear(&one, 0);
	space_clear(&one, 1);
	flush_tlb_user_page(&one.mm.context, SPACE_BASE + PAGE_SIZE + 5);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	flush_tlb_user_range(&one.mm.context, SPACE_BASE, SPACE_BASE + PAGE_SIZE);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	free_page_zero(NULL);
	space_set(&one, 1, USER_READ, false);
	space_clear(&one, 1);
	flush_tlb_user_all(&one.mm.context);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	space_close(&one);
}

static void
another_spaces_flush_does_not_count(struct test *t)
{
	if (!lab_open(t))
		return;
	ASSERT(t, space_open(&two, 1, 200));
	space_clear(&one, 0);
	flush_tlb_user_all(&two.mm.context);
	flush_tlb_user_page(&two.mm.context, SPACE_BASE);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	space_close(&two);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	space_close(&one);
}

static void
a_space_that_never_ran_is_remembered_by_nobody(struct test *t)
{
	flush_tlb_all();
	ASSERT(t, space_open(&one, 1, 100));
	space_clear(&one, 0);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	space_close(&one);
}

/* More rights need no flush; fewer do. */
static void
only_what_is_taken_away_is_stale(struct test *t)
{
	if (!lab_open(t))
		return;
	space_set(&one, 0, USER_READ, false);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	flush_tlb_user_page(&one.mm.context, SPACE_BASE);
	space_set(&one, 0, USER_READ | USER_EXEC, false);
	space_set(&one, 0, USER_READ | USER_WRITE | USER_EXEC, true);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	space_set(&one, 0, USER_READ | USER_WRITE, true);	/* XN */
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	space_close(&one);
}

static void
other_frame_at_once(void *arg)
{
	pte_t *pte = pte_offset(&one.mm.context, SPACE_BASE);

	set_pte_at(&one.mm.context, SPACE_BASE, pte,
		   mk_pte(page_to_pfn(one.pages[1]), USER_READ, USER_CACHED));
}

static void
other_frame_without_flush(void *arg)
{
	space_clear(&one, 0);
	other_frame_at_once(NULL);
}

static void
a_page_replaced_at_once_is_told(struct test *t)
{
	if (!lab_open(t))
		return;
	EXPECT_WARNING(t, other_frame_at_once, NULL, "a valid translation "
		       "gets another frame at once");
	flush_tlb_user_all(&one.mm.context);
	space_clear(&one, 0);
	flush_tlb_user_all(&one.mm.context);
	space_set(&one, 0, USER_READ, false);
	EXPECT_WARNING(t, other_frame_without_flush, NULL, "an address is "
		       "mapped again, but was not invalidated");
	space_close(&one);
}

static void
global_entry(void *arg)
{
	pte_t pte = mk_pte(page_to_pfn(one.pages[1]), USER_READ, USER_CACHED);

	pte.value &= ~(u32)PTE_NG;
	set_pte_at(&one.mm.context, SPACE_BASE + PAGE_SIZE,
		   pte_offset(&one.mm.context, SPACE_BASE + PAGE_SIZE), pte);
}

static void
a_user_entry_that_is_global_is_told(struct test *t)
{
	if (!lab_open(t))
		return;
	EXPECT_WARNING(t, global_entry, NULL, "a user translation that is "
		       "global");
	space_close(&one);
}

static void
a_section_is_remembered_whole(struct test *t)
{
	unsigned long va = SPACE_BASE + GROUP_BYTES;
	struct stale_translation stale;
	phys_addr_t pa = 0x60100000;

	if (!lab_open(t))
		return;
	user_section_set(&one.mm.context, va, pa, USER_READ);
	user_section_clear(&one.mm.context, va);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 1);
	EXPECT(t, tlbcheck_find(pa + SECTION_SIZE - PAGE_SIZE, 1, &stale));
	EXPECT(t, !tlbcheck_find(pa + SECTION_SIZE, 1, &stale));
	EXPECT(t, !tlbcheck_find(pa - PAGE_SIZE, 1, &stale));
	flush_tlb_user_page(&one.mm.context, va + 5 * PAGE_SIZE);
	EXPECT_EQ(t, tlbcheck_nr_stale(), 0);
	EXPECT(t, !tlbcheck_find(pa, 256, &stale));
	space_close(&one);
}

static void
destroy_two(void *arg)
{
	mm_context_destroy(&two.mm.context);
}

static void
a_table_given_back_too_early_is_told(struct test *t)
{
	unsigned long flags;
	pgd_t *pgd;

	ASSERT_EQ(t, mm_context_init(&two.mm.context), 0);
	flags = space_enter(&two);
	EXPECT_WARNING(t, destroy_two, NULL, "a core runs on it");
	space_leave(flags);
	ASSERT_EQ(t, mm_context_init(&two.mm.context), 0);
	pgd = two.mm.context.pgd;
	pgd[0x123].value = 0x600;
	EXPECT_WARNING(t, destroy_two, NULL, "has user entries");
	EXPECT(t, strstr(test_last_report(), "address 12300000") != NULL);
	pgd[0x123].value = 0;
}
#else
static void
skipped(struct test *t)
{
	SKIP(t, "needs a debug kernel");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

TEST_SUITE("user_table",
	   TEST_CASE(a_table_has_the_kernels_entries_and_no_user_ones),
	   TEST_CASE(fresh_memory_is_cleared),
	   TEST_CASE(used_tables_are_kept_and_given_back),
	   TEST_CASE(spare_tables_go_when_memory_is_short),
	   TEST_CASE(no_memory_is_an_error),
	   TEST_CASE(a_kernel_table_made_later_is_in_every_table),
	   TEST_CASE(verify_names_a_kernel_entry_that_differs),
	   TEST_CASE(verify_names_a_user_entry_in_a_spare_table),
	   TEST_CASE(verify_names_a_group_with_two_pages),
	   TEST_CASE(a_page_serves_a_group_of_four),
	   TEST_CASE(the_same_address_is_another_page_in_another_space),
	   TEST_CASE(rights_are_what_the_entry_says),
	   TEST_CASE(values_of_an_entry_are_kept_by_its_changes),
	   TEST_CASE(a_section_is_a_mebibyte_at_once),
	   TEST_CASE(the_last_table_of_a_group_is_handed_over),
	   IF_BUILT(a_frame_freed_while_a_space_remembers_it_is_told),
	   IF_BUILT(a_flush_of_the_page_ends_it),
	   IF_BUILT(another_spaces_flush_does_not_count),
	   IF_BUILT(a_space_that_never_ran_is_remembered_by_nobody),
	   IF_BUILT(only_what_is_taken_away_is_stale),
	   IF_BUILT(a_page_replaced_at_once_is_told),
	   IF_BUILT(a_user_entry_that_is_global_is_told),
	   IF_BUILT(a_section_is_remembered_whole),
	   IF_BUILT(a_table_given_back_too_early_is_told));
