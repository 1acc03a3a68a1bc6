/* SPDX-License-Identifier: MIT */
/*
 * A small mkfs and a small fsck of ext2 for the tests, on RAM disks, from
 * outside: they read and write the disk's memory.
 *
 * mkfs makes what mke2fs would: super block and descriptors, with copies in
 * groups that have them, bitmaps, empty tables of inodes, a root.
 *
 * fsck has the questions of e2fsck's five passes:
 *	1  each inode in use: blocks that are there, are a file's, are nobody
 *	   else's, lie before the end; i_blocks counts them
 *	2  each folder: sound blocks, "." and "..", names of inodes in use
 *	3  each folder is reached from the root once
 *	4  links are as many as names
 *	5  bitmaps, descriptors, super block say the same
 */
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>

#include "ext2_image.h"
#include "files.h"

#define FIRST_INO	11u

static u32
block_size_of(struct block_device *disk)
{
	return 1024u << ext2_super_at(disk)->s_log_block_size;
}

struct ext2_super_block *
ext2_super_at(struct block_device *disk)
{
	return (void *)ramdisk_media(disk, 2);
}

void *
ext2_block_at(struct block_device *disk, u32 block)
{
	return (void *)ramdisk_media(disk, (u64)block * (block_size_of(disk) /
							 SECTOR_SIZE));
}

struct ext2_group_desc *
ext2_desc_at(struct block_device *disk, u32 group)
{
	u32 first = ext2_super_at(disk)->s_first_data_block + 1;

	return (struct ext2_group_desc *)ext2_block_at(disk, first) + group;
}

struct ext2_inode *
ext2_inode_at(struct block_device *disk, u32 ino)
{
	struct ext2_super_block *es = ext2_super_at(disk);
	u32 size = es->s_rev_level ? es->s_inode_size : EXT2_GOOD_OLD_INODE;
	u32 group = (ino - 1) / es->s_inodes_per_group;
	u32 n = (ino - 1) % es->s_inodes_per_group;
	u8 *table = ext2_block_at(disk, ext2_desc_at(disk, group)->
				  bg_inode_table);

	return (void *)(table + n * size);
}

/* --- mkfs ---------------------------------------------------------------- */

static void
make_super(struct block_device *disk, const struct ext2_form *form)
{
	struct ext2_super_block *es = ext2_super_at(disk);
	u32 log = 0, size = form->block_size ? form->block_size : 1024;
	u32 groups;

	memset(es, 0, sizeof(*es));
	while (1024u << log < size)
		log++;
	es->s_magic = EXT2_MAGIC;
	es->s_log_block_size = es->s_log_frag_size = log;
	es->s_first_data_block = log == 0;
	es->s_blocks_per_group = form->blocks_per_group ?
				 form->blocks_per_group : 256;
	es->s_frags_per_group = es->s_blocks_per_group;
	es->s_inodes_per_group = form->inodes_per_group ?
				 form->inodes_per_group : 64;
	es->s_blocks_count = (u32)(disk->nr_sectors / (size / SECTOR_SIZE));
	groups = (es->s_blocks_count - es->s_first_data_block +
		  es->s_blocks_per_group - 1) / es->s_blocks_per_group;
	es->s_inodes_count = groups * es->s_inodes_per_group;
	es->s_r_blocks_count = form->reserved;
	es->s_state = EXT2_VALID_FS;
	es->s_errors = EXT2_ERRORS_CONTINUE;
	es->s_max_mnt_count = 0xffff;
	if (form->rev0)
		return;
	es->s_rev_level = 1;
	es->s_first_ino = FIRST_INO;
	es->s_inode_size = (u16)(form->inode_size ? form->inode_size : 128);
	es->s_feature_incompat = EXT2_INCOMPAT_FILETYPE;
	es->s_feature_ro_compat = EXT2_RO_SPARSE_SUPER;
}

/* Bitmaps and table of one group; the bits behind its end are set. */
static void
make_group(struct block_device *disk, const struct ext2_geometry *g,
	   u32 group)
{
	struct ext2_group_desc *desc = ext2_desc_at(disk, group);
	u32 first = ext2_group_first(g, group), at = first, i;
	u8 *map;

	if (ext2_group_has_super(g, group))
		at += 1 + g->desc_blocks;
	memset(desc, 0, sizeof(*desc));
	desc->bg_block_bitmap = at++;
	desc->bg_inode_bitmap = at++;
	desc->bg_inode_table = at;
	at += g->itable_blocks;
	desc->bg_free_blocks_count = (u16)(ext2_group_blocks(g, group) -
					   (at - first));
	desc->bg_free_inodes_count = (u16)g->inodes_per_group;
	map = memset(ext2_block_at(disk, desc->bg_block_bitmap), 0xff,
		     g->block_size);
	for (i = at - first; i < ext2_group_blocks(g, group); i++)
		ext2_clear_bit(map, i);
	map = memset(ext2_block_at(disk, desc->bg_inode_bitmap), 0xff,
		     g->block_size);
	for (i = 0; i < g->inodes_per_group; i++)
		ext2_clear_bit(map, i);
	memset(ext2_block_at(disk, desc->bg_inode_table), 0,
	       g->itable_blocks * g->block_size);
}

static void
make_root(struct block_device *disk, const struct ext2_geometry *g)
{
	struct ext2_group_desc *desc = ext2_desc_at(disk, 0);
	struct ext2_inode *root = ext2_inode_at(disk, EXT2_ROOT_INO);
	u8 *map = ext2_block_at(disk, desc->bg_block_bitmap);
	u32 bit = ext2_find_clear(map, 0, g->blocks_per_group), i;

	ext2_set_bit(map, bit);
	desc->bg_free_blocks_count--;
	map = ext2_block_at(disk, desc->bg_inode_bitmap);
	for (i = 0; i < FIRST_INO - 1; i++)
		ext2_set_bit(map, i);
	desc->bg_free_inodes_count = (u16)(g->inodes_per_group - i);
	desc->bg_used_dirs_count = 1;
	root->i_mode = S_IFDIR | 0755;
	root->i_links_count = 2;
	root->i_size = g->block_size;
	root->i_blocks = g->block_size / 512;
	root->i_block[0] = g->first_data_block + bit;
	ext2_dir_format_first(g, ext2_block_at(disk, root->i_block[0]),
			      EXT2_ROOT_INO, EXT2_ROOT_INO);
}

void
ext2_mkfs(struct block_device *disk, const struct ext2_form *form)
{
	static const struct ext2_form usual;
	struct ext2_super_block *es = ext2_super_at(disk);
	struct ext2_geometry g;
	u32 group;

	make_super(disk, form ? form : &usual);
	ext2_read_geometry(&g, es, disk->nr_sectors * SECTOR_SIZE);
	for (group = 0; group < g.groups; group++)
		make_group(disk, &g, group);
	make_root(disk, &g);
	for (group = 0; group < g.groups; group++) {
		es->s_free_blocks_count += ext2_desc_at(disk, group)->
					   bg_free_blocks_count;
		es->s_free_inodes_count += ext2_desc_at(disk, group)->
					   bg_free_inodes_count;
	}
}

/* --- fsck ---------------------------------------------------------------- */

struct check {
	struct block_device *disk;
	struct ext2_geometry g;
	struct seq_buf *out;
	bool sound;
	u8 *taken;			/* blocks that somebody has */
	u16 *names;			/* that lead to each inode */
	bool *reached;			/* folders */
	u32 nr_blocks;			/* of the inode that is looked at */
	u64 last;			/* its last block's index */
};

static void __printf(2, 3)
complain(struct check *c, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->sound = false;
	if (c->out)
		seq_printf(c->out, "%s; ", text);
}

/* Somebody has this block. False: it cannot be looked at. */
static bool
take(struct check *c, u32 block, u32 ino)
{
	if (block < c->g.first_data_block || block >= c->g.blocks_count) {
		complain(c, "inode %u: block %u is none", ino, block);
		return false;
	}
	if (!ext2_set_bit(c->taken, block))
		return true;
	complain(c, "inode %u: block %u is somebody else's", ino, block);
	return false;
}

/* All blocks that hang on number, level deep; the first would be index. */
static void
take_tree(struct check *c, u32 ino, u32 number, unsigned level, u64 index)
{
	const u32 *numbers;

	if (!number || !take(c, number, ino))
		return;
	c->nr_blocks++;
	if (!level) {
		c->last = max(c->last, index);
		return;
	}
	numbers = ext2_block_at(c->disk, number);
	for (u32 i = 0; i < c->g.addr_per_block; i++)
		take_tree(c, ino, numbers[i], level - 1, index +
			  ((u64)i << (c->g.addr_bits * (level - 1))));
}

static bool
is_fast_link(const struct ext2_inode *inode)
{
	return S_ISLNK(inode->i_mode) && !inode->i_blocks;
}

/* Pass 1 of one inode. */
static void
check_inode(struct check *c, u32 ino)
{
	const struct ext2_inode *inode = ext2_inode_at(c->disk, ino);
	u64 index = 0, size = inode->i_size |
			      (S_ISREG(inode->i_mode) ?
			       (u64)inode->i_size_high << 32 : 0);

	c->nr_blocks = 0;
	c->last = 0;
	if (!ext2_file_type(inode->i_mode))
		complain(c, "inode %u has no kind", ino);
	if (inode->i_dtime)
		complain(c, "inode %u is in use and dead", ino);
	if (is_fast_link(inode) || (!S_ISREG(inode->i_mode) &&
				    !S_ISDIR(inode->i_mode) &&
				    !S_ISLNK(inode->i_mode)))
		return;
	for (u32 i = 0; i < EXT2_N_BLOCKS; i++) {
		unsigned level = i < EXT2_NDIR_BLOCKS ? 0 : i - 11;

		take_tree(c, ino, inode->i_block[i], level, index);
		index += 1ull << (c->g.addr_bits * level);
	}
	if (c->nr_blocks * (c->g.block_size / 512) != inode->i_blocks)
		complain(c, "inode %u has %u blocks and says %u", ino,
			 c->nr_blocks, inode->i_blocks /
			 (c->g.block_size / 512));
	if (c->nr_blocks && c->last << c->g.block_bits >= size)
		complain(c, "inode %u has a block behind its end", ino);
}

static u32
block_of_dir(struct check *c, const struct ext2_inode *dir, u32 n)
{
	u32 path[4];
	unsigned depth = ext2_block_path(&c->g, n, path);
	u32 block = dir->i_block[path[0]];

	for (unsigned i = 1; i < depth && block; i++)
		block = ((u32 *)ext2_block_at(c->disk, block))[path[i]];
	return block;
}

static void check_dir(struct check *c, u32 ino, u32 parent);

static void
check_entry(struct check *c, u32 dir, u32 parent,
	    const struct ext2_dir_entry *e, u32 at)
{
	const struct ext2_inode *inode;
	u32 dots = at == 0 ? dir : at == 12 ? parent : 0;

	if (dots && (e->inode != dots || e->name_len != (at ? 2 : 1) ||
		     e->name[0] != '.'))
		complain(c, "folder %u: dots lead to %u", dir, e->inode);
	if (e->inode != EXT2_ROOT_INO && e->inode < c->g.first_ino) {
		complain(c, "folder %u: a name leads to %u", dir, e->inode);
		return;
	}
	inode = ext2_inode_at(c->disk, e->inode);
	c->names[e->inode]++;
	if (!inode->i_links_count)
		complain(c, "folder %u: inode %u is dead", dir, e->inode);
	if (e->file_type != (c->g.filetype ? ext2_file_type(inode->i_mode) :
			     0))
		complain(c, "folder %u: inode %u is of another kind", dir,
			 e->inode);
	if (!dots && S_ISDIR(inode->i_mode))
		check_dir(c, e->inode, dir);
}

/* Passes 2 and 3, downwards. */
static void
check_dir(struct check *c, u32 ino, u32 parent)
{
	const struct ext2_inode *dir = ext2_inode_at(c->disk, ino);
	const struct ext2_dir_entry *e;
	u32 blocks = dir->i_size >> c->g.block_bits, n, block, at, next;

	if (c->reached[ino]) {
		complain(c, "folder %u has two names", ino);
		return;
	}
	c->reached[ino] = true;
	if (!blocks || dir->i_size % c->g.block_size)
		complain(c, "folder %u has %u bytes", ino, dir->i_size);
	for (n = 0; n < blocks; n++) {
		block = block_of_dir(c, dir, n);
		if (!block || block >= c->g.blocks_count) {
			complain(c, "folder %u has a hole", ino);
			continue;
		}
		at = next = 0;
		while ((e = ext2_dir_next(&c->g, ext2_block_at(c->disk, block),
					  &next))) {
			if (e->inode)
				check_entry(c, ino, parent, e, n ? 100 : at);
			at = next;
		}
		if (next != c->g.block_size)
			complain(c, "folder %u: block %u is not sound", ino,
				 n);
	}
}

/* Passes 4 and 5. */
static void
check_inodes_of(struct check *c, u32 group, u32 *free, u32 *dirs)
{
	const struct ext2_group_desc *desc = ext2_desc_at(c->disk, group);
	const u8 *map = ext2_block_at(c->disk, desc->bg_inode_bitmap);
	u32 i, ino, used, n = 0, d = 0;

	for (i = 0; i < c->g.inodes_per_group; i++) {
		const struct ext2_inode *inode;

		ino = group * c->g.inodes_per_group + i + 1;
		inode = ext2_inode_at(c->disk, ino);
		used = ino < c->g.first_ino || c->names[ino];
		n += !used;
		d += c->reached[ino];
		if (ext2_test_bit(map, i) != (used != 0))
			complain(c, "inode %u: used %u, its bit is not", ino,
				 used);
		if (c->names[ino] && c->names[ino] != inode->i_links_count)
			complain(c, "inode %u has %u names and says %u", ino,
				 c->names[ino], inode->i_links_count);
		if (!used && inode->i_links_count)
			complain(c, "inode %u has no name and %u links", ino,
				 inode->i_links_count);
		if (!used && inode->i_mode && !inode->i_dtime)
			complain(c, "inode %u is dead and has no time", ino);
	}
	if (desc->bg_free_inodes_count != n || desc->bg_used_dirs_count != d)
		complain(c, "group %u: %u inodes free, %u folders; says %u, %u",
			 group, n, d, desc->bg_free_inodes_count,
			 desc->bg_used_dirs_count);
	*free += n;
	*dirs += d;
}

static void
check_blocks_of(struct check *c, u32 group, u32 *free)
{
	const struct ext2_group_desc *desc = ext2_desc_at(c->disk, group);
	const u8 *map = ext2_block_at(c->disk, desc->bg_block_bitmap);
	u32 first = ext2_group_first(&c->g, group), i, n = 0;
	u32 end = ext2_group_blocks(&c->g, group);

	for (i = 0; i < c->g.block_size * 8; i++) {
		bool used = i >= end || ext2_test_bit(c->taken, first + i) ||
			    !ext2_block_is_data(&c->g, desc, first + i);

		n += !used;
		if (ext2_test_bit(map, i) != used)
			complain(c, "block %u: used %d, its bit is not",
				 first + i, used);
	}
	if (desc->bg_free_blocks_count != n)
		complain(c, "group %u: %u blocks free, says %u", group, n,
			 desc->bg_free_blocks_count);
	*free += n;
}

static void
check_groups(struct check *c)
{
	const struct ext2_super_block *es = ext2_super_at(c->disk);
	u32 blocks = 0, inodes = 0, dirs = 0;

	for (u32 i = 0; i < c->g.groups; i++) {
		check_inodes_of(c, i, &inodes, &dirs);
		check_blocks_of(c, i, &blocks);
	}
	if (es->s_free_blocks_count != blocks ||
	    es->s_free_inodes_count != inodes)
		complain(c, "super block: %u, %u free, says %u, %u", blocks,
			 inodes, es->s_free_blocks_count,
			 es->s_free_inodes_count);
	if (es->s_state != EXT2_VALID_FS)
		complain(c, "state %u", es->s_state);
}

static void
check_all(struct check *c)
{
	u32 ino;

	check_dir(c, EXT2_ROOT_INO, EXT2_ROOT_INO);
	for (ino = 1; ino <= c->g.inodes_count; ino++) {
		if (c->names[ino])
			check_inode(c, ino);
	}
	check_groups(c);
}

bool
ext2_fsck(struct block_device *disk, struct seq_buf *out)
{
	struct check c = { .disk = disk, .out = out, .sound = true };
	const char *wrong;

	wrong = ext2_read_geometry(&c.g, ext2_super_at(disk),
				   disk->nr_sectors * SECTOR_SIZE);
	for (u32 i = 0; !wrong && i < c.g.groups; i++)
		wrong = ext2_check_desc(&c.g, i, ext2_desc_at(disk, i));
	if (wrong) {
		complain(&c, "%s", wrong);
		return false;
	}
	c.taken = kzalloc(c.g.blocks_count / 8 + 1, GFP_KERNEL);
	c.names = kcalloc(c.g.inodes_count + 1, sizeof(*c.names), GFP_KERNEL);
	c.reached = kcalloc(c.g.inodes_count + 1, 1, GFP_KERNEL);
	if (c.taken && c.names && c.reached)
		check_all(&c);
	else
		complain(&c, "no memory to check it");
	kfree(c.taken);
	kfree(c.names);
	kfree(c.reached);
	return c.sound;
}

/* --- a disk to work with ------------------------------------------------- */

int
ext2_lab_mount(struct ext2_lab *lab, const char *options)
{
	u32 flags = 0;
	int err;

	if (!strncmp(options, "ro", 2)) {
		flags = SB_RDONLY;
		options += options[2] ? 3 : 2;
	}
	err = do_mount("/dev/ext2t", MOUNT_AT, "ext2", options, flags);
	lab->mounted = !err;
	return err;
}

bool
ext2_lab_begin(struct test *t, struct ext2_lab *lab, u32 kib,
	       const struct ext2_form *form)
{
	lab->mounted = false;
	if (!EXPECT_EQ(t, ramdisk_create("ext2t", kib * 2, false, &lab->disk),
		       0))
		return false;
	ext2_mkfs(lab->disk, form);
	return EXPECT_EQ(t, MKDIR(MOUNT_AT), 0) &&
	       EXPECT_EQ(t, ext2_lab_mount(lab, ""), 0);
}

bool
ext2_lab_umount(struct test *t, struct ext2_lab *lab)
{
	bool ok = !lab->mounted || EXPECT_EQ(t, do_umount(MOUNT_AT), 0);

	lab->mounted = false;
	return ok;
}

bool
ext2_lab_check(struct test *t, struct ext2_lab *lab)
{
	char text[512];
	struct seq_buf s;
	bool ok;

	seq_buf_init(&s, text, sizeof(text));
	ok = ext2_fsck(lab->disk, &s);
	if (!ok)
		test_info(t, "fsck: %s", text);
	return EXPECT(t, ok);
}

void
ext2_lab_drop(struct test *t, struct ext2_lab *lab)
{
	ext2_lab_umount(t, lab);
	EXPECT_EQ(t, ramdisk_destroy(lab->disk), 0);
	RMDIR(MOUNT_AT);
}

void
ext2_lab_end(struct test *t, struct ext2_lab *lab)
{
	if (ext2_lab_umount(t, lab))
		ext2_lab_check(t, lab);
	ext2_lab_drop(t, lab);
}
