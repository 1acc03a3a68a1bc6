/* SPDX-License-Identifier: MIT */
/* Compression in LZ4's block format, for pages. See kernel/lib/lz4.c. */
#ifndef LIB_LZ4_H
#define LIB_LZ4_H

#include <lib/types.h>

#define LZ4_HASH_BITS	11
#define LZ4_MAX_INPUT	65535u		/* positions are 16 bits */
/* A destination of so many bytes is never too small for n bytes. */
#define LZ4_BOUND(n)	((n) + (n) / 255 + 16)

/* Where each hash was seen last: the compressor's scratch memory, 4 KiB. */
struct lz4_work {
	u16 seen[1 << LZ4_HASH_BITS];
};

/*
 * Compress n bytes (at most LZ4_MAX_INPUT) into at most room bytes. What
 * comes out depends on src alone, not on what was left in work.
 * Context: any; work is the caller's meanwhile.
 * Returns how many bytes it became; 0: it does not fit. Then dst holds no
 * sensible content.
 */
size_t lz4_compress(struct lz4_work *work, const void *src, size_t n,
		    void *dst, size_t room);

/*
 * Expand a block of n bytes into at most room bytes. Nothing in it is
 * believed: neither buffer is left, whatever it holds. Context: any.
 * Returns how many bytes it became, or -EINVAL: it is no such block, or it
 * does not fit. Then dst holds no sensible content.
 */
int lz4_decompress(const void *src, size_t n, void *dst, size_t room);

#endif
