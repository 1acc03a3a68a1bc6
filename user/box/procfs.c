/* SPDX-License-Identifier: MIT */
/* Processes as /proc tells of them. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"

/*
 * The name stands in brackets and may hold anything, brackets too: what counts
 * is the last closing one. Behind it, by number: 3 state, 4 ppid, 5 pgrp,
 * 6 session, 10 minflt, 12 majflt, 14 utime, 15 stime, 20 threads,
 * 22 start, 23 vsize in bytes, 24 rss in pages.
 */
static bool
parse_stat(const char *text, struct proc *proc)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	unsigned long pages, bytes;

	if (!open || !close || close < open)
		return false;
	snprintf(proc->name, sizeof(proc->name), "%.*s",
		 (int)(close - open - 1), open + 1);
	if (sscanf(close + 1,
		   " %c %d %d %d %*d %*d %*u %lu %*u %lu %*u %lu %lu %*d %*d"
		   " %*d %*d %d %*d %llu %lu %lu",
		   &proc->state, &proc->ppid, &proc->pgrp, &proc->session,
		   &proc->minflt, &proc->majflt, &proc->utime, &proc->stime,
		   &proc->threads, &proc->start, &bytes, &pages) != 12)
		return false;
	proc->vsz = bytes / 1024;
	proc->rss = pages * 4;
	return true;
}

bool
proc_read(int pid, struct proc *proc)
{
	char path[40], *text;
	bool good;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	text = read_file(path);
	if (!text)
		return false;
	proc->pid = pid;
	proc->swap = 0;
	good = parse_stat(text, proc);
	free(text);
	return good;
}

static int
by_pid(const void *a, const void *b)
{
	return ((const struct proc *)a)->pid - ((const struct proc *)b)->pid;
}

struct proc *
proc_list(int *count)
{
	struct proc *list = NULL, *more;
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int n = 0, room = 0;

	*count = 0;
	if (!dir)
		return NULL;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (n == room) {
			room = room ? 2 * room : 32;
			more = realloc(list, room * sizeof(*list));
			if (!more)
				break;
			list = more;
		}
		/* One that ended meanwhile is left out. */
		n += proc_read(atoi(entry->d_name), &list[n]);
	}
	closedir(dir);
	if (list)
		qsort(list, n, sizeof(*list), by_pid);
	*count = n;
	return list;
}

static void
add_line(struct smaps_sum *sum, const char *line)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		{ "Size:", offsetof(struct smaps_sum, size) },
		{ "Rss:", offsetof(struct smaps_sum, rss) },
		{ "Pss:", offsetof(struct smaps_sum, pss) },
		{ "Shared_", offsetof(struct smaps_sum, shared) },
		{ "Private_", offsetof(struct smaps_sum, private) },
		{ "Swap:", offsetof(struct smaps_sum, swap) },
		{ "Locked:", offsetof(struct smaps_sum, locked) },
	};
	const char *colon = strchr(line, ':');
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!strncmp(line, fields[i].name, strlen(fields[i].name)))
			*(unsigned long *)((char *)sum + fields[i].offset) +=
				strtoul(colon + 1, NULL, 10);
	}
}

bool
smaps_read(int pid, struct smaps_sum *sum)
{
	char path[40], *text, *line, *rest;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	text = read_file(path);
	if (!text)
		return false;
	memset(sum, 0, sizeof(*sum));
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (isupper((unsigned char)*line) && strchr(line, ':'))
			add_line(sum, line);
	}
	free(text);
	return true;
}
