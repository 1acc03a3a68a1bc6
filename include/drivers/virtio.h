/* SPDX-License-Identifier: MIT */
/*
 * Virtual devices: the ring that driver and device share, and the registers
 * through which they find each other. See drivers/virtio_ring.c and
 * drivers/virtio_mmio.c.
 */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include <lib/types.h>
#include <mm/dma.h>

#define VIRTIO_ID_BLOCK		2

#define VIRTIO_F_VERSION_1	(1ull << 32)

struct virtio_device;

/* The device's own structs, as it reads and writes them: little endian. */
struct vring_desc {
	u64 addr;
	u32 len;
	u16 flags;
	u16 next;
};

struct vring_avail {
	u16 flags;
	u16 idx;
	u16 ring[];
};

struct vring_used_elem {
	u32 id;			/* head of the chain */
	u32 len;		/* bytes that the device wrote */
};

struct vring_used {
	u16 flags;
	u16 idx;
	struct vring_used_elem ring[];
};

#define VIRTQUEUE_MAX	64	/* descriptors that we ask for at most */

/* Locks: all by the driver's lock. */
struct virtqueue {
	struct virtio_device *vdev;
	unsigned index;
	u16 num;		/* descriptors, a power of two */
	u16 free_head;		/* chain of unused descriptors */
	u16 nr_free;
	u16 last_used;		/* what has been fetched from used */
	bool broken;		/* the device wrote nonsense */
	volatile struct vring_desc *desc;
	volatile struct vring_avail *avail;
	volatile struct vring_used *used;
	void *cookie[VIRTQUEUE_MAX];	/* by head; NULL: not given out */
	void *mem;			/* all of it, coherent */
	dma_addr_t handle;
	size_t bytes;
	size_t avail_offset, used_offset;
};

/* One piece of a chain. */
struct virtq_segment {
	dma_addr_t addr;
	u32 len;
};

/* Rings of num descriptors in coherent memory. 0 or -ENOMEM. */
int virtqueue_init(struct virtqueue *vq, struct virtio_device *vdev,
		   unsigned index, unsigned num);
void virtqueue_free(struct virtqueue *vq);
/* The head that the next chain will have. */
u16 virtqueue_next_head(const struct virtqueue *vq);
/*
 * A chain of nr_out pieces that the device reads and nr_in that it writes.
 * cookie is what virtqueue_get() gives back; not NULL. 0; -ENOSPC: no room
 * now; -EIO: the queue is broken and never will have.
 */
int virtqueue_add(struct virtqueue *vq, const struct virtq_segment *segments,
		  unsigned nr_out, unsigned nr_in, void *cookie);
/* Tell the device that there is something. */
void virtqueue_kick(struct virtqueue *vq);
/* The next chain that is done, its head; NULL if there is none. */
void *virtqueue_get(struct virtqueue *vq, u16 *head);
/* Of a broken queue: the cookie of a chain that the device will never use,
 * which is free now; NULL when there are no more. */
void *virtqueue_detach(struct virtqueue *vq);

struct virtio_driver {
	const char *name;
	u32 device_id;
	u64 features;		/* that it understands, of its device */
	int (*probe)(struct virtio_device *vdev);
	struct virtio_driver *next;
};

struct virtio_device {
	struct device dev;	/* for DMA */
	char name[12];
	u8 *regs;
	unsigned version;	/* of the registers: 1 (legacy) or 2 */
	unsigned irq;
	u32 id;
	u64 features;		/* agreed on */
	const struct virtio_driver *driver;
	void *private;		/* the driver's */
	/* The device has used something. Context: interrupt. */
	void (*interrupt)(struct virtio_device *vdev);
	u32 nr_interrupts;
};

/* Context: initcalls up to device level; probing is at late level. */
void virtio_register_driver(struct virtio_driver *driver);
/* The device gets queue vq (index in it). For probe. 0, -ENOENT, -ENOMEM. */
int virtio_setup_queue(struct virtio_device *vdev, struct virtqueue *vq,
		       unsigned index);
void virtio_notify(struct virtio_device *vdev, unsigned queue);
/* Read the device's configuration. */
u32 virtio_config_read32(const struct virtio_device *vdev, unsigned offset);
u64 virtio_config_read64(const struct virtio_device *vdev, unsigned offset);

static inline bool
virtio_has_feature(const struct virtio_device *vdev, unsigned bit)
{
	return vdev->features >> bit & 1;
}

#endif
