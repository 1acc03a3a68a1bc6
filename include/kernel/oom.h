/* SPDX-License-Identifier: MIT */
/* When memory is used up: who ends. See kernel/process/oom.c. */
#ifndef KERNEL_OOM_H
#define KERNEL_OOM_H

#include <lib/types.h>
#include <mm/gfp.h>

struct process;

#define OOM_SCORE_ADJ_MIN	(-1000)		/* never */
#define OOM_SCORE_ADJ_MAX	1000

/* process->oom_state: only ever upwards. */
enum oom_state {
	OOM_NONE,
	OOM_VICTIM,	/* killed; its memory is on its way */
	OOM_DONE,	/* reaped as far as it goes: no use waiting for it */
};

/* The pages of a process, all of one moment. */
struct oom_memory {
	unsigned long total_vm, anon, file, shmem, swap, tables;
	unsigned long pipes;		/* frames of pipes that it made */
};

/*
 * For page_oom_fn: choose a process, report, kill it. Context: may sleep; an
 * mmap_lock may be held for reading.
 * True: memory has become free, or will, or the caller may use reserves now
 * (current->oom_victim); try again. False: there is nobody to end.
 */
bool out_of_memory(gfp_t gfp, unsigned order);

/*
 * process has been told to end: take its memory now, as the reaper would.
 * Context: may sleep. 0; -EINVAL: it, or one that shares its space, may go on;
 * -ESRCH: it has no space any more; -EAGAIN: the space is being changed.
 */
int oom_release(struct process *process);

/* What its end would free; false: it has no space (any more). */
bool oom_process_memory(struct process *process, struct oom_memory *m);
/*
 * Pages that its end would free, shifted by its oom_score_adj; -1: it is not to
 * be killed. process has a reference.
 */
long oom_badness(struct process *process);
/* Whom it would be, with a reference, or NULL. */
struct process *oom_select(void);
/* Frames and swap pages: what badness is a share of. */
unsigned long oom_total_pages(void);

/* /proc/sys/vm */
extern int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task;
extern int sysctl_oom_dump_tasks;

/* Of the last kill: ns from the call to the signal; processes killed ever. */
extern u64 oom_last_ns;
extern unsigned nr_oom_kills;

#endif
