/* SPDX-License-Identifier: MIT */
/*
 * Read-ahead: which pages are begun, in how many requests, by what a program
 * reads. The file is a RAM disk, whose requests can be counted.
 */
#include <kernel/syscalls.h>
#include <mm/mm.h>
#include <mm/mman.h>

#include "as_helpers.h"
#include "disks.h"
#include "files.h"

/* Read page index of the file, one byte is enough. */
static u8
read_at(struct test *t, struct file *file, unsigned long index)
{
	u64 pos = (u64)index << PAGE_SHIFT;
	u8 byte = 0;

	EXPECT_EQ(t, kernel_read(file, &byte, 1, &pos), 1);
	return byte;
}

static bool
cached(struct test_disk *d, unsigned long index)
{
	struct page *page = find_get_page(d->disk->mapping, index);

	if (page)
		put_page(page);
	return page != NULL;
}

/* Pages [from, from + n) are in the cache, and that one behind is not. */
static bool
cached_up_to(struct test_disk *d, unsigned long from, unsigned long n)
{
	for (unsigned long i = from; i < from + n; i++) {
		if (!cached(d, i))
			return false;
	}
	return !cached(d, from + n);
}

static bool
marked(struct test_disk *d, unsigned long index)
{
	struct page *page = find_get_page(d->disk->mapping, index);
	bool mark = page && READ_ONCE(page->flags) & PG_readahead;

	if (page)
		put_page(page);
	return mark;
}

/*	read 0: window [0, 4), mark at 1
 *	read 1: window [4, 12), mark at 4
 *	read 4: window [12, 28), mark at 12
 */
static void
the_window_doubles_as_the_program_reads_on(struct test *t)
{
	NEED_TEST_DISK(t, false);

	read_at(t, d.file, 0);
	EXPECT(t, cached_up_to(&d, 0, 4));
	EXPECT(t, marked(&d, 1));
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 1);
	read_at(t, d.file, 1);
	EXPECT(t, !marked(&d, 1));
	EXPECT(t, cached_up_to(&d, 0, 12));
	EXPECT(t, marked(&d, 4));
	read_at(t, d.file, 2);
	read_at(t, d.file, 3);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 2);
	read_at(t, d.file, 4);
	EXPECT(t, cached_up_to(&d, 0, 28));
	for (unsigned i = 5; i < 12; i++)
		read_at(t, d.file, i);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 3);
	read_at(t, d.file, 12);
	EXPECT(t, cached_up_to(&d, 0, 60));
	test_disk_free(t, &d);
}

static void
a_whole_file_takes_few_requests(struct test *t)
{
	NEED_TEST_DISK(t, false);
	unsigned nr;

	for (unsigned i = 0; i < 512; i++)
		read_at(t, d.file, i);
	nr = ramdisk_nr_requests(d.disk);
	/* 4 + 8 + 16, then 32 at a time: 3 + 484 / 32. */
	EXPECT_EQ(t, nr, 19);
	EXPECT_EQ(t, d.disk->sectors[BLK_READ], DISK_SECTORS);
	test_disk_free(t, &d);
}

static void
a_random_read_gets_what_it_asked_for(struct test *t)
{
	static const u16 at[] = { 100, 17, 333, 50, 202 };
	NEED_TEST_DISK(t, false);

	for (unsigned i = 0; i < ARRAY_SIZE(at); i++) {
		read_at(t, d.file, at[i]);
		EXPECT(t, cached(&d, at[i]));
		EXPECT(t, !cached(&d, at[i] + 1u));
	}
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 5);
	test_disk_free(t, &d);
}

static void
two_in_a_row_begin_a_window(struct test *t)
{
	NEED_TEST_DISK(t, false);

	read_at(t, d.file, 100);
	EXPECT(t, !cached(&d, 101));
	read_at(t, d.file, 101);
	EXPECT(t, cached_up_to(&d, 100, 5));
	test_disk_free(t, &d);
}

static void
a_large_read_is_one_request_or_two(struct test *t)
{
	NEED_TEST_DISK(t, false);
	u8 *buf = kmalloc(16 * PAGE_SIZE, GFP_KERNEL);
	u64 pos = 40 * PAGE_SIZE;

	ASSERT(t, buf != NULL);
	EXPECT_EQ(t, kernel_read(d.file, buf, 16 * PAGE_SIZE, &pos),
		  16 * PAGE_SIZE);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 1);
	EXPECT(t, cached_up_to(&d, 40, 16));
	kfree(buf);
	test_disk_free(t, &d);
}

static void
the_end_of_the_file_ends_the_window(struct test *t)
{
	NEED_TEST_DISK(t, false);

	read_at(t, d.file, 509);
	read_at(t, d.file, 510);
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 3);
	EXPECT(t, cached(&d, 511));
	test_disk_free(t, &d);
}

/* Two openings read in two places: each has its own window. */
static void
each_opening_has_a_window_of_its_own(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct file *other;

	ASSERT_EQ(t, filp_open("/dev/rt0", O_RDONLY, 0, &other), 0);
	for (unsigned i = 0; i < 64; i++) {
		read_at(t, d.file, i);
		read_at(t, other, 300 + i);
	}
	/* 4, 8, 16, 32, 32, 32 and 1, 4, 8, 16, 32, 32, 32. */
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 13);
	fput(other);
	test_disk_free(t, &d);
}

static void
who_waits_for_a_page_under_way_does_not_read_it_again(struct test *t)
{
	NEED_TEST_DISK(t, false);

	do_page_cache_ra(d.disk->mapping, 8, 8, 0);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 1);
	for (unsigned i = 8; i < 16; i++)
		read_at(t, d.file, i);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 1);
	test_disk_free(t, &d);
}

static void
a_page_that_could_not_be_read_ahead_is_read_again(struct test *t)
{
	NEED_TEST_DISK(t, false);
	u64 pos = 0;
	u8 byte;

	blk_fail_requests(d.disk, 1u << BLK_READ, 0, 1);
	do_page_cache_ra(d.disk->mapping, 0, 4, 0);
	EXPECT_EQ(t, d.disk->errors, 1);
	EXPECT_EQ(t, kernel_read(d.file, &byte, 1, &pos), 1);
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 1);
	blk_fail_requests(d.disk, 1u << BLK_READ, 0, 1);
	pos = PAGE_SIZE;
	EXPECT_EQ(t, kernel_read(d.file, &byte, 1, &pos), -EIO);
	test_disk_free(t, &d);
}

/* --- advice --- */

static void
advice_moves_the_limit(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct fake_process process;
	int fd;

	ASSERT(t, fake_process_begin(&process));
	fd = fd_publish(get_file(d.file), 0);
	EXPECT(t, fd >= 0);
	EXPECT_EQ(t, sys_fadvise64_64(fd, 1, 0, 0), 0);	/* RANDOM */
	for (unsigned i = 0; i < 4; i++)
		read_at(t, d.file, i);
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 4);
	EXPECT_EQ(t, sys_fadvise64_64(fd, 2, 0, 0), 0);	/* SEQUENTIAL */
	EXPECT_EQ(t, d.file->f_ra.ra_pages, 2 * RA_PAGES_DEFAULT);
	EXPECT_EQ(t, sys_fadvise64_64(fd, 0, 0, 0), 0);	/* NORMAL */
	EXPECT_EQ(t, d.file->f_ra.ra_pages, RA_PAGES_DEFAULT);
	EXPECT_EQ(t, sys_fadvise64_64(fd, 6, 0, 0), -EINVAL);
	EXPECT_EQ(t, sys_fadvise64_64(fd, 3, 0, -1), -EINVAL);
	sys_close((unsigned)fd);
	fake_process_end(&process);
	test_disk_free(t, &d);
}

static void
willneed_brings_the_range_and_dontneed_takes_it(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct fake_process process;
	int fd;

	ASSERT(t, fake_process_begin(&process));
	fd = fd_publish(get_file(d.file), 0);
	EXPECT(t, fd >= 0);
	/* From the middle of page 10 to the first byte of page 20. */
	EXPECT_EQ(t, sys_fadvise64_64(fd, 3, 10 * 4096 + 5, 10 * 4096 - 4),
		  0);
	EXPECT(t, cached_up_to(&d, 10, 11));
	EXPECT(t, !cached(&d, 9));
	EXPECT_EQ(t, sys_readahead(fd, 100 * 4096, 3 * 4096), 0);
	EXPECT(t, cached_up_to(&d, 100, 3));
	EXPECT_EQ(t, sys_readahead(fd, -1, 5), -EINVAL);
	/* Only whole pages inside go; what is dirty is written first. */
	EXPECT_EQ(t, write_pattern(d.file, 12 * 4096, 4096, 1), 4096);
	EXPECT_EQ(t, sys_fadvise64_64(fd, 4, 10 * 4096 + 1, 6 * 4096), 0);
	EXPECT(t, cached(&d, 10));
	EXPECT(t, !cached(&d, 11));
	EXPECT(t, !cached(&d, 12));
	EXPECT(t, !cached(&d, 15));
	EXPECT(t, cached(&d, 16));
	EXPECT(t, media_has(d.disk, 12 * 4096, 4096, 1));
	EXPECT_EQ(t, sys_fadvise64_64(fd, 4, 0, 0), 0);
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 0);
	sys_close((unsigned)fd);
	fake_process_end(&process);
	test_disk_free(t, &d);
}

/* --- mappings --- */

static void
a_fault_reads_around(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm);
	at = as_map_file(mm, d.file, 512 * PAGE_SIZE, PROT_READ, MAP_SHARED);
	EXPECT_EQ(t, as_touch(mm, at + 100 * PAGE_SIZE, false), 0);
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 32);
	EXPECT(t, cached_up_to(&d, 84, 32));
	EXPECT_EQ(t, ramdisk_nr_requests(d.disk), 1);
	mmput(mm);
	test_disk_free(t, &d);
}

/* All pages in order: one fault in sixteen, and few requests. */
static void
a_mapping_read_in_order_waits_seldom(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct mm_struct *mm = mm_alloc();
	unsigned long at, i;

	ASSERT(t, mm);
	at = as_map_file(mm, d.file, 512 * PAGE_SIZE, PROT_READ, MAP_SHARED);
	EXPECT_EQ(t, do_madvise(mm, at, 512 * PAGE_SIZE, MADV_SEQUENTIAL), 0);
	for (i = 0; i < 512; i++)
		EXPECT_EQ(t, as_touch(mm, at + i * PAGE_SIZE, false), 0);
	EXPECT(t, ramdisk_nr_requests(d.disk) <= 17);
	EXPECT_EQ(t, d.disk->sectors[BLK_READ], DISK_SECTORS);
	mmput(mm);
	test_disk_free(t, &d);
}

static void
madv_random_reads_one_page(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm);
	at = as_map_file(mm, d.file, 512 * PAGE_SIZE, PROT_READ, MAP_SHARED);
	EXPECT_EQ(t, do_madvise(mm, at, 512 * PAGE_SIZE, MADV_RANDOM), 0);
	EXPECT_EQ(t, as_touch(mm, at + 100 * PAGE_SIZE, false), 0);
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 1);
	EXPECT_EQ(t, do_madvise(mm, at + 4096, 8192, MADV_WILLNEED), 0);
	EXPECT(t, cached_up_to(&d, 1, 2));
	mmput(mm);
	test_disk_free(t, &d);
}

static void
read_around_is_left_when_it_does_not_help(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm);
	at = as_map_file(mm, d.file, 512 * PAGE_SIZE, PROT_READ, MAP_SHARED);
	d.file->f_ra.mmap_miss = 100;
	EXPECT_EQ(t, as_touch(mm, at + 100 * PAGE_SIZE, false), 0);
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 1);
	mmput(mm);
	test_disk_free(t, &d);
}

TEST_SUITE("readahead",
	   TEST_CASE(the_window_doubles_as_the_program_reads_on),
	   TEST_CASE(a_whole_file_takes_few_requests),
	   TEST_CASE(a_random_read_gets_what_it_asked_for),
	   TEST_CASE(two_in_a_row_begin_a_window),
	   TEST_CASE(a_large_read_is_one_request_or_two),
	   TEST_CASE(the_end_of_the_file_ends_the_window),
	   TEST_CASE(each_opening_has_a_window_of_its_own),
	   TEST_CASE(who_waits_for_a_page_under_way_does_not_read_it_again),
	   TEST_CASE(a_page_that_could_not_be_read_ahead_is_read_again),
	   TEST_CASE(advice_moves_the_limit),
	   TEST_CASE(willneed_brings_the_range_and_dontneed_takes_it),
	   TEST_CASE(a_fault_reads_around),
	   TEST_CASE(a_mapping_read_in_order_waits_seldom),
	   TEST_CASE(madv_random_reads_one_page),
	   TEST_CASE(read_around_is_left_when_it_does_not_help));
