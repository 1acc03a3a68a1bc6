/* SPDX-License-Identifier: MIT */
/* Kernel contexts and their stacks, as far as the hardware is concerned. */
#include <asm/arch-entry.h>
#include <asm/entry.h>
#include <asm/memory.h>
#include <asm/percpu.h>
#include <asm/smp.h>
#include <asm/switch.h>

/* The lowest address of the stack in use; entry.S compares sp with it. */
DEFINE_PER_CPU(unsigned long, this_stack_base) = (unsigned long)boot_stack;

/* Five words for each exception mode; set_mode_stacks, entry.S. */
DEFINE_PER_CPU(u32, emergency_stacks[4][8]);

/* What is to be done before user mode: asm/entry.h; read by entry.S. */
DEFINE_PER_CPU(u32, user_work);

/* Where an overflow of the kernel stack is told from. */
DEFINE_PER_CPU(u8, emergency_stack[EMERGENCY_STACK_SIZE]) __aligned(8);

void
cpu_context_init(struct cpu_context *ctx, void *stack_top,
		 void (*fn)(void *arg), void *arg)
{
	*ctx = (struct cpu_context){
		.r4 = (u32)fn,
		.r5 = (u32)arg,
		.sp = (u32)stack_top,
		.pc = (u32)context_start,
	};
}

void
set_stack_bounds(unsigned long base, unsigned long size)
{
	(void)size;		/* THREAD_SIZE; the entry code knows it */
	this_cpu_write(this_stack_base, base);
}

void
arch_use_percpu_area(unsigned long offset)
{
	set_this_cpu_offset(offset);
	set_mode_stacks(*this_cpu_ptr(&emergency_stacks));
}
