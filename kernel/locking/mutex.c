/* SPDX-License-Identifier: MIT */
/*
 * Mutex: mutual exclusion whose waiters sleep.
 *
 * Ideas
 *   Handing over  mutex_unlock() makes the oldest waiter the owner before it
 *	wakes it. So the order is that of arrival, nobody can slip in between
 *	unlock and wake-up, and nobody starves. The price: if the new owner
 *	has to wait for a core, so do all others. (Linux lets a running task
 *	take the lock meanwhile, and hands over only after some time.)
 *
 *	A holds, B and C wait:   owner=A  waiters: B - C
 *	A unlocks:               owner=B  waiters: C       B is woken
 *
 * Invariants
 *   M1  owner is NULL only if nobody waits.
 *   M2  The owner is not in the list of waiters.
 *   The unlocker is the owner; the owner does not lock again: both panic.
 *
 * Locks   wait_lock, then a run queue's. Sleeping: no spinlock on entry.
 */
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <kernel/sched.h>

struct mutex_waiter {
	struct list_head node;
	struct task *task;
};

void
mutex_init(struct mutex *mutex)
{
	spin_lock_init(&mutex->wait_lock, LOCK_WAIT);
	mutex->owner = NULL;
	INIT_LIST_HEAD(&mutex->waiters);
}

bool
mutex_held(const struct mutex *mutex)
{
	return READ_ONCE(mutex->owner) == current;
}

bool
mutex_is_locked(const struct mutex *mutex)
{
	return READ_ONCE(mutex->owner) != NULL;
}

bool
mutex_trylock(struct mutex *mutex)
{
	unsigned long flags = spin_lock_irqsave(&mutex->wait_lock);
	bool taken = !mutex->owner;

	if (taken)
		mutex->owner = current;
	spin_unlock_irqrestore(&mutex->wait_lock, flags);
	return taken;
}

/*
 * Sleep until the mutex has been handed over to us.
 * Held on entry and on return: wait_lock, interrupts masked.
 */
static void
mutex_wait(struct mutex *mutex)
{
	struct mutex_waiter waiter = { .task = current };

	list_add_tail(&waiter.node, &mutex->waiters);
	while (mutex->owner != waiter.task) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		spin_unlock_irq(&mutex->wait_lock);
		schedule();
		spin_lock_irq(&mutex->wait_lock);
	}
	set_current_state(TASK_RUNNING);
}

void
mutex_lock(struct mutex *mutex)
{
	unsigned long flags;

	might_sleep();
	if (unlikely(mutex_held(mutex)))
		panic("mutex %p: %s holds it already", (void *)mutex,
		      current->name);
	flags = spin_lock_irqsave(&mutex->wait_lock);
	if (likely(!mutex->owner))
		mutex->owner = current;
	else
		mutex_wait(mutex);
	spin_unlock_irqrestore(&mutex->wait_lock, flags);
}

void
mutex_unlock(struct mutex *mutex)
{
	struct mutex_waiter *first;
	unsigned long flags;

	if (unlikely(!mutex_held(mutex)))
		panic("mutex %p: %s unlocks what it does not hold",
		      (void *)mutex, current->name);
	flags = spin_lock_irqsave(&mutex->wait_lock);
	if (list_empty(&mutex->waiters)) {
		mutex->owner = NULL;
	} else {
		first = list_first_entry(&mutex->waiters,
					 struct mutex_waiter, node);
		list_del(&first->node);
		WRITE_ONCE(mutex->owner, first->task);
		wake_up_process(first->task);
	}
	spin_unlock_irqrestore(&mutex->wait_lock, flags);
}
