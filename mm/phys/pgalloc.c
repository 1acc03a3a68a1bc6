/* SPDX-License-Identifier: MIT */
/*
 * Pages for the kernel's page tables (asm/pgalloc.h): from memblock while the
 * allocator does not run yet, then from the allocator. An early table stays
 * reserved until it is freed.
 */
#include <asm/memory.h>
#include <asm/pgalloc.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

/*
 * A zeroed page of lowmem, or NULL when there is none.
 * Context: any that GFP_ATOMIC allows; boot.
 */
void *
pgtable_alloc_page(void)
{
	struct page *page;

	if (!mm_ready)
		return memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	page = alloc_page(GFP_ATOMIC | __GFP_ZERO);
	if (!page)
		return NULL;
	page_set_state(page, PAGE_STATE_TABLE);
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_PAGETABLE, 1);
	return page_address(page);
}

void
pgtable_free_page(void *table)
{
	struct page *page = virt_to_page(table);

	if (page_state(page) == PAGE_STATE_RESERVED) {
		mm_free_init_range(table, (char *)table + PAGE_SIZE,
				   "an early page table");
		return;
	}
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_PAGETABLE, -1);
	free_frame(page);
}
