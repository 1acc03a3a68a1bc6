/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks: one word, test and test-and-set.
 *
 * Ideas
 *   The word is 0 or 1. To lock: swap in a 1 until a 0 comes out, and while it
 *   is 1 only read it, so that waiting cores share the line in their caches
 *   and do not fight for it. To unlock: store 0.
 *
 * Rules
 *   A holder does not sleep (might_sleep() checks in debug builds).
 *   A lock that an interrupt handler takes is taken with the irqsave form
 *   everywhere else. Order: lock_rank.h, checked in debug builds.
 *
 * Questions a reader asks
 *   Why not ticket locks, which are fair? They hand over to the next in line,
 *   and on an emulator or a hypervisor with fewer processors than cores that
 *   one is often not running: all wait for it. Measured with four cores on
 *   two processors, the stress test did 44 times as much with this lock.
 *   Holders are short and cores few, so nobody starves.
 *
 * Sources  Anderson, IEEE TPDS 1(1), 1990 (spinning on a read); Ouyang and
 *	    Lange, VEE 2013 (lock waiter preemption).
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
	u32 locked;
#ifdef VELLUM_DEBUG
	u8 rank;
	u8 cpu_plus_1;		/* holder; 0: free. Written by the holder */
	u16 unused;
#endif
};

typedef struct spinlock spinlock_t;

#ifdef VELLUM_DEBUG
#define SPINLOCK_INIT(r)	{ 0, (r), 0, 0 }
void lockcheck_acquire(spinlock_t *lock);	/* before waiting */
void lockcheck_acquired(spinlock_t *lock);
void lockcheck_release(spinlock_t *lock);
/* How many spinlocks this core holds. */
unsigned lockcheck_depth(void);
/* Forget what this core holds: after a caught fault only. */
void lockcheck_reset(void);
#else
#define SPINLOCK_INIT(r)	{ 0 }
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

/*
 * From now on it ranks elsewhere: for a lock that is taken inside another of
 * its kind during one phase of its life. Others may hold it meanwhile.
 */
static inline void
spin_lock_set_rank(spinlock_t *lock, enum lock_rank rank)
{
#ifdef VELLUM_DEBUG
	WRITE_ONCE(lock->rank, (u8)rank);
#else
	(void)lock;
	(void)rank;
#endif
}

/* It is taken (spinlock.c): wait, and take it. */
void spin_lock_slow(spinlock_t *lock);

static inline void
spin_lock(spinlock_t *lock)
{
	lockcheck_acquire(lock);
	if (unlikely(__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE)))
		spin_lock_slow(lock);
	lockcheck_acquired(lock);
}

/* Take it if it is free; true when taken. */
static inline bool
spin_trylock(spinlock_t *lock)
{
	if (READ_ONCE(lock->locked) ||
	    __atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	lockcheck_acquired(lock);
	return true;
}

static inline void
spin_unlock(spinlock_t *lock)
{
	lockcheck_release(lock);
	smp_store_release(&lock->locked, 0u);
}

static inline bool
spin_is_locked(const spinlock_t *lock)
{
	return READ_ONCE(lock->locked) != 0;
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
