/* SPDX-License-Identifier: MIT */
/*
 * kmemleak: what is lost is found, what is held is not reported. How long
 * that holds, and the switches: kmemleak_life.c.
 */
#include "kmemleak_lab.h"
#ifdef VELLUM_KMEMLEAK
#include <kernel/completion.h>
#include <lib/string.h>
#include <mm/gfp.h>
#include <mm/percpu.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include "threads.h"

static DEFINE_PER_CPU(void *, cpu_holder);

/* --- lost -------------------------------------------------------------- */

static void
plant_large(void *arg)
{
	void **a = kzalloc(40000, GFP_KERNEL), **b = vzalloc(3 * PAGE_SIZE);

	(void)arg;
	a[8000] = kzalloc(64, GFP_KERNEL);
	b[3000] = kzalloc(64, GFP_KERNEL);
	hide(0, a);
	hide(1, b);
	hide(2, a[8000]);
	hide(3, b[3000]);
}

static noinline void
free_large(void)
{
	vfree(shown(1));
	for (unsigned n = 0; n < 4; n++) {
		if (n != 1)
			free_hidden(n);
	}
}

static void
a_lost_object_is_told_by_the_second_scan(struct test *t)
{
	char line[64];

	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	EXPECT_EQ(t, scan_once(), 0);
	EXPECT(t, kmemleak_suspects() >= 1);
	EXPECT(t, strstr(describe(0), "  suspect: fewer than 1 pointers"));
	EXPECT(t, !is_reported(0));
	EXPECT_EQ(t, scan_once(), 1);
	EXPECT(t, is_reported(0));
	lab_report();
	snprintf(line, sizeof(line), "unreferenced object 0x%08lx (size %u):",
		 ~hidden[0], (unsigned)size_of(0));
	EXPECT(t, strstr(lab_text, line));
	EXPECT(t, strstr(lab_text, "  comm \"planter\", pid "));
	EXPECT(t, strstr(lab_text, "  hex dump (first 32 bytes):\n    73 69 78"));
	EXPECT(t, strstr(lab_text, "  sixteen letters.\n"));
	EXPECT(t, strstr(lab_text, "  and nineteen mor\n"));
	EXPECT(t, strstr(lab_text, "  backtrace (crc "));
	EXPECT(t, strstr(lab_text, "] plant_object+0x"));
	/* Once told, it is no news; and when it is freed it is none at all. */
	EXPECT_EQ(t, scan_once(), 0);
	EXPECT(t, is_reported(0));
	free_hidden(0);
	EXPECT(t, !strstr(lab_report(), "unreferenced"));
	end_watch();
}

static void
the_task_and_the_time_are_those_of_the_allocation(struct test *t)
{
	unsigned long before = jiffies;
	const char *at;
	struct task *task;
	int pid;

	ASSERT(t, watch(t));
	task = test_start(t, plant_object, (void *)0, "planter");
	ASSERT(t, task);
	pid = task->pid;
	test_join(task);
	at = strstr(describe(0), "pid ");
	ASSERT(t, at);
	snprintf(lab_text + 2048, 64, "pid %d, jiffies ", pid);
	EXPECT(t, !strncmp(at, lab_text + 2048, strlen(lab_text + 2048)));
	EXPECT(t, leak_find(LEAK_TREE_LINEAR, ~hidden[0])->born - before <=
	       jiffies - before);
	free_hidden(0);
	end_watch();
}

static void
a_lost_cycle_is_found(struct test *t)
{
	ASSERT(t, watch(t));
	EXPECT_EQ(t, plant_and_find(t, plant_cycle, NULL, 3), 3);
	for (unsigned n = 0; n < 3; n++) {
		EXPECT(t, is_reported(n));
		free_hidden(n);
	}
	end_watch();
}

/*
 *	lower area | guard | lost area		the end of the lower one is
 *				^		where the lost one begins
 */
static void
plant_neighbours(void *arg)
{
	(void)arg;
	vfree(holders[0]);
	vfree(holders[1]);
	vmalloc_purge();
	holders[0] = vmalloc(2 * PAGE_SIZE);
	hide(0, vmalloc(2 * PAGE_SIZE));
	holders[1] = vmalloc(2 * PAGE_SIZE);
}

static void
a_lost_vmalloc_area_between_others_is_found(struct test *t)
{
	ASSERT(t, watch(t));
	EXPECT_EQ(t, plant_and_find(t, plant_neighbours, NULL, 1), 1);
	EXPECT(t, is_reported(0));
	EXPECT(t, strstr(describe(0), "(size 8192)"));
	vfree(shown(0));
	vfree(holders[0]);
	vfree(holders[1]);
	EXPECT(t, !*describe(0));
	end_watch();
}

static void
lost_blocks_are_found_with_what_they_hold(struct test *t)
{
	ASSERT(t, watch(t));
	EXPECT_EQ(t, plant_and_find(t, plant_large, NULL, 4), 4);
	for (unsigned n = 0; n < 4; n++)
		EXPECT(t, is_reported(n));
	free_large();
	end_watch();
}

static void
plant_percpu(void *arg)
{
	void **p = percpu_alloc(24, 8);

	(void)arg;
	hide(0, p);
	*per_cpu_ptr(p + 5, nr_cpus - 1) = kzalloc(64, GFP_KERNEL);
	hide(1, *per_cpu_ptr(p + 5, nr_cpus - 1));
}

static void
a_lost_percpu_object_is_found_with_what_it_holds(struct test *t)
{
	ASSERT(t, watch(t));
	EXPECT_EQ(t, plant_and_find(t, plant_percpu, NULL, 2), 2);
	EXPECT(t, strstr(lab_report(), "(percpu size 24)"));
	EXPECT(t, is_reported(0));
	EXPECT(t, is_reported(1));
	/* Held by a variable, it holds the other one: in the last core's copy. */
	hold(0, 0);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !is_reported(0));
	EXPECT(t, !is_reported(1));
	free_percpu(shown(0));
	free_hidden(1);
	end_watch();
}

static void
plant_frames(void *arg)
{
	void *p = get_zeroed_page(GFP_KERNEL);

	(void)arg;
	hide(0, p);
	kmemleak_alloc(p, PAGE_SIZE, FRAME_COUNT);
}

/*
 * As one does who takes frames for something that could be lost. A number that
 * happens to lie within the frame counts as a pointer: then another frame.
 */
static void
frames_are_watched_when_their_owner_says_so(struct test *t)
{
	int found = 0;

	ASSERT(t, watch(t));
	for (unsigned tries = 0; tries < 6; tries++) {
		plant(t, plant_frames, NULL);
		EXPECT(t, strstr(describe(0), "white: 0 of 2 pointers found"));
		hold(0, 0);
		found = scan_twice();
		if (found == 1)
			break;
		set_aside();
	}
	EXPECT_EQ(t, found, 1);
	EXPECT(t, strstr(describe(0), "white: 1 of 2 pointers found"));
	holders[0] = shown(0);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, strstr(describe(0), "grey: 2 of 2 pointers found"));
	kmemleak_free(shown(0));
	EXPECT(t, !*describe(0));
	free_page(shown(0));
	end_watch();
}

static struct kmem_cache *lost_cache;

/* The object that lies where its slab does, if the design has such. */
static void
plant_first_of_slab(void *arg)
{
	void *objects[64] = { NULL };
	unsigned lost = 0;

	(void)arg;
	for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
		objects[i] = kmem_cache_alloc(lost_cache, GFP_KERNEL);
		if (IS_ALIGNED((unsigned long)objects[i], PAGE_SIZE))
			lost = i;
	}
	hide(0, objects[lost]);
	for (unsigned i = 0; i < ARRAY_SIZE(objects); i++) {
		if (i != lost)
			kmem_cache_free(lost_cache, objects[i]);
	}
}

/* Each core's lists say where its slabs begin. */
static void
the_first_object_of_a_slab_can_be_lost(struct test *t)
{
	ASSERT(t, watch(t));
	lost_cache = kmem_cache_create("leak_test", 256, 0, SLAB_NO_MERGE,
				       NULL);
	ASSERT(t, lost_cache);
	EXPECT_EQ(t, plant_and_find(t, plant_first_of_slab, NULL, 1), 1);
	EXPECT(t, is_reported(0));
	kmem_cache_free(lost_cache, shown(0));
	free_aside();
	EXPECT_EQ(t, kmem_cache_destroy(lost_cache), 0);
	end_watch();
}

/* --- held -------------------------------------------------------------- */

static void
a_pointer_to_any_byte_of_it_holds_an_object(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	hold(0, size_of(0) - 1);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !is_reported(0));
	hold(0, 50);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !is_reported(0));
	hold(0, -1);
	scan_twice();
	EXPECT(t, is_reported(0));
	hold(0, size_of(0));
	scan_once();
	EXPECT(t, is_reported(0));
	hold(0, 0);
	scan_once();
	EXPECT(t, !is_reported(0));
	free_hidden(0);
	end_watch();
}

static void
what_is_held_holds_others(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_chain, NULL);
	hold(0, 0);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !is_reported(1));
	free_hidden(0);
	EXPECT_EQ(t, scan_twice(), 1);
	EXPECT(t, is_reported(1));
	free_hidden(1);
	end_watch();
}

static void
areas_and_large_blocks_hold_others(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_large, NULL);
	holders[0] = shown(0);
	holders[1] = shown(1);
	EXPECT_EQ(t, scan_twice(), 0);
	for (unsigned n = 0; n < 4; n++)
		EXPECT(t, !is_reported(n));
	free_large();
	end_watch();
}

static void
a_percpu_variable_of_any_core_holds_an_object(struct test *t)
{
	unsigned cpu;

	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	for_each_possible_cpu(cpu) {
		*per_cpu_ptr(&cpu_holder, cpu) = shown(0);
		EXPECT_EQ(t, scan_twice(), 0);
		*per_cpu_ptr(&cpu_holder, cpu) = NULL;
	}
	EXPECT(t, !is_reported(0));
	set_aside();
	/* Where nobody holds one it is found: they did hold it. */
	EXPECT_EQ(t, plant_and_find(t, plant_object, (void *)0, 1), 1);
	free_hidden(0);
	end_watch();
}

static DECLARE_COMPLETION(go_on);
static volatile bool is_there, may_end;

static void
hold_on_stack(void *arg)
{
	void *volatile p __unused = shown(0);

	(void)arg;
	is_there = true;
	wait_for_completion(&go_on);
	p = NULL;
	is_there = false;
	wait_for_completion(&go_on);
}

static void
the_stack_of_a_sleeper_holds_an_object(struct test *t)
{
	struct task *task;

	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	is_there = false;
	task = test_start(t, hold_on_stack, NULL, "holder");
	ASSERT(t, task);
	TEST_WAIT_UNTIL(is_there);
	EXPECT_EQ(t, scan_twice(), 0);
	kmemleak_set_stacks(false);
	EXPECT(t, scan_twice() >= 1);
	EXPECT(t, is_reported(0));
	kmemleak_set_stacks(true);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !is_reported(0));
	complete(&go_on);
	TEST_WAIT_UNTIL(!is_there);
	EXPECT_EQ(t, scan_twice(), 1);
	complete(&go_on);
	test_join(task);
	free_hidden(0);
	end_watch();
}

/*
 * The pointer is in one register, and nowhere else. Under -icount the cores take
 * turns, and whoever searches yields after each piece: so does this.
 */
static void
hold_in_register(void *arg)
{
	unsigned long inverse = hidden[0];
	volatile bool *there = &is_there, *end = &may_end;

	(void)arg;
	__asm__ volatile(
		"	mvn	r8, %0\n"
		"	mov	r9, #1\n"
		"	strb	r9, [%1]\n"
		"1:	yield\n"
		"	ldrb	r9, [%2]\n"
		"	cmp	r9, #0\n"
		"	beq	1b\n"
		"	mov	r8, #0\n"
		:: "r"(inverse), "r"(there), "r"(end)
		: "r8", "r9", "cc", "memory");
}

static void
a_register_of_another_core_holds_an_object(struct test *t)
{
	struct task *task;

	if (num_online_cpus() < 2)
		SKIP(t, "needs two cores");
	ASSERT(t, watch(t));
	plant(t, plant_object, (void *)0);
	is_there = may_end = false;
	task = test_start_on(t, test_other_cpu(), hold_in_register, NULL);
	ASSERT(t, task);
	TEST_WAIT_UNTIL(is_there);
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !is_reported(0));
	may_end = true;
	test_join(task);
	EXPECT_EQ(t, scan_twice(), 1);
	free_hidden(0);
	end_watch();
}

static void
what_its_owner_vouches_for_holds_others(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_chain, NULL);
	kmemleak_not_leak(shown(0));
	EXPECT_EQ(t, scan_twice(), 0);
	EXPECT(t, !is_reported(1));
	free_hidden(0);
	free_hidden(1);
	end_watch();
}

static void
what_is_ignored_holds_nothing(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_chain, NULL);
	kmemleak_ignore(shown(0));
	EXPECT_EQ(t, scan_twice(), 1);
	EXPECT(t, !is_reported(0));
	EXPECT(t, is_reported(1));
	/* Not even when somebody points to it. */
	hold(0, 0);
	scan_twice();
	EXPECT(t, is_reported(1));
	EXPECT(t, strstr(describe(0), "black: 0 of -1 pointers found"));
	free_hidden(0);
	free_hidden(1);
	end_watch();
}

static void
what_is_not_to_be_searched_holds_nothing(struct test *t)
{
	ASSERT(t, watch(t));
	plant(t, plant_chain, NULL);
	kmemleak_no_scan(shown(0));
	hold(0, 0);
	EXPECT_EQ(t, scan_twice(), 1);
	EXPECT(t, !is_reported(0));
	EXPECT(t, is_reported(1));
	EXPECT(t, strstr(describe(0), "not searched"));
	free_hidden(0);
	free_hidden(1);
	end_watch();
}
#endif

TEST_SUITE("kmemleak",
	   IF_BUILT(a_lost_object_is_told_by_the_second_scan),
	   IF_BUILT(the_task_and_the_time_are_those_of_the_allocation),
	   IF_BUILT(a_lost_cycle_is_found),
	   IF_BUILT(a_lost_vmalloc_area_between_others_is_found),
	   IF_BUILT(lost_blocks_are_found_with_what_they_hold),
	   IF_BUILT(a_lost_percpu_object_is_found_with_what_it_holds),
	   IF_BUILT(frames_are_watched_when_their_owner_says_so),
	   IF_BUILT(the_first_object_of_a_slab_can_be_lost),
	   IF_BUILT(a_pointer_to_any_byte_of_it_holds_an_object),
	   IF_BUILT(what_is_held_holds_others),
	   IF_BUILT(areas_and_large_blocks_hold_others),
	   IF_BUILT(a_percpu_variable_of_any_core_holds_an_object),
	   IF_BUILT(the_stack_of_a_sleeper_holds_an_object),
	   IF_BUILT(a_register_of_another_core_holds_an_object),
	   IF_BUILT(what_its_owner_vouches_for_holds_others),
	   IF_BUILT(what_is_ignored_holds_nothing),
	   IF_BUILT(what_is_not_to_be_searched_holds_nothing));
