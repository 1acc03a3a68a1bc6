/* SPDX-License-Identifier: MIT */
/*
 * pidfd: a process as a file.
 *
 * What it is for
 *   A number tells little for long: the process ends, its parent waits, and
 *   the number is another's. Who kills it then hits the wrong one. A descriptor
 *   stands for one process for ever, and is an errno when that has gone:
 *
 *	pid 77 -----> A ends ---> wait() ---> B is 77
 *	kill(77)	A	    A		 B !
 *	pidfd		A	    A		 ESRCH
 *
 * Ideas
 *   The file holds a reference to struct process, which stays when the process
 *   has gone (some 500 bytes; a table has at most RLIMIT_NOFILE of them).
 *   Whether it can still be found by its number says whether it has been waited
 *   for. It is readable once all threads have ended: the queue that the last
 *   one wakes is wait_child of the process itself, so exit does nothing more.
 *
 * Who else uses it  waitid(P_PIDFD) in wait.c; CLONE_PIDFD in fork.c;
 *		     process_madvise(), process_mrelease() in syscall/remote.c.
 * Locks  process_lock: is it known, its table of descriptors.
 *
 * What Linux has and this has not: PIDFD_THREAD and signals to a thread or a
 * group (EINVAL), a folder of /proc as a pidfd (EBADF), POLLHUP once it has
 * been waited for, Pid: in fdinfo.
 *
 * Sources  pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).
 */
#include <asm/uaccess.h>
#include <kernel/poll.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <lib/errno.h>

#include "../process/process_private.h"
#include "fs_private.h"

/* --- The file --- */

static unsigned
pidfd_poll(struct file *file, struct poll_table *wait)
{
	struct process *process = file->private_data;

	poll_wait(&process->wait_child, wait);
	return READ_ONCE(process->zombie) ? POLLIN | POLLRDNORM : 0;
}

static void
pidfd_release(struct inode *inode, struct file *file)
{
	(void)inode;
	process_put(file->private_data);
}

static const struct file_operations pidfd_ops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
};

int
pidfd_file(struct process *process, unsigned flags, struct file **file)
{
	int err = anon_file("[pidfd]", &pidfd_ops, process, flags, file);

	if (!err)
		process_get(process);
	return err;
}

struct process *
pidfd_get_process(int fd, bool *nonblock)
{
	struct fd f = fdget((unsigned)fd);
	struct process *process = NULL;

	if (!f.file)
		return NULL;
	if (f.file->f_op == &pidfd_ops) {
		process = f.file->private_data;
		process_get(process);
		if (nonblock)
			*nonblock = f.file->f_flags & O_NONBLOCK;
	}
	fdput(f);
	return process;
}

/* It is not a process: the number of a thread, or nobody's. */
static int
why_not(int pid)
{
	struct task *task = find_get_task(pid);

	if (!task)
		return -ESRCH;
	put_task(task);
	return -EINVAL;
}

long
sys_pidfd_open(int pid, unsigned flags)
{
	struct process *process;
	struct file *file;
	int err;

	if (flags & ~(unsigned)O_NONBLOCK || pid <= 0)
		return -EINVAL;
	process = process_find(pid);
	if (!process)
		return why_not(pid);
	err = pidfd_file(process, flags, &file);
	process_put(process);
	return err ? err : fd_publish(file, O_CLOEXEC);
}

/* --- Signals --- */

/* What the user says of the signal, which only a process may say to itself if
 * it looks like the kernel's. 0, -EFAULT, -EINVAL, -EPERM. */
static int
get_info(const struct siginfo *user, int sig, bool self, struct siginfo *info)
{
	if (copy_from_user(info, user, sizeof(*info)))
		return -EFAULT;
	if (info->si_signo != sig)
		return -EINVAL;
	return !self && (info->si_code >= 0 || info->si_code == SI_TKILL) ?
	       -EPERM : 0;
}

/* Unless it has been waited for. One step: it cannot go in between. */
static int
send_if_known(struct process *process, const struct siginfo *info)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	int err = -ESRCH;

	if (process_find_locked(process->pid) == process)
		err = may_signal(process, info->si_signo) ? 0 : -EPERM;
	if (!err && info->si_signo)
		send_sig_locked(process, info);
	spin_unlock_irqrestore(&process_lock, flags);
	return err;
}

static int
send_info(struct process *process, int sig, const struct siginfo *user)
{
	struct siginfo info = {
		.si_signo = sig, .si_code = SI_USER,
		.pid = current->process->pid, .uid = current->process->uid,
	};
	int err = 0;

	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	if (user)
		err = get_info(user, sig, process == current->process, &info);
	return err ? err : send_if_known(process, &info);
}

long
sys_pidfd_send_signal(int pidfd, int sig, const struct siginfo *info,
		      unsigned flags)
{
	struct process *process;
	int err;

	if (flags)
		return -EINVAL;
	process = pidfd_get_process(pidfd, NULL);
	if (!process)
		return -EBADF;
	err = send_info(process, sig, info);
	process_put(process);
	return err;
}

/* --- Another's descriptors --- */

/* 0 and *file with a reference; -EPERM, -ESRCH (it has ended), -EBADF. */
static int
file_of_process(struct process *process, unsigned fd, struct file **file)
{
	unsigned long flags;
	int err = -ESRCH;

	if (!process_may_access(process))
		return -EPERM;
	flags = spin_lock_irqsave(&process_lock);
	if (process->files) {
		*file = files_get_file(process->files, fd);
		err = *file ? 0 : -EBADF;
	}
	spin_unlock_irqrestore(&process_lock, flags);
	return err;
}

long
sys_pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	struct process *process;
	struct file *file;
	int err;

	if (flags)
		return -EINVAL;
	process = pidfd_get_process(pidfd, NULL);
	if (!process)
		return -EBADF;
	err = file_of_process(process, (unsigned)fd, &file);
	process_put(process);
	return err ? err : fd_publish(file, O_CLOEXEC);
}
