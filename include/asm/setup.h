/* SPDX-License-Identifier: MIT */
/*
 * Boot-time calls into the architecture, in the order in which they come.
 */
#ifndef ASM_SETUP_H
#define ASM_SETUP_H

#include <asm/pgtable.h>
#include <lib/types.h>

/*
 * Decide where lowmem ends: the limit that a vmalloc area of vmalloc_size
 * bytes leaves, or end_of_dram if that comes first. Sets high_memory.
 * Returns the first physical address that is not lowmem.
 */
phys_addr_t lowmem_limit(phys_addr_t end_of_dram, unsigned long vmalloc_size);

/* Largest and smallest size that vmalloc= accepts, bytes. */
#ifdef VELLUM_KASAN
#define VMALLOC_MIN	0x0a000000	/* 130 MiB of it are shadow */
#else
#define VMALLOC_MIN	0x01000000
#endif
#define VMALLOC_MAX	0x30000000

/*
 * Build the kernel's own map beside the early one: first the image with its
 * permissions (all read-write-execute if rodata is false), then each bank of
 * lowmem, then go over to it. Before the switch, memory for tables must come
 * from what the early map covers (early_map_end).
 */
void paging_map_image(bool rodata);
void paging_map_lowmem(phys_addr_t start, phys_addr_t end);
void paging_switch(void);

/* End of what is mapped before paging_switch(), physical. */
phys_addr_t early_map_end(void);

/*
 * The boot data at physical address pa, readable through the fixmap; at most
 * size bytes (up to BOOT_DATA_MAX). One at a time.
 */
#define BOOT_DATA_MAX	0x00100000
const void *boot_data_map(phys_addr_t pa, unsigned long size);
void boot_data_unmap(void);

/*
 * Change what [start, end) of the image allows: page aligned, mapped by pages.
 */
void paging_protect(const void *start, const void *end, enum pgprot prot);

/* Name the processor in the log and in the cpuinfo node. */
const char *cpu_name(void);

#endif
