/* SPDX-License-Identifier: MIT */
/*
 * Counting frames when nothing is kept in reserve: what a test compares before
 * and after, to see whether something was lost.
 */
#include <asm/mmu.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/kmemleak.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>

/*
 * Give back all that allocators keep for later (stacks, address ranges, empty
 * slabs, lists of cores, first-level tables), then count the free frames. Page
 * tables of the kernel's half count as free: they stay for good (mmu.c, M1). So
 * do the notes that kmemleak makes of other people's objects.
 * Context: may sleep. Exact when nobody else allocates.
 */
unsigned long
nr_settled_free_pages(void)
{
	sched_drop_borrowed_mm();
	rcu_barrier();
	shrink_slab(0);
	kstack_drain();
	vmalloc_purge();
	kmem_cache_shrink_all();
	mm_context_trim(0);
	rcu_barrier();
	drain_all_pages();
	return nr_free_pages() + nr_kernel_tables + kmemleak_frames();
}
