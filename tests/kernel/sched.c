/* SPDX-License-Identifier: MIT */
/* Threads: their life, who runs where and when, and the books. */
#include <asm/entry.h>
#include <asm/irqflags.h>
#include <kernel/irq.h>
#include <kernel/lock.h>
#include <kernel/mutex.h>
#include <kernel/rcu.h>
#include <lib/string.h>
#include <mm/seam.h>

#include "../../kernel/sched/rq.h"
#include "threads.h"

#define SCHED_IPI	((enum ipi)14)
#define ROUNDS		300

/* --- life of a thread ---------------------------------------------------- */

static void
exit_with_42(void *arg)
{
	*(int *)arg = 1;
	kthread_exit(42);
}

static void
thread_runs_and_its_exit_code_is_joined(struct test *t)
{
	int ran = 0;
	struct task *task = kthread_create(exit_with_42, &ran, "exit/%d", 42);

	ASSERT(t, task != NULL);
	EXPECT_EQ(t, strcmp(task->name, "exit/42"), 0);
	EXPECT_EQ(t, task->state, TASK_NEW);
	get_task(task);
	EXPECT(t, wake_up_process(task));
	EXPECT_EQ(t, kthread_join(task), 42);
	EXPECT_EQ(t, ran, 1);
}

static void
return_at_once(void *arg)
{
	atomic_inc(arg);
}

static void
thread_that_nobody_joins_frees_itself(struct test *t)
{
	atomic_t ran = ATOMIC_INIT(0);
	int i;

	for (i = 0; i < 8; i++)
		EXPECT(t, kthread_run(return_at_once, &ran, "free") != NULL);
	TEST_WAIT_UNTIL(atomic_read(&ran) == 8);
	/* The runner sees that the eight stacks came back. */
}

static void
sleep_until_stopped(void *arg)
{
	(void)arg;
	while (!kthread_should_stop()) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!kthread_should_stop())
			schedule();
		set_current_state(TASK_RUNNING);
	}
	kthread_exit(7);
}

static void
stop_wakes_a_sleeping_thread(struct test *t)
{
	struct task *task = kthread_run(sleep_until_stopped, NULL, "stop");

	ASSERT(t, task != NULL);
	TEST_WAIT_UNTIL(!READ_ONCE(task->on_rq));
	EXPECT_EQ(t, task->state, TASK_UNINTERRUPTIBLE);
	EXPECT_EQ(t, kthread_stop(task), 7);
}

static void
thread_that_never_ran_can_be_stopped(struct test *t)
{
	struct task *task = kthread_create(sleep_until_stopped, NULL, "new");

	ASSERT(t, task != NULL);
	EXPECT_EQ(t, kthread_stop(task), 7);
}

static void
dead_task_is_not_woken(struct test *t)
{
	atomic_t ran = ATOMIC_INIT(0);
	struct task *task = test_start(t, return_at_once, &ran, "dead");

	ASSERT(t, task != NULL);
	get_task(task);
	kthread_join(task);
	EXPECT_EQ(t, task->state, TASK_DEAD);
	EXPECT(t, task->left);
	EXPECT(t, !wake_up_process(task));
	put_task(task);
}

static bool
listed(const struct task *task)
{
	struct task *t = NULL;
	bool found = false;

	while ((t = task_next(t)))
		found = found || t == task;
	return found;
}

static void
task_list_holds_the_living(struct test *t)
{
	struct task *task = kthread_run(sleep_until_stopped, NULL, "list");

	ASSERT(t, task != NULL);
	EXPECT(t, listed(task));
	kthread_stop(task);
	EXPECT(t, !listed(task));
}

/* --- who runs where ------------------------------------------------------ */

static void
note_core(void *arg)
{
	*(unsigned *)arg = smp_processor_id() + 100;
}

static void
pinned_thread_runs_on_its_core(struct test *t)
{
	unsigned cpu, seen;

	for_each_online_cpu(cpu) {
		seen = 0;
		test_join(test_start_on(t, cpu, note_core, &seen));
		EXPECT_EQ(t, seen, cpu + 100);
	}
}

static unsigned long cores_used;
static atomic_t arrived;

static void
meet_others(void *arg)
{
	unsigned long bit = 1UL << smp_processor_id();

	__atomic_fetch_or(&cores_used, bit, __ATOMIC_RELAXED);
	atomic_inc(&arrived);
	while (atomic_read(&arrived) < *(int *)arg)
		yield();
}

static void
new_threads_go_to_idle_cores(struct test *t)
{
	struct task *tasks[NR_CPUS];
	int n = (int)num_online_cpus(), i;

	cores_used = 0;
	atomic_set(&arrived, 0);
	for (i = 0; i < n; i++)
		tasks[i] = test_start(t, meet_others, &n, "spread");
	for (i = 0; i < n; i++)
		test_join(tasks[i]);
	EXPECT(t, __builtin_popcountl(cores_used) >= (n > 1 ? 2 : 1));
}

static volatile unsigned turn;

static void
take_turns(void *arg)
{
	unsigned me = (unsigned)(unsigned long)arg, i;

	for (i = 0; i < ROUNDS; i++) {
		while (turn % 2 != me)
			yield();
		turn++;
	}
}

/* Two threads of one core that wait for each other only by yield(). */
static void
yield_lets_the_other_run(struct test *t)
{
	unsigned cpu = test_other_cpu();
	struct task *a, *b;

	turn = 0;
	a = test_start_on(t, cpu, take_turns, (void *)0);
	b = test_start_on(t, cpu, take_turns, (void *)1);
	test_join(a);
	test_join(b);
	EXPECT_EQ(t, turn, 2 * ROUNDS);
}

static volatile bool busy_stop;	/* of compute() */

static void
compute(void *arg)
{
	(void)arg;
	while (!busy_stop)
		cond_resched();
}

/* The tick makes two busy threads alternate; both get turn after turn. */
static void
busy_threads_share_a_core(struct test *t)
{
	unsigned cpu = test_other_cpu();
	struct task *a, *b;

	busy_stop = false;
	a = test_start_on(t, cpu, compute, NULL);
	b = test_start_on(t, cpu, compute, NULL);
	if (a && b)
		TEST_WAIT_UNTIL(READ_ONCE(a->nr_switches) > 3 &&
				READ_ONCE(b->nr_switches) > 3);
	busy_stop = true;
	test_join(a);
	test_join(b);
}

static void
nap(void *arg)
{
	struct run_queue *rq;
	unsigned long flags;

	msleep(40);
	flags = local_irq_save();
	rq = this_cpu_ptr(&run_queue);
	*(s64 *)arg = (s64)(current->vruntime - rq->min_vruntime);
	local_irq_restore(flags);
}

/* 40 ms asleep beside a busy thread are worth one slice, not 40 ms. */
static void
sleeper_gets_credit_for_one_slice(struct test *t)
{
	unsigned cpu = test_other_cpu();
	s64 credit = 0;
	struct task *a, *b;

	busy_stop = false;
	a = test_start_on(t, cpu, compute, NULL);
	b = test_start_on(t, cpu, nap, &credit);
	test_join(b);
	busy_stop = true;
	test_join(a);
	EXPECT(t, credit >= -(s64)SCHED_SLICE_NS);
}

static void
begin_and_compute(void *begun)
{
	atomic_inc(begun);
	compute(NULL);
}

/* How many of eight new threads of this core run before their maker does again. */
static void
make_eight_and_sleep(void *arg)
{
	atomic_t begun = ATOMIC_INIT(0);
	struct task *made[8];
	int ran, i;

	busy_stop = false;
	for (i = 0; i < 8; i++)
		made[i] = test_start_on(arg, smp_processor_id(),
					begin_and_compute, &begun);
	msleep(1);
	ran = atomic_read(&begun);
	busy_stop = true;
	for (i = 0; i < 8; i++)
		test_join(made[i]);
	kthread_exit(ran);
}

/*
 * Once in five is enough: free-running, the host may stop the core between the
 * making and the sleep for so long that the maker has run more than a slice.
 */
static void
who_makes_many_threads_does_not_wait_for_all(struct test *t)
{
	int i, least = 8;

	for (i = 0; i < 5 && least == 8; i++) {
		struct task *maker = test_start_on(t, test_other_cpu(),
						   make_eight_and_sleep, t);

		least = maker ? min(least, kthread_join(maker)) : least;
	}
	EXPECT(t, least < 8);
}

static void
cond_resched_obeys_the_flag(struct test *t)
{
	sched_set_need_resched();
	EXPECT(t, need_resched());
	EXPECT(t, cond_resched());
}

/* --- sleeping and waking ------------------------------------------------- */

static void
wake_before_schedule_is_not_lost(struct test *t)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	EXPECT(t, wake_up_process(current));
	EXPECT(t, !wake_up_process(current));
	schedule();
	EXPECT_EQ(t, current->state, TASK_RUNNING);
}

struct pair {
	struct task *task[2];
	volatile unsigned turn;
};

static void
ping(struct pair *p, unsigned me)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		for (;;) {
			set_current_state(TASK_UNINTERRUPTIBLE);
			if (p->turn % 2 == me)
				break;
			schedule();
		}
		set_current_state(TASK_RUNNING);
		p->turn++;
		wake_up_process(p->task[!me]);
	}
}

static void
ping_0(void *arg)
{
	ping(arg, 0);
}

static void
ping_1(void *arg)
{
	ping(arg, 1);
}

/* Two threads that do nothing but wake each other; one loss ends it all. */
static void
no_wake_up_is_lost(struct test *t)
{
	unsigned cpu = test_other_cpu();
	struct pair p = { .turn = 0 };
	int i;

	p.task[0] = kthread_create_on_cpu(ping_0, &p, smp_processor_id(), "a");
	p.task[1] = kthread_create_on_cpu(ping_1, &p, cpu, "b");
	ASSERT(t, p.task[0] && p.task[1]);
	/* Both stay until both are done: each wakes the other's structure. */
	for (i = 0; i < 2; i++) {
		get_task(p.task[i]);
		get_task(p.task[i]);
	}
	wake_up_process(p.task[0]);
	wake_up_process(p.task[1]);
	for (i = 0; i < 2; i++)
		kthread_join(p.task[i]);
	EXPECT_EQ(t, p.turn, 2 * ROUNDS);
	for (i = 0; i < 2; i++)
		put_task(p.task[i]);
}

static void
msleep_takes_no_less(struct test *t)
{
	u64 start = ktime_get_ns();

	msleep(15);
	EXPECT(t, ktime_get_ns() - start >= 15 * (u64)NSEC_PER_MSEC);
	start = ktime_get_ns();
	usleep(300);
	EXPECT(t, ktime_get_ns() - start >= 300 * (u64)NSEC_PER_USEC);
}

static void
wake_me(void *arg)
{
	struct task *task = arg;

	TEST_WAIT_UNTIL(READ_ONCE(task->state) == TASK_UNINTERRUPTIBLE &&
			!READ_ONCE(task->on_rq));
	wake_up_process(task);
}

static void
schedule_timeout_ends_at_a_wake_up(struct test *t)
{
	struct task *waker = test_start(t, wake_me, current, "waker");
	long left;

	set_current_state(TASK_UNINTERRUPTIBLE);
	left = schedule_timeout(1000 * HZ);
	EXPECT(t, left > 0);
	EXPECT(t, left <= 1000 * HZ);
	test_join(waker);
	set_current_state(TASK_UNINTERRUPTIBLE);
	EXPECT_EQ(t, schedule_timeout(1), 0);
}

static void
short_jobs(void *arg)
{
	unsigned n = (unsigned)(unsigned long)arg, i;

	for (i = 0; i < 30; i++) {
		udelay(20 + 7 * n);
		usleep(50 + 13 * n);
		if (i % 4 == 0)
			yield();
	}
}

/* Threads that wander between cores leave the books right. */
static void
many_threads_keep_the_books_right(struct test *t)
{
	struct task *tasks[12];
	static char buf[512];
	struct seq_buf s;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start(t, short_jobs, (void *)(unsigned long)i,
				      "job");
	for (i = 0; i < 20; i++) {
		seq_buf_init(&s, buf, sizeof(buf));
		if (!EXPECT(t, sched_verify(&s)))
			test_info(t, "%s", buf);
		usleep(300);
	}
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
}

/* --- what sched_verify() finds ------------------------------------------- */

static char verify_text[512];

/* Does sched_verify() complain by this rule? Interrupts are masked. */
static bool
verify_says(const char *rule)
{
	struct seq_buf s;
	bool clean;

	seq_buf_init(&s, verify_text, sizeof(verify_text));
	clean = sched_verify(&s);
	return !clean && strstr(verify_text, rule);
}

/* Other cores wake tasks on this one meanwhile: under its lock. */
static void
miscount(struct run_queue *rq, int queued, int running)
{
	spin_lock(&rq->lock);
	rq->nr_queued += (unsigned)queued;
	rq->nr_running += (unsigned)running;
	spin_unlock(&rq->lock);
}

static void
verify_sees_wrong_counts(struct test *t)
{
	unsigned long flags = local_irq_save();
	struct run_queue *rq = this_cpu_ptr(&run_queue);
	bool s1, s3, s4, s6;

	miscount(rq, 1, 0);
	s1 = verify_says("S1");
	miscount(rq, -1, 0);
	rq->curr->on_rq = false;	/* this task's, which runs */
	s3 = verify_says("S3");
	rq->curr->on_rq = true;
	miscount(rq, 0, 1);
	s4 = verify_says("S4");
	s6 = verify_says("S6");
	miscount(rq, 0, -1);
	local_irq_restore(flags);
	EXPECT(t, s1);
	EXPECT(t, s3);
	EXPECT(t, s4);
	EXPECT(t, s6);
}

static void
verify_sees_wrong_tasks(struct test *t)
{
	unsigned cpu = smp_processor_id();
	struct task *a, *b;
	bool order, state, idle, core, pinned;
	unsigned long flags;
	u64 saved;

	/* Both wait in this core's tree until this thread sleeps. */
	atomic_set(&arrived, 0);
	a = test_start_on(t, cpu, return_at_once, &arrived);
	b = test_start_on(t, cpu, return_at_once, &arrived);
	ASSERT(t, a && b);
	flags = local_irq_save();
	saved = a->vruntime;
	a->vruntime += NSEC_PER_SEC;
	b->vruntime -= NSEC_PER_SEC;
	order = verify_says("S1");
	b->vruntime += NSEC_PER_SEC;
	a->vruntime = saved;
	a->state = TASK_UNINTERRUPTIBLE;
	state = verify_says("S2");
	a->state = TASK_RUNNING;
	a->idle = true;
	idle = verify_says("S2");
	a->idle = false;
	a->cpu = NR_CPUS;
	core = verify_says("S2");
	a->cpu = (s16)cpu;
	a->cpus_allowed = 1u << (cpu + 1);
	pinned = verify_says("S5");
	a->cpus_allowed = 1u << cpu;
	EXPECT(t, !verify_says("S"));
	local_irq_restore(flags);
	EXPECT(t, order);
	EXPECT(t, state);
	EXPECT(t, idle);
	EXPECT(t, core);
	EXPECT(t, pinned);
	kthread_join(a);
	kthread_join(b);
}

/* --- what must not be done ----------------------------------------------- */

#ifdef VELLUM_DEBUG
static volatile bool ipi_came;
static bool ipi_schedules;

static void
sleep_in_handler(void)
{
	ipi_came = true;
	if (ipi_schedules)
		schedule();
	else
		might_sleep();
}

static void
raise_ipi(void *arg)
{
	(void)arg;
	ipi_came = false;
	ipi_send(1UL << smp_processor_id(), SCHED_IPI);
	while (!ipi_came)
		;
}

static void
sleeping_in_an_interrupt_is_caught(struct test *t)
{
	ipi_register(SCHED_IPI, "test: sleep", sleep_in_handler);
	ipi_schedules = false;
	EXPECT_REPORT(t, raise_ipi, NULL, "in an interrupt handler");
	ipi_schedules = true;
	EXPECT_REPORT(t, raise_ipi, NULL, "scheduling while atomic");
}

static DEFINE_SPINLOCK(held_lock, LOCK_TEST);

static void
sleep_with_lock(void *arg)
{
	spin_lock_init(&held_lock, LOCK_TEST);
	spin_lock(&held_lock);
	if (arg)
		schedule();
	else
		might_sleep();
}

static void
sleeping_with_a_spinlock_is_caught(struct test *t)
{
	EXPECT_REPORT(t, sleep_with_lock, NULL, "a spinlock is held");
	EXPECT_REPORT(t, sleep_with_lock, t, "scheduling while atomic");
}

static void
sleep_masked(void *arg)
{
	(void)arg;
	local_irq_disable();
	might_sleep();
}

static void
might_sleep_with_interrupts_masked_is_caught(struct test *t)
{
	EXPECT_REPORT(t, sleep_masked, NULL, "interrupts are masked");
}

static void
sleep_in_reader(void *arg)
{
	rcu_read_lock();
	if (arg)
		schedule();
	else
		might_sleep();
}

static void
sleeping_in_an_rcu_reader_is_caught(struct test *t)
{
	EXPECT_REPORT(t, sleep_in_reader, NULL, "inside an RCU reader");
	rcu_read_unlock();
	EXPECT_REPORT(t, sleep_in_reader, t, "scheduling while atomic");
	rcu_read_unlock();
}

static void
report_names_the_caller(struct test *t)
{
	EXPECT_REPORT(t, sleep_masked, NULL, "tests/kernel/sched.c");
}
#endif

static unsigned other_ran, ran_before, ran_after;
static bool other_stop;

static void
run_and_yield(void *arg)
{
	(void)arg;
	while (!READ_ONCE(other_stop)) {
		other_ran++;
		yield();
	}
}

/* It slept, so it has run less than the other, and still goes behind it. */
static void
sleep_then_yield_once(void *arg)
{
	(void)arg;
	msleep(30);
	ran_before = other_ran;
	yield();
	ran_after = other_ran;
	WRITE_ONCE(other_stop, true);
}

static void
yield_gives_way_even_to_who_has_run_more(struct test *t)
{
	struct task *other, *one;

	other_stop = false;
	other_ran = ran_before = ran_after = 0;
	other = test_start_on(t, 0, run_and_yield, NULL);
	one = test_start_on(t, 0, sleep_then_yield_once, NULL);
	test_join(one);
	other_stop = true;
	test_join(other);
	EXPECT(t, ran_after > ran_before);
}

static bool
runs_thrice(const struct task *plain, const struct task *nice)
{
	u64 p = READ_ONCE(plain->sum_runtime), n = READ_ONCE(nice->sum_runtime);

	return n > 30 * TICK_NSEC && p > 2 * n && p < 5 * n;
}

/*
 * nice 5 weighs 335, nice 0 1024: one runs three times as long, in the end. While
 * the host does not run this core, that time is one task's, too.
 */
static void
nice_divides_a_core(struct test *t)
{
	unsigned cpu = test_other_cpu();
	struct task *a, *b;

	busy_stop = false;
	a = kthread_create_on_cpu(compute, NULL, cpu, "plain");
	b = kthread_create_on_cpu(compute, NULL, cpu, "nice");
	ASSERT(t, a && b);
	get_task(a);
	get_task(b);
	b->nice = 5;
	wake_up_process(a);
	wake_up_process(b);
	TEST_WAIT_UNTIL(runs_thrice(a, b));
	busy_stop = true;
	kthread_join(a);
	kthread_join(b);
}

#ifdef VELLUM_DEBUG
static struct task *nudged;
static bool nudged_has_work;

/* A signal of another core's, for the task that is chosen and not yet curr. */
static void
signal_in_between(enum seam_place place, struct page *page)
{
	(void)page;
	if (place != SEAM_SWITCH || nudged->cpu != (int)smp_processor_id())
		return;
	WRITE_ONCE(nudged->sig_work, true);
	sched_note_signal(nudged);
}

static void
look_for_work(void *unused)
{
	(void)unused;
	WRITE_ONCE(seam_fn, NULL);
	nudged_has_work = this_cpu_read(user_work) & USER_WORK_SIGNAL;
	current->sig_work = false;
}

/* It would go to user mode, and might compute there without a switch for ever. */
static void
a_signal_in_the_middle_of_a_switch_is_seen(struct test *t)
{
	nudged_has_work = false;
	nudged = kthread_create_on_cpu(look_for_work, NULL, smp_processor_id(),
				       "nudged");
	ASSERT(t, nudged != NULL);
	get_task(nudged);
	WRITE_ONCE(seam_fn, signal_in_between);
	wake_up_process(nudged);
	test_join(nudged);
	WRITE_ONCE(seam_fn, NULL);
	EXPECT(t, nudged_has_work);
}
#endif

TEST_SUITE("sched",
	   TEST_CASE(yield_gives_way_even_to_who_has_run_more),
	   TEST_CASE(thread_runs_and_its_exit_code_is_joined),
	   TEST_CASE(thread_that_nobody_joins_frees_itself),
	   TEST_CASE(stop_wakes_a_sleeping_thread),
	   TEST_CASE(thread_that_never_ran_can_be_stopped),
	   TEST_CASE(dead_task_is_not_woken),
	   TEST_CASE(task_list_holds_the_living),
	   TEST_CASE(pinned_thread_runs_on_its_core),
	   TEST_CASE(new_threads_go_to_idle_cores),
	   TEST_CASE(yield_lets_the_other_run),
	   TEST_CASE(busy_threads_share_a_core),
	   TEST_CASE(nice_divides_a_core),
	   TEST_CASE(sleeper_gets_credit_for_one_slice),
	   TEST_CASE(who_makes_many_threads_does_not_wait_for_all),
	   TEST_CASE(cond_resched_obeys_the_flag),
	   TEST_CASE(wake_before_schedule_is_not_lost),
	   TEST_CASE(no_wake_up_is_lost),
	   TEST_CASE(msleep_takes_no_less),
	   TEST_CASE(schedule_timeout_ends_at_a_wake_up),
	   TEST_CASE(many_threads_keep_the_books_right),
	   TEST_CASE(verify_sees_wrong_counts),
#ifdef VELLUM_DEBUG
	   TEST_CASE(a_signal_in_the_middle_of_a_switch_is_seen),
	   TEST_CASE(sleeping_in_an_interrupt_is_caught),
	   TEST_CASE(sleeping_with_a_spinlock_is_caught),
	   TEST_CASE(might_sleep_with_interrupts_masked_is_caught),
	   TEST_CASE(sleeping_in_an_rcu_reader_is_caught),
	   TEST_CASE(report_names_the_caller),
#endif
	   TEST_CASE(verify_sees_wrong_tasks));
