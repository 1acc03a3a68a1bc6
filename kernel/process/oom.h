/* SPDX-License-Identifier: MIT */
/* What oom.c has printed: oom_report.c. Context of all: may sleep. */
#ifndef PROCESS_OOM_PRIVATE_H
#define PROCESS_OOM_PRIVATE_H

#include <kernel/oom.h>

struct mm_struct;

/* Who asked for what, the zones, and all processes; victim NULL: nobody. */
void oom_report(gfp_t gfp, unsigned order, struct process *victim);
/* It is about to be killed / its memory has been taken. */
void oom_report_kill(struct process *victim);
void oom_report_reaped(struct process *process, const struct mm_struct *mm);

#endif
