/* SPDX-License-Identifier: MIT */
/* Fuzzing the ATAG reader: every record and every word of it. */
#include <lib/atags.h>
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static volatile unsigned sink;
	struct atags list;
	struct atag tag;
	u32 i, word;

	if (atags_open(&list, data, size))
		return 0;
	while (atags_next(&list, &tag) > 0) {
		for (i = 0; atag_word(&tag, i, &word); i++)
			sink += word;
		for (i = 0; i < tag.len; i++)
			sink += tag.data[i];
	}
	return 0;
}
