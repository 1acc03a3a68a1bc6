/* SPDX-License-Identifier: MIT */
/* fork, vfork, clone, exit, wait, groups and sessions. */
#include <sys/resource.h>

#include "utest.h"

static void
exit_with(void *value)
{
	_exit((long)value);
}

static void
die_by(void *sig)
{
	kill(getpid(), (long)sig);
	for (;;)
		pause();
}

static void
the_exit_code_has_8_bits(void)
{
	EXPECT_EQ(status_of(exit_with, (void *)0), 0);
	EXPECT_EQ(status_of(exit_with, (void *)7), 7 << 8);
	EXPECT_EQ(status_of(exit_with, (void *)0x1ff), 0xff << 8);
	EXPECT_EQ(status_of(exit_with, (void *)-1), 0xff << 8);
}

static void
a_signal_is_told_by_wait(void)
{
	EXPECT_EQ(WTERMSIG(status_of(die_by, (void *)SIGKILL)), SIGKILL);
	EXPECT_EQ(WTERMSIG(status_of(die_by, (void *)SIGTERM)), SIGTERM);
	EXPECT_EQ(WTERMSIG(status_of(die_by, (void *)SIGSEGV)), SIGSEGV);
	EXPECT(WIFSIGNALED(status_of(die_by, (void *)SIGUSR1)));
}

static void
fork_copies_memory(void)
{
	char *page = map(2 * PAGE);
	static volatile int data = 1;
	int status;

	page[0] = 1;
	if (!fork()) {
		bool copied = page[0] == 1 && data == 1;

		page[0] = data = 2;
		_exit(copied && page[0] == 2 && getppid() != getpid());
	}
	wait(&status);
	EXPECT_EQ(WEXITSTATUS(status), 1);
	EXPECT_EQ(page[0], 1);
	EXPECT_EQ(data, 1);
}

/* Parent and child write to the same pages at the same addresses, in turns. */
static void
generations_do_not_see_each_other(void)
{
	unsigned char *page = (unsigned char *)map(16 * PAGE);
	int level, i, status;

	for (level = 1; level <= 5; level++) {
		for (i = 0; i < 16; i++)
			page[i * PAGE] = level * 16 + i;
		pid_t pid = fork();

		if (pid) {
			ASSERT(pid > 0);
			memset(page, 0xee, 16 * PAGE);
			waitpid(pid, &status, 0);
			EXPECT_EQ(status, 0);
			_exit(status ? 1 : 0);
		}
		for (i = 0; i < 16; i++)
			ASSERT_EQ(page[i * PAGE], level * 16 + i);
	}
	_exit(0);
}

static void
run_generations(void *arg)
{
	generations_do_not_see_each_other();
}

static void
five_generations(void)
{
	EXPECT_EQ(status_of(run_generations, NULL), 0);
}

/* The child runs in the parent's memory, and the parent waits for it. */
static void
vfork_shares_memory_and_waits(void)
{
	static volatile int seen;
	int status;
	pid_t pid;

	seen = 0;
	pid = SYSCALL(SYS_vfork);
	if (!pid) {
		seen = 1;
		SYSCALL(SYS_exit_group, 3);
	}
	EXPECT_EQ(seen, 1);
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WEXITSTATUS(status), 3);
}

static void
wait_errors(void)
{
	int status;
	pid_t pid;

	EXPECT_EQ(SYSCALL(SYS_wait4, -1, 0, 0, 0), -ECHILD);
	EXPECT_EQ(SYSCALL(SYS_wait4, 1234567, 0, 0, 0), -ECHILD);
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, 0, 0x80, 0), -EINVAL);
	pid = fork();
	if (!pid) {
		for (;;)
			pause();
	}
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, WNOHANG, 0), 0);
	kill(pid, SIGKILL);
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, 8, 0, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, 0, 0, 0), -ECHILD);
}

static void
wait_takes_each_child_once(void)
{
	pid_t pids[10], pid;
	int i, status, sum = 0;

	for (i = 0; i < 10; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(i);
	}
	EXPECT_EQ(waitpid(pids[7], &status, 0), pids[7]);
	EXPECT_EQ(WEXITSTATUS(status), 7);
	for (i = 0; i < 9; i++) {
		pid = wait(&status);
		EXPECT(pid > 0);
		sum += WEXITSTATUS(status);
	}
	EXPECT_EQ(sum, 45 - 7);
	EXPECT_EQ(wait(&status), -1);
	EXPECT_EQ(errno, ECHILD);
}

static void
stop_and_continue_are_told(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	kill(pid, SIGSTOP);
	EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
	EXPECT(WIFSTOPPED(status));
	EXPECT_EQ(WSTOPSIG(status), SIGSTOP);
	EXPECT_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
	kill(pid, SIGCONT);
	EXPECT_EQ(waitpid(pid, &status, WCONTINUED), pid);
	EXPECT(WIFCONTINUED(status));
	kill(pid, SIGKILL);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

static void
waitid_may_leave_the_child(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(5);
	memset(&info, 0, sizeof(info));
	EXPECT_EQ(SYSCALL(SYS_waitid, P_PID, pid, &info, WEXITED | WNOWAIT, 0),
		  0);
	EXPECT_EQ(info.si_signo, SIGCHLD);
	EXPECT_EQ(info.si_code, CLD_EXITED);
	EXPECT_EQ(info.si_pid, pid);
	EXPECT_EQ(info.si_status, 5);
	EXPECT_EQ(SYSCALL(SYS_waitid, P_ALL, 0, &info, WEXITED, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_waitid, P_ALL, 0, &info, WEXITED, 0), -ECHILD);
	EXPECT_EQ(SYSCALL(SYS_waitid, P_ALL, 0, &info, 0, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_waitid, 9, 0, &info, WEXITED, 0), -EINVAL);
}

/* The grandchild's parent ends first: process 1, or a subreaper, gets it. */
static void
an_orphan_gets_another_parent(void)
{
	int fds[2], ppid = 0;
	pid_t child;

	pipe(fds);
	child = fork();
	if (!child) {
		pid_t me = getpid();

		if (!fork()) {
			while (getppid() == me)
				SYSCALL(SYS_sched_yield);
			ppid = getppid();
			write(fds[1], &ppid, sizeof(ppid));
			_exit(0);
		}
		_exit(0);
	}
	waitpid(child, NULL, 0);
	EXPECT_EQ(read(fds[0], &ppid, sizeof(ppid)), sizeof(ppid));
	EXPECT(ppid != child && ppid > 0);
}

/* A number that no process has any more; it may take a moment. */
static bool
is_buried(pid_t pid)
{
	long wait[2] = { 0, 10 * 1000 * 1000 };
	int tries;

	for (tries = 0; tries < 100 && !kill(pid, 0); tries++)
		SYSCALL(SYS_nanosleep, wait, 0);
	return tries < 100;
}

/* A child that has a child, and ends; dead: after its child, unwaited for. */
static pid_t
make_orphan(bool dead)
{
	pid_t child, orphan = 0;
	siginfo_t info;
	int fds[2];

	ASSERT_EQ(pipe(fds), 0);
	child = fork();
	if (!child) {
		orphan = fork();
		if (!orphan) {
			while (!dead && getppid() != 1)
				SYSCALL(SYS_sched_yield);
			_exit(0);
		}
		write(fds[1], &orphan, sizeof(orphan));
		if (dead)
			SYSCALL(SYS_waitid, P_PID, orphan, &info,
				WEXITED | WNOWAIT, 0);
		_exit(0);
	}
	EXPECT_EQ(waitpid(child, NULL, 0), child);
	EXPECT_EQ(read(fds[0], &orphan, sizeof(orphan)), sizeof(orphan));
	return orphan;
}

/* The first process is told of each, when it ends or if it has long ended. */
static void
the_first_process_buries_orphans(void)
{
	EXPECT(is_buried(make_orphan(false)));
	EXPECT(is_buried(make_orphan(true)));
}

static void
groups_and_sessions(void)
{
	int status;
	pid_t pid;

	EXPECT_EQ(getpgrp(), getpid());		/* the runner did that */
	EXPECT_EQ(SYSCALL(SYS_setsid), -EPERM);	/* a group's leader */
	pid = fork();
	if (!pid) {
		pid_t me = getpid();

		EXPECT_EQ(SYSCALL(SYS_getpgid, 0), getppid());
		EXPECT_EQ(SYSCALL(SYS_setpgid, 0, 1234567), -EPERM);
		EXPECT_EQ(SYSCALL(SYS_setpgid, 0, -1), -EINVAL);
		EXPECT_EQ(SYSCALL(SYS_setsid), me);
		EXPECT_EQ(getpgrp(), me);
		EXPECT_EQ(SYSCALL(SYS_getsid, 0), me);
		EXPECT_EQ(SYSCALL(SYS_setpgid, 0, 0), -EPERM);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(SYSCALL(SYS_getpgid, 1234567), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_getsid, 1234567), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_setpgid, 1, 0), -ESRCH);
}

static void
kill_reaches_a_group(void)
{
	pid_t a = fork(), b;
	int status;

	if (!a) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(a, a);
	b = fork();
	if (!b) {
		setpgid(0, a);
		for (;;)
			pause();
	}
	setpgid(b, a);
	if (!fork())
		_exit(9);		/* of our group: not waited for so */
	EXPECT_EQ(SYSCALL(SYS_kill, -a, 0), 0);
	EXPECT_EQ(waitpid(0, &status, 0) > 0 && WEXITSTATUS(status) == 9, 1);
	if (!fork())
		_exit(9);
	EXPECT_EQ(SYSCALL(SYS_waitid, P_PGID, getpgrp(), 0,
			  WEXITED | WNOWAIT, 0), 0);
	EXPECT_EQ(waitpid(-a, &status, WNOHANG), 0);
	EXPECT_EQ(SYSCALL(SYS_kill, -a, SIGKILL), 0);
	EXPECT_EQ(waitpid(-a, &status, 0) > 0, 1);
	EXPECT_EQ(waitpid(-a, &status, 0) > 0, 1);
	EXPECT_EQ(SYSCALL(SYS_kill, -a, 0), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_kill, 1234567, 0), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_kill, getpid(), 65), -EINVAL);
}

static void
times_and_faults_are_counted(void)
{
	struct rusage usage;
	char *page;
	long before;
	int i;

	EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
	before = usage.ru_minflt;
	page = map(64 * PAGE);
	for (i = 0; i < 64; i++)
		page[i * PAGE] = 1;
	EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
	EXPECT(usage.ru_minflt >= before + 64);
	EXPECT(usage.ru_maxrss >= 64 * 4);
	EXPECT_EQ(SYSCALL(SYS_getrusage, 5, &usage), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_getrusage, RUSAGE_SELF, 8), -EFAULT);
}

/* --- threads: clone with shared memory, futex --- */

static char thread_stack[16384] __attribute__((aligned(16)));
static volatile int thread_tid, thread_sum;

static int
thread_main(void *arg)
{
	thread_sum = SYSCALL(SYS_getpid) * 2 + (SYSCALL(SYS_gettid) ==
						thread_tid);
	return 0;
}

static void
a_thread_shares_everything(void)
{
	long tid = start_thread(thread_stack + sizeof(thread_stack),
				thread_main, NULL, &thread_tid);

	ASSERT(tid > 0);
	join_thread(&thread_tid);
	EXPECT_EQ(thread_sum, getpid() * 2 + 1);
	EXPECT(tid != getpid());
}

static volatile int futex_word, futex_woken;

static int
futex_waiter(void *arg)
{
	while (!futex_word)
		SYSCALL(SYS_futex, &futex_word, 0, 0, 0, 0, 0);
	futex_woken = 1;
	return 0;
}

static void
futex_wakes_who_waits(void)
{
	ASSERT(start_thread(thread_stack + sizeof(thread_stack), futex_waiter,
			    NULL, &thread_tid) > 0);
	SYSCALL(SYS_sched_yield);
	futex_word = 1;
	SYSCALL(SYS_futex, &futex_word, 1, 1, 0, 0, 0);
	join_thread(&thread_tid);
	EXPECT_EQ(futex_woken, 1);
}

static void
futex_errors(void)
{
	static int word = 5;
	long none[2] = { 0, 1000 }, bad[2] = { 0, 1000000000 };

	EXPECT_EQ(SYSCALL(SYS_futex, &word, 0, 4, 0), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_futex, &word, 0, 5, none), -ETIMEDOUT);
	EXPECT_EQ(SYSCALL(SYS_futex, &word, 0, 5, bad), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_futex, (char *)&word + 1, 0, 5, none), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_futex, 8, 0, 5, none), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_futex, &word, 1, 1), 0);
	EXPECT_EQ(SYSCALL(SYS_futex, &word, 99, 1), -ENOSYS);
}

static void
clone_errors(void)
{
	/* SIGHAND without VM, THREAD without SIGHAND. */
	EXPECT_EQ(SYSCALL(SYS_clone, 0x800 | SIGCHLD, 0, 0, 0, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_clone, 0x10000, 0, 0, 0, 0), -EINVAL);
}

static void
an_unknown_call_is_enosys(void)
{
	EXPECT_EQ(SYSCALL(999), -ENOSYS);
	EXPECT_EQ(SYSCALL(4000), -ENOSYS);
}

static void
fork_at_the_limit(void *arg)
{
	struct rlimit limit = { 1, 1 };
	long pid;

	SYSCALL(208, 1000, 1000, 1000);		/* root is not limited in Linux */
	setrlimit(RLIMIT_NPROC, &limit);
	pid = SYSCALL(SYS_fork);
	if (!pid)
		SYSCALL(SYS_exit_group, 0);
	_exit(pid < 0 ? -pid : 0);
}

static void
rlimit_nproc_limits_fork(void)
{
	EXPECT_EQ(WEXITSTATUS(status_of(fork_at_the_limit, NULL)), EAGAIN);
}

UTEST_SUITE(processes,
	UTEST(the_exit_code_has_8_bits),
	UTEST(a_signal_is_told_by_wait),
	UTEST(fork_copies_memory),
	UTEST(five_generations),
	UTEST(vfork_shares_memory_and_waits),
	UTEST(wait_errors),
	UTEST(wait_takes_each_child_once),
	UTEST(stop_and_continue_are_told),
	UTEST(waitid_may_leave_the_child),
	UTEST(an_orphan_gets_another_parent),
	UTEST(the_first_process_buries_orphans),
	UTEST(groups_and_sessions),
	UTEST(kill_reaches_a_group),
	UTEST(times_and_faults_are_counted),
	UTEST(a_thread_shares_everything),
	UTEST(futex_wakes_who_waits),
	UTEST(futex_errors),
	UTEST(clone_errors),
	UTEST(rlimit_nproc_limits_fork),
	UTEST(an_unknown_call_is_enosys));
