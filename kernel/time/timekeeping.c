/* SPDX-License-Identifier: MIT */
/*
 * The time, and the tick.
 *
 * Ideas
 *   The clocksource counts cycles since it was switched on; ktime is that in
 *   nanoseconds. It is one counter for all cores, so ktime is the same
 *   everywhere and needs no lock.
 *	100 MHz: 1 cycle is 10 ns exactly, one multiplication. Rates that do
 *	not divide a second are split first, so that nothing overflows:
 *	ns = (c / rate) * 10^9 + (c % rate) * 10^9 / rate
 *   Each core has a clock event device that interrupts once; after each
 *   interrupt it is set to the next tick or timer, whichever is first.
 *	tick      |---------|---------|---------|
 *	timers        ^  ^         ^
 *	interrupt |   |  |  |      |  |         |
 *   A tick that comes late (interrupts were masked) is not repeated: the next
 *   one is the next multiple of 10 ms. jiffies is what has passed, so it
 *   jumps over the missed ones.
 *
 * State   clock, device: written once at boot. next_tick: its core alone,
 *         interrupts masked. jiffies: the boot core.
 */
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <asm/processor.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/smp.h>
#include <kernel/time.h>
#include <kernel/timer.h>
#include <lib/compiler.h>

/* Loops of udelay() a microsecond while there is no clock: a guess, high. */
#define BLIND_LOOPS_PER_USEC	1000

volatile unsigned long jiffies;

static const struct clocksource *clock;
static const struct clock_event *device;
static u64 clock_start;			/* cycles when clock was registered */
static u32 clock_cycle_ns;		/* of one cycle; 0: no whole number */
static bool started;			/* timekeeping_init() was called */
static DEFINE_PER_CPU(u64, next_tick);	/* ktime; 0: no tick on this core */

u64
ktime_get_ns(void)
{
	const struct clocksource *cs = READ_ONCE(clock);
	u64 cycles;

	if (unlikely(!cs))
		return 0;
	cycles = cs->read() - clock_start;
	if (likely(clock_cycle_ns))
		return cycles * clock_cycle_ns;
	return cycles / cs->rate_hz * NSEC_PER_SEC +
	       cycles % cs->rate_hz * NSEC_PER_SEC / cs->rate_hz;
}

void
udelay(unsigned us)
{
	u64 end = ktime_get_ns() + (u64)us * NSEC_PER_USEC;

	if (!clock) {
		for (u64 n = (u64)us * BLIND_LOOPS_PER_USEC; n > 0; n--)
			barrier();
		return;
	}
	while (ktime_get_ns() < end)
		cpu_relax();
}

/* Set the device to what comes next on this core. Interrupts masked. */
static void
program_next(u64 now)
{
	u64 next = min(*this_cpu_ptr(&next_tick), timers_next());
	u64 ns = next > now ? next - now : 0;

	device->set_next(clamp(ns, device->min_ns, device->max_ns));
}

static void
tick(u64 now)
{
	u64 *next = this_cpu_ptr(&next_tick);

	if (smp_processor_id() == 0)
		jiffies = (unsigned long)(now / TICK_NSEC);
	*next = (now / TICK_NSEC + 1) * TICK_NSEC;
	sched_tick();
}

void
clock_event_interrupt(void)
{
	u64 now = ktime_get_ns();

	if (*this_cpu_ptr(&next_tick) == 0)
		return;			/* not started yet */
	if (now >= *this_cpu_ptr(&next_tick))
		tick(now);
	timers_run(now);
	program_next(ktime_get_ns());
	/*
	 * An emulator that runs the cores in turn (-icount) may end each turn
	 * of a busy core just when the next one has nothing left of its own:
	 * then only this lets the others run at all.
	 */
	cpu_relax();
}

/* A timer was set that is this core's first. Interrupts masked. */
void
clock_event_reprogram(void)
{
	if (*this_cpu_ptr(&next_tick) != 0)
		program_next(ktime_get_ns());
}

void
timekeeping_cpu_init(void)
{
	u64 now = ktime_get_ns();

	device->cpu_init();
	*this_cpu_ptr(&next_tick) = (now / TICK_NSEC + 1) * TICK_NSEC;
	program_next(now);
}

/* Start the tick as soon as all three are there: clock, device, will. */
static void
start_if_ready(void)
{
	unsigned long flags;

	if (!clock || !device || !started || *this_cpu_ptr(&next_tick) != 0)
		return;
	flags = local_irq_save();
	timekeeping_cpu_init();
	local_irq_restore(flags);
	pr_info("time: clock %s at %u Hz, tick by %s, HZ %d\n", clock->name,
		clock->rate_hz, device->name, HZ);
}

void
clocksource_register(const struct clocksource *cs)
{
	if (clock)
		return;			/* the first one is kept */
	clock_start = cs->read();
	clock_cycle_ns = NSEC_PER_SEC % cs->rate_hz ? 0 :
			 NSEC_PER_SEC / cs->rate_hz;
	smp_wmb();
	WRITE_ONCE(clock, cs);
	start_if_ready();
}

void
clock_event_register(const struct clock_event *ce)
{
	if (device)
		return;
	device = ce;
	start_if_ready();
}

void
timekeeping_init(void)
{
	started = true;
	start_if_ready();
}
