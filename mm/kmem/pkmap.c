/* SPDX-License-Identifier: MIT */
/*
 * Addresses for pages that have none, to keep: kmap.
 *
 * Ideas
 *   kmap_local_page() gives an address to one core for a moment. kmap() gives
 *   one that all cores may use, and that may be kept while sleeping, from a
 *   window of 512 pages below lowmem:
 *
 *	slot	  0	1     2     3	  4
 *	count	[ 3 ] [ 0 ] [ 1 ] [ 2 ] [ 0 ] ...
 *		  |	|     |	    '-- used once
 *		  |	|     '-- nobody uses it, but a core may remember it
 *		  |	'-- free, and forgotten by all
 *		  '-- used twice: kmap() of the same page gives the same slot
 *
 *   A slot that is given up keeps its translation. Only when the search for a
 *   free one comes round are all such slots cleared, with one flush for all:
 *   a flush for each would tell every core each time.
 *   When all are in use the caller waits.
 *
 * Invariants (pkmap_verify)
 *   PK1 A slot with a count is mapped to its page; one with 0 is not mapped.
 *   PK2 A page has at most one slot with a count above 0.
 * Locks    pkmap_lock: all State. Tables are reserved at the first call.
 * Cost	    kmap: a search in one hash chain, and for a new page of 512 slots
 *	    at worst. kunmap: the first of it.
 * Questions a reader asks
 *   Why is kmap() nearly unused? Nobody may hold few slots for long, and the
 *     search takes a lock that all cores share. New code uses
 *     kmap_local_page().
 * Source   Linux, mm/highmem.c.
 */
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include <kernel/init.h>
#include <kernel/lock.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/wait.h>
#include <mm/highmem.h>
#include <mm/verify.h>

#define NR_SLOTS	((PAGE_OFFSET - PKMAP_START) / PAGE_SIZE)
#define NR_CHAINS	64u

struct slot {
	struct page *page;	/* count > 0 */
	u16 count;
	s16 next;		/* in the chain of its page; -1: the last */
};

static struct slot slots[NR_SLOTS];		/* pkmap_lock */
static s16 chains[NR_CHAINS];			/* pkmap_lock; slot + 1 */
static unsigned last_slot;			/* pkmap_lock */
static unsigned long nr_flushes;		/* pkmap_lock */
static bool tables_ready;
static DEFINE_SPINLOCK(pkmap_lock, LOCK_PKMAP);
static DECLARE_WAIT_QUEUE_HEAD(pkmap_wait);

static s16 *
chain_of(const struct page *page)
{
	return &chains[page_to_pfn(page) % NR_CHAINS];
}

static unsigned long
slot_address(unsigned n)
{
	return PKMAP_START + (unsigned long)n * PAGE_SIZE;
}

/* The slot of page, or -1. Context: pkmap_lock. */
static int
find_slot(const struct page *page)
{
	int n = *chain_of(page) - 1;

	while (n >= 0 && slots[n].page != page)
		n = slots[n].next;
	return n;
}

/* Slot n leaves its chain. Context: pkmap_lock. */
static void
unchain(unsigned n)
{
	s16 *head = chain_of(slots[n].page);
	int at = *head - 1;

	if (at == (int)n) {
		*head = slots[n].next + 1;
		return;
	}
	while (slots[at].next != (int)n)
		at = slots[at].next;
	slots[at].next = slots[n].next;
}

/*
 * Clear all slots that nobody uses, then flush. Returns how many became free.
 * Context: pkmap_lock.
 */
static unsigned
flush_unused(void)
{
	unsigned cleared = 0;

	for (unsigned n = 0; n < NR_SLOTS; n++) {
		if (slots[n].count != 1)
			continue;
		unchain(n);
		unmap_kernel_range_lazily(slot_address(n), PAGE_SIZE);
		slots[n].page = NULL;
		slots[n].count = 0;
		cleared++;
	}
	if (cleared) {
		flush_tlb_kernel_range(PKMAP_START, PAGE_OFFSET);
		nr_flushes++;
	}
	return cleared;
}

/* A free slot, or -1. Context: pkmap_lock. */
static int
free_slot(void)
{
	unsigned cleared = 0;

	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < NR_SLOTS; i++) {
			last_slot = (last_slot + 1) % NR_SLOTS;
			if (last_slot == 0 && !round)
				cleared = flush_unused();
			if (!slots[last_slot].count)
				return last_slot;
		}
		/* Those that the first flush cleared may lie before slot 0. */
		cleared += flush_unused();
		if (!cleared)
			return -1;
	}
	return -1;
}

/* The address of page, counted once more; NULL: all slots are in use. */
static void *
try_kmap(struct page *page)
{
	phys_addr_t pa = page_to_phys(page);
	unsigned long flags;
	int n;

	flags = spin_lock_irqsave(&pkmap_lock);
	n = find_slot(page);
	if (n < 0) {
		n = free_slot();
		if (n >= 0) {
			slots[n].page = page;
			slots[n].count = 1;
			slots[n].next = *chain_of(page) - 1;
			*chain_of(page) = n + 1;
			set_kernel_pages(slot_address(n), &pa, 1,
					 PROT_KERNEL_RW);
		}
	}
	if (n >= 0)
		slots[n].count++;
	spin_unlock_irqrestore(&pkmap_lock, flags);
	return n >= 0 ? (void *)slot_address(n) : NULL;
}

void *
kmap(struct page *page)
{
	void *addr = page_address(page);

	might_sleep();
	if (addr)
		return addr;
	if (!READ_ONCE(tables_ready)) {
		if (reserve_kernel_tables(PKMAP_START, NR_SLOTS * PAGE_SIZE))
			return NULL;
		WRITE_ONCE(tables_ready, true);
	}
	wait_event(&pkmap_wait, (addr = try_kmap(page)) != NULL);
	return addr;
}

void
kunmap(struct page *page)
{
	unsigned long flags;
	bool last;
	int n;

	if (page_address(page))
		return;
	flags = spin_lock_irqsave(&pkmap_lock);
	n = find_slot(page);
	assert(n >= 0 && slots[n].count > 1);
	last = --slots[n].count == 1;
	spin_unlock_irqrestore(&pkmap_lock, flags);
	if (last)
		wake_up(&pkmap_wait);
}

/* Slots in use. */
unsigned
kmap_nr_used(void)
{
	unsigned used = 0;

	for (unsigned n = 0; n < NR_SLOTS; n++)
		used += READ_ONCE(slots[n].count) > 1;
	return used;
}

static void
pkmap_show(struct seq_buf *s)
{
	unsigned remembered = 0;

	for (unsigned n = 0; n < NR_SLOTS; n++)
		remembered += READ_ONCE(slots[n].count) == 1;
	seq_printf(s, "slots %u, in use %u, to be flushed %u, flushes %lu\n",
		   (unsigned)NR_SLOTS, kmap_nr_used(), remembered, nr_flushes);
}
NODE("pkmap", pkmap_show);

static void
pkmap_verify(struct verify *v)
{
	unsigned long flags = spin_lock_irqsave(&pkmap_lock);
	struct pt_walk w;

	for (unsigned n = 0; n < NR_SLOTS; n++) {
		struct slot *slot = &slots[n];

		if (slot->count)
			VERIFY(v, find_slot(slot->page) == (int)n, "PK2",
			       "pkmap: slot %u is not that of its page", n);
		pt_walk(swapper_pg_dir, slot_address(n), &w);
		VERIFY(v, slot->count ? w.kind == PT_SMALL_PAGE &&
					w.pa == page_to_phys(slot->page) :
					w.kind == PT_NONE, "PK1",
		       "pkmap: slot %u with count %u is %smapped", n,
		       slot->count, w.kind == PT_NONE ? "not " : "");
	}
	spin_unlock_irqrestore(&pkmap_lock, flags);
}

static struct verify_module verify_module = { "pkmap", pkmap_verify, NULL };

static int
pkmap_init(void)
{
	verify_register(&verify_module);
	return 0;
}
core_initcall(pkmap_init);
