/* SPDX-License-Identifier: MIT */
/* What the suites of System V semaphores and message queues share. */
#ifndef UTEST_SYSV_H
#define UTEST_SYSV_H

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

static inline long
semget(int key, int n, int flags)
{
	return SYSCALL(SYS_semget, key, n, flags);
}

static inline long
semop(int id, struct op *ops, unsigned n)
{
	return SYSCALL(SYS_semop, id, ops, n);
}

static inline long
semctl(int id, int num, int cmd, long arg)
{
	return SYSCALL(SYS_semctl, id, num, cmd | IPC_64, arg);
}

/* One operation. */
static inline long
add(int id, int num, int n, int flags)
{
	return semop(id, &(struct op){ num, n, flags }, 1);
}

static inline long
value(int id, int num)
{
	return semctl(id, num, GETVAL, 0);
}

static inline long
msgctl(int id, int cmd, void *ds)
{
	return SYSCALL(SYS_msgctl, id, cmd | IPC_64, ds);
}

struct message {
	long type;
	char text[8200];
};

static inline long
send(int id, long type, const char *text, size_t len, int flags)
{
	static struct message m;

	m.type = type;
	memcpy(m.text, text, len);
	return SYSCALL(SYS_msgsnd, id, &m, len, flags);
}

static struct message got;

static inline long
receive(int id, size_t len, long type, int flags)
{
	memset(&got, 0, sizeof(got));
	return SYSCALL(SYS_msgrcv, id, &got, len, type, flags);
}

static inline void
as_nobody(void)
{
	SYSCALL(210, 1000, 1000, 1000);		/* setresgid32 */
	SYSCALL(SYS_setresuid32, 1000, 1000, 1000);
}

/* Until the child sleeps: it waits for what it asked for. */
static inline void
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

static inline int
exit_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
