/* SPDX-License-Identifier: MIT */
/* What file systems in memory are made of: tmpfs, and /dev on top of it. */
#ifndef FS_TMPFS_H
#define FS_TMPFS_H

#include <kernel/fs.h>

int tmpfs_fill_super(struct super_block *sb, const char *options);
extern const struct file_operations char_device_ops;	/* devfs.c */
extern const struct file_operations fifo_ops;		/* pipe.c */

#endif
