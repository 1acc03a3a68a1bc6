/* SPDX-License-Identifier: MIT */
/*
 * ext2: inodes read, written, made, and gone.
 *
 * Ideas
 *   Inode n is entry (n - 1) % inodes_per_group of the table of group
 *	(n - 1) / inodes_per_group. Several lie in one block; each is copied from
 *	and to its own bytes there, so that writers of two do not meet.
 *   New	the number is taken, the entry is written at once (zeros where we
 *	know no better), then the name is made. If that fails the inode has
 *	nlink 0, and goes the way of all such:
 *   Gone	the last user of an inode without a name frees its blocks, then
 *	writes the time of its death, then gives the number back.
 *
 *	bit set --> entry written --> name	 no name --> blocks free -->
 *						 entry dead --> bit clear
 *
 *   If memory is short in the end, it is tried again; who cannot be asked (the
 *   caller closed a file) can get no error.
 *
 * Belief	an inode that a name leads to must have a kind, a name, and a size
 *	that is possible for it.
 *
 * Locks   the entry: written by one at a time (write_inode of the VFS, or the
 *   one who makes or frees it).
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "../fs_private.h"
#include "ext2_fs.h"

#define EVICT_TRIES	4
#define FAST_LINK	(sizeof(((struct ext2_inode *)0)->i_block))

static struct kmem_cache *ext2_inode_cache;

u32
ext2_inode_block(const struct super_block *sb, u32 ino)
{
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;
	u32 group = (ino - 1) / g->inodes_per_group;
	u32 n = (ino - 1) % g->inodes_per_group;

	return ext2_desc(sb, group, NULL)->bg_inode_table +
	       n / g->inodes_per_block;
}

/* The entry of ino; *page with a reference. */
static int
raw_inode(struct super_block *sb, u32 ino, struct page **page,
	  struct ext2_inode **raw)
{
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;
	u32 n = (ino - 1) % g->inodes_per_group;
	int err = ext2_bread(sb, ext2_inode_block(sb, ino), page);

	if (!err)
		*raw = page_address(*page) + n % g->inodes_per_block *
					     g->inode_size;
	return err;
}

bool
ext2_is_fast_link(const struct inode *inode)
{
	u32 other = EXT2_I(inode)->file_acl ?
		    EXT2_SB(inode->i_sb)->geo.block_size / 512 : 0;

	return S_ISLNK(inode->i_mode) && inode->i_blocks == other;
}

/* --- numbers of devices -------------------------------------------------- */

/* Small ones in the first word, 8 bits each; others in the second. */
static dev_t
get_rdev(const struct ext2_inode_info *ei)
{
	u32 old = ei->data[0], dev = ei->data[1];

	if (old)
		return MKDEV(old >> 8 & 0xff, old & 0xff);
	return MKDEV(dev >> 8 & 0xfff, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

static void
put_rdev(struct ext2_inode_info *ei, dev_t dev)
{
	u32 major = MAJOR(dev), minor = MINOR(dev);

	if (major < 256 && minor < 256)
		ei->data[0] = major << 8 | minor;
	else
		ei->data[1] = (minor & 0xff) | major << 8 |
			      (minor & ~0xffu) << 12;
}

/* --- reading ------------------------------------------------------------- */

static struct ext2_inode_info *
new_info(u32 group)
{
	struct ext2_inode_info *ei = kmem_cache_zalloc(ext2_inode_cache,
						       GFP_NOFS);

	if (ei) {
		init_rwsem(&ei->map_lock);
		ei->group = group;
	}
	return ei;
}

/* NULL, or why no name can lead to this. */
static const char *
check_inode(const struct inode *inode)
{
	const struct ext2_info *info = EXT2_SB(inode->i_sb);
	u64 size = inode->i_size;

	if (!inode->i_nlink)
		return "has no name";
	if (!ext2_file_type(inode->i_mode))
		return "is of no kind";
	if (S_ISREG(inode->i_mode) && size > info->max_bytes)
		return "is too long";
	if (S_ISDIR(inode->i_mode) &&
	    (!size || size % info->geo.block_size || size > 1u << 30))
		return "has a size that no folder has";
	if (S_ISLNK(inode->i_mode) &&
	    (!size || size >= (ext2_is_fast_link(inode) ? FAST_LINK :
			       info->geo.block_size)))
		return "has a size that no link has";
	return NULL;
}

static void
fill_inode(struct inode *inode, const struct ext2_inode *raw)
{
	struct ext2_inode_info *ei = EXT2_I(inode);

	inode->i_mode = raw->i_mode;
	inode->i_uid = raw->i_uid | (u32)raw->i_uid_high << 16;
	inode->i_gid = raw->i_gid | (u32)raw->i_gid_high << 16;
	inode->i_nlink = raw->i_links_count;
	inode->i_blocks = raw->i_blocks;
	inode->i_atime.tv_sec = raw->i_atime;
	inode->i_ctime.tv_sec = raw->i_ctime;
	inode->i_mtime.tv_sec = raw->i_mtime;
	inode->i_atime.tv_nsec = inode->i_ctime.tv_nsec =
		inode->i_mtime.tv_nsec = 0;
	memcpy(ei->data, raw->i_block, sizeof(ei->data));
	ei->flags = raw->i_flags;
	ei->osd1 = raw->i_osd1;
	ei->faddr = raw->i_faddr;
	ei->file_acl = raw->i_file_acl;
	i_size_write(inode, raw->i_size | (S_ISREG(raw->i_mode) ?
		     (u64)raw->i_size_high << 32 : 0));
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode))
		inode->i_rdev = get_rdev(ei);
}

/* inode is new, and only we know of it. */
static int
read_inode(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	u32 ino = (u32)inode->i_ino;
	struct ext2_inode *raw;
	struct page *page;
	const char *wrong;
	int err;

	inode->i_private = new_info((ino - 1) / EXT2_SB(sb)->geo.
				    inodes_per_group);
	if (!inode->i_private)
		return -ENOMEM;
	ext2_set_mapping(inode);
	err = raw_inode(sb, ino, &page, &raw);
	if (err)
		return err;
	fill_inode(inode, raw);
	put_page(page);
	wrong = check_inode(inode);
	if (wrong)
		return ext2_error(sb, "inode %u %s", ino, wrong);
	ext2_set_ops(inode);
	return 0;
}

static void
free_info(struct inode *inode)
{
	kmem_cache_free(ext2_inode_cache, inode->i_private);
	inode->i_private = NULL;
}

int
ext2_iget(struct super_block *sb, u32 ino, struct inode **result)
{
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;
	struct inode *inode;
	int err;

	if (ino != EXT2_ROOT_INO && (ino < g->first_ino ||
				     ino > g->inodes_count))
		return ext2_error(sb, "a name leads to inode %u", ino);
	inode = iget_locked(sb, ino);
	if (!inode)
		return -ENOMEM;
	if (inode->i_state & I_NEW) {
		err = read_inode(inode);
		if (err) {
			if (inode->i_private)
				free_info(inode);
			iget_failed(inode);
			return err;
		}
		unlock_new_inode(inode);
	}
	*result = inode;
	return 0;
}

/* --- writing ------------------------------------------------------------- */

/* A file of 2 GiB says so in the super block: old systems cannot read it. */
static void
note_large_file(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);

	mutex_lock(&info->alloc_lock);
	if (!(info->es->s_feature_ro_compat & EXT2_RO_LARGE_FILE)) {
		info->es->s_feature_ro_compat |= EXT2_RO_LARGE_FILE;
		set_page_dirty(info->super_page);
	}
	mutex_unlock(&info->alloc_lock);
}

static void
fill_raw(struct ext2_inode *raw, const struct inode *inode)
{
	const struct ext2_inode_info *ei = EXT2_I(inode);
	u64 size = i_size_read(inode);

	raw->i_mode = (u16)inode->i_mode;
	raw->i_uid = (u16)inode->i_uid;
	raw->i_uid_high = (u16)(inode->i_uid >> 16);
	raw->i_gid = (u16)inode->i_gid;
	raw->i_gid_high = (u16)(inode->i_gid >> 16);
	raw->i_links_count = (u16)inode->i_nlink;
	raw->i_size = (u32)size;
	if (S_ISREG(inode->i_mode))
		raw->i_size_high = (u32)(size >> 32);
	raw->i_atime = (u32)inode->i_atime.tv_sec;
	raw->i_ctime = (u32)inode->i_ctime.tv_sec;
	raw->i_mtime = (u32)inode->i_mtime.tv_sec;
	raw->i_dtime = inode->i_nlink ? 0 :
		       (u32)(realtime_ns() / NSEC_PER_SEC);
	raw->i_blocks = inode->i_blocks;
	raw->i_flags = ei->flags;
	raw->i_osd1 = ei->osd1;
	raw->i_faddr = ei->faddr;
	raw->i_file_acl = ei->file_acl;
	memcpy(raw->i_block, ei->data, sizeof(raw->i_block));
}

/* Copy inode to its block of the table, which is written when it is written. */
int
ext2_write_inode(struct inode *inode, bool wait)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_inode *raw;
	struct page *page;
	int err;

	(void)wait;
	if (!inode->i_private)
		return 0;
	err = raw_inode(sb, (u32)inode->i_ino, &page, &raw);
	if (err)
		return err;
	if (i_size_read(inode) > 0x7fffffff && S_ISREG(inode->i_mode))
		note_large_file(sb);
	down_read(&EXT2_I(inode)->map_lock);
	fill_raw(raw, inode);
	up_read(&EXT2_I(inode)->map_lock);
	set_page_dirty(page);
	put_page(page);
	return 0;
}

/* --- making -------------------------------------------------------------- */

/* The entry of a new number: zeros, but another generation than the last one. */
static int
clear_raw(struct super_block *sb, u32 ino)
{
	struct ext2_inode *raw;
	struct page *page;
	u32 generation;
	int err = raw_inode(sb, ino, &page, &raw);

	if (err)
		return err;
	generation = raw->i_generation + 1;
	memset(raw, 0, EXT2_SB(sb)->geo.inode_size);
	raw->i_generation = generation;
	set_page_dirty(page);
	put_page(page);
	return 0;
}

/* inode, whose number was taken, becomes what it shall be. */
static int
init_new(struct inode *inode, struct inode *dir, dev_t rdev)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_inode_info *ei;
	int err;

	ei = new_info(((u32)inode->i_ino - 1) / EXT2_SB(sb)->geo.
		      inodes_per_group);
	if (!ei)
		return -ENOMEM;
	inode->i_private = ei;
	if (S_ISDIR(inode->i_mode))
		ei->parent = (u32)dir->i_ino;
	if (dir->i_mode & S_ISGID) {
		inode->i_gid = dir->i_gid;
		if (S_ISDIR(inode->i_mode))
			inode->i_mode |= S_ISGID;
	}
	if (S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode)) {
		inode->i_rdev = rdev;
		put_rdev(ei, rdev);
	}
	ext2_set_mapping(inode);
	ext2_set_ops(inode);
	err = clear_raw(sb, (u32)inode->i_ino);
	if (!err)
		err = ext2_write_inode(inode, false);
	if (err)
		free_info(inode);
	return err;
}

int
ext2_new_inode(struct inode *dir, umode_t mode, dev_t rdev,
	       struct inode **result)
{
	struct super_block *sb = dir->i_sb;
	struct inode *inode;
	u32 ino;
	int err = ext2_new_ino(dir, S_ISDIR(mode), &ino);

	if (err)
		return err;
	inode = new_inode(sb, mode);
	err = inode ? 0 : -ENOMEM;
	if (inode) {
		inode->i_ino = ino;
		err = init_new(inode, dir, rdev);
	}
	if (err) {
		if (inode)
			iput(inode);
		ext2_free_ino(sb, ino, S_ISDIR(mode));
		return err;
	}
	insert_inode_hash(inode);
	mark_inode_dirty(inode, I_DIRTY_SYNC | I_DIRTY_DATASYNC);
	*result = inode;
	return 0;
}

/* --- going --------------------------------------------------------------- */

static bool
has_blocks(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode) ||
	       (S_ISLNK(inode->i_mode) && !ext2_is_fast_link(inode));
}

/* The block of extended attributes, which other inodes may have too. */
static int
drop_xattr(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct ext2_xattr_header *header;
	u32 block = ei->file_acl;
	struct page *page;
	bool last;
	int err;

	if (!block)
		return 0;
	if (!ext2_block_ok(sb, block))
		return ext2_error(sb, "inode %llu: attributes in block %u",
				  inode->i_ino, block);
	err = ext2_bread(sb, block, &page);
	if (err)
		return err;
	header = page_address(page);
	if (header->h_magic != EXT2_XATTR_MAGIC || !header->h_refcount) {
		put_page(page);
		return ext2_error(sb, "block %u holds no attributes", block);
	}
	mutex_lock(&EXT2_SB(sb)->alloc_lock);
	last = header->h_refcount == 1;
	if (!last) {
		header->h_refcount--;
		set_page_dirty(page);
	}
	mutex_unlock(&EXT2_SB(sb)->alloc_lock);
	put_page(page);
	ei->file_acl = 0;
	if (!last)
		return 0;
	ext2_bforget(sb, block);
	return ext2_free_blocks(sb, block, 1);
}

/* Each step can be done again if the next one fails. */
static int
delete_inode(struct inode *inode)
{
	int err = has_blocks(inode) ? ext2_free_from(inode, 0) : 0;

	if (!err)
		err = drop_xattr(inode);
	if (err)
		return err;
	i_size_write(inode, 0);
	inode->i_blocks = 0;
	err = ext2_write_inode(inode, false);
	if (err)
		return err;
	return ext2_free_ino(inode->i_sb, (u32)inode->i_ino,
			     S_ISDIR(inode->i_mode));
}

void
ext2_evict_inode(struct inode *inode)
{
	int err, tries = 0;

	if (!inode->i_private)
		return;
	if (!inode->i_nlink) {
		do {
			err = sb_rdonly(inode->i_sb) ? -EROFS :
			      delete_inode(inode);
		} while (err == -ENOMEM && ++tries < EVICT_TRIES);
		if (err && err != -EUCLEAN)
			ext2_error(inode->i_sb, "inode %llu is not freed: "
				   "error %d", inode->i_ino, -err);
		if (EXT2_I(inode)->orphan)
			atomic_dec(&EXT2_SB(inode->i_sb)->nr_orphans);
	}
	free_info(inode);
}

static int __init
ext2_inode_init(void)
{
	ext2_inode_cache = kmem_cache_create("ext2_inode_cache",
					     sizeof(struct ext2_inode_info), 0,
					     SLAB_PANIC | SLAB_RECLAIM_ACCOUNT,
					     NULL);
	return 0;
}
early_initcall(ext2_inode_init);
