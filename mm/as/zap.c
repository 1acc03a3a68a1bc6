/* SPDX-License-Identifier: MIT */
/*
 * Taking translations out of a space, and freeing what was behind them.
 *
 * The one rule: a frame may be used again only when no core remembers a
 * translation to it. So three steps, never mixed:
 *
 *	1 clear entries		page_table_lock held; pages gathered
 *	2 flush the TLBs	once for up to ZAP_BATCH pages
 *	3 free the pages
 *
 *	tlb_gather()  zap_range() ... zap_range()  free_tables()  tlb_flush()
 *			  \-- when the batch is full: flush, free, go on
 *
 * A page of tables is freed the same way: walkers may still be reading it. Its
 * entries must be gone before (so zap first), and no VMA may need it: that
 * is the caller's to know (floor, ceiling).
 *
 * Locks   mmap_lock held by the caller; page_table_lock taken for a section
 *	   (256 entries) at a time.
 * Cost	   one store, one atomic count and a share of flush and release for
 *	   each page: about 45 instructions here; an empty entry is 8.
 *
 * Sources  Linux Documentation/core-api/cachetlb.rst; mm/mmu_gather.c's idea.
 */
#include <asm/pgalloc.h>
#include <kernel/sched.h>
#include <lib/compiler.h>
#include <mm/lru.h>
#include <mm/pagecache.h>
#include <mm/swap.h>
#include "as.h"

void
tlb_gather(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb->mm = mm;
	tlb->start = ~0ul;
	tlb->end = 0;
	tlb->nr = 0;
	tlb->swap_cache = false;
}

void
tlb_flush(struct mmu_gather *tlb)
{
	if (tlb->start < tlb->end && !atomic_read(&tlb->mm->mm_users))
		flush_tlb_user_all(&tlb->mm->context);	/* nobody comes back */
	else if (tlb->start < tlb->end)
		flush_tlb_user_range(&tlb->mm->context, tlb->start, tlb->end);
	for (unsigned i = 0; tlb->swap_cache && i < tlb->nr; i++)
		free_swap_cache(tlb->pages[i]);
	release_pages(tlb->pages, tlb->nr);
	tlb_gather(tlb, tlb->mm);
}

static void
gather_range(struct mmu_gather *tlb, unsigned long start, unsigned long end)
{
	tlb->start = min(tlb->start, start);
	tlb->end = max(tlb->end, end);
}

/*
 * The translation pte is gone from the table: whatever it was. A dirty one of a
 * page that is stored elsewhere too leaves its mark on the page. Returns the
 * page to be freed, or NULL. Held: page_table_lock.
 */
static noinline struct page *
zap_any(struct mmu_gather *tlb, struct map_counts *counts,
	struct vm_area_struct *vma, pte_t pte)
{
	struct page *page;

	if (pte_swap(pte)) {
		counts->rss[MM_SWAPENTS]--;
		free_swap_and_cache(pte_to_swp_entry(pte));
		return NULL;
	}
	page = vm_normal_page(vma, pte);
	if (!page)
		return NULL;
	if (page_state(page) != PAGE_STATE_ANON) {
		if (pte_dirty(pte))
			set_page_dirty(page);
		if (page_state(page) == PAGE_STATE_SWAPCACHE)
			tlb->swap_cache = true;
	}
	vma_munlock_page(vma, page);
	map_counts_remove(counts, page);
	return page;
}

/* Is this entry of a private copy, or of a place in swap? Those stay where only
 * the file's own pages go. */
static bool
is_cow(const struct vm_area_struct *vma, pte_t pte)
{
	struct page *page;

	if (!pte_mapped(pte))
		return true;
	page = vm_normal_page(vma, pte);
	return !page || page_is_anon(page);
}

/*
 * How many entries behind *ptep, which is none, are none too? With it n are
 * left. What is sparse, or was moved away (mremap), is passed quickly.
 */
static inline unsigned
nones_behind(const pte_t *ptep, unsigned n)
{
	const pte_t *at = ptep, *last = ptep + n - 1;

	while (at < last && pte_none(at[1]))
		at++;
	return at - ptep;
}

/*
 * The entries of one section or less; returns where it stopped. Most are empty
 * or of anonymous pages, which is decided here; zap_any() knows the rest.
 * Held: page_table_lock.
 */
static noinline unsigned long
zap_entries(struct mmu_gather *tlb, struct vm_area_struct *vma,
	    unsigned long addr, unsigned long end, bool even_cows)
{
	struct mm_struct *mm = tlb->mm;
	pte_t *ptep = pte_offset(&mm->context, addr);
	struct page **at = tlb->pages + tlb->nr, **full, *page;
	unsigned long first = ~0ul, last = 0;
	struct map_counts counts = { 0 };
	bool ask = map_counts_ask(vma);
	unsigned n;

	full = tlb->pages + ZAP_BATCH;
	for (; addr < end && at < full; addr += PAGE_SIZE, ptep++) {
		pte_t pte = *ptep;

		if (pte_none(pte)) {
			n = nones_behind(ptep, (end - addr) >> PAGE_SHIFT);
			addr += n << PAGE_SHIFT;
			ptep += n;
			continue;
		}
		if (!even_cows && is_cow(vma, pte))
			continue;
		set_pte_at(&mm->context, addr, ptep, (pte_t){ 0 });
		first = min(first, addr);
		last = addr;
		page = pfn_to_page(pte_pfn(pte));
		if (!ask && likely(pte_plain_anon(pte, page))) {
			map_counts_remove_anon(&counts, page);
			*at++ = page;
		} else {
			page = zap_any(tlb, &counts, vma, pte);
			if (page)
				*at++ = page;
		}
	}
	if (first <= last)
		gather_range(tlb, first, last + PAGE_SIZE);
	tlb->nr = at - tlb->pages;
	map_counts_tell(&counts, mm);
	return addr;
}

static unsigned long
zap_ptes(struct mmu_gather *tlb, struct vm_area_struct *vma,
	 unsigned long addr, unsigned long end, bool even_cows)
{
	if (!pte_offset(&tlb->mm->context, addr))
		return end;
	spin_lock(&tlb->mm->page_table_lock);
	mm_note_rss(tlb->mm);
	addr = zap_entries(tlb, vma, addr, end, even_cows);
	spin_unlock(&tlb->mm->page_table_lock);
	if (tlb->nr == ZAP_BATCH)
		tlb_flush(tlb);
	return addr;
}

void
zap_file_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
	       unsigned long start, unsigned long end, bool even_cows)
{
	if (vma->vm_flags & VM_HUGETLB) {
		zap_sections(tlb, vma, start, end);
		return;
	}
	while (start < end) {
		unsigned long stop = ALIGN_DOWN(start, SECTION_SIZE) +
				     SECTION_SIZE;

		start = zap_ptes(tlb, vma, start, min(stop, end), even_cows);
	}
}

void
zap_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
	  unsigned long start, unsigned long end)
{
	zap_file_range(tlb, vma, start, end, true);
}

/* Frees only whole groups of 4 MiB between floor and ceiling. */
void
free_tables(struct mmu_gather *tlb, unsigned long floor, unsigned long ceiling)
{
	struct mm_struct *mm = tlb->mm;
	unsigned long addr = ALIGN_UP(floor, TABLE_GROUP_SIZE);
	void *table;

	for (; addr < ceiling && ceiling - addr >= TABLE_GROUP_SIZE &&
	     mm->nr_tables; addr += TABLE_GROUP_SIZE) {
		spin_lock(&mm->page_table_lock);
		table = user_table_remove(&mm->context, addr);
		mm->nr_tables -= table != NULL;
		spin_unlock(&mm->page_table_lock);
		if (!table)
			continue;
		gather_range(tlb, addr, addr + TABLE_GROUP_SIZE);
		tlb_flush(tlb);
		pgtable_free_page(table);
	}
}

/* The part of vma that maps the file's pages [first, last]. */
static void
zap_file_pages(struct vm_area_struct *vma, unsigned long first,
	       unsigned long last, bool even_cows)
{
	unsigned long from = max(first, vma->vm_pgoff);
	unsigned long to = min(last, vma->vm_pgoff + vma_pages(vma) - 1);
	struct mmu_gather tlb;

	if (from > to)
		return;
	tlb_gather(&tlb, vma->vm_mm);
	zap_file_range(&tlb, vma,
		       vma->vm_start + ((from - vma->vm_pgoff) << PAGE_SHIFT),
		       vma->vm_start +
		       ((to - vma->vm_pgoff + 1) << PAGE_SHIFT), even_cows);
	tlb_flush(&tlb);
}

/*
 * Here the caller holds no mmap_lock of the spaces it changes. A VMA stays on
 * the list while i_mmap_lock is held, and tables go only after their VMAs
 * have left it, so what is walked cannot vanish.
 */
void
unmap_mapping_range(struct address_space *mapping, unsigned long first,
		    unsigned long nr, bool even_cows)
{
	unsigned long last = nr ? first + nr - 1 : ~0ul;
	struct vm_area_struct *vma;

	down_read(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, mapping_node)
		zap_file_pages(vma, first, last, even_cows);
	up_read(&mapping->i_mmap_lock);
}
