/* SPDX-License-Identifier: MIT */
/*
 * Interrupts, raised by hand: software interrupt 15, which nobody else uses,
 * and the shared ids 93-95, which no device of this board drives, made
 * pending by a write to the distributor.
 */
#include <asm/io.h>
#include <asm/irqflags.h>
#include <asm/pgtable.h>
#include <kernel/irq.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/vmalloc.h>

#include "threads.h"

#define TEST_IPI	((enum ipi)15)
#define TEST_IRQ	94
#define OTHER_IRQ	95
#define GICD_PHYS	0x1e001000
#define GICD_ISENABLER	0x100
#define GICD_ISPENDR	0x200

/* Volatile, so that the compiler does not know what it is. */
static volatile int *volatile null_page = (int *)0x20;
static volatile unsigned ipi_runs[NR_CPUS];
static volatile unsigned irq_runs;
static volatile bool was_in_interrupt, had_regs, irqs_were_off;
static volatile void *got_data;

static void
ipi_handler(void)
{
	ipi_runs[smp_processor_id()]++;
}

static void
irq_handler(unsigned irq, void *data)
{
	was_in_interrupt = in_interrupt();
	had_regs = irq_regs() != NULL;
	irqs_were_off = irqs_disabled();
	got_data = data;
	if (irq == TEST_IRQ)
		irq_runs++;
}

/* Set the bit of irq in one of the distributor's arrays. */
static void
distributor_set(unsigned array, unsigned irq)
{
	static char *regs;

	if (!regs)
		regs = ioremap(GICD_PHYS, 0x1000);
	writel(1u << (irq % 32), regs + array + irq / 32 * 4);
}

static void
bad_numbers_are_refused(struct test *t)
{
	EXPECT_EQ(t, request_irq(NR_IRQS, irq_handler, "test", NULL), -EINVAL);
	EXPECT_EQ(t, request_irq(3, irq_handler, "test", NULL), -EINVAL);
	EXPECT_EQ(t, request_irq(TEST_IRQ, NULL, "test", NULL), -EINVAL);
}

static void
an_interrupt_has_one_handler(struct test *t)
{
	ASSERT_EQ(t, request_irq(TEST_IRQ, irq_handler, "test", NULL), 0);
	EXPECT_EQ(t, request_irq(TEST_IRQ, irq_handler, "test", NULL), -EBUSY);
	free_irq(TEST_IRQ);
	EXPECT_EQ(t, request_irq(TEST_IRQ, irq_handler, "test", NULL), 0);
	free_irq(TEST_IRQ);
}

static void
a_pending_interrupt_runs_its_handler_once(struct test *t)
{
	u32 before = irq_count_on(TEST_IRQ, 0);

	irq_runs = 0;
	ASSERT_EQ(t, request_irq(TEST_IRQ, irq_handler, "test", t), 0);
	distributor_set(GICD_ISPENDR, TEST_IRQ);
	TEST_WAIT_UNTIL(irq_runs);
	udelay(200);
	synchronize_irq(TEST_IRQ);
	EXPECT_EQ(t, irq_runs, 1);
	EXPECT_EQ(t, irq_count_on(TEST_IRQ, 0) - before, 1);
	EXPECT(t, was_in_interrupt);
	EXPECT(t, had_regs);
	EXPECT(t, irqs_were_off);
	EXPECT(t, got_data == t);
	EXPECT(t, !in_interrupt());
	EXPECT(t, irq_regs() == NULL);
	free_irq(TEST_IRQ);
}

static void
a_freed_interrupt_stays_silent(struct test *t)
{
	irq_runs = 0;
	ASSERT_EQ(t, request_irq(TEST_IRQ, irq_handler, "test", NULL), 0);
	free_irq(TEST_IRQ);
	distributor_set(GICD_ISPENDR, TEST_IRQ);
	udelay(1000);
	EXPECT_EQ(t, irq_runs, 0);
	/* It is still pending: the next owner gets it. */
	ASSERT_EQ(t, request_irq(TEST_IRQ, irq_handler, "test", NULL), 0);
	TEST_WAIT_UNTIL(irq_runs);
	free_irq(TEST_IRQ);
	EXPECT_EQ(t, irq_runs, 1);
}

static atomic_t in_handler, handler_left;

static void
slow_handler(unsigned irq, void *data)
{
	(void)irq;
	(void)data;
	atomic_set(&in_handler, 1);
	udelay(2000);
	atomic_set(&handler_left, 1);
}

/* Or it would use what its owner gives away after that. */
static void
free_while_it_runs(void *arg)
{
	struct test *t = arg;

	distributor_set(GICD_ISPENDR, TEST_IRQ);
	while (!atomic_read(&in_handler))
		cpu_relax();
	free_irq(TEST_IRQ);
	EXPECT_EQ(t, atomic_read(&handler_left), 1);
}

static void
free_irq_waits_for_the_running_handler(struct test *t)
{
	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	atomic_set(&in_handler, 0);
	atomic_set(&handler_left, 0);
	ASSERT_EQ(t, request_irq(TEST_IRQ, slow_handler, "test", NULL), 0);
	test_join(test_start_on(t, 1, free_while_it_runs, t));
}

/* How often text stands in what was logged since pos. */
static unsigned
count_in_log(u64 pos, const char *text)
{
	static char part[1024];
	unsigned found = 0;
	size_t n;

	while ((n = log_read(&pos, part, sizeof(part) - 1))) {
		part[n] = '\0';
		for (const char *p = part; (p = strstr(p, text)); p++)
			found++;
	}
	return found;
}

static void
an_unhandled_interrupt_is_told_once_and_switched_off(struct test *t)
{
	u32 before = irq_count_on(OTHER_IRQ, 0);
	enum log_level level = console_loglevel;
	static char line[400];
	u64 pos = 0;

	while (log_read(&pos, line, sizeof(line)))
		;
	console_loglevel = LOG_ERR;
	distributor_set(GICD_ISENABLER, OTHER_IRQ);
	distributor_set(GICD_ISPENDR, OTHER_IRQ);
	/* The counter moves first; the line is there when the handler ends. */
	TEST_WAIT_UNTIL(irq_count_on(OTHER_IRQ, 0) != before);
	synchronize_irq(OTHER_IRQ);
	distributor_set(GICD_ISPENDR, OTHER_IRQ);
	udelay(1000);
	synchronize_irq(OTHER_IRQ);
	console_loglevel = level;
	EXPECT_EQ(t, irq_count_on(OTHER_IRQ, 0) - before, 1);
	EXPECT_EQ(t, count_in_log(pos, "irq 95: nobody handles it"), 1);
}

static void
interrupts_wait_while_masked(struct test *t)
{
	unsigned cpu = smp_processor_id(), before = ipi_runs[cpu];
	unsigned long flags;

	ipi_register(TEST_IPI, "Test", ipi_handler);
	flags = local_irq_save();
	ipi_send(1ul << cpu, TEST_IPI);
	udelay(100);
	EXPECT_EQ(t, ipi_runs[cpu], before);
	local_irq_restore(flags);
	TEST_WAIT_UNTIL(ipi_runs[cpu] != before);
	EXPECT_EQ(t, ipi_runs[cpu], before + 1);
}

static void
a_software_interrupt_reaches_the_cores_of_its_mask(struct test *t)
{
	unsigned cpu, other, before[NR_CPUS];

	ipi_register(TEST_IPI, "Test", ipi_handler);
	for_each_online_cpu(cpu) {
		for_each_online_cpu(other)
			before[other] = ipi_runs[other];
		ipi_send(1ul << cpu, TEST_IPI);
		TEST_WAIT_UNTIL(ipi_runs[cpu] != before[cpu]);
		EXPECT_EQ(t, ipi_runs[cpu], before[cpu] + 1);
		for_each_online_cpu(other) {
			if (other != cpu)
				EXPECT_EQ(t, ipi_runs[other], before[other]);
		}
	}
}

/* --- A fault inside a handler --- */

static void
faulting_handler(void)
{
	*null_page = 1;
}

static void
interrupt_myself(void *arg)
{
	(void)arg;
	ipi_send(1ul << smp_processor_id(), TEST_IPI);
	udelay(1000);
}

static void
a_caught_fault_in_a_handler_ends_the_interrupt(struct test *t)
{
	unsigned cpu = smp_processor_id(), before;

	ipi_register(TEST_IPI, "Test", faulting_handler);
	EXPECT_REPORT(t, interrupt_myself, NULL, "in an interrupt handler");
	EXPECT(t, !in_interrupt());
	EXPECT(t, !irqs_disabled());
	ipi_register(TEST_IPI, "Test", ipi_handler);
	before = ipi_runs[cpu];
	interrupt_myself(NULL);
	EXPECT_EQ(t, ipi_runs[cpu], before + 1);
}

static void
the_node_has_a_row_for_each_handler(struct test *t)
{
	static char text[4096];
	const struct node *node = node_find("interrupts");
	struct seq_buf s;

	ASSERT(t, node != NULL);
	ASSERT_EQ(t, request_irq(TEST_IRQ, irq_handler, "test-row", NULL), 0);
	seq_buf_init(&s, text, sizeof(text));
	node->show(&s);
	free_irq(TEST_IRQ);
	EXPECT(t, strstr(text, "CPU0"));
	EXPECT(t, strstr(text, "  94:"));
	EXPECT(t, strstr(text, "test-row"));
	EXPECT(t, strstr(text, "  29:"));
	EXPECT(t, strstr(text, "IPI15:") || strstr(text, "Test"));
}

TEST_SUITE("irq",
	TEST_CASE(bad_numbers_are_refused),
	TEST_CASE(an_interrupt_has_one_handler),
	TEST_CASE(a_pending_interrupt_runs_its_handler_once),
	TEST_CASE(a_freed_interrupt_stays_silent),
	TEST_CASE(free_irq_waits_for_the_running_handler),
	TEST_CASE(an_unhandled_interrupt_is_told_once_and_switched_off),
	TEST_CASE(interrupts_wait_while_masked),
	TEST_CASE(a_software_interrupt_reaches_the_cores_of_its_mask),
	TEST_CASE(a_caught_fault_in_a_handler_ends_the_interrupt),
	TEST_CASE(the_node_has_a_row_for_each_handler));
