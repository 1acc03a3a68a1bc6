/* SPDX-License-Identifier: MIT */
/*
 * zram0 for people: its files below /proc/sys/block/zram0, under Linux's names
 * and with its columns, and the monitor command.
 *
 *	disksize	rw  bytes; K, M, G may follow; can be set once, until reset
 *	mem_limit	rw  bytes of memory it may use; 0: no limit
 *	mem_used_max	 w  0: measure the most used anew
 *	reset		 w  1: forget everything
 *	compact		 w  1: move compressed pages together, so that frames are freed
 *	comp_algorithm	r   [lz4]
 *	initstate	r   1 with a size
 *	mm_stat		r   bytes stored, bytes of the blocks, memory used, limit,
 *			    most used, same-filled pages, frames freed by
 *			    compact, pages kept raw, the same since it got its size
 *	io_stat		r   failed reads, failed writes, invalid, freed slots
 *	classes		r   the pool, one class a line
 */
#include <drivers/zram.h>
#include <kernel/monitor.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/procfs.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/page.h>

/* A number with an optional K, M or G, the whole text. */
static int
parse_bytes(const char *text, u64 *bytes)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	*bytes = memparse(text, &end);
	return *end ? -EINVAL : 0;
}

static void
size_show(struct seq_buf *s)
{
	seq_printf(s, "%llu\n", zram_size());
}

static int
size_store(const char *text)
{
	u64 bytes;
	int err = parse_bytes(text, &bytes);

	return err ? err : zram_set_size(bytes);
}
SYSCTL(zram_disksize, .name = "block/zram0/disksize", .show = size_show,
       .store = size_store);

static void
limit_show(struct seq_buf *s)
{
	seq_printf(s, "%llu\n", zram_limit());
}

static int
limit_store(const char *text)
{
	u64 bytes;
	int err = parse_bytes(text, &bytes);

	if (!err)
		zram_set_limit(bytes);
	return err;
}
SYSCTL(zram_mem_limit, .name = "block/zram0/mem_limit", .show = limit_show,
       .store = limit_store);

static void
used_max_show(struct seq_buf *s)
{
	struct zram_stats stats;

	zram_get_stats(&stats);
	seq_printf(s, "%llu\n", (u64)stats.frames_max << PAGE_SHIFT);
}

static int
used_max_store(const char *text)
{
	if (strcmp(text, "0"))
		return -EINVAL;
	zram_forget_max();
	return 0;
}
SYSCTL(zram_mem_used_max, .name = "block/zram0/mem_used_max",
       .show = used_max_show, .store = used_max_store);

static void
reset_show(struct seq_buf *s)
{
	seq_puts(s, "0\n");
}

static int
reset_store(const char *text)
{
	return strcmp(text, "1") ? -EINVAL : zram_reset();
}
SYSCTL(zram_reset, .name = "block/zram0/reset", .show = reset_show,
       .store = reset_store);

static int
compact_store(const char *text)
{
	return strcmp(text, "1") ? -EINVAL : zram_compact();
}
SYSCTL(zram_compact, .name = "block/zram0/compact", .show = reset_show,
       .store = compact_store);

static void
algorithm_show(struct seq_buf *s)
{
	seq_puts(s, "[lz4]\n");
}

static int
algorithm_store(const char *text)
{
	return strcmp(text, "lz4") ? -EINVAL : 0;
}
SYSCTL(zram_comp_algorithm, .name = "block/zram0/comp_algorithm",
       .show = algorithm_show, .store = algorithm_store);

static void
initstate_show(struct seq_buf *s)
{
	seq_printf(s, "%d\n", zram_size() != 0);
}
NODE("sys/block/zram0/initstate", initstate_show);

static void
mm_stat_show(struct seq_buf *s)
{
	struct zram_stats st;

	zram_get_stats(&st);
	seq_printf(s, "%8llu %8lu %8llu %8llu %8llu %8lu %8lu %8lu %8lu\n",
		   (u64)st.stored << PAGE_SHIFT, st.packed_bytes +
		   (st.raw << PAGE_SHIFT), (u64)st.frames << PAGE_SHIFT,
		   zram_limit(), (u64)st.frames_max << PAGE_SHIFT, st.same,
		   st.compacted, st.raw, st.raw_ever);
}
NODE("sys/block/zram0/mm_stat", mm_stat_show);

static void
io_stat_show(struct seq_buf *s)
{
	struct zram_stats st;

	zram_get_stats(&st);
	seq_printf(s, "%8lu %8lu %8lu %8lu\n", st.failed_reads,
		   st.failed_writes, 0ul, st.freed);
}
NODE("sys/block/zram0/io_stat", io_stat_show);
NODE("sys/block/zram0/classes", zram_show_classes);

/* --- Monitor --- */

static void
sink_console(const char *text, size_t len, void *arg)
{
	(void)arg;
	console_write(text, len);
}

static int
show(void)
{
	struct zram_stats st;
	char line[128];
	struct seq_buf s;
	unsigned long packed;

	if (!zram_size()) {
		console_puts("zram0 has no size: zram size 64M\n");
		return 0;
	}
	zram_get_stats(&st);
	packed = st.stored - st.same - st.raw;
	console_printf("zram0: %llu KiB, of them %lu KiB stored in %lu KiB "
		       "(at most %lu)\n", zram_size() >> 10, st.stored * 4,
		       st.frames * 4, st.frames_max * 4);
	console_printf("  %lu pages of one word, %lu compressed to %lu bytes "
		       "on average, %lu raw\n", st.same, packed,
		       packed ? st.packed_bytes / packed : 0, st.raw);
	console_printf("  %lu slots freed, failed: %lu reads, %lu writes\n",
		       st.freed, st.failed_reads, st.failed_writes);
	console_printf("  %lu frames freed by compacting\n", st.compacted);
	seq_buf_init(&s, line, sizeof(line));
	seq_buf_set_sink(&s, sink_console, NULL);
	zram_show_classes(&s);
	seq_buf_flush(&s);
	return 0;
}

static int
cmd_zram(int argc, char **argv)
{
	u64 bytes;
	int err = -EINVAL;

	if (argc == 1)
		return show();
	if (argc == 2 && !strcmp(argv[1], "reset"))
		err = zram_reset();
	else if (argc == 2 && !strcmp(argv[1], "compact"))
		err = zram_compact();
	else if (argc == 3 && !strcmp(argv[1], "size") &&
		 !parse_bytes(argv[2], &bytes))
		err = zram_set_size(bytes);
	else
		console_puts("usage: zram [size BYTES|compact|reset]\n");
	if (err == -EBUSY)
		console_puts("zram: in use, or it has a size already\n");
	else if (err == -ENOMEM)
		console_puts("zram: no memory\n");
	return err;
}
MONITOR_COMMAND("zram", cmd_zram, "[size BYTES|compact|reset]",
		"the compressing disk in memory: its size, what it holds");
