/* SPDX-License-Identifier: MIT */
/* Random runs of which some requests fail. */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <kernel/test.h>
#include <mm/debug.h>

struct failing_run {
	void (*fn)(struct test *t, unsigned cpu, void *arg);
	const struct fault_attr *attr;
};

static inline void
failing_core(struct test *t, unsigned cpu, void *arg)
{
	struct failing_run *run = arg;

	fault_inject_set(run->attr);
	run->fn(t, cpu, NULL);
}

/*
 * test_on_all_cpus(t, fn, NULL), and requests fail as attr says (NULL: none)
 * from when the threads exist, or they would be refused too, to their end.
 */
static inline void
on_all_cpus_failing(struct test *t, void (*fn)(struct test *t, unsigned cpu,
		    void *arg), const struct fault_attr *attr)
{
	struct failing_run run = { fn, attr };

	test_on_all_cpus(t, failing_core, &run);
	fault_inject_set(NULL);
}

#endif
