/* SPDX-License-Identifier: MIT */
/*
 * /dev/fb0: the screen as a file, and as memory of a program.
 *
 *	program  |  virtual page  |  virtual page  | ...	stores
 *		     \ PTE, uncached, no struct page counts
 *	frames   | 0x6f800000     | 0x6f801000     | ...	150 of them,
 *		     / UPBASE				    from CMA
 *	PL111    reads them 60 times a second
 *
 * Ideas
 *   All at once	The frames lie side by side and stay, so mmap() enters all
 *		translations itself (remap_pfn_range): no fault ever comes.
 *		drivers/vmap.c is the other way, page by page.
 *   Uncached	The controller reads memory, not the core's cache. Every
 *		mapping of a frame must agree on that (ARM ARM A3.5.7), so the
 *		program's is uncached like the kernel's.
 *   Life	The screen is lit by the first open and stays lit when all have
 *		closed, or a program's picture would go with the program. `lcd
 *		off` gives the memory back, when nobody has the file open; a
 *		mapping counts, for it holds the file.
 *   One owner	The picture of memory (lcd map) and programs exclude each other:
 *		who comes second gets EBUSY.
 *
 * Locks	none here: pl111.c's lcd_lock counts who has it open. Between open
 *		and release the frame buffer does not move.
 * Sources	Linux Documentation/fb/api.rst; linux/fb.h.
 */
#include <asm/memory.h>
#include <asm/uaccess.h>
#include <drivers/lcd.h>
#include <kernel/fs.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <uapi/fb.h>

static const struct fb_var_screeninfo var_info = {
	.xres = LCD_WIDTH, .yres = LCD_HEIGHT,
	.xres_virtual = LCD_WIDTH, .yres_virtual = LCD_HEIGHT,
	.bits_per_pixel = 16,
	.red = { 11, 5, 0 }, .green = { 5, 6, 0 }, .blue = { 0, 5, 0 },
	.height = ~0u, .width = ~0u,
};

static int
fb_open(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	return lcd_open();
}

static void
fb_release(struct inode *inode, struct file *file)
{
	(void)inode;
	(void)file;
	lcd_close();
}

static ssize_t
fb_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	(void)file;
	return memory_read(lcd_framebuffer(), LCD_BYTES, to, pos);
}

static ssize_t
fb_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	(void)file;
	return memory_write(lcd_framebuffer(), LCD_BYTES, from, pos);
}

static s64
fb_llseek(struct file *file, s64 offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, LCD_BYTES);
}

static void
fill_fix_info(struct fb_fix_screeninfo *fix)
{
	memset(fix, 0, sizeof(*fix));
	strscpy(fix->id, "CLCD FB", sizeof(fix->id));
	fix->smem_start = __pa(lcd_framebuffer());
	fix->smem_len = LCD_BYTES;
	fix->type = FB_TYPE_PACKED_PIXELS;
	fix->visual = FB_VISUAL_TRUECOLOR;
	fix->line_length = LCD_WIDTH * 2;
	fix->accel = FB_ACCEL_NONE;
}

/* There is one mode: it may be asked for, and nothing else. */
static long
put_var_info(unsigned long arg)
{
	struct fb_var_screeninfo var;

	if (copy_from_user(&var, (const void *)arg, sizeof(var)))
		return -EFAULT;
	if (var.xres != var_info.xres || var.yres != var_info.yres ||
	    var.xres_virtual > var_info.xres_virtual ||
	    var.yres_virtual > var_info.yres_virtual || var.xoffset ||
	    var.yoffset || var.bits_per_pixel != var_info.bits_per_pixel)
		return -EINVAL;
	return copy_to_user((void *)arg, &var_info, sizeof(var_info)) ?
	       -EFAULT : 0;
}

static long
fb_ioctl(struct file *file, unsigned cmd, unsigned long arg)
{
	struct fb_fix_screeninfo fix;

	(void)file;
	switch (cmd) {
	case FBIOGET_VSCREENINFO:
		return copy_to_user((void *)arg, &var_info,
				    sizeof(var_info)) ? -EFAULT : 0;
	case FBIOPUT_VSCREENINFO:
		return put_var_info(arg);
	case FBIOGET_FSCREENINFO:
		fill_fix_info(&fix);
		return copy_to_user((void *)arg, &fix, sizeof(fix)) ?
		       -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

static const struct vm_operations_struct fb_vm_ops = {
	.open = file_vm_open, .close = file_vm_close,
};

/*
 * -EINVAL: more than there is, or a private mapping that may be written: a copy
 * of the frames that nobody would see.
 */
static int
fb_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	unsigned long pages = ALIGN_UP(LCD_BYTES, PAGE_SIZE) >> PAGE_SHIFT;
	int err;

	if (vma->vm_pgoff >= pages ||
	    size >> PAGE_SHIFT > pages - vma->vm_pgoff)
		return -EINVAL;
	err = remap_pfn_range(vma, vma->vm_start,
			      (__pa(lcd_framebuffer()) >> PAGE_SHIFT) +
			      vma->vm_pgoff, size, USER_UNCACHED);
	if (err)
		return err;
	vma->vm_ops = &fb_vm_ops;
	vma->vm_file = get_file(file);
	return 0;
}

static const struct file_operations fb_ops = {
	.open = fb_open, .release = fb_release, .read = fb_read,
	.write = fb_write, .llseek = fb_llseek, .ioctl = fb_ioctl,
	.mmap = fb_mmap,
};

static const struct char_device devices[] = {
	{ "fb0", MKDEV(29, 0), 0660, &fb_ops },
};
CHAR_DEVICES(fb, devices);
