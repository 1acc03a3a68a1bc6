/* SPDX-License-Identifier: MIT */
/* ps, top, pidof, time: processes, and what they use. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

#define TICKS_PER_SECOND 100

static void
print_time(unsigned long ticks)
{
	printf("%3lu:%02lu.%02lu", ticks / TICKS_PER_SECOND / 60,
	       ticks / TICKS_PER_SECOND % 60, ticks % TICKS_PER_SECOND);
}

static int
ps_main(int argc, char **argv)
{
	struct proc *list, *p;
	int count;

	list = proc_list(&count);
	if (!list)
		return complain("/proc");
	puts("  PID  PPID  PGRP S  VSZ KiB  RSS KiB  MINFLT MAJFLT      TIME NAME");
	for (p = list; p < list + count; p++) {
		printf("%5d %5d %5d %c %8lu %8lu %7lu %6lu ", p->pid, p->ppid,
		       p->pgrp, p->state, p->vsz, p->rss, p->minflt, p->majflt);
		print_time(p->utime + p->stime);
		printf(p->vsz ? " %s\n" : " [%s]\n", p->name);
	}
	free(list);
	return 0;
}
APPLET(ps, ps_main, "|processes");

static int
pidof_main(int argc, char **argv)
{
	struct proc *list;
	int count, i;
	bool found = false;

	if (argc != 2)
		return complain_usage();
	list = proc_list(&count);
	for (i = 0; i < count; i++) {
		if (strcmp(list[i].name, argv[1]))
			continue;
		printf("%s%d", found ? " " : "", list[i].pid);
		found = true;
	}
	if (found)
		putchar('\n');
	free(list);
	return !found;
}
APPLET(pidof, pidof_main, "NAME|numbers of processes");

/* What a process used between two looks; p->utime is replaced by it. */
static void
subtract(struct proc *now, int count, const struct proc *before, int old_count)
{
	int i, k;

	for (i = 0; i < count; i++) {
		unsigned long total = now[i].utime + now[i].stime;

		for (k = 0; k < old_count; k++) {
			if (before[k].pid == now[i].pid &&
			    before[k].start == now[i].start)
				total -= before[k].utime + before[k].stime;
		}
		now[i].utime = total;
		now[i].stime = 0;
	}
}

static int
by_use(const void *a, const void *b)
{
	const struct proc *x = a, *y = b;

	if (x->utime != y->utime)
		return x->utime < y->utime ? 1 : -1;
	return x->rss < y->rss ? 1 : x->rss > y->rss ? -1 : 0;
}

static void
top_screen(struct proc *list, int count, unsigned long seconds)
{
	char *meminfo = read_file("/proc/meminfo");
	int i;

	if (isatty(1))
		fputs("\033[H\033[J", stdout);
	printf("%d processes; memory %llu KiB, free %llu, available %llu\n",
	       count, value_in(meminfo, "MemTotal"),
	       value_in(meminfo, "MemFree"), value_in(meminfo, "MemAvailable"));
	puts("  PID S  %CPU  VSZ KiB  RSS KiB  MINFLT MAJFLT NAME");
	for (i = 0; i < count && i < 18; i++) {
		unsigned long tenths = list[i].utime * 1000 /
				       (TICKS_PER_SECOND * seconds);

		printf("%5d %c %3lu.%lu %8lu %8lu %7lu %6lu %s\n", list[i].pid,
		       list[i].state, tenths / 10, tenths % 10, list[i].vsz,
		       list[i].rss, list[i].minflt, list[i].majflt,
		       list[i].name);
	}
	fflush(stdout);
	free(meminfo);
}

/* Enter ends it. */
static int
top_main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? atoi(argv[1]) : 0;
	unsigned seconds = argc > 2 ? atoi(argv[2]) : 2, n;
	struct pollfd key = { .fd = 0, .events = POLLIN };
	struct proc *before, *now, *show;
	int old_count, count;

	seconds = seconds ? seconds : 1;
	before = proc_list(&old_count);
	for (n = 0; before && (!rounds || n < rounds); n++) {
		if (poll(&key, isatty(0) ? 1 : 0, seconds * 1000) > 0)
			break;
		now = proc_list(&count);
		show = malloc(count * sizeof(*show));
		if (!now || !show)
			return complain("top");
		memcpy(show, now, count * sizeof(*show));
		subtract(show, count, before, old_count);
		qsort(show, count, sizeof(*show), by_use);
		top_screen(show, count, seconds);
		free(show);
		free(before);
		before = now;
		old_count = count;
	}
	free(before);
	return 0;
}
APPLET(top, top_main, "[ROUNDS [SECONDS]]|who uses the processor; Enter ends");

static void
print_seconds(const char *what, long long us)
{
	fprintf(stderr, "%-5s %lld.%06lld s\n", what, us / 1000000, us % 1000000);
}

static int
time_main(int argc, char **argv)
{
	struct timespec from, to;
	struct rusage usage;
	int status;
	pid_t pid;

	if (argc < 2)
		return complain_usage();
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = fork();
	if (!pid) {
		execvp(argv[1], argv + 1);
		complain(argv[1]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return complain("time");
	clock_gettime(CLOCK_MONOTONIC, &to);
	print_seconds("real", (to.tv_sec - from.tv_sec) * 1000000ll +
			      (to.tv_nsec - from.tv_nsec) / 1000);
	print_seconds("user", usage.ru_utime.sec * 1000000ll +
			      usage.ru_utime.usec);
	print_seconds("sys", usage.ru_stime.sec * 1000000ll +
			     usage.ru_stime.usec);
	fprintf(stderr, "page faults: %ld minor, %ld major; at most %ld KiB "
		"resident\n", usage.ru_minflt, usage.ru_majflt, usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}
APPLET(time, time_main, "COMMAND|times and page faults of a command");
