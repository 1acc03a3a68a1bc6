/* SPDX-License-Identifier: MIT */
/* Red-black tree, the node embedded in the object: Linux's interface. */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include <lib/compiler.h>
#include <lib/types.h>

struct rb_node {
	unsigned long parent_color;	/* parent, and colour in bit 0 */
	struct rb_node *left, *right;
};

struct rb_root {
	struct rb_node *node;
};

#define RB_ROOT		(struct rb_root){ NULL }
#define rb_entry(p, type, member)	container_of(p, type, member)

void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);

static inline void
rb_link_node(struct rb_node *node, struct rb_node *parent,
	     struct rb_node **link)
{
	node->parent_color = (unsigned long)parent;
	node->left = NULL;
	node->right = NULL;
	*link = node;
}

#endif
