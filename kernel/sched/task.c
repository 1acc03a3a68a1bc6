/* SPDX-License-Identifier: MIT */
/*
 * Tasks: their memory, the list of all, and kernel threads.
 *
 * A task dies in two steps. kthread_exit() makes it DEAD and schedules; the
 * task that runs next on this core calls task_left(), which takes it off the
 * list, marks it left and drops the reference that each task holds on
 * itself. The last reference gives the block (stack and structure) back.
 *
 * left and refs change together under task_list_lock. So who waits for the
 * end (kthread_stop) and holds a reference knows, as soon as it reads left,
 * that its own put_task() decides: after it returns the memory is free, not
 * some time later.
 *
 * Locks  task_list_lock: task_list, left, refs. Never held on entry.
 */
#include <asm/memory.h>
#include <kernel/fpu.h>
#include <kernel/kthread.h>
#include <kernel/panic.h>
#include <kernel/process.h>
#include <kernel/wait.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/vmalloc.h>

#include "rq.h"

/* Room for the structure at the upper end; the stack stays 8-byte aligned. */
#define TASK_ROOM	ALIGN_UP(sizeof(struct task), 16)

static_assert(sizeof(struct task) <= 512, "a sixteenth of the stack");

extern u8 boot_stack[THREAD_SIZE];	/* of the image: boot/head.S */

/* What start_kernel() runs as. Its stack is part of the image: never freed. */
struct task boot_task = {
	.name = "boot",
	.state = TASK_RUNNING,
	.cpus_allowed = CPU_MASK_ALL,
	.refs = 2,		/* one for ever */
	.stack = boot_stack,
};

LIST_HEAD(task_list);
DEFINE_SPINLOCK(task_list_lock, LOCK_TASK_LIST);

/* Numbers 2 to PID_MAX - 1 in turn; 1 is for the first process. */
#define PID_FIRST	2
#define PID_BUCKETS	256

static int last_pid = PID_FIRST - 1;	/* task_list_lock */
static unsigned nr_tasks;		/* task_list_lock */
static struct task *pid_buckets[PID_BUCKETS];	/* task_list_lock */
static DECLARE_BITMAP(pid_used, PID_MAX);	/* task_list_lock */
/* Where kthread_stop() and kthread_join() wait for left. */
static DECLARE_WAIT_QUEUE_HEAD(left_queue);

struct task *
task_alloc(void)
{
	char *stack = kstack_alloc();
	struct task *task;

	if (!stack)
		return NULL;
	task = (struct task *)(stack + THREAD_SIZE - TASK_ROOM);
	memset(task, 0, sizeof(*task));
	task->stack = stack;
	task->state = TASK_NEW;
	task->cpus_allowed = CPU_MASK_ALL;
	task->refs = 1;
	return task;
}

/* --- Numbers. Held for all: task_list_lock --- */

static struct task **
pid_bucket(int pid)
{
	return &pid_buckets[(unsigned)pid % PID_BUCKETS];
}

static struct task *
pid_find(int pid)
{
	struct task *task = *pid_bucket(pid);

	while (task && task->pid != pid)
		task = task->pid_next;
	return task;
}

static void
pid_enter(struct task *task, int pid)
{
	struct task **bucket = pid_bucket(pid);

	task->pid = pid;
	task->pid_next = *bucket;
	*bucket = task;
	set_bit((unsigned)pid, pid_used);
}

static void
pid_remove(struct task *task)
{
	struct task **link = pid_bucket(task->pid);

	while (*link != task)
		link = &(*link)->pid_next;
	*link = task->pid_next;
	clear_bit((unsigned)task->pid, pid_used);
}

/* The next one behind pid that is in use; 0: none. */
static int
next_number(int pid)
{
	unsigned long next = find_next_bit(pid_used, PID_MAX,
					   (unsigned)pid + 1);

	return next < PID_MAX ? (int)next : 0;
}

static int
pid_next_free(void)
{
	do {
		if (++last_pid >= PID_MAX)
			last_pid = PID_FIRST;
	} while (test_bit((unsigned)last_pid, pid_used) ||
		 process_has_pid(last_pid));
	return last_pid;
}

void
task_publish(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);

	pid_enter(task, pid_next_free());
	list_add_tail(&task->task_node, &task_list);
	nr_tasks++;
	spin_unlock_irqrestore(&task_list_lock, flags);
}

void
task_set_pid(struct task *task, int pid)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);

	pid_remove(task);
	pid_enter(task, pid);
	spin_unlock_irqrestore(&task_list_lock, flags);
}

struct task *
find_get_task(int pid)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	struct task *task = pid_find(pid);

	if (task)
		task->refs++;
	spin_unlock_irqrestore(&task_list_lock, flags);
	return task;
}

int
task_next_pid(int pid)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	int next = next_number(pid);

	spin_unlock_irqrestore(&task_list_lock, flags);
	return next;
}

bool
task_look_at(int pid, void (*fn)(struct task *task, void *arg), void *arg)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	struct task *task = pid_find(pid);

	if (task)
		fn(task, arg);
	spin_unlock_irqrestore(&task_list_lock, flags);
	return task != NULL;
}

unsigned
task_count(void)
{
	return READ_ONCE(nr_tasks);
}

unsigned long
task_hiwater_rss(const struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	unsigned long rss = task->mm ? mm_hiwater_rss(task->mm) : 0;

	spin_unlock_irqrestore(&task_list_lock, flags);
	return rss;
}

struct mm_struct *
task_get_mm(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	struct mm_struct *mm = task->mm;

	if (mm)
		mmget(mm);
	spin_unlock_irqrestore(&task_list_lock, flags);
	return mm;
}

bool
task_look_at_mm(struct task *task, void (*fn)(struct mm_struct *mm, void *arg),
		void *arg)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	struct mm_struct *mm = task->mm;

	if (mm)
		fn(mm, arg);
	spin_unlock_irqrestore(&task_list_lock, flags);
	return mm != NULL;
}

void
get_task(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);

	assert(task->refs > 0);
	task->refs++;
	spin_unlock_irqrestore(&task_list_lock, flags);
}

static void
task_free(struct task *task)
{
	fpu_release(task);
	if (task->process)
		process_put(task->process);
	kstack_free(task->stack);
}

void
task_discard(struct task *task)
{
	fpu_release(task);
	kstack_free(task->stack);
}

void
put_task(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	int refs = --task->refs;

	assert(refs > 0 || (refs == 0 && task->left));
	spin_unlock_irqrestore(&task_list_lock, flags);
	if (refs == 0)
		task_free(task);
}

struct task *
task_next(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	int pid = next_number(task ? task->pid : 0);
	struct task *next = pid ? pid_find(pid) : NULL;

	if (next)
		next->refs++;
	spin_unlock_irqrestore(&task_list_lock, flags);
	if (task)
		put_task(task);
	return next;
}

void
task_left(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	bool free = --task->refs == 0;

	list_del(&task->task_node);
	pid_remove(task);
	nr_tasks--;
	task->left = true;
	spin_unlock_irqrestore(&task_list_lock, flags);
	if (free)
		task_free(task);
	else
		wake_up_all(&left_queue);
}

/* A thread of its core, which nobody may take from there. */
static void
bind_task(struct task *task)
{
	task->bound = true;
	task->cpus_allowed = 1u << task->cpu;
}

/* Where a thread starts: interrupts masked, the run queue locked. */
static void
thread_entry(void *arg)
{
	struct task *self = arg;

	finish_task_switch();
	local_irq_enable();
	self->fn(self->arg);
	kthread_exit(0);
}

static struct task *
thread_create(void (*fn)(void *arg), void *arg, int cpu, const char *fmt,
	      va_list ap)
{
	struct task *task;

	might_sleep();
	task = task_alloc();
	if (!task)
		return NULL;
	vsnprintf(task->name, sizeof(task->name), fmt, ap);
	task->fn = fn;
	task->arg = arg;
	task->cpu = (s16)(cpu == TASK_ANY_CPU ? (int)smp_processor_id() : cpu);
	if (cpu != TASK_ANY_CPU)
		bind_task(task);
	cpu_context_init(&task->context, task_pt_regs(task), thread_entry,
			 task);
	task_publish(task);
	return task;
}

struct task *
kthread_create(void (*fn)(void *arg), void *arg, const char *fmt, ...)
{
	struct task *task;
	va_list ap;

	va_start(ap, fmt);
	task = thread_create(fn, arg, TASK_ANY_CPU, fmt, ap);
	va_end(ap);
	return task;
}

struct task *
kthread_create_on_cpu(void (*fn)(void *arg), void *arg, unsigned cpu,
		      const char *fmt, ...)
{
	struct task *task;
	va_list ap;

	va_start(ap, fmt);
	task = thread_create(fn, arg, (int)cpu, fmt, ap);
	va_end(ap);
	return task;
}

struct task *
idle_task_create(unsigned cpu)
{
	struct task *task = task_alloc();

	if (!task)
		return NULL;
	snprintf(task->name, sizeof(task->name), "idle/%u", cpu);
	task->idle = true;
	task->on_rq = true;
	task->state = TASK_RUNNING;
	task->cpu = (s16)cpu;
	bind_task(task);
	task->fn = idle_main;
	cpu_context_init(&task->context, task_pt_regs(task), thread_entry,
			 task);
	task_publish(task);
	return task;
}

static bool
task_has_left(struct task *task)
{
	unsigned long flags = spin_lock_irqsave(&task_list_lock);
	bool left = task->left;

	spin_unlock_irqrestore(&task_list_lock, flags);
	return left;
}

/* Wait until task has left; drops the caller's reference. */
int
kthread_join(struct task *task)
{
	int code;

	assert(task != current);
	wait_event(&left_queue, task_has_left(task));
	code = task->exit_code;
	put_task(task);
	return code;
}

int
kthread_stop(struct task *task)
{
	get_task(task);
	WRITE_ONCE(task->should_stop, true);
	/* One that never ran runs now, and may look before it begins. */
	wake_up_process(task);
	return kthread_join(task);
}

bool
kthread_should_stop(void)
{
	return READ_ONCE(current->should_stop);
}

void
kthread_exit(int code)
{
	assert(!current->idle);
	current->exit_code = code;
	schedule_dead();
}

const char *
task_state_name(const struct task *task)
{
	switch (task->state) {
	case TASK_RUNNING:
		return "running";
	case TASK_INTERRUPTIBLE:
		return "waiting";
	case TASK_UNINTERRUPTIBLE:
		return "sleeping";
	case TASK_NEW:
		return "new";
	case TASK_DEAD:
		return "dead";
	}
	return "?";
}
