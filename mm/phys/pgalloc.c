/* SPDX-License-Identifier: MIT */
/*
 * Pages for the kernel's page tables (asm/pgalloc.h): from memblock while the
 * allocator does not run yet, then from the allocator.
 */
#include <asm/memory.h>
#include <asm/pgalloc.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/page.h>

/*
 * A zeroed page of lowmem, or NULL when there is none.
 * Context: any that GFP_ATOMIC allows; boot.
 */
void *
pgtable_alloc_page(void)
{
	void *table;

	if (!mm_ready)
		return memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	table = get_zeroed_page(GFP_ATOMIC);
	if (table)
		page_set_state(virt_to_page(table), PAGE_STATE_TABLE);
	return table;
}

void
pgtable_free_page(void *table)
{
	page_set_state(virt_to_page(table), PAGE_STATE_KERNEL);
	free_page(table);
}
