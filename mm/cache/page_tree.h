/* SPDX-License-Identifier: MIT */
/* Radix tree of pages by index. See page_tree.c. */
#ifndef MM_PAGE_TREE_H
#define MM_PAGE_TREE_H

#include <kernel/rcu.h>
#include <lib/types.h>
#include <mm/pagecache.h>

#define PAGE_TREE_BITS	6
#define PAGE_TREE_SLOTS	(1u << PAGE_TREE_BITS)
#define PAGE_TREE_MASK	(PAGE_TREE_SLOTS - 1)

struct page_tree_node {
	u8 shift;		/* of the index, for the digit of this level */
	u8 count;		/* slots that are not NULL */
	union {
		struct page_tree_node *next;	/* in a list of spare ones */
		struct rcu_head rcu;		/* on its way out */
	};
	void *slots[PAGE_TREE_SLOTS];	/* nodes; entries where shift is 0 */
};

/* Context: under the tree's lock, or inside rcu_read_lock(). */
void *page_tree_lookup(const struct page_tree *tree, unsigned long index);

/* Context of the rest: under the tree's lock. */

/* The entry with the smallest index >= *index, which becomes its; or NULL. */
void *page_tree_next(const struct page_tree *tree, unsigned long *index);
/* How many nodes page_tree_insert() would take. */
unsigned page_tree_nodes_needed(const struct page_tree *tree,
				unsigned long index);
/* Taken from the list *spare, zeroed ones. 0, or -EEXIST. */
int page_tree_insert(struct page_tree *tree, unsigned long index, void *entry,
		     struct page_tree_node **spare);
/* The entry that was there, or NULL; nodes it leaves empty go to *freed. */
void *page_tree_delete(struct page_tree *tree, unsigned long index,
		       struct page_tree_node **freed);
/* Rules T1-T3; false when one is broken. *nr: entries found. */
bool page_tree_check(const struct page_tree *tree, unsigned long *nr);

#endif
