/* SPDX-License-Identifier: MIT */
/*
 * Write-back: which inodes have something to be written, and writing it.
 *
 * Ideas
 *   Dirty	an inode is when its pages are (I_DIRTY_PAGES), or what is kept of
 *	it beside them: what one needs to read the pages (DATASYNC: its size,
 *	where its blocks are) or only figures (SYNC: times, rights).
 *   Each super_block has a list of its dirty inodes in the order in which they
 *	became so (i_dirtied_when). So the oldest are written first, and sync()
 *	ends: it writes what was dirty when it began, however fast programs write.
 *   I_SYNC	one task at a time writes an inode; it is on no list meanwhile.
 *	Afterwards it is dirty again if somebody made it so, if a write failed,
 *	or if some of its pages are still on their way: somebody must come by
 *	to see how they fared (mm/cache/writeback.c, reap).
 *   Pages first, then the inode	a size on the disk must not speak of pages
 *	that are not there.
 *
 *	set_page_dirty		mark_inode_dirty
 *	      \----------------------/
 *		sb->s_dirty:  oldest ... newest
 *		      |
 *	flusher, sync(), fsync()   sync_inode: pages, then ->write_inode
 *
 * Locks   inode_lock: lists and i_state. s_sync_mutex of a super_block: it is not
 *   unmounted while one goes over its inodes.
 *
 * Sources  Wu, Torvalds, Chinner et al., Linux, fs/fs-writeback.c's documentation.
 */
#include <kernel/blk.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <mm/trace.h>
#include <mm/writeback.h>

#include "fs_private.h"

static u32 nr_listed;			/* inode_lock: in any s_dirty */

bool
any_inode_dirty(void)
{
	return READ_ONCE(nr_listed) != 0;
}

/* --- becoming dirty ------------------------------------------------------------- */

/* Held: inode_lock. It is dirty, on no list, and nobody writes it. */
static void
enter_list(struct inode *inode)
{
	inode->i_dirtied_when = ktime_get_ns();
	list_add_tail(&inode->i_dirty, &inode->i_sb->s_dirty);
	if (!nr_listed++)
		flusher_first_dirty();
}

static void
leave_list(struct inode *inode)
{
	if (list_empty(&inode->i_dirty))
		return;
	list_del_init(&inode->i_dirty);
	nr_listed--;
}

void
mark_inode_dirty(struct inode *inode, u32 how)
{
	if (how != I_DIRTY_PAGES && !inode->i_sb->s_op->write_inode)
		return;		/* nothing of it is kept anywhere */
	smp_mb();		/* what has changed, before the look at the flags */
	if ((READ_ONCE(inode->i_state) & how) == how)
		return;
	spin_lock(&inode_lock);
	if (!(inode->i_state & I_FREEING)) {
		inode->i_state |= how;
		if (list_empty(&inode->i_dirty) && !(inode->i_state & I_SYNC))
			enter_list(inode);
	}
	spin_unlock(&inode_lock);
}

static void
mapping_dirtied(struct address_space *mapping)
{
	if (mapping->host)
		mark_inode_dirty(mapping->host, I_DIRTY_PAGES);
}

/* It is going, FREEING, and will not be written any more. */
void
inode_forget_dirty(struct inode *inode)
{
	wait_event(&inode_wait, !(READ_ONCE(inode->i_state) & I_SYNC));
	spin_lock(&inode_lock);
	leave_list(inode);
	inode->i_state &= ~I_DIRTY;
	spin_unlock(&inode_lock);
}

/* --- writing one ------------------------------------------------------------------- */

/* Held: inode_lock. It is ours to write; what it was is returned. */
static u32
begin_sync(struct inode *inode)
{
	u32 dirty = inode->i_state & I_DIRTY;

	inode->i_state = (inode->i_state & ~I_DIRTY) | I_SYNC;
	leave_list(inode);
	inode->i_sb->s_nr_syncing++;
	return dirty;
}

static void
end_sync(struct inode *inode, u32 failed)
{
	spin_lock(&inode_lock);
	inode->i_state = (inode->i_state & ~I_SYNC) | failed;
	inode->i_sb->s_nr_syncing--;
	if (mapping_needs_writeback(&inode->i_data))
		inode->i_state |= I_DIRTY_PAGES;
	if (inode->i_state & I_DIRTY && !(inode->i_state & I_FREEING) &&
	    list_empty(&inode->i_dirty))
		enter_list(inode);
	spin_unlock(&inode_lock);
	wake_up_all(&inode_wait);
}

/* Between begin and end. 0 or the first error. */
static int
write_dirty(struct inode *inode, u32 dirty, struct writeback_control *wbc)
{
	const struct super_operations *op = inode->i_sb->s_op;
	bool wait = wbc->sync_mode == WB_SYNC_ALL;
	struct address_space *mapping = &inode->i_data;
	long before = wbc->nr_to_write;
	int err = 0, result = 0;
	struct blk_plug plug;

	if (mapping->ops && mapping->ops->write_page &&
	    mapping_needs_writeback(mapping)) {
		blk_start_plug(&plug);
		err = write_mapping_pages(mapping, wbc);
		blk_finish_plug(&plug);
		if (wait)
			filemap_fdatawait_range(mapping, wbc->range_start,
						wbc->range_end);
	}
	trace_writeback_single_inode(inode->i_ino, dirty,
				     (u32)(before - wbc->nr_to_write));
	dirty &= I_DIRTY_SYNC | I_DIRTY_DATASYNC;
	if (dirty && op->write_inode)
		result = op->write_inode(inode, wait);
	end_sync(inode, result ? dirty : 0);
	return err ? err : result;
}

static bool
try_begin_sync(struct inode *inode, u32 *dirty)
{
	bool ok;

	spin_lock(&inode_lock);
	ok = !(inode->i_state & I_SYNC);
	if (ok)
		*dirty = begin_sync(inode);
	spin_unlock(&inode_lock);
	return ok;
}

int
sync_inode(struct inode *inode, enum writeback_sync_mode mode)
{
	struct writeback_control wbc = {
		.sync_mode = mode, .nr_to_write = 0x7fffffff,
		.range_end = ~0ul,
	};
	u32 dirty;

	wait_event(&inode_wait, try_begin_sync(inode, &dirty));
	return write_dirty(inode, dirty, &wbc);
}

/* --- writing many ------------------------------------------------------------------- */

/* The oldest dirty inode of sb, if it became so by `before`: with a reference,
 * begun. */
static struct inode *
next_dirty(struct super_block *sb, u64 before, u32 *dirty)
{
	struct inode *inode = NULL, *at;

	spin_lock(&inode_lock);
	list_for_each_entry(at, &sb->s_dirty, i_dirty) {
		if (at->i_dirtied_when > before)
			break;
		if (at->i_state & I_NEW || !inode_grab_locked(at))
			continue;
		inode = at;
		*dirty = begin_sync(inode);
		break;
	}
	spin_unlock(&inode_lock);
	return inode;
}

int
writeback_sb_inodes(struct super_block *sb, enum writeback_sync_mode mode,
		    u64 before, long *nr_pages)
{
	struct writeback_control wbc = {
		.sync_mode = mode, .range_end = ~0ul,
		.range_cyclic = mode == WB_SYNC_NONE,
	};
	struct inode *inode;
	int err = 0, result;
	u32 dirty;

	while (*nr_pages > 0 && (inode = next_dirty(sb, before, &dirty))) {
		wbc.nr_to_write = *nr_pages;
		result = write_dirty(inode, dirty, &wbc);
		*nr_pages = wbc.nr_to_write;
		iput(inode);
		err = err ? err : result;
		cond_resched();
	}
	return err;
}

/*
 * Two passes: the first begins all, the second waits for each. What somebody
 * else is writing is on no list: that is waited for at the end.
 */
int
sync_filesystem(struct super_block *sb)
{
	u64 now = ktime_get_ns();
	long all = 0x7fffffff;
	int err, result;

	writeback_sb_inodes(sb, WB_SYNC_NONE, now, &all);
	all = 0x7fffffff;
	/* The first pass has moved what it began to the end of the list. */
	err = writeback_sb_inodes(sb, WB_SYNC_ALL, ktime_get_ns(), &all);
	wait_event(&inode_wait, READ_ONCE(sb->s_nr_syncing) == 0);
	if (sb->s_op->sync_fs) {
		result = sb->s_op->sync_fs(sb, true);
		err = err ? err : result;
	}
	if (sb->s_bdev) {
		result = bdev_sync(sb->s_bdev);
		err = err ? err : result;
	}
	return err;
}

static void
sync_one(struct super_block *sb, void *arg)
{
	(void)arg;
	sync_filesystem(sb);
}

void
sync_all(void)
{
	for_each_super(sync_one, NULL);
	bdev_sync_all(true);
}

/* --- one file, for who has it open ---------------------------------------------------- */

int
file_check_and_advance_wb_err(struct file *file)
{
	int err;

	mutex_lock(&file->f_pos_lock);
	err = errseq_check_and_advance(&file->f_inode->i_mapping->wb_err,
				       &file->f_wb_err);
	mutex_unlock(&file->f_pos_lock);
	return err;
}

int
vfs_fsync_range(struct file *file, u64 start, u64 end, bool datasync)
{
	if (!file->f_op || !file->f_op->fsync)
		return -EINVAL;
	return file->f_op->fsync(file, start, end, datasync);
}

/* Does fsync() have to write the inode? */
static bool
inode_is_dirty(const struct inode *inode, bool datasync)
{
	u32 what = I_DIRTY_DATASYNC | I_SYNC | (datasync ? 0 : I_DIRTY_SYNC);

	return READ_ONCE(inode->i_state) & what;
}

/* The pages of the range, and the inode if it matters. What else leads to them, and
 * the disk's own cache, are the file system's affair. */
int
generic_file_fsync(struct file *file, u64 start, u64 end, bool datasync)
{
	struct inode *inode = file->f_inode;
	struct address_space *mapping = inode->i_mapping;
	int err, result;

	err = filemap_write_and_wait_range(mapping,
		(unsigned long)(start >> PAGE_SHIFT),
		end >= MAX_LFS_FILESIZE ? ~0ul :
		(unsigned long)((end + PAGE_SIZE - 1) >> PAGE_SHIFT));
	if (inode_is_dirty(inode, datasync)) {
		result = sync_inode(inode, WB_SYNC_ALL);
		err = err ? err : result;
	}
	result = file_check_and_advance_wb_err(file);
	return result ? result : err;
}

int
generic_write_sync(struct file *file, u64 pos, size_t n)
{
	if (!(file->f_flags & O_DSYNC) || !n || !file->f_op->fsync)
		return 0;
	return vfs_fsync_range(file, pos, pos + n,
			       (file->f_flags & O_SYNC) != O_SYNC);
}

static int __init
writeback_init(void)
{
	mapping_dirtied_fn = mapping_dirtied;
	return 0;
}
early_initcall(writeback_init);
