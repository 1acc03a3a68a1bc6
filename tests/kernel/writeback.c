/* SPDX-License-Identifier: MIT */
/*
 * Write-back: when dirty pages and inodes are written, by whom, and that none
 * is forgotten. Stores through mappings, the flusher, the brake, O_SYNC; and
 * inodes of a file system made for it.
 */
#include <kernel/sched.h>
#include <mm/mm.h>
#include <mm/mman.h>
#include <mm/verify.h>

#include "as_helpers.h"
#include "disks.h"
#include "files.h"
#include "threads.h"

/* 0 or -Exxx. */
static int
set_knob(const char *name, const char *value)
{
	char path[64];
	struct file *file;
	ssize_t n;
	int err;

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	err = filp_open(path, O_WRONLY, 0, &file);
	if (err)
		return err;
	n = write_text(file, value);
	fput(file);
	return n < 0 ? (int)n : 0;
}

static void
knob(struct test *t, const char *name, const char *value)
{
	EXPECT_EQ(t, set_knob(name, value), 0);
}

static void
default_knobs(struct test *t)
{
	knob(t, "dirty_background_ratio", "10");
	knob(t, "dirty_ratio", "20");
	knob(t, "dirty_expire_centisecs", "3000");
	knob(t, "dirty_writeback_centisecs", "500");
}

static unsigned long
dirty(void)
{
	return global_node_page_state(NR_FILE_DIRTY);
}

/* --- stores through mappings --- */

static bool
flag_of(struct test_disk *d, unsigned long index, u32 flag)
{
	struct page *page = find_get_page(d->disk->mapping, index);
	bool set = page && READ_ONCE(page->flags) & flag;

	if (page)
		put_page(page);
	return set;
}

static void
a_store_makes_the_page_dirty_at_once(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm);
	at = as_map_file(mm, d.file, 4 * PAGE_SIZE, RW, MAP_SHARED);
	EXPECT_EQ(t, as_touch(mm, at, false), 0);
	EXPECT(t, !flag_of(&d, 0, PG_dirty));
	EXPECT_EQ(t, as_touch(mm, at, true), 0);
	EXPECT(t, flag_of(&d, 0, PG_dirty));
	EXPECT(t, pte_dirty(as_pte(mm, at)));
	EXPECT(t, as_poke(mm, at, 0x12345678));
	EXPECT(t, as_poke(mm, at + 2 * PAGE_SIZE, 5));	/* not read before */
	EXPECT_EQ(t, dirty(), 2);
	EXPECT_VERIFIED(t);
	mmput(mm);
	EXPECT_EQ(t, dirty(), 2);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT_EQ(t, *(const u32 *)ramdisk_media(d.disk, 0), 0x12345678);
	EXPECT_EQ(t, *(const u32 *)ramdisk_media(d.disk, 16), 5);
	test_disk_free(t, &d);
}

/* Written, so clean: the next store must be noticed. */
static void
after_the_write_the_next_store_is_seen(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct mm_struct *mm = mm_alloc(), *other = mm_alloc();
	unsigned long at, there;

	ASSERT(t, mm && other);
	at = as_map_file(mm, d.file, PAGE_SIZE, RW, MAP_SHARED);
	there = as_map_file(other, d.file, PAGE_SIZE, RW, MAP_SHARED);
	EXPECT(t, as_poke(mm, at, 1));
	EXPECT(t, as_poke(other, there + 4, 2));
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, !pte_dirty(as_pte(mm, at)));
	EXPECT(t, !pte_dirty(as_pte(other, there)));
	EXPECT_EQ(t, dirty(), 0);
	EXPECT(t, as_poke(other, there + 4, 3));
	EXPECT_EQ(t, dirty(), 1);
	EXPECT_EQ(t, do_msync(other, there, PAGE_SIZE, MS_ASYNC), 0);
	EXPECT_EQ(t, dirty(), 1);
	EXPECT_EQ(t, do_msync(other, there, PAGE_SIZE, MS_SYNC), 0);
	EXPECT_EQ(t, dirty(), 0);
	EXPECT_EQ(t, ((const u32 *)ramdisk_media(d.disk, 0))[1], 3);
	blk_fail_requests(d.disk, 1u << BLK_WRITE, 0, 1);
	EXPECT(t, as_poke(mm, at, 9));
	EXPECT_EQ(t, do_msync(mm, at, PAGE_SIZE, MS_SYNC), -EIO);
	EXPECT_EQ(t, do_msync(mm, at, PAGE_SIZE, MS_SYNC), 0);
	EXPECT_EQ(t, *(const u32 *)ramdisk_media(d.disk, 0), 9);
	EXPECT_EQ(t, do_msync(mm, at, 2 * PAGE_SIZE, MS_SYNC), -ENOMEM);
	mmput(mm);
	mmput(other);
	test_disk_free(t, &d);
}

static void
a_private_copy_is_not_the_files(struct test *t)
{
	NEED_TEST_DISK(t, false);
	struct mm_struct *mm = mm_alloc();
	unsigned long at;

	ASSERT(t, mm);
	at = as_map_file(mm, d.file, PAGE_SIZE, RW, MAP_PRIVATE);
	EXPECT(t, as_poke(mm, at, 1));
	EXPECT_EQ(t, dirty(), 0);
	mmput(mm);
	EXPECT_EQ(t, dirty(), 0);
	test_disk_free(t, &d);
}

/* --- the flusher --- */

static void
the_flusher_begins_above_the_background_limit(struct test *t)
{
	NEED_TEST_DISK(t, false);

	knob(t, "dirty_background_bytes", "65536");
	knob(t, "dirty_expire_centisecs", "1000000");	/* not by its age */
	EXPECT_EQ(t, write_pattern(d.file, 0, 12 * 4096, 1), 12 * 4096);
	EXPECT_EQ(t, dirty(), 12);
	EXPECT_EQ(t, write_pattern(d.file, 12 * 4096, 64 * 4096, 1),
		  64 * 4096);
	TEST_WAIT_UNTIL(dirty() <= 16);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, 0, 76 * 4096, 1));
	default_knobs(t);
	test_disk_free(t, &d);
}

static void
what_is_old_is_written_however_little_it_is(struct test *t)
{
	NEED_TEST_DISK(t, false);

	knob(t, "dirty_expire_centisecs", "20");
	knob(t, "dirty_writeback_centisecs", "5");
	EXPECT_EQ(t, write_pattern(d.file, 5, 10, 1), 10);
	wake_flusher();			/* a new period */
	TEST_WAIT_UNTIL(media_has(d.disk, 5, 10, 1));
	TEST_WAIT_UNTIL(dirty() == 0);
	default_knobs(t);
	test_disk_free(t, &d);
}

static void
the_flusher_tries_again_what_failed(struct test *t)
{
	NEED_TEST_DISK(t, false);

	blk_fail_requests(d.disk, 1u << BLK_WRITE, 0, 3);
	knob(t, "dirty_expire_centisecs", "5");
	knob(t, "dirty_writeback_centisecs", "2");
	EXPECT_EQ(t, write_pattern(d.file, 5, 10, 1), 10);
	wake_flusher();
	TEST_WAIT_UNTIL(media_has(d.disk, 5, 10, 1));
	EXPECT_EQ(t, d.disk->errors, 3);
	EXPECT_EQ(t, fsync_file(d.file), -EIO);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	default_knobs(t);
	test_disk_free(t, &d);
}

static bool writer_done;

static void
write_much(void *file)
{
	write_pattern(file, 0, 256 * 4096, 3);
	WRITE_ONCE(writer_done, true);
}

/* The disk takes nothing: the writer gets as far as the limit, and a batch for
 * each pause. Once the disk works it goes on. */
static void
writers_wait_above_the_limit(struct test *t)
{
	NEED_TEST_DISK(t, false);
	unsigned long before = vm_event(DIRTY_THROTTLED);
	struct task *task;

	knob(t, "dirty_background_bytes", "65536");
	knob(t, "dirty_bytes", "131072");
	ramdisk_hold(d.disk, true);
	WRITE_ONCE(writer_done, false);
	task = test_start(t, write_much, d.file, "writer");
	TEST_WAIT_UNTIL(vm_event(DIRTY_THROTTLED) > before);
	EXPECT(t, !READ_ONCE(writer_done));
	/* A sum over cores is right once nobody moves pages from one to the other. */
	TEST_WAIT_UNTIL(dirty() + global_node_page_state(NR_WRITEBACK) >= 32);
	ramdisk_hold(d.disk, false);
	ramdisk_release(d.disk, ~0u);
	test_join(task);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT(t, media_has(d.disk, 0, 256 * 4096, 3));
	default_knobs(t);
	test_disk_free(t, &d);
}

static void
bytes_and_ratio_exclude_each_other(struct test *t)
{
	knob(t, "dirty_bytes", "1000000");
	EXPECT(t, file_is("/proc/sys/vm/dirty_ratio", "0\n"));
	knob(t, "dirty_ratio", "30");
	EXPECT(t, file_is("/proc/sys/vm/dirty_bytes", "0\n"));
	EXPECT(t, file_is("/proc/sys/vm/dirty_ratio", "30\n"));
	EXPECT_EQ(t, set_knob("dirty_ratio", "101"), -EINVAL);
	EXPECT_EQ(t, set_knob("dirty_bytes", "100"), -EINVAL);
	default_knobs(t);
	/* As a shell writes it: O_CREAT | O_TRUNC. */
	EXPECT_EQ(t, make_file("/proc/sys/vm/dirty_ratio", "20"), 0);
}

static void
cache_pressure_moves_what_the_shrinkers_see(struct test *t)
{
	EXPECT_EQ(t, cache_pressure(50), 50);
	knob(t, "vfs_cache_pressure", "200");
	EXPECT_EQ(t, cache_pressure(50), 100);
	knob(t, "vfs_cache_pressure", "0");
	EXPECT_EQ(t, cache_pressure(50), 0);
	knob(t, "vfs_cache_pressure", "100");
}

/* --- at once --- */

static void
o_sync_writes_before_it_returns(struct test *t)
{
	NEED_TEST_DISK(t, true);
	struct file *file;

	ASSERT_EQ(t, filp_open("/dev/rt0", O_RDWR | O_DSYNC, 0, &file), 0);
	EXPECT_EQ(t, write_pattern(file, 100, 5000, 2), 5000);
	EXPECT(t, media_has(d.disk, 100, 5000, 2));
	blk_fail_requests(d.disk, 1u << BLK_WRITE, 0, 1);
	EXPECT_EQ(t, write_pattern(file, 100, 5, 3), -EIO);
	fput(file);
	EXPECT_EQ(t, fsync_file(d.file), -EIO);
	test_disk_free(t, &d);
}

static void
sync_writes_everything(struct test *t)
{
	NEED_TEST_DISK(t, true);

	EXPECT_EQ(t, write_pattern(d.file, 100, 50000, 2), 50000);
	sync_all();
	EXPECT(t, media_has(d.disk, 100, 50000, 2));
	EXPECT_EQ(t, dirty(), 0);
	test_disk_free(t, &d);
}

static void
the_last_close_syncs(struct test *t)
{
	NEED_TEST_DISK(t, true);

	EXPECT_EQ(t, write_pattern(d.file, 100, 50000, 2), 50000);
	fput(d.file);
	EXPECT(t, media_has(d.disk, 100, 50000, 2));
	EXPECT_EQ(t, filp_open("/dev/rt0", O_RDWR, 0, &d.file), 0);
	test_disk_free(t, &d);
}

static void
drop_caches_takes_what_is_clean(struct test *t)
{
	NEED_TEST_DISK(t, false);

	EXPECT_EQ(t, write_pattern(d.file, 0, 5 * 4096, 2), 5 * 4096);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	EXPECT_EQ(t, write_pattern(d.file, 4096, 4096, 3), 4096);
	EXPECT(t, global_node_page_state(NR_BUFFERS) >= 5);
	knob(t, "drop_caches", "1");
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 1);
	EXPECT_EQ(t, dirty(), 1);
	EXPECT_EQ(t, fsync_file(d.file), 0);
	knob(t, "drop_caches", "3");
	EXPECT_EQ(t, d.disk->mapping->nr_pages, 0);
	test_disk_free(t, &d);
}

/* --- inodes --- */

static unsigned nr_written, nr_evicted;
static int write_error;
static struct inode *dirty_again;

static int
note_write_inode(struct inode *inode, bool wait)
{
	(void)wait;
	nr_written++;
	if (dirty_again == inode) {
		dirty_again = NULL;
		mark_inode_dirty(inode, I_DIRTY_SYNC);
	}
	return write_error;
}

static void
note_evict(struct inode *inode)
{
	(void)inode;
	nr_evicted++;
}

static const struct super_operations ops = {
	.write_inode = note_write_inode, .evict_inode = note_evict,
};
static struct super_block sb = { .s_op = &ops };

static struct inode *
get_inode(u64 ino)
{
	struct inode *inode = iget_locked(&sb, ino);

	if (inode && inode_is_new(inode)) {
		address_space_init(&inode->i_data, inode, NULL,
				   GFP_KERNEL);
		unlock_new_inode(inode);
	}
	return inode;
}

static void
start_inodes(void)
{
	INIT_LIST_HEAD(&sb.s_dirty);
	nr_written = nr_evicted = 0;
	write_error = 0;
	dirty_again = NULL;
	sb.s_dying = false;
}

static void
end_inodes(struct test *t, struct inode *inode)
{
	inode->i_nlink = 0;
	iput(inode);
	EXPECT_EQ(t, atomic_read(&sb.s_nr_inodes), 0);
}

static void
an_inode_is_written_when_it_is_dirty(struct test *t)
{
	struct inode *inode;

	start_inodes();
	inode = get_inode(3);
	ASSERT(t, inode);
	EXPECT_EQ(t, sync_inode(inode, WB_SYNC_ALL), 0);
	EXPECT_EQ(t, nr_written, 0);
	mark_inode_dirty(inode, I_DIRTY_SYNC);
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	EXPECT_EQ(t, sync_filesystem(&sb), 0);
	EXPECT_EQ(t, nr_written, 1);
	EXPECT_EQ(t, inode->i_state, 0);
	EXPECT(t, list_empty(&sb.s_dirty));
	end_inodes(t, inode);
	EXPECT_EQ(t, nr_evicted, 1);
}

static void
the_same_number_of_another_file_system_is_another_inode(struct test *t)
{
	const unsigned nr = 257;	/* more than there are places in the hash */
	struct super_block *others = kvzalloc(nr * sizeof(*others),
					      GFP_KERNEL);
	struct inode *a, *b;

	ASSERT(t, others != NULL);
	start_inodes();
	a = get_inode(3);
	ASSERT(t, a != NULL);
	for (unsigned i = 0; i < nr; i++) {
		others[i].s_op = &ops;
		b = iget_locked(&others[i], 3);
		ASSERT(t, b && a != b && inode_is_new(b));
		iget_failed(b);
		EXPECT_EQ(t, atomic_read(&others[i].s_nr_inodes), 0);
	}
	end_inodes(t, a);
	kvfree(others);
}

static void
what_becomes_dirty_while_it_is_written_stays_so(struct test *t)
{
	struct inode *inode;

	start_inodes();
	inode = get_inode(3);
	ASSERT(t, inode);
	dirty_again = inode;
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	EXPECT_EQ(t, sync_inode(inode, WB_SYNC_ALL), 0);
	EXPECT_EQ(t, inode->i_state, I_DIRTY_SYNC);
	EXPECT(t, !list_empty(&sb.s_dirty));
	EXPECT_EQ(t, sync_filesystem(&sb), 0);
	EXPECT_EQ(t, nr_written, 2);
	end_inodes(t, inode);
}

static void
an_inode_that_cannot_be_written_stays_dirty(struct test *t)
{
	struct inode *inode;

	start_inodes();
	inode = get_inode(3);
	ASSERT(t, inode);
	write_error = -EIO;
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	EXPECT_EQ(t, sync_inode(inode, WB_SYNC_ALL), -EIO);
	EXPECT_EQ(t, inode->i_state, I_DIRTY_DATASYNC);
	write_error = 0;
	EXPECT_EQ(t, sync_filesystem(&sb), 0);
	EXPECT_EQ(t, inode->i_state, 0);
	end_inodes(t, inode);
}

static void
the_oldest_are_written_first(struct test *t)
{
	struct inode *a, *b;
	long many = 100;
	u64 middle;

	start_inodes();
	a = get_inode(3);
	b = get_inode(4);
	ASSERT(t, a && b);
	mark_inode_dirty(a, I_DIRTY_SYNC);
	usleep(10);
	middle = ktime_get_ns();
	usleep(10);
	mark_inode_dirty(b, I_DIRTY_SYNC);
	EXPECT_EQ(t, writeback_sb_inodes(&sb, WB_SYNC_NONE, middle, &many), 0);
	EXPECT_EQ(t, a->i_state, 0);
	EXPECT_EQ(t, b->i_state, I_DIRTY_SYNC);
	EXPECT_EQ(t, sync_filesystem(&sb), 0);
	a->i_nlink = 0;
	iput(a);
	end_inodes(t, b);
}

static void
an_unused_inode_stays_and_the_shrinker_takes_it(struct test *t)
{
	struct inode *inode, *again;

	start_inodes();
	inode = get_inode(3);
	ASSERT(t, inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC);
	iput(inode);
	EXPECT_EQ(t, nr_evicted, 0);
	/* What is dirty is not taken. */
	shrink_slab(0);
	EXPECT_EQ(t, nr_evicted, 0);
	again = get_inode(3);
	EXPECT(t, again == inode);
	EXPECT_EQ(t, sync_inode(again, WB_SYNC_ALL), 0);
	iput(again);
	EXPECT_VERIFIED(t);
	shrink_slab(0);
	EXPECT_EQ(t, nr_evicted, 1);
	EXPECT_EQ(t, atomic_read(&sb.s_nr_inodes), 0);
}

/* On its way out with the file system: written first, once. */
static void
a_dirty_inode_is_written_before_it_goes(struct test *t)
{
	struct inode *inode;

	start_inodes();
	inode = get_inode(3);
	ASSERT(t, inode);
	sb.s_dying = true;
	mark_inode_dirty(inode, I_DIRTY_SYNC);
	write_error = -EIO;
	iput(inode);
	EXPECT_EQ(t, nr_written, 1);
	EXPECT_EQ(t, nr_evicted, 1);
	EXPECT(t, list_empty(&sb.s_dirty));
	/* One without a name is not. */
	start_inodes();
	inode = get_inode(4);
	ASSERT(t, inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC);
	end_inodes(t, inode);
	EXPECT_EQ(t, nr_written, 0);
}

TEST_SUITE("writeback",
	   TEST_CASE(a_store_makes_the_page_dirty_at_once),
	   TEST_CASE(after_the_write_the_next_store_is_seen),
	   TEST_CASE(a_private_copy_is_not_the_files),
	   TEST_CASE(the_flusher_begins_above_the_background_limit),
	   TEST_CASE(what_is_old_is_written_however_little_it_is),
	   TEST_CASE(the_flusher_tries_again_what_failed),
	   TEST_CASE(writers_wait_above_the_limit),
	   TEST_CASE(bytes_and_ratio_exclude_each_other),
	   TEST_CASE(cache_pressure_moves_what_the_shrinkers_see),
	   TEST_CASE(o_sync_writes_before_it_returns),
	   TEST_CASE(sync_writes_everything),
	   TEST_CASE(the_last_close_syncs),
	   TEST_CASE(drop_caches_takes_what_is_clean),
	   TEST_CASE(an_inode_is_written_when_it_is_dirty),
	   TEST_CASE(the_same_number_of_another_file_system_is_another_inode),
	   TEST_CASE(what_becomes_dirty_while_it_is_written_stays_so),
	   TEST_CASE(an_inode_that_cannot_be_written_stays_dirty),
	   TEST_CASE(the_oldest_are_written_first),
	   TEST_CASE(an_unused_inode_stays_and_the_shrinker_takes_it),
	   TEST_CASE(a_dirty_inode_is_written_before_it_goes));
