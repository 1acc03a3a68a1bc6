/* SPDX-License-Identifier: MIT */
/*
 * KFENCE: one specimen of each kind of mistake, and what must be said of it:
 * kind, object, who allocated and who freed.
 *
 *	guard | page of object 0 | guard | page of object 1 | guard
 */
#include <asm/pgtable.h>
#include <mm/verify.h>
#include "kfence_lab.h"

static volatile u32 sink;

/* --- the mistakes ------------------------------------------------------ */

static noinline void
read_byte(void *p)
{
	sink = *(volatile u8 *)p;
}

static noinline void
write_byte(void *p)
{
	*(volatile u8 *)p = 0x41;
}

static noinline void
end_object(void *p)
{
	kfree(p);
}

static bool
says(const char *text)
{
	return strstr(test_last_report(), text) != NULL;
}

/* Does the report say text, and behind it also more? */
static bool
says_both(const char *text, const char *more)
{
	const char *at = strstr(test_last_report(), text);

	return at && strstr(at, more);
}

/* --- one specimen of each ---------------------------------------------- */

/* [page ....OBJECT][guard X...] */
static void
a_byte_behind_an_object_is_told(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	p = object_at(32, true);
	ASSERT(t, p);
	write_byte(p + 31);
	EXPECT_EQ(t, (unsigned long)(p + 32) % PAGE_SIZE, 0);
	EXPECT_WARNING(t, read_byte, p + 32,
		       "BUG: KFENCE: out-of-bounds read in read_byte+0x");
	EXPECT(t, says("(1B right of kfence-#"));
	EXPECT(t, says("size=32, cache=kmalloc-32"));
	EXPECT(t, says_both("stack:", "] read_byte+0x"));
	EXPECT(t, says("Allocated in make_object+0x"));
	EXPECT(t, says_both("Allocated in", "a_byte_behind_an_object"));
	EXPECT(t, !says("Freed in"));
	read_byte(p + 32);			/* open now: told once */
	end_object(p);
	/* A free closes the guard again. */
	EXPECT_WARNING(t, read_byte, p + 32, "BUG: KFENCE: invalid read in");
	lab_close(t);
}

/* [guard ...X][OBJECT.... page] */
static void
a_byte_before_an_object_is_told(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	p = object_at(100, false);
	ASSERT(t, p);
	EXPECT_WARNING(t, write_byte, p - 1,
		       "BUG: KFENCE: out-of-bounds write in write_byte+0x");
	EXPECT(t, says("Out-of-bounds write at 0x"));
	EXPECT(t, says("(1B left of kfence-#"));
	EXPECT(t, says("size=100, cache=kmalloc-128"));
	EXPECT(t, says("Allocated in make_object+0x"));
	write_byte(p - 1);			/* open now */
	end_object(p);
	EXPECT_WARNING(t, read_byte, p - 1, "BUG: KFENCE: invalid read in");
	lab_close(t);
}

static void
a_read_after_free_is_told_with_both_stacks(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	p = object_at(64, true);
	ASSERT(t, p);
	end_object(p);
	EXPECT_WARNING(t, read_byte, p + 5,
		       "BUG: KFENCE: use-after-free read in read_byte+0x");
	EXPECT(t, says("(in kfence-#"));
	EXPECT(t, says("size=64, cache=kmalloc-64"));
	EXPECT(t, says_both("Allocated in make_object+0x",
			    "Freed in end_object+0x"));
	EXPECT(t, says_both("Freed in", "a_read_after_free_is_told"));
	read_byte(p + 5);
	lab_close(t);
}

static void
a_write_after_free_is_told_with_both_stacks(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	p = object_at(64, false);
	ASSERT(t, p);
	end_object(p);
	EXPECT_WARNING(t, write_byte, p,
		       "BUG: KFENCE: use-after-free write in write_byte+0x");
	EXPECT(t, says_both("Allocated in make_object+0x",
			    "Freed in end_object+0x"));
	lab_close(t);
}

static void
a_double_free_is_told(struct test *t)
{
	struct kfence_stats now;
	char *p;

	LAB_OPEN(t);
	p = object_at(64, true);
	ASSERT(t, p);
	end_object(p);
	EXPECT_WARNING(t, end_object, p,
		       "BUG: KFENCE: invalid free in end_object+0x");
	EXPECT(t, says("double free"));
	EXPECT(t, says_both("Allocated in make_object+0x",
			    "Freed in end_object+0x"));
	kfence_get_stats(&now);
	EXPECT_EQ(t, now.frees, now.allocs - now.used);
	lab_close(t);
}

static void
a_free_of_the_middle_is_told(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	p = object_at(64, true);
	ASSERT(t, p);
	EXPECT_WARNING(t, end_object, p + 8,
		       "BUG: KFENCE: invalid free in end_object+0x");
	EXPECT(t, says("(8B from the start of kfence-#"));
	EXPECT(t, says("Allocated in make_object+0x"));
	EXPECT(t, !says("Freed in"));
	write_byte(p);				/* it is still ours */
	EXPECT_WARNING(t, end_object,
		       (void *)ALIGN_UP((unsigned long)p, PAGE_SIZE),
		       "a guard page");
	end_object(p);
	lab_close(t);
}

static struct kmem_cache *one, *other;

static void
free_to_other(void *p)
{
	kmem_cache_free(other, p);
}

static void
destroy(void *cache)
{
	kmem_cache_destroy(cache);
}

static void
a_free_to_another_cache_is_told(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	one = kmem_cache_create("one", 48, 0, SLAB_NO_MERGE, NULL);
	other = kmem_cache_create("other", 48, 0, SLAB_NO_MERGE, NULL);
	ASSERT(t, one && other);
	p = sample_of(one, GFP_KERNEL);
	EXPECT(t, is_kfence_address(p));
	EXPECT_WARNING(t, free_to_other, p, "of another cache");
	EXPECT(t, says("size=48, cache=one"));
	EXPECT_WARNING(t, destroy, one,
		       "destruction with 1 objects in use");
	kmem_cache_free(one, p);
	EXPECT_EQ(t, kmem_cache_destroy(one), 0);
	EXPECT_EQ(t, kmem_cache_destroy(other), 0);
	/* The name outlives the cache. */
	EXPECT_WARNING(t, read_byte, p, "size=48, cache=one");
	lab_close(t);
}

/*
 * What the guard is too far away for: the canary.
 *
 *	[page cccccX OBJECT][guard]		[page OBJECT Xccccc][guard]
 */
static void
a_changed_canary_is_told_at_free(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	p = object_at(64, true);
	ASSERT(t, p);
	write_byte(p - 3);
	EXPECT_WARNING(t, end_object, p,
		       "BUG: KFENCE: memory corruption in end_object+0x");
	EXPECT(t, says("[ 0x41 . . ] (3B left of kfence-#"));
	EXPECT(t, says("Allocated in make_object+0x"));
	EXPECT(t, says("Freed in end_object+0x"));
	p = object_at(61, true);		/* aligned: 3 bytes are left */
	ASSERT(t, p);
	write_byte(p + 61);
	EXPECT_WARNING(t, end_object, p, "[ 0x41 . . ] (1B right of kfence-#");
	p = object_at(64, false);
	ASSERT(t, p);
	p[4095] = 0x42;
	EXPECT_WARNING(t, end_object, p, "[ 0x42 ] (4032B right of kfence-#");
	lab_close(t);
}

static void
an_access_to_nobodys_page_is_told(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	if (was_on) {
		lab_close(t);
		SKIP(t, "on since boot: which objects are fresh?");
	}
	p = make_object(16);
	ASSERT(t, is_kfence_address(p));
	/* The next object but one was never given out. */
	p += 4 * PAGE_SIZE;
	EXPECT_WARNING(t, write_byte, p,
		       "BUG: KFENCE: invalid write in write_byte+0x");
	EXPECT(t, !says("kfence-#"));
	end_object(p - 4 * PAGE_SIZE);
	lab_close(t);
}

/*
 * Between two objects in use the nearer one is blamed; here the left one for
 * the first byte of the guard, if it lies right, and the right one for the
 * last byte, if it lies left.
 *
 *	[   p][X  guard  Y][q   ]
 */
static void
the_nearer_neighbour_is_blamed(struct test *t)
{
	unsigned long guard;
	char *p, *q;

	LAB_OPEN(t);
	if (was_on) {
		lab_close(t);
		SKIP(t, "on since boot: objects lie anywhere");
	}
	do {
		p = make_object(64);
		q = make_object(80);
		guard = ALIGN_DOWN((unsigned long)p, PAGE_SIZE) + PAGE_SIZE;
		if (ALIGN_DOWN((unsigned long)q, PAGE_SIZE) !=
		    guard + PAGE_SIZE || !lies_right(p) || lies_right(q)) {
			end_object(p);
			end_object(q);
			p = NULL;
		}
	} while (!p);
	EXPECT_WARNING(t, read_byte, (void *)guard, "out-of-bounds read");
	EXPECT(t, says("(1B right of kfence-#"));
	EXPECT(t, says("size=64, "));
	end_object(p);
	p = (char *)guard + PAGE_SIZE - 1;
	EXPECT_WARNING(t, read_byte, p, "(1B left of kfence-#");
	EXPECT(t, says("size=80, "));
	end_object(q);
	lab_close(t);
}

static void
read_unaligned(void *p)
{
	__asm__ volatile("ldm %0, {r2, r3}" :: "r"(p) : "r2", "r3", "memory");
}

/* Trying that again would not help. */
static void
another_fault_in_the_pool_is_an_oops(struct test *t)
{
	char *p;

	LAB_OPEN(t);
	p = make_object(32);
	ASSERT(t, is_kfence_address(p));
	EXPECT_REPORT(t, read_unaligned, p + 1, "oops: unaligned access");
	end_object(p);
	lab_close(t);
}

TEST_SUITE("kfence",
	   TEST_CASE(a_byte_behind_an_object_is_told),
	   TEST_CASE(a_byte_before_an_object_is_told),
	   TEST_CASE(a_read_after_free_is_told_with_both_stacks),
	   TEST_CASE(a_write_after_free_is_told_with_both_stacks),
	   TEST_CASE(a_double_free_is_told),
	   TEST_CASE(a_free_of_the_middle_is_told),
	   TEST_CASE(a_free_to_another_cache_is_told),
	   TEST_CASE(a_changed_canary_is_told_at_free),
	   TEST_CASE(an_access_to_nobodys_page_is_told),
	   TEST_CASE(the_nearer_neighbour_is_blamed),
	   TEST_CASE(another_fault_in_the_pool_is_an_oops));
