/* SPDX-License-Identifier: MIT */
/*
 * System calls of processes, signals, times and memory; those of files are in
 * kernel/syscalls.h, which says how they are called.
 */
#ifndef KERNEL_SYSCALLS_PROCESS_H
#define KERNEL_SYSCALLS_PROCESS_H

#include <kernel/signal.h>
#include <kernel/syscalls.h>

struct iovec;
struct process_usage;
struct rlimit;
struct rusage;

/* Times of user memory, as ns. 0, -EFAULT, -EINVAL. */
int get_timespec64_ns(const void *user, u64 *ns);
int get_timespec32_ns(const void *user, u64 *ns);

/* struct itimerspec, in this order, of either width. 0, -EFAULT, -EINVAL. */
struct itimer_ns {
	u64 interval, value;		/* ns */
};
int get_itimerspec(const void *user, bool wide, struct itimer_ns *spec);
int put_itimerspec(void *user, bool wide, const struct itimer_ns *spec);
/* As struct rusage. 0 or -EFAULT. */
int put_rusage(struct rusage *user, const struct process_usage *usage);

/* --- kernel/process/fork.c, exec.c, exit.c, wait.c --- */
long sys_execve(const char *path, u32 argv, u32 envp);
long sys_execveat(int dfd, const char *path, u32 argv, u32 envp, int flags);
long sys_wait4(int pid, s32 *status, unsigned options, struct rusage *usage);
long sys_waitid(int type, int id, struct siginfo *info, unsigned options,
		struct rusage *usage);

/* --- kernel/process/signal_frame.c, kernel/syscall/signals.c --- */
long sys_sigreturn(void);
long sys_rt_sigreturn(void);
long sys_sigaltstack(const u32 *new, u32 *old);
long sys_rt_sigaction(int sig, const struct k_sigaction *new,
		      struct k_sigaction *old, u32 size);
long sys_rt_sigprocmask(int how, const sigset_t *set, sigset_t *old, u32 size);
long sys_rt_sigpending(sigset_t *set, u32 size);
long sys_rt_sigsuspend(const sigset_t *set, u32 size);
long sys_rt_sigtimedwait(const sigset_t *set, struct siginfo *info,
			 const void *timeout, u32 size);
long sys_rt_sigqueueinfo(int pid, int sig, const struct siginfo *info);
long sys_rt_tgsigqueueinfo(int tgid, int tid, int sig,
			   const struct siginfo *info);
long sys_pause(void);
long sys_kill(int pid, int sig);
long sys_tkill(int tid, int sig);
long sys_tgkill(int tgid, int tid, int sig);

/* --- kernel/fs/pidfd.c --- */
long sys_pidfd_open(int pid, unsigned flags);
long sys_pidfd_send_signal(int pidfd, int sig, const struct siginfo *info,
			   unsigned flags);
long sys_pidfd_getfd(int pidfd, int fd, unsigned flags);

/* --- kernel/process/futex.c --- */
long sys_futex(u32 uaddr, u32 op, u32 val, u32 timeout, u32 uaddr2, u32 val3);
long sys_futex_time64(u32 uaddr, u32 op, u32 val, u32 timeout, u32 uaddr2,
		      u32 val3);
long sys_set_robust_list(u32 head, u32 len);

/* --- kernel/process/posix_timer.c --- */
long sys_timer_create(int clock, const void *event, s32 *id);
long sys_timer_settime(int id, int flags, const void *new, void *old);
long sys_timer_settime64(int id, int flags, const void *new, void *old);
long sys_timer_gettime(int id, void *now);
long sys_timer_gettime64(int id, void *now);
long sys_timer_getoverrun(int id);
long sys_timer_delete(int id);

/* --- kernel/process/itimer.c --- */
long sys_clock_gettime(int clock, void *ts);
long sys_clock_gettime64(int clock, void *ts);
long sys_clock_getres(int clock, void *ts);
long sys_clock_getres_time64(int clock, void *ts);
long sys_clock_settime(int clock, const void *ts);
long sys_clock_settime64(int clock, const void *ts);
long sys_clock_nanosleep(int clock, int flags, const void *req, void *rem);
long sys_clock_nanosleep_time64(int clock, int flags, const void *req,
				void *rem);
long sys_nanosleep(const void *req, void *rem);
long sys_gettimeofday(struct old_timeval32 *tv, void *tz);
long sys_getitimer(int which, struct old_timeval32 *value);
long sys_setitimer(int which, const struct old_timeval32 *value,
		   struct old_timeval32 *old);

#endif
