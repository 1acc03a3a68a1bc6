/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: from the controller to the handlers.
 *
 * Ideas
 *   do_irq() asks the controller which interrupt is the most urgent, runs its
 *   handler, says that it is done, and asks again: one exception entry may
 *   serve many interrupts. A handler runs with interrupts off, on the stack
 *   of whatever was interrupted, and must not sleep.
 *
 *   id	 0-15	software interrupts, core to core: ipi_register()
 *	16-31	private to a core (timers): one handler, enabled on each core
 *	32-95	shared; delivered to core 0
 *
 *   Two kinds of nonsense are survived, counted, and told once:
 *   Spurious: the controller says that none is pending after all. Harmless.
 *   Unhandled: nobody asked for it. It is switched off, or it would come
 *   again for ever.
 *
 * Locks  irq_lock guards the table of handlers. do_irq() reads it without:
 *	  a handler is published last, and is gone for good only when
 *	  synchronize_irq() has seen every core outside of it:
 *
 *	do_irq()			free_irq()
 *	  in_service = irq		  handler = NULL
 *	  barrier			  barrier
 *	  handler?			  in_service == irq?  wait
 *
 *	  One of the two sees what the other wrote.
 */
#include <asm/percpu.h>
#include <kernel/irq.h>
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/smp.h>
#include <lib/errno.h>
#include <mm/trace.h>

struct irq_desc {
	irq_handler_t handler;	/* NULL: free. Written last */
	const char *name;
	void *data;
};

struct ipi_desc {
	void (*fn)(void);
	const char *name;
	bool told;		/* that it came, though nobody handles it */
};

const struct irq_chip *irq_chip;
DEFINE_PER_CPU(unsigned, irq_nesting);

static DEFINE_SPINLOCK(irq_lock, LOCK_IRQ_DESC);
static struct irq_desc irq_table[NR_IRQS];	/* irq_lock */
static struct ipi_desc ipi_table[NR_SGIS];	/* written at boot */

static DEFINE_PER_CPU(u32[NR_IRQS], irq_counts);
static DEFINE_PER_CPU(u32, spurious_count);
static DEFINE_PER_CPU(u32, unhandled_count);
static DEFINE_PER_CPU(const struct pt_regs *, interrupted);
static DEFINE_PER_CPU(u32, in_service) = IRQ_NONE_PENDING;	/* raw */

/* Context: any. Returns NULL outside of interrupt handlers. */
const struct pt_regs *
irq_regs(void)
{
	return this_cpu_read(interrupted);
}

u32
irq_count_on(unsigned irq, unsigned cpu)
{
	return READ_ONCE((*per_cpu_ptr(&irq_counts, cpu))[irq]);
}

/*
 * Make chip the controller, and switch on what was asked for before it came.
 * Context: boot, core 0.
 */
void
irq_chip_register(const struct irq_chip *chip)
{
	unsigned long flags = spin_lock_irqsave(&irq_lock);

	irq_chip = chip;
	chip->cpu_init();
	for (unsigned irq = NR_SGIS; irq < NR_IRQS; irq++) {
		if (irq_table[irq].handler)
			chip->enable(irq);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
}

/*
 * Make handler the one that serves irq, and switch irq on; data is handed to
 * it. A private interrupt is switched on for this core alone.
 * Context: any. Returns -EINVAL: no such number or no handler (ids 0-15 are
 * ipi_register's); -EBUSY: it has a handler.
 */
int
request_irq(unsigned irq, irq_handler_t handler, const char *name, void *data)
{
	unsigned long flags;
	int err = 0;

	if (irq < NR_SGIS || irq >= NR_IRQS || !handler)
		return -EINVAL;
	flags = spin_lock_irqsave(&irq_lock);
	if (irq_table[irq].handler) {
		err = -EBUSY;
	} else {
		irq_table[irq].name = name;
		irq_table[irq].data = data;
		smp_store_release(&irq_table[irq].handler, handler);
		if (irq_chip)
			irq_chip->enable(irq);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	return err;
}

/*
 * Wait until no other core is inside the handler of irq. Who has seen it
 * counted (irq_count_on) finds then that its work is done.
 * Context: any but a handler of irq; holds no lock that the handler takes.
 */
void
synchronize_irq(unsigned irq)
{
	unsigned cpu;

	assert(irq >= NR_SGIS && irq < NR_IRQS);
	smp_mb();	/* what was written before, and what is seen now */
	for_each_online_cpu(cpu) {
		u32 *raw = per_cpu_ptr(&in_service, cpu);

		while (cpu != smp_processor_id() &&
		       irq_of(smp_load_acquire(raw)) == irq)
			cpu_relax();
	}
}

/*
 * Switch irq off, forget its handler, and wait until it has ended where it
 * runs. A private interrupt must be off on the other cores already.
 * Context: as synchronize_irq().
 */
void
free_irq(unsigned irq)
{
	unsigned long flags;

	assert(irq >= NR_SGIS && irq < NR_IRQS);
	flags = spin_lock_irqsave(&irq_lock);
	if (irq_chip)
		irq_chip->disable(irq);
	WRITE_ONCE(irq_table[irq].handler, NULL);
	spin_unlock_irqrestore(&irq_lock, flags);
	synchronize_irq(irq);
}

/* Enable a private interrupt that has a handler on this core too. */
void
irq_enable_percpu(unsigned irq)
{
	assert(irq >= NR_SGIS && irq < NR_PRIVATE_IRQS);
	irq_chip->enable(irq);
}

/* Context: any; a handler may be replaced while its interrupt is quiet. */
void
ipi_register(enum ipi ipi, const char *name, void (*fn)(void))
{
	assert((unsigned)ipi < NR_SGIS);
	ipi_table[ipi].name = name;
	smp_store_release(&ipi_table[ipi].fn, fn);
}

/* Context: any. Does nothing before there is a controller. */
void
ipi_send(unsigned long cpu_mask, enum ipi ipi)
{
	if (irq_chip && cpu_mask)
		irq_chip->send_ipi((unsigned)cpu_mask, (unsigned)ipi);
}

/* Nobody wants irq: say so once, and keep it from coming again. */
static void
irq_unhandled(unsigned irq)
{
	this_cpu_write(unhandled_count, this_cpu_read(unhandled_count) + 1);
	if (irq < NR_SGIS) {
		if (!__atomic_exchange_n(&ipi_table[irq].told, true,
					 __ATOMIC_RELAXED))
			pr_warn("irq %u: software interrupt without a "
				"meaning\n", irq);
		return;
	}
	irq_chip->disable(irq);
	pr_warn("irq %u: nobody handles it; switched off\n", irq);
}

static void
irq_spurious(void)
{
	u32 n = this_cpu_read(spurious_count);

	this_cpu_write(spurious_count, n + 1);
	if (!n)
		pr_debug("irq: spurious interrupt on cpu %u\n",
			 smp_processor_id());
}

static void
irq_dispatch(unsigned irq)
{
	irq_handler_t handler;
	void (*fn)(void);

	(*this_cpu_ptr(&irq_counts))[irq]++;
	if (irq < NR_SGIS) {
		fn = smp_load_acquire(&ipi_table[irq].fn);
		if (fn)
			fn();
		else
			irq_unhandled(irq);
		return;
	}
	handler = smp_load_acquire(&irq_table[irq].handler);
	if (!handler) {
		irq_unhandled(irq);
		return;
	}
	trace_irq_handler_entry(irq, irq_table[irq].name);
	handler(irq, irq_table[irq].data);
	trace_irq_handler_exit(irq);
}

/*
 * The interrupt exception: serve everything that is pending.
 * Context: interrupts off, stack of the interrupted code.
 */
void
do_irq(struct pt_regs *regs)
{
	const struct pt_regs *outer = this_cpu_read(interrupted);
	bool any = false;
	u32 raw;

	this_cpu_write(irq_nesting, this_cpu_read(irq_nesting) + 1);
	this_cpu_write(interrupted, regs);
	for (;;) {
		raw = irq_chip->acknowledge();
		if (irq_of(raw) >= IRQ_NONE_PENDING)
			break;
		any = true;
		this_cpu_write(in_service, raw);
		smp_mb();	/* with synchronize_irq(): before the handler */
		if (irq_of(raw) < NR_IRQS)
			irq_dispatch(irq_of(raw));
		irq_chip->end(raw);
		smp_store_release(this_cpu_ptr(&in_service), IRQ_NONE_PENDING);
	}
	if (!any)
		irq_spurious();
	this_cpu_write(interrupted, outer);
	this_cpu_write(irq_nesting, this_cpu_read(irq_nesting) - 1);
}

/*
 * A caught fault leaves handlers without returning through do_irq(): end what
 * is in service, or the controller would never interrupt this core again.
 * Context: interrupts off.
 */
void
irq_abandon(void)
{
	u32 raw = this_cpu_read(in_service);

	if (!in_interrupt())
		return;
	if (irq_of(raw) < IRQ_NONE_PENDING)
		irq_chip->end(raw);
	this_cpu_write(in_service, IRQ_NONE_PENDING);
	this_cpu_write(interrupted, NULL);
	this_cpu_write(irq_nesting, 0);
}

/* --- The node interrupts, in the format of /proc/interrupts --- */

static void
show_row(struct seq_buf *s, unsigned irq)
{
	unsigned cpu;

	for_each_online_cpu(cpu)
		seq_printf(s, " %10u", irq_count_on(irq, cpu));
}

static void
interrupts_show(struct seq_buf *s)
{
	unsigned cpu, irq;

	seq_puts(s, "     ");
	for_each_online_cpu(cpu)
		seq_printf(s, "       CPU%u", cpu);
	seq_putc(s, '\n');
	for (irq = NR_SGIS; irq < NR_IRQS; irq++) {
		if (!irq_table[irq].handler)
			continue;
		seq_printf(s, "%4u:", irq);
		show_row(s, irq);
		seq_printf(s, "  %s %3u Level  %s\n",
			   irq_chip ? irq_chip->name : "none", irq,
			   irq_table[irq].name);
	}
	for (irq = 0; irq < NR_SGIS; irq++) {
		if (!ipi_table[irq].fn)
			continue;
		seq_printf(s, "IPI%u:", irq);
		show_row(s, irq);
		seq_printf(s, "  %s\n", ipi_table[irq].name);
	}
	seq_puts(s, "SPU: ");
	for_each_online_cpu(cpu)
		seq_printf(s, " %10u", *per_cpu_ptr(&spurious_count, cpu));
	seq_puts(s, "  Spurious interrupts\nErr: ");
	for_each_online_cpu(cpu)
		seq_printf(s, " %10u", *per_cpu_ptr(&unhandled_count, cpu));
	seq_puts(s, "  Unhandled interrupts\n");
}
NODE("interrupts", interrupts_show);
