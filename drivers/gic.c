/* SPDX-License-Identifier: MIT */
/*
 * The interrupt controller of the Cortex-A9: GIC, architecture version 1.
 *
 * Ideas
 *   Distributor   one for all cores: which interrupts are enabled, their
 *		   priority, and which core gets them. Registers are bit or
 *		   byte arrays indexed by the id; the part for ids 0-31 exists
 *		   once per core (banked).
 *   CPU interface one per core at the same address: acknowledge the most
 *		   urgent pending interrupt (IAR), and say it is done (EOIR).
 *
 *   device -> [distributor] -> target core's [CPU interface] -> IRQ exception
 *
 *   A software interrupt (SGI) is a write to GICD_SGIR: a mask of cores and
 *   an id. Its IAR value also tells the sending core, and the same value must
 *   go to EOIR: so the raw value is kept, irq_of() takes the id out of it.
 *
 * Details of this board
 *   96 ids. Priorities have 5 bits, in the upper part of the byte. The core
 *   is in the secure state, so every interrupt is group 0 and comes as IRQ.
 *   All shared interrupts go to core 0: nothing here is busy enough to need
 *   spreading, and tests like one order.
 *
 * Sources  ARM IHI 0048 (GIC architecture); Cortex-A9 MPCore TRM, chapter 3.
 */
#include <asm/io.h>
#include <asm/processor.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/resource.h>
#include <lib/errno.h>
#include <mm/vmalloc.h>

#define GIC_PHYS	0x1e000000	/* SCU, GIC and timers: 8 KiB */
#define GIC_SIZE	0x2000
#define CPU_INTERFACE	0x0100
#define DISTRIBUTOR	0x1000

/* Distributor */
#define GICD_CTLR	0x000
#define GICD_ISENABLER	0x100	/* bit per id; write 1 to enable */
#define GICD_ICENABLER	0x180
#define GICD_ICPENDR	0x280
#define GICD_IPRIORITYR	0x400	/* byte per id */
#define GICD_ITARGETSR	0x800	/* byte per id: mask of cores */
#define GICD_SGIR	0xf00

/* CPU interface */
#define GICC_CTLR	0x00
#define GICC_PMR	0x04	/* only priorities below this come through */
#define GICC_IAR	0x0c
#define GICC_EOIR	0x10

#define PRIORITY	0xa0	/* the same for all: no nesting */
#define PRIORITY_LOWEST	0xf0

static char *distributor, *interface;

/* The register of an array with one bit for each id, and the bit. */
static void
gic_write_bit(unsigned array, unsigned irq)
{
	writel(1u << (irq % 32), distributor + array + irq / 32 * 4);
}

static void
gic_enable(unsigned irq)
{
	gic_write_bit(GICD_ISENABLER, irq);
}

static void
gic_disable(unsigned irq)
{
	gic_write_bit(GICD_ICENABLER, irq);
}

static u32
gic_acknowledge(void)
{
	return readl(interface + GICC_IAR);
}

static void
gic_end(u32 raw)
{
	writel(raw, interface + GICC_EOIR);
}

/* writel's barrier comes first: the other core sees what was stored before. */
static void
gic_send_ipi(unsigned cpu_mask, unsigned ipi)
{
	writel((cpu_mask & 0xff) << 16 | ipi, distributor + GICD_SGIR);
}

static void
gic_set_priorities(unsigned first, unsigned end)
{
	for (unsigned irq = first; irq < end; irq += 4)
		writel(PRIORITY * 0x01010101u,
		       distributor + GICD_IPRIORITYR + irq);
}

/* This core's banked part of the distributor, and its interface. */
static void
gic_cpu_init(void)
{
	writel(0xffff0000, distributor + GICD_ICENABLER);
	writel(0x0000ffff, distributor + GICD_ISENABLER);
	gic_set_priorities(0, NR_PRIVATE_IRQS);
	writel(PRIORITY_LOWEST, interface + GICC_PMR);
	writel(1, interface + GICC_CTLR);
}

static const struct irq_chip gic_chip = {
	.name = "GIC-0",
	.cpu_init = gic_cpu_init,
	.enable = gic_enable,
	.disable = gic_disable,
	.acknowledge = gic_acknowledge,
	.end = gic_end,
	.send_ipi = gic_send_ipi,
};

/* Everything off, nothing pending, core 0 the target; then on. */
static int
gic_init(void)
{
	char *base = ioremap(GIC_PHYS, GIC_SIZE);
	unsigned irq;

	if (!base)
		return -ENOMEM;
	distributor = base + DISTRIBUTOR;
	interface = base + CPU_INTERFACE;
	writel(0, distributor + GICD_CTLR);
	for (irq = NR_PRIVATE_IRQS; irq < NR_IRQS; irq += 32) {
		writel(~0u, distributor + GICD_ICENABLER + irq / 8);
		writel(~0u, distributor + GICD_ICPENDR + irq / 8);
	}
	for (irq = NR_PRIVATE_IRQS; irq < NR_IRQS; irq += 4)
		writel(0x01010101, distributor + GICD_ITARGETSR + irq);
	gic_set_priorities(NR_PRIVATE_IRQS, NR_IRQS);
	writel(1, distributor + GICD_CTLR);
	irq_chip_register(&gic_chip);
	request_mem_region(GIC_PHYS, GIC_SIZE, "a9mpcore");
	return 0;
}
early_initcall(gic_init);
