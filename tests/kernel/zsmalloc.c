/* SPDX-License-Identifier: MIT */
/* The pool of compressed pages, against a model that knows each object's bytes. */
#include <kernel/sched.h>
#include <kernel/test.h>
#include <lib/random.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/slab.h>
#include <mm/zsmalloc.h>

#define NR_OBJECTS	2400
#define ZS_GFP		(GFP_KERNEL | __GFP_HIGHMEM)

struct object {
	zs_handle_t handle;
	u16 size;
	u8 seed;
};

static struct object objects[NR_OBJECTS];
static u8 bytes[ZS_MAX_SIZE], buf[ZS_MAX_SIZE];

static void
make_bytes(u8 *to, const struct object *o)
{
	for (unsigned i = 0; i < o->size; i++)
		to[i] = (u8)(o->seed + i * 7);
}

static bool
put(struct zs_pool *pool, struct object *o, unsigned size, u8 seed)
{
	o->handle = zs_malloc(pool, size, ZS_GFP);
	o->size = (u16)size;
	o->seed = seed;
	if (!o->handle)
		return false;
	make_bytes(bytes, o);
	zs_write(pool, o->handle, bytes, size);
	return true;
}

static bool
intact(struct zs_pool *pool, const struct object *o)
{
	const void *data;
	bool same;

	make_bytes(bytes, o);
	data = zs_read_begin(pool, o->handle, o->size, buf);
	same = !memcmp(data, bytes, o->size);
	zs_read_end(data, buf);
	return same;
}

static void
give(struct zs_pool *pool, struct object *o)
{
	zs_free(pool, o->handle);
	o->handle = 0;
}

static void
give_all(struct zs_pool *pool)
{
	for (unsigned i = 0; i < NR_OBJECTS; i++) {
		if (objects[i].handle)
			give(pool, &objects[i]);
	}
}

static bool
sound(struct test *t, struct zs_pool *pool)
{
	const char *bad = zs_verify(pool);

	if (bad)
		test_info(t, "%s", bad);
	return !bad;
}

static void
objects_keep_their_bytes(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	unsigned live = 0, bad = 0;
	struct zs_stats stats;

	ASSERT(t, pool);
	for (unsigned i = 0; i < 12000; i++) {
		struct object *o = &objects[random_below(&t->rng, NR_OBJECTS)];

		if (o->handle) {
			bad += !intact(pool, o);
			give(pool, o);
			live--;
		} else {
			ASSERT(t, put(pool, o, 1 +
				      random_below(&t->rng, ZS_MAX_SIZE),
				      (u8)i));
			live++;
		}
		if (i % 1000 == 0)
			EXPECT(t, sound(t, pool));
	}
	for (unsigned i = 0; i < NR_OBJECTS; i++)
		bad += objects[i].handle && !intact(pool, &objects[i]);
	EXPECT_EQ(t, bad, 0);
	zs_pool_stats(pool, &stats);
	EXPECT_EQ(t, stats.objects, live);
	EXPECT_EQ(t, stats.frames, zs_get_total_pages(pool));
	give_all(pool);
	EXPECT_EQ(t, zs_get_total_pages(pool), 0);
	zs_destroy_pool(pool);
}

/* 2400 sizes at random: rounding, rests of zspages, the last ones half empty. */
static void
little_is_wasted(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	unsigned long sum = 0, held;

	ASSERT(t, pool);
	for (unsigned i = 0; i < NR_OBJECTS; i++) {
		unsigned size = 800 + random_below(&t->rng, 1200);

		ASSERT(t, put(pool, &objects[i], size, 0));
		sum += size;
	}
	held = zs_get_total_pages(pool) * PAGE_SIZE;
	test_info(t, "%lu bytes in %lu: %lu %% lost", sum, held,
		  (held - sum) * 100 / held);
	EXPECT(t, (held - sum) * 100 / held <= 10);
	give_all(pool);
	zs_destroy_pool(pool);
}

/*
 *	size 1632, two frames:	[obj 0][obj 1][ob|j 2][obj 3][obj 4]
 */
static void
an_object_in_two_frames_is_read_in_one_piece(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	const void *data;

	ASSERT(t, pool);
	for (unsigned i = 0; i < 5; i++)
		ASSERT(t, put(pool, &objects[i], 1632, (u8)(i * 50)));
	EXPECT_EQ(t, zs_get_total_pages(pool), 2);
	for (unsigned i = 0; i < 5; i++) {
		EXPECT(t, intact(pool, &objects[i]));
		data = zs_read_begin(pool, objects[i].handle, 1632, buf);
		EXPECT_EQ(t, data == buf, i == 2);
		zs_read_end(data, buf);
	}
	give_all(pool);
	zs_destroy_pool(pool);
}

/* Two zspages, one with four objects and one with one: the next goes to four. */
static void
the_fullest_gets_the_next(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	zs_handle_t there;

	ASSERT(t, pool);
	for (unsigned i = 0; i < 10; i++)
		ASSERT(t, put(pool, &objects[i], 1632, 0));
	there = objects[1].handle;
	give(pool, &objects[1]);
	for (unsigned i = 6; i < 10; i++)
		give(pool, &objects[i]);
	EXPECT_EQ(t, zs_get_total_pages(pool), 4);
	ASSERT(t, put(pool, &objects[1], 1632, 0));
	EXPECT_EQ(t, objects[1].handle, there);
	give(pool, &objects[5]);
	EXPECT_EQ(t, zs_get_total_pages(pool), 2);
	EXPECT(t, sound(t, pool));
	give_all(pool);
	zs_destroy_pool(pool);
}

static void
the_smallest_and_the_largest_fit(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();

	ASSERT(t, pool);
	ASSERT(t, put(pool, &objects[0], 1, 9));
	ASSERT(t, put(pool, &objects[1], ZS_MAX_SIZE, 8));
	ASSERT(t, put(pool, &objects[2], 32, 7));
	ASSERT(t, put(pool, &objects[3], 33, 6));
	for (unsigned i = 0; i < 4; i++)
		EXPECT(t, intact(pool, &objects[i]));
	EXPECT(t, sound(t, pool));
	give_all(pool);
	EXPECT_EQ(t, zs_get_total_pages(pool), 0);
	zs_destroy_pool(pool);
}

/* A zspage of several frames of which the second cannot be had. */
static void
without_memory_nothing_is_kept(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();

	ASSERT(t, pool);
	for (unsigned n = 1; n <= 2; n++) {
		fault_inject_nth(n);
		EXPECT_EQ(t, zs_malloc(pool, 1632, ZS_GFP | __GFP_NOWARN), 0);
		EXPECT(t, fault_inject_nth_done());
		EXPECT_EQ(t, zs_get_total_pages(pool), 0);
		EXPECT(t, sound(t, pool));
	}
	zs_destroy_pool(pool);
}

/* --- All cores --- */

#define PER_CORE	100

static void
core_works(struct test *t, unsigned cpu, void *arg)
{
	struct zs_pool *pool = arg;
	zs_handle_t mine[PER_CORE] = { 0 };
	u64 rng = cpu, mark;

	for (unsigned i = 0; i < 3000; i++) {
		unsigned n = random_below(&rng, PER_CORE);
		u64 back[8];
		const void *data;

		mark = (u64)cpu << 32 | n;
		if (mine[n]) {
			data = zs_read_begin(pool, mine[n], sizeof(mark), back);
			if (memcmp(data, &mark, sizeof(mark)))
				EXPECT_EQ(t, n, -1);
			zs_read_end(data, back);
			zs_free(pool, mine[n]);
			mine[n] = 0;
		} else {
			mine[n] = zs_malloc(pool, 8 + n % 4 * 600, ZS_GFP);
			if (EXPECT(t, mine[n]))
				zs_write(pool, mine[n], &mark, sizeof(mark));
		}
		if (i % 64 == 0)
			yield();
	}
	for (unsigned n = 0; n < PER_CORE; n++) {
		if (mine[n])
			zs_free(pool, mine[n]);
	}
}

static void
cores_share_a_pool(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();

	ASSERT(t, pool);
	test_on_all_cpus(t, core_works, pool);
	EXPECT_EQ(t, zs_get_total_pages(pool), 0);
	EXPECT(t, sound(t, pool));
	zs_destroy_pool(pool);
}

/* --- Breaking it --- */

static struct page *
first_frame(const struct object *o)
{
	return pfn_to_page(o->handle >> 10);
}

static void
verify_sees(struct test *t, struct zs_pool *pool, unsigned word,
	    unsigned long xor, const char *rule)
{
	struct page *page = first_frame(&objects[0]);
	const char *bad;

	page->owner.private[word] ^= xor;
	bad = zs_verify(pool);
	page->owner.private[word] ^= xor;
	if (EXPECT(t, bad))
		EXPECT(t, !strncmp(bad, rule, 2));
	EXPECT(t, sound(t, pool));
}

/* 5 in a zspage of two frames, of which one stays. */
static void
objects_moved_together_give_frames_back(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	unsigned moved, bad = 0, passes = 0;
	struct zs_stats stats;
	zs_handle_t now;

	ASSERT(t, pool);
	for (unsigned i = 0; i < 200; i++)
		ASSERT(t, put(pool, &objects[i], 1632 - i % 8, (u8)i));
	EXPECT_EQ(t, zs_get_total_pages(pool), 80);
	EXPECT_EQ(t, zs_can_compact(pool), 0);
	EXPECT_EQ(t, zs_move(pool, objects[7].handle, objects[7].size, buf),
		  objects[7].handle);
	for (unsigned i = 0; i < 200; i++)
		if (i % 5 != i / 5 % 5)
			give(pool, &objects[i]);
	EXPECT_EQ(t, zs_get_total_pages(pool), 80);
	EXPECT_EQ(t, zs_can_compact(pool), 64);
	do {
		moved = 0;
		for (unsigned i = 0; i < 200; i++) {
			struct object *o = &objects[i];

			if (!o->handle)
				continue;
			now = zs_move(pool, o->handle, o->size, buf);
			moved += now != o->handle;
			o->handle = now;
			bad += !intact(pool, o);
		}
		EXPECT(t, sound(t, pool));
	} while (moved && ++passes < 8);
	EXPECT_EQ(t, bad, 0);
	EXPECT_EQ(t, moved, 0);
	zs_pool_stats(pool, &stats);
	EXPECT_EQ(t, stats.frames, 16);
	EXPECT_EQ(t, stats.compacted, 64);
	EXPECT_EQ(t, stats.objects, 40);
	EXPECT_EQ(t, zs_can_compact(pool), 0);
	give_all(pool);
	zs_destroy_pool(pool);
}

static bool
stays(struct zs_pool *pool, struct object *o)
{
	zs_handle_t now = zs_move(pool, o->handle, o->size, buf);
	bool same = now == o->handle;

	o->handle = now;
	return same;
}

/* 4, 4 and 3 of 5: two zspages have no room for all. */
static void
no_object_moves_in_vain(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();

	ASSERT(t, pool);
	for (unsigned i = 0; i < 15; i++)
		ASSERT(t, put(pool, &objects[i], 1632, (u8)i));
	give(pool, &objects[0]);
	give(pool, &objects[5]);
	give(pool, &objects[10]);
	give(pool, &objects[11]);
	EXPECT_EQ(t, zs_can_compact(pool), 0);
	EXPECT(t, stays(pool, &objects[14]));
	give(pool, &objects[12]);		/* 4, 4, 2: now they have */
	EXPECT_EQ(t, zs_can_compact(pool), 2);
	EXPECT(t, stays(pool, &objects[1]));	/* not of the emptiest */
	EXPECT(t, !stays(pool, &objects[14]));
	EXPECT(t, intact(pool, &objects[14]));
	give_all(pool);
	zs_destroy_pool(pool);
}

/* 20 and 10 of 128 are in one group. */
static void
objects_move_to_where_it_is_fuller(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();

	ASSERT(t, pool);
	for (unsigned i = 0; i < 256; i++)
		ASSERT(t, put(pool, &objects[i], 32, (u8)i));
	for (unsigned i = 0; i < 256; i++)
		if (i % 128 >= 20 || i >= 138)
			give(pool, &objects[i]);
	EXPECT_EQ(t, zs_get_total_pages(pool), 2);
	EXPECT(t, stays(pool, &objects[0]));
	EXPECT(t, !stays(pool, &objects[128]));
	EXPECT(t, intact(pool, &objects[128]));
	give_all(pool);
	zs_destroy_pool(pool);
}

/* All sizes, holes everywhere: nothing is lost, and little stays apart. */
static void
any_pool_can_be_compacted(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	unsigned bad = 0, spare;

	ASSERT(t, pool);
	for (unsigned i = 0; i < NR_OBJECTS; i++)
		ASSERT(t, put(pool, &objects[i], 1 +
			      random_below(&t->rng, ZS_MAX_SIZE), (u8)i));
	for (unsigned i = 0; i < NR_OBJECTS; i++)
		if (random_below(&t->rng, 4))
			give(pool, &objects[i]);
	spare = (unsigned)zs_can_compact(pool);
	EXPECT(t, spare > 100);
	for (unsigned i = 0; i < 8 * NR_OBJECTS; i++) {
		struct object *o = &objects[i % NR_OBJECTS];

		if (o->handle)
			o->handle = zs_move(pool, o->handle, o->size, buf);
	}
	EXPECT(t, sound(t, pool));
	EXPECT(t, zs_can_compact(pool) < spare / 10);
	for (unsigned i = 0; i < NR_OBJECTS; i++)
		bad += objects[i].handle && !intact(pool, &objects[i]);
	EXPECT_EQ(t, bad, 0);
	give_all(pool);
	zs_destroy_pool(pool);
}

static void
verify_sees_each_rule_broken(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	struct page *page;
	struct list_head *list;
	const char *bad;

	ASSERT(t, pool);
	for (unsigned i = 0; i < 4; i++)
		ASSERT(t, put(pool, &objects[i], 1632, 0));
	give(pool, &objects[1]);
	verify_sees(t, pool, 1, 1u << 18, "Z1");	/* used */
	verify_sees(t, pool, 1, 1, "Z1");		/* class */
	verify_sees(t, pool, 2, 1, "Z1");		/* ever used */
	verify_sees(t, pool, 2, 2u << 16, "Z1");	/* free list */
	page = first_frame(&objects[0]);
	list = page->owner.list.prev;
	list_del(&page->owner.list);
	bad = zs_verify(pool);
	EXPECT(t, bad && !strncmp(bad, "Z3", 2));
	list_add(&page->owner.list, list - 1);	/* another group's list */
	bad = zs_verify(pool);
	EXPECT(t, bad && !strncmp(bad, "Z2", 2));
	list_del(&page->owner.list);
	list_add(&page->owner.list, list);
	EXPECT(t, sound(t, pool));
	give_all(pool);
	zs_destroy_pool(pool);
}

static void
the_table_of_classes_names_those_in_use(struct test *t)
{
	struct zs_pool *pool = zs_create_pool();
	char text[300];
	struct seq_buf s;

	ASSERT(t, pool);
	ASSERT(t, put(pool, &objects[0], 1601, 0));
	seq_buf_init(&s, text, sizeof(text));
	zs_pool_show(pool, &s);
	EXPECT(t, strstr(text, "\n 1632       2        5       1         1"
			 "      20\n"));
	give_all(pool);
	zs_destroy_pool(pool);
}

TEST_SUITE("zsmalloc",
	   TEST_CASE(objects_keep_their_bytes),
	   TEST_CASE(little_is_wasted),
	   TEST_CASE(an_object_in_two_frames_is_read_in_one_piece),
	   TEST_CASE(the_fullest_gets_the_next),
	   TEST_CASE(the_smallest_and_the_largest_fit),
	   TEST_CASE(without_memory_nothing_is_kept),
	   TEST_CASE(cores_share_a_pool),
	   TEST_CASE(objects_moved_together_give_frames_back),
	   TEST_CASE(no_object_moves_in_vain),
	   TEST_CASE(objects_move_to_where_it_is_fuller),
	   TEST_CASE(any_pool_can_be_compacted),
	   TEST_CASE(verify_sees_each_rule_broken),
	   TEST_CASE(the_table_of_classes_names_those_in_use));
