/* SPDX-License-Identifier: MIT */
/*
 * RCU by quiescent states: free what readers may still see, without a lock
 * in the readers.
 *
 * Ideas
 *   Reader    between rcu_read_lock() and rcu_read_unlock(); it does not
 *	sleep. So a core that schedules is outside every reader: that is a
 *	quiescent state. An idle core is in one all the time.
 *   Grace period  from its start on, each core has been in a quiescent state
 *	at least once. Then no reader is left that began before it.
 *
 *	core 0  ==reader==   ====      s        s: scheduled
 *	core 1     ======reader======  s  ==
 *	core 2  ............idle............
 *	           ^ start               ^ end: core 1 was the last
 *
 *   Each grace period has a number. A core that schedules writes down the
 *   number that it sees; the thread "rcu" waits until each core has written
 *   the current one (or is idle), nudging those that let it wait.
 *
 * State   gp_seq: the thread alone. rcu_data: its core alone; read by the
 *         thread. The list of callbacks: rcu_lock.
 *
 * Ordering
 *   A core writes its number by release, so what its readers did before is
 *   done when the thread reads it. It reads the number by acquire, so its
 *   later readers see what was published before the grace period began.
 *   Idle: the core writes the flag and then a barrier, the thread has a
 *   barrier between publishing and reading the flag. If the thread sees the
 *   core idle, readers after that sleep see the new version.
 *
 * Locks   rcu_lock, interrupts masked.
 * Cost    readers: nothing. A grace period: a nudge of each busy core and
 *         some hundred microseconds; callbacks share it.
 *
 * Questions a reader asks
 *   A thread computes for a second without scheduling. Does the grace
 *   period take that long?  Yes. That is what cond_resched() is for: it is a
 *   quiescent state too.
 *
 * Sources  McKenney and Slingwine, Read-Copy Update, PDCS 1998.
 */
#include <kernel/completion.h>
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/rcu.h>
#include <kernel/smp.h>
#include <kernel/wait.h>
#include <lib/errno.h>

/* How long the thread sleeps before it looks at the cores again. */
#define RCU_POLL_USEC	200

struct rcu_data {
	unsigned long seen;	/* number of the last grace period noticed */
	bool idle;		/* waits for an interrupt, interrupts masked */
};

static DEFINE_PER_CPU(struct rcu_data, rcu_data);
#ifdef VELLUM_DEBUG
DEFINE_PER_CPU(unsigned, rcu_nesting);
#endif

static unsigned long gp_seq;		/* the grace period that runs */
static unsigned long gp_done;		/* the last one that has ended */

static DEFINE_SPINLOCK(rcu_lock, LOCK_RCU);
static struct rcu_head *cb_first;	/* rcu_lock: wait for a grace period */
static struct rcu_head **cb_last = &cb_first;
static DECLARE_WAIT_QUEUE_HEAD(rcu_queue);	/* the thread waits for work */

void
rcu_note_quiescent(void)
{
	struct rcu_data *rd = this_cpu_ptr(&rcu_data);
	unsigned long seq = smp_load_acquire(&gp_seq);

	if (rd->seen != seq)
		smp_store_release(&rd->seen, seq);
}

void
rcu_idle_enter(void)
{
	smp_store_release(&this_cpu_ptr(&rcu_data)->idle, true);
}

void
rcu_idle_exit(void)
{
	WRITE_ONCE(this_cpu_ptr(&rcu_data)->idle, false);
	smp_mb();
}

unsigned long
rcu_grace_periods(void)
{
	return READ_ONCE(gp_done);
}

/* The cores of mask that have not been quiescent in grace period seq. */
static unsigned long
busy_cores(unsigned long mask, unsigned long seq)
{
	unsigned long busy = 0;
	unsigned cpu;

	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		struct rcu_data *rd;

		if (!(mask >> cpu & 1))
			continue;
		rd = per_cpu_ptr(&rcu_data, cpu);
		if (smp_load_acquire(&rd->seen) != seq &&
		    !smp_load_acquire(&rd->idle))
			busy |= 1UL << cpu;
	}
	return busy;
}

/* Wait for one full grace period. Context: the thread alone. */
static void
run_grace_period(void)
{
	unsigned long seq = gp_seq + 1, busy;

	smp_store_release(&gp_seq, seq);
	smp_mb();		/* before we ask who is idle */
	rcu_note_quiescent();	/* this core: no reader sleeps */
	busy = busy_cores(READ_ONCE(cpu_online_mask), seq);
	while (busy) {
		smp_send_reschedule(busy);
		usleep(RCU_POLL_USEC);
		busy = busy_cores(busy, seq);
	}
	smp_mb();
	WRITE_ONCE(gp_done, seq);
}

/* All callbacks that wait now, or NULL. */
static struct rcu_head *
take_callbacks(void)
{
	unsigned long flags = spin_lock_irqsave(&rcu_lock);
	struct rcu_head *list = cb_first;

	cb_first = NULL;
	cb_last = &cb_first;
	spin_unlock_irqrestore(&rcu_lock, flags);
	return list;
}

static void
rcu_thread(void *arg)
{
	struct rcu_head *list, *next;

	(void)arg;
	for (;;) {
		wait_event(&rcu_queue, READ_ONCE(cb_first) != NULL);
		list = take_callbacks();
		run_grace_period();
		for (; list; list = next) {
			next = list->next;
			list->fn(list);
			cond_resched();
		}
	}
}

void
call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	unsigned long flags = spin_lock_irqsave(&rcu_lock);
	bool first = cb_first == NULL;

	head->next = NULL;
	head->fn = fn;
	*cb_last = head;
	cb_last = &head->next;
	spin_unlock_irqrestore(&rcu_lock, flags);
	if (first)
		wake_up(&rcu_queue);
}

struct rcu_waiter {
	struct rcu_head head;
	struct completion done;
};

static void
rcu_waiter_done(struct rcu_head *head)
{
	complete(&container_of(head, struct rcu_waiter, head)->done);
}

/* Queue behind all callbacks that are there, and wait for our turn. */
static void
wait_for_callback(void)
{
	struct rcu_waiter waiter;

	init_completion(&waiter.done);
	call_rcu(&waiter.head, rcu_waiter_done);
	wait_for_completion(&waiter.done);
}

void
synchronize_rcu(void)
{
	might_sleep();
	/* One core, and we run on it outside a reader: nobody else is inside. */
	if (num_online_cpus() == 1)
		smp_mb();
	else
		wait_for_callback();
}

void
rcu_barrier(void)
{
	wait_for_callback();
}

static int
rcu_start(void)
{
	return kthread_run(rcu_thread, NULL, "rcu") ? 0 : -ENOMEM;
}
device_initcall(rcu_start);
