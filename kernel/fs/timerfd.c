/* SPDX-License-Identifier: MIT */
/*
 * timerfd: a timer as a file. read() says how often it has expired since the
 * last one, and waits while that is never.
 *
 * Ideas
 *   One interrupt for each time somebody looks, not for each period: when a
 *   periodic timer expires it is not set again. Who looks (read, settime,
 *   gettime) counts the periods that went by meanwhile, and sets it to the next.
 *
 *	set   |--------|                         interrupt: ticks = 1, readable
 *	             expires   .   .   .   read: 1 + 3 missed, set for the next
 *
 * Locks  mutex: who sets the timer and reads it; wait.lock: ticks, expired,
 *	  which the timer's function changes in an interrupt. The timer itself
 *	  is only added while its function neither waits nor runs.
 *
 * What Linux has and this has not: TFD_TIMER_CANCEL_ON_SET (-EINVAL), and clocks
 * that wake a sleeping machine.
 *
 * Sources  timerfd_create(2).
 */
#include <kernel/mutex.h>
#include <kernel/poll.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/syscalls.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <kernel/timer.h>
#include <lib/errno.h>
#include <mm/slab.h>

#include "fs_private.h"

#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC	1
#define CLOCK_BOOTTIME	7
#define TFD_TIMER_ABSTIME 1

struct timerfd {
	struct mutex mutex;
	struct timer timer;		/* mutex */
	u64 interval;			/* mutex: ns; 0: once */
	bool realtime;			/* - */
	u64 ticks;			/* wait.lock */
	bool expired;			/* wait.lock: and not set again */
	struct wait_queue_head wait;
};

/* Interrupt context. */
static void
timerfd_expired(struct timer *timer, void *arg)
{
	struct timerfd *t = arg;
	unsigned long flags = spin_lock_irqsave(&t->wait.lock);

	(void)timer;
	t->ticks++;
	t->expired = true;
	spin_unlock_irqrestore(&t->wait.lock, flags);
	wake_up_all(&t->wait);
}

/*
 * A periodic timer that has expired goes on: what it missed is counted, and it
 * is set to the next period. Held: mutex.
 */
static void
catch_up(struct timerfd *t)
{
	u64 now = ktime_get_ns(), missed;
	unsigned long flags;
	bool expired;

	flags = spin_lock_irqsave(&t->wait.lock);
	expired = t->expired && t->interval;
	missed = expired ? (now - t->timer.expires) / t->interval : 0;
	t->ticks += missed;
	if (expired)
		t->expired = false;
	spin_unlock_irqrestore(&t->wait.lock, flags);
	if (!expired)
		return;
	timer_del_sync(&t->timer);	/* its function may not have returned */
	timer_add(&t->timer, t->timer.expires + (missed + 1) * t->interval);
}

/* --- read, poll, close --------------------------------------------------------- */

static u64
take_ticks(struct timerfd *t)
{
	unsigned long flags;
	u64 ticks;

	mutex_lock(&t->mutex);
	catch_up(t);
	flags = spin_lock_irqsave(&t->wait.lock);
	ticks = t->ticks;
	t->ticks = 0;
	spin_unlock_irqrestore(&t->wait.lock, flags);
	mutex_unlock(&t->mutex);
	return ticks;
}

static bool
has_ticks(struct timerfd *t)
{
	unsigned long flags = spin_lock_irqsave(&t->wait.lock);
	bool any = t->ticks != 0;

	spin_unlock_irqrestore(&t->wait.lock, flags);
	return any;
}

/* 0, -EAGAIN, -ERESTARTSYS. */
static int
wait_for_tick(struct file *file, struct timerfd *t)
{
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(&t->wait, has_ticks(t));
}

static ssize_t
timerfd_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct timerfd *t = file->private_data;
	u64 ticks;
	int err;

	(void)pos;
	if (to->count < sizeof(ticks))
		return -EINVAL;
	while (!(ticks = take_ticks(t))) {
		err = wait_for_tick(file, t);
		if (err)
			return err;
	}
	return copy_to_iter(&ticks, sizeof(ticks), to) == sizeof(ticks) ?
	       (ssize_t)sizeof(ticks) : -EFAULT;
}

static unsigned
timerfd_poll(struct file *file, struct poll_table *wait)
{
	struct timerfd *t = file->private_data;

	poll_wait(&t->wait, wait);
	return has_ticks(t) ? POLLIN | POLLRDNORM : 0;
}

static void
timerfd_release(struct inode *inode, struct file *file)
{
	struct timerfd *t = file->private_data;

	(void)inode;
	timer_del_sync(&t->timer);
	kfree(t);
}

static const struct file_operations timerfd_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.release = timerfd_release,
};

long
sys_timerfd_create(int clock, int flags)
{
	struct timerfd *t;
	struct file *file;
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK) ||
	    (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
	     clock != CLOCK_BOOTTIME))
		return -EINVAL;
	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	mutex_init(&t->mutex);
	init_waitqueue_head(&t->wait);
	timer_setup(&t->timer, timerfd_expired, t);
	t->realtime = clock == CLOCK_REALTIME;
	err = anon_file("[timerfd]", &timerfd_ops, t,
			(unsigned)flags & O_NONBLOCK, &file);
	if (err) {
		kfree(t);
		return err;
	}
	return fd_publish(file, (unsigned)flags);
}

/* --- setting and asking ----------------------------------------------------------- */

/* What is left until it expires, and the interval. Held: mutex. */
static void
read_timer(struct timerfd *t, struct itimer_ns *spec)
{
	u64 now, expires;

	catch_up(t);
	now = ktime_get_ns();
	expires = t->timer.expires;
	spec->interval = t->interval;
	spec->value = !timer_pending(&t->timer) ? 0 :
		      expires > now ? expires - now : 1;
}

/* Held: mutex. */
static void
set_timer(struct timerfd *t, int flags, const struct itimer_ns *spec)
{
	unsigned long irq_flags;
	u64 at = spec->value;

	timer_del_sync(&t->timer);
	irq_flags = spin_lock_irqsave(&t->wait.lock);
	t->ticks = 0;
	t->expired = false;
	spin_unlock_irqrestore(&t->wait.lock, irq_flags);
	t->interval = spec->interval;
	if (!at)
		return;
	if (!(flags & TFD_TIMER_ABSTIME))
		at += ktime_get_ns();
	else if (t->realtime)
		at = realtime_to_ktime(at);
	timer_add(&t->timer, at);
}

/* new NULL: only ask. 0, -EBADF, -EINVAL. */
static long
use_timer(int fd, int flags, const struct itimer_ns *new, struct itimer_ns *old)
{
	struct fd f = fdget((unsigned)fd);
	struct timerfd *t;
	long result = -EINVAL;

	if (!f.file)
		return -EBADF;
	if (f.file->f_op == &timerfd_ops) {
		t = f.file->private_data;
		mutex_lock(&t->mutex);
		read_timer(t, old);
		if (new)
			set_timer(t, flags, new);
		mutex_unlock(&t->mutex);
		result = 0;
	}
	fdput(f);
	return result;
}

static long
timerfd_settime(int fd, int flags, const void *new, void *old, bool wide)
{
	struct itimer_ns spec, was;
	long err = get_itimerspec(new, wide, &spec);

	if (err)
		return err;
	if (flags & ~TFD_TIMER_ABSTIME)
		return -EINVAL;
	err = use_timer(fd, flags, &spec, &was);
	if (!err && old)
		err = put_itimerspec(old, wide, &was);
	return err;
}

static long
timerfd_gettime(int fd, void *now, bool wide)
{
	struct itimer_ns spec;
	long err = use_timer(fd, 0, NULL, &spec);

	return err ? err : put_itimerspec(now, wide, &spec);
}

long
sys_timerfd_settime(int fd, int flags, const void *new, void *old)
{
	return timerfd_settime(fd, flags, new, old, false);
}

long
sys_timerfd_settime64(int fd, int flags, const void *new, void *old)
{
	return timerfd_settime(fd, flags, new, old, true);
}

long
sys_timerfd_gettime(int fd, void *now)
{
	return timerfd_gettime(fd, now, false);
}

long
sys_timerfd_gettime64(int fd, void *now)
{
	return timerfd_gettime(fd, now, true);
}
