/* SPDX-License-Identifier: MIT */
/*
 * A write to a page that is there, but may not be written yet.
 *
 *	shared mapping, clean	  ask the file (page_mkwrite), then dirty
 *	private, page of zeros	  a page of zeros of its own
 *	private, the file's page  a copy
 *	private, own page,
 *	    used by others too	  a copy: copy on write
 *	    used by nobody else	  just allow it
 *
 * When may a page be used in place?  When every reference to it is accounted
 * for: one for this translation, and none else. A page that is pinned for a
 * device, or held by somebody who follows it (gup.c), has more references, and
 * is copied; who holds it keeps the old one. So a page that was given to a
 * child by fork is never written by the parent, whoever looks.
 *
 *	parent --\			  parent ----> copy
 *		  page (refs 2)  -write->
 *	child  --/			  child  ----> page (refs 1)
 *
 * The copy is made without the lock, into a page that nobody sees; then the
 * entry is compared. The old translation leaves the TLBs before anybody can
 * write through the new one: two threads on two cores never see both.
 */
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/pagecache.h>
#include <mm/swap.h>
#include "as.h"

/* Nobody else has the page, so it need not be copied. A slot in swap that
 * nobody else names either is given up. */
static bool
reusable(struct page *page)
{
	if (unlikely(page_state(page) == PAGE_STATE_SWAPCACHE)) {
		if (page_mapcount(page) != 1 || !trylock_page(page))
			return false;
		try_to_free_swap(page);
		unlock_page(page);
	}
	return page_state(page) == PAGE_STATE_ANON &&
	       page_mapcount(page) == 1 && page_count(page) == 1;
}

/* Make the entry writable where it is, if it has not changed meanwhile. */
static void
allow_write(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	pte_t pte = pte_mkyoung(pte_mkdirty(vmf->orig_pte));

	if (vmf->vma->vm_flags & VM_WRITE)	/* not for a debugger's write */
		pte = pte_mkwrite(pte);
	spin_lock(&mm->page_table_lock);
	if (vmf->pte->value == vmf->orig_pte.value) {
		set_pte_at(&mm->context, vmf->address, vmf->pte, pte);
		flush_tlb_user_page(&mm->context, vmf->address);
	}
	spin_unlock(&mm->page_table_lock);
}

/* Replace the translation to old (NULL: the page of zeros) by one to page. */
static bool
replace(struct vm_fault *vmf, struct page *old, struct page *page)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	pte_t pte = pte_mkdirty(mk_pte(page_to_pfn(page), vma_allow(vmf->vma),
				       USER_CACHED));
	bool same;

	spin_lock(&mm->page_table_lock);
	same = vmf->pte->value == vmf->orig_pte.value;
	if (likely(same)) {
		/* Break before make: no core may hold both. */
		set_pte_at(&mm->context, vmf->address, vmf->pte, (pte_t){ 0 });
		flush_tlb_user_page(&mm->context, vmf->address);
		vma_munlock_page(vmf->vma, old);
		if (old)
			page_remove_map(mm, old);
		page_add_map(mm, page);
		vma_mlock_page(vmf->vma, page);
		set_pte_at(&mm->context, vmf->address, vmf->pte, pte);
	}
	spin_unlock(&mm->page_table_lock);
	return same;
}

/* old: a page to copy, with a reference of ours; NULL: the page of zeros. */
static vm_fault_t
copy_page_of(struct vm_fault *vmf, struct page *old)
{
	struct page *page = alloc_anon_page(vmf->vma->vm_mm, vmf->address,
					    !old);

	if (!page)
		return VM_FAULT_OOM;
	if (old)
		copy_highpage(page, old);
	if (!replace(vmf, old, page))
		put_page(page);
	else if (old)
		put_page(old);		/* the translation's */
	return 0;
}

/*
 * The page behind the entry with a reference of our own, so that it stays
 * while it is copied. False: the entry has changed. *page NULL: zeros.
 */
static bool
hold_page(struct vm_fault *vmf, struct page **page)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	bool same;

	spin_lock(&mm->page_table_lock);
	same = vmf->pte->value == vmf->orig_pte.value;
	*page = same ? vm_normal_page(vmf->vma, vmf->orig_pte) : NULL;
	if (*page)
		get_page(*page);
	spin_unlock(&mm->page_table_lock);
	return same;
}

/*
 * The first write to a clean page of a shared mapping. The page lock is held
 * until the entry is dirty: so whoever writes the page to its store, and makes
 * entries clean for that, comes before both steps or after both.
 */
static vm_fault_t
write_shared(struct vm_fault *vmf, struct page *page)
{
	const struct vm_operations_struct *ops = vmf->vma->vm_ops;
	bool ask = page && ops && ops->page_mkwrite;
	vm_fault_t result = 0;

	if (ask) {
		vmf->page = page;
		lock_page(page);
		result = ops->page_mkwrite(vmf);
	}
	if (!(result & (VM_FAULT_ERROR | VM_FAULT_RETRY)))
		allow_write(vmf);
	if (ask)
		unlock_page(page);
	return result;
}

vm_fault_t
do_write_protected(struct vm_fault *vmf)
{
	struct page *page;
	vm_fault_t result;

	if (pte_write(vmf->orig_pte) && !(vmf->vma->vm_flags & VM_SHARED)) {
		allow_write(vmf);	/* its own, and clean */
		return 0;
	}
	page = vm_normal_page(vmf->vma, vmf->orig_pte);
	if (!(vmf->vma->vm_flags & VM_SHARED) && page && reusable(page)) {
		allow_write(vmf);
		return 0;
	}
	if (!hold_page(vmf, &page))
		return 0;
	result = vmf->vma->vm_flags & VM_SHARED ? write_shared(vmf, page) :
						  copy_page_of(vmf, page);
	if (page)
		put_page(page);
	return result;
}
