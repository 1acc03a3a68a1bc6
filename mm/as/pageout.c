/* SPDX-License-Identifier: MIT */
/*
 * MADV_COLD and MADV_PAGEOUT: a program knows better than any list which of its
 * pages it will not need for a while.
 *
 *	COLD	 as if not used for long: the old end of the inactive list, where
 *		 reclaim, should there be any, meets it first
 *	PAGEOUT	 reclaimed now: to swap, to its file, or dropped
 *
 * Neither changes what the program reads. A page that others have mapped, too,
 * is theirs as much: it is left alone. So are pages of a file that the program
 * could not write to: how fast they come back would tell it who reads them.
 *
 * Locks   mmap_lock, reading; page_table_lock for one batch at a time, let go
 *	   before pages are written.
 * Sources  Minchan Kim, "Introduce MADV_COLD and MADV_PAGEOUT", Linux 5.4 (2019).
 */
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/lru.h>
#include <mm/mman.h>
#include <mm/reclaim.h>
#include "as.h"

#define BATCH	32u

/* The page of an entry that the advice is for, or NULL. */
static struct page *
page_to_advise(struct vm_area_struct *vma, pte_t pte, bool pageout)
{
	struct page *page;

	if (!pte_mapped(pte))
		return NULL;
	page = vm_normal_page(vma, pte);
	if (!page || page_mapcount(page) != 1)
		return NULL;
	return !pageout || page_is_anon(page) ||
	       (vma->vm_flags & VM_SHARED && vma->vm_flags & VM_MAYWRITE) ?
	       page : NULL;
}

/* Held: page_table_lock. True: the page is on the list. */
static bool
advise_page(struct mm_struct *mm, pte_t *pte, unsigned long addr,
	    struct page *page, struct list_head *list)
{
	if (pte_young(*pte)) {
		set_pte_at(&mm->context, addr, pte, pte_mkold(*pte));
		flush_tlb_user_page(&mm->context, addr);
	}
	__atomic_fetch_and(&page->flags, ~PG_referenced, __ATOMIC_RELAXED);
	if (!list) {
		lru_deactivate(page);
		return false;
	}
	if (!lru_isolate_page(page))
		return false;
	list_add(&page->user.lru, list);
	return true;
}

/* Up to BATCH pages of one section; returns where it stopped. */
static unsigned long
advise_batch(struct vm_area_struct *vma, unsigned long addr,
	     unsigned long end, struct list_head *list)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t *pte = pte_offset(&mm->context, addr);
	unsigned n = 0;

	if (!pte)
		return end;
	spin_lock(&mm->page_table_lock);
	for (; addr < end && n < BATCH; addr += PAGE_SIZE, pte++) {
		struct page *page = page_to_advise(vma, *pte, list != NULL);

		if (page)
			n += advise_page(mm, pte, addr, page, list);
	}
	spin_unlock(&mm->page_table_lock);
	return addr;
}

int
advise_cold(struct vm_area_struct *vma, unsigned long start,
	    unsigned long end, bool pageout)
{
	LIST_HEAD(list);

	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB))
		return -EINVAL;
	while (start < end) {
		unsigned long stop = ALIGN_DOWN(start, SECTION_SIZE) +
				     SECTION_SIZE;

		start = advise_batch(vma, start, min(stop, end),
				     pageout ? &list : NULL);
		reclaim_pages(&list);
		cond_resched();
	}
	return 0;
}
