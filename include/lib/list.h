/* SPDX-License-Identifier: MIT */
/*
 * Circular doubly linked list, the node embedded in the object.
 *
 * An empty list is a head that points at itself, so that insertion and
 * removal have no special case. After list_del() both pointers of the node
 * hold poison, so that a second list_del() or a walk through a removed node
 * faults at a recognisable address instead of damaging the list.
 *
 *	head <-> a <-> b <-> c <-> head
 *
 * Locks  none here: the lock of the list's owner.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <lib/compiler.h>
#include <lib/types.h>

#define LIST_POISON1	((struct list_head *)0x00000100)
#define LIST_POISON2	((struct list_head *)0x00000122)

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void
INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool
list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

static inline void
list_insert_between(struct list_head *node, struct list_head *prev,
		    struct list_head *next)
{
	next->prev = node;
	node->next = next;
	node->prev = prev;
	WRITE_ONCE(prev->next, node);
}

/* Insert at the front. */
static inline void
list_add(struct list_head *node, struct list_head *head)
{
	list_insert_between(node, head, head->next);
}

/* Insert at the back. */
static inline void
list_add_tail(struct list_head *node, struct list_head *head)
{
	list_insert_between(node, head->prev, head);
}

static inline void
list_unlink(struct list_head *node)
{
	node->next->prev = node->prev;
	WRITE_ONCE(node->prev->next, node->next);
}

static inline void
list_del(struct list_head *node)
{
	list_unlink(node);
	node->next = LIST_POISON1;
	node->prev = LIST_POISON2;
}

static inline void
list_del_init(struct list_head *node)
{
	list_unlink(node);
	INIT_LIST_HEAD(node);
}

static inline void
list_move(struct list_head *node, struct list_head *head)
{
	list_unlink(node);
	list_add(node, head);
}

static inline void
list_move_tail(struct list_head *node, struct list_head *head)
{
	list_unlink(node);
	list_add_tail(node, head);
}

/* Move all of from to the front of head; from is empty afterwards. */
static inline void
list_splice_init(struct list_head *from, struct list_head *head)
{
	struct list_head *first = from->next, *last = from->prev;

	if (list_empty(from))
		return;
	first->prev = head;
	last->next = head->next;
	head->next->prev = last;
	head->next = first;
	INIT_LIST_HEAD(from);
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_first_entry(h, type, member) list_entry((h)->next, type, member)
#define list_last_entry(h, type, member)  list_entry((h)->prev, type, member)
/*
 * The node in the entry p, by arithmetic: at the end of a list p is the head
 * seen as an entry, whose members must not be touched.
 */
#define list_node_of(p, member) \
	((struct list_head *)((char *)(p) + \
			      offsetof(__typeof__(*(p)), member)))
#define list_next_entry(p, member) \
	list_entry(list_node_of(p, member)->next, __typeof__(*(p)), member)

#define list_for_each(p, head) \
	for ((p) = (head)->next; (p) != (head); (p) = (p)->next)
#define list_for_each_entry(p, head, member) \
	for ((p) = list_first_entry(head, __typeof__(*(p)), member); \
	     list_node_of(p, member) != (head); \
	     (p) = list_next_entry(p, member))
/* The current entry may be removed; n is scratch. */
#define list_for_each_entry_safe(p, n, head, member) \
	for ((p) = list_first_entry(head, __typeof__(*(p)), member), \
	     (n) = list_next_entry(p, member); \
	     list_node_of(p, member) != (head); \
	     (p) = (n), (n) = list_next_entry(n, member))

#endif
