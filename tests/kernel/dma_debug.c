/* SPDX-License-Identifier: MIT */
/* The DMA API: each mistake that debug builds report, made on purpose. */
#include <kernel/fs.h>
#include <kernel/sched.h>
#include "dma_helpers.h"

#ifdef VELLUM_DEBUG

static size_t bad_size = 256;
static enum dma_data_direction bad_dir = DMA_FROM_DEVICE;
static struct device *bad_dev = &dev;

static void
unmap_bad(void *arg)
{
	dma_unmap_single(bad_dev, addr, bad_size, bad_dir);
}

static void
sync_bad(void *arg)
{
	dma_sync_single_for_cpu(&dev, addr, bad_size, bad_dir);
}

static void
a_double_unmap_is_reported(struct test *t)
{
	setup();
	addr = map(0, 256, DMA_FROM_DEVICE);
	dma_unmap_single(&dev, addr, 256, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, unmap_bad, NULL, "dma: double unmap");
	EXPECT(t, strstr(test_last_report(), "a_double_unmap_is_reported"));
	teardown();
}

static void
unmapping_what_was_never_mapped_is_reported(struct test *t)
{
	setup();
	addr = __pa(buf) + 3333;
	EXPECT_WARNING(t, unmap_bad, NULL, "dma: unmap of what is not mapped");
	teardown();
}

static void
another_size_is_reported(struct test *t)
{
	setup();
	addr = map(0, 512, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, unmap_bad, NULL, "dma: unmapped with another size");
	EXPECT(t, strstr(test_last_report(), "512 bytes"));
	EXPECT_EQ(t, dma_debug_used(), used_before);
	teardown();
}

static void
another_direction_is_reported(struct test *t)
{
	setup();
	addr = map(0, 256, DMA_TO_DEVICE);
	EXPECT_WARNING(t, unmap_bad, NULL,
		       "dma: unmapped with another direction");
	teardown();
}

static void
another_device_is_reported(struct test *t)
{
	setup();
	addr = map(0, 256, DMA_FROM_DEVICE);
	bad_dev = &snooper;
	EXPECT_WARNING(t, unmap_bad, NULL, "dma: unmapped for another device");
	bad_dev = &dev;
	teardown();
}

static void
the_wrong_function_is_reported(struct test *t)
{
	struct scatterlist sg;

	setup();
	sg_set_buf(&sg, buf, 256);
	ASSERT_EQ(t, dma_map_sg(&dev, &sg, 1, DMA_FROM_DEVICE), 1);
	addr = sg.dma_address;
	EXPECT_WARNING(t, unmap_bad, NULL,
		       "dma: unmapped by the wrong function");
	teardown();
}

static void
not_asking_for_errors_is_reported(struct test *t)
{
	setup();
	addr = dma_map_single(&dev, buf, 256, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, unmap_bad, NULL,
		       "dma: dma_mapping_error() was not called");
	teardown();
}

static void
a_sync_outside_of_a_mapping_is_reported(struct test *t)
{
	setup();
	addr = map(0, 255, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, sync_bad, NULL, "dma: sync of what is not mapped");
	dma_unmap_single(&dev, addr, 255, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, sync_bad, NULL, "dma: sync of what is not mapped");
	bad_size = 0;
	EXPECT_WARNING(t, sync_bad, NULL, "dma: a sync of nothing");
	bad_size = 256;
	teardown();
}

static void
a_sync_in_another_direction_is_reported(struct test *t)
{
	setup();
	addr = map(0, 256, DMA_TO_DEVICE);
	EXPECT_WARNING(t, sync_bad, NULL, "dma: sync with another direction");
	dma_unmap_single(&dev, addr, 256, DMA_TO_DEVICE);
	teardown();
}

static void
a_write_of_the_core_while_the_device_reads_is_reported(struct test *t)
{
	setup();
	addr = map(0, 256, DMA_TO_DEVICE);
	store_unseen(buf + 255, 1);
	bad_dir = DMA_TO_DEVICE;
	EXPECT_WARNING(t, unmap_bad, NULL,
		       "the core wrote to a buffer that the device owned");
	EXPECT(t, strstr(test_last_report(), "mapped: tester"));
	addr = map(0, 256, DMA_TO_DEVICE);
	dma_sync_single_for_cpu(&dev, addr, 256, DMA_TO_DEVICE);
	buf[0] = 1;				/* now it may */
	dma_sync_single_for_device(&dev, addr, 256, DMA_TO_DEVICE);
	dma_unmap_single(&dev, addr, 256, DMA_TO_DEVICE);
	bad_dir = DMA_FROM_DEVICE;
	teardown();
}

/* It is dirty then, and written once more. */
static void
a_page_of_a_file_may_change_while_it_is_written(struct test *t)
{
	struct page *page;
	struct file *file;

	setup();
	ASSERT(t, !shmem_file_setup("dma", PAGE_SIZE, &file));
	ASSERT(t, !read_cache_page(file->f_inode->i_mapping, 0, &page));
	addr = dma_map_page(&dev, page, 0, 256, DMA_TO_DEVICE);
	EXPECT(t, !dma_mapping_error(&dev, addr));
	if (page_address(page))
		*(u8 *)page_address(page) = 1;	/* seen by KASAN too */
	dma_unmap_page(&dev, addr, 256, DMA_TO_DEVICE);
	put_page(page);
	fput(file);
	teardown();
}

/* The bounced device has a copy, so every change of the buffer is the core's. */
static void
with_a_bounce_buffer_it_is_reported_in_every_direction(struct test *t)
{
	bool was = dma_force_bounce;

	setup();
	dma_force_bounce = true;
	addr = map(0, 256, DMA_FROM_DEVICE);
	dma_force_bounce = was;
	store_unseen(buf + 10, 1);
	EXPECT_WARNING(t, unmap_bad, NULL,
		       "the core wrote to a buffer that the device owned");
	EXPECT_EQ(t, dma_bounce_used(), 0);
	teardown();
}

/*
 *	line 0		line 1		...
 *	rest|buffer ....|....buffer|rest
 */
static void
a_write_to_the_rest_of_a_line_is_reported(struct test *t)
{
	static const unsigned places[] = { 3, 4 + 256, 287 };

	setup();
	if (dma_force_bounce) {
		teardown();
		SKIP(t, "bounced buffers share no line");
	}
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		addr = map(4, 256, DMA_FROM_DEVICE);
		buf[places[i]]++;
		EXPECT_WARNING(t, unmap_bad, NULL, "shares with a buffer");
	}
	addr = map(4, 256, DMA_FROM_DEVICE);
	buf[288]++;				/* the next line */
	device_fill(addr, 1, 256);
	dma_unmap_single(&dev, addr, 256, DMA_FROM_DEVICE);
	teardown();
}

static size_t second_offset;
static dma_addr_t second;

static void
map_second(void *arg)
{
	second = map(second_offset, 32, DMA_FROM_DEVICE);
}

static void
two_mappings_of_one_line_are_reported(struct test *t)
{
	dma_addr_t first;

	setup();
	first = map(0, 40, DMA_TO_DEVICE);
	second_offset = 48;			/* no byte, but a line */
	EXPECT_WARNING(t, map_second, NULL,
		       "dma: two mappings share a cache line");
	dma_unmap_single(&dev, second, 32, DMA_FROM_DEVICE);
	second_offset = 64;
	map_second(NULL);			/* a line of its own */
	dma_unmap_single(&dev, second, 32, DMA_FROM_DEVICE);
	second = map(32, 32, DMA_TO_DEVICE);	/* both only read */
	dma_unmap_single(&dev, second, 32, DMA_TO_DEVICE);
	dma_unmap_single(&dev, first, 40, DMA_TO_DEVICE);
	teardown();
}

static unsigned left;

static void
detach(void *arg)
{
	left = dma_device_detach(&dev);
}

static void
what_a_driver_leaves_behind_is_reported(struct test *t)
{
	bool was = dma_force_bounce;
	dma_addr_t handle;
	void *p;

	setup();
	dma_force_bounce = false;	/* it would stay behind too */
	addr = map(0, 256, DMA_TO_DEVICE);
	dma_force_bounce = was;
	EXPECT_WARNING(t, detach, NULL, "detached and left a mapping");
	EXPECT(t, strstr(test_last_report(), "by map+"));
	EXPECT_EQ(t, left, 1);
	dma_stats.nr_mapped--;		/* nobody unmaps it any more */
	EXPECT_EQ(t, dma_device_detach(&dev), 0);
	p = dma_alloc_coherent(&dev, 100, &handle, GFP_KERNEL);
	ASSERT(t, p != NULL);
	EXPECT_EQ(t, dma_device_detach(&snooper), 0);
	dma_free_coherent(&dev, 100, p, handle);
	teardown();
}

static void
coherent_free_bad(void *arg)
{
	dma_free_coherent(&dev, 64, arg, __pa(arg));
}

static void
a_double_free_of_coherent_memory_is_reported(struct test *t)
{
	unsigned used = dma_pool_used();
	dma_addr_t handle;
	void *p = dma_alloc_coherent(&dev, 64, &handle, GFP_ATOMIC);

	ASSERT(t, p != NULL);
	dma_free_coherent(&dev, 64, p, handle);
	EXPECT_WARNING(t, coherent_free_bad, p, "dma: double unmap");
	EXPECT_EQ(t, dma_pool_used(), used);
	dma_free_coherent(&dev, 64, NULL, 0);
}

static noinline void
give_up_page(void *p)
{
	free_page(p);
}

static noinline void
give_up_object(void *p)
{
	kfree(p);
}

static struct kmem_cache *cache;

static noinline void
give_up_of_cache(void *p)
{
	kmem_cache_free(cache, p);
}

/* The device would write into what the next owner has there. */
static void
a_page_freed_while_lent_is_reported(struct test *t)
{
	bool was = dma_force_bounce;

	setup();
	dma_force_bounce = false;
	addr = map(4064, 32, DMA_FROM_DEVICE);	/* its last bytes */
	dma_force_bounce = was;
	EXPECT_WARNING(t, give_up_page, buf,
		       "dma: memory is freed that a device still owns");
	EXPECT(t, strstr(test_last_report(), "mapped: tester"));
	EXPECT(t, strstr(test_last_report(), "freed by "));
	EXPECT(t, strstr(test_last_report(), "give_up_page+"));
	dma_unmap_single(&dev, addr, 32, DMA_FROM_DEVICE);
	EXPECT_EQ(t, dma_debug_used(), used_before);
}

static size_t freed_size;

static void
give_up_bytes(void *p)
{
	dma_debug_freed(__pa(p), freed_size, 0);
}

/*
 *	0      1024      2048
 *	|      | lent    |
 */
static void
a_buffer_is_lent_from_its_first_to_its_last_byte(struct test *t)
{
	setup();
	addr = map(1024, 1024, DMA_FROM_DEVICE);
	freed_size = 1024;
	give_up_bytes(buf);			/* no word of these two */
	give_up_bytes(buf + 2048);
	freed_size = 1;
	EXPECT_WARNING(t, give_up_bytes, buf + 1024, "dma: memory is freed");
	EXPECT_WARNING(t, give_up_bytes, buf + 2047, "dma: memory is freed");
	freed_size = 2;
	EXPECT_WARNING(t, give_up_bytes, buf + 1023, "dma: memory is freed");
	dma_unmap_single(&dev, addr, 1024, DMA_FROM_DEVICE);
	give_up_bytes(buf + 1024);
	teardown();
}

static void
free_under_the_lock(void *p)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);

	dma_debug_freed(__pa(p), 1, 0);
	spin_unlock_irqrestore(&dma_debug_lock, flags);
}

/* Memory is given back with any lock held, that of the books among them. */
static void
a_free_is_checked_whoever_has_the_books(struct test *t)
{
	setup();
	addr = map(0, 64, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, free_under_the_lock, buf, "dma: memory is freed");
	EXPECT(t, strstr(test_last_report(), "64 bytes, from device"));
	dma_unmap_single(&dev, addr, 64, DMA_FROM_DEVICE);
	free_under_the_lock(buf);
	teardown();
}

#define FREES	20

static volatile bool frees_done;

/* Core 0 frees what is lent; all others keep the books busy. */
static void
free_or_map(struct test *t, unsigned cpu, void *arg)
{
	u8 *mine = (u8 *)arg + 64 * cpu;
	dma_addr_t a;

	if (!cpu) {
		for (unsigned i = 0; i < FREES; i++)
			EXPECT_WARNING(t, give_up_bytes, arg,
				       "dma: memory is freed");
		frees_done = true;
		return;
	}
	while (!frees_done) {
		a = dma_map_single(&dev, mine, 32, DMA_TO_DEVICE);
		EXPECT(t, !dma_mapping_error(&dev, a));
		dma_unmap_single(&dev, a, 32, DMA_TO_DEVICE);
		cond_resched();
	}
}

static void
a_free_is_checked_while_the_books_are_written(struct test *t)
{
	setup();
	addr = map(0, 64, DMA_FROM_DEVICE);
	freed_size = 64;
	frees_done = false;
	test_on_all_cpus(t, free_or_map, buf);
	dma_unmap_single(&dev, addr, 64, DMA_FROM_DEVICE);
	teardown();
}

/*
 *	| neighbour | LENT | neighbour |
 */
static void
an_object_freed_while_lent_is_reported(struct test *t)
{
	bool was = dma_force_bounce;
	u8 *p[3];

	cache = kmem_cache_create("lent", 96, 32, SLAB_NO_MERGE, NULL);
	ASSERT(t, cache);
	dma_force_bounce = false;
	for (unsigned i = 0; i < 3; i++)
		p[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	addr = dma_map_single(&dev, p[1], 96, DMA_TO_DEVICE);
	ASSERT(t, !dma_mapping_error(&dev, addr));
	kmem_cache_free(cache, p[0]);		/* not lent: no word */
	kmem_cache_free(cache, p[2]);
	dma_unmap_single(&dev, addr, 96, DMA_TO_DEVICE);
	kmem_cache_free(cache, p[1]);		/* not any more */
	p[0] = kmem_cache_alloc(cache, GFP_KERNEL);
	addr = dma_map_single(&dev, p[0], 96, DMA_FROM_DEVICE);
	ASSERT(t, !dma_mapping_error(&dev, addr));
	EXPECT_WARNING(t, give_up_of_cache, p[0],
		       "dma: memory is freed that a device still owns");
	dma_unmap_single(&dev, addr, 96, DMA_FROM_DEVICE);
	p[0] = kmalloc(512, GFP_KERNEL);
	p[1] = kmalloc(512, GFP_KERNEL);	/* keeps the page, under slob */
	addr = dma_map_single(&dev, p[0], 512, DMA_FROM_DEVICE);
	ASSERT(t, !dma_mapping_error(&dev, addr));
	EXPECT_WARNING(t, give_up_object, p[0],
		       "dma: memory is freed that a device still owns");
	EXPECT(t, strstr(test_last_report(), "512 bytes, from device"));
	dma_unmap_single(&dev, addr, 512, DMA_FROM_DEVICE);
	kfree(p[1]);
	dma_force_bounce = was;
	EXPECT_EQ(t, kmem_cache_destroy(cache), 0);
}

/* More mappings than the books can hold: said once, and then silence. */
static void
checking_ends_when_the_table_is_full(struct test *t)
{
	static char text[2048];
	bool was = dma_force_bounce;
	dma_addr_t a = 0;
	unsigned n = 0;

	setup();
	dma_force_bounce = false;
	log_capture_begin(text, sizeof(text));
	while (!dma_debug_overflowed() && n < 2000) {
		a = map(0, 32, DMA_TO_DEVICE);
		n++;
	}
	log_capture_end();
	EXPECT_EQ(t, n, 513 - used_before);
	EXPECT(t, strstr(text, "checking ends"));
	while (n--)
		dma_unmap_single(&dev, a, 32, DMA_TO_DEVICE);
	dma_unmap_single(&dev, a + 1024, 64, DMA_TO_DEVICE); /* not seen */
	dma_stats.nr_mapped++;
	EXPECT_EQ(t, dma_debug_used(), used_before);
	dma_debug_restart();
	dma_force_bounce = was;
	teardown();
}

static void
the_node_lists_what_is_mapped(struct test *t)
{
	const struct node *node = node_find("dma");
	static char text[4096];
	struct seq_buf s;

	setup();
	addr = map(64, 96, DMA_FROM_DEVICE);
	seq_buf_init(&s, text, sizeof(text));
	node->show(&s);
	EXPECT(t, strstr(text, "96 bytes, from device, single, by map+"));
	dma_unmap_single(&dev, addr, 96, DMA_FROM_DEVICE);
	seq_buf_init(&s, text, sizeof(text));
	node->show(&s);
	EXPECT(t, !strstr(text, "tester"));
	teardown();
}

TEST_SUITE("dma_debug",
	   TEST_CASE(a_double_unmap_is_reported),
	   TEST_CASE(unmapping_what_was_never_mapped_is_reported),
	   TEST_CASE(another_size_is_reported),
	   TEST_CASE(another_direction_is_reported),
	   TEST_CASE(another_device_is_reported),
	   TEST_CASE(the_wrong_function_is_reported),
	   TEST_CASE(not_asking_for_errors_is_reported),
	   TEST_CASE(a_sync_outside_of_a_mapping_is_reported),
	   TEST_CASE(a_sync_in_another_direction_is_reported),
	   TEST_CASE(a_write_of_the_core_while_the_device_reads_is_reported),
	   TEST_CASE(a_page_of_a_file_may_change_while_it_is_written),
	   TEST_CASE(with_a_bounce_buffer_it_is_reported_in_every_direction),
	   TEST_CASE(a_write_to_the_rest_of_a_line_is_reported),
	   TEST_CASE(two_mappings_of_one_line_are_reported),
	   TEST_CASE(what_a_driver_leaves_behind_is_reported),
	   TEST_CASE(a_double_free_of_coherent_memory_is_reported),
	   TEST_CASE(a_page_freed_while_lent_is_reported),
	   TEST_CASE(a_buffer_is_lent_from_its_first_to_its_last_byte),
	   TEST_CASE(a_free_is_checked_whoever_has_the_books),
	   TEST_CASE(a_free_is_checked_while_the_books_are_written),
	   TEST_CASE(an_object_freed_while_lent_is_reported),
	   TEST_CASE(checking_ends_when_the_table_is_full),
	   TEST_CASE(the_node_lists_what_is_mapped));
#endif
