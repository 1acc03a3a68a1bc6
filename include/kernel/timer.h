/* SPDX-License-Identifier: MIT */
/*
 * Timers: call a function at a time, in interrupt context, on the core that
 * set the timer. See kernel/time/timer.c.
 *
 * One owner at a time adds, moves or deletes a timer (its lock or thread);
 * the callback may do so too. After timer_del_sync() the timer is neither
 * pending nor running anywhere, provided nobody adds it again.
 */
#ifndef KERNEL_TIMER_H
#define KERNEL_TIMER_H

#include <lib/rbtree.h>
#include <lib/types.h>

struct timer {
	struct rb_node node;		/* lock of the core's timer base */
	u64 expires;			/* ktime, ns */
	void (*fn)(struct timer *timer, void *arg);
	void *arg;
	u8 cpu;				/* whose base it is, or was last, in */
	bool pending;
};

void timer_setup(struct timer *timer,
		 void (*fn)(struct timer *timer, void *arg), void *arg);
/* Call the function at expires (ktime), at once if that is past. Any context.
 * The timer is not pending. */
void timer_add(struct timer *timer, u64 expires);
/* Pending or not: expire at expires. True if it was pending. */
bool timer_mod(struct timer *timer, u64 expires);
/* True if it was pending, so that the function is not called. */
bool timer_del(struct timer *timer);
/*
 * The same, and wait until the function has returned if it runs now.
 * Context: not the function itself, no lock that the function takes.
 */
bool timer_del_sync(struct timer *timer);
bool timer_pending(const struct timer *timer);

/* From clock_event_interrupt(): run what is due by now. */
void timers_run(u64 now);
/* When this core's first timer expires; ~0 if there is none. */
u64 timers_next(void);

#endif
