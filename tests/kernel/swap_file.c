/* SPDX-License-Identifier: MIT */
/*
 * Swap in a file of ext2: pages lie where the file lies, nobody else gets at it,
 * and the file system is sound afterwards.
 */
#include <kernel/fs.h>
#include <mm/verify.h>
#include <mm/vmstat.h>
#include "ext2_image.h"
#include "files.h"
#include "swap_helpers.h"
#include "sweep.h"

#define BASE	0x10000000ul
#define P	PAGE_SIZE
#define NAME	MOUNT_AT "/swap"
#define PAGES	40u			/* past the first indirect block */

static u8 header[P];

/* What mkswap writes, for PAGES pages, as a file's first page. */
static void
write_header(struct test *t, struct file *file)
{
	u32 words[3] = { 1, PAGES - 1, 0 };
	u64 pos = 0;

	memcpy(header + 1024, words, sizeof(words));
	memcpy(header + P - 10, "SWAPSPACE2", 10);
	EXPECT_EQ(t, kernel_write(file, header, P, &pos), P);
	memset(header, 0, sizeof(header));
}

/* A disk with ext2 of such blocks, on it a file with a header of swap. */
static bool
file_begin(struct test *t, struct ext2_lab *lab, u32 block_size)
{
	struct ext2_form form = { .block_size = block_size };
	struct file *file;
	u64 pos = P;

	if (!ext2_lab_begin(t, lab, 1024, &form))
		return false;
	file = must_open(t, NAME, O_CREAT | O_RDWR | O_TRUNC);
	if (!file)
		return false;
	write_header(t, file);
	while (pos < PAGES * P)
		if (!EXPECT_EQ(t, kernel_write(file, header, P, &pos), P))
			break;
	fput(file);
	return true;
}

static void
pages_go_through(struct test *t, u32 block_size)
{
	struct ext2_lab lab;
	struct mm_struct *mm;
	u32 reads;

	ASSERT(t, file_begin(t, &lab, block_size));
	ASSERT_EQ(t, swap_on_file(NAME, 5), 0);
	EXPECT_EQ(t, total_swap_pages(), PAGES - 1);
	mm = as_space(t, BASE, PAGES);
	for (unsigned i = 0; i < PAGES - 1; i++) {
		EXPECT(t, as_poke(mm, BASE + i * P, i + 77));
		EXPECT(t, send_to_swap(mm, BASE + i * P));
	}
	EXPECT_EQ(t, nr_free_swap_pages(), 0);
	reads = (u32)lab.disk->requests[BLK_READ];
	for (unsigned i = 0; i < PAGES - 1; i++)
		EXPECT_EQ(t, as_peek(mm, BASE + i * P), i + 77);
	EXPECT(t, lab.disk->requests[BLK_READ] > reads);
	mmput(mm);
	EXPECT_EQ(t, swap_off(NAME), 0);
	/* No block was written that is not the file's. */
	ext2_lab_end(t, &lab);
}

static void
a_page_goes_to_the_blocks_of_the_file(struct test *t)
{
	pages_go_through(t, 4096);
}

static void
small_blocks_do_too_if_they_lie_in_a_row(struct test *t)
{
	pages_go_through(t, 1024);
}

static void
nobody_writes_to_it_or_takes_it_away(struct test *t)
{
	struct ext2_lab lab;
	struct mm_struct *mm = mm_alloc();
	struct file *file;
	u64 pos = 0;

	ASSERT(t, file_begin(t, &lab, 4096));
	file = must_open(t, NAME, O_RDWR);
	ASSERT(t, file != NULL);
	ASSERT_EQ(t, swap_on_file(NAME, 5), 0);
	EXPECT_EQ(t, swap_on_file(NAME, 5), -EBUSY);
	EXPECT_EQ(t, kernel_write(file, "x", 1, &pos), -ETXTBSY);
	EXPECT_EQ(t, vfs_truncate(file->f_inode, 0), -ETXTBSY);
	EXPECT_EQ(t, open_error(NAME, O_RDWR | O_TRUNC), -ETXTBSY);
	EXPECT_EQ(t, (int)as_map_file(mm, file, P, RW, MAP_SHARED), -ETXTBSY);
	EXPECT_EQ(t, UNLINK(NAME), -EPERM);
	EXPECT_EQ(t, RENAME(NAME, MOUNT_AT "/other"), -EPERM);
	EXPECT_EQ(t, make_file(MOUNT_AT "/other", "x"), 0);
	EXPECT_EQ(t, RENAME(MOUNT_AT "/other", NAME), -EPERM);
	fput(file);
	EXPECT_EQ(t, do_umount(MOUNT_AT), -EBUSY);
	EXPECT_EQ(t, swap_off(NAME), 0);
	mmput(mm);
	EXPECT_EQ(t, UNLINK(NAME), 0);
	ext2_lab_end(t, &lab);
}

/* A mapping through which somebody may write, then or later. */
static void
who_writes_through_a_mapping_comes_first(struct test *t)
{
	struct ext2_lab lab;
	struct mm_struct *mm = mm_alloc();
	struct file *file;
	unsigned long at;

	ASSERT(t, file_begin(t, &lab, 4096));
	file = must_open(t, NAME, O_RDWR);
	ASSERT(t, file != NULL);
	at = as_map_file(mm, file, 4 * P, RW, MAP_SHARED);
	EXPECT_EQ(t, swap_on_file(NAME, 5), -ETXTBSY);
	EXPECT(t, as_poke(mm, at + P, 1));
	EXPECT_EQ(t, do_munmap(mm, at, 4 * P), 0);
	/* To read it may be mapped; the right that mprotect() gives later is
	 * of no use. */
	EXPECT_EQ(t, swap_on_file(NAME, 5), 0);
	at = as_map_file(mm, file, 4 * P, PROT_READ, MAP_SHARED);
	fput(file);
	EXPECT_EQ(t, as_touch(mm, at + P, false), 0);
	EXPECT_EQ(t, do_mprotect(mm, at, 4 * P, RW), 0);
	EXPECT_EQ(t, as_touch(mm, at + P, true), VM_FAULT_SIGBUS);
	EXPECT_EQ(t, swap_off(NAME), 0);
	EXPECT_EQ(t, as_touch(mm, at + P, true), 0);
	mmput(mm);
	ext2_lab_end(t, &lab);
}

static void
what_lies_nowhere_is_refused(struct test *t)
{
	struct ext2_lab lab;
	struct file *file;

	ASSERT(t, file_begin(t, &lab, 4096));
	file = must_open(t, MOUNT_AT "/sparse", O_CREAT | O_RDWR);
	ASSERT(t, file != NULL);
	EXPECT_EQ(t, swap_on_file(MOUNT_AT "/sparse", 5), -EINVAL);
	write_header(t, file);
	EXPECT_EQ(t, vfs_truncate(file->f_inode, PAGES * P), 0);
	EXPECT_EQ(t, swap_on_file(MOUNT_AT "/sparse", 5), -EINVAL);
	EXPECT_EQ(t, vfs_truncate(file->f_inode, 0), 0);	/* given back */
	fput(file);
	EXPECT_EQ(t, make_file("/tmp/no", "swap"), 0);
	EXPECT_EQ(t, swap_on_file("/tmp/no", 5), -EINVAL);
	EXPECT_EQ(t, UNLINK("/tmp/no"), 0);
	EXPECT_EQ(t, swap_on_file(MOUNT_AT, 5), -EISDIR);
	EXPECT_EQ(t, swap_on_file("/proc/meminfo", 5), -EINVAL);
	EXPECT_EQ(t, swap_on_file(MOUNT_AT "/none", 5), -ENOENT);
	/* No header. */
	file = must_open(t, NAME, O_RDWR);
	ASSERT(t, file != NULL);
	for (u64 pos = 0; pos < P; )
		EXPECT_EQ(t, kernel_write(file, header, P, &pos), P);
	fput(file);
	EXPECT_EQ(t, swap_on_file(NAME, 5), -EINVAL);
	EXPECT_EQ(t, UNLINK(NAME), 0);
	ext2_lab_end(t, &lab);
}

static int
on_and_off(void)
{
	int err = swap_on_file(NAME, 5);

	if (!err && swap_off(NAME)) {
		err = swap_off(NAME);	/* not for lack of memory again */
		if (!err)
			err = -ENOMEM;
	}
	return err;
}

static void
a_file_is_taken_whole_or_not_at_all(struct test *t)
{
	struct ext2_lab lab;

	ASSERT(t, file_begin(t, &lab, 4096));
	EXPECT_EQ(t, on_and_off(), 0);		/* its pages leave the cache */
	EXPECT(t, sweep(t, on_and_off) >= 8);
	EXPECT_EQ(t, total_swap_pages(), 0);
	EXPECT_EQ(t, UNLINK(NAME), 0);		/* nobody holds it */
	ext2_lab_end(t, &lab);
}

TEST_SUITE("swap_file",
	   TEST_CASE(a_page_goes_to_the_blocks_of_the_file),
	   TEST_CASE(small_blocks_do_too_if_they_lie_in_a_row),
	   TEST_CASE(nobody_writes_to_it_or_takes_it_away),
	   TEST_CASE(who_writes_through_a_mapping_comes_first),
	   TEST_CASE(what_lies_nowhere_is_refused),
	   TEST_CASE(a_file_is_taken_whole_or_not_at_all));
