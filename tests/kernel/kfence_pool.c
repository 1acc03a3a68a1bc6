/* SPDX-License-Identifier: MIT */
/*
 * KFENCE's pool and its ways: who gets an object, in which order, where in its
 * page; that it is an object like any other; what it shows, and its rules.
 */
#include <asm/pgtable.h>
#include <kernel/node.h>
#include <kernel/sched.h>
#include <mm/verify.h>
#include "kfence_lab.h"

static volatile u32 sink;

static noinline void
read_byte(void *p)
{
	sink = *(volatile u8 *)p;
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
	unsigned n = 0, i, end = OBJECTS + 4;

	LAB_OPEN(t);
	/* Unknown to the compiler, which would make two lines of one. */
	__asm__("" : "+r"(end));
	if (before.objects != OBJECTS || before.used) {
		lab_close(t);
		SKIP(t, "the pool of boot has another size");
	}
	for (i = 0; i < end; i++) {
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
	EXPECT_VERIFIED(t);
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

TEST_SUITE("kfence_pool",
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
