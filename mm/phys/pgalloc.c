/* SPDX-License-Identifier: MIT */
/*
 * Pages for page tables (asm/pgalloc.h): from memblock while the allocator
 * does not run yet, then from the allocator. An early table stays reserved
 * until it is freed.
 *
 * What is in use as a table is counted in pages (NR_PAGETABLE): a second-level
 * page is one, a first-level table four.
 */
#include <asm/memory.h>
#include <asm/mmu.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <kernel/init.h>
#include <mm/gfp.h>
#include <mm/init.h>
#include <mm/memblock.h>
#include <mm/verify.h>
#include <mm/vmstat.h>
#include <mm/zone.h>

#define PGD_ORDER	2

static_assert(PTRS_PER_PGD * sizeof(pgd_t) == PAGE_SIZE << PGD_ORDER, "16 KiB");

static void
table_begin(struct page *page, unsigned order)
{
	page_set_state(page, PAGE_STATE_TABLE);
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_PAGETABLE,
			    1 << order);
}

static void
table_end(struct page *page, unsigned order)
{
	mod_node_page_state(NODE_DATA(page_to_nid(page)), NR_PAGETABLE,
			    -(1 << order));
	free_frames(page, order);
}

static void *
table_page(gfp_t gfp)
{
	struct page *page = alloc_page(gfp | __GFP_ZERO);

	if (!page)
		return NULL;
	table_begin(page, 0);
	return page_address(page);
}

/*
 * A zeroed page of lowmem, or NULL when there is none.
 * Context: any that GFP_ATOMIC allows; boot.
 */
void *
pgtable_alloc_page(void)
{
	return mm_ready ? table_page(GFP_ATOMIC) :
			  memblock_alloc(PAGE_SIZE, PAGE_SIZE);
}

void *
pgtable_alloc_user_page(void)
{
	return table_page(GFP_KERNEL);
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
	table_end(page, 0);
}

/* Four frames in a row: order 2 is aligned to its size. May sleep. */
void *
pgtable_alloc_pgd(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, PGD_ORDER);

	if (!page)
		return NULL;
	table_begin(page, PGD_ORDER);
	return page_address(page);
}

void
pgtable_free_pgd(void *pgd)
{
	table_end(virt_to_page(pgd), PGD_ORDER);
}

/* U1-U3 (arch/arm/mm/user.c), N1 (asid.c): "U1: what is wrong". */
static void
verify_contexts(struct verify *v)
{
	const char *wrong[] = { mm_context_verify(), asid_verify() };

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (wrong[i])
			verify_bad(v, (char[]){ wrong[i][0], wrong[i][1], 0 },
				   "%s", wrong[i] + 4);
	}
}

static int __init
pgalloc_init(void)
{
	static struct verify_module module = { "context", verify_contexts,
					       NULL };

	verify_register(&module);
	return 0;
}
core_initcall(pgalloc_init);
