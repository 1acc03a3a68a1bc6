/* SPDX-License-Identifier: MIT */
/*
 * Memory for page tables: asked by the architecture, answered by mm.
 * All of it is lowmem. Before the page allocator runs a page comes from
 * memblock.
 */
#ifndef ASM_PGALLOC_H
#define ASM_PGALLOC_H

#include <lib/types.h>

/* A zeroed page, four second-level tables; NULL: no memory. Any context. */
void *pgtable_alloc_page(void);
/* The same for a program's tables: memory is won back for it. Context: may sleep. */
void *pgtable_alloc_user_page(void);
void pgtable_free_page(void *table);

/*
 * A first-level table, 16 KiB at a multiple of it, not zeroed; NULL: no
 * memory. Context: may sleep; free: any.
 */
void *pgtable_alloc_pgd(void);
void pgtable_free_pgd(void *pgd);

#endif
