/* SPDX-License-Identifier: MIT */
/*
 * The lock order, checked while the kernel runs (debug builds).
 *
 * Ideas
 *   Two cores that take two locks in opposite order stop each other for
 *   ever, if they meet at the wrong moment. They seldom do, so the order is
 *   checked at each single acquisition instead: every lock has a rank
 *   (kernel/lock_rank.h), and a core may only take a lock of a higher rank
 *   than all it holds. The first violation panics, even on one core.
 *
 *	held by this core:  TIMER, ZONE      takes RUNQUEUE: right
 *	                                     takes PCP: panic, ZONE is held
 *
 *   What an interrupt handler takes counts on top of what the interrupted
 *   code holds: rightly so, since the handler makes that code wait.
 *
 *   spin_trylock() does not wait, so it cannot deadlock, and may be out of
 *   order; but what it took is held like any other.
 *
 * State   per core, the locks held. Touched by that core with interrupts
 *         masked, so that a handler never sees it half written.
 *
 * Sources  Witness(4) of FreeBSD; Linux Documentation/locking/lockdep-design.
 */
#include <asm/percpu.h>
#include <kernel/lock.h>
#include <kernel/panic.h>

#ifdef VELLUM_DEBUG

#define MAX_HELD	16

struct held_locks {
	spinlock_t *lock[MAX_HELD];
	unsigned depth;
	bool reporting;		/* a violation: the report must get through */
};

static DEFINE_PER_CPU(struct held_locks, held_locks);

static const char *const rank_names[NR_LOCK_RANKS] = {
#define LOCK_RANK_NAME(name, what) [LOCK_##name] = #name,
	LOCK_RANKS(LOCK_RANK_NAME)
#undef LOCK_RANK_NAME
};

static const char *
rank_name(const spinlock_t *lock)
{
	return lock->rank < NR_LOCK_RANKS ? rank_names[lock->rank] : "?";
}

/* May this core take lock now? Context: before waiting for it. */
void
lockcheck_acquire(spinlock_t *lock)
{
	struct held_locks *held = this_cpu_ptr(&held_locks);
	unsigned depth = READ_ONCE(held->depth), i;
	const spinlock_t *other;

	if (likely(depth == 0) || held->reporting)
		return;
	for (i = 0; i < depth; i++) {
		other = held->lock[i];
		if (likely(other->rank < lock->rank))
			continue;
		held->reporting = true;
		if (other == lock)
			panic("self-deadlock: core %u holds lock %s (%p) "
			      "already", smp_processor_id(), rank_name(lock),
			      (void *)lock);
		panic("lock order: taking %s (rank %u, %p) while holding "
		      "%s (rank %u, %p)", rank_name(lock), lock->rank,
		      (void *)lock, rank_name(other), other->rank,
		      (const void *)other);
	}
}

void
lockcheck_acquired(spinlock_t *lock)
{
	unsigned long flags = local_irq_save();
	struct held_locks *held = this_cpu_ptr(&held_locks);

	lock->cpu_plus_1 = (u8)(smp_processor_id() + 1);
	if (likely(held->depth < MAX_HELD)) {
		held->lock[held->depth++] = lock;
	} else if (!held->reporting) {
		held->reporting = true;
		panic("core %u holds more than %d spinlocks",
		      smp_processor_id(), MAX_HELD);
	}
	local_irq_restore(flags);
}

/* Take lock out of the held ones, which need not be the last. */
static bool
forget_lock(struct held_locks *held, const spinlock_t *lock)
{
	unsigned i;

	for (i = held->depth; i > 0 && held->lock[i - 1] != lock; i--)
		;
	if (i == 0)
		return false;
	for (; i < held->depth; i++)
		held->lock[i - 1] = held->lock[i];
	held->depth--;
	return true;
}

void
lockcheck_release(spinlock_t *lock)
{
	unsigned long flags = local_irq_save();
	struct held_locks *held = this_cpu_ptr(&held_locks);

	if (unlikely(!forget_lock(held, lock) && !held->reporting)) {
		held->reporting = true;
		panic("core %u releases lock %s (%p) that it does not hold",
		      smp_processor_id(), rank_name(lock), (void *)lock);
	}
	lock->cpu_plus_1 = 0;
	local_irq_restore(flags);
}

unsigned
lockcheck_depth(void)
{
	return READ_ONCE(this_cpu_ptr(&held_locks)->depth);
}

void
lockcheck_reset(void)
{
	unsigned long flags = local_irq_save();
	struct held_locks *held = this_cpu_ptr(&held_locks);

	held->depth = 0;
	held->reporting = false;
	local_irq_restore(flags);
}

#endif
