/* SPDX-License-Identifier: MIT */
/*
 * Programs of the user_entry suite: copied to a page of a space, so each is
 * independent of its place. They talk to the test by SVC: r7 says what (CALL_*
 * of user_entry.c), r0 is the value.
 *
 *	r0 at the start is what the test passes
 */
	.syntax unified
	.arch armv7-a
	.fpu neon
	.section .rodata
	.arm
	.balign	8

	.equ	CALL_EXIT, 0x7f01
	.equ	CALL_YIELD, 0x7f02
	.equ	CALL_NULL, 0x7f03

	.macro	program name
	.balign	8
	.global	user_\name
user_\name:
	.endm

	.macro	call n
	movw	r7, #\n
	svc	0
	.endm

/* r0 + 1 */
	program	add
	add	r0, r0, #1
	call	CALL_EXIT

/* r0 + 2, in Thumb */
	program	add_thumb
	.thumb
	adds	r0, #2
	movw	r7, #CALL_EXIT
	svc	0
	.arm
	.balign	4

/* What a program finds at its start: 0 if all of r1-r12, lr are 0. */
	program	clean
	orr	r0, r1, r2
	.irp	n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14
	orr	r0, r0, r\n
	.endr
	call	CALL_EXIT

/*
 * Hold numbers in all registers and flags over r0 calls of YIELD. Exit with 0,
 * or a mask of what changed.
 */
	program	registers
	sub	sp, sp, #16
	str	r0, [sp]
	mov	r7, #0x1000
	.irp	n, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12
	add	r\n, r7, #\n
	.endr
	add	lr, r7, #14
1:	movw	r7, #CALL_YIELD
	mov	r0, #7
	msr	cpsr_f, #0xa0000000		@ N and C
	svc	0
	mrs	r7, cpsr
	str	r7, [sp, #4]
	str	r0, [sp, #8]			@ what YIELD returned
	mov	r7, #0x1000
	mov	r0, #0
	.irp	n, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12
	sub	r\n, r\n, #\n
	cmp	r\n, r7
	orrne	r0, r0, #(1 << \n)
	add	r\n, r\n, #\n
	.endr
	sub	lr, lr, #14
	cmp	lr, r7
	orrne	r0, r0, #(1 << 14)
	add	lr, lr, #14
	ldr	r7, [sp, #4]
	lsr	r7, r7, #28
	cmp	r7, #10
	orrne	r0, r0, #(1 << 16)
	ldr	r7, [sp, #8]
	cmp	r7, #8				@ the argument plus 1
	orrne	r0, r0, #(1 << 17)
	cmp	r0, #0
	bne	2f
	ldr	r7, [sp]
	subs	r7, r7, #1
	str	r7, [sp]
	bne	1b
2:	call	CALL_EXIT

/* Compute with r0 in many registers until the word at r1 is not 0. */
	program	spin
	mov	r2, r0
	mov	r3, r0
	mov	r4, r0
	mov	r12, r0
	mov	lr, r0
1:	ldr	r5, [r1]
	add	r2, r2, #1
	sub	r2, r2, #1
	cmp	r2, r3
	cmpeq	r4, r12
	cmpeq	lr, r0
	bne	2f
	cmp	r5, #0
	beq	1b
	mov	r0, #0
	call	CALL_EXIT
2:	mov	r0, #1
	call	CALL_EXIT

/*
 * d0-d31 hold r0 + n, FPSCR a rounding mode from r0, over 50 calls of YIELD.
 * Exit with 0, or the number of the first register that changed plus 1.
 */
	program	vfp
	mov	r4, r0
	mov	r5, #50
	and	r8, r0, #3
	lsl	r8, r8, #22
	vmsr	fpscr, r8
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	add	r1, r4, #\n
	mvn	r2, r1
	vmov	d\n, r1, r2
	.endr
1:	call	CALL_YIELD
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	vmov	r1, r2, d\n
	sub	r0, r1, #\n
	cmp	r0, r4
	mvneq	r2, r2
	cmpeq	r2, r1
	mov	r0, #\n
	addne	r0, r0, #1
	bne	2f
	.endr
	vmrs	r1, fpscr
	cmp	r1, r8
	movne	r0, #40
	bne	2f
	subs	r5, r5, #1
	bne	1b
	mov	r0, #0
2:	call	CALL_EXIT

/* d7 as it is found: its halves' sum; then d7 = 5, and again. */
	program	vfp_peek
	vmov	r0, r1, d7
	add	r0, r0, r1
	call	CALL_YIELD
	vmov	r0, r1, d7
	call	CALL_EXIT

/* TPIDRURO, by the instruction and by the helper; r0 if they are equal. */
	program	tls
	mrc	p15, 0, r4, c13, c0, 3
	movw	r12, #0x0fe0
	movt	r12, #0xffff
	blx	r12
	cmp	r0, r4
	movne	r0, #0
	call	CALL_EXIT

/*
 * TPIDRURW = r0, and TPIDRURO as it is found, over 20 calls of YIELD. 0, or
 * what was found.
 */
	program	tls_rw
	mov	r4, r0
	mov	r5, #20
	mcr	p15, 0, r4, c13, c0, 2
	mrc	p15, 0, r6, c13, c0, 3
1:	call	CALL_YIELD
	mrc	p15, 0, r0, c13, c0, 2
	cmp	r0, r4
	bne	2f
	mrc	p15, 0, r0, c13, c0, 3
	cmp	r0, r6
	bne	2f
	subs	r5, r5, #1
	bne	1b
	mov	r0, #0
2:	call	CALL_EXIT

/* The kuser helpers, on words at r0. Exit with 0 or the number of a mistake. */
	program	kuser
	mov	r8, r0
	mov	r9, #5
	str	r9, [r8]
	mov	r10, #1
	mov	r0, #5
	mov	r1, #6
	mov	r2, r8
	movw	r12, #0x0fc0
	movt	r12, #0xffff
	blx	r12				@ 5 -> 6: done
	bcc	9f
	cmp	r0, #0
	bne	9f
	mov	r10, #2
	ldr	r9, [r8]
	cmp	r9, #6
	bne	9f
	mov	r10, #3
	mov	r0, #5
	mov	r1, #7
	mov	r2, r8
	movw	r12, #0x0fc0
	movt	r12, #0xffff
	blx	r12				@ it is not 5
	bcs	9f
	cmp	r0, #0
	beq	9f
	mov	r10, #4
	ldr	r9, [r8]
	cmp	r9, #6
	bne	9f
	mov	r10, #5
	mov	r4, #0x11
	mov	r5, #0x22
	strd	r4, r5, [r8, #8]		@ what is there, and "old"
	strd	r4, r5, [r8, #16]
	mov	r6, #0x33
	mov	r7, #0x44
	strd	r6, r7, [r8, #24]		@ "new"
	add	r0, r8, #16
	add	r1, r8, #24
	add	r2, r8, #8
	movw	r12, #0x0f60
	movt	r12, #0xffff
	blx	r12
	bcc	9f
	cmp	r0, #0
	bne	9f
	mov	r10, #6
	cmp	r4, #0x11			@ r4-r7 are kept
	cmpeq	r7, #0x44
	bne	9f
	ldrd	r2, r3, [r8, #8]
	cmp	r2, #0x33
	cmpeq	r3, #0x44
	bne	9f
	mov	r10, #7
	add	r0, r8, #16
	add	r1, r8, #24
	add	r2, r8, #8
	movw	r12, #0x0f60
	movt	r12, #0xffff
	blx	r12				@ not old any more
	bcs	9f
	mov	r10, #8
	mov	r0, #0x33			@ the upper half alone differs
	mov	r1, #0x45
	strd	r0, r1, [r8, #16]
	add	r0, r8, #16
	add	r1, r8, #24
	add	r2, r8, #8
	movw	r12, #0x0f60
	movt	r12, #0xffff
	blx	r12
	bcs	9f
	mov	r10, #9
	movw	r12, #0x0fa0
	movt	r12, #0xffff
	blx	r12
	movw	r12, #0x0ffc
	movt	r12, #0xffff
	ldr	r0, [r12]
	cmp	r0, #5
	bne	9f
	mov	r10, #0
9:	mov	r0, r10
	call	CALL_EXIT

/* Touch: load from r0; store to r0; jump to r0. */
	program	load
	ldr	r0, [r0]
	call	CALL_EXIT
	program	store
	str	r0, [r0]
	call	CALL_EXIT
	program	jump
	bx	r0

	program	undefined
	udf	#3
	add	r0, r0, #4
	call	CALL_EXIT

	program	breakpoint
	bkpt	#1
	call	CALL_EXIT

	program	unaligned
	ldrd	r2, r3, [r0]
	call	CALL_EXIT

/* What only the kernel may: the value of the attempts must not matter. */
	program	privileged
	mrs	r4, cpsr
	cpsid	i				@ ignored in user mode
	msr	cpsr_c, #0xd3			@ likewise
	mrs	r5, cpsr
	eor	r0, r4, r5
	call	CALL_EXIT

/* r0 null calls between two of YIELD, which tell the time. */
	program	null_calls
	mov	r4, r0
	call	CALL_YIELD
	movw	r7, #CALL_NULL
1:	svc	0
	subs	r4, r4, #1
	bne	1b
	call	CALL_YIELD
	mov	r0, #0
	call	CALL_EXIT

	.global	user_programs_end
user_programs_end:
