/* SPDX-License-Identifier: MIT */
/*
 * The limit of a test case, in the kernel's own time.
 *
 * A case that never ends is found by a timer on the core of the runner. Its
 * handler does not return to the case but panics: the panic reports the
 * stacks of every core, and among them is the loop that did not end. A case
 * that hangs while it expects a report is given up as well: its catch point
 * and its capture are taken from it first. What hangs with interrupts masked
 * on that core is left to the host's limit.
 *
 * Whose time
 *   The kernel's alone would fail a right kernel on a slow host.
 *   Under -icount it is instructions; but when every core sleeps the emulator
 *   skips to the next timer, and a disk does its work in the host's time:
 *
 *	kernel	request | asleep: 30 s of ticks in a moment | limit!
 *	host	request |---------- 0.1 s ----------| done
 *
 *   Free-running it is the host's time, in which the host may run something
 *   else: cores that wait for each other then stand still for seconds.
 *
 *   So a case is given up only when the emulator was given processor time for
 *   as long, too. Until then the timer is set again. Cores that sleep for ever
 *   use little of that: PATIENCE times the limit by the host's clock is the
 *   end in any case. Where no host tells its time, the kernel's alone counts.
 */
#ifdef VELLUM_TESTS
#include <asm/catch.h>
#include <asm/semihost.h>
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

#define PATIENCE	5

static struct timer limit_timer;
static unsigned limit_depth;	/* the runner's thread; cases may nest */
static u32 host_time, host_clock;	/* when the case began */

static void
test_limit_set(void)
{
	timer_add(&limit_timer,
		  ktime_get_ns() + (u64)test_timeout * NSEC_PER_SEC);
}

/* Had the case its time by the host's clocks as well? */
static bool
test_limit_of_host(void)
{
	if (!semihost_present())
		return true;
	return semihost_clock() - host_clock >= test_timeout * 100 ||
	       semihost_time() - host_time >= test_timeout * PATIENCE;
}

static void
test_limit_reached(struct timer *timer, void *arg)
{
	const struct test *t = arg;

	(void)timer;
	if (!test_limit_of_host()) {
		test_limit_set();
		return;
	}
	log_capture_abort();
	catch_disarm();
	panic("test: %s:%s still runs after its limit of %u s", t->suite,
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
	host_time = semihost_time();
	host_clock = semihost_clock();
	timer_setup(&limit_timer, test_limit_reached, (void *)t);
	test_limit_set();
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
