/* SPDX-License-Identifier: MIT */
/*
 * Mutex: a lock whose waiters sleep, served in the order they came.
 * See kernel/locking/mutex.c.
 */
#ifndef KERNEL_MUTEX_H
#define KERNEL_MUTEX_H

#include <kernel/lock.h>
#include <lib/list.h>
#include <lib/types.h>

struct task;

struct mutex {
	unsigned long owner;		/* the task, and is there a queue:
					 * mutex.c. 0: free */
	spinlock_t wait_lock;		/* rank WAIT: the queue */
	struct list_head waiters;	/* oldest first */
};

#define MUTEX_INIT(name) \
	{ 0, SPINLOCK_INIT(LOCK_WAIT), LIST_HEAD_INIT((name).waiters) }
#define DEFINE_MUTEX(name)	struct mutex name = MUTEX_INIT(name)

void mutex_init(struct mutex *mutex);
/* Context: may sleep; not recursive. The locker unlocks. */
void mutex_lock(struct mutex *mutex);
bool mutex_trylock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_is_locked(const struct mutex *mutex);
/* Who has it, or NULL. May be old at once. */
struct task *mutex_owner(const struct mutex *mutex);
/* Does the current task hold it? */
bool mutex_held(const struct mutex *mutex);

#endif
