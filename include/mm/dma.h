/* SPDX-License-Identifier: MIT */
/*
 * Memory that devices read and write by themselves. See mm/kmem/dma.c.
 *
 *	coherent	memory that core and device see alike at all times:
 *			rings and descriptors. Uncached, so slow for the core.
 *	streaming	ordinary memory lent to the device for one transfer:
 *
 *		addr = dma_map_single(dev, buf, size, DMA_FROM_DEVICE);
 *		if (dma_mapping_error(dev, addr))
 *			...
 *		... the device writes; the core keeps its hands off ...
 *		dma_unmap_single(dev, addr, size, DMA_FROM_DEVICE);
 *
 * A buffer has one owner at a time. Mapping gives it to the device, unmapping
 * takes it back; dma_sync_*_for_cpu/_for_device pass it in between.
 */
#ifndef MM_DMA_H
#define MM_DMA_H

#include <asm/barrier.h>
#include <asm/memory.h>
#include <lib/compiler.h>
#include <lib/types.h>
#include <mm/gfp.h>
#include <mm/page.h>

/* An address as the device's bus has it. Here it equals the physical one. */
typedef u32 dma_addr_t;

#define DMA_MAPPING_ERROR	(~(dma_addr_t)0)
/* A device with n address lines. */
#define DMA_BIT_MASK(n)		((n) >= 32 ? ~(dma_addr_t)0 : \
				 ((dma_addr_t)1 << (n)) - 1)

/* Who writes, seen from the core. The numbers are Linux's. */
enum dma_data_direction {
	DMA_BIDIRECTIONAL,
	DMA_TO_DEVICE,		/* the device reads */
	DMA_FROM_DEVICE,	/* the device writes */
	DMA_NONE,		/* nobody: an error everywhere */
};

struct cma;

struct device {
	const char *name;
	dma_addr_t dma_mask;	/* highest address it can drive */
	bool dma_coherent;	/* snoops the caches (behind a CCI, say): no
				 * maintenance is needed */
	struct cma *cma;	/* its own area; NULL: the default one */
};

/* A piece of a scattered buffer: length bytes from offset in page on. */
struct scatterlist {
	struct page *page;
	unsigned offset, length;
	dma_addr_t dma_address;		/* valid while mapped */
};

#define for_each_sg(list, sg, n, i) \
	for ((i) = 0, (sg) = (list); (i) < (n); (i)++, (sg)++)

/* buf: size bytes in the linear map. */
void sg_set_buf(struct scatterlist *sg, const void *buf, unsigned size);

/*
 * Say which addresses the device can drive: mask has all low bits set.
 * Returns 0; -EIO when no memory is in reach.
 */
int dma_set_mask(struct device *dev, dma_addr_t mask);

/*
 * size bytes, zeroed, of whole pages that core and device see alike; *handle
 * is where the device finds them. Taken from the pool that was set aside at
 * boot, or, where gfp lets the caller sleep, from CMA. NULL: no memory in
 * reach of the device. Context: as gfp says.
 */
void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle,
			 gfp_t gfp) __must_check;
/* The same size and handle. Context: memory from CMA: may sleep. */
void dma_free_coherent(struct device *dev, size_t size, void *cpu,
		       dma_addr_t handle);

/*
 * Lend size bytes to the device. buf lies in the linear map and is neither on
 * a stack nor in the kernel's image; lines of the cache must not be shared
 * with other data unless the device only reads. Context: any.
 * Returns where the device finds it; see dma_mapping_error().
 */
dma_addr_t dma_map_single(struct device *dev, const void *buf, size_t size,
			  enum dma_data_direction dir) __must_check;
void dma_unmap_single(struct device *dev, dma_addr_t addr, size_t size,
		      enum dma_data_direction dir);
/* The same for a part of a page, which may be a highmem page. */
dma_addr_t dma_map_page(struct device *dev, struct page *page, size_t offset,
			size_t size, enum dma_data_direction dir) __must_check;
void dma_unmap_page(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction dir);
/* Did mapping fail? Every user has to ask. */
bool dma_mapping_error(struct device *dev, dma_addr_t addr);

/*
 * All n pieces, or none: returns n or 0. Unmap with the same list and n.
 * Context: any.
 */
unsigned dma_map_sg(struct device *dev, struct scatterlist *sg, unsigned n,
		    enum dma_data_direction dir) __must_check;
void dma_unmap_sg(struct device *dev, struct scatterlist *sg, unsigned n,
		  enum dma_data_direction dir);

/*
 * Look at (for_cpu) or change (then for_device) what is mapped: addr, size
 * are any part of one mapping, dir is that of the mapping. Context: any.
 */
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size,
			     enum dma_data_direction dir);
void dma_sync_single_for_device(struct device *dev, dma_addr_t addr,
				size_t size, enum dma_data_direction dir);
void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sg,
			 unsigned n, enum dma_data_direction dir);
void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sg,
			    unsigned n, enum dma_data_direction dir);

/*
 * The driver lets go of dev: nothing may be mapped or allocated any more.
 * Returns how many mappings were left; each is reported (debug builds).
 */
unsigned dma_device_detach(struct device *dev);

/* Between the core's writes to coherent memory, and between its reads. */
#define dma_wmb()	dmb()
#define dma_rmb()	dmb()

/* What has passed; read it through the dma node. */
struct dma_stats {
	unsigned long nr_mapped;	/* now */
	unsigned long maps, syncs, errors;	/* ever */
	unsigned long bytes_cleaned, bytes_invalidated;	/* caches */
	unsigned long nr_bounced;	/* mappings by a bounce buffer, ever */
	unsigned long nr_coherent;	/* coherent allocations now */
};

extern struct dma_stats dma_stats;
/* Pages of the coherent pool, and how many are given out. */
unsigned dma_pool_pages(void);
unsigned dma_pool_used(void);
/* Bounce buffers in use. */
unsigned dma_bounce_used(void);

/*
 * Give every streaming mapping a bounce buffer (swiotlb=force): a missing
 * dma_sync shows as stale data, as it would on a machine with caches.
 */
extern bool dma_force_bounce;

/*
 * Boot, between memblock and the linear map: set the coherent pool aside
 * below limit, and have its pages mapped one by one.
 */
void dma_reserve_pool(phys_addr_t limit);

#endif
