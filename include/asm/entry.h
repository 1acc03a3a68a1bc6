/* SPDX-License-Identifier: MIT */
/*
 * What exceptions call: declared by the architecture, implemented above it.
 * Every one runs on the kernel stack of the interrupted task (or an emergency
 * stack where said), with interrupts masked.
 */
#ifndef ASM_ENTRY_H
#define ASM_ENTRY_H

#include <asm/percpu.h>
#include <asm/ptrace.h>
#include <lib/compiler.h>
#include <lib/types.h>

/* A fault as the hardware told it (DFSR/DFAR or IFSR/IFAR). */
struct fault_info {
	unsigned long addr;	/* the address that faulted */
	u32 fsr;		/* fault status register, as read */
	bool fetch;		/* instruction fetch (prefetch abort) */
	bool write;		/* a store, or a cache operation */
};

/*
 * What waits for this core's way back to user mode: looked at, with interrupts
 * masked, as the last thing before it. While a bit is set do_user_work() is
 * called, and then it is looked at again. Written by this core only, interrupts
 * masked.
 */
#define USER_WORK_RESCHED	1u
#define USER_WORK_SIGNAL	2u
DECLARE_PER_CPU(u32, user_work);
void do_user_work(struct pt_regs *regs);

/*
 * Leave the kernel by these registers, which lie at the upper end of the
 * kernel stack (task_pt_regs). What is below on the stack is gone.
 */
void return_to_user(struct pt_regs *regs) __noreturn;

/* Data or prefetch abort: translation, permission, access flag, ... */
void do_page_fault(struct pt_regs *regs, const struct fault_info *fault);
/* Interrupt: acknowledge and run handlers until none is pending. */
void do_irq(struct pt_regs *regs);
/* SVC instruction. The number is in r7. */
void do_syscall(struct pt_regs *regs);
/* Undefined instruction. */
void do_undefined(struct pt_regs *regs);
/*
 * The stack pointer was outside its stack when an exception arrived from
 * kernel mode. Context: this core's emergency stack.
 */
void do_stack_overflow(struct pt_regs *regs) __noreturn;
/* An exception that has no business to happen: say why and stop. */
void do_bad_exception(struct pt_regs *regs, const char *what) __noreturn;

#endif
