/* SPDX-License-Identifier: MIT */
/*
 * Block devices: disks of sectors of 512 bytes.
 *
 *	bread(), /dev/vda	pages of the disk in the page cache: bdev.c
 *	submit_bio()		pieces of pages, sorted and merged: queue.c
 *	blk_submit()		a request as the driver gets it: core.c
 *	disk->ops->submit()	the driver
 */
#ifndef KERNEL_BLK_H
#define KERNEL_BLK_H

#include <kernel/fs.h>
#include <kernel/plug.h>
#include <kernel/sched.h>
#include <kernel/wait.h>
#include <lib/atomic.h>
#include <lib/rbtree.h>
#include <lib/types.h>
#include <mm/dma.h>

#define SECTOR_SHIFT	9
#define SECTOR_SIZE	(1u << SECTOR_SHIFT)

enum blk_op { BLK_READ, BLK_WRITE, BLK_FLUSH, NR_BLK_OPS };

/*
 * From blk_submit() to done() the request, the list and the memory are the
 * device's.
 */
struct blk_request {
	enum blk_op op;
	u64 sector;		/* first one; 0 for a flush */
	struct scatterlist *sg;	/* whole sectors in all; none for a flush */
	unsigned nr_sg;
	/* Called when it is done. Context: interrupt. */
	void (*done)(struct blk_request *rq);
	void *private;		/* the submitter's */
	int status;		/* when done: 0, or -EIO */
	struct blk_request *next;	/* the driver's */
};

struct block_device;
struct blk_queue;

struct block_ops {
	/*
	 * Start rq, which is sound. Context: any.
	 * Returns 0: done() will come. -EBUSY: the device has its fill, come
	 * again after some done(). -ENOMEM: the memory cannot be mapped.
	 */
	int (*submit)(struct block_device *disk, struct blk_request *rq);
	/*
	 * Optional: what these sectors hold is not needed any more. Context:
	 * not in interrupts; spinlocks above the driver's may be held.
	 */
	void (*discard)(struct block_device *disk, u64 sector, u64 nr);
};

struct block_device {
	char name[8];
	const char *driver;
	dev_t dev;			/* 0: blk_register() gives one */
	u64 nr_sectors;
	bool read_only;
	bool has_flush;			/* it keeps writes in a cache */
	bool synchronous;		/* submit() calls done() before it
					 * returns, and not in interrupts */
	unsigned max_segments;		/* pieces of one request */
	const struct block_ops *ops;
	void *private;			/* the driver's */
	/* Filled by blk_register(). */
	struct wait_queue_head room;	/* those who met -EBUSY */
	atomic_t in_flight, most_in_flight;
	atomic_t inside;		/* calls in the layer's code: core.c */
	atomic_t holders;		/* a  blk_hold(), bdev_open() */
	spinlock_t count_lock;		/* rank BLOCK: what has been done */
	u64 requests[NR_BLK_OPS], sectors[NR_BLK_OPS];
	u32 errors;
	u32 fail_ops, fail_skip, fail_nr;	/* a  blk_fail_requests() */
	struct blk_queue *queue;
	struct address_space *mapping;	/* its pages; NULL: never opened */
	struct super_block *owner;	/* mounted on it: blk_mutex */
	struct block_device *next;	/* blk_mutex; readers at any time */
};

/*
 * disk is there from now on, in /dev too. Context: may sleep. 0 or -ENOMEM.
 */
int blk_register(struct block_device *disk);
/*
 * It goes, with what the cache has of it. Context: may sleep. 0, or -EBUSY
 * while somebody has it open or requests are under way.
 */
int blk_unregister(struct block_device *disk);
/* The driver has done rq: count it and tell its owner. Context: any. */
void blk_done(struct block_device *disk, struct blk_request *rq, int status);

/* Disk n, or NULL; the disk called name, or NULL; that with the number. */
struct block_device *blk_device(unsigned n);
struct block_device *blk_find(const char *name);
struct block_device *blk_find_dev(dev_t dev);

/*
 * Hand rq to the device. Context: any. Returns 0: done() will be called.
 * -EINVAL: not whole sectors, too many pieces; -ERANGE: past the end of the
 * disk; -EROFS: it cannot be written; -EBUSY, -ENOMEM: see block_ops.
 */
int blk_submit(struct block_device *disk, struct blk_request *rq);
/* The same, and wait until it is done. Context: may sleep. Also -EIO. */
int blk_execute(struct block_device *disk, struct blk_request *rq);

/*
 * Read or write bytes, whole sectors, from or to buf in the linear map; what
 * has been written is safe after blk_flush(). Context: may sleep. Errors as
 * above, and -EINVAL for a part of a sector.
 */
int blk_read(struct block_device *disk, u64 sector, void *buf, size_t bytes);
int blk_write(struct block_device *disk, u64 sector, const void *buf,
	      size_t bytes);
int blk_flush(struct block_device *disk);
/*
 * The nr sectors from sector on are not needed any more. What is read of them
 * then is the device's affair. Context: not in interrupts, see block_ops.
 * 0; -EOPNOTSUPP: the device does not care; -ERANGE.
 */
int blk_discard(struct block_device *disk, u64 sector, u64 nr);

/* Whoever has it open, mounted or for swap: while held, it is not taken away. */
static inline void
blk_hold(struct block_device *disk)
{
	atomic_inc(&disk->holders);
}

static inline void
blk_release(struct block_device *disk)
{
	atomic_dec(&disk->holders);
}

/*
 * For tests: of the requests from now on whose op is in ops (1 << BLK_WRITE),
 * skip pass, then nr fail with -EIO before they reach the driver. nr 0: none.
 */
void blk_fail_requests(struct block_device *disk, unsigned ops, u32 skip,
		       u32 nr);

/* --- the queue: queue.c --------------------------------------------------- */

/* A piece of a page on its way. From submit_bio() to done() it is the queue's. */
struct bio {
	enum blk_op op;			/* BLK_READ or BLK_WRITE */
	unsigned offset, bytes;		/* in page; whole sectors */
	struct page *page;
	u64 sector;
	/* Called when it is done. Context: any, a handler too. */
	void (*done)(struct bio *bio);
	void *private;			/* the submitter's */
	int status;			/* when done: 0 or -EIO ... */
	/* The queue's. */
	struct block_device *disk;
	struct rb_node node;		/* the first of a run; so all below: */
	struct list_head list;		/* of its run, for the others */
	struct list_head followers;
	u64 end;			/* sector behind the last one */
	unsigned nr;			/* pieces */
	u32 arrival;
};

/*
 * Read or write it, some time, in any order with others; done() tells how it
 * went, whatever it was. Context: any.
 */
void submit_bio(struct block_device *disk, struct bio *bio);

/* queue.c for core.c: make and free disk->queue; a request is done: go on. */
int blk_queue_init(struct block_device *disk);
void blk_queue_free(struct block_device *disk);
void blk_queue_run(struct block_device *disk);
/* Rules Q1-Q3. */
bool blk_queue_sound(struct block_device *disk);
struct seq_buf;
void blk_queue_show(struct seq_buf *s, struct block_device *disk);

/*
 * Swap on the disk of that number from now on; name is what swapoff calls it.
 * prio: 0 to 32767, or SWAP_PRIO_DEFAULT. Context: may sleep. Errors as swap_on()
 * and bdev_open(), and -EROFS.
 */
int swap_on_disk(dev_t dev, const char *name, int prio);
/*
 * The same in a file, which nobody may write to or remove until swapoff. Also
 * -EINVAL: it has holes, or lies on no disk; -EBUSY: it is swap already;
 * -ETXTBSY: it is mapped to be written; errors of opening and of fsync.
 */
int swap_on_file(const char *name, int prio);

/* --- a disk's pages: bdev.c ----------------------------------------------- */

/* The disk that is open from now on, its mapping made. 0, -ENXIO, -ENOMEM. */
int bdev_open(dev_t dev, struct block_device **disk);
void bdev_close(struct block_device *disk);
/* The open disk belongs to sb alone, until bdev_release(); false: taken. */
bool bdev_claim(struct block_device *disk, struct super_block *sb);
void bdev_release(struct block_device *disk);
/*
 * Block number block of size bytes (512 to 4096) in the cache: *page with a
 * reference (put_page()), *data where the block lies in it. Change it, then
 * set_page_dirty(). Context: may sleep. 0, -EIO, -ENOMEM, -ERANGE.
 */
int bread(struct block_device *disk, u64 block, unsigned size,
	  struct page **page, void **data);
/* All dirty pages of the disk are on it, and out of its cache. 0 or -Exxx. */
int bdev_sync(struct block_device *disk);
/* What the disk held is gone (another medium, another size): so is what the cache
 * has of it. Nobody has it open. Context: may sleep. */
void bdev_invalidate(struct block_device *disk);
/* bdev_sync() for every disk that has pages. wait: false: only begin. */
void bdev_sync_all(bool wait);
extern const struct file_operations block_device_ops;

#endif
