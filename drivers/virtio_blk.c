/* SPDX-License-Identifier: MIT */
/*
 * Virtio block device: a disk of the emulator.
 *
 * Ideas
 *   A request is one chain: a header (what, where), the data, a status byte.
 *
 *	[header 16] -> [data] -> ... -> [status 1]
 *	 coherent	streaming	 coherent
 *
 *   Headers and status bytes lie in coherent memory, one pair for each possible
 *   head, so nothing is allocated for a request. The data is the submitter's,
 *   lent to the device from submit to the interrupt.
 * Locks	disk->lock: the queue. done() is called without it.
 * Cost		one register write for a request, one interrupt for one or more.
 * Sources	VIRTIO 1.1, section 5.2.
 */
#include <asm/barrier.h>
#include <kernel/blk.h>
#include <drivers/virtio.h>
#include <kernel/init.h>
#include <kernel/lock.h>
#include <lib/errno.h>
#include <lib/string.h>

#define BLK_F_SEG_MAX	2
#define BLK_F_RO	5
#define BLK_F_FLUSH	9

#define CONFIG_CAPACITY	0
#define CONFIG_SEG_MAX	12

/* type of the header, by enum blk_op */
static const u32 wire_types[] = {
	[BLK_READ] = 0, [BLK_WRITE] = 1, [BLK_FLUSH] = 4,
};

#define STATUS_OK	0
#define MAX_SEGMENTS	32	/* pieces of one request */
#define MAX_DISKS	4

/* What the device reads and writes beside the data. */
struct slot {
	u32 type;
	u32 reserved;
	u64 sector;
	u8 status;
	u8 unused[15];
};

struct virtio_disk {
	struct block_device disk;
	struct virtio_device *vdev;
	spinlock_t lock;
	struct virtqueue vq;
	volatile struct slot *slots;	/* by head */
	dma_addr_t slots_handle;
};

static struct virtio_disk disks[MAX_DISKS];
static unsigned nr_disks;

static enum dma_data_direction
direction(const struct blk_request *rq)
{
	return rq->op == BLK_READ ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
}

/* Put the chain of rq, whose data is mapped, into the queue. Locked. */
static int
queue_request(struct virtio_disk *d, struct blk_request *rq)
{
	struct virtq_segment segments[MAX_SEGMENTS + 2];
	u16 head = virtqueue_next_head(&d->vq);
	dma_addr_t slot = d->slots_handle + head * sizeof(struct slot);
	bool reads = rq->op == BLK_READ;
	unsigned n = 0;

	if (d->vq.broken)
		return -EIO;
	if (d->vq.nr_free < rq->nr_sg + 2)
		return -EBUSY;
	d->slots[head].type = wire_types[rq->op];
	d->slots[head].reserved = 0;
	d->slots[head].sector = rq->sector;
	d->slots[head].status = 0xff;
	segments[n++] = (struct virtq_segment){ slot, 16 };
	for (unsigned i = 0; i < rq->nr_sg; i++)
		segments[n++] = (struct virtq_segment){
			rq->sg[i].dma_address, rq->sg[i].length };
	segments[n] = (struct virtq_segment){
		slot + offsetof(struct slot, status), 1 };
	if (virtqueue_add(&d->vq, segments, 1 + (reads ? 0 : rq->nr_sg),
			  1 + (reads ? rq->nr_sg : 0), rq))
		return -EBUSY;
	virtqueue_kick(&d->vq);
	return 0;
}

static int
virtio_blk_submit(struct block_device *disk, struct blk_request *rq)
{
	struct virtio_disk *d = disk->private;
	unsigned long flags;
	int err;

	if (rq->nr_sg && !dma_map_sg(&d->vdev->dev, rq->sg, rq->nr_sg,
				     direction(rq)))
		return -ENOMEM;
	flags = spin_lock_irqsave(&d->lock);
	err = queue_request(d, rq);
	spin_unlock_irqrestore(&d->lock, flags);
	if (err && rq->nr_sg)
		dma_unmap_sg(&d->vdev->dev, rq->sg, rq->nr_sg, direction(rq));
	return err;
}

static const struct block_ops virtio_blk_ops = {
	.submit = virtio_blk_submit,
};

/*
 * The next request that is done, its status; NULL: no more. When the device has
 * written nonsense, none that it still has will ever be: all are done, and
 * have failed.
 */
static struct blk_request *
fetch_done(struct virtio_disk *d, u8 *status)
{
	unsigned long flags = spin_lock_irqsave(&d->lock);
	struct blk_request *rq;
	u16 head;

	rq = virtqueue_get(&d->vq, &head);
	if (rq)
		*status = d->slots[head].status;
	else if (d->vq.broken && (rq = virtqueue_detach(&d->vq)))
		*status = (u8)~STATUS_OK;
	spin_unlock_irqrestore(&d->lock, flags);
	return rq;
}

static void
virtio_blk_interrupt(struct virtio_device *vdev)
{
	struct virtio_disk *d = vdev->private;
	struct blk_request *rq;
	u8 status;

	while ((rq = fetch_done(d, &status))) {
		if (rq->nr_sg)
			dma_unmap_sg(&vdev->dev, rq->sg, rq->nr_sg,
				     direction(rq));
		blk_done(&d->disk, rq, status == STATUS_OK ? 0 : -EIO);
	}
}

/* How many pieces a request may have. */
static unsigned
segment_limit(const struct virtio_disk *d)
{
	unsigned most = MAX_SEGMENTS;

	if (virtio_has_feature(d->vdev, BLK_F_SEG_MAX))
		most = min(most, virtio_config_read32(d->vdev,
						      CONFIG_SEG_MAX));
	return min(most, d->vq.num - 2u);
}

static void
describe(struct virtio_disk *d)
{
	struct virtio_device *vdev = d->vdev;

	snprintf(d->disk.name, sizeof(d->disk.name), "vd%c",
		 (char)('a' + (d - disks)));
	d->disk.driver = "virtio";
	d->disk.nr_sectors = virtio_config_read64(vdev, CONFIG_CAPACITY);
	d->disk.read_only = virtio_has_feature(vdev, BLK_F_RO);
	d->disk.has_flush = virtio_has_feature(vdev, BLK_F_FLUSH);
	d->disk.max_segments = segment_limit(d);
	d->disk.ops = &virtio_blk_ops;
	d->disk.private = d;
}

static int
virtio_blk_probe(struct virtio_device *vdev)
{
	struct virtio_disk *d = &disks[nr_disks];
	int err;

	d->vdev = vdev;
	spin_lock_init(&d->lock, LOCK_BLOCK);
	err = virtio_setup_queue(vdev, &d->vq, 0);
	if (err)
		return err;
	d->slots = dma_alloc_coherent(&vdev->dev,
				      d->vq.num * sizeof(struct slot),
				      &d->slots_handle, GFP_KERNEL);
	if (!d->slots) {
		virtqueue_free(&d->vq);
		return -ENOMEM;
	}
	vdev->private = d;
	vdev->interrupt = virtio_blk_interrupt;
	describe(d);
	nr_disks++;
	return blk_register(&d->disk);
}

static struct virtio_driver virtio_blk_driver = {
	.name = "virtio_blk",
	.device_id = VIRTIO_ID_BLOCK,
	.features = 1u << BLK_F_SEG_MAX | 1u << BLK_F_RO | 1u << BLK_F_FLUSH,
	.probe = virtio_blk_probe,
};

static int
virtio_blk_init(void)
{
	virtio_register_driver(&virtio_blk_driver);
	return 0;
}
device_initcall(virtio_blk_init);
