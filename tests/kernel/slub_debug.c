/* SPDX-License-Identifier: MIT */
/*
 * slub_debug: each class of misuse is planted, the report awaited, and the
 * cache is whole again behind it.
 */
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/test.h>
#include <lib/string.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include "../../mm/kmem/kmem_cache.h"
#include "page_helpers.h"

#define FZPU	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | \
		 SLAB_STORE_USER)

extern const struct boot_param __boot_param_start[];

static struct kmem_cache *cache;
static u8 *victim;
static char text[64];

/* Only the SLUB design has such caches, without KASAN. */
static bool
supported(void)
{
	return slab_debug_possible();
}

/* A debugging cache and one object of it. */
static bool
set_up(struct test *t, unsigned size, slab_flags_t flags)
{
	cache = kmem_cache_create("test-debug", size, 0, flags, NULL);
	victim = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
	return EXPECT(t, victim != NULL);
}

static bool
says(const char *text)
{
	return strstr(test_last_report(), text) != NULL;
}

static void
tear_down(struct test *t)
{
	EXPECT_VERIFIED(t);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static noinline void
free_victim(void *unused)
{
	kmem_cache_free(cache, victim);
}

static void
kfree_middle(void *at)
{
	kmem_cache_free(cache, victim + (unsigned long)at);
}

static void
alloc_again(void *unused)
{
	victim = kmem_cache_alloc(cache, GFP_KERNEL);
}

static void
write_past_the_end_is_told_at_the_free(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 60, FZPU))
		return;
	victim[60] = 0x41;
	EXPECT_WARNING(t, free_victim, NULL,
		       "BUG test-debug: Right Redzone overwritten");
	EXPECT(t, says("First byte 0x41 instead of 0xcc"));
	EXPECT(t, says("Allocated in set_up"));
	EXPECT(t, says("FIX test-debug: Restoring Redzone"));
	EXPECT(t, says("free_victim"));
	tear_down(t);
}

static void
write_before_the_start_is_told_at_the_free(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 64, FZPU))
		return;
	victim[-1] = 0;
	EXPECT_WARNING(t, free_victim, NULL,
		       "BUG test-debug: Left Redzone overwritten");
	EXPECT(t, says("First byte 0x0 instead of 0xcc"));
	tear_down(t);
}

static void
write_after_the_free_is_told_at_the_next_alloc(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 100, FZPU))
		return;
	kmem_cache_free(cache, victim);
	victim[50] = 1;
	EXPECT_WARNING(t, alloc_again, NULL,
		       "Poison overwritten (use after free)");
	EXPECT(t, says("First byte 0x1 instead of 0x6b"));
	EXPECT(t, says("Allocated in set_up"));
	EXPECT(t, says("Freed in write_after_the_free"));
	kmem_cache_free(cache, victim);
	tear_down(t);
}

static void
last_byte_of_a_free_object_is_watched(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 33, FZPU))
		return;
	kmem_cache_free(cache, victim);
	EXPECT_EQ(t, victim[32], 0xa5);
	victim[32] = 0x6b;
	EXPECT_WARNING(t, alloc_again, NULL, "End Poison overwritten");
	kmem_cache_free(cache, victim);
	tear_down(t);
}

static void
padding_is_watched(struct test *t)
{
	u8 *end;

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	cache = kmem_cache_create("test-debug", 24, 64, FZPU, NULL);
	ASSERT(t, cache != NULL);
	victim = kmem_cache_alloc(cache, GFP_KERNEL);
	ASSERT(t, victim != NULL);
	EXPECT_EQ(t, (unsigned long)victim % 64, 0);
	end = victim + cache->size - cache->red_left_pad;
	end[-1] = 7;
	EXPECT_WARNING(t, free_victim, NULL, "Object padding overwritten");
	tear_down(t);
}

static void
double_free_is_told_with_both_stacks(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 48, FZPU))
		return;
	kmem_cache_free(cache, victim);
	EXPECT_WARNING(t, free_victim, NULL, "BUG test-debug: double free");
	EXPECT(t, says("Allocated in set_up"));
	EXPECT(t, says("Freed in double_free_is_told"));
	tear_down(t);
}

static void
free_into_the_middle_is_told(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 48, FZPU))
		return;
	EXPECT_WARNING(t, kfree_middle, (void *)8, "into the middle");
	kmem_cache_free(cache, victim);
	tear_down(t);
}

static struct kmem_cache *other;

static void
free_to_other(void *unused)
{
	kmem_cache_free(other, victim);
}

static void
object_of_another_cache_is_told(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 48, FZPU))
		return;
	other = kmem_cache_create("test-other", 48, 0, SLAB_NO_MERGE, NULL);
	ASSERT(t, other != NULL);
	EXPECT_WARNING(t, free_to_other, NULL,
		       "free of an object of another cache");
	kmem_cache_free(cache, victim);
	EXPECT_EQ(t, kmem_cache_destroy(other), 0);
	tear_down(t);
}

static void
corrupt_free_list_is_given_up(struct test *t)
{
	void **place;
	struct page *page;
	void *keep;

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (slab_debug_flags_for("test-debug"))
		SKIP(t, "slub_debug= paints all objects");
	if (!set_up(t, 48, SLAB_CONSISTENCY_CHECKS))
		return;
	page = slab_page_of(victim);
	place = (void **)((char *)page->slab.freelist + cache->code.offset);
	keep = *place;
	*place = (void *)0x12345678;
	EXPECT_WARNING(t, alloc_again, NULL, "Freelist corrupt");
	/* The lost objects come back by hand: the slab is as it was. */
	EXPECT(t, slab_page_of(victim) != page);
	kmem_cache_free(cache, victim);
	*place = keep;
	for (unsigned i = 0; i < page->slab.objects; i++)
		kmem_cache_free(cache, slab_object(cache, page, i));
	tear_down(t);
}

static void
destroy(void *unused)
{
	kmem_cache_destroy(cache);
}

static void
leaked_objects_are_listed_with_their_stacks(struct test *t)
{
	char line[64];

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 72, FZPU))
		return;
	EXPECT_WARNING(t, destroy, NULL, "destruction with 1 objects in use");
	snprintf(line, sizeof(line), "object %p is still in use",
		 (void *)victim);
	EXPECT(t, says(line));
	EXPECT(t, says("Allocated in set_up"));
	kmem_cache_free(cache, victim);
	tear_down(t);
}

/* A slab with no free object left is on another list. */
static void
leaked_objects_of_full_slabs_are_listed_too(struct test *t)
{
	unsigned n;
	void *p[64];

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 1000, SLAB_RED_ZONE))
		return;
	for (n = 0; n < cache->objects - 1u && n < ARRAY_SIZE(p); n++)
		p[n] = kmem_cache_alloc(cache, GFP_KERNEL);
	ASSERT(t, slab_page_of(victim)->slab.freelist == NULL);
	ASSERT_EQ(t, cache->node.nr_partial, 0);
	snprintf(text, sizeof(text), "destruction with %u objects in use",
		 cache->objects);
	EXPECT_WARNING(t, destroy, NULL, text);
	while (n)
		kmem_cache_free(cache, p[--n]);
	kmem_cache_free(cache, victim);
	tear_down(t);
}

static void
a_traced_cache_tells_each_use(struct test *t)
{
	static char log[4096];

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	log_capture_begin(log, sizeof(log));
	if (set_up(t, 40, SLAB_TRACE))
		free_victim(NULL);
	log_capture_end();
	snprintf(text, sizeof(text), "TRACE test-debug alloc %p inuse=1",
		 (void *)victim);
	EXPECT(t, strstr(log, text));
	snprintf(text, sizeof(text), "TRACE test-debug free %p",
		 (void *)victim);
	EXPECT(t, strstr(log, text));
	EXPECT(t, strstr(log, "free_victim+0x"));
	tear_down(t);
}

/* What slub_debug=value gives to a cache called name. */
static slab_flags_t
wish(const char *value, const char *name)
{
	const struct boot_param *p = __boot_param_start;

	while (strcmp(p->name, "slub_debug"))
		p++;
	if (p->fn(value))
		return ~0u;
	return slab_debug_flags_for(name);
}

static void
the_command_line_chooses_caches_by_name(struct test *t)
{
	if (slab_debug_flags_for("kmalloc-8"))
		SKIP(t, "the machine was started with slub_debug=");
	EXPECT_EQ(t, wish("", "any"), FZPU);
	EXPECT_EQ(t, wish("Z", "any"), SLAB_RED_ZONE);
	EXPECT_EQ(t, wish("zT,one,two", "two"), SLAB_RED_ZONE | SLAB_TRACE);
	EXPECT_EQ(t, wish("Z,one,two", "three"), 0);
	EXPECT_EQ(t, wish("Z,two", "tw"), 0);
	EXPECT_EQ(t, wish("Z,two", "two-s"), 0);
	EXPECT_EQ(t, wish(",two", "two"), FZPU);
	EXPECT_EQ(t, wish("F,kmalloc-*", "kmalloc-64"),
		  SLAB_CONSISTENCY_CHECKS);
	EXPECT_EQ(t, wish("F,kmalloc-*", "kmallo"), 0);
	EXPECT_EQ(t, wish("F,*", "any"), SLAB_CONSISTENCY_CHECKS);
	/* The last that fits counts; `-' is none. */
	EXPECT_EQ(t, wish("P;U,one;-,two", "one"), SLAB_STORE_USER);
	EXPECT_EQ(t, wish("P;U,one;-,two", "two"), 0);
	EXPECT_EQ(t, wish("P;U,one;-,two", "three"), SLAB_POISON);
	EXPECT_EQ(t, wish("Q", "any"), ~0u);
	EXPECT_EQ(t, wish("-", "any"), 0);
}

static void
poison_shows_what_was_never_written(struct test *t)
{
	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 40, SLAB_POISON))
		return;
	for (unsigned i = 0; i < 40; i++)
		EXPECT_EQ(t, victim[i], 0x5a);
	kmem_cache_free(cache, victim);
	for (unsigned i = 0; i < 39; i++)
		EXPECT_EQ(t, victim[i], 0x6b);
	tear_down(t);
}

static unsigned constructed;

static void
construct(void *object)
{
	memset(object, 0x77, 16);
	constructed++;
}

static void
constructed_objects_are_not_poisoned(struct test *t)
{
	u8 *object;

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	cache = kmem_cache_create("test-debug", 16, 0, FZPU, construct);
	ASSERT(t, cache != NULL);
	for (unsigned round = 0; round < 2; round++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		ASSERT(t, object != NULL);
		for (unsigned i = 0; i < 16; i++)
			EXPECT_EQ(t, object[i], 0x77);
		kmem_cache_free(cache, object);
	}
	tear_down(t);
}

static void
many_objects_come_and_go_in_a_debugging_cache(struct test *t)
{
	void *objects[200] = { NULL };

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	cache = kmem_cache_create("test-debug", 120, 0, FZPU, NULL);
	ASSERT(t, cache != NULL);
	for (unsigned n = 0; n < 3000; n++) {
		unsigned i = test_random(t) % ARRAY_SIZE(objects);

		if (objects[i]) {
			kmem_cache_free(cache, objects[i]);
			objects[i] = NULL;
		} else {
			objects[i] = kmem_cache_zalloc(cache, GFP_KERNEL);
			ASSERT(t, objects[i] != NULL);
		}
	}
	EXPECT_VERIFIED(t);
	for (unsigned i = 0; i < ARRAY_SIZE(objects); i++)
		kmem_cache_free(cache, objects[i]);
	tear_down(t);
}

/* U1 to U4, each broken by hand. */
static void
every_rule_of_a_debugging_cache_is_checked(struct test *t)
{
	struct page *page;

	if (!supported())
		SKIP(t, "not the SLUB design, or KASAN");
	if (!set_up(t, 48, FZPU))
		return;
	page = slab_page_of(victim);
	page->slab.frozen = 1;
	EXPECT(t, verify_catches("U1"));
	page->slab.frozen = 0;
	page->slab.inuse++;
	EXPECT(t, verify_catches("U2"));
	page->slab.inuse--;
	cache->node.nr_slabs++;
	EXPECT(t, verify_catches("U3"));
	cache->node.nr_slabs--;
	cache->node.nr_partial++;
	EXPECT(t, verify_catches("U3"));
	cache->node.nr_partial--;
	victim[48] ^= 1;
	EXPECT(t, verify_catches("U4"));
	victim[48] ^= 1;
	kmem_cache_free(cache, victim);
	tear_down(t);
}

TEST_SUITE("slub_debug",
	   TEST_CASE(write_past_the_end_is_told_at_the_free),
	   TEST_CASE(write_before_the_start_is_told_at_the_free),
	   TEST_CASE(write_after_the_free_is_told_at_the_next_alloc),
	   TEST_CASE(last_byte_of_a_free_object_is_watched),
	   TEST_CASE(padding_is_watched),
	   TEST_CASE(double_free_is_told_with_both_stacks),
	   TEST_CASE(free_into_the_middle_is_told),
	   TEST_CASE(object_of_another_cache_is_told),
	   TEST_CASE(corrupt_free_list_is_given_up),
	   TEST_CASE(leaked_objects_are_listed_with_their_stacks),
	   TEST_CASE(leaked_objects_of_full_slabs_are_listed_too),
	   TEST_CASE(a_traced_cache_tells_each_use),
	   TEST_CASE(the_command_line_chooses_caches_by_name),
	   TEST_CASE(poison_shows_what_was_never_written),
	   TEST_CASE(constructed_objects_are_not_poisoned),
	   TEST_CASE(many_objects_come_and_go_in_a_debugging_cache),
	   TEST_CASE(every_rule_of_a_debugging_cache_is_checked));
