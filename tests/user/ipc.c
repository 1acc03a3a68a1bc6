/* SPDX-License-Identifier: MIT */
/* Memory and events between processes: System V segments, process_vm_*, sendfile,
 * poll and select, eventfd. Errno by errno. */
#include "fuzz.h"

#define RW	(PROT_READ | PROT_WRITE)

#define IPC_CREAT	01000
#define IPC_EXCL	02000
#define IPC_RMID	0
#define IPC_SET		1
#define IPC_STAT	2
#define IPC_64		0x100
#define SHM_RDONLY	010000
#define SHM_RND		020000
#define SHM_REMAP	040000

struct shmid_ds {
	int key;
	unsigned uid, gid, cuid, cgid;
	unsigned short mode, pad1, seq, pad2;
	unsigned unused[2];
	unsigned size, times[6];
	int cpid, lpid;
	unsigned nattch, more[2];
};

static int
control(int id, int cmd, struct shmid_ds *ds)
{
	return SYSCALL(SYS_shmctl, id, cmd | IPC_64, ds);
}

static void
as_nobody(void)
{
	SYSCALL(208, 1000, 1000, 1000);		/* setresuid32 */
}

/* --- System V shared memory --- */

static void
shmget_errors(void)
{
	int key = 0x1234567, id;

	EXPECT_EQ(SYSCALL(SYS_shmget, key, PAGE, 0600), -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_shmget, key, 0, IPC_CREAT | 0600), -EINVAL);
	id = SYSCALL(SYS_shmget, key, PAGE, IPC_CREAT | 0600);
	ASSERT(id >= 0);
	EXPECT_EQ(SYSCALL(SYS_shmget, key, 0, 0), id);
	EXPECT_EQ(SYSCALL(SYS_shmget, key, PAGE, IPC_CREAT | 0600), id);
	EXPECT_EQ(SYSCALL(SYS_shmget, key, PAGE, IPC_CREAT | IPC_EXCL | 0600),
		  -EEXIST);
	EXPECT_EQ(SYSCALL(SYS_shmget, key, 2 * PAGE, 0), -EINVAL);
	EXPECT_EQ(control(id, IPC_RMID, NULL), 0);
	EXPECT_EQ(SYSCALL(SYS_shmget, key, PAGE, 0600), -ENOENT);
	EXPECT_EQ(control(id, IPC_RMID, NULL), -EINVAL);
}

static void
shmat_errors(void)
{
	int id = SYSCALL(SYS_shmget, 0, 2 * PAGE, 0600);
	long at = 0x50000000;

	ASSERT(id >= 0);
	EXPECT_EQ(SYSCALL(SYS_shmat, id, at + 8, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_shmat, id, 0, SHM_REMAP), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_shmat, id, at + 8, SHM_RND), at);
	EXPECT_EQ(SYSCALL(SYS_shmat, id, at, 0), -EINVAL);	/* taken */
	EXPECT_EQ(SYSCALL(SYS_shmat, id, at, SHM_REMAP), at);
	EXPECT_EQ(SYSCALL(SYS_shmdt, at + PAGE), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_shmdt, at), 0);
	EXPECT_EQ(SYSCALL(SYS_shmdt, at), -EINVAL);
	EXPECT_EQ(control(id, IPC_RMID, NULL), 0);
	EXPECT_EQ(SYSCALL(SYS_shmat, id, 0, 0), -EINVAL);
}

/* It lives until the last mapping is gone, by whatever way that goes. */
static void
a_removed_segment_lives_while_it_is_mapped(void)
{
	int id = SYSCALL(SYS_shmget, 0, 2 * PAGE, 0600), status;
	char *a = (char *)SYSCALL(SYS_shmat, id, 0, 0), *b;
	struct shmid_ds ds;

	ASSERT(!is_error((long)a));
	b = (char *)SYSCALL(SYS_shmat, id, 0, SHM_RDONLY);
	a[PAGE] = 'x';
	EXPECT_EQ(b[PAGE], 'x');
	EXPECT_EQ(store_fault(b), SIGSEGV);
	EXPECT_EQ(control(id, IPC_STAT, &ds), 0);
	EXPECT_EQ(ds.nattch, 2);
	EXPECT_EQ(ds.size, 2 * PAGE);
	EXPECT_EQ(ds.cpid, getpid());
	/* A mapping in three pieces is three; made one again, it is one. */
	EXPECT_EQ(SYSCALL(SYS_mprotect, a, PAGE, PROT_READ), 0);
	EXPECT_EQ(control(id, IPC_STAT, &ds), 0);
	EXPECT_EQ(ds.nattch, 3);
	EXPECT_EQ(SYSCALL(SYS_mprotect, a, PAGE, RW), 0);
	EXPECT_EQ(control(id, IPC_STAT, &ds), 0);
	EXPECT_EQ(ds.nattch, 2);
	EXPECT_EQ(control(id, IPC_RMID, NULL), 0);
	if (!fork()) {
		bool good = control(id, IPC_STAT, &ds) == 0 && ds.nattch == 4 &&
			    ds.mode & 01000;

		a[0] = 'y';
		_exit(!good);
	}
	wait(&status);
	EXPECT_EQ(status, 0);
	EXPECT_EQ(b[0], 'y');
	EXPECT_EQ(control(id, IPC_STAT, &ds), 0);
	EXPECT_EQ(ds.nattch, 2);
	EXPECT_EQ(SYSCALL(SYS_munmap, a, 2 * PAGE), 0);
	EXPECT_EQ(SYSCALL(SYS_shmdt, b), 0);
	EXPECT_EQ(control(id, IPC_STAT, &ds), -EINVAL);
}

static void
use_of_anothers(void *arg)
{
	int id = (long)arg;
	struct shmid_ds ds;

	as_nobody();
	if (SYSCALL(SYS_shmat, id, 0, 0) != -EACCES)
		_exit(1);
	if (control(id, IPC_STAT, &ds) != -EACCES)
		_exit(2);
	if (control(id, IPC_RMID, NULL) != -EPERM)
		_exit(3);
	_exit(control(id, IPC_SET, (struct shmid_ds *)arg) == -EFAULT ? 0 : 4);
}

static void
rights_of_a_segment(void)
{
	int id = SYSCALL(SYS_shmget, 0, PAGE, 0600);

	EXPECT_EQ(status_of(use_of_anothers, (void *)(long)id), 0);
	EXPECT_EQ(control(id, 77, NULL), -EINVAL);
	EXPECT_EQ(control(id, IPC_RMID, NULL), 0);
}

/* --- process_vm_readv, process_vm_writev --- */

struct iovec {
	void *base;
	unsigned long len;
};

static pid_t
sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	return pid;
}

static void
process_vm_copies(void)
{
	char *page = map(4 * PAGE), buf[64] = "";
	struct iovec remote[2], local = { buf, 20 };
	pid_t pid;

	strcpy(page + PAGE - 5, "over the border");
	pid = sleeper();
	memset(page, 0, 2 * PAGE);
	remote[0] = (struct iovec){ page + PAGE - 5, 5 };
	remote[1] = (struct iovec){ page + PAGE, 15 };
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, &local, 1, remote, 2, 0),
		  20);
	EXPECT(!strcmp(buf, "over the border"));
	strcpy(buf, "OVER");
	local.len = 4;
	EXPECT_EQ(SYSCALL(SYS_process_vm_writev, pid, &local, 1, remote, 2, 0),
		  4);
	memset(buf, 0, 10);
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, &local, 1, remote, 1, 0),
		  4);
	EXPECT(!memcmp(buf, "OVER", 4));
	EXPECT_EQ(page[PAGE - 5], 0);		/* ours has not changed */
	kill(pid, SIGKILL);
	wait(NULL);
}

static void
read_of_root(void *pid)
{
	char buf[4];
	struct iovec iov = { buf, 4 };

	as_nobody();
	_exit(-SYSCALL(SYS_process_vm_readv, (long)pid, &iov, 1, &iov, 1, 0));
}

static void
process_vm_errors(void)
{
	char *page = map(2 * PAGE), buf[64];
	struct iovec local = { buf, 8 }, remote = { page + PAGE - 4, 8 };
	pid_t pid;

	page[0] = 1;
	munmap(page + PAGE, PAGE);
	pid = sleeper();
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 1),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, &local, 1025, &remote, 1,
			  0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, 1234567, &local, 1, &remote, 1,
			  0), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, 8, 1, &remote, 1, 0),
		  -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, &local, 0, &remote, 1, 0),
		  0);
	/* The first four bytes are there. */
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0),
		  4);
	remote.base = page + PAGE;
	EXPECT_EQ(SYSCALL(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0),
		  -EFAULT);
	EXPECT_EQ(WEXITSTATUS(status_of(read_of_root, (void *)(long)pid)),
		  EPERM);
	kill(pid, SIGKILL);
	wait(NULL);
}

/* --- sendfile --- */

static void
sendfile_copies(void)
{
	int in = temp_file("0123456789", 10), out = temp_file("", 0), fds[2];
	long offset = 4;
	char buf[16] = "";

	EXPECT_EQ(SYSCALL(SYS_sendfile, out, in, &offset, 3), 3);
	EXPECT_EQ(offset, 7);
	EXPECT_EQ(SYSCALL(SYS_sendfile, out, in, NULL, 100), 10);
	EXPECT_EQ(SYSCALL(SYS_sendfile, out, in, NULL, 100), 0);
	EXPECT_EQ(SYSCALL(SYS_pread64, out, buf, 15, 0, 0, 0), 13);
	EXPECT(!strcmp(buf, "4560123456789"));
	pipe(fds);
	offset = 8;
	EXPECT_EQ(SYSCALL(SYS_sendfile, fds[1], in, &offset, 100), 2);
	EXPECT_EQ(SYSCALL(SYS_sendfile, fds[0], in, NULL, 1), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_sendfile, 77, in, NULL, 1), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_sendfile, out, in, 8, 1), -EFAULT);
	offset = -1;
	EXPECT_EQ(SYSCALL(SYS_sendfile, out, in, &offset, 1), -EINVAL);
}

/* --- poll, ppoll, select, pselect --- */

struct pollfd {
	int fd;
	short events, revents;
};

#define POLLIN	1
#define POLLOUT	4
#define POLLERR	8
#define POLLHUP	16
#define POLLNVAL 32

static void
poll_tells_of_pipes(void)
{
	int fds[2], full = 0;
	struct pollfd p[3];
	char text[4096] = "";

	pipe(fds);
	p[0] = (struct pollfd){ fds[0], POLLIN, 77 };
	p[1] = (struct pollfd){ fds[1], POLLOUT, 77 };
	p[2] = (struct pollfd){ -1, POLLIN, 77 };
	EXPECT_EQ(SYSCALL(SYS_poll, p, 3, 0), 1);
	EXPECT_EQ(p[0].revents, 0);
	EXPECT_EQ(p[1].revents, POLLOUT);
	EXPECT_EQ(p[2].revents, 0);
	SYSCALL(SYS_fcntl64, fds[1], 4 /* F_SETFL */, O_NONBLOCK);
	while (SYSCALL(SYS_write, fds[1], text, sizeof(text)) > 0)
		full++;
	EXPECT(full > 0);
	EXPECT_EQ(SYSCALL(SYS_poll, p, 2, 0), 1);
	EXPECT_EQ(p[0].revents, POLLIN);
	EXPECT_EQ(p[1].revents, 0);
	close(fds[0]);
	p[2] = (struct pollfd){ 77, POLLIN, 0 };
	EXPECT_EQ(SYSCALL(SYS_poll, p + 1, 2, 0), 2);
	EXPECT(p[1].revents & POLLERR);
	EXPECT_EQ(p[2].revents, POLLNVAL);
	pipe(fds);
	close(fds[1]);
	p[0] = (struct pollfd){ fds[0], POLLIN, 0 };
	EXPECT_EQ(SYSCALL(SYS_poll, p, 1, -1), 1);
	EXPECT(p[0].revents & POLLHUP);
}

static void
poll_errors(void)
{
	struct pollfd p = { 0, POLLIN, 0 };
	long time[2] = { 0, 1000000000 };
	unsigned long long mask = 0;

	EXPECT_EQ(SYSCALL(SYS_poll, 8, 1, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_poll, &p, 1000000, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_poll, NULL, 0, 1), 0);
	EXPECT_EQ(SYSCALL(SYS_ppoll, NULL, 0, time, NULL, 8), -EINVAL);
	time[1] = 1000;
	EXPECT_EQ(SYSCALL(SYS_ppoll, NULL, 0, time, &mask, 8), 0);
	EXPECT_EQ(SYSCALL(SYS_ppoll, NULL, 0, time, &mask, 4), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_ppoll, NULL, 0, time, 8, 8), -EFAULT);
}

static void
select_tells_of_pipes(void)
{
	unsigned in[32] = { 0 }, out[32] = { 0 }, both[32];
	long none[2] = { 0, 0 };
	int fds[2];

	pipe(fds);
	in[0] = 1u << fds[0];
	out[0] = 1u << fds[1];
	EXPECT_EQ(SYSCALL(142, 32, in, out, NULL, none), 1);	/* select */
	EXPECT_EQ(in[0], 0);
	EXPECT_EQ(out[0], 1u << fds[1]);
	SYSCALL(SYS_write, fds[1], "x", 1);
	in[0] = 1u << fds[0];
	memcpy(both, in, sizeof(both));
	EXPECT_EQ(SYSCALL(142, 32, in, out, both, NULL), 2);
	EXPECT_EQ(in[0], 1u << fds[0]);
	EXPECT_EQ(both[0], 0);
	in[0] = 1u << 30;
	EXPECT_EQ(SYSCALL(142, 32, in, NULL, NULL, none), -EBADF);
	EXPECT_EQ(SYSCALL(142, -1, NULL, NULL, NULL, none), -EINVAL);
	EXPECT_EQ(SYSCALL(142, 32, 8, NULL, NULL, none), -EFAULT);
	none[1] = -1;
	EXPECT_EQ(SYSCALL(142, 0, NULL, NULL, NULL, none), -EINVAL);
}

static volatile int handled;

static void
handle(int sig)
{
	handled++;
}

/* The mask is changed and the sleep begins in one step. */
static void
pselect_sleeps_with_another_mask(void)
{
	unsigned long long blocked = 1ull << (SIGUSR1 - 1), none = 0, now;
	struct {
		unsigned long long *mask;
		long size;
	} with = { &none, 8 };
	long time[2] = { 0, 1000000 };

	signal(SIGUSR1, handle);
	SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, 8);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_pselect6, 0, NULL, NULL, NULL, time, NULL), 0);
	EXPECT_EQ(handled, 0);
	EXPECT_EQ(SYSCALL(SYS_pselect6, 0, NULL, NULL, NULL, NULL, &with),
		  -EINTR);
	EXPECT_EQ(handled, 1);
	SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &now, 8);
	EXPECT_EQ(now, blocked);
	with.size = 4;
	EXPECT_EQ(SYSCALL(SYS_pselect6, 0, NULL, NULL, NULL, time, &with),
		  -EINVAL);
}

/* --- eventfd --- */

static void
an_eventfd_counts(void)
{
	unsigned long long n = 5;
	int fd = SYSCALL(356, 3, O_NONBLOCK);	/* eventfd2 */
	int semaphore = SYSCALL(356, 2, O_NONBLOCK | 1);
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	ASSERT(fd >= 0 && semaphore >= 0);
	EXPECT_EQ(SYSCALL(SYS_write, fd, &n, 8), 8);
	EXPECT_EQ(SYSCALL(SYS_poll, &p, 1, 0), 1);
	EXPECT_EQ(p.revents, POLLIN | POLLOUT);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), 8);
	EXPECT_EQ(n, 8);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 8), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &n, 4), -EINVAL);
	n = ~0ull;
	EXPECT_EQ(SYSCALL(SYS_write, fd, &n, 8), -EINVAL);
	n = ~0ull - 1;
	EXPECT_EQ(SYSCALL(SYS_write, fd, &n, 8), 8);
	n = 1;
	EXPECT_EQ(SYSCALL(SYS_write, fd, &n, 8), -EAGAIN);
	EXPECT_EQ(SYSCALL(SYS_read, semaphore, &n, 8), 8);
	EXPECT_EQ(n, 1);
	EXPECT_EQ(SYSCALL(SYS_read, semaphore, &n, 8), 8);
	EXPECT_EQ(SYSCALL(SYS_read, semaphore, &n, 8), -EAGAIN);
	EXPECT_EQ(SYSCALL(356, 0, 0x40), -EINVAL);
}

/* --- copy_file_range --- */

static long
copy_range(int in, long long *from, int out, long long *to, size_t n)
{
	return SYSCALL(391, in, from, out, to, n, 0);
}

static void
a_range_is_copied_between_files(void)
{
	int in = temp_file("0123456789", 10), out = temp_file("abcdefghij", 10);
	long long from = 2, to = 8;
	char text[16] = "";

	EXPECT_EQ(copy_range(in, &from, out, &to, 4), 4);
	EXPECT_EQ(from, 6);
	EXPECT_EQ(to, 12);
	EXPECT_EQ(copy_range(in, &from, out, &to, 100), 4);
	EXPECT_EQ(copy_range(in, &from, out, &to, 100), 0);
	EXPECT_EQ(to, 16);
	EXPECT_EQ(SYSCALL(SYS_pread64, out, text, 16, 0, 0, 0), 16);
	EXPECT(!memcmp(text, "abcdefgh23456789", 16));
	/* The files' own positions, which the others left alone. */
	SYSCALL(SYS_lseek, in, 7, 0);
	SYSCALL(SYS_lseek, out, 0, 0);
	EXPECT_EQ(copy_range(in, NULL, out, NULL, 2), 2);
	EXPECT_EQ(SYSCALL(SYS_lseek, in, 0, 1), 9);
	EXPECT_EQ(SYSCALL(SYS_lseek, out, 0, 1), 2);
	EXPECT_EQ(SYSCALL(SYS_pread64, out, text, 4, 0, 0, 0), 4);
	EXPECT(!memcmp(text, "78cd", 4));
	from = 0;
	to = 5;
	EXPECT_EQ(copy_range(in, &from, in, &to, 5), 5);
	EXPECT_EQ(SYSCALL(SYS_pread64, in, text, 10, 0, 0, 0), 10);
	EXPECT(!memcmp(text, "0123401234", 10));
}

static void
copy_range_errors(void)
{
	int in = temp_file("0123456789", 10), out = temp_file("", 0), p[2];
	int folder = open("/tmp", O_RDONLY);
	long long from = 0, to = 4, before = -1;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(copy_range(99, NULL, out, NULL, 1), -EBADF);
	EXPECT_EQ(copy_range(in, NULL, 99, NULL, 1), -EBADF);
	EXPECT_EQ(SYSCALL(391, in, NULL, out, NULL, 1, 1), -EINVAL);
	EXPECT_EQ(copy_range(p[0], NULL, out, NULL, 1), -EINVAL);
	EXPECT_EQ(copy_range(in, NULL, p[1], NULL, 1), -EINVAL);
	EXPECT_EQ(copy_range(folder, NULL, out, NULL, 1), -EISDIR);
	EXPECT_EQ(copy_range(in, (void *)8, out, NULL, 1), -EFAULT);
	EXPECT_EQ(copy_range(in, NULL, out, (void *)8, 1), -EFAULT);
	EXPECT_EQ(copy_range(in, &before, out, NULL, 1), -EOVERFLOW);
	before = -100;
	EXPECT_EQ(copy_range(in, &before, out, NULL, 1), -EINVAL);
	EXPECT_EQ(copy_range(in, &from, in, &to, 5), -EINVAL);
	EXPECT_EQ(copy_range(in, &from, out, NULL, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, out, F_SETFL, O_APPEND), 0);
	EXPECT_EQ(copy_range(in, &from, out, NULL, 1), -EBADF);
}

UTEST_SUITE(ipc,
	UTEST(a_range_is_copied_between_files),
	UTEST(copy_range_errors),
	UTEST(shmget_errors),
	UTEST(shmat_errors),
	UTEST(a_removed_segment_lives_while_it_is_mapped),
	UTEST(rights_of_a_segment),
	UTEST(process_vm_copies),
	UTEST(process_vm_errors),
	UTEST(sendfile_copies),
	UTEST(poll_tells_of_pipes),
	UTEST(poll_errors),
	UTEST(select_tells_of_pipes),
	UTEST(pselect_sleeps_with_another_mask),
	UTEST(an_eventfd_counts));
