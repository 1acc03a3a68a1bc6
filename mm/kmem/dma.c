/* SPDX-License-Identifier: MIT */
/*
 * Streaming DMA: ordinary memory lent to a device for one transfer.
 *
 * The trouble
 *   The core writes into its cache, and the line goes to memory when the cache
 *   likes: a device that reads memory may find the old bytes. And a device
 *   that writes memory changes nothing in the cache: the core may read the
 *   old bytes. So the cache is told when a buffer changes hands.
 *
 *			    core -> device	    device -> core
 *	TO_DEVICE	    clean		    nothing
 *	FROM_DEVICE	    invalidate		    invalidate
 *	BIDIRECTIONAL	    clean		    invalidate
 *
 *   clean: write dirty lines to memory. invalidate: forget the lines. Why
 *   invalidate twice? First so that no dirty line is written over what the
 *   device writes; then because the core may have fetched lines meanwhile, by
 *   speculation, that nobody asked for.
 *   A line that only partly belongs to the buffer cannot be invalidated: the
 *   rest of it may be dirty. It is cleaned as well before the transfer, and
 *   whoever writes the rest during it loses that (dma_debug.c tells).
 *   A device that snoops the caches (dma_coherent) needs none of it.
 *
 *   Reach: an address above the device's mask gets a bounce buffer.
 *
 * Cost		one cache operation for each 32 bytes, each time.
 * Questions a reader asks
 *   Why is a stack or vmalloc memory refused?  One buffer is one range for the
 *     device; memory that is in one piece for the core need not be. And what
 *     else lies in a stack's cache lines changes all the time.
 *   And the second-level cache?  This kernel leaves the board's PL310 off;
 *     where it is on, it is maintained by physical address after the first.
 * Sources	ARM DDI 0406C, B2.2; Linux, Documentation/core-api/dma-api.
 */
#include <asm/barrier.h>
#include <asm/cacheflush.h>
#include <kernel/node.h>
#include <kernel/panic.h>
#include <kernel/task.h>
#include <lib/errno.h>
#include <mm/dma.h>
#include <mm/dma_debug.h>
#include <mm/highmem.h>
#include <mm/kasan.h>
#include "dma_bounce.h"
#include "dma_coherent.h"

#define CALLER	((unsigned long)__builtin_return_address(0))

extern u8 __kernel_start[], __kernel_end[];

struct dma_stats dma_stats;

static void
stat_add(unsigned long *counter, long n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* --- caches ------------------------------------------------------------ */

enum cache_op { CACHE_CLEAN, CACHE_INVALIDATE };

/* Invalidate; lines at the ends that others share are cleaned as well. */
static void
cache_invalidate(u8 *start, u8 *end)
{
	u8 *first = (u8 *)ALIGN_UP((unsigned long)start, CACHE_LINE);
	u8 *last = (u8 *)ALIGN_DOWN((unsigned long)end, CACHE_LINE);

	if (start < first)
		dcache_clean_invalidate_range(start, start + 1);
	if (last < end && last >= start)
		dcache_clean_invalidate_range(last, end);
	if (first < last)
		dcache_invalidate_range(first, last);
}

/* One operation on frames, page by page since highmem has no addresses. */
static void
cache_maintain(phys_addr_t phys, size_t size, enum cache_op op)
{
	size_t n;
	u8 *addr;

	stat_add(op == CACHE_CLEAN ? &dma_stats.bytes_cleaned :
				     &dma_stats.bytes_invalidated, size);
	for (; size; size -= n, phys += n) {
		n = min(size, (size_t)(PAGE_SIZE - phys % PAGE_SIZE));
		addr = kmap_local_page(phys_to_page(phys));
		addr += phys % PAGE_SIZE;
		if (op == CACHE_CLEAN)
			dcache_clean_range(addr, addr + n);
		else
			cache_invalidate(addr, addr + n);
		kunmap_local(addr);
	}
}

/*
 * [addr, addr + size) as the device sees it goes over to the device. The copy
 * of a bounce buffer is made here.
 */
static void
give_to_device(struct device *dev, dma_addr_t addr, size_t size,
	       enum dma_data_direction dir)
{
	phys_addr_t phys;

	if (dma_bounce_find(addr, &phys))
		dma_copy(addr, phys, size);
	if (!dev->dma_coherent)
		cache_maintain(addr, size, dir == DMA_FROM_DEVICE ?
			       CACHE_INVALIDATE : CACHE_CLEAN);
	dsb();
}

/* And comes back. */
static void
give_to_core(struct device *dev, dma_addr_t addr, size_t size,
	     enum dma_data_direction dir)
{
	phys_addr_t phys;

	if (dir == DMA_TO_DEVICE)
		return;
	if (!dev->dma_coherent)
		cache_maintain(addr, size, CACHE_INVALIDATE);
	if (dma_bounce_find(addr, &phys))
		dma_copy(phys, addr, size);
}

/* For dma_debug.c: a sum of memory as the core sees it. */
no_kasan u32
dma_memory_sum(phys_addr_t phys, size_t size)
{
	u32 sum = 0;
	size_t n, i;
	const u8 *addr;

	for (; size; size -= n, phys += n) {
		n = min(size, (size_t)(PAGE_SIZE - phys % PAGE_SIZE));
		addr = kmap_local_page(phys_to_page(phys));
		for (i = phys % PAGE_SIZE; i < phys % PAGE_SIZE + n; i++)
			sum = (sum << 5 | sum >> 27) + addr[i];
		kunmap_local(addr);
	}
	return sum;
}

/* --- mapping ----------------------------------------------------------- */

static bool
direction_valid(enum dma_data_direction dir)
{
	return (unsigned)dir < DMA_NONE;
}

static bool
device_reaches(const struct device *dev, phys_addr_t phys, size_t size)
{
	return size - 1 <= ~phys && phys + (size - 1) <= dev->dma_mask;
}

/*
 * Is a byte of [first, last] the kernel's own? Frames of the image that were
 * given back after boot (init, early tables) are memory like any other.
 */
static bool
touches_image(phys_addr_t first, phys_addr_t last)
{
	phys_addr_t at = max(first, __pa(__kernel_start));
	phys_addr_t end = min(last + 1, __pa(__kernel_end));

	for (; at < end; at = ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE) {
		if (page_state(compound_head(phys_to_page(at))) ==
		    PAGE_STATE_RESERVED)
			return true;
	}
	return false;
}

/* What forbids to map ref at all; NULL: nothing. */
static const char *
mapping_refused(const struct dma_ref *ref)
{
	phys_addr_t last = ref->phys + (ref->size - 1);

	if (!ref->size)
		return "a mapping of no bytes";
	if (!direction_valid(ref->dir))
		return "a mapping without direction";
	if (last < ref->phys || !pfn_valid(ref->phys >> PAGE_SHIFT) ||
	    !pfn_valid(last >> PAGE_SHIFT))
		return "a mapping of what is no memory";
	if (touches_image(ref->phys, last))
		return "a mapping of the kernel's image";
	switch (page_state(compound_head(phys_to_page(ref->phys)))) {
	case PAGE_STATE_FREE:
	case PAGE_STATE_ISOLATED:
		return "a mapping of memory that is free";
	case PAGE_STATE_OFFLINE:
		return "a mapping of what is no memory";
	default:
		return NULL;
	}
}

static dma_addr_t
mapping_failed(const struct dma_ref *ref, const char *why)
{
	if (why)
		dma_debug_bad_call(ref, why);
	stat_add(&dma_stats.errors, 1);
	return DMA_MAPPING_ERROR;
}

static void
count_mapped_refs(unsigned n)
{
	stat_add(&dma_stats.maps, (long)n);
	stat_add(&dma_stats.nr_mapped, (long)n);
}

/* ref is filled but for addr and bounced. To be counted by the caller. */
static dma_addr_t
map_ref(struct device *dev, struct dma_ref *ref)
{
	const char *why = mapping_refused(ref);

	if (unlikely(why))
		return mapping_failed(ref, why);
	ref->addr = ref->phys;
	if (unlikely(dma_force_bounce ||
		     !device_reaches(dev, ref->phys, ref->size))) {
		ref->addr = dma_bounce_map(dev, ref->phys, ref->size);
		if (ref->addr == DMA_MAPPING_ERROR)
			return mapping_failed(ref, NULL);
		ref->bounced = true;
		stat_add(&dma_stats.nr_bounced, 1);
	}
	give_to_device(dev, ref->addr, ref->size, ref->dir);
	dma_debug_map(ref);
	return ref->addr;
}

static dma_addr_t
map_one(struct device *dev, struct dma_ref *ref)
{
	dma_addr_t addr = map_ref(dev, ref);

	if (addr != DMA_MAPPING_ERROR)
		count_mapped_refs(1);
	return addr;
}

static void
unmap_ref(struct device *dev, struct dma_ref *ref)
{
	if (!dma_debug_unmap(ref))
		return;
	give_to_core(dev, ref->addr, ref->size, ref->dir);
	if (dma_bounce_used())
		dma_bounce_unmap(ref->addr);
	stat_add(&dma_stats.nr_mapped, -1);
}

dma_addr_t
dma_map_page(struct device *dev, struct page *page, size_t offset, size_t size,
	     enum dma_data_direction dir)
{
	struct dma_ref ref = {
		.dev = dev, .phys = page_to_phys(page) + offset, .size = size,
		.dir = dir, .type = DMA_TYPE_SINGLE, .caller = CALLER,
	};

	return map_one(dev, &ref);
}

/* Why buf cannot be what a driver should map; NULL: it can. */
static const char *
buffer_refused(const void *buf)
{
	unsigned long addr = (unsigned long)buf;

	if (addr - (unsigned long)current->stack < THREAD_SIZE)
		return "a mapping of a stack";
	if (addr < PAGE_OFFSET || buf >= high_memory)
		return "a mapping of what is not in the linear map (vmalloc?)";
	return NULL;
}

dma_addr_t
dma_map_single(struct device *dev, const void *buf, size_t size,
	       enum dma_data_direction dir)
{
	struct dma_ref ref = {
		.dev = dev, .phys = __pa(buf), .size = size, .dir = dir,
		.type = DMA_TYPE_SINGLE, .caller = CALLER,
	};
	const char *why = buffer_refused(buf);

	if (unlikely(why)) {
		ref.phys = 0;
		ref.addr = (dma_addr_t)(unsigned long)buf;
		return mapping_failed(&ref, why);
	}
	return map_one(dev, &ref);
}

void
dma_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
	       enum dma_data_direction dir)
{
	struct dma_ref ref = {
		.dev = dev, .addr = addr, .size = size, .dir = dir,
		.type = DMA_TYPE_SINGLE, .caller = CALLER,
	};

	unmap_ref(dev, &ref);
}

void
dma_unmap_single(struct device *dev, dma_addr_t addr, size_t size,
		 enum dma_data_direction dir)
{
	struct dma_ref ref = {
		.dev = dev, .addr = addr, .size = size, .dir = dir,
		.type = DMA_TYPE_SINGLE, .caller = CALLER,
	};

	unmap_ref(dev, &ref);
}

bool
dma_mapping_error(struct device *dev, dma_addr_t addr)
{
	if (addr == DMA_MAPPING_ERROR)
		return true;
	dma_debug_checked(dev, addr);
	return false;
}

/* --- scattered buffers ------------------------------------------------- */

void
sg_set_buf(struct scatterlist *sg, const void *buf, unsigned size)
{
	sg->page = virt_to_page(buf);
	sg->offset = (unsigned long)buf % PAGE_SIZE;
	sg->length = size;
	sg->dma_address = DMA_MAPPING_ERROR;
}

static void
unmap_sg(struct device *dev, struct scatterlist *list, unsigned n,
	 enum dma_data_direction dir, unsigned long caller)
{
	struct scatterlist *sg;
	struct dma_ref ref;
	unsigned i;

	for_each_sg(list, sg, n, i) {
		ref = (struct dma_ref){
			.dev = dev, .addr = sg->dma_address,
			.size = sg->length, .dir = dir, .type = DMA_TYPE_SG,
			.caller = caller,
		};
		unmap_ref(dev, &ref);
	}
}

unsigned
dma_map_sg(struct device *dev, struct scatterlist *list, unsigned n,
	   enum dma_data_direction dir)
{
	struct scatterlist *sg;
	struct dma_ref ref;
	unsigned i;

	for_each_sg(list, sg, n, i) {
		ref = (struct dma_ref){
			.dev = dev, .phys = page_to_phys(sg->page) + sg->offset,
			.size = sg->length, .dir = dir, .type = DMA_TYPE_SG,
			.caller = CALLER,
		};
		sg->dma_address = map_ref(dev, &ref);
		if (sg->dma_address == DMA_MAPPING_ERROR) {
			count_mapped_refs(i);
			unmap_sg(dev, list, i, dir, CALLER);
			return 0;
		}
	}
	count_mapped_refs(n);
	return n;
}

void
dma_unmap_sg(struct device *dev, struct scatterlist *sg, unsigned n,
	     enum dma_data_direction dir)
{
	unmap_sg(dev, sg, n, dir, CALLER);
}

/* --- looking in between ------------------------------------------------ */

static void
sync_range(struct device *dev, dma_addr_t addr, size_t size,
	   enum dma_data_direction dir, bool for_cpu, unsigned long caller)
{
	struct dma_ref ref = {
		.dev = dev, .addr = addr, .size = size, .dir = dir,
		.caller = caller,
	};

	if (!size || !direction_valid(dir)) {
		dma_debug_bad_call(&ref, "a sync of nothing");
		return;
	}
	stat_add(&dma_stats.syncs, 1);
	if (!dma_debug_sync(&ref, for_cpu))
		return;
	if (for_cpu)
		give_to_core(dev, addr, size, dir);
	else
		give_to_device(dev, addr, size, dir);
}

void
dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir)
{
	sync_range(dev, addr, size, dir, true, CALLER);
}

void
dma_sync_single_for_device(struct device *dev, dma_addr_t addr, size_t size,
			   enum dma_data_direction dir)
{
	sync_range(dev, addr, size, dir, false, CALLER);
}

void
dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *list, unsigned n,
		    enum dma_data_direction dir)
{
	struct scatterlist *sg;
	unsigned i;

	for_each_sg(list, sg, n, i)
		sync_range(dev, sg->dma_address, sg->length, dir, true, CALLER);
}

void
dma_sync_sg_for_device(struct device *dev, struct scatterlist *list,
		       unsigned n, enum dma_data_direction dir)
{
	struct scatterlist *sg;
	unsigned i;

	for_each_sg(list, sg, n, i)
		sync_range(dev, sg->dma_address, sg->length, dir, false,
			   CALLER);
}

/* --- devices ----------------------------------------------------------- */

int
dma_set_mask(struct device *dev, dma_addr_t mask)
{
	phys_addr_t first = mem_map_start << PAGE_SHIFT;

	if ((mask & (mask + 1)) || mask < first + (PAGE_SIZE - 1))
		return -EIO;
	dev->dma_mask = mask;
	return 0;
}

unsigned
dma_device_detach(struct device *dev)
{
	return dma_debug_detach(dev);
}

static void
dma_show(struct seq_buf *s)
{
	struct dma_stats *d = &dma_stats;

	seq_printf(s, "streaming: %lu mapped, %lu ever, %lu syncs, "
		   "%lu refused\n", d->nr_mapped, d->maps, d->syncs, d->errors);
	seq_printf(s, "caches:    %lu bytes cleaned, %lu invalidated\n",
		   d->bytes_cleaned, d->bytes_invalidated);
	seq_printf(s, "bounce:    %u buffers, %lu ever%s\n",
		   dma_bounce_used(), d->nr_bounced,
		   dma_force_bounce ? ", all (swiotlb=force)" : "");
	dma_coherent_show(s);
	dma_debug_show(s);
}
NODE("dma", dma_show);
