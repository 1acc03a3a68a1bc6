/* SPDX-License-Identifier: MIT */
/*
 * A disk as a file: /dev/rt0, bread(), and what of it is on the disk when.
 */
#include <kernel/sched.h>
#include <mm/highmem.h>
#include <mm/verify.h>
#include <mm/zone.h>

#include "disks.h"
#include "page_helpers.h"
#include "sweep.h"
#include "threads.h"

static void
a_write_stays_in_memory_until_it_is_synced(struct test *t)
{
	NEED_TEST_DISK(t, false);
	unsigned long dirty = global_node_page_state(NR_FILE_DIRTY);

	EXPECT_EQ(t, write_pattern(d.file, 3000, 10000, 1), 10000);
	EXPECT_EQ(t, global_node_page_state(NR_FILE_DIRTY), dirty + 4);
	EXPECT_EQ(t, ramdisk_media(d.disk, 8)[0], 0);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, 3000, 10000, 1));
	EXPECT_EQ(t, ramdisk_media(d.disk, 5)[0], 0);
	EXPECT_EQ(t, global_node_page_state(NR_FILE_DIRTY), dirty);
	EXPECT_EQ(t, global_node_page_state(NR_WRITEBACK), 0);
	test_disk_free(t, &d);
}

static void
a_page_that_is_written_whole_is_not_read(struct test *t)
{
	NEED_TEST_DISK(t, false);

	EXPECT_EQ(t, write_pattern(d.file, 8192, 8192, 1), 8192);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 0);
	/* A part: the rest must be read. */
	EXPECT_EQ(t, write_pattern(d.file, 100, 5, 1), 5);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 1);
	test_disk_free(t, &d);
}

static void
what_was_written_is_read_back_from_the_disk(struct test *t)
{
	NEED_TEST_DISK(t, false);
	u8 *buf = kzalloc(9000, GFP_KERNEL);
	unsigned wrong = 0;
	u64 pos = 1000;

	ASSERT(t, buf != NULL);
	EXPECT_EQ(t, write_pattern(d.file, 0, 20000, 2), 20000);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT_EQ(t, invalidate_mapping_pages(d.disk->mapping, 0, ~0ul), 5);
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 0);
	EXPECT_EQ(t, kernel_read(d.file, buf, 9000, &pos), 9000);
	for (unsigned i = 0; i < 9000; i++)
		wrong += buf[i] != pattern(1000 + i, 2);
	EXPECT_EQ(t, wrong, 0);
	kfree(buf);
	test_disk_free(t, &d);
}

static void
the_disk_ends_where_it_ends(struct test *t)
{
	NEED_TEST_DISK(t, false);
	u64 size = (u64)DISK_SECTORS * SECTOR_SIZE, pos = size;
	u8 byte = 0;

	EXPECT_EQ(t, i_size_read(d.file->f_inode), size);
	EXPECT_EQ(t, kernel_read(d.file, &byte, 1, &pos), 0);
	EXPECT_EQ(t, write_pattern(d.file, size - 10, 100, 1), 10);
	EXPECT_EQ(t, write_pattern(d.file, size, 1, 1), -ENOSPC);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, size - 10, 10, 1));
	test_disk_free(t, &d);
}

/* The next pages that are allocated have something in them. */
static void
dirty_free_memory(void)
{
	void *pages[64];
	unsigned n = 0;

	while (n < ARRAY_SIZE(pages) && (pages[n] = get_free_page(GFP_NOFS)))
		memset(pages[n++], 0xff, PAGE_SIZE);
	while (n)
		free_page(pages[--n]);
}

static bool
zeros(const u8 *at, size_t n)
{
	while (n && !*at) {
		at++;
		n--;
	}
	return !n;
}

/* 1003 sectors are 125 pages, 1 KiB, and a sector, which is not reached. */
static void
a_disk_that_does_not_fill_its_last_page_is_whole(struct test *t)
{
	struct block_device *disk;
	struct page *page;
	struct file *file;
	void *data;

	ASSERT_EQ(t, ramdisk_create("rt1", 1003, false, &disk), 0);
	ASSERT_EQ(t, filp_open("/dev/rt1", O_RDWR, 0, &file), 0);
	EXPECT_EQ(t, i_size_read(file->f_inode), 1002 * SECTOR_SIZE);
	dirty_free_memory();
	EXPECT_EQ(t, write_pattern(file, 1002 * SECTOR_SIZE - 1000, 1000, 4),
		  1000);
	EXPECT_EQ(t, fsync_file(file), 0);
	EXPECT(t, media_has(disk, 1002 * SECTOR_SIZE - 1000, 1000, 4));
	EXPECT_EQ(t, bread(disk, 500, 1024, &page, &data), 0);
	EXPECT(t, zeros((u8 *)page_address(page) + 1024, PAGE_SIZE - 1024));
	put_page(page);
	EXPECT_EQ(t, bread(disk, 501, 1024, &page, &data), -ERANGE);
	fput(file);
	EXPECT_EQ(t, ramdisk_destroy(disk), 0);
}

static void
bread_and_the_node_share_their_pages(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct page *page;
	u8 *data;

	EXPECT_EQ(t, write_pattern(d.file, 0, 8192, 3), 8192);
	ASSERT_EQ(t, bread(d.disk, 5, 1024, &page, (void **)&data), 0);
	EXPECT_EQ(t, data[7], pattern(5 * 1024 + 7, 3));
	EXPECT(t, page_address(page) == data - 1024);
	data[7] = 0xee;
	set_page_dirty(page);
	put_page(page);
	EXPECT_EQ(t, bdev_sync(d.disk), 0);
	EXPECT_EQ(t, ramdisk_media(d.disk, 10)[7], 0xee);
	test_disk_free(t, &d);
}

static void
a_read_that_fails_is_told_and_tried_again(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct page *page;
	void *data;

	blk_fail_requests(d.disk, 1u << BLK_READ, 1, 1);
	EXPECT_EQ(t, bread(d.disk, 0, 4096, &page, &data), 0);
	put_page(page);
	EXPECT_EQ(t, bread(d.disk, 9, 4096, &page, &data), -EIO);
	EXPECT_EQ(t, bread(d.disk, 9, 4096, &page, &data), 0);
	put_page(page);
	EXPECT_EQ(t, d.disk->errors, 1);
	test_disk_free(t, &d);
}

/*	open a, open b; write; the write-back fails
 *	a: -EIO, 0	b: -EIO, 0	and the data is still there
 */
static void
a_write_that_fails_is_told_once_to_each_who_has_it_open(struct test *t)
{
	NEED_TEST_DISK(t, false);
	unsigned long dirty = global_node_page_state(NR_FILE_DIRTY);
	struct file *other;

	ASSERT_EQ(t, filp_open("/dev/rt0", O_RDWR, 0, &other), 0);
	EXPECT_EQ(t, write_pattern(d.file, 0, 4096, 5), 4096);
	blk_fail_requests(d.disk, 1u << BLK_WRITE, 0, 1);
	EXPECT_EQ(t, fsync_file(d.file), -EIO);
	/* It is dirty again, not lost, and has a mark. */
	EXPECT_EQ(t, global_node_page_state(NR_FILE_DIRTY), dirty + 1);
	EXPECT_EQ(t, ramdisk_media(d.disk, 0)[0], 0);
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, 0, 4096, 5));
	EXPECT_EQ(t, global_node_page_state(NR_FILE_DIRTY), dirty);
	EXPECT_EQ(t, fsync_file(other), -EIO);
	EXPECT_EQ(t, fsync_file(other), 0);
	fput(other);
	/* Who opens it now was not there. */
	ASSERT_EQ(t, filp_open("/dev/rt0", O_RDWR, 0, &other), 0);
	EXPECT_EQ(t, fsync_file(other), 0);
	fput(other);
	test_disk_free(t, &d);
}

static void
an_error_that_nobody_was_told_is_told_to_the_next(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct file *other;

	EXPECT_EQ(t, write_pattern(d.file, 0, 4096, 5), 4096);
	blk_fail_requests(d.disk, 1u << BLK_WRITE, 0, 1);
	filemap_write_and_wait_range(d.disk->mapping, 0, ~0ul);
	ASSERT_EQ(t, filp_open("/dev/rt0", O_RDWR, 0, &other), 0);
	EXPECT_EQ(t, fsync_file(other), -EIO);
	fput(other);
	test_disk_free(t, &d);
}

static void
a_dirty_page_that_is_truncated_counts_no_more(struct test *t)
{
	NEED_TEST_DISK(t, false);

	EXPECT_EQ(t, write_pattern(d.file, 0, 3 * 4096, 1), 3 * 4096);
	EXPECT_EQ(t, global_node_page_state(NR_FILE_DIRTY), 3);
	bdev_invalidate(d.disk);
	EXPECT_EQ(t, global_node_page_state(NR_FILE_DIRTY), 0);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 0);
	test_disk_free(t, &d);
}

/* --- under write-back --- */

static bool synced;

static void
sync_thread(void *arg)
{
	fsync_file(arg);
	WRITE_ONCE(synced, true);
}

static void
a_store_during_the_io_is_written_again(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct page *page;
	struct task *task;

	EXPECT_EQ(t, write_pattern(d.file, 0, 4096, 6), 4096);
	ramdisk_hold(d.disk, true);
	task = test_start(t, sync_thread, d.file, "fsync");
	ASSERT(t, task);
	TEST_WAIT_UNTIL(ramdisk_nr_held(d.disk) == 1);
	page = find_get_page(d.disk->mapping, 0);
	ASSERT(t, page);
	EXPECT(t, page->flags & PG_writeback);
	EXPECT(t, !(page->flags & (PG_dirty | PG_locked)));
	EXPECT_EQ(t, global_node_page_state(NR_WRITEBACK), 1);
	EXPECT_EQ(t, write_pattern(d.file, 0, 4096, 7), 4096);
	EXPECT(t, page->flags & PG_dirty);
	EXPECT(t, page->flags & PG_writeback);
	EXPECT_VERIFIED(t);
	ramdisk_hold(d.disk, false);
	EXPECT_EQ(t, ramdisk_release(d.disk, ~0u), 1);
	kthread_join(task);
	EXPECT(t, !(page->flags & PG_writeback));
	EXPECT(t, page->flags & PG_dirty);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, 0, 4096, 7));
	put_page(page);
	test_disk_free(t, &d);
}

static void
truncate_thread(void *arg)
{
	truncate_inode_pages_range(arg, 0, ~0ul);
}

/* ... and so does who asked for it, as fsync() promises. */
static void
truncation_waits_for_the_io(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct task *sync, *truncate;
	struct page *page;

	EXPECT_EQ(t, write_pattern(d.file, 0, 4096, 6), 4096);
	ramdisk_hold(d.disk, true);
	synced = false;
	sync = test_start(t, sync_thread, d.file, "fsync");
	ASSERT(t, sync);
	TEST_WAIT_UNTIL(ramdisk_nr_held(d.disk) == 1);
	usleep(2000);
	EXPECT(t, !READ_ONCE(synced));
	page = find_get_page(d.disk->mapping, 0);
	ASSERT(t, page);
	EXPECT_EQ(t, invalidate_mapping_pages(d.disk->mapping, 0, ~0ul), 0);
	truncate = test_start(t, truncate_thread, d.disk->mapping, "cut");
	ASSERT(t, truncate);
	TEST_WAIT_UNTIL(READ_ONCE(page->flags) & PG_locked);
	EXPECT(t, page->user.mapping != NULL);
	ramdisk_hold(d.disk, false);
	ramdisk_release(d.disk, ~0u);
	kthread_join(truncate);
	kthread_join(sync);
	EXPECT(t, !page->user.mapping);
	put_page(page);
	test_disk_free(t, &d);
}

static void
sixteen_neighbours_are_one_request(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct task *task;

	EXPECT_EQ(t, write_pattern(d.file, 0, 65536, 8), 65536);
	ramdisk_hold(d.disk, true);
	task = test_start(t, sync_thread, d.file, "fsync");
	ASSERT(t, task);
	TEST_WAIT_UNTIL(global_node_page_state(NR_WRITEBACK) == 16);
	TEST_WAIT_UNTIL(ramdisk_nr_held(d.disk) > 0);
	EXPECT_EQ(t, ramdisk_nr_held(d.disk), 1);
	ramdisk_hold(d.disk, false);
	ramdisk_release(d.disk, ~0u);
	kthread_join(task);
	EXPECT_EQ(t, d.disk->requests[BLK_WRITE], 1);
	EXPECT_EQ(t, d.disk->sectors[BLK_WRITE], 128);
	test_disk_free(t, &d);
}

/* --- the power --- */

static void
only_what_was_flushed_outlives_the_power(struct test *t)
{
	NEED_TEST_DISK(t, true);
	unsigned old = 0, new = 0;

	EXPECT_EQ(t, write_pattern(d.file, 0, 32768, 1), 32768);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, 0, 32768, 1));
	EXPECT_EQ(t, write_pattern(d.file, 0, 32768, 2), 32768);
	filemap_write_and_wait_range(d.disk->mapping, 0, ~0ul);
	EXPECT(t, media_has(d.disk, 0, 32768, 1));
	ramdisk_cut_power(d.disk, 0, 4711);
	EXPECT_EQ(t, fsync_file(d.file), -EIO);
	for (u64 at = 0; at < 32768; at += SECTOR_SIZE) {
		old += media_has(d.disk, at, SECTOR_SIZE, 1);
		new += media_has(d.disk, at, SECTOR_SIZE, 2);
	}
	/* Each sector is old or new, and there are some of both. */
	EXPECT_EQ(t, old + new, 64);
	EXPECT(t, old > 8 && new > 8);
	ramdisk_power_on(d.disk);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	test_disk_free(t, &d);
}

static void
a_disk_in_use_does_not_go(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct file *again;

	EXPECT_EQ(t, ramdisk_destroy(d.disk), -EBUSY);
	EXPECT_EQ(t, ramdisk_create("rt0", 8, false, &d.disk), -EEXIST);
	EXPECT_EQ(t, write_pattern(d.file, 0, 4096, 1), 4096);
	test_disk_free(t, &d);
	EXPECT(t, !blk_find("rt0"));
	EXPECT_EQ(t, filp_open("/dev/rt0", O_RDWR, 0, &again), -ENOENT);
}

/* A disk comes, is written to in whole and in part, synced, read, and goes. */
static int
use_a_disk(void)
{
	struct block_device *disk;
	struct file *file;
	struct page *page;
	ssize_t n;
	void *data;
	int err = ramdisk_create("rs0", 64, true, &disk);

	if (err)
		return err;
	err = filp_open("/dev/rs0", O_RDWR, 0, &file);
	if (!err) {
		n = write_pattern(file, 100, 9000, 1);
		err = n < 0 ? (int)n : fsync_file(file);
		if (!err)
			err = bread(disk, 9, 1024, &page, &data);
		if (!err)
			put_page(page);
		/* A write that memory ended early was written as far as it got. */
		if (!err && n < 9000)
			err = -ENOMEM;
		fput(file);
	}
	return ramdisk_destroy(disk) ? -EBUSY : err;
}

static void
no_memory_loses_nothing(struct test *t)
{
	long nr = sweep(t, use_a_disk);

	test_info(t, "%ld allocations", nr);
	EXPECT(t, nr >= 12);
	EXPECT_EQ(t, global_node_page_state(NR_FILE_DIRTY), 0);
	EXPECT(t, !blk_find("rs0"));
}

static void
every_rule_of_dirty_pages_is_checked(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct pglist_data *node;
	struct page *one;

	EXPECT_EQ(t, write_pattern(d.file, 0, 4096, 1), 4096);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	one = find_get_page(d.disk->mapping, 0);
	ASSERT(t, one);
	node = NODE_DATA(page_to_nid(one));
	one->flags |= PG_dirty;		/* and no mark */
	mod_node_page_state(node, NR_FILE_DIRTY, 1);
	EXPECT(t, verify_catches("C4"));
	one->flags = (one->flags & ~PG_dirty) | PG_writeback;
	mod_node_page_state(node, NR_FILE_DIRTY, -1);
	mod_node_page_state(node, NR_WRITEBACK, 1);
	EXPECT(t, verify_catches("C4"));
	one->flags &= ~PG_writeback;
	EXPECT(t, verify_catches("C5"));
	mod_node_page_state(node, NR_WRITEBACK, -1);
	mod_node_page_state(node, NR_FILE_DIRTY, 1);
	EXPECT(t, verify_catches("C5"));
	mod_node_page_state(node, NR_FILE_DIRTY, -1);
	mod_node_page_state(node, NR_BUFFERS, 1);
	EXPECT(t, verify_catches("C2"));
	mod_node_page_state(node, NR_BUFFERS, -1);
	EXPECT_VERIFIED(t);
	put_page(one);
	test_disk_free(t, &d);
}

TEST_SUITE("bdev",
	   TEST_CASE(no_memory_loses_nothing),
	   TEST_CASE(every_rule_of_dirty_pages_is_checked),
	   TEST_CASE(a_write_stays_in_memory_until_it_is_synced),
	   TEST_CASE(a_page_that_is_written_whole_is_not_read),
	   TEST_CASE(what_was_written_is_read_back_from_the_disk),
	   TEST_CASE(the_disk_ends_where_it_ends),
	   TEST_CASE(a_disk_that_does_not_fill_its_last_page_is_whole),
	   TEST_CASE(bread_and_the_node_share_their_pages),
	   TEST_CASE(a_read_that_fails_is_told_and_tried_again),
	   TEST_CASE(a_write_that_fails_is_told_once_to_each_who_has_it_open),
	   TEST_CASE(an_error_that_nobody_was_told_is_told_to_the_next),
	   TEST_CASE(a_dirty_page_that_is_truncated_counts_no_more),
	   TEST_CASE(a_store_during_the_io_is_written_again),
	   TEST_CASE(truncation_waits_for_the_io),
	   TEST_CASE(sixteen_neighbours_are_one_request),
	   TEST_CASE(only_what_was_flushed_outlives_the_power),
	   TEST_CASE(a_disk_in_use_does_not_go));
