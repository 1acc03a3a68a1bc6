/* SPDX-License-Identifier: MIT */
/*
 * The kernel's random numbers (kernel/random.h): one state, a SplitMix64 row.
 * Good against accidents and simple attacks, not a source of keys.
 *
 * Locks  random_lock guards random_state.
 */
#include <kernel/lock.h>
#include <kernel/random.h>
#include <kernel/time.h>
#include <lib/random.h>

static DEFINE_SPINLOCK(random_lock, LOCK_RANDOM);
static u64 random_state;		/* random_lock */

void
random_add(u64 entropy)
{
	unsigned long flags = spin_lock_irqsave(&random_lock);

	random_state ^= entropy;
	random_next(&random_state);
	spin_unlock_irqrestore(&random_lock, flags);
}

static u64
random_u64(void)
{
	unsigned long flags = spin_lock_irqsave(&random_lock);
	u64 value;

	random_state ^= ktime_get_ns();
	value = random_next(&random_state);
	spin_unlock_irqrestore(&random_lock, flags);
	return value;
}

u32
get_random_u32(void)
{
	return (u32)(random_u64() >> 32);
}

void
get_random_bytes(void *buf, size_t n)
{
	u8 *p = buf;
	u64 value = 0;

	for (size_t i = 0; i < n; i++) {
		value = i % 8 ? value >> 8 : random_u64();
		p[i] = (u8)value;
	}
}
