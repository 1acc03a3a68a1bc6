/* SPDX-License-Identifier: MIT */
/* timer_create() and its family, and signalfd, errno by errno. */
#include <poll.h>
#include "utest.h"

/* Of the EABI's table; what user/include does not name. */
enum {
	NR_rt_sigqueueinfo = 178, NR_epoll_ctl = 251, NR_epoll_wait = 252,
	NR_timer_create = 257,
	NR_timer_settime = 258, NR_timer_gettime = 259,
	NR_timer_getoverrun = 260, NR_timer_delete = 261, NR_signalfd = 349,
	NR_signalfd4 = 355, NR_epoll_create1 = 357, NR_timer_gettime64 = 408,
	NR_timer_settime64 = 409,
};

enum { NOTIFY_SIGNAL, NOTIFY_NONE, NOTIFY_THREAD, NOTIFY_THREAD_ID = 4 };

#define MS	(1000 * 1000l)
#define BAD	((void *)8)
#define RT	40			/* a signal of which each is kept */
#define TIMER	(-2)			/* SI_TIMER */
#define QUEUE	(-1)
#define SET(sig)	(1ull << ((sig) - 1))
#define BLOCK	0

/* What a siginfo says of a timer. */
#define INFO_ID		u.pad[0]
#define INFO_OVERRUN	u.pad[1]
#define INFO_VALUE	u.pad[2]

struct event {
	int value, signo, notify, tid, unused[12];
};

struct spec32 {
	long interval[2], value[2];		/* seconds, ns */
};

struct spec64 {
	long long interval[2], value[2];
};

struct record {
	unsigned signo;
	int error, code;
	unsigned pid, uid;
	int fd;
	unsigned timer_id, band, overrun, trapno;
	int status, value;
	unsigned long long pointer, utime, stime, addr, rest[6];
};
_Static_assert(sizeof(struct record) == 128, "signalfd_siginfo");

static void
block(unsigned long long set)
{
	ASSERT_EQ(SYSCALL(SYS_rt_sigprocmask, BLOCK, &set, NULL, 8), 0);
}

/* The next one of set, which is blocked; -EAGAIN: none came in ms. */
static long
next_signal(unsigned long long set, siginfo_t *info, long ms)
{
	long time[2] = { ms / 1000, ms % 1000 * MS };

	return SYSCALL(SYS_rt_sigtimedwait, &set, info, time, 8);
}

static void
sleep_ms(long ms)
{
	long time[2] = { ms / 1000, ms % 1000 * MS };

	SYSCALL(SYS_nanosleep, time, NULL);
}

static int
new_timer(int clock, int signo, int notify, int value)
{
	struct event event = { .value = value, .signo = signo,
			       .notify = notify, .tid = getpid() };
	int id = -1;

	ASSERT_EQ(SYSCALL(NR_timer_create, clock, &event, &id), 0);
	return id;
}

static long
set_timer(int id, int flags, long long value, long long interval)
{
	struct spec64 spec = {
		{ interval / 1000000000, interval % 1000000000 },
		{ value / 1000000000, value % 1000000000 },
	};

	return SYSCALL(NR_timer_settime64, id, flags, &spec, NULL);
}

/* --- Timers ---------------------------------------------------------------------- */

static long
create(int clock, int signo, int notify, int tid)
{
	struct event event = { .signo = signo, .notify = notify, .tid = tid };
	int id;

	return SYSCALL(NR_timer_create, clock, &event, &id);
}

static void
timer_create_errors(void)
{
	struct event event = { .signo = RT };
	int id;

	EXPECT_EQ(create(99, RT, NOTIFY_SIGNAL, 0), -EINVAL);
	EXPECT_EQ(create(4, RT, NOTIFY_SIGNAL, 0), -95);	/* OPNOTSUPP */
	EXPECT_EQ(create(1, 0, NOTIFY_SIGNAL, 0), -EINVAL);
	EXPECT_EQ(create(1, 65, NOTIFY_SIGNAL, 0), -EINVAL);
	EXPECT_EQ(create(1, -1, NOTIFY_THREAD, 0), -EINVAL);
	EXPECT_EQ(create(1, RT, 3, 0), -EINVAL);
	EXPECT_EQ(create(1, RT, 99, 0), -EINVAL);
	EXPECT_EQ(create(1, RT, NOTIFY_THREAD_ID, 0), -EINVAL);
	EXPECT_EQ(create(1, RT, NOTIFY_THREAD_ID, getppid()), -EINVAL);
	EXPECT_EQ(create(1, 0, NOTIFY_NONE, 0), 0);
	EXPECT_EQ(create(1, 64, NOTIFY_SIGNAL, 0), 0);
	EXPECT_EQ(SYSCALL(NR_timer_create, 1, BAD, &id), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timer_create, 1, &event, BAD), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timer_create, 1, NULL, NULL), -EFAULT);
}

static void
timer_errors(void)
{
	int id = new_timer(1, RT, NOTIFY_SIGNAL, 0);
	struct spec32 spec = { { 0, 0 }, { 100, 0 } };

	EXPECT_EQ(set_timer(1234, 0, 1, 0), -EINVAL);
	EXPECT_EQ(set_timer(-1, 0, 1, 0), -EINVAL);
	EXPECT_EQ(set_timer(id, 0, -1, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timer_settime, id, 0, NULL, NULL), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timer_settime, id, 0, BAD, NULL), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timer_settime, id, 0, &spec, BAD), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timer_gettime, id, BAD), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timer_gettime64, id, BAD), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_timer_gettime, 1234, &spec), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timer_getoverrun, 1234), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timer_getoverrun, id), 0);
	EXPECT_EQ(SYSCALL(NR_timer_delete, 1234), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timer_delete, -1), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timer_delete, id), 0);
	EXPECT_EQ(SYSCALL(NR_timer_delete, id), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_timer_getoverrun, id), -EINVAL);
}

static void
a_timer_sends_its_signal_once(void)
{
	long long before = clock_now(1);
	struct spec64 now = { { 1, 1 }, { 1, 1 } };
	siginfo_t info;
	int other, id;

	block(SET(RT));
	other = new_timer(1, RT, NOTIFY_SIGNAL, 1);
	id = new_timer(7, RT, NOTIFY_THREAD, 77);
	EXPECT(id != other);
	EXPECT_EQ(set_timer(id, 0, 20 * MS, 0), 0);
	EXPECT_EQ(next_signal(SET(RT), &info, 60000), RT);
	EXPECT(clock_now(1) - before >= 20 * MS);
	EXPECT_EQ(info.si_code, TIMER);
	EXPECT_EQ(info.INFO_ID, id);
	EXPECT_EQ(info.INFO_OVERRUN, 0);
	EXPECT_EQ(info.INFO_VALUE, 77);
	EXPECT_EQ(SYSCALL(NR_timer_gettime64, id, &now), 0);
	EXPECT_EQ(now.value[0] | now.value[1] | now.interval[0], 0);
	EXPECT_EQ(next_signal(SET(RT), &info, 30), -EAGAIN);
}

static volatile int handled, handled_value;

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	handled = sig;
	handled_value = info->INFO_VALUE;
}

static void
handle(int sig)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.u.action = on_signal;
	sigaction(sig, &action, NULL);
}

static void
without_an_event_it_is_an_alarm(void)
{
	int id = -1;

	handle(SIGALRM);
	new_timer(1, RT, NOTIFY_SIGNAL, 0);
	ASSERT_EQ(SYSCALL(NR_timer_create, 1, NULL, &id), 0);
	EXPECT_EQ(set_timer(id, 0, 5 * MS, 0), 0);
	while (!handled)
		sleep_ms(1);
	EXPECT_EQ(handled, SIGALRM);
	EXPECT_EQ(handled_value, id);
}

/* SIGUSR1: of an ordinary signal one waits too. */
static void
periods_that_nobody_took_are_the_overrun(void)
{
	long long before = clock_now(1);
	siginfo_t info;
	int id;

	block(SET(SIGUSR1));
	id = new_timer(1, SIGUSR1, NOTIFY_SIGNAL, 5);
	EXPECT_EQ(set_timer(id, 0, 10 * MS, 10 * MS), 0);
	sleep_ms(55);
	EXPECT_EQ(next_signal(SET(SIGUSR1), &info, 0), SIGUSR1);
	EXPECT(info.INFO_OVERRUN >= 4);
	EXPECT(info.INFO_OVERRUN < (clock_now(1) - before) / (10 * MS));
	EXPECT_EQ(SYSCALL(NR_timer_getoverrun, id), info.INFO_OVERRUN);
	EXPECT_EQ(next_signal(SET(SIGUSR1), &info, 60000), SIGUSR1);
	EXPECT_EQ(info.INFO_VALUE, 5);
	EXPECT(clock_now(1) - before >= 60 * MS);
}

static void
timers_with_one_number_each_send_theirs(void)
{
	int values = 0, i;
	siginfo_t info;

	block(SET(SIGUSR1));
	for (i = 0; i < 3; i++) {
		int id = new_timer(1, SIGUSR1, NOTIFY_SIGNAL, 1 << i);

		EXPECT_EQ(set_timer(id, 0, MS, 0), 0);
	}
	sleep_ms(10);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(next_signal(SET(SIGUSR1), &info, 60000), SIGUSR1);
		values |= info.INFO_VALUE;
	}
	EXPECT_EQ(values, 7);
	EXPECT_EQ(next_signal(SET(SIGUSR1), &info, 0), -EAGAIN);
}

static void
a_silent_timer_can_be_asked(void)
{
	int id = new_timer(1, SIGKILL, NOTIFY_NONE, 0);
	struct spec64 now;

	EXPECT_EQ(set_timer(id, 0, 2 * MS, 0), 0);
	sleep_ms(10);
	EXPECT_EQ(SYSCALL(NR_timer_gettime64, id, &now), 0);
	EXPECT_EQ(now.value[0] | now.value[1], 0);
	EXPECT_EQ(set_timer(id, 0, 2 * MS, 5000ll * MS), 0);
	sleep_ms(10);
	EXPECT_EQ(SYSCALL(NR_timer_gettime64, id, &now), 0);
	EXPECT(now.value[0] < 5 && now.value[0] + now.value[1] > 0);
	EXPECT_EQ(now.interval[0], 5);
}

static void
what_is_left_is_told(void)
{
	int id = new_timer(1, RT, NOTIFY_SIGNAL, 0);
	struct spec32 spec = { { 5, 7 }, { 1000, 0 } }, was;
	struct spec64 now;

	EXPECT_EQ(SYSCALL(NR_timer_settime, id, 0, &spec, &was), 0);
	EXPECT_EQ(was.value[0] | was.value[1] | was.interval[0], 0);
	EXPECT_EQ(SYSCALL(NR_timer_gettime64, id, &now), 0);
	EXPECT_EQ(now.interval[0], 5);
	EXPECT_EQ(now.interval[1], 7);
	EXPECT(now.value[0] >= 900 && now.value[0] < 1000);
	spec = (struct spec32){ { 0, 0 }, { 0, 0 } };
	EXPECT_EQ(SYSCALL(NR_timer_settime, id, 0, &spec, &was), 0);
	EXPECT(was.value[0] >= 900 && was.interval[0] == 5);
	EXPECT_EQ(SYSCALL(NR_timer_gettime, id, &was), 0);
	EXPECT_EQ(was.value[0] | was.value[1], 0);
}

static void
an_absolute_time_may_be_past(void)
{
	siginfo_t info;
	int id, day;

	block(SET(RT));
	id = new_timer(1, RT, NOTIFY_SIGNAL, 1);
	day = new_timer(0, RT, NOTIFY_SIGNAL, 2);
	EXPECT_EQ(set_timer(id, 1, 1, 0), 0);
	EXPECT_EQ(next_signal(SET(RT), &info, 60000), RT);
	EXPECT_EQ(info.INFO_VALUE, 1);
	EXPECT_EQ(set_timer(day, 1, clock_now(0) + 10 * MS, 0), 0);
	EXPECT_EQ(next_signal(SET(RT), &info, 60000), RT);
	EXPECT_EQ(info.INFO_VALUE, 2);
}

static void
a_timer_that_goes_takes_its_signal_along(void)
{
	int id = new_timer(1, RT, NOTIFY_SIGNAL, 0);
	unsigned long long set = 0;

	block(SET(RT));
	EXPECT_EQ(set_timer(id, 0, MS, 0), 0);
	sleep_ms(10);
	EXPECT_EQ(SYSCALL(SYS_rt_sigpending, &set, 8), 0);
	EXPECT(set & SET(RT));
	EXPECT_EQ(SYSCALL(NR_timer_delete, id), 0);
	EXPECT_EQ(SYSCALL(SYS_rt_sigpending, &set, 8), 0);
	EXPECT(!(set & SET(RT)));
}

static void
a_timer_that_is_stopped_sends_nothing(void)
{
	siginfo_t info;
	int id, gone;

	block(SET(RT));
	id = new_timer(1, RT, NOTIFY_SIGNAL, 1);
	gone = new_timer(1, RT, NOTIFY_SIGNAL, 2);
	EXPECT_EQ(set_timer(id, 0, 20 * MS, 20 * MS), 0);
	EXPECT_EQ(set_timer(gone, 0, 20 * MS, 20 * MS), 0);
	EXPECT_EQ(set_timer(id, 0, 0, 0), 0);
	EXPECT_EQ(SYSCALL(NR_timer_delete, gone), 0);
	EXPECT_EQ(next_signal(SET(RT), &info, 50), -EAGAIN);
}

/* Nobody takes an ignored signal, so nobody sets the timer again but itself. */
static void
an_ignored_timer_goes_on(void)
{
	int id = new_timer(1, SIGUSR1, NOTIFY_SIGNAL, 3);

	signal(SIGUSR1, SIG_IGN);
	EXPECT_EQ(set_timer(id, 0, MS, MS), 0);
	sleep_ms(30);
	handle(SIGUSR1);
	while (!handled)
		sleep_ms(1);
	EXPECT_EQ(handled_value, 3);
}

static char stack[16 * 1024] __attribute__((aligned(8)));
static volatile int thread_tid, thread_got, go;

static int
take_in_thread(void *arg)
{
	siginfo_t info;

	while (!go)
		sleep_ms(1);
	if (next_signal(SET(RT), &info, 60000) == RT)
		thread_got = info.INFO_VALUE;
	return 0;
}

static int
wait_in_thread(void *arg)
{
	siginfo_t info;

	thread_got = next_signal(SET(RT), &info, 60) == RT;
	return 0;
}

static void
a_signal_may_be_for_one_thread(void)
{
	struct event event = { .value = 9, .signo = RT,
			       .notify = NOTIFY_THREAD_ID };
	siginfo_t info;
	int id = -1;

	block(SET(RT));
	event.tid = (int)start_thread(stack + sizeof(stack), take_in_thread,
				      NULL, &thread_tid);
	ASSERT(event.tid > 0);
	ASSERT_EQ(SYSCALL(NR_timer_create, 1, &event, &id), 0);
	EXPECT_EQ(set_timer(id, 0, MS, 5 * MS), 0);
	EXPECT_EQ(next_signal(SET(RT), &info, 30), -EAGAIN);
	go = 1;
	join_thread(&thread_tid);
	EXPECT_EQ(thread_got, 9);
	/* The timer outlives it, and tells nobody. */
	EXPECT_EQ(next_signal(SET(RT), &info, 30), -EAGAIN);
	EXPECT_EQ(set_timer(id, 0, MS, 5 * MS), 0);
	EXPECT_EQ(next_signal(SET(RT), &info, 30), -EAGAIN);
	/* Nor does it tell the next thread, which may lie where that one lay. */
	ASSERT(start_thread(stack + sizeof(stack), wait_in_thread, NULL,
			    &thread_tid) > 0);
	join_thread(&thread_tid);
	EXPECT_EQ(thread_got, 0);
	EXPECT_EQ(SYSCALL(NR_timer_delete, id), 0);
}

static void
ask_for(void *id)
{
	struct spec32 now;

	_exit((int)-SYSCALL(NR_timer_gettime, (int)id, &now));
}

static void
a_child_has_no_timers(void)
{
	int id = new_timer(1, RT, NOTIFY_SIGNAL, 0);

	EXPECT_EQ(status_of(ask_for, (void *)id), EINVAL << 8);
}

static void
become_another(void *path)
{
	int id = new_timer(1, SIGTERM, NOTIFY_SIGNAL, 0), i;
	char *argv[] = { path, NULL };

	block(SET(RT));
	for (i = 0; i < 20; i++)
		set_timer(new_timer(1, RT, NOTIFY_SIGNAL, 0), 0, 1, 1);
	set_timer(id, 0, 1000000ll * MS, MS);
	sleep_ms(5);			/* the signals of these wait */
	_exit((int)-SYSCALL(SYS_execve, path, argv, NULL));
}

static void
exec_and_exit_leave_none(void)
{
	char *path = temp_name("program");
	int i;

	make_program(path, ET_EXEC, NULL);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(status_of(become_another, path), 0);
	EXPECT_EQ(status_of(become_another, "/nowhere"), ENOENT << 8);
	unlink(path);
}

static void
there_is_a_limit(void)
{
	unsigned long few[2] = { 5, 5 };
	int id, n = 0;

	while (n < 100000 && !(id = create(1, RT, NOTIFY_SIGNAL, 0)))
		n++;
	EXPECT(n >= 100);
	EXPECT_EQ(id, -EAGAIN);
	while (n--)
		EXPECT_EQ(SYSCALL(NR_timer_delete, n), 0);
	EXPECT_EQ(SYSCALL(SYS_setrlimit, 11, few), 0);	/* SIGPENDING */
	for (n = 0; n < 5; n++)
		EXPECT_EQ(create(1, RT, NOTIFY_SIGNAL, 0), 0);
	EXPECT_EQ(create(1, RT, NOTIFY_SIGNAL, 0), -EAGAIN);
}

UTEST_SUITE(posix_timers,
	UTEST(timer_create_errors),
	UTEST(timer_errors),
	UTEST(a_timer_sends_its_signal_once),
	UTEST(without_an_event_it_is_an_alarm),
	UTEST(periods_that_nobody_took_are_the_overrun),
	UTEST(timers_with_one_number_each_send_theirs),
	UTEST(a_silent_timer_can_be_asked),
	UTEST(what_is_left_is_told),
	UTEST(an_absolute_time_may_be_past),
	UTEST(a_timer_that_goes_takes_its_signal_along),
	UTEST(a_timer_that_is_stopped_sends_nothing),
	UTEST(an_ignored_timer_goes_on),
	UTEST(a_signal_may_be_for_one_thread),
	UTEST(a_child_has_no_timers),
	UTEST(exec_and_exit_leave_none),
	UTEST(there_is_a_limit));

/* --- Real-time signals --- */

static long
queue(int sig)
{
	siginfo_t info = { .si_code = QUEUE };

	return SYSCALL(NR_rt_sigqueueinfo, getpid(), sig, &info);
}

static void
real_time_signals_have_a_limit(void)
{
	unsigned long few[2] = { 5, 5 };
	siginfo_t info;
	int n = 0, err;

	block(SET(RT) | SET(RT + 1) | SET(SIGUSR1));
	while (n < 100000 && !(err = queue(RT)))
		n++;
	EXPECT(n >= 100);
	EXPECT_EQ(err, -EAGAIN);
	while (next_signal(SET(RT), &info, 0) == RT)
		n--;
	EXPECT_EQ(n, 0);
	EXPECT_EQ(SYSCALL(SYS_setrlimit, 11, few), 0);	/* SIGPENDING */
	for (n = 0; n < 5; n++)
		EXPECT_EQ(queue(RT), 0);
	EXPECT_EQ(queue(RT), -EAGAIN);
	EXPECT_EQ(queue(RT + 1), -EAGAIN);
	EXPECT_EQ(next_signal(SET(RT + 1), &info, 0), -EAGAIN);
	/* What kill() sends comes, though nobody knows from whom. */
	EXPECT_EQ(SYSCALL(SYS_kill, getpid(), RT + 1), 0);
	EXPECT_EQ(next_signal(SET(RT + 1), &info, 0), RT + 1);
	EXPECT_EQ(SYSCALL(SYS_kill, getpid(), SIGUSR1), 0);
	EXPECT_EQ(next_signal(SET(SIGUSR1), &info, 0), SIGUSR1);
	EXPECT_EQ(info.si_pid, getpid());
	EXPECT_EQ(next_signal(SET(RT), &info, 0), RT);
	EXPECT_EQ(queue(RT), 0);
	EXPECT_EQ(queue(RT), -EAGAIN);
}

UTEST_SUITE(real_time, UTEST(real_time_signals_have_a_limit));

/* --- signalfd ---------------------------------------------------------------------- */

/* A file for these signals, which are blocked. */
static int
new_file(unsigned long long set, int flags)
{
	int fd;

	block(set);
	fd = SYSCALL(NR_signalfd4, -1, &set, 8, flags);
	ASSERT(fd >= 0);
	return fd;
}

static void
signalfd_errors(void)
{
	int fd = new_file(SET(SIGUSR1), O_NONBLOCK), p[2];
	unsigned long long all = ~0ull, one = SET(SIGUSR1);
	struct record record;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(SYSCALL(NR_signalfd4, -1, &one, 4, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_signalfd4, -1, BAD, 8, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_signalfd4, -1, NULL, 8, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_signalfd4, -1, &one, 8, 1), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_signalfd4, 99, &one, 8, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_signalfd4, -2, &one, 8, 0), -EBADF);
	EXPECT_EQ(SYSCALL(NR_signalfd4, p[0], &one, 8, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_signalfd, p[0], &one, 8), -EINVAL);
	EXPECT(SYSCALL(NR_signalfd, -1, &all, 8) >= 0);
	EXPECT_EQ(SYSCALL(NR_signalfd4, fd, &one, 8, 0), fd);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &record, 127), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &record, 128), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_write, fd, &record, 128), -EINVAL);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_read, fd, BAD, 128), -EFAULT);
}

static void
a_record_tells_of_its_signal(void)
{
	int fd = new_file(SET(SIGUSR1) | SET(RT), 0);
	siginfo_t info = { .si_code = QUEUE };
	struct record r[3];

	info.si_pid = 4321;
	info.si_uid = 12;
	info.si_status = 99;			/* the value's place */
	memset(r, 0xff, sizeof(r));
	EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, getpid(), RT, &info), 0);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_read, fd, r, sizeof(r) - 1), 256);
	EXPECT_EQ(r[0].signo, SIGUSR1);
	EXPECT_EQ(r[0].code, SI_USER);
	EXPECT_EQ(r[0].pid, getpid());
	EXPECT_EQ(r[0].uid, 0);
	EXPECT_EQ(r[0].fd | r[0].status | r[0].value, 0);
	EXPECT_EQ(r[0].addr | r[0].rest[5], 0);
	EXPECT_EQ(r[1].signo, RT);
	EXPECT_EQ(r[1].code, QUEUE);
	EXPECT_EQ(r[1].pid, 4321);
	EXPECT_EQ(r[1].uid, 12);
	EXPECT_EQ(r[1].value, 99);
	EXPECT_EQ(r[1].pointer, 99);
	EXPECT_EQ(r[2].signo, -1);
	/* More room than there are signals is no reason to wait. */
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_read, fd, r, sizeof(r)), 128);
}

static void
a_record_tells_of_a_timer(void)
{
	int fd = new_file(SET(RT), 0), id;
	struct record r;

	new_timer(1, RT, NOTIFY_SIGNAL, 0);
	id = new_timer(1, RT, NOTIFY_SIGNAL, 11);
	EXPECT_EQ(set_timer(id, 0, MS, MS), 0);
	sleep_ms(10);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &r, sizeof(r)), sizeof(r));
	EXPECT_EQ(r.code, TIMER);
	EXPECT_EQ(r.timer_id, id);
	EXPECT_EQ(r.value, 11);
	EXPECT(r.overrun >= 8);
	EXPECT_EQ(r.overrun, SYSCALL(NR_timer_getoverrun, id));
	/* The next one does not count before it is taken, either. */
	sleep_ms(10);
	EXPECT_EQ(r.overrun, SYSCALL(NR_timer_getoverrun, id));
}

static void
end_with_3(void *arg)
{
	_exit(3);
}

/* By default SIGCHLD is ignored; not while it is blocked. */
static void
a_childs_end_is_read(void)
{
	int fd = new_file(SET(SIGCHLD), 0);
	struct record r;
	siginfo_t info;
	pid_t pid = fork();

	ASSERT(pid >= 0);
	if (!pid)
		end_with_3(NULL);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &r, sizeof(r)), sizeof(r));
	EXPECT_EQ(r.signo, SIGCHLD);
	EXPECT_EQ(r.code, CLD_EXITED);
	EXPECT_EQ(r.pid, pid);
	EXPECT_EQ(r.status, 3);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	EXPECT_EQ(status_of(end_with_3, NULL), 3 << 8);
	EXPECT_EQ(next_signal(SET(SIGCHLD), &info, 60000), SIGCHLD);
}

static void
signal_later(int sig)
{
	pid_t parent = getpid(), pid = fork();

	ASSERT(pid >= 0);
	if (pid)
		return;
	sleep_ms(20);
	kill(parent, sig);
	_exit(0);
}

static void
a_reader_waits(void)
{
	int fd = new_file(SET(SIGUSR1), 0), i;
	struct record r;

	for (i = 0; i < 2; i++) {
		struct pollfd p = { fd, POLLIN, 0 };

		EXPECT_EQ(SYSCALL(SYS_poll, &p, 1, 0), 0);
		signal_later(SIGUSR1);
		if (i)
			EXPECT_EQ(SYSCALL(SYS_poll, &p, 1, -1), 1);
		EXPECT_EQ(SYSCALL(SYS_read, fd, &r, sizeof(r)), sizeof(r));
		EXPECT_EQ(r.signo, SIGUSR1);
		EXPECT(waitpid(-1, NULL, 0) > 0);
	}
}

static void
a_signal_wakes_a_set(void)
{
	int fd = new_file(SET(SIGUSR1), 0);
	int ep = SYSCALL(NR_epoll_create1, 0);
	struct { unsigned events; unsigned long long data; } e = { 1, 7 };
	struct record r;

	EXPECT_EQ(SYSCALL(NR_epoll_ctl, ep, 1, fd, &e), 0);
	EXPECT_EQ(SYSCALL(NR_epoll_wait, ep, &e, 1, 0), 0);
	signal_later(SIGUSR1);
	EXPECT_EQ(SYSCALL(NR_epoll_wait, ep, &e, 1, -1), 1);
	EXPECT_EQ(e.events, 1);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &r, sizeof(r)), sizeof(r));
	EXPECT_EQ(SYSCALL(NR_epoll_wait, ep, &e, 1, 0), 0);
	EXPECT(waitpid(-1, NULL, 0) > 0);	/* it had the file, too */
	EXPECT_EQ(SYSCALL(SYS_close, fd), 0);	/* while it is watched */
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SYSCALL(NR_epoll_wait, ep, &e, 1, 0), 0);
}

/* A reader that waits sees the set that another thread gives the file. */
static volatile int shared_fd;

static int
change_and_send(void *arg)
{
	unsigned long long usr2 = SET(SIGUSR2);

	sleep_ms(20);
	SYSCALL(NR_signalfd4, shared_fd, &usr2, 8, 0);
	return 0;
}

static void
the_set_can_be_changed(void)
{
	struct record r;

	block(SET(SIGUSR2));
	shared_fd = new_file(SET(SIGUSR1), 0);
	kill(getpid(), SIGUSR2);
	ASSERT(start_thread(stack + sizeof(stack), change_and_send, NULL,
			    &thread_tid) > 0);
	EXPECT_EQ(SYSCALL(SYS_read, shared_fd, &r, sizeof(r)), sizeof(r));
	EXPECT_EQ(r.signo, SIGUSR2);
	join_thread(&thread_tid);
	kill(getpid(), SIGUSR1);
	SYSCALL(SYS_fcntl64, shared_fd, F_SETFL, O_NONBLOCK);
	EXPECT_EQ(SYSCALL(SYS_read, shared_fd, &r, sizeof(r)), -EAGAIN);
}

static void
read_none(void *fd)
{
	struct record r;

	_exit((int)-SYSCALL(SYS_read, (int)fd, &r, sizeof(r)));
}

static void
a_child_reads_its_own(void)
{
	int fd = new_file(SET(SIGUSR1), O_NONBLOCK);
	struct record r;

	kill(getpid(), SIGUSR1);
	EXPECT_EQ(status_of(read_none, (void *)fd), EAGAIN << 8);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &r, sizeof(r)), sizeof(r));
}

static void
another_signal_interrupts_a_reader(void)
{
	int fd = new_file(SET(SIGUSR1), 0);
	struct record r;

	handle(SIGUSR2);
	signal_later(SIGUSR2);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &r, sizeof(r)), -EINTR);
	EXPECT_EQ(handled, SIGUSR2);
}

UTEST_SUITE(signalfds,
	UTEST(signalfd_errors),
	UTEST(a_record_tells_of_its_signal),
	UTEST(a_record_tells_of_a_timer),
	UTEST(a_childs_end_is_read),
	UTEST(a_reader_waits),
	UTEST(a_signal_wakes_a_set),
	UTEST(the_set_can_be_changed),
	UTEST(a_child_reads_its_own),
	UTEST(another_signal_interrupts_a_reader));
