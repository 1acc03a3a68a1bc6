/* SPDX-License-Identifier: MIT */
/*
 * RCU: readers without a lock; writers wait until every reader that might
 * see the old version is gone. See kernel/rcu.c.
 *
 *	reader					writer
 *	rcu_read_lock();			rcu_assign_pointer(p, fresh);
 *	q = rcu_dereference(p);			synchronize_rcu();
 *	... use *q, do not sleep ...		free the old one
 *	rcu_read_unlock();
 */
#ifndef KERNEL_RCU_H
#define KERNEL_RCU_H

#include <asm/percpu.h>
#include <lib/atomic.h>
#include <lib/compiler.h>
#include <lib/types.h>

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

#ifdef VELLUM_DEBUG
DECLARE_PER_CPU(unsigned, rcu_nesting);

static inline void
rcu_read_lock(void)
{
	(*this_cpu_ptr(&rcu_nesting))++;
	barrier();
}

static inline void
rcu_read_unlock(void)
{
	barrier();
	(*this_cpu_ptr(&rcu_nesting))--;
}

/* Is this core inside a reader? Always false in release builds. */
static inline bool
rcu_read_lock_held(void)
{
	return this_cpu_read(rcu_nesting) != 0;
}
#else
static inline void
rcu_read_lock(void)
{
	barrier();
}

static inline void
rcu_read_unlock(void)
{
	barrier();
}

static inline bool
rcu_read_lock_held(void)
{
	return false;
}
#endif

#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)
#define rcu_dereference(p)		READ_ONCE(p)

/* Wait until every reader that runs now has ended. Context: may sleep. */
void synchronize_rcu(void);
/*
 * Call fn(head) in a kernel thread when every reader that runs now has
 * ended. fn may not sleep for long: others wait behind it. Any context.
 */
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
/* Wait until all callbacks queued before have run. Context: may sleep. */
void rcu_barrier(void);

/* This core holds no reader now. From the scheduler, and return to user. */
void rcu_note_quiescent(void);
/* Around the wait for an interrupt of an idle core, interrupts masked. */
void rcu_idle_enter(void);
void rcu_idle_exit(void);

/* Grace periods that have ended since boot. */
unsigned long rcu_grace_periods(void);

#endif
