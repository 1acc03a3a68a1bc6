/* SPDX-License-Identifier: MIT */
/* Private to the scheduler: a core's run queue, and the steps of a task. */
#ifndef KERNEL_SCHED_RQ_H
#define KERNEL_SCHED_RQ_H

#include <kernel/lock.h>
#include <kernel/sched.h>
#include <kernel/task.h>

/* A task runs that long before one that waits gets its turn. */
#define SCHED_SLICE_NS		5000000
/* A woken task must be that far behind to go first. */
#define SCHED_WAKEUP_NS		100000

/*
 * All fields: read and written under lock, but for what other cores read as
 * a hint (nr_running).
 */
struct run_queue {
	spinlock_t lock;		/* rank RUNQUEUE */
	struct rb_root tree;		/* tasks that wait, by vruntime */
	struct task *curr;		/* runs; the idle task if none else */
	struct task *idle;
	struct task *prev;		/* whom curr was switched from */
	u64 min_vruntime;		/* never goes back */
	unsigned nr_queued;		/* in tree */
	unsigned nr_running;		/* the same, and curr unless idle */
	u64 nr_switches;
	struct mm_struct *drop_mm;	/* prev borrowed it, and does no more */
	struct task *astray;		/* prev may not run here: on its way */
	unsigned nr_came;		/* tasks from other cores; of them taken */
	unsigned nr_taken_idle, nr_taken_tick;
};

DECLARE_PER_CPU(struct run_queue, run_queue);

static inline struct run_queue *
rq_of(unsigned cpu)
{
	return per_cpu_ptr(&run_queue, cpu);
}

static inline bool
task_may_run_on(const struct task *task, unsigned cpu)
{
	return READ_ONCE(task->cpus_allowed) >> cpu & 1;
}

/* --- sched.c. Held for all: rq->lock --- */

/* Who waits and goes next, or NULL. */
struct task *rq_first(const struct run_queue *rq);
/* A task that is in no queue waits in rq from here on. True: it goes before
 * the one that runs, whose core should reschedule. */
bool rq_enter(struct run_queue *rq, struct task *task);
/* One that waits in rq waits in no queue. */
void rq_leave(struct run_queue *rq, struct task *task);

/* Lock the run queue that task belongs to. Context: interrupts masked. */
static inline struct run_queue *
task_rq_lock(struct task *task)
{
	for (;;) {
		unsigned cpu = (unsigned)READ_ONCE(task->cpu);
		struct run_queue *rq = rq_of(cpu);

		spin_lock(&rq->lock);
		if (likely((unsigned)READ_ONCE(task->cpu) == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* --- migrate.c. Context: interrupts masked --- */

/* Where a task that becomes RUNNING shall run. A guess: no lock is held. */
unsigned choose_cpu(const struct task *task);
/*
 * Move a task that is in no queue to core cpu, or to another if that has been
 * forbidden to it meanwhile. Held on entry: from->lock; on return the lock of
 * the run queue that is returned, for rq_enter().
 */
struct run_queue *move_task(struct run_queue *from, struct task *task,
			    unsigned cpu);
/* The core would go idle: take a task that waits elsewhere. True: got one. */
bool balance_idle(void);
/* From the tick: take one from a core with more to do. */
void balance_tick(struct run_queue *rq);
/* How much a task of this nice value weighs; nice 0: 1024. sched.c */
unsigned nice_weight(int nice);
/* rq->astray goes to a core that it may use. Held on entry: rq->lock, not on
 * return. */
void send_astray(struct run_queue *rq);

extern spinlock_t task_list_lock;
extern struct task boot_task;

/* The switch of user space from prev to next: space.c. Held: rq->lock. */
void switch_space(struct run_queue *rq, struct task *prev, struct task *next);

/* Body of an idle task. */
void idle_main(void *arg);
/* Last act of every switch, on the stack of the new task. */
void finish_task_switch(void);
/* The current task is DEAD from here on. Context: interrupts masked. */
void schedule_dead(void) __noreturn;

/* A task and its stack as one block; NULL: no memory. NEW, in no list. */
struct task *task_alloc(void);
/* Enter the list of tasks, with a pid. */
void task_publish(struct task *task);
/* The task is dead and off its stack: drop its own reference. */
void task_left(struct task *task);
/* An idle task for core cpu, or NULL. */
struct task *idle_task_create(unsigned cpu);
const char *task_state_name(const struct task *task);

#endif
