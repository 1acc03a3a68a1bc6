/* SPDX-License-Identifier: MIT */
/* System V semaphores, errno by errno; and whose objects are whose. */
#include "sysv.h"

/* --- Semaphores --- */

static void
semget_errors(void)
{
	int key = 0x2345678, id, other;

	EXPECT_EQ(semget(key, 1, 0600), -ENOENT);
	EXPECT_EQ(semget(key, -1, IPC_CREAT | 0600), -EINVAL);
	EXPECT_EQ(semget(key, 0, IPC_CREAT | 0600), -EINVAL);
	EXPECT_EQ(semget(key, 1000000, IPC_CREAT | 0600), -EINVAL);
	id = semget(key, 3, IPC_CREAT | 0600);
	ASSERT(id >= 0);
	EXPECT_EQ(semget(key, 0, 0), id);
	EXPECT_EQ(semget(key, 4, 0), -EINVAL);
	EXPECT_EQ(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600), -EEXIST);
	EXPECT_EQ(semctl(id, 0, IPC_RMID, 0), 0);
	EXPECT_EQ(semctl(id, 0, IPC_RMID, 0), -EINVAL);
	/* Nor does it name what has its place now. */
	other = semget(0, 3, 0600);
	EXPECT_EQ(other % 256, id % 256);
	EXPECT_EQ(semctl(id, 0, IPC_RMID, 0), -EINVAL);
	EXPECT_EQ(semctl(other, 0, IPC_RMID, 0), 0);
}

static void
semop_errors(void)
{
	int id = semget(0, 2, 0600);
	struct op ops[501] = { { 0, 1, 0 } };

	ASSERT(id >= 0);
	EXPECT_EQ(semop(id, ops, 0), -EINVAL);
	EXPECT_EQ(semop(-1, ops, 1), -EINVAL);
	EXPECT_EQ(semop(id + 1, ops, 1), -EINVAL);
	EXPECT_EQ(semop(id, ops, 501), -E2BIG);
	EXPECT_EQ(semop(id, (struct op *)BAD, 1), -EFAULT);
	EXPECT_EQ(semop(id, (struct op *)BAD, 100), -EFAULT);
	EXPECT_EQ(add(id, 2, 1, 0), -EFBIG);
	EXPECT_EQ(add(id, 0, -1, IPC_NOWAIT), -EAGAIN);
	EXPECT_EQ(add(id, 0, 32767, 0), 0);
	EXPECT_EQ(add(id, 0, 1, 0), -ERANGE);
	EXPECT_EQ(add(id, 0, 0, IPC_NOWAIT), -EAGAIN);
	EXPECT_EQ(value(id, 0), 32767);
	EXPECT_EQ(semctl(id, 0, IPC_RMID, 0), 0);
	EXPECT_EQ(semop(id, ops, 1), -EINVAL);
}

static void
operations_happen_together_or_not(void)
{
	int id = semget(0, 3, 0600), i;
	struct op ops[100] = { { 0, 2, 0 }, { 1, 5, UNDO },
			       { 2, -1, IPC_NOWAIT } };

	EXPECT_EQ(semop(id, ops, 3), -EAGAIN);
	EXPECT_EQ(value(id, 0) + value(id, 1) + value(id, 2), 0);
	ops[2] = (struct op){ 1, 32767, 0 };
	EXPECT_EQ(semop(id, ops, 3), -ERANGE);
	EXPECT_EQ(value(id, 0) + value(id, 1), 0);
	/* In order: what the first adds the second may take. */
	ops[2] = (struct op){ 0, -2, 0 };
	EXPECT_EQ(semop(id, ops, 3), 0);
	EXPECT_EQ(value(id, 0), 0);
	EXPECT_EQ(value(id, 1), 5);
	for (i = 0; i < 100; i++)
		ops[i] = (struct op){ 2, 1, 0 };
	EXPECT_EQ(semop(id, ops, 100), 0);
	EXPECT_EQ(value(id, 2), 100);
	semctl(id, 0, IPC_RMID, 0);
}

static void
values_are_set_and_told(void)
{
	int id = semget(0, 3, 0640);
	unsigned short in[3] = { 1, 20, 300 }, out[3] = { 0 };
	struct sem_ds ds;

	EXPECT_EQ(semctl(id, 0, SETALL, (long)in), 0);
	EXPECT_EQ(semctl(id, 0, GETALL, (long)out), 0);
	EXPECT(!memcmp(in, out, sizeof(in)));
	EXPECT_EQ(semctl(id, 2, SETVAL, 7), 0);
	EXPECT_EQ(value(id, 2), 7);
	EXPECT_EQ(semctl(id, 2, GETPID, 0), getpid());
	EXPECT_EQ(semctl(id, 0, IPC_STAT, (long)&ds), 0);
	EXPECT_EQ(ds.nsems, 3);
	EXPECT_EQ(ds.otime[0], 0);
	EXPECT_EQ(ds.perm.mode, 0640);
	in[1] = 32768;
	EXPECT_EQ(semctl(id, 0, SETALL, (long)in), -ERANGE);
	EXPECT_EQ(value(id, 1), 20);
	EXPECT_EQ(semctl(id, 0, SETVAL, 32768), -ERANGE);
	EXPECT_EQ(semctl(id, 3, SETVAL, 1), -EINVAL);
	EXPECT_EQ(semctl(id, -1, GETVAL, 0), -EINVAL);
	EXPECT_EQ(semctl(id, 3, GETNCNT, 0), -EINVAL);
	EXPECT_EQ(semctl(id, 0, SETALL, BAD), -EFAULT);
	EXPECT_EQ(semctl(id, 0, GETALL, BAD), -EFAULT);
	EXPECT_EQ(semctl(id, 0, IPC_STAT, BAD), -EFAULT);
	EXPECT_EQ(semctl(id, 0, IPC_SET, BAD), -EFAULT);
	EXPECT_EQ(semctl(id, 0, IPC_INFO, BAD), -EFAULT);
	EXPECT_EQ(semctl(id, 0, 99, 0), -EINVAL);
	semctl(id, 0, IPC_RMID, 0);
}

static void
limits_and_places_are_told(void)
{
	int id = semget(0, 5, 0600), q = SYSCALL(SYS_msgget, 0, 0600), i;
	int info[10], msginfo[8];
	long highest = semctl(id, 0, SEM_INFO, (long)info);
	struct sem_ds ds;
	struct msg_ds mds;
	bool found = false;

	EXPECT(highest >= 0);
	EXPECT(info[7] >= 1);			/* sets */
	EXPECT(info[9] >= 5);			/* semaphores */
	for (i = 0; i <= highest; i++)
		found |= semctl(i, 0, SEM_STAT, (long)&ds) == id &&
			 ds.nsems == 5;
	EXPECT(found);
	EXPECT(semctl(id, 0, IPC_INFO, (long)info) >= 0);
	EXPECT_EQ(info[8], 32767);
	highest = msgctl(q, MSG_INFO, msginfo);
	EXPECT(highest >= 0 && msginfo[0] >= 1);
	for (i = 0, found = false; i <= highest; i++)
		found |= msgctl(i, MSG_STAT, &mds) == q;
	EXPECT(found);
	EXPECT(msgctl(q, IPC_INFO, msginfo) >= 0);
	EXPECT_EQ(msginfo[2], 8192);
	semctl(id, 0, IPC_RMID, 0);
	msgctl(q, IPC_RMID, NULL);
}

/* A child that does one operation; its exit code is -errno. */
static pid_t
start(int id, int num, int n)
{
	pid_t pid = fork();

	if (!pid)
		_exit(-add(id, num, n, 0));
	await_sleep(pid);
	return pid;
}

static void
sleepers_are_served_in_their_order(void)
{
	int id = semget(0, 2, 0600);
	pid_t two = start(id, 0, -2), one = start(id, 0, -1), zero;

	EXPECT_EQ(semctl(id, 0, GETNCNT, 0), 2);
	EXPECT_EQ(semctl(id, 0, GETZCNT, 0), 0);
	EXPECT_EQ(add(id, 0, 1, 0), 0);		/* enough for the second */
	EXPECT_EQ(exit_of(one), 0);
	EXPECT_EQ(semctl(id, 0, GETPID, 0), one);
	EXPECT_EQ(semctl(id, 0, GETNCNT, 0), 1);
	zero = start(id, 1, -1);
	EXPECT_EQ(semctl(id, 0, SETVAL, 3), 0);
	EXPECT_EQ(exit_of(two), 0);
	EXPECT_EQ(value(id, 0), 1);
	kill(zero, SIGKILL);
	EXPECT_EQ(exit_of(zero), -1);
	EXPECT_EQ(semctl(id, 1, GETNCNT, 0), 0);
	zero = start(id, 0, 0);
	EXPECT_EQ(semctl(id, 0, GETZCNT, 0), 1);
	EXPECT_EQ(semctl(id, 0, GETNCNT, 0), 0);
	EXPECT_EQ(add(id, 0, -1, 0), 0);
	EXPECT_EQ(exit_of(zero), 0);
	semctl(id, 0, IPC_RMID, 0);
}

/* One that is served may be what the next waits for. */
static void
who_is_served_serves(void)
{
	int id = semget(0, 2, 0600);
	pid_t last = start(id, 1, -1), first = fork();
	struct op ops[2] = { { 0, -1, 0 }, { 1, 1, 0 } };

	if (!first)
		_exit(-semop(id, ops, 2));
	await_sleep(first);
	EXPECT_EQ(add(id, 0, 1, 0), 0);
	EXPECT_EQ(exit_of(first), 0);
	EXPECT_EQ(exit_of(last), 0);
	EXPECT_EQ(value(id, 0) + value(id, 1), 0);
	semctl(id, 0, IPC_RMID, 0);
}

static void
removal_wakes_with_eidrm(void)
{
	int id = semget(0, 1, 0600), q = SYSCALL(SYS_msgget, 0, 0600);
	pid_t pid = start(id, 0, -1), reader;

	EXPECT_EQ(semctl(id, 0, IPC_RMID, 0), 0);
	EXPECT_EQ(exit_of(pid), EIDRM);
	reader = fork();
	if (!reader)
		_exit(-receive(q, 10, 0, 0));
	await_sleep(reader);
	EXPECT_EQ(msgctl(q, IPC_RMID, NULL), 0);
	EXPECT_EQ(exit_of(reader), EIDRM);
}

static void
semtimedop_ends_in_time(void)
{
	int id = semget(0, 1, 0600);
	struct op op = { 0, -1, 0 };
	long t[2] = { 0, 5 * MS };
	long long wide[2] = { 0, 5 * MS }, from = clock_now(1);

	EXPECT_EQ(SYSCALL(SYS_semtimedop, id, &op, 1, t), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_semtimedop_time64, id, &op, 1, wide), -EAGAIN);
	EXPECT(clock_now(1) - from >= 10 * MS);
	t[1] = 1000 * MS;
	EXPECT_EQ(SYSCALL(SYS_semtimedop, id, &op, 1, t), -EINVAL);
	wide[0] = -1;
	EXPECT_EQ(SYSCALL(SYS_semtimedop_time64, id, &op, 1, wide), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_semtimedop, id, &op, 1, BAD), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_semtimedop_time64, id, &op, 1, BAD), -EFAULT);
	op.op = 1;
	t[1] = 0;
	EXPECT_EQ(SYSCALL(SYS_semtimedop, id, &op, 1, t), 0);
	EXPECT_EQ(SYSCALL(SYS_semtimedop, id, &op, 1, NULL), 0);
	EXPECT_EQ(value(id, 0), 2);
	semctl(id, 0, IPC_RMID, 0);
}

static void
handle(int sig)
{
}

static void
a_signal_ends_the_wait(void)
{
	int id = semget(0, 1, 0600), q = SYSCALL(SYS_msgget, 0, 0600), i;
	pid_t pid;

	signal(SIGUSR1, handle);
	for (i = 0; i < 2; i++) {
		pid = fork();
		if (!pid)
			_exit(-(i ? add(id, 0, -1, 0) : receive(q, 1, 0, 0)));
		await_sleep(pid);
		kill(pid, SIGUSR1);
		EXPECT_EQ(exit_of(pid), EINTR);
	}
	EXPECT_EQ(semctl(id, 0, GETNCNT, 0), 0);
	semctl(id, 0, IPC_RMID, 0);
	msgctl(q, IPC_RMID, NULL);
}

/* --- SEM_UNDO --- */

static void
take_and_die(void *id)
{
	struct op both[2] = { { 0, -1, UNDO }, { 1, -9, UNDO | IPC_NOWAIT } };

	/* Neither happens, so neither has to be undone. */
	if (semop((long)id, both, 2) != -EAGAIN)
		_exit(2);
	add((long)id, 0, -3, UNDO);
	add((long)id, 1, 2, UNDO);
	add((long)id, 1, 1, 0);
	if (value((long)id, 0) != 2)
		_exit(1);
	kill(getpid(), SIGKILL);
}

static void
undo_at_the_end_of_a_process(void)
{
	long id = semget(0, 2, 0600);
	pid_t waiter;

	EXPECT_EQ(semctl(id, 0, SETVAL, 5), 0);
	waiter = start(id, 0, -6);
	EXPECT_EQ(status_of(take_and_die, (void *)id), SIGKILL);
	EXPECT_EQ(value(id, 0), 5);
	EXPECT_EQ(value(id, 1), 1);
	EXPECT_EQ(add(id, 0, 1, 0), 0);
	EXPECT_EQ(exit_of(waiter), 0);
	semctl(id, 0, IPC_RMID, 0);
}

/* One who sleeps already, on what another has. */
static void
undo_wakes_who_sleeps(void)
{
	int id = semget(0, 1, 0600);
	pid_t holder, waiter;

	semctl(id, 0, SETVAL, 1);
	holder = fork();
	if (!holder) {
		add(id, 0, -1, UNDO);
		pause();
	}
	await_sleep(holder);
	waiter = start(id, 0, -1);
	kill(holder, SIGKILL);
	EXPECT_EQ(exit_of(waiter), 0);
	waitpid(holder, NULL, 0);
	semctl(id, 0, IPC_RMID, 0);
}

static void
take_and_end(void *id)
{
	add((long)id, 0, -1, UNDO);
	add((long)id, 1, 4, UNDO);
	if (!fork())
		_exit(0);			/* has nothing to undo */
	wait(NULL);
	_exit(value((long)id, 0) == 0 && semctl((long)id, 1, SETVAL, 9) == 0 ?
	      0 : 1);
}

/* What waits is served by it; a child has no part; SETVAL forgets. */
static void
undo_wakes_and_setval_forgets(void)
{
	long id = semget(0, 2, 0600);
	pid_t pid;

	semctl(id, 0, SETVAL, 1);
	EXPECT_EQ(status_of(take_and_end, (void *)id), 0);
	EXPECT_EQ(value(id, 0), 1);
	EXPECT_EQ(value(id, 1), 9);
	EXPECT_EQ(semctl(id, 0, SETVAL, 1), 0);
	pid = fork();
	if (!pid) {
		add(id, 0, -1, UNDO);
		pause();
	}
	await_sleep(pid);
	EXPECT_EQ(add(id, 0, -1, IPC_NOWAIT), -EAGAIN);
	kill(pid, SIGKILL);
	EXPECT_EQ(add(id, 0, -1, 0), 0);	/* given back */
	exit_of(pid);
	semctl(id, 0, IPC_RMID, 0);
}

static void
give_and_end(void *id)
{
	add((long)id, 0, 10, UNDO);
	add((long)id, 0, -8, 0);
}

static void
undo_has_limits(void)
{
	long id = semget(0, 1, 0600);

	EXPECT_EQ(status_of(give_and_end, (void *)id), 0);
	EXPECT_EQ(value(id, 0), 0);		/* 2 - 10 is cut */
	EXPECT_EQ(add(id, 0, 32767, UNDO), 0);
	EXPECT_EQ(add(id, 0, -32767, 0), 0);
	EXPECT_EQ(add(id, 0, 1, UNDO), 0);	/* -32768 */
	EXPECT_EQ(add(id, 0, 1, UNDO), -ERANGE);
	EXPECT_EQ(value(id, 0), 1);
	semctl(id, 0, IPC_RMID, 0);
}

static int
undo_in_thread(void *id)
{
	return add((long)id, 0, 1, UNDO);
}

/* The end of a thread undoes nothing: the process lives. */
static void
undo_is_the_processs(void)
{
	static char stack[8192] __attribute__((aligned(8)));
	static volatile int tid;
	long id = semget(0, 1, 0600);

	/* A thread library's flags, CLONE_SYSVSEM among them. */
	clone_on(0x350f00, stack + sizeof(stack), undo_in_thread, (void *)id,
		 &tid);
	join_thread(&tid);
	EXPECT_EQ(value(id, 0), 1);
	semctl(id, 0, IPC_RMID, 0);
}

/* --- Rights --- */

static int anothers_set, anothers_queue;

/* In a child, which ends with the number of what was not so. */
#define MUST(is, want) do { \
	step++; \
	if ((is) != (want)) \
		_exit(step); \
} while (0)

static void
use_of_anothers(void *arg)
{
	int id = anothers_set, q = anothers_queue;
	struct sem_ds ds;
	struct msg_ds mds = { .qbytes = 10 };
	char values[8];
	int step = 0;

	as_nobody();
	MUST(semget(0x777, 1, 0600), -EACCES);
	MUST(semget(0x777, 1, 0400), id);
	MUST(add(id, 0, 1, 0), -EACCES);
	MUST(add(id, 0, 0, 0), 0);			/* reads */
	MUST(value(id, 0), 0);
	MUST(semctl(id, 0, SETVAL, 0), -EACCES);
	MUST(semctl(id, 0, SETALL, (long)values), -EACCES);
	MUST(semctl(id, 0, IPC_STAT, (long)&ds), 0);
	MUST(semctl(id, 0, IPC_SET, (long)&ds), -EPERM);
	MUST(semctl(id, 0, IPC_RMID, 0), -EPERM);
	MUST(receive(q, 10, 0, IPC_NOWAIT), -EACCES);
	MUST(send(q, 1, "x", 1, 0), 0);
	MUST(msgctl(q, IPC_STAT, &mds), -EACCES);
	MUST(msgctl(q, IPC_SET, &mds), -EPERM);
	MUST(msgctl(q, IPC_RMID, NULL), -EPERM);
	q = SYSCALL(SYS_msgget, 0, 0600);
	MUST(msgctl(q, IPC_STAT, &mds), 0);
	mds.qbytes++;
	MUST(msgctl(q, IPC_SET, &mds), -EPERM);
	mds.qbytes = 5;
	MUST(msgctl(q, IPC_SET, &mds), 0);
	MUST(send(q, 1, "123456", 6, IPC_NOWAIT), -EAGAIN);
	MUST(msgctl(q, IPC_RMID, NULL), 0);
}

static void
others_have_the_rights_they_were_given(void)
{
	int id = semget(0x777, 1, IPC_CREAT | 0604);
	int q = SYSCALL(SYS_msgget, 0x777, IPC_CREAT | 0602);

	ASSERT(id >= 0 && q >= 0);
	anothers_set = id;
	anothers_queue = q;
	EXPECT_EQ(status_of(use_of_anothers, NULL), 0);
	EXPECT_EQ(receive(q, 10, 0, IPC_NOWAIT), 1);
	semctl(id, 0, IPC_RMID, 0);
	msgctl(q, IPC_RMID, NULL);
}

static void
objects_are_listed_in_proc(void)
{
	int id = semget(0x4242, 3, IPC_CREAT | 0600), fd;
	char text[4096] = "", want[64];

	snprintf(want, sizeof(want), "%10d %10d  %4o %10u", 0x4242, id, 0600,
		 3);
	fd = open("/proc/sysvipc/sem", O_RDONLY);
	EXPECT(read(fd, text, sizeof(text) - 1) > 0);
	EXPECT(strstr(text, want) != NULL);
	semctl(id, 0, IPC_RMID, 0);
	id = SYSCALL(SYS_msgget, 0x4243, IPC_CREAT | 0600);
	send(id, 1, "abc", 3, 0);
	snprintf(want, sizeof(want), "%10d %10d  %4o  %10u %10u", 0x4243, id,
		 0600, 3, 1);
	memset(text, 0, sizeof(text));
	fd = open("/proc/sysvipc/msg", O_RDONLY);
	EXPECT(read(fd, text, sizeof(text) - 1) > 0);
	EXPECT(strstr(text, want) != NULL);
	msgctl(id, IPC_RMID, NULL);
}

UTEST_SUITE(sysv,
	UTEST(semget_errors),
	UTEST(semop_errors),
	UTEST(operations_happen_together_or_not),
	UTEST(values_are_set_and_told),
	UTEST(limits_and_places_are_told),
	UTEST(sleepers_are_served_in_their_order),
	UTEST(who_is_served_serves),
	UTEST(removal_wakes_with_eidrm),
	UTEST(semtimedop_ends_in_time),
	UTEST(a_signal_ends_the_wait),
	UTEST(undo_at_the_end_of_a_process),
	UTEST(undo_wakes_who_sleeps),
	UTEST(undo_wakes_and_setval_forgets),
	UTEST(undo_has_limits),
	UTEST(undo_is_the_processs),
	UTEST(others_have_the_rights_they_were_given),
	UTEST(objects_are_listed_in_proc));
