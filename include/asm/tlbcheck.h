/* SPDX-License-Identifier: MIT */
/*
 * A model of what the TLBs may remember (debug builds; arch/arm/mm/tlbcheck.c).
 * Empty in release builds.
 */
#ifndef ASM_TLBCHECK_H
#define ASM_TLBCHECK_H

#include <lib/types.h>

#if defined(VELLUM_DEBUG) && !defined(VELLUM_HOST)
#define TLBCHECK	1

/* A translation that was taken out of the tables but not out of the TLBs. */
struct stale_translation {
	unsigned long va;
	u32 entry;		/* as it was */
	unsigned cpus;		/* that may remember it, one bit each */
	unsigned long pc;	/* who took it out */
	u32 space;		/* whose it is; 0: the kernel's */
	unsigned nr_frames;	/* 1; of a section 256 */
};

struct mm_context;

/* Page-table code: the entry of va goes from old to new. */
void tlbcheck_change(unsigned long va, u32 old, u32 new, unsigned long pc);
/* The same where only this core can have used it (kmap_local). */
void tlbcheck_change_local(unsigned long va, u32 old, u32 new,
			   unsigned long pc);
/* TLB maintenance: every core / this core forgets [start, end). */
void tlbcheck_flush(unsigned long start, unsigned long end);
void tlbcheck_flush_local(unsigned long start, unsigned long end);
/* Everything, of every space; local: this core alone. */
void tlbcheck_flush_all(bool local);

/* The same for user spaces; cpus: the cores that were told to forget. */
void tlbcheck_change_user(const struct mm_context *ctx, unsigned long va,
			  u32 old, u32 new, unsigned long pc);
void tlbcheck_change_section(const struct mm_context *ctx, unsigned long va,
			     u32 old, u32 new, unsigned long pc);
void tlbcheck_flush_user(const struct mm_context *ctx, unsigned long start,
			 unsigned long end, unsigned cpus);
/* This core enters ctx with that ASID. Context: interrupts masked. */
void tlbcheck_enter(const struct mm_context *ctx, u32 asid);
/* A space gets its identity; its table is given back. */
void tlbcheck_space_begins(struct mm_context *ctx);
void tlbcheck_space_ends(const struct mm_context *ctx);

/*
 * Is one of the n frames from pa still remembered? Then *out says as what.
 * Context: any.
 */
bool tlbcheck_find(phys_addr_t pa, unsigned long n,
		   struct stale_translation *out);
/* Translations that are remembered though they are gone. */
unsigned tlbcheck_nr_stale(void);

/* Implemented above: report it. Context: any, with page-table locks held. */
void do_translation_error(const char *what,
			  const struct stale_translation *stale);
#else
#define TLBCHECK	0
#define tlbcheck_change(va, old, new, pc)	((void)0)
#define tlbcheck_change_local(va, old, new, pc)	((void)0)
#define tlbcheck_flush(start, end)		((void)0)
#define tlbcheck_flush_local(start, end)	((void)0)
#define tlbcheck_flush_all(local)		((void)0)
#define tlbcheck_change_user(ctx, va, old, new, pc)	((void)0)
#define tlbcheck_change_section(ctx, va, old, new, pc)	((void)0)
#define tlbcheck_flush_user(ctx, start, end, cpus)	((void)0)
#define tlbcheck_enter(ctx, asid)		((void)0)
#define tlbcheck_space_begins(ctx)		((void)0)
#define tlbcheck_space_ends(ctx)		((void)0)
#endif

#endif
