/* SPDX-License-Identifier: MIT */
/* The table of system calls, by Linux's numbers for ARM EABI. */
#ifndef KERNEL_SYSCALL_TABLE_H
#define KERNEL_SYSCALL_TABLE_H

#include <lib/types.h>

/*
 * Every call is called with six words and takes what it needs: under the ARM
 * procedure call standard the first four lie in registers, the rest on the
 * stack, whatever the callee's declaration says.
 */
typedef long (*syscall_fn)(u32 a, u32 b, u32 c, u32 d, u32 e, u32 f);

#define NR_SYSCALLS	460
extern const syscall_fn syscall_table[NR_SYSCALLS];
extern const syscall_fn arm_syscall_table[7];
/* "mmap2", or NULL. */
const char *syscall_name(u32 nr);

/* Who wants every call to go the long way (kernel/process/user_entry.c). */
enum syscall_watcher {
	WATCH_STRACE	= 1,
	WATCH_TEST	= 2,	/* there are tasks without a process */
};

extern u32 syscall_watched;	/* WATCH_*; any core reads it */
/* Calls that begin after this. Context: any. */
void syscall_watch(enum syscall_watcher who, bool on);

#endif
