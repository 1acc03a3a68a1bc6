/* SPDX-License-Identifier: MIT */
/*
 * Processes: their structure, their numbers, and the tree.
 *
 * Ideas
 *   Every thread has a number (tid), every process that of its first thread.
 *   Both are found through one hash table each. A zombie keeps its number until
 *   its parent has asked for it, so that no new process can be taken for it.
 *
 *	init_process --children--> sh --children--> ls (zombie)
 *	      ^------parent------- sh <--parent---- ls
 *
 *   References: each thread holds one (until its structure is freed), the tree one
 *   (until wait), and whoever found the process one.
 *
 * Locks   process_lock: the tree, numbers, lists of threads. Signals are sent
 *	   from interrupts, so it is taken with interrupts masked.
 * Cost	   a process is found in a bucket of 1/64 of them.
 */
#include <kernel/fs_struct.h>
#include <kernel/init.h>
#include <kernel/process.h>
#include <kernel/time.h>
#include <lib/bitops.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include "process_private.h"

#define HASH_SIZE	256

DEFINE_SPINLOCK(process_lock, LOCK_PROCESS);
LIST_HEAD(all_processes);
struct process *init_process;
unsigned nr_processes;			/* process_lock */

static struct list_head buckets[HASH_SIZE];	/* process_lock */
static DECLARE_BITMAP(pid_used, PID_MAX);	/* process_lock */
static struct kmem_cache *process_cachep;

static struct list_head *
bucket_of(int pid)
{
	return &buckets[(unsigned)pid % HASH_SIZE];
}

/* What a process without a parent starts with. */
static void
default_limits(struct rlimit *rlim)
{
	static const struct {
		u8 which;
		unsigned long cur, max;
	} given[] = {
		{ RLIMIT_STACK, 8ul << 20, RLIM_INFINITY },
		{ RLIMIT_CORE, 0, RLIM_INFINITY },
		{ RLIMIT_NOFILE, 1024, 4096 },
		{ RLIMIT_MEMLOCK, 8ul << 20, 8ul << 20 },
		{ RLIMIT_SIGPENDING, 1024, 1024 },
		{ RLIMIT_MSGQUEUE, 819200, 819200 },
		{ RLIMIT_NICE, 0, 0 },
		{ RLIMIT_RTPRIO, 0, 0 },
	};

	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		rlim[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	for (unsigned i = 0; i < ARRAY_SIZE(given); i++)
		rlim[given[i].which] = (struct rlimit){ given[i].cur,
							given[i].max };
}

static void
inherit(struct process *process, const struct process *parent)
{
	memcpy(process->rlim, parent->rlim, sizeof(process->rlim));
	process->cpu_timed = process->rlim[RLIMIT_CPU].rlim_cur != RLIM_INFINITY;
	process->pgid = parent->pgid;
	process->sid = parent->sid;
	process->tty = parent->tty;
	process->uid = parent->uid;
	process->euid = parent->euid;
	process->suid = parent->suid;
	process->gid = parent->gid;
	process->egid = parent->egid;
	process->sgid = parent->sgid;
	process->oom_score_adj = parent->oom_score_adj;
	process->dumpable = parent->dumpable;
	memcpy(process->exe_path, parent->exe_path, sizeof(process->exe_path));
	if (parent->exe_file)
		process->exe_file = get_file(parent->exe_file);
}

struct process *
process_alloc(struct process *model)
{
	struct process *process = kmem_cache_zalloc(process_cachep,
						    GFP_KERNEL);

	if (!process)
		return NULL;
	atomic_set(&process->refs, 1);
	INIT_LIST_HEAD(&process->children);
	INIT_LIST_HEAD(&process->sibling);
	INIT_LIST_HEAD(&process->threads);
	init_waitqueue_head(&process->wait_child);
	sigpending_init(&process->pending);
	itimer_init(process);
	INIT_LIST_HEAD(&process->cpu_alarms);
	process->start_time = ktime_get_ns();
	process->exit_signal = SIGCHLD;
	if (model)
		inherit(process, model);
	else
		default_limits(process->rlim);
	return process;
}

void
process_publish_locked(struct process *process, struct task *leader,
		       struct process *parent, bool sibling)
{
	process_get(process);		/* the tree's; the first is leader's */
	process->pid = leader->pid;
	if (!process->pgid)
		process->pgid = process->sid = process->pid;
	process->leader = leader;
	list_add_tail(&process->hash_node, bucket_of(process->pid));
	list_add_tail(&process->all_node, &all_processes);
	set_bit((unsigned)process->pid, pid_used);
	nr_processes++;
	/* Only now: a parent's parent may go at any moment before. */
	process->parent = sibling ? parent->parent : parent;
	if (process->parent)
		list_add_tail(&process->sibling, &process->parent->children);
	process_add_thread(process, leader);
}

void
process_publish_first(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);

	process_publish_locked(process, current, NULL, false);
	spin_unlock_irqrestore(&process_lock, flags);
}

/* Held: process_lock. */
void
process_add_thread(struct process *process, struct task *task)
{
	list_add_tail(&task->thread_node, &process->threads);
	process->nr_threads++;
}

void
process_get(struct process *process)
{
	atomic_inc(&process->refs);
}

void
process_put(struct process *process)
{
	if (!atomic_dec_and_test(&process->refs))
		return;
	if (process->sighand) {
		sigpending_flush(&process->pending);
		sighand_put(process->sighand);
	}
	kmem_cache_free(process_cachep, process);
}

/* Of one that was never published. */
void
process_discard(struct process *process)
{
	process_set_exe(process, NULL);
	if (process->fs)
		fs_put(process->fs);
	if (process->files)
		files_put(process->files);
	process_put(process);
}

void
process_set_exe(struct process *process, struct file *file)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct file *old = process->exe_file;

	process->exe_file = file;
	spin_unlock_irqrestore(&process_lock, flags);
	fput(old);
}

/* A zombie that the kernel waited for is known no more. */
void
process_reap(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);

	process_unhash(process);
	spin_unlock_irqrestore(&process_lock, flags);
	process_put(process);
}

/* Held: process_lock. */
struct process *
process_find_locked(int pid)
{
	struct process *process;

	list_for_each_entry(process, bucket_of(pid), hash_node)
		if (process->pid == pid)
			return process;
	return NULL;
}

/*
 * Without the lock: task_list_lock is held, which lies below. A process that
 * enters meanwhile has a number of its own; one that leaves does no harm.
 */
bool
process_has_pid(int pid)
{
	return test_bit((unsigned)pid, pid_used);
}

struct process *
process_find(int pid)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct process *process = process_find_locked(pid);

	if (process)
		process_get(process);
	spin_unlock_irqrestore(&process_lock, flags);
	return process;
}

/* Under the lock: the parent may end and give its children away. */
int
process_parent_pid(const struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	int pid = process->parent ? process->parent->pid : 0;

	spin_unlock_irqrestore(&process_lock, flags);
	return pid;
}

bool
process_may_access(const struct process *p)
{
	const struct process *self = current->process;

	return p == self || !self->euid ||
	       (self->uid == p->uid && self->uid == p->euid &&
		self->uid == p->suid && self->gid == p->gid &&
		self->gid == p->egid && self->gid == p->sgid);
}

static void
get_space(struct mm_struct *mm, void *arg)
{
	mmget(mm);
	*(struct mm_struct **)arg = mm;
}

struct mm_struct *
process_get_mm(struct process *process)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct mm_struct *mm = NULL;
	struct task *task;

	list_for_each_entry(task, &process->threads, thread_node)
		if (task_look_at_mm(task, get_space, &mm))
			break;
	spin_unlock_irqrestore(&process_lock, flags);
	return mm;
}

/* Held: process_lock. The tree's reference stays with the caller. */
void
process_unhash(struct process *process)
{
	list_del(&process->hash_node);
	list_del(&process->all_node);
	list_del(&process->sibling);
	clear_bit((unsigned)process->pid, pid_used);
	nr_processes--;
}

void
process_name(struct process *process, char *name)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	const char *slash = strrchr(process->exe_path, '/');
	struct task *task;

	strscpy(name, slash ? slash + 1 : process->exe_path, TASK_NAME_LEN);
	list_for_each_entry(task, &process->threads, thread_node) {
		strscpy(name, task->name, TASK_NAME_LEN);
		break;
	}
	spin_unlock_irqrestore(&process_lock, flags);
}

/* The next one by number behind last (NULL: the first), with a reference. */
static struct process *
next_process(struct process *last)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	unsigned long pid = find_next_bit(pid_used, PID_MAX,
					  last ? (unsigned)last->pid + 1 : 0);
	struct process *next = NULL;

	if (pid < PID_MAX) {
		next = process_find_locked((int)pid);
		process_get(next);
	}
	spin_unlock_irqrestore(&process_lock, flags);
	return next;
}

void
process_for_each(void (*fn)(struct process *process, void *arg), void *arg)
{
	struct process *process = next_process(NULL), *next;

	for (; process; process = next) {
		fn(process, arg);
		next = next_process(process);
		process_put(process);
	}
}

/* --- Times --- */

/* Up to now: a task that ends has not been charged for its last slice yet.
 * Held: process_lock, or the task is current. */
void
usage_add_task(struct process_usage *sum, struct task *task)
{
	u64 ran = sched_task_runtime(task), user = min(task->user_time, ran);

	sum->stime += ran - user;
	sum->utime += user;
	sum->min_flt += task->min_flt;
	sum->maj_flt += task->maj_flt;
	sum->nvcsw += task->nr_switches;
	sum->maxrss = max(sum->maxrss, task_hiwater_rss(task));
}

void
usage_add(struct process_usage *sum, const struct process_usage *more)
{
	sum->utime += more->utime;
	sum->stime += more->stime;
	sum->min_flt += more->min_flt;
	sum->maj_flt += more->maj_flt;
	sum->nvcsw += more->nvcsw;
	sum->maxrss = max(sum->maxrss, more->maxrss);
}

void
process_usage_now(struct process *process, struct process_usage *sum)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct task *task;

	*sum = process->usage;
	list_for_each_entry(task, &process->threads, thread_node)
		usage_add_task(sum, task);
	spin_unlock_irqrestore(&process_lock, flags);
}

static int
process_init(void)
{
	for (unsigned i = 0; i < HASH_SIZE; i++)
		INIT_LIST_HEAD(&buckets[i]);
	process_cachep = kmem_cache_create("process", sizeof(struct process),
					   0, SLAB_PANIC, NULL);
	signal_init_caches();
	return 0;
}
device_initcall(process_init);
