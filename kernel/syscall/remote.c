/* SPDX-License-Identifier: MIT */
/*
 * Memory of another process, by a pidfd: what a manager of many programs asks
 * of the kernel when memory gets scarce.
 *
 *	process_madvise()   that one will not run for a while: COLD, PAGEOUT; or
 *			    will, soon: WILLNEED
 *	process_mrelease()  that one was killed: take its memory now, as the
 *			    out-of-memory reaper would, and do not wait until it
 *			    has come to its end
 *
 * Only advice that a program cannot notice but by its speed is taken for
 * another.
 *
 * Sources  process_madvise(2), process_mrelease(2).
 */
#include <asm/uaccess.h>
#include <kernel/iov_iter.h>
#include <kernel/oom.h>
#include <kernel/process.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <mm/mm.h>
#include <mm/mman.h>
#include <mm/slab.h>
#include "sys.h"

#define MAX_RANGES	1024		/* UIO_MAXIOV */

static bool
advice_for_others(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT ||
	       advice == MADV_WILLNEED;
}

/* In order, until one fails. How many bytes were advised; the first one's error
 * if there are none. */
static long
advise_ranges(struct mm_struct *mm, const struct iovec *ranges, unsigned nr,
	      int advice)
{
	long sum = 0;
	int err = 0;

	for (unsigned i = 0; i < nr && !err; i++) {
		err = do_madvise(mm, (unsigned long)ranges[i].iov_base,
				 ranges[i].iov_len, advice);
		if (!err)
			sum += (long)ranges[i].iov_len;
	}
	return sum ? sum : err;
}

/* Of the process, as far as current may. 0 or -Exxx. */
static int
mm_to_advise(int pidfd, struct mm_struct **mm)
{
	struct process *process = pidfd_get_process(pidfd, NULL);
	int err = 0;

	if (!process)
		return -EBADF;
	if (!process_may_access(process))
		err = -EACCES;
	else if (process != current->process && current->process->euid)
		err = -EPERM;		/* CAP_SYS_NICE */
	if (!err) {
		*mm = process_get_mm(process);
		err = *mm ? 0 : -ESRCH;
	}
	process_put(process);
	return err;
}

/* The user's list, to be freed, whose bytes can be counted. 0 or -Exxx. */
static int
get_ranges(const struct iovec *user, unsigned long nr, struct iovec **ranges)
{
	struct iovec *r;
	u64 sum = 0;
	int err = 0;

	if (nr > MAX_RANGES)
		return -EINVAL;
	r = kmalloc_array(nr + 1, sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	if (copy_from_user(r, user, nr * sizeof(*r)))
		err = -EFAULT;
	for (unsigned i = 0; i < nr && !err; i++) {
		sum += r[i].iov_len;
		if (r[i].iov_len > TASK_SIZE || sum > 0x7fffffff)
			err = -EINVAL;
	}
	if (err)
		kfree(r);
	else
		*ranges = r;
	return err;
}

long
sys_process_madvise(int pidfd, const struct iovec *user, unsigned long nr,
		    int advice, unsigned flags)
{
	struct iovec *ranges;
	struct mm_struct *mm;
	long result;

	if (flags)
		return -EINVAL;
	result = get_ranges(user, nr, &ranges);
	if (result)
		return result;
	if (!advice_for_others(advice))
		result = -EINVAL;
	else
		result = mm_to_advise(pidfd, &mm);
	if (!result) {
		result = advise_ranges(mm, ranges, (unsigned)nr, advice);
		mmput(mm);
	}
	kfree(ranges);
	return result;
}

/* Nobody's right is asked for: who is to end cannot miss its memory. */
long
sys_process_mrelease(int pidfd, unsigned flags)
{
	struct process *process;
	int err;

	if (flags)
		return -EINVAL;
	process = pidfd_get_process(pidfd, NULL);
	if (!process)
		return -EBADF;
	err = oom_release(process);
	process_put(process);
	return err;
}
