/* SPDX-License-Identifier: MIT */
/*
 * Free ranges of addresses: lowest fit in logarithmic time.
 *
 * Ideas
 *   A red-black tree of free ranges in order of address. Each node also knows
 *   the size of the largest range in its subtree, so the search can tell at
 *   every node whether the left side (lower addresses) has a fit:
 *
 *			 [40,48) largest 16
 *			/		  \
 *	    [10,14) largest 4		[60,76) largest 16
 *
 *	take 8: left has at most 4, the node itself has 8: [40,48).
 *
 *   Lowest fit keeps the used part of the space together at its low end, so
 *   the large free ranges stay large.
 *   Alignment beyond a page: a range of size + align - page certainly holds an
 *   aligned piece, so that size is searched for first. If there is none, a
 *   tight fit may still exist, and the ranges are tried in turn.
 *
 * Invariants (vrange_verify)
 *   R1  Ranges are not empty, sorted, disjoint, and no two touch.
 *   R2  largest is the maximum over the subtree.
 *   R3  free is the sum of all sizes.
 * Locks   the caller's.
 * Cost    take and put: O(log n); a tight aligned fit: O(n).
 * Sources Linux's vmalloc has kept such a tree since 5.2 (Rezki, 2019);
 *	   augmented trees: Cormen et al., Introduction to Algorithms, ch. 14.
 */
#include <lib/compiler.h>
#include <mm/verify.h>
#include "vrange.h"

#define PAGE	4096ul

static struct vrange *
entry(struct rb_node *node)
{
	return rb_entry(node, struct vrange, node);
}

static unsigned long
largest(const struct rb_node *node)
{
	return node ? rb_entry(node, struct vrange, node)->largest : 0;
}

/* What largest of this node must be, from it and its children. */
static unsigned long
computed(const struct vrange *r)
{
	unsigned long below = max(largest(r->node.left),
				  largest(r->node.right));

	return max(below, r->end - r->start);
}

static bool
update(struct rb_node *node)
{
	struct vrange *r = entry(node);
	unsigned long value = computed(r);
	bool changed = r->largest != value;

	r->largest = value;
	return changed;
}

static bool
fits(const struct vrange *r, unsigned long size, unsigned long align,
     unsigned long *start)
{
	unsigned long at = ALIGN_UP(r->start, align);

	if (at < r->start || at >= r->end || r->end - at < size)
		return false;
	*start = at;
	return true;
}

/* The lowest range of at least size bytes. */
static struct vrange *
lowest(const struct vrange_space *space, unsigned long size)
{
	struct rb_node *n = space->root.node;

	if (largest(n) < size)
		return NULL;
	for (;;) {
		struct vrange *r = entry(n);

		if (largest(n->left) >= size)
			n = n->left;
		else if (r->end - r->start >= size)
			return r;
		else
			n = n->right;
	}
}

static struct vrange *
find(const struct vrange_space *space, unsigned long size,
     unsigned long align, unsigned long *start)
{
	struct vrange *r = lowest(space, size + (align - PAGE));

	if (r && fits(r, size, align, start))
		return r;
	if (align == PAGE)
		return NULL;
	for (struct rb_node *n = rb_first(&space->root); n; n = rb_next(n)) {
		if (fits(entry(n), size, align, start))
			return entry(n);
	}
	return NULL;
}

static void
insert(struct vrange_space *space, struct vrange *r)
{
	struct rb_node **link = &space->root.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = r->start < entry(parent)->start ? &parent->left :
							 &parent->right;
	}
	r->largest = r->end - r->start;
	rb_link_node(&r->node, parent, link);
	rb_update_path(parent, update);
	rb_insert_augmented(&r->node, &space->root, update);
}

bool
vrange_take(struct vrange_space *space, unsigned long size,
	    unsigned long align, unsigned long *start, struct vrange **spare,
	    struct vrange **unused)
{
	struct vrange *r = find(space, size, align, start), *upper;
	unsigned long end;

	*unused = NULL;
	if (!r)
		return false;
	end = *start + size;
	if (*start == r->start && end == r->end) {
		rb_erase_augmented(&r->node, &space->root, update);
		*unused = r;
	} else if (*start == r->start) {
		r->start = end;
		rb_update_path(&r->node, update);
	} else if (end == r->end) {
		r->end = *start;
		rb_update_path(&r->node, update);
	} else {
		upper = *spare;
		if (!upper)
			return false;
		*spare = NULL;
		upper->start = end;
		upper->end = r->end;
		r->end = *start;
		rb_update_path(&r->node, update);
		insert(space, upper);
	}
	space->free -= size;
	return true;
}

void
vrange_put(struct vrange_space *space, unsigned long start, unsigned long end,
	   struct vrange *node, struct vrange *unused[2])
{
	struct rb_node *n = space->root.node;
	struct vrange *below = NULL, *above = NULL;

	while (n) {
		if (entry(n)->start < start) {
			below = entry(n);
			n = n->right;
		} else {
			above = entry(n);
			n = n->left;
		}
	}
	space->free += end - start;
	unused[0] = unused[1] = NULL;
	if (below && below->end == start) {
		unused[0] = node;
		node = below;
		if (above && above->start == end) {
			end = above->end;
			rb_erase_augmented(&above->node, &space->root, update);
			unused[1] = above;
		}
		node->end = end;
		rb_update_path(&node->node, update);
	} else if (above && above->start == end) {
		unused[0] = node;
		above->start = start;
		rb_update_path(&above->node, update);
	} else {
		node->start = start;
		node->end = end;
		insert(space, node);
	}
}

void
vrange_verify(const struct vrange_space *space, struct verify *v)
{
	unsigned long sum = 0, last = 0;
	bool tree = rb_verify(&space->root, NULL);
	struct rb_node *n;
	struct vrange *r;

	VERIFY(v, tree, "R0", "vrange: the tree is damaged");
	for (n = tree ? rb_first(&space->root) : NULL; n; n = rb_next(n)) {
		r = entry(n);
		VERIFY(v, r->start < r->end && (!last || r->start > last),
		       "R1", "vrange: [%lx, %lx) behind %lx", r->start,
		       r->end, last);
		VERIFY(v, r->largest == computed(r), "R2",
		       "vrange: largest of [%lx, %lx) is %lx, not %lx",
		       r->start, r->end, r->largest, computed(r));
		sum += r->end - r->start;
		last = r->end;
	}
	VERIFY(v, !tree || sum == space->free, "R3",
	       "vrange: %lx bytes free, counted as %lx", sum, space->free);
}
