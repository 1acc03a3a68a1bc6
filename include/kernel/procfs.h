/* SPDX-License-Identifier: MIT */
/*
 * /proc: the nodes (kernel/node.h), the knobs of sys/, and a folder for each
 * process whose files are registered here by whoever knows them.
 */
#ifndef KERNEL_PROCFS_H
#define KERNEL_PROCFS_H

#include <kernel/fs.h>
#include <kernel/task.h>
#include <lib/seq_buf.h>

/*
 * A file of /proc/PID. Exactly one of show, read, jump. task has a reference
 * for the time of the call; it may be dead already.
 */
struct pid_file {
	const char *name;
	umode_t mode;
	/* Print it; 0 or -Exxx. The text may be asked for twice. */
	int (*show)(struct seq_buf *s, struct task *task);
	/* Binary: from *pos, which advances. */
	ssize_t (*read)(struct task *task, struct iov_iter *to, u64 *pos);
	/* A symbolic link to a place: references to *path, or -Exxx. */
	int (*jump)(struct task *task, struct path *path);
	/* Optional: text, NUL-terminated, without its last newline. 0, -Exxx */
	int (*write)(struct task *task, const char *text);
};

/* PROC_PID_FILE(maps, .name = "maps", .mode = 0444, .show = maps_show); */
#define PROC_PID_FILE(id, ...) \
	static const struct pid_file pid_file_##id \
	__used __section(".pid_files") __aligned(4) = { __VA_ARGS__ }

/*
 * A file of /proc that is no text: PROC_BINARY(kpageflags, .name = ...).
 * read: from *pos, which advances; bytes, 0 at the end, or -Exxx.
 */
struct proc_binary {
	const char *name;
	umode_t mode;
	ssize_t (*read)(struct iov_iter *to, u64 *pos);
};

#define PROC_BINARY(id, ...) \
	static const struct proc_binary proc_binary_##id \
	__used __section(".proc_binaries") __aligned(4) = { __VA_ARGS__ }

/*
 * A knob of /proc/sys: SYSCTL(swappiness, .name = "vm/swappiness", ...).
 * Either value with its limits, or show and store.
 */
struct sysctl {
	const char *name;		/* below sys/ */
	int *value;
	int min, max;
	void (*show)(struct seq_buf *s);
	int (*store)(const char *text);	/* 0 or -EINVAL; NULL: read only */
};

#define SYSCTL(id, ...) \
	static const struct sysctl sysctl_##id \
	__used __section(".sysctls") __aligned(4) = { __VA_ARGS__ }

#endif
