/* SPDX-License-Identifier: MIT */
/* What arch/arm keeps between its assembler and its C files. */
#ifndef ASM_ARCH_ENTRY_H
#define ASM_ARCH_ENTRY_H

#include <asm/memory.h>
#include <asm/percpu.h>
#include <asm/ptrace.h>
#include <lib/compiler.h>
#include <lib/types.h>

extern u8 boot_stack[THREAD_SIZE];
DECLARE_PER_CPU(unsigned long, this_stack_base);
DECLARE_PER_CPU(u32, emergency_stacks[4][8]);
/* Let the exception modes of this core use these. Interrupts masked. */
void set_mode_stacks(u32 (*stacks)[8]);
DECLARE_PER_CPU(u8, emergency_stack[EMERGENCY_STACK_SIZE]);

void context_start(void);
void secondary_start(void);

/* Called by the entry code. */
void handle_undefined(struct pt_regs *regs);
void handle_prefetch_abort(struct pt_regs *regs);
void handle_data_abort(struct pt_regs *regs);
void handle_fiq(struct pt_regs *regs) __noreturn;
void handle_reset(struct pt_regs *regs) __noreturn;
void handle_stack_overflow(struct pt_regs *regs) __noreturn;

#endif
