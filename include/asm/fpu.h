/* SPDX-License-Identifier: MIT */
/*
 * The registers of VFP and NEON, d0 to d31 and FPSCR: user programs alone use
 * them, the kernel is built without.
 *
 * Lazily: most time slices use none of them. So they are off (FPEXC.EN) when a
 * task comes to a core, and its first such instruction is undefined:
 * fpu_trap() turns them on, with the task's values. When the task leaves the
 * core and had them on, they are saved: it may go on elsewhere.
 * See kernel/sched/fpu.c.
 */
#ifndef ASM_FPU_H
#define ASM_FPU_H

#include <lib/compiler.h>
#include <lib/types.h>

struct fpu_state {
	u64 d[32];
	u32 fpscr;
	s32 cpu;		/* whose registers hold this; -1: nobody's */
};

static_assert(sizeof(struct fpu_state) == 264, "fpu.S");

#define FPEXC_EN	(1u << 30)

/* fpu.S. The unit must be on. */
void fpu_save_regs(struct fpu_state *state);
void fpu_load_regs(const struct fpu_state *state);

static inline bool
fpu_is_on(void)
{
	u32 fpexc;

	__asm__ volatile(".fpu neon\n\tvmrs %0, fpexc" : "=r"(fpexc));
	return fpexc & FPEXC_EN;
}

static inline void
fpu_set(bool on)
{
	u32 fpexc = on ? FPEXC_EN : 0;

	__asm__ volatile(".fpu neon\n\tvmsr fpexc, %0" :: "r"(fpexc) : "memory");
}

#endif
