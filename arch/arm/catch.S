/* SPDX-License-Identifier: MIT */
/*
 * The two halves of a catch point (see catch.c).
 *
 *	regs:	0 r4, r5, r6, r7, r8, r9, r10, r11	32 sp	36 lr
 */
	.syntax unified
	.arch armv7-a
	.arm
	.text

/*
 * int catch_save(struct catch_context *ctx)
 * Returns 0; and once more, with 1, when catch_restore(ctx) is called.
 */
	.global	catch_save
	.type	catch_save, %function
catch_save:
	.fnstart
	stm	r0!, {r4-r11}
	str	sp, [r0]
	str	lr, [r0, #4]
	mov	r0, #0
	bx	lr
	.fnend
	.size	catch_save, . - catch_save

/* void catch_restore(const struct catch_context *ctx) */
	.global	catch_restore
	.type	catch_restore, %function
catch_restore:
	.fnstart
	.cantunwind
	clrex
	ldm	r0!, {r4-r11}
	ldr	sp, [r0]
	ldr	lr, [r0, #4]
	mov	r0, #1
	bx	lr
	.fnend
	.size	catch_restore, . - catch_restore
