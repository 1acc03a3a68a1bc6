/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/fail-nth: a program lets one of its own allocations fail.
 *
 *	write N		the Nth allocation that the writing thread makes from now
 *			on, in whatever call or fault, fails; 0: none does
 *	read		how many are left until then: 0, it has failed
 *
 * With it a test sweeps a call from outside: N = 1, 2, 3, ... until the call
 * passes and something is left (tests/user/sweep.c). For root, for it makes the
 * kernel refuse; and for oneself, since counting another's would mean nothing. One
 * thread of the machine is watched at a time (mm/debug/fault_inject.c): the
 * last that wrote, and what is read is about that.
 *
 * Source  the name and the idea: Linux, Documentation/fault-injection.
 */
#include <kernel/procfs.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/debug.h>

static int
fail_nth_show(struct seq_buf *s, struct task *task)
{
	(void)task;
	seq_printf(s, "%lu\n", fault_inject_nth_left());
	return 0;
}

static int
fail_nth_write(struct task *task, const char *text)
{
	unsigned long n = 0;

	if (task->process != current->process || current->process->euid)
		return -EPERM;
	if (!*text)
		return -EINVAL;
	for (; *text >= '0' && *text <= '9' && n < 1000000; text++)
		n = n * 10 + (unsigned long)(*text - '0');
	if (*text)
		return -EINVAL;
	fault_inject_nth(n);
	return 0;
}
PROC_PID_FILE(fail_nth, .name = "fail-nth", .mode = 0644,
	      .show = fail_nth_show, .write = fail_nth_write);
