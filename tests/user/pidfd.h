/* SPDX-License-Identifier: MIT */
/* Processes by pidfds: what pidfd.c and clone3.c share. */
#ifndef UTEST_PIDFD_H
#define UTEST_PIDFD_H

#include <poll.h>
#include "utest.h"

/* Of the EABI's table; what user/include does not name. */
enum {
	NR_epoll_create1 = 357, NR_epoll_ctl = 251, NR_epoll_wait = 252,
	NR_execveat = 387, NR_pidfd_send_signal = 424, NR_pidfd_open = 434,
	NR_clone3 = 435, NR_pidfd_getfd = 438, NR_process_madvise = 440,
	NR_process_mrelease = 448,
};

enum { P_PIDFD_ = 3, COLD = 20, PAGEOUT = 21, QUEUED = -1 /* SI_QUEUE */ };

#define BAD		((void *)8)
#define GETFD		1
#define DUPFD		0
#define PATH_ONLY	010000000		/* O_PATH */
#define EMPTY_PATH	0x1000
#define NO_FOLLOW	0x100
#define CLOEXEC		02000000

#define VM		0x100ull
#define SIGHAND		0x800ull
#define PIDFD		0x1000ull
#define VFORK		0x4000ull
#define PARENT		0x8000ull
#define THREAD		0x10000ull
#define NEWNS		0x20000ull
#define PARENT_SETTID	0x100000ull
#define DETACHED	0x400000ull
#define CHILD_SETTID	0x1000000ull
#define INTO_CGROUP	0x200000000ull
#define CLEAR_SIGHAND	0x100000000ull

struct clone_args {
	unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal,
			   stack, stack_size, tls, set_tid, set_tid_size,
			   cgroup;
};

struct range {
	void *base;
	size_t len;
};

static inline long
open_pid(int pid)
{
	return SYSCALL(NR_pidfd_open, pid, 0);
}

static inline long
send(int fd, int sig)
{
	return SYSCALL(NR_pidfd_send_signal, fd, sig, NULL, 0);
}

static inline long
wait_fd(int fd, siginfo_t *info, int options)
{
	return SYSCALL(SYS_waitid, P_PIDFD_, fd, info, options, NULL);
}

/* A child that waits for its end. */
static inline pid_t
sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	ASSERT(pid > 0);
	return pid;
}

static inline void
end(pid_t pid)
{
	EXPECT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

/* What a child that has been waited for leaves: a pidfd of nobody. */
static inline int
of_nobody(void)
{
	pid_t pid = sleeper();
	int fd = open_pid(pid);

	ASSERT(fd >= 0);
	end(pid);
	return fd;
}

static inline short
polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	EXPECT(SYSCALL(SYS_poll, &p, 1, 0) == (p.revents != 0));
	return p.revents & ~POLLHUP;
}

static inline int
sleep_in_thread(void *arg)
{
	for (;;)
		pause();
	return 0;
}

#endif
