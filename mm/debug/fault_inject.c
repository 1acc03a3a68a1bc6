/* SPDX-License-Identifier: MIT */
/*
 * Fault injection: allocations that fail on purpose.
 *
 * Ideas
 *   Code that handles a failed allocation runs about never, unless it is made
 *   to. Two ways:
 *
 *   nth	the nth allocation that the watching task makes, of frames or of
 *	an object, fails, once, with everything else as it was. A program asks
 *	for it in its own calls and faults by /proc/self/fail-nth. A sweep over
 *	n = 1, 2, 3, ... reaches each place that allocates, in turn:
 *
 *		run 1:	X			-> -ENOMEM
 *		run 2:	a X			-> -ENOMEM, a given back
 *		run 3:	a b X			-> ...
 *		run 4:	a b c			-> 0: done, 3 places
 *
 *   attr	a share of all allocations fails, for soak tests:
 *	fail_page_alloc=<interval>,<probability>,<space>,<times>
 *
 * Locks   fault_lock (FAULT_INJECT).
 * Questions a reader asks
 *   Why do objects count too, which come from frames? Most come from a slab
 *     that is there already: no frame would ever be refused to them.
 *   Why does nth count one task only?  So that the numbers mean the same in
 *     each run, whatever interrupts and other tasks do meanwhile.
 * Sources  SQLite's documentation, How SQLite Is Tested, section 3.1; Linux's
 *	    documentation of fault injection.
 */
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/lock.h>
#include <kernel/sched.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/debug.h>
#include <mm/hooks.h>
#include <mm/init.h>
#include <mm/slab.h>
#include <mm/verify.h>
#include "fail_sites.h"

#define SWEEP_LIMIT	100000		/* a scenario allocates less often */

static DEFINE_SPINLOCK(fault_lock, LOCK_FAULT_INJECT);
static struct fault_attr attr;		/* fault_lock, as all of these */
static unsigned attr_calls;		/* since the last interval'th */
static unsigned long nth_left;		/* 0: not watching or done */
static bool nth_armed, nth_done;
static const void *nth_task;
static int nth_pid;			/* of it: a structure is used again */
static unsigned long nr_injected;
static u32 fault_random = 88172645u;

static void
fault_update_flag(void)
{
	page_debug_set(PAGE_DEBUG_FAULT, nth_armed || attr.probability);
}

void
fault_inject_set(const struct fault_attr *new)
{
	static const struct fault_attr off;
	unsigned long flags = spin_lock_irqsave(&fault_lock);

	attr = new ? *new : off;
	attr_calls = 0;
	fault_update_flag();
	spin_unlock_irqrestore(&fault_lock, flags);
}

void
fault_inject_nth(unsigned long n)
{
	unsigned long flags = spin_lock_irqsave(&fault_lock);

	nth_left = n;
	nth_armed = n != 0;
	nth_done = false;
	nth_task = current;
	nth_pid = current->pid;
	fault_update_flag();
	spin_unlock_irqrestore(&fault_lock, flags);
	slab_set_hook(SLAB_HOOK_FAULT, n != 0);
}

bool
fault_inject_nth_done(void)
{
	unsigned long flags = spin_lock_irqsave(&fault_lock);
	bool done = nth_done;

	nth_armed = false;
	nth_left = 0;
	nth_done = false;
	fault_update_flag();
	spin_unlock_irqrestore(&fault_lock, flags);
	slab_set_hook(SLAB_HOOK_FAULT, false);
	return done;
}

unsigned long
fault_inject_nth_left(void)
{
	return READ_ONCE(nth_left);
}

unsigned long
fault_inject_count(void)
{
	return nr_injected;
}

/*
 * Is it this task's nth? Those of a pool do not count (they are the ones with
 * __GFP_NOMEMALLOC): its reserve answers, and changes places with what is given
 * back, so that a slab more is in use: to a sweep a frame that is missing.
 */
static bool
nth_should_fail(gfp_t gfp)
{
	if (gfp & __GFP_NOMEMALLOC)
		return false;
	if (!nth_left || nth_task != current || nth_pid != current->pid ||
	    in_interrupt())
		return false;
	if (--nth_left)
		return false;
	nth_done = true;
	return true;
}

static bool
attr_should_fail(unsigned order)
{
	if (!attr.probability || attr.times == 0)
		return false;
	if (attr.space > 0) {
		attr.space -= 1L << order;
		return false;
	}
	if (++attr_calls < attr.interval)
		return false;
	attr_calls = 0;
	fault_random ^= fault_random << 13;
	fault_random ^= fault_random >> 17;
	fault_random ^= fault_random << 5;
	if (fault_random % 100 >= attr.probability)
		return false;
	if (attr.times > 0)
		attr.times--;
	return true;
}

bool
fault_inject_should_fail(gfp_t gfp, unsigned order)
{
	unsigned long flags;
	bool fail;

	if (gfp & __GFP_NOFAIL)
		return false;
	flags = spin_lock_irqsave(&fault_lock);
	fail = nth_should_fail(gfp) || attr_should_fail(order);
	nr_injected += fail;
	spin_unlock_irqrestore(&fault_lock, flags);
	if (unlikely(fail))
		fail_site_note();
	return fail;
}

bool
fault_inject_object(gfp_t gfp)
{
	unsigned long flags;
	bool fail;

	if (gfp & __GFP_NOFAIL)
		return false;
	flags = spin_lock_irqsave(&fault_lock);
	fail = nth_should_fail(gfp);
	nr_injected += fail;
	spin_unlock_irqrestore(&fault_lock, flags);
	if (unlikely(fail))
		fail_site_note();
	return fail;
}

/* One run; *hit says whether an allocation was failed. */
static bool
sweep_run(int (*scenario)(void *arg), void *arg, unsigned long n, bool *hit,
	  struct seq_buf *out)
{
	unsigned long before = nr_settled_free_pages(), after;
	int err;

	fault_inject_nth(n);
	err = scenario(arg);
	*hit = fault_inject_nth_done();
	after = nr_settled_free_pages();
	if (err > 0 || (err && !*hit)) {
		seq_printf(out, "run %lu: returned %d, %s\n", n, err, *hit ?
			   "not an errno" : "though no allocation failed");
		return false;
	}
	if (before != after) {
		seq_printf(out, "run %lu: %lu frames free before, %lu after\n",
			   n, before, after);
		return false;
	}
	if (!mm_verify_all(out)) {
		seq_printf(out, "run %lu: verify\n", n);
		return false;
	}
	return true;
}

long
fault_inject_sweep(int (*scenario)(void *arg), void *arg, struct seq_buf *out)
{
	unsigned long n;
	bool hit;

	for (n = 1; n <= SWEEP_LIMIT; n++) {
		if (!sweep_run(scenario, arg, n, &hit, out))
			return -EINVAL;
		if (!hit)
			return n - 1;
	}
	return -ENOMEM;
}

/* The next number of a comma separated list; false at a bad one. */
static bool
param_number(const char **text, long *number)
{
	unsigned long value = 0;
	bool negative = **text == '-';
	const char *p = *text + negative;

	if (*p < '0' || *p > '9')
		return false;
	while (*p >= '0' && *p <= '9' && value < 100000000)
		value = value * 10 + (*p++ - '0');
	*number = negative ? -(long)value : (long)value;
	if (*p == ',')
		p++;
	*text = p;
	return true;
}

/* fail_page_alloc=<interval>,<probability>,<space>,<times> */
static int
param_fail_page_alloc(const char *value)
{
	struct fault_attr new;
	long number[4];
	unsigned i;

	for (i = 0; i < 4; i++) {
		if (!param_number(&value, &number[i]))
			return -EINVAL;
	}
	if (*value || number[0] < 1 || number[1] < 0 || number[1] > 100)
		return -EINVAL;
	new.interval = number[0];
	new.probability = number[1];
	new.space = number[2];
	new.times = number[3];
	fault_inject_set(&new);
	return 0;
}
BOOT_PARAM("fail_page_alloc", param_fail_page_alloc);
