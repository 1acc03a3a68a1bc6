/* SPDX-License-Identifier: MIT */
/*
 * Monitor command trace: record events, look at them, hand them to the host.
 *
 *	trace on kmem,stack	record all events of kmem, with call stacks
 *	trace off		record no more; what was recorded stays
 *	trace			what is on, how full the rings are
 *	trace show 20		the last 20 records of all cores
 *	trace dump FILE		to a file of the host, for tools/mmtrace
 *	trace clear		forget what was recorded
 *	trace size 256K stop	rings of 256 KiB for each core; a full one stops
 *	trace free		stop, and give the rings' memory back
 */
#include "monitor_private.h"

#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/trace_ring.h>

#ifndef VELLUM_NO_TRACE

#define SHOWN	20	/* records that `trace show` shows */

static int
trace_on_command(const char *list)
{
	trace_mask_t events;
	int err;

	if (trace_parse(list, &events))
		return monitor_error("trace", -EINVAL, "no such event in "
				     "\"%s\"; `trace` lists them", list);
	err = trace_start(events);
	if (err)
		return monitor_error("trace", err, "no memory for the rings");
	return 0;
}

static int
trace_size_command(const char *size, const char *mode)
{
	bool stop = trace_header.stop_when_full;
	char *end;
	u64 bytes = memparse(size, &end);
	int err;

	if (*end || end == size)
		return monitor_error("trace", -EINVAL, "\"%s\" is no size",
				     size);
	if (mode && strcmp(mode, "stop") && strcmp(mode, "overwrite"))
		return monitor_usage("trace");
	if (mode)
		stop = !strcmp(mode, "stop");
	if (bytes > TRACE_SIZE_MAX)
		bytes = 0;
	err = trace_configure((size_t)bytes, stop);
	if (err == -EBUSY)
		return monitor_error("trace", err, "it runs: trace off first");
	if (err)
		return monitor_error("trace", err, "a ring has 4K to 4M");
	return 0;
}

static int
trace_dump_command(const char *path)
{
	int err = trace_dump(path);

	if (err == -EINVAL)
		return monitor_error("trace", err, "nothing was recorded");
	if (err == -ENOENT)
		return monitor_error("trace", err, "the host does not open "
				     "\"%s\"", path);
	if (err)
		return monitor_error("trace", err, "the host's disk is full");
	console_printf("trace: wrote %s; tools/mmtrace reads it\n", path);
	return 0;
}

static int
trace_show_command(const char *number)
{
	unsigned long last = SHOWN;
	struct seq_buf s;

	if (number && monitor_number("trace", "number", number, &last))
		return -EINVAL;
	monitor_seq_begin(&s);
	trace_show(&s, (unsigned)last);
	monitor_seq_end(&s);
	return 0;
}

static void
trace_stat_command(void)
{
	struct seq_buf s;

	monitor_seq_begin(&s);
	trace_stat(&s);
	monitor_seq_end(&s);
}

static int
trace_command(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "stat";

	if (!strcmp(verb, "on") && argc == 3)
		return trace_on_command(argv[2]);
	if (!strcmp(verb, "size") && (argc == 3 || argc == 4))
		return trace_size_command(argv[2], argc == 4 ? argv[3] : NULL);
	if (!strcmp(verb, "dump") && argc == 3)
		return trace_dump_command(argv[2]);
	if (!strcmp(verb, "show") && argc <= 3)
		return trace_show_command(argc == 3 ? argv[2] : NULL);
	if (argc > 2)
		return monitor_usage(argv[0]);
	if (!strcmp(verb, "off"))
		trace_stop();
	else if (!strcmp(verb, "clear"))
		trace_clear();
	else if (!strcmp(verb, "free"))
		trace_release();
	else if (!strcmp(verb, "stat"))
		trace_stat_command();
	else
		return monitor_usage(argv[0]);
	return 0;
}
MONITOR_COMMAND("trace", trace_command,
		"[on EVENTS|off|show [N]|dump FILE|clear|size BYTES|free]",
		"record events of memory management");

#endif
