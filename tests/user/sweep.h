/* SPDX-License-Identifier: MIT */
/* Allocation-failure sweeps from outside: see sweep.c. */
#ifndef UTEST_SWEEP_H
#define UTEST_SWEEP_H

#include "fuzz.h"

/* In a scenario: what fails ends it with its error. */
#define TRY(call) do { \
	long result_ = (call); \
	if (is_error(result_)) \
		return result_; \
} while (0)

/* A scenario returns 0 or -errno, and takes back what outlives its process. */
typedef int (*scenario_fn)(void);

/*
 * Run it with allocation 1 failing, then 2, until it passes. least: so many
 * places allocate, or the sweep sweeps nothing.
 */
void sweep(scenario_fn fn, unsigned least);

#endif
