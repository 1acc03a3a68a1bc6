/* SPDX-License-Identifier: MIT */
/*
 * Fixmap: addresses known at compile time, filled in when needed.
 *
 * A slot is either set once at boot or belongs to one core (kmap_local), so
 * changing one needs no lock, and only this core's TLB can hold it.
 */
#include <asm/barrier.h>
#include <asm/fixmap.h>
#include <asm/setup.h>
#include <asm/tlbcheck.h>
#include <asm/tlbflush.h>
#include <lib/compiler.h>
#include "prot.h"

#define CALLER	((unsigned long)__builtin_return_address(0))

static_assert(FIX_COUNT <= (FIXMAP_END - FIXMAP_START) / 4096, "fixmap full");

void
set_fixmap(enum fixed_address slot, phys_addr_t pa, enum pgprot prot)
{
	u32 value = (pa & PAGE_MASK) | pte_bits(prot);

	tlbcheck_change_local(fix_to_virt(slot), fixmap_table[slot].value,
			      value, CALLER);
	fixmap_table[slot].value = value;
	dsb();
	isb();
}

void
clear_fixmap(enum fixed_address slot)
{
	tlbcheck_change_local(fix_to_virt(slot), fixmap_table[slot].value, 0,
			      CALLER);
	fixmap_table[slot].value = 0;
	local_flush_tlb_kernel_page(fix_to_virt(slot));
}

const void *
boot_data_map(phys_addr_t pa, unsigned long size)
{
	phys_addr_t page = ALIGN_DOWN(pa, PAGE_SIZE);
	unsigned n = 0;

	for (; page < pa + size && n <= FIX_DTB_LAST - FIX_DTB_FIRST;
	     page += PAGE_SIZE)
		set_fixmap(FIX_DTB_FIRST + n++, page, PROT_KERNEL_RO);
	return (const void *)(fix_to_virt(FIX_DTB_FIRST) + pa % PAGE_SIZE);
}

void
boot_data_unmap(void)
{
	for (unsigned slot = FIX_DTB_FIRST; slot <= FIX_DTB_LAST; slot++)
		if (fixmap_table[slot].value)
			clear_fixmap(slot);
}
