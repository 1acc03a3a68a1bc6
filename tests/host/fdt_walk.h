/* SPDX-License-Identifier: MIT */
/* Asks a tree everything that can be asked, for fuzzing and damage tests. */
#ifndef HOST_FDT_WALK_H
#define HOST_FDT_WALK_H

#include <lib/fdt.h>

/* Returns a sum over all bytes handed out, so that each is read. */
static inline unsigned
fdt_walk_property(const struct fdt *f, int node, const struct fdt_property *p)
{
	struct fdt_cells cells = fdt_child_cells(f, node);
	unsigned sum = 0;
	const char *c;
	u64 a, b;
	u32 i;

	for (c = p->name; *c; c++)
		sum += (unsigned char)*c;
	for (i = 0; i < p->len; i++)
		sum += p->data[i];
	for (i = 0; fdt_reg_entry(p, cells, i, &a, &b) == 0; i++)
		sum += (unsigned)(a + b);
	if (fdt_get_u32(f, node, p->name, 0, &i))
		sum += i;
	if (fdt_get_number(f, node, p->name, &a))
		sum += (unsigned)a;
	for (c = fdt_get_string(f, node, p->name); c && *c; c++)
		sum += (unsigned char)*c;
	return sum;
}

static inline unsigned
fdt_walk_everything(const struct fdt *f)
{
	struct fdt_property p;
	unsigned sum = 0, nr_nodes = 0;
	int node, depth = 0, child;
	u64 a, b;
	u32 i;

	for (i = 0; fdt_reserve(f, i, &a, &b); i++)
		sum += (unsigned)(a + b);
	for (node = fdt_root(f); node >= 0;
	     node = fdt_next_node(f, node, &depth)) {
		bool more = fdt_first_property(f, node, &p);

		for (; more; more = fdt_next_property(f, &p))
			sum += fdt_walk_property(f, node, &p);
		if (nr_nodes++ > 200)
			continue;	/* what follows is quadratic */
		fdt_for_each_child(f, child, node)
			sum += (unsigned char)fdt_node_name(f, child)[0];
		sum += (unsigned)fdt_parent(f, node);
		sum += fdt_is_compatible(f, node, "arm,pl011");
		sum += fdt_is_enabled(f, node);
	}
	sum += (unsigned)fdt_find_path(f, "/chosen/x");
	sum += (unsigned)fdt_find_compatible(f, -1, "arm,primecell");
	return sum;
}

#endif
