/* SPDX-License-Identifier: MIT */
/* Memory pools, shrinkers and kmap: what memory shortage is survived with. */
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <kernel/kthread.h>
#include <kernel/test.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/highmem.h>
#include <mm/mempool.h>
#include "page_helpers.h"

/* An allocator that can be told to fail. */
static bool failing;
static int nr_out;

static void *
test_alloc(gfp_t gfp, void *data)
{
	void *p = failing ? NULL : kmalloc((unsigned long)data, gfp);

	nr_out += p != NULL;
	return p;
}

static void
test_free(void *p, void *data)
{
	nr_out--;
	kfree(p);
}

static struct mempool *
make_pool(unsigned n)
{
	failing = false;
	nr_out = 0;
	return mempool_create(n, test_alloc, test_free, (void *)96);
}

static void
the_reserve_serves_when_the_allocator_fails(struct test *t)
{
	struct mempool *pool = make_pool(4);
	void *p[4];

	ASSERT(t, pool != NULL);
	EXPECT_EQ(t, nr_out, 4);
	failing = true;
	for (unsigned i = 0; i < 4; i++) {
		p[i] = mempool_alloc(pool, GFP_ATOMIC);
		EXPECT(t, p[i] != NULL);
	}
	EXPECT(t, !mempool_alloc(pool, GFP_ATOMIC));
	EXPECT_EQ(t, pool->curr_nr, 0);
	for (unsigned i = 0; i < 4; i++)
		mempool_free(p[i], pool);
	EXPECT_EQ(t, pool->curr_nr, 4);
	mempool_destroy(pool);
	EXPECT_EQ(t, nr_out, 0);
}

static void
the_allocator_is_asked_first(struct test *t)
{
	struct mempool *pool = make_pool(2);
	void *p;

	ASSERT(t, pool != NULL);
	p = mempool_alloc(pool, GFP_KERNEL);
	EXPECT_EQ(t, pool->curr_nr, 2);
	EXPECT_EQ(t, nr_out, 3);
	mempool_free(p, pool);
	EXPECT_EQ(t, nr_out, 2);
	mempool_free(NULL, pool);
	mempool_destroy(pool);
}

static struct mempool *shared;
static void *got;

static void
wait_for_one(void *unused)
{
	got = mempool_alloc(shared, GFP_KERNEL);
}

static void
an_empty_pool_makes_its_user_wait(struct test *t)
{
	struct task *waiter;
	void *p;

	shared = make_pool(1);
	got = NULL;
	ASSERT(t, shared != NULL);
	failing = true;
	p = mempool_alloc(shared, GFP_ATOMIC);
	ASSERT(t, p != NULL);
	waiter = kthread_create(wait_for_one, NULL, "pool-waiter");
	ASSERT(t, waiter != NULL);
	get_task(waiter);
	wake_up_process(waiter);
	msleep(30);
	EXPECT(t, got == NULL);
	mempool_free(p, shared);
	kthread_join(waiter);
	EXPECT(t, got == p);
	mempool_free(got, shared);
	mempool_destroy(shared);
}

static void
a_pool_can_grow_and_shrink(struct test *t)
{
	struct mempool *pool = make_pool(3);

	ASSERT(t, pool != NULL);
	EXPECT_EQ(t, mempool_resize(pool, 10), 0);
	EXPECT_EQ(t, pool->curr_nr, 10);
	EXPECT_EQ(t, nr_out, 10);
	EXPECT_EQ(t, mempool_resize(pool, 2), 0);
	EXPECT_EQ(t, nr_out, 2);
	EXPECT(t, mempool_resize(pool, 0) < 0);
	mempool_destroy(pool);
}

static void
destroy_pool(void *pool)
{
	mempool_destroy(pool);
}

static void
elements_that_are_out_at_the_end_are_told(struct test *t)
{
	struct mempool *pool = make_pool(2);
	void *p;

	ASSERT(t, pool != NULL);
	failing = true;
	p = mempool_alloc(pool, GFP_ATOMIC);
	EXPECT_WARNING(t, destroy_pool, pool, "1 of 2 elements are out");
	test_free(p, NULL);
}

static void
a_pool_without_memory_is_not_made(struct test *t)
{
	failing = true;
	nr_out = 0;
	EXPECT(t, !mempool_create(3, test_alloc, test_free, (void *)96));
	EXPECT(t, !mempool_create(0, test_alloc, test_free, (void *)96));
	EXPECT_EQ(t, nr_out, 0);
}

/* Were a part of each forgotten, whole frames would be missing at the end. */
static void
pools_that_go_leave_nothing(struct test *t)
{
	for (unsigned i = 0; i < 1000; i++) {
		struct mempool *pool = make_pool(9);

		ASSERT(t, pool != NULL);
		EXPECT_EQ(t, mempool_resize(pool, 12), 0);
		mempool_destroy(pool);
	}
	EXPECT_EQ(t, nr_out, 0);
}

static void
the_usual_kinds_work(struct test *t)
{
	struct kmem_cache *cache = kmem_cache_create("test-pool", 80, 0,
						     SLAB_NO_MERGE, NULL);
	struct mempool *slab = mempool_create_slab_pool(3, cache);
	struct mempool *bytes = mempool_create_kmalloc_pool(3, 500);
	struct mempool *pages = mempool_create_page_pool(2, 1);
	void *p;

	ASSERT(t, slab && bytes && pages);
	p = mempool_alloc(slab, GFP_KERNEL);
	memset(p, 1, 80);
	mempool_free(p, slab);
	p = mempool_alloc(bytes, GFP_KERNEL);
	memset(p, 1, 500);
	mempool_free(p, bytes);
	p = mempool_alloc(pages, GFP_KERNEL);
	memset(page_address(p), 1, 2 * PAGE_SIZE);
	mempool_free(p, pages);
	mempool_destroy(pages);
	mempool_destroy(bytes);
	mempool_destroy(slab);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* --- shrinkers ---------------------------------------------------------------- */

static unsigned long have, nr_calls, largest;

static unsigned long
count_them(struct shrinker *s)
{
	return have;
}

static unsigned long
scan_them(struct shrinker *s, unsigned long nr)
{
	unsigned long n = min(nr, have);

	nr_calls++;
	largest = max(largest, nr);
	have -= n;
	return n;
}

static void
shrinkers_give_a_share_by_priority(struct test *t)
{
	struct shrinker s = {
		.name = "test", .count = count_them, .scan = scan_them,
	};

	have = 10000;
	largest = nr_calls = 0;
	shrinker_register(&s);
	/* 10000 >> 12 is 2, twice it 4: not worth a call, but remembered. */
	EXPECT_EQ(t, shrink_slab(12), 0);
	EXPECT_EQ(t, s.nr_deferred, 4);
	EXPECT_EQ(t, nr_calls, 0);
	/* 10000 >> 3, twice, and what was put off; in batches of 64. */
	EXPECT_EQ(t, shrink_slab(3), 2496);
	EXPECT_EQ(t, s.nr_deferred, 8);
	EXPECT(t, largest <= 64);
	shrink_slab(0);
	EXPECT_EQ(t, have, 0);
	EXPECT_EQ(t, shrink_slab(0), 0);
	shrinker_unregister(&s);
	have = 100;
	shrink_slab(0);
	EXPECT_EQ(t, have, 100);
}

static unsigned long
scan_stop(struct shrinker *s, unsigned long nr)
{
	nr_calls++;
	return SHRINK_STOP;
}

static void
a_shrinker_may_say_stop(struct test *t)
{
	struct shrinker s = {
		.name = "test", .count = count_them, .scan = scan_stop,
	};

	have = 1000;
	nr_calls = 0;
	shrinker_register(&s);
	EXPECT_EQ(t, shrink_slab(0), 0);
	EXPECT_EQ(t, nr_calls, 1);
	EXPECT_EQ(t, s.nr_deferred, 1000);
	/* What is put off is at most twice what there is. */
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(t, shrink_slab(0), 0);
	EXPECT_EQ(t, s.nr_deferred, 2000);
	shrinker_unregister(&s);
}

/* --- kmap --------------------------------------------------------------------- */

static void
kmap_gives_one_page_one_address(struct test *t)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
	u32 *a, *b;

	ASSERT(t, page != NULL);
	if (!page_highmem(page)) {
		EXPECT(t, kmap(page) == page_address(page));
		kunmap(page);
		free_frame(page);
		SKIP(t, "no highmem page");
	}
	a = kmap(page);
	b = kmap(page);
	EXPECT(t, a && a == b);
	EXPECT((t), (unsigned long)a >= PKMAP_START &&
		    (unsigned long)a < PAGE_OFFSET);
	*a = 0x1234;
	EXPECT_EQ(t, kmap_nr_used(), 1);
	kunmap(page);
	EXPECT_EQ(t, kmap_nr_used(), 1);
	kunmap(page);
	EXPECT_EQ(t, kmap_nr_used(), 0);
	b = kmap_local_page(page);
	EXPECT_EQ(t, *b, 0x1234);
	kunmap_local(b);
	free_frame(page);
}

static void
kmap_slots_are_flushed_when_all_were_used(struct test *t)
{
	static struct page *pages[600];
	unsigned n;

	for (n = 0; n < ARRAY_SIZE(pages); n++) {
		pages[n] = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
		if (!pages[n] || !page_highmem(pages[n]))
			break;
		*(u32 *)kmap(pages[n]) = n;
		kunmap(pages[n]);
	}
	for (unsigned i = 0; i < n; i++) {
		u32 *p = kmap(pages[i]);

		EXPECT_EQ(t, *p, i);
		kunmap(pages[i]);
		free_frame(pages[i]);
	}
	if (n < ARRAY_SIZE(pages)) {
		if (pages[n])
			free_frame(pages[n]);
		SKIP(t, "not enough highmem");
	}
	EXPECT_VERIFIED(t);
}

#define NR_SLOTS	((PAGE_OFFSET - PKMAP_START) / PAGE_SIZE)

static struct page *slot_pages[NR_SLOTS + 1];

static void
map_the_last(void *unused)
{
	got = kmap(slot_pages[NR_SLOTS]);
}

/* All slots in use: who wants one more waits until one is given back. */
static void
kmap_waits_for_a_slot(struct test *t)
{
	struct task *waiter = NULL;
	unsigned n, i;

	for (n = 0; n <= NR_SLOTS; n++) {
		slot_pages[n] = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
		if (!slot_pages[n] || !page_highmem(slot_pages[n]))
			break;
		if (n < NR_SLOTS)
			kmap(slot_pages[n]);
	}
	if (n > NR_SLOTS) {
		EXPECT_EQ(t, kmap_nr_used(), NR_SLOTS);
		got = NULL;
		waiter = kthread_create(map_the_last, NULL, "kmap-waiter");
	}
	if (waiter) {
		get_task(waiter);
		wake_up_process(waiter);
		msleep(30);
		EXPECT(t, got == NULL);
		kunmap(slot_pages[7]);
		kthread_join(waiter);
		EXPECT(t, got != NULL);
	}
	for (i = 0; i < n; i++) {
		if (i != (waiter ? 7 : NR_SLOTS))	/* has no slot */
			kunmap(slot_pages[i]);
	}
	for (i = 0; i < n; i++)
		free_frame(slot_pages[i]);
	if (n > NR_SLOTS)
		return;
	if (slot_pages[n])
		free_frame(slot_pages[n]);
	SKIP(t, "not enough highmem");
}

/* A slot that nobody uses must not be mapped. */
static void
mapped_slots_and_counted_ones_are_compared(struct test *t)
{
	unsigned long at = PAGE_OFFSET - PAGE_SIZE;
	struct page *page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
	struct pt_walk w;

	ASSERT(t, page != NULL);
	kmap(page);		/* so that there are tables */
	kunmap(page);
	if (!page_highmem(page)) {
		free_frame(page);
		SKIP(t, "no highmem page");
	}
	free_frame(page);
	do {
		at -= PAGE_SIZE;
		pt_walk(swapper_pg_dir, at, &w);
	} while (w.kind != PT_NONE);
	if (at < PKMAP_START)
		SKIP(t, "all slots are remembered, from another run");
	ASSERT_EQ(t, map_kernel_range(at, 0x60000000, PAGE_SIZE,
				      PROT_KERNEL_RO, false), 0);
	EXPECT(t, verify_catches("PK1"));
	unmap_kernel_range(at, PAGE_SIZE);
	EXPECT_VERIFIED(t);
}

TEST_SUITE("mempool",
	   TEST_CASE(the_reserve_serves_when_the_allocator_fails),
	   TEST_CASE(the_allocator_is_asked_first),
	   TEST_CASE(an_empty_pool_makes_its_user_wait),
	   TEST_CASE(a_pool_can_grow_and_shrink),
	   TEST_CASE(elements_that_are_out_at_the_end_are_told),
	   TEST_CASE(a_pool_without_memory_is_not_made),
	   TEST_CASE(pools_that_go_leave_nothing),
	   TEST_CASE(the_usual_kinds_work),
	   TEST_CASE(shrinkers_give_a_share_by_priority),
	   TEST_CASE(a_shrinker_may_say_stop),
	   TEST_CASE(kmap_gives_one_page_one_address),
	   TEST_CASE_KEEPS(mapped_slots_and_counted_ones_are_compared),
	   TEST_CASE_KEEPS(kmap_slots_are_flushed_when_all_were_used),
	   TEST_CASE(kmap_waits_for_a_slot));
