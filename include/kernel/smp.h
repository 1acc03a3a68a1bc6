/* SPDX-License-Identifier: MIT */
/* The cores, and calling each other. */
#ifndef KERNEL_SMP_H
#define KERNEL_SMP_H

#include <asm/percpu.h>
#include <lib/types.h>

extern unsigned nr_cpus;		/* cores present and allowed */
extern unsigned long cpu_online_mask;	/* bit n: core n schedules */

#define for_each_possible_cpu(cpu) \
	for ((cpu) = 0; (cpu) < nr_cpus; (cpu)++)
#define for_each_online_cpu(cpu) \
	for ((cpu) = 0; (cpu) < nr_cpus; (cpu)++) \
		if (cpu_online_mask >> (cpu) & 1)

static inline unsigned
num_online_cpus(void)
{
	return (unsigned)__builtin_popcountl(cpu_online_mask);
}

enum ipi { IPI_RESCHEDULE = 1, IPI_CALL, IPI_STOP, NR_IPIS };

/* Ask core cpu to reschedule / run its cross calls / report and stop. */
void smp_send_reschedule(unsigned cpu);

/*
 * Run fn(arg) on core cpu, in interrupt context there, and wait for it.
 * Runs at once when cpu is this one. Context: interrupts on, no spinlock.
 */
void smp_call_function_single(unsigned cpu, void (*fn)(void *), void *arg);
/* The same on every online core, this one included. */
void on_each_cpu(void (*fn)(void *), void *arg);

#endif
