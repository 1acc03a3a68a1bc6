/* SPDX-License-Identifier: MIT */
/* What the three kinds of System V objects have in common: see ipc_ids.c. */
#ifndef FS_IPC_IDS_H
#define FS_IPC_IDS_H

#include <kernel/fs.h>
#include <kernel/mutex.h>
#include <kernel/wait.h>
#include <lib/list.h>
#include <uapi/ipc.h>

#define IPC_MAX		256		/* objects of one kind */
#define IPC_NO_END	(~0ull)		/* a deadline that never comes */

/* The first field of each object. Guarded by the lock of its table. */
struct ipc_perm {
	int id, key;
	u32 mode;			/* rights, and the kind's own flags */
	u32 uid, gid, cuid, cgid;
	s64 ctime;			/* s */
};

struct ipc_ids {
	struct mutex lock;
	struct ipc_perm *place[IPC_MAX];
	unsigned next_seq;
};

#define DEFINE_IPC_IDS(name) \
	struct ipc_ids name = { .lock = MUTEX_INIT((name).lock) }

/* --- Held in all of these, but for ipc_get(): ids->lock --- */

/* The object of this number; NULL: there is none. */
struct ipc_perm *ipc_find(const struct ipc_ids *ids, int id);
/*
 * The object that a STAT is about: by id, or by place (SEM_STAT and such).
 * any: whatever its rights. NULL: *err is -EINVAL or -EACCES.
 */
struct ipc_perm *ipc_find_stat(const struct ipc_ids *ids, int id, bool by_place,
			       bool any, int *err);
/* The object of this number, whose owner the caller is. NULL: *err is -EINVAL
 * or -EPERM. */
struct ipc_perm *ipc_find_owned(const struct ipc_ids *ids, int id, int *err);
/* Enter it as the caller's. Its number, or -ENOSPC. */
int ipc_add(struct ipc_ids *ids, struct ipc_perm *perm, int key, unsigned mode);
void ipc_remove(struct ipc_ids *ids, struct ipc_perm *perm);
/* The highest place in use; -1: none. */
int ipc_highest(const struct ipc_ids *ids);
/* May the caller do mask (MAY_*)? 0 or -EACCES. */
int ipc_rights(const struct ipc_perm *perm, unsigned mask);
/* IPC_SET: owner, group and rights. 0, or -EINVAL: no such owner. */
int ipc_set(struct ipc_perm *perm, const struct ipc64_perm *from);
void ipc_fill(const struct ipc_perm *perm, struct ipc64_perm *to);

/* Makes one, held: ids->lock. Its number, or -Exxx. */
typedef long (*ipc_make_fn)(int key, size_t size, unsigned mode);
/* May one that there is be had as one of this size? 0 or -EINVAL. */
typedef int (*ipc_fits_fn)(const struct ipc_perm *perm, size_t size);

/* shmget, semget, msgget. Context: may sleep. The number, or -Exxx. */
long ipc_get(struct ipc_ids *ids, int key, size_t size, int flags,
	     ipc_make_fn make, ipc_fits_fn fits);

/* --- Sleeping: on the sleeper's stack, in a list of the object --- */

struct ipc_sleeper {
	struct list_head node;
	struct wait_queue_head wait;
	bool done;			/* out of the list; result is told */
	int result;
};

/*
 * Wait in list until somebody serves the sleeper (ipc_wake), who then has left
 * it. Held: ids->lock, which is let go meanwhile: the object may be gone at the
 * return. Value: result, or -EINTR (a signal), -EAGAIN (the deadline).
 */
int ipc_sleep(struct ipc_ids *ids, struct ipc_sleeper *sleeper,
	      struct list_head *list, u64 deadline);
/* Held: ids->lock, until the waker no longer looks at it. */
void ipc_wake(struct ipc_sleeper *sleeper, int result);

/* --- Memory that programs leave in the kernel --- */

/* Count so many bytes; false: a sixteenth of the memory is there already. */
bool ipc_charge(size_t bytes);
void ipc_uncharge(size_t bytes);

/* The number of the current process. */
int ipc_pid(void);

#endif
