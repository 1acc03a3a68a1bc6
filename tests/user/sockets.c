/* SPDX-License-Identifier: MIT */
/* Sockets: the ends of a pair. Errno by errno. */
#include <poll.h>
#include <sys/ioctl.h>

#include "utest.h"

#define AF_UNIX		1
#define SOCK_STREAM	1
#define SOL_SOCKET	1
#define SO_TYPE		3
#define SO_ERROR	4
#define SO_SNDBUF	7
#define SO_KEEPALIVE	9
#define SO_ACCEPTCONN	30
#define SO_DOMAIN	39
#define MSG_PEEK	0x2
#define MSG_DONTWAIT	0x40
#define MSG_WAITALL	0x100
#define MSG_NOSIGNAL	0x4000
#define POLL_RDHUP	0x2000

struct piece {
	void *at;
	unsigned len;
};

struct message {
	void *name;
	int namelen;
	struct piece *iov;
	unsigned iovlen;
	void *control;
	unsigned controllen, flags;
};

static int s[2];

static void
pair(void)
{
	ASSERT_EQ(SYSCALL(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, s), 0);
}

static int
revents(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLL_RDHUP, 0 };

	SYSCALL(SYS_poll, &p, 1, 0);
	return p.revents;
}

static long
send_to(int fd, const char *text, int flags)
{
	return SYSCALL(SYS_send, fd, text, strlen(text), flags);
}

static void
what_is_no_socket_is_told(void)
{
	int file = open("/dev/null", O_RDWR), len = 16, v;
	char buf[16] = { 1 };
	struct message m = { 0 };

	pair();
	EXPECT_EQ(SYSCALL(SYS_send, file, buf, 1, 0), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_send, 77, buf, 1, 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_send, 77, 0xffff0000, 1, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_recv, file, buf, 1, 0), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_recv, 77, buf, 1, 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_sendmsg, file, &m, 0), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_recvmsg, 77, &m, 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_shutdown, file, 9), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_shutdown, 77, 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_getsockname, file, buf, &len), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_getpeername, 77, buf, &len), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_getsockopt, file, 1, SO_TYPE, &v, &len),
		  -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_setsockopt, file, 1, SO_KEEPALIVE, &v, 4),
		  -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_setsockopt, 77, 1, SO_KEEPALIVE, &v, -1),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_connect, file, buf, 200), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_connect, file, buf, 10), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_listen, file, 1), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_accept, file, 0, 0), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(366, file, 0, 0, 1), -EINVAL);	/* accept4 */
	EXPECT_EQ(SYSCALL(SYS_getsockname, s[0], buf, &len), 0);
}

static int
wait_in_thread(void *arg)
{
	for (;;)
		pause();
	return 0;
}

/* While a thread shares the table, a call holds the file that it looks at. */
static void
what_is_no_socket_is_let_go(void)
{
	static char stack[4096] __attribute__((aligned(8)));
	static volatile int tid;
	int p[2];
	char c;

	ASSERT(start_thread(stack + 4096, wait_in_thread, NULL, &tid) > 0);
	ASSERT_EQ(SYSCALL(SYS_pipe2, p, O_NONBLOCK), 0);
	EXPECT_EQ(SYSCALL(SYS_send, p[1], &c, 1, 0), -ENOTSOCK);
	EXPECT_EQ(SYSCALL(SYS_read, p[0], &c, 1), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_close, p[1]), 0);
	EXPECT_EQ(SYSCALL(SYS_read, p[0], &c, 1), 0);
}

static void
what_is_sent_is_received_by_the_other_end(void)
{
	char buf[16];
	int n = 0;

	pair();
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 16, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(send_to(s[0], "hello", 0), 5);
	EXPECT_EQ(SYSCALL(SYS_recv, s[0], buf, 16, MSG_DONTWAIT), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_ioctl, s[1], FIONREAD, &n), 0);
	EXPECT_EQ(n, 5);
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 2, 0), 2);
	EXPECT(!memcmp(buf, "he", 2));
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], NULL, 2, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 16, 0), 3);
	EXPECT(!memcmp(buf, "llo", 3));
	EXPECT_EQ(SYSCALL(SYS_read, s[1], buf, 0), 0);
}

static void
a_peek_leaves_the_bytes(void)
{
	char buf[16] = { 0 };

	pair();
	send_to(s[0], "abc", 0);
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 2, MSG_PEEK), 2);
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 16, MSG_PEEK), 3);
	EXPECT(!memcmp(buf, "abc", 3));
	memset(buf, 0, sizeof(buf));
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 16, 0), 3);
	EXPECT(!memcmp(buf, "abc", 3));
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 2, MSG_PEEK | MSG_DONTWAIT),
		  -EAGAIN);
}

static void
waitall_waits_for_all(void)
{
	char buf[8];
	int status;

	pair();
	if (!fork()) {
		send_to(s[0], "abc", 0);
		while (revents(s[1]) & POLLIN)
			SYSCALL(SYS_sched_yield);
		send_to(s[0], "defgh", 0);
		_exit(0);
	}
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 8, MSG_WAITALL), 8);
	EXPECT(!memcmp(buf, "abcdefgh", 8));
	wait(&status);
	EXPECT_EQ(status, 0);
	send_to(s[0], "xy", 0);
	SYSCALL(SYS_shutdown, s[0], 1);
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 8, MSG_WAITALL), 2);
}

static void
shutdown_for_writing_ends_one_direction(void)
{
	char buf[8];

	pair();
	EXPECT_EQ(SYSCALL(SYS_shutdown, s[0], 3), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_shutdown, s[0], -1), -EINVAL);
	send_to(s[0], "end", 0);
	EXPECT_EQ(SYSCALL(SYS_shutdown, s[0], 1), 0);
	EXPECT_EQ(send_to(s[0], "x", MSG_NOSIGNAL), -EPIPE);
	EXPECT_EQ(revents(s[1]), POLLIN | POLLOUT | POLL_RDHUP);
	EXPECT_EQ(revents(s[0]), POLLOUT);
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 8, 0), 3);
	EXPECT_EQ(SYSCALL(SYS_recv, s[1], buf, 8, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_read, s[1], buf, 8), 0);
	EXPECT_EQ(send_to(s[1], "back", 0), 4);
	EXPECT_EQ(SYSCALL(SYS_recv, s[0], buf, 8, 0), 4);
	EXPECT_EQ(SYSCALL(SYS_shutdown, s[0], 1), 0);
}

static void
shutdown_for_reading_makes_the_other_ends_writing_fail(void)
{
	char buf[8];

	pair();
	send_to(s[1], "was", 0);
	EXPECT_EQ(SYSCALL(SYS_shutdown, s[0], 0), 0);
	EXPECT_EQ(send_to(s[1], "x", MSG_NOSIGNAL), -EPIPE);
	EXPECT_EQ(SYSCALL(SYS_recv, s[0], buf, 8, 0), 3);
	EXPECT_EQ(SYSCALL(SYS_recv, s[0], buf, 8, 0), 0);
	EXPECT_EQ(send_to(s[0], "x", 0), 1);
	EXPECT_EQ(SYSCALL(SYS_shutdown, s[1], 2), 0);
	EXPECT_EQ(revents(s[0]), POLLIN | POLLOUT | POLL_RDHUP | POLLHUP);
	EXPECT_EQ(send_to(s[0], "x", MSG_NOSIGNAL), -EPIPE);
}

static void
shutdown_wakes_who_receives(void)
{
	const long t[2] = { 0, 20000000 };
	char c;
	int status;

	pair();
	if (!fork())
		_exit(SYSCALL(SYS_recv, s[1], &c, 1, 0));
	SYSCALL(SYS_nanosleep, t, 0);
	EXPECT_EQ(SYSCALL(SYS_shutdown, s[0], 2), 0);
	wait(&status);
	EXPECT_EQ(status, 0);
}

static void
send_to_nobody(void *arg)
{
	SYSCALL(SYS_send, s[0], "x", 1, (long)arg);
}

static void
nosignal_is_no_signal(void)
{
	pair();
	SYSCALL(SYS_close, s[1]);
	EXPECT_EQ(status_of(send_to_nobody, (void *)0), SIGPIPE);
	EXPECT_EQ(status_of(send_to_nobody, (void *)MSG_NOSIGNAL), 0);
	EXPECT_EQ(send_to(s[0], "x", MSG_NOSIGNAL), -EPIPE);
	EXPECT_EQ(revents(s[0]), POLLIN | POLLOUT | POLL_RDHUP | POLLHUP);
}

static void
a_full_socket_does_not_wait_if_told(void)
{
	static char block[4096];
	long n, sum = 0;

	pair();
	EXPECT_EQ(revents(s[0]), POLLOUT);
	while ((n = SYSCALL(SYS_send, s[0], block, 4096, MSG_DONTWAIT)) > 0)
		sum += n;
	EXPECT_EQ(n, -EAGAIN);
	EXPECT(sum >= 65536);
	EXPECT_EQ(revents(s[0]), 0);
	while ((n = SYSCALL(SYS_recv, s[1], block, 4096, MSG_DONTWAIT)) > 0)
		sum -= n;
	EXPECT_EQ(n, -EAGAIN);
	EXPECT_EQ(sum, 0);
}

/* And it is reached by its descriptor alone, not by the name that /proc shows. */
static void
fstat_says_what_it_is(void)
{
	struct stat st;
	char name[32];

	pair();
	ASSERT_EQ(fstat(s[0], &st), 0);
	EXPECT_EQ(st.st_mode, 0140777);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", s[0]);
	EXPECT_EQ(SYSCALL(SYS_open, name, O_RDWR), -ENXIO);
}

static void
an_end_has_no_name(void)
{
	unsigned char name[16] = { 9, 9, 9, 9 };
	int len = 16;

	pair();
	EXPECT_EQ(SYSCALL(SYS_getsockname, s[0], name, &len), 0);
	EXPECT_EQ(len, 2);
	EXPECT(name[0] == AF_UNIX && !name[1] && name[2] == 9);
	name[1] = 9;
	len = 1;
	EXPECT_EQ(SYSCALL(SYS_getpeername, s[0], name, &len), 0);
	EXPECT_EQ(len, 2);
	EXPECT_EQ(name[1], 9);
	len = -1;
	EXPECT_EQ(SYSCALL(SYS_getpeername, s[0], name, &len), -EINVAL);
	len = 7;
	send_to(s[1], "x", 0);
	EXPECT_EQ(SYSCALL(SYS_recvfrom, s[0], name, 9, 0, name, &len), 1);
	EXPECT_EQ(len, 0);
	EXPECT_EQ(SYSCALL(SYS_sendto, s[0], name, 1, 0, name, 4), -EISCONN);
	EXPECT_EQ(SYSCALL(SYS_sendto, s[0], name, 1, 0, name, -1), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_sendto, s[0], name, 1, 0, name, 0), 1);
	EXPECT_EQ(SYSCALL(SYS_sendto, s[0], name, 1, 0, 0, 4), 1);
}

static void
connect_as_nobody(void *un)
{
	SYSCALL(208, 1000, 1000, 1000);			/* setresuid32 */
	_exit(SYSCALL(SYS_connect, s[0], un, 110) == -EACCES ? 0 : 1);
}

/* Nobody listens, and nobody is in the way of who unmounts. */
static void
a_path_is_let_go(void)
{
	struct { short family; char path[120]; } un = { AF_UNIX, "" };
	char *dir = temp_name("mount");

	pair();
	ASSERT_EQ(SYSCALL(SYS_mkdir, dir, 0700), 0);
	ASSERT_EQ(SYSCALL(SYS_mount, "none", dir, "tmpfs", 0, NULL), 0);
	snprintf(un.path, sizeof(un.path), "%s/file", dir);
	SYSCALL(SYS_close, open(un.path, O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 110), -ECONNREFUSED);
	EXPECT_EQ(SYSCALL(SYS_umount2, dir, 0), 0);
	SYSCALL(SYS_rmdir, dir);
}

static void
nobody_listens(void)
{
	struct { short family; char path[120]; } un = { AF_UNIX, "/none" };

	pair();
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 110), -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 2), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 111), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 3), -ECONNREFUSED);
	strcpy(un.path, "/dev/null");
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 110), -ECONNREFUSED);
	strcpy(un.path, "/dev/null/x");
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 110), -ENOTDIR);
	strcpy(un.path, temp_name("socket"));
	SYSCALL(SYS_close, open(un.path, O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(status_of(connect_as_nobody, &un), 0);
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 110), -ECONNREFUSED);
	SYSCALL(SYS_unlink, un.path);
	un.path[0] = 0;
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 20), -ECONNREFUSED);
	un.family = 2;
	EXPECT_EQ(SYSCALL(SYS_connect, s[0], &un, 20), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_listen, s[0], 5), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_accept, s[0], NULL, NULL), -EINVAL);
}

static int
option(int which)
{
	int value = -1, len = 4;
	long err = SYSCALL(SYS_getsockopt, s[0], SOL_SOCKET, which, &value,
			   &len);

	return err ? (int)err : len == 4 ? value : -1000;
}

static long
set(int which, int value, int len)
{
	return SYSCALL(SYS_setsockopt, s[0], SOL_SOCKET, which, &value, len);
}

static void
options_tell_what_it_is(void)
{
	static char block[10000];
	int value = -1, len = 2, small;

	pair();
	EXPECT_EQ(option(SO_TYPE), SOCK_STREAM);
	EXPECT_EQ(option(SO_DOMAIN), AF_UNIX);
	EXPECT_EQ(option(SO_ERROR), 0);
	EXPECT_EQ(option(SO_ACCEPTCONN), 0);
	EXPECT_EQ(option(999), -ENOPROTOOPT);
	EXPECT_EQ(option(-1), -ENOPROTOOPT);
	EXPECT_EQ(SYSCALL(SYS_getsockopt, s[0], 1, SO_TYPE, &value, &len), 0);
	EXPECT_EQ(value, (int)0xffff0001);
	EXPECT_EQ(len, 2);
	len = 100;
	EXPECT_EQ(SYSCALL(SYS_getsockopt, s[0], 1, SO_TYPE, block, &len), 0);
	EXPECT(len == 4 && !block[4]);
	len = -1;
	EXPECT_EQ(SYSCALL(SYS_getsockopt, s[0], 1, SO_TYPE, &value, &len),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_getsockopt, s[0], 1, SO_TYPE, &value, NULL),
		  -EFAULT);
	len = 4;
	EXPECT_EQ(SYSCALL(SYS_getsockopt, s[0], 1, SO_TYPE, NULL, &len),
		  -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_getsockopt, s[0], 6, 1, &value, &len),
		  -EOPNOTSUPP);
	EXPECT_EQ(option(SO_KEEPALIVE), 0);
	EXPECT_EQ(set(SO_KEEPALIVE, 7, 4), 0);
	EXPECT_EQ(option(SO_KEEPALIVE), 1);
	EXPECT_EQ(set(SO_KEEPALIVE, 0, 4), 0);
	EXPECT_EQ(option(SO_KEEPALIVE), 0);
	EXPECT_EQ(set(SO_KEEPALIVE, 0, 3), -EINVAL);
	EXPECT_EQ(set(SO_TYPE, 1, 4), -ENOPROTOOPT);
	EXPECT_EQ(set(999, 1, 4), -ENOPROTOOPT);
	EXPECT_EQ(SYSCALL(SYS_setsockopt, s[0], 6, 1, &value, 4), -EOPNOTSUPP);
	EXPECT_EQ(SYSCALL(SYS_setsockopt, s[0], 1, SO_KEEPALIVE, NULL, 4),
		  -EFAULT);
	EXPECT_EQ(set(SO_SNDBUF, 8192, 4), 0);
	small = option(SO_SNDBUF);
	EXPECT(small >= 8192);
	EXPECT_EQ(set(SO_SNDBUF, 100000, 4), 0);
	EXPECT(option(SO_SNDBUF) >= 100000);
	EXPECT(option(SO_SNDBUF) > small);
	EXPECT_EQ(SYSCALL(SYS_write, s[0], block, sizeof(block)),
		  sizeof(block));
	EXPECT_EQ(set(SO_SNDBUF, 0, 4), 0);
	EXPECT(option(SO_SNDBUF) > 0);
}

static void
messages_are_gathered_and_spread(void)
{
	struct piece pieces[2] = { { "abc", 3 }, { "defg", 4 } };
	char a[2], b[9];
	struct message m = { .iov = pieces, .iovlen = 2 };

	pair();
	EXPECT_EQ(SYSCALL(SYS_sendmsg, s[0], &m, 0), 7);
	pieces[0] = (struct piece){ a, 2 };
	pieces[1] = (struct piece){ b, 9 };
	m.name = b;
	m.namelen = 9;
	m.control = b;
	m.controllen = 9;
	m.flags = 77;
	EXPECT_EQ(SYSCALL(SYS_recvmsg, s[1], &m, MSG_PEEK), 7);
	EXPECT_EQ(m.namelen, 0);
	EXPECT_EQ(m.controllen, 0);
	EXPECT_EQ(m.flags, 0);
	EXPECT_EQ(SYSCALL(SYS_recvmsg, s[1], &m, 0), 7);
	EXPECT(!memcmp(a, "ab", 2) && !memcmp(b, "cdefg", 5));
	EXPECT_EQ(SYSCALL(SYS_recvmsg, s[1], &m, MSG_DONTWAIT), -EAGAIN);
	m.namelen = 3;
	EXPECT_EQ(SYSCALL(SYS_sendmsg, s[0], &m, 0), -EISCONN);
	m.namelen = -1;
	EXPECT_EQ(SYSCALL(SYS_sendmsg, s[0], &m, 0), -EINVAL);
	m.name = NULL;
	m.iovlen = 1025;
	EXPECT_EQ(SYSCALL(SYS_sendmsg, s[0], &m, 0), -EMSGSIZE);
	EXPECT_EQ(SYSCALL(SYS_recvmsg, s[0], &m, 0), -EMSGSIZE);
	EXPECT_EQ(SYSCALL(SYS_sendmsg, s[0], NULL, 0), -EFAULT);
	m.iovlen = 1;
	m.controllen = 0x80000000u;
	EXPECT_EQ(SYSCALL(SYS_sendmsg, s[0], &m, 0), -ENOBUFS);
}

UTEST_SUITE(sockets,
	    UTEST(what_is_no_socket_is_told),
	    UTEST(what_is_no_socket_is_let_go),
	    UTEST(what_is_sent_is_received_by_the_other_end),
	    UTEST(a_peek_leaves_the_bytes),
	    UTEST(waitall_waits_for_all),
	    UTEST(shutdown_for_writing_ends_one_direction),
	    UTEST(shutdown_for_reading_makes_the_other_ends_writing_fail),
	    UTEST(shutdown_wakes_who_receives),
	    UTEST(nosignal_is_no_signal),
	    UTEST(a_full_socket_does_not_wait_if_told),
	    UTEST(fstat_says_what_it_is),
	    UTEST(an_end_has_no_name),
	    UTEST(a_path_is_let_go),
	    UTEST(nobody_listens),
	    UTEST(options_tell_what_it_is),
	    UTEST(messages_are_gathered_and_spread));
