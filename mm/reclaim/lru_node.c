/* SPDX-License-Identifier: MIT */
/* The node lru: how long each zone's lists are, and what reclaim cost lately. */
#include <kernel/node.h>
#include <lib/seq_buf.h>
#include <mm/lru.h>
#include <mm/reclaim.h>
#include <mm/zone.h>

static void
lru_show(struct seq_buf *s)
{
	struct zone *zone;
	unsigned i, lru, step;
	u32 evictions = workingset_evictions(&step);

	seq_printf(s, "policy %s, %u evictions, told apart in steps of %u\n%-8s",
		   reclaim_policy->name, evictions, step, "zone");
	for (lru = 0; lru < NR_LRU_LISTS; lru++)
		seq_printf(s, " %13s", lru_name(lru));
	seq_printf(s, " %9s %9s %9s\n", "isolated", "anon cost", "file cost");
	for_each_zone(zone, i) {
		const struct lruvec *l = &zone->lruvec;

		seq_printf(s, "%-8s", zone->name);
		for (lru = 0; lru < NR_LRU_LISTS; lru++)
			seq_printf(s, " %13lu", l->nr[lru]);
		seq_printf(s, " %9lu %9lu %9lu\n",
			   l->nr_isolated[0] + l->nr_isolated[1],
			   l->anon_cost, l->file_cost);
	}
}
NODE("lru", lru_show);
