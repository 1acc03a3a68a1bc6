/* SPDX-License-Identifier: MIT */
/* Clocks of CPU time, and what waits for them. Lower bounds, and wide upper ones. */
#include <sys/resource.h>

#include "utest.h"

/* Of the EABI's table; what user/include does not name. */
enum {
	NR_timer_create = 257, NR_timer_settime = 258, NR_timer_gettime = 259,
	NR_timer_delete = 261, NR_clock_settime = 262,
};

enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };
enum { CPU_PROF, CPU_VIRT, CPU_SCHED, CPU_DEVICE };

#define MS		(1000 * 1000ll)
#define PROCESS_CPU	2
#define THREAD_CPU	3
#define ABSTIME		1
#define PROCESS_CLOCK(pid, kind)	((int)(~(unsigned)(pid) << 3 | (kind)))
#define THREAD_CLOCK(tid, kind)		(PROCESS_CLOCK(tid, kind) | 4)

struct event {
	int value, signo, notify, tid, unused[12];
};

static volatile int caught[65];

static void
on_signal(int sig)
{
	caught[sig]++;
}

static void
handle(int sig)
{
	struct sigaction action = { .sa_flags = 0 };

	caught[sig] = 0;
	action.sa_handler = on_signal;
	sigaction(sig, &action, NULL);
}

static long
set_itimer(int which, long us, long interval_us, void *old)
{
	long new[4] = { interval_us / 1000000, interval_us % 1000000,
			us / 1000000, us % 1000000 };

	return SYSCALL(SYS_setitimer, which, new, old);
}

static void
sleep_ms(long ms)
{
	long time[2] = { ms / 1000, ms % 1000 * 1000000 };

	SYSCALL(SYS_nanosleep, time, NULL);
}

/* A child that computes until it is killed. */
static pid_t
spinner(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			;
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

/* --- setitimer ---------------------------------------------------------------- */

static void
prof_comes_after_that_much_work(void)
{
	long long before = clock_now(PROCESS_CPU);

	handle(SIGPROF);
	ASSERT_EQ(set_itimer(ITIMER_PROF, 30000, 0, NULL), 0);
	while (!caught[SIGPROF])
		;
	EXPECT(clock_now(PROCESS_CPU) - before >= 30 * MS);
	while (clock_now(PROCESS_CPU) - before < 80 * MS)
		;
	EXPECT_EQ(caught[SIGPROF], 1);		/* and not again */
}

static void
virtual_comes_again_and_again(void)
{
	int old[4];

	handle(SIGVTALRM);
	ASSERT_EQ(set_itimer(ITIMER_VIRTUAL, 10000, 10000, NULL), 0);
	while (caught[SIGVTALRM] < 3)
		;
	EXPECT_EQ(set_itimer(ITIMER_VIRTUAL, 0, 0, old), 0);
	EXPECT_EQ(old[0], 0);
	EXPECT_EQ(old[1], 10000);
	EXPECT(old[2] == 0 && old[3] > 0);
	EXPECT_EQ(SYSCALL(SYS_getitimer, ITIMER_VIRTUAL, old), 0);
	EXPECT_EQ(old[2] | old[3], 0);
}

/* Not by what the kernel has done for the process before: that is far ahead. */
static void
virtual_goes_by_user_mode(void)
{
	int user = PROCESS_CLOCK(0, CPU_VIRT), all = PROCESS_CLOCK(0, CPU_PROF);
	char *buf = map(64 * PAGE);
	int fd = open("/dev/zero", O_RDONLY);
	long long before;

	while (clock_now(all) - clock_now(user) < 400 * MS)
		EXPECT_EQ(read(fd, buf, 64 * PAGE), 64 * PAGE);
	handle(SIGVTALRM);
	before = clock_now(user);
	ASSERT_EQ(set_itimer(ITIMER_VIRTUAL, 20000, 0, NULL), 0);
	while (!caught[SIGVTALRM])
		;
	EXPECT(clock_now(user) - before < 300 * MS);
}

static void
sleeping_is_no_work(void)
{
	long left[4];

	handle(SIGPROF);
	handle(SIGVTALRM);
	ASSERT_EQ(set_itimer(ITIMER_PROF, 500000, 0, NULL), 0);
	ASSERT_EQ(set_itimer(ITIMER_VIRTUAL, 500000, 0, NULL), 0);
	sleep_ms(700);
	EXPECT_EQ(caught[SIGPROF] + caught[SIGVTALRM], 0);
	EXPECT_EQ(SYSCALL(SYS_getitimer, ITIMER_PROF, left), 0);
	EXPECT(left[2] == 0 && left[3] > 0);
	EXPECT_EQ(SYSCALL(SYS_getitimer, ITIMER_VIRTUAL, left), 0);
	EXPECT(left[2] == 0 && left[3] > 0);
}

static void
report_itimers(void *unused)
{
	long left[4], sum = 0;
	int which;

	for (which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
		SYSCALL(SYS_getitimer, which, left);
		sum |= left[0] | left[1] | left[2] | left[3];
	}
	_exit(sum != 0);
}

static void
a_child_has_no_interval_timers(void)
{
	ASSERT_EQ(set_itimer(ITIMER_PROF, 0x7fffffff, 5, NULL), 0);
	ASSERT_EQ(set_itimer(ITIMER_VIRTUAL, 0x7fffffff, 5, NULL), 0);
	EXPECT_EQ(status_of(report_itimers, NULL), 0);
}

static void
itimer_errors(void)
{
	EXPECT_EQ(set_itimer(3, 1, 0, NULL), -EINVAL);
	EXPECT_EQ(set_itimer(-1, 1, 0, NULL), -EINVAL);
	EXPECT_EQ(set_itimer(ITIMER_PROF, -5, 0, NULL), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_setitimer, ITIMER_PROF, 8, 0), -EFAULT);
	EXPECT_EQ(set_itimer(ITIMER_VIRTUAL, 0, 0, (void *)8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_getitimer, ITIMER_VIRTUAL, 8), -EFAULT);
}

/* --- timer_create ------------------------------------------------------------- */

static long
create(int clock, int *id)
{
	struct event event = { .signo = SIGUSR1 };

	return SYSCALL(NR_timer_create, clock, &event, id);
}

static long
set_timer(int id, int flags, long long value, long long interval)
{
	long spec[4] = { interval / 1000000000, interval % 1000000000,
			 value / 1000000000, value % 1000000000 };

	return SYSCALL(NR_timer_settime, id, flags, spec, NULL);
}

static void
a_timer_of(int clock)
{
	long long start = clock_now(clock);
	long left[4];
	int id;

	handle(SIGUSR1);
	ASSERT_EQ(create(clock, &id), 0);
	ASSERT_EQ(set_timer(id, 0, 20 * MS, 0), 0);
	EXPECT_EQ(SYSCALL(NR_timer_gettime, id, left), 0);
	EXPECT(left[2] == 0 && left[3] > 0 && left[3] <= 20 * MS);
	while (!caught[SIGUSR1])
		;
	EXPECT(clock_now(clock) - start >= 20 * MS);
	EXPECT_EQ(SYSCALL(NR_timer_gettime, id, left), 0);
	EXPECT_EQ(left[2] | left[3], 0);
	EXPECT_EQ(set_timer(id, ABSTIME, start + 1, 10 * MS), 0);
	while (caught[SIGUSR1] < 4)
		;
	EXPECT_EQ(SYSCALL(NR_timer_delete, id), 0);
}

static void
timers_of_the_process(void)
{
	a_timer_of(PROCESS_CPU);
	a_timer_of(PROCESS_CLOCK(getpid(), CPU_VIRT));
}

/* It is not the time of day, which is far ahead of it. */
static void
a_timer_goes_by_its_own_clock(void)
{
	long long start;
	int id;

	handle(SIGUSR1);
	sleep_ms(800);
	start = clock_now(PROCESS_CPU);
	ASSERT_EQ(create(PROCESS_CPU, &id), 0);
	ASSERT_EQ(set_timer(id, 0, 20 * MS, 0), 0);
	while (!caught[SIGUSR1])
		;
	EXPECT(clock_now(PROCESS_CPU) - start < 700 * MS);
	EXPECT_EQ(SYSCALL(NR_timer_delete, id), 0);
}

static void
timers_of_a_thread(void)
{
	a_timer_of(THREAD_CPU);
	a_timer_of(THREAD_CLOCK(SYSCALL(SYS_gettid), CPU_PROF));
}

static void
a_timer_of_another_process(void)
{
	pid_t pid = spinner();
	int clock = PROCESS_CLOCK(pid, CPU_SCHED), id;

	handle(SIGUSR1);
	ASSERT_EQ(create(clock, &id), 0);
	ASSERT_EQ(set_timer(id, ABSTIME, 30 * MS, 0), 0);
	while (!caught[SIGUSR1])
		sleep_ms(10);
	EXPECT(clock_now(clock) >= 30 * MS);
	EXPECT_EQ(set_timer(id, 0, 3600 * 1000 * MS, 0), 0);
	end(pid);
	EXPECT_EQ(create(clock, &id), -EINVAL);
	/* The first one stays, for whom there is nothing to count. */
}

/* More than lies in the slabs that cores hold. */
#define OFTEN	150

static long
processes(void)
{
	long used = 0, per_slab;

	objects_of("process", &used, &per_slab);
	return used;
}

static void
a_timer_does_not_keep_its_process(void)
{
	long before = processes();

	for (int i = 0; i < OFTEN; i++) {
		pid_t pid = fork();
		int id;

		if (!pid)
			pause();
		EXPECT_EQ(create(PROCESS_CLOCK(pid, CPU_SCHED), &id), 0);
		EXPECT_EQ(SYSCALL(NR_timer_delete, id), 0);
		end(pid);
	}
	for (int i = 0; i < 20 && processes() > before + OFTEN / 2; i++)
		sleep_ms(10);			/* the last ones go by RCU */
	EXPECT(processes() <= before + OFTEN / 2);
}

/* --- clock_nanosleep ---------------------------------------------------------- */

static long
sleep_by(int clock, int flags, long long ns, long *left)
{
	long want[2] = { ns / 1000000000, ns % 1000000000 };

	return SYSCALL(SYS_clock_nanosleep, clock, flags, want, left);
}

static void
one_sleeps_while_another_works(void)
{
	pid_t pid = spinner();
	int clock = PROCESS_CLOCK(pid, CPU_SCHED);
	long long then;

	EXPECT_EQ(sleep_by(clock, ABSTIME, 20 * MS, NULL), 0);
	then = clock_now(clock);
	EXPECT(then >= 20 * MS);
	EXPECT_EQ(sleep_by(clock, 0, 20 * MS, NULL), 0);
	EXPECT(clock_now(clock) >= then + 20 * MS);
	EXPECT_EQ(sleep_by(clock, ABSTIME, 1, NULL), 0);
	end(pid);
	EXPECT_EQ(sleep_by(clock, 0, 1, NULL), -EINVAL);
}

/* Whose clock has come that far long ago, and stands. */
static void
a_time_that_has_passed_is_not_waited_for(void)
{
	pid_t pid = fork();

	if (!pid) {
		while (clock_now(PROCESS_CPU) < 10 * MS)
			;
		pause();
	}
	while (clock_now(PROCESS_CLOCK(pid, CPU_SCHED)) < 10 * MS)
		sleep_ms(5);
	handle(SIGALRM);
	ASSERT_EQ(set_itimer(ITIMER_REAL, 1000000, 0, NULL), 0);
	EXPECT_EQ(sleep_by(PROCESS_CLOCK(pid, CPU_SCHED), ABSTIME, 5 * MS,
			   NULL), 0);
	end(pid);
}

static int
work(void *stop)
{
	while (!*(volatile int *)stop)
		;
	return 0;
}

static void
a_thread_sleeps_by_the_process(void)
{
	char *stack = map(4 * PAGE);
	volatile int stop = 0, tid;
	long long before = clock_now(PROCESS_CPU);

	ASSERT(start_thread(stack + 4 * PAGE, work, (void *)&stop, &tid) > 0);
	EXPECT_EQ(sleep_by(PROCESS_CPU, 0, 20 * MS, NULL), 0);
	EXPECT(clock_now(PROCESS_CPU) >= before + 20 * MS);
	before = clock_now(THREAD_CLOCK(tid, CPU_SCHED));
	EXPECT_EQ(sleep_by(THREAD_CLOCK(tid, CPU_SCHED), 0, 20 * MS, NULL), 0);
	before = clock_now(THREAD_CLOCK(tid, CPU_SCHED)) - before;
	EXPECT(before >= 20 * MS);
	/* All threads count. */
	before = clock_now(THREAD_CLOCK(tid, CPU_SCHED)) + clock_now(THREAD_CPU);
	EXPECT(clock_now(PROCESS_CPU) >= before);
	stop = 1;
	join_thread(&tid);
	EXPECT(clock_now(PROCESS_CPU) >= before);	/* also when it has ended */
}

/* What it waited for comes later, and wakes nobody. */
static void
nothing_is_left_of_a_sleep(void)
{
	long long before = clock_now(PROCESS_CPU);

	handle(SIGALRM);
	ASSERT_EQ(set_itimer(ITIMER_REAL, 20000, 0, NULL), 0);
	EXPECT_EQ(sleep_by(PROCESS_CPU, 0, 50 * MS, NULL), -EINTR);
	while (clock_now(PROCESS_CPU) - before < 100 * MS)
		EXPECT_EQ(SYSCALL(SYS_getppid) > 0, 1);
}

static void
a_signal_ends_the_sleep(void)
{
	long left[2] = { 0, 0 };

	handle(SIGALRM);
	ASSERT_EQ(set_itimer(ITIMER_REAL, 20000, 0, NULL), 0);
	EXPECT_EQ(sleep_by(PROCESS_CPU, 0, 3600 * 1000 * MS, left), -EINTR);
	EXPECT(left[0] > 3000 && left[0] < 3600);
}

static void
sleep_errors(void)
{
	long bad[2] = { 0, 1000000000 };

	EXPECT_EQ(sleep_by(THREAD_CPU, 0, 1, NULL), -EOPNOTSUPP);
	EXPECT_EQ(sleep_by(4, 0, 1, NULL), -EOPNOTSUPP);
	EXPECT_EQ(sleep_by(5, 0, 1, NULL), -EOPNOTSUPP);
	EXPECT_EQ(sleep_by(6, 0, 1, NULL), -EOPNOTSUPP);
	EXPECT_EQ(sleep_by(THREAD_CLOCK(0, CPU_SCHED), 0, 1, NULL), -EINVAL);
	EXPECT_EQ(sleep_by(THREAD_CLOCK(SYSCALL(SYS_gettid), CPU_SCHED), 0, 1,
			   NULL), -EINVAL);
	EXPECT_EQ(sleep_by(PROCESS_CLOCK(99999, CPU_SCHED), 0, 1, NULL),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_clock_nanosleep, PROCESS_CPU, 0, bad, 0),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_clock_nanosleep, PROCESS_CPU, 0, 8, 0), -EFAULT);
}

/* --- Clocks ------------------------------------------------------------------- */

static long
get(int clock)
{
	long time[2];

	return SYSCALL(SYS_clock_gettime, clock, time);
}

static void
clocks_of_others(void)
{
	char *stack = map(4 * PAGE);
	volatile int stop = 0, tid;
	pid_t parent = getppid(), pid;

	ASSERT(start_thread(stack + 4 * PAGE, work, (void *)&stop, &tid) > 0);
	EXPECT_EQ(get(THREAD_CLOCK(tid, CPU_SCHED)), 0);
	EXPECT_EQ(get(PROCESS_CLOCK(tid, CPU_SCHED)), -EINVAL);
	EXPECT_EQ(get(PROCESS_CLOCK(parent, CPU_SCHED)), 0);
	EXPECT_EQ(get(THREAD_CLOCK(parent, CPU_SCHED)), -EINVAL);
	stop = 1;
	join_thread(&tid);
	EXPECT_EQ(get(PROCESS_CLOCK(99999, CPU_SCHED)), -EINVAL);
	EXPECT_EQ(get(THREAD_CLOCK(99999, CPU_SCHED)), -EINVAL);
	EXPECT_EQ(get(PROCESS_CLOCK(getpid(), CPU_DEVICE)), -EINVAL);
	EXPECT_EQ(get(PROCESS_CLOCK(0, CPU_VIRT)), 0);
	pid = spinner();
	while (clock_now(PROCESS_CLOCK(pid, CPU_SCHED)) < 15 * MS)
		sleep_ms(5);
	EXPECT(clock_now(PROCESS_CLOCK(pid, CPU_VIRT)) <=
	       clock_now(PROCESS_CLOCK(pid, CPU_PROF)));
	end(pid);
	EXPECT_EQ(get(PROCESS_CLOCK(pid, CPU_SCHED)), -EINVAL);
}

/* Ticks that find it in the kernel are not user mode's. */
static void
work_of_the_kernel_is_told_apart(void)
{
	char *buf = map(64 * PAGE);
	int fd = open("/dev/zero", O_RDONLY);
	long long all;

	while ((all = clock_now(PROCESS_CLOCK(0, CPU_PROF))) < 100 * MS)
		EXPECT_EQ(read(fd, buf, 64 * PAGE), 64 * PAGE);
	EXPECT(clock_now(PROCESS_CLOCK(0, CPU_VIRT)) < all / 2);
}

static void
the_clock_goes_between_ticks(void)
{
	long long first = clock_now(THREAD_CPU), next = clock_now(THREAD_CPU);

	EXPECT(next > first);
	first = clock_now(PROCESS_CPU);
	next = clock_now(PROCESS_CPU);
	EXPECT(next > first);
}

static void
spent_time_cannot_be_set(void)
{
	long time[2] = { 1, 0 };

	EXPECT_EQ(SYSCALL(NR_clock_settime, PROCESS_CPU, time), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_clock_settime, THREAD_CPU, time), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_clock_settime, PROCESS_CLOCK(0, CPU_PROF), time),
		  -EPERM);
	EXPECT_EQ(SYSCALL(NR_clock_settime, PROCESS_CLOCK(99999, CPU_PROF),
			  time), -EINVAL);
}

/* --- RLIMIT_CPU --------------------------------------------------------------- */

static void
limit(unsigned long soft, unsigned long hard)
{
	struct rlimit new = { soft, hard };

	SYSCALL(SYS_setrlimit, RLIMIT_CPU, &new);
}

static void
work_beyond_the_soft_limit(void *unused)
{
	limit(0, RLIM_INFINITY);
	for (;;)
		;
}

static void
work_beyond_the_hard_limit(void *unused)
{
	handle(SIGXCPU);
	limit(0, 0);
	for (;;)
		;
}

/* Told once a second: the limit has moved. */
static void
go_on_after_the_soft_limit(void *unused)
{
	struct rlimit now;

	handle(SIGXCPU);
	limit(0, 100);
	while (!caught[SIGXCPU])
		;
	getrlimit(RLIMIT_CPU, &now);
	_exit(now.rlim_cur != 1 || caught[SIGXCPU] != 1);
}

/* The limit is set before fork(): it goes along. */
static void
child_beyond_its_limit(void *unused)
{
	int status;
	pid_t pid;

	signal(SIGXCPU, SIG_IGN);
	limit(0, RLIM_INFINITY);
	pid = fork();
	if (!pid) {
		signal(SIGXCPU, SIG_DFL);
		for (;;)
			;
	}
	waitpid(pid, &status, 0);
	_exit(status != SIGXCPU);
}

static void
too_much_work_is_ended(void)
{
	EXPECT_EQ(status_of(work_beyond_the_soft_limit, NULL) & 0x7f, SIGXCPU);
	EXPECT_EQ(status_of(work_beyond_the_hard_limit, NULL) & 0x7f, SIGKILL);
	EXPECT_EQ(status_of(go_on_after_the_soft_limit, NULL), 0);
	EXPECT_EQ(status_of(child_beyond_its_limit, NULL), 0);
}

UTEST_SUITE(cpu_timers,
	    UTEST(prof_comes_after_that_much_work),
	    UTEST(virtual_comes_again_and_again),
	    UTEST(virtual_goes_by_user_mode),
	    UTEST(sleeping_is_no_work),
	    UTEST(a_child_has_no_interval_timers),
	    UTEST(itimer_errors),
	    UTEST(timers_of_the_process),
	    UTEST(a_timer_goes_by_its_own_clock),
	    UTEST(timers_of_a_thread),
	    UTEST(a_timer_of_another_process),
	    UTEST(a_timer_does_not_keep_its_process),
	    UTEST(one_sleeps_while_another_works),
	    UTEST(a_time_that_has_passed_is_not_waited_for),
	    UTEST(a_thread_sleeps_by_the_process),
	    UTEST(nothing_is_left_of_a_sleep),
	    UTEST(a_signal_ends_the_sleep),
	    UTEST(sleep_errors),
	    UTEST(clocks_of_others),
	    UTEST(work_of_the_kernel_is_told_apart),
	    UTEST(the_clock_goes_between_ticks),
	    UTEST(spent_time_cannot_be_set),
	    UTEST(too_much_work_is_ended));
