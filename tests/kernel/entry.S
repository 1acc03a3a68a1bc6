/* SPDX-License-Identifier: MIT */
/* Assembler helpers of the entry suite (entry.c). */
	.text
	.arm

/*
 * u32 entry_registers_spin(u32 rounds): hold a pattern in r0-r12, lr and the
 * flags for so many rounds with interrupts on. Returns 0, or the number of
 * the first register that changed plus 1 (20: flags).
 */
	.global	entry_registers_spin
	.type	entry_registers_spin, %function
entry_registers_spin:
	.fnstart
	.save	{r4-r11, lr}
	push	{r4-r11, lr}
	.pad	#8
	sub	sp, sp, #8
	str	r0, [sp]
	ldr	r0, =0x10000000
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
	add	r\n, r0, #\n
	.endr
	add	lr, r0, #14
	msr	cpsr_f, #0xa0000000		@ N and C
1:	ldr	r0, [sp]
	sub	r0, r0, #1			@ flags untouched
	str	r0, [sp]
	bpl	8f				@ N must still be set
	bcc	8f				@ and C
	beq	8f				@ and Z clear
	ldr	r0, =0x10000000
	.irp	n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
	sub	r0, r0, r\n
	add	r0, r0, #0x10000000
	add	r0, r0, #\n
	.endr
	sub	r0, r0, lr
	add	r0, r0, #14
	mrs	r1, cpsr			@ r0 must be 0 now
	teq	r0, #0
	bne	9f
	ldr	r0, [sp]
	teq	r0, #0
	ldr	r0, =0x10000000
	add	r1, r0, #1
	beq	7f
	msr	cpsr_f, #0xa0000000
	b	1b
7:	mov	r0, #0
	b	5f
8:	mov	r0, #20
	b	5f
9:	mov	r0, #1
5:	add	sp, sp, #8
	pop	{r4-r11, pc}
	.fnend
	.size	entry_registers_spin, . - entry_registers_spin

/*
 * u32 entry_misaligned_spin(u32 rounds): the same idea with sp at an odd
 * multiple of 4, as compiled code may leave it between two instructions.
 * Returns how far sp was off afterwards: 0.
 */
	.global	entry_misaligned_spin
	.type	entry_misaligned_spin, %function
entry_misaligned_spin:
	.fnstart
	.cantunwind
	push	{r4, lr}
	mov	r4, sp
	sub	sp, sp, #4
	mov	r1, sp
1:	subs	r0, r0, #1
	bne	1b
	sub	r0, sp, r1
	mov	sp, r4
	pop	{r4, pc}
	.fnend
	.size	entry_misaligned_spin, . - entry_misaligned_spin

/*
 * u32 entry_fault_fixup(void *bad): load from bad; the exception table sends
 * the fault to the line that returns 1. Without a fault it returns 0.
 */
	.global	entry_fault_fixup
	.type	entry_fault_fixup, %function
entry_fault_fixup:
	.fnstart
1:	ldr	r0, [r0]
	mov	r0, #0
	bx	lr
2:	mov	r0, #1
	bx	lr
	.fnend
	.section ".ex_table", "a"
	.word	1b, 2b
	.text
	.size	entry_fault_fixup, . - entry_fault_fixup

/* void entry_bad_sp(u32 sp): take a fault with this stack pointer. */
	.global	entry_bad_sp
	.type	entry_bad_sp, %function
entry_bad_sp:
	.fnstart
	.cantunwind
	mov	sp, r0
	udf	#0
	b	.
	.fnend
	.size	entry_bad_sp, . - entry_bad_sp

/* Two Thumb instructions: undefined, return. */
	.thumb
	.global	entry_thumb_undefined
	.type	entry_thumb_undefined, %function
	.thumb_func
entry_thumb_undefined:
	.fnstart
	udf	#7
	bx	lr
	.fnend
	.size	entry_thumb_undefined, . - entry_thumb_undefined
