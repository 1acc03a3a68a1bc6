/* SPDX-License-Identifier: MIT */
/*
 * Locks on files, errno by errno: flock, and ranges of POSIX and of openings.
 * Children are the others; they answer in a pipe.
 */
#include <poll.h>

#include "utest.h"

static char *file_name;

/* An opening of its own of the test's file. */
static int
open_it(void)
{
	int fd;

	if (!file_name)
		file_name = strdup(temp_name("locks"));
	fd = open(file_name, O_RDWR | O_CREAT, 0600);
	ASSERT(fd >= 0);
	return fd;
}

static long
lock_range(int fd, int cmd, int type, long long start, long long len)
{
	struct flock64 l = { .l_type = (short)type, .l_whence = SEEK_SET,
			     .l_start = start, .l_len = len };

	return SYSCALL(SYS_fcntl64, fd, cmd, &l);
}

/* What stands in the way of a write lock there, as "r10-19" or "-". */
static const char *
in_the_way(int fd, int cmd, long long start, long long len)
{
	static char text[2][40];
	static int turn;
	struct flock64 l = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
			     .l_start = start, .l_len = len };
	long err = SYSCALL(SYS_fcntl64, fd, cmd, &l);
	char *at = text[turn ^= 1];

	if (err)
		snprintf(at, 40, "error %ld", -err);
	else if (l.l_type == F_UNLCK)
		strcpy(at, "-");
	else if (l.l_len)
		snprintf(at, 40, "%c%d-%d", "rw"[l.l_type], (int)l.l_start,
			 (int)(l.l_start + l.l_len - 1));
	else
		snprintf(at, 40, "%c%d-", "rw"[l.l_type], (int)l.l_start);
	return at;
}

/* A child that runs fn(arg): its exit status, which is what it found. */
static int
in_child(int (*fn)(long), long arg)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn(arg) & 0xff);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* --- flock ------------------------------------------------------------------------- */

static long
flock_fd(int fd, int how)
{
	return SYSCALL(SYS_flock, fd, how);
}

static void
flock_belongs_to_the_opening(void)
{
	int a = open_it(), b = open_it(), again = dup(a);

	EXPECT_EQ(flock_fd(a, LOCK_EX), 0);
	EXPECT_EQ(flock_fd(b, LOCK_EX | LOCK_NB), -EAGAIN);
	EXPECT_EQ(flock_fd(b, LOCK_SH | LOCK_NB), -EAGAIN);
	EXPECT_EQ(flock_fd(again, LOCK_EX | LOCK_NB), 0);
	close(a);			/* the dup still has it */
	EXPECT_EQ(flock_fd(b, LOCK_SH | LOCK_NB), -EAGAIN);
	EXPECT_EQ(flock_fd(again, LOCK_UN), 0);
	EXPECT_EQ(flock_fd(b, LOCK_EX | LOCK_NB), 0);
	close(b);
	EXPECT_EQ(flock_fd(again, LOCK_EX | LOCK_NB), 0);
}

static void
flock_shared_and_converted(void)
{
	int a = open_it(), b = open_it();

	EXPECT_EQ(flock_fd(a, LOCK_SH), 0);
	EXPECT_EQ(flock_fd(b, LOCK_SH | LOCK_NB), 0);
	EXPECT_EQ(flock_fd(b, LOCK_EX | LOCK_NB), -EAGAIN);
	/* The conversion that failed gave up what there was. */
	EXPECT_EQ(flock_fd(a, LOCK_EX | LOCK_NB), 0);
	EXPECT_EQ(flock_fd(a, LOCK_SH), 0);
	EXPECT_EQ(flock_fd(b, LOCK_SH | LOCK_NB), 0);
}

static void
flock_errors(void)
{
	int a = open_it();

	EXPECT_EQ(flock_fd(99, LOCK_EX), -EBADF);
	EXPECT_EQ(flock_fd(a, 0), -EINVAL);
	EXPECT_EQ(flock_fd(a, LOCK_SH | LOCK_EX), -EINVAL);
	EXPECT_EQ(flock_fd(open(file_name, O_PATH), LOCK_SH), -EBADF);
	EXPECT_EQ(flock_fd(open(file_name, O_RDONLY), LOCK_EX), 0);
}

static int
try_flock(long inherited)
{
	int own = open_it();

	return (flock_fd((int)inherited, LOCK_EX | LOCK_NB) == 0) +
	       2 * (flock_fd(own, LOCK_EX | LOCK_NB) == -EAGAIN);
}

static void
flock_is_inherited_by_fork(void)
{
	int a = open_it();

	EXPECT_EQ(flock_fd(a, LOCK_EX), 0);
	EXPECT_EQ(in_child(try_flock, a), 3);
	EXPECT_EQ(flock_fd(open_it(), LOCK_EX | LOCK_NB), -EAGAIN);
}

/* --- ranges: what a process has ------------------------------------------------------ */

static int
look(long fd)
{
	return strcmp(in_the_way((int)fd, F_GETLK64, 0, 0), "-") != 0;
}

static void
ranges_belong_to_the_process(void)
{
	int a = open_it(), b = open_it();

	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, 0, 10), 0);
	EXPECT_EQ(lock_range(b, F_SETLK64, F_WRLCK, 5, 10), 0);
	EXPECT_EQ(strcmp(in_the_way(b, F_GETLK64, 0, 0), "-"), 0);
	EXPECT_EQ(in_child(look, a), 1);	/* not inherited: in its way */
	close(b);				/* and all are gone */
	EXPECT_EQ(in_child(look, a), 0);
}

/* Told by a child: locks of its parent, found from the start on. */
static int
compare_rows(long arg)
{
	const char *want = (const char *)arg;
	int fd = open_it();
	char row[200] = "";
	long long at = 0;

	for (;;) {
		struct flock64 l = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
				     .l_start = at };

		/* A byte at a time, so that the lowest is found. */
		if (at > 60)
			break;
		l.l_len = 1;
		if (SYSCALL(SYS_fcntl64, fd, F_GETLK64, &l))
			return 2;
		if (l.l_type == F_UNLCK) {
			at++;
			continue;
		}
		snprintf(row + strlen(row), sizeof(row) - strlen(row),
			 "%c%d-%d ", "rw"[l.l_type], (int)l.l_start,
			 (int)(l.l_start + l.l_len - 1));
		at = l.l_start + l.l_len;
	}
	if (strcmp(row, want))
		printf("    # locks are \"%s\", want \"%s\"\n", row, want);
	fflush(stdout);
	return strcmp(row, want) != 0;
}

#define EXPECT_LOCKS(want) EXPECT_EQ(in_child(compare_rows, (long)(want)), 0)

/*
 *	[rrrrrrrrrrrrrrrrrrrr]	0-19
 *	     [wwww]		5-9
 *	     [    ]		unlocked, locked again: one piece
 */
static void
ranges_are_cut_and_joined(void)
{
	int a = open_it();

	EXPECT_EQ(lock_range(a, F_SETLK64, F_RDLCK, 0, 20), 0);
	EXPECT_LOCKS("r0-19 ");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, 5, 5), 0);
	EXPECT_LOCKS("r0-4 w5-9 r10-19 ");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_UNLCK, 5, 5), 0);
	EXPECT_LOCKS("r0-4 r10-19 ");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_RDLCK, 5, 5), 0);
	EXPECT_LOCKS("r0-19 ");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, 15, 10), 0);
	EXPECT_LOCKS("r0-14 w15-24 ");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, 0, 15), 0);
	EXPECT_LOCKS("w0-24 ");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_UNLCK, 20, 10), 0);
	EXPECT_LOCKS("w0-19 ");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_UNLCK, 0, 0), 0);
	EXPECT_LOCKS("");
}

static void
ranges_by_whence_and_length(void)
{
	int a = open_it();
	struct flock64 l = { .l_type = F_WRLCK, .l_whence = SEEK_END,
			     .l_start = -10, .l_len = 5 };

	EXPECT_EQ(SYSCALL(SYS_ftruncate, a, 50), 0);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_SETLK64, &l), 0);
	EXPECT_LOCKS("w40-44 ");
	lseek(a, 30, SEEK_SET);
	l.l_whence = SEEK_CUR;
	l.l_start = 0;
	l.l_len = -5;			/* the bytes before */
	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_SETLK64, &l), 0);
	EXPECT_LOCKS("w25-29 w40-44 ");
	l.l_len = -31;
	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_SETLK64, &l), -EINVAL);
	l.l_start = 0x7fffffffffffffffll;
	l.l_len = 1;
	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_SETLK64, &l), -EOVERFLOW);
	l.l_whence = 7;
	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_SETLK64, &l), -EINVAL);
	EXPECT_EQ(lock_range(a, F_SETLK64, 3, 0, 1), -EINVAL);
	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, -1, 1), -EINVAL);
	EXPECT_EQ(lock_range(a, F_GETLK64, F_UNLCK, 0, 1), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_SETLK64, 16), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, 99, F_SETLK64, &l), -EBADF);
}

static int
ask_in_32_bits(long fd)
{
	struct flock32 s = { .l_type = F_WRLCK };

	if (SYSCALL(SYS_fcntl64, fd, F_GETLK, &s))
		return 1;
	return s.l_type != F_RDLCK || s.l_start != 100 || s.l_len != 0 ||
	       s.l_pid != getppid();
}

static int
ask_too_far(long fd)
{
	struct flock32 s = { .l_type = F_WRLCK };

	return SYSCALL(SYS_fcntl64, fd, F_GETLK, &s) != -EOVERFLOW;
}

static void
the_small_layout_is_served_too(void)
{
	int a = open_it();
	struct flock32 s = { .l_type = F_RDLCK, .l_start = 100 };

	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_SETLK, &s), 0);
	EXPECT_EQ(in_child(ask_in_32_bits, a), 0);
	EXPECT_EQ(lock_range(a, F_SETLK64, F_UNLCK, 0, 0), 0);
	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, 5ll << 32, 1), 0);
	EXPECT_EQ(in_child(ask_too_far, a), 0);
}

static void
rights_of_the_opening_count(void)
{
	int in, out;

	open_it();
	in = open(file_name, O_RDONLY);
	out = open(file_name, O_WRONLY);
	EXPECT_EQ(lock_range(in, F_SETLK64, F_WRLCK, 0, 1), -EBADF);
	EXPECT_EQ(lock_range(out, F_SETLK64, F_RDLCK, 0, 1), -EBADF);
	EXPECT_EQ(lock_range(in, F_SETLK64, F_RDLCK, 0, 1), 0);
	EXPECT_EQ(lock_range(out, F_SETLK64, F_WRLCK, 0, 1), 0);
}

static int
try_write_lock(long fd)
{
	return lock_range((int)fd, F_SETLK64, F_WRLCK, 0, 1) == -EAGAIN;
}

static void
close_on_exec_and_dup_end_them_too(void)
{
	int a = open_it(), b = open_it();

	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, 0, 1), 0);
	EXPECT_EQ(in_child(try_write_lock, a), 1);
	EXPECT_EQ(SYSCALL(SYS_dup2, 1, b), b);		/* closes b */
	EXPECT_EQ(in_child(try_write_lock, a), 0);
}

/* --- ranges: what an opening has ------------------------------------------------------ */

static void
ranges_of_an_opening(void)
{
	int a = open_it(), b = open_it(), again = dup(a);
	struct flock64 l = { .l_type = F_WRLCK, .l_pid = 1, .l_len = 1 };

	EXPECT_EQ(lock_range(a, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	EXPECT_EQ(lock_range(b, F_OFD_SETLK, F_WRLCK, 9, 10), -EAGAIN);
	EXPECT_EQ(lock_range(b, F_OFD_SETLK, F_WRLCK, 10, 10), 0);
	EXPECT_EQ(lock_range(again, F_OFD_SETLK, F_RDLCK, 0, 10), 0);
	EXPECT_EQ(lock_range(b, F_OFD_SETLK, F_RDLCK, 0, 5), 0);
	/* A process's lock and an opening's exclude each other. */
	EXPECT_EQ(lock_range(b, F_SETLK64, F_WRLCK, 0, 5), -EAGAIN);
	EXPECT_EQ(strcmp(in_the_way(a, F_OFD_GETLK, 10, 1), "w10-19"), 0);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, a, F_OFD_SETLK, &l), -EINVAL);
	close(open_it());			/* closing another ends none */
	close(a);
	EXPECT_EQ(lock_range(b, F_OFD_SETLK, F_WRLCK, 0, 5), -EAGAIN);
	close(again);
	EXPECT_EQ(lock_range(b, F_OFD_SETLK, F_WRLCK, 0, 5), 0);
}

/* --- waiting -------------------------------------------------------------------------- */

static volatile int alarms;

static void
on_alarm(int sig)
{
	alarms++;
}

/* Let a signal come while we wait; handlers do not restart. */
static void
alarm_soon(unsigned flags)
{
	struct sigaction action = { .sa_handler = on_alarm,
				    .sa_flags = (int)flags };
	long value[4] = { 0, 0, 0, 50000 };	/* once, after 50 ms */

	sigaction(SIGALRM, &action, NULL);
	SYSCALL(SYS_setitimer, 0, value, NULL);
}

/* A child that has what take(fd) takes until it is told to end. */
static pid_t
holder(long (*take)(int fd), int *gate)
{
	int go[2], ready[2];
	char byte = 'x';
	pid_t pid;

	ASSERT(pipe(go) == 0 && pipe(ready) == 0);
	pid = fork();
	if (!pid) {
		close(go[1]);
		byte = take(open_it()) ? 'n' : 'y';
		write(ready[1], &byte, 1);
		read(go[0], &byte, 1);
		_exit(0);
	}
	close(go[0]);
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
	ASSERT_EQ(byte, 'y');
	*gate = go[1];
	return pid;
}

static long
take_range(int fd)
{
	return lock_range(fd, F_SETLK64, F_WRLCK, 0, 10);
}

static long
take_flock(int fd)
{
	return flock_fd(fd, LOCK_EX);
}

static void
a_signal_ends_the_wait(void)
{
	int gate, status, fd = open_it();
	pid_t pid = holder(take_range, &gate);

	alarm_soon(0);
	EXPECT_EQ(lock_range(fd, F_SETLKW64, F_WRLCK, 5, 1), -EINTR);
	EXPECT_EQ(alarms, 1);
	close(gate);
	waitpid(pid, &status, 0);
	pid = holder(take_flock, &gate);
	alarm_soon(0);
	EXPECT_EQ(flock_fd(fd, LOCK_SH), -EINTR);
	EXPECT_EQ(alarms, 2);
	close(gate);
	waitpid(pid, &status, 0);
}

/* The child waits until we let go; then it answers with the byte it read. */
static int
wait_and_read(long use_flock)
{
	int fd = open_it();
	char byte = 0;
	long err = use_flock ? flock_fd(fd, LOCK_EX) :
			       lock_range(fd, F_SETLKW64, F_WRLCK, 3, 1);

	if (err)
		return 'e';
	read(fd, &byte, 1);
	return byte;
}

static void
who_waits_goes_on_when_the_lock_goes(void)
{
	int fd = open_it(), status, use_flock;

	for (use_flock = 0; use_flock < 2; use_flock++) {
		pid_t pid;

		pwrite(fd, "a", 1, 0);
		EXPECT_EQ(use_flock ? flock_fd(fd, LOCK_SH) :
			  lock_range(fd, F_SETLK64, F_RDLCK, 0, 10), 0);
		pid = fork();
		if (!pid)
			_exit(wait_and_read(use_flock));
		/* It may be waiting by now, or not yet: it reads 'b'. */
		poll(NULL, 0, 20);
		pwrite(fd, "b", 1, 0);
		EXPECT_EQ(use_flock ? flock_fd(fd, LOCK_UN) :
			  lock_range(fd, F_SETLK64, F_UNLCK, 3, 1), 0);
		EXPECT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT_EQ(WEXITSTATUS(status), 'b');
	}
}

static void
the_end_of_a_process_frees_its_locks(void)
{
	int gate, status, fd = open_it();
	pid_t pid = holder(take_range, &gate);

	kill(pid, SIGKILL);
	EXPECT_EQ(lock_range(fd, F_SETLKW64, F_WRLCK, 0, 10), 0);
	waitpid(pid, &status, 0);
}

/*
 *	we	have 0		want 1
 *	child	has  1		wants 0		one of the two is told
 */
static int
second_half(long answer)
{
	int fd = open_it();
	char byte = 0;
	long err;

	if (lock_range(fd, F_SETLK64, F_WRLCK, 1, 1))
		return 9;
	write((int)answer, &byte, 1);
	err = lock_range(fd, F_SETLKW64, F_WRLCK, 0, 1);
	return err == 0 ? 0 : err == -EDEADLK ? 1 : 9;
}

static void
two_who_wait_for_each_other_are_told(void)
{
	int fd = open_it(), fds[2], status, told;
	char byte;
	pid_t pid;
	long err;

	ASSERT(pipe(fds) == 0);
	EXPECT_EQ(lock_range(fd, F_SETLK64, F_WRLCK, 0, 1), 0);
	pid = fork();
	if (!pid)
		_exit(second_half(fds[1]));
	ASSERT_EQ(read(fds[0], &byte, 1), 1);
	err = lock_range(fd, F_SETLKW64, F_WRLCK, 1, 1);
	EXPECT(err == 0 || err == -EDEADLK);
	told = err == -EDEADLK;
	EXPECT_EQ(lock_range(fd, F_SETLK64, F_UNLCK, 0, 2), 0);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(told + WEXITSTATUS(status), 1);
}

static void
proc_locks_lists_them(void)
{
	char text[400] = "", want[40];
	int a = open_it(), fd = open("/proc/locks", O_RDONLY);

	if (fd < 0)
		SKIP("no /proc/locks");
	EXPECT_EQ(lock_range(a, F_SETLK64, F_WRLCK, 5, 10), 0);
	EXPECT_EQ(flock_fd(a, LOCK_SH), 0);
	EXPECT_EQ(lock_range(open_it(), F_OFD_SETLK, F_RDLCK, 20, 0), 0);
	read(fd, text, sizeof(text) - 1);
	snprintf(want, sizeof(want), "POSIX  ADVISORY  WRITE %d ",
		 (int)getpid());
	EXPECT(strstr(text, want));
	EXPECT(strstr(text, " 5 14\n"));
	snprintf(want, sizeof(want), "FLOCK  ADVISORY  READ %d ",
		 (int)getpid());
	EXPECT(strstr(text, want));
	EXPECT(strstr(text, "OFDLCK ADVISORY  READ -1 "));
	EXPECT(strstr(text, " 20 EOF\n"));
}

UTEST_SUITE(locks,
	    UTEST(flock_belongs_to_the_opening),
	    UTEST(flock_shared_and_converted),
	    UTEST(flock_errors),
	    UTEST(flock_is_inherited_by_fork),
	    UTEST(ranges_belong_to_the_process),
	    UTEST(ranges_are_cut_and_joined),
	    UTEST(ranges_by_whence_and_length),
	    UTEST(the_small_layout_is_served_too),
	    UTEST(rights_of_the_opening_count),
	    UTEST(close_on_exec_and_dup_end_them_too),
	    UTEST(ranges_of_an_opening),
	    UTEST(a_signal_ends_the_wait),
	    UTEST(who_waits_goes_on_when_the_lock_goes),
	    UTEST(the_end_of_a_process_frees_its_locks),
	    UTEST(two_who_wait_for_each_other_are_told),
	    UTEST(proc_locks_lists_them));
