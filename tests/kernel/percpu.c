/* SPDX-License-Identifier: MIT */
/* Per-CPU memory made at run time. */
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/percpu.h>
#include "page_helpers.h"

static void
each_core_has_its_own_zeroed_copy(struct test *t)
{
	u64 *p = alloc_percpu(u64);
	unsigned cpu;

	ASSERT(t, p != NULL);
	for_each_possible_cpu(cpu) {
		EXPECT_EQ(t, *per_cpu_ptr(p, cpu), 0);
		*per_cpu_ptr(p, cpu) = 1000 + cpu;
	}
	for_each_possible_cpu(cpu)
		EXPECT_EQ(t, *per_cpu_ptr(p, cpu), 1000 + cpu);
	free_percpu(p);
}

static void
add_one(struct test *t, unsigned cpu, void *counters)
{
	for (unsigned i = 0; i < 1000; i++)
		(*this_cpu_ptr((u32 *)counters))++;
}

static void
cores_count_without_disturbing_each_other(struct test *t)
{
	u32 *counters = alloc_percpu(u32), sum = 0;
	unsigned cpu;

	ASSERT(t, counters != NULL);
	test_on_all_cpus(t, add_one, counters);
	for_each_possible_cpu(cpu)
		sum += *per_cpu_ptr(counters, cpu);
	EXPECT_EQ(t, sum, 1000 * num_online_cpus());
	free_percpu(counters);
}

static void
sizes_and_alignments_are_kept(struct test *t)
{
	unsigned cpu;

	for (unsigned align = 1; align <= 64; align *= 2) {
		void *p = percpu_alloc(40, align);

		ASSERT(t, p != NULL);
		for_each_possible_cpu(cpu)
			EXPECT_EQ(t, (unsigned long)per_cpu_ptr(p, cpu) %
				     align, 0);
		free_percpu(p);
	}
	EXPECT(t, !percpu_alloc(0, 8));
	EXPECT(t, !percpu_alloc(PERCPU_MAX_SIZE + 1, 8));
	EXPECT(t, !percpu_alloc(16, 128));
	free_percpu(NULL);
}

static void
more_than_a_chunk_makes_another(struct test *t)
{
	void *objects[12];
	unsigned cpu;

	for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = percpu_alloc(3000, 8);
		ASSERT(t, objects[i] != NULL);
		for_each_possible_cpu(cpu)
			memset(per_cpu_ptr(objects[i], cpu), i * 4 + cpu, 3000);
	}
	EXPECT_VERIFIED(t);
	for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
		for_each_possible_cpu(cpu) {
			u8 *p = per_cpu_ptr((u8 *)objects[i], cpu);

			EXPECT_EQ(t, p[0], i * 4 + cpu);
			EXPECT_EQ(t, p[2999], i * 4 + cpu);
		}
		free_percpu(objects[i]);
	}
}

/*
 *	| free | object | free | object | ... | object | rest |
 *				an object that fits no hole, but free + rest
 */
static void
an_object_never_hangs_over_the_end_of_its_chunk(struct test *t)
{
	void *objects[24], *large[6];
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = percpu_alloc(3000, 8);
		ASSERT(t, objects[i] != NULL);
	}
	for (i = 0; i < ARRAY_SIZE(objects); i += 2)
		free_percpu(objects[i]);
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		large[i] = percpu_alloc(3900, 8);
		ASSERT(t, large[i] != NULL);
	}
	EXPECT_VERIFIED(t);
	for (i = 0; i < ARRAY_SIZE(large); i++)
		free_percpu(large[i]);
	for (i = 1; i < ARRAY_SIZE(objects); i += 2)
		free_percpu(objects[i]);
}

static void
the_lowest_room_is_taken_again(struct test *t)
{
	void *p = percpu_alloc(64, 8), *q = percpu_alloc(64, 8), *again;

	ASSERT(t, p && q);
	free_percpu(p);
	again = percpu_alloc(64, 8);
	EXPECT(t, again == p);
	free_percpu(again);
	free_percpu(q);
}

static void
free_it(void *p)
{
	free_percpu(p);
}

static void
wrong_frees_are_reported(struct test *t)
{
	char *p = percpu_alloc(64, 16);

	ASSERT(t, p != NULL);
	EXPECT_WARNING(t, free_it, p + 16, "no such object");
	EXPECT_WARNING(t, free_it, p + 3, "no such object");
	EXPECT_WARNING(t, free_it, t, "no such object");
	free_percpu(p);
	EXPECT_WARNING(t, free_it, p, "no such object");
}

static void
random_sizes_never_overlap(struct test *t)
{
	u8 *objects[40] = { NULL };
	unsigned sizes[40], i;

	for (unsigned n = 0; n < 2000; n++) {
		i = test_random(t) % 40;
		if (objects[i]) {
			u8 *p = this_cpu_ptr(objects[i]);

			for (unsigned k = 0; k < sizes[i]; k++)
				ASSERT_EQ(t, p[k], i + 1);
			free_percpu(objects[i]);
			objects[i] = NULL;
			continue;
		}
		sizes[i] = 1 + test_random(t) % 200;
		objects[i] = percpu_alloc(sizes[i], 8);
		ASSERT(t, objects[i] != NULL);
		memset(this_cpu_ptr(objects[i]), i + 1, sizes[i]);
	}
	EXPECT_VERIFIED(t);
	for (i = 0; i < 40; i++)
		free_percpu(objects[i]);
}

TEST_SUITE("percpu",
	   TEST_CASE(each_core_has_its_own_zeroed_copy),
	   TEST_CASE(cores_count_without_disturbing_each_other),
	   TEST_CASE(sizes_and_alignments_are_kept),
	   TEST_CASE(more_than_a_chunk_makes_another),
	   TEST_CASE(an_object_never_hangs_over_the_end_of_its_chunk),
	   TEST_CASE(the_lowest_room_is_taken_again),
	   TEST_CASE(wrong_frees_are_reported),
	   TEST_CASE(random_sizes_never_overlap));
