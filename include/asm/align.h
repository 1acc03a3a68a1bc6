/* SPDX-License-Identifier: MIT */
/* Loads and stores of several words that a program makes unaligned. */
#ifndef ASM_ALIGN_H
#define ASM_ALIGN_H

#include <asm/ptrace.h>
#include <lib/types.h>

struct align_counts {			/* racy on purpose: statistics */
	unsigned long multi, dword;	/* LDM and STM; LDRD and STRD */
	unsigned long skipped;		/* others: the program got a signal */
};
extern struct align_counts align_counts;

/*
 * Do what the instruction at regs->pc wanted, word by word, and go on behind it.
 * Context: a fault of user mode, interrupts on; may sleep. 0; -EFAULT: the memory
 * is not the program's, nothing is changed; -ENOSYS: it is none of these.
 */
int fixup_unaligned(struct pt_regs *regs);

#endif
