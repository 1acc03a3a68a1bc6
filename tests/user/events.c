/* SPDX-License-Identifier: MIT */
/* epoll and timerfd, errno by errno. */
#include <poll.h>
#include "utest.h"

/* Of the EABI's table; what user/include does not name. */
enum {
	NR_epoll_create = 250, NR_epoll_ctl = 251, NR_epoll_wait = 252,
	NR_epoll_pwait = 346, NR_timerfd_create = 350, NR_eventfd2 = 356,
	NR_timerfd_settime = 353, NR_timerfd_gettime = 354,
	NR_epoll_create1 = 357, NR_timerfd_gettime64 = 410,
	NR_timerfd_settime64 = 411,
};

enum { ADD = 1, DEL, MOD };

#define IN	1u
#define OUT	4u
#define ERR	8u
#define HUP	0x10u
#define EXCLUSIVE (1u << 28)
#define ONESHOT	(1u << 30)
#define ET	(1u << 31)

#define MS	(1000 * 1000l)
#define BAD	((void *)8)

struct event {
	unsigned events;
	unsigned long long data;
};

struct spec32 {
	long interval[2], value[2];		/* seconds, ns */
};

struct spec64 {
	long long interval[2], value[2];
};

static long
ctl(int ep, int op, int fd, unsigned events)
{
	struct event e = { events, 0x100000000ull + fd };

	return SYSCALL(NR_epoll_ctl, ep, op, fd, &e);
}

static long
await(int ep, struct event *e, int max, int ms)
{
	return SYSCALL(NR_epoll_wait, ep, e, max, ms);
}

/* What is told of the only file that has something; 0: none has. */
static unsigned
told(int ep)
{
	struct event e[4];
	long n = await(ep, e, 4, 0);

	EXPECT(n == 0 || (n == 1 && e[0].events));
	return n == 1 ? e[0].events : 0;
}

static int
new_set(void)
{
	int ep = SYSCALL(NR_epoll_create1, 0);

	ASSERT(ep >= 0);
	return ep;
}

/* --- epoll ------------------------------------------------------------------- */

static void
epoll_errors(void)
{
	int ep = new_set(), other = new_set(), file = temp_file("x", 1), p[2];
	struct event e = { IN, 0 };

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(SYSCALL(NR_epoll_create, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_epoll_create, -1), -EINVAL);
	EXPECT(SYSCALL(NR_epoll_create, 1) >= 0);
	EXPECT_EQ(SYSCALL(NR_epoll_create1, O_NONBLOCK), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_epoll_ctl, ep, ADD, p[0], BAD), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_epoll_ctl, ep, ADD, p[0], NULL), -EFAULT);
	EXPECT_EQ(ctl(99, ADD, p[0], IN), -EBADF);
	EXPECT_EQ(ctl(ep, ADD, 99, IN), -EBADF);
	EXPECT_EQ(ctl(ep, ADD, file, IN), -EPERM);
	EXPECT_EQ(ctl(p[0], ADD, p[1], IN), -EINVAL);
	EXPECT_EQ(ctl(ep, ADD, ep, IN), -EINVAL);
	EXPECT_EQ(ctl(ep, 4, p[0], IN), -EINVAL);
	EXPECT_EQ(ctl(ep, MOD, p[0], IN), -ENOENT);
	EXPECT_EQ(SYSCALL(NR_epoll_ctl, ep, DEL, p[0], NULL), -ENOENT);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN), -EEXIST);
	EXPECT_EQ(ctl(other, ADD, p[0], IN), 0);
	EXPECT_EQ(ctl(ep, MOD, p[0], IN | EXCLUSIVE), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_epoll_ctl, ep, DEL, p[0], NULL), 0);
	EXPECT_EQ(await(ep, &e, 0, 0), -EINVAL);
	EXPECT_EQ(await(ep, &e, -1, 0), -EINVAL);
	EXPECT_EQ(await(ep, &e, 0x7fffffff / 16 + 1, 0), -EINVAL);
	EXPECT_EQ(await(99, &e, 1, 0), -EBADF);
	EXPECT_EQ(await(p[0], &e, 1, 0), -EINVAL);
	EXPECT_EQ(await(ep, (void *)0xc0000000, 1, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_read, ep, &e, 8), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_write, ep, &e, 8), -EINVAL);
}

static void
an_event_that_cannot_be_told_is_kept(void)
{
	int ep = new_set(), p[2];

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN | ET), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(await(ep, BAD, 1, 0), -EFAULT);
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(told(ep), 0);
}

static void
what_is_ready_is_told_with_its_data(void)
{
	int ep = new_set(), p[2];
	struct event e[2] = { { 0, 0 } };

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN), 0);
	EXPECT_EQ(await(ep, e, 2, 0), 0);
	EXPECT_EQ(ctl(ep, ADD, p[1], OUT), 0);
	EXPECT_EQ(await(ep, e, 2, -1), 1);
	EXPECT_EQ(e[0].events, OUT);
	EXPECT_EQ(e[0].data >> 32, 1);
	EXPECT_EQ((int)e[0].data, p[1]);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(await(ep, e, 2, -1), 2);
	EXPECT_EQ(e[0].events + e[1].events, IN + OUT);
	/* One at a time: each has its turn. */
	EXPECT_EQ(await(ep, &e[0], 1, 0), 1);
	EXPECT_EQ(await(ep, &e[1], 1, 0), 1);
	EXPECT_EQ(e[0].events + e[1].events, IN + OUT);
}

static void
a_level_is_told_until_it_is_gone(void)
{
	int ep = new_set(), p[2];
	char c;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "xy", 2), 2);
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(SYSCALL(SYS_read, p[0], &c, 1), 1);
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(SYSCALL(SYS_read, p[0], &c, 1), 1);
	EXPECT_EQ(told(ep), 0);
	EXPECT_EQ(SYSCALL(SYS_close, p[1]), 0);
	EXPECT_EQ(told(ep), HUP);		/* asked for or not */
}

static void
an_edge_is_told_once(void)
{
	int ep = new_set(), p[2];

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN | ET), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(told(ep), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(told(ep), 0);
	EXPECT_EQ(ctl(ep, MOD, p[0], IN | ET), 0);	/* asks anew */
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(told(ep), 0);
}

static void
a_oneshot_waits_to_be_asked_again(void)
{
	int ep = new_set(), p[2];

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN | ONESHOT), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(told(ep), 0);
	EXPECT_EQ(SYSCALL(SYS_close, p[1]), 0);
	EXPECT_EQ(told(ep), 0);			/* not even this */
	EXPECT_EQ(ctl(ep, MOD, p[0], IN | ONESHOT), 0);
	EXPECT_EQ(told(ep), IN | HUP);
	EXPECT_EQ(told(ep), 0);
}

static void
a_file_leaves_with_its_last_descriptor(void)
{
	int ep = new_set(), p[2], copy;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	copy = SYSCALL(SYS_dup, p[0]);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN), 0);
	EXPECT_EQ(SYSCALL(SYS_close, p[0]), 0);
	EXPECT_EQ(told(ep), IN);
	EXPECT_EQ(ctl(ep, DEL, p[0], 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_close, copy), 0);
	EXPECT_EQ(told(ep), 0);
}

static void
a_set_leaves_its_files(void)
{
	int ep, p[2], i;
	char c;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	for (i = 0; i < 300; i++) {
		ep = new_set();
		ASSERT_EQ(ctl(ep, ADD, p[0], IN), 0);
		ASSERT_EQ(ctl(ep, ADD, p[1], OUT), 0);
		ASSERT_EQ(SYSCALL(SYS_close, ep), 0);
		ASSERT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
		ASSERT_EQ(SYSCALL(SYS_read, p[0], &c, 1), 1);
	}
}

static void
a_set_can_be_polled(void)
{
	int ep = new_set(), p[2];
	struct pollfd fd = { ep, POLLIN, 0 };

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN), 0);
	EXPECT_EQ(SYSCALL(SYS_poll, &fd, 1, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	EXPECT_EQ(SYSCALL(SYS_poll, &fd, 1, -1), 1);
	EXPECT_EQ(fd.revents, POLLIN);
}

static void
write_later(void *fd)
{
	long pause[2] = { 0, 20 * MS };

	SYSCALL(SYS_nanosleep, pause, NULL);
	SYSCALL(SYS_write, (int)fd, "x", 1);
	_exit(0);
}

static void
a_sleeper_is_woken(void)
{
	int ep = new_set(), p[2], i;
	struct event e;
	char c;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(ctl(ep, ADD, p[0], IN), 0);
	for (i = 0; i < 2; i++) {
		struct pollfd fd = { ep, POLLIN, 0 };
		pid_t pid = fork();

		ASSERT(pid >= 0);
		if (!pid)
			write_later((void *)p[1]);
		EXPECT_EQ(i ? await(ep, &e, 1, -1) :
			  SYSCALL(SYS_poll, &fd, 1, -1), 1);
		EXPECT_EQ(SYSCALL(SYS_read, p[0], &c, 1), 1);
		EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	}
}

static void
a_wait_has_an_end(void)
{
	long long before = clock_now(1);
	int ep = new_set();
	struct event e;

	EXPECT_EQ(await(ep, &e, 1, 30), 0);
	EXPECT(clock_now(1) - before >= 30 * MS);
}

static void
on_signal(int sig)
{
	(void)sig;
}

static void
a_mask_counts_for_the_wait(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	unsigned long long usr1 = 1ull << (SIGUSR1 - 1), none = 0;
	int ep = new_set();
	struct event e;

	sigaction(SIGUSR1, &action, NULL);
	EXPECT_EQ(SYSCALL(SYS_rt_sigprocmask, 0, &usr1, NULL, 8), 0);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SYSCALL(NR_epoll_pwait, ep, &e, 1, 0, NULL, 8), 0);
	EXPECT_EQ(SYSCALL(NR_epoll_pwait, ep, &e, 1, -1, &none, 4), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_epoll_pwait, ep, &e, 1, -1, BAD, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_epoll_pwait, ep, &e, 1, -1, &none, 8), -EINTR);
}

/* --- timerfd -------------------------------------------------------------------- */

static int
new_timer(int clock, int flags)
{
	int fd = SYSCALL(NR_timerfd_create, clock, flags);

	ASSERT(fd >= 0);
	return fd;
}

static long
set_timer(int fd, int flags, long long value, long long interval)
{
	struct spec64 spec = {
		{ interval / 1000000000, interval % 1000000000 },
		{ value / 1000000000, value % 1000000000 },
	};

	return SYSCALL(NR_timerfd_settime64, fd, flags, &spec, NULL);
}

static void
timerfd_errors(void)
{
	int fd = new_timer(1, 0), p[2];
	unsigned long long n;
	struct spec32 now;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(SYSCALL(NR_timerfd_create, 2, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timerfd_create, 1, 1), -EINVAL);
	EXPECT_EQ(set_timer(99, 0, 1, 0), -EBADF);
	EXPECT_EQ(set_timer(p[0], 0, 1, 0), -EINVAL);
	EXPECT_EQ(set_timer(fd, 4, 1, 0), -EINVAL);
	EXPECT_EQ(set_timer(fd, 0, -1, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timerfd_settime, fd, 0, BAD, NULL), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timerfd_settime, fd, 0, NULL, NULL), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timerfd_gettime, 99, &now), -EBADF);
	EXPECT_EQ(SYSCALL(NR_timerfd_gettime, p[0], &now), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timerfd_gettime, fd, BAD), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_write, fd, &n, 8), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 7), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_SETFL, O_NONBLOCK), 0);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), -EAGAIN);
}

static void
a_timer_expires_once(void)
{
	int fd = new_timer(1, 0);
	long long before = clock_now(1);
	unsigned long long n = 0;
	struct spec32 now;

	EXPECT_EQ(set_timer(fd, 0, 20 * MS, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), 8);
	EXPECT_EQ(n, 1);
	EXPECT(clock_now(1) - before >= 20 * MS);
	EXPECT_EQ(SYSCALL(NR_timerfd_gettime, fd, &now), 0);
	EXPECT_EQ(now.value[0] | now.value[1], 0);
}

static void
a_period_that_is_missed_is_counted(void)
{
	int fd = new_timer(1, 0);
	long pause[2] = { 0, 50 * MS };
	long long before = clock_now(1);
	unsigned long long n = 0, all;

	EXPECT_EQ(set_timer(fd, 0, 10 * MS, 10 * MS), 0);
	SYSCALL(SYS_nanosleep, pause, NULL);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), 8);
	all = (clock_now(1) - before) / (10 * MS);
	EXPECT(n >= 5 && n <= all);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), 8);	/* it goes on */
	EXPECT(n >= 1);
}

static void
what_is_left_is_told(void)
{
	int fd = new_timer(7, 0);
	struct spec32 spec = { { 5, 7 }, { 1000, 0 } }, was;
	struct spec64 now;

	EXPECT_EQ(SYSCALL(NR_timerfd_settime, fd, 0, &spec, &was), 0);
	EXPECT_EQ(was.value[0] | was.value[1] | was.interval[0], 0);
	EXPECT_EQ(SYSCALL(NR_timerfd_gettime64, fd, &now), 0);
	EXPECT_EQ(now.interval[0], 5);
	EXPECT_EQ(now.interval[1], 7);
	EXPECT(now.value[0] >= 900 && now.value[0] < 1000);
	spec = (struct spec32){ { 0, 0 }, { 0, 0 } };
	EXPECT_EQ(SYSCALL(NR_timerfd_settime, fd, 0, &spec, &was), 0);
	EXPECT(was.value[0] >= 900 && was.interval[0] == 5);
	EXPECT_EQ(SYSCALL(NR_timerfd_gettime64, fd, &now), 0);
	EXPECT_EQ(now.value[0] | now.value[1], 0);
}

static void
an_absolute_time_may_be_past(void)
{
	unsigned long long n = 0;
	int fd = new_timer(1, 0), day = new_timer(0, 0);

	EXPECT_EQ(set_timer(fd, 1, 1, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), 8);
	EXPECT_EQ(n, 1);
	EXPECT_EQ(set_timer(day, 1, clock_now(0) + 10 * MS, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_read, day, &n, 8), 8);
	EXPECT_EQ(n, 1);
}

static void
a_timer_wakes_a_set(void)
{
	int ep = new_set(), fd = new_timer(1, O_NONBLOCK);
	struct event e = { 0, 0 };
	unsigned long long n;

	EXPECT_EQ(ctl(ep, ADD, fd, IN), 0);
	EXPECT_EQ(set_timer(fd, 0, 10 * MS, 0), 0);
	EXPECT_EQ(await(ep, &e, 1, -1), 1);
	EXPECT_EQ(e.events, IN);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), 8);
	EXPECT_EQ(told(ep), 0);
	EXPECT_EQ(set_timer(fd, 0, 1000000ll * MS, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_close, fd), 0);	/* while it is set */
}

UTEST_SUITE(events,
	UTEST(epoll_errors),
	UTEST(an_event_that_cannot_be_told_is_kept),
	UTEST(what_is_ready_is_told_with_its_data),
	UTEST(a_level_is_told_until_it_is_gone),
	UTEST(an_edge_is_told_once),
	UTEST(a_oneshot_waits_to_be_asked_again),
	UTEST(a_file_leaves_with_its_last_descriptor),
	UTEST(a_set_leaves_its_files),
	UTEST(a_set_can_be_polled),
	UTEST(a_sleeper_is_woken),
	UTEST(a_wait_has_an_end),
	UTEST(a_mask_counts_for_the_wait),
	UTEST(timerfd_errors),
	UTEST(a_timer_expires_once),
	UTEST(a_period_that_is_missed_is_counted),
	UTEST(what_is_left_is_told),
	UTEST(an_absolute_time_may_be_past),
	UTEST(a_timer_wakes_a_set));
