/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables as on the target: the linker's section is the copy of
 * core 0, the others have copies of it. A test chooses the core that it
 * plays with host_set_cpu().
 */
#ifndef ASM_PERCPU_H
#define ASM_PERCPU_H

#include <asm/processor.h>
#include <lib/compiler.h>
#include <lib/types.h>

#define DEFINE_PER_CPU(type, name) \
	__section("data_percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name)	extern __typeof__(type) name

extern unsigned long percpu_offset[NR_CPUS];
extern unsigned host_cpu;

void host_set_cpu(unsigned cpu);

#define per_cpu_ptr(p, cpu) \
	((__typeof__(&*(p)))((unsigned long)(p) + percpu_offset[cpu]))
#define this_cpu_ptr(p)		per_cpu_ptr(p, host_cpu)
#define this_cpu_offset()	percpu_offset[host_cpu]
#define this_cpu_read(var)	READ_ONCE(*this_cpu_ptr(&(var)))
#define this_cpu_write(var, v)	WRITE_ONCE(*this_cpu_ptr(&(var)), v)

static inline unsigned
smp_processor_id(void)
{
	return host_cpu;
}

#endif
