/* SPDX-License-Identifier: MIT */
/*
 * fork: a second space that looks like the first.
 *
 * Nothing is copied but the table. Private pages become read-only in both
 * spaces, and who writes first takes a copy (fault_cow.c):
 *
 *	before		parent -- rw --> page (refs 1)
 *	fork		parent -- ro --> page (refs 2) <-- ro -- child
 *	parent writes	parent -- rw --> copy	page (refs 1) <-- ro -- child
 *	child writes	it is the only one now: the same page, writable again
 *
 * What is shared, or can be read from its file again, is not entered in the
 * child at all: its first touch finds it. A page that a device may be writing
 * (pinned) cannot become read-only behind the device's back: the child gets a
 * copy at once.
 *
 * Locks   both mmap_locks for writing (the new space is nobody else's), then
 *	   both page_table_locks, a section at a time: who comes by reverse
 *	   mapping, from a file or a page, finds the child already. Its lock ranks
 *	   below the parent's meanwhile.
 * Cost	   a VMA each; for each private page two stores and two counts; one
 *	   flush of the parent.
 */
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/swap.h>
#include "as.h"

/*
 * The child gets the page behind pte too, whatever it is; or the place in swap.
 * False: it cannot be shared. Held: both page_table_locks; so a page stays
 * mapped by the parent, and this translation is not its first.
 */
static noinline bool
share_any(struct map_counts *counts, struct vm_area_struct *vma, pte_t pte)
{
	struct page *page;

	if (pte_swap(pte)) {
		if (!swap_duplicate(pte_to_swp_entry(pte)))
			return false;
		counts->rss[MM_SWAPENTS]++;
		return true;
	}
	page = vm_normal_page(vma, pte);
	if (!page)
		return true;
	if (page_is_anon(page) && page_maybe_pinned(page))
		return false;
	get_page(page);
	atomic_inc(&page->mapcount);
	counts->rss[mm_counter_of(page)]++;
	return true;
}

/* The same of a plain anonymous page, which is a single one. */
static __always_inline bool
share_anon(struct map_counts *counts, struct page *page)
{
	if (unlikely(atomic_read(&page->refcount) >= PIN_BIAS))
		return false;
	atomic_inc(&page->refcount);
	atomic_inc(&page->mapcount);
	counts->rss[MM_ANONPAGES]++;
	return true;
}

/*
 * Entries of one section, as far as they can be shared. Stops at a pinned
 * page, which is copied without the locks. Returns where it stopped.
 * Held: both page_table_locks.
 */
static noinline unsigned long
share_ptes(struct mm_struct *child, struct vm_area_struct *vma,
	   unsigned long addr, unsigned long end, pte_t *from, pte_t *to)
{
	bool cow = !(vma->vm_flags & VM_SHARED), shared;
	bool ask = vma->vm_flags & VM_PFNMAP;
	struct map_counts counts = { 0 };
	struct page *page;

	for (; addr < end; addr += PAGE_SIZE, from++, to++) {
		pte_t pte = *from;

		if (pte_none(pte))
			continue;
		page = pfn_to_page(pte_pfn(pte));
		if (!ask && likely(pte_plain_anon(pte, page)))
			shared = share_anon(&counts, page);
		else
			shared = share_any(&counts, vma, pte);
		if (!shared)
			break;
		if (cow && pte_write(pte) && likely(pte_mapped(pte))) {
			pte = pte_wrprotect(pte);
			set_pte_at(&vma->vm_mm->context, addr, from, pte);
		}
		set_pte_at(&child->context, addr, to, pte);
	}
	map_counts_tell(&counts, child);
	return addr;
}

/* The child's own copy of a pinned page. Held: both mmap_locks. */
static int
copy_pinned(struct mm_struct *child, struct vm_area_struct *vma,
	    unsigned long addr)
{
	pte_t pte = *pte_offset(&vma->vm_mm->context, addr);
	struct page *page;

	if (!pte_mapped(pte))		/* a place in swap, with too many users */
		return -ENOMEM;
	page = alloc_anon_page(child, addr, false);
	if (!page)
		return -ENOMEM;
	copy_highpage(page, vm_normal_page(vma, pte));
	spin_lock(&child->page_table_lock);
	page_add_map(child, page);
	set_pte_at(&child->context, addr, pte_offset(&child->context, addr),
		   pte_modify((pte_t){ (pte.value & ~PAGE_MASK) |
				       page_to_pfn(page) << PAGE_SHIFT },
			      vma_allow(vma), USER_CACHED, true));
	spin_unlock(&child->page_table_lock);
	return 0;
}

static int
copy_section(struct mm_struct *child, struct vm_area_struct *vma,
	     unsigned long addr, unsigned long end)
{
	struct mm_struct *parent = vma->vm_mm;
	pte_t *from = pte_offset(&parent->context, addr), *to;
	unsigned long stop;
	int err = 0;

	if (!from)
		return 0;
	to = pte_alloc(child, addr);
	if (!to)
		return -ENOMEM;
	while (addr < end && !err) {
		spin_lock(&parent->page_table_lock);
		spin_lock(&child->page_table_lock);
		stop = share_ptes(child, vma, addr, end, from, to);
		spin_unlock(&child->page_table_lock);
		spin_unlock(&parent->page_table_lock);
		from += (stop - addr) >> PAGE_SHIFT;
		to += (stop - addr) >> PAGE_SHIFT;
		addr = stop;
		if (addr < end) {
			err = copy_pinned(child, vma, addr);
			addr += PAGE_SIZE;
			from++;
			to++;
		}
	}
	return err;
}

static int
copy_pages(struct mm_struct *child, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	int err = 0;

	if (vma->vm_flags & VM_WIPEONFORK ||
	    (vma->vm_flags & VM_SHARED && !(vma->vm_flags & VM_PFNMAP)))
		return 0;
	if (vma->vm_flags & VM_HUGETLB)
		return copy_sections(child, vma);
	while (addr < vma->vm_end && !err) {
		unsigned long end = ALIGN_DOWN(addr, SECTION_SIZE) +
				    SECTION_SIZE;

		end = min(end, vma->vm_end);
		err = copy_section(child, vma, addr, end);
		addr = end;
	}
	return err;
}

static int
copy_vma(struct mm_struct *child, struct vm_area_struct *vma)
{
	struct vm_area_struct *copy;

	if (vma->vm_flags & VM_ACCOUNT && vm_commit(child, vma_pages(vma)))
		return -ENOMEM;
	copy = vma_copy(vma);
	if (!copy) {
		if (vma->vm_flags & VM_ACCOUNT)
			vm_uncommit(vma_pages(vma));
		return -ENOMEM;
	}
	copy->vm_mm = child;
	copy->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	vma_leave_userfault(copy);
	if (copy->vm_ops && copy->vm_ops->open)
		copy->vm_ops->open(copy);
	vma_insert(child, copy);
	vm_stat_account(child, copy->vm_flags, (long)vma_pages(copy));
	return copy_pages(child, vma);
}

static void
copy_layout(struct mm_struct *child, const struct mm_struct *parent)
{
	child->mmap_base = parent->mmap_base;
	child->start_code = parent->start_code;
	child->end_code = parent->end_code;
	child->start_data = parent->start_data;
	child->end_data = parent->end_data;
	child->start_brk = parent->start_brk;
	child->brk = parent->brk;
	child->start_stack = parent->start_stack;
	child->arg_start = parent->arg_start;
	child->arg_end = parent->arg_end;
	child->env_start = parent->env_start;
	child->env_end = parent->env_end;
}

int
dup_mm(struct mm_struct *old, struct mm_struct **copy)
{
	struct mm_struct *child = mm_alloc_child(old);
	struct vm_area_struct *vma;
	int err = 0;

	if (!child)
		return -ENOMEM;
	down_write(&old->mmap_lock);
	copy_layout(child, old);
	for_each_vma(old, vma) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		err = copy_vma(child, vma);
		if (err)
			break;
	}
	flush_tlb_user_all(&old->context);
	up_write(&old->mmap_lock);
	spin_lock_set_rank(&child->page_table_lock, LOCK_MM_PGTABLE);
	if (err) {
		mmput(child);
		return err;
	}
	*copy = child;
	return 0;
}
