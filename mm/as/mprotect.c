/* SPDX-License-Identifier: MIT */
/*
 * mprotect: other rights for what is mapped.
 *
 * The promise changes (the VMA's flags), and then the translations that were
 * made under the old one. Rights that are added could be left to faults; rights
 * that are taken away must leave the TLBs before the call returns. Both are
 * done the same way, one pass over the entries and one flush.
 *
 *	private page, WRITE added	stays read-only: the next write decides
 *					whether it must be copied (fault_cow.c)
 *	... unless nobody else has it	writable at once
 *	all rights taken		the entry becomes protnone: it keeps its
 *					frame, and nobody reaches it
 *
 * A range over several VMAs is done one by one; like Linux, what was done
 * before an error stays done.
 *
 * Locks  mmap_lock, writing; page_table_lock for a section at a time.
 */
#include <lib/errno.h>
#include <kernel/sched.h>
#include <mm/mman.h>
#include "as.h"

/* Rights of vma for one kind of memory, with and without writing. */
struct rights {
	pte_t write, read;
};

static struct rights
make_rights(const struct vm_area_struct *vma, enum user_memory memory)
{
	return (struct rights){
		.write = pte_rights(vma_allow(vma), memory, true),
		.read = pte_rights(vma_allow(vma), memory, false),
	};
}

/*
 * May this translation of a private mapping that can be written become writable
 * without asking the next write? An ANON page is a single one.
 */
static inline bool
writable_now(const struct vm_area_struct *vma, pte_t pte)
{
	struct page *page;

	if (pte_write(pte))
		return true;
	page = vm_normal_page(vma, pte);
	return page && page_state(page) == PAGE_STATE_ANON &&
	       page_mapcount(page) == 1 && atomic_read(&page->refcount) == 1;
}

static unsigned long
protect_ptes(struct vm_area_struct *vma, unsigned long addr, unsigned long end)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t *ptep = pte_offset(&mm->context, addr);
	struct rights rights = make_rights(vma, USER_CACHED);
	bool kinds = vma->vm_flags & VM_PFNMAP;	/* others than cached */
	bool ask = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;

	if (!ptep)
		return end;
	spin_lock(&mm->page_table_lock);
	for (; addr < end; addr += PAGE_SIZE, ptep++) {
		pte_t pte = *ptep, with;

		if (!pte_mapped(pte))
			continue;
		if (unlikely(kinds))
			rights = make_rights(vma, pte_memory(pte));
		with = ask && !writable_now(vma, pte) ? rights.read :
							rights.write;
		set_pte_at(&mm->context, addr, ptep,
			   pte_with_rights(pte, with));
	}
	spin_unlock(&mm->page_table_lock);
	return addr;
}

/* The entries of vma follow its flags. */
static void
change_protection(struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;

	if (vma->vm_flags & VM_HUGETLB)
		protect_sections(vma);
	else
		while (addr < vma->vm_end)
			addr = protect_ptes(vma, addr,
				min(ALIGN_DOWN(addr, SECTION_SIZE) +
				    SECTION_SIZE, vma->vm_end));
	flush_tlb_user_range(&vma->vm_mm->context, vma->vm_start, vma->vm_end);
}

/* A private mapping that becomes writable is a promise of memory. */
static int
promise(struct vm_area_struct *vma, vm_flags_t *flags)
{
	unsigned long pages = vma_pages(vma);

	if (!(*flags & VM_WRITE) || vma->vm_flags & VM_ACCOUNT ||
	    !accountable(*flags))
		return 0;
	/* It was within the limit of addresses before, and does not grow. */
	if (!may_expand_vm(vma->vm_mm, *flags, pages) &&
	    may_expand_vm(vma->vm_mm, vma->vm_flags, pages))
		return -ENOMEM;
	if (vm_commit(vma->vm_mm, pages))
		return -ENOMEM;
	*flags |= VM_ACCOUNT;
	return 0;
}

/* vma lies in the range as a whole. *vma: what it became part of. */
static int
protect_vma(struct vm_area_struct **vmap, vm_flags_t rights)
{
	struct vm_area_struct *vma = *vmap;
	vm_flags_t flags = (vma->vm_flags & ~VM_ACCESS_FLAGS) | rights;
	int err;

	if (flags == vma->vm_flags)
		return 0;
	err = promise(vma, &flags);
	if (err)
		return err;
	vm_stat_account(vma->vm_mm, vma->vm_flags, -(long)vma_pages(vma));
	vma->vm_flags = flags;
	vm_stat_account(vma->vm_mm, flags, (long)vma_pages(vma));
	change_protection(vma);
	*vmap = vma_merge(vma);
	return 0;
}

/* VM_MAYREAD is VM_READ shifted by four, and so on. */
static bool
may_have(const struct vm_area_struct *vma, vm_flags_t rights)
{
	return !(rights & ~(vma->vm_flags >> 4));
}

/* The part of vma that lies in [start, end) gets these rights. */
static int
protect_part(struct vm_area_struct **vmap, unsigned long start,
	     unsigned long end, vm_flags_t rights)
{
	struct vm_area_struct *vma = *vmap, *upper;
	int err = 0;

	if (!may_have(vma, rights))
		return -EACCES;
	if ((vma->vm_flags & VM_ACCESS_FLAGS) == rights)
		return 0;
	if (vma->vm_start < start) {
		err = vma_split(vma, start, &upper);
		vma = upper;
	}
	if (!err && vma->vm_end > end)
		err = vma_split(vma, end, &upper);
	if (!err)
		err = protect_vma(&vma, rights);
	if (err)
		return err;
	*vmap = vma;
	return 0;
}

static int
mprotect_locked(struct mm_struct *mm, unsigned long start, unsigned long end,
		unsigned prot)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int err;

	if (!vma || vma->vm_start >= end)
		return -ENOMEM;
	if (prot & PROT_GROWSDOWN) {
		if (!(vma->vm_flags & VM_GROWSDOWN))
			return -EINVAL;
		start = vma->vm_start;
	} else if (vma->vm_start > start) {
		return -ENOMEM;
	}
	while (start < end) {
		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		err = protect_part(&vma, start, end, prot_flags(prot));
		if (err)
			return err;
		start = vma->vm_end;
		vma = vma_next(vma);
	}
	return 0;
}

int
do_mprotect(struct mm_struct *mm, unsigned long addr, unsigned long len,
	    unsigned prot)
{
	const unsigned known = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM |
			       PROT_GROWSDOWN | PROT_GROWSUP;
	int err;

	if (addr & ~PAGE_MASK || prot & ~known ||
	    (prot & (PROT_GROWSDOWN | PROT_GROWSUP)) ==
	    (PROT_GROWSDOWN | PROT_GROWSUP) || prot & PROT_GROWSUP)
		return -EINVAL;
	if (!len)
		return 0;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len || addr + len < addr || addr + len > TASK_SIZE)
		return -ENOMEM;
	down_write(&mm->mmap_lock);
	err = mprotect_locked(mm, addr, addr + len, prot);
	up_write(&mm->mmap_lock);
	return err;
}
