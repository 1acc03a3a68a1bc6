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
	u32 r[16];		/* r4-r11, sp, lr and pc are what counts */
	u32 low, high;		/* stack memory that may be read; 0: not known */
	bool exact;		/* pc is the instruction itself, not the return
				   address behind a call */
	u8 nr_exceptions;	/* crossed so far: a bound on stack changes */
};

static inline unsigned long
frame_pc(const struct stack_frame *frame)
{
	return frame->r[15];
}

/* A frame that describes the caller of this function / the code of regs. */
void unwind_start_here(struct stack_frame *frame);
void unwind_start_regs(struct stack_frame *frame, const struct pt_regs *regs);
/* The code of a task that does not run, from its saved context. */
void unwind_start_saved(struct stack_frame *frame, const u32 *r4_to_r11,
			u32 sp, u32 pc);

/*
 * Step to the caller. Bounded: reads only mapped memory between the stack
 * pointer and the end of its stack, and refuses a frame that does not move up.
 * When the caller is exception entry code, *regs is set to the registers
 * that it saved (else NULL), and the walk goes on in the interrupted code.
 * Returns 0, or -EINVAL at the end or at a frame that cannot be unwound;
 * frame is then as it was.
 */
int unwind_step(struct stack_frame *frame, const struct pt_regs **regs);

/* Return addresses of up to n callers, newest first; returns how many. */
unsigned stack_save(unsigned long *pcs, unsigned n, unsigned skip);

#endif
