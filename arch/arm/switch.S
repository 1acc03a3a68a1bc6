/* SPDX-License-Identifier: MIT */
/*
 * Changing kernel stacks (asm/switch.h). A switch is a function call that
 * returns later and elsewhere: the callee-saved registers of the procedure
 * call standard are all that has to be kept.
 */
	.text
	.arm
	.cfi_sections .debug_frame	@ for gdb: not loaded
	.global	cpu_switch_to
	.type	cpu_switch_to, %function
cpu_switch_to:				@ r0: prev, r1: next
	.fnstart
	.cfi_startproc
	stmia	r0!, {r4-r11}
	str	sp, [r0], #4
	str	lr, [r0]
	clrex
	ldmia	r1!, {r4-r11}
	ldr	sp, [r1], #4
	ldr	pc, [r1]
	.cfi_endproc
	.fnend
	.size	cpu_switch_to, . - cpu_switch_to

/* The first thing a new context runs: r4 = fn, r5 = arg (context.c). */
	.global	context_start
	.type	context_start, %function
context_start:
	.fnstart
	.cantunwind
	.cfi_startproc
	.cfi_undefined lr		@ nobody called it: gdb stops here
	mov	r0, r5
	mov	lr, #0
	blx	r4
	b	.			@ fn does not return
	.cfi_endproc
	.fnend
	.size	context_start, . - context_start
