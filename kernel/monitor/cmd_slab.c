/* SPDX-License-Identifier: MIT */
/* Monitor command slabtop: the caches that hold most memory. */
#include <kernel/monitor.h>
#include <kernel/printk.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "monitor_private.h"

#define SHOWN	20

struct top {
	struct slab_info rows[SHOWN];	/* by frames, most first */
	char names[SHOWN][32];
	unsigned nr;
	unsigned long active, total, slabs, frames, caches;
};

/* Insert the row where it belongs; the least falls off. */
static void
top_add(const struct slab_info *info, void *arg)
{
	struct top *top = arg;
	unsigned at;

	top->caches++;
	top->active += info->usage.active;
	top->total += info->usage.total;
	top->slabs += info->usage.slabs;
	top->frames += info->usage.frames;
	for (at = top->nr; at && top->rows[at - 1].usage.frames <
	     info->usage.frames; at--) {
		if (at == SHOWN)
			continue;
		top->rows[at] = top->rows[at - 1];
		memcpy(top->names[at], top->names[at - 1], 32);
	}
	if (at == SHOWN)
		return;
	top->rows[at] = *info;
	strscpy(top->names[at], info->name, 32);
	if (top->nr < SHOWN)
		top->nr++;
}

static unsigned
percent(unsigned long part, unsigned long whole)
{
	return whole ? part * 100 / whole : 0;
}

static int
slabtop_command(int argc, char **argv)
{
	static struct top top;

	memset(&top, 0, sizeof(top));
	slab_for_each(top_add, &top);
	console_printf("design %s, %lu caches, %lu slabs, %lu KiB, %lu of %lu "
		       "objects in use (%u%%)\n", slab_design_name(),
		       top.caches, top.slabs, top.frames * 4, top.active,
		       top.total, percent(top.active, top.total));
	console_printf("   OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB "
		       "CACHE SIZE NAME\n");
	for (unsigned i = 0; i < top.nr && !monitor_interrupted(); i++) {
		const struct slab_info *r = &top.rows[i];

		console_printf("%7lu %6lu %3u%% %7uB %6lu %8u %9luK %s\n",
			       r->usage.total, r->usage.active,
			       percent(r->usage.active, r->usage.total),
			       r->size, r->usage.slabs, r->objects,
			       r->usage.frames * 4, top.names[i]);
	}
	return 0;
}
MONITOR_COMMAND("slabtop", slabtop_command, "",
		"the caches that hold most memory");
