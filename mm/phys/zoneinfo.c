/* SPDX-License-Identifier: MIT */
/*
 * The nodes that show zones and free blocks, in Linux's formats: buddyinfo,
 * pagetypeinfo, zoneinfo, meminfo. Each reads the counters as they are; only
 * pagetypeinfo walks the table of pageblocks.
 */
#include <kernel/node.h>
#include <kernel/smp.h>
#include <lib/seq_buf.h>
#include <mm/buddy.h>
#include <mm/hooks.h>
#include <mm/init.h>
#include <mm/pcp.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static unsigned long
area_blocks(const struct zone *zone, unsigned order)
{
	unsigned long blocks = 0;
	unsigned type;

	for (type = 0; type < MIGRATE_TYPES; type++)
		blocks += READ_ONCE(zone->free_area[order].nr_free[type]);
	return blocks;
}

static void
buddyinfo_show(struct seq_buf *s)
{
	struct zone *zone;
	unsigned i, order;

	for_each_zone(zone, i) {
		seq_printf(s, "Node %u, zone %8s ", zone->nid, zone->name);
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			seq_printf(s, "%6lu ", area_blocks(zone, order));
		seq_putc(s, '\n');
	}
}
NODE("buddyinfo", buddyinfo_show);

static void
pagetypeinfo_blocks(struct seq_buf *s, const struct zone *zone)
{
	unsigned long count[MIGRATE_TYPES] = { 0 };
	unsigned type;
	pfn_t pfn;

	for (pfn = ALIGN_DOWN(zone->start_pfn, PAGEBLOCK_NR_PAGES);
	     pfn < zone_end_pfn(zone); pfn += PAGEBLOCK_NR_PAGES) {
		type = pfn_pageblock_type(pfn);
		if (type < MIGRATE_TYPES)
			count[type]++;
	}
	seq_printf(s, "Node %u, zone %8s ", zone->nid, zone->name);
	for (type = 0; type < MIGRATE_TYPES; type++)
		seq_printf(s, "%12lu ", count[type]);
	seq_putc(s, '\n');
}

static void
pagetypeinfo_show(struct seq_buf *s)
{
	unsigned i, order, type;
	struct zone *zone;

	seq_printf(s, "Page block order: %d\n", PAGEBLOCK_ORDER);
	seq_printf(s, "Pages per block:  %lu\n\n", PAGEBLOCK_NR_PAGES);
	seq_printf(s, "%-43s ", "Free pages count per migrate type at order");
	for (order = 0; order < NR_PAGE_ORDERS; order++)
		seq_printf(s, "%6u ", order);
	seq_putc(s, '\n');
	for_each_zone(zone, i) {
		for (type = 0; type < MIGRATE_TYPES; type++) {
			seq_printf(s, "Node %4u, zone %8s, type %12s ",
				   zone->nid, zone->name,
				   migratetype_names[type]);
			for (order = 0; order < NR_PAGE_ORDERS; order++)
				seq_printf(s, "%6u ", READ_ONCE(
					zone->free_area[order].nr_free[type]));
			seq_putc(s, '\n');
		}
	}
	seq_printf(s, "\n%-23s", "Number of blocks type ");
	for (type = 0; type < MIGRATE_TYPES; type++)
		seq_printf(s, "%12s ", migratetype_names[type]);
	seq_putc(s, '\n');
	for_each_zone(zone, i)
		pagetypeinfo_blocks(s, zone);
}
NODE("pagetypeinfo", pagetypeinfo_show);

static void
zoneinfo_node_stats(struct seq_buf *s, pg_data_t *node)
{
	unsigned item;

	seq_puts(s, "  per-node stats\n");
	for (item = 0; item < NR_NODE_STAT_ITEMS; item++)
		seq_printf(s, "      %-12s %lu\n", node_stat_name(item),
			   node_page_state(node, item));
}

static void
zoneinfo_pagesets(struct seq_buf *s, const struct zone *zone)
{
	unsigned cpu;

	seq_puts(s, "\n  pagesets");
	for_each_online_cpu(cpu)
		seq_printf(s, "\n    cpu: %u\n"
			   "              count: %lu\n"
			   "              high:  %u\n"
			   "              batch: %u", cpu,
			   pcp_count(zone->pcp[cpu]), 2 * zone->pcp_batch,
			   zone->pcp_batch);
	seq_putc(s, '\n');
}

static void
zoneinfo_zone(struct seq_buf *s, struct zone *zone)
{
	unsigned type, item;

	seq_printf(s, "  pages free     %lu\n"
		   "        boost    0\n"
		   "        min      %lu\n"
		   "        low      %lu\n"
		   "        high     %lu\n"
		   "        spanned  %lu\n"
		   "        present  %lu\n"
		   "        managed  %lu\n"
		   "        cma      %lu\n"
		   "        protection: (",
		   zone->nr_free, zone->watermark[WMARK_MIN],
		   zone->watermark[WMARK_LOW], zone->watermark[WMARK_HIGH],
		   zone->spanned_pages, zone->present_pages,
		   zone->managed_pages, zone->nr_free_cma);
	for (type = 0; type < MAX_NR_ZONES; type++)
		seq_printf(s, "%s%lu", type ? ", " : "",
			   zone->lowmem_reserve[type]);
	seq_puts(s, ")");
	for (item = 0; item < NR_ZONE_STAT_ITEMS; item++)
		seq_printf(s, "\n      %-12s %lu", zone_stat_name(item),
			   zone_page_state(zone, item));
	for (item = 0; item < NR_NUMA_STAT_ITEMS; item++)
		seq_printf(s, "\n      %-12s %lu", numa_stat_name(item),
			   zone_numa_state(zone, item));
	zoneinfo_pagesets(s, zone);
	seq_printf(s, "  start_pfn:           %lu\n",
		   (unsigned long)zone->start_pfn);
}

static void
zoneinfo_show(struct seq_buf *s)
{
	int shown = -1;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		seq_printf(s, "Node %u, zone %8s\n", zone->nid, zone->name);
		if (shown != zone->nid)
			zoneinfo_node_stats(s, NODE_DATA(zone->nid));
		shown = zone->nid;
		zoneinfo_zone(s, zone);
	}
}
NODE("zoneinfo", zoneinfo_show);

#define KB(pages)	((pages) << (PAGE_SHIFT - 10))

/* Frames beyond what the watermarks keep: a new program could have them. */
static unsigned long
available_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		if (zone->nr_free > zone->watermark[WMARK_LOW])
			sum += zone->nr_free - zone->watermark[WMARK_LOW];
	}
	return sum;
}

/* Lines of the rooms above: mm/hooks.h. */
void (*meminfo_more_fn)(struct seq_buf *s);

void
meminfo_line(struct seq_buf *s, const char *name, unsigned long kbytes)
{
	seq_printf(s, "%-15s %8lu kB\n", name, kbytes);
}

/* The lists of pages by their use, and what is locked. */
static void
meminfo_lru(struct seq_buf *s)
{
	unsigned long n[NR_LRU_LISTS];

	for (unsigned i = 0; i < NR_LRU_LISTS; i++)
		n[i] = KB(global_zone_page_state(NR_INACTIVE_ANON + i));
	meminfo_line(s, "Active:", n[LRU_ACTIVE_ANON] + n[LRU_ACTIVE_FILE]);
	meminfo_line(s, "Inactive:",
		     n[LRU_INACTIVE_ANON] + n[LRU_INACTIVE_FILE]);
	meminfo_line(s, "Active(anon):", n[LRU_ACTIVE_ANON]);
	meminfo_line(s, "Inactive(anon):", n[LRU_INACTIVE_ANON]);
	meminfo_line(s, "Active(file):", n[LRU_ACTIVE_FILE]);
	meminfo_line(s, "Inactive(file):", n[LRU_INACTIVE_FILE]);
	meminfo_line(s, "Unevictable:", n[LRU_UNEVICTABLE]);
	meminfo_line(s, "Mlocked:", KB(global_zone_page_state(NR_MLOCK)));
}

static void
meminfo_show(struct seq_buf *s)
{
	unsigned long total = totalram_pages(), free = 0;
	unsigned long high_total = 0, high_free = 0;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		free += zone_page_state(zone, NR_FREE_PAGES);
		if (zone->type != ZONE_HIGHMEM)
			continue;
		high_total += zone->managed_pages;
		high_free += zone_page_state(zone, NR_FREE_PAGES);
	}
	meminfo_line(s, "MemTotal:", KB(total));
	meminfo_line(s, "MemFree:", KB(free));
	meminfo_line(s, "MemAvailable:", KB(available_pages()));
	meminfo_line(s, "HighTotal:", KB(high_total));
	meminfo_line(s, "HighFree:", KB(high_free));
	meminfo_line(s, "LowTotal:", KB(total - high_total));
	meminfo_line(s, "LowFree:", KB(free - high_free));
	meminfo_line(s, "Buffers:", KB(global_node_page_state(NR_BUFFERS)));
	meminfo_line(s, "Cached:",
		     KB(global_node_page_state(NR_FILE_PAGES) -
			global_node_page_state(NR_BUFFERS)));
	meminfo_lru(s);
	meminfo_line(s, "Dirty:", KB(global_node_page_state(NR_FILE_DIRTY)));
	meminfo_line(s, "Writeback:",
		     KB(global_node_page_state(NR_WRITEBACK)));
	meminfo_line(s, "AnonPages:",
		     KB(global_node_page_state(NR_ANON_MAPPED)));
	meminfo_line(s, "Mapped:",
		     KB(global_node_page_state(NR_FILE_MAPPED)));
	meminfo_line(s, "Shmem:", KB(global_node_page_state(NR_SHMEM)));
	meminfo_line(s, "Slab:",
		     KB(global_node_page_state(NR_SLAB_RECLAIMABLE) +
			global_node_page_state(NR_SLAB_UNRECLAIMABLE)));
	meminfo_line(s, "SReclaimable:",
		     KB(global_node_page_state(NR_SLAB_RECLAIMABLE)));
	meminfo_line(s, "SUnreclaim:",
		     KB(global_node_page_state(NR_SLAB_UNRECLAIMABLE)));
	meminfo_line(s, "KernelStack:",
		     global_node_page_state(NR_KERNEL_STACK_KB));
	meminfo_line(s, "PageTables:",
		     KB(global_node_page_state(NR_PAGETABLE)));
	if (meminfo_more_fn)
		meminfo_more_fn(s);
	meminfo_line(s, "CmaFree:",
		     KB(global_zone_page_state(NR_FREE_CMA_PAGES)));
}
NODE("meminfo", meminfo_show);
