/* SPDX-License-Identifier: MIT */
/*
 * Between newlib.c, which sees newlib's headers, and files.c, which sees the
 * kernel's: nothing but plain types crosses here. Errors: -1 and errno.
 */
#ifndef USER_RAW_H
#define USER_RAW_H

#include <stddef.h>

int raw_open(const char *path, int linux_flags, int mode);
int raw_close(int fd);
long raw_read(int fd, void *buf, size_t len);
long raw_write(int fd, const void *buf, size_t len);
long raw_lseek(int fd, long offset, int whence);
int raw_fstat(int fd, unsigned *mode, unsigned *block_size);
int raw_isatty(int fd);
int raw_getpid(void);
int raw_kill(int pid, int sig);
int raw_unlink(const char *path);
int raw_link(const char *from, const char *to);
long long raw_clock(int which);		/* ns */

#endif
