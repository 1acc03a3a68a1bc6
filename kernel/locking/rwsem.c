/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer semaphore.
 *
 * Ideas
 *   One queue for both kinds, served in order of arrival. A reader that
 *   arrives while a writer waits queues behind it, though readers are inside:
 *   else a stream of readers would starve the writer.
 *
 *	inside: R1 R2      queue: W3 - R4 - R5 - W6
 *	R1, R2 leave:      W3 is let in
 *	W3 leaves:         R4 and R5 are let in together, W6 waits for both
 *
 *   Handing over: who leaves last lets the next ones in before waking them.
 *
 * Invariants
 *   R1  active > 0: readers inside; -1: owner is inside; 0: nobody.
 *   R2  If somebody waits, somebody is inside.
 *
 * Locks   wait_lock, then a run queue's. Sleeping: no spinlock on entry.
 *
 * Questions a reader asks
 *   May a reader call down_read() again?  No: if a writer has queued up in
 *   between, the second call waits for the writer and the writer for the
 *   first.
 */
#include <kernel/panic.h>
#include <kernel/rwsem.h>
#include <kernel/sched.h>

struct rwsem_waiter {
	struct list_head node;
	struct task *task;
	bool writer;
	bool granted;
};

void
init_rwsem(struct rw_semaphore *sem)
{
	spin_lock_init(&sem->wait_lock, LOCK_WAIT);
	sem->active = 0;
	sem->owner = NULL;
	INIT_LIST_HEAD(&sem->waiters);
}

bool
rwsem_is_locked(const struct rw_semaphore *sem)
{
	return READ_ONCE(sem->active) != 0;
}

/* Enter if that is possible at once. Held on entry: wait_lock. */
static bool
rwsem_enter(struct rw_semaphore *sem, bool writer)
{
	if (!list_empty(&sem->waiters))
		return false;
	if (writer ? sem->active != 0 : sem->active < 0)
		return false;
	if (writer) {
		sem->active = -1;
		sem->owner = current;
	} else {
		sem->active++;
	}
	return true;
}

/* Let in who may come now, in order. Held on entry: wait_lock. */
static void
rwsem_grant(struct rw_semaphore *sem)
{
	struct rwsem_waiter *w;

	while (!list_empty(&sem->waiters)) {
		w = list_first_entry(&sem->waiters, struct rwsem_waiter, node);
		if (w->writer ? sem->active != 0 : sem->active < 0)
			return;
		if (w->writer) {
			sem->active = -1;
			WRITE_ONCE(sem->owner, w->task);
		} else {
			sem->active++;
		}
		list_del(&w->node);
		w->granted = true;
		wake_up_process(w->task);
	}
}

static void
rwsem_down(struct rw_semaphore *sem, bool writer)
{
	struct rwsem_waiter waiter = { .task = current, .writer = writer };
	unsigned long flags;

	if (unlikely(READ_ONCE(sem->owner) == current))
		panic("rwsem %p: %s holds it already", (void *)sem,
		      current->name);
	flags = spin_lock_irqsave(&sem->wait_lock);
	if (!rwsem_enter(sem, writer)) {
		list_add_tail(&waiter.node, &sem->waiters);
		while (!waiter.granted) {
			set_current_state(TASK_UNINTERRUPTIBLE);
			spin_unlock_irq(&sem->wait_lock);
			schedule();
			spin_lock_irq(&sem->wait_lock);
		}
		set_current_state(TASK_RUNNING);
	}
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}

void
down_read(struct rw_semaphore *sem)
{
	might_sleep();
	rwsem_down(sem, false);
}

void
down_write(struct rw_semaphore *sem)
{
	might_sleep();
	rwsem_down(sem, true);
}

bool
down_read_trylock(struct rw_semaphore *sem)
{
	unsigned long flags = spin_lock_irqsave(&sem->wait_lock);
	bool taken = rwsem_enter(sem, false);

	spin_unlock_irqrestore(&sem->wait_lock, flags);
	return taken;
}

bool
down_write_trylock(struct rw_semaphore *sem)
{
	unsigned long flags = spin_lock_irqsave(&sem->wait_lock);
	bool taken = rwsem_enter(sem, true);

	spin_unlock_irqrestore(&sem->wait_lock, flags);
	return taken;
}

void
up_read(struct rw_semaphore *sem)
{
	unsigned long flags;

	if (unlikely(READ_ONCE(sem->active) <= 0))
		panic("rwsem %p: up_read() without a reader", (void *)sem);
	flags = spin_lock_irqsave(&sem->wait_lock);
	if (--sem->active == 0)
		rwsem_grant(sem);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}

static void
check_writer(const struct rw_semaphore *sem)
{
	if (unlikely(READ_ONCE(sem->owner) != current))
		panic("rwsem %p: %s is not its writer", (const void *)sem,
		      current->name);
}

void
up_write(struct rw_semaphore *sem)
{
	unsigned long flags;

	check_writer(sem);
	flags = spin_lock_irqsave(&sem->wait_lock);
	sem->owner = NULL;
	sem->active = 0;
	rwsem_grant(sem);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}

void
downgrade_write(struct rw_semaphore *sem)
{
	unsigned long flags;

	check_writer(sem);
	flags = spin_lock_irqsave(&sem->wait_lock);
	sem->owner = NULL;
	sem->active = 1;
	rwsem_grant(sem);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}
