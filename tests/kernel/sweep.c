/* SPDX-License-Identifier: MIT */
/*
 * Allocation-failure sweeps: each thing that the kernel does with memory is
 * done with its first allocation failing, then the second, and so on until
 * none fails. It has to fail with the errno that it documents, leave nothing
 * behind, and leave everything in order (fault_inject_sweep() checks). Here:
 * frames, addresses, threads; sweep_kmem.c has what is made of objects.
 *
 *	run 1: X	run 2: a X	run 3: a b X	run 4: a b c
 */
#include <asm/memory.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <asm/tlbflush.h>
#include <kernel/kthread.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "sweep.h"

static atomic_t nr_ran;

static void
count_me(void *arg)
{
	(void)arg;
	atomic_inc(&nr_ran);
}

/* Start threads; when one cannot be made, those before are taken back. */
static int
three_threads(void)
{
	struct task *tasks[3];
	unsigned i, n;
	int err = 0;

	atomic_set(&nr_ran, 0);
	for (n = 0; n < ARRAY_SIZE(tasks); n++) {
		tasks[n] = kthread_create(count_me, NULL, "swept/%u", n);
		if (!tasks[n])
			break;
		get_task(tasks[n]);
	}
	if (n < ARRAY_SIZE(tasks))
		err = -ENOMEM;
	for (i = 0; i < n; i++)
		wake_up_process(tasks[i]);
	for (i = 0; i < n; i++)
		kthread_join(tasks[i]);
	return (unsigned)atomic_read(&nr_ran) == n ? err : -EIO;
}

/* A stack is several allocations: frames, and what describes the area. */
static void
threads_fail_one_by_one(struct test *t)
{
	EXPECT(t, sweep(t, three_threads) >= 3);
}

static int
thread_on_last_core(void)
{
	struct task *task = kthread_create_on_cpu(count_me, NULL, nr_cpus - 1,
						  "swept");

	if (!task)
		return -ENOMEM;
	get_task(task);
	wake_up_process(task);
	kthread_join(task);
	return 0;
}

static void
a_thread_of_another_core_fails_here(struct test *t)
{
	EXPECT(t, sweep(t, thread_on_last_core) >= 1);
}

/* Stopped before it ran: its function sees that it shall not begin. */
static int
thread_that_is_stopped(void)
{
	struct task *task = kthread_create(count_me, NULL, "swept");

	if (!task)
		return -ENOMEM;
	kthread_stop(task);
	return 0;
}

static void
a_stopped_thread_leaves_nothing(struct test *t)
{
	EXPECT(t, sweep(t, thread_that_is_stopped) >= 1);
}

static int
exact_sizes(void)
{
	void *five = alloc_pages_exact(5 * PAGE_SIZE, GFP_KERNEL);
	void *odd = five ? alloc_pages_exact(PAGE_SIZE + 1, GFP_KERNEL) : NULL;
	void *page = odd ? get_zeroed_page(GFP_KERNEL) : NULL;

	free_page(page);
	free_pages_exact(odd, PAGE_SIZE + 1);
	free_pages_exact(five, 5 * PAGE_SIZE);
	return page ? 0 : -ENOMEM;
}

static void
exact_sizes_fail_whole(struct test *t)
{
	EXPECT_EQ(t, sweep(t, exact_sizes), 3);
}

/* Those that came stay the caller's; the rest is NULL. */
static int
bulk(void)
{
	struct page *pages[8] = { NULL };
	unsigned n = alloc_pages_bulk(GFP_HIGHUSER, 8, pages), i;
	int err = n == 8 ? 0 : -ENOMEM;

	for (i = 0; i < 8; i++) {
		if ((pages[i] != NULL) != (i < n))
			err = -EIO;
		if (pages[i])
			free_frame(pages[i]);
	}
	return err;
}

static void
bulk_says_how_many_came(struct test *t)
{
	EXPECT_EQ(t, sweep(t, bulk), 8);
}

static int
every_order(void)
{
	struct page *pages[6] = { NULL };
	unsigned order;
	int err = 0;

	for (order = 0; order < ARRAY_SIZE(pages) && !err; order++) {
		pages[order] = alloc_pages(GFP_KERNEL | __GFP_ZERO |
					   __GFP_COMP, order);
		if (!pages[order])
			err = -ENOMEM;
	}
	while (order--) {
		if (pages[order])
			put_page(pages[order]);
	}
	return err;
}

static void
blocks_of_each_order_fail(struct test *t)
{
	EXPECT_EQ(t, sweep(t, every_order), 6);
}

/* The range is taken from the free lists: nothing is to be allocated. */
static int
contiguous_range(void)
{
	static pfn_t at;
	struct page *page;
	int err;

	if (!at) {			/* a range that is free now */
		page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, 5);
		if (!page)
			return -ENOMEM;
		at = page_to_pfn(page) + 3;
		free_frames(page, 5);
	}
	err = alloc_contig_range(at, at + 20);
	if (!err)
		free_contig_range(at, 20);
	return err;
}

static void
a_range_needs_no_allocation(struct test *t)
{
	ASSERT_EQ(t, contiguous_range(), 0);
	EXPECT_EQ(t, sweep(t, contiguous_range), 0);
}

static int
vmalloc_and_vmap(void)
{
	struct page *pages[3] = { NULL };
	unsigned n = alloc_pages_bulk(GFP_KERNEL, 3, pages);
	/* Blocks of 16, 8, 4, 2 and 1. */
	void *area = n == 3 ? vmalloc(31 * PAGE_SIZE) : NULL;
	void *view = area ? vmap(pages, 3, PROT_KERNEL_RW) : NULL;

	vunmap(view);
	vfree(area);
	while (n--)
		free_frame(pages[n]);
	return view ? 0 : -ENOMEM;
}

static void
areas_of_addresses_fail_whole(struct test *t)
{
	EXPECT(t, sweep(t, vmalloc_and_vmap) >= 8);
}

static int
objects(void)
{
	static void *object[22];
	unsigned n, i;

	for (n = 0; n < ARRAY_SIZE(object); n++) {
		object[n] = kmalloc(n < 16 ? 500 : 3000 * (n - 12),
				    GFP_KERNEL);
		if (!object[n])
			break;
	}
	for (i = 0; i < n; i++)
		kfree(object[i]);
	return n == ARRAY_SIZE(object) ? 0 : -ENOMEM;
}

static void
objects_of_every_kind_fail(struct test *t)
{
	EXPECT(t, sweep(t, objects) >= 22);
}

static struct kmem_cache *
new_cache(void)
{
	return kmem_cache_create("swept", 100, 0, 0, NULL);
}

static int
cache_with_objects(void)
{
	struct kmem_cache *cache = new_cache();
	void *object = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;

	if (object)
		kmem_cache_free(cache, object);
	if (cache)
		kmem_cache_destroy(cache);
	return object ? 0 : -ENOMEM;
}

static void
a_cache_is_made_whole_or_not_at_all(struct test *t)
{
	/* Under SLOB the pages at hand may do. */
	int least = strcmp(slab_design_name(), "slob") ? 1 : 0;

	EXPECT(t, sweep(t, cache_with_objects) >= least);
}

static int
page_owner_on_and_off(void)
{
	int err = page_owner_start();

	if (!err)
		page_owner_stop();
	return page_owner_running() ? -EIO : err;
}

static void
page_owner_needs_both_its_tables(struct test *t)
{
	if (page_owner_running())
		SKIP(t, "page_owner=on");
	EXPECT_EQ(t, sweep(t, page_owner_on_and_off), 2);
}

static int
page_poison_on_and_off(void)
{
	int err = page_poison_start();

	if (!err)
		page_poison_stop();
	return err;
}

static void
page_poison_needs_its_table(struct test *t)
{
	if (page_poison_start())
		SKIP(t, "page_poison=1");
	page_poison_stop();
	EXPECT_EQ(t, sweep(t, page_poison_on_and_off), 1);
}

/* --- Page tables, which stay once they are made --- */

#define GROUP		(4UL << 20)	/* what one page of tables maps */
#define NR_GROUPS	3
#define AREA		(ALIGN_UP(VMALLOC_END, GROUP) - 16 * GROUP)
#define FIRST		(AREA + GROUP - PAGE_SIZE)
#define LENGTH		(GROUP + 2 * PAGE_SIZE)	/* into the third group */

static unsigned
nr_tables(void)
{
	unsigned i, n = 0;

	for (i = 0; i < NR_GROUPS; i++)
		n += swapper_pg_dir[(AREA + i * GROUP) >> 20].value != 0;
	return n;
}

/* Take the tables away again, as nothing in the kernel does. */
static void
drop_tables(struct test *t)
{
	pgd_t *pgd = &swapper_pg_dir[AREA >> 20];
	unsigned i, j;

	for (i = 0; i < NR_GROUPS; i++) {
		void *table = __va(pgd[4 * i].value & PAGE_MASK);

		if (!EXPECT(t, pgd[4 * i].value != 0))
			continue;
		for (j = 0; j < 4; j++)
			pgd[4 * i + j].value = 0;
		flush_tlb_all();
		EXPECT_EQ(t, page_state(virt_to_page(table)),
			  PAGE_STATE_TABLE);
		pgtable_free_page(table);
		nr_kernel_tables--;
	}
}

static bool
nothing_mapped(void)
{
	phys_addr_t pa;
	unsigned long at;

	for (at = 0; at < LENGTH; at += PAGE_SIZE) {
		if (hardware_translate(FIRST + at, false, &pa))
			return false;
	}
	return true;
}

/* Map from the last page of a group to the first of the next but one. */
static int
map_area(unsigned long nth)
{
	static char log[4096];
	int err;

	log_capture_begin(log, sizeof(log));
	fault_inject_nth(nth);
	err = map_kernel_range(FIRST, 0x60000000, LENGTH, PROT_KERNEL_RO,
			       false);
	fault_inject_nth_done();
	log_capture_end();
	return err;
}

static void
a_mapping_without_a_table_maps_nothing(struct test *t)
{
	unsigned long tables = global_node_page_state(NR_PAGETABLE);
	phys_addr_t pa = 0;
	unsigned n;

	if (nr_tables())
		SKIP(t, "somebody has had areas at these addresses");
	for (n = 0; n < NR_GROUPS; n++) {
		EXPECT_EQ(t, map_area(n ? 2 : 1), -ENOMEM);
		EXPECT_EQ(t, nr_tables(), n);
		EXPECT_EQ(t, global_node_page_state(NR_PAGETABLE), tables + n);
		EXPECT(t, nothing_mapped());
	}
	EXPECT_EQ(t, map_area(2), 0);	/* one table was missing */
	EXPECT_EQ(t, nr_tables(), NR_GROUPS);
	EXPECT(t, hardware_translate(FIRST + LENGTH - 1, false, &pa));
	EXPECT_EQ(t, pa, 0x60000000 + LENGTH - 1);
	EXPECT(t, !hardware_translate(FIRST + LENGTH, false, &pa));
	unmap_kernel_range(FIRST, LENGTH);
	EXPECT(t, nothing_mapped());
	drop_tables(t);
	EXPECT_EQ(t, global_node_page_state(NR_PAGETABLE), tables);
}

TEST_SUITE("sweep",
	   TEST_CASE(threads_fail_one_by_one),
	   TEST_CASE(a_thread_of_another_core_fails_here),
	   TEST_CASE(a_stopped_thread_leaves_nothing),
	   TEST_CASE(exact_sizes_fail_whole),
	   TEST_CASE(bulk_says_how_many_came),
	   TEST_CASE(blocks_of_each_order_fail),
	   TEST_CASE(a_range_needs_no_allocation),
	   TEST_CASE(areas_of_addresses_fail_whole),
	   TEST_CASE(objects_of_every_kind_fail),
	   TEST_CASE(a_cache_is_made_whole_or_not_at_all),
	   TEST_CASE(page_owner_needs_both_its_tables),
	   TEST_CASE(page_poison_needs_its_table),
	   TEST_CASE(a_mapping_without_a_table_maps_nothing));
