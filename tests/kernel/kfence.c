/* SPDX-License-Identifier: MIT */
/*
 * KFENCE: one specimen of each kind of mistake, and what must be said of it:
 * kind, object, who allocated and who freed. And the pool's own ways: who gets
 * an object, in which order, where in its page.
 *
 *	guard | page of object 0 | guard | page of object 1 | guard
 *
 * Every case switches KFENCE on without a timer and asks for its samples, so
 * that nobody else takes one; where it is on since boot, that pool is used.
 */
#include <asm/pgtable.h>
#include <kernel/node.h>
#include <kernel/sched.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/kfence.h>
#include <mm/slab.h>
#include <mm/verify.h>

#define OBJECTS		8
#define MOST_TRIES	100

static bool was_on;
static struct kfence_stats before;

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

static noinline void *
make_object(size_t n)
{
	void *p;

	kfence_sample_nth(1);
	p = kmalloc(n, GFP_KERNEL);
	kfence_sample_nth(0);
	return p;
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

/* --- a laboratory ------------------------------------------------------ */

static const char *
lab_open(void)
{
	int err = kfence_start(0, OBJECTS);

	was_on = err == -EBUSY;
	if (err && !was_on)
		return "no CMA area to take a pool from, and none since boot";
	kfence_get_stats(&before);
	return was_on && before.interval_ms ? "a timer takes samples too" :
					      NULL;
}

#define LAB_OPEN(t) do { \
	const char *why_ = lab_open(); \
	if (why_) \
		SKIP(t, why_); \
} while (0)

static void
lab_close(struct test *t)
{
	struct kfence_stats after;

	kfence_get_stats(&after);
	EXPECT_EQ(t, after.used, before.used);
	if (!was_on)
		EXPECT_EQ(t, kfence_stop(), 0);
}

static bool
lies_right(const void *p)
{
	return (unsigned long)p % PAGE_SIZE != 0;
}

/* An object at this end of its page; the lot is drawn until it is. */
static char *
object_at(size_t n, bool right)
{
	char *p;

	for (unsigned i = 0; i < MOST_TRIES; i++) {
		p = make_object(n);
		if (is_kfence_address(p) && lies_right(p) == right)
			return p;
		kfree(p);
	}
	return NULL;
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
	end_object(p);
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

static void *
sample_of(struct kmem_cache *cache, gfp_t gfp)
{
	void *p;

	kfence_sample_nth(1);
	p = kmem_cache_alloc(cache, gfp);
	kfence_sample_nth(0);
	return p;
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

/* --- what is sampled --------------------------------------------------- */

static void
an_open_gate_lets_one_through(struct test *t)
{
	struct kfence_stats now;
	void *p[4];

	LAB_OPEN(t);
	kfence_open_gate();
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmalloc(32, GFP_KERNEL);
	kfence_get_stats(&now);
	EXPECT_EQ(t, now.gates, before.gates + 1);
	EXPECT_EQ(t, now.allocs, before.allocs + 1);
	EXPECT_EQ(t, slab_hooks & SLAB_HOOK_KFENCE, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		kfree(p[i]);
	lab_close(t);
}

static void
the_timer_opens_the_gate(struct test *t)
{
	struct kfence_stats now;

	kfence_get_stats(&now);
	if (now.objects)
		SKIP(t, "on since boot");
	if (kfence_start(1, OBJECTS))
		SKIP(t, "no CMA area to take a pool from");
	do {
		kfree(kmalloc(32, GFP_KERNEL));
		msleep(1);
		kfence_get_stats(&now);
	} while (now.gates < 3 || !now.allocs);
	EXPECT_EQ(t, now.interval_ms, 1);
	EXPECT_EQ(t, kfence_stop(), 0);
	kfence_get_stats(&before);
	EXPECT_EQ(t, slab_hooks & SLAB_HOOK_KFENCE, 0);
	kfence_open_gate();			/* off: no gate */
	kfence_get_stats(&now);
	EXPECT_EQ(t, now.gates, before.gates);
}

static void
the_nth_allocation_is_taken(struct test *t)
{
	void *p[4];

	LAB_OPEN(t);
	kfence_sample_nth(3);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmalloc(32, GFP_KERNEL);
	EXPECT_EQ(t, kfence_sample_nth(0), false);
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
		EXPECT_EQ(t, is_kfence_address(p[i]), i == 2);
		kfree(p[i]);
	}
	kfence_sample_nth(1);
	EXPECT_EQ(t, kfence_sample_nth(0), true);
	EXPECT_EQ(t, slab_hooks & SLAB_HOOK_KFENCE, 0);
	lab_close(t);
}

/* Not from the pool: larger than a page, DMA, under RCU; the gate waits. */
static void
what_does_not_fit_is_left_alone(struct test *t)
{
	struct kfence_stats now;
	struct kmem_cache *rcu, *large;
	void *p[4];

	LAB_OPEN(t);
	rcu = kmem_cache_create("rcu", 64, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	large = kmem_cache_create("large", PAGE_SIZE + 8, 0, 0, NULL);
	ASSERT(t, rcu && large);
	kfence_sample_nth(1);
	p[0] = kmalloc(PAGE_SIZE + 8, GFP_KERNEL);
	p[1] = kmalloc(64, GFP_KERNEL | __GFP_DMA);
	p[2] = kmem_cache_alloc(rcu, GFP_KERNEL);
	p[3] = kmem_cache_alloc(large, GFP_KERNEL);
	EXPECT(t, kfence_sample_nth(0));
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		EXPECT(t, !is_kfence_address(p[i]));
	kfence_get_stats(&now);
	EXPECT(t, now.incompatible >= before.incompatible + 4);
	kfree(p[0]);
	kfree(p[1]);
	kmem_cache_free(rcu, p[2]);
	kmem_cache_free(large, p[3]);
	EXPECT_EQ(t, kmem_cache_destroy(rcu), 0);
	EXPECT_EQ(t, kmem_cache_destroy(large), 0);
	p[0] = make_object(PAGE_SIZE);
	EXPECT(t, is_kfence_address(p[0]));
	kfree(p[0]);
	lab_close(t);
}

static noinline void *
make_elsewhere(size_t n)
{
	void *p;

	kfence_sample_nth(1);
	p = kmalloc(n, GFP_KERNEL);
	kfence_sample_nth(0);
	return p;
}

/*
 * 8 objects: one site gets 7 of them, the eighth is for somebody else. The
 * site is the whole stack, so all its requests come from one line.
 */
static void
one_site_does_not_eat_the_pool(struct test *t)
{
	struct kfence_stats now;
	void *p[OBJECTS + 4], *q = NULL;
	unsigned n = 0, i;

	LAB_OPEN(t);
	if (before.objects != OBJECTS || before.used) {
		lab_close(t);
		SKIP(t, "the pool of boot has another size");
	}
	for (i = 0; i < OBJECTS + 4; i++) {
		if (i == OBJECTS + 2) {		/* 7 are out */
			EXPECT_EQ(t, n, 3 * OBJECTS / 4 + 1);
			q = make_elsewhere(32);
			EXPECT(t, is_kfence_address(q));
			kfree(make_elsewhere(32));	/* full */
			kfree(p[0]);		/* 7: still too many */
			p[0] = NULL;
		} else if (i == OBJECTS + 3) {	/* 5: all are welcome */
			kfree(p[1]);
			kfree(p[2]);
			p[1] = p[2] = NULL;
		}
		p[i] = make_object(32);
		n += is_kfence_address(p[i]);
	}
	EXPECT(t, !is_kfence_address(p[OBJECTS + 2]));
	EXPECT(t, is_kfence_address(p[OBJECTS + 3]));
	kfence_get_stats(&now);
	EXPECT_EQ(t, now.used, 6);
	EXPECT_EQ(t, now.covered, before.covered + 4);
	EXPECT_EQ(t, now.capacity, before.capacity + 1);
	EXPECT_EQ(t, kfence_stop(), -EBUSY);
	kfree(p[3]);
	p[3] = make_elsewhere(32);		/* it is about to end */
	EXPECT(t, !is_kfence_address(p[3]));
	for (i = 0; i < ARRAY_SIZE(p); i++)
		kfree(p[i]);
	kfree(q);
	lab_close(t);
}

/* As many different stacks as there are depths. */
static noinline void *
make_deep(unsigned depth)
{
	void *p = depth ? make_deep(depth - 1) : make_elsewhere(32);

	barrier();
	return p;
}

/* What a site has given back does not count against it. */
static void
a_freed_object_covers_nobody(struct test *t)
{
	void *p[OBJECTS - 1], *q[2];

	LAB_OPEN(t);
	if (before.objects != OBJECTS || before.used) {
		lab_close(t);
		SKIP(t, "the pool of boot has another size");
	}
	for (unsigned round = 0; round < 2; round++) {
		q[round] = make_object(32);	/* one line: one site */
		EXPECT(t, is_kfence_address(q[round]));
		kfree(q[round]);
		for (unsigned i = 0; i < ARRAY_SIZE(p) && !round; i++) {
			p[i] = make_deep(i);
			EXPECT(t, is_kfence_address(p[i]));
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		kfree(p[i]);
	lab_close(t);
}

/* The page that was freed last is used last. */
static void
a_freed_page_stays_unused_longest(struct test *t)
{
	unsigned long first, page;
	void *p;

	LAB_OPEN(t);
	p = make_object(32);
	first = ALIGN_DOWN((unsigned long)p, PAGE_SIZE);
	kfree(p);
	for (unsigned i = 1; i < before.objects - before.used; i++) {
		p = make_object(32);
		page = ALIGN_DOWN((unsigned long)p, PAGE_SIZE);
		kfree(p);
		EXPECT(t, page != first);
	}
	p = make_object(32);
	EXPECT_EQ(t, ALIGN_DOWN((unsigned long)p, PAGE_SIZE), first);
	kfree(p);
	lab_close(t);
}

static void
objects_lie_at_either_end_of_their_page(struct test *t)
{
	unsigned right = 0, i;

	LAB_OPEN(t);
	for (i = 0; i < 64; i++) {
		char *p = make_object(24);

		EXPECT(t, is_kfence_address(p));
		EXPECT_EQ(t, (unsigned long)p % 8, 0);
		right += lies_right(p);
		kfree(p);
	}
	EXPECT(t, right > 8 && right < 56);
	lab_close(t);
}

/* --- it is an object like any other ------------------------------------ */

static void
size_alignment_and_zeroes_are_as_always(struct test *t)
{
	struct kmem_cache *cache;
	u8 *p;

	LAB_OPEN(t);
	cache = kmem_cache_create("aligned", 72, 64, SLAB_NO_MERGE, NULL);
	ASSERT(t, cache);
	for (unsigned i = 0; i < 16; i++) {
		p = sample_of(cache, GFP_KERNEL | __GFP_ZERO);
		EXPECT(t, is_kfence_address(p));
		EXPECT_EQ(t, (unsigned long)p % 64, 0);
		EXPECT_EQ(t, p[0] | p[71], 0);
		memset(p, 0xff, 72);
		kmem_cache_free(cache, p);
	}
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	for (unsigned i = 0; i < 16; i++) {
		p = make_object(100);		/* of kmalloc-128 */
		EXPECT_EQ(t, ksize(p), 100);
		EXPECT_EQ(t, (unsigned long)p % 128, 0);
		kfree(p);
	}
	lab_close(t);
}

static void
krealloc_moves_it_and_keeps_what_it_holds(struct test *t)
{
	char *p, *q;

	LAB_OPEN(t);
	p = make_object(10);
	ASSERT(t, is_kfence_address(p));
	memcpy(p, "123456789", 10);
	EXPECT(t, krealloc(p, 10, GFP_KERNEL) == p);
	EXPECT(t, krealloc(p, 4, GFP_KERNEL) == p);
	q = krealloc(p, 11, GFP_KERNEL);
	ASSERT(t, q);
	EXPECT(t, !is_kfence_address(q));
	EXPECT(t, !strcmp(q, "123456789"));
	EXPECT_WARNING(t, read_byte, p, "KFENCE: use-after-free read");
	kfree(q);
	lab_close(t);
}

static void
construct(void *p)
{
	*(u32 *)p = 0xc0de;
}

static void
a_constructor_is_run(struct test *t)
{
	struct kmem_cache *cache;
	u32 *p;

	LAB_OPEN(t);
	cache = kmem_cache_create("built", 40, 0, 0, construct);
	ASSERT(t, cache);
	p = sample_of(cache, GFP_KERNEL);
	EXPECT(t, is_kfence_address(p));
	EXPECT_EQ(t, *p, 0xc0de);
	kmem_cache_free(cache, p);
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
	lab_close(t);
}

/* --- what it shows, and its rules -------------------------------------- */

static void
the_nodes_tell_figures_and_objects(struct test *t)
{
	static char text[2048];
	struct seq_buf s;
	void *p;

	LAB_OPEN(t);
	p = make_object(33);
	seq_buf_init(&s, text, sizeof(text));
	node_find("kfence")->show(&s);
	EXPECT(t, strstr(text, "total allocations: "));
	EXPECT(t, strstr(text, "skipped allocations (covered): "));
	seq_buf_init(&s, text, sizeof(text));
	node_find("kfence_objects")->show(&s);
	EXPECT(t, strstr(text, "size=33, cache=kmalloc-64, allocated by "
			 "make_object+0x"));
	kfree(p);
	seq_buf_init(&s, text, sizeof(text));
	node_find("kfence_objects")->show(&s);
	EXPECT(t, strstr(text, "size=33, cache=kmalloc-64, freed by "
			 "the_nodes_tell"));
	lab_close(t);
}

static bool
verify_names(const char *rule)
{
	static char text[512];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	return !mm_verify_all(&s) && strstr(text, rule);
}

static void
verify_sees_a_page_that_is_open_or_closed(struct test *t)
{
	unsigned long page;
	phys_addr_t pa;
	void *p;

	LAB_OPEN(t);
	p = make_object(32);
	page = ALIGN_DOWN((unsigned long)p, PAGE_SIZE);
	unmap_kernel_range(page, PAGE_SIZE);
	EXPECT(t, verify_names("of an object in use is unmapped"));
	pa = __pa((void *)page);
	set_kernel_pages(page, &pa, 1, PROT_KERNEL_RW);
	EXPECT(t, mm_verify_all(NULL));
	kfree(p);
	set_kernel_pages(page, &pa, 1, PROT_KERNEL_RW);
	EXPECT(t, verify_names("should not be mapped"));
	unmap_kernel_range(page, PAGE_SIZE);
	pa = __pa((void *)(page - PAGE_SIZE));
	set_kernel_pages(page - PAGE_SIZE, &pa, 1, PROT_KERNEL_RW);
	EXPECT(t, verify_names("should not be mapped"));
	unmap_kernel_range(page - PAGE_SIZE, PAGE_SIZE);
	lab_close(t);
}

static void
verify_sees_a_changed_canary(struct test *t)
{
	char *p, was;

	LAB_OPEN(t);
	p = object_at(32, true);
	ASSERT(t, p);
	was = p[-1];
	p[-1] = (char)~was;
	EXPECT(t, verify_names("was changed"));
	p[-1] = was;
	kfree(p);
	lab_close(t);
}

static bool
is_mapped(unsigned long addr)
{
	struct pt_walk walk;

	pt_walk(swapper_pg_dir, addr, &walk);
	return walk.kind == PT_SMALL_PAGE;
}

static void
it_can_be_switched_once(struct test *t)
{
	unsigned long at, end;

	LAB_OPEN(t);
	at = kfence_range.start;
	end = at + kfence_range.bytes;
	EXPECT(t, !is_mapped(at));
	EXPECT_EQ(t, kfence_start(0, OBJECTS), -EBUSY);
	EXPECT_EQ(t, kfence_start(0, 0), -EINVAL);
	EXPECT_EQ(t, kfence_start(0, KFENCE_MAX_OBJECTS + 1), -EINVAL);
	lab_close(t);
	if (was_on)
		return;
	EXPECT_EQ(t, kfence_stop(), -EINVAL);
	for (; at < end; at += PAGE_SIZE)	/* whole again */
		EXPECT(t, is_mapped(at));
}

static unsigned long failures[4];

/* Many cores allocate and free through the gate at once. */
static void
hammer(struct test *t, unsigned cpu, void *arg)
{
	for (unsigned i = 0; i < 200; i++) {
		u8 *p;

		kfence_open_gate();
		p = kmalloc(48, GFP_KERNEL);
		if (!p)
			continue;
		memset(p, (int)cpu, 48);
		if (p[0] != cpu || p[47] != cpu)
			failures[cpu]++;
		kfree(p);
	}
}

static void
all_cores_use_it_at_once(struct test *t)
{
	struct kfence_stats now;

	LAB_OPEN(t);
	memset(failures, 0, sizeof(failures));
	test_on_all_cpus(t, hammer, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(failures); i++)
		EXPECT_EQ(t, failures[i], 0);
	kfree(kmalloc(8, GFP_KERNEL));		/* takes what gate is open */
	kfence_get_stats(&now);
	EXPECT(t, now.allocs > before.allocs);
	EXPECT_EQ(t, now.bugs, before.bugs);
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
	   TEST_CASE(another_fault_in_the_pool_is_an_oops),
	   TEST_CASE(an_open_gate_lets_one_through),
	   TEST_CASE(the_timer_opens_the_gate),
	   TEST_CASE(the_nth_allocation_is_taken),
	   TEST_CASE(what_does_not_fit_is_left_alone),
	   TEST_CASE(one_site_does_not_eat_the_pool),
	   TEST_CASE(a_freed_object_covers_nobody),
	   TEST_CASE(a_freed_page_stays_unused_longest),
	   TEST_CASE(objects_lie_at_either_end_of_their_page),
	   TEST_CASE(size_alignment_and_zeroes_are_as_always),
	   TEST_CASE(krealloc_moves_it_and_keeps_what_it_holds),
	   TEST_CASE(a_constructor_is_run),
	   TEST_CASE(the_nodes_tell_figures_and_objects),
	   TEST_CASE(verify_sees_a_page_that_is_open_or_closed),
	   TEST_CASE(verify_sees_a_changed_canary),
	   TEST_CASE(it_can_be_switched_once),
	   TEST_CASE(all_cores_use_it_at_once));
