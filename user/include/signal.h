/* SPDX-License-Identifier: MIT */
/* Signals, with Linux/ARM's numbers and structures. */
#ifndef _SIGNAL_H
#define _SIGNAL_H

#include <sys/types.h>
#include <sys/_sigset.h>

#ifndef _SIGSET_T_DECLARED
#define _SIGSET_T_DECLARED
typedef __sigset_t sigset_t;
#endif

#define SIGHUP		1
#define SIGINT		2
#define SIGQUIT		3
#define SIGILL		4
#define SIGTRAP		5
#define SIGABRT		6
#define SIGBUS		7
#define SIGFPE		8
#define SIGKILL		9
#define SIGUSR1		10
#define SIGSEGV		11
#define SIGUSR2		12
#define SIGPIPE		13
#define SIGALRM		14
#define SIGTERM		15
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define NSIG		65

#define SA_NOCLDSTOP	0x00000001u
#define SA_NOCLDWAIT	0x00000002u
#define SA_SIGINFO	0x00000004u
#define SA_RESTORER	0x04000000u
#define SA_ONSTACK	0x08000000u
#define SA_RESTART	0x10000000u
#define SA_NODEFER	0x40000000u
#define SA_RESETHAND	0x80000000u

#define SIG_BLOCK	0
#define SIG_UNBLOCK	1
#define SIG_SETMASK	2

#define SIG_DFL		((sighandler_t)0)
#define SIG_IGN		((sighandler_t)1)
#define SIG_ERR		((sighandler_t)-1)

#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_TKILL	(-6)
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_STOPPED	5
#define CLD_CONTINUED	6

#define SS_ONSTACK	1
#define SS_DISABLE	2
#define MINSIGSTKSZ	2048
#define SIGSTKSZ	8192

typedef void (*sighandler_t)(int);
typedef int sig_atomic_t;

union sigval {
	int sival_int;
	void *sival_ptr;
};

typedef struct siginfo {
	int si_signo, si_errno, si_code;
	union {
		int pad[29];
		struct {
			int pid;
			unsigned uid;
			int status;
			long utime, stime;
		} child;
		struct {
			void *addr;
		} fault;
	} u;
} siginfo_t;
_Static_assert(sizeof(siginfo_t) == 128, "siginfo_t is Linux's");

#define si_pid		u.child.pid
#define si_uid		u.child.uid
#define si_status	u.child.status
#define si_addr		u.fault.addr

typedef struct {
	void *ss_sp;
	int ss_flags;
	size_t ss_size;
} stack_t;

struct sigaction {
	union {
		sighandler_t handler;
		void (*action)(int, siginfo_t *, void *);
	} u;
	sigset_t sa_mask;
	unsigned sa_flags;
};
#define sa_handler	u.handler
#define sa_sigaction	u.action

int kill(pid_t pid, int sig);
int raise(int sig);
sighandler_t signal(int sig, sighandler_t handler);
int sigaction(int sig, const struct sigaction *new, struct sigaction *old);
int sigprocmask(int how, const sigset_t *new, sigset_t *old);
int sigpending(sigset_t *set);
int sigsuspend(const sigset_t *mask);
int sigaltstack(const stack_t *new, stack_t *old);
const char *signal_name(int sig);	/* "SEGV"; NULL: none */
int signal_number(const char *name);	/* of "SEGV", "SIGSEGV" or "11"; -1 */

static inline int
sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

static inline int
sigaddset(sigset_t *set, int sig)
{
	*set |= 1ull << (sig - 1);
	return 0;
}

static inline int
sigismember(const sigset_t *set, int sig)
{
	return *set >> (sig - 1) & 1;
}

#endif
