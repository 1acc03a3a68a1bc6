/* SPDX-License-Identifier: MIT */
/*
 * Trace events: what happened, when, on which core, in the words of Linux.
 *
 * A hook is one line where the thing happens: trace_kfree(caller, ptr). While
 * its event is off it costs the test of one bit of one word (those of pages and
 * objects stand on slow paths and cost nothing); a build with TRACE=0
 * (VELLUM_NO_TRACE) has no hooks at all. Hooks may stand anywhere:
 * they take no lock and allocate nothing. See mm/debug/trace.c.
 */
#ifndef MM_TRACE_H
#define MM_TRACE_H

#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/page.h>
#include <mm/trace_events.h>

#ifdef VELLUM_HOST		/* the host's tests have no ring */
#define VELLUM_NO_TRACE
#endif

struct seq_buf;
struct task;

/* A record of the ring. Read by tools/mmtrace: see struct trace_header. */
struct trace_record {
	u64 time;		/* ns, ktime */
	u8 event;		/* enum trace_event_id */
	u8 context;		/* TRACE_IN_IRQ, TRACE_IRQS_OFF */
	u16 pid;		/* of the task: its low 16 bits */
	u8 fields[TRACE_PAYLOAD];
};

#define TRACE_IN_IRQ	0x01	/* in an interrupt handler */
#define TRACE_IRQS_OFF	0x02	/* with interrupts masked */

static_assert(sizeof(struct trace_record) == 32, "tools read 32 bytes");

#ifdef VELLUM_NO_TRACE
#define trace_on(event)	false
#else
extern trace_mask_t trace_events;	/* bit n: event n is recorded */
#define trace_on(event)	unlikely(trace_events & TRACE_BIT(event))
#endif

/* Write one record. call_site: where the stack, if wanted, begins; or 0. */
void trace_write(enum trace_event_id event, const void *fields, size_t bytes,
		 unsigned long call_site);
/* The index of a name in the table that goes with the ring. */
unsigned trace_name(const char *name);

/*
 * The hooks that pack their fields out of line: a fast path carries only the
 * test and a call.
 */
void trace_page(enum trace_event_id event, const struct page *page,
		unsigned order, unsigned type, unsigned refill);
void trace_page_alloc(const struct page *page, unsigned order,
		      unsigned type, u32 gfp_flags, const void *call_site);
void trace_extfrag(const struct page *page, unsigned orders,
		   unsigned types, bool change_ownership);
void trace_object_alloc(const void *call_site, const void *ptr,
			const char *name, size_t sizes[2], u32 gfp_flags);
void trace_object_free(const void *call_site, const void *ptr,
		       const char *name);
void trace_switch(const struct task *prev, const struct task *next);
void trace_irq(enum trace_event_id event, unsigned irq, const char *name);
void trace_fault(enum trace_event_id event, unsigned long address,
		 unsigned long ip, u32 error_code);
void trace_served(unsigned long address, u32 flags, u32 result,
		  const void *served_by);
void trace_reclaim(enum trace_event_id event, u32 a, u32 b, u32 c, u32 d);
void trace_victim(u32 pid, unsigned long total_vm, unsigned long anon,
		  unsigned long file, int adj);

#define TRACE_CALLER	__builtin_return_address(0)

/* Pages. page == NULL: the allocation failed. */
static __always_inline void
trace_mm_page_alloc(const struct page *page, unsigned order, unsigned type,
		    u32 gfp_flags, const void *call_site)
{
	if (trace_on(mm_page_alloc))
		trace_page_alloc(page, order, type, gfp_flags, call_site);
}

static __always_inline void
trace_mm_page_free(const struct page *page, unsigned order)
{
	if (trace_on(mm_page_free))
		trace_page(TRACE_mm_page_free, page, order, 0, 0);
}

/* One page of many that are freed together; its mm_page_free comes too. */
static __always_inline void
trace_mm_page_free_batched(const struct page *page)
{
	if (trace_on(mm_page_free_batched))
		trace_page(TRACE_mm_page_free_batched, page, 0, 0, 0);
}

/* A block left the zone's lists; percpu_refill: for a core's list. */
static __always_inline void
trace_mm_page_alloc_zone_locked(const struct page *page, unsigned order,
				unsigned type, bool percpu_refill)
{
	if (trace_on(mm_page_alloc_zone_locked))
		trace_page(TRACE_mm_page_alloc_zone_locked, page, order, type,
			   percpu_refill);
}

/* A block goes from a core's list back to the zone. */
static __always_inline void
trace_mm_page_pcpu_drain(const struct page *page, unsigned order,
			 unsigned type)
{
	if (trace_on(mm_page_pcpu_drain))
		trace_page(TRACE_mm_page_pcpu_drain, page, order, type, 0);
}

/*
 * A block of one type served a request of another: wanted and found are
 * order and type of the two; change_ownership: the pageblock changed sides.
 */
static __always_inline void
trace_mm_page_alloc_extfrag(const struct page *page, const u8 wanted[2],
			    const u8 found[2], bool change_ownership)
{
	if (trace_on(mm_page_alloc_extfrag))
		trace_extfrag(page, wanted[0] | (unsigned)found[0] << 8,
			      wanted[1] | (unsigned)found[1] << 8,
			      change_ownership);
}

/* Objects. Call sites: whoever asked; TRACE_CALLER in the entry function. */
static __always_inline void
trace_kmalloc(const void *call_site, const void *ptr, size_t bytes_req,
	      size_t bytes_alloc, u32 gfp_flags)
{
	if (trace_on(kmalloc))
		trace_object_alloc(call_site, ptr, NULL, (size_t []) {
				   bytes_req, bytes_alloc }, gfp_flags);
}

static __always_inline void
trace_kfree(const void *call_site, const void *ptr)
{
	if (trace_on(kfree))
		trace_object_free(call_site, ptr, NULL);
}

static __always_inline void
trace_kmem_cache_alloc(const void *call_site, const void *ptr,
		       const char *name, size_t bytes_req,
		       size_t bytes_alloc, u32 gfp_flags)
{
	if (trace_on(kmem_cache_alloc))
		trace_object_alloc(call_site, ptr, name, (size_t []) {
				   bytes_req, bytes_alloc }, gfp_flags);
}

static __always_inline void
trace_kmem_cache_free(const void *call_site, const void *ptr,
		      const char *name)
{
	if (trace_on(kmem_cache_free))
		trace_object_free(call_site, ptr, name);
}

static __always_inline void
trace_sched_switch(const struct task *prev, const struct task *next)
{
	if (trace_on(sched_switch))
		trace_switch(prev, next);
}

static __always_inline void
trace_irq_handler_entry(unsigned irq, const char *name)
{
	if (trace_on(irq_handler_entry))
		trace_irq(TRACE_irq_handler_entry, irq, name);
}

static __always_inline void
trace_irq_handler_exit(unsigned irq)
{
	if (trace_on(irq_handler_exit))
		trace_irq(TRACE_irq_handler_exit, irq, NULL);
}

/* Reclaim; lru: enum lru_list. */
static __always_inline void
trace_mm_vmscan_kswapd_wake(int nid, unsigned order)
{
	if (trace_on(mm_vmscan_kswapd_wake))
		trace_reclaim(TRACE_mm_vmscan_kswapd_wake, (u32)nid, order, 0,
			      0);
}

/* An allocation of zone found too little and wakes it. */
static __always_inline void
trace_mm_vmscan_wakeup_kswapd(unsigned nid, unsigned zid, unsigned order)
{
	if (trace_on(mm_vmscan_wakeup_kswapd))
		trace_reclaim(TRACE_mm_vmscan_wakeup_kswapd, nid, zid, order,
			      0);
}

static __always_inline void
trace_mm_vmscan_lru_shrink_active(unsigned lru, unsigned taken,
				  unsigned deactivated, unsigned priority)
{
	if (trace_on(mm_vmscan_lru_shrink_active))
		trace_reclaim(TRACE_mm_vmscan_lru_shrink_active, lru, taken,
			      deactivated, priority);
}

/* page, at index of its file or space, is nobody's any more. */
static __always_inline void
trace_mm_vmscan_evict(const struct page *page, unsigned long index, u32 entry)
{
	if (trace_on(mm_vmscan_evict))
		trace_reclaim(TRACE_mm_vmscan_evict, page_to_pfn(page), index,
			      entry, 0);
}

/* Out of memory: who ends, and how its memory is taken. Sizes in pages. */
static __always_inline void
trace_mark_victim(int pid, unsigned long total_vm, unsigned long anon,
		  unsigned long file, int adj)
{
	if (trace_on(mark_victim))
		trace_victim((u32)pid, total_vm, anon, file, adj);
}

static __always_inline void
trace_oom_score_adj_update(int pid, int adj)
{
	if (trace_on(oom_score_adj_update))
		trace_reclaim(TRACE_oom_score_adj_update, (u32)pid, (u32)adj,
			      0, 0);
}

static __always_inline void
trace_wake_reaper(int pid)
{
	if (trace_on(wake_reaper))
		trace_reclaim(TRACE_wake_reaper, (u32)pid, 0, 0, 0);
}

static __always_inline void
trace_start_task_reaping(int pid)
{
	if (trace_on(start_task_reaping))
		trace_reclaim(TRACE_start_task_reaping, (u32)pid, 0, 0, 0);
}

static __always_inline void
trace_finish_task_reaping(int pid)
{
	if (trace_on(finish_task_reaping))
		trace_reclaim(TRACE_finish_task_reaping, (u32)pid, 0, 0, 0);
}

static __always_inline void
trace_skip_task_reaping(int pid)
{
	if (trace_on(skip_task_reaping))
		trace_reclaim(TRACE_skip_task_reaping, (u32)pid, 0, 0, 0);
}

static __always_inline void
trace_mm_vmscan_kswapd_sleep(int nid)
{
	if (trace_on(mm_vmscan_kswapd_sleep))
		trace_reclaim(TRACE_mm_vmscan_kswapd_sleep, (u32)nid, 0, 0, 0);
}

static __always_inline void
trace_mm_vmscan_direct_reclaim_begin(unsigned order, u32 gfp_flags)
{
	if (trace_on(mm_vmscan_direct_reclaim_begin))
		trace_reclaim(TRACE_mm_vmscan_direct_reclaim_begin, order,
			      gfp_flags, 0, 0);
}

static __always_inline void
trace_mm_vmscan_direct_reclaim_end(unsigned long nr_reclaimed)
{
	if (trace_on(mm_vmscan_direct_reclaim_end))
		trace_reclaim(TRACE_mm_vmscan_direct_reclaim_end,
			      nr_reclaimed, 0, 0, 0);
}

static __always_inline void
trace_mm_vmscan_lru_isolate(unsigned lru, unsigned wanted, unsigned scanned)
{
	if (trace_on(mm_vmscan_lru_isolate))
		trace_reclaim(TRACE_mm_vmscan_lru_isolate, lru, wanted,
			      scanned, 0);
}

static __always_inline void
trace_mm_vmscan_lru_shrink_inactive(unsigned lru, unsigned scanned,
				    unsigned reclaimed, unsigned priority)
{
	if (trace_on(mm_vmscan_lru_shrink_inactive))
		trace_reclaim(TRACE_mm_vmscan_lru_shrink_inactive, lru,
			      scanned, reclaimed, priority);
}

static __always_inline void
trace_mm_vmscan_write_folio(const struct page *page)
{
	if (trace_on(mm_vmscan_write_folio))
		trace_reclaim(TRACE_mm_vmscan_write_folio, page_to_pfn(page),
			      0, 0, 0);
}

/* Requests of disks: going to the driver; done, with an errno or 0. */
static __always_inline void
trace_block_rq_issue(u32 dev, u64 sector, u32 nr_sector, u32 op)
{
	if (trace_on(block_rq_issue)) {
		struct trace_block_rq_issue fields = {
			.dev = dev, .sector = (u32)sector,
			.nr_sector = nr_sector, .op = op,
		};

		trace_write(TRACE_block_rq_issue, &fields, sizeof(fields), 0);
	}
}

static __always_inline void
trace_block_rq_complete(u32 dev, u64 sector, u32 nr_sector, u32 op, int err)
{
	if (trace_on(block_rq_complete)) {
		struct trace_block_rq_complete fields = {
			.dev = dev, .sector = (u32)sector,
			.nr_sector = nr_sector, .op = op, .error = (u32)-err,
		};

		trace_write(TRACE_block_rq_complete, &fields, sizeof(fields),
			    0);
	}
}

/* A clean page of a file with a store became dirty. */
static __always_inline void
trace_writeback_dirty_page(const void *mapping, const struct page *page)
{
	if (trace_on(writeback_dirty_page)) {
		struct trace_writeback_dirty_page fields = {
			.mapping = (u32)(unsigned long)mapping,
			.pfn = (u32)page_to_pfn(page),
			.index = (u32)page->user.index,
		};

		trace_write(TRACE_writeback_dirty_page, &fields,
			    sizeof(fields), 0);
	}
}

/* An inode was written; state: I_DIRTY_* before; wrote: pages begun. */
static __always_inline void
trace_writeback_single_inode(u64 ino, u32 state, u32 wrote)
{
	if (trace_on(writeback_single_inode)) {
		struct trace_writeback_single_inode fields = {
			.ino = (u32)ino, .state = state, .wrote = wrote,
		};

		trace_write(TRACE_writeback_single_inode, &fields,
			    sizeof(fields), 0);
	}
}

static __always_inline void
trace_page_fault_kernel(unsigned long address, unsigned long ip,
			u32 error_code)
{
	if (trace_on(page_fault_kernel))
		trace_fault(TRACE_page_fault_kernel, address, ip, error_code);
}

static __always_inline void
trace_page_fault_user(unsigned long address, unsigned long ip, u32 error_code)
{
	if (trace_on(page_fault_user))
		trace_fault(TRACE_page_fault_user, address, ip, error_code);
}

static __always_inline void
trace_mm_fault(unsigned long address, u32 flags, u32 result,
	       const void *served_by)
{
	if (trace_on(mm_fault))
		trace_served(address, flags, result, served_by);
}

#endif
