/* SPDX-License-Identifier: MIT */
/*
 * A slab design against a model: whoever asks for memory gets bytes that
 * nobody else has, aligned, and they stay as he left them; what is freed comes
 * back to the page allocator to the last frame. Four cores play in turn, so
 * blocks travel between them. The model is asked at every operation, the
 * rules of the kernel itself (mm_verify_all) at every 8192nd.
 *
 * Included by test_slub.c, test_slab.c and test_slob.c, which name DESIGN: it
 * is chosen once, before the first cache is made.
 */
#include <string.h>

#include <asm/memory.h>
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <lib/seq_buf.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include "../../mm/kmem/kmem_cache.h"
#include "harness.h"

#define MAX_LIVE	3000
#define NR_CACHES	4
#define NR_OPERATIONS	400000u
#define MODEL_BYTES	0x02000000u	/* of memory: all of it lowmem */

struct live {
	u8 *p;
	struct kmem_cache *cache;	/* NULL: kmalloc */
	unsigned size;
	u8 stamp;
};

static struct live live[MAX_LIVE];
static unsigned nr_live;
/* The model: for every 8 bytes of lowmem, whether somebody has them. */
static bool taken[MODEL_BYTES / 8];
static struct kmem_cache *caches[NR_CACHES];
static unsigned long live_of[NR_CACHES];

static void
set_up(void)
{
	if (mm_ready)
		return;
	nr_cpus = NR_CPUS;
	cpu_online_mask = (1ul << NR_CPUS) - 1;
	high_memory = host_arena + MODEL_BYTES;
	memblock_add(PHYS_OFFSET, MODEL_BYTES);
	memblock_reserve(PHYS_OFFSET, 0x00100000);
	memblock_set_current_limit(PHYS_OFFSET + MODEL_BYTES);
	mm_init_zones();
	host_boot_param("slab", DESIGN);
	kmem_cache_init();
}

static void
construct(void *object)
{
	memset(object, 0x3c, 24);
}

static void
make_caches(struct test *t)
{
	caches[0] = kmem_cache_create("model-24", 24, 0, SLAB_NO_MERGE, NULL);
	caches[1] = kmem_cache_create("model-200", 200, 64, SLAB_NO_MERGE,
				      NULL);
	caches[2] = kmem_cache_create("model-ctor", 72, 0, 0, construct);
	caches[3] = kmem_cache_create("model-rcu", 1000, 0,
				      SLAB_TYPESAFE_BY_RCU, NULL);
	for (unsigned i = 0; i < NR_CACHES; i++)
		EXPECT(t, caches[i] != NULL);
}

/* Enter [p, p + size) in the model, or take it out; false if it was so. */
static bool
model_set(const u8 *p, unsigned size, bool value)
{
	unsigned long at = (unsigned long)(p - (u8 *)host_arena);

	if (at + size > MODEL_BYTES)
		return false;
	for (unsigned long i = at / 8; i * 8 < at + size; i++) {
		if (taken[i] == value)
			return false;
		taken[i] = value;
	}
	return true;
}

static unsigned
random_size(struct test *t)
{
	unsigned n = test_below(t, 20);

	return 1 + test_below(t, n == 0 ? 30000 : n < 4 ? 5000 : 400);
}

static void
take(struct test *t)
{
	struct live *l = &live[nr_live];
	unsigned n = test_below(t, 2 * NR_CACHES);

	l->cache = n < NR_CACHES ? caches[n] : NULL;
	l->size = l->cache ? kmem_cache_size(l->cache) : random_size(t);
	l->p = l->cache ? kmem_cache_alloc(l->cache, GFP_NOWAIT) :
			  kmalloc(l->size, GFP_NOWAIT | __GFP_NOWARN);
	if (!l->p)
		return;
	EXPECT_EQ(t, (unsigned long)l->p % 8, 0);
	if (l->cache == caches[1])
		EXPECT_EQ(t, (unsigned long)l->p % 64, 0);
	if (l->cache == caches[2])
		EXPECT(t, l->p[0] == 0x3c && l->p[23] == 0x3c);
	if (!l->cache && !(l->size & (l->size - 1)) && l->size <= PAGE_SIZE)
		EXPECT_EQ(t, (unsigned long)l->p % max(l->size, 8u), 0);
	EXPECT(t, model_set(l->p, l->size, true));
	if (l->cache)
		live_of[n]++;
	else
		EXPECT(t, ksize(l->p) >= l->size);
	l->stamp = (u8)test_random(t);
	memset(l->p, l->stamp, l->size);
	nr_live++;
}

static void
give(struct test *t, unsigned n)
{
	struct live l = live[n];

	live[n] = live[--nr_live];
	EXPECT(t, model_set(l.p, l.size, false));
	EXPECT(t, l.p[0] == l.stamp && l.p[l.size / 2] == l.stamp &&
		  l.p[l.size - 1] == l.stamp);
	if (!l.cache) {
		kfree(l.p);
		return;
	}
	if (l.cache == caches[2])
		construct(l.p);
	for (unsigned i = 0; i < NR_CACHES; i++)
		live_of[i] -= caches[i] == l.cache;
	kmem_cache_free(l.cache, l.p);
}

static void
check(struct test *t)
{
	static char text[4096];
	struct slab_usage u;
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (!mm_verify_all(&s))
		test_fail(t, __FILE__, __LINE__, "%s", text);
	/* Nothing kept by the cores: then the counts are exact. */
	for (unsigned i = 0; i < NR_CACHES; i++) {
		kmem_cache_shrink(caches[i]);
		kmem_cache_usage(caches[i], &u);
		EXPECT_EQ(t, u.active, live_of[i]);
	}
}

static void
random_blocks_are_nobody_elses(struct test *t)
{
	unsigned long before;

	set_up();
	kmem_cache_shrink_all();
	drain_all_pages();
	before = nr_free_pages();
	make_caches(t);
	for (unsigned i = 0; i < NR_OPERATIONS && !t->nr_failed; i++) {
		unsigned fill = i / 20000 % 2 ? 30 : 70;

		host_set_cpu(test_below(t, NR_CPUS));
		if (nr_live < MAX_LIVE && test_below(t, 100) < fill)
			take(t);
		else if (nr_live)
			give(t, test_below(t, nr_live));
		if (i % 8192 == 0)
			check(t);
	}
	while (nr_live)
		give(t, nr_live - 1);
	host_set_cpu(0);
	check(t);
	for (unsigned i = 0; i < NR_CACHES; i++)
		EXPECT_EQ(t, kmem_cache_destroy(caches[i]), 0);
	kmem_cache_shrink_all();
	drain_all_pages();
	EXPECT_EQ(t, nr_free_pages(), before);
	EXPECT_EQ(t, nr_warnings, 0);
}

/* Bursts in one order and in the other, freed by another core. */
static void
bursts_leave_nothing_behind(struct test *t)
{
	static void *p[4000];
	unsigned long before;

	set_up();
	kmem_cache_shrink_all();
	drain_all_pages();
	before = nr_free_pages();
	for (unsigned round = 0; round < 8; round++) {
		unsigned size = 8u << round, n = min(4000u, 8000000u / size);

		host_set_cpu(round % NR_CPUS);
		for (unsigned i = 0; i < n; i++) {
			p[i] = kmalloc(size, GFP_NOWAIT);
			EXPECT(t, p[i] != NULL);
		}
		host_set_cpu((round / 2) % NR_CPUS);
		for (unsigned i = 0; i < n; i++)
			kfree(p[round & 1 ? i : n - 1 - i]);
	}
	host_set_cpu(0);
	kmem_cache_shrink_all();
	drain_all_pages();
	EXPECT_EQ(t, nr_free_pages(), before);
	EXPECT(t, mm_verify_all(NULL));
}

static void
mistakes_are_counted_and_ignored(struct test *t)
{
	unsigned before = nr_warnings;
	u8 *p, *q;

	set_up();
	p = kmalloc(100, GFP_NOWAIT);
	q = kmalloc(100, GFP_NOWAIT);
	kfree(p);
	kfree(p);
	EXPECT_EQ(t, nr_warnings, before + 1);
	kfree(q);
	kfree(p);
	EXPECT_EQ(t, nr_warnings, before + 2);
	q = kmalloc(100, GFP_NOWAIT);
	kfree(q + 16);
	EXPECT_EQ(t, nr_warnings, before + 3);
	kfree(q);
	EXPECT_EQ(t, nr_warnings, before + 3);
	EXPECT(t, mm_verify_all(NULL));
	nr_warnings = before;
}

TEST_SUITE(DESIGN,
	   TEST_CASE(random_blocks_are_nobody_elses),
	   TEST_CASE(bursts_leave_nothing_behind),
	   TEST_CASE(mistakes_are_counted_and_ignored));
