/* SPDX-License-Identifier: MIT */
/*
 * mmap and munmap: making promises, and taking them back.
 *
 * A mapping costs one VMA, or none where a neighbour can be made longer; no
 * page is touched. Both calls work in two steps: first everything that can fail
 * (limits, the promise of memory, allocations, splits), then what cannot.
 *
 *	mmap	check arguments - choose addresses - check limits -
 *		clear the range (MAP_FIXED) - promise - neighbour or new VMA
 *	munmap	split at both ends - | zap - tables - remove the VMAs
 *
 * Addresses   A wish is granted if the hole is there. Else the highest hole
 *	below mmap_base; when there is none, any hole below TASK_SIZE.
 *
 * Locks   mmap_lock, writing; populating comes after it is let go.
 */
#include <kernel/rlimit.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/mman.h>
#include "as.h"

unsigned long sysctl_mmap_min_addr = 0x1000;

/* --- Limits --- */

bool
may_expand_vm(struct mm_struct *mm, vm_flags_t flags, unsigned long pages)
{
	if (mm->total_vm + pages > rlimit(RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	if ((flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE &&
	    mm->data_vm + pages > rlimit(RLIMIT_DATA) >> PAGE_SHIFT)
		return false;
	return true;
}

/* --- Addresses --- */

/* Is [addr, addr + len) free, the guards of stacks included? */
static bool
is_hole(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	return addr >= sysctl_mmap_min_addr && addr <= TASK_SIZE - len &&
	       vma_find_hole(mm, len, addr, addr + len) == addr;
}

static unsigned long
search_hole(struct mm_struct *mm, unsigned long len)
{
	unsigned long at = vma_find_hole(mm, len, sysctl_mmap_min_addr,
					 mm->mmap_base);

	return at ? at : vma_find_hole(mm, len, sysctl_mmap_min_addr,
				       TASK_SIZE);
}

int
get_unmapped_area(struct mm_struct *mm, unsigned long hint, unsigned long len,
		  unsigned flags, unsigned long *addr)
{
	unsigned long align = flags & MAP_HUGETLB ? SECTION_SIZE : PAGE_SIZE;
	unsigned long at;

	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (hint > TASK_SIZE - len)
			return -ENOMEM;
		if (hint & (align - 1))
			return -EINVAL;
		if (hint < sysctl_mmap_min_addr)
			return -EPERM;
		if (flags & MAP_FIXED_NOREPLACE &&
		    find_vma_intersection(mm, hint, hint + len))
			return -EEXIST;
		*addr = hint;
		return 0;
	}
	hint = ALIGN_UP(hint, align);
	if (hint && is_hole(mm, hint, len)) {
		*addr = hint;
		return 0;
	}
	at = search_hole(mm, len + align - PAGE_SIZE);
	if (!at)
		return -ENOMEM;
	*addr = ALIGN_UP(at, align);
	return 0;
}

/* --- munmap --- */

/* The tables of [start, end), which no VMA has any more, if none near does. */
static void
free_tables_of(struct mmu_gather *tlb, unsigned long start, unsigned long end)
{
	unsigned long floor = ALIGN_DOWN(start, TABLE_GROUP_SIZE);
	unsigned long ceiling = ALIGN_UP(end, TABLE_GROUP_SIZE);
	struct vm_area_struct *prev, *next;

	if (!tlb->mm->nr_tables)
		return;
	next = find_vma_prev(tlb->mm, start, &prev);
	free_tables(tlb, prev ? max(prev->vm_end, floor) : floor,
		    next ? min(next->vm_start, ceiling) : ceiling);
}

/*
 * [vma->vm_start, end) is made of whole VMAs: all go. Cannot fail. Tables go
 * last: until its VMA has left the file's list, truncation may walk them.
 */
static void
remove_range(struct mm_struct *mm, struct vm_area_struct *vma,
	     unsigned long end)
{
	unsigned long start = vma->vm_start;
	struct vm_area_struct *next, *v;
	struct mmu_gather tlb;

	tlb_gather(&tlb, mm);
	for (v = vma; v && v->vm_start < end; v = vma_next(v))
		zap_range(&tlb, v, v->vm_start, v->vm_end);
	for (v = vma; v && v->vm_start < end; v = next) {
		next = vma_next(v);
		vm_stat_account(mm, v->vm_flags, -(long)vma_pages(v));
		if (v->vm_flags & VM_ACCOUNT)
			vm_uncommit(vma_pages(v));
		vma_remove(v);
		vma_free(v);
	}
	free_tables_of(&tlb, start, end);
	tlb_flush(&tlb);
}

/* The range is one end of a VMA: make it shorter, split nothing. */
static void
trim(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	struct mmu_gather tlb;

	tlb_gather(&tlb, mm);
	zap_range(&tlb, vma, start, end);
	vm_stat_account(mm, vma->vm_flags, -(long)pages);
	if (vma->vm_flags & VM_ACCOUNT)
		vm_uncommit(pages);
	if (start == vma->vm_start)
		vma_set_range(vma, end, vma->vm_end);
	else
		vma_set_range(vma, vma->vm_start, start);
	free_tables_of(&tlb, start, end);
	tlb_flush(&tlb);
}

static bool
can_trim(const struct vm_area_struct *vma, unsigned long start,
	 unsigned long end)
{
	bool low = start == vma->vm_start && end < vma->vm_end;
	bool high = start > vma->vm_start && end == vma->vm_end;

	/* Backings that refuse splits, or count them, see a split. */
	return (low || high) && vma_is_anonymous(vma) &&
	       !(vma->vm_flags & VM_HUGETLB);
}

int
unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end);
	int err;

	if (!vma)
		return 0;
	if (can_trim(vma, start, end)) {
		trim(vma, start, end);
		return 0;
	}
	err = vma_split_range(mm, start, end, &vma);
	if (!err)
		remove_range(mm, vma, end);
	return err;
}

int
do_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	int err;

	if (addr & ~PAGE_MASK || !len || addr > TASK_SIZE ||
	    len > TASK_SIZE - addr)
		return -EINVAL;
	down_write(&mm->mmap_lock);
	err = unmap_locked(mm, addr, addr + ALIGN_UP(len, PAGE_SIZE));
	up_write(&mm->mmap_lock);
	return err;
}

/* --- mmap --- */

static vm_flags_t
flags_of(const struct mm_struct *mm, const struct mmap_args *args)
{
	const vm_flags_t may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	vm_flags_t flags = prot_flags(args->prot) | mm->def_flags |
			   (args->file ? args->may : may);

	if ((args->flags & MAP_TYPE) != MAP_PRIVATE)
		flags |= VM_SHARED | VM_MAYSHARE;
	if (args->flags & MAP_LOCKED)
		flags |= VM_LOCKED;
	if (args->flags & MAP_GROWSDOWN)
		flags |= VM_GROWSDOWN;
	if (args->flags & MAP_HUGETLB)
		flags |= VM_HUGETLB | VM_DONTEXPAND;
	if (args->flags & MAP_NORESERVE && sysctl_overcommit_memory != 2)
		flags |= VM_NORESERVE;
	if (accountable(flags))
		flags |= VM_ACCOUNT;
	return flags;
}

/* The neighbour that ends at start can simply become longer. */
static struct vm_area_struct *
extend_neighbour(struct mm_struct *mm, unsigned long start, unsigned long end,
		 vm_flags_t flags)
{
	struct vm_area_struct model = {
		.vm_start = start, .vm_end = end, .vm_flags = flags,
		.vm_pgoff = start >> PAGE_SHIFT,
	};
	struct vm_area_struct *next, *prev;

	next = find_vma_prev(mm, start, &prev);
	if (prev && vma_mergeable(prev, &model)) {
		vma_set_range(prev, prev->vm_start, end);
		return vma_merge(prev);
	}
	if (next && vma_mergeable(&model, next)) {
		vma_set_range(next, start, next->vm_end);
		return next;
	}
	return NULL;
}

/* The range is free, the promise is made. */
static int
enter_anonymous(struct mm_struct *mm, unsigned long start, unsigned long end,
		vm_flags_t flags)
{
	struct vm_area_struct *vma;

	if (!extend_neighbour(mm, start, end, flags)) {
		vma = vma_alloc(mm);
		if (!vma)
			return -ENOMEM;
		vma->vm_start = start;
		vma->vm_end = end;
		vma->vm_flags = flags;
		vma->vm_pgoff = start >> PAGE_SHIFT;
		vma_insert(mm, vma);
	}
	vm_stat_account(mm, flags, (long)((end - start) >> PAGE_SHIFT));
	return 0;
}

int
map_anonymous(struct mm_struct *mm, unsigned long start, unsigned long end,
	      vm_flags_t flags)
{
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	int err = 0;

	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	if (flags & VM_ACCOUNT)
		err = vm_commit(mm, pages);
	if (err)
		return err;
	err = enter_anonymous(mm, start, end, flags);
	if (err && flags & VM_ACCOUNT)
		vm_uncommit(pages);
	return err;
}

/* What ->mmap() may have entered before it failed. vma is in no tree. */
static void
undo_map(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct mmu_gather tlb;

	tlb_gather(&tlb, mm);
	zap_range(&tlb, vma, vma->vm_start, vma->vm_end);
	free_tables_of(&tlb, vma->vm_start, vma->vm_end);
	tlb_flush(&tlb);
}

static int
map_file(struct mm_struct *mm, const struct mmap_args *args,
	 unsigned long start, unsigned long end, vm_flags_t flags)
{
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	struct vm_area_struct *vma;
	int err = 0;

	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	vma = vma_alloc(mm);
	if (!vma)
		return -ENOMEM;
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_flags = flags;
	vma->vm_pgoff = args->pgoff;
	if (flags & VM_ACCOUNT)
		err = vm_commit(mm, pages);
	if (!err) {
		err = args->map(args->file, vma);
		if (err)
			undo_map(mm, vma);
		if (err && flags & VM_ACCOUNT)
			vm_uncommit(pages);
	}
	if (err) {
		vma_free_unused(vma);
		return err;
	}
	vma_insert(mm, vma);
	vm_stat_account(mm, vma->vm_flags, (long)pages);
	vma_merge(vma);
	return 0;
}

/* Held: mmap_lock, writing. */
static int
mmap_locked(struct mm_struct *mm, const struct mmap_args *args,
	    unsigned long len, vm_flags_t flags, unsigned long *addr)
{
	unsigned long pages = len >> PAGE_SHIFT;
	int err = get_unmapped_area(mm, args->addr, len, args->flags, addr);

	if (err)
		return err;
	if (!may_expand_vm(mm, flags, pages))
		return -ENOMEM;
	if (flags & VM_LOCKED) {
		err = may_lock(mm, pages);
		if (err)
			return err == -ENOMEM ? -EAGAIN : err;
	}
	if (args->flags & MAP_FIXED) {
		err = unmap_locked(mm, *addr, *addr + len);
		if (err)
			return err;
	}
	return args->file ? map_file(mm, args, *addr, *addr + len, flags) :
			    map_anonymous(mm, *addr, *addr + len, flags);
}

/* Arguments that are wrong whatever is mapped; *len becomes whole pages. */
static int
check_args(const struct mmap_args *args, unsigned long *len)
{
	unsigned long unit = args->flags & MAP_HUGETLB ? SECTION_SIZE :
							 PAGE_SIZE;
	unsigned type = args->flags & MAP_TYPE;

	if (type != MAP_PRIVATE && type != MAP_SHARED &&
	    type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	/* Shared memory always has a file, be it one without a name. */
	if (!args->len || (type != MAP_PRIVATE && !args->file))
		return -EINVAL;
	*len = ALIGN_UP(args->len, unit);
	if (*len < args->len)
		return -ENOMEM;
	if (args->pgoff + (*len >> PAGE_SHIFT) < args->pgoff)
		return -EOVERFLOW;
	if (args->flags & MAP_HUGETLB && (args->file || type != MAP_PRIVATE))
		return -EINVAL;
	return 0;
}

int
do_mmap(struct mm_struct *mm, const struct mmap_args *args, unsigned long *addr)
{
	unsigned long len, at = 0;
	vm_flags_t flags;
	int err = check_args(args, &len);

	if (err)
		return err;
	down_write(&mm->mmap_lock);
	flags = flags_of(mm, args);
	err = mmap_locked(mm, args, len, flags, &at);
	up_write(&mm->mmap_lock);
	if (err)
		return err;
	if (args->flags & MAP_POPULATE && !(args->flags & MAP_NONBLOCK))
		mm_populate(mm, at, at + len, true);
	else if ((flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED)
		mm_populate(mm, at, at + len, false);
	*addr = at;
	return 0;
}

/* --- For exec --- */

int
vm_map_anon(struct mm_struct *mm, unsigned long start, unsigned long len,
	    vm_flags_t flags)
{
	unsigned long end = start + ALIGN_UP(len, PAGE_SIZE);
	int err = -ENOMEM;

	flags |= VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if (accountable(flags))
		flags |= VM_ACCOUNT;
	down_write(&mm->mmap_lock);
	if (end > start && end <= TASK_SIZE && start >= sysctl_mmap_min_addr &&
	    !find_vma_intersection(mm, start, end) &&
	    may_expand_vm(mm, flags, (end - start) >> PAGE_SHIFT))
		err = map_anonymous(mm, start, end, flags);
	up_write(&mm->mmap_lock);
	return err;
}

/* 32 pages to begin with: room for arguments; the rest grows. */
#define STACK_FIRST	(32 * PAGE_SIZE)

int
vm_map_stack(struct mm_struct *mm, unsigned long top, bool exec)
{
	return vm_map_anon(mm, top - STACK_FIRST, STACK_FIRST,
			   VM_READ | VM_WRITE | (exec ? VM_EXEC : 0) |
			   VM_GROWSDOWN);
}

int
vm_map_special(struct mm_struct *mm, unsigned long addr, struct page *page,
	       vm_flags_t flags, const struct vm_operations_struct *ops)
{
	struct vm_area_struct *vma = vma_alloc(mm);
	int err = -ENOMEM;

	if (!vma)
		return -ENOMEM;
	vma->vm_start = addr;
	vma->vm_end = addr + PAGE_SIZE;
	vma->vm_flags = flags | VM_MAYREAD | VM_MAYEXEC | VM_DONTEXPAND |
			VM_MIXEDMAP;
	vma->vm_ops = ops;
	vma->vm_private_data = page;
	down_write(&mm->mmap_lock);
	if (!find_vma_intersection(mm, addr, addr + PAGE_SIZE)) {
		vma_insert(mm, vma);
		vm_stat_account(mm, vma->vm_flags, 1);
		err = 0;
	}
	up_write(&mm->mmap_lock);
	if (err)
		vma_free_unused(vma);
	return err;
}
