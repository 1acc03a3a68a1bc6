/* SPDX-License-Identifier: MIT */
/*
 * Kernel addresses that are contiguous though their frames are not.
 * See mm/kmem/vmalloc.c.
 */
#ifndef MM_VMALLOC_H
#define MM_VMALLOC_H

#include <asm/pgtable.h>
#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/gfp.h>
#include <mm/page.h>

/* Prepare the vmalloc area. Context: boot, after kmem_cache_init(). */
void vmalloc_init(void);

/*
 * size bytes of whole pages, with an unmapped guard page behind. Frames come
 * from any zone. NULL without memory or addresses, or for size 0.
 * Context: may sleep.
 */
void *vmalloc(unsigned long size) __must_check;
void *vzalloc(unsigned long size) __must_check;
/*
 * Give back what vmalloc() gave. Any context but interrupts: the translations
 * go now, the frames and addresses with the next purge. NULL is ignored;
 * what is no such area is reported by name and left alone.
 */
void vfree(const void *addr);

/* Map n frames that the caller owns, side by side. Context: may sleep. */
void *vmap(struct page **pages, unsigned n, enum pgprot prot) __must_check;
void vunmap(const void *addr);

/*
 * Map size bytes of device registers at pa, any alignment. NULL without
 * addresses, or if the range is memory of the allocator (which has
 * cached translations already). Context: may sleep.
 */
void *ioremap(phys_addr_t pa, unsigned long size) __must_check;
/* The same uncached but not strongly ordered: frame buffers. */
void *ioremap_wc(phys_addr_t pa, unsigned long size) __must_check;
void iounmap(const void *addr);

/* Does addr lie in the vmalloc area? */
bool is_vmalloc_addr(const void *addr);
/* The frame behind addr of a vmalloc or vmap area; NULL if none. */
struct page *vmalloc_to_page(const void *addr);

/* Flush, then give back everything that waits. Returns pages of addresses. */
unsigned long vmalloc_purge(void);
/* Fill line with what is at addr ("vmalloc+0x10 of 4 pages by ..."). */
bool vmalloc_describe(unsigned long addr, char *line, size_t size);

/* Kernel stacks: THREAD_SIZE bytes with a guard page below. May sleep. */
void *kstack_alloc(void) __must_check;
void kstack_free(void *base);
/* A few stacks are kept for reuse: free these. May sleep. */
void kstack_drain(void);

#endif
