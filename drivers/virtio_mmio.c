/* SPDX-License-Identifier: MIT */
/*
 * Virtio over memory-mapped registers: finding devices, agreeing on features.
 *
 * Ideas
 *   The board has four slots. A slot is 0x200 bytes of registers and an
 *   interrupt; what is in it says the device id, 0 is an empty slot.
 *   Start of a device, each step told in STATUS:
 *
 *	0  reset
 *	1  ACKNOWLEDGE	somebody found it
 *	2  DRIVER	and knows what it is
 *	   features	both sides' bits, 32 at a time; the common ones count
 *	8  FEATURES_OK	(version 2) does the device agree?
 *	   queues	where the rings are
 *	4  DRIVER_OK	go
 *
 *   Version 1, "legacy", takes the page number of a ring whose parts lie at
 *   fixed distances; version 2 takes three addresses. The emulator offers
 *   either: force-legacy=false chooses 2.
 *
 * State	devices[]: filled at boot.
 * Sources	VIRTIO 1.1, section 4.2; ARM DUI 0447 for the slots' place is of
 *		no help: it is the emulator's (see boot/board.dts).
 */
#include <asm/io.h>
#include <drivers/virtio.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <kernel/resource.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/vmalloc.h>

#define SLOTS_PHYS	0x10013000
#define SLOT_SIZE	0x200
#define NR_SLOTS	4
#define FIRST_IRQ	72

#define MMIO_MAGIC		0x000
#define MAGIC			0x74726976	/* "virt" */
#define MMIO_VERSION		0x004
#define MMIO_DEVICE_ID		0x008
#define MMIO_DEVICE_FEATURES	0x010
#define MMIO_DEVICE_FEATURES_SEL 0x014
#define MMIO_DRIVER_FEATURES	0x020
#define MMIO_DRIVER_FEATURES_SEL 0x024
#define MMIO_GUEST_PAGE_SIZE	0x028	/* version 1 */
#define MMIO_QUEUE_SEL		0x030
#define MMIO_QUEUE_NUM_MAX	0x034
#define MMIO_QUEUE_NUM		0x038
#define MMIO_QUEUE_ALIGN	0x03c	/* version 1 */
#define MMIO_QUEUE_PFN		0x040	/* version 1 */
#define MMIO_QUEUE_READY	0x044	/* version 2 */
#define MMIO_QUEUE_NOTIFY	0x050
#define MMIO_INTERRUPT_STATUS	0x060
#define MMIO_INTERRUPT_ACK	0x064
#define MMIO_STATUS		0x070
#define MMIO_QUEUE_DESC		0x080	/* version 2: low, high */
#define MMIO_QUEUE_DRIVER	0x090
#define MMIO_QUEUE_DEVICE	0x0a0
#define MMIO_CONFIG_GENERATION	0x0fc	/* version 2 */
#define MMIO_CONFIG		0x100

#define STATUS_ACKNOWLEDGE	1
#define STATUS_DRIVER		2
#define STATUS_DRIVER_OK	4
#define STATUS_FEATURES_OK	8
#define STATUS_FAILED		128

static struct virtio_device devices[NR_SLOTS];
static struct virtio_driver *drivers;

void
virtio_register_driver(struct virtio_driver *driver)
{
	driver->next = drivers;
	drivers = driver;
}

void
virtio_notify(struct virtio_device *vdev, unsigned queue)
{
	writel(queue, vdev->regs + MMIO_QUEUE_NOTIFY);
}

u32
virtio_config_read32(const struct virtio_device *vdev, unsigned offset)
{
	return readl(vdev->regs + MMIO_CONFIG + offset);
}

/* Two words that belong together: again if the device changed them. */
u64
virtio_config_read64(const struct virtio_device *vdev, unsigned offset)
{
	u32 generation, low, high;

	do {
		generation = vdev->version == 1 ? 0 :
			     readl(vdev->regs + MMIO_CONFIG_GENERATION);
		low = virtio_config_read32(vdev, offset);
		high = virtio_config_read32(vdev, offset + 4);
	} while (vdev->version != 1 &&
		 generation != readl(vdev->regs + MMIO_CONFIG_GENERATION));
	return (u64)high << 32 | low;
}

static void
add_status(struct virtio_device *vdev, u32 bits)
{
	writel(readl(vdev->regs + MMIO_STATUS) | bits,
	       vdev->regs + MMIO_STATUS);
}

/* Keep the features that both sides know. 0, or -ENODEV if it refuses. */
static int
agree_on_features(struct virtio_device *vdev)
{
	u64 known = vdev->driver->features, offered;

	if (vdev->version > 1)
		known |= VIRTIO_F_VERSION_1;
	writel(0, vdev->regs + MMIO_DEVICE_FEATURES_SEL);
	offered = readl(vdev->regs + MMIO_DEVICE_FEATURES);
	writel(1, vdev->regs + MMIO_DEVICE_FEATURES_SEL);
	offered |= (u64)readl(vdev->regs + MMIO_DEVICE_FEATURES) << 32;
	vdev->features = offered & known;
	writel(0, vdev->regs + MMIO_DRIVER_FEATURES_SEL);
	writel((u32)vdev->features, vdev->regs + MMIO_DRIVER_FEATURES);
	writel(1, vdev->regs + MMIO_DRIVER_FEATURES_SEL);
	writel((u32)(vdev->features >> 32), vdev->regs + MMIO_DRIVER_FEATURES);
	if (vdev->version == 1)
		return 0;
	add_status(vdev, STATUS_FEATURES_OK);
	return readl(vdev->regs + MMIO_STATUS) & STATUS_FEATURES_OK ? 0 :
								      -ENODEV;
}

static void
write_address(struct virtio_device *vdev, unsigned reg, dma_addr_t addr)
{
	writel(addr, vdev->regs + reg);
	writel(0, vdev->regs + reg + 4);
}

int
virtio_setup_queue(struct virtio_device *vdev, struct virtqueue *vq,
		   unsigned index)
{
	unsigned most;
	int err;

	writel(index, vdev->regs + MMIO_QUEUE_SEL);
	most = readl(vdev->regs + MMIO_QUEUE_NUM_MAX);
	if (!most)
		return -ENOENT;
	err = virtqueue_init(vq, vdev, index, min(most, VIRTQUEUE_MAX + 0u));
	if (err)
		return err;
	writel(vq->num, vdev->regs + MMIO_QUEUE_NUM);
	if (vdev->version == 1) {
		writel(PAGE_SIZE, vdev->regs + MMIO_QUEUE_ALIGN);
		writel(vq->handle >> PAGE_SHIFT, vdev->regs + MMIO_QUEUE_PFN);
		return 0;
	}
	write_address(vdev, MMIO_QUEUE_DESC, vq->handle);
	write_address(vdev, MMIO_QUEUE_DRIVER, vq->handle + vq->avail_offset);
	write_address(vdev, MMIO_QUEUE_DEVICE, vq->handle + vq->used_offset);
	writel(1, vdev->regs + MMIO_QUEUE_READY);
	return 0;
}

static void
virtio_interrupt(unsigned irq, void *data)
{
	struct virtio_device *vdev = data;
	u32 why = readl(vdev->regs + MMIO_INTERRUPT_STATUS);

	(void)irq;
	writel(why, vdev->regs + MMIO_INTERRUPT_ACK);
	vdev->nr_interrupts++;
	if (vdev->interrupt)
		vdev->interrupt(vdev);
}

/* Start the device with its driver. 0, or an error with the device stopped. */
static int
start(struct virtio_device *vdev)
{
	int err;

	writel(0, vdev->regs + MMIO_STATUS);
	add_status(vdev, STATUS_ACKNOWLEDGE);
	add_status(vdev, STATUS_DRIVER);
	if (vdev->version == 1)
		writel(PAGE_SIZE, vdev->regs + MMIO_GUEST_PAGE_SIZE);
	err = agree_on_features(vdev);
	if (!err)
		err = request_irq(vdev->irq, virtio_interrupt, vdev->name,
				  vdev);
	if (!err) {
		err = vdev->driver->probe(vdev);
		if (err)
			free_irq(vdev->irq);
	}
	if (!err) {
		add_status(vdev, STATUS_DRIVER_OK);
		return 0;
	}
	writel(STATUS_FAILED, vdev->regs + MMIO_STATUS);
	pr_err("%s: %s: error %d\n", vdev->name, vdev->driver->name, -err);
	return err;
}

/* Look into slot n, whose registers are mapped. */
static void
probe_slot(unsigned n, u8 *regs)
{
	struct virtio_device *vdev = &devices[n];
	struct virtio_driver *driver = drivers;

	if (readl(regs + MMIO_MAGIC) != MAGIC)
		return;
	vdev->regs = regs;
	vdev->version = readl(regs + MMIO_VERSION);
	vdev->id = readl(regs + MMIO_DEVICE_ID);
	vdev->irq = FIRST_IRQ + n;
	snprintf(vdev->name, sizeof(vdev->name), "virtio%u", n);
	vdev->dev = (struct device){ .name = vdev->name, .dma_mask = ~0u };
	if (!vdev->id || vdev->version < 1 || vdev->version > 2)
		return;
	while (driver && driver->device_id != vdev->id)
		driver = driver->next;
	if (!driver) {
		pr_info("%s: device %u: no driver\n", vdev->name, vdev->id);
		return;
	}
	vdev->driver = driver;
	if (start(vdev))
		vdev->driver = NULL;
}

static int
virtio_probe(void)
{
	u8 *regs = ioremap(SLOTS_PHYS, NR_SLOTS * SLOT_SIZE);

	if (!regs)
		return -ENOMEM;
	request_mem_region(SLOTS_PHYS, NR_SLOTS * SLOT_SIZE, "virtio-mmio");
	/* The emulator fills the last slot first. */
	for (int n = NR_SLOTS - 1; n >= 0; n--)
		probe_slot((unsigned)n, regs + (unsigned)n * SLOT_SIZE);
	return 0;
}
late_initcall(virtio_probe);

static void
virtio_show(struct seq_buf *s)
{
	struct virtio_device *vdev;

	for (unsigned n = 0; n < NR_SLOTS; n++) {
		vdev = &devices[n];
		if (!vdev->id) {
			seq_printf(s, "%u: empty\n", n);
			continue;
		}
		seq_printf(s, "%u: device %u, version %u, irq %u, %s, "
			   "features 0x%llx, %u interrupts\n", n, vdev->id,
			   vdev->version, vdev->irq,
			   vdev->driver ? vdev->driver->name : "no driver",
			   vdev->features, vdev->nr_interrupts);
	}
}
NODE("virtio", virtio_show);
