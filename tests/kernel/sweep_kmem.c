/* SPDX-License-Identifier: MIT */
/*
 * Allocation-failure sweeps over what the kernel makes of objects: caches,
 * pools, per-CPU memory, resized blocks, mappings of registers, the trace ring,
 * queues of devices, commands of the monitor. See sweep.c.
 */
#include "../../kernel/monitor/monitor_private.h"

#include <kernel/blk.h>
#include <drivers/virtio.h>
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <kernel/stress.h>
#include <lib/string.h>
#include <mm/dma.h>
#include <mm/gfp.h>
#include <mm/kfence.h>
#include <mm/mempool.h>
#include <mm/percpu.h>
#include <mm/slab.h>
#include <mm/trace_ring.h>
#include <mm/vmalloc.h>
#include "sweep.h"

/* --- objects --------------------------------------------------------------------- */

/* A block that cannot grow stays as it is, and its owner's. */
static int
resized_block(void)
{
	char *p = kmalloc(20, GFP_KERNEL), *q = NULL;
	int err = 0;

	if (!p)
		return -ENOMEM;
	strscpy(p, "contents", 20);
	for (unsigned size = 100; size < 30000 && !err; size *= 6) {
		q = krealloc(p, size, GFP_KERNEL);
		err = q ? 0 : -ENOMEM;
		p = q ? q : p;
		if (strcmp(p, "contents"))
			err = -EIO;
	}
	kfree(p);
	return err;
}

static void
a_block_that_cannot_grow_is_kept(struct test *t)
{
	/* Each size is an object, or frames. */
	EXPECT(t, sweep(t, resized_block) >= 5);
}

static int
copies_and_arrays(void)
{
	char *copy = kstrdup("a word", GFP_KERNEL);
	u32 *array = copy ? kcalloc(50, sizeof(*array), GFP_KERNEL) : NULL;
	u32 *more = array ? kmalloc_array(90, 4, GFP_KERNEL) : NULL;

	kfree(more);
	kfree(array);
	kfree(copy);
	return more ? 0 : -ENOMEM;
}

static void
copies_and_arrays_fail(struct test *t)
{
	EXPECT(t, sweep(t, copies_and_arrays) >= 3);
}

/* In one piece, or scattered: only when both fail there is none. */
static int
large_blocks(void)
{
	char *p = kvmalloc(5 * PAGE_SIZE, GFP_KERNEL);
	char *q = p ? kvzalloc(3 * PAGE_SIZE, GFP_KERNEL) : NULL;
	int err = q ? 0 : -ENOMEM;

	for (unsigned i = 0; q && i < 3 * PAGE_SIZE; i++)
		err = q[i] ? -EIO : err;
	kvfree(q);
	kvfree(p);
	return err;
}

static void
large_blocks_have_a_second_chance(struct test *t)
{
	EXPECT_EQ(t, sweep(t, large_blocks), 2);
	EXPECT_EQ(t, large_blocks(), 0);
}

static int
bulk_of_objects(void)
{
	struct kmem_cache *cache = kmem_cache_create("swept-bulk", 300, 0,
						     SLAB_NO_MERGE, NULL);
	void *p[18];
	int err = -ENOMEM;

	if (cache && kmem_cache_alloc_bulk(cache, GFP_KERNEL, 18, p)) {
		kmem_cache_free_bulk(cache, 18, p);
		err = 0;
	}
	return kmem_cache_destroy(cache) ? -EIO : err;
}

static void
a_bulk_that_fails_leaves_no_object(struct test *t)
{
	EXPECT(t, sweep(t, bulk_of_objects) >= 18);
}

static void
construct(void *object)
{
	memset(object, 0x77, 60);
}

/* All kinds of caches, each with an object. */
static int
kinds_of_caches(void)
{
	static const slab_flags_t flags[] = {
		SLAB_NO_MERGE, SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE,
		SLAB_TYPESAFE_BY_RCU, SLAB_RECLAIM_ACCOUNT | SLAB_NO_MERGE,
	};
	struct kmem_cache *cache;
	int err = 0;
	void *p;

	for (unsigned i = 0; i < ARRAY_SIZE(flags) && !err; i++) {
		cache = kmem_cache_create("swept-kind", 60, 0, flags[i],
					  i % 2 ? construct : NULL);
		p = cache ? kmem_cache_alloc(cache, GFP_KERNEL) : NULL;
		if (!p)
			err = -ENOMEM;
		else
			kmem_cache_free(cache, p);
		if (kmem_cache_destroy(cache))
			err = -EIO;
	}
	return err;
}

static void
every_kind_of_cache_fails_whole(struct test *t)
{
	EXPECT(t, sweep(t, kinds_of_caches) >= 8);
}

/* A reserve that cannot grow is still one, and nothing of it is missing. */
static int
pools(void)
{
	struct mempool *pool = mempool_create_kmalloc_pool(4, 300);
	void *p;
	int err;

	if (!pool)
		return -ENOMEM;
	err = mempool_resize(pool, 9);
	if (!err)
		err = mempool_resize(pool, 2);
	p = mempool_alloc(pool, GFP_ATOMIC);
	mempool_free(p, pool);
	mempool_destroy(pool);
	return p ? err : -EIO;
}

static void
pools_fail_whole_or_keep_what_they_have(struct test *t)
{
	unsigned warnings = nr_warnings;

	EXPECT(t, sweep(t, pools) >= 6 + 1 + 5 + 1);
	EXPECT_EQ(t, nr_warnings, warnings);
}

/* No frames at all, neither side by side nor one by one. */
static void
without_frames_there_is_no_large_block(struct test *t)
{
	static const struct fault_attr always = { 100, 1, 0, -1 };
	static char log[4096];
	void *p, *q;

	log_capture_begin(log, sizeof(log));
	fault_inject_set(&always);
	p = kvmalloc(5 * PAGE_SIZE, GFP_KERNEL);
	q = kvzalloc(5 * PAGE_SIZE, GFP_KERNEL);
	fault_inject_set(NULL);
	log_capture_end();
	EXPECT(t, !p);
	EXPECT(t, !q);
	kvfree(p);
	kvfree(q);
}

static int
sampled_objects(void)
{
	int err = kfence_start(0, 8);

	if (!err)
		kfence_stop();
	return err;
}

static void
sampling_needs_notes_of_its_objects(struct test *t)
{
	int err = sampled_objects();

	if (err)
		SKIP(t, err == -EBUSY ? "kfence is on" : "no area for a pool");
	EXPECT(t, sweep(t, sampled_objects) >= 2);
}

static struct kmem_cache *pool_cache;

static int
pools_of_other_kinds(void)
{
	struct mempool *slabs = mempool_create_slab_pool(3, pool_cache);
	struct mempool *pages = slabs ? mempool_create_page_pool(2, 1) : NULL;
	void *object = pages ? mempool_alloc(slabs, GFP_ATOMIC) : NULL;
	void *block = pages ? mempool_alloc(pages, GFP_ATOMIC) : NULL;
	int err = !pages ? -ENOMEM : object && block ? 0 : -EIO;

	if (block)
		mempool_free(block, pages);
	if (object)
		mempool_free(object, slabs);
	mempool_destroy(pages);
	mempool_destroy(slabs);
	return err;
}

static void
pools_of_objects_and_of_frames_fail_whole(struct test *t)
{
	pool_cache = kmem_cache_create("swept", 100, 0, SLAB_NO_MERGE, NULL);
	ASSERT(t, pool_cache);
	/* Two pools with their arrays and blocks; objects of a cache of SLOB are
	 * cut from blocks that are there. */
	EXPECT(t, sweep(t, pools_of_other_kinds) >= 4);
	EXPECT_EQ(t, kmem_cache_destroy(pool_cache), 0);
}

#define NR_LARGE	20u	/* more than the first chunk has */

static int
percpu_chunks(void)
{
	void *p[NR_LARGE];
	unsigned n;
	int err;

	for (n = 0; n < NR_LARGE; n++) {
		p[n] = percpu_alloc(PERCPU_MAX_SIZE / 2, 64);
		if (!p[n])
			break;
	}
	err = n < NR_LARGE ? -ENOMEM : 0;
	while (n)
		free_percpu(p[--n]);
	return err;
}

static void
percpu_chunks_fail_whole(struct test *t)
{
	EXPECT(t, sweep(t, percpu_chunks) >= 2);
}

/* --- addresses ----------------------------------------------------------------------- */

static int
registers(void)
{
	void *p = ioremap(0x10000000, 0x1800);	/* those of the board */
	void *q = p ? ioremap_wc(0x10002000, 16) : NULL;

	iounmap(q);
	iounmap(p);
	vmalloc_purge();
	return q ? 0 : -ENOMEM;
}

static void
mappings_of_registers_fail_whole(struct test *t)
{
	EXPECT(t, sweep(t, registers) >= 2);
}

/* --- features ------------------------------------------------------------------------- */

#ifndef VELLUM_NO_TRACE
static int
trace_rings(void)
{
	int err = trace_start(TRACE_BIT(kmalloc) | TRACE_BIT(mm_page_alloc));

	if (!err) {
		kfree(kmalloc(10, GFP_KERNEL | __GFP_NOFAIL));
		trace_release();
	}
	/* Those that were there already are given back by then. */
	return trace_header.rings[0].records ? -EIO : err;
}

static void
a_trace_needs_a_ring_for_each_core(struct test *t)
{
	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	EXPECT_EQ(t, sweep(t, trace_rings), nr_cpus);
	EXPECT_EQ(t, trace_events, 0);
}
#else
static void
a_trace_needs_a_ring_for_each_core(struct test *t)
{
	SKIP(t, "built with TRACE=0");
}
#endif

static int
short_stress(void)
{
	char text[1024];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	return stress_run(1, 7, &s);
}

static void
stress_does_without_a_worker(struct test *t)
{
	EXPECT(t, sweep(t, short_stress) >= (long)num_online_cpus());
}

/* --- drivers --------------------------------------------------------------------------- */

#define QUEUE_NUM_MAX	0x34		/* virtio-mmio: how long it may be */

/* Set a queue up on a device that is nothing but a page of registers. */
static int
device_queue(void)
{
	struct virtio_device vdev = {
		.name = "swept", .version = 2,
		.dev = { .name = "swept", .dma_mask = ~0u },
	};
	struct virtqueue vq;
	int err;

	vdev.regs = get_zeroed_page(GFP_KERNEL);
	if (!vdev.regs)
		return -ENOMEM;
	*(u32 *)(vdev.regs + QUEUE_NUM_MAX) = 16;
	err = virtio_setup_queue(&vdev, &vq, 0);
	if (!err)
		virtqueue_free(&vq);
	free_page(vdev.regs);
	return err;
}

static void
a_device_gets_its_queue_or_says_so(struct test *t)
{
	/* The queue may come from CMA, where no allocation is failed. */
	EXPECT(t, sweep(t, device_queue) >= 1);
}

static struct device swept_device = { .name = "swept", .dma_mask = ~0u };
static u8 *lent;

/* A copy for the device, in frames of its own. */
static int
bounced_buffer(void)
{
	bool was = dma_force_bounce;
	dma_addr_t addr;

	dma_force_bounce = true;
	addr = dma_map_single(&swept_device, lent, 256, DMA_TO_DEVICE);
	dma_force_bounce = was;
	if (dma_mapping_error(&swept_device, addr))
		return -ENOMEM;
	dma_unmap_single(&swept_device, addr, 256, DMA_TO_DEVICE);
	return 0;
}

static void
a_bounce_buffer_fails_and_nothing_is_lent(struct test *t)
{
	lent = kzalloc(256, GFP_KERNEL);
	ASSERT(t, lent);
	EXPECT_EQ(t, sweep(t, bounced_buffer), 1);
	kfree(lent);
}

/* A device that snoops gets ordinary frames. */
static int
coherent_memory(void)
{
	struct device snooper = { .name = "swept", .dma_mask = ~0u,
				  .dma_coherent = true };
	dma_addr_t handle;
	void *p = dma_alloc_coherent(&snooper, 3 * PAGE_SIZE, &handle,
				     GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	dma_free_coherent(&snooper, 3 * PAGE_SIZE, p, handle);
	return 0;
}

static void
coherent_memory_fails_whole(struct test *t)
{
	EXPECT_EQ(t, sweep(t, coherent_memory), 1);
}

/* --- commands ---------------------------------------------------------------------------- */

static int
command_alloc(void)
{
	int err = monitor_run("alloc 2");

	monitor_run("free all");
	return err;
}

static void
the_command_alloc_says_that_there_is_none(struct test *t)
{
	EXPECT_EQ(t, sweep(t, command_alloc), 1);
}

static int
commands_of_objects_and_areas(void)
{
	int err = monitor_run("kmalloc 100");

	if (!err)
		err = monitor_run("vmalloc 10000");
	monitor_run("kfree all");
	monitor_run("vfree all");
	return err;
}

static void
the_commands_kmalloc_and_vmalloc_hold_what_they_got(struct test *t)
{
	EXPECT(t, sweep(t, commands_of_objects_and_areas) >= 1 + 4);
}

static int
command_blk(void)
{
	return monitor_run("blk vda 0");
}

static void
the_command_blk_needs_a_buffer(struct test *t)
{
	if (!blk_find("vda"))
		SKIP(t, "no disk (run-qemu --disk)");
	EXPECT_EQ(t, sweep(t, command_blk), 1);
}

TEST_SUITE("sweep_kmem",
	   TEST_CASE(a_block_that_cannot_grow_is_kept),
	   TEST_CASE(copies_and_arrays_fail),
	   TEST_CASE(large_blocks_have_a_second_chance),
	   TEST_CASE(a_bulk_that_fails_leaves_no_object),
	   TEST_CASE(every_kind_of_cache_fails_whole),
	   TEST_CASE(pools_fail_whole_or_keep_what_they_have),
	   TEST_CASE(without_frames_there_is_no_large_block),
	   TEST_CASE(sampling_needs_notes_of_its_objects),
	   TEST_CASE(pools_of_objects_and_of_frames_fail_whole),
	   TEST_CASE(percpu_chunks_fail_whole),
	   TEST_CASE(mappings_of_registers_fail_whole),
	   TEST_CASE(a_trace_needs_a_ring_for_each_core),
	   TEST_CASE(stress_does_without_a_worker),
	   TEST_CASE(a_device_gets_its_queue_or_says_so),
	   TEST_CASE(a_bounce_buffer_fails_and_nothing_is_lent),
	   TEST_CASE(coherent_memory_fails_whole),
	   TEST_CASE(the_commands_kmalloc_and_vmalloc_hold_what_they_got),
	   TEST_CASE(the_command_alloc_says_that_there_is_none),
	   TEST_CASE(the_command_blk_needs_a_buffer));
