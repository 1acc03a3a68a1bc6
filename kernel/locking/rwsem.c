/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer semaphore.
 *
 * Ideas
 *   Whoever finds the way clear changes one word and is inside: no lock, no
 *   queue. Whoever does not takes wait_lock and lines up.
 *
 *	count	31 ................ 2 | 1 | 0
 *		readers inside	       W   Q	W: a writer is inside
 *					    Q: somebody waits in the queue
 *
 *   While Q is set nobody comes in or goes out but under wait_lock: so the
 *   queue and the count are then one thing, guarded by one lock.
 *
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
 *   R1  Readers or a writer are inside, never both.
 *   R2  Q is set exactly while the queue is not empty; then somebody is
 *	 inside.
 *   R3  owner is the writer inside. It is written by the writer itself, or by
 *	 who lets it in; only the owner's own reading of it means anything.
 *
 * Locks   wait_lock, then a run queue's. Sleeping: no spinlock on entry.
 * Cost	   a load, a compare-and-swap and a barrier each way when nobody is in
 *	   the way.
 *
 * Questions a reader asks
 *   May a reader call down_read() again?  No: if a writer has queued up in
 *   between, the second call waits for the writer and the writer for the
 *   first.
 */
#include <kernel/panic.h>
#include <kernel/rwsem.h>
#include <kernel/sched.h>

#define QUEUED	1u
#define WRITER	2u
#define READER	4u		/* one of them */

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
	sem->count = 0;
	sem->owner = NULL;
	INIT_LIST_HEAD(&sem->waiters);
}

bool
rwsem_is_locked(const struct rw_semaphore *sem)
{
	return READ_ONCE(sem->count) != 0;
}

unsigned
rwsem_readers(const struct rw_semaphore *sem)
{
	return READ_ONCE(sem->count) / READER;
}

/*
 * *old becomes what the count was if that was something else. Coming in: what
 * is done inside is done after this.
 */
static inline bool
count_change(struct rw_semaphore *sem, u32 *old, u32 next)
{
	return __atomic_compare_exchange_n(&sem->count, old, next, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* The same going out: what was done inside was done before. */
static inline bool
count_leave(struct rw_semaphore *sem, u32 *old, u32 next)
{
	return __atomic_compare_exchange_n(&sem->count, old, next, false,
					   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

/* Come in past an empty queue, if who is inside lets us. */
static inline bool
reader_enter(struct rw_semaphore *sem)
{
	u32 old = READ_ONCE(sem->count);

	while (likely(!(old & (WRITER | QUEUED)))) {
		if (likely(count_change(sem, &old, old + READER)))
			return true;
	}
	return false;
}

static inline bool
writer_enter(struct rw_semaphore *sem)
{
	u32 old = 0;

	if (unlikely(!count_change(sem, &old, WRITER)))
		return false;
	WRITE_ONCE(sem->owner, current);
	return true;
}

static bool
rwsem_enter(struct rw_semaphore *sem, bool writer)
{
	return writer ? writer_enter(sem) : reader_enter(sem);
}

/*
 * Say that there is a queue, which stops the fast ways, or come in if the way
 * has become clear. True: inside. Held: wait_lock.
 */
static bool
queue_or_enter(struct rw_semaphore *sem, bool writer)
{
	u32 old;

	while (!rwsem_enter(sem, writer)) {
		old = READ_ONCE(sem->count);
		if (old & QUEUED)
			return false;
		if ((writer ? old != 0 : old & WRITER) &&
		    count_change(sem, &old, old | QUEUED))
			return false;
	}
	return true;
}

/*
 * Let in who may come now, in order; their cores are added to *cores. Held:
 * wait_lock, and QUEUED is set: so nobody else changes the count.
 */
static void
rwsem_grant(struct rw_semaphore *sem, unsigned long *cores)
{
	u32 count = sem->count;
	struct rwsem_waiter *w;

	while (!list_empty(&sem->waiters)) {
		w = list_first_entry(&sem->waiters, struct rwsem_waiter, node);
		if (w->writer ? count != QUEUED : count & WRITER)
			break;
		count += w->writer ? WRITER : READER;
		if (w->writer)
			WRITE_ONCE(sem->owner, w->task);
		list_del(&w->node);
		w->granted = true;
		wake_up_quietly(w->task, cores);
	}
	if (list_empty(&sem->waiters))
		count &= ~QUEUED;
	smp_store_release(&sem->count, count);
}

static noinline void
rwsem_down_slow(struct rw_semaphore *sem, bool writer)
{
	struct rwsem_waiter waiter = { .task = current, .writer = writer };
	unsigned long flags;

	if (unlikely(READ_ONCE(sem->owner) == current))
		panic("rwsem %p: %s holds it already", (void *)sem,
		      current->name);
	flags = spin_lock_irqsave(&sem->wait_lock);
	if (!queue_or_enter(sem, writer)) {
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
	if (unlikely(!reader_enter(sem)))
		rwsem_down_slow(sem, false);
}

void
down_write(struct rw_semaphore *sem)
{
	might_sleep();
	if (unlikely(!writer_enter(sem)))
		rwsem_down_slow(sem, true);
}

bool
down_read_trylock(struct rw_semaphore *sem)
{
	return reader_enter(sem);
}

bool
down_write_trylock(struct rw_semaphore *sem)
{
	return writer_enter(sem);
}

/*
 * Somebody waits: what is inside becomes count less `out' plus `in', and who
 * may come then is let in. QUEUED, which we saw, is still set: who waits first
 * waits for us.
 */
static noinline void
rwsem_up_slow(struct rw_semaphore *sem, u32 out, u32 in)
{
	unsigned long flags = spin_lock_irqsave(&sem->wait_lock), cores = 0;

	assert(sem->count & QUEUED);
	sem->count = sem->count - out + in;
	rwsem_grant(sem, &cores);
	unlock_and_tell(&sem->wait_lock, flags, cores);
}

void
up_read(struct rw_semaphore *sem)
{
	u32 old = READ_ONCE(sem->count);

	if (unlikely(old < READER))
		panic("rwsem %p: up_read() without a reader", (void *)sem);
	while (likely(!(old & QUEUED))) {
		if (likely(count_leave(sem, &old, old - READER)))
			return;
	}
	rwsem_up_slow(sem, READER, 0);
}

/* The writer leaves, or stays as a reader (in). */
static inline void
writer_leave(struct rw_semaphore *sem, u32 in)
{
	u32 old = WRITER;

	if (unlikely(READ_ONCE(sem->owner) != current))
		panic("rwsem %p: %s is not its writer", (void *)sem,
		      current->name);
	WRITE_ONCE(sem->owner, NULL);
	if (unlikely(!count_leave(sem, &old, in)))
		rwsem_up_slow(sem, WRITER, in);
}

void
up_write(struct rw_semaphore *sem)
{
	writer_leave(sem, 0);
}

void
downgrade_write(struct rw_semaphore *sem)
{
	writer_leave(sem, READER);
}
