/* SPDX-License-Identifier: MIT */
/*
 * Time of the processor: clocks that count it, and what waits for it.
 *
 * Ideas
 *   A clock counts what a process (all its threads, those that have ended too) or
 *   one thread has run. Its number says whose:
 *
 *	 31              3  2  1 0
 *	[ ~pid or ~tid    | T |kind ]	T: of one thread; kind 0: user and kernel,
 *	~0: the caller's		1: user mode only, 2: as 0 (Linux: finer)
 *	CLOCK_PROCESS_CPUTIME_ID and CLOCK_THREAD_CPUTIME_ID are the caller's.
 *
 *   Who waits		by			is told
 *	setitimer	ITIMER_VIRTUAL, _PROF	SIGVTALRM, SIGPROF
 *	RLIMIT_CPU	soft, hard		SIGXCPU each second, SIGKILL
 *	timer_settime	struct cpu_alarm	its signal (posix_timer.c)
 *	clock_nanosleep	struct cpu_alarm	it wakes
 *
 *   All are looked at by the tick, on the core where a thread of the process runs,
 *   and only if process->cpu_timed says that there is something: so an expiry is
 *   late by 10 ms at most, and a switch of tasks knows nothing of it.
 *   How much was in user mode is counted by ticks, too.
 *
 * Invariant  An alarm that is set, an interval timer or a limit: cpu_timed.
 * Locks   process_lock: all of it. Under it the run queue's lock of a task, to read
 *	   what it has run up to now.
 * Cost    a tick of a process that is cpu_timed: its threads and alarms are walked.
 * Questions a reader asks
 *   What becomes of an alarm whose process has ended?  It is never reached. The
 *     reference keeps the structure; who waits can be woken by a signal.
 *
 * Sources  clock_getcpuclockid(3), setitimer(2), getrlimit(2); the numbers:
 *	    Linux include/linux/posix-timers_types.h.
 */
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include "process_private.h"

#define CLOCK_PROCESS_CPUTIME	2
#define CLOCK_THREAD_CPUTIME	3

/* Of a number. */
#define OF_THREAD		4
#define KIND			3
enum { KIND_ALL, KIND_USER, KIND_FINE, KIND_DEVICE };

#define ITIMER_VIRTUAL		1

/* --- Clocks ------------------------------------------------------------------ */

bool
is_cpu_clock(int clock)
{
	return clock < 0 || clock == CLOCK_PROCESS_CPUTIME ||
	       clock == CLOCK_THREAD_CPUTIME;
}

/* A thread of the caller's process. 0, -EINVAL. */
static int
get_thread(int tid, struct cpu_clock *c)
{
	struct task *task = find_get_task(tid ? tid : current->pid);

	if (!task)
		return -EINVAL;
	if (task->process != current->process) {
		put_task(task);
		return -EINVAL;
	}
	c->task = task;
	c->process = task->process;
	process_get(c->process);
	return 0;
}

static int
get_process(int pid, bool read, struct cpu_clock *c)
{
	if (!pid || (read && pid == current->pid)) {
		c->process = current->process;
		process_get(c->process);
		return 0;
	}
	c->process = process_find(pid);
	return c->process ? 0 : -EINVAL;
}

int
cpu_clock_get(int clock, bool read, struct cpu_clock *c)
{
	bool thread = clock < 0 ? clock & OF_THREAD :
				  clock == CLOCK_THREAD_CPUTIME;
	int pid = clock < 0 ? ~(clock >> 3) : 0;

	*c = (struct cpu_clock){ .task = NULL };
	if (clock < 0 && (clock & KIND) == KIND_DEVICE)
		return -EINVAL;
	c->user_only = clock < 0 && (clock & KIND) == KIND_USER;
	return thread ? get_thread(pid, c) : get_process(pid, read, c);
}

void
cpu_clock_put(const struct cpu_clock *c)
{
	process_put(c->process);
	if (c->task)
		put_task(c->task);
}

/* What a task has run, and of that in user mode. */
static u64
task_ns(struct task *task, u64 *user)
{
	u64 ran = sched_task_runtime(task);

	*user = min(task->user_time, ran);
	return ran;
}

/* Held: process_lock. */
static u64
process_ns(const struct process *process, u64 *user)
{
	u64 sum = process->usage.utime + process->usage.stime, one;
	struct task *task;

	*user = process->usage.utime;
	list_for_each_entry(task, &process->threads, thread_node) {
		sum += task_ns(task, &one);
		*user += one;
	}
	return sum;
}

u64
cpu_clock_ns_locked(const struct cpu_clock *c)
{
	u64 user, all = c->task ? task_ns(c->task, &user) :
				  process_ns(c->process, &user);

	return c->user_only ? user : all;
}

u64
cpu_clock_ns(const struct cpu_clock *c)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	u64 ns = cpu_clock_ns_locked(c);

	spin_unlock_irqrestore(&process_lock, flags);
	return ns;
}

/* --- Alarms ------------------------------------------------------------------ */

void
cpu_alarm_init(struct cpu_alarm *alarm, void (*fn)(struct cpu_alarm *))
{
	INIT_LIST_HEAD(&alarm->node);
	alarm->fn = fn;
}

void
cpu_alarm_set(struct cpu_alarm *alarm, u64 expires)
{
	struct process *process = alarm->clock.process;

	alarm->expires = expires;
	list_add_tail(&alarm->node, &process->cpu_alarms);
	process->cpu_timed = true;
}

void
cpu_alarm_cancel(struct cpu_alarm *alarm)
{
	if (!list_empty(&alarm->node))
		list_del_init(&alarm->node);
}

struct sleeper {
	struct cpu_alarm alarm;
	struct task *task;
	bool done;			/* process_lock to write */
};

static void
wake_sleeper(struct cpu_alarm *alarm)
{
	struct sleeper *s = container_of(alarm, struct sleeper, alarm);

	WRITE_ONCE(s->done, true);
	wake_up_process(s->task);
}

/* Until the alarm has come, or a signal. */
static void
sleep_for(struct sleeper *s)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(s->done) || signal_pending())
			break;
		schedule();
	}
	set_current_state(TASK_RUNNING);
}

long
cpu_clock_sleep(int clock, bool absolute, u64 ns, u64 *left)
{
	struct sleeper s = { .task = current };
	unsigned long flags;
	u64 now;

	if (cpu_clock_get(clock, false, &s.alarm.clock))
		return -EINVAL;
	if (s.alarm.clock.task == current) {
		cpu_clock_put(&s.alarm.clock);
		return -EINVAL;		/* it would never end */
	}
	cpu_alarm_init(&s.alarm, wake_sleeper);
	flags = spin_lock_irqsave(&process_lock);
	now = cpu_clock_ns_locked(&s.alarm.clock);
	if (!absolute)
		ns += now;
	s.done = ns <= now;
	if (!s.done)
		cpu_alarm_set(&s.alarm, ns);
	spin_unlock_irqrestore(&process_lock, flags);
	sleep_for(&s);
	flags = spin_lock_irqsave(&process_lock);
	cpu_alarm_cancel(&s.alarm);
	now = cpu_clock_ns_locked(&s.alarm.clock);
	spin_unlock_irqrestore(&process_lock, flags);
	cpu_clock_put(&s.alarm.clock);
	*left = ns > now ? ns - now : 0;
	return s.done ? 0 : -ERESTARTNOHAND;
}

/* --- Interval timers --------------------------------------------------------- */

void
cpu_itimer_swap(int which, const struct itimer_ns *new, struct itimer_ns *old)
{
	struct process *process = current->process;
	struct cpu_itimer *timer = &process->cpu_itimer[which - ITIMER_VIRTUAL];
	unsigned long flags = spin_lock_irqsave(&process_lock);
	u64 user, all = process_ns(process, &user);
	u64 now = which == ITIMER_VIRTUAL ? user : all;

	old->interval = timer->interval;
	old->value = !timer->expires ? 0 :
		     timer->expires > now ? timer->expires - now : TICK_NSEC;
	if (new) {
		timer->expires = new->value ? now + new->value : 0;
		timer->interval = new->interval;
		process->cpu_timed |= new->value != 0;
	}
	spin_unlock_irqrestore(&process_lock, flags);
}

/* --- The tick: process_lock held ---------------------------------------------- */

static void
send(struct process *process, int sig)
{
	struct siginfo info = { .si_signo = sig, .si_code = SI_KERNEL };

	send_sig_locked(process, &info);
}

/* Periods that have gone by meanwhile are one signal. */
static void
check_itimer(struct process *process, struct cpu_itimer *timer, int sig, u64 now)
{
	if (!timer->expires || now < timer->expires)
		return;
	if (timer->interval)
		timer->expires += ((now - timer->expires) / timer->interval + 1) *
				  timer->interval;
	else
		timer->expires = 0;
	send(process, sig);
}

/* The soft limit moves on by a second each time, as in Linux. */
static void
check_limit(struct process *process, u64 now)
{
	struct rlimit *limit = &process->rlim[RLIMIT_CPU];

	if (limit->rlim_max != RLIM_INFINITY &&
	    now >= (u64)limit->rlim_max * NSEC_PER_SEC) {
		send(process, SIGKILL);
	} else if (limit->rlim_cur != RLIM_INFINITY &&
		   now >= (u64)limit->rlim_cur * NSEC_PER_SEC) {
		WRITE_ONCE(limit->rlim_cur, limit->rlim_cur + 1);
		send(process, SIGXCPU);
	}
}

static void
check_alarms(struct process *process, u64 all, u64 user)
{
	struct cpu_alarm *alarm, *next;

	list_for_each_entry_safe(alarm, next, &process->cpu_alarms, node) {
		const struct cpu_clock *c = &alarm->clock;
		u64 now = c->task ? cpu_clock_ns_locked(c) :
			  c->user_only ? user : all;

		if (now < alarm->expires)
			continue;
		list_del_init(&alarm->node);
		alarm->fn(alarm);
	}
}

void
cpu_timers_tick(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	u64 user, all = process_ns(process, &user);

	check_itimer(process, &process->cpu_itimer[0], SIGVTALRM, user);
	check_itimer(process, &process->cpu_itimer[1], SIGPROF, all);
	check_limit(process, all);
	check_alarms(process, all, user);
	process->cpu_timed = process->cpu_itimer[0].expires ||
			     process->cpu_itimer[1].expires ||
			     !list_empty(&process->cpu_alarms) ||
			     process->rlim[RLIMIT_CPU].rlim_cur != RLIM_INFINITY ||
			     process->rlim[RLIMIT_CPU].rlim_max != RLIM_INFINITY;
	spin_unlock_irqrestore(&process_lock, flags);
}

void
cpu_limit_changed(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);

	process->cpu_timed = true;	/* the tick looks what is left of it */
	spin_unlock_irqrestore(&process_lock, flags);
}
