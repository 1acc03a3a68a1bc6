/* SPDX-License-Identifier: MIT */
/* Tasks that change cores: affinity while they run, wait and sleep. */
#include <asm/irqflags.h>
#include <kernel/node.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>

#include "../../kernel/sched/rq.h"
#include "threads.h"

/* A busy thread that tells where it is. */
struct walker {
	struct task *task;
	bool stop;
	u32 seen;			/* cores, since somebody cleared it */
};

static void
walk(void *arg)
{
	struct walker *w = arg;

	while (!READ_ONCE(w->stop)) {
		__atomic_fetch_or(&w->seen, 1u << smp_processor_id(),
				  __ATOMIC_SEQ_CST);
		cond_resched();
	}
}

static void
walker_end(struct walker *w)
{
	WRITE_ONCE(w->stop, true);
	test_join(w->task);
}

/* On return it has left: from there on only the new core is seen. */
static void
a_task_that_runs_leaves_a_core_forbidden_to_it(struct test *t)
{
	struct walker w = { .stop = false };
	unsigned cpu, round;

	w.task = test_start(t, walk, &w, "walker");
	ASSERT(t, w.task != NULL);
	for (round = 0; round < 10; round++) {
		for_each_online_cpu(cpu) {
			EXPECT_EQ(t, sched_setaffinity(w.task, 1u << cpu), 0);
			WRITE_ONCE(w.seen, 0);
			EXPECT_EQ(t, w.task->cpu, cpu);
			TEST_WAIT_UNTIL(READ_ONCE(w.seen));
			EXPECT_EQ(t, w.seen, 1u << cpu);
		}
	}
	walker_end(&w);
}

static void
note_core(void *arg)
{
	WRITE_ONCE(*(unsigned *)arg, smp_processor_id() + 100);
}

/* It waits behind this thread, which gives the core to nobody. */
static void
a_task_that_waits_is_moved_at_once(struct test *t)
{
	unsigned self = smp_processor_id(), other = test_other_cpu(), seen = 0;
	u32 own = current->cpus_allowed;
	struct task *task;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	EXPECT_EQ(t, sched_setaffinity(current, 1u << self), 0);
	task = kthread_create(note_core, &seen, "waits");
	ASSERT(t, task != NULL);
	get_task(task);
	EXPECT_EQ(t, sched_setaffinity(task, 1u << self), 0);
	wake_up_process(task);
	EXPECT_EQ(t, task->cpu, self);
	EXPECT(t, task->on_rq);
	EXPECT_EQ(t, sched_setaffinity(task, 1u << other), 0);
	EXPECT_EQ(t, task->cpu, other);
	kthread_join(task);
	EXPECT_EQ(t, seen, other + 100);
	sched_setaffinity(current, own);
}

static void
sleep_once(void *arg)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule();
	note_core(arg);
}

static void
a_task_that_sleeps_wakes_where_it_may(struct test *t)
{
	unsigned cpu, seen;
	struct task *task;

	for_each_online_cpu(cpu) {
		seen = 0;
		task = test_start(t, sleep_once, &seen, "sleeps");
		ASSERT(t, task != NULL);
		TEST_WAIT_UNTIL(!READ_ONCE(task->on_rq));
		EXPECT_EQ(t, sched_setaffinity(task, 1u << cpu), 0);
		EXPECT(t, wake_up_process(task));
		kthread_join(task);
		EXPECT_EQ(t, seen, cpu + 100);
	}
}

static void
a_task_moves_itself(struct test *t)
{
	u32 own = current->cpus_allowed;
	unsigned cpu;

	for_each_online_cpu(cpu) {
		EXPECT_EQ(t, sched_setaffinity(current, 1u << cpu), 0);
		EXPECT_EQ(t, smp_processor_id(), cpu);
		EXPECT_EQ(t, sched_getaffinity(current), 1u << cpu);
	}
	EXPECT_EQ(t, sched_setaffinity(current, own), 0);
	EXPECT_EQ(t, sched_getaffinity(current), cpu_online_mask & own);
}

static void
a_thread_of_a_core_cannot_be_taken_from_it(struct test *t)
{
	unsigned self = smp_processor_id(), seen = 0;
	struct task *task = kthread_create_on_cpu(note_core, &seen, self, "on");

	ASSERT(t, task != NULL);
	EXPECT_EQ(t, sched_setaffinity(task, CPU_MASK_ALL), -EINVAL);
	EXPECT_EQ(t, sched_setaffinity(rq_of(0)->idle, 1), -EINVAL);
	get_task(task);
	wake_up_process(task);
	kthread_join(task);
	EXPECT_EQ(t, seen, self + 100);
}

static void
a_mask_must_name_a_core_that_is(struct test *t)
{
	u32 own = current->cpus_allowed;

	EXPECT_EQ(t, sched_setaffinity(current, 0), -EINVAL);
	EXPECT_EQ(t, sched_setaffinity(current, 1u << nr_cpus), -EINVAL);
	EXPECT_EQ(t, current->cpus_allowed, own);
	EXPECT_EQ(t, sched_setaffinity(current, own | 1u << nr_cpus), 0);
	EXPECT_EQ(t, current->cpus_allowed, own & cpu_online_mask);
	current->cpus_allowed = own;
}

static void
the_dead_stay_where_they_are(struct test *t)
{
	unsigned seen = 0;
	struct task *task = test_start(t, note_core, &seen, "dead");

	ASSERT(t, task != NULL);
	get_task(task);
	kthread_join(task);
	EXPECT_EQ(t, sched_setaffinity(task, 1), 0);
	EXPECT(t, !task->on_rq);
	EXPECT_EQ(t, task->state, TASK_DEAD);
	put_task(task);
}

/* --- balance ---------------------------------------------------------------- */

/* One busy task more than there are cores. */
static struct walker busy[NR_CPUS + 1];

static bool
have_equal_time(unsigned n)
{
	u64 least = ~0ull, most = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		u64 ran = READ_ONCE(busy[i].task->sum_runtime);

		least = min(least, ran);
		most = max(most, ran);
	}
	return least > 30 * TICK_NSEC && most - least < most / 8;
}

/*
 * Where nobody takes from others, two share a core for ever and have half of
 * what the others have.
 */
static void
one_task_more_than_cores_shares_all_of_them(struct test *t)
{
	unsigned n = num_online_cpus() + 1, i;

	for (i = 0; i < n; i++) {
		busy[i] = (struct walker){ .stop = false };
		busy[i].task = test_start(t, walk, &busy[i], "busy");
		ASSERT(t, busy[i].task != NULL);
	}
	while (!have_equal_time(n))
		msleep(20);
	for (i = 0; i < n; i++)
		walker_end(&busy[i]);
}

/* Both are sent to one core; one of them may leave it, and an idle one takes it. */
static void
an_idle_core_takes_a_task_that_waits(struct test *t)
{
	unsigned home = test_other_cpu(), i;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	for (i = 0; i < 2; i++) {
		busy[i] = (struct walker){ .stop = false };
		busy[i].task = test_start(t, walk, &busy[i], "busy");
		ASSERT(t, busy[i].task != NULL);
		EXPECT_EQ(t, sched_setaffinity(busy[i].task, 1u << home), 0);
	}
	WRITE_ONCE(busy[1].seen, 0);
	msleep(50);
	EXPECT_EQ(t, busy[1].seen & ~(1u << home), 0);
	EXPECT_EQ(t, sched_setaffinity(busy[1].task, CPU_MASK_ALL), 0);
	TEST_WAIT_UNTIL(READ_ONCE(busy[1].seen) & ~(1u << home));
	EXPECT_EQ(t, busy[0].task->cpu, home);
	for (i = 0; i < 2; i++)
		walker_end(&busy[i]);
}

/* n busy threads, all on core cpu. */
static bool
crowd_core(struct test *t, struct walker *w, unsigned n, unsigned cpu)
{
	for (unsigned i = 0; i < n; i++) {
		w[i] = (struct walker){ .stop = false };
		w[i].task = test_start(t, walk, &w[i], "busy");
		if (!EXPECT(t, w[i].task != NULL))
			return false;
		EXPECT_EQ(t, sched_setaffinity(w[i].task, 1u << cpu), 0);
	}
	return true;
}

/*
 *	core 1   three that must stay		the busiest
 *	core 2   one that must, one that need not
 */
static void
more_than_the_busiest_core_is_looked_at(struct test *t)
{
	static struct walker w[5];
	unsigned i;

	if (num_online_cpus() < 3)
		SKIP(t, "needs three cores");
	ASSERT(t, crowd_core(t, w, 3, 1));
	ASSERT(t, crowd_core(t, w + 3, 2, 2));
	WRITE_ONCE(w[4].seen, 0);
	EXPECT_EQ(t, sched_setaffinity(w[4].task, CPU_MASK_ALL), 0);
	TEST_WAIT_UNTIL(READ_ONCE(w[4].seen) & ~4u);
	for (i = 0; i < 5; i++)
		walker_end(&w[i]);
}

static void
sleep_often(void *arg)
{
	struct walker *w = arg;

	while (!READ_ONCE(w->stop))
		usleep(500);
}

/*
 * A core that has just become idle does not wait for its tick. It may come first,
 * so one is sent back until a core has taken it while it became idle.
 */
static void
a_core_takes_a_task_when_it_becomes_idle(struct test *t)
{
	static struct walker w[2], sleeper;
	unsigned home = test_other_cpu(), cpu = smp_processor_id(), before;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	sleeper = (struct walker){ .stop = false };
	sleeper.task = test_start_on(t, cpu, sleep_often, &sleeper);
	ASSERT(t, sleeper.task != NULL);
	ASSERT(t, crowd_core(t, w, 2, home));
	before = READ_ONCE(rq_of(cpu)->nr_taken_idle);
	while (READ_ONCE(rq_of(cpu)->nr_taken_idle) == before) {
		sched_setaffinity(w[1].task, 1u << home);
		sched_setaffinity(w[1].task, 1u << home | 1u << cpu);
		usleep(1500);
	}
	walker_end(&sleeper);
	walker_end(&w[0]);
	walker_end(&w[1]);
}

/*
 *	core 0   heavy 0, light		weights 1024 + 15
 *	core 1   heavy 1		1024
 *
 * The light one may come and go; to take a heavy one would make it worse.
 */
static void
a_heavy_task_is_not_taken_for_a_light_one(struct test *t)
{
	unsigned i;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	for (i = 0; i < 3; i++) {
		busy[i] = (struct walker){ .stop = false };
		busy[i].task = kthread_create(walk, &busy[i], "busy");
		ASSERT(t, busy[i].task != NULL);
		get_task(busy[i].task);
		busy[i].task->nice = i == 2 ? MAX_NICE : 0;
		sched_setaffinity(busy[i].task, 1u << i % 2);
		wake_up_process(busy[i].task);
	}
	TEST_WAIT_UNTIL(READ_ONCE(busy[0].seen) && READ_ONCE(busy[1].seen));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(t, sched_setaffinity(busy[i].task, 3), 0);
	msleep(200);
	EXPECT_EQ(t, busy[0].seen, 1);
	EXPECT_EQ(t, busy[1].seen, 2);
	for (i = 0; i < 3; i++)
		walker_end(&busy[i]);
}

static void
weights_are_those_of_nice(struct test *t)
{
	EXPECT_EQ(t, nice_weight(0), 1024);
	EXPECT_EQ(t, nice_weight(MIN_NICE), 88761);
	EXPECT_EQ(t, nice_weight(5), 335);
	EXPECT_EQ(t, nice_weight(MAX_NICE), 15);
}

static void
the_node_has_a_line_for_each_core(struct test *t)
{
	const struct node *node = node_find("runqueues");
	static char text[1024];
	unsigned lines = 0;
	struct seq_buf s;
	const char *p;

	ASSERT(t, node != NULL);
	seq_buf_init(&s, text, sizeof(text));
	node->show(&s);
	for (p = text; (p = strchr(p, '\n')); p++)
		lines++;
	EXPECT_EQ(t, lines, 1 + num_online_cpus());
}

/* --- all at once ------------------------------------------------------------ */

static struct walker crowd[6];

/* Sleeps, yields and computes: whatever its state is when it is moved. */
static void
short_jobs(void *arg)
{
	struct walker *w = arg;
	unsigned i;

	for (i = 0; !READ_ONCE(w->stop); i++) {
		udelay(10 + i % 7 * 5);
		if (i % 3 == 0)
			usleep(50);
		else if (i % 3 == 1)
			yield();
		else
			cond_resched();
	}
}

struct changer {
	struct test *t;
	unsigned number;
};

static void
change_masks(void *arg)
{
	struct changer *c = arg;
	unsigned i;

	for (i = 0; i < 60; i++) {
		struct walker *w = &crowd[(i + c->number) % ARRAY_SIZE(crowd)];
		u32 mask = (i * 7 + c->number * 3) % (1u << nr_cpus);

		if (mask)
			EXPECT_EQ(c->t, sched_setaffinity(w->task, mask), 0);
		usleep(20);
	}
}

static void
masks_change_while_tasks_come_and_go(struct test *t)
{
	struct changer changers[2] = { { t, 0 }, { t, 1 } };
	struct task *tasks[2];
	static char buf[512];
	struct seq_buf s;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(crowd); i++) {
		crowd[i] = (struct walker){ .stop = false };
		crowd[i].task = test_start(t, short_jobs, &crowd[i], "crowd");
		ASSERT(t, crowd[i].task != NULL);
	}
	for (i = 0; i < 2; i++)
		tasks[i] = test_start(t, change_masks, &changers[i],
				      "changer");
	for (i = 0; i < 20; i++) {
		seq_buf_init(&s, buf, sizeof(buf));
		if (!EXPECT(t, sched_verify(&s)))
			test_info(t, "%s", buf);
		usleep(300);
	}
	for (i = 0; i < 2; i++)
		test_join(tasks[i]);
	for (i = 0; i < ARRAY_SIZE(crowd); i++)
		walker_end(&crowd[i]);
}

TEST_SUITE("sched_cores",
	   TEST_CASE(a_task_that_runs_leaves_a_core_forbidden_to_it),
	   TEST_CASE(a_task_that_waits_is_moved_at_once),
	   TEST_CASE(a_task_that_sleeps_wakes_where_it_may),
	   TEST_CASE(a_task_moves_itself),
	   TEST_CASE(a_thread_of_a_core_cannot_be_taken_from_it),
	   TEST_CASE(a_mask_must_name_a_core_that_is),
	   TEST_CASE(the_dead_stay_where_they_are),
	   TEST_CASE(one_task_more_than_cores_shares_all_of_them),
	   TEST_CASE(an_idle_core_takes_a_task_that_waits),
	   TEST_CASE(more_than_the_busiest_core_is_looked_at),
	   TEST_CASE(a_core_takes_a_task_when_it_becomes_idle),
	   TEST_CASE(a_heavy_task_is_not_taken_for_a_light_one),
	   TEST_CASE(weights_are_those_of_nice),
	   TEST_CASE(the_node_has_a_line_for_each_core),
	   TEST_CASE(masks_change_while_tasks_come_and_go));
