/* SPDX-License-Identifier: MIT */
/*
 * Block devices: disks of sectors of 512 bytes, read and written by requests.
 * See kernel/block/core.c. There is no queue above the device yet: a request goes to
 * it at once, or not.
 */
#ifndef KERNEL_BLK_H
#define KERNEL_BLK_H

#include <kernel/wait.h>
#include <lib/atomic.h>
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
	atomic_t holders;		/* blk_hold() */
	spinlock_t count_lock;		/* rank BLOCK: what has been done */
	u64 requests[NR_BLK_OPS], sectors[NR_BLK_OPS];
	u32 errors;
	struct block_device *next;
};

/* disk is there for good. Context: boot, or a mutex of the driver's. */
void blk_register(struct block_device *disk);
/* The driver has done rq: count it and tell its owner. Context: any. */
void blk_done(struct block_device *disk, struct blk_request *rq, int status);

/* Disk n, or NULL; the disk called name, or NULL. */
struct block_device *blk_device(unsigned n);
struct block_device *blk_find(const char *name);

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

#endif
