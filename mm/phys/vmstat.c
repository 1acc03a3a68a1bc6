/* SPDX-License-Identifier: MIT */
/*
 * Counters of memory management, kept by core and added when read.
 *
 * Ideas
 *   Items go up and down, and the reader wants their level; each core keeps a
 *   difference of at most 32 either way, so the shared word is written once
 *   in 32 changes. Events only go up; each core has its own word.
 *
 *   Some figures need no counter of their own. Free frames of a zone change
 *   only under zone->lock, which keeps them exact. How many blocks of each
 *   order a core took from and gave to a zone is counted where it happens
 *   (struct zone_pcp: pcp_nr_alloc(), pcp_nr_free()); from these come
 *
 *	pgalloc_ZONE = sum of blocks allocated x 2^order
 *	pgfree	     = sum of blocks freed x 2^order
 *	numa_hit     = sum of blocks allocated - numa_miss
 *	numa_local   = sum of blocks allocated - numa_other
 *
 * Invariants (zone_verify)
 *   V1  Frames allocated and not freed, by these counters, are the frames of
 *	 the zone that are allocated by mem_map.
 * Locks   none: interrupts off around a core's own words.
 * Sources  Lameter, Zoned VM counters (Linux 2.6.18), documented in
 *	    its documentation; names from Linux's /proc/vmstat.
 */
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <kernel/node.h>
#include <kernel/smp.h>
#include <lib/atomic.h>
#include <lib/seq_buf.h>
#include <mm/init.h>
#include <mm/pcp.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

#define STAT_THRESHOLD	32	/* a difference beyond it is folded */
#define STAT_ROW	16	/* a power of two spares a multiplication */

/* Of each core: written by it alone. */
static DEFINE_PER_CPU(s8 [MAX_NODES][STAT_ROW], node_stat_diff);
static_assert(NR_NODE_STAT_ITEMS <= STAT_ROW, "a row of node_stat_diff");
DEFINE_PER_CPU(u32 [NR_VM_EVENT_ITEMS], vm_events);

#define VMSTAT_NAME(name, text) text,
static const char *const zone_stat_names[] = { ZONE_STAT_ITEMS(VMSTAT_NAME) };
static const char *const numa_stat_names[] = { NUMA_STAT_ITEMS(VMSTAT_NAME) };
static const char *const node_stat_names[] = { NODE_STAT_ITEMS(VMSTAT_NAME) };
static const char *const vm_event_names[] = { VM_EVENTS(VMSTAT_NAME) };
#undef VMSTAT_NAME

/* Add delta to a core's difference, or fold both. Interrupts off. */
static void
stat_add(s8 *diff, atomic_t *shared, long delta)
{
	long sum = *diff + delta;

	if (sum > STAT_THRESHOLD || sum < -STAT_THRESHOLD) {
		atomic_add(shared, sum);
		sum = 0;
	}
	*diff = sum;
}

void
mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long delta)
{
	unsigned long flags = local_irq_save();
	struct zone_pcp *pcp = zone->pcp[smp_processor_id()];

	stat_add(&pcp->stat_diff[item], &zone->vm_stat[item], delta);
	local_irq_restore(flags);
}

void
mod_node_page_state(struct pglist_data *node, enum node_stat_item item,
		    long delta)
{
	unsigned long flags = local_irq_save();

	stat_add(&this_cpu_ptr(node_stat_diff)[node->node_id][item],
		 &node->vm_stat[item], delta);
	local_irq_restore(flags);
}

static unsigned long
not_negative(long v)
{
	return v < 0 ? 0 : v;
}

unsigned long
zone_page_state(struct zone *zone, enum zone_stat_item item)
{
	long sum = atomic_read(&zone->vm_stat[item]);
	unsigned cpu;

	if (item == NR_FREE_PAGES)
		return READ_ONCE(zone->nr_free);
	if (item == NR_FREE_CMA_PAGES)
		return READ_ONCE(zone->nr_free_cma);
	if (item >= NR_INACTIVE_ANON && item <= NR_UNEVICTABLE)
		return READ_ONCE(zone->lruvec.nr[item - NR_INACTIVE_ANON]);
	for_each_possible_cpu(cpu)
		sum += zone->pcp[cpu]->stat_diff[item];
	return not_negative(sum);
}

unsigned long
node_page_state(struct pglist_data *node, enum node_stat_item item)
{
	long sum = atomic_read(&node->vm_stat[item]);
	unsigned cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(node_stat_diff, cpu)[node->node_id][item];
	return not_negative(sum);
}

unsigned long
zone_numa_state(struct zone *zone, enum numa_stat_item item)
{
	unsigned long calls = 0, counted = 0;
	enum numa_stat_item other = item;
	unsigned cpu, order;

	/* Hits and local ones are what is left of all. */
	if (item == NUMA_HIT)
		other = NUMA_MISS;
	if (item == NUMA_LOCAL)
		other = NUMA_OTHER;
	for_each_possible_cpu(cpu) {
		counted += zone->pcp[cpu]->numa[other];
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			calls += pcp_nr_alloc(zone->pcp[cpu], order);
	}
	return other == item ? counted : calls - counted;
}

unsigned long
global_zone_page_state(enum zone_stat_item item)
{
	unsigned long sum = 0;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i)
		sum += zone_page_state(zone, item);
	return sum;
}

unsigned long
global_node_page_state(enum node_stat_item item)
{
	unsigned long sum = 0;
	int nid;

	for_each_node(nid)
		sum += node_page_state(NODE_DATA(nid), item);
	return sum;
}

/* Frames that all cores took from zone, or gave to it. */
unsigned long
zone_frames_moved(const struct zone *zone, bool freed)
{
	unsigned long frames = 0;
	unsigned cpu, order;
	u32 blocks;

	for_each_possible_cpu(cpu) {
		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			blocks = freed ? pcp_nr_free(zone->pcp[cpu], order) :
					 pcp_nr_alloc(zone->pcp[cpu], order);
			frames += (unsigned long)blocks << order;
		}
	}
	return frames;
}

unsigned long
vm_event(enum vm_event_item item)
{
	unsigned long sum = 0;
	struct zone *zone;
	unsigned i, cpu;

	if (item <= PGALLOC_HIGH || item == PGFREE) {
		for_each_zone(zone, i) {
			if (item == PGFREE || zone->type == item - PGALLOC_DMA)
				sum += zone_frames_moved(zone, item == PGFREE);
		}
		return sum;
	}
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(vm_events, cpu)[item]);
	return sum;
}

void
vmstat_fold_local(void)
{
	unsigned long flags = local_irq_save();
	unsigned cpu = smp_processor_id(), i, item;
	struct zone_pcp *pcp;
	struct zone *zone;
	s8 *diff;

	for_each_zone(zone, i) {
		pcp = zone->pcp[cpu];
		for (item = 0; item < NR_ZONE_STAT_ITEMS; item++) {
			atomic_add(&zone->vm_stat[item],
				   pcp->stat_diff[item]);
			pcp->stat_diff[item] = 0;
		}
	}
	for (i = 0; i < nr_node_ids; i++) {
		for (item = 0; item < NR_NODE_STAT_ITEMS; item++) {
			diff = &this_cpu_ptr(node_stat_diff)[i][item];
			atomic_add(&NODE_DATA(i)->vm_stat[item], *diff);
			*diff = 0;
		}
	}
	local_irq_restore(flags);
}

const char *
zone_stat_name(enum zone_stat_item item)
{
	return zone_stat_names[item];
}

const char *
numa_stat_name(enum numa_stat_item item)
{
	return numa_stat_names[item];
}

const char *
node_stat_name(enum node_stat_item item)
{
	return node_stat_names[item];
}

static void
vmstat_show(struct seq_buf *s)
{
	unsigned long sum;
	struct zone *zone;
	unsigned i, item;

	for (item = 0; item < NR_ZONE_STAT_ITEMS; item++)
		seq_printf(s, "%s %lu\n", zone_stat_names[item],
			   global_zone_page_state(item));
	for (item = 0; item < NR_NUMA_STAT_ITEMS; item++) {
		sum = 0;
		for_each_zone(zone, i)
			sum += zone_numa_state(zone, item);
		seq_printf(s, "%s %lu\n", numa_stat_names[item], sum);
	}
	for (item = 0; item < NR_NODE_STAT_ITEMS; item++)
		seq_printf(s, "%s %lu\n", node_stat_names[item],
			   global_node_page_state(item));
	for (item = 0; item < NR_VM_EVENT_ITEMS; item++)
		seq_printf(s, "%s %lu\n", vm_event_names[item],
			   vm_event(item));
}
NODE("vmstat", vmstat_show);
