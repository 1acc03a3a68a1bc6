/* SPDX-License-Identifier: MIT */
/*
 * Inodes: made, counted, judged, gone.
 *
 * Ideas
 *   An inode lives while a dentry or an open file holds it. The last reference
 *   evicts it: the file system frees what it has, then its pages go. All our
 *   file systems live in memory and keep an inode by the dentry that names it;
 *   so no table of inodes by number is needed.
 *   Rights	are kept and judged as POSIX says: owner, group, others. User 0
 *	may do everything but run a file that nobody may run.
 *   i_writecount	> 0: so many write to it; < 0: so many run it. One excludes
 *	the other (ETXTBSY).
 *
 * Locks   i_lock (mutex) where fs.h says so. Counts are atomic.
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

static struct kmem_cache *inode_cache;

struct timespec64
current_time(void)
{
	u64 ns = ktime_get_ns();
	struct timespec64 t;

	t.tv_sec = (s64)(ns / NSEC_PER_SEC);
	t.tv_nsec = (s32)(ns % NSEC_PER_SEC);
	return t;
}

void
inode_touch(struct inode *inode)
{
	inode->i_mtime = inode->i_ctime = current_time();
}

void
i_size_write(struct inode *inode, u64 size)
{
	__atomic_store_n(&inode->i_size, size, __ATOMIC_RELAXED);
	WRITE_ONCE(inode->i_mapping->size_pages,
		   (unsigned long)((size + PAGE_SIZE - 1) >> PAGE_SHIFT));
}

struct inode *
new_inode(struct super_block *sb, umode_t mode)
{
	struct inode *inode = kmem_cache_zalloc(inode_cache, GFP_KERNEL);

	if (!inode)
		return NULL;
	inode->i_mode = mode;
	inode->i_uid = current_fs()->uid;
	inode->i_gid = current_fs()->gid;
	inode->i_nlink = 1;
	inode->i_ino = (u32)atomic_add_return(&sb->s_last_ino, 1);
	mutex_init(&inode->i_lock);
	atomic_set(&inode->i_count, 1);
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time();
	inode->i_sb = sb;
	inode->i_mapping = &inode->i_data;
	atomic_inc(&sb->s_nr_inodes);
	return inode;
}

void
ihold(struct inode *inode)
{
	atomic_inc(&inode->i_count);
}

void
iput(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	if (!atomic_dec_and_test(&inode->i_count))
		return;
	if (sb->s_op->evict_inode)
		sb->s_op->evict_inode(inode);
	if (inode->i_data.nr_pages)
		truncate_inode_pages_range(&inode->i_data, 0, ~0ul);
	atomic_dec(&sb->s_nr_inodes);
	kmem_cache_free(inode_cache, inode);
}

int
inode_permission(struct inode *inode, unsigned mask)
{
	const struct fs_struct *fs = current_fs();
	umode_t mode = inode->i_mode;

	if (fs->uid == 0) {
		if ((mask & MAY_EXEC) && !S_ISDIR(mode) && !(mode & 0111))
			return -EACCES;
		return 0;
	}
	if (fs->uid == inode->i_uid)
		mode >>= 6;
	else if (fs->gid == inode->i_gid)
		mode >>= 3;
	return mask & ~mode & 7 ? -EACCES : 0;
}

int
get_write_access(struct inode *inode)
{
	s32 n = atomic_read(&inode->i_writecount);

	do {
		if (n < 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&inode->i_writecount.value, &n,
					      n + 1, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return 0;
}

void
put_write_access(struct inode *inode)
{
	atomic_dec(&inode->i_writecount);
}

int
deny_write_access(struct inode *inode)
{
	s32 n = atomic_read(&inode->i_writecount);

	do {
		if (n > 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&inode->i_writecount.value, &n,
					      n - 1, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return 0;
}

void
allow_write_access(struct inode *inode)
{
	atomic_inc(&inode->i_writecount);
}

static int __init
inode_init(void)
{
	inode_cache = kmem_cache_create("inode_cache", sizeof(struct inode), 0,
					SLAB_PANIC | SLAB_RECLAIM_ACCOUNT,
					NULL);
	return 0;
}
early_initcall(inode_init);
