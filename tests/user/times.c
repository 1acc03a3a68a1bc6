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
	UTEST(an_alarm_ends_a_sleep),
	UTEST(an_interval_repeats),
	UTEST(itimer_errors),
	UTEST(poll_with_a_timeout),
	UTEST(the_system_tells_of_itself));
