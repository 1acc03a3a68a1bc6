/* SPDX-License-Identifier: MIT */
/* The core's interrupt mask (CPSR.I). */
#ifndef ASM_IRQFLAGS_H
#define ASM_IRQFLAGS_H

#include <lib/types.h>

#define PSR_I_BIT	0x80

static inline unsigned long
local_irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(flags) :: "memory");
	return flags;
}

static inline void
local_irq_restore(unsigned long flags)
{
	__asm__ volatile("msr cpsr_c, %0" :: "r"(flags) : "memory");
}

static inline void
local_irq_disable(void)
{
	__asm__ volatile("cpsid i" ::: "memory");
}

static inline void
local_irq_enable(void)
{
	__asm__ volatile("cpsie i" ::: "memory");
}

static inline bool
irqs_disabled(void)
{
	unsigned long flags;

	__asm__ volatile("mrs %0, cpsr" : "=r"(flags));
	return flags & PSR_I_BIT;
}

#endif
