/* SPDX-License-Identifier: MIT */
/* What kernel objects and addresses cost. */
#include <kernel/bench.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

static void
kmalloc_pair_32(struct bench *b)
{
	BENCH_LOOP(b, kfree(kmalloc(32, GFP_ATOMIC)));
}

static void
kmalloc_pair_128(struct bench *b)
{
	BENCH_LOOP(b, kfree(kmalloc(128, GFP_ATOMIC)));
}

static void
kmalloc_pair_1024(struct bench *b)
{
	BENCH_LOOP(b, kfree(kmalloc(1024, GFP_ATOMIC)));
}

static void
kmalloc_pair_4096(struct bench *b)
{
	BENCH_LOOP(b, kfree(kmalloc(4096, GFP_ATOMIC)));
}

static void
cache_pair(struct bench *b)
{
	struct kmem_cache *cache = kmem_cache_create("bench", 200, 0,
						     SLAB_NO_MERGE, NULL);
	void *object;

	BENCH_LOOP(b, object = kmem_cache_alloc(cache, GFP_ATOMIC);
		   kmem_cache_free(cache, object));
	kmem_cache_destroy(cache);
}

#define BURST	1000

static void *burst[BURST];

/* A thousand objects before the first is freed, in the order they came. */
static void
burst_take(struct bench *b)
{
	for (unsigned i = 0; i < BURST; i++)
		burst[i] = kmalloc(128, GFP_ATOMIC);
}

static void
burst_give(struct bench *b)
{
	for (unsigned i = 0; i < BURST; i++)
		kfree(burst[i]);
}

static void
kmalloc_burst_alloc(struct bench *b)
{
	unsigned i;

	b->iterations = BURST;
	burst_take(b);
	burst_give(b);
	bench_begin(b);
	burst_take(b);
	bench_end(b);
	burst_give(b);
	for (i = 0; i < BURST; i++) {
		bench_sample_begin(b);
		burst[i] = kmalloc(128, GFP_ATOMIC);
		bench_sample_end(b);
	}
	burst_give(b);
}

static void
kmalloc_burst_free(struct bench *b)
{
	unsigned i;

	b->iterations = BURST;
	burst_take(b);
	burst_give(b);
	burst_take(b);
	bench_begin(b);
	burst_give(b);
	bench_end(b);
	burst_take(b);
	for (i = 0; i < BURST; i++) {
		bench_sample_begin(b);
		kfree(burst[i]);
		bench_sample_end(b);
	}
}

static void
create_destroy(struct bench *b)
{
	struct kmem_cache *cache;

	b->iterations = 100;
	BENCH_LOOP(b, cache = kmem_cache_create("bench", 200, 0, SLAB_NO_MERGE,
						NULL);
		   kmem_cache_destroy(cache));
}

static void
vmalloc_pair_4k(struct bench *b)
{
	BENCH_LOOP(b, vfree(vmalloc(4096)));
}

static void
vmalloc_pair_64k(struct bench *b)
{
	BENCH_LOOP(b, vfree(vmalloc(65536)));
}

static void
vmalloc_pair_1m(struct bench *b)
{
	b->iterations = 100;
	BENCH_LOOP(b, vfree(vmalloc(1 << 20)));
}

BENCH_SUITE("kmem",
	    BENCH_CASE("kmalloc 32 hot pair", kmalloc_pair_32),
	    BENCH_CASE("kmalloc 128 hot pair", kmalloc_pair_128),
	    BENCH_CASE("kmalloc 1024 hot pair", kmalloc_pair_1024),
	    BENCH_CASE("kmalloc 4096 hot pair", kmalloc_pair_4096),
	    BENCH_CASE("kmem_cache 200 hot pair", cache_pair),
	    BENCH_CASE("kmalloc 128 burst of 1000 alloc", kmalloc_burst_alloc),
	    BENCH_CASE("kmalloc 128 burst of 1000 free", kmalloc_burst_free),
	    BENCH_CASE("kmem_cache create + destroy", create_destroy),
	    BENCH_CASE("vmalloc 4 KiB hot pair", vmalloc_pair_4k),
	    BENCH_CASE("vmalloc 64 KiB hot pair", vmalloc_pair_64k),
	    BENCH_CASE("vmalloc 1 MiB hot pair", vmalloc_pair_1m));
