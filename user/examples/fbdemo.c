/* SPDX-License-Identifier: MIT */
/*
 * fbdemo: a picture on the LCD, drawn by stores into a mapping of /dev/fb0.
 *
 * The driver gives its frames, which lie together (they come from CMA), to the
 * program by remap_pfn_range(): what is stored there is on the screen.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fb.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "example.h"

static uint16_t
colour(unsigned x, unsigned y, const struct fb_var_screeninfo *s)
{
	unsigned red = 31 * x / s->xres, green = 63 * y / s->yres;
	unsigned ring = (x - s->xres / 2) * (x - s->xres / 2) +
			(y - s->yres / 2) * (y - s->yres / 2);

	return red << 11 | green << 5 | (ring / 1024 % 32);
}

int
main(void)
{
	int fd = open("/dev/fb0", O_RDWR);
	struct fb_var_screeninfo s;
	uint16_t *pixels;
	unsigned x, y;

	if (fd < 0 && (errno == ENOENT || errno == ENXIO || errno == ENODEV)) {
		puts("fbdemo: this machine has no /dev/fb0 (no LCD, or no driver)");
		return 0;
	}
	if (fd < 0 || ioctl(fd, FBIOGET_VSCREENINFO, &s)) {
		perror("/dev/fb0");
		return 1;
	}
	printf("%ux%u, %u bits for a pixel\n", (unsigned)s.xres,
	       (unsigned)s.yres, (unsigned)s.bits_per_pixel);
	if (s.bits_per_pixel != 16) {
		puts("fbdemo: it draws on screens with 16 bits for a pixel");
		return 1;
	}
	pixels = mmap(NULL, s.xres * s.yres * 2, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (pixels == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	show_lines("/proc/self/maps", "fb0");
	for (y = 0; y < s.yres; y++) {
		for (x = 0; x < s.xres; x++)
			pixels[y * s.xres + x] = colour(x, y, &s);
	}
	return 0;
}
