/* SPDX-License-Identifier: MIT */
/*
 * nice, getpriority, setpriority: how large a share of a core a task gets
 * (what it means: sched.c, nice_scale).
 *
 *	nice	-20 ............ 0 ............ 19
 *	share	88761 of		1024	      15	weights, 1.25 a step
 *
 * Rights, as in Linux: of one's own tasks, and only upwards, unless one is root
 * or RLIMIT_NICE allows more (20 - limit is the lowest that is free).
 * PRIO_PROCESS means one thread, as in Linux (POSIX: all of a process).
 *
 * Locks   process_lock: which threads there are. nice itself is one byte, read
 *	   at any time.
 */
#include <kernel/process.h>
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include "sys.h"

enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

/* One question, put to many tasks. */
struct prio_call {
	bool set;
	int nice;			/* to be set */
	long result;			/* of get: the highest 20 - nice */
	long err;
};

static bool
may_rise_to(int nice)
{
	return !current->process->euid ||
	       20 - nice <= (int)min(rlimit(RLIMIT_NICE), 40ul);
}

/* 0, -EPERM (not ours), -EACCES (downwards). */
static long
check_rights(const struct task *task, int nice)
{
	const struct process *own = current->process, *p = task->process;

	if (own->euid && own->euid != p->euid && own->euid != p->uid)
		return -EPERM;
	return nice < task->nice && !may_rise_to(nice) ? -EACCES : 0;
}

/* Held: process_lock. */
static void
serve_task(struct task *task, struct prio_call *call)
{
	long err;

	if (!call->set) {
		call->result = max(call->result, 20l - task->nice);
		return;
	}
	err = check_rights(task, call->nice);
	if (!err)
		WRITE_ONCE(task->nice, (s8)call->nice);
	/* ESRCH until one is found; then the first error is kept. */
	if (call->err == -ESRCH || (err && !call->err))
		call->err = err;
}

static bool
is_meant(const struct process *p, int which, unsigned who)
{
	if (which == PRIO_PGRP)
		return p->pgid == (int)(who ? who :
					(unsigned)current->process->pgid);
	return p->uid == (who ? who : current->process->uid);
}

static void
serve_all(int which, unsigned who, struct prio_call *call)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct process *p;
	struct task *task;

	list_for_each_entry(p, &all_processes, all_node) {
		if (p->zombie || !is_meant(p, which, who))
			continue;
		list_for_each_entry(task, &p->threads, thread_node)
			serve_task(task, call);
	}
	spin_unlock_irqrestore(&process_lock, flags);
}

/* A thread of the kernel has no process and no user: it is nobody's. */
static void
serve_one(unsigned who, struct prio_call *call)
{
	struct task *task = who ? find_get_task((int)who) : current;
	unsigned long flags;

	if (!task)
		return;
	flags = spin_lock_irqsave(&process_lock);
	if (task->process)
		serve_task(task, call);
	else
		call->err = call->set ? -EPERM : call->err;
	spin_unlock_irqrestore(&process_lock, flags);
	if (who)
		put_task(task);
}

static void
serve(int which, unsigned who, struct prio_call *call)
{
	if (which == PRIO_PROCESS)
		serve_one(who, call);
	else
		serve_all(which, who, call);
}

/* 20 - nice, so that no answer looks like an error. */
long
sys_getpriority(int which, int who)
{
	struct prio_call call = { .result = -ESRCH };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	serve(which, (unsigned)who, &call);
	return call.result;
}

long
sys_setpriority(int which, int who, int prio)
{
	struct prio_call call = { .set = true, .err = -ESRCH };

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	call.nice = max(min(prio, MAX_NICE), MIN_NICE);
	serve(which, (unsigned)who, &call);
	return call.err;
}

long
sys_nice(int inc)
{
	int nice = current->nice + max(min(inc, 40), -40);

	nice = max(min(nice, MAX_NICE), MIN_NICE);
	if (nice < current->nice && !may_rise_to(nice))
		return -EPERM;
	WRITE_ONCE(current->nice, (s8)nice);
	return 0;
}
