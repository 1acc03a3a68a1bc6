/* SPDX-License-Identifier: MIT */
/*
 * CMA, the contiguous memory allocator: memory for devices that need it in
 * one piece, lent to others meanwhile.
 *
 * Ideas
 *   A camera or a screen needs megabytes in one piece, now and then. After a
 *   day of use no such piece is left among the free frames; kept aside since
 *   boot it is wasted most of the time. So it is kept, and lent: its
 *   pageblocks have the type CMA, which serves requests for movable pages
 *   only, because those can leave again.
 *
 *	boot	[ reserved by memblock			   ]
 *	later	[ pageblock CMA ][ pageblock CMA ][  ...   ]   free, or guests
 *	alloc	  ..gg.g.[CCCCCCCCCCCC]g...
 *			  guests dropped, the frames are the device's
 *
 *   alloc   1 find room in the area's bitmap, mark it
 *	     2 alloc_contig_range(): isolate the pageblocks, ask guests to
 *	       leave, take the frames
 *	     3 somebody stays: unmark, try the next place
 *   The area is mapped page by page, so that parts of it can be mapped
 *   uncached while a device has them.
 *
 * State	areas[], each with a bitmap: one bit for each frame that is out.
 * Invariants (cma_verify)
 *   C1  A frame whose bit is set is of state CMA, with one reference.
 *   C2  A frame whose bit is clear is not.
 *   C3  All pageblocks of an area are of type CMA.
 * Locks	cma_lock, a mutex, is held across an allocation: one at a time.
 * Cost		proportional to the frames, and to the guests in the way.
 * Questions a reader asks
 *   Why does a movable request not always get CMA memory?  It takes from there
 *     while that is more than half of what is free, so that neither side runs
 *     dry first.
 *   Why can cma_alloc() fail though nobody has anything of it?  A guest may
 *     be pinned for a moment. The next place is tried, and the node counts it.
 * Sources	Nazarewicz, A deep dive into CMA, LWN, 2012; Linux, mm/cma.c.
 */
#include <asm/pgtable.h>
#include <kernel/init.h>
#include <kernel/mutex.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/cma.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/verify.h>
#include <mm/zone.h>

#define MAX_AREAS	4
#define MAX_DEFAULT	SZ_16M
#define BLOCK_BYTES	(PAGEBLOCK_NR_PAGES << PAGE_SHIFT)
/* Less memory than this has no area unless asked. */
#define LEAST_MEMORY	(2 * SZ_16M)

struct cma {
	char name[24];
	pfn_t start;
	unsigned long nr;		/* frames */
	unsigned long *bitmap;		/* cma_lock */
	struct cma_stats stats;		/* cma_lock */
};

static DEFINE_MUTEX(cma_lock);
static struct cma areas[MAX_AREAS];
static unsigned nr_areas;		/* boot */

struct cma *cma_default;

/* cma=SIZE[@ADDR] */
static bool wanted_given;
static u64 wanted_size, wanted_addr;

static int
param_cma(const char *value)
{
	char *end;

	wanted_size = memparse(value, &end);
	if (end == value)
		return -EINVAL;
	wanted_addr = 0;
	if (*end == '@') {
		value = end + 1;
		wanted_addr = memparse(value, &end);
		if (end == value || !wanted_addr)
			return -EINVAL;
	}
	if (*end || wanted_size > 0x40000000 || wanted_addr >> 32)
		return -EINVAL;
	wanted_given = true;
	return 0;
}
BOOT_PARAM("cma", param_cma);

/* --- boot: the memory is set aside ------------------------------------- */

int
cma_reserve_area(phys_addr_t base, phys_addr_t size, phys_addr_t limit,
		 const char *name)
{
	struct cma *cma = &areas[nr_areas];

	if (!size || !IS_ALIGNED(base | size, BLOCK_BYTES) ||
	    !memblock_is_region_memory(base, size) || base + size > limit)
		return -EINVAL;
	if (nr_areas == MAX_AREAS)
		return -ENOSPC;
	if (reserve_kernel_tables((unsigned long)__va(base), size))
		return -ENOSPC;
	strscpy(cma->name, name, sizeof(cma->name));
	cma->start = base >> PAGE_SHIFT;
	cma->nr = size >> PAGE_SHIFT;
	cma->bitmap = memblock_alloc(BITS_TO_LONGS(cma->nr) * sizeof(long), 4);
	if (!cma_default)
		cma_default = cma;
	nr_areas++;
	return 0;
}

/* Where the default area goes; 0: nowhere. */
static phys_addr_t
default_base(phys_addr_t size, phys_addr_t limit)
{
	phys_addr_t base = (phys_addr_t)wanted_addr;

	if (!base)
		return memblock_phys_alloc(size, BLOCK_BYTES, 0, limit);
	base = ALIGN_DOWN(base, BLOCK_BYTES);
	if (base + size < base || base + size > limit ||
	    !memblock_is_region_memory(base, size) ||
	    memblock_overlaps_reserved(base, size))
		return 0;
	memblock_reserve(base, size);
	return base;
}

void
cma_reserve_default(phys_addr_t limit)
{
	phys_addr_t size = (phys_addr_t)wanted_size, base;

	if (!wanted_given) {
		if (cma_default || memblock_phys_mem_size() < LEAST_MEMORY)
			return;
		size = min(memblock_phys_mem_size() / 32,
			   (phys_addr_t)MAX_DEFAULT);
		size = ALIGN_DOWN(size, BLOCK_BYTES);
	}
	size = ALIGN_UP(size, BLOCK_BYTES);
	if (!size)
		return;
	base = default_base(size, limit);
	if (!base) {
		pr_err("cma: no free lowmem for %u MiB%s\n", size >> 20,
		       wanted_addr ? " at that address" : "");
		return;
	}
	cma_default = NULL;
	if (cma_reserve_area(base, size, limit, "default"))
		pr_err("cma: too many areas\n");
}

/* --- boot: the memory is lent ------------------------------------------ */

static void
cma_lend(struct cma *cma)
{
	unsigned long i;

	for (i = 0; i < cma->nr; i += PAGEBLOCK_NR_PAGES)
		pageblock_set_type(pfn_to_page(cma->start + i), MIGRATE_CMA);
	free_reserved_range(cma->start, cma->start + cma->nr);
	pr_info("cma: %s: %lu MiB at 0x%08x\n", cma->name, cma->nr >> 8,
		cma_base(cma));
}

static void
cma_verify(struct verify *v)
{
	for (struct cma *cma = areas; cma < areas + nr_areas; cma++) {
		for (unsigned long i = 0; i < cma->nr; i++) {
			struct page *page = pfn_to_page(cma->start + i);
			bool out = test_bit(i, cma->bitmap);

			VERIFY(v, !out || (page_state(page) == PAGE_STATE_CMA &&
					   page_count(page) == 1), "C1",
			       "frame %#lx of area %s is out but %s",
			       cma->start + i, cma->name,
			       page_state_name(page_state(page)));
			VERIFY(v, out || page_state(page) != PAGE_STATE_CMA,
			       "C2", "frame %#lx of area %s is cma but not out",
			       cma->start + i, cma->name);
			VERIFY(v, page_pageblock_type(page) == MIGRATE_CMA,
			       "C3", "frame %#lx of area %s is in a pageblock "
			       "of another type", cma->start + i, cma->name);
		}
	}
}

static int
cma_init(void)
{
	static struct verify_module module = { "cma", cma_verify, NULL };

	for (unsigned i = 0; i < nr_areas; i++)
		cma_lend(&areas[i]);
	if (nr_areas)
		setup_per_zone_wmarks();
	verify_register(&module);
	return 0;
}
core_initcall(cma_init);

/* --- allocation -------------------------------------------------------- */

/* nr clear bits from at on? If not, *at is behind the set one. */
static bool
bits_clear(const struct cma *cma, unsigned long *at, unsigned long nr)
{
	for (unsigned long i = *at; i < *at + nr; i++) {
		if (test_bit(i, cma->bitmap)) {
			*at = i + 1;
			return false;
		}
	}
	return true;
}

/* Set or clear the bits of nr frames from at on. */
static void
mark(struct cma *cma, unsigned long at, unsigned long nr, bool out)
{
	for (unsigned long i = at; i < at + nr; i++) {
		if (out)
			set_bit(i, cma->bitmap);
		else
			clear_bit(i, cma->bitmap);
	}
}

/* Take the frames of one place. 0, or -EBUSY: somebody is there and stays. */
static int
cma_take(struct cma *cma, unsigned long at, unsigned long nr)
{
	unsigned long dropped = 0;
	pfn_t start = cma->start + at;
	int err;

	err = alloc_contig_range_drop(start, start + nr, &dropped);
	cma->stats.dropped += dropped;
	if (err) {
		cma->stats.busy++;
		return err;
	}
	for (pfn_t pfn = start; pfn < start + nr; pfn++)
		page_set_state(pfn_to_page(pfn), PAGE_STATE_CMA);
	mark(cma, at, nr, true);
	return 0;
}

/* The first place that can be had; its index in the area, or -1. */
static long
cma_search(struct cma *cma, unsigned long nr, unsigned long step)
{
	/* Multiples of the frame number, not of the index. */
	unsigned long first = ALIGN_UP(cma->start, step) - cma->start, at;

	for (at = first; at + nr <= cma->nr && at + nr > at; ) {
		if (!bits_clear(cma, &at, nr)) {
			at = ALIGN_UP(at - first, step) + first;
			continue;
		}
		if (cma_take(cma, at, nr) == 0)
			return (long)at;
		at += step;
	}
	return -1;
}

struct page *
cma_alloc(struct cma *cma, unsigned long nr, unsigned align)
{
	long at = -1;

	might_sleep();
	if (!cma || !nr || nr > cma->nr || align > MAX_ORDER)
		return NULL;
	mutex_lock(&cma_lock);
	at = cma_search(cma, nr, 1UL << align);
	if (at < 0)
		cma->stats.failures++;
	else
		cma->stats.allocs++;
	mutex_unlock(&cma_lock);
	return at < 0 ? NULL : pfn_to_page(cma->start + (unsigned long)at);
}

/* Are all nr bits from at on set? */
static bool
all_out(const struct cma *cma, unsigned long at, unsigned long nr)
{
	for (unsigned long i = at; i < at + nr; i++) {
		if (!test_bit(i, cma->bitmap))
			return false;
	}
	return true;
}

bool
cma_release(struct cma *cma, struct page *pages, unsigned long nr)
{
	unsigned long at, i;
	pfn_t start;

	might_sleep();
	if (!cma || !pages || !nr)
		return false;
	start = page_to_pfn(pages);
	if (start < cma->start || nr > cma->nr ||
	    start - cma->start > cma->nr - nr)
		return false;
	at = start - cma->start;
	mutex_lock(&cma_lock);
	if (WARN_ON(!all_out(cma, at, nr))) {
		mutex_unlock(&cma_lock);
		return false;
	}
	mark(cma, at, nr, false);
	for (i = 0; i < nr; i++)
		page_set_state(pages + i, PAGE_STATE_KERNEL);
	free_contig_range(start, nr);
	cma->stats.releases++;
	mutex_unlock(&cma_lock);
	return true;
}

/* --- looking ----------------------------------------------------------- */

struct cma *
cma_area(unsigned n)
{
	return n < nr_areas ? &areas[n] : NULL;
}

const char *
cma_name(const struct cma *cma)
{
	return cma->name;
}

phys_addr_t
cma_base(const struct cma *cma)
{
	return (phys_addr_t)cma->start << PAGE_SHIFT;
}

unsigned long
cma_nr_pages(const struct cma *cma)
{
	return cma->nr;
}

unsigned long
cma_nr_used(struct cma *cma)
{
	unsigned long used = 0, i;

	for (i = 0; i < cma->nr; i++)
		used += test_bit(i, cma->bitmap);
	return used;
}

void
cma_get_stats(const struct cma *cma, struct cma_stats *stats)
{
	*stats = cma->stats;
}

/* The longest run of frames that are not out. */
static unsigned long
cma_largest(const struct cma *cma)
{
	unsigned long run = 0, most = 0, i;

	for (i = 0; i < cma->nr; i++) {
		run = test_bit(i, cma->bitmap) ? 0 : run + 1;
		most = max(most, run);
	}
	return most;
}

/* Frames of the area that are lent: neither out nor free. */
static unsigned long
cma_guests(const struct cma *cma)
{
	unsigned long guests = 0, i;

	for (i = 0; i < cma->nr; i++) {
		char letter = page_letter(cma->start + i);

		guests += letter != '.' && letter != ',' && letter != 'C';
	}
	return guests;
}

static void
cma_show(struct seq_buf *s)
{
	for (struct cma *cma = areas; cma < areas + nr_areas; cma++) {
		struct cma_stats *st = &cma->stats;

		seq_printf(s, "%s: 0x%08x, %lu pages: %lu out, %lu guests, "
			   "largest piece %lu\n", cma->name, cma_base(cma),
			   cma->nr, cma_nr_used(cma), cma_guests(cma),
			   cma_largest(cma));
		seq_printf(s, "  %lu allocations, %lu failures, %lu releases, "
			   "%lu busy places, %lu guests dropped\n", st->allocs,
			   st->failures, st->releases, st->busy, st->dropped);
	}
	if (!nr_areas)
		seq_puts(s, "no area\n");
}
NODE("cma", cma_show);
