/* SPDX-License-Identifier: MIT */
/* From what a mapping allows to the bits of its entries. */
#ifndef ARM_MM_PROT_H
#define ARM_MM_PROT_H

#include <asm/arch-pgtable.h>
#include <asm/pgtable.h>

/* Bits of a small page without its frame; of a section likewise. */
u32 pte_bits(enum pgprot prot);
u32 section_bits(enum pgprot prot);
u32 section_from_page(u32 page_bits);

/* The second-level table that l1 (a table entry) points at. */
pte_t *l1_to_table(u32 l1);

/* Every table gets this kernel entry (user.c). Held: pgtable_lock. */
void user_tables_follow(unsigned index, u32 value);

extern pte_t fixmap_table[4 * PTRS_PER_PTE];

#endif
