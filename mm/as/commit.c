/* SPDX-License-Identifier: MIT */
/*
 * Overcommit: how much memory may be promised.
 *
 * Ideas
 *   A private writable mapping is a promise: each of its pages may have to be
 *   found later, when nobody can be told that there is none. The sum of the
 *   promises is Committed_AS. How far it may go is a matter of policy:
 *
 *	0  guess   refuse only what could never be: more than all memory
 *	1  always  never refuse; sparse arrays, and trust
 *	2  never   refuse beyond CommitLimit = memory * overcommit_ratio / 100
 *		   (and swap, once there is some): then the killer of
 *		   processes has no reason to come
 *
 * State  one atomic count, of pages.
 * Sources  Linux Documentation/mm/overcommit-accounting.rst.
 */
#include <kernel/init.h>
#include <lib/errno.h>
#include <mm/hooks.h>
#include <mm/swap.h>
#include <mm/zone.h>
#include "as.h"

int sysctl_overcommit_memory;
int sysctl_overcommit_ratio = 50;

static atomic_t committed;	/* pages */

unsigned long
vm_committed(void)
{
	return (unsigned long)atomic_read(&committed);
}

unsigned long
vm_commit_limit(void)
{
	return totalram_pages() / 100 * (unsigned)sysctl_overcommit_ratio +
	       total_swap_pages();
}

int
vm_commit(struct mm_struct *mm, unsigned long pages)
{
	bool fits = true;

	(void)mm;
	atomic_add(&committed, (s32)pages);
	if (sysctl_overcommit_memory == 0)
		fits = pages <= totalram_pages() ||	/* nearly always */
		       pages <= totalram_pages() + total_swap_pages();
	else if (sysctl_overcommit_memory == 2)
		fits = vm_committed() <= vm_commit_limit();
	if (fits)
		return 0;
	vm_uncommit(pages);
	return -ENOMEM;
}

void
vm_uncommit(unsigned long pages)
{
	atomic_sub(&committed, (s32)pages);
}

static void
commit_meminfo(struct seq_buf *s)
{
	meminfo_line(s, "SwapCached:",
		     total_swapcache_pages() << (PAGE_SHIFT - 10));
	meminfo_line(s, "SwapTotal:", total_swap_pages() << (PAGE_SHIFT - 10));
	meminfo_line(s, "SwapFree:",
		     nr_free_swap_pages() << (PAGE_SHIFT - 10));
	meminfo_line(s, "CommitLimit:", vm_commit_limit() << (PAGE_SHIFT - 10));
	meminfo_line(s, "Committed_AS:", vm_committed() << (PAGE_SHIFT - 10));
}

static int
commit_init(void)
{
	meminfo_more_fn = commit_meminfo;
	return 0;
}
core_initcall(commit_init);
