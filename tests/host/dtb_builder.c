/* SPDX-License-Identifier: MIT */
/* Writes device trees for tests: see kernel/lib/fdt.c for the format. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "dtb_builder.h"

void
dtb_put32(u8 *p, u32 v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

u32
dtb_get32(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

void
dtb_begin(struct dtb *d)
{
	memset(d, 0, sizeof(*d));
}

void
dtb_reserve(struct dtb *d, u64 addr, u64 size)
{
	u8 *p = d->reserves + d->nr_reserve_bytes;

	dtb_put32(p, addr >> 32);
	dtb_put32(p + 4, addr);
	dtb_put32(p + 8, size >> 32);
	dtb_put32(p + 12, size);
	d->nr_reserve_bytes += 16;
}

void
dtb_token(struct dtb *d, u32 word)
{
	dtb_put32(d->structure + d->nr_structure_bytes, word);
	d->nr_structure_bytes += 4;
}

/* Bytes and the padding behind them. */
static void
dtb_bytes(struct dtb *d, const void *data, u32 len)
{
	if (len)
		memcpy(d->structure + d->nr_structure_bytes, data, len);
	d->nr_structure_bytes += (len + 3) & ~3u;
}

void
dtb_node(struct dtb *d, const char *name)
{
	dtb_token(d, 1);
	dtb_bytes(d, name, strlen(name) + 1);
}

void
dtb_end_node(struct dtb *d)
{
	dtb_token(d, 2);
}

void
dtb_nop(struct dtb *d)
{
	dtb_token(d, 4);
}

/* Offset of name in the strings, where each name is once. */
static u32
dtb_string(struct dtb *d, const char *name)
{
	u32 off = 0;

	while (off < d->nr_string_bytes) {
		if (strcmp((char *)d->strings + off, name) == 0)
			return off;
		off += strlen((char *)d->strings + off) + 1;
	}
	strcpy((char *)d->strings + off, name);
	d->nr_string_bytes += strlen(name) + 1;
	return off;
}

void
dtb_prop(struct dtb *d, const char *name, const void *data, u32 len)
{
	dtb_token(d, 3);
	dtb_token(d, len);
	dtb_token(d, dtb_string(d, name));
	dtb_bytes(d, data, len);
}

void
dtb_prop_string(struct dtb *d, const char *name, const char *text)
{
	dtb_prop(d, name, text, strlen(text) + 1);
}

void
dtb_prop_cells(struct dtb *d, const char *name, int n, ...)
{
	u8 cells[256];
	va_list ap;
	int i;

	va_start(ap, n);
	for (i = 0; i < n; i++)
		dtb_put32(cells + 4 * i, va_arg(ap, unsigned));
	va_end(ap);
	dtb_prop(d, name, cells, 4 * n);
}

u8 *
dtb_finish(struct dtb *d, size_t *size)
{
	u32 reserve_off = 40, struct_off, strings_off, total;
	u8 *blob;

	dtb_token(d, 9);
	struct_off = reserve_off + d->nr_reserve_bytes + 16;
	strings_off = struct_off + d->nr_structure_bytes;
	total = strings_off + d->nr_string_bytes;
	blob = calloc(1, total);
	dtb_put32(blob, 0xd00dfeed);
	dtb_put32(blob + 4, total);
	dtb_put32(blob + 8, struct_off);
	dtb_put32(blob + 12, strings_off);
	dtb_put32(blob + 16, reserve_off);
	dtb_put32(blob + 20, 17);
	dtb_put32(blob + 24, 16);
	dtb_put32(blob + 32, d->nr_string_bytes);
	dtb_put32(blob + 36, d->nr_structure_bytes);
	memcpy(blob + reserve_off, d->reserves, d->nr_reserve_bytes);
	memcpy(blob + struct_off, d->structure, d->nr_structure_bytes);
	if (d->nr_string_bytes)
		memcpy(blob + strings_off, d->strings, d->nr_string_bytes);
	*size = total;
	return blob;
}
