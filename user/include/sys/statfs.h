/* SPDX-License-Identifier: MIT */
/* Facts of a file system: Linux/ARM's struct statfs64, called statfs here. */
#ifndef _SYS_STATFS_H
#define _SYS_STATFS_H

struct statfs {
	unsigned f_type, f_bsize;
	unsigned long long f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	unsigned f_fsid[2], f_namelen, f_frsize, f_flags, f_spare[4];
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct statfs) == 84, "struct statfs64 is Linux's");

int statfs(const char *path, struct statfs *st);

#endif
