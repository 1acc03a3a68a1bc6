/* SPDX-License-Identifier: MIT */
/*
 * Taking the memory of a process that is to end, before it does.
 *
 * A killed process gives its memory back when it has come out of the kernel. It may
 * be waiting there for the very memory that it holds: for a lock whose owner waits for
 * a frame. So the reaper (kernel/process/oom.c) does not wait for it.
 *
 *	before	[anon][anon][file][anon]	its threads: in the kernel, or dying
 *	after	[    ][    ][file][    ]	a touch of the holes: SIGBUS
 *
 * Ideas
 *   Only memory that is nobody else's: private pages. What files have stays with
 *   them, reclaim can take it; shared memory has other users.
 *   A hole must not be filled again. A thread that is still in a write() would else
 *   read zeros (or the file's old content) and store them in a file that
 *   outlives it. mm->oom_reaped is set under page_table_lock before the first entry
 *   goes; fault_install() looks at it under the same lock.
 * Locks   mmap_lock for reading, as madvise(MADV_DONTNEED) needs; page_table_lock.
 * Sources  Hocko, mm, oom: introduce oom reaper, Linux 4.6 (the idea; and
 *	    MMF_UNSTABLE, 4.8).
 */
#include <mm/trace.h>
#include "as.h"

bool
mm_oom_reap(struct mm_struct *mm, int pid)
{
	struct vm_area_struct *vma;
	struct mmu_gather tlb;

	if (!down_read_trylock(&mm->mmap_lock)) {
		trace_skip_task_reaping(pid);
		return false;
	}
	trace_start_task_reaping(pid);
	spin_lock(&mm->page_table_lock);
	mm->oom_reaped = true;
	spin_unlock(&mm->page_table_lock);
	tlb_gather(&tlb, mm);
	for_each_vma(mm, vma) {
		if (vma->vm_flags & (VM_SHARED | VM_PFNMAP | VM_IO |
				     VM_HUGETLB))
			continue;
		if (vma_is_anonymous(vma) || vma->vm_flags & VM_WRITE)
			zap_range(&tlb, vma, vma->vm_start, vma->vm_end);
	}
	tlb_flush(&tlb);
	up_read(&mm->mmap_lock);
	trace_finish_task_reaping(pid);
	return true;
}
