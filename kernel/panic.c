/* SPDX-License-Identifier: MIT */
/*
 * When the kernel finds itself wrong: warnings, bugs and panics.
 *
 * Ideas
 *   A report is printed by one core at a time, interrupts off. How it ends:
 *
 *	a catch point is set	back to it: a test or the monitor wanted to
 *				see the report, the machine goes on
 *	panic=-1		power off, with status 1 where the emulator
 *				can be told
 *	panic=N			restart after N seconds
 *	panic=0 (default)	stop, and say how to leave
 *
 *   Before the machine ends, the other cores print their stacks, in turn.
 *
 *   Trouble while reporting: a fault in the report makes a short second one
 *   (the first line and the address tell most of it), and a fault in that ends
 *   without a word. Two cores at once: the first one reports; the other waits
 *   with interrupts on until it is asked for its stack.
 *
 * Questions a reader asks
 *   Why does a caught report not take panic_cpu? It does not stop the machine,
 *   so several cores may have one at a time: each prints into its own capture.
 */
#include <asm/catch.h>
#include <asm/irqflags.h>
#include <asm/processor.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <lib/atomic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "report.h"

#define NOBODY	(-1)

static int panic_timeout;		/* the value of panic= */
static atomic_t panic_cpu = ATOMIC_INIT(NOBODY);
static DEFINE_PER_CPU(unsigned, report_depth);

static int
set_panic(const char *value)
{
	bool negative = *value == '-';
	unsigned long n;

	if (kstrtoul(value + negative, 10, &n) || n > 3600)
		return -EINVAL;
	panic_timeout = negative ? -(int)n : (int)n;
	return 0;
}
BOOT_PARAM("panic", set_panic);

/* The report is out, all cores have stopped: end as panic= says. */
static void __noreturn
panic_finish(void)
{
	if (panic_timeout < 0)
		machine_power_off(1);
	if (panic_timeout > 0) {
		pr_emerg("restarting in %d seconds\n", panic_timeout);
		for (int ms = 0; ms < panic_timeout * 1000; ms++)
			udelay(1000);
		machine_restart();
	}
	pr_emerg("stopped. To leave QEMU: press Ctrl-A, then x\n");
	for (;;)
		cpu_wait_for_interrupt();
}

/* Another core reports already: wait to be asked for this one's stack. */
static void __noreturn
wait_to_be_stopped(void)
{
	for (;;) {
		local_irq_enable();
		cpu_wait_for_interrupt();
	}
}

/* A fault struck while this core was reporting: say what is safe to say. */
static void
report_again(const struct pt_regs *regs, unsigned depth)
{
	if (depth == 2 && regs)
		pr_emerg("a fault while reporting, at pc %08x lr %08x\n",
			 regs->pc, regs->lr);
	else if (depth == 2)
		pr_emerg("a panic while reporting\n");
	report_end();
}

/* See report.h. Does not return when this core was reporting already. */
void
report_begin(const struct pt_regs *regs)
{
	unsigned depth;
	int me;

	local_irq_disable();
	printk_bust_locks();
	me = (int)smp_processor_id();
	depth = this_cpu_read(report_depth) + 1;
	this_cpu_write(report_depth, depth);
	/* What ends the machine must be seen, whoever captures. */
	if (!catch_armed())
		log_capture_abort();
	if (depth > 1)
		report_again(regs, depth);
	if (!catch_armed() && !atomic_try_cmpxchg(&panic_cpu, NOBODY, me) &&
	    atomic_read(&panic_cpu) != me)
		wait_to_be_stopped();
}

void
report_end(void)
{
	if (catch_armed()) {
		this_cpu_write(report_depth, 0);
		printk_bust_locks();
		soft_report_abort();
		irq_abandon();
		catch_throw();
	}
	system_state = SYSTEM_HALTING;
	if (this_cpu_read(report_depth) == 1)
		smp_stop_others();
	panic_finish();
}

/* Say why, and stop as panic= tells. Context: any. */
void
panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	report_begin(NULL);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pr_emerg("panic: %s\n", text);
	report_where();
	dump_stack();
	report_end();
}

/* An invariant is broken: behind BUG_ON() and assert(). Context: any. */
void
bug(const char *file, int line, const char *cond)
{
	report_begin(NULL);
	pr_emerg("BUG at %s:%d: %s\n", file, line, cond ? cond : "reached");
	report_where();
	dump_stack();
	report_end();
}

/* Behind WARN_ON(): report, count, and go on. Context: any. */
void
warn(const char *file, int line, const char *cond)
{
	unsigned long flags;

	if (!soft_report_begin(&flags))
		return;
	pr_warn("WARNING at %s:%d: %s\n", file, line, cond);
	report_where();
	dump_stack();
	soft_report_end(flags);
}
