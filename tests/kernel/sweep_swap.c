/* SPDX-License-Identifier: MIT */
/*
 * Allocation-failure sweeps over what is in swap (what a sweep is: sweep.c):
 * pages that come back, with their neighbours, and the copy that a space needs
 * where it cannot use the page that the cache has.
 */
#include "swap_helpers.h"
#include "sweep.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE
#define PAGES	4ul

static struct mm_struct *
a_space(void)
{
	struct mm_struct *mm = mm_alloc();
	bool all = mm && as_map(mm, BASE, PAGES * P, RW, ANON | MAP_FIXED) ==
			 BASE;

	for (unsigned i = 0; i < PAGES && all; i++)
		all = as_poke(mm, BASE + i * P, i + 1);
	if (mm && !all) {
		mmput(mm);
		mm = NULL;
	}
	return mm;
}

/* Sweep it with swap on a disk; no slot is left behind. */
static void
sweep_on_swap(struct test *t, int (*scenario)(void))
{
	struct block_device *disk = swap_begin(t, 16);

	ASSERT(t, disk);
	EXPECT(t, sweep(t, scenario) >= 12);
	EXPECT_EQ(t, nr_free_swap_pages(), total_swap_pages());
	swap_end(t, disk);
}

/*
 * All go, one is wanted, and the others are read beside it if that can be had.
 * Then all have what was written.
 */
static int
send_and_read(struct mm_struct *mm)
{
	int err = 0;

	for (unsigned i = 0; i < PAGES; i++)
		if (!send_to_swap(mm, BASE + i * P))
			return -ENOMEM;
	for (unsigned i = 0; i < PAGES && !err; i++)
		err = as_touch_errno(mm, BASE + i * P, false);
	for (unsigned i = 0; i < PAGES && !err; i++)
		if (as_peek(mm, BASE + i * P) != i + 1)
			err = -EIO;
	return err;
}

static int
coming_back(void)
{
	struct mm_struct *mm = a_space();
	int err = mm ? send_and_read(mm) : -ENOMEM;

	if (mm)
		mmput(mm);
	return err;
}

static void
pages_come_back_or_their_fault_says_oom(struct test *t)
{
	int cluster = sysctl_swap_cluster;

	sysctl_swap_cluster = 3;
	sweep_on_swap(t, coming_back);
	sysctl_swap_cluster = cluster;
}

/* The cache's page is mapped where this space, which moved it, cannot use it. */
static int
move_and_read(struct mm_struct *mm, struct mm_struct *child)
{
	unsigned long to = 0;
	int err;

	if (!send_to_swap(mm, BASE))
		return -ENOMEM;
	err = do_mremap(child, BASE, P, P, MREMAP_MAYMOVE | MREMAP_FIXED,
			BASE + 16 * MIB, &to);
	if (!err)
		err = as_touch_errno(mm, BASE, false);
	if (!err)
		err = as_touch_errno(child, to, false);
	if (!err && (as_peek(child, to) != 1 || as_peek(mm, BASE) != 1 ||
		     pte_pfn(as_pte(child, to)) == pte_pfn(as_pte(mm, BASE))))
		err = -EIO;
	return err;
}

static int
moving_in_swap(void)
{
	struct mm_struct *mm = a_space(), *child = NULL;
	int err = mm ? dup_mm(mm, &child) : -ENOMEM;

	if (!err)
		err = move_and_read(mm, child);
	if (child)
		mmput(child);
	if (mm)
		mmput(mm);
	return err;
}

static void
a_copy_beside_the_cache_may_fail(struct test *t)
{
	sweep_on_swap(t, moving_in_swap);
}

TEST_SUITE("sweep_swap",
	TEST_CASE(pages_come_back_or_their_fault_says_oom),
	TEST_CASE(a_copy_beside_the_cache_may_fail));
