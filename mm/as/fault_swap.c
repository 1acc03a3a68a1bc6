/* SPDX-License-Identifier: MIT */
/*
 * A page comes back from swap.
 *
 *	entry says slot	 in the swap cache?  -- no --> read it (and neighbours)
 *			      | yes
 *			 lock the page: it is read then
 *			      |
 *	still the same slot, still the same entry?	no: look again
 *			      |
 *	may this space have it under its address?	no: a copy
 *			      |
 *	map it; the slot has one user less. A write that finds nobody else
 *	takes the page out of the cache, and no copy is made
 *
 * Whose page is it?  If this entry was the last user, the page is this space's
 *   (anon_vma.c); if relatives have entries too, it belongs to the first of
 *   the family, so that all of them are found. A relative that had moved its
 *   entry by mremap() meets a page with another index: it gets a copy.
 *
 * Locks   mmap_lock, reading; page lock, then page_table_lock.
 * Cost	   without I/O about 600 instructions more than a first touch.
 */
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/pagecache.h>
#include <mm/rmap.h>
#include <mm/swap.h>
#include <mm/vmstat.h>
#include "as.h"

/* Can page, locked, be at this address of this space and be found there? */
static bool
fits(const struct page *page, const struct vm_fault *vmf)
{
	return !page_mapcount(page) ||
	       (page->user.index == vmf->address >> PAGE_SHIFT &&
		anon_vma_covers(page->user.mapping,
				vmf->vma->vm_mm->anon_vma));
}

/*
 * Enter page in place of the swap entry. own: it is nobody else's, and may be
 * written. Held: the page lock. False: the entry has changed.
 */
static bool
enter_page(struct vm_fault *vmf, struct page *page, bool own)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	unsigned allow = vma_allow(vmf->vma);
	bool write = own && vmf->flags & FAULT_FLAG_WRITE;
	pte_t pte = mk_pte(page_to_pfn(page), own ? allow : read_only(allow),
			   USER_CACHED);
	bool same;

	if (write)
		pte = pte_mkdirty(pte);
	spin_lock(&mm->page_table_lock);
	same = vmf->pte->value == vmf->orig_pte.value;
	if (same) {
		mm_add_rss(mm, MM_SWAPENTS, -1);
		page_add_map(mm, page);
		vma_mlock_page(vmf->vma, page);
		set_pte_at(&mm->context, vmf->address, vmf->pte, pte);
		vmf->orig_pte = pte;
	}
	spin_unlock(&mm->page_table_lock);
	return same;
}

/* The page is found here, but not for us: our own copy takes its place. */
static vm_fault_t
enter_copy(struct vm_fault *vmf, struct page *page, swp_entry_t entry)
{
	struct page *copy = alloc_anon_page(vmf->vma->vm_mm, vmf->address,
					    false);

	if (!copy)
		return VM_FAULT_OOM;
	copy_highpage(copy, page);
	if (enter_page(vmf, copy, true))
		swap_free(entry);
	else
		put_page(copy);
	return 0;
}

/* Name whose it is, enter it, give up the slot where that is of use. */
static vm_fault_t
map_swapped(struct vm_fault *vmf, struct page *page, swp_entry_t entry)
{
	struct anon_vma *av = vmf->vma->vm_mm->anon_vma;
	bool alone = !page_mapcount(page) && swap_count(entry) == 1;
	bool own;

	if (!page_mapcount(page)) {
		page->user.index = vmf->address >> PAGE_SHIFT;
		WRITE_ONCE(page->user.mapping, alone ? av : av->root);
	}
	/* Writable only what cannot be had from the cache any more. */
	own = alone && !(page->flags & PG_writeback) &&
	      (vmf->flags & FAULT_FLAG_WRITE || vm_swap_full() ||
	       vmf->vma->vm_flags & VM_LOCKED);
	get_page(page);			/* the translation's */
	if (!enter_page(vmf, page, own)) {
		/* Perhaps the entry has gone, and was the last. */
		try_to_free_swap(page);
		put_page(page);
		return 0;
	}
	swap_free(entry);
	if (own)
		try_to_free_swap(page);
	return 0;
}

vm_fault_t
do_swap_page(struct vm_fault *vmf)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);
	struct page *page;
	vm_fault_t mapped;
	bool major;
	int err;

	err = get_swap_cache_page(entry, &page, &major);
	/* What has changed meanwhile is not ours: the access is made again. */
	if (err == -EAGAIN ||
	    (err && READ_ONCE(vmf->pte->value) != vmf->orig_pte.value))
		return 0;
	if (err)
		return err == -EIO ? VM_FAULT_SIGBUS : VM_FAULT_OOM;
	mapped = fits(page, vmf) ? map_swapped(vmf, page, entry) :
				   enter_copy(vmf, page, entry);
	unlock_page(page);
	put_page(page);
	return mapped | (major ? VM_FAULT_MAJOR : 0);
}

/* --- swapoff ------------------------------------------------------------------ */

struct unuse {
	unsigned type;
	int err;
};

static bool
is_of_type(pte_t pte, unsigned type)
{
	return pte_swap(pte) && swp_type(pte_to_swp_entry(pte)) == type;
}

static void
unuse_vma(struct vm_area_struct *vma, struct unuse *u)
{
	unsigned long addr = vma->vm_start;

	for (; addr < vma->vm_end && !u->err; addr += PAGE_SIZE) {
		pte_t *pte = pte_offset(&vma->vm_mm->context, addr);
		vm_fault_t fault;

		if (!pte) {
			addr |= SECTION_SIZE - PAGE_SIZE;
			continue;
		}
		if (!is_of_type((pte_t){ READ_ONCE(pte->value) }, u->type))
			continue;
		fault = handle_mm_fault(vma, addr, FAULT_FLAG_LOCKED);
		/* What has gone meanwhile need not come back. */
		if (fault & VM_FAULT_ERROR &&
		    is_of_type((pte_t){ READ_ONCE(pte->value) }, u->type))
			u->err = fault & VM_FAULT_OOM ? -ENOMEM : -EIO;
		cond_resched();
	}
}

static void
unuse_mm(struct mm_struct *mm, void *arg)
{
	struct vm_area_struct *vma;
	struct unuse *u = arg;

	if (u->err || !READ_ONCE(mm->rss[MM_SWAPENTS]))
		return;
	down_read(&mm->mmap_lock);
	for_each_vma(mm, vma)
		if (!(vma->vm_flags & VM_HUGETLB))
			unuse_vma(vma, u);
	up_read(&mm->mmap_lock);
}

int
unuse_spaces(unsigned type)
{
	struct unuse u = { .type = type };

	mm_for_each(unuse_mm, &u);
	return u.err;
}
