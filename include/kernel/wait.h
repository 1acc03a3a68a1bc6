/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: sleep until a condition holds.
 *
 *	sleeper:  wait_event(&queue, nr_items > 0);
 *	waker:    nr_items++; wake_up(&queue);
 *
 * The condition is any expression; it is tested before sleeping and after
 * each wake-up, without a lock. See kernel/sched.h for why no wake-up can
 * fall between the test and the sleep.
 *
 * Locks  wait_queue_head.lock (rank WAIT) guards the list of waiters.
 */
#ifndef KERNEL_WAIT_H
#define KERNEL_WAIT_H

#include <kernel/lock.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/list.h>
#include <lib/types.h>

struct wait_queue_head {
	spinlock_t lock;
	struct list_head waiters;	/* struct wait_queue_entry, oldest first */
};

/*
 * One sleeper, on the sleeper's stack; or one who wants to be told each time
 * (func), and stays in the queue. Context of func: queue->lock held.
 */
struct wait_queue_entry {
	struct list_head node;
	struct task *task;
	bool exclusive;		/* wake_up() wakes only the first of these */
	void (*func)(struct wait_queue_entry *entry);
};

#define WAIT_QUEUE_HEAD_INIT(name) \
	{ SPINLOCK_INIT(LOCK_WAIT), LIST_HEAD_INIT((name).waiters) }
#define DECLARE_WAIT_QUEUE_HEAD(name) \
	struct wait_queue_head name = WAIT_QUEUE_HEAD_INIT(name)

void init_waitqueue_head(struct wait_queue_head *queue);

void init_wait_entry(struct wait_queue_entry *entry, bool exclusive);
/* Enter the queue if not in it, then set the state. */
void prepare_to_wait(struct wait_queue_head *queue,
		     struct wait_queue_entry *entry, enum task_state state);
/* Leave the queue if still in it; RUNNING again. */
void finish_wait(struct wait_queue_head *queue,
		 struct wait_queue_entry *entry);

/* Enter / leave the queue without touching the state (see fs/select.c). */
void add_wait_queue(struct wait_queue_head *queue,
		    struct wait_queue_entry *entry);
void remove_wait_queue(struct wait_queue_head *queue,
		       struct wait_queue_entry *entry);

/* Wake every ordinary waiter and the first exclusive one. Any context. */
void wake_up(struct wait_queue_head *queue);
void wake_up_all(struct wait_queue_head *queue);
/* Does anybody wait? A hint, unless the caller orders it (see wait.c). */
bool waitqueue_active(const struct wait_queue_head *queue);
/* The same, ordered: may a waker that made the condition true skip wake_up()? */
bool wq_has_sleeper(const struct wait_queue_head *queue);

#define wait_event_loop(queue, condition, excl, sleep) \
	wait_event_loop_in(TASK_UNINTERRUPTIBLE, queue, condition, excl, sleep)
#define wait_event_loop_in(state, queue, condition, excl, sleep) do { \
	struct wait_queue_entry entry_; \
	init_wait_entry(&entry_, excl); \
	for (;;) { \
		prepare_to_wait(queue, &entry_, state); \
		if (condition) \
			break; \
		sleep; \
	} \
	finish_wait(queue, &entry_); \
} while (0)

/* Sleep until condition holds. Context: may sleep. */
#define wait_event(queue, condition) do { \
	might_sleep(); \
	if (!(condition)) \
		wait_event_loop(queue, condition, false, schedule()); \
} while (0)

/* The same as one of many, of whom wake_up() wakes only the first. */
#define wait_event_exclusive(queue, condition) do { \
	might_sleep(); \
	if (!(condition)) \
		wait_event_loop(queue, condition, true, schedule()); \
} while (0)

/*
 * The same for at most timeout jiffies. Value: 0 when the time is over and
 * the condition still does not hold, else what was left of it, at least 1.
 */
#define wait_event_timeout(queue, condition, timeout) ({ \
	long left_ = (timeout); \
	bool held_ = false; \
	might_sleep(); \
	wait_event_loop(queue, (held_ = (condition)) || left_ == 0, false, \
			left_ = schedule_timeout(left_)); \
	held_ ? max(left_, 1L) : 0; \
})

/*
 * The same until a signal waits; killable: one that ends the process. Value: 0, or
 * -ERESTARTSYS if the condition does not hold. Who asks includes kernel/signal.h.
 */
#define wait_event_interruptible(queue, condition) \
	wait_event_unless(queue, condition, signal_pending())
#define wait_event_killable(queue, condition) \
	wait_event_unless(queue, condition, fatal_signal_pending())

#define wait_event_unless(queue, condition, ended) ({ \
	bool held_ = false; \
	might_sleep(); \
	wait_event_loop_in(TASK_INTERRUPTIBLE, queue, \
			   (held_ = (condition)) || (ended), false, \
			   schedule()); \
	held_ ? 0 : -ERESTARTSYS; \
})

#endif
