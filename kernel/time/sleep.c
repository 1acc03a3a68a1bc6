/* SPDX-License-Identifier: MIT */
/*
 * Sleeping for a time: a timer on the stack that wakes its owner.
 *
 * The timer is deleted and waited for before its stack frame goes away. The
 * owner must not migrate in between? It may: timer_del_sync() finds the
 * timer on whatever core it was set.
 */
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/timer.h>

static void
wake_sleeper(struct timer *timer, void *arg)
{
	(void)timer;
	wake_up_process(arg);
}

u64
schedule_timeout_ns(u64 ns)
{
	u64 end = ktime_get_ns() + ns, now;
	struct timer timer;

	timer_setup(&timer, wake_sleeper, current);
	timer_add(&timer, end);
	schedule();
	timer_del_sync(&timer);
	now = ktime_get_ns();
	return now < end ? end - now : 0;
}

long
schedule_timeout(long timeout)
{
	u64 left;

	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		schedule();
		return timeout;
	}
	left = schedule_timeout_ns((u64)timeout * TICK_NSEC);
	return (long)((left + TICK_NSEC - 1) / TICK_NSEC);
}

/* Sleep ns at least, whoever wakes us meanwhile. */
static void
sleep_ns(u64 ns)
{
	might_sleep();
	while (ns > 0) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		ns = schedule_timeout_ns(ns);
	}
}

void
msleep(unsigned ms)
{
	sleep_ns((u64)ms * NSEC_PER_MSEC);
}

void
usleep(unsigned us)
{
	sleep_ns((u64)us * NSEC_PER_USEC);
}
