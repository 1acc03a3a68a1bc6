/* SPDX-License-Identifier: MIT */
/*
 * The cores: their private data, their start, and calls between them.
 *
 * Start of core n, step by step
 *	boot core				core n
 *	setup_per_cpu_areas: copy n		waits in the boot pen
 *	smp_init: idle task n, its stack
 *	arch_cpu_start(n) ------------------->	MMU on, stack, per-CPU offset
 *	waits for bit n				secondary_main(n):
 *						  interrupt controller, tick
 *	  <------------------------------------	  sets bit n, idles
 *
 * Calls
 *   Each core has a queue of calls. Who wants core n to run a function puts
 *   an entry (on its own stack) into n's queue, sends an interrupt, and waits
 *   until the handler there has run it and set done. The caller must have
 *   interrupts on: two cores that call each other with interrupts masked
 *   would both wait for ever.
 *
 * Locks   call_queue.lock (rank CALL): the list. done: release and acquire.
 */
#include <asm/memory.h>
#include <asm/percpu.h>
#include <asm/smp.h>
#include <asm/switch.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/memblock.h>

#include "sched/rq.h"

/*
 * How long another core may take to answer. A core of an emulator stands still
 * while its host runs something else: on a crowded host for half a second.
 */
#define START_TIMEOUT_NS	(10 * (u64)NSEC_PER_SEC)
#define STOP_TIMEOUT_USEC	2000000

struct call {
	struct list_head node;		/* call_queue.lock */
	void (*fn)(void *arg);
	void *arg;
	bool done;			/* release/acquire */
};

struct call_queue {
	spinlock_t lock;		/* rank CALL */
	struct list_head calls;		/* struct call; NULL next: not set up */
};

extern char __percpu_start[], __percpu_end[];

unsigned nr_cpus = 1;
unsigned long cpu_online_mask = 1;
unsigned long percpu_offset[NR_CPUS];
DEFINE_PER_CPU(unsigned, cpu_number);

static unsigned max_cpus = NR_CPUS;
static DEFINE_PER_CPU(struct call_queue, call_queue);
static unsigned long stopped_mask;	/* cores that smp_stop_others() stopped */

static int __init
maxcpus_param(const char *value)
{
	unsigned long n;

	if (kstrtoul(value, 0, &n) != 0)
		return -EINVAL;
	max_cpus = clamp(n, 1UL, (unsigned long)NR_CPUS);
	return 0;
}
BOOT_PARAM("maxcpus", maxcpus_param);

static int __init
nosmp_param(const char *value)
{
	(void)value;
	max_cpus = 1;
	return 0;
}
BOOT_PARAM("nosmp", nosmp_param);

void __init
smp_set_present(unsigned present)
{
	nr_cpus = clamp(min(present, max_cpus), 1u, (unsigned)NR_CPUS);
	if (nr_cpus < present)
		pr_info("smp: %u of %u cores are used\n", nr_cpus, present);
}

void __init
setup_per_cpu_areas(void)
{
	size_t size = (size_t)(__percpu_end - __percpu_start);
	char *areas = memblock_alloc(nr_cpus * size, 64);
	unsigned cpu;

	/* All at one distance, the boot core's too: mm/kmem/percpu.c. */
	for_each_possible_cpu(cpu) {
		char *copy = areas + cpu * size;

		memcpy(copy, __percpu_start, size);
		percpu_offset[cpu] = (unsigned long)copy -
				     (unsigned long)__percpu_start;
		*per_cpu_ptr(&cpu_number, cpu) = cpu;
	}
	arch_use_percpu_area(percpu_offset[0]);
	for_each_possible_cpu(cpu) {
		struct call_queue *queue = per_cpu_ptr(&call_queue, cpu);

		spin_lock_init(&queue->lock, LOCK_CALL);
		INIT_LIST_HEAD(&queue->calls);
	}
	pr_info("percpu: %u areas of %u bytes\n", nr_cpus, (unsigned)size);
}

void
smp_send_reschedule(unsigned long cores)
{
	unsigned long flags, self;

	if (!cores)
		return;
	flags = local_irq_save();
	self = 1UL << smp_processor_id();
	if (cores & self)
		sched_set_need_resched();
	if (cores & ~self)
		ipi_send(cores & ~self, IPI_RESCHEDULE);
	local_irq_restore(flags);
}

/* IPI_CALL arrived: run what is in this core's queue. */
static void
run_calls(void)
{
	struct call_queue *queue = this_cpu_ptr(&call_queue);
	struct call *call;

	spin_lock(&queue->lock);
	while (!list_empty(&queue->calls)) {
		call = list_first_entry(&queue->calls, struct call, node);
		list_del(&call->node);
		spin_unlock(&queue->lock);
		call->fn(call->arg);
		/* The caller's stack: gone after this store. */
		smp_store_release(&call->done, true);
		spin_lock(&queue->lock);
	}
	spin_unlock(&queue->lock);
}

static void
call_send(unsigned cpu, struct call *call, void (*fn)(void *), void *arg)
{
	struct call_queue *queue = per_cpu_ptr(&call_queue, cpu);
	unsigned long flags;

	call->fn = fn;
	call->arg = arg;
	call->done = false;
	flags = spin_lock_irqsave(&queue->lock);
	list_add_tail(&call->node, &queue->calls);
	spin_unlock_irqrestore(&queue->lock, flags);
	ipi_send(1UL << cpu, IPI_CALL);
}

static void
call_wait(const struct call *call)
{
	while (!smp_load_acquire(&call->done))
		cpu_relax();
}

/* May this context wait for other cores? Panics if not. */
static void
call_check(void)
{
	if (unlikely(irqs_disabled()))
		panic("call to another core with interrupts masked");
	if (unlikely(lockcheck_depth() != 0))
		panic("call to another core while a spinlock is held");
}

static void
call_here(void (*fn)(void *), void *arg)
{
	unsigned long flags = local_irq_save();

	fn(arg);
	local_irq_restore(flags);
}

void
smp_call_function_single(unsigned cpu, void (*fn)(void *), void *arg)
{
	struct call call;

	if (cpu == smp_processor_id()) {
		call_here(fn, arg);
		return;
	}
	call_check();
	assert(READ_ONCE(cpu_online_mask) >> cpu & 1);
	call_send(cpu, &call, fn, arg);
	call_wait(&call);
}

void
on_each_cpu(void (*fn)(void *), void *arg)
{
	on_each_cpu_cond(NULL, fn, arg);
}

void
on_each_cpu_cond(bool (*cond)(unsigned cpu, void *arg), void (*fn)(void *),
		 void *arg)
{
	unsigned long others = READ_ONCE(cpu_online_mask) &
			       ~(1UL << smp_processor_id());
	struct call calls[NR_CPUS];
	unsigned cpu;

	if (others)
		call_check();
	for (cpu = 0; cpu < NR_CPUS; cpu++) {
		if (!(others >> cpu & 1))
			continue;
		if (!cond || cond(cpu, arg))
			call_send(cpu, &calls[cpu], fn, arg);
		else
			others &= ~(1UL << cpu);
	}
	call_here(fn, arg);
	for (cpu = 0; cpu < NR_CPUS; cpu++)
		if (others >> cpu & 1)
			call_wait(&calls[cpu]);
}

/* IPI_STOP arrived: somebody panics. */
static void
stop_this_core(void)
{
	unsigned cpu = smp_processor_id();

	local_irq_disable();
	pr_emerg("core %u: task %s\n", cpu, current->name);
	show_stack(irq_regs());
	__atomic_fetch_or(&stopped_mask, 1UL << cpu, __ATOMIC_RELEASE);
	for (;;)
		cpu_wait_for_interrupt();
}

void
smp_stop_others(void)
{
	unsigned self = smp_processor_id(), cpu, us;

	for_each_online_cpu(cpu) {
		if (cpu == self)
			continue;
		ipi_send(1UL << cpu, IPI_STOP);
		for (us = 0; us < STOP_TIMEOUT_USEC; us += 10) {
			if (smp_load_acquire(&stopped_mask) >> cpu & 1)
				break;
			udelay(10);
		}
		if (us >= STOP_TIMEOUT_USEC)
			pr_emerg("core %u does not answer: it runs with "
				 "interrupts masked\n", cpu);
	}
}

void
secondary_main(unsigned cpu)
{
	set_stack_bounds((unsigned long)current->stack, THREAD_SIZE);
	irq_chip->cpu_init();
	timekeeping_cpu_init();
	__atomic_fetch_or(&cpu_online_mask, 1UL << cpu, __ATOMIC_SEQ_CST);
	cpu_idle_loop();
}

/* Start core cpu and wait until it is online. */
static int __init
start_core(unsigned cpu)
{
	struct run_queue *rq = per_cpu_ptr(&run_queue, cpu);
	struct task *idle = idle_task_create(cpu);
	u64 end = ktime_get_ns() + START_TIMEOUT_NS;

	if (!idle)
		return -ENOMEM;
	*per_cpu_ptr(&current_task, cpu) = idle;
	idle->exec_start = ktime_get_ns();
	rq->idle = idle;
	rq->curr = idle;
	arch_cpu_start(cpu, idle, percpu_offset[cpu]);
	ipi_send(1UL << cpu, IPI_RESCHEDULE);	/* it sleeps in the pen */
	while (!(READ_ONCE(cpu_online_mask) >> cpu & 1)) {
		if (ktime_get_ns() > end)
			return -ETIMEDOUT;
		cpu_relax();
	}
	return 0;
}

void __init
smp_init(void)
{
	unsigned cpu;

	ipi_register(IPI_RESCHEDULE, "reschedule", sched_set_need_resched);
	ipi_register(IPI_CALL, "call", run_calls);
	ipi_register(IPI_STOP, "stop", stop_this_core);
	for (cpu = 1; cpu < nr_cpus; cpu++)
		if (start_core(cpu) != 0)
			pr_err("smp: core %u does not start\n", cpu);
	pr_info("smp: cores online: %u of %u\n", num_online_cpus(), nr_cpus);
}

static void
cpuinfo_show(struct seq_buf *s)
{
	unsigned cpu;

	for_each_online_cpu(cpu) {
		unsigned long idle_ms = (unsigned long)
			(sched_idle_time(cpu) / NSEC_PER_MSEC);

		seq_printf(s, "processor : %u\n", cpu);
		seq_printf(s, "running   : %u tasks, now %s\n",
			   sched_nr_running(cpu),
			   per_cpu_ptr(&run_queue, cpu)->curr->name);
		seq_printf(s, "idle      : %lu ms\n", idle_ms);
		seq_printf(s, "per-CPU   : at %p\n\n", (void *)
			   ((unsigned long)__percpu_start +
			    percpu_offset[cpu]));
	}
	seq_printf(s, "cores     : %u online of %u\n", num_online_cpus(),
		   nr_cpus);
	seq_printf(s, "uptime    : %lu ms\n",
		   (unsigned long)(ktime_get_ns() / NSEC_PER_MSEC));
}
NODE("cpuinfo", cpuinfo_show);
