/* SPDX-License-Identifier: MIT */
/*
 * What is mounted, for people and programs: /proc/mounts (/proc/PID/mounts),
 * mountinfo, mountstats, in the formats of proc(5).
 *
 *	mounts		tmpfs /dev/shm tmpfs rw,mode=1777 0 0
 *	mountinfo	5 4 0:5 / /dev/shm rw - tmpfs tmpfs rw,mode=1777
 *			| | |   | |        |    |     |     the file system's options
 *			| | |   | |        |    |     its device's name
 *			| | |   | |        |    its type (no optional fields before -)
 *			| | |   | |        the mount's own options
 *			| | |   | where it hangs
 *			| | |   which folder of the file system is its root: always /
 *			| | st_dev of its files
 *			| the mount that it hangs in; the first one: itself
 *			its number (mnt_id of /proc/PID/fdinfo)
 *	mountstats	device tmpfs mounted on /dev/shm with fstype tmpfs
 *
 * There is one tree for all processes, so the file is the same in each folder;
 * paths are those of who reads, below his root, and what hangs elsewhere is left
 * out. A blank, a tab, a newline or a backslash in a name is written as \040 and
 * so on: a line has its fields always.
 *
 * Locks   none of its own: mount_for_each().
 */
#include <kernel/node.h>
#include <kernel/procfs.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

/* How a line is written: path is where the mount hangs. */
typedef void (*line_fn)(struct seq_buf *s, const struct mount *m,
			const char *path);

struct listing {
	struct seq_buf *s;
	line_fn line;
	char *buf;			/* PATH_MAX bytes */
};

static void
put_name(struct seq_buf *s, const char *name)
{
	for (; *name; name++) {
		if (strchr(" \t\n\\", *name))
			seq_printf(s, "\\%03o", (unsigned)*name);
		else
			seq_putc(s, *name);
	}
}

static void
put_mount_options(struct seq_buf *s, const struct mount *m)
{
	u32 flags = READ_ONCE(m->mnt_sb->s_flags);

	seq_printf(s, "%s%s%s%s", flags & SB_RDONLY ? "ro" : "rw",
		   flags & SB_NOSUID ? ",nosuid" : "",
		   flags & SB_NODEV ? ",nodev" : "",
		   flags & SB_NOEXEC ? ",noexec" : "");
}

static void
put_fs_options(struct seq_buf *s, const struct mount *m)
{
	if (m->mnt_sb->s_op->show_options)
		m->mnt_sb->s_op->show_options(s, m->mnt_sb);
}

static void
mounts_line(struct seq_buf *s, const struct mount *m, const char *path)
{
	put_name(s, m->mnt_devname);
	seq_putc(s, ' ');
	put_name(s, path);
	seq_printf(s, " %s ", m->mnt_sb->s_type->name);
	put_mount_options(s, m);
	put_fs_options(s, m);
	seq_puts(s, " 0 0\n");
}

static void
mountinfo_line(struct seq_buf *s, const struct mount *m, const char *path)
{
	dev_t dev = m->mnt_sb->s_dev;

	seq_printf(s, "%d %d %u:%u / ", m->mnt_id, m->mnt_parent->mnt_id,
		   MAJOR(dev), MINOR(dev));
	put_name(s, path);
	seq_putc(s, ' ');
	put_mount_options(s, m);
	seq_printf(s, " - %s ", m->mnt_sb->s_type->name);
	put_name(s, m->mnt_devname);
	seq_puts(s, m->mnt_sb->s_flags & SB_RDONLY ? " ro" : " rw");
	put_fs_options(s, m);
	seq_putc(s, '\n');
}

static void
mountstats_line(struct seq_buf *s, const struct mount *m, const char *path)
{
	seq_puts(s, "device ");
	put_name(s, m->mnt_devname);
	seq_puts(s, " mounted on ");
	put_name(s, path);
	seq_printf(s, " with fstype %s\n", m->mnt_sb->s_type->name);
}

static void
show_one(struct mount *m, void *arg)
{
	struct path path = { m, m->mnt_root };
	struct listing *list = arg;
	int err;
	char *text = d_path(&path, list->buf, PATH_MAX, &err);

	if (err <= 0)		/* else he cannot get there */
		list->line(list->s, m, text ? text : "?");
}

/* 0, -ENOMEM. */
static int
show_all(struct seq_buf *s, line_fn line)
{
	struct listing list = { s, line, kmalloc(PATH_MAX, GFP_KERNEL) };

	if (!list.buf)
		return -ENOMEM;
	mount_for_each(show_one, &list);
	kfree(list.buf);
	return 0;
}

static void
mounts_node(struct seq_buf *s)
{
	show_all(s, mounts_line);
}
NODE("mounts", mounts_node);

static int
mounts_show(struct seq_buf *s, struct task *task)
{
	(void)task;
	return show_all(s, mounts_line);
}
PROC_PID_FILE(mounts, .name = "mounts", .mode = 0444, .show = mounts_show);

static int
mountinfo_show(struct seq_buf *s, struct task *task)
{
	(void)task;
	return show_all(s, mountinfo_line);
}
PROC_PID_FILE(mountinfo, .name = "mountinfo", .mode = 0444,
	      .show = mountinfo_show);

static int
mountstats_show(struct seq_buf *s, struct task *task)
{
	(void)task;
	return show_all(s, mountstats_line);
}
PROC_PID_FILE(mountstats, .name = "mountstats", .mode = 0400,
	      .show = mountstats_show);
