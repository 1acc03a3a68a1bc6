/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks: ticket locks, so that waiting cores are served in order.
 *
 * Ideas
 *   One word holds two 16-bit tickets: next (the one to hand out) and owner
 *   (the one being served). To lock: take next, wait until owner equals it.
 *   To unlock: owner + 1, a plain store, since only the holder writes it.
 *
 * Rules
 *   A holder does not sleep (might_sleep() checks in debug builds).
 *   A lock that an interrupt handler takes is taken with the irqsave form
 *   everywhere else. Order: lock_rank.h, checked in debug builds.
 *
 * Sources  Mellor-Crummey and Scott, ACM TOCS 9(1), 1991 (ticket locks).
 */
#ifndef KERNEL_LOCK_H
#define KERNEL_LOCK_H

#include <asm/irqflags.h>
#include <asm/processor.h>
#include <kernel/lock_rank.h>
#include <lib/atomic.h>
#include <lib/compiler.h>
#include <lib/types.h>

struct spinlock {
	union {
		u32 tickets;
		struct {
			u16 owner, next;
		};
	};
#ifdef VELLUM_DEBUG
	u8 rank;
	u8 cpu_plus_1;		/* holder; 0: free. Written by the holder */
	u16 unused;
#endif
};

typedef struct spinlock spinlock_t;

#ifdef VELLUM_DEBUG
#define SPINLOCK_INIT(r)	{ { 0 }, (r), 0, 0 }
void lockcheck_acquire(spinlock_t *lock);	/* before waiting */
void lockcheck_acquired(spinlock_t *lock);
void lockcheck_release(spinlock_t *lock);
/* How many spinlocks this core holds. */
unsigned lockcheck_depth(void);
/* Forget what this core holds: after a caught fault only. */
void lockcheck_reset(void);
#else
#define SPINLOCK_INIT(r)	{ { 0 } }
#define lockcheck_acquire(lock)		((void)(lock))
#define lockcheck_acquired(lock)	((void)(lock))
#define lockcheck_release(lock)		((void)(lock))
#define lockcheck_depth()		0u
#define lockcheck_reset()		((void)0)
#endif

#define DEFINE_SPINLOCK(name, r)	spinlock_t name = SPINLOCK_INIT(r)

static inline void
spin_lock_init(spinlock_t *lock, enum lock_rank rank)
{
	*lock = (spinlock_t)SPINLOCK_INIT(rank);
	(void)rank;
}

static inline void
spin_lock(spinlock_t *lock)
{
	u32 mine;

	lockcheck_acquire(lock);
	mine = __atomic_fetch_add(&lock->tickets, 1u << 16, __ATOMIC_ACQUIRE);
	while (unlikely((u16)mine != (u16)(mine >> 16))) {
		cpu_relax();
		mine = (mine & 0xffff0000) | smp_load_acquire(&lock->owner);
	}
	lockcheck_acquired(lock);
}

/* Take it if it is free; true when taken. */
static inline bool
spin_trylock(spinlock_t *lock)
{
	u32 old = READ_ONCE(lock->tickets);

	if ((u16)old != (u16)(old >> 16))
		return false;
	if (!__atomic_compare_exchange_n(&lock->tickets, &old,
					 old + (1u << 16), false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	lockcheck_acquired(lock);
	return true;
}

static inline void
spin_unlock(spinlock_t *lock)
{
	lockcheck_release(lock);
	smp_store_release(&lock->owner, (u16)(lock->owner + 1));
}

static inline bool
spin_is_locked(const spinlock_t *lock)
{
	u32 t = READ_ONCE(lock->tickets);

	return (u16)t != (u16)(t >> 16);
}

static inline unsigned long
spin_lock_irqsave(spinlock_t *lock)
{
	unsigned long flags = local_irq_save();

	spin_lock(lock);
	return flags;
}

static inline void
spin_unlock_irqrestore(spinlock_t *lock, unsigned long flags)
{
	spin_unlock(lock);
	local_irq_restore(flags);
}

static inline void
spin_lock_irq(spinlock_t *lock)
{
	local_irq_disable();
	spin_lock(lock);
}

static inline void
spin_unlock_irq(spinlock_t *lock)
{
	spin_unlock(lock);
	local_irq_enable();
}

#endif
