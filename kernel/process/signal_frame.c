/* SPDX-License-Identifier: MIT */
/*
 * Running a signal handler: the frame on the user's stack, and the way back.
 *
 *	user stack	...what the program had...
 *			struct rt_sigframe	registers, mask, VFP, siginfo
 *	sp of handler -> (8-byte aligned)
 *
 *   The handler starts as if called: r0 the signal, r1 and r2 its siginfo and
 *   ucontext, lr the place where sigreturn is called. That is code of the C
 *   library (SA_RESTORER) or the page that every process has for it ([sigpage]).
 *   sigreturn loads everything back from the frame, which the handler may have
 *   changed: so what comes back is checked like any user's data.
 *
 * The layout is Linux's for ARM, since C libraries and debuggers know it.
 *
 * Interrupted system calls: the call returned -ERESTART*; whether it is made
 * again depends on what happens now:
 *
 *	result			no handler	handler		handler, SA_RESTART
 *	ERESTARTSYS		again		EINTR		again
 *	ERESTARTNOINTR		again		again		again
 *	ERESTARTNOHAND		again		EINTR		EINTR
 *	  "again": pc goes back to the SVC, r0 is what it was.
 *
 * Sources  Linux Documentation: signal(7), sigreturn(2), ARM EABI.
 */
#include <asm/uaccess.h>
#include <kernel/fpu.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/syscalls_process.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "process_private.h"
#include "sigpage.h"

#define VFP_MAGIC	0x56465001

struct sigcontext {
	u32 trap_no, error_code, oldmask;
	u32 r[11];			/* r0-r10 */
	u32 fp, ip, sp, lr, pc, cpsr;
	u32 fault_address;
};

struct vfp_frame {
	u32 magic, size;
	u64 d[32];
	u32 fpscr, unused;
	u32 fpexc, fpinst, fpinst2;
} __aligned(8);

struct ucontext {
	u32 flags, link;
	u32 ss_sp, ss_flags, ss_size;
	struct sigcontext mcontext;
	sigset_t sigmask __attribute__((packed, aligned(4)));
	u32 unused[30];
	union {
		u32 regspace[128];
		struct vfp_frame vfp;	/* then a word 0 */
	} __aligned(8);
};

struct sigframe {
	struct ucontext uc;
	u32 retcode[4];
};

struct rt_sigframe {
	struct siginfo info;
	struct sigframe sig;
};

static_assert(sizeof(struct sigcontext) == 84, "struct sigcontext");
static_assert(offsetof(struct ucontext, regspace) == 232, "struct ucontext");

#define SS_ONSTACK	1
#define SS_DISABLE	2
#define MINSIGSTKSZ	2048

/* --- Leaving for the handler --- */

static bool
on_altstack(u32 sp)
{
	return sp > current->sas_sp &&
	       sp - current->sas_sp <= current->sas_size;
}

static u32
frame_address(const struct k_sigaction *action, const struct pt_regs *regs,
	      u32 size)
{
	u32 sp = regs->sp;

	if (action->flags & SA_ONSTACK && current->sas_size &&
	    !on_altstack(sp))
		sp = current->sas_sp + current->sas_size;
	return (sp - size) & ~7u;
}

static int
save_context(struct ucontext *user, const struct pt_regs *regs, sigset_t mask)
{
	struct ucontext uc;
	const struct fpu_state *fpu = fpu_current();

	memset(&uc, 0, sizeof(uc));
	memcpy(uc.mcontext.r, regs->r, sizeof(uc.mcontext.r));
	uc.mcontext.fp = regs->r[11];
	uc.mcontext.ip = regs->r[12];
	uc.mcontext.sp = regs->sp;
	uc.mcontext.lr = regs->lr;
	uc.mcontext.pc = regs->pc;
	uc.mcontext.cpsr = regs->psr;
	uc.mcontext.oldmask = (u32)mask;
	uc.sigmask = mask;
	uc.ss_sp = current->sas_sp;
	uc.ss_size = current->sas_size;
	uc.ss_flags = !current->sas_size ? SS_DISABLE :
		      on_altstack(regs->sp) ? SS_ONSTACK : 0;
	if (fpu) {
		uc.vfp.magic = VFP_MAGIC;
		uc.vfp.size = sizeof(uc.vfp);
		memcpy(uc.vfp.d, fpu->d, sizeof(uc.vfp.d));
		uc.vfp.fpscr = fpu->fpscr;
	}
	return copy_to_user(user, &uc, sizeof(uc)) ? -EFAULT : 0;
}

/* Where the handler returns to. */
static u32
return_address(const struct k_sigaction *action)
{
	if (action->flags & SA_RESTORER)
		return action->restorer;
	return sigpage_return(action->flags & SA_SIGINFO,
			      action->handler & 1);
}

static int
setup_frame(int sig, const struct k_sigaction *action,
	    const struct siginfo *info, struct pt_regs *regs, sigset_t mask)
{
	bool rt = action->flags & SA_SIGINFO;
	u32 size = rt ? sizeof(struct rt_sigframe) : sizeof(struct sigframe);
	u32 frame = frame_address(action, regs, size);
	struct rt_sigframe *full = (void *)frame;
	struct ucontext *uc = rt ? &full->sig.uc : (void *)frame;

	if (!access_ok((void *)frame, size) || save_context(uc, regs, mask))
		return -EFAULT;
	if (rt && copy_to_user(&full->info, info, sizeof(*info)))
		return -EFAULT;
	regs->r[0] = (u32)sig;
	if (rt) {
		regs->r[1] = (u32)&full->info;
		regs->r[2] = (u32)uc;
	}
	regs->sp = frame;
	regs->lr = return_address(action);
	regs->pc = action->handler & ~1u;
	regs->psr &= ~(PSR_T_BIT | PSR_IT_BITS);
	if (action->handler & 1)
		regs->psr |= PSR_T_BIT;
	else
		regs->pc &= ~3u;
	return 0;
}

/* --- System calls that a signal broke off --- */

static void
call_again(struct pt_regs *regs)
{
	regs->r[0] = regs->orig_r0;
	regs->pc -= regs->psr & PSR_T_BIT ? 2 : 4;
}

/* action NULL: no handler runs. */
static void
finish_restart(struct pt_regs *regs, const struct k_sigaction *action)
{
	u32 code = current->restart;

	current->restart = 0;
	if (!code)
		return;
	if (!action || code == ERESTARTNOINTR ||
	    (code == ERESTARTSYS && action->flags & SA_RESTART))
		call_again(regs);
	else
		regs->r[0] = (u32)-EINTR;
}

void
do_signal(struct pt_regs *regs)
{
	struct k_sigaction action;
	struct siginfo info;
	sigset_t mask = current->blocked, during;
	int sig = next_signal(&info, &action);

	if (current->restore_mask)
		mask = current->saved_mask;
	finish_restart(regs, sig ? &action : NULL);
	if (!sig) {
		if (current->restore_mask) {
			current->restore_mask = false;
			set_blocked(mask);
		}
		return;
	}
	if (setup_frame(sig, &action, &info, regs, mask)) {
		/* The stack is no good: that is worse than the signal. */
		report_fatal_signal(SIGSEGV);
		do_group_exit(SIGSEGV);
	}
	current->restore_mask = false;
	during = mask | action.mask;
	if (!(action.flags & SA_NODEFER))
		during |= sigmask(sig);
	set_blocked(during);
}

/* --- Coming back --- */

static int
restore_context(struct pt_regs *regs, const struct ucontext *user)
{
	struct ucontext uc;

	if (copy_from_user(&uc, user, sizeof(uc)))
		return -EFAULT;
	/* The mode is ours to say: user mode, interrupts on. */
	if ((uc.mcontext.cpsr & PSR_MODE_MASK) != PSR_MODE_USR)
		return -EFAULT;
	memcpy(regs->r, uc.mcontext.r, sizeof(uc.mcontext.r));
	regs->r[11] = uc.mcontext.fp;
	regs->r[12] = uc.mcontext.ip;
	regs->sp = uc.mcontext.sp;
	regs->lr = uc.mcontext.lr;
	regs->pc = uc.mcontext.pc;
	regs->psr = user_psr(uc.mcontext.cpsr);
	regs->orig_r0 = ~0u;
	if (uc.vfp.magic == VFP_MAGIC && uc.vfp.size == sizeof(uc.vfp) &&
	    fpu_set_current(uc.vfp.d, uc.vfp.fpscr))
		return -ENOMEM;
	set_blocked(uc.sigmask);
	return 0;
}

/* Returns what becomes r0: it is loaded with all others. */
static long
sigreturn(const struct ucontext *uc)
{
	struct pt_regs *regs = task_pt_regs(current);

	current->restart = 0;
	if ((u32)uc & 3 || restore_context(regs, uc)) {
		force_sig_fault(SIGSEGV, SI_KERNEL, (unsigned long)uc);
		return 0;
	}
	return (long)regs->r[0];
}

long
sys_sigreturn(void)
{
	return sigreturn((const struct ucontext *)task_pt_regs(current)->sp);
}

long
sys_rt_sigreturn(void)
{
	const struct rt_sigframe *frame =
		(const struct rt_sigframe *)task_pt_regs(current)->sp;
	long r0 = sigreturn(&frame->sig.uc);

	return r0;
}

long
sys_sigaltstack(const u32 *new, u32 *old)
{
	u32 was[3] = { current->sas_sp, 0, current->sas_size }, now[3];
	u32 sp = task_pt_regs(current)->sp;

	was[1] = !current->sas_size ? SS_DISABLE :
		 on_altstack(sp) ? SS_ONSTACK : 0;
	if (new) {
		if (copy_from_user(now, new, sizeof(now)))
			return -EFAULT;
		if (on_altstack(sp))
			return -EPERM;
		if (now[1] & ~(u32)(SS_DISABLE | SS_ONSTACK))
			return -EINVAL;
		if (now[1] & SS_DISABLE)
			now[0] = now[2] = 0;
		else if (now[2] < MINSIGSTKSZ)
			return -ENOMEM;
		current->sas_sp = now[0];
		current->sas_size = now[2];
	}
	if (old && copy_to_user(old, was, sizeof(was)))
		return -EFAULT;
	return 0;
}
