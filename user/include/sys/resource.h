/* SPDX-License-Identifier: MIT */
#ifndef _SYS_RESOURCE_H
#define _SYS_RESOURCE_H

#include <sys/types.h>

#define RUSAGE_SELF	0
#define RUSAGE_CHILDREN	(-1)

#define RLIMIT_CPU	0
#define RLIMIT_FSIZE	1
#define RLIMIT_DATA	2
#define RLIMIT_STACK	3
#define RLIMIT_CORE	4
#define RLIMIT_NPROC	6
#define RLIMIT_NOFILE	7
#define RLIMIT_MEMLOCK	8
#define RLIMIT_AS	9
#define RLIM_INFINITY	(~0ul)

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};

/* The kernel's times are 32 bits wide, newlib's struct timeval is not. */
struct time32 {
	long sec, usec;
};

struct rusage {
	struct time32 ru_utime, ru_stime;
	long ru_maxrss, ru_ixrss, ru_idrss, ru_isrss;
	long ru_minflt, ru_majflt, ru_nswap, ru_inblock, ru_oublock;
	long ru_msgsnd, ru_msgrcv, ru_nsignals, ru_nvcsw, ru_nivcsw;
};
_Static_assert(sizeof(struct rusage) == 72, "struct rusage is Linux's");

int getrusage(int who, struct rusage *usage);
int getrlimit(int what, struct rlimit *limit);
int setrlimit(int what, const struct rlimit *limit);

#endif
