/* SPDX-License-Identifier: MIT */
/*
 * The page table of a user address space (asm/mmu.h).
 *
 * Ideas
 *   First level: 16 KiB. TTBR0 names one table for all addresses, so a
 *   space's table holds the kernel's entries as well:
 *
 *	pgd[0x000 .. 0xbef]	user: 0 until something is mapped
 *	pgd[0xbf0 .. 0xfff]	kernel: equal in every table at every moment
 *
 *   They are kept equal by writing, not by repairing: whoever changes an entry
 *   of the kernel's half holds pgtable_lock and writes it into every table of
 *   the list (some hundred times in a boot; the list has one table for each
 *   process). A table enters the list in the same critical section that
 *   copies the kernel's half, so none can miss one.
 *
 *   Second level: a page serves a group of four entries, 4 MiB. An entry of the
 *   group may map a section instead; the page is then found by the others:
 *
 *	entry	 0	1	 2	3
 *		[t0]	[t1]	[sect.]	[t3]	all but 2 lead to one page
 *
 *   Used tables  A table that comes back has no user entry left (its owner
 *	took all out), and is in step with the kernel. A few of them stay in the
 *	list as they are: the next fork need not clear 12 KiB and copy 4 KiB.
 *
 * State	tables: every first-level table but the kernel's. spare[]: used
 *		ones that wait, the last nr_spare of which are valid.
 * Invariants
 *   U1  Entries from TASK_SIZE up equal those of swapper_pg_dir
 *	 (mm_context_verify).
 *   U2  The user entries of a spare table are 0 (mm_context_verify).
 *   U3  The entries of a group that are tables lead to one page, each to its
 *	 own quarter (mm_context_verify).
 * Locks	pgtable_lock (lock.h): tables, spare. The user entries of one
 *		table: its owner's page-table lock.
 * Cost		a new table: clearing 12 KiB and copying 4 KiB, 700 instructions;
 *		a used one: 40. Installing or removing a group: four stores.
 * Questions a reader asks
 *   Why not two tables, TTBR0 for users and TTBR1 for the kernel?  The
 *   boundary between them must be a power of two up to 2 GiB (TTBCR.N);
 *   ours is at 3056 MiB.
 * Sources	ARM DDI 0406C, B3.5.1, B3.5.4 (TTBR0 and TTBR1).
 */
#include <asm/barrier.h>
#include <asm/mmu.h>
#include <asm/pgalloc.h>
#include <asm/tlbcheck.h>
#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/string.h>
#include "asid.h"
#include "lock.h"
#include "prot.h"

#define NR_USER_L1	(TASK_SIZE >> SECTION_SHIFT)
#define NR_KERNEL_L1	(PTRS_PER_PGD - NR_USER_L1)
#define GROUP		4
#define NR_SPARE	8		/* 128 KiB at most */

static LIST_HEAD(tables);		/* struct mm_context; pgtable_lock */
static struct mm_context spare[NR_SPARE];
static unsigned nr_spare;

#define CALLER	((unsigned long)__builtin_return_address(0))

void
user_tables_follow(unsigned index, u32 value)
{
	struct mm_context *ctx;

	if (index < NR_USER_L1)
		return;
	list_for_each_entry(ctx, &tables, node)
		ctx->pgd[index].value = value;
}

/* to takes the place of from in the list, with its table. */
static void
hand_over(struct mm_context *from, struct mm_context *to)
{
	to->pgd = from->pgd;
	list_add(&to->node, &from->node);
	list_del(&from->node);
	from->pgd = NULL;
}

/* A used table, if there is one: clear, and in step. */
static bool
take_spare(struct mm_context *ctx)
{
	unsigned long flags = arch_lock(&pgtable_lock);
	bool found = nr_spare != 0;

	if (found)
		hand_over(&spare[--nr_spare], ctx);
	arch_unlock(&pgtable_lock, flags);
	return found;
}

int
mm_context_init(struct mm_context *ctx)
{
	unsigned long flags;

	*ctx = (struct mm_context){ .pgd = NULL };
	tlbcheck_space_begins(ctx);
	if (take_spare(ctx))
		return 0;
	ctx->pgd = pgtable_alloc_pgd();
	if (!ctx->pgd)
		return -ENOMEM;
	memset(ctx->pgd, 0, NR_USER_L1 * sizeof(pgd_t));
	flags = arch_lock(&pgtable_lock);
	memcpy(ctx->pgd + NR_USER_L1, swapper_pg_dir + NR_USER_L1,
	       NR_KERNEL_L1 * sizeof(pgd_t));
	list_add(&ctx->node, &tables);
	arch_unlock(&pgtable_lock, flags);
	return 0;
}

void
mm_context_destroy(struct mm_context *ctx)
{
	void *pgd = ctx->pgd;
	unsigned long flags;

	tlbcheck_space_ends(ctx);
	flags = arch_lock(&pgtable_lock);
	if (nr_spare < NR_SPARE) {
		hand_over(ctx, &spare[nr_spare++]);
		pgd = NULL;
	} else {
		list_del(&ctx->node);
		ctx->pgd = NULL;
	}
	arch_unlock(&pgtable_lock, flags);
	if (pgd)
		pgtable_free_pgd(pgd);
}

/*
 * Give used tables back until keep of them are left.
 * Context: any. Returns how many went, each 16 KiB.
 */
unsigned
mm_context_trim(unsigned keep)
{
	unsigned long flags;
	unsigned n = 0;
	void *pgd;

	for (;;) {
		flags = arch_lock(&pgtable_lock);
		pgd = NULL;
		if (nr_spare > keep) {
			pgd = spare[--nr_spare].pgd;
			list_del(&spare[nr_spare].node);
		}
		arch_unlock(&pgtable_lock, flags);
		if (!pgd)
			return n;
		pgtable_free_pgd(pgd);
		n++;
	}
}

unsigned
mm_context_nr_spare(void)
{
	return READ_ONCE(nr_spare);
}

/* --- Groups of second-level tables --- */

/* The first of the four entries of va's group. */
static pgd_t *
group_of(const struct mm_context *ctx, unsigned long va)
{
	return &ctx->pgd[(va >> SECTION_SHIFT) & ~(GROUP - 1u)];
}

static bool
is_table(pgd_t entry)
{
	return (entry.value & L1_TYPE_MASK) == L1_TABLE;
}

/* The page of second-level tables that the group uses, or NULL. */
static void *
group_page(const pgd_t *group)
{
	for (unsigned i = 0; i < GROUP; i++) {
		if (is_table(group[i]))
			return (char *)l1_to_table(group[i].value) - i * SZ_1K;
	}
	return NULL;
}

bool
user_table_install(struct mm_context *ctx, unsigned long va, void *page)
{
	pgd_t *group = group_of(ctx, va);
	void *have = group_page(group);
	phys_addr_t pa = __pa(have ? have : page);

	for (unsigned i = 0; i < GROUP; i++) {
		if (!group[i].value)
			WRITE_ONCE(group[i].value,
				   (pa + i * SZ_1K) | L1_TABLE);
	}
	dsb();
	return !have && group_page(group);
}

void *
user_table_remove(struct mm_context *ctx, unsigned long va)
{
	pgd_t *group = group_of(ctx, va);
	void *page = group_page(group);

	for (unsigned i = 0; i < GROUP; i++) {
		if (is_table(group[i]))
			WRITE_ONCE(group[i].value, 0);
	}
	dsb();
	return page;
}

/* --- Sections --- */

#define SECT_FRAME(e)	((e) & ~(SECTION_SIZE - 1))

/*
 * A section's entry. Without rights it is not present but not 0 either: its
 * type is 0, and bit 2 (of the memory attributes, 1 for cached memory) stays.
 */
static u32
section_entry(phys_addr_t pa, unsigned allow)
{
	u32 page = user_pte_bits(allow, USER_CACHED);
	u32 bits = section_from_page(pte_settle(page | PTE_DIRTY).value);

	return pa | (allow ? bits : bits & ~(u32)L1_TYPE_MASK);
}

/* Does the entry hold a section, present or out of reach? */
static bool
holds_section(u32 entry)
{
	return entry && (entry & L1_TYPE_MASK) != L1_TABLE;
}

static void
set_section(struct mm_context *ctx, unsigned long va, u32 value,
	    unsigned long caller)
{
	pgd_t *entry = &ctx->pgd[va >> SECTION_SHIFT];
	u32 old = is_table(*entry) ? 0 : entry->value;

	(void)old;
	(void)caller;
	tlbcheck_change_section(ctx, va, old, value, caller);
	WRITE_ONCE(entry->value, value);
	dsb();
}

void *
user_section_set(struct mm_context *ctx, unsigned long va, phys_addr_t pa,
		 unsigned allow)
{
	void *page = group_page(group_of(ctx, va));

	set_section(ctx, va, section_entry(pa, allow), CALLER);
	return group_page(group_of(ctx, va)) ? NULL : page;
}

phys_addr_t
user_section_clear(struct mm_context *ctx, unsigned long va)
{
	u32 old = ctx->pgd[va >> SECTION_SHIFT].value;

	if (!holds_section(old))
		return ~(phys_addr_t)0;
	set_section(ctx, va, 0, CALLER);
	return SECT_FRAME(old) | (old & SECT_DIRTY ? 1 : 0);
}

bool
user_section_get(const struct mm_context *ctx, unsigned long va,
		 phys_addr_t *pa, bool *dirty)
{
	u32 entry = READ_ONCE(ctx->pgd[va >> SECTION_SHIFT].value);

	if (!holds_section(entry))
		return false;
	*pa = SECT_FRAME(entry);
	*dirty = entry & SECT_DIRTY;
	return true;
}

void
user_section_protect(struct mm_context *ctx, unsigned long va, unsigned allow)
{
	u32 old = ctx->pgd[va >> SECTION_SHIFT].value;

	set_section(ctx, va, section_entry(SECT_FRAME(old), allow), CALLER);
}

/* --- Invariants --- */

/* U3 for one group. */
static bool
group_is_right(const pgd_t *group)
{
	const char *page = group_page(group);

	for (unsigned i = 0; i < GROUP; i++) {
		if (is_table(group[i]) &&
		    (const char *)l1_to_table(group[i].value) !=
		    page + i * SZ_1K)
			return false;
	}
	return true;
}

static const char *
verify_table(const struct mm_context *ctx, bool is_spare)
{
	if (memcmp(ctx->pgd + NR_USER_L1, swapper_pg_dir + NR_USER_L1,
		   NR_KERNEL_L1 * sizeof(pgd_t)))
		return "U1: a kernel entry differs from swapper_pg_dir";
	for (unsigned i = 0; i < NR_USER_L1; i += GROUP) {
		if (is_spare && (ctx->pgd[i].value || ctx->pgd[i + 1].value ||
				 ctx->pgd[i + 2].value ||
				 ctx->pgd[i + 3].value))
			return "U2: a spare table has a user entry";
		if (!group_is_right(&ctx->pgd[i]))
			return "U3: a group has two pages";
	}
	return NULL;
}

const char *
mm_context_verify(void)
{
	unsigned long flags = arch_lock(&pgtable_lock);
	const char *wrong = NULL;
	struct mm_context *ctx;

	list_for_each_entry(ctx, &tables, node) {
		wrong = verify_table(ctx, ctx >= spare &&
				     ctx < spare + NR_SPARE);
		if (wrong)
			break;
	}
	arch_unlock(&pgtable_lock, flags);
	return wrong;
}
