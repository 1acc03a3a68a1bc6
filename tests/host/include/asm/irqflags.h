/* SPDX-License-Identifier: MIT */
/* No interrupts arrive on the host, but whether they could is remembered. */
#ifndef ASM_IRQFLAGS_H
#define ASM_IRQFLAGS_H

#include <lib/types.h>

#define PSR_I_BIT	0x80

extern unsigned long host_irqflags;

static inline unsigned long
local_irq_save(void)
{
	unsigned long flags = host_irqflags;

	host_irqflags = PSR_I_BIT;
	return flags;
}

static inline void
local_irq_restore(unsigned long flags)
{
	host_irqflags = flags;
}

static inline void
local_irq_disable(void)
{
	host_irqflags = PSR_I_BIT;
}

static inline void
local_irq_enable(void)
{
	host_irqflags = 0;
}

static inline bool
irqs_disabled(void)
{
	return host_irqflags != 0;
}

#endif
