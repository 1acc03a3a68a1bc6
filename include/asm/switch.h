/* SPDX-License-Identifier: MIT */
/* Switching kernel stacks between two contexts of one core. */
#ifndef ASM_SWITCH_H
#define ASM_SWITCH_H

#include <lib/types.h>

/* What the procedure call standard makes the callee keep. */
struct cpu_context {
	u32 r4, r5, r6, r7, r8, r9, r10, r11;
	u32 sp, pc;
};

/*
 * Prepare ctx so that the first switch to it calls fn(arg) on the stack that
 * ends at stack_top (8-byte aligned), with interrupts masked. fn must not
 * return.
 */
void cpu_context_init(struct cpu_context *ctx, void *stack_top,
		      void (*fn)(void *arg), void *arg);

/*
 * Save this context in prev, go on in next. Returns when somebody switches
 * back to prev. Context: interrupts masked.
 */
void cpu_switch_to(struct cpu_context *prev, const struct cpu_context *next);

/*
 * The bounds of the stack that this core runs on, for the overflow check at
 * exception entry. Set by the scheduler just before cpu_switch_to().
 */
void set_stack_bounds(unsigned long base, unsigned long size);

#endif
