/* SPDX-License-Identifier: MIT */
/*
 * ext2: folders, block by block.
 *
 * Ideas
 *   A folder's blocks are treated as what they are, part of the file system's
 *   structure: read and changed in the cache of meta blocks (meta.c), not as
 *   pages of a file. One block is one page there, in lowmem: an entry is reached
 *   by a pointer.
 *   What one block's entries look like, and whether they are sound, is
 *   dirblock.c's business.
 *   Room	a new name is put into the first block that has room. So that a
 *	folder which only grows is not searched from its beginning each time,
 *	it remembers where there was none.
 *
 * Locks   the folder's i_lock, held by the VFS.
 * Cost    linear in the blocks of the folder. (The index that ext3 brought is
 *   read over, and given up by the first change.)
 */
#include <lib/errno.h>
#include <lib/string.h>

#include "ext2_fs.h"

/* Who needs no more than this and finds no room: the block is full. */
#define SMALL_NAME	16u

static const struct ext2_geometry *
geometry(const struct inode *inode)
{
	return &EXT2_SB(inode->i_sb)->geo;
}

static u32
nr_blocks(const struct inode *dir)
{
	return (u32)(dir->i_size >> geometry(dir)->block_bits);
}

/* Block n of the folder, with a reference. */
static int
read_block(struct inode *dir, u32 n, struct page **page)
{
	u32 block;
	int err = ext2_get_block(dir, n, false, &block, NULL);

	if (err)
		return err;
	if (!block)
		return ext2_error(dir->i_sb, "folder %llu has a hole",
				  dir->i_ino);
	return ext2_bread(dir->i_sb, block, page);
}

static int
unsound(struct inode *dir, u32 n)
{
	return ext2_error(dir->i_sb, "folder %llu: block %u is not sound",
			  dir->i_ino, n);
}

int
ext2_find_entry(struct inode *dir, const char *name, u32 len,
		struct ext2_slot *slot)
{
	const struct ext2_dir_entry *e;
	u32 n;
	int err;

	for (n = 0; n < nr_blocks(dir); n++) {
		err = read_block(dir, n, &slot->page);
		if (err)
			return err;
		err = ext2_dir_find(geometry(dir), page_address(slot->page),
				    name, len, &slot->offset);
		if (!err) {
			e = page_address(slot->page) + slot->offset;
			slot->block = n;
			slot->ino = e->inode;
			return 0;
		}
		put_page(slot->page);
		if (err != -ENOENT)
			return unsound(dir, n);
	}
	return -ENOENT;
}

/* The folder is not what its index, if it has one, says. */
static void
changed(struct inode *dir)
{
	EXT2_I(dir)->flags &= ~EXT2_INDEX_FL;
	dir->i_generation++;
	inode_touch(dir);
}

/* A block more, with no entry. */
static int
append_block(struct inode *dir, struct page **page)
{
	u32 n = nr_blocks(dir), block;
	bool fresh;
	int err = ext2_get_block(dir, n, true, &block, &fresh);

	if (err)
		return err;
	err = ext2_bnew(dir->i_sb, block, page);
	if (err) {
		ext2_free_from(dir, n);
		return err;
	}
	ext2_dir_format(geometry(dir), page_address(*page));
	i_size_write(dir, dir->i_size + geometry(dir)->block_size);
	mark_inode_dirty(dir, I_DIRTY_DATASYNC);
	return 0;
}

int
ext2_add_entry(struct inode *dir, const struct qstr *name,
	       const struct inode *inode)
{
	struct ext2_inode_info *ei = EXT2_I(dir);
	u8 type = ext2_file_type(inode->i_mode);
	u32 n = ei->room, ino = (u32)inode->i_ino;
	struct page *page;
	int err;

	do {
		if (n < nr_blocks(dir))
			err = read_block(dir, n, &page);
		else
			err = append_block(dir, &page);
		if (err)
			return err;
		err = ext2_dir_insert(geometry(dir), page_address(page),
				      name->name, name->len, ino, type);
		if (!err) {
			set_page_dirty(page);
			changed(dir);
		} else if (err == -ENOSPC && name->len <= SMALL_NAME &&
			   n == ei->room) {
			ei->room++;
		}
		put_page(page);
		n++;
	} while (err == -ENOSPC);
	return err == -EUCLEAN ? unsound(dir, n - 1) : err;
}

int
ext2_delete_entry(struct inode *dir, struct ext2_slot *slot)
{
	struct ext2_inode_info *ei = EXT2_I(dir);
	int err = ext2_dir_remove(geometry(dir), page_address(slot->page),
				  slot->offset);

	if (!err) {
		set_page_dirty(slot->page);
		ei->room = min(ei->room, slot->block);
		changed(dir);
	} else {
		err = unsound(dir, slot->block);
	}
	put_page(slot->page);
	return err;
}

void
ext2_set_entry(struct inode *dir, struct ext2_slot *slot,
	       const struct inode *inode)
{
	ext2_dir_set(geometry(dir), page_address(slot->page), slot->offset,
		     (u32)inode->i_ino, ext2_file_type(inode->i_mode));
	set_page_dirty(slot->page);
	put_page(slot->page);
	changed(dir);
}

int
ext2_make_empty(struct inode *dir, u32 parent)
{
	struct page *page;
	int err = append_block(dir, &page);

	if (err)
		return err;
	ext2_dir_format_first(geometry(dir), page_address(page),
			      (u32)dir->i_ino, parent);
	set_page_dirty(page);
	put_page(page);
	return 0;
}

int
ext2_check_empty(struct inode *dir)
{
	struct page *page;
	int err = 0;

	for (u32 n = 0; !err && n < nr_blocks(dir); n++) {
		err = read_block(dir, n, &page);
		if (err)
			return err;
		err = ext2_dir_check_empty(geometry(dir), page_address(page));
		put_page(page);
		if (err == -EUCLEAN)
			return unsound(dir, n);
	}
	return err;
}

/* --- reading ------------------------------------------------------------- */

static unsigned
dirent_type(u8 type)
{
	static const u8 modes[] = { 0, 8, 4, 2, 6, 1, 12, 10 };

	return type < ARRAY_SIZE(modes) ? modes[type] : DT_UNKNOWN;
}

/*
 * Show the entries of block n from ctx->pos on: 0, 1: no more room, -EUCLEAN.
 * The place where one stopped may lie inside of an entry by now: go on with
 * the first that begins there or later.
 */
static int
show_block(struct inode *dir, u32 n, const void *block,
	   struct dir_context *ctx)
{
	const struct ext2_geometry *g = geometry(dir);
	u64 start = (u64)n << g->block_bits;
	const struct ext2_dir_entry *e;
	u32 at = 0, next = 0;

	while ((e = ext2_dir_next(g, block, &next))) {
		if (start + at >= ctx->pos) {
			if (e->inode &&
			    !ctx->actor(ctx, e->name, e->name_len, start + at,
					e->inode, dirent_type(e->file_type)))
				return 1;
			ctx->pos = start + next;
		}
		at = next;
	}
	return next == g->block_size ? 0 : -EUCLEAN;
}

static int
ext2_iterate(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->f_inode;
	const struct ext2_geometry *g = geometry(dir);
	struct page *page;
	int err = 0;
	u32 n;

	while (!err && ctx->pos < dir->i_size) {
		n = (u32)(ctx->pos >> g->block_bits);
		err = read_block(dir, n, &page);
		if (err)
			return err;
		err = show_block(dir, n, page_address(page), ctx);
		put_page(page);
		if (err < 0)
			err = unsound(dir, n);
		else if (!err)
			ctx->pos = (u64)(n + 1) << g->block_bits;
	}
	return err < 0 ? err : 0;
}

const struct file_operations ext2_dir_fops = {
	.llseek = generic_file_llseek,
	.iterate = ext2_iterate,
	.fsync = ext2_fsync,
};
