/* SPDX-License-Identifier: MIT */
/*
 * Memory of drivers in a program: /dev/fb0, whose frames are all entered by
 * mmap(), and /dev/vmap, whose pages come one at a time.
 */
#include <linux/fb.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "utest.h"

#define FB_BYTES	(640 * 480 * 2l)
#define VMAP_BYTES	(4 * (long)PAGE)

static long
open_rw(const char *name)
{
	return SYSCALL(SYS_open, name, O_RDWR);
}

/* Or the case ends: a machine without a screen, or memory for it, is none. */
static int
screen(void)
{
	long fd = open_rw("/dev/fb0");

	if (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO)
		SKIP("no /dev/fb0");
	if (fd == -ENOMEM)
		SKIP("no area of CMA that holds a screen (cma=)");
	ASSERT(fd >= 0);
	return (int)fd;
}

static unsigned short *
pixels(int fd)
{
	void *at = mmap(NULL, FB_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			0);

	ASSERT(at != MAP_FAILED);
	return at;
}

static int
vmap(void)
{
	long fd = open_rw("/dev/vmap");

	if (fd == -ENOENT)
		SKIP("no /dev/vmap");
	ASSERT(fd >= 0);
	return (int)fd;
}

static char *
vmap_pages(int fd, int flags)
{
	void *at = mmap(NULL, VMAP_BYTES, PROT_READ | PROT_WRITE, flags, fd, 0);

	ASSERT(at != MAP_FAILED);
	return at;
}

static long
minor_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* --- the screen --------------------------------------------------------------- */

static void
the_screen_tells_its_geometry(void)
{
	int fd = screen();
	struct fb_var_screeninfo var = { 0 };
	struct fb_fix_screeninfo fix;

	ASSERT_EQ(SYSCALL(SYS_ioctl, fd, FBIOGET_VSCREENINFO, &var), 0);
	ASSERT_EQ(SYSCALL(SYS_ioctl, fd, FBIOGET_FSCREENINFO, &fix), 0);
	EXPECT_EQ(var.xres, 640);
	EXPECT_EQ(var.yres, 480);
	EXPECT_EQ(var.bits_per_pixel, 16);
	EXPECT_EQ(var.red.offset, 11);
	EXPECT_EQ(var.green.length, 6);
	EXPECT_EQ(fix.line_length, 1280);
	EXPECT_EQ(fix.smem_len, FB_BYTES);
	EXPECT(fix.smem_start >= 0x60000000 && !(fix.smem_start & (PAGE - 1)));
	EXPECT_EQ(strcmp(fix.id, "CLCD FB"), 0);
	EXPECT_EQ(SYSCALL(SYS_ioctl, fd, FBIOPUT_VSCREENINFO, &var), 0);
	var.bits_per_pixel = 32;
	EXPECT_EQ(SYSCALL(SYS_ioctl, fd, FBIOPUT_VSCREENINFO, &var), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_ioctl, fd, FBIOGET_VSCREENINFO, 16), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_ioctl, fd, 0x46ff, &var), -ENOTTY);
}

static void
what_is_stored_in_the_mapping_is_read_from_the_file(void)
{
	int fd = screen();
	unsigned short *at = pixels(fd), back[3] = { 0 };

	at[640 * 480 - 3] = 0xf800;
	at[640 * 480 - 2] = 0x07e0;
	at[640 * 480 - 1] = 0x001f;
	EXPECT_EQ(pread(fd, back, 6, FB_BYTES - 6), 6);
	EXPECT_EQ(back[0], 0xf800);
	EXPECT_EQ(back[2], 0x001f);
	EXPECT_EQ(pwrite(fd, "\x34\x12", 2, 640 * 2), 2);
	EXPECT_EQ(at[640], 0x1234);
}

static void
the_file_ends_where_the_screen_does(void)
{
	int fd = screen();
	char buf[8] = "abcdefg";

	EXPECT_EQ(SYSCALL(SYS_lseek, fd, 0, SEEK_END), FB_BYTES);
	EXPECT_EQ(SYSCALL(SYS_read, fd, buf, 8), 0);
	EXPECT_EQ(SYSCALL(SYS_write, fd, buf, 8), -ENOSPC);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, -3, SEEK_CUR), FB_BYTES - 3);
	EXPECT_EQ(SYSCALL(SYS_write, fd, buf, 8), 3);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, -1, SEEK_SET), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, buf, 8, 0, 0, 256), 0);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, 0, SEEK_SET), 0);
	EXPECT_EQ(SYSCALL(SYS_read, fd, 16, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_write, fd, 16, 8), -EFAULT);
}

static long
map_screen(int fd, long len, int prot, int flags, long page)
{
	return SYSCALL(SYS_mmap2, NULL, len, prot, flags, fd, page);
}

static bool
is_address(long result)
{
	return (unsigned long)result < (unsigned long)-4095;
}

static void
no_more_than_the_screen_is_mapped(void)
{
	int fd = screen(), rw = PROT_READ | PROT_WRITE;
	long at;

	EXPECT_EQ(map_screen(fd, FB_BYTES + PAGE, rw, MAP_SHARED, 0), -EINVAL);
	EXPECT_EQ(map_screen(fd, PAGE, rw, MAP_SHARED, FB_BYTES / PAGE),
		  -EINVAL);
	EXPECT_EQ(map_screen(fd, 2 * PAGE, rw, MAP_SHARED, 149), -EINVAL);
	EXPECT_EQ(map_screen(fd, PAGE, rw, MAP_PRIVATE, 0), -EINVAL);
	EXPECT(is_address(map_screen(fd, PAGE, rw, MAP_SHARED, 149)));
	at = map_screen(fd, PAGE, rw, MAP_SHARED, 0);
	ASSERT(is_address(at));
	EXPECT_EQ(SYSCALL(SYS_mremap, at, PAGE, 2 * PAGE, 1, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGE, MADV_DONTNEED), -EINVAL);
}

static void
all_of_the_mapping_is_there_at_once(void)
{
	int fd = screen();
	unsigned short *at = pixels(fd);
	long before, i;

	before = minor_faults();
	for (i = 0; i < FB_BYTES / 2; i += PAGE / 2)
		at[i] = (unsigned short)i;
	EXPECT_EQ(minor_faults() - before, 0);
}

static void
a_part_is_mapped_where_it_was_asked_for(void)
{
	int fd = screen();
	unsigned short *all = pixels(fd), *part;

	part = (void *)map_screen(fd, PAGE, PROT_READ, MAP_SHARED, 7);
	ASSERT(is_address((long)part));
	all[7 * PAGE / 2 + 5] = 0x4711;
	EXPECT_EQ(part[5], 0x4711);
	EXPECT_EQ(store_fault(part), SIGSEGV);
}

static void
draw_one(void *at)
{
	((unsigned short *)at)[99] = 0x5555;
}

static void
a_child_draws_on_the_same_screen(void)
{
	int fd = screen();
	unsigned short *at = pixels(fd);

	at[99] = 0;
	EXPECT_EQ(status_of(draw_one, at), 0);
	EXPECT_EQ(at[99], 0x5555);
	at[99] = 0x6666;
	EXPECT_EQ(status_of(draw_one, at), 0);
	EXPECT_EQ(at[99], 0x5555);
}

static void
rights_are_taken_and_given_back(void)
{
	int fd = screen();
	unsigned short *at = pixels(fd);

	at[0] = 0x1111;
	EXPECT_EQ(SYSCALL(SYS_mprotect, at, FB_BYTES, PROT_READ), 0);
	EXPECT_EQ(store_fault(at), SIGSEGV);
	EXPECT_EQ(SYSCALL(SYS_mprotect, at, FB_BYTES, PROT_NONE), 0);
	EXPECT_EQ(load_fault(at), SIGSEGV);
	EXPECT_EQ(SYSCALL(SYS_mprotect, at, FB_BYTES, PROT_READ | PROT_WRITE),
		  0);
	EXPECT_EQ(at[0], 0x1111);
	at[0] = 0x2222;
	EXPECT_EQ(at[0], 0x2222);
}

static void
the_kernel_reads_and_writes_it_too(void)
{
	int fd = screen(), fds[2];
	unsigned short *at = pixels(fd);

	ASSERT(pipe(fds) == 0);
	at[1] = 0x4241;
	EXPECT_EQ(SYSCALL(SYS_write, fds[1], &at[1], 2), 2);
	EXPECT_EQ(SYSCALL(SYS_read, fds[0], &at[2], 2), 2);
	EXPECT_EQ(at[2], 0x4241);
}

static void
draw_and_leave(void *unused)
{
	int fd = open("/dev/fb0", O_RDWR);
	unsigned short *at = pixels(fd);

	close(fd);
	at[1000] = 0x7777;		/* the mapping holds the screen */
}

static void
the_picture_stays_when_its_program_ends(void)
{
	unsigned short back = 0;

	close(screen());
	EXPECT_EQ(status_of(draw_and_leave, NULL), 0);
	EXPECT_EQ(pread(screen(), &back, 2, 2000), 2);
	EXPECT_EQ(back, 0x7777);
}

/* --- vmalloc memory ------------------------------------------------------------- */

static void
pages_come_one_at_a_time(void)
{
	int fd = vmap(), i;
	char *at = vmap_pages(fd, MAP_SHARED), want[40];
	long before;

	before = minor_faults();
	for (i = 0; i < 4; i++) {
		snprintf(want, sizeof(want), "page %d of the kernel's", i);
		EXPECT_EQ(strcmp(at + i * PAGE, want), 0);
	}
	before = minor_faults() - before;
	/* Beside ours: those that printing made. */
	EXPECT(before >= 4);
	before = minor_faults();
	for (i = 0; i < 4; i++)
		EXPECT_EQ(at[i * PAGE], 'p');
	EXPECT_EQ(minor_faults() - before, 0);
}

static void
memory_and_file_are_the_same_bytes(void)
{
	int fd = vmap();
	char *at = vmap_pages(fd, MAP_SHARED), buf[8];

	strcpy(at + PAGE - 3, "across");
	EXPECT_EQ(pread(fd, buf, 7, PAGE - 3), 7);
	EXPECT_EQ(strcmp(buf, "across"), 0);
	EXPECT_EQ(pwrite(fd, "below", 6, 3 * PAGE), 6);
	EXPECT_EQ(strcmp(at + 3 * PAGE, "below"), 0);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, 0, SEEK_END), VMAP_BYTES);
	EXPECT_EQ(SYSCALL(SYS_write, fd, "x", 1), -ENOSPC);
	EXPECT_EQ(SYSCALL(SYS_read, fd, buf, 1), 0);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, 0, SEEK_SET), 0);
	EXPECT_EQ(SYSCALL(SYS_read, fd, 16, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_write, fd, 16, 8), -EFAULT);
}

static void
behind_its_end_is_a_bus_error(void)
{
	int fd = vmap();
	char *at = mmap(NULL, VMAP_BYTES + PAGE, PROT_READ, MAP_SHARED, fd, 0);

	ASSERT(at != MAP_FAILED);
	EXPECT_EQ(load_fault(at + VMAP_BYTES - 1), 0);
	EXPECT_EQ(load_fault(at + VMAP_BYTES), SIGBUS);
	EXPECT_EQ(SYSCALL(SYS_mremap, at, PAGE, 2 * PAGE, 1, 0), -EFAULT);
}

static void
a_private_mapping_gets_copies(void)
{
	int fd = vmap();
	char *mine = vmap_pages(fd, MAP_PRIVATE);
	char *ours = vmap_pages(fd, MAP_SHARED);

	ours[0] = 'o';
	EXPECT_EQ(mine[0], 'o');
	mine[0] = 'm';			/* after a read */
	mine[PAGE] = 'm';		/* before any */
	EXPECT_EQ(ours[0], 'o');
	EXPECT_EQ(ours[PAGE], 'p');
	ours[1] = '!';
	EXPECT(mine[1] != '!');
}

static void
leave_a_mark(void *at)
{
	((char *)at)[2 * PAGE] = 'c';
}

static void
all_who_open_it_share_it(void)
{
	int fd = vmap(), other = vmap();
	char *at = vmap_pages(fd, MAP_SHARED), buf;

	EXPECT_EQ(status_of(leave_a_mark, at), 0);
	EXPECT_EQ(at[2 * PAGE], 'c');
	EXPECT_EQ(pread(other, &buf, 1, 2 * PAGE), 1);
	EXPECT_EQ(buf, 'c');
}

static void
a_mapping_keeps_it_and_the_last_one_ends_it(void)
{
	int fd = vmap();
	char *at = vmap_pages(fd, MAP_SHARED), buf = 0;

	at[0] = 'k';
	close(fd);
	fd = vmap();
	EXPECT_EQ(pread(fd, &buf, 1, 0), 1);
	EXPECT_EQ(buf, 'k');
	close(fd);
	EXPECT_EQ(SYSCALL(SYS_munmap, at, PAGE), 0);	/* three pages hold it */
	fd = vmap();
	EXPECT_EQ(pread(fd, &buf, 1, 0), 1);
	EXPECT_EQ(buf, 'k');
	close(fd);
	EXPECT_EQ(SYSCALL(SYS_munmap, at + PAGE, 3 * PAGE), 0);
	fd = vmap();
	EXPECT_EQ(pread(fd, &buf, 1, 0), 1);
	EXPECT_EQ(buf, 'p');
}

UTEST_SUITE(device_memory,
	    UTEST(the_screen_tells_its_geometry),
	    UTEST(what_is_stored_in_the_mapping_is_read_from_the_file),
	    UTEST(the_file_ends_where_the_screen_does),
	    UTEST(no_more_than_the_screen_is_mapped),
	    UTEST(all_of_the_mapping_is_there_at_once),
	    UTEST(a_part_is_mapped_where_it_was_asked_for),
	    UTEST(a_child_draws_on_the_same_screen),
	    UTEST(rights_are_taken_and_given_back),
	    UTEST(the_kernel_reads_and_writes_it_too),
	    UTEST(the_picture_stays_when_its_program_ends),
	    UTEST(pages_come_one_at_a_time),
	    UTEST(memory_and_file_are_the_same_bytes),
	    UTEST(behind_its_end_is_a_bus_error),
	    UTEST(a_private_mapping_gets_copies),
	    UTEST(all_who_open_it_share_it),
	    UTEST(a_mapping_keeps_it_and_the_last_one_ends_it));
