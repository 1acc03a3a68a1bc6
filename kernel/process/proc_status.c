/* SPDX-License-Identifier: MIT */
/*
 * What a process is, for people and for ps and top: /proc/PID/status, stat, statm,
 * cmdline, environ, limits, exe. The formats are those of proc(5).
 */
#include <kernel/fs_struct.h>
#include <kernel/procfs.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>

#define KB(pages)	((unsigned long)(pages) << (PAGE_SHIFT - 10))
#define NSEC_PER_TICK	(NSEC_PER_SEC / 100)

static char
state_letter(const struct task *task)
{
	const struct process *p = task->process;

	if (p && p->zombie)
		return 'Z';
	if (p && p->stopped && task->state != TASK_RUNNING)
		return 'T';
	switch (task->state) {
	case TASK_RUNNING:
		return 'R';
	case TASK_INTERRUPTIBLE:
		return 'S';
	case TASK_DEAD:
		return 'X';
	default:
		return p ? 'D' : 'S';	/* threads of the kernel just wait */
	}
}

static const char *
state_text(char letter)
{
	switch (letter) {
	case 'R':
		return "running";
	case 'S':
		return "sleeping";
	case 'T':
		return "stopped";
	case 'Z':
		return "zombie";
	case 'X':
		return "dead";
	default:
		return "disk sleep";
	}
}

static int
parent_of(const struct task *task)
{
	return task->process ? process_parent_pid(task->process) : 0;
}

/* --- status --- */

static void
put_memory(struct seq_buf *s, struct mm_struct *mm)
{
	unsigned long rss = mm_rss(mm);

	seq_printf(s, "VmPeak:\t%8lu kB\n", KB(mm->hiwater_vm));
	seq_printf(s, "VmSize:\t%8lu kB\n", KB(mm->total_vm));
	seq_printf(s, "VmLck:\t%8lu kB\n", KB(mm->locked_vm));
	seq_printf(s, "VmPin:\t%8lu kB\n", 0ul);
	seq_printf(s, "VmHWM:\t%8lu kB\n", KB(mm_hiwater_rss(mm)));
	seq_printf(s, "VmRSS:\t%8lu kB\n", KB(rss));
	seq_printf(s, "RssAnon:\t%8lu kB\n", KB(mm->rss[MM_ANONPAGES]));
	seq_printf(s, "RssFile:\t%8lu kB\n", KB(mm->rss[MM_FILEPAGES]));
	seq_printf(s, "RssShmem:\t%8lu kB\n", KB(mm->rss[MM_SHMEMPAGES]));
	seq_printf(s, "VmData:\t%8lu kB\n", KB(mm->data_vm));
	seq_printf(s, "VmStk:\t%8lu kB\n", KB(mm->stack_vm));
	seq_printf(s, "VmExe:\t%8lu kB\n",
		   (ALIGN_UP(mm->end_code, PAGE_SIZE) -
		    ALIGN_DOWN(mm->start_code, PAGE_SIZE)) >> 10);
	seq_printf(s, "VmLib:\t%8lu kB\n", 0ul);
	seq_printf(s, "VmPTE:\t%8lu kB\n", KB(mm->nr_tables));
	seq_printf(s, "VmSwap:\t%8lu kB\n", KB(mm->rss[MM_SWAPENTS]));
}

static void
put_process(struct seq_buf *s, const struct task *task,
	    const struct process *p)
{
	u64 ignored = 0, caught = 0;

	for (unsigned i = 0; i < NSIG; i++) {
		u32 handler = p->sighand->action[i].handler;

		ignored |= (u64)(handler == SIG_IGN) << i;
		caught |= (u64)(handler > SIG_IGN) << i;
	}
	seq_printf(s, "Threads:\t%u\n", p->nr_threads);
	seq_printf(s, "SigPnd:\t%016llx\n", task->pending.set);
	seq_printf(s, "ShdPnd:\t%016llx\n", p->pending.set);
	seq_printf(s, "SigBlk:\t%016llx\n", task->blocked);
	seq_printf(s, "SigIgn:\t%016llx\n", ignored);
	seq_printf(s, "SigCgt:\t%016llx\n", caught);
}

/* As a mask, and as a list like 0-1,3. */
static void
put_cores(struct seq_buf *s, u32 mask)
{
	unsigned from, to;
	const char *comma = "";

	seq_printf(s, "Cpus_allowed:\t%x\nCpus_allowed_list:\t", mask);
	for (from = 0; from < NR_CPUS; from = to + 1) {
		for (to = from; to < NR_CPUS && mask >> to & 1; to++)
			;
		if (to == from)
			continue;
		seq_printf(s, "%s%u", comma, from);
		if (to - from > 1)
			seq_printf(s, "-%u", to - 1);
		comma = ",";
	}
	seq_putc(s, '\n');
}

static int
status_show(struct seq_buf *s, struct task *task)
{
	const struct process *p = task->process;
	struct mm_struct *mm = task_get_mm(task);
	char state = state_letter(task);

	seq_printf(s, "Name:\t%s\n", task->name);
	seq_printf(s, "State:\t%c (%s)\n", state, state_text(state));
	seq_printf(s, "Tgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		   p ? p->pid : task->pid, task->pid, parent_of(task));
	if (p) {
		seq_printf(s, "Uid:\t%u\t%u\t%u\t%u\n", p->uid, p->euid,
			   p->suid, p->euid);
		seq_printf(s, "Gid:\t%u\t%u\t%u\t%u\n", p->gid, p->egid,
			   p->sgid, p->egid);
	}
	if (mm) {
		put_memory(s, mm);
		mmput(mm);
	}
	if (p)
		put_process(s, task, p);
	put_cores(s, sched_getaffinity(task));
	seq_printf(s, "voluntary_ctxt_switches:\t%lu\n", task->nr_switches);
	return 0;
}
PROC_PID_FILE(status, .name = "status", .mode = 0444, .show = status_show);

/* --- stat and statm --- */

static int
statm_show(struct seq_buf *s, struct task *task)
{
	struct mm_struct *mm = task_get_mm(task);

	if (!mm) {
		seq_puts(s, "0 0 0 0 0 0 0\n");
		return 0;
	}
	seq_printf(s, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_vm, mm_rss(mm),
		   (unsigned long)(mm->rss[MM_FILEPAGES] +
				   mm->rss[MM_SHMEMPAGES]),
		   (ALIGN_UP(mm->end_code, PAGE_SIZE) -
		    ALIGN_DOWN(mm->start_code, PAGE_SIZE)) >> PAGE_SHIFT,
		   mm->data_vm + mm->stack_vm);
	mmput(mm);
	return 0;
}
PROC_PID_FILE(statm, .name = "statm", .mode = 0444, .show = statm_show);

/* The figures of a process, or of a thread of the kernel. */
static void
usage_of(struct task *task, struct process_usage *u)
{
	memset(u, 0, sizeof(*u));
	if (task->process)
		process_usage_now(task->process, u);
	else
		u->stime = task->sum_runtime;
}

static int
stat_show(struct seq_buf *s, struct task *task)
{
	const struct process *p = task->process;
	struct mm_struct *mm = task_get_mm(task);
	struct process_usage u;

	usage_of(task, &u);
	seq_printf(s, "%d (%s) %c %d %d %d 0 -1 0 ", task->pid, task->name,
		   state_letter(task), parent_of(task), p ? p->pgid : 0,
		   p ? p->sid : 0);
	seq_printf(s, "%lu 0 %lu 0 %llu %llu 0 0 %d %d %u 0 %llu ", u.min_flt,
		   u.maj_flt, u.utime / NSEC_PER_TICK,
		   u.stime / NSEC_PER_TICK, 20 + task->nice, task->nice,
		   p ? p->nr_threads : 1,
		   p ? p->start_time / NSEC_PER_TICK : 0ull);
	seq_printf(s, "%lu %lu %lu ", mm ? mm->total_vm << PAGE_SHIFT : 0,
		   mm ? mm_rss(mm) : 0, RLIM_INFINITY);
	seq_printf(s, "%lu %lu %lu 0 0 ", mm ? mm->start_code : 0,
		   mm ? mm->end_code : 0, mm ? mm->start_stack : 0);
	seq_printf(s, "0 0 0 0 0 0 0 %d %d 0 0 0 0 0 ",
		   p ? p->exit_signal : 0, task->cpu);
	seq_printf(s, "%lu %lu %lu ", mm ? mm->start_data : 0,
		   mm ? mm->end_data : 0, mm ? mm->start_brk : 0);
	seq_printf(s, "%lu %lu %lu %lu %d\n", mm ? mm->arg_start : 0,
		   mm ? mm->arg_end : 0, mm ? mm->env_start : 0,
		   mm ? mm->env_end : 0, p ? p->exit_status : 0);
	if (mm)
		mmput(mm);
	return 0;
}
PROC_PID_FILE(stat, .name = "stat", .mode = 0444, .show = stat_show);

/* --- Strings of the program's own memory --- */

static ssize_t
read_user_range(struct task *task, bool env, struct iov_iter *to, u64 *pos)
{
	struct mm_struct *mm = task_get_mm(task);
	unsigned long start, end, n;
	char chunk[256];
	ssize_t done = 0;

	if (!mm)
		return 0;
	start = env ? mm->env_start : mm->arg_start;
	end = env ? mm->env_end : mm->arg_end;
	while (to->count && *pos < end - start) {
		n = min(min((unsigned long)(end - start - *pos),
			    (unsigned long)to->count),
			(unsigned long)sizeof(chunk));
		n = access_remote_vm(mm, start + (unsigned long)*pos, chunk, n,
				     FOLL_FORCE);
		if (!n || copy_to_iter(chunk, n, to) != n)
			break;
		*pos += n;
		done += (ssize_t)n;
	}
	mmput(mm);
	return done;
}

static ssize_t
cmdline_read(struct task *task, struct iov_iter *to, u64 *pos)
{
	return read_user_range(task, false, to, pos);
}
PROC_PID_FILE(cmdline, .name = "cmdline", .mode = 0444, .read = cmdline_read);

static ssize_t
environ_read(struct task *task, struct iov_iter *to, u64 *pos)
{
	return read_user_range(task, true, to, pos);
}
PROC_PID_FILE(environ, .name = "environ", .mode = 0400, .read = environ_read);

static int
exe_jump(struct task *task, struct path *path)
{
	struct process *p = task->process;
	unsigned long flags;
	struct file *file;

	if (!p)
		return -ENOENT;
	flags = spin_lock_irqsave(&process_lock);
	file = p->exe_file ? get_file(p->exe_file) : NULL;
	spin_unlock_irqrestore(&process_lock, flags);
	if (!file)
		return -ENOENT;
	*path = file->f_path;
	path_get(path);
	fput(file);
	return 0;
}
PROC_PID_FILE(exe, .name = "exe", .mode = 0777, .jump = exe_jump);

/* --- Limits --- */

static void
put_limit(struct seq_buf *s, unsigned long value)
{
	if (value == RLIM_INFINITY)
		seq_printf(s, "%-20s ", "unlimited");
	else
		seq_printf(s, "%-20lu ", value);
}

static int
limits_show(struct seq_buf *s, struct task *task)
{
	static const char *const names[RLIM_NLIMITS][2] = {
		{ "Max cpu time", "seconds" }, { "Max file size", "bytes" },
		{ "Max data size", "bytes" }, { "Max stack size", "bytes" },
		{ "Max core file size", "bytes" },
		{ "Max resident set", "bytes" },
		{ "Max processes", "processes" }, { "Max open files", "files" },
		{ "Max locked memory", "bytes" },
		{ "Max address space", "bytes" }, { "Max file locks", "locks" },
		{ "Max pending signals", "signals" },
		{ "Max msgqueue size", "bytes" }, { "Max nice priority", "" },
		{ "Max realtime priority", "" },
		{ "Max realtime timeout", "us" },
	};

	if (!task->process)
		return 0;
	seq_printf(s, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
		   "Hard Limit", "Units");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(s, "%-25s ", names[i][0]);
		put_limit(s, task->process->rlim[i].rlim_cur);
		put_limit(s, task->process->rlim[i].rlim_max);
		seq_printf(s, "%-10s\n", names[i][1]);
	}
	return 0;
}
PROC_PID_FILE(limits, .name = "limits", .mode = 0444, .show = limits_show);
