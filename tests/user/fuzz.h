/* SPDX-License-Identifier: MIT */
/*
 * What the two fuzzers share: random numbers that follow from a seed, their
 * options, and the question whether the kernel still agrees with itself.
 *
 * Options stand on the kernel's command line (make test SUITE=... APPEND="..."):
 *
 *	fuzz=N		how many calls (a few thousand, unless it is said)
 *	test.seed=N	another row of random numbers (make test SEED=N)
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "utest.h"

struct rng {
	unsigned long long state;
};

/* Numbers of their own for each (seed, a, b). */
void rng_start(struct rng *rng, unsigned seed, unsigned a, unsigned b);
unsigned rng_next(struct rng *rng);
/* Below n, which is not 0. */
unsigned rng_below(struct rng *rng, unsigned n);
/* True once in n times. */
bool rng_one_in(struct rng *rng, unsigned n);

/* The number behind key= on the command line, or what is given. */
unsigned fuzz_option(const char *key, unsigned otherwise);
/* The bytes of memory that a line of /proc/meminfo tells, in KiB. */
long meminfo(const char *line);
/* Expect that every rule of the kernel's memory management holds. */
void expect_verified(const char *when);
/* Is it -errno? Addresses above 2 GiB are none. */
static inline bool
is_error(long result)
{
	return (unsigned long)result > -4096ul;
}
/* A result that no system call may give: a code that is the kernel's own. */
bool is_internal_error(long result);

#endif
