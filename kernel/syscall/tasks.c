/* SPDX-License-Identifier: MIT */
/* Starting and ending tasks, their limits, and what is known of them. */
#include <asm/uaccess.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/syscalls_process.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include "../process/process_private.h"
#include "sys.h"

#define USER_HZ		100
#define NSEC_PER_TICK	(NSEC_PER_SEC / USER_HZ)

/* --- Starting and ending --- */

long
sys_exit(int code)
{
	do_exit((code & 0xff) << 8);
}

long
sys_exit_group(int code)
{
	do_group_exit((code & 0xff) << 8);
}

long
sys_fork(void)
{
	struct kernel_clone_args args = { .flags = SIGCHLD };

	return do_clone(&args);
}

long
sys_vfork(void)
{
	struct kernel_clone_args args = {
		.flags = CLONE_VFORK | CLONE_VM | SIGCHLD,
	};

	return do_clone(&args);
}

/* The order of arguments is ARM's. */
long
sys_clone(u32 flags, u32 stack, u32 ptid, u32 tls, u32 ctid)
{
	struct kernel_clone_args args = {
		.flags = flags, .stack = stack, .parent_tid = ptid,
		.child_tid = ctid, .tls = tls,
		.pidfd = ptid,		/* there is no seventh argument */
	};

	return do_clone(&args);
}

long
sys_set_tid_address(u32 addr)
{
	current->clear_child_tid = addr;
	return current->pid;
}

long
sys_get_robust_list(int tid, u32 *head, u32 *len)
{
	struct task *task = tid ? find_get_task(tid) : NULL;
	u32 list = task ? task->robust_list : current->robust_list;

	if (tid && !task)
		return -ESRCH;
	if (task)
		put_task(task);
	return put_user(12u, len) || put_user(list, head) ? -EFAULT : 0;
}

/* --- Limits --- */

/* Raising the hard limit is for root. 0 or -Exxx. */
static int
set_limit(struct process *process, unsigned which, struct rlimit new)
{
	struct rlimit *limit = &process->rlim[which];

	if (new.rlim_cur > new.rlim_max)
		return -EINVAL;
	if (new.rlim_max > limit->rlim_max && current->process->euid)
		return -EPERM;
	*limit = new;
	if (which == RLIMIT_CPU)
		cpu_limit_changed(process);
	return 0;
}

long
sys_getrlimit(unsigned which, struct rlimit *limit)
{
	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	return copy_to_user(limit, &current->process->rlim[which],
			    sizeof(*limit)) ? -EFAULT : 0;
}

long
sys_setrlimit(unsigned which, const struct rlimit *limit)
{
	struct rlimit new;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (copy_from_user(&new, limit, sizeof(new)))
		return -EFAULT;
	return set_limit(current->process, which, new);
}

static u64
limit_to_64(unsigned long limit)
{
	return limit == RLIM_INFINITY ? ~0ull : limit;
}

static unsigned long
limit_from_64(u64 limit)
{
	return limit >= RLIM_INFINITY ? RLIM_INFINITY : (unsigned long)limit;
}

static long
prlimit(struct process *process, unsigned which, const u64 *new, u64 *old)
{
	struct rlimit was = process->rlim[which];
	u64 out[2] = { limit_to_64(was.rlim_cur), limit_to_64(was.rlim_max) };
	u64 in[2];
	int err = 0;

	if (new) {
		if (copy_from_user(in, new, sizeof(in)))
			return -EFAULT;
		err = set_limit(process, which,
				(struct rlimit){ limit_from_64(in[0]),
						 limit_from_64(in[1]) });
	}
	if (!err && old && copy_to_user(old, out, sizeof(out)))
		err = -EFAULT;
	return err;
}

long
sys_prlimit64(int pid, unsigned which, const u64 *new, u64 *old)
{
	struct process *process;
	long err;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (!pid)
		return prlimit(current->process, which, new, old);
	process = process_find(pid);
	if (!process)
		return -ESRCH;
	err = process_may_access(process) ?
	      prlimit(process, which, new, old) : -EPERM;
	process_put(process);
	return err;
}

/* --- Times --- */

struct rusage {
	s32 ru_utime[2], ru_stime[2];		/* seconds, microseconds */
	s32 ru_maxrss;				/* KiB */
	s32 ru_ixrss, ru_idrss, ru_isrss;
	s32 ru_minflt, ru_majflt;
	s32 ru_nswap, ru_inblock, ru_oublock, ru_msgsnd, ru_msgrcv;
	s32 ru_nsignals, ru_nvcsw, ru_nivcsw;
};
static_assert(sizeof(struct rusage) == 72, "struct rusage");

static void
split_us(u64 ns, s32 out[2])
{
	u64 us = ns / NSEC_PER_USEC;

	out[0] = (s32)(us / 1000000);
	out[1] = (s32)(us % 1000000);
}

int
put_rusage(struct rusage *user, const struct process_usage *usage)
{
	struct rusage ru;

	memset(&ru, 0, sizeof(ru));
	split_us(usage->utime, ru.ru_utime);
	split_us(usage->stime, ru.ru_stime);
	ru.ru_maxrss = (s32)(usage->maxrss << (PAGE_SHIFT - 10));
	ru.ru_minflt = (s32)usage->min_flt;
	ru.ru_majflt = (s32)usage->maj_flt;
	ru.ru_nvcsw = (s32)usage->nvcsw;
	return copy_to_user(user, &ru, sizeof(ru)) ? -EFAULT : 0;
}

#define RUSAGE_SELF	0
#define RUSAGE_CHILDREN	(-1)
#define RUSAGE_THREAD	1

long
sys_getrusage(int who, struct rusage *usage)
{
	struct process_usage sum;

	memset(&sum, 0, sizeof(sum));
	if (who == RUSAGE_SELF)
		process_usage_now(current->process, &sum);
	else if (who == RUSAGE_CHILDREN)
		sum = current->process->children_usage;
	else if (who == RUSAGE_THREAD)
		usage_add_task(&sum, current);
	else
		return -EINVAL;
	return put_rusage(usage, &sum);
}

long
sys_times(u32 *buf)
{
	struct process *p = current->process;
	struct process_usage sum;
	u32 out[4];

	process_usage_now(p, &sum);
	out[0] = (u32)(sum.utime / NSEC_PER_TICK);
	out[1] = (u32)(sum.stime / NSEC_PER_TICK);
	out[2] = (u32)(p->children_usage.utime / NSEC_PER_TICK);
	out[3] = (u32)(p->children_usage.stime / NSEC_PER_TICK);
	if (buf && copy_to_user(buf, out, sizeof(out)))
		return -EFAULT;
	return (long)(ktime_get_ns() / NSEC_PER_TICK);
}

/* --- prctl --- */

#define PR_SET_PDEATHSIG	1
#define PR_GET_PDEATHSIG	2
#define PR_GET_DUMPABLE		3
#define PR_SET_DUMPABLE		4
#define PR_SET_NAME		15
#define PR_GET_NAME		16
#define PR_SET_NO_NEW_PRIVS	38
#define PR_GET_NO_NEW_PRIVS	39
#define PR_SET_VMA		0x53564d41

static long
set_name(u32 user)
{
	char name[TASK_NAME_LEN];
	long n = strncpy_from_user(name, (const char *)user,
				   sizeof(name) - 1);

	if (n < 0)
		return -EFAULT;
	name[n] = '\0';
	strscpy(current->name, name, sizeof(current->name));
	return 0;
}

long
sys_prctl(int option, u32 a, u32 b, u32 c, u32 d)
{
	struct process *p = current->process;

	(void)b;
	(void)c;
	(void)d;
	switch (option) {
	case PR_SET_PDEATHSIG:
		if (a > NSIG)
			return -EINVAL;
		p->pdeath_signal = (u8)a;
		return 0;
	case PR_GET_PDEATHSIG:
		return put_user((s32)p->pdeath_signal, (s32 *)a);
	case PR_GET_DUMPABLE:
		return p->dumpable;
	case PR_SET_DUMPABLE:
		if (a > 1)
			return -EINVAL;
		p->dumpable = a;
		return 0;
	case PR_SET_NAME:
		return set_name(a);
	case PR_GET_NAME:
		return copy_to_user((void *)a, current->name, TASK_NAME_LEN) ?
		       -EFAULT : 0;
	case PR_SET_NO_NEW_PRIVS:
		return a == 1 ? 0 : -EINVAL;
	case PR_GET_NO_NEW_PRIVS:
		return 1;
	default:
		return -EINVAL;
	}
}

long
sys_ptrace(void)
{
	return -EPERM;		/* nobody may trace; strace is a node */
}

/* --- Scheduling: one class; shares of it: priority.c; cores --- */

long
sys_sched_yield(void)
{
	yield();
	return 0;
}

long
sys_sched_setparam(int pid, const s32 *param)
{
	s32 prio;

	if (pid < 0 || get_user(prio, param))
		return pid < 0 ? -EINVAL : -EFAULT;
	return prio ? -EINVAL : 0;
}

long
sys_sched_getparam(int pid, s32 *param)
{
	return pid < 0 ? -EINVAL : put_user(0, param);
}

long
sys_sched_setscheduler(int pid, int policy, const s32 *param)
{
	if (policy != 0 && policy != 3 && policy != 5)
		return policy == 1 || policy == 2 ? -EPERM : -EINVAL;
	return sys_sched_setparam(pid, param);
}

long
sys_sched_getscheduler(int pid)
{
	return pid < 0 ? -EINVAL : 0;
}

long
sys_sched_get_priority_max(int policy)
{
	return policy == 1 || policy == 2 ? 99 :
	       policy == 0 || policy == 3 || policy == 5 ? 0 : -EINVAL;
}

long
sys_sched_get_priority_min(int policy)
{
	return policy == 1 || policy == 2 ? 1 :
	       policy == 0 || policy == 3 || policy == 5 ? 0 : -EINVAL;
}

/* NULL: there is none. pid 0 is the caller. */
static struct task *
get_task_by_pid(int pid)
{
	return find_get_task(pid ? pid : current->pid);
}

/* Of one's own user's tasks; root: of all. Threads of the kernel are root's. */
static bool
may_bind(const struct task *task)
{
	u32 euid = current->process->euid;
	const struct process *p = task->process;

	return !euid || (p && (euid == p->euid || euid == p->uid));
}

/* A shorter mask names no core beyond its end; a longer one none that is. */
long
sys_sched_setaffinity(int pid, u32 size, const u32 *user)
{
	struct task *task;
	u32 mask = 0;
	long err;

	if (copy_from_user(&mask, user, min(size, (u32)sizeof(mask))))
		return -EFAULT;
	task = get_task_by_pid(pid);
	if (!task)
		return -ESRCH;
	if (task->bound)
		err = -EINVAL;
	else if (!may_bind(task))
		err = -EPERM;
	else
		err = sched_setaffinity(task, mask);
	put_task(task);
	return err;
}

/* The bytes that were written. */
long
sys_sched_getaffinity(int pid, u32 size, u32 *user)
{
	struct task *task;
	u32 mask;

	if (size < sizeof(mask) || size % sizeof(mask))
		return -EINVAL;
	task = get_task_by_pid(pid);
	if (!task)
		return -ESRCH;
	mask = sched_getaffinity(task);
	put_task(task);
	return put_user(mask, user) ? -EFAULT : (long)sizeof(mask);
}

long
sys_getcpu(u32 *cpu, u32 *node)
{
	if (cpu && put_user((u32)smp_processor_id(), cpu))
		return -EFAULT;
	if (node && put_user(0u, node))
		return -EFAULT;
	return 0;
}
