/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: lists of sleeping tasks.
 *
 * A waker takes the entries it wakes out of the list; a sleeper whose
 * condition still does not hold enters again, at the end. Entries lie on the
 * sleepers' stacks: the waker touches them only under the queue's lock, and
 * the sleeper leaves by finish_wait(), which takes it too.
 *
 *	queue -> [ordinary] -> [ordinary] -> [exclusive 1] -> [exclusive 2]
 *	          woken         woken         woken            not by wake_up()
 *
 * An entry with a function is no sleeper: it is called and stays (epoll).
 *
 * Invariants
 *   W1  A task is in the list from before its state is set until a waker or
 *	finish_wait() takes it out.
 *   W2  wake_up() after the condition was made true: a sleeper that tested
 *	it before was in the list already (W1), so it is found.
 *
 * Locks   queue->lock, then a run queue's. The core of who was woken is told
 *	   when queue->lock is free again: finish_wait() needs it.
 *
 * Questions a reader asks
 *   May a waker skip wake_up() when waitqueue_active() says nobody waits?
 *   Only with smp_mb() between writing the condition and asking: else both
 *   may read the old value, the sleeper of the condition, the waker of the
 *   list.
 */
#include <kernel/wait.h>

void
init_waitqueue_head(struct wait_queue_head *queue)
{
	spin_lock_init(&queue->lock, LOCK_WAIT);
	INIT_LIST_HEAD(&queue->waiters);
}

void
init_wait_entry(struct wait_queue_entry *entry, bool exclusive)
{
	INIT_LIST_HEAD(&entry->node);
	entry->task = current;
	entry->exclusive = exclusive;
	entry->func = NULL;
}

void
prepare_to_wait(struct wait_queue_head *queue, struct wait_queue_entry *entry,
		enum task_state state)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	if (list_empty(&entry->node)) {
		if (entry->exclusive)
			list_add_tail(&entry->node, &queue->waiters);
		else
			list_add(&entry->node, &queue->waiters);
	}
	set_current_state(state);
	spin_unlock_irqrestore(&queue->lock, flags);
}

void
add_wait_queue(struct wait_queue_head *queue, struct wait_queue_entry *entry)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	list_add(&entry->node, &queue->waiters);
	spin_unlock_irqrestore(&queue->lock, flags);
}

void
remove_wait_queue(struct wait_queue_head *queue,
		  struct wait_queue_entry *entry)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	if (!list_empty(&entry->node))
		list_del_init(&entry->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}

void
finish_wait(struct wait_queue_head *queue, struct wait_queue_entry *entry)
{
	set_current_state(TASK_RUNNING);
	remove_wait_queue(queue, entry);
}

static void
wake_up_common(struct wait_queue_head *queue, unsigned nr_exclusive)
{
	struct wait_queue_entry *entry, *next;
	unsigned long flags = spin_lock_irqsave(&queue->lock), cores = 0;

	list_for_each_entry_safe(entry, next, &queue->waiters, node) {
		if (entry->func) {
			entry->func(entry);
			continue;
		}
		if (entry->exclusive && nr_exclusive == 0)
			break;
		list_del_init(&entry->node);
		/* One that runs already may be about to leave: not counted. */
		if (wake_up_quietly(entry->task, &cores) && entry->exclusive)
			nr_exclusive--;
	}
	unlock_and_tell(&queue->lock, flags, cores);
}

void
wake_up(struct wait_queue_head *queue)
{
	wake_up_common(queue, 1);
}

void
wake_up_all(struct wait_queue_head *queue)
{
	wake_up_common(queue, ~0u);
}

bool
waitqueue_active(const struct wait_queue_head *queue)
{
	return !list_empty(&queue->waiters);
}

bool
wq_has_sleeper(const struct wait_queue_head *queue)
{
	smp_mb();
	return waitqueue_active(queue);
}
