/* SPDX-License-Identifier: MIT */
/*
 * Functions that are never called: each has one description for the unwinder,
 * byte by byte, that the compiler would seldom or never make. The test takes
 * a frame whose pc is the second instruction and looks at what one step does.
 */
	.syntax unified
	.arch armv7-a
	.arm
	.text

	.macro	describe name, bytes:vararg
	.global	\name
	.type	\name, %function
\name:
	.fnstart
	nop
	nop
	.unwind_raw 0, \bytes
	.fnend
	.size	\name, . - \name
	.endm

	describe op_add_4, 0x00
	describe op_add_256, 0x3f
	describe op_add_16_sub_8, 0x03, 0x41
	describe op_sub_4, 0x40
	describe op_mask_r4_r11, 0x80, 0x81
	describe op_mask_pc, 0x88, 0x00
	describe op_mask_sp, 0x82, 0x00
	describe op_refuse, 0x80, 0x00
	describe op_sp_is_r7, 0x97
	describe op_sp_is_sp, 0x9d
	describe op_sp_is_pc, 0x9f
	describe op_range_r4_r5, 0xa1
	describe op_range_r4_r5_lr, 0xa9
	describe op_low_r0_r3, 0xb1, 0x0f
	describe op_low_none, 0xb1, 0x00
	describe op_low_wrong, 0xb1, 0x10
	describe op_uleb_1, 0xb2, 0x01
	describe op_uleb_129, 0xb2, 0x81, 0x01
	describe op_uleb_endless, 0xb2, 0xff, 0xff, 0xff, 0xff, 0x01
	describe op_vfp, 0xb3, 0x00
	describe op_spare, 0xb4
	describe op_coprocessor, 0xc1, 0x01
	describe op_many, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0xa0

	.global	op_none
	.type	op_none, %function
op_none:
	.fnstart
	.cantunwind
	nop
	nop
	.fnend
	.size	op_none, . - op_none

	/* A description for an interpreter of its own. */
	.global	op_personality
	.type	op_personality, %function
op_personality:
	.fnstart
	nop
	nop
	.personality op_none
	.handlerdata
	.word	0
	.fnend
	.size	op_personality, . - op_personality

	/* What lies behind belongs to nobody here. */
	.global	op_end
	.type	op_end, %function
op_end:
	.fnstart
	.cantunwind
	nop
	.fnend
	.size	op_end, . - op_end
