/* SPDX-License-Identifier: MIT */
/*
 * Memory in sections of 1 MiB (MAP_HUGETLB): one entry of the first level, one
 * fault, one place in the TLB for 256 pages.
 *
 * A section is one compound page of order 8, aligned as it must be. It is
 * private and writable or not as a whole; fork copies it at once, since a later
 * copy of 1 MiB in a fault could not be refused. There is no pool: it is there
 * if the allocator has such a block, and the program gets SIGBUS if not.
 *
 *	pgd entry	 [ table ][section][ table ]
 *			  4 KiB	   1 MiB    4 KiB
 *
 * A group of four entries may mix tables and sections (asm/mmu.h).
 */
#include <asm/pgalloc.h>
#include <lib/errno.h>
#include <mm/gfp.h>
#include <mm/highmem.h>
#include "as.h"

#define SECTION_ORDER	(SECTION_SHIFT - PAGE_SHIFT)
#define SECTION_PAGES	(1ul << SECTION_ORDER)
#define SECTION_MASK	(~(SECTION_SIZE - 1))

static struct page *
alloc_section(bool zeroed)
{
	struct page *page = alloc_pages(GFP_HIGHUSER_MOVABLE | __GFP_COMP |
					__GFP_NOWARN |
					(zeroed ? __GFP_ZERO : 0),
					SECTION_ORDER);

	if (page) {
		page_set_state(page, PAGE_STATE_ANON);
		page->user.mapping = NULL;
	}
	return page;
}

/*
 * 256 pages at once. Held: page_table_lock. Returns a page of tables that no
 * entry of the group needs any more, for free_table(), or NULL.
 */
static void *
enter_section(struct mm_struct *mm, struct page *page, unsigned long addr,
	      unsigned allow)
{
	void *table;

	page_add_map(mm, page);
	mm_add_rss(mm, MM_ANONPAGES, (long)SECTION_PAGES - 1);
	table = user_section_set(&mm->context, addr, page_to_phys(page), allow);
	mm->nr_tables -= table != NULL;
	return table;
}

/* Walkers may still be reading it. Held: nothing that spins. */
static void
free_table(struct mm_struct *mm, unsigned long addr, void *table)
{
	if (!table)
		return;
	addr &= TABLE_GROUP_MASK;
	flush_tlb_user_range(&mm->context, addr, addr + TABLE_GROUP_SIZE);
	pgtable_free_page(table);
}

vm_fault_t
do_section_fault(struct vm_fault *vmf)
{
	struct mm_struct *mm = vmf->vma->vm_mm;
	unsigned long addr = vmf->address & SECTION_MASK;
	struct page *page = alloc_section(true);
	void *table = NULL;
	phys_addr_t pa;
	bool dirty, there;

	if (!page)
		return VM_FAULT_SIGBUS;
	spin_lock(&mm->page_table_lock);
	there = user_section_get(&mm->context, addr, &pa, &dirty);
	if (!there)
		table = enter_section(mm, page, addr, vma_allow(vmf->vma));
	spin_unlock(&mm->page_table_lock);
	free_table(mm, addr, table);
	if (there) {
		put_page(page);
		flush_tlb_user_page(&mm->context, vmf->address);
	}
	return 0;
}

static void
copy_block(struct page *to, struct page *from)
{
	for (unsigned long i = 0; i < SECTION_PAGES; i++)
		copy_highpage(to + i, from + i);
}

int
copy_sections(struct mm_struct *child, struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	struct page *page;
	phys_addr_t pa;
	void *table;
	bool dirty;

	for (; addr < vma->vm_end; addr += SECTION_SIZE) {
		if (!user_section_get(&vma->vm_mm->context, addr, &pa, &dirty))
			continue;
		page = alloc_section(false);
		if (!page)
			return -ENOMEM;
		copy_block(page, phys_to_page(pa));
		spin_lock(&child->page_table_lock);
		table = enter_section(child, page, addr, vma_allow(vma));
		spin_unlock(&child->page_table_lock);
		free_table(child, addr, table);
	}
	return 0;
}

/* Whole sections: borders of such a VMA lie at multiples of 1 MiB. */
void
zap_sections(struct mmu_gather *tlb, struct vm_area_struct *vma,
	     unsigned long start, unsigned long end)
{
	struct mm_struct *mm = tlb->mm;

	(void)vma;
	for (; start < end; start += SECTION_SIZE) {
		struct page *page;
		phys_addr_t pa;

		spin_lock(&mm->page_table_lock);
		pa = user_section_clear(&mm->context, start);
		page = pa == ~0u ? NULL : phys_to_page(pa & SECTION_MASK);
		if (page) {
			mm_note_rss(mm);
			page_remove_map(mm, page);
			mm_add_rss(mm, MM_ANONPAGES, 1 - (long)SECTION_PAGES);
		}
		spin_unlock(&mm->page_table_lock);
		if (!page)
			continue;
		flush_tlb_user_range(&mm->context, start, start + SECTION_SIZE);
		put_page(page);
	}
}

void
protect_sections(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr = vma->vm_start;
	phys_addr_t pa;
	bool dirty;

	spin_lock(&mm->page_table_lock);
	for (; addr < vma->vm_end; addr += SECTION_SIZE)
		if (user_section_get(&mm->context, addr, &pa, &dirty))
			user_section_protect(&mm->context, addr,
					     vma_allow(vma));
	spin_unlock(&mm->page_table_lock);
}

unsigned long
count_sections(struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start, n = 0;
	phys_addr_t pa;
	bool dirty;

	for (; addr < vma->vm_end; addr += SECTION_SIZE)
		n += user_section_get(&vma->vm_mm->context, addr, &pa, &dirty);
	return n;
}
