/* SPDX-License-Identifier: MIT */
/*
 * Free ranges of an address space, in a tree that knows its largest gaps.
 * Pure: no lock, no memory of its own. See vrange.c.
 */
#ifndef MM_KMEM_VRANGE_H
#define MM_KMEM_VRANGE_H

#include <lib/rbtree.h>
#include <lib/types.h>

struct verify;

struct vrange {
	struct rb_node node;
	unsigned long start, end;	/* page aligned, half open */
	unsigned long largest;		/* size of the largest in the subtree */
};

struct vrange_space {
	struct rb_root root;
	unsigned long free;		/* bytes in all ranges */
};

/*
 * Take size bytes at a multiple of align (both page aligned; align a power of
 * two) out of the space, as low as possible. Cutting a range in the middle
 * needs a second node: *spare is used and set to NULL. A node that is no
 * longer needed is left in *unused.
 * Returns true and *start; false when there is no room, or the cut needs a
 * spare and there is none.
 */
bool vrange_take(struct vrange_space *space, unsigned long size,
		 unsigned long align, unsigned long *start,
		 struct vrange **spare, struct vrange **unused);

/*
 * Put [start, end) back, merged with its neighbours, using node. Nodes that
 * are no longer needed are left in unused[2]. The range must not be free.
 */
void vrange_put(struct vrange_space *space, unsigned long start,
		unsigned long end, struct vrange *node,
		struct vrange *unused[2]);

/* Sorted, disjoint, merged, sums and largest right? Says each fault. */
void vrange_verify(const struct vrange_space *space, struct verify *v);

#endif
