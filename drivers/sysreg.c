/* SPDX-License-Identifier: MIT */
/*
 * The board's system registers: power off, reset, and a clock that has run
 * since power-on.
 *
 * SYS_CFGCTRL hands a request to the board's configuration microcontroller:
 * bit 31 starts it, bit 30 makes it a write, bits 25:20 name the function. It
 * is served some instructions later, so the core has to wait; it waits asleep,
 * so that nothing but the request happens.
 *
 * The emulator ends with status 0 on power off. A status that matters is told
 * by semihosting first, where that is there.
 *
 * Sources  ARM DUI 0447 (Motherboard Express), chapter 4.
 */
#include <asm/fixmap.h>
#include <asm/io.h>
#include <asm/irqflags.h>
#include <asm/processor.h>
#include <asm/semihost.h>
#include <kernel/gcov.h>
#include <kernel/panic.h>
#include <mm/trace_ring.h>
#include <mm/debug.h>

#define SYSREGS_PHYS	0x10000000
#define SYS_24MHZ	0x5c
#define SYS_CFGDATA	0xa0
#define SYS_CFGCTRL	0xa4
#define CFG_START	0x80000000u
#define CFG_WRITE	0x40000000u
#define CFG_SHUTDOWN	(8u << 20)
#define CFG_REBOOT	(9u << 20)

/* The registers, from the first instruction of C on: in the fixmap. */
static char *
sysregs(void)
{
	set_fixmap(FIX_SYSREGS, SYSREGS_PHYS, PROT_DEVICE);
	return (char *)fix_to_virt(FIX_SYSREGS);
}

/* Microseconds since power-on, boot loader included; wraps after 178 s. */
u32
machine_power_on_us(void)
{
	return readl(sysregs() + SYS_24MHZ) / 24;
}

static void __noreturn
board_request(u32 function)
{
	char *regs = sysregs();

	local_irq_disable();
	writel(0, regs + SYS_CFGDATA);
	writel(CFG_START | CFG_WRITE | function, regs + SYS_CFGCTRL);
	for (;;)
		cpu_wait_for_interrupt();
}

void
machine_power_off(unsigned status)
{
	local_irq_disable();
	trace_power_off();
	gcov_dump();
	fail_sites_end();
	semihost_exit(status);
	board_request(CFG_SHUTDOWN);
}

void
machine_restart(void)
{
	gcov_dump();
	fail_sites_end();
	board_request(CFG_REBOOT);
}
