/* SPDX-License-Identifier: MIT */
/*
 * What the system calls of files bring in from the user: names, arrays of
 * pieces, single values. Everything is copied once, checked after the copy, and
 * never looked at in the user's memory again: a thread may change it there.
 */
#include <asm/uaccess.h>
#include <lib/errno.h>
#include <mm/slab.h>

#include "fs_private.h"

/*
 * Returns a copy for putname(), or NULL with *err: -EFAULT, -ENAMETOOLONG,
 * -ENOMEM.
 */
char *
getname(const char *user, int *err)
{
	char *name = kmalloc(PATH_MAX, GFP_KERNEL);
	long n;

	*err = -ENOMEM;
	if (!name)
		return NULL;
	n = strncpy_from_user(name, user, PATH_MAX);
	if (n >= 0 && n < PATH_MAX) {
		*err = 0;
		return name;
	}
	kfree(name);
	*err = n < 0 ? -EFAULT : -ENAMETOOLONG;
	return NULL;
}

void
putname(char *name)
{
	kfree(name);
}

int
user_path(int dfd, const char *user, unsigned flags, struct path *path)
{
	char *name;
	int err;

	name = getname(user, &err);
	if (!name)
		return err;
	err = path_lookup(dfd, name, flags, path);
	putname(name);
	return err;
}

unsigned
lookup_flags(int at)
{
	return (at & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (at & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

long
put_user_int(int value, unsigned long arg)
{
	return put_user(value, (int *)arg);
}

/* All pieces in user space, and no more bytes than one call moves. */
static ssize_t
check_iovec(struct iovec *iov, unsigned long nr)
{
	size_t sum = 0;
	unsigned long i;

	for (i = 0; i < nr; i++) {
		if ((ssize_t)iov[i].iov_len < 0)
			return -EINVAL;
		if (!access_ok(iov[i].iov_base, iov[i].iov_len))
			return -EFAULT;
		iov[i].iov_len = min(iov[i].iov_len, MAX_RW_COUNT - sum);
		sum += iov[i].iov_len;
	}
	return (ssize_t)sum;
}

/*
 * Copy an array of nr pieces into fast, or where it is too long into memory
 * that the caller frees when *iov != fast. Returns the bytes in all pieces, or
 * -EINVAL, -EFAULT, -ENOMEM.
 */
ssize_t
import_iovec(const struct iovec *user, unsigned long nr, struct iovec *fast,
	     struct iovec **iov)
{
	ssize_t sum;

	*iov = fast;
	if (nr > UIO_MAXIOV)
		return -EINVAL;
	if (nr > UIO_FASTIOV) {
		*iov = kmalloc_array(nr, sizeof(**iov), GFP_KERNEL);
		if (!*iov) {
			*iov = fast;
			return -ENOMEM;
		}
	}
	if (copy_from_user(*iov, user, nr * sizeof(**iov)))
		sum = -EFAULT;
	else
		sum = check_iovec(*iov, nr);
	if (sum < 0 && *iov != fast) {
		kfree(*iov);
		*iov = fast;
	}
	return sum;
}
