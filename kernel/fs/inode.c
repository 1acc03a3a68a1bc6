/* SPDX-License-Identifier: MIT */
/*
 * Inodes: made, counted, judged, gone.
 *
 * Ideas
 *   An inode lives while a dentry or an open file holds it. The last reference
 *   evicts it: the file system frees what it has, then its pages go.
 *   Number	names on a disk lead to numbers of inodes. Two names of one
 *	file must lead to one inode: those of a disk are in a table by number.
 *	(File systems in memory keep an inode by the dentry that names it, and
 *	need none.)
 *	I_NEW	the one who did not find it made it, and reads it; others who
 *		come for it wait.
 *	I_FREEING  it is going, which may take I/O. Who comes for the number
 *		waits, and then makes it anew.
 *   Rights	are kept and judged as POSIX says: owner, group, others. User 0
 *	may do everything but run a file that nobody may run.
 *   i_writecount	> 0: so many write to it; < 0: so many run it. One excludes
 *	the other (ETXTBSY).
 *
 * Invariants (inode_verify)
 *   I1  an inode in the table is in the bucket of its number, once unless it
 *	is I_FREEING.
 *
 * Locks   i_lock (mutex) where fs.h says so; inode_hash_lock for the table, for
 *   i_state, and for a count that becomes 0 or grows from 0 of an inode in the
 *   table. Counts are atomic.
 * Cost    found by number: a bucket of 256, one lock pair.
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/wait.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/verify.h>

#include "fs_private.h"

#define HASH_SIZE	256u

static struct kmem_cache *inode_cache;
static DEFINE_SPINLOCK(inode_hash_lock, LOCK_INODE);
static struct list_head buckets[HASH_SIZE];	/* inode_hash_lock */
/* Those who wait for an inode that is read or goes. */
static struct wait_queue_head inode_wait;

struct timespec64
current_time(void)
{
	u64 ns = realtime_ns();
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
	INIT_LIST_HEAD(&inode->i_hash);
	atomic_inc(&sb->s_nr_inodes);
	return inode;
}

void
ihold(struct inode *inode)
{
	atomic_inc(&inode->i_count);
}

/*
 * Nobody has it any more. One that is in the table stays there, I_FREEING, until
 * the file system has done with it, so that nobody reads from the disk what is
 * just being written.
 */
static void
evict(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	if (sb->s_op->evict_inode)
		sb->s_op->evict_inode(inode);
	if (!list_empty(&inode->i_hash)) {
		spin_lock(&inode_hash_lock);
		list_del_init(&inode->i_hash);
		spin_unlock(&inode_hash_lock);
		wake_up_all(&inode_wait);
	}
	if (inode->i_data.nr_pages)
		truncate_inode_pages_range(&inode->i_data, 0, ~0ul);
	atomic_dec(&sb->s_nr_inodes);
	kmem_cache_free(inode_cache, inode);
}

/* The last user of one that is in the table. */
static void
put_hashed(struct inode *inode)
{
	spin_lock(&inode_hash_lock);
	if (!atomic_dec_and_test(&inode->i_count)) {
		spin_unlock(&inode_hash_lock);
		return;
	}
	inode->i_state |= I_FREEING;
	spin_unlock(&inode_hash_lock);
	evict(inode);
}

void
iput(struct inode *inode)
{
	if (list_empty(&inode->i_hash)) {
		if (atomic_dec_and_test(&inode->i_count))
			evict(inode);
	} else if (!atomic_add_unless(&inode->i_count, -1, 1)) {
		put_hashed(inode);
	}
}

/* --- by number ---------------------------------------------------------------- */

static struct list_head *
bucket_of(const struct super_block *sb, u64 ino)
{
	u32 hash = (u32)(unsigned long)sb / sizeof(*sb) + (u32)ino;

	return &buckets[hash % HASH_SIZE];
}

/*
 * With a reference, or NULL; *going: it is there, but goes. Held:
 * inode_hash_lock.
 */
static struct inode *
find_inode(const struct super_block *sb, u64 ino, bool *going)
{
	struct inode *inode, *found = NULL;

	*going = false;
	list_for_each_entry(inode, bucket_of(sb, ino), i_hash) {
		if (inode->i_ino != ino || inode->i_sb != sb)
			continue;
		if (inode->i_state & I_FREEING)
			*going = true;
		else
			found = inode;
	}
	if (found)
		atomic_inc(&found->i_count);
	return found;
}

static bool
is_gone(const struct super_block *sb, u64 ino)
{
	struct inode *inode;
	bool gone = true;

	spin_lock(&inode_hash_lock);
	list_for_each_entry(inode, bucket_of(sb, ino), i_hash) {
		if (inode->i_ino == ino && inode->i_sb == sb &&
		    inode->i_state & I_FREEING)
			gone = false;
	}
	spin_unlock(&inode_hash_lock);
	return gone;
}

/* What is there, or fresh; NULL: one that had the number is going. */
static struct inode *
find_or_insert(struct super_block *sb, u64 ino, struct inode *fresh)
{
	struct inode *inode;
	bool going;

	spin_lock(&inode_hash_lock);
	inode = find_inode(sb, ino, &going);
	if (!inode && !going && fresh) {
		inode = fresh;
		inode->i_ino = ino;
		inode->i_state = I_NEW;
		list_add(&inode->i_hash, bucket_of(sb, ino));
	}
	spin_unlock(&inode_hash_lock);
	if (!inode && going)
		wait_event(&inode_wait, is_gone(sb, ino));
	return inode;
}

struct inode *
iget_locked(struct super_block *sb, u64 ino)
{
	struct inode *inode, *fresh = NULL;

	for (;;) {
		inode = find_or_insert(sb, ino, fresh);
		if (inode && inode == fresh)
			return inode;
		if (inode) {
			wait_event(&inode_wait, !inode_is_new(inode));
			if (!list_empty(&inode->i_hash))
				break;
			iput(inode);	/* it could not be read */
		} else if (!fresh) {
			fresh = new_inode(sb, 0);
			if (!fresh)
				return NULL;
		}
	}
	if (fresh)
		iput(fresh);
	return inode;
}

static void
end_new(struct inode *inode, bool failed)
{
	spin_lock(&inode_hash_lock);
	if (failed)
		list_del_init(&inode->i_hash);
	WRITE_ONCE(inode->i_state, inode->i_state & ~I_NEW);
	spin_unlock(&inode_hash_lock);
	wake_up_all(&inode_wait);
}

void
unlock_new_inode(struct inode *inode)
{
	end_new(inode, false);
}

void
iget_failed(struct inode *inode)
{
	end_new(inode, true);
	iput(inode);
}

void
insert_inode_hash(struct inode *inode)
{
	spin_lock(&inode_hash_lock);
	list_add(&inode->i_hash, bucket_of(inode->i_sb, inode->i_ino));
	spin_unlock(&inode_hash_lock);
}

static void
inode_verify(struct verify *v)
{
	const struct inode *inode, *other;
	unsigned i, same;

	spin_lock(&inode_hash_lock);
	for (i = 0; i < HASH_SIZE; i++) {
		list_for_each_entry(inode, &buckets[i], i_hash) {
			same = 0;
			list_for_each_entry(other, &buckets[i], i_hash)
				same += other->i_ino == inode->i_ino &&
					other->i_sb == inode->i_sb &&
					!(other->i_state & I_FREEING);
			VERIFY(v, bucket_of(inode->i_sb, inode->i_ino) ==
				  &buckets[i] && same <= 1, "I1",
			       "inode %llu is in the wrong bucket, or twice",
			       inode->i_ino);
		}
	}
	spin_unlock(&inode_hash_lock);
}

static struct verify_module inode_module = { .name = "inode",
					     .fn = inode_verify };

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
	for (unsigned i = 0; i < HASH_SIZE; i++)
		INIT_LIST_HEAD(&buckets[i]);
	init_waitqueue_head(&inode_wait);
	verify_register(&inode_module);
	return 0;
}
early_initcall(inode_init);
