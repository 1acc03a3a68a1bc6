/* SPDX-License-Identifier: MIT */
/*
 * Page tree: from the offset in a file to the page that caches it.
 *
 * Ideas
 *   Radix tree	the index is read six bits at a time, the highest first; each
 *	level is a node with 64 slots. Index 0x1043 = 1:1:3 (digits of six bits):
 *
 *	root (shift 12)    [ . |x| . ... ]	digit 1
 *	                        |
 *	node (shift 6)     [ . |x| . ... ]	digit 1
 *	                        |
 *	leaf (shift 0)     [ . | . | . |P|...]	digit 3: the page
 *
 *   Height	as small as the largest index allows. A file of one page has no
 *	node at all: the root is the entry itself. The root's lowest bit tells
 *	a node (1) from an entry (0); below the root a node's shift tells.
 *
 *	root = P		only index 0
 *	root = node|1		anything else
 *
 *   Readers need no lock: a writer fills a node before it publishes the
 *	pointer to it, and what is taken out is freed after a grace period.
 *	A reader that stands in a node that has left the tree sees what was
 *	there a moment ago; the page cache looks again after it has a reference.
 *   Memory	is the caller's: it brings spare nodes (it asks how many before it
 *	takes the lock again) and takes those that become empty. So an insertion
 *	never allocates under the lock, and the tree knows no allocator.
 *
 *   Tags	marks of entries (dirty, under write-back), one bit for each slot:
 *	a node's bit says that something below has it, so that the marked ones
 *	of a large file are found without looking at the others. The tree's own
 *	bits stand for the root. An entry comes without and leaves with its marks.
 *
 * Invariants (page_tree_check)
 *   T1  count is the number of slots that are not NULL, and never 0.
 *   T2  a child's shift is its parent's less six.
 *   T3  the root has an entry or a child beyond slot 0, or it would be lower.
 *   T4  a slot has a tag when its child has it in any slot; an empty one none.
 *
 * Cost  one load for each six bits of the largest index; a node is 284 bytes,
 *	4.5 bytes a page when files are dense.
 *
 * Sources  Morrison, PATRICIA, JACM 15(4), 1968; Linux's documentation of the
 *	XArray, its page cache's successor of the radix tree.
 */
#include "page_tree.h"

#include <lib/atomic.h>
#include <lib/compiler.h>
#include <lib/errno.h>

#define MAX_LEVELS	6	/* of 32 bits; the top digit has two */

#ifndef VELLUM_HOST
static_assert(sizeof(struct page_tree_node) == 284, "14 nodes in a page");
#endif

static bool
is_node(const void *root)
{
	return (unsigned long)root & 1;
}

static struct page_tree_node *
to_node(const void *root)
{
	return (struct page_tree_node *)((unsigned long)root & ~1ul);
}

static void *
from_node(struct page_tree_node *node)
{
	return (void *)((unsigned long)node | 1);
}

static unsigned
digit(unsigned long index, unsigned shift)
{
	return index >> shift & PAGE_TREE_MASK;
}

/* Does index lie beyond what a root with this shift reaches? */
static bool
beyond(unsigned long index, unsigned shift)
{
	return index >> shift >> PAGE_TREE_BITS != 0;
}

/* Digits that index has, at least one. */
static unsigned
nr_levels(unsigned long index)
{
	unsigned n = 1;

	while (index >>= PAGE_TREE_BITS)
		n++;
	return n;
}

void *
page_tree_lookup(const struct page_tree *tree, unsigned long index)
{
	const struct page_tree_node *node;
	void *slot = READ_ONCE(tree->root);

	if (!is_node(slot))
		return index ? NULL : slot;
	node = to_node(slot);
	if (beyond(index, node->shift))
		return NULL;
	for (;;) {
		slot = READ_ONCE(node->slots[digit(index, node->shift)]);
		if (!node->shift || !slot)
			return slot;
		node = slot;
	}
}

static bool
node_tagged(const struct page_tree_node *node, unsigned k, unsigned tag)
{
	return node->tags[tag][k / 32] >> k % 32 & 1;
}

static void
node_set_tag(struct page_tree_node *node, unsigned k, unsigned tag)
{
	node->tags[tag][k / 32] |= 1u << k % 32;
}

static bool
node_any_tag(const struct page_tree_node *node, unsigned tag)
{
	return node->tags[tag][0] | node->tags[tag][1];
}

/* The first slot from k on that has tag; PAGE_TREE_SLOTS if none has. */
static unsigned
next_tagged(const struct page_tree_node *node, unsigned k, unsigned tag)
{
	while (k < PAGE_TREE_SLOTS) {
		u32 bits = node->tags[tag][k / 32] >> k % 32;

		if (bits)
			return k + (unsigned)__builtin_ctz(bits);
		k = (k / 32 + 1) * 32;
	}
	return k;
}

/* The first slot from k on that is filled; PAGE_TREE_SLOTS if none is. */
static unsigned
next_slot(const struct page_tree_node *node, unsigned k, unsigned tag)
{
	if (tag != PAGE_TREE_ANY)
		return next_tagged(node, k, tag);
	while (k < PAGE_TREE_SLOTS && !node->slots[k])
		k++;
	return k;
}

static void *
find_next(const struct page_tree *tree, unsigned long *index, unsigned tag)
{
	const struct page_tree_node *node, *root;
	unsigned long i = *index;
	unsigned k;

	if (!is_node(tree->root))
		return i ? NULL : tree->root;
	root = to_node(tree->root);
	if (beyond(i, root->shift))
		return NULL;
	node = root;
	for (;;) {
		k = next_slot(node, digit(i, node->shift), tag);
		if (k == PAGE_TREE_SLOTS) {
			if (node == root)
				return NULL;
			/* On with the node behind this one, from the top. */
			i = ((i >> node->shift >> PAGE_TREE_BITS) + 1) <<
			    node->shift << PAGE_TREE_BITS;
			if (!i || beyond(i, root->shift))
				return NULL;
			node = root;
			continue;
		}
		if (k != digit(i, node->shift)) {
			i >>= node->shift;
			i = ((i & ~(unsigned long)PAGE_TREE_MASK) | k) <<
			    node->shift;
		}
		if (!node->shift) {
			*index = i;
			return node->slots[k];
		}
		node = node->slots[k];
	}
}

void *
page_tree_next(const struct page_tree *tree, unsigned long *index)
{
	return find_next(tree, index, PAGE_TREE_ANY);
}

void *
page_tree_next_tagged(const struct page_tree *tree, unsigned long *index,
		      unsigned tag)
{
	return page_tree_tagged(tree, tag) ? find_next(tree, index, tag) :
					     NULL;
}

void
page_tree_set_tag(struct page_tree *tree, unsigned long index, unsigned tag)
{
	struct page_tree_node *node;

	tree->tags |= (u8)(1u << tag);
	if (!is_node(tree->root))
		return;
	for (node = to_node(tree->root); ; ) {
		unsigned k = digit(index, node->shift);

		node_set_tag(node, k, tag);
		if (!node->shift)
			return;
		node = node->slots[k];
	}
}

/* From the leaf up, as long as a node has it nowhere else. */
void
page_tree_clear_tag(struct page_tree *tree, unsigned long index, unsigned tag)
{
	struct page_tree_node *path[MAX_LEVELS], *node;
	unsigned n = 0, k;

	if (!page_tree_tagged(tree, tag))
		return;
	if (is_node(tree->root)) {
		for (node = to_node(tree->root); ; ) {
			path[n++] = node;
			if (!node->shift)
				break;
			node = node->slots[digit(index, node->shift)];
		}
		while (n--) {
			k = digit(index, path[n]->shift);
			path[n]->tags[tag][k / 32] &= ~(1u << k % 32);
			if (node_any_tag(path[n], tag))
				return;
		}
	}
	tree->tags &= (u8)~(1u << tag);
}

bool
page_tree_get_tag(const struct page_tree *tree, unsigned long index,
		  unsigned tag)
{
	unsigned long at = index;

	return page_tree_next_tagged(tree, &at, tag) && at == index;
}

unsigned
page_tree_nodes_needed(const struct page_tree *tree, unsigned long index)
{
	unsigned want = nr_levels(index), have;
	const struct page_tree_node *node;

	if (!is_node(tree->root)) {
		if (!index)
			return 0;
		/* The entry at 0, if any, needs a path of its own. */
		return tree->root ? 2 * want - 1 : want;
	}
	node = to_node(tree->root);
	have = node->shift / PAGE_TREE_BITS + 1;
	if (want > have)
		return want - have + want - 1;
	while (node->shift) {
		const struct page_tree_node *child =
			node->slots[digit(index, node->shift)];

		if (!child)
			return node->shift / PAGE_TREE_BITS;
		node = child;
	}
	return 0;
}

static struct page_tree_node *
take_spare(struct page_tree_node **spare, unsigned shift)
{
	struct page_tree_node *node = *spare;

	*spare = node->next;
	node->shift = (u8)shift;
	return node;
}

static void
fill_slot(struct page_tree_node *node, unsigned k, void *what)
{
	node->count++;
	smp_store_release(&node->slots[k], what);
}

/* Put a node above the root: what was there becomes its slot 0. */
static void
grow(struct page_tree *tree, struct page_tree_node **spare)
{
	void *old = tree->root;
	struct page_tree_node *node =
		take_spare(spare, is_node(old) ? to_node(old)->shift +
			   PAGE_TREE_BITS : 0);

	if (old)
		fill_slot(node, 0, is_node(old) ? (void *)to_node(old) : old);
	for (unsigned tag = 0; tag < NR_PAGE_TREE_TAGS; tag++) {
		if (page_tree_tagged(tree, tag))
			node_set_tag(node, 0, tag);
	}
	smp_store_release(&tree->root, from_node(node));
}

/* An empty tree that reaches index needs no path for an entry at 0. */
static void
make_root(struct page_tree *tree, unsigned long index,
	  struct page_tree_node **spare)
{
	unsigned levels = nr_levels(index);

	if (!tree->root) {
		smp_store_release(&tree->root, from_node(take_spare(spare,
				  (levels - 1) * PAGE_TREE_BITS)));
		return;
	}
	while (!is_node(tree->root) ||
	       beyond(index, to_node(tree->root)->shift))
		grow(tree, spare);
}

int
page_tree_insert(struct page_tree *tree, unsigned long index, void *entry,
		 struct page_tree_node **spare)
{
	struct page_tree_node *node, *child;
	unsigned k;

	if (page_tree_lookup(tree, index))
		return -EEXIST;
	if (!index && !tree->root) {
		smp_store_release(&tree->root, entry);
		return 0;
	}
	make_root(tree, index, spare);
	for (node = to_node(tree->root); node->shift; node = child) {
		k = digit(index, node->shift);
		child = node->slots[k];
		if (!child) {
			child = take_spare(spare,
					   node->shift - PAGE_TREE_BITS);
			fill_slot(node, k, child);
		}
	}
	fill_slot(node, digit(index, 0), entry);
	return 0;
}

void
page_tree_replace(struct page_tree *tree, unsigned long index, void *entry)
{
	struct page_tree_node *node;

	if (!is_node(tree->root)) {
		smp_store_release(&tree->root, entry);
		return;
	}
	for (node = to_node(tree->root); node->shift; )
		node = node->slots[digit(index, node->shift)];
	smp_store_release(&node->slots[digit(index, 0)], entry);
}

static void
set_free(struct page_tree_node *node, struct page_tree_node **freed)
{
	node->next = *freed;
	*freed = node;
}

/* While the root leads to slot 0 only, its child can be the root. */
static void
shrink(struct page_tree *tree, struct page_tree_node **freed)
{
	struct page_tree_node *node;

	while (is_node(tree->root)) {
		node = to_node(tree->root);
		if (node->count != 1 || !node->slots[0])
			return;
		smp_store_release(&tree->root, node->shift ?
				  from_node(node->slots[0]) : node->slots[0]);
		set_free(node, freed);
	}
}

void *
page_tree_delete(struct page_tree *tree, unsigned long index,
		 struct page_tree_node **freed)
{
	struct page_tree_node *path[MAX_LEVELS], *node;
	void *entry = page_tree_lookup(tree, index);
	unsigned n = 0;

	if (!entry)
		return NULL;
	for (unsigned tag = 0; tag < NR_PAGE_TREE_TAGS; tag++)
		page_tree_clear_tag(tree, index, tag);
	if (!is_node(tree->root)) {
		WRITE_ONCE(tree->root, NULL);
		return entry;
	}
	for (node = to_node(tree->root); ; ) {
		path[n++] = node;
		if (!node->shift)
			break;
		node = node->slots[digit(index, node->shift)];
	}
	while (n--) {
		node = path[n];
		WRITE_ONCE(node->slots[digit(index, node->shift)], NULL);
		if (--node->count)
			break;
		if (!n)
			WRITE_ONCE(tree->root, NULL);
		set_free(node, freed);
	}
	shrink(tree, freed);
	return entry;
}

/* T4 of one slot. */
static bool
tags_agree(const struct page_tree_node *node, unsigned k)
{
	const struct page_tree_node *child = node->slots[k];

	for (unsigned tag = 0; tag < NR_PAGE_TREE_TAGS; tag++) {
		bool has = node_tagged(node, k, tag);

		if (!child ? has :
		    node->shift && has != node_any_tag(child, tag))
			return false;
	}
	return true;
}

/* T1, T2, T4 of one node; walks down, at most six levels. */
static bool
check_node(const struct page_tree_node *node, unsigned long *nr)
{
	unsigned k, n = 0;

	for (k = 0; k < PAGE_TREE_SLOTS; k++) {
		const struct page_tree_node *child = node->slots[k];

		if (!tags_agree(node, k))
			return false;
		if (!child)
			continue;
		n++;
		if (!node->shift) {
			++*nr;
			continue;
		}
		if (child->shift + PAGE_TREE_BITS != node->shift ||
		    !check_node(child, nr))
			return false;
	}
	return n && n == node->count;
}

bool
page_tree_check(const struct page_tree *tree, unsigned long *nr)
{
	const struct page_tree_node *root;

	*nr = tree->root ? 1 : 0;
	if (!is_node(tree->root))
		return tree->root || !tree->tags;
	root = to_node(tree->root);
	*nr = 0;
	for (unsigned tag = 0; tag < NR_PAGE_TREE_TAGS; tag++) {
		if (page_tree_tagged(tree, tag) != node_any_tag(root, tag))
			return false;
	}
	return root->shift / PAGE_TREE_BITS < MAX_LEVELS &&
	       check_node(root, nr) && !(root->count == 1 && root->slots[0]);
}
