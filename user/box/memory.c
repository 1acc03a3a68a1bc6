/* SPDX-License-Identifier: MIT */
/* free, pmap, smem, vmstat, slabtop: where memory is. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "box.h"

static int
free_main(int argc, char **argv)
{
	char *text = read_file("/proc/meminfo");
	unsigned long long total, unused, buffers, cached, slab;

	if (!text)
		return complain("/proc/meminfo");
	total = value_in(text, "MemTotal");
	unused = value_in(text, "MemFree");
	buffers = value_in(text, "Buffers");
	cached = value_in(text, "Cached");
	slab = value_in(text, "SReclaimable");
	puts("KiB         total      used      free    shared buff/cache available");
	printf("Mem:    %9llu %9llu %9llu %9llu  %9llu %9llu\n", total,
	       total - unused - buffers - cached - slab, unused,
	       value_in(text, "Shmem"), buffers + cached + slab,
	       value_in(text, "MemAvailable"));
	printf("Swap:   %9llu %9llu %9llu\n", value_in(text, "SwapTotal"),
	       value_in(text, "SwapTotal") - value_in(text, "SwapFree"),
	       value_in(text, "SwapFree"));
	free(text);
	return 0;
}
APPLET(free, free_main, "|memory used and free");

/* The line of smaps that begins an area: "START-END PERM OFF DEV INO PATH". */
static bool
area_line(const char *line, unsigned long *start, unsigned long *end,
	  char *perm, char *path)
{
	path[0] = '\0';
	return sscanf(line, "%lx-%lx %4s %*s %*s %*s %119[^\n]", start, end,
		      perm, path) >= 3;
}

static void
pmap_area(unsigned long start, unsigned long end, const char *perm,
	  const char *path, const struct smaps_sum *sum)
{
	printf("%08lx %8lu %8lu %8lu %s %s\n", start, (end - start) / 1024,
	       sum->rss, sum->pss, perm, *path ? path : "[anon]");
}

static int
pmap_one(const char *pid)
{
	unsigned long start = 0, end = 0, next_start, next_end;
	char name[40], *text, *line, *rest, perm[8], path[120], next_perm[8];
	char next_path[120];
	struct smaps_sum area = { 0 }, total = { 0 };
	bool open = false;

	snprintf(name, sizeof(name), "/proc/%s/smaps", pid);
	text = read_file(name);
	if (!text)
		return complain(pid);
	puts("start     size KiB  RSS KiB  PSS KiB perm what");
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		bool begins = area_line(line, &next_start, &next_end,
					next_perm, next_path);

		if (open && (begins || !rest)) {
			pmap_area(start, end, perm, path, &area);
			total.size += (end - start) / 1024;
			total.rss += area.rss;
			total.pss += area.pss;
			memset(&area, 0, sizeof(area));
		}
		if (begins) {
			open = true;
			start = next_start;
			end = next_end;
			strcpy(perm, next_perm);
			strcpy(path, next_path);
		} else if (!strncmp(line, "Rss:", 4)) {
			area.rss = strtoul(line + 4, NULL, 10);
		} else if (!strncmp(line, "Pss:", 4)) {
			area.pss = strtoul(line + 4, NULL, 10);
		}
	}
	printf("total    %8lu %8lu %8lu\n", total.size, total.rss, total.pss);
	free(text);
	return 0;
}

static int
pmap_main(int argc, char **argv)
{
	int i, status = 0;

	if (argc < 2)
		return pmap_one("self");
	for (i = 1; i < argc; i++)
		status |= pmap_one(argv[i]);
	return status;
}
APPLET(pmap, pmap_main, "[PID]...|areas of an address space");

/*
 * VSS all that is mapped; RSS what has a frame; PSS of a frame that n share,
 * one n-th; USS frames that nobody shares: what would be free without it.
 */
static int
smem_main(int argc, char **argv)
{
	struct smaps_sum sum, total = { 0 };
	struct proc *list;
	int i, count;

	list = proc_list(&count);
	if (!list)
		return complain("/proc");
	puts("  PID  VSS KiB  RSS KiB  PSS KiB  USS KiB NAME");
	for (i = 0; i < count; i++) {
		if (!list[i].vsz || !smaps_read(list[i].pid, &sum))
			continue;
		printf("%5d %8lu %8lu %8lu %8lu %s\n", list[i].pid, sum.size,
		       sum.rss, sum.pss, sum.private, list[i].name);
		total.size += sum.size;
		total.rss += sum.rss;
		total.pss += sum.pss;
		total.private += sum.private;
	}
	printf("total %8lu %8lu %8lu %8lu\n", total.size, total.rss, total.pss,
	       total.private);
	free(list);
	return 0;
}
APPLET(smem, smem_main, "|VSS, RSS, PSS and USS of each process");

static const char *const vmstat_rates[] = {
	"pswpin", "pswpout", "pgfault", "pgmajfault", "pgfree",
};
#define NR_RATES (sizeof(vmstat_rates) / sizeof(vmstat_rates[0]))

static bool
vmstat_look(unsigned long long now[NR_RATES])
{
	char *text = read_file("/proc/vmstat");
	size_t i;

	if (!text)
		return false;
	for (i = 0; i < NR_RATES; i++)
		now[i] = value_in(text, vmstat_rates[i]);
	free(text);
	return true;
}

/*
 * The first line counts from the start of the machine, the others a round. What
 * is KiB in vmstat(8) is KiB here: swpd (in use of swap), free, cache, si and so
 * (that came from and went to swap). faults, major and freed are counts.
 */
static int
vmstat_main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? atoi(argv[1]) : 0;
	unsigned rounds = seconds ? ~0u : 1, n;
	unsigned long long now[NR_RATES], before[NR_RATES] = { 0 };
	struct timespec pause_time = { .tv_sec = seconds };
	char *meminfo;
	size_t i;

	if (argc > 2)
		rounds = atoi(argv[2]);
	puts("    swpd     free    cache       si       so   faults   major    freed");
	for (n = 0; n < rounds; n++) {
		if (n)
			nanosleep(&pause_time, NULL);
		meminfo = read_file("/proc/meminfo");
		if (!meminfo || !vmstat_look(now))
			return complain("/proc/vmstat");
		printf("%8llu %8llu %8llu", value_in(meminfo, "SwapTotal") -
		       value_in(meminfo, "SwapFree"),
		       value_in(meminfo, "MemFree"),
		       value_in(meminfo, "Cached"));
		for (i = 0; i < NR_RATES; i++)
			printf(i == 3 ? " %7llu" : " %8llu",
			       (now[i] - before[i]) * (i < 2 ? 4 : 1));
		memcpy(before, now, sizeof(before));
		putchar('\n');
		fflush(stdout);
		free(meminfo);
	}
	return 0;
}
APPLET(vmstat, vmstat_main, "[SECONDS [ROUNDS]]|swap and faults over time");

struct slab_line {
	char name[40];
	unsigned long active, objects, size, bytes;
};

static int
by_bytes(const void *a, const void *b)
{
	const struct slab_line *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* /proc/slabinfo: name, active, all, size, objects in a slab, pages in it. */
static int
slabtop_main(int argc, char **argv)
{
	unsigned long total = 0, per_slab, pages;
	char *text = read_file("/proc/slabinfo"), *line, *rest = text;
	static struct slab_line lines[200];
	int n = 0, i;

	if (!text)
		return complain("/proc/slabinfo");
	while ((line = strsep(&rest, "\n")) && n < 200) {
		struct slab_line *s = &lines[n];

		if (sscanf(line, "%39s %lu %lu %lu %lu %lu", s->name, &s->active,
			   &s->objects, &s->size, &per_slab, &pages) != 6 ||
		    !per_slab)
			continue;
		s->bytes = (s->objects + per_slab - 1) / per_slab * pages * 4096;
		total += s->bytes;
		n++;
	}
	qsort(lines, n, sizeof(lines[0]), by_bytes);
	printf("%d caches, %lu KiB\n", n, total / 1024);
	puts("     KiB  objects   active  use    size NAME");
	for (i = 0; i < n && i < (argc > 1 ? atoi(argv[1]) : 20); i++) {
		const struct slab_line *s = &lines[i];

		printf("%8lu %8lu %8lu %3lu%% %7lu %s\n", s->bytes / 1024,
		       s->objects, s->active,
		       s->objects ? 100 * s->active / s->objects : 0, s->size,
		       s->name);
	}
	free(text);
	return 0;
}
APPLET(slabtop, slabtop_main, "[LINES]|the kernel's object caches");
