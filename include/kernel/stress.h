/* SPDX-License-Identifier: MIT */
/* Stress: every allocator at once, on every core, from a seed. */
#ifndef KERNEL_STRESS_H
#define KERNEL_STRESS_H

#include <lib/seq_buf.h>
#include <lib/types.h>

/*
 * Run for so many milliseconds of kernel time and check everything at the end.
 * Returns 0; -ENOMEM if it could not start; -EIO if something was wrong,
 * after saying what in out. Context: a kernel thread.
 */
int stress_run(unsigned ms, u32 seed, struct seq_buf *out);
/* What stress= asked for: run it and end the machine, else return. */
void stress_at_boot(void);

#endif
