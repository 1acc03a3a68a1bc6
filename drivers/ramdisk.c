/* SPDX-License-Identifier: MIT */
/*
 * RAM disk: a block device whose sectors lie in memory.
 *
 *	ramdisk=8M	at boot makes ram0
 *
 * Ideas
 *   It shows what a disk is to the kernel without a host's file behind it, and it
 *	can do on purpose what real disks do by accident.
 *   Held	requests stay inside until they are let go one by one, so that a
 *	test sees what is under way, and what waits.
 *   A cache that forgets  most disks say "done" when data is in their own memory.
 *	A flush brings it to the disk for good. When the power fails, some of what
 *	was not flushed is there and some is not, in any order, since the disk
 *	writes as it likes:
 *
 *	write 8, 9, flush, write 10, 11, 8'	power fails
 *	media:	  8 or 8', 9, perhaps 10, perhaps 11
 *
 *	A file system that survives this for every n and many seeds survives.
 *
 * Locks   lock, interrupts masked: everything. done() is called without it, in
 *   the context of who submits or releases.
 */
#include <drivers/ramdisk.h>
#include <kernel/init.h>
#include <kernel/lock.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

struct ramdisk {
	struct block_device disk;
	spinlock_t lock;		/* rank BLOCK; guards the rest */
	u8 *media;			/* what stays */
	u8 *cache;			/* newer, where fresh says so; NULL: none */
	u32 *fresh;			/* a bit for each sector */
	struct blk_request *held, **held_end;
	unsigned nr_held;
	bool holds, cut, dead;
	u32 nr_requests, cut_at, seed;
};

static unsigned long boot_size;

static bool
is_fresh(const struct ramdisk *d, u64 sector)
{
	return d->cache && d->fresh[sector / 32] >> (sector % 32) & 1;
}

static void
set_fresh(struct ramdisk *d, u64 sector, bool on)
{
	u32 bit = 1u << (sector % 32);

	if (on)
		d->fresh[sector / 32] |= bit;
	else
		d->fresh[sector / 32] &= ~bit;
}

/* Where sector is read from; where it is written to. */
static u8 *
place(struct ramdisk *d, u64 sector, bool write)
{
	u8 *where = d->media;

	if (write && d->cache)
		set_fresh(d, sector, true);
	if (is_fresh(d, sector))
		where = d->cache;
	return where + (size_t)sector * SECTOR_SIZE;
}

/* Some sectors reach the media, all (flush) or as the seed has it. */
static void
settle(struct ramdisk *d, bool all)
{
	u64 sector;

	for (sector = 0; d->cache && sector < d->disk.nr_sectors; sector++) {
		if (!is_fresh(d, sector))
			continue;
		d->seed = d->seed * 1664525u + 1013904223u;
		if (all || d->seed >> 31)
			memcpy(d->media + (size_t)sector * SECTOR_SIZE,
			       d->cache + (size_t)sector * SECTOR_SIZE,
			       SECTOR_SIZE);
		set_fresh(d, sector, false);
	}
}

/* Copy one piece. What it leaves of a sector, the next one of the request has. */
static u64
copy_piece(struct ramdisk *d, const struct scatterlist *sg, u64 at, bool write)
{
	char *addr = kmap_local_page(sg->page), *p = addr + sg->offset;
	unsigned left = sg->length;

	while (left) {
		unsigned in = (unsigned)at % SECTOR_SIZE;
		unsigned n = min(left, SECTOR_SIZE - in);
		u64 sector = at / SECTOR_SIZE;
		u8 *disk;

		disk = place(d, sector, write) + in;
		if (write)
			memcpy(disk, p, n);
		else
			memcpy(p, disk, n);
		p += n;
		at += n;
		left -= n;
	}
	kunmap_local(addr);
	return at;
}

/* Held: the lock. 0 or -EIO. */
static int
serve(struct ramdisk *d, struct blk_request *rq)
{
	u64 at = rq->sector * SECTOR_SIZE;

	if (d->cut && d->nr_requests == d->cut_at) {
		settle(d, false);
		d->dead = true;
	}
	d->nr_requests++;
	if (d->dead)
		return -EIO;
	if (rq->op == BLK_FLUSH)
		settle(d, true);
	for (unsigned i = 0; i < rq->nr_sg; i++)
		at = copy_piece(d, &rq->sg[i], at, rq->op == BLK_WRITE);
	return 0;
}

static int
ramdisk_submit(struct block_device *disk, struct blk_request *rq)
{
	struct ramdisk *d = disk->private;
	unsigned long flags = spin_lock_irqsave(&d->lock);
	bool hold = d->holds;
	int status = 0;

	if (hold) {
		rq->next = NULL;
		*d->held_end = rq;
		d->held_end = &rq->next;
		d->nr_held++;
	} else {
		status = serve(d, rq);
	}
	spin_unlock_irqrestore(&d->lock, flags);
	if (!hold)
		blk_done(disk, rq, status);
	return 0;
}

static const struct block_ops ramdisk_ops = { .submit = ramdisk_submit };

/* --- what tests do to it ------------------------------------------------------- */

void
ramdisk_hold(struct block_device *disk, bool hold)
{
	struct ramdisk *d = disk->private;
	unsigned long flags = spin_lock_irqsave(&d->lock);

	d->holds = hold;
	spin_unlock_irqrestore(&d->lock, flags);
}

unsigned
ramdisk_release(struct block_device *disk, unsigned n)
{
	struct ramdisk *d = disk->private;
	struct blk_request *rq;
	unsigned long flags;
	unsigned done = 0;
	int status = 0;

	for (; done < n; done++) {
		flags = spin_lock_irqsave(&d->lock);
		rq = d->held;
		if (rq) {
			d->held = rq->next;
			if (!d->held)
				d->held_end = &d->held;
			d->nr_held--;
			status = serve(d, rq);
		}
		spin_unlock_irqrestore(&d->lock, flags);
		if (!rq)
			break;
		blk_done(disk, rq, status);
	}
	return done;
}

unsigned
ramdisk_nr_held(struct block_device *disk)
{
	return READ_ONCE(((struct ramdisk *)disk->private)->nr_held);
}

void
ramdisk_cut_power(struct block_device *disk, u32 n, u32 seed)
{
	struct ramdisk *d = disk->private;
	unsigned long flags = spin_lock_irqsave(&d->lock);

	d->cut = true;
	d->cut_at = d->nr_requests + n;
	d->seed = seed;
	spin_unlock_irqrestore(&d->lock, flags);
}

void
ramdisk_power_on(struct block_device *disk)
{
	struct ramdisk *d = disk->private;
	unsigned long flags = spin_lock_irqsave(&d->lock);

	/* A power that fails between requests fails now. */
	if (d->cut && !d->dead)
		settle(d, false);
	d->cut = d->dead = false;
	spin_unlock_irqrestore(&d->lock, flags);
}

u32
ramdisk_nr_requests(struct block_device *disk)
{
	return READ_ONCE(((struct ramdisk *)disk->private)->nr_requests);
}

const u8 *
ramdisk_media(struct block_device *disk, u64 sector)
{
	struct ramdisk *d = disk->private;

	return d->media + (size_t)sector * SECTOR_SIZE;
}

/* --- making ------------------------------------------------------------------------ */

static void
ramdisk_free(struct ramdisk *d)
{
	vfree(d->media);
	vfree(d->cache);
	kfree(d->fresh);
	kfree(d);
}

static struct ramdisk *
ramdisk_alloc(u64 sectors, bool cache)
{
	struct ramdisk *d = kzalloc(sizeof(*d), GFP_KERNEL);
	size_t bytes = (size_t)sectors * SECTOR_SIZE;

	if (!d)
		return NULL;
	d->media = vzalloc(bytes);
	if (cache) {
		d->cache = vzalloc(bytes);
		d->fresh = kzalloc((size_t)(sectors / 32 + 1) * sizeof(u32),
				   GFP_KERNEL);
	}
	if (d->media && (!cache || (d->cache && d->fresh)))
		return d;
	ramdisk_free(d);
	return NULL;
}

int
ramdisk_create(const char *name, u64 sectors, bool cache,
	       struct block_device **disk)
{
	struct ramdisk *d;
	int err;

	if (blk_find(name))
		return -EEXIST;
	d = ramdisk_alloc(sectors, cache);
	if (!d)
		return -ENOMEM;
	spin_lock_init(&d->lock, LOCK_BLOCK);
	d->held_end = &d->held;
	strscpy(d->disk.name, name, sizeof(d->disk.name));
	d->disk.driver = "ramdisk";
	d->disk.nr_sectors = sectors;
	d->disk.has_flush = cache;
	d->disk.max_segments = 32;
	d->disk.ops = &ramdisk_ops;
	d->disk.private = d;
	err = blk_register(&d->disk);
	if (err)
		ramdisk_free(d);
	else
		*disk = &d->disk;
	return err;
}

int
ramdisk_destroy(struct block_device *disk)
{
	int err = blk_unregister(disk);

	if (!err)
		ramdisk_free(disk->private);
	return err;
}

static int
parse_size(const char *value)
{
	char *end;
	u64 size = memparse(value, &end);

	if (end == value || *end || !size || size > 0x40000000)
		return -EINVAL;
	boot_size = (unsigned long)size;
	return 0;
}
BOOT_PARAM("ramdisk", parse_size);

static int
ramdisk_init(void)
{
	struct block_device *disk;

	return boot_size ? ramdisk_create("ram0", boot_size / SECTOR_SIZE,
					  false, &disk) : 0;
}
device_initcall(ramdisk_init);
