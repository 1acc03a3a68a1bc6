/* SPDX-License-Identifier: MIT */
/*
 * Allocating and freeing page frames: the way of a request.
 *
 *	alloc_pages(gfp, order)
 *	  1  this core's magazine of the preferred zone		no lock
 *	  2  each zone of the zonelist above its low watermark:
 *	     its magazine, or its free lists			zone->lock
 *	  3  wake kswapd; again down to min, or below it for those who may
 *	     (ALLOC_HARDER, ALLOC_HIGH, ALLOC_NO_WATERMARKS)
 *	  4  if the caller may sleep: reclaim, drain all cores' magazines,
 *	     give up the high-order reserve, each followed by 3; then, for
 *	     orders up to 3, end a process and begin again
 *	  5  fail, with one report unless __GFP_NOWARN
 *
 *	free_frames(page, order): the last reference puts the block on this
 *	core's magazine; larger blocks, and those of special pageblocks, go to
 *	the zone and are merged.
 *
 * Ideas
 *   Debugging costs one test of one word in each direction (mm/hooks.h).
 *   A free that cannot be right (double, wrong order, still mapped, flags
 *   set) is reported and ignored: the page is lost, the lists stay whole.
 *
 * Locks   zone->lock, and interrupts off around this core's magazines.
 * Cost    about 40 instructions each way in step 1; bounded in all steps but
 *	   4: a magazine of 16 frames, ten splits or merges, one pageblock.
 * Questions a reader asks
 *   Why may GFP_ATOMIC be used in an interrupt handler?  All is done with
 *     interrupts off, so a handler never meets a half-changed list of its own
 *     core.
 *   Why does step 2 start at low and not at min?  What lies between is for
 *     those who come while kswapd, just woken, is at work.
 */
#include <asm/irqflags.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/task.h>
#include <lib/bitops.h>
#include <mm/buddy.h>
#include <mm/dma_debug.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/hooks.h>
#include <mm/kasan.h>
#include <mm/init.h>
#include <mm/page_alloc.h>
#include <mm/pcp.h>
#include <mm/trace.h>
#include <mm/translation_check.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

unsigned long (*page_reclaim_fn)(gfp_t gfp, unsigned order);
void (*page_wake_kswapd_fn)(struct zone *zone, unsigned order);
bool (*page_oom_fn)(gfp_t gfp, unsigned order);
unsigned nr_bad_pages;

#define FREED_STALE	"a frame is freed, but may still be remembered"
#define HANDED_STALE	"a frame is handed out, but may still be remembered"
#define COSTLY_ORDER	3	/* nobody is killed for more than this */
#define RECLAIM_ROUNDS	16	/* give up after so many that won frames */

/* A request on its way through the zonelist. */
struct alloc_context {
	gfp_t gfp;
	unsigned order;
	unsigned type;
	unsigned classzone;	/* zone type that it prefers */
	int nid;
	const struct zonelist *zonelist;
};

static void
clear_block(struct page *page, unsigned order)
{
	struct page *end = page + (1UL << order);

	for (; page < end; page++)
		clear_highpage(page);
}

/* What the request wants done with the block that it got. */
static struct page *
finish_alloc(struct page *page, unsigned order, gfp_t gfp,
	     const void *caller)
{
	if ((gfp & __GFP_COMP) && order)
		page->flags |= PG_compound;
	translation_check_frames(page, order, HANDED_STALE);
	kasan_alloc_pages(page, order);
	if (page_debug_on()) {
		page_debug_alloc(page, order, gfp);	/* sees what was there */
		if (page_debug_flags & PAGE_DEBUG_LIFE)
			page_life_note(page, PAGE_LIFE_ALLOC, order,
				       (unsigned long)caller);
		trace_mm_page_alloc(page, order, gfp_migratetype(gfp), gfp,
				    caller);
	}
	if (gfp & __GFP_ZERO)
		clear_block(page, order);
	return page;
}

/* Count in whose place zone served. Context: interrupts off. */
static void
count_numa(const struct alloc_context *ac, struct zone *zone)
{
	unsigned cpu = smp_processor_id();
	struct zone_pcp *wanted;

	if (zone->nid != ac->nid) {
		zone->pcp[cpu]->numa[NUMA_MISS]++;
		wanted = ac->zonelist->zones[0]->pcp[cpu];
		wanted->numa[NUMA_FOREIGN]++;
	}
	if (zone->nid != cpu_to_node(cpu))
		zone->pcp[cpu]->numa[NUMA_OTHER]++;
}

/* A block from zone's free lists, without magazine. Interrupts off. */
static struct page *
rmqueue_direct(struct zone *zone, const struct alloc_context *ac,
	       unsigned alloc_flags)
{
	struct page *page = NULL;

	spin_lock(&zone->lock);
	if (ac->order && (alloc_flags & ALLOC_HARDER))
		page = buddy_take(zone, ac->order, MIGRATE_HIGHATOMIC);
	if (!page)
		page = buddy_alloc(zone, ac->order, ac->type, alloc_flags);
	if (page)
		trace_mm_page_alloc_zone_locked(page, ac->order, ac->type,
						false);
	spin_unlock(&zone->lock);
	if (!page)
		return NULL;
	zone->pcp[smp_processor_id()]->nr_alloc[ac->order]++;
	page_set_state(page, PAGE_STATE_KERNEL);
	atomic_set(&page->refcount, 1);
	return page;
}

/* A block from zone, whose watermark allows it. */
static struct page *
rmqueue(struct zone *zone, const struct alloc_context *ac,
	unsigned alloc_flags)
{
	unsigned long flags = local_irq_save();
	struct zone_pcp *pcp = zone->pcp[smp_processor_id()];
	struct page *page = NULL;

	if (ac->order < PCP_ORDERS) {
		page = pcp_pop(pcp, ac->order, ac->type);
		if (!page)
			page = pcp_alloc_slow(zone, pcp, ac->order, ac->type,
					      alloc_flags);
	}
	if (!page)
		page = rmqueue_direct(zone, ac, alloc_flags);
	if (page && nr_node_ids > 1)
		count_numa(ac, zone);
	local_irq_restore(flags);
	return page;
}

static void
keep_highatomic(struct zone *zone, struct page *page)
{
	unsigned long flags = spin_lock_irqsave(&zone->lock);

	pageblock_reserve_highatomic(zone, page);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* The first zone of the list that may give a block and has one. */
static struct page *
get_page_from_freelist(const struct alloc_context *ac, unsigned alloc_flags)
{
	struct zone *zone;
	struct page *page;
	unsigned i;

	for (i = 0; i < ac->zonelist->nr; i++) {
		zone = ac->zonelist->zones[i];
		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_ok(zone, ac->order,
			zone->watermark[alloc_flags & ALLOC_WMARK_MASK],
			ac->classzone, alloc_flags))
			continue;
		page = rmqueue(zone, ac, alloc_flags);
		if (!page)
			continue;
		if (ac->order && (alloc_flags & ALLOC_HARDER))
			keep_highatomic(zone, page);
		return page;
	}
	return NULL;
}

static void
wake_kswapds(const struct alloc_context *ac)
{
	unsigned i;

	if (!page_wake_kswapd_fn || !(ac->gfp & __GFP_KSWAPD_RECLAIM))
		return;
	for (i = 0; i < ac->zonelist->nr; i++)
		page_wake_kswapd_fn(ac->zonelist->zones[i], ac->order);
}

/* One pageblock of the high-order reserve, for those who would fail. */
static bool
unreserve_highatomic(const struct alloc_context *ac)
{
	struct zone *zone;
	unsigned long flags;
	bool any = false;
	unsigned i;

	for (i = 0; i < ac->zonelist->nr && !any; i++) {
		zone = ac->zonelist->zones[i];
		flags = spin_lock_irqsave(&zone->lock);
		any = pageblock_unreserve_highatomic(zone, ac->type);
		spin_unlock_irqrestore(&zone->lock, flags);
	}
	return any;
}

/*
 * A round won frames, and no zone has enough of them: others took them, and had a
 * use for them. (Where single ones are left, they are scattered instead, and
 * more of them may not help.)
 */
static bool
others_took_them(const struct alloc_context *ac, unsigned alloc_flags)
{
	unsigned mark = alloc_flags & ALLOC_WMARK_MASK;

	if (!ac->order)
		return true;
	for (unsigned i = 0; i < ac->zonelist->nr; i++) {
		struct zone *zone = ac->zonelist->zones[i];

		if (zone_watermark_ok(zone, 0, zone->watermark[mark],
				      ac->classzone, alloc_flags))
			return false;
	}
	return ac->order <= COSTLY_ORDER;
}

/* Memory that is not free, but may become so. */
static struct page *
win_back(const struct alloc_context *ac, unsigned alloc_flags)
{
	struct page *page;
	unsigned round;

	for (round = 0; page_reclaim_fn && round < RECLAIM_ROUNDS; round++) {
		if (!page_reclaim_fn(ac->gfp, ac->order))
			break;
		if (round == RECLAIM_ROUNDS - 1 &&
		    others_took_them(ac, alloc_flags))
			round = 0;
		page = get_page_from_freelist(ac, alloc_flags);
		if (page)
			return page;
	}
	drain_all_pages();
	page = get_page_from_freelist(ac, alloc_flags);
	while (!page && unreserve_highatomic(ac))
		page = get_page_from_freelist(ac, alloc_flags);
	return page;
}

/*
 * Nothing is left to win. Was a process ended, so that there will be? Those who
 * ask for more than the usual, or can do without, are told no instead.
 */
static bool
oom_helps(const struct alloc_context *ac)
{
	return page_oom_fn && ac->order <= COSTLY_ORDER &&
	       (ac->gfp & __GFP_FS) && ac->classzone != ZONE_DMA &&
	       !(ac->gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL |
			    __GFP_THISNODE | __GFP_MEMALLOC)) &&
	       page_oom_fn(ac->gfp, ac->order);
}

/* Step 4: the caller may sleep, and everything may be tried. */
static struct page *
alloc_pages_wait(const struct alloc_context *ac, unsigned alloc_flags)
{
	unsigned was = psi_stall_enter(PSI_MEM_STALL);
	struct page *page;

	count_vm_event(ALLOCSTALL_DMA + ac->classzone);
	page = win_back(ac, alloc_flags);
	while (!page && oom_helps(ac)) {
		page = win_back(ac, alloc_flags);
		if (page || !current->oom_victim)
			continue;
		/* Who is to end needs little, and will give all back. */
		page = get_page_from_freelist(ac, alloc_flags | ALLOC_HIGH |
					      ALLOC_HARDER);
		break;
	}
	psi_stall_leave(was);
	return page;
}

/* Is it reclaim itself that needs a frame, to win more? */
static bool
frees_memory(void)
{
	return !in_interrupt() && current && current->memalloc;
}

/* Step 3 and on: nothing above the low watermarks. */
static struct page *
alloc_pages_harder(const struct alloc_context *ac)
{
	unsigned alloc_flags = gfp_to_alloc_flags(ac->gfp, ac->order);
	bool frees = frees_memory();
	struct page *page;

	if (frees && !(ac->gfp & __GFP_NOMEMALLOC))
		alloc_flags |= ALLOC_NO_WATERMARKS;
	wake_kswapds(ac);
	page = get_page_from_freelist(ac, alloc_flags);
	if (page)
		return page;
	/* This core's magazines may hold what would merge. */
	drain_local_pages();
	page = get_page_from_freelist(ac, alloc_flags);
	if (!page && !frees && gfpflags_allow_blocking(ac->gfp))
		page = alloc_pages_wait(ac, alloc_flags);
	return page;
}

/* Is the request one that can be served at all? */
static bool
request_valid(gfp_t gfp, unsigned order)
{
	if (likely(order <= MAX_ORDER &&
		   gfp_migratetype(gfp) < MIGRATE_PCPTYPES && mm_ready))
		return true;
	if (!(gfp & __GFP_NOWARN))
		pr_err("page allocation: %s (order %u, gfp %#x)\n",
		       !mm_ready ? "too early" :
		       order > MAX_ORDER ? "order above MAX_ORDER" :
		       "both movable and reclaimable", order, gfp);
	return false;
}

/* All but the first step, for node nid. */
static noinline struct page *
alloc_pages_slow(int nid, gfp_t gfp, unsigned order, const void *caller)
{
	struct alloc_context ac = {
		.gfp = gfp,
		.order = order,
		.type = gfp_migratetype(gfp),
		.classzone = gfp_zone(gfp),
		.nid = nid,
	};
	unsigned alloc_flags = WMARK_LOW;
	struct page *page = NULL;

	if (!request_valid(gfp, order))
		return NULL;
	ac.zonelist = &NODE_DATA(nid)->node_zonelists
			[!!(gfp & __GFP_THISNODE)][ac.classzone];
	if (ac.type == MIGRATE_MOVABLE)
		alloc_flags |= ALLOC_CMA;
	if (!page_debug_on() || !page_debug_should_fail(gfp, order)) {
		page = get_page_from_freelist(&ac, alloc_flags);
		if (unlikely(!page))
			page = alloc_pages_harder(&ac);
	}
	if (likely(page))
		return finish_alloc(page, order, gfp, caller);
	trace_mm_page_alloc(NULL, order, ac.type, gfp, caller);
	count_vm_event(PGALLOC_FAIL);
	warn_alloc(gfp, order);
	return NULL;
}

struct page *
alloc_pages(gfp_t gfp, unsigned order)
{
	unsigned long flags;
	struct page *page;

#ifdef VELLUM_DEBUG
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
#endif
	if (likely(order < PCP_ORDERS)) {
		flags = local_irq_save();
		page = pcp_pop(this_cpu_ptr(&page_cpu)->preferred[gfp & 3],
			       order, gfp_migratetype(gfp));
		local_irq_restore(flags);
		if (likely(page)) {
			if (unlikely(gfp & (__GFP_ZERO | __GFP_COMP)))
				return finish_alloc(page, order, gfp,
						    TRACE_CALLER);
			translation_check_frames(page, order, HANDED_STALE);
			kasan_alloc_pages(page, order);
			return page;
		}
	}
	return alloc_pages_slow(cpu_to_node(smp_processor_id()), gfp, order,
				TRACE_CALLER);
}

struct page *
alloc_pages_node(int nid, gfp_t gfp, unsigned order)
{
	if (nid < 0 || nid >= (int)nr_node_ids)
		nid = cpu_to_node(smp_processor_id());
#ifdef VELLUM_DEBUG
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
#endif
	return alloc_pages_slow(nid, gfp, order, TRACE_CALLER);
}

/* Report a free that cannot be right; the page keeps what it had. */
static noinline void
free_bad(struct page *page, const char *why)
{
	atomic_inc(&page->refcount);
	nr_bad_pages++;
	dump_page_log(page, why);
	dump_stack();
}

static const char *
free_bad_reason(const struct page *page, unsigned order)
{
	u32 flags = page->flags;

	if ((flags & PAGE_STATE_MASK) < PAGE_STATE_KERNEL)
		return "bad page: freed, but nobody had it";
	if (page_order(page) != order)
		return "bad page: freed with another order";
	if (page_mapcount(page))
		return "bad page: freed while it is mapped";
	return "bad page: freed with flags set";
}

/*
 * Is this the flags word of an allocated block of this order, with no flag
 * set? One comparison: owners' states are the last ones, flags are above all.
 */
static inline bool
free_flags_good(u32 flags, unsigned order)
{
	return (flags & ~PAGE_ZONE_MASK) - (order << PAGE_ORDER_SHIFT) -
		PAGE_STATE_KERNEL < NR_PAGE_STATES - PAGE_STATE_KERNEL;
}

/* ANON, CACHE or SWAPCACHE: then it may be on a list, which is no mistake. */
static inline bool
is_user_state(u32 flags)
{
	return (flags & PAGE_STATE_MASK) - PAGE_STATE_ANON <=
	       PAGE_STATE_SWAPCACHE - PAGE_STATE_ANON;
}

/*
 * Larger blocks, special pageblocks, compound pages, mistakes; and pages that
 * are on a list of reclaim's, which are freed as others once they are off it.
 */
static noinline void
free_block_slow(struct page *page, unsigned order)
{
	struct zone *zone = page_zone(page);

	if (is_user_state(page->flags) && !free_flags_good(page->flags, order)) {
		lru_page_freed(page);
		if (!order && free_flags_good(page->flags, 0)) {
			free_unreferenced_pages(&page, 1);
			return;
		}
	}
	page->flags &= ~PG_compound;
	if (!free_flags_good(page->flags, order) || page_mapcount(page)) {
		free_bad(page, free_bad_reason(page, order));
		return;
	}
	if (page_debug_on())
		page_debug_free(page, order);
	translation_check_frames(page, order, FREED_STALE);
	dma_debug_freed(page_to_phys(page), PAGE_SIZE << order,
			(unsigned long)__builtin_return_address(0));
	kasan_free_pages(page, order);
	zone->pcp[smp_processor_id()]->nr_free[order]++;
	page_set_state(page, PAGE_STATE_ISOLATED);
	spin_lock(&zone->lock);
	buddy_free(zone, page, order, page_pageblock_type(page));
	spin_unlock(&zone->lock);
}

/*
 * The magazine has no room, or somebody debugs, or none of this order is kept.
 * Returns whether the block shall go into the magazine.
 */
static noinline bool
free_block_full(struct page *page, unsigned order, struct zone_pcp *pcp,
		struct pcp_stack *stack)
{
	if (!pcp->batch[order]) {
		free_block_slow(page, order);
		return false;
	}
	if (page_debug_on())
		page_debug_free(page, order);
	if (stack->nr_loaded >= pcp->batch[order])
		pcp_make_room(pcp, stack, order);
	return true;
}

/* The last reference is gone. Context: interrupts off. */
static __always_inline void
free_block(struct page *page, unsigned order)
{
	struct page_cpu *cpu = this_cpu_ptr(&page_cpu);
	unsigned type = cpu->pageblock_types[(page - cpu->mem_map) >>
					     PAGEBLOCK_ORDER];
	u32 flags = page->flags;
	struct zone_pcp *pcp;
	struct pcp_stack *stack;

	if (unlikely(order >= PCP_ORDERS || type >= MIGRATE_PCPTYPES ||
		     !free_flags_good(flags, order) || page_mapcount(page))) {
		free_block_slow(page, order);
		return;
	}
	pcp = cpu->pcp[flags >> PAGE_ZONE_SHIFT & 15];
	stack = &pcp->stack[order][type];
	if (unlikely(stack->nr_loaded >= pcp->limit[order]) &&
	    !free_block_full(page, order, pcp, stack))
		return;
	translation_check_frames(page, order, FREED_STALE);
	dma_debug_freed(page_to_phys(page), PAGE_SIZE << order,
			(unsigned long)__builtin_return_address(0));
	kasan_free_pages(page, order);
	page_set_state(page, PAGE_STATE_ISOLATED);
	page->pcp.next = stack->loaded;
	stack->loaded = page;
	stack->nr_loaded++;
}

static noinline void
free_without_reference(struct page *page)
{
	free_bad(page, "bad page: a reference given up that was not held");
}

void
free_frames(struct page *page, unsigned order)
{
	unsigned long flags = local_irq_save();
	s32 left = atomic_sub_return(&page->refcount, 1);

	if (likely(!left))
		free_block(page, order);
	local_irq_restore(flags);
	if (unlikely(left < 0))
		free_without_reference(page);
}

/* Are these 16 pages one aligned block, and is each good to be freed? */
static bool
is_whole_block(struct page *const *pages)
{
	struct page *first = pages[0];
	unsigned i;

	if ((first - mem_map) % PCP_BATCH_MAX || page_debug_on() ||
	    pages[PCP_BATCH_MAX - 1] != first + PCP_BATCH_MAX - 1)
		return false;
	for (i = 0; i < PCP_BATCH_MAX; i++) {
		if (pages[i] != first + i ||
		    !free_flags_good(first[i].flags, 0) ||
		    page_mapcount(first + i))
			return false;
	}
	return true;
}

static void
free_whole_block(struct page *page)
{
	struct zone *zone = page_zone(page);

	translation_check_frames(page, PCP_ORDERS - 1, FREED_STALE);
	dma_debug_freed(page_to_phys(page), PAGE_SIZE * PCP_BATCH_MAX,
			(unsigned long)__builtin_return_address(0));
	kasan_free_pages(page, PCP_ORDERS - 1);
	for (unsigned i = 0; i < PCP_BATCH_MAX; i++)
		page_set_state(page + i, PAGE_STATE_ISOLATED);
	pcp_free_side_by_side(zone, page);
}

void
free_unreferenced_pages(struct page **pages, unsigned nr)
{
	struct page **end = pages + nr;

	while (pages < end) {
		if (end - pages >= PCP_BATCH_MAX && is_whole_block(pages)) {
			free_whole_block(*pages);
			pages += PCP_BATCH_MAX;
		} else {
			free_block(*pages++, 0);
		}
	}
}

void
put_page(struct page *page)
{
	page = compound_head(page);
	free_frames(page, page_order(page));
}
