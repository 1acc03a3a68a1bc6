/* SPDX-License-Identifier: MIT */
/*
 * Memory of drivers in a program: frames and pages that are entered by hand.
 *
 *	remap_pfn_range	frames without struct page's counts (registers, a
 *			framebuffer): the whole VMA at once, in ->mmap()
 *	vm_insert_page	a page with counts (vmalloc memory): one at a time, in
 *			->mmap(), or through ->fault() which returns it
 *
 * A private writable mapping of bare frames could not be copied on a write, so
 * it is refused.
 */
#include <lib/errno.h>
#include <mm/page.h>
#include "as.h"

int
remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, pfn_t pfn,
		unsigned long size, enum user_memory memory)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long end = addr + ALIGN_UP(size, PAGE_SIZE);
	pte_t *pte;

	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE ||
	    addr < vma->vm_start || end > vma->vm_end)
		return -EINVAL;
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	for (; addr < end; addr += PAGE_SIZE, pfn++) {
		pte = pte_alloc(mm, addr);
		if (!pte)
			return -ENOMEM;
		spin_lock(&mm->page_table_lock);
		set_pte_at(&mm->context, addr, pte,
			   pte_mkdirty(mk_pte(pfn, vma_allow(vma), memory)));
		spin_unlock(&mm->page_table_lock);
	}
	pte_publish();
	return 0;
}

int
vm_insert_page(struct vm_area_struct *vma, unsigned long addr,
	       struct page *page)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t *pte;
	int err = 0;

	if (addr < vma->vm_start || addr >= vma->vm_end)
		return -EFAULT;
	pte = pte_alloc(mm, addr);
	if (!pte)
		return -ENOMEM;
	vma->vm_flags |= VM_MIXEDMAP;
	spin_lock(&mm->page_table_lock);
	if (!pte_none(*pte)) {
		err = -EBUSY;
	} else {
		get_page(page);
		page_add_map(mm, page);
		set_pte_at(&mm->context, addr, pte,
			   mk_pte(page_to_pfn(page), vma_allow(vma),
				  USER_CACHED));
	}
	spin_unlock(&mm->page_table_lock);
	pte_publish();
	return err;
}
