/* SPDX-License-Identifier: MIT */
/* What the files of the library share. */
#ifndef USER_LIB_H
#define USER_LIB_H

#include <errno.h>
#include <sys/syscall.h>

/* -errno of the kernel to -1 and errno. Addresses above 2 GiB are no errors. */
static inline long
result(long value)
{
	if ((unsigned long)value > -4096ul) {
		errno = -value;
		return -1;
	}
	return value;
}

#endif
