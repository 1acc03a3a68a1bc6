/* SPDX-License-Identifier: MIT */
/*
 * Page faults: find, check, choose.
 *
 * A fault says: this address could not be used, in this way. The answer follows
 * from two things, the promise (the VMA) and what is there (the entry):
 *
 *	no VMA, below a stack	grow the stack, if its limit lets it
 *	no VMA			SIGSEGV, MAPERR
 *	VMA without the right	SIGSEGV, ACCERR
 *
 *	entry	VMA		access	answer				file
 *	none	anonymous	read	the page of zeros		anon
 *				write	a page of its own, zeroed	anon
 *		  served	any	ask the program that serves it	userfault
 *		file, private	read	the file's page, read-only	file
 *				write	a copy of it			file
 *		file, shared	read	the file's page			file
 *				write	the same, dirty			file
 *	present			read	young again			(here)
 *				write	dirty; or first a copy		cow
 *	in swap				bring it back			swap
 *	out of reach			cannot be: the VMA says no	(here)
 *
 *   All answers end alike: under the page-table lock look whether the entry is
 *   still what it was, and only then change it. If not, somebody else served
 *   the same fault: the access is tried again, and all is well or faults anew.
 *
 * Locks   mmap_lock for reading throughout; page_table_lock where entries are
 *	   read to be changed.
 * Cost	   one descent of the tree, two loads of the table; then the answer's.
 *
 * Questions a reader asks
 *   Why is a translation made young at once?  The access that faulted follows
 *	immediately, and would fault again to make it so.
 *   What if the VMA changes between the check and the entry?  It cannot: who
 *	changes VMAs holds mmap_lock for writing.
 */
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/errno.h>
#include <mm/mman.h>
#include <mm/trace.h>
#include <mm/swap.h>
#include <mm/vmstat.h>
#include "as.h"

int
expand_stack(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long start = addr & PAGE_MASK, pages;
	struct vm_area_struct *prev = vma_prev(vma);

	if (start >= vma->vm_start)
		return 0;
	if (vma->vm_end - start > rlimit(RLIMIT_STACK) ||
	    start < sysctl_mmap_min_addr + STACK_GUARD_GAP)
		return -ENOMEM;
	if (prev && prev->vm_end > start)
		return -ENOMEM;
	/* Somebody's memory must stay out of reach of a wild access. */
	if (prev && prev->vm_flags & VM_ACCESS_FLAGS &&
	    start - prev->vm_end < STACK_GUARD_GAP)
		return -ENOMEM;
	pages = (vma->vm_start - start) >> PAGE_SHIFT;
	if (!may_expand_vm(mm, vma->vm_flags, pages) ||
	    (vma->vm_flags & VM_LOCKED && may_lock(mm, pages)))
		return -ENOMEM;
	if (vma->vm_flags & VM_ACCOUNT && vm_commit(mm, pages))
		return -ENOMEM;
	vma_set_range(vma, start, vma->vm_end);
	vm_stat_account(mm, vma->vm_flags, (long)pages);
	return 0;
}

/*
 * Nothing is mapped at addr, but a stack may begin above it. The tree changes,
 * so the lock is taken anew, for writing. Held on entry and on return:
 * mmap_lock, reading. The VMA of addr, or NULL.
 */
static struct vm_area_struct *
grow_to(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	up_read(&mm->mmap_lock);
	down_write(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (vma && addr < vma->vm_start &&
	    (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, addr)))
		vma = NULL;
	downgrade_write(&mm->mmap_lock);
	return vma;
}

static inline bool
access_allowed(const struct vm_area_struct *vma, unsigned flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_EXEC)
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

/* The translation is there and allows it: it was old. */
static vm_fault_t
do_present(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	pte_t pte = pte_mkyoung(vmf->orig_pte);

	spin_lock(&mm->page_table_lock);
	if (vmf->pte->value == vmf->orig_pte.value) {
		set_pte_at(&mm->context, vmf->address, vmf->pte, pte);
		/* An old translation is not remembered; a wrong fault is. */
		if (pte.value == vmf->orig_pte.value)
			flush_tlb_user_page(&mm->context, vmf->address);
	}
	spin_unlock(&mm->page_table_lock);
	return 0;
}

static vm_fault_t
no_table(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_OOM;
}

/* Somebody chose this process to end: what was taken away must not come back
 * as zeros. */
static vm_fault_t
was_reaped(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_SIGBUS;
}

static vm_fault_t
out_of_reach(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_SIGSEGV;
}

typedef vm_fault_t (*fault_answer)(struct vm_fault *vmf);

/* Who serves it, by what is in the entry: the table of chapter 6. */
static inline fault_answer
choose(struct vm_fault *vmf)
{
	pte_t pte;

	if (vmf->vma->vm_flags & VM_HUGETLB)
		return do_section_fault;
	vmf->pte = pte_offset(&vmf->vma->vm_mm->context, vmf->address);
	if (unlikely(!vmf->pte)) {
		vmf->pte = pte_alloc(vmf->vma->vm_mm, vmf->address);
		if (!vmf->pte)
			return no_table;
	}
	pte = vmf->orig_pte = (pte_t){ READ_ONCE(vmf->pte->value) };
	if (pte_present(pte))
		return vmf->flags & FAULT_FLAG_WRITE &&
		       (!pte_write(pte) || !pte_dirty(pte)) ?
		       do_write_protected : do_present;
	if (unlikely(READ_ONCE(vmf->vma->vm_mm->oom_reaped)))
		return was_reaped;
	if (!pte_none(pte))
		return pte_swap(pte) ? do_swap_page : out_of_reach;
	if (unlikely(vmf->vma->vm_flags & VM_UFFD_MISSING))
		return do_userfault;
	return vma_is_anonymous(vmf->vma) ? do_anonymous_page : do_file_page;
}

/* In line below, where faults of programs come through; other files call it. */
__always_inline vm_fault_t
handle_mm_fault(struct vm_area_struct *vma, unsigned long addr, unsigned flags)
{
	struct vm_fault vmf;		/* choose() writes pte and orig_pte */
	fault_answer answer;
	vm_fault_t result;

	vmf.vma = vma;
	vmf.address = addr & PAGE_MASK;
	vmf.flags = flags;
	vmf.page = NULL;
	vmf.pgoff = vma->vm_pgoff +
		    ((vmf.address - vma->vm_start) >> PAGE_SHIFT);
	answer = choose(&vmf);
	result = answer(&vmf);
	pte_publish();
	trace_mm_fault(addr, flags, result, answer);
	return result;
}

bool
fault_install(struct vm_fault *vmf, struct page *page, pte_t pte)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	bool same;

	spin_lock(&mm->page_table_lock);
	same = vmf->pte->value == vmf->orig_pte.value && !mm->oom_reaped;
	if (likely(same)) {
		if (page)
			page_add_map(mm, page);
		vma_mlock_page(vmf->vma, page);
		set_pte_at(&mm->context, vmf->address, vmf->pte, pte);
	}
	spin_unlock(&mm->page_table_lock);
	return same;
}

/* What a failed fault is to the program. vma NULL: nothing is mapped there. */
static int
signal_code(const struct vm_area_struct *vma, vm_fault_t result)
{
	if (!vma)
		return SEGV_MAPERR;
	return result & VM_FAULT_SIGBUS ? BUS_ADRERR : SEGV_ACCERR;
}

static void
count_fault(vm_fault_t result)
{
	count_vm_event(PGFAULT);
	if (!(result & VM_FAULT_MAJOR)) {
		current->min_flt++;
		return;
	}
	count_vm_event(PGMAJFAULT);
	current->maj_flt++;
}

vm_fault_t
mm_fault(struct mm_struct *mm, unsigned long addr, unsigned flags, int *code)
{
	struct vm_area_struct *vma;
	vm_fault_t result;

	down_read(&mm->mmap_lock);
	do {
		vma = find_vma(mm, addr);
		if (vma && unlikely(addr < vma->vm_start))
			vma = vma->vm_flags & VM_GROWSDOWN ?
			      grow_to(mm, addr) : NULL;
		result = VM_FAULT_SIGSEGV;
		if (likely(vma && access_allowed(vma, flags)))
			result = handle_mm_fault(vma, addr, flags);
		if (unlikely(result & VM_FAULT_ERROR))
			*code = signal_code(vma, result);
	} while (unlikely(result & VM_FAULT_RETRY));
	up_read(&mm->mmap_lock);
	count_fault(result);
	return result;
}
