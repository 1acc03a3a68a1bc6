/* SPDX-License-Identifier: MIT */
/*
 * page_owner, poisoning, init_on_alloc/free and fault injection: each is
 * switched on for the case and off again.
 */
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <kernel/smp.h>
#include <lib/errno.h>
#include <mm/debug.h>
#include <mm/hooks.h>
#include <mm/init.h>
#include <mm/kasan.h>
#include "page_helpers.h"

static char log[4096];

static unsigned long
frames_by(void *fn)
{
	struct symbol symbol;

	if (!symbol_lookup((unsigned long)fn, &symbol))
		return ~0UL;
	return page_owner_frames_of(symbol.start, symbol.start + symbol.size);
}

/* Recognisable on a stack: not inlined, and no tail call. */
static noinline struct page *
a_known_allocator(unsigned order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	barrier();
	return page;
}

static void
page_owner_knows_who_allocated(struct test *t)
{
	bool was_on = page_owner_running();
	struct page *page, *other;
	char text[2048];
	struct seq_buf s;

	if (!was_on)
		ASSERT_EQ(t, page_owner_start(), 0);
	EXPECT_EQ(t, page_owner_start(), -EBUSY);
	EXPECT_EQ(t, frames_by(a_known_allocator), 0);
	page = a_known_allocator(3);
	other = a_known_allocator(0);
	ASSERT(t, page != NULL && other != NULL);
	EXPECT_EQ(t, frames_by(a_known_allocator), 9);
	seq_buf_init(&s, text, sizeof(text));
	dump_page(&s, page);
	EXPECT(t, strstr(text, "a_known_allocator"));
	EXPECT(t, strstr(text, "allocated with order 3, GFP_KERNEL"));
	free_frames(page, 3);
	EXPECT_EQ(t, frames_by(a_known_allocator), 1);
	seq_buf_init(&s, text, sizeof(text));
	dump_page(&s, page);
	EXPECT(t, strstr(text, "last freed by"));
	EXPECT(t, strstr(text, "page_owner_knows_who_allocated"));
	free_frame(other);
	EXPECT_EQ(t, frames_by(a_known_allocator), 0);
	if (!was_on)
		page_owner_stop();
}

static void
page_owner_follows_a_split(struct test *t)
{
	bool was_on = page_owner_running();
	struct page *page;

	if (!was_on)
		ASSERT_EQ(t, page_owner_start(), 0);
	page = a_known_allocator(2);
	ASSERT(t, page != NULL);
	split_page(page, 2);
	EXPECT_EQ(t, frames_by(a_known_allocator), 4);
	free_frame(page + 3);
	free_frame(page + 1);
	EXPECT_EQ(t, frames_by(a_known_allocator), 2);
	free_frame(page);
	free_frame(page + 2);
	EXPECT_EQ(t, frames_by(a_known_allocator), 0);
	if (!was_on)
		page_owner_stop();
}

static noinline struct page *
another_allocator(unsigned order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	barrier();
	return page;
}

/* Two stacks of one depth are two stacks. */
static void
page_owner_tells_stacks_of_one_depth_apart(struct test *t)
{
	bool was_on = page_owner_running();
	struct page *one, *four;

	if (!was_on)
		ASSERT_EQ(t, page_owner_start(), 0);
	one = a_known_allocator(0);
	four = another_allocator(2);
	ASSERT(t, one != NULL && four != NULL);
	EXPECT_EQ(t, frames_by(a_known_allocator), 1);
	EXPECT_EQ(t, frames_by(another_allocator), 4);
	free_frame(one);
	free_frames(four, 2);
	if (!was_on)
		page_owner_stop();
}

static void
page_owner_shows_the_largest_first(struct test *t)
{
	static char text[8192];
	bool was_on = page_owner_running();
	unsigned long frames, last = ~0UL;
	struct page *one, *four;
	unsigned stacks = 0;
	struct seq_buf s;
	char *line;

	if (!was_on)
		ASSERT_EQ(t, page_owner_start(), 0);
	one = a_known_allocator(0);
	four = another_allocator(2);
	seq_buf_init(&s, text, sizeof(text));
	node_find("page_owner")->show(&s);
	for (line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line < '0' || *line > '9')
			continue;
		frames = (unsigned long)memparse(line, NULL);
		EXPECT(t, frames > 0 && frames <= last);
		last = frames;
		stacks++;
	}
	EXPECT(t, stacks >= 2);
	if (one)
		free_frame(one);
	if (four)
		free_frames(four, 2);
	if (!was_on)
		page_owner_stop();
}

/* Free page, write at byte at of it, allocate it again. */
static no_kasan struct page *
write_after_free(unsigned at, u8 byte)
{
	struct page *page = alloc_page(GFP_KERNEL), *again;
	u8 *bytes = page_address(page);

	free_frame(page);
	bytes[at] = byte;
	log_capture_begin(log, sizeof(log));
	again = alloc_page(GFP_KERNEL);
	log_capture_end();
	if (again == page)
		return again;
	free_frame(again);
	bytes[at] = PAGE_POISON_BYTE;
	return NULL;
}

static void
poison_names_the_page_and_the_bytes(struct test *t)
{
	int started = page_poison_start();
	unsigned before = nr_poison_errors;
	struct page *page;
	char text[32];

	EXPECT(t, started == 0 || started == -EBUSY);
	page = write_after_free(100, 0x11);
	ASSERT(t, page != NULL);
	EXPECT_EQ(t, nr_poison_errors, before + 1);
	snprintf(text, sizeof(text), "pfn %#lx was written", page_to_pfn(page));
	EXPECT(t, strstr(log, text));
	EXPECT(t, strstr(log, "bytes 0x64-0x64: 11"));
	free_frame(page);
	/* The last byte of the page counts as well, and a clean page passes. */
	page = write_after_free(4095, 0);
	ASSERT(t, page != NULL);
	EXPECT_EQ(t, nr_poison_errors, before + 2);
	free_frame(page);
	page = write_after_free(7, PAGE_POISON_BYTE);
	EXPECT_EQ(t, nr_poison_errors, before + 2);
	if (page)
		free_frame(page);
	if (!started)
		page_poison_stop();
}

static no_kasan void
a_freed_page_holds_the_poison(struct test *t)
{
	int started = page_poison_start();
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	const u8 *bytes;

	ASSERT(t, page != NULL);
	bytes = page_address(page);
	free_frames(page, 1);
	EXPECT_EQ(t, bytes[0], PAGE_POISON_BYTE);
	EXPECT_EQ(t, bytes[2 * PAGE_SIZE - 1], PAGE_POISON_BYTE);
	/* A zeroed page is zero all the same, and checked before. */
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	ASSERT(t, page != NULL);
	bytes = page_address(page);
	EXPECT_EQ(t, bytes[0], 0);
	EXPECT_EQ(t, bytes[2 * PAGE_SIZE - 1], 0);
	free_frames(page, 1);
	if (!started)
		page_poison_stop();
}

static no_kasan void
init_on_alloc_and_on_free_clear_pages(struct test *t)
{
	u32 was = page_debug_flags;
	struct page *page;
	u8 *bytes;

	if (was & PAGE_DEBUG_POISON)
		SKIP(t, "poisoning comes first");
	page_debug_set(PAGE_DEBUG_INIT_ALLOC, true);
	page_debug_set(PAGE_DEBUG_INIT_FREE, false);
	page = alloc_page(GFP_KERNEL);
	bytes = page_address(page);
	memset(bytes, 0x77, PAGE_SIZE);
	free_frame(page);
	EXPECT_EQ(t, bytes[4000], 0x77);
	page = alloc_page(GFP_KERNEL);
	bytes = page_address(page);
	EXPECT_EQ(t, bytes[0], 0);
	EXPECT_EQ(t, bytes[4095], 0);
	page_debug_set(PAGE_DEBUG_INIT_ALLOC, false);
	page_debug_set(PAGE_DEBUG_INIT_FREE, true);
	memset(bytes, 0x77, PAGE_SIZE);
	free_frame(page);
	EXPECT_EQ(t, bytes[0], 0);
	EXPECT_EQ(t, bytes[4095], 0);
	page_debug_set(PAGE_DEBUG_INIT_FREE, false);
	page_debug_set(was, true);
}

static void
the_nth_allocation_fails_once(struct test *t)
{
	struct page *page;
	unsigned i;

	fault_inject_nth(3);
	for (i = 1; i <= 5; i++) {
		page = alloc_page(GFP_KERNEL | __GFP_NOWARN);
		EXPECT_EQ(t, page == NULL, i == 3);
		if (page)
			free_frame(page);
	}
	EXPECT(t, fault_inject_nth_done());
	EXPECT(t, !fault_inject_nth_done());
	fault_inject_nth(100);
	free_frame(alloc_page(GFP_KERNEL));
	EXPECT(t, !fault_inject_nth_done());
}

#ifdef VELLUM_DEBUG
#define CALL_BYTES	24	/* where in these two the call is */

static noinline void *
place_that_fails(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	barrier();			/* no jump: a call, and back to here */
	return p;
}

static noinline void *
place_that_does_not(void)
{
	void *p = kmalloc(65, GFP_KERNEL);

	barrier();
	return p;
}

static bool
is_fail_site(void *(*fn)(void))
{
	return fail_site_known((unsigned long)fn,
			       (unsigned long)fn + CALL_BYTES);
}

static void
the_place_of_a_failure_is_remembered(struct test *t)
{
	void *p;

	fault_inject_nth(1);
	EXPECT(t, !place_that_fails());
	EXPECT(t, fault_inject_nth_done());
	p = place_that_does_not();
	EXPECT(t, p);
	kfree(p);
	EXPECT(t, is_fail_site(place_that_fails));
	EXPECT(t, !is_fail_site(place_that_does_not));
	/* And who called it. */
	EXPECT(t, fail_site_known((unsigned long)
				  the_place_of_a_failure_is_remembered,
				  (unsigned long)
				  the_place_of_a_failure_is_remembered + 64));
}
#endif

static unsigned
failures_of(const struct fault_attr *attr, gfp_t gfp, unsigned tries)
{
	unsigned failed = 0;
	struct page *page;

	fault_inject_set(attr);
	while (tries--) {
		page = alloc_page(gfp | __GFP_NOWARN);
		failed += page == NULL;
		if (page)
			free_frame(page);
	}
	fault_inject_set(NULL);
	return failed;
}

static void
a_share_of_allocations_fails(struct test *t)
{
	struct fault_attr attr = { 100, 1, 0, -1 };
	unsigned failed;

	EXPECT_EQ(t, failures_of(&attr, GFP_KERNEL, 50), 50);
	EXPECT_EQ(t, failures_of(&attr, GFP_KERNEL | __GFP_NOFAIL, 50), 0);
	attr.interval = 5;
	EXPECT_EQ(t, failures_of(&attr, GFP_KERNEL, 50), 10);
	attr.times = 3;
	EXPECT_EQ(t, failures_of(&attr, GFP_KERNEL, 50), 3);
	attr = (struct fault_attr){ 100, 1, 20, -1 };
	EXPECT_EQ(t, failures_of(&attr, GFP_KERNEL, 50), 30);
	attr = (struct fault_attr){ 50, 1, 0, -1 };
	failed = failures_of(&attr, GFP_KERNEL, 1000);
	EXPECT(t, failed > 300 && failed < 700);
	EXPECT_EQ(t, failures_of(NULL, GFP_KERNEL, 50), 0);
}

/* Three allocations, each of which may fail; all is given back. */
static int
careful_scenario(void *arg)
{
	struct page *page[3];
	unsigned i;
	int err = 0;

	(void)arg;
	for (i = 0; i < 3; i++) {
		page[i] = alloc_pages(GFP_KERNEL | __GFP_NOWARN, i);
		if (!page[i]) {
			err = -ENOMEM;
			break;
		}
	}
	while (i--)
		free_frames(page[i], i);
	return err;
}

static struct page *leaked;

static int
leaking_scenario(void *arg)
{
	struct page *a = alloc_page(GFP_KERNEL | __GFP_NOWARN);
	struct page *b = alloc_page(GFP_KERNEL | __GFP_NOWARN);

	(void)arg;
	if (a && !b) {
		leaked = a;		/* the mistake */
		return -ENOMEM;
	}
	if (a)
		free_frame(a);
	if (b)
		free_frame(b);
	return a && b ? 0 : -ENOMEM;
}

static int
lying_scenario(void *arg)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN);

	(void)arg;
	if (page)
		free_frame(page);
	return page ? -EIO : 0;
}

static void
allocate_and_free(void *arg)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN);

	*(bool *)arg = page != NULL;
	if (page)
		free_frame(page);
}

static void
the_nth_is_that_of_the_watching_task(struct test *t)
{
	bool got = false;
	struct task *other = kthread_create(allocate_and_free, &got, "other");

	ASSERT(t, other != NULL);
	get_task(other);
	fault_inject_nth(1);
	wake_up_process(other);
	kthread_join(other);
	EXPECT(t, got);
	EXPECT(t, alloc_page(GFP_KERNEL | __GFP_NOWARN) == NULL);
	EXPECT(t, fault_inject_nth_done());
}

static void
the_sweep_reaches_every_allocation(struct test *t)
{
	char text[256];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	EXPECT_EQ(t, fault_inject_sweep(careful_scenario, NULL, &s), 3);
	EXPECT_EQ(t, s.len, 0);
}

static void
the_sweep_sees_a_leak_and_a_wrong_error(struct test *t)
{
	char text[256];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	leaked = NULL;
	EXPECT_EQ(t, fault_inject_sweep(leaking_scenario, NULL, &s), -EINVAL);
	EXPECT(t, strstr(text, "run 2:") && strstr(text, "frames free"));
	ASSERT(t, leaked != NULL);
	free_frame(leaked);
	seq_buf_init(&s, text, sizeof(text));
	EXPECT_EQ(t, fault_inject_sweep(lying_scenario, NULL, &s), -EINVAL);
	EXPECT(t, strstr(text, "though no allocation failed"));
}

static struct zone *spoilt;

/* Fails as it should, but leaves the zone's books wrong. */
static int
spoiling_scenario(void *arg)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_NOWARN);

	(void)arg;
	if (page) {
		free_frame(page);
		return 0;
	}
	spoilt = find_zone(ZONE_NORMAL);
	spoilt->nr_highatomic += PAGEBLOCK_NR_PAGES;
	return -ENOMEM;
}

static void
the_sweep_sees_broken_rules(struct test *t)
{
	char text[512];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	spoilt = NULL;
	EXPECT_EQ(t, fault_inject_sweep(spoiling_scenario, NULL, &s),
		  -EINVAL);
	EXPECT(t, strstr(text, "verify P1"));
	ASSERT(t, spoilt != NULL);
	spoilt->nr_highatomic -= PAGEBLOCK_NR_PAGES;
}

static void
shuffling_keeps_every_block(struct test *t)
{
	struct zone *zone = find_zone(ZONE_NORMAL);
	bool was = page_alloc_shuffle;
	unsigned tails = 0, i;

	for (i = 0; i < 1000; i++)
		tails += shuffle_pick_tail();
	EXPECT(t, tails > 400 && tails < 600);
	shuffle_zone(zone);
	EXPECT_VERIFIED(t);
	page_alloc_shuffle = true;
	for (i = 0; i < 100; i++)
		free_frames(alloc_pages(GFP_KERNEL, 5), 5);
	page_alloc_shuffle = was;
}

TEST_SUITE("page_debug",
	   TEST_CASE(page_owner_knows_who_allocated),
	   TEST_CASE(page_owner_follows_a_split),
	   TEST_CASE(page_owner_tells_stacks_of_one_depth_apart),
	   TEST_CASE(page_owner_shows_the_largest_first),
	   TEST_CASE(poison_names_the_page_and_the_bytes),
	   TEST_CASE(a_freed_page_holds_the_poison),
	   TEST_CASE(init_on_alloc_and_on_free_clear_pages),
	   TEST_CASE(the_nth_allocation_fails_once),
#ifdef VELLUM_DEBUG
	   TEST_CASE(the_place_of_a_failure_is_remembered),
#endif
	   TEST_CASE(a_share_of_allocations_fails),
	   TEST_CASE(the_nth_is_that_of_the_watching_task),
	   TEST_CASE(the_sweep_reaches_every_allocation),
	   TEST_CASE(the_sweep_sees_a_leak_and_a_wrong_error),
	   TEST_CASE(the_sweep_sees_broken_rules),
	   TEST_CASE(shuffling_keeps_every_block));
