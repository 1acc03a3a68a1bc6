/* SPDX-License-Identifier: MIT */
/*
 * Stack depot: many events, few different stacks.
 *
 * Ideas
 *   Who allocated this object, who freed it? To answer, each allocation would
 *   have to keep its call stack, 40 bytes or more. But a kernel allocates from
 *   some thousand places, so each stack is stored once, and what an object
 *   keeps is its number, 4 bytes.
 *
 *	bucket[hash] -> [next|hash|nr|pc pc pc ...] -> [next|hash|nr|pc ...]
 *			 ^ number: index of the first word
 *
 *   Nothing is ever removed from it. A record is written, then linked by one
 *   compare-and-swap: no lock, so every context may store. Two cores that store
 *   the same new stack at once store it twice, which costs its size.
 *
 *   When the pool is full, further new stacks get number 0, "not known".
 *
 * Cost  the walk of the stack (some 300 instructions a call) is nearly all.
 * Sources  Linux, lib/stackdepot.c (the idea).
 */
#include <asm/memory.h>
#include <asm/unwind.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/init.h>
#include <mm/stack_depot.h>
#include <mm/zone.h>

#define BUCKETS		1024		/* power of two */
#define POOL_SHARE	64		/* of memory */
#define POOL_LEAST	(64 * SZ_1K)
#define POOL_MOST	(2 * SZ_1M)

struct stack_entry {
	u32 next;
	u32 hash;
	u32 nr;
	unsigned long pc[];
};

#define ENTRY_WORDS	(sizeof(struct stack_entry) / sizeof(u32))

static u32 buckets[BUCKETS];
static u32 *pool;
static u32 pool_words, pool_used = 1;	/* 0 is no stack */
static u32 nr_stacks;
static unsigned nr_users;

static unsigned long
pool_bytes(unsigned long memory)
{
	return ALIGN_UP(clamp(memory / POOL_SHARE, POOL_LEAST, POOL_MOST),
			PAGE_SIZE);
}

void
stack_depot_init(void)
{
	unsigned long bytes = pool_bytes(memblock_phys_mem_size());

	pool = memblock_alloc(bytes, PAGE_SIZE);
	pool_words = bytes / sizeof(u32);
	nr_users = 1;		/* for ever */
}

int
stack_depot_get(void)
{
	unsigned long bytes;
	u32 *words;

	if (nr_users++)
		return 0;
	bytes = pool_bytes(totalram_pages() << PAGE_SHIFT);
	words = alloc_pages_exact(bytes, GFP_NOWAIT | __GFP_NOWARN);
	if (!words) {
		nr_users--;
		return -ENOMEM;
	}
	memset(buckets, 0, sizeof(buckets));
	pool_words = bytes / sizeof(u32);
	pool_used = 1;
	nr_stacks = 0;
	smp_store_release(&pool, words);
	return 0;
}

void
stack_depot_put(void)
{
	u32 *words = pool;

	if (--nr_users)
		return;
	pool = NULL;
	free_pages_exact(words, pool_words * sizeof(u32));
	pool_words = 0;
}

static struct stack_entry *
entry_at(u32 at)
{
	return (struct stack_entry *)(pool + at);
}

static u32
hash_of(const unsigned long *pc, unsigned nr)
{
	u32 hash = 2166136261u;		/* FNV-1a, by words */

	for (unsigned i = 0; i < nr; i++)
		hash = (hash ^ (u32)pc[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* memcmp() is checked where every access is, and goes by bytes. */
static bool
same_stack(const unsigned long *a, const unsigned long *b, unsigned nr)
{
	while (nr && a[nr - 1] == b[nr - 1])
		nr--;
	return !nr;
}

static u32
find_entry(u32 hash, const unsigned long *pc, unsigned nr)
{
	u32 at = __atomic_load_n(&buckets[hash % BUCKETS], __ATOMIC_ACQUIRE);

	while (at) {
		struct stack_entry *e = entry_at(at);

		if (e->hash == hash && e->nr == nr &&
		    same_stack(e->pc, pc, nr))
			break;
		at = e->next;
	}
	return at;
}

/* Room for n words of the pool, or 0. */
static u32
pool_take(u32 n)
{
	u32 at = READ_ONCE(pool_used);

	do {
		if (n > pool_words - at)
			return 0;
	} while (!__atomic_compare_exchange_n(&pool_used, &at, at + n, false,
					      __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return at;
}

static u32
add_entry(u32 hash, const unsigned long *pc, unsigned nr)
{
	u32 at = pool_take((u32)(ENTRY_WORDS + nr)), *link;
	struct stack_entry *e = entry_at(at);

	if (!at)
		return 0;
	e->hash = hash;
	e->nr = nr;
	memcpy(e->pc, pc, nr * sizeof(*pc));
	link = &buckets[hash % BUCKETS];
	e->next = READ_ONCE(*link);
	while (!__atomic_compare_exchange_n(link, &e->next, at, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	__atomic_fetch_add(&nr_stacks, 1, __ATOMIC_RELAXED);
	return at;
}

u32
stack_depot_here(unsigned skip)
{
	unsigned long pc[STACK_DEPOT_DEPTH];
	unsigned nr;
	u32 hash, at;

	if (!pool)
		return 0;
	nr = stack_save(pc, STACK_DEPOT_DEPTH, skip + 1);
	hash = hash_of(pc, nr);
	at = find_entry(hash, pc, nr);
	return at ? at : add_entry(hash, pc, nr);
}

unsigned
stack_depot_fetch(u32 nr, const unsigned long **pc)
{
	struct stack_entry *e;

	*pc = NULL;
	if (!nr || nr >= pool_used)
		return 0;
	e = entry_at(nr);
	*pc = e->pc;
	return e->nr;
}

void
stack_depot_print(u32 nr, const char *title)
{
	const unsigned long *pc;
	unsigned n = stack_depot_fetch(nr, &pc);
	char name[64];

	if (!n)
		return;
	pr_err("%s:\n", title);
	for (unsigned i = 0; i < n; i++) {
		symbol_format(pc[i] - 4, name, sizeof(name));
		pr_err("  [%08lx] %s\n", pc[i], name);
	}
}

void
stack_depot_usage(u32 *stacks, u32 *words, u32 *size)
{
	*stacks = nr_stacks;
	*words = pool_used;
	*size = pool_words;
}
