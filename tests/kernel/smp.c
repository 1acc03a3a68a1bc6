/* SPDX-License-Identifier: MIT */
/* Cores: their private variables, and calls between them. */
#include <asm/irqflags.h>
#include <kernel/irq.h>
#include <kernel/node.h>
#include <lib/string.h>

#include "../../kernel/sched/rq.h"
#include "threads.h"

static DEFINE_PER_CPU(unsigned, private_number);

static void
cores_online_are_as_counted(struct test *t)
{
	unsigned cpu, n = 0;

	EXPECT(t, nr_cpus >= 1 && nr_cpus <= NR_CPUS);
	for_each_online_cpu(cpu)
		n++;
	EXPECT_EQ(t, n, num_online_cpus());
	EXPECT_EQ(t, n, nr_cpus);
	EXPECT_EQ(t, cpu_online_mask, (1ul << nr_cpus) - 1);
}

static void
write_private(struct test *t, unsigned cpu, void *arg)
{
	(void)arg;
	EXPECT_EQ(t, smp_processor_id(), cpu);
	EXPECT_EQ(t, cpu_hardware_id(), cpu);
	EXPECT(t, per_cpu_ptr(&private_number, cpu) ==
		  this_cpu_ptr(&private_number));
	this_cpu_write(private_number, cpu + 1);
}

static void
each_core_has_its_own_variables(struct test *t)
{
	unsigned cpu;

	test_on_all_cpus(t, write_private, NULL);
	for_each_online_cpu(cpu)
		EXPECT_EQ(t, *per_cpu_ptr(&private_number, cpu), cpu + 1);
}

static volatile unsigned call_cpu;
static volatile bool call_irq, call_masked;

static void
note_call(void *arg)
{
	call_cpu = smp_processor_id();
	call_irq = in_interrupt();
	call_masked = irqs_disabled();
	*(int *)arg += 1;
}

static void
call_runs_there_and_is_waited_for(struct test *t)
{
	unsigned cpu;
	int n = 0, calls = 0;

	for_each_online_cpu(cpu) {
		call_cpu = 99;
		smp_call_function_single(cpu, note_call, &n);
		EXPECT_EQ(t, n, ++calls);
		EXPECT_EQ(t, call_cpu, cpu);
		EXPECT(t, call_masked);
		EXPECT_EQ(t, call_irq, cpu != smp_processor_id());
	}
}

static void
count_here(void *arg)
{
	(void)arg;
	this_cpu_write(private_number, this_cpu_read(private_number) + 1);
}

static void
call_everybody(struct test *t, unsigned cpu, void *arg)
{
	int i;

	(void)t;
	(void)cpu;
	for (i = 0; i < 15; i++)
		on_each_cpu(count_here, arg);
}

static void
zero_private(void)
{
	unsigned cpu;

	for_each_online_cpu(cpu)
		*per_cpu_ptr(&private_number, cpu) = 0;
}

static void
on_each_cpu_runs_once_on_each(struct test *t)
{
	unsigned cpu;

	zero_private();
	on_each_cpu(count_here, NULL);
	for_each_online_cpu(cpu)
		EXPECT_EQ(t, *per_cpu_ptr(&private_number, cpu), 1);
}

static bool
has_zero(unsigned cpu, void *arg)
{
	(void)arg;
	return *per_cpu_ptr(&private_number, cpu) == 0;
}

/* This core is not asked: a call to oneself disturbs nobody. */
static void
who_need_not_be_called_is_left_in_peace(struct test *t)
{
	unsigned cpu, self = smp_processor_id();

	for_each_online_cpu(cpu)
		*per_cpu_ptr(&private_number, cpu) = cpu % 2;
	on_each_cpu_cond(has_zero, count_here, NULL);
	for_each_online_cpu(cpu)
		EXPECT_EQ(t, *per_cpu_ptr(&private_number, cpu),
			  cpu == self ? self % 2 + 1 : 1);
}

/* All call all at once: nobody waits for ever, and no call is lost. */
static void
cores_may_call_each_other_at_once(struct test *t)
{
	unsigned cpu;

	zero_private();
	test_on_all_cpus(t, call_everybody, NULL);
	for_each_online_cpu(cpu)
		EXPECT_EQ(t, *per_cpu_ptr(&private_number, cpu),
			  15 * num_online_cpus());
}

static void
call_masked_core(void *arg)
{
	int n = 0;

	(void)arg;
	local_irq_disable();
	smp_call_function_single(test_other_cpu(), note_call, &n);
}

static void
call_with_interrupts_masked_is_caught(struct test *t)
{
	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	EXPECT_REPORT(t, call_masked_core, NULL,
		      "call to another core with interrupts masked");
}

static void
nudge_wakes_an_idle_core(struct test *t)
{
	unsigned cpu = test_other_cpu();
	struct task *idle = per_cpu_ptr(&run_queue, cpu)->idle;
	unsigned long before;
	int i;

	if (cpu == smp_processor_id())
		SKIP(t, "needs two cores");
	/* Each thread ends there, so each time idle is chosen again. */
	for (i = 0; i < 5; i++) {
		int n = 0;

		before = READ_ONCE(idle->nr_switches);
		TEST_WAIT_UNTIL(sched_nr_running(cpu) == 0);
		test_join(test_start_on(t, cpu, note_call, &n));
		EXPECT_EQ(t, n, 1);
		TEST_WAIT_UNTIL(READ_ONCE(idle->nr_switches) > before);
	}
}

static void
cpuinfo_lists_each_core(struct test *t)
{
	const struct node *node = node_find("cpuinfo");
	static char buf[2048];
	char line[32];
	struct seq_buf s;
	unsigned cpu;

	ASSERT(t, node != NULL);
	seq_buf_init(&s, buf, sizeof(buf));
	node->show(&s);
	for_each_online_cpu(cpu) {
		snprintf(line, sizeof(line), "processor : %u\n", cpu);
		EXPECT(t, strstr(buf, line) != NULL);
	}
	snprintf(line, sizeof(line), ": %u online of %u", num_online_cpus(),
		 nr_cpus);
	EXPECT(t, strstr(buf, line) != NULL);
}

TEST_SUITE("smp",
	   TEST_CASE(cores_online_are_as_counted),
	   TEST_CASE(each_core_has_its_own_variables),
	   TEST_CASE(call_runs_there_and_is_waited_for),
	   TEST_CASE(on_each_cpu_runs_once_on_each),
	   TEST_CASE(who_need_not_be_called_is_left_in_peace),
	   TEST_CASE(cores_may_call_each_other_at_once),
	   TEST_CASE(call_with_interrupts_masked_is_caught),
	   TEST_CASE(nudge_wakes_an_idle_core),
	   TEST_CASE(cpuinfo_lists_each_core));
