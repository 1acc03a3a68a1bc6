/* SPDX-License-Identifier: MIT */
/*
 * Inside the DMA API: what is lent to devices, remembered to catch mistakes.
 * For mm/kmem and the tests. See mm/kmem/dma_debug.c.
 */
#ifndef MM_DMA_DEBUG_H
#define MM_DMA_DEBUG_H

#include <kernel/lock.h>
#include <mm/dma.h>

struct seq_buf;

enum dma_map_type { DMA_TYPE_SINGLE, DMA_TYPE_SG, DMA_TYPE_COHERENT };

/* One call of the API, as the caller made it. */
struct dma_ref {
	const struct device *dev;
	dma_addr_t addr;	/* what the device sees */
	phys_addr_t phys;	/* the caller's memory */
	size_t size;
	enum dma_data_direction dir;
	enum dma_map_type type;
	unsigned long caller;	/* program counter */
	bool bounced;		/* the device works on a copy */
};

/*
 * A checksum of size bytes of the caller's memory, as the core sees them now.
 * Written by the user of this file (dma.c; on the host a test).
 */
u32 dma_memory_sum(phys_addr_t phys, size_t size);

#ifdef VELLUM_DEBUG
/* Guards the books. For tests: to free memory must not need it. */
extern spinlock_t dma_debug_lock;

/* How many mistakes were reported, ever. */
extern unsigned nr_dma_errors;

void dma_debug_map(const struct dma_ref *ref);
/*
 * False: there is no such mapping, keep off. True: size and direction are
 * put right if the caller had them wrong.
 */
bool dma_debug_unmap(struct dma_ref *ref);
bool dma_debug_sync(const struct dma_ref *ref, bool for_cpu);
/* The caller has asked whether mapping failed. */
void dma_debug_checked(const struct device *dev, dma_addr_t addr);
unsigned dma_debug_detach(const struct device *dev);
/* A call that cannot be right, whatever is mapped. */
void dma_debug_bad_call(const struct dma_ref *ref, const char *what);
/* One line for each mapping. */
void dma_debug_show(struct seq_buf *s);
/* Entries in use; has the table ever been full (then nothing is checked)? */
unsigned dma_debug_used(void);
bool dma_debug_overflowed(void);
/* For tests, with an empty table. */
void dma_debug_restart(void);

/* Streaming mappings there are now. */
extern unsigned nr_dma_lent;
/* Is some of [phys, phys + size), which is being freed, lent? Report it. */
void dma_debug_freed_slow(phys_addr_t phys, size_t size, unsigned long caller);
/*
 * For a report of an access: to whom the byte at phys is lent, and by whom,
 * into the log; false if it is not. A store is not told once more when the
 * buffer comes back. Context: any, with any lock held.
 */
bool dma_debug_describe(phys_addr_t phys, bool write);
#else
#define dma_debug_map(ref)		((void)(ref))
#define dma_debug_unmap(ref)		((void)(ref), true)
#define dma_debug_sync(ref, for_cpu)	((void)(ref), true)
#define dma_debug_checked(dev, addr)	((void)(dev), (void)(addr))
#define dma_debug_detach(dev)		((void)(dev), 0u)
#define dma_debug_bad_call(ref, what)	((void)(ref), (void)(what))
#define dma_debug_show(s)		((void)(s))
#define dma_debug_used()		0u
#endif

/*
 * Memory is given up: no device may own any of it (debug builds; the host's
 * tests lend nothing). Context: any, with any lock held.
 */
#if defined(VELLUM_DEBUG) && !defined(VELLUM_HOST)
static inline void
dma_debug_freed(phys_addr_t phys, size_t size, unsigned long caller)
{
	if (unlikely(READ_ONCE(nr_dma_lent)))
		dma_debug_freed_slow(phys, size, caller);
}
#else
#define dma_debug_freed(phys, size, caller)	((void)0)
#endif

#endif
