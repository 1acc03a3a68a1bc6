/* SPDX-License-Identifier: MIT */
/*
 * Virtqueue: two rings and a table, shared by driver and device.
 *
 * Ideas
 *   desc	a table of pieces of memory. A request is a chain of them, linked
 *		by `next`: first those that the device reads, then those that
 *		it writes. The unused ones are a chain too.
 *   avail	heads of chains, driver to device; idx counts up for ever.
 *   used	heads of chains that are done, device to driver.
 *
 *	desc   [0]->[1]->[2]   [3]->[4]   [5] [6] [7]
 *	avail  idx 2:  0  3			the device has both
 *	used   idx 1:  0			the first one is done
 *
 *   All of it is coherent memory: both sides look at it at any time. Between
 *   writing an entry and the index that shows it lies a barrier, on each side.
 *
 * Invariants   What the device writes is not believed: a head that was not
 *		given out breaks the queue for good, and is reported.
 * Locks	the driver's, held on entry.
 * Sources	Virtual I/O Device (VIRTIO) 1.1, OASIS, section 2.6.
 */
#include <drivers/virtio.h>
#include <kernel/printk.h>
#include <lib/errno.h>

#define DESC_F_NEXT	1
#define DESC_F_WRITE	2	/* the device writes */
#define LEGACY_ALIGN	PAGE_SIZE	/* of used, in version 1 */

int
virtqueue_init(struct virtqueue *vq, struct virtio_device *vdev,
	       unsigned index, unsigned num)
{
	size_t avail = num * sizeof(struct vring_desc);
	size_t used = ALIGN_UP(avail + sizeof(struct vring_avail) +
			       2 * (num + 1), LEGACY_ALIGN);

	*vq = (struct virtqueue){
		.vdev = vdev, .index = index, .num = num, .nr_free = num,
		.avail_offset = avail, .used_offset = used,
	};
	vq->bytes = used + sizeof(struct vring_used) + 2 +
		    num * sizeof(struct vring_used_elem);
	vq->mem = dma_alloc_coherent(&vdev->dev, vq->bytes, &vq->handle,
				     GFP_KERNEL);
	if (!vq->mem)
		return -ENOMEM;
	vq->desc = vq->mem;
	vq->avail = (void *)((u8 *)vq->mem + avail);
	vq->used = (void *)((u8 *)vq->mem + used);
	for (unsigned i = 0; i < num; i++)
		vq->desc[i].next = (u16)(i + 1);
	return 0;
}

void
virtqueue_free(struct virtqueue *vq)
{
	dma_free_coherent(&vq->vdev->dev, vq->bytes, vq->mem, vq->handle);
	vq->mem = NULL;
}

u16
virtqueue_next_head(const struct virtqueue *vq)
{
	return vq->free_head;
}

int
virtqueue_add(struct virtqueue *vq, const struct virtq_segment *segments,
	      unsigned nr_out, unsigned nr_in, void *cookie)
{
	unsigned total = nr_out + nr_in, i;
	u16 head = vq->free_head, at = head, next, idx;

	if (vq->broken)
		return -EIO;
	if (total > vq->nr_free)
		return -ENOSPC;
	for (i = 0; i < total; i++, at = next) {
		next = vq->desc[at].next;
		vq->desc[at].addr = segments[i].addr;
		vq->desc[at].len = segments[i].len;
		vq->desc[at].flags = (i >= nr_out ? DESC_F_WRITE : 0) |
				     (i + 1 < total ? DESC_F_NEXT : 0);
	}
	vq->free_head = at;
	vq->nr_free -= total;
	vq->cookie[head] = cookie;
	idx = vq->avail->idx;
	vq->avail->ring[idx & (vq->num - 1)] = head;
	dma_wmb();		/* the entry before the index */
	vq->avail->idx = (u16)(idx + 1);
	return 0;
}

void
virtqueue_kick(struct virtqueue *vq)
{
	dma_wmb();		/* the index before the notice */
	virtio_notify(vq->vdev, vq->index);
}

/* The chain at head is unused again. */
static void
free_chain(struct virtqueue *vq, u16 head)
{
	u16 at = head;

	vq->nr_free++;
	while (vq->desc[at].flags & DESC_F_NEXT) {
		at = vq->desc[at].next;
		vq->nr_free++;
	}
	vq->desc[at].next = vq->free_head;
	vq->free_head = head;
}

void *
virtqueue_get(struct virtqueue *vq, u16 *head)
{
	void *cookie;
	u32 id;

	if (vq->broken || vq->used->idx == vq->last_used)
		return NULL;
	dma_rmb();		/* the index before the entry */
	id = vq->used->ring[vq->last_used & (vq->num - 1)].id;
	cookie = id < vq->num ? vq->cookie[id] : NULL;
	if (!cookie) {
		vq->broken = true;
		pr_err("%s: the device used chain %u, which it does not "
		       "have: queue stopped\n", vq->vdev->name, id);
		return NULL;
	}
	vq->last_used++;
	vq->cookie[id] = NULL;
	*head = (u16)id;
	free_chain(vq, (u16)id);
	return cookie;
}

void *
virtqueue_detach(struct virtqueue *vq)
{
	void *cookie;

	for (u16 id = 0; id < vq->num; id++) {
		cookie = vq->cookie[id];
		if (!cookie)
			continue;
		vq->cookie[id] = NULL;
		free_chain(vq, id);
		return cookie;
	}
	return NULL;
}
