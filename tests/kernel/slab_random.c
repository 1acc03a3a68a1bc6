/* SPDX-License-Identifier: MIT */
/*
 * Random kmalloc, krealloc, kfree and cache requests on all cores at once.
 *
 * Each core has slots for blocks; an operation fills an empty slot, or ends,
 * resizes or sends away the block of a full one. Blocks wander as those of
 * page_random.c do: a core leaves one in a shared slot and takes what another
 * core left there, so that objects are freed on other cores than they were
 * allocated on. What is known of a block lies in an object of a cache and
 * wanders with it.
 *
 *	core 0  slot[]	-> block -> bytes	    block: cache, size, stamp
 *	core 1  slot[]	-> block -> bytes	    bytes: stamp, stamp, ...
 *	shared spot[]	-> block -> bytes	    <- exchanged by all
 *
 * A block is full of its stamp while it lives, so bytes with two owners, and
 * those that an allocator writes to while they are out, are seen when it ends.
 * At the end everything is given back; caches have to be empty, and the runner
 * counts frames and verifies.
 *
 * How many operations: slab_random=N on the command line, all cores together.
 */
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/hooks.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include "failing.h"

#define NR_SLOTS	256	/* of each core */
#define NR_SHARED	64
#define CONSTRUCTED	0x3c	/* first bytes of an object with a ctor */
#define WHOLE		256	/* bytes of a block that are all looked at */
#define STRIDE		64	/* beyond, one in so many */

#ifdef VELLUM_KASAN
static unsigned long nr_operations = 40000;	/* each walks its stack */
#else
static unsigned long nr_operations = 200000;
#endif

static int
param_slab_random(const char *value)
{
	return kstrtoul(value, 10, &nr_operations);
}
BOOT_PARAM("slab_random", param_slab_random);

struct block {
	u8 *p;
	struct kmem_cache *cache;	/* NULL: kmalloc */
	u32 size;
	u8 stamp;
};

struct random_core {
	u64 rng;
	struct block *slot[NR_SLOTS];
	unsigned long ops, failed, wrong;
};

enum { CACHE_SMALL, CACHE_ALIGNED, CACHE_CTOR, CACHE_RCU, CACHE_LARGE,
       NR_CACHES };

static struct random_core cores[NR_CPUS];
static struct block *shared[NR_SHARED];
static struct kmem_cache *caches[NR_CACHES], *block_cache;

static void
construct(void *object)
{
	memset(object, CONSTRUCTED, 32);
}

static bool
caches_make(void)
{
	block_cache = kmem_cache_create("random-block", sizeof(struct block),
					0, SLAB_NO_MERGE, NULL);
	caches[CACHE_SMALL] = kmem_cache_create("random-small", 24, 0,
						SLAB_NO_MERGE, NULL);
	caches[CACHE_ALIGNED] = kmem_cache_create("random-aligned", 200, 64,
						  SLAB_NO_MERGE, NULL);
	caches[CACHE_CTOR] = kmem_cache_create("random-ctor", 72, 0, 0,
					       construct);
	caches[CACHE_RCU] = kmem_cache_create("random-rcu", 520, 0,
					      SLAB_TYPESAFE_BY_RCU, NULL);
	caches[CACHE_LARGE] = kmem_cache_create("random-large", 6000, 0,
						SLAB_NO_MERGE, NULL);
	for (unsigned i = 0; i < NR_CACHES; i++) {
		if (!caches[i])
			return false;
	}
	return block_cache;
}

/* Every object has to be back: destruction says so. */
static void
caches_end(struct test *t)
{
	for (unsigned i = 0; i < NR_CACHES; i++)
		EXPECT_EQ(t, kmem_cache_destroy(caches[i]), 0);
	EXPECT_EQ(t, kmem_cache_destroy(block_cache), 0);
}

/* --- what a block holds ----------------------------------------------------- */

/* Does every byte that is looked at, from start to size, have this value? */
static bool
bytes_are(const u8 *p, u32 start, u32 size, u8 value)
{
	u32 i = start, word = value * 0x01010101u;

	for (; i < size && i % 4; i++) {
		if (p[i] != value)
			return false;
	}
	for (; i + 4 <= size; i += i < WHOLE ? 4 : STRIDE) {
		if (*(const u32 *)(p + i) != word)
			return false;
	}
	return start >= size || p[size - 1] == value;
}

/* Zeroed, constructed, aligned: as it was asked for? */
static bool
fresh_is_right(const struct block *b, bool zeroed)
{
	unsigned long align = ARCH_KMALLOC_MINALIGN;

	if (b->cache == caches[CACHE_ALIGNED])
		align = 64;
	if (!b->cache && b->size <= PAGE_SIZE && !(b->size & (b->size - 1)))
		align = max(b->size, (u32)ARCH_KMALLOC_MINALIGN);
	if ((unsigned long)b->p % align)
		return false;
	if (b->cache == caches[CACHE_CTOR])
		return bytes_are(b->p, 0, 32, CONSTRUCTED);
	return !zeroed || bytes_are(b->p, 0, b->size, 0);
}

/* --- operations ------------------------------------------------------------- */

/* Mostly small; now and then more than any cache has. */
static u32
random_size(u64 *rng)
{
	switch (random_below(rng, 32)) {
	case 0:
		return 1 + random_below(rng, 20000);
	case 1: case 2: case 3:
		return 1 + random_below(rng, 3000);
	case 4: case 5:
		return 8u << random_below(rng, 10);
	default:
		return 1 + random_below(rng, 300);
	}
}

/* Memory for b, from a cache or by size; false without memory. */
static bool
random_fill(struct random_core *c, struct block *b)
{
	unsigned kind = random_below(&c->rng, 2 * NR_CACHES);
	bool zero = random_below(&c->rng, 8) == 0;
	gfp_t gfp = (random_below(&c->rng, 4) ? GFP_KERNEL : GFP_ATOMIC) |
		    __GFP_NOWARN;

	if (kind == CACHE_CTOR)
		zero = false;
	b->cache = kind < NR_CACHES ? caches[kind] : NULL;
	b->size = b->cache ? kmem_cache_size(b->cache) : random_size(&c->rng);
	if (b->cache)
		b->p = zero ? kmem_cache_zalloc(b->cache, gfp) :
			      kmem_cache_alloc(b->cache, gfp);
	else
		b->p = zero ? kzalloc(b->size, gfp) : kmalloc(b->size, gfp);
	if (!b->p)
		return false;
	c->wrong += !fresh_is_right(b, zero);
	b->stamp = (u8)random_next(&c->rng);
	memset(b->p, b->stamp, b->size);
	return true;
}

static struct block *
random_take(struct random_core *c)
{
	struct block *b = kmem_cache_alloc(block_cache,
					   GFP_KERNEL | __GFP_NOWARN);

	if (b && random_fill(c, b))
		return b;
	kmem_cache_free(block_cache, b);
	c->failed++;
	return NULL;
}

static void
random_give(struct random_core *c, struct block *b)
{
	c->wrong += !bytes_are(b->p, 0, b->size, b->stamp);
	if (b->cache == caches[CACHE_CTOR])
		construct(b->p);
	if (b->cache)
		kmem_cache_free(b->cache, b->p);
	else
		kfree(b->p);
	kmem_cache_free(block_cache, b);
}

/* A block of kmalloc gets another size: what it held has to come along. */
static void
random_resize(struct random_core *c, struct block *b)
{
	u32 size = random_size(&c->rng);
	u8 *p;

	if (b->cache)
		return;
	p = krealloc(b->p, size, GFP_KERNEL | __GFP_NOWARN);
	if (!p) {
		c->failed++;
		return;
	}
	c->wrong += !bytes_are(p, 0, min(size, b->size), b->stamp);
	b->p = p;
	b->size = size;
	memset(p, b->stamp, size);
}

static void
random_operation(struct random_core *c)
{
	struct block **slot = &c->slot[random_below(&c->rng, NR_SLOTS)];
	struct block **spot = &shared[random_below(&c->rng, NR_SHARED)];

	if (random_below(&c->rng, 32768) == 0)
		kmem_cache_shrink(caches[random_below(&c->rng, NR_CACHES)]);
	if (!*slot) {
		*slot = random_take(c);
		return;
	}
	switch (random_below(&c->rng, 8)) {
	case 0: case 1:
		*slot = __atomic_exchange_n(spot, *slot, __ATOMIC_ACQ_REL);
		break;
	case 2: case 3:
		random_resize(c, *slot);
		break;
	default:
		random_give(c, *slot);
		*slot = NULL;
		break;
	}
}

static void
random_core_run(struct test *t, unsigned cpu, void *arg)
{
	struct random_core *c = &cores[cpu];
	unsigned long i, n = nr_operations / num_online_cpus();

	c->rng = t->seed * 4 + cpu + 1;
	for (i = 0; i < n; i++) {
		random_operation(c);
		if (i % 64 == 0)
			cond_resched();
	}
	c->ops = n;
	for (i = 0; i < NR_SLOTS; i++) {
		if (c->slot[i])
			random_give(c, c->slot[i]);
		c->slot[i] = NULL;
	}
}

static void
random_run(struct test *t, const struct fault_attr *failing)
{
	unsigned long ops = 0, failed = 0, wrong = 0;
	unsigned cpu, i;

	memset(cores, 0, sizeof(cores));
	ASSERT(t, caches_make());
	on_all_cpus_failing(t, random_core_run, failing);
	for (i = 0; i < NR_SHARED; i++) {
		if (shared[i])
			random_give(&cores[0], shared[i]);
		shared[i] = NULL;
	}
	for_each_online_cpu(cpu) {
		ops += cores[cpu].ops;
		failed += cores[cpu].failed;
		wrong += cores[cpu].wrong;
	}
	EXPECT_EQ(t, wrong, 0);
	EXPECT_VERIFIED(t);
	caches_end(t);
	test_info(t, "%s: %lu operations on %u cores, %lu requests found "
		  "nothing", slab_design_name(), ops, num_online_cpus(),
		  failed);
}

static void
no_byte_is_lost_or_shared(struct test *t)
{
	random_run(t, NULL);
}

/* The same while one request for frames in ten fails by injection. */
static void
failing_requests_lose_nothing(struct test *t)
{
	static const struct fault_attr attr = { 10, 1, 0, -1 };
	unsigned long before = fault_inject_count(), all = nr_operations;

	nr_operations = min(all, 40000UL);
	ASSERT(t, nr_operations > 0);
	random_run(t, &attr);
	EXPECT(t, fault_inject_count() > before);
	nr_operations = all;
}

TEST_SUITE("slab_random",
	   TEST_CASE(no_byte_is_lost_or_shared),
	   TEST_CASE(failing_requests_lose_nothing));
