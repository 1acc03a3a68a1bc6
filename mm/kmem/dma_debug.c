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
 *				device does not write to the same memory.
 *   core writes the rest of a line	the same for what shares the buffer's
 *				first and last cache line, if the device
 *				writes: the invalidation at the end would
 *				throw the core's write away.
 *   driver detaches		with entries of its device
 *   freed while lent		the page allocator and the object caches ask for
 *				whatever is given back: the device would write
 *				into memory of the next owner
 *
 *		line		line		line
 *	   |rest BUFFER...|..............|...BUFFER rest|
 *
 * State	entries: a fixed table, free ones on a list, since mappings
 *		are made where nothing can be allocated. When it is full,
 *		checking ends for good, which the log and the node say.
 * Locks	dma_debug_lock for State; sums are computed and reports printed
 *		outside it. Memory is freed with any lock held, so there the
 *		lock is only tried, a number of times: this core may be the
 *		one that holds it.
 * Cost		each call compares with every mapping there is: tens.
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

#define NR_ENTRIES	512
#define NR_RECENT	64	/* unmapped ones that are remembered */
#define LOCK_TRIES	1000

struct dma_entry {
	struct list_head list;
	struct dma_ref ref;
	bool checked;		/* dma_mapping_error() was called */
	bool with_core;		/* after dma_sync_*_for_cpu() */
	bool has_sum, has_edges;
	u32 sum, edges;
};

struct dma_recent {
	const struct device *dev;
	dma_addr_t addr;
	unsigned long caller;	/* who unmapped it */
};

static DEFINE_SPINLOCK(dma_debug_lock, LOCK_DMA);
static struct dma_entry entries[NR_ENTRIES];
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
	}
	if (by) {
		symbol_format(by, name, sizeof(name));
		pr_err("  %s %s\n", verb, name);
	}
	dump_stack();
	soft_report_end(flags);
}

/* --- the table --------------------------------------------------------- */

static struct dma_entry *
entry_take_locked(void)
{
	struct dma_entry *entry;

	if (overflowed)
		return NULL;
	if (!list_empty(&unused)) {
		entry = list_first_entry(&unused, struct dma_entry, list);
		list_del(&entry->list);
	} else if (nr_touched < NR_ENTRIES) {
		entry = &entries[nr_touched++];
	} else {
		overflowed = true;
		return NULL;
	}
	nr_used++;
	nr_most = max(nr_most, nr_used);
	return entry;
}

static bool
is_lent(const struct dma_entry *entry)
{
	return entry->ref.type != DMA_TYPE_COHERENT;
}

static void
entry_enter_locked(struct dma_entry *entry)
{
	list_add(&entry->list, &active);
	nr_dma_lent += is_lent(entry);
}

static void
entry_drop_locked(struct dma_entry *entry)
{
	nr_dma_lent -= is_lent(entry);
	list_move(&entry->list, &unused);
	nr_used--;
}

/* The mapping that starts at addr; one of dev first. */
static struct dma_entry *
entry_find_locked(const struct dma_ref *ref)
{
	struct dma_entry *entry, *other = NULL;

	list_for_each_entry(entry, &active, list) {
		if (entry->ref.addr != ref->addr)
			continue;
		if (entry->ref.dev == ref->dev &&
		    entry->ref.size == ref->size &&
		    entry->ref.dir == ref->dir)
			return entry;
		if (!other || entry->ref.dev == ref->dev)
			other = entry;
	}
	return other;
}

/* A mapping of dev that holds all of ref. */
static struct dma_entry *
entry_around_locked(const struct dma_ref *ref)
{
	struct dma_entry *entry;

	list_for_each_entry(entry, &active, list) {
		if (entry->ref.dev == ref->dev &&
		    ref->addr >= entry->ref.addr &&
		    ref->addr - entry->ref.addr <= entry->ref.size &&
		    ref->size <= entry->ref.size -
				 (ref->addr - entry->ref.addr))
			return entry;
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
static struct dma_entry *
entry_overlap_locked(const struct dma_ref *ref)
{
	struct dma_entry *entry;

	list_for_each_entry(entry, &active, list) {
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
	return ref->type != DMA_TYPE_COHERENT &&
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
	struct dma_entry new = { .ref = *ref }, *entry, *other, hit;
	unsigned long flags;
	bool full;

	entry_sum(&new);
	new.checked = ref->type != DMA_TYPE_SINGLE;
	flags = spin_lock_irqsave(&dma_debug_lock);
	other = ref->type == DMA_TYPE_COHERENT ? NULL :
						 entry_overlap_locked(ref);
	if (other)
		hit = *other;
	full = overflowed;
	entry = entry_take_locked();
	if (entry) {
		*entry = new;
		entry_enter_locked(entry);
	}
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
	struct dma_entry *entry = entry_find_locked(ref), was;
	const char *mistake;
	bool blind = overflowed;

	if (entry) {
		was = *entry;
		entry_drop_locked(entry);
		recent[recent_next++ % NR_RECENT] = (struct dma_recent){
			was.ref.dev, was.ref.addr, ref->caller };
	}
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	if (!entry) {
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

bool
dma_debug_sync(const struct dma_ref *ref, bool for_cpu)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_entry *entry = entry_around_locked(ref), was;
	bool blind = overflowed;

	if (entry)
		was = *entry;
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	if (!entry) {
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
	flags = spin_lock_irqsave(&dma_debug_lock);
	was.list = entry->list;
	was.checked = entry->checked;
	*entry = was;
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	return true;
}

void
dma_debug_checked(const struct device *dev, dma_addr_t addr)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_entry *entry;

	list_for_each_entry(entry, &active, list) {
		if (entry->ref.addr == addr && entry->ref.dev == dev)
			entry->checked = true;
	}
	spin_unlock_irqrestore(&dma_debug_lock, flags);
}

/* The newest mapping of dev leaves the table; false if there is none. */
static bool
entry_take_of(const struct device *dev, struct dma_entry *was)
{
	unsigned long flags = spin_lock_irqsave(&dma_debug_lock);
	struct dma_entry *entry;
	bool found = false;

	list_for_each_entry(entry, &active, list) {
		if (entry->ref.dev != dev)
			continue;
		*was = *entry;
		entry_drop_locked(entry);
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

/* A lent mapping that has a byte of [phys, phys + size). */
static struct dma_entry *
entry_touched_locked(phys_addr_t phys, size_t size)
{
	struct dma_entry *entry;

	list_for_each_entry(entry, &active, list) {
		if (is_lent(entry) && entry->ref.phys < phys + size &&
		    phys < entry->ref.phys + entry->ref.size)
			return entry;
	}
	return NULL;
}

void
dma_debug_freed_slow(phys_addr_t phys, size_t size, unsigned long caller)
{
	unsigned long flags = local_irq_save();
	struct dma_entry *entry, hit;
	unsigned tries = LOCK_TRIES;

	while (!spin_trylock(&dma_debug_lock)) {
		if (!--tries) {
			local_irq_restore(flags);
			return;
		}
		cpu_relax();
	}
	entry = entry_touched_locked(phys, size);
	if (entry)
		hit = *entry;
	spin_unlock_irqrestore(&dma_debug_lock, flags);
	if (!entry)
		return;
	dma_report(&(struct dma_ref){
		.dev = hit.ref.dev, .addr = phys, .size = size,
		.dir = hit.ref.dir, .type = hit.ref.type,
	}, "memory is freed that a device still owns", &hit, "freed by",
		   caller);
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
	struct dma_entry *entry;
	bool found = false;

	list_for_each_entry(entry, &active, list) {
		if (n--)
			continue;
		*copy = *entry;
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
