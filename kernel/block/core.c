/* SPDX-License-Identifier: MIT */
/*
 * Block devices: who they are, and requests to them.
 *
 *	blk_read(), blk_write(), blk_flush()	one request, waited for
 *	  blk_execute()				waits for room, and for done()
 *	    blk_submit()			checks
 *	      disk->ops->submit()		the driver
 *	        ... interrupt ...
 *	      blk_done()			counts, calls rq->done()
 *
 * State	disks: a list, changed under blk_mutex, read at any time.
 * Locks	disk->count_lock: the counters.
 * Questions a reader asks
 *   When may a disk go?  Who waits for a request may take its disk away as soon as
 *     that is done, while the core that sent or finished it is still on its way
 *     out of the queue. So calls that touch a disk's queue are counted (inside,
 *     blk_enter) and blk_unregister() waits until it is 0.
 *   Why does done() come in interrupt context?  It is the shortest way; who has
 *     more to do wakes a thread. blk_execute() does only that.
 */
#include <kernel/blk.h>
#include <kernel/completion.h>
#include <kernel/init.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/psi.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/trace.h>
#include <mm/verify.h>
#include <mm/vmstat.h>

#include "block.h"

#define BLK_MAJOR	259	/* Linux's "blkext" */

DEFINE_MUTEX(blk_mutex);
static struct block_device *disks;	/* blk_mutex */
static u32 last_minor;			/* blk_mutex */

int
blk_register(struct block_device *disk)
{
	struct block_device **link = &disks;
	int err;

	init_waitqueue_head(&disk->room);
	spin_lock_init(&disk->count_lock, LOCK_BLOCK);
	err = blk_queue_init(disk);
	if (err)
		return err;
	mutex_lock(&blk_mutex);
	if (!disk->dev)
		disk->dev = MKDEV(BLK_MAJOR, ++last_minor);
	while (*link)
		link = &(*link)->next;
	disk->next = NULL;
	WRITE_ONCE(*link, disk);
	mutex_unlock(&blk_mutex);
	err = devfs_add_disk(disk);
	if (err) {
		blk_unregister(disk);
		return err;
	}
	pr_info("blk: %s: %llu sectors (%llu KiB), %s%s\n", disk->name,
		disk->nr_sectors, disk->nr_sectors / 2, disk->driver,
		disk->read_only ? ", read-only" : "");
	return 0;
}

void
blk_enter(struct block_device *disk)
{
	atomic_inc(&disk->inside);
}

/* disk may be gone after it. */
void
blk_leave(struct block_device *disk)
{
	smp_mb();		/* what was written to the queue comes first */
	atomic_dec(&disk->inside);
}

/* Nobody has disk open, and nobody opens it. Held: blk_mutex. */
static void
wait_for_leavers(struct block_device *disk)
{
	while (atomic_read(&disk->inside))
		msleep(1);
	smp_mb();		/* what they wrote is seen, and freed after */
}

int
blk_unregister(struct block_device *disk)
{
	struct block_device **link = &disks;
	int err = -EBUSY;

	mutex_lock(&blk_mutex);
	if (atomic_read(&disk->holders))
		goto out;
	wait_for_leavers(disk);
	if (!atomic_read(&disk->in_flight)) {
		while (*link != disk)
			link = &(*link)->next;
		WRITE_ONCE(*link, disk->next);
		err = 0;
	}
out:
	mutex_unlock(&blk_mutex);
	if (err)
		return err;
	devfs_remove_disk(disk);
	bdev_forget(disk);
	blk_queue_free(disk);
	return 0;
}

struct block_device *
blk_device(unsigned n)
{
	struct block_device *disk = disks;

	while (disk && n--)
		disk = disk->next;
	return disk;
}

struct block_device *
blk_find(const char *name)
{
	struct block_device *disk = disks;

	while (disk && strcmp(disk->name, name))
		disk = disk->next;
	return disk;
}

struct block_device *
blk_find_dev(dev_t dev)
{
	struct block_device *disk = disks;

	while (disk && disk->dev != dev)
		disk = disk->next;
	return disk;
}

/* --- requests that fail on purpose ----------------------------------------- */

void
blk_fail_requests(struct block_device *disk, unsigned ops, u32 skip, u32 nr)
{
	WRITE_ONCE(disk->fail_nr, 0);
	WRITE_ONCE(disk->fail_skip, skip);
	WRITE_ONCE(disk->fail_ops, ops);
	WRITE_ONCE(disk->fail_nr, nr);
}

/* Take one off *n, if there is one. */
static bool
count_down(u32 *n)
{
	u32 old = READ_ONCE(*n);

	while (old && !__atomic_compare_exchange_n(n, &old, old - 1, false,
						   __ATOMIC_RELAXED,
						   __ATOMIC_RELAXED))
		;
	return old != 0;
}

static bool
should_fail(struct block_device *disk, const struct blk_request *rq)
{
	return unlikely(READ_ONCE(disk->fail_nr)) &&
	       disk->fail_ops >> rq->op & 1 &&
	       !count_down(&disk->fail_skip) && count_down(&disk->fail_nr);
}

/* --- requests ---------------------------------------------------------------- */

/* Bytes of all pieces. */
static u64
request_bytes(const struct blk_request *rq)
{
	u64 bytes = 0;

	for (unsigned i = 0; i < rq->nr_sg; i++)
		bytes += rq->sg[i].length;
	return bytes;
}

static int
request_check(const struct block_device *disk, const struct blk_request *rq)
{
	u64 bytes = request_bytes(rq), sectors = bytes >> SECTOR_SHIFT;

	if ((unsigned)rq->op >= NR_BLK_OPS || bytes % SECTOR_SIZE ||
	    rq->nr_sg > disk->max_segments || (rq->op == BLK_FLUSH) != !bytes)
		return -EINVAL;
	if (rq->sector > disk->nr_sectors ||
	    sectors > disk->nr_sectors - rq->sector)
		return -ERANGE;
	if (rq->op == BLK_WRITE && disk->read_only)
		return -EROFS;
	return 0;
}

int
blk_submit(struct block_device *disk, struct blk_request *rq)
{
	int err = request_check(disk, rq), now;

	if (err)
		return err;
	rq->status = 0;
	now = atomic_add_return(&disk->in_flight, 1);
	trace_block_rq_issue(disk->dev, rq->sector,
			     (u32)(request_bytes(rq) >> SECTOR_SHIFT), rq->op);
	if (should_fail(disk, rq)) {
		blk_done(disk, rq, -EIO);
		return 0;
	}
	err = disk->ops->submit(disk, rq);
	if (err)
		atomic_dec(&disk->in_flight);
	else if (now > atomic_read(&disk->most_in_flight))
		atomic_set(&disk->most_in_flight, now);
	return err;
}

void
blk_done(struct block_device *disk, struct blk_request *rq, int status)
{
	unsigned long flags;

	trace_block_rq_complete(disk->dev, rq->sector,
				(u32)(request_bytes(rq) >> SECTOR_SHIFT),
				rq->op, status);
	blk_enter(disk);
	flags = spin_lock_irqsave(&disk->count_lock);
	if (!status && rq->op != BLK_FLUSH)
		count_vm_events(rq->op == BLK_READ ? PGPGIN : PGPGOUT,
				(unsigned long)(request_bytes(rq) >> 10));
	disk->requests[rq->op]++;
	disk->sectors[rq->op] += request_bytes(rq) >> SECTOR_SHIFT;
	disk->errors += status != 0;
	spin_unlock_irqrestore(&disk->count_lock, flags);
	rq->status = status;
	atomic_dec(&disk->in_flight);
	rq->done(rq);		/* rq may be gone after it */
	if (wq_has_sleeper(&disk->room))
		wake_up_all(&disk->room);
	blk_queue_run(disk);
	blk_leave(disk);
}

static void
execute_done(struct blk_request *rq)
{
	complete(rq->private);
}

int
blk_execute(struct block_device *disk, struct blk_request *rq)
{
	DECLARE_COMPLETION(done);
	unsigned was;
	int err;

	might_sleep();
	rq->done = execute_done;
	rq->private = &done;
	was = psi_stall_enter(PSI_IO_STALL);
	wait_event(&disk->room, (err = blk_submit(disk, rq)) != -EBUSY);
	if (!err)
		wait_for_completion(&done);
	psi_stall_leave(was);
	return err ? err : rq->status;
}

static int
transfer(struct block_device *disk, enum blk_op op, u64 sector,
	 const void *buf, size_t bytes)
{
	struct scatterlist sg;
	struct blk_request rq = {
		.op = op, .sector = sector, .sg = &sg, .nr_sg = 1,
	};

	if (!bytes)
		return -EINVAL;
	sg_set_buf(&sg, buf, bytes);
	return blk_execute(disk, &rq);
}

int
blk_read(struct block_device *disk, u64 sector, void *buf, size_t bytes)
{
	return transfer(disk, BLK_READ, sector, buf, bytes);
}

int
blk_write(struct block_device *disk, u64 sector, const void *buf, size_t bytes)
{
	return transfer(disk, BLK_WRITE, sector, buf, bytes);
}

int
blk_flush(struct block_device *disk)
{
	struct blk_request rq = { .op = BLK_FLUSH };

	return disk->has_flush ? blk_execute(disk, &rq) : 0;
}

int
blk_discard(struct block_device *disk, u64 sector, u64 nr)
{
	if (sector > disk->nr_sectors || nr > disk->nr_sectors - sector)
		return -ERANGE;
	if (!disk->ops->discard)
		return -EOPNOTSUPP;
	disk->ops->discard(disk, sector, nr);
	return 0;
}

static void
blk_show(struct seq_buf *s)
{
	struct block_device *d;

	for (d = disks; d; d = d->next)
		seq_printf(s, "%s: %llu sectors%s, %s: %llu reads (%llu "
			   "sectors), %llu writes (%llu), %llu flushes, "
			   "%u errors, at most %d at a time\n", d->name,
			   d->nr_sectors, d->read_only ? ", read-only" : "",
			   d->driver, d->requests[BLK_READ],
			   d->sectors[BLK_READ], d->requests[BLK_WRITE],
			   d->sectors[BLK_WRITE], d->requests[BLK_FLUSH],
			   d->errors, atomic_read(&d->most_in_flight));
	if (!disks)
		seq_puts(s, "no disk\n");
}
NODE("blk", blk_show);

static void
blk_queues_show(struct seq_buf *s)
{
	for (struct block_device *d = disks; d; d = d->next)
		blk_queue_show(s, d);
	if (!disks)
		seq_puts(s, "no disk\n");
}
NODE("blk_queues", blk_queues_show);

static void
blk_verify(struct verify *v)
{
	for (struct block_device *d = disks; d; d = d->next)
		VERIFY(v, blk_queue_sound(d), "Q1",
		       "the queue of %s contradicts itself", d->name);
}

static struct verify_module blk_module = { .name = "blk", .fn = blk_verify };

static int __init
blk_init(void)
{
	verify_register(&blk_module);
	return 0;
}
early_initcall(blk_init);
