/* SPDX-License-Identifier: MIT */
/* A RAM disk for one case, its node open. */
#ifndef TESTS_DISKS_H
#define TESTS_DISKS_H

#include <drivers/ramdisk.h>
#include <kernel/blk.h>
#include <kernel/fs.h>
#include <kernel/kthread.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <mm/writeback.h>

#define DISK_SECTORS	4096u		/* 2 MiB */

struct test_disk {
	struct block_device *disk;
	struct file *file;
};

static inline bool
test_disk_make(struct test *t, struct test_disk *d, bool cache)
{
	memset(d, 0, sizeof(*d));
	EXPECT_EQ(t, ramdisk_create("rt0", DISK_SECTORS, cache, &d->disk), 0);
	if (d->disk)
		EXPECT_EQ(t, filp_open("/dev/rt0", O_RDWR, 0, &d->file), 0);
	return d->file != NULL;
}

static inline void
test_disk_free(struct test *t, struct test_disk *d)
{
	fput(d->file);
	if (d->disk)
		EXPECT_EQ(t, ramdisk_destroy(d->disk), 0);
}

#define NEED_TEST_DISK(t, cache) \
	struct test_disk d; \
	if (!test_disk_make(t, &d, cache)) \
		return

/* Byte at of round. */
static inline u8
pattern(u64 at, unsigned round)
{
	return (u8)(at * 7 + at / 4096 * 3 + round * 31 + 1);
}

static inline ssize_t
write_pattern(struct file *file, u64 pos, size_t n, unsigned round)
{
	u8 *buf = kmalloc(n, GFP_KERNEL);
	ssize_t done;

	if (!buf)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		buf[i] = pattern(pos + i, round);
	done = kernel_write(file, buf, n, &pos);
	kfree(buf);
	return done;
}

static inline bool
media_has(struct block_device *disk, u64 pos, size_t n, unsigned round)
{
	for (; n; n--, pos++) {
		if (ramdisk_media(disk, pos / SECTOR_SIZE)[pos % SECTOR_SIZE] !=
		    pattern(pos, round))
			return false;
	}
	return true;
}

static inline int
fsync_file(struct file *file)
{
	return vfs_fsync_range(file, 0, MAX_LFS_FILESIZE, false);
}

#endif
