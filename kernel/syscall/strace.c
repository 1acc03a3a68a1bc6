/* SPDX-License-Identifier: MIT */
/*
 * strace: each system call of the watched processes as a line of the log.
 *
 *	[    1.204510] strace 12 cat: mmap2(0, 0x1000, 3, 0x22, -1, 0) = 0xb6f00000
 *
 * Watched is one process with its children, or everybody: `strace' in the
 * monitor, or strace= at boot. It costs one test of a word when off.
 */
#include <kernel/init.h>
#include <kernel/monitor.h>
#include <kernel/printk.h>
#include <kernel/process.h>
#include <kernel/strace.h>
#include <kernel/syscall_table.h>
#include <lib/errno.h>
#include <lib/string.h>

static int watched_pid;			/* 0: everybody */

static bool
is_watched(void)
{
	const struct process *process = current->process;

	return !watched_pid || process->pid == watched_pid ||
	       (process->parent && process->parent->pid == watched_pid);
}

static const char *
name_of(u32 nr)
{
	const char *name = syscall_name(nr);

	return name ? name : "?";
}

void
strace_enter(const struct pt_regs *regs)
{
	if (!is_watched())
		return;
	pr_info("strace %d %s: %s(%#x, %#x, %#x, %#x, %#x, %#x)\n",
		current->pid, current->name, name_of(regs->r[7]), regs->r[0],
		regs->r[1], regs->r[2], regs->r[3], regs->r[4], regs->r[5]);
}

void
strace_exit(u32 nr, long result)
{
	if (!is_watched())
		return;
	if (result < 0 && result > -4096)
		pr_info("strace %d %s: %s = %ld\n", current->pid,
			current->name, name_of(nr), result);
	else
		pr_info("strace %d %s: %s = %#lx\n", current->pid,
			current->name, name_of(nr), (unsigned long)result);
}

/* "all", a pid, or "off". */
static int
watch(const char *who)
{
	unsigned long pid = 0;
	const char *p = who;

	if (!strcmp(who, "off")) {
		syscall_watch(WATCH_STRACE, false);
		return 0;
	}
	if (strcmp(who, "all")) {
		for (; *p >= '0' && *p <= '9' && pid < 100000; p++)
			pid = pid * 10 + (unsigned long)(*p - '0');
		if (*p || !pid)
			return -EINVAL;
	}
	watched_pid = (int)pid;
	syscall_watch(WATCH_STRACE, true);
	return 0;
}

static int
strace_param(const char *value)
{
	return watch(*value ? value : "all");
}
BOOT_PARAM("strace", strace_param);

static int
strace_command(int argc, char **argv)
{
	if (argc == 2 && !watch(argv[1]))
		return 0;
	console_puts("usage: strace all|PID|off\n");
	return -EINVAL;
}
MONITOR_COMMAND("strace", strace_command, "all|PID|off",
		"tell the system calls of a process and its children");
