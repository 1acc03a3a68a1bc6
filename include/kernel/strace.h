/* SPDX-License-Identifier: MIT */
/* Telling the system calls of a process: kernel/syscall/strace.c. */
#ifndef KERNEL_STRACE_H
#define KERNEL_STRACE_H

#include <asm/ptrace.h>

/* Context: any. */
void strace_enter(const struct pt_regs *regs);
void strace_exit(u32 nr, long result);

#endif
