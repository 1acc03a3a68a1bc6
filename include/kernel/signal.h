/* SPDX-License-Identifier: MIT */
/*
 * Signals: their numbers, what a process does about each, and sending them.
 * See kernel/process/signal.c (sending, choosing) and signal_frame.c (the
 * handler's frame on the user's stack).
 */
#ifndef KERNEL_SIGNAL_H
#define KERNEL_SIGNAL_H

#include <asm/ptrace.h>
#include <lib/atomic.h>
#include <lib/list.h>
#include <lib/types.h>

struct process;
struct task;

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
#define SIGSTKFLT	16
#define SIGCHLD		17
#define SIGCONT		18
#define SIGSTOP		19
#define SIGTSTP		20
#define SIGTTIN		21
#define SIGTTOU		22
#define SIGURG		23
#define SIGXCPU		24
#define SIGXFSZ		25
#define SIGVTALRM	26
#define SIGPROF		27
#define SIGWINCH	28
#define SIGIO		29
#define SIGPWR		30
#define SIGSYS		31
#define SIGRTMIN	32
#define NSIG		64		/* signals 1 to 64 */

typedef u64 sigset_t;
#define sigmask(sig)	(1ull << ((sig) - 1))

/* Handlers. */
#define SIG_DFL		0u
#define SIG_IGN		1u
#define SA_NOCLDSTOP	0x00000001u
#define SA_NOCLDWAIT	0x00000002u
#define SA_SIGINFO	0x00000004u
#define SA_RESTORER	0x04000000u
#define SA_ONSTACK	0x08000000u
#define SA_RESTART	0x10000000u
#define SA_NODEFER	0x40000000u
#define SA_RESETHAND	0x80000000u

/* si_code */
#define SI_USER		0
#define SI_KERNEL	0x80
#define SI_QUEUE	(-1)
#define SI_TIMER	(-2)
#define SI_TKILL	(-6)
#define ILL_ILLOPC	1
#define SEGV_MAPERR	1
#define SEGV_ACCERR	2
#define BUS_ADRALN	1
#define BUS_ADRERR	2
#define TRAP_BRKPT	1
#define CLD_EXITED	1
#define CLD_KILLED	2
#define CLD_DUMPED	3
#define CLD_STOPPED	5
#define CLD_CONTINUED	6

/* As user space sees it, 128 bytes (Linux's siginfo_t for ARM). */
struct siginfo {
	s32 si_signo, si_errno, si_code;
	union {
		struct {		/* kill, SIGCHLD */
			s32 pid;
			u32 uid;
			s32 status;	/* SIGCHLD; else the value sent */
			u32 utime, stime;
		};
		struct {		/* SI_TIMER */
			s32 timer_id, overrun;
			u32 value;
		};
		struct {		/* faults */
			u32 addr;
		};
		s32 fields[29];
	};
};
static_assert(sizeof(struct siginfo) == 128, "siginfo_t");

/* As rt_sigaction() passes it. */
struct k_sigaction {
	u32 handler;
	u32 flags;
	u32 restorer;
	sigset_t mask;
} __attribute__((packed, aligned(4)));
static_assert(sizeof(struct k_sigaction) == 20, "struct sigaction");

/* What is done about each signal; CLONE_SIGHAND shares it. */
struct sighand {
	atomic_t count;
	struct k_sigaction action[NSIG];	/* process_lock */
};

struct posix_timer;

/* One signal that waits, with what is told of it. */
struct sigqueue {
	struct list_head node;		/* process_lock; empty: it waits not */
	struct posix_timer *timer;	/* a part of this; NULL: allocated */
	struct siginfo info;
};

/* Signals that wait, for a thread or for a whole process. */
struct sigpending {
	sigset_t set;			/* process_lock */
	struct list_head queue;		/* struct sigqueue */
	unsigned nr;			/* of them allocated */
};

/* Does a signal wait for the current task, so that it should stop sleeping? */
bool signal_pending(void);
/*
 * The same, and only if it ends the process. No lock: an action that another thread
 * changes meanwhile may be seen as before.
 */
bool fatal_signal_pending(void);

/* Block mask while the current call waits: sigsuspend(), ppoll() ... */
void set_wait_sigmask(sigset_t mask);
/* Back to what was blocked: now, or after the handler of what came. */
void restore_wait_sigmask(bool interrupted);

/* To one thread / to the whole process. Context: any. 0, or -EAGAIN: so many
 * real-time signals wait for it that it is told of no more. */
int send_sig_thread(struct task *task, const struct siginfo *info);
int send_sig_process(struct process *process, const struct siginfo *info);
/* To the current thread, from the kernel. */
void send_sig_current(int sig);
/* To each process of the group. Context: any. 0, or -ESRCH: nobody is in it. */
int kill_pgrp(int pgrp, int sig);
/*
 * The current thread did something that cannot go on: it gets sig now, even
 * if it blocks or ignores it (then it dies).
 */
void force_sig_fault(int sig, int code, unsigned long addr);

/* Take one of set that waits for current, without acting on it; 0: none. */
int take_signal_of(sigset_t set, struct siginfo *info);
/* A signal waits for the process: wake who reads a signalfd. Held:
 * process_lock. kernel/fs/signalfd.c */
void signalfd_notify(struct process *process);

/* --- For fork, exec and exit --- */

struct sighand *sighand_alloc(void);
struct sighand *sighand_copy(struct sighand *old);	/* NULL: no memory */
void sighand_put(struct sighand *sighand);
void sigpending_init(struct sigpending *pending);
void sigpending_flush(struct sigpending *pending);
/* exec: handlers are gone with the old program; what is ignored stays so. */
void sighand_reset(struct sighand *sighand);

/* On the way back to user mode: deliver what waits. Interrupts enabled. */
void do_signal(struct pt_regs *regs);

#endif
