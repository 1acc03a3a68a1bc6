/* SPDX-License-Identifier: MIT */
/* The shadow of what is lent to devices. See kasan_dma.c. */
#ifndef MM_KMEM_KASAN_DMA_H
#define MM_KMEM_KASAN_DMA_H

#include <mm/dma_debug.h>
#include <mm/stack_depot.h>

#ifdef VELLUM_KASAN
/*
 * [phys, phys + size), a part of the mapping ref, is the device's, or the
 * core's again. *tail belongs to the mapping: is its last granule, which is
 * not whole, closed? Context: any; dma_debug_lock guards *tail.
 */
void kasan_dma_lend(const struct dma_ref *ref, phys_addr_t phys, size_t size,
		    bool *tail);
void kasan_dma_return(const struct dma_ref *ref, phys_addr_t phys, size_t size,
		      bool *tail);
/* Who lends: his stack's number in the depot, and his task's. */
u32 kasan_dma_stack(void);
#define kasan_dma_show_stack(stack, title)	stack_depot_print(stack, title)
s16 kasan_dma_pid(void);
#define kasan_dma_checks()	true
#else
#define kasan_dma_lend(ref, phys, size, tail)	((void)(phys), (void)(tail))
#define kasan_dma_return(ref, phys, size, tail)	((void)(phys), (void)(tail))
#define kasan_dma_stack()	0
#define kasan_dma_show_stack(stack, title)	((void)(stack), (void)(title))
#define kasan_dma_pid()		0
#define kasan_dma_checks()	false
#endif

#endif
