/* SPDX-License-Identifier: MIT */
/*
 * What is particular to SLUB (what a core gathers), to SLAB (arrays, colours,
 * three lists) and to SLOB (pages that all share), from inside: slab=slab and
 * slab=slob.
 */
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/string.h>
#include <mm/kasan.h>
#include <mm/slab.h>
#include "../../mm/kmem/kmem_cache.h"
#include "threads.h"

#define IF_DESIGN(t, which) \
	if (the_slab_design != &(which)) \
		SKIP(t, "not started with that design")

/* How SLAB's struct array_cache begins. */
struct array_head {
	u16 avail, limit, batch;
};

static struct kmem_cache *cache;
static void *objects[400];

/* A cache, and n objects of it. */
static bool
make(struct test *t, unsigned size, unsigned n)
{
	bool all = true;

	cache = kmem_cache_create("test-design", size, 0, SLAB_NO_MERGE, NULL);
	for (unsigned i = 0; cache && i < n; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		all &= objects[i] != NULL;
	}
	return EXPECT(t, cache && all);
}

/* Free objects [from, to). */
static void
give(unsigned from, unsigned to)
{
	for (; from < to; from++)
		kmem_cache_free(cache, objects[from]);
}

static const struct array_head *
array_of_this_core(void)
{
	return this_cpu_ptr((struct array_head *)cache->design);
}

/* --- SLUB ------------------------------------------------------------------------- */

static void
free_there(void *object)
{
	kmem_cache_free(cache, object);
}

static void
shrinking_reaches_what_another_core_has_gathered(struct test *t)
{
	struct kmem_cache_cpu *there;
	unsigned cpu;

	IF_DESIGN(t, slub_design);
	if (num_online_cpus() == 1 || KASAN_ON)
		SKIP(t, "needs two cores, and no KASAN");
	if (slab_debug_flags_for("test-design"))
		SKIP(t, "slub_debug: objects are not gathered");
	sched_setaffinity(current, 1u << smp_processor_id());
	cpu = test_other_cpu();
	if (!make(t, 300, 40))
		goto out;
	there = per_cpu_ptr(cache->lists, cpu);
	smp_call_function_single(cpu, free_there, objects[0]);
	EXPECT(t, there->away.page == slab_page_of(objects[0]));
	EXPECT(t, !there->own.page && !there->partial);
	give(1, 40);
	kmem_cache_shrink(cache);
	EXPECT(t, !there->away.page);
	EXPECT_EQ(t, cache->node.nr_slabs, 0);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
out:
	sched_setaffinity(current, ~0u);
}

/* --- SLAB ------------------------------------------------------------------------- */

static void
slabs_begin_at_different_colours(struct test *t)
{
	unsigned first, differ = 0;

	IF_DESIGN(t, slab_design);
	/* 13 objects of 304 bytes leave room for five colours. */
	if (!make(t, 300, 130))
		return;
	first = ((unsigned long)objects[0] & ~PAGE_MASK) % cache->size;
	for (unsigned i = 0; i < 130; i++)
		differ += ((unsigned long)objects[i] & ~PAGE_MASK) %
			  cache->size != first;
	EXPECT(t, differ > 0);
	give(0, 130);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
an_array_is_filled_by_the_batch_and_never_over_its_limit(struct test *t)
{
	const struct array_head *array;
	unsigned most = 0;

	IF_DESIGN(t, slab_design);
	if (!make(t, 64, 1))		/* 64 to a slab: more than a batch */
		return;
	array = array_of_this_core();
	EXPECT(t, array->batch > 0 && array->batch < array->limit);
	EXPECT_EQ(t, array->avail, array->batch - 1);
	give(0, 1);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	if (!make(t, 64, 300))
		return;
	array = array_of_this_core();
	for (unsigned i = 0; i < 300; i++) {
		kmem_cache_free(cache, objects[i]);
		most = max(most, (unsigned)array->avail);
	}
	EXPECT_EQ(t, most, array->limit);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* Some empty slabs are kept for what comes next, the others given back. */
static void
a_few_empty_slabs_are_kept(struct test *t)
{
	struct slab_usage u;
	unsigned long most;

	IF_DESIGN(t, slab_design);
	if (!make(t, 300, 390))
		return;
	most = cache->node.nr_slabs;
	give(0, 390);
	EXPECT(t, !list_empty(&cache->node.free));
	EXPECT(t, cache->node.nr_free <= 6u * cache->objects);
	EXPECT(t, cache->node.nr_slabs < most / 2);
	/* What lies on arrays is in nobody's use. */
	kmem_cache_usage(cache, &u);
	EXPECT_EQ(t, u.active, 0);
	EXPECT_EQ(t, u.total, u.slabs * cache->objects);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* Only when no slab is in part use an empty one is begun. */
static void
partly_used_slabs_are_used_up_first(struct test *t)
{
	struct list_head *partial;
	struct page *empty;
	unsigned n;

	IF_DESIGN(t, slab_design);
	if (!make(t, 300, 130))
		return;
	/* Slab 1 is emptied, of slabs 2 to 8 one object is kept. */
	give(1 * 13, 2 * 13);
	for (n = 2; n < 9; n++)
		give(n * 13 + 1, (n + 1) * 13);
	partial = &cache->node.partial;
	empty = slab_page_of(objects[13]);
	ASSERT_EQ(t, empty->slab.inuse, 0);
	ASSERT(t, !list_empty(partial));
	for (n = 130; n < 390 && !empty->slab.inuse; n++)
		objects[n] = kmem_cache_alloc(cache, GFP_KERNEL);
	EXPECT(t, empty->slab.inuse > 0);
	EXPECT(t, list_empty(partial) || (partial->next == &empty->slab.list &&
					  partial->prev == partial->next));
	give(130, n);
	give(0, 13);
	for (n = 2; n < 9; n++)
		give(n * 13, n * 13 + 1);
	give(9 * 13, 130);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* --- SLOB ------------------------------------------------------------------------- */

static void
slob_usage(struct slab_usage *u)
{
	kmem_cache_usage(kmalloc_by_8[0], u);
}

static void
pages_that_all_share_are_counted(struct test *t)
{
	struct slab_usage before, most, after;
	void *whole;

	IF_DESIGN(t, slob_design);
	slob_usage(&before);
	if (!make(t, 1500, 100))		/* two to a page */
		return;
	slob_usage(&most);
	EXPECT(t, most.slabs >= before.slabs + 48 &&
		  most.slabs <= before.slabs + 50);
	EXPECT_EQ(t, most.frames - most.slabs, before.frames - before.slabs);
	give(0, 100);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	whole = kmalloc(5000, GFP_KERNEL);
	slob_usage(&most);
	EXPECT_EQ(t, most.frames, before.frames + 2);
	EXPECT_EQ(t, most.slabs, before.slabs);
	kfree(whole);
	slob_usage(&after);
	EXPECT_EQ(t, after.frames, before.frames);
}

static void
a_full_page_with_a_hole_again_is_used(struct test *t)
{
	unsigned i = 100;

	IF_DESIGN(t, slob_design);
	if (!make(t, 2040, 200))	/* two and their headers fill a page */
		return;
	while (slab_page_of(objects[i]) != slab_page_of(objects[i + 1]))
		i++;
	EXPECT(t, slab_page_of(objects[i])->slab.freelist == NULL);
	kmem_cache_free(cache, objects[i]);
	objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	EXPECT(t, slab_page_of(objects[i]) == slab_page_of(objects[i + 1]));
	give(0, 200);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
kfree_at(void *p)
{
	kfree(p);
}

static void
the_middle_of_frames_is_no_object(struct test *t)
{
	char *whole;

	IF_DESIGN(t, slob_design);
	whole = kmalloc(5000, GFP_KERNEL);
	ASSERT(t, whole != NULL);
	EXPECT_WARNING(t, kfree_at, whole + 64, "middle of an object");
	kfree(whole);
}

TEST_SUITE("slab_designs",
	   TEST_CASE(shrinking_reaches_what_another_core_has_gathered),
	   TEST_CASE(slabs_begin_at_different_colours),
	   TEST_CASE(an_array_is_filled_by_the_batch_and_never_over_its_limit),
	   TEST_CASE(a_few_empty_slabs_are_kept),
	   TEST_CASE(partly_used_slabs_are_used_up_first),
	   TEST_CASE(pages_that_all_share_are_counted),
	   TEST_CASE(a_full_page_with_a_hole_again_is_used),
	   TEST_CASE(the_middle_of_frames_is_no_object));
