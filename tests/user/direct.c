/* SPDX-License-Identifier: MIT */
/*
 * O_DIRECT with a program's own memory: a disk in memory (zram) moves bytes from
 * and to its pages. And the other way round, sync_file_range2(): which part of
 * what the cache has is written.
 */
#include "fuzz.h"

#define KNOB(n)	"/proc/sys/block/zram0/" n
#define RW	(PROT_READ | PROT_WRITE)

static long
set_knob(const char *name, const char *value)
{
	int fd = open(name, O_WRONLY);
	long n = fd < 0 ? -1 : write(fd, value, strlen(value));

	close(fd);
	return n;
}

/* The disk of 1 MiB, open past the cache; ends the case where there is none. */
static int
disk_begin(void)
{
	int fd;

	if (set_knob(KNOB("disksize"), "1M") < 0)
		SKIP("no zram, or it is in use");
	fd = open(DISK, O_RDWR | O_DIRECT);
	ASSERT(fd >= 0);
	return fd;
}

static void
disk_end(int fd)
{
	close(fd);
	EXPECT(set_knob(KNOB("reset"), "1") > 0);
}

static void
bytes_go_between_pages_and_disk(void)
{
	int fd = disk_begin(), cached = open(DISK, O_RDWR);
	char *at = map(4 * PAGE), *other = map(4 * PAGE);

	for (unsigned i = 0; i < 4 * PAGE; i++)
		at[i] = (char)(i / 512 + i);
	EXPECT_EQ(pwrite(fd, at, 4 * PAGE, 8192), 4 * PAGE);
	EXPECT_EQ(pread(fd, other, 4 * PAGE, 8192), 4 * PAGE);
	EXPECT_EQ(memcmp(at, other, 4 * PAGE), 0);
	/* From the middle of a page, a sector. */
	EXPECT_EQ(pread(fd, other + 1536, 512, 8192 + 512), 512);
	EXPECT_EQ(memcmp(other + 1536, at + 512, 512), 0);
	memset(other, 7, PAGE);
	EXPECT_EQ(pwrite(cached, other, PAGE, 8192 + PAGE), PAGE);
	EXPECT_EQ(pread(fd, at, 4 * PAGE, 8192), 4 * PAGE);
	EXPECT_EQ(memcmp(at + PAGE, other, PAGE), 0);
	close(cached);
	disk_end(fd);
}

/* The device writes to a page that the program never touched, and reads one. */
static void
untouched_pages_are_made(void)
{
	int fd = disk_begin();
	char *at = map(2 * PAGE);

	memset(at, 5, PAGE);
	EXPECT_EQ(pwrite(fd, at, PAGE, 0), PAGE);
	EXPECT_EQ(at[PAGE], 0);			/* read only: zeros */
	EXPECT_EQ(pwrite(fd, at + PAGE, PAGE, PAGE), PAGE);
	EXPECT_EQ(pread(fd, map(PAGE), PAGE, 0), PAGE);
	EXPECT_EQ(pread(fd, at, 2 * PAGE, 0), 2 * PAGE);
	EXPECT(at[0] == 5 && at[PAGE - 1] == 5 && !at[PAGE]);
	disk_end(fd);
}

static void
what_is_no_whole_sector_is_refused(void)
{
	int fd = disk_begin();
	char *at = map(2 * PAGE);

	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at + 1, 512, 0, 0, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at, 511, 0, 0, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at, 512, 0, 100, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_pwrite64, fd, at, 513, 0, 0, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at, 0, 0, 0, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at, 512, 0, 512, 0), 512);
	disk_end(fd);
}

static void
memory_that_is_not_there_is_a_fault(void)
{
	int fd = disk_begin();
	char *at = map(3 * PAGE);

	munmap(at + PAGE, PAGE);
	mprotect(at + 2 * PAGE, PAGE, PROT_READ);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at + PAGE, PAGE, 0, 0, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at + 2 * PAGE, PAGE, 0, 0, 0),
		  -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_pwrite64, fd, at + 2 * PAGE, PAGE, 0, 0, 0),
		  PAGE);
	/* As far as it is there. */
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at, 2 * PAGE, 0, 0, 0), PAGE);
	disk_end(fd);
}

static long
free_pages(void)
{
	long info[16];		/* struct sysinfo: freeram is its sixth word */

	ASSERT_EQ(SYSCALL(SYS_sysinfo, info), 0);
	return info[5] / (long)PAGE;
}

/* 64 times 64 pages: a pin that stayed would keep 16 MiB. */
static void
pages_are_let_go_afterwards(void)
{
	int fd = disk_begin();
	long before = free_pages();

	for (int i = 0; i < 64; i++) {
		char *at = map(64 * PAGE);

		EXPECT_EQ(pread(fd, at, 64 * PAGE, 0), 64 * PAGE);
		munmap(at, 64 * PAGE);
	}
	EXPECT(free_pages() > before - 1024);
	disk_end(fd);
}

/* A mapping of the disk sees what was written past the cache; and its pages may
 * be what is written. */
static void
mappings_agree(void)
{
	int fd = disk_begin(), cached = open(DISK, O_RDWR);
	char *at = map(PAGE), *view;

	view = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, cached, 0);
	ASSERT(view != MAP_FAILED);
	view[0] = 1;
	view[PAGE] = 2;
	EXPECT_EQ(pread(fd, at, PAGE, 0), PAGE);
	EXPECT_EQ(at[0], 1);
	at[0] = 3;
	EXPECT_EQ(pwrite(fd, at, PAGE, 0), PAGE);
	EXPECT_EQ(view[0], 3);
	EXPECT_EQ(pwrite(fd, view + PAGE, PAGE, 0), PAGE);
	EXPECT_EQ(view[0], 2);
	EXPECT_EQ(pwrite(fd, view, PAGE, 0), PAGE);	/* itself */
	EXPECT_EQ(pread(fd, view, PAGE, PAGE), PAGE);
	EXPECT_EQ(view[0], 2);
	munmap(view, 2 * PAGE);
	close(cached);
	disk_end(fd);
}

static void
what_has_no_disk_refuses_the_flag(void)
{
	int fd = temp_file("hello", 5), p[2];
	long flags = SYSCALL(SYS_fcntl64, fd, F_GETFL);
	char name[64];

	EXPECT_EQ(SYSCALL(SYS_open, "/tmp", O_RDONLY | O_DIRECT | O_DIRECTORY),
		  -EINVAL);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	EXPECT_EQ(SYSCALL(SYS_open, name, O_RDWR | O_DIRECT), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_SETFL, flags | O_DIRECT), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_GETFL), flags);
	ASSERT_EQ(SYSCALL(SYS_pipe2, p, O_DIRECT), 0);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, p[1], F_SETFL, O_DIRECT | O_NONBLOCK),
		  0);
}

/* A descriptor may be told later, and told to stop. */
static void
the_flag_can_be_set_later(void)
{
	int fd = disk_begin();
	char *at = map(PAGE);

	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_SETFL, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at, 100, 0, 100, 0), 100);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_SETFL, O_DIRECT), 0);
	EXPECT_EQ(SYSCALL(SYS_pread64, fd, at, 100, 0, 100, 0), -EINVAL);
	disk_end(fd);
}

static long
sync_range(int fd, unsigned flags, long long offset, long long bytes)
{
	return SYSCALL(341 /* sync_file_range2 */, fd, flags, (long)offset,
		       (long)(offset >> 32), (long)bytes, (long)(bytes >> 32));
}

/* 2: write, 4: and wait for it. */
static void
a_range_is_written_back_and_no_more(void)
{
	int fd = disk_begin(), cached = open(DISK, O_RDWR), ends[2];
	long long most = 0x7fffffffffffffffll;
	long dirty;

	ASSERT(write(cached, map(2 * PAGE), 2 * PAGE) == 2 * PAGE);
	dirty = meminfo("Dirty");
	EXPECT_EQ(sync_range(cached, 2 | 4, 0, 100), 0);
	EXPECT_EQ(dirty - meminfo("Dirty"), 4);
	EXPECT_EQ(sync_range(cached, 2 | 4, PAGE, 0), 0);	/* to the end */
	EXPECT_EQ(dirty - meminfo("Dirty"), 8);
	EXPECT_EQ(sync_range(cached, 2, 1ll << 60, 0), 0);	/* behind it */
	EXPECT_EQ(sync_range(cached, 8, 0, 0), -EINVAL);
	EXPECT_EQ(sync_range(cached, 2, -1, 0), -EINVAL);
	EXPECT_EQ(sync_range(cached, 2, 0, -1), -EINVAL);
	EXPECT_EQ(sync_range(cached, 2, most, most), -EINVAL);
	EXPECT_EQ(sync_range(999, 2, 0, 0), -EBADF);
	ASSERT(!pipe(ends));
	EXPECT_EQ(sync_range(ends[0], 2, 0, 0), -ESPIPE);
	close(cached);
	disk_end(fd);
}

UTEST_SUITE(direct,
	UTEST(bytes_go_between_pages_and_disk),
	UTEST(untouched_pages_are_made),
	UTEST(what_is_no_whole_sector_is_refused),
	UTEST(memory_that_is_not_there_is_a_fault),
	UTEST(pages_are_let_go_afterwards),
	UTEST(mappings_agree),
	UTEST(what_has_no_disk_refuses_the_flag),
	UTEST(the_flag_can_be_set_later),
	UTEST(a_range_is_written_back_and_no_more));
