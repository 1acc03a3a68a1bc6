/* SPDX-License-Identifier: MIT */
/*
 * Where a program starts. The kernel has put on the stack, from sp upwards:
 *
 *	argc | argv[0] ... NULL | envp[0] ... NULL | auxv pairs ... AT_NULL
 */
	.syntax unified
	.cfi_sections .debug_frame
	.thumb

	.globl	_start
	.type	_start, %function
	.thumb_func
_start:
	.cfi_startproc
	.cfi_undefined lr		@ for debuggers: nobody called this
	mov	r0, sp
	mov	fp, #0
	mov	lr, #0
	bl	program_start
	.cfi_endproc
	.size	_start, . - _start

/*
 * Handlers return here (SA_RESTORER). The kernel left the frame at sp, and
 * knows by the number which of the two kinds it is.
 */
	.arm
	.globl	signal_return
	.type	signal_return, %function
signal_return:
	ldr	r7, =119
	svc	#0
	.size	signal_return, . - signal_return

	.globl	signal_return_info
	.type	signal_return_info, %function
signal_return_info:
	ldr	r7, =173
	svc	#0
	.size	signal_return_info, . - signal_return_info

	.section .note.GNU-stack, "", %progbits
