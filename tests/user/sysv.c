/* SPDX-License-Identifier: MIT */
/* System V semaphores and message queues, errno by errno. */
#include "utest.h"

#define IPC_CREAT	01000
#define IPC_EXCL	02000
#define IPC_NOWAIT	04000
enum { IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, IPC_64 = 0x100 };
enum { GETPID = 11, GETVAL, GETALL, GETNCNT, GETZCNT, SETVAL, SETALL,
       SEM_STAT, SEM_INFO };
enum { MSG_STAT = 11, MSG_INFO };
#define UNDO		0x1000
#define MSG_NOERROR	010000
#define MSG_EXCEPT	020000
#define BAD		8l
#define MS		(1000 * 1000l)

struct op {
	unsigned short num;
	short op, flags;
};

struct perm {
	int key;
	unsigned uid, gid, cuid, cgid;
	unsigned short mode, pad1, seq, pad2;
	unsigned unused[2];
};

struct sem_ds {
	struct perm perm;
	unsigned otime[2], ctime[2], nsems, unused[2];
};

struct msg_ds {
	struct perm perm;
	unsigned times[6], cbytes, qnum, qbytes;
	int lspid, lrpid;
	unsigned unused[2];
};

struct message {
	long type;
	char text[8200];
};

static long
semget(int key, int n, int flags)
{
	return SYSCALL(SYS_semget, key, n, flags);
}

static long
semop(int id, struct op *ops, unsigned n)
{
	return SYSCALL(SYS_semop, id, ops, n);
}

static long
semctl(int id, int num, int cmd, long arg)
{
	return SYSCALL(SYS_semctl, id, num, cmd | IPC_64, arg);
}

/* One operation. */
static long
add(int id, int num, int n, int flags)
{
	return semop(id, &(struct op){ num, n, flags }, 1);
}

static long
value(int id, int num)
{
	return semctl(id, num, GETVAL, 0);
}

static long
send(int id, long type, const char *text, size_t len, int flags)
{
	static struct message m;

	m.type = type;
	memcpy(m.text, text, len);
	return SYSCALL(SYS_msgsnd, id, &m, len, flags);
}

static struct message got;

static long
receive(int id, size_t len, long type, int flags)
{
	memset(&got, 0, sizeof(got));
	return SYSCALL(SYS_msgrcv, id, &got, len, type, flags);
}

static long
msgctl(int id, int cmd, void *ds)
{
	return SYSCALL(SYS_msgctl, id, cmd | IPC_64, ds);
}

static void
as_nobody(void)
{
	SYSCALL(210, 1000, 1000, 1000);		/* setresgid32 */
	SYSCALL(SYS_setresuid32, 1000, 1000, 1000);
}

/* Until the child sleeps: it waits for what it asked for. */
static void
await_sleep(pid_t pid)
{
	char path[32], text[128], *state;
	long pause[2] = { 0, 2 * MS };
	int i, fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (i = 0; i < 1000; i++) {
		fd = open(path, O_RDONLY);
		memset(text, 0, sizeof(text));
		read(fd, text, sizeof(text) - 1);
		close(fd);
		state = strchr(text, ')');
		if (state && state[2] == 'S')
			return;
		SYSCALL(SYS_nanosleep, pause, NULL);
	}
	EXPECT(!"asleep");
}

static int
exit_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

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

/* --- Message queues --- */

static void
msgget_errors(void)
{
	int key = 0x3456789, q;

	EXPECT_EQ(SYSCALL(SYS_msgget, key, 0600), -ENOENT);
	q = SYSCALL(SYS_msgget, key, IPC_CREAT | 0600);
	ASSERT(q >= 0);
	EXPECT_EQ(SYSCALL(SYS_msgget, key, IPC_CREAT | IPC_EXCL), -EEXIST);
	EXPECT_EQ(msgctl(q, 99, NULL), -EINVAL);
	EXPECT_EQ(msgctl(q, IPC_STAT, (void *)BAD), -EFAULT);
	EXPECT_EQ(msgctl(q, IPC_SET, (void *)BAD), -EFAULT);
	EXPECT_EQ(msgctl(q, IPC_RMID, NULL), 0);
	EXPECT_EQ(msgctl(q, IPC_RMID, NULL), -EINVAL);
}

static void
message_errors(void)
{
	int q = SYSCALL(SYS_msgget, 0, 0600);

	EXPECT_EQ(send(q, 0, "x", 1, 0), -EINVAL);
	EXPECT_EQ(send(-1, 1, "x", 1, 0), -EINVAL);
	EXPECT_EQ(send(q + 1, 1, "x", 1, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_msgsnd, q, &got, 8193, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_msgsnd, q, BAD, 1, 0), -EFAULT);
	EXPECT_EQ(receive(q, 1, 0, IPC_NOWAIT), -ENOMSG);
	EXPECT_EQ(receive(q, -1, 0, IPC_NOWAIT), -EINVAL);
	EXPECT_EQ(receive(-1, 1, 0, IPC_NOWAIT), -EINVAL);
	EXPECT_EQ(send(q, 3, "longer", 6, 0), 0);
	EXPECT_EQ(receive(q, 5, 0, 0), -E2BIG);		/* and it stays */
	EXPECT_EQ(receive(q, 5, 0, MSG_NOERROR), 5);
	EXPECT_EQ(got.type, 3);
	EXPECT(!strcmp(got.text, "longe"));
	EXPECT_EQ(send(q, 3, "", 0, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_msgrcv, q, BAD, 8, 0, 0), -EFAULT);
	EXPECT_EQ(receive(q, 1, 0, IPC_NOWAIT), -ENOMSG);	/* lost */
	msgctl(q, IPC_RMID, NULL);
}

/* Six messages; which one each of nine readers gets. */
static void
messages_are_chosen_by_type(void)
{
	int q = SYSCALL(SYS_msgget, 0, 0600), i;
	static const struct {
		long ask;
		int flags;
		long type;
		char text;
	} want[] = {
		{ 0, 0, 5, 'a' },		/* the oldest */
		{ 2, 0, 2, 'c' },		/* the oldest of type 2 */
		{ 9, 0, -ENOMSG, 0 },
		{ -3, 0, 2, 'e' },		/* the lowest up to 3 */
		{ 5, MSG_EXCEPT, 3, 'b' },	/* the oldest but 5 */
		{ -2, 0, -ENOMSG, 0 },
		{ -0x7fffffffl - 1, 0, 4, 'f' },
		{ -5, 0, 5, 'd' },
		{ 0, 0, -ENOMSG, 0 },
	};

	send(q, 5, "a", 1, 0);
	send(q, 3, "b", 1, 0);
	send(q, 2, "c", 1, 0);
	send(q, 5, "d", 1, 0);
	send(q, 2, "e", 1, 0);
	send(q, 4, "f", 1, 0);
	for (i = 0; i < 9; i++) {
		long n = receive(q, 10, want[i].ask,
				 want[i].flags | IPC_NOWAIT);

		EXPECT_EQ(n == 1 ? got.type : n, want[i].type);
		EXPECT_EQ(got.text[0], want[i].text);
	}
	/* Of two of the lowest type the older one. */
	send(q, 3, "g", 1, 0);
	send(q, 3, "h", 1, 0);
	EXPECT_EQ(receive(q, 10, -5, IPC_NOWAIT), 1);
	EXPECT_EQ(got.text[0], 'g');
	msgctl(q, IPC_RMID, NULL);
}

static void
a_full_queue_keeps_the_sender(void)
{
	int q = SYSCALL(SYS_msgget, 0, 0600), i;
	static char big[8192];
	struct msg_ds ds;
	pid_t pid;

	EXPECT_EQ(send(q, 1, big, 8192, IPC_NOWAIT), 0);
	EXPECT_EQ(send(q, 2, big, 8192, IPC_NOWAIT), 0);
	EXPECT_EQ(send(q, 3, big, 1, IPC_NOWAIT), -EAGAIN);
	EXPECT_EQ(send(q, 3, big, 0, IPC_NOWAIT), 0);
	EXPECT_EQ(msgctl(q, IPC_STAT, &ds), 0);
	EXPECT_EQ(ds.cbytes, 16384);
	EXPECT_EQ(ds.qnum, 3);
	EXPECT_EQ(ds.lspid, getpid());
	EXPECT_EQ(ds.lrpid, 0);
	pid = fork();
	if (!pid)
		_exit(-send(q, 4, "late", 4, 0));
	await_sleep(pid);
	EXPECT_EQ(receive(q, 8192, 1, 0), 8192);
	EXPECT_EQ(exit_of(pid), 0);
	EXPECT_EQ(receive(q, 8192, 4, IPC_NOWAIT), 4);
	EXPECT(!strcmp(got.text, "late"));
	/* More room for root: who waits looks again. */
	EXPECT_EQ(send(q, 1, big, 8192, 0), 0);
	pid = fork();
	if (!pid)
		_exit(-send(q, 4, "x", 1, 0));
	await_sleep(pid);
	ds.qbytes = 20000;
	EXPECT_EQ(msgctl(q, IPC_SET, &ds), 0);
	EXPECT_EQ(exit_of(pid), 0);
	/* As many empty messages as it may hold bytes. */
	ds.qbytes = 10;
	EXPECT_EQ(msgctl(q, IPC_SET, &ds), 0);
	while (receive(q, 8192, 0, IPC_NOWAIT) >= 0)
		;
	for (i = 0; i < 10; i++)
		EXPECT_EQ(send(q, 1, "", 0, IPC_NOWAIT), 0);
	EXPECT_EQ(send(q, 1, "", 0, IPC_NOWAIT), -EAGAIN);
	EXPECT_EQ(msgctl(q, IPC_RMID, NULL), 0);
}

static pid_t
start_reader(int q, size_t size, long type)
{
	pid_t pid = fork();
	long n;

	if (!pid) {
		n = receive(q, size, type, 0);
		_exit(n < 0 ? -n : n + 100);
	}
	await_sleep(pid);
	return pid;
}

/* To the first who wants it; one with too little room gets E2BIG. */
static void
a_message_goes_to_who_waits_for_it(void)
{
	int q = SYSCALL(SYS_msgget, 0, 0600);
	pid_t seven = start_reader(q, 10, 7), little = start_reader(q, 2, 0);
	pid_t any = start_reader(q, 10, 0);
	struct msg_ds ds;

	EXPECT_EQ(send(q, 1, "four", 4, 0), 0);
	EXPECT_EQ(exit_of(little), E2BIG);
	EXPECT_EQ(exit_of(any), 104);
	EXPECT_EQ(msgctl(q, IPC_STAT, &ds), 0);
	EXPECT_EQ(ds.qnum, 0);
	EXPECT_EQ(ds.lrpid, any);
	EXPECT_EQ(send(q, 7, "seven", 5, 0), 0);
	EXPECT_EQ(exit_of(seven), 105);
	EXPECT_EQ(msgctl(q, IPC_RMID, NULL), 0);
}

/* Root may let a queue grow: what it holds stays a part of the memory. */
static void
messages_do_not_fill_the_memory(void)
{
	int q = SYSCALL(SYS_msgget, 0, 0600);
	unsigned long info[16] = { 0 }, part, bytes = 0;
	static char big[8192];
	struct msg_ds ds;
	long err = 0;

	SYSCALL(SYS_sysinfo, info);
	part = info[4] / 16;
	EXPECT_EQ(msgctl(q, IPC_STAT, &ds), 0);
	ds.qbytes = 0x7fffffff;
	EXPECT_EQ(msgctl(q, IPC_SET, &ds), 0);
	while (!err && bytes <= part) {
		err = send(q, 1, big, sizeof(big), IPC_NOWAIT);
		bytes += err ? 0 : sizeof(big);
	}
	EXPECT_EQ(msgctl(q, IPC_RMID, NULL), 0);
	if (!err && access("/proc/memblock", R_OK))
		SKIP("another kernel: it sets no limit");
	EXPECT_EQ(err, -ENOMEM);
	EXPECT(bytes > part / 2);
	q = SYSCALL(SYS_msgget, 0, 0600);
	EXPECT_EQ(send(q, 1, big, sizeof(big), 0), 0);	/* room again */
	EXPECT_EQ(msgctl(q, IPC_RMID, NULL), 0);
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
	UTEST(msgget_errors),
	UTEST(message_errors),
	UTEST(messages_are_chosen_by_type),
	UTEST(a_full_queue_keeps_the_sender),
	UTEST(a_message_goes_to_who_waits_for_it),
	UTEST(messages_do_not_fill_the_memory),
	UTEST(objects_are_listed_in_proc));
