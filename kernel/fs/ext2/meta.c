/* SPDX-License-Identifier: MIT */
/*
 * ext2: blocks that are no file's data: bitmaps, inodes, folders, numbers of
 * blocks.
 *
 * Ideas
 *   They are pages of a file that has no name: page n of it is block n of the
 *   disk. So the page cache finds them, counts them dirty, writes them back,
 *   and lets go of them, as it does with every file's pages. A page holds
 *   one block, also if blocks are smaller than pages; it is in lowmem, so
 *   that everybody may use its address for as long as they have a reference.
 *   Forgotten	a block that goes back must not be written any more: its next
 *	owner may be a file, whose data would be overwritten by an old folder.
 *	ext2_bforget() waits for a write that has begun, and throws the page out.
 *
 *   For one file	fsync() of a file wants few of these pages: the block of its
 *	inode, those with the numbers of its blocks, and what the allocator
 *	keeps (ext2_meta_sync_file). A name is another matter: it may hang on
 *	folders that are new themselves; and a block that was freed may be this
 *	file's now, while on the disk it is still its last owner's. So such
 *	changes are counted, and as long as one of them is not on the disk all
 *	dirty blocks are written (ext2_meta_sync).
 *
 * Questions a reader asks
 *   Why not the cache of the disk itself (/dev/vda's pages)?  A page there has
 *   4 KiB of the disk: with blocks of 1 KiB one of ours and, beside it, three that
 *   belong to files. Those are in the files' own pages, which are newer; writing
 *   the disk's page would put old bytes over them. Linux keeps a buffer head for
 *   each block of a page to know which ones to write. One block for each page
 *   needs none of that; it costs memory where blocks are small.
 *   Why does the disk show something else than the mounted file system?  For
 *   the same reason: /dev/vda has a cache of its own. Both are in step after
 *   mount and umount.
 *
 * Locks   the page lock, to read it in; set_page_dirty() after a change, so
 *   that a write at the same time is followed by another.
 * Cost    found: a lookup and a reference.
 */
#include <kernel/blk.h>
#include <kernel/pageio.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/writeback.h>

#include "ext2_fs.h"

/* As a file it has pages of which only the first block is anywhere. */
static int
meta_block(struct inode *inode, u64 block, bool create, struct block_map *map)
{
	u32 per_page = PAGE_SIZE >> inode->i_blkbits;

	(void)create;
	map->sector = block % per_page ? BLOCK_HOLE :
		      block / per_page << (inode->i_blkbits - SECTOR_SHIFT);
	return 0;
}

static int
meta_read_page(struct address_space *mapping, struct page *page)
{
	return block_read_page(mapping, page, meta_block);
}

static int
meta_write_page(struct address_space *mapping, struct page *page,
		struct writeback_control *wbc)
{
	(void)wbc;
	return block_write_page(mapping, page, meta_block);
}

static const struct address_space_operations meta_aops = {
	.read_page = meta_read_page,
	.write_page = meta_write_page,
};

static struct address_space *
meta_mapping(const struct super_block *sb)
{
	return EXT2_SB(sb)->meta->i_mapping;
}

int
ext2_bread(struct super_block *sb, u32 block, struct page **page)
{
	return read_cache_page(meta_mapping(sb), block, page);
}

int
ext2_bnew(struct super_block *sb, u32 block, struct page **page)
{
	int err = find_or_create_page(meta_mapping(sb), block, page);

	if (err)
		return err;
	wait_on_page_writeback(*page);
	memset(page_address(*page), 0, PAGE_SIZE);
	page_mark_uptodate(*page);
	set_page_dirty(*page);
	unlock_page(*page);
	return 0;
}

void
ext2_bforget(struct super_block *sb, u32 block)
{
	truncate_inode_pages_range(meta_mapping(sb), block,
				   (unsigned long)block + 1);
}

void
ext2_structure_changed(struct super_block *sb)
{
	atomic_inc(&EXT2_SB(sb)->changes);
}

int
ext2_meta_sync(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	struct address_space *mapping = meta_mapping(sb);
	errseq_t since = READ_ONCE(mapping->wb_err);
	/* A change is counted when its pages are dirty: so these are written. */
	s32 changes = atomic_add_return(&info->changes, 0);
	int err = filemap_write_and_wait_range(mapping, 0, ~0ul);

	if (!err)
		err = errseq_check(&mapping->wb_err, since);
	if (!err)
		WRITE_ONCE(info->changes_synced, changes);
	return err;
}

/* Begin to write block, if it is dirty. */
static int
start_block(struct super_block *sb, u32 block)
{
	return filemap_fdatawrite_range(meta_mapping(sb), block,
					(unsigned long)block + 1);
}

/* What all files share: bitmaps, descriptors, the super block. */
static int
start_allocator(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	int err = start_block(sb, (u32)info->super_page->user.index);

	for (u32 i = 0; !err && i < info->geo.desc_blocks; i++)
		err = start_block(sb, (u32)info->desc_pages[i]->user.index);
	for (u32 group = 0; !err && group < info->geo.groups; group++) {
		const struct ext2_group_desc *desc = ext2_desc(sb, group, NULL);

		err = start_block(sb, desc->bg_block_bitmap);
		if (!err)
			err = start_block(sb, desc->bg_inode_bitmap);
		cond_resched();
	}
	return err;
}

int
ext2_meta_sync_file(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	struct ext2_info *info = EXT2_SB(sb);
	struct address_space *mapping = meta_mapping(sb);
	errseq_t since = READ_ONCE(mapping->wb_err);
	struct blk_plug plug;
	int err;

	if (!S_ISREG(inode->i_mode) ||
	    atomic_add_return(&info->changes, 0) !=
	    READ_ONCE(info->changes_synced))
		return ext2_meta_sync(sb);
	blk_start_plug(&plug);
	err = start_block(sb, ext2_inode_block(sb, (u32)inode->i_ino));
	if (!err)
		err = ext2_for_each_indirect(inode, start_block);
	if (!err)
		err = start_allocator(sb);
	blk_finish_plug(&plug);
	filemap_fdatawait_range(mapping, 0, ~0ul);
	return err ? err : errseq_check(&mapping->wb_err, since);
}

/* It is not counted: umount waits until the others are gone. */
int
ext2_meta_init(struct super_block *sb)
{
	struct ext2_info *info = EXT2_SB(sb);
	struct inode *inode = new_inode(sb, S_IFREG);

	if (!inode)
		return -ENOMEM;
	atomic_dec(&sb->s_nr_inodes);
	inode->i_blkbits = (u8)info->geo.block_bits;
	address_space_init(&inode->i_data, inode, &meta_aops, GFP_NOFS);
	i_size_write(inode, (u64)info->geo.blocks_count << PAGE_SHIFT);
	info->meta = inode;
	return 0;
}

void
ext2_meta_exit(struct super_block *sb)
{
	atomic_inc(&sb->s_nr_inodes);
	iput(EXT2_SB(sb)->meta);
}
