/* SPDX-License-Identifier: MIT */
/* kmalloc and object caches, through the interface: any slab design. */
#include <asm/memory.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/slab.h>

static void
every_size_is_served_aligned_and_whole(struct test *t)
{
	for (unsigned size = 1; size <= 40000; size += size < 300 ? 1 : 997) {
		u8 *p = kmalloc(size, GFP_KERNEL);

		ASSERT(t, p != NULL);
		EXPECT_EQ(t, (unsigned long)p % ARCH_KMALLOC_MINALIGN, 0);
		EXPECT(t, ksize(p) >= size);
		memset(p, 0x5a, size);
		kfree(p);
	}
}

static void
powers_of_two_are_aligned_to_their_size(struct test *t)
{
	for (unsigned size = 8; size <= 32768; size *= 2) {
		void *p = kmalloc(size, GFP_KERNEL);
		unsigned align = size < PAGE_SIZE ? size : PAGE_SIZE;

		ASSERT(t, p != NULL);
		EXPECT_EQ(t, (unsigned long)p % align, 0);
		kfree(p);
	}
}

static void
zeroed_memory_is_zero_even_when_reused(struct test *t)
{
	for (unsigned round = 0; round < 50; round++) {
		u8 *p = kzalloc(200, GFP_KERNEL);

		ASSERT(t, p != NULL);
		for (unsigned i = 0; i < 200; i++)
			ASSERT_EQ(t, p[i], 0);
		memset(p, 0xff, 200);
		kfree(p);
	}
}

static void
zero_bytes_give_a_pointer_that_may_be_freed(struct test *t)
{
	void *p = kmalloc(0, GFP_KERNEL);

	EXPECT(t, p == ZERO_SIZE_PTR);
	EXPECT_EQ(t, ksize(p), 0);
	kfree(p);
	kfree(NULL);
}

static void
products_that_overflow_are_refused(struct test *t)
{
	EXPECT(t, !kcalloc(0x10000, 0x10000, GFP_KERNEL));
	EXPECT(t, !kmalloc_array(0xffffffff, 2, GFP_KERNEL));
	EXPECT(t, !kmalloc(KMALLOC_MAX_SIZE + 1, GFP_KERNEL | __GFP_NOWARN));
}

static void
krealloc_keeps_the_contents(struct test *t)
{
	char *p = krealloc(NULL, 10, GFP_KERNEL);

	ASSERT(t, p != NULL);
	strscpy(p, "contents", 10);
	for (unsigned size = 20; size < 20000; size *= 3) {
		p = krealloc(p, size, GFP_KERNEL);
		ASSERT(t, p != NULL);
		EXPECT(t, !strcmp(p, "contents"));
	}
	p = krealloc(p, 9, GFP_KERNEL);
	EXPECT(t, !strcmp(p, "contents"));
	EXPECT(t, krealloc(p, 0, GFP_KERNEL) == ZERO_SIZE_PTR);
}

#define CONSTRUCTED_WORDS	10u	/* all of it: nothing lies inside */
static unsigned constructed;

static void
construct(void *object)
{
	for (unsigned i = 0; i < CONSTRUCTED_WORDS; i++)
		((u32 *)object)[i] = 0xc0de + i;
	constructed++;
}

static void
constructed_objects_are_as_the_constructor_left_them(struct test *t)
{
	struct kmem_cache *cache;
	u32 *objects[64];

	constructed = 0;
	cache = kmem_cache_create("test-ctor", 4 * CONSTRUCTED_WORDS, 0, 0,
				  construct);
	ASSERT(t, cache != NULL);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 64; i++) {
			objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
			ASSERT(t, objects[i] != NULL);
			for (unsigned k = 0; k < CONSTRUCTED_WORDS; k++)
				EXPECT_EQ(t, objects[i][k], 0xc0de + k);
		}
		for (unsigned i = 0; i < 64; i++)
			kmem_cache_free(cache, objects[i]);
	}
	EXPECT(t, constructed >= 64);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
objects_of_a_cache_do_not_overlap(struct test *t)
{
	struct kmem_cache *cache =
		kmem_cache_create("test-overlap", 24, 0, SLAB_NO_MERGE, NULL);
	u8 *objects[500];

	ASSERT(t, cache != NULL);
	for (unsigned i = 0; i < 500; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		ASSERT(t, objects[i] != NULL);
		memset(objects[i], i & 0xff, 24);
	}
	for (unsigned i = 0; i < 500; i++) {
		for (unsigned k = 0; k < 24; k++)
			ASSERT_EQ(t, objects[i][k], i & 0xff);
		kmem_cache_free(cache, objects[i]);
	}
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
destroy(void *cache)
{
	kmem_cache_destroy(cache);
}

static void
a_cache_with_objects_out_is_not_destroyed(struct test *t)
{
	struct kmem_cache *cache =
		kmem_cache_create("test-leak", 100, 0, SLAB_NO_MERGE, NULL);
	void *object;

	ASSERT(t, cache != NULL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	EXPECT_WARNING(t, destroy, cache, "destruction with 1 objects");
	kmem_cache_free(cache, object);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

#define SLOTS	64

/* Random sizes; each block is filled with its own number and checked. */
static void
churn(struct test *t, unsigned cpu, void *arg)
{
	u64 rng = t->seed + cpu;
	u8 *slots[SLOTS] = { NULL };
	u32 sizes[SLOTS];

	for (unsigned n = 0; n < 20000; n++) {
		unsigned i = random_below(&rng, SLOTS);

		if (slots[i]) {
			if (slots[i][0] != (u8)(i + cpu) ||
			    slots[i][sizes[i] - 1] != (u8)(i + cpu))
				test_fail(t, __FILE__, __LINE__,
					  "block of %u bytes changed",
					  sizes[i]);
			kfree(slots[i]);
			slots[i] = NULL;
			continue;
		}
		sizes[i] = 1 + random_below(&rng, random_below(&rng, 16) ?
						  300 : 9000);
		slots[i] = kmalloc(sizes[i], GFP_KERNEL);
		if (slots[i]) {
			slots[i][0] = (u8)(i + cpu);
			slots[i][sizes[i] - 1] = (u8)(i + cpu);
		}
	}
	for (unsigned i = 0; i < SLOTS; i++)
		kfree(slots[i]);
}

static void
all_cores_may_allocate_and_free_at_once(struct test *t)
{
	test_on_all_cpus(t, churn, NULL);
}

/* One core allocates, another frees: blocks go through a shared table. */
static void *shared[256];

static void
exchange(struct test *t, unsigned cpu, void *arg)
{
	u64 rng = t->seed + cpu;

	for (unsigned n = 0; n < 20000; n++) {
		void *mine = kmalloc(48, GFP_KERNEL), *old;

		old = __atomic_exchange_n(&shared[random_below(&rng, 256)],
					  mine, __ATOMIC_ACQ_REL);
		kfree(old);
	}
}

static void
a_block_may_be_freed_by_another_core(struct test *t)
{
	test_on_all_cpus(t, exchange, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(shared); i++) {
		kfree(shared[i]);
		shared[i] = NULL;
	}
}

TEST_SUITE("kmalloc",
	   TEST_CASE(every_size_is_served_aligned_and_whole),
	   TEST_CASE(powers_of_two_are_aligned_to_their_size),
	   TEST_CASE(zeroed_memory_is_zero_even_when_reused),
	   TEST_CASE(zero_bytes_give_a_pointer_that_may_be_freed),
	   TEST_CASE(products_that_overflow_are_refused),
	   TEST_CASE(krealloc_keeps_the_contents),
	   TEST_CASE(constructed_objects_are_as_the_constructor_left_them),
	   TEST_CASE(objects_of_a_cache_do_not_overlap),
	   TEST_CASE(a_cache_with_objects_out_is_not_destroyed),
	   TEST_CASE(all_cores_may_allocate_and_free_at_once),
	   TEST_CASE(a_block_may_be_freed_by_another_core));
