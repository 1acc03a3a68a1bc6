/* SPDX-License-Identifier: MIT */
/* Opening and controlling files: the kernel's own numbers, one source. */
#ifndef _FCNTL_H
#define _FCNTL_H

#include <sys/types.h>

#include "../../include/uapi/fcntl.h"

int open(const char *path, int flags, ...);
int openat(int dir, const char *path, int flags, ...);
int fcntl(int fd, int command, ...);

#endif
