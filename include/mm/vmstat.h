/* SPDX-License-Identifier: MIT */
/*
 * Counters, under Linux's names. One table for each kind; a counter moves in
 * one place of the code and is recounted by verify where it can be.
 *
 * Ideas
 *   Item	a quantity that goes up and down (nr_page_table_pages), by zone
 *		or by node. Each core keeps a small difference; when it leaves
 *		-32..32 it is folded into the shared value. A reader that
 *		wants it exact adds the differences.
 *   Event	something that happened (pgfree): each core counts, readers add.
 *
 * Context: the mod_ and count_ functions in any; an interrupt does not hurt.
 */
#ifndef MM_VMSTAT_H
#define MM_VMSTAT_H

#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <lib/types.h>

struct zone;
struct pglist_data;
struct seq_buf;

/* X(NAME, "name in vmstat") */
#define ZONE_STAT_ITEMS(X)						\
	X(NR_FREE_PAGES,	"nr_free_pages")  /* kept exact in zone */ \
	X(NR_INACTIVE_ANON,	"nr_inactive_anon") /* these five: exact */ \
	X(NR_ACTIVE_ANON,	"nr_active_anon")   /* in its lruvec, in */ \
	X(NR_INACTIVE_FILE,	"nr_inactive_file") /* enum lru_list's */ \
	X(NR_ACTIVE_FILE,	"nr_active_file")   /* order */		\
	X(NR_UNEVICTABLE,	"nr_unevictable")			\
	X(NR_MLOCK,		"nr_mlock")				\
	X(NR_BOUNCE,		"nr_bounce")				\
	X(NR_FREE_CMA_PAGES,	"nr_free_cma")	  /* exact in zone */

/* Derived from what each core's page lists count; see vmstat.c. */
#define NUMA_STAT_ITEMS(X)						\
	X(NUMA_HIT,		"numa_hit")				\
	X(NUMA_MISS,		"numa_miss")				\
	X(NUMA_FOREIGN,		"numa_foreign")				\
	X(NUMA_INTERLEAVE,	"numa_interleave")			\
	X(NUMA_LOCAL,		"numa_local")				\
	X(NUMA_OTHER,		"numa_other")

#define NODE_STAT_ITEMS(X)						\
	X(NR_SLAB_RECLAIMABLE,	 "nr_slab_reclaimable")			\
	X(NR_SLAB_UNRECLAIMABLE, "nr_slab_unreclaimable")		\
	X(NR_ANON_MAPPED,	 "nr_anon_pages")			\
	X(NR_FILE_MAPPED,	 "nr_mapped")				\
	X(NR_FILE_PAGES,	 "nr_file_pages")			\
	X(NR_FILE_DIRTY,	 "nr_dirty")				\
	X(NR_WRITEBACK,		 "nr_writeback")			\
	X(NR_SHMEM,		 "nr_shmem")				\
	X(NR_BUFFERS,		 "nr_buffers")	  /* ours: disks' own */ \
	X(NR_KERNEL_STACK_KB,	 "nr_kernel_stack")			\
	X(NR_PAGETABLE,		 "nr_page_table_pages")

#define VM_EVENTS(X)							\
	X(PGALLOC_DMA,		"pgalloc_dma")	   /* derived */	\
	X(PGALLOC_NORMAL,	"pgalloc_normal")  /* derived */	\
	X(PGALLOC_HIGH,		"pgalloc_high")	   /* derived */	\
	X(ALLOCSTALL_DMA,	"allocstall_dma")			\
	X(ALLOCSTALL_NORMAL,	"allocstall_normal")			\
	X(ALLOCSTALL_HIGH,	"allocstall_high")			\
	X(PGFREE,		"pgfree")	   /* derived */	\
	X(PGFAULT,		"pgfault")				\
	X(PGMAJFAULT,		"pgmajfault")				\
	X(PSWPIN,		"pswpin")				\
	X(PSWPOUT,		"pswpout")				\
	X(PGACTIVATE,		"pgactivate")				\
	X(PGDEACTIVATE,		"pgdeactivate")				\
	X(PGREFILL,		"pgrefill")				\
	X(PGROTATED,		"pgrotated")				\
	X(PGSCAN_KSWAPD,	"pgscan_kswapd")			\
	X(PGSCAN_DIRECT,	"pgscan_direct")			\
	X(PGSCAN_ANON,		"pgscan_anon")				\
	X(PGSCAN_FILE,		"pgscan_file")				\
	X(PGSTEAL_KSWAPD,	"pgsteal_kswapd")			\
	X(PGSTEAL_DIRECT,	"pgsteal_direct")			\
	X(PGSTEAL_ANON,		"pgsteal_anon")				\
	X(PGSTEAL_FILE,		"pgsteal_file")				\
	X(SLABS_SCANNED,	"slabs_scanned")			\
	X(PAGEOUTRUN,		"pageoutrun")				\
	X(KSWAPD_LOW_WMARK_HIT,	"kswapd_low_wmark_hit_quickly")		\
	X(KSWAPD_HIGH_WMARK_HIT, "kswapd_high_wmark_hit_quickly")	\
	X(WORKINGSET_REFAULT_ANON, "workingset_refault_anon")		\
	X(WORKINGSET_REFAULT_FILE, "workingset_refault_file")		\
	X(WORKINGSET_ACTIVATE_ANON, "workingset_activate_anon")		\
	X(WORKINGSET_ACTIVATE_FILE, "workingset_activate_file")		\
	X(UNEVICTABLE_PGCULLED,	"unevictable_pgs_culled")		\
	X(UNEVICTABLE_PGMLOCKED, "unevictable_pgs_mlocked")		\
	X(UNEVICTABLE_PGMUNLOCKED, "unevictable_pgs_munlocked")		\
	X(SWAP_RA,		"swap_ra")				\
	X(SWAP_RA_HIT,		"swap_ra_hit")				\
	X(PGPGIN,		"pgpgin")	   /* KiB */		\
	X(PGPGOUT,		"pgpgout")	   /* KiB */		\
	X(NR_DIRTIED,		"nr_dirtied")				\
	X(NR_WRITTEN,		"nr_written")				\
	X(DIRTY_THROTTLED,	"dirty_throttled") /* ours */		\
	X(PGREADAHEAD,		"pgreadahead")	   /* ours */		\
	X(PCP_REFILL,		"pcp_refill")	   /* ours */		\
	X(PCP_DRAIN,		"pcp_drain")	   /* ours */		\
	X(PAGEBLOCK_STEAL,	"pageblock_steal") /* ours */		\
	X(OOM_KILL,		"oom_kill")				\
	X(PGALLOC_FAIL,		"pgalloc_fail")	   /* ours */

#define VMSTAT_ENUM(name, text) name,
enum zone_stat_item { ZONE_STAT_ITEMS(VMSTAT_ENUM) NR_ZONE_STAT_ITEMS };
enum numa_stat_item { NUMA_STAT_ITEMS(VMSTAT_ENUM) NR_NUMA_STAT_ITEMS };
enum node_stat_item { NODE_STAT_ITEMS(VMSTAT_ENUM) NR_NODE_STAT_ITEMS };
enum vm_event_item { VM_EVENTS(VMSTAT_ENUM) NR_VM_EVENT_ITEMS };
#undef VMSTAT_ENUM

void mod_zone_page_state(struct zone *zone, enum zone_stat_item item,
			 long delta);
void mod_node_page_state(struct pglist_data *node, enum node_stat_item item,
			 long delta);

DECLARE_PER_CPU(u32 [NR_VM_EVENT_ITEMS], vm_events);

static inline void
count_vm_events(enum vm_event_item item, unsigned long n)
{
	unsigned long flags = local_irq_save();

	this_cpu_ptr(vm_events)[item] += n;
	local_irq_restore(flags);
}

static inline void
count_vm_event(enum vm_event_item item)
{
	count_vm_events(item, 1);
}

/* Values now: exact while nobody else counts. Never negative. */
unsigned long zone_page_state(struct zone *zone, enum zone_stat_item item);
unsigned long zone_numa_state(struct zone *zone, enum numa_stat_item item);
unsigned long node_page_state(struct pglist_data *node,
			      enum node_stat_item item);
unsigned long global_zone_page_state(enum zone_stat_item item);
unsigned long global_node_page_state(enum node_stat_item item);
unsigned long vm_event(enum vm_event_item item);

/* Frames that were allocated from zone (freed: given back to it), ever. */
unsigned long zone_frames_moved(const struct zone *zone, bool freed);

const char *zone_stat_name(enum zone_stat_item item);
const char *numa_stat_name(enum numa_stat_item item);
const char *node_stat_name(enum node_stat_item item);

/* Move this core's differences into the shared values. */
void vmstat_fold_local(void);

#endif
