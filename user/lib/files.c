/* SPDX-License-Identifier: MIT */
/* System calls on files, as POSIX names them. Errors: -1 and errno. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <sys/statfs.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "lib.h"
#include "raw.h"

int
open(const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);	/* without O_CREAT nobody looks at it */
	va_end(args);
	return raw_open(path, flags, mode);
}

int
raw_open(const char *path, int flags, int mode)
{
	return result(SYSCALL(SYS_openat, AT_FDCWD, path, flags | O_LARGEFILE,
			      mode));
}

int
openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	int mode;

	va_start(args, flags);
	mode = va_arg(args, int);
	va_end(args);
	return result(SYSCALL(SYS_openat, dir, path, flags | O_LARGEFILE, mode));
}

int
fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	return result(SYSCALL(SYS_fcntl64, fd, command, arg));
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	long arg;

	va_start(args, request);
	arg = va_arg(args, long);
	va_end(args);
	return result(SYSCALL(SYS_ioctl, fd, request, arg));
}

int
raw_close(int fd)
{
	return result(SYSCALL(SYS_close, fd));
}

long
raw_read(int fd, void *buf, size_t len)
{
	return result(SYSCALL(SYS_read, fd, buf, len));
}

long
raw_write(int fd, const void *buf, size_t len)
{
	return result(SYSCALL(SYS_write, fd, buf, len));
}

long
raw_lseek(int fd, long offset, int whence)
{
	return result(SYSCALL(SYS_lseek, fd, offset, whence));
}

int
raw_fstat(int fd, unsigned *mode, unsigned *block_size)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	*mode = st.st_mode;
	*block_size = st.st_blksize;
	return 0;
}

int
raw_isatty(int fd)
{
	struct termios settings;

	return tcgetattr(fd, &settings) == 0;
}

int
raw_unlink(const char *path)
{
	return result(SYSCALL(SYS_unlink, path));
}

int
raw_link(const char *from, const char *to)
{
	return result(SYSCALL(SYS_link, from, to));
}

int
isatty(int fd)
{
	return raw_isatty(fd);
}

int
tcgetattr(int fd, struct termios *settings)
{
	return ioctl(fd, TCGETS, settings);
}

int
tcsetattr(int fd, int when, const struct termios *settings)
{
	return ioctl(fd, TCSETS + when, settings);
}

pid_t
tcgetpgrp(int fd)
{
	pid_t group;

	return ioctl(fd, TIOCGPGRP, &group) ? -1 : group;
}

int
tcsetpgrp(int fd, pid_t group)
{
	return ioctl(fd, TIOCSPGRP, &group);
}

int
stat(const char *path, struct stat *st)
{
	return result(SYSCALL(SYS_stat64, path, st));
}

int
lstat(const char *path, struct stat *st)
{
	return result(SYSCALL(SYS_lstat64, path, st));
}

int
fstat(int fd, struct stat *st)
{
	return result(SYSCALL(SYS_fstat64, fd, st));
}

int
access(const char *path, int mode)
{
	return result(SYSCALL(SYS_access, path, mode));
}

int
mkdir(const char *path, mode_t mode)
{
	return result(SYSCALL(SYS_mkdir, path, mode));
}

int
rmdir(const char *path)
{
	return result(SYSCALL(SYS_rmdir, path));
}

int
chmod(const char *path, mode_t mode)
{
	return result(SYSCALL(SYS_chmod, path, mode));
}

mode_t
umask(mode_t mask)
{
	return SYSCALL(SYS_umask, mask);
}

int
rename(const char *from, const char *to)
{
	return result(SYSCALL(SYS_rename, from, to));
}

int
symlink(const char *target, const char *path)
{
	return result(SYSCALL(SYS_symlink, target, path));
}

ssize_t
readlink(const char *path, char *buf, size_t size)
{
	return result(SYSCALL(SYS_readlink, path, buf, size));
}

int
chdir(const char *path)
{
	return result(SYSCALL(SYS_chdir, path));
}

char *
getcwd(char *buf, size_t size)
{
	return result(SYSCALL(SYS_getcwd, buf, size)) < 0 ? NULL : buf;
}

int
dup(int fd)
{
	return result(SYSCALL(SYS_dup, fd));
}

int
dup2(int fd, int to)
{
	return result(SYSCALL(SYS_dup2, fd, to));
}

int
pipe(int fds[2])
{
	return result(SYSCALL(SYS_pipe, fds));
}

int
ftruncate(int fd, off_t size)
{
	return result(SYSCALL(SYS_ftruncate, fd, size));
}

ssize_t
pread(int fd, void *buf, size_t len, off_t offset)
{
	return result(SYSCALL(SYS_pread64, fd, buf, len, 0, offset, 0));
}

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	return result(SYSCALL(SYS_pwrite64, fd, buf, len, 0, offset, 0));
}

int
poll(struct pollfd *fds, unsigned long count, int timeout_ms)
{
	return result(SYSCALL(SYS_poll, fds, count, timeout_ms));
}

int
mount(const char *source, const char *target, const char *type,
      unsigned long flags, const void *data)
{
	return result(SYSCALL(SYS_mount, source, target, type, flags, data));
}

int
swapon(const char *path, int flags)
{
	return result(SYSCALL(SYS_swapon, path, flags));
}

int
swapoff(const char *path)
{
	return result(SYSCALL(SYS_swapoff, path));
}

int
umount(const char *target)
{
	return result(SYSCALL(SYS_umount2, target, 0));
}

int
statfs(const char *path, struct statfs *st)
{
	return result(SYSCALL(SYS_statfs64, path, sizeof(*st), st));
}

int
reboot(int command)
{
	return result(SYSCALL(SYS_reboot, 0xfee1dead, 672274793, command, 0));
}

struct DIR {
	int fd;
	int at, len;			/* in buf */
	_Alignas(8) char buf[2048];
};

DIR *
opendir(const char *path)
{
	DIR *dir = malloc(sizeof(*dir));

	if (!dir)
		return NULL;
	dir->at = dir->len = 0;
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0) {
		free(dir);
		return NULL;
	}
	return dir;
}

struct dirent *
readdir(DIR *dir)
{
	struct dirent *entry;

	if (dir->at >= dir->len) {
		dir->len = result(SYSCALL(SYS_getdents64, dir->fd, dir->buf,
					  sizeof(dir->buf)));
		dir->at = 0;
		if (dir->len <= 0)
			return NULL;
	}
	entry = (struct dirent *)(dir->buf + dir->at);
	dir->at += entry->d_reclen;
	return entry;
}

int
closedir(DIR *dir)
{
	close(dir->fd);
	free(dir);
	return 0;
}
