/* SPDX-License-Identifier: MIT */
/*
 * ext2: regular files: their pages read, written, cut.
 *
 * Ideas
 *   Pages come and go as kernel/fs/pageio.c does it for all file systems of
 *	disks; here is what is ours: where the blocks are.
 *   Write	blocks are found when the page is going to be changed
 *	(prepare_write): write() hears of a full disk, a store through a mapping
 *	gets SIGBUS, and what was accepted has its place.
 *	One case is left for the time of writing: a page at the end of a
 *	file whose mapping may be written, and which the file then grows into.
 *	A part of it may lie in a hole and hold something. It gets its block
 *	then; as long as it holds zeros, it stays a hole.
 *
 *	size -->|		page of 4 blocks of 1 KiB: the last one gets a
 *	[data][da0][   ][   ]	block if the file grows and somebody stores
 *				there
 *
 *   Cutting a file	size, translations, pages, then blocks (truncate_setsize()).
 *	Before the last step nothing of the file may be on its way to a block
 *	that goes back: pages that leave the file are waited for, and so is the
 *	one that stays in part.
 *
 * Locks   i_lock over writes and truncation; the page lock; map_lock inside it.
 */
#include <kernel/blk.h>
#include <kernel/pageio.h>
#include <lib/errno.h>
#include <mm/highmem.h>
#include <mm/mm.h>
#include <mm/writeback.h>

#include "ext2_fs.h"

static const struct ext2_geometry *
geometry(const struct inode *inode)
{
	return &EXT2_SB(inode->i_sb)->geo;
}

static bool
is_zero(struct page *page, unsigned from, unsigned to)
{
	const char *addr = kmap_local_page(page);
	bool zero = true;

	for (; zero && from < to; from += sizeof(u32))
		zero = *(const u32 *)(addr + from) == 0;
	kunmap_local(addr);
	return zero;
}

static int
file_block(struct inode *inode, u64 index, bool create, struct block_map *map)
{
	u32 block;
	int err = ext2_get_block(inode, index, create, &block, &map->fresh);

	map->sector = block ? (u64)block << (inode->i_blkbits - SECTOR_SHIFT) :
			      BLOCK_HOLE;
	return err;
}

static int
ext2_read_page(struct address_space *mapping, struct page *page)
{
	return block_read_page(mapping, page, file_block);
}

static int
ext2_start_read(struct address_space *mapping, struct page *page)
{
	return block_start_read(mapping, page, file_block);
}

static int
ext2_prepare_write(struct address_space *mapping, struct page *page,
		   unsigned from, unsigned to)
{
	return block_prepare_write(mapping, page, from, to, file_block);
}

/* A block of the file that holds something gets its place, if it has none. */
static int
fill_used_holes(struct inode *inode, struct page *page)
{
	unsigned bits = inode->i_blkbits, at;
	u64 index = (u64)page->user.index << (PAGE_SHIFT - bits);
	u64 end = (i_size_read(inode) + (1u << bits) - 1) >> bits;
	bool fresh;
	u32 block;
	int err = 0;

	for (at = 0; !err && at < PAGE_SIZE && index < end;
	     at += 1u << bits, index++) {
		err = ext2_get_block(inode, index, false, &block, NULL);
		if (!err && !block && !is_zero(page, at, at + (1u << bits)))
			err = ext2_get_block(inode, index, true, &block,
					     &fresh);
	}
	return err;
}

static int
ext2_write_page(struct address_space *mapping, struct page *page,
		struct writeback_control *wbc)
{
	struct inode *inode = mapping->host;
	int err = 0;

	(void)wbc;
	if (inode->i_blkbits < PAGE_SHIFT)
		err = fill_used_holes(inode, page);
	return err ? err : block_write_page(mapping, page, file_block);
}

static u64
ext2_bmap(struct address_space *mapping, unsigned long index)
{
	return block_bmap(mapping, index, file_block);
}

static ssize_t
ext2_direct_io(struct address_space *mapping, struct iov_iter *iter, u64 *pos,
	       bool write)
{
	return block_direct_io(mapping, iter, pos, write, file_block);
}

const struct address_space_operations ext2_aops = {
	.read_page = ext2_read_page,
	.start_read = ext2_start_read,
	.write_page = ext2_write_page,
	.prepare_write = ext2_prepare_write,
	.direct_io = ext2_direct_io,
	.bmap = ext2_bmap,
};

void
ext2_set_mapping(struct inode *inode)
{
	address_space_init(&inode->i_data, inode, &ext2_aops,
			   GFP_HIGHUSER_MOVABLE);
	inode->i_blkbits = (u8)geometry(inode)->block_bits;
}

/* --- size ---------------------------------------------------------------- */

/* Blocks behind the end of the file go. Held: i_lock. */
static int
trim(struct inode *inode)
{
	unsigned bits = inode->i_blkbits;

	return ext2_free_from(inode, (inode->i_size + (1u << bits) - 1) >>
				     bits);
}

/* The page in which the file ends may be on its way to blocks that go. Who
 * writes it from now on leaves them out. */
static void
wait_for_last_page(struct inode *inode)
{
	struct page *page = find_get_page(inode->i_mapping, (unsigned long)
					  (inode->i_size >> PAGE_SHIFT));

	if (!page)
		return;
	lock_page(page);
	wait_on_page_writeback(page);
	unlock_page(page);
	put_page(page);
}

static int
ext2_truncate(struct inode *inode, u64 size)
{
	u64 old = inode->i_size;
	int err;

	if (size > EXT2_SB(inode->i_sb)->max_bytes)
		return -EFBIG;
	err = truncate_setsize(inode, size);
	if (err)
		return err;
	if (size < old) {
		wait_for_last_page(inode);
		err = trim(inode);
	}
	inode_touch(inode);
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	return err;
}

/* What was prepared and not written is not kept. */
static ssize_t
ext2_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	struct inode *inode = file->f_inode;
	u64 max = EXT2_SB(inode->i_sb)->max_bytes;
	size_t wanted = from->count;
	ssize_t done;

	if (sb_rdonly(inode->i_sb))
		return -EROFS;
	if (*pos >= max && wanted)
		return -EFBIG;
	if (wanted > max - *pos)
		from->count = (size_t)(max - *pos);
	done = generic_file_write(file, from, pos);
	if (done < 0 || (size_t)done < wanted) {
		mutex_lock(&inode->i_lock);
		trim(inode);
		mutex_unlock(&inode->i_lock);
	}
	return done;
}

/* The data and the inode, the blocks that lead to them (meta.c), the name of the
 * file too (namei.c, put_down); then the disk's own cache. */
int
ext2_fsync(struct file *file, u64 start, u64 end, bool datasync)
{
	struct super_block *sb = file->f_inode->i_sb;
	int err = generic_file_fsync(file, start, end, datasync);
	int result = ext2_meta_sync_file(file->f_inode);

	err = err ? err : result;
	result = blk_flush(sb->s_bdev);
	return err ? err : result;
}

const struct inode_operations ext2_file_iops = {
	.truncate = ext2_truncate,
};

const struct file_operations ext2_file_fops = {
	.read = generic_file_read,
	.write = ext2_write,
	.llseek = generic_file_llseek,
	.mmap = generic_file_mmap,
	.fsync = ext2_fsync,
};
