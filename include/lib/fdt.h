/* SPDX-License-Identifier: MIT */
/*
 * Flattened device tree, version 17, read where it lies. See kernel/lib/fdt.c.
 *
 * fdt_open() checks the whole tree once; after it every node and property
 * found by the other calls is in bounds and every name ends with NUL. A node
 * is named by its offset in the structure block (>= 0); negative is an error.
 */
#ifndef LIB_FDT_H
#define LIB_FDT_H

#include <lib/compiler.h>
#include <lib/types.h>

#define FDT_MAGIC	0xd00dfeedu
#define FDT_MAX_DEPTH	32		/* deeper trees are refused */
#define FDT_MAX_SIZE	0x00200000u	/* bytes; larger ones are refused */

struct fdt {
	const u8 *blob;
	u32 totalsize;
	u32 struct_off, struct_end;	/* from the start of the blob */
	u32 strings_off, strings_end;
	u32 reserve_off;
	u32 nr_reserves;
};

struct fdt_property {
	const char *name;
	const u8 *data;		/* big-endian cells, or text; unaligned */
	u32 len;		/* bytes */
	u32 next;		/* offset behind it */
};

/*
 * Check the tree at blob, of which at most max bytes may be read.
 * Returns 0, -EINVAL when it is no tree, -E2BIG when totalsize exceeds max or
 * FDT_MAX_SIZE, -EILSEQ when what the header points at is damaged.
 */
int fdt_open(struct fdt *f, const void *blob, size_t max);
/* What fdt_open() said, in words. */
const char *fdt_strerror(int error);

/* Entry i of the memory reservation block; false behind the last. */
bool fdt_reserve(const struct fdt *f, u32 i, u64 *addr, u64 *size);

int fdt_root(const struct fdt *f);
/*
 * The node after node in the order of the text, or -ENOENT. *depth (root: 0)
 * is adjusted by the steps down and up. NULL if it is not wanted.
 */
int fdt_next_node(const struct fdt *f, int node, int *depth);
int fdt_first_child(const struct fdt *f, int node);
int fdt_next_sibling(const struct fdt *f, int node);
int fdt_parent(const struct fdt *f, int node);	/* -ENOENT for the root */

#define fdt_for_each_child(f, child, node) \
	for ((child) = fdt_first_child(f, node); (child) >= 0; \
	     (child) = fdt_next_sibling(f, child))

/* Name with unit address, such as "memory@60000000"; "" for the root. */
const char *fdt_node_name(const struct fdt *f, int node);
/*
 * The node of an absolute path such as "/soc/uart@9000". A component without
 * unit address takes the first child of that base name. -ENOENT if none.
 */
int fdt_find_path(const struct fdt *f, const char *path);
/* The first node behind node (-1: from the start) with that compatible. */
int fdt_find_compatible(const struct fdt *f, int node, const char *compatible);
bool fdt_is_compatible(const struct fdt *f, int node, const char *compatible);
/* No status property, or "okay" or "ok". */
bool fdt_is_enabled(const struct fdt *f, int node);

/* The properties of a node: *p from the first, then from the one in *p. */
bool fdt_first_property(const struct fdt *f, int node, struct fdt_property *p);
bool fdt_next_property(const struct fdt *f, struct fdt_property *p);
bool fdt_find_property(const struct fdt *f, int node, const char *name,
		       struct fdt_property *p);
/* A property that is one NUL-terminated text, or NULL. */
const char *fdt_get_string(const struct fdt *f, int node, const char *name);
/* Cell i (32 bits) of a property; false when it is not that long. */
bool fdt_get_u32(const struct fdt *f, int node, const char *name, u32 i,
		 u32 *value);
/* A property of 4 or 8 bytes as a number; false when it is neither. */
bool fdt_get_number(const struct fdt *f, int node, const char *name,
		    u64 *value);

/* How the children of node write addresses: 2 and 1 cells if unsaid. */
struct fdt_cells {
	u32 address, size;
};
struct fdt_cells fdt_child_cells(const struct fdt *f, int node);
/*
 * Pair i of an address list, written with cells. Returns 0, -ENOENT behind
 * the last pair, -EINVAL when the list is no whole number of pairs, or a
 * number has no, or more than 2 cells.
 */
int fdt_reg_entry(const struct fdt_property *p, struct fdt_cells cells, u32 i,
		  u64 *addr, u64 *size);

#endif
