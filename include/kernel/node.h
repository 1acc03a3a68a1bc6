/* SPDX-License-Identifier: MIT */
/*
 * Nodes: named texts that show a figure or a table (meminfo, buddyinfo, ...).
 *
 * One generator for each; the monitor, the oops printer, procfs and the tests
 * all read the same one. A generator takes what locks it needs, briefly, and
 * never prints elsewhere.
 */
#ifndef KERNEL_NODE_H
#define KERNEL_NODE_H

#include <lib/compiler.h>
#include <lib/seq_buf.h>
#include <lib/types.h>

struct node {
	const char *name;		/* as under /proc, such as "meminfo" */
	void (*show)(struct seq_buf *s);
	/* A folder's: show NAME/entry; false if there is no such entry. */
	bool (*show_entry)(struct seq_buf *s, const char *entry);
};

/* Register show as the node called path: NODE("meminfo", meminfo_show); */
#define NODE(path, func) \
	static const struct node node_##func \
	__used __section(".nodes") __aligned(4) = { path, func, NULL }

/* The same for a folder whose entries come and go. */
#define NODE_DIR(path, func, entry_func) \
	static const struct node node_##func \
	__used __section(".nodes") __aligned(4) = { path, func, entry_func }

/* The node called name, or NULL. */
const struct node *node_find(const char *name);
/* Show what path names in a NODE_DIR; false if there is no such. */
bool node_show_entry(const char *path, struct seq_buf *s);
/* Call fn for each node, in order of name. */
void node_for_each(void (*fn)(const struct node *node, void *arg), void *arg);

#endif
