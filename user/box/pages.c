/* SPDX-License-Identifier: MIT */
/* page-types: frames by what they are. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"

#define WORDS		512		/* read at once */
#define MAX_KINDS	64
#define PM_PRESENT	(1ull << 63)
#define PM_FRAME	((1ull << 55) - 1)

static struct {
	uint64_t flags;
	unsigned long frames;
} kinds[MAX_KINDS];
static unsigned nr_kinds;

static void
count_kind(uint64_t flags)
{
	unsigned i;

	for (i = 0; i < nr_kinds && kinds[i].flags != flags;)
		i++;
	if (i == MAX_KINDS)
		return;
	nr_kinds += i == nr_kinds;
	kinds[i].flags = flags;
	kinds[i].frames++;
}

/* Like page-types of Linux's tools: a letter a bit, and the words. */
static void
print_kind(uint64_t flags, unsigned long frames)
{
	static const char *const names[64] = { KPF_NAMES };
	unsigned bit;
	char sign = '\t';

	printf("0x%016llx %9lu %8lu", (unsigned long long)flags, frames,
	       frames * 4);
	for (bit = 0; bit < 64; bit++) {
		if (!(flags >> bit & 1))
			continue;
		printf("%c%s", sign, names[bit] ? names[bit] : "?");
		sign = ',';
	}
	puts(flags ? "" : "\tkernel");
}

/* Every frame of the machine; those that do not exist are left out. */
static int
count_all(int flags_fd)
{
	static uint64_t words[WORDS];
	ssize_t got;
	int i;

	while ((got = read(flags_fd, words, sizeof(words))) > 0) {
		for (i = 0; i < got / 8; i++) {
			if (!(words[i] >> KPF_NOPAGE & 1))
				count_kind(words[i]);
		}
	}
	return got < 0 ? -1 : 0;
}

static int
count_area(int map_fd, int flags_fd, unsigned long start, unsigned long end)
{
	uint64_t entry, flags;

	for (; start < end; start += 4096) {
		if (pread(map_fd, &entry, 8, (off_t)(start / 4096 * 8)) != 8)
			return -1;
		if (!(entry & PM_PRESENT))
			continue;
		if (pread(flags_fd, &flags, 8,
			  (off_t)((entry & PM_FRAME) * 8)) != 8)
			return -1;
		count_kind(flags);
	}
	return 0;
}

/* The frames that a process has, by way of its pagemap. */
static int
count_process(const char *pid, int flags_fd)
{
	char path[40], *text, *rest, *line;
	unsigned long start, end;
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/%s/pagemap", pid);
	fd = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	text = fd < 0 ? NULL : read_file(path);
	if (!text)
		return -1;
	rest = text;
	while (!err && (line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%lx-%lx", &start, &end) == 2)
			err = count_area(fd, flags_fd, start, end);
	}
	free(text);
	close(fd);
	return err;
}

static int
page_types_main(int argc, char **argv)
{
	int fd = open("/proc/kpageflags", O_RDONLY);
	unsigned long sum = 0;
	unsigned i;

	if (argc > 2)
		return complain_usage();
	if (fd < 0)
		return complain("/proc/kpageflags");
	if (argc == 2 ? count_process(argv[1], fd) : count_all(fd))
		return complain(argc == 2 ? argv[1] : "/proc/kpageflags");
	puts("             flags    frames      KiB\twhat");
	for (i = 0; i < nr_kinds; i++) {
		print_kind(kinds[i].flags, kinds[i].frames);
		sum += kinds[i].frames;
	}
	printf("%18s %9lu %8lu\n", "total", sum, sum * 4);
	return 0;
}
APPLET(page-types, page_types_main, "[PID]|frames by what they are");
