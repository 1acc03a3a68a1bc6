/* SPDX-License-Identifier: MIT */
/*
 * PL031 real-time clock: a counter of seconds since 1970, read once at boot.
 * From then on the time of day runs with the clocksource.
 *
 * Source  ARM DDI 0224.
 */
#include <asm/io.h>
#include <asm/memory.h>
#include <kernel/init.h>
#include <kernel/resource.h>
#include <kernel/time.h>
#include <lib/errno.h>
#include <mm/vmalloc.h>

#define RTC_PHYS	0x10017000
#define RTC_DR		0x000
#define RTC_PERIPHID0	0xfe0
#define RTC_PERIPHID1	0xfe4

static int
pl031_init(void)
{
	char *regs = ioremap(RTC_PHYS, PAGE_SIZE);

	if (!regs)
		return -ENOMEM;
	if ((readl(regs + RTC_PERIPHID0) & 0xff) == 0x31 &&
	    (readl(regs + RTC_PERIPHID1) & 0x0f) == 0x00) {
		request_mem_region(RTC_PHYS, PAGE_SIZE, "rtc-pl031");
		realtime_set((u64)readl(regs + RTC_DR) * NSEC_PER_SEC);
	}
	iounmap(regs);
	return 0;
}
device_initcall(pl031_init);
