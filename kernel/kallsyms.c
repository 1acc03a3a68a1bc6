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
 *	header		magic, count (at least 1), offsets of the parts
 *	addresses	u32 each, ascending
 *	sizes		u16 each, in units of 4 bytes
 *	groups		u32 each: where every 16th name begins
 *	names		type letter and name, with a NUL, one after the other
 *
 *   A lookup is a binary search over the addresses and at most 15 steps
 *   from name to name. Names are whole, so a pointer to one stays good.
 */
#include <kernel/node.h>
#include <kernel/panic.h>
#include <lib/compiler.h>
#include <lib/string.h>
#include <lib/types.h>

#define KALLSYMS_MAGIC	0x4d59534b	/* "KSYM" */
#define GROUP		16

struct kallsyms {
	u32 magic, count;
	u32 addresses, sizes, groups, names;	/* offsets from here, bytes */
};

extern const char __kallsyms_start[];

/* The table, or NULL when the kernel has none. */
static const struct kallsyms *
kallsyms(void)
{
	const struct kallsyms *k = (const void *)__kallsyms_start;

	return READ_ONCE(k->magic) == KALLSYMS_MAGIC ? k : NULL;
}

static const u32 *
symbol_addresses(const struct kallsyms *k)
{
	return (const u32 *)((const char *)k + k->addresses);
}

static unsigned long
symbol_size(const struct kallsyms *k, u32 i)
{
	return 4ul * ((const u16 *)((const char *)k + k->sizes))[i];
}

/* The name of symbol i, with its type letter in front. */
static const char *
symbol_name(const struct kallsyms *k, u32 i)
{
	const u32 *groups = (const u32 *)((const char *)k + k->groups);
	const char *name = (const char *)k + k->names + groups[i / GROUP];

	for (i %= GROUP; i; i--)
		name += strlen(name) + 1;
	return name;
}

/*
 * The function that addr lies in; its start and its size in bytes.
 * Context: any. Returns its name, or NULL: then *start and *size are as before.
 */
const char *
symbol_lookup(unsigned long addr, unsigned long *start, unsigned long *size)
{
	const struct kallsyms *k = kallsyms();
	const u32 *addresses;
	u32 low = 0, n;

	if (!k)
		return NULL;
	addresses = symbol_addresses(k);
	if (addr < addresses[0])
		return NULL;
	for (n = k->count; n > 1; ) {
		u32 half = n / 2;

		if (addresses[low + half] <= addr) {
			low += half;
			n -= half;
		} else {
			n = half;
		}
	}
	if (addr - addresses[low] >= symbol_size(k, low))
		return NULL;
	*start = addresses[low];
	*size = symbol_size(k, low);
	return symbol_name(k, low) + 1;
}

/* Linear search. Context: any. Returns 0 when no function is called name. */
unsigned long
symbol_address(const char *name)
{
	const struct kallsyms *k = kallsyms();
	const char *p;

	if (!k)
		return 0;
	p = (const char *)k + k->names;
	for (u32 i = 0; i < k->count; i++, p += strlen(p) + 1) {
		if (!strcmp(p + 1, name))
			return symbol_addresses(k)[i];
	}
	return 0;
}

/*
 * Bit 0 of addr does not count: it is set in return addresses of Thumb code.
 * Context: any. Returns the length of what is in buf.
 */
size_t
symbol_format(unsigned long addr, char *buf, size_t size)
{
	unsigned long start, length;
	const char *name = symbol_lookup(code_address(addr), &start, &length);

	if (!name)
		return (size_t)scnprintf(buf, size, "0x%08lx", addr);
	return (size_t)scnprintf(buf, size, "%s+0x%lx/0x%lx", name,
				 code_address(addr) - start, length);
}

static void
kallsyms_show(struct seq_buf *s)
{
	const struct kallsyms *k = kallsyms();
	const char *p;

	if (!k) {
		seq_puts(s, "no symbols in this image\n");
		return;
	}
	p = (const char *)k + k->names;
	for (u32 i = 0; i < k->count; i++, p += strlen(p) + 1)
		seq_printf(s, "%08x %c %s\n", symbol_addresses(k)[i], p[0], p + 1);
}
NODE("kallsyms", kallsyms_show);
