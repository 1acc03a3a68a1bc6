/* SPDX-License-Identifier: MIT */
/*
 * Finding mistakes in the use of page frames: who has them, what was written
 * to them after they were freed, and what happens when there are none.
 * All are off unless asked for, on the command line or by these functions.
 */
#ifndef MM_DEBUG_H
#define MM_DEBUG_H

#include <lib/seq_buf.h>
#include <lib/types.h>
#include <mm/gfp.h>

/* page_owner.c: remember the stack of each allocation (page_owner=on). */
int page_owner_start(void);		/* 0, -ENOMEM, -EBUSY if on */
void page_owner_stop(void);
bool page_owner_running(void);
void page_owner_alloc(struct page *page, unsigned order, gfp_t gfp);
void page_owner_free(struct page *page, unsigned order);
void page_owner_split(struct page *page, unsigned order);
/* The stacks that know page; nothing if none does. */
void page_owner_describe(struct seq_buf *s, struct page *page);
/* Frames that were allocated with pc on the stack and not freed. */
unsigned long page_owner_frames_of(unsigned long start, unsigned long end);

/* poison.c: fill free pages with a pattern (page_poison=1, init_on_*=1). */
#define PAGE_POISON_BYTE	0xaa
int page_poison_start(void);		/* 0, -ENOMEM, -EBUSY if on */
void page_poison_stop(void);
void page_poison_free(struct page *page, unsigned order);
void page_poison_alloc(struct page *page, unsigned order);
void page_fill(struct page *page, unsigned order, u8 byte);
extern unsigned nr_poison_errors;	/* pages found changed */

/*
 * page_life.c: the last n (1 to 64, rounded up to a power of two) events of each
 * frame. 0, -EINVAL, -EBUSY, -ENOMEM. Context: may sleep.
 */
int page_life_start(unsigned n);
void page_life_stop(void);
void page_life_show(struct seq_buf *s, const struct page *page);

/*
 * fault_inject.c: let allocations fail. As with Linux's fail_page_alloc:
 * probability (percent) of the allocations that are an interval'th one fail,
 * after the first space frames, at most times (-1: for ever).
 */
struct fault_attr {
	unsigned probability;	/* percent; 0: off */
	unsigned interval;	/* 1: each is considered */
	long space;		/* frames still granted before */
	int times;
};

void fault_inject_set(const struct fault_attr *attr);	/* NULL: off */
/*
 * Let the nth allocation of this task from now on, of frames or of an object,
 * fail, once; 0: none. Context: no lock held.
 */
void fault_inject_nth(unsigned long n);
/* Did it? Also ends the watch. */
bool fault_inject_nth_done(void);
/* How many until then; 0: it has failed, or nobody watches. */
unsigned long fault_inject_nth_left(void);
/* Allocations that were made to fail, ever. */
unsigned long fault_inject_count(void);
bool fault_inject_should_fail(gfp_t gfp, unsigned order);
/*
 * fail_sites.c (debug builds): has a call that returns to [first, last) been
 * made to fail? And, when the tests are over: print all, if fail_sites=log.
 */
#ifdef VELLUM_DEBUG
bool fail_site_known(unsigned long first, unsigned long last);
void fail_sites_end(void);
#else
#define fail_sites_end()	((void)0)
#endif

/*
 * The allocation-failure sweep: run scenario(arg) with allocation 1 failing,
 * then 2, ... until it runs through with none failing. After each run no
 * frame may be missing and mm_verify_all() must be clean. A scenario returns
 * 0 or a negative errno, and gives back all it took in either case; untouched
 * it returns 0.
 * Returns how many allocations were failed one by one; -EINVAL with a line in
 * out for the first run that broke something; -ENOMEM when it did not end.
 * Context: may sleep.
 */
long fault_inject_sweep(int (*scenario)(void *arg), void *arg,
			struct seq_buf *out);

#endif
