/* SPDX-License-Identifier: MIT */
/*
 * From user mode into the kernel and back: system calls, and what is done on the
 * way out.
 *
 * A system call is SVC 0 with the number in r7 and up to six arguments in r0 to r5.
 * The functions of the table take them as they are (kernel/syscalls.h). Numbers
 * that nobody serves answer -ENOSYS and are counted (node syscalls_unknown), so
 * that one sees what a program would have liked.
 *
 *	user	svc --> entry.S --> do_syscall --> table --> function
 *	user	<------ entry.S <-- (user_work? do_user_work: schedule, signals)
 *
 * What few calls need besides (strace; a test's task without a process) is news
 * of one word, syscall_watched: while it is 0 a call pays for one test.
 *
 * Cost  do_syscall: 27 instructions, six of them to pass the arguments.
 */
#include <asm/entry.h>
#include <asm/irqflags.h>
#include <kernel/node.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/strace.h>
#include <kernel/syscall_table.h>
#include <kernel/user_event.h>
#include <lib/errno.h>

/* ARM's own calls lie far from the others. */
#define ARM_FIRST	0x0f0000u
#define ARM_NR		(sizeof(arm_syscall_table) / \
			 sizeof(arm_syscall_table[0]))

#define NR_UNKNOWN	16
static struct unknown {
	u32 nr, count;
} unknown[NR_UNKNOWN];		/* racy on purpose: a statistic */

static void
note_unknown(u32 nr)
{
	for (unsigned i = 0; i < NR_UNKNOWN; i++) {
		struct unknown *u = &unknown[i];

		if (u->count && u->nr != nr)
			continue;
		u->nr = nr;
		u->count++;
		return;
	}
}

u32 syscall_watched;

void
syscall_watch(enum syscall_watcher who, bool on)
{
	if (on)
		__atomic_or_fetch(&syscall_watched, who, __ATOMIC_SEQ_CST);
	else
		__atomic_and_fetch(&syscall_watched, ~who, __ATOMIC_SEQ_CST);
}

static syscall_fn
find_call(u32 nr)
{
	syscall_fn fn = NULL;

	if (likely(nr < NR_SYSCALLS))
		fn = syscall_table[nr];
	else if (nr - ARM_FIRST < ARM_NR)
		fn = arm_syscall_table[nr - ARM_FIRST];
	return fn;
}

static inline long
do_call(syscall_fn fn, const struct pt_regs *regs)
{
	return fn(regs->r[0], regs->r[1], regs->r[2], regs->r[3], regs->r[4],
		  regs->r[5]);
}

/* Not in the first table, or somebody watches. Returns what r0 becomes. */
static noinline long
do_rare_call(struct pt_regs *regs)
{
	u32 nr = regs->r[7];
	syscall_fn fn = find_call(nr);
	long result;

	if (unlikely(!current->process)) {
		user_event(USER_SYSCALL, regs, NULL);
		return (long)regs->r[0];
	}
	if (!fn) {
		note_unknown(nr);
		return -ENOSYS;
	}
	if (syscall_watched & WATCH_STRACE)
		strace_enter(regs);
	result = do_call(fn, regs);
	if (syscall_watched & WATCH_STRACE)
		strace_exit(nr, result);
	return result;
}

/* Context: interrupts masked; they are on while the call runs. */
void
do_syscall(struct pt_regs *regs)
{
	u32 nr = regs->r[7];
	syscall_fn fn = NULL;
	long result;

	local_irq_enable();
	if (likely(nr < NR_SYSCALLS && !READ_ONCE(syscall_watched)))
		fn = syscall_table[nr];
	result = likely(fn) ? do_call(fn, regs) : do_rare_call(regs);
	if (unlikely(result <= -ERESTARTSYS &&
		     result >= -ERESTART_RESTARTBLOCK)) {
		current->restart = (u32)-result;
		sched_note_signal(current);	/* do_signal() must see it */
	}
	regs->r[0] = (u32)result;
}

/*
 * Something waits before user mode (asm/entry.h). Context: interrupts masked,
 * on entry and on return.
 */
void
do_user_work(struct pt_regs *regs)
{
	u32 work = this_cpu_read(user_work);

	local_irq_enable();
	if (work & USER_WORK_RESCHED)
		schedule();
	if (work & USER_WORK_SIGNAL && current->process)
		do_signal(regs);
	local_irq_disable();
	if (current->sig_work)
		return;
	this_cpu_write(user_work, this_cpu_read(user_work) &
		       ~USER_WORK_SIGNAL);
}

static void
unknown_show(struct seq_buf *s)
{
	seq_puts(s, "number   calls\n");
	for (unsigned i = 0; i < NR_UNKNOWN && unknown[i].count; i++)
		seq_printf(s, "%6u %7u\n", unknown[i].nr, unknown[i].count);
}
NODE("syscalls_unknown", unknown_show);
