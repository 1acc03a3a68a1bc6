/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: from the vector to a C handler and back.
 *
 * Ideas
 *   An exception switches the core to a mode of its own (abort, undefined,
 *   irq) with its own sp and lr. Those modes have room for five words only
 *   (emergency_stacks, 32 bytes a mode and core): the entry code saves
 *
 *	[0] r0	[1] r1	[2] r2	[3] pc to return to  [4] psr of then
 *
 *   there, changes to SVC mode, and builds a struct pt_regs on the kernel
 *   stack. So C code runs in SVC mode always, handlers nest, and a handler
 *   may sleep when the exception came from user mode.
 *
 *   The kernel stack is checked before it is touched: an exception from kernel
 *   mode whose sp lies outside [base + ENTRY_ROOM, base + THREAD_SIZE] goes to
 *   this core's emergency stack, where do_stack_overflow() tells the story.
 *   Without the check the push would fault, enter here again, and so for ever.
 *
 *   The frame as C sees it: sp points at struct pt_regs when a handler is
 *   called. The unwinder and gdb (.cfi) both rely on that.
 *
 * Return  kernel: put { pc, psr } just below the old sp, load everything else,
 *   then RFE pops both at once. User: look at user_work, with interrupts masked
 *   so that nothing can come in between (asm/entry.h); load the user bank,
 *   MOVS PC, LR.
 *   CLREX: an exclusive load of the interrupted code must not pair with a
 *   store after a switch to other code.
 *
 * Cost  a system call, from SVC to the next user instruction, without what
 *   do_syscall() does: 13 instructions there and 13 back.
 * Sources  ARM DDI 0406C, B1.8 (exceptions), B1.9; A3.4 (exclusives).
 */
#include <asm/memory.h>
#include <asm/ptrace.h>

/* Bytes a handler must find below sp: with pt_regs 320, so that the comparison
 * below has an immediate operand. */
#define ENTRY_ROOM	(320 - PT_REGS_SIZE)

/* The whole page is mapped at 0xffff0000, readable and executable by all. */
	.section ".vectors", "ax"
	.arm
	.cfi_sections .debug_frame	@ for gdb: not loaded
vectors:
	ldr	pc, 1f			@ 0x00 reset
	ldr	pc, 2f			@ 0x04 undefined instruction
	ldr	pc, 3f			@ 0x08 supervisor call
	ldr	pc, 4f			@ 0x0c prefetch abort
	ldr	pc, 5f			@ 0x10 data abort
	ldr	pc, 6f			@ 0x14 (unused)
	ldr	pc, 7f			@ 0x18 interrupt
	ldr	pc, 8f			@ 0x1c fast interrupt
1:	.word	vector_reset
2:	.word	vector_undefined
3:	.word	vector_svc
4:	.word	vector_prefetch_abort
5:	.word	vector_data_abort
6:	.word	vector_reset
7:	.word	vector_irq
8:	.word	vector_fiq

	.section ".entry.text", "ax"

/* Where the saved registers of struct pt_regs lie, for gdb: CFA is its end. */
	.macro	cfi_pt_regs
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column 15
	.cfi_def_cfa sp, PT_REGS_SIZE
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.cfi_offset \n, 4 * \n - PT_REGS_SIZE
	.endr
	.endm

/*
 * The same before pt_regs exists: r0 is where the five words are, and sp is
 * still that of the interrupted code. An escape is a rule "at register + n"
 * (0x10 register 2 breg n), for which there is no directive.
 */
	.macro	cfi_five_words
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_return_column 15
	.cfi_def_cfa sp, 0
	.cfi_escape 0x10, 0, 2, 0x70, 0
	.cfi_escape 0x10, 1, 2, 0x70, 4
	.cfi_escape 0x10, 2, 2, 0x70, 8
	.cfi_escape 0x10, 15, 2, 0x70, 12
	.endm

/* In the exception's mode: save five words, go to SVC, r0 = where they are. */
	.macro	save_and_switch
	stmia	sp, {r0, r1, r2, lr}
	mrs	lr, spsr
	str	lr, [sp, #16]
	mov	r0, sp
	cps	#PSR_MODE_SVC
	.endm

/* r0: the five words. Build pt_regs on the user's kernel stack. */
	.macro	push_user_regs
	sub	sp, sp, #PT_REGS_SIZE
	add	r1, sp, #12
	stmia	r1, {r3-r12}
	ldmia	r0, {r3-r7}
	stmia	sp, {r3, r4, r5}
	add	r1, sp, #PT_SP
	stmia	r1, {sp, lr}^
	add	r1, sp, #PT_PC
	mvn	r8, #0
	stmia	r1, {r6, r7, r8}
	.endm

/*
 * The same on the stack of interrupted kernel code, after the check. sp need
 * not be a multiple of 8 there; the frame is, and remembers the true sp.
 */
	.macro	push_kernel_regs
	mrc	p15, 0, r1, c13, c0, 4
	ldr	r2, =this_stack_base
	ldr	r1, [r1, r2]
	sub	r1, sp, r1
	sub	r1, r1, #(PT_REGS_SIZE + ENTRY_ROOM)
	cmp	r1, #(THREAD_SIZE - PT_REGS_SIZE - ENTRY_ROOM)
	bhi	stack_overflow
	mov	r2, sp
	.cfi_def_cfa_register r2
	sub	sp, sp, #PT_REGS_SIZE
	bic	sp, sp, #7
	fill_kernel_regs
	.endm

/* sp: room for pt_regs; r0: the five words; r2: sp of the interrupted code. */
	.macro	fill_kernel_regs
	add	r1, sp, #12
	stmia	r1, {r3-r12}
	.irp	n, 3, 4, 5, 6, 7, 8		@ now at sp + 4n
	.cfi_escape 0x10, \n, 2, 0x7d, 4 * \n
	.endr
	ldmia	r0, {r3-r7}
	stmia	sp, {r3, r4, r5}
	add	r1, sp, #PT_SP
	mvn	r8, #0
	mov	r3, lr
	stmia	r1, {r2, r3, r6, r7, r8}
	.endm

/* An exception whose return address is lr - correction. */
	.macro	vector name, correction, handler
	.type	vector_\name, %function
vector_\name:
	.fnstart
	.cantunwind
	.if	\correction
	sub	lr, lr, #\correction
	.endif
	save_and_switch
	cfi_five_words
	ldr	r1, [r0, #16]
	tst	r1, #0xf
	beq	1f
	push_kernel_regs
	.cfi_endproc
	cfi_pt_regs
	mov	r0, sp
	bl	\handler
	b	return_to_kernel
	.cfi_endproc
1:	push_user_regs
	cfi_pt_regs
	mov	r0, sp
	bl	\handler
	b	leave_to_user
	.cfi_endproc
	.fnend
	.size	vector_\name, . - vector_\name
	.endm

	vector	undefined, 0, handle_undefined
	vector	prefetch_abort, 4, handle_prefetch_abort
	vector	data_abort, 8, handle_data_abort
	vector	irq, 4, do_irq
	vector	fiq, 4, handle_fiq
	vector	reset, 0, handle_reset

/*
 * Supervisor call. It arrives in SVC mode itself: from user mode on an empty
 * kernel stack. From kernel mode there is one that is meant: the emulator's
 * semihosting call, and only where no emulator answers it. It gets -1.
 */
	.type	vector_svc, %function
vector_svc:
	.fnstart
	.cantunwind
	sub	sp, sp, #PT_REGS_SIZE
	stmia	sp, {r0-r12}
	mrs	r1, spsr
	tst	r1, #0xf
	bne	1f
	add	r2, sp, #PT_SP
	stmia	r2, {sp, lr}^
	str	lr, [sp, #PT_PC]
	str	r1, [sp, #PT_PSR]
	str	r0, [sp, #PT_ORIG_R0]
	cfi_pt_regs
	mov	r0, sp
	bl	do_syscall
	b	leave_to_user
	.cfi_endproc
1:	mvn	r0, #0
	ldr	r1, [sp, #4]
	add	sp, sp, #PT_REGS_SIZE
	movs	pc, lr
	.fnend
	.size	vector_svc, . - vector_svc

/* void return_to_user(struct pt_regs *regs): from C, for good. */
	.global	return_to_user
	.type	return_to_user, %function
return_to_user:
	.fnstart
	.cantunwind
	mov	sp, r0
leave_to_user:
	cfi_pt_regs
	cpsid	i
	mrc	p15, 0, r1, c13, c0, 4
	ldr	r2, =user_work
	ldr	r1, [r1, r2]
	cmp	r1, #0
	bne	1f
	ldr	r1, [sp, #PT_PSR]
	ldr	lr, [sp, #PT_PC]
	msr	spsr_cxsf, r1
	clrex
	ldmia	sp, {r0-r14}^
	add	sp, sp, #PT_REGS_SIZE
	movs	pc, lr
	.cfi_endproc
1:	cfi_pt_regs
	mov	r0, sp
	bl	do_user_work
	b	leave_to_user
	.cfi_endproc
	.fnend
	.size	return_to_user, . - return_to_user

	.type	return_to_kernel, %function
return_to_kernel:
	cfi_pt_regs
	cpsid	i
	ldr	r0, [sp, #PT_SP]
	ldr	r1, [sp, #PT_PC]
	ldr	r2, [sp, #PT_PSR]
	ldr	lr, [sp, #PT_LR]
	stmdb	r0!, {r1, r2}
	str	r0, [sp, #PT_SP]
	/* sp of then: what is at CFA - 72 + 52, plus 8 */
	.cfi_escape 0x16, 13, 6, 0x08, PT_REGS_SIZE - PT_SP, 0x1c, 6, 0x38, 0x22
	clrex
	ldmia	sp, {r0-r12}
	ldr	sp, [sp, #PT_SP]
	.cfi_def_cfa_offset 8			@ { pc, psr }, and nothing else
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14
	.cfi_same_value \n
	.endr
	.cfi_escape 0x14, 13, 0			@ sp is the CFA
	.cfi_offset 15, -8
	rfeia	sp!
	.cfi_endproc
	.size	return_to_kernel, . - return_to_kernel

/* From push_kernel_regs: r0 the five words, sp bad, r1 and r2 free. */
	.type	stack_overflow, %function
stack_overflow:
	.fnstart
	.cantunwind
	cfi_five_words
	mrc	p15, 0, r1, c13, c0, 4
	ldr	r2, =emergency_stack
	add	r1, r1, r2
	mov	r2, sp			@ the bad one
	.cfi_def_cfa_register r2
	add	sp, r1, #EMERGENCY_STACK_SIZE	@ as large as a thread's: a report needs it
	sub	sp, sp, #PT_REGS_SIZE
	fill_kernel_regs
	.cfi_endproc
	cfi_pt_regs
	mov	r0, sp
	bl	handle_stack_overflow
	.cfi_endproc
	.fnend
	.size	stack_overflow, . - stack_overflow
	.ltorg
