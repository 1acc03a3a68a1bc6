/* SPDX-License-Identifier: MIT */
/*
 * Time: what the clock says, and who interrupts us when.
 *
 * A clocksource counts and is the same on every core; a clock event device
 * interrupts one core after a delay. Drivers register one of each; what is
 * above them knows nanoseconds since the clocksource was registered only.
 */
#ifndef KERNEL_TIME_H
#define KERNEL_TIME_H

#include <lib/types.h>

#define HZ		100
#define NSEC_PER_SEC	1000000000UL
#define NSEC_PER_MSEC	1000000UL
#define NSEC_PER_USEC	1000UL
#define TICK_NSEC	(NSEC_PER_SEC / HZ)

struct clocksource {
	const char *name;
	u64 (*read)(void);	/* cycles; never goes back, never wraps */
	u32 rate_hz;
};

/*
 * The driver's interrupt handler (one private interrupt on each core)
 * acknowledges its device and calls clock_event_interrupt().
 */
struct clock_event {
	const char *name;
	void (*cpu_init)(void);		/* on each core, interrupts masked */
	void (*set_next)(u64 ns);	/* interrupt this core once, in ns */
	u64 min_ns, max_ns;		/* what set_next accepts */
};

/* Context: boot core. The tick starts when both are there. */
void clocksource_register(const struct clocksource *cs);
void clock_event_register(const struct clock_event *ce);
/* A timer was set that is now the first of this core. irqs masked. */
void clock_event_reprogram(void);
/* From the driver's handler. Context: interrupt. */
void clock_event_interrupt(void);

/* Start the tick of the boot core: interrupts may come from here on. */
void timekeeping_init(void);
/* The same for a core that comes up. Context: that core, irqs masked. */
void timekeeping_cpu_init(void);

/* ns since the clocksource came; 0 before. Any context, never goes back. */
u64 ktime_get_ns(void);
/* Ticks since boot, counted by the boot core; wraps. */
extern volatile unsigned long jiffies;
#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)

static inline unsigned long
msecs_to_jiffies(unsigned ms)
{
	return (ms + 1000 / HZ - 1) / (1000 / HZ);
}

/*
 * The time of day: ns since 1970. The RTC's driver says once what it is, a
 * program may set it; in between it runs with ktime. 0 + ktime without an RTC.
 */
u64 realtime_ns(void);
void realtime_set(u64 ns);
/* The ktime at which the time of day is ns; 0 if that is past. */
u64 realtime_to_ktime(u64 ns);

/* Busy wait. Any context. */
void udelay(unsigned us);

#endif
