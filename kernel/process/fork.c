/* SPDX-License-Identifier: MIT */
/*
 * fork, vfork, clone: one more flow of control.
 *
 * One call serves all. What it shares and what it copies is said by flags:
 *
 *		memory	descriptors  handlers  process	returns
 *	fork	copy	copy	     copy      new	at once
 *	vfork	share	copy	     copy      new	when the child has called
 *							exec or exit
 *	thread	share	share	     share     same	at once
 *
 *   "Copy" of memory is copy on write (mm/as/fork.c). The child's first act is to
 *   return from the same system call, with 0: it gets the parent's registers at
 *   the top of its kernel stack and starts in child_entry().
 *
 * Everything that can fail comes before the child can be found: until
 * task_publish() it is nobody's but ours, and is taken apart again.
 *
 *   A pidfd (CLONE_PIDFD) is reserved there, too, and gets its file when the
 *   child is known: a descriptor never stands for a process that is not.
 *
 * Limits  RLIMIT_NPROC, and at most max_threads(): kernel stacks take an
 *	   eighth of memory, no more.
 */
#include <asm/entry.h>
#include <asm/uaccess.h>
#include <kernel/completion.h>
#include <kernel/fs_struct.h>
#include <kernel/fpu.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/zone.h>
#include "../sched/rq.h"
#include "process_private.h"

static unsigned
max_threads(void)
{
	return (unsigned)(totalram_pages() / (8 * THREAD_SIZE / PAGE_SIZE));
}

/* Flags that make no sense together, as Linux judges them. */
static bool
flags_valid(const struct kernel_clone_args *args)
{
	u32 flags = args->flags;

	if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND))
		return false;
	if (flags & CLONE_SIGHAND && !(flags & CLONE_VM))
		return false;
	if (flags & CLONE_PARENT && current->process == init_process)
		return false;		/* it would be nobody's child */
	/* A pidfd stands for a process. */
	if (flags & CLONE_PIDFD && flags & (CLONE_THREAD | CLONE_DETACHED))
		return false;
	if (flags & CLONE_PIDFD && flags & CLONE_PARENT_SETTID &&
	    args->pidfd == args->parent_tid)
		return false;
	if (args->clear_sighand && flags & CLONE_SIGHAND)
		return false;
	return !(flags & CLONE_NEWNS);
}

/* What of the parent's process the child gets. 0 or -ENOMEM. */
static int
copy_parts(struct process *child, struct process *parent, u32 flags)
{
	int err = 0;

	child->sighand = flags & CLONE_SIGHAND ? parent->sighand :
			 sighand_copy(parent->sighand);
	if (!child->sighand)
		return -ENOMEM;
	if (flags & CLONE_SIGHAND)
		atomic_inc(&child->sighand->count);
	if (flags & CLONE_FILES)
		child->files = files_get(parent->files);
	else
		err = files_copy(parent->files, &child->files);
	if (err)
		return err;
	child->fs = flags & CLONE_FS ? fs_get(parent->fs) :
				       fs_copy(parent->fs);
	return child->fs ? 0 : -ENOMEM;
}

/* A new process for the child, or one more reference to ours. */
static int
copy_process(const struct kernel_clone_args *args, struct process **result)
{
	struct process *parent = current->process, *child;
	u32 flags = args->flags;
	int err;

	if (flags & CLONE_THREAD) {
		process_get(parent);
		*result = parent;
		return 0;
	}
	child = process_alloc(parent);
	if (!child)
		return -ENOMEM;
	child->exit_signal = flags & CLONE_PARENT ? parent->exit_signal :
						    (int)(flags & CSIGNAL);
	err = copy_parts(child, parent, flags);
	if (err) {
		process_discard(child);
		return err;
	}
	if (args->clear_sighand)
		sighand_reset(child->sighand);
	*result = child;
	return 0;
}

/* CLONE_PIDFD: a descriptor that is reserved until the child is known. */
struct new_pidfd {
	struct file *file;		/* NULL: not asked for */
	int fd;
};

/* Reserve it, and tell its number. 0, -ENOMEM, -EMFILE, -EFAULT. */
static int
prepare_pidfd(const struct kernel_clone_args *args, struct process *process,
	      struct new_pidfd *new)
{
	int err;

	new->file = NULL;
	if (!(args->flags & CLONE_PIDFD))
		return 0;
	err = pidfd_file(process, 0, &new->file);
	if (err)
		return err;
	new->fd = get_unused_fd(O_CLOEXEC);
	err = min(new->fd, 0);
	if (!err && put_user((s32)new->fd, (s32 *)args->pidfd)) {
		put_unused_fd((unsigned)new->fd);
		err = -EFAULT;
	}
	if (err)
		fput(new->file);
	return err;
}

static void
discard_pidfd(struct new_pidfd *new)
{
	if (!new->file)
		return;
	put_unused_fd((unsigned)new->fd);
	fput(new->file);
}

static int
copy_mm(struct task *child, u32 flags)
{
	int err = 0;

	if (flags & CLONE_VM) {
		mmget(current->mm);
		child->mm = current->mm;
	} else {
		err = dup_mm(current->mm, &child->mm);
	}
	child->active_mm = child->mm;
	return err;
}

/* The child's way out of the kernel. Interrupts masked, run queue locked. */
static void
child_entry(void *arg)
{
	struct task *self = arg;

	finish_task_switch();
	local_irq_enable();
	if (self->set_child_tid)
		put_user(self->pid, (s32 *)self->set_child_tid);
	local_irq_disable();
	return_to_user(task_pt_regs(self));
}

static void
copy_registers(struct task *child, const struct kernel_clone_args *args)
{
	struct pt_regs *regs = task_pt_regs(child);

	*regs = *task_pt_regs(current);
	regs->r[0] = 0;
	if (args->stack)
		regs->sp = args->stack;
	child->tls = args->flags & CLONE_SETTLS ? args->tls : current->tls;
	cpu_context_init(&child->context, regs, child_entry, child);
}

/* A task like current, with its memory; in no list. 0 or -Exxx. */
static int
copy_task(const struct kernel_clone_args *args, struct task **result)
{
	struct task *child = task_alloc();
	int err;

	if (!child)
		return -ENOMEM;
	memcpy(child->name, current->name, sizeof(child->name));
	child->cpu = (s16)smp_processor_id();
	child->blocked = current->blocked;
	child->nice = current->nice;
	child->cpus_allowed = READ_ONCE(current->cpus_allowed);
	sigpending_init(&child->pending);
	if (!(args->flags & CLONE_VM) || args->flags & CLONE_VFORK) {
		child->sas_sp = current->sas_sp;
		child->sas_size = current->sas_size;
	}
	if (args->flags & CLONE_CHILD_SETTID)
		child->set_child_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = args->child_tid;
	copy_registers(child, args);
	err = fpu_fork(child);
	if (!err) {
		err = copy_mm(child, args->flags);
		if (err)
			fpu_release(child);
	}
	if (err) {
		task_discard(child);
		return err;
	}
	*result = child;
	return 0;
}

static bool
too_many(void)
{
	return nr_processes >= rlimit(RLIMIT_NPROC) ||
	       task_count() >= max_threads();
}

/*
 * Make it known, and its number with it. Signals are sent under the same lock: one
 * to a group reaches a child of it, or its parent before there is a child. So
 * one kill ends a fork bomb. False: a signal came, nothing is known.
 */
static bool
publish(struct task *child, struct process *process, u32 clone_flags)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	bool good = !signal_pending();

	if (good) {
		child->process = process;
		child->rlim = process->rlim;
		task_publish(child);
		if (clone_flags & CLONE_THREAD)
			process_add_thread(process, child);
		else
			process_publish_locked(process, child, current->process,
					       clone_flags & CLONE_PARENT);
	}
	spin_unlock_irqrestore(&process_lock, flags);
	return good;
}

/* Of a child that was never published. task NULL: it has none yet. */
static void
discard(struct task *child, struct process *process, u32 flags)
{
	if (child) {
		mmput(child->mm);
		task_discard(child);
	}
	if (flags & CLONE_THREAD)
		process_put(process);
	else
		process_discard(process);
}

/*
 * Wait until the child has done with our memory; only death interrupts. Then
 * the child must not look for the completion, which lies on our stack.
 */
static void
wait_for_vfork(struct task *child, struct completion *done)
{
	if (wait_for_completion_killable(done)) {
		unsigned long flags = spin_lock_irqsave(&process_lock);

		child->vfork_done = NULL;
		spin_unlock_irqrestore(&process_lock, flags);
	}
	put_task(child);
}

/* All that can fail, for a child that nobody knows yet. 0 or -Exxx. */
static int
make_child(const struct kernel_clone_args *args, struct task **child,
	   struct process **process, struct new_pidfd *pidfd)
{
	int err = copy_process(args, process);

	if (err)
		return err;
	err = prepare_pidfd(args, *process, pidfd);
	if (!err) {
		err = copy_task(args, child);
		if (err)
			discard_pidfd(pidfd);
	}
	if (err)
		discard(NULL, *process, args->flags);
	return err;
}

long
do_clone(const struct kernel_clone_args *args)
{
	struct completion vfork_done;
	struct new_pidfd pidfd;
	struct process *process;
	struct task *child;
	long pid;
	int err;

	if (!flags_valid(args))
		return -EINVAL;
	/* Who is to end makes no more of itself. */
	if (signal_pending())
		return -ERESTARTNOINTR;
	if (too_many())
		return -EAGAIN;
	err = make_child(args, &child, &process, &pidfd);
	if (err)
		return err;
	if (args->flags & CLONE_VFORK) {
		init_completion(&vfork_done);
		child->vfork_done = &vfork_done;
		get_task(child);
	}
	if (!publish(child, process, args->flags)) {
		discard_pidfd(&pidfd);
		discard(child, process, args->flags);
		return -ERESTARTNOINTR;
	}
	pid = child->pid;
	if (pidfd.file)
		fd_install((unsigned)pidfd.fd, pidfd.file);
	if (args->flags & CLONE_PARENT_SETTID)
		put_user((s32)pid, (s32 *)args->parent_tid);
	wake_up_process(child);
	if (args->flags & CLONE_VFORK)
		wait_for_vfork(child, &vfork_done);
	return pid;
}
