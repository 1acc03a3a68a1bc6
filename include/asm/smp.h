/* SPDX-License-Identifier: MIT */
/* Starting the other cores. */
#ifndef ASM_SMP_H
#define ASM_SMP_H

#include <lib/types.h>

/*
 * Release the cores that wait in the boot pen, with stack_top and percpu
 * offset prepared for core cpu. It arrives in secondary_main(cpu), MMU on.
 */
void arch_cpu_start(unsigned cpu, void *stack_top, unsigned long offset);

/* Implemented in kernel/: where a started core goes. */
void secondary_main(unsigned cpu);

#endif
