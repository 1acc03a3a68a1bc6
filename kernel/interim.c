/* SPDX-License-Identifier: MIT */
/*
 * What is called already but comes with mm/as and kernel/process. Each is weak,
 * and goes with the file that brings it.
 */
#include <kernel/signal.h>
#include <kernel/task.h>
#include <mm/mm.h>

/* No space has a VMA yet. */
__weak vm_fault_t
mm_fault(struct mm_struct *mm, unsigned long addr, unsigned flags, int *code)
{
	*code = SEGV_MAPERR;
	return VM_FAULT_SIGSEGV;
}

__weak void
mmdrop(struct mm_struct *mm)
{
	atomic_dec(&mm->mm_count);
}

__weak void
force_sig_fault(int sig, int code, unsigned long addr)
{
}
