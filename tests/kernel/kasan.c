/* SPDX-License-Identifier: MIT */
/*
 * One specimen of each kind of bad access: KASAN must name the kind, the
 * object, and who allocated and freed it. Pointers and sizes are volatile, so
 * that the compiler knows nothing.
 */
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/kasan.h>
#include <mm/slab.h>
#include <mm/stack_depot.h>
#include <mm/vmalloc.h>
#include <mm/zone.h>

#ifdef VELLUM_KASAN
#define IF_BUILT(fn)	TEST_CASE(fn)

static volatile u32 sink;

static noinline void
read_byte(void *p)
{
	sink = *(volatile u8 *)p;
}

static noinline void
read_word(void *p)
{
	sink = *(volatile u32 *)p;
}

static noinline void
write_word(void *p)
{
	*(volatile u32 *)p = 0x600d;
}

/* Does the report say text, and behind it also more? */
static bool
says(const char *text, const char *more)
{
	const char *at = strstr(test_last_report(), text);

	return at && strstr(at, more);
}

/* --- page frames --- */

static noinline void *
get_a_frame(void)
{
	return get_free_pages(GFP_KERNEL, 0);
}

static noinline void
give_it_back(void *frame)
{
	free_page(frame);
}

static void
a_freed_page_is_told_with_both_stacks(struct test *t)
{
	char *frame = get_a_frame();

	ASSERT(t, frame);
	give_it_back(frame);
	EXPECT_WARNING(t, write_word, frame + 0x7e0,
		       "BUG: KASAN: page-use-after-free in write_word+0x");
	EXPECT(t, says("Write of size 4 at addr", "7e0\n"));
	EXPECT(t, says("allocated by:", "] get_a_frame+0x"));
	EXPECT(t, says("freed by:", "] give_it_back+0x"));
	EXPECT(t, says("the page of the address", "pfn"));
	EXPECT(t, says("the shadow around the address:", "[ff]"));
	EXPECT_WARNING(t, read_byte, frame, "Read of size 1 at addr");
}

static void
every_frame_of_a_block_is_open_while_it_is_owned(struct test *t)
{
	char *block = get_free_pages(GFP_KERNEL, 3);
	unsigned i;

	ASSERT(t, block);
	for (i = 0; i < 8; i++) {
		read_word(block + i * PAGE_SIZE);
		write_word(block + i * PAGE_SIZE + PAGE_SIZE - 4);
	}
	free_pages(block, 3);
	for (i = 0; i < 8; i += 7)
		EXPECT_WARNING(t, read_word, block + i * PAGE_SIZE,
			       "page-use-after-free");
}

/* --- objects --- */

static noinline void *
make_object(size_t n)
{
	return kmalloc(n, GFP_KERNEL);
}

static noinline void
end_object(void *p)
{
	kfree(p);
}

static void
behind_and_before_an_object_is_told(struct test *t)
{
	char *p = make_object(13);

	ASSERT(t, p);
	read_byte(p + 12);
	EXPECT_WARNING(t, read_byte, p + 13, "slab-out-of-bounds in read_byte");
	EXPECT(t, says("the address is 0 bytes behind the object of 13 bytes",
		       "cache kmalloc-16"));
	EXPECT(t, says("allocated by task", "] make_object+0x"));
	EXPECT(t, !strstr(test_last_report(), "freed by"));
	EXPECT_WARNING(t, write_word, p + 10, "Write of size 4");
	EXPECT_WARNING(t, read_byte, p + 20, "7 bytes behind the object");
	end_object(p);
	/* The red zone of a full class, and that of whole pages. */
	p = make_object(64);
	EXPECT_WARNING(t, read_byte, p + 64, "0 bytes behind the object of 64");
	EXPECT_WARNING(t, read_byte, p - 1, "slab-out-of-bounds");
	end_object(p);
	p = make_object(10000);
	read_byte(p + 9999);
	EXPECT_WARNING(t, read_byte, p + 10000, "slab-out-of-bounds");
	EXPECT(t, says("allocated by", "] make_object+0x"));
	end_object(p);
	EXPECT_WARNING(t, read_byte, p, "page-use-after-free");
}

static void
a_freed_object_is_told_with_both_stacks(struct test *t)
{
	char *p = make_object(100);

	ASSERT(t, p);
	end_object(p);
	EXPECT_WARNING(t, write_word, p + 40, "slab-use-after-free in write_");
	EXPECT(t, says("40 bytes inside the object", "cache kmalloc-128"));
	EXPECT(t, says("allocated by task", "] make_object+0x"));
	EXPECT(t, says("freed by task", "] end_object+0x"));
	EXPECT(t, says("the shadow around the address:", "[fb]"));
}

static void
the_quarantine_keeps_an_object_from_its_next_owner(struct test *t)
{
	char *p = make_object(200), *q;
	unsigned i;

	end_object(p);
	for (i = 0; i < 50; i++) {
		q = make_object(200);
		EXPECT(t, q != p);
		end_object(q);
	}
	EXPECT_WARNING(t, read_byte, p, "slab-use-after-free");
}

/*
 * Take n, each with the address of the one before, and free them in that order.
 * Returns the last; *met: one of them is `known`.
 */
static void *
take_and_free(struct kmem_cache *cache, unsigned long n, const void *known,
	      bool *met)
{
	void **first = NULL, **object, *last = NULL;

	for (unsigned long i = 0; i < n; i++) {
		object = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!object)
			break;
		*object = first;
		first = object;
		*met |= object == known;
	}
	while ((object = first)) {
		first = *object;
		last = object;
		kmem_cache_free(cache, object);
	}
	return last;
}

static void
of_a_full_quarantine_the_oldest_go(struct test *t)
{
	struct kmem_cache *cache = kmem_cache_create("kasan-test", 1000, 0,
						     SLAB_NO_MERGE, NULL);
	unsigned long n = (totalram_pages() << PAGE_SHIFT) / 256 / 1000 + 150;
	struct slab_usage u;
	bool met = false;
	void *last;

	ASSERT(t, cache);
	sched_setaffinity(current, 1u << smp_processor_id());
	last = take_and_free(cache, n, NULL, &met);
	kmem_cache_usage(cache, &u);
	EXPECT(t, u.active > 30 && u.active < n - 50);
	/* Of all that it let go, cores' lists too, none is the youngest. */
	take_and_free(cache, u.total - u.active + 200, last, &met);
	EXPECT(t, !met);
	sched_setaffinity(current, ~0u);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

static void
a_second_free_and_a_wrong_one_are_told(struct test *t)
{
	char *p = make_object(50);

	EXPECT_WARNING(t, end_object, p + 8, "KASAN: invalid-free in end_obj");
	EXPECT(t, says("8 bytes inside the object of 50 bytes", "make_object"));
	end_object(p);
	EXPECT_WARNING(t, end_object, p, "KASAN: double-free in end_object");
	EXPECT(t, says("freed by task", "] end_object+0x"));
}

static void
sizes_follow_krealloc_and_ksize(struct test *t)
{
	char *p = make_object(20);

	p = krealloc(p, 30, GFP_KERNEL);
	read_byte(p + 29);
	EXPECT_WARNING(t, read_byte, p + 30, "object of 30 bytes");
	p = krealloc(p, 9, GFP_KERNEL);
	EXPECT_WARNING(t, read_byte, p + 9, "object of 9 bytes");
	read_byte(p + ksize(p) - 1);
	end_object(p);
}

static void
construct(void *object)
{
	memset(object, 0x5a, 40);
}

static void
a_cache_of_its_own_is_told_by_name(struct test *t)
{
	struct kmem_cache *cache = kmem_cache_create("specimen", 40, 0, 0,
						     construct);
	u8 *p;

	ASSERT(t, cache);
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	ASSERT(t, p);
	EXPECT_EQ(t, p[39], 0x5a);
	EXPECT_WARNING(t, read_byte, p + 40, "cache specimen");
	kmem_cache_free(cache, p);
	EXPECT_WARNING(t, read_byte, p, "slab-use-after-free");
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	cache = kmem_cache_create("rcu_specimen", 40, 0, SLAB_TYPESAFE_BY_RCU,
				  NULL);
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, p);
	read_byte(p);			/* readers may, until the slab goes */
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/*
 *	| object, 64 bytes, all written | notes |	not the notes of a
 *	| 32 bytes      | notes |			cache of 32 bytes
 */
static void
a_merged_cache_has_room_for_the_notes(struct test *t)
{
	struct kmem_cache *cache = kmem_cache_create("merged", 64, 0, 0, NULL);
	u8 *p;

	ASSERT(t, cache);
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	ASSERT(t, p);
	memset(p, 0xff, 64);
	EXPECT_WARNING(t, read_byte, p + 64, "slab-out-of-bounds");
	EXPECT(t, says("0 bytes behind the object of 64 bytes",
		       "allocated by task"));
	kmem_cache_free(cache, p);
	kmem_cache_destroy(cache);
}

/* --- vmalloc --- */

static void
behind_and_after_a_vmalloc_area_is_told(struct test *t)
{
	char *p = vmalloc(5000), *whole = vmalloc(PAGE_SIZE);

	ASSERT(t, p && whole);
	read_byte(p + 4999);
	EXPECT_WARNING(t, read_byte, p + 5000, "vmalloc-out-of-bounds");
	EXPECT(t, says("the address: vmalloc+0x1388 of 2 pages by "
		       "behind_and_after_a_vmalloc_area_is_told", "f7"));
	write_word(whole + PAGE_SIZE - 4);
	/* The guard page is the MMU's to refuse. */
	EXPECT_REPORT(t, read_byte, whole + PAGE_SIZE, "oops");
	vfree(whole);
	vfree(p);
	EXPECT_REPORT(t, read_byte, p, "KASAN: vmalloc-use-after-free");
}

/* --- variables --- */

static char global_array[13];
static const u16 constant_array[3] = { 1, 2, 3 };

static void
behind_a_global_variable_is_told_with_its_name(struct test *t)
{
	char *volatile p = global_array;
	const u16 *volatile q = constant_array;

	read_byte(p + 12);
	EXPECT_WARNING(t, read_byte, p + 13, "global-out-of-bounds");
	EXPECT(t, says("the address is 0 bytes behind the variable "
		       "global_array of tests/kernel/kasan.c, which is 13 "
		       "bytes", "05[f9]") || says("which is 13 bytes", "00["));
	EXPECT_WARNING(t, write_word, p + 12, "Write of size 4");
	EXPECT_WARNING(t, read_byte, (void *)(q + 3), "constant_array");
}

static noinline void
read_behind_local(void *n)
{
	char local[13];
	char *volatile p = local;

	memset(p, 1, sizeof(local));
	read_byte(p + *(volatile int *)n);
}

static void
behind_a_local_variable_is_told_with_its_frame(struct test *t)
{
	int n = 12;

	read_behind_local(&n);
	n = 13;
	EXPECT_WARNING(t, read_behind_local, &n, "stack-out-of-bounds");
	EXPECT(t, says("in the frame of read_behind_local", "'local"));
	EXPECT(t, says("the address is at offset 77", "[64, 77) 'local"));
	n = -1;
	EXPECT_WARNING(t, read_behind_local, &n, "stack-out-of-bounds");
}

static no_kasan void
write_unseen(u32 *at, u32 value)
{
	*at = value;
}

/* In the second word of the left zone: what an older frame began with. */
static noinline void
read_behind_old_number(void *arg)
{
	char local[13];
	char *volatile p = local;

	memset(p, 1, sizeof(local));
	write_unseen((u32 *)(p - 24), 0x41b58ab3);
	read_byte(p + 13);
}

static void
an_older_frame_in_the_left_zone_is_not_taken_for_it(struct test *t)
{
	EXPECT_WARNING(t, read_behind_old_number, NULL, "stack-out-of-bounds");
	EXPECT(t, says("the address is at offset 77 in the frame of "
		       "read_behind_old_number", "[64, 77) 'local"));
}

static noinline void
use_after_block(void *arg)
{
	volatile int *volatile p;

	{
		volatile int inside = 1;

		p = &inside;
	}
	sink = (u32)*p;
}

static void
a_variable_whose_block_has_ended_is_told(struct test *t)
{
	EXPECT_WARNING(t, use_after_block, NULL, "use-after-scope");
	EXPECT(t, says("in the frame of use_after_block", "'inside"));
}

/* --- functions of the library --- */

struct copy {
	void *to, *from;
	size_t n;
};

static noinline void
copy_bytes(void *arg)
{
	struct copy *copy = arg;

	memcpy(copy->to, copy->from, *(volatile size_t *)&copy->n);
}

static noinline void
move_bytes(void *arg)
{
	struct copy *copy = arg;

	memmove(copy->to, copy->from, *(volatile size_t *)&copy->n);
}

static noinline void
set_bytes(void *arg)
{
	struct copy *copy = arg;

	memset(copy->to, 0, *(volatile size_t *)&copy->n);
}

static void
library_functions_check_both_their_ends(struct test *t)
{
	static char sixteen[16], fourteen[14];
	struct copy in = { sixteen, fourteen, 14 };
	struct copy out = { fourteen, sixteen, 15 };
	struct copy over = { sixteen, fourteen, 15 };
	struct copy none = { (char *)fourteen + 14, sixteen, 0 };

	copy_bytes(&in);
	move_bytes(&in);
	copy_bytes(&none);
	EXPECT_WARNING(t, copy_bytes, &out, "KASAN: global-out-of-bounds in "
		       "copy_bytes+0x");
	EXPECT(t, says("Write of size 15", "the variable fourteen"));
	EXPECT_WARNING(t, copy_bytes, &over, "Read of size 15");
	EXPECT_WARNING(t, move_bytes, &out, "in move_bytes+0x");
	EXPECT_WARNING(t, set_bytes, &out, "in set_bytes+0x");
}

/* --- the machinery --- */

static void
an_access_that_crosses_a_granule_is_checked_whole(struct test *t)
{
	char *frame = get_a_frame(), *last;
	struct copy across = { frame, frame, 128 };

	ASSERT(t, frame);
	/* Close one granule; what touches it by one byte is wrong. */
	kasan_set_shadow((unsigned long)frame + 64, 8, 0xff);
	EXPECT_WARNING(t, set_bytes, &across, "Write of size 128");
	last = frame + 61;
	EXPECT_WARNING(t, read_word, last, "Read of size 4");
	read_word(frame + 60);
	EXPECT_WARNING(t, read_word, frame + 71, "Read of size 4");
	read_word(frame + 72);
	/* The first five bytes of a granule are open. */
	kasan_unpoison_range((unsigned long)frame + 64, 5);
	read_word(frame + 64);
	read_byte(frame + 68);
	EXPECT_WARNING(t, read_byte, frame + 69, "Read of size 1");
	EXPECT_WARNING(t, read_word, frame + 65 + 1, "Read of size 4");
	kasan_unpoison_range((unsigned long)frame, PAGE_SIZE);
	give_it_back(frame);
}

static noinline void
fault_with_variables(void *arg)
{
	char local[24];

	memset(local, 0, sizeof(local));
	*(volatile int *)arg = local[3];
}

/* What a caught fault cuts off must not poison the functions that follow. */
static noinline void
use_much_stack(void)
{
	char local[1024];
	char *volatile p = local;
	unsigned i;

	for (i = 0; i < sizeof(local); i++)
		p[i] = 1;
}

static void
a_caught_fault_leaves_a_clean_stack(struct test *t)
{
	EXPECT_REPORT(t, fault_with_variables, NULL, "oops");
	use_much_stack();
	EXPECT(t, true);
}

static void
equal_stacks_are_stored_once(struct test *t)
{
	u32 stacks, words, size, before, nr[2], i;
	const unsigned long *pc;

	for (i = 0; i < 2; i++) {
		stack_depot_usage(&before, &words, &size);
		nr[i] = stack_depot_here(0);
	}
	stack_depot_usage(&stacks, &words, &size);
	EXPECT_EQ(t, nr[0], nr[1]);
	EXPECT_EQ(t, stacks, before);
	EXPECT(t, words < size);
	EXPECT(t, stack_depot_fetch(nr[0], &pc) > 3);
	EXPECT_EQ(t, stack_depot_fetch(0, &pc), 0);
}

#else
static void
skipped(struct test *t)
{
	SKIP(t, "needs a kernel made with SAN=kasan");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

TEST_SUITE("kasan",
	   IF_BUILT(a_freed_page_is_told_with_both_stacks),
	   IF_BUILT(every_frame_of_a_block_is_open_while_it_is_owned),
	   IF_BUILT(behind_and_before_an_object_is_told),
	   IF_BUILT(a_freed_object_is_told_with_both_stacks),
	   IF_BUILT(the_quarantine_keeps_an_object_from_its_next_owner),
	   IF_BUILT(of_a_full_quarantine_the_oldest_go),
	   IF_BUILT(a_second_free_and_a_wrong_one_are_told),
	   IF_BUILT(sizes_follow_krealloc_and_ksize),
	   IF_BUILT(a_cache_of_its_own_is_told_by_name),
	   IF_BUILT(a_merged_cache_has_room_for_the_notes),
	   IF_BUILT(behind_and_after_a_vmalloc_area_is_told),
	   IF_BUILT(behind_a_global_variable_is_told_with_its_name),
	   IF_BUILT(behind_a_local_variable_is_told_with_its_frame),
	   IF_BUILT(an_older_frame_in_the_left_zone_is_not_taken_for_it),
	   IF_BUILT(a_variable_whose_block_has_ended_is_told),
	   IF_BUILT(library_functions_check_both_their_ends),
	   IF_BUILT(an_access_that_crosses_a_granule_is_checked_whole),
	   IF_BUILT(a_caught_fault_leaves_a_clean_stack),
	   IF_BUILT(equal_stacks_are_stored_once));
