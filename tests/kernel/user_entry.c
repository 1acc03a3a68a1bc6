/* SPDX-License-Identifier: MIT */
/*
 * User mode: programs of a few instructions (user_entry.S) run by tasks that
 * have a space made by hand, and no process. What they do comes to
 * note_event() below.
 *
 *	SPACE_BASE  page 0 data (rw)   1 code (r-x)   2 stack (rw)   3 (r--)
 */
#include <asm/cacheflush.h>
#include <asm/uaccess.h>
#include <kernel/fpu.h>
#include <kernel/kthread.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <kernel/user_event.h>
#include <lib/string.h>
#include <mm/trace_ring.h>
#include "user_space.h"

#define CALL_EXIT	0x7f01		/* as in user_entry.S */
#define CALL_YIELD	0x7f02
#define CALL_NULL	0x7f03

#define DATA		SPACE_BASE
#define CODE		(SPACE_BASE + PAGE_SIZE)
#define STACK_TOP	(SPACE_BASE + 3 * PAGE_SIZE)
#define READ_ONLY	(SPACE_BASE + 3 * PAGE_SIZE)
#define HOLE		(SPACE_BASE + 4 * PAGE_SIZE)

extern const char user_add[], user_add_thumb[], user_clean[], user_registers[];
extern const char user_spin[], user_vfp[], user_vfp_peek[], user_tls[];
extern const char user_tls_rw[], user_kuser[], user_load[], user_store[];
extern const char user_jump[], user_undefined[], user_breakpoint[];
extern const char user_unaligned[], user_privileged[], user_null_calls[];
extern const char user_programs_end[];

/* One program on its way, and what became of it. */
struct user_run {
	struct space *space;		/* NULL: home */
	const char *program;
	u32 r0, r1, tls;
	void (*on_yield)(struct user_run *run, struct pt_regs *regs);
	struct task *task;
	/* Out: */
	enum user_event what;
	struct pt_regs regs;
	struct fault_info fault;
	unsigned yields;
	u64 when[2];
	u32 seen[4];
};

static struct space home;

static void
on_call(struct user_run *run, struct pt_regs *regs)
{
	if (run->yields == 1)
		run->when[1] = ktime_get_ns();
	run->yields++;
	regs->r[0]++;
	if (run->on_yield)
		run->on_yield(run, regs);
	yield();
	if (run->yields == 1)
		run->when[0] = ktime_get_ns();
}

/* Context: the program's task, entered from user mode. */
static void
note_event(enum user_event what, struct pt_regs *regs,
	   const struct fault_info *fault)
{
	struct user_run *run = current->arg;

	if (what == USER_SYSCALL && regs->r[7] == CALL_NULL)
		return;
	if (what == USER_SYSCALL && regs->r[7] == CALL_YIELD) {
		on_call(run, regs);
		return;
	}
	run->what = what;
	run->regs = *regs;
	if (fault)
		run->fault = *fault;
	task_switch_mm(NULL);
	kthread_exit(0);
}

static void
user_thread(void *arg)
{
	static unsigned nr_started;
	struct user_run *run = arg;
	struct pt_regs *regs = task_pt_regs(current);
	unsigned n = __atomic_fetch_add(&nr_started, 1, __ATOMIC_RELAXED);

	current->tls = run->tls;
	task_switch_mm(&run->space->mm);
	start_thread(regs, CODE + (u32)(run->program - user_add),
		     STACK_TOP - n % 16 * 256);		/* each its own */
	regs->r[0] = run->r0;
	regs->r[1] = run->r1;
	return_to_user(regs);
}

static bool
run_start(struct test *t, struct user_run *run, unsigned cpu)
{
	if (!run->space)
		run->space = &home;
	run->task = kthread_create_on_cpu(user_thread, run, cpu, "user/%u",
					  cpu);
	if (!EXPECT(t, run->task != NULL))
		return false;
	get_task(run->task);
	wake_up_process(run->task);
	return true;
}

/* Run it to its end on this core. True if it ended as `what'. */
static bool
run_program(struct test *t, struct user_run *run, enum user_event what)
{
	if (!run_start(t, run, smp_processor_id()))
		return false;
	kthread_join(run->task);
	return EXPECT_EQ(t, run->what, what);
}

/* The value that the program exits with. */
static u32
result_of(struct test *t, const char *program, u32 r0)
{
	struct user_run run = { .program = program, .r0 = r0 };

	return run_program(t, &run, USER_SYSCALL) ? run.regs.r[0] : ~0u;
}

static bool
make_space(struct test *t, struct space *space, u32 mark)
{
	size_t size = (size_t)(user_programs_end - user_add);
	char *code;

	if (!EXPECT(t, size <= PAGE_SIZE) ||
	    !EXPECT(t, space_open(space, 4, mark)))
		return false;
	code = page_address(space->pages[1]);
	memcpy(code, user_add, size);
	icache_sync_range(code, code + size);
	space_set(space, 1, USER_READ | USER_EXEC, true);
	space_set(space, 3, USER_READ, true);
	return true;
}

static bool
lab_open(struct test *t)
{
	if (!make_space(t, &home, 0))
		return false;
	set_user_event_fn(note_event);
	return true;
}

static void
lab_close(struct test *t)
{
	set_user_event_fn(NULL);
	sched_drop_borrowed_mm();
	EXPECT_EQ(t, atomic_read(&home.mm.mm_count), 1000);
	space_close(&home);
}

static void
a_program_runs_and_calls(struct test *t)
{
	if (!lab_open(t))
		return;
	EXPECT_EQ(t, result_of(t, user_add, 41), 42);
	EXPECT_EQ(t, result_of(t, user_add_thumb + 1, 41), 43);
	EXPECT_EQ(t, result_of(t, user_clean, 0), 0);
	lab_close(t);
}

static void
registers_survive_calls_and_switches(struct test *t)
{
	struct user_run one = { .program = user_registers, .r0 = 50 };
	struct user_run two = one;
	unsigned cpu = smp_processor_id();

	if (!lab_open(t))
		return;
	if (run_start(t, &one, cpu) && run_start(t, &two, cpu)) {
		kthread_join(one.task);
		kthread_join(two.task);
	}
	EXPECT_EQ(t, one.regs.r[0], 0);
	EXPECT_EQ(t, two.regs.r[0], 0);
	EXPECT_EQ(t, one.yields, 50);
	EXPECT_EQ(t, two.yields, 50);
	lab_close(t);
}

/*
 * The program never calls: this thread, pinned to the same core, runs again only
 * because ticks take the core from it.
 */
static void
preempt_one(struct test *t, unsigned cpu, void *arg)
{
	u32 *word = (u32 *)page_address(home.pages[0]) + 16 + cpu;
	struct user_run run = { .program = user_spin, .r0 = 0x1234 + cpu,
				.r1 = DATA + 64 + 4 * cpu };
	unsigned i;

	*word = 0;
	if (!run_start(t, &run, cpu))
		return;
	for (i = 0; i < 4; i++)
		yield();
	EXPECT(t, run.task->nr_switches >= 3);
	WRITE_ONCE(*word, 1);
	kthread_join(run.task);
	EXPECT_EQ(t, run.what, USER_SYSCALL);
	EXPECT_EQ(t, run.regs.r[0], 0);
}

static void
a_user_loop_is_preempted_on_each_core(struct test *t)
{
	if (!lab_open(t))
		return;
	test_on_all_cpus(t, preempt_one, NULL);
	lab_close(t);
}

/* --- What goes wrong in user mode --- */

struct fault_row {
	const char *program;
	u32 at;
	bool write, fetch;
	u32 fsr;		/* bits 3:0 */
};

static void
faults_are_told_as_they_are(struct test *t)
{
	const struct fault_row rows[] = {
		{ user_load, 0, false, false, 0x5 },
		{ user_load, HOLE, false, false, 0x7 },
		{ user_load, PAGE_OFFSET + 0x10000, false, false, 0xd },
		{ user_store, PAGE_OFFSET + 0x200000, true, false, 0xd },
		{ user_store, READ_ONLY, true, false, 0xf },
		{ user_store, CODE, true, false, 0xf },
		{ user_store, VECTORS_BASE, true, false, 0xf },
		{ user_jump, DATA, false, true, 0xf },
		{ user_jump, HOLE, false, true, 0x7 },
		{ user_unaligned, DATA + 2, false, false, 0x1 },
	};

	if (!lab_open(t))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct user_run run = { .program = rows[i].program,
					.r0 = rows[i].at };

		run_program(t, &run, USER_FAULT);
		EXPECT_EQ(t, run.fault.addr, rows[i].at);
		EXPECT_EQ(t, run.fault.write, rows[i].write);
		EXPECT_EQ(t, run.fault.fetch, rows[i].fetch);
		if (rows[i].at < PAGE_OFFSET)	/* else page or section */
			EXPECT_EQ(t, run.fault.fsr & 0xf, rows[i].fsr);
		EXPECT_EQ(t, run.regs.pc, rows[i].fetch ? rows[i].at :
			  CODE + (u32)(rows[i].program - user_add));
	}
	EXPECT_EQ(t, result_of(t, user_add, 1), 2);
	lab_close(t);
}

/* exceptions:page_fault_user: who, where, why. */
#ifndef VELLUM_NO_TRACE
static void
a_fault_of_a_program_is_traced(struct test *t)
{
	struct user_run run = { .program = user_store, .r0 = READ_ONLY };
	const struct trace_page_fault_user *f;
	unsigned found = 0, cpu;
	trace_mask_t events = 0;

	if (trace_events)
		SKIP(t, "the machine was started with trace=");
	EXPECT_EQ(t, trace_parse("page_fault_user", &events), 0);
	if (!lab_open(t) || !EXPECT_EQ(t, trace_start(events), 0))
		return;
	run_program(t, &run, USER_FAULT);
	trace_stop();
	for_each_possible_cpu(cpu) {
		for (u32 n = 0; n < trace_nr_records(cpu); n++) {
			f = (const void *)trace_record_at(cpu, n)->fields;
			found += f->address == READ_ONLY &&
				 f->ip == run.regs.pc &&
				 f->error_code == run.fault.fsr;
		}
	}
	EXPECT_EQ(t, found, 1);
	trace_release();
	lab_close(t);
}
#else
static void
a_fault_of_a_program_is_traced(struct test *t)
{
	SKIP(t, "the kernel was built with TRACE=0");
}
#endif

static void
an_undefined_instruction_is_told(struct test *t)
{
	struct user_run run = { .program = user_undefined };

	if (!lab_open(t))
		return;
	run_program(t, &run, USER_UNDEFINED);
	EXPECT_EQ(t, run.regs.pc, CODE + (u32)(user_undefined - user_add));
	run.program = user_breakpoint;
	run_program(t, &run, USER_FAULT);
	EXPECT_EQ(t, run.fault.fsr & 0xf, 2);
	lab_close(t);
}

static void
user_mode_cannot_mask_interrupts(struct test *t)
{
	if (!lab_open(t))
		return;
	EXPECT_EQ(t, result_of(t, user_privileged, 0), 0);
	lab_close(t);
}

static void
say_event(void *arg)
{
	struct pt_regs regs;

	start_thread(&regs, CODE, STACK_TOP);
	user_event(USER_SYSCALL, &regs, NULL);
}

static void
user_mode_without_a_process_is_a_mistake(struct test *t)
{
	EXPECT_REPORT(t, say_event, NULL, "a system call in user mode, "
		      "without a process");
}

static void
a_status_from_user_memory_is_made_harmless(struct test *t)
{
	struct pt_regs regs;

	EXPECT_EQ(t, user_psr(0xffffffff), 0xfe0ffc30);
	EXPECT_EQ(t, user_psr(0), PSR_MODE_USR);
	EXPECT_EQ(t, user_psr(0x600001d3), 0x60000010);
	EXPECT_EQ(t, user_psr(0x06000220), 0x06000030 & ~0x200u);
	EXPECT_EQ(t, user_psr(0x0600fc10), PSR_MODE_USR);	/* IT, in ARM */
	memset(&regs, 0xff, sizeof(regs));
	start_thread(&regs, 0x1003, 0x2000);
	EXPECT_EQ(t, regs.pc, 0x1002);
	EXPECT_EQ(t, regs.psr, PSR_MODE_USR | PSR_T_BIT);
	EXPECT_EQ(t, regs.sp, 0x2000);
	EXPECT_EQ(t, regs.r[0] | regs.r[12] | regs.lr, 0);
	start_thread(&regs, 0x1002, 0x2000);
	EXPECT_EQ(t, regs.pc, 0x1000);
	EXPECT_EQ(t, regs.psr, PSR_MODE_USR);
}

/* --- VFP --- */

static void
vfp_registers_are_each_tasks_own(struct test *t)
{
	struct user_run runs[4] = {
		{ .program = user_vfp, .r0 = 0x10001 },
		{ .program = user_registers, .r0 = 50 },
		{ .program = user_vfp, .r0 = 0x20002 },
		{ .program = user_vfp, .r0 = 0x30003 },
	};
	unsigned cpu = smp_processor_id();

	if (!lab_open(t))
		return;
	for (unsigned i = 0; i < 4; i++)
		ASSERT(t, run_start(t, &runs[i], cpu));
	for (unsigned i = 0; i < 4; i++) {
		kthread_join(runs[i].task);
		EXPECT_EQ(t, runs[i].regs.r[0], 0);
		EXPECT_EQ(t, runs[i].yields, 50);
	}
	EXPECT(t, !fpu_is_on());
	lab_close(t);
}

/* Before each switch: go to another core next. */
static void
move_on(struct user_run *run, struct pt_regs *regs)
{
	current->cpus_allowed = 1u << run->yields % num_online_cpus();
	set_current_state(TASK_UNINTERRUPTIBLE);
	WRITE_ONCE(run->seen[0], run->yields);
	schedule();
	run->seen[1] |= 1u << smp_processor_id();
}

static void
vfp_registers_go_along_to_another_core(struct test *t)
{
	struct user_run run = { .program = user_vfp, .r0 = 0x40004,
				.on_yield = move_on };

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	if (!lab_open(t))
		return;
	ASSERT(t, run_start(t, &run, 0));
	for (u32 i = 1; i <= 50; i++) {
		while (READ_ONCE(run.seen[0]) != i)
			yield();
		while (!wake_up_process(run.task))
			yield();
	}
	kthread_join(run.task);
	EXPECT_EQ(t, run.regs.r[0], 0);
	EXPECT_EQ(t, run.yields, 50);
	EXPECT_EQ(t, run.seen[1], cpu_online_mask);
	lab_close(t);
}

/* A core's registers may still hold what another task left there. */
static void
vfp_registers_begin_as_zero(struct test *t)
{
	struct user_run run = { .program = user_vfp_peek };

	if (!lab_open(t))
		return;
	EXPECT_EQ(t, result_of(t, user_vfp, 0x5005), 0);
	run_program(t, &run, USER_SYSCALL);
	EXPECT_EQ(t, run.regs.r[0], 0);
	lab_close(t);
}

/* In user_vfp, d3 is { r0 + 3, ~(r0 + 3) }. */
static void
look_at_vfp(struct user_run *run, struct pt_regs *regs)
{
	const struct fpu_state *state;
	struct task child = { .fpu = NULL };
	int err;

	if (run->yields != 1)
		return;
	err = fpu_fork(&child);		/* before anything has saved them */
	state = fpu_current();
	run->seen[0] = state && state->d[3] == 0xfffffffb00000004ull;
	run->seen[1] = state && state->fpscr == 1u << 22;
	if (!err && child.fpu) {
		run->seen[2] = child.fpu != current->fpu &&
			       child.fpu->cpu == -1 &&
			       !memcmp(child.fpu->d, state->d,
				       sizeof(state->d)) &&
			       child.fpu->fpscr == state->fpscr;
	}
	fpu_release(&child);
	run->seen[3] = fpu_is_on();
}

static void
the_kernel_sees_and_copies_vfp_registers(struct test *t)
{
	struct user_run run = { .program = user_vfp, .r0 = 1,
				.on_yield = look_at_vfp };

	if (!lab_open(t))
		return;
	run_program(t, &run, USER_SYSCALL);
	EXPECT_EQ(t, run.regs.r[0], 0);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(t, run.seen[i] + 10 * i, 1 + 10 * i);
	lab_close(t);
}

/* As a signal's return does: other values, while the unit is on. */
static void
change_vfp(struct user_run *run, struct pt_regs *regs)
{
	u64 d[32] = { [7] = 0x700000005ull };

	run->seen[0] = fpu_set_current(d, 0xffffffff) == 0;
	run->seen[1] = current->fpu->fpscr;
}

static void
the_kernel_can_set_vfp_registers(struct test *t)
{
	struct user_run run = { .program = user_vfp_peek,
				.on_yield = change_vfp };

	if (!lab_open(t))
		return;
	run_program(t, &run, USER_SYSCALL);
	EXPECT_EQ(t, run.seen[0], 1);
	EXPECT_EQ(t, run.seen[1], FPSCR_USER);
	EXPECT_EQ(t, run.regs.r[0], 5);
	EXPECT_EQ(t, run.regs.r[1], 7);
	lab_close(t);
}

static void
forget_vfp(struct user_run *run, struct pt_regs *regs)
{
	if (run->yields == 1)
		fpu_release(current);
}

static void
a_release_forgets_vfp_registers(struct test *t)
{
	struct user_run run = { .program = user_vfp, .r0 = 9,
				.on_yield = forget_vfp };

	if (!lab_open(t))
		return;
	run_program(t, &run, USER_SYSCALL);
	EXPECT_EQ(t, run.regs.r[0], 1);		/* d0 is not what it was */
	EXPECT_EQ(t, run.yields, 1);
	lab_close(t);
}

/* --- Thread registers, helpers --- */

static void
each_task_has_its_thread_registers(struct test *t)
{
	struct user_run one = { .program = user_tls_rw, .r0 = 111,
				.tls = 333 };
	struct user_run two = { .program = user_tls_rw, .r0 = 222,
				.tls = 444 };
	struct user_run tls = { .program = user_tls, .tls = 0xabcd0000 };
	unsigned cpu = smp_processor_id();

	if (!lab_open(t))
		return;
	ASSERT(t, run_start(t, &one, cpu));
	ASSERT(t, run_start(t, &two, cpu));
	run_program(t, &tls, USER_SYSCALL);
	EXPECT_EQ(t, tls.regs.r[0], 0xabcd0000);
	kthread_join(one.task);
	kthread_join(two.task);
	EXPECT_EQ(t, one.regs.r[0], 0);
	EXPECT_EQ(t, two.regs.r[0], 0);
	EXPECT_EQ(t, one.yields, 20);
	lab_close(t);
}

static void
the_helpers_do_what_linux_promises(struct test *t)
{
	if (!lab_open(t))
		return;
	EXPECT_EQ(t, result_of(t, user_kuser, DATA + 128), 0);
	lab_close(t);
}

/* --- The kernel on behalf of a program --- */

static void
reach_for_memory(struct user_run *run, struct pt_regs *regs)
{
	u32 value = 7;

	run->seen[0] = get_user(value, (u32 *)DATA) == 0 && value == 0;
	run->seen[1] = get_user(value, (u32 *)HOLE) == -EFAULT;
	run->seen[2] = put_user(5, (u32 *)READ_ONLY) == -EFAULT;
	run->seen[3] = icache_sync_user(CODE, CODE + 64) == 0 &&
		       icache_sync_user(CODE + 64, CODE) == -EINVAL &&
		       icache_sync_user(CODE, TASK_SIZE + 1) == -EINVAL &&
		       !irqs_disabled();
}

static void
a_fault_of_the_kernel_at_a_user_address_is_an_error(struct test *t)
{
	struct user_run run = { .program = user_vfp_peek,
				.on_yield = reach_for_memory };

	if (!lab_open(t))
		return;
	run_program(t, &run, USER_SYSCALL);
	for (unsigned i = 0; i < 4; i++)
		EXPECT_EQ(t, run.seen[i] + 10 * i, 1 + 10 * i);
	lab_close(t);
}

static void
look_at_space(struct user_run *run, struct pt_regs *regs)
{
	run->seen[0] = mm_context_current() == &home.mm.context &&
		       current->active_mm == &home.mm;
}

static void
a_kernel_thread_borrows_the_space_it_finds(struct test *t)
{
	struct user_run run = { .program = user_vfp_peek,
				.on_yield = look_at_space };

	if (!lab_open(t))
		return;
	sched_drop_borrowed_mm();
	EXPECT(t, mm_context_current() == NULL);
	EXPECT(t, current->active_mm == NULL);
	run_program(t, &run, USER_SYSCALL);
	EXPECT_EQ(t, run.seen[0], 1);
	EXPECT(t, mm_context_current() == &home.mm.context);
	EXPECT(t, current->active_mm == &home.mm && !current->mm);
	EXPECT_EQ(t, atomic_read(&home.mm.mm_count), 1001);
	sched_drop_borrowed_mm();
	EXPECT(t, mm_context_current() == NULL);
	EXPECT(t, current->active_mm == NULL);
	EXPECT_EQ(t, atomic_read(&home.mm.mm_count), 1000);
	lab_close(t);
}

static void
read_own_page(struct user_run *run, struct pt_regs *regs)
{
	u32 value = ~0u;

	if (get_user(value, (u32 *)DATA) || value != run->tls)
		run->seen[0]++;
}

static void
each_task_runs_in_its_space(struct test *t)
{
	static struct space other;
	struct user_run one = { .program = user_registers, .r0 = 20,
				.tls = 0, .on_yield = read_own_page };
	struct user_run two = one;
	unsigned cpu = smp_processor_id();

	if (!lab_open(t) || !make_space(t, &other, 500))
		return;
	two.space = &other;
	two.tls = 500;			/* what its page 0 begins with */
	if (run_start(t, &one, cpu) && run_start(t, &two, cpu)) {
		kthread_join(one.task);
		kthread_join(two.task);
	}
	EXPECT_EQ(t, one.seen[0] + two.seen[0], 0);
	EXPECT_EQ(t, one.yields + two.yields, 40);
	EXPECT_EQ(t, one.regs.r[0] | two.regs.r[0], 0);
	lab_close(t);
	space_close(&other);
}

static void
a_task_changes_its_space(struct test *t)
{
	static struct space other;

	ASSERT(t, space_open(&home, 1, 100));
	ASSERT(t, space_open(&other, 1, 200));
	sched_drop_borrowed_mm();
	EXPECT(t, task_switch_mm(&home.mm) == NULL);
	EXPECT_EQ(t, space_load(SPACE_BASE), 100);
	yield();
	EXPECT_EQ(t, space_load(SPACE_BASE), 100);
	EXPECT(t, task_switch_mm(&other.mm) == &home.mm);
	EXPECT_EQ(t, space_load(SPACE_BASE), 200);
	EXPECT(t, task_switch_mm(NULL) == &other.mm);
	EXPECT_EQ(t, atomic_read(&other.mm.mm_count), 1001);
	EXPECT(t, task_switch_mm(&home.mm) == NULL);	/* borrows no more */
	EXPECT_EQ(t, atomic_read(&other.mm.mm_count), 1000);
	EXPECT(t, task_switch_mm(NULL) == &home.mm);
	sched_drop_borrowed_mm();
	EXPECT_EQ(t, atomic_read(&home.mm.mm_count), 1000);
	space_close(&other);
	space_close(&home);
}

/* --- The word that is looked at before user mode --- */

static u32
work_now(void)
{
	return this_cpu_read(user_work);
}

static void
news_of_signals_follow_the_task(struct test *t)
{
	EXPECT_EQ(t, work_now() & USER_WORK_SIGNAL, 0);
	sched_note_signal(current);
	EXPECT(t, work_now() & USER_WORK_SIGNAL);
	yield();			/* sig_work is what counts */
	EXPECT_EQ(t, work_now() & USER_WORK_SIGNAL, 0);
	current->sig_work = true;
	yield();
	EXPECT(t, work_now() & USER_WORK_SIGNAL);
	current->sig_work = false;
	yield();
	EXPECT_EQ(t, work_now() & USER_WORK_SIGNAL, 0);
	sched_set_need_resched();
	EXPECT(t, need_resched() && work_now() & USER_WORK_RESCHED);
	schedule();
	EXPECT(t, !need_resched());
}

static unsigned noticed;

static void
wait_for_notice(void *arg)
{
	WRITE_ONCE(noticed, 1);
	while (!need_resched())
		cpu_relax();
	WRITE_ONCE(noticed, 2);
}

static void
a_task_on_another_core_is_told(struct test *t)
{
	struct task *task;

	if (num_online_cpus() == 1)
		SKIP(t, "needs two cores");
	noticed = 0;
	task = kthread_create_on_cpu(wait_for_notice, NULL,
				     smp_processor_id() ? 0 : 1, "notice");
	ASSERT(t, task);
	get_task(task);
	wake_up_process(task);
	while (READ_ONCE(noticed) == 0)
		yield();
	sched_note_signal(task);
	kthread_join(task);
	EXPECT_EQ(t, noticed, 2);
}

/* Under icount the time is that of a fixed number of instructions. */
static void
a_null_call_is_timed(struct test *t)
{
	struct user_run run = { .program = user_null_calls, .r0 = 1000 };

	if (!lab_open(t))
		return;
	run_program(t, &run, USER_SYSCALL);
	EXPECT_EQ(t, run.yields, 2);
	EXPECT_EQ(t, run.regs.r[0], 0);
	test_info(t, "a call from user mode and back: %u ns",
		  (unsigned)(run.when[1] - run.when[0]) / 1000);
	lab_close(t);
}

TEST_SUITE("user_entry",
	   TEST_CASE(a_program_runs_and_calls),
	   TEST_CASE(registers_survive_calls_and_switches),
	   TEST_CASE(a_user_loop_is_preempted_on_each_core),
	   TEST_CASE(faults_are_told_as_they_are),
	   TEST_CASE(a_fault_of_a_program_is_traced),
	   TEST_CASE(an_undefined_instruction_is_told),
	   TEST_CASE(user_mode_cannot_mask_interrupts),
	   TEST_CASE(user_mode_without_a_process_is_a_mistake),
	   TEST_CASE(a_status_from_user_memory_is_made_harmless),
	   TEST_CASE(vfp_registers_are_each_tasks_own),
	   TEST_CASE(vfp_registers_go_along_to_another_core),
	   TEST_CASE(vfp_registers_begin_as_zero),
	   TEST_CASE(the_kernel_sees_and_copies_vfp_registers),
	   TEST_CASE(the_kernel_can_set_vfp_registers),
	   TEST_CASE(a_release_forgets_vfp_registers),
	   TEST_CASE(each_task_has_its_thread_registers),
	   TEST_CASE(the_helpers_do_what_linux_promises),
	   TEST_CASE(a_fault_of_the_kernel_at_a_user_address_is_an_error),
	   TEST_CASE(a_kernel_thread_borrows_the_space_it_finds),
	   TEST_CASE(each_task_runs_in_its_space),
	   TEST_CASE(a_task_changes_its_space),
	   TEST_CASE(news_of_signals_follow_the_task),
	   TEST_CASE(a_task_on_another_core_is_told),
	   TEST_CASE(a_null_call_is_timed));
