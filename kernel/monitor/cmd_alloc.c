/* SPDX-License-Identifier: MIT */
/*
 * Monitor commands that allocate by hand: alloc, free, allocs.
 *
 * After each call the free lists are compared with what they were, so that
 * the splits and merges of the buddy allocator are seen:
 *
 *	vellum> alloc 4
 *	pfn 0x60810, order 4 (64 KiB), zone Normal
 *	  Normal: order 4 +1, 5 +1, 6 -1
 *
 * One block of order 6 was split: one half of order 5 stayed free, of the
 * other one half of order 4 stayed free, and the last one is ours. Small
 * orders come from this core's lists, which are filled in batches; what
 * moves there is said too.
 */
#include "monitor_private.h"

#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/page.h>
#include <mm/zone.h>

#define MAX_HELD	64u

struct held {
	struct page *page;		/* NULL: the slot is free */
	unsigned order;
	gfp_t gfp;
};

/* Free blocks of each zone and order; frames on the cores' lists. */
struct snapshot {
	u32 blocks[MAX_NODES * 4][NR_PAGE_ORDERS];
	long cached;
};

static struct held held[MAX_HELD];	/* the monitor's thread */
static struct snapshot before, after;	/* too large for the stack */

static const struct {
	const char *name;
	gfp_t gfp;
} gfp_names[] = {
	{ "GFP_KERNEL", GFP_KERNEL },
	{ "GFP_ATOMIC", GFP_ATOMIC },
	{ "GFP_NOWAIT", GFP_NOWAIT },
	{ "GFP_NOIO", GFP_NOIO },
	{ "GFP_NOFS", GFP_NOFS },
	{ "GFP_DMA", GFP_DMA },
	{ "GFP_USER", GFP_USER },
	{ "GFP_HIGHUSER", GFP_HIGHUSER },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE },
	{ "__GFP_DMA", __GFP_DMA },
	{ "__GFP_HIGHMEM", __GFP_HIGHMEM },
	{ "__GFP_MOVABLE", __GFP_MOVABLE },
	{ "__GFP_RECLAIMABLE", __GFP_RECLAIMABLE },
	{ "__GFP_HIGH", __GFP_HIGH },
	{ "__GFP_ZERO", __GFP_ZERO },
	{ "__GFP_NOWARN", __GFP_NOWARN },
	{ "__GFP_NORETRY", __GFP_NORETRY },
	{ "__GFP_MEMALLOC", __GFP_MEMALLOC },
	{ "__GFP_COMP", __GFP_COMP },
	{ "__GFP_THISNODE", __GFP_THISNODE },
};

static void
snapshot_take(struct snapshot *snap)
{
	struct zone *zone;
	unsigned i, order, type;
	unsigned long listed = 0;

	memset(snap, 0, sizeof(*snap));
	for_each_zone(zone, i) {
		unsigned long flags = spin_lock_irqsave(&zone->lock);

		for (order = 0; order < NR_PAGE_ORDERS; order++) {
			for (type = 0; type < MIGRATE_TYPES; type++)
				snap->blocks[i][order] +=
					zone->free_area[order].nr_free[type];
		}
		spin_unlock_irqrestore(&zone->lock, flags);
		for (order = 0; order < NR_PAGE_ORDERS; order++)
			listed += 1ul * snap->blocks[i][order] << order;
	}
	snap->cached = (long)(nr_free_pages() - listed);
}

/* Print how the free lists of one zone changed, if they did. */
static void
snapshot_zone_diff(const char *name, const u32 *from, const u32 *to)
{
	unsigned order, n = 0;

	for (order = 0; order < NR_PAGE_ORDERS; order++) {
		int diff = (int)(to[order] - from[order]);

		if (!diff)
			continue;
		if (!n++)
			console_printf("  %s: order %u %+d", name, order, diff);
		else
			console_printf(", %u %+d", order, diff);
	}
	if (n)
		console_puts("\n");
}

static void
snapshot_diff(void)
{
	struct zone *zone;
	unsigned i;

	snapshot_take(&after);
	for_each_zone(zone, i)
		snapshot_zone_diff(zone->name, before.blocks[i],
				   after.blocks[i]);
	if (after.cached != before.cached)
		console_printf("  per-CPU lists: %ld -> %ld frames\n",
			       before.cached, after.cached);
}

/* Add the flag [name, name + n) to *gfp; false if there is none. */
static bool
alloc_flag(const char *name, size_t n, gfp_t *gfp)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(gfp_names); i++) {
		if (strlen(gfp_names[i].name) == n &&
		    strncmp(gfp_names[i].name, name, n) == 0) {
			*gfp |= gfp_names[i].gfp;
			return true;
		}
	}
	return false;
}

/* Read flags joined by | from one word. */
static int
alloc_flags(const char *command, const char *text, gfp_t *gfp)
{
	const char *end;

	for (;; text = end + 1) {
		end = strchr(text, '|');
		if (!end)
			end = text + strlen(text);
		if (!alloc_flag(text, (size_t)(end - text), gfp))
			return monitor_error(command, -EINVAL, "no flag "
					     "\"%.*s\"; try GFP_ATOMIC or "
					     "GFP_KERNEL|__GFP_ZERO",
					     (int)(end - text), text);
		if (!*end)
			return 0;
	}
}

static void
held_show(const struct held *h)
{
	char text[80];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	gfp_format(&s, h->gfp);
	console_printf("pfn 0x%lx, order %u (%lu KiB), zone %s, %s\n",
		       page_to_pfn(h->page), h->order,
		       (PAGE_SIZE / SZ_1K) << h->order,
		       page_zone(h->page)->name, text);
}

static struct held *
held_find(const struct page *page)
{
	unsigned i;

	for (i = 0; i < MAX_HELD; i++) {
		if (held[i].page == page)
			return &held[i];
	}
	return NULL;
}

static int
alloc_command(int argc, char **argv)
{
	struct held *slot = held_find(NULL);
	unsigned long order;
	gfp_t gfp = 0;
	int i;

	if (argc < 2)
		return monitor_usage(argv[0]);
	if (monitor_number(argv[0], "order", argv[1], &order))
		return -EINVAL;
	if (order > MAX_ORDER)
		return monitor_error(argv[0], -EINVAL, "order must be 0 to %d",
				     MAX_ORDER);
	for (i = 2; i < argc; i++) {
		if (alloc_flags(argv[0], argv[i], &gfp))
			return -EINVAL;
	}
	if (!slot)
		return monitor_error(argv[0], -ENOSPC, "%u blocks are held "
				     "already; free one", MAX_HELD);
	slot->gfp = argc > 2 ? gfp : GFP_KERNEL;
	slot->order = (unsigned)order;
	snapshot_take(&before);
	slot->page = alloc_pages(slot->gfp, slot->order);
	if (!slot->page)
		return monitor_error(argv[0], -ENOMEM, "no free block for it; "
				     "see \"cat buddyinfo\"");
	held_show(slot);
	snapshot_diff();
	return 0;
}
MONITOR_COMMAND("alloc", alloc_command, "ORDER [GFP...]",
		"allocate 2^ORDER frames, show what was split");

static void
held_free(struct held *h)
{
	free_frames(h->page, h->order);
	h->page = NULL;
}

static int
free_command(int argc, char **argv)
{
	unsigned long pfn;
	struct held *h;
	unsigned i;

	if (argc != 2)
		return monitor_usage(argv[0]);
	snapshot_take(&before);
	if (strcmp(argv[1], "all") == 0) {
		for (i = 0; i < MAX_HELD; i++) {
			if (held[i].page)
				held_free(&held[i]);
		}
		snapshot_diff();
		return 0;
	}
	if (monitor_number(argv[0], "frame", argv[1], &pfn))
		return -EINVAL;
	h = pfn_valid(pfn) ? held_find(pfn_to_page(pfn)) : NULL;
	if (!h)
		return monitor_error(argv[0], -ENOENT, "pfn 0x%lx was not "
				     "allocated here; see \"allocs\"", pfn);
	held_free(h);
	snapshot_diff();
	return 0;
}
MONITOR_COMMAND("free", free_command, "PFN|all",
		"free what alloc gave, show what merged");

static int
allocs_command(int argc, char **argv)
{
	unsigned i, n = 0;

	if (argc > 1)
		return monitor_usage(argv[0]);
	for (i = 0; i < MAX_HELD; i++) {
		if (!held[i].page)
			continue;
		held_show(&held[i]);
		n++;
	}
	console_printf("%u blocks held\n", n);
	return 0;
}
MONITOR_COMMAND("allocs", allocs_command, "", "list what alloc gave");
