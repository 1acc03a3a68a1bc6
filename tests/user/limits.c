/* SPDX-License-Identifier: MIT */
/*
 * What there is an end of: processes, threads, mappings, descriptors, memory. A
 * program that takes all it can get meets an error, never a machine that stands
 * still; and when it has ended, all of it is there again.
 *
 * What takes much does so in a child, for whoever touches memory when there is none
 * left is killed: here that is right.
 */
#include <sys/resource.h>

#include "fuzz.h"

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static void
sleep_ms(long ms)
{
	long time[2] = { 0, ms * 1000000 };

	SYSCALL(SYS_nanosleep, time, NULL);
}

/* What is left on lists of cores and in slabs; KiB. */
#define SLACK	4096

static long free_before;

/* All is there again: free memory, every rule. In kernel threads' good time. */
static void
expect_all_back(void)
{
	int i;

	for (i = 0; i < 200 && meminfo("MemFree") + SLACK < free_before; i++) {
		drop_objects();
		sleep_ms(20);
	}
	if (meminfo("MemFree") + SLACK < free_before)
		printf("    # MemFree: %ld kB, was %ld\n", meminfo("MemFree"),
		       free_before);
	EXPECT(meminfo("MemFree") + SLACK >= free_before);
	expect_verified("afterwards");
}

static void
remember_free(void)
{
	meminfo("MemFree");
	free_before = meminfo("MemFree");
}

static bool
is_refusal(long error)
{
	return error == -EAGAIN || error == -ENOMEM;
}

/* --- Processes --- */

static void
wait_for_ever(void)
{
	for (;;)
		SYSCALL(SYS_pause);
}

/* In a group of its own, so that one kill ends it all. The number that lives. */
static int
fill_with_processes(int most, long *error)
{
	int n = 0;
	long pid;

	for (; n < most; n++) {
		pid = SYSCALL(SYS_fork);
		if (!pid)
			wait_for_ever();
		*error = pid;
		if (pid < 0)
			break;
	}
	return n;
}

/* They were made with SIGTERM's default; only this process ignores it. */
static void
kill_children(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
}

static void
a_thousand_processes(void)
{
	long error = 0;
	int n, i;

	remember_free();
	n = fill_with_processes(1000, &error);
	printf("    # %d processes\n", n);
	if (meminfo("MemTotal") > 110 * 1024)
		EXPECT_EQ(n, 1000);
	else
		EXPECT(n == 1000 || is_refusal(error));
	expect_verified("with all of them");
	kill_children();
	for (i = 0; i < n; i++)
		EXPECT(waitpid(-1, NULL, 0) > 0);
	EXPECT_EQ(waitpid(-1, NULL, 0), -1);
	expect_all_back();
}

/* One after the other, far more than there are numbers at a time. */
static void
numbers_of_processes_come_again(void)
{
	int i, status;
	long pid;

	for (i = 0; i < 3000; i++) {
		pid = SYSCALL(SYS_fork);
		if (!pid)
			SYSCALL(SYS_exit_group, i & 127);
		ASSERT(pid > 0);
		ASSERT_EQ(waitpid(-1, &status, 0), pid);
		ASSERT_EQ(WEXITSTATUS(status), i & 127);
	}
}

/* Each child forks again as soon as it can. */
static void
bomb(void *most)
{
	struct rlimit limit = { (long)most, (long)most };

	setpgid(0, 0);
	if (most)
		setrlimit(RLIMIT_NPROC, &limit);
	for (;;)
		SYSCALL(SYS_fork);
}

/*
 * One SIGKILL to the group: no child that is just being made escapes it. Of
 * thousands that share a family of pages each waits in line for its lock to
 * leave it, some times over, so the last of them is gone late.
 */
static bool
defuse(pid_t group)
{
	int i;

	kill(-group, SIGKILL);
	for (i = 0; i < 100000; i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (SYSCALL(SYS_kill, -group, 0) == -ESRCH)
			return true;
		sleep_ms(2);
	}
	return false;
}

static void
expect_defused(void (*fn)(void *), void *arg)
{
	long long begin;
	pid_t pid;

	remember_free();
	pid = fork();
	ASSERT(pid >= 0);
	if (!pid)
		fn(arg);
	setpgid(pid, pid);
	begin = clock_now(1 /* CLOCK_MONOTONIC */);
	sleep_ms(200);
	printf("    # a sleep of 200 ms took %lld\n",
	       (clock_now(1) - begin) / 1000000);
	EXPECT(defuse(pid));
	expect_all_back();
}

static void
a_fork_bomb_within_its_limit(void)
{
	expect_defused(bomb, (void *)60);
}

static void
a_fork_bomb_without_a_limit(void)
{
	expect_defused(bomb, NULL);
}

/* --- Threads --- */

static volatile int word, tid;

static int
sleep_on_word(void *arg)
{
	for (;;)
		SYSCALL(SYS_futex, &word, 0, 0, 0, 0, 0);
	return 0;
}

static void
make_threads(void *arg)
{
	long error = 0;
	int n;

	for (n = 0; n < 10000; n++) {
		char *own = map(PAGE);

		if (!own)
			break;
		error = start_thread(own + PAGE, sleep_on_word, NULL, &tid);
		if (error < 0)
			break;
	}
	_exit(n >= 50 && n < 10000 && is_refusal(error) ? 0 : 1);
}

static void
as_many_threads_as_there_can_be(void)
{
	remember_free();
	EXPECT_EQ(status_of(make_threads, NULL), 0);
	expect_all_back();
}

/* --- Mappings --- */

static long
max_map_count(void)
{
	char text[16] = "";
	int fd = open("/proc/sys/vm/max_map_count", O_RDONLY);

	SYSCALL(SYS_read, fd, text, sizeof(text) - 1);
	close(fd);
	return strtol(text, NULL, 10);
}

/* Every second page of a large promise gets other rights: two VMAs each. */
static long
split_all(unsigned long at, unsigned long pages)
{
	unsigned long i;
	long error;

	for (i = 1; i < pages; i += 2) {
		error = SYSCALL(SYS_mprotect, at + i * PAGE, PAGE, PROT_READ);
		if (error)
			return error;
	}
	return 0;
}

static long
count_lines(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY), i;
	long lines = 0;
	long n;

	while ((n = SYSCALL(SYS_read, fd, text, sizeof(text))) > 0)
		for (i = 0; i < n; i++)
			lines += text[i] == '\n';
	close(fd);
	return lines;
}

static void
all_mappings(void *arg)
{
	unsigned long pages = max_map_count() + 1000;
	long at = SYSCALL(SYS_mmap2, 0, pages * PAGE, PROT_NONE, ANON |
			  MAP_NORESERVE, -1, 0);
	long lines;
	pid_t pid;

	if (is_error(at))
		_exit(2);
	if (split_all(at, pages) != -ENOMEM)
		_exit(3);
	lines = count_lines("/proc/self/maps");
	if (meminfo("MemTotal") > 60 * 1024 &&
	    (lines > max_map_count() || lines < max_map_count() - 2))
		_exit(4);
	if ((long)SYSCALL(SYS_mmap2, 0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0) != -ENOMEM)
		_exit(5);
	pid = SYSCALL(SYS_fork);
	if (!pid)
		SYSCALL(SYS_exit_group, 0);
	if (pid < 0 && pid != -ENOMEM)
		_exit(6);
	/* It has as many to give back, which takes it a while. */
	if (pid > 0 && waitpid(pid, NULL, 0) != pid)
		_exit(9);
	if (SYSCALL(SYS_munmap, at, pages * PAGE))
		_exit(7);
	_exit(count_lines("/proc/self/maps") < 20 ? 0 : 8);
}

static void
as_many_mappings_as_there_can_be(void)
{
	int status;

	remember_free();
	status = status_of(all_mappings, NULL);
	/* On a small machine there may be no memory for so many. */
	EXPECT(status == 0 || (meminfo("MemTotal") < 60 * 1024 &&
			       status == SIGKILL));
	expect_all_back();
}

/* --- Memory --- */

static void
touch_all(void *flags)
{
	char *page;

	for (;;) {
		page = (char *)SYSCALL(SYS_mmap2, 0, 64 * PAGE, RW, flags, -1,
				       0);
		if (is_error((long)page))
			_exit(-(long)page == ENOMEM ? 0 : 1);
		memset(page, 1, 64 * PAGE);
	}
}

static bool
ended_for_memory(int status)
{
	return status == 0 || WTERMSIG(status) == SIGKILL ||
	       WTERMSIG(status) == SIGBUS;
}

static void
all_memory_of_one_process(void)
{
	remember_free();
	EXPECT(ended_for_memory(status_of(touch_all, (void *)ANON)));
	expect_all_back();
}

static void
all_memory_shared(void)
{
	remember_free();
	EXPECT(ended_for_memory(status_of(touch_all, (void *)(
		MAP_SHARED | MAP_ANONYMOUS))));
	expect_all_back();
}

static void
touch_and_fork(void *arg)
{
	setpgid(0, 0);
	for (;;) {
		char *page = (char *)SYSCALL(SYS_mmap2, 0, 256 * PAGE, RW, ANON,
					     -1, 0);

		if (!is_error((long)page))
			memset(page, 1, 256 * PAGE);
		SYSCALL(SYS_fork);
	}
}

static void
a_bomb_that_takes_memory(void)
{
	expect_defused(touch_and_fork, NULL);
}

static void
write_all(void *path)
{
	static char text[4096];
	int fd = path ? open(path, O_RDWR | O_CREAT, 0600) :
			memfd_create("all", 0);
	long n;

	while ((n = SYSCALL(SYS_write, fd, text, sizeof(text))) > 0)
		;
	_exit(n == -ENOSPC || n == -ENOMEM ? 0 : 1);
}

static void
files_until_there_is_no_space(void)
{
	char path[64];

	strcpy(path, temp_name("all"));
	remember_free();
	EXPECT(ended_for_memory(status_of(write_all, path)));
	unlink(path);
	expect_all_back();
	EXPECT(ended_for_memory(status_of(write_all, NULL)));
	expect_all_back();
}

/* --- Descriptors --- */

/* Each pipe keeps what is written to it. */
static void
fill_pipes(void *arg)
{
	struct rlimit limit = { 4096, 4096 };
	static char text[4096];
	int fds[2];
	long n = 0, error;

	setrlimit(RLIMIT_NOFILE, &limit);
	while (!(error = SYSCALL(SYS_pipe2, fds, O_NONBLOCK))) {
		n++;
		while (SYSCALL(SYS_write, fds[1], text, sizeof(text)) > 0)
			;
	}
	_exit(n > 100 && (error == -EMFILE || error == -ENFILE ||
			  error == -ENOMEM) ? 0 : 1);
}

static void
pipes_until_there_are_no_more(void)
{
	remember_free();
	EXPECT(ended_for_memory(status_of(fill_pipes, NULL)));
	expect_all_back();
}

static void
as_many_descriptors_as_the_limit(void)
{
	struct rlimit limit = { 100, 100 };
	int n = 0, fd;

	EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while ((fd = SYSCALL(SYS_dup, 0)) >= 0)
		n = fd;
	EXPECT_EQ(fd, -EMFILE);
	EXPECT_EQ(n, 99);
	EXPECT_EQ(SYSCALL(SYS_pipe, &fd), -EMFILE);
	EXPECT_EQ(SYSCALL(SYS_dup2, 0, 100), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, 0, 0 /* F_DUPFD */, 100), -EINVAL);
}

UTEST_SUITE(limits,
	UTEST(a_thousand_processes),
	UTEST(numbers_of_processes_come_again),
	UTEST(a_fork_bomb_within_its_limit),
	UTEST(a_fork_bomb_without_a_limit),
	UTEST(as_many_threads_as_there_can_be),
	UTEST(as_many_mappings_as_there_can_be),
	UTEST(all_memory_of_one_process),
	UTEST(all_memory_shared),
	UTEST(a_bomb_that_takes_memory),
	UTEST(files_until_there_is_no_space),
	UTEST(pipes_until_there_are_no_more),
	UTEST(as_many_descriptors_as_the_limit));
