/* SPDX-License-Identifier: MIT */
/*
 * Allocation-failure sweeps over address spaces (what a sweep is: sweep.c).
 * Whichever allocation is the one that fails, the answer is -ENOMEM, or
 * VM_FAULT_OOM from a fault; the space is whole, and the rest of the row finds
 * it as if nothing had been asked.
 */
#include <lib/string.h>
#include "as_helpers.h"
#include "files.h"
#include "sweep.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE

static int
map_at(struct mm_struct *mm, unsigned long at, unsigned long len,
       unsigned prot)
{
	unsigned long got = as_map(mm, at, len, prot, ANON | MAP_FIXED);

	return got == at ? 0 : (int)got;
}

static int
map_some(struct mm_struct *mm)
{
	int err = map_at(mm, BASE, 4 * P, RW);

	if (!err)
		err = map_at(mm, BASE + 8 * P, P, PROT_READ);
	if (!err && mm->total_vm != 5)
		err = -EIO;
	return err;
}

static int
spaces_and_mappings(void)
{
	return as_in_a_space(map_some);
}

static void
a_space_and_its_mappings_fail_whole(struct test *t)
{
	EXPECT(t, sweep(t, spaces_and_mappings) >= 3);
}

/* Zero page, first write, write after read; each in a table of its own. */
static int
touch_anonymous(struct mm_struct *mm)
{
	int err = map_at(mm, BASE, 5 * MIB, RW);

	if (!err)
		err = as_touch_errno(mm, BASE, false);
	if (!err)
		err = as_touch_errno(mm, BASE + 4 * MIB, true);
	if (!err)
		err = as_touch_errno(mm, BASE, true);
	return err;
}

static int
anonymous_faults(void)
{
	return as_in_a_space(touch_anonymous);
}

static void
faults_of_anonymous_memory_say_oom(struct test *t)
{
	EXPECT(t, sweep(t, anonymous_faults) >= 6);
}

/* Fork; then both sides write to what they share. */
static int
fork_and_write(struct mm_struct *mm)
{
	struct mm_struct *child = NULL;
	int err = map_at(mm, BASE, 4 * MIB, RW);

	for (unsigned i = 0; i < 3 && !err; i++)
		err = as_touch_errno(mm, BASE + i * 3 * MIB / 2, true);
	if (!err)
		err = map_at(mm, BASE + 16 * MIB, P, PROT_READ);
	if (!err)
		err = dup_mm(mm, &child);
	if (!child)
		return err;
	err = as_touch_errno(mm, BASE, true);
	if (!err)
		err = as_touch_errno(child, BASE + 3 * MIB / 2, true);
	mmput(child);
	return err;
}

static int
fork_of_a_space(void)
{
	return as_in_a_space(fork_and_write);
}

static void
a_fork_that_fails_leaves_the_parent_whole(struct test *t)
{
	EXPECT(t, sweep(t, fork_of_a_space) >= 12);
}

/* What a device may be writing to is no use to the child: it gets a copy. */
static int
fork_with_a_pin(struct mm_struct *mm)
{
	struct mm_struct *child = NULL;
	struct page *page;
	int err = map_at(mm, BASE, P, RW);

	if (!err && !as_poke(mm, BASE, 7))
		err = -ENOMEM;
	if (err)
		return err;
	down_read(&mm->mmap_lock);
	err = (int)pin_user_pages(mm, BASE, 1, FOLL_WRITE, &page);
	up_read(&mm->mmap_lock);
	if (err != 1)
		return err < 0 ? err : -EIO;
	err = dup_mm(mm, &child);
	unpin_user_pages(&page, 1, true);
	if (err)
		return err;
	if (as_pte(child, BASE).value == as_pte(mm, BASE).value ||
	    as_peek(child, BASE) != 7)
		err = -EIO;
	mmput(child);
	return err;
}

static int
fork_of_a_pinned_page(void)
{
	return as_in_a_space(fork_with_a_pin);
}

static void
a_pinned_page_that_cannot_be_copied_fails_the_fork(struct test *t)
{
	EXPECT(t, sweep(t, fork_of_a_pinned_page) >= 8);
}

/* A page that a relative shares moves as a copy of its own. */
static int
move_a_shared_page(struct mm_struct *mm)
{
	struct mm_struct *child = NULL;
	unsigned long at = BASE;
	int err = map_at(mm, BASE, P, RW);

	if (!err && !as_poke(mm, BASE, 7))
		err = -ENOMEM;
	if (!err)
		err = dup_mm(mm, &child);
	if (err)
		return err;
	err = do_mremap(mm, BASE, P, P, MREMAP_MAYMOVE | MREMAP_FIXED,
			BASE + 8 * MIB, &at);
	if (as_peek(mm, err ? BASE : at) != 7 || as_peek(child, BASE) != 7)
		err = -EIO;
	mmput(child);
	return err;
}

static int
moving_apart(void)
{
	return as_in_a_space(move_a_shared_page);
}

static void
a_page_that_cannot_be_unshared_stays(struct test *t)
{
	EXPECT(t, sweep(t, moving_apart) >= 8);
}

/*
 * From the middle of a VMA into another group of tables: two splits, a VMA,
 * a table. What fails leaves page and place as they were.
 */
static int
move_the_middle(struct mm_struct *mm)
{
	unsigned long at = BASE + P;
	int err = map_at(mm, BASE, 3 * P, RW);

	if (!err && !as_poke(mm, BASE + P, 77))
		return -ENOMEM;
	if (!err)
		err = do_mremap(mm, BASE + P, P, P, MREMAP_MAYMOVE |
				MREMAP_FIXED, BASE + 8 * MIB, &at);
	if (mm->map_count && as_pte(mm, BASE).value == 0 &&
	    mm->nr_tables && as_peek(mm, at) != 77)
		return -EIO;
	if (err && mm->map_count > 1)
		return -EIO;			/* not merged again */
	return err;
}

static int
moving(void)
{
	return as_in_a_space(move_the_middle);
}

static void
a_move_that_fails_moves_nothing(struct test *t)
{
	EXPECT(t, sweep(t, moving) >= 8);
}

static int
split_and_cut(struct mm_struct *mm)
{
	int err = map_at(mm, BASE, 6 * P, RW);

	if (!err && !as_poke(mm, BASE + 2 * P, 5))
		return -ENOMEM;
	if (!err)
		err = do_mprotect(mm, BASE + P, 2 * P, PROT_READ);
	if (!err)
		err = do_madvise(mm, BASE + 4 * P, P, MADV_DONTFORK);
	if (!err)
		err = do_munmap(mm, BASE + 2 * P, P);
	if (!err)
		err = do_mlock(mm, BASE, 2 * P, 0);
	return err;
}

static int
splitting(void)
{
	return as_in_a_space(split_and_cut);
}

static void
splits_fail_before_anything_is_changed(struct test *t)
{
	EXPECT(t, sweep(t, splitting) >= 8);
}

/* A file's read, private write and shared write. */
static int
touch_file(struct mm_struct *mm)
{
	unsigned long shared, private;
	struct file *file = NULL;
	int err = shmem_file_setup("swept", 8 * P, &file);

	if (err)
		return err;
	shared = as_map_file(mm, file, 8 * P, RW, MAP_SHARED);
	private = as_map_file(mm, file, 8 * P, RW, MAP_PRIVATE);
	fput(file);
	if (shared > TASK_SIZE || private > TASK_SIZE)
		return -ENOMEM;
	err = as_touch_errno(mm, shared, false);
	if (!err)
		err = as_touch_errno(mm, shared + 5 * P, true);
	if (!err)
		err = as_touch_errno(mm, private + P, true);
	if (!err)
		err = as_touch_errno(mm, private, false);
	if (!err)
		err = as_touch_errno(mm, private, true);
	return err;
}

static int
file_faults(void)
{
	return as_in_a_space(touch_file);
}

static void
faults_of_a_file_say_oom(struct test *t)
{
	EXPECT(t, sweep(t, file_faults) >= 8);
}

TEST_SUITE("sweep_as",
	TEST_CASE(a_space_and_its_mappings_fail_whole),
	TEST_CASE(faults_of_anonymous_memory_say_oom),
	TEST_CASE(a_fork_that_fails_leaves_the_parent_whole),
	TEST_CASE(a_pinned_page_that_cannot_be_copied_fails_the_fork),
	TEST_CASE(a_move_that_fails_moves_nothing),
	TEST_CASE(a_page_that_cannot_be_unshared_stays),
	TEST_CASE(splits_fail_before_anything_is_changed),
	TEST_CASE(faults_of_a_file_say_oom));
