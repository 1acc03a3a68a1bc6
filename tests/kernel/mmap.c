/* SPDX-License-Identifier: MIT */
/* mmap, munmap, mprotect, mremap, brk: which VMAs there are afterwards. */
#include "as_helpers.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

static void
a_mapping_is_a_promise(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm != NULL);
	at = as_map(mm, 0, 3 * P, RW, ANON);
	EXPECT(t, as_is(mm, at, at, at + 3 * P, VM_READ | VM_WRITE));
	EXPECT_EQ(t, mm->total_vm, 3);
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, mm->nr_tables, 0);
	mmput(mm);
}

static void
new_mappings_go_below_the_last_and_merge(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long a, b;

	ASSERT(t, mm != NULL);
	a = as_map(mm, 0, P, RW, ANON);
	b = as_map(mm, 0, P, RW, ANON);
	EXPECT_EQ(t, a, mm->mmap_base - P);
	EXPECT_EQ(t, b, a - P);
	EXPECT_EQ(t, mm->map_count, 1);
	as_map(mm, 0, P, PROT_READ, ANON);
	EXPECT_EQ(t, mm->map_count, 2);
	mmput(mm);
}

/*
 *	before	[------------]
 *	unmap	   [--]		middle: two VMAs are left
 */
static void
unmapping_the_middle_splits(struct test *t)
{
	struct mm_struct *mm = mm_alloc();

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE, 10 * P, RW, ANON | MAP_FIXED), BASE);
	for (unsigned i = 0; i < 10; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i + 1));
	EXPECT_EQ(t, mm_rss(mm), 10);
	EXPECT_EQ(t, do_munmap(mm, BASE + 3 * P, 2 * P), 0);
	EXPECT_EQ(t, mm->map_count, 2);
	EXPECT_EQ(t, mm_rss(mm), 8);
	EXPECT(t, as_is(mm, BASE, BASE, BASE + 3 * P, VM_READ | VM_WRITE));
	EXPECT(t, as_is(mm, BASE + 5 * P, BASE + 5 * P, BASE + 10 * P,
			VM_READ | VM_WRITE));
	EXPECT_EQ(t, as_peek(mm, BASE + 2 * P), 3);
	EXPECT_EQ(t, as_peek(mm, BASE + 3 * P), ~0u);
	EXPECT_EQ(t, as_peek(mm, BASE + 5 * P), 6);
	mmput(mm);
}

static void
protection_splits_and_merges_again(struct test *t)
{
	struct mm_struct *mm = mm_alloc();

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE, 5 * P, RW, ANON | MAP_FIXED), BASE);
	EXPECT(t, as_poke(mm, BASE + 2 * P, 7));
	EXPECT_EQ(t, do_mprotect(mm, BASE + 2 * P, P, PROT_READ), 0);
	EXPECT_EQ(t, mm->map_count, 3);
	EXPECT_EQ(t, as_touch(mm, BASE + 2 * P, true), VM_FAULT_SIGSEGV);
	EXPECT_EQ(t, as_peek(mm, BASE + 2 * P), 7);
	EXPECT_EQ(t, do_mprotect(mm, BASE + 2 * P, P, PROT_NONE), 0);
	EXPECT(t, pte_protnone(as_pte(mm, BASE + 2 * P)));
	EXPECT_EQ(t, as_peek(mm, BASE + 2 * P), ~0u);
	EXPECT_EQ(t, do_mprotect(mm, BASE + 2 * P, P, RW), 0);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT_EQ(t, as_peek(mm, BASE + 2 * P), 7);
	EXPECT(t, pte_write(as_pte(mm, BASE + 2 * P)));
	mmput(mm);
}

static void
a_moved_mapping_takes_its_pages_along(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long at = 0, rss;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE, 4 * P, RW, ANON | MAP_FIXED), BASE);
	ASSERT_EQ(t, as_map(mm, BASE + 4 * P, P, PROT_READ,
			    ANON | MAP_FIXED), BASE + 4 * P);
	EXPECT(t, as_poke(mm, BASE + P, 11));
	rss = mm_rss(mm);
	EXPECT_EQ(t, do_mremap(mm, BASE, 4 * P, 600 * P, 0, 0, &at), -ENOMEM);
	EXPECT_EQ(t, do_mremap(mm, BASE, 4 * P, 600 * P, MREMAP_MAYMOVE, 0,
			       &at), 0);
	EXPECT(t, at != BASE);
	EXPECT_EQ(t, as_peek(mm, at + P), 11);
	EXPECT_EQ(t, as_peek(mm, BASE + P), ~0u);
	EXPECT_EQ(t, mm_rss(mm), rss);
	EXPECT_EQ(t, do_mremap(mm, at, 600 * P, 2 * P, 0, 0, &at), 0);
	EXPECT_EQ(t, as_peek(mm, at + P), 11);
	mmput(mm);
}

static void
the_break_moves_by_bytes(struct test *t)
{
	struct mm_struct *mm = mm_alloc();

	ASSERT(t, mm != NULL);
	mm->start_brk = mm->brk = BASE;
	EXPECT_EQ(t, do_brk(mm, 0), BASE);
	EXPECT_EQ(t, do_brk(mm, BASE + 1), BASE + 1);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT_EQ(t, mm->total_vm, 1);
	EXPECT(t, as_poke(mm, BASE, 5));
	EXPECT_EQ(t, do_brk(mm, BASE + 20 * P + 5), BASE + 20 * P + 5);
	EXPECT_EQ(t, mm->total_vm, 21);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT_EQ(t, do_brk(mm, BASE + P), BASE + P);
	EXPECT_EQ(t, mm->total_vm, 1);
	EXPECT_EQ(t, as_peek(mm, BASE), 5);
	EXPECT_EQ(t, do_brk(mm, BASE - 1), BASE + P);
	EXPECT_EQ(t, do_brk(mm, BASE), BASE);
	EXPECT_EQ(t, mm->map_count, 0);
	mmput(mm);
}

static void
bad_arguments_have_their_errors(struct test *t)
{
	struct mm_struct *mm = mm_alloc();

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, (int)as_map(mm, 0, 0, RW, ANON), -EINVAL);
	EXPECT_EQ(t, (int)as_map(mm, 0, P, RW, MAP_ANONYMOUS), -EINVAL);
	/* Shared memory is a file's; sys_mmap2() makes one. */
	EXPECT_EQ(t, (int)as_map(mm, 0, P, RW, MAP_SHARED | MAP_ANONYMOUS),
		  -EINVAL);
	EXPECT_EQ(t, (int)as_map(mm, 0, ~0ul, RW, ANON), -ENOMEM);
	EXPECT_EQ(t, (int)as_map(mm, 0, TASK_SIZE, RW, ANON | MAP_NORESERVE),
		  -ENOMEM);
	EXPECT_EQ(t, (int)as_map(mm, BASE + 1, P, RW, ANON | MAP_FIXED),
		  -EINVAL);
	EXPECT_EQ(t, (int)as_map(mm, 0, P, RW, ANON | MAP_FIXED), -EPERM);
	EXPECT_EQ(t, (int)as_map(mm, TASK_SIZE, P, RW, ANON | MAP_FIXED),
		  -ENOMEM);
	EXPECT_EQ(t, as_map(mm, BASE, P, RW, ANON | MAP_FIXED), BASE);
	EXPECT_EQ(t, (int)as_map(mm, BASE, P, RW, ANON | MAP_FIXED_NOREPLACE),
		  -EEXIST);
	EXPECT_EQ(t, do_munmap(mm, BASE + 1, P), -EINVAL);
	EXPECT_EQ(t, do_munmap(mm, BASE, 0), -EINVAL);
	EXPECT_EQ(t, do_munmap(mm, BASE + 64 * P, P), 0);
	EXPECT_EQ(t, do_mprotect(mm, BASE, 2 * P, PROT_READ), -ENOMEM);
	EXPECT_EQ(t, do_mprotect(mm, BASE + 1, P, PROT_READ), -EINVAL);
	EXPECT_EQ(t, do_mprotect(mm, BASE, P, 0x80), -EINVAL);
	mmput(mm);
}

TEST_SUITE("mmap",
	TEST_CASE(a_mapping_is_a_promise),
	TEST_CASE(new_mappings_go_below_the_last_and_merge),
	TEST_CASE(unmapping_the_middle_splits),
	TEST_CASE(protection_splits_and_merges_again),
	TEST_CASE(a_moved_mapping_takes_its_pages_along),
	TEST_CASE(the_break_moves_by_bytes),
	TEST_CASE(bad_arguments_have_their_errors));
