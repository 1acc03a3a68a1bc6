/* SPDX-License-Identifier: MIT */
/*
 * A disk as a file: its blocks in the page cache, and /dev/vda.
 *
 * Ideas
 *   A disk is one long file whose block n lies at sector n * 8. So it has an
 *	address_space like any file, and everything that the cache can do: it is
 *	read ahead, its dirty pages are written back. What a file system
 *	keeps beside the files' content (its tables of inodes, its bitmaps) it
 *	reads and changes here, with bread(); meminfo calls these pages Buffers.
 *   The inode of that file hangs in no folder: it belongs to a file system of its
 *	own, "bdev". A node such as /dev/vda is only a name with a number. When
 *	it is opened its i_mapping becomes the disk's: so however many nodes a
 *	disk has, there is one cache of it.
 *
 *	/dev/vda  inode --i_mapping--\
 *	/tmp/x	  inode --i_mapping---> address_space of disk vda
 *	ext2	  s_bdev ------------/
 *
 *   A file's content is cached under the file, not here, also when both are the
 *	same sectors: who writes to a disk that is mounted must know what he does.
 *   The last page may lie half behind the end of the disk: those bytes are zeros
 *	and are not written.
 *
 * Locks   blk_mutex: the first opening and the last closing.
 *
 * Questions a reader asks
 *   Why do the pages stay when nobody has the disk open?  Why should they go?
 *   Memory is taken back when it is wanted.
 */
#include <asm/uaccess.h>
#include <kernel/init.h>
#include <kernel/pageio.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>

#include "block.h"

#define BLKGETSIZE	0x1260		/* sectors; unsigned long */
#define BLKFLSBUF	0x1261
#define BLKSSZGET	0x1268
#define BLKRAGET	0x1263
#define BLKROGET	0x125e
#define BLKBSZGET	0x80041270
#define BLKGETSIZE64	0x80041272	/* _IOR(0x12, 114, size_t) */

static struct mount *bdev_mnt;

/* --- pages ------------------------------------------------------------------------ */

static struct block_device *
mapping_disk(const struct address_space *mapping)
{
	return READ_ONCE(mapping->private);
}

/* Blocks of 512 to 4096 bytes at their own place; the last may be shorter. */
static int
disk_block(struct inode *inode, u64 block, bool create, struct block_map *map)
{
	(void)create;
	map->disk = mapping_disk(&inode->i_data);
	map->sector = block << (inode->i_blkbits - SECTOR_SHIFT);
	return map->disk ? 0 : -ENXIO;
}

static int
disk_read_page(struct address_space *mapping, struct page *page)
{
	return block_read_page(mapping, page, disk_block);
}

static int
disk_start_read(struct address_space *mapping, struct page *page)
{
	return block_start_read(mapping, page, disk_block);
}

static int
disk_write_page(struct address_space *mapping, struct page *page,
		struct writeback_control *wbc)
{
	(void)wbc;
	return block_write_page(mapping, page, disk_block);
}

static int
disk_prepare_write(struct address_space *mapping, struct page *page,
		   unsigned from, unsigned to)
{
	return block_prepare_write(mapping, page, from, to, disk_block);
}

static ssize_t
disk_direct_io(struct address_space *mapping, struct iov_iter *iter, u64 *pos,
	       bool write)
{
	return block_direct_io(mapping, iter, pos, write, disk_block);
}

static const struct address_space_operations disk_aops = {
	.read_page = disk_read_page,
	.start_read = disk_start_read,
	.write_page = disk_write_page,
	.prepare_write = disk_prepare_write,
	.direct_io = disk_direct_io,
	.buffers = true,
};

/* --- opening ------------------------------------------------------------------------ */

/*
 * A disk whose sectors do not fill pages has blocks of 1 KiB, and an odd last
 * sector is not reached through the cache.
 */
static void
set_size(struct inode *inode, const struct block_device *disk)
{
	u64 size = disk->nr_sectors << SECTOR_SHIFT;

	inode->i_blkbits = size % PAGE_SIZE ? 10 : PAGE_SHIFT;
	i_size_write(inode, size & ~(u64)1023);
}

/* The disk's inode. Held: blk_mutex. */
static int
make_mapping(struct block_device *disk)
{
	struct inode *inode = new_inode(bdev_mnt->mnt_sb, S_IFBLK | 0600);

	if (!inode)
		return -ENOMEM;
	inode->i_rdev = disk->dev;
	/* bread() hands out addresses: no HighMem. */
	address_space_init(&inode->i_data, inode, &disk_aops, GFP_NOFS);
	inode->i_data.private = disk;
	set_size(inode, disk);
	insert_inode_hash(inode);
	disk->mapping = &inode->i_data;
	return 0;
}

int
bdev_open(dev_t dev, struct block_device **found)
{
	struct block_device *disk;
	int err = 0;

	mutex_lock(&blk_mutex);
	disk = blk_find_dev(dev);
	if (!disk)
		err = -ENXIO;
	else if (!disk->mapping)
		err = make_mapping(disk);
	else if (!atomic_read(&disk->holders))
		set_size(disk->mapping->host, disk);
	if (!err) {
		blk_hold(disk);
		*found = disk;
	}
	mutex_unlock(&blk_mutex);
	return err;
}

void
bdev_close(struct block_device *disk)
{
	blk_release(disk);
}

bool
bdev_claim(struct block_device *disk, struct super_block *sb)
{
	bool ok;

	mutex_lock(&blk_mutex);
	ok = !disk->owner;
	if (ok)
		disk->owner = sb;
	mutex_unlock(&blk_mutex);
	return ok;
}

void
bdev_release(struct block_device *disk)
{
	mutex_lock(&blk_mutex);
	disk->owner = NULL;
	mutex_unlock(&blk_mutex);
}

void
bdev_invalidate(struct block_device *disk)
{
	if (disk->mapping)
		truncate_inode_pages_range(disk->mapping, 0, ~0ul);
}

void
bdev_forget(struct block_device *disk)
{
	struct address_space *mapping = disk->mapping;

	if (!mapping)
		return;
	WRITE_ONCE(mapping->private, NULL);	/* nodes may still have it */
	truncate_inode_pages_range(mapping, 0, ~0ul);
	disk->mapping = NULL;
	remove_inode_hash(mapping->host);
	iput(mapping->host);
}

int
bread(struct block_device *disk, u64 block, unsigned size, struct page **page,
      void **data)
{
	u64 at = block * size;
	int err;

	if (at + size > i_size_read(disk->mapping->host))
		return -ERANGE;
	err = read_cache_page(disk->mapping, (unsigned long)(at >> PAGE_SHIFT),
			      page);
	if (!err)
		*data = (char *)page_address(*page) + (at & (PAGE_SIZE - 1));
	return err;
}

int
bdev_sync(struct block_device *disk)
{
	struct address_space *mapping = disk->mapping;
	errseq_t since;
	int err, flush;

	if (!mapping)
		return 0;
	since = READ_ONCE(mapping->wb_err);
	err = filemap_write_and_wait_range(mapping, 0, ~0ul);
	if (!err)
		err = errseq_check(&mapping->wb_err, since);
	flush = blk_flush(disk);
	return err ? err : flush;
}

void
bdev_sync_all(bool wait)
{
	struct block_device *disk;

	for (unsigned n = 0; (disk = blk_device(n)); n++) {
		if (!disk->mapping)
			continue;
		if (wait)
			bdev_sync(disk);
		else
			filemap_fdatawrite_range(disk->mapping, 0, ~0ul);
	}
}

/* --- /dev/vda ------------------------------------------------------------------------- */

/* The node shows the disk's pages from now on; it keeps the disk's inode. */
static void
adopt_mapping(struct inode *node, struct block_device *disk)
{
	struct address_space *old = NULL, *mapping = disk->mapping;

	mutex_lock(&node->i_lock);
	if (node->i_mapping != mapping) {
		if (node->i_mapping != &node->i_data)
			old = node->i_mapping;
		ihold(mapping->host);
		WRITE_ONCE(node->i_mapping, mapping);
	}
	i_size_write(node, i_size_read(mapping->host));
	node->i_blkbits = ((struct inode *)mapping->host)->i_blkbits;
	mutex_unlock(&node->i_lock);
	if (old)
		iput(old->host);
}

static int
disk_open(struct inode *inode, struct file *file)
{
	struct block_device *disk;
	int err = bdev_open(inode->i_rdev, &disk);

	if (err)
		return err;
	if (file->f_mode & FMODE_WRITE && disk->read_only) {
		bdev_close(disk);
		return -EROFS;
	}
	adopt_mapping(inode, disk);
	file->private_data = disk;
	return 0;
}

/* The last one who closes it waits until all is on the disk. */
static void
disk_release(struct inode *inode, struct file *file)
{
	struct block_device *disk = file->private_data;

	(void)inode;
	if (atomic_read(&disk->holders) == 1 && bdev_sync(disk))
		pr_err("%s: not all could be written\n", disk->name);
	bdev_close(disk);
}

static int
disk_fsync(struct file *file, u64 start, u64 end, bool datasync)
{
	int err;

	(void)start;
	(void)end;
	(void)datasync;
	err = bdev_sync(file->private_data);
	return file_check_and_advance_wb_err(file) ? -EIO : err;
}

/* Nothing can be written behind the end. */
static ssize_t
disk_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	u64 size = i_size_read(file->f_inode);

	if (*pos >= size)
		return from->count ? -ENOSPC : 0;
	if (from->count > size - *pos)
		from->count = (size_t)(size - *pos);
	return generic_file_write(file, from, pos);
}

static long
put_number(u64 value, size_t size, unsigned long arg)
{
	return copy_to_user((void *)arg, &value, size) ? -EFAULT : 0;
}

static long
disk_ioctl(struct file *file, unsigned cmd, unsigned long arg)
{
	struct block_device *disk = file->private_data;
	int err;

	switch (cmd) {
	case BLKGETSIZE:
		return put_number(disk->nr_sectors, sizeof(u32), arg);
	case BLKGETSIZE64:
		return put_number(disk->nr_sectors << SECTOR_SHIFT,
				  sizeof(u64), arg);
	case BLKSSZGET:
		return put_number(SECTOR_SIZE, sizeof(u32), arg);
	case BLKBSZGET:
		return put_number(PAGE_SIZE, sizeof(u32), arg);
	case BLKROGET:
		return put_number(disk->read_only, sizeof(u32), arg);
	case BLKFLSBUF:
		err = bdev_sync(disk);
		invalidate_mapping_pages(disk->mapping, 0, ~0ul);
		return err;
	default:
		return -ENOTTY;
	}
}

const struct file_operations block_device_ops = {
	.read = generic_file_read,
	.write = disk_write,
	.llseek = generic_file_llseek,
	.ioctl = disk_ioctl,
	.mmap = generic_file_mmap,
	.fsync = disk_fsync,
	.open = disk_open,
	.release = disk_release,
};

/* --- names in /dev ----------------------------------------------------------------------- */

static bool dev_is_there;		/* blk_mutex */

static void
name_of_disk(const struct block_device *disk, char *buf, size_t size)
{
	snprintf(buf, size, "/dev/%s", disk->name);
}

/* A node that somebody made before is as good, if it has the number. */
int
devfs_add_disk(struct block_device *disk)
{
	char name[16];
	int err;

	if (!READ_ONCE(dev_is_there))
		return 0;
	name_of_disk(disk, name, sizeof(name));
	err = vfs_mknod_at(AT_FDCWD, name, S_IFBLK | 0660, disk->dev);
	return err == -EEXIST ? 0 : err;
}

void
devfs_remove_disk(struct block_device *disk)
{
	char name[16];

	name_of_disk(disk, name, sizeof(name));
	if (READ_ONCE(dev_is_there))
		vfs_unlink_at(AT_FDCWD, name);
}

static int
bdev_fill_super(struct super_block *sb, const char *options)
{
	static const struct super_operations ops = { 0 };
	static const struct inode_operations inode_ops = { 0 };
	struct inode *root;

	(void)options;
	sb->s_op = &ops;
	root = new_inode(sb, S_IFDIR | 0555);
	if (!root)
		return -ENOMEM;
	root->i_op = &inode_ops;
	sb->s_root = d_make_root(root);
	if (sb->s_root)
		return 0;
	iput(root);
	return -ENOMEM;
}

static const struct file_system_type bdev_type = {
	.name = "bdev", .magic = 0x62646576,
	.fill_super = bdev_fill_super, .nodev = true,
};
FILE_SYSTEM(bdev_type);

static int __init
bdev_init(void)
{
	struct block_device *disk;

	bdev_mnt = kern_mount(&bdev_type, "");
	if (!bdev_mnt)
		panic("bdev: no memory");
	WRITE_ONCE(dev_is_there, true);
	for (unsigned n = 0; (disk = blk_device(n)); n++)
		devfs_add_disk(disk);
	return 0;
}
late_initcall(bdev_init);
