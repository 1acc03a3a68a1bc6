/* SPDX-License-Identifier: MIT */
/*
 * Exception entry and return: that an exception leaves no trace in the code
 * that it interrupted, and that the stack is checked before it is used.
 */
#include <asm/arch-entry.h>
#include <asm/irqflags.h>
#include <asm/memory.h>
#include <asm/semihost.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/task.h>
#include <kernel/test.h>
#include <kernel/time.h>
#include <kernel/timer.h>

u32 entry_registers_spin(u32 rounds);
u32 entry_misaligned_spin(u32 rounds);
u32 entry_fault_fixup(void *bad);
void entry_bad_sp(u32 sp);
void entry_thumb_undefined(void);

/* Long enough for ticks to arrive, whatever the speed of the machine. */
#define TICKS_WANTED	3

/* Call spin(rounds) until some ticks have interrupted it. */
static u32
spin_through_ticks(u32 (*spin)(u32), u32 rounds)
{
	unsigned long end = jiffies + TICKS_WANTED;
	u32 bad = 0;

	while (!bad && time_before(jiffies, end))
		bad = spin(rounds);
	return bad;
}

static void
registers_survive_interrupts(struct test *t)
{
	EXPECT_EQ(t, spin_through_ticks(entry_registers_spin, 5000), 0);
}

static unsigned long frame_bits;
static unsigned frames_seen;

static void
note_frame(struct timer *timer, void *arg)
{
	(void)timer;
	(void)arg;
	frame_bits |= (unsigned long)irq_regs();
	frames_seen++;
}

/* The compiler may rely on a stack at a multiple of 8, in handlers too. */
static void
handlers_have_an_aligned_stack(struct test *t)
{
	struct timer timer;

	frame_bits = frames_seen = 0;
	timer_setup(&timer, note_frame, NULL);
	timer_add(&timer, ktime_get_ns() + 100000);
	EXPECT_EQ(t, spin_through_ticks(entry_misaligned_spin, 50000), 0);
	timer_del_sync(&timer);
	EXPECT(t, frames_seen == 1);
	EXPECT_EQ(t, frame_bits & 7, 0);
}

static void
an_interrupt_may_come_with_sp_at_a_multiple_of_4(struct test *t)
{
	EXPECT_EQ(t, spin_through_ticks(entry_misaligned_spin, 50000), 0);
}

static void
a_fault_in_the_exception_table_goes_to_its_fixup(struct test *t)
{
	u32 good = 1;

	EXPECT_EQ(t, entry_fault_fixup(&good), 0);
	EXPECT_EQ(t, entry_fault_fixup(NULL), 1);
}

static void
a_fault_keeps_the_interrupt_mask(struct test *t)
{
	unsigned long flags;

	EXPECT(t, !irqs_disabled());
	entry_fault_fixup(NULL);
	EXPECT(t, !irqs_disabled());
	flags = local_irq_save();
	entry_fault_fixup(NULL);
	EXPECT(t, irqs_disabled());
	local_irq_restore(flags);
}

static void
thumb_undefined(void *arg)
{
	entry_thumb_undefined();
}

static void
an_undefined_thumb_instruction_is_named(struct test *t)
{
	char want[48];

	symbol_format((unsigned long)entry_thumb_undefined & ~1ul, want,
		      sizeof(want));
	EXPECT_REPORT(t, thumb_undefined, NULL, want);
	EXPECT_REPORT(t, thumb_undefined, NULL, "Thumb");
}

/* Without an end: the guard page below the stack is what stops it. */
static unsigned
recurse(unsigned n)
{
	volatile u8 space[64];

	space[0] = (u8)n;
	return n ? recurse(n + 1) + space[0] : 0;
}

static void
run_out_of_stack(void *arg)
{
	recurse(1);
}

static void
a_stack_overflow_is_told_from_the_emergency_stack(struct test *t)
{
	EXPECT_REPORT(t, run_out_of_stack, NULL, "kernel stack overflow");
	/* And the check works again afterwards. */
	EXPECT_REPORT(t, run_out_of_stack, NULL, "kernel stack overflow");
}

static void
set_bad_sp(void *arg)
{
	entry_bad_sp((u32)arg);
}

static void
any_stack_pointer_outside_the_stack_is_refused(struct test *t)
{
	u32 base = (u32)current->stack;
	u32 bad[] = { 0, 4, 0x1000, TASK_SIZE, base - 8, base, base + 64,
		      base + THREAD_SIZE + 8, 0xfffffff8 };

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_REPORT(t, set_bad_sp, (void *)bad[i],
			      "kernel stack overflow");
}

static bool nested_ok;

static void
fault_inside_interrupt(struct timer *timer, void *arg)
{
	nested_ok = in_interrupt() && entry_fault_fixup(NULL) == 1;
}

static void
a_fault_may_come_inside_an_interrupt(struct test *t)
{
	static struct timer timer;

	nested_ok = false;
	timer_setup(&timer, fault_inside_interrupt, NULL);
	timer_mod(&timer, ktime_get_ns() + NSEC_PER_MSEC);
	while (timer_pending(&timer))
		cpu_relax();
	timer_del_sync(&timer);
	EXPECT(t, nested_ok);
	EXPECT(t, !in_interrupt());
}

TEST_SUITE("entry",
	   TEST_CASE(registers_survive_interrupts),
	   TEST_CASE(an_interrupt_may_come_with_sp_at_a_multiple_of_4),
	   TEST_CASE(handlers_have_an_aligned_stack),
	   TEST_CASE(a_fault_in_the_exception_table_goes_to_its_fixup),
	   TEST_CASE(a_fault_keeps_the_interrupt_mask),
	   TEST_CASE(an_undefined_thumb_instruction_is_named),
	   TEST_CASE(a_stack_overflow_is_told_from_the_emergency_stack),
	   TEST_CASE(any_stack_pointer_outside_the_stack_is_refused),
	   TEST_CASE(a_fault_may_come_inside_an_interrupt));
