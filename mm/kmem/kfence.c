/* SPDX-License-Identifier: MIT */
/*
 * KFENCE: sampled objects that the MMU watches.
 *
 * Why
 *   KASAN looks at every access and makes each a call. What is in use every
 *   day cannot pay that. Here only one allocation in many thousand is watched,
 *   but by hardware, which is free. A mistake that is made often enough, on
 *   enough machines, happens to a watched object some day.
 *
 * Ideas
 *   Pool	n objects, each alone in a page, each page between two that are
 *		never mapped:
 *
 *		guard | page 0     | guard | page 1     | guard | ... | guard
 *		 ---  | ....object |  ---  | object.... |  ---  |     |  ---
 *
 *	left or right	An object lies at the begin or at the end of its page,
 *		by lot: an access beyond that end hits the guard and faults.
 *		The rest of the page is filled with a canary, which is looked
 *		at when the object is freed.
 *	free	The page is unmapped, too: use after free faults. Free objects
 *		stand in a queue, so the one that was freed last is reused
 *		last and is watched longest.
 *	fault	The handler finds the object from the address alone, reports,
 *		and maps the page, so that the access goes on (as it would
 *		have without us). It is unmapped again with the next free.
 *	sample	A timer opens a gate every kfence.sample_interval ms; the first
 *		allocation that fits goes through and closes it. Open means:
 *		SLAB_HOOK_KFENCE is set, and every allocation takes the slow
 *		path. Closed, nothing of this is on any fast path.
 *	cover	While more than three quarters of the pool are in use, a
 *		caller that owns an object gets no second one: a cache that
 *		only grows must not use up the pool.
 *
 * State	kfence_pool, kfence_range, kfence_stats (kfence_pool.c makes them);
 *		free_list; the gate and the watched task.
 * Invariants (kfence_verify_pool)
 *   K1  A page is mapped if its object is in use; else, and if it is a guard,
 *	 it is not, unless a report opened it.
 *   K2  Every object that is not in use stands on the free list, once.
 *   K3  used counts the others.
 *   K4  The bytes beside an object in use are canaries.
 * Locks	kfence_lock for State; it has the rank of a cache's lists, in whose
 *		place the queue stands, and is never held with them. The fault handler takes none: it may come
 *		while any lock is held, this one too. It maps, then marks the
 *		page as opened; who unmaps does it the other way round, so
 *		that no page is mapped without a mark.
 * Cost		off: nothing. A sample: a stack walk, 4 KiB of canaries, one
 *		page-table entry; a free: the same, and a TLB invalidation.
 *		Memory: two pages and 200 bytes for each object.
 * Questions a reader asks
 *   Why no lock-step with a write of 4 bytes past a 30-byte object?  Sizes
 *     are rounded to the alignment, so up to 7 bytes behind an object are
 *     canaries, not guard: told when it is freed, not when it is done.
 *   Why in the linear map?  virt_to_page() and DMA must work as for any other
 *     object. So the pool is mapped by 4 KiB pages from boot.
 *   And SLAB_TYPESAFE_BY_RCU?  Readers may look at freed objects there: such
 *     caches are left out.
 * Sources	Elver, Potapenko et al., KFENCE, Linux
 *		Documentation/dev-tools/kfence; Perens, Electric Fence, 1987.
 */
#include <asm/pgtable.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/task.h>
#include <lib/random.h>
#include <lib/string.h>
#include <mm/kmemleak.h>
#include "kfence.h"

struct kfence_range kfence_range;
struct kfence_pool kfence_pool;
struct kfence_stats kfence_stats;

static DEFINE_SPINLOCK(kfence_lock, LOCK_SLAB_NODE);
static LIST_HEAD(free_list);
static u64 kfence_rng;

static u32 gate;			/* 1: a sample is due */
static struct task *watched;		/* its allocations are counted */
static unsigned watched_left;

static void
count(unsigned long *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* --- where things are -------------------------------------------------- */

unsigned long
kfence_guard_page(unsigned i)
{
	return kfence_range.start + 2ul * i * PAGE_SIZE;
}

unsigned long
kfence_object_page(unsigned i)
{
	return kfence_guard_page(i) + PAGE_SIZE;
}

static unsigned
page_index(unsigned long addr)
{
	return (addr - kfence_range.start) >> PAGE_SHIFT;
}

/* The object whose page addr lies in; NULL: a guard. */
static struct kfence_metadata *
object_at(unsigned long addr)
{
	unsigned n = page_index(addr);

	return n % 2 ? &kfence_pool.objects[n / 2] : NULL;
}

static unsigned
object_index(const struct kfence_metadata *m)
{
	return m - kfence_pool.objects;
}

/* --- mapping ----------------------------------------------------------- */

static void
map_page(unsigned long addr)
{
	phys_addr_t pa = __pa((void *)(addr & PAGE_MASK));

	set_kernel_pages(addr & PAGE_MASK, &pa, 1, PROT_KERNEL_RW);
}

/* See Locks: first the mark, then the translation, on every core. */
static void
unmap_page(unsigned long addr)
{
	WRITE_ONCE(kfence_pool.opened[page_index(addr)], 0);
	unmap_kernel_range(addr & PAGE_MASK, PAGE_SIZE);
}

static void
unmap_guard_if_open(unsigned long addr)
{
	if (READ_ONCE(kfence_pool.opened[page_index(addr)]))
		unmap_page(addr);
}

void
kfence_close_pool(void)
{
	INIT_LIST_HEAD(&free_list);
	for (unsigned i = 0; i < kfence_pool.nr; i++) {
		kfence_pool.objects[i].state = KFENCE_OBJECT_UNUSED;
		list_add_tail(&kfence_pool.objects[i].list, &free_list);
	}
	unmap_kernel_range(kfence_range.start, kfence_range.bytes);
}

/* The queue is emptied, unless an object is in use. */
bool
kfence_retire_pool(void)
{
	unsigned long flags = spin_lock_irqsave(&kfence_lock);
	bool idle = !kfence_stats.used;

	if (idle)
		INIT_LIST_HEAD(&free_list);
	spin_unlock_irqrestore(&kfence_lock, flags);
	return idle;
}

void
kfence_open_pool(void)
{
	for (unsigned i = 0; i <= 2 * kfence_pool.nr; i++)
		map_page(kfence_range.start + i * PAGE_SIZE);
}

/* --- canaries ---------------------------------------------------------- */

/* The bytes of the page of m that are not the object's: [0] before, [1]. */
static void
canary_ranges(const struct kfence_metadata *m, unsigned long start[2],
	      unsigned long end[2])
{
	start[0] = m->addr & PAGE_MASK;
	end[0] = m->addr;
	start[1] = m->addr + m->size;
	end[1] = start[0] + PAGE_SIZE;
}

static void
canaries_set(const struct kfence_metadata *m)
{
	unsigned long start[2], end[2], at;

	canary_ranges(m, start, end);
	for (unsigned i = 0; i < 2; i++) {
		for (at = start[i]; at < end[i]; at++)
			*(u8 *)at = KFENCE_CANARY(at);
	}
}

/* The first byte of [start, end) that is no canary; end: none. */
static unsigned long
canaries_find_bad(unsigned long start, unsigned long end)
{
	while (start < end && *(u8 *)start == KFENCE_CANARY(start))
		start++;
	return start;
}

/* The object at m was given up by caller: was there a write beside it? */
static void
canaries_check(const struct kfence_metadata *m, unsigned long caller)
{
	unsigned long start[2], end[2], bad;

	canary_ranges(m, start, end);
	for (unsigned i = 0; i < 2; i++) {
		struct kfence_error error = {
			.type = KFENCE_ERROR_CORRUPTION, .caller = caller,
			.object = m, .index = object_index(m),
		};

		bad = canaries_find_bad(start[i], end[i]);
		error.addr = bad;
		if (bad < end[i])
			kfence_report_error(&error);
	}
}

/* --- which allocations ------------------------------------------------- */

static void
hook(bool on)
{
	slab_set_hook(SLAB_HOOK_KFENCE, on);
}

void
kfence_open_gate(void)
{
	if (READ_ONCE(kfence_pool.stopping) || !kfence_pool.nr)
		return;
	count(&kfence_stats.gates);
	WRITE_ONCE(gate, 1);
	hook(true);
}

void
kfence_shut_gate(void)
{
	WRITE_ONCE(gate, 0);
	hook(READ_ONCE(watched) != NULL);
}

bool
kfence_sample_nth(unsigned n)
{
	bool waited = watched == current && watched_left;

	watched_left = n;
	WRITE_ONCE(watched, n ? current : NULL);
	hook(n || READ_ONCE(gate));
	return waited;
}

/* Is it this task's turn? */
static bool
watched_turn(void)
{
	if (READ_ONCE(watched) != current || in_interrupt() || --watched_left)
		return false;
	WRITE_ONCE(watched, NULL);
	return true;
}

/*
 * Does this allocation go through the gate? If the timer opens it meanwhile,
 * closing the hook loses that sample; the next one comes.
 */
static bool
take_sample(void)
{
	if (!watched_turn() &&
	    !(READ_ONCE(gate) &&
	      __atomic_exchange_n(&gate, 0, __ATOMIC_RELAXED)))
		return false;
	if (!READ_ONCE(gate) && !READ_ONCE(watched))
		hook(false);
	return true;
}

/* Can an object of the pool stand for this one? */
static bool
is_compatible(const struct kmem_cache *cache, size_t size, gfp_t gfp)
{
	return size <= PAGE_SIZE && cache->align <= PAGE_SIZE &&
	       !(gfp & __GFP_DMA) &&
	       !(cache->flags & (SLAB_CACHE_DMA | SLAB_TYPESAFE_BY_RCU));
}

/* A number for who allocates. */
static u32
site_of(const struct track *t)
{
	u32 hash = 2166136261u;			/* FNV-1a, by words */

	for (unsigned i = 0; i < t->nr; i++)
		hash = (hash ^ (u32)t->pc[i]) * 16777619u;
	return hash;
}

/* Has site an object in use? Context: kfence_lock. */
static bool
is_covered_locked(u32 site)
{
	const struct kfence_metadata *m = kfence_pool.objects;

	for (; m < kfence_pool.objects + kfence_pool.nr; m++) {
		if (m->state == KFENCE_OBJECT_ALLOCATED && m->site == site)
			return true;
	}
	return false;
}

/*
 * The object that has been free longest; NULL: none, or not for site. The lot
 * says at which end of its page it shall lie.
 */
static struct kfence_metadata *
take_object(u32 site, bool *right)
{
	unsigned long flags = spin_lock_irqsave(&kfence_lock);
	struct kfence_metadata *m = NULL;

	if (list_empty(&free_list) || kfence_pool.stopping) {
		kfence_stats.capacity++;
	} else if (4 * kfence_stats.used > 3 * kfence_pool.nr &&
		   is_covered_locked(site)) {
		kfence_stats.covered++;
	} else {
		m = list_first_entry(&free_list, struct kfence_metadata, list);
		list_del(&m->list);
		kfence_stats.used++;
		kfence_stats.allocs++;
	}
	*right = random_below(&kfence_rng, 2);
	spin_unlock_irqrestore(&kfence_lock, flags);
	return m;
}

void *
kfence_alloc(struct kmem_cache *cache, size_t size, gfp_t gfp,
	     unsigned long caller)
{
	struct kfence_metadata *m;
	struct track track;
	unsigned long page;
	bool right;

	if (!is_compatible(cache, size, gfp)) {
		count(&kfence_stats.incompatible);
		return NULL;
	}
	if (!take_sample())
		return NULL;
	slub_fill_track(&track, caller);
	m = take_object(site_of(&track), &right);
	if (!m)
		return NULL;
	page = kfence_object_page(object_index(m));
	m->addr = right ? ALIGN_DOWN(page + PAGE_SIZE - size, cache->align) :
			  page;
	m->size = size;
	m->cache = cache;
	strscpy(m->name, cache->name, sizeof(m->name));
	m->allocated = track;
	m->freed.nr = 0;
	m->site = site_of(&track);
	map_page(page);
	canaries_set(m);
	smp_store_release(&m->state, KFENCE_OBJECT_ALLOCATED);
	if (cache->ctor)
		cache->ctor((void *)m->addr);
	return (void *)m->addr;
}

/* --- giving back ------------------------------------------------------- */

/* The object at p goes from in use to free; false: it is none of cache. */
static bool
end_object(struct kfence_metadata *m, struct kmem_cache *cache, void *p,
	   const struct track *by)
{
	unsigned long flags = spin_lock_irqsave(&kfence_lock);
	bool ok = m && m->state == KFENCE_OBJECT_ALLOCATED &&
		  m->addr == (unsigned long)p &&
		  (!cache || m->cache == cache);

	if (ok) {
		m->state = KFENCE_OBJECT_FREED;
		m->freed = *by;
	}
	spin_unlock_irqrestore(&kfence_lock, flags);
	return ok;
}

static void
report_free(struct kfence_metadata *m, void *p, unsigned long caller)
{
	struct kfence_error error = {
		.type = KFENCE_ERROR_INVALID_FREE, .caller = caller,
		.addr = (unsigned long)p, .object = m,
		.index = m ? object_index(m) : 0,
	};

	kfence_report_error(&error);
}

void
kfence_free(struct kmem_cache *cache, void *p, unsigned long caller)
{
	struct kfence_metadata *m = object_at((unsigned long)p);
	unsigned long flags, page;
	struct track track;

	slub_fill_track(&track, caller);
	if (!end_object(m, cache, p, &track)) {
		report_free(m, p, caller);
		return;
	}
	kmemleak_free(p);
	canaries_check(m, caller);
	page = (unsigned long)p & PAGE_MASK;
	unmap_guard_if_open(page - PAGE_SIZE);
	unmap_page(page);
	unmap_guard_if_open(page + PAGE_SIZE);
	flags = spin_lock_irqsave(&kfence_lock);
	list_add_tail(&m->list, &free_list);
	kfence_stats.used--;
	kfence_stats.frees++;
	spin_unlock_irqrestore(&kfence_lock, flags);
}

size_t
kfence_ksize(const void *p)
{
	const struct kfence_metadata *m = object_at((unsigned long)p);

	return m && m->state == KFENCE_OBJECT_ALLOCATED &&
	       m->addr == (unsigned long)p ? m->size : 0;
}

unsigned long
kfence_objects_of(const struct kmem_cache *cache)
{
	unsigned long flags = spin_lock_irqsave(&kfence_lock), n = 0;
	const struct kfence_metadata *m = kfence_pool.objects;

	for (; m < kfence_pool.objects + kfence_pool.nr; m++)
		n += m->state == KFENCE_OBJECT_ALLOCATED && m->cache == cache;
	spin_unlock_irqrestore(&kfence_lock, flags);
	return n;
}

/* --- the fault --------------------------------------------------------- */

static bool
in_use(const struct kfence_metadata *m)
{
	return m && READ_ONCE(m->state) == KFENCE_OBJECT_ALLOCATED;
}

/* Bytes from the object to addr, which is outside of it; 1: it touches it. */
unsigned long
kfence_distance(const struct kfence_metadata *m, unsigned long addr)
{
	return addr < m->addr ? m->addr - addr : addr - (m->addr + m->size) + 1;
}

/* The object in use beside the guard at addr that lies nearer; or NULL. */
static struct kfence_metadata *
neighbour_of(unsigned long addr)
{
	unsigned right = page_index(addr) / 2;
	struct kfence_metadata *a = NULL, *b = NULL;

	if (right > 0)
		a = &kfence_pool.objects[right - 1];
	if (right < kfence_pool.nr)
		b = &kfence_pool.objects[right];
	if (!in_use(a) || !in_use(b))
		return in_use(a) ? a : in_use(b) ? b : NULL;
	return kfence_distance(a, addr) <= kfence_distance(b, addr) ? a : b;
}

bool
kfence_handle_page_fault(unsigned long addr, bool write, struct pt_regs *regs)
{
	struct kfence_error error = {
		.type = KFENCE_ERROR_UAF, .addr = addr, .write = write,
		.regs = regs,
	};
	struct kfence_metadata *m;

	if (!is_kfence_address((void *)addr))
		return false;
	m = object_at(addr);
	if (!m) {
		m = neighbour_of(addr);
		error.type = KFENCE_ERROR_OOB;
	}
	if (!m || READ_ONCE(m->state) == KFENCE_OBJECT_UNUSED) {
		m = NULL;
		error.type = KFENCE_ERROR_INVALID;
	}
	error.object = m;
	error.index = m ? object_index(m) : 0;
	kfence_report_error(&error);
	map_page(addr);
	WRITE_ONCE(kfence_pool.opened[page_index(addr)], 1);
	return true;
}

/* --- looking at it ----------------------------------------------------- */

void
kfence_for_each(void (*fn)(const struct kfence_metadata *m, unsigned i,
			   void *arg), void *arg)
{
	for (unsigned i = 0; i < kfence_pool.nr; i++) {
		if (kfence_pool.objects[i].state != KFENCE_OBJECT_UNUSED)
			fn(&kfence_pool.objects[i], i, arg);
	}
}

static bool
is_mapped(unsigned long addr)
{
	struct pt_walk walk;

	pt_walk(swapper_pg_dir, addr, &walk);
	return walk.kind == PT_SMALL_PAGE;
}

/* K1 of one page; used: it is that of an object in use. */
static void
verify_page(struct verify *v, unsigned long addr, bool used)
{
	bool mapped = is_mapped(addr);

	VERIFY(v, mapped || !used, "K1",
	       "kfence: the page %08lx of an object in use is unmapped", addr);
	VERIFY(v, !mapped || used || kfence_pool.opened[page_index(addr)], "K1",
	       "kfence: the page %08lx should not be mapped", addr);
}

static void
verify_object(struct verify *v, unsigned i)
{
	const struct kfence_metadata *m = &kfence_pool.objects[i];
	unsigned long start[2], end[2], bad;

	verify_page(v, kfence_guard_page(i), false);
	verify_page(v, kfence_object_page(i), in_use(m));
	if (!in_use(m) || !is_mapped(m->addr))
		return;
	canary_ranges(m, start, end);
	for (unsigned k = 0; k < 2; k++) {
		bad = canaries_find_bad(start[k], end[k]);
		VERIFY(v, bad == end[k], "K4",
		       "kfence: %08lx beside object %u was changed", bad, i);
	}
}

void
kfence_verify_pool(struct verify *v)
{
	unsigned long flags = spin_lock_irqsave(&kfence_lock);
	unsigned nr_free = 0, used = 0;
	struct kfence_metadata *m;

	list_for_each_entry(m, &free_list, list) {
		VERIFY(v, !in_use(m), "K2",
		       "kfence: object %u is in use and on the free list",
		       object_index(m));
		if (++nr_free > kfence_pool.nr)
			break;
	}
	for (unsigned i = 0; i < kfence_pool.nr; i++) {
		used += in_use(&kfence_pool.objects[i]);
		verify_object(v, i);
	}
	if (kfence_pool.nr)
		verify_page(v, kfence_guard_page(kfence_pool.nr), false);
	VERIFY(v, nr_free + used == kfence_pool.nr, "K2",
	       "kfence: %u objects are free, %u in use, of %u", nr_free, used,
	       kfence_pool.nr);
	VERIFY(v, used == kfence_stats.used, "K3",
	       "kfence: %u objects are in use, counted as %u", used,
	       kfence_stats.used);
	spin_unlock_irqrestore(&kfence_lock, flags);
}
