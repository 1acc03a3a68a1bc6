/* SPDX-License-Identifier: MIT */
/*
 * Nodes and zones: which memory is where, and how much of it is free.
 *
 * Ideas
 *   Node	memory that is equally near to a core. The board has one;
 *		numa=fake=N cuts it into N, so that the code is exercised.
 *   Zone	the part of a node that serves one kind of request: DMA (low
 *		addresses), Normal (the rest of the linear map), HighMem
 *		(memory without an address of its own).
 *   Zonelist	the zones that may serve a request, best first: those of the
 *		own node from the wanted kind downwards, then the next node's.
 *   Pageblock	2^8 frames (one 1 MiB section). Each has a migrate type, and
 *		free blocks in it lie on that type's list, so that frames that
 *		cannot be moved stay together.
 *   Watermarks	free frames below which: high, kswapd may rest again; low, it
 *		is woken; min, only those who free memory or cannot wait.
 *
 *	spanned	frames from the first to the last of the zone
 *	present	of these, frames that are memory
 *	managed	of these, frames that the allocator got: the rest is image,
 *		mem_map and other early things
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include <asm/processor.h>
#include <kernel/lock.h>
#include <lib/list.h>
#include <lib/types.h>
#include <mm/gfp.h>
#include <mm/lru.h>
#include <mm/page.h>
#include <mm/vmstat.h>

#define MAX_NODES		4
#define PAGEBLOCK_ORDER		8
#define PAGEBLOCK_NR_PAGES	(1UL << PAGEBLOCK_ORDER)

enum zone_type { ZONE_DMA, ZONE_NORMAL, ZONE_HIGHMEM, MAX_NR_ZONES };

/* The first three are the types of requests (gfp_migratetype). */
enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_PCPTYPES,
	MIGRATE_HIGHATOMIC = MIGRATE_PCPTYPES,	/* high-order reserve */
	MIGRATE_CMA,		/* lent to movable pages only */
	MIGRATE_ISOLATE,	/* not handed out at all */
	MIGRATE_TYPES
};

extern const char *const migratetype_names[MIGRATE_TYPES];
extern const char *const zone_names[MAX_NR_ZONES];

/* Free blocks of one order. */
struct free_area {
	struct list_head free_list[MIGRATE_TYPES];
	u32 nr_free[MIGRATE_TYPES];		/* blocks on each list */
};

enum zone_watermark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

/*
 * Locks: (z) zone->lock; (b) written at boot or by the tuning functions of
 * watermark.c, read anywhere.
 */
struct zone {
	unsigned long watermark[NR_WMARK];		/* (b) frames */
	unsigned long lowmem_reserve[MAX_NR_ZONES];	/* (b) frames kept
				 * from requests that prefer zone [i] */
	spinlock_t lock;
	unsigned long nr_free;		/* (z) frames on lists, not isolated */
	unsigned long nr_free_cma;	/* (z) of these, in CMA pageblocks */
	unsigned long nr_highatomic;	/* (z) frames in reserved pageblocks */
	u16 order_mask[MIGRATE_TYPES];	/* (z) bit o: list of order o is not
				 * empty */
	struct free_area free_area[NR_PAGE_ORDERS];	/* (z) */

	const char *name;
	u8 type;			/* enum zone_type */
	u8 nid;
	u8 index;			/* nid * 4 + type, as in page->flags */
	bool populated;
	pfn_t start_pfn;
	unsigned long spanned_pages;
	unsigned long present_pages;
	unsigned long managed_pages;	/* (z) after boot */
	unsigned long nr_isolated_blocks;	/* (z) */
	struct lruvec lruvec;		/* its own lock */
	struct zone_pcp *pcp[NR_CPUS];	/* (b) NULL: no such core or zone */
	u16 pcp_batch;			/* (b) frames moved at a time */
	atomic_t vm_stat[NR_ZONE_STAT_ITEMS];	/* folded part */
};

struct zonelist {
	u8 nr;
	struct zone *zones[MAX_NODES * MAX_NR_ZONES];	/* (b) best first */
};

typedef struct pglist_data {
	struct zone node_zones[MAX_NR_ZONES];
	/* [wanted zone type]; [1][] stays on this node (__GFP_THISNODE) */
	struct zonelist node_zonelists[2][MAX_NR_ZONES];
	int node_id;
	pfn_t node_start_pfn;
	unsigned long node_spanned_pages;
	unsigned long node_present_pages;
	atomic_t vm_stat[NR_NODE_STAT_ITEMS];	/* folded part */
} pg_data_t;

extern pg_data_t node_data[MAX_NODES];
extern unsigned nr_node_ids;
#define NODE_DATA(nid)	(&node_data[nid])

/* Frames that the allocator manages, all zones together. */
unsigned long totalram_pages(void);

/* All populated zones, node by node, low addresses first. */
extern struct zone *zone_table[MAX_NODES * 4];	/* by zone index, or NULL */
#define for_each_zone(zone, i) \
	for ((i) = 0; (i) < MAX_NODES * 4; (i)++) \
		if (((zone) = zone_table[i]) != NULL)
#define for_each_node(nid) \
	for ((nid) = 0; (nid) < (int)nr_node_ids; (nid)++)

static inline struct zone *
page_zone(const struct page *page)
{
	return &node_data[page_to_nid(page)]
			.node_zones[page->flags >> PAGE_ZONE_SHIFT & 3];
}

static inline pfn_t
zone_end_pfn(const struct zone *zone)
{
	return zone->start_pfn + zone->spanned_pages;
}

/* The node that core cpu is nearest to. */
extern u8 cpu_nodes[NR_CPUS];

static inline int
cpu_to_node(unsigned cpu)
{
	return cpu_nodes[cpu];
}

/* 0 Normal, 1 DMA, 2 HighMem, 3 both asked: DMA serves both. */
static inline enum zone_type
gfp_zone(gfp_t gfp)
{
	return gfp & __GFP_DMA ? ZONE_DMA :
	       gfp & __GFP_HIGHMEM ? ZONE_HIGHMEM : ZONE_NORMAL;
}

/* 3, of a request that is both, is no type: such a request fails. */
static inline unsigned
gfp_migratetype(gfp_t gfp)
{
	return gfp >> 3 & 3;
}

/* Pageblocks. The type is guarded by the zone's lock. */
extern u8 *pageblock_types;	/* of the block of mem_map_start, ... */

static inline unsigned
pfn_pageblock_type(pfn_t pfn)
{
	return READ_ONCE(pageblock_types[(pfn - mem_map_start) >>
					 PAGEBLOCK_ORDER]);
}

static inline unsigned
page_pageblock_type(const struct page *page)
{
	return READ_ONCE(pageblock_types[(page - mem_map) >> PAGEBLOCK_ORDER]);
}

/* How much of the reserves an allocation may use; see watermark.c. */
#define ALLOC_WMARK_MASK	0x03u	/* index of watermark[] */
#define ALLOC_NO_WATERMARKS	0x04u
#define ALLOC_HARDER		0x10u	/* a quarter of min, and HIGHATOMIC */
#define ALLOC_HIGH		0x20u	/* half of min */
#define ALLOC_CMA		0x80u	/* CMA pageblocks will do */

/*
 * May 2^order frames be taken from zone by a request that prefers zone type
 * classzone, so that mark frames stay? alloc_flags: ALLOC_*.
 * Context: any; no lock, the answer may be old at once.
 */
bool zone_watermark_ok(struct zone *zone, unsigned order, unsigned long mark,
		       unsigned classzone, unsigned alloc_flags);
/* alloc_flags of a request that has to try harder. */
unsigned gfp_to_alloc_flags(gfp_t gfp, unsigned order);

/* Compute watermarks, lowmem_reserve and batch of all zones anew. */
void setup_per_zone_wmarks(void);
/* Set min_free_kbytes, as sysctl would. -EINVAL: more than a quarter. */
int set_min_free_kbytes(unsigned long kbytes);
/* Set the distance of the marks, in 10000ths of a zone. -EINVAL: not 1 to 3000. */
int set_watermark_scale_factor(unsigned long factor);
extern unsigned long min_free_kbytes;
extern unsigned watermark_scale_factor;		/* of 10000 */
extern unsigned lowmem_reserve_ratio[MAX_NR_ZONES];

#endif
