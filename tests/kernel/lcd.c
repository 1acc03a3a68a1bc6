/* SPDX-License-Identifier: MIT */
/*
 * The screen and the picture of memory on it, looked at in the frame buffer.
 * What the controller makes of it is seen from outside: tests/tools/screen.py.
 */
#include <drivers/lcd.h>
#include <kernel/monitor.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/cma.h>
#include <mm/debug.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

#define NEED_SCREEN(t) do { \
	if (lcd_framebuffer() || !cma_default || \
	    cma_nr_pages(cma_default) < 150 || cma_nr_used(cma_default)) \
		SKIP(t, "no area of 150 free pages, or the screen is on"); \
} while (0)

static u16
pixel(unsigned x, unsigned y)
{
	return lcd_framebuffer()[y * LCD_WIDTH + x];
}

static void
the_frame_buffer_is_black_and_comes_from_cma(struct test *t)
{
	u16 *fb, *other = NULL;
	unsigned lit = 0;

	NEED_SCREEN(t);
	ASSERT_EQ(t, lcd_start(&fb), 0);
	EXPECT(t, lcd_framebuffer() == fb);
	EXPECT_EQ(t, page_state(virt_to_page(fb)), PAGE_STATE_CMA);
	EXPECT_EQ(t, cma_nr_used(cma_default), 150);
	for (unsigned i = 0; i < LCD_WIDTH * LCD_HEIGHT; i++)
		lit += fb[i] != 0;
	EXPECT_EQ(t, lit, 0);
	EXPECT_EQ(t, lcd_start(&other), -EBUSY);
	EXPECT_EQ(t, lcd_open(), -EBUSY);
	EXPECT(t, other == NULL);
	EXPECT_EQ(t, lcd_stop(), 0);
	EXPECT(t, lcd_framebuffer() == NULL);
	EXPECT_EQ(t, cma_nr_used(cma_default), 0);
	lcd_stop();
}

/* The letter L: a column of seven dots, and four more at its foot. */
static void
text_is_drawn_dot_by_dot(struct test *t)
{
	unsigned dots = 0, end;
	u16 *fb;

	NEED_SCREEN(t);
	ASSERT_EQ(t, lcd_start(&fb), 0);
	end = lcd_text(fb, 10, 20, "Ll \x7f", 0xffff);
	EXPECT_EQ(t, end, 10 + 4 * 6);
	for (unsigned y = 0; y < 7; y++)
		EXPECT_EQ(t, pixel(10, 20 + y), 0xffff);
	for (unsigned x = 0; x < 5; x++)
		EXPECT_EQ(t, pixel(16 + x, 26), 0xffff);
	for (unsigned i = 0; i < LCD_WIDTH * LCD_HEIGHT; i++)
		dots += fb[i] != 0;
	EXPECT_EQ(t, dots, 2 * 11);
	lcd_stop();
}

static void
what_is_outside_of_the_screen_is_cut_off(struct test *t)
{
	unsigned dots = 0;
	u16 *fb;

	NEED_SCREEN(t);
	ASSERT_EQ(t, lcd_start(&fb), 0);
	lcd_fill(fb, LCD_WIDTH - 2, LCD_HEIGHT - 3, 100, 100, 7);
	lcd_fill(fb, LCD_WIDTH + 5, 0, 10, 10, 7);
	for (unsigned i = 0; i < LCD_WIDTH * LCD_HEIGHT; i++)
		dots += fb[i] == 7;
	EXPECT_EQ(t, dots, 6);
	EXPECT_EQ(t, pixel(0, 0), 0);
	lcd_stop();
}

/* Blocks large enough to fill cells, allocated and freed under its eyes. */
static void
a_cell_follows_its_frames(struct test *t)
{
	unsigned order = 6, x, y;
	struct page *page;
	pfn_t pfn;

	NEED_SCREEN(t);
	ASSERT_EQ(t, lcd_map_start(), 0);
	EXPECT(t, lcd_map_scale() <= 1u << order);
	page = alloc_pages(GFP_KERNEL, order);
	ASSERT(t, page != NULL);
	pfn = page_to_pfn(page);
	lcd_map_cell(pfn, &x, &y);
	lcd_map_redraw();
	EXPECT_EQ(t, pixel(x, y), lcd_map_colour(PAGE_STATE_KERNEL));
	EXPECT_EQ(t, pixel(x + 3, y + 3), lcd_map_colour(PAGE_STATE_KERNEL));
	EXPECT_EQ(t, pixel(x + 4, y), 0);		/* the gap */
	page_set_state(page, PAGE_STATE_ANON);
	lcd_map_redraw();
	EXPECT_EQ(t, pixel(x, y), lcd_map_colour(PAGE_STATE_ANON));
	free_frames(page, order);
	lcd_map_redraw();
	EXPECT_EQ(t, pixel(x, y), lcd_map_colour(PAGE_STATE_FREE));
	/* The frame buffer shows itself, and the image of the kernel. */
	lcd_map_cell(page_to_pfn(virt_to_page(lcd_framebuffer())), &x, &y);
	EXPECT_EQ(t, pixel(x, y), lcd_map_colour(PAGE_STATE_CMA));
	lcd_map_cell(__pa(a_cell_follows_its_frames) >> PAGE_SHIFT, &x, &y);
	EXPECT_EQ(t, pixel(x, y), lcd_map_colour(PAGE_STATE_RESERVED));
	lcd_map_stop();
}

static void
a_cell_with_free_frames_is_a_small_square(struct test *t)
{
	struct page *page;
	unsigned x, y;

	NEED_SCREEN(t);
	if (lcd_map_scale() < 2)
		SKIP(t, "a cell is one frame");
	ASSERT_EQ(t, lcd_map_start(), 0);
	page = alloc_pages(GFP_KERNEL, 6);
	ASSERT(t, page != NULL);
	split_page(page, 6);
	for (unsigned i = 1; i < 64; i++)
		free_frame(page + i);
	drain_all_pages();		/* not isolated but free */
	lcd_map_cell(page_to_pfn(page), &x, &y);
	lcd_map_redraw();
	EXPECT_EQ(t, pixel(x, y), lcd_map_colour(PAGE_STATE_FREE));
	EXPECT_EQ(t, pixel(x + 1, y + 1), lcd_map_colour(PAGE_STATE_KERNEL));
	EXPECT_EQ(t, pixel(x + 2, y + 2), lcd_map_colour(PAGE_STATE_KERNEL));
	EXPECT_EQ(t, pixel(x + 3, y + 3), lcd_map_colour(PAGE_STATE_FREE));
	free_frame(page);
	lcd_map_stop();
}

static void
the_legend_has_each_colour_once(struct test *t)
{
	enum page_state a, b;
	unsigned x, y, named = 0;

	NEED_SCREEN(t);
	ASSERT_EQ(t, lcd_map_start(), 0);
	for (a = PAGE_STATE_FREE; a < NR_PAGE_STATES; a++) {
		x = 0;
		lcd_map_legend(a, &x, &y);
		if (!EXPECT(t, x != 0))
			continue;
		named++;
		EXPECT_EQ(t, pixel(x, y), 0xffff);
		EXPECT_EQ(t, pixel(x + 5, y + 5), lcd_map_colour(a));
		for (b = PAGE_STATE_FREE; b < a; b++)
			EXPECT(t, lcd_map_colour(a) != lcd_map_colour(b));
	}
	EXPECT_EQ(t, named, NR_PAGE_STATES - PAGE_STATE_FREE);
	lcd_map_stop();
}

static void
it_is_switched_from_the_console(struct test *t)
{
	static char text[512];
	struct seq_buf s;

	NEED_SCREEN(t);
	EXPECT_EQ(t, monitor_run("lcd map"), 0);
	seq_buf_init(&s, text, sizeof(text));
	node_find("lcd")->show(&s);
	EXPECT(t, strstr(text, "640x480"));
	log_capture_begin(text, sizeof(text));
	EXPECT_EQ(t, monitor_run("lcd map"), -EBUSY);
	EXPECT_EQ(t, monitor_run("lcd nonsense"), -EINVAL);
	log_capture_end();
	EXPECT(t, strstr(text, "it is on"));
	EXPECT(t, strstr(text, "usage: lcd map|off"));
	EXPECT_EQ(t, monitor_run("lcd off"), 0);
	EXPECT_EQ(t, monitor_run("lcd off"), 0);
	seq_buf_init(&s, text, sizeof(text));
	node_find("lcd")->show(&s);
	EXPECT(t, !strcmp(text, "off\n"));
}

static int
sweep_body(void *arg)
{
	int err;

	kstack_drain();			/* or the thread has a stack already */
	err = lcd_map_start();

	if (!err)
		lcd_map_stop();
	return err;
}

static void
every_allocation_may_fail(struct test *t)
{
	char text[512];
	struct seq_buf s;

	NEED_SCREEN(t);
	seq_buf_init(&s, text, sizeof(text));
	EXPECT(t, fault_inject_sweep(sweep_body, NULL, &s) > 0);
	EXPECT_EQ(t, s.len, 0);
	EXPECT(t, lcd_framebuffer() == NULL);
}

static void
without_memory_in_one_piece_it_stays_dark(struct test *t)
{
	struct page *page;

	NEED_SCREEN(t);
	page = cma_alloc(cma_default, cma_nr_pages(cma_default) - 100, 0);
	ASSERT(t, page != NULL);
	EXPECT_EQ(t, lcd_map_start(), -ENOMEM);
	EXPECT(t, lcd_framebuffer() == NULL);
	EXPECT(t, cma_release(cma_default, page,
			      cma_nr_pages(cma_default) - 100));
}

/* dark -> opened -> opened twice -> lit -> owned, and black again */
static void
programs_and_the_picture_exclude_each_other(struct test *t)
{
	static char text[256];
	u16 *fb;

	NEED_SCREEN(t);
	ASSERT_EQ(t, lcd_open(), 0);
	EXPECT_EQ(t, lcd_open(), 0);
	lcd_framebuffer()[7] = 0x1234;
	EXPECT_EQ(t, lcd_start(&fb), -EBUSY);
	EXPECT_EQ(t, lcd_map_start(), -EBUSY);
	lcd_close();
	EXPECT_EQ(t, lcd_stop(), -EBUSY);
	log_capture_begin(text, sizeof(text));
	EXPECT_EQ(t, monitor_run("lcd off"), -EBUSY);
	monitor_run("cat lcd");
	log_capture_end();
	EXPECT(t, strstr(text, "a program has /dev/fb0 open"));
	EXPECT(t, strstr(text, "drawn by programs"));
	lcd_close();
	EXPECT(t, lcd_framebuffer() && lcd_framebuffer()[7] == 0x1234);
	ASSERT_EQ(t, lcd_start(&fb), 0);
	EXPECT_EQ(t, fb[7], 0);
	EXPECT_EQ(t, lcd_stop(), 0);
	/* What programs left goes by the same word. */
	ASSERT_EQ(t, lcd_open(), 0);
	lcd_close();
	EXPECT_EQ(t, monitor_run("lcd off"), 0);
	EXPECT(t, lcd_framebuffer() == NULL);
	EXPECT_EQ(t, cma_nr_used(cma_default), 0);
}

TEST_SUITE("lcd",
	   TEST_CASE(the_frame_buffer_is_black_and_comes_from_cma),
	   TEST_CASE(programs_and_the_picture_exclude_each_other),
	   TEST_CASE(text_is_drawn_dot_by_dot),
	   TEST_CASE(what_is_outside_of_the_screen_is_cut_off),
	   TEST_CASE(a_cell_follows_its_frames),
	   TEST_CASE(a_cell_with_free_frames_is_a_small_square),
	   TEST_CASE(the_legend_has_each_colour_once),
	   TEST_CASE(it_is_switched_from_the_console),
	   TEST_CASE(every_allocation_may_fail),
	   TEST_CASE(without_memory_in_one_piece_it_stays_dark));
