/* SPDX-License-Identifier: MIT */
/* mmap2, munmap, mremap, brk: which addresses mean something. */
#include "utest.h"

#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

static long
mmap2(unsigned long addr, size_t len, int prot, int flags, int fd, long page)
{
	return SYSCALL(SYS_mmap2, addr, len, prot, flags, fd, page);
}

/* An errno of the kernel, and no address. */
static bool
is_error(long value)
{
	return (unsigned long)value > -4096ul;
}

static void
anonymous_memory_is_zero_and_private(void)
{
	char *page = map(2 * PAGE);
	unsigned i;

	ASSERT(page);
	for (i = 0; i < 2 * PAGE; i++)
		ASSERT_EQ(page[i], 0);
	page[PAGE] = 7;
	EXPECT_EQ(page[PAGE], 7);
}

static void
anonymous_ignores_the_descriptor(void)
{
	EXPECT(!is_error(mmap2(0, PAGE, RW, ANON, 0, 0)));
	EXPECT(!is_error(mmap2(0, PAGE, RW, ANON, 999, 0)));
}

static void
mmap_errors(void)
{
	int read_only = open("/proc/self/exe", O_RDONLY);
	int write_only = open(temp_name("wo"), O_WRONLY | O_CREAT, 0600);
	int folder = open("/", O_RDONLY), pipes[2];

	unlink(temp_name("wo"));
	ASSERT(pipe(pipes) == 0);
	EXPECT_EQ(mmap2(0, 0, RW, ANON, -1, 0), -EINVAL);
	EXPECT_EQ(mmap2(0, PAGE, RW, MAP_ANONYMOUS, -1, 0), -EINVAL);
	EXPECT_EQ(mmap2(0, PAGE, RW, MAP_PRIVATE, -1, 0), -EBADF);
	EXPECT_EQ(mmap2(0, PAGE, RW, MAP_SHARED, read_only, 0), -EACCES);
	EXPECT_EQ(mmap2(0, PAGE, RW, MAP_SHARED, write_only, 0), -EACCES);
	EXPECT_EQ(mmap2(0, PAGE, PROT_READ, MAP_SHARED, folder, 0), -ENODEV);
	EXPECT_EQ(mmap2(0, PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0), -ENODEV);
	EXPECT_EQ(mmap2(0, 0xf0000000, RW, ANON, -1, 0), -ENOMEM);
	EXPECT_EQ(mmap2(0, 0xfffff001, RW, ANON, -1, 0), -ENOMEM);
	EXPECT_EQ(mmap2(0, PAGE, RW, MAP_SHARED_VALIDATE, read_only, 0), -EACCES);
	EXPECT_EQ(mmap2(0, PAGE, RW, MAP_SHARED_VALIDATE | 0x80000,
			temp_file("x", 1), 0), -EOPNOTSUPP);
}

static void
a_private_mapping_of_a_read_only_file_may_be_written(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	long at = mmap2(0, PAGE, RW, MAP_PRIVATE, fd, 0);
	char first;

	ASSERT(!is_error(at));
	EXPECT_EQ(*(char *)at, 0x7f);
	*(char *)at = 'x';
	EXPECT_EQ(pread(fd, &first, 1, 0), 1);
	EXPECT_EQ(first, 0x7f);
}

static void
a_hint_is_taken_if_it_is_free(void)
{
	char *page = map(PAGE);

	munmap(page, PAGE);
	EXPECT_EQ(mmap2((long)page, PAGE, RW, ANON, -1, 0), page);
	EXPECT(mmap2((long)page, PAGE, RW, ANON, -1, 0) != (long)page);
}

static void
fixed_replaces_and_noreplace_does_not(void)
{
	char *page = map(3 * PAGE);

	page[PAGE] = 1;
	EXPECT_EQ(mmap2((long)page + PAGE, PAGE, RW,
			ANON | MAP_FIXED_NOREPLACE, -1, 0), -EEXIST);
	EXPECT_EQ(page[PAGE], 1);
	EXPECT_EQ(mmap2((long)page + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0),
		  page + PAGE);
	EXPECT_EQ(page[PAGE], 0);
	EXPECT_EQ(mmap2((long)page + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0),
		  -EINVAL);
	EXPECT_EQ(mmap2(0xfffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0),
		  -ENOMEM);
	munmap(page, 3 * PAGE);
	EXPECT_EQ(mmap2((long)page, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1,
			0), page);
}

static void
populate_makes_pages_present(void)
{
	long at = mmap2(0, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0);
	unsigned char vec[4] = { 0 };
	int i;

	ASSERT(!is_error(at));
	EXPECT_EQ(SYSCALL(SYS_mincore, at, 4 * PAGE, vec), 0);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(vec[i] & 1, 1);
}

static void
the_offset_counts_pages(void)
{
	static char text[3 * PAGE];
	int fd;
	long at;

	text[2 * PAGE] = 'c';
	fd = temp_file(text, sizeof(text));
	at = mmap2(0, PAGE, PROT_READ, MAP_SHARED, fd, 2);
	ASSERT(!is_error(at));
	EXPECT_EQ(*(char *)at, 'c');
}

static void
munmap_errors(void)
{
	char *page = map(PAGE);

	EXPECT_EQ(SYSCALL(SYS_munmap, page + 1, PAGE), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_munmap, page, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_munmap, 0xfffff000, PAGE), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_munmap, page, 0xfffff000), -EINVAL);
}

static void
munmap_of_a_hole_succeeds(void)
{
	char *page = map(PAGE);

	EXPECT_EQ(SYSCALL(SYS_munmap, page, PAGE), 0);
	EXPECT_EQ(SYSCALL(SYS_munmap, page, PAGE), 0);
}

/*	before  [ a ][ b ][ c ]		after  [ a ]     [ c ]	*/
static void
munmap_splits(void)
{
	char *page = map(3 * PAGE);

	page[0] = 1;
	page[2 * PAGE] = 3;
	EXPECT_EQ(SYSCALL(SYS_munmap, page + PAGE, 1), 0);	/* rounded up */
	EXPECT_EQ(load_fault(page + PAGE), SIGSEGV);
	EXPECT_EQ(page[0], 1);
	EXPECT_EQ(page[2 * PAGE], 3);
	EXPECT(is_hole(page + PAGE));
}

static void
memory_mapped_again_is_zero(void)
{
	char *page = map(PAGE);

	memset(page, 0xff, PAGE);
	munmap(page, PAGE);
	ASSERT_EQ(mmap2((long)page, PAGE, RW, ANON | MAP_FIXED, -1, 0), page);
	EXPECT_EQ(page[0], 0);
	EXPECT_EQ(page[PAGE - 1], 0);
}

static void
mremap_shrinks_in_place(void)
{
	char *page = map(4 * PAGE);

	page[0] = 1;
	EXPECT_EQ(SYSCALL(SYS_mremap, page, 4 * PAGE, PAGE, 0), page);
	EXPECT_EQ(page[0], 1);
	EXPECT(is_hole(page + PAGE));
	EXPECT(is_hole(page + 3 * PAGE));
}

static void
mremap_grows_where_there_is_room(void)
{
	char *page = map(4 * PAGE);

	munmap(page + PAGE, 3 * PAGE);
	page[0] = 1;
	EXPECT_EQ(SYSCALL(SYS_mremap, page, PAGE, 3 * PAGE, 0), page);
	EXPECT_EQ(page[0], 1);
	EXPECT_EQ(page[2 * PAGE], 0);
}

static void
mremap_moves_if_it_may(void)
{
	char *page = map(3 * PAGE), *moved;

	mprotect(page + PAGE, PAGE, PROT_NONE);	/* no room behind */
	page[0] = 42;
	EXPECT_EQ(SYSCALL(SYS_mremap, page, PAGE, 2 * PAGE, 0), -ENOMEM);
	moved = (char *)SYSCALL(SYS_mremap, page, PAGE, 2 * PAGE,
				MREMAP_MAYMOVE);
	ASSERT(!is_error((long)moved));
	EXPECT(moved != page);
	EXPECT_EQ(moved[0], 42);
	EXPECT_EQ(moved[PAGE], 0);
	EXPECT(is_hole(page));
}

static void
mremap_fixed_replaces_the_target(void)
{
	char *from = map(PAGE), *to = map(3 * PAGE);

	from[0] = 1;
	to[PAGE] = 9;
	EXPECT_EQ(SYSCALL(SYS_mremap, from, PAGE, PAGE,
			  MREMAP_MAYMOVE | MREMAP_FIXED, to + PAGE), to + PAGE);
	EXPECT_EQ(to[PAGE], 1);
	EXPECT(is_hole(from));
}

static void
mremap_dontunmap_leaves_zeros(void)
{
	char *from = map(PAGE), *to;

	from[0] = 5;
	to = (char *)SYSCALL(SYS_mremap, from, PAGE, PAGE,
			     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
	ASSERT(!is_error((long)to));
	EXPECT_EQ(to[0], 5);
	EXPECT_EQ(from[0], 0);
}

static void
mremap_errors(void)
{
	char *page = map(4 * PAGE), *two;

	EXPECT_EQ(SYSCALL(SYS_mremap, page + 1, PAGE, PAGE, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mremap, page, PAGE, 0, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mremap, page, PAGE, PAGE, 8), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mremap, page, PAGE, PAGE, MREMAP_FIXED, page),
		  -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mremap, page, 2 * PAGE, PAGE,
			  MREMAP_MAYMOVE | MREMAP_FIXED, page + PAGE), -EINVAL);
	/* Two areas at once. */
	mprotect(page + PAGE, PAGE, PROT_READ);
	EXPECT_EQ(SYSCALL(SYS_mremap, page, 2 * PAGE, 3 * PAGE,
			  MREMAP_MAYMOVE), -EFAULT);
	two = map(2 * PAGE);
	munmap(two, 2 * PAGE);
	EXPECT_EQ(SYSCALL(SYS_mremap, two, PAGE, 2 * PAGE, MREMAP_MAYMOVE),
		  -EFAULT);
	/* Size 0 doubles a mapping, but only a shared one. */
	EXPECT_EQ(SYSCALL(SYS_mremap, page, 0, PAGE, MREMAP_MAYMOVE), -EINVAL);
}

static void
mremap_of_size_0_doubles_a_shared_mapping(void)
{
	char *one = (char *)mmap2(0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1,
				  0);
	char *other;

	one[0] = 3;
	other = (char *)SYSCALL(SYS_mremap, one, 0, PAGE, MREMAP_MAYMOVE);
	ASSERT(!is_error((long)other));
	EXPECT_EQ(other[0], 3);
	other[0] = 4;
	EXPECT_EQ(one[0], 4);
}

static void
brk_moves_by_bytes(void)
{
	char *end = (char *)SYSCALL(SYS_brk, 0);

	ASSERT_EQ(SYSCALL(SYS_brk, end + 3 * PAGE + 5), end + 3 * PAGE + 5);
	end[0] = 1;
	end[3 * PAGE + 4] = 2;
	EXPECT_EQ(SYSCALL(SYS_brk, end), end);
	EXPECT_EQ(SYSCALL(SYS_brk, 0), end);
	EXPECT_EQ(SYSCALL(SYS_brk, end + 3 * PAGE + 5), end + 3 * PAGE + 5);
	EXPECT_EQ(end[3 * PAGE + 4], 0);
}

static void
brk_refuses_by_the_old_end(void)
{
	long end = SYSCALL(SYS_brk, 0);

	EXPECT_EQ(SYSCALL(SYS_brk, 1), end);
	EXPECT_EQ(SYSCALL(SYS_brk, 0xfffff000), end);
	EXPECT_EQ(SYSCALL(SYS_brk, 0), end);
}

/* The heap may not run into what is mapped above it. */
static void
brk_stops_at_a_mapping(void)
{
	long end = SYSCALL(SYS_brk, 0);
	long above = (end + 16 * PAGE) & ~(PAGE - 1);

	ASSERT_EQ(mmap2(above, PAGE, RW, ANON | MAP_FIXED, -1, 0), above);
	EXPECT_EQ(SYSCALL(SYS_brk, above + PAGE), end);
}

static void
brk_obeys_rlimit_data(void)
{
	unsigned long limit[2] = { 0, 0 }, end = SYSCALL(SYS_brk, 0);

	ASSERT_EQ(SYSCALL(SYS_setrlimit, 2, limit), 0);
	EXPECT_EQ(SYSCALL(SYS_brk, end + 64 * PAGE), end);
}

static void
mmap_obeys_rlimit_as(void)
{
	unsigned long limit[2] = { 64ul << 20, 64ul << 20 };

	ASSERT_EQ(SYSCALL(SYS_setrlimit, 9, limit), 0);
	EXPECT_EQ(mmap2(0, 96ul << 20, PROT_NONE, ANON, -1, 0), -ENOMEM);
	EXPECT(!is_error(mmap2(0, 16ul << 20, PROT_NONE, ANON, -1, 0)));
}

/* The first touch is a write: no page of zeros comes before. */
static void
memory_written_first_is_zero_elsewhere(void)
{
	char *page = map(16 * PAGE);
	unsigned i, other = 0;

	memset(page, 0x55, 16 * PAGE);
	munmap(page, 16 * PAGE);
	page = map(16 * PAGE);
	for (i = 0; i < 16; i++)
		page[i * PAGE + 100] = 1;
	for (i = 0; i < 16 * PAGE; i++)
		other += page[i] != (i % PAGE == 100);
	EXPECT_EQ(other, 0);
}

UTEST_SUITE(memory_map,
	UTEST(memory_written_first_is_zero_elsewhere),
	UTEST(anonymous_memory_is_zero_and_private),
	UTEST(anonymous_ignores_the_descriptor),
	UTEST(mmap_errors),
	UTEST(a_private_mapping_of_a_read_only_file_may_be_written),
	UTEST(a_hint_is_taken_if_it_is_free),
	UTEST(fixed_replaces_and_noreplace_does_not),
	UTEST(populate_makes_pages_present),
	UTEST(the_offset_counts_pages),
	UTEST(munmap_errors),
	UTEST(munmap_of_a_hole_succeeds),
	UTEST(munmap_splits),
	UTEST(memory_mapped_again_is_zero),
	UTEST(mremap_shrinks_in_place),
	UTEST(mremap_grows_where_there_is_room),
	UTEST(mremap_moves_if_it_may),
	UTEST(mremap_fixed_replaces_the_target),
	UTEST(mremap_dontunmap_leaves_zeros),
	UTEST(mremap_errors),
	UTEST(mremap_of_size_0_doubles_a_shared_mapping),
	UTEST(brk_moves_by_bytes),
	UTEST(brk_refuses_by_the_old_end),
	UTEST(brk_stops_at_a_mapping),
	UTEST(brk_obeys_rlimit_data),
	UTEST(mmap_obeys_rlimit_as));
