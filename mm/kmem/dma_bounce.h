/* SPDX-License-Identifier: MIT */
/*
 * Bounce buffers: copies in memory that the device can reach. Private to
 * mm/kmem. See dma_bounce.c.
 */
#ifndef MM_KMEM_DMA_BOUNCE_H
#define MM_KMEM_DMA_BOUNCE_H

#include <mm/dma.h>

/*
 * A copy of [phys, phys + size) for dev; DMA_MAPPING_ERROR: no memory in
 * reach, or more than 4 MiB. Context: any.
 */
dma_addr_t dma_bounce_map(struct device *dev, phys_addr_t phys, size_t size);
/* Does addr lie in a bounce buffer? Then *phys is the caller's byte. */
bool dma_bounce_find(dma_addr_t addr, phys_addr_t *phys);
/* addr is what dma_bounce_map() gave. */
void dma_bounce_unmap(dma_addr_t addr);

/* Copy between two ranges of frames, highmem or not; disjoint. */
void dma_copy(phys_addr_t to, phys_addr_t from, size_t size);

#endif
