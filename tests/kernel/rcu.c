/* SPDX-License-Identifier: MIT */
/* RCU: what a grace period waits for, and what it does not. */
#include <asm/irqflags.h>
#include <kernel/completion.h>
#include <kernel/rcu.h>
#include <kernel/timer.h>

#include "threads.h"

static atomic_t entered, go, left;

static void
long_reader(void *arg)
{
	(void)arg;
	rcu_read_lock();
	atomic_set(&entered, 1);
	while (!atomic_read(&go))
		cpu_relax();
	udelay(3000);
	atomic_set(&left, 1);
	rcu_read_unlock();
}

static void
synchronize_waits_for_a_reader(struct test *t)
{
	struct task *reader;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	atomic_set(&entered, 0);
	atomic_set(&go, 0);
	atomic_set(&left, 0);
	reader = test_start_on(t, test_other_cpu(), long_reader, NULL);
	while (!atomic_read(&entered))
		cpu_relax();
	EXPECT_EQ(t, atomic_read(&left), 0);
	atomic_set(&go, 1);
	synchronize_rcu();
	EXPECT_EQ(t, atomic_read(&left), 1);
	test_join(reader);
}

static volatile bool busy_stop;
static atomic_t busy;

static void
busy_with_cond_resched(void *arg)
{
	(void)arg;
	atomic_inc(&busy);
	while (!busy_stop)
		cond_resched();
}

static void
busy_core_that_offers_itself_does_not_hold_it_up(struct test *t)
{
	struct task *task;

	busy_stop = false;
	atomic_set(&busy, 0);
	task = test_start_on(t, test_other_cpu(), busy_with_cond_resched,
			     NULL);
	TEST_WAIT_UNTIL(atomic_read(&busy));
	synchronize_rcu();
	rcu_barrier();
	busy_stop = true;	/* only now: the core was busy all the time */
	test_join(task);
}

static void
idle_cores_do_not_hold_it_up(struct test *t)
{
	unsigned long before = rcu_grace_periods();
	int i;

	for (i = 0; i < 5; i++)
		rcu_barrier();
	EXPECT(t, rcu_grace_periods() - before >= 5);
}

struct item {
	struct rcu_head head;
	unsigned number;
};

static unsigned called[32], nr_called;
static bool in_thread;

static void
note_call(struct rcu_head *head)
{
	struct item *item = container_of(head, struct item, head);

	in_thread = !irqs_disabled() && !rcu_read_lock_held();
	if (nr_called < ARRAY_SIZE(called))
		called[nr_called] = item->number;
	nr_called++;
}

static void
callbacks_run_once_and_in_order(struct test *t)
{
	static struct item items[ARRAY_SIZE(called)];
	unsigned i;

	nr_called = 0;
	for (i = 0; i < ARRAY_SIZE(items); i++) {
		items[i].number = i;
		call_rcu(&items[i].head, note_call);
	}
	rcu_barrier();
	EXPECT_EQ(t, nr_called, ARRAY_SIZE(items));
	EXPECT(t, in_thread);
	for (i = 0; i < ARRAY_SIZE(items); i++)
		EXPECT_EQ(t, called[i], i);
}

static void
call_before_unlock(void *arg)
{
	rcu_read_lock();
	call_rcu(&((struct item *)arg)->head, note_call);
	udelay(500);
	((struct item *)arg)->number = nr_called;
	rcu_read_unlock();
}

/* A callback does not run while the reader that queued it is inside. */
static void
callback_waits_for_the_reader_that_queued_it(struct test *t)
{
	static struct item item;

	nr_called = 0;
	item.number = 99;
	test_join(test_start_on(t, test_other_cpu(), call_before_unlock,
				&item));
	rcu_barrier();
	EXPECT_EQ(t, item.number, 0);
	EXPECT_EQ(t, nr_called, 1);
}

static struct completion from_irq;

static void
complete_callback(struct rcu_head *head)
{
	(void)head;
	complete(&from_irq);
}

static void
call_from_timer(struct timer *timer, void *arg)
{
	(void)timer;
	call_rcu(arg, complete_callback);
}

static void
call_rcu_is_legal_in_an_interrupt(struct test *t)
{
	struct rcu_head head;
	struct timer timer;

	init_completion(&from_irq);
	timer_setup(&timer, call_from_timer, &head);
	timer_add(&timer, ktime_get_ns() + NSEC_PER_MSEC);
	wait_for_completion(&from_irq);
	EXPECT(t, !timer_del_sync(&timer));
	rcu_barrier();
}

static void
again(struct rcu_head *head)
{
	if (++nr_called < 4)
		call_rcu(head, again);
}

static void
callback_may_queue_itself_again(struct test *t)
{
	static struct rcu_head head;
	int i;

	nr_called = 0;
	call_rcu(&head, again);
	for (i = 0; i < 4; i++)
		rcu_barrier();
	EXPECT_EQ(t, nr_called, 4);
}

/* --- publish, replace, reclaim ------------------------------------------- */

#define ALIVE	0x600dda7a
#define DEAD	0xdeadda7a

struct version {
	volatile u32 magic;
	u32 number;
};

static struct version versions[2];
static struct version *published;
static atomic_t readers_left, saw_dead;

static void
read_versions(struct test *t, unsigned cpu, void *arg)
{
	struct version *v;
	unsigned i;

	(void)arg;
	if (cpu == 0) {		/* the writer */
		for (i = 1; i < 60; i++) {
			v = &versions[i % 2];
			v->number = i;
			v->magic = ALIVE;
			rcu_assign_pointer(published, v);
			synchronize_rcu();
			versions[(i + 1) % 2].magic = DEAD;
		}
		atomic_set(&readers_left, 0);
		EXPECT_EQ(t, published->number, 59);
		return;
	}
	while (atomic_read(&readers_left)) {
		rcu_read_lock();
		v = rcu_dereference(published);
		for (i = 0; i < 50; i++)
			if (v->magic != ALIVE)
				atomic_inc(&saw_dead);
		rcu_read_unlock();
		cond_resched();
	}
}

static void
no_reader_sees_what_was_reclaimed(struct test *t)
{
	versions[0] = (struct version){ ALIVE, 0 };
	published = &versions[0];
	atomic_set(&readers_left, 1);
	atomic_set(&saw_dead, 0);
	test_on_all_cpus(t, read_versions, NULL);
	EXPECT_EQ(t, atomic_read(&saw_dead), 0);
}

TEST_SUITE("rcu",
	   TEST_CASE(synchronize_waits_for_a_reader),
	   TEST_CASE(busy_core_that_offers_itself_does_not_hold_it_up),
	   TEST_CASE(idle_cores_do_not_hold_it_up),
	   TEST_CASE(callbacks_run_once_and_in_order),
	   TEST_CASE(callback_waits_for_the_reader_that_queued_it),
	   TEST_CASE(call_rcu_is_legal_in_an_interrupt),
	   TEST_CASE(callback_may_queue_itself_again),
	   TEST_CASE(no_reader_sees_what_was_reclaimed));
