/* SPDX-License-Identifier: MIT */
/*
 * The unwinder names exact chains, crosses interrupts, and survives any
 * stack. Each function of a chain does something after its call, so that the
 * compiler cannot make the call a jump.
 */
#include <asm/catch.h>
#include <asm/irqflags.h>
#include <asm/memory.h>
#include <asm/unwind.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/smp.h>
#include <kernel/test.h>
#include <mm/vmalloc.h>
#include <lib/string.h>

#define TEST_IPI	((enum ipi)15)
#define MAX_PCS		32

/* A call as written: neither inlined nor cloned under another name. */
#define opaque		__attribute__((noipa))

static unsigned long pcs[MAX_PCS];
static unsigned nr_pcs;

/* Is the call before return address pc in the function of this name? */
static bool
called_by(unsigned long pc, const char *name)
{
	struct symbol symbol;

	return symbol_lookup(pc - 4, &symbol) && !strcmp(symbol.name, name);
}

/* Where name stands in pcs, or -1. */
static int
position_of(const char *name)
{
	for (unsigned i = 0; i < nr_pcs; i++) {
		if (called_by(pcs[i], name))
			return (int)i;
	}
	return -1;
}

/* --- A chain of three --- */

static int opaque
chain_third(int x)
{
	nr_pcs = stack_save(pcs, MAX_PCS, 0);
	return x + (int)nr_pcs;
}

static int opaque
chain_second(int x)
{
	volatile char room[200];	/* a large frame: sub sp, #n */

	room[0] = (char)x;
	return chain_third(x + 1) + room[0];
}

static int opaque
chain_first(int x)
{
	return chain_second(x + 1) * 3;
}

static void
a_chain_of_calls_is_named_exactly(struct test *t)
{
	chain_first(1);
	ASSERT(t, nr_pcs >= 4);
	EXPECT(t, called_by(pcs[0], "chain_third"));
	EXPECT(t, called_by(pcs[1], "chain_second"));
	EXPECT(t, called_by(pcs[2], "chain_first"));
	EXPECT(t, called_by(pcs[3],
			  "a_chain_of_calls_is_named_exactly"));
}

static int opaque
chain_skip(void)
{
	unsigned long own[2];
	unsigned n = stack_save(own, 2, 1);

	return n == 2 && !called_by(own[0], "chain_skip");
}

static void
skip_leaves_out_the_newest(struct test *t)
{
	unsigned long own[1];

	EXPECT(t, chain_skip());
	EXPECT_EQ(t, stack_save(own, 1, 0), 1);
	EXPECT_EQ(t, stack_save(own, 0, 0), 0);
	EXPECT_EQ(t, stack_save(own, 1, 1000), 0);
}

static void
the_walk_ends_at_the_bottom_of_the_stack(struct test *t)
{
	const struct pt_regs *regs;
	struct stack_frame frame, last;
	unsigned steps = 0;

	unwind_start_here(&frame);
	while (steps < 100 && !unwind_step(&frame, &regs))
		steps++;
	EXPECT(t, steps > 1 && steps < 20);
	last = frame;
	EXPECT(t, unwind_step(&frame, &regs) < 0);
	EXPECT(t, !memcmp(&last, &frame, sizeof(frame)));
}

/* --- Through exceptions --- */

static volatile bool interrupted;

static void
ipi_handler(void)
{
	nr_pcs = stack_save(pcs, MAX_PCS, 0);
	interrupted = true;
}

static int opaque
is_interrupted(int x)
{
	local_irq_disable();
	ipi_send(1ul << smp_processor_id(), TEST_IPI);
	local_irq_enable();
	while (!interrupted)
		;
	return x + 1;
}

static int opaque
calls_the_interrupted(int x)
{
	return is_interrupted(x + 1) * 3;
}

static void
the_walk_crosses_an_interrupt(struct test *t)
{
	int at;

	interrupted = false;
	ipi_register(TEST_IPI, "Test", ipi_handler);
	calls_the_interrupted(1);
	EXPECT(t, position_of("do_irq") > 0);
	at = position_of("is_interrupted");
	ASSERT(t, at > 0);
	EXPECT_EQ(t, position_of("calls_the_interrupted"), at + 1);
	EXPECT_EQ(t, position_of("the_walk_crosses_an_interrupt"), at + 2);
}

static void
ipi_reads_regs(void)
{
	const struct pt_regs *regs, *found = NULL;
	struct stack_frame frame;

	unwind_start_here(&frame);
	while (!found && !unwind_step(&frame, &regs))
		found = regs;
	interrupted = found == irq_regs() && found &&
		      frame_pc(&frame) == found->pc && frame.exact &&
		      frame.r[0] == found->r[0] &&
		      frame.r[4] == found->r[4] &&
		      frame.r[12] == found->r[12];
	if (!interrupted)
		nr_pcs = 0;
	interrupted = true;
}

static void
the_walk_hands_out_the_saved_registers(struct test *t)
{
	interrupted = false;
	nr_pcs = 1;
	ipi_register(TEST_IPI, "Test", ipi_reads_regs);
	calls_the_interrupted(1);
	EXPECT_EQ(t, nr_pcs, 1);
}

static volatile int *volatile nowhere = (int *)0x10;

static int opaque
faults_here(int x)
{
	return *nowhere + x;
}

static int opaque
calls_what_faults(int x)
{
	return faults_here(x + 1) * 3;
}

static void opaque
start_the_fault(void *arg)
{
	calls_what_faults(1);
	__asm__ volatile("");		/* so that the call is no jump */
}

static void
an_oops_names_the_chain_that_led_to_it(struct test *t)
{
	EXPECT_REPORT(t, start_the_fault, NULL, "faults_here+");
	EXPECT_REPORT(t, start_the_fault, NULL, "calls_what_faults+");
	EXPECT_REPORT(t, start_the_fault, NULL, "start_the_fault+");
	EXPECT_REPORT(t, start_the_fault, NULL,
		      "an_oops_names_the_chain_that_led_to_it+");
}

/* --- Damaged stacks --- */

static void
walk_from(void *arg)
{
	const struct pt_regs *regs;
	struct stack_frame frame;

	unwind_start_regs(&frame, arg);
	nr_pcs = 0;
	while (nr_pcs < 5000 && !unwind_step(&frame, &regs))
		nr_pcs++;
}

/* Walk; true if it neither faulted nor went on for ever. */
static bool
survives(struct pt_regs *regs)
{
	return !catch_run(walk_from, regs) && nr_pcs < 5000;
}

/* An address inside chain_second, behind its prologue: it pops from sp. */
static u32
pc_inside(void)
{
	chain_first(1);
	return (u32)pcs[1];
}

static void
a_wild_stack_pointer_is_refused(struct test *t)
{
	static const u32 wild[] = {
		0, 4, 0x1000, 0x00400000, 0xbefffffc, 0xbf000000, 0xbffffffc,
		0xfefffff8, 0xff7ffffc, 0xfffffffc, 0xfffff000, 0xffffffff,
	};
	struct pt_regs regs = { .pc = pc_inside() };

	for (unsigned i = 0; i < ARRAY_SIZE(wild); i++) {
		regs.sp = wild[i];
		if (!EXPECT(t, survives(&regs)) || !EXPECT_EQ(t, nr_pcs, 0))
			test_info(t, "sp 0x%08x", wild[i]);
	}
	regs.sp = (u32)(unsigned long)&regs + 1;
	EXPECT(t, survives(&regs));
	EXPECT_EQ(t, nr_pcs, 0);
}

static void
a_wild_pc_is_refused(struct test *t)
{
	static const u32 wild[] = { 0, 0x1000, 0xc0000000, 0xffff0008, ~0u };
	struct pt_regs regs = { .sp = (u32)(unsigned long)&regs };

	for (unsigned i = 0; i < ARRAY_SIZE(wild); i++) {
		regs.pc = regs.lr = wild[i];
		EXPECT(t, survives(&regs));
		EXPECT_EQ(t, nr_pcs, 0);
	}
}

/* A stack full of return addresses into functions, at random. */
static void
random_stacks_are_survived(struct test *t)
{
	extern const char __text_start[], __text_end[];
	static u32 stack[THREAD_SIZE / 4] __aligned(THREAD_SIZE);
	u32 text = (u32)(unsigned long)__text_start;
	u32 size = (u32)(__text_end - __text_start);
	struct pt_regs regs = { .pc = 0 };
	unsigned deepest = 0;

	for (unsigned round = 0; round < 300; round++) {
		for (unsigned i = 0; i < THREAD_SIZE / 4; i++) {
			u32 r = test_random(t);

			stack[i] = r & 3 ? text + r % size / 4 * 4 :
				   r & 4 ? (u32)(unsigned long)&stack[i] : r;
		}
		for (int i = 0; i < 13; i++)
			regs.r[i] = stack[100 + i];
		regs.sp = (u32)(unsigned long)&stack[round % 64];
		regs.pc = text + test_random(t) % size / 4 * 4;
		regs.lr = text + test_random(t) % size / 4 * 4;
		if (!EXPECT(t, survives(&regs)))
			return;
		deepest = max(deepest, nr_pcs);
	}
	EXPECT(t, deepest > 3);		/* or it tested nothing */
}

/* --- Single descriptions (unwind_ops.S) --- */

#define REFUSED		(-1)

struct op_case {
	const char *name;
	void (*fn)(void);
	int up;			/* bytes that sp moves, or REFUSED */
	int pop[16];		/* register r gets stack word pop[r] - 1 */
};

void op_add_4(void), op_add_256(void), op_add_16_sub_8(void), op_sub_4(void);
void op_mask_r4_r11(void), op_mask_pc(void), op_mask_sp(void);
void op_refuse(void), op_sp_is_r7(void), op_sp_is_sp(void), op_sp_is_pc(void);
void op_range_r4_r5(void), op_range_r4_r5_lr(void), op_low_r0_r3(void);
void op_low_none(void), op_low_wrong(void), op_uleb_1(void);
void op_uleb_129(void), op_uleb_endless(void), op_vfp(void), op_spare(void);
void op_coprocessor(void), op_many(void), op_none(void), op_personality(void);

#define OP(fn, up, ...)	{ #fn, fn, up, { __VA_ARGS__ } }

static const struct op_case op_cases[] = {
	OP(op_add_4, 4),
	OP(op_add_256, 256),
	OP(op_add_16_sub_8, 8),
	OP(op_sub_4, REFUSED),		/* moves down */
	OP(op_mask_r4_r11, 8, [4] = 1, [11] = 2),
	OP(op_mask_pc, 4, [15] = 1),
	OP(op_mask_sp, REFUSED),
	OP(op_refuse, REFUSED),
	OP(op_sp_is_r7, 128),
	OP(op_sp_is_sp, REFUSED),
	OP(op_sp_is_pc, REFUSED),
	OP(op_range_r4_r5, 8, [4] = 1, [5] = 2),
	OP(op_range_r4_r5_lr, 12, [4] = 1, [5] = 2, [14] = 3, [15] = 3),
	OP(op_low_r0_r3, 16, [0] = 1, [1] = 2, [2] = 3, [3] = 4),
	OP(op_low_none, REFUSED),
	OP(op_low_wrong, REFUSED),
	OP(op_uleb_1, 0x204 + 4),
	OP(op_uleb_129, 0x204 + 4 * 129),
	OP(op_uleb_endless, REFUSED),
	OP(op_vfp, REFUSED),
	OP(op_spare, REFUSED),
	OP(op_coprocessor, REFUSED),
	OP(op_many, 8 * 8 + 4, [4] = 17),
	OP(op_none, REFUSED),
	OP(op_personality, REFUSED),
};

/* Registers 0x100 + n; words of the stack are code addresses, all different. */
static void
check_op(struct test *t, const struct op_case *op, u32 *stack)
{
	u32 code = (u32)code_address(test_fail);
	struct pt_regs regs = { .lr = code };
	const struct pt_regs *crossed;
	struct stack_frame frame;
	bool stepped;

	for (u32 n = 0; n < 13; n++)
		regs.r[n] = 0x100 + n;
	regs.r[7] = (u32)(unsigned long)(stack + 32);
	regs.sp = (u32)(unsigned long)stack;
	regs.pc = (u32)(unsigned long)op->fn + 4;
	unwind_start_regs(&frame, &regs);
	stepped = !unwind_step(&frame, &crossed);
	EXPECT_EQ(t, stepped, op->up != REFUSED);
	if (!stepped || op->up == REFUSED)
		return;
	EXPECT_EQ(t, frame.r[13] - regs.sp, op->up);
	for (int n = 0; n < 16; n++) {
		u32 want = n < 13 ? regs.r[n] : code;

		if (op->pop[n])
			want = stack[op->pop[n] - 1];
		if (n != 13)
			EXPECT_EQ(t, frame.r[n], want);
	}
	EXPECT(t, !frame.exact && !crossed);
}

static void
each_instruction_of_a_description_does_its_part(struct test *t)
{
	const unsigned words = THREAD_SIZE / 4;
	u32 *stack = vmalloc(THREAD_SIZE);	/* a guard page behind it */
	unsigned failed = 0;

	ASSERT(t, stack != NULL);
	for (unsigned i = 0; i < words; i++)
		stack[i] = (u32)code_address(test_fail) + 4 * (i % 16) + 4;
	for (unsigned i = 0; i < ARRAY_SIZE(op_cases); i++) {
		check_op(t, &op_cases[i], stack + 16);
		if (t->nr_failed != failed)
			test_info(t, "in %s", op_cases[i].name);
		failed = t->nr_failed;
	}
	/* The end of the stack: one word is there, the second is not. */
	stack[words - 1] = (u32)code_address(test_fail);
	check_op(t, &(struct op_case)OP(op_range_r4_r5, REFUSED),
		 &stack[words - 1]);
	check_op(t, &(struct op_case)OP(op_mask_pc, 4, [15] = 1),
		 &stack[words - 1]);
	vfree(stack);
}

/* The first instruction has pushed nothing yet: the caller is in lr. */
static void
a_function_hit_at_its_first_instruction_has_its_caller(struct test *t)
{
	struct pt_regs regs = {
		.pc = (u32)(unsigned long)op_range_r4_r5_lr,
		.lr = (u32)code_address(test_fail) + 8,
		.sp = (u32)(unsigned long)&regs,
	};
	const struct pt_regs *crossed;
	struct stack_frame frame;

	unwind_start_regs(&frame, &regs);
	ASSERT_EQ(t, unwind_step(&frame, &crossed), 0);
	EXPECT_EQ(t, frame_pc(&frame), regs.lr);
	EXPECT_EQ(t, frame.r[13], regs.sp);
}

TEST_SUITE("unwind",
	TEST_CASE(a_chain_of_calls_is_named_exactly),
	TEST_CASE(skip_leaves_out_the_newest),
	TEST_CASE(the_walk_ends_at_the_bottom_of_the_stack),
	TEST_CASE(the_walk_crosses_an_interrupt),
	TEST_CASE(the_walk_hands_out_the_saved_registers),
	TEST_CASE(an_oops_names_the_chain_that_led_to_it),
	TEST_CASE(a_wild_stack_pointer_is_refused),
	TEST_CASE(a_wild_pc_is_refused),
	TEST_CASE(random_stacks_are_survived),
	TEST_CASE(each_instruction_of_a_description_does_its_part),
	TEST_CASE(a_function_hit_at_its_first_instruction_has_its_caller));
