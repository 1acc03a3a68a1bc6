/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing what ext2 reads from a disk. The first byte says what the rest is:
 *
 *	even	a super block and descriptors: a geometry that is accepted must
 *		hold together
 *	odd	a block of a folder (cut or filled up to its size), and at its
 *		end commands: insert, remove, find. A block that was sound
 *		stays so.
 */
#include <stdlib.h>
#include <string.h>

#include <lib/errno.h>

#include "../../kernel/fs/ext2/ext2.h"
#include "fuzz.h"

#define CHECK(x)	do { if (!(x)) __builtin_trap(); } while (0)

static void
check_groups(const struct ext2_geometry *g, const uint8_t *data, size_t size)
{
	struct ext2_group_desc d;
	u32 group, at;

	for (group = 0; group < g->groups && size >= sizeof(d); group++) {
		memcpy(&d, data, sizeof(d));
		data += sizeof(d);
		size -= sizeof(d);
		CHECK(ext2_group_blocks(g, group) > 0);
		if (ext2_check_desc(g, group, &d))
			continue;
		CHECK(d.bg_block_bitmap < g->blocks_count);
		CHECK(d.bg_inode_bitmap < g->blocks_count);
		CHECK(d.bg_inode_table + g->itable_blocks <= g->blocks_count);
		for (at = 0; at < g->itable_blocks; at += 7)
			CHECK(!ext2_block_is_data(g, &d,
						  d.bg_inode_table + at));
		CHECK(!ext2_block_is_data(g, &d, ext2_group_first(g, group)) ||
		      !ext2_group_has_super(g, group));
	}
}

static void
fuzz_super(const uint8_t *data, size_t size)
{
	struct ext2_super_block es;
	struct ext2_geometry g;
	u32 path[4];
	bool incompat;

	if (size < sizeof(es))
		return;
	memcpy(&es, data, sizeof(es));
	ext2_unknown_features(&es, &incompat);
	if (ext2_read_geometry(&g, &es, (u64)es.s_blocks_count << 12))
		return;
	CHECK((u64)g.groups * g.inodes_per_group == g.inodes_count);
	CHECK(g.block_size == 1u << g.block_bits);
	CHECK(g.inodes_per_block * g.inode_size == g.block_size);
	CHECK(ext2_group_first(&g, g.groups - 1) < g.blocks_count);
	CHECK(ext2_max_bytes(&g) > 0);
	CHECK(ext2_block_path(&g, es.s_mtime, path) <= 4);
	check_groups(&g, data + sizeof(es), size - sizeof(es));
}

static bool
sound(const struct ext2_geometry *g, const void *block)
{
	u32 next = 0;

	while (ext2_dir_next(g, block, &next))
		;
	CHECK(next <= g->block_size);
	return next == g->block_size;
}

static void
command(const struct ext2_geometry *g, uint8_t *block, uint8_t op)
{
	char name[EXT2_NAME_LEN];
	u32 offset = 0, len = 1 + op % 64;
	bool before = sound(g, block);
	int err;

	memset(name, 'a' + op % 26, sizeof(name));
	err = ext2_dir_find(g, block, name, len, &offset);
	if (!err) {
		CHECK(!ext2_dir_remove(g, block, offset));
	} else if (err == -ENOENT) {
		CHECK(before);
		err = ext2_dir_insert(g, block, name, len, 12, 1);
		if (!err)
			CHECK(!ext2_dir_find(g, block, name, len, &offset));
		else
			CHECK(err == -ENOSPC);
	} else {
		ext2_dir_insert(g, block, name, len, 12, 1);
		ext2_dir_remove(g, block, op * 4u);
	}
	CHECK(!before || sound(g, block));
}

static void
fuzz_folder(const uint8_t *data, size_t size, unsigned log)
{
	struct ext2_geometry g = {
		.block_size = 1024u << log, .inodes_count = 100000,
		.filetype = log & 1,
	};
	uint8_t *block = malloc(g.block_size);
	size_t n = size < g.block_size ? size : g.block_size;

	memset(block, 0, g.block_size);
	memcpy(block, data, n);
	ext2_dir_check_empty(&g, block);
	for (size_t i = size > 32 ? size - 32 : 0; i < size; i++)
		command(&g, block, data[i]);
	free(block);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (data[0] & 1)
		fuzz_folder(data + 1, size - 1, data[0] >> 1 & 1);
	else
		fuzz_super(data + 1, size - 1);
	return 0;
}
