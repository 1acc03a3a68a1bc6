/* SPDX-License-Identifier: MIT */
/*
 * memcpy and memmove.
 *
 * Ideas
 *   The destination is brought to a word boundary byte by byte. If the source
 *   is then at one too, blocks of 128 bytes go by LDM/STM, 8 registers each;
 *   LDM takes aligned addresses only. Otherwise words are read where they
 *   lie, which the A9 does for normal memory (SCTLR.A = 0).
 *   memmove copies upwards like memcpy unless the destination starts inside
 *   the source; then it copies downwards, the same way mirrored.
 *
 *	dst - src as an unsigned number:
 *	      0 ... n-1    destination starts in the source: downwards
 *	      n ... 2^32   no overlap, or it starts before it: upwards
 *
 *   Block loops need more registers and a stack frame, so each is a function
 *   of its own, with its own unwind description, jumped to and back.
 * Cost  instructions a call, both ends aligned: 20 for 4 bytes, 34 for 64,
 *   346 for 4096; from an unaligned source 46 and 1432. memmove downwards
 *   moves 4096 bytes in 539.
 * Rules  ordinary memory only: device registers have asm/io.h, and before the
 *   MMU is on every access must be aligned.
 * Questions a reader asks
 *   Why test the destination's alignment and not the source's?  One of them
 *   may stay unaligned, and an unaligned store costs real cores more.
 */
	.syntax unified
	.arm
	.text

/* void *memcpy(void *dst, const void *src, size_t n); returns dst */
#ifdef VELLUM_KASAN			/* kasan.c has the name, and checks */
#define memcpy raw_memcpy
#endif
	.global	memcpy
	.type	memcpy, %function
	.balign	16
memcpy:
	.fnstart
	mov	ip, r0			@ ip walks, r0 stays the result
	cmp	r2, #4
	blo	.Lup_bytes
.Lup_align:
	tst	ip, #3
	bne	.Lup_align_byte
	cmp	r2, #32
	bhs	memcpy_blocks
.Lup_words:				@ any n, ip aligned, r1 perhaps not
	subs	r2, r2, #4
	blo	.Lup_words_end
1:	ldr	r3, [r1], #4
	subs	r2, r2, #4
	str	r3, [ip], #4
	bhs	1b
.Lup_words_end:
	add	r2, r2, #4
.Lup_bytes:				@ any n, nothing aligned
	subs	r2, r2, #1
	bxlo	lr
2:	ldrb	r3, [r1], #1
	subs	r2, r2, #1
	strb	r3, [ip], #1
	bhs	2b
	bx	lr
.Lup_align_byte:			@ at most 3 times, n >= 4 at first
	ldrb	r3, [r1], #1
	sub	r2, r2, #1
	strb	r3, [ip], #1
	b	.Lup_align
	.fnend
	.size	memcpy, . - memcpy

/* The part of memcpy with all registers: ip aligned, r2 >= 32. */
	.type	memcpy_blocks, %function
memcpy_blocks:
	.fnstart
	.save	{r4-r9, lr}
	push	{r4-r9, lr}
	tst	r1, #3
	bne	5f
	subs	r2, r2, #128
	blo	2f
1:
	.rept	4
	ldmia	r1!, {r3-r9, lr}
	stmia	ip!, {r3-r9, lr}
	.endr
	subs	r2, r2, #128
	bhs	1b
2:	adds	r2, r2, #96		@ r2 = what is left - 32
	bcc	4f
3:	ldmia	r1!, {r3-r9, lr}
	subs	r2, r2, #32
	stmia	ip!, {r3-r9, lr}
	bhs	3b
4:	add	r2, r2, #32
	pop	{r4-r9, lr}
	b	.Lup_words
5:	sub	r2, r2, #32		@ r1 unaligned: LDR may, LDM may not
6:	ldr	r3, [r1], #4
	ldr	r4, [r1], #4
	ldr	r5, [r1], #4
	ldr	r6, [r1], #4
	ldr	r7, [r1], #4
	ldr	r8, [r1], #4
	ldr	r9, [r1], #4
	ldr	lr, [r1], #4
	subs	r2, r2, #32
	stmia	ip!, {r3-r9, lr}
	bhs	6b
	b	4b
	.fnend
	.size	memcpy_blocks, . - memcpy_blocks

/* void *memmove(void *dst, const void *src, size_t n); returns dst */
#ifdef VELLUM_KASAN			/* kasan.c has the name, and checks */
#define memmove raw_memmove
#endif
	.global	memmove
	.type	memmove, %function
	.balign	16
memmove:
	.fnstart
	sub	r3, r0, r1
	cmp	r3, r2
	bhs	memcpy
	add	ip, r0, r2		@ both point behind their end
	add	r1, r1, r2
	cmp	r2, #4
	blo	.Ldown_bytes
.Ldown_align:
	tst	ip, #3
	bne	.Ldown_align_byte
	tst	r1, #3
	bne	.Ldown_words
	cmp	r2, #32
	bhs	memmove_blocks
.Ldown_words:				@ ip aligned, r1 perhaps not
	subs	r2, r2, #4
	blo	.Ldown_words_end
1:	ldr	r3, [r1, #-4]!
	subs	r2, r2, #4
	str	r3, [ip, #-4]!
	bhs	1b
.Ldown_words_end:
	add	r2, r2, #4
.Ldown_bytes:
	subs	r2, r2, #1
	bxlo	lr
2:	ldrb	r3, [r1, #-1]!
	subs	r2, r2, #1
	strb	r3, [ip, #-1]!
	bhs	2b
	bx	lr
.Ldown_align_byte:
	ldrb	r3, [r1, #-1]!
	sub	r2, r2, #1
	strb	r3, [ip, #-1]!
	b	.Ldown_align
	.fnend
	.size	memmove, . - memmove

/* The part of memmove with all registers: ip, r1 aligned, r2 >= 32. */
	.type	memmove_blocks, %function
memmove_blocks:
	.fnstart
	.save	{r4-r9, lr}
	push	{r4-r9, lr}
	sub	r2, r2, #32
1:	ldmdb	r1!, {r3-r9, lr}
	subs	r2, r2, #32
	stmdb	ip!, {r3-r9, lr}
	bhs	1b
	add	r2, r2, #32
	pop	{r4-r9, lr}
	b	.Ldown_words
	.fnend
	.size	memmove_blocks, . - memmove_blocks
