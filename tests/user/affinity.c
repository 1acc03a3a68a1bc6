/* SPDX-License-Identifier: MIT */
/* Which cores a task may run on: of oneself, of others, their rights. */
#include "utest.h"

#define SOME_USER	1000

static unsigned
mask_of(pid_t pid)
{
	unsigned mask = 0;
	long n = SYSCALL(SYS_sched_getaffinity, pid, sizeof(mask), &mask);

	EXPECT(n >= (long)sizeof(mask));
	return mask;
}

static long
bind(pid_t pid, unsigned mask)
{
	return SYSCALL(SYS_sched_setaffinity, pid, sizeof(mask), &mask);
}

static unsigned
this_core(void)
{
	unsigned core = ~0u;

	SYSCALL(SYS_getcpu, &core, 0, 0);
	return core;
}

/* Ends where there is one core only. */
static unsigned
all_cores(void)
{
	unsigned all = mask_of(0);

	if (!(all & (all - 1)))
		SKIP("needs two cores");
	return all;
}

static void
one_moves_oneself(void)
{
	unsigned all = mask_of(0), core;

	for (core = 0; all >> core; core++) {
		if (!(all >> core & 1))
			continue;
		EXPECT_EQ(bind(0, 1u << core), 0);
		EXPECT_EQ(this_core(), core);
		EXPECT_EQ(mask_of(0), 1u << core);
		EXPECT_EQ(mask_of(getpid()), 1u << core);
	}
	EXPECT_EQ(bind(0, all), 0);
	EXPECT_EQ(mask_of(0), all);
}

/* Where a child spins that never calls the kernel but to ask where it is. */
static pid_t
spinner(volatile unsigned *core)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			*core = this_core();
	return pid;
}

static void
a_spinning_child_is_moved(void)
{
	volatile unsigned *core = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned all = all_cores(), to, round;
	pid_t pid;

	ASSERT((void *)core != MAP_FAILED);
	pid = spinner(core);
	for (round = 0; round < 8; round++) {
		for (to = 0; all >> to; to++) {
			if (!(all >> to & 1))
				continue;
			EXPECT_EQ(bind(pid, 1u << to), 0);
			EXPECT_EQ(mask_of(pid), 1u << to);
			*core = ~0u;
			while (*core == ~0u)
				SYSCALL(SYS_sched_yield);
			*core = ~0u;	/* what was on its way has come */
			while (*core == ~0u)
				SYSCALL(SYS_sched_yield);
			EXPECT_EQ(*core, to);
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_EQ(bind(pid, 1), -ESRCH);
}

static void
report_mask(void *unused)
{
	_exit((int)mask_of(0));
}

static void
a_child_inherits_the_mask(void)
{
	unsigned all = all_cores();

	EXPECT_EQ(bind(0, 2), 0);
	EXPECT_EQ(WEXITSTATUS(status_of(report_mask, NULL)), 2);
	EXPECT_EQ(bind(0, all), 0);
	EXPECT_EQ(WEXITSTATUS(status_of(report_mask, NULL)), (int)all);
}

static void
exec_keeps_the_mask(void)
{
	char *argv[] = { (char *)"t", NULL }, *path = temp_name("exec");
	int status;
	pid_t pid;

	all_cores();
	make_program(path, ET_EXEC, NULL);
	pid = fork();
	if (!pid) {
		bind(0, 2);
		execv(path, argv);
		_exit(9);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	unlink(path);
}

static void
affinity_errors(void)
{
	unsigned long long wide = ~0ull;
	unsigned char one = 1;
	unsigned all = mask_of(0), mask = 1;

	EXPECT_EQ(bind(0, 0), -EINVAL);
	EXPECT_EQ(bind(0, 1u << 31), -EINVAL);
	EXPECT_EQ(bind(99999, 1), -ESRCH);
	EXPECT_EQ(bind(-1, 1), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_sched_setaffinity, 99999, 4, 16), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_sched_setaffinity, 0, 0, &mask), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_sched_setaffinity, 0, 1, &one), 0);
	EXPECT_EQ(mask_of(0), 1);
	EXPECT_EQ(SYSCALL(SYS_sched_setaffinity, 0, 8, &wide), 0);
	EXPECT_EQ(mask_of(0), all);
	EXPECT_EQ(SYSCALL(SYS_sched_getaffinity, 0, 0, &mask), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_sched_getaffinity, 0, 3, &mask), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_sched_getaffinity, 0, 6, &mask), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_sched_getaffinity, 99999, 4, &mask), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_sched_getaffinity, -1, 4, &mask), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_sched_getaffinity, 0, 4, 16), -EFAULT);
}

/* One's own user's tasks may be bound, no others; all may be asked. */
static void
as_another_user(void *arg)
{
	pid_t parent = (int)(long)arg, own;
	unsigned all = mask_of(0);
	int ok = 0;

	SYSCALL(SYS_setresuid32, SOME_USER, SOME_USER, SOME_USER);
	ok += bind(parent, 1) == -EPERM;
	ok += bind(1, 1) == -EPERM;
	ok += mask_of(parent) == all;
	ok += bind(0, 1) == 0 && mask_of(0) == 1;
	own = fork();
	if (!own)
		for (;;)
			SYSCALL(SYS_sched_yield);
	ok += bind(own, all) == 0 && mask_of(own) == all;
	kill(own, SIGKILL);
	waitpid(own, NULL, 0);
	_exit(ok != 5);
}

static void
only_ones_own_tasks_can_be_bound(void)
{
	EXPECT_EQ(status_of(as_another_user, (void *)(long)getpid()), 0);
}

static void
status_tells_the_mask(void)
{
	char text[4096];
	int fd;
	ssize_t n;

	EXPECT_EQ(bind(0, 1), 0);
	fd = open("/proc/self/status", O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	ASSERT(n > 0);
	text[n] = '\0';
	EXPECT(strstr(text, "\nCpus_allowed:\t1\n") != NULL);
	EXPECT(strstr(text, "\nCpus_allowed_list:\t0\n") != NULL);
}

UTEST_SUITE(affinity,
	    UTEST(one_moves_oneself),
	    UTEST(a_spinning_child_is_moved),
	    UTEST(a_child_inherits_the_mask),
	    UTEST(exec_keeps_the_mask),
	    UTEST(affinity_errors),
	    UTEST(only_ones_own_tasks_can_be_bound),
	    UTEST(status_tells_the_mask));
