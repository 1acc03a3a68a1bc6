/* SPDX-License-Identifier: MIT */
/*
 * kmemleak over time: when an object is told, and no more; a busy kernel, of
 * which nothing is told; starting, ending, notes, and the rules. Lost and held:
 * kmemleak.c.
 */
#include "kmemleak_lab.h"
#ifdef VELLUM_KMEMLEAK
#include <kernel/completion.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/percpu.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include <mm/vmalloc.h>
#include "threads.h"
#include "verify_helpers.h"

/* --- not yet, no more -------------------------------------------------- */

static noinline void
poke(unsigned n, unsigned value)
{
	*(volatile u8 *)shown(n) = (u8)value;
}

static void
a_suspect_that_changes_stays_a_suspect(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	for (unsigned i = 0; i < 4; i++) {
		poke(0, i);
		EXPECT_EQ(t, scan_once(), 0);
	}
	EXPECT_EQ(t, scan_once(), 1);
	free_hidden(0);
	end_watch();
}

/* Who was held in between begins anew. */
static void
a_suspect_that_is_found_again_is_cleared(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	EXPECT_EQ(t, scan_once(), 0);
	hold(0, 0);
	EXPECT_EQ(t, scan_once(), 0);
	holder = NULL;
	EXPECT_EQ(t, scan_once(), 0);
	EXPECT_EQ(t, scan_once(), 1);
	free_hidden(0);
	end_watch();
}

static void
a_young_object_is_not_suspected(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	kmemleak_set_min_age(86400000);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(t, scan_once(), 0);
	kmemleak_set_min_age(0);
	EXPECT_EQ(t, scan_once(), 1);
	free_hidden(0);
	end_watch();
}

static void
what_was_cleared_is_not_told_again(struct test *t)
{
	ASSERT(t, watch(t));
	EXPECT_EQ(t, plant_and_find(t, plant_cycle, NULL, 3), 3);
	kmemleak_clear();
	EXPECT(t, !strstr(lab_report(), "unreferenced"));
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !strstr(lab_report(), "unreferenced"));
	for (unsigned n = 0; n < 3; n++)
		free_hidden(n);
	end_watch();
}

/* A suspect is freed, and its place is given to somebody who holds it. */
static void
the_next_owner_of_a_place_is_another_object(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	EXPECT_EQ(t, scan_once(), 0);
	free_hidden(0);
	holder = kmalloc(100, GFP_KERNEL);
	EXPECT_EQ(t, scan_once(), 0);
	hide(0, holder);
	EXPECT(t, !strstr(describe(0), "planter"));
	free_hidden(0);
	EXPECT(t, !*describe(0));
	end_watch();
}

/* --- the usual --------------------------------------------------------- */

#define ROUNDS	60
#define HELD	32

static void
churn(struct test *t, unsigned cpu, void *arg)
{
	void *held[HELD] = { NULL };

	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned n = (i * 7 + cpu) % HELD;

		if (n % 8 == 3) {
			vfree(held[n]);
			held[n] = vmalloc(((i % 5) + 1) * PAGE_SIZE);
		} else {
			kfree(held[n]);
			held[n] = kzalloc(16u << i % 11, GFP_KERNEL);
		}
		if (held[n] && held[(n + 1) % HELD])
			*(void **)held[n] = held[(n + 1) % HELD];
		cond_resched();
	}
	for (unsigned n = 0; n < HELD; n++) {
		if (n % 8 == 3)
			vfree(held[n]);
		else
			kfree(held[n]);
	}
	free_percpu(percpu_alloc(64, 8));
}

static volatile bool scans_on;

static void
scan_on(void *arg)
{
	(void)arg;
	while (READ_ONCE(scans_on)) {
		kmemleak_scan();
		cond_resched();
	}
}

static void
nothing_is_told_of_a_busy_kernel(struct test *t)
{
	struct task *task;

	ASSERT(t, watch(t));
	WRITE_ONCE(scans_on, true);
	task = test_start(t, scan_on, NULL, "scanner");
	ASSERT(t, task);
	test_on_all_cpus(t, churn, NULL);
	WRITE_ONCE(scans_on, false);
	test_join(task);
	EXPECT_EQ(t, scan_twice(), 0);
	if (!EXPECT(t, !strstr(lab_report(), "unreferenced")))
		test_info(t, "%s", lab_text);
	end_watch();
}

/* Caches come and go, tasks, per-CPU memory, commands. */
static void
nothing_is_told_of_what_the_kernel_does_anyway(struct test *t)
{
	struct kmem_cache *cache;
	void *object;

	ASSERT(t, watch(t));
	cache = kmem_cache_create("leak_test", 200, 0, SLAB_NO_MERGE, NULL);
	ASSERT(t, cache);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	in_thread(t, scan_on, NULL);
	EXPECT_EQ(t, scan_twice(), 0);
	kmem_cache_free(cache, object);
	kmem_cache_destroy(cache);
	EXPECT_EQ(t, scan_twice(), 0);
	if (!EXPECT(t, !strstr(lab_report(), "unreferenced")))
		test_info(t, "%s", lab_text);
	end_watch();
}

static void
a_thread_scans_every_so_often(struct test *t)
{
	unsigned long scans;

	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	EXPECT_EQ(t, kmemleak_set_period(1), 0);
	scans = leak.nr_scans;
	TEST_WAIT_UNTIL(leak.nr_scans >= scans + 2);
	EXPECT(t, is_reported(0));
	EXPECT_EQ(t, kmemleak_set_period(0), 0);
	free_hidden(0);
	end_watch();
}

/* --- on and off -------------------------------------------------------- */

static noinline void
link(unsigned from, unsigned to)
{
	*(void *volatile *)shown(from) = shown(to);
}

static void
old_objects_are_taken_to_be_in_use(struct test *t)
{
	if (kmemleak_since_boot())
		SKIP(t, "kmemleak has run since boot: nothing is older");
	kmemleak_stop();
	in_thread(t, plant_chain, NULL);
	in_thread(t, plant_object, (void *)2);
	ASSERT(t, watch(t));
	EXPECT_EQ(t, kmemleak_start(), -EBUSY);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, strstr(describe(1), "from before kmemleak was switched on"));
	EXPECT(t, strstr(describe(2), "grey: 0 of 0 pointers found"));
	/* They are searched: what is younger and hangs on them is held. */
	plant(t, plant_object, (void *)3);
	link(2, 3);
	EXPECT_EQ(t, scan_twice(), 0);
	free_hidden(2);
	EXPECT(t, !*describe(2));
	EXPECT_EQ(t, scan_twice(), 1);
	EXPECT(t, is_reported(3));
	free_hidden(3);
	free_hidden(0);
	free_hidden(1);
	end_watch();
}

/*
 * A thread that was there before, and sleeps. What a call of it left below its
 * stack pointer is nothing that it holds.
 */
static DECLARE_COMPLETION(call_again);
static DECLARE_COMPLETION(called);
static bool sleeper_ends;

static noinline void
leave_below(void)
{
	void *volatile below[512];

	for (unsigned i = 0; i < ARRAY_SIZE(below); i++)
		below[i] = NULL;
	below[0] = shown(0);
}

static void
sleeper(void *arg)
{
	(void)arg;
	while (!READ_ONCE(sleeper_ends)) {
		complete(&called);
		wait_for_completion(&call_again);
		if (!READ_ONCE(sleeper_ends))
			leave_below();
	}
}

static void
an_old_stack_is_searched_from_where_it_is_used(struct test *t)
{
	struct task *task;

	if (kmemleak_since_boot())
		SKIP(t, "kmemleak has run since boot: nothing is older");
	kmemleak_stop();
	sleeper_ends = false;
	task = test_start(t, sleeper, NULL, "sleeper");
	ASSERT(t, task);
	wait_for_completion(&called);
	if (!EXPECT(t, watch(t)))
		goto out;
	plant(t, plant_object, (void *)0);
	complete(&call_again);
	wait_for_completion(&called);
	EXPECT_EQ(t, scan_twice(), 1);
	EXPECT(t, is_reported(0));
	free_hidden(0);
	end_watch();
out:
	sleeper_ends = true;
	complete(&call_again);
	test_join(task);
}

/* --- what goes while it is searched ------------------------------------------- */

#define LARGE	(1ul << 20)

static void *volatile large;

static bool
is_searched(void *p)
{
	unsigned long flags = spin_lock_irqsave(&kmemleak_lock);
	bool is = leak.searched && leak.searched->start == (unsigned long)p;

	spin_unlock_irqrestore(&kmemleak_lock, flags);
	return is;
}

/* As soon as it is searched it has no memory: to read on would be an oops. */
static void
free_when_searched(void *arg)
{
	(void)arg;
	while (!is_searched(large))
		cpu_relax();
	vfree(large);
	large = NULL;
	vmalloc_purge();
}

static void
an_object_may_go_while_it_is_searched(struct test *t)
{
	struct task *task;

	if (num_online_cpus() < 2)
		SKIP(t, "needs two cores");
	ASSERT(t, watch(t));
	large = vmalloc(LARGE);
	if (!EXPECT(t, large))
		goto out;
	task = test_start_on(t, test_other_cpu(), free_when_searched, NULL);
	ASSERT(t, task);
	while (large)
		kmemleak_scan();
	test_join(task);
out:
	end_watch();
}

static void
while_off_there_is_no_answer(struct test *t)
{
	if (kmemleak_since_boot())
		SKIP(t, "would end the watch of this boot");
	kmemleak_stop();
	EXPECT_EQ(t, kmemleak_scan(), -ENODEV);
	EXPECT_EQ(t, kmemleak_frames(), 0);
	EXPECT(t, strstr(lab_report(), "kmemleak: off, 0 objects"));
	hide(0, holder = kmalloc(100, GFP_KERNEL));
	EXPECT(t, !*describe(0));
	free_hidden(0);
	end_watch();
}

/* 2^6 frames, taken for so many objects of 8 bytes as there are notes. */
static void
without_memory_for_notes_it_ends(struct test *t)
{
	static const struct fault_attr always = { 100, 1, 0, -1 };
	char *block;
	unsigned n = 0;

	if (kmemleak_since_boot())
		SKIP(t, "would end the watch of this boot");
	block = get_free_pages(GFP_KERNEL, 6);
	ASSERT(t, block);
	ASSERT(t, watch(t));
	fault_inject_set(&always);
	for (; n < 64 * PAGE_SIZE / 8 && kmemleak_running; n++)
		kmemleak_alloc(block + 8 * n, 8, 1);
	fault_inject_set(NULL);
	EXPECT(t, !kmemleak_running);
	/* It had some in reserve: failures are no end by themselves. */
	EXPECT(t, n > 1000 && n < 64 * PAGE_SIZE / 8);
	EXPECT_EQ(t, kmemleak_scan(), -ENODEV);
	EXPECT_EQ(t, kmemleak_start(), -EBUSY);
	EXPECT(t, strstr(lab_report(), "kmemleak: off (no memory for notes)"));
	kfree(kmalloc(100, GFP_KERNEL));
	kmemleak_stop();
	EXPECT_EQ(t, kmemleak_frames(), 0);
	ASSERT(t, watch(t));
	end_watch();
	free_pages(block, 6);
}

static int
start_and_stop(void *arg)
{
	int err = kmemleak_start();

	(void)arg;
	if (!err)
		kmemleak_stop();
	return err;
}

static void
a_start_without_memory_leaves_nothing(struct test *t)
{
	struct seq_buf s;
	long n;

	if (kmemleak_since_boot())
		SKIP(t, "would end the watch of this boot");
	kmemleak_stop();
	seq_buf_init(&s, lab_text, LAB_TEXT);
	n = fault_inject_sweep(start_and_stop, NULL, &s);
	if (!EXPECT(t, n > 30))
		test_info(t, "%ld: %s", n, lab_text);
	end_watch();
}

static int
set_a_period(void *arg)
{
	int err;

	(void)arg;
	kstack_drain();
	err = kmemleak_set_period(60);
	kmemleak_set_period(0);
	return err;
}

static void
a_scanner_without_memory_is_told(struct test *t)
{
	struct seq_buf s;
	long n;

	seq_buf_init(&s, lab_text, LAB_TEXT);
	n = fault_inject_sweep(set_a_period, NULL, &s);
	if (!EXPECT(t, n >= 1))
		test_info(t, "%ld: %s", n, lab_text);
}

/* More objects than the first pages have notes for, then all back again. */
static void
notes_grow_with_the_objects(struct test *t)
{
	unsigned long frames;
	char *block;

	ASSERT(t, watch(t));
	block = get_free_pages(GFP_KERNEL, 6);
	ASSERT(t, block);
	frames = kmemleak_frames();
	for (unsigned n = 0; n < 64 * PAGE_SIZE / 64; n++)
		kmemleak_alloc(block + 64 * n, 64, KMEMLEAK_BLACK);
	EXPECT(t, kmemleak_running);
	EXPECT(t, kmemleak_frames() >= frames);
	/* They are fetched ahead of need. */
	EXPECT(t, leak.nr_unused > 900);
	EXPECT_VERIFIED(t);
	kmemleak_free_range(block, 64 * PAGE_SIZE);
	hide(0, block + 64 * 100);
	EXPECT(t, !*describe(0));
	free_pages(block, 6);
	end_watch();
}

/*
 *	| old, 256 bytes	|	what begins in it takes its place,
 *	      | new, 64 |		but nothing of before a late start does
 */
static void
the_youngest_object_has_the_place(struct test *t)
{
	char *block;

	ASSERT(t, watch(t));
	block = get_free_page(GFP_KERNEL);
	ASSERT(t, block);
	kmemleak_alloc(block, 256, KMEMLEAK_BLACK);
	kmemleak_alloc(block + 128, 64, KMEMLEAK_BLACK);
	EXPECT_VERIFIED(t);
	hide(0, block);
	EXPECT(t, !*describe(0));
	hide(0, block + 191);
	EXPECT(t, strstr(describe(0), "(size 64)"));
	kmemleak_enter_old(block + 128, 64);
	EXPECT(t, strstr(describe(0), "black"));
	kmemleak_free_range(block, PAGE_SIZE);
	EXPECT(t, !*describe(0));
	free_page(block);
	hidden[0] = 0;
	end_watch();
}

/* --- the rules --------------------------------------------------------- */

static void
verify_names_what_is_wrong(struct test *t)
{
	struct leak_object *object;
	struct page *pages;

	ASSERT(t, watch(t));
	holder = kmalloc(100, GFP_KERNEL);
	object = leak_find(LEAK_TREE_LINEAR, (unsigned long)holder);
	ASSERT(t, object);
	object->size = ~object->start;
	EXPECT(t, verify_catches("K1"));
	object->size = 100;
	leak.nr_unused++;
	EXPECT(t, verify_catches("K2"));
	leak.nr_unused--;
	/* The second of two, so that it is the head of a free block. */
	pages = alloc_pages(GFP_KERNEL, 1);
	ASSERT(t, pages);
	split_page(pages, 1);
	free_frame(pages + 1);
	drain_all_pages();
	kmemleak_alloc(page_address(pages + 1), PAGE_SIZE, KMEMLEAK_GREY);
	EXPECT(t, verify_catches("K3"));
	kmemleak_free(page_address(pages + 1));
	free_frame(pages);
	EXPECT_VERIFIED(t);
	kfree(holder);
	end_watch();
}
#endif

TEST_SUITE("kmemleak_life",
	   IF_BUILT(a_suspect_that_changes_stays_a_suspect),
	   IF_BUILT(a_suspect_that_is_found_again_is_cleared),
	   IF_BUILT(a_young_object_is_not_suspected),
	   IF_BUILT(what_was_cleared_is_not_told_again),
	   IF_BUILT(the_next_owner_of_a_place_is_another_object),
	   IF_BUILT(nothing_is_told_of_a_busy_kernel),
	   IF_BUILT(nothing_is_told_of_what_the_kernel_does_anyway),
	   IF_BUILT(a_thread_scans_every_so_often),
	   IF_BUILT(old_objects_are_taken_to_be_in_use),
	   IF_BUILT(an_old_stack_is_searched_from_where_it_is_used),
	   IF_BUILT(an_object_may_go_while_it_is_searched),
	   IF_BUILT(while_off_there_is_no_answer),
	   IF_BUILT(without_memory_for_notes_it_ends),
	   IF_BUILT(a_start_without_memory_leaves_nothing),
	   IF_BUILT(a_scanner_without_memory_is_told),
	   IF_BUILT(notes_grow_with_the_objects),
	   IF_BUILT(the_youngest_object_has_the_place),
	   IF_BUILT(verify_names_what_is_wrong));
