/* SPDX-License-Identifier: MIT */
/*
 * Translations of a file's page made clean, so that the next store to it faults
 * and is noticed: before the page is written to its store.
 *
 * Locks   i_mmap_lock keeps the VMAs and their tables; page_table_lock each entry.
 */
#include <mm/writeback.h>
#include "as.h"

/* The entry of page in vma, if it has one. True: it was dirty. */
static bool
mkclean_one(struct vm_area_struct *vma, struct page *page)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr = vma->vm_start +
		((page->user.index - vma->vm_pgoff) << PAGE_SHIFT);
	pte_t *ptep = pte_offset(&mm->context, addr);
	bool dirty = false;

	if (!ptep)
		return false;
	spin_lock(&mm->page_table_lock);
	if (pte_mapped(*ptep) && pte_pfn(*ptep) == page_to_pfn(page) &&
	    pte_dirty(*ptep)) {
		dirty = true;
		set_pte_at(&mm->context, addr, ptep, pte_mkclean(*ptep));
		flush_tlb_user_page(&mm->context, addr);
	}
	spin_unlock(&mm->page_table_lock);
	return dirty;
}

bool
page_mkclean(struct page *page)
{
	struct address_space *mapping = page->user.mapping;
	unsigned long index = page->user.index;
	struct vm_area_struct *vma;
	bool dirty = false;

	down_read(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, mapping_node) {
		if (vma->vm_flags & VM_SHARED && index >= vma->vm_pgoff &&
		    index - vma->vm_pgoff < vma_pages(vma))
			dirty |= mkclean_one(vma, page);
	}
	up_read(&mapping->i_mmap_lock);
	return dirty;
}
