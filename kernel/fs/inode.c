/* SPDX-License-Identifier: MIT */
/*
 * Inodes: made, counted, judged, gone.
 *
 * Ideas
 *   An inode lives while a dentry or an open file holds it. What the last
 *   reference does, and how an inode is found by its number, is icache.c's; how
 *   a dirty one is written, writeback.c's.
 *   Rights	are kept and judged as POSIX says: owner, group, others. User 0
 *	may do everything but run a file that nobody may run.
 *   i_writecount	> 0: so many write to it; < 0: so many run it. One excludes
 *	the other (ETXTBSY).
 *
 * Locks   i_lock (mutex) where fs.h says so. Counts are atomic.
 */
#include <kernel/file_locks.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/math64.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

static struct kmem_cache *inode_cache;

struct timespec64
current_time(void)
{
	u32 nsec;
	s64 sec = (s64)ns_to_sec(realtime_ns(), &nsec);

	return (struct timespec64){ sec, (s32)nsec };
}

void
inode_touch(struct inode *inode)
{
	inode->i_mtime = inode->i_ctime = current_time();
	mark_inode_dirty(inode, I_DIRTY_SYNC);
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
	inode->i_blkbits = PAGE_SHIFT;
	INIT_LIST_HEAD(&inode->i_hash);
	INIT_LIST_HEAD(&inode->i_lru);
	INIT_LIST_HEAD(&inode->i_dirty);
	atomic_inc(&sb->s_nr_inodes);
	return inode;
}

void
ihold(struct inode *inode)
{
	atomic_inc(&inode->i_count);
}

static void
free_inode_rcu(struct rcu_head *head)
{
	kmem_cache_free(inode_cache,
			container_of(head, struct inode, i_rcu));
}

/* set_page_dirty() may be looking at its mapping: after a grace period. */
void
free_inode(struct inode *inode)
{
	locks_free(inode);
	atomic_dec(&inode->i_sb->s_nr_inodes);
	call_rcu(&inode->i_rcu, free_inode_rcu);
}

int
inode_permission(struct inode *inode, unsigned mask)
{
	const struct fs_struct *fs = current_fs();
	umode_t mode = inode->i_mode;

	if (mask & MAY_WRITE && inode->i_sb->s_flags & SB_RDONLY &&
	    (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)))
		return -EROFS;
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
