/* SPDX-License-Identifier: MIT */
/*
 * exit: how a thread ends, and with the last one its process.
 *
 *	thread		lets its waiters know (futexes, vfork), leaves the
 *			address space, adds its times to the process's
 *	last thread	closes files, gives its children to init, becomes a
 *			zombie, tells its parent
 *	wait()		takes what is left
 *
 * A parent that ignores SIGCHLD (or has SA_NOCLDWAIT) does not want to know: then
 * nothing is left over at once. That is so only of children that tell by SIGCHLD.
 *
 * exit_group() first makes all other threads end: each is killed, and ends on
 * its own way out of the kernel.
 */
#include <asm/uaccess.h>
#include <kernel/completion.h>
#include <kernel/fpu.h>
#include <kernel/fs_struct.h>
#include <kernel/kthread.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/tty.h>
#include <mm/mm.h>
#include "process_private.h"

/* Under the lock: the parent may be killed, and its stack goes. */
static void
end_vfork(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);

	if (task->vfork_done)
		complete(task->vfork_done);
	task->vfork_done = NULL;
	spin_unlock_irqrestore(&process_lock, flags);
}

/*
 * A space with one user left has no thread that could join us, so nothing is
 * written there: that is what set_tid_address(2) promises, and no more.
 */
void
release_user_memory(struct task *task)
{
	if (task->clear_child_tid && task->mm &&
	    atomic_read(&task->mm->mm_users) > 1) {
		put_user(0, (s32 *)task->clear_child_tid);
		futex_wake_exit(task->clear_child_tid);
	}
	task->clear_child_tid = 0;
	end_vfork(task);
}

/* The core goes on without user memory; the space may be gone after this. */
void
leave_mm(void)
{
	struct mm_struct *mm = task_switch_mm(NULL);

	if (mm)
		mmput(mm);
}

/* Does the parent want no zombies? Held: process_lock. */
static bool
parent_ignores(const struct process *process)
{
	const struct k_sigaction *action;

	if (process->exit_signal != SIGCHLD)
		return false;
	action = &process->parent->sighand->action[SIGCHLD - 1];
	return action->handler == SIG_IGN || action->flags & SA_NOCLDWAIT;
}

/*
 * child's parent has ended: init takes it. Without an init (a test's program)
 * nobody will ask for it: a zombie goes at once. Held: process_lock.
 */
static void
adopt(struct process *child)
{
	child->parent = init_process;
	child->exit_signal = SIGCHLD;
	list_del_init(&child->sibling);
	if (init_process)
		list_add_tail(&child->sibling, &init_process->children);
	if (child->zombie && init_process)
		notify_parent(child, CLD_EXITED, child->exit_status);
	if (child->zombie && (!init_process || parent_ignores(child))) {
		process_unhash(child);
		process_put(child);
	} else if (child->pdeath_signal) {
		struct siginfo info = {
			.si_signo = child->pdeath_signal,
			.si_code = SI_KERNEL,
		};

		send_sig_locked(child, &info);
	}
}

/* The last thread is ending: what is left of the process is a zombie. */
static void
become_zombie(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct process *child, *next;
	bool gone = !process->of_kernel;

	list_for_each_entry_safe(child, next, &process->children, sibling)
		adopt(child);
	process->zombie = true;
	if (process->parent) {
		gone = parent_ignores(process);
		notify_parent(process, process->exit_status & 0x7f ?
			      CLD_KILLED : CLD_EXITED, process->exit_status);
	}
	if (gone)
		process_unhash(process);
	spin_unlock_irqrestore(&process_lock, flags);
	wake_up_all(&process->wait_child);	/* run_user_program() */
	if (gone)
		process_put(process);
}

/* Who looks at them from outside (proc_pid.c) finds them or nothing. */
static void
give_up_files(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct files_struct *files = process->files;
	struct fs_struct *fs = process->fs;

	process->files = NULL;
	process->fs = NULL;
	spin_unlock_irqrestore(&process_lock, flags);
	files_put(files);
	fs_put(fs);
}

static void
end_process(struct process *process)
{
	if (process == init_process)
		panic("init has ended, with status 0x%x",
		      process->exit_status);
	itimer_exit(process);
	posix_timers_exit(process);
	sem_exit(process);
	process_set_exe(process, NULL);
	disassociate_ctty(process);
	give_up_files(process);
	become_zombie(process);
}

/* current leaves its process; true if it was the last. */
static bool
leave_process(struct process *process, int status)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	bool last;

	usage_add_task(&process->usage, current);
	list_del_init(&current->thread_node);	/* no signal comes any more */
	posix_timers_forget(process, current);
	sigpending_flush(&current->pending);
	if (process->leader == current)
		process->leader = NULL;
	last = --process->nr_threads == 0;
	if (last && !process->group_exit)
		process->exit_status = status;
	spin_unlock_irqrestore(&process_lock, flags);
	wake_up_all(&process->wait_child);	/* exec waits for threads */
	return last;
}

void
do_exit(int status)
{
	struct process *process = current->process;
	bool last;

	futex_exit_robust(current);
	release_user_memory(current);
	last = leave_process(process, status);
	leave_mm();
	fpu_release(current);
	if (last)
		end_process(process);
	kthread_exit(status);
}

void
do_group_exit(int status)
{
	struct process *process = current->process;
	unsigned long flags = spin_lock_irqsave(&process_lock);

	if (process->group_exit) {
		status = process->exit_status;
	} else {
		process->group_exit = true;
		process->exit_status = status;
		zap_other_threads(process);
	}
	spin_unlock_irqrestore(&process_lock, flags);
	do_exit(status);
}
