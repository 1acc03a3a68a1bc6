/* SPDX-License-Identifier: MIT */
/*
 * Memory management's place in the start of the kernel.
 */
#ifndef MM_INIT_H
#define MM_INIT_H

#include <lib/types.h>

/*
 * Build mem_map, nodes, zones and hand memblock's free memory to the buddy
 * allocator. Needs memblock filled and the linear map of lowmem complete;
 * alloc_pages() works afterwards, memblock_alloc() no more.
 */
void mm_init_zones(void);
/* Has mm_init_zones() run? */
extern bool mm_ready;

/*
 * Frames that nobody owns: on the zones' lists (nr_free_pages of vmstat) and
 * on the cores' lists. Exact while no allocation is under way; what a test
 * compares to see a leak.
 */
unsigned long nr_free_pages(void);
/*
 * The same after giving back what allocators keep in reserve: what a leak
 * check compares. Context: may sleep.
 */
unsigned long nr_settled_free_pages(void);

/*
 * Give the frames of [start, end) in the linear map, reserved until now, to
 * the allocator, and say so with the name what. Partial pages stay.
 */
void mm_free_init_range(void *start, void *end, const char *what);

#endif
