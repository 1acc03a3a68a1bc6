/* SPDX-License-Identifier: MIT */
/*
 * tmpfs: files in memory.
 *
 * Ideas
 *   There is no disk, so the caches are the file system: a name is a pinned
 *   dentry, a file is an inode, its content are pages in the page cache
 *   (mm/cache/shmem.c). Unlinking lets the dentry go; the last opening or
 *   mapping lets the inode go; its pages go with it.
 *   One of these is the root, others are /dev, /tmp and /dev/shm, and one hangs
 *   nowhere: it holds shared anonymous memory, memfds, and System V segments.
 *
 *	options   size=N[k|m|g] or N%	nr pages; half of memory unless given
 *		  mode=OCTAL		of the root
 *
 *   Truncation  the new size is written first, so that no fault brings a page
 *	back; then translations go, then pages.
 *
 * Locks   the VFS holds i_lock of folders and files (names.c).
 * Cost    an inode, a dentry, and what is written.
 */
#include <kernel/blk.h>
#include <kernel/fs_struct.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/shmem.h>
#include <mm/slab.h>
#include <mm/zone.h>

#include "fs_private.h"
#include "tmpfs.h"

struct tmpfs_info {
	struct shmem_space space;
	umode_t mode;
};

static const struct inode_operations dir_inode_ops, file_inode_ops;
static const struct inode_operations link_inode_ops, special_inode_ops;
static const struct file_operations dir_file_ops, file_file_ops;

/* --- inodes ------------------------------------------------------------------- */

static struct inode *
tmpfs_inode(struct super_block *sb, umode_t mode, dev_t rdev)
{
	struct tmpfs_info *info = sb->s_fs_info;
	struct inode *inode = new_inode(sb, mode);

	if (!inode)
		return NULL;
	inode->i_op = &special_inode_ops;
	shmem_init_mapping(&inode->i_data, inode, &info->space);
	switch (mode & S_IFMT) {
	case S_IFDIR:
		inode->i_op = &dir_inode_ops;
		inode->i_fop = &dir_file_ops;
		inode->i_nlink = 2;
		break;
	case S_IFREG:
		inode->i_op = &file_inode_ops;
		inode->i_fop = &file_file_ops;
		inode->i_seals = F_SEAL_SEAL;
		break;
	case S_IFLNK:
		inode->i_op = &link_inode_ops;
		break;
	case S_IFCHR:
		inode->i_fop = &char_device_ops;
		inode->i_rdev = rdev;
		break;
	case S_IFBLK:
		inode->i_fop = &block_device_ops;
		inode->i_rdev = rdev;
		break;
	case S_IFIFO:
		inode->i_fop = &fifo_ops;
		break;
	}
	return inode;
}

static void
tmpfs_evict(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_private);
}

/* dentry, negative and hashed, becomes inode's name in dir. */
static void
add_name(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	if (dir->i_mode & S_ISGID) {
		inode->i_gid = dir->i_gid;
		if (S_ISDIR(inode->i_mode))
			inode->i_mode |= S_ISGID;
	}
	if (S_ISDIR(inode->i_mode))
		dir->i_nlink++;
	dir->i_generation++;
	inode_touch(dir);
	d_instantiate(dentry, inode);
	d_pin(dentry);
}

static int
tmpfs_create(struct inode *dir, struct dentry *dentry, umode_t mode,
	     dev_t rdev)
{
	struct inode *inode = tmpfs_inode(dir->i_sb, mode, rdev);

	if (!inode)
		return -ENOMEM;
	add_name(dir, dentry, inode);
	return 0;
}

static int
tmpfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	char *text = kstrdup(target, GFP_KERNEL);
	struct inode *inode;

	if (!text)
		return -ENOMEM;
	inode = tmpfs_inode(dir->i_sb, S_IFLNK | 0777, 0);
	if (!inode) {
		kfree(text);
		return -ENOMEM;
	}
	inode->i_private = text;
	inode->i_size = strlen(text);
	add_name(dir, dentry, inode);
	return 0;
}

static int
tmpfs_readlink(struct inode *inode, char *buf, size_t size)
{
	size_t n = min(strlen(inode->i_private), size);

	memcpy(buf, inode->i_private, n);
	return (int)n;
}

static int
tmpfs_link(struct dentry *old, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = old->d_inode;

	inode->i_nlink++;
	inode->i_ctime = current_time();
	ihold(inode);
	inode_touch(dir);
	d_instantiate(dentry, inode);
	d_pin(dentry);
	return 0;
}

static int
tmpfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	inode->i_nlink--;
	inode->i_ctime = current_time();
	dir->i_generation++;
	inode_touch(dir);
	d_delete(dentry);
	return 0;
}

static int
tmpfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	dentry->d_inode->i_nlink = 1;	/* and 0 when its name is gone */
	dir->i_nlink--;
	return tmpfs_unlink(dir, dentry);
}

static int
tmpfs_rename(struct inode *from_dir, struct dentry *from,
	     struct inode *to_dir, struct dentry *to, unsigned flags)
{
	struct inode *victim = to->d_inode;
	bool exchange = flags & RENAME_EXCHANGE;

	if (victim && !exchange) {
		if (S_ISDIR(victim->i_mode)) {
			victim->i_nlink = 0;
			to_dir->i_nlink--;
		} else {
			victim->i_nlink--;
		}
	}
	if (S_ISDIR(from->d_inode->i_mode)) {
		from_dir->i_nlink--;
		to_dir->i_nlink++;
	}
	if (exchange && S_ISDIR(victim->i_mode)) {
		to_dir->i_nlink--;
		from_dir->i_nlink++;
	}
	from_dir->i_generation++;
	to_dir->i_generation++;
	inode_touch(from_dir);
	inode_touch(to_dir);
	from->d_inode->i_ctime = current_time();
	d_move(from, to, exchange);
	return 0;
}

/* --- size ----------------------------------------------------------------------- */

static int
tmpfs_truncate(struct inode *inode, u64 size)
{
	u64 old = inode->i_size;
	struct page *last = NULL;
	int err = 0;

	if ((size < old && (inode->i_seals & F_SEAL_SHRINK)) ||
	    (size > old && (inode->i_seals & F_SEAL_GROW)))
		return -EPERM;
	/* What the new end cuts is in memory, so that cutting cannot fail. */
	if (size < old)
		err = shmem_bring_in(inode->i_mapping, size, &last);
	if (err)
		return err;
	i_size_write(inode, size);
	if (size < old) {
		unmap_mapping_range(inode->i_mapping, inode->i_mapping->
				    size_pages, 0, true);
		shmem_punch_hole(inode->i_mapping, size,
				 (u64)MAX_LFS_FILESIZE + 1);
	}
	if (last)
		put_page(last);
	inode_touch(inode);
	return 0;
}

/* Whole pages inside the hole lose their translations; private copies of
 * them stay, as they are no part of the file any more. */
static int
punch(struct inode *inode, u64 offset, u64 len)
{
	unsigned long first = (unsigned long)((offset + PAGE_SIZE - 1) >>
					      PAGE_SHIFT);
	unsigned long end = (unsigned long)((offset + len) >> PAGE_SHIFT);

	if (inode->i_seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (first < end)
		unmap_mapping_range(inode->i_mapping, first, end - first,
				    false);
	return shmem_punch_hole(inode->i_mapping, offset, offset + len);
}

/* Give the range its pages now, so that later writes cannot fail. */
static int
preallocate(struct inode *inode, u64 offset, u64 len)
{
	unsigned long index = (unsigned long)(offset >> PAGE_SHIFT);
	unsigned long end = (unsigned long)((offset + len + PAGE_SIZE - 1) >>
					    PAGE_SHIFT);
	struct page *page;
	int err;

	for (; index < end; index++) {
		err = read_cache_page(inode->i_mapping, index, &page);
		if (err)
			return err == -ENOMEM ? -ENOSPC : err;
		put_page(page);
		cond_resched();
	}
	return 0;
}

static long
tmpfs_fallocate(struct file *file, int mode, u64 offset, u64 len)
{
	struct inode *inode = file->f_inode;
	u64 end = offset + len;
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) ||
	    mode == FALLOC_FL_PUNCH_HOLE)
		return -EOPNOTSUPP;
	mutex_lock(&inode->i_lock);
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		err = punch(inode, offset, len);
	} else if (end > inode->i_size && !(mode & FALLOC_FL_KEEP_SIZE) &&
		   (inode->i_seals & F_SEAL_GROW)) {
		err = -EPERM;
	} else {
		err = preallocate(inode, offset, len);
		if (!err && end > inode->i_size &&
		    !(mode & FALLOC_FL_KEEP_SIZE))
			i_size_write(inode, end);
	}
	if (!err)
		inode_touch(inode);
	mutex_unlock(&inode->i_lock);
	return err;
}

static int
tmpfs_mmap(struct file *file, struct vm_area_struct *vma)
{
	u32 seals = file->f_inode->i_seals;

	if ((vma->vm_flags & VM_SHARED) &&
	    (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vma->vm_flags &= ~VM_MAYWRITE;
	}
	return generic_file_mmap(file, vma);
}

static int
nothing_to_sync(struct file *file, u64 start, u64 end, bool datasync)
{
	(void)file;
	(void)start;
	(void)end;
	(void)datasync;
	return 0;
}

/* --- file systems ------------------------------------------------------------------ */

static int
parse_size(const char *text, s32 *pages)
{
	char *end;
	u64 size = memparse(text, &end);

	if (end == text)
		return -EINVAL;
	if (*end == '%') {
		size = (u64)totalram_pages() * size / 100;
		end++;
	} else {
		size = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	}
	if (*end && *end != ',')
		return -EINVAL;
	*pages = (s32)min(size, (u64)0x7fffffff);
	return 0;
}

static int
parse_option(struct tmpfs_info *info, const char *option)
{
	unsigned mode = 0;

	if (!strncmp(option, "size=", 5))
		return parse_size(option + 5, &info->space.max_pages);
	if (strncmp(option, "mode=", 5))
		return -EINVAL;
	for (option += 5; *option >= '0' && *option <= '7'; option++)
		mode = mode * 8 + (unsigned)(*option - '0');
	if (*option && *option != ',')
		return -EINVAL;
	info->mode = mode & S_IALLUGO;
	return 0;
}

static int
parse_options(struct tmpfs_info *info, const char *options)
{
	int err = 0;

	while (!err && *options) {
		err = parse_option(info, options);
		while (*options && *options++ != ',')
			;
	}
	return err;
}

static void
tmpfs_statfs(struct super_block *sb, struct kstatfs *st)
{
	struct tmpfs_info *info = sb->s_fs_info;
	s32 used = atomic_read(&info->space.nr_pages);

	st->f_blocks = (u64)info->space.max_pages;
	st->f_bfree = st->f_blocks ? (u64)(info->space.max_pages - used) : 0;
	st->f_bavail = st->f_bfree;
	st->f_files = totalram_pages();
	st->f_ffree = st->f_files - (u64)atomic_read(&sb->s_nr_inodes);
}

static void
tmpfs_put_super(struct super_block *sb)
{
	kfree(sb->s_fs_info);
}

static void
tmpfs_show_options(struct seq_buf *s, struct super_block *sb)
{
	const struct tmpfs_info *info = sb->s_fs_info;

	if (info->space.max_pages)
		seq_printf(s, ",size=%uk", (u32)info->space.max_pages * 4);
	if (info->mode != 0755)
		seq_printf(s, ",mode=%o", info->mode);
}

static const struct super_operations tmpfs_super_ops = {
	.evict_inode = tmpfs_evict,
	.statfs = tmpfs_statfs,
	.put_super = tmpfs_put_super,
	.show_options = tmpfs_show_options,
};

int
tmpfs_fill_super(struct super_block *sb, const char *options)
{
	struct tmpfs_info *info = kzalloc(sizeof(*info), GFP_KERNEL);
	struct inode *root = NULL;
	int err = -ENOMEM;

	if (!info)
		return -ENOMEM;
	info->space.max_pages = (s32)(totalram_pages() / 2);
	info->mode = 0755;
	sb->s_fs_info = info;
	sb->s_op = &tmpfs_super_ops;
	err = parse_options(info, options);
	if (!err) {
		root = tmpfs_inode(sb, S_IFDIR | info->mode, 0);
		if (root)
			sb->s_root = d_make_root(root);
		if (!sb->s_root)
			err = -ENOMEM;
	}
	if (!err)
		return 0;
	if (root)
		iput(root);
	kfree(info);
	return err;
}

static const struct file_system_type tmpfs_type = {
	.name = "tmpfs", .magic = TMPFS_MAGIC,
	.fill_super = tmpfs_fill_super, .nodev = true,
};
FILE_SYSTEM(tmpfs_type);

static const struct file_system_type rootfs_type = {
	.name = "rootfs", .magic = TMPFS_MAGIC,
	.fill_super = tmpfs_fill_super, .nodev = true,
};
FILE_SYSTEM(rootfs_type);

static const struct inode_operations dir_inode_ops = {
	.create = tmpfs_create,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
};

static const struct inode_operations file_inode_ops = {
	.truncate = tmpfs_truncate,
};

static const struct inode_operations link_inode_ops = {
	.readlink = tmpfs_readlink,
};

static const struct inode_operations special_inode_ops = { 0 };

static const struct file_operations dir_file_ops = {
	.llseek = generic_file_llseek,
	.iterate = dcache_iterate,
	.fsync = nothing_to_sync,
};

static const struct file_operations file_file_ops = {
	.read = generic_file_read,
	.write = generic_file_write,
	.llseek = generic_file_llseek,
	.mmap = tmpfs_mmap,
	.fsync = nothing_to_sync,
	.fallocate = tmpfs_fallocate,
};

/* --- files of no folder ---------------------------------------------------------------- */

static struct mount *shm_mnt;

int
shmem_file_setup(const char *name, u64 size, struct file **file)
{
	struct inode *inode;

	if (size > MAX_LFS_FILESIZE)
		return -EINVAL;
	inode = tmpfs_inode(shm_mnt->mnt_sb, S_IFREG | 0777, 0);
	if (!inode)
		return -ENOMEM;
	inode->i_nlink = 0;
	i_size_write(inode, size);
	return file_of_inode(shm_mnt, inode, name, O_RDWR, file);
}

static int __init
shmem_init(void)
{
	shmem_hold_fn = igrab;
	shmem_release_fn = iput;
	/* No limit: what may be promised is limited by overcommit. */
	shm_mnt = kern_mount(&tmpfs_type, "size=0");
	if (!shm_mnt)
		panic("shmem: no memory");
	return 0;
}
device_initcall(shmem_init);
