/* SPDX-License-Identifier: MIT */
/* Calls that do nothing; page faults; mmap, munmap, mprotect, brk, mremap. */
#include "bench.h"

#define PAGES	256
#define LEN	(PAGES * PAGE)
#define ROUNDS	16

void
bench_calls(void)
{
	unsigned round, i;
	u64 from;

	begin("getpid");
	for (round = 0; round < 100; round++) {
		from = now();
		for (i = 0; i < 100; i++)
			SYSCALL(SYS_getpid);
		sample(now() - from, 100);
	}
	end();
}

static void
first_touches(void)
{
	unsigned round;
	char *at;
	u64 from;

	begin("anonymous page, first write");
	for (round = 0; round < ROUNDS; round++) {
		at = map(LEN);
		from = now();
		touch(at, LEN);
		sample(now() - from, PAGES);
		unmap(at, LEN);
	}
	end();
	begin("anonymous page, first read");
	for (round = 0; round < ROUNDS; round++) {
		at = map(LEN);
		from = now();
		look(at, LEN);
		sample(now() - from, PAGES);
		unmap(at, LEN);
	}
	end();
	begin("write after that read");
	for (round = 0; round < ROUNDS; round++) {
		at = map(LEN);
		look(at, LEN);
		from = now();
		touch(at, LEN);
		sample(now() - from, PAGES);
		unmap(at, LEN);
	}
	end();
	begin("unmap, per touched page");
	for (round = 0; round < ROUNDS; round++) {
		at = map(LEN);
		touch(at, LEN);
		from = now();
		unmap(at, LEN);
		sample(now() - from, PAGES);
	}
	end();
}

static void
map_and_unmap(const char *name, size_t len, bool touched, unsigned per)
{
	unsigned round;
	char *at;
	u64 from;

	begin(name);
	for (round = 0; round < 100; round++) {
		from = now();
		at = map(len);
		if (touched)
			touch(at, len);
		unmap(at, len);
		sample(now() - from, per);
	}
	end();
}

static void
protect(const char *name, char *at, size_t len)
{
	unsigned round;
	u64 from;

	begin(name);
	for (round = 0; round < 100; round++) {
		from = now();
		SYSCALL(SYS_mprotect, at, len, 1);
		SYSCALL(SYS_mprotect, at, len, RW);
		sample(now() - from, 2);
	}
	end();
}

/*
 * Three areas that cannot merge with their neighbours, for the toggle must not
 * split: a guard on each side.
 */
static void
protections(void)
{
	char *at = map(LEN + 2 * PAGE);

	touch(at, LEN + 2 * PAGE);
	SYSCALL(SYS_mprotect, at, PAGE, 0);
	SYSCALL(SYS_mprotect, at + LEN + PAGE, PAGE, 0);
	protect("mprotect toggle 256 pages", at + PAGE, LEN);
	SYSCALL(SYS_mprotect, at + 2 * PAGE, PAGE, 0);
	protect("mprotect toggle 1 page", at + PAGE, PAGE);
	unmap(at, LEN + 2 * PAGE);
	at = map(3 * PAGE);
	touch(at, 3 * PAGE);
	protect("mprotect that splits and merges", at + PAGE, PAGE);
	unmap(at, 3 * PAGE);
}

static void
heap(const char *name, bool touched)
{
	char *end_of_heap = (char *)SYSCALL(SYS_brk, 0);
	unsigned round;
	u64 from;

	begin(name);
	for (round = 0; round < 100; round++) {
		from = now();
		SYSCALL(SYS_brk, end_of_heap + PAGE);
		if (touched)
			*(volatile char *)(end_of_heap + PAGE - 1) = 1;
		SYSCALL(SYS_brk, end_of_heap);
		sample(now() - from, 1);
	}
	end();
}

static void
move(const char *name, unsigned pages)
{
	size_t len = pages * PAGE;
	char *room = map(2 * len), *at = room, *to;
	unsigned round;
	u64 from;

	unmap(room, 2 * len);
	at = map_at((unsigned long)room, len, RW, ANON | FIXED, -1, 0);
	touch(at, len);
	begin(name);
	for (round = 0; round < 50; round++) {
		to = at == room ? room + len : room;
		from = now();
		SYSCALL(SYS_mremap, at, len, len, 3, to);
		sample(now() - from, 1);
		at = to;
	}
	end();
	unmap(at, len);
}

static void
dont_need(void)
{
	char *at = map(LEN);
	unsigned round;
	u64 from;

	touch(at, LEN);
	begin("madvise(DONTNEED) and touch again, per page");
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		SYSCALL(SYS_madvise, at, LEN, 4);
		touch(at, LEN);
		sample(now() - from, PAGES);
	}
	end();
	unmap(at, LEN);
}

void
bench_memory(void)
{
	first_touches();
	map_and_unmap("mmap + munmap, 4 KiB untouched", PAGE, false, 1);
	map_and_unmap("mmap + munmap, 1 MiB untouched", LEN, false, 1);
	map_and_unmap("mmap + touch + munmap 1 MiB, per page", LEN, true,
		      PAGES);
	protections();
	heap("brk grow + shrink", false);
	heap("brk grow + shrink with touch", true);
	move("mremap move 16 pages", 16);
	move("mremap move 1024 pages", 1024);
	dont_need();
}
