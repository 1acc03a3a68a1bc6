/* SPDX-License-Identifier: MIT */
/*
 * User space at a switch of tasks: its page table, the registers that threads
 * keep their data by, VFP.
 *
 * Ideas
 *   Borrowing  A thread of the kernel has no space. It needs none of the user's
 *	half, and every table has the kernel's half, so it goes on in the
 *	table that it finds: no switch there, and none back if the same
 *	process runs next.
 *
 *	sh	   idle		sh		sh -> idle -> sh: no switch
 *	[mm]	   [borrows mm]	[mm]
 *
 *   task->mm	    the space that the task lives in; NULL: none
 *   task->active_mm  the table that the core uses while the task runs
 *
 *   Who borrows holds mm_count, or the table could be freed under the core.
 *	The reference is handed from one thread of the kernel to the next. It
 *	is dropped when a task with a space of its own comes, after the
 *	switch (finish_task_switch), since dropping may free.
 *
 * Invariant  The core's table is that of current->active_mm, or the kernel's
 *	if that is NULL.
 * Locks   none of its own: interrupts masked, this core's fields.
 * Source  the idea of borrowing, "active_mm": Torvalds, linux-kernel, 1999.
 */
#include <asm/tls.h>
#include <kernel/fpu.h>
#include <kernel/smp.h>
#include <mm/mm.h>

#include "rq.h"

/* prev's table, or a loan of it, for next that has none. */
static void
lend(struct task *prev, struct task *next)
{
	next->active_mm = prev->active_mm;
	if (!prev->mm)
		prev->active_mm = NULL;		/* hands its loan on */
	else
		mmgrab(prev->mm);
}

void
switch_space(struct run_queue *rq, struct task *prev, struct task *next)
{
	fpu_leave(prev);
	if (prev->mm)
		prev->tls_rw = read_user_tls_rw();
	if (!next->mm) {
		lend(prev, next);
		return;
	}
	if (!prev->mm) {
		rq->drop_mm = prev->active_mm;
		prev->active_mm = NULL;
	}
	next->active_mm = next->mm;
	switch_mm(&next->mm->context);
	write_user_tls(next->tls);
	write_user_tls_rw(next->tls_rw);
	fpu_enter(next);
}

struct mm_struct *
task_switch_mm(struct mm_struct *mm)
{
	struct task *task = current;
	unsigned long flags = local_irq_save();
	struct mm_struct *old = task->mm, *borrowed = NULL;

	spin_lock(&task_list_lock);	/* task_get_mm() */
	task->mm = mm;
	spin_unlock(&task_list_lock);
	if (mm) {
		borrowed = old ? NULL : task->active_mm;
		task->active_mm = mm;
		switch_mm(&mm->context);
		write_user_tls(task->tls);
		write_user_tls_rw(task->tls_rw);
	} else if (old) {
		mmgrab(old);
	}
	local_irq_restore(flags);
	if (borrowed)
		mmdrop(borrowed);
	return old;
}

/* Context: interrupt on the core, or masked. */
static void
drop_here(void *arg)
{
	struct task *task = current;
	struct mm_struct *mm = task->active_mm;

	if (task->mm || !mm)
		return;
	task->active_mm = NULL;
	switch_mm(NULL);
	mmdrop(mm);
}

void
sched_drop_borrowed_mm(void)
{
	on_each_cpu(drop_here, NULL);
}
