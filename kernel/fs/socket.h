/* SPDX-License-Identifier: MIT */
/* A socket's end; for socketpair.c and socket_calls.c. */
#ifndef FS_SOCKET_H
#define FS_SOCKET_H

#include <lib/types.h>

#define AF_UNIX		1
#define SOCK_STREAM	1

struct file;

struct end {
	struct file *in, *out;		/* -  ends of two pipes */
	u32 options;			/*    a bit each; one word */
};

/* NULL: the file is no socket. */
struct end *socket_end(const struct file *file);

#endif
