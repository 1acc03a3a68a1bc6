/* SPDX-License-Identifier: MIT */
/*
 * ext2: the entries in one block of a folder.
 *
 *	0     12     24		    44			block_size
 *	[. |12][..|12][name |20     ][other  |...........]
 *				      needs 16, has all the rest
 *
 * Ideas
 *   Each entry reaches to the next one: what it does not need is where a new
 *   entry is put. The last one reaches to the end of the block.
 *   Removing	the entry before takes over the room; the first of a block has
 *	none before it, and gets inode number 0.
 *   Index	the nodes of a hashed folder (dir_index) are made to look like
 *	entries with number 0 that fill their block: who reads entry by entry
 *	walks over them. Once we write to such a folder it is an ordinary one.
 *
 * Invariants (entry_at() checks each entry that is looked at)
 *   rec_len is a multiple of 4, holds the name, and stays in the block; the
 *   number is one of an inode; a name has no NUL and no slash.
 *
 * Locks   the caller holds the folder's lock.
 * Cost    linear in the entries of the block.
 */
#include <lib/errno.h>
#include <lib/string.h>

#include "ext2.h"

static bool
name_sound(const struct ext2_dir_entry *e)
{
	if (!e->name_len)
		return false;
	for (u32 i = 0; i < e->name_len; i++) {
		if (e->name[i] == '\0' || e->name[i] == '/')
			return false;
	}
	return true;
}

/* The entry at offset, or NULL. */
static struct ext2_dir_entry *
entry_at(const struct ext2_geometry *g, const void *block, u32 offset)
{
	struct ext2_dir_entry *e = (void *)((const u8 *)block + offset);
	u32 room = g->block_size - offset;

	if (offset >= g->block_size || offset % 4 || room < sizeof(*e))
		return NULL;
	if (e->rec_len % 4 || e->rec_len > room ||
	    e->rec_len < EXT2_DIR_REC_LEN(1) ||
	    e->rec_len < EXT2_DIR_REC_LEN((u32)e->name_len))
		return NULL;
	if (e->inode > g->inodes_count || (e->inode && !name_sound(e)))
		return NULL;
	return e;
}

const struct ext2_dir_entry *
ext2_dir_next(const struct ext2_geometry *g, const void *block, u32 *offset)
{
	struct ext2_dir_entry *e = entry_at(g, block, *offset);

	if (e)
		*offset += e->rec_len;
	return e;
}

int
ext2_dir_find(const struct ext2_geometry *g, const void *block,
	      const char *name, u32 len, u32 *offset)
{
	const struct ext2_dir_entry *e;
	u32 at = 0, next = 0;

	while ((e = ext2_dir_next(g, block, &next))) {
		if (e->inode && e->name_len == len &&
		    !memcmp(e->name, name, len)) {
			*offset = at;
			return 0;
		}
		at = next;
	}
	return next == g->block_size ? -ENOENT : -EUCLEAN;
}

/* What e needs for itself. */
static u32
used(const struct ext2_dir_entry *e)
{
	return e->inode ? EXT2_DIR_REC_LEN((u32)e->name_len) : 0;
}

static void
fill(const struct ext2_geometry *g, struct ext2_dir_entry *e,
     const char *name, u32 len, u32 ino, u8 type)
{
	e->inode = ino;
	e->name_len = (u8)len;
	e->file_type = g->filetype ? type : 0;
	memcpy(e->name, name, len);
}

int
ext2_dir_insert(const struct ext2_geometry *g, void *block, const char *name,
		u32 len, u32 ino, u8 type)
{
	u32 at = 0, mine, wanted = EXT2_DIR_REC_LEN(len);
	struct ext2_dir_entry *e, *rest;

	for (; (e = entry_at(g, block, at)); at += e->rec_len) {
		mine = used(e);
		if (e->rec_len - mine < wanted)
			continue;
		if (mine) {
			rest = (void *)((u8 *)e + mine);
			rest->rec_len = (u16)(e->rec_len - mine);
			e->rec_len = (u16)mine;
			e = rest;
		}
		fill(g, e, name, len, ino, type);
		return 0;
	}
	return at == g->block_size ? -ENOSPC : -EUCLEAN;
}

int
ext2_dir_remove(const struct ext2_geometry *g, void *block, u32 offset)
{
	struct ext2_dir_entry *e, *before = NULL;
	u32 at = 0;

	for (; (e = entry_at(g, block, at)) && at < offset; at += e->rec_len)
		before = e;
	if (!e || at != offset || !e->inode)
		return -EUCLEAN;
	if (before)
		before->rec_len = (u16)(before->rec_len + e->rec_len);
	e->inode = 0;
	return 0;
}

void
ext2_dir_set(const struct ext2_geometry *g, void *block, u32 offset, u32 ino,
	     u8 type)
{
	struct ext2_dir_entry *e = (void *)((u8 *)block + offset);

	e->inode = ino;
	e->file_type = g->filetype ? type : 0;
}

void
ext2_dir_format(const struct ext2_geometry *g, void *block)
{
	struct ext2_dir_entry *e = block;

	memset(block, 0, g->block_size);
	e->rec_len = (u16)g->block_size;
}

void
ext2_dir_format_first(const struct ext2_geometry *g, void *block, u32 self,
		      u32 parent)
{
	ext2_dir_format(g, block);
	ext2_dir_insert(g, block, ".", 1, self, EXT2_FT_DIR);
	ext2_dir_insert(g, block, "..", 2, parent, EXT2_FT_DIR);
}

int
ext2_dir_check_empty(const struct ext2_geometry *g, const void *block)
{
	const struct ext2_dir_entry *e;
	u32 next = 0;

	while ((e = ext2_dir_next(g, block, &next))) {
		if (!e->inode)
			continue;
		if (e->name[0] != '.' || e->name_len > 2 ||
		    (e->name_len == 2 && e->name[1] != '.'))
			return -ENOTEMPTY;
	}
	return next == g->block_size ? 0 : -EUCLEAN;
}
