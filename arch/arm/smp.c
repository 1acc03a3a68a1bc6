/* SPDX-License-Identifier: MIT */
/*
 * Starting the other cores of the board.
 *
 * The boot loader holds them in a pen, where each sleeps until an interrupt
 * wakes it and then jumps to the address in the board's SYS_FLAGS register,
 * if there is one. All share that register; who may go on is said by
 * secondary_boot.cpu, which every core compares with its own number at
 * secondary_start (head.S). So the caller wakes core after core: it calls
 * arch_cpu_start(), sends that core an interrupt, and waits until it is up.
 */
#include <asm/arch-entry.h>
#include <asm/barrier.h>
#include <asm/cacheflush.h>
#include <asm/fixmap.h>
#include <asm/io.h>
#include <asm/smp.h>

#define SYSREGS_PHYS	0x10000000
#define SYS_FLAGSSET	0x30
#define SYS_FLAGSCLR	0x34

#define SCU_CONTROL	0x00
#define SCU_CONFIG	0x04

/* Read by head.S: this order. Written by the first core only. */
struct {
	void *stack_top;
	unsigned long offset;
	u32 cpu;
} secondary_boot;

unsigned
arch_nr_cpus(void)
{
	u8 *scu = (u8 *)fix_to_virt(FIX_SCU);
	unsigned nr;
	u32 base;

	__asm__("mrc p15, 4, %0, c15, c0, 0" : "=r"(base));
	set_fixmap(FIX_SCU, base, PROT_DEVICE);
	writel(1, scu + SCU_CONTROL);
	nr = (readl(scu + SCU_CONFIG) & 3) + 1;
	clear_fixmap(FIX_SCU);
	return nr;
}

void
arch_cpu_start(unsigned cpu, void *stack_top, unsigned long offset)
{
	u8 *sysregs = (u8 *)fix_to_virt(FIX_SYSREGS);

	secondary_boot.stack_top = stack_top;
	secondary_boot.offset = offset;
	secondary_boot.cpu = cpu;
	/* It reads this before its caches are on. */
	dcache_clean_range(&secondary_boot, &secondary_boot + 1);

	set_fixmap(FIX_SYSREGS, SYSREGS_PHYS, PROT_DEVICE);
	writel(~0u, sysregs + SYS_FLAGSCLR);
	writel(__pa(secondary_start), sysregs + SYS_FLAGSSET);
	dsb();
}
