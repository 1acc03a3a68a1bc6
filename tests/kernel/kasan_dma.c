/* SPDX-License-Identifier: MIT */
/*
 * KASAN and DMA: who touches what a device owns is told at once, with who lent
 * it; who may is not. The mistakes that the books find: dma_debug.c.
 */
#include "dma_helpers.h"

#ifdef VELLUM_KASAN
#define IF_BUILT(fn)	TEST_CASE(fn)

static volatile u32 sink;
static size_t lent_size;
static enum dma_data_direction lent_dir;

static noinline void
read_byte(void *p)
{
	sink = *(volatile u8 *)p;
}

static noinline void
write_byte(void *p)
{
	*(volatile u8 *)p = 7;
}

static noinline void *
get_a_buffer(size_t n)
{
	return kmalloc(n, GFP_KERNEL);
}

static noinline dma_addr_t
lend_it(void *p, size_t n, enum dma_data_direction dir)
{
	dma_addr_t a = dma_map_single(&dev, p, n, dir);

	lent_size = n;
	lent_dir = dir;
	return dma_mapping_error(&dev, a) ? DMA_MAPPING_ERROR : a;
}

static void
take_back(dma_addr_t a)
{
	dma_unmap_single(&dev, a, lent_size, lent_dir);
}

/* Does the report say text, and behind it also more? */
static bool
says(const char *text, const char *more)
{
	const char *at = strstr(test_last_report(), text);

	return at && strstr(at, more);
}

static void
a_store_into_what_a_device_reads_is_told(struct test *t)
{
	u8 *p = get_a_buffer(256);

	ASSERT(t, p);
	memset(p, 1, 256);
	addr = lend_it(p, 256, DMA_TO_DEVICE);
	EXPECT_WARNING(t, write_byte, p + 40,
		       "BUG: KASAN: write-while-lent in write_byte+0x");
	EXPECT(t, says("Write of size 1", "] write_byte+0x"));
	EXPECT(t, says("the address is 40 bytes inside a buffer that a device",
		       "lent to tester: "));
	EXPECT(t, says("lent to tester: ", "256 bytes, to device, single"));
	EXPECT(t, says("256 bytes, to device", "by lend_it+0x"));
	EXPECT(t, says("lent by task", "] dma_map_single+0x"));
	EXPECT(t, says("lent by task", "] lend_it+0x"));
	EXPECT(t, says("40 bytes inside the object of 256 bytes",
		       "] get_a_buffer+0x"));
	EXPECT(t, says("the shadow around the address:", "[d1]"));
	take_back(addr);		/* the books do not tell it again */
	kfree(p);
}

static void
a_load_of_what_a_device_reads_is_not(struct test *t)
{
	u8 *p = get_a_buffer(256);

	ASSERT(t, p);
	memset(p, 3, 256);
	addr = lend_it(p, 256, DMA_TO_DEVICE);
	for (unsigned i = 0; i < 256; i += 51)
		read_byte(p + i);
	EXPECT_EQ(t, memcmp(p, p + 100, 100), 0);
	take_back(addr);
	kfree(p);
}

static u8 elsewhere[64];

static noinline void
copy_32(void *p)
{
	memcpy(elsewhere, p, 32);
}

/* Lent and closed for another reason: the other one counts. */
static void
a_load_beyond_what_a_device_reads_is_told_as_such(struct test *t)
{
	u8 *p = get_a_buffer(16);

	ASSERT(t, p);
	addr = lend_it(p, 16, DMA_TO_DEVICE);
	EXPECT_WARNING(t, copy_32, p, "KASAN: slab-out-of-bounds in copy_32+");
	EXPECT(t, says("0 bytes behind the object of 16 bytes", "kmalloc-16"));
	take_back(addr);
	kfree(p);
}

static void
what_a_device_writes_is_nobody_elses(struct test *t)
{
	u8 *p = get_a_buffer(128);

	ASSERT(t, p);
	addr = lend_it(p, 128, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, read_byte, p + 127,
		       "BUG: KASAN: use-while-lent in read_byte+0x");
	EXPECT(t, says("lent to tester: ", "128 bytes, from device, single"));
	EXPECT(t, says("the shadow around the address:", "[d2]"));
	EXPECT_WARNING(t, write_byte, p, "use-while-lent in write_byte+0x");
	take_back(addr);
	addr = lend_it(p, 128, DMA_BIDIRECTIONAL);
	EXPECT_WARNING(t, read_byte, p, "use-while-lent in read_byte+0x");
	EXPECT_WARNING(t, write_byte, p + 127, "use-while-lent");
	take_back(addr);
	kfree(p);
}

static void
what_comes_back_is_open(struct test *t)
{
	for (unsigned dir = 0; dir < DMA_NONE; dir++) {
		u8 *p = get_a_buffer(100);

		ASSERT(t, p);
		memset(p, 2, 100);
		addr = lend_it(p, 100, dir);
		take_back(addr);
		memset(p, 4, 100);
		EXPECT_WARNING(t, read_byte, p + 100, "slab-out-of-bounds");
		EXPECT(t, says("object of 100 bytes", "kmalloc-128"));
		kfree(p);
	}
}

/*
 *	lent	|------|-- for the core --|------|	then lent again
 *		0     64		 96	128
 */
static void
a_sync_opens_its_range_and_no_more(struct test *t)
{
	u8 *p = get_a_buffer(128);

	ASSERT(t, p);
	addr = lend_it(p, 128, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(&dev, addr + 64, 32, DMA_FROM_DEVICE);
	read_byte(p + 64);
	write_byte(p + 95);
	EXPECT_WARNING(t, read_byte, p + 63, "use-while-lent");
	EXPECT_WARNING(t, read_byte, p + 96, "use-while-lent");
	dma_sync_single_for_device(&dev, addr + 64, 32, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, read_byte, p + 64, "use-while-lent");
	EXPECT_WARNING(t, write_byte, p + 95, "use-while-lent");
	take_back(addr);
	memset(p, 0, 128);
	kfree(p);
}

/*
 *	object of 20	| 0..7	     | 8..15 | 16..19, 04 |
 *	lent [5, 20)	  open: not	closed	closed
 *			  all lent
 */
static void
the_ends_of_a_buffer_are_as_exact_as_granules_allow(struct test *t)
{
	u8 *p = get_a_buffer(20);

	ASSERT(t, p);
	memset(p, 0, 20);
	addr = lend_it(p + 5, 15, DMA_FROM_DEVICE);
	for (unsigned i = 0; i < 5; i++)
		read_byte(p + i);
	EXPECT_WARNING(t, read_byte, p + 8, "use-while-lent");
	EXPECT_WARNING(t, read_byte, p + 19, "use-while-lent");
	take_back(addr);
	memset(p, 0, 20);
	EXPECT_WARNING(t, read_byte, p + 20, "slab-out-of-bounds");
	/* What shares the last granule with others stays open with them. */
	addr = lend_it(p, 12, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, read_byte, p + 7, "use-while-lent");
	read_byte(p + 12);
	take_back(addr);
	kfree(p);
}

static void
two_mappings_of_a_buffer_both_count(struct test *t)
{
	dma_addr_t first, second;
	u8 *p = get_a_buffer(60);

	ASSERT(t, p);
	memset(p, 0, 60);
	first = lend_it(p, 60, DMA_TO_DEVICE);
	second = lend_it(p, 60, DMA_TO_DEVICE);
	take_back(first);
	EXPECT_WARNING(t, write_byte, p, "write-while-lent");
	EXPECT_WARNING(t, write_byte, p + 59, "write-while-lent");
	take_back(second);
	memset(p, 1, 60);
	EXPECT_WARNING(t, read_byte, p + 60, "slab-out-of-bounds");
	kfree(p);
}

static struct scatterlist list[2];

static void
map_bad_list(void *arg)
{
	EXPECT_EQ((struct test *)arg,
		  dma_map_sg(&dev, list, 2, DMA_FROM_DEVICE), 0);
}

/* The second piece cannot be mapped: the first is the core's again. */
static void
a_list_that_is_not_mapped_is_not_lent(struct test *t)
{
	u8 *p = get_a_buffer(128);

	ASSERT(t, p);
	sg_set_buf(&list[0], p, 64);
	sg_set_buf(&list[1], p + 64, 0);
	EXPECT_WARNING(t, map_bad_list, t, "dma: a mapping of no bytes");
	memset(p, 1, 128);
	kfree(p);
}

static void
detach(void *arg)
{
	EXPECT_EQ((struct test *)arg, dma_device_detach(&dev), 1);
}

static void
what_a_driver_left_behind_is_nobodys(struct test *t)
{
	bool was = dma_force_bounce;
	u8 *p = get_a_buffer(128);

	ASSERT(t, p);
	dma_force_bounce = false;
	addr = lend_it(p, 128, DMA_FROM_DEVICE);
	dma_force_bounce = was;
	EXPECT_WARNING(t, detach, t, "detached and left a mapping");
	EXPECT(t, says("mapped at:", "] lend_it+0x"));
	dma_stats.nr_mapped--;
	memset(p, 1, 128);
	kfree(p);
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

/* One report for one mistake, and nobody's shadow is changed afterwards. */
static void
what_is_freed_while_lent_is_its_next_owners(struct test *t)
{
	bool was = dma_force_bounce;
	u8 *p = get_a_buffer(100), *page = get_zeroed_page(GFP_KERNEL);
	dma_addr_t second;

	ASSERT(t, p && page);
	dma_force_bounce = false;
	addr = lend_it(p, 100, DMA_FROM_DEVICE);
	second = lend_it(page, PAGE_SIZE, DMA_FROM_DEVICE);
	dma_force_bounce = was;
	EXPECT_WARNING(t, give_up_object, p, "dma: memory is freed");
	EXPECT(t, !strstr(test_last_report(), "KASAN"));
	EXPECT(t, says("mapped at:", "] lend_it+0x"));
	EXPECT_WARNING(t, read_byte, p + 8, "slab-use-after-free");
	EXPECT_WARNING(t, give_up_page, page, "dma: memory is freed");
	EXPECT_WARNING(t, read_byte, page + 8, "page-use-after-free");
	dma_unmap_single(&dev, addr, 100, DMA_FROM_DEVICE);
	dma_unmap_single(&dev, second, PAGE_SIZE, DMA_FROM_DEVICE);
	EXPECT_WARNING(t, read_byte, p + 8, "slab-use-after-free");
	EXPECT_WARNING(t, read_byte, p + 99, "slab-use-after-free");
	EXPECT_WARNING(t, read_byte, page + 8, "page-use-after-free");
}

static void
a_bounced_buffer_is_lent_all_the_same(struct test *t)
{
	bool was = dma_force_bounce;
	u8 *p = get_a_buffer(256);

	ASSERT(t, p);
	memset(p, 5, 256);
	dma_force_bounce = true;
	addr = lend_it(p, 256, DMA_BIDIRECTIONAL);
	dma_force_bounce = was;
	EXPECT_WARNING(t, read_byte, p, "use-while-lent");
	EXPECT(t, says("both ways, single, bounced", "by lend_it+0x"));
	device_fill(addr, 6, 256);
	dma_sync_single_for_cpu(&dev, addr, 256, DMA_BIDIRECTIONAL);
	EXPECT_EQ(t, p[255], 6);
	p[255] = 8;
	dma_sync_single_for_device(&dev, addr, 256, DMA_BIDIRECTIONAL);
	EXPECT(t, all_bytes(__va(addr + 255), 8, 1));
	take_back(addr);
	EXPECT_EQ(t, p[255], 8);
	kfree(p);
}

#else
static void
skipped(struct test *t)
{
	SKIP(t, "needs a kernel with KASAN");
}

#define IF_BUILT(fn)	{ #fn, skipped, false }
#endif

TEST_SUITE("kasan_dma",
	   IF_BUILT(a_store_into_what_a_device_reads_is_told),
	   IF_BUILT(a_load_of_what_a_device_reads_is_not),
	   IF_BUILT(a_load_beyond_what_a_device_reads_is_told_as_such),
	   IF_BUILT(what_a_device_writes_is_nobody_elses),
	   IF_BUILT(what_comes_back_is_open),
	   IF_BUILT(a_sync_opens_its_range_and_no_more),
	   IF_BUILT(the_ends_of_a_buffer_are_as_exact_as_granules_allow),
	   IF_BUILT(two_mappings_of_a_buffer_both_count),
	   IF_BUILT(a_list_that_is_not_mapped_is_not_lent),
	   IF_BUILT(what_a_driver_left_behind_is_nobodys),
	   IF_BUILT(what_is_freed_while_lent_is_its_next_owners),
	   IF_BUILT(a_bounced_buffer_is_lent_all_the_same));
