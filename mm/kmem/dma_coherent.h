/* SPDX-License-Identifier: MIT */
/* Coherent memory. Private to mm/kmem. See dma_coherent.c. */
#ifndef MM_KMEM_DMA_COHERENT_H
#define MM_KMEM_DMA_COHERENT_H

#include <lib/types.h>

struct seq_buf;

void dma_coherent_show(struct seq_buf *s);
/* Pages of the pool, and how many are given out. */
unsigned dma_pool_pages(void);
unsigned dma_pool_used(void);

#endif
