/* SPDX-License-Identifier: MIT */
/*
 * ext2: which blocks a file has.
 *
 * Ideas
 *   Tree	numbers of the first 12 blocks stand in the inode; what comes
 *	after hangs on one, two or three levels of blocks full of numbers
 *	(format.c has the drawing). A number 0 is a hole: nothing on the disk,
 *	zeros to the reader.
 *   A hole is filled	in two phases: all blocks that are missing on the way,
 *	the leaf and the indirect ones above it, are taken and prepared, hanging
 *	on nothing; then one number is written where the tree ended. If
 *	anything fails before, all of it goes back and nothing has changed.
 *
 *	i_block[12] = 0			i_block[12] = 500
 *					   500: [501 0 0 ...]
 *					   501: the new block
 *
 *   Cutting	frees what lies behind an index, leaves first. Numbers that
 *	follow each other go back with one call.
 *
 * Belief	each number is looked at before it is used: it must be a block that a
 *	file may have. A block that is free already ends the cutting: a tree
 *	that names a block twice could otherwise be walked for hours.
 *
 * Locks   map_lock: shared to look, exclusive to change.
 * Cost    a lookup in the cache for each level.
 */
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/errno.h>

#include "ext2_fs.h"

#define MAX_DEPTH	4
#define FLUSH_TRIES	4u

/* The way to one block: a number's place on each level. */
struct chain {
	unsigned depth;			/* levels of the way */
	unsigned have;			/* of them that there are */
	u32 path[MAX_DEPTH];
	u32 block[MAX_DEPTH];		/* the numbers */
	struct page *page[MAX_DEPTH];	/* where they stand; [0]: the inode */
};

static void
put_chain(struct chain *c)
{
	for (unsigned i = 1; i < MAX_DEPTH; i++) {
		if (c->page[i])
			put_page(c->page[i]);
		c->page[i] = NULL;
	}
}

static u32 *
slot_of(struct inode *inode, const struct chain *c, unsigned level)
{
	if (!level)
		return &EXT2_I(inode)->data[c->path[0]];
	return (u32 *)page_address(c->page[level]) + c->path[level];
}

/* Walk as far as there is something. put_chain() in any case. Held: map_lock. */
static int
walk(struct inode *inode, u64 index, struct chain *c)
{
	struct super_block *sb = inode->i_sb;
	unsigned level;
	int err;

	*c = (struct chain){ 0 };
	c->depth = ext2_block_path(&EXT2_SB(sb)->geo, index, c->path);
	if (!c->depth)
		return -EFBIG;
	for (level = 0; level < c->depth; level++) {
		if (level) {
			err = ext2_bread(sb, c->block[level - 1],
					 &c->page[level]);
			if (err)
				return err;
		}
		c->block[level] = *slot_of(inode, c, level);
		if (!c->block[level])
			return 0;
		if (!ext2_block_ok(sb, c->block[level]))
			return ext2_error(sb, "inode %llu: block %u is no "
					  "file's", inode->i_ino,
					  c->block[level]);
		c->have = level + 1;
	}
	return 0;
}

/* What one would like to have as block index. Held: map_lock. */
static u32
find_goal(struct inode *inode, u64 index, const struct chain *c)
{
	const struct ext2_geometry *g = &EXT2_SB(inode->i_sb)->geo;
	struct ext2_inode_info *ei = EXT2_I(inode);
	const u32 *numbers = ei->data;
	u32 at = c->path[0];

	if (ei->last_block && index == (u64)ei->last_index + 1)
		return ei->last_block + 1;
	/* Behind a neighbour to the left. */
	if (c->have) {
		numbers = page_address(c->page[c->have]);
		at = c->path[c->have];
	}
	while (at--) {
		if (numbers[at])
			return numbers[at] + 1;
	}
	if (c->have)
		return c->block[c->have - 1] + 1;
	return ext2_group_first(g, ei->group);
}

/* Give back what take_branch() took: levels [from, to). */
static void
undo_branch(struct inode *inode, const u32 *block, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		ext2_bforget(inode->i_sb, block[i]);
		ext2_free_blocks(inode->i_sb, block[i], 1);
	}
}

/*
 * Blocks for the levels that are missing, each naming the next. Held: map_lock,
 * exclusively.
 */
static int
take_branch(struct inode *inode, u32 goal, struct chain *c)
{
	struct super_block *sb = inode->i_sb;
	unsigned level;
	u32 *numbers;
	int err = 0;

	for (level = c->have; level < c->depth; level++) {
		err = ext2_new_block(inode, goal, &c->block[level]);
		if (err)
			break;
		goal = c->block[level] + 1;
		/* A damaged tree may have named it: nothing of it is kept. */
		ext2_bforget(sb, c->block[level]);
	}
	for (unsigned i = c->have; !err && i + 1 < c->depth; i++) {
		err = ext2_bnew(sb, c->block[i], &c->page[i + 1]);
		if (!err) {
			numbers = page_address(c->page[i + 1]);
			numbers[c->path[i + 1]] = c->block[i + 1];
			set_page_dirty(c->page[i + 1]);
		}
	}
	if (!err)
		return 0;
	for (unsigned i = c->have + 1; i < c->depth; i++) {
		if (c->page[i])
			put_page(c->page[i]);
		c->page[i] = NULL;
	}
	undo_branch(inode, c->block, c->have, level);
	return err;
}

static int
fill_hole(struct inode *inode, u64 index, u32 *block, bool *fresh)
{
	struct ext2_info *info = EXT2_SB(inode->i_sb);
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct chain c;
	int err = walk(inode, index, &c);

	if (!err && c.have < c.depth) {
		err = take_branch(inode, find_goal(inode, index, &c), &c);
		if (!err) {
			*slot_of(inode, &c, c.have) = c.block[c.have];
			if (c.have)
				set_page_dirty(c.page[c.have]);
			inode->i_blocks += (c.depth - c.have) <<
					   (info->geo.block_bits - 9);
			*fresh = true;
			mark_inode_dirty(inode, I_DIRTY_DATASYNC);
		}
	}
	if (!err) {
		*block = c.block[c.depth - 1];
		ei->last_index = (u32)index;
		ei->last_block = *block;
	}
	put_chain(&c);
	return err;
}

int
ext2_get_block(struct inode *inode, u64 index, bool create, u32 *block,
	       bool *fresh)
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct chain c;
	int err;

	*block = 0;
	down_read(&ei->map_lock);
	err = walk(inode, index, &c);
	if (!err && c.have == c.depth)
		*block = c.block[c.depth - 1];
	put_chain(&c);
	up_read(&ei->map_lock);
	if (fresh)
		*fresh = false;
	if (err || *block || !create)
		return err;
	down_write(&ei->map_lock);
	err = fill_hole(inode, index, block, fresh);
	up_write(&ei->map_lock);
	return err;
}

/* --- blocks of numbers --- */

/* block, and those below it: level 1 has the numbers of a file's blocks. */
static int
visit(struct inode *inode, u32 block, unsigned level,
      int (*fn)(struct super_block *sb, u32 block))
{
	struct super_block *sb = inode->i_sb;
	u32 n = EXT2_SB(sb)->geo.addr_per_block, i;
	struct page *page;
	const u32 *numbers;
	int err;

	if (!block)
		return 0;
	if (!ext2_block_ok(sb, block))
		return ext2_error(sb, "inode %llu: block %u is no file's",
				  inode->i_ino, block);
	err = fn(sb, block);
	if (err || level == 1)
		return err;
	err = ext2_bread(sb, block, &page);
	if (err)
		return err;
	numbers = page_address(page);
	for (i = 0; !err && i < n; i++)
		err = visit(inode, numbers[i], level - 1, fn);
	put_page(page);
	cond_resched();
	return err;
}

int
ext2_for_each_indirect(struct inode *inode,
		       int (*fn)(struct super_block *sb, u32 block))
{
	struct ext2_inode_info *ei = EXT2_I(inode);
	int err = 0;

	down_read(&ei->map_lock);
	for (u32 i = EXT2_NDIR_BLOCKS; !err && i < EXT2_N_BLOCKS; i++)
		err = visit(inode, ei->data[i], i - EXT2_NDIR_BLOCKS + 1, fn);
	up_read(&ei->map_lock);
	return err;
}

/* --- cutting ------------------------------------------------------------- */

/* Blocks that go back, gathered as long as they follow each other. */
struct gather {
	struct inode *inode;
	u32 first, n;
	u32 total;
};

/* -ENOMEM: nothing was done, and they are still gathered. */
static int
flush(struct gather *ga)
{
	int err;

	if (!ga->n)
		return 0;
	err = ext2_free_blocks(ga->inode->i_sb, ga->first, ga->n);
	if (err == -ENOMEM)
		return err;
	ga->total += ga->n;
	ga->n = 0;
	return err;
}

static int
gather(struct gather *ga, u32 block)
{
	int err;

	if (ga->n && block != ga->first + ga->n) {
		err = flush(ga);
		if (err)
			return err;
	}
	if (!ga->n)
		ga->first = block;
	ga->n++;
	return 0;
}

/*
 * Cut the tree that hangs on *slot, level blocks of numbers deep, but keep
 * its first keep blocks. Stops at the first error.
 */
static int
cut(struct gather *ga, u32 *slot, unsigned level, u64 keep)
{
	struct super_block *sb = ga->inode->i_sb;
	const struct ext2_geometry *g = &EXT2_SB(sb)->geo;
	u64 span = 1ull << (g->addr_bits * (level ? level - 1 : 0));
	struct page *page;
	u32 *numbers, i;
	int err = 0;

	if (!*slot)
		return 0;
	if (!ext2_block_ok(sb, *slot))
		return ext2_error(sb, "inode %llu: block %u is no file's",
				  ga->inode->i_ino, *slot);
	if (level) {
		err = ext2_bread(sb, *slot, &page);
		if (err)
			return err;
		numbers = page_address(page);
		for (i = (u32)(keep / span); !err && i < g->addr_per_block; i++)
			err = cut(ga, &numbers[i], level - 1,
				  keep > i * span ? keep - i * span : 0);
		set_page_dirty(page);
		put_page(page);
		cond_resched();
	}
	if (!keep && !err)
		err = gather(ga, *slot);
	if (keep || err)
		return err;
	if (level)
		ext2_bforget(sb, *slot);
	*slot = 0;
	return 0;
}

int
ext2_free_from(struct inode *inode, u64 index)
{
	const struct ext2_geometry *g = &EXT2_SB(inode->i_sb)->geo;
	struct ext2_inode_info *ei = EXT2_I(inode);
	struct gather ga = { .inode = inode };
	u64 first = 0, span;
	u32 i, sectors, tries = 0;
	int err = 0, e;

	down_write(&ei->map_lock);
	ei->last_block = 0;
	for (i = 0; i < EXT2_N_BLOCKS && !err; i++, first += span) {
		unsigned level = i < EXT2_NDIR_BLOCKS ? 0 :
				 i - EXT2_NDIR_BLOCKS + 1;

		span = 1ull << (g->addr_bits * level);
		if (first + span > index)
			err = cut(&ga, &ei->data[i], level,
				  index > first ? index - first : 0);
	}
	/* These hang on nothing any more: there is no other time for them. */
	do
		e = flush(&ga);
	while (e == -ENOMEM && ++tries < FLUSH_TRIES);
	if (ga.n)
		ext2_error(inode->i_sb, "blocks %u to %u are lost", ga.first,
			   ga.first + ga.n - 1);
	sectors = ga.total << (g->block_bits - 9);
	inode->i_blocks -= min(inode->i_blocks, sectors);
	mark_inode_dirty(inode, I_DIRTY_DATASYNC);
	up_write(&ei->map_lock);
	return err ? err : e;
}
