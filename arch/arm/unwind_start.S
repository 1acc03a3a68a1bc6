/* SPDX-License-Identifier: MIT */
/*
 * void unwind_start_here(struct stack_frame *frame)
 *
 * In the first instruction of a function the registers are still those of its
 * caller: store them, with the return address as the caller's pc. Everything
 * behind the registers (bounds, flags) is zero: not known yet.
 */
	.syntax unified
	.arch armv7-a
	.arm
	.text
	.global	unwind_start_here
	.type	unwind_start_here, %function
unwind_start_here:
	.fnstart
	stm	r0, {r0-r12}
	str	sp, [r0, #52]
	str	lr, [r0, #56]
	str	lr, [r0, #60]
	mov	r1, #0
	str	r1, [r0, #64]
	str	r1, [r0, #68]
	str	r1, [r0, #72]
	bx	lr
	.fnend
	.size	unwind_start_here, . - unwind_start_here
