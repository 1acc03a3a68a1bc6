/* SPDX-License-Identifier: MIT */
/*
 * Faults: who answers for one, and of the kernel's own the name of the mistake.
 *
 * Ideas
 *   Three kinds of code fault:
 *
 *	user code	mm_fault() serves it, or the program gets a signal
 *	a uaccess	(an instruction with a fix-up, at a user's address, of
 *			a task that has a space): mm_fault() serves it, or
 *			it goes on at its fix-up
 *	the kernel	a mistake: report and stop
 *
 *   A uaccess with interrupts masked is not served: that could sleep.
 *
 *	status			user code gets
 *	translation, access	what mm_fault() says: SIGSEGV or SIGBUS
 *	flag, permission	(SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR)
 *	alignment		what it wanted, word by word (arch/arm/align.c);
 *				of what is none of those: SIGBUS, BUS_ADRALN
 *	debug (BKPT)		SIGTRAP, TRAP_BRKPT
 *	any other		SIGBUS, BUS_ADRERR
 *	undefined instruction	VFP on (kernel/sched/fpu.c), or SIGILL
 *
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
 *   KFENCE leaves pages of its pool unmapped to see who touches them: it
 *   reports, maps the page, and the instruction is tried again.
 *
 *   Addresses close to list poison, or small offsets from NULL, say more
 *   than the fault status: they are named too.
 */
#include <asm/align.h>
#include <asm/entry.h>
#include <asm/extable.h>
#include <asm/memory.h>
#include <asm/irqflags.h>
#include <asm/pgtable.h>
#include <kernel/fpu.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <kernel/syscall_table.h>
#include <kernel/task.h>
#include <kernel/user_event.h>
#include <lib/errno.h>
#include <lib/list.h>
#include <mm/kfence.h>
#include <mm/mm.h>
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

static user_event_fn event_fn;

void
set_user_event_fn(user_event_fn fn)
{
	event_fn = fn;
	syscall_watch(WATCH_TEST, fn != NULL);
}

void
user_event(enum user_event what, struct pt_regs *regs,
	   const struct fault_info *fault)
{
	static const char *const names[] = {
		[USER_SYSCALL]	 = "a system call",
		[USER_FAULT]	 = "a fault",
		[USER_UNDEFINED] = "an undefined instruction",
	};

	if (!event_fn)
		oops(regs, fault, "%s in user mode, without a process",
		     names[what]);
	event_fn(what, regs, fault);
}

/* The current task's user code did something that it cannot go on from. */
static void
user_error(enum user_event what, struct pt_regs *regs,
	   const struct fault_info *fault, int sig, int code)
{
	if (!current->process)
		user_event(what, regs, fault);
	else
		force_sig_fault(sig, code, fault ? fault->addr : regs->pc);
}

/* Does the status say that a translation is missing, old, or not enough? All
 * but a few do. */
static inline bool
about_translation(u32 fsr)
{
	const u32 statuses = 1u << 0x03 | 1u << 0x05 | 1u << 0x06 |
			     1u << 0x07 | 1u << 0x0d | 1u << 0x0f;

	return !(fsr & 1u << 10) && statuses >> (fsr & 0xf) & 1;
}

/* Let mm serve it. *sig and *code: what the program gets if that fails. */
static inline bool
serve_fault(const struct fault_info *fault, bool user, int *sig, int *code)
{
	unsigned flags = (fault->write ? FAULT_FLAG_WRITE : 0) |
			 (fault->fetch ? FAULT_FLAG_EXEC : 0) |
			 (user ? FAULT_FLAG_USER : 0);
	vm_fault_t result = mm_fault(current->mm, fault->addr, flags, code);

	if (likely(!(result & VM_FAULT_ERROR)))
		return true;
	*sig = result & VM_FAULT_OOM ? SIGKILL :
	       result & VM_FAULT_SIGBUS ? SIGBUS : SIGSEGV;
	/* Who is to end goes on to its end; it may just have been chosen. */
	return user && fatal_signal_pending();
}

/* Several words at an odd address. *sig and *code: if that is not served. */
static bool
serve_unaligned(struct pt_regs *regs, int *sig, int *code)
{
	int err = current->process ? fixup_unaligned(regs) : -ENOSYS;

	*sig = err == -EFAULT ? SIGSEGV : SIGBUS;
	*code = err == -EFAULT ? SEGV_MAPERR : BUS_ADRALN;
	return !err;
}

static void
alignment_show(struct seq_buf *s)
{
	seq_printf(s, "User:\t\t%lu\nSystem:\t\t0\nSkipped:\t%lu\n"
		   "Half:\t\t0\nWord:\t\t0\nDWord:\t\t%lu\nMulti:\t\t%lu\n"
		   "User faults:\t2 (fixup)\n",
		   align_counts.dword + align_counts.multi +
		   align_counts.skipped, align_counts.skipped,
		   align_counts.dword, align_counts.multi);
}
NODE("cpu/alignment", alignment_show);

/* A fault that mm has no answer to: sig and code are what a bus error gets. */
static noinline void
other_user_fault(struct pt_regs *regs, const struct fault_info *fault)
{
	int sig = SIGBUS, code = BUS_ADRERR;

	switch (fault_kind(fault->fsr)) {
	case FAULT_ALIGNMENT:
		if (serve_unaligned(regs, &sig, &code))
			return;
		break;
	case FAULT_DEBUG:
		sig = SIGTRAP;
		code = TRAP_BRKPT;
		break;
	default:
		break;
	}
	user_error(USER_FAULT, regs, fault, sig, code);
}

/* Context: interrupts open; it is the program's fault, and may take long. */
static inline void
user_fault(struct pt_regs *regs, const struct fault_info *fault)
{
	int sig, code;

	if (unlikely(!about_translation(fault->fsr)))
		other_user_fault(regs, fault);
	else if (unlikely(!serve_fault(fault, true, &sig, &code)))
		user_error(USER_FAULT, regs, fault, sig, code);
}

/* A fault of kernel code that was meant to be possible: is it served? */
static bool
serve_uaccess(const struct pt_regs *regs, const struct fault_info *fault)
{
	int sig, code;
	bool ok;

	if (fault->addr >= TASK_SIZE || !current->mm || fault->fetch ||
	    regs->psr & PSR_I_BIT || !has_fixup(regs))
		return false;
	local_irq_enable();
	ok = serve_fault(fault, false, &sig, &code);
	local_irq_disable();
	return ok;
}

/*
 * A data or prefetch abort (asm/entry.h). Returns when it was served, when
 * the program got a signal, or when the instruction has a fix-up.
 */
void
do_page_fault(struct pt_regs *regs, const struct fault_info *fault)
{
	if (likely(user_mode(regs))) {
		local_irq_enable();
		trace_page_fault_user(fault->addr, regs->pc, fault->fsr);
		user_fault(regs, fault);
		return;
	}
	trace_page_fault_kernel(fault->addr, regs->pc, fault->fsr);
	if (serve_uaccess(regs, fault))
		return;
	if (fixup_exception(regs))
		return;
	if (fault_kind(fault->fsr) == FAULT_TRANSLATION && !fault->fetch &&
	    kfence_handle_page_fault(fault->addr, fault->write, regs))
		return;
	oops(regs, fault, "%s", fault_mistake(fault));
}

void
do_undefined(struct pt_regs *regs)
{
	int err;

	if (!user_mode(regs))
		oops(regs, NULL, "undefined instruction at %08x", regs->pc);
	local_irq_enable();
	err = fpu_trap();
	if (err)
		user_error(USER_UNDEFINED, regs, NULL,
			   err == -ENOMEM ? SIGKILL : SIGILL, ILL_ILLOPC);
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
