/* SPDX-License-Identifier: MIT */
/*
 * signalfd: signals that are read instead of delivered. The file is a set of
 * signals; read() takes those of them that wait for the reader.
 *
 * Ideas
 *   The program blocks the signals of its set, so that they wait instead of
 *   going to a handler. A read takes them from the same two sets as a return to
 *   user mode: its thread's, then its process's. So the file belongs to who
 *   reads it: after fork() the child reads its own signals.
 *
 *	kill --> pending set --+--> not blocked: a handler
 *			       +--> read(signalfd): 128 bytes that tell of it
 *
 *   Who waits for a process's signals stands in one of NR_QUEUES queues, by the
 *   process: a queue must outlive the process, since an epoll set may have
 *   stood in it for a file that another process still has. Processes that share
 *   a queue wake each other, and find nothing.
 *
 * Locks  process_lock: the set, and what waits. It is taken before the queue's,
 *	  and between entering a queue and going to sleep, so no signal falls
 *	  between: a sender that finds the queue empty comes before that look.
 * Cost   a signal that nobody reads: one look at an empty list.
 *
 * Sources  signalfd(2).
 */
#include <asm/uaccess.h>
#include <kernel/init.h>
#include <kernel/poll.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

#define NR_QUEUES	16

struct signalfd {
	sigset_t set;			/* process_lock */
};

struct signalfd_siginfo {
	u32 signo;
	s32 error, code;
	u32 pid, uid;
	s32 fd;
	u32 timer_id, band, overrun, trapno;
	s32 status, value;
	u64 pointer, utime, stime, addr;
	u16 addr_lsb, unused1;
	s32 syscall;
	u64 call_addr;
	u32 arch;
	u8 unused2[28];
};
static_assert(sizeof(struct signalfd_siginfo) == 128, "signalfd_siginfo");

static struct wait_queue_head queues[NR_QUEUES];

static struct wait_queue_head *
queue_of(const struct process *process)
{
	return &queues[(unsigned)process->pid % NR_QUEUES];
}

void
signalfd_notify(struct process *process)
{
	struct wait_queue_head *queue = queue_of(process);

	if (waitqueue_active(queue))
		wake_up_all(queue);
}

static sigset_t
set_of(const struct signalfd *s)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	sigset_t set = s->set;

	spin_unlock_irqrestore(&process_lock, flags);
	return set;
}

/* Does one of the set wait for current? */
static bool
any_waits(const struct signalfd *s)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	bool any = s->set & (current->pending.set |
			     current->process->pending.set);

	spin_unlock_irqrestore(&process_lock, flags);
	return any;
}

/* --- read, poll, close --------------------------------------------------------- */

static void
tell_child(struct signalfd_siginfo *to, const struct siginfo *info)
{
	to->pid = (u32)info->pid;
	to->uid = info->uid;
	to->status = info->status;
	to->utime = info->utime;
	to->stime = info->stime;
}

/* What is told depends on who sent it: si_code > 0 is the kernel. */
static void
describe(struct signalfd_siginfo *to, const struct siginfo *info)
{
	memset(to, 0, sizeof(*to));
	to->signo = (u32)info->si_signo;
	to->error = info->si_errno;
	to->code = info->si_code;
	if (info->si_code == SI_TIMER) {
		to->timer_id = (u32)info->timer_id;
		to->overrun = (u32)info->overrun;
		to->value = (s32)info->value;
		to->pointer = info->value;
	} else if (info->si_code > 0 && info->si_code < SI_KERNEL) {
		if (info->si_signo == SIGCHLD)
			tell_child(to, info);
		else
			to->addr = info->addr;
	} else {
		to->pid = (u32)info->pid;
		to->uid = info->uid;
		if (info->si_code < 0) {
			to->value = info->status;
			to->pointer = (u32)info->status;
		}
	}
}

/* 0: look again; -EAGAIN, -ERESTARTSYS. */
static int
wait_for_one(struct file *file, struct signalfd *s)
{
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(queue_of(current->process),
					any_waits(s));
}

/* The first one is waited for; behind it comes what is there. */
static ssize_t
signalfd_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	struct signalfd *s = file->private_data;
	struct signalfd_siginfo record;
	struct siginfo info;
	ssize_t n = 0;
	int err;

	(void)pos;
	if (to->count < sizeof(record))
		return -EINVAL;
	while (to->count >= sizeof(record)) {
		if (!take_signal_of(set_of(s), &info)) {
			err = n ? -EAGAIN : wait_for_one(file, s);
			if (err)
				return n ? n : err;
			continue;
		}
		describe(&record, &info);
		if (copy_to_iter(&record, sizeof(record), to) != sizeof(record))
			return n ? n : -EFAULT;
		n += (ssize_t)sizeof(record);
	}
	return n;
}

static unsigned
signalfd_poll(struct file *file, struct poll_table *wait)
{
	poll_wait(queue_of(current->process), wait);
	return any_waits(file->private_data) ? POLLIN | POLLRDNORM : 0;
}

static void
signalfd_release(struct inode *inode, struct file *file)
{
	(void)inode;
	kfree(file->private_data);
}

static const struct file_operations signalfd_ops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.release = signalfd_release,
};

/* --- signalfd() --------------------------------------------------------------------- */

static long
create(sigset_t set, unsigned flags)
{
	struct signalfd *s = kzalloc(sizeof(*s), GFP_KERNEL);
	struct file *file;
	int err;

	if (!s)
		return -ENOMEM;
	s->set = set;
	err = anon_file("[signalfd]", &signalfd_ops, s, flags & O_NONBLOCK,
			&file);
	if (err) {
		kfree(s);
		return err;
	}
	return fd_publish(file, flags);
}

/* Another set for a file that is there; who waits looks whether that helps. */
static long
change(int fd, sigset_t set)
{
	struct fd f = fdget((unsigned)fd);
	long result = -EINVAL;
	struct signalfd *s;
	unsigned long flags;

	if (!f.file)
		return -EBADF;
	if (f.file->f_op == &signalfd_ops) {
		s = f.file->private_data;
		flags = spin_lock_irqsave(&process_lock);
		s->set = set;
		signalfd_notify(current->process);
		spin_unlock_irqrestore(&process_lock, flags);
		result = fd;
	}
	fdput(f);
	return result;
}

long
sys_signalfd4(int fd, const u64 *mask, size_t size, int flags)
{
	sigset_t set;

	if (size != sizeof(set))
		return -EINVAL;
	if (copy_from_user(&set, mask, sizeof(set)))
		return -EFAULT;
	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	set &= ~(sigmask(SIGKILL) | sigmask(SIGSTOP));
	return fd == -1 ? create(set, (unsigned)flags) : change(fd, set);
}

long
sys_signalfd(int fd, const u64 *mask, size_t size)
{
	return sys_signalfd4(fd, mask, size, 0);
}

static int
signalfd_init(void)
{
	for (unsigned i = 0; i < NR_QUEUES; i++)
		init_waitqueue_head(&queues[i]);
	return 0;
}
device_initcall(signalfd_init);
