/* SPDX-License-Identifier: MIT */
/*
 * Checking every address space against its own counts, and all of them
 * together against the pages.
 *
 * Rules (V1-V4: vma.c; R1-R3: rmap.c)
 *   A1  Every translation lies in a VMA, and allows no more than it.
 *   A2  rss of each kind is the number of translations of that kind.
 *   A3  nr_tables is the number of second-level pages.
 *   A4  A page has as many references as translations, at least.
 *   A5  All mapcounts together are all translations together, and a page that
 *	 is not mapped anywhere has none: the sum over all pages of mapcount is
 *	 the sum over all spaces of translations.
 *   A6  Committed_AS is the sum of the VMAs that were promised memory.
 *
 * Context: a quiet moment, as all of mm_verify_all().
 */
#include <kernel/init.h>
#include <mm/rmap.h>
#include <mm/shmem.h>
#include <mm/swap.h>
#include <mm/verify.h>
#include "as.h"

/* What one walk over the spaces adds up. */
struct totals {
	struct verify *v;
	unsigned long translations;
	unsigned long committed;
	unsigned long swapped;		/* entries that name a slot */
};

struct counts {
	s32 rss[NR_MM_COUNTERS];
	unsigned tables;
};

static void
verify_pte(struct vm_area_struct *vma, unsigned long addr, pte_t pte,
	   struct counts *counts, struct totals *t)
{
	struct page *page = vm_normal_page(vma, pte);

	VERIFY(t->v, !pte_present(pte) || vma->vm_flags & VM_ACCESS_FLAGS, "A1",
	       "as: %lx is within reach, its VMA is not", addr);
	VERIFY(t->v, !pte_write(pte) || vma->vm_flags & VM_WRITE, "A1",
	       "as: %lx is writable, its VMA is not", addr);
	VERIFY(t->v, !pte_exec(pte) || vma->vm_flags & VM_EXEC, "A1",
	       "as: %lx is executable, its VMA is not", addr);
	if (!page)
		return;
	counts->rss[mm_counter_of(page)]++;
	t->translations++;
	VERIFY(t->v, page_mapcount(page) > 0 &&
	       page_count(page) >= page_mapcount(page), "A4",
	       "as: pfn %#lx at %lx has %d references, mapcount %d",
	       page_to_pfn(page), addr, page_count(page), page_mapcount(page));
	VERIFY(t->v, rmap_leads_to(page, vma, addr), "R1",
	       "rmap: pfn %#lx does not lead to %lx", page_to_pfn(page), addr);
}

/* P3, as far as one entry goes: the slot has users. */
static void
verify_swapped(unsigned long addr, pte_t pte, struct counts *counts,
	       struct totals *t)
{
	counts->rss[MM_SWAPENTS]++;
	t->swapped++;
	VERIFY(t->v, swap_count(pte_to_swp_entry(pte)), "P3",
	       "swap: %lx names slot %u, which has no users", addr,
	       swp_offset(pte_to_swp_entry(pte)));
}

static void
verify_vma(struct vm_area_struct *vma, struct counts *counts,
	   struct totals *t)
{
	unsigned long addr, n;
	pte_t *pte;

	if (vma->vm_flags & VM_ACCOUNT)
		t->committed += vma_pages(vma);
	if (vma->vm_flags & VM_HUGETLB) {
		n = count_sections(vma);
		counts->rss[MM_ANONPAGES] += n * PTRS_PER_PTE;
		t->translations += n;	/* one mapcount for each */
		return;
	}
	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		pte = pte_offset(&vma->vm_mm->context, addr);
		if (!pte)
			addr |= SECTION_SIZE - PAGE_SIZE;
		else if (pte_swap(*pte))
			verify_swapped(addr, *pte, counts, t);
		else if (pte_mapped(*pte))
			verify_pte(vma, addr, *pte, counts, t);
	}
}

/* A section lies in a VMA of sections. */
static void
verify_section(struct mm_struct *mm, unsigned long addr, struct totals *t)
{
	const struct vm_area_struct *vma;
	phys_addr_t pa;
	bool dirty;

	if (!user_section_get(&mm->context, addr, &pa, &dirty))
		return;
	vma = vma_lookup(mm, addr);
	VERIFY(t->v, vma && vma->vm_flags & VM_HUGETLB, "A1",
	       "as: a section at %lx, in no VMA of them", addr);
}

/* Entries of holes must be empty; and how many tables there are. */
static void
verify_holes(struct mm_struct *mm, struct counts *counts, struct totals *t)
{
	unsigned long addr = 0, group = ~0ul;	/* the last that has a table */
	struct vm_area_struct *vma = NULL;

	for (; addr < TASK_SIZE; addr += PAGE_SIZE) {
		pte_t *pte = pte_offset(&mm->context, addr);

		if (!pte) {
			verify_section(mm, addr, t);
			addr |= SECTION_SIZE - PAGE_SIZE;
			continue;
		}
		counts->tables += (addr & TABLE_GROUP_MASK) != group;
		group = addr & TABLE_GROUP_MASK;
		if (pte_none(*pte))
			continue;
		if (!vma || addr >= vma->vm_end)
			vma = find_vma(mm, addr);
		VERIFY(t->v, vma && addr >= vma->vm_start, "A1",
		       "as: %lx is mapped, but in no VMA", addr);
	}
}

static void
verify_mm(struct mm_struct *mm, void *arg)
{
	struct counts counts = { .tables = 0 };
	struct vm_area_struct *vma;
	struct totals *t = arg;

	vma_verify(mm, t->v);
	anon_vma_verify(mm, t->v);
	for_each_vma(mm, vma)
		verify_vma(vma, &counts, t);
	verify_holes(mm, &counts, t);
	for (unsigned i = 0; i < NR_MM_COUNTERS; i++)
		VERIFY(t->v, counts.rss[i] == mm->rss[i], "A2",
		       "as: rss[%u] is %d, counted %d", i, mm->rss[i],
		       counts.rss[i]);
	VERIFY(t->v, counts.tables == mm->nr_tables, "A3",
	       "as: nr_tables is %u, counted %u", mm->nr_tables,
	       counts.tables);
}

static unsigned long
sum_mapcounts(void)
{
	unsigned long sum = 0;
	struct page *page;

	verify_for_each_user(page)
		sum += (unsigned long)page_mapcount(page);
	return sum;
}

static void
as_verify(struct verify *v)
{
	struct totals t = { .v = v };
	unsigned long mapcounts;

	mm_for_each(verify_mm, &t);
	rmap_verify(v);
	t.swapped += shmem_swapped_pages();
	VERIFY(v, swap_users() == t.swapped, "P3",
	       "swap: slots have %lu users together, %lu entries name them",
	       swap_users(), t.swapped);
	mapcounts = sum_mapcounts();
	VERIFY(v, mapcounts == t.translations, "A5",
	       "as: mapcounts are %lu together, translations %lu", mapcounts,
	       t.translations);
	VERIFY(v, vm_committed() == t.committed, "A6",
	       "as: Committed_AS is %lu pages, of VMAs %lu", vm_committed(),
	       t.committed);
}

static struct verify_module as_module = {
	.name = "address spaces",
	.fn = as_verify,
};

static int
as_verify_init(void)
{
	verify_register(&as_module);
	return 0;
}
core_initcall(as_verify_init);
