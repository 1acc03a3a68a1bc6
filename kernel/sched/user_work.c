/* SPDX-License-Identifier: MIT */
/*
 * The way back to user mode, while there are no signals: the core is given
 * away if that was asked for. kernel/process replaces this.
 */
#include <asm/entry.h>
#include <asm/irqflags.h>
#include <kernel/sched.h>

__weak void
do_user_work(struct pt_regs *regs)
{
	(void)regs;
	local_irq_enable();
	schedule();
	local_irq_disable();
}
