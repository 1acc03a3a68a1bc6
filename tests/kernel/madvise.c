/* SPDX-License-Identifier: MIT */
/* madvise, mlock, mincore, msync, mremap: what becomes of pages and flags. */
#include <lib/string.h>
#include "as_helpers.h"
#include "rlimit_helpers.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

/* nr pages from BASE on, page i holding i + 1. */
static struct mm_struct *
numbered(struct test *t, unsigned nr)
{
	struct mm_struct *mm = mm_alloc();

	if (!EXPECT(t, mm != NULL))
		return NULL;
	EXPECT_EQ(t, as_map(mm, BASE, nr * P, RW, ANON | MAP_FIXED), BASE);
	for (unsigned i = 0; i < nr; i++)
		EXPECT(t, as_poke(mm, BASE + i * P, i + 1));
	return mm;
}

static void
what_is_not_needed_reads_as_zeros(struct test *t)
{
	struct mm_struct *mm = numbered(t, 6);

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_madvise(mm, BASE + P, 2 * P, MADV_DONTNEED), 0);
	EXPECT_EQ(t, mm_rss(mm), 4);
	EXPECT_EQ(t, as_peek(mm, BASE), 1);
	EXPECT_EQ(t, as_peek(mm, BASE + P), 0);
	EXPECT_EQ(t, as_peek(mm, BASE + 2 * P), 0);
	EXPECT_EQ(t, as_peek(mm, BASE + 3 * P), 4);
	EXPECT_EQ(t, do_madvise(mm, BASE + 3 * P, P, MADV_FREE), 0);
	EXPECT_EQ(t, as_peek(mm, BASE + 3 * P), 0);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT_EQ(t, do_mlock(mm, BASE + 4 * P, P, 0), 0);
	EXPECT_EQ(t, do_madvise(mm, BASE + 4 * P, P, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(t, as_peek(mm, BASE + 4 * P), 5);
	mmput(mm);
}

/* rw [##] hole [##]: what can be done is done, then the hole is told. */
static void
a_hole_is_told_after_the_rest_was_done(struct test *t)
{
	struct mm_struct *mm = numbered(t, 6);

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_munmap(mm, BASE + 2 * P, 2 * P), 0);
	EXPECT_EQ(t, do_madvise(mm, BASE, 6 * P, MADV_DONTNEED), -ENOMEM);
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, do_madvise(mm, BASE, 6 * P, MADV_DONTDUMP), -ENOMEM);
	EXPECT(t, vma_lookup(mm, BASE)->vm_flags & VM_DONTDUMP);
	EXPECT(t, vma_lookup(mm, BASE + 5 * P)->vm_flags & VM_DONTDUMP);
	EXPECT_EQ(t, do_madvise(mm, BASE, 2 * P, MADV_DODUMP), 0);
	EXPECT(t, !(vma_lookup(mm, BASE)->vm_flags & VM_DONTDUMP));
	EXPECT_EQ(t, do_madvise(mm, BASE, P, 77), -EINVAL);
	EXPECT_EQ(t, do_madvise(mm, BASE + 1, P, MADV_NORMAL), -EINVAL);
	EXPECT_EQ(t, do_madvise(mm, BASE, 0, MADV_DONTNEED), 0);
	EXPECT_EQ(t, do_madvise(mm, BASE, P, MADV_WILLNEED), -EBADF);
	mmput(mm);
}

/*
 *	flags	. * .	the middle has the advice already; all three get it:
 *	then	***	the first merges with the second, and it is no hole
 */
static void
a_part_that_has_the_flag_already_is_no_hole(struct test *t)
{
	struct mm_struct *mm = numbered(t, 3);

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_madvise(mm, BASE + P, P, MADV_DONTFORK), 0);
	EXPECT_EQ(t, mm->map_count, 3);
	EXPECT_EQ(t, do_madvise(mm, BASE, 3 * P, MADV_DONTFORK), 0);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT(t, vma_first(mm)->vm_flags & VM_DONTCOPY);
	EXPECT_EQ(t, do_mlock(mm, BASE + P, P, 0), 0);
	EXPECT_EQ(t, do_mlock(mm, BASE, 3 * P, 0), 0);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT_EQ(t, mm->locked_vm, 3);
	mmput(mm);
}

static void
what_a_child_does_not_inherit(struct test *t)
{
	struct mm_struct *mm = numbered(t, 4), *child = NULL;

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_madvise(mm, BASE, P, MADV_DONTFORK), 0);
	EXPECT_EQ(t, do_madvise(mm, BASE + P, P, MADV_WIPEONFORK), 0);
	EXPECT_EQ(t, do_mlock(mm, BASE + 2 * P, P, 0), 0);
	ASSERT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT(t, vma_lookup(child, BASE) == NULL);
	EXPECT_EQ(t, as_peek(child, BASE + P), 0);
	EXPECT_EQ(t, as_peek(child, BASE + 2 * P), 3);
	EXPECT_EQ(t, as_peek(child, BASE + 3 * P), 4);
	EXPECT_EQ(t, child->locked_vm, 0);
	EXPECT_EQ(t, child->total_vm, 3);
	mmput(child);
	EXPECT_EQ(t, do_madvise(mm, BASE, P, MADV_DOFORK), 0);
	EXPECT_EQ(t, do_madvise(mm, BASE + P, P, MADV_KEEPONFORK), 0);
	ASSERT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT_EQ(t, as_peek(child, BASE), 1);
	EXPECT_EQ(t, as_peek(child, BASE + P), 2);
	mmput(child);
	mmput(mm);
}

static void
populating_faults_everything_in(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm != NULL);
	at = as_map(mm, 0, 5 * P, RW, ANON | MAP_POPULATE);
	EXPECT_EQ(t, mm_rss(mm), 5);
	EXPECT(t, pte_write(as_pte(mm, at + 4 * P)));
	at = as_map(mm, 0, 2 * P, PROT_READ, ANON | MAP_POPULATE);
	EXPECT_EQ(t, mm_rss(mm), 5);
	EXPECT(t, pte_present(as_pte(mm, at + P)));	/* of zeros */
	EXPECT_EQ(t, do_madvise(mm, at, 2 * P, MADV_POPULATE_WRITE), -EINVAL);
	EXPECT_EQ(t, do_mprotect(mm, at, 2 * P, RW), 0);
	EXPECT_EQ(t, do_madvise(mm, at, 2 * P, MADV_POPULATE_READ), 0);
	EXPECT_EQ(t, mm_rss(mm), 5);
	EXPECT_EQ(t, do_madvise(mm, at, 2 * P, MADV_POPULATE_WRITE), 0);
	EXPECT_EQ(t, mm_rss(mm), 7);
	mmput(mm);
}

static void
locked_pages_are_counted_and_limited(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct test_limits limits;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE, 8 * P, RW, ANON | MAP_FIXED), BASE);
	EXPECT_EQ(t, do_mlock(mm, BASE + P + 1, P, 0), 0);	/* two pages */
	EXPECT_EQ(t, mm->locked_vm, 2);
	EXPECT_EQ(t, mm_rss(mm), 2);
	EXPECT_EQ(t, mm->map_count, 3);
	EXPECT_EQ(t, do_mlock(mm, BASE + 4 * P, P, MLOCK_ONFAULT), 0);
	EXPECT_EQ(t, mm->locked_vm, 3);
	EXPECT_EQ(t, mm_rss(mm), 2);
	test_limits_begin(&limits);
	limits.rlim[RLIMIT_MEMLOCK].rlim_cur = 5 * P;
	EXPECT_EQ(t, do_mlock(mm, BASE, 6 * P, 0), -ENOMEM);
	EXPECT_EQ(t, mm->locked_vm, 3);
	EXPECT_EQ(t, do_mlock(mm, BASE, 5 * P, 0), 0);	/* 3 are already */
	EXPECT_EQ(t, mm->locked_vm, 5);
	EXPECT_EQ(t, (int)as_map(mm, 0, P, RW, ANON | MAP_LOCKED), -EAGAIN);
	limits.rlim[RLIMIT_MEMLOCK].rlim_cur = 0;
	EXPECT_EQ(t, do_mlock(mm, BASE, P, 0), -EPERM);
	EXPECT_EQ(t, do_mlockall(mm, MCL_CURRENT), -EPERM);
	test_limits_end(&limits);
	EXPECT_EQ(t, do_munlock(mm, BASE, 8 * P), 0);
	EXPECT_EQ(t, mm->locked_vm, 0);
	EXPECT_EQ(t, mm->map_count, 1);
	EXPECT_EQ(t, do_mlock(mm, BASE + 7 * P, 2 * P, 0), -ENOMEM);
	EXPECT_EQ(t, do_mlock(mm, BASE, P, 8), -EINVAL);
	mmput(mm);
}

static void
mlockall_reaches_what_is_and_what_comes(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct test_limits limits;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE, 2 * P, RW, ANON | MAP_FIXED), BASE);
	EXPECT_EQ(t, do_mlockall(mm, 0), -EINVAL);
	EXPECT_EQ(t, do_mlockall(mm, MCL_ONFAULT), -EINVAL);
	EXPECT_EQ(t, do_mlockall(mm, MCL_CURRENT), 0);
	EXPECT_EQ(t, mm->locked_vm, 2);
	EXPECT_EQ(t, mm_rss(mm), 2);
	as_map(mm, 0, P, RW, ANON);
	EXPECT_EQ(t, mm->locked_vm, 2);
	EXPECT_EQ(t, do_mlockall(mm, MCL_FUTURE), 0);
	as_map(mm, 0, 3 * P, PROT_READ | PROT_EXEC, ANON);
	EXPECT_EQ(t, mm->locked_vm, 5);
	EXPECT_EQ(t, do_munlockall(mm), 0);
	EXPECT_EQ(t, mm->locked_vm, 0);
	as_map(mm, 0, P, RW, ANON);
	EXPECT_EQ(t, mm->locked_vm, 0);
	test_limits_begin(&limits);
	limits.rlim[RLIMIT_MEMLOCK].rlim_cur = (mm->total_vm - 1) * P;
	EXPECT_EQ(t, do_mlockall(mm, MCL_CURRENT), -ENOMEM);
	EXPECT_EQ(t, do_mlockall(mm, MCL_FUTURE), 0);
	test_limits_end(&limits);
	mmput(mm);
}

static void
mincore_tells_what_is_in_memory(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	u8 vec[5] = { 9, 9, 9, 9, 9 };

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE, 4 * P, RW, ANON | MAP_FIXED), BASE);
	EXPECT(t, as_poke(mm, BASE + P, 1));
	EXPECT_EQ(t, as_touch(mm, BASE + 3 * P, false), 0);
	EXPECT_EQ(t, do_mincore(mm, BASE, 4, vec), 0);
	EXPECT(t, !memcmp(vec, "\0\1\0\1\11", 5));
	EXPECT_EQ(t, do_mincore(mm, BASE + P, 4, vec), -ENOMEM);
	EXPECT_EQ(t, do_mincore(mm, BASE - P, 1, vec), -ENOMEM);
	mmput(mm);
}

static void
msync_has_its_errors(struct test *t)
{
	struct mm_struct *mm = numbered(t, 2);

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_msync(mm, BASE, 2 * P, MS_SYNC), 0);
	EXPECT_EQ(t, do_msync(mm, BASE, 2 * P, 0), 0);
	EXPECT_EQ(t, do_msync(mm, BASE, 2 * P, MS_SYNC | MS_ASYNC), -EINVAL);
	EXPECT_EQ(t, do_msync(mm, BASE, 2 * P, 8), -EINVAL);
	EXPECT_EQ(t, do_msync(mm, BASE + 1, P, MS_SYNC), -EINVAL);
	EXPECT_EQ(t, do_msync(mm, BASE, 3 * P, MS_SYNC), -ENOMEM);
	EXPECT_EQ(t, do_msync(mm, BASE - P, P, MS_SYNC), -ENOMEM);
	EXPECT_EQ(t, do_msync(mm, BASE, ~0ul - P, MS_SYNC), -ENOMEM);
	EXPECT_EQ(t, do_mlock(mm, BASE + P, P, 0), 0);
	EXPECT_EQ(t, do_msync(mm, BASE, P, MS_INVALIDATE), 0);
	EXPECT_EQ(t, do_msync(mm, BASE, 2 * P, MS_INVALIDATE), -EBUSY);
	mmput(mm);
}

/* --- mremap --- */

#define FIXED	(MREMAP_MAYMOVE | MREMAP_FIXED)
#define KEEP	(MREMAP_MAYMOVE | MREMAP_DONTUNMAP)

/*
 *	1 2 3 4 5 6	from the middle: 3 4 go to a place where 9 9 was
 *	1 2 _ _ 5 6 ... 3 4
 */
static void
a_fixed_move_replaces_what_is_there(struct test *t)
{
	struct mm_struct *mm = numbered(t, 6);
	unsigned long at = 0, to = BASE + 5 * MIB;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, to, 4 * P, RW, ANON | MAP_FIXED), to);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(t, as_poke(mm, to + i * P, 90 + i));
	EXPECT_EQ(t, do_mremap(mm, BASE + 2 * P, 2 * P, 2 * P, FIXED, to + P,
			       &at), 0);
	EXPECT_EQ(t, at, to + P);
	EXPECT_EQ(t, as_peek(mm, to), 90);
	EXPECT_EQ(t, as_peek(mm, to + P), 3);
	EXPECT_EQ(t, as_peek(mm, to + 2 * P), 4);
	EXPECT_EQ(t, as_peek(mm, to + 3 * P), 93);
	EXPECT_EQ(t, as_peek(mm, BASE + P), 2);
	EXPECT_EQ(t, as_peek(mm, BASE + 2 * P), ~0u);
	EXPECT_EQ(t, as_peek(mm, BASE + 4 * P), 5);
	EXPECT_EQ(t, mm->total_vm, 8);
	EXPECT_EQ(t, mm_rss(mm), 8);
	EXPECT_EQ(t, do_mremap(mm, BASE, 2 * P, 2 * P, FIXED, BASE + P, &at),
		  -EINVAL);
	EXPECT_EQ(t, do_mremap(mm, BASE, P, P, FIXED, BASE + 1, &at), -EINVAL);
	EXPECT_EQ(t, do_mremap(mm, BASE, P, P, FIXED, 0, &at), -EPERM);
	EXPECT_EQ(t, do_mremap(mm, BASE, 3 * P, 9 * P, MREMAP_MAYMOVE, 0, &at),
		  -EFAULT);
	EXPECT_EQ(t, do_mremap(mm, BASE, 2 * P, P, FIXED, to + 64 * P, &at), 0);
	EXPECT_EQ(t, as_peek(mm, to + 64 * P), 1);
	EXPECT_EQ(t, as_peek(mm, BASE + P), ~0u);
	mmput(mm);
}

static void
dontunmap_leaves_an_empty_promise(struct test *t)
{
	struct mm_struct *mm = numbered(t, 2);
	struct test_limits limits;
	unsigned long at = 0;

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_mremap(mm, BASE, 2 * P, 3 * P, KEEP, 0, &at), -EINVAL);
	test_limits_begin(&limits);
	limits.rlim[RLIMIT_AS].rlim_cur = 3 * P;
	EXPECT_EQ(t, do_mremap(mm, BASE, 2 * P, 2 * P, KEEP, 0, &at), -ENOMEM);
	limits.rlim[RLIMIT_AS].rlim_cur = 4 * P;
	EXPECT_EQ(t, do_mremap(mm, BASE, 2 * P, 2 * P, KEEP, 0, &at), 0);
	test_limits_end(&limits);
	EXPECT_EQ(t, as_peek(mm, at + P), 2);
	EXPECT_EQ(t, as_peek(mm, BASE + P), 0);
	EXPECT_EQ(t, mm->total_vm, 4);
	EXPECT_EQ(t, mm_rss(mm), 2);
	mmput(mm);
}

static void
growing_stops_at_the_neighbour(struct test *t)
{
	struct mm_struct *mm = numbered(t, 2);
	unsigned long at = 0;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE + 4 * P, P, PROT_READ, ANON | MAP_FIXED),
		  BASE + 4 * P);
	EXPECT_EQ(t, do_mremap(mm, BASE, 2 * P, 4 * P, 0, 0, &at), 0);
	EXPECT_EQ(t, at, BASE);
	EXPECT_EQ(t, as_peek(mm, BASE + 3 * P), 0);
	EXPECT_EQ(t, do_mremap(mm, BASE, 4 * P, 5 * P, 0, 0, &at), -ENOMEM);
	EXPECT_EQ(t, do_mremap(mm, BASE, 4 * P, P, 0, 0, &at), 0);
	EXPECT_EQ(t, mm->total_vm, 2);
	EXPECT_EQ(t, do_mremap(mm, BASE + 2 * P, 2 * P, P, 0, 0, &at), -EFAULT);
	EXPECT_EQ(t, do_mremap(mm, BASE, 0, P, MREMAP_MAYMOVE, 0, &at),
		  -EINVAL);
	EXPECT_EQ(t, do_mremap(mm, BASE, P, P, MREMAP_FIXED, BASE + 9 * P,
			       &at), -EINVAL);
	EXPECT_EQ(t, do_mremap(mm, BASE, P, 0, 0, 0, &at), -EINVAL);
	mmput(mm);
}

TEST_SUITE("madvise",
	TEST_CASE(what_is_not_needed_reads_as_zeros),
	TEST_CASE(a_hole_is_told_after_the_rest_was_done),
	TEST_CASE(a_part_that_has_the_flag_already_is_no_hole),
	TEST_CASE(what_a_child_does_not_inherit),
	TEST_CASE(populating_faults_everything_in),
	TEST_CASE(locked_pages_are_counted_and_limited),
	TEST_CASE(mlockall_reaches_what_is_and_what_comes),
	TEST_CASE(mincore_tells_what_is_in_memory),
	TEST_CASE(msync_has_its_errors),
	TEST_CASE(a_fixed_move_replaces_what_is_there),
	TEST_CASE(dontunmap_leaves_an_empty_promise),
	TEST_CASE(growing_stops_at_the_neighbour));
