/* SPDX-License-Identifier: MIT */
/*
 * Timers of the Cortex-A9 MPCore: the clock, and the alarm of each core.
 *
 *	global timer	64 bits, one for all cores, counts up: the clocksource
 *	private timer	32 bits, one for each core at the same address, counts
 *			down to 0 and interrupts (id 29): the clock event
 *
 * Both run at 100 MHz on this board: a tick is 10 ns. The alarm could be set
 * 42 s ahead; 4 s keep the nanoseconds in 32 bits. The two halves of the 64-bit count are read as high, low, high until
 * the high half stayed the same.
 *
 * Sources  Cortex-A9 MPCore TRM, chapter 4.
 */
#include <asm/io.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <mm/vmalloc.h>

#define MPCORE_PHYS	0x1e000000
#define MPCORE_SIZE	0x2000
#define GLOBAL_TIMER	0x200
#define PRIVATE_TIMER	0x600
#define TIMER_IRQ	29
#define RATE_HZ		100000000
#define TICK_NS		10

#define GT_LOW		0x00
#define GT_HIGH		0x04
#define GT_CONTROL	0x08	/* bit 0: run */

#define PT_LOAD		0x00
#define PT_CONTROL	0x08
#define PT_ENABLE	1
#define PT_IRQ_ENABLE	4	/* (bit 1, automatic reload, stays 0) */
#define PT_STATUS	0x0c	/* write 1: the event is seen */

static char *global, *private;

static u64
global_timer_read(void)
{
	u32 high, low, again = readl_relaxed(global + GT_HIGH);

	do {
		high = again;
		low = readl_relaxed(global + GT_LOW);
		again = readl_relaxed(global + GT_HIGH);
	} while (again != high);
	return (u64)high << 32 | low;
}

static const struct clocksource global_timer = {
	.name = "mpcore-global",
	.read = global_timer_read,
	.rate_hz = RATE_HZ,
};

static void
private_timer_set_next(u64 ns)
{
	writel((u32)ns / TICK_NS, private + PT_LOAD);
	writel(PT_ENABLE | PT_IRQ_ENABLE, private + PT_CONTROL);
}

/* On each core: off, nothing pending, interrupt on. */
static void
private_timer_cpu_init(void)
{
	writel(0, private + PT_CONTROL);
	writel(1, private + PT_STATUS);
	irq_enable_percpu(TIMER_IRQ);
}

static const struct clock_event private_timer = {
	.name = "mpcore-private",
	.cpu_init = private_timer_cpu_init,
	.set_next = private_timer_set_next,
	.min_ns = 1000,
	.max_ns = 4000000000u,	/* 32 bits: no 64-bit division */
};

static void
private_timer_interrupt(unsigned irq, void *data)
{
	(void)irq;
	(void)data;
	writel(1, private + PT_STATUS);
	clock_event_interrupt();
}

static int
mpcore_timer_init(void)
{
	char *base = ioremap(MPCORE_PHYS, MPCORE_SIZE);
	int err;

	if (!base)
		return -ENOMEM;
	global = base + GLOBAL_TIMER;
	private = base + PRIVATE_TIMER;
	writel(1, global + GT_CONTROL);
	clocksource_register(&global_timer);
	err = request_irq(TIMER_IRQ, private_timer_interrupt, "timer", NULL);
	if (err)
		return err;
	clock_event_register(&private_timer);
	return 0;
}
early_initcall(mpcore_timer_init);
