/* SPDX-License-Identifier: MIT */
/*
 * KFENCE: a few objects, each alone in a page between two unmapped ones, so
 * that the MMU finds what is done to them. See mm/kmem/kfence.c.
 */
#ifndef MM_KFENCE_H
#define MM_KFENCE_H

#include <lib/compiler.h>
#include <lib/types.h>

struct pt_regs;

#define KFENCE_MAX_OBJECTS	1024u
#define KFENCE_NUM_OBJECTS	63u	/* unless kfence.num_objects= */

#ifdef VELLUM_HOST		/* the host's tests have no pool */
#define is_kfence_address(p)	((void)(p), false)
#else
/* The pages of the pool; no byte while KFENCE is off. */
struct kfence_range {
	unsigned long start, bytes;
};
extern struct kfence_range kfence_range;

/* Does p point into the pool? One comparison, false while there is none. */
static __always_inline bool
is_kfence_address(const void *p)
{
	return unlikely((unsigned long)p - READ_ONCE(kfence_range.start) <
			READ_ONCE(kfence_range.bytes));
}
#endif

/*
 * Boot, between memblock and the linear map: set the pool aside below limit,
 * if kfence.sample_interval= or kfence.num_objects= asks for it.
 */
void kfence_reserve(phys_addr_t limit);
/*
 * Begin: one allocation every interval_ms comes from the pool (0: none but
 * those that kfence_sample_nth() asks for). The pool is the one of boot, else
 * one of that many objects is taken from CMA. Context: may sleep.
 * Returns 0; -EBUSY: it is on; -EINVAL: 0 or too many objects; -ENOMEM.
 */
int kfence_start(unsigned interval_ms, unsigned objects);
/*
 * End, and give back what kfence_start() took. -EBUSY: objects are still in
 * use; no new ones are handed out then. -EINVAL: it is off. May sleep.
 */
int kfence_stop(void);
/* What the timer does: the next allocation that fits comes from the pool. */
void kfence_open_gate(void);
/*
 * The nth allocation of this task from now on that fits comes from the pool,
 * once; 0: none any more. True if the one before is still to come.
 */
bool kfence_sample_nth(unsigned n);

/*
 * A translation fault of the kernel at addr. True: it was the pool's, it was
 * reported, the page is open now: try again. Context: an abort, any lock held.
 */
bool kfence_handle_page_fault(unsigned long addr, bool write,
			      struct pt_regs *regs);

struct kfence_stats {
	unsigned objects;		/* of the pool; 0: off */
	unsigned interval_ms;		/* 0: no timer */
	unsigned used;			/* now */
	unsigned long gates;		/* times it was opened since the start */
	unsigned long allocs, frees;	/* from and to the pool since then */
	unsigned long bugs;		/* reports */
	unsigned long incompatible;	/* not sampled: size, zone, RCU */
	unsigned long capacity;		/* not sampled: no object free */
	unsigned long covered;		/* not sampled: its caller has one */
};
void kfence_get_stats(struct kfence_stats *stats);

#endif
