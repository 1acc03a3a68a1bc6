/* SPDX-License-Identifier: MIT */
/*
 * Swap on disks: slots of an area as sectors of a block device; and the calls
 * that begin and end it.
 *
 *	a disk		slot n is sectors 8n to 8n + 7
 *	a file		slot n is where page n of the file lies on its disk
 *
 *	file	[ page 0 ][ page 1 ][ page 2 ]...	a table says, for each
 *		     |	       \	\		slot: made by swapon, 4
 *	disk   ..[  0 ].....[ 1 ][ 2 ]....		bytes a slot
 *
 * Swap files  The file system is asked once, by swapon, where the file lies (bmap);
 *   from then on pages go to its disk past it: who wins memory back must not
 *   wait for a file system. So the file must have all its blocks (no holes), and
 *   they must stay: mapping->swapfile keeps everybody from writing to it (ETXTBSY)
 *   and from taking it away (EPERM); it is open as long, so its file system
 *   cannot be unmounted.
 *
 * A page is one bio, of a fixed number: the write that is to win memory back must
 * not wait for memory. Who finds none free waits for one that is done, which
 * also keeps the queue short.
 *
 * Locks	free_lock: the free bios. The file's i_lock: mapping->swapfile.
 * Context  start() may sleep for a bio; the end of a bio is in an interrupt, or,
 *	    of a synchronous disk (zram), inside start().
 */
#include <kernel/blk.h>
#include <kernel/fs_struct.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/syscalls.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/pagecache.h>
#include <mm/slab.h>
#include <mm/swap.h>
#include <mm/vmalloc.h>
#include <mm/writeback.h>
#include <asm/uaccess.h>

#define PAGE_SECTORS	(PAGE_SIZE >> SECTOR_SHIFT)
#define NR_BIOS		64u		/* 256 KiB under way */

#define SWAP_FLAG_PREFER	0x8000
#define SWAP_FLAG_PRIO_MASK	0x7fff
#define SWAP_FLAGS_VALID	0x1ffff		/* discard: always done */

/* Where the slots of an area are. */
struct store {
	struct block_device *disk;
	struct file *file;	/* NULL: the disk is the area */
	u32 *sectors;		/* of a file: the first of each slot */
};

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
	if (wq_has_sleeper(&bio_wait))
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
unclaim(struct inode *inode)
{
	mutex_lock(&inode->i_lock);
	WRITE_ONCE(inode->i_mapping->swapfile, false);
	mutex_unlock(&inode->i_lock);
}

/* And all that it has open. */
static void
free_area(struct swap_area *area)
{
	struct store *store = area->device;

	if (store->file) {
		unclaim(store->file->f_inode);
		fput(store->file);
	} else if (store->disk) {
		bdev_close(store->disk);
	}
	vfree(store->sectors);
	kfree(store);
	kfree(area);
}

static u64
sector_of(const struct store *store, u32 slot)
{
	return store->sectors ? store->sectors[slot] : (u64)slot * PAGE_SECTORS;
}

static void
disk_start(struct swap_area *area, struct page *page, u32 slot, bool write)
{
	struct store *store = area->device;
	struct bio *bio;

	wait_event_exclusive(&bio_wait, (bio = take_free_bio()) != NULL);
	/* What else there is in it is the queue's. */
	bio->op = write ? BLK_WRITE : BLK_READ;
	bio->page = page;
	bio->sector = sector_of(area->device, slot);
	submit_bio(store->disk, bio);
}

static void
disk_slot_freed(struct swap_area *area, u32 slot)
{
	struct store *store = area->device;

	blk_discard(store->disk, sector_of(store, slot), PAGE_SECTORS);
}

static const struct swap_operations disk_swap_ops = {
	.start = disk_start,
	.slot_freed = disk_slot_freed,
	.close = free_area,
};

/* An area, and its store with the rest to fill in. NULL: no memory. */
static struct swap_area *
alloc_area(const char *name, const char *kind, int prio)
{
	struct swap_area *area = kzalloc(sizeof(*area), GFP_KERNEL);

	if (!area)
		return NULL;
	area->device = kzalloc(sizeof(struct store), GFP_KERNEL);
	if (!area->device) {
		kfree(area);
		return NULL;
	}
	area->ops = &disk_swap_ops;
	area->kind = kind;
	area->prio = (s16)prio;
	strscpy(area->name, name, sizeof(area->name));
	return area;
}

int
swap_on_disk(dev_t dev, const char *name, int prio)
{
	struct swap_area *area = alloc_area(name, "partition", prio);
	struct block_device *disk;
	struct store *store;
	int err;

	if (!area)
		return -ENOMEM;
	store = area->device;
	err = bdev_open(dev, &store->disk);
	if (err) {
		store->disk = NULL;
		free_area(area);
		return err;
	}
	disk = store->disk;
	area->nr_slots = (u32)min(disk->nr_sectors / PAGE_SECTORS,
				  (u64)MAX_SWAP_SLOTS);
	err = disk->read_only ? -EROFS : disk->owner ? -EBUSY :
	      bdev_sync(disk);		/* mkswap wrote through the cache */
	if (!err)
		err = swap_on(area);
	if (err)
		free_area(area);
	return err;
}

/* --- files --------------------------------------------------------------------- */

/* Does its file system say where on a disk it lies? */
static bool
lies_on_a_disk(const struct inode *inode)
{
	const struct address_space_operations *ops = inode->i_mapping->ops;

	return ops && ops->bmap && inode->i_sb->s_bdev;
}

/* Could a program store to the file through a mapping? */
static bool
is_mapped_to_write(struct address_space *mapping)
{
	struct vm_area_struct *vma;
	bool found = false;

	down_read(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, mapping_node)
		found |= vma->vm_flags & VM_SHARED &&
			 vma->vm_flags & VM_MAYWRITE;
	up_read(&mapping->i_mmap_lock);
	return found;
}

/*
 * From now on nobody writes to the file. A mapping that is made meanwhile is
 * either seen here, or sees the mark when it faults to write.
 */
static int
claim(struct inode *inode)
{
	int err = 0;

	mutex_lock(&inode->i_lock);
	if (is_swapfile(inode))
		err = -EBUSY;
	else
		WRITE_ONCE(inode->i_mapping->swapfile, true);
	mutex_unlock(&inode->i_lock);
	if (err || !is_mapped_to_write(inode->i_mapping))
		return err;
	unclaim(inode);
	return -ETXTBSY;
}

/* Where the nr pages of the file lie. 0, -EINVAL: not everywhere. */
static int
find_sectors(struct store *store, const char *name, u32 nr)
{
	struct address_space *mapping = store->file->f_inode->i_mapping;

	for (u32 i = 0; i < nr; i++) {
		u64 sector = mapping->ops->bmap(mapping, i);

		if (!sector || sector > 0xffffffff) {
			pr_err("swapon: %s: page %u has a hole, or does not "
			       "lie in a row\n", name, i);
			return -EINVAL;
		}
		store->sectors[i] = (u32)sector;
		cond_resched();
	}
	return 0;
}

/* area's file is open and claimed. */
static int
swap_on_claimed(struct swap_area *area)
{
	struct store *store = area->device;
	struct inode *inode = store->file->f_inode;
	int err;

	area->nr_slots = (u32)min(i_size_read(inode) >> PAGE_SHIFT,
				  (u64)MAX_SWAP_SLOTS);
	store->disk = inode->i_sb->s_bdev;
	store->sectors = vzalloc(area->nr_slots * sizeof(u32));
	if (!store->sectors)
		return area->nr_slots ? -ENOMEM : -EINVAL;
	/* mkswap wrote through the cache, which is of no use from now on. */
	err = vfs_fsync_range(store->file, 0, i_size_read(inode), false);
	if (!err)
		err = find_sectors(store, area->name, area->nr_slots);
	if (err)
		return err;
	invalidate_mapping_pages(inode->i_mapping, 0, ~0ul);
	return swap_on(area);
}

int
swap_on_file(const char *name, int prio)
{
	struct swap_area *area = alloc_area(name, "file", prio);
	struct store *store;
	struct file *file = NULL;
	int err;

	if (!area)
		return -ENOMEM;
	store = area->device;
	err = filp_open(name, O_RDWR, 0, &file);
	if (!err)
		err = lies_on_a_disk(file->f_inode) ? claim(file->f_inode) :
						      -EINVAL;
	if (!err) {
		store->file = file;
		err = swap_on_claimed(area);
	} else if (file) {
		fput(file);
	}
	if (err)
		free_area(area);
	return err;
}

/* --- the calls ----------------------------------------------------------------- */

static int
get_path(const char *user_path, char *path, unsigned size)
{
	long n = strncpy_from_user(path, user_path, size);

	return n < 0 ? (int)n : n >= (long)size ? -ENAMETOOLONG : 0;
}

/* On what name leads to: a disk, or a file. */
static int
swap_on_path(const char *name, int prio)
{
	umode_t mode;
	struct path path;
	dev_t dev;
	int err = kern_path(name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	mode = path.dentry->d_inode->i_mode;
	dev = path.dentry->d_inode->i_rdev;
	path_put(&path);
	return S_ISBLK(mode) ? swap_on_disk(dev, name, prio) :
	       S_ISREG(mode) ? swap_on_file(name, prio) : -EINVAL;
}

long
sys_swapon(const char *user_path, int flags)
{
	char path[sizeof(((struct swap_area *)0)->name)];
	int err;

	if (current->process->euid)
		return -EPERM;
	if (flags & ~SWAP_FLAGS_VALID)
		return -EINVAL;
	err = get_path(user_path, path, sizeof(path));
	return err ? err : swap_on_path(path, flags & SWAP_FLAG_PREFER ?
					flags & SWAP_FLAG_PRIO_MASK :
					SWAP_PRIO_DEFAULT);
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
	for (unsigned i = 0; i < NR_BIOS; i++) {
		bios[i].bytes = PAGE_SIZE;
		bios[i].done = bio_done;
		list_add(&bios[i].list, &free_bios);
	}
	return 0;
}
core_initcall(disk_swap_init);
