/* SPDX-License-Identifier: MIT */
/*
 * Run queues: which task runs on a core, and how cores switch.
 *
 * Ideas
 *   Virtual runtime  how long a task has run, in nanoseconds. The waiting
 *	task that has run least goes next, so all get the same share. The
 *	waiting tasks of a core form a tree ordered by it:
 *
 *	    curr: sh 812 ms        tree:     (worker 806)
 *	                                     /          \
 *	                              (init 803)     (test 809)
 *	                              next to run
 *
 *   Nice      A task with a larger share ages more slowly: its vruntime grows
 *	by 1024 / weight of the time it ran. Each step of nice is a factor of
 *	1.25, so one step between two busy tasks moves 10 % of the core.
 *   Sleepers  A task that slept long has run little, and would have the
 *	core to itself for as long. So on waking it is put no further back
 *	than one slice behind min_vruntime, the least of all that run here.
 *   Beginners  A new task begins one slice ahead of min_vruntime, as if it
 *	had had one. Were it put at the least itself, whoever makes tasks
 *	without end would keep the others waiting meanwhile: a sleeper that had
 *	run a little would come after thousands that had not run at all.
 *   Slice     The tick asks for a change when the running task has had
 *	SCHED_SLICE_NS and another one waits: with HZ=100 at every tick.
 *   Preemption  Nothing takes the core from kernel code: need_resched asks,
 *	and cond_resched() and the return to user mode obey. It is a bit of
 *	the word that the return looks at anyway (user_work, asm/entry.h).
 *   Which core a task runs on, and how it comes to another: migrate.c.
 *
 * The switch
 *   switch_task() holds the run queue's lock across cpu_switch_to(); the
 *   task that goes on releases it, in finish_task_switch():
 *
 *	prev  lock - choose - |switch|
 *	next                  |      | unlock - reap prev if it is dead - ...
 *
 *   So nobody can wake prev to another core while its stack is still in use
 *   here: the waker waits for this lock. And a dead task's stack is given
 *   back by the next one, the first moment when nobody stands on it.
 *
 * Invariants (sched_verify)
 *   S1  The tree is ordered by vruntime and has nr_queued tasks.
 *   S2  A task in the tree is RUNNING, on_rq, not idle, and of this core.
 *   S3  curr is on_rq and of this core.
 *   S4  nr_running = nr_queued + (curr is not the idle task).
 *   S5  A task in the tree may run on this core. (The running one may have
 *       been forbidden to a moment ago; then it was asked to leave.)
 *   S6  A task of the list that is on_rq is curr or in the tree of its core,
 *       and there are as many of them as the run queues hold.
 *
 * Locks   run_queue.lock, interrupts masked; two of them never together.
 * Cost    log(tasks of the core) for each choice and each wake-up.
 *
 * Questions a reader asks
 *   Why does a sleeper that is woken before it has called schedule() not
 *   sleep?  The waker sets it RUNNING; schedule() finds it so, and just lets
 *   it go on.
 *   The state is written by the task itself without the lock. Can a waker
 *   overwrite it?  A late one may turn a new sleep into RUNNING: a wake-up
 *   too many, which every sleeper must expect. DEAD alone must not be lost,
 *   so schedule_dead() writes it under the lock.
 *
 * Sources  Stoica and Abdel-Wahab, Earliest Eligible Virtual Deadline First,
 *   1995; Linux Documentation/scheduler/sched-design-CFS.rst.
 */
#include <asm/entry.h>
#include <asm/memory.h>
#include <asm/processor.h>
#include <asm/switch.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/process.h>
#include <kernel/psi.h>
#include <kernel/rcu.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <mm/mm.h>
#include <mm/seam.h>
#include <mm/trace.h>

#include "rq.h"

DEFINE_PER_CPU(struct task *, current_task) = &boot_task;
DEFINE_PER_CPU(struct run_queue, run_queue) = {
	.lock = SPINLOCK_INIT(LOCK_RUNQUEUE),
};

/* Is a before b? Right also when they wrap. */
static bool
vruntime_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

struct task *
rq_first(const struct run_queue *rq)
{
	struct rb_node *node = rb_first(&rq->tree);

	return node ? rb_entry(node, struct task, run_node) : NULL;
}

static void
rq_insert(struct run_queue *rq, struct task *task)
{
	struct rb_node **link = &rq->tree.node, *parent = NULL;

	while (*link) {
		struct task *t = rb_entry(*link, struct task, run_node);

		parent = *link;
		link = vruntime_before(task->vruntime, t->vruntime) ?
			&parent->left : &parent->right;
	}
	rb_link_node(&task->run_node, parent, link);
	rb_insert_color(&task->run_node, &rq->tree);
	rq->nr_queued++;
}

static void
rq_remove(struct run_queue *rq, struct task *task)
{
	rb_erase(&task->run_node, &rq->tree);
	rq->nr_queued--;
}

/* min_vruntime follows the least of curr and the tree, and never goes back. */
static void
rq_advance_min(struct run_queue *rq)
{
	const struct task *first = rq_first(rq);
	u64 least = rq->curr->vruntime;

	if (first && vruntime_before(first->vruntime, least))
		least = first->vruntime;
	if (vruntime_before(rq->min_vruntime, least))
		rq->min_vruntime = least;
}

/*
 * 1024 / weight for each nice from -20 on, times 2^20. The weights are those of
 * Linux (sched_prio_to_weight): 88761 71755 56483 46273 36291 ... 1024 ... 15.
 */
static const u32 nice_scale[] = {
	12097, 14964, 19010, 23204, 29587, 36830, 46175, 57404,
	71827, 90109, 112457, 140911, 176023, 218952, 274896, 344038,
	429325, 539298, 677012, 840831, 1048576, 1309441, 1639300, 2041334,
	2538397, 3205199, 3947580, 4994148, 6242685, 7837532, 9761289, 12341860,
	15339169, 19173961, 23860929, 29826162, 37025580, 46684427, 59652324, 71582788,
};

unsigned
nice_weight(int nice)
{
	return (1u << 30) / nice_scale[nice - MIN_NICE];
}

static u64
aged(const struct task *task, u64 ran)
{
	int nice = READ_ONCE(task->nice);

	if (likely(!nice))
		return ran;
	return ran * nice_scale[nice - MIN_NICE] >> 20;
}

/* Count the time since the last call for the task that runs. */
static void
rq_account(struct run_queue *rq)
{
	struct task *curr = rq->curr;
	u64 now = ktime_get_ns();
	u64 ran = now - curr->exec_start;

	curr->exec_start = now;
	curr->sum_runtime += ran;
	if (curr->idle)
		return;
	curr->vruntime += aged(curr, ran);
	rq_advance_min(rq);
}

static inline bool
enter(struct run_queue *rq, struct task *task)
{
	u64 floor = rq->min_vruntime - SCHED_SLICE_NS;

	if (vruntime_before(task->vruntime, floor))
		task->vruntime = floor;
	task->on_rq = true;
	rq_insert(rq, task);
	rq->nr_running++;
	return rq->curr->idle ||
	       vruntime_before(task->vruntime + SCHED_WAKEUP_NS,
			       rq->curr->vruntime);
}

bool
rq_enter(struct run_queue *rq, struct task *task)
{
	return enter(rq, task);
}

void
rq_leave(struct run_queue *rq, struct task *task)
{
	rq_remove(rq, task);
	task->on_rq = false;
	rq->nr_running--;
}

/*
 * Who runs next on rq. curr stays if it is RUNNING, may run here, and nobody
 * who waits has run less; with yielding, somebody who waits goes first.
 */
static struct task *
rq_choose(struct run_queue *rq, bool yielding)
{
	struct task *first = rq_first(rq), *curr = rq->curr;

	if (curr->idle || curr->state != TASK_RUNNING ||
	    unlikely(!task_may_run_on(curr, (unsigned)curr->cpu)))
		return first ? first : rq->idle;
	if (!first)
		return curr;
	if (!yielding && !vruntime_before(first->vruntime, curr->vruntime))
		return curr;
	return first;
}

/* Make next the running task of rq, in the books. */
static void
rq_change(struct run_queue *rq, struct task *next)
{
	struct task *prev = rq->curr;

	if (!prev->idle && prev->state == TASK_RUNNING &&
	    likely(task_may_run_on(prev, (unsigned)prev->cpu))) {
		rq_insert(rq, prev);
	} else if (!prev->idle) {
		prev->on_rq = false;
		rq->nr_running--;
		if (prev->state == TASK_RUNNING)
			rq->astray = prev;
	}
	if (!next->idle)
		rq_remove(rq, next);
	next->exec_start = prev->exec_start;
	next->nr_switches++;
	rq->nr_switches++;
	rq->curr = next;
	rq->prev = prev;
}

void
finish_task_switch(void)
{
	struct run_queue *rq = this_cpu_ptr(&run_queue);
	struct task *prev = rq->prev;
	bool dead = prev->state == TASK_DEAD;
	struct mm_struct *mm = rq->drop_mm;

	rq->drop_mm = NULL;
	if (likely(!rq->astray))
		spin_unlock(&rq->lock);
	else
		send_astray(rq);
	if (mm)
		mmdrop(mm);
	/* A task that is not dead may run elsewhere by now: hands off. */
	if (dead)
		task_left(prev);
}

static inline void
note_user_work(const struct task *next)
{
	this_cpu_write(user_work, READ_ONCE(next->sig_work) ?
				  USER_WORK_SIGNAL : 0);
}

/* Choose and switch. Held on entry: this core's rq->lock; not on return. */
static void
switch_task(struct run_queue *rq, bool yielding)
{
	struct task *prev = rq->curr, *next;

	rcu_note_quiescent();
	rq_account(rq);
	next = rq_choose(rq, yielding);
	next->slice_start = next->sum_runtime;
	if (next == prev) {
		note_user_work(next);
		spin_unlock(&rq->lock);
		return;
	}
	trace_sched_switch(prev, next);
	seam(SEAM_SWITCH, NULL);
	rq_change(rq, next);
	/* Now it is curr; then its signals: sched_note_signal() sets first, and
	 * then looks who is curr. One of the two sees the other. */
	smp_mb();
	note_user_work(next);
	this_cpu_write(current_task, next);
	set_stack_bounds((unsigned long)next->stack, THREAD_SIZE);
	switch_space(rq, prev, next);
	cpu_switch_to(&prev->context, &next->context);
	/* Back, perhaps on another core: rq is stale. */
	finish_task_switch();
}

/* Is this a place where the core may be given away? Panics if not. */
static void
schedule_check(void)
{
	const char *why = NULL;

	if (in_interrupt())
		why = "in an interrupt handler";
	else if (lockcheck_depth() != 0)
		why = "a spinlock is held";
	else if (rcu_read_lock_held())
		why = "inside an RCU reader";
	else if (current->idle && current->state != TASK_RUNNING)
		why = "the idle task cannot sleep";
	if (unlikely(why != NULL))
		panic("scheduling while atomic: %s (task %s)", why,
		      current->name);
}

static void
schedule_common(bool yielding)
{
	struct run_queue *rq;
	unsigned long flags;

	schedule_check();
	flags = local_irq_save();
	rq = this_cpu_ptr(&run_queue);
	spin_lock(&rq->lock);
	switch_task(rq, yielding);
	local_irq_restore(flags);
}

void
schedule(void)
{
	struct blk_plug *plug = current->plug;

	/* It may be going to wait for what it has collected itself. */
	if (unlikely(plug) && current->state != TASK_RUNNING)
		blk_flush_plug(plug);
	schedule_common(false);
}

void
yield(void)
{
	cpu_relax();	/* who yields waits for somebody: perhaps elsewhere */
	schedule_common(true);
	/*
	 * A loop of yield() waits for another core. Under icount the emulator
	 * runs one core at a time, and goes on to the next only at this hint.
	 */
	cpu_relax();
}

void
schedule_dead(void)
{
	struct run_queue *rq;

	schedule_check();
	local_irq_disable();
	rq = this_cpu_ptr(&run_queue);
	spin_lock(&rq->lock);
	WRITE_ONCE(rq->curr->state, TASK_DEAD);
	switch_task(rq, false);
	BUG();
}

bool
need_resched(void)
{
	return this_cpu_read(user_work) & USER_WORK_RESCHED;
}

bool
cond_resched(void)
{
	might_sleep();
	if (!need_resched()) {
		rcu_note_quiescent();
		cpu_relax();
		return false;
	}
	schedule();
	return true;
}

void
sched_set_need_resched(void)
{
	this_cpu_write(user_work, this_cpu_read(user_work) | USER_WORK_RESCHED);
}

void
sched_note_signal(struct task *task)
{
	unsigned long flags = local_irq_save();
	unsigned cpu;

	smp_mb();			/* switch_task() */
	cpu = (unsigned)READ_ONCE(task->cpu);
	if (task == current)
		this_cpu_write(user_work, this_cpu_read(user_work) |
			       USER_WORK_SIGNAL);
	else if (READ_ONCE(rq_of(cpu)->curr) == task)
		smp_send_reschedule(1UL << cpu);
	local_irq_restore(flags);
}

void
sched_tick(void)
{
	struct run_queue *rq = this_cpu_ptr(&run_queue);
	struct task *curr;

	if (!rq->curr)
		return;			/* before sched_init() */
	spin_lock(&rq->lock);
	rq_account(rq);
	curr = rq->curr;
	if (irq_regs() && user_mode(irq_regs()))
		curr->user_time += TICK_NSEC;
	if (rq->nr_queued &&
	    (curr->idle || curr->sum_runtime - curr->slice_start >=
	     SCHED_SLICE_NS))
		sched_set_need_resched();
	spin_unlock(&rq->lock);
	balance_tick(rq);
	if (curr->process && unlikely(READ_ONCE(curr->process->cpu_timed)))
		cpu_timers_tick(curr->process);
	psi_tick();
}

/* This core hears of it at once. Context: interrupts masked. */
static void
note_resched(unsigned cpu, unsigned long *cores)
{
	if (cpu == smp_processor_id())
		sched_set_need_resched();
	else
		*cores |= 1UL << cpu;
}

bool
wake_up_quietly(struct task *task, unsigned long *cores)
{
	struct run_queue *rq;
	unsigned long flags;
	unsigned cpu;

	smp_mb();	/* the condition is written before the state is read */
	flags = local_irq_save();
	rq = task_rq_lock(task);
	if (task->state == TASK_RUNNING || task->state == TASK_DEAD) {
		spin_unlock_irqrestore(&rq->lock, flags);
		return false;
	}
	cpu = (unsigned)task->cpu;
	if (!task->on_rq)
		cpu = choose_cpu(task);
	if (task->state == TASK_NEW) {
		rq_account(rq);		/* min_vruntime is of now */
		task->vruntime = rq->min_vruntime +
				 aged(task, SCHED_SLICE_NS);
	}
	WRITE_ONCE(task->state, TASK_RUNNING);
	if (!task->on_rq) {
		if (cpu != (unsigned)task->cpu)
			rq = move_task(rq, task, cpu);
		if (enter(rq, task))
			note_resched((unsigned)task->cpu, cores);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	return true;
}

bool
wake_up_process(struct task *task)
{
	unsigned long cores = 0;
	bool woken = wake_up_quietly(task, &cores);

	if (cores)
		smp_send_reschedule(cores);
	return woken;
}

void
unlock_and_tell(spinlock_t *lock, unsigned long flags, unsigned long cores)
{
	spin_unlock(lock);
	if (cores)
		smp_send_reschedule(cores);
	local_irq_restore(flags);
}

u64
sched_task_runtime(struct task *task)
{
	unsigned long flags = local_irq_save();
	struct run_queue *rq = task_rq_lock(task);
	u64 ns = task->sum_runtime;

	if (rq->curr == task)
		ns += ktime_get_ns() - task->exec_start;
	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

u64
sched_idle_time(unsigned cpu)
{
	struct run_queue *rq = rq_of(cpu);
	unsigned long flags = spin_lock_irqsave(&rq->lock);
	u64 ns = 0;

	if (rq->idle)
		ns = rq->idle->sum_runtime;
	if (rq->idle && rq->curr == rq->idle)
		ns += ktime_get_ns() - rq->idle->exec_start;
	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

u64
sched_nr_switches(void)
{
	u64 sum = 0;
	unsigned cpu;

	for_each_possible_cpu(cpu)
		sum += rq_of(cpu)->nr_switches;
	return sum;
}
