/* SPDX-License-Identifier: MIT */
/* What befell a frame: told in order, by the right name, and no more than is kept. */
#include <kernel/fs.h>
#include <kernel/monitor.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <lib/seq_buf.h>
#include <mm/debug.h>
#include <mm/hooks.h>
#include <mm/writeback.h>
#include "as_helpers.h"
#include "files.h"
#include "swap_helpers.h"

static char text[2048];

static const char *
life_of(const struct page *page)
{
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	page_life_show(&s, page);
	return text;
}

/* Are these words there, in this order? */
static bool
in_order(const char *from, const char *const words[])
{
	for (; *words; words++) {
		from = strstr(from, *words);
		if (!from)
			return false;
		from += strlen(*words);
	}
	return true;
}

#define NEED_OFF(t) do { \
	if (page_debug_flags & PAGE_DEBUG_LIFE) \
		SKIP(t, "it runs already (page_life=)"); \
} while (0)

static void
a_frame_is_allocated_by_whom_and_freed(struct test *t)
{
	static const char *const told[] = {
		"allocated, order 1 by ",
		"a_frame_is_allocated_by_whom", "freed, order 1\n", NULL,
	};
	struct page *page;

	NEED_OFF(t);
	ASSERT_EQ(t, page_life_start(3), 0);
	EXPECT_EQ(t, page_life_start(8), -EBUSY);
	page = alloc_pages(GFP_KERNEL, 1);
	ASSERT(t, page);
	free_frames(page, 1);
	if (!EXPECT(t, in_order(life_of(page), told)))
		test_info(t, "%s", text);
	EXPECT(t, in_order(life_of(page + 1), told));
	page_life_stop();
	EXPECT(t, strstr(life_of(page), "no life is recorded"));
}

static void
only_the_last_events_are_kept(struct test *t)
{
	struct page *page;

	NEED_OFF(t);
	ASSERT_EQ(t, page_life_start(3), 0);	/* becomes 4 */
	page = alloc_page(GFP_KERNEL);
	ASSERT(t, page);
	for (unsigned i = 0; i < 5; i++)
		page_life(page, SWAP_OUT, 0x100 + i);
	EXPECT(t, strstr(life_of(page), "6 events, the last 4:\n"));
	EXPECT(t, !strstr(text, "allocated") && !strstr(text, "0x100"));
	EXPECT(t, strstr(text, "swapped out entry 0x101\n"));
	EXPECT(t, strstr(text, "swapped out entry 0x104\n"));
	free_frame(page);
	page_life_stop();
}

static void
an_anonymous_page_is_mapped_and_unmapped(struct test *t)
{
	static const char *const told[] = {
		"allocated by ", "mapped index 0x100\n",
		"unmapped index 0x100\n", "freed\n", NULL,
	};
	struct mm_struct *mm = mm_alloc();
	unsigned long at;
	struct page *page;

	NEED_OFF(t);
	ASSERT(t, mm);
	ASSERT_EQ(t, page_life_start(8), 0);
	at = as_map(mm, 0x100000, PAGE_SIZE, RW, ANON | MAP_FIXED);
	EXPECT_EQ(t, as_touch(mm, at, true), 0);
	page = pfn_to_page(pte_pfn(as_pte(mm, at)));
	mmput(mm);
	EXPECT(t, in_order(life_of(page), told));
	page_life_stop();
}

static void
a_files_page_enters_is_dirtied_and_leaves(struct test *t)
{
	static const char *const told[] = {
		"enters a file index 0x0\n", "dirtied index 0x0\n",
		"leaves its file index 0x0\n", "freed\n", NULL,
	};
	struct page *page;
	struct file *f;

	NEED_OFF(t);
	ASSERT_EQ(t, page_life_start(16), 0);
	f = must_open(t, "/life", O_CREAT | O_RDWR);
	ASSERT(t, f);
	EXPECT_EQ(t, write_text(f, "text"), 4);
	page = find_get_page(f->f_inode->i_mapping, 0);
	ASSERT(t, page);
	put_page(page);
	fput(f);
	vfs_unlink_at(AT_FDCWD, "/life");
	if (!EXPECT(t, in_order(life_of(page), told)))
		test_info(t, "%s", text);
	page_life_stop();
}

/* Out goes one frame, in comes another. */
static void
a_page_goes_to_swap_and_comes_back(struct test *t)
{
	static const char *const out[] = {
		"unmapped index 0x100\n", "swapped out entry 0x1",
		"write ended", "freed\n", NULL,
	};
	static const char *const in[] = {
		"allocated by ", "swapped in entry 0x1", "mapped index 0x100\n",
		NULL,
	};
	struct block_device *disk;
	struct mm_struct *mm;
	struct page *page;

	NEED_OFF(t);
	disk = swap_begin(t, 4);
	mm = as_space(t, 0x100000, 1);
	ASSERT(t, disk && mm);
	ASSERT_EQ(t, page_life_start(16), 0);
	EXPECT(t, as_poke(mm, 0x100000, 1));
	page = as_page(mm, 0x100000);
	EXPECT(t, send_to_swap(mm, 0x100000));
	if (!EXPECT(t, in_order(life_of(page), out)))
		test_info(t, "%s", text);
	EXPECT_EQ(t, as_touch(mm, 0x100000, false), 0);
	if (!EXPECT(t, in_order(life_of(as_page(mm, 0x100000)), in)))
		test_info(t, "%s", text);
	page_life_stop();
	mmput(mm);
	swap_end(t, disk);
}

static void
numbers_out_of_range_are_refused(struct test *t)
{
	NEED_OFF(t);
	EXPECT_EQ(t, page_life_start(0), -EINVAL);
	EXPECT_EQ(t, page_life_start(65), -EINVAL);
	EXPECT(t, !(page_debug_flags & PAGE_DEBUG_LIFE));
}

static void
without_memory_for_the_table_it_stays_off(struct test *t)
{
	NEED_OFF(t);
	fault_inject_nth(1);
	EXPECT_EQ(t, page_life_start(16), -ENOMEM);
	EXPECT(t, fault_inject_nth_done());
	EXPECT(t, !(page_debug_flags & PAGE_DEBUG_LIFE));
}

TEST_SUITE("page_life",
	TEST_CASE(a_frame_is_allocated_by_whom_and_freed),
	TEST_CASE(only_the_last_events_are_kept),
	TEST_CASE(an_anonymous_page_is_mapped_and_unmapped),
	TEST_CASE(a_files_page_enters_is_dirtied_and_leaves),
	TEST_CASE(a_page_goes_to_swap_and_comes_back),
	TEST_CASE(numbers_out_of_range_are_refused),
	TEST_CASE(without_memory_for_the_table_it_stays_off));
