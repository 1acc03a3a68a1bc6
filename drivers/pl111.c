/* SPDX-License-Identifier: MIT */
/*
 * PL111: the LCD controller of the tile, the one that the emulator shows.
 *
 * Ideas
 *   The controller reads the frame buffer by itself, some 60 times a second,
 *   from one address on: 614400 bytes in one piece, which is 150 frames side
 *   by side. That is what CMA is for: while the screen is dark these frames
 *   are lent to others. The memory is coherent (uncached), so what is drawn
 *   is seen without a cache operation.
 *
 *	TIMING0-2	how many pixels and lines, and the pauses between
 *	UPBASE		where the frame buffer is
 *	CONTROL		on, 16 bits a pixel; BGR set means red is on top
 *
 *   Who has it	nobody, one owner (the picture of memory), or programs:
 *
 *	dark --lcd_start--> owned        lit --lcd_start--> owned, black
 *	dark --lcd_open--> opened --last lcd_close--> lit --lcd_open--> opened
 *	owned, lit --lcd_stop--> dark
 *
 * Locks	lcd_lock, a mutex: on and off, who has it.
 * Questions a reader asks
 *   Why is "BGR" set for red-green-blue?  The bit swaps red and blue behind the
 *     controller's own order, which for 565 has blue on top.
 * Sources	ARM DDI 0293 (PL111).
 */
#include <asm/barrier.h>
#include <asm/io.h>
#include <drivers/lcd.h>
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <kernel/panic.h>
#include <kernel/resource.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/dma.h>
#include <mm/vmalloc.h>

#define LCD_PHYS	0x10020000
#define LCD_SIZE	0x1000

#define LCD_TIMING0	0x00
#define TIMING0_640	0x3f1f3f9c	/* porches, sync, 640 / 16 - 1 */
#define LCD_TIMING1	0x04
#define TIMING1_480	0x090b61df	/* the same of lines, 480 - 1 */
#define LCD_TIMING2	0x08
#define TIMING2		0x067f1800	/* 640 clocks a line, signs */
#define LCD_UPBASE	0x10
#define LCD_CONTROL	0x18
#define CONTROL_ENABLE	(1 << 0)
#define CONTROL_565	(6 << 1)
#define CONTROL_TFT	(1 << 5)
#define CONTROL_BGR	(1 << 8)
#define CONTROL_POWER	(1 << 11)

static DEFINE_MUTEX(lcd_lock);
static u8 *regs;
static struct device lcd_device = { .name = "clcd", .dma_mask = ~0u };
static u16 *framebuffer;		/* lcd_lock to write */
static dma_addr_t framebuffer_addr;
static bool owned;			/* lcd_lock: by lcd_start() */
static unsigned nr_open;		/* lcd_lock: lcd_open() */

u16 *
lcd_framebuffer(void)
{
	return READ_ONCE(framebuffer);
}

static void
controller_on(dma_addr_t addr)
{
	writel(TIMING0_640, regs + LCD_TIMING0);
	writel(TIMING1_480, regs + LCD_TIMING1);
	writel(TIMING2, regs + LCD_TIMING2);
	writel(addr, regs + LCD_UPBASE);
	writel(CONTROL_ENABLE | CONTROL_565 | CONTROL_TFT | CONTROL_BGR |
	       CONTROL_POWER, regs + LCD_CONTROL);
}

/* Lit, if it is not. Held: lcd_lock. */
static int
light_locked(void)
{
	u16 *fb;

	if (!regs)
		return -ENODEV;
	if (framebuffer)
		return 0;
	fb = dma_alloc_coherent(&lcd_device, LCD_BYTES, &framebuffer_addr,
				GFP_KERNEL);
	if (!fb)
		return -ENOMEM;
	controller_on(framebuffer_addr);
	WRITE_ONCE(framebuffer, fb);
	return 0;
}

int
lcd_start(u16 **fb)
{
	int err = -EBUSY;

	mutex_lock(&lcd_lock);
	if (!owned && !nr_open)
		err = light_locked();
	if (!err) {
		owned = true;
		memset(framebuffer, 0, LCD_BYTES);	/* a program's picture */
		*fb = framebuffer;
	}
	mutex_unlock(&lcd_lock);
	return err;
}

int
lcd_stop(void)
{
	int err = 0;

	mutex_lock(&lcd_lock);
	if (nr_open) {
		err = -EBUSY;
	} else if (framebuffer) {
		writel(0, regs + LCD_CONTROL);
		writel(0, regs + LCD_UPBASE);
		dma_free_coherent(&lcd_device, LCD_BYTES, framebuffer,
				  framebuffer_addr);
		WRITE_ONCE(framebuffer, NULL);
		owned = false;
	}
	mutex_unlock(&lcd_lock);
	return err;
}

int
lcd_open(void)
{
	int err = -EBUSY;

	mutex_lock(&lcd_lock);
	if (!owned)
		err = light_locked();
	if (!err)
		nr_open++;
	mutex_unlock(&lcd_lock);
	return err;
}

void
lcd_close(void)
{
	mutex_lock(&lcd_lock);
	assert(nr_open > 0);
	nr_open--;
	mutex_unlock(&lcd_lock);
}

static int
lcd_init(void)
{
	regs = ioremap(LCD_PHYS, LCD_SIZE);
	if (!regs)
		return -ENOMEM;
	request_mem_region(LCD_PHYS, LCD_SIZE, "clcd-pl111");
	return 0;
}
device_initcall(lcd_init);
