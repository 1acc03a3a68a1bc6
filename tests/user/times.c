/* SPDX-License-Identifier: MIT */
/* Clocks, sleeping, alarms. Only lower bounds: a host may be slow. */
#include "utest.h"

static volatile int alarms;

static void
on_alarm(int sig)
{
	alarms++;
}

static void
handle_alarm(void)
{
	struct sigaction action = { .sa_flags = 0 };

	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
}

static void
clocks_go_forward(void)
{
	long long before = clock_now(1), now;
	long old[2];
	int i;

	for (i = 0; i < 1000; i++) {
		now = clock_now(1);
		ASSERT(now >= before);
		before = now;
	}
	EXPECT_EQ(SYSCALL(SYS_clock_gettime, 1, old), 0);
	EXPECT(old[0] * 1000000000ll + old[1] >= before);
	EXPECT(clock_now(0) > 0);
	EXPECT_EQ(SYSCALL(SYS_clock_gettime64, 99, old), -EINVAL);
}

static void
cpu_time_is_spent_by_work(void)
{
	long long before = clock_now(2);

	while (clock_now(2) < before + 1000000)
		;
	EXPECT(clock_now(2) > before);
}

static void
nanosleep_sleeps_long_enough(void)
{
	long want[2] = { 0, 20000000 };
	long long before = clock_now(1);

	EXPECT_EQ(SYSCALL(SYS_nanosleep, want, 0), 0);
	EXPECT(clock_now(1) - before >= 20000000);
	want[1] = 1000000000;
	EXPECT_EQ(SYSCALL(SYS_nanosleep, want, 0), -EINVAL);
	want[0] = -1;
	want[1] = 0;
	EXPECT_EQ(SYSCALL(SYS_nanosleep, want, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_nanosleep, 8, 0), -EFAULT);
}

static void
an_absolute_sleep_ends_at_its_time(void)
{
	long long end = clock_now(1) + 20000000;
	long want[2] = { end / 1000000000, end % 1000000000 };

	EXPECT_EQ(SYSCALL(SYS_clock_nanosleep, 1, 1, want, 0), 0);
	EXPECT(clock_now(1) >= end);
	EXPECT_EQ(SYSCALL(SYS_clock_nanosleep, 1, 1, want, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_clock_nanosleep, 99, 0, want, 0), -EINVAL);
}

static void
set_alarm_and_end(void)
{
	long soon[4] = { 0, 0, 0, 20000 };

	SYSCALL(SYS_setitimer, 0, soon, NULL);
	SYSCALL(SYS_exit_group, 0);
}

/* Its timer would go off in what is the next process's memory by then. */
static void
an_alarm_ends_with_its_process(void)
{
	long pause[2] = { 0, 60 * 1000 * 1000 };
	int round, i;

	handle_alarm();
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 20; i++)
			if (!fork())
				set_alarm_and_end();
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
	EXPECT_EQ(SYSCALL(SYS_nanosleep, pause, NULL), 0);
	EXPECT_EQ(alarms, 0);
}

static void
an_alarm_ends_a_sleep(void)
{
	long timer[4] = { 0, 0, 0, 10000 };	/* interval, value: s, us */
	long want[2] = { 1000, 0 }, left[2] = { 0, 0 };

	handle_alarm();
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, timer, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_nanosleep, want, left), -EINTR);
	EXPECT_EQ(alarms, 1);
	EXPECT(left[0] > 0 && left[0] < 1000);
}

static void
an_interval_repeats(void)
{
	long timer[4] = { 0, 5000, 0, 5000 }, none[4] = { 0 }, old[4];

	handle_alarm();
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, timer, 0), 0);
	while (alarms < 3)
		SYSCALL(SYS_pause);
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, none, old), 0);
	EXPECT_EQ(old[1], 5000);
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, none, old), 0);
	EXPECT_EQ(old[1] | old[2] | old[3], 0);
}

static void
itimer_errors(void)
{
	long bad[4] = { 0, 0, 0, 1000000 }, timer[4] = { 0 };

	EXPECT_EQ(SYSCALL(SYS_setitimer, 9, timer, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, bad, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_getitimer, 9, timer), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_getitimer, 0, 8), -EFAULT);
}

static void
poll_with_a_timeout(void)
{
	long long before = clock_now(1);

	EXPECT_EQ(SYSCALL(SYS_poll, 0, 0, 20), 0);
	EXPECT(clock_now(1) - before >= 20000000);
}

/* One of ppoll and pselect6, by the width of its time: words 0 to 3. */
static long
wait_with(bool select, bool wide, int fd, void *time, const void *mask)
{
	struct {
		int fd;
		short events, revents;
	} p = { fd, 1, 0 };
	unsigned bits[32] = { 0 };
	struct {
		const void *mask;
		unsigned size;
	} arg = { mask, 8 };

	bits[fd / 32] = 1u << fd % 32;
	return select ?
	       SYSCALL(wide ? SYS_pselect6_time64 : SYS_pselect6, fd + 1, bits,
		       0, 0, time, &arg) :
	       SYSCALL(wide ? SYS_ppoll_time64 : SYS_ppoll, &p, 1, time, mask,
		       8);
}

/* Both calls, both widths: found at once, timed out, and wrong. */
static void
what_is_left_of_a_timeout_comes_back(void)
{
	int fds[2], i;

	ASSERT(pipe(fds) == 0);
	for (i = 0; i < 4; i++) {
		bool select = i & 1, wide = i & 2;
		long narrow[2] = { 100, 0 }, bad[4] = { 0, 0, 0, 0 };
		long long wider[2] = { 100, 0 };
		void *time = wide ? (void *)wider : (void *)narrow;

		EXPECT_EQ(write(fds[1], "x", 1), 1);
		EXPECT_EQ(wait_with(select, wide, fds[0], time, NULL), 1);
		EXPECT_EQ(wide ? (long)wider[0] : narrow[0], 99);
		EXPECT_EQ(read(fds[0], bad, 1), 1);
		bad[0] = wider[0] = narrow[0] = 0;
		narrow[1] = 20000000;
		wider[1] = 20000000;
		EXPECT_EQ(wait_with(select, wide, fds[0], time, NULL), 0);
		EXPECT_EQ(wide ? (long)wider[1] : narrow[1], 0);
		bad[wide ? 2 : 1] = 1000000000;
		EXPECT_EQ(wait_with(select, wide, fds[0], bad, NULL), -EINVAL);
		EXPECT_EQ(wait_with(select, wide, fds[0], (void *)8, NULL),
			  -EFAULT);
		EXPECT_EQ(wait_with(select, wide, fds[0], time, (void *)8),
			  -EFAULT);
	}
}

/* A blocked signal comes through the mask of the call, and only there. */
static void
a_mask_counts_for_the_wait_alone(void)
{
	unsigned long long alarm = 1ull << 13, none = 0;
	int fds[2], i;

	ASSERT(pipe(fds) == 0);
	handle_alarm();
	SYSCALL(SYS_rt_sigprocmask, 0, &alarm, NULL, 8);
	for (i = 0; i < 4; i++) {
		alarms = 0;
		SYSCALL(SYS_kill, getpid(), SIGALRM);
		EXPECT_EQ(alarms, 0);
		EXPECT_EQ(wait_with(i & 1, i & 2, fds[0], NULL, &none), -EINTR);
		EXPECT_EQ(alarms, 1);
		SYSCALL(SYS_kill, getpid(), SIGALRM);
		EXPECT_EQ(alarms, 1);		/* blocked again */
		EXPECT_EQ(wait_with(i & 1, i & 2, fds[0], NULL, &none), -EINTR);
	}
}

static void
the_system_tells_of_itself(void)
{
	struct {
		char field[6][65];
	} name;
	struct {
		long uptime;
		unsigned long loads[3], total, free;
		char rest[64];
	} info;

	EXPECT_EQ(SYSCALL(SYS_uname, &name), 0);
	EXPECT(atoi(name.field[2]) >= 3);
	EXPECT(!strncmp(name.field[4], "armv7", 5));
	memset(&info, 0, sizeof(info));
	EXPECT_EQ(SYSCALL(SYS_sysinfo, &info), 0);
	EXPECT(info.total > info.free);
	EXPECT_EQ(SYSCALL(SYS_sysinfo, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_getrandom, &info, 16, 0), 16);
	EXPECT_EQ(SYSCALL(SYS_getrandom, &info, 16, 0x80), -EINVAL);
}

UTEST_SUITE(times,
	UTEST(clocks_go_forward),
	UTEST(cpu_time_is_spent_by_work),
	UTEST(nanosleep_sleeps_long_enough),
	UTEST(an_absolute_sleep_ends_at_its_time),
	UTEST(an_alarm_ends_with_its_process),
	UTEST(an_alarm_ends_a_sleep),
	UTEST(an_interval_repeats),
	UTEST(itimer_errors),
	UTEST(poll_with_a_timeout),
	UTEST(what_is_left_of_a_timeout_comes_back),
	UTEST(a_mask_counts_for_the_wait_alone),
	UTEST(the_system_tells_of_itself));
