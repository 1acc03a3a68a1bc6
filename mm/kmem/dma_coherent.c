/* SPDX-License-Identifier: MIT */
/*
 * Coherent DMA memory: seen alike by core and device at all times.
 *
 * Ideas
 *   Memory that both sides use at any moment (rings, descriptors) cannot be
 *   handed over; so the core uses it without its cache.
 *   One alias	The linear map has every frame, cached. If a second mapping
 *		of the same frame were uncached, a line that the core fetched
 *		through the first, by speculation even, could hide what the
 *		device writes. So there is no second mapping: the pages of
 *		the linear map itself are made uncached. That is possible
 *		only where the linear map consists of pages; sections stand in
 *		every page table and are never changed.
 *   Pool	so some memory is mapped by pages from the start and uncached for
 *		good (coherent_pool=SIZE). It serves those who cannot sleep,
 *		and small sizes.
 *   CMA	is mapped by pages too: what is taken from there is made
 *		uncached, and cached again when it comes back.
 *   A device that snoops the caches gets ordinary pages.
 *
 *	cached -> uncached:  clean and invalidate the lines, change the
 *	entries, flush the TLBs, invalidate what speculation fetched meanwhile
 *
 * State	pool_map: one bit for each page that is out.
 * Locks	pool_lock.
 * Cost		pool: a search over the bitmap. CMA: see cma.c.
 * Sources	ARM DDI 0406C, A3.5.7 (mismatched attributes).
 */
#include <asm/barrier.h>
#include <asm/cacheflush.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <kernel/init.h>
#include <kernel/lock.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/cma.h>
#include <mm/dma.h>
#include <mm/dma_debug.h>
#include <mm/memblock.h>
#include <lib/seq_buf.h>
#include "dma_coherent.h"

#define CALLER		((unsigned long)__builtin_return_address(0))
#define POOL_DEFAULT	0x00040000	/* 256 KiB */
#define POOL_MAX	0x00400000
#define POOL_MAX_PAGES	(POOL_MAX / 4096)
#define CMA_ALIGN_MAX	8		/* a section: no device wants more */
/* Where a device of 28 address lines and more still reaches it. */
#define POOL_LOW	(PHYS_OFFSET + SZ_16M)

static DEFINE_SPINLOCK(pool_lock, LOCK_DMA);
static DECLARE_BITMAP(pool_map, POOL_MAX_PAGES);
static unsigned pool_pages, pool_used;
static u8 *pool_start;
static phys_addr_t pool_size = POOL_DEFAULT;

static int
param_coherent_pool(const char *value)
{
	char *end;
	u64 size = memparse(value, &end);

	if (end == value || *end || size > POOL_MAX)
		return -EINVAL;
	pool_size = ALIGN_UP((phys_addr_t)size, PAGE_SIZE);
	return 0;
}
BOOT_PARAM("coherent_pool", param_coherent_pool);

void
dma_reserve_pool(phys_addr_t limit)
{
	phys_addr_t base;

	if (!pool_size)
		return;
	base = memblock_phys_alloc(pool_size, PAGE_SIZE, 0,
				   min(limit, (phys_addr_t)POOL_LOW));
	if (!base)
		base = memblock_phys_alloc(pool_size, PAGE_SIZE, 0, limit);
	if (!base || reserve_kernel_tables((unsigned long)__va(base),
					   pool_size)) {
		pr_err("dma: no memory for the coherent pool\n");
		return;
	}
	pool_start = __va(base);
	pool_pages = pool_size >> PAGE_SHIFT;
}

/* Change the attributes of pages of the linear map; nobody uses them. */
static void
set_memory_uncached(u8 *start, size_t size, bool uncached)
{
	dcache_clean_invalidate_range(start, start + size);
	paging_protect(start, start + size,
		       uncached ? PROT_UNCACHED : PROT_KERNEL_RW);
	dcache_clean_invalidate_range(start, start + size);
}

static int
dma_pool_init(void)
{
	if (pool_pages)
		set_memory_uncached(pool_start, pool_pages * PAGE_SIZE, true);
	return 0;
}
core_initcall(dma_pool_init);

/* --- the pool ---------------------------------------------------------- */

static bool
pool_fits(unsigned at, unsigned nr)
{
	for (unsigned i = at; i < at + nr; i++) {
		if (test_bit(i, pool_map))
			return false;
	}
	return true;
}

/* nr pages, aligned to their size as the buddy's are; NULL: no room. */
static void *
pool_alloc(unsigned nr)
{
	unsigned long flags = spin_lock_irqsave(&pool_lock);
	unsigned step = 1u << order_of(nr), at, i;
	void *found = NULL;

	for (at = 0; !found && at + nr <= pool_pages; at += step) {
		if (!pool_fits(at, nr))
			continue;
		for (i = at; i < at + nr; i++)
			set_bit(i, pool_map);
		pool_used += nr;
		found = pool_start + at * PAGE_SIZE;
	}
	spin_unlock_irqrestore(&pool_lock, flags);
	return found;
}

static bool
pool_contains(const void *addr)
{
	return (const u8 *)addr >= pool_start &&
	       (const u8 *)addr < pool_start + pool_pages * PAGE_SIZE;
}

static void
pool_free(void *addr, unsigned nr)
{
	unsigned at = (unsigned)(((u8 *)addr - pool_start) / PAGE_SIZE), i;
	unsigned long flags = spin_lock_irqsave(&pool_lock);

	for (i = at; i < at + nr; i++)
		clear_bit(i, pool_map);
	pool_used -= nr;
	spin_unlock_irqrestore(&pool_lock, flags);
}

unsigned
dma_pool_pages(void)
{
	return pool_pages;
}

unsigned
dma_pool_used(void)
{
	return READ_ONCE(pool_used);
}

/* --- the three sources ------------------------------------------------- */

static bool
reaches(const struct device *dev, const void *addr, size_t size)
{
	return __pa(addr) + (size - 1) <= dev->dma_mask;
}

static struct cma *
device_cma(const struct device *dev)
{
	return dev->cma ? dev->cma : cma_default;
}

static void *
alloc_from_cma(const struct device *dev, unsigned nr)
{
	struct cma *cma = device_cma(dev);
	struct page *page;
	void *addr;

	if (!cma)
		return NULL;
	page = cma_alloc(cma, nr, min(order_of(nr), CMA_ALIGN_MAX));
	if (!page)
		return NULL;
	addr = page_address(page);
	if (!reaches(dev, addr, nr * PAGE_SIZE)) {
		cma_release(cma, page, nr);
		return NULL;
	}
	set_memory_uncached(addr, nr * PAGE_SIZE, true);
	return addr;
}

/* A device that snoops sees ordinary pages right. */
static void *
alloc_cached(const struct device *dev, size_t size, gfp_t gfp)
{
	void *addr;

	if (dev->dma_mask < __pa(high_memory - 1))
		gfp |= __GFP_DMA;
	addr = alloc_pages_exact(size, gfp);
	if (addr && !reaches(dev, addr, size)) {
		free_pages_exact(addr, size);
		return NULL;
	}
	return addr;
}

static void *
alloc_uncached(const struct device *dev, size_t size, gfp_t gfp)
{
	unsigned nr = size >> PAGE_SHIFT;
	void *addr = NULL;

	/* What is large leaves the pool to those who cannot wait. */
	if (gfpflags_allow_blocking(gfp) && nr > pool_pages / 4)
		addr = alloc_from_cma(dev, nr);
	if (addr)
		return addr;
	addr = pool_alloc(nr);
	if (addr && !reaches(dev, addr, size)) {
		pool_free(addr, nr);
		addr = NULL;
	}
	if (!addr && gfpflags_allow_blocking(gfp))
		addr = alloc_from_cma(dev, nr);
	return addr;
}

void *
dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle,
		   gfp_t gfp)
{
	struct dma_ref ref = {
		.dev = dev, .size = size, .dir = DMA_BIDIRECTIONAL,
		.type = DMA_TYPE_COHERENT, .caller = CALLER,
	};
	size_t bytes = ALIGN_UP(size, PAGE_SIZE);
	void *addr = NULL;

	if (!size || bytes < size)
		return NULL;
	if (dev->dma_coherent)
		addr = alloc_cached(dev, bytes, gfp & ~__GFP_HIGHMEM);
	else
		addr = alloc_uncached(dev, bytes, gfp);
	if (!addr)
		return NULL;
	memset(addr, 0, bytes);
	dsb();
	*handle = ref.addr = ref.phys = __pa(addr);
	dma_debug_map(&ref);
	__atomic_fetch_add(&dma_stats.nr_coherent, 1, __ATOMIC_RELAXED);
	return addr;
}

/* Memory of alloc_from_cma(): cached again, then back. */
static void
free_to_cma(const struct device *dev, void *addr, unsigned nr)
{
	set_memory_uncached(addr, nr * PAGE_SIZE, false);
	WARN_ON(!cma_release(device_cma(dev), virt_to_page(addr), nr));
}

void
dma_free_coherent(struct device *dev, size_t size, void *addr,
		  dma_addr_t handle)
{
	struct dma_ref ref = {
		.dev = dev, .addr = handle, .size = size,
		.dir = DMA_BIDIRECTIONAL, .type = DMA_TYPE_COHERENT,
		.caller = CALLER,
	};
	size_t bytes;

	if (!addr)
		return;
	if (!dma_debug_unmap(&ref))
		return;
	bytes = ALIGN_UP(ref.size, PAGE_SIZE);
	if (dev->dma_coherent)
		free_pages_exact(addr, bytes);
	else if (pool_contains(addr))
		pool_free(addr, bytes >> PAGE_SHIFT);
	else
		free_to_cma(dev, addr, bytes >> PAGE_SHIFT);
	__atomic_fetch_sub(&dma_stats.nr_coherent, 1, __ATOMIC_RELAXED);
}

void
dma_coherent_show(struct seq_buf *s)
{
	seq_printf(s, "coherent:  %lu allocations; pool of %u KiB, %u KiB "
		   "given out\n", dma_stats.nr_coherent, pool_pages * 4,
		   dma_pool_used() * 4);
}
