/* SPDX-License-Identifier: MIT */
/*
 * Random calls on memory, by several processes of several threads at once.
 *
 * Ideas
 *   Arena    the same 4 MiB of addresses in each process, where all that is
 *	  mapped, moved, locked and unmapped lies; so calls meet what others
 *	  left, and threads take memory away from under each other.
 *   Replay   what a thread calls follows from the seed, the round and the
 *	  number of the thread alone, never from a result. On a machine with
 *	  one core under icount a seed repeats a run exactly; on several cores
 *	  it repeats the calls, and only their order among threads is new.
 *   Touching may fault, for the memory may be gone: a handler goes on behind
 *	  the instruction. A process that is killed for want of memory is right
 *	  as well.
 *   Judge    after each round of 3 processes of 2 threads the kernel verifies
 *	  all of its memory management (/proc/verify); at the end every count
 *	  of memory must be what it was. KASAN, lock checks and the translation
 *	  checker watch meanwhile, where they are built in.
 *	  Each kind of call must have succeeded now and then: a fuzzer that is
 *	  only refused finds nothing.
 *
 *	make test SUITE=fuzz_memory ON=256x4 APPEND="fuzz=1000000"
 */
#include "fuzz.h"

#define ARENA		0x40000000ul
#define ARENA_PAGES	1024u
#define PROCESSES	3
#define THREADS		2
#define FILES		4
#define STACK_SIZE	16384
#define SHM_KEY		0x76656c00
#define ROUND_CALLS	150	/* of a thread, unless many are asked for */

struct worker {
	struct rng rng;
	int process, thread, depth;
	unsigned calls;
	volatile int tid;
	unsigned char vec[2048];
};

struct iovec {
	unsigned long base, len;
};

/* Shared by all processes. */
struct shared {
	unsigned good[64], bad[64];	/* results, by kind of call */
	int internal, internal_kind;	/* a result that must not be */
	int pids[PROCESSES];
};

static struct shared *shared;
static int files[FILES], pipe_fds[2];
static unsigned long heap;

/* --- Arguments --- */

static unsigned long
any_addr(struct rng *r)
{
	unsigned long addr = ARENA + rng_below(r, ARENA_PAGES) * PAGE;

	return rng_one_in(r, 32) ? addr + rng_next(r) % PAGE : addr;
}

static unsigned long
any_len(struct rng *r)
{
	/* None that ends between the arena and the stack: it would succeed. */
	static const unsigned long odd[] = {
		0, 1, 0xffffffff, 0xfffff000, 0xc0000000, 0xa0000000,
	};
	unsigned long pages = 1 + rng_next(r) % (1u << rng_below(r, 9));

	if (rng_one_in(r, 32))
		return odd[rng_below(r, 6)];
	return pages * PAGE - (rng_one_in(r, 8) ? rng_below(r, PAGE) : 0);
}

static int
any_prot(struct rng *r)
{
	return rng_one_in(r, 3) ? rng_below(r, 8) : PROT_READ | PROT_WRITE;
}

static int
any_file(struct rng *r)
{
	return files[rng_below(r, FILES)];
}

static unsigned long
small_len(struct rng *r)
{
	return 1 + rng_next(r) % (1u << rng_below(r, 15));
}

/* --- Touching --- */

void touch_load(unsigned long addr);
void touch_store(unsigned long addr);
void touch_end(void);

/* Leaves, so that lr is where the handler goes on. */
__asm__(".thumb\n.syntax unified\n"
	".thumb_func\ntouch_load:\n\tldrb r0, [r0]\n\tbx lr\n"
	".thumb_func\ntouch_store:\n\tstrb r0, [r0]\n\tbx lr\n"
	".thumb_func\ntouch_end:\n");

/* From struct ucontext: words of it. */
enum { UC_LR = 22, UC_PC = 23, UC_CPSR = 24 };

/* A fault anywhere else is told, and the process ends of it. */
static void
skip_touch(int sig, siginfo_t *info, void *context)
{
	unsigned long *uc = context, pc = uc[UC_PC];

	if (pc < ((unsigned long)touch_load & ~1ul) ||
	    pc >= ((unsigned long)touch_end & ~1ul)) {
		printf("    # signal %d, code %d, at pc %#lx, lr %#lx: %p\n",
		       sig, info->si_code, pc, uc[UC_LR], info->si_addr);
		fflush(stdout);
		signal(sig, SIG_DFL);
		return;
	}
	uc[UC_PC] = uc[UC_LR] & ~1ul;
	uc[UC_CPSR] |= 0x20;
}

static long
call_touch(struct worker *w)
{
	unsigned long addr = any_addr(&w->rng);
	unsigned n = 1 + rng_below(&w->rng, 16);
	bool store = rng_next(&w->rng) & 1;

	for (; n--; addr += PAGE)
		(store ? touch_store : touch_load)(addr);
	return 0;
}

/* --- The calls --- */

static long
call_mmap_anon(struct worker *w)
{
	struct rng *r = &w->rng;
	int flags = MAP_ANONYMOUS | MAP_FIXED |
		    (rng_one_in(r, 3) ? MAP_SHARED : MAP_PRIVATE);

	if (rng_one_in(r, 8))
		flags |= MAP_POPULATE;
	if (rng_one_in(r, 16))
		flags |= MAP_LOCKED;
	if (rng_one_in(r, 16))
		flags |= MAP_NORESERVE;
	if (rng_one_in(r, 24))
		flags |= MAP_GROWSDOWN;
	if (rng_one_in(r, 24))
		flags |= MAP_FIXED_NOREPLACE;
	return SYSCALL(SYS_mmap2, any_addr(r), any_len(r), any_prot(r), flags,
		       -1, 0);
}

static long
call_mmap_file(struct worker *w)
{
	struct rng *r = &w->rng;
	int flags = MAP_FIXED | (rng_one_in(r, 2) ? MAP_SHARED : MAP_PRIVATE) |
		    (rng_one_in(r, 8) ? MAP_POPULATE : 0);
	unsigned long pgoff = rng_one_in(r, 32) ? -rng_below(r, 4) :
						  rng_below(r, 32);

	return SYSCALL(SYS_mmap2, any_addr(r), any_len(r), any_prot(r), flags,
		       any_file(r), pgoff);
}

/* One or two sections. */
static long
call_mmap_huge(struct worker *w)
{
	struct rng *r = &w->rng;
	unsigned long addr = ARENA + (rng_below(r, ARENA_PAGES / 256) << 20);

	return SYSCALL(SYS_mmap2, addr, (1 + rng_below(r, 2)) << 20,
		       PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE |
		       MAP_FIXED | MAP_HUGETLB, -1, 0);
}

/* Where the kernel likes; and it goes at once. */
static long
call_mmap_anywhere(struct worker *w)
{
	struct rng *r = &w->rng;
	unsigned long len = any_len(r), hint = rng_next(r) & 0x7ffff000;
	long at = SYSCALL(SYS_mmap2, rng_one_in(r, 2) ? hint : 0, len,
			  any_prot(r), MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);

	return is_error(at) ? at : SYSCALL(SYS_munmap, at, len);
}

static long
call_munmap(struct worker *w)
{
	return SYSCALL(SYS_munmap, any_addr(&w->rng), any_len(&w->rng));
}

static long
call_mprotect(struct worker *w)
{
	struct rng *r = &w->rng;

	return SYSCALL(SYS_mprotect, any_addr(r), any_len(r), rng_below(r, 8) |
		       (rng_one_in(r, 32) ? PROT_GROWSDOWN : 0));
}

/* What has left the arena is of no use to it. */
static long
call_mremap(struct worker *w)
{
	struct rng *r = &w->rng;
	unsigned long old_len = rng_one_in(r, 16) ? 0 : any_len(r);
	unsigned long len = rng_one_in(r, 4) ? old_len : any_len(r);
	unsigned long from = any_addr(r), to = any_addr(r);
	long at = SYSCALL(SYS_mremap, from, old_len, len, rng_below(r, 8), to);

	if (!is_error(at) && (at < (long)ARENA ||
			      at >= (long)(ARENA + ARENA_PAGES * PAGE)))
		SYSCALL(SYS_munmap, at, len);
	return at;
}

static long
call_brk(struct worker *w)
{
	struct rng *r = &w->rng;
	unsigned long to = rng_one_in(r, 16) ? rng_next(r) & 0xffff :
			   heap + rng_below(r, 64 * PAGE);

	return SYSCALL(SYS_brk, to) == (long)to ? 0 : -ENOMEM;
}

static long
call_madvise(struct worker *w)
{
	struct rng *r = &w->rng;
	int advice = rng_one_in(r, 2) ? rng_below(r, 26) :
		     rng_one_in(r, 2) ? MADV_DONTNEED : MADV_REMOVE;

	return SYSCALL(SYS_madvise, any_addr(r), any_len(r), advice);
}

static long
call_pageout(struct worker *w)
{
	return SYSCALL(SYS_madvise, any_addr(&w->rng), any_len(&w->rng),
		       MADV_PAGEOUT);
}

static long
call_mlock(struct worker *w)
{
	struct rng *r = &w->rng;

	return SYSCALL(SYS_mlock2, any_addr(r), any_len(r), rng_below(r, 3));
}

static long
call_munlock(struct worker *w)
{
	return SYSCALL(SYS_munlock, any_addr(&w->rng), any_len(&w->rng));
}

static long
call_mlockall(struct worker *w)
{
	if (rng_one_in(&w->rng, 2))
		return SYSCALL(SYS_munlockall);
	return SYSCALL(SYS_mlockall, rng_below(&w->rng, 8));
}

static long
call_msync(struct worker *w)
{
	struct rng *r = &w->rng;

	return SYSCALL(SYS_msync, any_addr(r), any_len(r), rng_below(r, 8));
}

static long
call_mincore(struct worker *w)
{
	return SYSCALL(SYS_mincore, any_addr(&w->rng), any_len(&w->rng),
		       w->vec);
}

static long
call_remap_file_pages(struct worker *w)
{
	struct rng *r = &w->rng;

	return SYSCALL(SYS_remap_file_pages, any_addr(r), any_len(r), 0,
		       rng_below(r, 32), 0);
}

static long
call_ftruncate(struct worker *w)
{
	struct rng *r = &w->rng;

	return SYSCALL(SYS_ftruncate, any_file(r), rng_below(r, 48) * PAGE +
		       (rng_one_in(r, 2) ? rng_below(r, PAGE) : 0));
}

/* The offset and the length take two registers each. */
static long
call_fallocate(struct worker *w)
{
	struct rng *r = &w->rng;

	return SYSCALL(SYS_fallocate, any_file(r), rng_one_in(r, 2) ? 3 :
		       rng_below(r, 4), rng_below(r, 48 * PAGE), 0,
		       rng_below(r, 48 * PAGE), 0);
}

static long
call_file_io(struct worker *w)
{
	struct rng *r = &w->rng;
	int nr = rng_one_in(r, 2) ? SYS_pread64 : SYS_pwrite64;

	return SYSCALL(nr, any_file(r), any_addr(r), small_len(r), 0,
		       rng_below(r, 48 * PAGE), 0);
}

static long
call_pipe_io(struct worker *w)
{
	struct rng *r = &w->rng;
	struct iovec iov[4];
	int i;

	for (i = 0; i < 4; i++) {
		iov[i].base = any_addr(r);
		iov[i].len = small_len(r);
	}
	if (rng_one_in(r, 3))
		return SYSCALL(SYS_sendfile, pipe_fds[1], any_file(r), 0,
			       small_len(r));
	if (rng_one_in(r, 2))
		return SYSCALL(SYS_readv, pipe_fds[0], iov, rng_below(r, 5));
	return SYSCALL(SYS_writev, pipe_fds[1], iov, rng_below(r, 5));
}

static long
call_process_vm(struct worker *w)
{
	struct rng *r = &w->rng;
	int nr = rng_one_in(r, 2) ? SYS_process_vm_readv :
				    SYS_process_vm_writev;
	int pid = rng_one_in(r, 32) ? (int)rng_next(r) :
				      shared->pids[rng_below(r, PROCESSES)];
	struct iovec iov[6];
	int i;

	for (i = 0; i < 6; i++) {
		iov[i].base = any_addr(r);
		iov[i].len = rng_one_in(r, 32) ? any_len(r) : small_len(r);
	}
	return SYSCALL(nr, pid, iov, rng_below(r, 4), iov + 3, rng_below(r, 4),
		       0);
}

static long
call_shmat(struct worker *w)
{
	struct rng *r = &w->rng;
	long id = SYSCALL(SYS_shmget, rng_one_in(r, 8) ? 0 :
			  SHM_KEY + (int)rng_below(r, 4),
			  (1 + rng_below(r, 16)) * PAGE, 01600);
	long at = SYSCALL(SYS_shmat, id, any_addr(r), 020000 |
			  (rng_one_in(r, 4) ? 0 : 040000) |
			  (rng_one_in(r, 4) ? 010000 : 0));

	if (rng_one_in(r, 3))
		SYSCALL(SYS_shmctl, id, 0x100, 0);	/* IPC_RMID */
	return at;
}

static long
call_shmdt(struct worker *w)
{
	long result = -EINVAL;
	unsigned n = 16;
	unsigned long addr = any_addr(&w->rng) & ~0x3ffful;

	for (; n-- && result; addr += 0x4000)
		result = SYSCALL(SYS_shmdt, addr);
	return result;
}

static long
call_futex(struct worker *w)
{
	struct rng *r = &w->rng;
	static const int ops[] = { 0, 1, 3, 4, 9, 10 };
	long none[2] = { 0, 100000 };
	int op = ops[rng_below(r, 6)] | (rng_one_in(r, 2) ? 128 : 0);
	bool waits = op == 0 || op == 128 || op == 9 || op == 9 + 128;

	return SYSCALL(SYS_futex, any_addr(r) & ~3ul, op, rng_below(r, 3),
		       waits ? (long)none : (long)rng_below(r, 4),
		       any_addr(r) & ~3ul, waits ? -1 : 0);
}

/* A text of /proc that tells of an address space, into the arena. */
static long
call_proc(struct worker *w)
{
	static const char *const paths[] = {
		"/proc/self/maps", "/proc/self/smaps", "/proc/self/pagemap",
		"/proc/self/status", "/proc/self/statm", "/proc/self/stat",
	};
	struct rng *r = &w->rng;
	long fd = SYSCALL(SYS_open, paths[rng_below(r, 6)], O_RDONLY), n;

	if (fd < 0)
		return fd;
	if (rng_one_in(r, 4))
		SYSCALL(SYS_lseek, fd, rng_below(r, 8192) * 8, SEEK_SET);
	n = SYSCALL(SYS_read, fd, any_addr(r), small_len(r));
	SYSCALL(SYS_close, fd);
	return n;
}

static long
call_misc(struct worker *w)
{
	struct rng *r = &w->rng;
	unsigned long addr = any_addr(r);

	switch (rng_below(r, 3)) {
	case 0:
		return SYSCALL(SYS_sched_yield);
	case 1:
		return SYSCALL(SYS_cacheflush, addr, addr + small_len(r), 0);
	default:
		return SYSCALL(SYS_getrandom, addr, small_len(r), 0);
	}
}

static void run_calls(struct worker *w);

/* The child, a copy of this thread, goes on by itself for a while. */
static long
call_fork(struct worker *w)
{
	struct rng child;
	long pid;

	rng_start(&child, rng_next(&w->rng), w->process, w->thread);
	if (w->depth == 2)
		return 0;
	pid = SYSCALL(SYS_fork);
	if (!pid) {
		w->rng = child;
		w->calls = 10;
		w->depth++;
		run_calls(w);
		SYSCALL(SYS_exit_group, 0);
	}
	if (pid > 0)
		SYSCALL(SYS_wait4, pid, 0, 0, 0);
	return pid;
}

static const struct {
	const char *name;
	long (*fn)(struct worker *w);
	unsigned weight;
} kinds[] = {
	{ "touch", call_touch, 12 },
	{ "mmap of memory", call_mmap_anon, 10 },
	{ "mmap of a file", call_mmap_file, 8 },
	{ "mmap of sections", call_mmap_huge, 1 },
	{ "mmap anywhere", call_mmap_anywhere, 2 },
	{ "munmap", call_munmap, 4 },
	{ "mprotect", call_mprotect, 6 },
	{ "mremap", call_mremap, 6 },
	{ "brk", call_brk, 2 },
	{ "pageout", call_pageout, 3 },
	{ "madvise", call_madvise, 6 },
	{ "mlock", call_mlock, 2 },
	{ "munlock", call_munlock, 2 },
	{ "mlockall", call_mlockall, 1 },
	{ "msync", call_msync, 2 },
	{ "mincore", call_mincore, 2 },
	{ "remap_file_pages", call_remap_file_pages, 2 },
	{ "ftruncate", call_ftruncate, 4 },
	{ "fallocate", call_fallocate, 3 },
	{ "pread, pwrite", call_file_io, 5 },
	{ "pipes", call_pipe_io, 5 },
	{ "process_vm_*", call_process_vm, 4 },
	{ "shmat", call_shmat, 3 },
	{ "shmdt", call_shmdt, 2 },
	{ "futex", call_futex, 3 },
	{ "/proc", call_proc, 2 },
	{ "misc", call_misc, 3 },
	{ "fork", call_fork, 1 },
};
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static unsigned
any_kind(struct rng *r)
{
	static unsigned sum;
	unsigned i, n;

	for (i = 0, n = 0; !sum && i < KINDS; i++)
		n += kinds[i].weight;
	if (!sum)
		sum = n;
	n = rng_below(r, sum);
	for (i = 0; n >= kinds[i].weight; i++)
		n -= kinds[i].weight;
	return i;
}

/* --- Workers --- */

static void
run_calls(struct worker *w)
{
	for (; w->calls; w->calls--) {
		unsigned kind = any_kind(&w->rng);
		long result = kinds[kind].fn(w);

		__sync_fetch_and_add(is_error(result) ? &shared->bad[kind] :
						       &shared->good[kind], 1);
		if (!is_internal_error(result))
			continue;
		shared->internal = result;
		shared->internal_kind = kind;
	}
}

static int
run_thread(void *arg)
{
	run_calls(arg);
	return 0;
}

/* A process of the round. How it ends is a matter of chance, too. */
static void
run_process(unsigned seed, unsigned round, int process, unsigned calls)
{
	static struct worker workers[THREADS];
	static char stacks[THREADS][STACK_SIZE] __attribute__((aligned(8)));
	static const long often[4] = { 0, 1000, 0, 1000 };
	struct rng end;
	int i;

	/* The kernel's handler runs into whatever lock is held just then. */
	SYSCALL(SYS_setitimer, 0, often, NULL);

	for (i = 0; i < THREADS; i++) {
		workers[i].process = process;
		workers[i].thread = i;
		workers[i].calls = calls;
		rng_start(&workers[i].rng, seed, round,
			  process * THREADS + i);
	}
	for (i = 1; i < THREADS; i++)
		start_thread(stacks[i] + STACK_SIZE, run_thread, &workers[i],
			     &workers[i].tid);
	run_calls(&workers[0]);
	rng_start(&end, seed, round, process + 100);
	if (rng_one_in(&end, 4))
		SYSCALL(SYS_kill, SYSCALL(SYS_getpid), SIGKILL);
	if (rng_one_in(&end, 2))	/* else exit_group ends the others */
		for (i = 1; i < THREADS; i++)
			join_thread(&workers[i].tid);
	SYSCALL(SYS_exit_group, 0);
}

static bool
ended_well(int status)
{
	return status == 0 || (WIFSIGNALED(status) &&
			       WTERMSIG(status) == SIGKILL);
}

static void
run_round(unsigned seed, unsigned round, unsigned calls)
{
	int i, status;

	for (i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (!pid)
			run_process(seed, round, i, calls);
		ASSERT(pid > 0);
		shared->pids[i] = pid;
	}
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(waitpid(shared->pids[i], &status, 0),
			  shared->pids[i]);
		if (!ended_well(status))
			printf("    # seed %u, round %u, process %d\n", seed,
			       round, i);
		EXPECT(ended_well(status));
	}
}

/* --- The case --- */

static void
set_up(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER };
	int i;

	action.sa_sigaction = skip_touch;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	signal(SIGALRM, SIG_IGN);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT(shared != MAP_FAILED);
	for (i = 0; i < FILES; i++) {
		files[i] = i ? memfd_create("fuzz", 0) : temp_file("", 0);
		ASSERT(files[i] >= 0);
		SYSCALL(SYS_ftruncate, files[i], 16 * PAGE);
	}
	ASSERT_EQ(SYSCALL(SYS_pipe2, pipe_fds, O_NONBLOCK), 0);
	heap = SYSCALL(SYS_brk, 0);
}

/* Those without a key, too: by their places in the kernel's table. */
static void
remove_segments(void)
{
	char ds[256];
	long id;
	int i;

	for (i = 0; i < 256; i++) {
		id = SYSCALL(SYS_shmctl, i, 0x100 | 13 /* SHM_STAT */, ds);
		if (id >= 0)
			SYSCALL(SYS_shmctl, id, 0x100, 0);
	}
}

/* Sums of all that processes hold. Not PageTables: an idle core keeps the table
 * of the process that it ran last. */
static const char *const counts[] = {
	"Committed_AS", "Mlocked", "AnonPages", "Mapped", "Shmem",
};
#define COUNTS	(sizeof(counts) / sizeof(counts[0]))
#define EXACT	2	/* of the others, pages may be in the swap space now */

static void
expect_counts(const long *before)
{
	bool swap = meminfo("SwapTotal") > 0;
	unsigned i;

	for (i = 0; i < COUNTS; i++) {
		long now = meminfo(counts[i]);

		if (now != before[i])
			printf("    # %s: %ld kB, was %ld\n", counts[i], now,
			       before[i]);
		EXPECT(now == before[i] ||
		       (swap && i >= EXACT && now < before[i]));
	}
}

static void
tell_calls(unsigned seed, unsigned rounds, unsigned calls)
{
	unsigned i, good = 0, bad = 0;

	for (i = 0; i < KINDS; i++) {
		good += shared->good[i];
		bad += shared->bad[i];
		if (!shared->good[i])
			printf("    # %s has never succeeded\n", kinds[i].name);
		EXPECT(shared->good[i] > 0);
	}
	printf("    # seed %u: %u rounds, %u calls, %u %% succeeded\n", seed,
	       rounds, good + bad, (unsigned)(good * 100ull / (good + bad)));
	if (shared->internal)
		printf("    # %s: %d\n", kinds[shared->internal_kind].name,
		       shared->internal);
	EXPECT_EQ(shared->internal, 0);
}

static void
random_calls(void)
{
	unsigned seed = fuzz_option("test.seed", 1);
	unsigned wanted = fuzz_option("fuzz", 8000), done = 0, round = 0, i;
	unsigned calls = wanted > 100000 ? 10 * ROUND_CALLS : ROUND_CALLS;
	long before[COUNTS];

	set_up();
	for (; done < wanted; done += calls * PROCESSES * THREADS, round++) {
		run_round(seed, round, calls);
		remove_segments();
		expect_verified("after a round");
		for (i = 0; i < FILES; i++)
			SYSCALL(SYS_ftruncate, files[i], 0);
		while (SYSCALL(SYS_read, pipe_fds[0], shared + 1, 2048) > 0)
			;
		if (round < 2)		/* what is made once is there now */
			for (i = 0; i < COUNTS; i++)
				before[i] = meminfo(counts[i]);
		if (wanted > 100000)
			printf("    # %u calls\n", done);
	}
	expect_counts(before);
	tell_calls(seed, round, calls);
}

/* And what is sent away comes back by whatever call wants it. */
static void
random_calls_with_swap(void)
{
	swap_begin("16M");
	random_calls();
	swap_end();
}

UTEST_SUITE(fuzz_memory,
	UTEST(random_calls),
	UTEST(random_calls_with_swap));
