/* SPDX-License-Identifier: MIT */
/* Radix tree of pages by index. See page_tree.c. */
#ifndef MM_PAGE_TREE_H
#define MM_PAGE_TREE_H

#include <kernel/rcu.h>
#include <lib/atomic.h>
#include <lib/types.h>
#include <mm/pagecache.h>

#define PAGE_TREE_BITS	6
#define PAGE_TREE_SLOTS	(1u << PAGE_TREE_BITS)
#define PAGE_TREE_MASK	(PAGE_TREE_SLOTS - 1)

/* Marks of an entry, kept beside it: a node says which of its slots have one. */
#define PAGE_TREE_DIRTY		0u
#define PAGE_TREE_WRITEBACK	1u
#define NR_PAGE_TREE_TAGS	2u
#define PAGE_TREE_ANY		NR_PAGE_TREE_TAGS	/* no mark is asked for */

/*
 * An entry is a pointer, at least to a word of its own, or a value: any number
 * whose two lowest bits are 0, marked by bit 1. (Bit 0 is the root's.)
 */
static inline bool
page_tree_is_value(const void *entry)
{
	return (unsigned long)entry & 2;
}

static inline void *
page_tree_value(u32 value)
{
	return (void *)((unsigned long)value | 2);
}

static inline u32
page_tree_to_value(const void *entry)
{
	return (u32)(unsigned long)entry & ~2u;
}

struct page_tree_node {
	u8 shift;		/* of the index, for the digit of this level */
	u8 count;		/* slots that are not NULL */
	union {
		struct page_tree_node *next;	/* in a list of spare ones */
		struct rcu_head rcu;		/* on its way out */
	};
	u32 tags[NR_PAGE_TREE_TAGS][PAGE_TREE_SLOTS / 32];
	void *slots[PAGE_TREE_SLOTS];	/* nodes; entries where shift is 0 */
};

/* Context: under the tree's lock, or inside rcu_read_lock(). */
void *page_tree_lookup(const struct page_tree *tree, unsigned long index);

/* Context of the rest: under the tree's lock. */

/* The entry with the smallest index >= *index, which becomes its; or NULL. */
void *page_tree_next(const struct page_tree *tree, unsigned long *index);
/* The same of those that have tag. */
void *page_tree_next_tagged(const struct page_tree *tree,
			    unsigned long *index, unsigned tag);
/* Mark the entry at index, which is there; take the mark away. */
void page_tree_set_tag(struct page_tree *tree, unsigned long index,
		       unsigned tag);
void page_tree_clear_tag(struct page_tree *tree, unsigned long index,
			 unsigned tag);
bool page_tree_get_tag(const struct page_tree *tree, unsigned long index,
		       unsigned tag);

/* Has any entry of the tree the mark? Context: any; a hint without the lock. */
static inline bool
page_tree_tagged(const struct page_tree *tree, unsigned tag)
{
	return READ_ONCE(tree->tags) & 1u << tag;
}

/* How many nodes page_tree_insert() would take. */
unsigned page_tree_nodes_needed(const struct page_tree *tree,
				unsigned long index);
/* Taken from the list *spare, zeroed ones. 0, or -EEXIST. */
int page_tree_insert(struct page_tree *tree, unsigned long index, void *entry,
		     struct page_tree_node **spare);
/* Another entry stands at index, where one is. Its tags are as they were. */
void page_tree_replace(struct page_tree *tree, unsigned long index,
		       void *entry);
/* The entry that was there, or NULL; nodes it leaves empty go to *freed. */
void *page_tree_delete(struct page_tree *tree, unsigned long index,
		       struct page_tree_node **freed);
/* Rules T1-T4; false when one is broken. *nr: entries found. */
bool page_tree_check(const struct page_tree *tree, unsigned long *nr);

#endif
