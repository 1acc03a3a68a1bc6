/* SPDX-License-Identifier: MIT */
/*
 * map_kernel_range() where a page of tables begins: sections, pages, and both
 * in one group of four first-level entries. The group is far behind all that
 * vmalloc uses; its tables are taken away again after each case.
 *
 *	AREA	| 0: 1 MiB | 1: 1 MiB | 2: 1 MiB | 3: 1 MiB |	one page of tables
 */
#include <asm/memory.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <asm/tlbflush.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <mm/gfp.h>

#define MIB		0x100000UL
#define AREA		(ALIGN_DOWN(VMALLOC_END, 4 * MIB) - 96 * MIB)
#define TARGET		0x60000000u	/* any frames: nothing is written */

static pgd_t *
entry(unsigned i)
{
	return &swapper_pg_dir[(AREA >> 20) + i];
}

static bool
is_table(unsigned i)
{
	return (entry(i)->value & 3) == 1;
}

/* Does va show pa? Asked of the core itself. */
static bool
shows(unsigned long va, phys_addr_t want)
{
	phys_addr_t pa;

	return hardware_translate(va, false, &pa) && pa == want;
}

static bool
shows_nothing(unsigned long va)
{
	phys_addr_t pa;

	return !hardware_translate(va, false, &pa);
}

static void
clean_up(void)
{
	u32 table = 0;
	unsigned i;

	for (i = 0; i < 4; i++) {
		if (is_table(i) && !table)
			table = entry(i)->value & PAGE_MASK;
		entry(i)->value = 0;
	}
	flush_tlb_all();
	if (table) {
		pgtable_free_page(__va(table));
		nr_kernel_tables--;
	}
}

static void
an_aligned_mebibyte_is_a_section(struct test *t)
{
	struct pt_walk w;

	EXPECT_EQ(t, map_kernel_range(AREA, TARGET, MIB, PROT_KERNEL_RO, true),
		  0);
	pt_walk(swapper_pg_dir, AREA + 5, &w);
	EXPECT_EQ(t, w.kind, PT_SECTION);
	EXPECT_EQ(t, w.pa, TARGET + 5);
	EXPECT_EQ(t, w.memattr, 3);	/* normal, write-back */
	EXPECT(t, w.shared && w.global && w.read && !w.write && !w.exec);
	EXPECT(t, shows(AREA + MIB - 4, TARGET + MIB - 4));
	EXPECT(t, shows_nothing(AREA + MIB));
	clean_up();
}

static void
frames_that_are_not_aligned_need_pages(struct test *t)
{
	EXPECT_EQ(t, map_kernel_range(AREA, TARGET + PAGE_SIZE, MIB,
				      PROT_KERNEL_RO, true), 0);
	EXPECT(t, is_table(0));
	EXPECT(t, shows(AREA, TARGET + PAGE_SIZE));
	EXPECT(t, shows(AREA + MIB - PAGE_SIZE, TARGET + MIB));
	clean_up();
}

static void
less_than_a_mebibyte_needs_pages(struct test *t)
{
	EXPECT_EQ(t, map_kernel_range(AREA, TARGET, 2 * PAGE_SIZE,
				      PROT_KERNEL_RO, true), 0);
	EXPECT(t, is_table(0));
	EXPECT(t, shows(AREA + PAGE_SIZE, TARGET + PAGE_SIZE));
	EXPECT(t, shows_nothing(AREA + 2 * PAGE_SIZE));
	clean_up();
}

static void
nobody_asked_for_sections(struct test *t)
{
	EXPECT_EQ(t, map_kernel_range(AREA, TARGET, MIB, PROT_KERNEL_RO,
				      false), 0);
	EXPECT(t, is_table(0));
	EXPECT(t, shows(AREA + MIB - PAGE_SIZE, TARGET + MIB - PAGE_SIZE));
	clean_up();
}

/* The new tables of a group leave a section beside them alone. */
static void
a_section_and_tables_share_a_group(struct test *t)
{
	unsigned i;

	EXPECT_EQ(t, map_kernel_range(AREA, TARGET, MIB, PROT_KERNEL_RO, true),
		  0);
	EXPECT_EQ(t, map_kernel_range(AREA + MIB, TARGET + MIB, PAGE_SIZE,
				      PROT_KERNEL_RO, true), 0);
	EXPECT(t, !is_table(0));
	for (i = 1; i < 4; i++) {
		EXPECT(t, is_table(i));
		if (i > 1)
			EXPECT_EQ(t, entry(i)->value, entry(i - 1)->value +
						      0x400);
	}
	EXPECT(t, shows(AREA, TARGET));
	EXPECT(t, shows(AREA + MIB, TARGET + MIB));
	EXPECT(t, shows_nothing(AREA + MIB + PAGE_SIZE));
	EXPECT(t, shows_nothing(AREA + 2 * MIB));
	clean_up();
}

/* --- What the TLBs remember --- */

#define LONG_RANGE	70		/* pages; beyond 64 all is flushed */

static void
read_word(void *arg)
{
	u32 *word = arg;

	*word = *(volatile u32 *)*word;
}

/* What core cpu reads at va. */
static u32
read_on(unsigned cpu, unsigned long va)
{
	u32 word = va;

	smp_call_function_single(cpu, read_word, &word);
	return word;
}

/* Map nr pages at AREA one by one to the same frame, which holds value. */
static void
map_all_to(struct test *t, u32 *page, u32 value, unsigned nr)
{
	unsigned i;

	page[0] = value;
	for (i = 0; i < nr; i++)
		EXPECT_EQ(t, map_kernel_range(AREA + i * PAGE_SIZE,
					      __pa(page), PAGE_SIZE,
					      PROT_KERNEL_RO, false), 0);
}

/* The last of nr pages is read, changes its frame, and is read again. */
static void
every_core_sees_the_change(struct test *t, unsigned nr)
{
	unsigned long last = AREA + (nr - 1) * PAGE_SIZE;
	u32 *old = get_zeroed_page(GFP_KERNEL);
	u32 *new = get_zeroed_page(GFP_KERNEL);
	unsigned cpu;

	ASSERT(t, old != NULL && new != NULL);
	map_all_to(t, old, 1111, nr);
	for_each_online_cpu(cpu)
		EXPECT_EQ(t, read_on(cpu, last), 1111);
	unmap_kernel_range(AREA, nr * PAGE_SIZE);
	map_all_to(t, new, 2222, nr);
	for_each_online_cpu(cpu)
		EXPECT_EQ(t, read_on(cpu, last), 2222);
	unmap_kernel_range(AREA, nr * PAGE_SIZE);
	clean_up();
	free_page(old);
	free_page(new);
}

static void
no_core_remembers_a_page(struct test *t)
{
	every_core_sees_the_change(t, 1);
}

static void
no_core_remembers_the_end_of_a_short_range(struct test *t)
{
	every_core_sees_the_change(t, 5);
}

static void
no_core_remembers_the_end_of_a_long_range(struct test *t)
{
	every_core_sees_the_change(t, LONG_RANGE);
}

static u32 protected[PAGE_SIZE / 4] __aligned(PAGE_SIZE);

static void
write_protected(void *arg)
{
	(void)arg;
	*(volatile u32 *)protected = 1;
}

static void
new_rights_hold_at_once(struct test *t)
{
	void *end = (char *)protected + PAGE_SIZE;

	write_protected(NULL);		/* the TLB knows it as writable */
	paging_protect(protected, end, PROT_KERNEL_RO);
	EXPECT_REPORT(t, write_protected, NULL, "write to read-only memory");
	paging_protect(protected, end, PROT_KERNEL_RW);
	write_protected(NULL);
}

TEST_SUITE("map_range",
	   TEST_CASE(no_core_remembers_a_page),
	   TEST_CASE(no_core_remembers_the_end_of_a_short_range),
	   TEST_CASE(no_core_remembers_the_end_of_a_long_range),
	   TEST_CASE(new_rights_hold_at_once),
	   TEST_CASE(an_aligned_mebibyte_is_a_section),
	   TEST_CASE(frames_that_are_not_aligned_need_pages),
	   TEST_CASE(less_than_a_mebibyte_needs_pages),
	   TEST_CASE(nobody_asked_for_sections),
	   TEST_CASE(a_section_and_tables_share_a_group));
