/* SPDX-License-Identifier: MIT */
/* Coherent memory. Private to mm/kmem. See dma_coherent.c. */
#ifndef MM_KMEM_DMA_COHERENT_H
#define MM_KMEM_DMA_COHERENT_H

struct seq_buf;

void dma_coherent_show(struct seq_buf *s);

#endif
