/* SPDX-License-Identifier: MIT */
/*
 * ext2 on the disk, and what can be said of it without a disk.
 *
 *	byte 0	  1024		      a group				the next
 *	[boot    ][super][descriptors][bitmap][bitmap][inodes ][data...][...
 *				       blocks  inodes
 *
 * Ideas
 *   Block	1, 2 or 4 KiB. Its number is its place on the disk; 0 means "none".
 *   Group	as many blocks as one block has bits (at most): one bitmap of
 *		its blocks, one of its inodes, its part of the table of inodes.
 *		What belongs together is put into one group, so that the disk's
 *		head need not move far.
 *   Descriptor	where the three lie, and how much is free. All groups'
 *		descriptors stand in a row behind the super block.
 *   Copies	super block and descriptors are repeated in other groups
 *		(sparse_super: in 0, 1 and the powers of 3, 5 and 7), for e2fsck.
 *   Inode	128 bytes or more, numbered from 1; 2 is the root, below
 *		first_ino are others with a meaning. A new one gets a number from
 *		the group of its folder.
 *   Folder	a file of entries (number, length, name), none of which crosses
 *		the end of a block.
 *
 * Everything is little endian, as the machine is. Nothing here is believed: the
 * functions below say what is wrong with it, and never look outside of what
 * they were given (tests/host/fuzz_ext2.c).
 *
 * Sources  Poirier, The Second Extended File System: Internal Layout, 2001-2019;
 *	    Card, Ts'o, Tweedie, Design and Implementation of the Second
 *	    Extended Filesystem, 1994.
 */
#ifndef EXT2_H
#define EXT2_H

#include <lib/compiler.h>
#include <lib/types.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "as on the disk");

#define EXT2_MAGIC		0xef53u
#define EXT2_SUPER_OFFSET	1024u
#define EXT2_MIN_BLOCK		1024u
#define EXT2_MAX_BLOCK		4096u

#define EXT2_ROOT_INO		2u
#define EXT2_GOOD_OLD_FIRST_INO	11u
#define EXT2_GOOD_OLD_INODE	128u

/* s_state */
#define EXT2_VALID_FS		0x1u	/* unmounted as it should be */
#define EXT2_ERROR_FS		0x2u	/* something was wrong */

/* s_errors */
#define EXT2_ERRORS_CONTINUE	1u
#define EXT2_ERRORS_RO		2u
#define EXT2_ERRORS_PANIC	3u

/* Features. One that is not known: compat no matter, ro_compat read only,
 * incompat not at all. */
#define EXT2_COMPAT_DIR_INDEX	0x20u
#define EXT2_INCOMPAT_FILETYPE	0x02u
#define EXT2_RO_SPARSE_SUPER	0x01u
#define EXT2_RO_LARGE_FILE	0x02u
#define EXT2_INCOMPAT_KNOWN	EXT2_INCOMPAT_FILETYPE
#define EXT2_RO_KNOWN		(EXT2_RO_SPARSE_SUPER | EXT2_RO_LARGE_FILE)

struct ext2_super_block {
	u32 s_inodes_count, s_blocks_count, s_r_blocks_count;
	u32 s_free_blocks_count, s_free_inodes_count;
	u32 s_first_data_block;		/* 1 if blocks are of 1 KiB, else 0 */
	u32 s_log_block_size;		/* 1024 << this */
	u32 s_log_frag_size;
	u32 s_blocks_per_group, s_frags_per_group, s_inodes_per_group;
	u32 s_mtime, s_wtime;		/* mounted, written */
	u16 s_mnt_count, s_max_mnt_count;
	u16 s_magic, s_state, s_errors, s_minor_rev_level;
	u32 s_lastcheck, s_checkinterval;
	u32 s_creator_os, s_rev_level;
	u16 s_def_resuid, s_def_resgid;	/* who may use s_r_blocks */
	/* Revision 1. */
	u32 s_first_ino;
	u16 s_inode_size, s_block_group_nr;
	u32 s_feature_compat, s_feature_incompat, s_feature_ro_compat;
	u8 s_uuid[16];
	char s_volume_name[16], s_last_mounted[64];
	u32 s_algorithm_usage_bitmap;
	u8 s_prealloc_blocks, s_prealloc_dir_blocks;
	u16 s_reserved_gdt_blocks;
	u8 s_journal_uuid[16];
	u32 s_journal_inum, s_journal_dev, s_last_orphan;
	u32 s_hash_seed[4];
	u8 s_def_hash_version, s_jnl_backup_type;
	u16 s_desc_size;
	u32 s_default_mount_opts, s_first_meta_bg;
	u8 s_reserved[760];
};
static_assert(sizeof(struct ext2_super_block) == 1024, "on the disk");
static_assert(offsetof(struct ext2_super_block, s_magic) == 56, "on the disk");
static_assert(offsetof(struct ext2_super_block, s_first_ino) == 84,
	      "on the disk");
static_assert(offsetof(struct ext2_super_block, s_uuid) == 104, "on the disk");
static_assert(offsetof(struct ext2_super_block, s_journal_inum) == 224,
	      "on the disk");

struct ext2_group_desc {
	u32 bg_block_bitmap, bg_inode_bitmap, bg_inode_table;
	u16 bg_free_blocks_count, bg_free_inodes_count, bg_used_dirs_count;
	u16 bg_pad;
	u32 bg_reserved[3];
};
static_assert(sizeof(struct ext2_group_desc) == 32, "on the disk");

#define EXT2_NDIR_BLOCKS	12u
#define EXT2_N_BLOCKS		15u	/* and single, double, triple */

struct ext2_inode {
	u16 i_mode, i_uid;
	u32 i_size;
	u32 i_atime, i_ctime, i_mtime, i_dtime;	/* seconds */
	u16 i_gid, i_links_count;
	u32 i_blocks;			/* of 512 bytes, indirect ones too */
	u32 i_flags, i_osd1;
	u32 i_block[EXT2_N_BLOCKS];	/* or a short symbolic link's text */
	u32 i_generation, i_file_acl;
	u32 i_size_high;		/* of regular files */
	u32 i_faddr;
	u16 i_frag, i_pad1, i_uid_high, i_gid_high;
	u32 i_reserved2;
};
static_assert(sizeof(struct ext2_inode) == 128, "on the disk");
static_assert(offsetof(struct ext2_inode, i_block) == 40, "on the disk");

/* i_flags */
#define EXT2_SYNC_FL		0x00000008u
#define EXT2_IMMUTABLE_FL	0x00000010u
#define EXT2_APPEND_FL		0x00000020u
#define EXT2_INDEX_FL		0x00001000u	/* a folder with hashed index */

#define EXT2_LINK_MAX		32000u

/* The block that i_file_acl names; several inodes may share one. */
struct ext2_xattr_header {
	u32 h_magic, h_refcount, h_blocks, h_hash;
};
#define EXT2_XATTR_MAGIC	0xea020000u

struct ext2_dir_entry {
	u32 inode;			/* 0: free */
	u16 rec_len;			/* to the next one: a multiple of 4 */
	u8 name_len, file_type;		/* EXT2_FT_*, 0 without the feature */
	char name[];			/* without a NUL */
};
static_assert(sizeof(struct ext2_dir_entry) == 8, "on the disk");

#define EXT2_NAME_LEN		255u
#define EXT2_DIR_REC_LEN(len)	(((len) + 8u + 3u) & ~3u)

#define EXT2_FT_UNKNOWN		0u
#define EXT2_FT_REG		1u
#define EXT2_FT_DIR		2u
#define EXT2_FT_CHR		3u
#define EXT2_FT_BLK		4u
#define EXT2_FT_FIFO		5u
#define EXT2_FT_SOCK		6u
#define EXT2_FT_LNK		7u

/* --- format.c: how the disk is divided ----------------------------------- */

/* Filled once; everything in it is consistent with everything else. */
struct ext2_geometry {
	u32 block_size, block_bits;
	u32 blocks_count, first_data_block, blocks_per_group;
	u32 groups;
	u32 inodes_count, inodes_per_group, first_ino, inode_size;
	u32 inodes_per_block, itable_blocks;	/* of one group */
	u32 desc_blocks;		/* of all descriptors */
	u32 reserved_gdt;		/* kept behind them, for growing */
	u32 addr_per_block, addr_bits;	/* of an indirect block */
	bool sparse_super, filetype;
};

/*
 * Fill g from the super block es of a device of so many bytes. NULL, or what is
 * wrong with it. Context: any.
 */
const char *ext2_read_geometry(struct ext2_geometry *g,
			       const struct ext2_super_block *es, u64 bytes);
/* Bits of es's features that we do not know; *incompat tells which word. */
u32 ext2_unknown_features(const struct ext2_super_block *es, bool *incompat);
bool ext2_group_has_super(const struct ext2_geometry *g, u32 group);
u32 ext2_group_first(const struct ext2_geometry *g, u32 group);
u32 ext2_group_blocks(const struct ext2_geometry *g, u32 group);
u32 ext2_group_of_block(const struct ext2_geometry *g, u32 block);
/* NULL, or what is wrong with the group's descriptor. */
const char *ext2_check_desc(const struct ext2_geometry *g, u32 group,
			    const struct ext2_group_desc *desc);
/* May a file own block, of the group that desc (sound) describes? */
bool ext2_block_is_data(const struct ext2_geometry *g,
			const struct ext2_group_desc *desc, u32 block);
/*
 * The way to block index of a file: place in i_block, then in each indirect
 * block. How many steps (1 to 4), or 0: too far.
 */
unsigned ext2_block_path(const struct ext2_geometry *g, u64 index,
			 u32 path[4]);
/* The longest file in bytes. */
u64 ext2_max_bytes(const struct ext2_geometry *g);
u8 ext2_file_type(u32 mode);

/* --- bitmap.c: bits in the disk's order ---------------------------------- */

bool ext2_test_bit(const u8 *map, u32 n);
/* The bit's old value. */
bool ext2_set_bit(u8 *map, u32 n);
bool ext2_clear_bit(u8 *map, u32 n);
/* The first clear bit of [start, end), or end. */
u32 ext2_find_clear(const u8 *map, u32 start, u32 end);
/* The first bit of eight that are clear and stand in one byte; or end. */
u32 ext2_find_clear_byte(const u8 *map, u32 start, u32 end);
u32 ext2_count_clear(const u8 *map, u32 end);

/* --- dirblock.c: one block of a folder ----------------------------------- */

/*
 * The entry at *offset, with *offset moved behind it; NULL at the end (*offset
 * is block_size then) or where the entry is not sound (it is not).
 */
const struct ext2_dir_entry *
ext2_dir_next(const struct ext2_geometry *g, const void *block, u32 *offset);
/* 0 and the entry's *offset, -ENOENT, or -EUCLEAN: the block is not sound. */
int ext2_dir_find(const struct ext2_geometry *g, const void *block,
		  const char *name, u32 len, u32 *offset);
/* 0, -ENOSPC, -EUCLEAN. */
int ext2_dir_insert(const struct ext2_geometry *g, void *block,
		    const char *name, u32 len, u32 ino, u8 type);
/* The entry at offset goes; -EUCLEAN: there is none. */
int ext2_dir_remove(const struct ext2_geometry *g, void *block, u32 offset);
/* The entry at offset (found) leads to another inode. */
void ext2_dir_set(const struct ext2_geometry *g, void *block, u32 offset,
		  u32 ino, u8 type);
/* A block with no entry; one with . and .. */
void ext2_dir_format(const struct ext2_geometry *g, void *block);
void ext2_dir_format_first(const struct ext2_geometry *g, void *block,
			   u32 self, u32 parent);
/* 0: nothing but . and ..; -ENOTEMPTY, -EUCLEAN. */
int ext2_dir_check_empty(const struct ext2_geometry *g, const void *block);

#endif
