/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing LZ4: the input read as a block, into room of a size that it chooses;
 * and as a page, which must come back.
 */
#include <lib/lz4.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lz4_work work;
	size_t room = size ? data[0] * 33u : 0, bound = LZ4_BOUND(size), n;
	uint8_t *out = malloc(room ? room : 1), *block, *back;
	int got = lz4_decompress(data, size, out, room);

	if (got > (int)room)
		__builtin_trap();
	free(out);
	block = malloc(bound);
	n = lz4_compress(&work, data, size, block, bound);
	back = malloc(size ? size : 1);
	if (!n || lz4_decompress(block, n, back, size) != (int)size ||
	    memcmp(back, data, size))
		__builtin_trap();
	if (lz4_compress(&work, data, size, block, n - 1))
		__builtin_trap();
	free(block);
	free(back);
	return 0;
}
