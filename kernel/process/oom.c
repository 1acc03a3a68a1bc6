/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: somebody has to end.
 *
 * What it is for
 *   Memory is promised when it is mapped and given when it is touched. When more
 *   is touched than there is, and reclaim has nothing left to win, three things
 *   could be done: fail the request (a program that only wrote to its own
 *   memory would get a signal for it), wait (for ever), or end one process so that all
 *   the others can go on.
 *
 *	alloc_pages()  nothing free, nothing to reclaim
 *	  out_of_memory()
 *	    current is to end anyway?	 it gets the reserves, and goes on to its end
 *	    one is dying already?	 wait for its memory
 *	    choose, report, SIGKILL	 and hand its memory to the reaper
 *	  try again
 *
 * Ideas
 *   Badness	pages that come back: in memory, swapped out, of page tables, in
 *		pipes that it made (and socket pairs, which are two).
 *		oom_score_adj moves that by thousandths of all memory: 1000
 *		makes a process the first whatever it has, -1000 exempts it.
 *		The largest ends: one instead of many, and most likely the
 *		one that took too much.
 *   Never	threads of the kernel, init, those with -1000, and those whose
 *		memory was taken already.
 *   Together	processes that share the space (vfork, clone) have to end all:
 *		else nothing would be freed.
 *   Reaper	a thread that takes the victim's memory without waiting for it
 *		(mm/as/oom_reap.c says why). So a victim is done after a moment, even
 *		one that sleeps for ever; then the next can be chosen. Pipes and page
 *		tables go only with the process: where they are much, they are waited
 *		for as long as they get less, and a second more.
 *
 *	NONE --kill--> VICTIM --reaper: memory taken, or ten tries--> DONE
 *
 * State	nr_victims: processes that are VICTIM, so that nobody else is killed
 *		while memory is on its way. oom_queue: those for the reaper.
 * Locks	oom_lock (mutex, only ever tried): one choice at a time.
 *		process_lock: oom_state, the tree, the queue.
 * Cost	one pass over all processes, about 100 instructions each; the report costs
 *	more (oom_report.c).
 * Questions a reader asks
 *   What if there is nobody?  The request fails, with a report. Linux panics
 *     there; here every caller copes with a failed request (tests/kernel/sweep*).
 *   Why is the mutex only tried?  Who waits for it would wait for the very
 *     thing it wants: memory. So it looks again for free memory instead.
 *   Why not ask the process to give back memory?  It would have to run, and
 *     running takes memory.
 * Sources  proc(5) on oom_score_adj; Linux's documentation of sysctl vm
 *	    (panic_on_oom, oom_kill_allocating_task, oom_dump_tasks); Hocko, Linux
 *	    4.6, on the reaper.
 */
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/mutex.h>
#include <kernel/oom.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/wait.h>
#include <lib/errno.h>
#include <mm/hooks.h>
#include <mm/mm.h>
#include <mm/swap.h>
#include <mm/trace.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "oom.h"
#include "process_private.h"

#define REAP_TRIES	100	/* a second */
#define REAP_PAUSE_MS	10
#define FEW_TABLES	32	/* pages: nobody would wait for so few */

int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task;
int sysctl_oom_dump_tasks = 1;
u64 oom_last_ns;				/* oom_lock */
unsigned nr_oom_kills;				/* process_lock */

static DEFINE_MUTEX(oom_lock);
static atomic_t nr_victims;
static struct process *oom_queue;		/* process_lock */
static DECLARE_WAIT_QUEUE_HEAD(reaper_wait);	/* the reaper: for work */
static DECLARE_WAIT_QUEUE_HEAD(victim_wait);	/* others: for its end */

/* --- What a process has --- */

static void
read_memory(struct mm_struct *mm, void *arg)
{
	*(struct oom_memory *)arg = (struct oom_memory){
		.total_vm = READ_ONCE(mm->total_vm),
		.anon = (unsigned long)READ_ONCE(mm->rss[MM_ANONPAGES]),
		.file = (unsigned long)READ_ONCE(mm->rss[MM_FILEPAGES]),
		.shmem = (unsigned long)READ_ONCE(mm->rss[MM_SHMEMPAGES]),
		.swap = (unsigned long)READ_ONCE(mm->rss[MM_SWAPENTS]),
		.tables = READ_ONCE(mm->nr_tables),
	};
}

/* Held: process_lock. */
static bool
memory_locked(struct process *process, struct oom_memory *m)
{
	struct task *task;

	list_for_each_entry(task, &process->threads, thread_node) {
		if (!task_look_at_mm(task, read_memory, m))
			continue;
		m->pipes = (unsigned long)atomic_read(&process->pipe_pages);
		return true;
	}
	return false;
}

bool
oom_process_memory(struct process *process, struct oom_memory *m)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	bool any = memory_locked(process, m);

	spin_unlock_irqrestore(&process_lock, flags);
	return any;
}

unsigned long
oom_total_pages(void)
{
	return totalram_pages() + total_swap_pages();
}

/* Of so many pages in all. Held: process_lock. -1: not to be killed. */
static long
badness_locked(struct process *process, unsigned long total)
{
	int adj = READ_ONCE(process->oom_score_adj);
	struct oom_memory m;
	long points;

	if (process == init_process || process->zombie ||
	    process->oom_state != OOM_NONE || adj == OOM_SCORE_ADJ_MIN ||
	    !memory_locked(process, &m))
		return -1;
	points = (long)(m.anon + m.file + m.shmem + m.swap + m.tables +
			m.pipes);
	/* In two parts: all of a small memory counts, and none overflows. */
	points += adj * (long)(total / 1000);
	points += adj * (long)(total % 1000) / 1000;
	return max(points, 0l);
}

long
oom_badness(struct process *process)
{
	unsigned long total = oom_total_pages();
	unsigned long flags = spin_lock_irqsave(&process_lock);
	long points = badness_locked(process, total);

	spin_unlock_irqrestore(&process_lock, flags);
	return points;
}

/* The youngest of those that are worst: it has done the least. */
struct process *
oom_select(void)
{
	unsigned long total = oom_total_pages();
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct process *process, *worst = NULL;
	long most = -1, points;

	list_for_each_entry(process, &all_processes, all_node) {
		points = badness_locked(process, total);
		if (points >= 0 && points >= most) {
			most = points;
			worst = process;
		}
	}
	if (worst)
		process_get(worst);
	spin_unlock_irqrestore(&process_lock, flags);
	return worst;
}

/* --- Killing --- */

static void
note_space(struct mm_struct *mm, void *arg)
{
	*(struct mm_struct **)arg = mm;
}

static void
hold_space(struct mm_struct *mm, void *arg)
{
	mmgrab(mm);
	note_space(mm, arg);
}

/* The space of process, found by fn; NULL: none. Held: process_lock. */
static struct mm_struct *
space_of(struct process *process, void (*fn)(struct mm_struct *mm, void *arg))
{
	struct mm_struct *mm;
	struct task *task;

	list_for_each_entry(task, &process->threads, thread_node) {
		if (task_look_at_mm(task, fn, &mm))
			return mm;
	}
	return NULL;
}

/*
 * It and its threads are to end; the reaper is given the space (with a hold on
 * it). Held: process_lock.
 */
static void
make_victim(struct process *process, struct mm_struct *mm)
{
	struct siginfo info = { .si_signo = SIGKILL, .si_code = SI_KERNEL };
	struct task *task;

	if (process->oom_state != OOM_NONE)
		return;
	process->oom_state = OOM_VICTIM;
	atomic_inc(&nr_victims);
	list_for_each_entry(task, &process->threads, thread_node)
		task->oom_victim = true;
	mmgrab(mm);
	process->oom_mm = mm;
	process->oom_next = oom_queue;
	oom_queue = process;
	process_get(process);
	trace_wake_reaper(process->pid);
	send_sig_locked(process, &info);
}

/* Kill process and all that share its space; false: it has none any more. */
static bool
kill_sharers(struct process *victim)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct mm_struct *mm = space_of(victim, hold_space);
	struct process *process;

	if (mm) {
		nr_oom_kills++;
		make_victim(victim, mm);
		list_for_each_entry(process, &all_processes, all_node) {
			if (process != init_process &&
			    space_of(process, note_space) == mm)
				make_victim(process, mm);
		}
	}
	spin_unlock_irqrestore(&process_lock, flags);
	if (!mm)
		return false;
	wake_up(&reaper_wait);
	mmdrop(mm);
	return true;
}

/* Are all that have this space to end? Held: process_lock. */
static bool
all_end(struct mm_struct *mm)
{
	struct process *process;

	list_for_each_entry(process, &all_processes, all_node) {
		if (space_of(process, note_space) == mm &&
		    (process == init_process ||
		     (!process->killed && !process->group_exit)))
			return false;
	}
	return true;
}

int
oom_release(struct process *process)
{
	struct mm_struct *mm = process_get_mm(process);
	unsigned long flags;
	int err = -EINVAL;
	bool end;

	if (!mm)
		return -ESRCH;
	flags = spin_lock_irqsave(&process_lock);
	end = all_end(mm);
	spin_unlock_irqrestore(&process_lock, flags);
	if (end)
		err = mm_oom_reap(mm, process->pid) ? 0 : -EAGAIN;
	mmput(mm);
	return err;
}

/* current has been told to end: it must not wait for memory of others. */
static void
current_is_victim(void)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);

	current->oom_victim = true;
	spin_unlock_irqrestore(&process_lock, flags);
}

static struct process *
choose(void)
{
	struct process *mine = current->process;

	if (sysctl_oom_kill_allocating_task && mine && oom_badness(mine) >= 0) {
		process_get(mine);
		return mine;
	}
	return oom_select();
}

/* Held: oom_lock. */
static bool
kill_somebody(gfp_t gfp, unsigned order)
{
	u64 start = ktime_get_ns();
	struct process *victim = choose();
	bool killed;

	if (!victim && !sysctl_panic_on_oom)
		return false;
	oom_report(gfp, order, victim);
	if (sysctl_panic_on_oom) {
		mutex_unlock(&oom_lock);	/* a test goes on after it */
		panic("Out of memory: panic_on_oom is set");
	}
	oom_report_kill(victim);
	killed = kill_sharers(victim);
	oom_last_ns = ktime_get_ns() - start;
	if (killed)
		count_vm_event(OOM_KILL);
	process_put(victim);
	return true;
}

bool
out_of_memory(gfp_t gfp, unsigned order)
{
	bool helped;

	if (current->process && fatal_signal_pending()) {
		current_is_victim();
		return true;
	}
	/* Somebody chooses, or is dying: there will be memory. */
	if (!mutex_trylock(&oom_lock)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1);
		return true;
	}
	if (atomic_read(&nr_victims)) {
		wait_event(&victim_wait, !atomic_read(&nr_victims));
		helped = true;
	} else {
		helped = kill_somebody(gfp, order);
	}
	mutex_unlock(&oom_lock);
	return helped;
}

/* --- The reaper --- */

static struct process *
take_victim(void)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct process *process = oom_queue;

	if (process)
		oom_queue = process->oom_next;
	spin_unlock_irqrestore(&process_lock, flags);
	return process;
}

/*
 * Pages that only the process itself gives back, as it ends: of pipes, of many
 * tables; all of them once its last user is unmapping them.
 */
static unsigned long
kept_to_the_end(const struct process *process, struct mm_struct *mm)
{
	unsigned long pages = (unsigned long)atomic_read(&process->pipe_pages);
	unsigned long tables = READ_ONCE(mm->nr_tables);

	if (tables > FEW_TABLES)
		pages += tables;
	if (!atomic_read(&mm->mm_users) && !mm_is_unmapped(mm))
		pages += mm_rss(mm) + 1;
	return pages;
}

/* Wait for them, as long as they get less: who chose the process would else
 * choose another one meanwhile. */
static void
wait_for_rest(const struct process *process, struct mm_struct *mm)
{
	unsigned long pages = kept_to_the_end(process, mm), now;
	unsigned tries = 0;

	while (pages && !READ_ONCE(process->zombie) && ++tries < REAP_TRIES) {
		msleep(REAP_PAUSE_MS);
		now = kept_to_the_end(process, mm);
		if (now < pages)
			tries = 0;
		pages = now;
	}
}

/* Take the memory of its space, if its last user is not at it already. */
static void
reap(struct process *process)
{
	struct mm_struct *mm = process->oom_mm;
	unsigned tries = 0;
	bool done = false;

	if (atomic_add_unless(&mm->mm_users, 1, 0)) {
		while (!(done = mm_oom_reap(mm, process->pid)) &&
		       ++tries < REAP_TRIES)
			msleep(REAP_PAUSE_MS);
		if (done)
			oom_report_reaped(process, mm);
		mmput(mm);
	} else {
		trace_skip_task_reaping(process->pid);
	}
	wait_for_rest(process, mm);
	mmdrop(mm);
}

static void
reaper(void *arg)
{
	struct process *process;
	unsigned long flags;

	for (;;) {
		wait_event(&reaper_wait, (process = take_victim()));
		reap(process);
		flags = spin_lock_irqsave(&process_lock);
		process->oom_mm = NULL;
		process->oom_state = OOM_DONE;
		spin_unlock_irqrestore(&process_lock, flags);
		process_put(process);
		atomic_dec(&nr_victims);
		wake_up_all(&victim_wait);
	}
}

static int
oom_init(void)
{
	if (!kthread_run(reaper, NULL, "oom_reaper"))
		panic("oom: no memory for the reaper");
	page_oom_fn = out_of_memory;
	return 0;
}
late_initcall(oom_init);
