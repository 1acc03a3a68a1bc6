/* SPDX-License-Identifier: MIT */
/*
 * The table of trace events: names and fields as in Linux's include/trace.
 *
 *	E(system, name, fields)		the event system:name
 *	F(type, name, show)		a field of it, and how it is shown:
 *	    ptr		address, eight hexadecimal digits
 *	    dec		decimal
 *	    int		decimal, signed (s32)
 *	    hex		hexadecimal, with 0x
 *	    gfp		names of GFP flags
 *	    sym		a place in the code: name+offset/size
 *	    name	an index of the table of names (caches, interrupts)
 *	    pid		a task: shown with its name
 *	    state	state of a task: R, S, D, X
 *
 * All else is made from this one table: the structs below, the numbers of the
 * events, the text that the ring carries along so that tools can read it, and
 * from that text, on the host, the metadata of a CTF trace.
 *
 * A new event: a line here, a hook in mm/trace.h. Fields are in Linux's order
 * and naturally aligned; together at most TRACE_PAYLOAD bytes.
 */
#ifndef MM_TRACE_EVENTS_H
#define MM_TRACE_EVENTS_H

#include <lib/compiler.h>
#include <lib/types.h>

#define TRACE_PAYLOAD	20	/* bytes of fields in a record of 32 */

#define TRACE_EVENTS(E, F)						\
	E(kmem, mm_page_alloc,						\
	  F(u32, page, ptr) F(u32, pfn, dec) F(u16, order, dec)		\
	  F(u16, migratetype, dec) F(u32, gfp_flags, gfp)		\
	  F(u32, call_site, sym))					\
	E(kmem, mm_page_free,						\
	  F(u32, page, ptr) F(u32, pfn, dec) F(u16, order, dec))	\
	E(kmem, mm_page_free_batched,					\
	  F(u32, page, ptr) F(u32, pfn, dec) F(u16, order, dec))	\
	E(kmem, mm_page_alloc_zone_locked,				\
	  F(u32, page, ptr) F(u32, pfn, dec) F(u16, order, dec)		\
	  F(u16, migratetype, dec) F(u16, percpu_refill, dec))		\
	E(kmem, mm_page_pcpu_drain,					\
	  F(u32, page, ptr) F(u32, pfn, dec) F(u16, order, dec)		\
	  F(u16, migratetype, dec))					\
	E(kmem, mm_page_alloc_extfrag,					\
	  F(u32, page, ptr) F(u32, pfn, dec) F(u8, alloc_order, dec)	\
	  F(u8, fallback_order, dec) F(u8, pageblock_order, dec)	\
	  F(u8, alloc_migratetype, dec)					\
	  F(u8, fallback_migratetype, dec) F(u8, fragmenting, dec)	\
	  F(u8, change_ownership, dec))					\
	E(kmem, kmalloc,						\
	  F(u32, call_site, sym) F(u32, ptr, ptr)			\
	  F(u32, bytes_req, dec) F(u32, bytes_alloc, dec)		\
	  F(u32, gfp_flags, gfp))					\
	E(kmem, kfree,							\
	  F(u32, call_site, sym) F(u32, ptr, ptr))			\
	E(kmem, kmem_cache_alloc,					\
	  F(u32, call_site, sym) F(u32, ptr, ptr) F(u16, name, name)	\
	  F(u16, bytes_req, dec) F(u32, bytes_alloc, dec)		\
	  F(u32, gfp_flags, gfp))					\
	E(kmem, kmem_cache_free,					\
	  F(u32, call_site, sym) F(u32, ptr, ptr) F(u16, name, name))	\
	E(sched, sched_switch,						\
	  F(u32, prev_pid, pid) F(u32, prev_state, state)		\
	  F(u32, next_pid, pid))					\
	E(irq, irq_handler_entry,					\
	  F(u16, irq, dec) F(u16, name, name))				\
	E(irq, irq_handler_exit, F(u16, irq, dec))			\
	E(exceptions, page_fault_kernel,				\
	  F(u32, address, ptr) F(u32, ip, sym) F(u32, error_code, hex))	\
	E(exceptions, page_fault_user,					\
	  F(u32, address, ptr) F(u32, ip, ptr) F(u32, error_code, hex))	\
	/* ours: what mm/as/fault.c chose, and what came of it */	\
	E(exceptions, mm_fault,						\
	  F(u32, address, ptr) F(u32, flags, hex) F(u32, result, hex)	\
	  F(u32, served_by, sym))					\
	E(vmscan, mm_vmscan_kswapd_wake,				\
	  F(u32, nid, dec) F(u32, order, dec))				\
	E(vmscan, mm_vmscan_kswapd_sleep, F(u32, nid, dec))		\
	E(vmscan, mm_vmscan_wakeup_kswapd,				\
	  F(u32, nid, dec) F(u32, zid, dec) F(u32, order, dec))		\
	E(vmscan, mm_vmscan_direct_reclaim_begin,			\
	  F(u32, order, dec) F(u32, gfp_flags, gfp))			\
	E(vmscan, mm_vmscan_direct_reclaim_end,				\
	  F(u32, nr_reclaimed, dec))					\
	E(vmscan, mm_vmscan_lru_isolate,				\
	  F(u32, lru, dec) F(u32, nr_requested, dec)			\
	  F(u32, nr_scanned, dec))					\
	E(vmscan, mm_vmscan_lru_shrink_inactive,			\
	  F(u32, lru, dec) F(u32, nr_scanned, dec)			\
	  F(u32, nr_reclaimed, dec) F(u32, priority, dec))		\
	E(vmscan, mm_vmscan_lru_shrink_active,				\
	  F(u32, lru, dec) F(u32, nr_taken, dec)			\
	  F(u32, nr_deactivated, dec) F(u32, priority, dec))		\
	E(vmscan, mm_vmscan_write_folio, F(u32, pfn, dec))		\
	/* ours: it has left memory; entry: its slot, 0: a file's page */	\
	E(vmscan, mm_vmscan_evict,					\
	  F(u32, pfn, dec) F(u32, index, dec) F(u32, entry, hex))	\
	/* sizes in pages; Linux says KiB */				\
	E(oom, mark_victim,						\
	  F(u32, pid, pid) F(u32, total_vm, dec) F(u32, anon_rss, dec)	\
	  F(u32, file_rss, dec) F(s32, oom_score_adj, int))		\
	E(oom, oom_score_adj_update,					\
	  F(u32, pid, pid) F(s32, oom_score_adj, int))			\
	E(oom, wake_reaper, F(u32, pid, pid))				\
	E(oom, start_task_reaping, F(u32, pid, pid))			\
	E(oom, finish_task_reaping, F(u32, pid, pid))			\
	E(oom, skip_task_reaping, F(u32, pid, pid))			\
	/* op: 0 read, 1 write, 2 flush. sector: its low 32 bits */	\
	E(block, block_rq_issue,					\
	  F(u32, dev, hex) F(u32, sector, dec) F(u32, nr_sector, dec)	\
	  F(u32, op, dec))						\
	E(block, block_rq_complete,					\
	  F(u32, dev, hex) F(u32, sector, dec) F(u32, nr_sector, dec)	\
	  F(u32, op, dec) F(u32, error, dec))				\
	E(writeback, writeback_dirty_page,				\
	  F(u32, mapping, ptr) F(u32, pfn, dec) F(u32, index, dec))	\
	E(writeback, writeback_single_inode,				\
	  F(u32, ino, dec) F(u32, state, hex) F(u32, wrote, dec))	\
	/* not an event: follows one, as Linux's option stacktrace */	\
	E(ftrace, kernel_stack,						\
	  F(u32, caller0, sym) F(u32, caller1, sym)			\
	  F(u32, caller2, sym) F(u32, caller3, sym)			\
	  F(u32, caller4, sym))

/* The fields of each event as a struct: struct trace_kmalloc, ... */
#define TRACE_MEMBER(type, name, show)	type name;
#define TRACE_STRUCT(system, name, fields)				\
	struct trace_##name { fields };					\
	static_assert(sizeof(struct trace_##name) <= TRACE_PAYLOAD,	\
		      "a record holds 20 bytes of fields");
TRACE_EVENTS(TRACE_STRUCT, TRACE_MEMBER)
#undef TRACE_STRUCT
#undef TRACE_MEMBER

/* Their numbers: TRACE_kmalloc, ... Each is a bit of trace_events. */
#define TRACE_NO_FIELD(type, name, show)
#define TRACE_NUMBER(system, name, fields)	TRACE_##name,
enum trace_event_id {
	TRACE_EVENTS(TRACE_NUMBER, TRACE_NO_FIELD)
	NR_TRACE_EVENTS
};
#undef TRACE_NUMBER
#undef TRACE_NO_FIELD

/* A set of events. Each bit is for itself, so halves may be read apart. */
typedef u64 trace_mask_t;
#define TRACE_BIT(event)	(1ull << TRACE_##event)
static_assert(NR_TRACE_EVENTS <= 64, "events are bits of a mask");

#endif
