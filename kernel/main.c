/* SPDX-License-Identifier: MIT */
/*
 * start_kernel: the order in which the kernel comes to life.
 *
 * Each step needs those above it, and nothing below it:
 *
 *	early console		so that everything else can complain
 *	boot info, parameters	where memory is, what the user wants
 *	memory			memblock, the final map, zones and buddy
 *	early initcalls		interrupt controller
 *	scheduler, core calls	tasks; the clock; from here interrupts are on
 *	other cores		each with its stack and per-CPU variables
 *	device, late calls	drivers, then what needs all of it
 *	initramfs unpacked	the first files
 *	init memory freed	no function marked __init may run any more
 *	main thread		tests or benchmarks if asked for; the first program,
 *				if there is one; the monitor
 */
#include <asm/irqflags.h>
#include <asm/setup.h>
#include <kernel/bench.h>
#include <kernel/init.h>
#include <kernel/kthread.h>
#include <kernel/monitor.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/stress.h>
#include <kernel/test_run.h>
#include <kernel/time.h>
#include "setup.h"

extern const struct initcall __initcall1_start[], __initcall2_start[];
extern const struct initcall __initcall3_start[], __initcall4_start[];
extern const struct initcall __initcall_end[];

enum system_state system_state;

void start_kernel(phys_addr_t blob, u32 machine);

static void
run_initcalls(const struct initcall *call, const struct initcall *end)
{
	for (; call < end; call++) {
		int err = call->fn();

		if (err)
			pr_err("boot: %s failed: error %d\n", call->name, -err);
	}
}

/* What the machine was started for, then the prompt. */
static void
main_thread(void *arg)
{
	pr_info("boot: complete %u us after power-on\n", machine_power_on_us());
#ifdef VELLUM_TESTS
	test_at_boot();
	stress_at_boot();
#endif
	bench_at_boot();
	(void)arg;
	monitor_main(start_init() ? "behind programs" : NULL);
}

void
start_kernel(phys_addr_t blob, u32 machine)
{
	early_console_init();
	pr_notice("Vellum on %s\n", cpu_name());
	setup_boot_info(blob);
	setup_stack_guard(setup_boot_seed());
	setup_boot_params();
	setup_memory();
	run_initcalls(__initcall1_start, __initcall2_start);
	sched_init();
	system_state = SYSTEM_SCHEDULING;
	run_initcalls(__initcall2_start, __initcall3_start);
	timekeeping_init();
	local_irq_enable();
	smp_init();
	run_initcalls(__initcall3_start, __initcall4_start);
	run_initcalls(__initcall4_start, __initcall_end);
	setup_initramfs();
	setup_free_init();
	system_state = SYSTEM_RUNNING;
	if (!kthread_run(main_thread, NULL, "main"))
		panic("no memory for the first thread");
	cpu_idle_loop();
}
