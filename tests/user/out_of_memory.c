/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out, seen from the programs: who ends is who took it, the
 * others go on, and the machine is usable afterwards.
 *
 * Each case fills all memory with children of a certain kind ("hogs") beside a
 * bystander, which has less than any hog and must be alive with all its bytes at the
 * end. The case itself is exempt (oom_score_adj -1000). On a large machine most of
 * memory is ballast of an exempt child, so that each takes the same time.
 */
#include <time.h>

#include "utest.h"

#define RLIMIT_MEMLOCK	8
#define MIB		(1ul << 20)
#define LEFT		(12 * MIB)	/* beside the ballast */

static pid_t bystander, ballast;
static int bystander_ends;		/* pipe: closed, it looks and ends */
static size_t available;		/* with ballast and bystander */

static void
set_adj(const char *value)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	ASSERT(fd >= 0);
	ASSERT_EQ(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

/* Bytes of a line of /proc/meminfo. */
static size_t
meminfo(const char *name)
{
	static char text[4096];
	int fd = open("/proc/meminfo", O_RDONLY);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	char *line;

	close(fd);
	text[len > 0 ? len : 0] = '\0';
	line = strstr(text, name);
	ASSERT(line != NULL);
	return strtoul(line + strlen(name) + 1, NULL, 10) * 1024;
}

static char *
reserve(size_t len)
{
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		_exit(2);
	return at;
}

/* Write to each page; its own number, so that it can be looked at again. */
static char *
take(size_t len)
{
	char *at = reserve(len);

	for (size_t i = 0; i < len; i += PAGE)
		*(size_t *)(at + i) = i;
	return at;
}

static bool
intact(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i += PAGE)
		if (*(const size_t *)(at + i) != i)
			return false;
	return true;
}

/* A child that takes len bytes, says so, and looks at them when `until` is at its
 * end. */
static pid_t
keeper(size_t len, const char *adj, int until, int not_mine)
{
	int ready[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		char *at;

		close(ready[0]);
		close(not_mine);
		set_adj(adj);
		at = take(len);
		write(ready[1], "r", 1);
		read(until, &byte, 1);
		_exit(!intact(at, len));
	}
	ASSERT(pid > 0);
	close(ready[1]);
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void
begin(void)
{
	int ends[2];
	size_t there;

	if (meminfo("SwapTotal:"))
		SKIP("there is swap");
	set_adj("-1000");
	ASSERT_EQ(pipe(ends), 0);
	there = meminfo("MemAvailable:");
	ASSERT(there > 8 * MIB);
	ballast = there > LEFT ? keeper(there - LEFT, "-1000", ends[0], ends[1])
			       : 0;
	bystander = keeper(MIB / 2, "0", ends[0], ends[1]);
	bystander_ends = ends[1];
	close(ends[0]);
	available = meminfo("MemAvailable:");
}

static int
status_of_child(pid_t pid)
{
	int status = -1;

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

/* All that is not to end is there, a program can be run, no memory is lost. */
static void
end(void)
{
	pid_t pid;
	int tries;

	for (tries = 0; meminfo("MemAvailable:") + MIB < available && tries < 100;
	     tries++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	EXPECT(meminfo("MemAvailable:") + MIB >= available);
	pid = fork();
	if (!pid) {
		execve("/bin/sh", (char *[]){ "sh", "-c",
			"i=$(echo 3 | wc -l); exit $((i+6))", NULL },
		       (char *[]){ NULL });
		_exit(126);
	}
	EXPECT_EQ(status_of_child(pid), 7 << 8);
	close(bystander_ends);
	EXPECT_EQ(status_of_child(bystander), 0);
	if (ballast)
		EXPECT_EQ(status_of_child(ballast), 0);
}

/* A child of the usual kind that takes what it can get in this way. */
static pid_t
hog(void (*fill)(void))
{
	pid_t pid = fork();

	if (!pid) {
		set_adj("0");
		fill();
		_exit(3);
	}
	ASSERT(pid > 0);
	return pid;
}

static void
by_touching(void)
{
	take(available + 64 * MIB);
}

static void
by_locking(void)
{
	static const unsigned long long unlimited[2] = { ~0ull, ~0ull };
	char *at = reserve(available + 64 * MIB);

	if (SYSCALL(SYS_prlimit64, 0, RLIMIT_MEMLOCK, unlimited, NULL))
		_exit(5);
	/* In pieces: one call would be refused as a whole. */
	for (size_t i = 0; i < available + 64 * MIB; i += MIB)
		if (mlock(at + i, MIB))
			_exit(4);
}

static void
fill_pipe(int from, int to)
{
	static char bytes[64 * 1024];

	(void)from;
	fcntl(to, F_SETFL, O_NONBLOCK);
	while (write(to, bytes, sizeof(bytes)) > 0)
		;
}

/* So much, or until no further pipe is to be had. */
static void
into_pipes(size_t len)
{
	int ends[2];

	for (size_t n = 0; n < len && !pipe(ends); n += MIB) {
		fcntl(ends[1], F_SETPIPE_SZ, MIB);
		fill_pipe(ends[0], ends[1]);
	}
}

static void
by_pipes(void)
{
	into_pipes(~0ul);
}

static void
by_sockets(void)
{
	int ends[2];

	while (!SYSCALL(SYS_socketpair, 1, 1, 0, ends)) {
		fill_pipe(ends[0], ends[1]);
		fill_pipe(ends[1], ends[0]);
	}
}

/* A page of each 4 MiB is read: it is the same page, but the tables are not. */
static void
fill_tables(void)
{
	size_t len = 2048 * MIB;
	const volatile char *at = reserve(len);

	for (size_t i = 0; i < len; i += 4 * MIB)
		if (at[i])
			_exit(6);
}

/* --- the cases --- */

static void
a_hog_ends_and_nobody_else(void)
{
	begin();
	EXPECT_EQ(status_of_child(hog(by_touching)), SIGKILL);
	end();
}

static void
locking_its_memory_does_not_save_it(void)
{
	begin();
	EXPECT_EQ(status_of_child(hog(by_locking)), SIGKILL);
	end();
}

static void
who_fills_pipes_ends(void)
{
	begin();
	EXPECT_EQ(status_of_child(hog(by_pipes)), SIGKILL);
	end();
}

/* Take more and more until the other end of the pipe is closed. */
static bool
take_until_closed(int fd)
{
	size_t piece = 16 * PAGE, n = 0;
	bool good = true;
	char byte;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (read(fd, &byte, 1) != 0 && n < available) {
		good = good && intact(take(piece), piece);
		n += piece;
	}
	return good && n < available;
}

static void
half_into_pipes(void)
{
	into_pipes(available / 2);
}

/*
 * One has much that goes only when he ends; another, who is spared, takes the rest
 * and more. The first is chosen, and gets to run late: he has the lowest priority.
 * That is waited for, or others would end too.
 */
static void
victim_is_waited_for(void (*fill)(void))
{
	int ready[2];
	pid_t slow, next;
	char byte;

	begin();
	ASSERT_EQ(pipe(ready), 0);
	slow = fork();
	if (!slow) {
		set_adj("0");
		SYSCALL(SYS_setpriority, 0, 0, 19);
		fill();
		write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
	next = fork();
	if (!next) {
		set_adj("-900");
		_exit(!take_until_closed(ready[0]));
	}
	EXPECT_EQ(status_of_child(next), 0);
	kill(slow, SIGKILL);		/* if it was not: next says so */
	EXPECT_EQ(status_of_child(slow), SIGKILL);
	close(ready[0]);
	end();
}

static void
a_victims_pipes_are_waited_for(void)
{
	victim_is_waited_for(half_into_pipes);
}

static void
a_victims_tables_are_waited_for(void)
{
	victim_is_waited_for(fill_tables);
}

static void
who_fills_sockets_ends(void)
{
	begin();
	EXPECT_EQ(status_of_child(hog(by_sockets)), SIGKILL);
	end();
}

/* One is exempt and has most of it; who asks for the rest ends. */
static void
an_exempt_hog_goes_on(void)
{
	int ends[2];
	pid_t exempt;

	begin();
	ASSERT_EQ(pipe(ends), 0);
	exempt = keeper(available / 2, "-1000", ends[0], ends[1]);
	EXPECT_EQ(status_of_child(hog(by_touching)), SIGKILL);
	close(ends[1]);
	EXPECT_EQ(status_of_child(exempt), 0);
	end();
}

/*
 * n children fill, and keep it until all are told to end. must of them are
 * killed, or the others would not fit; no more than most.
 */
static void
several(int n, int must, int most, bool (*fill)(int until))
{
	int ends[2], status, killed = 0, i;

	begin();
	ASSERT_EQ(pipe(ends), 0);
	for (i = 0; i < n; i++) {
		if (fork())
			continue;
		close(ends[1]);
		set_adj("0");
		_exit(!fill(ends[0]));
	}
	for (i = 0; i < must; i++) {
		EXPECT(waitpid(-1, &status, 0) > 0);
		EXPECT_EQ(status, SIGKILL);
		killed++;
	}
	close(ends[1]);
	for (; i < n; i++) {
		EXPECT(waitpid(-1, &status, 0) > 0);
		EXPECT(!status || status == SIGKILL);
		killed += status == SIGKILL;
	}
	EXPECT(killed <= most);
	end();
}

static bool
a_tenth(int until)
{
	size_t len = available / 10;
	char *at = take(len), byte;

	read(until, &byte, 1);
	return intact(at, len);
}

static void
of_many_small_ones_few_end(void)
{
	several(16, 6, 8, a_tenth);
}

static bool
tables(int until)
{
	char byte;

	fill_tables();
	return read(until, &byte, 1) == 0;
}

/* 2 MiB of tables each, and nearly nothing of their own. */
static void
who_has_the_largest_page_tables_ends(void)
{
	several(8, 2, 6, tables);
}

UTEST_SUITE(out_of_memory,
	    UTEST(a_hog_ends_and_nobody_else),
	    UTEST(of_many_small_ones_few_end),
	    UTEST(who_has_the_largest_page_tables_ends),
	    UTEST(an_exempt_hog_goes_on),
	    UTEST(locking_its_memory_does_not_save_it),
	    UTEST(who_fills_pipes_ends),
	    UTEST(a_victims_pipes_are_waited_for),
	    UTEST(a_victims_tables_are_waited_for),
	    UTEST(who_fills_sockets_ends));
