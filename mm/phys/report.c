/* SPDX-License-Identifier: MIT */
/*
 * Saying that an allocation failed, and what memory looked like then.
 *
 * Ideas
 *   Where memory is short, failures come by the thousand, and printing each
 *   would bury the first, which tells most. So the first few are reported,
 *   then one of every REPORT_EVERY; what was left out is counted.
 */
#include <asm/percpu.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/seq_buf.h>
#include <mm/buddy.h>
#include <mm/page_alloc.h>
#include <mm/pcp.h>
#include <mm/zone.h>

#define REPORT_FIRST	5
#define REPORT_EVERY	1024

unsigned nr_alloc_reports, nr_alloc_reports_dropped;

struct gfp_name {
	gfp_t bits;
	const char *name;
};

/* Whole recipes first: the first that fits takes its bits. */
static const struct gfp_name gfp_names[] = {
	{ GFP_HIGHUSER_MOVABLE, "GFP_HIGHUSER_MOVABLE" },
	{ GFP_HIGHUSER, "GFP_HIGHUSER" },
	{ GFP_USER, "GFP_USER" },
	{ GFP_KERNEL, "GFP_KERNEL" },
	{ GFP_NOFS, "GFP_NOFS" },
	{ GFP_ATOMIC, "GFP_ATOMIC" },
	{ GFP_NOIO, "GFP_NOIO" },
	{ GFP_NOWAIT, "GFP_NOWAIT" },
	{ __GFP_DMA, "__GFP_DMA" },
	{ __GFP_HIGHMEM, "__GFP_HIGHMEM" },
	{ __GFP_MOVABLE, "__GFP_MOVABLE" },
	{ __GFP_RECLAIMABLE, "__GFP_RECLAIMABLE" },
	{ __GFP_HIGH, "__GFP_HIGH" },
	{ __GFP_IO, "__GFP_IO" },
	{ __GFP_FS, "__GFP_FS" },
	{ __GFP_ZERO, "__GFP_ZERO" },
	{ __GFP_DIRECT_RECLAIM, "__GFP_DIRECT_RECLAIM" },
	{ __GFP_NOWARN, "__GFP_NOWARN" },
	{ __GFP_RETRY_MAYFAIL, "__GFP_RETRY_MAYFAIL" },
	{ __GFP_NOFAIL, "__GFP_NOFAIL" },
	{ __GFP_NORETRY, "__GFP_NORETRY" },
	{ __GFP_MEMALLOC, "__GFP_MEMALLOC" },
	{ __GFP_COMP, "__GFP_COMP" },
	{ __GFP_NOMEMALLOC, "__GFP_NOMEMALLOC" },
	{ __GFP_HARDWALL, "__GFP_HARDWALL" },
	{ __GFP_THISNODE, "__GFP_THISNODE" },
};

/* The n-th name and its bits; NULL behind the last. */
const char *
gfp_name(unsigned n, gfp_t *bits)
{
	if (n >= ARRAY_SIZE(gfp_names))
		return NULL;
	*bits = gfp_names[n].bits;
	return gfp_names[n].name;
}

void
gfp_format(struct seq_buf *s, gfp_t gfp)
{
	const char *between = "";
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(gfp_names); i++) {
		if ((gfp & gfp_names[i].bits) != gfp_names[i].bits)
			continue;
		seq_printf(s, "%s%s", between, gfp_names[i].name);
		between = "|";
		gfp &= ~gfp_names[i].bits;
	}
	if (gfp || !*between)
		seq_printf(s, "%s%#x", between, gfp);
}

static void
report_zone(const struct zone *zone)
{
	unsigned order, type, blocks;
	char text[160];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		blocks = 0;
		for (type = 0; type < MIGRATE_TYPES; type++)
			blocks += zone->free_area[order].nr_free[type];
		seq_printf(&s, " %u", blocks);
	}
	pr_warn("  node %u %-7s free %lu min %lu low %lu high %lu managed "
		"%lu pcp %lu blocks:%s\n", zone->nid, zone->name,
		zone->nr_free, zone->watermark[WMARK_MIN],
		zone->watermark[WMARK_LOW], zone->watermark[WMARK_HIGH],
		zone->managed_pages, zone_pcp_count(zone), text);
}

void
show_zones(void)
{
	struct zone *zone;
	unsigned i;

	for_each_zone(zone, i)
		report_zone(zone);
}

void
warn_alloc(gfp_t gfp, unsigned order)
{
	static atomic_t failures;
	char text[200];
	struct seq_buf s;
	unsigned nr;

	if (gfp & __GFP_NOWARN)
		return;
	nr = atomic_add_return(&failures, 1);
	if (nr > REPORT_FIRST && nr % REPORT_EVERY) {
		nr_alloc_reports_dropped++;
		return;
	}
	nr_alloc_reports++;
	seq_buf_init(&s, text, sizeof(text));
	gfp_format(&s, gfp);
	pr_warn("page allocation failure: order %u, mode %#x (%s), core %u "
		"(%u reports left out)\n", order, gfp, text,
		smp_processor_id(), nr_alloc_reports_dropped);
	show_zones();
	dump_stack();
}
