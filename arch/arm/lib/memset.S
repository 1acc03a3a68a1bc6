/* SPDX-License-Identifier: MIT */
/*
 * memset: bytes up to a word boundary, blocks of 128 bytes by STM of 8
 * registers, words, bytes. The byte is spread over a word first:
 * c, c << 8 | c, and that << 16 | that.
 *
 * Cost  instructions a call: 22 for 4 bytes, 40 for 64, 226 for 4096.
 *   A whole page is cleared cheaper by clear_page (page.S).
 */
	.syntax unified
	.arm
	.text

/* void *memset(void *dst, int c, size_t n); returns dst */
#ifdef VELLUM_KASAN			/* kasan.c has the name, and checks */
#define memset raw_memset
#endif
	.global	memset
	.type	memset, %function
	.balign	16
memset:
	.fnstart
	mov	ip, r0			@ ip walks, r0 stays the result
	and	r1, r1, #0xff
	orr	r1, r1, r1, lsl #8
	orr	r1, r1, r1, lsl #16
	cmp	r2, #4
	blo	.Lset_bytes
.Lset_align:
	tst	ip, #3
	bne	.Lset_align_byte
	cmp	r2, #32
	bhs	memset_blocks
.Lset_words:
	subs	r2, r2, #4
	blo	2f
1:	str	r1, [ip], #4
	subs	r2, r2, #4
	bhs	1b
2:	add	r2, r2, #4
.Lset_bytes:
	subs	r2, r2, #1
	bxlo	lr
3:	strb	r1, [ip], #1
	subs	r2, r2, #1
	bhs	3b
	bx	lr
.Lset_align_byte:			@ at most 3 times, n >= 4 at first
	strb	r1, [ip], #1
	sub	r2, r2, #1
	b	.Lset_align
	.fnend
	.size	memset, . - memset

/* The part of memset with all registers: ip aligned, r2 >= 32. */
	.type	memset_blocks, %function
memset_blocks:
	.fnstart
	.save	{r4-r8, lr}
	push	{r4-r8, lr}
	mov	r3, r1
	mov	r4, r1
	mov	r5, r1
	mov	r6, r1
	mov	r7, r1
	mov	r8, r1
	mov	lr, r1
	subs	r2, r2, #128
	blo	2f
1:
	.rept	4
	stmia	ip!, {r1, r3-r8, lr}
	.endr
	subs	r2, r2, #128
	bhs	1b
2:	adds	r2, r2, #96		@ r2 = what is left - 32
	bcc	4f
3:	stmia	ip!, {r1, r3-r8, lr}
	subs	r2, r2, #32
	bhs	3b
4:	add	r2, r2, #32
	pop	{r4-r8, lr}
	b	.Lset_words
	.fnend
	.size	memset_blocks, . - memset_blocks
