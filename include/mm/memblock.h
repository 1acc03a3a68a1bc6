/* SPDX-License-Identifier: MIT */
/*
 * memblock: the allocator of early boot. See mm/phys/memblock.c.
 *
 * Two sorted lists of physical ranges, what is memory and what of the address
 * space is taken; free is what is in the first and not in the second.
 */
#ifndef MM_MEMBLOCK_H
#define MM_MEMBLOCK_H

#include <lib/compiler.h>
#include <lib/seq_buf.h>
#include <lib/types.h>

#define MEMBLOCK_MAX_REGIONS	128

/*
 * Flags of a memory region. Regions with different flags do not merge.
 * NOMAP: RAM that the kernel must neither map nor hand out.
 */
#define MEMBLOCK_NOMAP		1u

struct memblock_region {
	phys_addr_t base;
	phys_addr_t size;	/* bytes, never 0 */
	unsigned flags;
};

/* Sorted by base; regions are disjoint, and equal neighbours merged. */
struct memblock_type {
	const char *name;
	unsigned cnt;
	phys_addr_t total_size;
	struct memblock_region regions[MEMBLOCK_MAX_REGIONS];
};

struct memblock {
	bool bottom_up;			/* direction of allocation */
	phys_addr_t current_limit;	/* allocations end below it */
	struct memblock_type memory;
	struct memblock_type reserved;
};

extern struct memblock memblock;
extern bool memblock_debug;		/* print every call */

#define MEMBLOCK_ALLOC_ACCESSIBLE	0	/* up to current_limit */
#define MEMBLOCK_ALLOC_ANYWHERE		(~(phys_addr_t)0)

/*
 * base and size in bytes; a range past the end of the address space is cut
 * there, an empty one ignored. add and reserve accept what overlaps or is
 * there already; remove and free cut holes and accept what is not there.
 * A full list is a panic.
 */
void memblock_add(phys_addr_t base, phys_addr_t size);
void memblock_remove(phys_addr_t base, phys_addr_t size);
void memblock_reserve(phys_addr_t base, phys_addr_t size);
void memblock_free(phys_addr_t base, phys_addr_t size);
/* Set or clear MEMBLOCK_NOMAP on the memory inside the range. */
void memblock_mark_nomap(phys_addr_t base, phys_addr_t size);
void memblock_clear_nomap(phys_addr_t base, phys_addr_t size);

void memblock_set_current_limit(phys_addr_t limit);
void memblock_set_bottom_up(bool bottom_up);

/*
 * The lowest or highest (by direction) free range of size bytes at a
 * multiple of align, inside start to end-1; end may be one of
 * MEMBLOCK_ALLOC_*. align is a power of two, 0 means 1. Returns 0 if none.
 */
phys_addr_t memblock_find_in_range(phys_addr_t size, phys_addr_t align,
				   phys_addr_t start, phys_addr_t end);
/* Find and reserve it. Returns 0 when there is none. Not zeroed. */
phys_addr_t memblock_phys_alloc(phys_addr_t size, phys_addr_t align,
				phys_addr_t start, phys_addr_t end);
/* Zeroed, in the linear map, below the current limit; panics if none. */
void *memblock_alloc(phys_addr_t size, phys_addr_t align);
/* The same, but NULL if none. */
void *memblock_alloc_try(phys_addr_t size, phys_addr_t align);

phys_addr_t memblock_start_of_dram(void);	/* 0 when there is none */
phys_addr_t memblock_end_of_dram(void);		/* first byte behind it */
phys_addr_t memblock_phys_mem_size(void);	/* bytes, NOMAP included */
phys_addr_t memblock_reserved_size(void);
bool memblock_is_memory(phys_addr_t addr);
bool memblock_is_map_memory(phys_addr_t addr);	/* and not NOMAP */
bool memblock_is_reserved(phys_addr_t addr);
bool memblock_is_region_memory(phys_addr_t base, phys_addr_t size);
bool memblock_overlaps_memory(phys_addr_t base, phys_addr_t size);
bool memblock_overlaps_reserved(phys_addr_t base, phys_addr_t size);

/*
 * Iteration. *iter starts as 0 and is private to the call; false at the end.
 * Nothing may be added or removed between the calls of one walk.
 * free ranges: memory that is neither reserved nor NOMAP, ascending.
 */
bool memblock_next_free(u64 *iter, phys_addr_t *start, phys_addr_t *end);
bool memblock_prev_free(u64 *iter, phys_addr_t *start, phys_addr_t *end);

#define for_each_free_mem_range(iter, start, end) \
	for ((iter) = 0; memblock_next_free(&(iter), &(start), &(end)); )
/* Descending. */
#define for_each_free_mem_range_reverse(iter, start, end) \
	for ((iter) = 0; memblock_prev_free(&(iter), &(start), &(end)); )
#define for_each_mem_region(r) \
	for ((r) = memblock.memory.regions; \
	     (r) < memblock.memory.regions + memblock.memory.cnt; (r)++)
#define for_each_reserved_mem_region(r) \
	for ((r) = memblock.reserved.regions; \
	     (r) < memblock.reserved.regions + memblock.reserved.cnt; (r)++)

/* Are both lists sorted, disjoint, merged and summed? Says each fault. */
bool memblock_verify(struct seq_buf *out);
/* Both lists as text. */
void memblock_show(struct seq_buf *s);

#endif
