/* SPDX-License-Identifier: MIT */
/*
 * ext2: how a disk is divided, read from its super block and checked.
 *
 * Ideas
 *   The super block says how large everything is; each figure is checked
 *   against the others and the device before anything is computed from it, so
 *   that no later sum can overflow and no block lies outside the disk.
 *
 *   A file's blocks	the first 12 stand in the inode; then one block of
 *	numbers, one block of blocks of numbers, and one more such step. With
 *	n numbers in a block:
 *
 *	index	0..11	    12..	    12+n..	    12+n+n^2..
 *	path	index	    12,i	    13,i,j	    14,i,j,k
 *
 * Invariants   a geometry that was read has block_size = 1 << block_bits,
 *   groups * inodes_per_group = inodes_count, and every group has room for
 *   what ext2_check_desc() lets it name.
 * Locks   none; nothing here has state.
 * Sources  see ext2.h.
 */
#include <lib/string.h>

#include "ext2.h"

static bool
power_of_two(u32 n)
{
	return n && !(n & (n - 1));
}

static u32
div_up(u32 n, u32 by)
{
	return n / by + (n % by != 0);
}

/* Sizes of blocks and inodes. */
static const char *
read_sizes(struct ext2_geometry *g, const struct ext2_super_block *es)
{
	if (es->s_log_block_size > 2)
		return "blocks of more than 4 KiB";
	g->block_bits = 10 + es->s_log_block_size;
	g->block_size = 1u << g->block_bits;
	g->addr_bits = g->block_bits - 2;
	g->addr_per_block = 1u << g->addr_bits;
	if (es->s_log_frag_size != es->s_log_block_size)
		return "fragments";
	g->inode_size = es->s_rev_level ? es->s_inode_size :
			EXT2_GOOD_OLD_INODE;
	g->first_ino = es->s_rev_level ? es->s_first_ino :
		       EXT2_GOOD_OLD_FIRST_INO;
	if (!power_of_two(g->inode_size) ||
	    g->inode_size < EXT2_GOOD_OLD_INODE ||
	    g->inode_size > g->block_size)
		return "size of inodes";
	g->inodes_per_block = g->block_size / g->inode_size;
	return NULL;
}

static const char *
read_blocks(struct ext2_geometry *g, const struct ext2_super_block *es,
	    u64 bytes)
{
	u32 bits = g->block_size * 8;

	g->first_data_block = es->s_first_data_block;
	g->blocks_count = es->s_blocks_count;
	g->blocks_per_group = es->s_blocks_per_group;
	if (g->first_data_block != (g->block_size == EXT2_MIN_BLOCK))
		return "first block";
	if (g->blocks_per_group < 8 || g->blocks_per_group > bits ||
	    g->blocks_per_group % 8)
		return "blocks in a group";
	if (g->blocks_count <= g->first_data_block + 1)
		return "no blocks";
	if ((u64)g->blocks_count << g->block_bits > bytes)
		return "the device is smaller";
	g->groups = div_up(g->blocks_count - g->first_data_block,
			   g->blocks_per_group);
	g->desc_blocks = div_up(g->groups, g->block_size /
				(u32)sizeof(struct ext2_group_desc));
	g->reserved_gdt = es->s_rev_level ? es->s_reserved_gdt_blocks : 0;
	if (g->reserved_gdt > g->block_size / 4)
		return "blocks kept for descriptors";
	return NULL;
}

static const char *
read_inodes(struct ext2_geometry *g, const struct ext2_super_block *es)
{
	u32 bits = g->block_size * 8;

	g->inodes_per_group = es->s_inodes_per_group;
	g->inodes_count = es->s_inodes_count;
	if (!g->inodes_per_group || g->inodes_per_group > bits)
		return "inodes in a group";
	g->itable_blocks = div_up(g->inodes_per_group, g->inodes_per_block);
	if (g->itable_blocks + 2 + 1 > g->blocks_per_group)
		return "inodes in a group";
	if ((u64)g->groups * g->inodes_per_group != g->inodes_count)
		return "number of inodes";
	if (g->first_ino < EXT2_GOOD_OLD_FIRST_INO ||
	    g->first_ino > g->inodes_count)
		return "first inode";
	return NULL;
}

const char *
ext2_read_geometry(struct ext2_geometry *g, const struct ext2_super_block *es,
		   u64 bytes)
{
	const char *wrong;

	memset(g, 0, sizeof(*g));
	if (es->s_magic != EXT2_MAGIC)
		return "no ext2";
	if (es->s_rev_level > 1)
		return "a later revision";
	if (es->s_rev_level == 1) {
		g->sparse_super = es->s_feature_ro_compat &
				  EXT2_RO_SPARSE_SUPER;
		g->filetype = es->s_feature_incompat & EXT2_INCOMPAT_FILETYPE;
	}
	wrong = read_sizes(g, es);
	if (!wrong)
		wrong = read_blocks(g, es, bytes);
	if (!wrong)
		wrong = read_inodes(g, es);
	if (!wrong && (es->s_free_blocks_count > g->blocks_count ||
		       es->s_r_blocks_count > g->blocks_count ||
		       es->s_free_inodes_count > g->inodes_count))
		wrong = "more is free than there is";
	return wrong;
}

u32
ext2_unknown_features(const struct ext2_super_block *es, bool *incompat)
{
	u32 bits;

	*incompat = false;
	if (es->s_rev_level == 0)
		return 0;
	bits = es->s_feature_incompat & ~EXT2_INCOMPAT_KNOWN;
	*incompat = bits != 0;
	return bits ? bits : es->s_feature_ro_compat & ~EXT2_RO_KNOWN;
}

/* Is n a power of base? n > 0. */
static bool
power_of(u32 n, u32 base)
{
	while (n % base == 0)
		n /= base;
	return n == 1;
}

bool
ext2_group_has_super(const struct ext2_geometry *g, u32 group)
{
	if (!g->sparse_super || group <= 1)
		return true;
	return power_of(group, 3) || power_of(group, 5) || power_of(group, 7);
}

u32
ext2_group_first(const struct ext2_geometry *g, u32 group)
{
	return g->first_data_block + group * g->blocks_per_group;
}

/* The last group may be shorter. */
u32
ext2_group_blocks(const struct ext2_geometry *g, u32 group)
{
	u32 rest = g->blocks_count - ext2_group_first(g, group);

	return min(rest, g->blocks_per_group);
}

/* block: not below first_data_block. */
u32
ext2_group_of_block(const struct ext2_geometry *g, u32 block)
{
	return (block - g->first_data_block) / g->blocks_per_group;
}

/* Blocks of the group's copy of super block and descriptors. */
static u32
copy_blocks(const struct ext2_geometry *g, u32 group)
{
	return ext2_group_has_super(g, group) ?
	       1 + g->desc_blocks + g->reserved_gdt : 0;
}

/* [block, block + n) lies in [first, end); no sum here can overflow. */
static bool
inside(u32 block, u32 n, u32 first, u32 end)
{
	return block >= first && block < end && n <= end - block;
}

const char *
ext2_check_desc(const struct ext2_geometry *g, u32 group,
		const struct ext2_group_desc *desc)
{
	u32 first = ext2_group_first(g, group), copy = copy_blocks(g, group);
	u32 nr = ext2_group_blocks(g, group), end = first + nr;
	u32 table = desc->bg_inode_table;

	if (copy >= nr)
		return "the group has no room";
	first += copy;
	if (!inside(desc->bg_block_bitmap, 1, first, end))
		return "bitmap of blocks outside the group";
	if (!inside(desc->bg_inode_bitmap, 1, first, end))
		return "bitmap of inodes outside the group";
	if (!inside(table, g->itable_blocks, first, end))
		return "inodes outside the group";
	if (desc->bg_block_bitmap == desc->bg_inode_bitmap ||
	    inside(desc->bg_block_bitmap, 1, table, table + g->itable_blocks) ||
	    inside(desc->bg_inode_bitmap, 1, table, table + g->itable_blocks))
		return "two things in one block";
	if (desc->bg_free_blocks_count > nr ||
	    desc->bg_free_inodes_count > g->inodes_per_group ||
	    desc->bg_used_dirs_count > g->inodes_per_group)
		return "more is free than there is";
	return NULL;
}

bool
ext2_block_is_data(const struct ext2_geometry *g,
		   const struct ext2_group_desc *desc, u32 block)
{
	u32 group, first;

	if (block <= g->first_data_block || block >= g->blocks_count)
		return false;
	group = ext2_group_of_block(g, block);
	first = ext2_group_first(g, group);
	return block >= first + copy_blocks(g, group) &&
	       block != desc->bg_block_bitmap &&
	       block != desc->bg_inode_bitmap &&
	       !inside(block, 1, desc->bg_inode_table,
		       desc->bg_inode_table + g->itable_blocks);
}

unsigned
ext2_block_path(const struct ext2_geometry *g, u64 index, u32 path[4])
{
	u32 mask = g->addr_per_block - 1;
	unsigned bits = g->addr_bits, level;

	if (index < EXT2_NDIR_BLOCKS) {
		path[0] = (u32)index;
		return 1;
	}
	index -= EXT2_NDIR_BLOCKS;
	for (level = 1; level <= 3; level++) {
		if (index < 1ull << (bits * level))
			break;
		index -= 1ull << (bits * level);
	}
	if (level > 3)
		return 0;
	path[0] = EXT2_NDIR_BLOCKS + level - 1;
	for (unsigned i = 1; i <= level; i++)
		path[i] = (u32)(index >> (bits * (level - i))) & mask;
	return level + 1;
}

/*
 * What the tree can name; and i_blocks, 32 bits, must be able to count all of
 * it together with the tree.
 */
u64
ext2_max_bytes(const struct ext2_geometry *g)
{
	u64 n = g->addr_per_block;
	u64 tree = 3 + 2 * n + n * n;
	u64 blocks = EXT2_NDIR_BLOCKS + n + n * n + n * n * n;
	u64 countable = (0xffffffffull >> (g->block_bits - 9)) - tree;

	return min(blocks, countable) << g->block_bits;
}

/* The bits of a mode that say the kind, in ext2's order. */
u8
ext2_file_type(u32 mode)
{
	static const u8 types[16] = {
		[1] = EXT2_FT_FIFO, [2] = EXT2_FT_CHR, [4] = EXT2_FT_DIR,
		[6] = EXT2_FT_BLK, [8] = EXT2_FT_REG, [10] = EXT2_FT_LNK,
		[12] = EXT2_FT_SOCK,
	};

	return types[mode >> 12 & 15];
}
