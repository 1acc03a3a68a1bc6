/* SPDX-License-Identifier: MIT */
/*
 * When the kernel finds itself wrong.
 *
 * BUG_ON/assert: an invariant is broken; report and stop. WARN_ON: report,
 * count and go on. Both are constant time and in every build; never use
 * them on what users, devices or a full memory may do.
 */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

#include <asm/entry.h>
#include <lib/compiler.h>
#include <lib/types.h>

/* Report on every core, then halt or (panic=-1) end the machine. */
void panic(const char *fmt, ...) __noreturn __printf(1, 2);
/* The same with the registers of an exception, and its fault if any. */
void oops(struct pt_regs *regs, const struct fault_info *fault,
	  const char *fmt, ...) __noreturn __printf(3, 4);
void bug(const char *file, int line, const char *cond) __noreturn;
void warn(const char *file, int line, const char *cond);

extern unsigned nr_warnings;

/*
 * A report after which the machine goes on (WARN_ON, the sanitizers) prints
 * between these two. begin counts it in nr_warnings, masks interrupts and
 * keeps the reports of other cores out; false: this core is reporting already,
 * say nothing.
 */
bool soft_report_begin(unsigned long *flags);
void soft_report_end(unsigned long flags);
/* A caught fault ended the report of this core. */
void soft_report_abort(void);
/* The line "CPU 0, task 1 (main)". */
void report_where(void);

#define BUG()		bug(__FILE__, __LINE__, NULL)
#define BUG_ON(cond) do { \
	if (unlikely(cond)) \
		bug(__FILE__, __LINE__, #cond); \
} while (0)
#define assert(cond) do { \
	if (unlikely(!(cond))) \
		bug(__FILE__, __LINE__, "!(" #cond ")"); \
} while (0)
#define WARN_ON(cond) ({ \
	bool warn_ = (cond); \
	if (unlikely(warn_)) \
		warn(__FILE__, __LINE__, #cond); \
	warn_; \
})

/* Print the call stack of here / of interrupted code, symbolised. */
void dump_stack(void);
void show_stack(const struct pt_regs *regs);
/* The stack of a task that does not run now. */
struct task;
void show_task_stack(const struct task *task);

/* "name+0x12/0x40" of a text address into buf; the bare number if unknown. */
size_t symbol_format(unsigned long addr, char *buf, size_t size);

/* A function of the kernel; its type is T (global) or t, as nm has it. */
struct symbol {
	unsigned long start, size;
	char type;
	char name[80];
};

/* The function that addr lies in. False: none, and *symbol is as before. */
bool symbol_lookup(unsigned long addr, struct symbol *symbol);
/* Address of a function by its name, or 0. */
unsigned long symbol_address(const char *name);

/* Stop the machine. status goes to the emulator where it can be told. */
void machine_power_off(unsigned status) __noreturn;
void machine_restart(void) __noreturn;
/* Microseconds since power-on, boot loader included; wraps after 178 s. */
u32 machine_power_on_us(void);

#endif
