/* SPDX-License-Identifier: MIT */
/*
 * VMAs: what mm_verify_all() sees when they are wrong, where new ones go, and
 * the limits on them. (Long random rows: tests/host/test_vma_model.c.)
 *
 * The spaces are the test's own and nobody runs in them, so they can be broken
 * and repaired without stopping anybody.
 */
#include <lib/string.h>
#include <mm/gfp.h>
#include "../../mm/as/as.h"
#include "as_helpers.h"
#include "page_helpers.h"
#include "rlimit_helpers.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

/* Verify complains by this rule while what is broken, and not afterwards. */
#define EXPECT_SEEN(t, rule, break_it, repair_it) do { \
	bool seen_; \
	break_it; \
	seen_ = verify_catches(rule); \
	repair_it; \
	EXPECT(t, seen_); \
	EXPECT_VERIFIED(t); \
} while (0)

/* [BASE, +4) rw with its first page touched, a hole, [BASE + 8, +2) r. */
static struct mm_struct *
two_vmas(struct test *t)
{
	struct mm_struct *mm = mm_alloc();

	if (!EXPECT(t, mm != NULL))
		return NULL;
	EXPECT_EQ(t, as_map(mm, BASE, 4 * P, RW, ANON | MAP_FIXED), BASE);
	EXPECT_EQ(t, as_map(mm, BASE + 8 * P, 2 * P, PROT_READ,
			    ANON | MAP_FIXED), BASE + 8 * P);
	EXPECT(t, as_poke(mm, BASE, 1));
	return mm;
}

static void
v1_borders_that_are_wrong(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct vm_area_struct *vma;

	ASSERT(t, mm != NULL);
	vma = vma_first(mm);
	EXPECT_SEEN(t, "V1", vma->vm_end += 1, vma->vm_end -= 1);
	EXPECT_SEEN(t, "V1", vma->vm_end += 5 * P, vma->vm_end -= 5 * P);
	EXPECT_SEEN(t, "V1", vma->vm_end -= 4 * P, vma->vm_end += 4 * P);
	vma = vma_next(vma);
	EXPECT_SEEN(t, "V1", vma->vm_end = TASK_SIZE + P,
		    vma->vm_end = BASE + 10 * P);
	mmput(mm);
}

static void
v2_gaps_that_are_wrong(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct vm_area_struct *vma, *next;

	ASSERT(t, mm != NULL);
	vma = vma_first(mm);
	next = vma_next(vma);
	EXPECT_EQ(t, vma->gap, BASE);
	EXPECT_EQ(t, next->gap, 4 * P);
	EXPECT_SEEN(t, "V2", next->gap += P, next->gap -= P);
	EXPECT_SEEN(t, "V2", vma->max_gap -= P, vma->max_gap += P);
	EXPECT_SEEN(t, "V2", next->max_gap += P, next->max_gap -= P);
	mmput(mm);
}

static void
v6_a_vma_that_nobody_serves(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct vm_area_struct *vma;

	ASSERT(t, mm != NULL);
	vma = vma_first(mm);
	EXPECT_SEEN(t, "V6", vma->vm_flags |= VM_UFFD_MISSING,
		    vma->vm_flags &= ~VM_UFFD_MISSING);
	mmput(mm);
}

static void
v3_v4_v5_totals_and_a_hit_that_are_wrong(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct vm_area_struct stranger = { 0 }, *hit;

	ASSERT(t, mm != NULL);
	EXPECT_SEEN(t, "V3", mm->map_count++, mm->map_count--);
	hit = mm->vma_hit;
	EXPECT_SEEN(t, "V5", mm->vma_hit = &stranger, mm->vma_hit = hit);
	EXPECT_SEEN(t, "V4", mm->total_vm++, mm->total_vm--);
	EXPECT_SEEN(t, "V4", mm->locked_vm++, mm->locked_vm--);
	EXPECT_SEEN(t, "V4", mm->data_vm--, mm->data_vm++);
	EXPECT_SEEN(t, "V4", mm->exec_vm++, mm->exec_vm--);
	EXPECT_SEEN(t, "V4", mm->stack_vm++, mm->stack_vm--);
	mmput(mm);
}

static void
a1_translations_that_allow_too_much(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct vm_area_struct *vma;
	vm_flags_t flags;

	ASSERT(t, mm != NULL);
	vma = vma_first(mm);
	flags = vma->vm_flags;
	EXPECT_SEEN(t, "A1", vma->vm_flags &= ~VM_WRITE, vma->vm_flags = flags);
	EXPECT_SEEN(t, "A1", vma->vm_flags &= ~VM_ACCESS_FLAGS,
		    vma->vm_flags = flags);
	EXPECT_SEEN(t, "A1", vma->vm_start += P, vma->vm_start -= P);
	EXPECT_EQ(t, do_mprotect(mm, BASE, P, RW | PROT_EXEC), 0);
	vma = vma_first(mm);
	EXPECT_SEEN(t, "A1", vma->vm_flags &= ~VM_EXEC,
		    vma->vm_flags |= VM_EXEC);
	mmput(mm);
}

static void
a2_to_a4_counts_that_are_wrong(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct page *page;

	ASSERT(t, mm != NULL);
	page = pfn_to_page(pte_pfn(as_pte(mm, BASE)));
	for (unsigned i = 0; i < NR_MM_COUNTERS; i++)
		EXPECT_SEEN(t, "A2", mm->rss[i]++, mm->rss[i]--);
	EXPECT_SEEN(t, "A3", mm->nr_tables++, mm->nr_tables--);
	EXPECT_SEEN(t, "A4", atomic_inc(&page->mapcount),
		    atomic_dec(&page->mapcount));
	mmput(mm);
}

static void
a5_and_a6_sums_that_are_wrong(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct page *page;

	ASSERT(t, mm != NULL);
	page = pfn_to_page(pte_pfn(as_pte(mm, BASE)));
	get_page(page);
	EXPECT_SEEN(t, "A5", atomic_inc(&page->mapcount),
		    atomic_dec(&page->mapcount));
	put_page(page);
	EXPECT_SEEN(t, "A6", vm_uncommit(1), EXPECT_EQ(t, vm_commit(mm, 1), 0));
	EXPECT_SEEN(t, "A6", EXPECT_EQ(t, vm_commit(mm, 1), 0), vm_uncommit(1));
	mmput(mm);
}

/*
 *	below	[BASE, +4)  hole of 4  [BASE + 8, +2)
 *	wish	4 in the hole: granted; 5: elsewhere; one on a VMA: elsewhere
 */
static void
a_wish_is_granted_where_there_is_room(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);

	ASSERT(t, mm != NULL);
	EXPECT(t, as_map(mm, BASE + 4 * P, 5 * P, PROT_EXEC, ANON) >
	       BASE + 10 * P);
	EXPECT(t, as_map(mm, BASE, P, PROT_EXEC, ANON) > BASE + 10 * P);
	EXPECT_EQ(t, as_map(mm, BASE + 4 * P, 4 * P, PROT_EXEC, ANON),
		  BASE + 4 * P);
	EXPECT_EQ(t, as_map(mm, BASE - P, P, PROT_EXEC, ANON), BASE - P);
	mmput(mm);
}

/*
 *	VMAs	r  rw r  -  rw
 *	FIXED	    [~~~~~~~]	what is below it goes, both ends are split
 */
static void
a_fixed_mapping_replaces_what_is_there(struct test *t)
{
	static const unsigned prot[] = { 1, 3, 1, 0, 3 };
	struct mm_struct *mm = mm_alloc();

	ASSERT(t, mm != NULL);
	for (unsigned i = 0; i < 5; i++)
		ASSERT_EQ(t, as_map(mm, BASE + i * 4 * P, 4 * P, prot[i],
				    ANON | MAP_FIXED), BASE + i * 4 * P);
	EXPECT(t, as_poke(mm, BASE + 4 * P, 4));
	EXPECT(t, as_poke(mm, BASE + 6 * P, 6));
	EXPECT(t, as_poke(mm, BASE + 17 * P, 17));
	EXPECT(t, as_poke(mm, BASE + 18 * P, 18));
	EXPECT_EQ(t, as_map(mm, BASE + 6 * P, 12 * P, PROT_READ | PROT_EXEC,
			    ANON | MAP_FIXED), BASE + 6 * P);
	EXPECT_EQ(t, mm->map_count, 4);
	EXPECT_EQ(t, as_nr_vmas(mm), 4);
	EXPECT_EQ(t, mm_rss(mm), 2);
	EXPECT_EQ(t, mm->total_vm, 20);
	EXPECT_EQ(t, mm->exec_vm, 12);
	EXPECT_EQ(t, as_peek(mm, BASE + 4 * P), 4);
	EXPECT_EQ(t, as_peek(mm, BASE + 6 * P), 0);
	EXPECT_EQ(t, as_peek(mm, BASE + 17 * P), 0);
	EXPECT_EQ(t, as_peek(mm, BASE + 18 * P), 18);
	mmput(mm);
}

static void
more_vmas_than_max_map_count_are_refused(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	unsigned long to;
	unsigned limit = sysctl_max_map_count;

	ASSERT(t, mm != NULL);
	sysctl_max_map_count = 3;
	EXPECT_EQ(t, do_mprotect(mm, BASE + P, P, PROT_READ), -ENOMEM);
	EXPECT_EQ(t, mm->map_count, 3);
	EXPECT_EQ(t, as_peek(mm, BASE), 1);
	EXPECT_EQ(t, (int)as_map(mm, 0, P, PROT_EXEC, ANON), -ENOMEM);
	EXPECT_EQ(t, do_munmap(mm, BASE + 8 * P, P), 0);	/* no split */
	EXPECT_EQ(t, do_mremap(mm, BASE, P, P, MREMAP_MAYMOVE | MREMAP_FIXED,
			       BASE + 32 * P, &to), -ENOMEM);
	sysctl_max_map_count = limit;
	mmput(mm);
}

static void
limits_of_addresses_and_data_hold(struct test *t)
{
	struct mm_struct *mm = two_vmas(t);
	struct test_limits limits;

	ASSERT(t, mm != NULL);
	test_limits_begin(&limits);
	limits.rlim[RLIMIT_AS].rlim_cur = 8 * P;
	EXPECT_EQ(t, (int)as_map(mm, 0, 3 * P, PROT_READ, ANON), -ENOMEM);
	EXPECT(t, as_map(mm, 0, 2 * P, PROT_READ, ANON) < TASK_SIZE);
	/* No address more: the limit of addresses has no say. */
	EXPECT_EQ(t, do_mprotect(mm, BASE + 8 * P, P, RW), 0);
	limits.rlim[RLIMIT_AS].rlim_cur = RLIM_INFINITY;
	limits.rlim[RLIMIT_DATA].rlim_cur = 5 * P;
	EXPECT_EQ(t, do_mprotect(mm, BASE + 9 * P, P, RW), -ENOMEM);
	EXPECT_EQ(t, (int)as_map(mm, 0, P, RW, ANON), -ENOMEM);
	EXPECT(t, as_map(mm, 0, P, PROT_READ, ANON) < TASK_SIZE);
	test_limits_end(&limits);
	mmput(mm);
}

static void
overcommit_2_promises_no_more_than_the_limit(struct test *t)
{
	struct mm_struct *mm = two_vmas(t), *child = NULL;
	int mode = sysctl_overcommit_memory, ratio = sysctl_overcommit_ratio;
	unsigned long before = vm_committed(), left;

	ASSERT(t, mm != NULL);
	sysctl_overcommit_memory = 2;
	left = vm_commit_limit() - vm_committed();
	EXPECT_EQ(t, (int)as_map(mm, 0, (left + 1) * P, RW, ANON), -ENOMEM);
	EXPECT_EQ(t, (int)as_map(mm, 0, (left + 1) * P, RW,
				 ANON | MAP_NORESERVE), -ENOMEM);
	EXPECT_EQ(t, vm_committed(), before);
	EXPECT(t, as_map(mm, 0, (left + 1) * P, PROT_READ, ANON) < TASK_SIZE);
	EXPECT(t, as_map(mm, BASE + 16 * P, left * P, RW, ANON) < TASK_SIZE);
	EXPECT_EQ(t, vm_committed(), vm_commit_limit());
	EXPECT_EQ(t, dup_mm(mm, &child), -ENOMEM);
	EXPECT_EQ(t, do_mprotect(mm, BASE + 8 * P, P, RW), -ENOMEM);
	sysctl_overcommit_ratio = 0;
	EXPECT_EQ(t, vm_commit_limit(), 0);
	sysctl_overcommit_memory = mode;
	sysctl_overcommit_ratio = ratio;
	mmput(mm);
	EXPECT_EQ(t, vm_committed(), before - 4);
}

static void
overcommit_0_and_1_differ_in_the_absurd(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long pages = totalram_pages() + 1;
	int mode = sysctl_overcommit_memory;

	ASSERT(t, mm != NULL);
	if (pages > (TASK_SIZE - 64 * MIB) >> PAGE_SHIFT)
		SKIP(t, "more memory than addresses");
	sysctl_overcommit_memory = 0;
	EXPECT_EQ(t, (int)as_map(mm, 0, pages * P, RW, ANON), -ENOMEM);
	sysctl_overcommit_memory = 1;
	EXPECT(t, as_map(mm, 0, pages * P, RW, ANON) < TASK_SIZE);
	sysctl_overcommit_memory = mode;
	mmput(mm);
}

/* What ->mmap() of a driver entered before it failed goes again. */
static int
half_a_driver(struct file *file, struct vm_area_struct *vma)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int err;

	(void)file;
	if (!page)
		return -ENOMEM;
	err = vm_insert_page(vma, vma->vm_start, page);
	put_page(page);
	return err ? err : -EBUSY;
}

static void
a_mapping_that_fails_halfway_leaves_nothing(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	struct mmap_args args = {
		.len = 2 * P, .prot = PROT_READ, .flags = MAP_SHARED,
		.file = (struct file *)&args, .map = half_a_driver,
	};
	unsigned long at;

	ASSERT(t, mm != NULL);
	EXPECT_EQ(t, do_mmap(mm, &args, &at), -EBUSY);
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, mm->nr_tables, 0);
	EXPECT_EQ(t, mm->map_count, 0);
	mmput(mm);
}

/*
 *	4 MiB of tables for each 4 MiB of pages; they go with the last page that
 *	needs them, by whichever end a mapping is cut.
 */
static void
tables_go_with_what_they_mapped(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	unsigned long group = 4 * MIB;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, as_map(mm, BASE, 4 * group, RW, ANON | MAP_FIXED |
			    MAP_NORESERVE), BASE);
	for (unsigned i = 0; i < 4; i++)
		EXPECT(t, as_poke(mm, BASE + i * group + group / 2, i));
	EXPECT_EQ(t, mm->nr_tables, 4);
	EXPECT_EQ(t, do_munmap(mm, BASE + 3 * group + P, group - P), 0);
	EXPECT_EQ(t, mm->nr_tables, 4);		/* a page of it is left */
	EXPECT_EQ(t, do_munmap(mm, BASE + 3 * group, P), 0);
	EXPECT_EQ(t, mm->nr_tables, 3);
	EXPECT_EQ(t, do_munmap(mm, BASE, group), 0);
	EXPECT_EQ(t, mm->nr_tables, 2);
	EXPECT_EQ(t, do_munmap(mm, BASE + group, 2 * group), 0);
	EXPECT_EQ(t, mm->nr_tables, 0);
	mmput(mm);
}

TEST_SUITE("vma",
	TEST_CASE(v1_borders_that_are_wrong),
	TEST_CASE(v2_gaps_that_are_wrong),
	TEST_CASE(v3_v4_v5_totals_and_a_hit_that_are_wrong),
	TEST_CASE(v6_a_vma_that_nobody_serves),
	TEST_CASE(a1_translations_that_allow_too_much),
	TEST_CASE(a2_to_a4_counts_that_are_wrong),
	TEST_CASE(a5_and_a6_sums_that_are_wrong),
	TEST_CASE(a_wish_is_granted_where_there_is_room),
	TEST_CASE(a_fixed_mapping_replaces_what_is_there),
	TEST_CASE(more_vmas_than_max_map_count_are_refused),
	TEST_CASE(limits_of_addresses_and_data_hold),
	TEST_CASE(overcommit_2_promises_no_more_than_the_limit),
	TEST_CASE(overcommit_0_and_1_differ_in_the_absurd),
	TEST_CASE(a_mapping_that_fails_halfway_leaves_nothing),
	TEST_CASE(tables_go_with_what_they_mapped));
