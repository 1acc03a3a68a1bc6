/* SPDX-License-Identifier: MIT */
/*
 * Tests of system calls from outside, by programs that make them.
 *
 * A case is a function whose name states the fact that it shows. It runs in a
 * process of its own, so that what it maps, opens and breaks ends with it. What
 * it expects is what Linux documents; make test-linux runs the same program under
 * Linux on the same board, where each expectation can be looked at.
 *
 *	static void
 *	munmap_of_nothing_succeeds(void)
 *	{
 *		void *page = map(4096);
 *
 *		EXPECT_EQ(SYSCALL(SYS_munmap, page, 4096), 0);
 *		EXPECT_EQ(SYSCALL(SYS_munmap, page, 4096), 0);
 *	}
 *	UTEST_SUITE(memory_map, UTEST(munmap_of_nothing_succeeds));
 *
 * The calls are raw: SYSCALL() returns -errno. The output is KTAP.
 */
#ifndef UTEST_H
#define UTEST_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096ul

struct utest {
	const char *name;
	void (*run)(void);
};

struct utest_suite {
	const char *name;
	const struct utest *cases;
	int count;
};

#define UTEST(fn)	{ #fn, fn }
#define UTEST_SUITE(id, ...) \
	static const struct utest id##_cases[] = { __VA_ARGS__ }; \
	static const struct utest_suite id##_suite \
	__attribute__((used, section(".table." #id))) = { \
		#id, id##_cases, sizeof(id##_cases) / sizeof(id##_cases[0]) }

extern const struct utest_suite table_start[], table_end[];	/* user.ld */

/* Reported, and the case goes on; the others end it. */
#define EXPECT(what) \
	utest_check(!!(what), __FILE__, __LINE__, #what)
#define EXPECT_EQ(is, want) \
	utest_equal((long)(is), (long)(want), __FILE__, __LINE__, #is)
#define ASSERT(what) \
	(utest_check(!!(what), __FILE__, __LINE__, #what) ? (void)0 : \
							    utest_end())
#define ASSERT_EQ(is, want) \
	(utest_equal((long)(is), (long)(want), __FILE__, __LINE__, #is) ? \
	 (void)0 : utest_end())
#define SKIP(why)	utest_skip(why)

bool utest_check(bool good, const char *file, int line, const char *what);
bool utest_equal(long is, long want, const char *file, int line,
		 const char *what);
void utest_end(void) __attribute__((noreturn));
void utest_skip(const char *why) __attribute__((noreturn));

/* exec.c: what this program was started with, on the standard output. */
int utest_tell(int argc, char **argv);

/* --- help.c --- */

/* Private anonymous memory; NULL: none. */
char *map(size_t len);
/* What signal fn(arg) raises, 0 if none; info tells of it. */
int fault_of(void (*fn)(void *), void *arg, siginfo_t *info);
/* The signal that a load or a store of one byte at address raises. */
int load_fault(const void *address);
int store_fault(void *address);
#define DISK	"/dev/zram0"		/* in memory: nobody's but the case's */
/* Swap of so many MiB ("4M") in zram is on; ends the case where there is none.
 * Then off again, everything brought back. */
void swap_begin(const char *size);
void swap_end(void);
/* wait()'s status of a child that runs fn(arg) and then exits with 0. */
int status_of(void (*fn)(void *), void *arg);
/* A file in /tmp with this content, open for reading and writing, without a
 * name; -1: there is none. */
int temp_file(const char *content, size_t len);
/* "/tmp/utest-PID-name", in a buffer that the second next call reuses. */
char *temp_name(const char *name);
/* Nothing is mapped there, or a part of it at least is not. */
bool is_hole(const void *address);
/* A thread that runs fn(arg) on its stack, which ends at top, and then ends.
 * *tid is its number while it lives. Its number, or -errno. */
long start_thread(void *top, int (*fn)(void *), void *arg, volatile int *tid);
void join_thread(volatile int *tid);
/* The same with flags of clone(). */
long clone_on(unsigned long flags, void *top, int (*fn)(void *), void *arg,
	      volatile int *tid);
/*
 * A program of a page of text and one of data and bss, that ends with 0 if its
 * thread has the number of its process. ET_EXEC, or ET_DYN (PIE); interp: its
 * dynamic linker, or NULL. elf.c
 */
enum { ET_EXEC = 2, ET_DYN = 3 };
void make_program(const char *path, int type, const char *interp);
/* Nanoseconds of a clock. */
long long clock_now(int clock);
/* Objects that the kernel keeps for later go (drop_caches; KASAN's quarantine). */
void drop_objects(void);
/*
 * After drop_objects(): objects in use of a cache of the kernel, and how many lie
 * in one of its slabs; false: it is not listed. Each core may hold a slab, of
 * which all objects count.
 */
bool objects_of(const char *cache, long *used, long *per_slab);

#endif
