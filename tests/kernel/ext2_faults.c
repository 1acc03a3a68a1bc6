/* SPDX-License-Identifier: MIT */
/*
 * ext2 when things go wrong around it: no memory, requests that fail, a power cut
 * between any two of them; many threads at once.
 */
#include <kernel/blk.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <mm/debug.h>

#include "ext2_image.h"
#include "files.h"
#include "sweep.h"
#include "threads.h"

static struct ext2_lab lab;

/* n bytes of a row of its own, from the beginning of the file. */
static int
write_row(const char *name, unsigned n, unsigned row, bool sync)
{
	static u8 bufs[4][512];
	u8 *buf = bufs[row % 4];
	struct file *f;
	u64 pos = 0;
	ssize_t done = 0;
	int err = filp_open(name, O_CREAT | O_RDWR, 0644, &f);

	if (err)
		return err;
	while (pos < n && done >= 0) {
		unsigned part = min(n - (unsigned)pos, 512u);

		for (unsigned i = 0; i < part; i++)
			buf[i] = (u8)((pos + i) * 7 + row);
		done = kernel_write(f, buf, part, &pos);
	}
	if (done >= 0 && sync)
		done = vfs_fsync_range(f, 0, MAX_LFS_FILESIZE, false);
	fput(f);
	return done < 0 ? (int)done : 0;
}

static bool
row_is(const char *name, unsigned n, unsigned row)
{
	static u8 buf[512];
	struct file *f;
	u64 pos = 0;
	bool is = true;

	if (filp_open(name, O_RDONLY, 0, &f))
		return false;
	is = f->f_inode->i_size == n;
	while (is && pos < n) {
		u64 at = pos;
		ssize_t part = kernel_read(f, buf, min(n - (unsigned)pos,
						       512u), &pos);

		is = part > 0;
		for (ssize_t i = 0; is && i < part; i++)
			is = buf[i] == (u8)((at + (u64)i) * 7 + row);
	}
	fput(f);
	return is;
}

/* --- no memory ----------------------------------------------------------------- */

/* In a folder of its own, which grows by a block. It stays: what it lost would be
 * found when it is looked at from outside. */
static int
long_names(bool make)
{
	char name[240] = "/e/long/";
	int err = make ? MKDIR("/e/long") : 0, e;

	memset(name + 8, 'n', sizeof(name) - 9);
	for (unsigned i = 0; i < 5; i++) {
		name[8] = (char)('0' + i);
		e = make ? write_row(name, 0, i, false) : UNLINK(name);
		err = err ? err : e;
	}
	if (!make)
		RMDIR("/e/long");
	/* There may have been no memory to remove it. */
	return err == -EEXIST ? 0 : err;
}

/* Everything once; the first error. Whatever it was, the disk is sound after. */
static int
use_everything(void)
{
	static char slow[100];
	int err = ext2_lab_mount(&lab, ""), e;
	bool sound;

	if (err)
		return err;
	memset(slow, 's', sizeof(slow) - 1);
#define DO(what) do { e = (what); err = err ? err : e; } while (0)
	/* Of the time before: nothing of what frees it is in the cache. */
	e = UNLINK("/e/old");
	err = e == -ENOENT ? 0 : e;
	long_names(false);
	DO(long_names(true));
	DO(MKDIR("/e/d"));
	DO(write_row("/e/d/f", 20000, 1, false));
	DO(write_row("/e/g", 100, 2, true));
	DO(SYMLINK("f", "/e/d/fast"));
	DO(SYMLINK(slow, "/e/d/slow"));
	DO(LINK("/e/g", "/e/d/h"));
	DO(RENAME("/e/g", "/e/d/i"));
	DO(UNLINK("/e/d/f"));
	DO(MKDIR("/e/d/e"));
	DO(RENAME("/e/d/e", "/e/x"));
	DO(RMDIR("/e/x"));
#undef DO
	UNLINK("/e/g");
	UNLINK("/e/d/f");
	UNLINK("/e/d/fast");
	UNLINK("/e/d/slow");
	UNLINK("/e/d/h");
	UNLINK("/e/d/i");
	RMDIR("/e/d/e");
	RMDIR("/e/x");
	RMDIR("/e/d");
	write_row("/e/old", 15000, 3, false);
	e = do_umount("/e");
	lab.mounted = e != 0;
	sound = !e && ext2_fsck(lab.disk, NULL);
	if (sound)
		return err == -ENOENT ? -ENOMEM : err;
	/* Its own check may have been without memory. */
	return e ? -EBUSY : ext2_fsck(lab.disk, NULL) ? err : -EUCLEAN;
}

static void
without_memory_the_disk_stays_sound(struct test *t)
{
	enum log_level level = console_loglevel;

	ASSERT(t, ext2_lab_begin(t, &lab, 1024, NULL));
	ASSERT(t, ext2_lab_umount(t, &lab));
	console_loglevel = LOG_CRIT;
	EXPECT_EQ(t, use_everything(), 0);
	EXPECT(t, sweep(t, use_everything) > 50);
	console_loglevel = level;
	ext2_lab_end(t, &lab);
}

/* --- requests that fail ------------------------------------------------------------ */

/* The nth read fails, once: an error, and no harm. */
static void
a_read_that_fails_is_told(struct test *t)
{
	enum log_level level = console_loglevel;
	unsigned n, failed = 0;
	int err;

	ASSERT(t, ext2_lab_begin(t, &lab, 1024, NULL));
	EXPECT_EQ(t, MKDIR("/e/d"), 0);
	EXPECT_EQ(t, write_row("/e/d/f", 20000, 1, false), 0);
	ASSERT(t, ext2_lab_umount(t, &lab));
	console_loglevel = LOG_CRIT;
	for (n = 0; n < 20; n++) {
		blk_fail_requests(lab.disk, 1u << BLK_READ, n, 1);
		err = ext2_lab_mount(&lab, "");
		if (!err && !row_is("/e/d/f", 20000, 1))
			err = -EIO;
		blk_fail_requests(lab.disk, 0, 0, 0);
		failed += err != 0;
		EXPECT(t, !err || err == -EIO);
		if (lab.mounted)
			EXPECT(t, row_is("/e/d/f", 20000, 1));
		EXPECT(t, ext2_lab_umount(t, &lab));
		EXPECT(t, ext2_lab_check(t, &lab));
	}
	console_loglevel = level;
	EXPECT(t, failed >= 6);
	ext2_lab_end(t, &lab);
}

/* The nth write fails, once: it is done again, and nothing is lost. */
static void
a_write_that_fails_once_is_done_again(struct test *t)
{
	enum log_level level = console_loglevel;
	unsigned told = 0;

	ASSERT(t, ext2_lab_begin(t, &lab, 1024, NULL));
	console_loglevel = LOG_CRIT;
	for (unsigned n = 0; n < 12; n++) {
		if (!lab.mounted)
			EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
		blk_fail_requests(lab.disk, 1u << BLK_WRITE, n, 1);
		if (write_row("/e/f", 9000, n, true) == -EIO)
			told++;
		blk_fail_requests(lab.disk, 0, 0, 0);
		EXPECT_EQ(t, write_row("/e/g", 500, n, true), 0);
		EXPECT(t, ext2_lab_umount(t, &lab));
		EXPECT(t, ext2_lab_check(t, &lab));
		EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
		EXPECT(t, row_is("/e/f", 9000, n));
		EXPECT(t, row_is("/e/g", 500, n));
		EXPECT_EQ(t, UNLINK("/e/f"), 0);
	}
	console_loglevel = level;
	EXPECT(t, told >= 3);
	ext2_lab_end(t, &lab);
}

/* From some request on none works: the kernel goes on, umount ends. */
static void
a_disk_that_dies_takes_nobody_along(struct test *t)
{
	enum log_level level = console_loglevel;

	for (unsigned n = 0; n < 40; n += 3) {
		ASSERT(t, ext2_lab_begin(t, &lab, 1024, NULL));
		console_loglevel = LOG_EMERG;
		blk_fail_requests(lab.disk, 1u << BLK_READ | 1u << BLK_WRITE,
				  n, ~0u);
		MKDIR("/e/d");
		write_row("/e/d/f", 20000, 1, n % 2);
		RENAME("/e/d/f", "/e/f");
		write_row("/e/d/g", 3000, 2, true);
		UNLINK("/e/f");
		EXPECT(t, ext2_lab_umount(t, &lab));
		blk_fail_requests(lab.disk, 0, 0, 0);
		console_loglevel = level;
		ext2_lab_drop(t, &lab);
	}
}

/* --- power cuts --------------------------------------------------------------------- */

#define NR_SAFE	12

/* Write and sync one file after the other, with others that are not synced, until
 * the power is gone: how many are safe. */
static unsigned
work_until_cut(void)
{
	char name[32];
	unsigned i;

	MKDIR("/e/d");
	for (i = 0; i < NR_SAFE; i++) {
		snprintf(name, sizeof(name), "/e/d/unsafe%u", i);
		write_row(name, 3000, i, false);
		snprintf(name, sizeof(name), "/e/d/safe%u", i);
		if (write_row(name, 700 * (i + 1), i, true))
			break;
		snprintf(name, sizeof(name), "/e/d/unsafe%u", i / 2);
		UNLINK(name);
	}
	return i;
}

/* power_cuts=N on the command line: how many requests lie between two cuts. */
static unsigned long cut_step = 7;

static int
param_power_cuts(const char *value)
{
	return kstrtoul(value, 10, &cut_step) ?: cut_step ? 0 : -EINVAL;
}
BOOT_PARAM("power_cuts", param_power_cuts);

/*
 * A disk with a cache that forgets, cut before request n, for many n and seeds. It
 * is looked at as it is, before any e2fsck: what was synced can be read.
 */
static void
what_was_synced_survives_a_power_cut(struct test *t)
{
	enum log_level level = console_loglevel;
	unsigned safe, sum = 0;
	char name[32];

	for (unsigned n = 1; n < 120; n += cut_step) {
		lab.mounted = false;
		ASSERT(t, !ramdisk_create("ext2t", 2048, true, &lab.disk));
		ext2_mkfs(lab.disk, NULL);
		MKDIR("/e");
		EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
		console_loglevel = LOG_EMERG;
		ramdisk_cut_power(lab.disk, n, n * 77 + (u32)test_random(t));
		safe = work_until_cut();
		sum += safe;
		EXPECT(t, ext2_lab_umount(t, &lab));
		ramdisk_power_on(lab.disk);
		EXPECT_EQ(t, ext2_lab_mount(&lab, "ro"), 0);
		for (unsigned i = 0; i < safe; i++) {
			snprintf(name, sizeof(name), "/e/d/safe%u", i);
			EXPECT(t, row_is(name, 700 * (i + 1), i));
		}
		console_loglevel = level;
		ext2_lab_drop(t, &lab);
	}
	EXPECT(t, sum > 30);
}

/* --- many at once ----------------------------------------------------------------------- */

static atomic_t stress_errors;

static void
stress_one(void *arg)
{
	unsigned me = (unsigned)(unsigned long)arg;
	char a[32], b[32];
	int err;

	for (unsigned i = 0; i < 12; i++) {
		snprintf(a, sizeof(a), "/e/d%u/f%u", i % 3, me * 100 + i);
		snprintf(b, sizeof(b), "/e/d%u/g%u", (i + 1) % 3,
			 me * 100 + i);
		err = write_row(a, 200 + 700 * (i % 5), me, i % 4 == 0);
		if (!err)
			err = RENAME(a, b);
		if (!err)
			err = LINK(b, a);
		if (!err && i % 2)
			err = UNLINK(b);
		/* One name for all: somebody wins. */
		MKDIR("/e/shared");
		RENAME("/e/shared", "/e/d0/shared");
		RMDIR("/e/d0/shared");
		if (err)
			atomic_inc(&stress_errors);
	}
}

static void
many_threads_leave_it_sound(struct test *t)
{
	static const struct ext2_form form = { .inodes_per_group = 128 };
	struct task *tasks[6];
	unsigned long i;

	ASSERT(t, ext2_lab_begin(t, &lab, 2048, &form));
	EXPECT_EQ(t, MKDIR("/e/d0"), 0);
	EXPECT_EQ(t, MKDIR("/e/d1"), 0);
	EXPECT_EQ(t, MKDIR("/e/d2"), 0);
	atomic_set(&stress_errors, 0);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start_on(t, i % nr_cpus, stress_one,
					 (void *)i);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, atomic_read(&stress_errors), 0);
	RMDIR("/e/shared");
	ext2_lab_end(t, &lab);
}

TEST_SUITE("ext2_faults",
	   TEST_CASE(without_memory_the_disk_stays_sound),
	   TEST_CASE(a_read_that_fails_is_told),
	   TEST_CASE(a_write_that_fails_once_is_done_again),
	   TEST_CASE(a_disk_that_dies_takes_nobody_along),
	   TEST_CASE(what_was_synced_survives_a_power_cut),
	   TEST_CASE(many_threads_leave_it_sound));
