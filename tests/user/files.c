/* SPDX-License-Identifier: MIT */
/* Files, pipes, descriptors, folders, memfd. */
#include <dirent.h>
#include <poll.h>

#include "utest.h"

static long
open_at(const char *path, int flags)
{
	return SYSCALL(SYS_openat, AT_FDCWD, path, flags, 0600);
}

static void
open_errors(void)
{
	char *name = temp_name("open"), long_name[300];

	memset(long_name, 'x', sizeof(long_name));
	long_name[299] = '\0';
	EXPECT_EQ(open_at("/tmp/utest-none", O_RDONLY), -ENOENT);
	EXPECT_EQ(open_at("", O_RDONLY), -ENOENT);
	EXPECT_EQ(open_at("/tmp", O_WRONLY), -EISDIR);
	EXPECT_EQ(open_at("/proc/self/exe/x", O_RDONLY), -ENOTDIR);
	EXPECT_EQ(open_at(long_name, O_RDONLY), -ENAMETOOLONG);
	ASSERT(open_at(name, O_RDWR | O_CREAT | O_EXCL) >= 0);
	EXPECT_EQ(open_at(name, O_RDWR | O_CREAT | O_EXCL), -EEXIST);
	EXPECT_EQ(open_at(name, O_RDONLY | O_DIRECTORY), -ENOTDIR);
	unlink(name);
	EXPECT_EQ(SYSCALL(SYS_openat, 99, "x", O_RDONLY, 0), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_close, 99), -EBADF);
}

static void
append_and_truncate(void)
{
	char *name = temp_name("append"), buf[8];
	int fd = open(name, O_RDWR | O_CREAT, 0600), again;

	EXPECT_EQ(write(fd, "1234", 4), 4);
	again = open(name, O_WRONLY | O_APPEND);
	EXPECT_EQ(write(again, "56", 2), 2);
	EXPECT_EQ(pread(fd, buf, 8, 0), 6);
	EXPECT_EQ(memcmp(buf, "123456", 6), 0);
	again = open(name, O_RDWR | O_TRUNC);
	EXPECT_EQ(pread(fd, buf, 8, 0), 0);
	unlink(name);
}

static void
rights_of_a_descriptor(void)
{
	char *name = temp_name("rights"), c;
	int out = open(name, O_WRONLY | O_CREAT, 0600);
	int in = open(name, O_RDONLY);

	EXPECT_EQ(SYSCALL(SYS_read, out, &c, 1), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_write, in, "x", 1), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_ftruncate, in, 0), -EINVAL);
	unlink(name);
}

static void
seeking(void)
{
	int fd = temp_file("0123456789", 10), fds[2];
	long long at;
	char c;

	EXPECT_EQ(SYSCALL(SYS_lseek, fd, 4, SEEK_SET), 4);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, 2, SEEK_CUR), 6);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, -1, SEEK_END), 9);
	EXPECT_EQ(read(fd, &c, 1), 1);
	EXPECT_EQ(c, '9');
	EXPECT_EQ(read(fd, &c, 1), 0);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, -1, SEEK_SET), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_lseek, fd, 0, 77), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS__llseek, fd, 1, 5, &at, SEEK_SET), 0);
	EXPECT(at == 0x100000005ll);
	ASSERT(pipe(fds) == 0);
	EXPECT_EQ(SYSCALL(SYS_lseek, fds[0], 0, SEEK_SET), -ESPIPE);
}

static void
a_hole_in_a_file_reads_zero(void)
{
	int fd = temp_file("a", 1);
	char buf[3 * PAGE];
	struct stat st;

	EXPECT_EQ(SYSCALL(SYS_pwrite64, fd, "z", 1, 0, 2 * PAGE, 0), 1);
	fstat(fd, &st);
	EXPECT_EQ(st.st_size, 2 * PAGE + 1);
	EXPECT_EQ(pread(fd, buf, sizeof(buf), 0), 2 * PAGE + 1);
	EXPECT_EQ(buf[1], 0);
	EXPECT_EQ(buf[PAGE], 0);
	EXPECT_EQ(buf[2 * PAGE], 'z');
}

static void
truncate_grows_and_shrinks(void)
{
	int fd = temp_file("abcdef", 6);
	char buf[8];
	struct stat st;

	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, 3), 0);
	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, 6), 0);
	EXPECT_EQ(pread(fd, buf, 8, 0), 6);
	EXPECT_EQ(memcmp(buf, "abc\0\0\0", 6), 0);
	EXPECT_EQ(SYSCALL(SYS_ftruncate64, fd, 0, PAGE, 0), 0);
	fstat(fd, &st);
	EXPECT_EQ(st.st_size, PAGE);
	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, -1), -EINVAL);
}

static void
a_file_outlives_its_name(void)
{
	char *name = temp_name("gone"), buf[4];
	int fd = open(name, O_RDWR | O_CREAT, 0600);
	struct stat st;

	write(fd, "data", 4);
	EXPECT_EQ(SYSCALL(SYS_unlink, name), 0);
	EXPECT_EQ(SYSCALL(SYS_unlink, name), -ENOENT);
	EXPECT_EQ(pread(fd, buf, 4, 0), 4);
	fstat(fd, &st);
	EXPECT_EQ(st.st_nlink, 0);
}

static void
links_count(void)
{
	char name[64], other[64];
	struct stat st;

	strcpy(name, temp_name("link1"));
	strcpy(other, temp_name("link2"));
	close(open(name, O_CREAT | O_WRONLY, 0600));
	EXPECT_EQ(SYSCALL(SYS_link, name, other), 0);
	EXPECT_EQ(SYSCALL(SYS_link, name, other), -EEXIST);
	EXPECT_EQ(SYSCALL(SYS_link, "/tmp", other), -EEXIST);
	stat(other, &st);
	EXPECT_EQ(st.st_nlink, 2);
	unlink(name);
	stat(other, &st);
	EXPECT_EQ(st.st_nlink, 1);
	unlink(other);
}

static void
rename_replaces(void)
{
	char from[64], to[64], c;
	int fd;

	strcpy(from, temp_name("from"));
	strcpy(to, temp_name("to"));
	fd = open(from, O_CREAT | O_RDWR, 0600);
	write(fd, "f", 1);
	close(open(to, O_CREAT | O_RDWR, 0600));
	EXPECT_EQ(SYSCALL(SYS_rename, from, to), 0);
	EXPECT_EQ(SYSCALL(SYS_rename, from, to), -ENOENT);
	fd = open(to, O_RDONLY);
	EXPECT_EQ(read(fd, &c, 1), 1);
	EXPECT_EQ(c, 'f');
	mkdir(from, 0700);
	EXPECT_EQ(SYSCALL(SYS_rename, to, from), -EISDIR);
	EXPECT_EQ(SYSCALL(SYS_rename, from, to), -ENOTDIR);
	unlink(to);
	rmdir(from);
}

static void
symbolic_links(void)
{
	char a[64], b[64], buf[16];
	struct stat st;

	strcpy(a, temp_name("a"));
	strcpy(b, temp_name("b"));
	EXPECT_EQ(SYSCALL(SYS_symlink, b, a), 0);
	EXPECT_EQ(SYSCALL(SYS_symlink, "/", a), -EEXIST);
	EXPECT_EQ(open_at(a, O_RDONLY), -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_symlink, a, b), 0);
	EXPECT_EQ(open_at(a, O_RDONLY), -ELOOP);
	EXPECT_EQ(SYSCALL(SYS_stat64, a, &st), -ELOOP);
	EXPECT_EQ(SYSCALL(SYS_lstat64, a, &st), 0);
	EXPECT(S_ISLNK(st.st_mode));
	EXPECT_EQ(SYSCALL(SYS_readlink, a, buf, 4), 4);
	EXPECT_EQ(memcmp(buf, "/tmp", 4), 0);
	EXPECT_EQ(SYSCALL(SYS_readlink, "/tmp", buf, 4), -EINVAL);
	EXPECT_EQ(open_at(a, O_RDONLY | O_NOFOLLOW), -ELOOP);
	unlink(a);
	unlink(b);
}

static void
folders(void)
{
	char dir[64], file[80];
	struct stat st;

	strcpy(dir, temp_name("dir"));
	snprintf(file, sizeof(file), "%s/f", dir);
	EXPECT_EQ(SYSCALL(SYS_mkdir, dir, 0700), 0);
	EXPECT_EQ(SYSCALL(SYS_mkdir, dir, 0700), -EEXIST);
	EXPECT_EQ(SYSCALL(SYS_mkdir, "/tmp/none/x", 0700), -ENOENT);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	EXPECT_EQ(SYSCALL(SYS_rmdir, dir), -ENOTEMPTY);
	EXPECT_EQ(SYSCALL(SYS_unlink, dir), -EISDIR);
	EXPECT_EQ(SYSCALL(SYS_rmdir, file), -ENOTDIR);
	stat(dir, &st);
	EXPECT_EQ(st.st_nlink, 2);
	EXPECT_EQ(SYSCALL(SYS_unlinkat, AT_FDCWD, file, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_unlinkat, AT_FDCWD, dir, AT_REMOVEDIR), 0);
	EXPECT_EQ(SYSCALL(SYS_chdir, dir), -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_chdir, "/proc/self/exe"), -ENOTDIR);
}

static void
the_working_folder(void)
{
	char buf[64];

	EXPECT_EQ(SYSCALL(SYS_chdir, "/tmp"), 0);
	EXPECT_EQ(SYSCALL(SYS_getcwd, buf, sizeof(buf)), 5);
	EXPECT_EQ(strcmp(buf, "/tmp"), 0);
	EXPECT_EQ(SYSCALL(SYS_getcwd, buf, 4), -ERANGE);
	EXPECT_EQ(SYSCALL(SYS_chdir, ".."), 0);
	EXPECT_EQ(SYSCALL(SYS_getcwd, buf, sizeof(buf)), 2);
}

static void
getdents_lists_each_entry_once(void)
{
	char dir[64], file[80];
	struct dirent *entry;
	int i, seen = 0;
	DIR *d;

	strcpy(dir, temp_name("list"));
	mkdir(dir, 0700);
	for (i = 0; i < 100; i++) {
		snprintf(file, sizeof(file), "%s/%d", dir, i);
		close(open(file, O_CREAT | O_WRONLY, 0600));
	}
	d = opendir(dir);
	ASSERT(d);
	while ((entry = readdir(d)))
		seen += entry->d_name[0] != '.' ? 1 : 1000;
	EXPECT_EQ(seen, 2100);		/* . and .. as well */
	EXPECT_EQ(SYSCALL(SYS_getdents64, 0, file, 8) < 0, 1);
	for (i = 0; i < 100; i++) {
		snprintf(file, sizeof(file), "%s/%d", dir, i);
		unlink(file);
	}
	EXPECT_EQ(rmdir(dir), 0);
}

static void
duplicates_share_the_position(void)
{
	int fd = temp_file("abc", 3), copy = dup(fd);
	char c;

	ASSERT(copy > fd);
	read(fd, &c, 1);
	EXPECT_EQ(read(copy, &c, 1), 1);
	EXPECT_EQ(c, 'b');
	EXPECT_EQ(SYSCALL(SYS_dup2, fd, fd), fd);
	EXPECT_EQ(SYSCALL(SYS_dup3, fd, fd, 0), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_dup2, 99, 5), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_dup2, fd, 1 << 30), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_dup3, fd, 50, O_CLOEXEC), 50);
	EXPECT_EQ(fcntl(50, F_GETFD), FD_CLOEXEC);
}

static void
fcntl_flags(void)
{
	int fd = temp_file("", 0);

	EXPECT_EQ(fcntl(fd, F_GETFD), 0);
	EXPECT_EQ(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
	EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EXPECT_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR);
	EXPECT_EQ(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK), 0);
	EXPECT_EQ(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK),
		  O_APPEND | O_NONBLOCK);
	EXPECT_EQ(fcntl(fd, F_DUPFD, 40), 40);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_DUPFD, 1 << 30), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, 99, F_GETFD), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, 12345), -EINVAL);
}

static void
descriptors_run_out(void)
{
	unsigned long limit[2] = { 16, 16 };
	int i;

	ASSERT_EQ(SYSCALL(SYS_setrlimit, 7, limit), 0);
	for (i = 0; i < 20 && SYSCALL(SYS_dup, 1) >= 0; i++)
		;
	EXPECT(i < 16);
	EXPECT_EQ(SYSCALL(SYS_dup, 1), -EMFILE);
	EXPECT_EQ(open_at("/", O_RDONLY), -EMFILE);
}

static void
pipes_carry_bytes(void)
{
	int fds[2];
	char buf[8];

	ASSERT_EQ(SYSCALL(SYS_pipe2, fds, O_NONBLOCK), 0);
	EXPECT_EQ(SYSCALL(SYS_read, fds[0], buf, 8), -EAGAIN);
	EXPECT_EQ(write(fds[1], "hello", 5), 5);
	EXPECT_EQ(read(fds[0], buf, 2), 2);
	EXPECT_EQ(read(fds[0], buf, 8), 3);
	close(fds[1]);
	EXPECT_EQ(read(fds[0], buf, 8), 0);
	EXPECT_EQ(SYSCALL(SYS_pipe2, fds, 1), -EINVAL);
}

static void
a_full_pipe_blocks(void)
{
	static char block[65536];
	int fds[2];

	ASSERT_EQ(SYSCALL(SYS_pipe2, fds, O_NONBLOCK), 0);
	EXPECT_EQ(write(fds[1], block, sizeof(block)), 65536);
	EXPECT_EQ(SYSCALL(SYS_write, fds[1], block, 1), -EAGAIN);
	EXPECT_EQ(read(fds[0], block, 4096), 4096);
	EXPECT_EQ(write(fds[1], block, 4096), 4096);
}

static void
write_to_nobody(void *arg)
{
	int fds[2];

	if (arg)
		signal(SIGPIPE, SIG_IGN);
	pipe(fds);
	close(fds[0]);
	_exit(-SYSCALL(SYS_write, fds[1], "x", 1));
}

static void
a_pipe_without_a_reader(void)
{
	EXPECT_EQ(WTERMSIG(status_of(write_to_nobody, NULL)), SIGPIPE);
	EXPECT_EQ(WEXITSTATUS(status_of(write_to_nobody, "x")), EPIPE);
}

static void
polling(void)
{
	struct pollfd p[3];
	int fds[2];

	ASSERT(pipe(fds) == 0);
	p[0] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = fds[1], .events = POLLOUT };
	p[2] = (struct pollfd){ .fd = 99, .events = POLLIN };
	EXPECT_EQ(SYSCALL(SYS_poll, p, 1, 0), 0);
	EXPECT_EQ(SYSCALL(SYS_poll, p, 3, 0), 2);
	EXPECT_EQ(p[0].revents, 0);
	EXPECT_EQ(p[1].revents, POLLOUT);
	EXPECT_EQ(p[2].revents, POLLNVAL);
	write(fds[1], "x", 1);
	EXPECT_EQ(SYSCALL(SYS_poll, p, 1, -1), 1);
	EXPECT_EQ(p[0].revents, POLLIN);
	close(fds[1]);
	EXPECT_EQ(SYSCALL(SYS_poll, p, 1, -1), 1);
	EXPECT_EQ(p[0].revents, POLLIN | POLLHUP);
	EXPECT_EQ(SYSCALL(SYS_poll, 8, 1, 0), -EFAULT);
}

static void
vectors(void)
{
	struct {
		const void *base;
		size_t len;
	} out[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	int fd = temp_file("", 0);
	char buf[8];

	EXPECT_EQ(SYSCALL(SYS_writev, fd, out, 3), 5);
	EXPECT_EQ(pread(fd, buf, 8, 0), 5);
	EXPECT_EQ(memcmp(buf, "abcde", 5), 0);
	EXPECT_EQ(SYSCALL(SYS_writev, fd, out, -1), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_writev, fd, out, 1025), -EINVAL);
	EXPECT_EQ(SYSCALL(SYS_writev, fd, 8, 1), -EFAULT);
}

static void
devices(void)
{
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
	int full = open("/dev/full", O_RDWR);
	char buf[4] = "abc";

	if (null < 0 || zero < 0 || full < 0)
		SKIP("no /dev/null, zero or full");
	EXPECT_EQ(read(null, buf, 4), 0);
	EXPECT_EQ(write(null, buf, 4), 4);
	EXPECT_EQ(read(zero, buf, 4), 4);
	EXPECT_EQ(buf[0] | buf[1] | buf[2], 0);
	EXPECT_EQ(SYSCALL(SYS_write, full, buf, 4), -ENOSPC);
}

static void
a_memfd_is_sealed(void)
{
	int fd = memfd_create("m", MFD_ALLOW_SEALING);
	char *page;

	ASSERT(fd >= 0);
	EXPECT_EQ(write(fd, "abc", 3), 3);
	EXPECT_EQ(fcntl(fd, F_GET_SEALS), 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_ADD_SEALS, F_SEAL_WRITE), -EBUSY);
	munmap(page, PAGE);
	EXPECT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
					 F_SEAL_WRITE), 0);
	EXPECT_EQ(SYSCALL(SYS_write, fd, "x", 1), -EPERM);
	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, 1), -EPERM);
	EXPECT_EQ(SYSCALL(SYS_ftruncate, fd, PAGE), -EPERM);
	EXPECT_EQ(SYSCALL(SYS_mmap2, 0, PAGE, PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0), -EPERM);
	EXPECT_EQ(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	EXPECT_EQ(SYSCALL(SYS_fcntl64, fd, F_ADD_SEALS, F_SEAL_GROW), -EPERM);
	fd = memfd_create("n", 0);
	EXPECT_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	EXPECT_EQ(SYSCALL(SYS_memfd_create, "m", 0x80), -EINVAL);
}

static void
punching_a_hole(void)
{
	static char text[3 * PAGE];
	struct stat before, after;
	int fd;

	memset(text, 'x', sizeof(text));
	fd = temp_file(text, sizeof(text));
	fstat(fd, &before);
	if (SYSCALL(SYS_fallocate, fd, 3, PAGE, 0, PAGE, 0) == -EOPNOTSUPP)
		SKIP("this file system has no holes");
	fstat(fd, &after);
	EXPECT_EQ(before.st_blocks - after.st_blocks, 8);
	EXPECT_EQ(after.st_size, 3 * PAGE);
	EXPECT_EQ(pread(fd, text, 3 * PAGE, 0), 3 * PAGE);
	EXPECT_EQ(text[PAGE - 1], 'x');
	EXPECT_EQ(text[PAGE], 0);
	EXPECT_EQ(text[2 * PAGE], 'x');
}

static void
the_file_says_what_it_is(void)
{
	struct stat st;
	int fds[2];

	ASSERT_EQ(stat("/dev/null", &st), 0);
	EXPECT(S_ISCHR(st.st_mode));
	EXPECT_EQ(st.st_rdev, 0x103);
	ASSERT_EQ(stat("/tmp", &st), 0);
	EXPECT(S_ISDIR(st.st_mode));
	pipe(fds);
	fstat(fds[0], &st);
	EXPECT(S_ISFIFO(st.st_mode));
	EXPECT_EQ(SYSCALL(SYS_fstat64, 99, &st), -EBADF);
	EXPECT_EQ(SYSCALL(SYS_access, "/tmp/utest-none", 0), -ENOENT);
	EXPECT_EQ(SYSCALL(SYS_access, "/tmp", 8), -EINVAL);
}

/* As bash's <(command): by /dev/fd, perhaps after the command has ended. */
static void
a_pipe_is_opened_again_without_waiting(void)
{
	char name[32], c = 0;
	int p[2], fd;

	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	EXPECT_EQ(SYSCALL(SYS_write, p[1], "x", 1), 1);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[0]);
	SYSCALL(SYS_close, p[1]);
	fd = SYSCALL(SYS_open, name, O_RDONLY);
	ASSERT(fd >= 0);
	EXPECT_EQ(SYSCALL(SYS_read, fd, &c, 1), 1);
	EXPECT_EQ(c, 'x');
	EXPECT_EQ(SYSCALL(SYS_read, fd, &c, 1), 0);
	SYSCALL(SYS_close, fd);
	SYSCALL(SYS_close, p[0]);
	ASSERT_EQ(SYSCALL(SYS_pipe, p), 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[1]);
	SYSCALL(SYS_close, p[0]);
	fd = SYSCALL(SYS_open, name, O_WRONLY);
	EXPECT(fd >= 0);
}

UTEST_SUITE(files,
	UTEST(a_pipe_is_opened_again_without_waiting),
	UTEST(open_errors),
	UTEST(append_and_truncate),
	UTEST(rights_of_a_descriptor),
	UTEST(seeking),
	UTEST(a_hole_in_a_file_reads_zero),
	UTEST(truncate_grows_and_shrinks),
	UTEST(a_file_outlives_its_name),
	UTEST(links_count),
	UTEST(rename_replaces),
	UTEST(symbolic_links),
	UTEST(folders),
	UTEST(the_working_folder),
	UTEST(getdents_lists_each_entry_once),
	UTEST(duplicates_share_the_position),
	UTEST(fcntl_flags),
	UTEST(descriptors_run_out),
	UTEST(pipes_carry_bytes),
	UTEST(a_full_pipe_blocks),
	UTEST(a_pipe_without_a_reader),
	UTEST(polling),
	UTEST(vectors),
	UTEST(devices),
	UTEST(a_memfd_is_sealed),
	UTEST(punching_a_hole),
	UTEST(the_file_says_what_it_is));
