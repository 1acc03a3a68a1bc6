/* SPDX-License-Identifier: MIT */
/*
 * Bounce buffers: a copy for devices that cannot reach the real buffer.
 *
 * Ideas
 *   A device with few address lines sees only low memory. A buffer elsewhere
 *   is copied to a frame of ZONE_DMA, the device works on that, and the
 *   result is copied back when the buffer changes hands:
 *
 *		map, sync_for_device	 ------->
 *	   buffer			copy	<-> device
 *		unmap, sync_for_cpu	 <-------
 *
 *   That is what a cache does to a buffer too: the core's view and the
 *   device's are two copies, brought together only by the calls of the API.
 *   So swiotlb=force, which bounces everything, shows on an emulator without
 *   caches what a missing dma_sync does on a real machine.
 *
 * State	slots: a fixed table, because mappings are made where nothing
 *		can wait.
 * Locks	bounce_lock for the table; frames are allocated outside.
 * Cost		a copy each way; a look-up passes over the table.
 */
#include <kernel/init.h>
#include <kernel/lock.h>
#include <lib/bitops.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/highmem.h>
#include <mm/vmstat.h>
#include <mm/zone.h>
#include "dma_bounce.h"

#define NR_SLOTS	128

struct bounce_slot {
	struct page *page;	/* NULL: unused */
	unsigned order;
	phys_addr_t phys;	/* the caller's buffer */
	dma_addr_t addr;	/* its copy: the same offset in the page */
	size_t size;
};

static DEFINE_SPINLOCK(bounce_lock, LOCK_DMA);
static struct bounce_slot slots[NR_SLOTS];
static unsigned nr_slots_used;

bool dma_force_bounce;

static int
param_swiotlb(const char *value)
{
	if (strcmp(value, "force"))
		return -EINVAL;
	dma_force_bounce = true;
	return 0;
}
BOOT_PARAM("swiotlb", param_swiotlb);

void
dma_copy(phys_addr_t to, phys_addr_t from, size_t size)
{
	size_t n;
	u8 *dst, *src;

	for (; size; size -= n, to += n, from += n) {
		n = min(size, (size_t)(PAGE_SIZE - to % PAGE_SIZE));
		n = min(n, (size_t)(PAGE_SIZE - from % PAGE_SIZE));
		dst = kmap_local_page(phys_to_page(to));
		src = kmap_local_page(phys_to_page(from));
		memcpy(dst + to % PAGE_SIZE, src + from % PAGE_SIZE, n);
		kunmap_local(src);
		kunmap_local(dst);
	}
}

/* A block that the device can reach; NULL: none. */
static struct page *
bounce_alloc(const struct device *dev, unsigned order)
{
	gfp_t gfp = GFP_ATOMIC | __GFP_NOWARN;
	struct page *page;

	if (dev->dma_mask < __pa(high_memory - 1))
		gfp |= __GFP_DMA;
	page = alloc_pages(gfp, order);
	if (page && page_to_phys(page) + (PAGE_SIZE << order) - 1 >
		    dev->dma_mask) {
		free_frames(page, order);
		return NULL;
	}
	return page;
}

/* Enter slot; false when the table is full. */
static bool
bounce_insert(const struct bounce_slot *slot)
{
	unsigned long flags = spin_lock_irqsave(&bounce_lock);
	bool done = false;

	for (unsigned i = 0; i < NR_SLOTS && !done; i++) {
		if (slots[i].page)
			continue;
		slots[i] = *slot;
		nr_slots_used++;
		done = true;
	}
	spin_unlock_irqrestore(&bounce_lock, flags);
	return done;
}

dma_addr_t
dma_bounce_map(struct device *dev, phys_addr_t phys, size_t size)
{
	struct bounce_slot slot = { .phys = phys, .size = size };

	slot.order = order_of(DIV_ROUND_UP(phys % PAGE_SIZE + size,
					   PAGE_SIZE));
	if (size > (PAGE_SIZE << MAX_ORDER) || slot.order > MAX_ORDER)
		return DMA_MAPPING_ERROR;
	slot.page = bounce_alloc(dev, slot.order);
	if (!slot.page)
		return DMA_MAPPING_ERROR;
	slot.addr = page_to_phys(slot.page) + phys % PAGE_SIZE;
	if (!bounce_insert(&slot)) {
		free_frames(slot.page, slot.order);
		return DMA_MAPPING_ERROR;
	}
	mod_zone_page_state(page_zone(slot.page), NR_BOUNCE, 1L << slot.order);
	return slot.addr;
}

static struct bounce_slot *
bounce_find_locked(dma_addr_t addr)
{
	for (unsigned i = 0; i < NR_SLOTS; i++) {
		if (slots[i].page && addr >= slots[i].addr &&
		    addr - slots[i].addr < slots[i].size)
			return &slots[i];
	}
	return NULL;
}

bool
dma_bounce_find(dma_addr_t addr, phys_addr_t *phys)
{
	struct bounce_slot *slot;
	unsigned long flags;

	if (!READ_ONCE(nr_slots_used))
		return false;
	flags = spin_lock_irqsave(&bounce_lock);
	slot = bounce_find_locked(addr);
	if (slot)
		*phys = slot->phys + (addr - slot->addr);
	spin_unlock_irqrestore(&bounce_lock, flags);
	return slot != NULL;
}

void
dma_bounce_unmap(dma_addr_t addr)
{
	unsigned long flags = spin_lock_irqsave(&bounce_lock);
	struct bounce_slot *slot = bounce_find_locked(addr), was = { 0 };

	if (slot) {
		was = *slot;
		slot->page = NULL;
		nr_slots_used--;
	}
	spin_unlock_irqrestore(&bounce_lock, flags);
	if (!was.page)
		return;
	mod_zone_page_state(page_zone(was.page), NR_BOUNCE,
			    -(1L << was.order));
	free_frames(was.page, was.order);
}

unsigned
dma_bounce_used(void)
{
	return READ_ONCE(nr_slots_used);
}
