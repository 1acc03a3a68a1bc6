/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU page lists: the allocator's fast path, without a lock.
 *
 * Ideas
 *   Each core keeps, for each zone, order 0 to 4 and type, a stack of blocks
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
 *		place. Small blocks of the zone are used up first, but no
 *		block is broken to fill up what they leave: the magazine
 *		starts with less. Else one odd frame in the zone would break
 *		a block (8 + 4 + 2 + 1 of it), leave another odd frame, and
 *		so on for ever.
 *
 *   Runs	what goes back is first joined where its frames lie side by side:
 *		16 neighbours that were freed one after the other become one
 *		block and one list insertion.
 *
 * State	page_cpu of each core, zone->pcp[]
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
#include <mm/hooks.h>
#include <mm/pcp.h>
#include <mm/trace.h>
#include <mm/vmstat.h>

static struct zone_pcp no_pcp;	/* a first choice that is always empty */

DEFINE_PER_CPU(struct page_cpu, page_cpu) = {
	.preferred = { &no_pcp, &no_pcp, &no_pcp, &no_pcp },
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
		if (cut < high && stack->nr_loaded)
			break;
		cut = min(cut, high);
		page = buddy_take_from(zone, high, cut, from);
		trace_mm_page_alloc_zone_locked(page, cut, from, true);
		pcp_cut_block(stack, page, cut, order);
	}
	if (unlikely(!stack->nr_loaded)) {
		page = buddy_alloc(zone, order, type, alloc_flags);
		if (page) {
			trace_mm_page_alloc_zone_locked(page, order, type,
							true);
			pcp_push_isolated(stack, page);
		}
	}
	spin_unlock(&zone->lock);
	pcp->nr_in[order] += stack->nr_loaded;
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

/*
 * Give back n blocks of order that lie side by side, the lowest at page: as few
 * blocks as alignment allows. A magazine's worth is 16 frames, so that none
 * becomes larger than that.
 */
static void
pcp_free_run(struct zone *zone, struct page *page, unsigned n, unsigned order)
{
	u32 tail = (page->flags & PAGE_ZONE_MASK) | PAGE_STATE_TAIL;
	unsigned grow, i;

	while (n) {
		grow = ffs_long((page - mem_map) >> order | PCP_BATCH_MAX);
		grow = min(grow, (unsigned)fls_long(n));
		for (i = 1; i < 1u << grow; i++)
			page[i << order].flags = tail;
		buddy_free(zone, page, order + grow,
			   page_pageblock_type(page));
		n -= 1u << grow;
		page += 1UL << (order + grow);
	}
}

/*
 * A magazine's worth of ISOLATED frames side by side, the lowest at page, and a
 * block by their alignment: nothing is won by keeping them apart. Counted as
 * frames that were freed past the magazines.
 */
void
pcp_free_side_by_side(struct zone *zone, struct page *page)
{
	zone->pcp[smp_processor_id()]->nr_free[0] += PCP_BATCH_MAX;
	spin_lock(&zone->lock);
	pcp_free_run(zone, page, PCP_BATCH_MAX, 0);
	spin_unlock(&zone->lock);
}

/* Tell the trace of each block of a chain: here, to keep the loop below lean. */
static noinline void
pcp_trace_chain(const struct page *page, unsigned order)
{
	for (; page; page = page->pcp.next)
		trace_mm_page_pcpu_drain(page, order,
					 page_pageblock_type(page));
}

/*
 * Give a chain of ISOLATED blocks, at most a batch, back to the zone: run by
 * run of neighbours, whether they come upwards or downwards.
 */
static void
pcp_free_chain(struct zone *zone, struct page *page, unsigned order)
{
	long size = 1L << order, step;
	struct page *first, *next;
	unsigned n;

	if (trace_on(mm_page_pcpu_drain))
		pcp_trace_chain(page, order);
	spin_lock(&zone->lock);
	while (page) {
		first = page;
		next = page->pcp.next;
		step = next == page - size ? -size : size;
		for (n = 1; next == page + step; n++) {
			page = next;
			next = page->pcp.next;
		}
		pcp_free_run(zone, step < 0 ? page : first, n, order);
		page = next;
	}
	spin_unlock(&zone->lock);
}

/* The loaded magazine is full: empty it, at the cost of the previous one. */
void
pcp_make_room(struct zone_pcp *pcp, struct pcp_stack *stack, unsigned order)
{
	struct page *old = stack->previous;
	unsigned nr_old = stack->nr_previous;

	stack->previous = stack->loaded;
	stack->nr_previous = stack->nr_loaded;
	stack->loaded = NULL;
	stack->nr_loaded = 0;
	if (old) {
		pcp->nr_out[order] += nr_old;
		pcp_free_chain(pcp->zone, old, order);
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
			pcp_make_room(pcp, stack, order);
			pcp_make_room(pcp, stack, order);
		}
	}
}

void
drain_local_pages(void)
{
	unsigned long flags = local_irq_save();
	struct page_cpu *cpu = this_cpu_ptr(&page_cpu);
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
 * A magazine holds up to 16 frames; fewer, and none of the larger orders, in a
 * small zone: of 16 MiB, batch 3, four cores keep back at most 1 % for each
 * order and type that they use.
 */
void
pcp_set_batch(struct zone *zone)
{
	unsigned long frames = zone->managed_pages / 1024;
	struct zone_pcp *pcp;
	unsigned cpu, order;

	zone->pcp_batch = clamp(frames, 1UL, (unsigned long)PCP_BATCH_MAX);
	for_each_possible_cpu(cpu) {
		pcp = zone->pcp[cpu];
		for (order = 0; pcp && order < PCP_ORDERS; order++) {
			pcp->batch[order] = zone->pcp_batch >> order;
			pcp->limit[order] = page_debug_on() ? 0 :
					    pcp->batch[order];
		}
	}
}

/*
 * Where each core looks first, by gfp & 3: the best zone of its own node. If
 * the node has none, or while debugging, the empty stand-in, so that the slow
 * path decides.
 */
void
pcp_set_preferred(void)
{
	static const u8 types[4] = { ZONE_NORMAL, ZONE_DMA, ZONE_HIGHMEM,
				     ZONE_DMA };
	const struct zonelist *zl;
	struct page_cpu *c;
	unsigned cpu, i;

	for_each_possible_cpu(cpu) {
		c = per_cpu_ptr(&page_cpu, cpu);
		for (i = 0; i < 4; i++) {
			zl = &NODE_DATA(cpu_to_node(cpu))
				->node_zonelists[1][types[i]];
			c->preferred[i] = zl->nr && !page_debug_on() ?
					  zl->zones[0]->pcp[cpu] : &no_pcp;
		}
	}
}

void
pcp_set_slow(bool slow)
{
	struct zone_pcp *pcp;
	unsigned cpu, order, i;
	struct zone *zone;

	pcp_set_preferred();
	for_each_zone(zone, i) {
		for_each_possible_cpu(cpu) {
			pcp = zone->pcp[cpu];
			for (order = 0; order < PCP_ORDERS; order++)
				pcp->limit[order] = slow ? 0 :
						    pcp->batch[order];
		}
	}
}

unsigned long
pcp_nr_held(const struct zone_pcp *pcp, unsigned order)
{
	const struct pcp_stack *s = pcp->stack[order];
	unsigned long blocks = 0;
	unsigned type;

	for (type = 0; type < MIGRATE_PCPTYPES; type++)
		blocks += READ_ONCE(s[type].nr_loaded) +
			  READ_ONCE(s[type].nr_previous);
	return blocks;
}

unsigned long
pcp_count(const struct zone_pcp *pcp)
{
	unsigned long frames = 0;
	unsigned order;

	for (order = 0; order < PCP_ORDERS; order++)
		frames += pcp_nr_held(pcp, order) << order;
	return frames;
}

unsigned long
zone_pcp_count(const struct zone *zone)
{
	unsigned long frames = 0;
	unsigned cpu;

	for_each_possible_cpu(cpu)
		frames += pcp_count(zone->pcp[cpu]);
	return frames;
}

u32
pcp_nr_alloc(const struct zone_pcp *pcp, unsigned order)
{
	return pcp->nr_alloc[order] +
	       (order < PCP_ORDERS ? pcp->nr_pop[order] : 0);
}

/*
 * What went into the magazines came from the zone or was freed; what left them
 * was handed out or went back; the rest is held:
 *	in + freed = pop + out + held
 */
u32
pcp_nr_free(const struct zone_pcp *pcp, unsigned order)
{
	u32 freed = pcp->nr_free[order];

	if (order < PCP_ORDERS)
		freed += pcp->nr_pop[order] + pcp->nr_out[order] +
			 pcp_nr_held(pcp, order) - pcp->nr_in[order];
	return freed;
}
