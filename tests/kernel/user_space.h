/* SPDX-License-Identifier: MIT */
/* A user space made by hand, for the suites of the architecture. */
#ifndef TESTS_USER_SPACE_H
#define TESTS_USER_SPACE_H

#include <asm/irqflags.h>
#include <asm/mmu.h>
#include <asm/pgalloc.h>
#include <kernel/test.h>
#include <mm/gfp.h>
#include <mm/mm.h>

#define SPACE_BASE	0x00400000ul	/* where its pages begin: a group */
#define SPACE_PAGES	8

struct space {
	struct mm_struct mm;			/* no VMA: faults are errors */
	struct page *pages[SPACE_PAGES];	/* all in one group */
};

/* Map page n of the space with these rights, young, and dirty if asked. */
static inline void
space_set(struct space *s, unsigned n, unsigned allow, bool dirty)
{
	unsigned long va = SPACE_BASE + n * PAGE_SIZE;
	pte_t pte = mk_pte(page_to_pfn(s->pages[n]), allow, USER_CACHED);

	set_pte_at(&s->mm.context, va, pte_offset(&s->mm.context, va),
		   dirty ? pte_mkdirty(pte) : pte);
	pte_publish();
}

/* Take page n out; the caller flushes. */
static inline void
space_clear(struct space *s, unsigned n)
{
	unsigned long va = SPACE_BASE + n * PAGE_SIZE;

	set_pte_at(&s->mm.context, va, pte_offset(&s->mm.context, va), (pte_t){ 0 });
}

static inline void
space_close(struct space *s)
{
	unsigned long va;
	unsigned n;
	void *table;

	for (n = 0; n < SPACE_PAGES; n++) {
		va = SPACE_BASE + n * PAGE_SIZE;
		if (pte_offset(&s->mm.context, va) && s->pages[n])
			space_clear(s, n);
	}
	flush_tlb_user_all(&s->mm.context);
	for (n = 0; n < SPACE_PAGES; n++)
		if (s->pages[n])
			free_frame(s->pages[n]);
	table = user_table_remove(&s->mm.context, SPACE_BASE);
	if (table)
		pgtable_free_page(table);
	mm_context_destroy(&s->mm.context);
}

/* n pages, readable and writable, zero but for their number at the start. */
static inline bool
space_open(struct space *s, unsigned n, u32 mark)
{
	void *table;

	*s = (struct space){ .pages = { NULL } };
	spin_lock_init(&s->mm.page_table_lock, LOCK_MM_PGTABLE);
	init_rwsem(&s->mm.mmap_lock);
	atomic_set(&s->mm.mm_users, 1000);	/* it is not freed by mmdrop */
	atomic_set(&s->mm.mm_count, 1000);
	if (mm_context_init(&s->mm.context) != 0)
		return false;
	table = pgtable_alloc_page();
	if (!table || !user_table_install(&s->mm.context, SPACE_BASE, table)) {
		mm_context_destroy(&s->mm.context);
		return false;
	}
	while (n--) {
		s->pages[n] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!s->pages[n]) {
			space_close(s);
			return false;
		}
		*(u32 *)page_address(s->pages[n]) = mark + n;
		space_set(s, n, USER_READ | USER_WRITE, true);
	}
	return true;
}

/* Kernel accesses to user addresses; not instrumented. */
static inline u32
space_load(unsigned long va)
{
	u32 value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(va) : "memory");
	return value;
}

static inline void
space_store(unsigned long va, u32 value)
{
	__asm__ volatile("str %1, [%0]" :: "r"(va), "r"(value) : "memory");
}

/* Enter s; what follows must not sleep. Leave it with what this returned. */
static inline unsigned long
space_enter(struct space *s)
{
	unsigned long flags = local_irq_save();

	switch_mm(&s->mm.context);
	return flags;
}

static inline void
space_leave(unsigned long flags)
{
	switch_mm(NULL);
	local_irq_restore(flags);
}

#endif
