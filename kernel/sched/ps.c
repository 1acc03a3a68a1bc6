/* SPDX-License-Identifier: MIT */
/*
 * Node `tasks` and command `ps`: a line for each task.
 *
 *	  PID CORE STATE      RUN ms  SWITCHES NAME             SLEEPS IN
 *	    3   0  sleeping        0        12 rcu              rcu_thread
 *
 * Nothing is locked while a line is printed, which may take long on a serial
 * line: number by number each line looks its task up anew. So a table is not
 * one moment's picture, but each line is true.
 */
#include <asm/unwind.h>
#include <kernel/monitor.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <lib/string.h>

#include "rq.h"

#define MAX_FRAMES	8	/* that a sleeper has in the scheduler, at most */

struct task_line {
	int pid, cpu;
	const char *state;
	bool on_rq;
	unsigned long run_ms, nr_switches;
	char name[TASK_NAME_LEN];
	struct symbol sleeps_in;
};

/* Functions that only carry a sleep, not ask for it. */
static const char *const sleep_functions[] = {
	"switch_task", "schedule_common", "schedule", "schedule_timeout",
	"schedule_timeout_ns", "sleep_ns", "mutex_wait", "rwsem_down",
	"wait_common",
};

static bool
is_sleep_function(const char *name)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(sleep_functions); i++)
		if (strcmp(name, sleep_functions[i]) == 0)
			return true;
	return false;
}

/* The function that a task which does not run waits in. */
static void
find_sleep(const struct task *task, struct symbol *symbol)
{
	const struct cpu_context *ctx = &task->context;
	const struct pt_regs *regs;
	struct stack_frame frame;
	unsigned n;

	unwind_start_saved(&frame, &ctx->r4, ctx->sp, ctx->pc);
	for (n = 0; n < MAX_FRAMES; n++) {
		if (!symbol_lookup(frame_pc(&frame), symbol)) {
			strscpy(symbol->name, "?", sizeof(symbol->name));
			return;
		}
		if (!is_sleep_function(symbol->name) ||
		    unwind_step(&frame, &regs) != 0)
			return;
	}
}

static void
describe(struct task_line *line, const struct task *task)
{
	line->pid = task->pid;
	line->cpu = task->cpu;
	line->state = task_state_name(task);
	line->on_rq = task->on_rq;
	line->run_ms = (unsigned long)(task->sum_runtime / NSEC_PER_MSEC);
	line->nr_switches = task->nr_switches;
	strscpy(line->name, task->name, sizeof(line->name));
	/* It cannot start to run: its run queue's lock would be needed. */
	line->sleeps_in.name[0] = '\0';
	if (!task->on_rq && task->state != TASK_NEW)
		find_sleep(task, &line->sleeps_in);
}

/* Held: task_list_lock. */
static void
describe_locked(struct task *task, void *line)
{
	struct run_queue *rq = per_cpu_ptr(&run_queue, READ_ONCE(task->cpu));

	spin_lock(&rq->lock);
	describe(line, task);
	spin_unlock(&rq->lock);
}

static void
show_pid(struct seq_buf *s, int pid)
{
	struct task_line line;

	/* It may have gone meanwhile. */
	if (task_look_at(pid, describe_locked, &line))
		seq_printf(s, "%5d %4d %-8s %8lu %9lu %-16s %s\n", line.pid,
			   line.cpu, line.state, line.run_ms,
			   line.nr_switches, line.name,
			   line.sleeps_in.name);
}

static void
tasks_show(struct seq_buf *s)
{
	int pid = 0;

	seq_puts(s, "  PID CORE STATE      RUN ms  SWITCHES NAME"
		 "             SLEEPS IN\n");
	while ((pid = task_next_pid(pid)) != 0)
		show_pid(s, pid);
}
NODE("tasks", tasks_show);

static void
console_sink(const char *text, size_t len, void *arg)
{
	(void)arg;
	console_write(text, len);
}

static int
ps_command(int argc, char **argv)
{
	char buf[128];
	struct seq_buf s;

	(void)argc;
	(void)argv;
	seq_buf_init(&s, buf, sizeof(buf));
	seq_buf_set_sink(&s, console_sink, NULL);
	tasks_show(&s);
	seq_buf_flush(&s);
	return 0;
}
MONITOR_COMMAND("ps", ps_command, "", "list the tasks");
