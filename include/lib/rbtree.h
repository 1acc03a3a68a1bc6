/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees, the node embedded in the object. See kernel/lib/rbtree.c.
 *
 * The user searches and compares by itself and links the new node:
 *
 *	struct rb_node **link = &root->node, *parent = NULL;
 *
 *	while (*link) {
 *		parent = *link;
 *		if (key < rb_entry(parent, ...)->key)
 *			link = &parent->left;
 *		else
 *			link = &parent->right;
 *	}
 *	rb_link_node(&new->node, parent, link);
 *	rb_insert_color(&new->node, root);
 *
 * An augmented tree keeps in each node a value computed from its subtree,
 * such as the largest gap below it. Its update() computes the value of one
 * node from the node and its children, and says whether it changed.
 */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include <lib/compiler.h>
#include <lib/types.h>

struct rb_node {
	unsigned long parent_color;	/* parent; bit 0: this node is black */
	struct rb_node *left, *right;
};

struct rb_root {
	struct rb_node *node;		/* NULL: empty */
};

typedef bool (*rb_update_t)(struct rb_node *node);

#define RB_ROOT			((struct rb_root){ NULL })
#define rb_entry(p, type, member)	container_of(p, type, member)

static inline struct rb_node *
rb_parent(const struct rb_node *node)
{
	return (struct rb_node *)(node->parent_color & ~1UL);
}

static inline bool
rb_is_red(const struct rb_node *node)
{
	return node && !(node->parent_color & 1);
}

/* Hang node, which is nobody's yet, red, at the empty *link of parent. */
static inline void
rb_link_node(struct rb_node *node, struct rb_node *parent,
	     struct rb_node **link)
{
	node->parent_color = (unsigned long)parent;
	node->left = NULL;
	node->right = NULL;
	*link = node;
}

/* Balance after rb_link_node(). */
void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);

/*
 * The same in an augmented tree. Who inserts has brought the values up to date
 * from the new node on, before (rb_link_node(), rb_update_path()); to erase,
 * all are right before, and afterwards.
 */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 rb_update_t update);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			rb_update_t update);

/*
 * What the value of node (or NULL) is computed from has changed: update it and
 * those above, up to the first that stays as it was. In line, and update with
 * it: this is what an augmented tree spends its time on.
 */
static __always_inline void
rb_update_path(struct rb_node *node, rb_update_t update)
{
	while (node && update(node))
		node = rb_parent(node);
}

/* Put next at the place of node, which leaves the tree. Keys are equal. */
void rb_replace_node(struct rb_node *node, struct rb_node *next,
		     struct rb_root *root);

/* In order; NULL at either end. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/*
 * Are links and colours right? Constant space; walks the whole tree and
 * compares neighbours by less() unless that is NULL.
 */
bool rb_verify(const struct rb_root *root,
	       bool (*less)(const struct rb_node *a, const struct rb_node *b));

#endif
