/* SPDX-License-Identifier: MIT */
/* What the files of kernel/process share. */
#ifndef KERNEL_PROCESS_PRIVATE_H
#define KERNEL_PROCESS_PRIVATE_H

#include <kernel/process.h>

struct itimer_ns;
struct mm_struct;

/* process.c */
extern unsigned nr_processes;		/* process_lock */
void process_add_thread(struct process *process, struct task *task);	/* locked */
struct process *process_find_locked(int pid);
void process_unhash(struct process *process);
void process_discard(struct process *process);
void process_reap(struct process *process);
/* The program it runs; takes the reference over, puts the last one's. */
void process_set_exe(struct process *process, struct file *file);
void usage_add_task(struct process_usage *sum, struct task *task);
void usage_add(struct process_usage *sum, const struct process_usage *more);

/* signal.c */
void signal_init_caches(void);
/* As send_sig_process(). Held: process_lock. */
void send_sig_locked(struct process *process, const struct siginfo *info);
/* Tell parent of a child's change. Held: process_lock. */
void notify_parent(struct process *child, int code, int status);
/* Set task->sig_work from what waits. Held: process_lock. */
void recalc_sig_work(struct task *task);
/* Every other thread of the current process is to end: it looks soon, and
 * finds group_exit or exec_task. Held: process_lock. */
void zap_other_threads(struct process *process);
/* Would sig be ignored? / Drop it wherever it waits. Held: process_lock. */
bool signal_ignored(const struct process *process, int sig);
void forget_signal(struct process *process, int sig);
/*
 * A timer's signal, which lies in the timer, to target (NULL: the process). False:
 * ignored, or nobody is there. / It waits no more. Without memory for its entry
 * another one with its number may have left but its bit, which goes too. Held:
 * process_lock.
 */
bool send_sigqueue_locked(struct process *process, struct task *target,
			  struct sigqueue *q);
void cancel_sigqueue_locked(struct process *process, struct task *target,
			    struct sigqueue *q);
/* Change the set of blocked signals. */
void set_blocked(sigset_t set);
/* The next signal that has a handler, and its action; 0: none is left. */
int next_signal(struct siginfo *info, struct k_sigaction *action);
/* A line for the log: a program was ended by sig. */
void report_fatal_signal(int sig);

/* syscall/signals.c: may current send it sig? */
bool may_signal(const struct process *target, int sig);

/* exit.c */
/* current leaves its address space: exit, exec. */
void leave_mm(void);
/* The parent of a vfork() may go on; clear_child_tid. */
void release_user_memory(struct task *task);

/* futex.c */
void futex_wake_exit(u32 uaddr);
void futex_exit_robust(struct task *task);

/* itimer.c */
void itimer_init(struct process *process);
void itimer_exit(struct process *process);

/* cpu_timer.c */

/* Whose CPU time a clock counts, and which. */
struct cpu_clock {
	struct process *process;	/* a reference; all its threads, or */
	struct task *task;		/* this one of them, with a reference */
	bool user_only;			/* in user mode */
};

/* fn is called, from the tick, when the clock has reached expires. */
struct cpu_alarm {
	struct list_head node;		/* process_lock; empty: not set */
	struct cpu_clock clock;		/* - */
	u64 expires;			/* ns of clock; process_lock */
	void (*fn)(struct cpu_alarm *alarm); /* held: process_lock */
};

/* Is it a number of such a clock, whether or not there is one? */
bool is_cpu_clock(int clock);
/*
 * The clock of this number, with its references. read: it is only looked at,
 * and a thread's number does for the process of the caller. 0, -EINVAL: there
 * is none.
 */
int cpu_clock_get(int clock, bool read, struct cpu_clock *c);
void cpu_clock_put(const struct cpu_clock *c);
/* Its ns. / Held: process_lock. */
u64 cpu_clock_ns(const struct cpu_clock *c);
u64 cpu_clock_ns_locked(const struct cpu_clock *c);
/* Held: process_lock. An alarm must be cancelled before it is set again. */
void cpu_alarm_init(struct cpu_alarm *alarm, void (*fn)(struct cpu_alarm *));
void cpu_alarm_set(struct cpu_alarm *alarm, u64 expires);
void cpu_alarm_cancel(struct cpu_alarm *alarm);
/*
 * Sleep until the clock has reached ns (absolute), or has gone on by ns. 0,
 * -EINVAL (no such clock, or the caller's own thread), -ERESTARTNOHAND: *left.
 */
long cpu_clock_sleep(int clock, bool absolute, u64 ns, u64 *left);
/* ITIMER_VIRTUAL, ITIMER_PROF of current's process; new NULL: only ask. */
void cpu_itimer_swap(int which, const struct itimer_ns *new,
		     struct itimer_ns *old);

/* posix_timer.c */
/* Its signal was taken, or dropped. Held: process_lock. */
void posix_timer_taken(struct posix_timer *timer);
/* A thread leaves: nothing is for it any more. Held: process_lock. */
void posix_timers_forget(struct process *process, struct task *task);
/* exec, exit: all go. Context: the only thread. May sleep. */
void posix_timers_exit(struct process *process);

#endif
