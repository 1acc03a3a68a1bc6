/* SPDX-License-Identifier: MIT */
/*
 * What a program may try against the kernel or against other programs, one by one:
 * each of these has once been possible here. Random calls (fuzz_memory.c,
 * hostile.c) rarely find the moment that such a thing needs.
 */
#include <sys/resource.h>

#include "utest.h"

#define CLONE_VM	0x100
#define CLONE_SIGHAND	0x800
#define CLONE_PARENT	0x8000
#define CLONE_CHILD_SETTID 0x1000000

static char stacks[4][8192] __attribute__((aligned(8)));
static volatile int tids[4];

static void
start(int i, int (*fn)(void *), void *arg)
{
	ASSERT(start_thread(stacks[i] + sizeof(stacks[i]), fn, arg,
			    &tids[i]) > 0);
}

static void
nothing(int sig)
{
}

static void
sleep_ms(long ms)
{
	long time[2] = { 0, ms * 1000000 };

	SYSCALL(SYS_nanosleep, time, NULL);
}

static int
end_at_once(void *arg)
{
	return 0;
}

/* --- Futexes --- */

static volatile int word;

static int
wait_for_word(void *arg)
{
	while (!word)
		SYSCALL(SYS_futex, &word, 0, 0, 0, 0, 0);
	return 0;
}

/* Whoever moves to the end of his own queue is met there again. */
static void
requeue_to_itself_ends(void)
{
	int i;

	word = 0;
	for (i = 0; i < 3; i++)
		start(i, wait_for_word, NULL);
	sleep_ms(20);
	EXPECT(SYSCALL(SYS_futex, &word, 3, 0, 0x7fffffff, &word, 0) >= 0);
	EXPECT(SYSCALL(SYS_futex, &word, 4, 0, 0x7fffffff, &word, 0) >= 0);
	word = 1;
	SYSCALL(SYS_futex, &word, 1, 3, 0, 0, 0);
	for (i = 0; i < 3; i++)
		join_thread(&tids[i]);
}

/* --- Who one is --- */

/* A child of our parent is not our parent: it has our user, our limits. */
static void
a_sibling_has_our_identity(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (SYSCALL(208, 1000, 1000, 1000))	/* setresuid32 */
			_exit(2);
		if (SYSCALL(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0))
			_exit(0);
		_exit(SYSCALL(SYS_geteuid32) == 1000 ? 0 : 3);
	}
	EXPECT(waitpid(-1, &status, 0) > 0);
	EXPECT_EQ(status, 0);
	EXPECT(waitpid(-1, &status, 0) > 0);
	EXPECT_EQ(status, 0);
}

/* Siblings are made while the parent, whose children they are, ends. */
static void
a_sibling_of_an_orphan(void)
{
	int round, i;

	for (round = 0; round < 30; round++) {
		pid_t pid = fork();

		if (!pid) {
			if (fork())
				_exit(0);
			for (i = 0; i < 4; i++)
				if (!SYSCALL(SYS_clone, CLONE_PARENT | SIGCHLD,
					     0, 0, 0, 0))
					_exit(0);
			_exit(0);
		}
		ASSERT_EQ(waitpid(pid, NULL, 0), pid);
	}
}

static void
limits_of_others_are_theirs(void)
{
	unsigned long long limit[2] = { 5, 5 }, old[2];
	pid_t victim = fork();
	int status;

	if (!victim) {
		for (;;)
			pause();
	}
	if (!fork()) {
		SYSCALL(208, 1000, 1000, 1000);
		_exit(-SYSCALL(SYS_prlimit64, victim, RLIMIT_NOFILE, limit,
			       old));
	}
	wait(&status);
	EXPECT_EQ(WEXITSTATUS(status), EPERM);
	EXPECT_EQ(SYSCALL(SYS_prlimit64, victim, RLIMIT_NOFILE, limit, old), 0);
	kill(victim, SIGKILL);
	wait(NULL);
}

/* What nobody may do to root's process: a row of calls, each EPERM. */
static void
attack_root(void *arg)
{
	int victim = (long)arg, pid = getpid();
	siginfo_t info = { .si_code = 0 };
	unsigned long long more[2] = { 5000, 5000 };
	struct { void *base; long len; } iov = { &info, 4 };

	SYSCALL(208, 1000, 1000, 1000);
	if (SYSCALL(SYS_kill, victim, SIGKILL) != -EPERM ||
	    SYSCALL(SYS_tkill, victim, SIGKILL) != -EPERM ||
	    SYSCALL(SYS_kill, -victim, SIGKILL) != -EPERM)
		_exit(1);
	if (SYSCALL(SYS_process_vm_readv, victim, &iov, 1, &iov, 1, 0) !=
	    -EPERM)
		_exit(2);
	/* Only the kernel says SI_USER and SI_TKILL of another. */
	if (SYSCALL(178, getppid(), SIGUSR1, &info) != -EPERM)
		_exit(3);
	info.si_code = SI_TKILL;
	if (SYSCALL(178, getppid(), SIGUSR1, &info) != -EPERM)
		_exit(4);
	if (SYSCALL(SYS_prlimit64, pid, RLIMIT_NOFILE, more, NULL) != -EPERM)
		_exit(5);
	_exit(SYSCALL(208, 0, 0, 0) == -EPERM ? 0 : 6);
}

static void
nobody_is_refused(void)
{
	int status;
	pid_t victim = fork();

	if (!victim) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(victim, victim);
	EXPECT_EQ(status_of(attack_root, (void *)(long)victim), 0);
	EXPECT_EQ(waitpid(victim, &status, WNOHANG), 0);
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
}

/* --- Signals --- */

static void
end_with_a_bad_list(void *arg)
{
	/* An entry that names itself as the next; the head is elsewhere. */
	static void *entry[3], *head[3];

	entry[0] = entry;
	head[0] = entry;
	SYSCALL(338, head, sizeof(head));	/* set_robust_list */
}

static void
a_list_of_locks_that_bites_its_tail(void)
{
	EXPECT_EQ(status_of(end_with_a_bad_list, NULL), 0);
}

static void
end_with_a_timer(void *arg)
{
	long soon[4] = { 0, 0, 0, 1000 };

	signal(SIGALRM, SIG_IGN);	/* it may be faster */
	SYSCALL(SYS_setitimer, 0, soon, NULL);
}

/* The timer of a process that is gone would go off in what was its memory. */
static void
a_timer_ends_with_its_process(void)
{
	int i;

	for (i = 0; i < 20; i++)
		EXPECT_EQ(status_of(end_with_a_timer, NULL), 0);
	sleep_ms(20);
}

/* Who does not want to hear of his children has no zombies. */
static void
zombies_are_for_who_asks(void)
{
	struct sigaction action = { .sa_flags = SA_NOCLDWAIT };
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (!pid)
		_exit(0);
	EXPECT_EQ(SYSCALL(SYS_wait4, pid, 0, 0, 0), -ECHILD);
	action.sa_handler = nothing;
	sigaction(SIGCHLD, &action, NULL);
	pid = fork();
	if (!pid)
		_exit(0);
	while (SYSCALL(SYS_wait4, pid, 0, 0, 0) == -EINTR)
		;
	EXPECT_EQ(SYSCALL(SYS_kill, pid, 0), -ESRCH);
}

/* A stop that waits is taken back by SIGCONT. */
static void
cont_takes_back_a_stop(void)
{
	unsigned long long set = 1ull << (SIGTSTP - 1), none = 0, waits = 0;

	SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
	kill(getpid(), SIGTSTP);
	SYSCALL(SYS_rt_sigpending, &waits, 8);
	EXPECT_EQ(waits, set);
	kill(getpid(), SIGCONT);
	SYSCALL(SYS_rt_sigpending, &waits, 8);
	EXPECT_EQ(waits, 0);
	SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}

static void
the_lowest_number_is_no_process(void)
{
	EXPECT_EQ(SYSCALL(SYS_kill, 0x80000000, 0), -ESRCH);
	EXPECT_EQ(SYSCALL(SYS_wait4, 0x80000000, 0, 0, 0), -ESRCH);
}

/* As the first program, the runner would take the machine with it. */
static void
init_is_not_ended_by_signals(void)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGBUS, SIGILL,
				       SIGTERM, SIGSTOP, SIGTRAP, SIGFPE };
	unsigned i;

	if (getppid() != 1 && SYSCALL(SYS_getuid32))
		SKIP("not root");
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		EXPECT_EQ(SYSCALL(SYS_kill, 1, signals[i]), 0);
	sleep_ms(20);
	EXPECT_EQ(SYSCALL(SYS_kill, 1, 0), 0);
}

static volatile int handled;

static void
note(int sig)
{
	handled++;
}

/* What a process shares it may not take along when it ends. */
static void
shared_handlers_outlive_one_of_two(void)
{
	pid_t pid;

	signal(SIGUSR1, note);
	pid = clone_on(CLONE_VM | CLONE_SIGHAND | CLONE_CHILD_SETTID | SIGCHLD,
		       stacks[0] + sizeof(stacks[0]), end_at_once, NULL,
		       &tids[0]);
	ASSERT(pid > 0);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
	EXPECT_EQ(tids[0], pid);	/* the child wrote it, in our memory */
	pid = fork();			/* it would get the freed one */
	if (!pid) {
		signal(SIGUSR1, SIG_IGN);
		for (;;)
			pause();
	}
	sleep_ms(10);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(handled, 1);
	kill(pid, SIGKILL);
	EXPECT_EQ(waitpid(pid, NULL, 0), pid);
}

static volatile unsigned count;

static int
count_up(void *arg)
{
	for (;;)
		count++;
	return 0;
}

static void
run_two(void *arg)
{
	volatile unsigned *seen = arg;

	start(0, count_up, NULL);
	for (;;)
		*seen = count;
}

/* SIGSTOP reaches one thread; it is for all of them. */
static void
all_threads_stop(void)
{
	volatile unsigned *seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned before;
	int status;
	pid_t pid = fork();

	if (!pid)
		run_two((void *)seen);
	while (!*seen)
		SYSCALL(SYS_sched_yield);
	kill(pid, SIGSTOP);
	EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
	sleep_ms(20);
	before = *seen;
	sleep_ms(20);
	EXPECT_EQ(*seen, before);
	kill(pid, SIGCONT);
	while (*seen == before)
		SYSCALL(SYS_sched_yield);
	kill(pid, SIGKILL);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
}

/* A thread that is just ending gets signals until it is gone. */
static void
signals_to_ending_threads(void)
{
	unsigned long long all = ~0ull;
	int i, tid;

	SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	for (i = 0; i < 200; i++) {
		start(0, end_at_once, NULL);
		while ((tid = tids[0]))
			SYSCALL(SYS_tkill, tid, 40);
	}
}

static int
set_timers(void *arg)
{
	long soon[4] = { 0, 200, 0, 200 }, never[4] = { 0, 0, 0, 0 };
	int i;

	for (i = 0; i < 1500; i++)
		SYSCALL(SYS_setitimer, 0, i % 3 ? soon : never, NULL);
	return 0;
}

/* Two threads set the one timer of the process. */
static void
a_timer_is_set_by_two_threads(void)
{
	struct sigaction action = { .sa_flags = SA_RESTART };
	long never[4] = { 0, 0, 0, 0 };

	action.sa_handler = nothing;
	sigaction(SIGALRM, &action, NULL);
	start(0, set_timers, NULL);
	start(1, set_timers, NULL);
	set_timers(NULL);
	join_thread(&tids[0]);
	join_thread(&tids[1]);
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, never, NULL), 0);
}

/* A microsecond's timer leaves its process time to stop it. */
static void
a_fast_timer_leaves_time(void)
{
	struct sigaction action = { .sa_flags = SA_RESTART };
	long fast[4] = { 0, 1, 0, 1 }, never[4] = { 0, 0, 0, 0 };

	action.sa_handler = nothing;
	sigaction(SIGALRM, &action, NULL);
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, fast, NULL), 0);
	sleep_ms(1);
	EXPECT_EQ(SYSCALL(SYS_setitimer, 0, never, NULL), 0);
}

/* --- exec and threads --- */

static char program[64];

static int
exec_nothing(void *arg)
{
	char *words[] = { program, NULL };

	SYSCALL(SYS_execve, program, words, NULL);
	for (;;)
		SYSCALL(SYS_sched_yield);
	return 0;
}

static void
exec_from_a_thread(void *busy)
{
	start(0, count_up, NULL);
	start(1, busy ? exec_nothing : wait_for_word, NULL);
	start(2, exec_nothing, NULL);
	for (;;)
		pause();
}

/* The new program is the only thread, and has the number of the process. */
static void
exec_ends_all_other_threads(void)
{
	word = 0;
	strcpy(program, temp_name("exec"));
	make_program(program, ET_EXEC, NULL);
	EXPECT_EQ(status_of(exec_from_a_thread, NULL), 0);
	unlink(program);
}

static void
two_threads_exec_at_once(void)
{
	int i;

	word = 0;
	strcpy(program, temp_name("exec"));
	make_program(program, ET_DYN, NULL);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(status_of(exec_from_a_thread, (void *)1), 0);
	unlink(program);
}

/* --- vfork --- */

struct vforker {
	volatile int child;
	int how;		/* what it does with SIGTERM */
};

enum { DEFAULT, HANDLED, BLOCKED };

static void
handle_nothing(int sig)
{
	(void)sig;
}

static void
wait_for_ever_in_vfork(struct vforker *v)
{
	sigset_t set = 1u << (SIGTERM - 1);
	long pid;

	signal(SIGUSR1, handle_nothing);
	if (v->how == HANDLED)
		signal(SIGTERM, handle_nothing);
	if (v->how == BLOCKED)
		sigprocmask(SIG_BLOCK, &set, NULL);
	pid = SYSCALL(SYS_vfork);
	if (!pid) {
		v->child = SYSCALL(SYS_getpid);
		for (;;)
			SYSCALL(SYS_pause);
	}
	SYSCALL(SYS_exit_group, 9);
}

/* A process in vfork(), whose child neither ends nor calls exec. */
static pid_t
start_vforker(struct vforker *v, int how)
{
	pid_t pid;

	v->how = how;
	v->child = 0;
	pid = fork();
	if (!pid)
		wait_for_ever_in_vfork(v);
	while (!v->child)
		SYSCALL(SYS_sched_yield);
	return pid;
}

static int
end_of(pid_t pid, struct vforker *v)
{
	int status = 0;

	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(SYSCALL(SYS_kill, v->child, SIGKILL), 0);
	return WTERMSIG(status);
}

/* What ends a process ends it in vfork(), too; what it handles or blocks waits. */
static void
a_parent_in_vfork_can_be_killed(void)
{
	struct vforker *v = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = start_vforker(v, DEFAULT);
	int how;

	kill(pid, SIGCHLD);			/* ends nobody */
	kill(pid, SIGTERM);
	EXPECT_EQ(end_of(pid, v), SIGTERM);
	for (how = HANDLED; how <= BLOCKED; how++) {
		pid = start_vforker(v, how);
		kill(pid, SIGTERM);
		kill(pid, SIGUSR1);		/* lets it look */
		sleep_ms(10);
		EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0);
		kill(pid, SIGKILL);
		EXPECT_EQ(end_of(pid, v), SIGKILL);
	}
}

/* A stopped process goes on before it ends; only SIGKILL ends it at once. */
static void
a_stopped_process_ends_when_it_goes_on(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		for (;;)
			SYSCALL(SYS_pause);
	kill(pid, SIGSTOP);
	EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
	EXPECT(WIFSTOPPED(status));
	kill(pid, SIGTERM);
	sleep_ms(20);
	EXPECT_EQ(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGCONT);
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

/* --- Memory --- */

/* The last pages that a file can have: growing would come round to the first. */
static void
a_mapping_does_not_wrap_in_its_file(void)
{
	int fd = temp_file("x", 1);
	long at = SYSCALL(SYS_mmap2, 0, PAGE, PROT_READ, MAP_SHARED, fd,
			  0xfffffffe);

	ASSERT((unsigned long)at < -4096ul);
	EXPECT_EQ(SYSCALL(SYS_mremap, at, PAGE, 4 * PAGE, MREMAP_MAYMOVE, 0),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mmap2, 0, 2 * PAGE, PROT_READ, MAP_SHARED, fd,
			  0xffffffff), -EOVERFLOW);
}

/* Rounded up, the end of the range is 0. */
static void
remove_ends_with_its_mapping(void)
{
	int fd = temp_file("x", 1);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  0);

	EXPECT_EQ(SYSCALL(SYS_madvise, page, -(long)page - 1, MADV_REMOVE),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_madvise, page, 2 * PAGE, MADV_REMOVE), -ENOMEM);
	EXPECT_EQ(page[0], 'x');
}

UTEST_SUITE(attacks,
	UTEST(requeue_to_itself_ends),
	UTEST(a_sibling_has_our_identity),
	UTEST(a_sibling_of_an_orphan),
	UTEST(limits_of_others_are_theirs),
	UTEST(nobody_is_refused),
	UTEST(a_list_of_locks_that_bites_its_tail),
	UTEST(a_timer_ends_with_its_process),
	UTEST(zombies_are_for_who_asks),
	UTEST(cont_takes_back_a_stop),
	UTEST(the_lowest_number_is_no_process),
	UTEST(init_is_not_ended_by_signals),
	UTEST(shared_handlers_outlive_one_of_two),
	UTEST(all_threads_stop),
	UTEST(signals_to_ending_threads),
	UTEST(a_timer_is_set_by_two_threads),
	UTEST(a_fast_timer_leaves_time),
	UTEST(exec_ends_all_other_threads),
	UTEST(two_threads_exec_at_once),
	UTEST(a_parent_in_vfork_can_be_killed),
	UTEST(a_stopped_process_ends_when_it_goes_on),
	UTEST(a_mapping_does_not_wrap_in_its_file),
	UTEST(remove_ends_with_its_mapping));
