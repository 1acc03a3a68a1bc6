/* SPDX-License-Identifier: MIT */
/*
 * What files ask of processes, as long as kernel/process is not there: no signal
 * can be sent, no process group has members. Each is weak, and goes with the
 * file that brings it.
 */
#include <kernel/process.h>
#include <kernel/task.h>
#include <lib/compiler.h>
#include <lib/errno.h>

#include "fs_private.h"

__weak bool
signal_pending(void)
{
	return READ_ONCE(current->sig_work);
}

__weak void
send_sig_current(int sig)
{
	(void)sig;
}

__weak int
kill_pgrp(int pgrp, int sig)
{
	(void)pgrp;
	(void)sig;
	return -ESRCH;
}

__weak void
set_wait_sigmask(sigset_t mask)
{
	current->saved_mask = current->blocked;
	current->blocked = mask;
}

__weak void
restore_wait_sigmask(bool interrupted)
{
	(void)interrupted;
	current->blocked = current->saved_mask;
}

struct task_search {
	int pid;
	struct task *found;
};

/* Held: task_list_lock, which guards refs; who is in the list has some. */
static void
match_pid(struct task *task, void *arg)
{
	struct task_search *s = arg;

	if (task->pid == s->pid && !s->found) {
		task->refs++;
		s->found = task;
	}
}

__weak struct task *
find_get_task(int pid)
{
	struct task_search s = { pid, NULL };

	task_for_each(match_pid, &s);
	return s.found;
}
