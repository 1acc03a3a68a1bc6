/* SPDX-License-Identifier: MIT */
/*
 * Watermarks: how much of a zone stays free, and for whom.
 *
 * Ideas
 *	frames free
 *	   |		everybody
 *	  high		kswapd may rest
 *	   |		everybody
 *	  low		kswapd is woken; who may sleep tries here once more
 *	   |		everybody, for the second try
 *	  min		only requests of the right to go on:
 *	   |		  ALLOC_HIGH	down to 1/2 min   (__GFP_HIGH)
 *	   |		  ALLOC_HARDER	a quarter less again (cannot wait)
 *	   |		  ALLOC_NO_WATERMARKS  to the last  (frees memory)
 *	   0
 *
 *   min_free_kbytes  four times the square root of the lowmem size, both in
 *	KiB: 16 MiB -> 512, 256 MiB -> 2048, 768 MiB -> 3547. The reserve that
 *	work in flight needs grows with memory, but slower than memory.
 *	Each lowmem zone gets its share by size; HighMem, which the kernel
 *	itself does not need, a small fixed part.
 *   low - min = high - low = max(min / 4, size x watermark_scale_factor/10000)
 *	The factor, 1 to 3000, says how far ahead of need kswapd works: a large
 *	one suits memory that is taken in bursts, and keeps more of it idle.
 *   lowmem_reserve  a request that prefers HighMem but falls back on Normal
 *	must leave (frames of HighMem) / ratio there: else user pages would
 *	fill the memory that only the kernel can use.
 *
 * Invariants (zone_verify)
 *   W1  min <= low <= high, and together no more than the zone.
 * Locks   none: written at boot and by sysctl, read as they are.
 * Sources  Linux's documentation of sysctl vm (min_free_kbytes,
 *	    watermark_scale_factor, lowmem_reserve_ratio).
 */
#include <kernel/init.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/hooks.h>
#include <mm/pcp.h>
#include <mm/zone.h>

#define MAX_WATERMARK_SCALE	3000ul	/* high is 3/5 of the zone then */

unsigned long min_free_kbytes;
unsigned watermark_scale_factor = 10;
unsigned lowmem_reserve_ratio[MAX_NR_ZONES] = { 256, 32, 0 };

/* Is there a block of this order on a list that the request may use? */
static bool
zone_has_block(const struct zone *zone, unsigned order, unsigned alloc_flags)
{
	unsigned mask = zone->order_mask[MIGRATE_UNMOVABLE] |
			zone->order_mask[MIGRATE_MOVABLE] |
			zone->order_mask[MIGRATE_RECLAIMABLE];

	if (alloc_flags & ALLOC_HARDER)
		mask |= zone->order_mask[MIGRATE_HIGHATOMIC];
	if (alloc_flags & ALLOC_CMA)
		mask |= zone->order_mask[MIGRATE_CMA];
	return mask >> order;
}

bool
zone_watermark_ok(struct zone *zone, unsigned order, unsigned long mark,
		  unsigned classzone, unsigned alloc_flags)
{
	long free = READ_ONCE(zone->nr_free), min = mark;

	/* What this request could not use does not count. */
	free -= (1L << order) - 1;
	if (!(alloc_flags & ALLOC_HARDER))
		free -= READ_ONCE(zone->nr_highatomic);
	if (!(alloc_flags & ALLOC_CMA))
		free -= READ_ONCE(zone->nr_free_cma);
	if (alloc_flags & ALLOC_HIGH)
		min -= min / 2;
	if (alloc_flags & ALLOC_HARDER)
		min -= min / 4;
	if (free <= min + (long)zone->lowmem_reserve[classzone])
		return false;
	return order == 0 || zone_has_block(zone, order, alloc_flags);
}

/*
 * The second try: which watermark, and how far below it. Who cannot sleep
 * gets more, since nothing will become free while it waits.
 */
unsigned
gfp_to_alloc_flags(gfp_t gfp, unsigned order)
{
	unsigned alloc_flags = WMARK_MIN;

	(void)order;
	if (gfp & __GFP_HIGH) {
		alloc_flags |= ALLOC_HIGH;
		if (!gfpflags_allow_blocking(gfp) &&
		    !(gfp & __GFP_NOMEMALLOC))
			alloc_flags |= ALLOC_HARDER;
	}
	if ((gfp & __GFP_MEMALLOC) && !(gfp & __GFP_NOMEMALLOC))
		alloc_flags |= ALLOC_NO_WATERMARKS;
	if (gfp_migratetype(gfp) == MIGRATE_MOVABLE)
		alloc_flags |= ALLOC_CMA;
	return alloc_flags;
}

static unsigned long
integer_sqrt(unsigned long x)
{
	unsigned long root = 0, bit = 1UL << 30;

	while (bit > x)
		bit >>= 2;
	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

static unsigned long
lowmem_managed(void)
{
	unsigned long frames = 0;
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i) {
		if (zone->type != ZONE_HIGHMEM)
			frames += zone->managed_pages;
	}
	return frames;
}

/* lowmem_reserve[]: what requests for the zones above must leave here. */
static void
setup_lowmem_reserve(struct zone *zone)
{
	pg_data_t *node = NODE_DATA(zone->nid);
	unsigned ratio = lowmem_reserve_ratio[zone->type], above;
	unsigned long frames = 0;

	for (above = 0; above < MAX_NR_ZONES; above++) {
		zone->lowmem_reserve[above] = 0;
		if (above <= zone->type)
			continue;
		frames += node->node_zones[above].managed_pages;
		if (ratio)
			zone->lowmem_reserve[above] = frames / ratio;
	}
}

static void
setup_zone_wmarks(struct zone *zone, unsigned long lowmem)
{
	unsigned long pages_min = min_free_kbytes >> (PAGE_SHIFT - 10);
	unsigned long managed = zone->managed_pages, gap, least;

	least = (u64)pages_min * managed / max(lowmem, 1UL);
	if (zone->type == ZONE_HIGHMEM)
		least = clamp(managed / 1024, 32UL, 128UL);
	least = min(least, managed / 4);
	gap = max(least / 4,
		  (unsigned long)((u64)managed * watermark_scale_factor /
				  10000));
	zone->watermark[WMARK_MIN] = least;
	zone->watermark[WMARK_LOW] = least + gap;
	zone->watermark[WMARK_HIGH] = least + 2 * gap;
	setup_lowmem_reserve(zone);
	pcp_set_batch(zone);
}

void
setup_per_zone_wmarks(void)
{
	unsigned long lowmem = lowmem_managed(), kbytes;
	struct zone *zone;
	unsigned i;

	if (!min_free_kbytes) {
		kbytes = integer_sqrt(lowmem * (PAGE_SIZE / 1024) * 16);
		min_free_kbytes = clamp(kbytes, 128UL, 262144UL);
	}
	for_each_zone(zone, i)
		setup_zone_wmarks(zone, lowmem);
}

int
set_min_free_kbytes(unsigned long kbytes)
{
	if (kbytes < 128 || kbytes > lowmem_managed())
		return -EINVAL;		/* more than a quarter */
	min_free_kbytes = kbytes;
	setup_per_zone_wmarks();
	return 0;
}

int
set_watermark_scale_factor(unsigned long factor)
{
	if (factor < 1 || factor > MAX_WATERMARK_SCALE)
		return -EINVAL;
	watermark_scale_factor = (unsigned)factor;
	setup_per_zone_wmarks();
	return 0;
}

static int
param_min_free_kbytes(const char *value)
{
	return kstrtoul(value, 10, &min_free_kbytes);
}
BOOT_PARAM("min_free_kbytes", param_min_free_kbytes);
