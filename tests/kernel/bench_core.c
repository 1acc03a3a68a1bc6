/* SPDX-License-Identifier: MIT */
/*
 * Benchmarks of what everything stands on: copying and clearing pages, locks,
 * the clock, looking into the page tables.
 */
#include <asm/cacheflush.h>
#include <asm/pgtable.h>
#include <kernel/bench.h>
#include <kernel/lock.h>
#include <kernel/time.h>
#include <lib/string.h>

static char pages[2][PAGE_SIZE] __aligned(PAGE_SIZE);
static DEFINE_SPINLOCK(bench_lock, LOCK_TEST);

static void
clear_one_page(struct bench *b)
{
	BENCH_LOOP(b, clear_page(pages[0]));
}

static void
copy_one_page(struct bench *b)
{
	BENCH_LOOP(b, copy_page(pages[0], pages[1]));
}

static void
copy_4k(struct bench *b)
{
	BENCH_LOOP(b, memcpy(pages[0], pages[1], PAGE_SIZE));
}

static void
copy_64(struct bench *b)
{
	BENCH_LOOP(b, memcpy(pages[0], pages[1], 64); barrier());
}

static void
spinlock_pair(struct bench *b)
{
	BENCH_LOOP(b, spin_lock(&bench_lock); spin_unlock(&bench_lock));
}

static void
spinlock_irqsave_pair(struct bench *b)
{
	BENCH_LOOP(b, unsigned long flags = spin_lock_irqsave(&bench_lock);
		   spin_unlock_irqrestore(&bench_lock, flags));
}

static void
read_clock(struct bench *b)
{
	BENCH_LOOP(b, ktime_get_ns());
}

static void
walk_tables(struct bench *b)
{
	struct pt_walk w;

	BENCH_LOOP(b, pt_walk(swapper_pg_dir, (unsigned long)pages, &w));
}

BENCH_SUITE("core",
	BENCH_CASE("clear_page", clear_one_page),
	BENCH_CASE("copy_page", copy_one_page),
	BENCH_CASE("memcpy 4096", copy_4k),
	BENCH_CASE("memcpy 64", copy_64),
	BENCH_CASE("spinlock pair", spinlock_pair),
	BENCH_CASE("spinlock irqsave pair", spinlock_irqsave_pair),
	BENCH_CASE("ktime_get_ns", read_clock),
	BENCH_CASE("pt_walk", walk_tables));
