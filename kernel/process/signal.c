/* SPDX-License-Identifier: MIT */
/*
 * Signals: sending, waiting, choosing.
 *
 * Ideas
 *   A signal waits in one of two sets: that of a thread (kill(tid), faults) or
 *   that of the process, from which any thread that does not block it may take
 *   it. Of each ordinary signal (1 to 31) at most one waits in a set; of the
 *   real-time ones each is kept, in order, up to RLIMIT_SIGPENDING in a set.
 *
 *	send --> pending set --> (a thread on its way to user mode) --> handler,
 *					or stop, continue, end, ignore
 *
 *   A signal is acted on in one place only: when a thread is about to return to
 *   user mode (do_signal). Sending marks the thread (sig_work) and wakes it if
 *   it sleeps interruptibly; its system call returns -ERESTARTSYS or the like.
 *
 *   Stopping: all threads of the process wait, in that same place, until SIGCONT
 *   clears process->stopped, or SIGKILL comes: other signals wait till then.
 *
 *   Some waits (vfork, userfaultfd) are to end only with the process. They ask for
 *   fatal_signal_pending(): SIGKILL, or one that the thread does not block and
 *   whose default action, not replaced, ends the process.
 *
 * Invariants
 *   sig_work is set if a signal waits that the thread does not block, or the
 *   process is to stop or to end (recalc_sig_work). It may be set too often.
 * Locks   process_lock for all of it, interrupts masked: handlers, sets, and the
 *	   list of threads among which one is chosen. A signal to a process may
 *	   tell its parent by another: one lock leaves no order to get wrong.
 * Cost	   a system call without signals: nothing. The per-CPU word user_work is
 *	   looked at on each return to user mode anyhow.
 *
 * Sources  POSIX.1-2017, 2.4 Signal Concepts; signal(7).
 */
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>
#include "process_private.h"

#define SIG_STOPS	(sigmask(SIGSTOP) | sigmask(SIGTSTP) | \
			 sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define SIG_IGNORED	(sigmask(SIGCHLD) | sigmask(SIGCONT) | \
			 sigmask(SIGURG) | sigmask(SIGWINCH))
#define SIG_NEVER_BLOCKED (sigmask(SIGKILL) | sigmask(SIGSTOP))
/* Those that a thread causes itself come first. */
#define SIG_SYNCHRONOUS	(sigmask(SIGSEGV) | sigmask(SIGBUS) | \
			 sigmask(SIGILL) | sigmask(SIGTRAP) | \
			 sigmask(SIGFPE) | sigmask(SIGSYS))

static struct kmem_cache *sighand_cachep, *sigqueue_cachep;

void
signal_init_caches(void)
{
	sighand_cachep = kmem_cache_create("sighand", sizeof(struct sighand),
					   0, SLAB_PANIC, NULL);
	sigqueue_cachep = kmem_cache_create("sigqueue",
					    sizeof(struct sigqueue), 0,
					    SLAB_PANIC, NULL);
}

/* --- Handlers --- */

struct sighand *
sighand_alloc(void)
{
	struct sighand *sighand = kmem_cache_zalloc(sighand_cachep,
						    GFP_KERNEL);

	if (sighand)
		atomic_set(&sighand->count, 1);
	return sighand;
}

struct sighand *
sighand_copy(struct sighand *old)
{
	struct sighand *sighand = sighand_alloc();
	unsigned long flags;

	if (!sighand)
		return NULL;
	flags = spin_lock_irqsave(&process_lock);
	memcpy(sighand->action, old->action, sizeof(old->action));
	spin_unlock_irqrestore(&process_lock, flags);
	return sighand;
}

void
sighand_put(struct sighand *sighand)
{
	if (atomic_dec_and_test(&sighand->count))
		kmem_cache_free(sighand_cachep, sighand);
}

void
sighand_reset(struct sighand *sighand)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);

	for (unsigned i = 0; i < NSIG; i++) {
		struct k_sigaction *action = &sighand->action[i];
		u32 keep = action->handler == SIG_IGN ? SIG_IGN : SIG_DFL;

		*action = (struct k_sigaction){ .handler = keep };
	}
	spin_unlock_irqrestore(&process_lock, flags);
}

/* --- Sets of waiting signals --- */

void
sigpending_init(struct sigpending *pending)
{
	pending->set = 0;
	pending->nr = 0;
	INIT_LIST_HEAD(&pending->queue);
}

/* It waits no more; info, or NULL: its story. That of a timer (process_lock
 * held) stays the timer's, which counts what it missed and goes on. */
static void
remove_entry(struct sigpending *pending, struct sigqueue *q,
	     struct siginfo *info)
{
	list_del_init(&q->node);
	if (q->timer)
		posix_timer_taken(q->timer);
	if (info)
		*info = q->info;
	if (q->timer)
		return;
	kmem_cache_free(sigqueue_cachep, q);
	pending->nr--;
}

void
sigpending_flush(struct sigpending *pending)
{
	struct sigqueue *q, *next;

	list_for_each_entry_safe(q, next, &pending->queue, node)
		remove_entry(pending, q, NULL);
	pending->set = 0;
}

/* Drop those of mask. Held: process_lock. */
static void
drop_signals(struct sigpending *pending, sigset_t mask)
{
	struct sigqueue *q, *next;

	pending->set &= ~mask;
	list_for_each_entry_safe(q, next, &pending->queue, node)
		if (sigmask(q->info.si_signo) & mask)
			remove_entry(pending, q, NULL);
}

/*
 * Enter a signal. Without memory the fact remains, not its story. most: so many
 * entries; beyond, of real-time signals only kill()'s are taken, in the same
 * way. 0 or -EAGAIN.
 */
static int
add_signal(struct sigpending *pending, const struct siginfo *info,
	   unsigned long most)
{
	sigset_t bit = sigmask(info->si_signo);
	bool full = info->si_signo >= SIGRTMIN && pending->nr >= most;
	struct sigqueue *q;

	if (info->si_signo < SIGRTMIN && pending->set & bit)
		return 0;		/* one waits already */
	if (full && info->si_code != SI_USER)
		return -EAGAIN;
	q = full ? NULL : kmem_cache_alloc(sigqueue_cachep, GFP_ATOMIC);
	if (q) {
		q->info = *info;
		q->timer = NULL;
		list_add_tail(&q->node, &pending->queue);
		pending->nr++;
	}
	pending->set |= bit;
	return 0;
}

/* Take the first one with this number out. Held: process_lock. */
static void
take_signal(struct sigpending *pending, int sig, struct siginfo *info)
{
	struct sigqueue *q, *found = NULL;
	bool more = false;

	list_for_each_entry(q, &pending->queue, node) {
		if (q->info.si_signo != sig)
			continue;
		if (found) {
			more = true;
			break;
		}
		found = q;
	}
	if (found) {
		remove_entry(pending, found, info);
	} else {
		memset(info, 0, sizeof(*info));
		info->si_signo = sig;
		info->si_code = SI_KERNEL;
	}
	if (!more)
		pending->set &= ~sigmask(sig);
}

/* --- Sending --- */

static int send_locked(struct process *process, struct task *target,
		       const struct siginfo *info);

static sigset_t
waiting_for(const struct task *task)
{
	return (task->pending.set | task->process->pending.set) &
	       ~task->blocked;
}

/* Is the thread to end, whatever waits for it? */
static bool
is_to_end(const struct task *task)
{
	const struct task *exec = READ_ONCE(task->process->exec_task);

	return READ_ONCE(task->process->group_exit) || (exec && exec != task);
}

void
recalc_sig_work(struct task *task)
{
	WRITE_ONCE(task->sig_work, waiting_for(task) != 0 ||
		   task->process->stopped || is_to_end(task) ||
		   task->restore_mask);
	if (task == current)
		sched_note_signal(task);
}

/* Let task look at its signals soon. Held: process_lock. */
static void
nudge(struct task *task)
{
	WRITE_ONCE(task->sig_work, true);
	if (READ_ONCE(task->state) == TASK_INTERRUPTIBLE)
		wake_up_process(task);
	/* It may not have left its core yet: then no switch will look. */
	sched_note_signal(task);
}

bool
signal_ignored(const struct process *process, int sig)
{
	u32 handler = process->sighand->action[sig - 1].handler;

	return handler == SIG_IGN ||
	       (handler == SIG_DFL && sigmask(sig) & SIG_IGNORED);
}

/*
 * Of an end it is told by the signal that clone() was given, none if that is
 * no signal; of all else by SIGCHLD.
 */
void
notify_parent(struct process *child, int code, int status)
{
	struct process *parent = child->parent;
	const struct k_sigaction *action;
	bool lives = code == CLD_STOPPED || code == CLD_CONTINUED;
	struct siginfo info = {
		.si_signo = lives ? SIGCHLD : child->exit_signal,
		.si_code = code,
		.pid = child->pid, .uid = child->uid,
		.status = code == CLD_EXITED ? status >> 8 & 0xff :
			  code == CLD_KILLED ? status & 0x7f : status,
		.utime = (u32)(child->usage.utime / 10000000),
		.stime = (u32)(child->usage.stime / 10000000),
	};

	if (!parent)
		return;
	action = &parent->sighand->action[SIGCHLD - 1];
	if (info.si_signo > 0 && info.si_signo <= NSIG &&
	    !(lives && action->flags & SA_NOCLDSTOP))
		send_locked(parent, NULL, &info);
	wake_up_all(&parent->wait_child);
}

/*
 * What a signal does at once, before anybody takes it: continuing a stopped
 * process, and forgetting its opposite. Held: process_lock.
 * False: it need not be entered at all.
 */
static bool
prepare_signal(struct process *process, int sig)
{
	struct task *task;

	if (process->zombie)
		return false;
	if (sigmask(sig) & SIG_STOPS) {
		drop_signals(&process->pending, sigmask(SIGCONT));
	} else if (sig == SIGCONT || sig == SIGKILL) {
		drop_signals(&process->pending, SIG_STOPS);
		process->killed |= sig == SIGKILL;
		if (process->stopped && sig == SIGCONT) {
			process->continued = true;
			notify_parent(process, CLD_CONTINUED, SIGCONT);
		}
		process->stopped = 0;
		list_for_each_entry(task, &process->threads, thread_node) {
			drop_signals(&task->pending, SIG_STOPS);
			nudge(task);
		}
	}
	return true;
}

/* Would task take sig? */
static bool
wants(const struct task *task, int sig)
{
	return !(task->blocked & sigmask(sig));
}

/* The thread that is to take a signal of the process: one that wants it. */
static void
nudge_one(struct process *process, int sig)
{
	struct task *task;

	list_for_each_entry(task, &process->threads, thread_node) {
		if (!wants(task, sig))
			continue;
		nudge(task);
		if (sig != SIGKILL)
			return;
	}
}

/*
 * Does target block sig? Of a process (NULL) its first thread is asked: what
 * it blocks it may yet wait for (sigtimedwait, signalfd), though it is ignored.
 */
static bool
blocks(struct process *process, struct task *target, int sig)
{
	if (!target)
		target = process->leader;
	return target && !wants(target, sig);
}

/* May the signal wait for target (NULL: the process)? Held: process_lock. */
static bool
accepts(struct process *process, struct task *target, int sig)
{
	/* A thread that has left its process takes nothing. */
	if (target && list_empty(&target->thread_node))
		return false;
	return prepare_signal(process, sig) &&
	       (sig == SIGKILL || blocks(process, target, sig) ||
		!signal_ignored(process, sig));
}

/* It waits: who may take it is told. Held: process_lock. */
static void
announce(struct process *process, struct task *target, int sig)
{
	if (!target || sig == SIGKILL)
		nudge_one(process, sig);
	else if (wants(target, sig))
		nudge(target);
	signalfd_notify(process);
}

static struct sigpending *
pending_of(struct process *process, struct task *target)
{
	return target ? &target->pending : &process->pending;
}

/* Held: process_lock. target NULL: the process. 0 or -EAGAIN. */
static int
send_locked(struct process *process, struct task *target,
	    const struct siginfo *info)
{
	unsigned long most = process->rlim[RLIMIT_SIGPENDING].rlim_cur;
	int err;

	if (!accepts(process, target, info->si_signo))
		return 0;
	err = add_signal(pending_of(process, target), info, most);
	if (!err)
		announce(process, target, info->si_signo);
	return err;
}

bool
send_sigqueue_locked(struct process *process, struct task *target,
		     struct sigqueue *q)
{
	struct sigpending *pending = pending_of(process, target);
	int sig = q->info.si_signo;

	if (!accepts(process, target, sig))
		return false;
	list_add_tail(&q->node, &pending->queue);
	pending->set |= sigmask(sig);
	announce(process, target, sig);
	return true;
}

void
cancel_sigqueue_locked(struct process *process, struct task *target,
		       struct sigqueue *q)
{
	struct sigpending *pending = pending_of(process, target);
	struct sigqueue *other;

	if (list_empty(&q->node))
		return;
	list_del_init(&q->node);
	list_for_each_entry(other, &pending->queue, node)
		if (other->info.si_signo == q->info.si_signo)
			return;
	pending->set &= ~sigmask(q->info.si_signo);
}

void
send_sig_locked(struct process *process, const struct siginfo *info)
{
	send_locked(process, NULL, info);
}

int
send_sig_process(struct process *process, const struct siginfo *info)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	int err = 0;

	if (info->si_signo)
		err = send_locked(process, NULL, info);
	spin_unlock_irqrestore(&process_lock, flags);
	return err;
}

int
send_sig_thread(struct task *task, const struct siginfo *info)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	int err = 0;

	if (info->si_signo)
		err = send_locked(task->process, task, info);
	spin_unlock_irqrestore(&process_lock, flags);
	return err;
}

static struct siginfo
kernel_info(int sig)
{
	return (struct siginfo){ .si_signo = sig, .si_code = SI_KERNEL };
}

void
send_sig_current(int sig)
{
	struct siginfo info = kernel_info(sig);

	if (current->process)		/* threads of the kernel get none */
		send_sig_thread(current, &info);
}

int
kill_pgrp(int pgrp, int sig)
{
	struct siginfo info = kernel_info(sig);
	struct process *process;
	unsigned long flags;
	int err = -ESRCH;

	flags = spin_lock_irqsave(&process_lock);
	list_for_each_entry(process, &all_processes, all_node) {
		if (process->pgid != pgrp || process->zombie)
			continue;
		err = 0;
		if (sig)
			send_locked(process, NULL, &info);
	}
	spin_unlock_irqrestore(&process_lock, flags);
	return err;
}

void
force_sig_fault(int sig, int code, unsigned long addr)
{
	struct siginfo info = {
		.si_signo = sig, .si_code = code, .addr = (u32)addr,
	};
	struct sighand *sighand = current->process->sighand;
	struct k_sigaction *action = &sighand->action[sig - 1];
	unsigned long flags = spin_lock_irqsave(&process_lock);

	/* It cannot be put off: the same instruction would fault again. */
	if (action->handler == SIG_IGN || current->blocked & sigmask(sig))
		action->handler = SIG_DFL;
	current->blocked &= ~sigmask(sig);
	add_signal(&current->pending, &info, RLIM_INFINITY);
	recalc_sig_work(current);
	spin_unlock_irqrestore(&process_lock, flags);
}

void
zap_other_threads(struct process *process)
{
	struct task *task;

	list_for_each_entry(task, &process->threads, thread_node)
		if (task != current)
			nudge(task);
}

void
forget_signal(struct process *process, int sig)
{
	struct task *task;

	drop_signals(&process->pending, sigmask(sig));
	list_for_each_entry(task, &process->threads, thread_node)
		drop_signals(&task->pending, sigmask(sig));
}

/* --- Looking --- */

bool
signal_pending(void)
{
	return current->process && READ_ONCE(current->sig_work);
}

/* Ends it now, even while it is stopped? */
static bool
is_killed(const struct task *task)
{
	return (task->pending.set | task->process->pending.set) &
	       sigmask(SIGKILL) || is_to_end(task);
}

/* Does one of the signals end the process, since nobody handles it? */
static bool
ends_by_default(const struct process *process, sigset_t set)
{
	const struct k_sigaction *action = process->sighand->action;

	if (process == init_process)
		return false;
	for (set &= ~(SIG_STOPS | SIG_IGNORED); set; set &= set - 1)
		if (READ_ONCE(action[__builtin_ctzll(set)].handler) == SIG_DFL)
			return true;
	return false;
}

bool
fatal_signal_pending(void)
{
	struct process *process = current->process;

	return process &&
	       (is_killed(current) ||
		(!READ_ONCE(process->stopped) &&
		 ends_by_default(process, waiting_for(current))));
}

/* The next signal to act on; 0: none. Held: process_lock. */
static int
choose(struct task *task, struct siginfo *info)
{
	struct sigpending *from = &task->pending;
	sigset_t mine = from->set & ~task->blocked, set;

	if (mine & SIG_SYNCHRONOUS)
		mine &= SIG_SYNCHRONOUS;
	set = mine;
	if (!set) {
		from = &task->process->pending;
		set = from->set & ~task->blocked;
	}
	if ((task->pending.set | task->process->pending.set) &
	    sigmask(SIGKILL)) {
		from = task->pending.set & sigmask(SIGKILL) ? &task->pending :
			&task->process->pending;
		set = sigmask(SIGKILL);
	}
	if (!set)
		return 0;
	take_signal(from, __builtin_ctzll(set) + 1, info);
	return info->si_signo;
}

int
take_signal_of(sigset_t set, struct siginfo *info)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	struct sigpending *from = &current->pending;
	int sig = 0;

	if (!(from->set & set))
		from = &current->process->pending;
	if (from->set & set) {
		sig = __builtin_ctzll(from->set & set) + 1;
		take_signal(from, sig, info);
	}
	recalc_sig_work(current);
	spin_unlock_irqrestore(&process_lock, flags);
	return sig;
}

/*
 * All threads of the process are to wait (wait_while_stopped) until it is
 * continued. Held: process_lock, since the signal was taken: a SIGCONT comes
 * either before, and drops it, or behind, and finds the process stopped.
 */
static void
stop_process(int sig)
{
	struct process *process = current->process;
	struct task *task;

	if (process->stopped)
		return;
	process->stopped = (u8)sig;
	process->stop_told = false;
	process->continued = false;
	list_for_each_entry(task, &process->threads, thread_node)
		nudge(task);
	notify_parent(process, CLD_STOPPED, sig);
}

/* Held: nothing. Returns when it may go on, or is to end. */
static void
wait_while_stopped(void)
{
	struct process *process = current->process;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!READ_ONCE(process->stopped) || is_killed(current))
			break;
		schedule();
	}
	set_current_state(TASK_RUNNING);
}

void
report_fatal_signal(int sig)
{
	const struct pt_regs *regs = task_pt_regs(current);

	if (sig != SIGSEGV && sig != SIGBUS && sig != SIGILL)
		return;
	pr_info("%s[%d]: ended by signal %d at pc %08x, sp %08x, lr %08x\n",
		current->name, current->pid, sig, regs->pc, regs->sp,
		regs->lr);
}

/* Init can only be ended by its own mistake, not by a signal that was sent. */
static bool
init_ignores(const struct siginfo *info)
{
	return current->process == init_process &&
	       !(sigmask(info->si_signo) & SIG_SYNCHRONOUS &&
		 info->si_code > 0);
}

/* The default action of a signal that stops nobody; returns if the process
 * goes on. */
static void
default_action(const struct siginfo *info)
{
	if (sigmask(info->si_signo) & (SIG_IGNORED | SIG_STOPS) ||
	    init_ignores(info))
		return;
	report_fatal_signal(info->si_signo);
	do_group_exit(info->si_signo);
}

/* Take the next signal with its action; 0: none. Stops are done here. */
static int
take_next(struct siginfo *info, struct k_sigaction *action)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);
	int sig = choose(current, info);

	if (sig) {
		struct k_sigaction *a;

		a = &current->process->sighand->action[sig - 1];
		*action = *a;
		if (a->flags & SA_RESETHAND && a->handler > SIG_IGN)
			a->handler = SIG_DFL;
		if (action->handler == SIG_DFL && sigmask(sig) & SIG_STOPS &&
		    current->process != init_process)
			stop_process(sig);
	}
	recalc_sig_work(current);
	spin_unlock_irqrestore(&process_lock, flags);
	return sig;
}

/*
 * The next signal that has a handler, with its action; 0: none is left. Default
 * actions are done on the way. Context: interrupts enabled, may sleep.
 */
int
next_signal(struct siginfo *info, struct k_sigaction *action)
{
	int sig;

	for (;;) {
		if (READ_ONCE(current->process->group_exit))
			do_group_exit(0);
		if (is_to_end(current))
			do_exit(SIGKILL);	/* another thread calls exec */
		if (READ_ONCE(current->process->stopped))
			wait_while_stopped();
		sig = take_next(info, action);
		if (!sig || action->handler > SIG_IGN)
			return sig;
		if (action->handler == SIG_DFL)
			default_action(info);
	}
}

/* Change the set of blocked signals. */
void
set_blocked(sigset_t set)
{
	unsigned long flags = spin_lock_irqsave(&process_lock);

	current->blocked = set & ~SIG_NEVER_BLOCKED;
	recalc_sig_work(current);
	spin_unlock_irqrestore(&process_lock, flags);
}

void
set_wait_sigmask(sigset_t mask)
{
	current->saved_mask = current->blocked;
	set_blocked(mask);
}

void
restore_wait_sigmask(bool interrupted)
{
	if (interrupted)
		current->restore_mask = true;	/* do_signal() does it */
	else
		set_blocked(current->saved_mask);
}
