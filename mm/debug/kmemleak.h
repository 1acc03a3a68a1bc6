/* SPDX-License-Identifier: MIT */
/* The parts of kmemleak to each other: objects, scan, report. */
#ifndef MM_DEBUG_KMEMLEAK_H
#define MM_DEBUG_KMEMLEAK_H

#include <kernel/lock.h>
#include <kernel/mutex.h>
#include <kernel/task.h>
#include <lib/list.h>
#include <lib/rbtree.h>
#include <mm/kmemleak.h>

#define LEAK_NO_SCAN	0x01u	/* holds no pointers that count */
#define LEAK_SUSPECT	0x02u	/* was unreachable in the last scan */
#define LEAK_REPORTED	0x04u
#define LEAK_OLD	0x08u	/* of before a late start: always grey */
#define LEAK_PERCPU	0x10u	/* in the tree of per-CPU objects */

/* Everything about one object. kmemleak_lock guards all fields. */
struct leak_object {
	struct rb_node node;	/* in its tree, by start */
	struct list_head list;	/* leak.grey, leak.white, or empty */
	unsigned long start, size;
	unsigned long born;	/* jiffies */
	u32 stack;		/* number in the depot */
	union {
		u32 crc;	/* of a suspect's contents, when it became one */
		u32 seen_at;	/* else: where the last pointer needed was */
	};
	s16 min_count;		/* pointers it needs; GREY, BLACK */
	u16 count;		/* pointers found, up to min_count */
	u16 flags;
	s16 pid;
	char comm[TASK_NAME_LEN];
};

static_assert(sizeof(struct leak_object) == 64, "64 in a page, less one");

enum leak_tree { LEAK_TREE_LINEAR, LEAK_TREE_PERCPU, NR_LEAK_TREES };

struct leak_index {
	struct rb_root root;
	unsigned long low, high;	/* every object lies in [low, high) */
};

/* All guarded by kmemleak_lock. */
struct leak_state {
	struct leak_index tree[NR_LEAK_TREES];
	struct list_head grey;		/* reachable, not yet searched */
	struct list_head white;		/* may be suspects */
	struct leak_object *searched;	/* now; NULL when it was freed */
	struct leak_object *unused;	/* by node.left */
	struct leak_page *pages;
	unsigned long nr_pages, nr_objects, nr_unused;
	unsigned long nr_suspects, nr_reported;
	unsigned long nr_scans;
	bool out_of_memory, since_boot;
};

extern spinlock_t kmemleak_lock;
extern struct mutex kmemleak_mutex;	/* scan, start and stop */
extern struct leak_state leak;

/* The object of a tree that holds addr, or NULL. Context: kmemleak_lock. */
struct leak_object *leak_find(enum leak_tree tree, unsigned long addr);
/* The first object at or above addr, or NULL. Context: kmemleak_lock. */
struct leak_object *leak_next(enum leak_tree tree, unsigned long addr);
/*
 * Call fn for each object, some at a time under kmemleak_lock, with pauses
 * between. Objects that come meanwhile may be missed. May sleep.
 */
void leak_for_each(void (*fn)(struct leak_object *object));

static inline bool
leak_is_white(const struct leak_object *object)
{
	return object->count < object->min_count;
}

#endif
