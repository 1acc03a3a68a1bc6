/* SPDX-License-Identifier: MIT */
/*
 * TLB maintenance, broadcast to every core by the inner-shareable forms.
 * Whoever changed a valid translation calls one of these before the frame
 * behind it is used for anything else.
 */
#ifndef ASM_TLBFLUSH_H
#define ASM_TLBFLUSH_H

#include <lib/types.h>

void flush_tlb_all(void);
/* The same for this core alone. */
void local_flush_tlb_all(void);
/* Kernel (global) entries of [start, end). */
void flush_tlb_kernel_range(unsigned long start, unsigned long end);
/* The same for this core alone: entries that only it can have used. */
void local_flush_tlb_kernel_page(unsigned long addr);

#endif
