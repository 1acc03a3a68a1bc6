/* SPDX-License-Identifier: MIT */
/*
 * Memory of drivers in address spaces, where a program could not look: the
 * entries that fork makes, counts, and allocations that fail. What a program
 * sees of it: tests/user/device_memory.c.
 */
#include <drivers/lcd.h>
#include <lib/string.h>
#include <mm/cma.h>
#include <mm/debug.h>
#include <mm/verify.h>
#include "as_helpers.h"
#include "sweep.h"

#define P	PAGE_SIZE

#define NEED_SCREEN(t) do { \
	if (lcd_framebuffer() || !cma_default || \
	    cma_nr_pages(cma_default) < 150 || cma_nr_used(cma_default)) \
		SKIP(t, "no area of 150 free pages, or the screen is on"); \
} while (0)

/* Map pages of a device; *at is where. The mapping holds the device. */
static int
map_device(struct mm_struct *mm, const char *name, unsigned long pages,
	   unsigned flags, unsigned long *at)
{
	struct file *file;
	int err = filp_open(name, O_RDWR, 0, &file);

	if (err)
		return err;
	*at = as_map_file(mm, file, pages * P, RW, flags);
	fput(file);
	return *at > -4096ul ? (int)*at : 0;
}

/* Neither the parent's nor the child's entry loses the right to write. */
static void
fork_copies_entries_of_bare_frames(struct test *t)
{
	struct mm_struct *mm, *child = NULL;
	unsigned long at;
	pte_t before;

	NEED_SCREEN(t);
	mm = mm_alloc();
	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, map_device(mm, "/dev/fb0", 150, MAP_SHARED, &at), 0);
	before = as_pte(mm, at + 149 * P);
	EXPECT(t, pte_write(before) && pte_dirty(before) && pte_young(before));
	EXPECT_EQ(t, pte_memory(before), USER_UNCACHED);
	EXPECT_EQ(t, pte_pfn(before), pte_pfn(as_pte(mm, at)) + 149);
	EXPECT_EQ(t, mm_rss(mm), 0);
	ASSERT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT_EQ(t, as_pte(child, at + 149 * P).value, before.value);
	EXPECT_EQ(t, as_pte(mm, at + 149 * P).value, before.value);
	EXPECT_EQ(t, mm_rss(child), 0);
	mmput(mm);
	EXPECT_EQ(t, lcd_stop(), -EBUSY);	/* the child has it */
	mmput(child);
	EXPECT_EQ(t, lcd_stop(), 0);
}

static void
pages_of_a_fault_handler_are_counted(struct test *t)
{
	struct mm_struct *mm = mm_alloc(), *child = NULL;
	struct page *page;
	unsigned long at;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, map_device(mm, "/dev/vmap", 4, MAP_SHARED, &at), 0);
	EXPECT_EQ(t, mm_rss(mm), 0);
	EXPECT_EQ(t, as_touch(mm, at + P, true), 0);
	EXPECT_EQ(t, mm_rss(mm), 1);
	page = pfn_to_page(pte_pfn(as_pte(mm, at + P)));
	EXPECT_EQ(t, page_state(compound_head(page)), PAGE_STATE_KERNEL);
	EXPECT_EQ(t, page_count(page), 2);	/* of its block */
	EXPECT_EQ(t, page_mapcount(page), 1);
	EXPECT_EQ(t, as_touch(mm, at + 4 * P, false), VM_FAULT_SIGSEGV);
	ASSERT_EQ(t, dup_mm(mm, &child), 0);
	EXPECT_EQ(t, page_mapcount(page), 1);	/* a touch brings the child's */
	EXPECT_EQ(t, as_touch(child, at + P, false), 0);
	EXPECT_EQ(t, page_mapcount(page), 2);
	EXPECT(t, mm_verify_all(NULL));		/* it is counted there, too */
	mmput(child);
	EXPECT_EQ(t, page_count(page), 2);
	mmput(mm);
}

/* Of one memory: what write() leaves in one page, read() and the entry see. */
static void
read_and_write_reach_the_same_pages(struct test *t)
{
	struct mm_struct *mm = mm_alloc();
	char text[8] = "vmalloc", back[8] = "";
	u64 pos = 2 * P - 4, from = pos;
	struct file *file;
	unsigned long at;

	ASSERT(t, mm != NULL);
	ASSERT_EQ(t, map_device(mm, "/dev/vmap", 4, MAP_SHARED, &at), 0);
	ASSERT_EQ(t, filp_open("/dev/vmap", O_RDWR, 0, &file), 0);
	EXPECT_EQ(t, kernel_write(file, text, 8, &pos), 8);
	EXPECT_EQ(t, pos, 2 * P + 4);
	EXPECT_EQ(t, kernel_read(file, back, 8, &from), 8);
	EXPECT(t, !memcmp(text, back, 8));
	EXPECT_EQ(t, as_peek(mm, at + 2 * P), 0x00636f6c);	/* "loc" */
	pos = vfs_llseek(file, -4, SEEK_END);
	EXPECT_EQ(t, kernel_write(file, text, 8, &pos), 4);
	EXPECT_EQ(t, kernel_write(file, text, 8, &pos), -ENOSPC);
	EXPECT_EQ(t, kernel_read(file, back, 8, &pos), 0);
	fput(file);
	mmput(mm);
}

/* --- allocations that fail --- */

static int
draw(struct mm_struct *mm)
{
	struct mm_struct *child;
	unsigned long at;
	int err = map_device(mm, "/dev/fb0", 150, MAP_SHARED, &at);

	if (!err)
		err = dup_mm(mm, &child);
	if (!err)
		mmput(child);
	return err;
}

static int
touch_all(struct mm_struct *mm)
{
	unsigned long at, i;
	vm_fault_t result = 0;
	int err = map_device(mm, "/dev/vmap", 4, MAP_PRIVATE, &at);

	for (i = 0; !err && i < 4; i++) {
		result = as_touch(mm, at + i * P, i & 1);
		err = !result ? 0 : result == VM_FAULT_OOM ? -ENOMEM : -EIO;
	}
	return err;
}

static int
draw_in_a_space(void)
{
	int err = as_in_a_space(draw);

	lcd_stop();
	return err;
}

static int
touch_in_a_space(void)
{
	return as_in_a_space(touch_all);
}

static void
mapping_the_screen_fails_whole(struct test *t)
{
	NEED_SCREEN(t);
	EXPECT(t, sweep(t, draw_in_a_space) >= 5);
	EXPECT(t, lcd_framebuffer() == NULL);
}

static void
mapping_vmalloc_memory_fails_whole(struct test *t)
{
	EXPECT(t, sweep(t, touch_in_a_space) >= 5);
}

TEST_SUITE("driver_map",
	   TEST_CASE(fork_copies_entries_of_bare_frames),
	   TEST_CASE(pages_of_a_fault_handler_are_counted),
	   TEST_CASE(read_and_write_reach_the_same_pages),
	   TEST_CASE(mapping_the_screen_fails_whole),
	   TEST_CASE(mapping_vmalloc_memory_fails_whole));
