/* SPDX-License-Identifier: MIT */
/* The mutex: one at a time, in order, and misuse is caught. */
#include <asm/irqflags.h>
#include <kernel/mutex.h>

#include "threads.h"

#define ROUNDS	60

static DEFINE_MUTEX(mutex);
static volatile unsigned inside, max_inside, visits;

static void
visit(struct test *t, unsigned cpu, void *arg)
{
	unsigned i, n;

	(void)cpu;
	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		mutex_lock(&mutex);
		EXPECT(t, mutex_held(&mutex));
		n = ++inside;
		if (n > max_inside)
			max_inside = n;
		visits++;
		if (i % 8 == 0)
			yield();	/* a holder may sleep */
		inside--;
		mutex_unlock(&mutex);
	}
}

static void
only_one_is_inside(struct test *t)
{
	inside = max_inside = visits = 0;
	test_on_all_cpus(t, visit, NULL);
	EXPECT_EQ(t, max_inside, 1);
	EXPECT_EQ(t, visits, ROUNDS * num_online_cpus());
	EXPECT(t, !mutex_is_locked(&mutex));
}

static void
visit_thread(void *arg)
{
	visit(arg, 0, NULL);
}

/* The holder yields inside, so the others of its core run into the lock. */
static void
only_one_is_inside_of_many_on_one_core(struct test *t)
{
	struct task *tasks[4];
	unsigned i;

	inside = max_inside = visits = 0;
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start_on(t, smp_processor_id(), visit_thread,
					 t);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, max_inside, 1);
	EXPECT_EQ(t, visits, ROUNDS * ARRAY_SIZE(tasks));
}

static unsigned
nr_waiting(void)
{
	unsigned long flags = spin_lock_irqsave(&mutex.wait_lock);
	struct list_head *p;
	unsigned n = 0;

	list_for_each(p, &mutex.waiters)
		n++;
	spin_unlock_irqrestore(&mutex.wait_lock, flags);
	return n;
}

static unsigned order[8], nr_order;

static void
enter_in_order(void *arg)
{
	mutex_lock(&mutex);
	order[nr_order++] = (unsigned)(unsigned long)arg;
	mutex_unlock(&mutex);
}

static void
waiters_enter_in_the_order_they_came(struct test *t)
{
	struct task *tasks[ARRAY_SIZE(order)];
	unsigned i;

	nr_order = 0;
	mutex_lock(&mutex);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		tasks[i] = test_start(t, enter_in_order,
				      (void *)(unsigned long)i, "order");
		TEST_WAIT_UNTIL(nr_waiting() == i + 1);
	}
	EXPECT_EQ(t, nr_order, 0);
	mutex_unlock(&mutex);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		test_join(tasks[i]);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		EXPECT_EQ(t, order[i], i);
}

static void
unlock_hands_over_to_the_waiter(struct test *t)
{
	struct task *task;

	nr_order = 0;
	mutex_lock(&mutex);
	task = test_start_on(t, smp_processor_id(), enter_in_order, NULL);
	TEST_WAIT_UNTIL(nr_waiting() == 1);
	mutex_unlock(&mutex);
	/* It has not run yet on this core, but it owns the mutex already. */
	EXPECT_EQ(t, nr_order, 0);
	EXPECT(t, mutex_owner(&mutex) == task);
	EXPECT(t, !mutex_trylock(&mutex));
	test_join(task);
	EXPECT_EQ(t, nr_order, 1);
}

static void
try_thread(void *arg)
{
	*(bool *)arg = mutex_trylock(&mutex);
	if (*(bool *)arg)
		mutex_unlock(&mutex);
}

static void
trylock_never_waits(struct test *t)
{
	bool taken = true;

	mutex_lock(&mutex);
	test_join(test_start(t, try_thread, &taken, "try"));
	EXPECT(t, !taken);
	mutex_unlock(&mutex);
	test_join(test_start(t, try_thread, &taken, "try"));
	EXPECT(t, taken);
	EXPECT(t, mutex_trylock(&mutex));
	mutex_unlock(&mutex);
}

static void
wake_up_of_a_waiter_does_not_let_it_in(struct test *t)
{
	struct task *task;
	int i;

	nr_order = 0;
	mutex_lock(&mutex);
	task = test_start(t, enter_in_order, NULL, "spurious");
	ASSERT(t, task != NULL);
	TEST_WAIT_UNTIL(nr_waiting() == 1);
	for (i = 0; i < 10; i++) {
		wake_up_process(task);
		usleep(100);
	}
	EXPECT_EQ(t, nr_order, 0);
	mutex_unlock(&mutex);
	test_join(task);
}

static void
lock_twice(void *arg)
{
	mutex_lock(arg);
	mutex_lock(arg);
}

static void
locking_twice_is_caught(struct test *t)
{
	static struct mutex own;

	mutex_init(&own);
	EXPECT_REPORT(t, lock_twice, &own, "holds it already");
}

static void
unlock(void *arg)
{
	mutex_unlock(arg);
}

static void
unlocking_what_one_does_not_hold_is_caught(struct test *t)
{
	static struct mutex own;

	mutex_init(&own);
	EXPECT_REPORT(t, unlock, &own, "unlocks what it does not hold");
}

#ifdef VELLUM_DEBUG
static void
lock_masked(void *arg)
{
	local_irq_disable();
	mutex_lock(arg);
}

static void
locking_with_interrupts_masked_is_caught(struct test *t)
{
	static struct mutex own;

	mutex_init(&own);
	EXPECT_REPORT(t, lock_masked, &own, "sleeping function called");
	EXPECT(t, !mutex_is_locked(&own));
}
#endif

TEST_SUITE("mutex",
	   TEST_CASE(only_one_is_inside),
	   TEST_CASE(only_one_is_inside_of_many_on_one_core),
	   TEST_CASE(waiters_enter_in_the_order_they_came),
	   TEST_CASE(unlock_hands_over_to_the_waiter),
	   TEST_CASE(trylock_never_waits),
	   TEST_CASE(wake_up_of_a_waiter_does_not_let_it_in),
	   TEST_CASE(locking_twice_is_caught),
#ifdef VELLUM_DEBUG
	   TEST_CASE(locking_with_interrupts_masked_is_caught),
#endif
	   TEST_CASE(unlocking_what_one_does_not_hold_is_caught));
