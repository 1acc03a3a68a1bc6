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
 *   of kmap_local belong to one core.
 *
 * State   stale[]: the records, by address in buckets. stale_frames: one bit
 *	   for each frame that occurs in one.
 * Limit   NR_RECORDS at a time; beyond it records are lost until the next
 *	   invalidation of everything (lazily freed areas are at most 256
 *	   pages). Sections and user addresses are not modelled.
 * Locks   tlbcheck_lock; a leaf but for the lock of reports.
 */
#include <asm/tlbcheck.h>
#if TLBCHECK
#include <asm/arch-pgtable.h>
#include <asm/memory.h>
#include <asm/percpu.h>
#include <lib/compiler.h>
#include "lock.h"

#define NR_RECORDS	1024
#define NR_BUCKETS	256
#define MAX_FRAMES	(SZ_1K * SZ_1M / PAGE_SIZE)
#define ALL_CPUS	((1u << NR_CPUS) - 1)

static struct record {
	struct stale_translation s;
	u16 next;			/* index + 1; 0: the last */
} stale[NR_RECORDS];			/* tlbcheck_lock */
static u16 buckets[NR_BUCKETS];		/* index + 1 */
static u16 first_unused, nr_touched;	/* records from nr_touched are new */
static unsigned nr_stale;
static unsigned long stale_frames[MAX_FRAMES / 32];
static u32 tlbcheck_lock;

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
bucket_of(unsigned long va)
{
	return &buckets[(va >> PAGE_SHIFT) % NR_BUCKETS];
}

static struct record *
find_record(unsigned long va)
{
	u16 i = *bucket_of(va);

	while (i && stale[i - 1].s.va != va)
		i = stale[i - 1].next;
	return i ? &stale[i - 1] : NULL;
}

static void
mark_frame(u32 entry, bool on)
{
	unsigned long n = frame_of(entry);

	if (n >= MAX_FRAMES)
		return;
	if (on)
		stale_frames[n / 32] |= 1ul << n % 32;
	else
		stale_frames[n / 32] &= ~(1ul << n % 32);
}

static void
add_record(unsigned long va, u32 entry, unsigned cpus, unsigned long pc)
{
	struct record *r = find_record(va);
	u16 i;

	if (r) {
		r->s.cpus |= cpus;
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
	r->s = (struct stale_translation){ va, entry, cpus, pc };
	r->next = *bucket_of(va);
	*bucket_of(va) = i;
	nr_stale++;
	mark_frame(entry, true);
}

/* Does another record name the frame of entry? */
static bool
frame_has_record(u32 entry)
{
	for (unsigned b = 0; b < NR_BUCKETS; b++) {
		for (u16 i = buckets[b]; i; i = stale[i - 1].next) {
			if (frame_of(stale[i - 1].s.entry) == frame_of(entry))
				return true;
		}
	}
	return false;
}

/* These cores forget va. */
static void
forget(unsigned long va, unsigned cpus)
{
	u16 *link = bucket_of(va), i;

	while ((i = *link) && stale[i - 1].s.va != va)
		link = &stale[i - 1].next;
	if (!i)
		return;
	stale[i - 1].s.cpus &= ~cpus;
	if (stale[i - 1].s.cpus)
		return;
	*link = stale[i - 1].next;
	stale[i - 1].next = first_unused;
	first_unused = i;
	nr_stale--;
	if (!frame_has_record(stale[i - 1].s.entry))
		mark_frame(stale[i - 1].s.entry, false);
}

static void
forget_everything(void)
{
	for (unsigned i = 0; i < nr_touched; i++)
		mark_frame(stale[i].s.entry, false);
	for (unsigned i = 0; i < NR_BUCKETS; i++)
		buckets[i] = 0;
	first_unused = nr_touched = 0;
	nr_stale = 0;
}

/* What is wrong with this change; NULL if nothing. Context: tlbcheck_lock. */
static const char *
judge(unsigned long va, u32 old, u32 new, struct stale_translation *bad)
{
	struct record *r = find_record(va);

	*bad = (struct stale_translation){ va, old, ALL_CPUS, 0 };
	if (!valid(new))
		return NULL;
	if (new & PTE_NG)
		return "a kernel translation that is not global";
	if (valid(old) && frame_of(old) != frame_of(new))
		return "a valid translation gets another frame at once";
	if (r && frame_of(r->s.entry) != frame_of(new)) {
		*bad = r->s;
		return "an address is mapped again, but was not invalidated";
	}
	return NULL;
}

static void
change(unsigned long va, u32 old, u32 new, unsigned cpus, unsigned long pc)
{
	struct stale_translation bad;
	unsigned long flags;
	const char *wrong;

	if (old == new)
		return;
	va &= PAGE_MASK;
	flags = arch_lock(&tlbcheck_lock);
	wrong = judge(va, old, new, &bad);
	if (valid(old))
		add_record(va, old, cpus, pc);
	arch_unlock(&tlbcheck_lock, flags);
	if (wrong) {
		bad.pc = bad.pc ? bad.pc : pc;
		do_translation_error(wrong, &bad);
	}
}

void
tlbcheck_change(unsigned long va, u32 old, u32 new, unsigned long pc)
{
	change(va, old, new, ALL_CPUS, pc);
}

void
tlbcheck_change_local(unsigned long va, u32 old, u32 new, unsigned long pc)
{
	change(va, old, new, 1u << smp_processor_id(), pc);
}

static void
flush(unsigned long start, unsigned long end, unsigned cpus)
{
	unsigned long flags;

	if (!READ_ONCE(nr_stale))
		return;
	flags = arch_lock(&tlbcheck_lock);
	if (end - start > 64 * PAGE_SIZE && cpus == ALL_CPUS && !start)
		forget_everything();
	else
		for (start &= PAGE_MASK; start < end; start += PAGE_SIZE)
			forget(start, cpus);
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

unsigned
tlbcheck_nr_stale(void)
{
	return nr_stale;
}

/* Copy the record that names a frame of [first, first + n). */
static bool
copy_record(unsigned long first, unsigned long n, struct stale_translation *out)
{
	for (unsigned b = 0; b < NR_BUCKETS; b++) {
		for (u16 i = buckets[b]; i; i = stale[i - 1].next) {
			if (frame_of(stale[i - 1].s.entry) - first < n) {
				*out = stale[i - 1].s;
				return true;
			}
		}
	}
	return false;
}

bool
tlbcheck_find(phys_addr_t pa, unsigned long n, struct stale_translation *out)
{
	unsigned long first = frame_of(pa), i, flags;
	bool found = false;

	if (!READ_ONCE(nr_stale) || first + n > MAX_FRAMES)
		return false;
	for (i = first; i < first + n; i++) {
		if (!(i % 32) && !stale_frames[i / 32])
			i += 31;		/* none of a whole word */
		else if (stale_frames[i / 32] >> i % 32 & 1)
			break;
	}
	if (i >= first + n)
		return false;
	flags = arch_lock(&tlbcheck_lock);
	found = copy_record(first, n, out);
	arch_unlock(&tlbcheck_lock, flags);
	return found;
}
#endif
