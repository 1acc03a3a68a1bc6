/* SPDX-License-Identifier: MIT */
/*
 * Interval timers and sleeping: what a process asks of the clock.
 *
 *	alarm, setitimer(ITIMER_REAL)	SIGALRM to the process, once or again
 *	ITIMER_VIRTUAL, ITIMER_PROF	of CPU time: cpu_timer.c
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
#define CLOCK_THREAD_CPUTIME	3
#define CLOCK_MONOTONIC_RAW	4
#define CLOCK_REALTIME_COARSE	5
#define CLOCK_MONOTONIC_COARSE	6
#define CLOCK_BOOTTIME		7
#define TIMER_ABSTIME		1

#define ITIMER_REAL		0
/* Signals that come sooner after each other leave no time to take them. ns */
#define SHORTEST		((u64)250 * NSEC_PER_USEC)

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

static int
cpu_clock_now(int clock, u64 *ns)
{
	struct cpu_clock c;
	int err = cpu_clock_get(clock, true, &c);

	if (err)
		return err;
	*ns = cpu_clock_ns(&c);
	cpu_clock_put(&c);
	return 0;
}

static int
clock_now(int clock, u64 *ns)
{
	if (is_cpu_clock(clock))
		return cpu_clock_now(clock, ns);
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
	u64 now;

	if (clock < 0 && !err)		/* a time that was spent */
		return cpu_clock_now(clock, &now) ? -EINVAL : -EPERM;
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

/* The same by a clock of CPU time, which goes while others work. */
static long
cpu_sleep(int clock, bool absolute, u64 ns, void *rem, bool wide)
{
	u64 left;
	long err = cpu_clock_sleep(clock, absolute, ns, &left);

	if (err == -ERESTARTNOHAND && rem && !absolute &&
	    put_timespec(rem, left, wide))
		return -EFAULT;
	return err;
}

static long
do_clock_nanosleep(int clock, int flags, int err, u64 ns, void *rem, bool wide)
{
	u64 now;

	if (clock_now(clock, &now))
		return -EINVAL;
	if (clock == CLOCK_THREAD_CPUTIME || clock == CLOCK_MONOTONIC_RAW ||
	    clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	if (err)
		return err;
	if (is_cpu_clock(clock))
		return cpu_sleep(clock, flags & TIMER_ABSTIME, ns, rem, wide);
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

/*
 * A period that was missed is lost, as in Linux: who is late, on a slow machine,
 * would else be late for ever. Interrupt context.
 */
static void
real_timer_expired(struct timer *timer, void *arg)
{
	struct siginfo info = { .si_signo = SIGALRM, .si_code = SI_KERNEL };
	struct process *process = arg;
	u64 interval = process->real_interval;

	send_sig_process(process, &info);
	if (interval)
		timer_add(timer, max(timer->expires + interval,
				     ktime_get_ns() + SHORTEST));
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
read_real_timer(struct process *process, struct itimer_ns *old)
{
	u64 now = ktime_get_ns();

	old->value = 0;
	if (timer_pending(&process->real_timer))
		old->value = process->real_timer.expires > now ?
			     process->real_timer.expires - now : NSEC_PER_USEC;
	old->interval = process->real_interval;
}

static void
set_real_timer(struct process *process, const struct itimer_ns *new)
{
	process->real_interval = 0;
	timer_del_sync(&process->real_timer);
	process->real_interval = new->interval;
	if (new->value)
		timer_add(&process->real_timer, ktime_get_ns() + new->value);
}

/* new NULL: only ask. */
static void
itimer_swap(int which, const struct itimer_ns *new, struct itimer_ns *old)
{
	if (which != ITIMER_REAL) {
		cpu_itimer_swap(which, new, old);
		return;
	}
	mutex_lock(&real_timer_mutex);
	read_real_timer(current->process, old);
	if (new)
		set_real_timer(current->process, new);
	mutex_unlock(&real_timer_mutex);
}

static int
put_itimerval(struct old_timeval32 *user, const struct itimer_ns *spec)
{
	struct old_timeval32 out[2] = { ns_timeval(spec->interval),
					ns_timeval(spec->value) };

	return copy_to_user(user, out, sizeof(out)) ? -EFAULT : 0;
}

long
sys_getitimer(int which, struct old_timeval32 *value)
{
	struct itimer_ns now;

	if (which < 0 || which > 2)
		return -EINVAL;
	itimer_swap(which, NULL, &now);
	return put_itimerval(value, &now);
}

long
sys_setitimer(int which, const struct old_timeval32 *value,
	      struct old_timeval32 *old)
{
	struct old_timeval32 in[2] = { { 0, 0 }, { 0, 0 } };
	struct itimer_ns new, was;

	if (value && copy_from_user(in, value, sizeof(in)))
		return -EFAULT;
	for (unsigned i = 0; i < 2; i++)
		if (in[i].tv_sec < 0 || in[i].tv_usec < 0 ||
		    in[i].tv_usec >= 1000000)
			return -EINVAL;
	if (which < 0 || which > 2)
		return -EINVAL;
	new.interval = timeval_ns(&in[0]);
	new.value = timeval_ns(&in[1]);
	itimer_swap(which, &new, &was);
	return old ? put_itimerval(old, &was) : 0;
}
