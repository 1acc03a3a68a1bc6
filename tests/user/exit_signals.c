/* SPDX-License-Identifier: MIT */
/*
 * By which signal a parent is told of an end, and who waits for whom: clone(2)
 * gives each child a signal, or none.
 */
#include "utest.h"

#define NO_HANG		1
#define WALL		0x40000000
#define WCLONE		0x80000000
#define PARENT		0x8000

static volatile sig_atomic_t seen[65];

static void
count(int sig)
{
	seen[sig]++;
}

/* The two signals that are told here are counted. */
static void
listen(void)
{
	signal(SIGCHLD, count);
	signal(SIGUSR1, count);
}

/* As fork(), by clone(). What is told counts from now on. */
static long
fork_with(unsigned long flags)
{
	long pid;

	memset((void *)seen, 0, sizeof(seen));
	fflush(stdout);
	pid = SYSCALL(SYS_clone, flags, 0, 0, 0, 0);
	ASSERT(pid >= 0);
	return pid;
}

/* One that ends with 5 at once. */
static long
child_of(unsigned long flags)
{
	long pid = fork_with(flags);

	if (!pid)
		_exit(5);
	return pid;
}

/* It is waited for so, and in no other way. */
static void
expect_clone_child(long pid)
{
	int status = 0;

	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, NO_HANG, NULL), -ECHILD);
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, &status, 0, NULL), -ECHILD);
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, WCLONE, NULL), pid);
	EXPECT_EQ(status, 5 << 8);
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, WALL, NULL), -ECHILD);
}

static void
the_parent_is_told_by_the_signal_asked_for(void)
{
	listen();
	expect_clone_child(child_of(SIGUSR1));
	EXPECT_EQ(seen[SIGUSR1], 1);
	EXPECT_EQ(seen[SIGCHLD], 0);
}

static void
without_a_signal_nothing_is_told(void)
{
	listen();
	expect_clone_child(child_of(0));
	EXPECT_EQ(seen[SIGCHLD], 0);
}

/* The field has eight bits. */
static void
a_number_that_is_no_signal_tells_nothing(void)
{
	static const unsigned char numbers[] = { 65, 100, 128, 254, 255 };
	unsigned i, sig, all = 0;

	for (sig = 1; sig <= 64; sig++)
		signal(sig, count);
	for (i = 0; i < sizeof(numbers); i++)
		expect_clone_child(child_of(numbers[i]));
	for (sig = 1; sig <= 64; sig++)
		all += seen[sig];
	EXPECT_EQ(all, 0);
}

static void
wclone_waits_for_no_other_child(void)
{
	long pid = child_of(SIGCHLD);
	int status;

	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, WCLONE, NULL), -ECHILD);
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, WALL | WCLONE, NULL), pid);
	EXPECT_EQ(status, 5 << 8);
}

static void
an_ignored_sigchld_takes_only_its_own(void)
{
	long pid;

	signal(SIGCHLD, SIG_IGN);
	pid = child_of(SIGCHLD);
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, NULL, 0, NULL), -ECHILD);
	expect_clone_child(child_of(0));
	signal(SIGUSR1, SIG_IGN);
	expect_clone_child(child_of(SIGUSR1));
}

/* SA_NOCLDWAIT leaves no zombie either, and its handler is called. */
static void
nocldwait_leaves_no_zombie(void)
{
	struct sigaction action = { .sa_flags = SA_NOCLDWAIT };

	action.sa_handler = count;
	ASSERT_EQ(sigaction(SIGCHLD, &action, NULL), 0);
	child_of(SIGCHLD);
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, NULL, 0, NULL), -ECHILD);
	EXPECT_EQ(seen[SIGCHLD], 1);
}

/* What clone() says of it is not heard: it is a child like its brother. */
static void
a_sibling_tells_as_its_brother_does(void)
{
	int status, tries;
	long pid, middle;

	listen();
	middle = fork_with(SIGCHLD);
	if (!middle) {
		pid = SYSCALL(SYS_clone, PARENT | SIGUSR1, 0, 0, 0, 0);
		_exit(pid >= 0 ? 7 : 1);
	}
	for (tries = 0; tries < 2; tries++) {
		pid = SYSCALL(SYS_wait4, -1, &status, 0, NULL);
		ASSERT(pid > 0);
		EXPECT_EQ(status, 7 << 8);
	}
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, &status, WALL, NULL), -ECHILD);
	EXPECT_EQ(seen[SIGUSR1], 0);
	EXPECT(seen[SIGCHLD] > 0);
}

/* A stop is told by SIGCHLD, whatever tells the end. */
static void
a_stop_is_told_by_sigchld(void)
{
	int status;
	long pid;

	listen();
	pid = fork_with(SIGUSR1);
	if (!pid) {
		raise(SIGSTOP);
		_exit(5);
	}
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, WCLONE | WUNTRACED, NULL),
		  pid);
	EXPECT_EQ(status, SIGSTOP << 8 | 0x7f);
	EXPECT_EQ(seen[SIGCHLD], 1);
	EXPECT_EQ(seen[SIGUSR1], 0);
	EXPECT_EQ(kill(pid, SIGCONT), 0);
	expect_clone_child(pid);
	EXPECT_EQ(seen[SIGUSR1], 1);
}

/* Who waits for a program need not know how it was started. */
static void
a_program_tells_by_sigchld(void)
{
	char path[64], *argv[] = { path, NULL };
	long pid, status;

	strcpy(path, temp_name("program"));
	make_program(path, ET_EXEC, NULL);	/* ends with 0 */
	listen();
	pid = fork_with(SIGUSR1);
	if (!pid) {
		SYSCALL(SYS_execve, path, argv, NULL);
		_exit(1);
	}
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, &status, WALL, NULL), pid);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(seen[SIGCHLD], 1);
	EXPECT_EQ(seen[SIGUSR1], 0);
	unlink(path);
}

UTEST_SUITE(exit_signals,
	UTEST(the_parent_is_told_by_the_signal_asked_for),
	UTEST(without_a_signal_nothing_is_told),
	UTEST(a_number_that_is_no_signal_tells_nothing),
	UTEST(wclone_waits_for_no_other_child),
	UTEST(an_ignored_sigchld_takes_only_its_own),
	UTEST(nocldwait_leaves_no_zombie),
	UTEST(a_sibling_tells_as_its_brother_does),
	UTEST(a_stop_is_told_by_sigchld),
	UTEST(a_program_tells_by_sigchld));
