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

#define PCP_ORDERS	5	/* blocks of order 0 to 4 are kept */
#define PCP_BATCH_MAX	16	/* frames; the bound of work per call */

static_assert(1u << (PCP_ORDERS - 1) == PCP_BATCH_MAX,
	      "a batch of frames is a block of the largest order kept");

/* Two magazines of blocks of one order and type, linked by pcp.next. */
struct pcp_stack {
	struct page *loaded;
	u32 nr_loaded;		/* blocks */
	struct page *previous;
	u32 nr_previous;
};

/*
 * One core's share of one zone. Only that core, with interrupts off.
 *
 * Blocks are counted where they pass, as seldom as can be: how many were freed
 * into the magazines follows from the others (see pcp_nr_free()).
 */
struct zone_pcp {
	/* The fourth type does not exist and its stacks stay empty. */
	struct pcp_stack stack[PCP_ORDERS][4];
	u32 nr_pop[PCP_ORDERS];		/* blocks handed out of magazines */
	u32 limit[PCP_ORDERS];		/* at it, a free goes the slow way:
					 * the batch; 0 while debugging */
	u32 batch[PCP_ORDERS];		/* blocks in a full magazine; 0: none
					 * is kept of this order */
	u32 nr_in[PCP_ORDERS];		/* blocks that came from the zone */
	u32 nr_out[PCP_ORDERS];		/* blocks that went back to it */
	u32 nr_alloc[NR_PAGE_ORDERS];	/* taken past the magazines */
	u32 nr_free[NR_PAGE_ORDERS];	/* freed past the magazines */
	u32 numa[NR_NUMA_STAT_ITEMS];	/* only what alloc_pages counts */
	s8 stat_diff[NR_ZONE_STAT_ITEMS];
	struct zone *zone;
};

/* What the fast paths of a core need, in one place. */
struct page_cpu {
	struct zone_pcp *preferred[4];	/* by gfp & 3 */
	struct zone_pcp *pcp[16];	/* by zone index; NULL: no zone */
	struct page *mem_map;
	const u8 *pageblock_types;
};

DECLARE_PER_CPU(struct page_cpu, page_cpu);

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
	pcp->nr_pop[order]++;
#ifdef VELLUM_DEBUG
	page_set_state(page, PAGE_STATE_KERNEL);
#else
	/* ISOLATED becomes KERNEL, the next state. */
	page->flags += PAGE_STATE_KERNEL - PAGE_STATE_ISOLATED;
#endif
	atomic_set(&page->refcount, 1);
	return page;
}

/* Context of all: interrupts off, this core's pcp. */
struct page *pcp_alloc_slow(struct zone *zone, struct zone_pcp *pcp,
			    unsigned order, unsigned type,
			    unsigned alloc_flags);
bool pcp_refill(struct zone *zone, struct zone_pcp *pcp, unsigned order,
		unsigned type, unsigned alloc_flags);
void pcp_make_room(struct zone_pcp *pcp, struct pcp_stack *stack,
		   unsigned order);
void pcp_drain(struct zone_pcp *pcp);
/* 16 frames from page on, freed at once. */
void pcp_free_side_by_side(struct zone *zone, struct page *page);

/* Batches from the size of the zone; when that changed. */
void pcp_set_batch(struct zone *zone);
/* Let every request and every free go the slow way (debugging), or not. */
void pcp_set_slow(bool slow);
/* What pcp_set_slow() switches off: each core's first choice by gfp & 3. */
void pcp_set_preferred(void);

/* Blocks of one order / frames that one core holds. Exact when quiet. */
unsigned long pcp_nr_held(const struct zone_pcp *pcp, unsigned order);
unsigned long pcp_count(const struct zone_pcp *pcp);
/* Frames that all cores hold of zone. */
unsigned long zone_pcp_count(const struct zone *zone);
/* Blocks of one order allocated from / freed to the zone by this core, ever. */
u32 pcp_nr_alloc(const struct zone_pcp *pcp, unsigned order);
u32 pcp_nr_free(const struct zone_pcp *pcp, unsigned order);

#endif
