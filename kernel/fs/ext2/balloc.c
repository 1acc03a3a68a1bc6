/* SPDX-License-Identifier: MIT */
/*
 * ext2: blocks given out and taken back.
 *
 * Ideas
 *   Near	what is read together should lie together. A file's first block
 *	is looked for in the group of its inode, which is its folder's group;
 *	the next one right behind the one before.
 *   Goal	the number one would like to have. If it is taken, the next eight
 *	free blocks that stand in one byte of the bitmap: so that two files that
 *	grow at the same time do not take turns block by block, but get runs of
 *	eight. If there are none, any free block of the group, then of the next
 *	groups.
 *
 *	goal	  v
 *	bitmap	11111111 10110111 00000000 11110000
 *			   ^ not here      ^ nor here
 *				  ^ here, if the goal is taken
 *
 *   Kept back	the last s_r_blocks_count blocks are for user 0 (or s_def_resuid),
 *	who needs some to clean up.
 *
 * Belief	a bitmap may be wrong: that a block is free in it is not believed
 *	of one that holds descriptors, bitmaps or inodes; and a block that goes
 *	back must have been taken. Either is an error of the disk, and nobody's
 *	data is given away.
 *
 * Invariants (ext2_verify, on the file systems that are mounted)
 *   E1  the super block's free blocks are the sum of the groups'.
 *   E2  its free inodes are the sum of the groups'.
 *   E3  a bitmap that is in the cache has as many clear bits as its group says.
 *
 * Locks   alloc_lock (mutex) for bitmaps, descriptors and counts.
 * Cost    a block behind the last one: a lookup in the cache and one bit.
 *
 * Questions a reader asks
 *   What of a block that is free before the inode that had it has reached the
 *   disk?  It may be written for its new owner, and after a power cut belong to
 *   both. ext2 orders nothing; e2fsck gives each its own copy. That is what
 *   journals were invented for.
 *
 * Sources  Card, Ts'o, Tweedie 1994 (see ext2.h); McKusick, Joy, Leffler, Fabry,
 *	    A Fast File System for UNIX, 1984, for groups.
 */
#include <kernel/panic.h>
#include <lib/errno.h>
#include <mm/verify.h>

#include "../fs_private.h"
#include "ext2_fs.h"

struct ext2_group_desc *
ext2_desc(const struct super_block *sb, u32 group, struct page **page)
{
	const struct ext2_info *info = EXT2_SB(sb);
	u32 per_block = info->geo.block_size /
			(u32)sizeof(struct ext2_group_desc);
	struct page *p = info->desc_pages[group / per_block];

	if (page)
		*page = p;
	return (struct ext2_group_desc *)page_address(p) + group % per_block;
}

bool
ext2_block_ok(const struct super_block *sb, u32 block)
{
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;

	if (block <= g->first_data_block || block >= g->blocks_count)
		return false;
	return ext2_block_is_data(g, ext2_desc(sb, ext2_group_of_block(g,
								  block),
					       NULL), block);
}

u32
ext2_count_free_blocks(const struct super_block *sb)
{
	return READ_ONCE(EXT2_SB(sb)->es->s_free_blocks_count);
}

/* n blocks of a group went (or, negative, came back). Held: alloc_lock. */
static void
count_blocks(struct super_block *sb, u32 group, int n)
{
	struct ext2_info *info = EXT2_SB(sb);
	struct page *page;
	struct ext2_group_desc *desc = ext2_desc(sb, group, &page);

	desc->bg_free_blocks_count = (u16)(desc->bg_free_blocks_count - n);
	WRITE_ONCE(info->es->s_free_blocks_count,
		   info->es->s_free_blocks_count - (u32)n);
	set_page_dirty(page);
	set_page_dirty(info->super_page);
}

/* A free bit, goal or near it; end: none. */
static u32
find_free(const u8 *map, u32 goal, u32 end)
{
	u32 bit;

	if (goal < end && !ext2_test_bit(map, goal))
		return goal;
	bit = ext2_find_clear_byte(map, goal, end);
	if (bit == end)
		bit = ext2_find_clear_byte(map, 0, end);
	if (bit == end)
		bit = ext2_find_clear(map, goal, end);
	if (bit == end)
		bit = ext2_find_clear(map, 0, end);
	return bit;
}

/*
 * Take a block of the group. 0, -ENOSPC: it has none. Held: alloc_lock.
 */
static int
take_block(struct super_block *sb, u32 group, u32 goal, u32 *block)
{
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;
	const struct ext2_group_desc *desc = ext2_desc(sb, group, NULL);
	u32 end = ext2_group_blocks(g, group), bit;
	struct page *page;
	int err;

	if (!desc->bg_free_blocks_count)
		return -ENOSPC;
	err = ext2_bread(sb, desc->bg_block_bitmap, &page);
	if (err)
		return err;
	bit = find_free(page_address(page), goal, end);
	*block = ext2_group_first(g, group) + bit;
	if (bit == end) {
		err = ext2_error(sb, "group %u: %u blocks free, but not in its "
				 "bitmap", group, desc->bg_free_blocks_count);
	} else if (!ext2_block_is_data(g, desc, *block)) {
		err = ext2_error(sb, "group %u: its bitmap has block %u free",
				 group, *block);
	} else {
		ext2_set_bit(page_address(page), bit);
		set_page_dirty(page);
		count_blocks(sb, group, 1);
	}
	put_page(page);
	return err;
}

/* May the caller have one of the blocks that are left? */
static bool
may_take(const struct ext2_super_block *es)
{
	const struct fs_struct *fs = current_fs();

	if (es->s_free_blocks_count > es->s_r_blocks_count)
		return true;
	return es->s_free_blocks_count &&
	       (!fs->uid || fs->uid == es->s_def_resuid);
}

int
ext2_new_block(struct inode *inode, u32 goal, u32 *block)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_info *info = EXT2_SB(sb);
	const struct ext2_geometry *g = &info->geo;
	u32 group = EXT2_I(inode)->group, bit = 0, i;
	int err = -ENOSPC, bad = 0;

	if (sb_rdonly(sb))
		return -EROFS;
	if (goal >= g->first_data_block && goal < g->blocks_count) {
		group = ext2_group_of_block(g, goal);
		bit = goal - ext2_group_first(g, group);
	}
	mutex_lock(&info->alloc_lock);
	for (i = 0; may_take(info->es) && i < g->groups; i++) {
		err = take_block(sb, group, bit, block);
		if (!err)
			break;
		/* A damaged group does not keep us from the others. */
		if (err == -EUCLEAN)
			bad = err;
		else if (err != -ENOSPC)
			break;
		err = -ENOSPC;
		group = group + 1 == g->groups ? 0 : group + 1;
		bit = 0;
	}
	mutex_unlock(&info->alloc_lock);
	return err == -ENOSPC && bad ? bad : err;
}

/* [bit, bit + n) of a group. Held: alloc_lock. */
static int
free_bits(struct super_block *sb, u32 group, u32 bit, u32 n)
{
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;
	const struct ext2_group_desc *desc = ext2_desc(sb, group, NULL);
	u32 first = ext2_group_first(g, group), freed = 0;
	struct page *page;
	int err = ext2_bread(sb, desc->bg_block_bitmap, &page);

	if (err)
		return err;
	for (; n; n--, bit++) {
		if (!ext2_block_is_data(g, desc, first + bit))
			err = ext2_error(sb, "block %u is no file's",
					 first + bit);
		else if (!ext2_clear_bit(page_address(page), bit))
			err = ext2_error(sb, "block %u is free already",
					 first + bit);
		else
			freed++;
	}
	if (freed) {
		set_page_dirty(page);
		count_blocks(sb, group, -(int)freed);
	}
	put_page(page);
	return err;
}

int
ext2_free_blocks(struct super_block *sb, u32 block, u32 n)
{
	struct ext2_info *info = EXT2_SB(sb);
	const struct ext2_geometry *g = &info->geo;
	u32 group, bit, here;
	int err = 0, e;

	if (block <= g->first_data_block || block >= g->blocks_count ||
	    n > g->blocks_count - block)
		return ext2_error(sb, "blocks %u to %u are none", block,
				  block + n - 1);
	mutex_lock(&info->alloc_lock);
	while (n) {
		group = ext2_group_of_block(g, block);
		bit = block - ext2_group_first(g, group);
		here = min(n, g->blocks_per_group - bit);
		e = free_bits(sb, group, bit, here);
		err = err ? err : e;
		block += here;
		n -= here;
	}
	/* Before anybody can have them. */
	ext2_structure_changed(sb);
	mutex_unlock(&info->alloc_lock);
	return err;
}

/* --- verify -------------------------------------------------------------- */

/* E3 for one bitmap, if the cache has it. */
static void
verify_bitmap(struct verify *v, struct ext2_info *info, u32 group, u32 block,
	      u32 bits, u32 expected, const char *what)
{
	struct page *page = find_get_page(info->meta->i_mapping, block);
	u32 clear;

	if (!page)
		return;
	if (page_uptodate(page)) {
		clear = ext2_count_clear(page_address(page), bits);
		VERIFY(v, clear == expected, "E3",
		       "ext2: group %u has %u free %s, its bitmap %u", group,
		       expected, what, clear);
	}
	put_page(page);
}

/* Held: alloc_lock. */
static void
verify_counts(struct verify *v, struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	const struct ext2_geometry *g = &info->geo;
	const struct ext2_group_desc *desc;
	u32 blocks = 0, inodes = 0;

	for (u32 i = 0; i < g->groups; i++) {
		desc = ext2_desc(sb, i, NULL);
		blocks += desc->bg_free_blocks_count;
		inodes += desc->bg_free_inodes_count;
		verify_bitmap(v, info, i, desc->bg_block_bitmap,
			      ext2_group_blocks(g, i),
			      desc->bg_free_blocks_count, "blocks");
		verify_bitmap(v, info, i, desc->bg_inode_bitmap,
			      g->inodes_per_group,
			      desc->bg_free_inodes_count, "inodes");
	}
	VERIFY(v, blocks == info->es->s_free_blocks_count, "E1",
	       "ext2: groups have %u free blocks, the super block %u", blocks,
	       info->es->s_free_blocks_count);
	VERIFY(v, inodes == info->es->s_free_inodes_count, "E2",
	       "ext2: groups have %u free inodes, the super block %u", inodes,
	       info->es->s_free_inodes_count);
}

/* One with errors is not looked at: they have been told. */
static void
verify_super(struct super_block *sb, void *arg)
{
	struct ext2_info *info = EXT2_SB(sb);

	if (sb->s_type->magic != EXT2_MAGIC || info->state & EXT2_ERROR_FS ||
	    !mutex_trylock(&info->alloc_lock))
		return;
	verify_counts(arg, sb);
	mutex_unlock(&info->alloc_lock);
}

static void
ext2_verify(struct verify *v)
{
	try_for_each_super(verify_super, v);
}

struct verify_module ext2_verify_module = { .name = "ext2",
					    .fn = ext2_verify };
