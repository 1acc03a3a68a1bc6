/* SPDX-License-Identifier: MIT */
/* Fuzzing the device tree reader: open, then ask everything. */
#include "fdt_walk.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static volatile unsigned sink;
	struct fdt f;

	if (fdt_open(&f, data, size) == 0)
		sink += fdt_walk_everything(&f);
	return 0;
}
