/* SPDX-License-Identifier: MIT */
/*
 * DMA debugging: every buffer that is lent to a device, and who lent it.
 *
 * On a machine with caches a mistake in the use of the DMA API shows as data
 * that is sometimes old; on an emulator without caches it never shows. So
 * debug builds keep books and compare each call with them.
 *
 * What is caught, and how
 *   double unmap		not in the table, but among the last ones unmapped
 *   unmap of nothing		in neither
 *   another size, direction, kind, device	compared with the entry
 *   sync of nothing, or past the end		no entry holds the range
 *   sync with another direction
 *   no dma_mapping_error() call	noted in the entry
 *   overlapping mappings	two entries touch one cache line and a device
 *				writes to one of them
 *   core writes while the device owns	a checksum of the buffer, when it is
 *				lent and when it comes back. Only if the
 *				device does not write to the same memory, and
 *				not of the page cache: its pages may change
 *				while they are written, and are written again.
 *   core writes the rest of a line	the same for what shares the buffer's
 *				first and last cache line, if the device
 *				writes: the invalidation at the end would
 *				throw the core's write away.
 *   driver detaches		with entries of its device
 *   freed while lent		the page allocator and the object caches ask for
 *				whatever is given back: the device would write
 *				into memory of the next owner
 *   core touches what is lent	the access itself, in a kernel with KASAN
 *				(kasan_dma.c)
 *
 *		line		line		line
 *	   |rest BUFFER...|..............|...BUFFER rest|
 *
 * State	slots: a fixed table, free ones on a list, since mappings are
 *		made where nothing can be allocated. When it is full, checking
 *		ends for good, which the log and the node say.
 *		lent_frames: how many lent mappings have a byte in a frame,
 *		counted by the frame's number modulo LENT_FRAMES. Zero: none.
 * Locks	dma_debug_lock for State; sums are computed and reports printed
 *		outside it. Memory is freed with any lock held, by the core
 *		that holds this one too: who frees reads State without it. The
 *		counter of its frame says mostly that there is nothing. Else
 *		each slot is copied, and copied again when its seq was odd
 *		(a change is under way) or has changed. A change is a few
 *		instructions, interrupts masked, so it ends.
 * Cost		each call compares with every mapping there is: tens. A free is
 *		one load while nothing is lent, else two for each frame.
 * Sources	Linux, kernel/dma/debug.c (what is worth checking).
 */
#ifdef VELLUM_DEBUG
#include <asm/cacheflush.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/list.h>
#include <lib/seq_buf.h>
#include <lib/string.h>
#include <mm/dma_debug.h>
#include <mm/page.h>
#include "kasan_dma.h"

#define NR_ENTRIES	512
#define NR_RECENT	64	/* unmapped ones that are remembered */
#define LENT_FRAMES	1024	/* counters; a power of two */

struct dma_entry {
	struct dma_ref ref;	/* of no bytes: the slot is not used */
	bool checked;		/* dma_mapping_error() was called */
	bool with_core;		/* after dma_sync_*_for_cpu() */
	bool has_sum, has_edges;
	bool tail;		/* kasan_dma.c's */
	s16 pid;		/* who lent it, */
	u32 stack;		/* and how it came to that: stack depot */
	u32 sum, edges;
};

struct dma_slot {
	struct list_head list;
	u32 seq;		/* odd: being changed */
	bool told;		/* of a store: no lock, the last word counts */
	struct dma_entry entry;
};

struct dma_recent {
	const struct device *dev;
	dma_addr_t addr;
	unsigned long caller;	/* who unmapped it */
};

DEFINE_SPINLOCK(dma_debug_lock, LOCK_DMA);
static struct dma_slot slots[NR_ENTRIES];
static u16 lent_frames[LENT_FRAMES];
static LIST_HEAD(active);
static LIST_HEAD(unused);
static unsigned nr_used, nr_touched, nr_most;
static bool overflowed;
static struct dma_recent recent[NR_RECENT];
static unsigned recent_next;

unsigned nr_dma_errors, nr_dma_lent;

static const char *const dir_names[] = {
	"both ways", "to device", "from device", "no direction",
};
static const char *const type_names[] = { "single", "sg", "coherent" };

static const char *
dir_name(enum dma_data_direction dir)
{
	return (unsigned)dir < ARRAY_SIZE(dir_names) ? dir_names[dir] :
						       "bad direction";
}

static const char *
device_name(const struct device *dev)
{
	return dev ? dev->name : "no device";
}

/* "0x60001000, 512 bytes, from device, single" */
static void
ref_format(struct seq_buf *s, const struct dma_ref *ref)
{
	seq_printf(s, "%s: 0x%08x, %lu bytes, %s, %s", device_name(ref->dev),
		   ref->addr, (unsigned long)ref->size, dir_name(ref->dir),
		   type_names[ref->type]);
}

/*
 * Say what is wrong with the call ref; entry is what the books hold, or NULL;
 * by is somebody else who matters, or 0.
 */
static void
dma_report(const struct dma_ref *ref, const char *what,
	   const struct dma_entry *entry, const char *verb, unsigned long by)
{
	char line[160], name[64];
	unsigned long flags;
	struct seq_buf s;

	__atomic_fetch_add(&nr_dma_errors, 1, __ATOMIC_RELAXED);
	if (!soft_report_begin(&flags))
		return;
	seq_buf_init(&s, line, sizeof(line));
	ref_format(&s, ref);
	pr_err("dma: %s\n", what);
	pr_err("  call:   %s\n", line);
	if (entry) {
		seq_buf_init(&s, line, sizeof(line));
		ref_format(&s, &entry->ref);
		symbol_format(entry->ref.caller, name, sizeof(name));
		pr_err("  mapped: %s, by %s\n", line, name);
		kasan_dma_show_stack(entry->stack, "  mapped at");
	}
	if (by) {
		symbol_format(by, name, sizeof(name));
		pr_err("  %s %s\n", verb, name);
	}
	dump_stack();
	soft_report_end(flags);
}

/* --- the table --------------------------------------------------------- */

static struct dma_slot *
slot_take_locked(void)
{
	struct dma_slot *slot;

	if (overflowed)
		return NULL;
	if (!list_empty(&unused)) {
		slot = list_first_entry(&unused, struct dma_slot, list);
		list_del(&slot->list);
	} else if (nr_touched < NR_ENTRIES) {
		slot = &slots[nr_touched];
		WRITE_ONCE(nr_touched, nr_touched + 1);
	} else {
		overflowed = true;
		return NULL;
	}
	nr_used++;
	nr_most = max(nr_most, nr_used);
	return slot;
}

static void
slot_write_locked(struct dma_slot *slot, const struct dma_entry *entry)
{
	WRITE_ONCE(slot->seq, slot->seq + 1);
	smp_wmb();
	slot->entry = *entry;
	smp_store_release(&slot->seq, slot->seq + 1);
}

/* For who does not hold the lock. Context: any. */
static void
slot_read(const struct dma_slot *slot, struct dma_entry *entry)
{
	u32 seq;

	do {
		while ((seq = smp_load_acquire(&slot->seq)) & 1)
			cpu_relax();
		*entry = slot->entry;
		smp_rmb();
	} while (READ_ONCE(slot->seq) != seq);
}

static bool
is_lent(const struct dma_entry *entry)
{
	return entry->ref.size && entry->ref.type != DMA_TYPE_COHERENT;
}

/* Is a byte of [phys, phys + size) lent by it? */
static bool
lends_some(const struct dma_entry *entry, phys_addr_t phys, size_t size)
{
	return is_lent(entry) && entry->ref.phys < phys + size &&
	       phys < entry->ref.phys + entry->ref.size;
}

/* One mapping more, or less, has bytes in the frames of ref. */
static void
frames_count_locked(const struct dma_ref *ref, int n)
{
	pfn_t pfn = ref->phys >> PAGE_SHIFT;
	pfn_t last = (ref->phys + ref->size - 1) >> PAGE_SHIFT;

	nr_dma_lent += (unsigned)n;
	for (; pfn <= last; pfn++) {
		u16 *count = &lent_frames[pfn % LENT_FRAMES];

		WRITE_ONCE(*count, (u16)(*count + n));
	}
}

/* Is it a page of a file or of swap, on its way to the store? Who changes one of
 * those marks it dirty, so that it is written once more. */
static bool
may_change(const struct dma_ref *ref)
{
	pfn_t pfn = ref->phys >> PAGE_SHIFT;
	enum page_state state;

	if (ref->dir != DMA_TO_DEVICE || !pfn_valid(pfn))
		return false;
	state = page_state(pfn_to_page(pfn));
	return state == PAGE_STATE_CACHE || state == PAGE_STATE_SWAPCACHE;
}

static void
slot_enter_locked(struct dma_slot *slot, struct dma_entry *entry)
{
	list_add(&slot->list, &active);
	slot->told = false;
	if (is_lent(entry)) {
		frames_count_locked(&entry->ref, 1);
		if (!may_change(&entry->ref))
			kasan_dma_lend(&entry->ref, entry->ref.phys,
				       entry->ref.size, &entry->tail);
	}
	slot_write_locked(slot, entry);
}

/* What others still lend of it stays lent: shadow has no count. */
static void
lend_again_locked(const struct dma_ref *ref)
{
	struct dma_slot *slot;

	list_for_each_entry(slot, &active, list) {
		struct dma_entry *e = &slot->entry;

		if (!e->with_core && !may_change(&e->ref) &&
		    lends_some(e, ref->phys, ref->size))
			kasan_dma_lend(&e->ref, e->ref.phys, e->ref.size,
				       &e->tail);
	}
}

static void
slot_drop_locked(struct dma_slot *slot, struct dma_entry *was)
{
	static const struct dma_entry none;

	*was = slot->entry;
	was->has_sum &= !READ_ONCE(slot->told);
	list_move(&slot->list, &unused);
	slot_write_locked(slot, &none);
	nr_used--;
	if (!is_lent(was))
		return;
	frames_count_locked(&was->ref, -1);
	kasan_dma_return(&was->ref, was->ref.phys, was->ref.size, &was->tail);
	if (kasan_dma_checks())
		lend_again_locked(&was->ref);
}

/* The mapping that starts at addr; one of dev first. */
static struct dma_slot *
slot_find_locked(const struct dma_ref *ref)
{
	struct dma_slot *slot, *other = NULL;

	list_for_each_entry(slot, &active, list) {
		const struct dma_ref *r = &slot->entry.ref;

		if (r->addr != ref->addr)
			continue;
		if (r->dev == ref->dev && r->size == ref->size &&
		    r->dir == ref->dir)
			return slot;
		if (!other || r->dev == ref->dev)
			other = slot;
	}
	return other;
}

/* A mapping of dev that holds all of ref. */
static struct dma_slot *
slot_around_locked(const struct dma_ref *ref)
{
	struct dma_slot *slot;

	list_for_each_entry(slot, &active, list) {
		const struct dma_ref *r = &slot->entry.ref;

		if (r->dev == ref->dev && ref->addr >= r->addr &&
		    ref->addr - r->addr <= r->size &&
		    ref->size <= r->size - (ref->addr - r->addr))
			return slot;
	}
	return NULL;
}

static bool
lines_touch(const struct dma_ref *a, const struct dma_ref *b)
{
	phys_addr_t a_first = ALIGN_DOWN(a->phys, CACHE_LINE);
	phys_addr_t b_first = ALIGN_DOWN(b->phys, CACHE_LINE);

	return a_first < b->phys + b->size && b_first < a->phys + a->size;
}

/* A mapping that shares a cache line with ref, where that does harm. */
static const struct dma_entry *
entry_overlap_locked(const struct dma_ref *ref)
{
	const struct dma_slot *slot;

	list_for_each_entry(slot, &active, list) {
		const struct dma_entry *entry = &slot->entry;

		if (entry->ref.dir == DMA_TO_DEVICE &&
		    ref->dir == DMA_TO_DEVICE)
			continue;
		if (entry->ref.dev->dma_coherent && ref->dev->dma_coherent)
			continue;
		if (lines_touch(&entry->ref, ref))
			return entry;
	}
	return NULL;
}

/* --- what the core may not write meanwhile ----------------------------- */

/* Does nobody but the core write to the caller's memory? */
static bool
buffer_is_still(const struct dma_ref *ref)
{
	return ref->type != DMA_TYPE_COHERENT && !may_change(ref) &&
	       (ref->dir == DMA_TO_DEVICE || ref->bounced);
}

static bool
edges_matter(const struct dma_ref *ref)
{
	return ref->type != DMA_TYPE_COHERENT && !ref->bounced &&
	       ref->dir != DMA_TO_DEVICE && !ref->dev->dma_coherent;
}

/* The bytes of the first and of the last line that are not the buffer's. */
static u32
edges_sum(const struct dma_ref *ref)
{
	phys_addr_t end = ref->phys + ref->size;
	u32 sum = 0;

	if (ref->phys % CACHE_LINE)
		sum = dma_memory_sum(ALIGN_DOWN(ref->phys, CACHE_LINE),
				     ref->phys % CACHE_LINE);
	if (end % CACHE_LINE)
		sum = sum * 31 + dma_memory_sum(end, CACHE_LINE -
						     end % CACHE_LINE);
	return sum;
}

static void
entry_sum(struct dma_entry *entry)
{
	entry->has_sum = buffer_is_still(&entry->ref);
	if (entry->has_sum)
		entry->sum = dma_memory_sum(entry->ref.phys, entry->ref.size);
	entry->has_edges = edges_matter(&entry->ref);
	if (entry->has_edges)
		entry->edges = edges_sum(&entry->ref);
}

/* The buffer comes back: has the core kept its hands off? */
static void
entry_check_sums(const struct dma_entry *entry, const struct dma_ref *ref)
{
	if (entry->with_core)
		return;
	if (entry->has_sum &&
	    entry->sum != dma_memory_sum(entry->ref.phys, entry->ref.size))
		dma_report(ref, "the core wrote to a buffer that the device "
			   "owned", entry, NULL, 0);
	if (entry->has_edges && entry->edges != edges_sum(&entry->ref))
		dma_report(ref, "the core wrote to a cache line that it shares "
			   "with a buffer of the device: the write is lost",
			   entry, NULL, 0);
}

/* --- the calls --------------------------------------------------------- */

void
dma_debug_map(const struct dma_ref *ref)
{
	struct dma_entry new = { .ref = *ref }, hit;
	const struct dma_entry *other = NULL;
	struct dma_slot *slot;
	unsigned long flags;
	bool full;

	entry_sum(&new);
	new.checked = ref->type != DMA_TYPE_SINGLE;
	new.pid = kasan_dma_pid();
	new.stack = kasan_dma_stack();
	flags = spin_lock_irqsave(&dma_debug_lock);
	if (ref->type != DMA_TYPE_COHERENT)
		other = entry_overlap_locked(ref);
	if (other)
		hit = *other;
	full = overflowed;
	slot = slot_take_locked();
	if (slot)
		slot_enter_locked(slot, &new);
	full = overflowed && !full;
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	if (other)
		dma_report(ref, "two mappings share a cache line", &hit, NULL,
			   0);
	if (full)
		pr_warn("dma: %u mappings at a time: no room to check more, "
			"checking ends\n", NR_ENTRIES);
}

/* Nothing is mapped there: say whether something was. */
static void
report_unmapped(const struct dma_ref *ref)
{
	unsigned long by = 0;

	for (unsigned i = 0; i < NR_RECENT; i++) {
		if (recent[i].addr == ref->addr && recent[i].dev == ref->dev)
			by = recent[i].caller;
	}
	if (by)
		dma_report(ref, "double unmap", NULL, "unmapped before by",
			   by);
	else
		dma_report(ref, "unmap of what is not mapped", NULL, NULL, 0);
}

static const char *
unmap_mistake(const struct dma_entry *entry, const struct dma_ref *ref)
{
	if (entry->ref.dev != ref->dev)
		return "unmapped for another device";
	if (entry->ref.type != ref->type)
		return "unmapped by the wrong function";
	if (entry->ref.size != ref->size)
		return "unmapped with another size";
	if (entry->ref.dir != ref->dir)
		return "unmapped with another direction";
	if (!entry->checked)
		return "dma_mapping_error() was not called";
	return NULL;
}

bool
dma_debug_unmap(struct dma_ref *ref)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_slot *slot = slot_find_locked(ref);
	struct dma_entry was;
	const char *mistake;
	bool blind = overflowed;

	if (slot) {
		slot_drop_locked(slot, &was);
		recent[recent_next++ % NR_RECENT] = (struct dma_recent){
			was.ref.dev, was.ref.addr, ref->caller };
	}
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	if (!slot) {
		if (!blind)
			report_unmapped(ref);
		return blind;
	}
	mistake = unmap_mistake(&was, ref);
	if (mistake)
		dma_report(ref, mistake, &was, NULL, 0);
	entry_check_sums(&was, ref);
	ref->size = was.ref.size;
	ref->dir = was.ref.dir;
	return true;
}

/* The range ref of slot changes hands; entry is what the slot becomes. */
static void
slot_sync(struct dma_slot *slot, struct dma_entry *entry,
	  const struct dma_ref *ref, bool for_cpu)
{
	phys_addr_t phys = entry->ref.phys + (ref->addr - entry->ref.addr);
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);

	entry->checked = slot->entry.checked;
	entry->tail = slot->entry.tail;
	if (for_cpu)
		kasan_dma_return(&entry->ref, phys, ref->size, &entry->tail);
	else if (is_lent(entry) && !may_change(&entry->ref))
		kasan_dma_lend(&entry->ref, phys, ref->size, &entry->tail);
	slot_write_locked(slot, entry);
	spin_unlock_irqrestore(&dma_debug_lock, flags);
}

bool
dma_debug_sync(const struct dma_ref *ref, bool for_cpu)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_slot *slot = slot_around_locked(ref);
	struct dma_entry was;
	bool blind = overflowed;

	if (slot) {
		was = slot->entry;
		was.has_sum &= !READ_ONCE(slot->told);
		slot->told = false;
	}
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	if (!slot) {
		if (!blind)
			dma_report(ref, "sync of what is not mapped, or past "
				   "its end", NULL, NULL, 0);
		return blind;
	}
	if (was.ref.dir != ref->dir && was.ref.dir != DMA_BIDIRECTIONAL)
		dma_report(ref, "sync with another direction", &was, NULL, 0);
	if (for_cpu)
		entry_check_sums(&was, ref);
	else
		entry_sum(&was);
	was.with_core = for_cpu;
	/* The mapping is its user's, who is here: it has not gone away. */
	slot_sync(slot, &was, ref, for_cpu);
	return true;
}

void
dma_debug_checked(const struct device *dev, dma_addr_t addr)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_slot *slot;

	list_for_each_entry(slot, &active, list) {
		if (slot->entry.ref.addr == addr &&
		    slot->entry.ref.dev == dev)
			slot->entry.checked = true;
	}
	spin_unlock_irqrestore(&dma_debug_lock, flags);
}

/* The newest mapping of dev leaves the table; false if there is none. */
static bool
entry_take_of(const struct device *dev, struct dma_entry *was)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_slot *slot;
	bool found = false;

	list_for_each_entry(slot, &active, list) {
		if (slot->entry.ref.dev != dev)
			continue;
		slot_drop_locked(slot, was);
		found = true;
		break;
	}
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	return found;
}

/*
 * The driver of dev goes: report what it left mapped, and forget it.
 * Returns how many mappings those were.
 */
unsigned
dma_debug_detach(const struct device *dev)
{
	struct dma_entry was;
	unsigned n = 0;

	while (entry_take_of(dev, &was)) {
		dma_report(&was.ref, "the driver detached and left a mapping",
			   &was, NULL, 0);
		n++;
	}
	return n;
}

/* --- without the lock --------------------------------------------------- */

/* May a byte of [phys, phys + size) be lent? */
static bool
frames_may_be_lent(phys_addr_t phys, size_t size)
{
	pfn_t pfn = phys >> PAGE_SHIFT, last = (phys + size - 1) >> PAGE_SHIFT;

	for (; pfn <= last; pfn++) {
		if (READ_ONCE(lent_frames[pfn % LENT_FRAMES]))
			return true;
	}
	return false;
}

/* Find a mapping that lends a byte of [phys, phys + size), and copy it. */
static struct dma_slot *
find_lent(phys_addr_t phys, size_t size, struct dma_entry *entry)
{
	unsigned n = READ_ONCE(nr_touched);

	if (!size || !frames_may_be_lent(phys, size))
		return NULL;
	for (unsigned i = 0; i < n; i++) {
		slot_read(&slots[i], entry);
		if (lends_some(entry, phys, size))
			return &slots[i];
	}
	return NULL;
}

void
dma_debug_freed_slow(phys_addr_t phys, size_t size, unsigned long caller)
{
	struct dma_entry hit;

	if (!find_lent(phys, size, &hit))
		return;
	/* What the allocator does with it is no mistake of its own. */
	kasan_dma_return(&hit.ref, hit.ref.phys, hit.ref.size, &hit.tail);
	dma_report(&(struct dma_ref){
		.dev = hit.ref.dev, .addr = phys, .size = size,
		.dir = hit.ref.dir, .type = hit.ref.type,
	}, "memory is freed that a device still owns", &hit, "freed by",
		   caller);
}

bool
dma_debug_describe(phys_addr_t phys, bool write)
{
	struct dma_entry hit;
	struct dma_slot *slot = find_lent(phys, 1, &hit);
	char line[160], name[64], title[40];
	struct seq_buf s;

	if (!slot)
		return false;
	if (write)
		WRITE_ONCE(slot->told, true);
	seq_buf_init(&s, line, sizeof(line));
	ref_format(&s, &hit.ref);
	symbol_format(hit.ref.caller, name, sizeof(name));
	pr_err("the address is %lu bytes inside a buffer that a device owns\n",
	       (unsigned long)(phys - hit.ref.phys));
	pr_err("  lent to %s%s, by %s\n", line,
	       hit.ref.bounced ? ", bounced" : "", name);
	snprintf(title, sizeof(title), "lent by task %d", hit.pid);
	kasan_dma_show_stack(hit.stack, title);
	return true;
}

void
dma_debug_bad_call(const struct dma_ref *ref, const char *what)
{
	dma_report(ref, what, NULL, NULL, 0);
}

/* Copy the nth mapping; false behind the last. */
static bool
entry_get(unsigned n, struct dma_entry *copy)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_slot *slot;
	bool found = false;

	list_for_each_entry(slot, &active, list) {
		if (n--)
			continue;
		*copy = slot->entry;
		found = true;
		break;
	}
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	return found;
}

void
dma_debug_show(struct seq_buf *s)
{
	struct dma_entry entry;
	char name[64];

	seq_printf(s, "checks: %u mappings of %u, at most %u; %u mistakes%s\n",
		   nr_used, NR_ENTRIES, nr_most, nr_dma_errors,
		   overflowed ? "; table was full, checking ended" : "");
	for (unsigned n = 0; entry_get(n, &entry); n++) {
		symbol_format(entry.ref.caller, name, sizeof(name));
		seq_puts(s, "  ");
		ref_format(s, &entry.ref);
		seq_printf(s, ", by %s%s%s\n", name,
			   entry.ref.bounced ? ", bounced" : "",
			   entry.with_core ? ", with the core" : "");
	}
}

unsigned
dma_debug_used(void)
{
	return nr_used;
}

bool
dma_debug_overflowed(void)
{
	return overflowed;
}

void
dma_debug_restart(void)
{
	overflowed = false;
}
#endif
