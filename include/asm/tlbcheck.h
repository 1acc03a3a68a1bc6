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
};

/* Page-table code: the entry of va goes from old to new. */
void tlbcheck_change(unsigned long va, u32 old, u32 new, unsigned long pc);
/* The same where only this core can have used it (kmap_local). */
void tlbcheck_change_local(unsigned long va, u32 old, u32 new,
			   unsigned long pc);
/* TLB maintenance: every core / this core forgets [start, end). */
void tlbcheck_flush(unsigned long start, unsigned long end);
void tlbcheck_flush_local(unsigned long start, unsigned long end);

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
#endif

#endif
