/* SPDX-License-Identifier: MIT */
/*
 * How a report is made: shared by panic.c (when and what then) and oops.c
 * (what it says).
 *
 *	report_begin(regs);	interrupts off, this core owns the console
 *	... print ...
 *	report_end();		back to the catch point, or stop the machine
 */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include <asm/entry.h>
#include <asm/ptrace.h>
#include <lib/compiler.h>

/* regs: of the exception, or NULL. */
void report_begin(const struct pt_regs *regs);
void report_end(void) __noreturn;

void report_registers(const struct pt_regs *regs);
void report_fault(const struct fault_info *fault);
void report_code(const struct pt_regs *regs);

#endif
