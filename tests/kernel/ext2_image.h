/* SPDX-License-Identifier: MIT */
/* What the suites of ext2 share: making a file system on a RAM disk, checking it. */
#ifndef TESTS_EXT2_IMAGE_H
#define TESTS_EXT2_IMAGE_H

#include <drivers/ramdisk.h>
#include <kernel/test.h>
#include <lib/seq_buf.h>

#include "../../kernel/fs/ext2/ext2.h"

/* What mkfs makes. 0: as usual. */
struct ext2_form {
	u32 block_size;			/* 1024, 2048, 4096 */
	u32 inode_size;			/* 128 or more */
	u32 blocks_per_group;		/* 256 */
	u32 inodes_per_group;		/* 64 */
	u32 reserved;			/* blocks for user 0 */
	bool rev0;			/* revision 0: no features */
};

/* An empty file system on disk; what the disk held besides is left. */
void ext2_mkfs(struct block_device *disk, const struct ext2_form *form);
/*
 * Is what the disk holds for good a sound and cleanly unmounted file system?
 * What is not is written to out. It is done from outside: with the pure parts
 * of ext2 only.
 */
bool ext2_fsck(struct block_device *disk, struct seq_buf *out);
/* Places in the disk's memory: to be looked at, and damaged. */
struct ext2_super_block *ext2_super_at(struct block_device *disk);
struct ext2_group_desc *ext2_desc_at(struct block_device *disk, u32 group);
struct ext2_inode *ext2_inode_at(struct block_device *disk, u32 ino);
void *ext2_block_at(struct block_device *disk, u32 block);

#define MOUNT_AT	"/e"

/* A disk "ext2t" of kib KiB with a file system of form, mounted at /e. */
struct ext2_lab {
	struct block_device *disk;
	bool mounted;
};
bool ext2_lab_begin(struct test *t, struct ext2_lab *lab, u32 kib,
		    const struct ext2_form *form);
int ext2_lab_mount(struct ext2_lab *lab, const char *options);
bool ext2_lab_umount(struct test *t, struct ext2_lab *lab);
/* Unmounted, sound, gone. */
void ext2_lab_end(struct test *t, struct ext2_lab *lab);
/* The same of one that is damaged: not looked at. */
void ext2_lab_drop(struct test *t, struct ext2_lab *lab);
/* It is sound now. */
bool ext2_lab_check(struct test *t, struct ext2_lab *lab);

#endif
