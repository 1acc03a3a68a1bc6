/* SPDX-License-Identifier: MIT */
/*
 * Inode cache: inodes found by their number, and kept when nobody uses them.
 *
 * Ideas
 *   Two names may lead to one file, so a file system must find out whether the
 *	inode that a name tells it is in memory already: one number, one inode
 *	(iget_locked). A file system that lives in memory needs none of this:
 *	its dentries hold the inodes.
 *   Unused	an inode without a reference stays, with its pages, on a list,
 *	oldest first: opening the file again costs no I/O. The shrinker takes
 *	those from it that have no pages left (pages go first, and are the
 *	greater part of the memory) and nothing to be written.
 *
 *	iget_locked --> NEW --unlock_new_inode--> in use <--> unused
 *						    |		|  shrinker
 *	 no name left, umount: last iput	    v		v
 *						  FREEING --> gone
 *
 *   FREEING	while the file system puts down what it has, the inode is still
 *	found; who wants it waits until it is gone, and reads it anew.
 *
 * Invariants (icache_verify)
 *   I1  an inode in the hash is in the bucket of its number, and is there once.
 *   I2  every inode in the list of unused ones is in the hash and has no
 *	reference; nr_unused counts them.
 *
 * Locks   inode_lock (rank INODE): hash, list, i_state; i_count goes to 0, and
 *   from it, only under it. inode_wait: any change of i_state.
 * Cost    a search in a bucket of 256.
 */
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/verify.h>

#include "fs_private.h"

#define HASH_SIZE	256u

DEFINE_SPINLOCK(inode_lock, LOCK_INODE);
DECLARE_WAIT_QUEUE_HEAD(inode_wait);
static struct list_head buckets[HASH_SIZE];	/* inode_lock, as the rest */
static LIST_HEAD(unused);
static unsigned long nr_unused;

static struct list_head *
bucket_of(const struct super_block *sb, u64 ino)
{
	u32 hash = (u32)(unsigned long)sb / sizeof(*sb) + (u32)ino * 2654435761u;

	return &buckets[(hash ^ hash >> 16) % HASH_SIZE];
}

/* Held for the next three: inode_lock. */
static struct inode *
find_inode(struct super_block *sb, u64 ino)
{
	struct inode *inode;

	list_for_each_entry(inode, bucket_of(sb, ino), i_hash) {
		if (inode->i_sb == sb && inode->i_ino == ino)
			return inode;
	}
	return NULL;
}

static void
leave_unused(struct inode *inode)
{
	if (list_empty(&inode->i_lru))
		return;
	list_del_init(&inode->i_lru);
	nr_unused--;
}

bool
inode_grab_locked(struct inode *inode)
{
	if (inode->i_state & I_FREEING)
		return false;
	atomic_inc(&inode->i_count);
	leave_unused(inode);
	return true;
}

bool
igrab(struct inode *inode)
{
	bool ok;

	spin_lock(&inode_lock);
	ok = inode_grab_locked(inode);
	spin_unlock(&inode_lock);
	return ok;
}

void
insert_inode_hash(struct inode *inode)
{
	spin_lock(&inode_lock);
	list_add(&inode->i_hash, bucket_of(inode->i_sb, inode->i_ino));
	spin_unlock(&inode_lock);
}

void
remove_inode_hash(struct inode *inode)
{
	spin_lock(&inode_lock);
	list_del_init(&inode->i_hash);
	spin_unlock(&inode_lock);
}

/* Is it on its way out? Then a new one must not be made yet. */
static bool
being_freed(struct super_block *sb, u64 ino)
{
	struct inode *inode;
	bool is;

	spin_lock(&inode_lock);
	inode = find_inode(sb, ino);
	is = inode && inode->i_state & I_FREEING;
	spin_unlock(&inode_lock);
	return is;
}

/* Look, and enter *fresh if there is none. True: *found. False: wait. */
static bool
find_or_insert(struct super_block *sb, u64 ino, struct inode **fresh,
	       struct inode **found)
{
	struct inode *inode;
	bool ok = true;

	spin_lock(&inode_lock);
	inode = find_inode(sb, ino);
	if (inode) {
		ok = inode_grab_locked(inode);
	} else if (*fresh) {
		inode = *fresh;
		*fresh = NULL;
		inode->i_state = I_NEW;
		list_add(&inode->i_hash, bucket_of(sb, ino));
	}
	spin_unlock(&inode_lock);
	*found = inode;
	return ok;
}

/* inode was found: wait until it is read. False: whoever made it has failed. */
static bool
wait_until_read(struct inode *inode)
{
	wait_event(&inode_wait, !inode_is_new(inode));
	if (!list_empty(&inode->i_hash))
		return true;
	iput(inode);
	return false;
}

struct inode *
iget_locked(struct super_block *sb, u64 ino)
{
	struct inode *fresh = NULL, *mine = NULL, *inode;

	for (;;) {
		if (!find_or_insert(sb, ino, &fresh, &inode)) {
			wait_event(&inode_wait, !being_freed(sb, ino));
			continue;
		}
		if (inode && inode == mine && !fresh)
			return inode;	/* NEW, and the caller's to fill */
		if (inode && wait_until_read(inode))
			break;
		if (inode || fresh)
			continue;
		fresh = mine = new_inode(sb, 0);
		if (!fresh)
			return NULL;
		fresh->i_ino = ino;
	}
	if (fresh)
		free_inode(fresh);
	return inode;
}

void
unlock_new_inode(struct inode *inode)
{
	spin_lock(&inode_lock);
	inode->i_state &= ~I_NEW;
	spin_unlock(&inode_lock);
	wake_up_all(&inode_wait);
}

void
iget_failed(struct inode *inode)
{
	spin_lock(&inode_lock);
	list_del_init(&inode->i_hash);
	inode->i_state = (inode->i_state & ~I_NEW) | I_BAD;
	spin_unlock(&inode_lock);
	wake_up_all(&inode_wait);
	iput(inode);
}

/* --- going ------------------------------------------------------------------------ */

/* Nobody can find it but those who then wait. Context: may sleep. */
static void
evict(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	inode_forget_dirty(inode);
	if (!mapping_empty(&inode->i_data))
		truncate_inode_pages_range(&inode->i_data, 0, ~0ul);
	if (sb->s_op->evict_inode)
		sb->s_op->evict_inode(inode);
	if (inode->i_mapping != &inode->i_data)
		iput(inode->i_mapping->host);	/* a disk's: kernel/block */
	spin_lock(&inode_lock);
	list_del_init(&inode->i_hash);
	spin_unlock(&inode_lock);
	free_inode(inode);
	wake_up_all(&inode_wait);
}

/* Its last reference goes. Does it stay? Held: inode_lock. */
static bool
stays(const struct inode *inode)
{
	return !list_empty(&inode->i_hash) && inode->i_nlink &&
	       !inode->i_sb->s_dying && !(inode->i_state & I_BAD);
}

/* It must be written before it goes: done so once, whatever comes of it. */
static bool
must_write(const struct inode *inode)
{
	return inode->i_nlink && inode->i_state & I_DIRTY &&
	       !list_empty(&inode->i_hash) && !(inode->i_state & I_BAD);
}

void
iput(struct inode *inode)
{
	bool written = false;

	for (;;) {
		if (atomic_add_unless(&inode->i_count, -1, 1))
			return;
		spin_lock(&inode_lock);
		if (!atomic_dec_and_test(&inode->i_count)) {
			spin_unlock(&inode_lock);
			return;
		}
		if (stays(inode)) {
			list_add_tail(&inode->i_lru, &unused);
			nr_unused++;
			spin_unlock(&inode_lock);
			return;
		}
		if (written || !must_write(inode))
			break;
		atomic_inc(&inode->i_count);
		spin_unlock(&inode_lock);
		sync_inode(inode, WB_SYNC_ALL);
		written = true;
	}
	inode->i_state |= I_FREEING;
	spin_unlock(&inode_lock);
	evict(inode);
}

/* Held: inode_lock. Could the shrinker take it? all: pages are no reason. */
static bool
can_go(const struct inode *inode, bool all)
{
	return !(inode->i_state & (I_DIRTY | I_SYNC | I_NEW)) &&
	       (all || !inode->i_data.nr_pages);
}

/* Free unused inodes, oldest first, of sb or of all, looking at nr. */
static unsigned long
prune(struct super_block *sb, unsigned long nr, bool all)
{
	struct inode *inode, *next;
	unsigned long n = 0;
	LIST_HEAD(gone);
	LIST_HEAD(kept);

	spin_lock(&inode_lock);
	list_for_each_entry_safe(inode, next, &unused, i_lru) {
		if (!nr--)
			break;
		if (sb && inode->i_sb != sb)
			continue;
		if (!can_go(inode, all)) {
			list_move_tail(&inode->i_lru, &kept);
			continue;
		}
		inode->i_state |= I_FREEING;
		leave_unused(inode);
		list_add_tail(&inode->i_lru, &gone);
		n++;
	}
	while (!list_empty(&kept))
		list_move_tail(kept.next, &unused);
	spin_unlock(&inode_lock);
	list_for_each_entry_safe(inode, next, &gone, i_lru) {
		list_del_init(&inode->i_lru);
		evict(inode);
	}
	return n;
}

void
evict_inodes(struct super_block *sb)
{
	while (prune(sb, ~0ul, true))
		;
	/* A shrinker may be in the middle of some of them. */
	wait_event(&inode_wait, atomic_read(&sb->s_nr_inodes) == 0);
}

static unsigned long
icache_count(struct shrinker *shrinker)
{
	(void)shrinker;
	return cache_pressure(READ_ONCE(nr_unused));
}

static unsigned long
icache_scan(struct shrinker *shrinker, unsigned long nr)
{
	(void)shrinker;
	return prune(NULL, nr, false);
}

static struct shrinker icache_shrinker = {
	.name = "inode", .count = icache_count, .scan = icache_scan,
};

/* The inode behind prev in order of the hash, with a reference; prev is put. */
static struct inode *
next_hashed(struct inode *prev, unsigned *bucket)
{
	struct list_head *at;
	struct inode *inode = NULL;

	spin_lock(&inode_lock);
	at = prev && !list_empty(&prev->i_hash) ? prev->i_hash.next :
						  buckets[*bucket].next;
	while (!inode) {
		if (at == &buckets[*bucket]) {
			if (++*bucket == HASH_SIZE)
				break;
			at = buckets[*bucket].next;
			continue;
		}
		inode = list_entry(at, struct inode, i_hash);
		at = at->next;
		if (inode->i_state & I_NEW || !inode_grab_locked(inode))
			inode = NULL;
	}
	spin_unlock(&inode_lock);
	if (prev)
		iput(prev);
	return inode;
}

unsigned long
drop_pagecache(void)
{
	struct inode *inode = NULL;
	unsigned long n = 0;
	unsigned bucket = 0;

	while ((inode = next_hashed(inode, &bucket))) {
		n += invalidate_mapping_pages(&inode->i_data, 0, ~0ul);
		cond_resched();
	}
	return n;
}

/* --- looking, checking --------------------------------------------------------------- */

static void
inode_state_show(struct seq_buf *s)
{
	unsigned long n = 0;
	struct inode *inode;

	spin_lock(&inode_lock);
	for (unsigned i = 0; i < HASH_SIZE; i++)
		list_for_each_entry(inode, &buckets[i], i_hash)
			n++;
	spin_unlock(&inode_lock);
	/* As Linux's: all, unused, and five figures that are always 0. */
	seq_printf(s, "%lu\t%lu\t0\t0\t0\t0\t0\n", n, nr_unused);
}
NODE("sys/fs/inode-state", inode_state_show);

static void
icache_verify(struct verify *v)
{
	struct inode *inode;
	unsigned long n = 0;

	spin_lock(&inode_lock);
	for (unsigned i = 0; i < HASH_SIZE; i++) {
		list_for_each_entry(inode, &buckets[i], i_hash)
			VERIFY(v, find_inode(inode->i_sb, inode->i_ino) ==
				  inode, "I1",
			       "inode %llu is in the wrong bucket, or twice",
			       inode->i_ino);
	}
	list_for_each_entry(inode, &unused, i_lru) {
		n++;
		VERIFY(v, !list_empty(&inode->i_hash) &&
			  !atomic_read(&inode->i_count), "I2",
		       "inode %llu is no unused one", inode->i_ino);
	}
	VERIFY(v, n == nr_unused, "I2", "%lu inodes are unused, not %lu", n,
	       nr_unused);
	spin_unlock(&inode_lock);
}

static struct verify_module icache_module = { .name = "icache",
					      .fn = icache_verify };

static int __init
icache_init(void)
{
	for (unsigned i = 0; i < HASH_SIZE; i++)
		INIT_LIST_HEAD(&buckets[i]);
	shrinker_register(&icache_shrinker);
	verify_register(&icache_module);
	return 0;
}
early_initcall(icache_init);
