/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader said, in one plain struct.
 *
 * The loader leaves a device tree or a list of ATAGs in memory, and nothing
 * promises that either is sane. bootinfo_parse() reads it once, distrusting
 * every byte, and fills a struct of fixed size without a pointer in it: the
 * rest of boot reads only that, so the tree may lie anywhere and be lost.
 *
 * Limits: banks and reserved ranges beyond BOOT_MAX_* are an error (memory
 * nobody told us to leave alone must not be lost from the list); longer
 * command lines are cut, which the note says.
 */
#ifndef KERNEL_BOOTINFO_H
#define KERNEL_BOOTINFO_H

#include <lib/compiler.h>
#include <lib/types.h>

#define BOOT_RAM_START		0x60000000u	/* where the board has RAM */
#define BOOT_RAM_END		0xa0000000u
#define BOOT_MIN_BANK		0x00100000u	/* smaller banks are noise */
#define BOOT_MAX_BANKS		16
#define BOOT_MAX_RESERVED	32
#define BOOT_COMMAND_LINE	1024		/* bytes, with the NUL */

enum boot_source { BOOT_NOTHING, BOOT_DTB, BOOT_ATAGS };

/* Bytes start to end-1, physical. */
struct boot_range {
	phys_addr_t start, end;
};

struct boot_reserved {
	phys_addr_t start, end;
	bool nomap;		/* must not even be mapped */
	bool reusable;		/* its owner lends it (CMA) */
	char name[22];		/* of the node; "memreserve" for the block */
};

struct boot_info {
	enum boot_source source;
	/* Sorted, disjoint, not adjacent, whole pages. */
	unsigned nr_banks;
	struct boot_range banks[BOOT_MAX_BANKS];
	/* As given, in the order given; may lie outside the banks. */
	unsigned nr_reserved;
	struct boot_reserved reserved[BOOT_MAX_RESERVED];
	phys_addr_t initrd_start, initrd_end;	/* equal: there is none */
	u32 dtb_size;		/* bytes of the tree passed; 0: ATAGs were */
	bool has_kaslr_seed;
	u64 kaslr_seed;
	char command_line[BOOT_COMMAND_LINE];
	char model[48];		/* of the machine, "" if not said */
	char note[192];		/* what was odd and left out, "" if nothing */
};

/*
 * Read what lies at blob (at most max bytes may be touched) into *bi: a
 * device tree or ATAGs, told apart by their first word. On failure why holds
 * one line without newline, and *bi is unspecified.
 * Context: any, touches nothing else. Returns 0, -ENODEV when blob is NULL,
 * -EINVAL when it is neither or damaged, -ENOMEM when it names no memory,
 * -E2BIG beyond the limits, -ERANGE for banks that overlap or wrap around.
 */
int bootinfo_parse(struct boot_info *bi, const void *blob, size_t max,
		   char *why, size_t why_size);

/*
 * The pieces of it, for a machine that passes only ATAGs while the kernel
 * carries a tree: bootinfo_init, bootinfo_parse_dtb of the carried tree, then
 * bootinfo_parse_atags, whose memory, initrd and command line replace those
 * of the tree, then bootinfo_check. The parsers accept a description without
 * memory; bootinfo_check does not. Results as above.
 */
void bootinfo_init(struct boot_info *bi);
int bootinfo_parse_dtb(struct boot_info *bi, const void *blob, size_t max,
		       char *why, size_t why_size);
int bootinfo_parse_atags(struct boot_info *bi, const void *blob, size_t max,
			 char *why, size_t why_size);
int bootinfo_check(struct boot_info *bi, char *why, size_t why_size);

/* Does a device tree / a list of ATAGs begin at blob? Reads 8 bytes. */
bool bootinfo_is_dtb(const void *blob);
bool bootinfo_is_atags(const void *blob);

/* Bytes in all banks. */
u32 bootinfo_memory_size(const struct boot_info *bi);

/*
 * mem=SIZE: keep the lowest size bytes of memory. mem=SIZE@ADDR: keep what
 * lies in ADDR to ADDR+SIZE-1. Whole pages are kept. Returns 0, or -EINVAL
 * when nothing would be left (and then changes nothing).
 */
int bootinfo_limit_memory(struct boot_info *bi, u64 size, u64 addr,
			  bool has_addr);
/* The same with the text behind "mem=". -EINVAL also for what it cannot read. */
int bootinfo_apply_mem_param(struct boot_info *bi, const char *value);

#endif
