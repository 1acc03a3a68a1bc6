/* SPDX-License-Identifier: MIT */
/*
 * ext2: what mounting and unmounting leaves on the disk; features; errors=;
 * where blocks and inodes are put; what a disk of ext3's has besides.
 */
#include <kernel/blk.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <mm/debug.h>
#include <mm/slab.h>
#include <mm/verify.h>

#include "../../kernel/fs/ext2/ext2_fs.h"
#include "ext2_image.h"
#include "files.h"
#include "verify_helpers.h"

#define NEED_LAB(t, kib, form) \
	struct ext2_lab lab; \
	struct ext2_super_block *es __unused; \
	ASSERT(t, ext2_lab_begin(t, &lab, kib, form)); \
	es = ext2_super_at(lab.disk)

static bool
mount_again(struct test *t, struct ext2_lab *lab, const char *options)
{
	return ext2_lab_umount(t, lab) &&
	       EXPECT_EQ(t, ext2_lab_mount(lab, options), 0);
}

static int
write_n(const char *name, u64 pos, unsigned n)
{
	static u8 buf[1024];
	struct file *f;
	ssize_t done = 0;
	int err = filp_open(name, O_CREAT | O_RDWR, 0644, &f);

	if (err)
		return err;
	while (n && done >= 0) {
		unsigned part = min(n, (unsigned)sizeof(buf));

		done = kernel_write(f, buf, part, &pos);
		n -= done > 0 ? (unsigned)done : 0;
	}
	fput(f);
	return done < 0 ? (int)done : 0;
}

static struct inode *
inode_of(struct test *t, const char *name)
{
	struct path path;
	struct inode *inode;

	if (!EXPECT_EQ(t, kern_path(name, 0, &path), 0))
		return NULL;
	inode = path.dentry->d_inode;	/* the dentry stays in the cache */
	path_put(&path);
	return inode;
}

/* --- state --------------------------------------------------------------- */

static void
a_mounted_disk_says_so(struct test *t)
{
	NEED_LAB(t, 1024, NULL);

	EXPECT_EQ(t, es->s_state, 0);
	EXPECT_EQ(t, es->s_mnt_count, 1);
	ASSERT(t, mount_again(t, &lab, ""));
	EXPECT_EQ(t, es->s_state, 0);
	EXPECT_EQ(t, es->s_mnt_count, 2);
	ASSERT(t, ext2_lab_umount(t, &lab));
	EXPECT_EQ(t, es->s_state, EXT2_VALID_FS);
	EXPECT(t, es->s_wtime >= es->s_mtime);
	ext2_lab_end(t, &lab);
}

/* Only e2fsck may say that it is clean again. */
static void
one_that_was_not_unmounted_stays_so(struct test *t)
{
	NEED_LAB(t, 1024, NULL);

	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_state = 0;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
	EXPECT_EQ(t, make_file("/e/f", "text"), 0);
	ASSERT(t, ext2_lab_umount(t, &lab));
	EXPECT_EQ(t, es->s_state, 0);
	es->s_state = EXT2_VALID_FS;
	ext2_lab_end(t, &lab);
}

static u32
sum_of(struct block_device *disk)
{
	const u32 *p = (const u32 *)ramdisk_media(disk, 0);
	u32 sum = 0;

	for (u64 i = 0; i < disk->nr_sectors * SECTOR_SIZE / 4; i++)
		sum = (sum ^ p[i]) * 16777619u;
	return sum;
}

static void
a_read_only_mount_changes_no_byte(struct test *t)
{
	NEED_LAB(t, 1024, NULL);
	struct file *f;
	u32 sum;

	EXPECT_EQ(t, make_file("/e/f", "text"), 0);
	ASSERT(t, ext2_lab_umount(t, &lab));
	sum = sum_of(lab.disk);
	EXPECT_EQ(t, ext2_lab_mount(&lab, "ro"), 0);
	EXPECT(t, file_is("/e/f", "text"));
	EXPECT_EQ(t, open_error("/e/f", O_RDWR), -EROFS);
	EXPECT_EQ(t, open_error("/e/g", O_RDWR | O_CREAT), -EROFS);
	EXPECT_EQ(t, UNLINK("/e/f"), -EROFS);
	EXPECT_EQ(t, MKDIR("/e/d"), -EROFS);
	EXPECT_EQ(t, RENAME("/e/f", "/e/g"), -EROFS);
	EXPECT_EQ(t, LINK("/e/f", "/e/g"), -EROFS);
	EXPECT_EQ(t, SYMLINK("f", "/e/g"), -EROFS);
	f = must_open(t, "/e/f", O_RDONLY);
	EXPECT_EQ(t, vfs_truncate(f->f_inode, 0), -EROFS);
	fput(f);
	ASSERT(t, ext2_lab_umount(t, &lab));
	EXPECT_EQ(t, sum_of(lab.disk), sum);
	ext2_lab_end(t, &lab);
}

static int
remount(const char *options, u32 flags)
{
	return do_remount("/e", options, flags);
}

static void
a_mount_can_become_read_only_and_back(struct test *t)
{
	NEED_LAB(t, 1024, NULL);
	struct file *f;

	EXPECT_EQ(t, make_file("/e/f", "text"), 0);
	f = must_open(t, "/e/f", O_RDWR);
	ASSERT(t, f);
	EXPECT_EQ(t, remount("", SB_RDONLY), -EBUSY);
	EXPECT_EQ(t, make_file("/e/g", "text"), 0);
	fput(f);
	f = must_open(t, "/e/f", O_RDONLY);
	EXPECT_EQ(t, UNLINK("/e/f"), 0);
	EXPECT_EQ(t, remount("", SB_RDONLY), -EBUSY);	/* an orphan */
	fput(f);
	EXPECT_EQ(t, es->s_state, 0);
	EXPECT_EQ(t, remount("", SB_RDONLY), 0);
	EXPECT_EQ(t, es->s_state, EXT2_VALID_FS);
	EXPECT(t, ext2_lab_check(t, &lab));
	EXPECT_EQ(t, make_file("/e/h", "text"), -EROFS);
	EXPECT_EQ(t, UNLINK("/e/g"), -EROFS);
	EXPECT(t, file_is("/e/g", "text"));
	EXPECT_EQ(t, remount("errors=nonsense", 0), -EINVAL);
	EXPECT_EQ(t, remount("errors=panic", 0), 0);
	EXPECT_EQ(t, es->s_state, 0);
	EXPECT_EQ(t, es->s_mnt_count, 2);
	EXPECT_EQ(t, make_file("/e/h", "text"), 0);
	EXPECT_EQ(t, do_remount("/e/h", "", 0), -EINVAL);
	EXPECT_EQ(t, do_remount("/none", "", 0), -ENOENT);
	ext2_lab_end(t, &lab);
}

static void
what_may_only_be_read_stays_so(struct test *t)
{
	NEED_LAB(t, 1024, NULL);

	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_feature_ro_compat |= 0x400;
	EXPECT_EQ(t, ext2_lab_mount(&lab, "ro"), 0);
	EXPECT_EQ(t, remount("", 0), -EROFS);
	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_feature_ro_compat &= ~0x400u;
	lab.disk->read_only = true;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), -EROFS);
	EXPECT_EQ(t, ext2_lab_mount(&lab, "ro"), 0);
	EXPECT_EQ(t, remount("", 0), -EROFS);
	ASSERT(t, ext2_lab_umount(t, &lab));
	lab.disk->read_only = false;
	ext2_lab_end(t, &lab);
}

/* --- features ------------------------------------------------------------ */

static void
unknown_features_are_refused_by_kind(struct test *t)
{
	NEED_LAB(t, 1024, NULL);

	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_feature_compat = 0x4 | 0x8 | 0x10 | 0x20;	/* what mke2fs has */
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_feature_ro_compat |= 0x400;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), -EROFS);
	EXPECT_EQ(t, ext2_lab_mount(&lab, "ro"), 0);
	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_feature_ro_compat &= ~0x400u;
	es->s_feature_incompat |= 0x40;			/* extents */
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), -EINVAL);
	EXPECT_EQ(t, ext2_lab_mount(&lab, "ro"), -EINVAL);
	es->s_feature_incompat &= ~0x40u;
	ext2_lab_end(t, &lab);
}

static void
what_is_no_ext2_is_refused(struct test *t)
{
	NEED_LAB(t, 1024, NULL);

	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_magic = 0;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), -EINVAL);
	es->s_magic = EXT2_MAGIC;
	es->s_blocks_count *= 2;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), -EINVAL);
	es->s_blocks_count /= 2;
	ext2_desc_at(lab.disk, 1)->bg_inode_table ^= 0x1000;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), -EUCLEAN);
	ext2_desc_at(lab.disk, 1)->bg_inode_table ^= 0x1000;
	EXPECT_EQ(t, ext2_lab_mount(&lab, "errors=perhaps"), -EINVAL);
	EXPECT_EQ(t, ext2_lab_mount(&lab, "size=3"), -EINVAL);
	EXPECT_EQ(t, do_mount("/dev/none", "/e", "ext2", "", 0), -ENOENT);
	EXPECT_EQ(t, do_mount("/dev/null", "/e", "ext2", "", 0), -ENOTBLK);
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
	EXPECT_EQ(t, do_mount("/dev/ext2t", "/e", "ext2", "", 0), -EBUSY);
	ext2_lab_end(t, &lab);
}

static void
a_file_of_2_gib_is_noted(struct test *t)
{
	static const struct ext2_form old = { .rev0 = true };
	NEED_LAB(t, 1024, NULL);

	EXPECT_EQ(t, write_n("/e/f", 0x7ffffff0, 8), 0);
	ASSERT(t, mount_again(t, &lab, ""));
	EXPECT(t, !(es->s_feature_ro_compat & EXT2_RO_LARGE_FILE));
	EXPECT_EQ(t, write_n("/e/f", 0x100000000ull, 8), 0);
	ASSERT(t, mount_again(t, &lab, ""));
	EXPECT(t, es->s_feature_ro_compat & EXT2_RO_LARGE_FILE);
	EXPECT_EQ(t, inode_of(t, "/e/f")->i_size, 0x100000008ull);
	EXPECT_EQ(t, write_n("/e/f", 20ull << 30, 8), -EFBIG);
	EXPECT_EQ(t, vfs_truncate(inode_of(t, "/e/f"), 20ull << 30), -EFBIG);
	ext2_lab_end(t, &lab);
	ASSERT(t, ext2_lab_begin(t, &lab, 1024, &old));
	EXPECT_EQ(t, write_n("/e/f", 0x7fffffff, 1), -EFBIG);
	EXPECT_EQ(t, write_n("/e/f", 0x7ffffffe, 1), 0);
	ext2_lab_end(t, &lab);
}

/* --- errors= ------------------------------------------------------------- */

/* A folder whose block is full of nothing; errors are the disk's. */
static bool
break_a_folder(struct test *t, struct ext2_lab *lab)
{
	u32 block;

	if (!EXPECT_EQ(t, MKDIR("/e/bad"), 0) ||
	    !EXPECT_EQ(t, MKDIR("/e/good"), 0))
		return false;
	block = EXT2_I(inode_of(t, "/e/bad"))->data[0];
	if (!ext2_lab_umount(t, lab))
		return false;
	memset(ext2_block_at(lab->disk, block), 0, 100);
	return true;
}

static void
an_error_is_noted_and_passed_over(struct test *t)
{
	NEED_LAB(t, 1024, NULL);

	ASSERT(t, break_a_folder(t, &lab));
	EXPECT_EQ(t, ext2_lab_mount(&lab, "errors=continue"), 0);
	EXPECT_EQ(t, open_error("/e/bad/x", O_RDONLY), -EUCLEAN);
	EXPECT_EQ(t, open_error("/e/bad/x", O_RDWR | O_CREAT), -EUCLEAN);
	EXPECT_EQ(t, RMDIR("/e/bad"), -EUCLEAN);
	EXPECT_EQ(t, make_file("/e/good/f", "text"), 0);
	ASSERT(t, ext2_lab_umount(t, &lab));
	EXPECT_EQ(t, es->s_state, EXT2_VALID_FS | EXT2_ERROR_FS);
	ext2_lab_drop(t, &lab);
}

static void
after_an_error_it_may_be_read_only(struct test *t)
{
	NEED_LAB(t, 1024, NULL);

	ASSERT(t, break_a_folder(t, &lab));
	es->s_errors = EXT2_ERRORS_RO;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
	EXPECT_EQ(t, make_file("/e/f", "before"), 0);
	EXPECT_EQ(t, open_error("/e/bad/x", O_RDONLY), -EUCLEAN);
	EXPECT_EQ(t, make_file("/e/good/f", "text"), -EROFS);
	EXPECT_EQ(t, UNLINK("/e/f"), -EROFS);
	EXPECT(t, file_is("/e/f", "before"));
	ASSERT(t, mount_again(t, &lab, "ro"));
	EXPECT(t, file_is("/e/f", "before"));
	EXPECT_EQ(t, es->s_state, EXT2_ERROR_FS);
	ext2_lab_drop(t, &lab);
}

/* --- placement ----------------------------------------------------------- */

static void
a_file_lies_in_one_piece(struct test *t)
{
	NEED_LAB(t, 2048, NULL);
	const u32 *data;

	EXPECT_EQ(t, write_n("/e/f", 0, 12 * 1024), 0);
	data = EXT2_I(inode_of(t, "/e/f"))->data;
	for (unsigned i = 1; i < 12; i++)
		EXPECT_EQ(t, data[i], data[0] + i);
	ext2_lab_end(t, &lab);
}

/* Two that grow in turns get eight blocks each at a time. */
static void
files_that_grow_together_get_runs(struct test *t)
{
	NEED_LAB(t, 2048, NULL);
	const u32 *a, *b;

	for (unsigned i = 0; i < 8; i++) {
		EXPECT_EQ(t, write_n("/e/a", i * 1024, 1024), 0);
		EXPECT_EQ(t, write_n("/e/b", i * 1024, 1024), 0);
	}
	a = EXT2_I(inode_of(t, "/e/a"))->data;
	b = EXT2_I(inode_of(t, "/e/b"))->data;
	EXPECT_EQ(t, a[7], a[0] + 7);
	EXPECT_EQ(t, b[7], b[0] + 7);
	ext2_lab_end(t, &lab);
}

static void
files_stay_near_their_folder(struct test *t)
{
	NEED_LAB(t, 2048, NULL);	/* 8 groups */
	u32 groups = 0, d, f;
	char name[32];

	for (unsigned i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "/e/d%u", i);
		EXPECT_EQ(t, MKDIR(name), 0);
		d = EXT2_I(inode_of(t, name))->group;
		groups |= 1u << d;
		snprintf(name, sizeof(name), "/e/d%u/f", i);
		EXPECT_EQ(t, write_n(name, 0, 100), 0);
		f = EXT2_I(inode_of(t, name))->group;
		EXPECT_EQ(t, f, d);
		EXPECT_EQ(t, (EXT2_I(inode_of(t, name))->data[0] - 1) / 256,
			  d);
		snprintf(name, sizeof(name), "/e/d%u/sub", i);
		EXPECT_EQ(t, MKDIR(name), 0);
		EXPECT_EQ(t, EXT2_I(inode_of(t, name))->group, d);
	}
	/* Strangers are spread. */
	EXPECT(t, __builtin_popcount(groups) >= 5);
	ext2_lab_end(t, &lab);
}

static void
the_last_blocks_are_for_user_0(struct test *t)
{
	static const struct ext2_form form = { .reserved = 100 };
	NEED_LAB(t, 1024, &form);
	struct fs_struct *fs = current_fs();
	struct super_block *sb;
	struct kstatfs st = { 0 };

	EXPECT_EQ(t, make_file("/e/f", "x"), 0);
	sb = inode_of(t, "/e/f")->i_sb;
	inode_of(t, "/e/f")->i_mode |= 0666;
	fs->uid = 1000;
	EXPECT_EQ(t, write_n("/e/f", 0, 2000000), -ENOSPC);
	sb->s_op->statfs(sb, &st);
	EXPECT(t, st.f_bfree == 100 || st.f_bfree == 101);
	EXPECT_EQ(t, st.f_bavail, st.f_bfree - 100);
	fs->uid = 0;
	EXPECT_EQ(t, write_n("/e/g", 0, 2000000), -ENOSPC);
	sb->s_op->statfs(sb, &st);
	EXPECT(t, st.f_bfree <= 1);
	ext2_lab_end(t, &lab);
}

/* Those of the super block are as old as its last clean unmounting. */
static void
free_is_what_the_groups_have_free(struct test *t)
{
	NEED_LAB(t, 1024, NULL);
	struct kstatfs before = { 0 }, after = { 0 };
	struct super_block *sb = inode_of(t, "/e")->i_sb;

	sb->s_op->statfs(sb, &before);
	ASSERT(t, ext2_lab_umount(t, &lab));
	es->s_free_blocks_count -= 9;
	es->s_free_inodes_count -= 9;
	ASSERT_EQ(t, ext2_lab_mount(&lab, ""), 0);
	sb = inode_of(t, "/e")->i_sb;
	sb->s_op->statfs(sb, &after);
	EXPECT_EQ(t, after.f_bfree, before.f_bfree);
	EXPECT_EQ(t, after.f_ffree, before.f_ffree);
	ext2_lab_end(t, &lab);
}

static void
inodes_can_run_out(struct test *t)
{
	static const struct ext2_form form = { .inodes_per_group = 16,
					       .blocks_per_group = 512 };
	NEED_LAB(t, 1024, &form);	/* 2 groups: 32 inodes, 10 reserved */
	unsigned n = 0;
	char name[16];

	while (snprintf(name, sizeof(name), "/e/%u", n),
	       !make_file(name, "x"))
		n++;
	EXPECT_EQ(t, n, 22);
	EXPECT_EQ(t, make_file(name, "x"), -ENOSPC);
	EXPECT_EQ(t, SYMLINK("x", name), -ENOSPC);
	EXPECT_EQ(t, UNLINK("/e/3"), 0);
	EXPECT_EQ(t, make_file(name, "x"), 0);
	ext2_lab_end(t, &lab);
}

/* --- what others have ---------------------------------------------------- */

/* An index as ext3 makes it: its nodes look like free entries. */
static void
an_indexed_folder_is_read_and_becomes_an_ordinary_one(struct test *t)
{
	NEED_LAB(t, 1024, NULL);
	struct ext2_dir_entry *dotdot;
	struct ext2_inode *dir;
	u32 ino;

	EXPECT_EQ(t, MKDIR("/e/d"), 0);
	ino = (u32)inode_of(t, "/e/d")->i_ino;
	ASSERT(t, ext2_lab_umount(t, &lab));
	dir = ext2_inode_at(lab.disk, ino);
	dir->i_flags |= EXT2_INDEX_FL;
	dotdot = ext2_block_at(lab.disk, dir->i_block[0]) + 12;
	memset((u8 *)dotdot + 12, 0x5a, 400);	/* hashes and blocks */
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
	EXPECT_EQ(t, open_error("/e/d/f", O_RDONLY), -ENOENT);
	ASSERT(t, mount_again(t, &lab, ""));
	EXPECT(t, dir->i_flags & EXT2_INDEX_FL);
	EXPECT_EQ(t, make_file("/e/d/f", "x"), 0);
	ASSERT(t, mount_again(t, &lab, ""));
	EXPECT(t, !(dir->i_flags & EXT2_INDEX_FL));
	EXPECT(t, file_is("/e/d/f", "x"));
	ext2_lab_end(t, &lab);
}

/* A block of attributes of two files goes with the second. */
static void
a_block_of_attributes_goes_with_its_last_file(struct test *t)
{
	NEED_LAB(t, 1024, NULL);
	struct ext2_xattr_header *header;
	u32 a, b, block, free;

	EXPECT_EQ(t, make_file("/e/a", ""), 0);
	EXPECT_EQ(t, make_file("/e/b", ""), 0);
	EXPECT_EQ(t, make_file("/e/c", "block"), 0);
	a = (u32)inode_of(t, "/e/a")->i_ino;
	b = (u32)inode_of(t, "/e/b")->i_ino;
	block = EXT2_I(inode_of(t, "/e/c"))->data[0];
	ASSERT(t, ext2_lab_umount(t, &lab));
	/* c's block becomes one of attributes of a and b. */
	ext2_inode_at(lab.disk, a)->i_file_acl = block;
	ext2_inode_at(lab.disk, b)->i_file_acl = block;
	ext2_inode_at(lab.disk, a)->i_blocks = 2;
	ext2_inode_at(lab.disk, b)->i_blocks = 2;
	ext2_inode_at(lab.disk, b + 1)->i_block[0] = 0;
	ext2_inode_at(lab.disk, b + 1)->i_blocks = 0;
	ext2_inode_at(lab.disk, b + 1)->i_size = 0;
	header = ext2_block_at(lab.disk, block);
	header->h_magic = EXT2_XATTR_MAGIC;
	header->h_refcount = 2;
	EXPECT_EQ(t, ext2_lab_mount(&lab, ""), 0);
	free = es->s_free_blocks_count;
	EXPECT_EQ(t, UNLINK("/e/a"), 0);
	ASSERT(t, mount_again(t, &lab, ""));
	EXPECT_EQ(t, es->s_free_blocks_count, free);
	EXPECT_EQ(t, header->h_refcount, 1);
	EXPECT_EQ(t, UNLINK("/e/b"), 0);
	ASSERT(t, ext2_lab_umount(t, &lab));
	EXPECT_EQ(t, es->s_free_blocks_count, free + 1);
	ext2_lab_end(t, &lab);
}

/* --- verify -------------------------------------------------------------- */

static void
verify_sees_each_rule_broken(struct test *t)
{
	NEED_LAB(t, 1024, NULL);
	struct super_block *sb;
	struct ext2_info *info;
	struct ext2_group_desc *desc;
	struct page *page;

	EXPECT_EQ(t, make_file("/e/f", "x"), 0);
	sb = inode_of(t, "/e/f")->i_sb;
	info = EXT2_SB(sb);
	desc = ext2_desc(sb, 0, NULL);
	EXPECT_VERIFIED(t);
	info->es->s_free_blocks_count++;
	EXPECT(t, verify_catches("E1"));
	info->es->s_free_blocks_count--;
	info->es->s_free_inodes_count++;
	EXPECT(t, verify_catches("E2"));
	info->es->s_free_inodes_count--;
	EXPECT_EQ(t, ext2_bread(sb, desc->bg_block_bitmap, &page), 0);
	ext2_clear_bit(page_address(page), 0);
	EXPECT(t, verify_catches("E3"));
	ext2_set_bit(page_address(page), 0);
	put_page(page);
	EXPECT_EQ(t, ext2_bread(sb, desc->bg_inode_bitmap, &page), 0);
	ext2_clear_bit(page_address(page), 0);
	EXPECT(t, verify_catches("E3"));
	ext2_set_bit(page_address(page), 0);
	put_page(page);
	EXPECT_VERIFIED(t);
	ext2_lab_end(t, &lab);
}

static void
report(void *sb)
{
	ext2_error(sb, "block %u is %s", 7, "odd");
}

/* Asked of the one function: a panic in the middle would leave its locks. */
static void
an_error_may_be_the_end(struct test *t)
{
	NEED_LAB(t, 1024, NULL);
	struct super_block *sb;

	ASSERT(t, mount_again(t, &lab, "errors=panic"));
	EXPECT_EQ(t, make_file("/e/f", "x"), 0);
	sb = inode_of(t, "/e/f")->i_sb;
	EXPECT_REPORT(t, report, sb, "ext2: ext2t: block 7 is odd");
	ASSERT(t, ext2_lab_umount(t, &lab));
	EXPECT_EQ(t, es->s_state, EXT2_VALID_FS | EXT2_ERROR_FS);
	es->s_state = EXT2_VALID_FS;
	ext2_lab_end(t, &lab);
}

TEST_SUITE("ext2_mount",
	   TEST_CASE(a_mounted_disk_says_so),
	   TEST_CASE(one_that_was_not_unmounted_stays_so),
	   TEST_CASE(a_read_only_mount_changes_no_byte),
	   TEST_CASE(a_mount_can_become_read_only_and_back),
	   TEST_CASE(what_may_only_be_read_stays_so),
	   TEST_CASE(unknown_features_are_refused_by_kind),
	   TEST_CASE(what_is_no_ext2_is_refused),
	   TEST_CASE(a_file_of_2_gib_is_noted),
	   TEST_CASE(an_error_is_noted_and_passed_over),
	   TEST_CASE(after_an_error_it_may_be_read_only),
	   TEST_CASE(an_error_may_be_the_end),
	   TEST_CASE(a_file_lies_in_one_piece),
	   TEST_CASE(files_that_grow_together_get_runs),
	   TEST_CASE(files_stay_near_their_folder),
	   TEST_CASE(the_last_blocks_are_for_user_0),
	   TEST_CASE(free_is_what_the_groups_have_free),
	   TEST_CASE(inodes_can_run_out),
	   TEST_CASE(an_indexed_folder_is_read_and_becomes_an_ordinary_one),
	   TEST_CASE(a_block_of_attributes_goes_with_its_last_file),
	   TEST_CASE(verify_sees_each_rule_broken));
