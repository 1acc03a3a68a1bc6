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
 * Cost  do_syscall: one bounds check, one load, one call.
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

/* Context: interrupts masked; they are on while the call runs. */
void
do_syscall(struct pt_regs *regs)
{
	u32 nr = regs->r[7];
	syscall_fn fn = find_call(nr);
	long result;

	local_irq_enable();
	if (unlikely(!current->process)) {
		user_event(USER_SYSCALL, regs, NULL);
		return;
	}
	if (unlikely(!fn)) {
		note_unknown(nr);
		regs->r[0] = (u32)-ENOSYS;
		return;
	}
	if (unlikely(strace_on))
		strace_enter(regs);
	result = fn(regs->r[0], regs->r[1], regs->r[2], regs->r[3],
		    regs->r[4], regs->r[5]);
	if (unlikely(strace_on))
		strace_exit(nr, result);
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
