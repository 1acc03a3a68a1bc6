/* SPDX-License-Identifier: MIT */
/* The cores: starting them, and calling each other. See kernel/smp.c. */
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
		if (READ_ONCE(cpu_online_mask) >> (cpu) & 1)

static inline unsigned
num_online_cpus(void)
{
	return (unsigned)__builtin_popcountl(READ_ONCE(cpu_online_mask));
}

enum ipi { IPI_RESCHEDULE = 1, IPI_CALL, IPI_STOP, NR_IPIS };

/*
 * The board has present cores; nr_cpus becomes that, or what maxcpus= and
 * nosmp allow. Context: boot, after the command line was read.
 */
void smp_set_present(unsigned present);
/*
 * Give each core of nr_cpus its own copy of the per-CPU variables, taken
 * from memblock. To be called as early as memblock allows: the copies start
 * with what the boot core's variables hold at this moment.
 */
void setup_per_cpu_areas(void);
/*
 * Start the other cores, one after the other; what does not start is
 * reported and left alone. Context: boot task, interrupts on.
 */
void smp_init(void);

/* Ask each of these cores (a mask; none is nobody) to reschedule. */
void smp_send_reschedule(unsigned long cores);

/*
 * Run fn(arg) on core cpu, in interrupt context there, and wait for it.
 * Runs at once when cpu is this one. Context: interrupts on, no spinlock.
 */
void smp_call_function_single(unsigned cpu, void (*fn)(void *), void *arg);
/* The same on every online core, this one included. */
void on_each_cpu(void (*fn)(void *), void *arg);
/*
 * The same, but a core other than this one is left in peace when
 * cond(cpu, arg) is false. cond runs here, and looks at what that core may be
 * changing at the moment.
 */
void on_each_cpu_cond(bool (*cond)(unsigned cpu, void *arg),
		      void (*fn)(void *), void *arg);

/*
 * From panic: each other core, in turn, prints its stack and stops for
 * ever. A core that does not answer is named. Any context.
 */
void smp_stop_others(void);

#endif
