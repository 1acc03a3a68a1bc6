/* SPDX-License-Identifier: MIT */
/*
 * KASAN for buffers that are lent to devices: who touches one is told at once.
 *
 * Ideas
 *   A buffer has one owner at a time. While that is the device, the core may
 *   not store into it, and not even load from it what the device is writing.
 *   dma_debug.c notices a store by a checksum, when the buffer comes back, and
 *   cannot say who it was. The shadow can:
 *
 *			core loads	core stores	shadow
 *	TO_DEVICE	may		may not		KASAN_DMA_READS
 *	FROM_DEVICE	may not		may not		KASAN_DMA_WRITES
 *	BIDIRECTIONAL	may not		may not		KASAN_DMA_WRITES
 *
 *	map, sync_for_device: closed	unmap, sync_for_cpu: open again
 *
 *   Granules	a byte of shadow tells of 8. What is lent need not begin or
 *		end with one:
 *
 *	  |  other  BUF|BUFFERBU|BUFF     |		lent [5, 20)
 *	  | stays open | closed  | closed if the allocator said 04: nobody
 *				   else has a byte of it. Opened to 04 again.
 *
 *   Only what is open is closed, and only what was closed here is opened: an
 *   object that is freed meanwhile, and its next owner, keep the allocator's
 *   shadow. Two mappings may share memory (both TO_DEVICE): when one ends, the
 *   others close theirs once more (lend_again_locked()).
 *
 * What it misses	the ends that share a granule with others; HighMem, which
 *		has no shadow; loads of the last granule of a TO_DEVICE buffer
 *		behind its end. Checksums still see stores to all of those.
 * Locks	dma_debug_lock orders lending and returning.
 * Cost		one byte for 8, twice for each mapping. A load of what is lent
 *		TO_DEVICE takes KASAN's slow path.
 */
#ifdef VELLUM_KASAN
#include <kernel/irq.h>
#include <kernel/task.h>
#include <mm/init.h>
#include "../debug/kasan.h"
#include "kasan_dma.h"

static bool
is_ours(u8 shadow)
{
	return shadow == KASAN_DMA_READS || shadow == KASAN_DMA_WRITES;
}

/* Where the last granule of ref begins if it is not whole, else 0. */
static phys_addr_t
tail_of(const struct dma_ref *ref)
{
	phys_addr_t end = ref->phys + ref->size;
	phys_addr_t at = ALIGN_DOWN(end, KASAN_GRANULE);

	return end % KASAN_GRANULE && ref->phys <= at &&
	       end <= __pa(high_memory) ? at : 0;
}

static u8 *
shadow_of(phys_addr_t phys)
{
	return kasan_shadow((unsigned long)__va(phys));
}

void
kasan_dma_lend(const struct dma_ref *ref, phys_addr_t phys, size_t size,
	       bool *tail)
{
	phys_addr_t at = ALIGN_UP(phys, KASAN_GRANULE), last = tail_of(ref);
	phys_addr_t end = min(ALIGN_DOWN(phys + size, KASAN_GRANULE),
			      __pa(high_memory));
	u8 value = ref->dir == DMA_TO_DEVICE ? KASAN_DMA_READS :
					       KASAN_DMA_WRITES;

	for (; at < end; at += KASAN_GRANULE) {
		u8 *shadow = shadow_of(at);

		if (!*shadow || *shadow == KASAN_DMA_READS)
			*shadow = value;
	}
	if (last && phys <= last && phys + size > last &&
	    *shadow_of(last) == (ref->phys + ref->size) % KASAN_GRANULE) {
		*shadow_of(last) = value;
		*tail = true;
	}
}

void
kasan_dma_return(const struct dma_ref *ref, phys_addr_t phys, size_t size,
		 bool *tail)
{
	phys_addr_t ref_end = ref->phys + ref->size, last = tail_of(ref);
	phys_addr_t at = max(ALIGN_DOWN(phys, KASAN_GRANULE),
			     ALIGN_UP(ref->phys, KASAN_GRANULE));
	phys_addr_t end = min(ALIGN_UP(phys + size, KASAN_GRANULE),
			      ALIGN_DOWN(ref_end, KASAN_GRANULE));

	end = min(end, __pa(high_memory));
	for (; at < end; at += KASAN_GRANULE) {
		if (is_ours(*shadow_of(at)))
			*shadow_of(at) = 0;
	}
	if (*tail && phys + size > last) {
		if (is_ours(*shadow_of(last)))
			*shadow_of(last) = ref_end % KASAN_GRANULE;
		*tail = false;
	}
}

u32
kasan_dma_stack(void)
{
	/* Less this, the books, map_ref() and the function of the API. */
	return stack_depot_here(2);
}

s16
kasan_dma_pid(void)
{
	return current && !in_interrupt() ? (s16)current->pid : 0;
}
#endif
