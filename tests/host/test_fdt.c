/* SPDX-License-Identifier: MIT */
/*
 * Device trees: lookups in a known tree, random trees against a model of
 * what was written, and damaged ones, which lie in memory of exactly their
 * size so that AddressSanitizer sees a byte too far.
 */
#include <stdlib.h>
#include <string.h>

#include <lib/errno.h>
#include <lib/fdt.h>
#include <lib/string.h>
#include "dtb_builder.h"
#include "fdt_walk.h"
#include "harness.h"

static struct dtb builder;

/* A board with two serial ports, memory and a nested device. */
static u8 *
small_tree(size_t *size)
{
	struct dtb *d = &builder;

	dtb_begin(d);
	dtb_reserve(d, 0x68000000, 0x1000);
	dtb_reserve(d, 0x100000000ULL, 0x2000);
	dtb_nop(d);
	dtb_node(d, "");
	dtb_prop_cells(d, "#address-cells", 1, 1);
	dtb_prop_cells(d, "#size-cells", 1, 1);
	dtb_prop_string(d, "model", "Test board");
	dtb_node(d, "soc");
	dtb_nop(d);
	dtb_node(d, "uart@9000");
	dtb_prop(d, "compatible", "arm,pl011\0arm,primecell", 24);
	dtb_prop_string(d, "status", "disabled");
	dtb_end_node(d);
	dtb_node(d, "uart@a000");
	dtb_prop_string(d, "compatible", "arm,pl011");
	dtb_prop_string(d, "status", "okay");
	dtb_node(d, "child");
	dtb_end_node(d);
	dtb_end_node(d);
	dtb_end_node(d);
	dtb_node(d, "memory@60000000");
	dtb_prop_cells(d, "reg", 4, 0x60000000, 0x10000000, 0x80000000,
		       0x10000000);
	dtb_prop(d, "empty", NULL, 0);
	dtb_prop(d, "wide", "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	dtb_end_node(d);
	dtb_end_node(d);
	return dtb_finish(d, size);
}

static void
nodes_are_found_by_path(struct test *t)
{
	size_t size;
	u8 *blob = small_tree(&size);
	struct fdt f;
	int soc, uart, child;

	ASSERT_EQ(t, fdt_open(&f, blob, size), 0);
	EXPECT_EQ(t, fdt_find_path(&f, "/"), fdt_root(&f));
	EXPECT_EQ(t, strcmp(fdt_node_name(&f, fdt_root(&f)), ""), 0);
	soc = fdt_find_path(&f, "/soc");
	EXPECT_EQ(t, strcmp(fdt_node_name(&f, soc), "soc"), 0);
	uart = fdt_find_path(&f, "/soc/uart@a000");
	EXPECT_EQ(t, strcmp(fdt_node_name(&f, uart), "uart@a000"), 0);
	/* Without unit address: the first of that name. */
	EXPECT_EQ(t, fdt_find_path(&f, "/soc/uart/"),
		  fdt_find_path(&f, "/soc/uart@9000"));
	EXPECT(t, fdt_find_path(&f, "/memory") > 0);
	child = fdt_find_path(&f, "/soc/uart@a000/child");
	EXPECT_EQ(t, fdt_parent(&f, child), uart);
	EXPECT_EQ(t, fdt_parent(&f, uart), soc);
	EXPECT_EQ(t, fdt_parent(&f, soc), fdt_root(&f));
	EXPECT_EQ(t, fdt_parent(&f, fdt_root(&f)), -ENOENT);
	EXPECT_EQ(t, fdt_parent(&f, 4), -ENOENT);
	EXPECT_EQ(t, fdt_find_path(&f, "/soc/uart@b000"), -ENOENT);
	EXPECT_EQ(t, fdt_find_path(&f, "/so"), -ENOENT);
	EXPECT_EQ(t, fdt_find_path(&f, "/child"), -ENOENT);
	EXPECT_EQ(t, fdt_first_child(&f, child), -ENOENT);
	EXPECT_EQ(t, fdt_next_sibling(&f, child), -ENOENT);
	free(blob);
}

static void
nodes_are_found_by_compatible(struct test *t)
{
	size_t size;
	u8 *blob = small_tree(&size);
	struct fdt f;
	int first, second;

	ASSERT_EQ(t, fdt_open(&f, blob, size), 0);
	first = fdt_find_compatible(&f, -1, "arm,pl011");
	second = fdt_find_compatible(&f, first, "arm,pl011");
	EXPECT_EQ(t, first, fdt_find_path(&f, "/soc/uart@9000"));
	EXPECT_EQ(t, second, fdt_find_path(&f, "/soc/uart@a000"));
	EXPECT(t, fdt_find_compatible(&f, second, "arm,pl011") < 0);
	EXPECT_EQ(t, fdt_find_compatible(&f, -1, "arm,primecell"), first);
	EXPECT(t, fdt_find_compatible(&f, -1, "arm,pl01") < 0);
	EXPECT(t, !fdt_is_enabled(&f, first));
	EXPECT(t, fdt_is_enabled(&f, second));
	EXPECT(t, fdt_is_enabled(&f, fdt_root(&f)));
	free(blob);
}

static void
properties_are_found_and_bounded(struct test *t)
{
	size_t size;
	u8 *blob = small_tree(&size);
	struct fdt_property p;
	struct fdt f;
	int memory;
	u64 number;
	u32 cell;

	ASSERT_EQ(t, fdt_open(&f, blob, size), 0);
	memory = fdt_find_path(&f, "/memory@60000000");
	ASSERT(t, fdt_find_property(&f, memory, "reg", &p));
	EXPECT_EQ(t, p.len, 16);
	EXPECT(t, fdt_get_u32(&f, memory, "reg", 3, &cell));
	EXPECT_EQ(t, cell, 0x10000000);
	EXPECT(t, !fdt_get_u32(&f, memory, "reg", 4, &cell));
	EXPECT(t, !fdt_get_number(&f, memory, "reg", &number));
	EXPECT(t, fdt_get_number(&f, memory, "wide", &number));
	EXPECT_EQ(t, number, 0x0102030405060708ULL);
	EXPECT(t, fdt_get_number(&f, fdt_root(&f), "#size-cells", &number));
	EXPECT_EQ(t, number, 1);
	ASSERT(t, fdt_find_property(&f, memory, "empty", &p));
	EXPECT_EQ(t, p.len, 0);
	EXPECT(t, fdt_get_string(&f, memory, "empty") == NULL);
	EXPECT(t, fdt_get_string(&f, memory, "none") == NULL);
	EXPECT_EQ(t, strcmp(fdt_get_string(&f, fdt_root(&f), "model"),
			    "Test board"), 0);
	/* A node's properties are not its children's. */
	EXPECT(t, !fdt_find_property(&f, fdt_root(&f), "reg", &p));
	EXPECT(t, !fdt_find_property(&f, fdt_find_path(&f, "/soc"),
				     "compatible", &p));
	/* No node: nothing found, nothing read. */
	EXPECT(t, !fdt_first_property(&f, 12, &p));
	EXPECT_EQ(t, fdt_next_node(&f, 12, NULL), -ENOENT);
	EXPECT_EQ(t, strcmp(fdt_node_name(&f, 12), ""), 0);
	free(blob);
}

static void
reg_pairs_are_read_by_cells(struct test *t)
{
	static const u8 data[24] = { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3,
				     0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6 };
	struct fdt_property p = { "reg", data, 24, 0 };
	struct fdt_cells cells = { 1, 1 };
	u64 addr, size;

	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 2, &addr, &size), 0);
	EXPECT_EQ(t, addr, 5);
	EXPECT_EQ(t, size, 6);
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 3, &addr, &size), -ENOENT);
	cells = (struct fdt_cells){ 2, 1 };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 1, &addr, &size), 0);
	EXPECT_EQ(t, addr, 0x400000005ULL);
	EXPECT_EQ(t, size, 6);
	cells = (struct fdt_cells){ 1, 2 };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 0, &addr, &size), 0);
	EXPECT_EQ(t, size, 0x200000003ULL);
	cells = (struct fdt_cells){ 2, 2 };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 0, &addr, &size), -EINVAL);
	cells = (struct fdt_cells){ 0, 1 };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 0, &addr, &size), -EINVAL);
	cells = (struct fdt_cells){ 1, 0 };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 0, &addr, &size), -EINVAL);
	cells = (struct fdt_cells){ 3, 1 };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 0, &addr, &size), -EINVAL);
	cells = (struct fdt_cells){ 1, 0xffffffff };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 0, &addr, &size), -EINVAL);
	p.len = 0;
	cells = (struct fdt_cells){ 1, 1 };
	EXPECT_EQ(t, fdt_reg_entry(&p, cells, 0, &addr, &size), -ENOENT);
}

static void
reservations_are_listed(struct test *t)
{
	size_t size;
	u8 *blob = small_tree(&size);
	u64 addr, bytes;
	struct fdt f;

	ASSERT_EQ(t, fdt_open(&f, blob, size), 0);
	EXPECT(t, fdt_reserve(&f, 0, &addr, &bytes));
	EXPECT_EQ(t, addr, 0x68000000);
	EXPECT_EQ(t, bytes, 0x1000);
	EXPECT(t, fdt_reserve(&f, 1, &addr, &bytes));
	EXPECT_EQ(t, addr, 0x100000000ULL);
	EXPECT(t, !fdt_reserve(&f, 2, &addr, &bytes));
	EXPECT(t, !fdt_reserve(&f, 0xffffffff, &addr, &bytes));
	free(blob);
}

/* --- random trees --------------------------------------------------------- */

#define MAX_NODES	40
#define MAX_PROPS	5

struct model_prop {
	char name[12];
	u8 data[20];
	u32 len;
};

struct model_node {
	char name[24];
	int parent;		/* -1: the root */
	unsigned nr_props;
	struct model_prop props[MAX_PROPS];
};

static struct model_node nodes[MAX_NODES];
static int nr_nodes;

static void
random_node(struct test *t, int parent, int depth)
{
	struct model_node *n = &nodes[nr_nodes];
	int self = nr_nodes++;
	unsigned i, j;

	n->parent = parent;
	n->name[0] = '\0';
	if (parent >= 0)
		snprintf(n->name, sizeof(n->name), "%.*s%d@%x",
			 (int)test_below(t, 6), "device", self, self);
	dtb_node(&builder, n->name);
	n->nr_props = test_below(t, MAX_PROPS + 1);
	for (i = 0; i < n->nr_props; i++) {
		struct model_prop *p = &n->props[i];

		snprintf(p->name, sizeof(p->name), "p%u", i + test_below(t, 2)
			 * 100);
		p->len = test_below(t, sizeof(p->data));
		for (j = 0; j < p->len; j++)
			p->data[j] = (u8)test_random(t);
		if (test_below(t, 8) == 0)
			dtb_nop(&builder);
		dtb_prop(&builder, p->name, p->data, p->len);
	}
	while (nr_nodes < MAX_NODES && depth + 1 < FDT_MAX_DEPTH &&
	       test_below(t, 3))
		random_node(t, self, depth + 1);
	dtb_end_node(&builder);
}

/* Node i of the model is at offset at. */
static bool
node_matches(struct test *t, const struct fdt *f, int at, int i, int *offsets)
{
	const struct model_node *n = &nodes[i];
	struct fdt_property p;
	unsigned j;
	bool more = fdt_first_property(f, at, &p);

	offsets[i] = at;
	if (!EXPECT_EQ(t, strcmp(fdt_node_name(f, at), n->name), 0) ||
	    !EXPECT_EQ(t, fdt_parent(f, at),
		       n->parent < 0 ? -ENOENT : offsets[n->parent]))
		return false;
	for (j = 0; j < n->nr_props; j++) {
		if (!EXPECT(t, more) ||
		    !EXPECT_EQ(t, strcmp(p.name, n->props[j].name), 0) ||
		    !EXPECT_EQ(t, p.len, n->props[j].len) ||
		    !EXPECT_EQ(t, memcmp(p.data, n->props[j].data, p.len), 0))
			return false;
		more = fdt_next_property(f, &p);
	}
	return EXPECT(t, !more);
}

/* The children of node i are the nodes whose parent it is, in order. */
static bool
children_match(struct test *t, const struct fdt *f, int i, const int *offsets)
{
	int child = fdt_first_child(f, offsets[i]), j;

	for (j = 0; j < nr_nodes; j++) {
		if (nodes[j].parent != i)
			continue;
		if (!EXPECT_EQ(t, child, offsets[j]))
			return false;
		child = fdt_next_sibling(f, child);
	}
	return EXPECT_EQ(t, child, -ENOENT);
}

static void
full_path(int i, char *path, size_t size)
{
	char rest[512] = "", next[512];

	for (; i > 0; i = nodes[i].parent) {
		snprintf(next, sizeof(next), "/%s%s", nodes[i].name, rest);
		strcpy(rest, next);
	}
	snprintf(path, size, "%s", rest[0] ? rest : "/");
}

static void
random_trees_match_what_was_written(struct test *t)
{
	int offsets[MAX_NODES], round, i, at;
	char path[512];
	size_t size;
	struct fdt f;
	u8 *blob;

	for (round = 0; round < 400 && !t->nr_failed; round++) {
		nr_nodes = 0;
		dtb_begin(&builder);
		random_node(t, -1, 0);
		blob = dtb_finish(&builder, &size);
		ASSERT_EQ(t, fdt_open(&f, blob, size), 0);
		at = fdt_root(&f);
		for (i = 0; i < nr_nodes; i++) {
			if (!node_matches(t, &f, at, i, offsets))
				break;
			at = fdt_next_node(&f, at, NULL);
		}
		EXPECT_EQ(t, at, -ENOENT);
		for (i = 0; i < nr_nodes && !t->nr_failed; i++) {
			children_match(t, &f, i, offsets);
			full_path(i, path, sizeof(path));
			EXPECT_EQ(t, fdt_find_path(&f, path), offsets[i]);
		}
		free(blob);
	}
}

/* --- damaged trees ------------------------------------------------------- */

static int
open_with_word(size_t off, u32 word)
{
	size_t size;
	u8 *blob = small_tree(&size);
	struct fdt f;
	int error;

	dtb_put32(blob + off, word);
	error = fdt_open(&f, blob, size);
	if (!error)
		fdt_walk_everything(&f);
	free(blob);
	return error;
}

static void
bad_headers_are_refused(struct test *t)
{
	static const u32 far[] = { 0, 39, 0x7fffffff, 0xfffffff0, 0xffffffff };
	unsigned i;

	EXPECT_EQ(t, open_with_word(0, 0xd00dfeee), -EINVAL);
	EXPECT_EQ(t, open_with_word(4, 39), -EINVAL);
	EXPECT_EQ(t, open_with_word(4, 0), -EINVAL);
	EXPECT_EQ(t, open_with_word(4, 0xffffffff), -E2BIG);
	EXPECT_EQ(t, open_with_word(20, 16), -EINVAL);
	EXPECT_EQ(t, open_with_word(24, 18), -EINVAL);
	EXPECT_EQ(t, open_with_word(20, 18), 0);
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		EXPECT_EQ(t, open_with_word(8, far[i]), -EILSEQ);
		EXPECT_EQ(t, open_with_word(12, far[i]), -EILSEQ);
		EXPECT_EQ(t, open_with_word(16, far[i]), -EILSEQ);
	}
	EXPECT_EQ(t, open_with_word(32, 0xffffffff), -EILSEQ);
	EXPECT_EQ(t, open_with_word(36, 0xffffffff), -EILSEQ);
	EXPECT_EQ(t, open_with_word(32, 0), -EILSEQ);
	EXPECT_EQ(t, open_with_word(36, 0), -EILSEQ);
	EXPECT_EQ(t, open_with_word(36, 8), -EILSEQ);
}

static void
reasons_are_in_words(struct test *t)
{
	EXPECT(t, strstr(fdt_strerror(0), "fine"));
	EXPECT(t, strstr(fdt_strerror(-EINVAL), "no device tree"));
	EXPECT(t, strstr(fdt_strerror(-E2BIG), "limit"));
	EXPECT(t, strstr(fdt_strerror(-EILSEQ), "damaged"));
}

/* A header alone, and trees larger than what may be read or than sense. */
static void
sizes_are_bounded(struct test *t)
{
	size_t size;
	u8 *blob = small_tree(&size);
	struct fdt f;

	EXPECT_EQ(t, fdt_open(&f, blob, size), 0);
	EXPECT_EQ(t, fdt_open(&f, blob, size + 1000), 0);
	EXPECT_EQ(t, fdt_open(&f, blob, size - 1), -E2BIG);
	EXPECT_EQ(t, fdt_open(&f, blob, 39), -EINVAL);
	EXPECT_EQ(t, fdt_open(&f, blob, 0), -EINVAL);
	dtb_put32(blob + 4, FDT_MAX_SIZE + 1);
	EXPECT_EQ(t, fdt_open(&f, blob, (size_t)FDT_MAX_SIZE * 2), -E2BIG);
	free(blob);
}

static void
tree_cut_anywhere_is_refused(struct test *t)
{
	size_t size, n;
	u8 *blob = small_tree(&size);
	struct fdt f;

	for (n = 40; n < size; n++) {
		u8 *cut = malloc(n);

		memcpy(cut, blob, n);
		dtb_put32(cut + 4, n);
		EXPECT(t, fdt_open(&f, cut, n) != 0);
		free(cut);
	}
	free(blob);
}

static void
damaged_bytes_never_lead_outside(struct test *t)
{
	size_t size, i;
	unsigned bit, opened = 0;

	for (i = 0; ; i++) {
		for (bit = 0; bit < 8; bit++) {
			u8 *blob = small_tree(&size);
			struct fdt f;

			if (i < size)
				blob[i] ^= 1u << bit;
			if (fdt_open(&f, blob, size) == 0) {
				fdt_walk_everything(&f);
				opened++;
			}
			free(blob);
			if (i >= size)
				goto out;
		}
	}
out:
	EXPECT(t, opened > 100);
}

/* A tree from a list of tokens, to break each rule of nesting. */
static int
open_tokens(const u32 *tokens, unsigned n)
{
	size_t size;
	struct fdt f;
	u8 *blob;
	unsigned i;
	int error;

	dtb_begin(&builder);
	for (i = 0; i < n; i++)
		dtb_token(&builder, tokens[i]);
	blob = dtb_finish(&builder, &size);
	error = fdt_open(&f, blob, size);
	free(blob);
	return error;
}

#define OPEN(...) ({ \
	const u32 tokens_[] = { __VA_ARGS__ }; \
	open_tokens(tokens_, ARRAY_SIZE(tokens_)); \
})

static void
tokens_must_nest(struct test *t)
{
	/* 1 begins a node, then its name; 2 ends one; 9 is put behind. */
	EXPECT_EQ(t, OPEN(1, 0, 2), 0);
	EXPECT_EQ(t, OPEN(4, 1, 0, 4, 4, 2, 4), 0);
	EXPECT_EQ(t, OPEN(1, 0, 1, 0, 2, 2), 0);
	EXPECT_EQ(t, OPEN(4, 4), -EILSEQ);
	EXPECT_EQ(t, OPEN(2), -EILSEQ);
	EXPECT_EQ(t, OPEN(1, 0), -EILSEQ);
	EXPECT_EQ(t, OPEN(1, 0, 2, 2), -EILSEQ);
	EXPECT_EQ(t, OPEN(1, 0, 2, 1, 0, 2), -EILSEQ);
	EXPECT_EQ(t, OPEN(1, 0, 9, 2), -EILSEQ);
	EXPECT_EQ(t, OPEN(1, 0, 7, 2), -EILSEQ);
	EXPECT_EQ(t, OPEN(1, 0x41414141), -EILSEQ);
}

static void
properties_stand_before_children(struct test *t)
{
	size_t size;
	struct fdt f;
	u8 *blob;

	dtb_begin(&builder);
	dtb_node(&builder, "");
	dtb_node(&builder, "child");
	dtb_end_node(&builder);
	dtb_prop_string(&builder, "late", "x");
	dtb_end_node(&builder);
	blob = dtb_finish(&builder, &size);
	EXPECT_EQ(t, fdt_open(&f, blob, size), -EILSEQ);
	free(blob);
}

static int
open_depth(int depth)
{
	size_t size;
	struct fdt f;
	int i, error;
	u8 *blob;

	dtb_begin(&builder);
	for (i = 0; i < depth; i++)
		dtb_node(&builder, i ? "n" : "");
	for (i = 0; i < depth; i++)
		dtb_end_node(&builder);
	blob = dtb_finish(&builder, &size);
	error = fdt_open(&f, blob, size);
	if (!error)
		fdt_walk_everything(&f);
	free(blob);
	return error;
}

static void
depth_is_limited(struct test *t)
{
	EXPECT_EQ(t, open_depth(FDT_MAX_DEPTH), 0);
	EXPECT_EQ(t, open_depth(FDT_MAX_DEPTH + 1), -EILSEQ);
}

/*
 * Every call on a tree that changed behind fdt_open()'s back: bounds hold
 * all the same.
 */
static void
later_damage_never_leads_outside(struct test *t)
{
	unsigned i, j;

	for (i = 0; i < 20000; i++) {
		size_t size;
		u8 *blob = small_tree(&size);
		struct fdt f;

		ASSERT_EQ(t, fdt_open(&f, blob, size), 0);
		for (j = 0; j <= test_below(t, 6); j++)
			blob[f.struct_off + test_below(t, size - f.struct_off)]
				= (u8)test_below(t, 12);
		fdt_walk_everything(&f);
		free(blob);
	}
}

/* The specification's: two cells of address, one of size. */
static void
cells_have_defaults(struct test *t)
{
	static struct dtb d;
	struct fdt_cells cells;
	struct fdt f;
	size_t size;
	u8 *blob;

	dtb_begin(&d);
	dtb_node(&d, "");
	dtb_end_node(&d);
	blob = dtb_finish(&d, &size);
	ASSERT_EQ(t, fdt_open(&f, blob, size), 0);
	cells = fdt_child_cells(&f, fdt_root(&f));
	EXPECT_EQ(t, cells.address, 2);
	EXPECT_EQ(t, cells.size, 1);
	free(blob);
}

TEST_SUITE("fdt",
	   TEST_CASE(cells_have_defaults),
	   TEST_CASE(nodes_are_found_by_path),
	   TEST_CASE(nodes_are_found_by_compatible),
	   TEST_CASE(properties_are_found_and_bounded),
	   TEST_CASE(reg_pairs_are_read_by_cells),
	   TEST_CASE(reservations_are_listed),
	   TEST_CASE(random_trees_match_what_was_written),
	   TEST_CASE(bad_headers_are_refused),
	   TEST_CASE(reasons_are_in_words),
	   TEST_CASE(sizes_are_bounded),
	   TEST_CASE(tree_cut_anywhere_is_refused),
	   TEST_CASE(damaged_bytes_never_lead_outside),
	   TEST_CASE(tokens_must_nest),
	   TEST_CASE(properties_stand_before_children),
	   TEST_CASE(depth_is_limited),
	   TEST_CASE(later_damage_never_leads_outside));
