/* SPDX-License-Identifier: MIT */
/*
 * madvise, msync, mincore: what a program says and asks about its pages.
 *
 *	DONTNEED	pages go; anonymous memory reads as zeros again, a file's
 *			private pages as the file. Done at once: programs rely on it
 *	FREE		as DONTNEED (Linux keeps the pages until it needs them;
 *			a program cannot rely on either)
 *	WILLNEED	read ahead; nothing to do for memory that is not on a disk
 *	COLD, PAGEOUT	will not be needed for a while (pageout.c)
 *	DONTFORK ...	flags of the VMA
 *	POPULATE_*	fault everything in
 *	REMOVE		a hole in the file: the file system's (fallocate)
 *
 * Locks  mmap_lock: writing where flags change, else reading.
 */
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/mman.h>
#include <mm/pagecache.h>
#include <mm/readahead.h>
#include <mm/shmem.h>
#include <mm/swap.h>
#include "as.h"

/* Flags that an advice clears and sets; false: it is none of these. */
static bool
advice_flags(int advice, vm_flags_t *clear, vm_flags_t *set)
{
	static const struct {
		u8 advice;
		vm_flags_t clear, set;
	} table[] = {
		{ MADV_NORMAL, VM_RAND_READ | VM_SEQ_READ, 0 },
		{ MADV_RANDOM, VM_SEQ_READ, VM_RAND_READ },
		{ MADV_SEQUENTIAL, VM_RAND_READ, VM_SEQ_READ },
		{ MADV_DONTFORK, 0, VM_DONTCOPY },
		{ MADV_DOFORK, VM_DONTCOPY, 0 },
		{ MADV_MERGEABLE, 0, VM_MERGEABLE },
		{ MADV_UNMERGEABLE, VM_MERGEABLE, 0 },
		{ MADV_HUGEPAGE, VM_NOHUGEPAGE, VM_HUGEPAGE },
		{ MADV_NOHUGEPAGE, VM_HUGEPAGE, VM_NOHUGEPAGE },
		{ MADV_DONTDUMP, 0, VM_DONTDUMP },
		{ MADV_DODUMP, VM_DONTDUMP, 0 },
		{ MADV_WIPEONFORK, 0, VM_WIPEONFORK },
		{ MADV_KEEPONFORK, VM_WIPEONFORK, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].advice != advice)
			continue;
		*clear = table[i].clear;
		*set = table[i].set;
		return true;
	}
	return false;
}

/* May this VMA have the advice? */
static int
check_flags_advice(const struct vm_area_struct *vma, int advice)
{
	if (advice == MADV_DOFORK && vma->vm_flags & VM_IO)
		return -EINVAL;
	if (advice == MADV_WIPEONFORK &&
	    (vma->vm_file || vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (advice == MADV_DODUMP && vma->vm_flags & VM_SPECIAL)
		return -EINVAL;
	return 0;
}

static int
change_flags(struct mm_struct *mm, unsigned long start, unsigned long end,
	     int advice)
{
	vm_flags_t clear = 0, set = 0;
	struct vm_area_struct *vma;
	bool hole = false;
	int err;

	advice_flags(advice, &clear, &set);
	down_write(&mm->mmap_lock);
	err = vma_split_range(mm, start, end, &vma);
	while (!err && start < end) {
		if (!vma || vma->vm_start > start)
			hole = true;
		if (!vma || vma->vm_start >= end)
			break;
		err = check_flags_advice(vma, advice);
		if (err)
			break;
		vma->vm_flags = (vma->vm_flags & ~clear) | set;
		vma = vma_merge(vma);	/* perhaps with the next one, too */
		start = vma->vm_end;
		vma = vma_next(vma);
	}
	up_write(&mm->mmap_lock);
	return err ? err : hole ? -ENOMEM : 0;
}

static int
dontneed_vma(struct vm_area_struct *vma, unsigned long start,
	     unsigned long end, int advice)
{
	struct mmu_gather tlb;

	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB) ||
	    (advice == MADV_FREE && !vma_is_anonymous(vma)))
		return -EINVAL;
	tlb_gather(&tlb, vma->vm_mm);
	zap_range(&tlb, vma, start, end);
	tlb_flush(&tlb);
	return 0;
}

static int
populate_part(struct vm_area_struct *vma, unsigned long start,
	      unsigned long end, bool write)
{
	long n;

	if (vma->vm_flags & (VM_IO | VM_PFNMAP) ||
	    !(vma->vm_flags & (write ? VM_WRITE : VM_ACCESS_FLAGS)))
		return -EINVAL;
	while (start < end) {	/* fewer than asked for: ask again, for why */
		n = get_user_pages(vma->vm_mm, start,
				   (end - start) >> PAGE_SHIFT,
				   write ? FOLL_WRITE : 0, NULL);
		if (n < 0)
			return (int)n;
		start += (unsigned long)n << PAGE_SHIFT;
	}
	return 0;
}

/* The part [start, end) of vma. Held: mmap_lock, reading. */
static int
advise_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end,
	   int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_FREE:
		return dontneed_vma(vma, start, end, advice);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return advise_cold(vma, start, end, advice == MADV_PAGEOUT);
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return populate_part(vma, start, end,
				     advice == MADV_POPULATE_WRITE);
	case MADV_WILLNEED:
		if (!vma->vm_file)
			return -EBADF;
		if (vma->vm_mapping)
			force_page_cache_readahead(vma->vm_mapping,
				vma->vm_pgoff +
				((start - vma->vm_start) >> PAGE_SHIFT),
				(end - start) >> PAGE_SHIFT);
		return 0;
	default:
		return 0;
	}
}

/* Go over the VMAs of the range; a hole is an error told at the end. */
static int
advise_range(struct mm_struct *mm, unsigned long start, unsigned long end,
	     int advice)
{
	struct vm_area_struct *vma;
	bool hole = false;
	int err = 0;

	down_read(&mm->mmap_lock);
	vma = find_vma(mm, start);
	while (!err && start < end) {
		if (!vma || vma->vm_start > start)
			hole = true;
		if (!vma || vma->vm_start >= end)
			break;
		start = max(start, vma->vm_start);
		err = advise_vma(vma, start, min(end, vma->vm_end), advice);
		start = vma->vm_end;
		vma = vma_next(vma);
	}
	up_read(&mm->mmap_lock);
	return err ? err : hole ? -ENOMEM : 0;
}

int
do_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len,
	   int advice)
{
	vm_flags_t clear, set;
	bool flags = advice_flags(advice, &clear, &set);

	if (!flags && advice != MADV_DONTNEED && advice != MADV_FREE &&
	    advice != MADV_WILLNEED && advice != MADV_COLD &&
	    advice != MADV_PAGEOUT && advice != MADV_POPULATE_READ &&
	    advice != MADV_POPULATE_WRITE)
		return -EINVAL;
	if (addr & ~PAGE_MASK || len > TASK_SIZE)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (addr + len < addr)
		return -EINVAL;
	if (!len)
		return 0;
	return flags ? change_flags(mm, addr, addr + len, advice) :
		       advise_range(mm, addr, addr + len, advice);
}

/*
 * The part of vma from addr on, below end; where it stops. MS_ASYNC has nothing
 * to do: what is dirty is written in time. Held: mmap_lock, reading; let go
 * for the I/O and taken again.
 */
static unsigned long
sync_vma(struct vm_area_struct *vma, unsigned long addr, unsigned long end,
	 bool wait, int *err)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long first = vma->vm_pgoff +
			      ((addr - vma->vm_start) >> PAGE_SHIFT);

	end = min(end, vma->vm_end);
	if (wait && vma->vm_flags & VM_SHARED && vma->vm_ops &&
	    vma->vm_ops->sync) {
		*err = vma->vm_ops->sync(vma, first, first +
					 ((end - addr) >> PAGE_SHIFT));
		down_read(&mm->mmap_lock);
	}
	return end;
}

int
do_msync(struct mm_struct *mm, unsigned long addr, unsigned long len,
	 unsigned flags)
{
	struct vm_area_struct *vma;
	unsigned long end;
	int err = 0;

	if (flags & ~(unsigned)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    addr & ~PAGE_MASK ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	end = addr + ALIGN_UP(len, PAGE_SIZE);
	if (end < addr)
		return -ENOMEM;
	down_read(&mm->mmap_lock);
	while (!err && addr < end) {
		vma = find_vma(mm, addr);
		if (!vma || vma->vm_start > addr)
			err = -ENOMEM;
		else if (flags & MS_INVALIDATE && vma->vm_flags & VM_LOCKED)
			err = -EBUSY;
		else
			addr = sync_vma(vma, addr, end, flags & MS_SYNC, &err);
	}
	up_read(&mm->mmap_lock);
	return err;
}

/* What memory has of a file's page, its cache or the one of swap. */
static struct page *
in_file(struct address_space *mapping, unsigned long index)
{
	struct page *page = find_get_page(mapping, index);

	return page || !mapping_in_swap(mapping, index) ? page :
	       shmem_swap_cached(mapping, index);
}

/* Is the page at addr of vma in memory? */
static bool
in_core(struct vm_area_struct *vma, unsigned long addr)
{
	pte_t *pte = pte_offset(&vma->vm_mm->context, addr);
	struct page *page = NULL;
	phys_addr_t pa;
	bool dirty;

	if (vma->vm_flags & VM_HUGETLB)
		return user_section_get(&vma->vm_mm->context, addr, &pa,
					&dirty);
	if (pte && pte_mapped((pte_t){ READ_ONCE(pte->value) }))
		return true;
	if (pte && pte_swap((pte_t){ READ_ONCE(pte->value) }))
		page = lookup_swap_cache(pte_to_swp_entry((pte_t){
						READ_ONCE(pte->value) }));
	else if (vma->vm_mapping)
		page = in_file(vma->vm_mapping, vma->vm_pgoff +
			       ((addr - vma->vm_start) >> PAGE_SHIFT));
	if (page)
		put_page(page);
	return page != NULL;
}

int
do_mincore(struct mm_struct *mm, unsigned long addr, unsigned long pages,
	   u8 *vec)
{
	struct vm_area_struct *vma;
	int err = 0;

	down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	for (; pages; pages--, addr += PAGE_SIZE) {
		if (vma && addr >= vma->vm_end)
			vma = vma_next(vma);
		if (!vma || addr < vma->vm_start) {
			err = -ENOMEM;
			break;
		}
		*vec++ = in_core(vma, addr);
	}
	up_read(&mm->mmap_lock);
	return err;
}
