/* SPDX-License-Identifier: MIT */
/*
 * The spinlock that is taken (lock.h says how a lock works): the part of
 * spin_lock() that is not on the fast path, so that its hundreds of callers need
 * not hold a copy each, and a profile shows in one line how long cores wait for
 * each other (tools/profile --free --smp 4).
 */
#include <kernel/lock.h>

void
spin_lock_slow(spinlock_t *lock)
{
	do {
		while (READ_ONCE(lock->locked))
			cpu_relax();
	} while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE));
}
