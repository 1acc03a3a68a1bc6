/* SPDX-License-Identifier: MIT */
/*
 * One user address space as the hardware sees it: what mm/ asks of the
 * architecture. The contract in full; nothing else of it is visible.
 *
 * Ideas
 *   First level	pgd, 16 KiB: 4096 entries of 1 MiB. The entries from
 *		TASK_SIZE up are the kernel's, equal in every table.
 *   Second level  a page of memory serves a *group* of four entries, 4 MiB at
 *		a multiple of 4 MiB. It is entered by user_table_install() and
 *		taken out, for good, by user_table_remove().
 *   ASID	a number in each translation that a TLB remembers, so that a
 *		switch need not forget. There are 255 for users; when they
 *		are used up a new generation begins and everything is forgotten
 *		once. context.asid keeps generation and number.
 *
 * Locks  the tables of one space: its owner's page-table lock (mm/mm.h). The
 *	  functions here take none but the architecture's own.
 */
#ifndef ASM_MMU_H
#define ASM_MMU_H

#include <asm/processor.h>
#include <asm/pte.h>
#include <asm/tlbcheck.h>
#include <lib/compiler.h>
#include <lib/list.h>

struct mm_context {
	pgd_t *pgd;
	u32 asid;		/* generation << 8 | number; 0: none yet */
	u32 cpus;		/* that may remember something: asid.c */
#if TLBCHECK
	u32 space;		/* its name for the translation checker */
#endif
	struct list_head node;	/* all tables: kernel entries are copied in */
};

#define TABLE_GROUP_SIZE	(4 * SECTION_SIZE)
#define TABLE_GROUP_MASK	(~(TABLE_GROUP_SIZE - 1))

/* --- A space comes and goes --- */

/*
 * An empty table that has the kernel's entries. Context: may sleep.
 * Returns 0 or -ENOMEM.
 */
int mm_context_init(struct mm_context *ctx);
/*
 * The first-level table goes; no group may be left in it, and no core may run
 * on it (switch_mm(NULL) first). What cores remember of it is harmless: the
 * ASID is not used again before they have forgotten it. Context: any.
 */
void mm_context_destroy(struct mm_context *ctx);
/* Free tables that are kept for reuse, but for keep of them: how many went. */
unsigned mm_context_trim(unsigned keep);
unsigned mm_context_nr_spare(void);
/*
 * This core goes on in ctx; NULL: only the kernel's half. Nothing is done when
 * it runs there already. Context: interrupts masked.
 */
void switch_mm(struct mm_context *ctx);
/* The first-level table that this core walks, by its register. */
const pgd_t *current_pgd(void);
/* The space that this core is in, or NULL. */
struct mm_context *mm_context_current(void);
/* Does any core run in ctx? A hint unless the caller knows that none starts. */
bool mm_context_is_active(const struct mm_context *ctx);

/* --- Tables --- */

/* The entry of va, or NULL when its group has no table (or a section). */
static inline pte_t *
pte_offset(const struct mm_context *ctx, unsigned long va)
{
	u32 l1 = READ_ONCE(ctx->pgd[va >> SECTION_SHIFT].value);

	if (unlikely((l1 & L1_TYPE_MASK) != L1_TABLE))
		return NULL;
	return (pte_t *)__va(l1 & ~0x3ffu) + (va >> PAGE_SHIFT) % PTRS_PER_PTE;
}

/*
 * Enter page (zeroed; from pgtable_alloc_page()) as the second level of va's
 * group; entries that map sections stay. If the group has a page already, va's
 * entry is pointed at it where it was empty. Held: the page-table lock.
 * Returns true if page was used: it belongs to the table now.
 */
bool user_table_install(struct mm_context *ctx, unsigned long va, void *page);
/*
 * Take the group's page out; every entry of it must be none, and the caller
 * flushes (flush_tlb_user_range) before it frees the page that is returned.
 * NULL if there was none. Held: the page-table lock.
 */
void *user_table_remove(struct mm_context *ctx, unsigned long va);

/* Where the calling code is, for the translation checker. */
#define PC_HERE ({ unsigned long pc_; \
		   __asm__("mov %0, pc" : "=r"(pc_)); pc_; })

/*
 * Change an entry of ctx. A store; the caller flushes if the old one was
 * present and the new one takes something away. One that only gains (young,
 * dirty) may still be remembered as it was: whoever takes the fault forgets
 * it here, local_flush_tlb_user_page(). A present entry never gets another
 * frame at once: none, flush, then the new one. A new translation is seen by
 * the core after pte_publish(). Held: the page-table lock.
 */
static inline void
set_pte_at(struct mm_context *ctx, unsigned long va, pte_t *ptep, pte_t pte)
{
	(void)ctx;
	(void)va;
	tlbcheck_change_user(ctx, va, ptep->value, pte.value, PC_HERE);
	WRITE_ONCE(ptep->value, pte.value);
}

static inline void
pte_publish(void)
{
	__asm__ volatile("dsb" ::: "memory");
}

/*
 * User sections: 1 MiB at once (MAP_HUGETLB). va and pa at multiples of it.
 * set: the entry must be empty, or a table of none entries, whose place it
 * takes. If that was the group's last table, its page is returned: it belongs
 * to the caller then (flush, free); else NULL.
 * clear: returns the physical address that it had (bit 0: it was dirty), or ~0
 * if there was no section; the caller flushes. The entry is empty then: a
 * table comes back by user_table_install(). Held: the page-table lock.
 */
void *user_section_set(struct mm_context *ctx, unsigned long va,
		       phys_addr_t pa, unsigned allow);
phys_addr_t user_section_clear(struct mm_context *ctx, unsigned long va);
bool user_section_get(const struct mm_context *ctx, unsigned long va,
		      phys_addr_t *pa, bool *dirty);
/* Other rights; young and dirty are set: sections are never aged. */
void user_section_protect(struct mm_context *ctx, unsigned long va,
			  unsigned allow);

/* --- Forgetting; on every core, for this space's ASID --- */

void flush_tlb_user_page(const struct mm_context *ctx, unsigned long va);
void flush_tlb_user_range(const struct mm_context *ctx, unsigned long start,
			  unsigned long end);
void flush_tlb_user_all(const struct mm_context *ctx);
/* This core alone, after a fault that found nothing wrong in the table. */
void local_flush_tlb_user_page(const struct mm_context *ctx, unsigned long va);

/* --- Looking at it --- */

struct asid_state {
	u32 generation;
	unsigned nr_used;	/* numbers given out in it, of 255 */
	unsigned nr_rollovers;
	unsigned flush_pending;	/* cores that will forget all, a bit each */
	u32 active[NR_CPUS];	/* asid; 0: none since the last rollover */
	u32 reserved[NR_CPUS];
};

void asid_state(struct asid_state *out);
/* The rule that is broken (user.c, asid.c), or NULL. Context: any. */
const char *mm_context_verify(void);
const char *asid_verify(void);

#endif
