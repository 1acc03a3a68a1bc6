/* SPDX-License-Identifier: MIT */
/*
 * Device registers. readl/writel order accesses to memory around them, as
 * drivers expect; the _relaxed forms order only accesses to one device.
 */
#ifndef ASM_IO_H
#define ASM_IO_H

#include <asm/barrier.h>
#include <lib/types.h>

static inline u32
readl_relaxed(const volatile void *reg)
{
	return *(const volatile u32 *)reg;
}

static inline void
writel_relaxed(u32 v, volatile void *reg)
{
	*(volatile u32 *)reg = v;
}

static inline u32
readl(const volatile void *reg)
{
	u32 v = readl_relaxed(reg);

	dmb();
	return v;
}

static inline void
writel(u32 v, volatile void *reg)
{
	dsb();
	writel_relaxed(v, reg);
}

#endif
