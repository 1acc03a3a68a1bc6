/* SPDX-License-Identifier: MIT */
/*
 * mlock: pages that stay in memory; and populating, which brings them there.
 *
 * VM_LOCKED is a property of the VMA. Each translation in such a VMA locks its
 * page (mlock_page() of lru.c counts them), and reclaim leaves it alone. Locking
 * also faults the pages in, unless MLOCK_ONFAULT leaves that to the program.
 * The limit (RLIMIT_MEMLOCK) is on the pages of VMAs, touched or not.
 *
 * Populating takes mmap_lock for reading and lets it go between VMAs, so that it
 * does not keep other threads from their faults for long.
 *
 * Locks  mmap_lock: writing to change flags, reading to populate.
 */
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/mman.h>
#include "as.h"

#define LOCK_FLAGS	(VM_LOCKED | VM_LOCKONFAULT)

int
may_lock(const struct mm_struct *mm, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);

	if (!limit)
		return -EPERM;
	return mm->locked_vm + pages > limit >> PAGE_SHIFT ? -ENOMEM : 0;
}

/*
 * The pages of vma from start on; where it ended, which may be too early: what
 * failed says so when it is asked for first. 0: nothing could be had.
 * Held: mmap_lock, reading.
 */
static unsigned long
populate_vma(struct vm_area_struct *vma, unsigned long start,
	     unsigned long end)
{
	bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
	long n;

	end = min(end, vma->vm_end);
	start = max(start, vma->vm_start);
	if (vma->vm_flags & (VM_IO | VM_PFNMAP) ||
	    !(vma->vm_flags & VM_ACCESS_FLAGS))
		return end;
	n = get_user_pages(vma->vm_mm, start, (end - start) >> PAGE_SHIFT,
			   write ? FOLL_WRITE : 0, NULL);
	return n < 0 ? 0 : start + ((unsigned long)n << PAGE_SHIFT);
}

int
mm_populate(struct mm_struct *mm, unsigned long start, unsigned long end,
	    bool all)
{
	struct vm_area_struct *vma;
	int err = 0;

	while (start < end && !err) {
		unsigned long stop;

		down_read(&mm->mmap_lock);
		vma = find_vma_intersection(mm, start, end);
		if (!vma) {
			stop = end;
		} else if (all || (vma->vm_flags & LOCK_FLAGS) == VM_LOCKED) {
			stop = populate_vma(vma, start, end);
			err = stop ? 0 : -ENOMEM;
		} else {
			stop = vma->vm_end;
		}
		up_read(&mm->mmap_lock);
		start = stop;
	}
	return err;
}

/* The pages of vma that are there follow its flag. */
static void
lock_present(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr = vma->vm_start;
	bool lock = vma->vm_flags & VM_LOCKED;

	if (vma->vm_flags & VM_HUGETLB)
		return;
	for (; addr < vma->vm_end; addr += PAGE_SIZE) {
		pte_t *pte = pte_offset(&mm->context, addr);
		struct page *page;

		if (!pte) {
			addr |= SECTION_SIZE - PAGE_SIZE;
			continue;
		}
		spin_lock(&mm->page_table_lock);
		page = pte_mapped(*pte) ? vm_normal_page(vma, *pte) : NULL;
		if (page && lock)
			mlock_page(page);
		else if (page)
			munlock_page(page);
		spin_unlock(&mm->page_table_lock);
	}
}

static void
set_lock_flags(struct vm_area_struct *vma, vm_flags_t flags)
{
	struct mm_struct *mm = vma->vm_mm;
	bool change = (vma->vm_flags ^ flags) & VM_LOCKED;

	vm_stat_account(mm, vma->vm_flags, -(long)vma_pages(vma));
	vma->vm_flags = (vma->vm_flags & ~LOCK_FLAGS) | flags;
	vm_stat_account(mm, vma->vm_flags, (long)vma_pages(vma));
	if (change)
		lock_present(vma);
}

/* Flags of every VMA of [start, end); -ENOMEM: a hole, or no memory. */
static int
apply_flags(struct mm_struct *mm, unsigned long start, unsigned long end,
	    vm_flags_t flags)
{
	struct vm_area_struct *vma;
	int err = vma_split_range(mm, start, end, &vma);

	if (err)
		return err;
	while (start < end) {
		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		if (!(vma->vm_flags & VM_SPECIAL))
			set_lock_flags(vma, flags);
		vma = vma_merge(vma);	/* perhaps with the next one, too */
		start = vma->vm_end;
		vma = vma_next(vma);
	}
	return 0;
}

/* Pages of [start, end) that are locked already. */
static unsigned long
locked_pages(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long sum = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(vma))
		if (vma->vm_flags & VM_LOCKED)
			sum += (min(end, vma->vm_end) -
				max(start, vma->vm_start)) >> PAGE_SHIFT;
	return sum;
}

/* *addr and *len become whole pages. */
static int
whole_pages(unsigned long *addr, unsigned long *len)
{
	*len = ALIGN_UP(*len + (*addr & ~PAGE_MASK), PAGE_SIZE);
	*addr &= PAGE_MASK;
	if (*addr + *len < *addr)
		return -EINVAL;
	return *addr + *len > TASK_SIZE ? -ENOMEM : 0;
}

int
do_mlock(struct mm_struct *mm, unsigned long addr, unsigned long len,
	 unsigned flags)
{
	int err = whole_pages(&addr, &len);
	unsigned long more;

	if (flags & ~(unsigned)MLOCK_ONFAULT)
		return -EINVAL;
	if (err || !len)
		return err;
	down_write(&mm->mmap_lock);
	more = (len >> PAGE_SHIFT) - locked_pages(mm, addr, addr + len);
	err = may_lock(mm, more);
	if (!err)
		err = apply_flags(mm, addr, addr + len, VM_LOCKED |
				  (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
	up_write(&mm->mmap_lock);
	return err ? err : mm_populate(mm, addr, addr + len, false);
}

int
do_munlock(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	int err = whole_pages(&addr, &len);

	if (err || !len)
		return err;
	down_write(&mm->mmap_lock);
	err = apply_flags(mm, addr, addr + len, 0);
	up_write(&mm->mmap_lock);
	return err;
}

static void
lock_all(struct mm_struct *mm, vm_flags_t flags)
{
	struct vm_area_struct *vma;

	for (vma = vma_first(mm); vma; vma = vma_next(vma)) {
		if (vma->vm_flags & VM_SPECIAL)
			continue;
		set_lock_flags(vma, flags);
		vma = vma_merge(vma);
	}
}

int
do_mlockall(struct mm_struct *mm, unsigned flags)
{
	vm_flags_t set = VM_LOCKED |
			 (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	int err = 0;

	if (!flags || flags == MCL_ONFAULT ||
	    flags & ~(unsigned)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	down_write(&mm->mmap_lock);
	if (!rlimit(RLIMIT_MEMLOCK))
		err = -EPERM;
	else if (flags & MCL_CURRENT &&
		 mm->total_vm > rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT)
		err = -ENOMEM;
	if (!err) {
		mm->def_flags = flags & MCL_FUTURE ? set : 0;
		if (flags & MCL_CURRENT)
			lock_all(mm, set);
	}
	up_write(&mm->mmap_lock);
	if (!err && flags & MCL_CURRENT)
		mm_populate(mm, 0, TASK_SIZE, false);
	return err;
}

int
do_munlockall(struct mm_struct *mm)
{
	down_write(&mm->mmap_lock);
	mm->def_flags = 0;
	lock_all(mm, 0);
	up_write(&mm->mmap_lock);
	return 0;
}
