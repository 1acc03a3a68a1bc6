/* SPDX-License-Identifier: MIT */
/*
 * Memory for page tables: asked by the architecture, answered by mm.
 * The page is zeroed and lowmem. Before the page allocator runs it comes
 * from memblock.
 */
#ifndef ASM_PGALLOC_H
#define ASM_PGALLOC_H

#include <lib/types.h>

void *pgtable_alloc_page(void);		/* or NULL */
void pgtable_free_page(void *table);

#endif
