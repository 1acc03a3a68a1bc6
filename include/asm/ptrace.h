/* SPDX-License-Identifier: MIT */
/*
 * The registers of interrupted code, as the entry code stores them.
 * The order and the offsets are Linux's, so that a signal frame or a core
 * file can hold them unchanged.
 */
#ifndef ASM_PTRACE_H
#define ASM_PTRACE_H

#define PT_REGS_SIZE	72
#define PT_SP		52
#define PT_LR		56
#define PT_PC		60
#define PT_PSR		64
#define PT_ORIG_R0	68

#define PSR_MODE_MASK	0x1f
#define PSR_MODE_USR	0x10
#define PSR_MODE_FIQ	0x11
#define PSR_MODE_IRQ	0x12
#define PSR_MODE_SVC	0x13
#define PSR_MODE_ABT	0x17
#define PSR_MODE_UND	0x1b
#define PSR_MODE_SYS	0x1f
#define PSR_T_BIT	0x20
#define PSR_F_BIT	0x40
#define PSR_A_BIT	0x100

#ifndef __ASSEMBLER__
#include <lib/compiler.h>
#include <lib/types.h>

struct pt_regs {
	u32 r[13];
	u32 sp, lr, pc, psr;
	u32 orig_r0;		/* system calls: r0 at entry; else ~0 */
};

static_assert(sizeof(struct pt_regs) == PT_REGS_SIZE, "entry.S");
static_assert(offsetof(struct pt_regs, pc) == PT_PC, "entry.S");

#define PSR_USER_BITS	0xf80f0000u	/* N Z C V Q, GE */
#define PSR_IT_BITS	0x0600fc00u

/*
 * psr as a program may have it: user mode, interrupts open, little endian. For
 * every psr that comes from user memory (a signal frame).
 */
static inline u32
user_psr(u32 psr)
{
	u32 kept = psr & (PSR_USER_BITS | PSR_T_BIT);

	if (psr & PSR_T_BIT)
		kept |= psr & PSR_IT_BITS;
	return kept | PSR_MODE_USR;
}

/* A program, or a handler, begins at pc (bit 0: in Thumb), registers 0. */
static inline void
start_thread(struct pt_regs *regs, u32 pc, u32 sp)
{
	*regs = (struct pt_regs){
		.pc = pc & (pc & 1 ? ~1u : ~3u),
		.sp = sp,
		.psr = PSR_MODE_USR | (pc & 1 ? PSR_T_BIT : 0),
		.orig_r0 = ~0u,
	};
}

static inline bool
user_mode(const struct pt_regs *regs)
{
	return (regs->psr & 0xf) == 0;
}
#endif
#endif
