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
	spinlock_t wait_lock;		/* rank WAIT; guards the rest */
	struct task *owner;		/* NULL: free */
	struct list_head waiters;	/* oldest first */
};

#define MUTEX_INIT(name) \
	{ SPINLOCK_INIT(LOCK_WAIT), NULL, LIST_HEAD_INIT((name).waiters) }
#define DEFINE_MUTEX(name)	struct mutex name = MUTEX_INIT(name)

void mutex_init(struct mutex *mutex);
/* Context: may sleep; not recursive. The locker unlocks. */
void mutex_lock(struct mutex *mutex);
bool mutex_trylock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_is_locked(const struct mutex *mutex);
/* Does the current task hold it? */
bool mutex_held(const struct mutex *mutex);

#endif
