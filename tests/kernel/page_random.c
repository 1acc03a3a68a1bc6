/* SPDX-License-Identifier: MIT */
/*
 * Random allocations and frees on all cores at once.
 *
 * Each core has slots for blocks; an operation empties a full slot or fills an
 * empty one, with a random order and kind of request. Blocks also wander: a
 * core leaves one in a shared slot and takes what another core left there, so
 * that a frame is freed elsewhere than it was allocated. The first and the last
 * word of a block say whose it is: a frame with two owners is seen. At the end
 * all is given back, and the runner counts frames and verifies.
 *
 * How many operations: buddy_random=N on the command line, all cores together.
 */
#include <kernel/init.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/hooks.h>
#include "page_helpers.h"
#include "failing.h"

#define NR_SLOTS	256	/* of each core */
#define NR_SHARED	64

#ifdef VELLUM_KASAN
static unsigned long nr_operations = 40000;	/* each walks its stack */
#else
static unsigned long nr_operations = 100000;
#endif

static int
param_buddy_random(const char *value)
{
	return kstrtoul(value, 10, &nr_operations);
}
BOOT_PARAM("buddy_random", param_buddy_random);

struct random_core {
	u64 rng;
	struct page *slot[NR_SLOTS];
	unsigned long ops, failed, wrong;
};

static struct random_core cores[NR_CPUS];
static struct page *shared[NR_SHARED];

static const gfp_t kinds[] = {
	GFP_KERNEL, GFP_ATOMIC, GFP_HIGHUSER_MOVABLE,
	GFP_KERNEL | __GFP_RECLAIMABLE, GFP_NOWAIT | __GFP_MOVABLE,
	GFP_KERNEL | GFP_DMA, GFP_KERNEL | __GFP_COMP, GFP_HIGHUSER,
};

/* The words of a block that name it, if it has an address. */
static void
stamp_write(struct page *page)
{
	u32 *first = page_address(page);

	if (!first)
		return;
	first[0] = (u32)page_to_pfn(page);
	first[(1024 << page_order(page)) - 1] = ~(u32)page_to_pfn(page);
}

static bool
stamp_good(struct page *page)
{
	u32 *first = page_address(page);

	return !first || (first[0] == (u32)page_to_pfn(page) &&
			  first[(1024 << page_order(page)) - 1] ==
			  ~(u32)page_to_pfn(page));
}

/* Mostly single frames, now and then up to the largest block. */
static unsigned
random_order(u64 *rng)
{
	u32 r = random_below(rng, 256);

	if (r < 160)
		return 0;
	if (r < 250)
		return random_below(rng, 5);
	return random_below(rng, NR_PAGE_ORDERS);
}

static void
random_give(struct random_core *c, struct page *page)
{
	c->wrong += !stamp_good(page);
	put_page(page);
}

static struct page *
random_take(struct random_core *c)
{
	gfp_t gfp = kinds[random_below(&c->rng, ARRAY_SIZE(kinds))];
	struct page *page;

	page = alloc_pages(gfp | __GFP_NOWARN, random_order(&c->rng));
	if (page)
		stamp_write(page);
	else
		c->failed++;
	return page;
}

static void
random_operation(struct random_core *c)
{
	struct page **slot = &c->slot[random_below(&c->rng, NR_SLOTS)];
	struct page **spot = &shared[random_below(&c->rng, NR_SHARED)];

	switch (random_below(&c->rng, 32768)) {
	case 0:
		drain_local_pages();
		break;
	case 1:
		drain_all_pages();
		break;
	default:
		break;
	}
	if (!*slot) {
		*slot = random_take(c);
	} else if (random_below(&c->rng, 4) == 0) {
		*slot = __atomic_exchange_n(spot, *slot, __ATOMIC_ACQ_REL);
	} else {
		random_give(c, *slot);
		*slot = NULL;
	}
}

static void
random_core_run(struct test *t, unsigned cpu, void *arg)
{
	struct random_core *c = &cores[cpu];
	unsigned long i, n = nr_operations / num_online_cpus();

	c->rng = t->seed * 4 + cpu + 1;
	for (i = 0; i < n; i++) {
		random_operation(c);
		if (i % 64 == 0)
			cond_resched();
	}
	c->ops = n;
	for (i = 0; i < NR_SLOTS; i++) {
		if (c->slot[i])
			random_give(c, c->slot[i]);
		c->slot[i] = NULL;
	}
}

static void
random_run(struct test *t, const struct fault_attr *failing)
{
	unsigned long ops = 0, failed = 0, wrong = 0;
	unsigned cpu, i;

	memset(cores, 0, sizeof(cores));
	on_all_cpus_failing(t, random_core_run, failing);
	for (i = 0; i < NR_SHARED; i++) {
		if (shared[i])
			random_give(&cores[0], shared[i]);
		shared[i] = NULL;
	}
	for_each_online_cpu(cpu) {
		ops += cores[cpu].ops;
		failed += cores[cpu].failed;
		wrong += cores[cpu].wrong;
	}
	EXPECT_EQ(t, wrong, 0);
	test_info(t, "%lu operations on %u cores, %lu requests found nothing",
		  ops, num_online_cpus(), failed);
}

static void
no_frame_is_lost_or_shared(struct test *t)
{
	random_run(t, NULL);
}

/* The same while one request in ten fails by injection. */
static void
failing_requests_lose_nothing(struct test *t)
{
	static const struct fault_attr attr = { 10, 1, 0, -1 };
	unsigned long before = fault_inject_count(), all = nr_operations;

	nr_operations = min(all, 50000UL);
	random_run(t, &attr);
	EXPECT(t, fault_inject_count() > before + nr_operations / 40);
	nr_operations = all;
}

/* Magazines and lists while blocks go in and out in random order. */
static void
shuffled_lists_lose_nothing(struct test *t)
{
	bool was = page_alloc_shuffle;
	unsigned long all = nr_operations;

	nr_operations = min(all, 50000UL);
	page_alloc_shuffle = true;
	random_run(t, NULL);
	page_alloc_shuffle = was;
	nr_operations = all;
}

TEST_SUITE("buddy_random",
	   TEST_CASE(no_frame_is_lost_or_shared),
	   TEST_CASE(failing_requests_lose_nothing),
	   TEST_CASE(shuffled_lists_lose_nothing));
