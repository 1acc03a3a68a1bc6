/* SPDX-License-Identifier: MIT */
/*
 * Symbols of the running kernel: from an address to a name and back.
 *
 * Ideas
 *   The kernel is linked twice. tools/kallsyms.py reads the functions of the
 *   first result and writes a table of them, which is linked in the second
 *   time. The table lies behind all code, so no function moves by it; the
 *   tool checks that. Without the table (its magic) there are no symbols.
 *
 *	header		magic, count of records (at least 1)
 *	pairs		two codes for each code of a byte
 *	groups		of every 32nd record: its function, where it begins
 *	records		in the order of addresses
 *
 *   A record is the size of a function in units of two bytes (7 bits a byte,
 *   the lowest first; bit 7: more follow), a byte with the length of the name
 *   (bit 7: a global function), and that many codes. Each function begins
 *   where the one before it ends: a gap has a record without a name.
 *
 *   Names are packed by pairs: a code without a pair is a letter, any other
 *   stands for two codes. The tool gave them to what occurs most often:
 *
 *	179 = "e" "_"   203 = "p" "a"   204 = "g" 179   240 = 203 204
 *	"page_free"  ->  240 "f" "r" "e" "e"  ->  5 bytes instead of 10
 *
 *   All that takes 9 bytes for a function; with words and whole names it took
 *   22.
 *
 * Cost   A lookup is a binary search over the groups and at most 31 steps
 *	  from record to record; a few hundred instructions to unpack the name.
 *	  No memory, no lock: a panic can use it.
 * Sources  P. Gage, A New Algorithm for Data Compression, The C Users Journal
 *	    12(2), 1994.
 */
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <lib/types.h>

#define KALLSYMS_MAGIC	0x4d59534b	/* "KSYM" */
#define GROUP		32
#define MAX_DEPTH	16	/* of pairs made of pairs */
#define GLOBAL		0x80

struct kallsyms {
	u32 magic, count;
	u8 pairs[256][2];
	struct {
		u32 address;
		u32 record;	/* offset from the table's begin, bytes */
	} groups[];
};

/* A record of the table. */
struct record {
	unsigned long start, size;	/* of the function, bytes */
	bool global;
	const u8 *codes;
	unsigned nr_codes;		/* 0: a gap */
};

extern const char __kallsyms_start[];

/* The table, or NULL when the kernel has none. */
static const struct kallsyms *
kallsyms(void)
{
	const struct kallsyms *k = (const void *)__kallsyms_start;

	return READ_ONCE(k->magic) == KALLSYMS_MAGIC ? k : NULL;
}

/* The record at p, of what begins at start. */
static void
record_read(struct record *r, unsigned long start, const u8 *p)
{
	u32 units = 0;
	int shift = 0;

	do {
		units |= (*p & 0x7fu) << shift;
		shift += 7;
	} while (*p++ & 0x80);
	r->start = start;
	r->size = 2 * units;
	r->global = *p & GLOBAL;
	r->nr_codes = *p++ & ~GLOBAL;
	r->codes = p;
}

static void
record_of_group(const struct kallsyms *k, u32 group, struct record *r)
{
	record_read(r, k->groups[group].address,
		    (const u8 *)k + k->groups[group].record);
}

static void
record_next(struct record *r)
{
	record_read(r, r->start + r->size, r->codes + r->nr_codes);
}

/* What r tells, with its name in letters. */
static void
record_unpack(const struct kallsyms *k, const struct record *r,
	      struct symbol *symbol)
{
	u8 waiting[MAX_DEPTH + 1];
	size_t len = 0;
	unsigned n;

	for (unsigned i = 0; i < r->nr_codes; i++) {
		waiting[0] = r->codes[i];
		for (n = 1; n; ) {
			const u8 *pair = k->pairs[waiting[--n]];

			if (pair[0] && n + 2 <= sizeof(waiting)) {
				waiting[n++] = pair[1];
				waiting[n++] = pair[0];
			} else if (len < sizeof(symbol->name) - 1) {
				symbol->name[len++] = (char)waiting[n];
			}
		}
	}
	symbol->name[len] = '\0';
	symbol->start = r->start;
	symbol->size = r->size;
	symbol->type = r->global ? 'T' : 't';
}

/* The last group that begins at or below addr, which is not below the first. */
static u32
find_group(const struct kallsyms *k, unsigned long addr)
{
	u32 low = 0, n = (k->count + GROUP - 1) / GROUP;

	while (n > 1) {
		u32 half = n / 2;

		if (k->groups[low + half].address <= addr) {
			low += half;
			n -= half;
		} else {
			n = half;
		}
	}
	return low;
}

/* See the header. Context: any. Locks: none. */
bool
symbol_lookup(unsigned long addr, struct symbol *symbol)
{
	const struct kallsyms *k = kallsyms();
	struct record r;
	u32 group, left;

	if (!k || addr < k->groups[0].address)
		return false;
	group = find_group(k, addr);
	left = min(k->count - group * GROUP, (u32)GROUP);
	record_of_group(k, group, &r);
	while (addr - r.start >= r.size) {
		if (!--left)
			return false;
		record_next(&r);
	}
	if (!r.nr_codes)
		return false;
	record_unpack(k, &r, symbol);
	return true;
}

/* Call visit for each function in order until it returns true; did it? */
static bool
for_each_symbol(struct symbol *symbol,
		bool (*visit)(const struct symbol *symbol, void *arg),
		void *arg)
{
	const struct kallsyms *k = kallsyms();
	struct record r;

	if (!k)
		return false;
	record_of_group(k, 0, &r);
	for (u32 left = k->count; left; left--) {
		if (r.nr_codes) {
			record_unpack(k, &r, symbol);
			if (visit(symbol, arg))
				return true;
		}
		if (left > 1)
			record_next(&r);
	}
	return false;
}

static bool
is_called(const struct symbol *symbol, void *name)
{
	return !strcmp(symbol->name, name);
}

/* Linear search. Context: any. Returns 0 when no function is called name. */
unsigned long
symbol_address(const char *name)
{
	struct symbol symbol;

	return for_each_symbol(&symbol, is_called, (void *)name) ? symbol.start
								 : 0;
}

/*
 * Bit 0 of addr does not count: it is set in return addresses of Thumb code.
 * Context: any. Returns the length of what is in buf.
 */
size_t
symbol_format(unsigned long addr, char *buf, size_t size)
{
	struct symbol symbol;

	if (!symbol_lookup(code_address(addr), &symbol))
		return (size_t)scnprintf(buf, size, "0x%08lx", addr);
	return (size_t)scnprintf(buf, size, "%s+0x%lx/0x%lx", symbol.name,
				 code_address(addr) - symbol.start,
				 symbol.size);
}

static bool
show_symbol(const struct symbol *symbol, void *s)
{
	seq_printf(s, "%08lx %c %s\n", symbol->start, symbol->type,
		   symbol->name);
	return false;
}

static void
kallsyms_show(struct seq_buf *s)
{
	struct symbol symbol;

	if (kallsyms())
		for_each_symbol(&symbol, show_symbol, s);
	else
		seq_puts(s, "no symbols in this image\n");
}
NODE("kallsyms", kallsyms_show);
