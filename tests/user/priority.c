/* SPDX-License-Identifier: MIT */
/* nice and priorities, their rights, and what they do; capabilities. */
#include <sys/times.h>

#include "utest.h"

#define PRIO_PROCESS	0
#define PRIO_PGRP	1
#define PRIO_USER	2
#define SOME_USER	1000

static long
get(int which, int who)
{
	return SYSCALL(SYS_getpriority, which, who);
}

static long
set(int which, int who, int nice)
{
	return SYSCALL(SYS_setpriority, which, who, nice);
}

static void
nice_is_kept_and_has_limits(void)
{
	EXPECT_EQ(get(PRIO_PROCESS, 0), 20);
	EXPECT_EQ(SYSCALL(SYS_nice, 3), 0);
	EXPECT_EQ(get(PRIO_PROCESS, 0), 17);
	EXPECT_EQ(SYSCALL(SYS_nice, -8), 0);
	EXPECT_EQ(get(PRIO_PROCESS, getpid()), 25);
	EXPECT_EQ(SYSCALL(SYS_nice, 1000), 0);
	EXPECT_EQ(get(PRIO_PROCESS, 0), 1);
	EXPECT_EQ(SYSCALL(SYS_nice, -1000), 0);
	EXPECT_EQ(get(PRIO_PROCESS, 0), 40);
	EXPECT_EQ(set(PRIO_PROCESS, 0, 100), 0);
	EXPECT_EQ(get(PRIO_PROCESS, 0), 1);
	EXPECT_EQ(set(PRIO_PROCESS, 0, 0), 0);
}

static void
priority_errors(void)
{
	EXPECT_EQ(get(3, 0), -EINVAL);
	EXPECT_EQ(get(-1, 0), -EINVAL);
	EXPECT_EQ(set(3, 0, 0), -EINVAL);
	EXPECT_EQ(get(PRIO_PROCESS, 99999), -ESRCH);
	EXPECT_EQ(set(PRIO_PROCESS, 99999, 0), -ESRCH);
	EXPECT_EQ(get(PRIO_PGRP, 99999), -ESRCH);
	EXPECT_EQ(set(PRIO_USER, 4711, 0), -ESRCH);
}

static void
report_nice(void *unused)
{
	_exit((int)get(PRIO_PROCESS, 0));
}

static void
children_inherit_it(void)
{
	SYSCALL(SYS_nice, 7);
	EXPECT_EQ(WEXITSTATUS(status_of(report_nice, NULL)), 13);
}

/* Another user: upwards only, of his own tasks only. */
static void
as_another_user(void *arg)
{
	int ok = 0, parent = (int)(long)arg;

	SYSCALL(SYS_setresuid32, SOME_USER, SOME_USER, SOME_USER);
	ok += SYSCALL(SYS_nice, 5) == 0;
	ok += SYSCALL(SYS_nice, -1) == -EPERM;
	ok += set(PRIO_PROCESS, 0, 4) == -EACCES;
	ok += set(PRIO_PROCESS, 0, 6) == 0;
	ok += set(PRIO_PROCESS, parent, 10) == -EPERM;
	ok += set(PRIO_USER, 0, 8) == 0;
	ok += get(PRIO_PROCESS, 0) == 12;
	ok += get(PRIO_PROCESS, parent) == 20;
	_exit(ok != 8);
}

static void
rights_are_those_of_the_user(void)
{
	EXPECT_EQ(status_of(as_another_user, (void *)(long)getpid()), 0);
}

static void
a_group_is_set_as_a_whole(void)
{
	int fds[2], status;
	char byte;
	pid_t pid;

	ASSERT(pipe(fds) == 0);
	pid = fork();
	if (!pid) {
		close(fds[1]);
		read(fds[0], &byte, 1);
		_exit((int)get(PRIO_PROCESS, 0));
	}
	EXPECT_EQ(set(PRIO_PGRP, 0, 4), 0);
	EXPECT_EQ(get(PRIO_PROCESS, 0), 16);
	EXPECT_EQ(set(PRIO_PROCESS, 0, 9), 0);
	EXPECT_EQ(get(PRIO_PGRP, 0), 16);	/* the highest of them */
	close(fds[1]);
	waitpid(pid, &status, 0);
	EXPECT_EQ(WEXITSTATUS(status), 16);
}

/* --- what it does --------------------------------------------------------------------- */

/* Spins on the first core; its processor time, in ticks, is what is told. */
static void
spin(volatile int *stop, volatile long *ticks, int nice)
{
	unsigned first = 1;
	struct tms t;

	SYSCALL(SYS_sched_setaffinity, 0, 4, &first);
	SYSCALL(SYS_nice, nice);
	while (!*stop) {
		times(&t);
		*ticks = t.tms_utime + t.tms_stime;
	}
	_exit(0);
}

/* nice 10 weighs 110 of 1024: a tenth of what the other gets. */
static void
who_is_nice_gets_less(void)
{
	long *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile int *stop = (int *)&shared[2];
	int i, nice[2] = { 0, 10 };
	pid_t pids[2];

	ASSERT(shared != MAP_FAILED);
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			spin(stop, &shared[i], nice[i]);
	}
	while (*(volatile long *)&shared[0] < 60)
		SYSCALL(SYS_sched_yield);
	EXPECT(shared[1] < shared[0] / 3);
	*stop = 1;
	for (i = 0; i < 2; i++)
		waitpid(pids[i], NULL, 0);
}

/* --- capabilities --------------------------------------------------------------------- */

static void
capabilities_are_what_the_user_is(void)
{
	unsigned head[2] = { 0x20080522, 0 }, sets[6];

	EXPECT_EQ(SYSCALL(SYS_capget, head, sets), 0);
	EXPECT_EQ(SYSCALL(SYS_capset, head, sets), 0);
	head[0] = 7;
	EXPECT_EQ(SYSCALL(SYS_capset, head, sets), -EINVAL);
	EXPECT_EQ(head[0], 0x20080522);
	EXPECT_EQ(SYSCALL(SYS_capset, head, 16), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_capset, 16, sets), -EFAULT);
}

UTEST_SUITE(priority,
	    UTEST(nice_is_kept_and_has_limits),
	    UTEST(priority_errors),
	    UTEST(children_inherit_it),
	    UTEST(rights_are_those_of_the_user),
	    UTEST(a_group_is_set_as_a_whole),
	    UTEST(who_is_nice_gets_less),
	    UTEST(capabilities_are_what_the_user_is));
