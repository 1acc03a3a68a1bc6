/* SPDX-License-Identifier: MIT */
/*
 * O_DIRECT: what the disk, the cache and the caller have of one file. The memory
 * is the kernel's here; a program's, with its pins, in tests/user/direct.c.
 */
#include <kernel/pageio.h>
#include <mm/pagecache.h>
#include <mm/slab.h>

#include "disks.h"
#include "ext2_image.h"
#include "files.h"
#include "threads.h"

#define SPAN	(48 * 1024u)

/* An ext2 file /e/f, opened twice; and two buffers of SPAN bytes. */
struct bench {
	struct ext2_lab lab;
	struct file *cached, *direct;
	u8 *a, *b;
};

static bool
bench_begin(struct test *t, struct bench *bench, u32 block_size)
{
	struct ext2_form form = { .block_size = block_size };

	memset(bench, 0, sizeof(*bench));
	if (!ext2_lab_begin(t, &bench->lab, 2048, &form))
		return false;
	bench->a = kmalloc(SPAN, GFP_KERNEL);
	bench->b = kmalloc(SPAN, GFP_KERNEL);
	return EXPECT(t, bench->a && bench->b) &&
	       EXPECT_EQ(t, filp_open("/e/f", O_RDWR | O_CREAT, 0600,
				      &bench->cached), 0) &&
	       EXPECT_EQ(t, filp_open("/e/f", O_RDWR | O_DIRECT, 0,
				      &bench->direct), 0);
}

static void
bench_end(struct test *t, struct bench *bench)
{
	fput(bench->cached);
	fput(bench->direct);
	kfree(bench->a);
	kfree(bench->b);
	ext2_lab_end(t, &bench->lab);
}

static void
with_each_block_size(struct test *t, void (*fn)(struct test *t,
						struct bench *bench))
{
	struct bench bench;

	for (u32 size = 1024; size <= 4096; size *= 4) {
		if (bench_begin(t, &bench, size))
			fn(t, &bench);
		bench_end(t, &bench);
	}
}

static void
fill(u8 *buf, size_t n, unsigned row)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = (u8)(i / 512 * 5 + i + row);
}

/* Bytes of buf that are not those of row, which begins at its byte from. */
static size_t
wrong(const u8 *buf, size_t n, unsigned row, size_t from)
{
	size_t bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += buf[i] != (u8)((from + i) / 512 * 5 + from + i + row);
	return bad;
}

/* How many of n bytes are none. */
static size_t
not_zero(const u8 *buf, size_t n)
{
	size_t bad = 0;

	for (size_t i = 0; i < n; i++)
		bad += buf[i] != 0;
	return bad;
}

static ssize_t
write_at(struct file *f, const void *buf, size_t n, u64 pos)
{
	return kernel_write(f, buf, n, &pos);
}

static ssize_t
read_at(struct file *f, void *buf, size_t n, u64 pos)
{
	return kernel_read(f, buf, n, &pos);
}

static unsigned long
cached_pages(const struct bench *bench)
{
	return bench->cached->f_inode->i_mapping->nr_pages;
}

/* --- growing ------------------------------------------------------------------ */

static void
grow(struct test *t, struct bench *bench)
{
	struct block_device *disk = bench->lab.disk;
	u64 sectors = disk->sectors[BLK_WRITE];

	fill(bench->a, SPAN, 1);
	EXPECT_EQ(t, write_at(bench->direct, bench->a, SPAN, 0), SPAN);
	EXPECT_EQ(t, cached_pages(bench), 0);
	EXPECT(t, disk->sectors[BLK_WRITE] - sectors >= SPAN / 512);
	EXPECT_EQ(t, i_size_read(bench->direct->f_inode), SPAN);
	EXPECT_EQ(t, read_at(bench->direct, bench->b, SPAN, 0), SPAN);
	EXPECT_EQ(t, cached_pages(bench), 0);
	EXPECT_EQ(t, wrong(bench->b, SPAN, 1, 0), 0);
	EXPECT_EQ(t, read_at(bench->cached, bench->b, SPAN, 0), SPAN);
	EXPECT_EQ(t, wrong(bench->b, SPAN, 1, 0), 0);
}

static void
a_file_grows_and_the_cache_has_nothing_of_it(struct test *t)
{
	with_each_block_size(t, grow);
}

/* Half a block behind the end, and one that begins in the middle: the cache does
 * it, and the disk has it at once. */
static void
grow_by_parts(struct test *t, struct bench *bench)
{
	struct file *old = must_open(t, "/e/old", O_CREAT | O_RDWR);

	/* Its blocks are full of something, and will be the new file's. */
	memset(bench->a, 0xff, SPAN);
	for (unsigned i = 0; old && i < 20; i++)
		EXPECT_EQ(t, write_at(old, bench->a, SPAN, i * SPAN), SPAN);
	if (old) {
		EXPECT_EQ(t, vfs_fsync_range(old, 0, MAX_LFS_FILESIZE, false),
			  0);
		fput(old);
	}
	EXPECT_EQ(t, UNLINK("/e/old"), 0);
	fill(bench->a, SPAN, 2);
	EXPECT_EQ(t, write_at(bench->direct, bench->a, 512, 0), 512);
	EXPECT_EQ(t, write_at(bench->direct, bench->a + 512, 1024, 512), 1024);
	EXPECT_EQ(t, write_at(bench->direct, bench->a + 9728, 512, 9728), 512);
	EXPECT_EQ(t, cached_pages(bench), 0);
	memset(bench->b, 9, SPAN);
	EXPECT_EQ(t, read_at(bench->cached, bench->b, SPAN, 0), 10240);
	EXPECT_EQ(t, wrong(bench->b, 1536, 2, 0), 0);
	EXPECT_EQ(t, wrong(bench->b + 9728, 512, 2, 9728), 0);
	EXPECT_EQ(t, not_zero(bench->b + 1536, 9728 - 1536), 0);
}

static void
parts_of_blocks_are_written_through(struct test *t)
{
	with_each_block_size(t, grow_by_parts);
}

/* --- one truth ------------------------------------------------------------------ */

static void
agree(struct test *t, struct bench *bench)
{
	fill(bench->a, SPAN, 3);
	EXPECT_EQ(t, write_at(bench->cached, bench->a, SPAN, 0), SPAN);
	EXPECT_EQ(t, read_at(bench->direct, bench->b, SPAN, 0), SPAN);
	EXPECT_EQ(t, wrong(bench->b, SPAN, 3, 0), 0);
	EXPECT(t, cached_pages(bench) > 0);
	/* The cache has all of it, and loses what is written. */
	fill(bench->b, 8192, 4);
	EXPECT_EQ(t, write_at(bench->direct, bench->b, 8192, 4096), 8192);
	EXPECT_EQ(t, cached_pages(bench), SPAN / PAGE_SIZE - 2);
	EXPECT_EQ(t, read_at(bench->cached, bench->a, SPAN, 0), SPAN);
	EXPECT_EQ(t, wrong(bench->a, 4096, 3, 0), 0);
	EXPECT_EQ(t, wrong(bench->a + 4096, 8192, 4, 0), 0);
	EXPECT_EQ(t, wrong(bench->a + 12288, SPAN - 12288, 3, 12288), 0);
}

static void
cache_and_disk_agree(struct test *t)
{
	with_each_block_size(t, agree);
}

/* A page that somebody holds cannot leave the cache. */
static void
held(struct test *t, struct bench *bench)
{
	struct page *page = NULL;

	fill(bench->a, SPAN, 5);
	EXPECT_EQ(t, write_at(bench->cached, bench->a, SPAN, 0), SPAN);
	ASSERT_EQ(t, read_cache_page(bench->cached->f_inode->i_mapping, 1,
				     &page), 0);
	fill(bench->b, 8192, 6);
	EXPECT_EQ(t, write_at(bench->direct, bench->b, 8192, 0), 8192);
	put_page(page);
	EXPECT_EQ(t, read_at(bench->direct, bench->a, 8192, 0), 8192);
	EXPECT_EQ(t, wrong(bench->a, 8192, 6, 0), 0);
	EXPECT_EQ(t, read_at(bench->cached, bench->a, 8192, 0), 8192);
	EXPECT_EQ(t, wrong(bench->a, 8192, 6, 0), 0);
}

static void
a_page_in_use_is_written_through(struct test *t)
{
	with_each_block_size(t, held);
}

/* --- holes and the end ---------------------------------------------------------- */

static void
fill_a_hole(struct test *t, struct bench *bench)
{
	EXPECT_EQ(t, vfs_truncate(bench->cached->f_inode, SPAN), 0);
	memset(bench->b, 7, SPAN);
	EXPECT_EQ(t, read_at(bench->direct, bench->b, SPAN, 0), SPAN);
	EXPECT_EQ(t, not_zero(bench->b, SPAN), 0);
	fill(bench->a, SPAN, 7);
	EXPECT_EQ(t, write_at(bench->direct, bench->a + 4608, 9216, 4608),
		  9216);
	EXPECT_EQ(t, cached_pages(bench), 0);
	EXPECT_EQ(t, read_at(bench->direct, bench->b, SPAN, 0), SPAN);
	EXPECT_EQ(t, wrong(bench->b + 4608, 9216, 7, 4608), 0);
	EXPECT_EQ(t, bench->b[4607] | bench->b[4608 + 9216], 0);
	/* Blocks that are there, then one that is not. */
	fill(bench->a, SPAN, 8);
	EXPECT_EQ(t, write_at(bench->direct, bench->a, SPAN, 0), SPAN);
	EXPECT_EQ(t, read_at(bench->cached, bench->b, SPAN, 0), SPAN);
	EXPECT_EQ(t, wrong(bench->b, SPAN, 8, 0), 0);
}

static void
holes_read_as_zeros_and_can_be_written(struct test *t)
{
	with_each_block_size(t, fill_a_hole);
}

static void
read_the_end(struct test *t, struct bench *bench)
{
	fill(bench->a, SPAN, 9);
	EXPECT_EQ(t, write_at(bench->cached, bench->a, 5000, 0), 5000);
	memset(bench->b, 0xee, SPAN);
	EXPECT_EQ(t, read_at(bench->direct, bench->b, 8192, 0), 5000);
	EXPECT_EQ(t, wrong(bench->b, 5000, 9, 0), 0);
	EXPECT_EQ(t, bench->b[5000], 0xee);
	EXPECT_EQ(t, read_at(bench->direct, bench->b, 512, 8192), 0);
	EXPECT_EQ(t, read_at(bench->direct, bench->b, 0, 0), 0);
}

static void
a_read_ends_with_the_file(struct test *t)
{
	with_each_block_size(t, read_the_end);
}

/* --- what is refused ------------------------------------------------------------- */

static void
what_is_no_whole_sector_is_refused(struct test *t)
{
	struct bench bench;

	if (bench_begin(t, &bench, 1024)) {
		fill(bench.a, SPAN, 1);
		EXPECT_EQ(t, write_at(bench.cached, bench.a, SPAN, 0), SPAN);
		EXPECT_EQ(t, read_at(bench.direct, bench.b, 512, 100), -EINVAL);
		EXPECT_EQ(t, read_at(bench.direct, bench.b, 500, 512), -EINVAL);
		EXPECT_EQ(t, read_at(bench.direct, bench.b + 4, 512, 512),
			  -EINVAL);
		EXPECT_EQ(t, write_at(bench.direct, bench.a, 100, 0), -EINVAL);
		EXPECT_EQ(t, write_at(bench.direct, bench.a, 512, 3), -EINVAL);
		EXPECT_EQ(t, write_at(bench.direct, bench.a + 512, 512, 512),
			  512);
		EXPECT_EQ(t, read_at(bench.cached, bench.b, SPAN, 0), SPAN);
		EXPECT_EQ(t, wrong(bench.b, SPAN, 1, 0), 0);
	}
	bench_end(t, &bench);
}

static void
what_has_no_disk_cannot_be_opened_so(struct test *t)
{
	struct file *f = NULL;

	EXPECT_EQ(t, make_file("/tmp/direct", "hello"), 0);
	EXPECT_EQ(t, filp_open("/tmp/direct", O_RDWR | O_DIRECT, 0, &f),
		  -EINVAL);
	EXPECT_EQ(t, filp_open("/dev/null", O_RDWR | O_DIRECT, 0, &f), -EINVAL);
	EXPECT_EQ(t, filp_open("/proc/meminfo", O_RDONLY | O_DIRECT, 0, &f),
		  -EINVAL);
	EXPECT_EQ(t, UNLINK("/tmp/direct"), 0);
}

/* --- errors ----------------------------------------------------------------------- */

/* Of a read; and of a write that would have made the file longer. */
static void
an_error_of_the_disk_is_told_to_who_asked(struct test *t)
{
	struct bench bench;

	if (bench_begin(t, &bench, 4096)) {
		fill(bench.a, SPAN, 1);
		EXPECT_EQ(t, write_at(bench.direct, bench.a, 8192, 0), 8192);
		blk_fail_requests(bench.lab.disk, 1u << BLK_READ, 0, 1);
		EXPECT_EQ(t, read_at(bench.direct, bench.b, 8192, 0), -EIO);
		blk_fail_requests(bench.lab.disk, 1u << BLK_WRITE, 0, 1);
		EXPECT_EQ(t, write_at(bench.direct, bench.a, SPAN, 8192), -EIO);
		EXPECT_EQ(t, i_size_read(bench.direct->f_inode), 8192);
		blk_fail_requests(bench.lab.disk, 0, 0, 0);
		EXPECT_EQ(t, read_at(bench.direct, bench.b, SPAN, 0), 8192);
		EXPECT_EQ(t, wrong(bench.b, 8192, 1, 0), 0);
	}
	bench_end(t, &bench);	/* and no block is lost */
}

/* 2 MiB are all there is: what fitted is there. */
static void
a_full_disk_is_told_to_who_writes(struct test *t)
{
	struct bench bench;
	u64 pos = 0;
	ssize_t n = 0;

	if (bench_begin(t, &bench, 1024)) {
		fill(bench.a, SPAN, 1);
		do
			n = kernel_write(bench.direct, bench.a, SPAN, &pos);
		while (n == SPAN);
		EXPECT(t, n == -ENOSPC || (n > 0 && n < (ssize_t)SPAN));
		EXPECT_EQ(t, i_size_read(bench.direct->f_inode), pos);
		EXPECT(t, pos > SZ_1M);
		EXPECT_EQ(t, kernel_write(bench.direct, bench.a, SPAN, &pos),
			  -ENOSPC);
		EXPECT_EQ(t, read_at(bench.cached, bench.b, SPAN, SPAN), SPAN);
		EXPECT_EQ(t, wrong(bench.b, SPAN, 1, 0), 0);
	}
	bench_end(t, &bench);
}

/* --- waiting --- */

static struct bench slow;
static ssize_t slow_result;
static bool slow_done;

static void
read_slowly(void *arg)
{
	(void)arg;
	slow_result = read_at(slow.direct, slow.b, 8192, 0);
	WRITE_ONCE(slow_done, true);
}

static void
it_is_done_when_the_disk_is(struct test *t)
{
	struct task *reader;

	if (bench_begin(t, &slow, 4096)) {
		fill(slow.a, SPAN, 1);
		EXPECT_EQ(t, write_at(slow.direct, slow.a, 8192, 0), 8192);
		slow_done = false;
		ramdisk_hold(slow.lab.disk, true);
		reader = test_start(t, read_slowly, NULL, "reader");
		TEST_WAIT_UNTIL(ramdisk_nr_held(slow.lab.disk) > 0);
		msleep(20);
		EXPECT(t, !READ_ONCE(slow_done));
		ramdisk_hold(slow.lab.disk, false);
		ramdisk_release(slow.lab.disk, ~0u);
		test_join(reader);
		EXPECT_EQ(t, slow_result, 8192);
		EXPECT_EQ(t, wrong(slow.b, 8192, 1, 0), 0);
	}
	bench_end(t, &slow);
}

/* --- a disk ------------------------------------------------------------------------ */

static void
a_disk_is_read_and_written_past_its_cache(struct test *t)
{
	u8 *a = kmalloc(8192, GFP_KERNEL), *b = kmalloc(8192, GFP_KERNEL);
	struct file *direct = NULL;

	NEED_TEST_DISK(t, false);
	EXPECT_EQ(t, filp_open("/dev/rt0", O_RDWR | O_DIRECT, 0, &direct), 0);
	if (direct && EXPECT(t, a && b)) {
		fill(a, 8192, 1);
		EXPECT_EQ(t, write_at(direct, a, 8192, 512), 8192);
		EXPECT_EQ(t, d.disk->mapping->nr_pages, 0);
		EXPECT_EQ(t, read_at(d.file, b, 8192, 512), 8192);
		EXPECT_EQ(t, wrong(b, 8192, 1, 0), 0);
		fill(b, 8192, 2);
		EXPECT_EQ(t, write_at(d.file, b, 8192, 1024), 8192);
		EXPECT_EQ(t, read_at(direct, a, 8192, 1024), 8192);
		EXPECT_EQ(t, wrong(a, 8192, 2, 0), 0);
		/* At its end. */
		EXPECT_EQ(t, write_at(direct, a, 8192, 2 * SZ_1M - 4096), 4096);
		EXPECT_EQ(t, write_at(direct, a, 512, 2 * SZ_1M), -ENOSPC);
		EXPECT_EQ(t, read_at(direct, b, 8192, 2 * SZ_1M - 4096), 4096);
		EXPECT_EQ(t, wrong(b, 4096, 2, 0), 0);
	}
	if (direct)
		fput(direct);
	test_disk_free(t, &d);
	kfree(a);
	kfree(b);
}

TEST_SUITE("direct_io",
	   TEST_CASE(a_file_grows_and_the_cache_has_nothing_of_it),
	   TEST_CASE(parts_of_blocks_are_written_through),
	   TEST_CASE(cache_and_disk_agree),
	   TEST_CASE(a_page_in_use_is_written_through),
	   TEST_CASE(holes_read_as_zeros_and_can_be_written),
	   TEST_CASE(a_read_ends_with_the_file),
	   TEST_CASE(what_is_no_whole_sector_is_refused),
	   TEST_CASE(what_has_no_disk_cannot_be_opened_so),
	   TEST_CASE(an_error_of_the_disk_is_told_to_who_asked),
	   TEST_CASE(a_full_disk_is_told_to_who_writes),
	   TEST_CASE(it_is_done_when_the_disk_is),
	   TEST_CASE(a_disk_is_read_and_written_past_its_cache));
