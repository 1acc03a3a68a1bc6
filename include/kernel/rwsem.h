/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer semaphore: many readers or one writer, waiters sleep and
 * are served in the order they came. See kernel/locking/rwsem.c.
 */
#ifndef KERNEL_RWSEM_H
#define KERNEL_RWSEM_H

#include <kernel/lock.h>
#include <lib/list.h>
#include <lib/types.h>

struct task;

struct rw_semaphore {
	u32 count;			/* who is inside, and is there a queue:
					 * rwsem.c */
	struct task *owner;		/* the writer, or NULL: its own */
	spinlock_t wait_lock;		/* rank WAIT: the queue */
	struct list_head waiters;	/* oldest first */
};

#define RWSEM_INIT(name) \
	{ 0, NULL, SPINLOCK_INIT(LOCK_WAIT), LIST_HEAD_INIT((name).waiters) }
#define DECLARE_RWSEM(name)	struct rw_semaphore name = RWSEM_INIT(name)

void init_rwsem(struct rw_semaphore *sem);
/* Context: may sleep. */
void down_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
/* True when taken, without waiting. */
bool down_read_trylock(struct rw_semaphore *sem);
bool down_write_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
/* The writer becomes a reader; readers that wait come in with it. */
void downgrade_write(struct rw_semaphore *sem);
bool rwsem_is_locked(const struct rw_semaphore *sem);
/* How many readers are inside. */
unsigned rwsem_readers(const struct rw_semaphore *sem);

#endif
