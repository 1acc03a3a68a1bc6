/* SPDX-License-Identifier: MIT */
/*
 * Monitor commands of disks.
 *
 *	blk			which there are
 *	blk vda 3		hexdump of sector 3
 *	blk vda fail 2 1	after two requests from now on one fails; reads
 *				and writes alike (fail 0 0: none)
 *	sync			what is dirty is written
 */
#include <kernel/blk.h>
#include <kernel/monitor.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>

#define ROW	16

static void
sink_console(const char *text, size_t len, void *arg)
{
	(void)arg;
	console_write(text, len);
}

static void
list_disks(void)
{
	char line[128];
	struct seq_buf s;

	seq_buf_init(&s, line, sizeof(line));
	seq_buf_set_sink(&s, sink_console, NULL);
	node_find("blk")->show(&s);
	seq_buf_flush(&s);
}

static void
dump_row(unsigned at, const u8 *bytes)
{
	console_printf("%03x ", at);
	for (unsigned i = 0; i < ROW; i++)
		console_printf(" %02x", bytes[i]);
	console_puts("  ");
	for (unsigned i = 0; i < ROW; i++)
		console_printf("%c", bytes[i] >= ' ' && bytes[i] < 127 ?
			       bytes[i] : '.');
	console_puts("\n");
}

/* Rows that only repeat the one above are one "*". */
static void
dump_rows(const u8 *buf)
{
	bool starred = false;

	for (unsigned at = 0; at < SECTOR_SIZE; at += ROW) {
		if (at && !memcmp(buf + at, buf + at - ROW, ROW)) {
			if (!starred)
				console_puts("*\n");
			starred = true;
			continue;
		}
		starred = false;
		dump_row(at, buf + at);
	}
}

static int
dump_sector(struct block_device *disk, unsigned long sector)
{
	u8 *buf = get_free_page(GFP_KERNEL);
	int err;

	if (!buf) {
		console_puts("blk: no memory\n");
		return -ENOMEM;
	}
	err = blk_read(disk, sector, buf, SECTOR_SIZE);
	if (err)
		console_printf("blk: cannot read sector %lu of %s: error %d\n",
			       sector, disk->name, -err);
	if (!err)
		dump_rows(buf);
	free_page(buf);
	return err;
}

/* blk DISK fail SKIP NR */
static int
fail_some(struct block_device *disk, char **argv)
{
	unsigned long skip, nr;

	if (strcmp(argv[2], "fail") || kstrtoul(argv[3], 0, &skip) ||
	    kstrtoul(argv[4], 0, &nr)) {
		console_puts("blk: usage: blk DISK fail SKIP NR\n");
		return -EINVAL;
	}
	blk_fail_requests(disk, 1u << BLK_READ | 1u << BLK_WRITE, (u32)skip,
			  (u32)nr);
	return 0;
}

static int
blk_command(int argc, char **argv)
{
	struct block_device *disk;
	unsigned long sector;

	if (argc == 1) {
		list_disks();
		return 0;
	}
	disk = blk_find(argv[1]);
	if (!disk) {
		console_printf("blk: no disk is called \"%s\"\n", argv[1]);
		return -ENODEV;
	}
	if (argc == 5)
		return fail_some(disk, argv);
	if (argc != 3 || kstrtoul(argv[2], 0, &sector)) {
		console_puts("blk: usage: blk [DISK SECTOR]\n");
		return -EINVAL;
	}
	return dump_sector(disk, sector);
}
MONITOR_COMMAND("blk", blk_command, "[DISK SECTOR]",
		"list the disks, or show a sector");

static int
sync_command(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	sync_all();
	return 0;
}
MONITOR_COMMAND("sync", sync_command, "", "write what is dirty to its disk");
