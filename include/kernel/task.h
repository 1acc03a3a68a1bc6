/* SPDX-License-Identifier: MIT */
/*
 * Task: one flow of control with its own kernel stack.
 *
 * The task structure lies at the upper end of its stack, both together one
 * block of THREAD_SIZE from kstack_alloc(), a guard page below it:
 *
 *	stack base                                      base + THREAD_SIZE
 *	|  ...free...  <---- stack grows down | pt_regs | struct task |
 *
 * pt_regs: the registers of its user mode, while it is in the kernel.
 * One allocation serves all, and an overflow, which runs down, cannot reach
 * the structure at the upper end.
 *
 * States and legal moves
 *
 *	NEW --wake--> RUNNING <--wake-- UNINTERRUPTIBLE / INTERRUPTIBLE
 *	                 |  \-----sleep------^
 *	                 \--exit--> DEAD --last put_task()--> gone
 *
 *	RUNNING means: runs on a core, or waits in a run queue for one.
 *	Only current leaves RUNNING, only the waker (holding the lock of the
 *	run queue) brings a task back to it.
 *
 * Fields: who guards them
 *	q	run queue lock of the task's core
 *	l	task_list_lock
 *	o	only the task itself, or its creator before the first wake
 *	-	constant once the task has been created
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include <asm/percpu.h>
#include <asm/switch.h>
#include <kernel/signal.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <lib/types.h>

struct completion;
struct fpu_state;
struct mm_struct;
struct process;
struct rlimit;

#define TASK_NAME_LEN	16
#define TASK_ANY_CPU	(-1)	/* where one core is named */
#define CPU_MASK_ALL	(~0u)	/* cpus_allowed of who may run anywhere */
#define MIN_NICE	(-20)
#define MAX_NICE	19

enum task_state {
	TASK_RUNNING = 0,
	TASK_INTERRUPTIBLE = 1,		/* sleeps; later: a signal wakes it */
	TASK_UNINTERRUPTIBLE = 2,
	TASK_NEW = 4,			/* created, never woken */
	TASK_DEAD = 8,			/* will never run again */
};

struct task {
	struct cpu_context context;	/* q  registers while it does not run */
	struct rb_node run_node;	/* q  in the run queue's tree */
	u64 vruntime;			/* q  ns it has run, adjusted: sched.c */
	u64 exec_start;			/* q  ktime when the count began */
	u64 slice_start;		/* q  sum_runtime when it was chosen */
	u64 sum_runtime;		/* q  ns it has run, in truth */
	unsigned long nr_switches;	/* q  times it was chosen */
	u32 state;			/* q  enum task_state; see set_current_state */
	s16 cpu;			/* q  the core it belongs to */
	bool bound;			/* -  to one core, for ever: a thread of it */
	u32 cpus_allowed;		/* q  bit n: may run on core n */
	u32 balanced_at;		/* q  jiffies when it was last taken by
					 *    another core: migrate.c */
	bool on_rq;			/* q  runs, or is in the tree */
	bool memalloc;			/* o  it frees memory: may use the
					 *    reserves, does not reclaim */
	bool idle;			/* -  an idle task: never queued */
	s8 nice;			/*    any time: its share, see sched.c */
	bool should_stop;		/* set once by kthread_stop() */
	bool left;			/* l  DEAD, and off its stack for good */
	int refs;			/* l  gone when 0: see put_task() */
	int exit_code;			/* o  valid once left */
	int pid;			/* l  */
	struct task *pid_next;		/* l  of the same bucket */
	char name[TASK_NAME_LEN];	/* -  */
	void *stack;			/* -  lowest address; THREAD_SIZE bytes */
	struct list_head task_node;	/* l  in task_list */
	struct mm_struct *mm;		/* o  its address space; NULL: a thread of
					 *    the kernel */
	struct mm_struct *active_mm;	/* q  whose table the core uses meanwhile */
	struct process *process;	/* -  thread group, NULL likewise */
	struct list_head thread_node;	/*    process_lock: process->threads */
	sigset_t blocked;		/* o  read by senders: process_lock */
	sigset_t saved_mask;		/* o  to be put back after sigsuspend() */
	struct sigpending pending;	/*    process_lock */
	u8 psi_flags;			/* o  what it is held up by: psi.h */
	bool oom_victim;		/* set once, process_lock: may use
					 *    reserves, will not live long */
	bool restore_mask;		/* o  saved_mask counts */
	bool sig_work;			/*    process_lock: look for signals on the
					 *    way to user mode */
	u32 sas_sp, sas_size;		/* o  sigaltstack() */
	u32 clear_child_tid;		/* o  user address, or 0 */
	u32 set_child_tid;		/* -  likewise */
	u32 restart;			/* o  -ERESTART* of the call that a signal
					 *    broke off, or 0 */
	u64 user_time;			/* o  ns, by ticks that met user mode */
	u32 robust_list;		/* o  user address, or 0 */
	struct completion *vfork_done;	/*    process_lock: the parent waits */
	u32 tls, tls_rw;		/* o  TPIDRURO, TPIDRURW: asm/tls.h */
	struct fpu_state *fpu;		/* o  NULL until first used: kernel/fpu.h */
	struct rlimit *rlim;		/* -  the process's; NULL: no limits */
	struct blk_plug *plug;		/* o  I/O that it collects, or NULL */
	unsigned long min_flt, maj_flt;	/* o  faults served without / with I/O */
	void (*fn)(void *arg);		/* -  what it runs */
	void *arg;			/* -  */
};

DECLARE_PER_CPU(struct task *, current_task);
#define current		this_cpu_read(current_task)

/*
 * The registers of a task's user mode: at the upper end of its stack, where
 * every entry from user mode puts them.
 */
static inline struct pt_regs *
task_pt_regs(const struct task *task)
{
	return (struct pt_regs *)task - 1;
}

#define PID_MAX		32768	/* numbers are below */

/* All tasks but the dead ones that have left; guarded by task_list_lock. */
extern struct list_head task_list;

/*
 * A reference keeps the structure (and the stack) after the task is dead.
 * Every task holds one on itself until it has left its stack. To wait for
 * a thread that may end by itself, get_task() it before it is first woken.
 */
void get_task(struct task *task);
void put_task(struct task *task);
/* The task with this number, with a reference, or NULL. Context: any. */
struct task *find_get_task(int pid);
/* fn(the task of this number, arg) with task_list_lock held; false: there is none. */
bool task_look_at(int pid, void (*fn)(struct task *task, void *arg), void *arg);
/* The next number behind this one that a task has; 0: there is none. */
int task_next_pid(int pid);
/* Its address space, with a user's reference, or NULL. Context: any. */
struct mm_struct *task_get_mm(struct task *task);
/* The most pages that its address space has had, 0 without one. */
unsigned long task_hiwater_rss(const struct task *task);
/* Call fn for its address space while it cannot go; false: it has none. */
bool task_look_at_mm(struct task *task, void (*fn)(struct mm_struct *mm, void *arg),
		     void *arg);
/* How many there are. */
unsigned task_count(void);
/* exec: the thread that is left gets the number of its process. */
void task_set_pid(struct task *task, int pid);
/* A task that was never published goes. */
void task_discard(struct task *task);
/*
 * The task that follows task in order of pid (NULL: the first), with a
 * reference; that on task is dropped. NULL behind the last. Tasks may come
 * and go meanwhile. Context: may sleep.
 */
struct task *task_next(struct task *task);

#endif
