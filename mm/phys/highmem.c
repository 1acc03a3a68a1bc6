/* SPDX-License-Identifier: MIT */
/*
 * Addresses for pages that have none: kmap_local.
 *
 * Ideas
 *   The linear map ends at high_memory; frames above it are reached through
 *   eight fixmap slots of each core, used as a stack. The translation is
 *   written and read by one core only, so taking it away needs this core's
 *   TLB and no broadcast.
 *
 *	core 1:	 slot 0 [page a] 1 [page b] 2 [	] ...	depth 2
 *
 * State   kmap_depth, kmap_pages: this core's
 * Invariants (asserted)
 *   K1  0 <= depth <= KMAP_LOCAL_DEPTH; slots are given back last first.
 * Context  any. An interrupt handler nests on top of what it interrupted and
 *	   gives back what it took before it returns; no lock is needed. The
 *	   caller does not sleep while it holds a slot: another task would
 *	   nest on this core in the wrong order.
 * Questions a reader asks
 *   Why not map all memory?  1 GiB at 0xc0000000 would leave no addresses for
 *     vmalloc, devices and the fixmap itself.
 */
#include <asm/fixmap.h>
#include <asm/irqflags.h>
#include <asm/percpu.h>
#include <asm/tlbflush.h>
#include <kernel/panic.h>
#include <mm/highmem.h>

static DEFINE_PER_CPU(unsigned, kmap_depth);

unsigned
kmap_local_depth(void)
{
	return this_cpu_read(kmap_depth);
}

static enum fixed_address
kmap_slot(unsigned depth)
{
	return FIX_KMAP_FIRST + smp_processor_id() * KMAP_LOCAL_DEPTH + depth;
}

void *
kmap_local_page(struct page *page)
{
	void *addr = page_address(page);
	unsigned long flags;
	unsigned depth;

	if (likely(addr))
		return addr;
	/* The slot is ours from here on, whatever interrupts. */
	flags = local_irq_save();
	depth = this_cpu_read(kmap_depth);
	assert(depth < KMAP_LOCAL_DEPTH);
	this_cpu_write(kmap_depth, depth + 1);
	set_fixmap(kmap_slot(depth), page_to_phys(page), PROT_KERNEL_RW);
	local_irq_restore(flags);
	return (void *)fix_to_virt(kmap_slot(depth));
}

void
kunmap_local(const void *addr)
{
	unsigned long va = (unsigned long)addr & PAGE_MASK, flags;
	unsigned depth;

	if (va < FIXMAP_START || va >= FIXMAP_END)
		return;			/* lowmem */
	flags = local_irq_save();
	depth = this_cpu_read(kmap_depth);
	assert(depth > 0 && va == fix_to_virt(kmap_slot(depth - 1)));
	clear_fixmap(kmap_slot(depth - 1));
	this_cpu_write(kmap_depth, depth - 1);
	local_irq_restore(flags);
}

void
clear_highpage(struct page *page)
{
	void *addr = page_address(page);

	if (likely(addr)) {
		clear_page(addr);
		return;
	}
	addr = kmap_local_page(page);
	clear_page(addr);
	kunmap_local(addr);
}

void
copy_highpage(struct page *to, struct page *from)
{
	void *dst = kmap_local_page(to), *src = kmap_local_page(from);

	copy_page(dst, src);
	kunmap_local(src);
	kunmap_local(dst);
}
