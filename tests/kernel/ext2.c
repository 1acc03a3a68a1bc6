/* SPDX-License-Identifier: MIT */
/*
 * ext2 on a RAM disk: what a file system must do, for each size of block; and
 * after each case the disk is looked at from outside (ext2_fsck).
 */
#include <kernel/printk.h>
#include <mm/debug.h>

#include "as_helpers.h"
#include "ext2_image.h"
#include "files.h"

static const struct ext2_form forms[] = {
	{ .block_size = 1024 },
	{ .block_size = 1024, .inode_size = 256, .inodes_per_group = 32 },
	{ .block_size = 2048 },
	{ .block_size = 4096 },
	{ .block_size = 1024, .rev0 = true },
};

/* Do it on a disk of each form. */
static void
for_each_form(struct test *t, void (*fn)(struct test *t,
					 struct ext2_lab *lab))
{
	struct ext2_lab lab;

	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!ext2_lab_begin(t, &lab, 2048, &forms[i]))
			return;
		fn(t, &lab);
		ext2_lab_end(t, &lab);
	}
}

/* Unmount and mount again: nothing is left in memory. */
static bool
again(struct test *t, struct ext2_lab *lab)
{
	return ext2_lab_umount(t, lab) && ext2_lab_check(t, lab) &&
	       EXPECT_EQ(t, ext2_lab_mount(lab, ""), 0);
}

/* n bytes of a row of its own at pos. */
static bool
write_row(struct test *t, struct file *f, u64 pos, size_t n, unsigned row)
{
	u8 buf[512];
	size_t i, part;

	while (n) {
		part = min(n, sizeof(buf));
		for (i = 0; i < part; i++)
			buf[i] = (u8)((pos + i) * 7 + row);
		if (!EXPECT_EQ(t, kernel_write(f, buf, part, &pos),
			       (ssize_t)part))
			return false;
		n -= part;
	}
	return true;
}

static bool
row_is(struct test *t, struct file *f, u64 pos, size_t n, unsigned row)
{
	u8 buf[512];
	size_t i, part;

	while (n) {
		part = min(n, sizeof(buf));
		if (!EXPECT_EQ(t, kernel_read(f, buf, part, &pos),
			       (ssize_t)part))
			return false;
		for (i = 0; i < part; i++) {
			if (buf[i] != (u8)((pos - part + i) * 7 + row))
				return EXPECT_EQ(t, pos - part + i, ~0ull);
		}
		n -= part;
	}
	return true;
}

static bool
zeros_are(struct test *t, struct file *f, u64 pos, size_t n)
{
	u8 buf[512];
	size_t i, part;

	while (n) {
		part = min(n, sizeof(buf));
		if (!EXPECT_EQ(t, kernel_read(f, buf, part, &pos),
			       (ssize_t)part))
			return false;
		for (i = 0; i < part; i++) {
			if (buf[i])
				return EXPECT_EQ(t, pos - part + i, ~0ull);
		}
		n -= part;
	}
	return true;
}

static void
keep(struct test *t, struct ext2_lab *lab)
{
	struct kstat st;

	EXPECT_EQ(t, make_file("/e/a", "hello"), 0);
	EXPECT_EQ(t, MKDIR("/e/d"), 0);
	EXPECT_EQ(t, make_file("/e/d/b", "world"), 0);
	if (!again(t, lab))
		return;
	EXPECT(t, file_is("/e/a", "hello"));
	EXPECT(t, file_is("/e/d/b", "world"));
	EXPECT_EQ(t, open_error("/e/c", O_RDONLY), -ENOENT);
	EXPECT_EQ(t, stat_of("/e/d", &st), 0);
	EXPECT_EQ(t, st.nlink, 2);
	EXPECT_EQ(t, st.mode, S_IFDIR | 0755);
	EXPECT_EQ(t, stat_of("/e/a", &st), 0);
	EXPECT_EQ(t, st.size, 5);
	EXPECT_EQ(t, st.mode, S_IFREG | 0644);
	EXPECT(t, st.blocks > 0);
	EXPECT(t, st.mtime.tv_sec > 0);
}

static void
what_was_written_is_there_after_umount(struct test *t)
{
	for_each_form(t, keep);
}

/* One block on each level of the tree: direct, single, double. */
static void
grow(struct test *t, struct ext2_lab *lab)
{
	u64 bs = 1024u << ext2_super_at(lab->disk)->s_log_block_size;
	u64 n = bs / 4;
	u64 at[] = { 0, 11 * bs, 12 * bs - 100, (12 + n) * bs - 77,
		     (12 + n + 3 * n) * bs + 5 };
	struct file *f = must_open(t, "/e/big", O_CREAT | O_RDWR);
	struct kstat st;

	if (!f)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(at); i++)
		write_row(t, f, at[i], 200, i);
	fput(f);
	if (!again(t, lab))
		return;
	f = must_open(t, "/e/big", O_RDWR);
	if (!f)
		return;
	EXPECT_EQ(t, f->f_inode->i_size, at[4] + 200);
	for (unsigned i = 0; i < ARRAY_SIZE(at); i++)
		row_is(t, f, at[i], 200, i);
	zeros_are(t, f, 200, 3000);
	zeros_are(t, f, 12 * bs + 100, (size_t)bs);
	EXPECT_EQ(t, stat_of("/e/big", &st), 0);
	EXPECT(t, st.blocks < 30 * bs / 512);
	/* Back, level by level. */
	EXPECT_EQ(t, vfs_truncate(f->f_inode, (12 + n) * bs - 10), 0);
	row_is(t, f, at[3], 60, 3);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 11 * bs + 50), 0);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 11 * bs + 300), 0);
	row_is(t, f, 11 * bs, 50, 1);
	zeros_are(t, f, 11 * bs + 50, 250);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 0), 0);
	EXPECT_EQ(t, stat_of("/e/big", &st), 0);
	EXPECT_EQ(t, st.blocks, 0);
	fput(f);
}

static void
files_grow_on_all_levels_and_shrink(struct test *t)
{
	for_each_form(t, grow);
}

static void
fill(struct test *t, struct ext2_lab *lab)
{
	struct kstatfs before = { 0 }, after = { 0 };
	struct file *f = must_open(t, "/e/all", O_CREAT | O_RDWR);
	static u8 buf[4096];
	u64 pos = 0;
	struct file *g;
	ssize_t n;

	if (!f)
		return;
	f->f_path.dentry->d_sb->s_op->statfs(f->f_path.dentry->d_sb, &before);
	/* A page is taken whole or not at all: what it got goes back. */
	g = must_open(t, "/e/part", O_CREAT | O_RDWR);
	while ((n = kernel_write(g, buf, sizeof(buf), &pos)) > 0)
		;
	EXPECT_EQ(t, n, -ENOSPC);
	fput(g);
	pos = 0;
	while ((n = kernel_write(f, buf, 1024, &pos)) > 0)
		;
	EXPECT_EQ(t, n, -ENOSPC);
	f->f_path.dentry->d_sb->s_op->statfs(f->f_path.dentry->d_sb, &after);
	/* Where two were needed at once, one may be left. */
	EXPECT(t, after.f_bfree <= 1);
	EXPECT_EQ(t, MKDIR("/e/last"), after.f_bfree ? 0 : -ENOSPC);
	EXPECT_EQ(t, MKDIR("/e/no"), -ENOSPC);
	EXPECT_EQ(t, make_file("/e/empty", ""), 0);
	EXPECT_EQ(t, make_file("/e/no", "x"), -ENOSPC);
	EXPECT_EQ(t, UNLINK("/e/no"), 0);
	fput(f);
	if (!again(t, lab))
		return;
	EXPECT_EQ(t, UNLINK("/e/all"), 0);
	EXPECT_EQ(t, UNLINK("/e/part"), 0);
	EXPECT_EQ(t, UNLINK("/e/empty"), 0);
	RMDIR("/e/last");
	f = must_open(t, "/e", O_RDONLY);
	f->f_path.dentry->d_sb->s_op->statfs(f->f_path.dentry->d_sb, &after);
	fput(f);
	EXPECT_EQ(t, after.f_bfree, before.f_bfree);
	EXPECT_EQ(t, after.f_ffree, before.f_ffree + 1);
}

static void
a_full_disk_says_so_and_loses_nothing(struct test *t)
{
	for_each_form(t, fill);
}

/* Names of many lengths: folders of several blocks, and back. */
static int
name(char *buf, unsigned i)
{
	return snprintf(buf, 80, "/e/dir/%.*s%u", (int)(i * 7 % 50),
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
			i);
}

struct listing {
	struct dir_context ctx;
	unsigned n, room;
};

static bool
count_entry(struct dir_context *ctx, const char *text, unsigned len, u64 pos,
	    u64 ino, unsigned type)
{
	struct listing *l = container_of(ctx, struct listing, ctx);

	if (!l->room)
		return false;
	l->room--;
	l->n++;
	return true;
}

/* Entries of a folder, read in pieces. */
static unsigned
count(struct test *t, const char *dir)
{
	struct file *f = must_open(t, dir, O_RDONLY);
	struct listing l = { .ctx.actor = count_entry };
	unsigned before;

	if (!f)
		return 0;
	do {
		before = l.n;
		l.room = 5;
		l.ctx.pos = f->f_pos;
		EXPECT_EQ(t, iterate_dir(f, &l.ctx), 0);
	} while (l.n != before);
	fput(f);
	return l.n;
}

static void
many_names(struct test *t, struct ext2_lab *lab)
{
	struct kstat before, after;
	unsigned i, n = 100;
	char buf[80];

	EXPECT_EQ(t, MKDIR("/e/dir"), 0);
	for (i = 0; i < n; i++) {
		name(buf, i);
		EXPECT_EQ(t, make_file(buf, ""), 0);
	}
	EXPECT_EQ(t, count(t, "/e/dir"), n + 2);
	if (!again(t, lab))
		return;
	EXPECT_EQ(t, count(t, "/e/dir"), n + 2);
	EXPECT_EQ(t, RMDIR("/e/dir"), -ENOTEMPTY);
	EXPECT_EQ(t, stat_of("/e/dir", &before), 0);
	/* Make it know of no room in the first blocks. */
	EXPECT_EQ(t, make_file("/e/dir/z", ""), 0);
	EXPECT_EQ(t, UNLINK("/e/dir/z"), 0);
	for (i = 0; i < n; i += 2) {
		name(buf, i);
		EXPECT_EQ(t, UNLINK(buf), 0);
	}
	for (i = 0; i < n; i++) {
		name(buf, i);
		EXPECT_EQ(t, exists(buf), i % 2 == 1);
	}
	EXPECT_EQ(t, count(t, "/e/dir"), n / 2 + 2);
	/* What has become free is used again. */
	for (i = 0; i < n; i += 2) {
		name(buf, i);
		EXPECT_EQ(t, make_file(buf, ""), 0);
	}
	EXPECT_EQ(t, stat_of("/e/dir", &after), 0);
	EXPECT_EQ(t, after.size, before.size);
	for (i = 0; i < n; i += 2) {
		name(buf, i);
		EXPECT_EQ(t, UNLINK(buf), 0);
	}
	for (i = 1; i < n; i += 2) {
		name(buf, i);
		EXPECT_EQ(t, UNLINK(buf), 0);
	}
	EXPECT_EQ(t, count(t, "/e/dir"), 2);
	EXPECT_EQ(t, RMDIR("/e/dir"), 0);
	EXPECT(t, !exists("/e/dir"));
}

static void
a_folder_takes_many_names_and_gives_them_back(struct test *t)
{
	for_each_form(t, many_names);
}

/* One block: 83 names of 12 bytes, and one of 20 for two that have gone. */
static void
room(struct test *t, struct ext2_lab *lab)
{
	char name[32];
	struct kstat st;

	EXPECT_EQ(t, MKDIR("/e/full"), 0);
	for (unsigned i = 0; i < 83; i++) {
		snprintf(name, sizeof(name), "/e/full/f%02u", i);
		EXPECT_EQ(t, make_file(name, ""), 0);
	}
	EXPECT_EQ(t, UNLINK("/e/full/f40"), 0);
	EXPECT_EQ(t, UNLINK("/e/full/f41"), 0);
	EXPECT_EQ(t, make_file("/e/full/twelve_bytes", ""), 0);
	EXPECT_EQ(t, stat_of("/e/full", &st), 0);
	EXPECT_EQ(t, st.size, 1024);
	again(t, lab);
	EXPECT(t, exists("/e/full/twelve_bytes"));
	EXPECT_EQ(t, MKDIR("/e/dots"), 0);
	EXPECT_EQ(t, make_file("/e/dots/.hidden", ""), 0);
	EXPECT_EQ(t, RMDIR("/e/dots"), -ENOTEMPTY);
}

static void
the_room_of_names_that_went_is_one(struct test *t)
{
	struct ext2_form form = { .block_size = 1024 };
	struct ext2_lab lab;

	ASSERT(t, ext2_lab_begin(t, &lab, 1024, &form));
	room(t, &lab);
	ext2_lab_end(t, &lab);
}

static void
links(struct test *t, struct ext2_lab *lab)
{
	static char long_text[200];
	struct path path;
	struct kstat st;
	char buf[256];

	memset(long_text, 'x', sizeof(long_text) - 1);
	EXPECT_EQ(t, make_file("/e/f", "text"), 0);
	EXPECT_EQ(t, LINK("/e/f", "/e/g"), 0);
	EXPECT_EQ(t, SYMLINK("f", "/e/s"), 0);
	EXPECT_EQ(t, SYMLINK(long_text, "/e/l"), 0);
	memset(buf, 'y', 60);
	buf[60] = '\0';
	EXPECT_EQ(t, SYMLINK(buf + 1, "/e/s59"), 0);
	EXPECT_EQ(t, SYMLINK(buf, "/e/s60"), 0);
	if (!again(t, lab))
		return;
	EXPECT(t, file_is("/e/s", "text"));
	EXPECT(t, file_is("/e/g", "text"));
	EXPECT_EQ(t, stat_of("/e/g", &st), 0);
	EXPECT_EQ(t, st.nlink, 2);
	EXPECT_EQ(t, stat_of("/e/s59", &st), 0);
	EXPECT_EQ(t, st.blocks, 0);
	EXPECT_EQ(t, stat_of("/e/s60", &st), 0);
	EXPECT(t, st.blocks != 0);
	EXPECT_EQ(t, kern_path("/e/l", 0, &path), 0);
	EXPECT_EQ(t, vfs_readlink(&path, buf, sizeof(buf)),
		  sizeof(long_text) - 1);
	EXPECT(t, !memcmp(buf, long_text, sizeof(long_text) - 1));
	path_put(&path);
	EXPECT_EQ(t, UNLINK("/e/f"), 0);
	EXPECT_EQ(t, open_error("/e/s", O_RDONLY), -ENOENT);
	EXPECT(t, file_is("/e/g", "text"));
	EXPECT_EQ(t, stat_of("/e/g", &st), 0);
	EXPECT_EQ(t, st.nlink, 1);
	EXPECT_EQ(t, LINK("/e", "/e/h"), -EPERM);
	EXPECT_EQ(t, UNLINK("/e/l"), 0);
	EXPECT_EQ(t, UNLINK("/e/s60"), 0);
}

static void
links_of_both_kinds_lead_where_they_say(struct test *t)
{
	for_each_form(t, links);
}

static void
renames(struct test *t, struct ext2_lab *lab)
{
	struct kstat st;

	EXPECT_EQ(t, MKDIR("/e/a"), 0);
	EXPECT_EQ(t, MKDIR("/e/b"), 0);
	EXPECT_EQ(t, MKDIR("/e/a/sub"), 0);
	EXPECT_EQ(t, make_file("/e/a/f", "one"), 0);
	EXPECT_EQ(t, make_file("/e/b/g", "two"), 0);
	EXPECT_EQ(t, RENAME("/e/a/f", "/e/a/a-longer-name-than-before"), 0);
	EXPECT_EQ(t, RENAME("/e/a/a-longer-name-than-before", "/e/b/g"), 0);
	EXPECT(t, file_is("/e/b/g", "one"));
	EXPECT_EQ(t, RENAME("/e/a/sub", "/e/b/sub"), 0);
	EXPECT_EQ(t, stat_of("/e/a", &st), 0);
	EXPECT_EQ(t, st.nlink, 2);
	EXPECT_EQ(t, stat_of("/e/b", &st), 0);
	EXPECT_EQ(t, st.nlink, 3);
	EXPECT_EQ(t, RENAME("/e/b", "/e/b/sub/c"), -EINVAL);
	EXPECT_EQ(t, RENAME("/e/a", "/e/b"), -ENOTEMPTY);
	EXPECT_EQ(t, RENAME("/e/a", "/e/b/sub"), 0);
	EXPECT(t, !exists("/e/a"));
	EXPECT_EQ(t, MKDIR("/e/x"), 0);
	EXPECT_EQ(t, make_file("/e/y", "file"), 0);
	EXPECT_EQ(t, vfs_rename_at(AT_FDCWD, "/e/y", AT_FDCWD, "/e/b/sub",
				   RENAME_EXCHANGE), 0);
	EXPECT(t, file_is("/e/b/sub", "file"));
	EXPECT_EQ(t, stat_of("/e", &st), 0);
	EXPECT_EQ(t, st.nlink, 5);
	if (!again(t, lab))
		return;
	EXPECT(t, file_is("/e/b/sub", "file"));
	EXPECT(t, file_is("/e/b/g", "one"));
	EXPECT_EQ(t, make_file("/e/y/../z", "up"), 0);
	EXPECT(t, file_is("/e/z", "up"));
	EXPECT_EQ(t, RMDIR("/e/y"), 0);
}

static void
rename_moves_replaces_and_exchanges(struct test *t)
{
	for_each_form(t, renames);
}

static void
unlinked(struct test *t, struct ext2_lab *lab)
{
	struct file *f = must_open(t, "/e/f", O_CREAT | O_RDWR);
	struct file *d;
	u32 ino;

	if (!f)
		return;
	ino = (u32)f->f_inode->i_ino;
	write_row(t, f, 0, 50000, 3);
	EXPECT_EQ(t, UNLINK("/e/f"), 0);
	row_is(t, f, 0, 50000, 3);
	write_row(t, f, 50000, 50000, 3);
	row_is(t, f, 0, 100000, 3);
	EXPECT_EQ(t, make_file("/e/g", "other"), 0);
	EXPECT_EQ(t, MKDIR("/e/d"), 0);
	d = must_open(t, "/e/d", O_RDONLY);
	EXPECT_EQ(t, RMDIR("/e/d"), 0);
	EXPECT_EQ(t, open_error("/e/d/new", O_CREAT | O_RDWR), -ENOENT);
	fput(d);
	fput(f);
	if (!again(t, lab))
		return;
	EXPECT(t, ext2_inode_at(lab->disk, ino)->i_dtime != 0);
	EXPECT(t, file_is("/e/g", "other"));
}

static void
a_file_without_a_name_lives_until_it_is_closed(struct test *t)
{
	for_each_form(t, unlinked);
}

static void
special(struct test *t, struct ext2_lab *lab)
{
	struct kstat st;

	EXPECT_EQ(t, vfs_mknod_at(AT_FDCWD, "/e/null", S_IFCHR | 0666,
				  MKDEV(1, 3)), 0);
	EXPECT_EQ(t, vfs_mknod_at(AT_FDCWD, "/e/large", S_IFCHR | 0600,
				  MKDEV(300, 70000)), 0);
	EXPECT_EQ(t, vfs_mknod_at(AT_FDCWD, "/e/disk", S_IFBLK | 0600,
				  MKDEV(254, 0)), 0);
	EXPECT_EQ(t, vfs_mknod_at(AT_FDCWD, "/e/fifo", S_IFIFO | 0600, 0), 0);
	EXPECT_EQ(t, vfs_mknod_at(AT_FDCWD, "/e/sock", S_IFSOCK | 0600, 0),
		  0);
	if (!again(t, lab))
		return;
	EXPECT_EQ(t, stat_of("/e/null", &st), 0);
	EXPECT_EQ(t, st.rdev, MKDEV(1, 3));
	EXPECT_EQ(t, st.mode, S_IFCHR | 0644);	/* umask */
	EXPECT_EQ(t, stat_of("/e/large", &st), 0);
	EXPECT_EQ(t, st.rdev, MKDEV(300, 70000));
	EXPECT_EQ(t, stat_of("/e/disk", &st), 0);
	EXPECT_EQ(t, st.mode, S_IFBLK | 0600);
	EXPECT_EQ(t, st.rdev, MKDEV(254, 0));
	EXPECT_EQ(t, stat_of("/e/fifo", &st), 0);
	EXPECT_EQ(t, st.mode, S_IFIFO | 0600);
	EXPECT_EQ(t, make_file("/e/null", "gone"), 0);
	EXPECT_EQ(t, open_error("/e/sock", O_RDONLY), -ENXIO);
}

static void
devices_and_pipes_have_nodes(struct test *t)
{
	for_each_form(t, special);
}

static u32
word_at(const char *name, u64 pos)
{
	struct file *f;
	u32 value = ~0u;

	if (filp_open(name, O_RDONLY, 0, &f))
		return ~0u;
	if (kernel_read(f, &value, 4, &pos) != 4)
		value = ~0u;
	fput(f);
	return value;
}

/* Into holes, into what is there, and where the file ends inside of a page. */
static void
mapped(struct test *t, struct ext2_lab *lab)
{
	struct file *f = must_open(t, "/e/f", O_CREAT | O_RDWR);
	struct mm_struct *mm = mm_alloc();
	unsigned long at;
	struct kstat st;

	if (!EXPECT(t, f && mm))
		return;
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 2 * PAGE_SIZE + 1500), 0);
	at = as_map_file(mm, f, 3 * PAGE_SIZE, RW, MAP_SHARED);
	EXPECT_EQ(t, as_peek(mm, at), 0);
	EXPECT_EQ(t, stat_of("/e/f", &st), 0);
	EXPECT_EQ(t, st.blocks, 0);		/* reading makes no block */
	EXPECT(t, as_poke(mm, at + 8, 11));
	EXPECT(t, as_poke(mm, at + 2 * PAGE_SIZE + 1000, 22));
	EXPECT_EQ(t, stat_of("/e/f", &st), 0);
	EXPECT(t, st.blocks != 0);
	/* The file grows into the page; no fault tells of the next store. */
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 3 * PAGE_SIZE), 0);
	EXPECT(t, as_poke(mm, at + 2 * PAGE_SIZE + 3500, 33));
	mmput(mm);
	fput(f);
	if (!again(t, lab))
		return;
	EXPECT_EQ(t, word_at("/e/f", 8), 11);
	EXPECT_EQ(t, word_at("/e/f", PAGE_SIZE), 0);
	EXPECT_EQ(t, word_at("/e/f", 2 * PAGE_SIZE + 1000), 22);
	EXPECT_EQ(t, word_at("/e/f", 2 * PAGE_SIZE + 2500), 0);
	EXPECT_EQ(t, word_at("/e/f", 2 * PAGE_SIZE + 3500), 33);
}

static void
stores_through_a_mapping_reach_the_disk(struct test *t)
{
	for_each_form(t, mapped);
}

/* A store that finds no room is told at once; what was there stays. */
static void
mapped_full(struct test *t, struct ext2_lab *lab)
{
	static u8 buf[1024];
	struct file *f = must_open(t, "/e/f", O_CREAT | O_RDWR);
	struct file *g = must_open(t, "/e/g", O_CREAT | O_RDWR);
	struct mm_struct *mm = mm_alloc();
	unsigned long at;
	u64 pos = 0;

	if (!EXPECT(t, f && g && mm))
		return;
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 8 * PAGE_SIZE), 0);
	at = as_map_file(mm, f, 8 * PAGE_SIZE, RW, MAP_SHARED);
	EXPECT(t, as_poke(mm, at, 11));
	while (kernel_write(g, buf, sizeof(buf), &pos) > 0)
		;
	EXPECT_EQ(t, as_touch(mm, at + 5 * PAGE_SIZE, true),
		  VM_FAULT_SIGBUS);
	EXPECT_EQ(t, as_touch(mm, at + 5 * PAGE_SIZE, false), 0);
	EXPECT_EQ(t, as_peek(mm, at), 11);
	mmput(mm);
	fput(f);
	fput(g);
	if (again(t, lab))
		EXPECT_EQ(t, word_at("/e/f", 0), 11);
}

static void
a_store_without_room_is_told(struct test *t)
{
	for_each_form(t, mapped_full);
}

/* --- what fsync writes --- */

#define BESIDE	20u			/* files with blocks of numbers of their own */

static struct file *
open_beside(struct test *t, unsigned i)
{
	char name[] = "/e/b?";

	name[4] = (char)('a' + i);
	return must_open(t, name, O_CREAT | O_RDWR);
}

/* All of them get a block more. */
static void
append_beside(struct test *t, u64 pos)
{
	for (unsigned i = 0; i < BESIDE; i++) {
		struct file *f = open_beside(t, i);

		if (f) {
			write_row(t, f, pos, 1024, i);
			fput(f);
		}
	}
}

/* Sectors that go to the disk. */
static u64
sync_costs(struct test *t, struct ext2_lab *lab, struct file *f)
{
	u64 before = lab->disk->sectors[BLK_WRITE];

	EXPECT_EQ(t, vfs_fsync_range(f, 0, MAX_LFS_FILESIZE, false), 0);
	return lab->disk->sectors[BLK_WRITE] - before;
}

static void
fsync_writes_one_file_and_what_leads_to_it(struct test *t)
{
	struct ext2_form form = { .block_size = 1024 };
	struct ext2_lab lab;
	struct file *f;
	u64 flushes;

	if (!ext2_lab_begin(t, &lab, 2048, &form))
		return;
	f = must_open(t, "/e/f", O_CREAT | O_RDWR);
	ASSERT(t, f);
	write_row(t, f, 0, 40 * 1024, 1);
	for (unsigned at = 0; at < 14; at++)
		append_beside(t, at * 1024);
	sync_all();
	append_beside(t, 14 * 1024);
	/* Its page, the inode, and what all share: bitmap, group, super block. */
	write_row(t, f, 0, 1024, 2);
	flushes = lab.disk->requests[BLK_FLUSH];
	EXPECT_EQ(t, sync_costs(t, &lab, f), 8 + 4 * 2);
	EXPECT_EQ(t, lab.disk->requests[BLK_FLUSH] - flushes,
		  lab.disk->has_flush);
	/* The same in place: the inode alone. */
	write_row(t, f, 0, 1024, 3);
	EXPECT_EQ(t, sync_costs(t, &lab, f), 8 + 2);
	/* A block more, behind one of numbers: that one too. */
	write_row(t, f, 40 * 1024, 1024, 3);
	EXPECT_EQ(t, sync_costs(t, &lab, f), 2 + 5 * 2);
	/* A name anywhere: all that is dirty, of the 20 too. */
	append_beside(t, 15 * 1024);
	EXPECT_EQ(t, make_file("/e/new", "x"), 0);
	EXPECT(t, sync_costs(t, &lab, f) >= BESIDE * 2);
	fput(f);
	ext2_lab_end(t, &lab);
}

/* What it leaves on the disk is a whole file, also two levels down, and others
 * may have been given the blocks of one that is gone. */
static void
after_fsync_the_file_is_on_the_disk(struct test *t)
{
	struct ext2_form form = { .block_size = 1024 };
	struct ext2_lab lab;
	struct file *f;
	u64 written;

	if (!ext2_lab_begin(t, &lab, 2048, &form))
		return;
	f = must_open(t, "/e/f", O_CREAT | O_RDWR);
	ASSERT(t, f);
	sync_all();
	write_row(t, f, 300 * 1024, 3000, 1);	/* level 2 */
	write_row(t, f, 20 * 1024, 3000, 1);	/* level 1 */
	EXPECT_EQ(t, vfs_fsync_range(f, 0, MAX_LFS_FILESIZE, false), 0);
	/* Nothing else was dirty, and nothing is: nothing more is written. */
	EXPECT_EQ(t, sync_costs(t, &lab, f), 0);
	written = lab.disk->sectors[BLK_WRITE];
	sync_all();
	EXPECT_EQ(t, lab.disk->sectors[BLK_WRITE] - written, 0);
	EXPECT_EQ(t, make_file("/e/gone", "x"), 0);
	EXPECT_EQ(t, UNLINK("/e/gone"), 0);
	EXPECT(t, sync_costs(t, &lab, f) > 0);
	fput(f);
	ext2_lab_end(t, &lab);
}

TEST_SUITE("ext2",
	   TEST_CASE(what_was_written_is_there_after_umount),
	   TEST_CASE(files_grow_on_all_levels_and_shrink),
	   TEST_CASE(a_full_disk_says_so_and_loses_nothing),
	   TEST_CASE(a_folder_takes_many_names_and_gives_them_back),
	   TEST_CASE(the_room_of_names_that_went_is_one),
	   TEST_CASE(links_of_both_kinds_lead_where_they_say),
	   TEST_CASE(rename_moves_replaces_and_exchanges),
	   TEST_CASE(a_file_without_a_name_lives_until_it_is_closed),
	   TEST_CASE(devices_and_pipes_have_nodes),
	   TEST_CASE(stores_through_a_mapping_reach_the_disk),
	   TEST_CASE(a_store_without_room_is_told),
	   TEST_CASE(fsync_writes_one_file_and_what_leads_to_it),
	   TEST_CASE(after_fsync_the_file_is_on_the_disk));
