/* SPDX-License-Identifier: MIT */
/*
 * How costs grow with the number of areas.
 *
 * Areas that may not merge: every second page of a reserved range, so that a
 * hole lies between any two. The range is chosen by the kernel once and
 * then filled by MAP_FIXED, from below.
 */
#include "bench.h"

#define MOST	10000

static char *base;
static unsigned count;

static char *
area(unsigned n)
{
	return base + 2ul * n * PAGE;
}

static void
add_area(void)
{
	map_at((unsigned long)area(count), PAGE, RW, ANON | FIXED, -1, 0);
	count++;
}

/* The cost of the areas from `from` to `to`. */
static void
create(const char *name, unsigned from_nr, unsigned to_nr)
{
	u64 from;

	while (count < from_nr)
		add_area();
	begin(name);
	while (count < to_nr) {
		from = now();
		add_area();
		sample(now() - from, 1);
	}
	end();
}

/* Faults all over the range: in areas that were not touched before. */
static void
faults(const char *name, unsigned first, unsigned step)
{
	unsigned n;
	u64 from;

	begin(name);
	for (n = first; n < count; n += step) {
		from = now();
		*(volatile char *)area(n) = 1;
		sample(now() - from, 1);
	}
	end();
}

static void
pair(const char *name)
{
	unsigned round;
	char *at;
	u64 from;

	begin(name);
	for (round = 0; round < 100; round++) {
		from = now();
		at = map(PAGE);
		unmap(at, PAGE);
		sample(now() - from, 1);
	}
	end();
}

/* A number behind a name in /proc/meminfo, in KiB. */
static u64
meminfo(const char *name)
{
	static char text[4096];
	long fd = SYSCALL(SYS_openat, -100, "/proc/meminfo", 0, 0), len, i, k = 0;
	u64 value = 0;

	len = SYSCALL(SYS_read, fd, text, sizeof(text) - 1);
	SYSCALL(SYS_close, fd);
	for (i = 0; i < len; i++) {
		for (k = 0; name[k] && text[i + k] == name[k]; k++)
			;
		if (!name[k])
			break;
		while (i < len && text[i] != '\n')
			i++;
	}
	for (i += k; i < len && text[i] != '\n'; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			value = value * 10 + text[i] - '0';
	}
	return value;
}

/* What one more process costs the machine: 50 that do nothing. */
static void
memory_of_a_process(void)
{
	long pids[50];
	u64 before;
	unsigned i;

	for (i = 0; i < 50; i++) {	/* once, so that caches are warm */
		pids[i] = SYSCALL(SYS_fork);
		if (!pids[i])
			SYSCALL(SYS_exit_group, 0);
		SYSCALL(SYS_wait4, pids[i], 0, 0, 0);
	}
	before = meminfo("MemFree:");
	for (i = 0; i < 50; i++) {
		pids[i] = SYSCALL(SYS_fork);
		if (!pids[i]) {
			for (;;)
				SYSCALL(SYS_pause);
		}
	}
	figure("memory per forked process, bytes",
	       (before - meminfo("MemFree:")) * 1024 / 50);
	for (i = 0; i < 50; i++) {
		SYSCALL(SYS_kill, pids[i], 9);
		SYSCALL(SYS_wait4, pids[i], 0, 0, 0);
	}
}

void
bench_many(void)
{
	size_t len = 2ul * (MOST + 100) * PAGE;
	u64 before;

	base = map_at(0, len, 0, ANON | 0x4000, -1, 0);
	unmap(base, len);
	create("VMA create, the 10th", 6, 14);
	faults("fault with 10 VMAs", 0, 1);
	pair("mmap + munmap with 10 VMAs");
	create("VMA create, the 1000th", 990, 1010);
	faults("fault with 1000 VMAs", 17, 37);
	before = meminfo("MemFree:");
	create("VMA create, the 10000th", 9950, 10050);
	figure("memory per VMA, bytes",
	       (before - meminfo("MemFree:")) * 1024 / (10050 - 1010));
	faults("fault with 10000 VMAs", 1018, 37);
	pair("mmap + munmap with 10000 VMAs");
	unmap(base, len);
	memory_of_a_process();
}
