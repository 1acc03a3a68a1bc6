/* SPDX-License-Identifier: MIT */
/* File types, and what the stat family writes: Linux on ARM (EABI). */
#ifndef UAPI_STAT_H
#define UAPI_STAT_H

#include <lib/compiler.h>
#include <lib/types.h>

#define S_IFMT		0170000
#define S_IFSOCK	0140000
#define S_IFLNK		0120000
#define S_IFREG		0100000
#define S_IFBLK		0060000
#define S_IFDIR		0040000
#define S_IFCHR		0020000
#define S_IFIFO		0010000
#define S_ISUID		0004000
#define S_ISGID		0002000
#define S_ISVTX		0001000
#define S_IALLUGO	0007777
#define S_IRWXUGO	0000777

#define S_ISLNK(m)	(((m) & S_IFMT) == S_IFLNK)
#define S_ISREG(m)	(((m) & S_IFMT) == S_IFREG)
#define S_ISDIR(m)	(((m) & S_IFMT) == S_IFDIR)
#define S_ISCHR(m)	(((m) & S_IFMT) == S_IFCHR)
#define S_ISBLK(m)	(((m) & S_IFMT) == S_IFBLK)
#define S_ISFIFO(m)	(((m) & S_IFMT) == S_IFIFO)
#define S_ISSOCK(m)	(((m) & S_IFMT) == S_IFSOCK)

/* d_type of getdents64: the type bits of the mode. */
#define DT_UNKNOWN	0
#define DT_OF(mode)	(((mode) & S_IFMT) >> 12)

/* stat(2) of old: 64 bytes. */
struct stat {
	u32 st_dev, st_ino;
	u16 st_mode, st_nlink, st_uid, st_gid;
	u32 st_rdev, st_size, st_blksize, st_blocks;
	u32 st_atime, st_atime_nsec, st_mtime, st_mtime_nsec;
	u32 st_ctime, st_ctime_nsec;
	u32 unused[2];
};

struct stat64 {
	u64 st_dev;
	u32 pad0, st_ino_low;
	u32 st_mode, st_nlink, st_uid, st_gid;
	u64 st_rdev;
	u32 pad3[2];
	s64 st_size;
	u32 st_blksize, pad4;
	u64 st_blocks;
	u32 st_atime, st_atime_nsec, st_mtime, st_mtime_nsec;
	u32 st_ctime, st_ctime_nsec;
	u64 st_ino;
};

struct statx_timestamp {
	s64 tv_sec;
	u32 tv_nsec;
	s32 pad;
};

struct statx {
	u32 stx_mask, stx_blksize;
	u64 stx_attributes;
	u32 stx_nlink, stx_uid, stx_gid;
	u16 stx_mode, pad0;
	u64 stx_ino, stx_size, stx_blocks, stx_attributes_mask;
	struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
	u32 stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
	u64 stx_mnt_id;
	u64 pad1[13];
};
#define STATX_BASIC_STATS	0x7ffu
#define STATX_RESERVED		0x80000000u

/* 88 bytes to user space: packed, as the EABI has it. */
struct statfs64 {
	u32 f_type, f_bsize;
	u64 f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	u32 f_fsid[2], f_namelen, f_frsize, f_flags, f_spare[4];
} __packed __aligned(4);
#define STATFS64_SIZES(n)	((n) == 84 || (n) == 88)

struct statfs {
	u32 f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	u32 f_fsid[2], f_namelen, f_frsize, f_flags, f_spare[4];
};

struct linux_dirent64 {
	u64 d_ino;
	s64 d_off;
	u16 d_reclen;
	u8 d_type;
	char d_name[];
};

static_assert(sizeof(struct stat) == 64, "EABI");
static_assert(sizeof(struct stat64) == 104, "EABI");
static_assert(sizeof(struct statx) == 256, "EABI");
static_assert(sizeof(struct statfs64) == 84, "EABI: 88 with its end padding");
static_assert(sizeof(struct statfs) == 64, "EABI");
static_assert(offsetof(struct linux_dirent64, d_name) == 19, "EABI");

#define TMPFS_MAGIC	0x01021994u
#define PROC_SUPER_MAGIC 0x9fa0u
#define PIPEFS_MAGIC	0x50495045u

#endif
