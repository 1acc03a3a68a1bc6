/* SPDX-License-Identifier: MIT */
/* Writes device trees for tests, in the order in which they are read. */
#ifndef HOST_DTB_BUILDER_H
#define HOST_DTB_BUILDER_H

#include <lib/types.h>

#define DTB_PART	65536	/* bytes, room of each part */

struct dtb {
	u8 reserves[4096], structure[DTB_PART], strings[DTB_PART];
	u32 nr_reserve_bytes, nr_structure_bytes, nr_string_bytes;
};

void dtb_begin(struct dtb *d);
void dtb_reserve(struct dtb *d, u64 addr, u64 size);
void dtb_node(struct dtb *d, const char *name);
void dtb_end_node(struct dtb *d);
void dtb_nop(struct dtb *d);
void dtb_token(struct dtb *d, u32 word);
void dtb_prop(struct dtb *d, const char *name, const void *data, u32 len);
void dtb_prop_string(struct dtb *d, const char *name, const char *text);
/* n cells of 32 bits, as unsigned int. */
void dtb_prop_cells(struct dtb *d, const char *name, int n, ...);
/* The tree, in memory of exactly its size, from malloc(). */
u8 *dtb_finish(struct dtb *d, size_t *size);
void dtb_put32(u8 *p, u32 v);
u32 dtb_get32(const u8 *p);

#endif
