/* SPDX-License-Identifier: MIT */
/*
 * ext2 on damaged disks: each kind of damage has its error, and no damage does
 * harm to the kernel.
 */
#include <kernel/blk.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/random.h>
#include <mm/debug.h>
#include <mm/vmalloc.h>

#include "../../kernel/fs/ext2/ext2_fs.h"
#include "ext2_image.h"
#include "files.h"

/* A tree with one of everything; numbers of its inodes. */
struct tree {
	struct ext2_lab lab;
	u32 dir, sub, file, big, link, slow;
};

static u32
ino_of(const char *name)
{
	struct kstat st;

	return stat_of(name, &st) ? 0 : (u32)st.ino;
}

static bool
plant(struct test *t, struct tree *tree, u32 block_size)
{
	struct ext2_form form = { .block_size = block_size };
	char text[120];
	struct file *f;
	u64 pos = 0;

	if (!ext2_lab_begin(t, &tree->lab, 1024, &form))
		return false;
	memset(text, 'l', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	EXPECT_EQ(t, MKDIR("/e/dir"), 0);
	EXPECT_EQ(t, MKDIR("/e/dir/sub"), 0);
	EXPECT_EQ(t, make_file("/e/dir/file", "text"), 0);
	EXPECT_EQ(t, SYMLINK("file", "/e/dir/link"), 0);
	EXPECT_EQ(t, SYMLINK(text, "/e/dir/slow"), 0);
	f = must_open(t, "/e/big", O_CREAT | O_RDWR);
	if (!f)
		return false;
	for (unsigned i = 0; i < 40; i++) {
		pos = (u64)i * 10000;
		EXPECT_EQ(t, kernel_write(f, "0123456789", 10, &pos), 10);
	}
	fput(f);
	tree->dir = ino_of("/e/dir");
	tree->sub = ino_of("/e/dir/sub");
	tree->file = ino_of("/e/dir/file");
	tree->big = ino_of("/e/big");
	tree->link = ino_of("/e/dir/link");
	tree->slow = ino_of("/e/dir/slow");
	return ext2_lab_umount(t, &tree->lab);
}

static enum log_level level;

/* What it says of the damage is not what is looked at. */
static void
quiet(bool on)
{
	if (on) {
		level = console_loglevel;
		console_loglevel = LOG_CRIT;
	} else {
		console_loglevel = level;
	}
}

static ssize_t
read_all(const char *name)
{
	static char buf[2000];
	struct file *f;
	u64 pos = 0;
	ssize_t n;
	int err = filp_open(name, O_RDONLY, 0, &f);

	if (err)
		return err;
	do
		n = kernel_read(f, buf, sizeof(buf), &pos);
	while (n > 0 && pos < 500000);
	fput(f);
	return n < 0 ? n : 0;
}

static int
link_error(const char *name)
{
	struct path path;
	char buf[200];
	int err = kern_path(name, 0, &path);

	if (err)
		return err;
	err = vfs_readlink(&path, buf, sizeof(buf));
	path_put(&path);
	return err < 0 ? err : 0;
}

#define WITH_TREE(t) \
	struct tree tree; \
	struct block_device *disk; \
	ASSERT(t, plant(t, &tree, 1024)); \
	disk = tree.lab.disk

/* Mount what was damaged, and afterwards let it go. */
#define DAMAGED(t)	(quiet(true), ext2_lab_mount(&tree.lab, ""))
#define DONE(t)		(ext2_lab_drop(t, &tree.lab), quiet(false))

static void
an_inode_that_cannot_be_is_refused(struct test *t)
{
	WITH_TREE(t);
	struct ext2_inode *file = ext2_inode_at(disk, tree.file);
	struct ext2_inode saved = *file;

#define TRY(change) do { \
	*file = saved; \
	change; \
	EXPECT_EQ(t, DAMAGED(t), 0); \
	EXPECT_EQ(t, read_all("/e/dir/file"), -EUCLEAN); \
	EXPECT_EQ(t, UNLINK("/e/dir/file"), -EUCLEAN); \
	EXPECT_EQ(t, open_error("/e/big", O_RDONLY), 0); \
	ext2_lab_umount(t, &tree.lab); \
	quiet(false); \
} while (0)
	TRY(file->i_links_count = 0);
	TRY(file->i_mode = 0644);
	TRY(file->i_mode = 0170644);
	TRY(file->i_size_high = 0x10000);
	TRY((file->i_mode = S_IFDIR, file->i_size = 0));
	TRY((file->i_mode = S_IFDIR, file->i_size = 1000));
	TRY((file->i_mode = S_IFLNK, file->i_size = 0));
	TRY((file->i_mode = S_IFLNK, file->i_size = 5000));
	TRY((file->i_mode = S_IFLNK, file->i_blocks = 0, file->i_size = 60));
#undef TRY
	*file = saved;
	ext2_super_at(disk)->s_state = EXT2_VALID_FS;
	ext2_lab_end(t, &tree.lab);
}

/* A number that is none, of bitmaps, of inodes: never read, never written. */
static void
a_block_that_no_file_has_is_refused(struct test *t)
{
	WITH_TREE(t);
	struct ext2_inode *file = ext2_inode_at(disk, tree.file);
	struct ext2_inode good = *file;
	u32 bad[] = { 1, 2, ext2_desc_at(disk, 0)->bg_block_bitmap,
		      ext2_desc_at(disk, 0)->bg_inode_table + 1, 1024,
		      0xffffffff };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		*file = good;
		file->i_block[0] = bad[i];
		EXPECT_EQ(t, DAMAGED(t), 0);
		EXPECT_EQ(t, read_all("/e/dir/file"), -EUCLEAN);
		EXPECT_EQ(t, make_file("/e/dir/file", "new"), -EUCLEAN);
		ext2_lab_umount(t, &tree.lab);
		quiet(false);
		EXPECT_EQ(t, file->i_block[0], bad[i]);
	}
	*file = good;
	DONE(t);
}

static void
a_tree_that_contains_itself_ends(struct test *t)
{
	WITH_TREE(t);
	struct ext2_inode *big = ext2_inode_at(disk, tree.big);
	u32 single = big->i_block[12], *numbers;

	/* All of the triple tree is one block that names itself. */
	numbers = ext2_block_at(disk, single);
	for (unsigned i = 0; i < 256; i++)
		numbers[i] = single;
	big->i_block[14] = single;
	big->i_block[13] = single;
	EXPECT_EQ(t, DAMAGED(t), 0);
	read_all("/e/big");
	EXPECT_EQ(t, UNLINK("/e/big"), 0);
	EXPECT_EQ(t, make_file("/e/new", "text"), 0);
	DONE(t);
}

static void
two_files_with_one_block_do_no_harm(struct test *t)
{
	WITH_TREE(t);

	ext2_inode_at(disk, tree.file)->i_block[0] =
		ext2_inode_at(disk, tree.big)->i_block[0];
	EXPECT_EQ(t, DAMAGED(t), 0);
	EXPECT_EQ(t, UNLINK("/e/big"), 0);
	EXPECT_EQ(t, UNLINK("/e/dir/file"), 0);
	ext2_lab_umount(t, &tree.lab);
	EXPECT(t, ext2_super_at(disk)->s_state & EXT2_ERROR_FS);
	DONE(t);
}

/* The bitmap has a table's block free: nobody gets it. */
static void
a_bitmap_that_lies_gives_nothing_away(struct test *t)
{
	WITH_TREE(t);
	static const char text[1024] = "a text that would be somewhere";
	struct ext2_group_desc *desc;
	struct file *f;
	u64 pos = 0;

	for (u32 i = 0; i < 4; i++) {
		desc = ext2_desc_at(disk, i);
		memset(ext2_block_at(disk, desc->bg_block_bitmap), 0, 16);
	}
	EXPECT_EQ(t, DAMAGED(t), 0);
	f = must_open(t, "/e/dir/new", O_CREAT | O_RDWR);
	ASSERT(t, f);
	/* More than a group has: each comes to its first blocks. */
	while (pos < 700000 &&
	       kernel_write(f, text, sizeof(text), &pos) == sizeof(text))
		;
	fput(f);
	EXPECT_EQ(t, read_all("/e/dir/new"), 0);	/* it names none, either */
	ext2_lab_umount(t, &tree.lab);
	for (u32 i = 0; i < 4; i++) {
		desc = ext2_desc_at(disk, i);
		EXPECT(t, memcmp(ext2_block_at(disk, desc->bg_inode_table),
				 "a text", 6));
		EXPECT(t, memcmp(ext2_block_at(disk, desc->bg_block_bitmap),
				 "a text", 6));
	}
	EXPECT(t, ext2_super_at(disk)->s_state & EXT2_ERROR_FS);
	DONE(t);
}

static void
a_full_bitmap_that_says_it_is_not_is_noted(struct test *t)
{
	WITH_TREE(t);
	struct file *f;
	u64 pos = 5000;			/* in a hole */

	for (u32 i = 0; i < 4; i++) {
		struct ext2_group_desc *desc = ext2_desc_at(disk, i);

		memset(ext2_block_at(disk, desc->bg_block_bitmap), 0xff, 1024);
		memset(ext2_block_at(disk, desc->bg_inode_bitmap), 0xff, 1024);
	}
	EXPECT_EQ(t, DAMAGED(t), 0);
	EXPECT_EQ(t, make_file("/e/new", "x"), -EUCLEAN);
	f = must_open(t, "/e/big", O_RDWR);
	ASSERT(t, f);
	EXPECT_EQ(t, kernel_write(f, "x", 1, &pos), -EUCLEAN);
	fput(f);
	DONE(t);
}

/* Find name's entry in the first block of the folder. */
static struct ext2_dir_entry *
entry(struct block_device *disk, u32 dir, const char *name)
{
	u8 *block = ext2_block_at(disk, ext2_inode_at(disk, dir)->i_block[0]);
	struct ext2_geometry g;
	u32 at;

	ext2_read_geometry(&g, ext2_super_at(disk), ~0ull);
	if (ext2_dir_find(&g, block, name, (u32)strlen(name), &at))
		return NULL;
	return (struct ext2_dir_entry *)(block + at);
}

static void
a_folder_found_twice_is_refused(struct test *t)
{
	WITH_TREE(t);
	struct ext2_dir_entry *e = entry(disk, tree.dir, "file");

	ASSERT(t, e != NULL);
	e->inode = EXT2_ROOT_INO;		/* the root below itself */
	EXPECT_EQ(t, DAMAGED(t), 0);
	EXPECT_EQ(t, open_error("/e/dir/file/dir", O_RDONLY), -EUCLEAN);
	ext2_lab_umount(t, &tree.lab);
	e->inode = tree.dir;			/* dir in dir */
	EXPECT_EQ(t, ext2_lab_mount(&tree.lab, ""), 0);
	EXPECT_EQ(t, open_error("/e/dir/file/file", O_RDONLY), -EUCLEAN);
	ext2_lab_umount(t, &tree.lab);
	e->inode = tree.file;
	e = entry(disk, EXT2_ROOT_INO, "big");
	ASSERT(t, e != NULL);
	e->inode = tree.sub;			/* sub here and there */
	EXPECT_EQ(t, ext2_lab_mount(&tree.lab, ""), 0);
	EXPECT_EQ(t, open_error("/e/dir/sub", O_RDONLY), 0);
	EXPECT_EQ(t, open_error("/e/big", O_RDONLY), -EUCLEAN);
	DONE(t);
}

static void
a_name_that_leads_nowhere_is_refused(struct test *t)
{
	WITH_TREE(t);
	struct ext2_dir_entry *e = entry(disk, tree.dir, "file");

	ASSERT(t, e != NULL);
	e->inode = 7;				/* reserved */
	EXPECT_EQ(t, DAMAGED(t), 0);
	EXPECT_EQ(t, open_error("/e/dir/file", O_RDONLY), -EUCLEAN);
	ext2_lab_umount(t, &tree.lab);
	e->inode = 250;				/* nobody's */
	EXPECT_EQ(t, ext2_lab_mount(&tree.lab, ""), 0);
	EXPECT_EQ(t, open_error("/e/dir/file", O_RDONLY), -EUCLEAN);
	EXPECT_EQ(t, open_error("/e/dir/sub", O_RDONLY), 0);
	ext2_lab_umount(t, &tree.lab);
	e->inode = 100000;			/* the block is not sound */
	EXPECT_EQ(t, ext2_lab_mount(&tree.lab, ""), 0);
	EXPECT_EQ(t, link_error("/e/dir/slow"), -EUCLEAN);
	DONE(t);
}

static void
entries_that_reach_too_far_are_refused(struct test *t)
{
	WITH_TREE(t);
	struct ext2_dir_entry *file = entry(disk, tree.dir, "file");
	struct ext2_dir_entry *slow = entry(disk, tree.dir, "slow");

	ASSERT(t, file && slow);
	file->name_len++;			/* into the next one */
	EXPECT_EQ(t, DAMAGED(t), 0);
	EXPECT_EQ(t, link_error("/e/dir/slow"), -EUCLEAN);
	ext2_lab_umount(t, &tree.lab);
	file->name_len--;
	slow->rec_len = (u16)(slow->rec_len + 1024);	/* out of the block */
	EXPECT_EQ(t, ext2_lab_mount(&tree.lab, ""), 0);
	EXPECT_EQ(t, link_error("/e/dir/link"), 0);
	EXPECT_EQ(t, link_error("/e/dir/slow"), -EUCLEAN);
	EXPECT_EQ(t, make_file("/e/dir/new", "x"), -EUCLEAN);
	DONE(t);
}

static void
links_and_folders_with_holes_are_refused(struct test *t)
{
	WITH_TREE(t);

	ext2_inode_at(disk, tree.slow)->i_block[0] = 0;
	ext2_inode_at(disk, tree.sub)->i_block[0] = 0;
	EXPECT_EQ(t, DAMAGED(t), 0);
	EXPECT_EQ(t, link_error("/e/dir/slow"), -EUCLEAN);
	EXPECT_EQ(t, link_error("/e/dir/link"), 0);
	EXPECT_EQ(t, open_error("/e/dir/sub/x", O_RDONLY), -EUCLEAN);
	EXPECT_EQ(t, RMDIR("/e/dir/sub"), -EUCLEAN);
	DONE(t);
}

static void
attributes_that_are_none_are_left(struct test *t)
{
	WITH_TREE(t);
	u32 bad[] = { 1, 0xffffffff, ext2_inode_at(disk, tree.big)->
		      i_block[0] };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(t, ext2_lab_mount(&tree.lab, ""), 0);
		make_file("/e/x", "x");
		tree.file = ino_of("/e/x");
		ext2_lab_umount(t, &tree.lab);
		ext2_inode_at(disk, tree.file)->i_file_acl = bad[i];
		ext2_super_at(disk)->s_state = EXT2_VALID_FS;
		EXPECT_EQ(t, DAMAGED(t), 0);
		EXPECT_EQ(t, UNLINK("/e/x"), 0);
		ext2_lab_umount(t, &tree.lab);
		quiet(false);
		EXPECT(t, ext2_super_at(disk)->s_state & EXT2_ERROR_FS);
	}
	DONE(t);
}

/* --- at random ----------------------------------------------------------- */

struct walk_ctx {
	struct dir_context ctx;
	char names[16][40];
	unsigned n;
};

static bool
collect(struct dir_context *ctx, const char *name, unsigned len, u64 pos,
	u64 ino, unsigned type)
{
	struct walk_ctx *w = container_of(ctx, struct walk_ctx, ctx);

	if (w->n == ARRAY_SIZE(w->names))
		return false;
	if (len < 20 && name[0] != '.')
		snprintf(w->names[w->n++], 40, "%.*s", (int)len, name);
	return true;
}

/* Everything that can be done to what lies in dir. */
static void
use_folder(const char *dir)
{
	static struct walk_ctx w;
	static char path[100];
	struct file *f;

	memset(&w, 0, sizeof(w));
	w.ctx.actor = collect;
	if (filp_open(dir, O_RDONLY, 0, &f))
		return;
	iterate_dir(f, &w.ctx);
	fput(f);
	for (unsigned i = 0; i < w.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, w.names[i]);
		read_all(path);
		link_error(path);
		make_file(path, "some text");
	}
	snprintf(path, sizeof(path), "%s/a-new-one", dir);
	make_file(path, "hello");
	RENAME(path, "/e/moved");
	snprintf(path, sizeof(path), "%s/new-dir", dir);
	MKDIR(path);
	for (unsigned i = 0; i < w.n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, w.names[i]);
		if (UNLINK(path))
			RMDIR(path);
	}
}

/* A place where something of the structure stands. */
static u32
some_place(u64 *rng, struct block_device *disk, const struct tree *tree)
{
	u32 inos[] = { 2, tree->dir, tree->sub, tree->file, tree->big,
		       tree->link, tree->slow };
	struct ext2_inode *inode = ext2_inode_at(disk, inos[
						 random_below(rng, 7)]);
	const u8 *base = ramdisk_media(disk, 0);

	switch (random_below(rng, 5)) {
	case 0:
		return 2048 + random_below(rng, 128);	/* descriptors */
	case 1:
		return (u32)((u8 *)inode - base) + random_below(rng, 100);
	case 2:
		return inode->i_block[0] % 1024 * 1024 +
		       random_below(rng, 128);
	case 3:
		return inode->i_block[12] % 1024 * 1024 +
		       random_below(rng, 1024);
	default:
		return ext2_desc_at(disk, random_below(rng, 4))->
		       bg_block_bitmap % 1024 * 1024 + random_below(rng, 32);
	}
}

static void
no_damage_does_harm(struct test *t)
{
	const size_t size = 1024 * 1024;
	u8 *saved = vmalloc(size);
	u64 rng = test_random(t);
	u32 nr_mounted = 0;
	WITH_TREE(t);

	ASSERT(t, saved != NULL);
	memcpy(saved, ramdisk_media(disk, 0), size);
	quiet(true);
	for (unsigned round = 0; round < 60; round++) {
		memcpy((u8 *)ramdisk_media(disk, 0), saved, size);
		for (u32 n = 1 + random_below(&rng, 4); n; n--)
			((u8 *)ramdisk_media(disk, 0))
				[some_place(&rng, disk, &tree) % size]
				= (u8)random_next(&rng);
		if (ext2_lab_mount(&tree.lab, "errors=continue"))
			continue;
		nr_mounted++;
		use_folder("/e/dir");
		use_folder("/e/dir/sub");
		use_folder("/e");
		EXPECT(t, ext2_lab_umount(t, &tree.lab));
	}
	quiet(false);
	EXPECT(t, nr_mounted > 20);
	vfree(saved);
	ext2_lab_drop(t, &tree.lab);
}

TEST_SUITE("ext2_damage",
	   TEST_CASE(an_inode_that_cannot_be_is_refused),
	   TEST_CASE(a_block_that_no_file_has_is_refused),
	   TEST_CASE(a_tree_that_contains_itself_ends),
	   TEST_CASE(two_files_with_one_block_do_no_harm),
	   TEST_CASE(a_bitmap_that_lies_gives_nothing_away),
	   TEST_CASE(a_full_bitmap_that_says_it_is_not_is_noted),
	   TEST_CASE(a_folder_found_twice_is_refused),
	   TEST_CASE(a_name_that_leads_nowhere_is_refused),
	   TEST_CASE(entries_that_reach_too_far_are_refused),
	   TEST_CASE(links_and_folders_with_holes_are_refused),
	   TEST_CASE(attributes_that_are_none_are_left),
	   TEST_CASE(no_damage_does_harm));
