/* SPDX-License-Identifier: MIT */
/*
 * Interval timers and sleeping: what a process asks of the clock.
 *
 *	alarm, setitimer(ITIMER_REAL)	SIGALRM to the process, once or again
 *	nanosleep, clock_nanosleep	sleep; a signal ends it, and what was left
 *					is told
 *
 * Times of user space come in two widths: 32-bit seconds in the old calls, 64-bit
 * in those whose names end in 64. Inside, all is ns of ktime.
 *
 * Locks  real_timer_mutex: who sets a timer; two threads may. The timer's function
 *	  runs in an interrupt, and sets it again: only while nobody waits for
 *	  its end (timer_del_sync).
 */
#include <asm/uaccess.h>
#include <kernel/mutex.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/math64.h>
#include <lib/string.h>
#include "process_private.h"

#define CLOCK_REALTIME		0
#define CLOCK_MONOTONIC		1
#define CLOCK_PROCESS_CPUTIME	2
#define CLOCK_THREAD_CPUTIME	3
#define CLOCK_MONOTONIC_RAW	4
#define CLOCK_REALTIME_COARSE	5
#define CLOCK_MONOTONIC_COARSE	6
#define CLOCK_BOOTTIME		7
#define TIMER_ABSTIME		1

#define ITIMER_REAL		0
/* Signals faster than this would leave no time to take them. ns */
#define SHORTEST		((u64)100 * NSEC_PER_USEC)

static DEFINE_MUTEX(real_timer_mutex);

/* --- Times of user memory --- */

static int
timespec_ns(s64 sec, s64 nsec, u64 *ns)
{
	if (sec < 0 || nsec < 0 || nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	if (sec > 0x1fffffffffll / 16)
		sec = 0x1fffffffffll / 16;	/* centuries are enough */
	*ns = (u64)sec * NSEC_PER_SEC + (u64)nsec;
	return 0;
}

int
get_timespec64_ns(const void *user, u64 *ns)
{
	struct kernel_timespec ts;

	if (copy_from_user(&ts, user, sizeof(ts)))
		return -EFAULT;
	return timespec_ns(ts.tv_sec, (s32)ts.tv_nsec, ns);
}

int
get_timespec32_ns(const void *user, u64 *ns)
{
	struct old_timespec32 ts;

	if (copy_from_user(&ts, user, sizeof(ts)))
		return -EFAULT;
	return timespec_ns(ts.tv_sec, ts.tv_nsec, ns);
}

static int
put_timespec(void *user, u64 ns, bool wide)
{
	u32 rest;
	u64 sec = ns_to_sec(ns, &rest);
	struct kernel_timespec ts64 = { (s64)sec, rest };
	struct old_timespec32 ts32 = { (s32)sec, (s32)rest };

	if (wide)
		return copy_to_user(user, &ts64, sizeof(ts64)) ? -EFAULT : 0;
	return copy_to_user(user, &ts32, sizeof(ts32)) ? -EFAULT : 0;
}

int
get_itimerspec(const void *user, bool wide, struct itimer_ns *spec)
{
	size_t half = wide ? sizeof(struct kernel_timespec) :
			     sizeof(struct old_timespec32);
	int (*get)(const void *, u64 *) = wide ? get_timespec64_ns :
						 get_timespec32_ns;
	int err = get(user, &spec->interval);

	return err ? err : get((const char *)user + half, &spec->value);
}

int
put_itimerspec(void *user, bool wide, const struct itimer_ns *spec)
{
	size_t half = wide ? sizeof(struct kernel_timespec) :
			     sizeof(struct old_timespec32);
	int err = put_timespec(user, spec->interval, wide);

	return err ? err : put_timespec((char *)user + half, spec->value, wide);
}

static struct old_timeval32
ns_timeval(u64 ns)
{
	u32 rest;
	u64 sec = ns_to_sec(ns, &rest);

	return (struct old_timeval32){ (s32)sec, (s32)(rest / 1000) };
}

/* --- Clocks --- */

static u64
cpu_time(bool thread)
{
	struct process_usage sum;

	if (thread)
		return current->sum_runtime;
	process_usage_now(current->process, &sum);
	return sum.utime + sum.stime;
}

static int
clock_now(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ns = realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = ktime_get_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME:
	case CLOCK_THREAD_CPUTIME:
		*ns = cpu_time(clock == CLOCK_THREAD_CPUTIME);
		return 0;
	default:
		return -EINVAL;
	}
}

static long
clock_gettime(int clock, void *user, bool wide)
{
	u64 ns;
	int err = clock_now(clock, &ns);

	return err ? err : put_timespec(user, ns, wide);
}

long
sys_clock_gettime(int clock, void *ts)
{
	return clock_gettime(clock, ts, false);
}

long
sys_clock_gettime64(int clock, void *ts)
{
	return clock_gettime(clock, ts, true);
}

static long
clock_getres(int clock, void *user, bool wide)
{
	u64 ns;
	int err = clock_now(clock, &ns);

	if (err || !user)
		return err;
	return put_timespec(user, 10, wide);	/* the counter's step */
}

long
sys_clock_getres(int clock, void *ts)
{
	return clock_getres(clock, ts, false);
}

long
sys_clock_getres_time64(int clock, void *ts)
{
	return clock_getres(clock, ts, true);
}

static long
clock_settime(int clock, int err, u64 ns)
{
	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (err)
		return err;
	if (current->process->euid)
		return -EPERM;
	realtime_set(ns);
	return 0;
}

long
sys_clock_settime(int clock, const void *ts)
{
	u64 ns = 0;
	int err = get_timespec32_ns(ts, &ns);

	return clock_settime(clock, err, ns);
}

long
sys_clock_settime64(int clock, const void *ts)
{
	u64 ns = 0;
	int err = get_timespec64_ns(ts, &ns);

	return clock_settime(clock, err, ns);
}

long
sys_gettimeofday(struct old_timeval32 *tv, void *tz)
{
	struct old_timeval32 now = ns_timeval(realtime_ns());
	static const u32 no_zone[2];

	if (tv && copy_to_user(tv, &now, sizeof(now)))
		return -EFAULT;
	if (tz && copy_to_user(tz, no_zone, sizeof(no_zone)))
		return -EFAULT;
	return 0;
}

/* --- Sleeping --- */

/* Until ktime `until'. rem: where what is left goes; NULL: nowhere. */
static long
sleep_until(u64 until, void *rem, bool wide)
{
	u64 now;

	while ((now = ktime_get_ns()) < until) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending()) {
			set_current_state(TASK_RUNNING);
			if (rem && put_timespec(rem, until - now, wide))
				return -EFAULT;
			return -ERESTARTNOHAND;
		}
		schedule_timeout_ns(until - now);
	}
	return 0;
}

static long
do_clock_nanosleep(int clock, int flags, int err, u64 ns, void *rem, bool wide)
{
	u64 now;

	if (err)
		return err;
	err = clock_now(clock, &now);
	if (err || clock == CLOCK_THREAD_CPUTIME)
		return -EINVAL;
	if (!(flags & TIMER_ABSTIME))
		return sleep_until(ktime_get_ns() + ns, rem, wide);
	if (clock == CLOCK_REALTIME)
		ns = realtime_to_ktime(ns);
	return sleep_until(ns, NULL, wide);
}

long
sys_clock_nanosleep(int clock, int flags, const void *req, void *rem)
{
	u64 ns = 0;
	int err = get_timespec32_ns(req, &ns);

	return do_clock_nanosleep(clock, flags, err, ns, rem, false);
}

long
sys_clock_nanosleep_time64(int clock, int flags, const void *req, void *rem)
{
	u64 ns = 0;
	int err = get_timespec64_ns(req, &ns);

	return do_clock_nanosleep(clock, flags, err, ns, rem, true);
}

long
sys_nanosleep(const void *req, void *rem)
{
	return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, req, rem);
}

/* --- ITIMER_REAL --- */

/* Interrupt context. */
static void
real_timer_expired(struct timer *timer, void *arg)
{
	struct siginfo info = { .si_signo = SIGALRM, .si_code = SI_KERNEL };
	struct process *process = arg;
	u64 interval = process->real_interval;

	send_sig_process(process, &info);
	if (interval)
		timer_add(timer, timer->expires + max(interval, SHORTEST));
}

void
itimer_init(struct process *process)
{
	timer_setup(&process->real_timer, real_timer_expired, process);
}

void
itimer_exit(struct process *process)
{
	process->real_interval = 0;
	timer_del_sync(&process->real_timer);
}

static u64
timeval_ns(const struct old_timeval32 *tv)
{
	return (u64)(u32)tv->tv_sec * NSEC_PER_SEC +
	       (u64)(u32)tv->tv_usec * NSEC_PER_USEC;
}

/* What is left, and the interval. */
static void
read_real_timer(struct process *process, struct old_timeval32 out[2])
{
	u64 now = ktime_get_ns(), left = 0;

	if (timer_pending(&process->real_timer))
		left = process->real_timer.expires > now ?
		       process->real_timer.expires - now : NSEC_PER_USEC;
	out[0] = ns_timeval(process->real_interval);
	out[1] = ns_timeval(left);
}

static void
set_real_timer(struct process *process, u64 value, u64 interval)
{
	process->real_interval = 0;
	timer_del_sync(&process->real_timer);
	process->real_interval = interval;
	if (value)
		timer_add(&process->real_timer, ktime_get_ns() + value);
}

long
sys_getitimer(int which, struct old_timeval32 *value)
{
	struct old_timeval32 now[2];

	memset(now, 0, sizeof(now));
	if (which < 0 || which > 2)
		return -EINVAL;
	if (which == ITIMER_REAL)
		read_real_timer(current->process, now);
	return copy_to_user(value, now, sizeof(now)) ? -EFAULT : 0;
}

long
sys_setitimer(int which, const struct old_timeval32 *value,
	      struct old_timeval32 *old)
{
	struct old_timeval32 new[2] = { { 0, 0 }, { 0, 0 } }, was[2];

	if (which != ITIMER_REAL)
		return which < 0 || which > 2 ? -EINVAL : -ENOSYS;
	if (value && copy_from_user(new, value, sizeof(new)))
		return -EFAULT;
	for (unsigned i = 0; i < 2; i++)
		if (new[i].tv_sec < 0 || new[i].tv_usec < 0 ||
		    new[i].tv_usec >= 1000000)
			return -EINVAL;
	mutex_lock(&real_timer_mutex);
	read_real_timer(current->process, was);
	set_real_timer(current->process, timeval_ns(&new[1]),
		       timeval_ns(&new[0]));
	mutex_unlock(&real_timer_mutex);
	if (old && copy_to_user(old, was, sizeof(was)))
		return -EFAULT;
	return 0;
}
