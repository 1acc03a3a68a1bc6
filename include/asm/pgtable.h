/* SPDX-License-Identifier: MIT */
/*
 * Page tables as the generic code sees them. The bits are the business of
 * arch/arm/mm alone; here are types, predicates and a walk.
 */
#ifndef ASM_PGTABLE_H
#define ASM_PGTABLE_H

#include <asm/memory.h>
#include <lib/types.h>

typedef struct {
	u32 value;
} pgd_t;			/* first-level entry: 1 MiB */

typedef struct {
	u32 value;
} pte_t;			/* second-level entry: 4 KiB */

#define PTRS_PER_PGD	4096
#define PTRS_PER_PTE	256

/* What a kernel mapping allows. */
enum pgprot {
	PROT_KERNEL_RW,		/* data: read, write, never execute */
	PROT_KERNEL_RO,		/* constants */
	PROT_KERNEL_RX,		/* code */
	PROT_KERNEL_RWX,	/* rodata=off only */
	PROT_DEVICE,		/* registers: strongly ordered, never execute */
	PROT_UNCACHED,		/* normal memory, not cached */
};

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];
/* Pages of the kernel's half that stay for good: second-level tables, and in
 * KASAN builds shadow. Changed atomically. */
extern unsigned long nr_kernel_tables;

/*
 * Map [va, va + size) to pa in the kernel's half. All page aligned.
 * Sections are used where alignment allows it and sections is true.
 * Context: boot, or a sleeping context (may allocate a table).
 * Returns 0, or -ENOMEM (no table; nothing is mapped then).
 */
int map_kernel_range(unsigned long va, phys_addr_t pa, unsigned long size,
		     enum pgprot prot, bool sections);
/* Remove and flush the pages of [va, va + size); holes are skipped. */
void unmap_kernel_range(unsigned long va, unsigned long size);
/* Remove without a flush: the caller flushes before a frame is used again. */
void unmap_kernel_range_lazily(unsigned long va, unsigned long size);

/*
 * The same in two steps, for frames in no order: make sure of the tables
 * (may allocate; -ENOMEM), then map n pages from va on to the frames at pa[]
 * (cannot fail).
 */
int reserve_kernel_tables(unsigned long va, unsigned long size);
void set_kernel_pages(unsigned long va, const phys_addr_t *pa, unsigned n,
		      enum pgprot prot);

/* One translation, decoded. */
enum pt_kind {
	PT_NONE,		/* nothing there: a translation fault */
	PT_SECTION,		/* 1 MiB */
	PT_SUPERSECTION,	/* 16 MiB */
	PT_LARGE_PAGE,		/* 64 KiB */
	PT_SMALL_PAGE,		/* 4 KiB */
	PT_SOFTWARE,		/* second level, not present, kept by software */
};

struct pt_walk {
	unsigned long va;
	u32 l1, l2;		/* the entries as read; l2 0 for sections */
	phys_addr_t l1_pa, l2_pa;	/* where they lie */
	enum pt_kind kind;
	u8 level;		/* 1 or 2: where the walk ended */
	u8 domain;
	phys_addr_t pa;		/* of va; valid when kind maps */
	unsigned long size;	/* bytes that one such entry maps */
	bool read, write, exec;	/* what the kernel may do */
	bool user, user_write;
	bool global, shared, young, dirty, writable;
	u8 memattr;		/* TEX0:C:B */
};

/* Walk the tables at pgd as the hardware would, without a side effect. */
void pt_walk(const pgd_t *pgd, unsigned long va, struct pt_walk *walk);
/* Name of a memory attribute index, such as "normal, write-back". */
const char *pt_memattr_name(unsigned memattr);
/* The name and the meaning of a fault status, such as "translation, page". */
const char *fault_status_name(u32 fsr);
/* The core's own answer (ATS1CPR): true and *pa, or false and PAR. */
bool hardware_translate(unsigned long va, bool write, phys_addr_t *pa);

#endif
