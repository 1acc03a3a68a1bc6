/* SPDX-License-Identifier: MIT */
/*
 * Swap on disks: slots of an area as sectors of a block device; and the calls
 * that begin and end it.
 *
 *	slot n		sectors 8n to 8n + 7
 *
 * A page is one bio, of a fixed number: the write that is to win memory back must
 * not wait for memory. Who finds none free waits for one that is done, which
 * also keeps the queue short.
 *
 * Locks	free_lock: the free bios.
 * Context  start() may sleep for a bio; the end of a bio is in an interrupt, or,
 *	    of a synchronous disk (zram), inside start().
 */
#include <kernel/blk.h>
#include <kernel/fs_struct.h>
#include <kernel/init.h>
#include <kernel/process.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/pagecache.h>
#include <mm/slab.h>
#include <mm/swap.h>
#include <mm/writeback.h>
#include <asm/uaccess.h>

#define PAGE_SECTORS	(PAGE_SIZE >> SECTOR_SHIFT)
#define NR_BIOS		64u		/* 256 KiB under way */

#define SWAP_FLAG_PREFER	0x8000
#define SWAP_FLAG_PRIO_MASK	0x7fff
#define SWAP_FLAGS_VALID	0x1ffff		/* discard: always done */

static struct bio bios[NR_BIOS];
static LIST_HEAD(free_bios);			/* free_lock; by bio.list */
static DEFINE_SPINLOCK(free_lock, LOCK_BLOCK);
static DECLARE_WAIT_QUEUE_HEAD(bio_wait);

static struct bio *
take_free_bio(void)
{
	unsigned long flags = spin_lock_irqsave(&free_lock);
	struct bio *bio = NULL;

	if (!list_empty(&free_bios)) {
		bio = list_first_entry(&free_bios, struct bio, list);
		list_del(&bio->list);
	}
	spin_unlock_irqrestore(&free_lock, flags);
	return bio;
}

static void
put_free_bio(struct bio *bio)
{
	unsigned long flags = spin_lock_irqsave(&free_lock);

	list_add(&bio->list, &free_bios);
	spin_unlock_irqrestore(&free_lock, flags);
	wake_up(&bio_wait);
}

static void
bio_done(struct bio *bio)
{
	struct page *page = bio->page;
	int err = bio->status;
	bool write = bio->op == BLK_WRITE;

	put_free_bio(bio);
	if (!write) {
		page_end_read(page, err);
		return;
	}
	if (err)			/* its content is only here */
		set_page_dirty(page);
	end_page_writeback(page, err);
}

static void
disk_start(struct swap_area *area, struct page *page, u32 slot, bool write)
{
	struct bio *bio;

	wait_event_exclusive(&bio_wait, (bio = take_free_bio()) != NULL);
	*bio = (struct bio){
		.op = write ? BLK_WRITE : BLK_READ,
		.page = page, .bytes = PAGE_SIZE,
		.sector = (u64)slot * PAGE_SECTORS,
		.done = bio_done,
	};
	submit_bio(area->device, bio);
}

static void
disk_slot_freed(struct swap_area *area, u32 slot)
{
	blk_discard(area->device, (u64)slot * PAGE_SECTORS, PAGE_SECTORS);
}

static void
disk_close(struct swap_area *area)
{
	bdev_close(area->device);
	kfree(area);
}

static const struct swap_operations disk_swap_ops = {
	.start = disk_start,
	.slot_freed = disk_slot_freed,
	.close = disk_close,
};

int
swap_on_disk(dev_t dev, const char *name, int prio)
{
	struct swap_area *area = kzalloc(sizeof(*area), GFP_KERNEL);
	struct block_device *disk;
	int err;

	if (!area)
		return -ENOMEM;
	err = bdev_open(dev, &disk);
	if (err) {
		kfree(area);
		return err;
	}
	area->ops = &disk_swap_ops;
	area->device = disk;
	area->kind = "partition";
	area->prio = (s16)prio;
	area->nr_slots = (u32)min(disk->nr_sectors / PAGE_SECTORS,
				  (u64)MAX_SWAP_SLOTS);
	strscpy(area->name, name, sizeof(area->name));
	err = disk->read_only ? -EROFS : disk->owner ? -EBUSY :
	      bdev_sync(disk);		/* mkswap wrote through the cache */
	if (!err)
		err = swap_on(area);
	if (err)
		disk_close(area);
	return err;
}

/* --- the calls ----------------------------------------------------------------- */

static int
get_path(const char *user_path, char *path, unsigned size)
{
	long n = strncpy_from_user(path, user_path, size);

	return n < 0 ? (int)n : n >= (long)size ? -ENAMETOOLONG : 0;
}

/* The device that path names. */
static int
path_dev(const char *name, dev_t *dev)
{
	const struct inode *inode;
	struct path path;
	int err = kern_path(name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	inode = path.dentry->d_inode;
	if (!S_ISBLK(inode->i_mode))
		err = -EINVAL;
	*dev = inode->i_rdev;
	path_put(&path);
	return err;
}

long
sys_swapon(const char *user_path, int flags)
{
	char path[sizeof(((struct swap_area *)0)->name)];
	dev_t dev;
	int err;

	if (current->process->euid)
		return -EPERM;
	if (flags & ~SWAP_FLAGS_VALID)
		return -EINVAL;
	err = get_path(user_path, path, sizeof(path));
	if (!err)
		err = path_dev(path, &dev);
	if (err)
		return err;
	return swap_on_disk(dev, path, flags & SWAP_FLAG_PREFER ?
			    flags & SWAP_FLAG_PRIO_MASK : SWAP_PRIO_DEFAULT);
}

long
sys_swapoff(const char *user_path)
{
	char path[sizeof(((struct swap_area *)0)->name)];
	int err;

	if (current->process->euid)
		return -EPERM;
	err = get_path(user_path, path, sizeof(path));
	return err ? err : swap_off(path);
}

static int __init
disk_swap_init(void)
{
	for (unsigned i = 0; i < NR_BIOS; i++)
		list_add(&bios[i].list, &free_bios);
	return 0;
}
core_initcall(disk_swap_init);
