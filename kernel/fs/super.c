/* SPDX-License-Identifier: MIT */
/*
 * Super blocks: file systems in use, made and taken apart.
 *
 * Ideas
 *   A type that lives on a disk is given the disk's node (/dev/vda): the disk is
 *	opened and is this file system's alone (holder) until it goes.
 *   Going	all is written; names go, then inodes, none of which stays in the
 *	cache any more (s_dying); then the file system puts down what it has;
 *	then the disk's own pages are written, and the disk is closed.
 *
 *   Only read	a super_block that becomes so must have nobody who writes to it:
 *	writers count themselves (sb_start_write) and then look at s_frozen; we
 *	set s_frozen and then look at the count. One of the two sees the other.
 *
 * Locks   super_mutex: the list of all of them. Who goes over the list, to write
 *   what is dirty, holds it: a super_block in it does not go meanwhile.
 */
#include <kernel/blk.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

static DEFINE_MUTEX(super_mutex);
static LIST_HEAD(supers);		/* super_mutex */
static atomic_t last_dev;

/* The disk whose node is called name becomes sb's. */
static int
claim_disk(struct super_block *sb, const char *name)
{
	struct block_device *disk;
	struct path path;
	umode_t mode;
	dev_t dev;
	int err = kern_path(name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	mode = path.dentry->d_inode->i_mode;
	dev = path.dentry->d_inode->i_rdev;
	path_put(&path);
	if (!S_ISBLK(mode))
		return -ENOTBLK;
	err = bdev_open(dev, &disk);
	if (err)
		return err;
	if (disk->read_only && !(sb->s_flags & SB_RDONLY))
		err = -EROFS;
	else if (!bdev_claim(disk, sb))
		err = -EBUSY;
	if (err) {
		bdev_close(disk);
		return err;
	}
	sb->s_bdev = disk;
	sb->s_dev = disk->dev;
	return 0;
}

static void
release_disk(struct super_block *sb)
{
	if (!sb->s_bdev)
		return;
	bdev_release(sb->s_bdev);
	bdev_close(sb->s_bdev);
}

struct super_block *
super_make(const struct file_system_type *type, const char *devname,
	   const char *options, u32 flags, int *err)
{
	struct super_block *sb = kzalloc(sizeof(*sb), GFP_KERNEL);

	*err = -ENOMEM;
	if (!sb)
		return NULL;
	sb->s_type = type;
	sb->s_flags = flags;
	mutex_init(&sb->s_rename_mutex);
	INIT_LIST_HEAD(&sb->s_dirty);
	sb->s_dev = MKDEV(0, (u32)atomic_add_return(&last_dev, 1));
	*err = type->nodev ? 0 : claim_disk(sb, devname);
	if (!*err) {
		*err = type->fill_super(sb, options);
		if (*err) {
			sb->s_dying = true;	/* what it has read may stay */
			evict_inodes(sb);
			release_disk(sb);
		}
	}
	if (*err) {
		kfree(sb);
		return NULL;
	}
	mutex_lock(&super_mutex);
	list_add_tail(&sb->s_list, &supers);
	mutex_unlock(&super_mutex);
	return sb;
}

void
super_destroy(struct super_block *sb)
{
	int err;

	mutex_lock(&super_mutex);
	list_del(&sb->s_list);
	mutex_unlock(&super_mutex);
	err = sync_filesystem(sb);
	sb->s_dying = true;
	d_genocide(sb->s_root);
	dput(sb->s_root);
	shrink_dcache_sb(sb);
	evict_inodes(sb);
	if (sb->s_op->put_super)
		sb->s_op->put_super(sb);
	if (sb->s_bdev) {
		int result = bdev_sync(sb->s_bdev);

		err = err ? err : result;
		if (err)
			pr_err("%s: unmounted, but not all could be written\n",
			       sb->s_bdev->name);
		release_disk(sb);
	}
	kfree(sb);
}

int
super_remount(struct super_block *sb, u32 flags, const char *options)
{
	bool freeze = flags & SB_RDONLY && !sb_rdonly(sb);
	int err = 0;

	if (freeze) {
		WRITE_ONCE(sb->s_frozen, true);
		smp_mb();
		err = atomic_read(&sb->s_writers) ? -EBUSY :
		      sync_filesystem(sb);
	} else if (!(flags & SB_RDONLY) && sb->s_bdev &&
		   sb->s_bdev->read_only) {
		err = -EROFS;
	}
	if (!err && sb->s_op->remount)
		err = sb->s_op->remount(sb, flags, options);
	if (!err)
		WRITE_ONCE(sb->s_flags, (sb->s_flags & ~SB_KEPT) |
					(flags & SB_KEPT));
	smp_store_release(&sb->s_frozen, false);
	return err;
}

void
for_each_super(void (*fn)(struct super_block *sb, void *arg), void *arg)
{
	struct super_block *sb;

	mutex_lock(&super_mutex);
	list_for_each_entry(sb, &supers, s_list)
		fn(sb, arg);
	mutex_unlock(&super_mutex);
}

void
try_for_each_super(void (*fn)(struct super_block *sb, void *arg), void *arg)
{
	struct super_block *sb;

	if (!mutex_trylock(&super_mutex))
		return;
	list_for_each_entry(sb, &supers, s_list)
		fn(sb, arg);
	mutex_unlock(&super_mutex);
}
