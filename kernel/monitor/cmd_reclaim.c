/* SPDX-License-Identifier: MIT */
/*
 * reclaim: win memory back, one step at a time.
 *
 *	reclaim			how long the lists are
 *	reclaim 12		one pass at priority 12 (1/4096 of each list)
 *	reclaim 0 100		look at everything, until 100 pages are won
 */
#include <kernel/monitor.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/reclaim.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

static void
sink_console(const char *text, size_t len, void *arg)
{
	(void)arg;
	console_write(text, len);
}

static void
show_lists(void)
{
	char line[128];
	struct seq_buf s;

	seq_buf_init(&s, line, sizeof(line));
	seq_buf_set_sink(&s, sink_console, NULL);
	node_find("lru")->show(&s);
	seq_buf_flush(&s);
}

static int
reclaim_command(int argc, char **argv)
{
	unsigned long priority, nr = ~0ul >> 1, won, scanned;
	struct zone *zone;
	unsigned i;

	if (argc == 1) {
		show_lists();
		return 0;
	}
	if (argc > 3 || kstrtoul(argv[1], 10, &priority) || priority > 12 ||
	    (argc == 3 && kstrtoul(argv[2], 10, &nr)))
		return -EINVAL;
	for_each_zone(zone, i) {
		scanned = vm_event(PGSCAN_KSWAPD);
		won = reclaim_step(zone, (unsigned)priority, nr);
		console_printf("%s: %lu looked at, %lu won\n", zone->name,
			       vm_event(PGSCAN_KSWAPD) - scanned, won);
	}
	return 0;
}
MONITOR_COMMAND("reclaim", reclaim_command, "[PRIORITY [PAGES]]",
		"the lists of pages by use, or one pass over them");
