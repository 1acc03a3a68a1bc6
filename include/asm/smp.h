/* SPDX-License-Identifier: MIT */
/* Starting the other cores. */
#ifndef ASM_SMP_H
#define ASM_SMP_H

#include <lib/types.h>

/* How many cores the hardware has: 1 to NR_CPUS. */
unsigned arch_nr_cpus(void);

/*
 * This core's per-CPU variables lie at offset from now on, those of the
 * exception entry too. Context: interrupts masked.
 */
void arch_use_percpu_area(unsigned long offset);

/*
 * Let core cpu leave the boot pen with this stack and per-CPU offset. The
 * caller then sends it an interrupt, which wakes it, and waits for it before
 * the next one. It arrives in secondary_main(cpu), MMU on, interrupts masked.
 */
void arch_cpu_start(unsigned cpu, void *stack_top, unsigned long offset);

/* Implemented in kernel/: where a started core goes. */
void secondary_main(unsigned cpu);

#endif
