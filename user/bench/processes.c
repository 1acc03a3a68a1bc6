/* SPDX-License-Identifier: MIT */
/* fork, exec, exit, wait; copy on write. */
#include "bench.h"

#define PAGES	256
#define LEN	(PAGES * PAGE)

static void
fork_exit_wait(const char *name, unsigned pages, unsigned rounds)
{
	char *at = pages ? map(pages * PAGE) : NULL;
	unsigned round;
	long pid;
	u64 from;

	if (at)
		touch(at, pages * PAGE);
	begin(name);
	for (round = 0; round < rounds; round++) {
		from = now();
		pid = SYSCALL(SYS_fork);
		if (!pid)
			SYSCALL(SYS_exit_group, 0);
		if (pid < 0)
			fail("fork", pid);
		SYSCALL(SYS_wait4, pid, 0, 0, 0);
		sample(now() - from, 1);
	}
	end();
	if (at)
		unmap(at, pages * PAGE);
}

static void
fork_exec_wait(void)
{
	static const char *const argv[] = { "bench", "!", NULL };
	unsigned round;
	long pid;
	u64 from;

	begin("fork + exec + wait");
	for (round = 0; round < 20; round++) {
		from = now();
		pid = SYSCALL(SYS_fork);
		if (!pid) {
			SYSCALL(SYS_execve, "/init", argv, 0);
			SYSCALL(SYS_execve, "/proc/self/exe", argv, 0);
			SYSCALL(SYS_exit_group, 1);
		}
		SYSCALL(SYS_wait4, pid, 0, 0, 0);
		sample(now() - from, 1);
	}
	end();
}

/*
 * The child waits while the parent writes: each page is copied (break). Then it
 * ends, and the parent writes again after another fork that is over: the pages
 * have one owner and are used as they are (reuse).
 */
static void
copy_on_write(void)
{
	char *at = map(LEN), byte;
	unsigned round;
	int gate[2];
	long pid;
	u64 from;

	touch(at, LEN);
	begin("copy-on-write break, per page");
	for (round = 0; round < 16; round++) {
		SYSCALL(SYS_pipe, gate);
		pid = SYSCALL(SYS_fork);
		if (!pid) {
			SYSCALL(SYS_close, gate[1]);
			SYSCALL(SYS_read, gate[0], &byte, 1);
			SYSCALL(SYS_exit_group, 0);
		}
		from = now();
		touch(at, LEN);
		sample(now() - from, PAGES);
		SYSCALL(SYS_close, gate[0]);
		SYSCALL(SYS_close, gate[1]);
		SYSCALL(SYS_wait4, pid, 0, 0, 0);
	}
	end();
	begin("copy-on-write reuse, per page");
	for (round = 0; round < 16; round++) {
		pid = SYSCALL(SYS_fork);
		if (!pid)
			SYSCALL(SYS_exit_group, 0);
		SYSCALL(SYS_wait4, pid, 0, 0, 0);
		from = now();
		touch(at, LEN);
		sample(now() - from, PAGES);
	}
	end();
	unmap(at, LEN);
}

void
bench_processes(void)
{
	fork_exit_wait("fork + exit + wait, 0 touched pages", 0, 40);
	fork_exit_wait("fork + exit + wait, 256 touched pages", 256, 20);
	fork_exit_wait("fork + exit + wait, 4096 touched pages", 4096, 5);
	fork_exec_wait();
	copy_on_write();
}
