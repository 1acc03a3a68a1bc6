/* SPDX-License-Identifier: MIT */
/*
 * System V semaphores: sets of counters; a call changes several, or none.
 *
 * Ideas
 *   Operation	on one counter: add; subtract, when it is large enough; wait
 *	for zero. A call brings up to 500 and they happen together: they are
 *	tried in order, and when one cannot go on, those before it are taken
 *	back and the caller sleeps.
 *
 *		value 1 0	ops -1 on the first, -1 on the second
 *		      0 0	the first went
 *		      1 0	the second cannot: back, and asleep
 *
 *   Serving	who changes a set tries those who sleep, in the order they
 *	came, and does it for them (ipc_ids.c). After one that changes
 *	something all are asked again.
 *   Undo	SEM_UNDO notes the opposite in a record of the process and the
 *	set. When the process ends the notes are added; a value stays in 0 to
 *	32767. SETVAL and SETALL forget the notes of what they set. The
 *	threads of a process share its records; a child has none.
 *
 *	sem_set -- undos --> sem_undo (process A: +1 0)  (process B: 0 -2)
 *	       \-- pending --> request, request	  (on the sleepers' stacks)
 *
 * Locks   sem_ids.lock: table, sets, records, process.nr_sem_undos.
 * Cost    a call that need not sleep: a lock and a pass over its operations,
 *   one more over the requests of the set.
 * Questions a reader asks
 *   May one who comes later overtake?  Yes, when what he wants is there.
 *   Why does the end of a process not fail?  What does not fit is cut.
 *
 * Sources POSIX.1-2017, semop() and its neighbours; semop(2), semctl(2).
 */
#include <asm/uaccess.h>
#include <kernel/node.h>
#include <kernel/process.h>
#include <kernel/syscalls.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/sem.h>

#include "ipc_ids.h"

#define OPS_ON_STACK	8
#define BLOCKS		1	/* of try_ops(): not now */

struct sem {
	int value;
	int pid;		/* who changed it last */
};

struct sem_undo {
	struct list_head node;	/* of its set */
	struct process *process;
	s16 add[];		/* at its end; one for each semaphore */
};

struct sem_set {
	struct ipc_perm perm;
	s64 otime;
	unsigned nr;
	struct list_head pending;	/* struct sem_request, oldest first */
	struct list_head undos;
	struct sem sems[];
};

struct sem_request {
	struct ipc_sleeper sleeper;
	const struct sembuf *ops;
	unsigned nr;
	bool alters, undoes;
	struct sem_undo *undo;		/* when it undoes */
	const struct sembuf *blocking;	/* what it waits for */
	int pid;
};

static DEFINE_IPC_IDS(sem_ids);
static unsigned nr_sems;		/* of all sets */

/* --- Sets: sem_ids.lock held in all of this part -------------------------- */

static struct sem_set *
set_of(struct ipc_perm *perm)
{
	return perm ? container_of(perm, struct sem_set, perm) : NULL;
}

/* Keys' part of semget(). */
static long
make_set(int key, size_t nr, unsigned mode)
{
	struct sem_set *set;
	int id;

	if (!nr)
		return -EINVAL;
	if (nr > SEMMNS - nr_sems)
		return -ENOSPC;
	set = kzalloc(sizeof(*set) + nr * sizeof(set->sems[0]), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	set->nr = (unsigned)nr;
	INIT_LIST_HEAD(&set->pending);
	INIT_LIST_HEAD(&set->undos);
	id = ipc_add(&sem_ids, &set->perm, key, mode);
	if (id < 0)
		kfree(set);
	else
		nr_sems += set->nr;
	return id;
}

static int
has_so_many(const struct ipc_perm *perm, size_t nr)
{
	return nr > container_of(perm, const struct sem_set, perm)->nr ?
	       -EINVAL : 0;
}

static size_t
undo_size(const struct sem_set *set)
{
	return sizeof(struct sem_undo) + set->nr * sizeof(s16);
}

static void
free_undo(struct sem_set *set, struct sem_undo *undo)
{
	list_del(&undo->node);
	undo->process->nr_sem_undos--;
	ipc_uncharge(undo_size(set));
	kfree(undo);
}

static void
destroy_set(struct sem_set *set)
{
	struct sem_request *r, *next;
	struct sem_undo *undo, *next_undo;

	ipc_remove(&sem_ids, &set->perm);
	nr_sems -= set->nr;
	list_for_each_entry_safe(r, next, &set->pending, sleeper.node)
		ipc_wake(&r->sleeper, -EIDRM);
	list_for_each_entry_safe(undo, next_undo, &set->undos, node)
		free_undo(set, undo);
	kfree(set);
}

static struct sem_undo *
find_undo(const struct sem_set *set, const struct process *process)
{
	struct sem_undo *undo;

	list_for_each_entry(undo, &set->undos, node) {
		if (undo->process == process)
			return undo;
	}
	return NULL;
}

/* The current process's; NULL: no memory. */
static struct sem_undo *
get_undo(struct sem_set *set)
{
	struct process *process = current->process;
	struct sem_undo *undo = find_undo(set, process);

	if (undo || !ipc_charge(undo_size(set)))
		return undo;
	undo = kzalloc(undo_size(set), GFP_KERNEL);
	if (!undo) {
		ipc_uncharge(undo_size(set));
		return NULL;
	}
	undo->process = process;
	process->nr_sem_undos++;
	list_add_tail(&undo->node, &set->undos);
	return undo;
}

/* --- Operations: sem_ids.lock held ---------------------------------------- */

/* 0, BLOCKS, -ERANGE. */
static int
do_op(struct sem_set *set, struct sem_request *r, const struct sembuf *op)
{
	struct sem *sem = &set->sems[op->sem_num];
	int value = sem->value + op->sem_op, add;

	if (op->sem_op == 0)
		return sem->value ? BLOCKS : 0;
	if (value < 0)
		return BLOCKS;
	if (value > SEMVMX)
		return -ERANGE;
	if (op->sem_flg & SEM_UNDO) {
		add = r->undo->add[op->sem_num] - op->sem_op;
		if (add < -SEMAEM - 1 || add > SEMAEM)
			return -ERANGE;
		r->undo->add[op->sem_num] = (s16)add;
	}
	sem->value = value;
	return 0;
}

static void
take_back(struct sem_set *set, struct sem_request *r, const struct sembuf *op)
{
	set->sems[op->sem_num].value -= op->sem_op;
	if (op->sem_op && (op->sem_flg & SEM_UNDO))
		r->undo->add[op->sem_num] += op->sem_op;
}

/* All or none. 0, BLOCKS, -EAGAIN (it would, and may not wait), -ERANGE. */
static int
try_ops(struct sem_set *set, struct sem_request *r)
{
	unsigned i, done;
	int err = 0;

	for (done = 0; done < r->nr; done++) {
		err = do_op(set, r, &r->ops[done]);
		if (err)
			break;
	}
	if (!err) {
		for (i = 0; i < r->nr; i++)
			set->sems[r->ops[i].sem_num].pid = r->pid;
		set->otime = current_time().tv_sec;
		return 0;
	}
	r->blocking = &r->ops[done];
	if (err == BLOCKS && (r->blocking->sem_flg & IPC_NOWAIT))
		err = -EAGAIN;
	while (done-- > 0)
		take_back(set, r, &r->ops[done]);
	return err;
}

/* One who waits and need not any more; true: values have changed. */
static bool
serve_one(struct sem_set *set)
{
	struct sem_request *r, *next;
	bool changed;
	int err;

	list_for_each_entry_safe(r, next, &set->pending, sleeper.node) {
		err = try_ops(set, r);
		if (err == BLOCKS)
			continue;
		changed = !err && r->alters;
		ipc_wake(&r->sleeper, err);
		if (changed)
			return true;
	}
	return false;
}

/* After values have changed. */
static void
serve(struct sem_set *set)
{
	while (serve_one(set))
		;
}

/* The set, when the request is one for it. */
static struct sem_set *
check_request(int id, struct sem_request *r, int *err)
{
	struct sem_set *set = set_of(ipc_find(&sem_ids, id));
	unsigned i;

	*err = set ? 0 : -EINVAL;
	for (i = 0; set && i < r->nr; i++) {
		if (r->ops[i].sem_num >= set->nr)
			*err = -EFBIG;
		r->alters |= r->ops[i].sem_op != 0;
		r->undoes |= (r->ops[i].sem_flg & SEM_UNDO) != 0;
	}
	if (!*err)
		*err = ipc_rights(&set->perm, r->alters ? MAY_WRITE : MAY_READ);
	if (!*err && r->undoes) {
		r->undo = get_undo(set);
		if (!r->undo)
			*err = -ENOMEM;
	}
	return *err ? NULL : set;
}

static int
do_request(int id, struct sem_request *r, u64 deadline)
{
	struct sem_set *set;
	int err;

	mutex_lock(&sem_ids.lock);
	set = check_request(id, r, &err);
	if (set) {
		err = try_ops(set, r);
		if (err == BLOCKS)
			err = ipc_sleep(&sem_ids, &r->sleeper, &set->pending,
					deadline);
		else if (!err && r->alters)
			serve(set);
	}
	mutex_unlock(&sem_ids.lock);
	return err;
}

/* --- The calls ------------------------------------------------------------ */

long
sys_semget(int key, int nr, int flags)
{
	if (nr < 0 || nr > SEMMSL)
		return -EINVAL;
	return ipc_get(&sem_ids, key, (size_t)nr, flags, make_set, has_so_many);
}

static long
semop_until(int id, const void *user, unsigned nr, u64 deadline)
{
	struct sembuf few[OPS_ON_STACK], *ops = few;
	struct sem_request r = { .nr = nr, .pid = ipc_pid() };
	int err;

	if (!nr || id < 0)
		return -EINVAL;
	if (nr > SEMOPM)
		return -E2BIG;
	if (nr > OPS_ON_STACK)
		ops = kmalloc_array(nr, sizeof(*ops), GFP_KERNEL);
	if (!ops)
		return -ENOMEM;
	r.ops = ops;
	err = copy_from_user(ops, user, nr * sizeof(*ops)) ? -EFAULT :
	      do_request(id, &r, deadline);
	if (ops != few)
		kfree(ops);
	return err;
}

long
sys_semop(int id, const void *ops, unsigned nr)
{
	return semop_until(id, ops, nr, IPC_NO_END);
}

long
sys_semtimedop(int id, const void *ops, unsigned nr,
	       const struct old_timespec32 *timeout)
{
	u64 ns = 0;
	int err = timeout ? get_timespec32_ns(timeout, &ns) : 0;

	return err ? err : semop_until(id, ops, nr, timeout ?
				       ktime_get_ns() + ns : IPC_NO_END);
}

long
sys_semtimedop_time64(int id, const void *ops, unsigned nr,
		      const struct kernel_timespec *timeout)
{
	u64 ns = 0;
	int err = timeout ? get_timespec64_ns(timeout, &ns) : 0;

	return err ? err : semop_until(id, ops, nr, timeout ?
				       ktime_get_ns() + ns : IPC_NO_END);
}

/* What is to be taken back in one set. */
static void
undo_set(struct sem_set *set, struct process *process)
{
	struct sem_undo *undo = find_undo(set, process);
	unsigned i;

	if (!undo)
		return;
	for (i = 0; i < set->nr; i++) {
		if (!undo->add[i])
			continue;
		set->sems[i].value = clamp(set->sems[i].value + undo->add[i],
					   0, SEMVMX);
		set->sems[i].pid = process->pid;
		set->otime = current_time().tv_sec;
	}
	free_undo(set, undo);
	serve(set);
}

/* The last thread of process is ending: nobody else enters records of it. */
void
sem_exit(struct process *process)
{
	unsigned i;

	if (!READ_ONCE(process->nr_sem_undos))
		return;
	mutex_lock(&sem_ids.lock);
	for (i = 0; i < IPC_MAX; i++) {
		if (sem_ids.place[i])
			undo_set(set_of(sem_ids.place[i]), process);
	}
	mutex_unlock(&sem_ids.lock);
}

/* --- Control -------------------------------------------------------------- */

/* How many wait for it to grow (zero: to become 0). */
static long
count_waiters(const struct sem_set *set, unsigned num, bool zero)
{
	const struct sem_request *r;
	long n = 0;

	list_for_each_entry(r, &set->pending, sleeper.node)
		n += r->blocking->sem_num == num &&
		     (r->blocking->sem_op == 0) == zero;
	return n;
}

/* What to add at the end no longer fits a value that was set. */
static void
set_value(struct sem_set *set, unsigned num, int value)
{
	struct sem_undo *undo;

	set->sems[num].value = value;
	set->sems[num].pid = ipc_pid();
	list_for_each_entry(undo, &set->undos, node)
		undo->add[num] = 0;
}

static long
ask_one(const struct sem_set *set, unsigned num, int cmd)
{
	switch (cmd) {
	case GETVAL:
		return set->sems[num].value;
	case GETPID:
		return set->sems[num].pid;
	default:
		return count_waiters(set, num, cmd == GETZCNT);
	}
}

/* GETVAL, GETPID, GETNCNT, GETZCNT, and SETVAL with its value. */
static long
control_one(int id, int num, int cmd, int value)
{
	bool write = cmd == SETVAL;
	struct sem_set *set;
	long result;

	if (write && (value < 0 || value > SEMVMX))
		return -ERANGE;
	mutex_lock(&sem_ids.lock);
	set = set_of(ipc_find(&sem_ids, id));
	if (!set || num < 0 || (unsigned)num >= set->nr) {
		result = -EINVAL;
	} else {
		result = ipc_rights(&set->perm, write ? MAY_WRITE : MAY_READ);
	}
	if (!result && write) {
		set_value(set, (unsigned)num, value);
		set->perm.ctime = current_time().tv_sec;
		serve(set);
	} else if (!result) {
		result = ask_one(set, (unsigned)num, cmd);
	}
	mutex_unlock(&sem_ids.lock);
	return result;
}

/* The number of semaphores, values told if they are wanted; or -Exxx. */
static long
get_values(int id, unsigned mask, u16 *values)
{
	struct sem_set *set;
	long result;
	unsigned i;

	mutex_lock(&sem_ids.lock);
	set = set_of(ipc_find(&sem_ids, id));
	result = set ? ipc_rights(&set->perm, mask) : -EINVAL;
	if (!result) {
		for (i = 0; i < set->nr; i++)
			values[i] = (u16)set->sems[i].value;
		result = (long)set->nr;
	}
	mutex_unlock(&sem_ids.lock);
	return result;
}

static long
set_values(int id, const u16 *values, unsigned nr)
{
	struct sem_set *set;
	unsigned i;

	for (i = 0; i < nr; i++) {
		if (values[i] > SEMVMX)
			return -ERANGE;
	}
	mutex_lock(&sem_ids.lock);
	set = set_of(ipc_find(&sem_ids, id));
	for (i = 0; set && i < nr; i++)
		set_value(set, i, values[i]);
	if (set) {
		set->perm.ctime = current_time().tv_sec;
		serve(set);
	}
	mutex_unlock(&sem_ids.lock);
	return set ? 0 : -EIDRM;	/* it was there a moment ago */
}

/* GETALL, SETALL. */
static long
control_all(int id, int cmd, void *user)
{
	u16 *values = kmalloc_array(SEMMSL, sizeof(*values), GFP_KERNEL);
	long n;
	size_t bytes;

	if (!values)
		return -ENOMEM;
	n = get_values(id, cmd == SETALL ? MAY_WRITE : MAY_READ, values);
	if (n >= 0) {
		bytes = (size_t)n * sizeof(*values);
		if (cmd == GETALL)
			n = copy_to_user(user, values, bytes) ? -EFAULT : 0;
		else
			n = copy_from_user(values, user, bytes) ? -EFAULT :
			    set_values(id, values, (unsigned)n);
	}
	kfree(values);
	return n;
}

static long
stat_set(int id, int cmd, void *user)
{
	struct semid64_ds ds;
	struct sem_set *set;
	int result;

	memset(&ds, 0, sizeof(ds));
	mutex_lock(&sem_ids.lock);
	set = set_of(ipc_find_stat(&sem_ids, id, cmd != IPC_STAT,
				   cmd == SEM_STAT_ANY, &result));
	if (set) {
		ipc_fill(&set->perm, &ds.sem_perm);
		ds.sem_otime = (u32)set->otime;
		ds.sem_ctime = (u32)set->perm.ctime;
		ds.sem_nsems = set->nr;
		result = cmd == IPC_STAT ? 0 : set->perm.id;
	}
	mutex_unlock(&sem_ids.lock);
	if (result >= 0 && copy_to_user(user, &ds, sizeof(ds)))
		return -EFAULT;
	return result;
}

/* IPC_SET (ds), IPC_RMID (NULL). */
static long
change_set(int id, const struct semid64_ds *ds)
{
	struct sem_set *set;
	int err;

	mutex_lock(&sem_ids.lock);
	set = set_of(ipc_find_owned(&sem_ids, id, &err));
	if (set && ds)
		err = ipc_set(&set->perm, &ds->sem_perm);
	else if (set)
		destroy_set(set);
	mutex_unlock(&sem_ids.lock);
	return err;
}

/* IPC_INFO; SEM_INFO: with what is in use. */
static long
tell_limits(int cmd, void *user)
{
	struct seminfo info = {
		.semmap = SEMMNS, .semmni = IPC_MAX, .semmns = SEMMNS,
		.semmnu = SEMMNS, .semmsl = SEMMSL, .semopm = SEMOPM,
		.semume = SEMOPM, .semusz = sizeof(struct sem_undo),
		.semvmx = SEMVMX, .semaem = SEMAEM,
	};
	int highest, i;

	mutex_lock(&sem_ids.lock);
	highest = ipc_highest(&sem_ids);
	if (cmd == SEM_INFO) {
		info.semaem = (s32)nr_sems;
		info.semusz = 0;
		for (i = 0; i <= highest; i++)
			info.semusz += sem_ids.place[i] != NULL;
	}
	mutex_unlock(&sem_ids.lock);
	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT :
	       max(highest, 0);
}

long
sys_semctl(int id, int num, int cmd, unsigned long arg)
{
	void *user = (void *)arg;
	struct semid64_ds ds;

	cmd &= ~IPC_64;
	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		return tell_limits(cmd, user);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return stat_set(id, cmd, user);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
	case SETVAL:
		return control_one(id, num, cmd, (int)arg);
	case GETALL:
	case SETALL:
		return control_all(id, cmd, user);
	case IPC_SET:
		if (copy_from_user(&ds, user, sizeof(ds)))
			return -EFAULT;
		return change_set(id, &ds);
	case IPC_RMID:
		return change_set(id, NULL);
	default:
		return -EINVAL;
	}
}

static void
sem_show(struct seq_buf *s)
{
	const struct sem_set *set;
	unsigned i;

	seq_puts(s, "       key      semid perms      nsems   uid   gid  cuid "
		 " cgid      otime      ctime\n");
	mutex_lock(&sem_ids.lock);
	for (i = 0; i < IPC_MAX; i++) {
		set = set_of(sem_ids.place[i]);
		if (set)
			seq_printf(s, "%10d %10d  %4o %10u %5u %5u %5u %5u "
				   "%10lld %10lld\n", set->perm.key,
				   set->perm.id, set->perm.mode, set->nr,
				   set->perm.uid, set->perm.gid,
				   set->perm.cuid, set->perm.cgid, set->otime,
				   set->perm.ctime);
	}
	mutex_unlock(&sem_ids.lock);
}
NODE("sysvipc/sem", sem_show);
