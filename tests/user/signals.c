/* SPDX-License-Identifier: MIT */
/* Signals: handlers, flags, masks, stacks. */
#include "utest.h"

static volatile int count, last, depth, deepest;
static siginfo_t last_info;
static volatile bool on_alt_stack;

static void
handler(int sig)
{
	count++;
	last = sig;
}

static void
info_handler(int sig, siginfo_t *info, void *context)
{
	count++;
	last = sig;
	last_info = *info;
}

static void
handle(int sig, sighandler_t fn, unsigned flags, sigset_t mask)
{
	struct sigaction action = { .sa_flags = flags, .sa_mask = mask };

	action.sa_handler = fn;
	sigaction(sig, &action, NULL);
}

static void
handle_info(int sig)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = info_handler;
	sigaction(sig, &action, NULL);
}

static void
a_handler_runs_and_returns(void)
{
	handle(SIGUSR1, handler, 0, 0);
	EXPECT_EQ(raise(SIGUSR1), 0);
	EXPECT_EQ(raise(SIGUSR1), 0);
	EXPECT_EQ(count, 2);
	EXPECT_EQ(last, SIGUSR1);
}

static void
siginfo_tells_who_sent_it(void)
{
	handle_info(SIGUSR1);
	kill(getpid(), SIGUSR1);
	EXPECT_EQ(last_info.si_signo, SIGUSR1);
	EXPECT_EQ(last_info.si_code, SI_USER);
	EXPECT_EQ(last_info.si_pid, getpid());
	SYSCALL(SYS_tgkill, getpid(), SYSCALL(SYS_gettid), SIGUSR1);
	EXPECT_EQ(last_info.si_code, SI_TKILL);
}

static void
resethand_works_once(void)
{
	struct sigaction now;

	handle(SIGUSR1, handler, SA_RESETHAND, 0);
	raise(SIGUSR1);
	EXPECT_EQ(count, 1);
	sigaction(SIGUSR1, NULL, &now);
	EXPECT_EQ(now.sa_handler, SIG_DFL);
}

static void
nested(int sig)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (++count < 3)
		raise(sig);
	depth--;
}

static void
a_signal_waits_while_its_handler_runs(void)
{
	handle(SIGUSR1, nested, SA_NODEFER, 0);
	raise(SIGUSR1);
	EXPECT_EQ(deepest, 3);
	deepest = count = 0;
	handle(SIGUSR2, nested, 0, 0);
	/* What its handler raises comes when that has returned. */
	raise(SIGUSR2);
	EXPECT_EQ(deepest, 1);
	EXPECT_EQ(count, 3);
}

static void
mask_prober(int sig)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	count = sigismember(&now, sig) + 2 * sigismember(&now, SIGTERM);
}

static void
the_handlers_mask_holds_while_it_runs(void)
{
	sigset_t mask = 0, now;

	sigaddset(&mask, SIGTERM);
	handle(SIGUSR1, mask_prober, 0, mask);
	raise(SIGUSR1);
	EXPECT_EQ(count, 3);
	sigprocmask(SIG_BLOCK, NULL, &now);
	EXPECT_EQ(sigismember(&now, SIGTERM), 0);
}

static void
a_blocked_signal_is_pending(void)
{
	sigset_t set = 0, pending = 0;

	sigaddset(&set, SIGUSR1);
	handle(SIGUSR1, handler, 0, 0);
	EXPECT_EQ(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	EXPECT_EQ(count, 0);
	EXPECT_EQ(sigpending(&pending), 0);
	EXPECT_EQ(sigismember(&pending, SIGUSR1), 1);
	EXPECT_EQ(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
	EXPECT_EQ(count, 1);		/* two became one */
}

#define QUEUE	(-1)		/* si_code of rt_sigqueueinfo() */
enum { NR_rt_sigqueueinfo = 178, NR_rt_tgsigqueueinfo = 363 };

static int order[8];

static void
value_handler(int sig, siginfo_t *info, void *context)
{
	if (count < 8)
		order[count] = info->si_status;	/* the value's place */
	count++;
}

/* Real-time signals do not become one, and come in the order of sending. */
static void
real_time_signals_queue(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO };
	siginfo_t info = { .si_code = QUEUE };
	sigset_t set = 1ull << (40 - 1);
	int i;

	action.sa_sigaction = value_handler;
	action.sa_mask = set;
	sigaction(40, &action, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < 5; i++) {
		info.si_status = 10 + i;
		EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, getpid(), 40, &info), 0);
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	EXPECT_EQ(count, 5);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(order[i], 10 + i);
}

static char thread_stack[2][8192] __attribute__((aligned(16)));
static volatile int tids[2];

/* With signals that wait for it. */
static int
end_with_pending(void *arg)
{
	siginfo_t info = { .si_code = QUEUE };
	sigset_t all = ~0ull;
	int i;

	SYSCALL(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	for (i = 0; i < 100; i++)
		EXPECT_EQ(SYSCALL(NR_rt_tgsigqueueinfo, getpid(),
				  SYSCALL(SYS_gettid), 40, &info), 0);
	return 0;
}

/* Kibibytes of the kernel's objects; -1: no such node. */
static long
slab_kib(void)
{
	char text[4096], *line;
	ssize_t n;
	int fd;

	drop_objects();
	fd = open("/proc/meminfo", O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	line = strstr(text, "\nSlab:");
	return line ? strtol(line + 6, NULL, 10) : -1;
}

static void
what_waits_for_a_thread_ends_with_it(void)
{
	long before = 0;
	int i;

	for (i = 0; i < 110; i++) {
		if (i == 10)
			before = slab_kib();
		ASSERT(start_thread(thread_stack[0] + sizeof(thread_stack[0]),
				    end_with_pending, NULL, &tids[0]) > 0);
		join_thread(&tids[0]);
	}
	EXPECT(slab_kib() < before + 256);
}

static void
queueinfo_errors(void)
{
	siginfo_t info = { .si_code = QUEUE }, kernel = { .si_code = 0 };
	int me = getpid(), tid = SYSCALL(SYS_gettid);

	EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, me, 65, &info), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, me, -1, &info), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, me, 0, &info), 0);
	EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, 1234567, 40, &info), -ESRCH);
	EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, getppid(), 0, &kernel), -EPERM);
	EXPECT_EQ(SYSCALL(NR_rt_sigqueueinfo, me, 40, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(NR_rt_tgsigqueueinfo, me, tid, 0, &info), 0);
	EXPECT_EQ(SYSCALL(NR_rt_tgsigqueueinfo, 0, tid, 0, &info), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_rt_tgsigqueueinfo, me, 0, 0, &info), -EINVAL);
	EXPECT_EQ(SYSCALL(NR_rt_tgsigqueueinfo, getppid(), tid, 0, &info),
		  -ESRCH);
	EXPECT_EQ(SYSCALL(NR_rt_tgsigqueueinfo, getppid(), getppid(), 0,
			  &kernel), -EPERM);
	EXPECT_EQ(SYSCALL(NR_rt_tgsigqueueinfo, me, tid, 65, &info), -EINVAL);
}

static volatile unsigned *beat;

static int
beat_on(void *arg)
{
	for (;;)
		beat[(long)arg]++;
	return 0;
}

/* Neither of two threads runs on in a stopped process, and both after it. */
static void
a_stop_stops_all_threads(void)
{
	long moment[2] = { 0, 20 * 1000 * 1000 };
	unsigned at[2];
	pid_t pid;
	int status;

	beat = (void *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (!pid) {
		start_thread(thread_stack[0] + sizeof(thread_stack[0]), beat_on,
			     (void *)0, &tids[0]);
		beat_on((void *)1);
	}
	while (!beat[0] || !beat[1])
		SYSCALL(SYS_sched_yield);
	kill(pid, SIGSTOP);
	EXPECT_EQ(waitpid(pid, &status, WUNTRACED), pid);
	SYSCALL(SYS_nanosleep, moment, 0);
	at[0] = beat[0];
	at[1] = beat[1];
	SYSCALL(SYS_nanosleep, moment, 0);
	EXPECT_EQ(beat[0], at[0]);
	EXPECT_EQ(beat[1], at[1]);
	kill(pid, SIGCONT);
	while (beat[0] == at[0] || beat[1] == at[1])
		SYSCALL(SYS_sched_yield);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void
fault_while_blocked(void *sig)
{
	volatile int *volatile nothing = NULL;
	sigset_t set = 1ull << (SIGSEGV - 1);

	handle(SIGSEGV, handler, 0, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*nothing = 1;
}

/* It cannot wait: the handler is not asked, the program ends. */
static void
a_fault_that_is_blocked_kills(void)
{
	EXPECT_EQ(status_of(fault_while_blocked, NULL), SIGSEGV);
}

/* A handler in assembly, so that nothing has moved the stack. */
void note_stack(int sig);
unsigned long noted_stack;
__asm__(".text\n"
	".arm\n"
	".type note_stack, %function\n"
	"note_stack: ldr r1, =noted_stack\n"
	"str sp, [r1]\n"
	"bx lr\n"
	".ltorg\n");

static char odd_stack[8192] __attribute__((aligned(8)));

/* The procedure call standard: sp is a multiple of 8 at each entry. */
static void
a_handlers_stack_is_aligned(void)
{
	stack_t stack = { .ss_size = sizeof(odd_stack) - 8 };
	int by;

	handle(SIGUSR1, note_stack, SA_ONSTACK, 0);
	for (by = 0; by < 8; by++) {
		stack.ss_sp = odd_stack + by;
		EXPECT_EQ(sigaltstack(&stack, NULL), 0);
		noted_stack = 1;
		raise(SIGUSR1);
		EXPECT_EQ(noted_stack & 7, 0);
		EXPECT(noted_stack > (unsigned long)odd_stack &&
		       noted_stack < (unsigned long)(odd_stack +
						     sizeof(odd_stack)));
	}
}

static void
kill_and_stop_cannot_be_caught(void)
{
	struct sigaction action = { .sa_flags = 0 };
	sigset_t all = ~0ull, now;

	action.sa_handler = handler;
	EXPECT_EQ(sigaction(SIGKILL, &action, NULL), -1);
	EXPECT_EQ(errno, EINVAL);
	EXPECT_EQ(sigaction(SIGSTOP, &action, NULL), -1);
	EXPECT_EQ(SYSCALL(SYS_rt_sigaction, 65, 0, 0, 8), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_rt_sigaction, SIGUSR1, 0, 0, 4), -EINVAL);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigprocmask(SIG_SETMASK, NULL, &now);
	EXPECT_EQ(sigismember(&now, SIGKILL), 0);
	EXPECT_EQ(sigismember(&now, SIGSTOP), 0);
	EXPECT_EQ(sigismember(&now, SIGTERM), 1);
	EXPECT_EQ(SYSCALL(SYS_rt_sigprocmask, 7, &all, 0, 8), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_rt_sigprocmask, 0, &all, 0, 4), -EINVAL);
}

static void
sigsuspend_waits_with_another_mask(void)
{
	sigset_t set = 0, none = 0, now;

	sigaddset(&set, SIGUSR1);
	handle(SIGUSR1, handler, 0, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_rt_sigsuspend, &none, 8), -EINTR);
	EXPECT_EQ(count, 1);
	sigprocmask(SIG_BLOCK, NULL, &now);
	EXPECT_EQ(sigismember(&now, SIGUSR1), 1);
}

/* A child that sends sig to its parent for as long as it lives. */
static pid_t
start_sender(int sig)
{
	pid_t me = getpid(), pid = fork();

	if (!pid) {
		long pause_time[2] = { 0, 2000000 };

		for (;;) {
			SYSCALL(SYS_nanosleep, pause_time, 0);
			kill(me, sig);
		}
	}
	return pid;
}

static void
a_blocking_read_is_interrupted(void)
{
	int fds[2];
	pid_t sender;
	char c;

	pipe(fds);
	handle(SIGUSR1, handler, 0, 0);
	sender = start_sender(SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_read, fds[0], &c, 1), -EINTR);
	kill(sender, SIGKILL);
	EXPECT(count >= 1);
}

static int writer_fd;

static void
handler_that_writes(int sig)
{
	if (++count == 3)
		write(writer_fd, "x", 1);
}

static void
restart_goes_on(void)
{
	int fds[2];
	pid_t sender;
	char c = 0;

	pipe(fds);
	writer_fd = fds[1];
	handle(SIGUSR1, handler_that_writes, SA_RESTART, 0);
	sender = start_sender(SIGUSR1);
	EXPECT_EQ(SYSCALL(SYS_read, fds[0], &c, 1), 1);
	kill(sender, SIGKILL);
	EXPECT_EQ(c, 'x');
	EXPECT(count >= 3);
}

static char alt_stack[16384];

static void
stack_handler(int sig)
{
	char here;

	on_alt_stack = &here >= alt_stack &&
		       &here < alt_stack + sizeof(alt_stack);
	count++;
}

static void
onstack_runs_on_the_other_stack(void)
{
	stack_t stack = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };
	stack_t old;

	EXPECT_EQ(sigaltstack(&stack, NULL), 0);
	handle(SIGUSR1, stack_handler, SA_ONSTACK, 0);
	raise(SIGUSR1);
	EXPECT_EQ(on_alt_stack, true);
	handle(SIGUSR1, stack_handler, 0, 0);
	raise(SIGUSR1);
	EXPECT_EQ(on_alt_stack, false);
	EXPECT_EQ(sigaltstack(NULL, &old), 0);
	EXPECT_EQ(old.ss_sp, alt_stack);
	EXPECT_EQ(old.ss_flags, 0);
	stack.ss_size = 100;
	EXPECT_EQ(SYSCALL(SYS_sigaltstack, &stack, 0), -ENOMEM);
	stack.ss_flags = 77;
	EXPECT_EQ(SYSCALL(SYS_sigaltstack, &stack, 0), -EINVAL);
}

static void
exit_42(int sig)
{
	char here;

	_exit(&here >= alt_stack && &here < alt_stack + sizeof(alt_stack) ?
	      42 : 1);
}

static int
deep(int levels)
{
	volatile char room[4096];

	room[0] = levels;
	return levels ? deep(levels - 1) + room[0] : 0;
}

static void
overflow(void *arg)
{
	unsigned long limit[2] = { 256 * 1024, 256 * 1024 };
	stack_t stack = { .ss_sp = alt_stack, .ss_size = sizeof(alt_stack) };

	SYSCALL(SYS_setrlimit, 3, limit);
	sigaltstack(&stack, NULL);
	handle(SIGSEGV, exit_42, SA_ONSTACK, 0);
	deep(10000);
}

static void
stack_overflow_is_handled_there(void)
{
	EXPECT_EQ(WEXITSTATUS(status_of(overflow, NULL)), 42);
}

static void
ignore_and_fork(void *arg)
{
	struct sigaction now;

	sigaction(SIGUSR1, NULL, &now);
	_exit(now.sa_handler == handler && count == 0);
}

static void
fork_keeps_handlers_and_drops_pending(void)
{
	sigset_t set = 0;

	sigaddset(&set, SIGUSR1);
	handle(SIGUSR1, handler, 0, 0);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	EXPECT_EQ(WEXITSTATUS(status_of(ignore_and_fork, NULL)), 1);
}

static void
sigchld_is_sent(void)
{
	int status;

	handle_info(SIGCHLD);
	if (!fork())
		_exit(6);
	while (wait(&status) < 0)
		;
	EXPECT_EQ(last, SIGCHLD);
	EXPECT_EQ(last_info.si_code, CLD_EXITED);
	EXPECT_EQ(last_info.si_status, 6);
}

static void
an_ignored_sigchld_leaves_no_zombie(void)
{
	signal(SIGCHLD, SIG_IGN);
	if (!fork())
		_exit(0);
	EXPECT_EQ(SYSCALL(SYS_wait4, -1, 0, 0, 0), -ECHILD);
}

/* The registers of the VFP come back, whatever the handler did with its own. */
static void
float_handler(int sig)
{
	__asm__ volatile(".fpu neon\n"
			 "vmov.f32 s0, #2.0\n"
			 "vmov.f64 d31, #2.0" ::: "memory");
	count++;
}

static long
kill_with_vfp(pid_t pid, unsigned *low, unsigned *high)
{
	register long r7 __asm__("r7") = SYS_kill;
	register long r0 __asm__("r0") = pid;
	register long r1 __asm__("r1") = SIGUSR1;
	unsigned s0, d31;

	__asm__ volatile(".fpu neon\n"
			 "vmov.f32 s0, #1.0\n"
			 "vmov.f64 d31, #1.0\n"
			 "svc #0\n"
			 "vmov %[low], s0\n"
			 "vmov r2, %[high], d31\n"
			 : "+r"(r0), [low] "=&r"(s0), [high] "=&r"(d31)
			 : "r"(r7), "r"(r1)
			 : "memory", "cc", "r2");
	*low = s0;
	*high = d31;
	return r0;
}

static void
a_handler_does_not_spoil_the_vfp(void)
{
	unsigned low, high;

	handle(SIGUSR1, float_handler, 0, 0);
	EXPECT_EQ(kill_with_vfp(getpid(), &low, &high), 0);
	EXPECT_EQ(count, 1);
	EXPECT_EQ(low, 0x3f800000);
	EXPECT_EQ(high, 0x3ff00000);
}

UTEST_SUITE(signals,
	UTEST(a_handler_runs_and_returns),
	UTEST(siginfo_tells_who_sent_it),
	UTEST(resethand_works_once),
	UTEST(a_signal_waits_while_its_handler_runs),
	UTEST(the_handlers_mask_holds_while_it_runs),
	UTEST(a_blocked_signal_is_pending),
	UTEST(real_time_signals_queue),
	UTEST(queueinfo_errors),
	UTEST(what_waits_for_a_thread_ends_with_it),
	UTEST(a_stop_stops_all_threads),
	UTEST(a_fault_that_is_blocked_kills),
	UTEST(a_handlers_stack_is_aligned),
	UTEST(kill_and_stop_cannot_be_caught),
	UTEST(sigsuspend_waits_with_another_mask),
	UTEST(a_blocking_read_is_interrupted),
	UTEST(restart_goes_on),
	UTEST(onstack_runs_on_the_other_stack),
	UTEST(stack_overflow_is_handled_there),
	UTEST(fork_keeps_handlers_and_drops_pending),
	UTEST(sigchld_is_sent),
	UTEST(an_ignored_sigchld_leaves_no_zombie),
	UTEST(a_handler_does_not_spoil_the_vfp));
