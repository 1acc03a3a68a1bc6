/* SPDX-License-Identifier: MIT */
/*
 * Stack walking by the exception index table (.ARM.exidx) that the compiler
 * emits: exact in debug and release builds, with no frame pointer kept.
 */
#ifndef ASM_UNWIND_H
#define ASM_UNWIND_H

#include <asm/ptrace.h>
#include <lib/types.h>

struct stack_frame {
	u32 r[11];		/* r4-r14's last known values are all kept */
	u32 fp, ip, sp, lr, pc;
};

/* A frame that describes the caller of this function / the code of regs. */
void unwind_start_here(struct stack_frame *frame);
void unwind_start_regs(struct stack_frame *frame, const struct pt_regs *regs);

/*
 * Step to the caller. Bounded: stays inside [low, high) of the kernel stack
 * that frame->sp lies in, and refuses a frame that does not move up.
 * When the caller is exception entry code, *regs is set to the registers
 * that it saved (else NULL), and the walk goes on in the interrupted code.
 * Returns 0, or -EINVAL at the end or at a frame that cannot be unwound.
 */
int unwind_step(struct stack_frame *frame, const struct pt_regs **regs);

/* Return addresses of up to n callers, newest first; returns how many. */
unsigned stack_save(unsigned long *pcs, unsigned n, unsigned skip);

#endif
