/* SPDX-License-Identifier: MIT */
/* One thread plays all cores, one after the other: see asm/percpu.h. */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

#include <lib/types.h>

#define NR_CPUS		4

static inline void
cpu_relax(void)
{
}

static inline void
cpu_wait_for_interrupt(void)
{
}

#endif
