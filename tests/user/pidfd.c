/* SPDX-License-Identifier: MIT */
/* pidfds and what takes them: errno by errno. */
#include "pidfd.h"

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
	static struct range many[100];
	int fd, none = of_nobody();
	long before = 0, after, per_slab;
	pid_t pid;

	objects_of("kmalloc-1024", &before, &per_slab);
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
	for (int i = 0; i < 150; i++)			/* lists of 808 bytes */
		EXPECT_EQ(SYSCALL(NR_process_madvise, fd, many, 100, COLD, 0), 0);
	if (objects_of("kmalloc-1024", &after, &per_slab))
		EXPECT(after < before + 75);
	/* The first error ends it; what was done before counts. */
	r[1].base = page + 1;
	r[2].len = PAGE;
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
	EXPECT_EQ(kill(pid, SIGCONT), 0);	/* it also ends a stop, as SIGKILL */
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
	UTEST(mrelease_spares_who_shares_the_space));
