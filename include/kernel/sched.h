/* SPDX-License-Identifier: MIT */
/*
 * Scheduler: which task runs on this core. See kernel/sched/sched.c.
 *
 * How to sleep without losing the wake-up
 *
 *	sleeper					waker
 *	set_current_state(TASK_...);		condition = true;
 *	if (!condition)				wake_up_process(task);
 *		schedule();
 *	set_current_state(TASK_RUNNING);
 *
 *	The state is written before the condition is read (a full barrier
 *	lies between), and the waker writes the condition before it reads
 *	the state. So at least one of them sees what the other wrote: either
 *	the sleeper does not go to sleep, or the waker sees it sleeping.
 *	Wake-ups may come too often, never too seldom: always loop. The wait
 *	queues of kernel/wait.h do all this.
 */
#ifndef KERNEL_SCHED_H
#define KERNEL_SCHED_H

#include <kernel/task.h>
#include <lib/atomic.h>
#include <lib/compiler.h>
#include <lib/seq_buf.h>
#include <lib/types.h>

struct spinlock;

#define set_current_state(s) do { \
	WRITE_ONCE(current->state, (s)); \
	smp_mb(); \
} while (0)

/*
 * Set up run queues and the idle task of the boot core; from here on the
 * boot context is a task that may sleep. Context: page allocator is up.
 */
void sched_init(void);
/*
 * Last act of a core's start, on its idle task: run tasks for ever. The
 * boot task, which is not one, ends here and leaves the core to idle/0.
 */
void cpu_idle_loop(void) __noreturn;

/*
 * Give the core away. Returns when the task is chosen again: at once if it
 * is RUNNING and nobody deserves the core more. Context: may sleep.
 */
void schedule(void);
struct blk_plug;
/* schedule() about to sleep: the task's I/O goes first (kernel/blk.h). */
void blk_flush_plug(struct blk_plug *plug);
/* Let every other task of this core go first, once. Context: may sleep. */
void yield(void);
/*
 * A point where a long loop may be interrupted: schedules if another task
 * is due, and is a quiescent state for RCU. Returns true if it scheduled.
 */
bool cond_resched(void);
/* Is another task due on this core? */
bool need_resched(void);

/*
 * Make task run if it is NEW or sleeps. Any context; takes a run queue lock.
 * Returns true if this call woke it.
 */
bool wake_up_process(struct task *task);
/*
 * The same for a caller who holds a lock that the woken takes first of all:
 * another core that should run it is not told yet, but added to *cores (a bit
 * for each). Told under the lock, it would come at once, and spin until the
 * caller is done. Whoever lets go of the lock calls smp_send_reschedule().
 */
bool wake_up_quietly(struct task *task, unsigned long *cores);
/* That: spin_unlock_irqrestore(lock, flags), and between, tell the cores. */
void unlock_and_tell(struct spinlock *lock, unsigned long flags,
		     unsigned long cores);

#define MAX_SCHEDULE_TIMEOUT	0x7fffffffL
/*
 * Sleep until woken or until timeout, in jiffies (the second: in ns), has
 * passed. The caller has set the state. Returns what was left of the time, 0 if it is over.
 */
long schedule_timeout(long timeout);
u64 schedule_timeout_ns(u64 ns);
/* Sleep at least that long. */
void msleep(unsigned ms);
void usleep(unsigned us);

/*
 * Complain (panic, with the reason and a stack) if the caller may not sleep:
 * interrupts masked, in an interrupt handler, a spinlock held, inside an RCU
 * reader. Nothing in release builds and before the scheduler runs.
 */
#ifdef VELLUM_DEBUG
void might_sleep_at(const char *file, int line);
#define might_sleep()	might_sleep_at(__FILE__, __LINE__)
#else
#define might_sleep()	((void)0)
#endif

/* From the tick, interrupts masked: account and maybe ask to reschedule. */
void sched_tick(void);
/* The core was asked to reschedule (IPI, RCU). Context: interrupts masked. */
void sched_set_need_resched(void);

/*
 * task may run on the cores whose bit is set in mask; what is not online does
 * not count. One that runs where it may no more leaves at its next way to user
 * mode, sleep or cond_resched(), and has left when this returns. Context: may
 * sleep. 0, or -EINVAL: no core is left, or it is a thread of its core.
 */
int sched_setaffinity(struct task *task, u32 mask);
/* The online cores that task may run on. Any context. */
u32 sched_getaffinity(const struct task *task);

/*
 * task->sig_work was set: if task runs, let it look for signals the next time
 * it goes to user mode, soon. (When it runs later, it looks anyway.) Any context.
 */
void sched_note_signal(struct task *task);

/*
 * The current task goes on in mm (NULL: a thread of the kernel, which borrows
 * what it had); the caller's user reference becomes the task's. Returns the old
 * mm, whose reference is the caller's now: mmput(). Context: any but interrupts.
 */
struct mm_struct *task_switch_mm(struct mm_struct *mm);
/*
 * Every core that only borrows a space gives it back, so that one that nobody
 * uses is gone. Context: as on_each_cpu().
 */
void sched_drop_borrowed_mm(void);

/* Tasks that run or wait to run on core cpu, the idle task not counted. */
unsigned sched_nr_running(unsigned cpu);
/* ns that a task has run, up to this moment. Any context; may be called with
 * locks down to TASK_LIST held. */
u64 sched_task_runtime(struct task *task);
/* ns that core cpu has spent idle. */
u64 sched_idle_time(unsigned cpu);
/* Times a task was switched to, all cores together. */
u64 sched_nr_switches(void);

/*
 * Check every run queue and the task list (rules S1-S6 in sched.c). True
 * if clean; else each contradiction is a line in out. Any context.
 */
bool sched_verify(struct seq_buf *out);

#endif
