/* SPDX-License-Identifier: MIT */
/*
 * Hostile arguments to every system call of the kernel's table.
 *
 * Two ways:
 *
 *	bad_pointers	for each call that takes a pointer, each pointer in turn is
 *			one that the program may not use, all else is right: the
 *			answer is EFAULT, and nothing else
 *	anything	arguments at random from values that have broken kernels:
 *			page ends, the kernel's addresses, lengths that overflow,
 *			other processes' numbers. Any answer is right that an
 *			answer can be; the kernel goes on, verified
 *
 * The second runs in a child for each call, as nobody and as root, with a timer
 * that ends what blocks; what still blocks is killed, and must end by that.
 */
#include "fuzz.h"

#include "../../kernel/syscall/calls.h"

#define NUMBER(nr, name)	NR_##name = nr,
#define ARM_NUMBER(nr, name)	NR_##name = 0x0f0000 + nr,
enum { SYSCALLS(NUMBER) ARM_SYSCALLS(ARM_NUMBER) };

#define ENTRY(nr, name)		{ nr, #name },
#define ARM_ENTRY(nr, name)	{ 0x0f0000 + nr, #name },
static const struct call {
	int nr;
	const char *name;
} calls[] = { SYSCALLS(ENTRY) ARM_SYSCALLS(ARM_ENTRY) };
#define CALLS	(sizeof(calls) / sizeof(calls[0]))

/* --- Memory of all kinds ---
 *
 *	BASE		two pages, read and write; all zeros but the last byte
 *	BASE + 2 pages	nothing
 *	READ_ONLY	a page, NO_ACCESS another
 */
#define BASE		0x50000000ul
#define END		(BASE + 2 * PAGE)
#define READ_ONLY	0x50010000ul
#define NO_ACCESS	0x50020000ul
#define TEXT		(BASE + 1024)		/* "/tmp" */
#define USER_END	0xc0000000ul		/* TASK_SIZE is not above */

static int files[11];
enum { NOTHING, MEMFD, PIPE_READ, PIPE_WRITE, FOLDER, MAPS, EVENT, PLAIN,
       ZEROS, SOCKET, OTHER_SOCKET };

static void
map_at(unsigned long at, unsigned long len, int prot)
{
	ASSERT_EQ(SYSCALL(SYS_mmap2, at, len, prot, MAP_PRIVATE |
			  MAP_ANONYMOUS | MAP_FIXED, -1, 0), at);
}

static void
make_memory(void)
{
	SYSCALL(SYS_munmap, BASE, 0x40000);
	map_at(BASE, 2 * PAGE, PROT_READ | PROT_WRITE);
	map_at(READ_ONLY, PAGE, PROT_READ);
	map_at(NO_ACCESS, PAGE, PROT_NONE);
	strcpy((char *)TEXT, "/tmp");
}

static void
open_files(void)
{
	files[NOTHING] = open("/dev/null", O_RDWR);
	files[MEMFD] = memfd_create("hostile", 0);
	SYSCALL(SYS_ftruncate, files[MEMFD], 3 * PAGE);
	SYSCALL(SYS_pipe, &files[PIPE_READ]);
	files[FOLDER] = open("/tmp", O_RDONLY);
	files[MAPS] = open("/proc/self/maps", O_RDONLY);
	files[EVENT] = SYSCALL(NR_eventfd2, 0, 0);
	files[PLAIN] = temp_file("some text\n", 10);
	files[ZEROS] = open("/dev/zero", O_RDWR);
	SYSCALL(NR_socketpair, 1, 1, 0, &files[SOCKET]);
	SYSCALL(NR_send, files[OTHER_SOCKET], TEXT, 64, 0);
}

/* --- Pointers, one by one --- */

/*
 * Arguments, a letter each:
 *	0-9 a-f  a number	F a file  D a folder  W a pipe's end  P our pid
 *	S  a socket that has 64 bytes
 *	o  out   i  in		s  a path: pointers that are tried
 *	O  I     the same, where a part is an answer: no page ends are tried
 *	w        a word that must be aligned
 *	N  64    A  memory (not tried)		- -100, AT_FDCWD
 */
static const struct probe {
	int nr;
	const char *args;
} probes[] = {
	{ NR_uname, "o" }, { NR_sysinfo, "o" }, { NR_times, "o" },
	{ NR_getrlimit, "1o" }, { NR_setrlimit, "4i" },
	{ NR_prlimit64, "010o" }, { NR_prlimit64, "04i0" },
	{ NR_getrusage, "0o" }, { NR_gettimeofday, "o0" },
	{ NR_clock_gettime, "0o" }, { NR_clock_getres, "0o" },
	{ NR_clock_gettime64, "0o" }, { NR_clock_getres_time64, "1o" },
	{ NR_clock_nanosleep, "10i0" }, { NR_nanosleep, "i0" },
	{ NR_clock_nanosleep_time64, "10i0" },
	{ NR_setitimer, "0i0" }, { NR_getitimer, "0o" },
	{ NR_timer_create, "1i0" }, { NR_timer_settime, "00i0" },
	{ NR_timer_settime64, "00i0" }, { NR_signalfd4, "-i80" },
	{ NR_stat64, "so" }, { NR_lstat64, "so" }, { NR_fstat64, "Fo" },
	{ NR_fstatat64, "-so0" }, { NR_statx, "-s0fo" },
	{ NR_open, "s0" }, { NR_openat, "-s0" }, { NR_access, "s0" },
	{ NR_faccessat, "-s0" }, { NR_chdir, "s" }, { NR_mkdir, "s7" },
	{ NR_mkdirat, "-s7" }, { NR_rmdir, "s" }, { NR_unlink, "s" },
	{ NR_unlinkat, "-s0" }, { NR_rename, "ss" },
	{ NR_renameat, "-s-s" }, { NR_link, "ss" }, { NR_linkat, "-s-s0" },
	{ NR_symlink, "ss" }, { NR_symlinkat, "s-s" },
	{ NR_readlink, "sAN" }, { NR_truncate, "s0" }, { NR_creat, "s7" },
	{ NR_utimensat, "-si0" }, { NR_getcwd, "oN" },
	{ NR_read, "FON" }, { NR_write, "FIN" }, { NR_pread64, "FON000" },
	{ NR_pwrite64, "FIN000" }, { NR_readv, "Fi1" },
	{ NR_writev, "Fi1" }, { NR_getdents64, "DON" },
	{ NR__llseek, "F00o0" }, { NR_sendfile, "WFiN" },
	{ NR_vmsplice, "Wi10" },
	{ NR_pipe, "o" }, { NR_pipe2, "o0" }, { NR_poll, "i10" },
	{ NR_select, "1o00A" }, { NR_select, "10o0A" },
	{ NR_select, "0000i" }, { NR_ppoll, "i1A00" },
	{ NR_rt_sigaction, "ai08" }, { NR_rt_sigaction, "a0o8" },
	{ NR_rt_sigprocmask, "0i08" }, { NR_rt_sigprocmask, "00o8" },
	{ NR_rt_sigpending, "o8" }, { NR_rt_sigtimedwait, "i0A8" },
	{ NR_rt_sigtimedwait, "A0i8" }, { NR_rt_sigqueueinfo, "P0i" },
	{ NR_rt_tgsigqueueinfo, "PP0i" },
	{ NR_sigaltstack, "0o" }, { NR_sigaltstack, "i0" },
	{ NR_mincore, "A1O" }, { NR_getrandom, "ON0" },
	{ NR_memfd_create, "s0" }, { NR_execve, "s00" },
	{ NR_execveat, "-s000" }, { NR_clone3, "iN" },
	{ NR_prctl, "fs" }, { NR_prctl, "2o" },
	{ NR_futex, "w01A" }, { NR_futex_time64, "w01A" },
	{ NR_process_vm_readv, "Pi1A10" }, { NR_process_vm_readv, "PA1i10" },
	{ NR_process_vm_writev, "Pi1A10" },
	{ NR_sched_getparam, "0o" }, { NR_sched_setparam, "0i" },
	{ NR_sched_setscheduler, "00i" }, { NR_sched_getaffinity, "04o" },
	{ NR_sched_setaffinity, "04i" }, { NR_getcpu, "o0" },
	{ NR_getcpu, "0o" }, { NR_get_robust_list, "0oA" },
	{ NR_get_robust_list, "0Ao" }, { NR_getresuid32, "oAA" },
	{ NR_getresuid32, "AoA" }, { NR_getresgid32, "AAo" },
	{ NR_capget, "iA" }, { NR_semctl, "003o" }, { NR_msgctl, "03o" },
	{ NR_shmctl, "03o" }, { NR_semop, "0i1" }, { NR_semtimedop, "0A1i" },
	{ NR_semtimedop_time64, "0A1i" }, { NR_msgsnd, "0i4" },
	{ NR_socketpair, "110o" }, { NR_send, "SIN0" },
	{ NR_sendto, "SIN000" }, { NR_sendto, "SAN0i8" },
	{ NR_recv, "SON2" }, { NR_recvfrom, "SON200" },
	{ NR_recvfrom, "SAN2Ao" }, { NR_connect, "Si8" },
	{ NR_getsockname, "SAo" }, { NR_getpeername, "SAo" },
	{ NR_getsockopt, "S13Ao" }, { NR_setsockopt, "S19i4" },
	{ NR_sendmsg, "Si0" }, { NR_recvmsg, "So2" },
};

/* What the letter means when it is right. */
static long
right(char letter)
{
	switch (letter) {
	case 'F':
		return files[PLAIN];
	case 'D':
		return files[FOLDER];
	case 'W':
		return files[PIPE_WRITE];
	case 'S':
		return files[SOCKET];
	case 'P':
		return getpid();
	case 'N':
		return 64;
	case '-':
		return -100;
	case 's':
		return TEXT;
	case 'o':
	case 'O':
		return BASE + 512;
	case 'i':
	case 'I':
	case 'w':
	case 'A':
		return BASE;
	default:
		return letter <= '9' ? letter - '0' : letter - 'a' + 10;
	}
}

static long
call_probe(const struct probe *probe, int which, unsigned long bad)
{
	long args[6] = { 0 };
	int i;

	memset((void *)BASE, 0, 512);
	*(char *)(END - 1) = 'x';	/* what begins here has no end */
	SYSCALL(SYS_lseek, files[PLAIN], 0, SEEK_SET);
	SYSCALL(SYS_lseek, files[FOLDER], 0, SEEK_SET);
	for (i = 0; probe->args[i]; i++)
		args[i] = i == which ? (long)bad : right(probe->args[i]);
	return SYSCALL(probe->nr, args[0], args[1], args[2], args[3], args[4],
		       args[5]);
}

static const char *
name_of(int nr)
{
	unsigned i;

	for (i = 0; i < CALLS; i++)
		if (calls[i].nr == nr)
			return calls[i].name;
	return "?";
}

static void
expect_efault(const struct probe *probe, int which, unsigned long bad)
{
	long result = call_probe(probe, which, bad);

	if (result != -EFAULT)
		printf("    # %s(%s): argument %d is %#lx, answer %ld\n",
		       name_of(probe->nr), probe->args, which, bad, result);
	EXPECT(result == -EFAULT);
}

/* All bad values of one pointer. */
static void
try_pointer(const struct probe *probe, int which)
{
	static const unsigned long never[] = {
		8, NO_ACCESS, END, USER_END, 0xc0008000, 0xffff0000,
		0xfffffffc, 0xffffffff,
	};
	char kind = probe->args[which];
	unsigned i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (kind != 'w' || never[i] % 4 == 0)
			expect_efault(probe, which, never[i]);
	if (kind == 'o' || kind == 'i' || kind == 's')
		expect_efault(probe, which, END - 1);
	if (kind == 'o' || kind == 'O')
		expect_efault(probe, which, READ_ONLY);
}

static void
bad_pointers(void)
{
	unsigned i, tried = 0;
	int a;

	make_memory();
	open_files();
	for (i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		const struct probe *probe = &probes[i];
		long good = call_probe(probe, -1, 0);

		if (good == -EFAULT || good == -ENOSYS)
			printf("    # %s(%s): answer %ld\n", name_of(probe->nr),
			       probe->args, good);
		EXPECT(good != -EFAULT && good != -ENOSYS);
		for (a = 0; probe->args[a]; a++) {
			if (!strchr("oOiIsw", probe->args[a]))
				continue;
			try_pointer(probe, a);
			tried++;
		}
	}
	printf("    # %u pointers of %u calls\n", tried, i);
	expect_verified("afterwards");
}

/* --- Anything --- */

/* Where children tell. */
struct told {
	int nr;
	long internal;
	unsigned made;
};
static struct told *told;

static unsigned long
any_value(struct rng *r)
{
	static const unsigned long values[] = {
		0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 64, 128, 255, 256,
		1024, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 1 << 20, 0x7fffffff,
		0x80000000, 0x80000001, 0xfffff000, -100ul, -1ul, -2ul, -4096ul,
		BASE, BASE + 1, BASE + 512, TEXT, BASE + PAGE - 2, END - 1,
		END - 2, END - 4, END - 8, END - 12, END - 16, END - 64, END,
		READ_ONLY, READ_ONLY + PAGE - 4, NO_ACCESS, USER_END - 1,
		USER_END - 4, USER_END - PAGE, USER_END, 0xc0008000, 0xe0000000,
		0xffff0000, 0xffff0ff0, 0xfffffffc,
	};
	unsigned n = sizeof(values) / sizeof(values[0]);

	switch (rng_below(r, 8)) {
	case 0:
		return files[rng_below(r, 9)];
	case 1:
		return rng_one_in(r, 2) ? (unsigned)getpid() : rng_next(r);
	case 2:
		return rng_below(r, 64);
	case 3:
		return 1ul << rng_below(r, 32);
	default:
		return values[rng_below(r, n)];
	}
}

static void
woken(int sig)
{
}

/* What a call of before may have changed, so that none blocks for ever. */
static void
set_alarm(void)
{
	struct sigaction action = { .sa_flags = SA_NODEFER };
	long every[4] = { 0, 20000, 0, 20000 };
	unsigned long long none = 0;

	action.sa_handler = woken;
	sigaction(SIGALRM, &action, NULL);
	SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
	SYSCALL(SYS_setitimer, 0, every, NULL);
}

/* In the child: n times this call, then the end. */
static void
attack(int nr, unsigned n, struct rng *r, bool root)
{
	int pid = SYSCALL(SYS_setsid);
	long args[6], result;
	unsigned i;

	SYSCALL(NR_close_range, 0, 1000, 0);	/* not the console */
	open_files();
	make_memory();
	if (!root)
		SYSCALL(NR_setresuid32, 1000, 1000, 1000);
	while (n--) {
		for (i = 0; i < 6; i++)
			args[i] = any_value(r);
		set_alarm();
		result = SYSCALL(nr, args[0], args[1], args[2], args[3],
				 args[4], args[5]);
		if (SYSCALL(SYS_getpid) != pid)
			break;		/* it was a kind of fork */
		told->made++;
		if (is_internal_error(result)) {
			told->nr = nr;
			told->internal = result;
		}
	}
	SYSCALL(SYS_exit_group, 0);
}

/* Its end, or by SIGKILL after three seconds. */
static void
expect_end(pid_t pid, const char *name)
{
	long pause[2] = { 0, 10 * 1000 * 1000 };
	int i;

	for (i = 0; i < 900; i++) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return;
		if (i >= 300 && i % 100 == 0)
			kill(pid, SIGKILL);
		SYSCALL(SYS_nanosleep, pause, NULL);
	}
	printf("    # %s: SIGKILL does not end it\n", name);
	EXPECT(!"a process that cannot be killed");
}

/* What would end the tests themselves, and not by a mistake of the kernel. */
static bool
is_left_out(int nr, bool root)
{
	if (nr == NR_reboot)
		return true;
	return root && (nr == NR_kill || nr == NR_tkill || nr == NR_tgkill ||
			nr == NR_rt_sigqueueinfo ||
			nr == NR_rt_tgsigqueueinfo || nr == NR_mount ||
			nr == NR_umount2);
}

static void
attack_with(const struct call *call, unsigned n, struct rng *r, bool root)
{
	pid_t pid;

	if (is_left_out(call->nr, root))
		return;
	rng_next(r);
	fflush(stdout);
	pid = fork();
	ASSERT(pid >= 0);
	if (!pid)
		attack(call->nr, n, r, root);
	expect_end(pid, call->name);
	kill(-pid, SIGKILL);		/* what it has left behind */
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Root may have changed the folder in which the suites behind this one work. */
static void
put_back(const char *folder, const struct stat *was)
{
	EXPECT_EQ(SYSCALL(NR_chown32, folder, was->st_uid, was->st_gid), 0);
	EXPECT_EQ(SYSCALL(NR_chmod, folder, was->st_mode & 07777), 0);
}

static void
anything(bool root)
{
	unsigned seed = fuzz_option("test.seed", 1), i;
	unsigned n = fuzz_option("fuzz", 4000) / CALLS + 1;
	struct stat tmp;
	struct rng r;

	ASSERT_EQ(stat("/tmp", &tmp), 0);
	told = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT(told != MAP_FAILED);
	for (i = 0; i < CALLS; i++) {
		rng_start(&r, seed, i, root);
		attack_with(&calls[i], n, &r, root);
	}
	if (told->internal)
		printf("    # %s: answer %ld\n", name_of(told->nr),
		       told->internal);
	put_back("/tmp", &tmp);
	EXPECT_EQ(told->internal, 0);
	printf("    # seed %u: %u calls\n", seed, told->made);
	expect_verified("afterwards");
}

static void
anything_from_nobody(void)
{
	anything(false);
}

static void
anything_from_root(void)
{
	anything(true);
}

UTEST_SUITE(hostile,
	UTEST(bad_pointers),
	UTEST(anything_from_nobody),
	UTEST(anything_from_root));
