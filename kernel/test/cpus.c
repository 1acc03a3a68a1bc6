/* SPDX-License-Identifier: MIT */
/*
 * One thread on each core, all let go together.
 *
 * The threads meet at a barrier before they begin, so that their work
 * overlaps even when starting a thread takes longer than the work itself.
 * A thread that waits says so by cpu_relax(), else under -icount the others
 * would not get their turn.
 */
#ifdef VELLUM_TESTS
#include <kernel/kthread.h>
#include <kernel/smp.h>
#include <kernel/test_run.h>

struct test_cpus {
	struct test *t;
	void (*fn)(struct test *t, unsigned cpu, void *arg);
	void *arg;
	unsigned expected;
	atomic_t arrived;
};

static void
test_cpu_thread(void *arg)
{
	struct test_cpus *group = arg;

	atomic_inc(&group->arrived);
	while ((unsigned)atomic_read(&group->arrived) < group->expected)
		cpu_relax();
	group->fn(group->t, smp_processor_id(), group->arg);
}

/*
 * Run fn(t, cpu, arg) in a kernel thread on each online core; wait for all.
 * A thread that cannot be created fails the case, and the others still run.
 * Context: may sleep.
 */
void
test_on_all_cpus(struct test *t, void (*fn)(struct test *t, unsigned cpu,
					    void *arg), void *arg)
{
	struct test_cpus group = { t, fn, arg, 0, ATOMIC_INIT(0) };
	struct task *threads[NR_CPUS] = { NULL };
	unsigned cpu;

	for_each_online_cpu(cpu) {
		threads[cpu] = kthread_create_on_cpu(test_cpu_thread, &group,
						     cpu, "test/%u", cpu);
		if (!EXPECT(t, threads[cpu] != NULL))
			continue;
		get_task(threads[cpu]);
		group.expected++;
	}
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if (threads[cpu])
			wake_up_process(threads[cpu]);
	}
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if (threads[cpu])
			kthread_join(threads[cpu]);
	}
}
#endif
