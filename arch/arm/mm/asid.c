/* SPDX-License-Identifier: MIT */
/*
 * Numbers of address spaces (ASIDs), and going from one space to another.
 *
 * Ideas
 *   A TLB entry of a user (nG set) carries the ASID that was in CONTEXTIDR
 *   when it was made, and is used only while that ASID is there. So a switch
 *   need not forget the old space. There are 8 bits; 0 means "no user".
 *
 *   Generation  Numbers are given out 1, 2, ... 255 and never taken back one by
 *	one. When all are gone a new generation begins: all numbers are free
 *	again, and each core forgets everything it remembers before it
 *	enters another space. context.asid says both:
 *
 *		31 ............ 8 | 7 ...... 0
 *		   generation	  |  number	   stale if the generation is old
 *
 *	     gen 1: 1 2 3 ... 255 | gen 2: 1 2 ...
 *				  ^ rollover: every core owes a flush
 *
 *   Cores that are inside a space at that moment cannot be stopped: they go on
 *	with the number they have. It is *reserved* for that space in the new
 *	generation: nobody else gets it, and the space keeps it.
 *
 *   Fast path  A switch to a space of the current generation takes no lock.
 *	What could go wrong is that a rollover happens at that very moment and
 *	does not see us. So each core publishes the ASID it enters in
 *	active, by an exchange; the rollover takes it out by an exchange,
 *	leaving 0:
 *
 *	core: reads generation, is current	other core: generation++
 *	core: old = xchg(active, asid)		rollover: xchg(active, 0)
 *
 *	If the rollover came first, the core gets 0 back, and goes the slow way;
 *	if it came last, it has seen asid and reserves it.
 *
 *   Which cores have run a space  is noted in context.cpus, so that a space
 *	that has only ever run on this core is flushed here alone.
 *
 * Invariants (asid_verify)
 *   N1  A number that is current and active, or reserved, is marked used.
 *   N2  Two spaces never have the same asid (debug: tlbcheck.c).
 * Locks	asid_lock: all but active. Taken on the slow path only.
 * Cost		switch: 40 instructions; the slow path some 60 more; a rollover
 *		400 and one flush for each core, every 255 spaces.
 * Questions a reader asks
 *   Why is a number not given back when its space dies?  Then it would have to
 *   be flushed on every core at once. The generation does that for 255.
 *   Why is TTBR0 written twice?  Between the two writes of CONTEXTIDR and TTBR0
 *   the core may walk speculatively, and would remember translations of
 *   one space under the number of the other. The kernel's own table has only
 *   global entries: nothing wrong can be learnt from it.
 *   Does the generation wrap?  After 2^24 generations, 4 * 10^9 spaces; a
 *   space would have to sleep exactly that long to be mistaken.
 * Sources	ARM DDI 0406C, B3.9 (ASIDs), B3.10.4 (synchronising both
 *		registers); the idea of generations is Linux's for ARM and
 *		arm64, and older: Digital's Alpha systems.
 */
#include <asm/arch-pgtable.h>
#include <asm/barrier.h>
#include <asm/irqflags.h>
#include <asm/mmu.h>
#include <asm/percpu.h>
#include <asm/tlbcheck.h>
#include <asm/tlbflush.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include "asid.h"
#include "lock.h"

#define FIRST_GENERATION	NR_ASIDS

/* What one core runs. A cache line each: written at every switch. */
static struct core_asid {
	u32 active;		/* exchanged: see above; 0: rolled over */
	u32 reserved;		/* asid_lock; 0: none */
	struct mm_context *ctx;	/* this core alone writes it; NULL: no user */
} __aligned(32) cores[NR_CPUS];

static u32 asid_lock;
static u32 generation = FIRST_GENERATION;	/* written under asid_lock */
static unsigned long used[NR_ASIDS / 32];	/* asid_lock */
static unsigned next_number = 1;		/* asid_lock; where to look */
static unsigned flush_pending;			/* asid_lock; a bit a core */
static unsigned nr_rollovers;			/* asid_lock */

static bool
is_current(u32 asid)
{
	return (asid ^ READ_ONCE(generation)) < NR_ASIDS;
}

static bool
number_used(u32 number)
{
	return used[number / 32] >> number % 32 & 1;
}

static void
mark_used(u32 number)
{
	used[number / 32] |= 1ul << number % 32;
}

/* All numbers are gone. Held: asid_lock. */
static void
begin_generation(void)
{
	u32 next = generation + FIRST_GENERATION, asid;

	/* 0 would make a space that has no number yet look current. */
	WRITE_ONCE(generation, next ? next : FIRST_GENERATION);
	memset(used, 0, sizeof(used));
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		asid = __atomic_exchange_n(&cores[cpu].active, 0,
					   __ATOMIC_SEQ_CST);
		/* 0: it has not switched since the last time. */
		if (asid)
			cores[cpu].reserved = asid;
		if (cores[cpu].reserved)
			mark_used(cores[cpu].reserved & ASID_MASK);
	}
	flush_pending = ALL_CPUS;
	next_number = 1;
	nr_rollovers++;
}

/*
 * A core was inside this space at the rollover: it keeps its number, in each
 * place where it is reserved (two cores may run one space).
 */
static bool
renew_reserved(u32 old, u32 renewed)
{
	bool hit = false;

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		if (old && cores[cpu].reserved == old) {
			cores[cpu].reserved = renewed;
			hit = true;
		}
	}
	return hit;
}

/* The first number from next_number on that is free; 0: none. */
static unsigned
find_number(void)
{
	for (unsigned n = next_number; n < NR_ASIDS; n++) {
		if (!number_used(n))
			return n;
	}
	return 0;
}

/* An asid of this generation for a space that had old. Held: asid_lock. */
static u32
new_asid(u32 old)
{
	u32 number = old & ASID_MASK;

	if (renew_reserved(old, generation | number))
		return generation | number;
	number = find_number();
	if (!number) {
		begin_generation();
		number = find_number();
	}
	mark_used(number);
	next_number = number + 1;
	return generation | number;
}

/* The slow way into ctx: number and owed flush. Context: interrupts masked. */
static u32
enter_slowly(struct mm_context *ctx, unsigned cpu)
{
	unsigned long flags = arch_lock(&asid_lock);
	u32 asid = ctx->asid;

	if (!is_current(asid)) {
		asid = new_asid(asid);
		/* What a core remembers under the old number it forgets before
		 * it enters any space of this generation. */
		if ((asid ^ ctx->asid) & ASID_MASK) {
			WRITE_ONCE(ctx->cpus, 0);
			tlbcheck_flush_user(ctx, 0, TASK_SIZE, ALL_CPUS);
		}
		WRITE_ONCE(ctx->asid, asid);
	}
	if (flush_pending >> cpu & 1) {
		flush_pending &= ~(1u << cpu);
		local_flush_tlb_all();
	}
	__atomic_store_n(&cores[cpu].active, asid, __ATOMIC_SEQ_CST);
	arch_unlock(&asid_lock, flags);
	return asid;
}

static void
set_ttbr0(const pgd_t *pgd)
{
	u32 ttbr = __pa(pgd) | TTBR_FLAGS;

	__asm__ volatile("mcr p15, 0, %0, c2, c0, 0\n\tisb"
			 :: "r"(ttbr) : "memory");
}

static void
set_contextidr(u32 number)
{
	__asm__ volatile("mcr p15, 0, %0, c13, c0, 1\n\tisb"
			 :: "r"(number) : "memory");
}

void
switch_mm(struct mm_context *ctx)
{
	unsigned cpu = smp_processor_id();
	struct core_asid *core = &cores[cpu];
	u32 asid;

	if (core->ctx == ctx)
		return;
	core->ctx = ctx;
	set_ttbr0(swapper_pg_dir);
	if (!ctx) {
		set_contextidr(0);
		return;
	}
	asid = READ_ONCE(ctx->asid);
	if (!is_current(asid) ||
	    !__atomic_exchange_n(&core->active, asid, __ATOMIC_SEQ_CST))
		asid = enter_slowly(ctx, cpu);
	if (!(READ_ONCE(ctx->cpus) >> cpu & 1)) {
		__atomic_fetch_or(&ctx->cpus, 1u << cpu, __ATOMIC_RELAXED);
		/* Who flushes now sees the bit, or we see its change. */
		dsb();
	}
	tlbcheck_enter(ctx, asid & ASID_MASK);
	set_contextidr(asid & ASID_MASK);
	set_ttbr0(ctx->pgd);
}

const pgd_t *
current_pgd(void)
{
	u32 ttbr;

	__asm__ volatile("mrc p15, 0, %0, c2, c0, 0" : "=r"(ttbr));
	return __va(ttbr & ~(PTRS_PER_PGD * sizeof(pgd_t) - 1));
}

struct mm_context *
mm_context_current(void)
{
	return cores[smp_processor_id()].ctx;
}

bool
mm_context_is_active(const struct mm_context *ctx)
{
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		if (READ_ONCE(cores[cpu].ctx) == ctx)
			return true;
	}
	return false;
}

/* --- Forgetting --- */

#define RANGE_LIMIT	(64 * PAGE_SIZE)	/* beyond: the whole ASID */

enum reach { REACH_NOBODY, REACH_HERE, REACH_ALL };

#if TLBCHECK
static unsigned
cpus_reached(enum reach reach)
{
	return reach == REACH_HERE ? 1u << smp_processor_id() :
	       reach == REACH_ALL ? ALL_CPUS : 0;
}
#endif

/*
 * Who may remember something of ctx? The DSB stands between the caller's change
 * of a table and the look at who runs it (the other half: switch_mm).
 */
static enum reach
reach_of(const struct mm_context *ctx)
{
	u32 cpus;

	dsb();
	cpus = READ_ONCE(ctx->cpus);
	if (!cpus)
		return REACH_NOBODY;
	return cpus == 1u << smp_processor_id() ? REACH_HERE : REACH_ALL;
}

static void
flush_page(unsigned long va, u32 number, enum reach reach)
{
	va = (va & PAGE_MASK) | number;
	if (reach == REACH_HERE)
		__asm__ volatile("mcr p15, 0, %0, c8, c7, 1" :: "r"(va));
	else
		__asm__ volatile("mcr p15, 0, %0, c8, c3, 1" :: "r"(va));
}

/* Predicted branches go too; then wait until every core is done. */
static void
flush_done(enum reach reach)
{
	if (reach == REACH_HERE)
		__asm__ volatile("mcr p15, 0, %0, c7, c5, 6" :: "r"(0));
	else
		__asm__ volatile("mcr p15, 0, %0, c7, c1, 6" :: "r"(0));
	dsb();
	isb();
}

void
flush_tlb_user_all(const struct mm_context *ctx)
{
	unsigned long flags = local_irq_save();
	enum reach reach = reach_of(ctx);
	u32 number = READ_ONCE(ctx->asid) & ASID_MASK;

	tlbcheck_flush_user(ctx, 0, TASK_SIZE, cpus_reached(reach));
	if (reach == REACH_HERE)
		__asm__ volatile("mcr p15, 0, %0, c8, c7, 2" :: "r"(number));
	else if (reach == REACH_ALL)
		__asm__ volatile("mcr p15, 0, %0, c8, c3, 2" :: "r"(number));
	if (reach != REACH_NOBODY)
		flush_done(reach);
	local_irq_restore(flags);
}

void
flush_tlb_user_range(const struct mm_context *ctx, unsigned long start,
		     unsigned long end)
{
	enum reach reach;
	unsigned long flags;
	u32 number;

	if (end - start > RANGE_LIMIT) {
		flush_tlb_user_all(ctx);
		return;
	}
	flags = local_irq_save();
	reach = reach_of(ctx);
	number = READ_ONCE(ctx->asid) & ASID_MASK;
	tlbcheck_flush_user(ctx, start, end, cpus_reached(reach));
	if (reach != REACH_NOBODY) {
		for (; start < end; start += PAGE_SIZE)
			flush_page(start, number, reach);
		flush_done(reach);
	}
	local_irq_restore(flags);
}

void
flush_tlb_user_page(const struct mm_context *ctx, unsigned long va)
{
	va &= PAGE_MASK;
	flush_tlb_user_range(ctx, va, va + PAGE_SIZE);
}

void
local_flush_tlb_user_page(const struct mm_context *ctx, unsigned long va)
{
	unsigned long flags = local_irq_save();

	va &= PAGE_MASK;
	dsb();
	tlbcheck_flush_user(ctx, va, va + PAGE_SIZE,
			    1u << smp_processor_id());
	flush_page(va, READ_ONCE(ctx->asid) & ASID_MASK, REACH_HERE);
	flush_done(REACH_HERE);
	local_irq_restore(flags);
}

/* --- Figures and invariants --- */

void
asid_state(struct asid_state *out)
{
	unsigned long flags = arch_lock(&asid_lock);

	*out = (struct asid_state){
		.generation = generation >> ASID_BITS,
		.nr_rollovers = nr_rollovers,
		.flush_pending = flush_pending,
	};
	for (u32 n = 1; n < NR_ASIDS; n++)
		out->nr_used += number_used(n);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		out->active[cpu] = READ_ONCE(cores[cpu].active);
		out->reserved[cpu] = cores[cpu].reserved;
	}
	arch_unlock(&asid_lock, flags);
}

const char *
asid_verify(void)
{
	unsigned long flags = arch_lock(&asid_lock);
	const char *wrong = NULL;

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		u32 active = READ_ONCE(cores[cpu].active);

		if (active && is_current(active) &&
		    !number_used(active & ASID_MASK))
			wrong = "N1: an active number is not marked used";
		if (is_current(cores[cpu].reserved) &&
		    !number_used(cores[cpu].reserved & ASID_MASK))
			wrong = "N1: a reserved number is not marked used";
	}
	arch_unlock(&asid_lock, flags);
	return wrong;
}
