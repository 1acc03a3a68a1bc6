/* SPDX-License-Identifier: MIT */
/*
 * Timers of POSIX: timer_create() and its family. A process has many; each
 * sends a signal of its own, to the process or to one of its threads.
 *
 * Ideas
 *   The signal is part of the timer. So expiring needs no memory, and of one
 *   timer at most one signal waits, whatever its number.
 *
 *   One interrupt for each signal taken, not for each period: a periodic timer
 *   that has expired is set again when its signal is taken (or dropped). What
 *   went by meanwhile is its overrun count.
 *
 *	set   |--------|                         the signal waits
 *	             expires   .   .   .   taken: overrun 3, set for the next
 *
 *   While its signal is ignored nobody takes it: then the timer sets itself
 *   again, for its first period that ends after the next tick at the earliest.
 *
 * State of a timer (process_lock)
 *	active	gettime says that something is left: it is set, and is
 *		periodic or has not expired
 *	armed	its function is to act; implies active. A function that ran
 *		already when the timer was set anew finds it pending, and leaves
 *		the event to the next.
 *	waiting	its signal stands in a queue: signal.node is not empty
 *
 * Locks  timers->mutex: which timers there are, and who uses one; process_lock:
 *	  its state, since signals are; and the table's slots, to change (both
 *	  are held). Interrupts take process_lock alone.
 * Limit  MAX_TIMERS and RLIMIT_SIGPENDING, of a process: 250 bytes each.
 *	  None in fork's child; gone at exec.
 *
 *   A timer of CPU time waits for an alarm of cpu_timer.c instead of a struct
 *   timer; all else is the same.
 *
 * What Linux has and this has not: absolute timers of CLOCK_REALTIME that follow
 * when the clock is set.
 *
 * Sources  timer_create(2), timer_settime(2), timer_getoverrun(2), sigevent(7).
 */
#include <asm/uaccess.h>
#include <kernel/mutex.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <mm/slab.h>
#include "process_private.h"

#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1
#define CLOCK_BOOTTIME	7
#define NR_CLOCKS	8		/* the others of them have no timers */
#define TIMER_ABSTIME	1

#define SIGEV_SIGNAL	0
#define SIGEV_NONE	1
#define SIGEV_THREAD	2		/* what a C library makes of SIGEV_SIGNAL */
#define SIGEV_THREAD_ID	4

#define MAX_TIMERS	256
#define DELAYTIMER_MAX	0x7fffffffu

struct sigevent {
	u32 value;
	s32 signo, notify;
	s32 thread_id;
	u32 unused[12];
};
static_assert(sizeof(struct sigevent) == 64, "struct sigevent");

struct posix_timer {
	struct timer timer;		/* process_lock */
	struct cpu_alarm alarm;		/* process_lock; cpu_time: instead of it */
	bool cpu_time;			/* - */
	struct process *process;	/* - */
	struct task *target;		/* process_lock; NULL: the process */
	bool realtime, silent;		/* -  CLOCK_REALTIME; SIGEV_NONE */
	bool to_thread;			/* -  SIGEV_THREAD_ID */
	bool active, armed;		/* process_lock */
	u64 expires, interval;		/* process_lock: its clock, ns; 0: once */
	u32 overrun;			/* process_lock: of the last one taken */
	struct sigqueue signal;		/* process_lock */
};

struct posix_timers {
	struct mutex mutex;
	unsigned nr;			/* mutex */
	struct posix_timer *timer[MAX_TIMERS];	/* mutex + process_lock */
};

/* --- Expiring, and going on: process_lock held --------------------------- */

/* Periods of t that have ended since it expired, at time now. */
static u64
periods_since(const struct posix_timer *t, u64 now)
{
	return now > t->expires ? (now - t->expires) / t->interval : 0;
}

/* The clock by which t expires. */
static u64
now_of(const struct posix_timer *t)
{
	return t->cpu_time ? cpu_clock_ns_locked(&t->alarm.clock) :
			     ktime_get_ns();
}

static void
arm(struct posix_timer *t)
{
	t->active = true;
	t->armed = !t->silent;
	if (t->armed && t->cpu_time)
		cpu_alarm_set(&t->alarm, t->expires);
	else if (t->armed)
		timer_add(&t->timer, t->expires);
}

static void
disarm(struct posix_timer *t)
{
	t->active = t->armed = false;
	if (t->cpu_time)
		cpu_alarm_cancel(&t->alarm);
	else
		timer_del(&t->timer);
	cancel_sigqueue_locked(t->process, t->target, &t->signal);
}

/* On to the first period that ends after now. */
static void
arm_next(struct posix_timer *t, u64 now)
{
	t->expires += (periods_since(t, now) + 1) * t->interval;
	arm(t);
}

void
posix_timer_taken(struct posix_timer *t)
{
	u64 now, missed;

	t->overrun = 0;
	if (!t->active)
		return;			/* it expired once, or is forgotten */
	now = now_of(t);
	missed = periods_since(t, now);
	t->overrun = (u32)min(missed, (u64)DELAYTIMER_MAX);
	t->signal.info.overrun = (s32)t->overrun;
	arm_next(t, now);
}

static void
expire(struct posix_timer *t)
{
	t->armed = false;
	t->active = t->interval != 0;
	t->signal.info.overrun = 0;
	if (!send_sigqueue_locked(t->process, t->target, &t->signal) &&
	    t->active)
		arm_next(t, now_of(t) + TICK_NSEC);
}

static void
cpu_time_reached(struct cpu_alarm *alarm)
{
	expire(container_of(alarm, struct posix_timer, alarm));
}

/* Interrupt context. */
static void
posix_timer_expired(struct timer *timer, void *arg)
{
	struct posix_timer *t = arg;
	unsigned long flags = spin_lock_irqsave(&process_lock);

	if (t->armed && !timer_pending(timer))
		expire(t);
	spin_unlock_irqrestore(&process_lock, flags);
}

void
posix_timers_forget(struct process *process, struct task *task)
{
	struct posix_timers *timers = process->posix_timers;
	unsigned i;

	for (i = 0; timers && i < MAX_TIMERS; i++) {
		struct posix_timer *t = timers->timer[i];

		if (!t || t->target != task)
			continue;
		disarm(t);
		t->target = NULL;
		t->silent = true;	/* it has nobody to tell */
	}
}

/* --- Which there are --------------------------------------------------------- */

/* The process's table, made for its first timer; NULL: no memory. */
static struct posix_timers *
get_timers(struct process *process)
{
	struct posix_timers *timers = process->posix_timers, *new;
	unsigned long flags;

	if (timers)
		return timers;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return NULL;
	mutex_init(&new->mutex);
	flags = spin_lock_irqsave(&process_lock);
	timers = process->posix_timers;	/* another thread's came first? */
	if (!timers)
		smp_store_release(&process->posix_timers, timers = new);
	spin_unlock_irqrestore(&process_lock, flags);
	if (timers != new)
		kfree(new);
	return timers;
}

/* The timer with the table's mutex held; NULL: there is none, nor a mutex. */
static struct posix_timer *
lock_timer(int id)
{
	struct posix_timers *timers = current->process->posix_timers;
	struct posix_timer *t;

	if (!timers || id < 0 || id >= MAX_TIMERS)
		return NULL;
	mutex_lock(&timers->mutex);
	t = timers->timer[id];
	if (!t)
		mutex_unlock(&timers->mutex);
	return t;
}

static void
unlock_timer(void)
{
	mutex_unlock(&current->process->posix_timers->mutex);
}

static void
free_timer(struct posix_timer *t)
{
	if (t->cpu_time)
		cpu_clock_put(&t->alarm.clock);
	kfree(t);
}

/* Held: timers->mutex, or nobody else is there. */
static void
remove_timer(struct posix_timers *timers, unsigned id)
{
	struct posix_timer *t = timers->timer[id];
	unsigned long flags = spin_lock_irqsave(&process_lock);

	disarm(t);
	timers->timer[id] = NULL;
	spin_unlock_irqrestore(&process_lock, flags);
	timers->nr--;
	timer_del_sync(&t->timer);	/* its function may wait for the lock */
	free_timer(t);
}

void
posix_timers_exit(struct process *process)
{
	struct posix_timers *timers = process->posix_timers;
	unsigned long flags;
	unsigned i;

	if (!timers)
		return;
	for (i = 0; i < MAX_TIMERS; i++)
		if (timers->timer[i])
			remove_timer(timers, i);
	flags = spin_lock_irqsave(&process_lock);
	process->posix_timers = NULL;
	spin_unlock_irqrestore(&process_lock, flags);
	kfree(timers);
}

/* --- timer_create, timer_delete ----------------------------------------------- */

static int
check_clock(int clock)
{
	if (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC ||
	    clock == CLOCK_BOOTTIME || is_cpu_clock(clock))
		return 0;
	return clock > 0 && clock < NR_CLOCKS ? -EOPNOTSUPP : -EINVAL;
}

static int
check_event(const struct sigevent *event)
{
	if (event->notify == SIGEV_NONE)
		return 0;
	if (event->notify != SIGEV_SIGNAL && event->notify != SIGEV_THREAD &&
	    event->notify != SIGEV_THREAD_ID)
		return -EINVAL;
	return event->signo < 1 || event->signo > NSIG ? -EINVAL : 0;
}

/* 0, -ENOMEM, -EINVAL: nobody has such a clock. */
static int
new_timer(int clock, const struct sigevent *event, struct posix_timer **result)
{
	struct posix_timer *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->cpu_time = is_cpu_clock(clock);
	if (t->cpu_time && cpu_clock_get(clock, false, &t->alarm.clock)) {
		kfree(t);
		return -EINVAL;
	}
	cpu_alarm_init(&t->alarm, cpu_time_reached);
	timer_setup(&t->timer, posix_timer_expired, t);
	t->process = current->process;
	t->realtime = clock == CLOCK_REALTIME;
	t->silent = event->notify == SIGEV_NONE;
	t->to_thread = event->notify == SIGEV_THREAD_ID;
	INIT_LIST_HEAD(&t->signal.node);
	t->signal.timer = t;
	t->signal.info = (struct siginfo){
		.si_signo = event->signo, .si_code = SI_TIMER,
		.timer_id = 0, .overrun = 0, .value = event->value,
	};
	*result = t;
	return 0;
}

/* The thread of the current process with this number. Held: process_lock. */
static struct task *
find_thread(int tid)
{
	struct task *task;

	list_for_each_entry(task, &current->process->threads, thread_node)
		if (task->pid == tid)
			return task;
	return NULL;
}

/* Into a free slot: its number, or -EAGAIN, -EINVAL. Held: timers->mutex. */
static int
insert_timer(struct posix_timers *timers, struct posix_timer *t, int tid)
{
	unsigned long flags, most = min(rlimit(RLIMIT_SIGPENDING),
					(unsigned long)MAX_TIMERS);
	int id = 0;

	if (timers->nr >= most)
		return -EAGAIN;
	while (timers->timer[id])
		id++;
	flags = spin_lock_irqsave(&process_lock);
	if (t->to_thread)
		t->target = find_thread(tid);
	if (t->to_thread && !t->target) {
		id = -EINVAL;
	} else {
		t->signal.info.timer_id = id;
		timers->timer[id] = t;
		timers->nr++;
	}
	spin_unlock_irqrestore(&process_lock, flags);
	return id;
}

/* event NULL: SIGALRM to the process, with the timer's number as its value. */
static int
create_timer(int clock, const struct sigevent *event, s32 *user_id)
{
	static const struct sigevent standard = { .signo = SIGALRM };
	struct posix_timers *timers = get_timers(current->process);
	struct posix_timer *t;
	int id, err;

	if (!timers)
		return -ENOMEM;
	err = new_timer(clock, event ? event : &standard, &t);
	if (err)
		return err;
	mutex_lock(&timers->mutex);
	id = insert_timer(timers, t, event ? event->thread_id : 0);
	err = id < 0 ? id : put_user((s32)id, user_id);
	if (id < 0)
		free_timer(t);
	else if (err)
		remove_timer(timers, (unsigned)id);
	else if (!event)
		t->signal.info.value = (u32)id;
	mutex_unlock(&timers->mutex);
	return err;
}

long
sys_timer_create(int clock, const void *user_event, s32 *id)
{
	struct sigevent event;
	int err;

	if (user_event && copy_from_user(&event, user_event, sizeof(event)))
		return -EFAULT;
	err = check_clock(clock);
	if (!err && user_event)
		err = check_event(&event);
	return err ? err : create_timer(clock, user_event ? &event : NULL, id);
}

long
sys_timer_delete(int id)
{
	if (!lock_timer(id))
		return -EINVAL;
	remove_timer(current->process->posix_timers, (unsigned)id);
	unlock_timer();
	return 0;
}

/* --- Setting and asking -------------------------------------------------------- */

/* What is left, and the interval. Held: process_lock. */
static void
read_timer(const struct posix_timer *t, struct itimer_ns *spec)
{
	u64 now = now_of(t), next = t->expires;

	spec->interval = t->interval;
	spec->value = 0;
	if (!t->active)
		return;
	if (next <= now && t->interval)
		next += (periods_since(t, now) + 1) * t->interval;
	/* Its interrupt is late, or there is none. */
	spec->value = next > now ? next - now : t->silent ? 0 : 1;
}

/* Held: process_lock. */
static void
set_timer(struct posix_timer *t, int flags, const struct itimer_ns *spec)
{
	u64 at = spec->value;

	disarm(t);
	t->overrun = 0;
	t->interval = spec->interval;
	if (!at)
		return;
	if (!(flags & TIMER_ABSTIME))
		at += now_of(t);
	else if (t->realtime)
		at = realtime_to_ktime(at);
	t->expires = at;
	arm(t);
}

/* new NULL: only ask. 0 or -EINVAL. */
static long
use_timer(int id, int flags, const struct itimer_ns *new, struct itimer_ns *old)
{
	struct posix_timer *t = lock_timer(id);
	unsigned long irq_flags;

	if (!t)
		return -EINVAL;
	irq_flags = spin_lock_irqsave(&process_lock);
	read_timer(t, old);
	if (new)
		set_timer(t, flags, new);
	spin_unlock_irqrestore(&process_lock, irq_flags);
	unlock_timer();
	return 0;
}

static long
timer_settime(int id, int flags, const void *new, void *old, bool wide)
{
	struct itimer_ns spec, was;
	long err = new ? get_itimerspec(new, wide, &spec) : -EINVAL;

	if (!err)
		err = use_timer(id, flags, &spec, &was);
	if (!err && old)
		err = put_itimerspec(old, wide, &was);
	return err;
}

static long
timer_gettime(int id, void *now, bool wide)
{
	struct itimer_ns spec;
	long err = use_timer(id, 0, NULL, &spec);

	return err ? err : put_itimerspec(now, wide, &spec);
}

long
sys_timer_settime(int id, int flags, const void *new, void *old)
{
	return timer_settime(id, flags, new, old, false);
}

long
sys_timer_settime64(int id, int flags, const void *new, void *old)
{
	return timer_settime(id, flags, new, old, true);
}

long
sys_timer_gettime(int id, void *now)
{
	return timer_gettime(id, now, false);
}

long
sys_timer_gettime64(int id, void *now)
{
	return timer_gettime(id, now, true);
}

long
sys_timer_getoverrun(int id)
{
	struct posix_timer *t = lock_timer(id);
	long overrun;

	if (!t)
		return -EINVAL;
	overrun = (long)READ_ONCE(t->overrun);
	unlock_timer();
	return overrun;
}
