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
 *   Balance  A core with less to do takes (it is never given: who has time looks):
 *	when it would go idle	a task that waits for another core
 *	at each tick		the same from a core that has more to do
 *	The load of a core is the sum of its tasks' weights (nice 0: 1024). A
 *	task that weighs less than the difference is taken, since that makes
 *	the difference smaller.
 *   Turns  Five equal tasks on four cores: one of them is always one too many
 *	somewhere, and must not be the same for ever. To take one that weighs
 *	just as much as the difference turns it round. That is one core's
 *	right at a time, and then the next one's:
 *
 *	core 0	A B	B	B	B	E B	A, C, D, E, B, ... wait
 *	core 1	C	C A	A	A	A	in turn: each has 4/5
 *	core 2	D	D	D C	C	C
 *	core 3	E	E	E	E D	D
 *	turn	1	2	3	0	1
 *
 *	Only a task that has rested goes, one that was not taken in the last
 *	REST ticks: not the one that came last, but the one that it met there.
 *	The core keeps the turn until that one waits.
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
 *	   turn: written by the core whose turn it is.
 * Cost    Nothing at a switch. A tick, and a core that goes idle, read one word
 *	   of each other core. Only if a task waits there, the trees of both
 *	   cores are walked.
 * Source  the rule of taking, not giving, and only with the difference: Linux's
 *	   kernel/sched/fair.c before version 3.8 (find_busiest_queue, move_tasks).
 */
#include <asm/irqflags.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/node.h>
#include <kernel/time.h>
#include <lib/errno.h>

#include "rq.h"

/* A task that was taken is not taken to turn a difference for so many ticks. */
#define REST		5

static unsigned turn;		/* the core that may turn a difference */

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
		to->nr_came++;
		if (likely(task_may_run_on(task, cpu)))
			return to;
		from = to;
		cpu = least_loaded_cpu(task);
	}
}

/* A task on its way goes on at core cpu. Held: from->lock; not on return. */
static void
send_to(struct run_queue *from, struct task *task, unsigned cpu)
{
	struct run_queue *to = move_task(from, task, cpu);
	bool resched = rq_enter(to, task);

	cpu = (unsigned)task->cpu;
	spin_unlock(&to->lock);
	if (resched)
		smp_send_reschedule(1UL << cpu);
}

void
send_astray(struct run_queue *rq)
{
	struct task *task = rq->astray;

	rq->astray = NULL;
	send_to(rq, task, least_loaded_cpu(task));
}

/* --- Balance ---------------------------------------------------------------- */

static unsigned
weight(const struct task *task)
{
	return nice_weight(READ_ONCE(task->nice));
}

/* The weights of all that run or wait here. Held: rq->lock. */
static unsigned
rq_load(const struct run_queue *rq)
{
	unsigned load = rq->curr->idle ? 0 : weight(rq->curr);
	struct rb_node *node;

	for (node = rb_first(&rq->tree); node; node = rb_next(node))
		load += weight(rb_entry(node, struct task, run_node));
	return load;
}

/* A search for a task that this core could take. */
struct search {
	unsigned load;			/* of this core */
	bool may_turn;			/* a difference, too */
	bool later;			/* there is one, but it has not rested */
};

/* Is it good to take task, which weighs so much less than the difference? */
static bool
worth_taking(struct search *search, const struct task *task, unsigned more)
{
	unsigned w = weight(task);

	if (w != more || !search->may_turn)
		return w < more;
	if ((u32)jiffies - task->balanced_at >= REST)
		return true;
	search->later = true;
	return false;
}

/* Of those that wait in from, the first that is good to take to core cpu.
 * Held: from->lock. */
static struct task *
find_task(struct search *search, const struct run_queue *from, unsigned cpu)
{
	unsigned more = rq_load(from);
	struct rb_node *node;

	/* An idle core has been told of its one task, and is about to run it. */
	if (more <= search->load || (from->curr->idle && from->nr_queued == 1))
		return NULL;
	more -= search->load;
	for (node = rb_first(&from->tree); node; node = rb_next(node)) {
		struct task *task = rb_entry(node, struct task, run_node);

		if (task_may_run_on(task, cpu) &&
		    worth_taking(search, task, more))
			return task;
	}
	return NULL;
}

/*
 * The core with most tasks waiting, not counting those tried; of several the
 * one next before core self. -1: none has any.
 */
static int
busiest_cpu(unsigned self, u32 tried)
{
	unsigned most = 0, i, cpu = self;
	int busiest = -1;

	for (i = 1; i < nr_cpus; i++) {
		unsigned queued;

		cpu = cpu ? cpu - 1 : nr_cpus - 1;
		queued = READ_ONCE(rq_of(cpu)->nr_queued);
		if (queued > most && !(tried >> cpu & 1)) {
			most = queued;
			busiest = (int)cpu;
		}
	}
	return busiest;
}

/* Take one task to this core. Context: interrupts masked. */
static bool
take_task(struct search *search)
{
	unsigned self = smp_processor_id();
	u32 tried = 0;
	int cpu;

	while ((cpu = busiest_cpu(self, tried)) >= 0) {
		struct run_queue *from = rq_of((unsigned)cpu);
		struct task *task;

		spin_lock(&from->lock);
		task = find_task(search, from, self);
		if (task) {
			task->balanced_at = (u32)jiffies;
			rq_leave(from, task);
			send_to(from, task, self);
			return true;
		}
		spin_unlock(&from->lock);
		tried |= 1u << cpu;
	}
	return false;
}

bool
balance_idle(void)
{
	struct search search = { .load = 0 };

	if (!take_task(&search))
		return false;
	this_cpu_ptr(&run_queue)->nr_taken_idle++;
	return need_resched();
}

void
balance_tick(struct run_queue *rq)
{
	unsigned self = smp_processor_id();
	struct search search = { .may_turn = READ_ONCE(turn) == self };
	bool taken = false;

	if (busiest_cpu(self, 0) >= 0) {
		spin_lock(&rq->lock);
		search.load = rq_load(rq);
		spin_unlock(&rq->lock);
		taken = take_task(&search);
		if (taken)
			rq->nr_taken_tick++;
	}
	if (search.may_turn && (taken || !search.later))
		WRITE_ONCE(turn, self + 1 < nr_cpus ? self + 1 : 0);
}

static void
runqueues_show(struct seq_buf *s)
{
	unsigned cpu;

	seq_puts(s, "core  running   load  switches      came taken idle"
		 " taken tick\n");
	for_each_online_cpu(cpu) {
		struct run_queue *rq = rq_of(cpu);
		unsigned long flags = spin_lock_irqsave(&rq->lock);
		unsigned load = rq_load(rq), running = rq->nr_running;

		spin_unlock_irqrestore(&rq->lock, flags);
		seq_printf(s, "%4u %8u %6u %9llu %9u %10u %10u\n", cpu,
			   running, load, rq->nr_switches, rq->nr_came,
			   rq->nr_taken_idle, rq->nr_taken_tick);
	}
}
NODE("runqueues", runqueues_show);

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
		smp_send_reschedule(1UL << cpu);
	} else {
		rq_leave(rq, task);
		send_to(rq, task, least_loaded_cpu(task));
	}
	local_irq_restore(flags);
	while (runs_astray(task))
		yield();
	return 0;
}
