/* SPDX-License-Identifier: MIT */
/*
 * What the suites of the DMA API share: two devices, played by the test, and a
 * page to lend to them.
 */
#ifndef TESTS_KERNEL_DMA_HELPERS_H
#define TESTS_KERNEL_DMA_HELPERS_H

#include <asm/pgtable.h>
#include <kernel/node.h>
#include <kernel/printk.h>
#include <lib/errno.h>
#include <mm/cma.h>
#include <mm/debug.h>
#include <mm/dma.h>
#include <mm/dma_debug.h>
#include <mm/highmem.h>
#include <mm/init.h>
#include <mm/kasan.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include "page_helpers.h"

static struct device dev __unused = { .name = "tester", .dma_mask = ~0u };
static struct device snooper __unused = {
	.name = "snooper", .dma_mask = ~0u, .dma_coherent = true,
};
static u8 *buf __unused;		/* a page */
static dma_addr_t addr __unused;

/* What the device does to its memory: nobody checks a device. */
static __unused no_kasan void
device_fill(dma_addr_t at, u8 byte, size_t size)
{
	volatile u8 *bytes = __va(at);

	while (size--)
		bytes[size] = byte;
}

/* A mistake of the core's that KASAN shall not see. */
static __unused no_kasan void
store_unseen(u8 *p, u8 byte)
{
	*(volatile u8 *)p = byte;
}

/* The test may look at all memory, whoever owns it. */
static __unused no_kasan bool
all_bytes(const void *p, u8 byte, size_t size)
{
	const u8 *bytes = p;

	while (size--) {
		if (bytes[size] != byte)
			return false;
	}
	return true;
}

static unsigned used_before;	/* mappings of the drivers that run */

static __unused void
setup(void)
{
	buf = get_zeroed_page(GFP_KERNEL);
	used_before = dma_debug_used();
}

static __unused void
teardown(void)
{
	free_page(buf);
	buf = NULL;
}

static __unused dma_addr_t
map(size_t offset, size_t size, enum dma_data_direction dir)
{
	dma_addr_t a = dma_map_single(&dev, buf + offset, size, dir);

	return dma_mapping_error(&dev, a) ? DMA_MAPPING_ERROR : a;
}

#endif
