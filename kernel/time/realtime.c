/* SPDX-License-Identifier: MIT */
/*
 * The time of day: ktime and an offset.
 *
 * Locks  a sequence count: the offset is 64 bits, and is set once or twice in
 *	  the life of a machine. Writers are serialized by set_lock.
 */
#include <kernel/lock.h>
#include <kernel/time.h>
#include <lib/atomic.h>

static u64 offset;		/* sequence; set_lock to write */
static u32 sequence;		/* odd: offset is being written */
static DEFINE_SPINLOCK(set_lock, LOCK_RANDOM);

static u64
read_offset(void)
{
	u64 value;
	u32 seen;

	do {
		seen = smp_load_acquire(&sequence);
		value = offset;
		smp_rmb();
	} while (seen & 1 || READ_ONCE(sequence) != seen);
	return value;
}

u64
realtime_ns(void)
{
	return ktime_get_ns() + read_offset();
}

void
realtime_set(u64 ns)
{
	unsigned long flags = spin_lock_irqsave(&set_lock);

	WRITE_ONCE(sequence, sequence + 1);
	smp_wmb();
	offset = ns - ktime_get_ns();
	smp_store_release(&sequence, sequence + 1);
	spin_unlock_irqrestore(&set_lock, flags);
}

u64
realtime_to_ktime(u64 ns)
{
	u64 base = read_offset();

	return ns > base ? ns - base : 0;
}
