/* SPDX-License-Identifier: MIT */
/*
 * Reaching pages that have no address of their own (HighMem).
 *
 * kmap_local_page() gives any page an address for a short while. A lowmem
 * page answers with the one it has; a highmem page gets a slot of this core's
 * part of the fixmap. Slots nest like a stack: the last mapped is the first
 * unmapped. The address is this core's: do not sleep before kunmap_local().
 */
#ifndef MM_HIGHMEM_H
#define MM_HIGHMEM_H

#include <asm/cacheflush.h>
#include <mm/page.h>

/* Context: any; at most KMAP_LOCAL_DEPTH at a time on a core. */
void *kmap_local_page(struct page *page);
void kunmap_local(const void *addr);
/* How many slots this core has mapped. */
unsigned kmap_local_depth(void);

/*
 * An address for page that all cores may use and that may be kept while
 * sleeping, until kunmap() as often as kmap(). Waits while all are in use;
 * NULL only without memory for the tables of the first one. See pkmap.c.
 */
void *kmap(struct page *page);
void kunmap(struct page *page);
/* How many of these addresses are in use. */
unsigned kmap_nr_used(void);

void clear_highpage(struct page *page);
void copy_highpage(struct page *to, struct page *from);

#endif
