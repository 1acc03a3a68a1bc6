/* SPDX-License-Identifier: MIT */
/*
 * execve: what it refuses, scripts, and what of a process stays.
 *
 * This program, called with --tell as its first word, tells on its standard
 * output what it was started with.
 */
#include "utest.h"

#define CLOSED_FD	40
#define OPEN_FD		41
#define SCRIPTS		5		/* that may follow each other */

/* --- What the new program says --- */

static void
tell_signal(const char *name, int sig)
{
	struct sigaction now;
	sigset_t blocked = 0;

	sigaction(sig, NULL, &now);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	printf("%s %s%s\n", name, now.sa_handler == SIG_DFL ? "default" :
	       now.sa_handler == SIG_IGN ? "ignored" : "handled",
	       sigismember(&blocked, sig) ? " blocked" : "");
}

int
utest_tell(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc; i++)
		printf("word %d <%s>\n", i, argv[i]);
	tell_signal("USR1", SIGUSR1);
	tell_signal("USR2", SIGUSR2);
	tell_signal("TERM", SIGTERM);
	printf("closed %s, open %s\n",
	       fcntl(CLOSED_FD, F_GETFD) < 0 ? "closed" : "open",
	       fcntl(OPEN_FD, F_GETFD) < 0 ? "closed" : "open");
	printf("alone %d\n", getpid() == SYSCALL(SYS_gettid));
	return 0;
}

/* --- Calling it --- */

static char told[2048];

struct call {
	const char *path;
	char **words;
	void (*prepare)(void);
};

static void
run_call(void *arg)
{
	const struct call *call = arg;

	if (call->prepare)
		call->prepare();
	_exit(-SYSCALL(SYS_execve, call->path, call->words, NULL));
}

/* wait()'s status; what it wrote is in told. */
static int
ask(const char *path, char **words, void (*prepare)(void))
{
	struct call call = { path, words, prepare };
	int fds[2], out, status;
	size_t len = 0;
	ssize_t n;

	ASSERT_EQ(pipe(fds), 0);
	fflush(stdout);
	out = dup(1);
	dup2(fds[1], 1);
	status = status_of(run_call, &call);
	dup2(out, 1);
	close(out);
	close(fds[1]);
	while ((n = read(fds[0], told + len, sizeof(told) - 1 - len)) > 0)
		len += n;
	told[len] = '\0';
	close(fds[0]);
	return status;
}

static int
ask_self(void (*prepare)(void))
{
	char *words[] = { "utest", "--tell", NULL };

	return ask("/proc/self/exe", words, prepare);
}

static bool
says(const char *line)
{
	bool found = strstr(told, line);

	if (!found)
		printf("    # \"%s\" is not in:\n%s", line, told);
	return found;
}

/* In a child: what runs all the same must not end the case, and well. */
static int
exec_error(const char *path)
{
	char *argv[] = { "x", NULL };
	struct call call = { path, argv, NULL };

	return -WEXITSTATUS(status_of(run_call, &call));
}

static void
write_file(const char *path, const char *text, size_t len, int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	write(fd, text, len);
	close(fd);
	chmod(path, mode);
}

static void
exec_errors(void)
{
	char path[64];

	strcpy(path, temp_name("exec"));
	EXPECT_EQ(exec_error("/tmp/utest-none"), -ENOENT);
	EXPECT_EQ(exec_error("/proc/self/exe/x"), -ENOTDIR);
	EXPECT_EQ(exec_error("/tmp"), -EACCES);
	write_file(path, "hello\n", 6, 0644);
	EXPECT_EQ(exec_error(path), -EACCES);
	write_file(path, "hello\n", 6, 0755);
	EXPECT_EQ(exec_error(path), -ENOEXEC);
	write_file(path, "", 0, 0755);
	EXPECT_EQ(exec_error(path), -ENOEXEC);
	write_file(path, "\177ELF broken", 11, 0755);
	EXPECT_EQ(exec_error(path), -ENOEXEC);
	write_file(path, "#!/tmp/utest-none\n", 18, 0755);
	EXPECT_EQ(exec_error(path), -ENOENT);
	unlink(path);
}

static void
exec_of_an_open_file(void)
{
	char path[64];
	int fd;

	strcpy(path, temp_name("busy"));
	write_file(path, "#!/bin/sh\n", 10, 0755);
	fd = open(path, O_WRONLY);
	EXPECT_EQ(exec_error(path), -ETXTBSY);
	close(fd);
	make_program(path, ET_EXEC, NULL);
	EXPECT_EQ(exec_error(path), 0);
	fd = open(path, O_WRONLY);
	EXPECT_EQ(exec_error(path), -ETXTBSY);
	close(fd);
	unlink(path);
}

/* Nor is a program written to that runs: this one. */
static void
text_is_busy_while_it_runs(void)
{
	EXPECT_EQ(SYSCALL(SYS_open, "/proc/self/exe", O_WRONLY, 0), -ETXTBSY);
	EXPECT_EQ(SYSCALL(SYS_open, "/proc/self/exe", O_RDWR, 0), -ETXTBSY);
	EXPECT(SYSCALL(SYS_open, "/proc/self/exe", O_RDONLY, 0) > 0);
}

static void
exec_too_long(void *arg)
{
	char *words[] = { "x", arg, NULL };

	_exit(-SYSCALL(SYS_execve, "/proc/self/exe", words, NULL));
}

static void
one_argument_has_at_most_128_kib(void)
{
	char *text = map(132 * 1024);

	memset(text, 'a', 132 * 1024 - 1);
	EXPECT_EQ(WEXITSTATUS(status_of(exec_too_long, text)), E2BIG);
}

/* --- Scripts --- */

static void
make_script(const char *path, const char *line)
{
	write_file(path, line, strlen(line), 0755);
}

/* What follows the interpreter is one word, whatever is in it. */
static void
a_script_hands_over_one_word(void)
{
	char path[64], line[100], *words[] = { "shown", "last", NULL };

	strcpy(path, temp_name("script"));
	make_script(path, "#! /proc/self/exe  --tell two words \nrest");
	EXPECT_EQ(ask(path, words, NULL), 0);
	EXPECT(says("word 0 </proc/self/exe>\n"));
	EXPECT(says("word 1 <--tell two words>\n"));
	snprintf(line, sizeof(line), "word 2 <%s>\n", path);
	EXPECT(says(line));
	EXPECT(says("word 3 <last>\n"));
	EXPECT(!strstr(told, "word 4"));
	unlink(path);
}

/* Scripts base0, base1, ..., each run by the next, and the last by last. */
static void
make_chain(const char *base, int count, const char *last)
{
	char path[64], line[96];
	int i;

	snprintf(line, sizeof(line), "#!%s\n", last);
	for (i = count - 1; i >= 0; i--) {
		snprintf(path, sizeof(path), "%s%d", base, i);
		make_script(path, line);
		snprintf(line, sizeof(line), "#!%s\n", path);
	}
}

static int
run_chain(int count)
{
	char base[48], path[64], *words[] = { path, NULL };
	int i, status;

	strcpy(base, temp_name("chain"));
	make_chain(base, count, "/proc/self/exe --tell");
	snprintf(path, sizeof(path), "%s0", base);
	status = ask(path, words, NULL);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s%d", base, i);
		unlink(path);
	}
	return status;
}

static void
scripts_of_scripts_come_to_an_end(void)
{
	char path[64], line[100];

	EXPECT_EQ(run_chain(SCRIPTS), 0);
	EXPECT(says("word 1 <--tell>\n"));
	EXPECT_EQ(WEXITSTATUS(run_chain(SCRIPTS + 1)), ELOOP);
	strcpy(path, temp_name("loop"));
	snprintf(line, sizeof(line), "#!%s\n", path);
	make_script(path, line);
	EXPECT_EQ(exec_error(path), -ELOOP);
	unlink(path);
}

/* --- What stays --- */

static void
the_program_starts_anew(void)
{
	EXPECT_EQ(ask_self(NULL), 0);
	EXPECT(says("word 0 <utest>\nword 1 <--tell>\n"));
	EXPECT(!strstr(told, "word 2"));
}

static void
no_handler(int sig)
{
}

static void
prepare_signals(void)
{
	sigset_t set = 0;

	signal(SIGUSR1, no_handler);
	signal(SIGUSR2, SIG_IGN);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
handlers_go_what_is_ignored_or_blocked_stays(void)
{
	EXPECT_EQ(ask_self(prepare_signals), 0);
	EXPECT(says("USR1 default\n"));
	EXPECT(says("USR2 ignored\n"));
	EXPECT(says("TERM default blocked\n"));
}

static void
prepare_files(void)
{
	dup2(1, CLOSED_FD);
	dup2(1, OPEN_FD);
	fcntl(CLOSED_FD, F_SETFD, FD_CLOEXEC);
}

static void
descriptors_close_that_are_marked_so(void)
{
	EXPECT_EQ(ask_self(prepare_files), 0);
	EXPECT(says("closed closed, open open\n"));
}

/* Several threads exec at once: one wins, and is the only one. */
#define THREADS		6

static char stacks[THREADS][8192] __attribute__((aligned(16)));
static volatile int tids[THREADS], ready;

static int
exec_thread(void *arg)
{
	static char *words[] = { "utest", "--tell", NULL };

	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (ready < THREADS)
		SYSCALL(SYS_sched_yield);
	SYSCALL(SYS_execve, "/proc/self/exe", words, NULL);
	return 0;
}

static void
prepare_threads(void)
{
	int i;

	for (i = 0; i < THREADS; i++)
		start_thread(stacks[i] + sizeof(stacks[i]), exec_thread, NULL,
			     &tids[i]);
	for (;;)
		SYSCALL(SYS_pause);
}

static void
of_several_that_exec_one_wins(void)
{
	const char *first;
	int round;

	for (round = 0; round < 10; round++) {
		EXPECT_EQ(ask_self(prepare_threads), 0);
		EXPECT(says("alone 1\n"));
		first = strstr(told, "word 0");
		EXPECT(first && !strstr(first + 1, "word 0"));
	}
}

UTEST_SUITE(exec,
	UTEST(exec_errors),
	UTEST(exec_of_an_open_file),
	UTEST(text_is_busy_while_it_runs),
	UTEST(one_argument_has_at_most_128_kib),
	UTEST(a_script_hands_over_one_word),
	UTEST(scripts_of_scripts_come_to_an_end),
	UTEST(the_program_starts_anew),
	UTEST(handlers_go_what_is_ignored_or_blocked_stays),
	UTEST(descriptors_close_that_are_marked_so),
	UTEST(of_several_that_exec_one_wins));
