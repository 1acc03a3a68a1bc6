/* SPDX-License-Identifier: MIT */
/* The reader-writer semaphore: who may be inside together, and in what order. */
#include <kernel/rwsem.h>

#include "threads.h"

#define ROUNDS	40

static DECLARE_RWSEM(sem);
static atomic_t readers, writers, peak, clashes;

static unsigned
nr_waiting(void)
{
	unsigned long flags = spin_lock_irqsave(&sem.wait_lock);
	struct list_head *p;
	unsigned n = 0;

	list_for_each(p, &sem.waiters)
		n++;
	spin_unlock_irqrestore(&sem.wait_lock, flags);
	return n;
}

static void
read_inside(unsigned i)
{
	s32 n = atomic_add_return(&readers, 1);

	if (atomic_read(&writers))
		atomic_inc(&clashes);
	if (n > atomic_read(&peak))
		atomic_set(&peak, n);
	if (i % 4 == 0)
		yield();
	atomic_dec(&readers);
}

static void
write_inside(unsigned i)
{
	if (atomic_add_return(&writers, 1) != 1 || atomic_read(&readers))
		atomic_inc(&clashes);
	if (i % 4 == 1)
		yield();
	atomic_dec(&writers);
}

static void
visit(struct test *t, unsigned cpu, void *arg)
{
	unsigned i;

	(void)t;
	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		if ((i + cpu) % 3 == 0) {
			down_write(&sem);
			write_inside(i);
			up_write(&sem);
		} else {
			down_read(&sem);
			read_inside(i);
			up_read(&sem);
		}
	}
}

static void
reset(void)
{
	atomic_set(&readers, 0);
	atomic_set(&writers, 0);
	atomic_set(&peak, 0);
	atomic_set(&clashes, 0);
}

static void
visit_thread(void *arg)
{
	visit(NULL, (unsigned)(unsigned long)arg, NULL);
}

static void
writers_are_alone(struct test *t)
{
	struct task *tasks[6];
	unsigned i;

	reset();
	test_on_all_cpus(t, visit, NULL);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start(t, visit_thread,
				      (void *)(unsigned long)i, "visit");
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, atomic_read(&clashes), 0);
	EXPECT(t, !rwsem_is_locked(&sem));
}

static void
read_and_meet(void *arg)
{
	down_read(&sem);
	atomic_inc(&readers);
	while (atomic_read(&readers) < *(int *)arg)
		yield();
	up_read(&sem);
}

static void
readers_are_inside_together(struct test *t)
{
	struct task *tasks[4];
	int n = ARRAY_SIZE(tasks);
	unsigned i;

	reset();
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start(t, read_and_meet, &n, "reader");
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, atomic_read(&readers), n);
	EXPECT(t, !rwsem_is_locked(&sem));
}

static char order[16];
static unsigned nr_order;

static void
note(char c)
{
	unsigned at = __atomic_fetch_add(&nr_order, 1, __ATOMIC_RELAXED);

	order[at % sizeof(order)] = c;
}

static void
one_reader(void *arg)
{
	(void)arg;
	down_read(&sem);
	note('r');
	up_read(&sem);
}

static void
one_writer(void *arg)
{
	(void)arg;
	down_write(&sem);
	note('w');
	up_write(&sem);
}

/* Inside: a reader. Queue: w r r w. The readers do not pass the writer. */
static void
queue_is_served_in_order(struct test *t)
{
	void (*fn[])(void *) = { one_writer, one_reader, one_reader,
				 one_writer };
	struct task *tasks[ARRAY_SIZE(fn)];
	unsigned i;

	nr_order = 0;
	down_read(&sem);
	for (i = 0; i < ARRAY_SIZE(fn); i++) {
		tasks[i] = test_start(t, fn[i], NULL, "queue");
		TEST_WAIT_UNTIL(nr_waiting() == i + 1);
	}
	EXPECT(t, !down_read_trylock(&sem));
	EXPECT_EQ(t, nr_order, 0);
	up_read(&sem);
	for (i = 0; i < ARRAY_SIZE(fn); i++)
		test_join(tasks[i]);
	EXPECT_EQ(t, nr_order, 4);
	EXPECT_EQ(t, order[0], 'w');
	EXPECT_EQ(t, order[1], 'r');
	EXPECT_EQ(t, order[2], 'r');
	EXPECT_EQ(t, order[3], 'w');
}

static void
downgrade_lets_waiting_readers_in(struct test *t)
{
	struct task *reader, *writer;

	nr_order = 0;
	down_write(&sem);
	reader = test_start(t, one_reader, NULL, "reader");
	TEST_WAIT_UNTIL(nr_waiting() == 1);
	writer = test_start(t, one_writer, NULL, "writer");
	TEST_WAIT_UNTIL(nr_waiting() == 2);
	downgrade_write(&sem);
	test_join(reader);
	EXPECT_EQ(t, nr_order, 1);
	EXPECT_EQ(t, rwsem_readers(&sem), 1);
	EXPECT_EQ(t, nr_waiting(), 1);
	up_read(&sem);
	test_join(writer);
	EXPECT_EQ(t, nr_order, 2);
}

static void
trylock_never_waits(struct test *t)
{
	EXPECT(t, down_read_trylock(&sem));
	EXPECT(t, down_read_trylock(&sem));
	EXPECT(t, !down_write_trylock(&sem));
	up_read(&sem);
	up_read(&sem);
	EXPECT(t, down_write_trylock(&sem));
	EXPECT(t, !down_read_trylock(&sem));
	EXPECT(t, !down_write_trylock(&sem));
	up_write(&sem);
}

static void
write_twice(void *arg)
{
	down_write(arg);
	down_write(arg);
}

static void
release_read(void *arg)
{
	up_read(arg);
}

static void
release_write(void *arg)
{
	up_write(arg);
}

static void
downgrade(void *arg)
{
	downgrade_write(arg);
}

static void
misuse_is_caught(struct test *t)
{
	static struct rw_semaphore own;

	init_rwsem(&own);
	EXPECT_REPORT(t, write_twice, &own, "holds it already");
	init_rwsem(&own);
	EXPECT_REPORT(t, release_read, &own, "without a reader");
	EXPECT_REPORT(t, release_write, &own, "is not its writer");
	EXPECT_REPORT(t, downgrade, &own, "is not its writer");
}

/* Each waits inside until the other is inside too. */
static void
waiting_readers_are_let_in_together(struct test *t)
{
	struct task *tasks[3];
	int n = ARRAY_SIZE(tasks);
	unsigned i;

	reset();
	down_write(&sem);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = test_start(t, read_and_meet, &n, "reader");
	TEST_WAIT_UNTIL(nr_waiting() == ARRAY_SIZE(tasks));
	up_write(&sem);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		test_join(tasks[i]);
	EXPECT(t, !rwsem_is_locked(&sem));
}

TEST_SUITE("rwsem",
	   TEST_CASE(waiting_readers_are_let_in_together),
	   TEST_CASE(writers_are_alone),
	   TEST_CASE(readers_are_inside_together),
	   TEST_CASE(queue_is_served_in_order),
	   TEST_CASE(downgrade_lets_waiting_readers_in),
	   TEST_CASE(trylock_never_waits),
	   TEST_CASE(misuse_is_caught));
