/* SPDX-License-Identifier: MIT */
/*
 * Completions.
 *
 * done is read and written under the wait queue's lock, so that complete()
 * has let go of the completion for good before a waiter can see done > 0 and
 * return: the completion may lie on the waiter's stack.
 *
 * complete_all() sets done to a number that no waiter uses up.
 */
#include <kernel/completion.h>
#include <kernel/signal.h>
#include <lib/errno.h>

#define DONE_FOR_EVER	(~0u / 2)

void
init_completion(struct completion *c)
{
	c->done = 0;
	init_waitqueue_head(&c->wait);
}

/* Add n to done and wake so many waiters, all under the lock. */
static void
complete_n(struct completion *c, unsigned n)
{
	unsigned long flags = spin_lock_irqsave(&c->wait.lock), cores = 0;
	struct wait_queue_entry *entry, *next;

	if (c->done < DONE_FOR_EVER)
		c->done += n;
	list_for_each_entry_safe(entry, next, &c->wait.waiters, node) {
		if (n-- == 0)
			break;
		list_del_init(&entry->node);
		wake_up_quietly(entry->task, &cores);
	}
	unlock_and_tell(&c->wait.lock, flags, cores);
}

void
complete(struct completion *c)
{
	complete_n(c, 1);
}

void
complete_all(struct completion *c)
{
	complete_n(c, DONE_FOR_EVER);
}

/* Use up one, if there is one. Held on entry: wait.lock. */
static bool
take_done(struct completion *c)
{
	if (c->done == 0)
		return false;
	if (c->done < DONE_FOR_EVER)
		c->done--;
	return true;
}

bool
try_wait_for_completion(struct completion *c)
{
	unsigned long flags = spin_lock_irqsave(&c->wait.lock);
	bool taken = take_done(c);

	spin_unlock_irqrestore(&c->wait.lock, flags);
	return taken;
}

/*
 * Unlike wait_event(), the test, the taking and the leaving of the queue are
 * one step: a waiter that has what it wants is not there any more to swallow
 * the wake-up of the next complete().
 */
static long
wait_common(struct completion *c, long timeout, bool killable)
{
	struct wait_queue_entry entry;
	bool taken;

	might_sleep();
	init_wait_entry(&entry, true);
	spin_lock_irq(&c->wait.lock);
	while (!(taken = take_done(c)) && timeout) {
		if (list_empty(&entry.node))
			list_add_tail(&entry.node, &c->wait.waiters);
		set_current_state(killable ? TASK_INTERRUPTIBLE :
					     TASK_UNINTERRUPTIBLE);
		/* Who kills sets the signal, then looks at the state. */
		if (killable && fatal_signal_pending())
			break;
		spin_unlock_irq(&c->wait.lock);
		timeout = schedule_timeout(timeout);
		spin_lock_irq(&c->wait.lock);
	}
	set_current_state(TASK_RUNNING);
	if (!list_empty(&entry.node))
		list_del(&entry.node);
	spin_unlock_irq(&c->wait.lock);
	return taken ? max(timeout, 1L) : 0;
}

void
wait_for_completion(struct completion *c)
{
	wait_common(c, MAX_SCHEDULE_TIMEOUT, false);
}

int
wait_for_completion_killable(struct completion *c)
{
	return wait_common(c, MAX_SCHEDULE_TIMEOUT, true) ? 0 : -EINTR;
}

long
wait_for_completion_timeout(struct completion *c, long timeout)
{
	return wait_common(c, timeout, false);
}
