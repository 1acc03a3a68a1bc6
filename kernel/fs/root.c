/* SPDX-License-Identifier: MIT */
/*
 * The root on a disk.
 *
 *	root=/dev/vda		the disk that holds it
 *	rootfstype=ext2		else all types that need a disk are tried
 *	rootflags=OPTIONS	as of mount -o
 *	ro, rw			read-only unless rw is said
 *
 * Without root= the initial archive is the root. With both an archive and root=
 * the archive's /init comes first, as in Linux: it is there to find the root.
 */
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <lib/errno.h>
#include <lib/string.h>

#include "fs_private.h"

static char root_name[24], root_type[16], root_flags[64];
static bool root_rw;

static int
copy_value(char *to, size_t size, const char *value)
{
	return strscpy(to, value, size) > 0 ? 0 : -EINVAL;
}

static int
root_param(const char *value)
{
	return copy_value(root_name, sizeof(root_name), value);
}
BOOT_PARAM("root", root_param);

static int
type_param(const char *value)
{
	if (!get_fs_type(value) || get_fs_type(value)->nodev)
		return -EINVAL;
	return copy_value(root_type, sizeof(root_type), value);
}
BOOT_PARAM("rootfstype", type_param);

static int
flags_param(const char *value)
{
	return copy_value(root_flags, sizeof(root_flags), value);
}
BOOT_PARAM("rootflags", flags_param);

static int
rw_param(const char *value)
{
	(void)value;
	root_rw = true;
	return 0;
}
BOOT_PARAM("rw", rw_param);

static int
ro_param(const char *value)
{
	(void)value;
	root_rw = false;
	return 0;
}
BOOT_PARAM("ro", ro_param);

extern const struct file_system_type *const __file_systems_start[];
extern const struct file_system_type *const __file_systems_end[];

bool
mount_root_disk(void)
{
	const struct file_system_type *const *t;
	int err = -ENODEV;

	if (!*root_name)
		return false;
	for (t = __file_systems_start; err && t < __file_systems_end; t++) {
		if ((*t)->nodev || (*root_type && strcmp((*t)->name,
							 root_type)))
			continue;
		err = mount_over_root(root_name, *t, root_flags,
				      root_rw ? 0 : SB_RDONLY);
	}
	if (err)
		pr_err("root=%s cannot be mounted: error %d\n", root_name,
		       -err);
	else
		pr_info("root: %s, %s\n", root_name, root_rw ? "rw" : "ro");
	return !err;
}
