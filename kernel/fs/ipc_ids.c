/* SPDX-License-Identifier: MIT */
/*
 * System V objects: numbers, keys, rights, and sleeping. Shared memory
 * (sysvshm.c), semaphores (sysvsem.c) and message queues (sysvmsg.c) are three
 * tables of the same kind.
 *
 * Ideas
 *   id		place in the table, and how often places have been used: an old
 *	id does not name a new object.
 *
 *		id = sequence * 256 + place
 *
 *   key	what programs agree on beforehand. IPC_PRIVATE (0) is no key.
 *   Serving	who waits lies in the object's list with what he waits for. Who
 *	changes the object looks through the list and does it for him, under
 *	the lock: a sleeper wakes when it is done, never to try again; and when
 *	the object is removed he is told, so nobody looks at it later.
 *
 *		sleeper: in the list, unlock, sleep ........ awake, lock, result
 *		other:			lock, serve, wake, unlock
 *
 *   Charge	messages and undo records stay when the program sleeps or is
 *	gone; together they get a sixteenth of the memory, then ENOMEM.
 *
 * Locks   ipc_ids.lock of each table: table and objects. It is not held when
 *   user memory is copied.
 * Cost    looking up an id: one load; a key: the table of 256 places.
 * Sources POSIX.1-2017, 2.7 XSI Interprocess Communication; svipc(7).
 */
#include <kernel/fs_struct.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/time.h>
#include <lib/atomic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/zone.h>

#include "ipc_ids.h"

#define MAX_SEQ		0x7fff
#define NOBODY		(~0u)

static atomic_t charged;		/* bytes */

int
ipc_pid(void)
{
	return current->process ? current->process->pid : current->pid;
}

/* --- The table ------------------------------------------------------------ */

struct ipc_perm *
ipc_find(const struct ipc_ids *ids, int id)
{
	struct ipc_perm *perm;

	if (id < 0)
		return NULL;
	perm = ids->place[id % IPC_MAX];
	return perm && perm->id == id ? perm : NULL;
}

struct ipc_perm *
ipc_find_stat(const struct ipc_ids *ids, int id, bool by_place, bool any,
	      int *err)
{
	struct ipc_perm *perm;

	if (by_place)
		perm = id >= 0 && id < IPC_MAX ? ids->place[id] : NULL;
	else
		perm = ipc_find(ids, id);
	*err = perm ? 0 : -EINVAL;
	if (perm && !any)
		*err = ipc_rights(perm, MAY_READ);
	return *err ? NULL : perm;
}

struct ipc_perm *
ipc_find_owned(const struct ipc_ids *ids, int id, int *err)
{
	struct ipc_perm *perm = ipc_find(ids, id);
	u32 uid = current_fs()->uid;

	*err = 0;
	if (!perm)
		*err = -EINVAL;
	else if (uid && uid != perm->uid && uid != perm->cuid)
		*err = -EPERM;
	return *err ? NULL : perm;
}

static struct ipc_perm *
find_key(const struct ipc_ids *ids, int key)
{
	unsigned i;

	for (i = 0; key != IPC_PRIVATE && i < IPC_MAX; i++) {
		if (ids->place[i] && ids->place[i]->key == key)
			return ids->place[i];
	}
	return NULL;
}

int
ipc_add(struct ipc_ids *ids, struct ipc_perm *perm, int key, unsigned mode)
{
	int i;

	for (i = 0; i < IPC_MAX && ids->place[i]; i++)
		;
	if (i == IPC_MAX)
		return -ENOSPC;
	perm->key = key;
	perm->mode = mode & S_IRWXUGO;
	perm->uid = perm->cuid = current_fs()->uid;
	perm->gid = perm->cgid = current_fs()->gid;
	perm->ctime = current_time().tv_sec;
	perm->id = i + (int)(ids->next_seq++ & MAX_SEQ) * IPC_MAX;
	ids->place[i] = perm;
	return perm->id;
}

void
ipc_remove(struct ipc_ids *ids, struct ipc_perm *perm)
{
	ids->place[perm->id % IPC_MAX] = NULL;
}

int
ipc_highest(const struct ipc_ids *ids)
{
	int i = IPC_MAX - 1;

	while (i >= 0 && !ids->place[i])
		i--;
	return i;
}

int
ipc_rights(const struct ipc_perm *perm, unsigned mask)
{
	const struct fs_struct *fs = current_fs();
	u32 mode = perm->mode;

	if (fs->uid == 0)
		return 0;
	if (fs->uid == perm->uid || fs->uid == perm->cuid)
		mode >>= 6;
	else if (fs->gid == perm->gid || fs->gid == perm->cgid)
		mode >>= 3;
	return mask & ~mode & 7 ? -EACCES : 0;
}

int
ipc_set(struct ipc_perm *perm, const struct ipc64_perm *from)
{
	if (from->uid == NOBODY || from->gid == NOBODY)
		return -EINVAL;
	perm->uid = from->uid;
	perm->gid = from->gid;
	perm->mode = (perm->mode & ~S_IRWXUGO) | (from->mode & S_IRWXUGO);
	perm->ctime = current_time().tv_sec;
	return 0;
}

void
ipc_fill(const struct ipc_perm *perm, struct ipc64_perm *to)
{
	memset(to, 0, sizeof(*to));
	to->key = perm->key;
	to->uid = perm->uid;
	to->gid = perm->gid;
	to->cuid = perm->cuid;
	to->cgid = perm->cgid;
	to->mode = (u16)perm->mode;
	to->seq = (u16)(perm->id / IPC_MAX);
}

long
ipc_get(struct ipc_ids *ids, int key, size_t size, int flags, ipc_make_fn make,
	ipc_fits_fn fits)
{
	/* A right that is asked for in any of the three places. */
	unsigned want = (unsigned)(flags >> 6 | flags >> 3 | flags) & 7;
	struct ipc_perm *perm;
	long result;

	mutex_lock(&ids->lock);
	perm = find_key(ids, key);
	if (!perm)
		result = key == IPC_PRIVATE || (flags & IPC_CREAT) ?
			 make(key, size, (unsigned)flags) : -ENOENT;
	else if ((flags & IPC_CREAT) && (flags & IPC_EXCL))
		result = -EEXIST;
	else if (fits && fits(perm, size))
		result = -EINVAL;
	else
		result = ipc_rights(perm, want) ? -EACCES : perm->id;
	mutex_unlock(&ids->lock);
	return result;
}

/* --- Sleeping ------------------------------------------------------------- */

/* Until it is served, a signal comes or the time is over. */
static int
wait_for_it(struct ipc_sleeper *sleeper, u64 deadline)
{
	struct wait_queue_entry entry;
	int err = 0;
	u64 now;

	init_wait_entry(&entry, false);
	for (;;) {
		prepare_to_wait(&sleeper->wait, &entry, TASK_INTERRUPTIBLE);
		if (READ_ONCE(sleeper->done))
			break;
		now = ktime_get_ns();
		err = signal_pending() ? -EINTR :
		      deadline != IPC_NO_END && now >= deadline ? -EAGAIN : 0;
		if (err)
			break;
		if (deadline == IPC_NO_END)
			schedule();
		else
			schedule_timeout_ns(deadline - now);
	}
	finish_wait(&sleeper->wait, &entry);
	return err;
}

int
ipc_sleep(struct ipc_ids *ids, struct ipc_sleeper *sleeper,
	  struct list_head *list, u64 deadline)
{
	int err;

	init_waitqueue_head(&sleeper->wait);
	sleeper->done = false;
	list_add_tail(&sleeper->node, list);
	mutex_unlock(&ids->lock);
	err = wait_for_it(sleeper, deadline);
	mutex_lock(&ids->lock);
	if (sleeper->done)		/* served after all */
		return sleeper->result;
	list_del(&sleeper->node);
	return err;
}

void
ipc_wake(struct ipc_sleeper *sleeper, int result)
{
	list_del(&sleeper->node);
	sleeper->result = result;
	WRITE_ONCE(sleeper->done, true);
	wake_up(&sleeper->wait);
}

/* --- Memory --------------------------------------------------------------- */

bool
ipc_charge(size_t bytes)
{
	unsigned long most = totalram_pages() / 16 * PAGE_SIZE;

	if ((unsigned long)atomic_add_return(&charged, (int)bytes) <= most)
		return true;
	ipc_uncharge(bytes);
	return false;
}

void
ipc_uncharge(size_t bytes)
{
	atomic_sub(&charged, (int)bytes);
}
