/* SPDX-License-Identifier: MIT */
/*
 * Helpers that every program may call at fixed addresses at the end of the
 * vectors page, as Linux offers them (Documentation/arm/kernel_user_helpers):
 * for programs built for processors that lack these instructions.
 *
 *	0xffff0f60  cmpxchg64	r0, r1: where old and new are, r2: what
 *	0xffff0fa0  barrier
 *	0xffff0fc0  cmpxchg	r0: old, r1: new, r2: where
 *	0xffff0fe0  get_tls	-> r0
 *	0xffff0ffc  how many slots of 32 bytes there are: 5
 *
 * The two exchanges return 0 with C set if it was old, else not 0 with C clear.
 * A fault inside is like one in the program: it runs here in user mode, and
 * starts the load again after it. The slots are all the room there is.
 */
	.syntax unified
	.arch armv7-a
	.arm
	.section ".kuser", "ax"

	.macro	slot, n, name		/* n: address - 0xffff0f60 */
	.org	\n
kuser_\name:
	.endm

	slot	0x00, cmpxchg64
	push	{r4-r7}
	ldrd	r4, r5, [r0]
	ldrd	r6, r7, [r1]
	dmb
1:	ldrexd	r0, r1, [r2]
	eors	r3, r0, r4
	eorseq	r3, r1, r5
	strexdeq r3, r6, r7, [r2]
	teqeq	r3, #1			@ lost to somebody else: again
	beq	1b
	dmb
	rsbs	r0, r3, #0		@ C: r3 was 0
	pop	{r4-r7}
	bx	lr

	slot	0x40, memory_barrier
	dmb
	bx	lr

	slot	0x60, cmpxchg
	dmb
1:	ldrex	r3, [r2]
	subs	r3, r3, r0
	strexeq	r3, r1, [r2]
	teqeq	r3, #1
	beq	1b
	rsbs	r0, r3, #0
	b	kuser_memory_barrier	@ which leaves the flags alone

	slot	0x80, get_tls
	mrc	p15, 0, r0, c13, c0, 3
	bx	lr

	slot	0x9c, helper_version
	.word	5
