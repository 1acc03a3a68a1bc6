/* SPDX-License-Identifier: MIT */
/* splice, tee, vmsplice: bytes by way of pipes, errno by errno. */
#include <sys/ioctl.h>

#include "sweep.h"

#define NONBLOCK	2u
#define FULL		65536

typedef long long off64;

struct iovec {
	void *base;
	size_t len;
};

static long
splice(int in, off64 *in_pos, int out, off64 *out_pos, size_t n, unsigned flags)
{
	return SYSCALL(SYS_splice, in, in_pos, out, out_pos, n, flags);
}

static long
tee(int in, int out, size_t n, unsigned flags)
{
	return SYSCALL(SYS_tee, in, out, n, flags);
}

static void
make_pipe(int ends[2])
{
	ASSERT_EQ(SYSCALL(SYS_pipe, ends), 0);
}

/* n bytes that differ from place to place. */
static char *
pattern(size_t n)
{
	char *bytes = map(n);
	size_t i;

	ASSERT(bytes != NULL);
	for (i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	return bytes;
}

static bool
holds(int fd, const char *want, size_t n)
{
	char *got = map(n);
	size_t done = 0;
	ssize_t r;

	while (done < n && (r = read(fd, got + done, n - done)) > 0)
		done += r;
	r = done == n && !memcmp(got, want, n);
	munmap(got, n);
	return r;
}

/* --- file and pipe -------------------------------------------------------------- */

static void
a_file_goes_into_a_pipe(void)
{
	size_t n = 3 * PAGE + 100;
	char *bytes = pattern(n);
	int file = temp_file(bytes, n), p[2];
	off64 pos = 5;

	make_pipe(p);
	lseek(file, 0, SEEK_SET);
	EXPECT_EQ(splice(file, NULL, p[1], NULL, n, 0), n);
	EXPECT(holds(p[0], bytes, n));
	EXPECT_EQ(lseek(file, 0, SEEK_CUR), n);
	EXPECT_EQ(splice(file, NULL, p[1], NULL, 10, 0), 0);	/* the end */
	EXPECT_EQ(splice(file, &pos, p[1], NULL, 20, 0), 20);
	EXPECT_EQ(pos, 25);
	EXPECT_EQ(lseek(file, 0, SEEK_CUR), n);
	EXPECT(holds(p[0], bytes + 5, 20));
	pos = n - 7;
	EXPECT_EQ(splice(file, &pos, p[1], NULL, 100, 0), 7);
	EXPECT(holds(p[0], bytes + n - 7, 7));
}

static void
a_pipe_goes_into_a_file(void)
{
	size_t n = 2 * PAGE + 33;
	char *bytes = pattern(n);
	int file = temp_file("", 0), p[2];
	off64 pos = 100;

	make_pipe(p);
	EXPECT_EQ(write(p[1], bytes, n), n);
	EXPECT_EQ(splice(p[0], NULL, file, NULL, 1000, 0), 1000);
	EXPECT_EQ(splice(p[0], NULL, file, NULL, FULL, 0), n - 1000);
	EXPECT_EQ(lseek(file, 0, SEEK_CUR), n);
	lseek(file, 0, SEEK_SET);
	EXPECT(holds(file, bytes, n));
	EXPECT_EQ(write(p[1], "abc", 3), 3);
	EXPECT_EQ(splice(p[0], NULL, file, &pos, FULL, 0), 3);
	EXPECT_EQ(pos, 103);
	lseek(file, 100, SEEK_SET);
	EXPECT(holds(file, "abc", 3));
	close(p[1]);
	EXPECT_EQ(splice(p[0], NULL, file, NULL, 1, 0), 0);	/* the end */
}

/* More than fits: what there is room for, then EAGAIN, or the reader's turn. */
static void
a_full_pipe_takes_no_more(void)
{
	char *bytes = pattern(2 * FULL);
	int file = temp_file(bytes, 2 * FULL), p[2], out = temp_file("", 0);
	off64 pos = 0;

	make_pipe(p);
	EXPECT_EQ(splice(file, &pos, p[1], NULL, 2 * FULL, 0), FULL);
	EXPECT_EQ(splice(file, &pos, p[1], NULL, 1, NONBLOCK), -EAGAIN);
	EXPECT_EQ(pos, FULL);
	EXPECT_EQ(splice(p[0], NULL, out, NULL, PAGE, 0), PAGE);
	EXPECT_EQ(splice(file, &pos, p[1], NULL, 2 * FULL, NONBLOCK), PAGE);
	EXPECT(holds(p[0], bytes + PAGE, FULL));
	EXPECT_EQ(splice(p[0], NULL, out, NULL, 1, NONBLOCK), -EAGAIN);
	SYSCALL(SYS_fcntl64, p[0], F_SETFL, O_NONBLOCK);
	EXPECT_EQ(splice(p[0], NULL, out, NULL, 1, 0), -EAGAIN);
}

/*
 * A socket cannot give its bytes twice: whichever allocation fails, they are in
 * the pipe, or in the socket still.
 */
static int
socket_to_pipe(void)
{
	static char bytes[3 * PAGE];
	int s[2], p[2], left = -1, there = -1;
	long moved;

	TRY(SYSCALL(SYS_pipe, p));
	TRY(SYSCALL(SYS_socketpair, 1, 1, 0, s));
	TRY(SYSCALL(SYS_write, s[0], bytes, sizeof(bytes)));
	moved = splice(s[1], NULL, p[1], NULL, sizeof(bytes), 0);
	TRY(SYSCALL(SYS_ioctl, s[1], FIONREAD, &left));
	TRY(SYSCALL(SYS_ioctl, p[0], FIONREAD, &there));
	if (left + there != sizeof(bytes) || (moved > 0 && moved != there))
		return -EIO;
	return moved < (long)sizeof(bytes) ? -ENOMEM : 0;
}

static void
nothing_is_lost_without_memory(void)
{
	sweep(socket_to_pipe, 10);
}

/* Nor are frames: a thousand calls, of which most need no new one for the pipe. */
static void
calls_keep_no_memory(void)
{
	int file = temp_file("bytes", 5), p[2], i;
	off64 pos;
	long before;
	char c;

	make_pipe(p);
	before = meminfo("MemFree");
	for (i = 0; i < 1000; i++) {
		pos = i % 5;
		EXPECT_EQ(splice(file, &pos, p[1], NULL, 1, 0), 1);
		EXPECT_EQ(read(p[0], &c, 1), 1);
	}
	EXPECT(meminfo("MemFree") > before - 1000);	/* KiB */
}

/* A child moves all by way of a pipe, as cat and a network server would. */
static void
a_child_drains_what_is_spliced(void)
{
	size_t n = 5 * FULL + 77, done = 0;
	char *bytes = pattern(n);
	int file = temp_file(bytes, n), p[2], out = temp_file("", 0);
	int status;
	off64 pos = 0;
	long r;
	pid_t pid;

	make_pipe(p);
	pid = fork();
	if (!pid) {
		close(p[1]);
		while ((r = splice(p[0], NULL, out, NULL, 3 * PAGE + 1, 0)) > 0)
			;
		_exit(r != 0);
	}
	while (done < n && (r = splice(file, &pos, p[1], NULL, n - done, 0)) > 0)
		done += r;
	close(p[1]);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	lseek(out, 0, SEEK_SET);
	EXPECT(holds(out, bytes, n));
}

static void
sockets_and_devices_can_be_spliced(void)
{
	int p[2], s[2], zero = open("/dev/zero", O_RDONLY);
	int null = open("/dev/null", O_WRONLY);
	static const char nothing[100];

	make_pipe(p);
	ASSERT_EQ(SYSCALL(SYS_socketpair, 1, 1, 0, s), 0);
	EXPECT_EQ(write(s[0], "socket", 6), 6);
	EXPECT_EQ(splice(s[1], NULL, p[1], NULL, 100, 0), 6);
	EXPECT_EQ(splice(p[0], NULL, s[1], NULL, 100, 0), 6);
	EXPECT(holds(s[0], "socket", 6));
	EXPECT_EQ(splice(zero, NULL, p[1], NULL, 200, 0), 200);
	EXPECT(holds(p[0], nothing, 100));
	EXPECT_EQ(splice(p[0], NULL, null, NULL, 500, 0), 100);
}

/* --- two pipes ------------------------------------------------------------------ */

static void
one_pipe_goes_into_another(void)
{
	char *bytes = pattern(FULL);
	int a[2], b[2];

	make_pipe(a);
	make_pipe(b);
	EXPECT_EQ(write(a[1], bytes, 3 * PAGE + 5), 3 * PAGE + 5);
	EXPECT_EQ(read(a[0], map(PAGE), 100), 100);
	EXPECT_EQ(write(b[1], "12", 2), 2);
	EXPECT_EQ(splice(a[0], NULL, b[1], NULL, FULL, 0), 3 * PAGE - 95);
	EXPECT(holds(b[0], "12", 2));
	EXPECT(holds(b[0], bytes + 100, 3 * PAGE - 95));
	EXPECT_EQ(splice(a[0], NULL, b[1], NULL, 1, NONBLOCK), -EAGAIN);
	close(a[1]);
	EXPECT_EQ(splice(a[0], NULL, b[1], NULL, 1, 0), 0);
}

static void
tee_leaves_the_bytes(void)
{
	char *bytes = pattern(2 * PAGE);
	int a[2], b[2];

	make_pipe(a);
	make_pipe(b);
	EXPECT_EQ(write(a[1], bytes, 2 * PAGE), 2 * PAGE);
	EXPECT_EQ(tee(a[0], b[1], 100, 0), 100);
	EXPECT(holds(b[0], bytes, 100));
	EXPECT_EQ(tee(a[0], b[1], FULL, 0), 2 * PAGE);
	EXPECT(holds(a[0], bytes, 2 * PAGE));
	EXPECT(holds(b[0], bytes, 2 * PAGE));
	EXPECT_EQ(tee(a[0], b[1], 1, NONBLOCK), -EAGAIN);
	close(a[1]);
	EXPECT_EQ(tee(a[0], b[1], 1, 0), 0);
}

static void
a_waiting_splice_goes_on_when_bytes_come(void)
{
	int a[2], b[2], status;
	pid_t pid;

	make_pipe(a);
	make_pipe(b);
	pid = fork();
	if (!pid)
		_exit(splice(a[0], NULL, b[1], NULL, 100, 0) != 4 ||
		      tee(a[0], b[1], 100, 0) != 4);
	EXPECT_EQ(write(a[1], "when", 4), 4);
	EXPECT(holds(b[0], "when", 4));
	EXPECT_EQ(write(a[1], "tees", 4), 4);
	EXPECT(holds(b[0], "tees", 4));
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* --- vmsplice ------------------------------------------------------------------- */

static void
memory_goes_into_a_pipe_and_out(void)
{
	char *bytes = pattern(2 * FULL), *back = map(FULL);
	struct iovec v[2] = { { bytes, 10 }, { bytes + PAGE, 20 } };
	int p[2];

	make_pipe(p);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[1], v, 2, 0), 30);
	v[0] = (struct iovec){ back, 30 };
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[0], v, 1, 0), 30);
	EXPECT(!memcmp(back, bytes, 10) && !memcmp(back + 10, bytes + PAGE, 20));
	v[0] = (struct iovec){ bytes, 2 * FULL };
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[1], v, 1, 0), FULL);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[1], v, 1, NONBLOCK), -EAGAIN);
	EXPECT(holds(p[0], bytes, FULL));
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[0], v, 1, NONBLOCK), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[0], v, 0, 0), 0);
}

/* --- errors --------------------------------------------------------------------- */

static void
splice_errors(void)
{
	int file = temp_file("123", 3), other = temp_file("", 0), p[2], q[2];
	int event = SYSCALL(356, 0, 0), folder = open("/tmp", O_RDONLY);
	off64 pos = 0, negative = -1;

	make_pipe(p);
	make_pipe(q);
	EXPECT_EQ(splice(99, NULL, 99, NULL, 0, 64), 0);
	EXPECT_EQ(splice(file, NULL, p[1], NULL, 1, 64), -EINVAL);
	EXPECT_EQ(splice(99, NULL, p[1], NULL, 1, 0), -EBADF);
	EXPECT_EQ(splice(file, NULL, 99, NULL, 1, 0), -EBADF);
	EXPECT_EQ(splice(file, NULL, p[0], NULL, 1, 0), -EBADF);
	EXPECT_EQ(splice(p[1], NULL, file, NULL, 1, 0), -EBADF);
	EXPECT_EQ(splice(file, NULL, other, NULL, 1, 0), -EINVAL);
	EXPECT_EQ(splice(p[0], NULL, p[1], NULL, 1, 0), -EINVAL);
	EXPECT_EQ(splice(p[0], &pos, file, NULL, 1, 0), -ESPIPE);
	EXPECT_EQ(splice(file, NULL, p[1], &pos, 1, 0), -ESPIPE);
	EXPECT_EQ(splice(p[0], &pos, q[1], NULL, 1, 0), -ESPIPE);
	EXPECT_EQ(splice(file, (off64 *)8, p[1], NULL, 1, 0), -EFAULT);
	EXPECT_EQ(splice(file, &negative, p[1], NULL, 1, 0), -EINVAL);
	EXPECT_EQ(splice(folder, NULL, p[1], NULL, 1, 0), -EINVAL);
	EXPECT_EQ(splice(event, NULL, p[1], NULL, 8, 0), -EINVAL);
	EXPECT_EQ(write(p[1], "x", 1), 1);
	SYSCALL(SYS_fcntl64, other, F_SETFL, O_APPEND);
	EXPECT_EQ(splice(p[0], NULL, other, NULL, 1, 0), -EINVAL);
	signal(SIGPIPE, SIG_IGN);
	close(q[0]);
	EXPECT_EQ(splice(file, &pos, q[1], NULL, 1, 0), -EPIPE);
	EXPECT_EQ(splice(p[0], NULL, q[1], NULL, 1, 0), -EPIPE);
	EXPECT_EQ(tee(p[0], q[1], 1, 0), -EPIPE);
	EXPECT_EQ(pos, 0);
}

static void
tee_and_vmsplice_errors(void)
{
	struct iovec v = { (void *)8, 10 };
	int file = temp_file("123", 3), p[2], q[2];

	make_pipe(p);
	make_pipe(q);
	EXPECT_EQ(tee(99, 99, 0, 0), 0);
	EXPECT_EQ(tee(p[0], q[1], 0, 64), -EINVAL);
	EXPECT_EQ(tee(99, q[1], 1, 0), -EBADF);
	EXPECT_EQ(tee(p[0], 99, 1, 0), -EBADF);
	EXPECT_EQ(tee(p[0], q[0], 1, 0), -EBADF);
	EXPECT_EQ(tee(p[0], p[1], 1, 0), -EINVAL);
	EXPECT_EQ(tee(file, p[1], 1, 0), -EINVAL);
	EXPECT_EQ(tee(p[0], file, 1, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[1], &v, 1, 64), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, 99, &v, 1, 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, file, &v, 1, 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[1], &v, 1, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[1], 8, 1, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_vmsplice, p[1], &v, 2000, 0), -EINVAL);
}

UTEST_SUITE(splice,
	    UTEST(a_file_goes_into_a_pipe),
	    UTEST(a_pipe_goes_into_a_file),
	    UTEST(a_full_pipe_takes_no_more),
	    UTEST(a_child_drains_what_is_spliced),
	    UTEST(sockets_and_devices_can_be_spliced),
	    UTEST(nothing_is_lost_without_memory),
	    UTEST(calls_keep_no_memory),
	    UTEST(one_pipe_goes_into_another),
	    UTEST(tee_leaves_the_bytes),
	    UTEST(a_waiting_splice_goes_on_when_bytes_come),
	    UTEST(memory_goes_into_a_pipe_and_out),
	    UTEST(splice_errors),
	    UTEST(tee_and_vmsplice_errors));
