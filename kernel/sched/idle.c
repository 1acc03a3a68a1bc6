/* SPDX-License-Identifier: MIT */
/*
 * What a core does when it has nothing to do, and how scheduling begins.
 *
 * Idle waits with interrupts masked. The core wakes from WFI when an
 * interrupt is pending, masked or not; it is taken at local_irq_enable().
 *
 *	irqs off                              irqs on
 *	test need_resched --- WFI --------- | handler runs | schedule()
 *	      ^ a wake-up sent here is pending, so WFI falls through
 *
 * If interrupts were on between the test and WFI, a handler could set
 * need_resched there, and the core would sleep on work that waits.
 *
 * Before it waits, it looks for a task that waits for another core
 * (balance_idle(): migrate.c).
 *
 * RCU: between rcu_idle_enter() and rcu_idle_exit() no handler runs (they
 * are masked), so no reader can be inside, and a grace period need not wait.
 */
#include <asm/barrier.h>
#include <asm/irqflags.h>
#include <asm/processor.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/kthread.h>
#include <kernel/panic.h>
#include <kernel/psi.h>
#include <kernel/rcu.h>
#include <kernel/time.h>

#include "rq.h"

void
cpu_idle_loop(void)
{
	if (!current->idle)
		kthread_exit(0);	/* the boot task: idle/0 takes over */
	for (;;) {
		local_irq_disable();
		if (!need_resched() && !balance_idle()) {
			psi_idle(true);
			rcu_idle_enter();
			cpu_wait_for_interrupt();
			rcu_idle_exit();
		}
		local_irq_enable();
		isb();		/* the interrupt is taken here at the latest */
		if (need_resched()) {
			local_irq_disable();
			psi_idle(false);
			local_irq_enable();
			schedule();
		}
	}
}

void
idle_main(void *arg)
{
	(void)arg;
	cpu_idle_loop();
}

void
sched_init(void)
{
	struct run_queue *rq = this_cpu_ptr(&run_queue);
	struct task *idle;

	task_publish(&boot_task);
	boot_task.on_rq = true;
	boot_task.exec_start = ktime_get_ns();
	idle = idle_task_create(smp_processor_id());
	if (!idle)
		panic("no memory for the first idle task");
	rq->idle = idle;
	rq->nr_running = 1;
	rq->curr = &boot_task;
	system_state = SYSTEM_SCHEDULING;
}

#ifdef VELLUM_DEBUG
void
might_sleep_at(const char *file, int line)
{
	const char *why = NULL;

	if (system_state == SYSTEM_BOOTING || system_state == SYSTEM_HALTING)
		return;
	if (in_interrupt())
		why = "in an interrupt handler";
	else if (lockcheck_depth() != 0)
		why = "a spinlock is held";
	else if (irqs_disabled())
		why = "interrupts are masked";
	else if (rcu_read_lock_held())
		why = "inside an RCU reader";
	else if (current->idle)
		why = "in the idle task";
	if (unlikely(why != NULL))
		panic("sleeping function called from invalid context at "
		      "%s:%d: %s", file, line, why);
}
#endif
