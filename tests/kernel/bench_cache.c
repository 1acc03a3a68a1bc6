/* SPDX-License-Identifier: MIT */
/* What a page of a file costs that is cached, read ahead, written back: of a RAM
 * disk, so that the disk costs its copy alone. */
#include <drivers/ramdisk.h>
#include <kernel/bench.h>
#include <kernel/fs.h>
#include <mm/slab.h>

#define NR_PAGES	512u

static struct block_device *disk;
static struct file *file;
static char *buf;

static bool
begin(void)
{
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!buf || ramdisk_create("rb0", NR_PAGES * 8, false, &disk))
		return false;
	if (filp_open("/dev/rb0", O_RDWR, 0, &file)) {
		ramdisk_destroy(disk);
		return false;
	}
	return true;
}

static void
end(void)
{
	fput(file);
	ramdisk_destroy(disk);
	kfree(buf);
}

static void
read_page(unsigned long index)
{
	u64 pos = (u64)(index % NR_PAGES) << PAGE_SHIFT;

	kernel_read(file, buf, PAGE_SIZE, &pos);
}

static void
write_page(unsigned long index)
{
	u64 pos = (u64)(index % NR_PAGES) << PAGE_SHIFT;

	kernel_write(file, buf, PAGE_SIZE, &pos);
}

static void
read_cached(struct bench *b)
{
	if (!begin())
		return;
	read_page(3);
	BENCH_LOOP(b, read_page(3));
	end();
}

static void
write_cached(struct bench *b)
{
	if (!begin())
		return;
	write_page(3);
	BENCH_LOOP(b, write_page(3));
	end();
}

static void
read_in_order(struct bench *b)
{
	unsigned long i = 0;

	if (!begin())
		return;
	b->iterations = NR_PAGES;
	BENCH_LOOP(b, read_page(i++));
	end();
}

static void
write_in_order(struct bench *b)
{
	unsigned long i = 0;

	if (!begin())
		return;
	b->iterations = NR_PAGES;
	BENCH_LOOP(b, write_page(i++));
	end();
}

static void
sync_all_pages(struct bench *b)
{
	if (!begin())
		return;
	for (unsigned i = 0; i < NR_PAGES; i++)
		write_page(i);
	b->iterations = 1;
	BENCH_LOOP(b, vfs_fsync_range(file, 0, MAX_LFS_FILESIZE, false));
	end();
}

BENCH_SUITE("cache",
	    BENCH_CASE("read 4 KiB, cached", read_cached),
	    BENCH_CASE("write 4 KiB, cached", write_cached),
	    BENCH_CASE("read 4 KiB in order, read ahead", read_in_order),
	    BENCH_CASE("write 4 KiB in order, new pages", write_in_order),
	    BENCH_CASE("fsync of 512 dirty pages", sync_all_pages));
