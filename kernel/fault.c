/* SPDX-License-Identifier: MIT */
/*
 * Faults of the kernel itself: the name of the mistake, and the report.
 *
 * Ideas
 *   The hardware tells a status (why the translation was refused) and an
 *   address. Together with what was tried they name the usual mistake:
 *
 *	status		address		tried	mistake
 *	translation	page 0		any	NULL pointer
 *	translation	below TASK_SIZE	any	user address used directly
 *	translation	kernel		fetch	jump to nowhere
 *	translation	kernel		other	unmapped memory
 *	permission	any		fetch	data run as code
 *	permission	any		write	constant or code overwritten
 *
 *   An instruction that is allowed to fault (a copy from user memory, a probe)
 *   has an entry in the exception table: it goes on at its fix-up.
 *
 *   Addresses close to list poison, or small offsets from NULL, say more
 *   than the fault status: they are named too.
 */
#include <asm/entry.h>
#include <asm/extable.h>
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <lib/list.h>
#include <mm/trace.h>
#include "report.h"

/* Kinds of fault status, without the level of the walk. */
enum fault_kind {
	FAULT_ALIGNMENT, FAULT_DEBUG, FAULT_TRANSLATION, FAULT_ACCESS_FLAG,
	FAULT_DOMAIN, FAULT_PERMISSION, FAULT_EXTERNAL, FAULT_OTHER,
};

static enum fault_kind
fault_kind(u32 fsr)
{
	switch ((fsr & 0xf) | (fsr >> 6 & 0x10)) {
	case 0x01:		return FAULT_ALIGNMENT;
	case 0x02:		return FAULT_DEBUG;
	case 0x03: case 0x06:	return FAULT_ACCESS_FLAG;
	case 0x05: case 0x07:	return FAULT_TRANSLATION;
	case 0x09: case 0x0b:	return FAULT_DOMAIN;
	case 0x0d: case 0x0f:	return FAULT_PERMISSION;
	case 0x08: case 0x0c:
	case 0x0e: case 0x16:	return FAULT_EXTERNAL;
	default:		return FAULT_OTHER;
	}
}

static const char *
translation_mistake(const struct fault_info *fault)
{
	unsigned long poison = (unsigned long)LIST_POISON1;

	if (fault->addr - poison < 0x40)
		return "use of a removed list node (list poison)";
	if (fault->addr < PAGE_SIZE)
		return fault->fetch ? "jump to a NULL pointer"
				    : "NULL pointer dereference";
	if (fault->fetch)
		return "jump to an unmapped address";
	if (fault->addr < TASK_SIZE)
		return "access to a user address";
	return "access to an unmapped address";
}

/* What went wrong, in the words of a programmer. */
static const char *
fault_mistake(const struct fault_info *fault)
{
	switch (fault_kind(fault->fsr)) {
	case FAULT_TRANSLATION:
		return translation_mistake(fault);
	case FAULT_PERMISSION:
		if (fault->fetch)
			return "execution of non-executable memory";
		return fault->write ? "write to read-only memory"
				    : "read of forbidden memory";
	case FAULT_ALIGNMENT:
		return "unaligned access";
	case FAULT_DEBUG:
		return "breakpoint instruction";
	case FAULT_ACCESS_FLAG:
		return "access to a page that is not young";
	case FAULT_DOMAIN:
		return "access to a closed domain";
	case FAULT_EXTERNAL:
		return "external abort (nothing answers on the bus)";
	default:
		return "fault of an unknown kind";
	}
}

/*
 * A data or prefetch abort (asm/entry.h). Returns when the instruction has a
 * fix-up, and then goes on there.
 */
void
do_page_fault(struct pt_regs *regs, const struct fault_info *fault)
{
	if (user_mode(regs))
		oops(regs, fault, "a fault in user mode, without a process");
	trace_page_fault_kernel(fault->addr, regs->pc, fault->fsr);
	if (fixup_exception(regs))
		return;
	oops(regs, fault, "%s", fault_mistake(fault));
}

void
do_undefined(struct pt_regs *regs)
{
	oops(regs, NULL, "undefined instruction at %08x", regs->pc);
}

/* There are no processes yet whose calls it could serve. */
void
do_syscall(struct pt_regs *regs)
{
	oops(regs, NULL, "system call %u, without a process", regs->r[7]);
}

void
do_bad_exception(struct pt_regs *regs, const char *what)
{
	oops(regs, NULL, "unexpected exception: %s", what);
}

/* Context: this core's emergency stack. */
void
do_stack_overflow(struct pt_regs *regs)
{
	const struct task *task = current;

	if (!task)
		oops(regs, NULL, "kernel stack overflow: sp %08x", regs->sp);
	oops(regs, NULL, "kernel stack overflow: sp %08x is outside "
	     "%08lx-%08lx of task %d", regs->sp, (unsigned long)task->stack,
	     (unsigned long)task->stack + THREAD_SIZE, task->pid);
}
