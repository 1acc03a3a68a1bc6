/* SPDX-License-Identifier: MIT */
/* Time: the clock, the tick, timers. */
#include <asm/irqflags.h>
#include <kernel/irq.h>
#include <kernel/lock.h>
#include <kernel/timer.h>
#include <lib/math64.h>
#include <lib/random.h>

#include "threads.h"

#define MSEC	((u64)NSEC_PER_MSEC)

static void
clock_never_goes_back(struct test *t)
{
	u64 last = ktime_get_ns(), now;
	int i, back = 0;

	for (i = 0; i < 2000; i++) {
		now = ktime_get_ns();
		back += now < last;
		last = now;
	}
	EXPECT_EQ(t, back, 0);
	EXPECT(t, last > 0);
}

static u64 last_seen;
static DEFINE_SPINLOCK(seen_lock, LOCK_TEST);
static atomic_t back;

static void
look_at_clock(struct test *t, unsigned cpu, void *arg)
{
	unsigned long flags;
	int i;

	(void)t;
	(void)cpu;
	(void)arg;
	for (i = 0; i < 500; i++) {
		flags = spin_lock_irqsave(&seen_lock);
		if (ktime_get_ns() < last_seen)
			atomic_inc(&back);
		last_seen = ktime_get_ns();
		spin_unlock_irqrestore(&seen_lock, flags);
	}
}

static void
clock_is_the_same_on_every_core(struct test *t)
{
	last_seen = 0;
	atomic_set(&back, 0);
	test_on_all_cpus(t, look_at_clock, NULL);
	EXPECT_EQ(t, atomic_read(&back), 0);
}

static void
udelay_takes_no_less(struct test *t)
{
	u64 start = ktime_get_ns();

	udelay(50);
	EXPECT(t, ktime_get_ns() - start >= 50000);
}

/* They follow the clock: behind it they may be, before it never. */
static bool
jiffies_are_not_ahead(void)
{
	unsigned long ticks = jiffies;	/* read before the clock */

	return ticks <= ktime_get_ns() / TICK_NSEC;
}

/* Core 0 counts them: how soon is up to who runs it. */
static void
jiffies_count_the_time(struct test *t)
{
	unsigned long before = jiffies;

	TEST_WAIT_UNTIL(time_after(jiffies, before + 2));
	EXPECT(t, jiffies_are_not_ahead());
	EXPECT(t, time_after(5ul, 4ul));
	EXPECT(t, time_after(1ul, ~0ul));
	EXPECT(t, !time_after(4ul, 4ul));
	EXPECT_EQ(t, msecs_to_jiffies(11), 2);
}

static void
mask_for_three_ticks(void *arg)
{
	unsigned long flags = local_irq_save();

	(void)arg;
	udelay(35000);
	local_irq_restore(flags);
}

static void
missed_ticks_are_caught_up(struct test *t)
{
	unsigned long before = jiffies;

	test_join(test_start_on(t, 0, mask_for_three_ticks, NULL));
	TEST_WAIT_UNTIL(time_after(jiffies, before + 2));
	EXPECT(t, jiffies_are_not_ahead());
}

/* --- timers -------------------------------------------------------------- */

struct shot {
	struct timer timer;
	u64 fired_at;
	unsigned cpu, runs, limit;
	bool in_irq, masked;
};

static void
shoot(struct timer *timer, void *arg)
{
	struct shot *shot = arg;

	shot->fired_at = ktime_get_ns();
	shot->cpu = smp_processor_id();
	shot->in_irq = in_interrupt();
	shot->masked = irqs_disabled();
	(void)timer;
	smp_store_release(&shot->runs, shot->runs + 1);
}

static void
timer_fires_once_and_not_early(struct test *t)
{
	struct shot s = { .runs = 0 };
	u64 when = ktime_get_ns() + 3 * MSEC;
	unsigned long flags;

	timer_setup(&s.timer, shoot, &s);
	EXPECT(t, !timer_pending(&s.timer));
	/* However long the host lets us wait here, it cannot fire. */
	flags = local_irq_save();
	timer_add(&s.timer, when);
	EXPECT(t, timer_pending(&s.timer));
	local_irq_restore(flags);
	TEST_WAIT_UNTIL(READ_ONCE(s.runs));
	msleep(5);
	EXPECT_EQ(t, s.runs, 1);
	EXPECT(t, s.fired_at >= when);
	EXPECT(t, s.in_irq);
	EXPECT(t, s.masked);
	EXPECT(t, !timer_pending(&s.timer));
	timer_del_sync(&s.timer);
}

static void
shoot_here(struct test *t, unsigned cpu, void *arg)
{
	struct shot s = { .cpu = 99 };

	(void)arg;
	timer_setup(&s.timer, shoot, &s);
	timer_add(&s.timer, ktime_get_ns() + MSEC);
	TEST_WAIT_UNTIL(READ_ONCE(s.runs));
	timer_del_sync(&s.timer);
	EXPECT_EQ(t, s.cpu, cpu);
}

static void
timer_fires_on_the_core_that_set_it(struct test *t)
{
	test_on_all_cpus(t, shoot_here, NULL);
}

static struct shot shots[64];
static unsigned nr_fired;
static u8 fired[64];

static void
note_order(struct timer *timer, void *arg)
{
	(void)timer;
	if (nr_fired < 64)
		fired[nr_fired] = (u8)((struct shot *)arg - shots);
	nr_fired++;
}

/* Set in a scattered order, all between two looks of the sleeper. */
static void
timers_fire_in_order_of_expiry(struct test *t)
{
	u64 start = ktime_get_ns() + 2 * MSEC;
	unsigned i, n, wrong = 0;
	unsigned long flags;

	nr_fired = 0;
	flags = local_irq_save();
	for (i = 0; i < 64; i++) {
		n = i * 37 % 64;
		timer_setup(&shots[n].timer, note_order, &shots[n]);
		timer_add(&shots[n].timer, start + n * 20000);
	}
	local_irq_restore(flags);
	TEST_WAIT_UNTIL(READ_ONCE(nr_fired) >= 64);
	for (i = 0; i < 64; i++)
		wrong += fired[i] != i;
	EXPECT_EQ(t, wrong, 0);
	EXPECT_EQ(t, nr_fired, 64);
}

static void
deleted_timer_does_not_fire(struct test *t)
{
	struct shot s = { .runs = 0 };
	unsigned long flags;

	timer_setup(&s.timer, shoot, &s);
	/* However long the host lets us wait here, it cannot fire. */
	flags = local_irq_save();
	timer_add(&s.timer, ktime_get_ns() + 2 * MSEC);
	EXPECT(t, timer_del(&s.timer));
	EXPECT(t, !timer_del(&s.timer));
	local_irq_restore(flags);
	msleep(5);
	EXPECT_EQ(t, s.runs, 0);
}

static void
mod_moves_a_timer(struct test *t)
{
	struct shot s = { .runs = 0 };
	u64 early = ktime_get_ns() + 2 * MSEC;

	timer_setup(&s.timer, shoot, &s);
	timer_add(&s.timer, early + 60 * NSEC_PER_SEC);
	EXPECT(t, timer_mod(&s.timer, early));
	TEST_WAIT_UNTIL(READ_ONCE(s.runs));
	EXPECT(t, s.fired_at >= early);
	EXPECT(t, !timer_mod(&s.timer, ktime_get_ns() + MSEC));
	TEST_WAIT_UNTIL(READ_ONCE(s.runs) == 2);
	timer_del_sync(&s.timer);
}

static void
past_expiry_fires_at_once(struct test *t)
{
	struct shot s = { .runs = 0 };

	timer_setup(&s.timer, shoot, &s);
	timer_add(&s.timer, 1);
	TEST_WAIT_UNTIL(READ_ONCE(s.runs));
	timer_del_sync(&s.timer);
	EXPECT_EQ(t, s.runs, 1);
}

static void
shoot_again(struct timer *timer, void *arg)
{
	struct shot *shot = arg;

	shot->runs++;
	if (shot->runs < shot->limit)
		timer_add(timer, 1);	/* the past */
}

/* A function that sets its timer for the past does not keep the core. */
static void
timer_may_set_itself_again(struct test *t)
{
	struct shot s = { .limit = 20 };

	timer_setup(&s.timer, shoot_again, &s);
	timer_add(&s.timer, 1);
	TEST_WAIT_UNTIL(READ_ONCE(s.runs) == 20);
	EXPECT(t, !timer_del_sync(&s.timer));
}

static atomic_t in_function, may_return;

static void
slow_function(struct timer *timer, void *arg)
{
	(void)timer;
	(void)arg;
	atomic_set(&in_function, 1);
	udelay(2000);
	atomic_set(&may_return, 1);
}

static void
set_slow_timer(void *arg)
{
	timer_add(arg, ktime_get_ns() + 100000);
	while (!atomic_read(&in_function))
		cpu_relax();
}

static void
del_sync_waits_for_the_running_function(struct test *t)
{
	unsigned cpu = test_other_cpu();
	static struct timer timer;
	struct task *task;

	if (cpu == smp_processor_id())
		SKIP(t, "needs two cores");
	atomic_set(&in_function, 0);
	atomic_set(&may_return, 0);
	timer_setup(&timer, slow_function, NULL);
	task = test_start_on(t, cpu, set_slow_timer, &timer);
	while (!atomic_read(&in_function))
		cpu_relax();
	EXPECT(t, !timer_del_sync(&timer));
	EXPECT_EQ(t, atomic_read(&may_return), 1);
	test_join(task);
}

static void
churn(struct test *t, unsigned cpu, void *arg)
{
	struct shot s[4];
	unsigned i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		s[i] = (struct shot){ .cpu = 0 };
		timer_setup(&s[i].timer, shoot, &s[i]);
	}
	for (i = 0; i < 200; i++) {
		timer_mod(&s[i % 4].timer, ktime_get_ns() + 1000 *
			  (1 + (i * 7 + cpu) % 50));
		if (i % 5 == 0)
			timer_del(&s[(i + cpu) % 4].timer);
		if (i % 20 == 0)
			usleep(30);
	}
	for (i = 0; i < ARRAY_SIZE(s); i++) {
		timer_del_sync(&s[i].timer);
		EXPECT(t, !timer_pending(&s[i].timer));
	}
}

static void
churn_on_all_cores_leaves_no_timer(struct test *t)
{
	test_on_all_cpus(t, churn, NULL);
}

static u64 slept_ns;
static bool asleep;

static void
sleep_20_ms(void *arg)
{
	u64 begin = ktime_get_ns();

	(void)arg;
	WRITE_ONCE(asleep, true);
	msleep(20);
	slept_ns = ktime_get_ns() - begin;
}

/* Somebody else's wake-up is none of a sleeper's business. */
static void
a_stray_wake_up_does_not_end_a_sleep(struct test *t)
{
	struct task *task;

	asleep = false;
	task = test_start(t, sleep_20_ms, NULL, "sleeper");
	ASSERT(t, task != NULL);
	TEST_WAIT_UNTIL(READ_ONCE(asleep));
	msleep(2);
	wake_up_process(task);
	msleep(2);
	wake_up_process(task);
	test_join(task);
	EXPECT(t, slept_ns >= 20 * (u64)NSEC_PER_MSEC);
}

#define TIMER_IRQ	29		/* of each core */
#define PAST_RUNS	20

static unsigned past_runs, past_same_round;
static u32 past_round;

/* Sets itself for the past, again and again. */
static void
rearm_in_the_past(struct timer *timer, void *arg)
{
	u32 round = irq_count_on(TIMER_IRQ, smp_processor_id());

	(void)arg;
	past_same_round += round == past_round;
	past_round = round;
	if (++past_runs < PAST_RUNS)
		timer_add(timer, 0);
}

/* Or one interrupt would never end. */
static void
a_timer_set_for_the_past_waits_for_the_next_interrupt(struct test *t)
{
	struct timer timer;

	past_runs = past_same_round = 0;
	past_round = 0;
	timer_setup(&timer, rearm_in_the_past, NULL);
	timer_add(&timer, 0);
	TEST_WAIT_UNTIL(READ_ONCE(past_runs) == PAST_RUNS);
	timer_del_sync(&timer);
	EXPECT_EQ(t, past_same_round, 0);
}

/* Against long division, at the edges and at random. */
static void
seconds_are_divided_exactly(struct test *t)
{
	static const u64 edges[] = {
		0, 1, 511, 512, 999999999, 1000000000, 1000000001,
		0xffffffffull, 1ull << 32, ~0ull, ~0ull - 709551615,
		~0ull - 709551616,
	};
	u64 rng = t->seed, ns;
	u32 nsec;

	for (unsigned i = 0; i < 2000; i++) {
		ns = i < ARRAY_SIZE(edges) ? edges[i] :
		     random_next(&rng) >> i % 40;
		EXPECT_EQ(t, ns_to_sec(ns, &nsec), ns / NSEC_PER_SEC);
		EXPECT_EQ(t, nsec, ns % NSEC_PER_SEC);
	}
}

TEST_SUITE("timer",
	   TEST_CASE(a_stray_wake_up_does_not_end_a_sleep),
	   TEST_CASE(a_timer_set_for_the_past_waits_for_the_next_interrupt),
	   TEST_CASE(clock_never_goes_back),
	   TEST_CASE(clock_is_the_same_on_every_core),
	   TEST_CASE(seconds_are_divided_exactly),
	   TEST_CASE(udelay_takes_no_less),
	   TEST_CASE(jiffies_count_the_time),
	   TEST_CASE(missed_ticks_are_caught_up),
	   TEST_CASE(timer_fires_once_and_not_early),
	   TEST_CASE(timer_fires_on_the_core_that_set_it),
	   TEST_CASE(timers_fire_in_order_of_expiry),
	   TEST_CASE(deleted_timer_does_not_fire),
	   TEST_CASE(mod_moves_a_timer),
	   TEST_CASE(past_expiry_fires_at_once),
	   TEST_CASE(timer_may_set_itself_again),
	   TEST_CASE(del_sync_waits_for_the_running_function),
	   TEST_CASE(churn_on_all_cores_leaves_no_timer));
