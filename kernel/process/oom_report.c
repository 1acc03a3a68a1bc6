/* SPDX-License-Identifier: MIT */
/*
 * The report of a kill by the out-of-memory killer, in Linux's words: the tools and
 * the people that read such reports know them. And what of it can be asked at any
 * time: /proc/PID/oom_score, oom_score_adj, oom_adj; the node `oom`: who would be
 * next.
 *
 *	NAME invoked oom-killer: gfp_mask=..., order=..., oom_score_adj=...
 *	a line for each zone
 *	a line for each process (oom_dump_tasks)
 *	Out of memory: Killed process ...
 */
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/procfs.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/page_alloc.h>
#include <mm/trace.h>
#include <mm/zone.h>
#include "oom.h"
#include "process_private.h"

#define KB(pages)	((unsigned long)(pages) << (PAGE_SHIFT - 10))

static void
report_process(struct process *process, void *arg)
{
	char name[TASK_NAME_LEN];
	struct oom_memory m;

	if (!oom_process_memory(process, &m))
		return;
	process_name(process, name);
	pr_info("[%7d] %5u %5d %8lu %8lu %8lu %8lu %8lu %8lu %13d %s\n",
		process->pid, process->uid, process->pid, m.total_vm,
		m.anon + m.file + m.shmem, m.anon, m.file + m.shmem,
		m.tables << PAGE_SHIFT, m.swap, process->oom_score_adj, name);
}

void
oom_report(gfp_t gfp, unsigned order, struct process *victim)
{
	const struct process *mine = current->process;
	char text[200];
	struct seq_buf s;

	seq_buf_init(&s, text, sizeof(text));
	gfp_format(&s, gfp);
	pr_warn("%s invoked oom-killer: gfp_mask=%#x(%s), order=%u, "
		"oom_score_adj=%d\n", current->name, gfp, text, order,
		mine ? mine->oom_score_adj : 0);
	show_zones();
	if (sysctl_oom_dump_tasks) {
		pr_info("Tasks state (memory values in pages):\n");
		pr_info("[  pid  ]   uid  tgid total_vm      rss rss_anon "
			"rss_file pgtables_bytes swapents oom_score_adj "
			"name\n");
		process_for_each(report_process, NULL);
	}
	if (!victim)
		pr_warn("Out of memory and no killable processes\n");
}

void
oom_report_kill(struct process *victim)
{
	struct oom_memory m = { 0 };
	char name[TASK_NAME_LEN];

	oom_process_memory(victim, &m);
	process_name(victim, name);
	trace_mark_victim(victim->pid, m.total_vm, m.anon, m.file,
			  victim->oom_score_adj);
	pr_err("Out of memory: Killed process %d (%s) total-vm:%lukB, "
	       "anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB, UID:%u "
	       "pgtables:%lukB pipes:%lukB oom_score_adj:%d\n", victim->pid, name,
	       KB(m.total_vm), KB(m.anon), KB(m.file), KB(m.shmem),
	       victim->uid, KB(m.tables), KB(m.pipes), victim->oom_score_adj);
}

void
oom_report_reaped(struct process *process, const struct mm_struct *mm)
{
	char name[TASK_NAME_LEN];

	process_name(process, name);
	pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, "
		"file-rss:%lukB, shmem-rss:%lukB\n", process->pid, name,
		KB(mm->rss[MM_ANONPAGES]), KB(mm->rss[MM_FILEPAGES]),
		KB(mm->rss[MM_SHMEMPAGES]));
}

/* --- /proc/PID --- */

/* Badness in thousandths of all memory; 0: it would not be killed. */
static int
score_of(struct process *process)
{
	long points = oom_badness(process);

	return points <= 0 ? 0 :
	       (int)((u64)points * 1000 / oom_total_pages());
}

static int
oom_score_show(struct seq_buf *s, struct task *task)
{
	seq_printf(s, "%d\n", task->process ? score_of(task->process) : 0);
	return 0;
}
PROC_PID_FILE(oom_score, .name = "oom_score", .mode = 0444,
	      .show = oom_score_show);

/* A decimal number with a sign, the whole text, at most limit. */
static int
parse_number(const char *text, int limit, int *value)
{
	bool minus = *text == '-';
	unsigned long n;

	if (kstrtoul(text + minus, 10, &n) || n > (unsigned long)limit)
		return -EINVAL;
	*value = minus ? -(int)n : (int)n;
	return 0;
}

/* Less of a victim than before: only root may make a process that. */
static int
set_adj(struct process *process, int adj)
{
	if (!process)
		return -EINVAL;
	if (adj < process->oom_score_adj && current->process &&
	    current->process->euid)
		return -EACCES;
	process->oom_score_adj = (s16)adj;
	trace_oom_score_adj_update(process->pid, adj);
	return 0;
}

static int
score_adj_show(struct seq_buf *s, struct task *task)
{
	seq_printf(s, "%d\n", task->process ? task->process->oom_score_adj : 0);
	return 0;
}

static int
score_adj_write(struct task *task, const char *text)
{
	int adj, err = parse_number(text, OOM_SCORE_ADJ_MAX, &adj);

	return err ? err : set_adj(task->process, adj);
}
PROC_PID_FILE(oom_score_adj, .name = "oom_score_adj", .mode = 0644,
	      .show = score_adj_show, .write = score_adj_write);

/* The file before it, -17 to 15, where -17 was "never". */
#define OOM_DISABLE	17
#define OOM_ADJ_MAX	15

static int
adj_show(struct seq_buf *s, struct task *task)
{
	int adj = task->process ? task->process->oom_score_adj : 0;

	seq_printf(s, "%d\n", adj == OOM_SCORE_ADJ_MAX ? OOM_ADJ_MAX :
		   adj * OOM_DISABLE / OOM_SCORE_ADJ_MAX);
	return 0;
}

static int
adj_write(struct task *task, const char *text)
{
	int adj, err = parse_number(text, OOM_DISABLE, &adj);

	if (err || adj > OOM_ADJ_MAX)
		return -EINVAL;
	return set_adj(task->process, adj == OOM_ADJ_MAX ? OOM_SCORE_ADJ_MAX :
		       adj * OOM_SCORE_ADJ_MAX / OOM_DISABLE);
}
PROC_PID_FILE(oom_adj, .name = "oom_adj", .mode = 0644, .show = adj_show,
	      .write = adj_write);

SYSCTL(vm_panic_on_oom, .name = "vm/panic_on_oom",
       .value = &sysctl_panic_on_oom, .min = 0, .max = 2);
SYSCTL(vm_oom_kill_allocating_task, .name = "vm/oom_kill_allocating_task",
       .value = &sysctl_oom_kill_allocating_task, .min = 0, .max = 1);
SYSCTL(vm_oom_dump_tasks, .name = "vm/oom_dump_tasks",
       .value = &sysctl_oom_dump_tasks, .min = 0, .max = 1);

/* --- Who would it be? --- */

static void
show_process(struct process *process, void *arg)
{
	static const char *const states[] = { "", "killed", "reaped" };
	struct seq_buf *s = arg;
	char name[TASK_NAME_LEN];
	struct oom_memory m;

	if (!oom_process_memory(process, &m))
		return;
	process_name(process, name);
	seq_printf(s, "%5d %6d %5d %8lu %8lu %7lu %7lu  %-8s %s\n", process->pid,
		   score_of(process), process->oom_score_adj,
		   m.anon + m.file + m.shmem, m.swap, m.tables, m.pipes,
		   process == init_process ? "never" :
		   process->oom_score_adj == OOM_SCORE_ADJ_MIN ? "never" :
		   states[process->oom_state % 3], name);
}

static void
oom_show(struct seq_buf *s)
{
	struct process *next = oom_select();

	seq_puts(s, "  pid  score   adj      rss     swap  tables   pipes  state    "
		 "name\n");
	process_for_each(show_process, s);
	if (next) {
		seq_printf(s, "the next would be %d\n", next->pid);
		process_put(next);
	} else {
		seq_puts(s, "there is nobody to end\n");
	}
}
NODE("oom", oom_show);
