/* SPDX-License-Identifier: MIT */
/*
 * brk: the end of the heap.
 *
 * The heap is one anonymous VMA from start_brk to the break, rounded up to a
 * page. The break itself may be any byte. A wish that cannot be granted changes
 * nothing: the caller sees it by the break that comes back.
 */
#include <kernel/rlimit.h>
#include <lib/errno.h>
#include "as.h"

static const vm_flags_t heap_flags = VM_READ | VM_WRITE | VM_MAYREAD |
				     VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

/* Would the data of the program, with this break, be within its limit? */
static bool
data_fits(const struct mm_struct *mm, unsigned long brk)
{
	return brk - mm->start_brk + (mm->end_data - mm->start_data) <=
	       rlimit(RLIMIT_DATA);
}

static int
grow(struct mm_struct *mm, unsigned long from, unsigned long to)
{
	vm_flags_t flags = heap_flags | mm->def_flags;
	unsigned long pages = (to - from) >> PAGE_SHIFT;

	if (to > TASK_SIZE || find_vma_intersection(mm, from, to + PAGE_SIZE))
		return -ENOMEM;
	if (!may_expand_vm(mm, flags, pages) ||
	    (flags & VM_LOCKED && may_lock(mm, pages)))
		return -ENOMEM;
	return map_anonymous(mm, from, to, flags);
}

unsigned long
do_brk(struct mm_struct *mm, unsigned long brk)
{
	unsigned long old, from, to;
	bool locked = false;
	int err = 0;

	down_write(&mm->mmap_lock);
	old = mm->brk;
	from = ALIGN_UP(old, PAGE_SIZE);
	to = ALIGN_UP(brk, PAGE_SIZE);
	if (brk < mm->start_brk || !data_fits(mm, brk) || to < brk)
		err = -ENOMEM;
	else if (to > from)
		err = grow(mm, from, to);
	else if (to < from)
		err = unmap_locked(mm, to, from);
	if (!err) {
		mm->brk = brk;
		locked = (mm->def_flags & (VM_LOCKED | VM_LOCKONFAULT)) ==
			 VM_LOCKED;
	}
	up_write(&mm->mmap_lock);
	if (!err && locked && to > from)
		mm_populate(mm, from, to, false);
	return err ? old : brk;
}
