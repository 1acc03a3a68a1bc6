/* SPDX-License-Identifier: MIT */
/*
 * Translation checker: a model of what the TLBs may remember.
 *
 * Why  QEMU forgets translations far too readily (a write of CONTEXTIDR empties
 *   its TLB, and it keeps no ASIDs), so a missing invalidation that would
 *   destroy data on a real Cortex-A9 goes unnoticed here. So debug builds keep
 *   books instead: each core is taken to remember every translation that it
 *   could have used, until it is told to forget it.
 *
 * Ideas
 *   An entry that was valid and is removed or changed becomes stale. An
 *   invalidation that covers its address ends that. Three things are wrong:
 *
 *	reuse	 its frame is freed, or handed out, while it is stale: who
 *		 remembers it reads and writes somebody else's memory
 *		 (asked by mm/debug/translation_check.c)
 *	remake	 its address gets another frame while it is stale: cores then
 *		 differ in what they see there, and the core may even stop
 *		 (break before make, ARM DDI 0406C, B3.10.1)
 *	local	 a kernel entry has its nG bit set: it would be forgotten, or
 *		 seen, with somebody's ASID
 *
 *	valid --change--> stale --invalidate--> (nothing)
 *			    |--frame freed, address reused--> report
 *
 *   A core that cannot have used a translation need not forget it: the slots
 *   of kmap_local belong to one core, and a user's translation is known to the
 *   cores that have run its space since they last forgot everything.
 *
 *   User translations  belong to a *space*: a number of our own for each
 *   mm_context, never used twice. owner[core][ASID] is the space whose
 *   translations the core may remember under that ASID. Wrong here:
 *
 *	global	 an entry without nG: every space would see it
 *	number	 a core enters a space with an ASID under which it still
 *		 remembers another one
 *	early	 a table is given back with entries in it, or in use
 *
 *   An entry that only gains rights (old to young, clean to dirty) leaves no
 *   record: who remembers the old one faults, and forgets it then.
 *
 * State   stale[]: the records, by address and space in buckets. frame_count:
 *	   how many records there are for the frames of one residue class, so
 *	   that a frame in none of them is dismissed without a lock.
 * Limit   NR_RECORDS at a time; beyond it records are lost until the next
 *	   invalidation of everything (lazily freed areas are at most 256
 *	   pages). Kernel sections are not modelled.
 * Locks   tlbcheck_lock; a leaf but for the lock of reports.
 */
#include <asm/tlbcheck.h>
#if TLBCHECK
#include <asm/arch-pgtable.h>
#include <asm/memory.h>
#include <asm/mmu.h>
#include <asm/percpu.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include "asid.h"
#include "lock.h"

#define NR_RECORDS	1024
#define NR_BUCKETS	256
#define NR_CLASSES	4096		/* more than a block of frames */
#define SECTION_FRAMES	(SECTION_SIZE / PAGE_SIZE)

static struct record {
	struct stale_translation s;
	u16 next;			/* index + 1; 0: the last */
} stale[NR_RECORDS] __noleak;		/* tlbcheck_lock */
static u16 buckets[NR_BUCKETS];		/* index + 1 */
static u16 first_unused, nr_touched;	/* records from nr_touched are new */
static unsigned nr_stale;
static u16 frame_count[NR_CLASSES];	/* by frame number % NR_CLASSES */
static u32 owner[NR_CPUS][NR_ASIDS];	/* a space; 0: nobody's */
static u8 running[NR_CPUS];		/* the ASID that the core runs with */
static u32 last_space;
static u32 tlbcheck_lock;

/* One entry is changed. */
struct change {
	unsigned long va;
	u32 space;		/* 0: the kernel's half */
	u32 old, new;		/* as small pages */
	unsigned nr_frames;	/* 1, or those of a section */
	unsigned cpus;		/* that may remember the old one */
	unsigned long pc;	/* who changes it */
};

static bool
valid(u32 entry)
{
	return entry & PTE_SMALL;
}

static unsigned long
frame_of(u32 entry)
{
	return (entry - PHYS_OFFSET) >> PAGE_SHIFT;	/* devices: large */
}

static u16 *
bucket_of(unsigned long va, u32 space)
{
	return &buckets[((va >> PAGE_SHIFT) + space * 7) % NR_BUCKETS];
}

static bool
is_record_of(const struct record *r, unsigned long va, u32 space)
{
	return r->s.va == va && r->s.space == space;
}

static struct record *
find_record(unsigned long va, u32 space)
{
	u16 i = *bucket_of(va, space);

	while (i && !is_record_of(&stale[i - 1], va, space))
		i = stale[i - 1].next;
	return i ? &stale[i - 1] : NULL;
}

static void
count_frames(const struct stale_translation *s, int by)
{
	unsigned long first = frame_of(s->entry);

	for (unsigned i = 0; i < s->nr_frames; i++)
		frame_count[(first + i) % NR_CLASSES] += (u16)by;
}

static void
add_record(const struct change *c)
{
	struct record *r = find_record(c->va, c->space);
	u16 i, *bucket = bucket_of(c->va, c->space);

	if (r) {
		r->s.cpus |= c->cpus;
		return;			/* the older one is the worse one */
	}
	if (first_unused) {
		i = first_unused;
		first_unused = stale[i - 1].next;
	} else if (nr_touched < NR_RECORDS) {
		i = ++nr_touched;
	} else {
		return;
	}
	r = &stale[i - 1];
	r->s = (struct stale_translation){ c->va, c->old, c->cpus, c->pc,
					   c->space, c->nr_frames };
	r->next = *bucket;
	*bucket = i;
	nr_stale++;
	count_frames(&r->s, 1);
}

/* These cores forget the record at *link. True: nobody remembers it now. */
static bool
forget_at(u16 *link, unsigned cpus)
{
	u16 i = *link;

	stale[i - 1].s.cpus &= ~cpus;
	if (stale[i - 1].s.cpus)
		return false;
	*link = stale[i - 1].next;
	stale[i - 1].next = first_unused;
	first_unused = i;
	nr_stale--;
	count_frames(&stale[i - 1].s, -1);
	return true;
}

/* These cores forget what they have at va. */
static void
forget(unsigned long va, u32 space, unsigned cpus)
{
	u16 *link = bucket_of(va, space);

	while (*link && !is_record_of(&stale[*link - 1], va, space))
		link = &stale[*link - 1].next;
	if (*link)
		forget_at(link, cpus);
}

/* These cores forget all of a space; every_space: all there is. */
static void
forget_space(u32 space, bool every_space, unsigned cpus)
{
	for (unsigned b = 0; b < NR_BUCKETS; b++) {
		u16 *link = &buckets[b];

		while (*link) {
			struct record *r = &stale[*link - 1];

			if (!(every_space || r->s.space == space) ||
			    !forget_at(link, cpus))
				link = &r->next;
		}
	}
}

/* What is wrong with this change; NULL if nothing. Context: tlbcheck_lock. */
static const char *
judge(const struct change *c, struct stale_translation *bad)
{
	struct record *r = find_record(c->va, c->space);

	*bad = (struct stale_translation){ c->va, c->old, c->cpus, 0,
					   c->space, c->nr_frames };
	if (!valid(c->new))
		return NULL;
	if (!c->space && c->new & PTE_NG)
		return "a kernel translation that is not global";
	if (c->space && (c->new & (PTE_NG | PTE_USER)) != (PTE_NG | PTE_USER))
		return "a user translation that is global";
	if (valid(c->old) && frame_of(c->old) != frame_of(c->new))
		return "a valid translation gets another frame at once";
	if (r && frame_of(r->s.entry) != frame_of(c->new)) {
		*bad = r->s;
		return "an address is mapped again, but was not invalidated";
	}
	return NULL;
}

static void
change(struct change *c, bool leaves_record)
{
	struct stale_translation bad;
	unsigned long flags;
	const char *wrong;

	if (c->old == c->new)
		return;
	c->va &= PAGE_MASK;
	flags = arch_lock(&tlbcheck_lock);
	wrong = judge(c, &bad);
	if (leaves_record && c->cpus)
		add_record(c);
	arch_unlock(&tlbcheck_lock, flags);
	if (wrong) {
		bad.pc = bad.pc ? bad.pc : c->pc;
		do_translation_error(wrong, &bad);
	}
}

void
tlbcheck_change(unsigned long va, u32 old, u32 new, unsigned long pc)
{
	change(&(struct change){ va, 0, old, new, 1, ALL_CPUS, pc },
	       valid(old));
}

void
tlbcheck_change_local(unsigned long va, u32 old, u32 new, unsigned long pc)
{
	change(&(struct change){ va, 0, old, new, 1,
				 1u << smp_processor_id(), pc }, valid(old));
}

static void
flush(unsigned long start, unsigned long end, unsigned cpus)
{
	unsigned long flags;

	if (!READ_ONCE(nr_stale))
		return;
	flags = arch_lock(&tlbcheck_lock);
	for (start &= PAGE_MASK; start < end; start += PAGE_SIZE)
		forget(start, 0, cpus);
	arch_unlock(&tlbcheck_lock, flags);
}

void
tlbcheck_flush(unsigned long start, unsigned long end)
{
	flush(start, end, ALL_CPUS);
}

void
tlbcheck_flush_local(unsigned long start, unsigned long end)
{
	flush(start, end, 1u << smp_processor_id());
}

/* cpu knows nothing any more, but may learn again of the space it runs in. */
static void
forget_owners(unsigned cpu)
{
	u32 here = owner[cpu][running[cpu]];

	memset(owner[cpu], 0, sizeof(owner[cpu]));
	owner[cpu][running[cpu]] = here;
}

void
tlbcheck_flush_all(bool local)
{
	unsigned cpus = local ? 1u << smp_processor_id() : ALL_CPUS;
	unsigned long flags = arch_lock(&tlbcheck_lock);

	forget_space(0, true, cpus);
	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		if (cpus >> cpu & 1)
			forget_owners(cpu);
	}
	arch_unlock(&tlbcheck_lock, flags);
}

unsigned
tlbcheck_nr_stale(void)
{
	return nr_stale;
}

/* --- User spaces --- */

void
tlbcheck_space_begins(struct mm_context *ctx)
{
	ctx->space = __atomic_add_fetch(&last_space, 1, __ATOMIC_RELAXED);
}

/* A table goes back: nobody may run on it, and it must be empty. */
void
tlbcheck_space_ends(const struct mm_context *ctx)
{
	struct stale_translation bad = { .space = ctx->space };
	unsigned long flags;

	if (mm_context_is_active(ctx))
		do_translation_error("a table is given back, but a core runs "
				     "on it", &bad);
	for (unsigned i = 0; i < TASK_SIZE >> SECTION_SHIFT; i++) {
		bad.va = (unsigned long)i << SECTION_SHIFT;
		bad.entry = ctx->pgd[i].value;
		if (bad.entry) {
			do_translation_error("a table is given back, but has "
					     "user entries", &bad);
			break;
		}
	}
	flags = arch_lock(&tlbcheck_lock);
	forget_space(ctx->space, false, ALL_CPUS);
	arch_unlock(&tlbcheck_lock, flags);
}

void
tlbcheck_enter(const struct mm_context *ctx, u32 asid)
{
	unsigned cpu = smp_processor_id();
	unsigned long flags = arch_lock(&tlbcheck_lock);
	u32 other = owner[cpu][asid];

	owner[cpu][asid] = ctx->space;
	running[cpu] = (u8)asid;
	arch_unlock(&tlbcheck_lock, flags);
	if (other && other != ctx->space)
		do_translation_error("an ASID goes to another space, but was "
				     "not invalidated",
				     &(struct stale_translation){
				     .space = other, .entry = asid,
				     .cpus = 1u << cpu });
}

/* The cores that may remember translations of ctx. */
static unsigned
cores_of(const struct mm_context *ctx)
{
	unsigned cpus = 0;

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		if (owner[cpu][ctx->asid & ASID_MASK] == ctx->space)
			cpus |= 1u << cpu;
	}
	return cpus;
}

/* Does the new entry refuse something that the old one, remembered, allows? */
static bool
takes_away(u32 old, u32 new)
{
	const u32 what = PTE_RDONLY | PTE_XN;	/* set: refused */
	const u32 kept = PTE_TEX0 | 3 << ATTR_SHIFT;

	if (!valid(old) || !(old & PTE_AF))
		return false;			/* a TLB does not keep it */
	return !valid(new) || !(new & PTE_AF) ||
	       frame_of(old) != frame_of(new) || (new & ~old & what) ||
	       ((old ^ new) & kept);
}

void
tlbcheck_change_user(const struct mm_context *ctx, unsigned long va, u32 old,
		     u32 new, unsigned long pc)
{
	change(&(struct change){ va, ctx->space, old, new, 1, cores_of(ctx),
				 pc }, takes_away(old, new));
}

/* A section's entry as that of a page at its start. */
static u32
page_from_section(u32 s)
{
	if ((s & L1_TYPE_MASK) != L1_SECTION)
		return 0;
	return (s & ~(SECTION_SIZE - 1)) | PTE_SMALL |
	       (s & 3 << ATTR_SHIFT) | (s & SECT_XN ? PTE_XN : 0) |
	       (s & SECT_AF ? PTE_AF : 0) | (s & SECT_USER ? PTE_USER : 0) |
	       (s & SECT_RDONLY ? PTE_RDONLY : 0) |
	       (s & SECT_TEX0 ? PTE_TEX0 : 0) | (s & SECT_NG ? PTE_NG : 0);
}

void
tlbcheck_change_section(const struct mm_context *ctx, unsigned long va,
			u32 old, u32 new, unsigned long pc)
{
	old = page_from_section(old);
	new = page_from_section(new);
	change(&(struct change){ va, ctx->space, old, new, SECTION_FRAMES,
				 cores_of(ctx), pc }, takes_away(old, new));
}

/* One address of a section is enough to forget all of it. */
static void
forget_section(unsigned long va, u32 space, unsigned cpus)
{
	struct record *r = find_record(va, space);

	if (r && r->s.nr_frames == SECTION_FRAMES)
		forget(va, space, cpus);
}

void
tlbcheck_flush_user(const struct mm_context *ctx, unsigned long start,
		    unsigned long end, unsigned cpus)
{
	unsigned long flags;

	if (!READ_ONCE(nr_stale))
		return;
	flags = arch_lock(&tlbcheck_lock);
	if (end - start >= TASK_SIZE)
		forget_space(ctx->space, false, cpus);
	else
		for (start &= PAGE_MASK; start < end; start += PAGE_SIZE) {
			forget(start, ctx->space, cpus);
			forget_section(ALIGN_DOWN(start, SECTION_SIZE),
				       ctx->space, cpus);
		}
	arch_unlock(&tlbcheck_lock, flags);
}

/* --- Is a frame remembered? --- */

/* Copy the record that names a frame of [first, first + n). */
static bool
copy_record(unsigned long first, unsigned long n, struct stale_translation *out)
{
	for (unsigned b = 0; b < NR_BUCKETS; b++) {
		for (u16 i = buckets[b]; i; i = stale[i - 1].next) {
			const struct stale_translation *s = &stale[i - 1].s;
			unsigned long at = frame_of(s->entry);

			if (at < first + n && first < at + s->nr_frames) {
				*out = *s;
				return true;
			}
		}
	}
	return false;
}

bool
tlbcheck_find(phys_addr_t pa, unsigned long n, struct stale_translation *out)
{
	unsigned long first = frame_of(pa), i = 0, flags;
	bool found;

	if (!READ_ONCE(nr_stale))
		return false;
	while (i < n && !READ_ONCE(frame_count[(first + i) % NR_CLASSES]))
		i++;
	if (i == n)
		return false;
	flags = arch_lock(&tlbcheck_lock);
	found = copy_record(first, n, out);
	arch_unlock(&tlbcheck_lock, flags);
	return found;
}
#endif
