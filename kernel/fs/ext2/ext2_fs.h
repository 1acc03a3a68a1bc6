/* SPDX-License-Identifier: MIT */
/*
 * ext2 in the kernel: what its files tell each other.
 *
 *	super.c	  mount, umount, remount, errors	meta.c	  blocks that are
 *	balloc.c  blocks given out and back			  no file's data
 *	ialloc.c  numbers of inodes			map.c	  a file's blocks
 *	inode.c	  inodes read, written, gone		file.c	  a file's pages
 *	dir.c	  entries of folders			namei.c	  names; symbolic
 *	symlink.c where links lead				  links are made
 *
 * Locks, in this order
 *	i_lock			a folder's entries (the VFS takes it)
 *	(page lock)
 *	map_lock		of a file: where its blocks are
 *	alloc_lock		of a file system: bitmaps, descriptors, counts
 *	(page lock of a meta block)
 *
 * Inside map_lock and alloc_lock memory is asked for without __GFP_FS: to write
 * a page of a file, which reclaim may want, takes map_lock.
 *
 * Fields: who guards them
 *	m	map_lock		a	alloc_lock
 *	i	i_lock			-	constant once mounted
 */
#ifndef EXT2_FS_H
#define EXT2_FS_H

#include <kernel/fs.h>
#include <kernel/rwsem.h>

#include "ext2.h"

struct block_device;

struct ext2_options {
	u16 errors;			/* EXT2_ERRORS_*; 0: as the disk says */
};

/* Of a super_block: s_fs_info. */
struct ext2_info {
	struct super_block *sb;		/* -  */
	struct ext2_geometry geo;	/* -  */
	struct inode *meta;		/* -  meta.c: its pages are blocks */
	struct page *super_page;	/* -  held */
	struct ext2_super_block *es;	/* a  in it */
	struct page **desc_pages;	/* -  held; what is in them: a */
	struct mutex alloc_lock;
	u64 max_bytes;			/* -  of a file */
	u32 overhead;			/* -  blocks that no file can have */
	u32 next_dir_group;		/* a  where folders of the root go */
	u16 errors;			/* EXT2_ERRORS_*; one word */
	u16 state;			/* a  s_state for when it is unmounted */
	bool read_only_features;	/* -  it may not be written */
	atomic_t nr_orphans;		/* files without a name that are in use */
	atomic_t changes;		/* names, and blocks freed: meta.c */
	s32 changes_synced;		/* as many are on the disk; one word */
};

/* Of an inode: i_private. */
struct ext2_inode_info {
	u32 data[EXT2_N_BLOCKS];	/* m  i_block, or a link's text */
	struct rw_semaphore map_lock;
	u32 last_index, last_block;	/* m  the block given last */
	u32 flags, file_acl;		/* i  */
	u32 osd1, faddr;		/* -  kept as they were */
	u32 group;			/* -  its own */
	u32 parent;			/* a  a folder's: where it was found */
	u32 room;			/* i  a folder: no block before has room */
	bool orphan;			/* i  counted in nr_orphans */
};

static inline struct ext2_info *
EXT2_SB(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static inline struct ext2_inode_info *
EXT2_I(const struct inode *inode)
{
	return inode->i_private;
}

/* --- super.c ------------------------------------------------------------- */

/*
 * The disk is not as it should be: said, noted in s_state, and dealt with as
 * errors= says. Context: may sleep. Returns -EUCLEAN.
 */
int ext2_error(struct super_block *sb, const char *fmt, ...) __printf(2, 3);

/* --- meta.c: blocks that are no file's data ------------------------------ */

/* The block, read, with a reference: page_address() is its first byte.
 * 0, -EIO, -ENOMEM. Context: may sleep. */
int ext2_bread(struct super_block *sb, u32 block, struct page **page);
/* The same of one that was just given out: all zeros, and dirty. */
int ext2_bnew(struct super_block *sb, u32 block, struct page **page);
/* The block is free now: what the cache has of it is never written. */
void ext2_bforget(struct super_block *sb, u32 block);
/* Write all that are dirty, and wait; 0, or -EIO: some could not be. */
int ext2_meta_sync(struct super_block *sb);
/*
 * The same of those that this file needs to be found again with its data. Its inode
 * has been put into its block. All, if names have changed or blocks were freed.
 */
int ext2_meta_sync_file(struct inode *inode);
/* A name has come or gone, or blocks are free again: in pages that are dirty. */
void ext2_structure_changed(struct super_block *sb);
int ext2_meta_init(struct super_block *sb);
void ext2_meta_exit(struct super_block *sb);

/* --- balloc.c ------------------------------------------------------------ */

struct ext2_group_desc *ext2_desc(const struct super_block *sb, u32 group,
				  struct page **page);
/* May a file have block? */
bool ext2_block_ok(const struct super_block *sb, u32 block);
/*
 * Give inode a block, goal or near it. 0, -ENOSPC, -EIO, -ENOMEM, -EUCLEAN,
 * -EROFS. Context: may sleep.
 */
int ext2_new_block(struct inode *inode, u32 goal, u32 *block);
/* n blocks from block on go back. 0, or -EUCLEAN, -EIO, -ENOMEM: some did not. */
int ext2_free_blocks(struct super_block *sb, u32 block, u32 n);
u32 ext2_count_free_blocks(const struct super_block *sb);
extern struct verify_module ext2_verify_module;

/* --- ialloc.c ------------------------------------------------------------ */

/* A number for a new file in dir. 0, -ENOSPC, -EIO, -ENOMEM, -EUCLEAN. */
int ext2_new_ino(struct inode *dir, bool is_dir, u32 *ino);
int ext2_free_ino(struct super_block *sb, u32 ino, bool is_dir);
u32 ext2_count_free_inodes(const struct super_block *sb);

/* --- map.c --------------------------------------------------------------- */

/*
 * Block index of inode: its number, 0 for a hole. With create a hole gets a
 * block, and *fresh says so. 0, -EFBIG, -EUCLEAN, and what ext2_new_block() says.
 */
int ext2_get_block(struct inode *inode, u64 index, bool create, u32 *block,
		   bool *fresh);
/* Call fn for each block with numbers of inode's blocks, until it returns an
 * error. 0, that, or -EUCLEAN, -EIO, -ENOMEM. */
int ext2_for_each_indirect(struct inode *inode,
			   int (*fn)(struct super_block *sb, u32 block));
/* All blocks from index on go. As ext2_free_blocks(). */
int ext2_free_from(struct inode *inode, u64 index);

/* --- inode.c ------------------------------------------------------------- */

/* Inode ino of the disk, with a reference. 0, -EUCLEAN, -EIO, -ENOMEM. */
int ext2_iget(struct super_block *sb, u32 ino, struct inode **inode);
/* A new one in dir, hashed, with nlink 1. */
int ext2_new_inode(struct inode *dir, umode_t mode, dev_t rdev,
		   struct inode **inode);
/* The block of the table in which ino is. */
u32 ext2_inode_block(const struct super_block *sb, u32 ino);
int ext2_write_inode(struct inode *inode, bool wait);
void ext2_evict_inode(struct inode *inode);
/* Is the text of this symbolic link in the inode itself? */
bool ext2_is_fast_link(const struct inode *inode);

/* --- dir.c: held: the folder's i_lock ------------------------------------ */

/* Where an entry is. */
struct ext2_slot {
	struct page *page;		/* referenced: put it */
	u32 block, offset;		/* of the folder; in the block */
	u32 ino;
};

/* 0, -ENOENT, -EUCLEAN, -EIO, -ENOMEM. */
int ext2_find_entry(struct inode *dir, const char *name, u32 len,
		    struct ext2_slot *slot);
int ext2_add_entry(struct inode *dir, const struct qstr *name,
		   const struct inode *inode);
/* Both put slot->page. */
int ext2_delete_entry(struct inode *dir, struct ext2_slot *slot);
void ext2_set_entry(struct inode *dir, struct ext2_slot *slot,
		    const struct inode *inode);
/* The first block of a new folder. */
int ext2_make_empty(struct inode *dir, u32 parent);
int ext2_check_empty(struct inode *dir);
extern const struct file_operations ext2_dir_fops;

/* --- file.c, namei.c, symlink.c ------------------------------------------ */

extern const struct address_space_operations ext2_aops;
extern const struct file_operations ext2_file_fops;
extern const struct inode_operations ext2_file_iops, ext2_dir_iops;
extern const struct inode_operations ext2_link_iops, ext2_special_iops;
/* fsync of files and folders. */
int ext2_fsync(struct file *file, u64 start, u64 end, bool datasync);
/* A new symbolic link leads to target. */
int ext2_set_link(struct inode *inode, const char *target);
/* Set what the kind of inode wants: i_op, i_fop. */
void ext2_set_ops(struct inode *inode);
/* Its pages are those of a file of ext2. */
void ext2_set_mapping(struct inode *inode);

#endif
