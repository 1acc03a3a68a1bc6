/* SPDX-License-Identifier: MIT */
/* Small help for suites that work with threads. */
#ifndef TESTS_KERNEL_THREADS_H
#define TESTS_KERNEL_THREADS_H

#include <kernel/kthread.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <kernel/time.h>

/* Start a thread that the case ends with kthread_join(). */
static inline struct task *
test_start(struct test *t, void (*fn)(void *), void *arg, const char *name)
{
	struct task *task = kthread_create(fn, arg, "%s", name);

	if (!EXPECT(t, task != NULL))
		return NULL;
	get_task(task);
	wake_up_process(task);
	return task;
}

static inline struct task *
test_start_on(struct test *t, unsigned cpu, void (*fn)(void *), void *arg)
{
	struct task *task = kthread_create_on_cpu(fn, arg, cpu, "on/%u", cpu);

	if (!EXPECT(t, task != NULL))
		return NULL;
	get_task(task);
	wake_up_process(task);
	return task;
}

static inline void
test_join(struct task *task)
{
	if (task)
		kthread_join(task);
}

/* Another online core than this one, or this one if it is alone. */
static inline unsigned
test_other_cpu(void)
{
	unsigned self = smp_processor_id(), cpu;

	for (cpu = 0; cpu < nr_cpus; cpu++)
		if (cpu != self && cpu_online_mask >> cpu & 1)
			return cpu;
	return self;
}

/* Sleep until cond holds; the limit of the case is the only other end. */
#define TEST_WAIT_UNTIL(cond) do { \
	while (!(cond)) \
		usleep(200); \
} while (0)

#endif
