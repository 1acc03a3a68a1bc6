/* SPDX-License-Identifier: MIT */
/*
 * /dev: a tmpfs in which each device that was registered has its node.
 *
 * Ideas
 *   A driver leaves a CHAR_DEVICES() table: names, numbers, rights, operations.
 *   Mounting makes a node for each. The node knows only the number: opening it
 *   looks the number up, so that mknod() elsewhere makes as good a node.
 */
#include <kernel/fs_struct.h>
#include <lib/errno.h>
#include <lib/string.h>

#include "fs_private.h"
#include "tmpfs.h"

extern const struct char_device_table __char_devices_start[];
extern const struct char_device_table __char_devices_end[];

static const struct char_device *
find_device(dev_t dev)
{
	const struct char_device_table *t;
	unsigned i;

	for (t = __char_devices_start; t < __char_devices_end; t++) {
		for (i = 0; i < t->nr; i++) {
			if (t->devices[i].dev == dev)
				return &t->devices[i];
		}
	}
	return NULL;
}

/* The file goes on with the operations of its device. */
static int
char_device_open(struct inode *inode, struct file *file)
{
	const struct char_device *device = find_device(inode->i_rdev);

	if (!device)
		return -ENXIO;
	file->f_op = device->fops;
	return device->fops->open ? device->fops->open(inode, file) : 0;
}

const struct file_operations char_device_ops = {
	.open = char_device_open,
};

/* A name in the root of the new file system, made with op. */
static struct dentry *
new_name(struct super_block *sb, const char *name)
{
	struct qstr q = { name, (u32)strlen(name), 0 };
	struct dentry *d;

	q.hash = name_hash(name, q.len);
	d = d_alloc(sb->s_root, &q);
	if (d)
		d_add(d, NULL);
	return d;
}

static int
make_node(struct super_block *sb, const struct char_device *device)
{
	struct inode *root = sb->s_root->d_inode;
	struct dentry *d = new_name(sb, device->name);
	int err;

	if (!d)
		return -ENOMEM;
	err = root->i_op->create(root, d, S_IFCHR | device->mode, device->dev);
	dput(d);
	return err;
}

static int
make_link(struct super_block *sb, const char *name, const char *target)
{
	struct inode *root = sb->s_root->d_inode;
	struct dentry *d = new_name(sb, name);
	int err;

	if (!d)
		return -ENOMEM;
	err = root->i_op->symlink(root, d, target);
	dput(d);
	return err;
}

static int
devtmpfs_fill_super(struct super_block *sb, const char *options)
{
	const struct char_device_table *t;
	int err = tmpfs_fill_super(sb, options);
	unsigned i;

	if (err)
		return err;
	for (t = __char_devices_start; t < __char_devices_end; t++) {
		for (i = 0; !err && i < t->nr; i++)
			err = make_node(sb, &t->devices[i]);
	}
	if (!err)
		err = make_link(sb, "fd", "/proc/self/fd");
	if (!err)
		err = make_link(sb, "stdin", "/proc/self/fd/0");
	if (!err)
		err = make_link(sb, "stdout", "/proc/self/fd/1");
	if (!err)
		err = make_link(sb, "stderr", "/proc/self/fd/2");
	if (err) {
		d_genocide(sb->s_root);
		dput(sb->s_root);
		sb->s_op->put_super(sb);
	}
	return err;
}

static const struct file_system_type devtmpfs_type = {
	.name = "devtmpfs", .magic = TMPFS_MAGIC,
	.fill_super = devtmpfs_fill_super, .nodev = true,
};
FILE_SYSTEM(devtmpfs_type);
