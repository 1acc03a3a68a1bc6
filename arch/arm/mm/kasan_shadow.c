/* SPDX-License-Identifier: MIT */
/*
 * The shadow in the page tables (SAN=kasan).
 *
 *	0xf7600000  shadow of modules, pkmap	the zero page, read-only
 *	0xf7800000  shadow of lowmem		its own memory, 1/8 of lowmem
 *	    ...	    shadow of vmalloc		the zero page, read-only; own
 *						pages where areas were made
 *	0xff7fffff  shadow of fixmap, vectors	the zero page, read-only
 *
 * A byte of zero says: may be used. So whatever is on the zero page is not
 * checked here, and left to the MMU.
 *
 * Every second-level table of the shadow is made at boot: later changes touch
 * second-level entries only, which all address spaces share.
 */
#ifdef VELLUM_KASAN
#include <asm/arch-pgtable.h>
#include <asm/kasan.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include "prot.h"

static pte_t *
shadow_pte(unsigned long shadow)
{
	u32 l1 = swapper_pg_dir[shadow >> SECTION_SHIFT].value;

	if ((l1 & L1_TYPE_MASK) != L1_TABLE)
		return NULL;
	return l1_to_table(l1) + (shadow >> PAGE_SHIFT) % PTRS_PER_PTE;
}

static u32
zero_page_entry(void)
{
	return __pa(kasan_zero_page) | pte_bits(PROT_KERNEL_RO);
}

void
kasan_map_shadow(unsigned long start, unsigned long end, phys_addr_t pa)
{
	map_kernel_range(start, pa, end - start, PROT_KERNEL_RW, true);
}

void
kasan_map_zero_page(void)
{
	unsigned long at = KASAN_SHADOW_START;

	while (at < KASAN_SHADOW_END) {
		u32 l1 = swapper_pg_dir[at >> SECTION_SHIFT].value;
		pte_t *pte;

		if ((l1 & L1_TYPE_MASK) == L1_SECTION) {
			at += SECTION_SIZE;
			continue;
		}
		if (!l1)
			map_kernel_range(at, __pa(kasan_zero_page), PAGE_SIZE,
					 PROT_KERNEL_RO, false);
		pte = shadow_pte(at);
		if (!pte->value)
			pte->value = zero_page_entry();
		at += PAGE_SIZE;
	}
}

bool
kasan_shadow_is_zero_page(unsigned long start)
{
	pte_t *pte = shadow_pte(start);

	return pte && pte->value == zero_page_entry();
}

void
kasan_replace_zero_page(unsigned long start, phys_addr_t pa)
{
	unmap_kernel_range(start, PAGE_SIZE);
	map_kernel_range(start, pa, PAGE_SIZE, PROT_KERNEL_RW, false);
}

void
kasan_set_shadow(unsigned long addr, unsigned long size, u8 value)
{
	memset(kasan_shadow(addr), value,
	       (size + KASAN_GRANULE - 1) / KASAN_GRANULE);
}

void
kasan_unpoison_range(unsigned long addr, unsigned long size)
{
	kasan_set_shadow(addr, ALIGN_DOWN(size, KASAN_GRANULE), 0);
	if (size % KASAN_GRANULE)
		*kasan_shadow(addr + size) = (u8)(size % KASAN_GRANULE);
}
#endif
