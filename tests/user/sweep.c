/* SPDX-License-Identifier: MIT */
/*
 * Allocation-failure sweeps from outside: whichever allocation of a call or a fault
 * is the one that fails, the program gets the error that is documented, or is killed
 * where there is nobody to tell (a fault), and nothing is lost.
 *
 *	run 1:	allocation 1 fails	-> ENOMEM
 *	run 2:	allocation 2 fails	-> ENOMEM
 *	...
 *	run n:	passes, and not all that it might allocate was needed
 *
 * Each run is a child that asks for the failure (/proc/self/fail-nth) and then acts
 * out a scenario. What it was given is counted after each run (meminfo), all of
 * memory management is verified, and at the end the kernel's own objects are
 * counted (slabinfo).
 */
#include <linux/userfaultfd.h>

#include "sweep.h"

#define FAIL_NTH	"/proc/self/fail-nth"
#define P		PAGE
#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)
#define LIMIT		2000
#define REPEATS		80		/* more than lie in four slabs */

static char exec_path[64];		/* what scenarios run */

/* --- The harness --- */

/* In the child. Its stack and data are its own before anything is counted. */
static void
run_scenario(scenario_fn fn, unsigned n)
{
	volatile char stack[8192];
	char text[16];
	int fd = open(FAIL_NTH, O_WRONLY), len, i;

	for (i = 0; i < (int)sizeof(stack); i += 1024)
		stack[i] = 1;
	len = snprintf(text, sizeof(text), "%u\n", n);
	if (SYSCALL(SYS_write, fd, text, len) != len)
		_exit(99);
	SYSCALL(SYS_exit_group, -fn());
}

/* How many allocations are left until the one that was to fail. */
static unsigned
left(void)
{
	char text[16] = "";
	int fd = open(FAIL_NTH, O_RDONLY);

	SYSCALL(SYS_read, fd, text, sizeof(text) - 1);
	close(fd);
	return strtoul(text, NULL, 10);
}

static void
stop_watching(void)
{
	int fd = open(FAIL_NTH, O_WRONLY);

	SYSCALL(SYS_write, fd, "0\n", 2);
	close(fd);
}

static const char *const counts[] = {
	"AnonPages", "Mapped", "Shmem", "Committed_AS", "Mlocked",
};
#define COUNTS	(sizeof(counts) / sizeof(counts[0]))

static const char *const caches[] = {
	"process", "sighand", "vm_area_struct", "sigqueue", "filp",
};
#define CACHES	(sizeof(caches) / sizeof(caches[0]))

/*
 * Each core may hold a slab, of which all objects are counted. Loses a run one
 * object, all of them lose more than a few slabs. A dead thread's structure goes
 * a moment after its process is waited for.
 */
static void
expect_objects(const long *before)
{
	long pause[2] = { 0, 10 * 1000 * 1000 }, now, per_slab, more;
	unsigned i, tries;

	for (i = 0; i < CACHES; i++) {
		if (!objects_of(caches[i], &now, &per_slab))
			continue;
		more = before[i] + 4 * per_slab;
		for (tries = 0; tries < 20 && now > more; tries++) {
			SYSCALL(SYS_nanosleep, pause, NULL);
			objects_of(caches[i], &now, &per_slab);
		}
		if (now > more)
			printf("    # %s: %ld objects, were %ld\n", caches[i],
			       now, before[i]);
		EXPECT(now <= more);
	}
}

/* A child of a run that was killed may live a moment longer. */
static void
expect_counts(const long *before, unsigned n)
{
	long pause[2] = { 0, 5 * 1000 * 1000 };
	unsigned i, tries;

	for (i = 0; i < COUNTS; i++) {
		for (tries = 0; tries < 20 && meminfo(counts[i]) != before[i];
		     tries++)
			SYSCALL(SYS_nanosleep, pause, NULL);
		if (meminfo(counts[i]) == before[i])
			continue;
		printf("    # run %u: %s: %ld kB, was %ld\n", n, counts[i],
		       meminfo(counts[i]), before[i]);
		EXPECT(!"what a run was given is back");
	}
}

/* May a run with a failed allocation end so? */
static bool
is_documented(int status)
{
	int code = WEXITSTATUS(status);

	/* Sections are of a pool of their own: SIGBUS, as in Linux. */
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL ||
		       WTERMSIG(status) == SIGBUS;
	return code == 0 || code == ENOMEM || code == EAGAIN ||
	       code == ENOSPC || code == EFAULT;
}

static int
one_run(scenario_fn fn, unsigned n)
{
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		run_scenario(fn, n);
	ASSERT(pid > 0);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	return status;
}

/* As deep as anything here goes: where the stack begins is random. */
static void
touch_stack(void)
{
	volatile char room[8 * PAGE];
	unsigned i;

	for (i = 0; i < sizeof(room); i += PAGE)
		room[i] = 0;
}

void
sweep(scenario_fn fn, unsigned least)
{
	long before[COUNTS], objects[CACHES] = { 0 }, per_slab;
	unsigned n, i, errors = 0;
	int status;

	if (access(FAIL_NTH, W_OK))
		SKIP("no " FAIL_NTH);
	/* Caches are filled, and what this process itself needs is touched. */
	touch_stack();
	ASSERT_EQ(one_run(fn, LIMIT), 0);
	one_run(fn, 1);
	expect_verified("at first");
	printf("    # allocation by allocation\n");
	left();
	for (i = 0; i < CACHES; i++)
		objects_of(caches[i], &objects[i], &per_slab);
	meminfo(counts[0]);		/* its buffer is touched, too */
	for (i = 0; i < COUNTS; i++)	/* last: all of this is touched now */
		before[i] = meminfo(counts[i]);
	for (n = 1; n < LIMIT; n++) {
		status = one_run(fn, n);
		if (left()) {
			EXPECT_EQ(status, 0);
			break;
		}
		if (!is_documented(status))
			printf("    # run %u: status %#x\n", n, status);
		EXPECT(is_documented(status));
		errors += status != 0;
		expect_counts(before, n);
		if (n % 4 == 1)
			expect_verified("after a run");
	}
	/* The last that can fail has the most to give back: often, to see it. */
	for (i = 0; i < REPEATS && n > 1; i++)
		one_run(fn, n - 1);
	one_run(fn, LIMIT);		/* removes what these could not */
	stop_watching();
	expect_verified("after the sweep");
	expect_objects(objects);
	printf("    # %u allocations, %u told\n", n - 1, errors);
	EXPECT(n > least && n < LIMIT);
	EXPECT(errors >= least / 2);
}

/* --- Processes --- */

static int
fork_and_wait(void)
{
	long pid = SYSCALL(SYS_fork);

	if (!pid)
		SYSCALL(SYS_exit_group, 0);
	TRY(pid);
	return SYSCALL(SYS_wait4, pid, 0, 0, 0) == pid ? 0 : -ECHILD;
}

static void
fork_fails_whole(void)
{
	sweep(fork_and_wait, 10);
}

static int
vfork_and_wait(void)
{
	long pid = SYSCALL(SYS_vfork);

	if (!pid)
		SYSCALL(SYS_exit_group, 0);
	TRY(pid);
	return SYSCALL(SYS_wait4, pid, 0, 0, 0) == pid ? 0 : -ECHILD;
}

static void
vfork_fails_whole(void)
{
	sweep(vfork_and_wait, 4);
}

static int
do_nothing(void *arg)
{
	return 0;
}

static int
threads(void)
{
	static char stacks[2][4096] __attribute__((aligned(8)));
	static volatile int tids[2];
	int i;

	for (i = 0; i < 2; i++)
		TRY(start_thread(stacks[i] + 4096, do_nothing, NULL, &tids[i]));
	for (i = 0; i < 2; i++)
		join_thread(&tids[i]);
	return 0;
}

static void
clone_fails_whole(void)
{
	sweep(threads, 0);
}

/* --- exec --- */

static int
exec_program(void)
{
	char *words[] = { exec_path, "some", "words", NULL };

	return SYSCALL(SYS_execve, exec_path, words, words + 1);
}

static void
exec_static_fails_whole(void)
{
	strcpy(exec_path, temp_name("exec"));
	make_program(exec_path, ET_EXEC, NULL);
	sweep(exec_program, 12);
	unlink(exec_path);
}

static void
exec_pie_fails_whole(void)
{
	strcpy(exec_path, temp_name("exec"));
	make_program(exec_path, ET_DYN, NULL);
	sweep(exec_program, 12);
	unlink(exec_path);
}

static void
exec_dynamic_fails_whole(void)
{
	char interp[64];

	strcpy(exec_path, temp_name("exec"));
	strcpy(interp, temp_name("ld"));
	make_program(interp, ET_DYN, NULL);
	make_program(exec_path, ET_DYN, interp);
	sweep(exec_program, 16);
	unlink(exec_path);
	unlink(interp);
}

static void
exec_script_fails_whole(void)
{
	char interp[64], line[80];
	int fd;

	strcpy(exec_path, temp_name("exec"));
	strcpy(interp, temp_name("sh"));
	make_program(interp, ET_EXEC, NULL);
	snprintf(line, sizeof(line), "#! %s word\n", interp);
	fd = open(exec_path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	write(fd, line, strlen(line));
	close(fd);
	sweep(exec_program, 16);
	unlink(exec_path);
	unlink(interp);
}

static int
exec_with_threads(void)
{
	static char stack[4096] __attribute__((aligned(8)));
	static volatile int tid;

	TRY(start_thread(stack + 4096, (int (*)(void *))(void *)pause, NULL,
			 &tid));
	return exec_program();
}

static void
exec_with_threads_fails_whole(void)
{
	strcpy(exec_path, temp_name("exec"));
	make_program(exec_path, ET_EXEC, NULL);
	sweep(exec_with_threads, 12);
	unlink(exec_path);
}

/* --- The mmap family --- */

static int
map_memory(void)
{
	long at = SYSCALL(SYS_mmap2, 0, 8 * P, RW, ANON, -1, 0), other;

	TRY(at);
	TRY(SYSCALL(SYS_mprotect, at + P, P, PROT_READ));
	TRY(SYSCALL(SYS_munmap, at + 3 * P, P));
	TRY(SYSCALL(SYS_madvise, at + 5 * P, P, MADV_DONTFORK));
	TRY(SYSCALL(SYS_mlock, at + 6 * P, P));
	other = SYSCALL(SYS_mmap2, 0, 4 * P, RW, ANON | MAP_POPULATE, -1, 0);
	TRY(other);
	TRY(SYSCALL(SYS_mremap, other, 4 * P, 600 * P, MREMAP_MAYMOVE, 0));
	TRY(SYSCALL(SYS_mremap, at, P, P, MREMAP_MAYMOVE | MREMAP_FIXED,
		    0x50000000));
	TRY(SYSCALL(SYS_munmap, 0x4ff00000, 64 * P));
	return 0;
}

static void
mappings_fail_whole(void)
{
	sweep(map_memory, 10);
}

static int
map_files(void)
{
	long at, fd = SYSCALL(SYS_memfd_create, "swept", 0);
	struct { long base, len; } iov = { 0, P };

	TRY(fd);
	TRY(SYSCALL(SYS_ftruncate, fd, 40 * P));
	TRY(SYSCALL(SYS_fallocate, fd, 0, 0, 0, 4 * P, 0));
	at = SYSCALL(SYS_mmap2, 0, 8 * P, RW, MAP_SHARED | MAP_POPULATE, fd, 0);
	TRY(at);
	TRY(SYSCALL(SYS_remap_file_pages, at + P, P, 0, 20, 0));
	TRY(SYSCALL(SYS_madvise, at, P, MADV_REMOVE));
	TRY(SYSCALL(SYS_mprotect, at + 4 * P, P, PROT_READ));
	TRY(SYSCALL(SYS_msync, at, 8 * P, MS_SYNC));
	iov.base = at;
	TRY(SYSCALL(SYS_process_vm_readv, getpid(), &iov, 1, &iov, 1, 0));
	TRY(SYSCALL(SYS_fallocate, fd, 3, 0, 0, 4 * P, 0));
	return 0;
}

static void
file_mappings_fail_whole(void)
{
	sweep(map_files, 16);
}

static int
segments(void)
{
	long id = SYSCALL(SYS_shmget, 0, 4 * P, 01600), at;

	TRY(id);
	at = SYSCALL(SYS_shmat, id, 0, 0);
	if (SYSCALL(SYS_shmctl, id, 0x100, 0))	/* it goes with its mapping */
		return -EIO;
	TRY(at);
	TRY(SYSCALL(SYS_mprotect, at + P, P, PROT_READ));
	TRY(fork_and_wait());
	return SYSCALL(SYS_shmdt, at);
}

static void
segments_fail_whole(void)
{
	sweep(segments, 12);
}

static int
heap(void)
{
	long end = SYSCALL(SYS_brk, 0);

	if (SYSCALL(SYS_brk, end + 40 * P) != end + 40 * (long)P)
		return -ENOMEM;
	*(volatile char *)(end + 39 * P) = 1;
	return SYSCALL(SYS_brk, end + P) == end + (long)P ? 0 : -EIO;
}

static void
brk_fails_whole(void)
{
	sweep(heap, 1);
}

/* --- Faults --- */

static int
touch_memory(void)
{
	volatile char *page = (char *)SYSCALL(SYS_mmap2, 0x50000000, 16 * P,
					      RW, ANON | MAP_FIXED, -1, 0);
	volatile char *shared = (char *)SYSCALL(SYS_mmap2, 0x60000000, 4 * P,
						RW, MAP_SHARED | MAP_ANONYMOUS |
						MAP_FIXED, -1, 0);

	TRY((long)page);
	TRY((long)shared);
	(void)page[0];			/* zeros */
	page[0] = 1;			/* a copy of them */
	page[P] = 1;
	shared[P] = 1;
	(void)shared[2 * P];
	return 0;
}

static void
faults_of_memory_kill(void)
{
	sweep(touch_memory, 8);
}

static int
touch_files(void)
{
	long fd = SYSCALL(SYS_memfd_create, "swept", 0);
	volatile char *private, *shared;

	TRY(fd);
	TRY(SYSCALL(SYS_ftruncate, fd, 4 * P));
	private = (char *)SYSCALL(SYS_mmap2, 0x50000000, 4 * P, RW,
				  MAP_PRIVATE | MAP_FIXED, fd, 0);
	TRY((long)private);
	shared = (char *)SYSCALL(SYS_mmap2, 0x60000000, 4 * P, RW,
				 MAP_SHARED | MAP_FIXED, fd, 0);
	TRY((long)shared);
	(void)private[0];
	private[0] = 1;
	private[P] = 1;
	shared[0] = 1;
	shared[P] = 1;
	shared[2 * P] = 1;
	TRY(SYSCALL(SYS_ftruncate, fd, P));
	TRY(SYSCALL(SYS_ftruncate, fd, 4 * P));
	return 0;
}

static void
faults_of_files_kill(void)
{
	sweep(touch_files, 8);
}

/* Parent and child write to what they share; so does the stack, which grows. */
static int
copy_on_write(void)
{
	volatile char *page = (char *)SYSCALL(SYS_mmap2, 0x50000000, 4 * P, RW,
					      ANON | MAP_FIXED | MAP_POPULATE,
					      -1, 0);
	long pid;
	int i;

	TRY((long)page);
	pid = SYSCALL(SYS_fork);
	TRY(pid);
	for (i = 0; i < 4; i++)
		page[i * P] = 2;
	if (!pid)
		SYSCALL(SYS_exit_group, 0);
	SYSCALL(SYS_wait4, pid, 0, 0, 0);
	return 0;
}

static void
copies_on_write_kill(void)
{
	sweep(copy_on_write, 14);
}

static int
deep(int n)
{
	volatile char room[16 * PAGE];

	room[0] = n;
	return n ? deep(n - 1) + room[0] : 0;
}

static int
grow_stack(void)
{
	return deep(8) < 0;
}

static void
a_stack_that_cannot_grow_kills(void)
{
	sweep(grow_stack, 3);
}

static int
huge_page(void)
{
	volatile char *page = (char *)SYSCALL(SYS_mmap2, 0, 1 << 20, RW,
					      ANON | MAP_HUGETLB, -1, 0);

	TRY((long)page);
	page[12345] = 1;
	return fork_and_wait();
}

/* Nobody moves pages aside for a block of 1 MiB, and it takes two. */
static void
faults_of_sections_kill(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	ASSERT_EQ(write(fd, "3", 1), 1);
	close(fd);
	if (one_run(huge_page, LIMIT))
		SKIP("no two blocks of 1 MiB are free");
	sweep(huge_page, 8);
}

/* The first use of a register of the FPU. */
static int
float_once(void)
{
	__asm__ volatile(".fpu vfpv3\n\tvmov.f32 s0, #1.0");
	return 0;
}

static void
a_first_float_kills(void)
{
	sweep(float_once, 1);
}

/* --- Signals --- */

static volatile int seen;

static void
see(int sig, siginfo_t *info, void *context)
{
	seen++;
}

/* A signal without memory for its story is a signal all the same. */
static int
signals(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	siginfo_t info = { .si_code = -1 };
	int i, pid = SYSCALL(SYS_getpid);

	action.sa_sigaction = see;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(40, &action, NULL);
	seen = 0;
	for (i = 0; i < 3; i++) {
		TRY(SYSCALL(SYS_kill, pid, SIGUSR1));
		TRY(SYSCALL(178, pid, 40, &info));	/* rt_sigqueueinfo */
	}
	return seen == 6 ? 0 : -EIO;
}

static void
signals_come_without_memory(void)
{
	sweep(signals, 2);
}

/* --- Files, as far as processes need them --- */

static int
descriptors(void)
{
	static char text[256];
	int fds[2], want[2] = { 0, 1 };
	long fd = SYSCALL(SYS_open, "/proc/self/maps", O_RDONLY), n;

	TRY(fd);
	TRY(n = SYSCALL(SYS_read, fd, text, sizeof(text)));
	TRY(SYSCALL(SYS_pipe2, fds, 0));
	TRY(SYSCALL(SYS_write, fds[1], text, n));
	TRY(SYSCALL(SYS_dup2, fds[0], 300));	/* a larger table */
	TRY(SYSCALL(SYS_fcntl64, fds[0], 0, 500));
	TRY(SYSCALL(SYS_poll, want, 1, 0));
	TRY(SYSCALL(351, 0));			/* eventfd */
	TRY(fork_and_wait());
	return 0;
}

static void
descriptors_fail_whole(void)
{
	sweep(descriptors, 16);
}

/* Of memory that a program serves: a VMA becomes three, and pages are put there. */
static int
serve_faults(void)
{
	static char page[P] __attribute__((aligned(P))) = "x";
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .src = (unsigned long)page, .len = P };
	struct uffdio_zeropage zero = { .mode = 0 };
	long fd, at;

	TRY(fd = SYSCALL(SYS_userfaultfd, 0));
	TRY(at = SYSCALL(SYS_mmap2, 0, 4 * P, RW, ANON, -1, 0));
	zero.range.start = r.range.start = at + P;
	copy.dst = at + 2 * P;
	r.range.len = 2 * P;
	zero.range.len = P;
	TRY(SYSCALL(SYS_ioctl, fd, UFFDIO_API, &api));
	TRY(SYSCALL(SYS_ioctl, fd, UFFDIO_REGISTER, &r));
	TRY(SYSCALL(SYS_ioctl, fd, UFFDIO_ZEROPAGE, &zero));
	TRY(SYSCALL(SYS_ioctl, fd, UFFDIO_COPY, &copy));
	return *(char *)(unsigned long)copy.dst == 'x' ? 0 : -EIO;
}

static void
served_faults_fail_whole(void)
{
	sweep(serve_faults, 8);
}

UTEST_SUITE(sweep_user,
	UTEST(fork_fails_whole),
	UTEST(vfork_fails_whole),
	UTEST(clone_fails_whole),
	UTEST(exec_static_fails_whole),
	UTEST(exec_pie_fails_whole),
	UTEST(exec_dynamic_fails_whole),
	UTEST(exec_script_fails_whole),
	UTEST(exec_with_threads_fails_whole),
	UTEST(mappings_fail_whole),
	UTEST(file_mappings_fail_whole),
	UTEST(segments_fail_whole),
	UTEST(brk_fails_whole),
	UTEST(faults_of_memory_kill),
	UTEST(faults_of_files_kill),
	UTEST(copies_on_write_kill),
	UTEST(a_stack_that_cannot_grow_kills),
	UTEST(faults_of_sections_kill),
	UTEST(a_first_float_kills),
	UTEST(signals_come_without_memory),
	UTEST(descriptors_fail_whole),
	UTEST(served_faults_fail_whole));
