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
	unsigned long flags = spin_lock_irqsave(&c->wait.lock);
	struct wait_queue_entry *entry, *next;

	if (c->done < DONE_FOR_EVER)
		c->done += n;
	list_for_each_entry_safe(entry, next, &c->wait.waiters, node) {
		if (n-- == 0)
			break;
		list_del_init(&entry->node);
		wake_up_process(entry->task);
	}
	spin_unlock_irqrestore(&c->wait.lock, flags);
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

bool
try_wait_for_completion(struct completion *c)
{
	unsigned long flags = spin_lock_irqsave(&c->wait.lock);
	bool taken = c->done > 0;

	if (taken && c->done < DONE_FOR_EVER)
		c->done--;
	spin_unlock_irqrestore(&c->wait.lock, flags);
	return taken;
}

void
wait_for_completion(struct completion *c)
{
	wait_event_exclusive(&c->wait, try_wait_for_completion(c));
}

long
wait_for_completion_timeout(struct completion *c, long timeout)
{
	return wait_event_timeout(&c->wait, try_wait_for_completion(c),
				  timeout);
}
