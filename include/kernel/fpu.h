/* SPDX-License-Identifier: MIT */
/* VFP and NEON registers of tasks. See kernel/sched/fpu.c. */
#ifndef KERNEL_FPU_H
#define KERNEL_FPU_H

#include <asm/fpu.h>

struct task;

/* What a program may set of FPSCR: flags, rounding, modes, vector lengths. */
#define FPSCR_USER	0xfff79f9fu

/*
 * An undefined instruction in user mode: 0, the unit is on now, and it is to be
 * tried again; -EINVAL: it was on already, the instruction is undefined;
 * -ENOMEM. Context: may sleep.
 */
int fpu_trap(void);
/* The current task's values, up to date; NULL: it has never used the unit. */
const struct fpu_state *fpu_current(void);
/* The current task goes on with these. 0 or -ENOMEM. Context: may sleep. */
int fpu_set_current(const u64 *d, u32 fpscr);
/* A new task gets a copy of the current one's. 0 or -ENOMEM. May sleep. */
int fpu_fork(struct task *child);
/* exec, or the task is gone for good: no values. Context: any. */
void fpu_release(struct task *task);

/* The switch: prev leaves this core, next comes. Interrupts masked. */
void fpu_leave(struct task *prev);
void fpu_enter(struct task *next);

#endif
