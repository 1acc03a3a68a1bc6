/* SPDX-License-Identifier: MIT */
/* Fuzzing the cpio reader: every byte that an entry names is looked at. */
#include <lib/cpio.h>
#include <string.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static volatile unsigned sink;
	struct cpio_entry e;
	struct cpio c;
	size_t before = 0;
	uint32_t i;

	cpio_open(&c, data, size);
	while (cpio_next(&c, &e)) {
		/* It goes on, or it would go on for ever. */
		if (c.at <= before || c.at > size)
			__builtin_trap();
		before = c.at;
		sink += (unsigned)strlen(e.name);
		for (i = 0; i < e.size; i++)
			sink += e.data[i];
	}
	return 0;
}
