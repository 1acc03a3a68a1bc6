/* SPDX-License-Identifier: MIT */
/*
 * Tasks and cores: which one a task gets, and how it comes to another.
 *
 * Ideas
 *   cpus_allowed  one bit for each core that a task may run on; a child has its
 *	parent's. sched_setaffinity() changes it for any task at any time. A
 *	thread of a core (bound) is on it for ever.
 *   Placement  A new task goes to the core with the least to do. A woken one
 *	stays where it ran, unless that core is busy and another is idle.
 *   Astray  a task on a core that has just been forbidden to it:
 *
 *	it sleeps	nothing to do: the wake-up chooses among those allowed
 *	it waits	taken out of the tree, put into another core's
 *	it runs		its core is asked to reschedule; there it is not put
 *			back into the tree, and the next task, which stands
 *			on a stack of its own, sends it on:
 *
 *	core 0	A ------- asked | switch | B: send_astray(A) | B ---------
 *	core 1	idle							 | A ----
 *
 *	Its own core must do that: nobody else may touch A before its registers
 *	and stack are left. A task in the kernel goes on up to the next place
 *	where it gives the core away.
 *
 * On its way
 *   A task between two run queues is RUNNING, so that wakers leave it alone, and
 *   in no queue, so that nobody runs it. Whoever takes it out of the one puts it
 *   into the other. The mask may change again meanwhile: move_task() looks once
 *   more when it holds the lock under which the task will be found.
 *   Its vruntime keeps its distance from the least of its core.
 *
 * Locks   run_queue.lock, interrupts masked; never two: one is given back before
 *	   the other is taken. So there is no order among them.
 */
#include <asm/irqflags.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <lib/errno.h>

#include "rq.h"

/* --- Where ------------------------------------------------------------------ */

unsigned
sched_nr_running(unsigned cpu)
{
	return READ_ONCE(rq_of(cpu)->nr_running);
}

u32
sched_getaffinity(const struct task *task)
{
	return READ_ONCE(task->cpus_allowed) & READ_ONCE(cpu_online_mask);
}

/* Of those allowed, the core with the least to do; if equal this one, or else
 * the lowest. */
static unsigned
least_loaded_cpu(const struct task *task)
{
	unsigned best = smp_processor_id(), cpu;
	u32 allowed = sched_getaffinity(task);

	if (!(allowed >> best & 1))
		best = (unsigned)__builtin_ctz(allowed);
	for_each_online_cpu(cpu)
		if (allowed >> cpu & 1 &&
		    sched_nr_running(cpu) < sched_nr_running(best))
			best = cpu;
	return best;
}

unsigned
choose_cpu(const struct task *task)
{
	unsigned home = (unsigned)task->cpu, best;
	u32 allowed = sched_getaffinity(task);
	bool stays = task->state != TASK_NEW && allowed >> home & 1;

	if (allowed == 1u << home || (stays && sched_nr_running(home) == 0))
		return home;
	best = least_loaded_cpu(task);
	if (stays && sched_nr_running(best) != 0)
		return home;
	return best;
}

/* --- From one to another ---------------------------------------------------- */

struct run_queue *
move_task(struct run_queue *from, struct task *task, unsigned cpu)
{
	for (;;) {
		struct run_queue *to = rq_of(cpu);

		task->vruntime -= from->min_vruntime;
		WRITE_ONCE(task->cpu, (s16)cpu);
		spin_unlock(&from->lock);
		spin_lock(&to->lock);
		task->vruntime += to->min_vruntime;
		if (likely(task_may_run_on(task, cpu)))
			return to;
		from = to;
		cpu = least_loaded_cpu(task);
	}
}

/* A task on its way goes on at the best core. Held: from->lock; not on return. */
static void
send_on(struct run_queue *from, struct task *task)
{
	struct run_queue *to = move_task(from, task, least_loaded_cpu(task));
	bool resched = rq_enter(to, task);
	unsigned cpu = (unsigned)task->cpu;

	spin_unlock(&to->lock);
	if (resched)
		smp_send_reschedule(cpu);
}

void
send_astray(struct run_queue *rq)
{
	struct task *task = rq->astray;

	rq->astray = NULL;
	send_on(rq, task);
}

/* --- Affinity --------------------------------------------------------------- */

/* Does it still run on a core that it may not use? */
static bool
runs_astray(struct task *task)
{
	unsigned long flags = local_irq_save();
	struct run_queue *rq = task_rq_lock(task);
	bool astray = rq->curr == task &&
		      !task_may_run_on(task, (unsigned)task->cpu);

	spin_unlock_irqrestore(&rq->lock, flags);
	return astray;
}

int
sched_setaffinity(struct task *task, u32 mask)
{
	struct run_queue *rq;
	unsigned long flags;
	unsigned cpu;

	might_sleep();
	mask &= (u32)READ_ONCE(cpu_online_mask);
	if (!mask || task->bound)
		return -EINVAL;
	flags = local_irq_save();
	rq = task_rq_lock(task);
	WRITE_ONCE(task->cpus_allowed, mask);
	cpu = (unsigned)task->cpu;
	if (!task->on_rq || task_may_run_on(task, cpu)) {
		spin_unlock(&rq->lock);
	} else if (rq->curr == task) {
		spin_unlock(&rq->lock);
		smp_send_reschedule(cpu);
	} else {
		rq_leave(rq, task);
		send_on(rq, task);
	}
	local_irq_restore(flags);
	while (runs_astray(task))
		yield();
	return 0;
}
