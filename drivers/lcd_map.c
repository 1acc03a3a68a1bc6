/* SPDX-License-Identifier: MIT */
/*
 * The live picture of physical memory: every frame has a place and its owner
 * a colour, as the letters of the monitor's `map` command.
 *
 *	title		where memory is, how many frames a cell stands for
 *	+---------------------------------+
 *	| 128 x 80 cells of 5 x 5 pixels  |  lowest frame top left
 *	+---------------------------------+
 *	legend		a square and a name for each owner
 *
 * Ideas
 *   Cell	stands for 1, 2, 4, ... frames, as few as let all memory fit. It
 *		has the colour of what most of its used frames are; a small
 *		square means that part of it is free.
 *   Colours	those of Okabe and Ito, which people with any kind of colour
 *		blindness can tell apart; greys for what is no memory of
 *		anybody. The names stand in the legend.
 *   Thread	redraws four times a second while the picture is on, and
 *		writes only cells that have changed.
 *
 * State	thread, shown[]: map_lock, a mutex.
 * Cost		a look at each struct page for a redraw.
 * Sources	Okabe and Ito, Color Universal Design, 2002.
 */
#include <drivers/lcd.h>
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/monitor.h>
#include <kernel/mutex.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/vmalloc.h>

#define COLUMNS		128
#define ROWS		80
#define CELLS		(COLUMNS * ROWS)
#define MAP_TOP		24
#define LEGEND_TOP	436
#define LEGEND_STEP	106
#define LEGEND_PER_ROW	6
#define REDRAW_MS	250

#define WHITE		RGB565(255, 255, 255)
#define NOTHING_SHOWN	0xff
#define PARTLY		0x80	/* in shown[]: some frames are free */

static const u16 colours[NR_PAGE_STATES] = {
	[PAGE_STATE_OFFLINE] = RGB565(0, 0, 0),
	[PAGE_STATE_RESERVED] = RGB565(72, 72, 72),
	[PAGE_STATE_TAIL] = RGB565(0, 0, 0),		/* never shown */
	[PAGE_STATE_FREE] = RGB565(32, 32, 40),
	[PAGE_STATE_ISOLATED] = RGB565(232, 232, 232),
	[PAGE_STATE_KERNEL] = RGB565(213, 94, 0),	/* vermillion */
	[PAGE_STATE_SLAB] = RGB565(230, 159, 0),	/* orange */
	[PAGE_STATE_TABLE] = RGB565(204, 121, 167),	/* reddish purple */
	[PAGE_STATE_ANON] = RGB565(86, 180, 233),	/* sky blue */
	[PAGE_STATE_CACHE] = RGB565(0, 158, 115),	/* bluish green */
	[PAGE_STATE_SWAPCACHE] = RGB565(240, 228, 66),	/* yellow */
	[PAGE_STATE_CMA] = RGB565(0, 114, 178),		/* blue */
};

/* What the legend names, in its order. */
static const u8 legend[] = {
	PAGE_STATE_FREE, PAGE_STATE_RESERVED, PAGE_STATE_KERNEL,
	PAGE_STATE_SLAB, PAGE_STATE_TABLE, PAGE_STATE_CMA, PAGE_STATE_ANON,
	PAGE_STATE_CACHE, PAGE_STATE_SWAPCACHE, PAGE_STATE_ISOLATED,
};

static DEFINE_MUTEX(map_lock);
static struct task *thread;		/* map_lock */
static u8 *shown;			/* map_lock: state of each cell */
static unsigned long nr_redraws, nr_cells_drawn;

u16
lcd_map_colour(enum page_state state)
{
	return colours[state];
}

unsigned
lcd_map_scale(void)
{
	unsigned scale = 1;

	while ((mem_map_end - mem_map_start) > (unsigned long)CELLS * scale)
		scale *= 2;
	return scale;
}

static void
cell_corner(unsigned cell, unsigned *x, unsigned *y)
{
	*x = cell % COLUMNS * LCD_CELL;
	*y = MAP_TOP + cell / COLUMNS * LCD_CELL;
}

void
lcd_map_cell(pfn_t pfn, unsigned *x, unsigned *y)
{
	cell_corner((unsigned)((pfn - mem_map_start) / lcd_map_scale()), x, y);
}

void
lcd_map_legend(enum page_state state, unsigned *x, unsigned *y)
{
	*x = *y = 0;		/* not named */
	for (unsigned i = 0; i < ARRAY_SIZE(legend); i++) {
		if (legend[i] != state)
			continue;
		*x = 4 + i % LEGEND_PER_ROW * LEGEND_STEP;
		*y = LEGEND_TOP + i / LEGEND_PER_ROW * 16;
	}
}

static enum page_state
letter_state(char letter)
{
	static const char letters[] = {
#define LETTER(name, c, text, moves) c,
		PAGE_STATES(LETTER)
#undef LETTER
	};

	for (unsigned i = 0; i < NR_PAGE_STATES; i++) {
		if (letters[i] == letter)
			return i;
	}
	return PAGE_STATE_OFFLINE;
}

/* State that a cell shows, with PARTLY. */
static u8
cell_state(pfn_t pfn, unsigned scale)
{
	u16 counts[NR_PAGE_STATES] = { 0 };
	enum page_state state, best = PAGE_STATE_FREE;
	unsigned free;

	for (unsigned i = 0; i < scale; i++)
		counts[letter_state(page_letter(pfn + i))]++;
	/* Only blocks on a core's list show their tails. */
	counts[PAGE_STATE_ISOLATED] += counts[PAGE_STATE_TAIL];
	counts[PAGE_STATE_TAIL] = 0;
	free = counts[PAGE_STATE_FREE];
	counts[PAGE_STATE_FREE] = 0;
	for (state = 0; state < NR_PAGE_STATES; state++) {
		if (counts[state] > counts[best])
			best = state;
	}
	return best | (free && free < scale ? PARTLY : 0);
}

static void
draw_cell(u16 *fb, unsigned cell, u8 state)
{
	u16 colour = colours[state & ~PARTLY];
	unsigned x, y;

	cell_corner(cell, &x, &y);
	if (state & PARTLY) {
		lcd_fill(fb, x, y, LCD_CELL - 1, LCD_CELL - 1,
			 colours[PAGE_STATE_FREE]);
		lcd_fill(fb, x + 1, y + 1, 2, 2, colour);
	} else {
		lcd_fill(fb, x, y, LCD_CELL - 1, LCD_CELL - 1, colour);
	}
}

static void
draw_frame(u16 *fb)
{
	char line[80];
	unsigned x, y, i;

	snprintf(line, sizeof(line), "Vellum: physical memory at 0x%08x, "
		 "%lu MiB, a cell is %u KiB", (unsigned)PHYS_OFFSET,
		 (mem_map_end - mem_map_start) >> (20 - PAGE_SHIFT),
		 lcd_map_scale() * 4);
	lcd_text(fb, 4, 8, line, WHITE);
	for (i = 0; i < ARRAY_SIZE(legend); i++) {
		lcd_map_legend(legend[i], &x, &y);
		lcd_fill(fb, x, y, 10, 10, WHITE);
		lcd_fill(fb, x + 1, y + 1, 8, 8, colours[legend[i]]);
		lcd_text(fb, x + 14, y + 2, page_state_name(legend[i]), WHITE);
	}
}

static void
redraw_locked(u16 *fb)
{
	unsigned scale = lcd_map_scale();
	pfn_t pfn = mem_map_start;
	u8 state;

	for (unsigned cell = 0; cell < CELLS && pfn < mem_map_end; cell++) {
		state = cell_state(pfn, scale);
		if (shown[cell] != state) {
			draw_cell(fb, cell, state);
			shown[cell] = state;
			nr_cells_drawn++;
		}
		pfn += scale;
		if (cell % COLUMNS == 0)
			cond_resched();
	}
	nr_redraws++;
}

void
lcd_map_redraw(void)
{
	mutex_lock(&map_lock);
	if (shown)
		redraw_locked(lcd_framebuffer());
	mutex_unlock(&map_lock);
}

static void
map_thread(void *arg)
{
	(void)arg;
	while (!kthread_should_stop()) {
		lcd_map_redraw();
		msleep(REDRAW_MS);
	}
}

/* Memory, screen, thread; all or nothing. */
static int
map_start_locked(void)
{
	u16 *fb;
	int err;

	if (thread)
		return -EBUSY;
	shown = vmalloc(CELLS);
	if (!shown)
		return -ENOMEM;
	memset(shown, NOTHING_SHOWN, CELLS);
	err = lcd_start(&fb);
	if (!err) {
		draw_frame(fb);
		redraw_locked(fb);
		thread = kthread_run(map_thread, NULL, "lcd");
		if (thread)
			return 0;
		lcd_stop();
		err = -ENOMEM;
	}
	vfree(shown);
	shown = NULL;
	return err;
}

int
lcd_map_start(void)
{
	int err;

	mutex_lock(&map_lock);
	err = map_start_locked();
	mutex_unlock(&map_lock);
	return err;
}

/* No owner has it: what programs left goes, unless they have it open. */
int
lcd_map_stop(void)
{
	struct task *old;
	int err;

	mutex_lock(&map_lock);
	old = thread;
	thread = NULL;
	mutex_unlock(&map_lock);
	if (old)
		kthread_stop(old);	/* it takes the lock itself */
	mutex_lock(&map_lock);
	err = lcd_stop();
	if (old) {
		vfree(shown);
		shown = NULL;
	}
	mutex_unlock(&map_lock);
	return err;
}

/* --- console -------------------------------------------------------------- */

static void
lcd_show(struct seq_buf *s)
{
	u16 *fb = lcd_framebuffer();

	if (!fb) {
		seq_puts(s, "off\n");
		return;
	}
	seq_printf(s, "%ux%u, 16 bits, frame buffer at 0x%08x\n", LCD_WIDTH,
		   LCD_HEIGHT, __pa(fb));
	if (!READ_ONCE(thread)) {
		seq_puts(s, "drawn by programs (/dev/fb0)\n");
		return;
	}
	seq_printf(s, "map: a cell is %u frames, %lu redraws, %lu cells "
		   "drawn\n", lcd_map_scale(), nr_redraws, nr_cells_drawn);
}
NODE("lcd", lcd_show);

static int
lcd_command(int argc, char **argv)
{
	int err = 0;

	if (argc == 2 && !strcmp(argv[1], "map")) {
		err = lcd_map_start();
		if (err)
			console_puts(err == -EBUSY ? "lcd: it is on\n" :
				     "lcd: no memory in one piece for the "
				     "frame buffer (see \"cat cma\")\n");
	} else if (argc == 2 && !strcmp(argv[1], "off")) {
		err = lcd_map_stop();
		if (err)
			console_puts("lcd: a program has /dev/fb0 open\n");
	} else {
		console_puts("lcd: usage: lcd map|off\n");
		err = -EINVAL;
	}
	return err;
}
MONITOR_COMMAND("lcd", lcd_command, "map|off",
		"show physical memory on the LCD");

/* lcd=map */
static bool wanted;

static int
param_lcd(const char *value)
{
	if (strcmp(value, "map"))
		return -EINVAL;
	wanted = true;
	return 0;
}
BOOT_PARAM("lcd", param_lcd);

/* In a thread, because taking memory from its guests may sleep. */
static void
start_lcd_thread(void *arg)
{
	(void)arg;
	if (lcd_map_start())
		pr_err("lcd: no memory in one piece for the frame buffer\n");
}

static int
lcd_map_init(void)
{
	if (wanted && !kthread_run(start_lcd_thread, NULL, "lcd_start"))
		return -ENOMEM;
	return 0;
}
late_initcall(lcd_map_init);
