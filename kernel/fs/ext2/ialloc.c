/* SPDX-License-Identifier: MIT */
/*
 * ext2: numbers of inodes given out and taken back.
 *
 * Ideas
 *   A file's inode lies in the group of its folder, so that `ls -l` reads one
 *   place of the disk; if that group is full, the groups 1, 3, 7, 15 ... further
 *   on are tried, then all: files of one folder that do not fit go to the same
 *   few places.
 *   Folders of the root are strangers to each other: each goes to a group of
 *	its own, the next one that has more than its share of free inodes and
 *	blocks. So that the parts of a disk fill evenly.
 *   Other folders stay with their parent, unless its group is nearly full.
 *
 * Locks   alloc_lock. An inode's bit is cleared last when it goes, so nobody
 *   gets the number while somebody still writes that inode.
 * Sources  the division of folders is after Orlov's (OpenBSD, 2001; Corbet,
 *	    The Orlov block allocator, LWN 2002), made simpler.
 */
#include <lib/errno.h>

#include "ext2_fs.h"

u32
ext2_count_free_inodes(const struct super_block *sb)
{
	return READ_ONCE(EXT2_SB(sb)->es->s_free_inodes_count);
}

static bool
has_inodes(const struct super_block *sb, u32 group)
{
	return ext2_desc(sb, group, NULL)->bg_free_inodes_count > 0;
}

/* At least its share of what is free? */
static bool
has_share(const struct super_block *sb, u32 group)
{
	const struct ext2_info *info = EXT2_SB(sb);
	const struct ext2_group_desc *desc = ext2_desc(sb, group, NULL);

	return desc->bg_free_inodes_count &&
	       desc->bg_free_inodes_count >=
	       info->es->s_free_inodes_count / info->geo.groups &&
	       desc->bg_free_blocks_count >=
	       info->es->s_free_blocks_count / info->geo.groups;
}

/* A quarter of its inodes and some blocks: enough to stay with the parent. */
static bool
has_much(const struct super_block *sb, u32 group)
{
	const struct ext2_info *info = EXT2_SB(sb);
	const struct ext2_group_desc *desc = ext2_desc(sb, group, NULL);

	return desc->bg_free_inodes_count > info->geo.inodes_per_group / 4 &&
	       desc->bg_free_blocks_count > info->geo.blocks_per_group / 16;
}

/* The first group from start on, round, that is good; groups: none. */
static u32
search(const struct super_block *sb, u32 start,
       bool (*good)(const struct super_block *sb, u32 group))
{
	u32 groups = EXT2_SB(sb)->geo.groups, i, group;

	for (i = 0; i < groups; i++) {
		group = (start + i) % groups;
		if (good(sb, group))
			return group;
	}
	return groups;
}

/* Where a folder goes. Held: alloc_lock. */
static u32
group_for_dir(struct inode *dir)
{
	struct super_block *sb = dir->i_sb;
	struct ext2_info *info = EXT2_SB(sb);
	u32 groups = info->geo.groups, group;

	if (dir->i_ino == EXT2_ROOT_INO) {
		group = search(sb, info->next_dir_group, has_share);
		if (group < groups) {
			info->next_dir_group = (group + 1) % groups;
			return group;
		}
	}
	group = EXT2_I(dir)->group;
	if (has_much(sb, group))
		return group;
	group = search(sb, group, has_share);
	return group < groups ? group :
	       search(sb, EXT2_I(dir)->group, has_inodes);
}

/* Where a file goes. Held: alloc_lock. */
static u32
group_for_file(const struct inode *dir)
{
	const struct super_block *sb = dir->i_sb;
	u32 groups = EXT2_SB(sb)->geo.groups, parent = EXT2_I(dir)->group;

	for (u32 step = 1; step <= groups; step *= 2) {
		u32 group = (parent + step - 1) % groups;

		if (has_inodes(sb, group) &&
		    ext2_desc(sb, group, NULL)->bg_free_blocks_count)
			return group;
	}
	return search(sb, parent, has_inodes);
}

/* n inodes, and dirs folders, of a group went. Held: alloc_lock. */
static void
count_inodes(struct super_block *sb, u32 group, int n, int dirs)
{
	struct ext2_info *info = EXT2_SB(sb);
	struct page *page;
	struct ext2_group_desc *desc = ext2_desc(sb, group, &page);

	desc->bg_free_inodes_count = (u16)(desc->bg_free_inodes_count - n);
	desc->bg_used_dirs_count = (u16)(desc->bg_used_dirs_count + dirs);
	WRITE_ONCE(info->es->s_free_inodes_count,
		   info->es->s_free_inodes_count - (u32)n);
	set_page_dirty(page);
	set_page_dirty(info->super_page);
}

/* A number of the group. Held: alloc_lock. */
static int
take_ino(struct super_block *sb, u32 group, bool is_dir, u32 *ino)
{
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;
	struct page *page;
	u32 bit;
	int err = ext2_bread(sb, ext2_desc(sb, group, NULL)->bg_inode_bitmap,
			     &page);

	if (err)
		return err;
	bit = ext2_find_clear(page_address(page), 0, g->inodes_per_group);
	*ino = group * g->inodes_per_group + bit + 1;
	if (bit == g->inodes_per_group || *ino < g->first_ino) {
		err = ext2_error(sb, "group %u: its bitmap has no free inode",
				 group);
	} else {
		ext2_set_bit(page_address(page), bit);
		set_page_dirty(page);
		count_inodes(sb, group, 1, is_dir);
	}
	put_page(page);
	return err;
}

int
ext2_new_ino(struct inode *dir, bool is_dir, u32 *ino)
{
	struct super_block *sb = dir->i_sb;
	struct ext2_info *info = EXT2_SB(sb);
	int err = -ENOSPC;
	u32 group;

	if (sb_rdonly(sb))
		return -EROFS;
	mutex_lock(&info->alloc_lock);
	group = is_dir ? group_for_dir(dir) : group_for_file(dir);
	if (group < info->geo.groups)
		err = take_ino(sb, group, is_dir, ino);
	mutex_unlock(&info->alloc_lock);
	return err;
}

int
ext2_free_ino(struct super_block *sb, u32 ino, bool is_dir)
{
	struct ext2_info *info = EXT2_SB(sb);
	const struct ext2_geometry *g = &info->geo;
	u32 group = (ino - 1) / g->inodes_per_group;
	u32 bit = (ino - 1) % g->inodes_per_group;
	struct page *page;
	int err;

	mutex_lock(&info->alloc_lock);
	err = ext2_bread(sb, ext2_desc(sb, group, NULL)->bg_inode_bitmap,
			 &page);
	if (!err) {
		if (ext2_clear_bit(page_address(page), bit)) {
			set_page_dirty(page);
			count_inodes(sb, group, -1, -(int)is_dir);
		} else {
			err = ext2_error(sb, "inode %u is free already", ino);
		}
		put_page(page);
	}
	ext2_structure_changed(sb);
	mutex_unlock(&info->alloc_lock);
	return err;
}
