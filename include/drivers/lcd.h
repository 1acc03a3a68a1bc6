/* SPDX-License-Identifier: MIT */
/*
 * The screen: a frame buffer of 640 by 480 pixels of 16 bits (5 red, 6 green,
 * 5 blue), and the live picture of physical memory on it. See drivers/pl111.c
 * and drivers/lcd_map.c.
 */
#ifndef DRIVERS_LCD_H
#define DRIVERS_LCD_H

#include <lib/types.h>
#include <mm/page.h>

#define LCD_WIDTH	640
#define LCD_HEIGHT	480
#define LCD_BYTES	(LCD_WIDTH * LCD_HEIGHT * 2u)

#define RGB565(r, g, b)	((u16)((r) >> 3 << 11 | (g) >> 2 << 5 | (b) >> 3))

/*
 * The screen for one owner: *fb is a frame buffer, black, shown at once.
 * Context: may sleep. 0; -ENOMEM: no memory in one piece (cma=); -EBUSY: it
 * has an owner, or programs have it open; -ENODEV: no controller.
 */
int lcd_start(u16 **fb);
/*
 * Dark, and the memory goes back; so does what programs left. Context: may
 * sleep. 0; -EBUSY: programs have it open.
 */
int lcd_stop(void);
/*
 * The screen for programs: /dev/fb0 is opened, for any number of times. Lit by
 * the first, and not made dark by the last lcd_close(). Errors as above.
 */
int lcd_open(void);
void lcd_close(void);
/* The frame buffer, or NULL when dark. */
u16 *lcd_framebuffer(void);

/* Draw. Parts outside the screen are cut off. Characters are 6 by 8 pixels. */
void lcd_fill(u16 *fb, unsigned x, unsigned y, unsigned width,
	      unsigned height, u16 colour);
/* Returns the x behind the text. Small letters are drawn as capitals. */
unsigned lcd_text(u16 *fb, unsigned x, unsigned y, const char *text,
		  u16 colour);

/* The thread that redraws the picture: start (0, -ENOMEM, -EBUSY), stop. */
int lcd_map_start(void);
/* 0, or as lcd_stop(). */
int lcd_map_stop(void);
/* Bring the picture up to date now. Context: may sleep; it is on. */
void lcd_map_redraw(void);
/* How many frames a cell stands for, and where that of pfn has its corner. */
unsigned lcd_map_scale(void);
void lcd_map_cell(pfn_t pfn, unsigned *x, unsigned *y);
u16 lcd_map_colour(enum page_state state);
/* Corner of the legend's square of this state; 0, 0 if it has none. */
void lcd_map_legend(enum page_state state, unsigned *x, unsigned *y);
#define LCD_CELL	5	/* pixels; one of them is the gap */

#endif
