/* SPDX-License-Identifier: MIT */
/* mprotect, madvise, msync, mlock, mincore, and the signals of bad accesses. */
#include <sys/resource.h>

#include "utest.h"

static void
store_at(void *address)
{
	*(volatile char *)address = 1;
}

static void
load_at(void *address)
{
	*(volatile char *)address;
}

static void
jump_to(void *address)
{
	((void (*)(void))address)();
}

static void
mprotect_takes_rights_and_gives_them(void)
{
	char *page = map(3 * PAGE);

	page[PAGE] = 5;
	EXPECT_EQ(SYSCALL(SYS_mprotect, page + PAGE, PAGE, PROT_READ), 0);
	EXPECT_EQ(page[PAGE], 5);
	EXPECT_EQ(store_fault(page + PAGE), SIGSEGV);
	EXPECT_EQ(store_fault(page), 0);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page + PAGE, PAGE, PROT_NONE), 0);
	EXPECT_EQ(load_fault(page + PAGE), SIGSEGV);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page, 3 * PAGE, PROT_READ | PROT_WRITE),
		  0);
	EXPECT_EQ(store_fault(page + PAGE), 0);
	EXPECT_EQ(page[PAGE], 1);
}

static void
mprotect_errors(void)
{
	char *page = map(3 * PAGE);
	int fd = open("/proc/self/exe", O_RDONLY);
	char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	munmap(page + PAGE, PAGE);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page + 1, PAGE, PROT_READ), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page, 3 * PAGE, PROT_READ), -ENOMEM);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page + PAGE, PAGE, PROT_READ), -ENOMEM);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page, PAGE, 0x80), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page, 0, PROT_READ), 0);
	ASSERT(shared != MAP_FAILED);
	EXPECT_EQ(SYSCALL(SYS_mprotect, shared, PAGE, PROT_READ | PROT_WRITE),
		  -EACCES);
}

/* What comes before a hole is changed all the same. */
static void
mprotect_stops_at_a_hole(void)
{
	char *page = map(3 * PAGE);

	munmap(page + PAGE, PAGE);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page, 3 * PAGE, PROT_READ), -ENOMEM);
	EXPECT_EQ(store_fault(page), SIGSEGV);
	EXPECT_EQ(store_fault(page + 2 * PAGE), 0);
}

static void
a_hole_gives_maperr(void)
{
	char *page = map(PAGE);
	siginfo_t info;

	munmap(page, PAGE);
	EXPECT_EQ(fault_of(load_at, page + 8, &info), SIGSEGV);
	EXPECT_EQ(info.si_code, SEGV_MAPERR);
	EXPECT_EQ(info.si_addr, page + 8);
	EXPECT_EQ(fault_of(store_at, NULL, &info), SIGSEGV);
	EXPECT_EQ(info.si_code, SEGV_MAPERR);
	EXPECT_EQ(info.si_addr, 0);
}

static void
a_missing_right_gives_accerr(void)
{
	char *page = map(PAGE);
	siginfo_t info;

	mprotect(page, PAGE, PROT_READ);
	EXPECT_EQ(fault_of(store_at, page + 12, &info), SIGSEGV);
	EXPECT_EQ(info.si_code, SEGV_ACCERR);
	EXPECT_EQ(info.si_addr, page + 12);
	mprotect(page, PAGE, PROT_NONE);
	EXPECT_EQ(fault_of(load_at, page, &info), SIGSEGV);
	EXPECT_EQ(info.si_code, SEGV_ACCERR);
}

static void
data_is_not_executed(void)
{
	unsigned *page = (unsigned *)map(PAGE);
	siginfo_t info;

	page[0] = 0xe12fff1e;		/* bx lr */
	EXPECT_EQ(fault_of(jump_to, page, &info), SIGSEGV);
	EXPECT_EQ(info.si_code, SEGV_ACCERR);
	EXPECT_EQ(info.si_addr, page);
	mprotect(page, PAGE, PROT_READ | PROT_EXEC);
	SYSCALL(SYS_cacheflush, page, page + 1, 0);
	EXPECT_EQ(fault_of(jump_to, page, &info), 0);
}

static void
the_kernels_addresses_fault(void)
{
	siginfo_t info;

	EXPECT_EQ(fault_of(load_at, (void *)0xc0008000, &info), SIGSEGV);
	EXPECT_EQ(info.si_addr, (void *)0xc0008000);
	EXPECT_EQ(fault_of(store_at, (void *)0xc0008000, &info), SIGSEGV);
	EXPECT_EQ(fault_of(store_at, (void *)0xffff0000, &info), SIGSEGV);
}

static void
beyond_the_end_of_a_file_is_a_bus_error(void)
{
	int fd = temp_file("x", 1);
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
	siginfo_t info;

	ASSERT(page != MAP_FAILED);
	EXPECT_EQ(page[0], 'x');
	EXPECT_EQ(page[PAGE - 1], 0);
	EXPECT_EQ(fault_of(load_at, page + PAGE, &info), SIGBUS);
	EXPECT_EQ(info.si_code, BUS_ADRERR);
	EXPECT_EQ(info.si_addr, page + PAGE);
}

static void
truncation_takes_mapped_pages(void)
{
	static char text[2 * PAGE];
	int fd = temp_file(text, sizeof(text));
	char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    fd, 0);
	char *copy = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			  fd, 0);

	shared[PAGE] = 1;
	copy[PAGE] = 2;
	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, PAGE), 0);
	EXPECT_EQ(load_fault(shared + PAGE), SIGBUS);
	EXPECT_EQ(load_fault(copy + PAGE), SIGBUS);
	EXPECT_EQ(load_fault(shared), 0);
	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, 2 * PAGE), 0);
	EXPECT_EQ(load_fault(shared + PAGE), 0);
	EXPECT_EQ(shared[PAGE], 0);
}

static void
system_calls_answer_efault(void)
{
	int fds[2];

	ASSERT(pipe(fds) == 0);
	EXPECT_EQ(SYSCALL(SYS_write, fds[1], 8, 4), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_write, fds[1], 0xc0000000, 4), -EFAULT);
	write(fds[1], "abcd", 4);
	EXPECT_EQ(SYSCALL(SYS_read, fds[0], 8, 4), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_read, fds[0], 0xffff0000, 4), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_openat, AT_FDCWD, 8, 0, 0), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_pipe, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_stat64, "/", 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_uname, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_clock_gettime64, 1, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_rt_sigaction, SIGUSR1, 8, 0, 8), -EFAULT);
	EXPECT_EQ(SYSCALL(SYS_execve, 8, 0, 0), -EFAULT);
}

static void
dontneed_gives_zeros_again(void)
{
	char *page = map(3 * PAGE);

	memset(page, 1, 3 * PAGE);
	EXPECT_EQ(SYSCALL(SYS_madvise, page + PAGE, PAGE, MADV_DONTNEED), 0);
	EXPECT_EQ(page[0], 1);
	EXPECT_EQ(page[PAGE], 0);
	EXPECT_EQ(page[2 * PAGE], 1);
}

static void
dontneed_of_a_file_gives_the_file_again(void)
{
	int fd = temp_file("file", 4);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
			  0);

	page[0] = 'X';
	EXPECT_EQ(SYSCALL(SYS_madvise, page, PAGE, MADV_DONTNEED), 0);
	EXPECT_EQ(page[0], 'f');
}

static void
madvise_errors(void)
{
	char *page = map(2 * PAGE);

	EXPECT_EQ(SYSCALL(SYS_madvise, page + 1, PAGE, MADV_DONTNEED), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_madvise, page, PAGE, 999), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_madvise, page, 0, MADV_DONTNEED), 0);
	munmap(page + PAGE, PAGE);
	EXPECT_EQ(SYSCALL(SYS_madvise, page, 2 * PAGE, MADV_NORMAL), -ENOMEM);
	mlock(page, PAGE);
	EXPECT_EQ(SYSCALL(SYS_madvise, page, PAGE, MADV_DONTNEED), -EINVAL);
}

static void
load_in_child(void *page)
{
	_exit(fault_of(load_at, page, NULL));
}

static void
dontfork_is_not_there_in_the_child(void)
{
	char *page = map(PAGE);

	page[0] = 1;
	EXPECT_EQ(SYSCALL(SYS_madvise, page, PAGE, MADV_DONTFORK), 0);
	EXPECT_EQ(WEXITSTATUS(status_of(load_in_child, page)), SIGSEGV);
	EXPECT_EQ(SYSCALL(SYS_madvise, page, PAGE, MADV_DOFORK), 0);
	EXPECT_EQ(WEXITSTATUS(status_of(load_in_child, page)), 0);
}

static void
value_in_child(void *page)
{
	_exit(*(char *)page);
}

static void
wipeonfork_is_zero_in_the_child(void)
{
	char *page = map(PAGE);

	page[0] = 9;
	EXPECT_EQ(SYSCALL(SYS_madvise, page, PAGE, MADV_WIPEONFORK), 0);
	EXPECT_EQ(WEXITSTATUS(status_of(value_in_child, page)), 0);
	EXPECT_EQ(page[0], 9);
	EXPECT_EQ(SYSCALL(SYS_madvise, page, PAGE, MADV_KEEPONFORK), 0);
	EXPECT_EQ(WEXITSTATUS(status_of(value_in_child, page)), 9);
}

static void
populate_write_makes_present(void)
{
	char *page = map(4 * PAGE);
	unsigned char vec[4];
	long done = SYSCALL(SYS_madvise, page, 4 * PAGE, MADV_POPULATE_WRITE);

	EXPECT_EQ(done, 0);
	EXPECT_EQ(SYSCALL(SYS_mincore, page, 4 * PAGE, vec), 0);
	EXPECT_EQ(vec[0] & vec[3] & 1, 1);
}

static void
msync_errors(void)
{
	int fd = temp_file("x", 1);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  0);
	char *two = map(2 * PAGE);

	EXPECT_EQ(SYSCALL(SYS_msync, page, PAGE, MS_SYNC), 0);
	EXPECT_EQ(SYSCALL(SYS_msync, page, PAGE, MS_ASYNC), 0);
	EXPECT_EQ(SYSCALL(SYS_msync, page, PAGE, MS_SYNC | MS_ASYNC), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_msync, page + 1, PAGE, MS_SYNC), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_msync, page, PAGE, 64), -EINVAL);
	munmap(two + PAGE, PAGE);
	EXPECT_EQ(SYSCALL(SYS_msync, two, 2 * PAGE, MS_SYNC), -ENOMEM);
	mlock(page, PAGE);
	EXPECT_EQ(SYSCALL(SYS_msync, page, PAGE, MS_SYNC | MS_INVALIDATE),
		  -EBUSY);
}

static void
mlock_makes_present_and_checks(void)
{
	char *page = map(3 * PAGE);
	unsigned char vec[3];

	EXPECT_EQ(SYSCALL(SYS_mlock, page, 2 * PAGE), 0);
	EXPECT_EQ(SYSCALL(SYS_mincore, page, 3 * PAGE, vec), 0);
	EXPECT_EQ(vec[0] & vec[1] & 1, 1);
	EXPECT_EQ(vec[2] & 1, 0);
	munmap(page + PAGE, PAGE);
	EXPECT_EQ(SYSCALL(SYS_mlock, page, 3 * PAGE), -ENOMEM);
	EXPECT_EQ(SYSCALL(SYS_munlock, page, 3 * PAGE), -ENOMEM);
	EXPECT_EQ(SYSCALL(SYS_munlock, page, PAGE), 0);
	EXPECT_EQ(SYSCALL(SYS_mlock2, page, PAGE, 2), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mlockall, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mlockall, 8), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mlockall, MCL_ONFAULT), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_munlockall), 0);
}

static void
mlock2_onfault_waits_for_the_fault(void)
{
	char *page = map(2 * PAGE);
	unsigned char vec[2];

	EXPECT_EQ(SYSCALL(SYS_mlock2, page, 2 * PAGE, MLOCK_ONFAULT), 0);
	EXPECT_EQ(SYSCALL(SYS_mincore, page, 2 * PAGE, vec), 0);
	EXPECT_EQ(vec[0] & 1, 0);
	page[PAGE] = 1;
	EXPECT_EQ(SYSCALL(SYS_mincore, page, 2 * PAGE, vec), 0);
	EXPECT_EQ(vec[1] & 1, 1);
}

static void
mlockall_locks_what_comes(void)
{
	unsigned char vec = 0;
	char *page;

	EXPECT_EQ(SYSCALL(SYS_mlockall, MCL_FUTURE), 0);
	page = map(PAGE);
	EXPECT_EQ(SYSCALL(SYS_mincore, page, PAGE, &vec), 0);
	EXPECT_EQ(vec & 1, 1);
	EXPECT_EQ(SYSCALL(SYS_munlockall), 0);
}

static void
mincore_tells_and_checks(void)
{
	char *page = map(3 * PAGE);
	unsigned char vec[3] = { 9, 9, 9 };

	page[PAGE] = 1;
	EXPECT_EQ(SYSCALL(SYS_mincore, page, 3 * PAGE, vec), 0);
	EXPECT_EQ(vec[0] & 1, 0);
	EXPECT_EQ(vec[1] & 1, 1);
	EXPECT_EQ(vec[2] & 1, 0);
	EXPECT_EQ(SYSCALL(SYS_mincore, page + 1, PAGE, vec), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_mincore, page, PAGE, 8), -EFAULT);
	munmap(page, PAGE);
	EXPECT_EQ(SYSCALL(SYS_mincore, page, PAGE, vec), -ENOMEM);
}

static int
deep(int levels)
{
	volatile char room[1024];

	room[0] = levels;
	return levels ? deep(levels - 1) + room[0] : 0;
}

static void
the_stack_grows(void)
{
	EXPECT_EQ(deep(0), 0);
	EXPECT(deep(2000) > 0);		/* 2 MiB */
}

static void
overflow_the_stack(void *arg)
{
	deep(100000);
}

static void
the_stack_ends_at_its_limit(void)
{
	struct rlimit limit = { 256 * 1024, 256 * 1024 };

	EXPECT_EQ(SYSCALL(SYS_setrlimit, RLIMIT_STACK, &limit), 0);
	EXPECT_EQ(WTERMSIG(status_of(overflow_the_stack, NULL)), SIGSEGV);
}

static void
shared_memory_is_shared_with_the_child(void)
{
	volatile int *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile int *own = (int *)map(PAGE);
	int status;

	page[0] = own[0] = 1;
	if (!fork()) {
		page[0] = own[0] = 2;
		_exit(0);
	}
	wait(&status);
	EXPECT_EQ(page[0], 2);
	EXPECT_EQ(own[0], 1);
}

static void
writes_to_a_shared_mapping_are_read_from_the_file(void)
{
	int fd = temp_file("abcd", 4);
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  0);
	char buf[4];

	page[1] = 'X';
	EXPECT_EQ(pread(fd, buf, 4, 0), 4);
	EXPECT_EQ(memcmp(buf, "aXcd", 4), 0);
	EXPECT_EQ(write(fd, "12", 2), 2);
	EXPECT_EQ(memcmp(page, "12cd", 4), 0);
}

/* A hole takes the file's pages; truncation takes the private copies, too. */
static void
a_hole_leaves_private_copies(void)
{
	int fd = SYSCALL(SYS_memfd_create, "hole", 0);
	char *page;

	SYSCALL(SYS_ftruncate, fd, 2 * PAGE);
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	page[0] = 'a';
	EXPECT_EQ(page[PAGE], 0);
	EXPECT_EQ(SYSCALL(SYS_fallocate, fd, 3, 0, 0, 2 * PAGE, 0), 0);
	EXPECT_EQ(page[0], 'a');
	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, 0), 0);
	EXPECT_EQ(load_fault(page), SIGBUS);
}

/* Rights that come back do not reach a page that a child shares. */
static void
a_shared_page_stays_protected(void)
{
	char *page = map(PAGE);
	int go[2], status;
	char c;
	pid_t pid;

	page[0] = 1;
	pipe(go);
	pid = fork();
	if (!pid) {
		read(go[0], &c, 1);
		_exit(page[0]);
	}
	EXPECT_EQ(SYSCALL(SYS_mprotect, page, PAGE, PROT_READ), 0);
	EXPECT_EQ(SYSCALL(SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE), 0);
	page[0] = 2;
	write(go[1], "x", 1);
	waitpid(pid, &status, 0);
	EXPECT_EQ(WEXITSTATUS(status), 1);
}

UTEST_SUITE(memory_protect,
	UTEST(a_hole_leaves_private_copies),
	UTEST(a_shared_page_stays_protected),
	UTEST(mprotect_takes_rights_and_gives_them),
	UTEST(mprotect_errors),
	UTEST(mprotect_stops_at_a_hole),
	UTEST(a_hole_gives_maperr),
	UTEST(a_missing_right_gives_accerr),
	UTEST(data_is_not_executed),
	UTEST(the_kernels_addresses_fault),
	UTEST(beyond_the_end_of_a_file_is_a_bus_error),
	UTEST(truncation_takes_mapped_pages),
	UTEST(system_calls_answer_efault),
	UTEST(dontneed_gives_zeros_again),
	UTEST(dontneed_of_a_file_gives_the_file_again),
	UTEST(madvise_errors),
	UTEST(dontfork_is_not_there_in_the_child),
	UTEST(wipeonfork_is_zero_in_the_child),
	UTEST(populate_write_makes_present),
	UTEST(msync_errors),
	UTEST(mlock_makes_present_and_checks),
	UTEST(mlock2_onfault_waits_for_the_fault),
	UTEST(mlockall_locks_what_comes),
	UTEST(mincore_tells_and_checks),
	UTEST(the_stack_grows),
	UTEST(the_stack_ends_at_its_limit),
	UTEST(shared_memory_is_shared_with_the_child),
	UTEST(writes_to_a_shared_mapping_are_read_from_the_file));
