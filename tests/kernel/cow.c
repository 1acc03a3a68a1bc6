/* SPDX-License-Identifier: MIT */
/* First touches, fork and copy on write. */
#include <kernel/signal.h>
#include "as_helpers.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

static void
a_read_maps_the_page_of_zeros(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 4);

	EXPECT_EQ(t, as_touch(mm, BASE, false), 0);
	EXPECT_EQ(t, as_touch(mm, BASE + P, false), 0);
	EXPECT_EQ(t, pte_pfn(as_pte(mm, BASE)), pte_pfn(as_pte(mm, BASE + P)));
	EXPECT(t, !pte_write(as_pte(mm, BASE)));
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, as_peek(mm, BASE), 0);
	mmput(mm);
}

static void
a_write_after_the_read_gets_a_page_of_its_own(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 4);
	pfn_t zero;

	as_touch(mm, BASE, false);
	zero = pte_pfn(as_pte(mm, BASE));
	EXPECT_EQ(t, as_touch(mm, BASE, true), 0);
	EXPECT(t, pte_pfn(as_pte(mm, BASE)) != zero);
	EXPECT(t, pte_write(as_pte(mm, BASE)) && pte_dirty(as_pte(mm, BASE)));
	EXPECT_EQ(t, mm_rss(mm), 1);
	EXPECT_EQ(t, as_peek(mm, BASE + 100), 0);
	mmput(mm);
}

static void
outside_all_promises_is_a_fault(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 1);
	int code = 0;

	EXPECT_EQ(t, mm_fault(mm, BASE + P, 0, &code), VM_FAULT_SIGSEGV);
	EXPECT_EQ(t, code, SEGV_MAPERR);
	EXPECT_EQ(t, do_mprotect(mm, BASE, P, PROT_READ), 0);
	EXPECT_EQ(t, mm_fault(mm, BASE, FAULT_FLAG_WRITE, &code),
		  VM_FAULT_SIGSEGV);
	EXPECT_EQ(t, code, SEGV_ACCERR);
	EXPECT_EQ(t, mm_fault(mm, BASE, FAULT_FLAG_EXEC, &code),
		  VM_FAULT_SIGSEGV);
	mmput(mm);
}

/*
 *	fork		parent -- ro --> page <-- ro -- child
 *	parent writes	parent -- rw --> copy, page <-- ro -- child
 *	child writes	page <-- rw -- child
 */
static void
after_fork_the_first_writer_copies(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 4), *child = NULL;
	pfn_t page;

	EXPECT(t, as_poke(mm, BASE, 1));
	page = pte_pfn(as_pte(mm, BASE));
	ASSERT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT(t, !pte_write(as_pte(mm, BASE)));
	EXPECT_EQ(t, pte_pfn(as_pte(child, BASE)), page);
	EXPECT_EQ(t, page_mapcount(pfn_to_page(page)), 2);
	EXPECT(t, as_poke(mm, BASE, 2));
	EXPECT(t, pte_pfn(as_pte(mm, BASE)) != page);
	EXPECT_EQ(t, page_mapcount(pfn_to_page(page)), 1);
	EXPECT_EQ(t, as_peek(child, BASE), 1);
	EXPECT(t, as_poke(child, BASE, 3));
	EXPECT_EQ(t, pte_pfn(as_pte(child, BASE)), page);
	EXPECT_EQ(t, as_peek(mm, BASE), 2);
	mmput(child);
	mmput(mm);
}

static void
a_pinned_page_is_copied_for_the_child(struct test *t)
{
	struct mm_struct *mm = as_space(t, BASE, 1), *child = NULL;
	struct page *page;

	EXPECT(t, as_poke(mm, BASE, 1));
	down_read(&mm->mmap_lock);
	ASSERT_EQ(t, pin_user_pages(mm, BASE, 1, FOLL_WRITE, &page), 1);
	up_read(&mm->mmap_lock);
	ASSERT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT(t, pte_write(as_pte(mm, BASE)));
	EXPECT(t, pte_pfn(as_pte(child, BASE)) != page_to_pfn(page));
	EXPECT_EQ(t, as_peek(child, BASE), 1);
	unpin_user_pages(&page, 1, true);
	mmput(child);
	mmput(mm);
}

static void
a_stack_grows_to_its_limit_and_keeps_its_guard(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long top = 0x40000000;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, vm_map_stack(mm, top, false), 0);
	EXPECT_EQ(t, as_touch(mm, top - 40 * P, true), 0);
	EXPECT_EQ(t, vma_lookup(mm, top - 1)->vm_start, top - 40 * P);
	ASSERT_EQ(t, as_map(mm, top - 2 * MIB, P, RW, ANON | MAP_FIXED),
		  top - 2 * MIB);
	EXPECT_EQ(t, as_touch(mm, top - 2 * MIB + P + 300 * P, true),
		  0);
	EXPECT_EQ(t, as_touch(mm, top - 2 * MIB + 2 * P, true),
		  VM_FAULT_SIGSEGV);
	mmput(mm);
}

static void
a_section_serves_a_mebibyte_at_once(struct test *t)
{
	struct mm_struct *mm = mm_alloc(), *child = NULL;
	unsigned long at;

	ASSERT(t, mm != NULL);
	at = as_map(mm, 0, 2 * MIB, RW, ANON | MAP_HUGETLB);
	EXPECT_EQ(t, at & (MIB - 1), 0);
	if (as_touch(mm, at + 5 * P, true) == VM_FAULT_SIGBUS) {
		mmput(mm);
		SKIP(t, "no free block of 1 MiB");
	}
	EXPECT_EQ(t, mm_rss(mm), 256);
	EXPECT_EQ(t, mm->nr_tables, 0);
	EXPECT(t, as_poke(mm, at + 77 * P, 9));
	if (dup_mm(mm, &child) == 0) {
		EXPECT(t, as_poke(mm, at + 77 * P, 10));
		EXPECT_EQ(t, as_peek(child, at + 77 * P), 9);
		mmput(child);
	}
	EXPECT_EQ(t, do_munmap(mm, at + P, P), -EINVAL);
	EXPECT_EQ(t, do_munmap(mm, at, MIB), 0);
	EXPECT_EQ(t, mm_rss(mm), 0);
	mmput(mm);
}

TEST_SUITE("cow",
	TEST_CASE(a_read_maps_the_page_of_zeros),
	TEST_CASE(a_write_after_the_read_gets_a_page_of_its_own),
	TEST_CASE(outside_all_promises_is_a_fault),
	TEST_CASE(after_fork_the_first_writer_copies),
	TEST_CASE(a_pinned_page_is_copied_for_the_child),
	TEST_CASE(a_stack_grows_to_its_limit_and_keeps_its_guard),
	TEST_CASE(a_section_serves_a_mebibyte_at_once));
