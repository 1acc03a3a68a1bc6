/* SPDX-License-Identifier: MIT */
/* What one core can do besides computing: wait, and say who it is. */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

#include <lib/types.h>

#define NR_CPUS		4

/*
 * In every loop that waits for another core. Under an emulator that runs
 * the cores in turn this is what lets the other one run.
 */
static inline void
cpu_relax(void)
{
	__asm__ volatile("yield" ::: "memory");
}

/* Sleep until an interrupt is pending, even a masked one. */
static inline void
cpu_wait_for_interrupt(void)
{
	__asm__ volatile("dsb\n\twfi" ::: "memory");
}

/* The hardware's number of this core (MPIDR), 0 to 3. */
static inline unsigned
cpu_hardware_id(void)
{
	u32 mpidr;

	__asm__("mrc p15, 0, %0, c0, c0, 5" : "=r"(mpidr));
	return mpidr & 3;
}

#endif
