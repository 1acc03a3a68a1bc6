/* SPDX-License-Identifier: MIT */
/* What Linux's error numbers mean; newlib's own table has other numbers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const meaning[] = {
	[0] = "Success",
	[EPERM] = "Operation not permitted",
	[ENOENT] = "No such file or directory",
	[ESRCH] = "No such process",
	[EINTR] = "Interrupted by a signal",
	[EIO] = "Input/output error",
	[ENXIO] = "No such device or address",
	[E2BIG] = "Arguments too long",
	[ENOEXEC] = "Not a program",
	[EBADF] = "Bad file descriptor",
	[ECHILD] = "No child processes",
	[EAGAIN] = "Try again",
	[ENOMEM] = "Out of memory",
	[EACCES] = "Permission denied",
	[EFAULT] = "Bad address",
	[EBUSY] = "Busy",
	[EEXIST] = "File exists",
	[EXDEV] = "On another file system",
	[ENODEV] = "No such device",
	[ENOTDIR] = "Not a directory",
	[EISDIR] = "Is a directory",
	[EINVAL] = "Invalid argument",
	[ENFILE] = "Too many open files in the system",
	[EMFILE] = "Too many open files",
	[ENOTTY] = "Not a terminal",
	[ETXTBSY] = "Program is running",
	[EFBIG] = "File too large",
	[ENOSPC] = "No space left",
	[ESPIPE] = "Cannot seek",
	[EROFS] = "Read-only file system",
	[EMLINK] = "Too many links",
	[EPIPE] = "Broken pipe",
	[EDOM] = "Argument out of domain",
	[ERANGE] = "Result out of range",
	[ENAMETOOLONG] = "Name too long",
	[ENOSYS] = "System call not implemented",
	[ENOTEMPTY] = "Folder not empty",
	[ELOOP] = "Too many symbolic links",
	[EOVERFLOW] = "Value too large",
	[EUCLEAN] = "File system is damaged",
	[EOPNOTSUPP] = "Not supported",
	[ETIMEDOUT] = "Timed out",
};

char *
strerror(int number)
{
	static char unknown[24];

	if (number >= 0 &&
	    number < (int)(sizeof(meaning) / sizeof(meaning[0])) &&
	    meaning[number])
		return (char *)meaning[number];
	snprintf(unknown, sizeof(unknown), "Error %d", number);
	return unknown;
}

void
perror(const char *what)
{
	int number = errno;

	fflush(stdout);
	fprintf(stderr, "%s: %s\n", what, strerror(number));
}
