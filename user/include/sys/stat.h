/* SPDX-License-Identifier: MIT */
/* Facts of a file: Linux/ARM's struct stat64, called stat here. */
#ifndef _SYS_STAT_H
#define _SYS_STAT_H

#include <sys/types.h>

#define S_IFMT		0170000
#define S_IFIFO		0010000
#define S_IFCHR		0020000
#define S_IFDIR		0040000
#define S_IFBLK		0060000
#define S_IFREG		0100000
#define S_IFLNK		0120000
#define S_ISTYPE(m, t)	(((m) & S_IFMT) == (t))
#define S_ISFIFO(m)	S_ISTYPE(m, S_IFIFO)
#define S_ISCHR(m)	S_ISTYPE(m, S_IFCHR)
#define S_ISDIR(m)	S_ISTYPE(m, S_IFDIR)
#define S_ISBLK(m)	S_ISTYPE(m, S_IFBLK)
#define S_ISREG(m)	S_ISTYPE(m, S_IFREG)
#define S_ISLNK(m)	S_ISTYPE(m, S_IFLNK)

struct stat {
	unsigned long long st_dev;
	unsigned pad0;
	unsigned short_ino;
	unsigned st_mode, st_nlink, st_uid, st_gid;
	unsigned long long st_rdev;
	unsigned pad1;
	long long st_size;
	unsigned st_blksize;
	unsigned long long st_blocks;
	unsigned st_atime, st_atime_nsec, st_mtime, st_mtime_nsec;
	unsigned st_ctime, st_ctime_nsec;
	unsigned long long st_ino;
};
_Static_assert(sizeof(struct stat) == 104, "struct stat64 is Linux's");

int stat(const char *path, struct stat *st);
int lstat(const char *path, struct stat *st);
int fstat(int fd, struct stat *st);
int mkdir(const char *path, mode_t mode);
int chmod(const char *path, mode_t mode);
mode_t umask(mode_t mask);

#endif
