/* SPDX-License-Identifier: MIT */
/* How the suites of sweeps run their scenarios (sweep.c says what that is). */
#ifndef TESTS_SWEEP_H
#define TESTS_SWEEP_H

#include <asm/irqflags.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/task.h>
#include <kernel/test.h>
#include <lib/errno.h>
#include <lib/seq_buf.h>
#include <mm/debug.h>

/* A scenario, and what it said when an allocation failed. */
struct swept {
	int (*scenario)(void);
	unsigned nr_wrong;		/* results that are not 0 or -ENOMEM */
};

static inline int
swept_run(void *arg)
{
	static char log[4096];		/* the reports of failed allocations */
	struct swept *swept = arg;
	u32 allowed = current->cpus_allowed;
	unsigned long flags;
	int err;

	/* Output is captured by core: the scenario may sleep, but stays here. */
	flags = local_irq_save();
	current->cpus_allowed = 1u << smp_processor_id();
	local_irq_restore(flags);
	log_capture_begin(log, sizeof(log));
	err = swept->scenario();
	log_capture_end();
	current->cpus_allowed = allowed;
	if (err && err != -ENOMEM)
		swept->nr_wrong++;
	return err;
}

/* Sweep it; returns how many allocations could fail. */
static inline long
sweep(struct test *t, int (*scenario)(void))
{
	struct swept swept = { scenario, 0 };
	char text[512];
	struct seq_buf s;
	long nr;

	seq_buf_init(&s, text, sizeof(text));
	nr = fault_inject_sweep(swept_run, &swept, &s);
	EXPECT_EQ(t, swept.nr_wrong, 0);
	if (s.len)
		test_info(t, "%s", text);
	return nr;
}

#endif
