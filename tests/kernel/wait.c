/* SPDX-License-Identifier: MIT */
/* Wait queues and completions. */
#include <kernel/completion.h>
#include <kernel/wait.h>

#include "threads.h"

#define ROUNDS	80

static DECLARE_WAIT_QUEUE_HEAD(queue);
static atomic_t tokens, woken;

/* How many sleep in the queue now. */
static unsigned
queue_length(struct wait_queue_head *q)
{
	unsigned long flags = spin_lock_irqsave(&q->lock);
	struct wait_queue_entry *entry;
	unsigned n = 0;

	list_for_each_entry(entry, &q->waiters, node)
		n++;
	spin_unlock_irqrestore(&q->lock, flags);
	return n;
}

static void
true_condition_does_not_sleep(struct test *t)
{
	unsigned calls = 0;

	wait_event(&queue, ++calls == 1);
	EXPECT_EQ(t, calls, 1);
	EXPECT_EQ(t, wait_event_timeout(&queue, true, 10), 10);
	EXPECT(t, !waitqueue_active(&queue));
}

static void
wait_for_token(void *arg)
{
	(void)arg;
	wait_event(&queue, atomic_read(&tokens) > 0);
	atomic_inc(&woken);
}

static void
take_token(void *arg)
{
	(void)arg;
	wait_event_exclusive(&queue, atomic_add_unless(&tokens, -1, 0));
	atomic_inc(&woken);
}

static void
wake_up_wakes_every_ordinary_waiter(struct test *t)
{
	struct task *tasks[5];
	unsigned i;

	atomic_set(&tokens, 0);
	atomic_set(&woken, 0);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start(t, wait_for_token, NULL, "waiter");
	TEST_WAIT_UNTIL(queue_length(&queue) == ARRAY_SIZE(tasks));
	EXPECT_EQ(t, atomic_read(&woken), 0);
	atomic_set(&tokens, 1);
	wake_up(&queue);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, atomic_read(&woken), ARRAY_SIZE(tasks));
	EXPECT_EQ(t, queue_length(&queue), 0);
}

static void
wake_up_wakes_one_exclusive_waiter(struct test *t)
{
	struct task *tasks[4];
	unsigned i;

	atomic_set(&tokens, 0);
	atomic_set(&woken, 0);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start(t, take_token, NULL, "exclusive");
	TEST_WAIT_UNTIL(queue_length(&queue) == ARRAY_SIZE(tasks));
	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		atomic_set(&tokens, 1);
		wake_up(&queue);
		TEST_WAIT_UNTIL(atomic_read(&woken) == (s32)i + 1);
		EXPECT_EQ(t, queue_length(&queue), ARRAY_SIZE(tasks) - i - 1);
	}
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
}

static void
wake_up_all_wakes_exclusive_waiters_too(struct test *t)
{
	struct task *tasks[4];
	unsigned i;

	atomic_set(&tokens, 0);
	atomic_set(&woken, 0);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start(t, take_token, NULL, "exclusive");
	TEST_WAIT_UNTIL(queue_length(&queue) == ARRAY_SIZE(tasks));
	atomic_set(&tokens, ARRAY_SIZE(tasks));
	wake_up_all(&queue);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, atomic_read(&tokens), 0);
}

static void
wake_up_without_a_reason_does_not_end_the_wait(struct test *t)
{
	struct task *task;
	int i;

	atomic_set(&tokens, 0);
	atomic_set(&woken, 0);
	task = test_start(t, wait_for_token, NULL, "waiter");
	for (i = 0; i < 20; i++) {
		TEST_WAIT_UNTIL(queue_length(&queue) == 1);
		wake_up(&queue);
	}
	EXPECT_EQ(t, atomic_read(&woken), 0);
	atomic_set(&tokens, 1);
	wake_up(&queue);
	test_join(task);
	EXPECT_EQ(t, atomic_read(&woken), 1);
}

static void
timeout_ends_the_wait(struct test *t)
{
	u64 start = ktime_get_ns();

	EXPECT_EQ(t, wait_event_timeout(&queue, false, 2), 0);
	EXPECT(t, ktime_get_ns() - start >= 2 * (u64)TICK_NSEC);
	EXPECT_EQ(t, queue_length(&queue), 0);
}

static void
give_token(void *arg)
{
	(void)arg;
	TEST_WAIT_UNTIL(queue_length(&queue) == 1);
	atomic_set(&tokens, 1);
	wake_up(&queue);
}

static void
condition_ends_the_wait_before_the_timeout(struct test *t)
{
	struct task *task;
	long left;

	atomic_set(&tokens, 0);
	task = test_start(t, give_token, NULL, "giver");
	left = wait_event_timeout(&queue, atomic_read(&tokens) > 0, 1000 * HZ);
	EXPECT(t, left > 0);
	test_join(task);
}

/* --- completions --------------------------------------------------------- */

static void
complete_before_wait_is_remembered(struct test *t)
{
	DECLARE_COMPLETION(c);

	EXPECT(t, !try_wait_for_completion(&c));
	complete(&c);
	complete(&c);
	wait_for_completion(&c);
	EXPECT(t, try_wait_for_completion(&c));
	EXPECT(t, !try_wait_for_completion(&c));
}

static void
complete_all_holds_for_ever(struct test *t)
{
	DECLARE_COMPLETION(c);
	int i;

	complete_all(&c);
	complete(&c);
	for (i = 0; i < 5; i++)
		wait_for_completion(&c);
	EXPECT(t, try_wait_for_completion(&c));
	init_completion(&c);
	EXPECT(t, !try_wait_for_completion(&c));
}

static void
completion_times_out(struct test *t)
{
	DECLARE_COMPLETION(c);

	EXPECT_EQ(t, wait_for_completion_timeout(&c, 1), 0);
	EXPECT_EQ(t, queue_length(&c.wait), 0);
	complete(&c);
	EXPECT_EQ(t, wait_for_completion_timeout(&c, 5), 5);
}

static struct completion *volatile to_complete;

static void
complete_many(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		while (!to_complete)
			yield();
		complete(__atomic_exchange_n(&to_complete, NULL,
					     __ATOMIC_SEQ_CST));
	}
}

/* The frame of the completion is used again at once by the next call. */
static noinline void
wait_on_the_stack(void)
{
	DECLARE_COMPLETION(c);

	smp_store_release(&to_complete, &c);
	wait_for_completion(&c);
	c.wait.lock.locked = 0x55aa55aa;
	c.wait.waiters.next = NULL;
}

static void
waiter_may_free_the_completion_at_once(struct test *t)
{
	struct task *task;
	unsigned i;

	task = test_start_on(t, test_other_cpu(), complete_many, NULL);
	for (i = 0; i < ROUNDS && task; i++)
		wait_on_the_stack();
	test_join(task);
}

struct server {
	struct wait_queue_head queue;
	atomic_t jobs, done;
};

static void
serve(void *arg)
{
	struct server *s = arg;
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		wait_event_exclusive(&s->queue,
				     atomic_add_unless(&s->jobs, -1, 0));
		atomic_inc(&s->done);
	}
}

static void
submit(struct test *t, unsigned cpu, void *arg)
{
	struct server *s = arg;
	unsigned i;

	(void)t;
	(void)cpu;
	for (i = 0; i < ROUNDS; i++) {
		atomic_inc(&s->jobs);
		wake_up(&s->queue);
		if (i % 16 == 0)
			yield();
	}
}

/* Every core submits, as many threads serve: each job is done once. */
static void
no_job_is_lost_or_done_twice(struct test *t)
{
	struct task *servers[NR_CPUS];
	struct server s = { .jobs = ATOMIC_INIT(0) };
	unsigned n = num_online_cpus(), i;

	init_waitqueue_head(&s.queue);
	for (i = 0; i < n; i++)
		servers[i] = test_start(t, serve, &s, "server");
	test_on_all_cpus(t, submit, &s);
	for (i = 0; i < n; i++)
		test_join(servers[i]);
	EXPECT_EQ(t, atomic_read(&s.done), (s32)(n * ROUNDS));
	EXPECT_EQ(t, atomic_read(&s.jobs), 0);
}

static struct wait_queue_head mixed;
static atomic_t nr_waiting, nr_woken[2];	/* ordinary, exclusive */

/* Waits for one wake-up, whatever it is for. */
static void
wait_once(void *arg)
{
	bool exclusive = (unsigned long)arg;
	struct wait_queue_entry entry;

	init_wait_entry(&entry, exclusive);
	prepare_to_wait(&mixed, &entry, TASK_UNINTERRUPTIBLE);
	atomic_inc(&nr_waiting);
	schedule();
	atomic_inc(&nr_woken[exclusive]);
	finish_wait(&mixed, &entry);
}

/* queue: [ordinary] [exclusive] [exclusive]: the third sleeps on. */
static void
all_ordinary_waiters_and_one_exclusive_wake(struct test *t)
{
	struct task *tasks[3];
	unsigned i;

	init_waitqueue_head(&mixed);
	atomic_set(&nr_waiting, 0);
	atomic_set(&nr_woken[0], 0);
	atomic_set(&nr_woken[1], 0);
	for (i = 0; i < 3; i++) {
		tasks[i] = test_start(t, wait_once, (void *)(i > 0ul), "wait");
		TEST_WAIT_UNTIL(queue_length(&mixed) == i + 1);
	}
	wake_up(&mixed);
	TEST_WAIT_UNTIL(atomic_read(&nr_woken[0]) == 1 &&
			atomic_read(&nr_woken[1]) == 1);
	msleep(5);			/* time for one too many */
	EXPECT_EQ(t, atomic_read(&nr_woken[1]), 1);
	wake_up(&mixed);
	TEST_WAIT_UNTIL(atomic_read(&nr_woken[1]) == 2);
	wake_up_all(&mixed);		/* nobody is left, unless it failed */
	for (i = 0; i < 3; i++)
		test_join(tasks[i]);
	EXPECT(t, !waitqueue_active(&mixed));
}

/* 0 means that the time was up, so success at the last moment is 1. */
static void
success_without_time_left_is_no_timeout(struct test *t)
{
	struct completion c;

	init_completion(&c);
	EXPECT_EQ(t, wait_for_completion_timeout(&c, 0), 0);
	complete(&c);
	EXPECT_EQ(t, wait_for_completion_timeout(&c, 0), 1);
}

TEST_SUITE("wait",
	   TEST_CASE(success_without_time_left_is_no_timeout),
	   TEST_CASE(all_ordinary_waiters_and_one_exclusive_wake),
	   TEST_CASE(true_condition_does_not_sleep),
	   TEST_CASE(wake_up_wakes_every_ordinary_waiter),
	   TEST_CASE(wake_up_wakes_one_exclusive_waiter),
	   TEST_CASE(wake_up_all_wakes_exclusive_waiters_too),
	   TEST_CASE(wake_up_without_a_reason_does_not_end_the_wait),
	   TEST_CASE(timeout_ends_the_wait),
	   TEST_CASE(condition_ends_the_wait_before_the_timeout),
	   TEST_CASE(complete_before_wait_is_remembered),
	   TEST_CASE(complete_all_holds_for_ever),
	   TEST_CASE(completion_times_out),
	   TEST_CASE(waiter_may_free_the_completion_at_once),
	   TEST_CASE(no_job_is_lost_or_done_twice));
