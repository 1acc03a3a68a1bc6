/* SPDX-License-Identifier: MIT */
/*
 * Process: what the threads of a thread group have in common.
 *
 *	struct task	a flow of control: stack, registers, signal mask, pid
 *			(its own number, tid)
 *	struct process	what they share: number (that of the first thread),
 *			family, descriptors, signal handlers, limits, times
 *	struct mm_struct  the address space; threads share it by pointer, and so
 *			does a child of vfork() until it calls exec
 *
 * Life
 *	process_alloc()	fork; entered in the tree by process_publish()
 *	  runs		threads come (clone) and go (exit)
 *	  zombie	the last thread has ended: only what wait() tells is left
 *	process_put()	when the parent has waited and nobody looks any more
 *
 * Which file does what, in kernel/process: process.c (this structure, the tree,
 * numbers), fork.c, exec.c and binfmt_elf.c, exit.c, wait.c, signal.c,
 * signal_frame.c, futex.c, itimer.c, posix_timer.c, cpu_timer.c, user_entry.c (the
 * way back to user mode).
 *
 * Fields: who guards them
 *	t	process_lock (rank PROCESS): the tree, and signals
 *	-	constant while somebody can find it
 *	a	atomic
 *	o	the process's threads, by the rules of the thing itself
 */
#ifndef KERNEL_PROCESS_H
#define KERNEL_PROCESS_H

#include <kernel/lock.h>
#include <kernel/rlimit.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/timer.h>
#include <kernel/wait.h>
#include <lib/list.h>

struct completion;
struct file;
struct files_struct;
struct fs_struct;
struct tty;

/* Times and counts that outlive the threads. ns; pages. */
struct process_usage {
	u64 utime, stime;
	unsigned long min_flt, maj_flt;
	unsigned long nvcsw, maxrss;
};

struct process {
	int pid;			/* -  */
	int pgid, sid;			/* t  */
	atomic_t refs;			/* a  tree, threads, finders */
	struct process *parent;		/* t  */
	struct list_head children;	/* t  by sibling */
	struct list_head sibling;	/* t  */
	struct list_head hash_node;	/* t  by pid */
	struct list_head all_node;	/* t  all_processes */
	struct list_head threads;	/* t  struct task.thread_node */
	unsigned nr_threads;		/* t  not yet ended */
	struct task *leader;		/* t  thread pid; NULL once it has ended */
	struct wait_queue_head wait_child; /* wait4() of its threads */

	struct files_struct *files;	/* o  descriptors; t to change */
	struct fs_struct *fs;		/* o  root, working folder; t to change */
	struct tty *tty;		/* t  controlling terminal, or NULL */
	struct rlimit rlim[RLIM_NLIMITS]; /* o  */
	u32 uid, euid, suid, gid, egid, sgid; /* o  */

	struct sighand *sighand;	/* -  */
	struct sigpending pending;	/* t  for any thread */
	int exit_signal;		/* -  to the parent; 0: none */
	bool group_exit;		/* t  all threads are to end */
	struct task *exec_task;		/* t  all others are to end; or NULL */
	bool did_exec;			/* o  */
	u8 stopped;			/* t  the signal that stopped it; 0: runs */
	bool stop_told, cont_told;	/* t  wait() has been told */
	bool continued;			/* t  since wait() looked */

	bool killed;			/* t  by SIGKILL: it will end */
	bool zombie;			/* t  */
	bool of_kernel;			/* -  a thread of the kernel waits for it */
	int exit_status;		/* t  as wait() tells it */
	struct process_usage usage;	/* t  of threads that ended */
	struct process_usage children_usage; /* t  of children waited for */
	u64 start_time;			/* -  ktime */
	struct timer real_timer;	/* t  ITIMER_REAL */
	u64 real_interval;		/*    ns; real_timer_mutex: itimer.c */
	struct posix_timers *posix_timers; /* t  NULL until the first */
	struct cpu_itimer {		/* t  ns of its CPU time: cpu_timer.c */
		u64 expires, interval;	/*    0: not set; 0: once */
	} cpu_itimer[2];		/*    ITIMER_VIRTUAL, ITIMER_PROF */
	struct list_head cpu_alarms;	/* t  others that wait for its time */
	bool cpu_timed;			/* t  any of that, or RLIMIT_CPU */
	s16 oom_score_adj;		/* o  */
	u8 oom_state;			/* t  enum oom_state */
	struct mm_struct *oom_mm;	/* t  held for the reaper */
	struct process *oom_next;	/* t  of those that wait for it */
	atomic_t pipe_pages;		/*    frames of pipes that it made */
	unsigned nr_sem_undos;		/*    sets to take back; sysvsem.c */
	bool dumpable;			/* o  */
	u8 pdeath_signal;		/* o  prctl */
	struct file *exe_file;		/* t  the program, or NULL */
	char exe_path[128];		/* o  as exec was given it */
};

extern spinlock_t process_lock;
extern struct list_head all_processes;	/* process_lock */
extern struct process *init_process;	/* pid 1; NULL before it starts */

/* --- process.c --- */

/* A copy of the parts of model that fork copies (NULL: the first of all).
 * In no tree yet. NULL: no memory. */
struct process *process_alloc(struct process *model);
/* Enter it and its first thread, which has got its number, as a child of
 * parent (NULL: it has none); sibling: of the parent of that. Held:
 * process_lock. */
void process_publish_locked(struct process *process, struct task *leader,
			    struct process *parent, bool sibling);
/* The same for one without a parent, whose first thread is current. */
void process_publish_first(struct process *process);
void process_get(struct process *process);
void process_put(struct process *process);
/* With a reference; NULL: there is none (zombies are found). Context: any. */
struct process *process_find(int pid);
/* Is the number that of a process, perhaps a zombie, or of a group? A guess. */
bool process_has_pid(int pid);
/* The number of its parent; 0: it has none. */
int process_parent_pid(const struct process *process);
/* Call fn for each process, with a reference and no lock held. */
void process_for_each(void (*fn)(struct process *process, void *arg),
		      void *arg);
/* May current look into it, and change it: its limits, its descriptors? Root,
 * itself, and who is the same user and group throughout. */
bool process_may_access(const struct process *process);
/* Its address space with a user's reference; NULL: it has none any more.
 * Context: any. */
struct mm_struct *process_get_mm(struct process *process);
/* The name of its first thread; when none is left, of its program. name has
 * TASK_NAME_LEN bytes. Context: any. */
void process_name(struct process *process, char *name);
/* Times of the process up to now. */
void process_usage_now(struct process *process, struct process_usage *sum);

/* --- fork.c --- */

#define CSIGNAL			0x000000ffu
#define CLONE_VM		0x00000100u
#define CLONE_FS		0x00000200u
#define CLONE_FILES		0x00000400u
#define CLONE_SIGHAND		0x00000800u
#define CLONE_PIDFD		0x00001000u
#define CLONE_PTRACE		0x00002000u
#define CLONE_VFORK		0x00004000u
#define CLONE_PARENT		0x00008000u
#define CLONE_THREAD		0x00010000u
#define CLONE_NEWNS		0x00020000u
#define CLONE_SYSVSEM		0x00040000u
#define CLONE_SETTLS		0x00080000u
#define CLONE_PARENT_SETTID	0x00100000u
#define CLONE_CHILD_CLEARTID	0x00200000u
#define CLONE_DETACHED		0x00400000u
#define CLONE_UNTRACED		0x00800000u
#define CLONE_CHILD_SETTID	0x01000000u
#define CLONE_IO		0x80000000u

struct kernel_clone_args {
	u32 flags;			/* CLONE_*, and the exit signal */
	bool clear_sighand;		/* no handlers: CLONE_CLEAR_SIGHAND */
	u32 stack;			/* 0: the parent's (a copy) */
	u32 parent_tid, child_tid;	/* user addresses */
	u32 pidfd;			/* likewise, for CLONE_PIDFD */
	u32 tls;
};

/* The pid of the child, or -Exxx. Context: a system call. */
long do_clone(const struct kernel_clone_args *args);
/*
 * The current kernel thread becomes pid 1 and runs path: returns only if it
 * cannot. exec.c
 */
int run_init_process(const char *path);
/* Start pid 1; false: there is no program for it. Context: may sleep. init.c */
bool start_init(void);
/* root=: the disk's file system is the root now. Context: boot. */
bool mount_root_disk(void);
/*
 * Run a program as a process of its own and wait for its end: *status as
 * wait4() tells it. Context: may sleep, a thread of the kernel. 0, or why it
 * could not be started (-ENOMEM, or as execve). exec.c
 */
int run_user_program(const char *path, const char *const *argv,
		     const char *const *envp, int *status);

/* --- cpu_timer.c --- */

/* From the tick: a thread of process, which is cpu_timed, runs. Context:
 * interrupts masked, no lock held. */
void cpu_timers_tick(struct process *process);
/* Its RLIMIT_CPU has changed. */
void cpu_limit_changed(struct process *process);

/* --- exit.c, wait.c --- */

void do_exit(int status) __noreturn;		/* this thread */
void do_group_exit(int status) __noreturn;	/* all of the process */

/* --- kernel/fs/pidfd.c --- */

/*
 * A file that stands for process, published or not yet. flags: O_NONBLOCK.
 * Context: may sleep. 0, -ENOMEM.
 */
int pidfd_file(struct process *process, unsigned flags, struct file **file);
/*
 * The process that descriptor fd stands for, with a reference; *nonblock (if
 * asked) is its O_NONBLOCK. NULL: it is not open, or no pidfd. Context: a
 * system call.
 */
struct process *pidfd_get_process(int fd, bool *nonblock);

/* --- kernel/fs/sysvsem.c --- */

/* Take back what the process did to semaphores with SEM_UNDO: it ends.
 * Context: may sleep. */
void sem_exit(struct process *process);

/* --- exec.c --- */

/* argv and envp in kernel memory, NULL-terminated. Returns -Exxx, or 0 and the
 * registers of the current task are those of the new program. */
int kernel_execve(const char *path, const char *const *argv,
		  const char *const *envp);

#endif
