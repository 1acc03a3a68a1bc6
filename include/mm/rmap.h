/* SPDX-License-Identifier: MIT */
/*
 * Reverse mapping: from a page to the translations that lead to it.
 * See mm/as/rmap.c (walking) and mm/as/anon_vma.c (families of spaces).
 */
#ifndef MM_RMAP_H
#define MM_RMAP_H

#include <asm/pte.h>
#include <kernel/rwsem.h>
#include <lib/atomic.h>
#include <lib/list.h>
#include <lib/types.h>

struct mm_struct;
struct page;
struct verify;
struct vm_area_struct;

/*
 * A space as its anonymous pages know it. They may outlive the space: what a
 * child inherited points here when the parent is gone.
 * Fields: r: the root's rwsem, writing; -: constant while it is of a family.
 */
struct anon_vma {
	struct anon_vma *root;		/* -  the first of the family; itself */
	struct anon_vma *parent;	/* -  NULL: it is the root */
	struct list_head children;	/* r  forked from it, oldest first */
	struct list_head sibling;	/* r  in parent->children */
	struct mm_struct *mm;		/* r  NULL: it has ended */
	atomic_t refcount;		/*    of a root: members and walkers */
	struct rw_semaphore rwsem;	/*    of a root: guards the family */
};

/* --- anon_vma.c --- */

void anon_vma_init_cache(void);		/* boot, once */
/* Of mm, a child of parent, whose space is alive; parent NULL: the first of a
 * new family. Context: may sleep. NULL: no memory. */
struct anon_vma *anon_vma_alloc(struct mm_struct *mm, struct anon_vma *parent);
/* The space of av maps nothing any more. Context: may sleep. */
void anon_vma_exit(struct anon_vma *av);
/* Has its space no relatives?  Held: its mmap_lock, so that it gets none. */
static inline bool
anon_vma_alone(const struct anon_vma *av)
{
	return !av->parent && list_empty(&av->children);
}

/* Can a page of `of' be in the space of av?  Held: a member of it is alive. */
bool anon_vma_covers(const struct anon_vma *of, const struct anon_vma *av);
/*
 * The family of page, locked for reading; NULL if no translation of it is
 * left. Held: the page lock. Context: may sleep.
 */
struct anon_vma *page_lock_anon_vma_read(struct page *page);
void page_unlock_anon_vma_read(struct anon_vma *root);
/* The one behind av in the subtree of top, parents before children; or NULL.
 * Held: the root's rwsem. */
struct anon_vma *anon_vma_next(struct anon_vma *av, struct anon_vma *top);

/* --- rmap.c --- */

/* One translation. Held while it is looked at: its space's page_table_lock. */
struct rmap_place {
	struct page *page;
	struct mm_struct *mm;
	struct vm_area_struct *vma;	/* of a file's page; NULL: anonymous */
	unsigned long address;
	pte_t *pte;			/* mapped, and to page */
};

/* True: go on. */
typedef bool (*rmap_fn)(const struct rmap_place *place, void *arg);

/*
 * Call fn for each translation of page, an anonymous page or one of a file.
 * Returns false if fn ended it.
 * Held: the page lock, or nothing changes (verify). Context: may sleep; fn may
 * not.
 */
bool rmap_walk(struct page *page, rmap_fn fn, void *arg);

/*
 * How many translations have been used since the last call; they are old then.
 * *exec: one of them was of a program's text. Held: page lock.
 */
unsigned page_referenced(struct page *page, bool *exec);
/*
 * Take all translations of page out. What was dirty makes the page dirty.
 * An anonymous page is in the swap cache: its entries become swap entries.
 * Held: page lock, a reference. Returns true if none is left.
 */
bool try_to_unmap(struct page *page);
/*
 * All shared translations of a file's page become clean, so that the next
 * write faults. Returns how many were dirty. Held: page lock.
 */
unsigned page_mkclean(struct page *page);

/* Does page say that it is at addr of vma?  For verify. */
bool rmap_leads_to(const struct page *page, struct vm_area_struct *vma,
		   unsigned long addr);
/* Rules R1-R3 of rmap.c for what is not one space's alone. */
void rmap_verify(struct verify *v);
/* R3 of one family member. */
void anon_vma_verify(const struct mm_struct *mm, struct verify *v);

#endif
