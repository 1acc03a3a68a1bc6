/* SPDX-License-Identifier: MIT */
/*
 * The DMA API: buffers lent to devices, coherent memory and bounce buffers.
 * The device is played by the test: it reads and writes physical memory where
 * its address says. Mistakes that debug builds report: dma_debug.c.
 */
#include "dma_helpers.h"

extern u8 __kernel_start[], __kernel_end[], __init_start[];

/* --- what it is for ---------------------------------------------------- */

static void
a_device_sees_what_was_written_before_the_mapping(struct test *t)
{
	setup();
	memset(buf, 0x5a, 512);
	addr = map(0, 512, DMA_TO_DEVICE);
	ASSERT(t, addr != DMA_MAPPING_ERROR);
	EXPECT(t, all_bytes(__va(addr), 0x5a, 512));
	dma_unmap_single(&dev, addr, 512, DMA_TO_DEVICE);
	teardown();
}

static void
the_core_sees_what_a_device_wrote_after_unmapping(struct test *t)
{
	setup();
	addr = map(0, 512, DMA_FROM_DEVICE);
	ASSERT(t, addr != DMA_MAPPING_ERROR);
	device_fill(addr, 0xa5, 512);
	dma_unmap_single(&dev, addr, 512, DMA_FROM_DEVICE);
	EXPECT(t, all_bytes(buf, 0xa5, 512));
	EXPECT_EQ(t, buf[512], 0);
	teardown();
}

static void
a_page_is_mapped_from_any_offset(struct test *t)
{
	setup();
	addr = dma_map_page(&dev, virt_to_page(buf), 100, 60, DMA_FROM_DEVICE);
	ASSERT(t, !dma_mapping_error(&dev, addr));
	if (!dma_force_bounce)
		EXPECT_EQ(t, addr, __pa(buf) + 100);
	device_fill(addr, 0x3c, 60);
	dma_unmap_page(&dev, addr, 60, DMA_FROM_DEVICE);
	EXPECT(t, all_bytes(buf + 100, 0x3c, 60));
	EXPECT_EQ(t, buf[99], 0);
	EXPECT_EQ(t, buf[160], 0);
	teardown();
}

/* Direction by direction: bytes cleaned and invalidated, map + unmap. */
static void
each_direction_maintains_the_cache_as_it_must(struct test *t)
{
	static const struct {
		enum dma_data_direction dir;
		unsigned cleaned, invalidated;
	} rows[] = {
		{ DMA_TO_DEVICE, 256, 0 },
		{ DMA_FROM_DEVICE, 0, 512 },
		{ DMA_BIDIRECTIONAL, 256, 256 },
	};
	struct dma_stats before;

	setup();
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		before = dma_stats;
		addr = map(64, 256, rows[i].dir);
		ASSERT(t, addr != DMA_MAPPING_ERROR);
		dma_unmap_single(&dev, addr, 256, rows[i].dir);
		EXPECT_EQ(t, dma_stats.bytes_cleaned - before.bytes_cleaned,
			  rows[i].cleaned);
		EXPECT_EQ(t, dma_stats.bytes_invalidated -
			     before.bytes_invalidated, rows[i].invalidated);
	}
	teardown();
}

static void
a_device_that_snoops_needs_no_maintenance(struct test *t)
{
	struct dma_stats before = dma_stats;

	setup();
	addr = dma_map_single(&snooper, buf, 256, DMA_BIDIRECTIONAL);
	ASSERT(t, !dma_mapping_error(&snooper, addr));
	dma_sync_single_for_cpu(&snooper, addr, 256, DMA_BIDIRECTIONAL);
	dma_sync_single_for_device(&snooper, addr, 256, DMA_BIDIRECTIONAL);
	dma_unmap_single(&snooper, addr, 256, DMA_BIDIRECTIONAL);
	EXPECT_EQ(t, dma_stats.bytes_cleaned, before.bytes_cleaned);
	EXPECT_EQ(t, dma_stats.bytes_invalidated, before.bytes_invalidated);
	EXPECT_EQ(t, dma_stats.syncs, before.syncs + 2);
	teardown();
}

static void
a_part_of_a_mapping_can_be_synced(struct test *t)
{
	setup();
	addr = map(0, 1024, DMA_FROM_DEVICE);
	ASSERT(t, addr != DMA_MAPPING_ERROR);
	device_fill(addr + 100, 7, 8);
	dma_sync_single_for_cpu(&dev, addr + 96, 32, DMA_FROM_DEVICE);
	EXPECT_EQ(t, buf[100], 7);
	dma_sync_single_for_device(&dev, addr + 96, 32, DMA_FROM_DEVICE);
	device_fill(addr + 100, 9, 8);
	dma_unmap_single(&dev, addr, 1024, DMA_FROM_DEVICE);
	EXPECT_EQ(t, buf[100], 9);
	teardown();
}

static void
a_scattered_buffer_is_mapped_piece_by_piece(struct test *t)
{
	struct scatterlist sg[4];
	struct dma_stats before = dma_stats;
	unsigned i;

	setup();
	for (i = 0; i < 4; i++)
		sg_set_buf(&sg[i], buf + i * 1024, 256 + 32 * i);
	ASSERT_EQ(t, dma_map_sg(&dev, sg, 4, DMA_FROM_DEVICE), 4);
	EXPECT_EQ(t, dma_stats.nr_mapped, before.nr_mapped + 4);
	for (i = 0; i < 4; i++)
		device_fill(sg[i].dma_address, i + 1, sg[i].length);
	dma_sync_sg_for_cpu(&dev, sg, 4, DMA_FROM_DEVICE);
	for (i = 0; i < 4; i++)
		EXPECT(t, all_bytes(buf + i * 1024, i + 1, sg[i].length));
	dma_sync_sg_for_device(&dev, sg, 4, DMA_FROM_DEVICE);
	dma_unmap_sg(&dev, sg, 4, DMA_FROM_DEVICE);
	EXPECT_EQ(t, dma_stats.nr_mapped, before.nr_mapped);
	teardown();
}

static void
a_highmem_page_can_be_mapped(struct test *t)
{
	struct page *page = alloc_page(GFP_HIGHUSER);
	u8 *bytes;

	ASSERT(t, page != NULL);
	if (!page_highmem(page)) {
		free_frame(page);
		SKIP(t, "no highmem");
	}
	addr = dma_map_page(&dev, page, 128, 3968, DMA_BIDIRECTIONAL);
	EXPECT(t, !dma_mapping_error(&dev, addr));
	EXPECT_EQ(t, addr == page_to_phys(page) + 128, !dma_force_bounce);
	dma_sync_single_for_cpu(&dev, addr, 3968, DMA_BIDIRECTIONAL);
	bytes = kmap_local_page(page);
	memset(bytes + 128, 3, 3968);
	kunmap_local(bytes);
	dma_sync_single_for_device(&dev, addr, 3968, DMA_BIDIRECTIONAL);
	dma_unmap_page(&dev, addr, 3968, DMA_BIDIRECTIONAL);
	free_frame(page);
}

/* --- reach, bounce buffers --------------------------------------------- */

static void
a_mask_must_have_all_low_bits_and_reach_memory(struct test *t)
{
	struct device d = { .name = "masked", .dma_mask = ~0u };

	EXPECT_EQ(t, dma_set_mask(&d, DMA_BIT_MASK(32)), 0);
	EXPECT_EQ(t, dma_set_mask(&d, DMA_BIT_MASK(31)), 0);
	EXPECT_EQ(t, d.dma_mask, 0x7fffffff);
	EXPECT_EQ(t, dma_set_mask(&d, DMA_BIT_MASK(24)), -EIO);
	EXPECT_EQ(t, dma_set_mask(&d, 0x7fff0000), -EIO);
	EXPECT_EQ(t, d.dma_mask, 0x7fffffff);
}

/* Memory starts at 0x60000000: this mask ends in the DMA zone. */
static struct device *
short_device(void)
{
	static struct device d = { .name = "short" };
	struct zone *zone = find_zone(ZONE_DMA);

	if (!zone)
		return NULL;
	d.dma_mask = (zone_end_pfn(zone) << PAGE_SHIFT) - 1;
	return &d;
}

/* A page that the short device cannot reach, or NULL. */
static void *
far_page(const struct device *d)
{
	u8 *p = get_zeroed_page(GFP_KERNEL);

	if (p && __pa(p) > d->dma_mask)
		return p;
	free_page(p);
	return NULL;
}

static void
what_a_device_cannot_reach_is_bounced(struct test *t)
{
	struct device *d = short_device();
	unsigned used = dma_bounce_used();
	u8 *p;

	if (!d || !(p = far_page(d)))
		SKIP(t, "all memory is in reach");
	memset(p, 1, PAGE_SIZE);
	addr = dma_map_single(d, p + 32, 64, DMA_BIDIRECTIONAL);
	ASSERT(t, !dma_mapping_error(d, addr));
	EXPECT(t, addr != __pa(p + 32));
	EXPECT(t, addr + 63 <= d->dma_mask);
	EXPECT_EQ(t, addr % PAGE_SIZE, 32);	/* the same place in a page */
	EXPECT_EQ(t, dma_bounce_used(), used + 1);
	EXPECT(t, all_bytes(__va(addr), 1, 64));
	device_fill(addr, 2, 64);
	EXPECT(t, all_bytes(p + 32, 1, 1));	/* not yet the core's */
	dma_sync_single_for_cpu(d, addr, 32, DMA_BIDIRECTIONAL);
	EXPECT(t, all_bytes(p + 32, 2, 32));
	EXPECT(t, all_bytes(p + 64, 1, 1));
	memset(p + 32, 3, 32);
	dma_sync_single_for_device(d, addr, 32, DMA_BIDIRECTIONAL);
	EXPECT(t, all_bytes(__va(addr), 3, 32));
	EXPECT(t, all_bytes(__va(addr + 32), 2, 32));
	dma_unmap_single(d, addr, 64, DMA_BIDIRECTIONAL);
	EXPECT(t, all_bytes(p + 32, 3, 32));
	EXPECT(t, all_bytes(p + 64, 2, 32));
	EXPECT_EQ(t, p[31], 1);
	EXPECT_EQ(t, p[96], 1);
	EXPECT_EQ(t, dma_bounce_used(), used);
	free_page(p);
}

/* swiotlb=force: without dma_sync the core reads what was there before. */
static void
a_missing_sync_shows_when_everything_is_bounced(struct test *t)
{
	bool was = dma_force_bounce;

	setup();
	dma_force_bounce = true;
	addr = map(0, 128, DMA_FROM_DEVICE);
	dma_force_bounce = was;
	ASSERT(t, addr != DMA_MAPPING_ERROR);
	device_fill(addr, 0x77, 128);
	EXPECT(t, all_bytes(buf, 0, 128));
	dma_sync_single_for_cpu(&dev, addr, 128, DMA_FROM_DEVICE);
	EXPECT(t, all_bytes(buf, 0x77, 128));
	dma_unmap_single(&dev, addr, 128, DMA_FROM_DEVICE);
	teardown();
}

static void
mapping_fails_when_no_bounce_buffer_is_left(struct test *t)
{
	struct device *d = short_device();
	struct dma_stats before = dma_stats;
	struct page_chain chain;
	struct scatterlist sg[2];
	u8 *p;

	if (!d || !(p = far_page(d)))
		SKIP(t, "all memory is in reach");
	sg_set_buf(&sg[0], p, 64);
	sg_set_buf(&sg[1], p + 64, 64);
	chain_init(&chain);
	chain_fill(&chain, GFP_DMA | GFP_NOWAIT | __GFP_THISNODE |
		   __GFP_MEMALLOC, 0);
	addr = dma_map_single(d, p, 64, DMA_TO_DEVICE);
	EXPECT(t, dma_mapping_error(d, addr));
	EXPECT_EQ(t, dma_map_sg(d, sg, 2, DMA_TO_DEVICE), 0);
	EXPECT_EQ(t, dma_stats.errors, before.errors + 2);
	EXPECT_EQ(t, dma_stats.nr_mapped, before.nr_mapped);
	chain_free(&chain);
	free_page(p);
}

/* --- coherent memory --------------------------------------------------- */

static void
coherent_memory_is_zeroed_and_mapped_uncached_only(struct test *t)
{
	unsigned used = dma_pool_used();
	struct pt_walk walk;
	dma_addr_t handle;
	u8 *p;

	p = dma_alloc_coherent(&dev, 5000, &handle, GFP_KERNEL);
	ASSERT(t, p != NULL);
	EXPECT(t, all_bytes(p, 0, 2 * PAGE_SIZE));
	EXPECT_EQ(t, dma_pool_used(), used + 2);
	pt_walk(swapper_pg_dir, (unsigned long)p + PAGE_SIZE, &walk);
	EXPECT_EQ(t, walk.kind, PT_SMALL_PAGE);
	EXPECT_EQ(t, walk.pa, handle + PAGE_SIZE);
	EXPECT(t, strstr(pt_memattr_name(walk.memattr), "ncached"));
	/* The linear map's own address: there is no second one. */
	EXPECT(t, p == __va(handle));
	memset(p, 0xff, 5000);
	dma_free_coherent(&dev, 5000, p, handle);
	EXPECT_EQ(t, dma_pool_used(), used);
}

static void
large_coherent_memory_comes_from_cma_and_is_cached_again(struct test *t)
{
	unsigned long nr = dma_pool_pages() / 4 + 1;
	struct pt_walk walk;
	dma_addr_t handle;
	u8 *p;

	if (!cma_default || cma_nr_used(cma_default))
		SKIP(t, "no area, or somebody uses it");
	p = dma_alloc_coherent(&dev, nr * PAGE_SIZE, &handle, GFP_KERNEL);
	ASSERT(t, p != NULL);
	EXPECT_EQ(t, cma_nr_used(cma_default), nr);
	EXPECT(t, all_bytes(p, 0, nr * PAGE_SIZE));
	pt_walk(swapper_pg_dir, (unsigned long)p, &walk);
	EXPECT(t, strstr(pt_memattr_name(walk.memattr), "ncached"));
	dma_free_coherent(&dev, nr * PAGE_SIZE, p, handle);
	EXPECT_EQ(t, cma_nr_used(cma_default), 0);
	pt_walk(swapper_pg_dir, (unsigned long)p, &walk);
	EXPECT(t, !strstr(pt_memattr_name(walk.memattr), "ncached"));
	EXPECT(t, walk.write && !walk.exec);
}

static void
the_pool_serves_who_cannot_sleep_until_it_is_empty(struct test *t)
{
	static struct { void *p; dma_addr_t handle; } got[1024];
	unsigned n = 0, used = dma_pool_used();
	dma_addr_t handle;

	while (n < ARRAY_SIZE(got)) {
		got[n].p = dma_alloc_coherent(&dev, PAGE_SIZE, &got[n].handle,
					      GFP_ATOMIC);
		if (!got[n].p)
			break;
		n++;
	}
	if (n < ARRAY_SIZE(got))
		EXPECT_EQ(t, dma_pool_used(), dma_pool_pages());
	EXPECT(t, dma_alloc_coherent(&dev, 1, &handle, GFP_ATOMIC) == NULL);
	while (n--)
		dma_free_coherent(&dev, PAGE_SIZE, got[n].p, got[n].handle);
	EXPECT_EQ(t, dma_pool_used(), used);
}

static void
coherent_memory_of_a_snooping_device_is_ordinary(struct test *t)
{
	unsigned used = dma_pool_used();
	struct pt_walk walk;
	dma_addr_t handle;
	void *p;

	p = dma_alloc_coherent(&snooper, 3 * PAGE_SIZE, &handle, GFP_KERNEL);
	ASSERT(t, p != NULL);
	EXPECT_EQ(t, dma_pool_used(), used);
	EXPECT_EQ(t, page_state(virt_to_page(p)), PAGE_STATE_KERNEL);
	pt_walk(swapper_pg_dir, (unsigned long)p, &walk);
	EXPECT(t, !strstr(pt_memattr_name(walk.memattr), "ncached"));
	dma_free_coherent(&snooper, 3 * PAGE_SIZE, p, handle);
}

static void
coherent_memory_is_in_reach_of_the_device(struct test *t)
{
	struct device d = { .name = "blind", .dma_mask = PHYS_OFFSET };
	dma_addr_t handle;

	EXPECT(t, !dma_alloc_coherent(&d, PAGE_SIZE, &handle, GFP_KERNEL));
	d.dma_coherent = true;
	EXPECT(t, !dma_alloc_coherent(&d, PAGE_SIZE, &handle, GFP_KERNEL));
	EXPECT(t, !dma_alloc_coherent(&dev, 0, &handle, GFP_KERNEL));
	EXPECT(t, !dma_alloc_coherent(&dev, ~0ul, &handle, GFP_KERNEL));
}

static int
coherent_sweep_body(void *arg)
{
	dma_addr_t handle;
	void *p = dma_alloc_coherent(&snooper, 3 * PAGE_SIZE, &handle,
				     GFP_KERNEL | __GFP_NOWARN);

	if (!p)
		return -ENOMEM;
	dma_free_coherent(&snooper, 3 * PAGE_SIZE, p, handle);
	return 0;
}

static int
bounce_sweep_body(void *arg)
{
	struct scatterlist sg[3];
	unsigned i, n;

	for (i = 0; i < 3; i++)
		sg_set_buf(&sg[i], buf + i * 1024, 512);
	dma_force_bounce = true;
	n = dma_map_sg(&dev, sg, 3, DMA_TO_DEVICE);
	dma_force_bounce = *(bool *)arg;
	if (!n)
		return -ENOMEM;
	dma_unmap_sg(&dev, sg, 3, DMA_TO_DEVICE);
	return 0;
}

static void
every_allocation_may_fail(struct test *t)
{
	bool was = dma_force_bounce;
	char text[512];
	struct seq_buf s;

	setup();
	seq_buf_init(&s, text, sizeof(text));
	EXPECT_EQ(t, fault_inject_sweep(coherent_sweep_body, NULL, &s), 1);
	EXPECT_EQ(t, fault_inject_sweep(bounce_sweep_body, &was, &s), 3);
	EXPECT_EQ(t, s.len, 0);
	teardown();
}

/* --- refused in every build -------------------------------------------- */

/* One warning in a debug build, none in a release build. */
#ifdef VELLUM_DEBUG
#define EXPECT_MISTAKE(t, fn, text)	EXPECT_WARNING(t, fn, NULL, text)
#else
#define EXPECT_MISTAKE(t, fn, text)	(fn)(NULL)
#endif

static const void *odd;
static size_t odd_size = 32;
static enum dma_data_direction odd_dir = DMA_TO_DEVICE;

static void
map_odd(void *arg)
{
	addr = dma_map_single(&dev, odd, odd_size, odd_dir);
}

static noinline void
map_stack(void *arg)
{
	u8 here[64] = { 0 };

	addr = dma_map_single(&dev, here, sizeof(here), DMA_TO_DEVICE);
}

static void
stack_vmalloc_and_image_are_refused(struct test *t)
{
	void *area = vmalloc(PAGE_SIZE);

	EXPECT_MISTAKE(t, map_stack, "a mapping of a stack");
	EXPECT_EQ(t, addr, DMA_MAPPING_ERROR);
	odd = area;
	EXPECT_MISTAKE(t, map_odd, "not in the linear map");
	EXPECT_EQ(t, addr, DMA_MAPPING_ERROR);
	odd = &dma_stats;
	EXPECT_MISTAKE(t, map_odd, "the kernel's image");
	EXPECT_EQ(t, addr, DMA_MAPPING_ERROR);
	vfree(area);
}

/* Take frames until one is inside the image: init, or the early tables. */
static struct page *
frame_of_the_image(struct page_chain *chain)
{
	struct page *init = virt_to_page(__init_start), *page;
	gfp_t gfp = page_zone(init)->type == ZONE_DMA ? GFP_DMA : GFP_KERNEL;

	while ((page = alloc_page(gfp | __GFP_NOWARN))) {
		if (page_to_phys(page) >= __pa(__kernel_start) &&
		    page_to_phys(page) < __pa(__kernel_end))
			break;
		chain_add(chain, page);
	}
	return page;
}

static void
what_the_image_gave_back_may_be_mapped(struct test *t)
{
	struct page_chain chain;
	struct page *page;

	chain_init(&chain);
	page = frame_of_the_image(&chain);
	chain_free(&chain);
	if (!page)
		SKIP(t, "somebody has all that was given back");
	addr = dma_map_page(&dev, page, 0, PAGE_SIZE, DMA_FROM_DEVICE);
	if (EXPECT(t, !dma_mapping_error(&dev, addr)))
		dma_unmap_page(&dev, addr, PAGE_SIZE, DMA_FROM_DEVICE);
	free_frame(page);
}

static void
free_memory_no_bytes_and_no_direction_are_refused(struct test *t)
{
	setup();
	odd = buf;
	teardown();
	EXPECT_MISTAKE(t, map_odd, "memory that is free");
	EXPECT_EQ(t, addr, DMA_MAPPING_ERROR);
	setup();
	odd = buf;
	odd_size = 0;
	EXPECT_MISTAKE(t, map_odd, "no bytes");
	EXPECT_EQ(t, addr, DMA_MAPPING_ERROR);
	odd_size = 32;
	odd_dir = DMA_NONE;
	EXPECT_MISTAKE(t, map_odd, "without direction");
	EXPECT_EQ(t, addr, DMA_MAPPING_ERROR);
	odd_dir = DMA_TO_DEVICE;
	teardown();
}


/* Every core maps, syncs and unmaps buffers of its own, at random. */
static void
churn(struct test *t, unsigned cpu, void *arg)
{
	u8 *mine = get_free_page(GFP_KERNEL);
	enum dma_data_direction dir;
	size_t offset, size;
	dma_addr_t a;

	if (!EXPECT(t, mine != NULL))
		return;
	for (unsigned i = 0; i < 500; i++) {
		dir = (i + cpu) % 3;
		offset = i * 97 % 2048;
		size = 1 + i * 31 % 2048;
		a = dma_map_single(&dev, mine + offset, size, dir);
		if (!EXPECT(t, !dma_mapping_error(&dev, a)))
			break;
		if (dir != DMA_TO_DEVICE)
			device_fill(a, (u8)i, size);
		dma_unmap_single(&dev, a, size, dir);
		if (dir != DMA_TO_DEVICE)
			EXPECT(t, all_bytes(mine + offset, (u8)i, size));
	}
	free_page(mine);
}

static void
all_cores_map_at_once(struct test *t)
{
	struct dma_stats before = dma_stats;

	test_on_all_cpus(t, churn, NULL);
	EXPECT_EQ(t, dma_stats.nr_mapped, before.nr_mapped);
}

TEST_SUITE("dma",
	   TEST_CASE(a_device_sees_what_was_written_before_the_mapping),
	   TEST_CASE(the_core_sees_what_a_device_wrote_after_unmapping),
	   TEST_CASE(a_page_is_mapped_from_any_offset),
	   TEST_CASE(each_direction_maintains_the_cache_as_it_must),
	   TEST_CASE(a_device_that_snoops_needs_no_maintenance),
	   TEST_CASE(a_part_of_a_mapping_can_be_synced),
	   TEST_CASE(a_scattered_buffer_is_mapped_piece_by_piece),
	   TEST_CASE(a_highmem_page_can_be_mapped),
	   TEST_CASE(a_mask_must_have_all_low_bits_and_reach_memory),
	   TEST_CASE(what_a_device_cannot_reach_is_bounced),
	   TEST_CASE(a_missing_sync_shows_when_everything_is_bounced),
	   TEST_CASE(mapping_fails_when_no_bounce_buffer_is_left),
	   TEST_CASE(coherent_memory_is_zeroed_and_mapped_uncached_only),
	   TEST_CASE(large_coherent_memory_comes_from_cma_and_is_cached_again),
	   TEST_CASE(the_pool_serves_who_cannot_sleep_until_it_is_empty),
	   TEST_CASE(coherent_memory_of_a_snooping_device_is_ordinary),
	   TEST_CASE(coherent_memory_is_in_reach_of_the_device),
	   TEST_CASE(every_allocation_may_fail),
	   TEST_CASE(stack_vmalloc_and_image_are_refused),
	   TEST_CASE(what_the_image_gave_back_may_be_mapped),
	   TEST_CASE(free_memory_no_bytes_and_no_direction_are_refused),
	   TEST_CASE(all_cores_map_at_once));
