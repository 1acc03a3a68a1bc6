/* SPDX-License-Identifier: MIT */
/*
 * A minimal lock for the architecture's own tables: the kernel's spinlocks
 * lie in a layer above. Leaf lock: nothing else is taken under it.
 */
#ifndef ARM_MM_LOCK_H
#define ARM_MM_LOCK_H

#include <asm/irqflags.h>
#include <asm/processor.h>
#include <lib/types.h>

extern u32 pgtable_lock;	/* the kernel's tables, and the list of all */

static inline unsigned long
arch_lock(u32 *lock)
{
	unsigned long flags = local_irq_save();

	while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
	return flags;
}

static inline void
arch_unlock(u32 *lock, unsigned long flags)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
	local_irq_restore(flags);
}

#endif
