/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_INITRAMFS_H
#define KERNEL_INITRAMFS_H

#include <lib/types.h>

/*
 * Make the files of a cpio archive below prefix ("": the root). *nr: how many
 * entries. What is wrong is said in the log, in one line. Context: may sleep.
 * 0; -EINVAL: damaged; -ENOMEM, -ENOSPC, ...: an entry could not be made.
 */
int unpack_initramfs(const void *archive, size_t size, const char *prefix,
		     unsigned *nr);

#endif
