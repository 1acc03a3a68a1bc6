/* SPDX-License-Identifier: MIT */
/*
 * Pressure: how much time is lost because something is short. See
 * kernel/sched/psi.c.
 *
 *	unsigned was = psi_stall_enter(PSI_MEM_STALL);
 *	... reclaim, wait for a page to come back from swap ...
 *	psi_stall_leave(was);
 */
#ifndef KERNEL_PSI_H
#define KERNEL_PSI_H

#include <lib/types.h>

struct seq_buf;

/* What current is held up by: bits of task->psi_flags. */
#define PSI_IO_STALL	1u
#define PSI_MEM_STALL	2u

enum psi_resource { PSI_IO, PSI_MEM, PSI_CPU, NR_PSI_RESOURCES };
enum psi_share { PSI_SOME, PSI_FULL, NR_PSI_SHARES };

/*
 * From here on current is held up; what it was before is to be given to
 * psi_stall_leave(). They nest. Context: a task, no lock of rank PSI or above it.
 */
unsigned psi_stall_enter(unsigned what);
void psi_stall_leave(unsigned was);

/* ns of stalled time up to now. */
u64 psi_total(enum psi_resource resource, enum psi_share share);
/* One line of each share, as /proc/pressure/ shows it. */
void psi_show(struct seq_buf *s, enum psi_resource resource);

/* The scheduler's: this core is about to idle, does so no more; a tick. */
void psi_idle(bool idle);
void psi_tick(void);

/*
 * An average of 1/100 % units (10000: all the time) after n periods of 2 s in
 * which share (likewise) was lost; window: 0, 1, 2 for 10, 60, 300 s.
 */
u32 psi_decay(u32 average, u32 share, unsigned n, unsigned window);

#endif
