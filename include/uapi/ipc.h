/* SPDX-License-Identifier: MIT */
/* System V objects, what all kinds share: Linux on ARM (EABI). */
#ifndef UAPI_IPC_H
#define UAPI_IPC_H

#include <lib/compiler.h>
#include <lib/types.h>

#define IPC_PRIVATE	0
#define IPC_CREAT	01000
#define IPC_EXCL	02000
#define IPC_NOWAIT	04000
#define IPC_RMID	0
#define IPC_SET		1
#define IPC_STAT	2
#define IPC_INFO	3
#define IPC_64		0x100	/* these layouts; all callers pass it */

struct ipc64_perm {
	s32 key;
	u32 uid, gid, cuid, cgid;
	u16 mode, pad1, seq, pad2;
	u32 unused[2];
};

#endif
