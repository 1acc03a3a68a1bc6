/* SPDX-License-Identifier: MIT */
/* What the files of kernel/block share, and devfs.c for them. */
#ifndef KERNEL_BLOCK_BLOCK_H
#define KERNEL_BLOCK_BLOCK_H

#include <kernel/blk.h>
#include <kernel/mutex.h>

extern struct mutex blk_mutex;	/* the list of disks; opening, unregistering */

/* core.c: a call is in the layer's code, with disk; around it. Any context. */
void blk_enter(struct block_device *disk);
void blk_leave(struct block_device *disk);
/* bdev.c: the cache of a disk that goes. Nobody has it open. */
void bdev_forget(struct block_device *disk);
/* bdev.c: its node in /dev, once there is a /dev. 0 or -ENOMEM. */
int devfs_add_disk(struct block_device *disk);
void devfs_remove_disk(struct block_device *disk);

#endif
