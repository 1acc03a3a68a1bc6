/* SPDX-License-Identifier: MIT */
/* What the files of vmalloc share: the areas and the state that holds them. */
#ifndef MM_KMEM_VMALLOC_PRIVATE_H
#define MM_KMEM_VMALLOC_PRIVATE_H

#include <lib/list.h>
#include <mm/page.h>
#include "vrange.h"

enum vm_kind {
	VM_ALLOC,		/* vmalloc: owns its frames */
	VM_MAP,			/* vmap: somebody else's frames */
	VM_IOREMAP,		/* device registers: no frames */
	NR_VM_KINDS
};

/* Guarded by vmalloc_lock while busy; else the one that took it out. */
struct vm_area {
	struct vrange range;	/* with the guard page; node in busy */
	struct list_head list;	/* in waiting or clean */
	struct page **pages;	/* nr_pages of them; NULL for devices */
	unsigned long nr_pages;	/* without the guard */
	phys_addr_t pa;		/* of VM_IOREMAP */
	unsigned long caller;	/* who asked for it */
	enum vm_kind kind;
	struct page *few[2];	/* pages[] of a small one: a stack */
};

/* All guarded by vmalloc_lock. */
struct vmalloc_state {
	unsigned long start, size;	/* constant after boot */
	struct vrange_space free;
	struct rb_root busy;
	struct list_head waiting;
	unsigned long waiting_pages;	/* of addresses, guards included */
	struct list_head clean;		/* flushed, still to be freed */
	unsigned long clean_pages;
	unsigned long purging_pages;	/* on their way to free */
};

extern struct vmalloc_state vmalloc_state;

void vmalloc_for_each(void (*fn)(const struct vm_area *area, void *arg),
		      void *arg);
bool vmalloc_find(unsigned long addr, struct vm_area *copy);
unsigned long vmalloc_lock_state(void);
void vmalloc_unlock_state(unsigned long flags);

#endif
