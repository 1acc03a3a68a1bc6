/* SPDX-License-Identifier: MIT */
/*
 * CMA: large contiguous memory for devices, lent out while they do not need
 * it. See mm/phys/cma.c.
 */
#ifndef MM_CMA_H
#define MM_CMA_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/page.h>

struct cma;

/* The area for everybody; NULL if there is none (cma=0). */
extern struct cma *cma_default;

/*
 * Boot, between memblock and the linear map. cma_reserve_default() sets aside
 * what cma= asks for, or a thirty-second of memory, below limit.
 * cma_reserve_area() takes a range that is reserved already; it becomes the
 * default area if there is no other. Returns 0; -EINVAL when it is not made
 * of whole pageblocks (1 MiB) of lowmem; -ENOSPC when there are too many.
 */
void cma_reserve_default(phys_addr_t limit);
int cma_reserve_area(phys_addr_t base, phys_addr_t size, phys_addr_t limit,
		     const char *name);

/*
 * nr frames side by side, the first one's number a multiple of 2^align; each
 * is a page of its own, of state CMA, content undefined. Guests are asked to
 * leave. Context: may sleep. Returns the first page; NULL if there are not so
 * many, or somebody in each place does not leave.
 */
struct page *cma_alloc(struct cma *cma, unsigned long nr,
		       unsigned align) __must_check;
/*
 * Give back what cma_alloc() gave, the same nr. False, and nothing happens,
 * if the pages are not in the area. Context: may sleep.
 */
bool cma_release(struct cma *cma, struct page *pages, unsigned long nr);

/* Area n, or NULL behind the last. */
struct cma *cma_area(unsigned n);
const char *cma_name(const struct cma *cma);
phys_addr_t cma_base(const struct cma *cma);
unsigned long cma_nr_pages(const struct cma *cma);
unsigned long cma_nr_used(struct cma *cma);

struct cma_stats {
	unsigned long allocs, failures, releases;	/* calls */
	unsigned long busy;	/* places where somebody did not leave */
	unsigned long dropped;	/* guests that left, pages */
};
void cma_get_stats(const struct cma *cma, struct cma_stats *stats);

#endif
