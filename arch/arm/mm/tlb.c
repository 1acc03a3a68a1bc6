/* SPDX-License-Identifier: MIT */
/*
 * TLB maintenance (asm/tlbflush.h).
 *
 * The order is always: store to the table, DSB (the store is visible to the
 * walkers), invalidate, DSB (every core has done it), ISB (this core's
 * fetches start anew). The inner-shareable forms are broadcast by hardware,
 * so no inter-processor interrupt is needed.
 *
 * Source  ARM DDI 0406C, B3.10.
 */
#include <asm/barrier.h>
#include <asm/memory.h>
#include <asm/tlbcheck.h>
#include <asm/tlbflush.h>

#define RANGE_LIMIT	(64 * PAGE_SIZE)	/* beyond: all at once */

void
flush_tlb_all(void)
{
	dsb();
	__asm__ volatile("mcr p15, 0, %0, c8, c3, 0" :: "r"(0));
	__asm__ volatile("mcr p15, 0, %0, c7, c1, 6" :: "r"(0));
	dsb();
	isb();
	tlbcheck_flush_all(false);
}

void
local_flush_tlb_all(void)
{
	dsb();
	__asm__ volatile("mcr p15, 0, %0, c8, c7, 0" :: "r"(0));
	__asm__ volatile("mcr p15, 0, %0, c7, c5, 6" :: "r"(0));
	dsb();
	isb();
	tlbcheck_flush_all(true);
}

void
flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	if (end - start > RANGE_LIMIT) {
		flush_tlb_all();
		return;
	}
	tlbcheck_flush(start, end);
	dsb();
	for (; start < end; start += PAGE_SIZE)
		__asm__ volatile("mcr p15, 0, %0, c8, c3, 3" :: "r"(start));
	dsb();
	isb();
}

void
local_flush_tlb_kernel_page(unsigned long addr)
{
	tlbcheck_flush_local(addr, addr + 1);
	dsb();
	__asm__ volatile("mcr p15, 0, %0, c8, c7, 3" :: "r"(addr & PAGE_MASK));
	dsb();
	isb();
}
