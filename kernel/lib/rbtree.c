/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees: binary search trees that stay shallow.
 *
 * Ideas
 *   Each node is red or black. Two rules keep the longest way down at most
 *   twice the shortest: a red node has no red child, and every way from the
 *   root to an empty place passes the same number of black nodes.
 *   A rotation changes who is above whom and keeps the order:
 *
 *	      p			      c
 *	    /   \    rotate up c    /   \
 *	   c     3   ---------->   1     p
 *	  / \			        / \
 *	 1   2			       2   3
 *
 *   Left and right are mirror images. A side is a number, the other one is
 *   !side, child_link() finds the child there, and each case is written once.
 *
 *   Augmented trees: a node that comes or goes changes the values above it,
 *   from the lowest up to the first that stays as it was; a rotation those of
 *   the two nodes that it turns, lower one first. What is above a rotation
 *   sees the same set below it as before.
 *
 * Invariants (rb_verify)
 *   T1  A child's parent is the node whose child it is.
 *   T2  The root is black, and a red node has no red child.
 *   T3  All ways down have the same number of black nodes.
 *   T4  In-order neighbours are in order (when less is given).
 *
 * Locks   the owner's.
 * Cost    at most 2 rotations to insert, 3 to erase; the rest is recolouring
 *   and, augmented, an update for each level whose value changes.
 * Sources Guibas and Sedgewick, FOCS 1978; Cormen et al., chapter 13.
 */
#include <lib/rbtree.h>

enum { LEFT, RIGHT };

static struct rb_node **
child_link(struct rb_node *node, int side)
{
	return side == LEFT ? &node->left : &node->right;
}

static struct rb_node *
child_of(const struct rb_node *node, int side)
{
	return side == LEFT ? node->left : node->right;
}

static void
set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->parent_color = (unsigned long)parent | (node->parent_color & 1);
}

static void
set_black(struct rb_node *node)
{
	node->parent_color |= 1;
}

static void
set_red(struct rb_node *node)
{
	node->parent_color &= ~1UL;
}

/* On which side of parent does node hang? */
static int
side_of(const struct rb_node *node, const struct rb_node *parent)
{
	return parent->right == node;
}

/* Make next what parent (NULL: the root) points at instead of node. */
static void
change_child(struct rb_node *parent, struct rb_node *node,
	     struct rb_node *next, struct rb_root *root)
{
	if (parent)
		*child_link(parent, side_of(node, parent)) = next;
	else
		root->node = next;
}

/* The child of p on that side takes its place. Colours stay with the nodes. */
static void
rotate_up(struct rb_node *p, int side, struct rb_root *root,
	  rb_update_t update)
{
	struct rb_node *c = child_of(p, side);
	struct rb_node *inner = child_of(c, !side);

	change_child(rb_parent(p), p, c, root);
	set_parent(c, rb_parent(p));
	*child_link(p, side) = inner;
	if (inner)
		set_parent(inner, p);
	*child_link(c, !side) = p;
	set_parent(p, c);
	if (update) {
		update(p);
		update(c);
	}
}

/*
 * node is red; its parent may be too. While the uncle is red as well, both
 * turn black, the grandparent red, and the trouble moves up two levels.
 */
void
rb_insert_augmented(struct rb_node *node, struct rb_root *root,
		    rb_update_t update)
{
	struct rb_node *parent, *grand, *uncle;
	int side;

	while (rb_is_red(parent = rb_parent(node))) {
		grand = rb_parent(parent);	/* there: the root is black */
		side = side_of(parent, grand);
		uncle = child_of(grand, !side);
		if (rb_is_red(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			node = grand;
			continue;
		}
		if (side_of(node, parent) != side) {
			rotate_up(parent, !side, root, update);
			parent = node;
		}
		set_black(parent);
		set_red(grand);
		rotate_up(grand, side, root, update);
		break;
	}
	set_black(root->node);
}

void
rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	rb_insert_augmented(node, root, NULL);
}

/*
 * The ways through parent on that side lack one black node. A black sibling
 * with a red child gives one by rotation; one without turns red, and the
 * lack moves up; a red sibling is first rotated up, so that it is black.
 */
static void
erase_rebalance(struct rb_node *parent, int side, struct rb_root *root,
		rb_update_t update)
{
	struct rb_node *node, *sibling;

	while (parent) {
		sibling = child_of(parent, !side);
		if (rb_is_red(sibling)) {
			set_black(sibling);
			set_red(parent);
			rotate_up(parent, !side, root, update);
			sibling = child_of(parent, !side);
		}
		if (rb_is_red(sibling->left) ||
		    rb_is_red(sibling->right))
			break;
		set_red(sibling);
		if (rb_is_red(parent)) {
			set_black(parent);
			return;
		}
		node = parent;
		parent = rb_parent(node);
		if (parent)
			side = side_of(node, parent);
	}
	if (!parent)
		return;
	if (!rb_is_red(child_of(sibling, !side))) {
		set_black(child_of(sibling, side));
		set_red(sibling);
		rotate_up(sibling, side, root, update);
		sibling = child_of(parent, !side);
	}
	if (rb_is_red(parent))
		set_red(sibling);
	else
		set_black(sibling);
	set_black(parent);
	set_black(child_of(sibling, !side));
	rotate_up(parent, !side, root, update);
}

/* Put next into the place of node: links, colour, children. */
static void
take_place(struct rb_node *node, struct rb_node *next, struct rb_root *root)
{
	int side;

	change_child(rb_parent(node), node, next, root);
	*next = *node;
	for (side = LEFT; side <= RIGHT; side++) {
		if (child_of(next, side))
			set_parent(child_of(next, side), next);
	}
}

void
rb_replace_node(struct rb_node *node, struct rb_node *next,
		struct rb_root *root)
{
	take_place(node, next, root);
}

/*
 * Something below node has gone: update from there up. moved (or NULL) stands
 * there in another's place, so that its value is wrong whatever lies below.
 */
static void
update_above(struct rb_node *node, const struct rb_node *moved,
	     rb_update_t update)
{
	for (; node && (update(node) || moved); node = rb_parent(node)) {
		if (node == moved)
			moved = NULL;
	}
}

/*
 * A node with two children changes places with its successor, which has no
 * left child; so what is unlinked has one child at most. If that was black,
 * the ways through it now lack a black node, unless a red child turns black.
 */
void
rb_erase_augmented(struct rb_node *node, struct rb_root *root,
		   rb_update_t update)
{
	struct rb_node *out = node, *child, *parent;
	bool was_red;
	int side = LEFT;

	if (node->left && node->right)
		out = rb_next(node);
	child = out->left ? out->left : out->right;
	parent = rb_parent(out);
	was_red = rb_is_red(out);
	if (parent)
		side = side_of(out, parent);
	change_child(parent, out, child, root);
	if (child)
		set_parent(child, parent);
	if (out != node) {
		take_place(node, out, root);
		if (parent == node)
			parent = out;
	}
	if (update)
		update_above(parent, out != node ? out : NULL, update);
	if (rb_is_red(child))
		set_black(child);
	else if (!was_red)
		erase_rebalance(parent, side, root, update);
}

void
rb_erase(struct rb_node *node, struct rb_root *root)
{
	rb_erase_augmented(node, root, NULL);
}

/* The outermost node below node on that side. */
static struct rb_node *
outermost(struct rb_node *node, int side)
{
	while (node && child_of(node, side))
		node = child_of(node, side);
	return node;
}

struct rb_node *
rb_first(const struct rb_root *root)
{
	return outermost(root->node, LEFT);
}

struct rb_node *
rb_last(const struct rb_root *root)
{
	return outermost(root->node, RIGHT);
}

/* The neighbour on that side: below if there is something, else above. */
static struct rb_node *
neighbour(const struct rb_node *node, int side)
{
	const struct rb_node *parent;

	if (child_of(node, side))
		return outermost(child_of(node, side), !side);
	while ((parent = rb_parent(node)) && side_of(node, parent) == side)
		node = parent;
	return (struct rb_node *)parent;
}

struct rb_node *
rb_next(const struct rb_node *node)
{
	return neighbour(node, RIGHT);
}

struct rb_node *
rb_prev(const struct rb_node *node)
{
	return neighbour(node, LEFT);
}

/* T1 and T2 for one node. */
static bool
verify_node(const struct rb_node *node, const struct rb_root *root)
{
	const struct rb_node *parent = rb_parent(node);
	int side;

	if (!parent && (root->node != node || rb_is_red(node)))
		return false;
	for (side = LEFT; side <= RIGHT; side++) {
		const struct rb_node *child = child_of(node, side);

		if (child && rb_parent(child) != node)
			return false;
		if (rb_is_red(node) && rb_is_red(child))
			return false;
	}
	return true;
}

/* Black nodes from node up to the root. */
static int
black_height(const struct rb_node *node)
{
	int n = 0;

	for (; node; node = rb_parent(node))
		n += !rb_is_red(node);
	return n;
}

bool
rb_verify(const struct rb_root *root,
	  bool (*less)(const struct rb_node *a, const struct rb_node *b))
{
	const struct rb_node *node, *next;
	int height = -1;

	for (node = rb_first(root); node; node = next) {
		next = rb_next(node);
		if (!verify_node(node, root))
			return false;
		if (less && next && less(next, node))
			return false;
		if (node->left && node->right)
			continue;
		if (height < 0)
			height = black_height(node);
		if (black_height(node) != height)
			return false;
	}
	return true;
}
