/* SPDX-License-Identifier: MIT */
/* Signals as system calls: sending, blocking, waiting, handlers. */
#include <asm/uaccess.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "../process/process_private.h"

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

static int
get_set(const sigset_t *user, sigset_t *set)
{
	return copy_from_user(set, user, sizeof(*set)) ? -EFAULT : 0;
}

static int
put_set(sigset_t *user, sigset_t set)
{
	return copy_to_user(user, &set, sizeof(set)) ? -EFAULT : 0;
}

/* --- Handlers and masks --- */

/* What waits and would be ignored from now on is forgotten. */
static void
change_action(int sig, const struct k_sigaction *new, struct k_sigaction *old)
{
	struct process *process = current->process;
	struct k_sigaction *action = &process->sighand->action[sig - 1];
	unsigned long flags = spin_lock_irqsave(&process_lock);

	*old = *action;
	if (new) {
		*action = *new;
		action->mask &= ~(sigmask(SIGKILL) | sigmask(SIGSTOP));
		if (signal_ignored(process, sig))
			forget_signal(process, sig);
	}
	spin_unlock_irqrestore(&process_lock, flags);
}

long
sys_rt_sigaction(int sig, const struct k_sigaction *new,
		 struct k_sigaction *old, u32 size)
{
	struct k_sigaction action, was;

	if (size != sizeof(sigset_t) || sig < 1 || sig > NSIG ||
	    (new && (sig == SIGKILL || sig == SIGSTOP)))
		return -EINVAL;
	if (new && copy_from_user(&action, new, sizeof(action)))
		return -EFAULT;
	change_action(sig, new ? &action : NULL, &was);
	if (old && copy_to_user(old, &was, sizeof(was)))
		return -EFAULT;
	return 0;
}

long
sys_rt_sigprocmask(int how, const sigset_t *user, sigset_t *old, u32 size)
{
	sigset_t was = current->blocked, set;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (user) {
		if (get_set(user, &set))
			return -EFAULT;
		if (how == SIG_BLOCK)
			set |= was;
		else if (how == SIG_UNBLOCK)
			set = was & ~set;
		else if (how != SIG_SETMASK)
			return -EINVAL;
		set_blocked(set);
	}
	return old ? put_set(old, was) : 0;
}

static sigset_t
pending_set(void)
{
	return current->pending.set | current->process->pending.set;
}

long
sys_rt_sigpending(sigset_t *user, u32 size)
{
	sigset_t set = pending_set() & current->blocked;

	if (size > sizeof(set))
		return -EINVAL;
	return copy_to_user(user, &set, size) ? -EFAULT : 0;
}

/* --- Waiting --- */

static void
sleep_for_signal(void)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!signal_pending())
		schedule();
	set_current_state(TASK_RUNNING);
}

long
sys_pause(void)
{
	while (!signal_pending())
		sleep_for_signal();
	return -ERESTARTNOHAND;
}

long
sys_rt_sigsuspend(const sigset_t *user, u32 size)
{
	sigset_t set;

	if (size != sizeof(set))
		return -EINVAL;
	if (get_set(user, &set))
		return -EFAULT;
	set_wait_sigmask(set);
	while (!signal_pending())
		sleep_for_signal();
	restore_wait_sigmask(true);
	return -ERESTARTNOHAND;
}

/* Take one of set without a handler; 0: none until deadline (0: for ever). */
static int
wait_for_signal(sigset_t set, struct siginfo *info, u64 deadline)
{
	for (;;) {
		sigset_t blocked = current->blocked;
		u64 now = ktime_get_ns();
		int sig = take_signal_of(set, info);

		if (sig || (deadline && now >= deadline))
			return sig;
		set_blocked(blocked & ~set);
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending())
			set_current_state(TASK_RUNNING);
		else if (deadline)
			schedule_timeout_ns(deadline - now);
		else
			schedule();
		set_current_state(TASK_RUNNING);
		set_blocked(blocked);
		if (signal_pending() && !(pending_set() & set))
			return -EINTR;
	}
}

long
sys_rt_sigtimedwait(const sigset_t *user, struct siginfo *uinfo,
		    const void *timeout, u32 size)
{
	struct siginfo info;
	u64 deadline = 0;
	sigset_t set;
	int sig, err;

	if (size != sizeof(set))
		return -EINVAL;
	if (get_set(user, &set))
		return -EFAULT;
	if (timeout) {
		err = get_timespec32_ns(timeout, &deadline);
		if (err)
			return err;
		deadline += ktime_get_ns();
	}
	set &= ~(sigmask(SIGKILL) | sigmask(SIGSTOP));
	sig = wait_for_signal(set, &info, deadline);
	if (sig <= 0)
		return sig ? sig : -EAGAIN;
	if (uinfo && copy_to_user(uinfo, &info, sizeof(info)))
		return -EFAULT;
	return sig;
}

/* --- Sending --- */

static struct siginfo
user_info(int sig, int code)
{
	return (struct siginfo){
		.si_signo = sig, .si_code = code,
		.pid = current->process->pid, .uid = current->process->uid,
	};
}

/* Root may signal everybody, others their own, and SIGCONT in a session. */
bool
may_signal(const struct process *target, int sig)
{
	const struct process *self = current->process;

	return !self->euid || self->euid == target->suid ||
	       self->euid == target->uid || self->uid == target->suid ||
	       self->uid == target->uid ||
	       (sig == SIGCONT && self->sid == target->sid);
}

static int
signal_process(struct process *target, int sig)
{
	struct siginfo info = user_info(sig, SI_USER);

	if (!may_signal(target, sig))
		return -EPERM;
	return send_sig_process(target, &info);
}

/* pgid 0: everybody but init and ourselves. One step: no child escapes. */
static long
kill_many(int pgid, int sig)
{
	struct siginfo info = user_info(sig, SI_USER);
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct process *p;
	unsigned sent = 0, refused = 0;

	list_for_each_entry(p, &all_processes, all_node) {
		if (pgid ? p->pgid != pgid :
		    p == init_process || p == current->process)
			continue;
		if (!may_signal(p, sig)) {
			refused++;
			continue;
		}
		sent++;
		if (sig)
			send_sig_locked(p, &info);
	}
	spin_unlock_irqrestore(&process_lock, flags);
	return sent ? 0 : refused ? -EPERM : -ESRCH;
}

long
sys_kill(int pid, int sig)
{
	struct process *process;
	int err;

	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	if (pid == -1)
		return kill_many(0, sig);
	if (pid == (int)0x80000000)
		return -ESRCH;
	if (pid <= 0)
		return kill_many(pid ? -pid : current->process->pgid, sig);
	process = process_find(pid);
	if (!process)
		return -ESRCH;
	err = signal_process(process, sig);
	process_put(process);
	return err;
}

/* tgid 0: of any process. */
static long
signal_thread(int tgid, int tid, const struct siginfo *info)
{
	struct task *task;
	int err = -ESRCH;

	if (info->si_signo < 0 || info->si_signo > NSIG || tid <= 0)
		return -EINVAL;
	task = find_get_task(tid);
	if (!task)
		return -ESRCH;
	if (task->process && (!tgid || task->process->pid == tgid))
		err = may_signal(task->process, info->si_signo) ?
		      send_sig_thread(task, info) : -EPERM;
	put_task(task);
	return err;
}

long
sys_tkill(int tid, int sig)
{
	struct siginfo info = user_info(sig, SI_TKILL);

	return signal_thread(0, tid, &info);
}

long
sys_tgkill(int tgid, int tid, int sig)
{
	struct siginfo info = user_info(sig, SI_TKILL);

	return tgid <= 0 ? -EINVAL : signal_thread(tgid, tid, &info);
}

/* What a program says of a signal; the kernel's words only to itself. */
static int
get_siginfo(struct siginfo *info, const struct siginfo *user, int sig,
	    bool own)
{
	if (copy_from_user(info, user, sizeof(*info)))
		return -EFAULT;
	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && !own)
		return -EPERM;
	info->si_signo = sig;
	return 0;
}

long
sys_rt_sigqueueinfo(int pid, int sig, const struct siginfo *user)
{
	struct process *process;
	struct siginfo info;
	int err = get_siginfo(&info, user, sig, pid == current->process->pid);

	if (err)
		return err;
	process = process_find(pid);
	if (!process)
		return -ESRCH;
	err = may_signal(process, sig) ? send_sig_process(process, &info) :
					 -EPERM;
	process_put(process);
	return err;
}

long
sys_rt_tgsigqueueinfo(int tgid, int tid, int sig, const struct siginfo *user)
{
	struct siginfo info;
	int err;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	err = get_siginfo(&info, user, sig, tid == (int)current->pid);
	return err ? err : signal_thread(tgid, tid, &info);
}
