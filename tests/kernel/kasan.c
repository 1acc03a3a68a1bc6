/* SPDX-License-Identifier: MIT */
/*
 * One specimen of each kind of bad access: KASAN must name the kind, the
 * object, and who allocated and freed it. Pointers and sizes are volatile, so
 * that the compiler knows nothing.
 */
#include <kernel/test.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/kasan.h>
#include <mm/stack_depot.h>
#include <mm/vmalloc.h>

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
	/* The guard page is not mapped: the warning, then the fault. */
	EXPECT_REPORT(t, read_byte, whole + PAGE_SIZE, "KASAN: vmalloc-out-of");
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
	n = -1;
	EXPECT_WARNING(t, read_behind_local, &n, "stack-out-of-bounds");
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

	ASSERT(t, frame);
	/* Close one granule; what touches it by one byte is wrong. */
	kasan_set_shadow((unsigned long)frame + 64, 8, 0xff);
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
	   IF_BUILT(behind_and_after_a_vmalloc_area_is_told),
	   IF_BUILT(behind_a_global_variable_is_told_with_its_name),
	   IF_BUILT(behind_a_local_variable_is_told_with_its_frame),
	   IF_BUILT(a_variable_whose_block_has_ended_is_told),
	   IF_BUILT(library_functions_check_both_their_ends),
	   IF_BUILT(an_access_that_crosses_a_granule_is_checked_whole),
	   IF_BUILT(a_caught_fault_leaves_a_clean_stack),
	   IF_BUILT(equal_stacks_are_stored_once));
