/* SPDX-License-Identifier: MIT */
/*
 * What newlib's stdio asks of the system below it, in newlib's own terms.
 *
 * Built with newlib's headers, not with those of user/include: newlib has its
 * own values for the flags of open() and its own struct stat. Programs never
 * see them; they call the functions of files.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/times.h>

#include "raw.h"

int _open(const char *path, int flags, int mode);
int _close(int fd);
int _read(int fd, void *buf, size_t len);
int _write(int fd, const void *buf, size_t len);
int _lseek(int fd, int offset, int whence);
int _fstat(int fd, struct stat *st);
int _isatty(int fd);
int _getpid(void);
int _kill(int pid, int sig);
int _unlink(const char *path);
int _link(const char *from, const char *to);
int _gettimeofday(struct timeval *tv, void *zone);
clock_t _times(struct tms *buf);

/* newlib's flag, the kernel's. */
static const struct {
	int newlib, linux_flag;
} open_flags[] = {
	{ O_CREAT, 0100 }, { O_EXCL, 0200 }, { O_TRUNC, 01000 },
	{ O_APPEND, 02000 }, { O_NONBLOCK, 04000 },
};

int
_open(const char *path, int flags, int mode)
{
	int linux_flags = flags & O_ACCMODE;
	size_t i;

	for (i = 0; i < sizeof(open_flags) / sizeof(open_flags[0]); i++) {
		if (flags & open_flags[i].newlib)
			linux_flags |= open_flags[i].linux_flag;
	}
	return raw_open(path, linux_flags, mode);
}

int
_close(int fd)
{
	return raw_close(fd);
}

int
_read(int fd, void *buf, size_t len)
{
	return raw_read(fd, buf, len);
}

int
_write(int fd, const void *buf, size_t len)
{
	return raw_write(fd, buf, len);
}

int
_lseek(int fd, int offset, int whence)
{
	return raw_lseek(fd, offset, whence);
}

/* stdio looks at the kind of file and at the size of its blocks. */
int
_fstat(int fd, struct stat *st)
{
	unsigned mode, block;

	if (raw_fstat(fd, &mode, &block))
		return -1;
	memset(st, 0, sizeof(*st));
	st->st_mode = mode;
	st->st_blksize = block;
	return 0;
}

int
_isatty(int fd)
{
	return raw_isatty(fd);
}

int
_getpid(void)
{
	return raw_getpid();
}

int
_kill(int pid, int sig)
{
	return raw_kill(pid, sig);
}

int
_unlink(const char *path)
{
	return raw_unlink(path);
}

int
_link(const char *from, const char *to)
{
	return raw_link(from, to);
}

int
_gettimeofday(struct timeval *tv, void *zone)
{
	long long ns = raw_clock(0);

	tv->tv_sec = ns / 1000000000;
	tv->tv_usec = ns % 1000000000 / 1000;
	return 0;
}

clock_t
_times(struct tms *buf)
{
	memset(buf, 0, sizeof(*buf));
	buf->tms_utime = raw_clock(2) / (1000000000 / CLOCKS_PER_SEC);
	return buf->tms_utime;
}
