/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from user memory (asm/uaccess.h), of which any access to the
 * user's side may fault.
 *
 * Ideas
 *   The shape is memcpy's: bring the destination to a word boundary, move
 *   blocks, then words, then bytes. What is new is that any of it may stop.
 *   One register holds the end of the destination, so at every fault the rest
 *   is known: end - destination. The fix-up does not work out how much of a
 *   block was moved, it goes on *byte by byte* from the start of the block or
 *   word that failed. That moves what can be moved, and the byte that faults
 *   again tells the exact rest:
 *
 *	LDM of 32 bytes faults --> fix-up: bytes --> 5 go well, the 6th faults
 *								--> return end - dst
 *
 *   A store that had moved half of its registers is thus repeated: harmless.
 *   An LDM or STM that faults leaves its base register as it was.
 *
 *	r0 destination	r1 source	r2 what is left	ip end of the destination
 *
 * Cost  instructions a call, aligned: copy 26 for 4 bytes, 352 for 4096;
 *   from an unaligned source 1440; clear_user 4096: 180.
 * Source  ARM DDI 0406C, B1.9.8 (effects of data-aborted instructions).
 */
	.syntax unified
	.arch armv7-a
	.arm
	.text

/* An access to user memory; a fault goes on at the label fixup. */
	.macro	user fixup, insn:vararg
9999:	\insn
	.pushsection .ex_table, "a"
	.balign	4
	.word	9999b, \fixup
	.popsection
	.endm

/* The same if this side is the user's, else plain. */
	.macro	side is_user, fixup, user_insn, plain_insn, operands:vararg
	.if	\is_user
	user	\fixup, \user_insn \operands
	.else
	\plain_insn \operands
	.endif
	.endm

/* unsigned long name(void *to, const void *from, unsigned long n) */
	.macro	copy_function name, from, to
	.global	\name
	.type	\name, %function
	.balign	16
\name:
	.fnstart
	add	ip, r0, r2
	cmp	r2, #4
	blo	.Lbytes\@
.Lalign\@:
	tst	r0, #3
	bne	.Lalign_byte\@
	cmp	r2, #32
	bhs	\name\()_blocks
\name\()_words:				@ any n, r0 aligned, r1 perhaps not
	subs	r2, r2, #4
	blo	.Lbytes\@
1:	side	\from, .Lbytes\@, ldrt, ldr, r3, [r1], #4
	side	\to, .Lstored\@, strt, str, r3, [r0], #4
	subs	r2, r2, #4
	bhs	1b
.Lbytes\@:
	cmp	r0, ip
	beq	.Lout\@
2:	side	\from, .Lout\@, ldrbt, ldrb, r3, [r1], #1
	side	\to, .Lout\@, strbt, strb, r3, [r0], #1
	cmp	r0, ip
	bne	2b
.Lout\@:
	sub	r0, ip, r0
	bx	lr
.Lalign_byte\@:				@ at most 3 times, n >= 4 at first
	side	\from, .Lout\@, ldrbt, ldrb, r3, [r1], #1
	side	\to, .Lout\@, strbt, strb, r3, [r0], #1
	sub	r2, r2, #1
	b	.Lalign\@
.Lstored\@:
	sub	r1, r1, #4		@ the load had moved on
	b	.Lbytes\@
	.fnend
	.size	\name, . - \name

/* With all registers: r0 aligned, r2 >= 32. r10 = source - destination. */
	.type	\name\()_blocks, %function
\name\()_blocks:
	.fnstart
	.save	{r4-r10, lr}
	push	{r4-r10, lr}
	sub	r10, r1, r0
	tst	r1, #3
	bne	5f
	subs	r2, r2, #128
	blo	2f
1:
	.rept	4
	side	\from, .Lundo\@, ldmia, ldmia, r1!, {r3-r9, lr}
	side	\to, .Lundo\@, stmia, stmia, r0!, {r3-r9, lr}
	.endr
	subs	r2, r2, #128
	bhs	1b
2:	adds	r2, r2, #96		@ r2 = what is left - 32
	bcc	4f
3:	side	\from, .Lundo\@, ldmia, ldmia, r1!, {r3-r9, lr}
	subs	r2, r2, #32
	side	\to, .Lundo\@, stmia, stmia, r0!, {r3-r9, lr}
	bhs	3b
4:	add	r2, r2, #32
	pop	{r4-r10, lr}
	b	\name\()_words
5:	sub	r2, r2, #32		@ r1 unaligned: LDR may, LDM may not
6:
	.irp	reg, r3, r4, r5, r6, r7, r8, r9, lr
	side	\from, .Lundo\@, ldrt, ldr, \reg, [r1], #4
	.endr
	subs	r2, r2, #32
	side	\to, .Lundo\@, stmia, stmia, r0!, {r3-r9, lr}
	bhs	6b
	b	4b
.Lundo\@:				@ to the start of the block
	add	r1, r0, r10
	pop	{r4-r10, lr}
	b	.Lbytes\@
	.fnend
	.size	\name\()_blocks, . - \name\()_blocks
	.endm

	copy_function arch_copy_from_user, from=1, to=0
	copy_function arch_copy_to_user, from=0, to=1

/* unsigned long arch_clear_user(void *to, unsigned long n) */
	.global	arch_clear_user
	.type	arch_clear_user, %function
	.balign	16
arch_clear_user:
	.fnstart
	add	ip, r0, r1
	mov	r2, #0
	cmp	r1, #4
	blo	.Lclear_bytes
.Lclear_align:
	tst	r0, #3
	bne	.Lclear_byte
	sub	r1, ip, r0
	cmp	r1, #32
	bhs	clear_blocks
.Lclear_words:				@ r0 aligned
	sub	r1, ip, r0
	subs	r1, r1, #4
	blo	.Lclear_bytes
1:	user	.Lclear_bytes, strt r2, [r0], #4
	subs	r1, r1, #4
	bhs	1b
.Lclear_bytes:
	cmp	r0, ip
	beq	.Lclear_out
2:	user	.Lclear_out, strbt r2, [r0], #1
	cmp	r0, ip
	bne	2b
.Lclear_out:
	sub	r0, ip, r0
	bx	lr
.Lclear_byte:				@ at most 3 times, n >= 4 at first
	user	.Lclear_out, strbt r2, [r0], #1
	b	.Lclear_align
	.fnend
	.size	arch_clear_user, . - arch_clear_user

/* With more registers: r0 aligned, r1 >= 32 to do, r2 = 0. */
	.type	clear_blocks, %function
clear_blocks:
	.fnstart
	.save	{r4-r9, lr}
	push	{r4-r9, lr}
	mov	r3, #0
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	r7, #0
	mov	r8, #0
	mov	r9, #0
	subs	r1, r1, #128
	blo	2f
1:
	.rept	4
	user	.Lclear_undo, stmia r0!, {r2-r9}
	.endr
	subs	r1, r1, #128
	bhs	1b
2:	adds	r1, r1, #96		@ r1 = what is left - 32
	bcc	4f
3:	user	.Lclear_undo, stmia r0!, {r2-r9}
	subs	r1, r1, #32
	bhs	3b
4:	pop	{r4-r9, lr}
	b	.Lclear_words
.Lclear_undo:
	pop	{r4-r9, lr}
	b	.Lclear_bytes
	.fnend
	.size	clear_blocks, . - clear_blocks

/*
 * long arch_strncpy_from_user(char *to, const char *from, unsigned long n):
 * n >= 1. The length without the NUL, n if there was none, -EFAULT.
 */
	.global	arch_strncpy_from_user
	.type	arch_strncpy_from_user, %function
arch_strncpy_from_user:
	.fnstart
	sub	ip, r0, #1
	add	r2, ip, r2		@ where the last byte goes
1:	user	.Lstring_fault, ldrbt r3, [r1], #1
	cmp	r3, #0
	strb	r3, [ip, #1]!
	beq	2f
	cmp	ip, r2
	bne	1b
	add	ip, ip, #1
2:	sub	r0, ip, r0
	bx	lr
.Lstring_fault:
	mvn	r0, #13			@ -EFAULT
	bx	lr
	.fnend
	.size	arch_strncpy_from_user, . - arch_strncpy_from_user

/* long arch_strnlen_user(const char *from, unsigned long n): the same. */
	.global	arch_strnlen_user
	.type	arch_strnlen_user, %function
arch_strnlen_user:
	.fnstart
	mov	r2, r0
	add	ip, r0, r1
1:	user	.Lstring_fault, ldrbt r3, [r0], #1
	cmp	r3, #0
	beq	2f
	cmp	r0, ip
	bne	1b
	add	r0, r0, #1
2:	sub	r0, r0, #1
	sub	r0, r0, r2
	bx	lr
	.fnend
	.size	arch_strnlen_user, . - arch_strnlen_user
