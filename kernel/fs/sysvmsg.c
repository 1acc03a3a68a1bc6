/* SPDX-License-Identifier: MIT */
/*
 * System V message queues: messages with a type, taken in order or by type.
 *
 * Ideas
 *   Message	a type above 0 and up to 8192 bytes.
 *   Which one	msgrcv asks for  0: the oldest  5: the oldest of type 5
 *	-5: the lowest type up to 5, its oldest  MSG_EXCEPT: not of type 5
 *   Full	a queue has room for msg_qbytes (16384) bytes and as many
 *	messages, for an empty one has no bytes and is not free.
 *   Serving	a message goes to the first receiver who waits for such a one,
 *	without being queued; who makes room queues what waiting
 *	senders have (ipc_ids.c).
 *
 *	sender --> receiver who waits
 *	       \-> messages (room) --> receiver
 *	       \-> senders (no room) --> messages, once there is room
 *
 * Locks   msg_ids.lock: table and queues.
 * Cost    a copy in, a copy out; by type: the messages before it.
 * Questions a reader asks
 *   Who pays for messages that nobody takes?  The pool of ipc_ids.c: a
 *	sixteenth of the memory, headers counted, then ENOMEM.
 *   A receiver's buffer is bad: where is the message?  Gone, as in Linux.
 *
 * Sources POSIX.1-2017, msgsnd(), msgrcv(); msgop(2), msgctl(2).
 */
#include <asm/uaccess.h>
#include <kernel/fs_struct.h>
#include <kernel/node.h>
#include <kernel/process.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <uapi/msg.h>

#include "ipc_ids.h"

#define LOOK_AGAIN	1	/* a sleeper's result: rights or room changed */

struct msg {
	struct list_head node;
	s32 type;
	u32 size;
	char text[];
};

struct msg_queue {
	struct ipc_perm perm;
	u32 bytes, nr, max_bytes;
	int lspid, lrpid;		/* who sent, received last */
	s64 stime, rtime;		/* s; 0: never */
	struct list_head messages;	/* oldest first */
	struct list_head senders, receivers;
};

struct sender {
	struct ipc_sleeper sleeper;
	struct msg *msg;
	int pid;
};

/* What a receiver wants, and what he gets. */
struct receiver {
	struct ipc_sleeper sleeper;
	enum { ANY, EQUAL, NOT_EQUAL, UP_TO } how;
	s32 type;
	size_t size;			/* of the buffer */
	bool cuts;			/* MSG_NOERROR */
	int pid;
	struct msg *msg;
};

static DEFINE_IPC_IDS(msg_ids);

/* --- Messages ------------------------------------------------------------- */

static void
free_msg(struct msg *msg)
{
	ipc_uncharge(sizeof(*msg) + msg->size);
	kvfree(msg);
}

/* From user memory. 0, -EFAULT, -ENOMEM. */
static int
load_msg(const void *text, size_t size, s32 type, struct msg **result)
{
	struct msg *msg;

	if (!ipc_charge(sizeof(*msg) + size))
		return -ENOMEM;
	msg = kvmalloc(sizeof(*msg) + size, GFP_KERNEL);
	if (!msg) {
		ipc_uncharge(sizeof(*msg) + size);
		return -ENOMEM;
	}
	msg->type = type;
	msg->size = (u32)size;
	if (copy_from_user(msg->text, text, size)) {
		free_msg(msg);
		return -EFAULT;
	}
	*result = msg;
	return 0;
}

static bool
wants(const struct receiver *r, const struct msg *msg)
{
	switch (r->how) {
	case EQUAL:
		return msg->type == r->type;
	case NOT_EQUAL:
		return msg->type != r->type;
	case UP_TO:
		return msg->type <= r->type;
	default:
		return true;
	}
}

/* --- Queues: msg_ids.lock held in all of this part ------------------------ */

static struct msg_queue *
queue_of(struct ipc_perm *perm)
{
	return perm ? container_of(perm, struct msg_queue, perm) : NULL;
}

static long
make_queue(int key, size_t size, unsigned mode)
{
	struct msg_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);
	int id;

	(void)size;
	if (!q)
		return -ENOMEM;
	q->max_bytes = MSGMNB;
	INIT_LIST_HEAD(&q->messages);
	INIT_LIST_HEAD(&q->senders);
	INIT_LIST_HEAD(&q->receivers);
	id = ipc_add(&msg_ids, &q->perm, key, mode);
	if (id < 0)
		kfree(q);
	return id;
}

static void
wake_all(struct list_head *sleepers, int result)
{
	struct ipc_sleeper *s, *next;

	list_for_each_entry_safe(s, next, sleepers, node)
		ipc_wake(s, result);
}

static void
destroy_queue(struct msg_queue *q)
{
	struct msg *msg, *next;

	ipc_remove(&msg_ids, &q->perm);
	wake_all(&q->senders, -EIDRM);
	wake_all(&q->receivers, -EIDRM);
	list_for_each_entry_safe(msg, next, &q->messages, node)
		free_msg(msg);
	kfree(q);
}

static bool
has_room(const struct msg_queue *q, const struct msg *msg)
{
	return q->bytes + msg->size <= q->max_bytes && q->nr < q->max_bytes;
}

static void
note_received(struct msg_queue *q, int pid)
{
	q->lrpid = pid;
	q->rtime = current_time().tv_sec;
}

/* To the first who waits for it. One whose buffer is too short is told so, and
 * the message is the next one's. */
static bool
hand_over(struct msg_queue *q, struct msg *msg)
{
	struct receiver *r, *next;

	list_for_each_entry_safe(r, next, &q->receivers, sleeper.node) {
		if (!wants(r, msg))
			continue;
		if (msg->size > r->size && !r->cuts) {
			ipc_wake(&r->sleeper, -E2BIG);
			continue;
		}
		r->msg = msg;
		note_received(q, r->pid);
		ipc_wake(&r->sleeper, 0);
		return true;
	}
	return false;
}

/* There is room. */
static void
deliver(struct msg_queue *q, struct msg *msg, int pid)
{
	q->lspid = pid;
	q->stime = current_time().tv_sec;
	if (hand_over(q, msg))
		return;
	list_add_tail(&msg->node, &q->messages);
	q->bytes += msg->size;
	q->nr++;
}

/* Room was made. */
static void
serve_senders(struct msg_queue *q)
{
	struct sender *s, *next;

	list_for_each_entry_safe(s, next, &q->senders, sleeper.node) {
		if (!has_room(q, s->msg))
			continue;
		deliver(q, s->msg, s->pid);
		ipc_wake(&s->sleeper, 0);
	}
}

/* NULL: there is none such. */
static struct msg *
find_msg(const struct msg_queue *q, const struct receiver *r)
{
	struct msg *msg, *best = NULL;

	list_for_each_entry(msg, &q->messages, node) {
		if (!wants(r, msg) || (best && msg->type >= best->type))
			continue;
		best = msg;
		if (r->how != UP_TO)
			break;
	}
	return best;
}

static void
take(struct msg_queue *q, struct msg *msg, struct receiver *r)
{
	list_del(&msg->node);
	q->bytes -= msg->size;
	q->nr--;
	r->msg = msg;
	note_received(q, r->pid);
	serve_senders(q);
}

/* --- Sending and receiving ------------------------------------------------ */

long
sys_msgget(int key, int flags)
{
	return ipc_get(&msg_ids, key, 0, flags, make_queue, NULL);
}

/* A signal: again if no handler ran (it was stopped and continued). */
static int
restartable(int err)
{
	return err == -EINTR ? -ERESTARTNOHAND : err;
}

/* The message is the queue's if it returns 0. */
static int
send(int id, struct sender *s, int flags)
{
	struct msg_queue *q;
	int err = LOOK_AGAIN, missing = -EINVAL;

	mutex_lock(&msg_ids.lock);
	while (err == LOOK_AGAIN) {
		q = queue_of(ipc_find(&msg_ids, id));
		err = q ? ipc_rights(&q->perm, MAY_WRITE) : missing;
		if (err)
			break;
		if (has_room(q, s->msg))
			deliver(q, s->msg, s->pid);
		else if (flags & IPC_NOWAIT)
			err = -EAGAIN;
		else
			err = ipc_sleep(&msg_ids, &s->sleeper, &q->senders,
					IPC_NO_END);
		missing = -EIDRM;
	}
	mutex_unlock(&msg_ids.lock);
	return restartable(err);
}

long
sys_msgsnd(int id, const void *user, size_t size, int flags)
{
	const s32 *type_at = user;
	struct sender s = { .pid = ipc_pid() };
	s32 type;
	int err;

	if (get_user(type, type_at))
		return -EFAULT;
	if (size > MSGMAX || id < 0 || type < 1)
		return -EINVAL;
	err = load_msg(type_at + 1, size, type, &s.msg);
	if (err)
		return err;
	err = send(id, &s, flags);
	if (err)
		free_msg(s.msg);
	return err;
}

/* r->msg is the receiver's if it returns 0. */
static int
receive(int id, struct receiver *r, int flags)
{
	struct msg_queue *q;
	struct msg *msg;
	int err = LOOK_AGAIN, missing = -EINVAL;

	mutex_lock(&msg_ids.lock);
	while (err == LOOK_AGAIN) {
		q = queue_of(ipc_find(&msg_ids, id));
		err = q ? ipc_rights(&q->perm, MAY_READ) : missing;
		if (err)
			break;
		msg = find_msg(q, r);
		if (msg && msg->size > r->size && !r->cuts)
			err = -E2BIG;
		else if (msg)
			take(q, msg, r);
		else if (flags & IPC_NOWAIT)
			err = -ENOMSG;
		else
			err = ipc_sleep(&msg_ids, &r->sleeper, &q->receivers,
					IPC_NO_END);
		missing = -EIDRM;
	}
	mutex_unlock(&msg_ids.lock);
	return restartable(err);
}

static void
choose(struct receiver *r, long type, int flags)
{
	r->type = (s32)type;
	if (type == 0) {
		r->how = ANY;
	} else if (type < 0) {
		r->how = UP_TO;
		r->type = type == -0x7fffffffl - 1 ? 0x7fffffff : (s32)-type;
	} else {
		r->how = flags & MSG_EXCEPT ? NOT_EQUAL : EQUAL;
	}
}

long
sys_msgrcv(int id, void *user, size_t size, long type, int flags)
{
	struct receiver r = {
		.size = size, .cuts = flags & MSG_NOERROR, .pid = ipc_pid(),
	};
	s32 *type_at = user;
	long result;

	if (id < 0 || (ssize_t)size < 0)
		return -EINVAL;
	if (flags & MSG_COPY)
		return -ENOSYS;
	choose(&r, type, flags);
	result = receive(id, &r, flags);
	if (result)
		return result;
	result = (long)min(size, (size_t)r.msg->size);
	if (put_user(r.msg->type, type_at) ||
	    copy_to_user(type_at + 1, r.msg->text, (size_t)result))
		result = -EFAULT;
	free_msg(r.msg);
	return result;
}

/* --- Control -------------------------------------------------------------- */

static void
fill_ds(const struct msg_queue *q, struct msqid64_ds *ds)
{
	ipc_fill(&q->perm, &ds->msg_perm);
	ds->msg_stime = (u32)q->stime;
	ds->msg_rtime = (u32)q->rtime;
	ds->msg_ctime = (u32)q->perm.ctime;
	ds->msg_cbytes = q->bytes;
	ds->msg_qnum = q->nr;
	ds->msg_qbytes = q->max_bytes;
	ds->msg_lspid = q->lspid;
	ds->msg_lrpid = q->lrpid;
}

static long
stat_queue(int id, int cmd, void *user)
{
	struct msqid64_ds ds;
	struct msg_queue *q;
	int result;

	memset(&ds, 0, sizeof(ds));
	mutex_lock(&msg_ids.lock);
	q = queue_of(ipc_find_stat(&msg_ids, id, cmd != IPC_STAT,
				   cmd == MSG_STAT_ANY, &result));
	if (q) {
		fill_ds(q, &ds);
		result = cmd == IPC_STAT ? 0 : q->perm.id;
	}
	mutex_unlock(&msg_ids.lock);
	if (result >= 0 && copy_to_user(user, &ds, sizeof(ds)))
		return -EFAULT;
	return result;
}

/* Who sleeps looks again: at his rights, and at the room. */
static int
set_queue(struct msg_queue *q, const struct msqid64_ds *ds)
{
	int err;

	if (ds->msg_qbytes > MSGMNB && current_fs()->uid)
		return -EPERM;
	err = ipc_set(&q->perm, &ds->msg_perm);
	if (err)
		return err;
	q->max_bytes = ds->msg_qbytes;
	wake_all(&q->receivers, LOOK_AGAIN);
	wake_all(&q->senders, LOOK_AGAIN);
	return 0;
}

/* IPC_SET (ds), IPC_RMID (NULL). */
static long
change_queue(int id, const struct msqid64_ds *ds)
{
	struct msg_queue *q;
	int err;

	mutex_lock(&msg_ids.lock);
	q = queue_of(ipc_find_owned(&msg_ids, id, &err));
	if (q && ds)
		err = set_queue(q, ds);
	else if (q)
		destroy_queue(q);
	mutex_unlock(&msg_ids.lock);
	return err;
}

/* IPC_INFO; MSG_INFO: with what is in use. */
static long
tell_limits(int cmd, void *user)
{
	struct msginfo info = {
		.msgpool = IPC_MAX * MSGMNB / 1024, .msgmap = MSGMNB,
		.msgmax = MSGMAX, .msgmnb = MSGMNB, .msgmni = IPC_MAX,
		.msgssz = 16, .msgtql = MSGMNB, .msgseg = 0xffff,
	};
	const struct msg_queue *q;
	int highest, i;

	mutex_lock(&msg_ids.lock);
	highest = ipc_highest(&msg_ids);
	if (cmd == MSG_INFO)
		info.msgpool = info.msgmap = info.msgtql = 0;
	for (i = 0; cmd == MSG_INFO && i <= highest; i++) {
		q = queue_of(msg_ids.place[i]);
		info.msgpool += q != NULL;
		info.msgmap += q ? (s32)q->nr : 0;
		info.msgtql += q ? (s32)q->bytes : 0;
	}
	mutex_unlock(&msg_ids.lock);
	return copy_to_user(user, &info, sizeof(info)) ? -EFAULT :
	       max(highest, 0);
}

long
sys_msgctl(int id, int cmd, void *user)
{
	struct msqid64_ds ds;

	cmd &= ~IPC_64;
	if (id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return tell_limits(cmd, user);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return stat_queue(id, cmd, user);
	case IPC_SET:
		if (copy_from_user(&ds, user, sizeof(ds)))
			return -EFAULT;
		return change_queue(id, &ds);
	case IPC_RMID:
		return change_queue(id, NULL);
	default:
		return -EINVAL;
	}
}

static void
msg_show(struct seq_buf *s)
{
	const struct msg_queue *q;
	unsigned i;

	seq_puts(s, "       key      msqid perms      cbytes       qnum lspid "
		 "lrpid   uid   gid  cuid  cgid      stime      rtime      "
		 "ctime\n");
	mutex_lock(&msg_ids.lock);
	for (i = 0; i < IPC_MAX; i++) {
		q = queue_of(msg_ids.place[i]);
		if (q)
			seq_printf(s, "%10d %10d  %4o  %10u %10u %5d %5d %5u "
				   "%5u %5u %5u %10lld %10lld %10lld\n",
				   q->perm.key, q->perm.id, q->perm.mode,
				   q->bytes, q->nr, q->lspid, q->lrpid,
				   q->perm.uid, q->perm.gid, q->perm.cuid,
				   q->perm.cgid, q->stime, q->rtime,
				   q->perm.ctime);
	}
	mutex_unlock(&msg_ids.lock);
}
NODE("sysvipc/msg", msg_show);
