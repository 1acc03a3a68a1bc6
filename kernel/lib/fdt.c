/* SPDX-License-Identifier: MIT */
/*
 * Reader of flattened device trees.
 *
 * What it is for
 *   The boot loader describes the machine in one block of bytes: where memory
 *   is, which devices there are, the command line. This file finds things in
 *   it without copying or changing it.
 *
 * Ideas
 *   The block is a header and three parts, all numbers big-endian:
 *
 *	header	    magic, totalsize, offsets of the parts, version, sizes
 *	reserve	    pairs of 64 bits (address, size), ended by (0, 0)
 *	structure   a stream of 32-bit tokens
 *	strings	    names of properties, each once, NUL-terminated
 *
 *   The structure is the tree written out in order:
 *
 *	BEGIN_NODE "" BEGIN_NODE "memory@60000000\0"
 *	    PROP len=8 name=>"reg" 60000000 10000000
 *	END_NODE ... END_NODE END
 *
 *   Each token, and the data behind it, starts at a multiple of four. Text is
 *   padded with NULs up to it. NOP tokens may stand anywhere.
 *
 *   The input is not trusted. fdt_open() walks the stream once and checks
 *   that each piece is inside the block, that nodes nest, that names end. All
 *   else then walks the same bytes with the same function (fdt_token), which
 *   checks again: it costs two comparisons, and nothing here can leave the
 *   block even if it were changed in between. No recursion: depth is a count.
 *
 * Cost    lookups walk the stream from the start: some ten thousand tokens
 *   for a real tree, and a few dozen lookups in a whole boot.
 * Sources Devicetree Specification 0.3, chapter 5.
 */
#include <lib/errno.h>
#include <lib/fdt.h>
#include <lib/string.h>

enum fdt_token_type { FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3,
		      FDT_NOP = 4, FDT_END = 9, FDT_BAD = -1 };

/* Byte offsets in the header. */
enum { OFF_MAGIC = 0, OFF_TOTALSIZE = 4, OFF_STRUCT = 8, OFF_STRINGS = 12,
       OFF_RESERVE = 16, OFF_VERSION = 20, OFF_LAST_COMPATIBLE = 24,
       OFF_STRINGS_SIZE = 32, OFF_STRUCT_SIZE = 36, HEADER_SIZE = 40 };

#define MAX_NAME	256u	/* bytes with NUL; the standard says 31 */
#define RESERVE_ENTRY	16u	/* bytes: address and size */

/* One token of the structure block with what belongs to it. */
struct token {
	enum fdt_token_type type;
	u32 next;			/* offset of the one behind it */
	const char *name;		/* BEGIN_NODE, PROP */
	const u8 *data;			/* PROP */
	u32 len;			/* PROP */
};

static u32
read_be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static u64
read_be64(const u8 *p)
{
	return (u64)read_be32(p) << 32 | read_be32(p + 4);
}

/*
 * The name at off, if a NUL ends it before end; else NULL. That names are
 * short keeps the check of a hostile tree linear.
 */
static const char *
fdt_text(const struct fdt *f, u32 off, u32 end)
{
	if (off >= end ||
	    !memchr(f->blob + off, '\0', min(end - off, MAX_NAME)))
		return NULL;
	return (const char *)f->blob + off;
}

/* Fill in t for the PROP token whose length word is at off. */
static bool
fdt_token_property(const struct fdt *f, u32 off, struct token *t)
{
	u32 name;

	if (f->struct_end - off < 8)
		return false;
	t->len = read_be32(f->blob + off);
	name = read_be32(f->blob + off + 4);
	off += 8;
	if (t->len > f->struct_end - off ||
	    name >= f->strings_end - f->strings_off)
		return false;
	t->data = f->blob + off;
	t->name = fdt_text(f, f->strings_off + name, f->strings_end);
	t->next = ALIGN_UP(off + t->len, 4);
	return t->name != NULL;
}

/*
 * Read the token at off, an offset from the start of the blob. NOPs before it
 * are skipped. type is FDT_BAD for anything that is not wholly inside.
 */
static struct token
fdt_token(const struct fdt *f, u32 off)
{
	struct token t = { .type = FDT_BAD };
	u32 word;

	do {
		if (off > f->struct_end || f->struct_end - off < 4)
			return t;
		word = read_be32(f->blob + off);
		off += 4;
	} while (word == FDT_NOP);
	t.next = off;
	switch (word) {
	case FDT_BEGIN_NODE:
		t.name = fdt_text(f, off, f->struct_end);
		if (!t.name)
			return t;
		t.next = ALIGN_UP(off + (u32)strlen(t.name) + 1, 4);
		break;
	case FDT_PROP:
		if (!fdt_token_property(f, off, &t))
			return t;
		break;
	case FDT_END_NODE:
	case FDT_END:
		break;
	default:
		return t;
	}
	t.type = (enum fdt_token_type)word;
	return t;
}

/*
 * Walk the whole structure once: one root, nodes nest no deeper than
 * FDT_MAX_DEPTH, properties stand in a node before its children, END is last.
 */
static bool
fdt_check_structure(const struct fdt *f)
{
	u32 off = f->struct_off;
	bool in_head = false;	/* of a node: properties are allowed */
	int depth = 0;
	struct token t;

	for (;; off = t.next) {
		t = fdt_token(f, off);
		switch (t.type) {
		case FDT_BEGIN_NODE:
			if (depth == FDT_MAX_DEPTH ||
			    (depth == 0 && off != f->struct_off))
				return false;
			depth++;
			in_head = true;
			break;
		case FDT_PROP:
			if (!in_head)
				return false;
			break;
		case FDT_END_NODE:
			if (depth == 0)
				return false;
			depth--;
			in_head = false;
			break;
		case FDT_END:
			return depth == 0 && off != f->struct_off;
		default:
			return false;
		}
	}
}

/* Find the end of the reservation block; it has one, inside the tree. */
static bool
fdt_check_reserves(struct fdt *f)
{
	u32 off = f->reserve_off;

	for (f->nr_reserves = 0; ; f->nr_reserves++, off += RESERVE_ENTRY) {
		if (off > f->totalsize || f->totalsize - off < RESERVE_ENTRY)
			return false;
		if (!read_be64(f->blob + off) && !read_be64(f->blob + off + 8))
			return true;
	}
}

/* Is the part of size bytes at off inside the tree, behind the header? */
static bool
fdt_part_inside(const struct fdt *f, u32 off, u32 size)
{
	return off >= HEADER_SIZE && off <= f->totalsize &&
	       size <= f->totalsize - off;
}

int
fdt_open(struct fdt *f, const void *blob, size_t max)
{
	const u8 *h = blob;
	u32 struct_size, strings_size;

	if (max < HEADER_SIZE || read_be32(h + OFF_MAGIC) != FDT_MAGIC)
		return -EINVAL;
	f->blob = h;
	f->totalsize = read_be32(h + OFF_TOTALSIZE);
	if (f->totalsize > max || f->totalsize > FDT_MAX_SIZE)
		return -E2BIG;
	if (f->totalsize < HEADER_SIZE || read_be32(h + OFF_VERSION) < 17 ||
	    read_be32(h + OFF_LAST_COMPATIBLE) > 17)
		return -EINVAL;
	f->struct_off = read_be32(h + OFF_STRUCT);
	f->strings_off = read_be32(h + OFF_STRINGS);
	f->reserve_off = read_be32(h + OFF_RESERVE);
	struct_size = read_be32(h + OFF_STRUCT_SIZE);
	strings_size = read_be32(h + OFF_STRINGS_SIZE);
	if (!fdt_part_inside(f, f->struct_off, struct_size) ||
	    !fdt_part_inside(f, f->strings_off, strings_size) ||
	    !fdt_part_inside(f, f->reserve_off, RESERVE_ENTRY) ||
	    f->struct_off % 4)
		return -EILSEQ;
	f->struct_end = f->struct_off + struct_size;
	f->strings_end = f->strings_off + strings_size;
	if (!fdt_check_reserves(f) || !fdt_check_structure(f))
		return -EILSEQ;
	return 0;
}

const char *
fdt_strerror(int error)
{
	switch (error) {
	case 0:
		return "fine";
	case -E2BIG:
		return "its size is beyond the limit";
	case -EILSEQ:
		return "its contents are damaged";
	default:
		return "it is no device tree of version 17";
	}
}

bool
fdt_reserve(const struct fdt *f, u32 i, u64 *addr, u64 *size)
{
	const u8 *p = f->blob + f->reserve_off + i * RESERVE_ENTRY;

	if (i >= f->nr_reserves)
		return false;
	*addr = read_be64(p);
	*size = read_be64(p + 8);
	return true;
}

int
fdt_root(const struct fdt *f)
{
	return (int)f->struct_off;
}

int
fdt_next_node(const struct fdt *f, int node, int *depth)
{
	struct token t = fdt_token(f, (u32)node);
	u32 off = t.next;
	int level = 0;

	if (t.type != FDT_BEGIN_NODE)
		return -ENOENT;
	for (;; off = t.next) {
		t = fdt_token(f, off);
		if (t.type == FDT_END_NODE) {
			level--;
		} else if (t.type == FDT_BEGIN_NODE) {
			if (depth)
				*depth += level + 1;
			return (int)off;
		} else if (t.type != FDT_PROP) {
			return -ENOENT;
		}
	}
}

int
fdt_first_child(const struct fdt *f, int node)
{
	int depth = 0;
	int child = fdt_next_node(f, node, &depth);

	return child >= 0 && depth == 1 ? child : -ENOENT;
}

int
fdt_next_sibling(const struct fdt *f, int node)
{
	int depth = 0;

	do {
		node = fdt_next_node(f, node, &depth);
	} while (node >= 0 && depth > 0);
	return node >= 0 && depth == 0 ? node : -ENOENT;
}

/* Walks from the root, keeping the last node seen at each depth. */
int
fdt_parent(const struct fdt *f, int node)
{
	int path[FDT_MAX_DEPTH];
	int at = fdt_root(f), depth = 0;

	while (at >= 0 && depth >= 0 && depth < FDT_MAX_DEPTH) {
		if (at == node)
			return depth ? path[depth - 1] : -ENOENT;
		path[depth] = at;
		at = fdt_next_node(f, at, &depth);
	}
	return -ENOENT;
}

const char *
fdt_node_name(const struct fdt *f, int node)
{
	struct token t = fdt_token(f, (u32)node);

	return t.type == FDT_BEGIN_NODE ? t.name : "";
}

/* Does name match the n characters of a path's component? */
static bool
fdt_name_matches(const char *name, const char *component, size_t n)
{
	if (strncmp(name, component, n) != 0)
		return false;
	return !name[n] || (name[n] == '@' && !memchr(component, '@', n));
}

int
fdt_find_path(const struct fdt *f, const char *path)
{
	int node = fdt_root(f), child;
	const char *slash;
	size_t n;

	while (node >= 0) {
		while (*path == '/')
			path++;
		if (!*path)
			return node;
		slash = strchr(path, '/');
		n = slash ? (size_t)(slash - path) : strlen(path);
		fdt_for_each_child(f, child, node) {
			if (fdt_name_matches(fdt_node_name(f, child), path, n))
				break;
		}
		node = child;
		path += n;
	}
	return -ENOENT;
}

/* The property whose token is at off, if one is there. */
static bool
fdt_property_at(const struct fdt *f, u32 off, struct fdt_property *p)
{
	struct token t = fdt_token(f, off);

	if (t.type != FDT_PROP)
		return false;
	*p = (struct fdt_property){ t.name, t.data, t.len, t.next };
	return true;
}

bool
fdt_first_property(const struct fdt *f, int node, struct fdt_property *p)
{
	struct token t = fdt_token(f, (u32)node);

	return t.type == FDT_BEGIN_NODE && fdt_property_at(f, t.next, p);
}

bool
fdt_next_property(const struct fdt *f, struct fdt_property *p)
{
	return fdt_property_at(f, p->next, p);
}

bool
fdt_find_property(const struct fdt *f, int node, const char *name,
		  struct fdt_property *p)
{
	bool found;

	for (found = fdt_first_property(f, node, p); found;
	     found = fdt_next_property(f, p)) {
		if (strcmp(p->name, name) == 0)
			return true;
	}
	return false;
}

const char *
fdt_get_string(const struct fdt *f, int node, const char *name)
{
	struct fdt_property p;

	if (!fdt_find_property(f, node, name, &p) ||
	    !memchr(p.data, '\0', p.len))
		return NULL;
	return (const char *)p.data;
}

bool
fdt_get_u32(const struct fdt *f, int node, const char *name, u32 i, u32 *value)
{
	struct fdt_property p;

	if (!fdt_find_property(f, node, name, &p) || i >= p.len / 4)
		return false;
	*value = read_be32(p.data + 4 * i);
	return true;
}

bool
fdt_get_number(const struct fdt *f, int node, const char *name, u64 *value)
{
	struct fdt_property p;

	if (!fdt_find_property(f, node, name, &p) ||
	    (p.len != 4 && p.len != 8))
		return false;
	*value = p.len == 4 ? read_be32(p.data) : read_be64(p.data);
	return true;
}

/* compatible is a list of texts, one behind the other. */
bool
fdt_is_compatible(const struct fdt *f, int node, const char *compatible)
{
	size_t want = strlen(compatible) + 1;
	struct fdt_property p;
	const u8 *end;

	if (!fdt_find_property(f, node, "compatible", &p))
		return false;
	while (p.len && (end = memchr(p.data, '\0', p.len))) {
		u32 n = (u32)(end - p.data) + 1;

		if (n == want && memcmp(p.data, compatible, n) == 0)
			return true;
		p.data += n;
		p.len -= n;
	}
	return false;
}

int
fdt_find_compatible(const struct fdt *f, int node, const char *compatible)
{
	node = node < 0 ? fdt_root(f) : fdt_next_node(f, node, NULL);
	while (node >= 0 && !fdt_is_compatible(f, node, compatible))
		node = fdt_next_node(f, node, NULL);
	return node;
}

bool
fdt_is_enabled(const struct fdt *f, int node)
{
	const char *status = fdt_get_string(f, node, "status");

	return !status || strcmp(status, "okay") == 0 ||
	       strcmp(status, "ok") == 0;
}

struct fdt_cells
fdt_child_cells(const struct fdt *f, int node)
{
	struct fdt_cells cells = { 2, 1 };

	fdt_get_u32(f, node, "#address-cells", 0, &cells.address);
	fdt_get_u32(f, node, "#size-cells", 0, &cells.size);
	return cells;
}

int
fdt_reg_entry(const struct fdt_property *p, struct fdt_cells cells, u32 i,
	      u64 *addr, u64 *size)
{
	u32 pair = 4 * (cells.address + cells.size);
	const u8 *at;

	if (cells.address < 1 || cells.address > 2 || cells.size < 1 ||
	    cells.size > 2 || p->len % pair)
		return -EINVAL;
	if (i >= p->len / pair)
		return -ENOENT;
	at = p->data + i * pair;
	*addr = cells.address == 2 ? read_be64(at) : read_be32(at);
	at += 4 * cells.address;
	*size = cells.size == 2 ? read_be64(at) : read_be32(at);
	return 0;
}
