/* SPDX-License-Identifier: MIT */
/*
 * Reports after which the machine goes on: WARN_ON and the sanitizers.
 *
 * A report is many lines. Two cores that report at once would mix theirs, so
 * one waits for the other, with interrupts masked; and a report must not start
 * another one on its own core, because whatever checks the kernel's memory
 * also checks the code that prints.
 *
 *   Reports inside catch_run() are not counted: whoever runs code like that
 *   expects the worst of it.
 *
 * Locks  reporting_cpu is a lock of its own kind: no rank, since a report may
 *	  come while any lock is held, and taken by whom a fault may carry off
 *	  (soft_report_abort).
 */
#include <asm/catch.h>
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <kernel/panic.h>

unsigned nr_warnings;

static unsigned reporting_cpu;		/* number + 1; 0: nobody */

bool
soft_report_begin(unsigned long *flags)
{
	unsigned me, nobody;

	*flags = local_irq_save();
	me = smp_processor_id() + 1;
	if (READ_ONCE(reporting_cpu) == me) {
		local_irq_restore(*flags);
		return false;
	}
	do {
		nobody = 0;
	} while (!__atomic_compare_exchange_n(&reporting_cpu, &nobody, me,
					      false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	if (!catch_armed())
		__atomic_fetch_add(&nr_warnings, 1, __ATOMIC_RELAXED);
	return true;
}

void
soft_report_end(unsigned long flags)
{
	__atomic_store_n(&reporting_cpu, 0, __ATOMIC_RELEASE);
	local_irq_restore(flags);
}

void
soft_report_abort(void)
{
	if (READ_ONCE(reporting_cpu) == smp_processor_id() + 1)
		__atomic_store_n(&reporting_cpu, 0, __ATOMIC_RELEASE);
}
