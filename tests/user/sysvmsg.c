/* SPDX-License-Identifier: MIT */
/* System V message queues, errno by errno. */
#include "sysv.h"

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

UTEST_SUITE(sysvmsg,
	UTEST(msgget_errors),
	UTEST(message_errors),
	UTEST(messages_are_chosen_by_type),
	UTEST(a_full_queue_keeps_the_sender),
	UTEST(a_message_goes_to_who_waits_for_it),
	UTEST(messages_do_not_fill_the_memory));
