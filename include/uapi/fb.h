/* SPDX-License-Identifier: MIT */
/*
 * Frame buffers, as /dev/fb0 tells of them: Linux's linux/fb.h. Plain C types,
 * for programs include it too (user/include/linux/fb.h).
 */
#ifndef UAPI_FB_H
#define UAPI_FB_H

#define FBIOGET_VSCREENINFO	0x4600
#define FBIOPUT_VSCREENINFO	0x4601
#define FBIOGET_FSCREENINFO	0x4602

#define FB_TYPE_PACKED_PIXELS	0
#define FB_VISUAL_TRUECOLOR	2
#define FB_ACCEL_NONE		0

/* Where a colour lies in a pixel: bits from the lowest one. */
struct fb_bitfield {
	unsigned int offset, length, msb_right;
};

/* What could be chosen, if the hardware had more than one mode. */
struct fb_var_screeninfo {
	unsigned int xres, yres;		/* what is seen */
	unsigned int xres_virtual, yres_virtual; /* what there is */
	unsigned int xoffset, yoffset;
	unsigned int bits_per_pixel;
	unsigned int grayscale;
	struct fb_bitfield red, green, blue, transp;
	unsigned int nonstd;
	unsigned int activate;
	unsigned int height, width;		/* mm; ~0: unknown */
	unsigned int accel_flags;
	unsigned int pixclock;			/* ps */
	unsigned int left_margin, right_margin, upper_margin, lower_margin;
	unsigned int hsync_len, vsync_len;
	unsigned int sync, vmode, rotate, colorspace;
	unsigned int reserved[4];
};

struct fb_fix_screeninfo {
	char id[16];
	unsigned long smem_start;		/* physical address */
	unsigned int smem_len;			/* bytes that can be mapped */
	unsigned int type, type_aux, visual;
	unsigned short xpanstep, ypanstep, ywrapstep;
	unsigned int line_length;		/* bytes */
	unsigned long mmio_start;
	unsigned int mmio_len;
	unsigned int accel;
	unsigned short capabilities;
	unsigned short reserved[2];
};

_Static_assert(sizeof(struct fb_var_screeninfo) == 160, "Linux's");
_Static_assert(sizeof(struct fb_fix_screeninfo) == 68, "Linux's, 32 bits");

#endif
