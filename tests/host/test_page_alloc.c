/* SPDX-License-Identifier: MIT */
/*
 * The whole page allocator on the host: zones over a machine of 32 MiB with a
 * hole and highmem, played by four cores in turn, against a model that knows
 * who owns each frame. Each block is filled when it is given and looked at
 * when it is returned; no two owners may ever share a frame.
 */
#include <string.h>

#include <asm/memory.h>
#include <asm/percpu.h>
#include <kernel/smp.h>
#include <lib/bitops.h>
#include <lib/seq_buf.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/verify.h>
#include <mm/zone.h>
#include "harness.h"

#define FIRST_PFN	(PHYS_OFFSET >> PAGE_SHIFT)
#define NR_FRAMES	(40u << (20 - PAGE_SHIFT))
#define MAX_BLOCKS	2000

struct block {
	struct page *page;
	unsigned order;
	u32 stamp;
};

static struct block blocks[MAX_BLOCKS];
static unsigned nr_blocks;
static u32 owner[NR_FRAMES];	/* stamp of the block, 0: nobody's */

/* 20 MiB, a hole of 8, and 12 more; highmem from 24 MiB on. Once. */
static void
set_up(void)
{
	if (mm_ready)
		return;
	nr_cpus = NR_CPUS;
	cpu_online_mask = (1ul << NR_CPUS) - 1;
	high_memory = host_arena + 0x01c00000;
	memblock_add(PHYS_OFFSET, 0x01400000);
	memblock_add(PHYS_OFFSET + 0x01c00000, 0x00c00000);
	memblock_reserve(PHYS_OFFSET, 0x00123000);
	memblock_reserve(PHYS_OFFSET + 0x00777000, 0x1000);
	memblock_set_current_limit(PHYS_OFFSET + 0x01400000);
	mm_init_zones();
}

static bool
clean(struct test *t)
{
	static char text[4096];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (mm_verify_all(&s))
		return true;
	test_fail(t, __FILE__, __LINE__, "%s", text);
	return false;
}

/* First and last word of each frame hold the stamp. */
static u32 *
frame_word(const struct block *b, unsigned i, bool last)
{
	u32 *words = __va((phys_addr_t)((page_to_pfn(b->page) + i)
					<< PAGE_SHIFT));

	return last ? words + PAGE_SIZE / 4 - 1 : words;
}

static bool
take_block(struct test *t, gfp_t gfp, unsigned order)
{
	struct block *b = &blocks[nr_blocks];
	struct page *page = alloc_pages(gfp, order);
	unsigned long first, i;

	if (!page)
		return false;
	*b = (struct block){ page, order, (u32)test_random(t) | 1 };
	nr_blocks++;
	first = page_to_pfn(page) - FIRST_PFN;
	EXPECT_EQ(t, first & ((1u << order) - 1), 0);
	for (i = 0; i < 1ul << order; i++) {
		if (!EXPECT_EQ(t, owner[first + i], 0))
			return true;
		if (gfp & __GFP_ZERO) {
			EXPECT_EQ(t, *frame_word(b, i, false), 0);
			EXPECT_EQ(t, *frame_word(b, i, true), 0);
		}
		owner[first + i] = b->stamp;
		*frame_word(b, i, false) = *frame_word(b, i, true) = b->stamp;
	}
	return true;
}

static void
give_block(struct test *t, unsigned n)
{
	struct block b = blocks[n];
	unsigned long first = page_to_pfn(b.page) - FIRST_PFN, i;

	for (i = 0; i < 1ul << b.order; i++) {
		EXPECT_EQ(t, *frame_word(&b, i, false), b.stamp);
		EXPECT_EQ(t, *frame_word(&b, i, true), b.stamp);
		EXPECT_EQ(t, owner[first + i], b.stamp);
		owner[first + i] = 0;
	}
	blocks[n] = blocks[--nr_blocks];
	free_frames(b.page, b.order);
}

static gfp_t
random_gfp(struct test *t)
{
	static const gfp_t kinds[] = {
		GFP_NOWAIT, GFP_ATOMIC, GFP_NOWAIT | __GFP_DMA,
		GFP_NOWAIT | __GFP_MOVABLE, GFP_NOWAIT | __GFP_RECLAIMABLE,
		GFP_NOWAIT | __GFP_HIGHMEM | __GFP_MOVABLE,
		GFP_NOWAIT | __GFP_HIGHMEM,
	};
	gfp_t gfp = kinds[test_below(t, ARRAY_SIZE(kinds))] | __GFP_NOWARN;

	return test_below(t, 4) ? gfp : gfp | __GFP_ZERO;
}

/* Small blocks are asked for more often than large ones. */
static unsigned
random_order(struct test *t)
{
	unsigned order = test_below(t, MAX_ORDER + 1);

	return test_below(t, order + 1) ? test_below(t, 3) : order;
}

static void
zones_cover_the_memory_there_is(struct test *t)
{
	set_up();
	EXPECT(t, clean(t));
	EXPECT(t, totalram_pages() <= 0x02000000 >> PAGE_SHIFT);
	EXPECT_EQ(t, nr_free_pages(), totalram_pages());
}

static void
random_blocks_never_overlap(struct test *t)
{
	unsigned long before;
	unsigned i, refused = 0;

	set_up();
	before = nr_free_pages();
	for (i = 0; i < 600000 && !t->nr_failed; i++) {
		/* The row breathes: it fills memory, then empties it. */
		unsigned fill = (i / 20000) % 2 ? 35 : 65;

		host_set_cpu(test_below(t, NR_CPUS));
		if (nr_blocks < MAX_BLOCKS && test_below(t, 100) < fill)
			refused += !take_block(t, random_gfp(t),
					       random_order(t));
		else if (nr_blocks)
			give_block(t, test_below(t, nr_blocks));
		if (test_below(t, 5000) == 0)
			drain_all_pages();
		if (i % 4096 == 0)
			clean(t);
	}
	while (nr_blocks)
		give_block(t, nr_blocks - 1);
	host_set_cpu(0);
	EXPECT_EQ(t, nr_free_pages(), before);
	drain_all_pages();
	EXPECT_EQ(t, nr_free_pages(), before);
	EXPECT(t, clean(t));
	test_info(t, "%u requests refused for want of memory", refused);
	EXPECT(t, refused > 0);
}

/* All of memory as single frames, then as blocks of the largest order. */
static void
all_memory_comes_back_in_large_blocks(struct test *t)
{
	static struct page *taken[NR_FRAMES];
	unsigned n = 0, large, i;

	set_up();
	drain_all_pages();
	for (large = 0; (taken[large] = alloc_pages(GFP_NOWAIT | __GFP_NOWARN |
			__GFP_HIGHMEM, MAX_ORDER)); large++)
		;
	for (i = 0; i < large; i++)
		free_frames(taken[i], MAX_ORDER);
	while ((taken[n] = alloc_pages(GFP_NOWAIT | __GFP_NOWARN |
				       __GFP_HIGHMEM, 0)))
		n++;
	while (n) {
		/* In an order that leaves no neighbours together at first. */
		i = test_below(t, n);
		free_frames(taken[i], 0);
		taken[i] = taken[--n];
	}
	drain_all_pages();
	for (i = 0; (taken[i] = alloc_pages(GFP_NOWAIT | __GFP_NOWARN |
					    __GFP_HIGHMEM, MAX_ORDER)); i++)
		;
	EXPECT_EQ(t, i, large);
	EXPECT(t, large > 0);
	while (i)
		free_frames(taken[--i], MAX_ORDER);
	EXPECT(t, clean(t));
}

TEST_SUITE("page_alloc",
	   TEST_CASE(zones_cover_the_memory_there_is),
	   TEST_CASE(random_blocks_never_overlap),
	   TEST_CASE(all_memory_comes_back_in_large_blocks));
