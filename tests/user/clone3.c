/* SPDX-License-Identifier: MIT */
/* clone3 and execveat: new processes and new programs, errno by errno. */
#include <sys/resource.h>

#include "pidfd.h"

/* --- clone3 --- */

static long
clone3(struct clone_args *args, size_t size)
{
	long pid;

	fflush(stdout);
	pid = SYSCALL(NR_clone3, args, size);
	if (!pid)
		_exit(5);
	return pid;
}

/* -errno of one that must fail, and leaves no child. */
static long
refused(struct clone_args args)
{
	long result = clone3(&args, sizeof(args));

	if (result > 0)
		waitpid(result, NULL, 0);
	return result;
}

static void
clone3_errors(void)
{
	struct { struct clone_args known; char more[PAGE]; } *large;
	struct clone_args args = { .exit_signal = SIGCHLD };
	int fd;

	large = (void *)map(sizeof(*large));
	large->known = args;
	EXPECT_EQ(clone3(&args, 63), -EINVAL);
	EXPECT_EQ(clone3(&args, 0), -EINVAL);
	EXPECT_EQ(clone3(&large->known, PAGE + 1), -E2BIG);
	large->more[0] = 1;
	EXPECT_EQ(clone3(&large->known, sizeof(args) + 8), -E2BIG);
	EXPECT_EQ(clone3(BAD, sizeof(args)), -EFAULT);
	EXPECT_EQ(clone3(NULL, sizeof(args)), -EFAULT);
#define REFUSED(...) EXPECT_EQ(refused((struct clone_args){ __VA_ARGS__ }), \
			       -EINVAL)
	REFUSED(.flags = SIGCHLD);
	REFUSED(.flags = DETACHED, .exit_signal = SIGCHLD);
	REFUSED(.flags = 1ull << 40, .exit_signal = SIGCHLD);
	REFUSED(.exit_signal = 65);
	REFUSED(.exit_signal = 0x111);
	REFUSED(.flags = PARENT, .exit_signal = SIGCHLD);
	REFUSED(.flags = SIGHAND, .exit_signal = SIGCHLD);
	REFUSED(.flags = THREAD);
	REFUSED(.flags = THREAD | SIGHAND | VM, .exit_signal = SIGCHLD);
	REFUSED(.flags = SIGHAND | VM | CLEAR_SIGHAND, .exit_signal = SIGCHLD);
	REFUSED(.stack = (unsigned long)large, .exit_signal = SIGCHLD);
	REFUSED(.stack_size = PAGE, .exit_signal = SIGCHLD);
	REFUSED(.stack = ~PAGE, .stack_size = 2 * PAGE, .exit_signal = SIGCHLD);
	REFUSED(.set_tid_size = 1, .exit_signal = SIGCHLD);
	REFUSED(.set_tid = (unsigned long)&args, .exit_signal = SIGCHLD);
	REFUSED(.flags = PIDFD | PARENT_SETTID, .exit_signal = SIGCHLD,
		.pidfd = (unsigned long)&fd, .parent_tid = (unsigned long)&fd);
	REFUSED(.flags = PIDFD | DETACHED, .exit_signal = SIGCHLD,
		.pidfd = (unsigned long)&fd);
	EXPECT_EQ(refused((struct clone_args){ .flags = PIDFD, .pidfd = 8 }),
		  -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, NULL, 0x40000000, NULL), -ECHILD);
	EXPECT_EQ(dup(0), dup(0) - 1);	/* no descriptor was lost */
}

static void
clone3_may_grow(void)
{
	struct { struct clone_args known; char more[64]; } args;
	int status;
	long pid;

	memset(&args, 0, sizeof(args));
	args.known.exit_signal = SIGCHLD;
	pid = clone3(&args.known, sizeof(args));
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 5 << 8);
	/* Of a shorter one the rest counts as zero, whatever lies there. */
	args.known.set_tid_size = 7;
	pid = clone3(&args.known, 64);
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 5 << 8);
}

static void
clone3_gives_a_pidfd(void)
{
	static int child_tid;
	int fd = -1, tid = 0;
	struct clone_args args = {
		.flags = PIDFD | PARENT_SETTID | CHILD_SETTID,
		.pidfd = (unsigned long)&fd, .exit_signal = SIGCHLD,
		.parent_tid = (unsigned long)&tid,
		.child_tid = (unsigned long)&child_tid,
	};
	siginfo_t info;
	long pid;

	fflush(stdout);
	pid = SYSCALL(NR_clone3, &args, sizeof(args));
	if (!pid)	/* it has not got the descriptor itself */
		_exit(child_tid == getpid() &&
		      SYSCALL(SYS_fcntl64, fd, GETFD) == -EBADF ? 6 : 1);
	ASSERT(pid > 0);
	ASSERT(fd >= 0);
	EXPECT_EQ(tid, pid);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, GETFD), 1);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, pid);
	EXPECT_EQ(info.si_status, 6);
}

static void
clone_gives_a_pidfd_in_place_of_the_tid(void)
{
	int fd = -1;
	siginfo_t info;
	long pid;

	fflush(stdout);
	EXPECT_EQ(SYSCALL(SYS_clone, PIDFD | PARENT_SETTID | SIGCHLD, 0, &fd),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_clone, PIDFD | DETACHED | SIGCHLD, 0, &fd),
		  -EINVAL);
	pid = SYSCALL(SYS_clone, PIDFD | SIGCHLD, 0, &fd, 0, 0);
	if (!pid)
		_exit(3);
	ASSERT(pid > 0);
	EXPECT_EQ(wait_fd(fd, &info, WEXITED), 0);
	EXPECT_EQ(info.si_pid, pid);
}

static int
next_fd(void)
{
	int fd = dup(1);

	close(fd);
	return fd;
}

/* Files that are open, of whomever: what is lost stays among them. */
static long
files(void)
{
	long used = 0, per_slab;

	objects_of("filp", &used, &per_slab);
	return used;
}

#define OFTEN	300	/* more than lies in the slabs that cores hold */

static void
clone_at_the_limit(void *arg)
{
	struct rlimit one = { 1, 1 };
	int free_fd = next_fd(), fd;
	long before = files();

	SYSCALL(208, 1000, 1000, 1000);		/* root is not limited in Linux */
	setrlimit(RLIMIT_NPROC, &one);
	for (int i = 0; i < OFTEN; i++)
		EXPECT_EQ(SYSCALL(SYS_clone, PIDFD | SIGCHLD, 0, &fd, 0, 0),
			  -EAGAIN);
	EXPECT(files() < before + OFTEN / 2);
	EXPECT_EQ(next_fd(), free_fd);
	_exit(next_fd() != free_fd);
}

/* Neither when the number cannot be told, nor when there is no child. */
static void
a_clone_that_fails_leaves_no_file(void)
{
	int free_fd = next_fd();
	long before = files();

	fflush(stdout);
	for (int i = 0; i < OFTEN; i++)
		EXPECT_EQ(SYSCALL(SYS_clone, PIDFD | SIGCHLD, 0, BAD, 0, 0),
			  -EFAULT);
	EXPECT(files() < before + OFTEN / 2);
	EXPECT_EQ(next_fd(), free_fd);
	EXPECT_EQ(status_of(clone_at_the_limit, NULL), 0);
}

static void
on_signal(int sig)
{
}

static void
clone3_can_clear_handlers(void)
{
	struct clone_args args = { .flags = CLEAR_SIGHAND,
				   .exit_signal = SIGCHLD };
	struct sigaction action;
	int status;
	long pid;

	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	fflush(stdout);
	pid = SYSCALL(NR_clone3, &args, sizeof(args));
	if (!pid) {
		sigaction(SIGUSR2, NULL, &action);
		if (action.sa_handler != SIG_IGN)
			_exit(1);
		kill(getpid(), SIGUSR2);
		kill(getpid(), SIGUSR1);
		_exit(2);
	}
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WTERMSIG(status), SIGUSR1);
	sigaction(SIGUSR1, NULL, &action);
	EXPECT(action.sa_handler == on_signal);
}

/* The child's stack pointer, on the stack it was given: what lies there. */
static void
clone3_takes_the_stack_by_its_lowest_address(void)
{
	static volatile unsigned long sp;
	char *stack = map(4 * PAGE);
	struct clone_args args = {
		.flags = VM | VFORK, .exit_signal = SIGCHLD,
		.stack = (unsigned long)stack, .stack_size = 3 * PAGE,
	};
	register long r7 __asm__("r7") = NR_clone3;
	register long r0 __asm__("r0") = (long)&args;
	register long r1 __asm__("r1") = sizeof(args);
	register volatile unsigned long *r2 __asm__("r2") = &sp;
	int status;

	__asm__ volatile("svc #0\n"
			 "cmp r0, #0\n"
			 "bne 1f\n"
			 "str sp, [r2]\n"
			 "mov r0, #9\n"
			 "mov r7, #1\n"
			 "svc #0\n"
			 "1:"
			 : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2)
			 : "memory", "cc");
	ASSERT(r0 > 0);
	EXPECT_EQ(sp, stack + 3 * PAGE);
	EXPECT_EQ(waitpid(r0, &status, 0), r0);
	EXPECT_EQ(status, 9 << 8);
}

/* --- execveat --- */

static char program[64];		/* make_program(): ends with 0 */

static void
begin_exec(void)
{
	strcpy(program, temp_name("program"));
	make_program(program, ET_EXEC, NULL);
}

static long
execat(int fd, const char *path, int flags)
{
	char *argv[] = { "x", NULL };

	return SYSCALL(NR_execveat, fd, path, argv, NULL, flags);
}

struct at {
	int fd, flags;
	const char *path;
};

static void
exec_or_99(void *arg)
{
	struct at *at = arg;
	long err = execat(at->fd, at->path, at->flags);

	_exit(err < 0 ? -err : 99);
}

/* 0: it ran (in place of a child, not of the case), else the errno. */
static int
result_of(int fd, const char *path, int flags)
{
	struct at at = { fd, flags, path };
	int status = status_of(exec_or_99, &at);

	EXPECT_EQ(WTERMSIG(status), 0);
	return WEXITSTATUS(status);
}

static void
execveat_finds_programs_in_three_ways(void)
{
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY), fd;
	const char *base;

	begin_exec();
	base = strrchr(program, '/') + 1;
	fd = open(program, O_RDONLY);
	ASSERT(folder >= 0 && fd >= 0);
	EXPECT_EQ(result_of(folder, base, 0), 0);
	EXPECT_EQ(result_of(99, program, 0), 0);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), 0);
	EXPECT_EQ(result_of(open(program, PATH_ONLY), "", EMPTY_PATH), 0);
	/* Also when its name has gone. */
	EXPECT_EQ(unlink(program), 0);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), 0);
	EXPECT_EQ(result_of(folder, base, 0), ENOENT);
}

static void
execveat_errors(void)
{
	char link[64];
	int fd, folder = open("/tmp", O_RDONLY | O_DIRECTORY);

	begin_exec();
	fd = open(program, O_RDONLY);
	strcpy(link, temp_name("link"));
	ASSERT_EQ(symlink(program, link), 0);
	EXPECT_EQ(result_of(folder, program, 1), EINVAL);
	EXPECT_EQ(result_of(fd, "", 0), ENOENT);
	EXPECT_EQ(result_of(fd, "x", 0), ENOTDIR);
	EXPECT_EQ(result_of(99, "x", 0), EBADF);
	EXPECT_EQ(result_of(99, "", EMPTY_PATH), EBADF);
	EXPECT_EQ(result_of(folder, "", EMPTY_PATH), EACCES);
	EXPECT_EQ(result_of(folder, link, NO_FOLLOW), ELOOP);
	EXPECT_EQ(result_of(folder, BAD, 0), EFAULT);
	EXPECT_EQ(result_of(folder, BAD, EMPTY_PATH), EFAULT);
	EXPECT_EQ(SYSCALL(NR_execveat, fd, "", BAD, NULL, EMPTY_PATH),
		  -EFAULT);
	EXPECT_EQ(result_of(folder, link, 0), 0);
	EXPECT_EQ(chmod(program, 0600), 0);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), EACCES);
	unlink(link);
	unlink(program);
}

/* A script's interpreter opens it by the name below /dev/fd. */
static void
a_script_must_outlive_the_exec(void)
{
	char path[64], text[96];
	int fd;

	begin_exec();
	strcpy(path, temp_name("script"));
	snprintf(text, sizeof(text), "#!%s\n", program);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	ASSERT_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	fd = open(path, O_RDONLY);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), 0);
	close(fd);
	fd = open(path, O_RDONLY | CLOEXEC);
	EXPECT_EQ(result_of(fd, "", EMPTY_PATH), ENOENT);
	EXPECT_EQ(result_of(fd, path, 0), 0);
	unlink(path);
	unlink(program);
}

UTEST_SUITE(clone3,
	UTEST(clone3_errors),
	UTEST(clone3_may_grow),
	UTEST(clone3_gives_a_pidfd),
	UTEST(clone_gives_a_pidfd_in_place_of_the_tid),
	UTEST(a_clone_that_fails_leaves_no_file),
	UTEST(clone3_can_clear_handlers),
	UTEST(clone3_takes_the_stack_by_its_lowest_address),
	UTEST(execveat_finds_programs_in_three_ways),
	UTEST(execveat_errors),
	UTEST(a_script_must_outlive_the_exec));
