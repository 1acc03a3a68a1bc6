/* SPDX-License-Identifier: MIT */
/* Pages of files, reading and writing them, pipes. */
#include "bench.h"

#define PAGES	256
#define LEN	(PAGES * PAGE)
#define ROUNDS	16
#define O_RDWR_CREAT 0102

static char buffer[65536] __attribute__((aligned(4096)));

static void
mapped(const char *name, long fd, int flags, bool write)
{
	unsigned round;
	char *at;
	u64 from;

	begin(name);
	for (round = 0; round < ROUNDS; round++) {
		at = map_at(0, LEN, RW, flags, fd, 0);
		from = now();
		if (write)
			touch(at, LEN);
		else
			look(at, LEN);
		sample(now() - from, PAGES);
		unmap(at, LEN);
	}
	end();
}

static void
cached(const char *name, long fd, long call)
{
	unsigned round;
	u64 from;

	begin(name);
	for (round = 0; round < 100; round++) {
		from = now();
		SYSCALL(call, fd, buffer, PAGE, 0, (round % PAGES) * PAGE, 0);
		sample(now() - from, 1);
	}
	end();
}

/* 64 KiB in, 64 KiB out: no process has to wait. */
static void
pipe_through(void)
{
	int fds[2];
	unsigned round;
	u64 from;

	SYSCALL(SYS_pipe, fds);
	begin("pipe, 64 KiB through");
	for (round = 0; round < 50; round++) {
		from = now();
		SYSCALL(SYS_write, fds[1], buffer, sizeof(buffer));
		SYSCALL(SYS_read, fds[0], buffer, sizeof(buffer));
		sample(now() - from, 1);
	}
	end();
	SYSCALL(SYS_close, fds[0]);
	SYSCALL(SYS_close, fds[1]);
}

static void
pipe_round_trip(void)
{
	int there[2], back[2];
	unsigned round, i;
	long pid;
	u64 from;

	SYSCALL(SYS_pipe, there);
	SYSCALL(SYS_pipe, back);
	pid = SYSCALL(SYS_fork);
	if (!pid) {
		SYSCALL(SYS_close, there[1]);
		while (SYSCALL(SYS_read, there[0], buffer, 1) == 1)
			SYSCALL(SYS_write, back[1], buffer, 1);
		SYSCALL(SYS_exit_group, 0);
	}
	begin("pipe round trip between two processes");
	for (round = 0; round < 50; round++) {
		from = now();
		for (i = 0; i < 10; i++) {
			SYSCALL(SYS_write, there[1], buffer, 1);
			SYSCALL(SYS_read, back[0], buffer, 1);
		}
		if (round)		/* the first brings copies on write */
			sample(now() - from, 10);
	}
	end();
	SYSCALL(SYS_close, there[1]);
	SYSCALL(SYS_close, there[0]);
	SYSCALL(SYS_close, back[0]);
	SYSCALL(SYS_close, back[1]);
	SYSCALL(SYS_wait4, pid, 0, 0, 0);
}

void
bench_files(void)
{
	long fd = SYSCALL(SYS_openat, -100, "/tmp/bench", O_RDWR_CREAT, 0600);
	unsigned i;

	if (fd < 0)
		fail("/tmp/bench", fd);
	for (i = 0; i < PAGES; i++)
		SYSCALL(SYS_write, fd, buffer, PAGE);
	mapped("file page: read fault", fd, 1, false);
	mapped("file page: shared write", fd, 1, true);
	mapped("file page: private write", fd, 2, true);
	cached("read 4 KiB of a cached file", fd, SYS_pread64);
	cached("write 4 KiB of a cached file", fd, SYS_pwrite64);
	SYSCALL(SYS_unlink, "/tmp/bench");
	SYSCALL(SYS_close, fd);
	pipe_through();
	pipe_round_trip();
}
