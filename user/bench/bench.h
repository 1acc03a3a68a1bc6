/* SPDX-License-Identifier: MIT */
/*
 * The benchmark that a user program sees: what a system call, a page fault or a
 * fork costs, in instructions.
 *
 * Unit     the machine runs with one instruction a nanosecond, so the clock
 *          counts instructions. It ticks every ten: an operation is repeated
 *          until the clock is fine enough. The cost of the loop and of reading
 *          the clock is in the figures, and small.
 * One      static program, no C library, Linux's EABI calls and nothing else:
 * binary   the very same bytes run on this kernel and on Linux.
 * Output   bench user "NAME" mean N.N median N worst N    as kernel/bench.c
 *          # bench: N cases
 */
#ifndef USER_BENCH_H
#define USER_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include "../include/sys/syscall.h"

#define PAGE		4096ul
#define RW		3		/* PROT_READ | PROT_WRITE */
#define ANON		0x22		/* MAP_PRIVATE | MAP_ANONYMOUS */
#define SHARED_ANON	0x21
#define FIXED		0x10

/* --- report.c --- */

typedef unsigned long long u64;

void *memset(void *to, int value, size_t len);
void *memcpy(void *to, const void *from, size_t len);
void print(const char *text);
void print_number(u64 number);
void fail(const char *what, long value) __attribute__((noreturn));

u64 now(void);				/* ns */

/* A case: samples of what it cost, total over `times` operations each. */
void begin(const char *name);
void sample(u64 total, unsigned times);
void end(void);
/* A figure that is no time: printed as mean, median and worst alike. */
void figure(const char *name, u64 value);
void finish(void);


/* --- calls --- */

static inline char *
map_at(unsigned long at, size_t len, int prot, int flags, int fd, long page)
{
	long where = SYSCALL(SYS_mmap2, at, len, prot, flags, fd, page);

	if ((unsigned long)where > -4096ul)
		fail("mmap2", where);
	return (char *)where;
}

static inline char *
map(size_t len)
{
	return map_at(0, len, RW, ANON, -1, 0);
}

static inline void
unmap(void *at, size_t len)
{
	SYSCALL(SYS_munmap, at, len);
}

static inline void
touch(volatile char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += PAGE)
		at[i] = 1;
}

static inline char
look(volatile char *at, size_t len)
{
	size_t i;
	char sum = 0;

	for (i = 0; i < len; i += PAGE)
		sum += at[i];
	return sum;
}

/* --- the cases --- */

void bench_calls(void);
void bench_memory(void);
void bench_many(void);
void bench_files(void);
void bench_processes(void);
void bench_pressure(bool wall);		/* instead of all these */

#endif
