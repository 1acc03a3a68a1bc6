/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: numbers of the interrupt controller (GIC ids: 0-15 SGI, sent
 * by software; 16-31 private to a core; 32 on shared), and who handles them.
 */
#ifndef KERNEL_IRQ_H
#define KERNEL_IRQ_H

#include <asm/percpu.h>
#include <asm/ptrace.h>
#include <kernel/smp.h>
#include <lib/types.h>

#define NR_IRQS		96
#define NR_SGIS		16	/* ids 0-15: sent by software */
#define NR_PRIVATE_IRQS	32	/* ids 0-31: each core has its own */

typedef void (*irq_handler_t)(unsigned irq, void *data);

/*
 * Install the one handler of irq and enable it (a private one on this core
 * only: the others call irq_enable_percpu). -EBUSY if it has one,
 * -EINVAL if there is no such number.
 */
int request_irq(unsigned irq, irq_handler_t handler, const char *name,
		void *data);
/* Both wait for the handler of irq to end where it runs. */
void free_irq(unsigned irq);
void synchronize_irq(unsigned irq);
void irq_enable_percpu(unsigned irq);

/* What an interrupt controller driver offers. Registered once. */
struct irq_chip {
	const char *name;
	void (*cpu_init)(void);		/* on each core */
	void (*enable)(unsigned irq);
	void (*disable)(unsigned irq);
	u32 (*acknowledge)(void);	/* raw id; see irq_of */
	void (*end)(u32 raw);
	void (*send_ipi)(unsigned cpu_mask, unsigned ipi);
};
/* The number in what acknowledge() returned; from 1020 on: none pending. */
#define irq_of(raw)	((raw) & 0x3ff)
#define IRQ_NONE_PENDING 1020

void irq_chip_register(const struct irq_chip *chip);
extern const struct irq_chip *irq_chip;

/* fn runs, interrupts off, on a core that gets the software interrupt ipi. */
void ipi_register(enum ipi ipi, const char *name, void (*fn)(void));
/* Raise ipi on the cores of the mask. */
void ipi_send(unsigned long cpu_mask, enum ipi ipi);

/* What the interrupt that runs on this core interrupted, or NULL. */
const struct pt_regs *irq_regs(void);
/*
 * This core leaves its interrupt handlers by a caught fault: tell the
 * controller that they are done. Context: interrupts off.
 */
void irq_abandon(void);
/* How often irq came, on one core. */
u32 irq_count_on(unsigned irq, unsigned cpu);

DECLARE_PER_CPU(unsigned, irq_nesting);

/* Does an interrupt handler run on this core? */
static inline bool
in_interrupt(void)
{
	return this_cpu_read(irq_nesting) != 0;
}

#endif
