/* SPDX-License-Identifier: MIT */
/*
 * System calls that make, remove and move names: the user's paths brought in,
 * then names.c.
 */
#include <asm/uaccess.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

#define MAX_MOUNT_DATA	256

/* Linux's encoding of a device number in 32 bits. */
static dev_t
decode_dev(unsigned dev)
{
	return MKDEV(dev >> 8 & 0xfff, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

long
sys_mknodat(int dfd, const char *user, unsigned mode, unsigned dev)
{
	char *name;
	int err;

	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	name = getname(user, &err);
	if (!name)
		return err;
	err = vfs_mknod_at(dfd, name, mode & (S_IFMT | S_IALLUGO),
			   decode_dev(dev));
	putname(name);
	return err;
}

long
sys_mknod(const char *name, unsigned mode, unsigned dev)
{
	return sys_mknodat(AT_FDCWD, name, mode, dev);
}

long
sys_mkdirat(int dfd, const char *user, unsigned mode)
{
	char *name;
	int err;

	name = getname(user, &err);
	if (!name)
		return err;
	err = vfs_mkdir_at(dfd, name, mode);
	putname(name);
	return err;
}

long
sys_mkdir(const char *name, unsigned mode)
{
	return sys_mkdirat(AT_FDCWD, name, mode);
}

long
sys_unlinkat(int dfd, const char *user, int flags)
{
	char *name;
	int err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	name = getname(user, &err);
	if (!name)
		return err;
	err = flags & AT_REMOVEDIR ? vfs_rmdir_at(dfd, name) :
				     vfs_unlink_at(dfd, name);
	putname(name);
	return err;
}

long
sys_rmdir(const char *name)
{
	return sys_unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

long
sys_unlink(const char *name)
{
	return sys_unlinkat(AT_FDCWD, name, 0);
}

/* Two paths: both, or neither. */
static int
get_two_names(const char *user_a, const char *user_b, char **a, char **b)
{
	int err;

	*a = getname(user_a, &err);
	if (!*a)
		return err;
	*b = getname(user_b, &err);
	if (*b)
		return 0;
	putname(*a);
	return err;
}

long
sys_linkat(int old_dfd, const char *old, int dfd, const char *name, int flags)
{
	char *a, *b;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = get_two_names(old, name, &a, &b);
	if (err)
		return err;
	err = vfs_link_at(old_dfd, a, dfd, b, flags);
	putname(a);
	putname(b);
	return err;
}

long
sys_link(const char *old, const char *name)
{
	return sys_linkat(AT_FDCWD, old, AT_FDCWD, name, 0);
}

long
sys_symlinkat(const char *target, int dfd, const char *name)
{
	char *a, *b;
	int err = get_two_names(target, name, &a, &b);

	if (err)
		return err;
	err = vfs_symlink_at(a, dfd, b);
	putname(a);
	putname(b);
	return err;
}

long
sys_symlink(const char *target, const char *name)
{
	return sys_symlinkat(target, AT_FDCWD, name);
}

long
sys_renameat2(int old_dfd, const char *old, int dfd, const char *name,
	      unsigned flags)
{
	char *a, *b;
	int err = get_two_names(old, name, &a, &b);

	if (err)
		return err;
	err = vfs_rename_at(old_dfd, a, dfd, b, flags);
	putname(a);
	putname(b);
	return err;
}

long
sys_renameat(int old_dfd, const char *old, int dfd, const char *name)
{
	return sys_renameat2(old_dfd, old, dfd, name, 0);
}

long
sys_rename(const char *old, const char *name)
{
	return sys_renameat2(AT_FDCWD, old, AT_FDCWD, name, 0);
}

/* --- mount ------------------------------------------------------------------------- */

/* A short text of the user's, "" for NULL. 0, -EFAULT, -EINVAL (too long). */
static int
get_text(char *to, const void *user, long size)
{
	long n;

	to[0] = '\0';
	if (!user)
		return 0;
	n = strncpy_from_user(to, user, size);
	return n < 0 ? (int)n : n == size ? -EINVAL : 0;
}

#define MS_REMOUNT	32u
/* Silent, and how access times are kept: there is nothing to promise. */
#define MS_HINTS	(0x8000u | 1024u | 2048u | 1u << 21 | 1u << 24)
#define MS_MGC_VAL	0xc0ed0000u	/* in the upper half, from old days */
#define MS_MGC_MASK	0xffff0000u

/* What is asked for and cannot be kept (bind, synchronous, ...) is -EINVAL. */
long
sys_mount(const char *dev, const char *dir, const char *type,
	  unsigned long flags, const void *data)
{
	char options[MAX_MOUNT_DATA], type_name[16], dev_name[24];
	char *name;
	int err;

	if (current_fs()->uid)
		return -EPERM;
	if ((flags & MS_MGC_MASK) == MS_MGC_VAL)
		flags &= ~MS_MGC_MASK;
	if (flags & ~(unsigned long)(SB_KEPT | MS_REMOUNT | MS_HINTS))
		return -EINVAL;
	err = get_text(type_name, type, sizeof(type_name));
	if (!err)
		err = get_text(dev_name, dev, sizeof(dev_name));
	if (!err)
		err = get_text(options, data, sizeof(options));
	if (err)
		return err;
	name = getname(dir, &err);
	if (!name)
		return err;
	if (flags & MS_REMOUNT)
		err = do_remount(name, options, (u32)flags & SB_KEPT);
	else
		err = do_mount(*dev_name ? dev_name : "none", name, type_name,
			       options, (u32)flags & SB_KEPT);
	putname(name);
	return err;
}

long
sys_umount2(const char *dir, int flags)
{
	char *name;
	int err;

	if (flags & ~0xf)
		return -EINVAL;
	if (current_fs()->uid)
		return -EPERM;
	name = getname(dir, &err);
	if (!name)
		return err;
	err = do_umount(name);
	putname(name);
	return err;
}
