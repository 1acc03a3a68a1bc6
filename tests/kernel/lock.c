/* SPDX-License-Identifier: MIT */
/* Spinlocks, and the checker of their order. */
#include <asm/irqflags.h>
#include <kernel/irq.h>
#include <kernel/lock.h>

#include "threads.h"

#define LOCK_IPI	((enum ipi)13)
#define ROUNDS		200

static DEFINE_SPINLOCK(lock, LOCK_TEST);
static DEFINE_SPINLOCK(zone, LOCK_ZONE);
static DEFINE_SPINLOCK(rq, LOCK_RUNQUEUE);

static void
reset_locks(void)
{
	spin_lock_init(&lock, LOCK_TEST);
	spin_lock_init(&zone, LOCK_ZONE);
	spin_lock_init(&rq, LOCK_RUNQUEUE);
}

static volatile unsigned counter, inside, clashes;

static void
count(struct test *t, unsigned cpu, void *arg)
{
	unsigned i;

	(void)t;
	(void)cpu;
	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		spin_lock(&lock);
		clashes += ++inside != 1;
		counter++;
		inside--;
		spin_unlock(&lock);
	}
}

static void
one_core_is_inside(struct test *t)
{
	counter = inside = clashes = 0;
	test_on_all_cpus(t, count, NULL);
	EXPECT_EQ(t, counter, ROUNDS * num_online_cpus());
	EXPECT_EQ(t, clashes, 0);
	EXPECT(t, !spin_is_locked(&lock));
}

static void
trylock_does_not_wait(struct test *t)
{
	reset_locks();
	EXPECT(t, spin_trylock(&lock));
	EXPECT(t, !spin_trylock(&lock));
	spin_unlock(&lock);
	EXPECT(t, spin_trylock(&lock));
	spin_unlock(&lock);
}

static void
irqsave_puts_the_mask_back(struct test *t)
{
	unsigned long outer, inner;

	reset_locks();
	outer = spin_lock_irqsave(&lock);
	EXPECT(t, irqs_disabled());
	inner = spin_lock_irqsave(&zone);
	spin_unlock_irqrestore(&zone, inner);
	EXPECT(t, irqs_disabled());
	spin_unlock_irqrestore(&lock, outer);
	EXPECT(t, !irqs_disabled());
	spin_lock_irq(&lock);
	EXPECT(t, irqs_disabled());
	spin_unlock_irq(&lock);
	EXPECT(t, !irqs_disabled());
}

#ifdef VELLUM_DEBUG
static void
checker_counts_what_is_held(struct test *t)
{
	unsigned long flags;

	reset_locks();
	EXPECT_EQ(t, lockcheck_depth(), 0);
	/* A tick takes locks of these ranks too. */
	flags = local_irq_save();
	spin_lock(&lock);
	spin_lock(&zone);
	spin_lock(&rq);
	EXPECT_EQ(t, lockcheck_depth(), 3);
	spin_unlock(&zone);	/* not the last one taken: legal */
	EXPECT_EQ(t, lockcheck_depth(), 2);
	spin_unlock(&rq);
	spin_unlock(&lock);
	local_irq_restore(flags);
	EXPECT_EQ(t, lockcheck_depth(), 0);
}

static void
wrong_order(void *arg)
{
	(void)arg;
	local_irq_disable();
	spin_lock(&zone);
	spin_lock(&lock);
}

static void
wrong_order_is_caught_with_both_names(struct test *t)
{
	reset_locks();
	EXPECT_REPORT(t, wrong_order, NULL, "taking TEST");
	reset_locks();
	EXPECT_REPORT(t, wrong_order, NULL, "while holding ZONE");
	EXPECT(t, !spin_is_locked(&lock));	/* before it waited */
	reset_locks();
}

/* Also when another lock of a fitting rank was taken last. */
static void
wrong_order_under_another(void *arg)
{
	(void)arg;
	local_irq_disable();
	spin_lock(&rq);
	/* trylock is not checked, but what it took is held. */
	if (spin_trylock(&zone))
		spin_unlock(&zone);
	spin_lock(&zone);
}

/* The last one taken fits, an earlier one does not. */
static void
wrong_order_behind_a_trylock(void *arg)
{
	(void)arg;
	local_irq_disable();
	spin_lock(&rq);
	if (spin_trylock(&lock))
		spin_lock(&zone);
}

static void
every_lock_held_is_compared(struct test *t)
{
	reset_locks();
	EXPECT_REPORT(t, wrong_order_behind_a_trylock, NULL,
		      "while holding RUNQUEUE");
	reset_locks();
}

static void
trylock_may_be_out_of_order(struct test *t)
{
	reset_locks();
	EXPECT_REPORT(t, wrong_order_under_another, NULL,
		      "while holding RUNQUEUE");
	reset_locks();
}

static void
same_rank(void *arg)
{
	static DEFINE_SPINLOCK(other_zone, LOCK_ZONE);

	(void)arg;
	local_irq_disable();
	spin_lock_init(&other_zone, LOCK_ZONE);
	spin_lock(&zone);
	spin_lock(&other_zone);
}

static void
two_of_one_rank_are_caught(struct test *t)
{
	reset_locks();
	EXPECT_REPORT(t, same_rank, NULL, "taking ZONE");
	reset_locks();
}

static void
lock_twice(void *arg)
{
	(void)arg;
	spin_lock(&lock);
	spin_lock(&lock);
}

static void
self_deadlock_is_caught(struct test *t)
{
	reset_locks();
	EXPECT_REPORT(t, lock_twice, NULL, "self-deadlock");
	reset_locks();
}

static void
unlock_free(void *arg)
{
	(void)arg;
	spin_unlock(&lock);
}

static void
release_of_a_lock_not_held_is_caught(struct test *t)
{
	reset_locks();
	EXPECT_REPORT(t, unlock_free, NULL, "does not hold");
	reset_locks();
}

static volatile bool ipi_came;

static void
lock_in_handler(void)
{
	ipi_came = true;
	spin_lock(&lock);
	spin_unlock(&lock);
}

/*
 * The lock that is held ranks above all that a tick takes, so that only our
 * own interrupt can break the order.
 */
static void
interrupt_under_lock(void *arg)
{
	static DEFINE_SPINLOCK(held, LOCK_MONITOR);

	(void)arg;
	ipi_came = false;
	spin_lock_init(&held, LOCK_MONITOR);
	spin_lock(&held);
	ipi_send(1UL << smp_processor_id(), LOCK_IPI);
	while (!ipi_came)
		cpu_relax();
	spin_unlock(&held);
}

/* The handler's lock is of a lower rank than that of the code it broke. */
static void
interrupt_counts_on_top_of_what_is_held(struct test *t)
{
	reset_locks();
	ipi_register(LOCK_IPI, "test: lock", lock_in_handler);
	EXPECT_REPORT(t, interrupt_under_lock, NULL, "taking TEST");
	reset_locks();
	EXPECT_REPORT(t, interrupt_under_lock, NULL, "while holding MONITOR");
	reset_locks();
}

static void
too_many(void *arg)
{
	static spinlock_t many[20];
	unsigned i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		spin_lock_init(&many[i], LOCK_TEST);
		spin_trylock(&many[i]);
	}
}

static void
more_than_sixteen_locks_are_caught(struct test *t)
{
	EXPECT_REPORT(t, too_many, NULL, "more than 16 spinlocks");
	EXPECT_EQ(t, lockcheck_depth(), 0);
}
#endif

TEST_SUITE("lock",
	   TEST_CASE(one_core_is_inside),
	   TEST_CASE(trylock_does_not_wait),
#ifdef VELLUM_DEBUG
	   TEST_CASE(checker_counts_what_is_held),
	   TEST_CASE(wrong_order_is_caught_with_both_names),
	   TEST_CASE(every_lock_held_is_compared),
	   TEST_CASE(trylock_may_be_out_of_order),
	   TEST_CASE(two_of_one_rank_are_caught),
	   TEST_CASE(self_deadlock_is_caught),
	   TEST_CASE(release_of_a_lock_not_held_is_caught),
	   TEST_CASE(interrupt_counts_on_top_of_what_is_held),
	   TEST_CASE(more_than_sixteen_locks_are_caught),
#endif
	   TEST_CASE(irqsave_puts_the_mask_back));
