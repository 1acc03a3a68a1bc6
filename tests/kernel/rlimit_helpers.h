/* SPDX-License-Identifier: MIT */
/* Limits for the thread of a test, which has none otherwise. */
#ifndef TESTS_RLIMIT_HELPERS_H
#define TESTS_RLIMIT_HELPERS_H

#include <kernel/rlimit.h>
#include <kernel/sched.h>

struct test_limits {
	struct rlimit rlim[RLIM_NLIMITS];
	struct rlimit *before;
};

static inline void
test_limits_begin(struct test_limits *limits)
{
	for (unsigned i = 0; i < RLIM_NLIMITS; i++)
		limits->rlim[i] = (struct rlimit){ RLIM_INFINITY,
						   RLIM_INFINITY };
	limits->before = current->rlim;
	current->rlim = limits->rlim;
}

static inline void
test_limits_end(struct test_limits *limits)
{
	current->rlim = limits->before;
}

#endif
