/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU page lists: the allocator's fast path, without a lock.
 *
 * Ideas
 *   Each core keeps, for each zone, order 0 to 3 and type, a stack of blocks
 *   that it alone touches, with interrupts off. Most requests are served and
 *   most frees taken there; the zone and its lock see only every 16th frame.
 *
 *   Magazines	a stack is two magazines, loaded and previous. previous is
 *		empty or full. Allocation takes from loaded, free puts there:
 *
 *		   loaded   previous
 *		   [xx  ]   [    ]	some room and some stock
 *		   [xxxx]   [    ]	full: free moves it to previous
 *		   [x   ]   [xxxx]	full again: free gives previous to the
 *					zone, moves loaded there
 *		   [    ]   [xxxx]	empty: allocation takes previous back
 *		   [    ]   [    ]	both empty: allocation fills loaded
 *
 *		Whatever mix of allocations and frees comes, a magazine's worth
 *		of them lies between two visits to the zone: there is no
 *		threshold to sit on.
 *   Refill	does not take 16 frames one by one: a block of 16 is cut up in
 *		place. Small blocks of the zone are used up first.
 *
 * State	page_cpus[], zone->pcp[]
 * Invariants (pcp_verify)
 *   L1  A magazine's length is its count, at most the batch; previous is empty
 *	 or was full.
 *   L2  Each block is ISOLATED, of its stack's order and its pcp's zone, with
 *	 no reference, and its pageblock was not isolated before it came here
 *	 (drain_all_pages() follows each isolation).
 *   L3  The fourth stacks (no such type) are empty.
 * Locks   none: interrupts off on the owning core. Others never touch the
 *	   stacks, they ask the core by a cross call (drain_all_pages). Refill
 *	   and drain take zone->lock.
 * Cost    pop and push: a constant. Refill and make_room: at most 16 frames
 *	   and one zone->lock.
 * Questions a reader asks
 *   What if the type of a pageblock changes while its frames are here?  They
 *     go back to the zone under the type that the pageblock has then. Until
 *     then a few may serve a request of the old type.
 *   Why is no watermark tested when a magazine has a block?  It was, when the
 *     block left the zone: these frames are not counted as free any more.
 * Sources  Bonwick and Adams, Magazines and Vmem, USENIX 2001, section 3.
 */
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <mm/buddy.h>
#include <mm/pcp.h>
#include <mm/vmstat.h>

static struct zone_pcp no_pcp;	/* of zones that do not exist: stays empty */

struct page_cpu page_cpus[NR_CPUS] = {
	[0 ... NR_CPUS - 1] = {
		.preferred = { &no_pcp, &no_pcp, &no_pcp, &no_pcp },
	},
};

static inline void
pcp_push_isolated(struct pcp_stack *stack, struct page *page)
{
	page->pcp.next = stack->loaded;
	stack->loaded = page;
	stack->nr_loaded++;
}

/*
 * Cut the ISOLATED block at page, of order high, into blocks of order and push
 * them so that the lowest comes first.
 */
static void
pcp_cut_block(struct pcp_stack *stack, struct page *page, unsigned high,
	      unsigned order)
{
	u32 flags = (page->flags & PAGE_ZONE_MASK) | PAGE_STATE_ISOLATED |
		    order << PAGE_ORDER_SHIFT;
	struct page *part = page + (1UL << high);

	while (part > page) {
		part -= 1UL << order;
		part->flags = flags;
		pcp_push_isolated(stack, part);
	}
}

/*
 * Fill the loaded magazine, which is empty, from the zone: up to a batch of
 * blocks. What another type lends comes singly, so that the work is bounded.
 * Returns false if the zone has nothing for this request.
 */
bool
pcp_refill(struct zone *zone, struct zone_pcp *pcp, unsigned order,
	   unsigned type, unsigned alloc_flags)
{
	struct pcp_stack *stack = &pcp->stack[order][type];
	unsigned from = type, want = pcp->batch[order], fits, high, cut;
	struct page *page;

	spin_lock(&zone->lock);
	if (buddy_prefers_cma(zone, alloc_flags))
		from = MIGRATE_CMA;
	while (stack->nr_loaded < want) {
		fits = zone->order_mask[from] >> order;
		if (!fits)
			break;
		high = order + ffs_long(fits);
		cut = order + fls_long(want - stack->nr_loaded);
		cut = min(cut, high);
		page = buddy_take_from(zone, high, cut, from);
		pcp_cut_block(stack, page, cut, order);
	}
	if (unlikely(!stack->nr_loaded)) {
		page = buddy_alloc(zone, order, type, alloc_flags);
		if (page)
			pcp_push_isolated(stack, page);
	}
	spin_unlock(&zone->lock);
	count_vm_event(PCP_REFILL);
	return stack->nr_loaded;
}

/* The loaded magazine is empty: use the previous one, or fill it. */
struct page *
pcp_alloc_slow(struct zone *zone, struct zone_pcp *pcp, unsigned order,
	       unsigned type, unsigned alloc_flags)
{
	struct pcp_stack *stack = &pcp->stack[order][type];

	if (stack->previous) {
		stack->loaded = stack->previous;
		stack->nr_loaded = stack->nr_previous;
		stack->previous = NULL;
		stack->nr_previous = 0;
	} else if (!pcp_refill(zone, pcp, order, type, alloc_flags)) {
		return NULL;
	}
	return pcp_pop(pcp, order, type);
}

/* Give a chain of ISOLATED blocks back to the zone. */
static void
pcp_free_chain(struct zone *zone, struct page *page, unsigned order)
{
	struct page *next;

	spin_lock(&zone->lock);
	for (; page; page = next) {
		next = page->pcp.next;
		buddy_free(zone, page, order, page_pageblock_type(page));
	}
	spin_unlock(&zone->lock);
}

/* The loaded magazine is full: empty it, at the cost of the previous one. */
void
pcp_make_room(struct zone *zone, struct pcp_stack *stack, unsigned order)
{
	struct page *old = stack->previous;

	stack->previous = stack->loaded;
	stack->nr_previous = stack->nr_loaded;
	stack->loaded = NULL;
	stack->nr_loaded = 0;
	if (old) {
		pcp_free_chain(zone, old, order);
		count_vm_event(PCP_DRAIN);
	}
}

/* Give everything back to the zone. */
void
pcp_drain(struct zone_pcp *pcp)
{
	unsigned order, type;
	struct pcp_stack *stack;

	for (order = 0; order < PCP_ORDERS; order++) {
		for (type = 0; type < MIGRATE_PCPTYPES; type++) {
			stack = &pcp->stack[order][type];
			pcp_make_room(pcp->zone, stack, order);
			pcp_make_room(pcp->zone, stack, order);
		}
	}
}

void
drain_local_pages(void)
{
	unsigned long flags = local_irq_save();
	struct page_cpu *cpu = this_page_cpu();
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(cpu->pcp); i++) {
		if (cpu->pcp[i])
			pcp_drain(cpu->pcp[i]);
	}
	local_irq_restore(flags);
}

static void
drain_this_core(void *unused)
{
	(void)unused;
	drain_local_pages();
}

/*
 * Every core gives its lists back. Context: interrupts on, no spinlock; with
 * interrupts off (early boot) only this core's.
 */
void
drain_all_pages(void)
{
	if (irqs_disabled() || num_online_cpus() <= 1)
		drain_local_pages();
	else
		on_each_cpu(drain_this_core, NULL);
}

/*
 * A magazine holds up to 16 frames, fewer in a small zone: with two magazines
 * for each type and order, four cores keep back at most about a tenth.
 */
void
pcp_set_batch(struct zone *zone)
{
	unsigned long frames = zone->managed_pages / 1024;
	unsigned cpu, order;

	zone->pcp_batch = clamp(frames, 1UL, (unsigned long)PCP_BATCH_MAX);
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if (!zone->pcp[cpu])
			continue;
		for (order = 0; order < PCP_ORDERS; order++)
			zone->pcp[cpu]->batch[order] =
				max(zone->pcp_batch >> order, 1);
	}
}

unsigned long
pcp_count(const struct zone_pcp *pcp)
{
	unsigned order, type;
	unsigned long frames = 0;

	for (order = 0; order < PCP_ORDERS; order++) {
		for (type = 0; type < MIGRATE_PCPTYPES; type++) {
			const struct pcp_stack *s = &pcp->stack[order][type];

			frames += (unsigned long)(READ_ONCE(s->nr_loaded) +
				READ_ONCE(s->nr_previous)) << order;
		}
	}
	return frames;
}

unsigned long
zone_pcp_count(const struct zone *zone)
{
	unsigned long frames = 0;
	unsigned cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if (zone->pcp[cpu])
			frames += pcp_count(zone->pcp[cpu]);
	}
	return frames;
}
