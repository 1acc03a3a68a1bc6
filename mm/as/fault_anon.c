/* SPDX-License-Identifier: MIT */
/*
 * The first touch of anonymous memory.
 *
 *	read	the page of zeros, which all share, read-only. No memory is
 *		spent on what was never written.
 *	write	a page of its own, full of zeros. Nobody may see what its last
 *		owner left there.
 *
 * A write after a read replaces the page of zeros: fault_cow.c.
 */
#include <mm/gfp.h>
#include <mm/lru.h>
#include "as.h"

/* page, nobody's yet, is to be at addr of mm. */
void
anon_page_begin(struct page *page, struct mm_struct *mm, unsigned long addr)
{
	page_set_state(page, PAGE_STATE_ANON);
	page->user.mapping = mm->anon_vma;
	page->user.index = addr >> PAGE_SHIFT;
	page->user.private = 0;
	lru_add_new_anon(page);
}

struct page *
alloc_anon_page(struct mm_struct *mm, unsigned long addr, bool zeroed)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE |
				       (zeroed ? __GFP_ZERO : 0));

	if (page)
		anon_page_begin(page, mm, addr);
	return page;
}

vm_fault_t
do_anonymous_page(struct vm_fault *vmf)
{
	unsigned allow = vma_allow(vmf->vma);
	struct page *page;
	pte_t pte;

	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		pte = mk_pte(zero_frame, read_only(allow), USER_CACHED);
		fault_install(vmf, NULL, pte);
		return 0;
	}
	page = alloc_anon_page(vmf->vma->vm_mm, vmf->address, true);
	if (!page)
		return VM_FAULT_OOM;
	pte = pte_mkdirty(mk_pte(page_to_pfn(page), allow, USER_CACHED));
	if (!fault_install(vmf, page, pte))
		put_page(page);		/* somebody was faster */
	return 0;
}
