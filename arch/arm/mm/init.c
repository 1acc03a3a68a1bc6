/* SPDX-License-Identifier: MIT */
/*
 * The kernel's final map, made once at boot.
 *
 *	first 64 KiB of RAM		RW   (boot loader's leavings)
 *	text				RX
 *	rodata, symbols			RO
 *	init text / init data		RX / RW
 *	data, bss, all other lowmem	RW
 *	fixmap, vectors page		second-level table of head.S, kept
 *
 * The image lies in one or two sections, which are mapped by pages because
 * their permissions differ; the rest of lowmem is sections where it can be.
 * rodata=off maps the image read-write-execute, to see what protection costs.
 * Page 0 and all of user space stay unmapped.
 *
 * The map is built in swapper_pg_dir while the core still runs on the early
 * tables, and taken into use by one write of TTBR0: no live section is ever
 * replaced by a table, which the architecture forbids (ARM DDI 0406C, B3.10.1).
 */
#include <asm/arch-pgtable.h>
#include <asm/barrier.h>
#include <asm/extable.h>
#include <asm/fixmap.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <asm/tlbflush.h>
#include <lib/compiler.h>
#include "prot.h"

extern u8 __kernel_start[], __kernel_end[], __text_start[], __text_end[];
extern u8 __rodata_start[], __rodata_end[], __init_text_start[];
extern u8 __init_text_end[], __init_data_start[], __kallsyms_start[];
extern u8 __kallsyms_end[], __data_start[];

void *high_memory;

phys_addr_t
lowmem_limit(phys_addr_t end_of_dram, unsigned long vmalloc_size)
{
	phys_addr_t limit = VMALLOC_TOP - VMALLOC_GAP - vmalloc_size -
			    PAGE_OFFSET + PHYS_OFFSET;

	limit = min(ALIGN_DOWN(limit, SECTION_SIZE), end_of_dram);
	high_memory = __va(limit);
	return limit;
}

phys_addr_t
early_map_end(void)
{
	return PHYS_OFFSET + EARLY_MAP_SECTIONS * SECTION_SIZE;
}

static void
map_or_hang(unsigned long va, unsigned long end, enum pgprot prot)
{
	va = ALIGN_DOWN(va, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	/* Tables come from memblock, which does not return without memory. */
	if (va < end)
		map_kernel_range(va, __pa((void *)va), end - va, prot, false);
}

/* First and last address of the sections that the image touches. */
static unsigned long
image_start(void)
{
	return PAGE_OFFSET;
}

static unsigned long
image_end(void)
{
	return ALIGN_UP((unsigned long)__kernel_end, SECTION_SIZE);
}

void
paging_map_image(bool rodata)
{
	static const struct {
		u8 *start, *end;
		enum pgprot prot;
	} parts[] = {
		{ __text_start, __text_end, PROT_KERNEL_RX },
		{ __rodata_start, __rodata_end, PROT_KERNEL_RO },
		{ __init_text_start, __init_text_end, PROT_KERNEL_RX },
		{ __kallsyms_start, __kallsyms_end, PROT_KERNEL_RO },
	};
	unsigned long at = image_start();

	/* Constant from here on. */
	sort_extable(__ex_table_start, __ex_table_end);
	for (unsigned i = 0; i < ARRAY_SIZE(parts) && rodata; i++) {
		map_or_hang(at, (unsigned long)parts[i].start, PROT_KERNEL_RW);
		map_or_hang((unsigned long)parts[i].start,
			    (unsigned long)parts[i].end, parts[i].prot);
		at = ALIGN_UP((unsigned long)parts[i].end, PAGE_SIZE);
	}
	map_or_hang(at, image_end(),
		    rodata ? PROT_KERNEL_RW : PROT_KERNEL_RWX);

	for (unsigned i = 0; i < 4; i++)
		swapper_pg_dir[(FIXMAP_START >> SECTION_SHIFT) + i].value =
			(__pa(fixmap_table) + i * SZ_1K) | L1_TABLE;
}

void
paging_map_lowmem(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t image = __pa((void *)image_end());

	end = min(end, __pa(high_memory));
	start = max(start, image);
	if (start < end)
		map_kernel_range((unsigned long)__va(start), start,
				 end - start, PROT_KERNEL_RW, true);
}

void
paging_switch(void)
{
	u32 ttbr = __pa(swapper_pg_dir) | TTBR_FLAGS;

	dsb();
	__asm__ volatile("mcr p15, 0, %0, c2, c0, 0" :: "r"(ttbr));
	isb();
	flush_tlb_all();
}

const char *
cpu_name(void)
{
	u32 midr;

	__asm__("mrc p15, 0, %0, c0, c0, 0" : "=r"(midr));
	return (midr & 0xff00fff0) == 0x4100c090 ? "ARM Cortex-A9" :
						   "unknown ARM";
}
