/* SPDX-License-Identifier: MIT */
/*
 * Each kind of fault ends in a report that names the mistake, and a caught
 * one leaves the kernel as it was.
 */
#include <asm/catch.h>
#include <asm/entry.h>
#include <asm/extable.h>
#include <asm/irqflags.h>
#include <asm/memory.h>
#include <asm/pgtable.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/ptwalk.h>
#include <kernel/task.h>
#include <kernel/test.h>
#include <kernel/user_event.h>
#include <lib/list.h>
#include <lib/string.h>

/* All through volatile pointers: the compiler must not know better. */
static void
read_from(void *addr)
{
	volatile int *volatile p = addr;

	(void)*p;
}

static void
write_to(void *addr)
{
	volatile int *volatile p = addr;

	*p = 0x5a5a5a5a;
}

static void
jump_to(void *addr)
{
	void (*volatile fn)(void) = (void (*)(void))addr;

	fn();
}

static void *
address(unsigned long addr)
{
	return (void *)addr;
}

/* --- Addresses --- */

static void
null_pointers_are_named(struct test *t)
{
	EXPECT_REPORT(t, read_from, NULL, "NULL pointer dereference");
	EXPECT_REPORT(t, write_to, NULL, "NULL pointer dereference");
	EXPECT_REPORT(t, read_from, address(0xffc), "NULL pointer");
	EXPECT_REPORT(t, jump_to, NULL, "jump to a NULL pointer");
	/* There is no code to show. */
	EXPECT_REPORT(t, jump_to, NULL, "(........) ........");
}

static void
the_report_tells_what_was_tried(struct test *t)
{
	EXPECT_REPORT(t, read_from, NULL, "read at 00000000");
	EXPECT_REPORT(t, write_to, address(0x20), "write at 00000020");
	EXPECT_REPORT(t, jump_to, address(0x40), "execution at 00000040");
	EXPECT_REPORT(t, read_from, address(0x1000), "at 00001000");
}

static void
user_addresses_are_named(struct test *t)
{
	EXPECT_REPORT(t, read_from, address(0x1000),
		      "access to a user address");
	EXPECT_REPORT(t, write_to, address(TASK_SIZE - 4),
		      "access to a user address");
}

static void
unmapped_kernel_addresses_are_named(struct test *t)
{
	/* The gap between lowmem and vmalloc is never mapped. */
	char *gap = (char *)high_memory + VMALLOC_GAP / 2;

	EXPECT_REPORT(t, read_from, gap, "access to an unmapped address");
	EXPECT_REPORT(t, write_to, gap, "access to an unmapped address");
	EXPECT_REPORT(t, jump_to, gap, "jump to an unmapped address");
}

static void
delete_twice(void *arg)
{
	struct list_head *volatile node = arg;

	list_del(node);
	list_del(node);
}

static void
a_second_list_del_is_named(struct test *t)
{
	LIST_HEAD(head);
	struct list_head node;

	list_add(&node, &head);
	EXPECT_REPORT(t, delete_twice, &node, "list poison");
}

/* --- Permissions --- */

static const int constant = 42;
static u32 data_code[4] __aligned(32) = { 0xe12fff1e };	/* bx lr */

/* rodata=off: all of the kernel is writable and executable. */
static bool
protection_is_off(void)
{
	struct pt_walk w;

	pt_walk(swapper_pg_dir, (unsigned long)printk, &w);
	return w.write;
}

static void
constants_and_code_are_read_only(struct test *t)
{
	if (protection_is_off())
		SKIP(t, "rodata=off");
	EXPECT_REPORT(t, write_to, (void *)&constant,
		      "write to read-only memory");
	EXPECT_EQ(t, *(const volatile int *)&constant, 42);
	EXPECT_REPORT(t, write_to, (void *)printk,
		      "write to read-only memory");
}

static void
data_and_stacks_are_not_executable(struct test *t)
{
	u32 stack_code[4] = { 0xe12fff1e };

	if (protection_is_off())
		SKIP(t, "rodata=off");
	EXPECT_REPORT(t, jump_to, data_code,
		      "execution of non-executable memory");
	EXPECT_REPORT(t, jump_to, stack_code,
		      "execution of non-executable memory");
	EXPECT_REPORT(t, jump_to, (void *)&constant,
		      "execution of non-executable memory");
}

/* --- Instructions --- */

static void
load_double(void *addr)
{
	__asm__ volatile("ldm %0, {r2, r3}" :: "r"(addr) : "r2", "r3");
}

static void
load_exclusive(void *addr)
{
	__asm__ volatile("ldrex r2, [%0]" :: "r"(addr) : "r2", "memory");
}

static void
unaligned_accesses_are_named(struct test *t)
{
	u32 words[4];

	EXPECT_REPORT(t, load_double, (char *)words + 2, "unaligned access");
	EXPECT_REPORT(t, load_exclusive, (char *)words + 1,
		      "unaligned access");
}

static void
execute_undefined(void *arg)
{
	__asm__ volatile("udf #0");
}

static void
execute_breakpoint(void *arg)
{
	__asm__ volatile("bkpt #0");
}

static void
undefined_instructions_are_named(struct test *t)
{
	EXPECT_REPORT(t, execute_undefined, NULL, "undefined instruction");
	EXPECT_REPORT(t, execute_undefined, NULL, "(e7f000f0)");
	EXPECT_REPORT(t, execute_undefined, NULL,
		      "pc : ");
	EXPECT_REPORT(t, execute_breakpoint, NULL, "breakpoint instruction");
}

/* --- What the report shows --- */

static void
fault_with_known_registers(void *arg)
{
	__asm__ volatile(
		"movw r4, #0x3344\n\tmovt r4, #0x1122\n\t"
		"movw r7, #0x7788\n\tmovt r7, #0x5566\n\t"
		"mov r0, #0\n\t"
		"ldr r0, [r0, #8]"
		::: "r0", "r4", "r7", "memory");
}

static void
the_report_shows_registers_code_walk_and_stack(struct test *t)
{
	static const char *const parts[] = {
		"oops: NULL pointer dereference", "CPU ", "task ",
		"read at 00000008, fault status 0x005: translation, section",
		"L1  index 0x000", "no translation: fault status 0x05",
		"r4 : 11223344", "r7 : 55667788", "r0 : 00000000",
		"pc : ", "fault_with_known_registers+", "mode SVC  ARM",
		"irq on", "(e5900008)", "stack:",
		"the_report_shows_registers_code_walk_and_stack+",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		EXPECT_REPORT(t, fault_with_known_registers, NULL, parts[i]);
}

/* --- Fault statuses that are hard to cause: handed to the handler --- */

static void
hand_in(void *fault)
{
	struct pt_regs regs = { .psr = PSR_MODE_SVC, .sp = (u32)(unsigned long)
				&regs, .pc = (u32)(unsigned long)hand_in };

	do_page_fault(&regs, fault);
}

static void
every_fault_status_has_its_name(struct test *t)
{
	static const struct {
		u32 fsr;
		bool fetch, write;
		const char *text;
	} statuses[] = {
		{ 0x001, false, false, "unaligned access" },
		{ 0x801, false, true, "unaligned access" },
		{ 0x002, true, false, "breakpoint instruction" },
		{ 0x003, false, false, "not young" },
		{ 0x006, false, false, "not young" },
		{ 0x005, false, false, "access to an unmapped address" },
		{ 0x007, true, false, "jump to an unmapped address" },
		{ 0x009, false, false, "closed domain" },
		{ 0x01b, false, false, "closed domain" },
		{ 0x008, false, false, "external abort" },
		{ 0x00c, false, false, "external abort" },
		{ 0x00e, false, false, "external abort" },
		{ 0x406, false, false, "external abort" },
		{ 0x00d, false, false, "read of forbidden memory" },
		{ 0x80f, false, true, "write to read-only memory" },
		{ 0x00f, true, false, "execution of non-executable" },
		{ 0x400, false, false, "fault of an unknown kind" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(statuses); i++) {
		struct fault_info fault = {
			.addr = (unsigned long)high_memory + VMALLOC_GAP / 2,
			.fsr = statuses[i].fsr,
			.fetch = statuses[i].fetch,
			.write = statuses[i].write,
		};

		EXPECT_REPORT(t, hand_in, &fault, statuses[i].text);
	}
}

static void
fault_in_user_mode(void *arg)
{
	struct fault_info fault = { .fsr = 1 };	/* no page can mend that */
	struct pt_regs regs = { .psr = PSR_MODE_USR };

	do_page_fault(&regs, &fault);
}

static void
system_call(void *arg)
{
	struct pt_regs regs = { .r = { [7] = 20 }, .psr = PSR_MODE_USR };

	user_event(USER_SYSCALL, &regs, NULL);
}

static void
bad_exception(void *arg)
{
	struct pt_regs regs = { .psr = PSR_MODE_FIQ | PSR_T_BIT };

	do_bad_exception(&regs, "of the test");
}

static void
exceptions_without_a_meaning_are_reported(struct test *t)
{
	EXPECT_REPORT(t, fault_in_user_mode, NULL, "without a process");
	EXPECT_REPORT(t, fault_in_user_mode, NULL, "mode user  ARM");
	EXPECT_REPORT(t, system_call, NULL, "a system call in user mode");
	EXPECT_REPORT(t, bad_exception, NULL,
		      "unexpected exception: of the test");
	EXPECT_REPORT(t, bad_exception, NULL, "mode FIQ  Thumb");
}

/* --- The walk of a report --- */

static const char *
walk_text(unsigned long va)
{
	static char text[640];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	ptwalk_show(&s, va);
	return text;
}

static void
a_walk_says_what_lies_at_an_address(struct test *t)
{
	const char *text = walk_text((unsigned long)printk);
	char want[48];

	if (protection_is_off())
		SKIP(t, "rodata=off");
	EXPECT(t, strstr(text, "L1  index 0xc00"));
	EXPECT(t, strstr(text, "L2  index 0x"));
	EXPECT(t, strstr(text, "small page (4 KiB)"));
	EXPECT(t, strstr(text, "kernel r-x  user --"));
	EXPECT(t, !strstr(text, "does not agree"));
	snprintf(want, sizeof(want), "=>  PA 0x%08x",
		 __pa((const void *)printk));
	EXPECT(t, strstr(text, want));
	text = walk_text((unsigned long)&constant);
	EXPECT(t, strstr(text, "kernel r--  user --"));
	text = walk_text((unsigned long)data_code);
	EXPECT(t, strstr(text, "kernel rw-  user --"));
	text = walk_text(FIXMAP_END - PAGE_SIZE);
	EXPECT(t, strstr(text, "second-level table"));
	EXPECT(t, strstr(text, "no translation: fault status 0x07"));
	text = walk_text(0);
	EXPECT(t, strstr(text, "no translation: fault status 0x05"));
}

/* --- Fix-ups --- */

/* Load *addr; false if that faults. */
static bool
probe(const int *addr, int *value)
{
	int got, ok = 1;

	__asm__ volatile(
		"1:	ldr	%0, [%2]\n"
		"	b	3f\n"
		"2:	mov	%1, #0\n"
		"3:\n"
		"	.pushsection .ex_table, \"a\"\n"
		"	.balign	4\n"
		"	.word	1b, 2b\n"
		"	.popsection"
		: "=&r"(got), "+r"(ok) : "r"(addr) : "memory");
	*value = got;
	return ok;
}

static void
a_load_with_a_fixup_may_fault(struct test *t)
{
	int value = 0;

	EXPECT(t, probe(&constant, &value));
	EXPECT_EQ(t, value, 42);
	EXPECT(t, !probe(NULL, &value));
	EXPECT(t, !probe(address(0x1000), &value));
	EXPECT(t, !irqs_disabled());
}

/* --- Stack overflow: a stack pointer that is no longer in its stack --- */

static void
fault_with_stack(void *sp)
{
	__asm__ volatile(
		"mov	r4, sp\n\t"
		"mov	sp, %0\n\t"
		"udf	#1\n\t"
		"mov	sp, r4"
		:: "r"(sp) : "r4", "memory");
}

static void
a_stack_overflow_is_readable(struct test *t)
{
	char *stack = current->stack, text[48];

	EXPECT_REPORT(t, fault_with_stack, stack + 16,
		      "kernel stack overflow");
	EXPECT_REPORT(t, fault_with_stack, stack - 64,
		      "kernel stack overflow");
	EXPECT_REPORT(t, fault_with_stack, NULL, "kernel stack overflow");
	snprintf(text, sizeof(text), "of task %d", current->pid);
	EXPECT_REPORT(t, fault_with_stack, stack - 4096, text);
	snprintf(text, sizeof(text), "sp %08lx is outside %08lx-",
		 (unsigned long)stack - 4096, (unsigned long)stack);
	EXPECT_REPORT(t, fault_with_stack, stack - 4096, text);
	/* and the check works as before */
	EXPECT_REPORT(t, execute_undefined, NULL, "undefined instruction");
}

/* --- BUG, assert, panic, WARN --- */

static void
hit_bug(void *arg)
{
	BUG_ON(arg == NULL);
}

static void
hit_assert(void *arg)
{
	assert(arg != NULL);
}

static void
hit_panic(void *arg)
{
	panic("no reason but %s", "this one");
}

static void
bugs_name_file_and_condition(struct test *t)
{
	EXPECT_REPORT(t, hit_bug, NULL, "tests/kernel/fault.c");
	EXPECT_REPORT(t, hit_bug, NULL, "arg == NULL");
	EXPECT_REPORT(t, hit_bug, NULL, "hit_bug+");
	EXPECT_REPORT(t, hit_assert, NULL, "!(arg != NULL)");
	EXPECT_REPORT(t, hit_panic, NULL, "panic: no reason but this one");
	EXPECT_REPORT(t, hit_panic, NULL, "hit_panic+");
}

static void
a_warning_is_printed_and_counted(struct test *t)
{
	static char text[4096];
	unsigned before = nr_warnings;
	bool yes, no;

	log_capture_begin(text, sizeof(text));
	no = WARN_ON(t == NULL);
	yes = WARN_ON(t != NULL);
	log_capture_end();
	EXPECT(t, yes && !no);
	EXPECT_EQ(t, nr_warnings - before, 1);
	EXPECT(t, strstr(text, "WARNING at tests/kernel/fault.c"));
	EXPECT(t, strstr(text, "t != NULL"));
	EXPECT(t, strstr(text, "a_warning_is_printed_and_counted+"));
	nr_warnings = before;
}

static void
panic_with_bad_argument(void *arg)
{
	panic("%s", (const char *)arg);
}

static void
a_fault_in_a_report_makes_a_short_one(struct test *t)
{
	EXPECT_REPORT(t, panic_with_bad_argument, address(0x1000),
		      "a fault while reporting, at pc ");
	/* and the next one is whole again */
	EXPECT_REPORT(t, hit_panic, NULL, "panic: no reason but this one");
}

/* --- Catching --- */

static volatile unsigned depth_reached;

static void
inner_fault(void *arg)
{
	depth_reached++;
	read_from(NULL);
	depth_reached += 100;
}

static void
outer_goes_on(void *arg)
{
	if (catch_run(inner_fault, NULL))
		depth_reached += 10;
	read_from(NULL);
}

static void
catch_points_nest_and_restore_interrupts(struct test *t)
{
	static char text[8192];
	unsigned long flags;
	bool thrown;

	depth_reached = 0;
	log_capture_begin(text, sizeof(text));
	flags = local_irq_save();
	thrown = catch_run(outer_goes_on, NULL);
	log_capture_end();
	EXPECT(t, irqs_disabled());
	local_irq_restore(flags);
	EXPECT(t, thrown);
	EXPECT_EQ(t, depth_reached, 11);
	EXPECT(t, !catch_armed());
	EXPECT(t, !irqs_disabled());
}

static void
returns_normally(void *arg)
{
	*(int *)arg = catch_armed();
}

static void
what_does_not_fault_just_returns(struct test *t)
{
	int armed = 0;

	EXPECT(t, !catch_run(returns_normally, &armed));
	EXPECT_EQ(t, armed, 1);
	EXPECT(t, !catch_armed());
}

TEST_SUITE("fault",
	TEST_CASE(null_pointers_are_named),
	TEST_CASE(the_report_tells_what_was_tried),
	TEST_CASE(user_addresses_are_named),
	TEST_CASE(unmapped_kernel_addresses_are_named),
	TEST_CASE(a_second_list_del_is_named),
	TEST_CASE(constants_and_code_are_read_only),
	TEST_CASE(data_and_stacks_are_not_executable),
	TEST_CASE(unaligned_accesses_are_named),
	TEST_CASE(undefined_instructions_are_named),
	TEST_CASE(the_report_shows_registers_code_walk_and_stack),
	TEST_CASE(every_fault_status_has_its_name),
	TEST_CASE(exceptions_without_a_meaning_are_reported),
	TEST_CASE(a_walk_says_what_lies_at_an_address),
	TEST_CASE(a_load_with_a_fixup_may_fault),
	TEST_CASE(a_stack_overflow_is_readable),
	TEST_CASE(bugs_name_file_and_condition),
	TEST_CASE(a_warning_is_printed_and_counted),
	TEST_CASE(a_fault_in_a_report_makes_a_short_one),
	TEST_CASE(catch_points_nest_and_restore_interrupts),
	TEST_CASE(what_does_not_fault_just_returns));
