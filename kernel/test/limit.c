/* SPDX-License-Identifier: MIT */
/*
 * The limit of a test case, in the kernel's own time.
 *
 * A case that never ends is found by a timer on the core of the runner. Its
 * handler does not return to the case but panics: the panic reports the
 * stacks of every core, and among them is the loop that did not end. Under
 * -icount kernel time is instructions, so a slow host does not fail a right
 * kernel. A case that hangs while it expects a report is given up as well: its
 * catch point and its capture are taken from it first. What hangs with
 * interrupts masked on that core is left to the host's limit.
 */
#ifdef VELLUM_TESTS
#include <asm/catch.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/test_run.h>
#include <kernel/time.h>
#include <kernel/timer.h>

#if defined(VELLUM_KASAN) || defined(VELLUM_UBSAN)
unsigned test_timeout = 480;	/* checked builds are slow */
#else
unsigned test_timeout = 120;
#endif

static struct timer limit_timer;
static unsigned limit_depth;	/* the runner's thread; cases may nest */

static void
test_limit_reached(struct timer *timer, void *arg)
{
	const struct test *t = arg;

	(void)timer;
	log_capture_abort();
	catch_disarm();
	panic("test: %s:%s still runs after %u s of kernel time", t->suite,
	      t->name, test_timeout);
}

/*
 * The case t begins. A case that is run by another case shares its limit.
 */
void
test_limit_begin(const struct test *t)
{
	if (limit_depth++)
		return;
	timer_setup(&limit_timer, test_limit_reached, (void *)t);
	timer_add(&limit_timer,
		  ktime_get_ns() + (u64)test_timeout * NSEC_PER_SEC);
}

/*
 * The case has ended, checks included.
 */
void
test_limit_end(void)
{
	if (!--limit_depth)
		timer_del_sync(&limit_timer);
}
#endif
