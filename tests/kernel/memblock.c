/* SPDX-License-Identifier: MIT */
/*
 * memblock as boot left it: what can be asked of it without harm. What it
 * does is tested against a model on the host (tests/host/test_memblock.c).
 */
#include <asm/memory.h>
#include <kernel/node.h>
#include <kernel/test.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/memblock.h>

extern u8 __text_start[], __bss_end[];

static void
lists_are_sorted_merged_and_summed(struct test *t)
{
	char text[256];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	if (!EXPECT(t, memblock_verify(&s)))
		test_info(t, "%s", text);
}

static void
memory_begins_where_the_board_has_ram(struct test *t)
{
	phys_addr_t start = memblock_start_of_dram();
	phys_addr_t end = memblock_end_of_dram();

	EXPECT(t, start >= PHYS_OFFSET);
	EXPECT(t, end > start);
	EXPECT(t, IS_ALIGNED(start | end, (phys_addr_t)PAGE_SIZE));
	EXPECT(t, memblock_phys_mem_size() <= end - start);
	EXPECT(t, memblock_is_memory(start));
	EXPECT(t, memblock_is_memory(end - 1));
	EXPECT(t, !memblock_is_memory(end));
	EXPECT(t, !memblock_is_memory(start - 1));
}

static void
the_kernel_lies_in_memory_and_is_reserved(struct test *t)
{
	phys_addr_t text = __pa(__text_start), end = __pa(__bss_end);

	EXPECT(t, memblock_is_region_memory(text, end - text));
	EXPECT(t, memblock_is_map_memory(text));
	EXPECT(t, memblock_is_reserved(text));
	EXPECT(t, memblock_is_reserved(end - 1));
}

/* Free and reserved bytes of mapped memory add up to all of it. */
static void
free_ranges_are_memory_and_not_reserved(struct test *t)
{
	phys_addr_t start, end, last = 0, up = 0, down = 0;
	u64 iter;

	for_each_free_mem_range(iter, start, end) {
		EXPECT(t, start >= last && end > start);
		EXPECT(t, memblock_is_region_memory(start, end - start));
		EXPECT(t, !memblock_overlaps_reserved(start, end - start));
		up += end - start;
		last = end;
	}
	for_each_free_mem_range_reverse(iter, start, end)
		down += end - start;
	EXPECT_EQ(t, up, down);
	EXPECT(t, up + memblock_reserved_size() >= memblock_phys_mem_size());
}

static void
node_shows_what_boot_reserved(struct test *t)
{
	static char text[4096];
	const struct node *node = node_find("memblock");
	char line[48];
	struct seq_buf s;

	ASSERT(t, node != NULL);
	seq_buf_init(&s, text, sizeof(text));
	node->show(&s);
	snprintf(line, sizeof(line), "memory: %u regions, %u kB\n",
		 memblock.memory.cnt, memblock_phys_mem_size() >> 10);
	EXPECT(t, strstr(text, line) != NULL);
	EXPECT(t, strstr(text, "reserved: ") != NULL);
}

TEST_SUITE("memblock",
	   TEST_CASE(lists_are_sorted_merged_and_summed),
	   TEST_CASE(memory_begins_where_the_board_has_ram),
	   TEST_CASE(the_kernel_lies_in_memory_and_is_reserved),
	   TEST_CASE(free_ranges_are_memory_and_not_reserved),
	   TEST_CASE(node_shows_what_boot_reserved));
