/* SPDX-License-Identifier: MIT */
/*
 * sched_verify(): are the run queues and the task list what sched.c says?
 *
 * The rules S1-S6 stand in sched.c. Each run queue is checked under its
 * lock, with the task list locked too: nothing moves meanwhile. Walks are
 * bounded, so that a tree or list that is a ring ends with a message.
 */
#include <kernel/smp.h>

#include "rq.h"

#define MAX_TASKS	10000

struct verify {
	struct seq_buf *out;
	bool clean;
	unsigned cpu;
	const struct run_queue *rq;
};

static void
complain(struct verify *v, const char *rule, const char *what,
	 const struct task *task)
{
	v->clean = false;
	seq_printf(v->out, "sched %s: core %u: %s", rule, v->cpu, what);
	if (task)
		seq_printf(v->out, " (%s, pid %d)", task->name, task->pid);
	seq_putc(v->out, '\n');
}

/* S2, S5: may this task wait in this tree? */
static void
verify_queued(struct verify *v, const struct task *task)
{
	if (task->state != TASK_RUNNING)
		complain(v, "S2", "a task in the tree is not running", task);
	if (!task->on_rq)
		complain(v, "S2", "a task in the tree is not on_rq", task);
	if (task->idle)
		complain(v, "S2", "an idle task is in the tree", task);
	if ((unsigned)task->cpu != v->cpu)
		complain(v, "S2", "a task in the tree is another core's",
			 task);
	if (!task_may_run_on(task, v->cpu))
		complain(v, "S5", "a task waits where it may not run", task);
}

static void
verify_tree(struct verify *v)
{
	const struct run_queue *rq = v->rq;
	const struct task *task, *prev = NULL;
	struct rb_node *node;
	unsigned n = 0;

	for (node = rb_first(&rq->tree); node && n <= MAX_TASKS;
	     node = rb_next(node)) {
		task = rb_entry(node, struct task, run_node);
		if (prev && (s64)(task->vruntime - prev->vruntime) < 0)
			complain(v, "S1", "the tree is not ordered", task);
		verify_queued(v, task);
		prev = task;
		n++;
	}
	if (n != rq->nr_queued)
		complain(v, "S1", "nr_queued is not what the tree holds",
			 NULL);
}

static void
verify_curr(struct verify *v)
{
	const struct run_queue *rq = v->rq;
	const struct task *curr = rq->curr;

	if (!curr->on_rq)
		complain(v, "S3", "the running task is not on_rq", curr);
	if ((unsigned)curr->cpu != v->cpu)
		complain(v, "S3", "the running task is another core's", curr);
	if (rq->nr_running != rq->nr_queued + !curr->idle)
		complain(v, "S4", "nr_running is not the tree and the "
			 "running task", NULL);
}

/* S6: what the list of tasks says of this core. */
static void
verify_list(struct verify *v)
{
	const struct task *task;
	unsigned on_rq = 0, n = 0;

	list_for_each_entry(task, &task_list, task_node) {
		if (++n > MAX_TASKS) {
			complain(v, "S6", "the task list does not close",
				 NULL);
			return;
		}
		if ((unsigned)task->cpu != v->cpu)
			continue;
		if (task->on_rq && !task->idle)
			on_rq++;
	}
	if (on_rq != v->rq->nr_running)
		complain(v, "S6", "the task list and nr_running differ",
			 NULL);
}

bool
sched_verify(struct seq_buf *out)
{
	struct verify v = { .out = out, .clean = true };
	unsigned long flags;

	for_each_online_cpu(v.cpu) {
		struct run_queue *rq = per_cpu_ptr(&run_queue, v.cpu);

		v.rq = rq;
		flags = spin_lock_irqsave(&task_list_lock);
		spin_lock(&rq->lock);
		verify_tree(&v);
		verify_curr(&v);
		verify_list(&v);
		spin_unlock(&rq->lock);
		spin_unlock_irqrestore(&task_list_lock, flags);
	}
	return v.clean;
}
