/* SPDX-License-Identifier: MIT */
/* pidfds and what takes them, clone3, execveat: errno by errno. */
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

static long
open_pid(int pid)
{
	return SYSCALL(NR_pidfd_open, pid, 0);
}

static long
send(int fd, int sig)
{
	return SYSCALL(NR_pidfd_send_signal, fd, sig, NULL, 0);
}

static long
wait_fd(int fd, siginfo_t *info, int options)
{
	return SYSCALL(SYS_waitid, P_PIDFD_, fd, info, options, NULL);
}

/* A child that waits for its end. */
static pid_t
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

static void
end(pid_t pid)
{
	EXPECT_EQ(kill(pid, SIGKILL), 0);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

/* What a child that has been waited for leaves: a pidfd of nobody. */
static int
of_nobody(void)
{
	pid_t pid = sleeper();
	int fd = open_pid(pid);

	ASSERT(fd >= 0);
	end(pid);
	return fd;
}

static short
polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	EXPECT(SYSCALL(SYS_poll, &p, 1, 0) == (p.revents != 0));
	return p.revents & ~POLLHUP;
}

static int
sleep_in_thread(void *arg)
{
	for (;;)
		pause();
	return 0;
}

/* --- The descriptor --- */

static void
open_errors(void)
{
	static char stack[4096] __attribute__((aligned(8)));
	static volatile int tid;
	int fd = open_pid(getpid());

	ASSERT(fd >= 0);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, GETFD), 1);
	EXPECT_EQ(open_pid(0), -EINVAL);
	EXPECT_EQ(open_pid(-1), -EINVAL);
	EXPECT_EQ(open_pid(1234567), -ESRCH);
	EXPECT_EQ(SYSCALL(NR_pidfd_open, getpid(), 1), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_pidfd_open, getpid(), CLOEXEC), -EINVAL);
	EXPECT(SYSCALL(NR_pidfd_open, getpid(), O_NONBLOCK) >= 0);
	/* Neither read nor written. */
	EXPECT_EQ(SYSCALL(SYS_read, fd, stack, 8), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_write, fd, stack, 8), -EINVAL);
	ASSERT(start_thread(stack + 4096, sleep_in_thread, NULL, &tid) > 0);
	EXPECT(open_pid(tid) == -EINVAL || open_pid(tid) == -ENOENT);
}

static void
a_zombie_can_be_opened_once_waited_for_it_cannot(void)
{
	siginfo_t info;
	pid_t pid = sleeper();

	kill(pid, SIGKILL);
	EXPECT_EQ(SYSCALL(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, 0),
		  0);
	EXPECT(open_pid(pid) >= 0);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	EXPECT_EQ(open_pid(pid), -ESRCH);
}

static void
a_signal_reaches_the_process_or_nobody(void)
{
	int fd, none = of_nobody(), status, p[2];
	siginfo_t info;
	pid_t pid = sleeper();

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	fd = open_pid(pid);
	ASSERT(fd >= 0);
	EXPECT_EQ(send(fd, 0), 0);
	EXPECT_EQ(send(fd, 65), -EINVAL);
	EXPECT_EQ(send(fd, -1), -EINVAL);
	EXPECT_EQ(send(99, 0), -EBADF);
	EXPECT_EQ(send(-1, 0), -EBADF);
	EXPECT_EQ(send(p[0], 0), -EBADF);
	EXPECT_EQ(send(none, 0), -ESRCH);
	EXPECT_EQ(send(none, SIGKILL), -ESRCH);
	EXPECT_EQ(SYSCALL(NR_pidfd_send_signal, fd, 0, NULL, 16), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_pidfd_send_signal, fd, SIGTERM, BAD, 0), -EFAULT);
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGUSR1;
	info.si_code = QUEUED;
	EXPECT_EQ(SYSCALL(NR_pidfd_send_signal, fd, SIGTERM, &info, 0),
		  -EINVAL);
	info.si_signo = SIGTERM;
	info.si_code = SI_USER;
	EXPECT_EQ(SYSCALL(NR_pidfd_send_signal, fd, SIGTERM, &info, 0), -EPERM);
	info.si_code = QUEUED;
	EXPECT_EQ(SYSCALL(NR_pidfd_send_signal, fd, SIGTERM, &info, 0), 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WTERMSIG(status), SIGTERM);
	EXPECT_EQ(send(fd, SIGTERM), -ESRCH);
}

static void
a_zombie_takes_signals_to_no_effect(void)
{
	siginfo_t info;
	pid_t pid = sleeper();
	int fd = open_pid(pid);

	kill(pid, SIGTERM);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED | WNOWAIT), 0);
	EXPECT_EQ(send(fd, SIGKILL), 0);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_status, SIGTERM);
}

static void
what_a_signal_tells_of_its_sender(void)
{
	unsigned long long set = 1ull << (SIGUSR1 - 1);
	int fd = open_pid(getpid());
	siginfo_t info;

	ASSERT_EQ(SYSCALL(SYS_rt_sigprocmask, 0, &set, NULL, 8), 0);
	EXPECT_EQ(send(fd, SIGUSR1), 0);
	EXPECT_EQ(SYSCALL(SYS_rt_sigtimedwait, &set, &info, NULL, 8), SIGUSR1);
	EXPECT_EQ(info.si_code, SI_USER);
	EXPECT_EQ(info.si_pid, getpid());
	/* To itself a process may say what it likes. */
	info.si_pid = 77;
	EXPECT_EQ(SYSCALL(NR_pidfd_send_signal, fd, SIGUSR1, &info, 0), 0);
	info.si_pid = 0;
	EXPECT_EQ(SYSCALL(SYS_rt_sigtimedwait, &set, &info, NULL, 8), SIGUSR1);
	EXPECT_EQ(info.si_pid, 77);
}

/* --- Its end --- */

static void
poll_tells_of_the_end(void)
{
	pid_t pid = sleeper();
	int fd = open_pid(pid);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	EXPECT_EQ(polled(fd), 0);
	EXPECT_EQ(send(fd, SIGKILL), 0);
	EXPECT_EQ(SYSCALL(SYS_poll, &p, 1, -1), 1);
	EXPECT_EQ(p.revents, POLLIN);
	EXPECT_EQ(waitpid(pid, NULL, WNOHANG), pid);
	EXPECT_EQ(polled(fd), POLLIN);
}

static void
a_thread_s_end_is_not_the_process_s(void)
{
	int p[2], fd;
	pid_t pid;
	char c;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	pid = fork();
	if (!pid) {
		static char stack[4096] __attribute__((aligned(8)));
		static volatile int tid;

		start_thread(stack + 4096, sleep_in_thread, NULL, &tid);
		write(p[1], "x", 1);
		SYSCALL(SYS_exit, 0);		/* the first thread */
	}
	EXPECT_EQ(read(p[0], &c, 1), 1);
	fd = open_pid(pid);
	ASSERT(fd >= 0);
	EXPECT_EQ(polled(fd), 0);
	EXPECT_EQ(send(fd, SIGKILL), 0);
	EXPECT_EQ(wait_fd(fd, NULL, WEXITED), 0);
	EXPECT_EQ(polled(fd), POLLIN);
}

static void
epoll_tells_of_the_end(void)
{
	struct { unsigned events; unsigned long long data; } e = { 1, 42 };
	int set = SYSCALL(NR_epoll_create1, 0), fd, again;
	pid_t pid = sleeper();

	fd = open_pid(pid);
	EXPECT_EQ(SYSCALL(NR_epoll_ctl, set, 1, fd, &e), 0);
	EXPECT_EQ(SYSCALL(NR_epoll_wait, set, &e, 1, 0), 0);
	EXPECT_EQ(send(fd, SIGKILL), 0);
	EXPECT_EQ(SYSCALL(NR_epoll_wait, set, &e, 1, -1), 1);
	EXPECT_EQ(e.data, 42);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	/* Watched to the last: closing it first, then the other. */
	again = SYSCALL(SYS_fcntl64, fd, DUPFD, 0);
	EXPECT_EQ(SYSCALL(SYS_close, fd), 0);
	EXPECT_EQ(SYSCALL(SYS_close, again), 0);
	EXPECT_EQ(SYSCALL(NR_epoll_wait, set, &e, 1, 0), 0);
}

static void
waitid_takes_a_pidfd(void)
{
	pid_t pid = sleeper(), other = sleeper();
	int fd = open_pid(pid), self = open_pid(getpid()), p[2];
	int now = SYSCALL(NR_pidfd_open, other, O_NONBLOCK);
	siginfo_t info;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(wait_fd(-1, &info, WEXITED), -EINVAL);
	EXPECT_EQ(wait_fd(99, &info, WEXITED), -EBADF);
	EXPECT_EQ(wait_fd(p[0], &info, WEXITED), -EBADF);
	EXPECT_EQ(wait_fd(self, &info, WEXITED), -ECHILD);
	EXPECT_EQ(wait_fd(fd, &info, 0), -EINVAL);
	info.si_signo = 1;
	EXPECT_EQ(wait_fd(fd, &info, WEXITED | WNOHANG), 0);
	EXPECT_EQ(info.si_signo, 0);
	/* Without blocking EAGAIN, unless it was asked for in the call. */
	EXPECT_EQ(wait_fd(now, &info, WEXITED), -EAGAIN);
	EXPECT_EQ(wait_fd(now, &info, WEXITED | WNOHANG), 0);
	end(other);
	EXPECT_EQ(wait_fd(now, &info, WEXITED), -ECHILD);
	EXPECT_EQ(send(fd, SIGKILL), 0);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, pid);
	EXPECT_EQ(info.si_code, CLD_KILLED);
	EXPECT_EQ(info.si_status, SIGKILL);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), -ECHILD);
}

static void
waitid_leaves_the_other_children(void)
{
	pid_t first = sleeper(), second = sleeper();
	int fd = open_pid(second);
	siginfo_t info;

	kill(first, SIGKILL);
	EXPECT_EQ(SYSCALL(SYS_waitid, P_PID, first, &info, WEXITED | WNOWAIT,
			  NULL), 0);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED | WNOHANG), 0);
	EXPECT_EQ(info.si_signo, 0);
	end(first);
	end(second);
}

/* --- Another's descriptors --- */

static void
getfd_shares_the_opening(void)
{
	int file = temp_file("0123456789", 10), fd, got, none = of_nobody();
	pid_t pid = sleeper();
	siginfo_t info;

	fd = open_pid(pid);
	lseek(file, 7, SEEK_SET);
	got = SYSCALL(NR_pidfd_getfd, fd, file, 0);
	ASSERT(got >= 0);
	EXPECT(got != file);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, got, GETFD), 1);
	EXPECT_EQ(lseek(got, 0, SEEK_CUR), 7);
	lseek(got, 3, SEEK_SET);
	EXPECT_EQ(lseek(file, 0, SEEK_CUR), 3);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, fd, file, 1), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, fd, 500, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, fd, -1, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, file, 0, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, 99, 0, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, none, 0, 0), -ESRCH);
	kill(pid, SIGKILL);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED | WNOWAIT), 0);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, fd, 0, 0), -ESRCH);
}

static void
no_room_for_one_more(void)
{
	unsigned long limit[2] = { 16, 16 };
	int fd = open_pid(getpid()), file;
	struct clone_args args = { .flags = PIDFD, .exit_signal = SIGCHLD,
				   .pidfd = (unsigned long)&file };

	ASSERT(fd >= 0);
	ASSERT_EQ(SYSCALL(SYS_setrlimit, 7, limit), 0);
	do
		file = SYSCALL(SYS_dup, 0);
	while (file >= 0);
	EXPECT_EQ(file, -EMFILE);
	EXPECT_EQ(open_pid(getpid()), -EMFILE);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, fd, 0, 0), -EMFILE);
	EXPECT_EQ(SYSCALL(NR_clone3, &args, sizeof(args)), -EMFILE);
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, NULL, 0, NULL), -ECHILD);
}

static void
others_are_for_root(void)
{
	struct range range = { map(PAGE), PAGE };
	int fd = open_pid(getppid()), own;
	pid_t pid;
	long err;

	if (getuid())
		SKIP("not root");
	ASSERT(fd >= 0);
	ASSERT_EQ(SYSCALL(SYS_setresuid32, 1000, 1000, 1000), 0);
	own = open_pid(getpid());
	EXPECT(own >= 0);
	EXPECT(open_pid(1) >= 0);
	EXPECT_EQ(send(fd, 0), -EPERM);
	EXPECT_EQ(send(own, 0), 0);
	EXPECT_EQ(SYSCALL(NR_pidfd_getfd, fd, 0, 0), -EPERM);
	EXPECT(SYSCALL(NR_pidfd_getfd, own, 1, 0) >= 0);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, &range, 1, COLD, 0), -EACCES);
	/* Whom one may look into, one may not slow down. Linux refuses the
	 * looking, too, to who has changed its user. */
	pid = sleeper();
	fd = open_pid(pid);
	err = SYSCALL(NR_process_madvise, fd, &range, 1, COLD, 0);
	EXPECT(err == -EPERM || err == -EACCES);
	end(pid);
}

/* --- Memory of others --- */

static void
advice_is_counted_in_bytes(void)
{
	char *page = map(8 * PAGE);
	struct range r[3] = { { page, 2 * PAGE }, { page + 4 * PAGE, PAGE },
			      { page + 6 * PAGE, 0 } };
	int fd, none = of_nobody();
	pid_t pid;

	memset(page, 1, 8 * PAGE);
	pid = sleeper();
	fd = open_pid(pid);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r, 3, COLD, 0), 3 * PAGE);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r, 0, COLD, 0), 0);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r, 1, PAGEOUT, 0), 2 * PAGE);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r, 3, COLD, 1), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r, 3, MADV_DONTNEED, 0),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r, 1025, COLD, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, BAD, 1, COLD, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_process_madvise, 99, r, 1, COLD, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_process_madvise, none, r, 1, COLD, 0), -ESRCH);
	/* The first error ends it; what was done before counts. */
	r[1].base = page + 1;
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r, 3, COLD, 0), 2 * PAGE);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r + 1, 1, COLD, 0), -EINVAL);
	r[1].base = NULL;
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r + 1, 1, COLD, 0), -ENOMEM);
	r[1].len = -1;
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, r + 1, 1, COLD, 0), -EINVAL);
	end(pid);
}

/* Pages of a process's memory at page that its pagemap says are in swap. */
static int
pages_swapped(pid_t pid, const char *page, int nr)
{
	unsigned long long entry[16];
	char path[32];
	int fd, i, swapped = 0;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY);
	ASSERT(fd >= 0);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, entry, nr * 8, 0,
			  (unsigned long)page / PAGE * 8, 0), nr * 8);
	close(fd);
	for (i = 0; i < nr; i++)
		swapped += entry[i] >> 62 & 1;
	return swapped;
}

static void
pageout_takes_another_s_pages(void)
{
	int p[2], fd, i;
	char *page = map(16 * PAGE), c;
	struct range range = { page, 8 * PAGE };
	pid_t pid;

	swap_begin("4M");
	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	pid = fork();
	if (!pid) {
		for (i = 0; i < 16; i++)
			page[i * PAGE] = i + 1;
		write(p[1], "x", 1);
		for (;;)
			pause();
	}
	EXPECT_EQ(read(p[0], &c, 1), 1);
	fd = open_pid(pid);
	EXPECT_EQ(pages_swapped(pid, page, 16), 0);
	EXPECT_EQ(SYSCALL(NR_process_madvise, fd, &range, 1, PAGEOUT, 0),
		  8 * PAGE);
	EXPECT_EQ(pages_swapped(pid, page, 16), 8);
	end(pid);
	swap_end();
}

static void
spin(void)
{
	for (;;)
		;
}

/* On the caller's core, and behind it: killed, it does not get to its end. */
static pid_t
dying_child(size_t len)
{
	unsigned core = 1;
	char *page = map(len), c;
	pid_t pid;
	int p[2];

	EXPECT_EQ(SYSCALL(SYS_sched_setaffinity, 0, 4, &core), 0);
	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	pid = fork();
	if (!pid) {
		SYSCALL(SYS_nice, 19);
		memset(page, 1, len);
		write(p[1], "x", 1);
		spin();
	}
	EXPECT_EQ(read(p[0], &c, 1), 1);
	return pid;
}

static void
mrelease_wants_the_process_killed(void)
{
	int fd, none = of_nobody(), tries, err = -ESRCH;
	pid_t pid = sleeper();

	fd = open_pid(pid);
	EXPECT_EQ(SYSCALL(NR_process_mrelease, fd, 1), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_process_mrelease, fd, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_process_mrelease, 99, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_process_mrelease, none, 0), -ESRCH);
	EXPECT_EQ(SYSCALL(NR_process_mrelease, open_pid(getpid()), 0), -EINVAL);
	end(pid);
	EXPECT_EQ(SYSCALL(NR_process_mrelease, fd, 0), -ESRCH);
	/* It may have ended, which is as good; but not every time. */
	for (tries = 0; tries < 20 && err; tries++) {
		pid = dying_child(64 * PAGE);
		fd = open_pid(pid);
		EXPECT_EQ(SYSCALL(NR_process_mrelease, fd, 0), -EINVAL);
		EXPECT_EQ(send(fd, SIGKILL), 0);
		err = SYSCALL(NR_process_mrelease, fd, 0);
		EXPECT(!err || err == -ESRCH || err == -EAGAIN);
		EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	}
	EXPECT_EQ(err, 0);
}

static int
wait_for_death(void *arg)
{
	for (;;)
		pause();
	return 0;
}

/* Two processes with one space: both have to be killed. */
static void
mrelease_spares_who_shares_the_space(void)
{
	static char stack[4096] __attribute__((aligned(8)));
	static volatile int tid;
	pid_t pid = fork();
	siginfo_t info;
	int fd;

	if (!pid) {
		int p[2];
		pid_t other;

		SYSCALL(SYS_pipe, p);
		other = clone_on(VM | SIGCHLD, stack + 4096, wait_for_death,
				 NULL, &tid);
		fd = open_pid(other);
		kill(other, SIGKILL);
		/* We live on in the same memory. */
		pid = SYSCALL(NR_process_mrelease, fd, 0);
		_exit(pid == -EINVAL || pid == -ESRCH ? 7 : 1);
	}
	fd = open_pid(pid);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_status, 7);
}

/* --- clone3 --- */

static long
clone3(struct clone_args *args, size_t size)
{
	long pid;

	fflush(stdout);
	pid = SYSCALL(NR_clone3, args, size);
	if (!pid)
		_exit(5);
	return pid;
}

/* -errno of one that must fail, and leaves no child. */
static long
refused(struct clone_args args)
{
	long result = clone3(&args, sizeof(args));

	if (result > 0)
		waitpid(result, NULL, 0);
	return result;
}

static void
clone3_errors(void)
{
	struct { struct clone_args known; char more[PAGE]; } *large;
	struct clone_args args = { .exit_signal = SIGCHLD };
	int fd;

	large = (void *)map(sizeof(*large));
	large->known = args;
	EXPECT_EQ(clone3(&args, 63), -EINVAL);
	EXPECT_EQ(clone3(&args, 0), -EINVAL);
	EXPECT_EQ(clone3(&large->known, PAGE + 1), -E2BIG);
	large->more[0] = 1;
	EXPECT_EQ(clone3(&large->known, sizeof(args) + 8), -E2BIG);
	EXPECT_EQ(clone3(BAD, sizeof(args)), -EFAULT);
	EXPECT_EQ(clone3(NULL, sizeof(args)), -EFAULT);
#define REFUSED(...) EXPECT_EQ(refused((struct clone_args){ __VA_ARGS__ }), \
			       -EINVAL)
	REFUSED(.flags = SIGCHLD);
	REFUSED(.flags = DETACHED, .exit_signal = SIGCHLD);
	REFUSED(.flags = 1ull << 40, .exit_signal = SIGCHLD);
	REFUSED(.exit_signal = 65);
	REFUSED(.exit_signal = 0x111);
	REFUSED(.flags = PARENT, .exit_signal = SIGCHLD);
	REFUSED(.flags = SIGHAND, .exit_signal = SIGCHLD);
	REFUSED(.flags = THREAD);
	REFUSED(.flags = THREAD | SIGHAND | VM, .exit_signal = SIGCHLD);
	REFUSED(.flags = SIGHAND | VM | CLEAR_SIGHAND, .exit_signal = SIGCHLD);
	REFUSED(.stack = (unsigned long)large, .exit_signal = SIGCHLD);
	REFUSED(.stack_size = PAGE, .exit_signal = SIGCHLD);
	REFUSED(.stack = ~PAGE, .stack_size = 2 * PAGE, .exit_signal = SIGCHLD);
	REFUSED(.set_tid_size = 1, .exit_signal = SIGCHLD);
	REFUSED(.set_tid = (unsigned long)&args, .exit_signal = SIGCHLD);
	REFUSED(.flags = PIDFD | PARENT_SETTID, .exit_signal = SIGCHLD,
		.pidfd = (unsigned long)&fd, .parent_tid = (unsigned long)&fd);
	REFUSED(.flags = PIDFD | DETACHED, .exit_signal = SIGCHLD,
		.pidfd = (unsigned long)&fd);
	EXPECT_EQ(refused((struct clone_args){ .flags = PIDFD, .pidfd = 8 }),
		  -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, NULL, 0x40000000, NULL), -ECHILD);
	EXPECT_EQ(dup(0), dup(0) - 1);	/* no descriptor was lost */
}

static void
clone3_may_grow(void)
{
	struct { struct clone_args known; char more[64]; } args;
	int status;
	long pid;

	memset(&args, 0, sizeof(args));
	args.known.exit_signal = SIGCHLD;
	pid = clone3(&args.known, sizeof(args));
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 5 << 8);
	/* Of a shorter one the rest counts as zero, whatever lies there. */
	args.known.set_tid_size = 7;
	pid = clone3(&args.known, 64);
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 5 << 8);
}

static void
clone3_gives_a_pidfd(void)
{
	static int child_tid;
	int fd = -1, tid = 0;
	struct clone_args args = {
		.flags = PIDFD | PARENT_SETTID | CHILD_SETTID,
		.pidfd = (unsigned long)&fd, .exit_signal = SIGCHLD,
		.parent_tid = (unsigned long)&tid,
		.child_tid = (unsigned long)&child_tid,
	};
	siginfo_t info;
	long pid;

	fflush(stdout);
	pid = SYSCALL(NR_clone3, &args, sizeof(args));
	if (!pid)	/* it has not got the descriptor itself */
		_exit(child_tid == getpid() &&
		      SYSCALL(SYS_fcntl64, fd, GETFD) == -EBADF ? 6 : 1);
	ASSERT(pid > 0);
	ASSERT(fd >= 0);
	EXPECT_EQ(tid, pid);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, GETFD), 1);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, pid);
	EXPECT_EQ(info.si_status, 6);
}

static void
clone_gives_a_pidfd_in_place_of_the_tid(void)
{
	int fd = -1;
	siginfo_t info;
	long pid;

	fflush(stdout);
	EXPECT_EQ(SYSCALL(SYS_clone, PIDFD | PARENT_SETTID | SIGCHLD, 0, &fd),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_clone, PIDFD | DETACHED | SIGCHLD, 0, &fd),
		  -EINVAL);
	pid = SYSCALL(SYS_clone, PIDFD | SIGCHLD, 0, &fd, 0, 0);
	if (!pid)
		_exit(3);
	ASSERT(pid > 0);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, pid);
}

static void
on_signal(int sig)
{
}

static void
clone3_can_clear_handlers(void)
{
	struct clone_args args = { .flags = CLEAR_SIGHAND,
				   .exit_signal = SIGCHLD };
	struct sigaction action;
	int status;
	long pid;

	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	fflush(stdout);
	pid = SYSCALL(NR_clone3, &args, sizeof(args));
	if (!pid) {
		sigaction(SIGUSR2, NULL, &action);
		if (action.sa_handler != SIG_IGN)
			_exit(1);
		kill(getpid(), SIGUSR2);
		kill(getpid(), SIGUSR1);
		_exit(2);
	}
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WTERMSIG(status), SIGUSR1);
	sigaction(SIGUSR1, NULL, &action);
	EXPECT(action.sa_handler == on_signal);
}

/* The child's stack pointer, on the stack it was given: what lies there. */
static void
clone3_takes_the_stack_by_its_lowest_address(void)
{
	static volatile unsigned long sp;
	char *stack = map(4 * PAGE);
	struct clone_args args = {
		.flags = VM | VFORK, .exit_signal = SIGCHLD,
		.stack = (unsigned long)stack, .stack_size = 3 * PAGE,
	};
	register long r7 __asm__("r7") = NR_clone3;
	register long r0 __asm__("r0") = (long)&args;
	register long r1 __asm__("r1") = sizeof(args);
	register volatile unsigned long *r2 __asm__("r2") = &sp;
	int status;

	__asm__ volatile("svc #0\n"
			 "cmp r0, #0\n"
			 "bne 1f\n"
			 "str sp, [r2]\n"
			 "mov r0, #9\n"
			 "mov r7, #1\n"
			 "svc #0\n"
			 "1:"
			 : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2)
			 : "memory", "cc");
	ASSERT(r0 > 0);
	EXPECT_EQ(sp, stack + 3 * PAGE);
	EXPECT_EQ(waitpid(r0, &status, 0), r0);
	EXPECT_EQ(status, 9 << 8);
}

/* --- execveat --- */

static char program[64];		/* make_program(): ends with 0 */

static void
begin_exec(void)
{
	strcpy(program, temp_name("program"));
	make_program(program, ET_EXEC, NULL);
}

static long
execat(int fd, const char *path, int flags)
{
	char *argv[] = { "x", NULL };

	return SYSCALL(NR_execveat, fd, path, argv, NULL, flags);
}

struct at {
	int fd, flags;
	const char *path;
};

static void
exec_or_99(void *arg)
{
	struct at *at = arg;
	long err = execat(at->fd, at->path, at->flags);

	_exit(err < 0 ? -err : 99);
}

/* 0: it ran, else the errno. */
static int
result_of(int fd, const char *path, int flags)
{
	struct at at = { fd, flags, path };
	int status = status_of(exec_or_99, &at);

	EXPECT_EQ(WTERMSIG(status), 0);
	return WEXITSTATUS(status);
}

static void
execveat_finds_programs_in_three_ways(void)
{
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY), fd;
	const char *base;

	begin_exec();
	base = strrchr(program, '/') + 1;
	fd = open(program, O_RDONLY);
	ASSERT(folder >= 0 && fd >= 0);
	EXPECT_EQ(result_of(folder, base, 0), 0);
	EXPECT_EQ(result_of(99, program, 0), 0);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), 0);
	EXPECT_EQ(result_of(open(program, PATH_ONLY), "", EMPTY_PATH), 0);
	/* Also when its name has gone. */
	EXPECT_EQ(unlink(program), 0);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), 0);
	EXPECT_EQ(result_of(folder, base, 0), ENOENT);
}

static void
execveat_errors(void)
{
	char link[64];
	int fd, folder = open("/tmp", O_RDONLY | O_DIRECTORY);

	begin_exec();
	fd = open(program, O_RDONLY);
	strcpy(link, temp_name("link"));
	ASSERT_EQ(symlink(program, link), 0);
	EXPECT_EQ(execat(folder, program, 1), -EINVAL);
	EXPECT_EQ(execat(fd, "", 0), -ENOENT);
	EXPECT_EQ(execat(fd, "x", 0), -ENOTDIR);
	EXPECT_EQ(execat(99, "x", 0), -EBADF);
	EXPECT_EQ(execat(99, "", EMPTY_PATH), -EBADF);
	EXPECT_EQ(execat(folder, "", EMPTY_PATH), -EACCES);
	EXPECT_EQ(execat(folder, link, NO_FOLLOW), -ELOOP);
	EXPECT_EQ(execat(folder, BAD, 0), -EFAULT);
	EXPECT_EQ(execat(folder, BAD, EMPTY_PATH), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_execveat, fd, "", BAD, NULL, EMPTY_PATH),
		  -EFAULT);
	EXPECT_EQ(result_of(folder, link, 0), 0);
	EXPECT_EQ(chmod(program, 0600), 0);
	EXPECT_EQ(execat(fd, "", EMPTY_PATH), -EACCES);
	unlink(link);
	unlink(program);
}

/* A script's interpreter opens it by the name below /dev/fd. */
static void
a_script_must_outlive_the_exec(void)
{
	char path[64], text[96];
	int fd;

	begin_exec();
	strcpy(path, temp_name("script"));
	snprintf(text, sizeof(text), "#!%s\n", program);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	ASSERT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	fd = open(path, O_RDONLY);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), 0);
	close(fd);
	fd = open(path, O_RDONLY | CLOEXEC);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), ENOENT);
	EXPECT_EQ(result_of(fd, path, 0), 0);
	unlink(path);
	unlink(program);
}

UTEST_SUITE(pidfd,
	UTEST(open_errors),
	UTEST(a_zombie_can_be_opened_once_waited_for_it_cannot),
	UTEST(a_signal_reaches_the_process_or_nobody),
	UTEST(a_zombie_takes_signals_to_no_effect),
	UTEST(what_a_signal_tells_of_its_sender),
	UTEST(poll_tells_of_the_end),
	UTEST(a_thread_s_end_is_not_the_process_s),
	UTEST(epoll_tells_of_the_end),
	UTEST(waitid_takes_a_pidfd),
	UTEST(waitid_leaves_the_other_children),
	UTEST(getfd_shares_the_opening),
	UTEST(no_room_for_one_more),
	UTEST(others_are_for_root),
	UTEST(advice_is_counted_in_bytes),
	UTEST(pageout_takes_another_s_pages),
	UTEST(mrelease_wants_the_process_killed),
	UTEST(mrelease_spares_who_shares_the_space),
	UTEST(clone3_errors),
	UTEST(clone3_may_grow),
	UTEST(clone3_gives_a_pidfd),
	UTEST(clone_gives_a_pidfd_in_place_of_the_tid),
	UTEST(clone3_can_clear_handlers),
	UTEST(clone3_takes_the_stack_by_its_lowest_address),
	UTEST(execveat_finds_programs_in_three_ways),
	UTEST(execveat_errors),
	UTEST(a_script_must_outlive_the_exec));
