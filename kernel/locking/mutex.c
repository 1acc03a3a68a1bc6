/* SPDX-License-Identifier: MIT */
/*
 * Mutex: mutual exclusion whose waiters sleep.
 *
 * Ideas
 *   One word says who has it and whether somebody waits. While nobody does,
 *   locking and unlocking change that word and nothing else.
 *
 *	owner	31 ............... 1 | 0
 *		the task that has it | Q: somebody waits
 *
 *   Handing over  mutex_unlock() makes the oldest waiter the owner before it
 *	wakes it. So the order is that of arrival, nobody can slip in between
 *	unlock and wake-up, and nobody starves. The price: if the new owner
 *	has to wait for a core, so do all others. (Linux lets a running task
 *	take the lock meanwhile, and hands over only after some time.)
 *
 *	A holds, B and C wait:   owner=A|Q  waiters: B - C
 *	A unlocks:               owner=B|Q  waiters: C       B is woken
 *	B unlocks:               owner=C    waiters: none    C is woken
 *
 * Invariants
 *   M1  Q is set exactly while somebody waits; then there is an owner.
 *   M2  The owner is not in the list of waiters.
 *   The unlocker is the owner; the owner does not lock again: both panic.
 *
 * Locks   wait_lock, then a run queue's. Sleeping: no spinlock on entry. While
 *	   Q is set the word changes only under wait_lock.
 * Cost	   a compare-and-swap and a barrier each way when nobody waits.
 */
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <kernel/sched.h>

#define QUEUED	1ul

struct mutex_waiter {
	struct list_head node;
	struct task *task;
};

void
mutex_init(struct mutex *mutex)
{
	mutex->owner = 0;
	spin_lock_init(&mutex->wait_lock, LOCK_WAIT);
	INIT_LIST_HEAD(&mutex->waiters);
}

struct task *
mutex_owner(const struct mutex *mutex)
{
	return (struct task *)(READ_ONCE(mutex->owner) & ~QUEUED);
}

bool
mutex_held(const struct mutex *mutex)
{
	return mutex_owner(mutex) == current;
}

bool
mutex_is_locked(const struct mutex *mutex)
{
	return READ_ONCE(mutex->owner) != 0;
}

/*
 * True when it was changed; if not, somebody else has changed it. What the
 * owner does is done after this.
 */
static inline bool
owner_change(struct mutex *mutex, unsigned long old, unsigned long next)
{
	return __atomic_compare_exchange_n(&mutex->owner, &old, next, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* From current to nobody: what the owner did was done before this. */
static inline bool
owner_leave(struct mutex *mutex)
{
	unsigned long old = (unsigned long)current;

	return __atomic_compare_exchange_n(&mutex->owner, &old, 0, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

bool
mutex_trylock(struct mutex *mutex)
{
	return owner_change(mutex, 0, (unsigned long)current);
}

/*
 * Say that somebody waits, or take the mutex if it has become free. True: taken.
 * Held: wait_lock.
 */
static bool
queue_or_take(struct mutex *mutex)
{
	unsigned long old;

	while (!mutex_trylock(mutex)) {
		old = READ_ONCE(mutex->owner);
		if (old & QUEUED || (old && owner_change(mutex, old,
							 old | QUEUED)))
			return false;
	}
	return true;
}

/* Sleep until the mutex has been handed over to us. */
static noinline void
mutex_lock_slow(struct mutex *mutex)
{
	struct mutex_waiter waiter = { .task = current };
	unsigned long flags;

	if (unlikely(mutex_held(mutex)))
		panic("mutex %p: %s holds it already", (void *)mutex,
		      current->name);
	flags = spin_lock_irqsave(&mutex->wait_lock);
	if (!queue_or_take(mutex)) {
		list_add_tail(&waiter.node, &mutex->waiters);
		while (mutex_owner(mutex) != waiter.task) {
			set_current_state(TASK_UNINTERRUPTIBLE);
			spin_unlock_irq(&mutex->wait_lock);
			schedule();
			spin_lock_irq(&mutex->wait_lock);
		}
		set_current_state(TASK_RUNNING);
	}
	spin_unlock_irqrestore(&mutex->wait_lock, flags);
}

void
mutex_lock(struct mutex *mutex)
{
	might_sleep();
	if (unlikely(!mutex_trylock(mutex)))
		mutex_lock_slow(mutex);
}

/* Somebody waits: the oldest gets it. */
static noinline void
mutex_unlock_slow(struct mutex *mutex)
{
	unsigned long flags = spin_lock_irqsave(&mutex->wait_lock), cores = 0;
	struct mutex_waiter *first;
	unsigned long next;

	assert(!list_empty(&mutex->waiters));
	first = list_first_entry(&mutex->waiters, struct mutex_waiter, node);
	list_del(&first->node);
	next = (unsigned long)first->task;
	if (!list_empty(&mutex->waiters))
		next |= QUEUED;
	smp_store_release(&mutex->owner, next);
	wake_up_quietly(first->task, &cores);
	unlock_and_tell(&mutex->wait_lock, flags, cores);
}

void
mutex_unlock(struct mutex *mutex)
{
	if (likely(owner_leave(mutex)))
		return;
	if (unlikely(!mutex_held(mutex)))
		panic("mutex %p: %s unlocks what it does not hold",
		      (void *)mutex, current->name);
	mutex_unlock_slow(mutex);
}
