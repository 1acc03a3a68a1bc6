/* SPDX-License-Identifier: MIT */
/*
 * From memblock's ranges to nodes, zones and free blocks.
 *
 * Ideas
 *   1  mem_map: one struct page for each frame from the lowest to the highest
 *	of memory, both widened to the largest block, so that a buddy is always
 *	in it. Holes in between are offline.
 *   2  Nodes: the span cut into numa=fake=N equal parts at multiples of the
 *	largest block. Zones: DMA from the first frame on, HighMem from
 *	high_memory on, Normal between; each node has its part of each.
 *
 *		0x60000     0x61000			 0x90000      0xa0000
 *		   | DMA       | Normal			    | HighMem    |
 *		   |	node 0		      |	   node 1		 |
 *
 *   3  What memblock has free goes to the buddy allocator in blocks as large as
 *	alignment allows. A block of 1024 frames is one list insertion.
 *   4  Zonelists: for a node and a wanted zone, the zones from the wanted one
 *	downwards, first of the node itself, then of the others in turn.
 *
 * Locks   boot is alone.
 * Cost    a few instructions for each frame (mem_map is written once).
 * Questions a reader asks
 *   Why one flat mem_map, with struct pages for holes?  A frame number becomes
 *     a struct page by one subtraction. A hole costs 32 bytes for 4096.
 *   Why is the DMA zone at the lowest addresses?  Because devices with few
 *     address lines see those. On this board nothing needs it; the zone is
 *     there to be looked at, and is given back by fallback.
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/init.h>
#include <mm/kasan.h>
#include <mm/memblock.h>
#include <mm/pcp.h>
#include <mm/zone.h>

#define ZONE_DMA_MAX_PAGES	(SZ_16M >> PAGE_SHIFT)
#define NO_SIZE			(~0UL)

const char *const zone_names[MAX_NR_ZONES] = { "DMA", "Normal", "HighMem" };

pg_data_t node_data[MAX_NODES];
unsigned nr_node_ids = 1;
struct zone *zone_table[MAX_NODES * 4];
u8 cpu_nodes[NR_CPUS];
bool mm_ready;

static unsigned fake_nodes = 1;
static unsigned long zone_dma_pages = NO_SIZE;

/* numa=fake=N */
static int
param_numa(const char *value)
{
	unsigned long n;

	if (strncmp(value, "fake=", 5) || kstrtoul(value + 5, 10, &n))
		return -EINVAL;
	if (n < 1 || n > MAX_NODES)
		return -EINVAL;
	fake_nodes = n;
	return 0;
}
BOOT_PARAM("numa", param_numa);

/* zone_dma=SIZE, such as 4M; 0 for none */
static int
param_zone_dma(const char *value)
{
	char *end;
	u64 size = memparse(value, &end);

	if (end == value || *end || size > 0x40000000)
		return -EINVAL;
	zone_dma_pages = (unsigned long)size >> PAGE_SHIFT;
	return 0;
}
BOOT_PARAM("zone_dma", param_zone_dma);

/* Frames [start, end) of node nid are its zone of this type. */
static void
zone_init(int nid, unsigned type, pfn_t start, pfn_t end)
{
	struct zone *zone = &NODE_DATA(nid)->node_zones[type];
	unsigned order, mt, cpu;

	spin_lock_init(&zone->lock, LOCK_ZONE);
	lruvec_init(&zone->lruvec);
	zone->name = zone_names[type];
	zone->type = type;
	zone->nid = nid;
	zone->index = nid * 4 + type;
	zone->start_pfn = start;
	zone->spanned_pages = end > start ? end - start : 0;
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		for (mt = 0; mt < MIGRATE_TYPES; mt++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[mt]);
	}
	if (!zone->spanned_pages)
		return;
	zone->populated = true;
	zone_table[zone->index] = zone;
	for_each_possible_cpu(cpu) {
		zone->pcp[cpu] = memblock_alloc(sizeof(struct zone_pcp), 64);
		zone->pcp[cpu]->zone = zone;
		per_cpu_ptr(&page_cpu, cpu)->pcp[zone->index] =
			zone->pcp[cpu];
	}
}

/* Cut node nid's span [start, end) at the zones' limits. */
static void
node_init(int nid, pfn_t start, pfn_t end, pfn_t dma_end, pfn_t high_start)
{
	pg_data_t *node = NODE_DATA(nid);

	node->node_id = nid;
	node->node_start_pfn = start;
	node->node_spanned_pages = end - start;
	zone_init(nid, ZONE_DMA, start, min(end, dma_end));
	zone_init(nid, ZONE_NORMAL, max(start, dma_end),
		  min(end, high_start));
	zone_init(nid, ZONE_HIGHMEM, max(start, high_start), end);
}

/* The frames of memory that the kernel may use, as memblock knows them. */
static void
memory_span(pfn_t *start, pfn_t *end)
{
	phys_addr_t last = memblock_end_of_dram();

	*start = memblock_start_of_dram() >> PAGE_SHIFT;
	*end = last ? last >> PAGE_SHIFT : 1UL << (32 - PAGE_SHIFT);
}

static void
nodes_init(void)
{
	pfn_t start, end, high, dma, cut, next;
	unsigned long lowmem, step;
	unsigned nid, cpu;

	memory_span(&start, &end);
	high = __pa(high_memory) >> PAGE_SHIFT;
	high = clamp(high, start, end);
	lowmem = high - start;
	if (zone_dma_pages == NO_SIZE)
		zone_dma_pages = min(lowmem / 16, ZONE_DMA_MAX_PAGES);
	zone_dma_pages = min(zone_dma_pages, lowmem);
	/* A pageblock belongs to one zone. */
	dma = ALIGN_DOWN(start + zone_dma_pages, PAGEBLOCK_NR_PAGES);
	dma = max(dma, start);

	step = ALIGN_UP((end - start) / fake_nodes, MAX_ORDER_NR_PAGES);
	nr_node_ids = 0;
	for (cut = start; cut < end; cut = next) {
		nid = nr_node_ids++;
		next = min(ALIGN_DOWN(cut + step, MAX_ORDER_NR_PAGES), end);
		if (nr_node_ids == fake_nodes)
			next = end;
		node_init(nid, cut, next, dma, high);
	}
	for (cpu = 0; cpu < NR_CPUS; cpu++)
		cpu_nodes[cpu] = cpu % nr_node_ids;
}

/* Write the struct pages of memory [start, end): reserved, in their zone. */
static void
mem_map_init_range(struct zone *zone, pfn_t start, pfn_t end)
{
	u32 flags = zone->index << PAGE_ZONE_SHIFT | PAGE_STATE_RESERVED;
	struct page *page = pfn_to_page(start), *last = pfn_to_page(end);

	for (; page < last; page++) {
		page->flags = flags;
		atomic_set(&page->refcount, 1);
	}
	zone->present_pages += end - start;
	NODE_DATA(zone->nid)->node_present_pages += end - start;
}

/* mem_map and the table of pageblocks, zeroed: all offline, unmovable. */
static void
mem_map_alloc(void)
{
	unsigned long nr;
	pfn_t start, end;
	unsigned cpu;

	memory_span(&start, &end);
	mem_map_start = ALIGN_DOWN(start, MAX_ORDER_NR_PAGES);
	mem_map_end = ALIGN_UP(end, MAX_ORDER_NR_PAGES);
	nr = mem_map_end - mem_map_start;
	mem_map = memblock_alloc(nr * sizeof(struct page), PAGE_SIZE);
	pageblock_types = memblock_alloc(nr >> PAGEBLOCK_ORDER, 32);
	memset(pageblock_types, MIGRATE_MOVABLE, nr >> PAGEBLOCK_ORDER);
	for_each_possible_cpu(cpu) {
		per_cpu_ptr(&page_cpu, cpu)->mem_map = mem_map;
		per_cpu_ptr(&page_cpu, cpu)->pageblock_types = pageblock_types;
	}
}

static void
mem_map_init(void)
{
	struct memblock_region *r;
	struct zone *zone;
	pfn_t start, end;
	unsigned i;

	for_each_mem_region(r) {
		for_each_zone(zone, i) {
			start = max((pfn_t)DIV_ROUND_UP((u64)r->base,
							PAGE_SIZE),
				    zone->start_pfn);
			end = min((pfn_t)(((u64)r->base + r->size) >>
					  PAGE_SHIFT), zone_end_pfn(zone));
			if (start < end)
				mem_map_init_range(zone, start, end);
		}
	}
}

static unsigned long totalram;	/* atomic: managed_pages of all zones */

unsigned long
totalram_pages(void)
{
	return READ_ONCE(totalram);
}

/*
 * Hand the reserved frames [start, end) of one zone to the allocator, in the
 * largest blocks that alignment allows. Every frame but the heads is a tail.
 */
static void
zone_free_range(struct zone *zone, pfn_t start, pfn_t end)
{
	struct page *page = pfn_to_page(start), *last = pfn_to_page(end);
	u32 flags = zone->index << PAGE_ZONE_SHIFT | PAGE_STATE_TAIL;
	unsigned long irq;
	unsigned order;

	for (; page < last; page++) {
		page->flags = flags;
		atomic_set(&page->refcount, 0);
	}
	kasan_free_boot_frames(start, end);
	__atomic_fetch_add(&totalram, end - start, __ATOMIC_RELAXED);
	irq = spin_lock_irqsave(&zone->lock);
	zone->managed_pages += end - start;
	while (start < end) {
		order = min(fls_long(end - start), MAX_ORDER);
		order = min((int)order, ffs_long(start | MAX_ORDER_NR_PAGES));
		page = pfn_to_page(start);
		page_set_state(page, PAGE_STATE_ISOLATED);
		buddy_free(zone, page, order, page_pageblock_type(page));
		start += 1UL << order;
	}
	spin_unlock_irqrestore(&zone->lock, irq);
}

/* The same for a range that may cross zones. Returns frames freed. */
unsigned long
free_reserved_range(pfn_t start, pfn_t end)
{
	unsigned long freed = 0;
	struct zone *zone;
	pfn_t from, to;
	unsigned i;

	for_each_zone(zone, i) {
		from = max(start, zone->start_pfn);
		to = min(end, zone_end_pfn(zone));
		if (from >= to)
			continue;
		zone_free_range(zone, from, to);
		freed += to - from;
	}
	return freed;
}

/* From high addresses to low, so that low ones are handed out first. */
static void
free_memblock_memory(void)
{
	phys_addr_t start, end;
	u64 iter;

	for_each_free_mem_range_reverse(iter, start, end)
		free_reserved_range(DIV_ROUND_UP((u64)start, PAGE_SIZE),
				    end >> PAGE_SHIFT);
}

static void
zonelist_add(struct zonelist *zl, pg_data_t *node, unsigned type)
{
	int t;

	for (t = type; t >= 0; t--) {
		if (node->node_zones[t].populated)
			zl->zones[zl->nr++] = &node->node_zones[t];
	}
}

static void
build_zonelists(void)
{
	unsigned nid, type, step;
	pg_data_t *node;

	for (nid = 0; nid < nr_node_ids; nid++) {
		node = NODE_DATA(nid);
		for (type = 0; type < MAX_NR_ZONES; type++) {
			zonelist_add(&node->node_zonelists[1][type], node,
				     type);
			for (step = 0; step < nr_node_ids; step++)
				zonelist_add(&node->node_zonelists[0][type],
					NODE_DATA((nid + step) % nr_node_ids),
					type);
		}
	}
}

static void
zones_report(void)
{
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i)
		pr_info("mm: node %u zone %-7s pfn %#lx-%#lx present %lu "
			"managed %lu\n", zone->nid, zone->name,
			(unsigned long)zone->start_pfn,
			(unsigned long)zone_end_pfn(zone) - 1,
			zone->present_pages, zone->managed_pages);
	pr_info("mm: mem_map %lu KiB for %lu frames; min_free_kbytes %lu\n",
		(unsigned long)((mem_map_end - mem_map_start) *
				sizeof(struct page) >> 10),
		(unsigned long)(mem_map_end - mem_map_start),
		min_free_kbytes);
}

void
mm_init_zones(void)
{
	struct zone *zone;
	unsigned i;

	nodes_init();
	mem_map_alloc();
	mem_map_init();
	free_memblock_memory();
	build_zonelists();
	setup_per_zone_wmarks();
	if (page_alloc_shuffle) {
		for_each_zone(zone, i)
			shuffle_zone(zone);
	}
	pcp_set_preferred();
	mm_ready = true;
	zones_report();
}

unsigned long
nr_free_pages(void)
{
	unsigned long frames = 0;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i)
		frames += READ_ONCE(zone->nr_free) + zone_pcp_count(zone);
	return frames;
}

void
mm_free_init_range(void *start, void *end, const char *what)
{
	unsigned long first = ALIGN_UP((unsigned long)start, PAGE_SIZE);
	unsigned long last = ALIGN_DOWN((unsigned long)end, PAGE_SIZE);
	unsigned long frames = 0, addr;
	pfn_t pfn;

	for (addr = first; addr < last; addr += PAGE_SIZE) {
		pfn = page_to_pfn(virt_to_page((void *)addr));
		/* A range given back twice would be a frame with two owners. */
		if (WARN_ON(page_state(pfn_to_page(pfn)) !=
			    PAGE_STATE_RESERVED))
			continue;
		frames += free_reserved_range(pfn, pfn + 1);
	}
	setup_per_zone_wmarks();	/* in proportion to what is managed */
	pr_info("mm: freed %lu KiB of %s\n", frames << (PAGE_SHIFT - 10),
		what);
}
