/* SPDX-License-Identifier: MIT */
/*
 * What /proc shows of the kernel: the tables of nodes, of knobs and of binary
 * files, as one tree of names.
 *
 * A node called "sys/kernel/slab" is a file in folders that exist for its sake.
 * The tree is made once, at start, from tables that never change; a folder whose
 * entries come and go (NODE_DIR) is a leaf here, and asks its node.
 */
#include <kernel/init.h>
#include <kernel/panic.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/slab.h>

#include "procfs.h"

extern const struct sysctl __sysctls_start[], __sysctls_end[];
extern const struct proc_binary __proc_binaries_start[], __proc_binaries_end[];

struct proc_entry proc_root = { .name = "", .is_folder = true };

struct proc_entry *
proc_child(struct proc_entry *dir, const char *name, size_t len)
{
	struct proc_entry *e;

	for (e = dir->children; e; e = e->next) {
		if (strlen(e->name) == len && !memcmp(e->name, name, len))
			return e;
	}
	return NULL;
}

/* In order of name, so that a listing is. */
static void
insert_child(struct proc_entry *dir, struct proc_entry *child)
{
	struct proc_entry **link = &dir->children;

	while (*link && strcmp((*link)->name, child->name) < 0)
		link = &(*link)->next;
	child->next = *link;
	*link = child;
}

static struct proc_entry *
make_child(struct proc_entry *dir, const char *name, size_t len)
{
	struct proc_entry *e = kzalloc(sizeof(*e) + len + 1, GFP_KERNEL);

	if (!e)
		panic("proc: no memory for its names");
	memcpy(e + 1, name, len);
	e->name = (const char *)(e + 1);
	insert_child(dir, e);
	return e;
}

/* The entry at path, made with the folders that lead to it. */
static struct proc_entry *
make_path(struct proc_entry *at, const char *path)
{
	const char *slash;
	struct proc_entry *e;
	size_t len;

	for (;;) {
		slash = strchr(path, '/');
		len = slash ? (size_t)(slash - path) : strlen(path);
		e = proc_child(at, path, len);
		if (!e)
			e = make_child(at, path, len);
		if (!slash)
			return e;
		e->is_folder = true;
		at = e;
		path = slash + 1;
	}
}

static void
add_node(const struct node *node, void *arg)
{
	struct proc_entry *e = make_path(arg, node->name);

	e->node = node;
	e->is_folder |= node->show_entry != NULL;
}

static int __init
proc_tree_init(void)
{
	const struct proc_binary *b;
	const struct sysctl *s;
	struct proc_entry *sys;

	node_for_each(add_node, &proc_root);
	sys = make_path(&proc_root, "sys");
	sys->is_folder = true;
	for (s = __sysctls_start; s < __sysctls_end; s++)
		make_path(sys, s->name)->sysctl = s;
	for (b = __proc_binaries_start; b < __proc_binaries_end; b++)
		make_path(&proc_root, b->name)->binary = b;
	return 0;
}
early_initcall(proc_tree_init);

/* --- knobs ------------------------------------------------------------------------- */

/* A decimal number with a sign, the whole text. */
static int
parse_int(const char *text, int *value)
{
	bool minus = *text == '-';
	unsigned long n;
	int err = kstrtoul(text + minus, 10, &n);

	if (err || n > 0x7fffffff)
		return -EINVAL;
	*value = minus ? -(int)n : (int)n;
	return 0;
}

void
sysctl_show(struct seq_buf *s, const struct sysctl *knob)
{
	if (knob->show)
		knob->show(s);
	else
		seq_printf(s, "%d\n", READ_ONCE(*knob->value));
}

int
sysctl_store(const struct sysctl *knob, const char *text)
{
	int value, err;

	if (knob->store)
		return knob->store(text);
	if (!knob->value)
		return -EACCES;
	err = parse_int(text, &value);
	if (err || value < knob->min || value > knob->max)
		return -EINVAL;
	WRITE_ONCE(*knob->value, value);
	return 0;
}
