/* SPDX-License-Identifier: MIT */
/*
 * initramfs: the first files, from an archive that the boot loader left.
 *
 * Entries are made in the root file system in the order of the archive. A file
 * with several names comes with its data once, at the last of them (cpio's
 * way): the others are empty, and have the same inode number. So the first name
 * makes the file, each further one a link, and data goes to whichever brings it.
 *
 *	070701 ... name, data		->	filp_open, kernel_write
 *
 * A damaged archive is unpacked up to the damage, and one line says where and
 * what it was; the kernel goes on, and comes to the monitor if it finds no init.
 *
 * The archive's frames are given back when this is done (kernel/setup.c).
 */
#include <kernel/fs_struct.h>
#include <kernel/initramfs.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/cpio.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

/* Files with several names that we have met. */
struct linked {
	struct linked *next;
	u32 ino, dev_major, dev_minor;
	char name[];		/* the first one */
};

struct unpack {
	struct linked *links;
	const char *prefix;
	char path[PATH_MAX];
};

/* The first name of this file, or NULL after it has been remembered. */
static const char *
first_name(struct unpack *u, const struct cpio_entry *e, int *err)
{
	size_t len = strlen(u->path) + 1;
	struct linked *l;

	*err = 0;
	for (l = u->links; l; l = l->next) {
		if (l->ino == e->ino && l->dev_major == e->dev_major &&
		    l->dev_minor == e->dev_minor)
			return l->name;
	}
	l = kmalloc(sizeof(*l) + len, GFP_KERNEL);
	if (!l) {
		*err = -ENOMEM;
		return NULL;
	}
	l->ino = e->ino;
	l->dev_major = e->dev_major;
	l->dev_minor = e->dev_minor;
	memcpy(l->name, u->path, len);
	l->next = u->links;
	u->links = l;
	return NULL;
}

static int
write_data(const char *path, const struct cpio_entry *e)
{
	struct file *file;
	u64 pos = 0;
	ssize_t n;
	int err = filp_open(path, O_CREAT | O_WRONLY, e->mode & S_IALLUGO,
			    &file);

	if (err || !e->size) {
		if (!err)
			fput(file);
		return err;
	}
	err = vfs_truncate(file->f_inode, 0);
	n = err ? err : kernel_write(file, e->data, e->size, &pos);
	fput(file);
	return n < 0 ? (int)n : n < (ssize_t)e->size ? -ENOSPC : 0;
}

static int
unpack_file(struct unpack *u, const struct cpio_entry *e)
{
	const char *first = NULL;
	int err = 0;

	if (e->nlink > 1)
		first = first_name(u, e, &err);
	if (!err && first && strcmp(first, u->path)) {
		vfs_unlink_at(AT_FDCWD, u->path);
		err = vfs_link_at(AT_FDCWD, first, AT_FDCWD, u->path, 0);
		if (!err && !e->size)
			return 0;
	}
	return err ? err : write_data(u->path, e);
}

static int
unpack_link(struct unpack *u, const struct cpio_entry *e)
{
	char *target;
	int err;

	if (e->size >= PATH_MAX)
		return -ENAMETOOLONG;
	target = kmalloc(e->size + 1, GFP_KERNEL);
	if (!target)
		return -ENOMEM;
	memcpy(target, e->data, e->size);
	target[e->size] = '\0';
	vfs_unlink_at(AT_FDCWD, u->path);
	err = vfs_symlink_at(target, AT_FDCWD, u->path);
	kfree(target);
	return err;
}

/* Rights, owner and time of what was just made. */
static void
set_attributes(const char *path, const struct cpio_entry *e)
{
	struct inode *inode;
	struct path p;

	if (kern_path(path, 0, &p))
		return;
	inode = p.dentry->d_inode;
	inode->i_mode = (inode->i_mode & S_IFMT) | (e->mode & S_IALLUGO);
	inode->i_uid = e->uid;
	inode->i_gid = e->gid;
	inode->i_mtime = (struct timespec64){ e->mtime, 0 };
	path_put(&p);
}

static int
unpack_entry(struct unpack *u, const struct cpio_entry *e)
{
	const char *name = e->name;
	int err;

	while (*name == '/' || (name[0] == '.' && name[1] == '/'))
		name++;
	if (!*name || !strcmp(name, "."))
		return 0;
	if (snprintf(u->path, sizeof(u->path), "%s/%s", u->prefix, name) >=
	    (int)sizeof(u->path))
		return -ENAMETOOLONG;
	switch (e->mode & S_IFMT) {
	case S_IFDIR:
		err = vfs_mkdir_at(AT_FDCWD, u->path, e->mode & S_IALLUGO);
		if (err == -EEXIST)
			return 0;
		break;
	case S_IFREG:
		err = unpack_file(u, e);
		break;
	case S_IFLNK:
		err = unpack_link(u, e);
		break;
	case S_IFCHR:
	case S_IFIFO:
		err = vfs_mknod_at(AT_FDCWD, u->path, e->mode,
				   MKDEV(e->rdev_major, e->rdev_minor));
		if (err == -EEXIST)
			err = 0;
		break;
	default:		/* block devices, sockets: nothing to make */
		return 0;
	}
	if (!err)
		set_attributes(u->path, e);
	return err;
}

static void
free_links(struct unpack *u)
{
	struct linked *l;

	while ((l = u->links)) {
		u->links = l->next;
		kfree(l);
	}
}

int
unpack_initramfs(const void *archive, size_t size, const char *prefix,
		 unsigned *nr)
{
	struct unpack *u = kzalloc(sizeof(*u), GFP_KERNEL);
	struct cpio_entry entry;
	struct cpio c;
	int err = 0;

	*nr = 0;
	if (!u)
		return -ENOMEM;
	u->prefix = prefix;
	cpio_open(&c, archive, size);
	while (!err && cpio_next(&c, &entry)) {
		err = unpack_entry(u, &entry);
		if (err)
			pr_err("initramfs: %s: error %d; the rest is left "
			       "out\n", entry.name, -err);
		else
			++*nr;
		cond_resched();
	}
	if (c.error) {
		pr_err("initramfs: %s, at byte %lu of %lu\n", c.error,
		       (unsigned long)c.at, (unsigned long)c.size);
		err = -EINVAL;
	}
	free_links(u);
	kfree(u);
	return err;
}
