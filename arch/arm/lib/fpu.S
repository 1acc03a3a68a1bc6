/* SPDX-License-Identifier: MIT */
/*
 * Saving and loading d0-d31 and FPSCR (asm/fpu.h). VSTM takes at most 16
 * double registers, so two of them.
 *
 *	struct fpu_state:  0 d0 ... 248 d31 | 256 fpscr | 260 cpu
 */
	.syntax unified
	.arch armv7-a
	.fpu neon
	.arm
	.text

/* void fpu_save_regs(struct fpu_state *state) */
	.global	fpu_save_regs
	.type	fpu_save_regs, %function
fpu_save_regs:
	.fnstart
	vmrs	r1, fpscr
	vstmia	r0!, {d0-d15}
	vstmia	r0!, {d16-d31}
	str	r1, [r0]
	bx	lr
	.fnend
	.size	fpu_save_regs, . - fpu_save_regs

/* void fpu_load_regs(const struct fpu_state *state) */
	.global	fpu_load_regs
	.type	fpu_load_regs, %function
fpu_load_regs:
	.fnstart
	vldmia	r0!, {d0-d15}
	vldmia	r0!, {d16-d31}
	ldr	r1, [r0]
	vmsr	fpscr, r1
	bx	lr
	.fnend
	.size	fpu_load_regs, . - fpu_load_regs
