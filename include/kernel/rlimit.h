/* SPDX-License-Identifier: MIT */
/* Limits of a process, with Linux's numbers. */
#ifndef KERNEL_RLIMIT_H
#define KERNEL_RLIMIT_H

#include <kernel/task.h>

#define RLIMIT_CPU	0
#define RLIMIT_FSIZE	1
#define RLIMIT_DATA	2
#define RLIMIT_STACK	3
#define RLIMIT_CORE	4
#define RLIMIT_RSS	5
#define RLIMIT_NPROC	6
#define RLIMIT_NOFILE	7
#define RLIMIT_MEMLOCK	8
#define RLIMIT_AS	9
#define RLIMIT_LOCKS	10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE	12
#define RLIMIT_NICE	13
#define RLIMIT_RTPRIO	14
#define RLIMIT_RTTIME	15
#define RLIM_NLIMITS	16
#define RLIM_INFINITY	(~0ul)

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};

/* The current task's limit; kernel threads have none. */
static inline unsigned long
rlimit(unsigned which)
{
	const struct rlimit *rlim = current->rlim;

	return rlim ? READ_ONCE(rlim[which].rlim_cur) : RLIM_INFINITY;
}

#endif
