/* SPDX-License-Identifier: MIT */
/*
 * Timers: functions called at a time.
 *
 * Each core has a base: a tree of timers by expiry, and the clock event
 * device set for the first one. A timer goes to the base of the core that
 * sets it and its function is called there, with interrupts masked.
 *
 *	base of core 0:  running = NULL      tree: 10.2 ms, 10.9 ms, 1 s
 *	at 10.2 ms:      running = the first tree: 10.9 ms, 1 s
 *	                 the lock is free while the function runs
 *
 * The function may add its timer again, or give its memory away: after the
 * call the base compares its address, no more.
 *
 * Invariants
 *   T1  pending says that the timer is in the tree of base cpu.
 *   T2  running is the timer whose function is being called, or NULL.
 *       timer_del_sync() looks at every base, since a timer that was set
 *       again by another core is in one base while it still runs in another.
 *
 * Locks   base->lock, interrupts masked; two of them never together. cpu
 *         changes under the lock of the old base, while not pending.
 * Cost    log(timers of the core) to add and to delete.
 */
#include <asm/percpu.h>
#include <asm/processor.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <kernel/timer.h>

struct timer_base {
	spinlock_t lock;		/* rank TIMER; guards the rest */
	struct rb_root tree;		/* struct timer, by expires */
	struct timer *running;
	u64 now;			/* while running: expiry is past this */
};

static DEFINE_PER_CPU(struct timer_base, timer_base) = {
	.lock = SPINLOCK_INIT(LOCK_TIMER),
};

static struct timer_base *
base_of(unsigned cpu)
{
	return per_cpu_ptr(&timer_base, cpu);
}

static struct timer *
base_first(const struct timer_base *base)
{
	struct rb_node *node = rb_first(&base->tree);

	return node ? rb_entry(node, struct timer, node) : NULL;
}

static void
base_insert(struct timer_base *base, struct timer *timer)
{
	struct rb_node **link = &base->tree.node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (timer->expires <
		    rb_entry(parent, struct timer, node)->expires)
			link = &parent->left;
		else
			link = &parent->right;
	}
	rb_link_node(&timer->node, parent, link);
	rb_insert_color(&timer->node, &base->tree);
	timer->pending = true;
}

static void
base_remove(struct timer_base *base, struct timer *timer)
{
	rb_erase(&timer->node, &base->tree);
	timer->pending = false;
}

void
timer_setup(struct timer *timer, void (*fn)(struct timer *timer, void *arg),
	    void *arg)
{
	*timer = (struct timer){
		.fn = fn,
		.arg = arg,
		.cpu = (u8)smp_processor_id(),
	};
}

bool
timer_pending(const struct timer *timer)
{
	return READ_ONCE(timer->pending);
}

void
timer_add(struct timer *timer, u64 expires)
{
	unsigned long flags = local_irq_save();
	struct timer_base *base = this_cpu_ptr(&timer_base);
	bool first;

	spin_lock(&base->lock);
	assert(!timer->pending);
	timer->cpu = (u8)smp_processor_id();
	/* Set by a function for the past: not in this round, or it is endless. */
	if (base->running && expires <= base->now)
		expires = base->now + 1;
	timer->expires = expires;
	base_insert(base, timer);
	first = base_first(base) == timer && !base->running;
	spin_unlock(&base->lock);
	if (first)
		clock_event_reprogram();
	local_irq_restore(flags);
}

bool
timer_del(struct timer *timer)
{
	unsigned long flags = local_irq_save();
	struct timer_base *base = base_of(READ_ONCE(timer->cpu));
	bool pending;

	spin_lock(&base->lock);
	pending = timer->pending;
	if (pending)
		base_remove(base, timer);
	spin_unlock_irqrestore(&base->lock, flags);
	return pending;
}

bool
timer_mod(struct timer *timer, u64 expires)
{
	bool pending = timer_del(timer);

	timer_add(timer, expires);
	return pending;
}

/* Does the function of timer run on some core? */
static bool
timer_runs(const struct timer *timer)
{
	unsigned cpu;

	for_each_possible_cpu(cpu)
		if (smp_load_acquire(&base_of(cpu)->running) == timer)
			return true;
	return false;
}

bool
timer_del_sync(struct timer *timer)
{
	bool pending = false;

	do {
		pending |= timer_del(timer);
		while (timer_runs(timer))
			cpu_relax();
		/* The function may have set it again before it returned. */
	} while (timer_pending(timer));
	return pending;
}

u64
timers_next(void)
{
	struct timer_base *base = this_cpu_ptr(&timer_base);
	struct timer *first;
	u64 expires;

	spin_lock(&base->lock);
	first = base_first(base);
	expires = first ? first->expires : ~0ULL;
	spin_unlock(&base->lock);
	return expires;
}

void
timers_run(u64 now)
{
	struct timer_base *base = this_cpu_ptr(&timer_base);
	struct timer *timer;

	spin_lock(&base->lock);
	base->now = now;
	while ((timer = base_first(base)) && timer->expires <= now) {
		base_remove(base, timer);
		base->running = timer;
		spin_unlock(&base->lock);
		timer->fn(timer, timer->arg);
		spin_lock(&base->lock);
		smp_store_release(&base->running, NULL);
	}
	spin_unlock(&base->lock);
}
