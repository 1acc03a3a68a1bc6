/* SPDX-License-Identifier: MIT */
/*
 * The first touch of a page of a file (or of a driver's memory).
 *
 *	read		the file's page itself. Its neighbours that are in memory
 *			come along (fault-around): mapping 16 costs little more
 *			than mapping one, and programs read on.
 *	private write	a copy, made at once: mapping the file's page first would
 *			only fault again.
 *	shared write	the file's page, dirty.
 *
 *	  window of 16 pages, inside the VMA, the section and the file
 *	|----x--*--xx----|	* the fault; x in memory: mapped, read-only
 *
 * The page comes from ->fault() locked: so it is the file's until the entry is
 * made. Truncation takes a page out of the file under its lock, after it has
 * unmapped it: a page that was mapped too late would be seen there.
 */
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/pagecache.h>
#include "as.h"

#define AROUND_PAGES	16ul

u32
filemap_map_locked(struct vm_fault *vmf, struct page *const *pages, unsigned n)
{
	struct vm_area_struct *vma = vmf->vma;
	struct mm_struct *mm = vma->vm_mm;
	unsigned allow = vma_allow(vma), i;
	struct map_counts counts = { 0 };
	u32 mapped = 0;

	if (!(vma->vm_flags & VM_SHARED))
		allow = read_only(allow);
	spin_lock(&mm->page_table_lock);
	for (i = 0; i < n; i++) {
		long ahead = (long)(pages[i]->user.index - vmf->pgoff);

		if (!pte_none(vmf->pte[ahead]))
			continue;
		map_counts_add(&counts, pages[i]);
		vma_mlock_page(vma, pages[i]);
		set_pte_at(&mm->context,
			   vmf->address + (unsigned long)ahead * PAGE_SIZE,
			   vmf->pte + ahead,
			   mk_pte(page_to_pfn(pages[i]), allow, USER_CACHED));
		mapped |= 1u << i;
	}
	map_counts_tell(&counts, mm);
	spin_unlock(&mm->page_table_lock);
	return mapped;
}

/* Map what is in memory around the fault; true: the fault's page was. */
static bool
map_around(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long start = ALIGN_DOWN(vmf->address,
					 AROUND_PAGES << PAGE_SHIFT);
	unsigned long end = start + (AROUND_PAGES << PAGE_SHIFT);

	if (!vma->vm_ops->map_pages)
		return false;
	start = max(start, vma->vm_start);
	end = min(end, vma->vm_end);
	vma->vm_ops->map_pages(vmf,
		vmf->pgoff - ((vmf->address - start) >> PAGE_SHIFT),
		vmf->pgoff + ((end - vmf->address) >> PAGE_SHIFT));
	return !pte_none(*vmf->pte);
}

/* Let go of what ->fault() gave; keep: its reference went to the entry. */
static void
finish(struct vm_fault *vmf, vm_fault_t result, bool keep)
{
	if (result & VM_FAULT_LOCKED)
		unlock_page(vmf->page);
	if (!keep)
		put_page(vmf->page);
}

/* The file's page itself; written to if the access writes (shared). */
static vm_fault_t
map_file_page(struct vm_fault *vmf, vm_fault_t result)
{
	const struct vm_operations_struct *ops = vmf->vma->vm_ops;
	bool shared = vmf->vma->vm_flags & VM_SHARED;
	unsigned allow = vma_allow(vmf->vma);
	vm_fault_t refused = 0;
	pte_t pte;

	if (!shared)
		allow = read_only(allow);
	pte = mk_pte(page_to_pfn(vmf->page), allow, USER_CACHED);
	if (vmf->flags & FAULT_FLAG_WRITE) {
		if (ops->page_mkwrite)
			refused = ops->page_mkwrite(vmf);
		pte = pte_mkdirty(pte);
	}
	if (refused & (VM_FAULT_ERROR | VM_FAULT_RETRY)) {
		finish(vmf, result, false);
		return refused;
	}
	finish(vmf, result, fault_install(vmf, vmf->page, pte));
	return result & VM_FAULT_MAJOR;
}

/* A private copy of the file's page. */
static vm_fault_t
map_copy(struct vm_fault *vmf, vm_fault_t result, struct page *copy)
{
	pte_t pte = pte_mkdirty(mk_pte(page_to_pfn(copy), vma_allow(vmf->vma),
				       USER_CACHED));

	copy_highpage(copy, vmf->page);
	finish(vmf, result, false);
	if (!fault_install(vmf, copy, pte))
		put_page(copy);
	return result & VM_FAULT_MAJOR;
}

vm_fault_t
do_file_page(struct vm_fault *vmf)
{
	bool copies = vmf->flags & FAULT_FLAG_WRITE &&
		      !(vmf->vma->vm_flags & VM_SHARED);
	struct page *copy = NULL;
	vm_fault_t result;

	if (!vmf->vma->vm_ops->fault)
		return VM_FAULT_SIGBUS;
	if (!(vmf->flags & FAULT_FLAG_WRITE) && map_around(vmf))
		return 0;
	if (copies) {
		copy = alloc_anon_page(vmf->vma->vm_mm, vmf->address,
				       false);
		if (!copy)
			return VM_FAULT_OOM;
	}
	result = vmf->vma->vm_ops->fault(vmf);
	if (result & (VM_FAULT_ERROR | VM_FAULT_RETRY | VM_FAULT_NOPAGE)) {
		if (copy)
			put_page(copy);
		return result;
	}
	return copy ? map_copy(vmf, result, copy) : map_file_page(vmf, result);
}
