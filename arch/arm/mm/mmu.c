/* SPDX-License-Identifier: MIT */
/*
 * The kernel's page tables: making and removing translations.
 *
 * Ideas
 *   First level: 4096 entries of 1 MiB. Second level: tables of 256 entries
 *   of 4 KiB. Four second-level tables fill one page of memory, so the kernel
 *   allocates them by four, for 4 MiB that start at a multiple of 4 MiB:
 *
 *	first level     n  n+1  n+2  n+3	n % 4 == 0
 *			|   |    |    |
 *	one page      [t0][t1] [t2] [t3]	1 KiB each
 *
 *   Of the four, those that are empty are filled in together; one that maps a
 *   section stays a section.
 *
 * State	swapper_pg_dir, the kernel's own first-level table; fixmap_table.
 * Invariants
 *   M1  A second-level table of the kernel, once entered, is never freed, and
 *	 every first-level entry of the kernel is written into the table of
 *	 each address space at the same moment (user.c): so none ever has to
 *	 look again, and no kernel fault repairs a table.
 *   M2  Nothing is mapped over: an entry that is filled was empty before.
 *   M3  No entry is both writable and executable (unless rodata=off);
 *	 kernel_page_tables shows it, the monitor's `verify' checks it.
 * Locks	pgtable_lock for both levels, and the list of all tables. Tables are allocated before it is
 *		taken.
 * Cost		mapping: one store for each page or section; unmapping: one
 *		store and one TLB operation for each page.
 * Sources	ARM DDI 0406C, B3.5.1; B3.10 (TLB maintenance).
 */
#include <asm/arch-entry.h>
#include <asm/barrier.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <asm/setup.h>
#include <asm/tlbcheck.h>
#include <asm/tlbflush.h>
#include <lib/bitops.h>
#include <lib/compiler.h>
#include <lib/errno.h>
#include "lock.h"
#include "prot.h"

#define GROUP		4		/* first-level entries behind one page */
#define GROUP_SIZE	(GROUP * SECTION_SIZE)

extern u8 __kernel_start[], __kernel_end[];

u32 pgtable_lock;		/* M1, M2 */
unsigned long nr_kernel_tables;

#define CALLER	((unsigned long)__builtin_return_address(0))

/* The entry of va becomes value. */
static void
set_pte(pte_t *pte, unsigned long va, u32 value, unsigned long caller)
{
	tlbcheck_change(va, pte->value, value, caller);
	pte->value = value;
}

/* Small-page bits by enum pgprot. A kernel entry is global: nG is clear. */
static const u32 pte_prot[] = {
#define NORMAL	(PTE_SMALL | PTE_AF | PTE_S | \
		 ATTR_NORMAL_WRITE_BACK << ATTR_SHIFT)
#define RW	(PTE_WRITABLE | PTE_DIRTY)
	[PROT_KERNEL_RW]  = NORMAL | RW | PTE_XN,
	[PROT_KERNEL_RO]  = NORMAL | PTE_RDONLY | PTE_XN,
	[PROT_KERNEL_RX]  = NORMAL | PTE_RDONLY,
	[PROT_KERNEL_RWX] = NORMAL | RW,
	[PROT_DEVICE]	  = PAGE_DEVICE,
	[PROT_UNCACHED]	  = PTE_SMALL | PTE_AF | PTE_S | RW | PTE_XN |
			    ATTR_NORMAL_UNCACHED << ATTR_SHIFT,
};

u32
pte_bits(enum pgprot prot)
{
	return pte_prot[prot];
}

/* A small page's bits, each at its place in a section entry. */
u32
section_from_page(u32 p)
{
	return L1_SECTION | (p & (3 << ATTR_SHIFT)) |
	       (p & PTE_XN ? SECT_XN : 0) | (p & PTE_AF ? SECT_AF : 0) |
	       (p & PTE_USER ? SECT_USER : 0) |
	       (p & PTE_TEX0 ? SECT_TEX0 : 0) |
	       (p & PTE_WRITABLE ? SECT_WRITABLE : 0) |
	       (p & PTE_DIRTY ? SECT_DIRTY : 0) |
	       (p & PTE_RDONLY ? SECT_RDONLY : 0) |
	       (p & PTE_S ? SECT_S : 0) | (p & PTE_NG ? SECT_NG : 0);
}

u32
section_bits(enum pgprot prot)
{
	return section_from_page(pte_prot[prot]);
}

pte_t *
l1_to_table(u32 l1)
{
	return __va(l1 & ~0x3ffu);
}

static pte_t *
kernel_pte(unsigned long va)
{
	u32 l1 = swapper_pg_dir[va >> SECTION_SHIFT].value;

	if ((l1 & L1_TYPE_MASK) != L1_TABLE)
		return NULL;
	return l1_to_table(l1) + (va >> PAGE_SHIFT) % PTRS_PER_PTE;
}

/* A first-level entry of the kernel, for everybody. Held: pgtable_lock. */
static void
set_kernel_l1(unsigned index, u32 value)
{
	swapper_pg_dir[index].value = value;
	user_tables_follow(index, value);
}

/* Enter page (zeroed) as the tables of va's group where it is empty. */
static bool
install_tables(unsigned long va, void *page)
{
	unsigned first = (va >> SECTION_SHIFT) & ~(GROUP - 1u);
	bool wanted = !swapper_pg_dir[va >> SECTION_SHIFT].value;

	for (unsigned i = 0; wanted && i < GROUP; i++) {
		if (!swapper_pg_dir[first + i].value)
			set_kernel_l1(first + i, (__pa(page) + i * SZ_1K) |
				      L1_TABLE);
	}
	if (wanted)
		__atomic_fetch_add(&nr_kernel_tables, 1, __ATOMIC_RELAXED);
	return wanted;
}

/* Make sure that va has a second-level table. 0 or -ENOMEM. */
static int
ensure_table(unsigned long va)
{
	unsigned long flags;
	bool used;
	void *page;

	if (kernel_pte(va))
		return 0;
	page = pgtable_alloc_page();
	if (!page)
		return -ENOMEM;
	flags = arch_lock(&pgtable_lock);
	used = install_tables(va, page);
	arch_unlock(&pgtable_lock, flags);
	if (!used)
		pgtable_free_page(page);
	return 0;
}

static bool
fits_section(unsigned long va, phys_addr_t pa, unsigned long left)
{
	return IS_ALIGNED(va | pa, SECTION_SIZE) && left >= SECTION_SIZE &&
	       !kernel_pte(va);
}

/*
 * Map [va, va + size) to pa in the kernel's half; all page aligned.
 * Tables are reserved first, so that the filling cannot fail.
 *
 * Context: boot, or a context that may allocate. Locks: takes pgtable_lock.
 * Returns 0, or -ENOMEM (nothing is mapped then).
 */
int
map_kernel_range(unsigned long va, phys_addr_t pa, unsigned long size,
		 enum pgprot prot, bool sections)
{
	unsigned long at, step, flags;

	for (at = 0; at < size; at += step) {
		step = PAGE_SIZE;
		if (sections && fits_section(va + at, pa + at, size - at))
			step = SECTION_SIZE;
		else if (ensure_table(va + at))
			return -ENOMEM;
	}
	flags = arch_lock(&pgtable_lock);
	for (at = 0; at < size; at += step) {
		pte_t *pte = kernel_pte(va + at);

		step = pte ? PAGE_SIZE : SECTION_SIZE;
		if (pte)
			set_pte(pte, va + at, (pa + at) | pte_bits(prot),
				CALLER);
		else
			set_kernel_l1((va + at) >> SECTION_SHIFT,
				      (pa + at) | section_bits(prot));
	}
	arch_unlock(&pgtable_lock, flags);
	dsb();
	isb();
	return 0;
}

/*
 * Make sure that every page of [va, va + size) has a second-level table.
 * Context: may allocate. Returns 0 or -ENOMEM.
 */
int
reserve_kernel_tables(unsigned long va, unsigned long size)
{
	unsigned long end = va + size;

	for (; va < end; va = ALIGN_DOWN(va, SECTION_SIZE) + SECTION_SIZE) {
		if (!kernel_pte(va) && ensure_table(va))
			return -ENOMEM;
	}
	return 0;
}

/*
 * The entry of va and, in *n, how many of the *n pages from there on have
 * theirs behind it; NULL: va has no table.
 */
static pte_t *
kernel_pte_run(unsigned long va, unsigned long *n)
{
	unsigned long left = PTRS_PER_PTE - (va >> PAGE_SHIFT) % PTRS_PER_PTE;

	if (*n > left)
		*n = left;
	return kernel_pte(va);
}

/*
 * Map n pages from va on, whose tables are reserved, to the frames at pa[].
 * Nothing was mapped there (M2), so there is nothing to flush. Context: any.
 */
void
set_kernel_pages(unsigned long va, const phys_addr_t *pa, unsigned n,
		 enum pgprot prot)
{
	u32 bits = pte_bits(prot);
	unsigned long flags = arch_lock(&pgtable_lock), run;
	const phys_addr_t *end = pa + n;
	pte_t *pte;

	while (pa < end) {
		run = end - pa;
		pte = kernel_pte_run(va, &run);
		for (; run; run--, va += PAGE_SIZE)
			set_pte(pte++, va, *pa++ | bits, CALLER);
	}
	arch_unlock(&pgtable_lock, flags);
	dsb();
	isb();
}

/*
 * Remove the page translations of [va, va + size). Holes are skipped, sections
 * left alone. Cores may remember what was there until the caller has flushed.
 * Context: any.
 */
void
unmap_kernel_range_lazily(unsigned long va, unsigned long size)
{
	unsigned long flags = arch_lock(&pgtable_lock), run;
	unsigned long n = size >> PAGE_SHIFT;
	pte_t *pte;

	for (; n; n -= run, va += run << PAGE_SHIFT) {
		run = n;
		pte = kernel_pte_run(va, &run);
		for (unsigned long i = 0; pte && i < run; i++)
			set_pte(pte + i, va + (i << PAGE_SHIFT), 0, CALLER);
	}
	arch_unlock(&pgtable_lock, flags);
}

/* The same, and every core's memory of them goes too. Context: any. */
void
unmap_kernel_range(unsigned long va, unsigned long size)
{
	unmap_kernel_range_lazily(va, size);
	flush_tlb_kernel_range(va, va + size);
}

void
paging_protect(const void *start, const void *end, enum pgprot prot)
{
	unsigned long va = (unsigned long)start;
	unsigned long flags = arch_lock(&pgtable_lock);

	for (; va < (unsigned long)end; va += PAGE_SIZE) {
		pte_t *pte = kernel_pte(va);

		if (pte)
			set_pte(pte, va, __pa((void *)va) | pte_bits(prot),
				CALLER);
	}
	arch_unlock(&pgtable_lock, flags);
	flush_tlb_kernel_range((unsigned long)start, va);
}
