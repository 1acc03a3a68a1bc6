/* SPDX-License-Identifier: MIT */
/*
 * Memory in swap, as programs see it: what they had they have, whoever shares
 * it, and they are told where it is. The swap is a disk in memory (zram).
 */
#include "utest.h"

#define RW		(PROT_READ | PROT_WRITE)
#define PAGES		16
#define NOBODY		1000

#define SHM_LOCK	11
#define SHM_UNLOCK	12
#define SHM_INFO	14
#define IPC_RMID	0
#define IPC_64		0x100

/* Page i is full of value + i. */
static void
fill(char *at, int value)
{
	for (int i = 0; i < PAGES; i++)
		memset(at + i * PAGE, value + i, PAGE);
}

static int
wrong_bytes(const char *at, int value)
{
	int wrong = 0;

	for (unsigned i = 0; i < PAGES * PAGE; i++)
		wrong += at[i] != (char)(value + (int)(i / PAGE));
	return wrong;
}

/* What smaps says of the mapping that begins at `at', in KiB; -1: nothing. */
static long
smaps_of(const void *at, const char *what)
{
	static char text[32768];
	int fd = open("/proc/self/smaps", O_RDONLY);
	ssize_t n, len = 0;
	char start[16], *place;

	while ((n = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	snprintf(start, sizeof(start), "%08lx-", (unsigned long)at);
	place = strstr(text, start);
	place = place ? strstr(place, what) : NULL;
	return place ? atol(place + strlen(what)) : -1;
}

static void
own_memory_comes_back(void)
{
	unsigned char vec[PAGES];
	char *at = map(PAGES * PAGE);

	swap_begin("4M");
	fill(at, 'a');
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGES * PAGE, MADV_PAGEOUT), 0);
	EXPECT_EQ(smaps_of(at, "\nSwap:"), PAGES * 4);
	EXPECT_EQ(SYSCALL(SYS_mincore, at, PAGES * PAGE, vec), 0);
	EXPECT(!vec[0] && !vec[PAGES - 1]);
	EXPECT_EQ(wrong_bytes(at, 'a'), 0);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGES * PAGE, MADV_PAGEOUT), 0);
	swap_end();
	EXPECT_EQ(smaps_of(at, "\nSwap:"), 0);
	EXPECT_EQ(wrong_bytes(at, 'a'), 0);
}

static void
change_all(void *at)
{
	if (wrong_bytes(at, 'a'))
		_exit(1);
	fill(at, 'A');
	if (SYSCALL(SYS_madvise, at, PAGES * PAGE, MADV_PAGEOUT))
		_exit(2);
}

/* Parent and child have the pages; who sends them away does it for both. */
static void
shared_memory_is_the_same_for_parent_and_child(void)
{
	char *at = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);

	ASSERT(at != MAP_FAILED);
	swap_begin("4M");
	fill(at, 'a');
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGES * PAGE, MADV_PAGEOUT), 0);
	EXPECT_EQ(smaps_of(at, "\nSwap:"), PAGES * 4);
	EXPECT_EQ(status_of(change_all, at), 0);
	EXPECT_EQ(smaps_of(at, "\nSwap:"), PAGES * 4);
	EXPECT_EQ(wrong_bytes(at, 'A'), 0);
	EXPECT_EQ(smaps_of(at, "\nSwap:"), 0);
	swap_end();
}

static void
a_memfd_is_read_and_cut_in_swap(void)
{
	static char buf[PAGES * PAGE];
	int fd = SYSCALL(SYS_memfd_create, "swapped", 0);
	struct stat st;
	char *at;

	ASSERT(fd >= 0);
	swap_begin("4M");
	fill(buf, 'a');
	ASSERT(write(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf));
	at = mmap(NULL, sizeof(buf), RW, MAP_SHARED, fd, 0);
	ASSERT(at != MAP_FAILED);
	EXPECT_EQ(wrong_bytes(at, 'a'), 0);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, sizeof(buf), MADV_PAGEOUT), 0);
	EXPECT_EQ(fstat(fd, &st), 0);
	EXPECT_EQ(st.st_blocks, PAGES * PAGE / 512);
	EXPECT_EQ(SYSCALL(SYS_madvise, at + PAGE, PAGE, MADV_REMOVE), 0);
	EXPECT_EQ(smaps_of(at, "\nSwap:"), (PAGES - 1) * 4);
	EXPECT_EQ(ftruncate(fd, 2 * PAGE + 1), 0);
	EXPECT_EQ(smaps_of(at, "\nSwap:"), 4);
	EXPECT_EQ(pread(fd, buf, sizeof(buf), 0), 2 * PAGE + 1);
	EXPECT(buf[0] == 'a' && !buf[PAGE] && buf[2 * PAGE] == 'c');
	EXPECT_EQ(ftruncate(fd, 3 * PAGE), 0);
	EXPECT(at[2 * PAGE] == 'c' && !at[2 * PAGE + 1]);
	close(fd);
	swap_end();
}

static unsigned
segments_in_swap(void)
{
	struct {
		int used;
		unsigned tot, rss, swp, attempts, successes;
	} info = { 0 };

	EXPECT(SYSCALL(SYS_shmctl, 0, SHM_INFO | IPC_64, &info) >= 0);
	return info.swp;
}

static void
a_locked_segment_stays_in_memory(void)
{
	int id = SYSCALL(SYS_shmget, 0, PAGES * PAGE, 0600);
	char *at;

	ASSERT(id >= 0);
	at = (char *)SYSCALL(SYS_shmat, id, 0, 0);
	EXPECT_EQ(SYSCALL(SYS_shmctl, id, IPC_RMID | IPC_64, NULL), 0);
	swap_begin("4M");
	fill(at, 'a');
	EXPECT_EQ(SYSCALL(SYS_shmctl, id, SHM_LOCK | IPC_64, NULL), 0);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGES * PAGE, MADV_PAGEOUT), 0);
	EXPECT_EQ(segments_in_swap(), 0);
	EXPECT_EQ(SYSCALL(SYS_shmctl, id, SHM_UNLOCK | IPC_64, NULL), 0);
	EXPECT_EQ(wrong_bytes(at, 'a'), 0);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGES * PAGE, MADV_PAGEOUT), 0);
	EXPECT_EQ(segments_in_swap(), PAGES);
	EXPECT_EQ(wrong_bytes(at, 'a'), 0);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGES * PAGE, MADV_PAGEOUT), 0);
	EXPECT_EQ(SYSCALL(SYS_shmdt, at), 0);
	EXPECT_EQ(segments_in_swap(), 0);
	swap_end();
}

static void
pageout_errors(void)
{
	char *at = map(3 * PAGE);

	EXPECT_EQ(SYSCALL(SYS_madvise, at + 1, PAGE, MADV_PAGEOUT), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGE, MADV_COLD), 0);
	EXPECT_EQ(SYSCALL(SYS_munmap, at + PAGE, PAGE), 0);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, 3 * PAGE, MADV_COLD), -ENOMEM);
	EXPECT_EQ(SYSCALL(SYS_mlock, at, PAGE), 0);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGE, MADV_PAGEOUT), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_madvise, at, PAGE, MADV_COLD), -EINVAL);
}

static void
swapon_errors(void)
{
	int fd = open("/tmp/swap", O_CREAT | O_RDWR, 0600);

	ASSERT(fd >= 0);
	EXPECT_EQ(ftruncate(fd, 20 * PAGE), 0);
	close(fd);
	EXPECT_EQ(SYSCALL(SYS_swapon, "/tmp/none", 0), -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_swapon, "/tmp", 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_swapon, "/tmp/swap", 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_swapon, "/tmp/swap", 0x100000), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_swapon, 16, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_swapoff, "/tmp/swap"), -EINVAL);
	EXPECT_EQ(unlink("/tmp/swap"), 0);
	EXPECT_EQ(SYSCALL(208, NOBODY, NOBODY, NOBODY), 0);	/* setresuid32 */
	EXPECT_EQ(SYSCALL(SYS_swapon, "/tmp/none", 0), -EPERM);
	EXPECT_EQ(SYSCALL(SYS_swapoff, "/tmp/none"), -EPERM);
}

UTEST_SUITE(swap_user,
	UTEST(own_memory_comes_back),
	UTEST(shared_memory_is_the_same_for_parent_and_child),
	UTEST(a_memfd_is_read_and_cut_in_swap),
	UTEST(a_locked_segment_stays_in_memory),
	UTEST(pageout_errors),
	UTEST(swapon_errors));
