/* SPDX-License-Identifier: MIT */
/*
 * wait: what became of the children.
 *
 * A child is looked at under process_lock, and what is told of it is taken at
 * once, so that it is told once. Who finds nothing to tell sleeps on wait_child
 * of its process; a child's change wakes all who sleep there, and each looks
 * again.
 */
#include <asm/uaccess.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "process_private.h"

#define WNOHANG		1
#define WUNTRACED	2		/* = WSTOPPED */
#define WEXITED		4
#define WCONTINUED	8
#define WNOWAIT		0x01000000
#define WNOTHREAD	0x20000000	/* no effect: children are a process's */
#define WALL		0x40000000
#define WCLONE		0x80000000u
#define W_CHILDREN	(WNOTHREAD | WALL | WCLONE)

#define P_ALL		0
#define P_PID		1
#define P_PGID		2
#define P_PIDFD		3

struct waiting {
	int type, id;			/* P_ALL, P_PID, P_PGID, P_PIDFD */
	const struct process *process;	/* P_PIDFD: that of descriptor id */
	unsigned options;
	/* What was found. */
	int pid, status, code;
	u32 uid;
	struct process_usage usage;
};

/*
 * "Clone" children, those whose end is not told by SIGCHLD, are waited for with
 * __WCLONE, and only they are; __WALL waits for both kinds.
 */
static bool
is_wanted(const struct process *child, const struct waiting *w)
{
	if ((child->exit_signal != SIGCHLD) != !!(w->options & WCLONE) &&
	    !(w->options & WALL))
		return false;
	switch (w->type) {
	case P_PID:
		return child->pid == w->id;
	case P_PGID:
		return child->pgid == w->id;
	case P_PIDFD:
		return child == w->process;
	default:
		return true;
	}
}

/* A zombie: *reap says that it is to go. Held: process_lock. */
static bool
take_zombie(struct process *child, struct waiting *w, bool *reap)
{
	struct process *parent = current->process;

	if (!child->zombie || !(w->options & WEXITED))
		return false;
	w->status = child->exit_status;
	w->code = w->status & 0x7f ? CLD_KILLED : CLD_EXITED;
	w->usage = child->usage;
	usage_add(&w->usage, &child->children_usage);
	if (w->options & WNOWAIT)
		return true;
	usage_add(&parent->children_usage, &w->usage);
	process_unhash(child);
	*reap = true;
	return true;
}

/* Stopped, or continued, and not told yet. Held: process_lock. */
static bool
take_change(struct process *child, struct waiting *w)
{
	if (child->zombie)
		return false;
	if (child->stopped && !child->stop_told && w->options & WUNTRACED) {
		w->status = child->stopped << 8 | 0x7f;
		w->code = CLD_STOPPED;
		child->stop_told = !(w->options & WNOWAIT);
		return true;
	}
	if (child->continued && w->options & WCONTINUED) {
		w->status = 0xffff;
		w->code = CLD_CONTINUED;
		child->continued = w->options & WNOWAIT;
		return true;
	}
	return false;
}

/* One look: 1 found, 0 not yet, -ECHILD nobody to wait for. */
static int
look(struct waiting *w)
{
	struct process *self = current->process, *child, *gone = NULL;
	unsigned long flags = spin_lock_irqsave(&process_lock);
	int result = -ECHILD;
	bool reap = false;

	list_for_each_entry(child, &self->children, sibling) {
		if (!is_wanted(child, w))
			continue;
		result = 0;
		if (!take_zombie(child, w, &reap) && !take_change(child, w))
			continue;
		w->pid = child->pid;
		w->uid = child->uid;
		result = 1;
		gone = reap ? child : NULL;
		break;
	}
	spin_unlock_irqrestore(&process_lock, flags);
	if (gone)
		process_put(gone);
	return result;
}

/* 1: found; 0: WNOHANG and nothing yet; or -ECHILD, -ERESTARTSYS. */
static int
wait_for_child(struct waiting *w)
{
	struct process *self = current->process;
	struct wait_queue_entry entry;
	int result;

	init_wait_entry(&entry, false);
	for (;;) {
		prepare_to_wait(&self->wait_child, &entry, TASK_INTERRUPTIBLE);
		result = look(w);
		if (result || w->options & WNOHANG)
			break;
		if (signal_pending()) {
			result = -ERESTARTSYS;
			break;
		}
		schedule();
	}
	finish_wait(&self->wait_child, &entry);
	return result;
}

/* For the child of a pidfd. One that is O_NONBLOCK waits for nothing: -EAGAIN
 * tells that from WNOHANG. -EBADF: it is none. */
static int
wait_for_pidfd(struct waiting *w)
{
	bool nonblock, block = !(w->options & WNOHANG);
	struct process *process = pidfd_get_process(w->id, &nonblock);
	int result;

	if (!process)
		return -EBADF;
	w->process = process;
	if (nonblock)
		w->options |= WNOHANG;
	result = wait_for_child(w);
	process_put(process);
	return !result && nonblock && block ? -EAGAIN : result;
}

/* pid as in wait4(): > 0, -1, 0, < -1. */
static void
set_who(struct waiting *w, int pid)
{
	w->type = pid > 0 ? P_PID : pid == -1 ? P_ALL : P_PGID;
	w->id = pid > 0 ? pid : pid == 0 ? current->process->pgid : -pid;
}

long
sys_wait4(int pid, s32 *status, unsigned options, struct rusage *usage)
{
	struct waiting w = { .options = options | WEXITED };
	int result;

	if (options & ~(unsigned)(WNOHANG | WUNTRACED | WCONTINUED |
				  W_CHILDREN))
		return -EINVAL;
	if (pid == (int)0x80000000)
		return -ESRCH;
	set_who(&w, pid);
	result = wait_for_child(&w);
	if (result <= 0)
		return result;
	if (status && put_user(w.status, status))
		return -EFAULT;
	if (usage && put_rusage(usage, &w.usage))
		return -EFAULT;
	return w.pid;
}

/* A child's status as si_status has it. */
static int
plain_status(const struct waiting *w)
{
	switch (w->code) {
	case CLD_EXITED:
	case CLD_STOPPED:
		return w->status >> 8 & 0xff;
	case CLD_CONTINUED:
		return SIGCONT;
	default:
		return w->status & 0x7f;
	}
}

long
sys_waitid(int type, int id, struct siginfo *infop, unsigned options,
	   struct rusage *usage)
{
	struct waiting w = { .type = type, .id = id, .options = options };
	struct siginfo info;
	int result;

	if (options & ~(unsigned)(WNOHANG | WUNTRACED | WEXITED | WCONTINUED |
				  WNOWAIT | W_CHILDREN) ||
	    !(options & (WUNTRACED | WEXITED | WCONTINUED)) ||
	    type < P_ALL || type > P_PIDFD || (type == P_PID && id <= 0) ||
	    (type == P_PIDFD && id < 0))
		return -EINVAL;
	if (type == P_PGID && id == 0)
		w.id = current->process->pgid;
	result = type == P_PIDFD ? wait_for_pidfd(&w) : wait_for_child(&w);
	if (result < 0)
		return result;
	memset(&info, 0, sizeof(info));
	if (result) {
		info.si_signo = SIGCHLD;
		info.si_code = w.code;
		info.pid = w.pid;
		info.uid = w.uid;
		info.status = plain_status(&w);
	}
	if (infop && copy_to_user(infop, &info, sizeof(info)))
		return -EFAULT;
	if (result && usage && put_rusage(usage, &w.usage))
		return -EFAULT;
	return 0;
}
