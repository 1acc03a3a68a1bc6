/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU variables: one copy for each core, reached by adding an offset.
 *
 * The linker gathers all DEFINE_PER_CPU variables between __percpu_start and
 * __percpu_end. That section serves the first core at offset 0 until memory is
 * known; then setup_per_cpu_areas() gives every core a copy, all at one
 * distance. A core keeps its offset in TPIDRPRW, so this_cpu_ptr() is one
 * coprocessor read and one addition.
 *
 * Rule: whoever uses this_cpu_ptr() must not move to another core meanwhile.
 * Kernel code moves only where it sleeps, and an interrupt handler that
 * touches the same variable is kept out by local_irq_save().
 */
#ifndef ASM_PERCPU_H
#define ASM_PERCPU_H

#include <asm/processor.h>
#include <lib/compiler.h>
#include <lib/types.h>

#define DEFINE_PER_CPU(type, name) \
	__section(".data.percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name)	extern __typeof__(type) name

extern unsigned long percpu_offset[NR_CPUS];

static inline unsigned long
this_cpu_offset(void)
{
	unsigned long offset;

	/*
	 * Volatile orders it against the other volatile accesses of a
	 * critical section; the memory operand lets the compiler keep the
	 * value between barriers.
	 */
	__asm__ volatile("mrc p15, 0, %0, c13, c0, 4" : "=r"(offset));
	return offset;
}

static inline void
set_this_cpu_offset(unsigned long offset)
{
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 4" :: "r"(offset) : "memory");
}

/* p: the address of a variable, or an array. */
#define per_cpu_ptr(p, cpu) \
	((__typeof__(&*(p)))((unsigned long)(p) + percpu_offset[cpu]))
#define this_cpu_ptr(p) \
	((__typeof__(&*(p)))((unsigned long)(p) + this_cpu_offset()))
#define this_cpu_read(var)	READ_ONCE(*this_cpu_ptr(&(var)))
#define this_cpu_write(var, v)	WRITE_ONCE(*this_cpu_ptr(&(var)), v)

DECLARE_PER_CPU(unsigned, cpu_number);

/* The logical number of the core that runs this, 0 to NR_CPUS-1. */
static inline unsigned
smp_processor_id(void)
{
	return this_cpu_read(cpu_number);
}

#endif
