/* SPDX-License-Identifier: MIT */
/*
 * struct file: one opening of a file.
 *
 * Ideas
 *   An opening has a position and a mode. dup() and fork() share it, another
 *   open() makes a new one.
 *   Readers of a descriptor table take a reference without a lock. So the
 *   memory of a struct file stays one for a grace period after it was freed
 *   (SLAB_TYPESAFE_BY_RCU): a late reader finds a count of 0, or another
 *   opening, and looks again (fdtable.c).
 *
 * Locks   f_pos_lock where a position is moved by a file that is shared.
 */
#include <kernel/file_locks.h>
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "fs_private.h"

static struct kmem_cache *file_cache;
static atomic_t nr_files;

/* Once for each object: what must hold even while it is free. */
static void
file_ctor(void *object)
{
	struct file *file = object;

	memset(file, 0, sizeof(*file));
	mutex_init(&file->f_pos_lock);
}

struct file *
file_alloc(void)
{
	struct file *file = kmem_cache_alloc(file_cache, GFP_KERNEL);

	if (!file)
		return NULL;
	file->f_mode = 0;
	file->f_flags = 0;
	file->f_inode = NULL;
	file->f_wb_err = 0;
	file_ra_init(&file->f_ra);
	file->f_pos = 0;
	file->f_path = (struct path){ NULL, NULL };
	file->f_op = NULL;
	file->private_data = NULL;
	INIT_LIST_HEAD(&file->f_ep);
	atomic_inc(&nr_files);
	/* From here on a late reader can have it, and gives it back. */
	smp_store_release(&file->f_count.value, 1);
	return file;
}

static void
file_free(struct file *file)
{
	atomic_dec(&nr_files);
	kmem_cache_free(file_cache, file);
}

int
file_deny_write(struct file *file)
{
	int err = deny_write_access(file->f_inode);

	if (!err)
		file->f_mode |= FMODE_DENIES;
	return err;
}

void
file_allow_write(struct file *file)
{
	if (!(file->f_mode & FMODE_DENIES))
		return;
	file->f_mode &= ~FMODE_DENIES;
	allow_write_access(file->f_inode);
}

void
fput(struct file *file)
{
	if (!file || !atomic_dec_and_test(&file->f_count))
		return;
	if (unlikely(file->f_mode & FMODE_EPOLL))
		eventpoll_release(file);
	locks_release(file);
	if (file->f_op && file->f_op->release)
		file->f_op->release(file->f_inode, file);
	file_allow_write(file);
	if (file->f_mode & FMODE_WRITER) {
		put_write_access(file->f_inode);
		sb_end_write(file->f_inode->i_sb);
	}
	if (file->f_path.dentry)
		path_put(&file->f_path);
	file_free(file);
}

/* What the flags mean for the file. */
static int
set_mode(struct file *file, struct inode *inode, unsigned flags)
{
	unsigned how = flags & O_ACCMODE;
	int err;

	file->f_flags = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC |
				  O_CLOEXEC);
	file->f_inode = inode;
	if (flags & O_PATH) {
		file->f_mode = FMODE_PATH;
		return 0;
	}
	file->f_mode = FMODE_LSEEK;
	if (how != O_WRONLY)
		file->f_mode |= FMODE_READ;
	if (how == O_RDONLY)
		return 0;
	file->f_mode |= FMODE_WRITE;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return 0;
	if (!sb_start_write(inode->i_sb))
		return -EROFS;
	err = get_write_access(inode);
	if (!err)
		file->f_mode |= FMODE_WRITER;
	else
		sb_end_write(inode->i_sb);
	return err;
}

bool
file_can_direct(const struct file *file)
{
	const struct address_space *mapping = file->f_inode->i_mapping;

	return mapping && mapping->ops && mapping->ops->direct_io;
}

int
file_open_path(const struct path *path, unsigned flags, struct file **result)
{
	struct inode *inode = path->dentry->d_inode;
	struct file *file = file_alloc();
	int err;

	if (!file) {
		path_put(path);
		return -ENOMEM;
	}
	file->f_path = *path;
	err = set_mode(file, inode, flags);
	if (!err && !(flags & O_PATH)) {
		if (!inode->i_fop) {
			err = -ENXIO;
		} else {
			file->f_op = inode->i_fop;
			if (file->f_op->open)
				err = file->f_op->open(inode, file);
		}
	}
	file->f_wb_err = errseq_sample(&inode->i_mapping->wb_err);
	if (err) {
		file->f_op = NULL;	/* nothing to release */
		fput(file);
		return err;
	}
	if (flags & O_DIRECT && !(flags & O_PATH) && !file_can_direct(file)) {
		fput(file);
		return -EINVAL;
	}
	*result = file;
	return 0;
}

int
file_of_inode(struct mount *mnt, struct inode *inode, const char *name,
	      unsigned flags, struct file **file)
{
	struct qstr q = { name, (u32)strlen(name), 0 };
	struct path path = { mnt, d_alloc(mnt->mnt_root, &q) };

	if (!path.dentry) {
		iput(inode);
		return -ENOMEM;
	}
	d_instantiate(path.dentry, inode);
	atomic_inc(&mnt->mnt_count);
	return file_open_path(&path, flags, file);
}

static void
file_nr_show(struct seq_buf *s)
{
	seq_printf(s, "%d\t0\t0\n", (int)atomic_read(&nr_files));
}
NODE("sys/fs/file-nr", file_nr_show);

static int __init
file_table_init(void)
{
	file_cache = kmem_cache_create("filp", sizeof(struct file), 0,
				       SLAB_PANIC | SLAB_TYPESAFE_BY_RCU,
				       file_ctor);
	return 0;
}
early_initcall(file_table_init);
