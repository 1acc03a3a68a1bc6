/* SPDX-License-Identifier: MIT */
/*
 * The box: many small programs in one file.
 *
 * Why one      each program brings some 30 KiB of newlib; forty of them would
 *              not fit beside the kernel in 16 MiB, one does. /bin/ls and the
 *              others are links to /bin/box, which looks at the name that it
 *              was started by.
 * An applet    is a function like main() and an APPLET() below it. Nothing
 *              else needs to be told: the linker gathers them, and
 *              tools/initramfs finds their names by the mark.
 */
#ifndef BOX_H
#define BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct applet {
	const char *marked_name;	/* "applet:ls" */
	int (*run)(int argc, char **argv);
	const char *usage;		/* arguments | what it does */
};
#define APPLET_MARK "applet:"

#define APPLET(name_, function_, usage_) \
	static const struct applet applet_##function_ \
	__attribute__((used, section(".table." #name_))) = { \
		APPLET_MARK #name_, function_, usage_ }

extern const struct applet table_start[], table_end[];	/* user.ld */

/* NULL: there is none. */
const struct applet *applet_find(const char *name);
static inline const char *
applet_name(const struct applet *applet)
{
	return applet->marked_name + sizeof(APPLET_MARK) - 1;
}

/* --- what several applets need (util.c, procfs.c) --- */

/* "name: what: why" on standard error; returns 1, the status to exit with. */
int complain(const char *what);
int complain_usage(void);
extern const char *program;		/* the applet's name */

/* Copy everything; 0 or -1. */
int copy_fd(int from, int to);

/* The whole file as a string, to be freed; NULL and errno. */
char *read_file(const char *path);
/* The number behind "name" in text like that of /proc/meminfo; 0: no such. */
unsigned long long value_in(const char *text, const char *name);
/* "12", "4k", "1m": bytes. */
unsigned long long parse_size(const char *text);

/* What /proc/PID/stat and status say of a process; sizes in KiB. */
struct proc {
	int pid, ppid, pgrp, session, threads;
	char state, name[32];
	unsigned long minflt, majflt, utime, stime;	/* times in ticks */
	unsigned long vsz, rss, swap;
	unsigned long long start;			/* ticks after boot */
};
bool proc_read(int pid, struct proc *proc);
/* All processes in order of number; *count; to be freed. */
struct proc *proc_list(int *count);

/* Sums over /proc/PID/smaps, KiB. */
struct smaps_sum {
	unsigned long size, rss, pss, shared, private, swap, locked;
};
bool smaps_read(int pid, struct smaps_sum *sum);

#endif
