/* SPDX-License-Identifier: MIT */
/*
 * ext2's pure parts: super blocks as they should be and as they should not,
 * the way to a block, bitmaps and folders against models, damage everywhere.
 */
#include <stdlib.h>

#include <lib/errno.h>
#include <lib/string.h>
#include "../../kernel/fs/ext2/ext2.h"
#include "harness.h"

/* A disk of 3 groups, the last one short. */
static void
sound_super(struct ext2_super_block *es, u32 log)
{
	u32 size = 1024u << log;

	memset(es, 0, sizeof(*es));
	es->s_magic = EXT2_MAGIC;
	es->s_rev_level = 1;
	es->s_log_block_size = es->s_log_frag_size = log;
	es->s_first_data_block = log == 0;
	es->s_blocks_per_group = es->s_frags_per_group = size * 8;
	es->s_blocks_count = 2 * size * 8 + 1000 + es->s_first_data_block;
	es->s_inodes_per_group = 512;
	es->s_inodes_count = 3 * 512;
	es->s_first_ino = 11;
	es->s_inode_size = 128;
	es->s_feature_incompat = EXT2_INCOMPAT_FILETYPE;
	es->s_feature_ro_compat = EXT2_RO_KNOWN;
}

static struct ext2_geometry
sound_geometry(u32 log)
{
	struct ext2_super_block es;
	struct ext2_geometry g;

	sound_super(&es, log);
	ext2_read_geometry(&g, &es, ~0ull);
	return g;
}

static struct ext2_group_desc
sound_desc(const struct ext2_geometry *g, u32 group)
{
	struct ext2_group_desc d;
	u32 first = ext2_group_first(g, group);

	memset(&d, 0, sizeof(d));
	d.bg_block_bitmap = first + 1 + g->desc_blocks;
	d.bg_inode_bitmap = d.bg_block_bitmap + 1;
	d.bg_inode_table = d.bg_inode_bitmap + 1;
	return d;
}

static void
a_sound_super_block_is_understood(struct test *t)
{
	struct ext2_super_block es;
	struct ext2_geometry g;

	for (u32 log = 0; log < 3; log++) {
		u32 size = 1024u << log;
		u64 bytes;

		sound_super(&es, log);
		bytes = (u64)es.s_blocks_count * size;
		EXPECT(t, !ext2_read_geometry(&g, &es, bytes));
		EXPECT_EQ(t, g.block_size, size);
		EXPECT_EQ(t, g.groups, 3);
		EXPECT_EQ(t, g.desc_blocks, 1);
		EXPECT_EQ(t, g.inodes_per_block, size / 128);
		EXPECT_EQ(t, g.itable_blocks, 512 * 128 / size);
		EXPECT_EQ(t, g.addr_per_block, size / 4);
		EXPECT_EQ(t, g.first_ino, 11);
		EXPECT(t, g.filetype && g.sparse_super);
		EXPECT_EQ(t, ext2_group_first(&g, 1), size * 8 + (log == 0));
		EXPECT_EQ(t, ext2_group_blocks(&g, 1), size * 8);
		EXPECT_EQ(t, ext2_group_blocks(&g, 2), 1000);
		EXPECT_EQ(t, ext2_group_of_block(&g, size * 8 + (log == 0)), 1);
		EXPECT_EQ(t, ext2_group_of_block(&g, size * 8 - 1 +
						 (log == 0)), 0);
		EXPECT(t, ext2_read_geometry(&g, &es, bytes - 1) != NULL);
		es.s_rev_level = 0;
		es.s_inode_size = 0;
		EXPECT(t, !ext2_read_geometry(&g, &es, bytes));
		EXPECT_EQ(t, g.inode_size, 128);
		EXPECT(t, !g.filetype && !g.sparse_super);
	}
}

static const char *
damaged(size_t offset, size_t bytes, u32 value)
{
	struct ext2_super_block es;
	struct ext2_geometry g;
	const char *text;

	sound_super(&es, 0);
	memcpy((u8 *)&es + offset, &value, bytes);
	text = ext2_read_geometry(&g, &es, (u64)17385 * 1024);
	return text ? text : "";
}

#define DAMAGED(field, value) \
	damaged(offsetof(struct ext2_super_block, field), \
		sizeof(((struct ext2_super_block *)0)->field), value)

static void
each_wrong_figure_has_its_word(struct test *t)
{
	EXPECT(t, !strcmp(DAMAGED(s_magic, 1), "no ext2"));
	EXPECT(t, !strcmp(DAMAGED(s_rev_level, 2), "a later revision"));
	EXPECT(t, strstr(DAMAGED(s_log_block_size, 3), "blocks of more"));
	EXPECT(t, strstr(DAMAGED(s_log_block_size, 0xffffffff),
			 "blocks of more"));
	EXPECT(t, strstr(DAMAGED(s_log_frag_size, 1), "fragments"));
	EXPECT(t, strstr(DAMAGED(s_inode_size, 0), "size of inodes"));
	EXPECT(t, strstr(DAMAGED(s_inode_size, 64), "size of inodes"));
	EXPECT(t, strstr(DAMAGED(s_inode_size, 192), "size of inodes"));
	EXPECT(t, strstr(DAMAGED(s_inode_size, 2048), "size of inodes"));
	EXPECT(t, !*DAMAGED(s_inode_size, 1024));
	EXPECT(t, strstr(DAMAGED(s_first_data_block, 0), "first block"));
	EXPECT(t, strstr(DAMAGED(s_blocks_per_group, 0), "blocks in a group"));
	EXPECT(t, strstr(DAMAGED(s_blocks_per_group, 8200),
			 "blocks in a group"));
	EXPECT(t, strstr(DAMAGED(s_blocks_per_group, 8191),
			 "blocks in a group"));
	EXPECT(t, strstr(DAMAGED(s_blocks_count, 2), "no blocks"));
	EXPECT(t, strstr(DAMAGED(s_blocks_count, 0xffffffff), "smaller"));
	EXPECT(t, strstr(DAMAGED(s_blocks_count, 8000), "number of inodes"));
	EXPECT(t, strstr(DAMAGED(s_inodes_per_group, 0), "inodes in a group"));
	EXPECT(t, strstr(DAMAGED(s_inodes_per_group, 8193),
			 "inodes in a group"));
	EXPECT(t, strstr(DAMAGED(s_inodes_count, 1537), "number of inodes"));
	EXPECT(t, strstr(DAMAGED(s_first_ino, 10), "first inode"));
	EXPECT(t, strstr(DAMAGED(s_first_ino, 1537), "first inode"));
	EXPECT(t, strstr(DAMAGED(s_free_blocks_count, 17386), "more is free"));
	EXPECT(t, strstr(DAMAGED(s_free_inodes_count, 1537), "more is free"));
	EXPECT(t, strstr(DAMAGED(s_r_blocks_count, 17386), "more is free"));
	EXPECT(t, strstr(DAMAGED(s_reserved_gdt_blocks, 257), "kept for"));
	EXPECT(t, !*DAMAGED(s_reserved_gdt_blocks, 256));
}

static void
a_feature_that_is_not_known_is_named(struct test *t)
{
	struct ext2_super_block es;
	bool incompat;

	sound_super(&es, 0);
	EXPECT_EQ(t, ext2_unknown_features(&es, &incompat), 0);
	es.s_feature_compat = ~0u;
	EXPECT_EQ(t, ext2_unknown_features(&es, &incompat), 0);
	es.s_feature_ro_compat |= 0x400;
	EXPECT_EQ(t, ext2_unknown_features(&es, &incompat), 0x400);
	EXPECT(t, !incompat);
	es.s_feature_incompat |= 0x40;
	EXPECT_EQ(t, ext2_unknown_features(&es, &incompat), 0x40);
	EXPECT(t, incompat);
	es.s_rev_level = 0;
	EXPECT_EQ(t, ext2_unknown_features(&es, &incompat), 0);
}

static void
sparse_copies_lie_in_powers_of_3_5_and_7(struct test *t)
{
	static const u32 with[] = { 0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125 };
	struct ext2_geometry g = sound_geometry(0);
	unsigned i = 0;

	for (u32 group = 0; group <= 125; group++) {
		EXPECT_EQ(t, ext2_group_has_super(&g, group),
			  group == with[i]);
		i += group == with[i];
	}
	g.sparse_super = false;
	EXPECT(t, ext2_group_has_super(&g, 2));
}

static void
a_descriptor_stays_in_its_group(struct test *t)
{
	struct ext2_geometry g = sound_geometry(0);
	struct ext2_group_desc d = sound_desc(&g, 1), bad;
	u32 first = ext2_group_first(&g, 1);

	EXPECT(t, !ext2_check_desc(&g, 1, &d));
	EXPECT(t, ext2_check_desc(&g, 0, &d) != NULL);
#define BAD(field, value) \
	(bad = d, bad.field = (value), ext2_check_desc(&g, 1, &bad) != NULL)
	EXPECT(t, BAD(bg_block_bitmap, first + 1));	/* its descriptors */
	EXPECT(t, BAD(bg_inode_bitmap, first));
	EXPECT(t, BAD(bg_inode_table, first + 8192));
	EXPECT(t, BAD(bg_inode_table, first + 8192 - 63));
	EXPECT(t, !BAD(bg_inode_table, first + 8192 - 64));
	EXPECT(t, BAD(bg_inode_table, 0xffffffff));
	EXPECT(t, BAD(bg_inode_bitmap, d.bg_block_bitmap));
	EXPECT(t, BAD(bg_block_bitmap, d.bg_inode_table + 63));
	EXPECT(t, BAD(bg_inode_bitmap, d.bg_inode_table));
	EXPECT(t, BAD(bg_free_blocks_count, 8193));
	EXPECT(t, BAD(bg_free_inodes_count, 513));
	EXPECT(t, BAD(bg_used_dirs_count, 513));
#undef BAD
	EXPECT(t, !ext2_block_is_data(&g, &d, 0));
	EXPECT(t, !ext2_block_is_data(&g, &d, first));
	EXPECT(t, !ext2_block_is_data(&g, &d, first + 1));
	EXPECT(t, !ext2_block_is_data(&g, &d, d.bg_block_bitmap));
	EXPECT(t, !ext2_block_is_data(&g, &d, d.bg_inode_bitmap));
	EXPECT(t, !ext2_block_is_data(&g, &d, d.bg_inode_table));
	EXPECT(t, !ext2_block_is_data(&g, &d, d.bg_inode_table + 63));
	EXPECT(t, ext2_block_is_data(&g, &d, d.bg_inode_table + 64));
	EXPECT(t, !ext2_block_is_data(&g, &d, g.blocks_count));
}

/* Follow a path back to the index. */
static u64
index_of(const struct ext2_geometry *g, const u32 *path, unsigned depth)
{
	u64 n = g->addr_per_block, index = 0, base = EXT2_NDIR_BLOCKS;

	if (depth == 1)
		return path[0];
	for (unsigned i = 1; i < depth; i++)
		index = index * n + path[i];
	for (unsigned i = 2; i < depth; i++) {
		u64 below = 1;

		for (unsigned k = 1; k < i; k++)
			below *= n;
		base += below;
	}
	return base + index;
}

static void
every_block_of_a_file_has_its_path(struct test *t)
{
	for (u32 log = 0; log < 3; log++) {
		struct ext2_geometry g = sound_geometry(log);
		u64 n = g.addr_per_block, all = 12 + n + n * n + n * n * n;
		u64 edges[] = { 0, 11, 12, 12 + n - 1, 12 + n,
				12 + n + n * n - 1, 12 + n + n * n, all - 1 };
		static const unsigned depths[] = { 1, 1, 2, 2, 3, 3, 4, 4 };
		u32 path[4];
		unsigned depth;

		for (unsigned i = 0; i < ARRAY_SIZE(edges); i++) {
			depth = ext2_block_path(&g, edges[i], path);
			EXPECT_EQ(t, depth, depths[i]);
			EXPECT_EQ(t, path[0], depth == 1 ? edges[i] :
				  10u + depth);
			EXPECT_EQ(t, index_of(&g, path, depth), edges[i]);
		}
		EXPECT_EQ(t, ext2_block_path(&g, all, path), 0);
		EXPECT_EQ(t, ext2_block_path(&g, ~0ull, path), 0);
		for (unsigned i = 0; i < 1000; i++) {
			u64 at = (u64)test_random(t) << 8 | test_below(t, 256);

			at %= all;
			depth = ext2_block_path(&g, at, path);
			EXPECT_EQ(t, index_of(&g, path, depth), at);
		}
	}
}

static void
a_file_ends_where_it_can_be_counted(struct test *t)
{
	struct ext2_geometry g = sound_geometry(0);

	EXPECT_EQ(t, ext2_max_bytes(&g), 16843020ull << 10);
	g = sound_geometry(2);
	EXPECT(t, ext2_max_bytes(&g) < 2ull << 40);
	EXPECT(t, ext2_max_bytes(&g) > 2040ull << 30);
}

static void
bitmaps_agree_with_a_model(struct test *t)
{
	u8 map[40];
	bool model[320];
	u32 n, start, end, want;

	memset(map, 0, sizeof(map));
	memset(model, 0, sizeof(model));
	for (unsigned i = 0; i < 20000; i++) {
		/* Runs now full, now empty. */
		bool set = test_below(t, 100) < (i / 2000 % 2 ? 90u : 10u);

		n = test_below(t, 320);
		EXPECT_EQ(t, ext2_test_bit(map, n), model[n]);
		EXPECT_EQ(t, set ? ext2_set_bit(map, n) :
				   ext2_clear_bit(map, n), model[n]);
		model[n] = set;
		end = test_below(t, 321);
		start = test_below(t, end + 1);
		for (want = start; want < end && model[want]; want++)
			;
		EXPECT_EQ(t, ext2_find_clear(map, start, end), want);
		for (want = (start + 7) & ~7u; want + 8 <= end &&
		     map[want / 8]; want += 8)
			;
		EXPECT_EQ(t, ext2_find_clear_byte(map, start, end),
			  want + 8 <= end ? want : end);
		for (want = 0, n = 0; n < end; n++)
			want += !model[n];
		EXPECT_EQ(t, ext2_count_clear(map, end), want);
	}
}

static bool
sound_block(const struct ext2_geometry *g, const void *block)
{
	u32 next = 0;

	while (ext2_dir_next(g, block, &next))
		;
	return next == g->block_size;
}

/* Names of 1 to 32 characters, each its own. */
static u32
name_of(unsigned i, char *name)
{
	return (u32)snprintf(name, 64, "%.*s%u", (int)(i % 30),
			     "abcdefghijklmnopqrstuvwxyz0123", i);
}

static void
a_folder_agrees_with_a_model(struct test *t)
{
	for (u32 log = 0; log < 3; log++) {
		struct ext2_geometry g = sound_geometry(log);
		u8 *block = malloc(g.block_size);
		u32 ino[64] = { 0 }, offset, len;
		char name[64];
		int err;

		ext2_dir_format_first(&g, block, 12, 2);
		EXPECT_EQ(t, ext2_dir_check_empty(&g, block), 0);
		for (unsigned i = 0; i < 5000; i++) {
			unsigned n = test_below(t, 64);

			len = name_of(n, name);
			err = ext2_dir_find(&g, block, name, len, &offset);
			EXPECT_EQ(t, err, ino[n] ? 0 : -ENOENT);
			if (ino[n]) {
				EXPECT_EQ(t, ((struct ext2_dir_entry *)
					      (block + offset))->inode, ino[n]);
				EXPECT_EQ(t, ext2_dir_remove(&g, block, offset),
					  0);
				ino[n] = 0;
			} else {
				err = ext2_dir_insert(&g, block, name, len,
						      i % 1000 + 20, 1);
				EXPECT(t, !err || err == -ENOSPC);
				if (!err)
					ino[n] = i % 1000 + 20;
			}
			EXPECT(t, sound_block(&g, block));
		}
		for (unsigned n = 0; n < 64; n++) {
			len = name_of(n, name);
			if (ino[n] && !ext2_dir_find(&g, block, name, len,
						     &offset)) {
				EXPECT_EQ(t, ext2_dir_check_empty(&g, block),
					  -ENOTEMPTY);
				EXPECT_EQ(t, ext2_dir_remove(&g, block, offset),
					  0);
			}
		}
		EXPECT_EQ(t, ext2_dir_check_empty(&g, block), 0);
		EXPECT_EQ(t, ext2_dir_find(&g, block, "..", 2, &offset), 0);
		EXPECT_EQ(t, offset, 12);
		ext2_dir_set(&g, block, offset, 77, EXT2_FT_DIR);
		EXPECT_EQ(t, ((struct ext2_dir_entry *)(block + 12))->inode,
			  77);
		free(block);
	}
}

/* A block that is filled to the last byte, and its first entry taken out. */
static void
all_of_a_block_is_used(struct test *t)
{
	struct ext2_geometry g = sound_geometry(0);
	u8 block[1024];
	u32 n = 0, offset;
	char name[8];

	ext2_dir_format(&g, block);
	while (!ext2_dir_insert(&g, block, name,
				(u32)snprintf(name, 8, "%04u", n), 12, 1))
		n++;
	EXPECT_EQ(t, n, 1020 / 12);
	EXPECT_EQ(t, ext2_dir_find(&g, block, "0000", 4, &offset), 0);
	EXPECT_EQ(t, offset, 0);
	EXPECT_EQ(t, ext2_dir_remove(&g, block, 0), 0);
	EXPECT_EQ(t, ext2_dir_remove(&g, block, 0), -EUCLEAN);
	EXPECT_EQ(t, ext2_dir_remove(&g, block, 4), -EUCLEAN);
	EXPECT_EQ(t, ext2_dir_find(&g, block, "0000", 4, &offset), -ENOENT);
	EXPECT_EQ(t, ext2_dir_find(&g, block, "0001", 4, &offset), 0);
	EXPECT_EQ(t, offset, 12);
	EXPECT_EQ(t, ext2_dir_insert(&g, block, "abcd", 4, 13, 2), 0);
	EXPECT_EQ(t, ext2_dir_find(&g, block, "abcd", 4, &offset), 0);
	EXPECT_EQ(t, offset, 0);
	EXPECT_EQ(t, block[7], 2);
	g.filetype = false;
	EXPECT_EQ(t, ext2_dir_remove(&g, block, 0), 0);
	EXPECT_EQ(t, ext2_dir_insert(&g, block, "efgh", 4, 13, 2), 0);
	EXPECT_EQ(t, block[7], 0);
}

/* Everything that asks, on a block of exactly its size. */
static void
ask_all(const struct ext2_geometry *g, void *block)
{
	u32 offset;

	ext2_dir_find(g, block, "name7", 5, &offset);
	ext2_dir_check_empty(g, block);
	ext2_dir_insert(g, block, "new", 3, 12, 1);
	if (!ext2_dir_find(g, block, "name3", 5, &offset))
		ext2_dir_remove(g, block, offset);
}

static void
damage_is_seen_or_does_no_harm(struct test *t)
{
	struct ext2_geometry g = sound_geometry(0);
	u8 *good = malloc(1024), *block = malloc(1024);
	unsigned seen = 0;
	char name[8];

	ext2_dir_format_first(&g, good, 12, 2);
	for (unsigned i = 0; i < 60; i++)
		ext2_dir_insert(&g, good, name,
				(u32)snprintf(name, 8, "name%u", i), 13 + i, 1);
	for (unsigned i = 0; i < 1024; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(block, good, 1024);
			block[i] ^= (u8)(1u << bit);
			seen += !sound_block(&g, block);
			ask_all(&g, block);
		}
		memcpy(block, good, 1024);
		block[i] = (u8)test_random(t);
		ask_all(&g, block);
	}
	/* Lengths of records and of names, high bits of numbers at least. */
	EXPECT(t, seen > 62 * 8 * 3);
	free(good);
	free(block);
}

/* A slash or a NUL in a name could lead anywhere. */
static void
a_name_that_cannot_be_is_damage(struct test *t)
{
	struct ext2_geometry g = sound_geometry(0);
	u8 block[1024];
	u32 offset;

	ext2_dir_format(&g, block);
	ext2_dir_insert(&g, block, "a/b", 3, 12, 1);
	EXPECT_EQ(t, ext2_dir_find(&g, block, "x", 1, &offset), -EUCLEAN);
	ext2_dir_format(&g, block);
	ext2_dir_insert(&g, block, "a\0b", 3, 12, 1);
	EXPECT_EQ(t, ext2_dir_find(&g, block, "x", 1, &offset), -EUCLEAN);
	ext2_dir_format(&g, block);
	ext2_dir_insert(&g, block, "a", 1, g.inodes_count + 1, 1);
	EXPECT_EQ(t, ext2_dir_check_empty(&g, block), -EUCLEAN);
	EXPECT_EQ(t, ext2_dir_insert(&g, block, "b", 1, 12, 1), -EUCLEAN);
}

static void
each_kind_of_file_has_its_number(struct test *t)
{
	EXPECT_EQ(t, ext2_file_type(0100644), EXT2_FT_REG);
	EXPECT_EQ(t, ext2_file_type(0040755), EXT2_FT_DIR);
	EXPECT_EQ(t, ext2_file_type(0120777), EXT2_FT_LNK);
	EXPECT_EQ(t, ext2_file_type(0020600), EXT2_FT_CHR);
	EXPECT_EQ(t, ext2_file_type(0060600), EXT2_FT_BLK);
	EXPECT_EQ(t, ext2_file_type(0010600), EXT2_FT_FIFO);
	EXPECT_EQ(t, ext2_file_type(0140600), EXT2_FT_SOCK);
	EXPECT_EQ(t, ext2_file_type(0), EXT2_FT_UNKNOWN);
}

TEST_SUITE("ext2",
	   TEST_CASE(a_sound_super_block_is_understood),
	   TEST_CASE(each_wrong_figure_has_its_word),
	   TEST_CASE(a_feature_that_is_not_known_is_named),
	   TEST_CASE(sparse_copies_lie_in_powers_of_3_5_and_7),
	   TEST_CASE(a_descriptor_stays_in_its_group),
	   TEST_CASE(every_block_of_a_file_has_its_path),
	   TEST_CASE(a_file_ends_where_it_can_be_counted),
	   TEST_CASE(bitmaps_agree_with_a_model),
	   TEST_CASE(a_folder_agrees_with_a_model),
	   TEST_CASE(all_of_a_block_is_used),
	   TEST_CASE(damage_is_seen_or_does_no_harm),
	   TEST_CASE(a_name_that_cannot_be_is_damage),
	   TEST_CASE(each_kind_of_file_has_its_number));
