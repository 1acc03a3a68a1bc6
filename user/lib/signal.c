/* SPDX-License-Identifier: MIT */
/* Signals: actions, masks and names. Errors: -1 and errno. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib.h"
#include "raw.h"

void signal_return(void);
void signal_return_info(void);

/* As the kernel has it: the mask comes last. */
struct kernel_sigaction {
	sighandler_t handler;
	unsigned long flags;
	void (*restorer)(void);
	sigset_t mask __attribute__((packed, aligned(4)));
};
_Static_assert(sizeof(struct kernel_sigaction) == 20, "Linux's structure");

int
raw_kill(int pid, int sig)
{
	return result(SYSCALL(SYS_kill, pid, sig));
}

int
kill(pid_t pid, int sig)
{
	return raw_kill(pid, sig);
}

int
raise(int sig)
{
	return raw_kill(raw_getpid(), sig);
}

int
sigaction(int sig, const struct sigaction *new, struct sigaction *old)
{
	struct kernel_sigaction in, out;

	if (new) {
		in.handler = new->sa_handler;
		in.flags = new->sa_flags | SA_RESTORER;
		in.restorer = new->sa_flags & SA_SIGINFO ? signal_return_info :
							   signal_return;
		in.mask = new->sa_mask;
	}
	if (result(SYSCALL(SYS_rt_sigaction, sig, new ? &in : NULL, &out, 8)))
		return -1;
	if (old) {
		old->sa_handler = out.handler;
		old->sa_flags = out.flags & ~SA_RESTORER;
		old->sa_mask = out.mask;
	}
	return 0;
}

sighandler_t
signal(int sig, sighandler_t handler)
{
	struct sigaction new = { .sa_flags = SA_RESTART }, old;

	new.sa_handler = handler;
	return sigaction(sig, &new, &old) ? SIG_ERR : old.sa_handler;
}

int
sigprocmask(int how, const sigset_t *new, sigset_t *old)
{
	return result(SYSCALL(SYS_rt_sigprocmask, how, new, old, 8));
}

int
sigpending(sigset_t *set)
{
	return result(SYSCALL(SYS_rt_sigpending, set, 8));
}

int
sigsuspend(const sigset_t *mask)
{
	return result(SYSCALL(SYS_rt_sigsuspend, mask, 8));
}

int
sigaltstack(const stack_t *new, stack_t *old)
{
	return result(SYSCALL(SYS_sigaltstack, new, old));
}

static const char *const names[] = {
	[SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT",
	[SIGILL] = "ILL", [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",
	[SIGBUS] = "BUS", [SIGFPE] = "FPE", [SIGKILL] = "KILL",
	[SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT", [SIGSTOP] = "STOP",
	[SIGTSTP] = "TSTP", [SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",
	[SIGURG] = "URG", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF",
	[SIGWINCH] = "WINCH",
};
#define NR_NAMES ((int)(sizeof(names) / sizeof(names[0])))

const char *
signal_name(int sig)
{
	return sig > 0 && sig < NR_NAMES ? names[sig] : NULL;
}

int
signal_number(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);
	int sig;

	if (end != name && !*end)
		return number >= 0 && number < NSIG ? number : -1;
	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (sig = 1; sig < NR_NAMES; sig++) {
		if (names[sig] && !strcasecmp(name, names[sig]))
			return sig;
	}
	return -1;
}
