/* SPDX-License-Identifier: MIT */
/*
 * Fixed virtual addresses, known at compile time, mapped when needed.
 * A slot of kmap_local belongs to one core: no lock, no broadcast flush.
 */
#ifndef ASM_FIXMAP_H
#define ASM_FIXMAP_H

#include <asm/memory.h>
#include <asm/pgtable.h>
#include <asm/processor.h>

#define KMAP_LOCAL_DEPTH	8	/* nested kmap_local on one core */

enum fixed_address {
	FIX_EARLY_CONSOLE,
	FIX_SYSREGS,		/* board control: power off, reset, pen */
	FIX_SCU,		/* the cores' own registers, at boot */
	FIX_DTB_FIRST,		/* 1 MiB window on the boot data */
	FIX_DTB_LAST = FIX_DTB_FIRST + 511,
	FIX_KMAP_FIRST,
	FIX_KMAP_LAST = FIX_KMAP_FIRST + NR_CPUS * KMAP_LOCAL_DEPTH - 1,
	FIX_COUNT
};

static inline unsigned long
fix_to_virt(enum fixed_address slot)
{
	return FIXMAP_START + ((unsigned long)slot << PAGE_SHIFT);
}

void set_fixmap(enum fixed_address slot, phys_addr_t pa, enum pgprot prot);
void clear_fixmap(enum fixed_address slot);

#endif
