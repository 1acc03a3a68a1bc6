/* SPDX-License-Identifier: MIT */
/*
 * clone3: clone() with its arguments in a structure, which may grow.
 *
 * The caller says how large its structure is. A larger one than is known here
 * is served as long as what is not known is zero; of a smaller one the rest is:
 *
 *	caller	|flags ... tls|set_tid, _size|cgroup|new fields|
 *		0	     64		    80	   88	  zero, or E2BIG
 *
 * What is not served (EINVAL): a chosen pid (set_tid), namespaces, cgroups.
 *
 * Sources  clone3(2).
 */
#include <asm/uaccess.h>
#include <kernel/process.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/mm.h>
#include "sys.h"

struct clone_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal;
	u64 stack, stack_size;		/* the lowest address; bytes */
	u64 tls;
	u64 set_tid, set_tid_size, cgroup;
};
static_assert(sizeof(struct clone_args) == 88, "struct clone_args");

#define SIZE_VER0	64u
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#define CLONE_SERVED \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PIDFD | \
	 CLONE_PTRACE | CLONE_VFORK | CLONE_PARENT | CLONE_THREAD | \
	 CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | \
	 CLONE_CHILD_CLEARTID | CLONE_UNTRACED | CLONE_CHILD_SETTID | \
	 CLONE_IO | CLONE_CLEAR_SIGHAND)

/* Nothing but zeros from user + done to user + size? 0, -E2BIG, -EFAULT. */
static int
check_rest(const char *user, u32 done, u32 size)
{
	u8 buf[64], any = 0;

	for (u32 n; done < size; done += n) {
		n = min(size - done, (u32)sizeof(buf));
		if (copy_from_user(buf, user + done, n))
			return -EFAULT;
		for (u32 i = 0; i < n; i++)
			any |= buf[i];
	}
	return any ? -E2BIG : 0;
}

static int
get_args(const void *user, u32 size, struct clone_args *args)
{
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < SIZE_VER0)
		return -EINVAL;
	err = check_rest(user, sizeof(*args), size);
	if (err)
		return err;
	memset(args, 0, sizeof(*args));
	return copy_from_user(args, user, min(size, (u32)sizeof(*args))) ?
	       -EFAULT : 0;
}

static bool
stack_valid(const struct clone_args *args)
{
	if (!args->stack || !args->stack_size)
		return !args->stack && !args->stack_size;
	return args->stack < TASK_SIZE &&
	       args->stack_size <= TASK_SIZE - args->stack;
}

/* What do_clone() does not judge itself. */
static bool
args_valid(const struct clone_args *args)
{
	if (args->flags & ~(u64)CLONE_SERVED || args->exit_signal > NSIG ||
	    args->set_tid || args->set_tid_size)
		return false;
	if (args->flags & (CLONE_THREAD | CLONE_PARENT) && args->exit_signal)
		return false;
	return stack_valid(args);
}

long
sys_clone3(const void *user, u32 size)
{
	struct kernel_clone_args kernel;
	struct clone_args args;
	int err = get_args(user, size, &args);

	if (err)
		return err;
	if (!args_valid(&args))
		return -EINVAL;
	kernel = (struct kernel_clone_args){
		.flags = (u32)args.flags | (u32)args.exit_signal,
		.clear_sighand = (args.flags & CLONE_CLEAR_SIGHAND) != 0,
		.stack = (u32)(args.stack + args.stack_size),
		.parent_tid = (u32)args.parent_tid,
		.child_tid = (u32)args.child_tid,
		.pidfd = (u32)args.pidfd, .tls = (u32)args.tls,
	};
	return do_clone(&kernel);
}
