/* SPDX-License-Identifier: MIT */
/*
 * Inside the page allocator: each core's lists of blocks. See mm/phys/pcp.c.
 * For mm/phys, mm/debug and their tests.
 */
#ifndef MM_PCP_H
#define MM_PCP_H

#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <mm/zone.h>

#define PCP_ORDERS	4	/* blocks of order 0 to 3 are kept */
#define PCP_BATCH_MAX	16	/* frames; the bound of work per call */

/* Two magazines of blocks of one order and type, linked by pcp.next. */
struct pcp_stack {
	struct page *loaded;
	u32 nr_loaded;		/* blocks */
	struct page *previous;
	u32 nr_previous;
};

/* One core's share of one zone. Only that core, with interrupts off. */
struct zone_pcp {
	/* The fourth type does not exist and its stacks stay empty. */
	struct pcp_stack stack[PCP_ORDERS][4];
	u32 nr_alloc[NR_PAGE_ORDERS];	/* blocks handed out, ever */
	u32 nr_free[NR_PAGE_ORDERS];	/* blocks taken back, ever */
	u32 batch[PCP_ORDERS];		/* blocks in a full magazine */
	u32 numa[NR_NUMA_STAT_ITEMS];	/* only what alloc_pages counts */
	s8 stat_diff[NR_ZONE_STAT_ITEMS];
	struct zone *zone;
};

/*
 * What a core needs first, in one place. An array and not per-CPU data: the
 * other cores' per-CPU areas do not exist yet when this is filled.
 */
struct page_cpu {
	struct zone_pcp *preferred[4];	/* by gfp & 3 */
	struct zone_pcp *pcp[16];	/* by zone index; NULL: no zone */
} __aligned(128);

extern struct page_cpu page_cpus[NR_CPUS];

static inline struct page_cpu *
this_page_cpu(void)
{
	return &page_cpus[smp_processor_id()];
}

/*
 * Take the top block of a loaded magazine: now the caller's, with one
 * reference. NULL if the magazine is empty. Context: interrupts off.
 */
static __always_inline struct page *
pcp_pop(struct zone_pcp *pcp, unsigned order, unsigned type)
{
	struct pcp_stack *stack = &pcp->stack[order][type];
	struct page *page = stack->loaded;

	if (unlikely(!page))
		return NULL;
	stack->loaded = page->pcp.next;
	stack->nr_loaded--;
	pcp->nr_alloc[order]++;
	page_set_state(page, PAGE_STATE_KERNEL);
	atomic_set(&page->refcount, 1);
	return page;
}

/* Context of all: interrupts off, this core's pcp. */
struct page *pcp_alloc_slow(struct zone *zone, struct zone_pcp *pcp,
			    unsigned order, unsigned type,
			    unsigned alloc_flags);
bool pcp_refill(struct zone *zone, struct zone_pcp *pcp, unsigned order,
		unsigned type, unsigned alloc_flags);
void pcp_make_room(struct zone *zone, struct pcp_stack *stack,
		   unsigned order);
void pcp_drain(struct zone_pcp *pcp);

/* Batches from the size of the zone; when that changed. */
void pcp_set_batch(struct zone *zone);
/* Frames on the lists of one core / of all cores. Exact when quiet. */
unsigned long pcp_count(const struct zone_pcp *pcp);
unsigned long zone_pcp_count(const struct zone *zone);

#endif
